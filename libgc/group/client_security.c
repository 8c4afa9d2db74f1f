/* Protection of a client's messages with OSCORE or Group OSCORE: put on just before a request is sent, taken off before a
 * response is looked at (RFC 8613, Section 8; draft-ietf-core-oscore-groupcomm, Sections 7 and 8). */
#include <stdlib.h>
#include <string.h>

#include "group/client_internal.h"

enum { RESPONSE_WINDOW = 32, EXPECTED_SERVERS = 8 };

/* draft, Section 14.9: what goes to one member is protected for it alone, where the group can do that. */
static void choose_mode(const struct gc_leg *leg, struct gc_oscore_send *how)
{
  const struct gc_request *request = &leg->exchange->request;
  const struct gc_responder *responder = leg->responder;
  if (request->is_pairwise) {
    how->is_pairwise = true;
    how->peer = request->peer;
  } else if (leg->exchange->is_group && responder && responder->has_kid && gc_oscore_context_has_mode(request->context, GC_MODE_PAIRWISE)) {
    how->is_pairwise = true;
    how->peer = gc_bytes(responder->kid, responder->kid_len);
  }
}

/* Several responses may come: the request went to a group, or it registers for notifications. */
static bool is_long(const struct gc_leg *leg)
{
  return (leg->kind == GC_LEG_ROOT && leg->exchange->is_group) || leg->exchange->request.observe;
}

enum gc_err gc_leg_protect(struct gc_leg *leg, struct gc_bytes *body, bool is_aside)
{
  struct gc_client *client = leg->exchange->client;
  struct gc_oscore_send how = { 0 };
  struct gc_oscore_binding aside;
  struct gc_buf out = gc_buf(client->sealed + GC_CLIENT_FRONT, sizeof client->sealed - GC_CLIENT_FRONT);
  choose_mode(leg, &how);
  client->protect_result = gc_oscore_protect_request(leg->exchange->request.context, *body, &how, &out, is_aside ? &aside : &leg->binding);
  switch (client->protect_result) {
  case GC_SEC_OK: break;
  case GC_SEC_SPACE: return GC_E_SPACE;
  case GC_SEC_STATE: return GC_E_SYSTEM;
  case GC_SEC_EXHAUSTED: return GC_E_LIMIT;
  default: return GC_E_STATE;
  }
  *body = gc_buf_bytes(&out);
  if (is_aside)
    return GC_OK;
  gc_oscore_exchange_free(&leg->seen);
  leg->seen = gc_oscore_exchange_new(is_long(leg), is_long(leg) && leg->exchange->is_group ? EXPECTED_SERVERS : 1, RESPONSE_WINDOW);
  return leg->seen ? GC_OK : GC_E_MEMORY;
}

/* The same protected bytes serve each repetition: a server that has seen them takes them for a replay, one that has not
 * answers (draft, Section 7). */
enum gc_err gc_leg_keep_sealed(struct gc_leg *leg, struct gc_bytes body)
{
  uint8_t *kept = realloc(leg->sealed, body.len);
  if (!kept)
    return GC_E_MEMORY;
  memcpy(kept, body.ptr, body.len);
  leg->sealed = kept;
  leg->sealed_len = body.len;
  return GC_OK;
}

void gc_leg_forget_security(struct gc_leg *leg)
{
  gc_oscore_exchange_free(&leg->seen);
  free(leg->sealed);
}

static void tell(struct gc_leg *leg, const struct gc_inbound *in, enum gc_sec result, const struct gc_oscore_opened *opened)
{
  struct gc_exchange *exchange = leg->exchange;
  const struct gc_responder *responder = gc_responder_find(exchange, &in->datagram->remote);
  struct gc_client_event event = { .kind = GC_CLIENT_INSECURE, .from = in->datagram->remote, .to = in->datagram->local, .message = in->message,
                                   .blocks = 1, .rtt_ms = exchange->client->now_ms - leg->sent_ms, .result = result, .security = opened,
                                   .responder = responder ? responder->index : UINT32_MAX };
  (void)gc_client_tell(exchange, &event);
}

/* A server that cannot open the request says so without protection. That proves nothing, but one who could forge it could
 * also keep the answer back: a request to one server ends with it. */
static bool ends_with(const struct gc_leg *leg, const struct gc_inbound *in, enum gc_sec result)
{
  return result == GC_SEC_NOT_PROTECTED && GC_CODE_CLASS(in->message.code) >= 4 && !(leg->kind == GC_LEG_ROOT && leg->exchange->is_group);
}

bool gc_leg_open(struct gc_leg *leg, const struct gc_inbound *in, struct gc_oscore_opened *opened)
{
  struct gc_exchange *exchange = leg->exchange;
  struct gc_client *client = exchange->client;
  enum gc_sec result = gc_oscore_ring_open_response(exchange->request.ring, &in->message, 0, &leg->binding,
                                                    gc_buf(client->plain, sizeof client->plain), opened);
  if (!result)
    result = gc_oscore_exchange_accept(leg->seen, opened, NULL);
  if (!result)
    return true;
  bool is_end = ends_with(leg, in, result);
  tell(leg, in, result, opened);
  if (is_end && !exchange->is_ended) {
    gc_leg_end(leg);
    gc_exchange_settle(exchange);
  }
  return false;
}

void gc_responder_note_kid(struct gc_responder *responder, const struct gc_oscore_opened *opened)
{
  if (opened->kid.len > sizeof responder->kid)
    return;
  if (opened->kid.len)
    memcpy(responder->kid, opened->kid.ptr, opened->kid.len);
  responder->kid_len = (uint8_t)opened->kid.len;
  responder->has_kid = true;
}
