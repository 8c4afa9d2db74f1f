/* What a member answers, to whom and when: groupcomm-bis, Section 3; RFC 7252, Sections 5 and 8; RFC 7967. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../lib/server_rig.h"

static struct rig rig;

static int start(void **state)
{
  (void)state;
  rig.suppress = GC_SUPPRESS_4XX | GC_SUPPRESS_5XX;
  rig.ignores_no_response = false;
  rig_start(&rig, 3, NULL);
  return 0;
}

static int stop(void **state)
{
  (void)state;
  rig_stop(&rig);
  return 0;
}

static void unicast_is_answered_at_once(void **state)
{
  (void)state;
  rig_get(&rig, GC_TYPE_CON, "value", 1);
  assert_int_equal(rig.sent_count, 1);
  const struct rig_sent *answer = rig_last(&rig);
  assert_int_equal(answer->message.type, GC_TYPE_ACK);
  assert_int_equal(answer->message.mid, 100);
  assert_int_equal(answer->message.code, GC_CODE_CONTENT);
  assert_memory_equal(answer->message.token.ptr, "\x70\x00", 2);
  assert_true(rig_payload_is(answer, "off"));
  assert_int_equal(rig_uint(answer, GC_OPTION_CONTENT_FORMAT), 0);
  assert_int_equal(rig_uint(answer, GC_OPTION_MAX_AGE), 5);
  assert_true(gc_addr_equal(&answer->remote, &rig.client));
  assert_true(gc_addr_equal(&answer->local, gc_member_address(rig.members[1])));
  rig_get(&rig, GC_TYPE_NON, "value", 1);
  assert_int_equal(rig_last(&rig)->message.type, GC_TYPE_NON);
}

/* @req A2 A3 A4 A37 */
static void group_is_answered_by_each_from_its_own_address_after_its_own_leisure(void **state)
{
  (void)state;
  const uint64_t before = rig.now_ms;
  rig_get(&rig, GC_TYPE_NON, "value", RIG_TO_GROUP);
  assert_int_equal(rig.sent_count, 0);
  assert_int_equal(gc_server_state(rig.server).delayed, 3);
  rig_wait(&rig, 1000);
  assert_int_equal(rig.sent_count, 3);
  unsigned seen = 0;
  bool differ = false;
  for (size_t i = 0; i < 3; i++) {
    const struct rig_sent *answer = &rig.sent[i];
    seen |= 1u << answer->member;
    assert_int_equal(answer->message.type, GC_TYPE_NON);
    assert_memory_equal(answer->message.token.ptr, "\x70\x00", 2);
    assert_true(gc_addr_equal(&answer->remote, &rig.client));
    assert_true(gc_addr_equal(&answer->local, gc_member_address(rig.members[answer->member])));
    assert_in_range(answer->at_ms, before, before + 1000);
    differ |= answer->at_ms != rig.sent[0].at_ms;
  }
  assert_int_equal(seen, 7);
  assert_true(differ);
  assert_int_equal(gc_server_state(rig.server).delayed, 0);
}

/* @req A37 */
static void next_leisure_begins_when_the_one_before_has_ended(void **state)
{
  (void)state;
  const uint64_t before = rig.now_ms;
  for (unsigned round = 0; round < 4; round++)
    rig_get(&rig, GC_TYPE_NON, "value", RIG_TO_GROUP);
  rig_get(&rig, GC_TYPE_NON, "value", RIG_TO_OTHER_GROUP); /* another group has its own */
  rig_wait(&rig, 10000);
  assert_int_equal(rig.sent_count, 15);
  for (size_t i = 0; i < rig.sent_count; i++) {
    const uint8_t round = rig.sent[i].message.token.ptr[1];
    const uint64_t begin = before + (round < 4 ? round * 1000u : 0);
    assert_in_range(rig.sent[i].at_ms, begin, begin + 1000);
  }
}

static void no_leisure_means_at_once(void **state)
{
  (void)state;
  struct gc_server_params params = rig_params();
  params.leisure_ms = 0;
  rig_stop(&rig);
  rig_start(&rig, 3, &params);
  rig_get(&rig, GC_TYPE_NON, "value", RIG_TO_GROUP);
  rig_wait(&rig, 0);
  assert_int_equal(rig.sent_count, 3);
}

static void waiting_answers_are_bounded(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 100; i++)
    rig_get(&rig, GC_TYPE_NON, "value", RIG_TO_GROUP);
  assert_int_equal(gc_server_state(rig.server).delayed, 3 * 32);
  assert_int_equal(gc_server_state(rig.server).dropped, 3 * 68);
  rig_wait(&rig, 60000);
  assert_int_equal(rig.sent_count, 96);
}

static void a_duplicate_is_not_processed_again(void **state)
{
  (void)state;
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "value");
  struct gc_bytes bytes;
  assert_int_equal(gc_builder_finish(&request, &bytes), GC_OK);
  rig_send_bytes(&rig, bytes, RIG_TO_GROUP);
  rig_send_bytes(&rig, bytes, RIG_TO_GROUP);
  rig_wait(&rig, 5000);
  assert_int_equal(rig.calls, 3);
  assert_int_equal(gc_server_state(rig.server).duplicates, 3);
  assert_int_equal(gc_server_state(rig.server).requests, 3);
}

static const struct {
  const char *path;
  uint8_t method, code;
  uint16_t option;
  const char *value;
} errors[] = {
  { "nothing", GC_CODE_GET, GC_CODE_NOT_FOUND, 0, NULL },
  { "", GC_CODE_GET, GC_CODE_NOT_FOUND, 0, NULL },
  { "value/more", GC_CODE_GET, GC_CODE_NOT_FOUND, 0, NULL },
  { "a", GC_CODE_GET, GC_CODE_NOT_FOUND, 0, NULL },
  { "value", GC_CODE_DELETE, GC_CODE_METHOD_NOT_ALLOWED, 0, NULL },
  { "value", 31, GC_CODE_METHOD_NOT_ALLOWED, 0, NULL },
  { "value", GC_CODE_GET, GC_CODE_NOT_ACCEPTABLE, GC_OPTION_ACCEPT, "\x32" },
  { "value", GC_CODE_PUT, GC_CODE_UNSUPPORTED_CONTENT_FORMAT, GC_OPTION_CONTENT_FORMAT, "\x32" },
  { "value", GC_CODE_GET, GC_CODE_BAD_OPTION, 9, "\x09" },      /* OSCORE: not understood here */
  { "value", GC_CODE_GET, GC_CODE_BAD_OPTION, 2049, "x" },      /* unknown, critical */
  { "value", GC_CODE_GET, GC_CODE_BAD_OPTION, GC_OPTION_Q_BLOCK2, "" },
  { "value", GC_CODE_GET, GC_CODE_BAD_OPTION, GC_OPTION_ACCEPT, "abc" }, /* too long for its format */
  { "value", GC_CODE_GET, GC_CODE_BAD_REQUEST, GC_OPTION_BLOCK2, "\x07" }, /* reserved size */
  { "value", GC_CODE_GET, GC_CODE_PROXYING_NOT_SUPPORTED, GC_OPTION_PROXY_URI, "coap://example.org/" },
  { "value", GC_CODE_GET, GC_CODE_PROXYING_NOT_SUPPORTED, GC_OPTION_PROXY_SCHEME, "coap" },
  { "value", GC_CODE_PUT, GC_CODE_PRECONDITION_FAILED, GC_OPTION_IF_NONE_MATCH, "" },
  { "value", GC_CODE_PUT, GC_CODE_PRECONDITION_FAILED, GC_OPTION_IF_MATCH, "12345678" },
  { "fails", GC_CODE_GET, GC_CODE_INTERNAL_SERVER_ERROR, 0, NULL },
};

static void send_error_case(size_t i, enum gc_type type, int to)
{
  struct gc_builder request = rig_request(&rig, type, errors[i].method, errors[i].path);
  if (errors[i].value)
    gc_builder_add_str(&request, errors[i].option, errors[i].value);
  if (errors[i].method == GC_CODE_PUT)
    gc_builder_payload(&request, gc_bytes_str("on"));
  rig_send(&rig, &request, to);
}

static void unicast_errors(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
    send_error_case(i, GC_TYPE_CON, 0);
    assert_int_equal(rig.sent_count, 1);
    assert_int_equal(rig_last(&rig)->message.code, errors[i].code);
    rig_forget(&rig);
  }
  assert_string_equal(rig.values[0], "off"); /* no precondition let a change through */
}

/* @req A5 A30 */
static void group_errors_are_silent_and_never_reset(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    send_error_case(i, GC_TYPE_NON, RIG_TO_GROUP);
  rig_wait(&rig, 100000);
  assert_int_equal(rig.sent_count, 0);
  static const uint8_t damaged[] = { 0x51, 0x01, 0x00 }, reserved[] = { 0x50, 0x25, 0x11, 0x22 };
  rig_send_bytes(&rig, gc_bytes(damaged, sizeof damaged), RIG_TO_GROUP);
  rig_send_bytes(&rig, gc_bytes(reserved, sizeof reserved), RIG_TO_GROUP);
  rig_wait(&rig, 10000);
  assert_int_equal(rig.sent_count, 0);
}

/* @req A30 A31 */
static void suppression_is_by_class(void **state)
{
  (void)state;
  static const struct {
    uint8_t suppress, code;
    bool is_sent;
  } rows[] = {
    { 0, 69, true },  { GC_SUPPRESS_2XX, 69, false }, { GC_SUPPRESS_4XX, 69, true },
    { 0, 132, true }, { GC_SUPPRESS_4XX, 132, false }, { GC_SUPPRESS_4XX, 128, false }, { GC_SUPPRESS_4XX, 143, false }, { GC_SUPPRESS_5XX, 132, true },
    { 0, 160, true }, { GC_SUPPRESS_5XX, 160, false }, { GC_SUPPRESS_5XX, 163, false }, { GC_SUPPRESS_4XX, 160, true },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    rig_stop(&rig);
    rig.suppress = rows[i].suppress;
    rig_start(&rig, 1, NULL);
    rig.value_code = rows[i].code;
    rig_get(&rig, GC_TYPE_NON, "value", RIG_TO_GROUP);
    rig_wait(&rig, 1000);
    assert_int_equal(rig.sent_count, rows[i].is_sent);
    rig_get(&rig, GC_TYPE_NON, "value", 0); /* unicast is always answered */
    assert_int_equal(rig_last(&rig)->message.code, rows[i].code);
  }
}

/* @req A33 A34 A35 A36 */
static void no_response_only_widens(void **state)
{
  (void)state;
  static const struct {
    int to;
    const char *value;
    uint8_t code;
    bool ignored, is_sent;
  } rows[] = {
    { 0, "", 69, false, true },      { 0, "\x02", 69, false, false }, { 0, "\x08", 69, false, true },  { 0, "\x1a", 69, false, false },
    { 0, "\x08", 132, false, false }, { 0, "\x10", 132, false, true }, { 0, "\x10", 160, false, false }, { 0, "\x1a", 69, true, true },
    { RIG_TO_GROUP, "", 69, false, true },  { RIG_TO_GROUP, "\x02", 69, false, false }, { RIG_TO_GROUP, "\x1a", 69, false, false },
    { RIG_TO_GROUP, "", 132, false, false }, /* all wanted: an unknown client gets no more than the policy gives */
    { RIG_TO_GROUP, "\x02", 132, false, false }, { RIG_TO_GROUP, "\x02", 69, true, true },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    rig_stop(&rig);
    rig.ignores_no_response = rows[i].ignored;
    rig_start(&rig, 1, NULL);
    rig.value_code = rows[i].code;
    struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "value");
    gc_builder_add_str(&request, GC_OPTION_NO_RESPONSE, rows[i].value);
    rig_send(&rig, &request, rows[i].to);
    rig_wait(&rig, 1000);
    assert_int_equal(rig.sent_count, rows[i].is_sent);
  }
}

static void a_suppressed_answer_to_con_is_acknowledged(void **state)
{
  (void)state;
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_PUT, "value");
  gc_builder_add_uint(&request, GC_OPTION_NO_RESPONSE, 26);
  gc_builder_payload(&request, gc_bytes_str("on"));
  rig_send(&rig, &request, 2);
  assert_string_equal(rig.values[2], "on");
  assert_int_equal(rig.sent_count, 1);
  assert_int_equal(rig_last(&rig)->message.type, GC_TYPE_ACK);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_EMPTY);
  assert_int_equal(rig_last(&rig)->message.token.len, 0);
}

static void put_changes_only_who_was_asked(void **state)
{
  (void)state;
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_PUT, "value");
  gc_builder_add_uint(&request, GC_OPTION_CONTENT_FORMAT, 0);
  gc_builder_payload(&request, gc_bytes_str("on"));
  rig_send(&rig, &request, 1);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CHANGED);
  assert_string_equal(rig.values[0], "off");
  assert_string_equal(rig.values[1], "on");
}

/* @req A55 */
static void uri_host_and_port_are_accepted(void **state)
{
  (void)state;
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_GET, "value");
  gc_builder_add_str(&request, GC_OPTION_URI_HOST, "lights.example");
  gc_builder_add_uint(&request, GC_OPTION_URI_PORT, 5683);
  gc_builder_add_uint(&request, 2048, 1); /* unknown, elective */
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
}

/* @req A42 */
static void what_is_not_for_groups_is_not_for_groups(void **state)
{
  (void)state;
  rig_get(&rig, GC_TYPE_NON, "solo", RIG_TO_GROUP);
  rig_wait(&rig, 1000);
  assert_int_equal(rig.sent_count, 0);
  assert_int_equal(rig.calls, 0);
  rig_get(&rig, GC_TYPE_CON, "solo", 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
}

/* @req A101 */
static void unprotected_group_requests_from_the_public_internet_are_ignored(void **state)
{
  (void)state;
  rig.client.ip[0] = 8;
  rig_get(&rig, GC_TYPE_NON, "value", RIG_TO_GROUP);
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_PUT, "value");
  gc_builder_payload(&request, gc_bytes_str("on"));
  rig_send(&rig, &request, RIG_TO_GROUP);
  rig_wait(&rig, 5000);
  assert_int_equal(rig.sent_count, 0);
  assert_int_equal(rig.calls, 0);
  rig_get(&rig, GC_TYPE_CON, "value", 0); /* unicast is another matter */
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
}

/* @req A61 */
static void multicast_to_an_address_nobody_named(void **state)
{
  (void)state;
  rig.group = gc_addr_ipv4(224, 0, 0, 1, 5683); /* all systems */
  rig_get(&rig, GC_TYPE_NON, "value", RIG_TO_GROUP);
  rig_get(&rig, GC_TYPE_NON, "nothing", RIG_TO_GROUP);
  static const uint8_t damaged[] = { 0x40, 0x01, 0x00 };
  rig_send_bytes(&rig, gc_bytes(damaged, sizeof damaged), RIG_TO_GROUP);
  assert_int_equal(rig.sent_count, 0);
  rig_wait(&rig, 5000);
  assert_int_equal(rig.sent_count, 3); /* treated as any group: after the Leisure, errors kept back, no Reset */
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(rig.sent[i].message.code, GC_CODE_CONTENT);
}

static struct gc_bytes etag_of(const struct rig_sent *sent)
{
  struct gc_option option;
  assert_true(gc_option_find(sent->message.options, GC_OPTION_ETAG, &option));
  return option.value;
}

/* @req A76 */
static void etags_differ_between_members_and_values(void **state)
{
  (void)state;
  rig_get(&rig, GC_TYPE_CON, "value", 0);
  rig_get(&rig, GC_TYPE_CON, "value", 1);
  rig_get(&rig, GC_TYPE_CON, "value", 0);
  strcpy(rig.values[0], "on");
  rig_get(&rig, GC_TYPE_CON, "value", 0);
  assert_true(gc_bytes_equal(etag_of(&rig.sent[0]), etag_of(&rig.sent[2])));
  assert_false(gc_bytes_equal(etag_of(&rig.sent[0]), etag_of(&rig.sent[1])));
  assert_false(gc_bytes_equal(etag_of(&rig.sent[0]), etag_of(&rig.sent[3])));
}

/* @req A75 */
static void a_matching_etag_is_answered_with_valid(void **state)
{
  (void)state;
  rig_get(&rig, GC_TYPE_CON, "value", 0);
  const struct rig_sent first = rig.sent[0];
  struct gc_bytes etag = etag_of(&rig.sent[0]);
  for (int to = RIG_TO_GROUP; to < 2; to++) {
    rig_forget(&rig);
    struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "value");
    gc_builder_add_str(&request, GC_OPTION_ETAG, "other");
    gc_builder_add(&request, GC_OPTION_ETAG, gc_bytes(first.bytes + (etag.ptr - rig.sent[0].bytes), etag.len));
    rig_send(&rig, &request, to);
    rig_wait(&rig, 1000);
    assert_int_equal(rig.sent_count, to == RIG_TO_GROUP ? 3 : 1);
    for (size_t i = 0; i < rig.sent_count; i++) {
      const bool is_its_own = rig.sent[i].member == 0;
      assert_int_equal(rig.sent[i].message.code, is_its_own ? GC_CODE_VALID : GC_CODE_CONTENT);
      assert_int_equal(rig.sent[i].message.payload.len, is_its_own ? 0 : 3);
      assert_int_equal(rig_uint(&rig.sent[i], GC_OPTION_MAX_AGE), 5);
      assert_true(rig_has(&rig.sent[i], GC_OPTION_ETAG, NULL));
    }
  }
}

static void preconditions(void **state)
{
  (void)state;
  rig_get(&rig, GC_TYPE_CON, "value", 0);
  const struct rig_sent first = rig.sent[0];
  const struct gc_bytes etag = etag_of(&first);
  uint8_t copy[8];
  memcpy(copy, etag.ptr, sizeof copy);
  static const struct {
    bool own;
    const char *value;
    uint8_t code;
  } rows[] = { { true, NULL, GC_CODE_CHANGED }, { false, "", GC_CODE_CHANGED }, { false, "xx", GC_CODE_PRECONDITION_FAILED } };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_PUT, "value");
    gc_builder_add(&request, GC_OPTION_IF_MATCH, rows[i].own ? gc_bytes(copy, 8) : gc_bytes_str(rows[i].value));
    gc_builder_payload(&request, gc_bytes_str("off"));
    rig_send(&rig, &request, 0);
    assert_int_equal(rig_last(&rig)->message.code, rows[i].code);
  }
}

static void further_options_of_the_handler(void **state)
{
  (void)state;
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_POST, "sink");
  gc_builder_payload(&request, gc_bytes_str("abc"));
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CHANGED);
  assert_true(rig_has(rig_last(&rig), GC_OPTION_LOCATION_PATH, "made"));
  assert_int_equal(rig_uint(rig_last(&rig), GC_OPTION_CONTENT_FORMAT), 42);
  assert_true(rig_payload_is(rig_last(&rig), "abc"));
}

static void fetch_reads_with_a_body(void **state)
{
  (void)state;
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_FETCH, "sink");
  gc_builder_payload(&request, gc_bytes_str("query"));
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  assert_true(rig_payload_is(rig_last(&rig), "query"));
}

static void ping_and_damage_by_unicast(void **state)
{
  (void)state;
  static const uint8_t ping[] = { 0x40, 0x00, 0x12, 0x34 };
  rig_send_bytes(&rig, gc_bytes(ping, sizeof ping), 0);
  assert_int_equal(rig_last(&rig)->message.type, GC_TYPE_RST);
  assert_int_equal(rig_last(&rig)->message.mid, 0x1234);
  static const uint8_t damaged[] = { 0x49, 0x01, 0x12, 0x35, 0x11 };
  rig_send_bytes(&rig, gc_bytes(damaged, sizeof damaged), 0);
  assert_int_equal(gc_server_state(rig.server).malformed, 1);
  rig_send_bytes(&rig, gc_bytes(ping, sizeof ping), RIG_TO_GROUP);
  rig_wait(&rig, 5000);
  assert_int_equal(rig.sent[0].message.type, GC_TYPE_RST);
  for (size_t i = 0; i < rig.sent_count; i++)
    assert_int_not_equal(rig.sent[i].member, 1); /* nothing of it came from the group */
}

static enum gc_err nothing(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  (void)request;
  (void)response;
  return GC_OK;
}

static void bad_paths_and_doubles_are_refused(void **state)
{
  (void)state;
  static const struct {
    const char *path;
    enum gc_err err;
  } rows[] = { { "/value", GC_E_RANGE }, { "", GC_E_RANGE }, { "a//b", GC_E_RANGE }, { "a/", GC_E_RANGE }, { "value", GC_E_EXISTS },
               { ".well-known/core", GC_E_EXISTS }, { "value2", GC_OK }, { "a/b", GC_OK } };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct gc_resource_def def = { .path = rows[i].path, .methods = 2, .handler = nothing, .content_format = -1, .consumes = -1 };
    assert_int_equal(gc_server_add_resource(rig.server, NULL, &def), rows[i].err);
  }
  const struct gc_addr same = *gc_member_address(rig.members[0]);
  assert_int_equal(gc_server_add_member(rig.server, NULL, &same, NULL), GC_E_EXISTS);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, start, stop)
  const struct CMUnitTest tests[] = {
    CASE(unicast_is_answered_at_once),
    CASE(group_is_answered_by_each_from_its_own_address_after_its_own_leisure),
    CASE(next_leisure_begins_when_the_one_before_has_ended),
    CASE(no_leisure_means_at_once),
    CASE(waiting_answers_are_bounded),
    CASE(a_duplicate_is_not_processed_again),
    CASE(unicast_errors),
    CASE(group_errors_are_silent_and_never_reset),
    CASE(suppression_is_by_class),
    CASE(no_response_only_widens),
    CASE(a_suppressed_answer_to_con_is_acknowledged),
    CASE(put_changes_only_who_was_asked),
    CASE(uri_host_and_port_are_accepted),
    CASE(what_is_not_for_groups_is_not_for_groups),
    CASE(unprotected_group_requests_from_the_public_internet_are_ignored),
    CASE(multicast_to_an_address_nobody_named),
    CASE(etags_differ_between_members_and_values),
    CASE(a_matching_etag_is_answered_with_valid),
    CASE(preconditions),
    CASE(further_options_of_the_handler),
    CASE(fetch_reads_with_a_body),
    CASE(ping_and_damage_by_unicast),
    CASE(bad_paths_and_doubles_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
