/* tp_info and the CRIs in it: every worked example both ways, and what must be refused. */
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
#include "observe/cri.h"
#include "observe/tp_info.h"
#include "observe_examples.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct gc_addr ipv6(const char *hex, uint16_t port)
{
  struct gc_addr addr = { .family = GC_FAMILY_IPV6, .port = port };
  memcpy(addr.ip, hexval(hex).ptr, 16);
  return addr;
}

static enum gc_err read_all(struct gc_tp_info *info, struct gc_bytes bytes, const char **phrase)
{
  struct gc_cbor_reader reader = gc_cbor_reader(bytes);
  enum gc_err err = gc_tp_info_read(&reader, info);
  *phrase = err ? reader.where.phrase : "";
  if (err)
    assert_int_equal(reader.pos, 0);
  else
    assert_true(gc_cbor_at_end(&reader));
  return err;
}

/* @req TP-01 TP-03 TP-06 TP-08 MC-06 MC-04 */
static void each_example_both_ways(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    enum gc_tp_form form;
  } cases[] = {
    { EXAMPLE_TP_FLAT, GC_TP_FLAT }, { EXAMPLE_TP_NESTED, GC_TP_NESTED }, { EXAMPLE_TP_05, GC_TP_05 }, { EXAMPLE_TP_05_UNTAGGED, GC_TP_05_UNTAGGED },
  };
  const struct gc_addr server = ipv6("20010db80000000000000000000000ab", 5683), group = ipv6("ff35003020010db80000000000000023", 61616);
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_bytes bytes = hexval(cases[i].hex);
    struct gc_tp_info info;
    const char *phrase;
    uint8_t store[64];
    struct gc_buf out = gc_buf(store, sizeof store);
    struct gc_cbor_writer writer = gc_cbor_writer(&out);
    assert_int_equal(read_all(&info, bytes, &phrase), GC_OK);
    assert_int_equal(info.form, cases[i].form);
    assert_true(info.has_details);
    assert_true(gc_addr_equal(&info.server, &server));
    assert_true(gc_addr_equal(&info.group, &group));
    assert_true(gc_bytes_equal(info.token, hexval("7b")));
    gc_tp_info_write(&writer, &info);
    assert_int_equal(gc_cbor_finish(&writer), GC_OK);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), bytes));
    for (size_t cap = 0; cap < bytes.len; cap++) { /* too small a buffer: nothing is left in it */
      out = gc_buf(store, cap);
      writer = gc_cbor_writer(&out);
      gc_tp_info_write(&writer, &info);
      assert_int_equal(gc_cbor_finish(&writer), GC_E_SPACE);
      assert_int_equal(out.len, 0);
    }
    for (size_t len = 0; len < bytes.len; len++)
      assert_int_not_equal(read_all(&info, gc_bytes_slice(bytes, 0, len), &phrase), GC_OK);
  }
}

/* @req MC-06 TP-04 TP-08 */
static void reads_what_may_be_written_otherwise(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    bool has_details;
    uint16_t server_port, group_port;
    size_t token_len;
    enum gc_tp_form form;
  } cases[] = {
    { "[[-1,h'c0000201']]", false, 5683, 0, 0, GC_TP_FLAT },
    { "[[-1,[h'c0000201']]]", false, 5683, 0, 0, GC_TP_NESTED },
    { "[[-1,h'c0000201',5683],[-1,h'e9fc0017'],h'']", true, 5683, 5683, 0, GC_TP_FLAT }, /* the default port written out; left out */
    { "[[-1,h'c0000201',1],[-1,h'e9fc0017',65535],h'0102030405060708']", true, 1, 65535, 8, GC_TP_FLAT },
    { "[_ [_ -1,h'c0000201',1],[_ -1,[_ h'e9fc0017',2]],h'01']", true, 1, 2, 1, GC_TP_FLAT },
    { "[[-1,[h'c0000201',1]],[-1,h'e9fc0017'],h'01']", true, 1, 5683, 1, GC_TP_NESTED }, /* mixed */
    { "[1,260(h'c0000201'),5683,h'7b',260(h'e9fc0017')]", true, 5683, 5683, 1, GC_TP_05 }, /* cli_port left out */
    { "[1,260(h'c0000201'),9,h'7b',h'e9fc0017',7]", true, 9, 7, 1, GC_TP_05 },
    { "[1,h'c0000201',9,h'7b',h'e9fc0017']", true, 9, 5683, 1, GC_TP_05_UNTAGGED },
    { "[[-1,h'c0000201'],[-1,h'efff0001'],h'7b']", true, 5683, 5683, 1, GC_TP_FLAT },                                  /* 239.255.0.1 */
    { "[[-1,h'20010db8000000000000000000000001'],[-1,h'ff0500000000000000000000000000fd'],h'7b']", true, 5683, 5683, 1, GC_TP_FLAT },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_tp_info info;
    const char *phrase;
    if (read_all(&info, edn(cases[i].text), &phrase))
      fail_msg("%s: %s", cases[i].text, phrase);
    assert_int_equal(info.has_details, cases[i].has_details);
    assert_int_equal(info.server.port, cases[i].server_port);
    assert_int_equal(info.group.port, cases[i].group_port);
    assert_int_equal(info.token.len, cases[i].token_len);
    assert_int_equal(info.form, cases[i].form);
  }
}

#define S "[-1,h'c0000201']"
#define G "[-1,h'e9fc0017']"
#define S6 "[-1,h'20010db8000000000000000000000001']"

/* Names of hosts are refused altogether: whether one resolves to several transports is never asked. @req MN-13 MC-12 TP-01 TP-03 TP-07 */
static void refuses_what_cannot_be_used(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    enum gc_err err;
  } cases[] = {
    { "[]", GC_E_MALFORMED },
    { "{}", GC_E_MALFORMED },
    { "h'00'", GC_E_MALFORMED },
    { "[" S "," G "]", GC_E_MALFORMED },              /* no token */
    { "[" S "," G ",h'7b',1]", GC_E_MALFORMED },      /* more than UDP knows */
    { "[" S ",h'7b'," G "]", GC_E_MALFORMED },        /* another order */
    { "[" S "," G ",123]", GC_E_MALFORMED },          /* a token is bytes */
    { "[" S "," G ",'7b',h'']", GC_E_MALFORMED },
    { "[" S "," G ",h'010203040506070809']", GC_E_MALFORMED }, /* 9 bytes */
    { "[[-1]," G ",h'7b']", GC_E_MALFORMED },
    { "[[]," G ",h'7b']", GC_E_MALFORMED },
    { "[[0,h'c0000201']," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,h'c00002']," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,h'c000020102']," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,h'c0000201',0]," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,h'c0000201',65536]," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,h'c0000201',-1]," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,h'c0000201',5683,[\"path\"]]," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,[h'c0000201'],[\"path\"]]," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,[h'c0000201',5683,1]]," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,[]]," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,\"example\",\"org\"]," G ",h'7b']", GC_E_UNSUPPORTED },
    { "[[-1,[false,\"me\",h'c0000201']]," G ",h'7b']", GC_E_UNSUPPORTED },
    { "[[-1,h'20010db8000000000000000000000001',\"eth0\"]," G ",h'7b']", GC_E_UNSUPPORTED },
    { "[[-7,h'c0000201']," G ",h'7b']", GC_E_UNSUPPORTED },    /* coap+tcp */
    { "[[-3,h'c0000201']," G ",h'7b']", GC_E_UNSUPPORTED },    /* http */
    { "[" S ",[-2,h'e9fc0017'],h'7b']", GC_E_UNSUPPORTED },    /* coaps */
    { "[" S "," S ",h'7b']", GC_E_MALFORMED },                 /* unicast where the group must stand */
    { "[" G "," G ",h'7b']", GC_E_MALFORMED },                 /* a group where the server must stand */
    { "[[-1,h'00000000']," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,h'ffffffff']," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,h'a9fe0001']," G ",h'7b']", GC_E_MALFORMED },      /* 169.254/16 */
    { "[" S ",[-1,h'e0000001'],h'7b']", GC_E_MALFORMED },      /* 224.0.0/24 */
    { "[" S ",[-1,h'ff3500000000000000000000000000fd'],h'7b']", GC_E_MALFORMED }, /* two families */
    { "[" S6 "," G ",h'7b']", GC_E_MALFORMED },
    { "[[-1,h'fe800000000000000000000000000001']]", GC_E_MALFORMED },
    { "[[-1,h'fec00000000000000000000000000001']]", GC_E_MALFORMED },
    { "[[-1,h'00000000000000000000ffffc0000201']]", GC_E_MALFORMED },
    { "[" S6 ",[-1,h'ff0200000000000000000000000000fd'],h'7b']", GC_E_MALFORMED },
    { "[" S6 ",[-1,h'ff1100000000000000000000000000fd'],h'7b']", GC_E_MALFORMED },
    { "[0,h'c0000201',5683,h'7b',h'e9fc0017']", GC_E_UNSUPPORTED },
    { "[3,h'c0000201',5683,h'7b',h'e9fc0017']", GC_E_UNSUPPORTED },
    { "[1]", GC_E_MALFORMED },
    { "[1,h'c0000201',5683]", GC_E_MALFORMED },
    { "[1,h'c0000201',5683,h'7b']", GC_E_MALFORMED },
    { "[[-1,\"server\",\"example\"]," G ",h'7b']", GC_E_UNSUPPORTED },
    { "[[-1,[\"server\",\"example\"]]," G ",h'7b']", GC_E_UNSUPPORTED },
    { "[" S ",[-1,\"all-coap\"],h'7b']", GC_E_UNSUPPORTED },
    { "[1,h'7b',h'c0000201',5683,h'e9fc0017',5683]", GC_E_MALFORMED }, /* the order of the appendix's figure */
    { "[1,261(h'c0000201'),5683,h'7b',h'e9fc0017']", GC_E_MALFORMED },
    { "[1,260(h'c00002010000'),5683,h'7b',h'e9fc0017']", GC_E_MALFORMED }, /* a MAC address */
    { "[1,260(\"192.0.2.1\"),5683,h'7b',h'e9fc0017']", GC_E_MALFORMED },
    { "[1,h'c0000201',0,h'7b',h'e9fc0017']", GC_E_MALFORMED },
    { "[1,h'c0000201',5683,h'7b',h'e9fc0017',0]", GC_E_MALFORMED },
    { "[1,h'c0000201',5683,h'7b',h'e9fc0017',5683,0]", GC_E_MALFORMED },
    { "[1,h'c0000201',5683,h'010203040506070809',h'e9fc0017']", GC_E_MALFORMED },
    { "[1,h'c0000201',5683,h'7b',h'c0000202']", GC_E_MALFORMED },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_tp_info info = { .has_details = false };
    const char *phrase;
    enum gc_err err = read_all(&info, edn(cases[i].text), &phrase);
    if (err != cases[i].err)
      fail_msg("%s: %s, %s", cases[i].text, gc_err_name(err), phrase);
    assert_non_null(phrase);
    assert_true(phrase[0] >= 'a' && phrase[0] <= 'z');
  }
}

/* @req MN-13 */
static void writes_only_what_can_be_used(void **state)
{
  (void)state;
  const struct gc_tp_info good = { .form = GC_TP_FLAT, .server = gc_addr_ipv4(192, 0, 2, 1, 5683), .has_details = true,
                                   .group = gc_addr_ipv4(233, 252, 0, 23, 5683), .token = gc_bytes("123456789", 8) };
  struct gc_tp_info bad[8];
  uint8_t store[64];
  for (size_t i = 0; i < COUNT(bad); i++)
    bad[i] = good;
  bad[0].server = gc_addr_ipv4(169, 254, 0, 1, 5683);
  bad[1].server.port = 0;
  bad[2].group = gc_addr_ipv4(192, 0, 2, 2, 5683);
  bad[3].group = gc_addr_ipv4(224, 0, 0, 251, 5683);
  bad[4].group.port = 0;
  bad[5].token.len = 9;
  bad[6].server.family = GC_FAMILY_NONE;
  bad[7].has_details = false;
  for (size_t i = 0; i < COUNT(bad); i++)
    for (int form = GC_TP_FLAT; form <= GC_TP_05_UNTAGGED; form++) {
      struct gc_buf out = gc_buf(store, sizeof store);
      struct gc_cbor_writer writer = gc_cbor_writer(&out);
      bad[i].form = (enum gc_tp_form)form;
      gc_tp_info_write(&writer, &bad[i]);
      assert_int_equal(gc_cbor_finish(&writer), i == 7 && form < GC_TP_05 ? GC_OK : GC_E_RANGE); /* 7: without details */
    }
  assert_null(gc_tp_info_fault(&good));
  for (size_t i = 0; i < 7; i++)
    assert_non_null(gc_tp_info_fault(&bad[i]));
}

/* @req TP-05 */
static void cris_of_each_scheme(void **state)
{
  (void)state;
  for (int scheme = 0; scheme < GC_SCHEME_COUNT; scheme++)
    for (int turn = 0; turn < 4; turn++) {
      uint16_t own = gc_scheme_info((enum gc_scheme)scheme)->default_port;
      struct gc_cri cri = { .scheme = (enum gc_scheme)scheme, .is_nested = turn & 1, .addr = gc_addr_ipv4(192, 0, 2, 1, turn & 2 ? 4711 : own) }, again;
      uint8_t store[32];
      struct gc_buf out = gc_buf(store, sizeof store);
      struct gc_cbor_writer writer = gc_cbor_writer(&out);
      gc_cri_write(&writer, &cri);
      assert_int_equal(gc_cbor_finish(&writer), GC_OK);
      assert_int_equal(out.len, 1 + (cri.is_nested ? 1 : 0) + (gc_scheme_info(cri.scheme)->cri_number > 23 ? 2 : 1) + 5 + (turn & 2 ? 3 : 0));
      struct gc_cbor_reader reader = gc_cbor_reader(gc_buf_bytes(&out));
      assert_int_equal(gc_cri_read(&reader, &again), GC_OK);
      assert_int_equal(again.scheme, cri.scheme);
      assert_int_equal(again.is_nested, cri.is_nested);
      assert_true(gc_addr_equal(&again.addr, &cri.addr));
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_example_both_ways),
    cmocka_unit_test(reads_what_may_be_written_otherwise),
    cmocka_unit_test(refuses_what_cannot_be_used),
    cmocka_unit_test(writes_only_what_can_be_used),
    cmocka_unit_test(cris_of_each_scheme),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
