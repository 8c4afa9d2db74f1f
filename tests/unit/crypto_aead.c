/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/lib/hexval.h"
#include "crypto/aead.h"
#include "crypto/secret.h"

struct row {
  struct gc_aead_key key;
  struct gc_bytes nonce, aad, plain, sealed;
};

/* One line of tests/vectors/aead.txt. */
static bool next_row(FILE *file, struct row *row)
{
  static char line[8192];
  while (fgets(line, sizeof line, file)) {
    if (line[0] == '#')
      continue;
    char *field[6], *save = NULL;
    for (int i = 0; i < 6; i++)
      assert_non_null(field[i] = strtok_r(i ? NULL : line, " \n", &save));
    const struct gc_alg *alg = gc_alg_by_id(atoi(field[0]));
    assert_non_null(alg);
    assert_int_equal(gc_aead_set_key(&row->key, alg, hexval(field[1])), GC_OK);
    row->nonce = hexval(field[2]);
    row->aad = hexval(field[3]);
    row->plain = hexval(field[4]);
    row->sealed = hexval(field[5]);
    assert_int_equal(row->nonce.len, alg->nonce_len);
    assert_int_equal(row->sealed.len, row->plain.len + alg->tag_len);
    return true;
  }
  return false;
}

/* @req C12 C14 */
static void agrees_with_openssl(void **state)
{
  (void)state;
  FILE *file = fopen("tests/vectors/aead.txt", "r");
  assert_non_null(file);
  struct row row;
  int rows = 0;
  for (; next_row(file, &row); rows++) {
    uint8_t out[512];
    assert_int_equal(gc_aead_encrypt(&row.key, row.nonce.ptr, row.aad, row.plain, out), GC_OK);
    assert_memory_equal(out, row.sealed.ptr, row.sealed.len);
    assert_true(gc_aead_decrypt(&row.key, row.nonce.ptr, row.aad, row.sealed, out));
    assert_memory_equal(out, row.plain.ptr, row.plain.len);
    /* where the input lies */
    memcpy(out, row.plain.ptr, row.plain.len);
    assert_int_equal(gc_aead_encrypt(&row.key, row.nonce.ptr, row.aad, gc_bytes(out, row.plain.len), out), GC_OK);
    assert_memory_equal(out, row.sealed.ptr, row.sealed.len);
    assert_true(gc_aead_decrypt(&row.key, row.nonce.ptr, row.aad, gc_bytes(out, row.sealed.len), out));
    assert_memory_equal(out, row.plain.ptr, row.plain.len);
  }
  fclose(file);
  assert_int_equal(rows, 60);
}

static void refuses_every_flipped_bit(void **state)
{
  (void)state;
  FILE *file = fopen("tests/vectors/aead.txt", "r");
  assert_non_null(file);
  struct row row;
  while (next_row(file, &row)) {
    if (!row.key.alg->tag_len || row.plain.len > 64)
      continue;
    uint8_t in[128], out[128], zero[128] = { 0 };
    for (size_t bit = 0; bit < row.sealed.len * 8; bit++) {
      memcpy(in, row.sealed.ptr, row.sealed.len);
      in[bit / 8] ^= (uint8_t)(1 << bit % 8);
      memset(out, 0xaa, sizeof out);
      assert_false(gc_aead_decrypt(&row.key, row.nonce.ptr, row.aad, gc_bytes(in, row.sealed.len), out));
      assert_memory_equal(out, zero, row.plain.len);
    }
    for (size_t len = 0; len < row.sealed.len; len++)
      assert_false(gc_aead_decrypt(&row.key, row.nonce.ptr, row.aad, gc_bytes(row.sealed.ptr, len), out));
  }
  fclose(file);
}

/* @req C13 */
static void refuses_cbc_and_wrong_lengths(void **state)
{
  (void)state;
  struct gc_aead_key key;
  uint8_t bytes[33] = { 0 };
  for (size_t i = 0; gc_alg_at(i); i++) {
    const struct gc_alg *alg = gc_alg_at(i);
    bool is_usable = alg->kind == GC_ALG_AEAD || alg->kind == GC_ALG_CIPHER;
    assert_int_equal(gc_aead_set_key(&key, alg, gc_bytes(bytes, alg->key_len)), is_usable ? GC_OK : GC_E_UNSUPPORTED);
    if (is_usable) {
      assert_int_equal(gc_aead_set_key(&key, alg, gc_bytes(bytes, alg->key_len + 1u)), GC_E_RANGE);
      assert_int_equal(gc_aead_set_key(&key, alg, gc_bytes(bytes, alg->key_len - 1u)), GC_E_RANGE);
    }
  }
  assert_int_equal(gc_alg_by_id(-65531)->kind, GC_ALG_FORBIDDEN);
  assert_int_equal(gc_alg_by_id(-65530)->kind, GC_ALG_FORBIDDEN);
  assert_int_equal(gc_alg_by_id(-65529)->kind, GC_ALG_FORBIDDEN);
}

static void ccm_with_a_two_byte_length_stops_at_65535(void **state)
{
  (void)state;
  struct gc_aead_key key;
  static uint8_t in[65536], out[65536 + 16];
  uint8_t nonce[13] = { 0 };
  assert_int_equal(gc_aead_set_key(&key, gc_alg_by_id(10), gc_bytes(in, 16)), GC_OK);
  assert_int_equal(gc_aead_encrypt(&key, nonce, gc_bytes(NULL, 0), gc_bytes(in, 65536), out), GC_E_RANGE);
  assert_int_equal(gc_aead_encrypt(&key, nonce, gc_bytes(NULL, 0), gc_bytes(in, 65535), out), GC_OK);
  assert_true(gc_aead_decrypt(&key, nonce, gc_bytes(NULL, 0), gc_bytes(out, 65535 + 8), out));
  assert_false(gc_aead_decrypt(&key, nonce, gc_bytes(NULL, 0), gc_bytes(out, 65536 + 8), out));
  assert_int_equal(gc_aead_set_key(&key, gc_alg_by_id(12), gc_bytes(in, 16)), GC_OK);
  assert_int_equal(gc_aead_encrypt(&key, nonce, gc_bytes(NULL, 0), gc_bytes(in, 65536), out), GC_OK);
}

/* @req B1 C7 C15 C132 C133 */
static void names_and_numbers_both_ways(void **state)
{
  (void)state;
  static const struct {
    const char *name;
    int32_t id;
  } rows[] = { { "AES-CCM-16-64-128", 10 }, { "aes-ccm-16-64-128", 10 }, { "A128GCM", 1 }, { "A128CTR", -65534 },
               { "ChaCha20/Poly1305", 24 }, { "EdDSA", -8 }, { "ES256", -7 }, { "ES384", -35 }, { "ES512", -36 },
               { "ECDH-SS + HKDF-256", -27 }, { "ECDH-SS + HKDF-512", -28 }, { "HMAC 256/256", 5 }, { "HMAC 512/512", 7 },
               { "-65534", -65534 }, { "10", 10 }, { "-8", -8 } };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct gc_alg *alg = gc_alg_by_name(gc_bytes_str(rows[i].name));
    assert_non_null(alg);
    assert_int_equal(alg->id, rows[i].id);
  }
  for (size_t i = 0; gc_alg_at(i); i++) {
    assert_ptr_equal(gc_alg_by_id(gc_alg_at(i)->id), gc_alg_at(i));
    assert_ptr_equal(gc_alg_by_name(gc_bytes_str(gc_alg_at(i)->name)), gc_alg_at(i));
  }
  static const char *none[] = { "", "-", "AES-CCM", "99", "99999999999", "1x", "AES-CCM-16-64-1289" };
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
    assert_null(gc_alg_by_name(gc_bytes_str(none[i])));
}

static void hex_of_secrets(void **state)
{
  (void)state;
  uint8_t out[4];
  size_t len;
  char text[9];
  assert_int_equal(gc_secret_hex_decode(out, 4, &len, "00ffA5", 6), GC_OK);
  assert_int_equal(len, 3);
  assert_memory_equal(out, "\x00\xff\xa5", 3);
  assert_int_equal(gc_secret_hex_decode(out, 4, &len, "", 0), GC_OK);
  assert_int_equal(len, 0);
  assert_int_equal(gc_secret_hex_decode(out, 4, &len, "0", 1), GC_E_MALFORMED);
  assert_int_equal(gc_secret_hex_decode(out, 4, &len, "00 0", 4), GC_E_MALFORMED);
  assert_int_equal(gc_secret_hex_decode(out, 4, &len, "0g", 2), GC_E_MALFORMED);
  assert_int_equal(gc_secret_hex_decode(out, 4, &len, "0011223344", 10), GC_E_SPACE);
  assert_string_equal(gc_secret_hex_encode(text, (const uint8_t *)"\x01\xfe", 2), "01fe");
}

static void a_thousand_regions(void **state)
{
  (void)state;
  void *regions[1000];
  for (size_t i = 0; i < 1000; i++) {
    regions[i] = gc_secret_new(4000);
    assert_non_null(regions[i]);
    assert_int_equal((uintptr_t)regions[i] % 16, 0);
    memset(regions[i], (int)i, 4000);
  }
  for (size_t i = 0; i < 1000; i++) {
    gc_secret_free(&regions[i]);
    assert_null(regions[i]);
  }
  gc_secret_free(&regions[0]);
}

int main(void)
{
  if (gc_crypto_init())
    return 1;
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(agrees_with_openssl),
    cmocka_unit_test(refuses_every_flipped_bit),
    cmocka_unit_test(refuses_cbc_and_wrong_lengths),
    cmocka_unit_test(ccm_with_a_two_byte_length_stops_at_65535),
    cmocka_unit_test(names_and_numbers_both_ways),
    cmocka_unit_test(hex_of_secrets),
    cmocka_unit_test(a_thousand_regions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
