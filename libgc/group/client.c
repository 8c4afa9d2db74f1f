#include "group/client.h"

#include <stdlib.h>
#include <string.h>

#include "group/client_internal.h"

struct gc_client_params gc_client_params_default(void)
{
  return (struct gc_client_params){
    .endpoint = gc_endpoint_params_default(),
    .min_token_reuse_ms = 500000,
    .probing_rate = 1,
    .max_exchanges = 65536,
    .max_body_total = UINT64_C(1) << 30,
  };
}

enum gc_sec gc_client_protect_result(const struct gc_client *client)
{
  return client->protect_result;
}

void gc_client_enter(struct gc_client *client, uint64_t now_ms)
{
  client->depth++;
  client->now_ms = now_ms;
}

void gc_client_leave(struct gc_client *client)
{
  if (--client->depth > 0)
    return;
  gc_leg_bury(client);
  gc_exchange_bury(client);
}

bool gc_client_tell(struct gc_exchange *exchange, struct gc_client_event *event)
{
  struct gc_client *client = exchange->client;
  event->exchange = exchange;
  event->user = exchange->user;
  event->now_ms = client->now_ms;
  if (!event->security && event->message.code)
    event->security = client->opened;
  client->ops.event(client->ops.ctx, event);
  return !exchange->is_ended;
}

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  const struct gc_client *client = ctx;
  return client->ops.send(client->ops.ctx, datagram);
}

static void tell_duplicate(struct gc_client *client, const struct gc_inbound *in)
{
  const struct gc_slot *slot = gc_slot_find(client, in->message.token);
  struct gc_exchange *exchange = slot && slot->leg ? slot->leg->exchange : NULL;
  const struct gc_responder *responder = exchange ? gc_responder_find(exchange, &in->datagram->remote) : NULL;
  if (!slot)
    return; /* a duplicate of what was not ours in the first place */
  const struct gc_client_event event = { .kind = GC_CLIENT_DUPLICATE, .exchange = exchange, .user = slot->user, .from = in->datagram->remote,
                                         .to = in->datagram->local, .message = in->message, .blocks = 1, .now_ms = client->now_ms,
                                         .responder = responder ? responder->index : UINT32_MAX };
  client->ops.event(client->ops.ctx, &event);
}

/* A client has no resources: a confirmable request is rejected, as it must be (RFC 7252, Section 4.2). */
static void reject_request(struct gc_client *client, const struct gc_inbound *in)
{
  const uint8_t rst[4] = { 0x70, GC_CODE_EMPTY, (uint8_t)(in->message.mid >> 8), (uint8_t)in->message.mid };
  struct gc_datagram datagram = *in->datagram;
  datagram.bytes = gc_bytes(rst, sizeof rst);
  if (in->message.type == GC_TYPE_CON && !in->is_multicast)
    (void)!gc_endpoint_send(client->endpoint, &datagram, 0, in->now_ms); /* if it is lost, the request comes again */
}

static bool on_inbound(void *ctx, const struct gc_inbound *in)
{
  struct gc_client *client = ctx;
  if (in->kind == GC_INBOUND_RESPONSE)
    return gc_client_accept(client, in);
  if (in->kind == GC_INBOUND_DUPLICATE_RESPONSE) {
    tell_duplicate(client, in);
  } else if (in->kind == GC_INBOUND_MALFORMED) {
    const struct gc_client_event event = { .kind = GC_CLIENT_MALFORMED, .from = in->datagram->remote, .to = in->datagram->local,
                                           .message = in->message, .where = in->where, .now_ms = client->now_ms, .responder = UINT32_MAX };
    client->ops.event(client->ops.ctx, &event);
  } else if (in->kind == GC_INBOUND_REQUEST || in->kind == GC_INBOUND_DUPLICATE_REQUEST) {
    reject_request(client, in);
  }
  return false;
}

static void on_delivery(void *ctx, enum gc_delivery delivery, const struct gc_addr *remote, uint16_t mid, uint64_t cookie)
{
  const struct gc_client *client = ctx;
  struct gc_leg *leg = gc_leg_find(client, cookie);
  (void)mid;
  if (leg)
    gc_leg_delivery(leg, delivery, remote);
}

struct gc_client *gc_client_new(const struct gc_client_params *params, const struct gc_client_ops *ops, struct gc_rng rng)
{
  struct gc_client *client = malloc(sizeof *client);
  if (!client)
    return NULL;
  memset(client, 0, offsetof(struct gc_client, scratch)); /* the pages of scratch are touched when they are needed */
  const struct gc_endpoint_ops endpoint_ops = { on_send, on_inbound, on_delivery, client };
  client->params = *params;
  if (client->params.endpoint.nstart == 0)
    client->params.endpoint.nstart = 1;
  client->ops = *ops;
  client->rng = rng;
  client->next_leg_id = 1;
  rng.fill(rng.ctx, (uint8_t *)&client->hash_key, sizeof client->hash_key);
  client->endpoint = gc_endpoint_new(&params->endpoint, &endpoint_ops, rng);
  if (!client->endpoint) {
    free(client);
    return NULL;
  }
  return client;
}

static void silence(void *ctx, const struct gc_client_event *event)
{
  (void)ctx, (void)event;
}

static enum gc_err discard(void *ctx, const struct gc_datagram *datagram)
{
  (void)ctx, (void)datagram;
  return GC_OK;
}

void gc_client_free(struct gc_client **out)
{
  struct gc_client *client = *out;
  if (!client)
    return;
  client->ops.event = silence;
  client->ops.send = discard;
  gc_client_enter(client, client->now_ms);
  while (client->exchanges)
    gc_exchange_finish(client->exchanges, false);
  gc_client_leave(client);
  gc_hold_clear(client);
  gc_target_clear(client);
  gc_echo_clear(client);
  gc_slot_clear(client);
  gc_table_free(&client->legs);
  gc_timers_free(&client->leg_timers);
  gc_timers_free(&client->exchange_timers);
  gc_endpoint_free(&client->endpoint);
  free(client);
  *out = NULL;
}

void gc_client_receive(struct gc_client *client, const struct gc_datagram *datagram, uint64_t now_ms)
{
  gc_client_enter(client, now_ms);
  gc_slot_tick(client);
  gc_endpoint_receive(client->endpoint, datagram, now_ms);
  gc_client_leave(client);
}

void gc_client_tick(struct gc_client *client, uint64_t now_ms)
{
  gc_client_enter(client, now_ms);
  gc_endpoint_tick(client->endpoint, now_ms);
  gc_hold_tick(client); /* before exchanges end */
  gc_leg_tick(client);
  gc_exchange_tick(client);
  gc_target_tick(client);
  gc_slot_tick(client);
  gc_echo_tick(client);
  gc_client_leave(client);
}

uint64_t gc_client_deadline(const struct gc_client *client)
{
  const struct gc_timers *heaps[] = { &client->leg_timers, &client->exchange_timers, &client->target_timers, &client->slot_timers,
                                      &client->echo_timers };
  uint64_t deadline = gc_endpoint_deadline(client->endpoint);
  if (gc_hold_deadline(client) < deadline)
    deadline = gc_hold_deadline(client);
  for (size_t i = 0; i < sizeof heaps / sizeof heaps[0]; i++)
    if (gc_timers_next(heaps[i]) < deadline)
      deadline = gc_timers_next(heaps[i]);
  return deadline;
}

struct gc_client_state gc_client_state(const struct gc_client *client)
{
  return (struct gc_client_state){
    .exchanges = client->exchange_count,
    .transfers = client->legs.count,
    .under_way = gc_endpoint_stats(client->endpoint).under_way,
    .reserved_tokens = client->slot_timers.count,
  };
}

struct gc_endpoint_stats gc_client_stats(const struct gc_client *client)
{
  return gc_endpoint_stats(client->endpoint);
}
