#include "group/observe_client.h"

#include <stdlib.h>
#include <string.h>

#include "group/observe_client_internal.h"

char gc_observe_aside;

struct gc_observe_client_params gc_observe_client_params_default(void)
{
  return (struct gc_observe_client_params){
    .client = gc_client_params_default(),
    .leisure_ms = 5000,
    .retry_min_ms = 5000,
    .retry_max_ms = 15000,
    .max_servers = 4096,
  };
}

void gc_observe_tell(struct gc_observe_client *client, struct gc_observe_event *event)
{
  event->now_ms = client->now_ms;
  client->ops.event(client->ops.ctx, event);
}

double gc_observe_utc(const struct gc_observe_client *client)
{
  return client->ops.utc_s ? client->ops.utc_s(client->ops.ctx) : -1;
}

static bool is_awaited(const struct gc_observe_client *client)
{
  if (client->first)
    return true;
  for (size_t i = 0; i < client->servers.slot_count; i++)
    for (struct gc_link *link = client->servers.slots[i]; link; link = link->next)
      if (gc_observe_server_is_awaited(GC_CONTAINER(link, struct gc_observe_server, link)))
        return true;
  return false;
}

static void tell_end(struct gc_observe_client *client)
{
  if (client->is_told)
    return;
  client->is_told = client->is_over = true;
  struct gc_observe_event event = { .kind = GC_OBSERVE_END };
  gc_observe_tell(client, &event);
}

/* After everything that may have been the last. */
static void settle(struct gc_observe_client *client)
{
  if (!client->is_over && !is_awaited(client))
    tell_end(client);
}

/* --- what the client below tells ----------------------------------------------------------------------------------- */

static bool is_informative(const struct gc_message *message)
{
  uint32_t format;
  return message->code == GC_CODE_SERVICE_UNAVAILABLE && gc_option_find_uint(message->options, GC_OPTION_CONTENT_FORMAT, &format) &&
         format == GC_FORMAT_INFORMATIVE_RESPONSE && !gc_option_find(message->options, GC_OPTION_OBSERVE, NULL);
}

static void on_trouble(struct gc_observe_client *client, const struct gc_client_event *event)
{
  struct gc_observe_event told = { .kind = GC_OBSERVE_TROUBLE, .from = event->from, .message = event->message, .security = event->security,
                                   .phrase = event->phrase, .client_event = event };
  gc_observe_tell(client, &told);
}

/* The kid it has now, for messages to it alone; ptr NULL: it has none. */
static void set_kid(struct gc_observe_server *server, struct gc_bytes kid)
{
  server->has_kid = kid.ptr != NULL;
  server->kid_len = (uint8_t)kid.len;
  if (kid.len)
    memcpy(server->kid, kid.ptr, kid.len);
}

static void note_kid(struct gc_observe_server *server, const struct gc_oscore_opened *security)
{
  const struct gc_oscore_context *own = server->client->request.context;
  if (!security || security->kid.len > GC_ID_MAX_LEN)
    return;
  set_kid(server, own && security->context != own ? gc_oscore_id_elsewhere(security->context, security->kid, own) : security->kid);
}

static void on_notification(struct gc_observe_server *server, const struct gc_client_event *event)
{
  struct gc_observe_client *client = server->client;
  struct gc_observe_event told = { .kind = GC_OBSERVE_NOTIFICATION, .from = event->from, .message = event->message, .via = GC_VIA_OBSERVATION,
                                   .observe = event->observe, .security = event->security };
  if (server->exchange && event->exchange != server->exchange)
    told.kind = GC_OBSERVE_OLD; /* of a registration that has been replaced */
  if (told.kind == GC_OBSERVE_OLD) {
    client->state.old++;
  } else {
    client->state.notifications++;
    if (!server->is_observed)
      client->state.observations++;
    server->is_observed = true;
    gc_observe_drop_listener(server);
    gc_observe_server_fresh(server, event->message.options);
  }
  gc_observe_tell(client, &told);
}

static void on_response(struct gc_observe_server *server, const struct gc_client_event *event)
{
  struct gc_observe_client *client = server->client;
  struct gc_observe_event told = { .kind = GC_OBSERVE_RESPONSE, .from = event->from, .message = event->message, .security = event->security };
  const bool was_observed = server->is_observed || server->listener;
  if (server->is_observed)
    client->state.observations--;
  server->is_observed = false;
  gc_observe_drop_listener(server);
  server->again_ms = server->confirm_ms = UINT64_MAX;
  gc_observe_server_schedule(server);
  gc_observe_tell(client, &told);
  if (was_observed && !client->is_over)
    gc_observe_server_ended(server, &event->message, event->security, "the server does not keep it any more", false);
}

static void on_answer(struct gc_observe_client *client, const struct gc_client_event *event)
{
  struct gc_observe_server *server = gc_observe_server_get(client, &event->from);
  if (!server) {
    on_trouble(client, event);
    return;
  }
  server->failures = 0;
  server->is_retry = false;
  note_kid(server, event->security);
  if (event->kind == GC_CLIENT_NOTIFICATION)
    on_notification(server, event);
  else if (is_informative(&event->message))
    gc_observe_inform(client, event);
  else
    on_response(server, event);
}

static void on_stale(struct gc_observe_client *client, const struct gc_client_event *event)
{
  struct gc_observe_event told = { .kind = GC_OBSERVE_OLD, .from = event->from, .message = event->message, .via = GC_VIA_OBSERVATION,
                                   .security = event->security };
  client->state.old++;
  gc_observe_tell(client, &told);
}

/* A traditional observation ends with its exchange; one of a group does not. */
static void on_end(struct gc_observe_client *client, const struct gc_client_event *event)
{
  if (event->user != client) {
    gc_observe_server_exchange_ended(event->user);
    return;
  }
  client->first = NULL;
  for (size_t i = 0; i < client->servers.slot_count && !client->is_over; i++)
    for (struct gc_link *link = client->servers.slots[i]; link; link = link->next) {
      struct gc_observe_server *server = GC_CONTAINER(link, struct gc_observe_server, link);
      if (!server->exchange)
        gc_observe_server_exchange_ended(server);
    }
}

static void on_event(void *ctx, const struct gc_client_event *event)
{
  struct gc_observe_client *client = ctx;
  if (event->user == &gc_observe_aside || (client->is_over && event->kind != GC_CLIENT_END))
    return;
  switch (event->kind) {
  case GC_CLIENT_RESPONSE:
  case GC_CLIENT_NOTIFICATION:
    on_answer(client, event);
    break;
  case GC_CLIENT_STALE:
    on_stale(client, event);
    break;
  case GC_CLIENT_END:
    on_end(client, event);
    break;
  default:
    on_trouble(client, event);
    break;
  }
}

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  const struct gc_observe_client *client = ctx;
  return client->ops.send(client->ops.ctx, datagram);
}

static bool on_hold(void *ctx, const struct gc_oscore_context *context, struct gc_bytes kid)
{
  const struct gc_observe_client *client = ctx;
  return client->ops.hold(client->ops.ctx, context, kid);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

struct gc_observe_client *gc_observe_client_new(const struct gc_observe_client_params *params, const struct gc_observe_client_ops *ops,
                                                struct gc_rng rng)
{
  struct gc_observe_client *client = malloc(sizeof *client);
  if (!client)
    return NULL;
  memset(client, 0, offsetof(struct gc_observe_client, plain));
  const struct gc_client_ops client_ops = { .send = on_send, .event = on_event, .hold = ops->hold ? on_hold : NULL, .ctx = client };
  client->params = *params;
  client->ops = *ops;
  client->rng = rng;
  rng.fill(rng.ctx, (uint8_t *)&client->hash_key, sizeof client->hash_key);
  client->client = gc_client_new(&params->client, &client_ops, rng);
  if (!client->client) {
    free(client);
    return NULL;
  }
  return client;
}

static void silence(void *ctx, const struct gc_observe_event *event)
{
  (void)ctx, (void)event;
}

void gc_observe_client_free(struct gc_observe_client **pointer)
{
  struct gc_observe_client *client = *pointer;
  size_t at = 0;
  if (!client)
    return;
  client->ops.event = silence;
  client->is_over = true;
  gc_client_free(&client->client);
  for (struct gc_link *link; (link = gc_table_any(&client->servers, &at));) {
    struct gc_observe_server *server = GC_CONTAINER(link, struct gc_observe_server, link);
    gc_observe_drop_listener(server);
    gc_timers_clear(&client->timers, &server->timer);
    gc_table_remove(&client->servers, link);
    free(server);
  }
  gc_table_free(&client->servers);
  gc_timers_free(&client->timers);
  free(client->kept);
  free(client);
  *pointer = NULL;
}

/* --- keys and the end ------------------------------------------------------------------------------------------------ */

void gc_observe_client_rekeyed(struct gc_observe_client *client, struct gc_oscore_context *context)
{
  struct gc_request *request = &client->request;
  struct gc_oscore_context *before = request->context;
  if (!before || before == context)
    return;
  if (request->is_pairwise) {
    const struct gc_bytes peer = gc_oscore_id_elsewhere(before, request->peer, context);
    if (!peer.ptr)
      return; /* what goes to this one alone goes to nobody else: the older context ends, and with it the requests */
    if (peer.len)
      memmove(client->peer, peer.ptr, peer.len);
    request->peer = gc_bytes(client->peer, peer.len);
  }
  request->context = context;
  for (size_t i = 0; i < client->servers.slot_count; i++)
    for (struct gc_link *link = client->servers.slots[i]; link; link = link->next) {
      struct gc_observe_server *server = GC_CONTAINER(link, struct gc_observe_server, link);
      if (server->has_kid)
        set_kid(server, gc_oscore_id_elsewhere(before, gc_bytes(server->kid, server->kid_len), context));
    }
}

bool gc_observe_client_release(struct gc_observe_client *client, const struct gc_oscore_context *context)
{
  bool is_free = gc_client_release(client->client, context) && client->request.context != context;
  for (size_t i = 0; i < client->servers.slot_count; i++)
    for (struct gc_link *link = client->servers.slots[i]; link; link = link->next) {
      const struct gc_observe_server *server = GC_CONTAINER(link, struct gc_observe_server, link);
      if (server->listener && !gc_listener_release(server->listener, context))
        is_free = false;
    }
  return is_free;
}

void gc_observe_client_leave(struct gc_observe_client *client, uint64_t now_ms)
{
  if (client->is_over)
    return;
  client->now_ms = now_ms;
  client->is_over = true;
  if (client->first)
    gc_client_end(client->client, client->first, true, now_ms);
  for (size_t i = 0; i < client->servers.slot_count; i++)
    for (struct gc_link *link = client->servers.slots[i]; link; link = link->next) {
      const struct gc_observe_server *server = GC_CONTAINER(link, struct gc_observe_server, link);
      if (server->exchange)
        gc_client_end(client->client, server->exchange, true, now_ms);
    }
  tell_end(client);
}

/* --- datagrams and the clock ------------------------------------------------------------------------------------------- */

void gc_observe_client_receive(struct gc_observe_client *client, const struct gc_datagram *datagram, uint64_t now_ms)
{
  client->now_ms = now_ms;
  if (!gc_addr_is_multicast(&datagram->local))
    gc_client_receive(client->client, datagram, now_ms);
  else if (!client->is_over)
    gc_observe_hear(client, datagram);
  settle(client);
}

void gc_observe_client_reconsider(struct gc_observe_client *client, uint64_t now_ms)
{
  client->now_ms = now_ms;
  gc_client_reconsider(client->client, now_ms);
  settle(client);
}

void gc_observe_client_tick(struct gc_observe_client *client, uint64_t now_ms)
{
  client->now_ms = now_ms;
  gc_client_tick(client->client, now_ms);
  for (struct gc_timer *timer; !client->is_over && (timer = gc_timers_due(&client->timers, now_ms));)
    gc_observe_server_due(GC_CONTAINER(timer, struct gc_observe_server, timer));
  settle(client);
}

uint64_t gc_observe_client_deadline(const struct gc_observe_client *client)
{
  const uint64_t below = gc_client_deadline(client->client), own = client->is_over ? UINT64_MAX : gc_timers_next(&client->timers);
  return below < own ? below : own;
}

enum gc_sec gc_observe_client_protect_result(const struct gc_observe_client *client)
{
  return gc_client_protect_result(client->client);
}

struct gc_observe_client_state gc_observe_client_state(const struct gc_observe_client *client)
{
  struct gc_observe_client_state state = client->state;
  state.servers = client->servers.count;
  return state;
}
