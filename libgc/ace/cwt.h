/* Access tokens that are CBOR Web Tokens: claims, encrypted, signed or with a MAC (RFC 8392; RFC 9200, Section 5.10). */
#ifndef GC_ACE_CWT_H
#define GC_ACE_CWT_H

#include "cbor/params.h"
#include "cose/message.h"

#define GC_CWT_MAX_LEN GC_COSE_MESSAGE_MAX_LEN

/** Rows, in the order in which they are written; GC_PARAM_BIT of them are in gc_cwt_claims.present. */
enum gc_cwt_claim {
  GC_CWT_ISS,
  GC_CWT_SUB,
  GC_CWT_AUD,
  GC_CWT_EXP,
  GC_CWT_NBF,
  GC_CWT_IAT,
  GC_CWT_CTI,
  GC_CWT_CNF,
  GC_CWT_SCOPE,
  GC_CWT_PROFILE,
  GC_CWT_CNONCE,
  GC_CWT_EXI,
  GC_CWT_EDHOC_INFO, /* these three suggested */
  GC_CWT_CONTEXT_ID,
  GC_CWT_SALT_INPUT,
  GC_CWT_CLAIMS
};

/** Parsed: borrows from the payload. Secret where cnf holds a key. */
struct gc_cwt_claims {
  uint64_t present; /* GC_PARAM_BIT of enum gc_cwt_claim */
  struct gc_bytes iss, sub, aud; /* text */
  struct gc_numeric_date exp, nbf, iat;
  struct gc_bytes cti, cnonce, context_id, salt_input;
  struct gc_bytes cnf, edhoc_info; /* encoded maps */
  struct gc_text_or_bytes scope;   /* read without the tag of an extended scope, and written so */
  int64_t profile;
  uint64_t exi; /* seconds from the first reception */
  struct gc_params_unknown unknown;
};

static inline bool gc_cwt_has(const struct gc_cwt_claims *claims, enum gc_cwt_claim which)
{
  return gc_param_has(claims->present, which);
}

/** @return as gc_params_parse. On an error *out is unchanged. */
enum gc_err gc_cwt_claims_parse(struct gc_cwt_claims *out, struct gc_bytes payload, struct gc_where *where) GC_MUST_CHECK;

/** Append the map. GC_E_SPACE */
enum gc_err gc_cwt_claims_write(struct gc_buf *out, const struct gc_cwt_claims *claims) GC_MUST_CHECK;

/** Name, type and label of a row (to show them all); NULL past the end. */
const struct gc_param *gc_cwt_claim_at(size_t index);

/** What protects the tokens of an Authorization Server for one resource server. */
struct gc_cwt_key {
  enum gc_cose_kind kind;
  int32_t alg;                           /* COSE */
  struct gc_bytes kid;                   /* written into the unprotected header; empty: none */
  struct gc_bytes secret;                /* ENCRYPT0, MAC0 */
  const struct gc_key_pair *pair;        /* SIGN1, to make */
  const struct gc_public_key *public_key; /* SIGN1, to check */
};

/**
 * Append a token.
 * @param iv  ENCRYPT0: as long as the algorithm's nonce, never twice with the same key; else empty
 * @return GC_OK; GC_E_SPACE; GC_E_RANGE: a key or iv of wrong length, claims too long; GC_E_UNSUPPORTED: algorithm
 */
enum gc_err gc_cwt_make(struct gc_buf *out, const struct gc_cwt_claims *claims, const struct gc_cwt_key *key,
                        struct gc_bytes iv) GC_MUST_CHECK;

/** What a token is worth, in the order of RFC 9200, Section 5.10.1.1. */
enum gc_cwt_verdict {
  GC_CWT_VALID = 0,
  GC_CWT_NOT_PARSED,   /* not a CWT: 4.00 */
  GC_CWT_WRONG_KEY,    /* another kind of protection, algorithm or kid than this key's: 4.01 */
  GC_CWT_FORGED,       /* protection does not verify: 4.01 */
  GC_CWT_NO_CLAIMS,    /* protected, but no claims inside: 4.00 */
  GC_CWT_WRONG_ISSUER, /* 4.01 */
  GC_CWT_EXPIRED,      /* 4.01 */
  GC_CWT_NOT_YET,      /* before nbf: 4.01 */
  GC_CWT_WRONG_AUDIENCE, /* or none: 4.03 */
  GC_CWT_VERDICTS
};

/** A phrase for people; never NULL. */
const char *gc_cwt_verdict_str(enum gc_cwt_verdict verdict);

/** The response code that the verdict asks for; 2.01 for VALID. */
uint8_t gc_cwt_verdict_code(enum gc_cwt_verdict verdict);

/**
 * The outer structure, to find the key by its kid; tag 61 and the COSE tag may be there or not.
 * @return as gc_cose_message_parse
 */
enum gc_err gc_cwt_parse(struct gc_cose_message *out, struct gc_bytes token, struct gc_where *where) GC_MUST_CHECK;

/**
 * Verify the protection and read the claims.
 * @param[out] claims borrows from room (ENCRYPT0) or from the token
 * @param room        GC_CWT_MAX_LEN bytes are always enough; secret afterwards
 * @return VALID, NOT_PARSED, WRONG_KEY, FORGED or NO_CLAIMS; claims unchanged but for VALID
 */
enum gc_cwt_verdict gc_cwt_open(struct gc_cwt_claims *claims, struct gc_bytes token, const struct gc_cwt_key *key, struct gc_buf *room,
                                struct gc_where *where) GC_MUST_CHECK;

/* cti of a token with exi: the identifier of the resource server, then a number that counts such tokens, so that a server without a
 * clock refuses those that expired before (RFC 9200, Section 5.10.3). The number is in network byte order, as short as it can be. */

/** Append it. GC_E_SPACE */
enum gc_err gc_cti_write(struct gc_buf *out, struct gc_bytes rs_id, uint64_t number) GC_MUST_CHECK;

/** The number in it, leading zeros allowed. GC_E_MALFORMED: of another server, or no number; GC_E_RANGE: beyond 64 bits */
enum gc_err gc_cti_parse(uint64_t *number, struct gc_bytes cti, struct gc_bytes rs_id) GC_MUST_CHECK;

/** What the resource server knows of itself. */
struct gc_cwt_expected {
  struct gc_bytes issuer;   /* empty: not compared. A token without iss is taken: its protection says who made it */
  struct gc_bytes audience; /* empty: not compared */
  bool has_clock;           /* no: exp and nbf are not compared, the token should have exi */
  double now_s;             /* seconds since 1970-01-01T00:00:00Z */
};

/** VALID, WRONG_ISSUER, EXPIRED, NOT_YET or WRONG_AUDIENCE, the first that holds. */
enum gc_cwt_verdict gc_cwt_check(const struct gc_cwt_claims *claims, const struct gc_cwt_expected *expected) GC_MUST_CHECK;

#endif
