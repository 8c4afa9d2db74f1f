/* NSTART and PROBING_RATE for each destination of Non-confirmable requests, above all for groups (RFC 7252, Section 4.7;
 * draft-ietf-core-groupcomm-bis, Section 3.6). */
#include <stdlib.h>

#include "group/client_internal.h"

static uint64_t hash_of(const struct gc_client *client, const struct gc_addr *addr)
{
  return gc_addr_hash(addr, client->hash_key);
}

static struct gc_target *find(const struct gc_client *client, const struct gc_addr *addr)
{
  struct gc_link *link = gc_table_find(&client->targets, hash_of(client, addr));
  for (; link; link = gc_table_find_next(link)) {
    struct gc_target *target = GC_CONTAINER(link, struct gc_target, link);
    if (gc_addr_equal(&target->addr, addr))
      return target;
  }
  return NULL;
}

static struct gc_target *get(struct gc_client *client, const struct gc_addr *addr)
{
  struct gc_target *target = find(client, addr);
  if (target)
    return target;
  target = calloc(1, sizeof *target);
  if (!target)
    return NULL;
  target->addr = *addr;
  if (gc_table_add(&client->targets, &target->link, hash_of(client, addr))) {
    free(target);
    return NULL;
  }
  return target;
}

static void drop(struct gc_client *client, struct gc_target *target)
{
  gc_timers_clear(&client->target_timers, &target->timer);
  gc_table_remove(&client->targets, &target->link);
  free(target);
}

static void push(struct gc_exchange *exchange, struct gc_exchange **first, struct gc_exchange **last)
{
  exchange->next_queued = NULL;
  exchange->before_queued = *last;
  *(*last ? &(*last)->next_queued : first) = exchange;
  *last = exchange;
}

static void pull(struct gc_exchange *exchange, struct gc_exchange **first, struct gc_exchange **last)
{
  *(exchange->before_queued ? &exchange->before_queued->next_queued : first) = exchange->next_queued;
  *(exchange->next_queued ? &exchange->next_queued->before_queued : last) = exchange->before_queued;
  exchange->next_queued = exchange->before_queued = NULL;
}

static void detach(struct gc_exchange *exchange)
{
  struct gc_target *target = exchange->target;
  if (!target)
    return;
  if (exchange->is_outstanding) {
    pull(exchange, &target->first_out, &target->last_out);
    target->outstanding--;
  } else {
    pull(exchange, &target->first_waiting, &target->last_waiting);
  }
  exchange->is_outstanding = false;
  exchange->target = NULL;
}

static bool has_room(const struct gc_client *client, const struct gc_target *target)
{
  return target->outstanding < client->params.endpoint.nstart && target->free_ms <= client->now_ms;
}

static enum gc_err start(struct gc_exchange *exchange, struct gc_target *target)
{
  struct gc_client *client = exchange->client;
  exchange->target = target;
  exchange->is_outstanding = true;
  /* an answer that has not come by then is not expected any more, as far as NSTART goes */
  exchange->outstanding_until_ms = client->now_ms + client->params.endpoint.max_latency_ms;
  push(exchange, &target->first_out, &target->last_out);
  target->outstanding++;
  return gc_exchange_start(exchange);
}

/* Start what may start, and set the time for the next look; an idle target goes. */
static void review(struct gc_client *client, struct gc_target *target)
{
  if (target->is_reviewed) /* the application asks for more while it is told of a failure: the review under way sees it */
    return;
  target->is_reviewed = true;
  while (target->first_out && target->first_out->outstanding_until_ms <= client->now_ms)
    detach(target->first_out);
  while (target->first_waiting && has_room(client, target)) {
    struct gc_exchange *exchange = target->first_waiting;
    detach(exchange);
    if (start(exchange, target)) {
      struct gc_client_event event = { .kind = GC_CLIENT_TIMEOUT, .from = target->addr, .phrase = "the request could not be sent",
                                       .responder = UINT32_MAX };
      detach(exchange);
      if (gc_client_tell(exchange, &event))
        gc_exchange_finish(exchange, false);
    }
  }
  target->is_reviewed = false;
  uint64_t next = UINT64_MAX;
  if (target->first_out)
    next = target->first_out->outstanding_until_ms;
  if (target->free_ms > client->now_ms && target->free_ms < next)
    next = target->free_ms;
  if (next == UINT64_MAX && !target->first_waiting)
    drop(client, target);
  else if (gc_timers_set(&client->target_timers, &target->timer, next == UINT64_MAX ? client->now_ms + 1000 : next) && !target->outstanding)
    target->free_ms = 0;
}

enum gc_err gc_target_submit(struct gc_exchange *exchange)
{
  struct gc_client *client = exchange->client;
  if (exchange->request.is_con && !exchange->is_group)
    return gc_exchange_start(exchange);
  struct gc_target *target = get(client, &exchange->request.remote);
  if (!target)
    return GC_E_MEMORY;
  enum gc_err err = GC_OK;
  if (!target->first_waiting && has_room(client, target)) {
    err = start(exchange, target);
    if (err)
      detach(exchange);
    review(client, target);
    return err;
  }
  exchange->target = target;
  push(exchange, &target->first_waiting, &target->last_waiting);
  struct gc_client_event event = { .kind = GC_CLIENT_DELAYED, .from = target->addr, .responder = UINT32_MAX,
                                   .phrase = target->free_ms > client->now_ms ? "PROBING_RATE" : "NSTART" };
  uint64_t next = gc_timer_is_set(&target->timer) ? target->timer.at_ms : client->now_ms;
  event.delay_ms = next > client->now_ms ? next - client->now_ms : 0;
  (void)gc_client_tell(exchange, &event);
  return GC_OK;
}

bool gc_target_allows(struct gc_exchange *exchange, uint64_t *when_ms)
{
  const struct gc_target *target = find(exchange->client, &exchange->request.remote);
  if (!target || target->free_ms <= exchange->client->now_ms)
    return true;
  *when_ms = target->free_ms;
  return false;
}

void gc_target_sent(struct gc_exchange *exchange, size_t len)
{
  struct gc_client *client = exchange->client;
  struct gc_target *target = client->params.probing_rate ? get(client, &exchange->request.remote) : NULL;
  if (!target)
    return;
  uint64_t from_ms = target->free_ms > client->now_ms ? target->free_ms : client->now_ms;
  target->free_ms = from_ms + (uint64_t)len * 1000 / client->params.probing_rate;
  if (!gc_timer_is_set(&target->timer) || target->timer.at_ms > target->free_ms)
    if (gc_timers_set(&client->target_timers, &target->timer, target->free_ms))
      target->free_ms = 0;
}

void gc_target_answered(struct gc_exchange *exchange)
{
  struct gc_client *client = exchange->client;
  struct gc_target *target = find(client, &exchange->request.remote);
  if (!target)
    return;
  if (exchange->is_outstanding)
    detach(exchange);
  target->free_ms = 0;
  review(client, target);
}

void gc_target_leave(struct gc_exchange *exchange)
{
  struct gc_client *client = exchange->client;
  struct gc_target *target = exchange->target;
  if (!target)
    return;
  detach(exchange);
  review(client, target);
}

void gc_target_tick(struct gc_client *client)
{
  for (struct gc_timer *timer; (timer = gc_timers_due(&client->target_timers, client->now_ms));)
    review(client, GC_CONTAINER(timer, struct gc_target, timer));
}

void gc_target_clear(struct gc_client *client)
{
  size_t at = 0;
  for (struct gc_link *link; (link = gc_table_any(&client->targets, &at));)
    drop(client, GC_CONTAINER(link, struct gc_target, link));
  gc_table_free(&client->targets);
  gc_timers_free(&client->target_timers);
}
