/* No large answers to addresses that may be forged: RFC 9175, Section 2.4; groupcomm-bis, Section 6.3. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../lib/server_rig.h"
#include "coap/block.h"

static struct rig rig;

static void restart(uint32_t amplification, bool echo)
{
  struct gc_server_params params = rig_params();
  params.amplification = amplification;
  params.echo = echo;
  if (rig.server)
    rig_stop(&rig);
  rig.suppress = GC_SUPPRESS_4XX | GC_SUPPRESS_5XX;
  rig_start(&rig, 2, &params);
}

static int start(void **state)
{
  (void)state;
  restart(3, true);
  return 0;
}

static int stop(void **state)
{
  (void)state;
  rig_stop(&rig);
  return 0;
}

static void get_with_echo(const char *path, struct gc_bytes echo, enum gc_type type, int to)
{
  struct gc_builder request = rig_request(&rig, type, GC_CODE_GET, path);
  if (echo.len > 0)
    gc_builder_add(&request, GC_OPTION_ECHO, echo);
  rig_send(&rig, &request, to);
  rig_wait(&rig, to < 0 ? 2000 : 0);
}

static struct gc_bytes echo_of(const struct rig_sent *sent, uint8_t copy[40])
{
  struct gc_option option;
  assert_true(gc_option_find(sent->message.options, GC_OPTION_ECHO, &option));
  assert_in_range(option.value.len, 1, 40);
  memcpy(copy, option.value.ptr, option.value.len);
  return gc_bytes(copy, option.value.len);
}

/* @req A102 A104 */
static void a_large_answer_to_a_group_request_is_a_challenge(void **state)
{
  (void)state;
  get_with_echo("a/big", gc_bytes(NULL, 0), GC_TYPE_NON, RIG_TO_GROUP);
  assert_int_equal(rig.sent_count, 2);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(rig.sent[i].message.code, GC_CODE_UNAUTHORIZED);
    assert_int_equal(rig.sent[i].message.payload.len, 0);
    assert_true(rig.sent[i].len <= 40);
  }
  assert_int_equal(gc_server_state(rig.server).challenges, 2);
}

/* @req A103 */
static void a_challenge_is_never_a_separate_con(void **state)
{
  (void)state;
  static const struct {
    enum gc_type type, answer;
    int to;
  } rows[] = { { GC_TYPE_CON, GC_TYPE_ACK, 0 }, { GC_TYPE_NON, GC_TYPE_NON, 0 }, { GC_TYPE_NON, GC_TYPE_NON, RIG_TO_GROUP } };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    rig_forget(&rig);
    get_with_echo("a/big", gc_bytes(NULL, 0), rows[i].type, rows[i].to);
    assert_int_equal(rig_last(&rig)->message.code, GC_CODE_UNAUTHORIZED);
    assert_int_equal(rig_last(&rig)->message.type, rows[i].answer);
    rig_wait(&rig, 100000);
    assert_int_equal(rig.sent_count, rows[i].to < 0 ? 2 : 1);
  }
}

static void the_echo_opens(void **state)
{
  (void)state;
  uint8_t copy[40];
  get_with_echo("a/big", gc_bytes(NULL, 0), GC_TYPE_NON, RIG_TO_GROUP);
  const struct gc_bytes echo = echo_of(&rig.sent[0], copy);
  rig_forget(&rig);
  get_with_echo("a/big", echo, GC_TYPE_NON, RIG_TO_GROUP); /* one value for all members */
  assert_int_equal(rig.sent_count, 2);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(rig.sent[i].message.code, GC_CODE_CONTENT);
    assert_int_equal(rig.sent[i].message.payload.len, 1024);
  }
  get_with_echo("a/big", gc_bytes(NULL, 0), GC_TYPE_CON, 0); /* and remembered */
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  rig_wait(&rig, 301000);
  get_with_echo("a/big", gc_bytes(NULL, 0), GC_TYPE_CON, 0); /* not for ever */
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_UNAUTHORIZED);
}

static void a_wrong_foreign_or_old_echo_does_not(void **state)
{
  (void)state;
  uint8_t copy[40], wrong[40];
  get_with_echo("a/big", gc_bytes(NULL, 0), GC_TYPE_CON, 0);
  const struct gc_bytes echo = echo_of(rig_last(&rig), copy);
  for (size_t bit = 0; bit < 8 * echo.len; bit++) {
    memcpy(wrong, copy, echo.len);
    wrong[bit / 8] ^= (uint8_t)(1u << bit % 8);
    get_with_echo("a/big", gc_bytes(wrong, echo.len), GC_TYPE_CON, 0);
    assert_int_equal(rig_last(&rig)->message.code, GC_CODE_UNAUTHORIZED);
  }
  get_with_echo("a/big", gc_bytes(copy, echo.len - 1), GC_TYPE_CON, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_UNAUTHORIZED);
  rig.client.port++;
  get_with_echo("a/big", echo, GC_TYPE_CON, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_UNAUTHORIZED);
  rig.client.port--;
  rig_wait(&rig, 61000);
  get_with_echo("a/big", echo, GC_TYPE_CON, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_UNAUTHORIZED);
}

/* @req A104 */
static void small_answers_need_no_proof(void **state)
{
  (void)state;
  get_with_echo("value", gc_bytes(NULL, 0), GC_TYPE_CON, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  for (rig.big_len = 60; rig.big_len < 150; rig.big_len++) {
    get_with_echo("a/big", gc_bytes(NULL, 0), GC_TYPE_CON, 0);
    const struct rig_sent *answer = rig_last(&rig);
    assert_true(answer->len <= 136);
    assert_true((answer->message.code == GC_CODE_CONTENT) == (rig.big_len <= 136 - 17));
    if (answer->message.code == GC_CODE_CONTENT)
      assert_int_equal(answer->len, rig.big_len + 17);
  }
  /* a long request may get more: three times its size */
  rig.big_len = 500;
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_GET, "a/big");
  uint8_t query[200] = { 'x' };
  gc_builder_add(&request, GC_OPTION_URI_QUERY, gc_bytes(query, sizeof query));
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
}

/* The default: a smaller first block for a group, no limit for unicast. */
static void a_smaller_first_block_instead(void **state)
{
  (void)state;
  restart(3, false);
  get_with_echo("a/big", gc_bytes(NULL, 0), GC_TYPE_NON, RIG_TO_GROUP);
  assert_int_equal(rig.sent_count, 2);
  for (size_t i = 0; i < 2; i++) {
    struct gc_block block;
    assert_int_equal(rig.sent[i].message.code, GC_CODE_CONTENT);
    assert_true(rig.sent[i].len <= 136);
    assert_int_equal(gc_block_find(&block, rig.sent[i].message.options, GC_OPTION_BLOCK2), GC_OK);
    assert_int_equal(block.szx, 2);
    assert_true(block.more);
    assert_int_equal(rig_uint(&rig.sent[i], GC_OPTION_SIZE2), 2500);
  }
  get_with_echo("a/big", gc_bytes(NULL, 0), GC_TYPE_CON, 0);
  assert_int_equal(rig_last(&rig)->message.payload.len, 1024);
  /* a later block cannot be made smaller */
  rig_forget(&rig);
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "a/big");
  gc_builder_add_block(&request, GC_OPTION_BLOCK2, (struct gc_block){ 1, false, 6 });
  rig_send(&rig, &request, RIG_TO_GROUP);
  rig_wait(&rig, 2000);
  assert_int_equal(rig.sent_count, 2);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_UNAUTHORIZED);
}

static void the_limit_can_be_switched_off(void **state)
{
  (void)state;
  restart(0, true);
  get_with_echo("a/big", gc_bytes(NULL, 0), GC_TYPE_NON, RIG_TO_GROUP);
  assert_int_equal(rig_last(&rig)->message.payload.len, 1024);
}

static void who_is_challenged_is_no_observer_yet(void **state)
{
  (void)state;
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_GET, "a/big");
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, 0);
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_UNAUTHORIZED);
  assert_false(rig_has(rig_last(&rig), GC_OPTION_OBSERVE, NULL));
  assert_int_equal(gc_server_state(rig.server).observers, 0);
}

/* A registration is small and may be forged: what it causes stays small until the client acknowledges. */
static void notifications_to_the_unknown_stay_small(void **state)
{
  (void)state;
  for (unsigned echo = 0; echo < 2; echo++) {
    restart(3, echo);
    rig.big_len = 10;
    struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "a/big");
    gc_builder_add_uint(&request, GC_OPTION_OBSERVE, 0);
    rig_send(&rig, &request, RIG_TO_GROUP);
    rig_wait(&rig, 2000);
    assert_int_equal(gc_server_state(rig.server).observers, 2);
    rig_forget(&rig);
    rig.big_len = 2500;
    gc_server_changed(rig.server, rig.members[0], rig.big, rig.now_ms);
    rig_wait(&rig, 1500);
    assert_int_equal(rig.sent_count, 1);
    assert_int_equal(rig_last(&rig)->message.type, GC_TYPE_CON);
    assert_true(rig_last(&rig)->len <= 136);
    assert_int_equal(rig_last(&rig)->message.payload.len, 64);
    rig_empty(&rig, rig_last(&rig), GC_TYPE_ACK);
    gc_server_changed(rig.server, rig.members[0], rig.big, rig.now_ms);
    rig_wait(&rig, 5000);
    assert_int_equal(rig_last(&rig)->message.payload.len, 1024);
  }
}

static void no_response_silences_the_challenge(void **state)
{
  (void)state;
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "a/big");
  gc_builder_add_uint(&request, GC_OPTION_NO_RESPONSE, 8);
  rig_send(&rig, &request, RIG_TO_GROUP);
  rig_wait(&rig, 2000);
  assert_int_equal(rig.sent_count, 0);
}

/* What was done is answered, in however small a block: asking again would do it again. */
static void a_change_is_never_challenged(void **state)
{
  (void)state;
  uint8_t payload[1000] = { 'x' };
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_POST, "sink");
  gc_builder_payload(&request, gc_bytes(payload, sizeof payload));
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CHANGED);
}

static void the_table_is_bounded_and_strangers_do_not_open_it(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 5000; i++) {
    rig.client = gc_addr_ipv4(10, (uint8_t)(i >> 8), (uint8_t)i, 1, 5683);
    get_with_echo("a/big", gc_bytes(NULL, 0), GC_TYPE_NON, 0);
    assert_int_equal(rig_last(&rig)->message.code, GC_CODE_UNAUTHORIZED);
    rig_forget(&rig);
  }
  uint8_t copy[40];
  get_with_echo("a/big", gc_bytes(NULL, 0), GC_TYPE_NON, 0);
  const struct gc_bytes echo = echo_of(rig_last(&rig), copy);
  get_with_echo("a/big", echo, GC_TYPE_NON, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, start, stop)
  const struct CMUnitTest tests[] = {
    CASE(a_large_answer_to_a_group_request_is_a_challenge),
    CASE(a_challenge_is_never_a_separate_con),
    CASE(the_echo_opens),
    CASE(a_wrong_foreign_or_old_echo_does_not),
    CASE(small_answers_need_no_proof),
    CASE(a_smaller_first_block_instead),
    CASE(the_limit_can_be_switched_off),
    CASE(who_is_challenged_is_no_observer_yet),
    CASE(notifications_to_the_unknown_stay_small),
    CASE(no_response_silences_the_challenge),
    CASE(a_change_is_never_challenged),
    CASE(the_table_is_bounded_and_strangers_do_not_open_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
