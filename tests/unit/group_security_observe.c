/* Protected observations: of a group and of one server, for long, in any order, across a rekeying, against strangers. */
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

enum { GET = 1, STRANGER = 50 };

static struct secure s;
static const struct secure_setup group = { .options = { .profile = GC_OSCORE_GROUP } };

static struct gc_exchange *observe(int to, bool is_pairwise)
{
  struct gc_request request = secure_request(&s, to, GET, "value");
  request.observe = true;
  request.wait_ms = UINT32_MAX;
  if (is_pairwise) {
    request.is_pairwise = true;
    request.peer = sec_id((size_t)to + 1);
  }
  return secure_go(&s, &request);
}

static void change(const char *text)
{
  strcpy(s.value_text, text);
  gc_server_changed(s.server, NULL, s.value, s.now_ms);
}

static size_t observers(void)
{
  return gc_server_observers(s.server, s.value);
}

/* Hundreds of notifications: the bench sees that no nonce is used twice. */
static void long_run(const struct secure_setup *setup, int to, bool is_pairwise, unsigned expected_servers)
{
  char text[16];
  secure_start(&s, setup);
  struct gc_exchange *exchange = observe(to, is_pairwise);
  secure_run(&s, 3000);
  assert_int_equal(secure_count(&s, "notification"), expected_servers);
  assert_int_equal(observers(), expected_servers);
  for (unsigned i = 0; i < 100; i++) {
    snprintf(text, sizeof text, "v%u", i);
    change(text);
    secure_run(&s, 3000);
    assert_int_equal(secure_count(&s, "notification"), expected_servers);
    secure_expect_none(&s);
  }
  gc_client_end(s.client, exchange, true, s.now_ms);
  secure_run(&s, 10000);
  assert_int_equal(observers(), 0);
  secure_stop(&s);
}

/* @req B60 B61 B62 B63 C83 */
static void long_observations(void **state)
{
  (void)state;
  static const struct secure_setup setups[] = {
    { .options = { .profile = GC_OSCORE_GROUP } },
    { .options = { .profile = GC_OSCORE_GROUP, .curve = GC_CURVE_P256, .group_enc_alg = -65534 }, .answer = GC_ANSWER_PAIRWISE },
    { .options = { .profile = GC_OSCORE_GROUP_02 } },
    { .options = { .profile = GC_OSCORE_PLAIN } },
  };
  for (size_t i = 0; i < sizeof setups / sizeof setups[0]; i++) {
    long_run(&setups[i], SECURE_GROUP, false, 3);
    long_run(&setups[i], 1, false, 1);
  }
  long_run(&setups[0], 1, true, 1);
}

/* What lies outside: Observe, FETCH and 2.05, and nothing that tells the number. @req B60 B63 */
static void what_is_outside(void **state)
{
  (void)state;
  secure_start(&s, &group);
  struct gc_exchange *exchange = observe(0, false);
  secure_run(&s, 3000);
  change("off");
  secure_run(&s, 3000);
  assert_int_equal(secure_count(&s, "notification"), 2);
  const struct secure_packet *request = secure_sent(&s, SECURE_CLIENT, 0, 0), *first = secure_sent(&s, 0, SECURE_CLIENT, 0),
                             *second = secure_sent(&s, 0, SECURE_CLIENT, 1);
  uint32_t number = 9;
  assert_int_equal(request->message.code, GC_CODE(0, 5));
  assert_true(gc_option_find_uint(request->message.options, GC_OPTION_OBSERVE, &number));
  assert_int_equal(number, 0);
  assert_int_equal(first->message.code, GC_CODE(2, 5));
  assert_true(gc_option_find(first->message.options, GC_OPTION_OBSERVE, NULL));
  assert_int_equal(secure_option(&s, first).piv.len, 0);
  assert_true(secure_option(&s, second).piv.len > 0);
  gc_client_end(s.client, exchange, true, s.now_ms);
  secure_stop(&s);
}

/* --- order and replays ---------------------------------------------------------------------------------------------- */

static bool lose_notifications(struct secure *bench, struct secure_packet *packet)
{
  (void)bench;
  return packet->to != SECURE_CLIENT;
}

/* Notifications are held back and come in another order. @req B63 B64 C90 C92 */
static void order_is_that_of_the_partial_ivs(void **state)
{
  (void)state;
  secure_start(&s, &group);
  struct gc_exchange *exchange = observe(SECURE_GROUP, false);
  secure_run(&s, 3000);
  assert_int_equal(secure_count(&s, "notification"), 3);
  change("acked"); /* a confirmable one first, so that those behind it need no acknowledgement */
  secure_run(&s, 3000);
  assert_int_equal(secure_count(&s, "notification"), 3);
  const size_t before = secure_sent_count(&s, 1, SECURE_CLIENT);
  s.filter = lose_notifications;
  const char *const values[] = { "one", "two", "three", "four" };
  for (size_t i = 0; i < 4; i++) {
    change(values[i]);
    secure_run(&s, 3000);
  }
  s.filter = NULL;
  assert_int_equal(secure_sent_count(&s, 1, SECURE_CLIENT), before + 4);
  secure_replay(&s, secure_sent(&s, 1, SECURE_CLIENT, before + 1), -1);
  secure_expect(&s, "notification 1 2.05 two group");
  secure_replay(&s, secure_sent(&s, 1, SECURE_CLIENT, before), -1);
  secure_expect(&s, "stale 1 2.05 one group");
  secure_run(&s, 300000); /* however long ago: age does not make an old one new (other than in RFC 7641) */
  secure_replay(&s, secure_sent(&s, 1, SECURE_CLIENT, before + 1), 60001);
  secure_expect(&s, "insecure 1 replay");
  secure_replay(&s, secure_sent(&s, 1, SECURE_CLIENT, before + 3), 60002);
  secure_expect(&s, "notification 1 2.05 four group");
  secure_replay(&s, secure_sent(&s, 1, SECURE_CLIENT, before + 2), 60003);
  secure_expect(&s, "stale 1 2.05 three group");
  secure_replay(&s, secure_sent(&s, 1, SECURE_CLIENT, 0), 60004); /* the first answer, without Partial IV */
  secure_expect(&s, "insecure 1 unexpected");
  gc_client_end(s.client, exchange, true, s.now_ms);
  secure_stop(&s);
}

static uint64_t big_number;

static enum gc_err next_big(void *ctx, uint64_t *number)
{
  (void)ctx;
  *number = big_number++;
  return GC_OK;
}

/* A server whose numbers are far above 2^24: the first answer has none and is still the oldest. @req B63 */
static void large_sequence_numbers(void **state)
{
  (void)state;
  const char *why;
  secure_start(&s, &group);
  const struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, 1);
  big_number = 0xfffffe;
  assert_int_equal(gc_oscore_context_set_sender(s.contexts[0], sec_id(1), sec_cred(GC_CURVE_ED25519, 1), gc_bytes(pair.private_key, pair.private_len),
                                                (struct gc_oscore_numbers){ next_big, NULL }, &why), GC_OK);
  struct gc_exchange *exchange = observe(0, false);
  secure_run(&s, 100);
  for (unsigned i = 0; i < 6; i++) { /* across 2^24 */
    change(i % 2 ? "off" : "on");
    secure_run(&s, 100);
  }
  assert_int_equal(secure_count(&s, "notification"), 7);
  gc_client_end(s.client, exchange, true, s.now_ms);
  secure_stop(&s);
}

/* --- those who want to end it ---------------------------------------------------------------------------------------- */

static void send_plain(uint8_t code, const struct secure_packet *like, uint32_t observe_value, bool is_response)
{
  uint8_t store[100];
  struct gc_bytes bytes;
  static uint16_t mid = 40000;
  struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_NON, code, mid++, like->message.token);
  if (!is_response)
    gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, observe_value);
  if (!is_response)
    gc_builder_add_str(&builder, GC_OPTION_URI_PATH, "value");
  assert_int_equal(gc_builder_finish(&builder, &bytes), GC_OK);
  secure_inject(&s, is_response ? SECURE_CLIENT : 0, is_response ? secure_addr(0) : secure_addr(SECURE_CLIENT), bytes);
}

/* A request in the clear, or one of another member, with the client's address and token. @req B67 B68 B66 */
static void strangers_do_not_end_it(void **state)
{
  (void)state;
  secure_start(&s, &group);
  struct gc_exchange *exchange = observe(0, false);
  secure_run(&s, 100);
  assert_int_equal(secure_count(&s, "notification"), 1);
  const struct secure_packet *registration = secure_sent(&s, SECURE_CLIENT, 0, 0);
  send_plain(GC_CODE(0, 1), registration, 1, false);
  send_plain(GC_CODE(0, 1), registration, 0, false); /* registers in the clear, beside it */
  send_plain(GC_CODE(0, 1), registration, 1, false);
  secure_run(&s, 100);
  assert_int_equal(observers(), 1);
  secure_count(&s, "insecure");
  /* another member of the group, who has seen the token */
  uint8_t body[] = { 0x01, 0x61, 0x01, 0x55, 'v', 'a', 'l', 'u', 'e' };
  struct gc_oscore_binding binding;
  struct sec_options options = s.setup.options;
  struct gc_oscore_context *other = sec_context(&options, 2, 4);
  struct gc_bytes bytes = sec_request(other, gc_bytes(body, sizeof body), NULL, &binding);
  uint8_t copy[300];
  struct gc_message m;
  assert_int_equal(gc_message_parse(&m, bytes, NULL), GC_OK);
  struct gc_builder builder = gc_builder_message(copy, sizeof copy, GC_TYPE_NON, m.code, 41000, registration->message.token);
  gc_builder_add_all(&builder, m.options);
  gc_builder_payload(&builder, m.payload);
  assert_int_equal(gc_builder_finish(&builder, &bytes), GC_OK);
  nonces_allow(s.nonces, registration->message.token);
  secure_inject(&s, 0, secure_addr(SECURE_CLIENT), bytes);
  secure_run(&s, 100);
  gc_oscore_context_free(&other);
  assert_int_equal(observers(), 1);
  secure_count(&s, "insecure");
  /* a broken protected one */
  memcpy(copy, registration->bytes, registration->len);
  copy[2] ^= 0x40;
  copy[registration->len - 1] ^= 1;
  secure_inject(&s, 0, secure_addr(SECURE_CLIENT), gc_bytes(copy, registration->len));
  assert_int_equal(observers(), 1);
  secure_count(&s, "insecure");
  /* errors in the clear to the client */
  send_plain(GC_CODE(4, 1), registration, 0, true);
  send_plain(GC_CODE(5, 3), registration, 0, true);
  assert_int_equal(secure_count(&s, "insecure 0 not_protected"), 2);
  change("still");
  secure_run(&s, 100);
  secure_expect(&s, "notification 0 2.05 still group");
  /* and the client itself does */
  gc_client_end(s.client, exchange, true, s.now_ms);
  secure_run(&s, 100);
  assert_int_equal(observers(), 0);
  secure_stop(&s);
}

/* --- refreshed, rekeyed ---------------------------------------------------------------------------------------------- */

static unsigned lost_for;

static bool lose_group_requests_to_some(struct secure *bench, struct secure_packet *packet)
{
  (void)bench;
  return packet->to != SECURE_GROUP || lost_for == 0 || lost_for-- == 0;
}

/* A refreshed registration has a Partial IV of its own; who missed it goes on under the one before. @req B61 C47 */
static void refreshed_registrations(void **state)
{
  (void)state;
  secure_start(&s, &group);
  struct gc_exchange *exchange = observe(SECURE_GROUP, false);
  secure_run(&s, 3000);
  assert_int_equal(secure_count(&s, "notification"), 3);
  assert_int_equal(gc_client_again(s.client, exchange, NULL, s.now_ms), GC_OK);
  secure_run(&s, 3000);
  assert_int_equal(secure_count(&s, "notification"), 3);
  const struct secure_packet *first = secure_sent(&s, SECURE_CLIENT, SECURE_GROUP, 0), *second = secure_sent(&s, SECURE_CLIENT, SECURE_GROUP, 1);
  assert_false(gc_bytes_equal(secure_option(&s, first).piv, secure_option(&s, second).piv));
  assert_true(gc_bytes_equal(first->message.token, second->message.token));
  assert_int_equal(observers(), 3);
  lost_for = 1;
  s.filter = lose_group_requests_to_some;
  assert_int_equal(gc_client_again(s.client, exchange, NULL, s.now_ms), GC_OK); /* it gets lost */
  secure_run(&s, 3000);
  s.filter = NULL;
  change("x");
  secure_run(&s, 3000);
  assert_int_equal(secure_count(&s, "notification"), 3);
  secure_expect_none(&s);
  gc_client_end(s.client, exchange, true, s.now_ms);
  secure_run(&s, 3000);
  assert_int_equal(observers(), 0);
  secure_stop(&s);
}

/* @req C82 C84 C85 C86 C47 C88 */
static void observations_outlive_a_rekeying(void **state)
{
  (void)state;
  secure_start(&s, &group);
  struct gc_exchange *exchange = observe(SECURE_GROUP, false);
  secure_run(&s, 3000);
  change("before");
  secure_run(&s, 3000);
  assert_int_equal(secure_count(&s, "notification"), 6);
  const size_t before = secure_sent_count(&s, 0, SECURE_CLIENT);
  secure_rekey(&s, "gid2", true, true);
  for (int i = 0; i < 3; i++) {
    change(i % 2 ? "a" : "b");
    secure_run(&s, 3000);
    assert_int_equal(secure_count(&s, "notification"), 3);
  }
  const struct gc_oscore_option first = secure_option(&s, secure_sent(&s, 0, SECURE_CLIENT, before));
  assert_true(first.has_kid_context && gc_bytes_equal(first.kid_context, gc_bytes_str("gid2")));
  assert_true(first.has_kid && first.piv.len > 0);
  /* what is left from before is older, though its number may be larger */
  secure_replay(&s, secure_sent(&s, 0, SECURE_CLIENT, before - 1), 50000);
  secure_expect(&s, "insecure 0 replay");
  /* the client gives it up under the newer context */
  gc_client_end(s.client, exchange, true, s.now_ms);
  secure_run(&s, 3000);
  assert_int_equal(observers(), 0);
  for (int i = 0; i < 3; i++) {
    size_t at = 0;
    while (!GC_CODE_IS_REQUEST(secure_sent(&s, SECURE_CLIENT, i, at)->message.code))
      at++;
    const struct gc_oscore_option option = secure_option(&s, secure_sent(&s, SECURE_CLIENT, i, at));
    assert_true(gc_bytes_equal(option.kid_context, gc_bytes_str("gid2")));
    assert_false(option.is_group); /* to one member: for it alone */
  }
  secure_stop(&s);
}

/* Its Sender Sequence Numbers are used up: nothing goes out that would repeat a nonce. */
static void no_numbers_left(void **state)
{
  (void)state;
  const char *why;
  secure_start(&s, &group);
  const struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, 1);
  big_number = ((uint64_t)1 << 40) - 2;
  assert_int_equal(gc_oscore_context_set_sender(s.contexts[0], sec_id(1), sec_cred(GC_CURVE_ED25519, 1), gc_bytes(pair.private_key, pair.private_len),
                                                (struct gc_oscore_numbers){ next_big, NULL }, &why), GC_OK);
  struct gc_exchange *exchange = observe(0, false);
  secure_run(&s, 100);
  for (unsigned i = 0; i < 6; i++) {
    change(i % 2 ? "off" : "on");
    secure_run(&s, 100);
  }
  assert_int_equal(secure_count(&s, "notification"), 3);
  assert_int_equal(secure_sent_count(&s, 0, SECURE_CLIENT), 3);
  gc_client_end(s.client, exchange, true, s.now_ms);
  secure_run(&s, 300000);
  secure_count(&s, "");
  secure_stop(&s);
}

/* A notification larger than a block: the rest is fetched for the one member. */
static void notifications_in_blocks(void **state)
{
  (void)state;
  secure_start(&s, &group);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "big");
  request.observe = true;
  request.wait_ms = 8000;
  secure_go(&s, &request);
  secure_run(&s, 20000);
  for (int i = 0; i < 3; i++) {
    char text[64];
    snprintf(text, sizeof text, "notification %d 2.05 2500 bytes in 3 pairwise", i);
    secure_expect(&s, text);
  }
  secure_stop(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(long_observations),
    cmocka_unit_test(what_is_outside),
    cmocka_unit_test(order_is_that_of_the_partial_ivs),
    cmocka_unit_test(large_sequence_numbers),
    cmocka_unit_test(strangers_do_not_end_it),
    cmocka_unit_test(refreshed_registrations),
    cmocka_unit_test(observations_outlive_a_rekeying),
    cmocka_unit_test(no_numbers_left),
    cmocka_unit_test(notifications_in_blocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
