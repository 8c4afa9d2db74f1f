#include "crypto/nist.h"

#include <gmp.h>
#include <nettle/bignum.h>
#include <nettle/dsa.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/ecdsa.h>
#include <sodium.h>
#include <string.h>

#include "crypto/hkdf.h"
#include "crypto/rfc6979.h"

struct nist {
  const struct ecc_curve *(*ecc)(void);
  uint8_t len;     /* of a coordinate and of a scalar, bytes */
  uint8_t hash;    /* enum gc_hash */
  const char *p, *b, *n; /* prime, coefficient (a is -3), order */
};

/* FIPS 186-4, Appendix D.1.2 */
static const struct nist rows[] = {
  [GC_CURVE_P256] = { nettle_get_secp_256r1, 32, GC_HASH_SHA256,
                      "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
                      "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
                      "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551" },
  [GC_CURVE_P384] = { nettle_get_secp_384r1, 48, GC_HASH_SHA384,
                      "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
                      "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
                      "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973" },
  [GC_CURVE_P521] = { nettle_get_secp_521r1, 66, GC_HASH_SHA512,
                      "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
                      "ffffffffffffffffffffffffffffffff",
                      "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf07"
                      "3573df883d2c34f1ef451fd46b503f00",
                      "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d0"
                      "3bb5c9b8899c47aebb6fb71e91386409" },
};

static void wipe_mpz(mpz_t z)
{
  size_t limbs = mpz_size(z);
  if (limbs)
    sodium_memzero(mpz_limbs_modify(z, (mp_size_t)limbs), limbs * sizeof(mp_limb_t));
  mpz_clear(z);
}

static void wipe_scalar(struct ecc_scalar *scalar)
{
  sodium_memzero(scalar->p, (size_t)ecc_size(scalar->ecc) * sizeof(mp_limb_t));
  ecc_scalar_clear(scalar);
}

static bool set_scalar(struct ecc_scalar *scalar, const struct nist *row, const uint8_t *bytes)
{
  mpz_t z;
  nettle_mpz_init_set_str_256_u(z, row->len, bytes);
  ecc_scalar_init(scalar, row->ecc());
  bool is_good = ecc_scalar_set(scalar, z) == 1;
  wipe_mpz(z);
  if (!is_good)
    wipe_scalar(scalar);
  return is_good;
}

static bool set_point(struct ecc_point *point, const struct nist *row, const uint8_t *xy)
{
  mpz_t x, y;
  nettle_mpz_init_set_str_256_u(x, row->len, xy);
  nettle_mpz_init_set_str_256_u(y, row->len, xy + row->len);
  ecc_point_init(point, row->ecc());
  bool is_good = ecc_point_set(point, x, y) == 1;
  if (!is_good)
    ecc_point_clear(point);
  mpz_clear(x);
  mpz_clear(y);
  return is_good;
}

static void get_point(const struct ecc_point *point, const struct nist *row, uint8_t *x_out, uint8_t *y_out)
{
  mpz_t x, y;
  mpz_init(x);
  mpz_init(y);
  ecc_point_get(point, x, y);
  nettle_mpz_get_str_256(row->len, x_out, x);
  if (y_out)
    nettle_mpz_get_str_256(row->len, y_out, y);
  wipe_mpz(x);
  wipe_mpz(y);
}

bool gc_nist_is_point(int32_t curve, const uint8_t *xy)
{
  struct ecc_point point;
  if (!set_point(&point, &rows[curve], xy))
    return false;
  ecc_point_clear(&point);
  return true;
}

/* p is 3 modulo 4 on the three curves, so that a root of z is z^((p+1)/4). Public input: time does not matter. */
bool gc_nist_decompress(int32_t curve, const uint8_t *x_bytes, bool y_is_odd, uint8_t *y_bytes)
{
  const struct nist *row = &rows[curve];
  mpz_t p, x, y, z, e;
  mpz_inits(x, y, z, e, NULL);
  mpz_init_set_str(p, row->p, 16);
  nettle_mpz_set_str_256_u(x, row->len, x_bytes);
  mpz_init_set_str(z, row->b, 16);
  mpz_powm_ui(y, x, 3, p);
  mpz_add(z, z, y);
  mpz_submul_ui(z, x, 3);
  mpz_mod(z, z, p);
  mpz_add_ui(e, p, 1);
  mpz_fdiv_q_2exp(e, e, 2);
  mpz_powm(y, z, e, p);
  mpz_powm_ui(e, y, 2, p);
  bool is_good = mpz_cmp(x, p) < 0 && mpz_cmp(e, z) == 0;
  if (is_good && (mpz_odd_p(y) != 0) != y_is_odd)
    mpz_sub(y, p, y);
  if (is_good)
    nettle_mpz_get_str_256(row->len, y_bytes, y);
  mpz_clears(p, x, y, z, e, NULL);
  return is_good;
}

bool gc_nist_public(int32_t curve, const uint8_t *scalar_bytes, uint8_t *xy)
{
  const struct nist *row = &rows[curve];
  struct ecc_scalar scalar;
  if (!set_scalar(&scalar, row, scalar_bytes))
    return false;
  struct ecc_point point;
  ecc_point_init(&point, row->ecc());
  ecc_point_mul_g(&point, &scalar);
  get_point(&point, row, xy, xy + row->len);
  ecc_point_clear(&point);
  wipe_scalar(&scalar);
  return true;
}

bool gc_nist_shared(int32_t curve, const uint8_t *scalar_bytes, const uint8_t *xy, uint8_t *out)
{
  const struct nist *row = &rows[curve];
  struct ecc_scalar scalar;
  struct ecc_point peer, product;
  if (!set_point(&peer, row, xy))
    return false;
  bool is_good = set_scalar(&scalar, row, scalar_bytes);
  if (is_good) {
    ecc_point_init(&product, row->ecc());
    ecc_point_mul(&product, &scalar, &peer); /* prime order: never the point at infinity */
    get_point(&product, row, out, NULL);
    sodium_memzero(product.p, (size_t)ecc_size_a(product.ecc) * sizeof(mp_limb_t));
    ecc_point_clear(&product);
    wipe_scalar(&scalar);
  }
  ecc_point_clear(&peer);
  return is_good;
}

bool gc_nist_sign(int32_t curve, const uint8_t *scalar_bytes, struct gc_bytes message, uint8_t *rs)
{
  const struct nist *row = &rows[curve];
  struct ecc_scalar scalar;
  if (!set_scalar(&scalar, row, scalar_bytes))
    return false;
  uint8_t digest[GC_HASH_MAX_LEN];
  gc_hash(row->hash, message, digest);
  mpz_t n;
  mpz_init_set_str(n, row->n, 16);
  struct gc_rfc6979 nonces;
  uint8_t order[GC_COORD_MAX_LEN];
  nettle_mpz_get_str_256(row->len, order, n);
  gc_rfc6979_init(&nonces, row->hash, ecc_bit_size(row->ecc()), order, scalar_bytes, digest);
  struct dsa_signature signature;
  dsa_signature_init(&signature);
  ecdsa_sign(&scalar, &nonces, gc_rfc6979_next, gc_hash_len(row->hash), digest, &signature);
  nettle_mpz_get_str_256(row->len, rs, signature.r);
  nettle_mpz_get_str_256(row->len, rs + row->len, signature.s);
  dsa_signature_clear(&signature);
  sodium_memzero(&nonces, sizeof nonces);
  mpz_clear(n);
  wipe_scalar(&scalar);
  return true;
}

bool gc_nist_verify(int32_t curve, const uint8_t *xy, struct gc_bytes message, const uint8_t *rs)
{
  const struct nist *row = &rows[curve];
  struct ecc_point point;
  if (!set_point(&point, row, xy))
    return false;
  uint8_t digest[GC_HASH_MAX_LEN];
  gc_hash(row->hash, message, digest);
  struct dsa_signature signature;
  dsa_signature_init(&signature);
  nettle_mpz_set_str_256_u(signature.r, row->len, rs);
  nettle_mpz_set_str_256_u(signature.s, row->len, rs + row->len);
  bool is_good = ecdsa_verify(&point, gc_hash_len(row->hash), digest, &signature) == 1;
  dsa_signature_clear(&signature);
  ecc_point_clear(&point);
  return is_good;
}
