#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../lib/client_bench.h"

static struct client_bench bench;

/* @req A1 A3 A7 A9 A10 A11 A16 */
static void one_request_many_responses(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  assert_int_equal(sent->message.type, GC_TYPE_NON); /* though is_con was asked for */
  assert_int_equal(sent->message.token.len, 8);
  assert_true(gc_addr_equal(&sent->remote, &request.remote));
  bench_answer_text(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), "one");
  bench_expect(&bench, "response 1 2.05 one");
  bench_answer_text(&bench, 2, sent, GC_TYPE_CON, GC_CODE(2, 5), "two");
  bench_expect(&bench, "response 2 2.05 two");
  assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_ACK);
  bench_answer_text(&bench, 3, sent, GC_TYPE_NON, GC_CODE(4, 4), "");
  bench_expect(&bench, "response 3 4.04");
  bench_answer_text(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), "one more");
  bench_expect(&bench, "response 1 2.05 one more");
  bench.next_mid--;
  bench_answer_text(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), "one more");
  bench_expect(&bench, "duplicate 1 2.05 one more");
  bench_tick(&bench, bench.now_ms + 1999);
  bench_expect_none(&bench);
  bench_tick(&bench, bench.now_ms + 1);
  bench_expect(&bench, "end");
  assert_true(bench_sent_none(&bench)); /* no retransmission */
  bench_finish(&bench);
}

static void one_answer_ends_a_unicast_exchange(void **state)
{
  (void)state;
  for (int separate = 0; separate < 2; separate++) {
    bench_start(&bench, NULL);
    struct gc_request request = bench_get(bench_host(1));
    bench_request(&bench, &request);
    const struct bench_sent *sent = bench_next(&bench);
    assert_int_equal(sent->message.type, GC_TYPE_CON);
    if (separate)
      bench_answer(&bench, 1, sent, GC_TYPE_ACK, 0, NULL, NULL, 0);
    bench_expect_none(&bench);
    bench_answer_text(&bench, 1, sent, separate ? GC_TYPE_CON : GC_TYPE_ACK, GC_CODE(2, 5), "on");
    bench_expect(&bench, "response 1 2.05 on");
    bench_expect(&bench, "end");
    if (separate)
      assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_ACK);
    bench_finish(&bench);
  }
}


/* @req A7: unicast: the answer comes from where the request went, and with its token */
static void matches_by_token_and_source(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_host(1));
  bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  bench_answer_text(&bench, 2, sent, GC_TYPE_NON, GC_CODE(2, 5), "forged");
  bench_expect(&bench, "unmatched 2 2.05 forged");
  assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_RST);
  struct bench_sent other = *sent;
  other.message.token = gc_bytes("wxyz", 4);
  bench_answer_text(&bench, 1, &other, GC_TYPE_CON, GC_CODE(2, 5), "wrong");
  bench_expect(&bench, "unmatched 1 2.05 wrong");
  assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_RST);
  other.message.token = gc_bytes(sent->message.token.ptr, 3);
  bench_answer_text(&bench, 1, &other, GC_TYPE_ACK, GC_CODE(2, 5), "prefix"); /* settles the CON, rejected silently */
  bench_expect(&bench, "unmatched 1 2.05 prefix");
  bench_answer_text(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), "right");
  bench_expect(&bench, "response 1 2.05 right");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void rejects_requests(void **state)
{
  (void)state;
  static const uint8_t con[] = { 0x40, 1, 0, 1 }, non[] = { 0x50, 1, 0, 2 };
  bench_start(&bench, NULL);
  for (int i = 0; i < 2; i++) { /* a duplicate too */
    bench_receive(&bench, bench_host(1), bench_host(99), con, sizeof con);
    const struct bench_sent *sent = bench_next(&bench);
    assert_memory_equal(sent->bytes, "\x70\0\0\1", 4);
  }
  bench_receive(&bench, bench_host(1), bench_host(99), non, sizeof non);
  bench_receive(&bench, bench_host(1), bench_group(), non, sizeof non);
  bench_finish(&bench);
}

/* @req A8 */
static void listens_on_the_port_it_sent_from(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  request.local = gc_addr_ipv4(10, 0, 0, 99, 40000);
  request.token = gc_bytes("ab", 2);
  bench_request(&bench, &request);
  bench_next(&bench);
  static const uint8_t response[] = { 0x52, 0x45, 0, 1, 'a', 'b' }, next[] = { 0x52, 0x45, 0, 2, 'a', 'b' };
  bench_receive(&bench, bench_host(1), gc_addr_ipv4(10, 0, 0, 99, 40001), response, sizeof response);
  bench_expect(&bench, "unmatched 1 2.05");
  assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_RST);
  bench_receive(&bench, bench_host(1), gc_addr_ipv4(10, 0, 0, 99, 40000), next, sizeof next);
  bench_expect(&bench, "response 1 2.05");
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* @req A5: what comes by multicast is never answered with a Reset */
static void never_resets_what_came_by_multicast(void **state)
{
  (void)state;
  static const uint8_t response[] = { 0x51, 0x45, 0, 1, 0xaa };
  bench_start(&bench, NULL);
  bench_receive(&bench, bench_host(1), bench_group(), response, sizeof response);
  bench_expect(&bench, "unmatched 1 2.05");
  bench_finish(&bench);
}

static void tells_late_from_unmatched(void **state)
{
  (void)state;
  struct gc_client_params params = gc_client_params_default();
  bench_start(&bench, &params);
  struct gc_request request = bench_get(bench_group());
  bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_answer_text(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), "slow");
  bench_expect(&bench, "late 1 2.05 slow");
  assert_true(bench_sent_none(&bench));
  bench_answer_text(&bench, 1, sent, GC_TYPE_CON, GC_CODE(2, 5), "slow");
  bench_expect(&bench, "late 1 2.05 slow");
  assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_RST);
  bench_tick(&bench, bench.now_ms + params.min_token_reuse_ms);
  bench_answer_text(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), "too slow");
  bench_expect(&bench, "unmatched 1 2.05 too slow");
  bench_next(&bench);
  bench_finish(&bench);
}

/* @req A12 A13 A14 */
static void keeps_tokens_reserved(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  struct gc_exchange *exchange;
  request.token = gc_bytes("\x01\x02", 2);
  bench_request(&bench, &request);
  assert_int_equal(bench_next(&bench)->message.token.len, 2);
  assert_int_equal(gc_client_request(bench.client, &exchange, &request, NULL, bench.now_ms), GC_E_EXISTS);
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  assert_int_equal(gc_client_state(bench.client).reserved_tokens, 1);
  bench_tick(&bench, bench.now_ms + 499999);
  assert_int_equal(gc_client_request(bench.client, &exchange, &request, NULL, bench.now_ms), GC_E_EXISTS);
  bench_tick(&bench, bench.now_ms + 1);
  bench_request(&bench, &request);
  bench_next(&bench);
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void names_what_went_wrong(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_host(1));
  bench_request(&bench, &request);
  bench_answer(&bench, 1, bench_next(&bench), GC_TYPE_RST, 0, NULL, NULL, 0);
  bench_expect(&bench, "reset 1 the request");
  bench_expect(&bench, "end");

  request.wait_ms = 100000;
  bench_request(&bench, &request);
  bench_tick(&bench, bench.now_ms + 99000);
  for (int i = 0; i < 5; i++)
    assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_CON);
  bench_expect(&bench, "timeout 1 the request");
  bench_expect(&bench, "end");

  request.wait_ms = 2500; /* shorter than the retransmissions */
  bench_request(&bench, &request);
  bench_tick(&bench, bench.now_ms + 2500);
  bench_next(&bench);
  bench_expect(&bench, "end");
  while (!bench_sent_none(&bench))
    bench_next(&bench);

  request.is_con = false;
  bench_request(&bench, &request);
  assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_NON);
  bench_tick(&bench, bench.now_ms + 2500);
  bench_expect(&bench, "end");

  bench_receive(&bench, bench_host(3), bench_host(99), (const uint8_t *)"\x40\x45\x00", 3);
  bench_expect(&bench, "malformed 3");
  bench_finish(&bench);
}

static void a_group_goes_on_after_a_reset(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  bench_answer(&bench, 1, sent, GC_TYPE_RST, 0, NULL, NULL, 0);
  bench_expect(&bench, "reset 1 the request");
  bench_answer_text(&bench, 2, sent, GC_TYPE_NON, GC_CODE(2, 5), "on");
  bench_expect(&bench, "response 2 2.05 on");
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* RFC 7252, Section 5.4.1 */
static void refuses_critical_options(void **state)
{
  (void)state;
  static const struct {
    struct bench_option options[2];
    const char *text;
  } cases[] = {
    { { { 65001, "x", 1 }, { 0 } }, "unusable 1 2.05 option 65001" },
    { { { GC_OPTION_OSCORE, "", 0 }, { 0 } }, "unusable 1 2.05 option 9" },
    { { { GC_OPTION_BLOCK2, "\0\0\0\0", 4 }, { 0 } }, "unusable 1 2.05 option 23" },
    { { { GC_OPTION_URI_PATH, "a", 1 }, { 0 } }, "unusable 1 2.05 option 11" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench_start(&bench, NULL);
    struct gc_request request = bench_get(bench_host(1));
    bench_request(&bench, &request);
    const struct bench_sent *sent = bench_next(&bench);
    bench_answer(&bench, 1, sent, GC_TYPE_CON, GC_CODE(2, 5), cases[i].options, "x", 1);
    bench_expect(&bench, cases[i].text);
    bench_expect(&bench, "end");
    assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_RST);
    bench_finish(&bench);
  }
  static const struct bench_option elective[] = { { 65000, "x", 1 }, { 0 } };
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_host(1));
  bench_request(&bench, &request);
  bench_answer(&bench, 1, bench_next(&bench), GC_TYPE_ACK, GC_CODE(2, 5), elective, "x", 1);
  bench_expect(&bench, "response 1 2.05 x");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void ends_with_enough_responders(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  request.max_responders = 2;
  bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  bench_answer_text(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), "a");
  bench_answer_text(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), "b");
  bench_answer_text(&bench, 2, sent, GC_TYPE_NON, GC_CODE(2, 5), "c");
  bench_answer_text(&bench, 3, sent, GC_TYPE_NON, GC_CODE(2, 5), "d");
  bench_expect(&bench, "response 1 2.05 a");
  bench_expect(&bench, "response 1 2.05 b");
  bench_expect(&bench, "response 2 2.05 c");
  bench_expect(&bench, "end");
  bench_expect(&bench, "late 3 2.05 d");
  bench_finish(&bench);
}

/* @req A18 A19 */
static void repeats(void **state)
{
  (void)state;
  for (int same = 0; same < 2; same++) {
    struct gc_client_params params = gc_client_params_default();
    params.probing_rate = 0;
    bench_start(&bench, &params);
    struct gc_request request = bench_get(bench_group());
    request.wait_ms = 3000;
    request.repeats = 2;
    request.repeat = same ? GC_REPEAT_SAME_MID : GC_REPEAT_NEW_MID;
    bench_request(&bench, &request);
    const struct bench_sent *first = bench_next(&bench);
    bench_tick(&bench, bench.now_ms + 999);
    assert_true(bench_sent_none(&bench));
    bench_tick(&bench, bench.now_ms + 1001);
    const struct bench_sent *second = bench_next(&bench), *third = bench_next(&bench);
    assert_true(gc_bytes_equal(first->message.token, second->message.token));
    assert_true(gc_bytes_equal(first->message.token, third->message.token));
    assert_int_equal(first->message.mid == second->message.mid, same);
    assert_int_equal(second->message.mid == third->message.mid, same);
    assert_int_equal(third->message.type, GC_TYPE_NON);
    bench_answer_text(&bench, 1, third, GC_TYPE_NON, GC_CODE(2, 5), "on");
    bench_expect(&bench, "response 1 2.05 on");
    bench_tick(&bench, bench.now_ms + 1000);
    bench_expect(&bench, "end");
    bench_finish(&bench);
  }
}

/* @req A41 */
static void one_request_per_group_at_a_time(void **state)
{
  (void)state;
  struct gc_client_params params = gc_client_params_default();
  params.probing_rate = 0;
  bench_start(&bench, &params);
  struct gc_request request = bench_get(bench_group()), other = bench_get(gc_addr_ipv4(224, 0, 1, 188, 5683));
  bench_request(&bench, &request);
  const struct bench_sent *first = bench_next(&bench);
  bench_request(&bench, &request);
  bench_expect(&bench, "delayed NSTART");
  bench_request(&bench, &request);
  bench_expect(&bench, "delayed NSTART");
  assert_true(bench_sent_none(&bench));
  bench_request(&bench, &other); /* another group */
  bench_next(&bench);
  bench_answer_text(&bench, 1, first, GC_TYPE_NON, GC_CODE(2, 5), "x"); /* an answer: the next may go */
  bench_expect(&bench, "response 1 2.05 x");
  bench_next(&bench);
  assert_true(bench_sent_none(&bench));
  bench_tick(&bench, bench.now_ms + 2000); /* nobody answers the second: its end lets the third go */
  bench_next(&bench);
  bench_tick(&bench, bench.now_ms + 2000);
  for (int i = 0; i < 4; i++)
    bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* @req A41: a group that does not answer gets one byte a second */
static void probes_a_silent_group_slowly(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group()); /* 12 bytes */
  request.repeats = 1;
  bench_request(&bench, &request);
  bench_next(&bench);
  uint64_t begin = bench.now_ms;
  bench_tick(&bench, begin + 2000);
  bench_expect(&bench, "end");
  assert_true(bench_sent_none(&bench)); /* the repetition would have been too fast */
  request.repeats = 0;
  bench_request(&bench, &request);
  bench_expect(&bench, "delayed PROBING_RATE");
  bench_tick(&bench, begin + 11999);
  assert_true(bench_sent_none(&bench));
  bench_tick(&bench, begin + 12000);
  const struct bench_sent *sent = bench_next(&bench);
  bench_answer_text(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), "x");
  bench_expect(&bench, "response 1 2.05 x");
  bench_request(&bench, &request); /* it answers: no limit */
  bench_next(&bench);
  bench_tick(&bench, bench.now_ms + 2000); /* the wait counts from the transmission */
  bench_expect(&bench, "end");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void refuses_what_cannot_be_asked(void **state)
{
  (void)state;
  static const uint8_t body[1025];
  struct gc_exchange *exchange;
  struct gc_request cases[8];
  for (size_t i = 0; i < 8; i++)
    cases[i] = bench_get(bench_group());
  cases[0].payload = gc_bytes(body, 1025);
  cases[1].payload = gc_bytes(body, 17);
  cases[1].block_szx = 0;
  cases[2].remote.port = 5684; /* @req A57 */
  cases[3].code = 0;
  cases[4].code = 69;
  cases[5].token = gc_bytes(body, 9);
  cases[6].code = 2;
  cases[6].observe = true;
  cases[7].options = gc_bytes("\x60", 1); /* Observe */
  bench_start(&bench, NULL);
  for (size_t i = 0; i < 8; i++) {
    assert_int_equal(gc_client_request(bench.client, &exchange, &cases[i], NULL, bench.now_ms), GC_E_RANGE);
    uint8_t bytes[2000];
    struct gc_buf out = gc_buf(bytes, sizeof bytes);
    assert_int_equal(gc_client_compose(bench.client, &out, &cases[i], bench.now_ms), GC_E_RANGE);
  }
  struct gc_request request = bench_get(bench_group());
  bench.fails = true;
  assert_int_equal(gc_client_request(bench.client, &exchange, &request, NULL, bench.now_ms), GC_E_SYSTEM);
  assert_null(exchange);
  bench_finish(&bench);
}

static void composes_without_sending(void **state)
{
  (void)state;
  static const uint8_t expected[] = { 0x52, 0x03, 0x12, 0x34, 0xab, 0xcd, 0xb5, 'l', 'i', 'g', 'h', 't', 0xff, 'o', 'n' };
  uint8_t bytes[64];
  struct gc_buf out = gc_buf(bytes, sizeof bytes), small = gc_buf(bytes, sizeof expected - 1);
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  request.code = 3;
  request.options = gc_bytes("\xb5light", 6);
  request.payload = gc_bytes("on", 2);
  request.token = gc_bytes("\xab\xcd", 2);
  request.has_mid = true;
  request.mid = 0x1234;
  assert_int_equal(gc_client_compose(bench.client, &out, &request, bench.now_ms), GC_OK);
  assert_int_equal(out.len, sizeof expected);
  assert_memory_equal(bytes, expected, sizeof expected);
  assert_int_equal(gc_client_compose(bench.client, &small, &request, bench.now_ms), GC_E_SPACE);
  bench_request(&bench, &request); /* the same on the wire; composing took nothing */
  const struct bench_sent *sent = bench_next(&bench);
  assert_memory_equal(sent->bytes, expected, sizeof expected);
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* The application ends the exchange while it is being told of an answer. */
static void may_be_ended_from_an_event(void **state)
{
  (void)state;
  for (int group = 0; group < 2; group++) {
    bench_start(&bench, NULL);
    struct gc_request request = bench_get(group ? bench_group() : bench_host(1));
    bench.end_on_event = bench_request(&bench, &request);
    bench_answer_text(&bench, 1, bench_next(&bench), group ? GC_TYPE_NON : GC_TYPE_ACK, GC_CODE(2, 5), "x");
    bench_expect(&bench, "response 1 2.05 x");
    bench_expect(&bench, "end");
    bench_finish(&bench);
  }
}

static void is_freed_in_the_middle(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  bench_request(&bench, &request);
  bench_request(&bench, &request);
  request = bench_get(bench_host(1));
  bench_request(&bench, &request);
  bench_request(&bench, &request);
  size_t sent = bench.sent_count, events = bench.event_count;
  gc_client_free(&bench.client);
  assert_null(bench.client);
  assert_int_equal(bench.sent_count, sent);
  assert_int_equal(bench.event_count, events);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_request_many_responses),
    cmocka_unit_test(one_answer_ends_a_unicast_exchange),
    cmocka_unit_test(matches_by_token_and_source),
    cmocka_unit_test(rejects_requests),
    cmocka_unit_test(listens_on_the_port_it_sent_from),
    cmocka_unit_test(never_resets_what_came_by_multicast),
    cmocka_unit_test(tells_late_from_unmatched),
    cmocka_unit_test(keeps_tokens_reserved),
    cmocka_unit_test(names_what_went_wrong),
    cmocka_unit_test(a_group_goes_on_after_a_reset),
    cmocka_unit_test(refuses_critical_options),
    cmocka_unit_test(ends_with_enough_responders),
    cmocka_unit_test(repeats),
    cmocka_unit_test(one_request_per_group_at_a_time),
    cmocka_unit_test(probes_a_silent_group_slowly),
    cmocka_unit_test(refuses_what_cannot_be_asked),
    cmocka_unit_test(composes_without_sending),
    cmocka_unit_test(may_be_ended_from_an_event),
    cmocka_unit_test(is_freed_in_the_middle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
