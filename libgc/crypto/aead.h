/* Encryption with a prepared key: no key schedule, no heap, no state that changes per message. */
#ifndef GC_CRYPTO_AEAD_H
#define GC_CRYPTO_AEAD_H

#include "crypto/alg.h"

/**
 * A key ready for use: the same size for every algorithm. It is as secret as the key: keep it in secret memory, wipe it.
 * Encrypting and decrypting only read it: threads may share one.
 */
struct gc_aead_key {
  const struct gc_alg *alg; /* NULL: not set */
  union {
    uint64_t align;
    uint8_t bytes[240];     /* key schedule of AES, or the key of ChaCha20 */
  } u;
};

/**
 * @param alg an encryption algorithm of the table
 * @param key alg->key_len bytes
 * @return GC_OK; GC_E_RANGE: wrong length; GC_E_UNSUPPORTED: no encryption algorithm, or a forbidden one (AES-CBC)
 */
enum gc_err gc_aead_set_key(struct gc_aead_key *prepared, const struct gc_alg *alg, struct gc_bytes key) GC_MUST_CHECK;

/**
 * Encrypt: out gets plain.len + tag_len bytes; out may be where plain lies.
 * @param nonce alg->nonce_len bytes
 * @param aad   not used by an algorithm without integrity (A128CTR …): pass what you have
 * @return GC_OK; GC_E_RANGE: longer than the algorithm can encrypt under one nonce
 */
enum gc_err gc_aead_encrypt(const struct gc_aead_key *key, const uint8_t *nonce, struct gc_bytes aad,
                            struct gc_bytes plain, uint8_t *out) GC_MUST_CHECK;

/**
 * Decrypt and verify: out gets sealed.len - tag_len bytes; out may be where sealed lies. When the tag is wrong out holds
 * zeros.
 * @return false: the tag is wrong, or sealed is shorter than a tag or too long
 */
bool gc_aead_decrypt(const struct gc_aead_key *key, const uint8_t *nonce, struct gc_bytes aad, struct gc_bytes sealed,
                     uint8_t *out) GC_MUST_CHECK;

#endif
