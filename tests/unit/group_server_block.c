/* Bodies in blocks: RFC 7959; groupcomm-bis, Section 3.8. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../lib/server_rig.h"
#include "coap/block.h"

static struct rig rig;

static int start(void **state)
{
  (void)state;
  rig_start(&rig, 2, NULL);
  return 0;
}

static int stop(void **state)
{
  (void)state;
  rig_stop(&rig);
  return 0;
}

static void get_block(uint32_t num, uint8_t szx, int to)
{
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "a/big");
  gc_builder_add_block(&request, GC_OPTION_BLOCK2, (struct gc_block){ num, false, szx });
  rig_send(&rig, &request, to);
}

static struct gc_block block_of(const struct rig_sent *sent, uint16_t number)
{
  struct gc_block block = { 0 };
  assert_int_equal(gc_block_find(&block, sent->message.options, number), GC_OK);
  return block;
}

/* Fetch the whole body from a member, and compare it. */
static void fetch_all(uint8_t szx, size_t len)
{
  rig.big_len = len;
  struct gc_option etag = { 0 };
  uint8_t first_etag[8] = { 0 };
  size_t got = 0;
  for (uint32_t num = 0;; num++) {
    rig_forget(&rig);
    get_block(num, szx, 0);
    const struct rig_sent *answer = rig_last(&rig);
    assert_int_equal(answer->message.code, GC_CODE_CONTENT);
    const struct gc_block block = block_of(answer, GC_OPTION_BLOCK2);
    assert_int_equal(block.num, num);
    assert_int_equal(block.szx, szx);
    for (size_t i = 0; i < answer->message.payload.len; i++, got++)
      assert_int_equal(answer->message.payload.ptr[i], (uint8_t)(got * 7 + got / 256));
    assert_true(gc_option_find(answer->message.options, GC_OPTION_ETAG, &etag));
    if (num == 0) {
      memcpy(first_etag, etag.value.ptr, 8);
      if (block.more)
        assert_int_equal(rig_uint(answer, GC_OPTION_SIZE2), len);
    }
    assert_memory_equal(etag.value.ptr, first_etag, 8);
    assert_true(gc_block_fits(block, answer->message.payload.len));
    if (!block.more)
      break;
  }
  assert_int_equal(got, len);
}

static void every_size_gives_the_whole_body(void **state)
{
  (void)state;
  for (uint8_t szx = 0; szx <= 6; szx++) {
    const size_t size = gc_block_size(szx);
    const size_t lens[] = { 1, size - 1, size, size + 1, 2 * size, 2 * size + 1, 2500 };
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
      fetch_all(szx, lens[i]);
  }
}

/* @req A93 */
static void large_bodies_come_in_blocks_unasked(void **state)
{
  (void)state;
  rig_get(&rig, GC_TYPE_CON, "a/big", 0);
  const struct gc_block block = block_of(rig_last(&rig), GC_OPTION_BLOCK2);
  assert_int_equal(block.num, 0);
  assert_int_equal(block.szx, 6);
  assert_true(block.more);
  assert_int_equal(rig_last(&rig)->message.payload.len, 1024);
  assert_int_equal(rig_uint(rig_last(&rig), GC_OPTION_SIZE2), 2500);
  rig.big_len = 1024;
  rig_get(&rig, GC_TYPE_CON, "a/big", 0);
  assert_false(rig_has(rig_last(&rig), GC_OPTION_BLOCK2, NULL));
  assert_int_equal(rig_last(&rig)->message.payload.len, 1024);
}

static void the_server_may_want_smaller_blocks(void **state)
{
  (void)state;
  struct gc_server_params params = rig_params();
  params.block_szx = 2;
  rig_stop(&rig);
  rig_start(&rig, 1, &params);
  get_block(1, 6, 0); /* byte 1024 on: block 16 of 64 bytes */
  const struct gc_block block = block_of(rig_last(&rig), GC_OPTION_BLOCK2);
  assert_int_equal(block.num, 16);
  assert_int_equal(block.szx, 2);
  assert_int_equal(rig_last(&rig)->message.payload.ptr[0], (uint8_t)(1024 * 7 + 4));
}

static void a_block_behind_the_end(void **state)
{
  (void)state;
  rig.big_len = 2048;
  get_block(2, 6, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_BAD_REQUEST);
  get_block(GC_BLOCK_NUM_MAX, 6, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_BAD_REQUEST);
}

/* @req A91 */
static void a_group_request_may_ask_for_the_first_block(void **state)
{
  (void)state;
  get_block(0, 0, RIG_TO_GROUP);
  rig_wait(&rig, 1000);
  assert_int_equal(rig.sent_count, 2);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(rig.sent[i].message.payload.len, 16);
    assert_true(block_of(&rig.sent[i], GC_OPTION_BLOCK2).more);
  }
}

/* @req A92 */
static void later_blocks_by_group_request(void **state)
{
  (void)state;
  get_block(2, 1, RIG_TO_GROUP);
  rig_wait(&rig, 1000);
  assert_int_equal(rig.sent_count, 2);
  assert_int_equal(block_of(rig_last(&rig), GC_OPTION_BLOCK2).num, 2);
}

/* --- Block1 -------------------------------------------------------------------------------------------------------- */

struct put {
  uint8_t code;
  size_t len;    /* of the whole body */
  const char *tag; /* Request-Tag, NULL: none */
};

static uint8_t body_byte(size_t i)
{
  return (uint8_t)(i * 13 + i / 200);
}

static const struct rig_sent *put_block(const struct put *put, uint32_t num, uint8_t szx, int to)
{
  const size_t size = gc_block_size(szx), offset = num * size;
  const bool more = offset + size < put->len;
  const size_t len = more ? size : put->len - offset;
  uint8_t payload[1024];
  for (size_t i = 0; i < len; i++)
    payload[i] = body_byte(offset + i);
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, put->code, "sink");
  if (put->tag)
    gc_builder_add_str(&request, GC_OPTION_REQUEST_TAG, put->tag);
  gc_builder_add_block(&request, GC_OPTION_BLOCK1, (struct gc_block){ num, more, szx });
  gc_builder_payload(&request, gc_bytes(payload, len));
  const size_t before = rig.sent_count;
  rig_send(&rig, &request, to);
  return rig.sent_count > before ? rig_last(&rig) : NULL;
}

static void assert_body(size_t len)
{
  assert_int_equal(rig.body_len, len);
  for (size_t i = 0; i < len; i++)
    assert_int_equal(rig.body[i], body_byte(i));
}

static void put_all(const struct put *put, uint8_t szx)
{
  const uint32_t last = (uint32_t)((put->len - 1) / gc_block_size(szx));
  for (uint32_t num = 0; num <= last; num++) {
    const struct rig_sent *answer = put_block(put, num, szx, 0);
    assert_non_null(answer);
    assert_int_equal(answer->message.code, num < last ? GC_CODE_CONTINUE : GC_CODE_CHANGED);
    const struct gc_block block = block_of(answer, GC_OPTION_BLOCK1);
    assert_int_equal(block.num, num);
    assert_int_equal(block.szx, szx);
    assert_int_equal(block.more, num < last);
  }
  assert_body(put->len);
  assert_int_equal(gc_server_state(rig.server).transfers, 0);
  rig_forget(&rig);
}

static void every_size_is_put_together(void **state)
{
  (void)state;
  for (uint8_t szx = 0; szx <= 6; szx++) {
    const size_t size = gc_block_size(szx);
    const size_t lens[] = { 1, size, size + 1, 2 * size, 3 * size - 1, 4000 };
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
      if (lens[i] <= 4000)
        put_all(&(struct put){ GC_CODE_PUT, lens[i], NULL }, szx);
  }
}

static void repeated_and_restarted_blocks(void **state)
{
  (void)state;
  const struct put put = { GC_CODE_PUT, 150, NULL };
  assert_int_equal(put_block(&put, 0, 2, 0)->message.code, GC_CODE_CONTINUE);
  assert_int_equal(put_block(&put, 1, 2, 0)->message.code, GC_CODE_CONTINUE);
  assert_int_equal(put_block(&put, 1, 2, 0)->message.code, GC_CODE_CONTINUE);
  assert_int_equal(put_block(&put, 0, 2, 0)->message.code, GC_CODE_CONTINUE); /* from the start again */
  assert_int_equal(put_block(&put, 2, 2, 0)->message.code, GC_CODE_REQUEST_ENTITY_INCOMPLETE);
  assert_int_equal(put_block(&put, 1, 2, 0)->message.code, GC_CODE_CONTINUE);
  assert_int_equal(put_block(&put, 2, 2, 0)->message.code, GC_CODE_CHANGED);
  assert_body(150);
}

static void a_missing_block_is_told(void **state)
{
  (void)state;
  const struct put put = { GC_CODE_PUT, 150, NULL };
  assert_int_equal(put_block(&put, 1, 2, 0)->message.code, GC_CODE_REQUEST_ENTITY_INCOMPLETE);
  assert_int_equal(put_block(&put, 0, 2, 0)->message.code, GC_CODE_CONTINUE);
  assert_int_equal(put_block(&put, 2, 2, 0)->message.code, GC_CODE_REQUEST_ENTITY_INCOMPLETE);
  assert_int_equal(put_block(&put, 1, 2, 1)->message.code, GC_CODE_REQUEST_ENTITY_INCOMPLETE); /* another member */
  assert_int_equal(rig.calls, 0);
}

static void transfers_with_different_tags_do_not_mix(void **state)
{
  (void)state;
  const struct put a = { GC_CODE_PUT, 150, "a" }, b = { GC_CODE_PUT, 100, "b" };
  put_block(&a, 0, 2, 0);
  put_block(&b, 0, 2, 0);
  assert_int_equal(gc_server_state(rig.server).transfers, 2);
  put_block(&a, 1, 2, 0);
  assert_int_equal(put_block(&b, 1, 2, 0)->message.code, GC_CODE_CHANGED);
  assert_body(100);
  assert_int_equal(put_block(&a, 2, 2, 0)->message.code, GC_CODE_CHANGED);
  assert_body(150);
}

static void too_large_is_told_at_once_with_the_limit(void **state)
{
  (void)state;
  const struct put put = { GC_CODE_PUT, 5000, NULL };
  for (uint32_t num = 0; num < 3; num++)
    assert_int_equal(put_block(&put, num, 6, 0)->message.code, GC_CODE_CONTINUE);
  assert_int_equal(put_block(&put, 3, 6, 0)->message.code, GC_CODE_REQUEST_ENTITY_TOO_LARGE);
  assert_int_equal(rig_uint(rig_last(&rig), GC_OPTION_SIZE1), 4000);
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_PUT, "value");
  gc_builder_payload(&request, gc_bytes_str("seventeen letters"));
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_REQUEST_ENTITY_TOO_LARGE);
  assert_int_equal(rig_uint(rig_last(&rig), GC_OPTION_SIZE1), 16);
  assert_int_equal(rig.calls, 0);
}

static void a_block_of_the_wrong_length(void **state)
{
  (void)state;
  for (unsigned more = 0; more < 2; more++) {
    struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_PUT, "sink");
    gc_builder_add_block(&request, GC_OPTION_BLOCK1, (struct gc_block){ 0, more, 0 });
    gc_builder_payload(&request, gc_bytes_str(more ? "short" : "longer than sixteen"));
    rig_send(&rig, &request, 0);
    assert_int_equal(rig_last(&rig)->message.code, GC_CODE_BAD_REQUEST);
  }
}

static void smaller_blocks_are_asked_for(void **state)
{
  (void)state;
  struct gc_server_params params = rig_params();
  params.block_szx = 4;
  rig_stop(&rig);
  rig_start(&rig, 1, &params);
  const struct put put = { GC_CODE_PUT, 2000, NULL };
  assert_int_equal(block_of(put_block(&put, 0, 6, 0), GC_OPTION_BLOCK1).szx, 4);
  for (uint32_t num = 4; num < 7; num++)
    assert_int_equal(put_block(&put, num, 4, 0)->message.code, GC_CODE_CONTINUE);
  assert_int_equal(put_block(&put, 7, 4, 0)->message.code, GC_CODE_CHANGED);
  assert_body(2000);
}

/* @req A94 */
static void blocks_to_a_group_are_ignored(void **state)
{
  (void)state;
  const struct put put = { GC_CODE_PUT, 150, NULL };
  put_block(&put, 0, 2, RIG_TO_GROUP);
  put_block(&put, 1, 2, RIG_TO_GROUP);
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "a/big");
  gc_builder_add_uint(&request, GC_OPTION_Q_BLOCK2, 6);
  rig_send(&rig, &request, RIG_TO_GROUP);
  rig_wait(&rig, 10000);
  assert_int_equal(rig.sent_count, 0);
  assert_int_equal(rig.calls, 0);
  assert_int_equal(gc_server_state(rig.server).transfers, 0);
}

static void unfinished_transfers_are_forgotten(void **state)
{
  (void)state;
  const struct put put = { GC_CODE_PUT, 150, NULL };
  put_block(&put, 0, 2, 0);
  assert_int_equal(gc_server_state(rig.server).transfers, 1);
  rig_wait(&rig, 246000);
  assert_int_equal(gc_server_state(rig.server).transfers, 1);
  rig_wait(&rig, 2000);
  assert_int_equal(gc_server_state(rig.server).transfers, 0);
  assert_int_equal(put_block(&put, 1, 2, 0)->message.code, GC_CODE_REQUEST_ENTITY_INCOMPLETE);
}

static void transfers_are_bounded(void **state)
{
  (void)state;
  struct gc_server_params params = rig_params();
  params.max_transfers = 8;
  rig_stop(&rig);
  rig_start(&rig, 1, &params);
  const struct put put = { GC_CODE_PUT, 150, NULL };
  for (uint16_t port = 1; port <= 50; port++) {
    rig.client.port = port;
    assert_int_equal(put_block(&put, 0, 2, 0)->message.code, GC_CODE_CONTINUE);
    assert_in_range(gc_server_state(rig.server).transfers, 1, 8);
  }
  assert_int_equal(put_block(&put, 1, 2, 0)->message.code, GC_CODE_CONTINUE); /* the latest are kept */
  params.max_transfer_bytes = 1000;
  params.max_transfers = 1000;
  rig_stop(&rig);
  rig_start(&rig, 1, &params);
  for (uint16_t port = 1; port <= 50; port++) {
    rig.client.port = port;
    assert_int_equal(put_block(&put, 0, 2, 0)->message.code, GC_CODE_CONTINUE);
  }
  assert_in_range(gc_server_state(rig.server).transfers, 1, 1000 / 64);
}

/* POST: a large body up, a large one down, the handler called once. */
static void both_directions(void **state)
{
  (void)state;
  const struct put put = { GC_CODE_POST, 3000, "t" };
  for (uint32_t num = 0; num < 2; num++)
    put_block(&put, num, 6, 0);
  const struct rig_sent *answer = put_block(&put, 2, 6, 0);
  assert_int_equal(answer->message.code, GC_CODE_CHANGED);
  assert_int_equal(answer->message.payload.len, 1024);
  assert_true(block_of(answer, GC_OPTION_BLOCK2).more);
  assert_int_equal(block_of(answer, GC_OPTION_BLOCK1).num, 2);
  for (uint32_t num = 1; num < 3; num++) {
    struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_POST, "sink");
    gc_builder_add_block(&request, GC_OPTION_BLOCK2, (struct gc_block){ num, false, 6 });
    rig_send(&rig, &request, 0);
    answer = rig_last(&rig);
    assert_int_equal(answer->message.code, GC_CODE_CHANGED);
    assert_int_equal(block_of(answer, GC_OPTION_BLOCK2).num, num);
    assert_int_equal(block_of(answer, GC_OPTION_BLOCK2).more, num < 2);
    for (size_t i = 0; i < answer->message.payload.len; i++)
      assert_int_equal(answer->message.payload.ptr[i], body_byte(num * 1024 + i));
  }
  assert_int_equal(rig.calls, 1);
  rig_wait(&rig, 300000);
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_POST, "sink");
  gc_builder_add_block(&request, GC_OPTION_BLOCK2, (struct gc_block){ 1, false, 6 });
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_REQUEST_ENTITY_INCOMPLETE);
  assert_int_equal(rig.calls, 1);
}

/* --- large responses --------------------------------------------------------------------------------------------------- */

#define LARGE_LEN 600000
#define LARGE_MAX 5 /* so many of them in three quarters of 4 MiB */

static enum gc_err large(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  (void)request;
  rig.calls++;
  for (size_t i = 0; i < rig.big_len; i++)
    if (gc_buf_add_u8(&response->body, body_byte(i)))
      return GC_E_SPACE;
  return GC_OK;
}

static void start_large(void)
{
  struct gc_server_params params = rig_params();
  params.max_answer_len = LARGE_LEN;
  params.max_transfer_bytes = 4u << 20;
  rig_stop(&rig);
  rig_start(&rig, 1, &params);
  rig.big_len = LARGE_LEN;
  const struct gc_resource_def def = { .path = "large", .methods = 1u << 1 | 1u << 2 | 1u << 5, .handler = large, .content_format = -1,
                                       .consumes = -1, .max_body_len = 16 };
  assert_int_equal(gc_server_add_resource(rig.server, NULL, &def), GC_OK);
}

/* query: tells transfers of one client apart; NULL: none */
static const struct rig_sent *ask_large(uint8_t code, uint16_t port, const char *query, uint32_t num)
{
  rig_forget(&rig);
  rig.client.port = port;
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, code, "large");
  if (query)
    gc_builder_add_str(&request, GC_OPTION_URI_QUERY, query);
  gc_builder_add_block(&request, GC_OPTION_BLOCK2, (struct gc_block){ num, false, 6 });
  rig_send(&rig, &request, 0);
  return rig_last(&rig);
}

static void large_responses_are_made_once(void **state)
{
  (void)state;
  const uint8_t methods[] = { GC_CODE_GET, GC_CODE_POST, GC_CODE_FETCH };
  start_large();
  for (size_t m = 0; m < sizeof methods; m++) {
    struct gc_option etag;
    size_t got = 0;
    bool more = true;
    rig.calls = 0;
    for (uint32_t num = 0; more; num++) {
      const struct rig_sent *answer = ask_large(methods[m], 1, NULL, num);
      assert_int_equal(answer->message.code, methods[m] == GC_CODE_POST ? GC_CODE_CHANGED : GC_CODE_CONTENT);
      assert_int_equal(gc_option_find(answer->message.options, GC_OPTION_ETAG, &etag), methods[m] != GC_CODE_POST);
      more = block_of(answer, GC_OPTION_BLOCK2).more;
      for (size_t i = 0; i < answer->message.payload.len; i++, got++)
        assert_int_equal(answer->message.payload.ptr[i], body_byte(got));
    }
    assert_int_equal(got, LARGE_LEN);
    assert_int_equal(rig.calls, 1);
  }
  rig.big_len = LARGE_LEN + 1;
  assert_int_equal(ask_large(GC_CODE_GET, 2, NULL, 0)->message.code, GC_CODE_INTERNAL_SERVER_ERROR);
  rig_stop(&rig);
  rig_start(&rig, 1, NULL);
  rig.big_len = 65536;
  rig_get(&rig, GC_TYPE_NON, "solo", 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  rig.big_len = 65537;
  rig_get(&rig, GC_TYPE_NON, "solo", 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_INTERNAL_SERVER_ERROR);
}

/* Who is served is served to the end, who finds no room is told so before anything is done, and who goes away is forgotten. */
static void large_responses_are_bounded(void **state)
{
  (void)state;
  const struct put put = { GC_CODE_PUT, 150, NULL };
  start_large();
  for (uint16_t port = 1; port <= LARGE_MAX; port++)
    assert_int_equal(ask_large(GC_CODE_POST, port, NULL, 0)->message.code, GC_CODE_CHANGED);
  for (uint16_t port = 10; port < 30; port++) {
    const struct rig_sent *answer = ask_large(GC_CODE_POST, port, NULL, 0);
    assert_int_equal(answer->message.code, GC_CODE_SERVICE_UNAVAILABLE);
    assert_int_equal(rig_uint(answer, GC_OPTION_MAX_AGE), 5);
    assert_int_equal(ask_large(GC_CODE_GET, port, NULL, 0)->message.code, GC_CODE_CONTENT); /* each block made anew */
    assert_int_equal(ask_large(GC_CODE_GET, port, NULL, 1)->message.code, GC_CODE_CONTENT);
  }
  assert_int_equal(rig.calls, LARGE_MAX + 40);
  assert_int_equal(gc_server_state(rig.server).transfers, LARGE_MAX);
  rig.client.port = 99; /* small ones have room left */
  assert_int_equal(put_block(&put, 0, 2, 0)->message.code, GC_CODE_CONTINUE);
  for (uint16_t port = 2; port <= LARGE_MAX; port++)
    assert_int_equal(ask_large(GC_CODE_POST, port, NULL, 1)->message.code, GC_CODE_CHANGED);
  rig_wait(&rig, 4000);
  for (uint16_t port = 2; port <= LARGE_MAX; port++)
    assert_int_equal(ask_large(GC_CODE_POST, port, NULL, 2)->message.code, GC_CODE_CHANGED);
  assert_int_equal(ask_large(GC_CODE_POST, 40, NULL, 0)->message.code, GC_CODE_SERVICE_UNAVAILABLE);
  rig_wait(&rig, 1000); /* nothing from the first for five seconds */
  assert_int_equal(ask_large(GC_CODE_POST, 40, NULL, 0)->message.code, GC_CODE_CHANGED);
  assert_int_equal(ask_large(GC_CODE_POST, 1, NULL, 1)->message.code, GC_CODE_REQUEST_ENTITY_INCOMPLETE);
  assert_int_equal(ask_large(GC_CODE_POST, 2, NULL, (LARGE_LEN - 1) / 1024)->message.code, GC_CODE_CHANGED); /* has all of it now */
  assert_int_equal(ask_large(GC_CODE_POST, 41, NULL, 0)->message.code, GC_CODE_CHANGED);
  assert_int_equal(ask_large(GC_CODE_POST, 2, NULL, 1)->message.code, GC_CODE_REQUEST_ENTITY_INCOMPLETE);
  assert_int_equal(ask_large(GC_CODE_POST, 3, NULL, 3)->message.code, GC_CODE_CHANGED);
  assert_int_equal(gc_server_state(rig.server).transfers, LARGE_MAX + 1);
}

static void one_peer_has_two_large_responses(void **state)
{
  (void)state;
  start_large();
  assert_int_equal(ask_large(GC_CODE_POST, 1, NULL, 0)->message.code, GC_CODE_CHANGED);
  for (char query[] = "a"; query[0] <= 'z'; query[0]++)
    assert_int_equal(ask_large(GC_CODE_POST, 2, query, 0)->message.code, GC_CODE_CHANGED);
  assert_int_equal(gc_server_state(rig.server).transfers, 3);
  assert_int_equal(ask_large(GC_CODE_POST, 2, "x", 1)->message.code, GC_CODE_REQUEST_ENTITY_INCOMPLETE);
  assert_int_equal(ask_large(GC_CODE_POST, 2, "y", 1)->message.code, GC_CODE_CHANGED);
  assert_int_equal(ask_large(GC_CODE_POST, 2, "z", 1)->message.code, GC_CODE_CHANGED);
  assert_int_equal(ask_large(GC_CODE_POST, 1, NULL, 1)->message.code, GC_CODE_CHANGED);
}

/* What is observed is never kept for GET: a notification's later blocks are asked for in the same way. */
static void large_responses_that_are_observed(void **state)
{
  (void)state;
  struct gc_server_params params = rig_params();
  params.max_answer_len = LARGE_LEN;
  rig_stop(&rig);
  rig_start(&rig, 1, &params);
  rig.big_len = 70000;
  get_block(0, 6, 0);
  get_block(1, 6, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  assert_int_equal(rig.calls, 2);
  assert_int_equal(gc_server_state(rig.server).transfers, 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, start, stop)
  const struct CMUnitTest tests[] = {
    CASE(every_size_gives_the_whole_body),
    CASE(large_bodies_come_in_blocks_unasked),
    CASE(the_server_may_want_smaller_blocks),
    CASE(a_block_behind_the_end),
    CASE(a_group_request_may_ask_for_the_first_block),
    CASE(later_blocks_by_group_request),
    CASE(every_size_is_put_together),
    CASE(repeated_and_restarted_blocks),
    CASE(a_missing_block_is_told),
    CASE(transfers_with_different_tags_do_not_mix),
    CASE(too_large_is_told_at_once_with_the_limit),
    CASE(a_block_of_the_wrong_length),
    CASE(smaller_blocks_are_asked_for),
    CASE(blocks_to_a_group_are_ignored),
    CASE(unfinished_transfers_are_forgotten),
    CASE(transfers_are_bounded),
    CASE(both_directions),
    CASE(large_responses_are_made_once),
    CASE(large_responses_are_bounded),
    CASE(one_peer_has_two_large_responses),
    CASE(large_responses_that_are_observed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
