/* Ten thousand clients observe one resource of a real server, a tenth of all datagrams is lost: what the server counts after each
 * round, and what a notification costs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "../tests/lib/simnet.h"
#include "group/group_observe.h"
#include "group/observe_client.h"
#include "iana/names.h"

enum { OBSERVERS = 10000, ROUNDS = 3, STEP_MS = 200 };

struct sim;

struct observer {
  struct sim *sim;
  struct gc_observe_client *client;
  struct gc_addr address;
  bool is_gone, has_joined;
  uint64_t notifications;
};

struct sim {
  struct simnet *net;
  struct gc_server *server;
  struct gc_member *member;
  struct gc_resource *resource;
  struct observer *observers;
  size_t count;
  uint64_t now_ms, seed;
  unsigned value;
  uint64_t to_group, to_server, confirmations; /* datagrams */
};

static const struct gc_addr server_address = { .family = GC_FAMILY_IPV4, .ip = { 192, 0, 2, 1 }, .port = 5683 };
static const struct gc_addr group = { .family = GC_FAMILY_IPV4, .ip = { 233, 252, 0, 23 }, .port = 61616 };

static enum gc_err server_send(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  struct sim *sim = ctx;
  (void)member;
  if (gc_addr_is_multicast(&datagram->remote)) {
    sim->to_group++;
    for (size_t i = 0; i < sim->count; i++)
      if (sim->observers[i].has_joined && !sim->observers[i].is_gone)
        simnet_send(sim->net, &sim->observers[i], &server_address, datagram, sim->now_ms);
    return GC_OK;
  }
  const size_t i = (size_t)datagram->remote.ip[1] << 16 | (size_t)datagram->remote.ip[2] << 8 | datagram->remote.ip[3];
  simnet_send(sim->net, &sim->observers[i], &server_address, datagram, sim->now_ms);
  return GC_OK;
}

static enum gc_err observer_send(void *ctx, const struct gc_datagram *datagram)
{
  struct observer *observer = ctx;
  struct sim *sim = observer->sim;
  sim->to_server++;
  if (!observer->is_gone)
    simnet_send(sim->net, NULL, &observer->address, datagram, sim->now_ms);
  return GC_OK;
}

static enum gc_err observer_join(void *ctx, const struct gc_addr *to, const struct gc_addr *from)
{
  struct observer *observer = ctx;
  (void)from;
  assert_true(gc_addr_equal(to, &group));
  observer->has_joined = true;
  return GC_OK;
}

static void observer_event(void *ctx, const struct gc_observe_event *event)
{
  struct observer *observer = ctx;
  observer->notifications += event->kind == GC_OBSERVE_NOTIFICATION && event->via == GC_VIA_GROUP;
  observer->sim->confirmations += event->kind == GC_OBSERVE_CONFIRMED;
}

static void deliver(void *ctx, void *target, const struct gc_datagram *datagram, uint64_t now_ms)
{
  struct sim *sim = ctx;
  struct observer *observer = target;
  if (!observer)
    gc_server_receive(sim->server, sim->member, datagram, now_ms);
  else if (!observer->is_gone)
    gc_observe_client_receive(observer->client, datagram, now_ms);
}

static enum gc_err handler(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  const struct sim *sim = ctx;
  char text[16];
  (void)request;
  snprintf(text, sizeof text, "%u", sim->value);
  response->max_age_s = 3600;
  return gc_buf_add(&response->body, gc_bytes_str(text));
}

static void wait_until(struct sim *sim, uint64_t until_ms)
{
  for (; sim->now_ms < until_ms; sim->now_ms += STEP_MS) {
    simnet_run(sim->net, sim->now_ms);
    gc_server_tick(sim->server, sim->now_ms);
    for (size_t i = 0; i < sim->count; i++)
      if (sim->observers[i].client && !sim->observers[i].is_gone && gc_observe_client_deadline(sim->observers[i].client) <= sim->now_ms)
        gc_observe_client_tick(sim->observers[i].client, sim->now_ms);
  }
}

static void set_up(struct sim *sim, size_t count, uint32_t loss_permille, const struct gc_group_observe_params *params)
{
  const struct simnet_params net = { .loss_permille = loss_permille, .delay_min_ms = 1, .delay_max_ms = 200 };
  const struct gc_server_ops server_ops = { .send = server_send, .ctx = sim };
  const struct gc_resource_def def = { .path = "r", .methods = 1u << 1, .handler = handler, .ctx = sim, .content_format = -1, .consumes = -1,
                                       .is_observable = true };
  struct gc_server_params server_params = gc_server_params_default();
  *sim = (struct sim){ .count = count, .now_ms = 1000, .seed = 4711 };
  sim->net = simnet_new(42, &net, deliver, sim);
  sim->server = gc_server_new(&server_params, &server_ops, gc_rng_seeded(&sim->seed));
  sim->observers = calloc(count, sizeof *sim->observers);
  assert_true(sim->net && sim->server && sim->observers);
  assert_int_equal(gc_server_add_member(sim->server, &sim->member, &server_address, NULL), GC_OK);
  assert_int_equal(gc_server_add_resource(sim->server, &sim->resource, &def), GC_OK);
  assert_int_equal(gc_server_observe_by_group(sim->server, sim->resource, params, NULL), GC_OK);
}

static void register_all(struct sim *sim)
{
  const struct gc_observe_client_params params = gc_observe_client_params_default();
  for (size_t i = 0; i < sim->count; i++) {
    struct observer *observer = &sim->observers[i];
    const struct gc_observe_client_ops ops = { .send = observer_send, .join = observer_join, .event = observer_event, .ctx = observer };
    const struct gc_request request = { .remote = server_address, .code = 1, .options = gc_bytes("\xb1r", 2), .is_con = true, .block_szx = 7 };
    observer->sim = sim;
    observer->address = (struct gc_addr){ .family = GC_FAMILY_IPV4, .ip = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i }, .port = 40000 };
    observer->client = gc_observe_client_new(&params, &ops, gc_rng_seeded(&sim->seed));
    assert_non_null(observer->client);
    assert_int_equal(gc_observe_client_register(observer->client, &request, sim->now_ms), GC_OK);
    if (i % 100 == 99)
      wait_until(sim, sim->now_ms + STEP_MS);
  }
  wait_until(sim, sim->now_ms + 120000); /* retransmissions */
}

static void tear_down(struct sim *sim)
{
  for (size_t i = 0; i < sim->count; i++)
    gc_observe_client_free(&sim->observers[i].client);
  gc_server_free(&sim->server);
  simnet_free(&sim->net);
  free(sim->observers);
}

static void notify(struct sim *sim)
{
  sim->value++;
  gc_server_changed(sim->server, sim->member, sim->resource, sim->now_ms);
  wait_until(sim, sim->now_ms + 4000);
}

/* Notifications until a round of counting has begun and ended. */
static double next_round(struct sim *sim)
{
  const double before = gc_server_group_count(sim->server, sim->resource);
  double count = before;
  for (int i = 0; i < 40 && count == before; i++) {
    notify(sim);
    count = gc_server_group_count(sim->server, sim->resource);
  }
  return count;
}

static struct gc_group_observe_params params_of(uint32_t wanted, uint8_t lost_percent)
{
  struct gc_group_observe_params params = gc_group_observe_params_default();
  params.group = group;
  params.counting.wanted = wanted;
  params.counting.dampener = 1;
  params.counting.lost_percent = lost_percent;
  params.counting.period = 3;
  params.counting.wait_ms = 6000; /* Leisure and a round trip */
  params.lifetime_s = 0;
  return params;
}

/* The estimate after each round, with everybody there, and after half have gone without a word.
 * @req RC-02 RC-03 RC-04 RC-05 RC-08 RC-09 RC-10 MN-02 MN-10 */
static void the_count_stays_close(void **state)
{
  (void)state;
  struct sim sim;
  const struct gc_group_observe_params params = params_of(2000, 19); /* of 100 round trips 81 come through */
  set_up(&sim, OBSERVERS, 100, &params);
  register_all(&sim);
  size_t truth = OBSERVERS;
  printf("# %d observers registered, counter %.0f\n", OBSERVERS, gc_server_group_count(sim.server, sim.resource));
  for (int half = 0; half < 2; half++) {
    double count = 0;
    for (int round = 1; round <= ROUNDS; round++) {
      const uint64_t confirmations = sim.confirmations, notifications = sim.to_group;
      count = next_round(&sim);
      printf("# %zu observers, round %d: estimate %.0f, %llu confirmations, %llu datagrams to the group\n", truth, round, count,
             (unsigned long long)(sim.confirmations - confirmations), (unsigned long long)(sim.to_group - notifications));
    }
    if (count < (double)truth * 0.9 || count > (double)truth * 1.1)
      fail_msg("%.0f of %zu", count, truth);
    for (size_t i = 0; i < OBSERVERS / 2; i++)
      sim.observers[2 * i].is_gone = true;
    truth = OBSERVERS / 2;
  }
  tear_down(&sim);
}

/* One notification is one datagram, however many listen; each gets it. @req MN-20 */
static void the_cost_does_not_grow(void **state)
{
  (void)state;
  static const size_t sizes[] = { 1, 10, 100, 1000, 10000 };
  const struct gc_group_observe_params params = params_of(8, 0);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct sim sim;
    set_up(&sim, sizes[i], 0, &params);
    register_all(&sim);
    sim.to_group = sim.to_server = 0;
    for (int n = 0; n < 2; n++) /* before the first round of counting */
      notify(&sim);
    uint64_t got = 0;
    for (size_t k = 0; k < sim.count; k++)
      got += sim.observers[k].notifications;
    printf("# %zu observers: %llu datagrams for 2 notifications, received %llu times, %llu datagrams to the server\n", sizes[i],
           (unsigned long long)sim.to_group, (unsigned long long)got, (unsigned long long)sim.to_server);
    assert_int_equal(sim.to_group, 2);
    assert_int_equal(got, 2 * sizes[i]);
    assert_int_equal(sim.to_server, 0);
    tear_down(&sim);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_count_stays_close),
    cmocka_unit_test(the_cost_does_not_grow),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
