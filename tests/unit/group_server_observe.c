/* Observers of a member: RFC 7641; groupcomm-bis, Section 3.7. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../lib/server_rig.h"
#include "coap/block.h"
#include "coap/observe.h"

#define HOUR_MS (3600u * 1000u)

static struct rig rig;

static int start(void **state)
{
  (void)state;
  rig.suppress = GC_SUPPRESS_4XX | GC_SUPPRESS_5XX;
  rig_start(&rig, 3, NULL);
  return 0;
}

static int stop(void **state)
{
  (void)state;
  rig_stop(&rig);
  return 0;
}

static void observe_with(enum gc_type type, uint8_t token, uint32_t value, int to)
{
  rig.next_token = token;
  struct gc_builder request = rig_request(&rig, type, GC_CODE_GET, "value");
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, value);
  rig_send(&rig, &request, to);
}

static void change(int member, const char *text)
{
  strcpy(rig.values[member], text);
  gc_server_changed(rig.server, rig.members[member], rig.value, rig.now_ms);
}

static size_t observers(void)
{
  assert_int_equal(gc_server_state(rig.server).observers, gc_server_observers(rig.server, rig.value));
  return gc_server_state(rig.server).observers;
}

/* Registered by unicast at member 0, the first notification acknowledged after `rtt` ms. */
static void settle(uint64_t rtt)
{
  observe_with(GC_TYPE_CON, 1, GC_OBSERVE_REGISTER, 0);
  rig_wait(&rig, 10);
  change(0, "first");
  rig_wait(&rig, rtt);
  rig_empty(&rig, rig_last(&rig), GC_TYPE_ACK);
  rig_wait(&rig, rtt);
  rig_forget(&rig);
}

static void a_change_is_notified(void **state)
{
  (void)state;
  observe_with(GC_TYPE_CON, 1, GC_OBSERVE_REGISTER, 0);
  assert_int_equal(observers(), 1);
  const struct rig_sent *first = rig_last(&rig);
  assert_int_equal(first->message.type, GC_TYPE_ACK);
  assert_int_equal(first->message.code, GC_CODE_CONTENT);
  const uint32_t number = rig_uint(first, GC_OPTION_OBSERVE);
  rig_wait(&rig, 50);
  change(0, "on");
  rig_wait(&rig, 0);
  assert_int_equal(rig.sent_count, 2);
  const struct rig_sent *second = rig_last(&rig);
  assert_int_equal(second->message.code, GC_CODE_CONTENT);
  assert_memory_equal(second->message.token.ptr, "\x70\x01", 2);
  assert_true(rig_payload_is(second, "on"));
  assert_true(gc_observe_is_newer(number, 0, rig_uint(second, GC_OPTION_OBSERVE), 50));
  assert_true(rig_uint(second, GC_OPTION_OBSERVE) <= GC_OBSERVE_MASK);
  assert_int_equal(rig_uint(second, GC_OPTION_MAX_AGE), 5);
  change(1, "on"); /* another member's state */
  rig_wait(&rig, 0);
  assert_int_equal(rig.sent_count, 2);
}

/* @req A80 */
static void a_group_registration_is_one_at_each_member(void **state)
{
  (void)state;
  observe_with(GC_TYPE_NON, 1, GC_OBSERVE_REGISTER, RIG_TO_GROUP);
  rig_wait(&rig, 1000);
  assert_int_equal(observers(), 3);
  assert_int_equal(rig.sent_count, 3);
  for (size_t i = 0; i < 3; i++)
    assert_true(rig_has(&rig.sent[i], GC_OPTION_OBSERVE, NULL));
  rig_forget(&rig);
  change(2, "on");
  rig_wait(&rig, 1000);
  assert_int_equal(rig.sent_count, 1);
  assert_int_equal(rig_last(&rig)->member, 2);
  assert_true(gc_addr_equal(&rig_last(&rig)->local, gc_member_address(rig.members[2])));
}

/* Let time pass; the client acknowledges at once. */
static void wait_acknowledging(uint64_t ms)
{
  const uint64_t end = rig.now_ms + ms;
  size_t seen = rig.sent_count;
  while (rig.now_ms < end) {
    const uint64_t due = gc_server_deadline(rig.server);
    rig_wait(&rig, due < end ? due > rig.now_ms ? due - rig.now_ms : 0 : end - rig.now_ms);
    for (; seen < rig.sent_count; seen++)
      if (rig.sent[seen].message.type == GC_TYPE_CON)
        rig_empty(&rig, &rig.sent[seen], GC_TYPE_ACK);
  }
}

/* @req A86 */
static void group_notifications_wait_for_their_leisure(void **state)
{
  (void)state;
  observe_with(GC_TYPE_NON, 1, GC_OBSERVE_REGISTER, RIG_TO_GROUP);
  observe_with(GC_TYPE_NON, 2, GC_OBSERVE_REGISTER, RIG_TO_GROUP);
  wait_acknowledging(2000);
  for (unsigned round = 0; round < 5; round++) {
    rig_forget(&rig);
    const uint64_t before = rig.now_ms;
    gc_server_changed(rig.server, NULL, rig.value, rig.now_ms);
    wait_acknowledging(2000);
    assert_int_equal(rig.sent_count, 6);
    bool differ = false;
    for (size_t i = 0; i < 6; i++)
      differ |= rig.sent[i].at_ms != rig.sent[0].at_ms;
    assert_true(differ);
    /* the two observations of one member: each in a Leisure period of its own */
    for (int member = 0; member < 3; member++) {
      unsigned early = 0, late = 0;
      for (size_t i = 0; i < rig.sent_count; i++) {
        if (rig.sent[i].member != member)
          continue;
        early += rig.sent[i].at_ms <= before + 1000;
        late += rig.sent[i].at_ms >= before + 1000;
      }
      assert_true(early >= 1);
      assert_true(late >= 1);
    }
  }
}

/* @req A40 */
static void retransmissions_take_no_leisure(void **state)
{
  (void)state;
  observe_with(GC_TYPE_NON, 1, GC_OBSERVE_REGISTER, RIG_TO_GROUP);
  rig_wait(&rig, 1000);
  rig_forget(&rig);
  change(1, "on");
  rig_wait(&rig, 100000);
  assert_int_equal(rig.sent_count, 5); /* the first and four more */
  uint64_t timeout_ms = rig.sent[1].at_ms - rig.sent[0].at_ms;
  assert_in_range(timeout_ms, 2000, 3000);
  for (size_t i = 2; i < 5; i++) {
    timeout_ms *= 2;
    assert_int_equal(rig.sent[i].at_ms - rig.sent[i - 1].at_ms, timeout_ms);
  }
}

/* @req A85 */
static void a_new_observer_is_answered_though_successes_are_suppressed(void **state)
{
  (void)state;
  rig_stop(&rig);
  rig.suppress = GC_SUPPRESS_2XX;
  rig_start(&rig, 3, NULL);
  observe_with(GC_TYPE_NON, 1, GC_OBSERVE_REGISTER, RIG_TO_GROUP);
  rig_wait(&rig, 1000);
  assert_int_equal(rig.sent_count, 3);
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "value");
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, GC_OBSERVE_REGISTER);
  gc_builder_add_uint(&request, GC_OPTION_NO_RESPONSE, 2);
  rig_send(&rig, &request, RIG_TO_GROUP);
  rig_wait(&rig, 3000);
  assert_int_equal(rig.sent_count, 3); /* the client did not wish it */
  assert_int_equal(observers(), 6);
}

/* @req A87 */
static void few_non_confirmable_notifications_without_a_sign_of_life(void **state)
{
  (void)state;
  settle(10);
  unsigned nons = 0;
  for (unsigned i = 0; i < 100 && nons < 50; i++) {
    change(0, i % 2 ? "on" : "off");
    rig_wait(&rig, 20);
    if (rig_last(&rig)->message.type == GC_TYPE_CON)
      break;
    nons++;
  }
  assert_int_equal(nons, 7); /* each eighth is confirmable */
  rig_forget(&rig);
  /* nothing but retransmissions until the acknowledgement comes … */
  change(0, "late");
  rig_wait(&rig, 5000);
  for (size_t i = 0; i < rig.sent_count; i++)
    assert_int_equal(rig.sent[i].message.type, GC_TYPE_CON);
  const struct rig_sent con = *rig_last(&rig);
  assert_false(rig_payload_is(rig_last(&rig), "late"));
  rig_forget(&rig);
  rig_empty(&rig, &con, GC_TYPE_ACK);
  rig_wait(&rig, 10000);
  assert_int_equal(rig.sent_count, 1); /* … then what it is now */
  assert_true(rig_payload_is(rig_last(&rig), "late"));
  assert_int_equal(rig_last(&rig)->message.type, GC_TYPE_NON);
}

static void not_faster_than_a_round_trip(void **state)
{
  (void)state;
  settle(400);
  const uint64_t before = rig.now_ms;
  for (unsigned i = 0; i < 20; i++) {
    change(0, i % 2 ? "on" : "off");
    rig_wait(&rig, 50);
  }
  assert_in_range(rig.sent_count, 2, 3);
  for (size_t i = 1; i < rig.sent_count; i++)
    assert_true(rig.sent[i].at_ms - rig.sent[i - 1].at_ms >= 400);
  rig_wait(&rig, 1000);
  assert_true(rig_payload_is(rig_last(&rig), "on")); /* the last state arrives */
  assert_true(rig_last(&rig)->at_ms >= before);
}

/* @req A90 */
static void at_least_once_a_day_confirmable(void **state)
{
  (void)state;
  struct gc_server_params params = rig_params();
  params.con_notify_every = 1000000;
  rig_stop(&rig);
  rig_start(&rig, 1, &params);
  settle(10);
  uint64_t last = rig.now_ms;
  for (unsigned hour = 0; hour < 200; hour += 5) {
    change(0, hour % 10 ? "on" : "off");
    wait_acknowledging(5 * HOUR_MS);
  }
  unsigned cons = 0, nons = 0;
  for (size_t i = 0; i < rig.sent_count; i++) {
    if (rig.sent[i].message.type == GC_TYPE_NON) {
      nons++;
      continue;
    }
    cons++;
    assert_in_range(rig.sent[i].at_ms - last, 1, 24 * HOUR_MS);
    last = rig.sent[i].at_ms;
  }
  assert_in_range(cons, 8, 12);
  assert_in_range(nons, 30, 45);
  assert_int_equal(observers(), 1);
}

/* An idle observation is checked too: a client that has gone is not kept for ever. */
static void a_client_that_is_gone_is_forgotten(void **state)
{
  (void)state;
  observe_with(GC_TYPE_CON, 1, GC_OBSERVE_REGISTER, 0);
  assert_int_equal(observers(), 1);
  rig_wait(&rig, 23 * HOUR_MS);
  assert_int_equal(observers(), 1);
  rig_wait(&rig, HOUR_MS + HOUR_MS / 2);
  assert_int_equal(observers(), 0);
  assert_int_equal(rig_last(&rig)->message.type, GC_TYPE_CON);
}

static void a_time_out_ends_it(void **state)
{
  (void)state;
  observe_with(GC_TYPE_CON, 1, GC_OBSERVE_REGISTER, 0);
  change(0, "on");
  rig_wait(&rig, 100000);
  assert_int_equal(rig.sent_count, 1 + 5); /* four retransmissions */
  assert_int_equal(observers(), 0);
}

/* @req A88 */
static void cancelled_by_reset_of_either_type(void **state)
{
  (void)state;
  observe_with(GC_TYPE_CON, 1, GC_OBSERVE_REGISTER, 0);
  change(0, "on");
  rig_wait(&rig, 5);
  assert_int_equal(rig_last(&rig)->message.type, GC_TYPE_CON);
  rig_empty(&rig, rig_last(&rig), GC_TYPE_RST);
  assert_int_equal(observers(), 0);
  rig_forget(&rig);
  settle(10);
  change(0, "off");
  rig_wait(&rig, 20);
  assert_int_equal(rig_last(&rig)->message.type, GC_TYPE_NON);
  rig_empty(&rig, rig_last(&rig), GC_TYPE_RST);
  assert_int_equal(observers(), 0);
  rig_forget(&rig);
  change(0, "on");
  rig_wait(&rig, 10000);
  assert_int_equal(rig.sent_count, 0);
}

/* @req A88 */
static void cancelled_by_observe_1(void **state)
{
  (void)state;
  observe_with(GC_TYPE_NON, 1, GC_OBSERVE_REGISTER, RIG_TO_GROUP);
  rig_wait(&rig, 1000);
  observe_with(GC_TYPE_CON, 2, GC_OBSERVE_DEREGISTER, 0); /* another token: nothing happens */
  assert_int_equal(observers(), 3);
  observe_with(GC_TYPE_CON, 1, GC_OBSERVE_DEREGISTER, 0); /* one, by unicast */
  assert_int_equal(observers(), 2);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  assert_false(rig_has(rig_last(&rig), GC_OPTION_OBSERVE, NULL));
  observe_with(GC_TYPE_NON, 1, GC_OBSERVE_DEREGISTER, RIG_TO_GROUP); /* the others, by the group */
  assert_int_equal(observers(), 0);
}

static void cancelled_by_the_same_token_without_observe(void **state)
{
  (void)state;
  observe_with(GC_TYPE_CON, 1, GC_OBSERVE_REGISTER, 0);
  rig.next_token = 1;
  rig_get(&rig, GC_TYPE_CON, "value", 0);
  assert_int_equal(observers(), 0);
}

static void registered_again_is_not_doubled(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 5; i++)
    observe_with(GC_TYPE_CON, 1, GC_OBSERVE_REGISTER, 0);
  assert_int_equal(observers(), 1);
  rig_forget(&rig);
  change(0, "on");
  rig_wait(&rig, 100);
  assert_int_equal(rig.sent_count, 1);
}

/* @req A81 A82 */
static void repeated_and_followed_up_registrations(void **state)
{
  (void)state;
  observe_with(GC_TYPE_NON, 1, GC_OBSERVE_REGISTER, RIG_TO_GROUP);
  rig_wait(&rig, 1000);
  observe_with(GC_TYPE_NON, 1, GC_OBSERVE_REGISTER, RIG_TO_GROUP); /* a new Message ID refreshes all */
  rig_wait(&rig, 2000);
  assert_int_equal(rig.sent_count, 6);
  observe_with(GC_TYPE_CON, 1, GC_OBSERVE_REGISTER, 1); /* one of them by unicast */
  assert_int_equal(observers(), 3);
  assert_true(rig_has(rig_last(&rig), GC_OPTION_OBSERVE, NULL));
}

static void an_error_is_the_last_word(void **state)
{
  (void)state;
  settle(10);
  rig.value_code = GC_CODE_NOT_FOUND;
  change(0, "gone");
  rig_wait(&rig, 20);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_NOT_FOUND);
  assert_false(rig_has(rig_last(&rig), GC_OPTION_OBSERVE, NULL));
  assert_int_equal(observers(), 0);
}

static void not_observable_falls_back_to_a_plain_answer(void **state)
{
  (void)state;
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_GET, "solo");
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, GC_OBSERVE_REGISTER);
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  assert_false(rig_has(rig_last(&rig), GC_OPTION_OBSERVE, NULL));
  request = rig_request(&rig, GC_TYPE_CON, GC_CODE_PUT, "value"); /* Observe means nothing with PUT */
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, GC_OBSERVE_REGISTER);
  gc_builder_payload(&request, gc_bytes_str("on"));
  rig_send(&rig, &request, 0);
  assert_false(rig_has(rig_last(&rig), GC_OPTION_OBSERVE, NULL));
  rig.value_code = GC_CODE_NOT_FOUND;
  observe_with(GC_TYPE_CON, 9, GC_OBSERVE_REGISTER, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_NOT_FOUND);
  assert_int_equal(gc_server_state(rig.server).observers, 0);
}

static void observers_are_bounded(void **state)
{
  (void)state;
  struct gc_server_params params = rig_params();
  params.max_observers_per_member = 4;
  params.max_observers = 6;
  rig_stop(&rig);
  rig_start(&rig, 3, &params);
  for (uint8_t token = 0; token < 10; token++) {
    observe_with(GC_TYPE_CON, token, GC_OBSERVE_REGISTER, 0);
    assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
    assert_int_equal(rig_has(rig_last(&rig), GC_OPTION_OBSERVE, NULL), token < 4);
  }
  for (uint8_t token = 0; token < 10; token++)
    observe_with(GC_TYPE_CON, token, GC_OBSERVE_REGISTER, 1);
  assert_int_equal(observers(), 6);
}

/* Whatever the clock says when it starts: a server that has restarted goes on above (RFC 7641, Section 4.4). */
static void numbers_go_on_after_a_restart(void **state)
{
  (void)state;
  for (uint64_t begun_ms = 0; begun_ms < 600000; begun_ms += 50000) { /* 2^24 ticks are 512 s */
    uint32_t numbers[2];
    for (unsigned i = 0; i < 2; i++) {
      rig_stop(&rig);
      rig_start(&rig, 1, NULL);
      rig.now_ms = begun_ms + 1000 + i * 60000;
      observe_with(GC_TYPE_CON, 1, GC_OBSERVE_REGISTER, 0);
      numbers[i] = rig_uint(rig_last(&rig), GC_OPTION_OBSERVE);
    }
    assert_true(gc_observe_is_newer(numbers[0], 0, numbers[1], 1));
    assert_true(((numbers[1] - numbers[0]) & GC_OBSERVE_MASK) > 1000);
  }
}

static void a_large_notification_is_its_first_block(void **state)
{
  (void)state;
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_GET, "a/big");
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, GC_OBSERVE_REGISTER);
  gc_builder_add_block(&request, GC_OPTION_BLOCK2, (struct gc_block){ 0, false, 4 });
  rig_send(&rig, &request, 0);
  rig.big_len = 2600;
  gc_server_changed(rig.server, NULL, rig.big, rig.now_ms);
  rig_wait(&rig, 10);
  struct gc_block block;
  assert_int_equal(gc_block_find(&block, rig_last(&rig)->message.options, GC_OPTION_BLOCK2), GC_OK);
  assert_int_equal(block.num, 0);
  assert_int_equal(block.szx, 4);
  assert_true(block.more);
  assert_int_equal(rig_uint(rig_last(&rig), GC_OPTION_SIZE2), 2600);
  /* a later block, asked for with the same token or another one, does not touch the observation */
  request = rig_request(&rig, GC_TYPE_CON, GC_CODE_GET, "a/big");
  gc_builder_add_block(&request, GC_OPTION_BLOCK2, (struct gc_block){ 1, false, 4 });
  rig_send(&rig, &request, 0);
  assert_int_equal(gc_server_observers(rig.server, rig.big), 1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, start, stop)
  const struct CMUnitTest tests[] = {
    CASE(a_change_is_notified),
    CASE(a_group_registration_is_one_at_each_member),
    CASE(group_notifications_wait_for_their_leisure),
    CASE(retransmissions_take_no_leisure),
    CASE(a_new_observer_is_answered_though_successes_are_suppressed),
    CASE(few_non_confirmable_notifications_without_a_sign_of_life),
    CASE(not_faster_than_a_round_trip),
    CASE(at_least_once_a_day_confirmable),
    CASE(a_client_that_is_gone_is_forgotten),
    CASE(a_time_out_ends_it),
    CASE(cancelled_by_reset_of_either_type),
    CASE(cancelled_by_observe_1),
    CASE(cancelled_by_the_same_token_without_observe),
    CASE(registered_again_is_not_doubled),
    CASE(repeated_and_followed_up_registrations),
    CASE(an_error_is_the_last_word),
    CASE(not_observable_falls_back_to_a_plain_answer),
    CASE(observers_are_bounded),
    CASE(numbers_go_on_after_a_restart),
    CASE(a_large_notification_is_its_first_block),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
