#include "crypto/edwards448.h"

#include <gmp.h>
#include <nettle/sha3.h>
#include <sodium.h>
#include <string.h>

bool gc_ed448_public_to_x448(uint8_t u_bytes[static 56], const uint8_t point[static 57])
{
  mpz_t p, y2, n, d, e;
  mpz_inits(p, y2, n, d, e, NULL);
  mpz_setbit(p, 448); /* p = 2^448 - 2^224 - 1 */
  mpz_setbit(e, 224);
  mpz_sub(p, p, e);
  mpz_sub_ui(p, p, 1);
  mpz_import(y2, 56, -1, 1, 0, 0, point);
  bool is_good = mpz_cmp(y2, p) < 0 && (point[56] & 0x7f) == 0;
  mpz_powm_ui(y2, y2, 2, p);
  mpz_mul_si(d, y2, -39081);
  mpz_sub_ui(d, d, 1);
  mpz_mod(d, d, p);      /* d·y² - 1, never 0: d is no square */
  mpz_sub_ui(n, y2, 1);  /* y² - 1, 0 for y = ±1 */
  mpz_mod(n, n, p);
  is_good = is_good && mpz_sgn(n) != 0;
  if (is_good) {
    mpz_mul(e, n, d);    /* x² = n/d is a square where n·d is */
    is_good = mpz_legendre(e, p) == 1;
  }
  if (is_good) {
    uint8_t bytes[56] = { 0 };
    mpz_invert(n, n, p);
    mpz_mul(n, n, d);
    mpz_mul(n, n, y2);
    mpz_mod(n, n, p);
    mpz_export(bytes, NULL, -1, 1, 0, 0, n);
    memcpy(u_bytes, bytes, sizeof bytes);
  }
  mpz_clears(p, y2, n, d, e, NULL);
  return is_good;
}

void gc_ed448_seed_to_x448(uint8_t scalar[static 56], const uint8_t seed[static 57])
{
  struct sha3_256_ctx ctx;
  uint8_t h[114];
  sha3_256_init(&ctx);
  sha3_256_update(&ctx, 57, seed);
  sha3_256_shake(&ctx, sizeof h, h);
  memcpy(scalar, h, 56);
  scalar[0] &= 0xfc;
  scalar[55] |= 0x80;
  sodium_memzero(h, sizeof h);
  sodium_memzero(&ctx, sizeof ctx);
}
