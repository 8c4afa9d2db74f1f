/* Confirmation methods: each both ways, together, and wrong. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/hexval.h"
#include "ace/cnf.h"
#include "ace_examples.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define X "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"
#define COSE_KEY "a301012006215820" X

static uint8_t store[512];

static struct gc_cnf parsed(struct gc_bytes map)
{
  struct gc_cnf cnf;
  struct gc_where where = { 0, "" };
  if (gc_cnf_parse(&cnf, map, &where))
    fail_msg("%zu: %s", where.offset, where.phrase);
  return cnf;
}

static void expect(enum gc_err err, const struct gc_buf *out, const char *hex)
{
  assert_int_equal(err, GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(out), hexval(hex)));
}

/* @req AC-04 AC-09 OP-01 OP-02 OP-03 */
static void methods_both_ways(void **state)
{
  (void)state;
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_cnf cnf = parsed(hexval("a101" COSE_KEY));
  assert_int_equal(cnf.method, GC_CNF_COSE_KEY);
  assert_int_equal(cnf.key.public_key.curve, GC_CURVE_ED25519);
  expect(gc_cnf_write_key(&out, &cnf.key), &out, "a101" COSE_KEY);
  out.len = 0;
  cnf = parsed(hexval("a1034101"));
  assert_int_equal(cnf.method, GC_CNF_KID);
  expect(gc_cnf_write_kid(&out, cnf.kid), &out, "a1034101");
  out.len = 0;
  cnf = parsed(hexval("a104a30041010250f9af838368e353e78888e1426bd94e6f05489e7ca92223786340"));
  assert_int_equal(cnf.method, GC_CNF_OSC);
  assert_int_equal(cnf.osc.present, GC_GM_ID | GC_GM_MS | GC_GM_SALT);
  expect(gc_cnf_write_osc(&out, &cnf.osc), &out, "a104a30041010250f9af838368e353e78888e1426bd94e6f05489e7ca92223786340");
  out.len = 0;
  cnf = parsed(hexval("a10b" EXAMPLE_CLIENT_CCS));
  assert_int_equal(cnf.method, GC_CNF_KCCS);
  assert_true(gc_bytes_equal(cnf.credential, hexval(EXAMPLE_CLIENT_CCS)));
  expect(gc_cnf_write_credential(&out, cnf.credential, GC_CRED_CCS), &out, "a10b" EXAMPLE_CLIENT_CCS);
  out.len = 0;
}

static void kcwt_and_chains(void **state)
{
  (void)state;
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_cnf cnf = parsed(hexval("a10a8443a10127a041a040"));
  assert_int_equal(cnf.method, GC_CNF_KCWT);
  expect(gc_cnf_write_credential(&out, cnf.credential, GC_CRED_CWT), &out, "a10a8443a10127a041a040");
  out.len = 0;
  cnf = parsed(hexval("a11818423001"));
  assert_int_equal(cnf.method, GC_CNF_X5CHAIN);
  expect(gc_cnf_write_credential(&out, cnf.credential, GC_CRED_X509), &out, "a11818423001");
  cnf = parsed(hexval("a1181882423001413f")); /* the end entity's comes first */
  assert_true(gc_bytes_equal(cnf.credential, hexval("3001")));
  assert_int_equal(gc_cnf_write_credential(&out, cnf.credential, GC_CRED_C509), GC_E_UNSUPPORTED);
  assert_int_equal(gc_cnf_write_credential(&out, cnf.credential, GC_CRED_ANY), GC_E_UNSUPPORTED);
}

static void early_numbers(void **state)
{
  (void)state;
  assert_int_equal(parsed(hexval("a10e" EXAMPLE_CLIENT_CCS)).method, GC_CNF_KCCS);
  assert_int_equal(parsed(hexval("a10f" EXAMPLE_CLIENT_CCS)).method, GC_CNF_KCCS);
  assert_int_equal(parsed(hexval("a10e8443a10127a041a040")).method, GC_CNF_KCWT);
}

static void what_stands_together(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    enum gc_err err;
  } rows[] = {
    { "a201" COSE_KEY "034107", GC_OK },           /* a key and the name of it */
    { "a2034107186300", GC_OK },                /* one that is not known beside */
    { "a2034107617800", GC_OK },
    { "a20280034107", GC_OK },                  /* Encrypted_COSE_Key: known, for the caller to refuse */
    { "a201" COSE_KEY "04a1004101", GC_E_MALFORMED },
    { "a201" COSE_KEY "01" COSE_KEY, GC_E_MALFORMED },
    { "a2034107034107", GC_E_MALFORMED },
    { "a0", GC_E_MALFORMED },
    { "a1186300", GC_E_UNSUPPORTED },
    { "a10b8443a10127a041a040", GC_E_MALFORMED },  /* a CWT is no CCS */
    { "a10aa0", GC_E_MALFORMED },
    { "a10300", GC_E_MALFORMED },
    { "a10480", GC_E_MALFORMED },
    { "a104a102410102", GC_E_MALFORMED },       /* bytes behind */
    { "a104a1024101", GC_OK },                     /* what it needs is its user's matter */
    { "a104a10201", GC_E_MALFORMED },              /* ms no bytes */
    { "a1181880", GC_E_MALFORMED },
    { "a101a10101", GC_E_MALFORMED },
    { "80", GC_E_MALFORMED },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_cnf cnf;
    struct gc_where where = { 0, NULL };
    struct gc_bytes bytes = hexval(rows[i].hex);
    enum gc_err err = gc_cnf_parse(&cnf, bytes, &where);
    if (err != rows[i].err)
      fail_msg("%s: %s: %s", rows[i].hex, gc_err_name(err), where.phrase ? where.phrase : "");
    if (err) {
      assert_non_null(where.phrase);
      assert_true(where.offset <= bytes.len);
    }
  }
  struct gc_cnf cnf = parsed(hexval("a201" COSE_KEY "034107"));
  assert_true(cnf.key.has_kid && gc_bytes_equal(cnf.key.kid, hexval("07")));
}

static void take_hostile(struct gc_bytes bytes, void *ctx)
{
  struct gc_cnf cnf;
  struct gc_where where = { 0, NULL };
  (void)ctx;
  if (gc_cnf_parse(&cnf, bytes, &where)) {
    assert_non_null(where.phrase);
    assert_true(where.offset <= bytes.len);
  }
}

static void hostile_maps(void **state)
{
  (void)state;
  hostile(hexval("a104a30041010250f9af838368e353e78888e1426bd94e6f05489e7ca92223786340"), take_hostile, NULL);
  hostile(hexval("a201" COSE_KEY "034107"), take_hostile, NULL);
  hostile(hexval("a10b" EXAMPLE_CLIENT_CCS), take_hostile, NULL);
}

static void names(void **state)
{
  (void)state;
  assert_string_equal(gc_cnf_method_name(GC_CNF_COSE_KEY), "COSE_Key");
  assert_string_equal(gc_cnf_method_name(GC_CNF_KCCS), "kccs");
  assert_null(gc_cnf_method_name(5));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(methods_both_ways),    cmocka_unit_test(kcwt_and_chains), cmocka_unit_test(early_numbers),
    cmocka_unit_test(what_stands_together), cmocka_unit_test(hostile_maps),    cmocka_unit_test(names),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
