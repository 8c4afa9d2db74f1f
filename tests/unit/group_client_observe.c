#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../lib/client_bench.h"

static struct client_bench bench;

static struct gc_exchange *start(struct gc_addr remote, const struct bench_sent **sent)
{
  uint32_t observe = 9;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(remote);
  request.observe = true;
  request.wait_ms = UINT32_MAX;
  struct gc_exchange *exchange = bench_request(&bench, &request);
  *sent = bench_next(&bench);
  assert_true(gc_option_find_uint((*sent)->message.options, GC_OPTION_OBSERVE, &observe));
  assert_int_equal(observe, 0);
  return exchange;
}

static void notify(uint8_t host, const struct bench_sent *to, enum gc_type type, uint32_t observe, const char *text)
{
  uint8_t value[4];
  const struct bench_option options[] = { { GC_OPTION_OBSERVE, (const char *)value, gc_uint_encode(value, observe) }, { 0 } };
  bench_answer(&bench, host, to, type, GC_CODE(2, 5), options, text, strlen(text));
}

static void assert_deregisters(const struct bench_sent *sent, uint8_t host, const struct bench_sent *registration)
{
  struct gc_addr remote = bench_host(host);
  uint32_t observe = 9;
  assert_true(gc_addr_equal(&sent->remote, &remote));
  assert_int_equal(sent->message.type, GC_TYPE_CON);
  assert_true(gc_option_find_uint(sent->message.options, GC_OPTION_OBSERVE, &observe));
  assert_int_equal(observe, 1);
  assert_true(gc_bytes_equal(sent->message.token, registration->message.token));
}

/* @req A80 A84 A88 */
static void observes_a_group(void **state)
{
  (void)state;
  const struct bench_sent *sent;
  struct gc_exchange *exchange = start(bench_group(), &sent);
  notify(1, sent, GC_TYPE_NON, 5, "a");
  notify(2, sent, GC_TYPE_NON, 100, "b");
  bench_answer_text(&bench, 3, sent, GC_TYPE_NON, GC_CODE(2, 5), "not observable");
  bench_tick(&bench, bench.now_ms + 50000);
  notify(1, sent, GC_TYPE_CON, 6, "c");
  assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_ACK);
  notify(4, sent, GC_TYPE_NON, 1, "d"); /* long after the request */
  bench_expect(&bench, "notification 1 2.05 #5 a");
  bench_expect(&bench, "notification 2 2.05 #100 b");
  bench_expect(&bench, "response 3 2.05 not observable");
  bench_expect(&bench, "notification 1 2.05 #6 c");
  bench_expect(&bench, "notification 4 2.05 #1 d");
  bench_answer(&bench, 2, sent, GC_TYPE_NON, GC_CODE(4, 4), NULL, NULL, 0); /* gone: no observation any more */
  bench_expect(&bench, "response 2 4.04");
  gc_client_end(bench.client, exchange, true, bench.now_ms);
  bench_expect(&bench, "end");
  const struct bench_sent *a = bench_next(&bench), *b = bench_next(&bench);
  bool is_swapped = a->remote.ip[3] != 1;
  assert_deregisters(is_swapped ? b : a, 1, sent);
  assert_deregisters(is_swapped ? a : b, 4, sent);
  bench_answer_text(&bench, 1, is_swapped ? b : a, GC_TYPE_ACK, GC_CODE(2, 5), "last"); /* nobody's news */
  bench_answer_text(&bench, 4, is_swapped ? a : b, GC_TYPE_ACK, GC_CODE(2, 5), "last");
  bench_finish(&bench);
}

/* @req A89: RFC 7641, Section 3.4 */
static void orders_notifications(void **state)
{
  (void)state;
  static const struct {
    uint32_t before, after;
    uint64_t elapsed_ms;
    bool is_newer;
  } cases[] = {
    { 5, 6, 0, true }, { 6, 5, 0, false }, { 5, 5, 0, false },
    { 0, 0x7fffff, 0, true }, { 0, 0x800000, 0, false }, { 0, 0x800001, 0, false },
    { 0xffffff, 0, 0, true }, { 0x800001, 0, 0, true }, { 0x800000, 0, 0, false }, { 0x7fffff, 0, 0, false },
    { 6, 5, 128000, false }, { 6, 5, 128001, true },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct bench_sent *sent;
    struct gc_exchange *exchange = start(bench_host(1), &sent);
    bench_answer(&bench, 1, sent, GC_TYPE_ACK, 0, NULL, NULL, 0);
    notify(1, sent, GC_TYPE_NON, cases[i].before, "old");
    bench.told++;
    bench_tick(&bench, bench.now_ms + cases[i].elapsed_ms);
    notify(1, sent, GC_TYPE_NON, cases[i].after, "new");
    assert_memory_equal(bench.events[bench.told++], cases[i].is_newer ? "notif" : "stale", 5);
    gc_client_end(bench.client, exchange, false, bench.now_ms);
    bench_expect(&bench, "end");
    bench_finish(&bench);
  }
}

static void ends_when_the_server_ends_it(void **state)
{
  (void)state;
  const struct bench_sent *sent;
  start(bench_host(1), &sent);
  notify(1, sent, GC_TYPE_ACK, 1, "a");
  bench_expect(&bench, "notification 1 2.05 #1 a");
  bench_answer(&bench, 1, sent, GC_TYPE_NON, GC_CODE(4, 4), NULL, NULL, 0);
  bench_expect(&bench, "response 1 4.04");
  bench_expect(&bench, "end");
  bench_finish(&bench);

  start(bench_host(1), &sent); /* a server that does not know Observe */
  bench_answer_text(&bench, 1, sent, GC_TYPE_ACK, GC_CODE(2, 5), "a");
  bench_expect(&bench, "response 1 2.05 a");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* RFC 7641, Section 3.6: what comes after the end is rejected, so that the server forgets the observation */
static void rejects_notifications_afterwards(void **state)
{
  (void)state;
  const struct bench_sent *sent;
  struct gc_exchange *exchange = start(bench_host(1), &sent);
  notify(1, sent, GC_TYPE_ACK, 1, "a");
  bench_expect(&bench, "notification 1 2.05 #1 a");
  gc_client_end(bench.client, exchange, false, bench.now_ms);
  bench_expect(&bench, "end");
  notify(1, sent, GC_TYPE_NON, 2, "b");
  bench_expect(&bench, "late 1 2.05 b");
  assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_RST);
  bench_finish(&bench);
}

static void deregisters_when_the_time_is_over(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_host(1));
  request.observe = true;
  bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  notify(1, sent, GC_TYPE_ACK, 1, "a");
  bench_expect(&bench, "notification 1 2.05 #1 a");
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  const struct bench_sent *last = bench_next(&bench);
  assert_deregisters(last, 1, sent);
  bench_answer(&bench, 1, last, GC_TYPE_ACK, GC_CODE(2, 5), NULL, NULL, 0);
  bench_finish(&bench);
}

/* RFC 7959, Section 3.4: the rest of a notification is fetched without Observe */
static void fetches_the_rest_of_a_notification(void **state)
{
  (void)state;
  const struct bench_sent *sent;
  static const char text[65] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  static const struct bench_option first[] = { { GC_OPTION_OBSERVE, "\x07", 1 }, { GC_OPTION_BLOCK2, "\x09", 1 }, { 0 } };
  static const struct bench_option newer[] = { { GC_OPTION_OBSERVE, "\x08", 1 }, { GC_OPTION_BLOCK2, "\x09", 1 }, { 0 } };
  static const struct bench_option second[] = { { GC_OPTION_BLOCK2, "\x11", 1 }, { 0 } };
  struct gc_exchange *exchange = start(bench_group(), &sent);
  bench_answer(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), first, text, 32);
  const struct bench_sent *fetch = bench_next(&bench);
  assert_false(gc_option_find(fetch->message.options, GC_OPTION_OBSERVE, NULL));
  bench_answer(&bench, 1, fetch, GC_TYPE_ACK, GC_CODE(2, 5), second, text, 32);
  bench_expect(&bench, "notification 1 2.05 #7 64 bytes in 2");
  bench_answer(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), newer, text, 32);
  fetch = bench_next(&bench);
  notify(1, sent, GC_TYPE_NON, 9, "newest");
  bench_expect(&bench, "incomplete 1 a newer notification arrived before the body was complete");
  bench_expect(&bench, "notification 1 2.05 #9 newest");
  bench_answer(&bench, 1, fetch, GC_TYPE_ACK, GC_CODE(2, 5), second, text, 32); /* overtaken */
  bench_expect_none(&bench);
  bench_answer(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), newer, text, 32);
  assert_memory_equal(bench.events[bench.told++], "stale 1", 7);
  gc_client_end(bench.client, exchange, false, bench.now_ms);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* @req A81 A82 */
static void asks_again_with_the_same_token(void **state)
{
  (void)state;
  const struct bench_sent *sent, *again, *alone;
  struct gc_exchange *exchange = start(bench_group(), &sent);
  struct gc_addr silent = bench_host(2), other = gc_addr_ipv4(224, 0, 1, 188, 5683);
  notify(1, sent, GC_TYPE_NON, 1, "a");
  assert_int_equal(gc_client_again(bench.client, exchange, NULL, bench.now_ms), GC_OK);
  assert_int_equal(gc_client_again(bench.client, exchange, &silent, bench.now_ms), GC_OK);
  assert_int_equal(gc_client_again(bench.client, exchange, &other, bench.now_ms), GC_E_RANGE);
  again = bench_next(&bench);
  alone = bench_next(&bench);
  assert_int_equal(again->message.type, GC_TYPE_NON);
  assert_int_equal(alone->message.type, GC_TYPE_CON);
  assert_true(gc_addr_equal(&alone->remote, &silent));
  assert_int_not_equal(again->message.mid, sent->message.mid);
  assert_int_not_equal(alone->message.mid, sent->message.mid);
  assert_true(gc_bytes_equal(again->message.token, sent->message.token));
  assert_true(gc_bytes_equal(alone->message.options, sent->message.options));
  assert_true(gc_bytes_equal(alone->message.token, sent->message.token));
  notify(1, again, GC_TYPE_NON, 2, "b");
  notify(2, alone, GC_TYPE_ACK, 9, "c");
  bench_expect(&bench, "notification 1 2.05 #1 a");
  bench_expect(&bench, "notification 1 2.05 #2 b");
  bench_expect(&bench, "notification 2 2.05 #9 c");
  gc_client_end(bench.client, exchange, false, bench.now_ms);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(observes_a_group),
    cmocka_unit_test(orders_notifications),
    cmocka_unit_test(ends_when_the_server_ends_it),
    cmocka_unit_test(rejects_notifications_afterwards),
    cmocka_unit_test(deregisters_when_the_time_is_over),
    cmocka_unit_test(asks_again_with_the_same_token),
    cmocka_unit_test(fetches_the_rest_of_a_notification),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
