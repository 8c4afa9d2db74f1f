#include <stdlib.h>

#include "group/client_internal.h"

enum { FRESH_UNICAST = 4, FRESH_GROUP = 8 };

static uint64_t id_hash(const struct gc_client *client, uint64_t id)
{
  return gc_hash_u64(id, client->hash_key);
}

enum gc_err gc_leg_new(struct gc_exchange *exchange, struct gc_leg **out, enum gc_leg_kind kind, const struct gc_addr *remote,
                       struct gc_bytes token)
{
  struct gc_client *client = exchange->client;
  struct gc_leg *leg = calloc(1, sizeof *leg);
  if (!leg)
    return GC_E_MEMORY;
  enum gc_err err = gc_slot_new(client, &leg->slot, token, gc_addr_is_multicast(remote) ? FRESH_GROUP : FRESH_UNICAST);
  if (err)
    goto fail;
  leg->id = client->next_leg_id++;
  if (gc_table_add(&client->legs, &leg->by_id, id_hash(client, leg->id))) {
    err = GC_E_MEMORY;
    goto fail;
  }
  leg->slot->leg = leg;
  leg->slot->user = exchange->user;
  leg->exchange = exchange;
  leg->remote = *remote;
  leg->kind = (uint8_t)kind;
  leg->szx = exchange->request.block_szx > GC_BLOCK_SZX_MAX ? GC_BLOCK_SZX_MAX : exchange->request.block_szx;
  leg->next = exchange->legs;
  if (leg->next)
    leg->next->before = leg;
  exchange->legs = leg;
  *out = leg;
  return GC_OK;
fail:
  if (leg->slot)
    gc_slot_drop(client, leg->slot);
  free(leg);
  return err;
}

struct gc_leg *gc_leg_find(const struct gc_client *client, uint64_t id)
{
  struct gc_link *link = gc_table_find(&client->legs, id_hash(client, id));
  for (; link; link = gc_table_find_next(link)) {
    struct gc_leg *leg = GC_CONTAINER(link, struct gc_leg, by_id);
    if (leg->id == id)
      return leg;
  }
  return NULL;
}

void gc_leg_end(struct gc_leg *leg)
{
  struct gc_exchange *exchange = leg->exchange;
  struct gc_client *client = exchange->client;
  if (leg->is_dead)
    return;
  leg->is_dead = true;
  gc_endpoint_cancel(client->endpoint, leg->id);
  gc_timers_clear(&client->leg_timers, &leg->timer);
  gc_table_remove(&client->legs, &leg->by_id);
  leg->slot->is_quiet = leg->slot->is_quiet || leg->kind == GC_LEG_FETCH;
  gc_slot_reserve(client, leg->slot);
  leg->slot = NULL;
  *(leg->before ? &leg->before->next : &exchange->legs) = leg->next;
  if (leg->next)
    leg->next->before = leg->before;
  if (exchange->root == leg)
    exchange->root = NULL;
  gc_observe_forget(exchange, leg);
  if (leg->responder && leg->responder->following == leg)
    leg->responder->following = NULL;
  if (leg->kind == GC_LEG_FETCH)
    gc_fetch_end(leg);
  client->body_len -= leg->body_cap; /* the body itself may be borrowed by an event right now */
  leg->next = client->dead_legs;
  client->dead_legs = leg;
}

void gc_leg_bury(struct gc_client *client)
{
  for (struct gc_leg *leg; (leg = client->dead_legs);) {
    client->dead_legs = leg->next;
    free(leg->first_bytes);
    free(leg->body);
    gc_leg_forget_security(leg);
    free(leg);
  }
}

static const char *name_of(const struct gc_leg *leg)
{
  switch ((enum gc_leg_kind)leg->kind) {
  case GC_LEG_FOLLOW: return "the request sent again with the Echo value";
  case GC_LEG_FETCH: return "the next block";
  case GC_LEG_REVALIDATE: return "the revalidation";
  case GC_LEG_ROOT: break;
  }
  return leg->is_upload ? "a block of the request" : "the request";
}

static void tell_failure(struct gc_leg *leg, enum gc_client_event_kind kind, const struct gc_addr *from)
{
  struct gc_exchange *exchange = leg->exchange;
  struct gc_client_event event = { .kind = kind, .from = *from, .phrase = name_of(leg),
                                   .rtt_ms = exchange->client->now_ms - leg->sent_ms, .responder = UINT32_MAX };
  if (leg->responder)
    event.responder = leg->responder->index;
  bool is_group = leg->kind == GC_LEG_ROOT && exchange->is_group;
  if (!is_group)
    gc_leg_end(leg);
  if (gc_client_tell(exchange, &event))
    gc_exchange_settle(exchange);
}

void gc_leg_delivery(struct gc_leg *leg, enum gc_delivery delivery, const struct gc_addr *remote)
{
  struct gc_client *client = leg->exchange->client;
  if (delivery == GC_DELIVERY_RESET) {
    tell_failure(leg, GC_CLIENT_RESET, remote);
  } else if (delivery == GC_DELIVERY_TIMEOUT) {
    tell_failure(leg, GC_CLIENT_TIMEOUT, remote);
  } else if (leg->kind != GC_LEG_ROOT) {
    uint64_t patience_ms = gc_max_transmit_wait_ms(&client->params.endpoint);
    if (gc_timers_set(&client->leg_timers, &leg->timer, client->now_ms + patience_ms))
      tell_failure(leg, GC_CLIENT_TIMEOUT, remote);
  }
}

void gc_leg_tick(struct gc_client *client)
{
  for (struct gc_timer *timer; (timer = gc_timers_due(&client->leg_timers, client->now_ms));) {
    struct gc_leg *leg = GC_CONTAINER(timer, struct gc_leg, timer);
    tell_failure(leg, GC_CLIENT_TIMEOUT, &leg->remote);
  }
}
