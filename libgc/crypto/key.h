/* Public keys and key pairs of the curves in crypto/alg.h; signatures and key agreement with them. */
#ifndef GC_CRYPTO_KEY_H
#define GC_CRYPTO_KEY_H

#include "crypto/alg.h"

struct gc_public_key {
  uint8_t curve; /* enum gc_curve_id; GC_CURVE_NONE: not set */
  uint8_t len;   /* of bytes in use */
  uint8_t bytes[GC_PUBLIC_KEY_MAX_LEN]; /* x ‖ y (EC2), or the encoded point (OKP) */
};

/** As secret as its private key: keep it in secret memory, wipe it. */
struct gc_key_pair {
  struct gc_public_key public_key;
  uint8_t private_len;
  uint8_t private_key[GC_PRIVATE_KEY_MAX_LEN]; /* seed (EdDSA), scalar big-endian (EC2), scalar (X25519, X448) */
  uint8_t expanded[64];                        /* Ed25519: SHA-512 of the seed, clamped */
};

/**
 * A public key from its coordinates.
 * @param x coordinate, or the encoded point (OKP)
 * @param y EC2 with a full point; empty: EC2 compressed (and OKP)
 * @param y_is_odd sign bit of a compressed point
 * @return GC_OK; GC_E_UNSUPPORTED: unknown curve; GC_E_RANGE: wrong length; GC_E_MALFORMED: not a point of a NIST curve
 *         (of the others: found out when they are used)
 */
enum gc_err gc_public_key_set(struct gc_public_key *out, int32_t curve, struct gc_bytes x, struct gc_bytes y, bool y_is_odd)
  GC_MUST_CHECK;

bool gc_public_key_equal(const struct gc_public_key *a, const struct gc_public_key *b);

/**
 * The pair of a private key, with the public key computed.
 * @return GC_OK; GC_E_UNSUPPORTED: unknown curve; GC_E_RANGE: wrong length; GC_E_MALFORMED: scalar 0 or beyond the order
 */
enum gc_err gc_key_pair_set(struct gc_key_pair *out, int32_t curve, struct gc_bytes private_key) GC_MUST_CHECK;

/** A fresh pair from the kernel's randomness. */
enum gc_err gc_key_pair_generate(struct gc_key_pair *out, int32_t curve) GC_MUST_CHECK;

/** Bytes of a signature with keys of this curve; 0: not for signing. */
size_t gc_signature_len(int32_t curve);

/**
 * EdDSA, or ECDSA with the hash that belongs to the curve and the nonce of RFC 6979; r ‖ s.
 * @param out gc_signature_len(curve) bytes
 * @return GC_OK; GC_E_UNSUPPORTED: a curve for key agreement only
 */
enum gc_err gc_sign(const struct gc_key_pair *pair, struct gc_bytes message, uint8_t *out) GC_MUST_CHECK;

/** false: the signature is wrong, has a wrong length, or the key is not for signing. */
bool gc_verify(const struct gc_public_key *key, struct gc_bytes message, struct gc_bytes signature) GC_MUST_CHECK;

/**
 * The static-static Diffie-Hellman shared secret: x-coordinate on NIST curves, X25519 or X448 otherwise; Edwards keys
 * are mapped (draft-ietf-core-oscore-groupcomm, Section 2.5.2; RFC 7748, Section 4).
 * @param out the curve's shared_len bytes
 * @return GC_OK; GC_E_RANGE: keys of different curves; GC_E_MALFORMED: not a valid public key, of low order, or the
 *         secret would be all zero
 */
enum gc_err gc_shared_secret(const struct gc_key_pair *pair, const struct gc_public_key *peer, uint8_t *out) GC_MUST_CHECK;

#endif
