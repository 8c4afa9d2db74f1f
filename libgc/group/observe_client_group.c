#include <errno.h>

#include "group/observe_client_internal.h"
#include "observe/counting.h"

/* --- membership ------------------------------------------------------------------------------------------------------ */

static bool is_joined(const struct gc_observe_client *client, const struct gc_addr *group, const struct gc_observe_server *but)
{
  for (size_t i = 0; i < client->servers.slot_count; i++)
    for (struct gc_link *link = client->servers.slots[i]; link; link = link->next) {
      const struct gc_observe_server *server = GC_CONTAINER(link, struct gc_observe_server, link);
      if (server != but && server->listener && gc_addr_equal(&gc_listener_observation(server->listener)->group, group))
        return true;
    }
  return false;
}

void gc_observe_drop_listener(struct gc_observe_server *server)
{
  struct gc_observe_client *client = server->client;
  if (!server->listener)
    return;
  const struct gc_addr group = gc_listener_observation(server->listener)->group;
  gc_listener_free(&server->listener);
  client->state.group_observations--;
  if (!is_joined(client, &group, server) && client->ops.leave)
    client->ops.leave(client->ops.ctx, &group);
}

/* --- what is heard ----------------------------------------------------------------------------------------------------- */

/* Section 8.2; never for last_notif. */
static void consider_confirmation(struct gc_observe_server *server, const struct gc_message *notification)
{
  struct gc_observe_client *client = server->client;
  uint32_t delay_ms;
  if (!client->has_request || !gc_feedback_wanted(notification, client->params.leisure_ms, client->rng, &delay_ms))
    return;
  server->confirm_ms = client->now_ms + delay_ms;
  gc_observe_server_schedule(server);
}

static void tell_heard(struct gc_observe_server *server, enum gc_observe_event_kind kind, const struct gc_heard_message *heard, enum gc_observe_via via)
{
  struct gc_observe_event event = { .kind = kind, .from = server->addr, .message = heard->message, .via = via, .observe = heard->observe,
                                    .security = heard->security, .result = heard->result, .phrase = heard->phrase };
  gc_observe_tell(server->client, &event);
}

/* The same notification again, with a repeated informative response: that is no attack. */
static bool is_known(const struct gc_heard_message *heard, enum gc_observe_via via)
{
  return via == GC_VIA_INFORMATIVE && heard->what == GC_HEARD_INSECURE && (heard->result == GC_SEC_REPLAY || heard->result == GC_SEC_TOO_OLD);
}

static void take(struct gc_observe_server *server, const struct gc_heard_message *heard, enum gc_observe_via via)
{
  struct gc_observe_client_state *state = &server->client->state;
  switch (is_known(heard, via) ? GC_HEARD_OLD : heard->what) {
  case GC_HEARD_NOTHING:
    break;
  case GC_HEARD_NOTIFICATION:
    state->notifications++;
    server->failures = 0;
    server->is_retry = false;
    gc_observe_server_fresh(server, heard->message.options);
    if (via == GC_VIA_GROUP)
      consider_confirmation(server, &heard->message);
    tell_heard(server, GC_OBSERVE_NOTIFICATION, heard, via);
    break;
  case GC_HEARD_OLD:
    state->old++;
    tell_heard(server, GC_OBSERVE_OLD, heard, via);
    break;
  case GC_HEARD_STRAY:
    state->strays++;
    tell_heard(server, GC_OBSERVE_STRAY, heard, via);
    break;
  case GC_HEARD_INSECURE:
    state->insecure++;
    tell_heard(server, GC_OBSERVE_INSECURE, heard, via);
    break;
  case GC_HEARD_UNUSABLE:
    state->unusable++;
    tell_heard(server, GC_OBSERVE_UNUSABLE, heard, via);
    break;
  case GC_HEARD_KEYS:
    gc_observe_server_schedule(server);
    tell_heard(server, GC_OBSERVE_KEYS, heard, via);
    break;
  case GC_HEARD_END:
    gc_observe_server_ended(server, &heard->message, heard->security, "the server has ended it", false);
    break;
  }
}

void gc_observe_hear(struct gc_observe_client *client, const struct gc_datagram *datagram)
{
  struct gc_observe_server *server = gc_observe_server_find(client, &datagram->remote);
  struct gc_heard_message heard;
  if (server && server->listener) {
    gc_listener_receive(server->listener, datagram, gc_buf(client->plain, sizeof client->plain), client->now_ms, &heard);
    take(server, &heard, GC_VIA_GROUP);
    return;
  }
  struct gc_observe_event event = { .kind = GC_OBSERVE_STRAY, .from = datagram->remote, .via = GC_VIA_GROUP };
  client->state.strays++;
  if (gc_message_parse(&event.message, datagram->bytes, NULL))
    event.message = (struct gc_message){ 0 };
  gc_observe_tell(client, &event);
}

/* --- informative responses --------------------------------------------------------------------------------------------- */

static void refuse(struct gc_observe_server *server, struct gc_observe_event *event)
{
  struct gc_observe_client *client = server->client;
  event->kind = GC_OBSERVE_REFUSED;
  server->again_ms = UINT64_MAX;
  gc_observe_server_withdraw(server);
  gc_observe_drop_listener(server);
  gc_observe_server_schedule(server);
  gc_observe_tell(client, event);
}

/* Listen where it says. false: refused */
static bool adopt(struct gc_observe_server *server, struct gc_listener *listener, struct gc_observe_event *event)
{
  struct gc_observe_client *client = server->client;
  const struct gc_group_observation *observation = gc_listener_observation(listener);
  if (!is_joined(client, &observation->group, NULL) && client->ops.join(client->ops.ctx, &observation->group, &observation->server)) {
    event->error = errno;
    event->refusal.phrase = "its group cannot be joined";
    gc_listener_free(&listener);
    refuse(server, event);
    return false;
  }
  struct gc_listener *before = server->listener;
  server->listener = listener;
  client->state.group_observations++;
  if (before) {
    const struct gc_addr group = gc_listener_observation(before)->group;
    gc_listener_free(&before);
    client->state.group_observations--;
    if (!is_joined(client, &group, NULL) && client->ops.leave)
      client->ops.leave(client->ops.ctx, &group);
  }
  return true;
}

/* Begin, or go on with, the group observation that a response is about. */
static enum gc_err begin(struct gc_observe_server *server, const struct gc_informative *response, const struct gc_listener_params *params,
                         const struct gc_client_event *answer)
{
  struct gc_observe_client *client = server->client;
  struct gc_observe_event event = { .kind = GC_OBSERVE_INFORMED, .from = server->addr, .informative = response };
  struct gc_listener *listener = NULL;
  struct gc_heard_message heard;
  if (answer) {
    event.message = answer->message;
    event.security = answer->security;
  }
  if (!(server->listener && gc_listener_renew(server->listener, response, params, client->now_ms))) {
    const enum gc_err err = gc_listener_new(&listener, response, params, client->now_ms, &event.refusal);
    if (err) {
      refuse(server, &event);
      return err;
    }
    if (!adopt(server, listener, &event))
      return GC_E_MALFORMED;
  }
  event.listener = server->listener;
  gc_observe_server_fresh(server, gc_bytes(NULL, 0));
  gc_observe_tell(client, &event);
  if (client->is_over)
    return GC_OK;
  gc_listener_last(server->listener, gc_buf(client->plain, sizeof client->plain), client->now_ms, &heard);
  take(server, &heard, GC_VIA_INFORMATIVE);
  return GC_OK;
}

void gc_observe_inform(struct gc_observe_client *client, const struct gc_client_event *event)
{
  struct gc_observe_server *server = gc_observe_server_find(client, &event->from);
  struct gc_informative response;
  const struct gc_listener_params params = { .server = event->from, .original = &client->original, .is_protected = event->security != NULL,
                                             .ring = client->request.ring, .trust_plain_keys = client->params.trust_plain_keys,
                                             .utc_s = gc_observe_utc(client) };
  struct gc_observe_event refused = { .from = event->from, .security = event->security, .message = event->message,
                                      .refusal = { .fault = GC_LISTENER_FAULT_MALFORMED } };
  if (server->is_observed) {
    server->is_observed = false;
    client->state.observations--;
  }
  if (gc_informative_parse(&response, event->message.payload, client->params.otherwise, &refused.where)) {
    refused.refusal.phrase = refused.where.phrase;
    refuse(server, &refused);
    return;
  }
  (void)!begin(server, &response, &params, event); /* a refusal has been told */
}

enum gc_err gc_observe_client_listen(struct gc_observe_client *client, const struct gc_informative *response, struct gc_oscore_ring *ring,
                                     const struct gc_message *original, uint64_t now_ms)
{
  /* a file of one's own is trusted with keys; but with a context, nothing unprotected is wanted */
  const struct gc_listener_params params = { .original = original, .ring = ring, .is_protected = ring != NULL, .trust_plain_keys = true,
                                             .utc_s = gc_observe_utc(client) };
  struct gc_observe_server *server = gc_observe_server_get(client, &response->tp_info.server);
  client->now_ms = now_ms;
  return server ? begin(server, response, &params, NULL) : GC_E_LIMIT;
}
