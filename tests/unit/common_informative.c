/* Informative responses as text and JSON: every worked example, every parameter in both formats, damage, and no Master Secret. */
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

#include "../tests/lib/exact.h"
#include "../tests/lib/expect.h"
#include "../tests/lib/hexval.h"
#include "coap/builder.h"
#include "common/hide.h"
#include "common/show.h"
#include "common/show_informative.h"
#include "iana/names.h"
#include "iana/options.h"
#include "observe/material.h"
#include "observe_examples.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SECRET "0102030405060708090a0b0c0d0e0f10"

static struct gc_out *out;

static int setup(void **state)
{
  (void)state;
  out = gc_out_new(-1, GC_COLOR_NEVER, false);
  return out ? 0 : -1;
}

static int teardown(void **state)
{
  (void)state;
  return gc_out_close(&out) ? 0 : -1;
}

/* what has been written since the last call */
static const char *text(void)
{
  static char copy[32768];
  struct gc_bytes content = gc_out_content(out);
  assert_true(content.len < sizeof copy);
  memcpy(copy, content.ptr, content.len);
  copy[content.len] = '\0';
  gc_out_reset(out);
  return copy;
}

static const char *tree(struct gc_bytes payload, bool show_secrets)
{
  gc_show_informative(out, payload, 2, show_secrets);
  return text();
}

static const char *line(struct gc_bytes payload)
{
  gc_show_informative_line(out, payload);
  return text();
}

static const char *json(struct gc_bytes payload, bool show_secrets)
{
  gc_json_object(out, NULL);
  gc_json_informative(out, "informative", payload, show_secrets);
  gc_json_end(out);
  return text();
}

#define TREE_TP \
  "      server: [2001:db8::ab]:5683\n" \
  "      group: [ff35:30:2001:db8::23]:61616\n" \
  "      token: 7b\n"
#define TREE_MESSAGES \
  "    ph_req (4 bytes): GET (0.01)\n" \
  "      6 Observe (elective, 0 bytes): 0\n" \
  "      11 Uri-Path (critical, 1 byte): r\n" \
  "    last_notif (9 bytes): Content (2.05)\n" \
  "      6 Observe (elective, 1 byte): 1\n" \
  "      12 Content-Format (elective, 0 bytes): 0\n" \
  "      payload (4 bytes): 1234\n"

static void unprotected(void **state)
{
  (void)state;
  assert_string_equal(tree(hexval(EXAMPLE_IR_CURRENT), false), "  informative response\n    tp_info: flat\n" TREE_TP TREE_MESSAGES
                                                               "    next_not_before: 30 s\n"
                                                               "    ending: 1800000000 (2027-01-15T08:00:00Z)\n");
  assert_string_equal(tree(hexval(EXAMPLE_IR_05), false), "  informative response (-05)\n    tp_info: 05\n" TREE_TP TREE_MESSAGES);
  assert_string_equal(line(hexval(EXAMPLE_IR_CURRENT)), "{informative response: [2001:db8::ab]:5683 \xe2\x86\x92 [ff35:30:2001:db8::23]:61616 "
                                                        "token=7b, ph_req, last_notif, next_not_before, ending}");
  assert_string_equal(line(hexval(EXAMPLE_IR_05)), "{informative response (-05): [2001:db8::ab]:5683 \xe2\x86\x92 "
                                                   "[ff35:30:2001:db8::23]:61616 token=7b, ph_req, last_notif}");
}

#define JSON_TP(form) \
  "\"tp_info\":{\"form\":\"" form "\",\"server\":\"[2001:db8::ab]:5683\",\"group\":\"[ff35:30:2001:db8::23]:61616\",\"token\":\"7b\"}"
#define JSON_MESSAGES \
  "\"ph_req\":{\"hex\":\"01605172\",\"code\":\"0.01\",\"options\":[{\"number\":6,\"name\":\"Observe\",\"value\":0}," \
  "{\"number\":11,\"name\":\"Uri-Path\",\"value\":\"r\"}]},\"last_notif\":{\"hex\":\"45610160ff31323334\",\"code\":\"2.05\"," \
  "\"options\":[{\"number\":6,\"name\":\"Observe\",\"value\":1},{\"number\":12,\"name\":\"Content-Format\",\"value\":0}]," \
  "\"payload\":{\"text\":\"1234\"}}"

static void unprotected_json(void **state)
{
  (void)state;
  assert_string_equal(json(hexval(EXAMPLE_IR_CURRENT), false), "{\"informative\":{\"format\":\"current\"," JSON_TP("flat") "," JSON_MESSAGES
                                                               ",\"next_not_before\":30,\"ending\":1800000000}}\n");
  assert_string_equal(json(hexval(EXAMPLE_IR_05), false), "{\"informative\":{\"format\":\"05\"," JSON_TP("05") "," JSON_MESSAGES "}}\n");
}

/* tp_info in each of its forms */
static void forms(void **state)
{
  (void)state;
  static const struct {
    const char *key, *tp_info, *form;
  } cases[] = { { "00", EXAMPLE_TP_FLAT, JSON_TP("flat") },
                { "00", EXAMPLE_TP_NESTED, JSON_TP("nested") },
                { "01", EXAMPLE_TP_05, JSON_TP("05") },
                { "01", EXAMPLE_TP_05_UNTAGGED, JSON_TP("05-untagged") } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    char hex[256] = "a1";
    strcat(strcat(hex, cases[i].key), cases[i].tp_info);
    expect_has(json(hexval(hex), false), cases[i].form);
    expect_has(tree(hexval(hex), false), TREE_TP);
  }
  assert_string_equal(tree(edn("{0: [[-1, h'20010db80000000000000000000000ab', 61616]]}"), false),
                      "  informative response\n    tp_info: flat\n      server: [2001:db8::ab]:61616\n");
}

static void joining(void **state)
{
  (void)state;
  static char whole[512];
  assert_string_equal(tree(hexval(EXAMPLE_JOIN_CURRENT), false), "  informative response\n"
                                                                 "    join_uri: coap://myGM/ace-group/myGroup\n"
                                                                 "    sec_gp: myGroup\n"
                                                                 "    as_uri: coap://as.example/token\n"
                                                                 "    hkdf: 5 (HMAC 256/256)\n"
                                                                 "    cred_fmt: 14 (CCS)\n"
                                                                 "    gp_enc_alg: 10 (AES-CCM-16-64-128)\n"
                                                                 "    sign_alg: -8 (EdDSA)\n"
                                                                 "    sign_params: [[1], [1, 6]]\n");
  assert_string_equal(json(hexval(EXAMPLE_JOIN_CURRENT), false),
                      "{\"informative\":{\"format\":\"current\",\"join_uri\":\"coap://myGM/ace-group/myGroup\",\"sec_gp\":\"myGroup\","
                      "\"as_uri\":\"coap://as.example/token\",\"hkdf\":5,\"cred_fmt\":14,\"gp_enc_alg\":10,\"sign_alg\":-8,"
                      "\"sign_params\":\"[[1], [1, 6]]\"}}\n");
  /* those of -05 need its tp_info to be told apart */
  strcpy(whole, "a901" EXAMPLE_TP_05);
  strcat(whole, &EXAMPLE_JOIN_05[2]);
  expect_has(tree(hexval(whole), false), "    join_uri: coap://myGM/group-manager/myGroup\n"
                                         "    sec_gp: myGroup\n"
                                         "    hkdf: 5 (HMAC 256/256)\n"
                                         "    cs_alg: -8 (EdDSA)\n"
                                         "    cs_crv: 6\n"
                                         "    cs_kty: 1\n"
                                         "    cs_kenc: 1\n"
                                         "    alg: 10 (AES-CCM-16-64-128)\n");
  expect_has(json(hexval(whole), false), "\"hkdf\":5,\"cs_alg\":-8,\"cs_crv\":6,\"cs_kty\":1,\"cs_kenc\":1,\"alg\":10}}");
}

/* names as text, times with fractions, texts that a terminal must not see */
static void other_types(void **state)
{
  (void)state;
  struct gc_bytes payload = edn("{0: [[-1, h'0a000001'], [-1, h'e0000105'], h''], 4: 1.5, 6: \"a\\u001bb\", 8: \"HMAC\", 11: -7000000000, 16: 5}");
  assert_string_equal(tree(payload, false), "  informative response\n"
                                            "    tp_info: flat\n"
                                            "      server: 10.0.0.1:5683\n"
                                            "      group: 224.0.1.5:5683\n"
                                            "      token: \n"
                                            "    ending: 1.5 (1970-01-01T00:00:01Z)\n"
                                            "    sec_gp: a\\x1bb\n"
                                            "    hkdf: HMAC\n"
                                            "    sign_alg: -7000000000\n"
                                            "    exi: 5 s\n");
  expect_has(json(payload, false), "\"ending\":1.5,\"sec_gp\":\"a\\u001bb\",\"hkdf\":\"HMAC\",\"sign_alg\":-7000000000,\"exi\":5}}");
  expect_has(tree(edn("{4: -1.5}"), false), "ending: -1.5 (1969-12-31T23:59:58Z)\n");
  expect_has(tree(edn("{4: 1e300}"), false), "ending: 1e+300\n");
  expect_has(json(edn("{4: 1e300}"), false), "\"ending\":1e+300}");
  expect_has(tree(edn("{17: 18446744073709551615}"), false), "DAMAGED at byte 2: ");
}

/* --- keying material ------------------------------------------------------------------------------------------- */

static void self_managed(void **state)
{
  (void)state;
  const struct gc_bytes payload = hexval(EXAMPLE_SELF_CURRENT);
  expect_has(tree(payload, false), "    gp_material (46 bytes):\n"
                                   "      ms (16 bytes): (hidden)\n"
                                   "      salt (8 bytes): 9e7ca92223786340\n"
                                   "      contextId (2 bytes): dd11\n"
                                   "      cred_fmt: 14 (CCS)\n"
                                   "      gp_enc_alg: 10 (AES-CCM-16-64-128)\n"
                                   "      sign_alg: -8 (EdDSA)\n"
                                   "      sign_params: [[1], [1, 6]]\n"
                                   "    srv_cred (118 bytes): {1: \"coaps://server.example.com\", 2: \"sender\", ");
  expect_has(tree(payload, false), "    srv_identifier (1 byte): 52\n"
                                   "    exi: 3600 s\n"
                                   "    exp: 1800000000 (2027-01-15T08:00:00Z)\n");
  expect_lacks(tree(payload, false), SECRET);
  expect_has(tree(payload, true), "      ms (16 bytes): " SECRET "\n");
  expect_has(json(payload, false), "\"gp_material\":{\"ms\":\"(hidden)\",\"salt\":\"9e7ca92223786340\",\"contextId\":\"dd11\",\"cred_fmt\":14,"
                                   "\"gp_enc_alg\":10,\"sign_alg\":-8,\"sign_params\":\"[[1], [1, 6]]\"},\"srv_cred\":\"a501781a");
  expect_has(json(payload, false), "\"srv_identifier\":\"52\",\"exi\":3600,\"exp\":1800000000}}");
  expect_lacks(json(payload, false), SECRET);
  expect_has(json(payload, true), "\"ms\":\"" SECRET "\"");
  expect_lacks(line(payload), SECRET);
}

static void self_managed_05(void **state)
{
  (void)state;
  static char whole[512];
  strcpy(whole, "a401" EXAMPLE_TP_05);
  strcat(whole, &EXAMPLE_SELF_05[2]);
  expect_has(tree(hexval(whole), false), "    gp_material (48 bytes):\n"
                                         "      ms (16 bytes): (hidden)\n"
                                         "      salt (8 bytes): 9e7ca92223786340\n"
                                         "      contextId (2 bytes): dd11\n"
                                         "      cs_alg: -8 (EdDSA)\n"
                                         "      cs_params: [[1], [1, 6]]\n"
                                         "      cs_key_params: [1, 6]\n"
                                         "      cs_key_enc: 1\n"
                                         "    srv_pub_key (43 bytes): {1: 1, 2: h'52', -1: 6, -2: h'77ec");
  expect_has(json(hexval(whole), false), "\"cs_alg\":-8,\"cs_params\":\"[[1], [1, 6]]\",\"cs_key_params\":\"[1, 6]\",\"cs_key_enc\":1},"
                                         "\"srv_pub_key\":\"a4010102");
  expect_lacks(json(hexval(whole), false), SECRET);
}

/* 5.03 with this payload, as it comes. */
static struct gc_bytes datagram_of(struct gc_bytes payload)
{
  static uint8_t store[512];
  struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_CON, GC_CODE_SERVICE_UNAVAILABLE, 1, gc_bytes("t", 1));
  struct gc_bytes datagram;
  gc_builder_add_uint(&builder, GC_OPTION_CONTENT_FORMAT, (uint32_t)gc_format_informative_response());
  gc_builder_payload(&builder, payload);
  assert_int_equal(gc_builder_finish(&builder, &datagram), GC_OK);
  return datagram;
}

/* the secret is in none of what is shown, whatever is wrong with the rest */
static void hidden(void **state)
{
  (void)state;
  static const char *const cases[] = {
    "{13: {2: h'" SECRET "'}}",
    "{13: {5: 1, 2: h'" SECRET "', 6: h'11'}, 14: h'00'}",
    "{13: {2: h'" SECRET "'}, 13: {2: h'" SECRET "'}}",
    "{_ 13_0: {_ 2_1: h'" SECRET "'}, \"x\": 1}",
    "{13: h'" SECRET "'}",
    "{13: [{2: h'" SECRET "'}]}",
    "{13: {2: [h'" SECRET "']}}",
    "{99: 1, 13: {2: 1, 2: h'" SECRET "'}, 4: \"x\"}",
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_bytes payload = edn(cases[i]);
    for (size_t len = 1; len <= payload.len; len++) { /* cut anywhere */
      struct gc_bytes part = gc_bytes(payload.ptr, len);
      expect_lacks(tree(part, false), "0102030405");
      expect_lacks(json(part, false), "0102030405");
      for (size_t max = 0; max <= 64; max += 64)
        gc_show_payload(out, part, gc_format_informative_response(), max);
      expect_lacks(text(), "0102030405");
      gc_json_object(out, NULL);
      gc_json_payload(out, "payload", part, gc_format_informative_response());
      gc_json_end(out);
      expect_lacks(text(), "0102030405");
      gc_show_datagram(out, datagram_of(part), true);
      const char *shown = text();
      expect_lacks(shown, "01 02 03 04");
      expect_lacks(shown, "0a 0b 0c 0d"); /* a row of 16 bytes splits one of them at most */
      struct gc_hidden what = gc_hide_informative(part);
      assert_true(len < 40 || what.is_secret);
      gc_hidden_free(&what);
    }
  }
  struct gc_bytes plain = hexval(EXAMPLE_IR_CURRENT);
  struct gc_hidden what = gc_hide_informative(plain);
  assert_false(what.is_secret);
  assert_ptr_equal(what.bytes.ptr, plain.ptr);
  assert_int_equal(what.bytes.len, plain.len);
  gc_hidden_free(&what);
  gc_show_payload(out, edn(cases[1]), gc_format_informative_response(), 0);
  assert_string_equal(text(), "{13: {5: 1, 2: \"(hidden)\", 6: h'11'}, 14: h'00'}");
}

/* --- what is not as it should be ------------------------------------------------------------------------------- */

static void damaged(void **state)
{
  (void)state;
  static const struct {
    const char *diag, *tree;
  } cases[] = {
    { "{1: h'01605172', 2: 3, 3: 1}", "    ph_req (4 bytes): GET (0.01)\n      6 Observe (elective, 0 bytes): 0\n"
                                      "      11 Uri-Path (critical, 1 byte): r\n    DAMAGED at byte 8: a byte string is expected\n" },
    { "{1: h''}", "    ph_req (0 bytes): 0x  DAMAGED: a message without a code\n" },
    { "{1: h'01'}", "    ph_req (1 byte): GET (0.01)  DAMAGED: a phantom request has Observe 0\n" },
    { "{1: h'01ff'}", "    ph_req (2 bytes): 0x01ff  DAMAGED: " },
    { "{1: h'01605172', 2: h'0160'}", "    last_notif (2 bytes): GET (0.01)  DAMAGED: a notification is a response\n      6 Observe" },
    { "{6: \"g\", 6: \"h\"}", "    sec_gp: g\n    DAMAGED at byte 4: a parameter occurs twice\n" },
    { "{6: \"g\", 0: 1}", "    sec_gp: g\n    DAMAGED at byte 5: " },
    { "[]", "    DAMAGED at byte 0: " },
    { "{13: {5: h'01'}}", "    gp_material (4 bytes): {5: h'01'}  DAMAGED: the keying material has no Master Secret\n" },
    { "{99: [1, \"x\"], \"k\": {1: 2}}", "    unknown 99: [1, \"x\"]\n    unknown \"k\": {1: 2}\n" },
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    expect_has(tree(edn(cases[i].diag), false), cases[i].tree);
  expect_has(json(edn("{99: [1, \"x\"], \"k\": 5, 3: 7}"), false),
             "\"next_not_before\":7,\"unknown\":[{\"key\":\"99\",\"value\":\"[1, \\\"x\\\"]\"},{\"key\":\"\\\"k\\\"\",\"value\":\"5\"}]}}");
  expect_has(json(edn("{3: 7, 2: 1}"), false), "\"next_not_before\":7,\"error\":\"a byte string is expected\",\"offset\":4}}");
  expect_has(json(edn("{1: h'01'}"), false), "\"ph_req\":{\"hex\":\"01\",\"code\":\"0.01\",\"error\":\"a phantom request has Observe 0\"}");
  expect_has(line(edn("{3: 7, 2: 1}")), "{informative response: next_not_before; DAMAGED: a byte string is expected}");
  expect_has(line(edn("{3: 7, -9: 1}")), "{informative response: next_not_before, 1 unknown}");
}

static void many_unknown(void **state)
{
  (void)state;
  char diag[512] = "{3: 1";
  for (int i = 100; i < 120; i++)
    snprintf(diag + strlen(diag), sizeof diag - strlen(diag), ", %d: 0", i);
  strcat(diag, "}");
  expect_has(tree(edn(diag), false), "    unknown 115: 0\n    and 4 more that are unknown\n");
}

/* cut anywhere, every line and object is whole */
static void cut(void **state)
{
  (void)state;
  static const char *const examples[] = { EXAMPLE_IR_CURRENT, EXAMPLE_IR_05, EXAMPLE_JOIN_CURRENT, EXAMPLE_SELF_CURRENT, EXAMPLE_SELF_05 };
  for (size_t i = 0; i < COUNT(examples); i++) {
    struct gc_bytes payload = hexval(examples[i]);
    for (size_t len = 0; len < payload.len; len++) {
      uint8_t *copy = malloc(len ? len : 1);
      memcpy(copy, payload.ptr, len);
      const char *shown = tree(gc_bytes(copy, len), false);
      expect_has(shown, "DAMAGED at byte ");
      assert_int_equal(shown[strlen(shown) - 1], '\n');
      expect_has(json(gc_bytes(copy, len), true), ",\"error\":\"");
      free(copy);
    }
  }
}

/* --- what was opened ------------------------------------------------------------------------------------------- */

static void opened(void **state)
{
  (void)state;
  struct gc_message inner;
  const char *fault;
  assert_true(gc_informative_view_message(&inner, hexval("01605172"), true, &fault));
  assert_null(fault);
  const struct gc_show_opened parts = { { &inner, true, "group dd11 kid=52 piv=00" }, { NULL, false, "tag wrong" } };
  const struct gc_bytes payload = hexval(EXAMPLE_SELF_CURRENT);
  gc_show_informative_opened(out, payload, &parts, 0, false);
  const char *shown = text();
  expect_has(shown, "  ph_req (86 bytes): FETCH (0.05)  {group dd11 kid=52 piv=00 verified}\n"
                    "    6 Observe (elective, 0 bytes): 0\n"
                    "    9 OSCORE (critical, 6 bytes): {group piv=00 kid-context=dd11 kid=52}\n"
                    "    payload (76 bytes): 0x8f75");
  expect_has(shown, "    inner: GET (0.01)\n      6 Observe (elective, 0 bytes): 0\n      11 Uri-Path (critical, 1 byte): r\n  last_notif");
  expect_has(shown, "  last_notif (88 bytes): Content (2.05)  {NOT VERIFIED: tag wrong}\n");
  gc_json_object(out, NULL);
  gc_json_informative_opened(out, "informative", payload, &parts, false);
  gc_json_end(out);
  shown = text();
  expect_has(shown, "\"verified\":true,\"inner\":{\"code\":\"0.01\",\"options\":[{\"number\":6,\"name\":\"Observe\",\"value\":0},"
                    "{\"number\":11,\"name\":\"Uri-Path\",\"value\":\"r\"}]}},\"last_notif\"");
  expect_has(shown, "\"verified\":false,\"error\":\"tag wrong\"},\"gp_material\"");
}

static void in_a_message(void **state)
{
  (void)state;
  struct gc_message message;
  assert_int_equal(gc_message_parse(&message, hexval(EXAMPLE_MESSAGE), NULL), GC_OK);
  assert_true(gc_informative_is_in(&message));
  assert_int_equal(gc_message_parse(&message, hexval(EXAMPLE_NOTIFICATION), NULL), GC_OK);
  assert_false(gc_informative_is_in(&message));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(unprotected),     cmocka_unit_test(unprotected_json), cmocka_unit_test(forms),
    cmocka_unit_test(joining),         cmocka_unit_test(other_types),      cmocka_unit_test(self_managed),
    cmocka_unit_test(self_managed_05), cmocka_unit_test(hidden),           cmocka_unit_test(damaged),
    cmocka_unit_test(many_unknown),    cmocka_unit_test(cut),              cmocka_unit_test(opened),
    cmocka_unit_test(in_a_message),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
