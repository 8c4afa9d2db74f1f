/* Within crypto/: the deterministic nonces of RFC 6979, in the shape of a nettle random function. */
#ifndef GC_CRYPTO_RFC6979_H
#define GC_CRYPTO_RFC6979_H

#include "crypto/hkdf.h"

struct gc_rfc6979 {
  uint8_t hash;     /* enum gc_hash */
  bool is_used;     /* a candidate was handed out before */
  size_t bit_size;  /* of the order */
  uint8_t k[GC_HASH_MAX_LEN], v[GC_HASH_MAX_LEN];
};

/**
 * @param order, scalar (bit_size + 7) / 8 bytes each, big-endian
 * @param digest of the message, gc_hash_len(hash) bytes
 */
void gc_rfc6979_init(struct gc_rfc6979 *state, enum gc_hash hash, size_t bit_size, const uint8_t *order,
                     const uint8_t *scalar, const uint8_t *digest);

/** The next candidate, len bytes big-endian; the caller refuses those out of range (Section 3.2, step h). */
void gc_rfc6979_next(void *state, size_t len, uint8_t *out);

#endif
