/* The life of an exchange: request, repetitions, the time it listens, its end. */
#include <stdlib.h>
#include <string.h>

#include "group/client_internal.h"

enum { GET = 1, FETCH = 5, COAPS_PORT = 5684, OPTIONS_MAX_LEN = 32768 };

static enum gc_err check_options(struct gc_bytes options)
{
  static const uint16_t own[] = { GC_OPTION_OBSERVE, GC_OPTION_BLOCK1, GC_OPTION_BLOCK2, GC_OPTION_SIZE1 };
  if (options.len > OPTIONS_MAX_LEN)
    return GC_E_SPACE;
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
    if (gc_option_find(options, own[i], NULL))
      return GC_E_RANGE;
  return GC_OK;
}

static enum gc_err check(const struct gc_request *request)
{
  size_t block = gc_block_size(request->block_szx > GC_BLOCK_SZX_MAX ? GC_BLOCK_SZX_MAX : request->block_szx);
  if (!GC_CODE_IS_REQUEST(request->code) || request->token.len > GC_TOKEN_MAX_LEN || request->block_szx > 7)
    return GC_E_RANGE;
  if ((request->observe || request->withdraw) && request->code != GET && request->code != FETCH)
    return GC_E_RANGE;
  if (request->context ? !request->ring : request->is_pairwise)
    return GC_E_RANGE;
  /* draft-ietf-core-groupcomm-bis, Sections 3.4 and 3.8 */
  if (gc_addr_is_multicast(&request->remote) && (request->remote.port == COAPS_PORT || request->payload.len > block))
    return GC_E_RANGE;
  return check_options(request->options);
}

static uint8_t *copy_bytes(uint8_t *to, struct gc_bytes *bytes)
{
  if (bytes->len)
    memcpy(to, bytes->ptr, bytes->len);
  bytes->ptr = to;
  return to + bytes->len;
}

static struct gc_exchange *exchange_new(struct gc_client *client, const struct gc_request *request, void *user)
{
  struct gc_exchange *exchange = calloc(1, sizeof *exchange + request->options.len + request->payload.len + request->token.len + request->peer.len);
  if (!exchange)
    return NULL;
  exchange->client = client;
  exchange->user = user;
  exchange->request = *request;
  exchange->is_group = gc_addr_is_multicast(&request->remote);
  exchange->last_place = request->context ? gc_oscore_ring_last_place(request->ring) : 0;
  uint8_t *at = copy_bytes(exchange->copy, &exchange->request.options);
  at = copy_bytes(at, &exchange->request.payload);
  at = copy_bytes(at, &exchange->request.token);
  copy_bytes(at, &exchange->request.peer);
  bool is_non = exchange->is_group || !request->is_con;
  exchange->repeats_left = is_non ? request->repeats : 0;
  exchange->repeat_ms = request->repeat_ms ? request->repeat_ms : request->wait_ms / (request->repeats + UINT64_C(1)) & UINT32_MAX;
  return exchange;
}

static void unlink_exchange(struct gc_exchange *exchange)
{
  struct gc_client *client = exchange->client;
  *(exchange->before ? &exchange->before->next : &client->exchanges) = exchange->next;
  if (exchange->next)
    exchange->next->before = exchange->before;
  client->exchange_count--;
}

/* All that belongs to it ends; its memory is given back when no call is under way any more. */
static void close_down(struct gc_exchange *exchange)
{
  struct gc_client *client = exchange->client;
  exchange->is_ended = true;
  while (exchange->legs)
    gc_leg_end(exchange->legs);
  gc_timers_clear(&client->exchange_timers, &exchange->timer);
  unlink_exchange(exchange);
  exchange->next = client->dead_exchanges;
  client->dead_exchanges = exchange;
  gc_target_leave(exchange);
}

enum gc_err gc_client_request(struct gc_client *client, struct gc_exchange **out, const struct gc_request *request, void *user, uint64_t now_ms)
{
  enum gc_err err = check(request);
  if (err)
    return err;
  if (client->exchange_count >= client->params.max_exchanges)
    return GC_E_LIMIT;
  struct gc_exchange *exchange = exchange_new(client, request, user);
  if (!exchange)
    return GC_E_MEMORY;
  gc_client_enter(client, now_ms);
  exchange->next = client->exchanges;
  if (exchange->next)
    exchange->next->before = exchange;
  client->exchanges = exchange;
  client->exchange_count++;
  *out = exchange;
  err = gc_leg_new(exchange, &exchange->root, GC_LEG_ROOT, &request->remote, exchange->request.token);
  if (!err) {
    exchange->root->is_con = request->is_con;
    if (!exchange->is_group)
      gc_upload_start(exchange->root);
    err = gc_target_submit(exchange);
  }
  if (err) {
    *out = NULL;
    close_down(exchange);
  }
  gc_client_leave(client);
  return err;
}

enum gc_err gc_client_compose(struct gc_client *client, struct gc_buf *out, const struct gc_request *request, uint64_t now_ms)
{
  uint8_t fresh[GC_TOKEN_MAX_LEN];
  bool is_group = gc_addr_is_multicast(&request->remote);
  enum gc_err err = check(request);
  if (err)
    return err;
  struct gc_exchange *exchange = exchange_new(client, request, NULL);
  if (!exchange)
    return GC_E_MEMORY;
  struct gc_leg leg = { .exchange = exchange, .kind = GC_LEG_ROOT, .remote = request->remote, .is_con = request->is_con,
                        .szx = request->block_szx > GC_BLOCK_SZX_MAX ? GC_BLOCK_SZX_MAX : request->block_szx };
  uint16_t mid = request->mid;
  struct gc_bytes token = request->token;
  if (!token.ptr) { /* an empty token that was given stays empty: dry runs may ask for it */
    client->rng.fill(client->rng.ctx, fresh, sizeof fresh);
    token = gc_bytes(fresh, is_group ? 8 : 4);
  }
  if (!request->has_mid)
    err = gc_endpoint_mid(client->endpoint, &mid, &request->remote, now_ms);
  if (!is_group)
    gc_upload_start(&leg);
  if (!err)
    err = gc_leg_compose(&leg, out, mid, token);
  gc_leg_forget_security(&leg);
  free(exchange);
  return err;
}

static bool set_timer(struct gc_exchange *exchange)
{
  uint64_t next = exchange->close_ms;
  if (exchange->repeats_left && exchange->root && exchange->repeat_at_ms < next)
    next = exchange->repeat_at_ms;
  if (next == UINT64_MAX) {
    gc_timers_clear(&exchange->client->exchange_timers, &exchange->timer);
    return true;
  }
  return gc_timers_set(&exchange->client->exchange_timers, &exchange->timer, next) == GC_OK;
}

static uint64_t close_time(const struct gc_exchange *exchange)
{
  uint32_t wait_ms = exchange->request.wait_ms;
  return wait_ms == UINT32_MAX ? UINT64_MAX : exchange->client->now_ms + wait_ms;
}

enum gc_err gc_exchange_start(struct gc_exchange *exchange)
{
  uint64_t now_ms = exchange->client->now_ms;
  exchange->is_started = true;
  exchange->started_ms = exchange->root->sent_ms = now_ms;
  exchange->close_ms = close_time(exchange);
  exchange->repeat_at_ms = now_ms + exchange->repeat_ms;
  enum gc_err err = gc_leg_send(exchange->root);
  if (!err && !set_timer(exchange))
    err = GC_E_MEMORY;
  return err;
}

void gc_exchange_progress(struct gc_exchange *exchange)
{
  if (exchange->is_ended || exchange->is_group || exchange->request.observe || exchange->is_closed)
    return;
  exchange->close_ms = close_time(exchange);
  (void)set_timer(exchange); /* it is set: moving it cannot fail */
}

void gc_exchange_finish(struct gc_exchange *exchange, bool deregister)
{
  if (exchange->is_ended)
    return;
  if (deregister)
    gc_observe_deregister(exchange);
  close_down(exchange);
  struct gc_client_event event = { .kind = GC_CLIENT_END, .from = exchange->request.remote, .responder = UINT32_MAX };
  (void)gc_client_tell(exchange, &event);
}

void gc_exchange_settle(struct gc_exchange *exchange)
{
  if (!exchange->is_ended && !exchange->legs)
    gc_exchange_finish(exchange, false);
}

bool gc_exchange_answered(struct gc_exchange *exchange, struct gc_responder *responder)
{
  uint32_t limit = exchange->request.max_responders;
  if (!responder->has_answered) {
    responder->has_answered = true;
    exchange->answered++;
  }
  if (limit && exchange->answered >= limit)
    gc_exchange_finish(exchange, true);
  return exchange->is_ended;
}

void gc_client_end(struct gc_client *client, struct gc_exchange *exchange, bool deregister, uint64_t now_ms)
{
  gc_client_enter(client, now_ms);
  gc_exchange_finish(exchange, deregister);
  gc_client_leave(client);
}

/* The time to listen is over: no new answer counts; what is being fetched may be completed. */
static void close_exchange(struct gc_exchange *exchange)
{
  struct gc_client *client = exchange->client;
  exchange->is_closed = true;
  gc_observe_deregister(exchange);
  for (struct gc_leg *leg = exchange->legs, *next; leg; leg = next) {
    next = leg->next;
    bool is_observation = leg->responder && leg->responder->observing == leg;
    if (leg == exchange->root || is_observation)
      gc_leg_end(leg);
  }
  exchange->close_ms = client->now_ms + gc_exchange_lifetime_ms(&client->params.endpoint);
  if (!set_timer(exchange))
    gc_exchange_finish(exchange, false);
  gc_exchange_settle(exchange);
}

/* Even then something is missing. */
static void give_up(struct gc_exchange *exchange)
{
  while (!exchange->is_ended && exchange->legs) {
    struct gc_responder *responder = exchange->legs->responder;
    gc_leg_end(exchange->legs);
    if (responder)
      gc_fetch_incomplete(exchange, responder, NULL, "the time is over");
  }
  gc_exchange_finish(exchange, false);
}

static void repeat(struct gc_exchange *exchange)
{
  uint64_t when_ms;
  if (!gc_target_allows(exchange, &when_ms)) {
    exchange->repeat_at_ms = when_ms;
    return;
  }
  exchange->repeats_left--;
  exchange->repeat_at_ms = exchange->client->now_ms + exchange->repeat_ms;
  /* what cannot be sent is lost like any datagram */
  if (exchange->request.repeat == GC_REPEAT_SAME_MID)
    (void)!gc_leg_send_again(exchange->root);
  else
    (void)!gc_leg_send(exchange->root);
}

void gc_exchange_tick(struct gc_client *client)
{
  for (struct gc_timer *timer; (timer = gc_timers_due(&client->exchange_timers, client->now_ms));) {
    struct gc_exchange *exchange = GC_CONTAINER(timer, struct gc_exchange, timer);
    if (exchange->is_closed) {
      give_up(exchange);
    } else if (client->now_ms >= exchange->close_ms) {
      close_exchange(exchange);
    } else {
      if (exchange->root && exchange->repeats_left)
        repeat(exchange);
      (void)set_timer(exchange); /* the heap has room: the timer was in it */
    }
  }
}

enum gc_err gc_client_again(struct gc_client *client, struct gc_exchange *exchange, const struct gc_addr *to, uint64_t now_ms)
{
  uint64_t when_ms;
  enum gc_err err = GC_E_LIMIT;
  if (exchange->is_ended || exchange->is_closed || !exchange->is_started || !exchange->root || exchange->root->is_upload)
    return GC_E_STATE;
  if (to && gc_addr_equal(to, &exchange->request.remote))
    to = NULL;
  if (to && (gc_addr_is_multicast(to) || !exchange->is_group))
    return GC_E_RANGE;
  gc_client_enter(client, now_ms);
  if (to)
    err = gc_leg_send_to(exchange->root, to);
  else if (gc_target_allows(exchange, &when_ms))
    err = exchange->request.observe ? gc_leg_send_anew(exchange->root) : gc_leg_send(exchange->root);
  gc_client_leave(client);
  return err;
}

void gc_exchange_bury(struct gc_client *client)
{
  for (struct gc_exchange *exchange; (exchange = client->dead_exchanges);) {
    client->dead_exchanges = exchange->next;
    gc_responder_clear(exchange);
    free(exchange);
  }
}

enum gc_err gc_client_revalidate(struct gc_client *client, struct gc_exchange *exchange, const struct gc_addr *addr, uint64_t now_ms)
{
  struct gc_leg *leg;
  if (exchange->is_ended || exchange->is_closed)
    return GC_E_STATE;
  struct gc_responder *responder = gc_responder_find(exchange, addr);
  if (!responder || responder->etag_count == 0)
    return GC_E_NOT_FOUND;
  gc_client_enter(client, now_ms);
  enum gc_err err = gc_leg_new(exchange, &leg, GC_LEG_REVALIDATE, addr, gc_bytes(NULL, 0));
  if (!err) {
    leg->is_con = leg->with_etags = true;
    leg->responder = responder;
    err = gc_leg_send(leg);
    if (err)
      gc_leg_end(leg);
  }
  gc_client_leave(client);
  return err;
}
