/* Authentication credentials: opaque bytes, with the public key read out of them (draft-ietf-core-oscore-groupcomm,
 * Section 2.4). */
#ifndef GC_COSE_CREDENTIAL_H
#define GC_COSE_CREDENTIAL_H

#include "crypto/key.h"

#define GC_CREDENTIAL_MAX_LEN 4096 /* bytes */

/** Formats, with the COSE header label that names each. */
enum gc_cred_fmt {
  GC_CRED_ANY = 0,    /* find out */
  GC_CRED_CWT = 13,   /* kcwt */
  GC_CRED_CCS = 14,   /* kccs: CWT Claims Set */
  GC_CRED_X509 = 33,  /* x5chain */
  GC_CRED_C509 = 25,  /* c5c, suggested by draft-ietf-cose-cbor-encoded-cert: recognised, not read */
};

/** "CCS", "CWT", "X.509", "C509"; NULL: unknown. */
const char *gc_cred_fmt_name(enum gc_cred_fmt fmt);

/** The format of a name or of a COSE header label in decimal; GC_CRED_ANY: none. */
enum gc_cred_fmt gc_cred_fmt_by_name(struct gc_bytes name);

struct gc_credential {
  enum gc_cred_fmt fmt;
  struct gc_bytes bytes;   /* as they go into AAD and key derivation: CWT and CCS without their tag */
  struct gc_bytes subject; /* CCS and CWT: the text of claim sub; X.509: nothing; may be empty */
  struct gc_public_key public_key;
};

/**
 * Read a credential. Signatures inside it (CWT, X.509) are not verified: who provides it has done that.
 * @param[out] out   borrows from bytes
 * @param bytes      1 … GC_CREDENTIAL_MAX_LEN bytes
 * @param fmt        GC_CRED_ANY: find out
 * @param[out] where NULL allowed
 * @return GC_OK; GC_E_MALFORMED, GC_E_TRUNCATED: not such a credential; GC_E_UNSUPPORTED: a curve or key type that is not
 *         known here, an encrypted CWT, C509; GC_E_RANGE: too long, or a coordinate of wrong length
 */
enum gc_err gc_credential_read(struct gc_credential *out, struct gc_bytes bytes, enum gc_cred_fmt fmt,
                               struct gc_where *where) GC_MUST_CHECK;

/** A CCS {2: subject, 8: {1: COSE_Key}} of a public key; subject empty: left out. GC_E_SPACE */
enum gc_err gc_credential_write_ccs(struct gc_buf *out, const struct gc_public_key *key, struct gc_bytes subject) GC_MUST_CHECK;

#endif
