/* Parameters of application/ace-groupcomm+cbor: every example both ways, every label with its type, what each message lacks. */
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
#include "ace/groupcomm.h"
#include "ace_examples.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint8_t store[2048];

static struct gc_groupcomm parsed(struct gc_bytes bytes)
{
  struct gc_groupcomm message;
  struct gc_where where = { 0, "" };
  if (gc_groupcomm_parse(&message, bytes, &where))
    fail_msg("%zu: %s", where.offset, where.phrase);
  return message;
}

static void take_hostile(struct gc_bytes bytes, void *ctx)
{
  struct gc_groupcomm message;
  struct gc_where where = { 0, NULL };
  (void)ctx;
  if (gc_groupcomm_parse(&message, bytes, &where)) {
    assert_true(where.phrase && where.offset <= bytes.len);
    return;
  }
  (void)gc_join_request_fault(&message, false);
  (void)gc_join_response_fault(&message);
  (void)gc_rekeying_fault(&message);
}

/* @req JN-23 JN-24 RK-03 GR-09 */
static void each_example_both_ways(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    unsigned count;
  } rows[] = {
    { EXAMPLE_JOIN_REQUEST, 6 }, { EXAMPLE_JOIN_RESPONSE, 13 }, { EXAMPLE_REKEYING, 7 },    { EXAMPLE_KEY_RENEWAL, 1 },    { EXAMPLE_GID_LOOKUP, 1 },
    { EXAMPLE_GID_FOUND, 3 },    { EXAMPLE_CREDS_FETCH, 1 },    { EXAMPLE_CREDS_RESPONSE, 4 }, { EXAMPLE_JOIN_REFUSED, 3 },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_bytes bytes = hexval(rows[i].hex);
    struct gc_groupcomm message = parsed(bytes);
    struct gc_buf out = gc_buf(store, sizeof store);
    assert_int_equal(__builtin_popcountll(message.present), rows[i].count);
    assert_int_equal(message.unknown.count, 0);
    assert_int_equal(gc_groupcomm_write(&out, &message), GC_OK);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), bytes));
    for (size_t cap = 0; cap < bytes.len; cap++) {
      out = gc_buf(store, cap);
      assert_int_equal(gc_groupcomm_write(&out, &message), GC_E_SPACE);
      assert_int_equal(out.len, 0);
    }
    hostile(bytes, take_hostile, NULL);
  }
}

static void values_of_the_examples(void **state)
{
  (void)state;
  struct gc_groupcomm m = parsed(hexval(EXAMPLE_JOIN_REQUEST));
  assert_true(gc_bytes_equal(m.scope, hexval(EXAMPLE_ENTRY)));
  assert_true(gc_param_is_null(m.get_creds));
  assert_true(gc_bytes_equal(m.client_cred, hexval(EXAMPLE_CLIENT_CCS)));
  assert_true(gc_bytes_equal(m.cnonce, hexval(EXAMPLE_N_C)));
  assert_true(gc_bytes_equal(m.client_cred_verify, hexval(EXAMPLE_CLIENT_PROOF)));
  assert_true(gc_bytes_equal(m.control_uri, gc_bytes_str("coap://c.example/ace-group/group1/node")));
  m = parsed(hexval(EXAMPLE_JOIN_RESPONSE));
  assert_int_equal(m.gkty.number, GC_GKTY_GROUP_OSCORE);
  assert_int_equal(m.num, 0);
  assert_int_equal(m.exi, 86400);
  assert_int_equal(m.exp.number, 1800086400);
  assert_true(gc_bytes_equal(m.kdc_cred, hexval(EXAMPLE_GM_CCS)));
  assert_true(gc_bytes_equal(m.kdc_cred_verify, hexval(EXAMPLE_KDC_PROOF)));
  m = parsed(hexval(EXAMPLE_KEY_RENEWAL));
  assert_true(gc_bytes_equal(m.group_sender_id, hexval("26")));
  m = parsed(hexval(EXAMPLE_JOIN_REFUSED));
  assert_true(gc_bytes_equal(m.kdcchallenge, hexval("b4c6d8eaf0020416")));
}

/* the table of labels and types, said again here, and that every other type is refused */
static void every_label_has_its_type(void **state)
{
  (void)state;
  static const struct {
    int label;
    const char *types; /* b bytes, t text, u unsigned, i integer, r real, a array, m map, 0 null */
  } rows[] = {
    { 0, "a" },  { 1, "a" },  { 2, "a" },  { 3, "b" },  { 4, "a0" },  { 5, "b" },   { 6, "b" },  { 7, "uit" }, { 8, "m" },  { 9, "u" },   { 10, "u" },
    { 11, "u" }, { 12, "u" }, { 13, "a" }, { 14, "a" }, { 15, "a" },  { 16, "m" },  { 17, "b" }, { 18, "b" },  { 19, "b" }, { 20, "ui" }, { 21, "b" },
    { 24, "b" }, { 25, "t" }, { 26, "t" }, { 27, "b" }, { 28, "t" },  { 29, "a0" }, { 30, "b" }, { 31, "a0" }, { 32, "a0" }, { 33, "b" },  { 34, "a" },
  };
  static const struct {
    char type;
    const char *edn;
  } values[] = { { 'b', "h'01'" }, { 't', "\"x\"" }, { 'u', "3" }, { 'i', "-3" }, { 'r', "1.5" }, { 'a', "[1]" }, { 'm', "{1:2}" }, { '0', "null" }, { '-', "true" }, { '-', "1(1)" } };
  assert_int_equal(COUNT(rows), GC_GROUPCOMM_PARAMS);
  for (size_t i = 0; i < COUNT(rows); i++)
    for (size_t k = 0; k < COUNT(values); k++) {
      char text[64];
      struct gc_groupcomm m;
      struct gc_buf out = gc_buf(store, sizeof store);
      snprintf(text, sizeof text, "{%d:%s}", rows[i].label, values[k].edn);
      struct gc_bytes bytes = edn(text);
      enum gc_err err = gc_groupcomm_parse(&m, bytes, NULL);
      if ((err == GC_OK) != (strchr(rows[i].types, values[k].type) != NULL))
        fail_msg("%s: %s", text, gc_err_name(err));
      if (err)
        continue;
      assert_int_equal(m.present, GC_PARAM_BIT(i)); /* rows stand by ascending label, in the table too */
      assert_int_equal(gc_groupcomm_write(&out, &m), GC_OK);
      assert_true(gc_bytes_equal(gc_buf_bytes(&out), bytes));
    }
}

static void unknown_and_broken(void **state)
{
  (void)state;
  struct gc_groupcomm m = parsed(edn("{9:1,99:[1],\"x\":{},-11:\"core.osc.gconf\"}"));
  assert_int_equal(m.unknown.count, 3);
  m = parsed(edn("{_ 9:1}"));
  assert_int_equal(m.num, 1);
  static const char *const bad[] = { "{9:1,9:1}", "{h'':1}", "[]", "1" };
  for (size_t i = 0; i < COUNT(bad); i++)
    assert_int_equal(gc_groupcomm_parse(&m, edn(bad[i]), NULL), GC_E_MALFORMED);
  uint8_t deep[100];
  memset(deep, 0x81, sizeof deep);
  memcpy(deep, "\xa1\x0d", 2);
  deep[sizeof deep - 1] = 0;
  assert_int_equal(gc_groupcomm_parse(&m, gc_bytes(deep, sizeof deep), NULL), GC_E_LIMIT);
}

/* one message made of another: a parameter taken out, or another value put in */
static struct gc_groupcomm without(const char *hex, enum gc_groupcomm_param which)
{
  struct gc_groupcomm m = parsed(hexval(hex));
  m.present &= ~GC_PARAM_BIT(which);
  return m;
}

/* @req JN-02 JN-05 JN-06 JN-07 */
static void join_requests_that_lack_something(void **state)
{
  (void)state;
  struct gc_groupcomm m = parsed(hexval(EXAMPLE_JOIN_REQUEST));
  assert_null(gc_join_request_fault(&m, false));
  assert_null(gc_join_request_fault(&m, true));
  static const enum gc_groupcomm_param needed[] = { GC_GROUPCOMM_SCOPE, GC_GROUPCOMM_CNONCE, GC_GROUPCOMM_CLIENT_CRED, GC_GROUPCOMM_CLIENT_CRED_VERIFY };
  for (size_t i = 0; i < COUNT(needed); i++) {
    m = without(EXAMPLE_JOIN_REQUEST, needed[i]);
    assert_non_null(gc_join_request_fault(&m, false));
  }
  m = parsed(edn("{}")); /* elicits a 4.00 with what the joiner must know */
  assert_non_null(gc_join_request_fault(&m, false));
  static const struct {
    const char *edn;
    bool is_member, is_good;
  } rows[] = {
    { "{3:h'82616708',6:h'01'}", false, true },                      /* a monitor */
    { "{3:h'8261670a',5:h'01',6:h'01',24:h'01'}", false, false },    /* requester and monitor */
    { "{3:h'82616710',6:h'01'}", false, false },                     /* verifier */
    { "{3:h'82616700',5:h'01',6:h'01',24:h'01'}", false, false },
    { "{3:h'8182616702',5:h'01',6:h'01',24:h'01'}", false, false },  /* a list of entries */
    { "{3:h'82616702',5:h'01',6:h'01',24:h''}", false, true },       /* the Group Manager may have proof already */
    { "{3:h'82616702',5:h'',6:h'01',24:h'01'}", false, false },
    { "{3:h'82616702',5:h'',6:h'01'}", true, true },                 /* re-joins with the credential it has */
    { "{3:h'82616702',5:h'01',6:h'01'}", true, true },
    { "{3:h'82616702',5:h'01',6:h'',24:h'01'}", false, false },
    { "{3:h'82616702',4:[true,[4],[]],5:h'01',6:h'01',24:h''}", false, true },
    { "{3:h'82616702',4:[false,[4],[]],5:h'01',6:h'01',24:h''}", false, false },
    { "{3:h'82616702',4:[true,[],[]],5:h'01',6:h'01',24:h''}", false, false },
    { "{3:h'82616702',4:[1],5:h'01',6:h'01',24:h''}", false, false },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    m = parsed(edn(rows[i].edn));
    if ((gc_join_request_fault(&m, rows[i].is_member) == NULL) != rows[i].is_good)
      fail_msg("%s", rows[i].edn);
  }
}

/* @req JN-23 JN-26 RK-03 */
static void responses_that_lack_something(void **state)
{
  (void)state;
  struct gc_groupcomm m = parsed(hexval(EXAMPLE_JOIN_RESPONSE));
  assert_null(gc_join_response_fault(&m));
  assert_null(gc_key_distribution_fault(&m));
  static const enum gc_groupcomm_param needed[] = {
    GC_GROUPCOMM_GKTY, GC_GROUPCOMM_KEY, GC_GROUPCOMM_NUM, GC_GROUPCOMM_EXI, GC_GROUPCOMM_PROFILE, GC_GROUPCOMM_KDC_CRED,
    GC_GROUPCOMM_KDC_NONCE, GC_GROUPCOMM_KDC_CRED_VERIFY, GC_GROUPCOMM_CREDS, GC_GROUPCOMM_PEER_ROLES, GC_GROUPCOMM_PEER_IDENTIFIERS,
  };
  for (size_t i = 0; i < COUNT(needed); i++) {
    m = without(EXAMPLE_JOIN_RESPONSE, needed[i]);
    assert_non_null(gc_join_response_fault(&m));
  }
  m = without(EXAMPLE_JOIN_RESPONSE, GC_GROUPCOMM_PROFILE); /* the answer of nodes/N may be so: @req GR-06 */
  assert_null(gc_key_distribution_fault(&m));
  m = without(EXAMPLE_JOIN_RESPONSE, GC_GROUPCOMM_EXI);
  assert_non_null(gc_key_distribution_fault(&m));
  static const enum gc_groupcomm_param rekeying[] = { GC_GROUPCOMM_GKTY, GC_GROUPCOMM_KEY, GC_GROUPCOMM_NUM, GC_GROUPCOMM_EXI, GC_GROUPCOMM_PROFILE, GC_GROUPCOMM_STALE_NODE_IDS };
  m = parsed(hexval(EXAMPLE_REKEYING));
  assert_null(gc_rekeying_fault(&m));
  assert_non_null(gc_join_response_fault(&m));
  for (size_t i = 0; i < COUNT(rekeying); i++) {
    m = without(EXAMPLE_REKEYING, rekeying[i]);
    assert_non_null(gc_rekeying_fault(&m));
  }
  m = parsed(hexval(EXAMPLE_REKEYING));
  m.stale_node_ids = edn("[1]");
  assert_non_null(gc_rekeying_fault(&m));
  m = parsed(hexval(EXAMPLE_JOIN_RESPONSE));
  m.rekeying_scheme = 1;
  m.present |= GC_PARAM_BIT(GC_GROUPCOMM_REKEYING_SCHEME);
  assert_non_null(gc_join_response_fault(&m));
  m = parsed(hexval(EXAMPLE_JOIN_RESPONSE));
  m.profile = 2;
  assert_non_null(gc_join_response_fault(&m));
  m = parsed(hexval(EXAMPLE_JOIN_RESPONSE));
  m.group_policies = edn("{1:\"x\"}");
  assert_non_null(gc_join_response_fault(&m));
}

/* @req JN-26 */
static void keying_material_that_lacks_something(void **state)
{
  (void)state;
  static const struct {
    const char *edn;
    bool is_good;
  } rows[] = {
    { "{2:h'01',6:h'02',8:14,9:10,10:-8,11:[[1],[1,6]]}", true },                       /* signature-only */
    { "{2:h'01',6:h'02',8:14,4:10,12:-27,13:[[1],[1,4]]}", true },                      /* pairwise-only */
    { "{2:h'01',6:h'02',8:14,9:10,10:-8,11:[],4:10,12:-27,13:[]}", true },
    { "{2:h'01',6:h'02',8:14}", false },
    { "{2:h'01',6:h'02',8:14,9:10,10:-8}", false },
    { "{2:h'01',6:h'02',8:14,4:10,12:-27}", false },
    { "{2:h'01',6:h'02',9:10,10:-8,11:[]}", false },
    { "{6:h'02',8:14,9:10,10:-8,11:[]}", false },
    { "{2:h'01',8:14,9:10,10:-8,11:[]}", false },
    { "{2:h'',6:h'02',8:14,9:10,10:-8,11:[]}", false },
    { "{2:h'01',6:h'',8:14,9:10,10:-8,11:[]}", false },
    { "{2:h'01',6:h'02',7:h'0102030405060708',8:14,9:10,10:-8,11:[]}", false },
    { "{2:h'01',6:h'02',7:h'01020304050607',8:14,9:10,10:-8,11:[]}", true },
    { "{2:h'01',6:h'02',8:14,9:10,10:-8,11:[],14:h'dc'}", false },
    { "{2:h'01',6:h'02',8:14,9:10,10:-8,11:[],14:h'dc',15:-16}", true },
    { "{2:1}", false },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_groupcomm m = parsed(hexval(EXAMPLE_JOIN_RESPONSE));
    m.key = edn(rows[i].edn);
    if ((gc_key_distribution_fault(&m) == NULL) != rows[i].is_good)
      fail_msg("%s: %s", rows[i].edn, gc_key_distribution_fault(&m));
  }
}

static void uploads_that_lack_something(void **state)
{
  (void)state;
  static const struct {
    const char *edn;
    bool is_good;
  } rows[] = {
    { "{5:h'01',6:h'01',24:h'01'}", true }, { "{5:h'',6:h'01',24:h'01'}", false }, { "{5:h'01',6:h'01',24:h''}", false },
    { "{5:h'01',6:h'',24:h'01'}", false },  { "{5:h'01',24:h'01'}", false },       { "{6:h'01',24:h'01'}", false }, { "{5:h'01',6:h'01'}", false },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_groupcomm m = parsed(edn(rows[i].edn));
    if ((gc_cred_upload_fault(&m) == NULL) != rows[i].is_good)
      fail_msg("%s", rows[i].edn);
  }
}

static void arrays_of_strings(void **state)
{
  (void)state;
  struct gc_groupcomm m = parsed(hexval(EXAMPLE_GID_FOUND));
  struct gc_cbor_reader reader;
  struct gc_cbor_list list;
  struct gc_bytes string;
  size_t count = 0;
  assert_int_equal(gc_strings_begin(&reader, &list, m.gname), GC_OK);
  assert_int_equal(gc_strings_next(&reader, &list, true, &string), GC_OK);
  assert_true(gc_bytes_equal(string, gc_bytes_str("group1")));
  assert_int_equal(gc_strings_next(&reader, &list, true, &string), GC_E_END);
  assert_int_equal(gc_strings_check(hexval("83410141fc4212ab"), false, &count, NULL), GC_OK); /* the answer of stale-sids */
  assert_int_equal(count, 3);
  const struct gc_bytes ids[] = { hexval("01"), hexval("fc"), hexval("12ab") };
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_strings_write(&out, ids, 3, false), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval("83410141fc4212ab")));
  out.len = 0;
  const struct gc_bytes names[] = { gc_bytes_str("g") };
  assert_int_equal(gc_strings_write(&out, names, 1, true), GC_OK);
  assert_int_equal(gc_strings_check(gc_buf_bytes(&out), true, &count, NULL), GC_OK);
  static const char *const bad[] = { "8301", "8101", "8000", "a0", "9f4101" };
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct gc_where where = { 0, NULL };
    assert_int_not_equal(gc_strings_check(hexval(bad[i]), false, NULL, &where), GC_OK);
    assert_non_null(where.phrase);
  }
}

/* @req JN-24 GR-12 */
static void policies(void **state)
{
  (void)state;
  struct gc_group_policies p = gc_group_policies_default();
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_group_policies_write(&out, &p), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), edn("{1:3600,2:0}")));
  assert_int_equal(gc_group_policies_parse(&p, edn("{}"), NULL), GC_OK);
  assert_int_equal(p.key_update_check_interval_s, 3600);
  assert_int_equal(gc_group_policies_parse(&p, edn("{0:1,2:60,9:\"x\"}"), NULL), GC_OK);
  assert_true(p.has_sn_sync && p.sn_sync.number == 1 && p.expiration_delta_s == 60);
  out.len = 0;
  assert_int_equal(gc_group_policies_write(&out, &p), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), edn("{0:1,1:3600,2:60}")));
  assert_int_equal(gc_group_policies_parse(&p, edn("{1:-1}"), NULL), GC_E_MALFORMED);
  const struct gc_bytes named = edn("{0:\"best effort\",1:3600,2:0}"); /* a method may have a name (RFC 9594, Section 4.3.1) */
  assert_int_equal(gc_group_policies_parse(&p, named, NULL), GC_OK);
  assert_true(p.has_sn_sync && p.sn_sync.is_text && gc_bytes_equal(p.sn_sync.text, gc_bytes_str("best effort")));
  out.len = 0;
  assert_int_equal(gc_group_policies_write(&out, &p), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), named));
}

static void single_items(void **state)
{
  (void)state;
  struct gc_buf out = gc_buf(store, sizeof store);
  uint64_t num = 7;
  bool is_active = false;
  assert_int_equal(gc_num_write(&out, 42), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval("182a")));
  assert_int_equal(gc_num_parse(&num, hexval("182a"), NULL), GC_OK);
  assert_int_equal(num, 42);
  static const char *const bad[] = { "", "20", "182a00", "18", "4101", "f97e00" };
  for (size_t i = 0; i < COUNT(bad); i++)
    assert_int_not_equal(gc_num_parse(&num, hexval(bad[i]), NULL), GC_OK);
  assert_int_equal(num, 42);
  out.len = 0;
  assert_int_equal(gc_active_write(&out, true), GC_OK);
  assert_int_equal(gc_active_parse(&is_active, gc_buf_bytes(&out), NULL), GC_OK);
  assert_true(is_active);
  assert_int_equal(gc_active_parse(&is_active, hexval("f6"), NULL), GC_E_MALFORMED);
  assert_int_equal(gc_active_parse(&is_active, hexval("f4f4"), NULL), GC_E_MALFORMED);
  assert_true(gc_is_nothing_found(hexval("40")));
  assert_false(gc_is_nothing_found(hexval("4100")));
  assert_false(gc_is_nothing_found(hexval("")));
}

static void names(void **state)
{
  (void)state;
  for (size_t i = 0; i < GC_GROUPCOMM_PARAMS; i++)
    assert_non_null(gc_groupcomm_param_at(i)->name);
  assert_null(gc_groupcomm_param_at(GC_GROUPCOMM_PARAMS));
  assert_string_equal(gc_groupcomm_param_at(GC_GROUPCOMM_STALE_NODE_IDS)->name, "stale_node_ids");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_example_both_ways),
    cmocka_unit_test(values_of_the_examples),
    cmocka_unit_test(every_label_has_its_type),
    cmocka_unit_test(unknown_and_broken),
    cmocka_unit_test(join_requests_that_lack_something),
    cmocka_unit_test(responses_that_lack_something),
    cmocka_unit_test(keying_material_that_lacks_something),
    cmocka_unit_test(uploads_that_lack_something),
    cmocka_unit_test(arrays_of_strings),
    cmocka_unit_test(policies),
    cmocka_unit_test(single_items),
    cmocka_unit_test(names),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
