/* A secured group of 200 members and one client over a network that loses a tenth of all datagrams, duplicates and reorders:
 * each answer that arrives counts once, whatever its protection, and no key and nonce are used twice. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/nonces.h"
#include "../lib/oscore_rig.h"
#include "../lib/simnet.h"
#include "group/client.h"
#include "group/server.h"
#include "oscore/succession.h"

enum { MEMBERS = 200, LARGE = 2500 };

struct tally { /* of one member, since the last sim_ask */
  uint32_t delivered;           /* different protected answers that came for the root request's token */
  uint64_t texts[8];
  uint32_t responses, notifications, failures;
};

struct sim {
  struct simnet *net;
  struct gc_client *client;
  struct gc_server *server;
  struct gc_member *members[MEMBERS];
  struct gc_oscore_ring *rings[MEMBERS], *client_ring;
  struct gc_oscore_context *client_context;
  struct sec_options options;
  struct gc_resource *value;
  uint64_t client_seed, server_seed, now_ms;
  struct tally tally[MEMBERS];
  uint8_t token[8];
  bool has_token, is_open;
  uint32_t ends, insecure[GC_SEC_COUNT], others;
  void *nonces;
  char text[16];
};

static const struct simnet_params rough = { .loss_permille = 100, .duplicate_permille = 100, .delay_min_ms = 1, .delay_max_ms = 400 };

static struct gc_addr client_addr(void)
{
  return gc_addr_ipv4(10, 1, 0, 1, 40000);
}

static struct gc_addr member_addr(uint32_t index)
{
  return gc_addr_ipv4(10, 2, 0, (uint8_t)(1 + index), 5683);
}

static uint32_t index_of(const struct gc_addr *addr)
{
  const uint32_t index = (uint32_t)addr->ip[3] - 1;
  assert_in_range(index, 0, MEMBERS - 1);
  return index;
}

static void watch(struct sim *sim, const struct gc_message *message, size_t member)
{
  struct gc_bytes value;
  struct gc_oscore_option option;
  if (!gc_oscore_option_of(message, &value))
    return;
  assert_int_equal(gc_oscore_option_parse(&option, value, 0, NULL), GC_OK);
  nonces_add(sim->nonces, message, &option, sec_id(member));
}

static enum gc_err client_sends(void *ctx, const struct gc_datagram *datagram)
{
  struct sim *sim = ctx;
  const struct gc_addr from = client_addr();
  struct gc_message message;
  assert_int_equal(gc_message_parse(&message, datagram->bytes, NULL), GC_OK);
  watch(sim, &message, 0);
  if (!gc_addr_is_multicast(&datagram->remote)) {
    simnet_send(sim->net, sim->members[index_of(&datagram->remote)], &from, datagram, sim->now_ms);
    return GC_OK;
  }
  memcpy(sim->token, message.token.ptr, 8);
  sim->has_token = true;
  for (uint32_t i = 0; i < MEMBERS; i++)
    simnet_send(sim->net, sim->members[i], &from, datagram, sim->now_ms);
  return GC_OK;
}

static enum gc_err member_sends(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  struct sim *sim = ctx;
  struct gc_message message;
  assert_int_equal(gc_message_parse(&message, datagram->bytes, NULL), GC_OK);
  watch(sim, &message, gc_member_index(member) + 1);
  simnet_send(sim->net, NULL, gc_member_address(member), datagram, sim->now_ms);
  return GC_OK;
}

/* What the network brings, counted without the client's help. */
static void count_delivery(struct sim *sim, const struct gc_datagram *datagram)
{
  struct gc_message message;
  uint64_t text = 0;
  assert_int_equal(gc_message_parse(&message, datagram->bytes, NULL), GC_OK);
  if (!sim->is_open || !sim->has_token || !GC_CODE_IS_RESPONSE(message.code) || !gc_bytes_equal(message.token, gc_bytes(sim->token, 8)))
    return;
  for (size_t i = 0; i < message.payload.len; i++)
    text = (text ^ message.payload.ptr[i]) * 0x100000001b3u;
  struct tally *tally = &sim->tally[index_of(&datagram->remote)];
  for (uint32_t i = 0; i < tally->delivered && i < 8; i++)
    if (tally->texts[i] == text)
      return;
  if (tally->delivered < 8)
    tally->texts[tally->delivered] = text;
  tally->delivered++;
}

static void deliver(void *ctx, void *target, const struct gc_datagram *datagram, uint64_t now_ms)
{
  struct sim *sim = ctx;
  if (target) {
    gc_server_receive(sim->server, target, datagram, now_ms);
    return;
  }
  count_delivery(sim, datagram);
  gc_client_receive(sim->client, datagram, now_ms);
}

static void on_event(void *ctx, const struct gc_client_event *event)
{
  struct sim *sim = ctx;
  switch (event->kind) {
  case GC_CLIENT_RESPONSE:
  case GC_CLIENT_NOTIFICATION: {
    struct tally *tally = &sim->tally[index_of(&event->from)];
    assert_non_null(event->security);
    assert_true(event->security->is_verified);
    assert_true(gc_bytes_equal(event->security->kid, sec_id(index_of(&event->from) + 1)));
    event->kind == GC_CLIENT_RESPONSE ? tally->responses++ : tally->notifications++;
    break;
  }
  case GC_CLIENT_TIMEOUT:
  case GC_CLIENT_INCOMPLETE: sim->tally[index_of(&event->from)].failures++; break;
  case GC_CLIENT_INSECURE: sim->insecure[event->result]++; break;
  case GC_CLIENT_END:
    sim->ends++;
    sim->is_open = false;
    break;
  case GC_CLIENT_DUPLICATE:
  case GC_CLIENT_STALE:
  case GC_CLIENT_LATE: break;
  default: sim->others++; break;
  }
}

static enum gc_err answer(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  const struct sim *sim = ctx;
  (void)request;
  return gc_buf_add(&response->body, gc_bytes_str(sim->text));
}

static enum gc_err answer_large(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  enum gc_err err = GC_OK;
  (void)ctx;
  for (size_t i = 0; i < LARGE && !err; i++)
    err = gc_buf_add_u8(&response->body, (uint8_t)gc_member_index(request->member));
  return err;
}

static void join_all(struct sim *sim)
{
  sim->client_context = sec_context(&sim->options, 0, MEMBERS + 1);
  assert_int_equal(gc_oscore_ring_add(sim->client_ring, sim->client_context), GC_OK);
  for (uint32_t i = 0; i < MEMBERS; i++)
    assert_int_equal(gc_oscore_ring_add(sim->rings[i], sec_context_of(&sim->options, i + 1, 0, 0)), GC_OK);
}

static void sim_start(struct sim *sim, uint64_t seed)
{
  memset(sim, 0, sizeof *sim);
  sim->options = (struct sec_options){ .profile = GC_OSCORE_GROUP, .name = "g", .gid = "one" };
  strcpy(sim->text, "hello");
  sim->now_ms = 1;
  sim->client_seed = seed;
  sim->server_seed = seed + 1000;
  sim->nonces = nonces_new();
  sim->net = simnet_new(seed + 2000, &rough, deliver, sim);
  struct gc_client_params client_params = gc_client_params_default();
  struct gc_server_params server_params = gc_server_params_default();
  client_params.probing_rate = 0;
  server_params.leisure_ms = 2000;
  const struct gc_client_ops client_ops = { .send = client_sends, .event = on_event, .ctx = sim };
  const struct gc_server_ops server_ops = { .send = member_sends, .ctx = sim };
  sim->client = gc_client_new(&client_params, &client_ops, gc_rng_seeded(&sim->client_seed));
  sim->server = gc_server_new(&server_params, &server_ops, gc_rng_seeded(&sim->server_seed));
  sim->client_ring = gc_oscore_ring_new();
  for (uint32_t i = 0; i < MEMBERS; i++) {
    const struct gc_addr addr = member_addr(i);
    sim->rings[i] = gc_oscore_ring_new();
    assert_int_equal(gc_server_add_member(sim->server, &sim->members[i], &addr, NULL), GC_OK);
    /* answers of both kinds in one group */
    assert_int_equal(gc_member_secure(sim->members[i], sim->rings[i], i % 3 == 0 ? GC_ANSWER_PAIRWISE : GC_ANSWER_AS_ASKED), GC_OK);
  }
  join_all(sim);
  const struct gc_resource_def value = { .path = "v", .methods = 1 << 1, .handler = answer, .ctx = sim, .content_format = -1, .consumes = -1,
                                         .is_observable = true, .is_group = true, .needs_protection = true },
                               large = { .path = "l", .methods = 1 << 1, .handler = answer_large, .ctx = sim, .content_format = -1,
                                         .consumes = -1, .is_group = true, .needs_protection = true };
  assert_int_equal(gc_server_add_resource(sim->server, &sim->value, &value), GC_OK);
  assert_int_equal(gc_server_add_resource(sim->server, NULL, &large), GC_OK);
}

static uint64_t min(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

static void sim_run(struct sim *sim, uint64_t until_ms)
{
  for (;;) {
    const uint64_t next = min(simnet_next(sim->net), min(gc_client_deadline(sim->client), gc_server_deadline(sim->server)));
    if (next == UINT64_MAX || next > until_ms)
      break;
    sim->now_ms = next > sim->now_ms ? next : sim->now_ms;
    simnet_run(sim->net, sim->now_ms);
    gc_client_tick(sim->client, sim->now_ms);
    gc_server_tick(sim->server, sim->now_ms);
  }
  if (until_ms != UINT64_MAX)
    sim->now_ms = until_ms;
}

static void leave(struct gc_oscore_ring **ring)
{
  for (size_t i = 0; i < gc_oscore_ring_count(*ring); i++) {
    struct gc_oscore_context *context = gc_oscore_ring_at(*ring, i);
    gc_oscore_context_free(&context);
  }
  gc_oscore_ring_free(ring);
}

/* Nothing is left, neither at the client nor at the members nor on its way. */
static void sim_finish(struct sim *sim)
{
  sim_run(sim, UINT64_MAX);
  const struct gc_client_state client = gc_client_state(sim->client);
  const struct gc_server_state server = gc_server_state(sim->server);
  assert_int_equal(client.exchanges, 0);
  assert_int_equal(client.transfers, 0);
  assert_int_equal(client.under_way, 0);
  assert_int_equal(client.reserved_tokens, 0);
  assert_int_equal(server.delayed, 0);
  assert_int_equal(server.observers, 0);
  assert_int_equal(server.transfers, 0);
  assert_int_equal(sim->others, 0);
  gc_client_free(&sim->client);
  gc_server_free(&sim->server);
  simnet_free(&sim->net);
  nonces_free(sim->nonces);
  leave(&sim->client_ring);
  for (uint32_t i = 0; i < MEMBERS; i++)
    leave(&sim->rings[i]);
}

static struct gc_exchange *sim_ask(struct sim *sim, const char *encoded_path, uint32_t wait_ms, uint32_t repeats, bool observe)
{
  struct gc_exchange *exchange;
  const struct gc_request request = { .remote = gc_addr_ipv4(224, 0, 1, 187, 5683), .code = 1, .options = gc_bytes_str(encoded_path),
                                      .block_szx = 7, .wait_ms = wait_ms, .repeats = repeats, .observe = observe,
                                      .context = sim->client_context, .ring = sim->client_ring };
  memset(sim->tally, 0, sizeof sim->tally);
  sim->is_open = true;
  assert_int_equal(gc_client_request(sim->client, &exchange, &request, NULL, sim->now_ms), GC_OK);
  return exchange;
}

static uint32_t failures(const struct sim *sim)
{
  uint32_t count = 0;
  for (size_t i = 1; i < GC_SEC_COUNT; i++)
    count += sim->insecure[i];
  return count;
}

/* The request is repeated: who has it knows the repetitions for replays. @req C66 C90 C94 */
static void every_answer_counts_once(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    struct sim *sim = calloc(1, sizeof *sim);
    uint32_t answered = 0;
    sim_start(sim, seed);
    sim_ask(sim, "\xb1v", 8000, (uint32_t)seed % 3, false);
    sim_finish(sim);
    for (uint32_t i = 0; i < MEMBERS; i++) {
      assert_in_range(sim->tally[i].delivered, 0, 1);
      assert_int_equal(sim->tally[i].responses, sim->tally[i].delivered);
      answered += sim->tally[i].responses;
    }
    assert_int_equal(failures(sim), 0);
    assert_int_equal(sim->ends, 1);
    assert_in_range(answered, MEMBERS * 7 / 10, MEMBERS);
    free(sim);
  }
}

/* All members have lost their Replay Windows. @req C100 C102 C104 C105 */
static void every_window_is_recovered(void **state)
{
  (void)state;
  for (uint64_t seed = 11; seed <= 13; seed++) {
    struct sim *sim = calloc(1, sizeof *sim);
    uint32_t answered = 0;
    sim_start(sim, seed);
    for (uint32_t i = 0; i < MEMBERS; i++)
      gc_oscore_recipient_window(gc_oscore_context_at(gc_oscore_ring_at(sim->rings[i], 0), 0))->is_valid = false;
    sim_ask(sim, "\xb1v", 8000, 0, false);
    sim_finish(sim);
    for (uint32_t i = 0; i < MEMBERS; i++) {
      /* one whose challenge came answers in the end, or does not and that is told */
      assert_int_equal(sim->tally[i].delivered > 0, sim->tally[i].responses + sim->tally[i].failures > 0);
      answered += sim->tally[i].responses;
    }
    assert_in_range(answered, MEMBERS / 2, MEMBERS);
    free(sim);
  }
}

/* Bodies in blocks from all members at once. */
static void every_body_is_whole_or_missed(void **state)
{
  (void)state;
  for (uint64_t seed = 21; seed <= 22; seed++) {
    struct sim *sim = calloc(1, sizeof *sim);
    uint32_t whole = 0;
    sim_start(sim, seed);
    sim_ask(sim, "\xb1l", 5000, 0, false);
    sim_finish(sim);
    for (uint32_t i = 0; i < MEMBERS; i++) {
      assert_int_equal(sim->tally[i].responses + sim->tally[i].failures, sim->tally[i].delivered);
      whole += sim->tally[i].responses;
    }
    assert_int_equal(failures(sim), 0);
    assert_true(whole > MEMBERS / 2);
    free(sim);
  }
}

/* An observation of the group; in its midst everybody gets new keys. @req B62 C83 C84 C85 C88 */
static void observed_through_a_rekeying(void **state)
{
  (void)state;
  for (uint64_t seed = 31; seed <= 33; seed++) {
    struct sim *sim = calloc(1, sizeof *sim);
    uint32_t notifications = 0;
    sim_start(sim, seed);
    struct gc_exchange *exchange = sim_ask(sim, "\xb1v", UINT32_MAX, 0, true);
    for (unsigned i = 0; i < 12; i++) {
      sim_run(sim, sim->now_ms + 6000);
      snprintf(sim->text, sizeof sim->text, "state %u", i);
      if (i == 6) {
        sim->options.gid = "two";
        sim->options.secret++;
        join_all(sim);
      }
      if (i == 8)
        assert_int_equal(gc_client_again(sim->client, exchange, NULL, sim->now_ms), GC_OK);
      gc_server_changed(sim->server, NULL, sim->value, sim->now_ms);
    }
    sim_run(sim, sim->now_ms + 6000);
    gc_client_end(sim->client, exchange, true, sim->now_ms);
    sim_finish(sim);
    for (uint32_t i = 0; i < MEMBERS; i++)
      notifications += sim->tally[i].notifications;
    assert_true(notifications > MEMBERS * 8);
    assert_int_equal(failures(sim), sim->insecure[GC_SEC_BAD_SIGNATURE] + sim->insecure[GC_SEC_BAD_TAG] + sim->insecure[GC_SEC_REPLAY]);
    assert_int_equal(sim->insecure[GC_SEC_BAD_SIGNATURE] + sim->insecure[GC_SEC_BAD_TAG], 0); /* every one is under one of two registrations */
    free(sim);
  }
}

/* --- keys that come and go ------------------------------------------------------------------------------------------ */

enum { GENERATIONS = 8, KEPT = 3 /* the newest and two before it */ };

struct ended {
  struct gc_oscore_context *contexts[(MEMBERS + 1) * GENERATIONS];
  size_t count;
};

/* One party has new keys; the oldest of four generations lose theirs, whatever is bound to them. */
static void rekey(struct gc_oscore_ring *ring, struct gc_oscore_context *context, struct ended *ended)
{
  assert_int_equal(gc_oscore_ring_add(ring, context), GC_OK);
  if (gc_oscore_ring_count(ring) <= KEPT)
    return;
  struct gc_oscore_context *oldest = gc_oscore_ring_at(ring, 0);
  assert_true(gc_oscore_ring_remove(ring, oldest));
  gc_oscore_context_retire(oldest);
  ended->contexts[ended->count++] = oldest;
}

/* The client first, the members over the next seconds, each when the news reaches it. */
static void rekey_all(struct sim *sim, unsigned generation, struct ended *ended)
{
  char gid[8];
  snprintf(gid, sizeof gid, "g%u", generation);
  sim->options.gid = gid;
  sim->options.secret++;
  sim->client_context = sec_context(&sim->options, 0, MEMBERS + 1);
  rekey(sim->client_ring, sim->client_context, ended);
  for (uint32_t i = 0; i < MEMBERS; i++) {
    if (i % 20 == 0)
      sim_run(sim, sim->now_ms + 300);
    if (i % 40 == 7)
      gc_server_changed(sim->server, NULL, sim->value, sim->now_ms); /* some have the new keys, some have not */
    rekey(sim->rings[i], sec_context_of(&sim->options, i + 1, 0, 0), ended);
  }
}

static size_t free_released(const struct sim *sim, struct ended *ended)
{
  size_t kept = 0;
  for (size_t i = 0; i < ended->count; i++) {
    struct gc_oscore_context *context = ended->contexts[i];
    if (gc_server_release(sim->server, context) && gc_client_release(sim->client, context))
      gc_oscore_context_free(&context);
    else
      ended->contexts[kept++] = context;
  }
  return ended->count = kept;
}

/* An observation of the group through eight rekeyings, its own keys long gone; requests in between. @req C47 C82 C84 C85 C88 C110 */
static void observed_through_many_rekeyings(void **state)
{
  (void)state;
  for (uint64_t seed = 41; seed <= 42; seed++) {
    struct sim *sim = calloc(1, sizeof *sim);
    struct ended *ended = calloc(1, sizeof *ended);
    uint32_t notifications = 0, late = 0;
    sim_start(sim, seed);
    struct gc_exchange *exchange = sim_ask(sim, "\xb1v", UINT32_MAX, 0, true);
    sim_run(sim, sim->now_ms + 6000);
    for (unsigned generation = 1; generation <= GENERATIONS; generation++) {
      snprintf(sim->text, sizeof sim->text, "state %u", generation);
      rekey_all(sim, generation, ended);
      gc_server_changed(sim->server, NULL, sim->value, sim->now_ms);
      sim_run(sim, sim->now_ms + 6000);
      if (generation == 4) /* the registration is refreshed: under the newest keys */
        assert_int_equal(gc_client_again(sim->client, exchange, NULL, sim->now_ms), GC_OK);
      (void)free_released(sim, ended);
      for (uint32_t i = 0; i < MEMBERS && generation == GENERATIONS; i++)
        late += sim->tally[i].notifications;
    }
    assert_true(ended->count > 0); /* who registered under the first keys is still bound to them */
    for (uint32_t i = 0; i < MEMBERS; i++)
      notifications += sim->tally[i].notifications;
    assert_true(notifications > MEMBERS * GENERATIONS && late > 0);
    assert_int_equal(failures(sim), sim->insecure[GC_SEC_REPLAY]); /* each one was opened */
    gc_client_end(sim->client, exchange, true, sim->now_ms);
    sim_run(sim, sim->now_ms + 1000000);
    /* an observer whose client's farewell was lost is found out by the next notifications */
    for (unsigned i = 0; i < 20; i++) {
      gc_server_changed(sim->server, NULL, sim->value, sim->now_ms);
      sim_run(sim, sim->now_ms + 300000);
    }
    assert_int_equal(gc_server_state(sim->server).observers, 0);
    assert_int_equal(free_released(sim, ended), 0);
    sim_finish(sim);
    free(ended);
    free(sim);
  }
}

/* Evicted: every context of some members is gone, and so are their observations, without another word. */
static void evicted_in_the_middle(void **state)
{
  (void)state;
  struct sim *sim = calloc(1, sizeof *sim);
  struct ended *ended = calloc(1, sizeof *ended);
  sim_start(sim, 51);
  struct gc_exchange *exchange = sim_ask(sim, "\xb1v", UINT32_MAX, 0, true);
  sim_run(sim, sim->now_ms + 6000);
  for (uint32_t i = 0; i < MEMBERS; i += 2) {
    struct gc_oscore_context *only = gc_oscore_ring_at(sim->rings[i], 0);
    assert_true(gc_oscore_ring_remove(sim->rings[i], only));
    gc_oscore_context_retire(only);
    ended->contexts[ended->count++] = only;
  }
  sim_run(sim, sim->now_ms + 6000); /* what was on its way has arrived */
  memset(sim->tally, 0, sizeof sim->tally);
  for (unsigned i = 0; i < 5; i++) {
    snprintf(sim->text, sizeof sim->text, "state %u", i);
    gc_server_changed(sim->server, NULL, sim->value, sim->now_ms);
    sim_run(sim, sim->now_ms + 6000);
  }
  uint32_t heard = 0;
  for (uint32_t i = 0; i < MEMBERS; i++) {
    heard += sim->tally[i].notifications;
    if (i % 2 == 0)
      assert_int_equal(sim->tally[i].notifications, 0);
  }
  assert_true(heard > MEMBERS / 2 * 3);
  assert_int_equal(free_released(sim, ended), 0); /* nothing holds them */
  assert_int_equal(failures(sim), sim->insecure[GC_SEC_REPLAY]);
  gc_client_end(sim->client, exchange, true, sim->now_ms);
  for (unsigned i = 0; i < 20; i++) {
    gc_server_changed(sim->server, NULL, sim->value, sim->now_ms);
    sim_run(sim, sim->now_ms + 300000);
  }
  sim_finish(sim);
  free(ended);
  free(sim);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_answer_counts_once),
    cmocka_unit_test(every_window_is_recovered),
    cmocka_unit_test(every_body_is_whole_or_missed),
    cmocka_unit_test(observed_through_a_rekeying),
    cmocka_unit_test(observed_through_many_rekeyings),
    cmocka_unit_test(evicted_in_the_middle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
