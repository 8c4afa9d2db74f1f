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

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_request_many_responses),
    cmocka_unit_test(one_answer_ends_a_unicast_exchange),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
