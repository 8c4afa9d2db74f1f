#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gc-send.h"

/* A command line, parsed and planned; the status, and why. */
static enum gc_status plan(struct gc_send_plan *out, struct gc_send *send, const char *const *words, char *why)
{
  char *argv[16] = { 0 };
  int argc = 0, first;
  static char copies[16][256];
  for (; words[argc] && argc < 15; argc++)
    argv[argc] = strcpy(copies[argc], words[argc]);
  gc_send_init(send);
  assert_true(gc_opt_parse_line(argc, argv, &gc_send_tool, &first, gc_send_set, send, why));
  assert_int_equal(first + 1, argc);
  send->uri = argv[first];
  assert_true(gc_send_check(send, why));
  return gc_send_plan_make(out, send, why);
}

#define WORDS(...) ((const char *const[]){ "gc-send", __VA_ARGS__, NULL })

static void waits_and_types(void **state)
{
  (void)state;
  static struct gc_send send;
  static struct gc_send_plan out;
  char why[GC_WHY_LEN] = "";
  const struct {
    const char *const *words;
    uint32_t wait_ms;
    bool is_group, is_con;
  } cases[] = {
    { WORDS("coap://192.0.2.1"), 93000, false, true },
    { WORDS("-N", "coap://192.0.2.1"), GC_SEND_NON_WAIT_MS, false, false },
    { WORDS("-t", "0.5", "coap://192.0.2.1"), 500, false, true },
    { WORDS("--observe", "coap://192.0.2.1"), UINT32_MAX, false, true },
    { WORDS("--no-response", "all", "-N", "coap://192.0.2.1"), 0, false, false },
    { WORDS("coap://224.0.1.187"), GC_SEND_GROUP_WAIT_MS, true, false },
    { WORDS("--non", "coap://[ff15::7]"), GC_SEND_GROUP_WAIT_MS, true, false },
    { WORDS("-t", "2", "coap://[ff15::7]:61616"), 2000, true, false },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(plan(&out, &send, cases[i].words, why), GC_STATUS_OK);
    assert_int_equal(out.wait_ms, cases[i].wait_ms);
    assert_int_equal(out.to.is_group, cases[i].is_group);
    assert_int_equal(out.is_con, cases[i].is_con);
    gc_send_plan_free(&out);
  }
}

/* @req A45 A56 */
static void all_coap_nodes_in_the_smallest_scope(void **state)
{
  (void)state;
  static struct gc_send send;
  static struct gc_send_plan out;
  char why[GC_WHY_LEN] = "", text[GC_ADDR_STR_MAX];
  const struct {
    const char *const *words;
    const char *target;
  } cases[] = {
    { WORDS("coap://all-coap/x"), "224.0.1.187:5683" },
    { WORDS("-4", "coap://all-coap:5700/x"), "224.0.1.187:5700" },
    { WORDS("-6", "coap://all-coap/x"), "[ff02::fd]:5683" },
    { WORDS("--scope", "realm", "coap://all-coap/x"), "[ff03::fd]:5683" },
    { WORDS("--scope", "site", "coap://all-coap/x"), "[ff05::fd]:5683" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(plan(&out, &send, cases[i].words, why), GC_STATUS_OK);
    assert_int_equal(out.to.target_count, 1);
    assert_string_equal(gc_addr_format(text, &out.to.targets[0]), cases[i].target);
    gc_send_plan_free(&out);
  }
}

/* @req A52 */
static void options_of_a_literal_are_the_path_alone(void **state)
{
  (void)state;
  static struct gc_send send;
  static struct gc_send_plan out;
  char why[GC_WHY_LEN] = "";
  assert_int_equal(plan(&out, &send, WORDS("coap://[ff05::fd%25lo]:61616/a"), why), GC_STATUS_OK);
  assert_int_equal(out.options.len, 2);
  assert_memory_equal(out.options.ptr, "\xb1" "a", 2);
  struct gc_request request = gc_send_plan_request(&out, &send, &out.to.targets[0], gc_bytes(NULL, 0));
  assert_int_equal(request.ifindex, out.to.ifindex);
  assert_true(out.to.ifindex > 0);
  assert_false(request.is_con);
  assert_int_equal(request.code, 1);
  gc_send_plan_free(&out);
}

/* @req A57 */
static void what_cannot_be_planned(void **state)
{
  (void)state;
  static struct gc_send send;
  static struct gc_send_plan out;
  char why[GC_WHY_LEN];
  const struct {
    const char *const *words;
    enum gc_status status;
    const char *why;
  } cases[] = {
    { WORDS("coap://224.0.1.187:5684"), GC_STATUS_USAGE, "5684" },
    { WORDS("coap://all-coap:5684"), GC_STATUS_USAGE, "5684" },
    { WORDS("coaps://192.0.2.1"), GC_STATUS_USAGE, "only coap:" },
    { WORDS("--con", "coap://224.0.1.187"), GC_STATUS_USAGE, "Non-confirmable" },
    { WORDS("coap://[fe80::1]"), GC_STATUS_USAGE, "-i IF" },
    { WORDS("-6", "coap://192.0.2.1"), GC_STATUS_USAGE, "not an IPv6 address" },
    { WORDS("coap://[ff02::fd%nosuchif0]"), GC_STATUS_SYSTEM, "no interface 'nosuchif0'" },
    { WORDS("-O", "Accept=0", "-a", "60", "coap://192.0.2.1"), GC_STATUS_USAGE, "Accept: " },
    { WORDS("-p", "@/nonexistent/x", "coap://192.0.2.1"), GC_STATUS_INPUT, "/nonexistent/x: " },
    { WORDS("--roster", "/nonexistent/x", "coap://224.0.1.187"), GC_STATUS_INPUT, "/nonexistent/x: " },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    why[0] = '\0';
    assert_int_equal(plan(&out, &send, cases[i].words, why), cases[i].status);
    if (!strstr(why, cases[i].why))
      fail_msg("case %zu: %s", i, why);
    gc_send_plan_free(&out);
  }
}

static void a_group_payload_fits_one_datagram(void **state)
{
  (void)state;
  static struct gc_send send;
  static struct gc_send_plan out;
  static const struct {
    const char *block;
    size_t len;
    enum gc_status status;
  } cases[] = { { "1024", 100, GC_STATUS_OK }, { "64", 64, GC_STATUS_OK }, { "64", 65, GC_STATUS_USAGE }, { "16", 17, GC_STATUS_USAGE } };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char why[GC_WHY_LEN] = "", payload[128] = "";
    memset(payload, 'x', cases[i].len);
    assert_int_equal(plan(&out, &send, WORDS("-b", cases[i].block, "-p", payload, "coap://224.0.1.187"), why), cases[i].status);
    assert_int_equal(strstr(why, "--each") != NULL, cases[i].status != GC_STATUS_OK);
    assert_int_equal(out.payload.bytes.len, cases[i].len);
    gc_send_plan_free(&out);
    assert_int_equal(plan(&out, &send, WORDS("--each", "-b", cases[i].block, "-p", payload, "coap://224.0.1.187"), why), GC_STATUS_OK);
    gc_send_plan_free(&out);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(waits_and_types),
    cmocka_unit_test(all_coap_nodes_in_the_smallest_scope),
    cmocka_unit_test(options_of_a_literal_are_the_path_alone),
    cmocka_unit_test(what_cannot_be_planned),
    cmocka_unit_test(a_group_payload_fits_one_datagram),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
