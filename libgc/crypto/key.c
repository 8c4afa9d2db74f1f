#include "crypto/key.h"

#include <nettle/curve448.h>
#include <nettle/eddsa.h>
#include <nettle/sha2.h>
#include <sodium.h>
#include <string.h>

#include "crypto/edwards448.h"
#include "crypto/nist.h"

static bool is_nist(int32_t curve)
{
  return curve >= GC_CURVE_P256 && curve <= GC_CURVE_P521;
}

enum gc_err gc_public_key_set(struct gc_public_key *out, int32_t curve_id, struct gc_bytes x, struct gc_bytes y, bool y_is_odd)
{
  const struct gc_curve *curve = gc_curve_by_id(curve_id);
  struct gc_public_key key = { .curve = GC_CURVE_NONE };
  if (!curve)
    return GC_E_UNSUPPORTED;
  if (x.len != curve->coord_len || (y.len && (curve->kty != GC_KTY_EC2 || y.len != curve->coord_len)))
    return GC_E_RANGE;
  key.curve = curve->id;
  key.len = (uint8_t)(curve->kty == GC_KTY_EC2 ? 2 * x.len : x.len);
  memcpy(key.bytes, x.ptr, x.len);
  if (y.len) {
    memcpy(key.bytes + x.len, y.ptr, y.len);
    if (!gc_nist_is_point(curve_id, key.bytes))
      return GC_E_MALFORMED;
  } else if (curve->kty == GC_KTY_EC2) {
    if (!gc_nist_decompress(curve_id, x.ptr, y_is_odd, key.bytes + x.len))
      return GC_E_MALFORMED;
  }
  *out = key;
  return GC_OK;
}

bool gc_public_key_equal(const struct gc_public_key *a, const struct gc_public_key *b)
{
  return a->curve == b->curve && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool compute_public(struct gc_key_pair *pair, int32_t curve)
{
  uint8_t *out = pair->public_key.bytes;
  const uint8_t *secret = pair->private_key;
  switch (curve) {
  case GC_CURVE_ED25519: {
    uint8_t both[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(out, both, secret);
    sodium_memzero(both, sizeof both);
    crypto_hash_sha512(pair->expanded, secret, 32);
    pair->expanded[0] &= 0xf8;
    pair->expanded[31] = (uint8_t)((pair->expanded[31] & 0x7f) | 0x40);
    return true;
  }
  case GC_CURVE_X25519:
    return crypto_scalarmult_base(out, secret) == 0;
  case GC_CURVE_ED448:
    ed448_shake256_public_key(out, secret);
    return true;
  case GC_CURVE_X448:
    curve448_mul_g(out, secret);
    return true;
  default:
    return gc_nist_public(curve, secret, out);
  }
}

enum gc_err gc_key_pair_set(struct gc_key_pair *out, int32_t curve_id, struct gc_bytes private_key)
{
  const struct gc_curve *curve = gc_curve_by_id(curve_id);
  if (!curve)
    return GC_E_UNSUPPORTED;
  if (private_key.len != curve->coord_len)
    return GC_E_RANGE;
  struct gc_key_pair pair = { .private_len = curve->coord_len };
  memcpy(pair.private_key, private_key.ptr, private_key.len);
  pair.public_key.curve = curve->id;
  pair.public_key.len = (uint8_t)(curve->kty == GC_KTY_EC2 ? 2 * curve->coord_len : curve->coord_len);
  enum gc_err err = compute_public(&pair, curve_id) ? GC_OK : GC_E_MALFORMED;
  if (!err)
    *out = pair;
  sodium_memzero(&pair, sizeof pair);
  return err;
}

enum gc_err gc_key_pair_generate(struct gc_key_pair *out, int32_t curve_id)
{
  const struct gc_curve *curve = gc_curve_by_id(curve_id);
  if (!curve)
    return GC_E_UNSUPPORTED;
  uint8_t secret[GC_PRIVATE_KEY_MAX_LEN];
  enum gc_err err;
  do {
    randombytes_buf(secret, curve->coord_len);
    if (curve_id == GC_CURVE_P521)
      secret[0] &= 1;
    err = gc_key_pair_set(out, curve_id, gc_bytes(secret, curve->coord_len));
  } while (err == GC_E_MALFORMED); /* a scalar out of range */
  sodium_memzero(secret, sizeof secret);
  return err;
}

size_t gc_signature_len(int32_t curve_id)
{
  const struct gc_curve *curve = gc_curve_by_id(curve_id);
  return curve ? curve->signature_len : 0;
}

/* SHA-512 of three pieces as a number below the order. */
static void hash_scalar(struct sha512_ctx *ctx, uint8_t out[static 32], struct gc_bytes a, struct gc_bytes b, struct gc_bytes c)
{
  uint8_t digest[SHA512_DIGEST_SIZE];
  sha512_init(ctx);
  sha512_update(ctx, a.len, a.ptr);
  sha512_update(ctx, b.len, b.ptr);
  sha512_update(ctx, c.len, c.ptr);
  sha512_digest(ctx, sizeof digest, digest);
  crypto_core_ed25519_scalar_reduce(out, digest);
  sodium_memzero(digest, sizeof digest);
}

/* RFC 8032, Section 5.1.6, from the expanded key: crypto_sign_detached would hash the seed each time. */
static enum gc_err sign_ed25519(const struct gc_key_pair *pair, struct gc_bytes message, uint8_t *out)
{
  struct sha512_ctx ctx;
  uint8_t r[32], k[32];
  hash_scalar(&ctx, r, gc_bytes(pair->expanded + 32, 32), message, gc_bytes(NULL, 0));
  sodium_memzero(&ctx, sizeof ctx);
  if (crypto_scalarmult_ed25519_base_noclamp(out, r))
    return GC_E_STATE; /* r = 0: nobody will see it */
  hash_scalar(&ctx, k, gc_bytes(out, 32), gc_bytes(pair->public_key.bytes, 32), message); /* public */
  crypto_core_ed25519_scalar_mul(k, k, pair->expanded);
  crypto_core_ed25519_scalar_add(out + 32, k, r);
  sodium_memzero(r, sizeof r);
  sodium_memzero(k, sizeof k);
  return GC_OK;
}

enum gc_err gc_sign(const struct gc_key_pair *pair, struct gc_bytes message, uint8_t *out)
{
  int32_t curve = pair->public_key.curve;
  if (curve == GC_CURVE_ED25519)
    return sign_ed25519(pair, message, out);
  if (curve == GC_CURVE_ED448) {
    ed448_shake256_sign(pair->public_key.bytes, pair->private_key, message.len, message.ptr, out);
    return GC_OK;
  }
  if (is_nist(curve) && gc_nist_sign(curve, pair->private_key, message, out))
    return GC_OK;
  return GC_E_UNSUPPORTED;
}

bool gc_verify(const struct gc_public_key *key, struct gc_bytes message, struct gc_bytes signature)
{
  if (!signature.len || signature.len != gc_signature_len(key->curve))
    return false;
  if (key->curve == GC_CURVE_ED25519)
    return crypto_sign_verify_detached(signature.ptr, message.ptr, message.len, key->bytes) == 0;
  if (key->curve == GC_CURVE_ED448) /* nettle 3.8 does not look at the last byte of S, which is 0 (RFC 8032, Section 5.2.7) */
    return !signature.ptr[113] && ed448_shake256_verify(key->bytes, message.len, message.ptr, signature.ptr) == 1;
  return gc_nist_verify(key->curve, key->bytes, message, signature.ptr);
}

static enum gc_err shared_25519(const struct gc_key_pair *pair, const struct gc_public_key *peer, uint8_t *out)
{
  uint8_t scalar[32], u[32];
  bool is_good = true;
  if (peer->curve == GC_CURVE_ED25519) {
    uint8_t expanded[crypto_sign_SECRETKEYBYTES] = { 0 };
    memcpy(expanded, pair->private_key, 32);
    is_good = crypto_sign_ed25519_pk_to_curve25519(u, peer->bytes) == 0; /* refuses low order */
    crypto_sign_ed25519_sk_to_curve25519(scalar, expanded);
    sodium_memzero(expanded, sizeof expanded);
  } else {
    memcpy(u, peer->bytes, 32);
    memcpy(scalar, pair->private_key, 32);
  }
  is_good = is_good && crypto_scalarmult(out, scalar, u) == 0; /* refuses an all-zero secret */
  sodium_memzero(scalar, sizeof scalar);
  return is_good ? GC_OK : GC_E_MALFORMED;
}

static enum gc_err shared_448(const struct gc_key_pair *pair, const struct gc_public_key *peer, uint8_t *out)
{
  uint8_t scalar[56], u[56];
  bool is_good = true;
  if (peer->curve == GC_CURVE_ED448) {
    is_good = gc_ed448_public_to_x448(u, peer->bytes);
    gc_ed448_seed_to_x448(scalar, pair->private_key);
  } else {
    memcpy(u, peer->bytes, 56);
    memcpy(scalar, pair->private_key, 56);
  }
  if (is_good)
    curve448_mul(out, scalar, u);
  is_good = is_good && !sodium_is_zero(out, 56); /* RFC 7748, Section 6.2 */
  sodium_memzero(scalar, sizeof scalar);
  return is_good ? GC_OK : GC_E_MALFORMED;
}

enum gc_err gc_shared_secret(const struct gc_key_pair *pair, const struct gc_public_key *peer, uint8_t *out)
{
  if (!peer->curve || pair->public_key.curve != peer->curve)
    return GC_E_RANGE;
  if (peer->curve == GC_CURVE_ED25519 || peer->curve == GC_CURVE_X25519)
    return shared_25519(pair, peer, out);
  if (peer->curve == GC_CURVE_ED448 || peer->curve == GC_CURVE_X448)
    return shared_448(pair, peer, out);
  return gc_nist_shared(peer->curve, pair->private_key, peer->bytes, out) ? GC_OK : GC_E_MALFORMED;
}
