/* What gc-observe says of messages that it refuses: enough to know, and no more however many there are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../tools/gc-observe.h"

enum { FLOOD = 1000, SHOWN = 10 };

static size_t lines_of(struct gc_out *out)
{
  const struct gc_bytes content = gc_out_content(out);
  size_t lines = 0;
  for (size_t i = 0; i < content.len; i++)
    lines += content.ptr[i] == '\n';
  return lines;
}

static struct gc_observe_event event_of(enum gc_observe_event_kind kind)
{
  return (struct gc_observe_event){ .kind = kind, .from = { .family = GC_FAMILY_IPV4, .ip = { 192, 0, 2, 1 }, .port = 5683 },
                                    .result = GC_SEC_BAD_SIGNATURE, .refusal = { GC_LISTENER_FAULT_MALFORMED, "malformed", GC_SEC_OK } };
}

static void flood(enum gc_observe_event_kind kind, enum gc_client_event_kind below, enum gc_status status)
{
  struct gc_out *out = gc_out_new(-1, GC_COLOR_NEVER, false);
  struct gc_observe_report report = { .out = out, .json = true };
  const struct gc_client_event client_event = { .kind = below, .result = GC_SEC_BAD_TAG };
  struct gc_observe_event event = event_of(kind);
  event.client_event = &client_event;
  for (int i = 0; i < FLOOD; i++)
    gc_observe_report_event(&report, &event);
  assert_int_equal(lines_of(out), SHOWN);
  assert_int_equal(report.status, status);
  (void)!gc_out_close(&out);
}

static void a_flood_is_not_passed_on(void **state)
{
  (void)state;
  flood(GC_OBSERVE_INSECURE, GC_CLIENT_END, GC_STATUS_SECURITY);
  flood(GC_OBSERVE_TROUBLE, GC_CLIENT_INSECURE, GC_STATUS_SECURITY);
  flood(GC_OBSERVE_REFUSED, GC_CLIENT_END, GC_STATUS_INPUT);
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(a_flood_is_not_passed_on) };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
