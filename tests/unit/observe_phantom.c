/* Phantom requests and notifications: rebuilt from their bytes, compared with the original request, accepted and ordered. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <glob.h>
#include <string.h>

#include "../tests/lib/oscore_play.h"
#include "coap/builder.h"
#include "iana/names.h"
#include "iana/options.h"
#include "observe/phantom.h"
#include "observe_examples.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void expect_same(struct gc_bytes bytes, const struct gc_message *message)
{
  uint8_t store[4096];
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_transport_independent_write(&out, message), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), bytes));
  for (size_t cap = 0; cap < bytes.len; cap++) {
    out = gc_buf(store, cap);
    assert_int_equal(gc_transport_independent_write(&out, message), GC_E_SPACE);
    assert_int_equal(out.len, 0);
  }
}

/* @req MN-19 MC-07 MC-10 MG-06 */
static void each_example_both_ways(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    bool is_request;
    uint8_t code;
    size_t payload_len;
  } cases[] = {
    { "01605172", true, 1, 0 },
    { "45610160ff31323334", false, 69, 4 },
    { EXAMPLE_GROUP_PH_REQ, true, 5, 76 },
    { EXAMPLE_GROUP_LAST_NOTIF, false, 69, 80 },
  };
  const struct gc_bytes token = gc_bytes("12345678", 8);
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_bytes bytes = hexval(cases[i].hex);
    struct gc_message message;
    struct gc_where where = { 0, NULL };
    for (size_t len = 0; len <= 8; len++) {
      assert_int_equal(cases[i].is_request ? gc_phantom_read(&message, gc_bytes_slice(token, 0, len), bytes, &where)
                                           : gc_last_notif_read(&message, gc_bytes_slice(token, 0, len), bytes, &where), GC_OK);
      assert_int_equal(message.type, GC_TYPE_NON);
      assert_int_equal(message.code, cases[i].code);
      assert_int_equal(message.token.len, len);
      assert_int_equal(message.payload.len, cases[i].payload_len);
      expect_same(bytes, &message);
    }
    /* each is what the other is not */
    assert_int_equal(cases[i].is_request ? gc_last_notif_read(&message, token, bytes, &where) : gc_phantom_read(&message, token, bytes, &where),
                     GC_E_MALFORMED);
    assert_int_equal(gc_phantom_read(&message, gc_bytes("123456789", 9), bytes, &where), GC_E_RANGE);
    for (size_t len = 0; len < bytes.len; len++) { /* every prefix: an error, or a message that is that prefix */
      struct gc_bytes part = gc_bytes_slice(bytes, 0, len);
      where = (struct gc_where){ 0, NULL };
      if (cases[i].is_request ? gc_phantom_read(&message, token, part, &where) : gc_last_notif_read(&message, token, part, &where)) {
        assert_non_null(where.phrase);
        assert_true(where.offset <= len);
      } else {
        expect_same(part, &message);
      }
    }
  }
}

/* @req MN-19 MC-07 MC-10 MG-06 */
static void vectors_of_another_implementation(void **state)
{
  (void)state;
  glob_t files;
  assert_int_equal(glob("tests/vectors/californium/omn-*.json", 0, NULL, &files), 0);
  assert_int_equal(files.gl_pathc, 3);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    json_t *json = play_load(files.gl_pathv[i]);
    struct gc_bytes token = play_hex(json, "token"), bytes[2] = { play_hex(json, "ph_req"), play_hex(json, "last_notif") };
    const json_t *messages = json_object_get(json, "messages");
    for (size_t k = 0; k < 2; k++) { /* the phantom request and the initial notification */
      struct gc_message rebuilt, sent;
      struct gc_bytes whole = play_hex(json_object_get(json_array_get(messages, k), "outputs"), "protected_message");
      assert_int_equal(k == 0 ? gc_phantom_read(&rebuilt, token, bytes[k], NULL) : gc_last_notif_read(&rebuilt, token, bytes[k], NULL), GC_OK);
      assert_int_equal(gc_message_parse(&sent, whole, NULL), GC_OK);
      expect_same(bytes[k], &sent);
      expect_same(bytes[k], &rebuilt);
      assert_true(gc_bytes_equal(rebuilt.token, sent.token));
      assert_int_equal(rebuilt.type, sent.type);
    }
    json_decref(json);
  }
  globfree(&files);
}

static void refuses_other_requests(void **state)
{
  (void)state;
  static const char *const bad[] = {
    "", "00", "0160", "02605172", "45605172", /* POST, a response */
    "015172" /* no Observe: the delta makes it something else */, "01b172", "01610151", "01610172", /* Observe 1 */
    "01635172", "016400000000", "0160005172", /* 4 bytes; twice */
    "01605172ff", "0160f1", "016f", "01605dff", /* marker without payload, reserved nibbles, truncated */
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct gc_message message = { .code = 99 };
    struct gc_where where = { 0, NULL };
    enum gc_err err = gc_phantom_read(&message, hexval("7b"), hexval(bad[i]), &where);
    if (i == 2) { /* a GET of "/" */
      assert_int_equal(err, GC_OK);
      continue;
    }
    if (!err)
      fail_msg("%s", bad[i]);
    assert_non_null(where.phrase);
    assert_int_equal(message.code, 99);
  }
}

struct pair {
  uint16_t number;
  const char *value;
};

static struct gc_message request(uint8_t *store, uint8_t code, const struct pair *options, const char *payload)
{
  struct gc_builder builder = gc_builder_options(store, 256);
  struct gc_message message = { .version = 1, .code = code, .payload = gc_bytes_str(payload) };
  for (; options->number; options++)
    gc_builder_add_str(&builder, options->number, options->value);
  assert_int_equal(gc_builder_finish(&builder, &message.options), GC_OK);
  return message;
}

/* @req MC-08 */
static void compares_phantom_and_original(void **state)
{
  (void)state;
  static const struct {
    uint8_t code_a, code_b;
    struct pair phantom[5], original[5];
    const char *payload_a, *payload_b;
    bool answers;
  } cases[] = {
    { 1, 1, { { 6, "" }, { 11, "r" } }, { { 6, "" }, { 11, "r" } }, "", "", true },
    { 1, 1, { { 6, "" }, { 11, "r" } }, { { 6, "" }, { 11, "s" } }, "", "", false },
    { 1, 1, { { 6, "" }, { 11, "r" } }, { { 6, "" }, { 11, "r" }, { 15, "x=1" } }, "", "", false },
    { 1, 1, { { 6, "" }, { 11, "r" } }, { { 6, "" }, { 11, "r" }, { 17, "<" } }, "", "", false },  /* another representation */
    { 1, 1, { { 6, "" }, { 11, "r" }, { 17, "<" } }, { { 6, "" }, { 11, "r" } }, "", "", false },
    { 1, 1, { { 6, "" }, { 11, "r" } }, { { 4, "e" }, { 6, "" }, { 11, "r" } }, "", "", true },    /* ETag */
    { 1, 1, { { 6, "" }, { 11, "r" } }, { { 6, "" }, { 11, "r" }, { 258, "\x10" } }, "", "", true }, /* No-Response */
    { 1, 1, { { 6, "" }, { 11, "r" } }, { { 3, "h" }, { 6, "" }, { 7, "\x99" }, { 11, "r" } }, "", "", true }, /* for the address */
    { 1, 1, { { 3, "h" }, { 6, "" }, { 11, "r" } }, { { 3, "h" }, { 6, "" }, { 11, "r" } }, "", "", true },
    { 1, 1, { { 3, "h" }, { 6, "" }, { 11, "r" } }, { { 3, "g" }, { 6, "" }, { 11, "r" } }, "", "", false }, /* another virtual host */
    { 1, 1, { { 3, "h" }, { 6, "" }, { 11, "r" } }, { { 6, "" }, { 11, "r" } }, "", "", false },
    { 1, 5, { { 6, "" }, { 11, "r" } }, { { 6, "" }, { 11, "r" } }, "", "", false },
    { 5, 5, { { 6, "" }, { 11, "r" } }, { { 6, "" }, { 11, "r" } }, "x", "x", true },
    { 5, 5, { { 6, "" }, { 11, "r" } }, { { 6, "" }, { 11, "r" } }, "x", "y", false },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t store_a[256], store_b[256];
    struct gc_message phantom = request(store_a, cases[i].code_a, cases[i].phantom, cases[i].payload_a);
    struct gc_message original = request(store_b, cases[i].code_b, cases[i].original, cases[i].payload_b), own;
    if (gc_phantom_answers(&phantom, &original) != cases[i].answers)
      fail_msg("case %zu", i);
    /* without ph_req the original is its own phantom */
    assert_int_equal(gc_phantom_from_request(&own, hexval("7b"), &original, NULL), GC_OK);
    assert_true(gc_phantom_answers(&own, &original));
    assert_true(gc_bytes_equal(own.token, hexval("7b")));
    assert_int_equal(own.type, GC_TYPE_NON);
  }
}

static struct gc_message parsed(const char *hex)
{
  struct gc_message message;
  assert_int_equal(gc_message_parse(&message, hexval(hex), NULL), GC_OK);
  return message;
}

/* @req MC-14 */
static void takes_only_its_own(void **state)
{
  (void)state;
  const struct gc_addr server = gc_addr_ipv4(192, 0, 2, 1, 5683), group = gc_addr_ipv4(233, 252, 0, 23, 61616);
  const struct gc_addr other_port = gc_addr_ipv4(192, 0, 2, 1, 5684), other_host = gc_addr_ipv4(192, 0, 2, 2, 5683);
  struct gc_group_observation observation;
  assert_int_equal(gc_group_observation_init(&observation, &server, &group, hexval("010203040506070809")), GC_E_RANGE);
  assert_int_equal(gc_group_observation_init(&observation, &server, &group, hexval("7b")), GC_OK);
  struct gc_message message = parsed(EXAMPLE_NOTIFICATION);
  assert_true(gc_group_observation_matches(&observation, &server, &group, &message));
  assert_true(gc_group_observation_matches(&observation, &server, NULL, &message));
  assert_false(gc_group_observation_matches(&observation, &other_port, &group, &message));
  assert_false(gc_group_observation_matches(&observation, &other_host, &group, &message));
  assert_false(gc_group_observation_matches(&observation, &group, &group, &message));
  assert_false(gc_group_observation_matches(&observation, &server, &server, &message)); /* not to the group */
  message.type = GC_TYPE_CON;
  assert_false(gc_group_observation_matches(&observation, &server, &group, &message));
  message = parsed("524501017b7b60ff35"); /* a longer token */
  assert_false(gc_group_observation_matches(&observation, &server, &group, &message));
  message = parsed("5045010160ff35"); /* none */
  assert_false(gc_group_observation_matches(&observation, &server, &group, &message));
  message = parsed("510101017b60"); /* a request */
  assert_false(gc_group_observation_matches(&observation, &server, &group, &message));
  message = parsed(EXAMPLE_CANCELLATION);
  assert_true(gc_group_observation_matches(&observation, &server, &group, &message));
}

/* @req MC-10 MC-14 SM-14 */
static void orders_and_ends(void **state)
{
  (void)state;
  const struct gc_addr addr = gc_addr_ipv4(192, 0, 2, 1, 5683);
  static const struct {
    const char *message;
    uint64_t at_ms;
    enum gc_notification verdict;
  } steps[] = {
    { "514500007b610aff31", 0, GC_NOTIFICATION_NEW },          /* last_notif, Observe 10 */
    { "514500017b610aff31", 10, GC_NOTIFICATION_OLD },         /* the same on the wire */
    { "514500017b610bff31", 20, GC_NOTIFICATION_NEW },
    { "514500017b610aff31", 30, GC_NOTIFICATION_OLD },
    { "514500017b60ff31", 40, GC_NOTIFICATION_OLD },
    { "514500017b610aff31", 128021, GC_NOTIFICATION_NEW },     /* more than 128 s later */
    { "514500017b63ffffffff31", 128030, GC_NOTIFICATION_OLD }, /* 2^24 - 1 is before 10 */
    { "514500017b6380000aff31", 128040, GC_NOTIFICATION_OLD }, /* just half the circle */
    { "514500017b63800009ff31", 128050, GC_NOTIFICATION_NEW },
    { "514500017b6400000001ff31", 300000, GC_NOTIFICATION_UNUSABLE }, /* Observe has at most 3 bytes */
    { "514500017b61000101ff32", 300000, GC_NOTIFICATION_UNUSABLE },     /* Observe twice */
    { "514501017b61ffff31", 300000, GC_NOTIFICATION_NEW },
    { "51a301037b", 300001, GC_NOTIFICATION_ENDED },
    { "51a301037bff35", 300001, GC_NOTIFICATION_NEW_KEYS },
    { "518401037bff35", 300001, GC_NOTIFICATION_ENDED },       /* 4.04 */
    { "514501037bff35", 300001, GC_NOTIFICATION_ENDED },       /* 2.05 without Observe */
    { "510101037b60", 300001, GC_NOTIFICATION_UNUSABLE },
  };
  struct gc_group_observation observation;
  assert_int_equal(gc_group_observation_init(&observation, &addr, &addr, hexval("7b")), GC_OK);
  for (size_t i = 0; i < COUNT(steps); i++) {
    struct gc_message message = parsed(steps[i].message);
    enum gc_notification verdict = gc_group_observation_take(&observation, &message, steps[i].at_ms);
    if (verdict != steps[i].verdict)
      fail_msg("step %zu: %d", i, (int)verdict);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_example_both_ways),
    cmocka_unit_test(vectors_of_another_implementation),
    cmocka_unit_test(refuses_other_requests),
    cmocka_unit_test(compares_phantom_and_original),
    cmocka_unit_test(takes_only_its_own),
    cmocka_unit_test(orders_and_ends),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
