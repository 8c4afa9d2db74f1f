/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/hexval.h"
#include "crypto/hkdf.h"
#include "crypto/secret.h"

/* RFC 5869, Appendices A.1 to A.3; SHA-384 and SHA-512 by OpenSSL. @req B2 */
static const struct {
  enum gc_hash hash;
  const char *ikm, *salt, *info;
  size_t len;
  const char *okm;
} rows[] = {
  { GC_HASH_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42,
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865" },
  { GC_HASH_SHA256,
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
    "404142434445464748494a4b4c4d4e4f",
    "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
    "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
    "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
    82,
    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
    "cc30c58179ec3e87c14c01d5c1f3434f1d87" },
  { GC_HASH_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "-", "-", 42,
    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8" },
  { GC_HASH_SHA384, "000102030405060708090a0b0c0d0e0f", "05", "84412542dd11f51840", 64, "c54a7d810db0d56b0d638b4bbc057f54bd1b36396a52448a29a782d14f44e4383e9338fd4221147d570fa18a2ad50a0e34b9a0863ca73a70d5bb0349713807aa" },
  { GC_HASH_SHA512, "000102030405060708090a0b0c0d0e0f", "-", "84412542dd11f51840", 132, "2531324e51ea52c5c21b18158117600b0e43ec2bb4d0601947b9d99e8728ecaa8d87796343e74623eb6d2ff9e003c88193fc9dbc11c3396d3df593dc93c181f61841c8c45d996def47cfbb2952c827567a7c50667b369f5c4cb2394fbac863d042d020b2cff766464901c57a3e4cc084aba1b5d4c79919fb2196c107a2706fd86d07b02b" },
  { GC_HASH_SHA512, "000102030405060708090a0b0c0d0e0f", "-", "84412542dd11f51840", 16, "2531324e51ea52c5c21b18158117600b" },
};

static void vectors(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint8_t out[160];
    struct gc_bytes ikm = hexval(rows[i].ikm), okm = hexval(rows[i].okm);
    assert_int_equal(okm.len, rows[i].len);
    gc_hkdf(rows[i].hash, hexval(rows[i].salt), &ikm, 1, hexval(rows[i].info), out, rows[i].len);
    assert_memory_equal(out, okm.ptr, okm.len);
    /* the same from pieces */
    struct gc_bytes pieces[] = { { ikm.ptr, 1 }, { NULL, 0 }, { ikm.ptr + 1, ikm.len - 1 } };
    gc_hkdf(rows[i].hash, hexval(rows[i].salt), pieces, 3, hexval(rows[i].info), out, rows[i].len);
    assert_memory_equal(out, okm.ptr, okm.len);
  }
}

static void empty_salt_is_zeros(void **state)
{
  (void)state;
  uint8_t zeros[32] = { 0 }, a[16], b[16];
  struct gc_bytes ikm = gc_bytes("secret", 6);
  gc_hkdf(GC_HASH_SHA256, gc_bytes(NULL, 0), &ikm, 1, gc_bytes(NULL, 0), a, 16);
  gc_hkdf(GC_HASH_SHA256, gc_bytes(zeros, 32), &ikm, 1, gc_bytes(NULL, 0), b, 16);
  assert_memory_equal(a, b, 16);
}

int main(void)
{
  if (gc_crypto_init())
    return 1;
  const struct CMUnitTest tests[] = { cmocka_unit_test(vectors), cmocka_unit_test(empty_salt_is_zeros) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
