/* Protected bodies in blocks, and Echo: lost Replay Windows, verified addresses, amplification. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include "../tests/lib/secure_bench.h"

#include <stdio.h>
#include <string.h>

#include "../tests/lib/nonces.h"
#include "coap/block.h"

enum { GET = 1, PUT = 3, STRANGER = 50 };

static struct secure s;
static const struct secure_setup group = { .options = { .profile = GC_OSCORE_GROUP } };

/* --- blocks -------------------------------------------------------------------------------------------------------- */

static void fetch_all(const struct secure_setup *setup, const char *mode)
{
  char text[64];
  secure_start(&s, setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "big");
  secure_go(&s, &request);
  secure_run(&s, 10000);
  for (int i = 0; i < 3; i++) {
    snprintf(text, sizeof text, "response %d 2.05 2500 bytes in 3 %s", i, mode);
    secure_expect(&s, text);
  }
  for (size_t i = 0; i < s.wire_count; i++) /* inside only */
    assert_false(gc_option_find(s.wire[i].message.options, GC_OPTION_BLOCK2, NULL));
  secure_stop(&s);
}

/* The later blocks are asked for in pairwise mode, where the group has it. @req C64 */
static void block2_of_a_group(void **state)
{
  (void)state;
  fetch_all(&group, "pairwise");
  const struct secure_setup without = { .options = { .profile = GC_OSCORE_GROUP, .no_pairwise_mode = true } };
  fetch_all(&without, "group");
  const struct secure_setup old = { .options = { .profile = GC_OSCORE_GROUP_02 } };
  fetch_all(&old, "group");
  const struct secure_setup plain = { .options = { .profile = GC_OSCORE_PLAIN } };
  fetch_all(&plain, "oscore");
}

/* A body goes in blocks first, and each is protected then. */
static void block1_and_the_continue_answers(void **state)
{
  (void)state;
  static const enum gc_oscore_profile profiles[] = { GC_OSCORE_GROUP, GC_OSCORE_PLAIN, GC_OSCORE_GROUP_02 };
  uint8_t body[3000];
  for (size_t i = 0; i < sizeof body; i++)
    body[i] = (uint8_t)(i * 7);
  for (size_t p = 0; p < 3; p++)
    for (int pairwise = 0; pairwise < (p ? 1 : 2); pairwise++) {
      const struct secure_setup setup = { .options = { .profile = profiles[p] } };
      secure_start(&s, &setup);
      struct gc_request request = secure_request(&s, 1, PUT, "sink");
      request.payload = gc_bytes(body, sizeof body);
      request.block_szx = 4;
      request.is_pairwise = pairwise;
      request.peer = pairwise ? sec_id(2) : gc_bytes(NULL, 0);
      secure_go(&s, &request);
      secure_run(&s, 10000);
      secure_expect_like(&s, "response 1 2.04");
      assert_int_equal(s.calls, 1);
      assert_int_equal(s.sink_len, sizeof body);
      assert_memory_equal(s.sink, body, sizeof body);
      assert_int_equal(secure_sent_count(&s, SECURE_CLIENT, 1), 12);
      secure_stop(&s);
    }
}

static struct gc_bytes block_request(struct gc_oscore_context *context, uint32_t num, bool more, char fill, uint8_t *store)
{
  uint8_t body[100], payload[16];
  struct gc_bytes bytes;
  struct gc_oscore_binding binding;
  static uint16_t mid = 45000;
  static const struct gc_oscore_send how;
  memset(payload, fill, sizeof payload);
  struct gc_builder builder = gc_builder_body(body, sizeof body, GC_CODE(0, 3));
  gc_builder_add_str(&builder, GC_OPTION_URI_PATH, "sink");
  gc_builder_add_block(&builder, GC_OPTION_BLOCK1, (struct gc_block){ num, more, 0 });
  gc_builder_payload(&builder, gc_bytes(payload, sizeof payload));
  assert_int_equal(gc_builder_finish(&builder, &bytes), GC_OK);
  struct gc_buf out = gc_buf(store + 200, 300);
  if (context)
    assert_int_equal(gc_oscore_protect_request(context, bytes, &how, &out, &binding), GC_SEC_OK);
  else
    assert_int_equal(gc_buf_add(&out, bytes), GC_OK);
  const uint8_t head[8] = { 0x54, out.ptr[0], (uint8_t)(mid >> 8), (uint8_t)mid, 't', 'o', 'k', context ? '1' : '2' };
  mid++;
  nonces_allow(s.nonces, gc_bytes(head + 4, 4));
  memcpy(store, head, 8);
  memmove(store + 8, out.ptr + 1, out.len - 1);
  return gc_bytes(store, 7 + out.len);
}

/* Two members of the group at one address (behind a proxy, say), and one who sends in the clear: no body is made of parts of
 * different senders. */
static void senders_are_not_mixed(void **state)
{
  (void)state;
  uint8_t store[600];
  secure_start(&s, &group);
  struct sec_options options = s.setup.options;
  struct gc_oscore_context *one = sec_context(&options, 0, 4), *two = sec_context(&options, 3, 4);
  const struct gc_addr from = secure_addr(STRANGER);
  secure_inject(&s, 0, from, block_request(one, 0, true, 'a', store));
  secure_inject(&s, 0, from, block_request(two, 1, false, 'b', store));
  assert_int_equal(s.calls, 0);
  secure_inject(&s, 0, from, block_request(NULL, 1, false, 'c', store));
  assert_int_equal(s.calls, 0);
  secure_inject(&s, 0, from, block_request(two, 0, true, 'd', store));
  secure_inject(&s, 0, from, block_request(one, 1, false, 'e', store));
  assert_int_equal(s.calls, 1);
  assert_memory_equal(s.sink, "aaaaaaaaaaaaaaaaeeeeeeeeeeeeeeee", 32);
  secure_inject(&s, 0, from, block_request(two, 1, false, 'f', store));
  assert_int_equal(s.calls, 2);
  assert_memory_equal(s.sink, "ddddddddddddddddffffffffffffffff", 32);
  gc_oscore_context_free(&one);
  gc_oscore_context_free(&two);
  secure_stop(&s);
}

/* After its first block server 1 is cut off: server 2 answers from its address, validly signed. */
static unsigned passed;

static bool answer_for_server_1(struct secure *bench, struct secure_packet *packet)
{
  (void)bench;
  if (packet->from == SECURE_CLIENT && passed++ > 0)
    packet->to = 2, packet->local = secure_addr(2);
  else if (packet->from == 2)
    packet->remote = secure_addr(1);
  return true;
}

/* @req C77 C93 */
static void blocks_of_two_servers_are_not_mixed(void **state)
{
  (void)state;
  for (int p = 0; p < 4; p++) { /* without and with pairwise mode; asked by unicast or as a group */
    const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP, .no_pairwise_mode = p % 2 == 0 } };
    secure_start(&s, &setup);
    struct gc_request request = secure_request(&s, p < 2 ? 1 : SECURE_GROUP, GET, "big");
    request.is_con = false;
    request.wait_ms = 2000;
    passed = 0;
    s.has_redirections = true;
    s.filter = answer_for_server_1;
    secure_go(&s, &request);
    secure_run(&s, 400000);
    assert_int_equal(secure_count(&s, "response 1"), p < 2 ? 0 : 1); /* server 2's own, of one piece */
    assert_true(secure_sent_count(&s, 2, SECURE_CLIENT) > 0);
    assert_true(secure_count(&s, p < 3 ? "insecure 1 wrong_server" : "insecure 1 not_protected") > 0);
    secure_count(&s, "");
    s.filter = NULL;
    secure_stop(&s);
  }
}

/* --- Echo ---------------------------------------------------------------------------------------------------------- */

static void lose_windows(void)
{
  for (size_t i = 0; i < s.server_count; i++)
    gc_oscore_recipient_window(gc_oscore_context_find(s.contexts[i], sec_id(0)))->is_valid = false;
}

/* @req C80 C100 C101 C102 C104 C105 C84 B53 A106 A107 */
static void lost_windows_are_recovered(void **state)
{
  (void)state;
  secure_start(&s, &group);
  lose_windows();
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  secure_go(&s, &request);
  secure_run(&s, 10000);
  for (int i = 0; i < 3; i++) {
    char text[64];
    snprintf(text, sizeof text, "response %d 2.05 on pairwise", i);
    secure_expect(&s, text);
    const struct gc_oscore_option challenge = secure_option(&s, secure_sent(&s, i, SECURE_CLIENT, 0));
    assert_true(challenge.piv.len > 0);
    const struct secure_packet *echo = secure_sent(&s, SECURE_CLIENT, i, 0); /* by unicast, for it alone, new */
    assert_false(secure_option(&s, echo).is_group);
    assert_false(gc_bytes_equal(secure_option(&s, echo).piv, secure_option(&s, secure_sent(&s, SECURE_CLIENT, SECURE_GROUP, 0)).piv));
    assert_false(gc_option_find(echo->message.options, GC_OPTION_ECHO, NULL));
    assert_false(gc_option_find(secure_sent(&s, i, SECURE_CLIENT, 0)->message.options, GC_OPTION_ECHO, NULL));
    /* it is good once, and what came before it is below the window */
    secure_replay(&s, echo, 47000);
    secure_replay(&s, secure_sent(&s, SECURE_CLIENT, SECURE_GROUP, 0), 47001 + i);
  }
  assert_int_equal(s.calls, 3);
  assert_int_equal(gc_server_state(s.server).challenges, 3);
  secure_count(&s, "late");
  request = secure_request(&s, SECURE_GROUP, GET, "value"); /* from now on it is as before */
  secure_go(&s, &request);
  secure_run(&s, 10000);
  assert_int_equal(secure_count(&s, "response"), 3);
  assert_int_equal(gc_server_state(s.server).challenges, 3);
  secure_stop(&s);
}

/* A request by unicast in group mode: it comes back in pairwise mode, with a body that is sent in blocks too. @req C102 */
static void unicast_challenges(void **state)
{
  (void)state;
  uint8_t body[300];
  for (int p = 0; p < 3; p++) {
    const struct secure_setup setup = { .options = { .profile = p == 2 ? GC_OSCORE_PLAIN : GC_OSCORE_GROUP, .no_pairwise_mode = p == 1 } };
    secure_start(&s, &setup);
    lose_windows();
    memset(body, 'x', sizeof body);
    struct gc_request request = secure_request(&s, 0, PUT, "sink");
    request.payload = gc_bytes(body, sizeof body);
    request.block_szx = 2;
    secure_go(&s, &request);
    secure_run(&s, 10000);
    secure_expect_like(&s, "response 0 2.04");
    assert_int_equal(s.sink_len, sizeof body);
    assert_int_equal(secure_option(&s, secure_sent(&s, SECURE_CLIENT, 0, 0)).is_group, p != 2);
    assert_int_equal(secure_option(&s, secure_sent(&s, SECURE_CLIENT, 0, 1)).is_group, p == 1);
    secure_stop(&s);
  }
}

/* The 2018 draft asks with 4.03, and by group mode for want of another. What fails is met with silence. @req D14 D16 D17 */
static void draft_02_challenges(void **state)
{
  (void)state;
  const struct secure_setup old = { .options = { .profile = GC_OSCORE_GROUP_02 }, .servers = 1 };
  secure_start(&s, &old);
  lose_windows();
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  secure_go(&s, &request);
  secure_run(&s, 10000);
  secure_expect(&s, "response 0 2.05 on group");
  assert_int_equal(gc_server_state(s.server).challenges, 1);
  /* late: its window is lost again, and the value it echoes was good once */
  lose_windows();
  const struct secure_packet echo = *secure_sent(&s, SECURE_CLIENT, 0, 0);
  size_t before = secure_sent_count(&s, 0, SECURE_CLIENT);
  uint8_t store[2000];
  memcpy(store, echo.bytes, echo.len);
  store[0] = (uint8_t)((store[0] & 0xcf) | 0x10); /* Non-confirmable: not even an acknowledgement */
  store[2] ^= 0x55;
  secure_inject(&s, 0, s.client_addr, gc_bytes(store, echo.len));
  for (size_t at = 4; at < echo.len; at++) { /* and malformed or forged ones */
    store[2] = (uint8_t)(0x80 | at >> 8);
    store[3] = (uint8_t)at;
    store[at] ^= 1;
    struct gc_message m;
    if (!gc_message_parse(&m, gc_bytes(store, echo.len), NULL) && gc_option_find(m.options, GC_OPTION_OSCORE, NULL) && at >= 4u + m.token.len)
      secure_inject(&s, 0, s.client_addr, gc_bytes(store, echo.len));
    store[at] ^= 1;
  }
  assert_int_equal(secure_sent_count(&s, 0, SECURE_CLIENT), before);
  assert_int_equal(gc_server_state(s.server).challenges, 1);
  secure_stop(&s);
}

/* Old requests in front of a server without window: challenged each time, with a new number, never delivered. @req C100 C101 */
static void replays_before_recovery(void **state)
{
  (void)state;
  secure_start(&s, &group);
  struct gc_request request = secure_request(&s, 0, PUT, "sink");
  request.payload = gc_bytes_str("x");
  secure_go(&s, &request);
  secure_run(&s, 5000);
  secure_expect_like(&s, "response 0 2.04");
  lose_windows();
  for (int i = 0; i < 20; i++)
    secure_replay(&s, secure_sent(&s, SECURE_CLIENT, 0, 0), 48000 + i);
  assert_int_equal(s.calls, 1);
  assert_int_equal(gc_server_state(s.server).challenges, 20);
  secure_count(&s, "");
  /* a value that is echoed by multicast, or to another server, is none */
  secure_stop(&s);
}

static bool redirect_echo(struct secure *bench, struct secure_packet *packet)
{
  (void)bench;
  if (packet->from == SECURE_CLIENT && packet->to == 0)
    packet->to = SECURE_GROUP, packet->local = secure_addr(SECURE_GROUP);
  return true;
}

/* @req C102 C103 */
static void echoes_come_by_unicast(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP, .no_pairwise_mode = true } };
  secure_start(&s, &setup);
  lose_windows();
  struct gc_request request = secure_request(&s, 0, PUT, "sink");
  request.payload = gc_bytes_str("x");
  s.filter = redirect_echo;
  secure_go(&s, &request);
  secure_run(&s, 400000);
  assert_int_equal(s.calls, 0);
  secure_count(&s, "");
  s.filter = NULL;
  secure_stop(&s);
}

/* Challenge, then a registration that is made again with the value: all of its notifications are bound to the second one. */
static void observation_after_a_challenge(void **state)
{
  (void)state;
  for (int to = SECURE_GROUP; to <= 0; to += 2) {
    secure_start(&s, &group);
    lose_windows();
    struct gc_request request = secure_request(&s, to, GET, "value");
    request.observe = true;
    request.wait_ms = UINT32_MAX;
    struct gc_exchange *exchange = secure_go(&s, &request);
    secure_run(&s, 3000);
    const unsigned servers = to == 0 ? 1 : 3;
    for (unsigned i = 0; i < 20; i++) {
      assert_int_equal(secure_count(&s, "notification"), servers);
      gc_server_changed(s.server, NULL, s.value, s.now_ms);
      secure_run(&s, 3000);
    }
    assert_int_equal(secure_count(&s, "notification"), servers);
    gc_client_end(s.client, exchange, true, s.now_ms);
    secure_run(&s, 3000);
    assert_int_equal(gc_server_observers(s.server, s.value), 0);
    secure_stop(&s);
  }
}

/* --- amplification -------------------------------------------------------------------------------------------------- */

/* A group request whose answer would be many times as large, from an address that has not shown to be its sender's. @req A102 A103 A105 */
static void large_answers_to_unverified_addresses(void **state)
{
  (void)state;
  for (int echo = 0; echo < 2; echo++) {
    struct gc_server_params params = gc_server_params_default();
    params.leisure_ms = 1000;
    params.echo = echo;
    struct secure_setup setup = group;
    setup.server_params = &params;
    secure_start(&s, &setup);
    struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "big");
    secure_go(&s, &request);
    secure_run(&s, 20000);
    const struct secure_packet *asked = secure_sent(&s, SECURE_CLIENT, SECURE_GROUP, 0);
    for (int i = 0; i < 3; i++) {
      assert_true(secure_sent(&s, i, SECURE_CLIENT, 0)->len <= 3 * asked->len);
      char text[64];
      snprintf(text, sizeof text, "response %d 2.05 2500 bytes", i);
      secure_expect_like(&s, text);
    }
    secure_stop(&s);
  }
}

/* An Echo in the clear does not verify anything for a protected client, and is not followed by it. @req A106 */
static void echo_in_the_clear(void **state)
{
  (void)state;
  uint8_t store[100];
  struct gc_bytes bytes;
  secure_start(&s, &group);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  secure_go(&s, &request);
  const struct secure_packet *asked = secure_sent(&s, SECURE_CLIENT, SECURE_GROUP, 0);
  struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_NON, GC_CODE(4, 1), 444, asked->message.token);
  gc_builder_add_str(&builder, GC_OPTION_ECHO, "echo");
  assert_int_equal(gc_builder_finish(&builder, &bytes), GC_OK);
  secure_inject(&s, SECURE_CLIENT, secure_addr(0), bytes);
  secure_expect(&s, "insecure 0 not_protected");
  secure_run(&s, 10000);
  assert_int_equal(secure_count(&s, "response"), 3);
  assert_int_equal(secure_sent_count(&s, SECURE_CLIENT, 0), 0);
  secure_stop(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(block2_of_a_group),
    cmocka_unit_test(block1_and_the_continue_answers),
    cmocka_unit_test(senders_are_not_mixed),
    cmocka_unit_test(blocks_of_two_servers_are_not_mixed),
    cmocka_unit_test(lost_windows_are_recovered),
    cmocka_unit_test(unicast_challenges),
    cmocka_unit_test(draft_02_challenges),
    cmocka_unit_test(replays_before_recovery),
    cmocka_unit_test(echoes_come_by_unicast),
    cmocka_unit_test(observation_after_a_challenge),
    cmocka_unit_test(large_answers_to_unverified_addresses),
    cmocka_unit_test(echo_in_the_clear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
