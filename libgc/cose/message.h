/* COSE_Encrypt0, COSE_Mac0 and COSE_Sign1 as tokens need them: made and opened with an empty external_aad (RFC 9052, Sections
 * 4.2, 5.2, 6.2). OSCORE has its own way, without these structures on the wire. */
#ifndef GC_COSE_MESSAGE_H
#define GC_COSE_MESSAGE_H

#include "cbor/reader.h"
#include "cbor/writer.h"
#include "crypto/key.h"

#define GC_COSE_MESSAGE_MAX_LEN 8192  /* of a whole message, bytes */
#define GC_COSE_PROTECTED_MAX_LEN 256 /* of its protected header */

/** The CBOR tag of each. */
enum gc_cose_kind { GC_COSE_ENCRYPT0 = 16, GC_COSE_MAC0 = 17, GC_COSE_SIGN1 = 18 };

/** A message taken apart; borrows from its bytes. */
struct gc_cose_message {
  enum gc_cose_kind kind;
  struct gc_bytes protected_header; /* what is in its byte string */
  bool has_alg;
  int64_t alg;                      /* COSE algorithm */
  bool has_kid;
  struct gc_bytes kid, iv;          /* from either header */
  struct gc_bytes content;          /* ciphertext, or payload */
  struct gc_bytes seal;             /* MAC or signature */
};

/**
 * Take a message apart. Without a tag the number of elements and the algorithm tell which it is.
 * @return GC_OK; GC_E_MALFORMED, GC_E_TRUNCATED; GC_E_UNSUPPORTED: another tag, a critical header parameter, a detached payload, an
 *         algorithm that is a text; GC_E_LIMIT: too long. On an error *out is unchanged.
 */
enum gc_err gc_cose_message_parse(struct gc_cose_message *out, struct gc_bytes bytes, struct gc_where *where) GC_MUST_CHECK;

/** What opening answers. */
enum gc_cose_result {
  GC_COSE_OPENED = 0,
  GC_COSE_UNSUITABLE, /* algorithm unknown, of another kind, or not for this key or IV */
  GC_COSE_FORGED,     /* does not verify */
  GC_COSE_NO_ROOM,    /* the caller's buffer is too small */
};

/** Decrypt and append the plaintext. */
enum gc_cose_result gc_encrypt0_open(const struct gc_cose_message *message, struct gc_bytes key, struct gc_buf *plain) GC_MUST_CHECK;

/** Verify; the payload is message->content. */
enum gc_cose_result gc_mac0_verify(const struct gc_cose_message *message, struct gc_bytes key) GC_MUST_CHECK;
enum gc_cose_result gc_sign1_verify(const struct gc_cose_message *message, const struct gc_public_key *key) GC_MUST_CHECK;

/** What goes into the headers: alg into the protected one, kid and IV (where not empty) into the other. */
struct gc_cose_header {
  int32_t alg;
  struct gc_bytes kid, iv;
};

/* Append a tagged message. GC_OK; GC_E_SPACE; GC_E_UNSUPPORTED: algorithm unknown, of another kind, or not the key's; GC_E_RANGE: key or
 * IV of wrong length, message too long. An IV never serves twice with one key. */
enum gc_err gc_encrypt0_make(struct gc_buf *out, const struct gc_cose_header *header, struct gc_bytes key,
                             struct gc_bytes plain) GC_MUST_CHECK;
enum gc_err gc_mac0_make(struct gc_buf *out, const struct gc_cose_header *header, struct gc_bytes key,
                         struct gc_bytes payload) GC_MUST_CHECK;
enum gc_err gc_sign1_make(struct gc_buf *out, const struct gc_cose_header *header, const struct gc_key_pair *pair,
                          struct gc_bytes payload) GC_MUST_CHECK;

#endif
