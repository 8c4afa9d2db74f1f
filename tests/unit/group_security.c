/* Protected requests and answers between members of one group: all modes, algorithms and profiles, and what an attacker
 * sends in between. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include "../tests/lib/nonces.h"
#include "../tests/lib/secure_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GET = 1, PUT = 3, STRANGER = 50 };

static struct secure s;

static void lose_nothing(void)
{
  s.filter = NULL;
}

/* --- every combination --------------------------------------------------------------------------------------------- */

/* Group request answered by all; the answer's protection as the members chose. */
static void one_round(const struct secure_setup *setup, const char *expected_mode)
{
  char text[64];
  secure_start(&s, setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  secure_go(&s, &request);
  secure_run(&s, 10000);
  for (int i = 0; i < 3; i++) {
    snprintf(text, sizeof text, "response %d 2.05 on %s", i, expected_mode);
    secure_expect(&s, text);
  }
  request = secure_request(&s, 1, PUT, "value");
  request.payload = gc_bytes_str("off");
  secure_go(&s, &request);
  secure_run(&s, 10000);
  snprintf(text, sizeof text, "response 1 2.04 %s", expected_mode);
  secure_expect(&s, text);
  assert_string_equal(s.value_text, "off");
  secure_stop(&s);
}

/* @req B40 C68 C41 C52 */
static void every_algorithm_and_answer_mode(void **state)
{
  (void)state;
  static const int32_t curves[] = { GC_CURVE_ED25519, GC_CURVE_P256, GC_CURVE_ED448, GC_CURVE_P384 };
  static const int32_t encryptions[] = { 10, 12, 11, 30, 32, 1, 3, 24, -65534, -65532 };
  for (size_t c = 0; c < sizeof curves / sizeof curves[0]; c++)
    for (size_t e = 0; e < (c < 2 ? sizeof encryptions / sizeof encryptions[0] : 1); e++)
      for (int answer = 0; answer < 3; answer++) {
        const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP, .curve = curves[c], .group_enc_alg = encryptions[e] },
                                            .answer = (enum gc_answer_mode)answer };
        one_round(&setup, answer == GC_ANSWER_PAIRWISE ? "pairwise" : "group");
      }
}

/* @req B40 C61 */
static void plain_oscore_by_unicast_and_by_multicast(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_PLAIN } };
  one_round(&setup, "oscore");
}

static void draft_02(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP_02 } };
  one_round(&setup, "group");
}

static void pairwise_round(enum gc_oscore_profile profile, enum gc_answer_mode answer, const char *expected)
{
  const struct secure_setup setup = { .options = { .profile = profile }, .answer = answer };
  char text[64];
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, 2, GET, "value");
  request.is_pairwise = true;
  request.peer = sec_id(3);
  secure_go(&s, &request);
  secure_run(&s, 10000);
  snprintf(text, sizeof text, "response 2 2.05 on %s", expected);
  secure_expect(&s, text);
  assert_false(secure_option(&s, secure_sent(&s, SECURE_CLIENT, 2, 0)).is_group);
  /* to a server that is not the peer: it cannot open it, and the client learns nothing that is protected */
  request.remote = secure_addr(1);
  secure_go(&s, &request);
  secure_run(&s, 10000);
  if (profile == GC_OSCORE_GROUP_02)
    assert_int_equal(s.event_count, 0); /* silent */
  else
    secure_expect(&s, "insecure 1 not_protected");
  secure_stop(&s);
}

/* @req C76 C77 */
static void pairwise_requests(void **state)
{
  (void)state;
  pairwise_round(GC_OSCORE_GROUP, GC_ANSWER_AS_ASKED, "pairwise");
  pairwise_round(GC_OSCORE_GROUP, GC_ANSWER_GROUP, "group");
}

/* Nothing of a protected request, and nothing of its answer, is readable: only the OSCORE option and the outer codes are. */
static void what_is_outside(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  secure_go(&s, &request);
  secure_run(&s, 10000);
  assert_int_equal(secure_count(&s, "response"), 3);
  for (size_t i = 0; i < s.wire_count; i++) {
    const struct gc_message *m = &s.wire[i].message;
    assert_int_equal(m->code, s.wire[i].from == SECURE_CLIENT ? GC_CODE(0, 2) : GC_CODE(2, 4));
    assert_false(gc_option_find(m->options, GC_OPTION_URI_PATH, NULL));
    assert_false(gc_option_find(m->options, GC_OPTION_ETAG, NULL));
  }
  secure_stop(&s);
}

/* --- repetitions and replays ------------------------------------------------------------------------------------------ */

static size_t losses;

static bool lose_first_requests(struct secure *bench, struct secure_packet *packet)
{
  (void)bench;
  return packet->from != SECURE_CLIENT || losses == 0 || losses-- == 0;
}

/* @req C66 B49 */
static void a_repetition_is_the_same_bytes(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  request.repeats = 3;
  request.repeat_ms = 1500;
  losses = 1;
  s.filter = lose_first_requests;
  secure_go(&s, &request);
  secure_run(&s, 20000);
  assert_int_equal(secure_count(&s, "response"), 3); /* once each: the servers know the others for replays */
  assert_int_equal(secure_sent_count(&s, SECURE_CLIENT, SECURE_GROUP), 4);
  const struct secure_packet *first = secure_sent(&s, SECURE_CLIENT, SECURE_GROUP, 0);
  for (size_t i = 1; i < 4; i++) {
    const struct secure_packet *again = secure_sent(&s, SECURE_CLIENT, SECURE_GROUP, i);
    assert_int_not_equal(again->message.mid, first->message.mid);
    assert_true(gc_bytes_equal(again->message.payload, first->message.payload));
    assert_true(gc_bytes_equal(again->message.options, first->message.options));
  }
  assert_int_equal(s.calls, 3);
  assert_int_equal(gc_server_state(s.server).insecure, 6);
  assert_int_equal(s.wire_count, 7); /* and to a group request nobody says so */
  lose_nothing();
  secure_stop(&s);
}

/* @req B46 B48 C67 */
static void replayed_requests(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, 0, PUT, "sink");
  request.payload = gc_bytes_str("x");
  secure_go(&s, &request);
  secure_run(&s, 5000);
  secure_expect(&s, "response 0 2.04 group");
  assert_int_equal(s.calls, 1);
  const size_t before = s.wire_count;
  secure_replay(&s, secure_sent(&s, SECURE_CLIENT, 0, 0), 7777);
  secure_run(&s, 1000);
  assert_int_equal(s.calls, 1);
  assert_int_equal(s.wire_count, before + 1);
  assert_int_equal(s.wire[before].message.code, GC_CODE(4, 1));
  assert_true(gc_bytes_equal(s.wire[before].message.payload, gc_bytes_str("Replay detected")));
  assert_false(gc_option_find(s.wire[before].message.options, GC_OPTION_OSCORE, NULL));
  secure_count(&s, "late");
  secure_stop(&s);
}

/* @req C90 B64 */
static void replayed_and_redirected_responses(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  secure_go(&s, &request);
  secure_run(&s, 2500);
  assert_int_equal(secure_count(&s, "response"), 3);
  const struct secure_packet *answer = secure_sent(&s, 1, SECURE_CLIENT, 0);
  secure_replay(&s, answer, 7777);
  secure_expect(&s, "insecure 1 unexpected"); /* without Partial IV: the second one */
  secure_inject(&s, SECURE_CLIENT, secure_addr(2), gc_bytes(answer->bytes, answer->len));
  assert_int_equal(secure_count(&s, "insecure 2 unexpected"), 1); /* from another address: the same */
  secure_stop(&s);
}

/* --- forgeries ----------------------------------------------------------------------------------------------------- */

static struct gc_bytes with_flipped(const struct secure_packet *packet, size_t at, uint8_t *store, int mid)
{
  memcpy(store, packet->bytes, packet->len);
  store[at] ^= 1;
  store[2] = (uint8_t)(mid >> 8);
  store[3] = (uint8_t)mid;
  return gc_bytes(store, packet->len);
}

static bool lose_responses(struct secure *bench, struct secure_packet *packet)
{
  (void)bench;
  return packet->to != SECURE_CLIENT;
}

/* @req C72 B47 B50 B66 */
static void forged_responses_do_no_harm(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  uint8_t store[2000];
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  s.filter = lose_responses;
  secure_go(&s, &request);
  secure_run(&s, 2500);
  lose_nothing();
  const struct secure_packet *answer = secure_sent(&s, 1, SECURE_CLIENT, 0);
  const size_t payload_at = (size_t)(answer->message.payload.ptr - answer->bytes);
  for (size_t at = payload_at; at < answer->len; at++) {
    secure_inject(&s, SECURE_CLIENT, secure_addr(1), with_flipped(answer, at, store, 2000 + (int)at));
    secure_expect(&s, "insecure 1 bad_signature");
  }
  /* unprotected, with the right token */
  uint8_t plain[64];
  struct gc_bytes bytes;
  struct gc_builder builder = gc_builder_message(plain, sizeof plain, GC_TYPE_NON, GC_CODE(2, 5), 999, answer->message.token);
  gc_builder_payload(&builder, gc_bytes_str("on"));
  assert_int_equal(gc_builder_finish(&builder, &bytes), GC_OK);
  secure_inject(&s, SECURE_CLIENT, secure_addr(1), bytes);
  secure_expect(&s, "insecure 1 not_protected");
  /* and then the true one still counts */
  secure_replay(&s, answer, 3000);
  secure_expect(&s, "response 1 2.05 on group");
  secure_stop(&s);
}

/* @req C72 B49 C67 */
static void forged_requests_do_no_harm(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP }, .servers = 1 };
  uint8_t store[2000];
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, 0, GET, "value");
  s.filter = lose_first_requests;
  losses = 1;
  request.is_con = false;
  secure_go(&s, &request);
  secure_run(&s, 10);
  const struct secure_packet original = *secure_sent(&s, SECURE_CLIENT, 0, 0);
  const size_t payload_at = (size_t)(original.message.payload.ptr - s.wire[0].bytes);
  for (size_t at = payload_at; at < original.len; at++) {
    const size_t before = s.wire_count;
    secure_inject(&s, 0, s.client_addr, with_flipped(&original, at, store, 2000 + (int)at));
    assert_int_equal(s.wire_count, before + 1);
    assert_int_equal(s.wire[before].message.code, GC_CODE(4, 0));
    assert_true(gc_bytes_equal(s.wire[before].message.payload, gc_bytes_str("Decryption failed")));
  }
  assert_int_equal(s.calls, 0);
  secure_count(&s, "insecure");
  /* by multicast nobody answers, whatever is wrong */
  const size_t before = s.wire_count;
  for (size_t at = 0; at < original.len; at++)
    secure_inject(&s, SECURE_GROUP, s.client_addr, with_flipped(&original, at, store, 4000 + (int)at));
  secure_run(&s, 2000);
  for (size_t i = before; i < s.wire_count; i++) /* but an altered token or header is not covered, and is answered once */
    assert_true(gc_option_find(s.wire[i].message.options, GC_OPTION_OSCORE, NULL));
  assert_true(s.wire_count <= before + 1);
  secure_count(&s, "");
  secure_stop(&s);
}

/* @req C70 C69 B45 C73 */
static void who_is_not_known(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP }, .servers = 1 };
  struct sec_options other = { .profile = GC_OSCORE_GROUP, .name = "other", .gid = "elsewhere", .secret = 9 };
  secure_start(&s, &setup);
  /* a member of the group that this server has never heard of */
  struct sec_options same = s.setup.options;
  struct gc_oscore_context *stranger = sec_context(&same, 7, 8);
  struct gc_oscore_binding binding;
  struct gc_bytes bytes = sec_request(stranger, sec_get, NULL, &binding);
  size_t before = s.wire_count;
  secure_inject(&s, 0, secure_addr(STRANGER), bytes);
  assert_int_equal(s.wire_count, before + 1);
  assert_int_equal(s.wire[before].message.code, GC_CODE(5, 3));
  assert_false(gc_option_find(s.wire[before].message.options, GC_OPTION_OSCORE, NULL));
  before = s.wire_count;
  secure_inject(&s, SECURE_GROUP, secure_addr(STRANGER), sec_request(stranger, sec_get, NULL, &binding));
  secure_run(&s, 2000);
  assert_int_equal(s.wire_count, before);
  /* another group */
  struct gc_oscore_context *foreign = sec_context(&other, 0, 2);
  bytes = sec_request(foreign, sec_get, NULL, &binding);
  uint8_t copy[500];
  memcpy(copy, bytes.ptr, bytes.len);
  copy[3] = 99;
  secure_inject(&s, 0, secure_addr(STRANGER), gc_bytes(copy, bytes.len));
  assert_int_equal(s.wire_count, before + 1);
  assert_int_equal(s.wire[before].message.code, GC_CODE(4, 1));
  gc_oscore_context_free(&stranger);
  gc_oscore_context_free(&foreign);
  secure_stop(&s);
}

static unsigned holds;

static bool hold(const struct gc_oscore_context *context, struct gc_bytes kid)
{
  assert_ptr_equal(context, s.client_context);
  holds++;
  return !gc_bytes_equal(kid, sec_id(3)); /* of the third server nothing can be had */
}

static void forget_servers(void)
{
  for (size_t i = 1; i <= 3; i++)
    assert_int_equal(gc_oscore_context_remove_recipient(s.client_context, sec_id(i), false), GC_OK);
}

static void know(size_t member)
{
  assert_int_equal(gc_oscore_context_add_recipient(s.client_context, sec_id(member), sec_cred(GC_CURVE_ED25519, member), NULL, NULL), GC_OK);
}

/* Answers of members that are not known yet wait until they are, or until it is too late. */
static void answers_of_members_that_become_known(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&s, &setup);
  s.hold = hold;
  holds = 0;
  forget_servers();
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  request.wait_ms = 4500;
  secure_go(&s, &request);
  secure_run(&s, 1500); /* leisure is 1 s at most */
  assert_int_equal(holds, 3);
  secure_expect(&s, "insecure 2 no_credential");
  secure_expect_none(&s);
  know(1);
  gc_client_reconsider(s.client, s.now_ms);
  secure_expect(&s, "response 0 2.05 on group");
  secure_expect_none(&s);
  assert_int_equal(holds, 3); /* the other one waits on, and was not asked for again */
  secure_run(&s, 1000);
  secure_expect_none(&s);
  secure_run(&s, 1000); /* 3 s after it came */
  secure_expect(&s, "insecure 1 no_credential");
  /* an exchange that ends earlier ends the wait */
  assert_int_equal(gc_oscore_context_remove_recipient(s.client_context, sec_id(1), false), GC_OK);
  request.wait_ms = 1500;
  secure_go(&s, &request);
  secure_run(&s, 1499);
  secure_expect(&s, "insecure 2 no_credential");
  secure_expect_none(&s);
  secure_run(&s, 1);
  secure_expect(&s, "insecure 0 no_credential");
  secure_expect(&s, "insecure 1 no_credential");
  secure_stop(&s);
}

/* The first that came is looked at first: a later notification would make it stale. */
static void held_notifications_keep_their_order(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP }, .servers = 1 };
  secure_start(&s, &setup);
  s.hold = hold;
  holds = 0;
  assert_int_equal(gc_oscore_context_remove_recipient(s.client_context, sec_id(1), false), GC_OK);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  request.observe = true;
  request.wait_ms = UINT32_MAX;
  struct gc_exchange *exchange = secure_go(&s, &request);
  secure_run(&s, 1500);
  strcpy(s.value_text, "two");
  gc_server_changed(s.server, NULL, s.value, s.now_ms);
  secure_run(&s, 1400);
  assert_int_equal(holds, 2);
  secure_expect_none(&s);
  know(1);
  gc_client_reconsider(s.client, s.now_ms);
  secure_expect(&s, "notification 0 2.05 on group");
  secure_expect(&s, "notification 0 2.05 two group");
  secure_expect_none(&s);
  gc_client_end(s.client, exchange, true, s.now_ms);
  secure_stop(&s);
}

/* So many are kept, and no more. */
static void made_up_members_take_no_room(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP }, .servers = 1 };
  secure_start(&s, &setup);
  s.hold = hold;
  holds = 0;
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  secure_go(&s, &request);
  secure_run(&s, 1500);
  secure_expect(&s, "response 0 2.05 on group");
  const struct secure_packet *answer = secure_sent(&s, 0, SECURE_CLIENT, 0);
  uint8_t copy[500];
  const struct gc_oscore_option option = secure_option(&s, answer);
  const size_t kid_at = (size_t)(option.kid.ptr - answer->bytes);
  memcpy(copy, answer->bytes, answer->len);
  for (int i = 0; i < GC_CLIENT_HELD_MAX + 3; i++) {
    copy[kid_at] = (uint8_t)(100 + i);
    copy[2] = (uint8_t)i;
    copy[3] = (uint8_t)(copy[3] + 1);
    secure_inject(&s, SECURE_CLIENT, secure_addr(0), gc_bytes(copy, answer->len));
  }
  assert_int_equal(holds, GC_CLIENT_HELD_MAX);
  assert_int_equal(secure_count(&s, "insecure 0 no_credential"), 3);
  secure_run(&s, GC_CLIENT_HOLD_MS);
  assert_int_equal(secure_count(&s, "insecure 0 no_credential"), GC_CLIENT_HELD_MAX);
  secure_stop(&s);
}

static bool resolve(void *ctx, struct gc_oscore_context *context, struct gc_bytes kid, struct gc_bytes *cred)
{
  unsigned *asked = ctx;
  (void)context;
  ++*asked;
  if (!gc_bytes_equal(kid, sec_id(7)))
    return false;
  *cred = sec_cred(GC_CURVE_ED25519, 7);
  return true;
}

/* The application knows where credentials are to be had. @req C69 D13 */
static void senders_that_are_looked_up(void **state)
{
  (void)state;
  for (int old = 0; old < 2; old++) {
    const struct secure_setup setup = { .options = { .profile = old ? GC_OSCORE_GROUP_02 : GC_OSCORE_GROUP }, .servers = 1 };
    unsigned asked = 0;
    struct gc_oscore_binding binding;
    uint8_t body[] = { 0x01, 0xb5, 'v', 'a', 'l', 'u', 'e' };
    secure_start(&s, &setup);
    gc_oscore_context_set_resolver(s.contexts[0], (struct gc_oscore_resolver){ resolve, &asked });
    struct gc_oscore_context *newcomer = sec_context(&s.setup.options, 7, 8), *unknown = sec_context(&s.setup.options, 8, 9);
    for (int i = 0; i < 2; i++) {
      struct gc_bytes bytes = sec_request(newcomer, gc_bytes(body, sizeof body), NULL, &binding);
      uint8_t copy[300];
      memcpy(copy, bytes.ptr, bytes.len);
      copy[3] = (uint8_t)(70 + i);
      nonces_allow(s.nonces, gc_bytes(copy + 4, 1));
      secure_inject(&s, 0, secure_addr(STRANGER), gc_bytes(copy, bytes.len));
    }
    assert_int_equal(s.calls, 2);
    assert_int_equal(asked, 1);
    secure_inject(&s, 0, secure_addr(STRANGER), sec_request(unknown, gc_bytes(body, sizeof body), NULL, &binding));
    assert_int_equal(s.calls, 2);
    assert_int_equal(asked, 2);
    gc_oscore_context_free(&newcomer);
    gc_oscore_context_free(&unknown);
    secure_stop(&s);
  }
}

/* @req C75 */
static void own_messages_that_come_back(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&s, &setup);
  struct gc_oscore_binding binding;
  struct gc_bytes bytes = sec_request(s.contexts[0], sec_get, NULL, &binding); /* "sent" by server 0 */
  const size_t before = s.wire_count;
  secure_inject(&s, 0, secure_addr(STRANGER), bytes);
  assert_int_equal(s.wire_count, before);
  assert_int_equal(gc_server_state(s.server).insecure, 1);
  secure_stop(&s);
}

/* --- policies ------------------------------------------------------------------------------------------------------ */

static void only_protected_requests(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, 0, GET, "secret");
  secure_go(&s, &request);
  request.context = NULL;
  secure_run(&s, 100);
  secure_expect(&s, "response 0 2.05 on group");
  uint8_t store[64];
  struct gc_bytes bytes;
  for (int group = 0; group < 2; group++) {
    const size_t before = s.wire_count;
    struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_NON, GC_CODE(0, 1), (uint16_t)(50 + group), gc_bytes_str("tt"));
    gc_builder_add_str(&builder, GC_OPTION_URI_PATH, "secret");
    assert_int_equal(gc_builder_finish(&builder, &bytes), GC_OK);
    secure_inject(&s, group ? SECURE_GROUP : 0, secure_addr(STRANGER), bytes);
    secure_run(&s, 2000);
    assert_int_equal(s.wire_count, before + (group ? 0 : 1));
    if (!group)
      assert_int_equal(s.wire[before].message.code, GC_CODE(4, 1));
  }
  assert_int_equal(s.calls, 1);
  secure_stop(&s);
}

/* An authenticated client may ask for answers that the policy keeps back (groupcomm-bis, Section 6.5). */
static void no_response_lifts_suppression(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  uint8_t store[64];
  struct gc_bytes options;
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, 4, "value"); /* DELETE: not allowed */
  secure_go(&s, &request);
  secure_run(&s, 10000);
  assert_int_equal(s.event_count, 0);
  struct gc_builder builder = gc_builder_options(store, sizeof store);
  gc_builder_add_str(&builder, GC_OPTION_URI_PATH, "value");
  gc_builder_add_uint(&builder, GC_OPTION_NO_RESPONSE, 0);
  assert_int_equal(gc_builder_finish(&builder, &options), GC_OK);
  request.options = options;
  secure_go(&s, &request);
  secure_run(&s, 10000);
  assert_int_equal(secure_count(&s, "response"), 3);
  secure_stop(&s);
}

/* A silent server opens requests, and cannot answer. */
static void a_silent_server(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP }, .silent_servers = true };
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, PUT, "sink");
  request.payload = gc_bytes_str("x");
  secure_go(&s, &request);
  secure_run(&s, 10000);
  assert_int_equal(s.calls, 3);
  assert_int_equal(secure_sent_count(&s, 0, SECURE_CLIENT), 0);
  secure_stop(&s);
}

/* --- several groups and contexts ------------------------------------------------------------------------------------ */

static struct gc_bytes retokened(const struct secure_packet *answer, struct gc_bytes token, uint8_t *store)
{
  memcpy(store, answer->bytes, answer->len);
  assert_int_equal(answer->message.token.len, token.len);
  memcpy(store + 4, token.ptr, token.len);
  store[2] ^= 0x55;
  return gc_bytes(store, answer->len);
}

/* The answer to one request does not pass for the answer to another. @req C47 */
static void answers_belong_to_their_requests(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  uint8_t store[2000];
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  request.wait_ms = 100000;
  secure_go(&s, &request);
  secure_run(&s, 2500);
  assert_int_equal(secure_count(&s, "response"), 3);
  s.filter = lose_responses;
  secure_run(&s, 100000);
  secure_go(&s, &request);
  secure_run(&s, 20000);
  lose_nothing();
  assert_int_equal(secure_sent_count(&s, SECURE_CLIENT, SECURE_GROUP), 2);
  const struct gc_bytes token = secure_sent(&s, SECURE_CLIENT, SECURE_GROUP, 1)->message.token;
  secure_inject(&s, SECURE_CLIENT, secure_addr(1), retokened(secure_sent(&s, 1, SECURE_CLIENT, 0), token, store));
  secure_expect(&s, "insecure 1 bad_signature");
  secure_stop(&s);
}

/* Two groups with one Gid: each is tried, and the answer comes under the right one. */
static void equal_gids(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&s, &setup);
  struct sec_options other = s.setup.options;
  other.name = "another";
  other.secret = 42;
  struct gc_oscore_context *mine = sec_context(&other, 0, 4);
  assert_int_equal(gc_oscore_ring_add(s.client_ring, mine), GC_OK);
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(gc_oscore_ring_add(s.rings[i], sec_context(&other, i + 1, 4)), GC_OK);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  secure_go(&s, &request); /* older in the ring: the other one is tried first */
  secure_run(&s, 5500);
  assert_int_equal(secure_count(&s, "response"), 3);
  const struct secure_packet *answer = secure_sent(&s, 1, SECURE_CLIENT, 0);
  struct gc_message outer;
  assert_int_equal(gc_message_parse(&outer, gc_bytes(answer->bytes, answer->len), NULL), GC_OK);
  assert_false(secure_option(&s, answer).has_kid_context); /* it is under the request's own context */
  secure_stop(&s);
}

/* A group is rekeyed while requests and answers are on their way. @req C62 C84 C85 C86 C82 */
static void rekeying_between_request_and_answer(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  struct gc_request late = request;
  secure_rekey(&s, "gid2", true, true);
  late.context = gc_oscore_ring_at(s.client_ring, 0); /* a request under the older context … */
  secure_go(&s, &late);
  secure_run(&s, 10000);
  assert_int_equal(secure_count(&s, "response"), 3);
  for (int i = 0; i < 3; i++) { /* … is answered under the newer one, which is named, with an own number */
    const struct gc_oscore_option option = secure_option(&s, secure_sent(&s, i, SECURE_CLIENT, 0));
    assert_true(option.has_kid_context && gc_bytes_equal(option.kid_context, gc_bytes_str("gid2")));
    assert_true(option.piv.len > 0 && option.has_kid);
  }
  secure_stop(&s);
}

/* The client has the newer context, the servers have not: the answers are under the older. */
static void rekeying_seen_by_one_side(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "value");
  secure_go(&s, &request);
  secure_rekey(&s, "gid2", true, false);
  secure_run(&s, 10000);
  assert_int_equal(secure_count(&s, "response"), 3);
  request = secure_request(&s, 0, GET, "value"); /* under the newer one: it is refused in the clear */
  secure_go(&s, &request);
  secure_run(&s, 10000);
  secure_expect(&s, "insecure 0 not_protected");
  secure_stop(&s);
}

/* --- the application ------------------------------------------------------------------------------------------------ */

static void an_exchange_ended_in_an_event(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, SECURE_GROUP, GET, "big");
  s.end_on_event = secure_go(&s, &request);
  secure_run(&s, 10000);
  assert_int_equal(secure_count(&s, "response"), 1);
  secure_count(&s, "late");
  request = secure_request(&s, 0, GET, "value");
  request.is_pairwise = true;
  request.peer = sec_id(2); /* not the one that is asked: an unprotected error comes */
  s.end_on_event = secure_go(&s, &request);
  secure_run(&s, 10000);
  assert_int_equal(secure_count(&s, "insecure 0 not_protected"), 1);
  assert_int_equal(s.ends, 2);
  secure_stop(&s);
}

static void what_cannot_be_asked(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP, .no_pairwise_mode = true } };
  struct gc_exchange *exchange;
  uint8_t store[200];
  struct gc_buf out = gc_buf(store, sizeof store);
  secure_start(&s, &setup);
  struct gc_request request = secure_request(&s, 0, GET, "value");
  request.is_pairwise = true;
  request.peer = sec_id(1);
  assert_int_equal(gc_client_request(s.client, &exchange, &request, NULL, s.now_ms), GC_E_STATE);
  assert_int_equal(gc_client_protect_result(s.client), GC_SEC_MODE);
  request.ring = NULL;
  assert_int_equal(gc_client_request(s.client, &exchange, &request, NULL, s.now_ms), GC_E_RANGE);
  request = secure_request(&s, 0, GET, "value");
  request.has_mid = true;
  assert_int_equal(gc_client_compose(s.client, &out, &request, s.now_ms), GC_OK); /* and gives back what it took */
  assert_int_equal(out.ptr[1], 2);
  request.context = NULL;
  request.is_pairwise = true;
  assert_int_equal(gc_client_request(s.client, &exchange, &request, NULL, s.now_ms), GC_E_RANGE);
  secure_stop(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_algorithm_and_answer_mode),
    cmocka_unit_test(plain_oscore_by_unicast_and_by_multicast),
    cmocka_unit_test(draft_02),
    cmocka_unit_test(pairwise_requests),
    cmocka_unit_test(what_is_outside),
    cmocka_unit_test(a_repetition_is_the_same_bytes),
    cmocka_unit_test(replayed_requests),
    cmocka_unit_test(replayed_and_redirected_responses),
    cmocka_unit_test(forged_responses_do_no_harm),
    cmocka_unit_test(forged_requests_do_no_harm),
    cmocka_unit_test(who_is_not_known),
    cmocka_unit_test(senders_that_are_looked_up),
    cmocka_unit_test(answers_of_members_that_become_known),
    cmocka_unit_test(held_notifications_keep_their_order),
    cmocka_unit_test(made_up_members_take_no_room),
    cmocka_unit_test(own_messages_that_come_back),
    cmocka_unit_test(only_protected_requests),
    cmocka_unit_test(no_response_lifts_suppression),
    cmocka_unit_test(a_silent_server),
    cmocka_unit_test(answers_belong_to_their_requests),
    cmocka_unit_test(equal_gids),
    cmocka_unit_test(rekeying_between_request_and_answer),
    cmocka_unit_test(rekeying_seen_by_one_side),
    cmocka_unit_test(an_exchange_ended_in_an_event),
    cmocka_unit_test(what_cannot_be_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
