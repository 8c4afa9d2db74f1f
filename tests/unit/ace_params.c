/* Parameters of application/ace+cbor: every example both ways, every label with its type, hostile content. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/hexval.h"
#include "ace/params.h"
#include "ace_examples.h"
#include "cbor/reader.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint8_t store[1024];

static void expect_same(const struct gc_ace_params *params, struct gc_bytes bytes)
{
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_ace_params_write(&out, params), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), bytes));
  for (size_t cap = 0; cap < bytes.len; cap++) {
    out = gc_buf(store, cap);
    assert_int_equal(gc_ace_params_write(&out, params), GC_E_SPACE);
    assert_int_equal(out.len, 0);
  }
}

static void take_hostile(struct gc_bytes bytes, void *ctx)
{
  struct gc_ace_params params;
  struct gc_where where = { 0, NULL };
  (void)ctx;
  for (int place = GC_ACE_AT_AS; place <= GC_ACE_AT_AUTHZ_INFO; place++)
    if (gc_ace_params_parse(&params, bytes, (enum gc_ace_place)place, &where)) {
      assert_non_null(where.phrase);
      assert_true(where.offset <= bytes.len);
    }
}

/* @req AC-02 AC-07 OP-04 SC-06 */
static void each_example_both_ways(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    enum gc_ace_place place;
    unsigned count;
  } rows[] = {
    { EXAMPLE_TOKEN_REQUEST, GC_ACE_AT_AS, 3 },         { EXAMPLE_TOKEN_RESPONSE, GC_ACE_AT_AS, 4 },
    { EXAMPLE_AUTHZ_REQUEST, GC_ACE_AT_AUTHZ_INFO, 6 }, { EXAMPLE_AUTHZ_RESPONSE, GC_ACE_AT_AUTHZ_INFO, 5 },
    { EXAMPLE_GROUP_PROFILE_REQUEST, GC_ACE_AT_AS, 6 }, { EXAMPLE_EDHOC_RESPONSE, GC_ACE_AT_AS, 3 },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_bytes bytes = hexval(rows[i].hex);
    struct gc_ace_params params;
    struct gc_where where = { 0, "" };
    if (gc_ace_params_parse(&params, bytes, rows[i].place, &where))
      fail_msg("%zu: %zu: %s", i, where.offset, where.phrase);
    assert_int_equal(__builtin_popcountll(params.present), rows[i].count);
    assert_int_equal(params.unknown.count, 0);
    expect_same(&params, bytes);
    hostile(bytes, take_hostile, NULL);
  }
}

static void values_of_the_examples(void **state)
{
  (void)state;
  struct gc_ace_params p;
  assert_int_equal(gc_ace_params_parse(&p, hexval(EXAMPLE_TOKEN_REQUEST), GC_ACE_AT_AS, NULL), GC_OK);
  assert_true(gc_bytes_equal(p.audience, gc_bytes_str("gm.example")));
  assert_false(p.scope.is_text);
  assert_true(gc_bytes_equal(p.scope.value, hexval(EXAMPLE_SCOPE)));
  assert_true(gc_ace_has(&p, GC_ACE_PROFILE) && p.profile.is_null);
  assert_int_equal(gc_ace_params_parse(&p, hexval(EXAMPLE_TOKEN_RESPONSE), GC_ACE_AT_AS, NULL), GC_OK);
  assert_true(gc_bytes_equal(p.access_token, hexval(EXAMPLE_CWT)));
  assert_int_equal(p.expires_in, 3600);
  assert_int_equal(p.profile.number, GC_ACE_PROFILE_OSCORE);
  assert_int_equal(gc_ace_params_parse(&p, hexval(EXAMPLE_AUTHZ_REQUEST), GC_ACE_AT_AUTHZ_INFO, NULL), GC_OK);
  assert_true(gc_bytes_equal(p.nonce1, hexval("018a278f7faab55a")));
  assert_true(gc_bytes_equal(p.client_recipientid, hexval("16")));
  assert_true(gc_param_is_null(p.sign_info) && gc_param_is_null(p.ecdh_info) && gc_param_is_null(p.kdc_dh_creds));
  assert_int_equal(gc_ace_params_parse(&p, hexval(EXAMPLE_AUTHZ_RESPONSE), GC_ACE_AT_AUTHZ_INFO, NULL), GC_OK);
  assert_true(gc_bytes_equal(p.kdcchallenge, hexval(EXAMPLE_N_S)));
  assert_true(gc_bytes_equal(p.server_recipientid, hexval("00")));
  assert_false(gc_param_is_null(p.sign_info));
  assert_int_equal(gc_ace_params_parse(&p, hexval(EXAMPLE_GROUP_PROFILE_REQUEST), GC_ACE_AT_AS, NULL), GC_OK);
  assert_true(p.scope.is_text);
}

/* 47 is a map at the Authorization Server, null or an array at authz-info */
static void a_label_by_its_place(void **state)
{
  (void)state;
  struct gc_ace_params p;
  assert_int_equal(gc_ace_params_parse(&p, edn("{47:{0:h'01'}}"), GC_ACE_AT_AS, NULL), GC_OK);
  assert_true(gc_ace_has(&p, GC_ACE_EDHOC_INFO) && !gc_ace_has(&p, GC_ACE_ECDH_INFO));
  assert_int_equal(gc_ace_params_parse(&p, edn("{47:{0:h'01'}}"), GC_ACE_AT_AUTHZ_INFO, NULL), GC_E_MALFORMED);
  assert_int_equal(gc_ace_params_parse(&p, edn("{47:null}"), GC_ACE_AT_AUTHZ_INFO, NULL), GC_OK);
  assert_true(gc_ace_has(&p, GC_ACE_ECDH_INFO));
  assert_int_equal(gc_ace_params_parse(&p, edn("{47:null}"), GC_ACE_AT_AS, NULL), GC_E_MALFORMED);
}

/* 92 and 93 of early implementations are read, and written as 47 and 48 */
static void early_numbers(void **state)
{
  (void)state;
  struct gc_ace_params p;
  assert_int_equal(gc_ace_params_parse(&p, edn("{92:null,93:[]}"), GC_ACE_AT_AUTHZ_INFO, NULL), GC_OK);
  assert_int_equal(p.present, GC_PARAM_BIT(GC_ACE_ECDH_INFO) | GC_PARAM_BIT(GC_ACE_KDC_DH_CREDS));
  expect_same(&p, edn("{47:null,48:[]}"));
  struct gc_where where = { 0, NULL };
  assert_int_equal(gc_ace_params_parse(&p, edn("{47:null,92:null}"), GC_ACE_AT_AUTHZ_INFO, &where), GC_E_MALFORMED);
  assert_non_null(where.phrase);
  assert_int_equal(gc_ace_params_parse(&p, edn("{48:null,93:null}"), GC_ACE_AT_AUTHZ_INFO, NULL), GC_E_MALFORMED);
  assert_int_equal(gc_ace_params_parse(&p, edn("{92:null}"), GC_ACE_AT_AS, NULL), GC_OK);
  assert_int_equal(p.unknown.count, 1);
}

/* the table of labels and types, said again here, and that every other type is refused */
static void every_label_has_its_type(void **state)
{
  (void)state;
  static const struct {
    int label;
    const char *types; /* b bytes, t text, u unsigned, i integer, a array, m map, 0 null */
  } rows[] = {
    { 1, "b" }, { 2, "u" }, { 4, "m" }, { 5, "t" }, { 8, "m" }, { 9, "tb" }, { 24, "t" }, { 25, "b" }, { 26, "t" }, { 27, "t" },
    { 28, "t" }, { 29, "b" }, { 30, "ui" }, { 31, "t" }, { 32, "t" }, { 33, "u" }, { 34, "u" }, { 35, "t" }, { 36, "t" }, { 37, "b" },
    { 38, "ui0" }, { 39, "b" }, { 40, "b" }, { 41, "m" }, { 42, "b" }, { 43, "b" }, { 44, "b" }, { 45, "a0" }, { 46, "b" }, { 47, "a0" },
    { 48, "a0" }, { 71, "b" }, { 72, "b" }, { 73, "b" }, { 74, "b" },
  };
  static const struct {
    char type;
    const char *edn;
  } values[] = { { 'b', "h'01'" }, { 't', "\"x\"" }, { 'u', "3" }, { 'i', "-3" }, { 'a', "[1]" }, { 'm', "{1:2}" }, { '0', "null" }, { '-', "1.5" }, { '-', "true" } };
  for (size_t i = 0; i < COUNT(rows); i++)
    for (size_t k = 0; k < COUNT(values); k++) {
      char text[64];
      struct gc_ace_params p;
      snprintf(text, sizeof text, "{%d:%s}", rows[i].label, values[k].edn);
      struct gc_bytes bytes = edn(text);
      enum gc_err err = gc_ace_params_parse(&p, bytes, GC_ACE_AT_AUTHZ_INFO, NULL);
      if ((err == GC_OK) != (strchr(rows[i].types, values[k].type) != NULL))
        fail_msg("%s: %s", text, gc_err_name(err));
      if (err)
        continue;
      assert_int_equal(p.unknown.count, 0);
      expect_same(&p, bytes);
    }
}

static void unknown_and_broken(void **state)
{
  (void)state;
  struct gc_ace_params p;
  struct gc_bytes bytes = edn("{1:h'01',99:[1],\"x\":{},-1:2}");
  assert_int_equal(gc_ace_params_parse(&p, bytes, GC_ACE_AT_AS, NULL), GC_OK);
  assert_int_equal(p.unknown.count, 3);
  expect_same(&p, bytes);
  assert_int_equal(gc_ace_params_parse(&p, edn("{_ 1:h'01'}"), GC_ACE_AT_AS, NULL), GC_OK);
  assert_int_equal(gc_ace_params_parse(&p, edn("{1:h'01',1:h'02'}"), GC_ACE_AT_AS, NULL), GC_E_MALFORMED);
  assert_int_equal(gc_ace_params_parse(&p, edn("{h'01':1}"), GC_ACE_AT_AS, NULL), GC_E_MALFORMED);
  assert_int_equal(gc_ace_params_parse(&p, edn("[1]"), GC_ACE_AT_AS, NULL), GC_E_MALFORMED);
  assert_int_equal(gc_ace_params_parse(&p, hexval("a000"), GC_ACE_AT_AS, NULL), GC_E_MALFORMED);
  assert_int_equal(gc_ace_params_parse(&p, hexval("bb00000000ffffffff"), GC_ACE_AT_AS, NULL), GC_E_TRUNCATED);
}

static void names(void **state)
{
  (void)state;
  for (size_t i = 0; i < GC_ACE_PARAMS; i++)
    assert_non_null(gc_ace_param_at(i)->name);
  assert_null(gc_ace_param_at(GC_ACE_PARAMS));
  assert_string_equal(gc_ace_param_at(GC_ACE_KDCCHALLENGE)->name, "kdcchallenge");
  assert_string_equal(gc_ace_profile_name(2), "coap_oscore");
  assert_string_equal(gc_ace_profile_name(1), "coap_dtls");
  assert_string_equal(gc_ace_profile_name(4), "coap_edhoc_oscore");
  assert_string_equal(gc_ace_profile_name(5), "coap_group_oscore");
  assert_null(gc_ace_profile_name(3));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_example_both_ways), cmocka_unit_test(values_of_the_examples), cmocka_unit_test(a_label_by_its_place),
    cmocka_unit_test(every_label_has_its_type), cmocka_unit_test(unknown_and_broken), cmocka_unit_test(names),
    cmocka_unit_test(early_numbers),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
