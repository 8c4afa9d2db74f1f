/* sign_info, ecdh_info, kdc_dh_creds and capabilities: examples both ways, entries for several groups, what is refused. */
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
#include "ace/groupcomm.h"
#include "ace/key_info.h"
#include "ace/params.h"
#include "ace_examples.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint8_t store[512];

static struct gc_key_info only_entry(struct gc_bytes encoded)
{
  struct gc_key_info_walk walk;
  struct gc_key_info info, other;
  assert_int_equal(gc_key_info_begin(&walk, encoded), GC_OK);
  assert_int_equal(gc_key_info_next(&walk, &info), GC_OK);
  assert_int_equal(gc_key_info_next(&walk, &other), GC_E_END);
  return info;
}

/* @req SC-08 SC-09 */
static void entries_of_the_examples(void **state)
{
  (void)state;
  struct gc_ace_params transfer;
  struct gc_groupcomm refused;
  assert_int_equal(gc_ace_params_parse(&transfer, hexval(EXAMPLE_AUTHZ_RESPONSE), GC_ACE_AT_AUTHZ_INFO, NULL), GC_OK);
  assert_int_equal(gc_groupcomm_parse(&refused, hexval(EXAMPLE_JOIN_REFUSED), NULL), GC_OK);
  const struct {
    struct gc_bytes encoded;
    int alg;
    uint8_t curve;
  } rows[] = { { transfer.sign_info, -8, 6 }, { refused.sign_info, -8, 6 }, { transfer.ecdh_info, -27, 4 }, { refused.ecdh_info, -27, 4 } };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_key_info info = only_entry(rows[i].encoded), made = info;
    uint8_t alg_store[16], key_store[16];
    struct gc_buf alg = gc_buf(alg_store, sizeof alg_store), key = gc_buf(key_store, sizeof key_store), out = gc_buf(store, sizeof store);
    assert_int_equal(info.alg.number, rows[i].alg);
    assert_true(gc_key_info_names(info.groups, info.group_count, gc_bytes_str("group1")));
    assert_false(gc_key_info_names(info.groups, info.group_count, gc_bytes_str("group2")));
    assert_int_equal(info.cred_fmt.number, 14);
    assert_int_equal(gc_alg_capabilities_write(&alg, rows[i].curve), GC_OK);
    assert_int_equal(gc_key_capabilities_write(&key, rows[i].curve), GC_OK);
    assert_true(gc_bytes_equal(info.alg_params, gc_buf_bytes(&alg)));
    assert_true(gc_bytes_equal(info.key_params, gc_buf_bytes(&key)));
    made.alg_params = gc_buf_bytes(&alg);
    made.key_params = gc_buf_bytes(&key);
    assert_int_equal(gc_key_info_write(&out, &made, 1), GC_OK);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), rows[i].encoded));
  }
}

/* @req SC-08 SC-09 */
static void several_groups_and_entries(void **state)
{
  (void)state;
  const char *text = "[[[\"a\",\"b\"],-8,[1],[1,6],14],[\"c\",\"own\",[],[],null]]";
  struct gc_key_info_walk walk;
  struct gc_key_info entries[2];
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_key_info_begin(&walk, edn(text)), GC_OK);
  assert_int_equal(gc_key_info_next(&walk, &entries[0]), GC_OK);
  assert_int_equal(gc_key_info_next(&walk, &entries[1]), GC_OK);
  assert_int_equal(entries[0].group_count, 2);
  assert_true(gc_key_info_names(entries[0].groups, 2, gc_bytes_str("b")));
  assert_true(entries[1].alg.is_text && entries[1].cred_fmt.is_null);
  assert_int_equal(gc_key_info_write(&out, entries, 2), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), edn(text)));

  const char *creds = "[[\"a\",14,h'a0'],[[\"b\",\"c\"],33,h'30']]";
  struct gc_kdc_dh_cred dh[2];
  out.len = 0;
  assert_int_equal(gc_key_info_begin(&walk, edn(creds)), GC_OK);
  assert_int_equal(gc_kdc_dh_cred_next(&walk, &dh[0]), GC_OK);
  assert_int_equal(gc_kdc_dh_cred_next(&walk, &dh[1]), GC_OK);
  struct gc_kdc_dh_cred third;
  assert_int_equal(gc_kdc_dh_cred_next(&walk, &third), GC_E_END);
  assert_int_equal(dh[1].group_count, 2);
  assert_int_equal(gc_kdc_dh_creds_write(&out, dh, 2), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), edn(creds)));
}

static void what_is_refused(void **state)
{
  (void)state;
  static const char *const infos[] = {
    "[[\"a\",-8,[1],[1,6]]]", "[[\"a\",-8,[1],[1,6],14,1]]", "[[1,-8,[1],[1,6],14]]", "[[[],-8,[1],[1,6],14]]", "[[[1],-8,[1],[1,6],14]]",
    "[[\"a\",[],[1],[1,6],14]]", "[[\"a\",-8,1,[1,6],14]]", "[[\"a\",-8,[1],1,14]]", "[[\"a\",-8,[1],[1,6],\"x\"]]", "[1]",
  };
  static const char *const creds[] = { "[[\"a\",14]]", "[[\"a\",14,h'',1]]", "[[\"a\",14,\"x\"]]", "[[\"a\",\"x\",h'']]", "[[1,14,h'']]", "[[[],14,h'']]", "[1]" };
  struct gc_key_info_walk walk;
  struct gc_key_info info;
  struct gc_kdc_dh_cred cred;
  for (size_t i = 0; i < COUNT(infos); i++) {
    assert_int_equal(gc_key_info_begin(&walk, edn(infos[i])), GC_OK);
    enum gc_err err = gc_key_info_next(&walk, &info);
    if (err == GC_OK || err == GC_E_END || !walk.reader.where.phrase)
      fail_msg("%s", infos[i]);
  }
  for (size_t i = 0; i < COUNT(creds); i++) {
    assert_int_equal(gc_key_info_begin(&walk, edn(creds[i])), GC_OK);
    enum gc_err err = gc_kdc_dh_cred_next(&walk, &cred);
    if (err == GC_OK || err == GC_E_END || !walk.reader.where.phrase)
      fail_msg("%s", creds[i]);
  }
  assert_int_not_equal(gc_key_info_begin(&walk, edn("null")), GC_OK);
  assert_int_equal(gc_key_info_begin(&walk, hexval("9f")), GC_OK); /* never ends */
  assert_int_equal(gc_key_info_next(&walk, &info), GC_E_TRUNCATED);
  assert_int_equal(gc_key_info_begin(&walk, hexval("8000")), GC_OK);
  assert_int_equal(gc_key_info_next(&walk, &info), GC_E_MALFORMED);
}

/* @req JN-26 */
static void capabilities(void **state)
{
  (void)state;
  static const struct {
    uint8_t curve;
    const char *edn;
  } rows[] = {
    { GC_CURVE_ED25519, "[[1],[1,6]]" }, { GC_CURVE_X25519, "[[1],[1,4]]" }, { GC_CURVE_P256, "[[2],[2,1]]" }, { GC_CURVE_ED448, "[[1],[1,7]]" }, { GC_CURVE_P521, "[[2],[2,3]]" },
  };
  uint8_t curve = 0;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_buf out = gc_buf(store, sizeof store);
    assert_int_equal(gc_capabilities_write(&out, rows[i].curve), GC_OK);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), edn(rows[i].edn)));
    assert_int_equal(gc_capabilities_parse(&curve, edn(rows[i].edn), NULL), GC_OK);
    assert_int_equal(curve, rows[i].curve);
  }
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_capabilities_write(&out, 99), GC_E_UNSUPPORTED);
  assert_int_equal(gc_alg_capabilities_write(&out, 99), GC_E_UNSUPPORTED);
  assert_int_equal(gc_key_capabilities_write(&out, 99), GC_E_UNSUPPORTED);
  static const struct {
    const char *edn;
    enum gc_err err;
  } bad[] = {
    { "[[3],[3]]", GC_E_MALFORMED },          { "[[1],[2,1]]", GC_E_MALFORMED },      { "[[1],[1,99]]", GC_E_UNSUPPORTED }, { "[[2],[2,6]]", GC_E_UNSUPPORTED },
    { "[[1]]", GC_E_MALFORMED },              { "[[1],[1,6],[1]]", GC_E_UNSUPPORTED }, { "[[1],[1,6,7]]", GC_E_UNSUPPORTED }, { "[[1,2],[1,6]]", GC_E_UNSUPPORTED },
    { "[[\"x\"],[1,6]]", GC_E_MALFORMED },    { "[]", GC_E_MALFORMED },               { "1", GC_E_MALFORMED },              { "[[1],[1,-6]]", GC_E_UNSUPPORTED },
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct gc_where where = { 0, NULL };
    enum gc_err err = gc_capabilities_parse(&curve, edn(bad[i].edn), &where);
    if (err != bad[i].err || !where.phrase)
      fail_msg("%s: %s", bad[i].edn, gc_err_name(err));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(entries_of_the_examples), cmocka_unit_test(several_groups_and_entries), cmocka_unit_test(what_is_refused), cmocka_unit_test(capabilities),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
