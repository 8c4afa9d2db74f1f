#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "coap/block.h"

#include "../lib/client_bench.h"

static struct client_bench bench;
static char body[3000];

static const struct bench_sent *start(size_t len, uint8_t szx)
{
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_host(1));
  request.code = 3;
  request.payload = gc_bytes(body, len);
  request.block_szx = szx;
  bench_request(&bench, &request);
  return bench_next(&bench);
}

static void assert_carries(const struct bench_sent *sent, size_t at, size_t len, uint8_t szx, bool more)
{
  struct gc_block block;
  assert_int_equal(gc_block_find(&block, sent->message.options, GC_OPTION_BLOCK1), GC_OK);
  assert_int_equal(gc_block_offset(block), at);
  assert_int_equal(block.szx, szx);
  assert_int_equal(block.more, more);
  assert_int_equal(sent->message.payload.len, len);
  assert_memory_equal(sent->message.payload.ptr, body + at, len);
}

static void answer(const struct bench_sent *sent, uint8_t code, uint32_t num, bool more, uint8_t szx)
{
  uint8_t value[4];
  const struct gc_block block = { .num = num, .more = more, .szx = szx };
  const struct bench_option options[] = { { GC_OPTION_BLOCK1, (const char *)value, gc_uint_encode(value, gc_block_value(block)) }, { 0 } };
  bench_answer(&bench, 1, sent, GC_TYPE_ACK, code, options, NULL, 0);
}

static void sends_one_message_where_it_fits(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(1024, 7);
  assert_false(gc_option_find(sent->message.options, GC_OPTION_BLOCK1, NULL));
  assert_int_equal(sent->message.payload.len, 1024);
  bench_answer(&bench, 1, sent, GC_TYPE_ACK, GC_CODE(2, 4), NULL, NULL, 0);
  bench_expect(&bench, "response 1 2.04");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void sends_block_after_block(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(2100, 7);
  uint32_t size1 = 0;
  assert_carries(sent, 0, 1024, 6, true);
  assert_true(gc_option_find_uint(sent->message.options, GC_OPTION_SIZE1, &size1));
  assert_int_equal(size1, 2100);
  answer(sent, GC_CODE(2, 31), 0, true, 6);
  sent = bench_next(&bench);
  assert_carries(sent, 1024, 1024, 6, true);
  assert_false(gc_option_find(sent->message.options, GC_OPTION_SIZE1, NULL));
  bench_tick(&bench, bench.now_ms + 1500); /* each block is progress: the wait starts anew */
  answer(sent, GC_CODE(2, 31), 1, true, 6);
  sent = bench_next(&bench);
  assert_carries(sent, 2048, 52, 6, false);
  bench_tick(&bench, bench.now_ms + 1500);
  answer(sent, GC_CODE(2, 4), 2, false, 6);
  bench_expect(&bench, "response 1 2.04");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* RFC 7959, Figures 8 and 9 */
static void goes_on_with_smaller_blocks(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(200, 3);
  assert_carries(sent, 0, 128, 3, true);
  answer(sent, GC_CODE(2, 31), 0, true, 1);
  sent = bench_next(&bench);
  assert_carries(sent, 128, 32, 1, true);
  answer(sent, GC_CODE(2, 4), 4, false, 1); /* enacted block by block: 2.04 to a block in the middle */
  sent = bench_next(&bench);
  assert_carries(sent, 160, 32, 1, true);
  answer(sent, GC_CODE(2, 4), 5, false, 1);
  sent = bench_next(&bench);
  assert_carries(sent, 192, 8, 1, false);
  answer(sent, GC_CODE(2, 4), 6, false, 1);
  bench_expect(&bench, "response 1 2.04");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void starts_again_with_smaller_blocks(void **state)
{
  (void)state;
  for (size_t len = 1000; len <= 2000; len += 1000) { /* in one message, and in blocks */
    const struct bench_sent *sent = start(len, 7);
    answer(sent, GC_CODE(4, 13), 0, false, 5);
    sent = bench_next(&bench);
    assert_carries(sent, 0, 512, 5, true);
    answer(sent, GC_CODE(4, 13), 0, false, 5); /* no smaller than before: that is the answer */
    bench_expect(&bench, "response 1 4.13");
    bench_expect(&bench, "end");
    bench_finish(&bench);
  }
}

static void starts_again_after_408(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(2000, 6);
  for (int i = 0; i < 2; i++) {
    answer(sent, GC_CODE(2, 31), 0, true, 6);
    answer(bench_next(&bench), GC_CODE(4, 8), 1, false, 6);
    sent = bench_next(&bench);
    assert_carries(sent, 0, 1024, 6, true);
  }
  answer(sent, GC_CODE(4, 8), 0, false, 6);
  bench_expect(&bench, "response 1 4.08");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void stops_at_an_error(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(2000, 6);
  answer(sent, GC_CODE(4, 3), 0, false, 6);
  bench_expect(&bench, "response 1 4.03");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* RFC 7959, Section 3.3 */
static void fetches_the_answer_in_blocks(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(100, 2);
  answer(sent, GC_CODE(2, 31), 0, true, 2);
  static const struct bench_option first[] = { { GC_OPTION_BLOCK2, "\x0a", 1 }, { GC_OPTION_BLOCK1, "\x12", 1 }, { 0 } };
  static const struct bench_option second[] = { { GC_OPTION_BLOCK2, "\x12", 1 }, { 0 } };
  bench_answer(&bench, 1, bench_next(&bench), GC_TYPE_ACK, GC_CODE(2, 4), first, body, 64);
  sent = bench_next(&bench);
  assert_false(gc_option_find(sent->message.options, GC_OPTION_BLOCK1, NULL));
  assert_int_equal(sent->message.payload.len, 0);
  assert_int_equal(sent->message.code, 3);
  bench_answer(&bench, 1, sent, GC_TYPE_ACK, GC_CODE(2, 4), second, body, 10);
  bench_expect(&bench, "response 1 2.04 74 bytes in 2");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

int main(void)
{
  for (size_t i = 0; i < sizeof body; i++)
    body[i] = (char)('a' + i % 26);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sends_one_message_where_it_fits),
    cmocka_unit_test(sends_block_after_block),
    cmocka_unit_test(goes_on_with_smaller_blocks),
    cmocka_unit_test(starts_again_with_smaller_blocks),
    cmocka_unit_test(starts_again_after_408),
    cmocka_unit_test(stops_at_an_error),
    cmocka_unit_test(fetches_the_answer_in_blocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
