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
#include "cose/credential.h"
#include "crypto/secret.h"

#define KEY "acdcc8494d458f44a7aaac1d6a84ec624daee88436db2ae26e67ba645a106228"
/* {1: 1, 3: -8, -1: 6, -2: KEY} */
#define COSE_KEY "a4010103272006215820" KEY
#define CCS "a108a101" COSE_KEY

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* @req C17 C18 C19 */
static void claims_sets(void **state)
{
  (void)state;
  static const struct {
    const char *hex, *bytes, *subject;
    enum gc_cred_fmt fmt;
  } rows[] = {
    { CCS, CCS, "", GC_CRED_CCS },
    { "d83d" CCS, CCS, "", GC_CRED_CCS }, /* tagged: stored without the tag */
    { "a2026464616c3108a101" COSE_KEY, "a2026464616c3108a101" COSE_KEY, "dal1", GC_CRED_CCS },
    /* claims and labels that are not known, nested, negative, as text; the key late */
    { "a4016369737303820102208103" "08a302810103617801a50241010101" "03272006215820" KEY, "a4016369737303820102208103" "08a302810103617801a50241010101" "03272006215820" KEY, "", GC_CRED_CCS },
    { "bf08a101" COSE_KEY "ff", "bf08a101" COSE_KEY "ff", "", GC_CRED_CCS }, /* indefinite length */
    /* CWT: COSE_Sign1, untagged, 18(…), 61(18(…)) */
    { "8443a10127a0582ea108a101" COSE_KEY "40", "8443a10127a0582ea108a101" COSE_KEY "40", "", GC_CRED_CWT },
    { "d28443a10127a0582ea108a101" COSE_KEY "40", "8443a10127a0582ea108a101" COSE_KEY "40", "", GC_CRED_CWT },
    { "d83dd28443a10127a0582ea108a101" COSE_KEY "40", "8443a10127a0582ea108a101" COSE_KEY "40", "", GC_CRED_CWT },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_bytes bytes = hexval(rows[i].hex);
    struct gc_credential c;
    struct gc_where where = { 0, "" };
    if (gc_credential_read(&c, bytes, GC_CRED_ANY, &where))
      fail_msg("row %zu: %zu: %s", i, where.offset, where.phrase);
    assert_int_equal(c.fmt, rows[i].fmt);
    assert_int_equal(c.public_key.curve, GC_CURVE_ED25519);
    assert_memory_equal(c.public_key.bytes, hexval(KEY).ptr, 32);
    assert_int_equal(c.bytes.len, hexval(rows[i].bytes).len);
    assert_ptr_equal(c.bytes.ptr + c.bytes.len, bytes.ptr + bytes.len);
    assert_true(gc_bytes_equal(c.subject, gc_bytes_str(rows[i].subject)));
    assert_int_equal(gc_credential_read(&c, bytes, rows[i].fmt, NULL), GC_OK);
    assert_int_not_equal(gc_credential_read(&c, bytes, rows[i].fmt == GC_CRED_CCS ? GC_CRED_CWT : GC_CRED_CCS, NULL), GC_OK);
    assert_int_not_equal(gc_credential_read(&c, bytes, GC_CRED_X509, NULL), GC_OK);
    for (size_t len = 0; len < bytes.len; len++)
      assert_int_not_equal(gc_credential_read(&c, gc_bytes(bytes.ptr, len), GC_CRED_ANY, NULL), GC_OK);
  }
}

static void refuses(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    enum gc_err err;
  } rows[] = {
    { CCS "00", GC_E_MALFORMED },                                 /* bytes after it */
    { "a0", GC_E_MALFORMED },                                     /* no key */
    { "a108a0", GC_E_MALFORMED },
    { "a108a10141" "00", GC_E_MALFORMED },
    { "a108a101a0", GC_E_MALFORMED },
    { "a108a101a20101" "2006", GC_E_MALFORMED },                  /* no x */
    { "a108a101a30101" "2006" "2141" "00", GC_E_RANGE },          /* x too short */
    { "a108a101a30102" "2006" "215820" KEY, GC_E_MALFORMED },     /* kty EC2 with Ed25519 */
    { "a108a101a30101" "2008" "215820" KEY, GC_E_UNSUPPORTED },   /* secp256k1 */
    { "a108a101a40101" "0101" "2006" "215820" KEY, GC_E_MALFORMED }, /* kty twice */
    { "a108a101a30102" "2001" "215820" KEY, GC_E_MALFORMED },     /* P-256 without y */
    { "a108a101a40102" "2001" "215820" KEY "2240", GC_E_RANGE },  /* y empty */
    { "a108a101a40102" "2001" "215820" KEY "225820" KEY, GC_E_MALFORMED }, /* not on the curve */
    { "a208a101" COSE_KEY "08a101" COSE_KEY, GC_E_MALFORMED },    /* two keys */
    { "a2020108a101" COSE_KEY, GC_E_MALFORMED },                  /* subject is no text */
    { "d83d00", GC_E_MALFORMED },
    { "d08340a041" "00", GC_E_UNSUPPORTED },                      /* encrypted CWT */
    { "8b0001020304050607080900", GC_E_UNSUPPORTED },             /* C509 */
    { "8340a041" "00", GC_E_UNSUPPORTED },
    { "c0" CCS, GC_E_MALFORMED },
    { "3003020101", GC_E_MALFORMED },                             /* DER, and no certificate */
    { "f6", GC_E_MALFORMED },
  };
  struct gc_credential c;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_where where = { 0, NULL };
    enum gc_err err = gc_credential_read(&c, hexval(rows[i].hex), GC_CRED_ANY, &where);
    if (err != rows[i].err)
      fail_msg("%s: %s", rows[i].hex, gc_err_name(err));
    assert_non_null(where.phrase);
  }
  static uint8_t long_one[GC_CREDENTIAL_MAX_LEN + 1];
  assert_int_equal(gc_credential_read(&c, gc_bytes(long_one, sizeof long_one), GC_CRED_ANY, NULL), GC_E_RANGE);
  assert_int_equal(gc_credential_read(&c, gc_bytes(long_one, 0), GC_CRED_ANY, NULL), GC_E_RANGE);
  assert_int_equal(gc_credential_read(&c, hexval(CCS), GC_CRED_C509, NULL), GC_E_UNSUPPORTED);
}

/* @req C17 C19 C36 */
static void certificates(void **state)
{
  (void)state;
  static char line[8192];
  int count = 0;
  FILE *file = fopen("tests/vectors/x509.txt", "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file)) {
    char *field[4], *save = NULL;
    if (line[0] == '#')
      continue;
    for (int i = 0; i < 4; i++)
      assert_non_null(field[i] = strtok_r(i ? NULL : line, " \n", &save));
    struct gc_bytes der = hexval(field[3]), key = hexval(field[2]);
    struct gc_credential c;
    enum gc_err err = gc_credential_read(&c, der, GC_CRED_ANY, NULL);
    count++;
    if (atoi(field[0]) == 0) {
      assert_int_equal(err, GC_E_UNSUPPORTED);
      continue;
    }
    assert_int_equal(err, GC_OK);
    assert_int_equal(c.fmt, GC_CRED_X509);
    assert_int_equal(c.public_key.curve, atoi(field[0]));
    assert_true(gc_bytes_equal(gc_bytes(c.public_key.bytes, c.public_key.len), key));
    assert_true(gc_bytes_equal(c.subject, gc_bytes_str(field[1])));
    assert_true(gc_bytes_equal(c.bytes, der));
    for (size_t len = 0; len < der.len; len++)
      assert_int_not_equal(gc_credential_read(&c, gc_bytes(der.ptr, len), GC_CRED_X509, NULL), GC_OK);
  }
  fclose(file);
  assert_int_equal(count, 7);
}

static void writes_what_it_reads(void **state)
{
  (void)state;
  for (size_t i = 0; gc_curve_at(i); i++) {
    struct gc_key_pair pair;
    struct gc_credential c;
    uint8_t store[256];
    struct gc_buf out = gc_buf(store, sizeof store);
    assert_int_equal(gc_key_pair_generate(&pair, gc_curve_at(i)->id), GC_OK);
    assert_int_equal(gc_credential_write_ccs(&out, &pair.public_key, gc_bytes_str("lamp")), GC_OK);
    assert_int_equal(gc_credential_read(&c, gc_buf_bytes(&out), GC_CRED_CCS, NULL), GC_OK);
    assert_true(gc_public_key_equal(&c.public_key, &pair.public_key));
    assert_true(gc_bytes_equal(c.subject, gc_bytes_str("lamp")));
    struct gc_buf small = gc_buf(store, out.len - 1);
    assert_int_equal(gc_credential_write_ccs(&small, &pair.public_key, gc_bytes_str("lamp")), GC_E_SPACE);
    assert_int_equal(small.len, 0);
  }
}

static void names(void **state)
{
  (void)state;
  assert_int_equal(gc_cred_fmt_by_name(gc_bytes_str("ccs")), GC_CRED_CCS);
  assert_int_equal(gc_cred_fmt_by_name(gc_bytes_str("33")), GC_CRED_X509);
  assert_int_equal(gc_cred_fmt_by_name(gc_bytes_str("kcwt")), GC_CRED_CWT);
  assert_int_equal(gc_cred_fmt_by_name(gc_bytes_str("pgp")), GC_CRED_ANY);
  assert_string_equal(gc_cred_fmt_name(GC_CRED_X509), "X.509");
  assert_null(gc_cred_fmt_name(GC_CRED_ANY));
}

int main(void)
{
  if (gc_crypto_init())
    return 1;
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(claims_sets), cmocka_unit_test(refuses), cmocka_unit_test(certificates),
    cmocka_unit_test(writes_what_it_reads), cmocka_unit_test(names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
