/* Informative responses and self-managed keying material: every worked example and every vector both ways, hostile content. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <glob.h>
#include <string.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/oscore_play.h"
#include "iana/names.h"
#include "iana/options.h"
#include "observe/informative.h"
#include "observe/material.h"
#include "observe_examples.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* the bytes of exactly their length, so that a sanitizer sees a read beyond */
static enum gc_err parse_exact(struct gc_informative *out, struct gc_bytes payload, enum gc_omn_format otherwise, struct gc_where *where)
{
  struct gc_bytes copy = exact_copy(payload);
  enum gc_err err = gc_informative_parse(out, copy, otherwise, where);
  exact_free(copy);
  return err;
}

static void expect_same(const struct gc_informative *response, struct gc_bytes payload)
{
  uint8_t store[2048];
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_informative_write(&out, response), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), payload));
  for (size_t cap = 0; cap < payload.len; cap++) {
    out = gc_buf(store, cap);
    assert_int_equal(gc_informative_write(&out, response), GC_E_SPACE);
    assert_int_equal(out.len, 0);
  }
}

/* @req MN-11 MG-02 TP-09 */
static void each_example_both_ways(void **state)
{
  (void)state;
  const uint32_t first = GC_IR_TP_INFO | GC_IR_PH_REQ | GC_IR_LAST_NOTIF, join = GC_IR_JOIN_URI | GC_IR_SEC_GP;
  const struct {
    const char *hex;
    enum gc_omn_format format;
    uint32_t present;
  } cases[] = {
    { EXAMPLE_IR_CURRENT, GC_OMN_CURRENT, first | GC_IR_NEXT_NOT_BEFORE | GC_IR_ENDING },
    { EXAMPLE_IR_05, GC_OMN_05, first },
    { EXAMPLE_JOIN_CURRENT, GC_OMN_CURRENT,
      join | GC_IR_AS_URI | GC_IR_HKDF | GC_IR_CRED_FMT | GC_IR_GP_ENC_ALG | GC_IR_SIGN_ALG | GC_IR_SIGN_PARAMS },
    { EXAMPLE_JOIN_05, GC_OMN_05, join | GC_IR_SIGN_ALG | GC_IR_CS_CRV | GC_IR_CS_KTY | GC_IR_CS_KENC | GC_IR_ALG | GC_IR_HKDF },
    { EXAMPLE_SELF_CURRENT, GC_OMN_CURRENT, first | GC_IR_SELF_MANAGED },
    { EXAMPLE_SELF_05, GC_OMN_05, GC_IR_GP_MATERIAL | GC_IR_SRV_CRED | GC_IR_EXP },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_bytes payload = hexval(cases[i].hex);
    struct gc_informative response;
    struct gc_where where = { 0, "" };
    if (gc_informative_parse(&response, payload, cases[i].format, &where))
      fail_msg("%zu: %s at %zu", i, where.phrase, where.offset);
    assert_int_equal(response.format, cases[i].format);
    assert_int_equal(response.present, cases[i].present);
    assert_int_equal(response.unknown.count, 0);
    expect_same(&response, payload);
    if (response.present & GC_IR_TP_INFO) { /* told by the content, whatever the caller believes */
      assert_int_equal(gc_informative_parse(&response, payload, !cases[i].format, &where), GC_OK);
      assert_int_equal(response.format, cases[i].format);
      assert_null(gc_informative_fault(&response));
    } else {
      assert_non_null(gc_informative_fault(&response));
    }
    assert_int_equal(gc_informative_has_join(&response), (cases[i].present & join) == join);
    for (size_t len = 0; len < payload.len; len++) {
      where = (struct gc_where){ 0, NULL };
      assert_int_not_equal(parse_exact(&response, gc_bytes_slice(payload, 0, len), cases[i].format, &where), GC_OK);
      assert_non_null(where.phrase);
      assert_true(where.offset <= len);
    }
  }
}

/* @req MN-11 */
static void values_of_the_examples(void **state)
{
  (void)state;
  struct gc_informative r;
  struct gc_message message;
  assert_int_equal(gc_message_parse(&message, hexval(EXAMPLE_MESSAGE), NULL), GC_OK);
  assert_int_equal(message.code, GC_CODE_SERVICE_UNAVAILABLE);
  assert_int_equal(gc_informative_parse(&r, message.payload, GC_OMN_05, NULL), GC_OK);
  assert_true(gc_bytes_equal(r.ph_req, hexval("01605172")));
  assert_true(gc_bytes_equal(r.last_notif, hexval("45610160ff31323334")));
  assert_true(gc_bytes_equal(r.tp_info.token, hexval("7b")));
  assert_int_equal(r.next_not_before, 30);
  assert_false(r.ending.is_real);
  assert_int_equal(r.ending.number, 1800000000);
  assert_int_equal(gc_informative_parse(&r, hexval(EXAMPLE_JOIN_CURRENT), GC_OMN_CURRENT, NULL), GC_OK);
  assert_true(gc_bytes_equal(r.join_uri, gc_bytes_str("coap://myGM/ace-group/myGroup")));
  assert_true(gc_bytes_equal(r.sec_gp, gc_bytes_str("myGroup")));
  assert_true(gc_bytes_equal(r.as_uri, gc_bytes_str("coap://as.example/token")));
  assert_int_equal(r.hkdf.number, 5);
  assert_int_equal(r.cred_fmt, 14);
  assert_int_equal(r.gp_enc_alg.number, 10);
  assert_int_equal(r.sign_alg.number, -8);
  assert_true(gc_bytes_equal(r.sign_params, edn("[[1],[1,6]]")));
  assert_int_equal(gc_informative_parse(&r, hexval(EXAMPLE_JOIN_05), GC_OMN_05, NULL), GC_OK);
  assert_true(gc_bytes_equal(r.join_uri, gc_bytes_str("coap://myGM/group-manager/myGroup")));
  assert_int_equal(r.sign_alg.number, -8);
  assert_int_equal(r.cs_crv.number, 6);
  assert_int_equal(r.cs_kty.number, 1);
  assert_int_equal(r.cs_kenc, 1);
  assert_int_equal(r.alg.number, 10);
  assert_int_equal(gc_informative_parse(&r, hexval(EXAMPLE_SELF_CURRENT), GC_OMN_05, NULL), GC_OK);
  assert_true(gc_bytes_equal(r.srv_identifier, hexval("52")));
  assert_int_equal(r.srv_cred.len, 118);
  assert_int_equal(r.exi, 3600);
  assert_true(gc_numeric_date_seconds(&r.exp) == 1800000000);
}

/* @req MN-11 TP-06 */
static void vectors_of_another_implementation(void **state)
{
  (void)state;
  static const char *const members[] = { "informative_response_payload_thesis_flat_cri", "informative_response_payload_cddl_nested_authority",
                                         "informative_response_payload_unprotected_observation_flat_cri" };
  glob_t files;
  assert_int_equal(glob("tests/vectors/californium/omn-*.json", 0, NULL, &files), 0);
  assert_int_equal(files.gl_pathc, 3);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    json_t *json = play_load(files.gl_pathv[i]);
    const struct gc_addr server = gc_addr_ipv4(192, 0, 2, 10, 5683), group = gc_addr_ipv4(233, 252, 0, 23, 61616);
    for (size_t k = 0; k < COUNT(members); k++) {
      struct gc_bytes payload = play_hex(json, members[k]);
      struct gc_informative r;
      assert_true(payload.len > 0);
      assert_int_equal(gc_informative_parse(&r, payload, GC_OMN_05, NULL), GC_OK);
      assert_int_equal(r.format, GC_OMN_CURRENT);
      assert_int_equal(r.tp_info.form, k == 1 ? GC_TP_NESTED : GC_TP_FLAT);
      assert_true(gc_addr_equal(&r.tp_info.server, &server));
      assert_true(gc_addr_equal(&r.tp_info.group, &group));
      assert_true(gc_bytes_equal(r.tp_info.token, play_hex(json, "token")));
      if (k < 2) {
        assert_true(gc_bytes_equal(r.ph_req, play_hex(json, "ph_req")));
        assert_true(gc_bytes_equal(r.last_notif, play_hex(json, "last_notif")));
      }
      assert_null(gc_informative_fault(&r));
      expect_same(&r, payload);
    }
    json_decref(json);
  }
  globfree(&files);
}

#define TP "0:[[-1,h'c0000201'],[-1,h'e9fc0017'],h'7b']"
#define TP05 "1:[1,h'c0000201',5683,h'7b',h'e9fc0017']"

/* @req TP-09 MN-18 MG-04 SM-05 SM-06 SM-07 */
static void accepts_and_judges(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    enum gc_omn_format otherwise, format;
    size_t unknown;
    bool is_usable, has_join;
  } cases[] = {
    { "{}", GC_OMN_CURRENT, GC_OMN_CURRENT, 0, false, false },
    { "{}", GC_OMN_05, GC_OMN_05, 0, false, false },
    { "{" TP "}", GC_OMN_05, GC_OMN_CURRENT, 0, true, false }, /* ph_req may be missing: it equals the registration */
    { "{" TP05 "}", GC_OMN_CURRENT, GC_OMN_05, 0, false, false }, /* in -05 it may not */
    { "{2:h'01605172'," TP05 "}", GC_OMN_CURRENT, GC_OMN_05, 0, true, false },
    { "{1:h'0160'}", GC_OMN_05, GC_OMN_CURRENT, 0, false, false }, /* a byte string under 1 is the current ph_req */
    { "{_ " TP "}", GC_OMN_05, GC_OMN_CURRENT, 0, true, false },
    { "{" TP ",4:1.5}", GC_OMN_05, GC_OMN_CURRENT, 0, true, false },
    { "{" TP ",4:-1,8:\"HS256\",10:\"x\",11:\"y\"}", GC_OMN_05, GC_OMN_CURRENT, 0, true, false },
    { "{" TP ",\"x\":1,-1:{1:[2]},1000000:h'',18:null}", GC_OMN_05, GC_OMN_CURRENT, 4, true, false },
    { "{" TP ",18446744073709551615:1,-18446744073709551616:2}", GC_OMN_05, GC_OMN_CURRENT, 2, true, false },
    { "{" TP ",18:1,18:2}", GC_OMN_05, GC_OMN_CURRENT, 2, true, false },
    { "{0:[[-1,h'c0000201']]}", GC_OMN_05, GC_OMN_CURRENT, 0, false, false }, /* no group */
    { "{" TP ",5:\"coap://gm/g\"}", GC_OMN_05, GC_OMN_CURRENT, 0, true, false }, /* half of the signalling: to be ignored */
    { "{" TP ",6:\"g\"}", GC_OMN_05, GC_OMN_CURRENT, 0, true, false },
    { "{" TP ",5:\"coap://gm/g\",6:\"g\"}", GC_OMN_05, GC_OMN_CURRENT, 0, true, true },
    { "{" TP ",4:\"coap://gm/g\",5:\"g\"}", GC_OMN_05, GC_OMN_CURRENT, 0, true, true }, /* the keys of the example in Section 10 */
    { "{" TP ",5:\"coap://gm/g\",6:\"g\",13:{},14:h'',15:h'',16:1}", GC_OMN_05, GC_OMN_CURRENT, 0, false, true }, /* both ways at once */
    { "{" TP ",13:{},14:h'',15:h'',16:1}", GC_OMN_05, GC_OMN_CURRENT, 0, true, false },
    { "{" TP ",13:{},15:h'',16:1}", GC_OMN_05, GC_OMN_CURRENT, 0, false, false },
    { "{" TP ",13:{},14:h'',16:1}", GC_OMN_05, GC_OMN_CURRENT, 0, false, false },
    { "{" TP ",13:{},14:h'',15:h''}", GC_OMN_05, GC_OMN_CURRENT, 0, false, false },
    { "{" TP05 ",2:h'',13:{},14:h'',16:1}", GC_OMN_05, GC_OMN_05, 0, true, false },
    { "{" TP05 ",2:h'',13:{},14:h''}", GC_OMN_05, GC_OMN_05, 0, false, false },
    { "{" TP05 ",2:h'',17:1}", GC_OMN_05, GC_OMN_05, 1, true, false }, /* -05 has no 17 */
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_informative r;
    struct gc_where where = { 0, "" };
    if (gc_informative_parse(&r, edn(cases[i].text), cases[i].otherwise, &where))
      fail_msg("%s: %s", cases[i].text, where.phrase);
    assert_int_equal(r.format, cases[i].format);
    assert_int_equal(r.unknown.count, cases[i].unknown);
    if ((gc_informative_fault(&r) == NULL) != cases[i].is_usable)
      fail_msg("%s: %s", cases[i].text, gc_informative_fault(&r));
    assert_int_equal(gc_informative_has_join(&r), cases[i].has_join);
  }
  struct gc_informative r;
  assert_int_equal(gc_informative_parse(&r, edn("{" TP ",4:\"coap://gm/g\",5:\"g\",6:\"coap://as\"}"), GC_OMN_CURRENT, NULL), GC_OK);
  assert_true(gc_bytes_equal(r.join_uri, gc_bytes_str("coap://gm/g")));
  assert_true(gc_bytes_equal(r.sec_gp, gc_bytes_str("g")));
  assert_true(gc_bytes_equal(r.as_uri, gc_bytes_str("coap://as")));
  assert_int_equal(r.present, GC_IR_TP_INFO | GC_IR_JOIN_URI | GC_IR_SEC_GP | GC_IR_AS_URI);
}

static void refuses_wrong_types(void **state)
{
  (void)state;
  static const char *const values[] = { "1", "-1", "h'00'", "\"t\"", "[1]", "{1:2}", "1.5", "null", "true", "1(2)" };
  /* which of these each key takes */
  static const struct {
    int key;
    const char *takes[3];
  } current[] = {
    { 0, { NULL } }, { 1, { "h'00'" } }, { 2, { "h'00'" } }, { 3, { "1" } }, { 4, { "1", "-1", "1.5" } }, { 5, { "\"t\"" } }, { 6, { "\"t\"" } },
    { 7, { "\"t\"" } }, { 8, { "1", "-1", "\"t\"" } }, { 9, { "1", "-1" } }, { 10, { "1", "-1", "\"t\"" } }, { 11, { "1", "-1", "\"t\"" } },
    { 12, { "[1]" } }, { 13, { "{1:2}" } }, { 14, { "h'00'" } }, { 15, { "h'00'" } }, { 16, { "1" } }, { 17, { "1", "-1", "1.5" } },
  }, old[] = {
    { 2, { "h'00'" } }, { 3, { "h'00'" } }, { 4, { "\"t\"" } }, { 5, { "\"t\"" } }, { 6, { "\"t\"" } }, { 7, { "1", "-1", "\"t\"" } },
    { 8, { "1", "-1", "\"t\"" } }, { 9, { "1", "-1", "\"t\"" } }, { 10, { "1", "-1" } }, { 11, { "1", "-1", "\"t\"" } },
    { 12, { "1", "-1", "\"t\"" } }, { 13, { "{1:2}" } }, { 14, { "h'00'" } }, { 15, { "h'00'" } }, { 16, { "1" } },
  };
  for (int format = 0; format < GC_OMN_FORMATS; format++)
    for (size_t i = 0; i < (format == GC_OMN_CURRENT ? COUNT(current) : COUNT(old)); i++)
      for (size_t k = 0; k < COUNT(values); k++) {
        const char *const *takes = format == GC_OMN_CURRENT ? current[i].takes : old[i].takes;
        int key = format == GC_OMN_CURRENT ? current[i].key : old[i].key;
        bool is_right = false;
        char text[200];
        struct gc_informative r = { .present = 0xabcd };
        struct gc_where where = { 0, NULL };
        for (size_t n = 0; n < 3 && takes[n]; n++)
          is_right |= strcmp(takes[n], values[k]) == 0;
        if (format == GC_OMN_CURRENT && key == 4 && values[k][0] == '"')
          is_right = true; /* join_uri, as in the example of Section 10 */
        snprintf(text, sizeof text, "{%d: %s}", key, values[k]);
        enum gc_err err = gc_informative_parse(&r, edn(text), (enum gc_omn_format)format, &where);
        if ((err == GC_OK) != is_right)
          fail_msg("format %d, %s: %s", format, text, gc_err_name(err));
        if (err) {
          assert_non_null(where.phrase);
          assert_int_equal(r.present, 0xabcd);
        }
      }
}

static void refuses_damage(void **state)
{
  (void)state;
  static const char *const bad[] = {
    "[]", "1", "h''", "null", "[{}]", "1({})", "{}, {}", "{h'00': 1}", "{[]: 1}", "{1.5: 1}", "{null: 1}", "{-1: 1}, 0",
    "{1: h'', 1: h''}", "{" TP "," TP "}", "{0: [1,h'c0000201',5683,h'7b',h'e9fc0017']}" /* the other text's tp_info */,
    "{1: [[-1,h'c0000201'],[-1,h'e9fc0017'],h'7b']}", "{0: [[-1,h'c0000201'],[-1,h'c0000202'],h'7b']}" /* unicast */,
    "{0: [[-1,h'c0000201'],[-1,h'e9fc0017'],h'010203040506070809']}", "{4: NaN}", "{4: Infinity}", "{1: (_ h'01', h'60')}",
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct gc_informative r;
    struct gc_where where = { 0, NULL };
    if (gc_informative_parse(&r, edn(bad[i]), GC_OMN_CURRENT, &where) == GC_OK)
      fail_msg("%s", bad[i]);
    assert_non_null(where.phrase);
  }
  static const char *const raw[] = { "", "bb0000000000000001", "bbffffffffffffffff", "b9ffff0000", "a1", "a100", "bf", "bf00", "ff", "a205", "a10561ff" };
  for (size_t i = 0; i < COUNT(raw); i++) {
    struct gc_informative r;
    if (gc_informative_parse(&r, hexval(raw[i]), GC_OMN_CURRENT, NULL) == GC_OK)
      fail_msg("%s", raw[i]);
  }
}

/* @req MN-18 */
static void huge_maps_cost_little(void **state)
{
  (void)state;
  enum { PAIRS = 20000 };
  static uint8_t store[PAIRS * 4 + 8];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_cbor_writer writer = gc_cbor_writer(&out);
  struct gc_informative r;
  gc_cbor_map(&writer, PAIRS);
  for (uint64_t i = 0; i < PAIRS; i++) {
    gc_cbor_uint(&writer, 1000 + i);
    gc_cbor_uint(&writer, 1);
  }
  assert_int_equal(gc_cbor_finish(&writer), GC_OK);
  assert_int_equal(gc_informative_parse(&r, gc_buf_bytes(&out), GC_OMN_CURRENT, NULL), GC_OK);
  assert_int_equal(r.unknown.count, PAIRS);
  assert_true(gc_bytes_equal(r.unknown.pairs[0], hexval("1903e801")));
  assert_true(gc_bytes_equal(r.unknown.pairs[GC_PARAMS_UNKNOWN_MAX - 1], hexval("1903f701")));
  uint8_t small[256]; /* what was kept is written again */
  out = gc_buf(small, sizeof small);
  assert_int_equal(gc_informative_write(&out, &r), GC_OK);
  assert_int_equal(out.len, 1 + GC_PARAMS_UNKNOWN_MAX * 4);
  /* arrays within arrays, deeper than anyone reads */
  memset(store, 0x81, 1000);
  store[0] = 0xa1;
  store[1] = 0x18;
  store[2] = 0x63;
  store[1000] = 0;
  assert_int_equal(gc_informative_parse(&r, gc_bytes(store, 1001), GC_OMN_CURRENT, NULL), GC_E_LIMIT);
}

/* @req MG-04 */
static void writes_by_choice(void **state)
{
  (void)state;
  struct gc_informative r;
  uint8_t store[512];
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_informative_parse(&r, hexval(EXAMPLE_IR_CURRENT), GC_OMN_CURRENT, NULL), GC_OK);
  assert_int_equal((r.format = GC_OMN_05, gc_informative_write(&out, &r)), GC_E_STATE); /* tp_info has the other form */
  r.tp_info.form = GC_TP_05;
  assert_int_equal(gc_informative_write(&out, &r), GC_OK); /* next_not_before and ending have no place in it */
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_IR_05)));
  r.present |= GC_IR_EXP;
  r.exp = (struct gc_numeric_date){ .is_real = true, .real = -1.5 };
  assert_int_equal(gc_informative_write(&out, &r), GC_E_RANGE);
  r.exp.real = 1e300;
  assert_int_equal(gc_informative_write(&out, &r), GC_E_RANGE);
  r.exp.real = 5.75;
  out.len = 0;
  assert_int_equal(gc_informative_write(&out, &r), GC_OK);
  assert_int_equal(store[out.len - 1], 5); /* seconds are whole there */
  assert_int_equal(gc_informative_parse(&r, hexval(EXAMPLE_SELF_CURRENT), GC_OMN_CURRENT, NULL), GC_OK);
  r.present |= GC_IR_JOIN_URI;
  r.join_uri = gc_bytes_str("coap://gm");
  out.len = 0;
  assert_int_equal(gc_informative_write(&out, &r), GC_E_STATE);
  assert_int_equal(out.len, 0);
  r.present &= ~(uint32_t)(GC_IR_JOIN_URI | GC_IR_SRV_IDENTIFIER);
  assert_int_equal(gc_informative_write(&out, &r), GC_E_STATE);
}

static void the_table_can_be_shown(void **state)
{
  (void)state;
  size_t i = 0;
  for (const struct gc_param *p; (p = gc_informative_param_at(i)); i++)
    assert_true(strlen(gc_param_name(p, GC_OMN_CURRENT)) > 0);
  assert_int_equal(1u << (i - 1), GC_IR_ALG);
  assert_string_equal(gc_param_name(gc_informative_param_at(11), GC_OMN_CURRENT), "sign_alg");
  assert_string_equal(gc_param_name(gc_informative_param_at(11), GC_OMN_05), "cs_alg");
}

/* --- keying material ------------------------------------------------------------------------------------------- */

/* @req SM-01 SM-03 */
static void keying_material_both_ways(void **state)
{
  (void)state;
  for (int format = 0; format < GC_OMN_FORMATS; format++) {
    struct gc_informative r;
    struct gc_group_material m;
    uint8_t store[256];
    struct gc_buf out = gc_buf(store, sizeof store);
    assert_int_equal(gc_informative_parse(&r, hexval(format == GC_OMN_05 ? EXAMPLE_SELF_05 : EXAMPLE_SELF_CURRENT), (enum gc_omn_format)format, NULL),
                     GC_OK);
    assert_int_equal(gc_group_material_parse(&m, r.gp_material, r.format, NULL), GC_OK);
    assert_true(gc_bytes_equal(m.ms, hexval("0102030405060708090a0b0c0d0e0f10")));
    assert_true(gc_bytes_equal(m.salt, hexval("9e7ca92223786340")));
    assert_true(gc_bytes_equal(m.context_id, hexval("dd11")));
    assert_int_equal(m.sign_alg.number, -8);
    assert_true(gc_bytes_equal(m.sign_params, edn("[[1],[1,6]]")));
    if (format == GC_OMN_CURRENT) {
      assert_int_equal(m.cred_fmt, 14);
      assert_int_equal(m.gp_enc_alg.number, 10);
    } else {
      assert_int_equal(m.cs_key_enc, 1);
      assert_true(gc_bytes_equal(m.cs_key_params, edn("[1,6]")));
    }
    assert_int_equal(m.present & (GC_GM_ALG | GC_GM_HKDF), 0);
    assert_int_equal(gc_group_material_write(&out, &m), GC_OK);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), r.gp_material));
    for (size_t len = 0; len < r.gp_material.len; len++)
      assert_int_not_equal(gc_group_material_parse(&m, gc_bytes_slice(r.gp_material, 0, len), r.format, NULL), GC_OK);
    m.present &= ~(uint32_t)GC_GM_MS;
    assert_int_equal(gc_group_material_write(&out, &m), GC_E_STATE);
  }
}

#define ALL "2:h'01',6:h'02',8:14,9:10,10:-8,11:[[1],[1,6]]"
#define ALL05 "2:h'01',6:h'02',8:-8,9:[[1],[1,6]],10:[1,6],11:1"

/* @req SM-01 SM-02 DP-05 */
static void keying_material_has_what_it_needs(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    enum gc_omn_format format;
    bool is_good;
  } cases[] = {
    { "{" ALL "}", GC_OMN_CURRENT, true },
    { "{" ALL ",3:5,5:h'',99:1,\"x\":2}", GC_OMN_CURRENT, true },
    { "{" ALL ",4:10,14:h'dc',15:-16}", GC_OMN_CURRENT, true }, /* deterministic requests */
    { "{" ALL ",7:h'01'}", GC_OMN_CURRENT, false },             /* a Sender ID for the receiver */
    { "{" ALL ",2:h'01'}", GC_OMN_CURRENT, false },
    { "{6:h'02',8:14,9:10,10:-8,11:[]}", GC_OMN_CURRENT, false },
    { "{2:h'01',8:14,9:10,10:-8,11:[]}", GC_OMN_CURRENT, false },
    { "{2:h'01',6:h'02',9:10,10:-8,11:[]}", GC_OMN_CURRENT, false },
    { "{2:h'01',6:h'02',8:14,10:-8,11:[]}", GC_OMN_CURRENT, false },
    { "{2:h'01',6:h'02',8:14,9:10,11:[]}", GC_OMN_CURRENT, false },
    { "{2:h'01',6:h'02',8:14,9:10,10:-8}", GC_OMN_CURRENT, false },
    { "{2:1,6:h'02',8:14,9:10,10:-8,11:[]}", GC_OMN_CURRENT, false },
    { "{" ALL05 "}", GC_OMN_05, true },
    { "{" ALL05 ",3:5,4:10,5:h'00'}", GC_OMN_05, true },
    { "{" ALL05 ",7:h'01'}", GC_OMN_05, false },
    { "{" ALL05 ",12:-27}", GC_OMN_05, false }, /* the pairwise mode's */
    { "{" ALL05 ",14:[]}", GC_OMN_05, false },
    { "{" ALL05 "}", GC_OMN_CURRENT, false },   /* the numberings differ */
    { "{" ALL "}", GC_OMN_05, false },
    { "{}", GC_OMN_CURRENT, false },
    { "{}", GC_OMN_05, false },
    { "{" ALL ",20:1,21:1,22:1,23:1,24:1,25:1,26:1,27:1,28:1,29:1,30:1,31:1,32:1,33:1,34:1,35:1,7:h'01'}", GC_OMN_CURRENT, false },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_group_material m;
    struct gc_where where = { 0, NULL };
    enum gc_err err = gc_group_material_parse(&m, edn(cases[i].text), cases[i].format, &where);
    if ((err == GC_OK) != cases[i].is_good)
      fail_msg("%s: %s", cases[i].text, where.phrase);
    if (err)
      assert_non_null(where.phrase);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_example_both_ways),
    cmocka_unit_test(values_of_the_examples),
    cmocka_unit_test(vectors_of_another_implementation),
    cmocka_unit_test(accepts_and_judges),
    cmocka_unit_test(refuses_wrong_types),
    cmocka_unit_test(refuses_damage),
    cmocka_unit_test(huge_maps_cost_little),
    cmocka_unit_test(writes_by_choice),
    cmocka_unit_test(the_table_can_be_shown),
    cmocka_unit_test(keying_material_both_ways),
    cmocka_unit_test(keying_material_has_what_it_needs),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
