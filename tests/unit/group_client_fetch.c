#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "coap/block.h"

#include "../lib/client_bench.h"

static struct client_bench bench;
static char body[4096];

/* Host answers with the block of `len` bytes of body at num, as block 16 << szx, and an ETag (NULL: none). */
static void answer_block(uint8_t host, const struct bench_sent *to, enum gc_type type, uint32_t num, unsigned szx, size_t len, const char *etag)
{
  uint8_t value[4];
  struct gc_block block = { .num = num, .szx = (uint8_t)szx };
  size_t at = gc_block_offset(block), size = gc_block_size((uint8_t)szx), n = at + size < len ? size : len - at;
  block.more = at + size < len;
  size_t value_len = gc_uint_encode(value, gc_block_value(block));
  const struct bench_option options[] = { { GC_OPTION_BLOCK2, (const char *)value, value_len },
                                          { etag ? GC_OPTION_ETAG : 0, etag, etag ? strlen(etag) : 0 }, { 0 } };
  bench_answer(&bench, host, to, type, GC_CODE(2, 5), options, body + at, n);
}

static void assert_asks(const struct bench_sent *sent, uint8_t host, uint32_t num, unsigned szx)
{
  struct gc_block block;
  struct gc_addr remote = bench_host(host);
  assert_true(gc_addr_equal(&sent->remote, &remote));
  assert_int_equal(sent->message.type, GC_TYPE_CON);
  assert_int_equal(gc_block_find(&block, sent->message.options, GC_OPTION_BLOCK2), GC_OK);
  assert_int_equal(block.num, num);
  assert_int_equal(block.szx, szx);
  assert_false(block.more);
  assert_false(gc_option_find(sent->message.options, GC_OPTION_OBSERVE, NULL));
}

static const struct bench_sent *start(struct gc_addr remote)
{
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(remote);
  request.options = gc_bytes("\xb5large", 6);
  bench_request(&bench, &request);
  return bench_next(&bench);
}

/* @req A44 A92 */
static void fetches_from_every_responder(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(bench_group());
  answer_block(1, sent, GC_TYPE_NON, 0, 2, 150, "e1");
  answer_block(2, sent, GC_TYPE_NON, 0, 3, 150, "e2");
  const struct bench_sent *one = bench_next(&bench), *two = bench_next(&bench);
  assert_asks(one, 1, 1, 2);
  assert_asks(two, 2, 1, 3);
  assert_true(gc_option_find(one->message.options, GC_OPTION_URI_PATH, NULL));
  assert_false(gc_bytes_equal(one->message.token, two->message.token));
  assert_false(gc_bytes_equal(one->message.token, sent->message.token));
  answer_block(2, two, GC_TYPE_ACK, 1, 3, 150, "e2");
  bench_expect(&bench, "response 2 2.05 150 bytes in 2");
  answer_block(1, one, GC_TYPE_ACK, 1, 2, 150, "e1");
  one = bench_next(&bench);
  assert_asks(one, 1, 2, 2);
  bench_tick(&bench, bench.now_ms + 3000); /* the time to listen is over, the body is still completed */
  bench_expect_none(&bench);
  one = bench_next(&bench);                /* retransmitted */
  bench_answer(&bench, 1, one, GC_TYPE_ACK, 0, NULL, NULL, 0);
  answer_block(1, one, GC_TYPE_CON, 2, 2, 150, "e1"); /* a separate response */
  bench_expect(&bench, "response 1 2.05 150 bytes in 3");
  bench_expect(&bench, "end");
  assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_ACK);
  bench_finish(&bench);
}

static void fetches_by_unicast(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(bench_host(1));
  answer_block(1, sent, GC_TYPE_ACK, 0, 6, 2048, NULL);
  sent = bench_next(&bench);
  assert_asks(sent, 1, 1, 6);
  answer_block(1, sent, GC_TYPE_ACK, 1, 6, 2048, NULL);
  bench_expect(&bench, "response 1 2.05 2048 bytes in 2");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* Two bodies of one responder are fetched one after the other (RFC 7959, Section 2.4). */
static void fetches_one_body_at_a_time(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(bench_group());
  answer_block(1, sent, GC_TYPE_NON, 0, 5, 600, "a");
  answer_block(1, sent, GC_TYPE_NON, 0, 5, 700, "b");
  const struct bench_sent *first = bench_next(&bench);
  assert_true(bench_sent_none(&bench));
  answer_block(1, first, GC_TYPE_ACK, 1, 5, 600, "a");
  bench_expect(&bench, "response 1 2.05 600 bytes in 2");
  answer_block(1, bench_next(&bench), GC_TYPE_ACK, 1, 5, 700, "b");
  bench_expect(&bench, "response 1 2.05 700 bytes in 2");
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void follows_a_smaller_block_size(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(bench_host(1));
  answer_block(1, sent, GC_TYPE_ACK, 0, 4, 400, "a");
  sent = bench_next(&bench);
  assert_asks(sent, 1, 1, 4);
  answer_block(1, sent, GC_TYPE_ACK, 4, 2, 400, "a"); /* 256 bytes are there; now blocks of 64 */
  sent = bench_next(&bench);
  assert_asks(sent, 1, 5, 2);
  answer_block(1, sent, GC_TYPE_ACK, 5, 2, 400, "a");
  answer_block(1, bench_next(&bench), GC_TYPE_ACK, 6, 2, 400, "a");
  bench_expect(&bench, "response 1 2.05 400 bytes in 4");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void asks_for_the_preferred_size(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  request.block_szx = 1;
  request.early_block2 = true; /* @req A91 */
  bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  struct gc_block block;
  assert_int_equal(gc_block_find(&block, sent->message.options, GC_OPTION_BLOCK2), GC_OK);
  assert_int_equal(block.num, 0);
  assert_int_equal(block.szx, 1);
  answer_block(1, sent, GC_TYPE_NON, 0, 1, 60, NULL);
  sent = bench_next(&bench);
  assert_asks(sent, 1, 1, 1);
  answer_block(1, sent, GC_TYPE_ACK, 1, 1, 60, NULL);
  bench_expect(&bench, "response 1 2.05 60 bytes in 2");
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void hands_out_a_single_block(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_host(1));
  request.single_block = true;
  bench_request(&bench, &request);
  answer_block(1, bench_next(&bench), GC_TYPE_ACK, 0, 2, 150, NULL);
  bench_expect(&bench, "response 1 2.05 64 bytes in 1");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* RFC 7959, Section 2.4: blocks with different ETags are not put together */
static void starts_again_when_the_representation_changes(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(bench_host(1));
  answer_block(1, sent, GC_TYPE_ACK, 0, 5, 1000, "old");
  answer_block(1, bench_next(&bench), GC_TYPE_ACK, 1, 5, 1100, "new");
  sent = bench_next(&bench);
  assert_asks(sent, 1, 0, 5);
  answer_block(1, sent, GC_TYPE_ACK, 0, 5, 1100, "new");
  answer_block(1, bench_next(&bench), GC_TYPE_ACK, 1, 5, 1100, "new");
  answer_block(1, bench_next(&bench), GC_TYPE_ACK, 2, 5, 1100, "new");
  bench_expect(&bench, "response 1 2.05 1100 bytes in 3");
  bench_expect(&bench, "end");
  bench_finish(&bench);

  sent = start(bench_host(1)); /* it never stops changing */
  for (int i = 0; i < 3; i++) {
    answer_block(1, sent, GC_TYPE_ACK, 0, 5, 1000, i % 2 ? "b" : "a");
    answer_block(1, bench_next(&bench), GC_TYPE_ACK, 1, 5, 1000, i % 2 ? "c" : "d");
    if (i < 2)
      sent = bench_next(&bench);
  }
  bench_expect(&bench, "incomplete 1 2.05 the representation changed while it was fetched");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void takes_a_body_that_has_become_small(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(bench_host(1));
  answer_block(1, sent, GC_TYPE_ACK, 0, 5, 1000, "a");
  bench_answer_text(&bench, 1, bench_next(&bench), GC_TYPE_ACK, GC_CODE(2, 5), "small now");
  bench_expect(&bench, "response 1 2.05 small now");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* The second message of a body of 1000 bytes in blocks of 512, as it must not be. */
static void refuses_what_does_not_fit(void **state)
{
  (void)state;
  static const struct {
    uint8_t code;
    struct bench_option options[2];
    size_t len;
    const char *text;
  } cases[] = {
    { GC_CODE(4, 4), { { 0 } }, 0, "incomplete 1 4.04 a block was refused" },
    { GC_CODE(2, 5), { { 0 } }, 0, "incomplete 1 2.05 a block is missing" },
    { GC_CODE(2, 5), { { GC_OPTION_BLOCK2, "\x1f", 1 } }, 100, "incomplete 1 2.05 a Block2 option is malformed" },
    { GC_CODE(2, 5), { { GC_OPTION_BLOCK2, "\x25", 1 } }, 100, "incomplete 1 2.05 a block arrived that was not asked for" },
    { GC_CODE(2, 5), { { GC_OPTION_BLOCK2, "\x0d", 1 } }, 512, "incomplete 1 2.05 a block arrived that was not asked for" },
    { GC_CODE(2, 5), { { GC_OPTION_BLOCK2, "\x1d", 1 } }, 511, "incomplete 1 2.05 a block has the wrong length" },
    { GC_CODE(2, 5), { { GC_OPTION_BLOCK2, "\x1d", 1 } }, 513, "incomplete 1 2.05 a block has the wrong length" },
    { GC_CODE(2, 5), { { GC_OPTION_BLOCK2, "\x15", 1 } }, 513, "incomplete 1 2.05 a block has the wrong length" },
    { GC_CODE(2, 5), { { GC_OPTION_BLOCK2, "\x16", 1 } }, 488, "incomplete 1 2.05 a block arrived that was not asked for" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct bench_sent *sent = start(bench_host(1));
    answer_block(1, sent, GC_TYPE_ACK, 0, 5, 1000, NULL);
    bench_answer(&bench, 1, bench_next(&bench), GC_TYPE_ACK, cases[i].code, cases[i].options, body, cases[i].len);
    bench_expect(&bench, cases[i].text);
    bench_expect(&bench, "end");
    bench_finish(&bench);
  }
}

static void refuses_a_first_block_out_of_nowhere(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(bench_group());
  answer_block(1, sent, GC_TYPE_NON, 2, 2, 400, NULL);
  bench_expect(&bench, "incomplete 1 2.05 a block arrived that was not asked for");
  static const struct bench_option reserved[] = { { GC_OPTION_BLOCK2, "\x0f", 1 }, { 0 } };
  bench_answer(&bench, 2, sent, GC_TYPE_NON, GC_CODE(2, 5), reserved, body, 64);
  bench_expect(&bench, "incomplete 2 2.05 a Block2 option is malformed");
  static const struct bench_option short_block[] = { { GC_OPTION_BLOCK2, "\x0a", 1 }, { 0 } };
  bench_answer(&bench, 3, sent, GC_TYPE_NON, GC_CODE(2, 5), short_block, body, 63);
  bench_expect(&bench, "incomplete 3 2.05 a block has the wrong length");
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void bounds_a_body(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_host(1));
  request.max_body_len = 1024;
  bench_request(&bench, &request);
  answer_block(1, bench_next(&bench), GC_TYPE_ACK, 0, 5, 2000, NULL);
  answer_block(1, bench_next(&bench), GC_TYPE_ACK, 1, 5, 2000, NULL);
  answer_block(1, bench_next(&bench), GC_TYPE_ACK, 2, 5, 2000, NULL);
  bench_expect(&bench, "incomplete 1 2.05 the body is larger than allowed");
  bench_expect(&bench, "end");
  bench_request(&bench, &request); /* announced by Size2 */
  static const struct bench_option options[] = { { GC_OPTION_BLOCK2, "\x0d", 1 }, { GC_OPTION_SIZE2, "\x04\x01", 2 }, { 0 } };
  bench_answer(&bench, 1, bench_next(&bench), GC_TYPE_ACK, GC_CODE(2, 5), options, body, 512);
  bench_expect(&bench, "incomplete 1 2.05 the body is larger than allowed");
  bench_expect(&bench, "end");
  bench_finish(&bench);

  struct gc_client_params params = gc_client_params_default();
  params.max_body_total = 2048;
  bench_start(&bench, &params);
  request = bench_get(bench_group());
  bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  for (uint8_t host = 1; host <= 3; host++)
    answer_block(host, sent, GC_TYPE_NON, 0, 6, 2000, NULL);
  bench_expect(&bench, "incomplete 3 2.05 too many bodies at once");
  for (int i = 0; i < 2; i++)
    bench_answer(&bench, (uint8_t)(i + 1), bench_next(&bench), GC_TYPE_RST, 0, NULL, NULL, 0);
  bench_expect(&bench, "reset 1 the next block");
  bench_expect(&bench, "reset 2 the next block");
  bench_tick(&bench, bench.now_ms + 2000);
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void tells_of_a_block_that_never_came(void **state)
{
  (void)state;
  const struct bench_sent *sent = start(bench_group());
  answer_block(1, sent, GC_TYPE_NON, 0, 2, 150, NULL);
  answer_block(2, sent, GC_TYPE_NON, 0, 2, 150, NULL);
  bench_next(&bench);
  bench_answer(&bench, 2, bench_next(&bench), GC_TYPE_ACK, 0, NULL, NULL, 0); /* acknowledged, and then nothing */
  bench_tick(&bench, bench.now_ms + 300000);
  while (!bench_sent_none(&bench))
    assert_int_equal(bench_next(&bench)->message.type, GC_TYPE_CON);
  if (strcmp(bench.events[0], "timeout 1 the next block") == 0) {
    bench_expect(&bench, "timeout 1 the next block");
    bench_expect(&bench, "timeout 2 the next block");
  } else {
    bench_expect(&bench, "timeout 2 the next block");
    bench_expect(&bench, "timeout 1 the next block");
  }
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

/* The request has been answered, only its body is missing: nothing is repeated any more. */
static void does_not_repeat_what_is_answered(void **state)
{
  (void)state;
  struct gc_client_params params = gc_client_params_default();
  params.probing_rate = 0;
  bench_start(&bench, &params);
  struct gc_request request = bench_get(bench_host(1));
  request.is_con = false;
  request.repeats = 3;
  bench_request(&bench, &request);
  answer_block(1, bench_next(&bench), GC_TYPE_NON, 0, 2, 100, NULL);
  const struct bench_sent *sent = bench_next(&bench);
  bench_tick(&bench, bench.now_ms + 1900);
  assert_true(bench_sent_none(&bench));
  answer_block(1, sent, GC_TYPE_ACK, 1, 2, 100, NULL);
  bench_expect(&bench, "response 1 2.05 100 bytes in 2");
  bench_expect(&bench, "end");
  bench_finish(&bench);
}

static void may_be_ended_while_bodies_are_fetched(void **state)
{
  (void)state;
  bench_start(&bench, NULL);
  struct gc_request request = bench_get(bench_group());
  struct gc_exchange *exchange = bench_request(&bench, &request);
  const struct bench_sent *sent = bench_next(&bench);
  for (uint8_t host = 1; host <= 3; host++)
    answer_block(host, sent, GC_TYPE_NON, 0, 2, 100, NULL);
  bench.end_on_event = exchange;
  answer_block(2, &bench.sent[bench.looked_at + 1], GC_TYPE_ACK, 1, 2, 100, NULL);
  bench_expect(&bench, "response 2 2.05 100 bytes in 2");
  bench_expect(&bench, "end");
  assert_int_equal(gc_client_state(bench.client).under_way, 0);
  bench.looked_at = bench.sent_count;
  bench_finish(&bench);
}

int main(void)
{
  for (size_t i = 0; i < sizeof body; i++)
    body[i] = (char)('a' + i % 26);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(fetches_from_every_responder),
    cmocka_unit_test(fetches_by_unicast),
    cmocka_unit_test(fetches_one_body_at_a_time),
    cmocka_unit_test(follows_a_smaller_block_size),
    cmocka_unit_test(asks_for_the_preferred_size),
    cmocka_unit_test(hands_out_a_single_block),
    cmocka_unit_test(starts_again_when_the_representation_changes),
    cmocka_unit_test(takes_a_body_that_has_become_small),
    cmocka_unit_test(refuses_what_does_not_fit),
    cmocka_unit_test(refuses_a_first_block_out_of_nowhere),
    cmocka_unit_test(bounds_a_body),
    cmocka_unit_test(tells_of_a_block_that_never_came),
    cmocka_unit_test(does_not_repeat_what_is_answered),
    cmocka_unit_test(may_be_ended_while_bodies_are_fetched),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
