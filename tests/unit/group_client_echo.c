#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../lib/client_bench.h"

static struct client_bench bench;

static void challenge(uint8_t host, const struct bench_sent *to, enum gc_type type, uint8_t code, const char *value)
{
  const struct bench_option options[] = { { GC_OPTION_ECHO, value, strlen(value) }, { 0 } };
  bench_answer(&bench, host, to, type, code, options, NULL, 0);
}

/* "" : no Echo option */
static void assert_echo(const struct bench_sent *sent, uint8_t host, const char *value)
{
  struct gc_option echo;
  struct gc_addr remote = bench_host(host);
  assert_true(gc_addr_equal(&sent->remote, &remote));
  assert_int_equal(gc_option_find(sent->message.options, GC_OPTION_ECHO, &echo), *value != 0);
  if (*value)
    assert_true(gc_bytes_equal(echo.value, gc_bytes(value, strlen(value))));
}

/* @req A106 A107 */
static void answers_the_challenge_of_each_member(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  request.options = gc_bytes("\xb5light", 6);
  bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  challenge(1, sent, GC_TYPE_NON, GC_CODE(4, 1), "one");
  challenge(2, sent, GC_TYPE_NON, GC_CODE(4, 1), "two");
  bench_expect_none(&bench); /* not the last word of either */
  const struct bench_sent *one = bench_next(&bench), *two = bench_next(&bench);
  assert_echo(one, 1, "one");
  assert_echo(two, 2, "two");
  assert_int_equal(one->message.type, GC_TYPE_CON);
  assert_true(gc_option_find(one->message.options, GC_OPTION_URI_PATH, NULL));
  challenge(1, sent, GC_TYPE_NON, GC_CODE(4, 1), "again"); /* while the answer to the first is under way */
  bench_expect_none(&bench);
  bench_answer_text(&bench, 1, one, GC_TYPE_ACK, GC_CODE(2, 5), "on");
  bench_answer_text(&bench, 2, two, GC_TYPE_ACK, GC_CODE(2, 5), "off");
  bench_expect(&bench, "response 1 2.05 on");
  bench_expect(&bench, "response 2 2.05 off");
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void answers_by_unicast_once_per_value(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_host(1));
  bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  assert_echo(sent, 1, "");
  challenge(1, sent, GC_TYPE_ACK, GC_CODE(4, 1), "v1");
  sent = bench_next(&bench);
  assert_echo(sent, 1, "v1");
  challenge(1, sent, GC_TYPE_ACK, GC_CODE(4, 1), "v2");
  sent = bench_next(&bench);
  assert_echo(sent, 1, "v2");
  challenge(1, sent, GC_TYPE_ACK, GC_CODE(4, 1), "v2"); /* that was tried: it is the answer */
  bench_expect(&bench, "response 1 4.01");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void does_not_follow_for_ever(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_host(1));
  bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  for (char value[2] = "a"; value[0] <= 'c'; value[0]++) {
    challenge(1, sent, GC_TYPE_ACK, GC_CODE(4, 1), value);
    sent = bench_next(&bench);
  }
  challenge(1, sent, GC_TYPE_ACK, GC_CODE(4, 1), "d");
  bench_expect(&bench, "response 1 4.01");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void remembers_a_value_for_the_next_request(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_host(1)), other = bench_get(bench_host(2));
  bench_request(&bench, &request);
  challenge(1, bench_next(&bench), GC_TYPE_ACK, GC_CODE(2, 5), "later");
  bench_expect(&bench, "response 1 2.05");
  bench_expect(&bench, "end");
  bench_request(&bench, &other);
  const struct bench_sent *sent = bench_next(&bench);
  assert_echo(sent, 2, ""); /* not to another endpoint */
  bench_answer(&bench, 2, sent, GC_TYPE_ACK, GC_CODE(2, 5), NULL, NULL, 0);
  bench_expect(&bench, "response 2 2.05");
  bench_expect(&bench, "end");
  bench_request(&bench, &request);
  sent = bench_next(&bench);
  assert_echo(sent, 1, "later");
  bench_answer(&bench, 1, sent, GC_TYPE_ACK, GC_CODE(2, 5), NULL, NULL, 0);
  bench_request(&bench, &request);
  sent = bench_next(&bench);
  assert_echo(sent, 1, ""); /* once */
  bench_answer(&bench, 1, sent, GC_TYPE_ACK, GC_CODE(2, 5), NULL, NULL, 0);
  bench.told += 4;
  bench_finish(&bench);
}

static void follows_while_a_body_is_fetched(void **state)
{
  (void)state;
  static const char text[33] = "0123456789abcdef0123456789abcdef";
  static const struct bench_option first[] = { { GC_OPTION_BLOCK2, "\x08", 1 }, { 0 } }, second[] = { { GC_OPTION_BLOCK2, "\x10", 1 }, { 0 } };
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  bench_request(&bench, &request);
  bench_answer(&bench, 1, bench_next(&bench), GC_TYPE_NON, GC_CODE(2, 5), first, text, 16);
  challenge(1, bench_next(&bench), GC_TYPE_ACK, GC_CODE(4, 1), "prove");
  const struct bench_sent *sent = bench_next(&bench);
  assert_echo(sent, 1, "prove");
  assert_true(gc_option_find(sent->message.options, GC_OPTION_BLOCK2, NULL));
  bench_answer(&bench, 1, sent, GC_TYPE_ACK, GC_CODE(2, 5), second, text, 16);
  bench_expect(&bench, "response 1 2.05 0123456789abcdef0123456789abcdef");
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void observes_a_member_that_challenged(void **state)
{
  (void)state;
  static const struct bench_option accepted[] = { { GC_OPTION_OBSERVE, "\x01", 1 }, { 0 } }, next[] = { { GC_OPTION_OBSERVE, "\x02", 1 }, { 0 } };
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  request.observe = true;
  bench_request(&bench, &request);
  challenge(1, bench_next(&bench), GC_TYPE_NON, GC_CODE(4, 1), "x");
  const struct bench_sent *sent = bench_next(&bench);
  assert_true(gc_option_find(sent->message.options, GC_OPTION_OBSERVE, NULL));
  bench_answer(&bench, 1, sent, GC_TYPE_ACK, GC_CODE(2, 5), accepted, "a", 1);
  bench_answer(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), next, "b", 1);
  bench_expect(&bench, "notification 1 2.05 #1 a");
  bench_expect(&bench, "notification 1 2.05 #2 b");
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  const struct bench_sent *last = bench_next(&bench); /* deregistration with the token of that registration */
  assert_true(gc_bytes_equal(last->message.token, sent->message.token));
  bench_answer(&bench, 1, last, GC_TYPE_ACK, GC_CODE(2, 5), NULL, NULL, 0);
  bench_finish(&bench);
}

/* @req A74 A77: ETags go only to the responder that gave them, a 2.03 for another one is asked again without */
static void revalidates(void **state)
{
  (void)state;
  static const struct bench_option one[] = { { GC_OPTION_ETAG, "E1", 2 }, { 0 } }, two[] = { { GC_OPTION_ETAG, "E2", 2 }, { 0 } };
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  struct gc_exchange *exchange = bench_request(&bench, &request);
  struct gc_addr first = bench_host(1), second = bench_host(2), third = bench_host(3);
  const struct bench_sent *sent = bench_next(&bench);
  struct gc_option etag;
  bench_answer(&bench, 1, sent, GC_TYPE_NON, GC_CODE(2, 5), one, "x", 1);
  bench_answer(&bench, 2, sent, GC_TYPE_NON, GC_CODE(2, 5), NULL, "y", 1);
  assert_int_equal(gc_client_revalidate(bench.client, exchange, &second, bench.now_ms), GC_E_NOT_FOUND);
  assert_int_equal(gc_client_revalidate(bench.client, exchange, &third, bench.now_ms), GC_E_NOT_FOUND);
  assert_int_equal(gc_client_revalidate(bench.client, exchange, &first, bench.now_ms), GC_OK);
  sent = bench_next(&bench);
  assert_true(gc_option_find(sent->message.options, GC_OPTION_ETAG, &etag));
  assert_true(gc_bytes_equal(etag.value, gc_bytes("E1", 2)));
  bench_answer(&bench, 1, sent, GC_TYPE_ACK, GC_CODE(2, 3), one, NULL, 0);
  bench_expect(&bench, "response 1 2.05 x");
  bench_expect(&bench, "response 2 2.05 y");
  bench_expect(&bench, "response 1 2.03");
  assert_int_equal(gc_client_revalidate(bench.client, exchange, &first, bench.now_ms), GC_OK);
  bench_answer(&bench, 1, bench_next(&bench), GC_TYPE_ACK, GC_CODE(2, 3), two, NULL, 0);
  bench_expect_none(&bench);
  sent = bench_next(&bench);
  assert_false(gc_option_find(sent->message.options, GC_OPTION_ETAG, NULL));
  bench_answer(&bench, 1, sent, GC_TYPE_ACK, GC_CODE(2, 5), two, "z", 1);
  bench_expect(&bench, "response 1 2.05 z");
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(answers_the_challenge_of_each_member),
    cmocka_unit_test(answers_by_unicast_once_per_value),
    cmocka_unit_test(does_not_follow_for_ever),
    cmocka_unit_test(remembers_a_value_for_the_next_request),
    cmocka_unit_test(follows_while_a_body_is_fetched),
    cmocka_unit_test(observes_a_member_that_challenged),
    cmocka_unit_test(revalidates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
