/* COSE_Key (RFC 9052, Section 7; RFC 9053, Section 7): public keys and symmetric keys in and out; no private keys. */
#ifndef GC_COSE_KEY_H
#define GC_COSE_KEY_H

#include "cbor/reader.h"
#include "cbor/writer.h"
#include "crypto/key.h"

/** Read: kid and k borrow from the input. */
struct gc_cose_key {
  uint8_t kty;                     /* enum gc_kty */
  int32_t alg;                     /* label 3, a number; 0: none */
  bool has_kid;
  struct gc_bytes kid;             /* label 2 */
  struct gc_public_key public_key; /* OKP, EC2 */
  bool has_k;
  struct gc_bytes k;               /* Symmetric: secret. Without it a kid says which */
};

/**
 * Read a COSE_Key of any of these key types; labels that are not needed are skipped.
 * @return GC_OK; GC_E_MALFORMED, GC_E_TRUNCATED; GC_E_UNSUPPORTED: key type or curve; GC_E_RANGE: a coordinate's length;
 *         reader->where says where
 */
enum gc_err gc_cose_key_parse(struct gc_cbor_reader *reader, struct gc_cose_key *out) GC_MUST_CHECK;

/** Write it by ascending labels, negative ones last; errors stick to the writer. */
void gc_cose_key_put(struct gc_cbor_writer *writer, const struct gc_cose_key *key);

/**
 * Read a COSE_Key with a public key; labels that are not needed are skipped.
 * @return GC_OK; GC_E_MALFORMED, GC_E_TRUNCATED; GC_E_UNSUPPORTED: key type or curve; GC_E_RANGE: a coordinate's length;
 *         reader->where says where
 */
enum gc_err gc_cose_key_read(struct gc_cbor_reader *reader, struct gc_public_key *out) GC_MUST_CHECK;

/** gc_cose_key_put of a public key alone: {1: kty, -1: crv, -2: x, -3: y} with an algorithm (label 3) where alg is not 0. */
void gc_cose_key_write(struct gc_cbor_writer *writer, const struct gc_public_key *key, int32_t alg);

#endif
