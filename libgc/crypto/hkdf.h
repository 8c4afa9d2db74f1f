/* HKDF (RFC 5869) with HMAC-SHA-256, -384 or -512. */
#ifndef GC_CRYPTO_HKDF_H
#define GC_CRYPTO_HKDF_H

#include "crypto/alg.h"

/** Bytes of a digest; 0: GC_HASH_NONE. */
size_t gc_hash_len(enum gc_hash hash);

/** The digest of bytes, gc_hash_len(hash) bytes. */
void gc_hash(enum gc_hash hash, struct gc_bytes bytes, uint8_t out[static GC_HASH_MAX_LEN]);

/** HMAC over the concatenation of count pieces. */
void gc_hmac(enum gc_hash hash, struct gc_bytes key, const struct gc_bytes *pieces, size_t count,
             uint8_t out[static GC_HASH_MAX_LEN]);

/**
 * Extract, then expand, without the heap.
 * @param ikm the concatenation of ikm_count pieces
 * @param len 1 … 255 · gc_hash_len(hash) bytes
 */
void gc_hkdf(enum gc_hash hash, struct gc_bytes salt, const struct gc_bytes *ikm, size_t ikm_count, struct gc_bytes info,
             uint8_t *out, size_t len);

#endif
