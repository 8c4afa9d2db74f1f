#include <stdlib.h>
#include <string.h>

#include "coap/no_response.h"
#include "group/observe_client_internal.h"
#include "observe/counting.h"

enum {
  MAX_AGE_DEFAULT_S = 60,   /* RFC 7252, Section 5.10.5 */
  FAILURES_COUNTED = 5,     /* the wait before the next try doubles so often */
  OPTIONS_CAP = 2048,
  PATIENCE_LEAST_MS = 100,  /* a registration that fails at once is not sent again at once, for ever */
};

struct gc_observe_server *gc_observe_server_find(const struct gc_observe_client *client, const struct gc_addr *addr)
{
  struct gc_link *link = gc_table_find(&client->servers, gc_addr_hash(addr, client->hash_key));
  for (; link; link = gc_table_find_next(link)) {
    struct gc_observe_server *server = GC_CONTAINER(link, struct gc_observe_server, link);
    if (gc_addr_equal(&server->addr, addr))
      return server;
  }
  return NULL;
}

struct gc_observe_server *gc_observe_server_get(struct gc_observe_client *client, const struct gc_addr *addr)
{
  struct gc_observe_server *server = gc_observe_server_find(client, addr);
  if (server || client->servers.count >= client->params.max_servers)
    return server;
  server = calloc(1, sizeof *server);
  if (!server)
    return NULL;
  server->client = client;
  server->addr = *addr;
  server->again_ms = server->confirm_ms = UINT64_MAX;
  if (gc_timers_set(&client->timers, &server->timer, UINT64_MAX)) {
    free(server);
    return NULL;
  }
  if (gc_table_add(&client->servers, &server->link, gc_addr_hash(addr, client->hash_key))) {
    gc_timers_clear(&client->timers, &server->timer);
    free(server);
    return NULL;
  }
  return server;
}

bool gc_observe_server_is_awaited(const struct gc_observe_server *server)
{
  return server->exchange || server->listener || server->again_ms != UINT64_MAX;
}

void gc_observe_server_schedule(struct gc_observe_server *server)
{
  uint64_t at_ms = server->again_ms < server->confirm_ms ? server->again_ms : server->confirm_ms;
  const uint64_t ends_ms = server->listener ? gc_listener_ends_ms(server->listener, NULL) : UINT64_MAX;
  if (ends_ms < at_ms)
    at_ms = ends_ms;
  (void)!gc_timers_set(&server->client->timers, &server->timer, at_ms); /* it has its place in the heap */
}

static uint32_t patience_ms(const struct gc_observe_client *client)
{
  const struct gc_observe_client_params *params = &client->params;
  const uint32_t range_ms = params->retry_max_ms > params->retry_min_ms ? params->retry_max_ms - params->retry_min_ms : 0;
  const uint32_t patience_ms = params->retry_min_ms + gc_rng_below(client->rng, range_ms + 1);
  return patience_ms < PATIENCE_LEAST_MS ? PATIENCE_LEAST_MS : patience_ms;
}

void gc_observe_server_fresh(struct gc_observe_server *server, struct gc_bytes options)
{
  struct gc_observe_client *client = server->client;
  uint32_t max_age_s = MAX_AGE_DEFAULT_S;
  (void)gc_option_find_uint(options, GC_OPTION_MAX_AGE, &max_age_s);
  server->again_ms = client->has_request ? client->now_ms + (uint64_t)max_age_s * 1000 + patience_ms(client) : UINT64_MAX;
  gc_observe_server_schedule(server);
}

/* --- requests to this server alone ------------------------------------------------------------------------------------- */

/* Protected for it alone, where the group can do that (draft-ietf-core-oscore-groupcomm, Section 14.9). */
static struct gc_request request_to(const struct gc_observe_server *server)
{
  struct gc_request request = server->client->request;
  const bool was_group = gc_addr_is_multicast(&request.remote);
  request.remote = server->addr;
  request.repeats = 0;
  if (was_group)
    request.is_con = true;
  if (was_group && request.context && server->has_kid && gc_oscore_context_has_mode(request.context, GC_MODE_PAIRWISE)) {
    request.is_pairwise = true;
    request.peer = gc_bytes(server->kid, server->kid_len);
  }
  return request;
}

/* Sent once, and whatever comes of it is nobody's news. */
static enum gc_err send_aside(struct gc_observe_server *server, struct gc_request *request)
{
  struct gc_exchange *exchange;
  request->wait_ms = 1;
  return gc_client_request(server->client->client, &exchange, request, &gc_observe_aside, server->client->now_ms);
}

void gc_observe_server_withdraw(struct gc_observe_server *server)
{
  struct gc_request request = request_to(server);
  if (!server->client->has_request)
    return;
  request.observe = false;
  request.withdraw = true;
  request.is_con = false;
  (void)!send_aside(server, &request); /* a server that does not hear of it finds out by counting */
}

/* Section 8.2: a registration that is no registration. */
static void confirm(struct gc_observe_server *server)
{
  struct gc_observe_client *client = server->client;
  uint8_t store[OPTIONS_CAP];
  struct gc_request request = request_to(server);
  struct gc_builder builder = gc_builder_options(store, sizeof store);
  gc_builder_add_all(&builder, request.options);
  gc_builder_add_uint(&builder, GC_OPTION_FEEDBACK_DIVIDER, 0);
  if (!gc_option_find(request.options, GC_OPTION_NO_RESPONSE, NULL))
    gc_builder_add_uint(&builder, GC_OPTION_NO_RESPONSE, GC_NO_RESPONSE_ALL);
  request.is_con = false;
  if (gc_builder_finish(&builder, &request.options) || send_aside(server, &request))
    return;
  client->state.confirmations++;
  struct gc_observe_event event = { .kind = GC_OBSERVE_CONFIRMED, .from = server->addr };
  gc_observe_tell(client, &event);
}

void gc_observe_server_retry(struct gc_observe_server *server)
{
  const unsigned shift = server->failures < FAILURES_COUNTED ? server->failures : FAILURES_COUNTED;
  server->again_ms = server->client->now_ms + ((uint64_t)patience_ms(server->client) << shift);
  gc_observe_server_schedule(server);
}

/* A registration with it alone, the old one replaced. */
static void register_again(struct gc_observe_server *server, const char *why)
{
  struct gc_observe_client *client = server->client;
  struct gc_observe_event event = { .kind = GC_OBSERVE_AGAIN, .from = server->addr, .phrase = why };
  const struct gc_request request = request_to(server);
  struct gc_exchange *exchange = server->exchange;
  server->exchange = NULL;
  if (exchange)
    gc_client_end(client->client, exchange, false, client->now_ms);
  gc_observe_tell(client, &event);
  if (client->is_over)
    return;
  client->state.registrations++;
  exchange = NULL;
  if (gc_client_request(client->client, &exchange, &request, server, client->now_ms) == GC_OK)
    server->exchange = exchange;
  server->failures++;
  server->is_retry = true;
  gc_observe_server_retry(server); /* should nobody answer */
  if (server->exchange && request.is_con) {
    const uint64_t settled_ms = client->now_ms + gc_max_transmit_wait_ms(&client->params.client.endpoint);
    if (server->again_ms < settled_ms)
      server->again_ms = settled_ms;
    gc_observe_server_schedule(server);
  }
}

/* The representation is not fresh any more (RFC 7641, Section 3.3.1). A traditional observation is refreshed with its own
 * token, where the request may be repeated. */
static void refresh(struct gc_observe_server *server)
{
  struct gc_observe_client *client = server->client;
  static const char *const why = "nothing fresh has come";
  const bool is_first = !server->exchange && client->first;
  struct gc_exchange *exchange = is_first ? client->first : server->exchange;
  const bool is_repeatable = !(is_first && gc_addr_is_multicast(&client->request.remote) && client->request.context);
  if (server->is_observed && exchange && is_repeatable && !server->is_retry &&
      gc_client_again(client->client, exchange, &server->addr, client->now_ms) == GC_OK) {
    struct gc_observe_event event = { .kind = GC_OBSERVE_AGAIN, .from = server->addr, .phrase = why };
    client->state.registrations++;
    server->is_retry = true;
    server->failures++;
    gc_observe_server_retry(server);
    gc_observe_tell(client, &event);
    return;
  }
  register_again(server, server->is_retry ? "no answer" : why);
}

void gc_observe_server_exchange_ended(struct gc_observe_server *server)
{
  struct gc_observe_client *client = server->client;
  const bool was_own = server->exchange != NULL && server->is_retry;
  server->exchange = NULL;
  if (server->is_observed)
    client->state.observations--;
  const bool was_observed = server->is_observed;
  server->is_observed = false;
  if (client->is_over || server->listener)
    return;
  if (was_own || was_observed) /* it was there once: it may come back */
    gc_observe_server_retry(server);
}

void gc_observe_server_ended(struct gc_observe_server *server, const struct gc_message *message, const struct gc_oscore_opened *security,
                             const char *phrase, bool is_again)
{
  struct gc_observe_client *client = server->client;
  struct gc_observe_event event = { .kind = GC_OBSERVE_ENDED, .from = server->addr, .security = security, .phrase = phrase };
  if (message)
    event.message = *message;
  server->again_ms = server->confirm_ms = UINT64_MAX;
  gc_observe_tell(client, &event);
  gc_observe_drop_listener(server);
  if (!client->is_over && client->has_request && (is_again || client->params.stays))
    gc_observe_server_retry(server);
  else
    gc_observe_server_schedule(server);
}

void gc_observe_server_due(struct gc_observe_server *server)
{
  const uint64_t now_ms = server->client->now_ms;
  const char *why = NULL;
  (void)!gc_timers_set(&server->client->timers, &server->timer, UINT64_MAX); /* there is room: it was in the heap */
  if (server->listener && gc_listener_ends_ms(server->listener, &why) <= now_ms) {
    gc_observe_server_ended(server, NULL, NULL, why, gc_listener_has_own_keys(server->listener));
    return;
  }
  if (server->confirm_ms <= now_ms) {
    server->confirm_ms = UINT64_MAX;
    confirm(server);
  }
  if (server->again_ms <= now_ms && !server->client->is_over) {
    server->again_ms = UINT64_MAX;
    refresh(server);
  }
  gc_observe_server_schedule(server);
}
