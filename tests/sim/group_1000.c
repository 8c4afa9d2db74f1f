/* One client and a group of 1,000 members over a network that loses a fifth of all datagrams, duplicates and reorders. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group/client.h"
#include "group/server.h"

#include "../lib/simnet.h"

enum { MEMBERS = 1000, LARGE = 2500 };

struct tally { /* of one member */
  uint32_t delivered, duplicated;  /* answers to the group request that the network brought, and copies of them */
  uint32_t responses, failures;    /* told by the client */
  uint16_t mids[8];
};

struct sim {
  struct simnet *net;
  struct gc_client *client;
  struct gc_server *server;
  struct gc_member *members[MEMBERS];
  uint64_t client_seed, server_seed, now_ms;
  struct tally tally[MEMBERS];
  uint8_t group_token[8];
  bool has_token;
  uint32_t ends, duplicates, others;
  uint64_t challenges, retransmitted; /* at the end */
  const char *expected; /* each response's payload */
  size_t expected_len;
  struct gc_exchange *observation;
  uint32_t notifications;
};

static const struct simnet_params rough = { .loss_permille = 200, .duplicate_permille = 100, .delay_min_ms = 1, .delay_max_ms = 400 };
static char large[LARGE + 1];

static struct gc_addr client_addr(void)
{
  return gc_addr_ipv4(10, 1, 0, 1, 40000);
}

static struct gc_addr member_addr(uint32_t index)
{
  const struct gc_addr first = gc_addr_ipv4(10, 2, 0, 1, 5683);
  return gc_addr_plus(&first, index);
}

static uint32_t index_of(const struct gc_addr *addr)
{
  uint32_t index = (uint32_t)(addr->ip[2] * 256 + addr->ip[3]) - 1;
  assert_in_range(index, 0, MEMBERS - 1);
  return index;
}

static enum gc_err client_sends(void *ctx, const struct gc_datagram *datagram)
{
  struct sim *sim = ctx;
  const struct gc_addr from = client_addr();
  if (!gc_addr_is_multicast(&datagram->remote)) {
    simnet_send(sim->net, sim->members[index_of(&datagram->remote)], &from, datagram, sim->now_ms);
    return GC_OK;
  }
  struct gc_message message;
  assert_int_equal(gc_message_parse(&message, datagram->bytes, NULL), GC_OK);
  assert_int_equal(message.type, GC_TYPE_NON);
  memcpy(sim->group_token, message.token.ptr, 8);
  sim->has_token = true;
  for (uint32_t i = 0; i < MEMBERS; i++)
    simnet_send(sim->net, sim->members[i], &from, datagram, sim->now_ms);
  return GC_OK;
}

static enum gc_err member_sends(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  struct sim *sim = ctx;
  simnet_send(sim->net, NULL, gc_member_address(member), datagram, sim->now_ms);
  return GC_OK;
}

/* What the network brings to the client, counted without the client's help. */
static void count_delivery(struct sim *sim, const struct gc_datagram *datagram)
{
  struct gc_message message;
  assert_int_equal(gc_message_parse(&message, datagram->bytes, NULL), GC_OK);
  if (!sim->has_token || !GC_CODE_IS_RESPONSE(message.code) || !gc_bytes_equal(message.token, gc_bytes(sim->group_token, 8)) || sim->ends)
    return;
  struct tally *tally = &sim->tally[index_of(&datagram->remote)];
  for (uint32_t i = 0; i < tally->delivered; i++)
    if (tally->mids[i] == message.mid) {
      tally->duplicated++;
      return;
    }
  assert_in_range(tally->delivered, 0, 7);
  tally->mids[tally->delivered++] = message.mid;
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
    assert_int_equal(event->message.code, GC_CODE(2, 5));
    assert_int_equal(event->message.payload.len, sim->expected_len);
    assert_memory_equal(event->message.payload.ptr, sim->expected, sim->expected_len);
    sim->tally[index_of(&event->from)].responses++;
    break;
  case GC_CLIENT_NOTIFICATION: sim->notifications++; break;
  case GC_CLIENT_TIMEOUT:
  case GC_CLIENT_INCOMPLETE: sim->tally[index_of(&event->from)].failures++; break;
  case GC_CLIENT_DUPLICATE: sim->duplicates++; break;
  case GC_CLIENT_END: sim->ends++; break;
  case GC_CLIENT_LATE: break;
  default: sim->others++; break;
  }
}

static enum gc_err answer(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  const char *text = ctx;
  (void)request;
  return gc_buf_add(&response->body, gc_bytes_str(text));
}

static struct gc_resource *add(struct sim *sim, const char *path, char *text)
{
  struct gc_resource *resource;
  const struct gc_resource_def def = { .path = path, .methods = 1 << 1, .handler = answer, .ctx = text, .content_format = -1, .consumes = -1,
                                       .is_observable = true, .is_group = true, .suppress = GC_SUPPRESS_4XX | GC_SUPPRESS_5XX };
  assert_int_equal(gc_server_add_resource(sim->server, &resource, &def), GC_OK);
  return resource;
}

static struct gc_resource *sim_start(struct sim *sim, uint64_t seed, bool echo)
{
  static char hello[] = "hello";
  memset(sim, 0, sizeof *sim);
  memset(large, 'x', LARGE);
  sim->now_ms = 1;
  sim->client_seed = seed;
  sim->server_seed = seed + 1000;
  sim->net = simnet_new(seed + 2000, &rough, deliver, sim);
  struct gc_client_params client_params = gc_client_params_default();
  struct gc_server_params server_params = gc_server_params_default();
  server_params.leisure_ms = 2000;
  server_params.echo = echo;
  if (echo)
    server_params.amplification_floor = 10;
  const struct gc_client_ops client_ops = { .send = client_sends, .event = on_event, .ctx = sim };
  const struct gc_server_ops server_ops = { .send = member_sends, .ctx = sim };
  sim->client = gc_client_new(&client_params, &client_ops, gc_rng_seeded(&sim->client_seed));
  sim->server = gc_server_new(&server_params, &server_ops, gc_rng_seeded(&sim->server_seed));
  assert_non_null(sim->client);
  assert_non_null(sim->server);
  for (uint32_t i = 0; i < MEMBERS; i++) {
    const struct gc_addr addr = member_addr(i);
    assert_int_equal(gc_server_add_member(sim->server, &sim->members[i], &addr, NULL), GC_OK);
  }
  add(sim, "large", large);
  sim->expected = hello;
  sim->expected_len = 5;
  return add(sim, "hello", hello);
}

static uint64_t min(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

/* Until nothing is due any more, or until `until_ms`. */
static void sim_run(struct sim *sim, uint64_t until_ms)
{
  for (;;) {
    uint64_t next = min(simnet_next(sim->net), min(gc_client_deadline(sim->client), gc_server_deadline(sim->server)));
    if (next == UINT64_MAX || next > until_ms)
      break;
    sim->now_ms = next > sim->now_ms ? next : sim->now_ms;
    simnet_run(sim->net, sim->now_ms);
    gc_client_tick(sim->client, sim->now_ms);
    gc_server_tick(sim->server, sim->now_ms);
  }
}

/* Nothing is left, neither at the client nor on its way. */
static void sim_finish(struct sim *sim)
{
  sim_run(sim, UINT64_MAX);
  struct gc_client_state client = gc_client_state(sim->client);
  struct gc_server_state server = gc_server_state(sim->server);
  assert_int_equal(client.exchanges, 0);
  assert_int_equal(client.transfers, 0);
  assert_int_equal(client.under_way, 0);
  assert_int_equal(client.reserved_tokens, 0);
  assert_int_equal(gc_client_stats(sim->client).remembered, 0);
  assert_int_equal(gc_client_stats(sim->client).malformed, 0);
  assert_true(gc_client_deadline(sim->client) == UINT64_MAX);
  assert_int_equal(server.delayed, 0);
  assert_int_equal(server.observers, 0);
  assert_int_equal(sim->others, 0);
  sim->challenges = server.challenges;
  sim->retransmitted = gc_client_stats(sim->client).retransmitted;
  struct simnet_stats stats = simnet_stats(sim->net);
  assert_true(stats.lost > stats.sent / 6 && stats.lost < stats.sent / 4);
  assert_true(stats.duplicated > 0);
  gc_client_free(&sim->client);
  gc_server_free(&sim->server);
  simnet_free(&sim->net);
}

static void ask(struct sim *sim, struct gc_addr remote, const char *encoded_path, bool is_con, uint32_t wait_ms, uint32_t repeats)
{
  struct gc_exchange *exchange;
  const struct gc_request request = { .remote = remote, .code = 1, .options = gc_bytes_str(encoded_path), .is_con = is_con, .block_szx = 7,
                                      .wait_ms = wait_ms, .repeats = repeats };
  assert_int_equal(gc_client_request(sim->client, &exchange, &request, NULL, sim->now_ms), GC_OK);
}

/* @req A7 A10 A11 A16 A17: each answer that the network delivers is told once, its copies are told as copies */
static void every_answer_is_told_once(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    struct sim *sim = calloc(1, sizeof *sim);
    uint32_t answered = 0, copies = 0;
    sim_start(sim, seed, false);
    ask(sim, gc_addr_ipv4(224, 0, 1, 187, 5683), "\xb5hello", false, 5000, (uint32_t)seed % 3);
    sim_finish(sim);
    for (uint32_t i = 0; i < MEMBERS; i++) {
      assert_int_equal(sim->tally[i].responses, sim->tally[i].delivered);
      assert_int_equal(sim->tally[i].failures, 0);
      answered += sim->tally[i].responses > 0;
      copies += sim->tally[i].duplicated;
    }
    assert_int_equal(sim->ends, 1);
    assert_true(sim->duplicates >= copies && copies > 0);
    assert_in_range(answered, MEMBERS / 2, MEMBERS); /* 64 % in the mean with one request */
    free(sim);
  }
}

/* Bodies in blocks from all members at once: each whose first block came ends with the whole or with a failure that is told. */
static void every_body_is_whole_or_missed(void **state)
{
  (void)state;
  for (uint64_t seed = 11; seed <= 13; seed++) {
    struct sim *sim = calloc(1, sizeof *sim);
    uint32_t whole = 0, failed = 0;
    sim_start(sim, seed, false);
    sim->expected = large;
    sim->expected_len = LARGE;
    ask(sim, gc_addr_ipv4(224, 0, 1, 187, 5683), "\xb5large", false, 5000, 0);
    sim_finish(sim);
    for (uint32_t i = 0; i < MEMBERS; i++) {
      assert_int_equal(sim->tally[i].responses + sim->tally[i].failures, sim->tally[i].delivered);
      whole += sim->tally[i].responses;
      failed += sim->tally[i].failures;
    }
    assert_int_equal(sim->ends, 1);
    assert_true(whole > MEMBERS / 3);
    assert_true(sim->retransmitted > MEMBERS / 2);
    assert_true(failed < whole);
    free(sim);
  }
}

/* @req A107: members ask for the Echo value first; what counts is the answer then */
static void every_challenge_is_answered(void **state)
{
  (void)state;
  for (uint64_t seed = 21; seed <= 23; seed++) {
    struct sim *sim = calloc(1, sizeof *sim);
    uint32_t challenged = 0, answered = 0;
    sim_start(sim, seed, true);
    ask(sim, gc_addr_ipv4(224, 0, 1, 187, 5683), "\xb5large", false, 5000, 0);
    sim->expected = large;
    sim->expected_len = LARGE;
    sim_finish(sim);
    for (uint32_t i = 0; i < MEMBERS; i++) {
      assert_int_equal(sim->tally[i].responses + sim->tally[i].failures, sim->tally[i].delivered > 0);
      challenged += sim->tally[i].delivered > 0;
      answered += sim->tally[i].responses;
    }
    assert_int_equal(sim->ends, 1);
    assert_true(challenged > MEMBERS / 2);
    assert_true(sim->challenges > 0); /* members of one server share what they know of an address */
    assert_true(answered > challenged * 9 / 10);
    free(sim);
  }
}

/* Confirmable requests to each member: an answer or a time-out, once each. */
static void every_confirmable_request_is_settled(void **state)
{
  (void)state;
  for (uint64_t seed = 31; seed <= 33; seed++) {
    struct sim *sim = calloc(1, sizeof *sim);
    uint32_t answered = 0;
    sim_start(sim, seed, false);
    for (uint32_t i = 0; i < MEMBERS; i++)
      ask(sim, member_addr(i), "\xb5hello", true, 100000, 0);
    sim_finish(sim);
    for (uint32_t i = 0; i < MEMBERS; i++) {
      assert_int_equal(sim->tally[i].responses + sim->tally[i].failures, 1);
      answered += sim->tally[i].responses;
    }
    assert_int_equal(sim->ends, MEMBERS);
    assert_true(sim->retransmitted > MEMBERS / 4);
    assert_true(answered > MEMBERS * 97 / 100); /* five tries at 64 % */
    free(sim);
  }
}

/* @req A80 A88: observations of all members, changes, and nothing left when they are given up */
static void every_observation_ends(void **state)
{
  (void)state;
  struct sim *sim = calloc(1, sizeof *sim);
  struct gc_resource *resource = sim_start(sim, 41, false);
  const struct gc_request request = { .remote = gc_addr_ipv4(224, 0, 1, 187, 5683), .code = 1, .options = gc_bytes_str("\xb5hello"),
                                      .observe = true, .block_szx = 7, .wait_ms = UINT32_MAX };
  assert_int_equal(gc_client_request(sim->client, &sim->observation, &request, NULL, sim->now_ms), GC_OK);
  sim_run(sim, 5000);
  sim->now_ms = 5000;
  size_t observers = gc_server_observers(sim->server, resource);
  uint32_t first = sim->notifications;
  assert_in_range(observers, MEMBERS / 2, MEMBERS);
  assert_in_range(first, MEMBERS / 2, observers);
  gc_server_changed(sim->server, NULL, resource, sim->now_ms);
  sim_run(sim, 15000);
  sim->now_ms = 15000;
  assert_in_range(sim->notifications - first, observers / 2, observers);
  gc_client_end(sim->client, sim->observation, true, sim->now_ms);
  assert_int_equal(sim->ends, 1);
  sim_run(sim, 300000);
  sim->now_ms = 300000;
  /* whoever has not heard of the end is told with a Reset to the next notification, sooner or later */
  for (int i = 0; i < 60 && gc_server_observers(sim->server, resource) > 0; i++) {
    gc_server_changed(sim->server, NULL, resource, sim->now_ms);
    sim->now_ms += 20000;
    sim_run(sim, sim->now_ms);
  }
  assert_int_equal(gc_server_observers(sim->server, resource), 0);
  sim_finish(sim);
  free(sim);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_answer_is_told_once),
    cmocka_unit_test(every_body_is_whole_or_missed),
    cmocka_unit_test(every_challenge_is_answered),
    cmocka_unit_test(every_confirmable_request_is_settled),
    cmocka_unit_test(every_observation_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
