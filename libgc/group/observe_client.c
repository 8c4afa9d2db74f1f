#include "group/observe_client.h"

#include <stdlib.h>
#include <string.h>

#include "coap/observe.h"
#include "group/observe_client_internal.h"

enum { COUNTED_WAIT_MS = 10000 }; /* for the answer to a registration that wants none */

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

/* The kid it has now: for messages to it alone. */
/* ptr NULL: it has none */
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

/* --- registration ---------------------------------------------------------------------------------------------------- */

static void keep_bytes(uint8_t **at, struct gc_bytes *bytes)
{
  if (bytes->len)
    memcpy(*at, bytes->ptr, bytes->len);
  bytes->ptr = *at;
  *at += bytes->len;
}

/* A copy of the request, and the message it makes, which phantom requests are compared with. */
static enum gc_err keep(struct gc_observe_client *client, const struct gc_request *request)
{
  const size_t own_len = request->options.len + request->payload.len + request->token.len + request->peer.len;
  const size_t message_cap = request->options.len + request->payload.len + 16;
  struct gc_bytes body;
  client->kept = malloc(own_len + message_cap + request->options.len);
  if (!client->kept)
    return GC_E_MEMORY;
  uint8_t *at = client->kept;
  client->request = *request;
  client->request.observe = true;
  client->request.withdraw = false;
  client->request.wait_ms = UINT32_MAX;
  client->request.max_responders = 0;
  keep_bytes(&at, &client->request.options);
  keep_bytes(&at, &client->request.payload);
  keep_bytes(&at, &client->request.token);
  keep_bytes(&at, &client->request.peer);
  struct gc_builder builder = gc_builder_body(at, message_cap, request->code);
  gc_builder_add_all(&builder, request->options);
  gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, GC_OBSERVE_REGISTER);
  gc_builder_payload(&builder, request->payload);
  enum gc_err err = gc_builder_finish(&builder, &body);
  if (err)
    return err;
  client->spare = at + message_cap;
  client->original = (struct gc_message){ .version = 1, .type = GC_TYPE_NON, .code = request->code };
  return gc_options_split(&client->original.options, &client->original.payload, gc_bytes_slice(body, 1, SIZE_MAX), 1, NULL);
}

/* What further registrations carry: all but No-Response. */
static void drop_no_response(struct gc_request *request, uint8_t *room)
{
  struct gc_option_iter iter = gc_option_iter(request->options);
  struct gc_option option;
  struct gc_bytes options;
  if (!gc_option_find(request->options, GC_OPTION_NO_RESPONSE, NULL))
    return;
  struct gc_builder builder = gc_builder_options(room, request->options.len);
  while (gc_option_next(&iter, &option))
    if (option.number != GC_OPTION_NO_RESPONSE)
      gc_builder_add(&builder, option.number, option.value);
  if (gc_builder_finish(&builder, &options) == GC_OK)
    request->options = options;
}

enum gc_err gc_observe_client_register(struct gc_observe_client *client, const struct gc_request *request, uint64_t now_ms)
{
  if (client->has_request)
    return GC_E_STATE;
  client->now_ms = now_ms;
  enum gc_err err = keep(client, request);
  if (err)
    return err;
  client->has_request = true;
  client->state.registrations++;
  struct gc_exchange *exchange = NULL;
  struct gc_request first = client->request;
  if (gc_option_find(first.options, GC_OPTION_NO_RESPONSE, NULL))
    first.wait_ms = COUNTED_WAIT_MS;
  err = gc_client_request(client->client, &exchange, &first, client, now_ms);
  client->first = err ? NULL : exchange;
  client->request.token.len = 0; /* further ones have tokens of their own */
  client->request.has_mid = false;
  drop_no_response(&client->request, client->spare);
  return err;
}

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
