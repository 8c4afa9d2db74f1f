/* Protection of a client's messages with OSCORE or Group OSCORE: put on just before a request is sent, taken off before a
 * response is looked at (RFC 8613, Section 8; draft-ietf-core-oscore-groupcomm, Sections 7 and 8). */
#include <stdlib.h>
#include <string.h>

#include "group/client_internal.h"

enum { RESPONSE_WINDOW = 32, EXPECTED_SERVERS = 8 };

/* The context that messages leave under: where the group was rekeyed since the exchange began, the newest. */
static struct gc_oscore_context *newest(const struct gc_exchange *exchange)
{
  struct gc_oscore_context *own = exchange->request.context;
  const struct gc_bytes name = gc_oscore_context_name(own);
  const struct gc_oscore_ring *ring = exchange->request.ring;
  struct gc_oscore_context *context = own;
  for (size_t i = 0; name.len && i < gc_oscore_ring_count(ring); i++) {
    struct gc_oscore_context *later = gc_oscore_ring_at(ring, i);
    if (gc_oscore_ring_place(ring, later) > exchange->last_place && gc_bytes_equal(gc_oscore_context_name(later), name) &&
        gc_oscore_context_profile(own) != GC_OSCORE_PLAIN)
      context = later;
  }
  return context;
}

/* For one member: by the ID it has in this context, which another one may have by now in a newer one. */
static struct gc_oscore_context *for_member(struct gc_oscore_context *context, struct gc_oscore_context *known, struct gc_bytes kid,
                                            struct gc_oscore_send *how)
{
  how->is_pairwise = true;
  how->peer = kid;
  return gc_oscore_is_same_member(known, kid, context, kid) ? context : known;
}

/* draft, Sections 9 and 14.9: what goes to one member is protected for it alone, where the group can do that. */
static struct gc_oscore_context *choose_mode(struct gc_leg *leg, const struct gc_protection *what, struct gc_oscore_send *how)
{
  const struct gc_exchange *exchange = leg->exchange;
  const struct gc_request *request = &exchange->request;
  const struct gc_responder *to = what->to ? what->to : leg->responder;
  struct gc_oscore_context *context = newest(exchange);
  leg->is_pairwise = leg->is_pairwise || what->has_echo;
  if (request->is_pairwise)
    return for_member(context, request->context, request->peer, how);
  if (to && to->context && (exchange->is_group || leg->is_pairwise) && gc_oscore_context_has_mode(context, GC_MODE_PAIRWISE))
    return for_member(context, to->context, gc_bytes(to->kid, to->kid_len), how);
  return context;
}

/* Several responses may come: the request went to a group, or it registers for notifications. */
static bool is_long(const struct gc_leg *leg)
{
  if (leg->kind == GC_LEG_ROOT && leg->exchange->is_group)
    return true;
  return leg->exchange->request.observe && (leg->kind == GC_LEG_ROOT || leg->kind == GC_LEG_FOLLOW);
}

static enum gc_err renew(struct gc_leg *leg, const struct gc_oscore_binding *binding, bool keeps_older)
{
  const bool is_many = leg->kind == GC_LEG_ROOT && leg->exchange->is_group;
  struct gc_oscore_exchange *seen = gc_oscore_exchange_new(is_long(leg), is_many ? EXPECTED_SERVERS : 1, RESPONSE_WINDOW);
  if (!seen)
    return GC_E_MEMORY;
  if (keeps_older && leg->tie.seen) {
    gc_oscore_exchange_free(&leg->older.seen);
    leg->older = leg->tie;
    leg->tie.seen = NULL;
  }
  gc_oscore_exchange_free(&leg->tie.seen);
  leg->tie = (struct gc_tie){ *binding, seen };
  return GC_OK;
}

enum gc_err gc_leg_protect(struct gc_leg *leg, struct gc_bytes *body, const struct gc_protection *what)
{
  struct gc_client *client = leg->exchange->client;
  struct gc_oscore_send how = { 0 };
  struct gc_oscore_binding binding;
  struct gc_buf out = gc_buf(client->sealed + GC_CLIENT_FRONT, sizeof client->sealed - GC_CLIENT_FRONT);
  struct gc_oscore_context *context = choose_mode(leg, what, &how);
  client->protect_result = gc_oscore_protect_request(context, *body, &how, &out, &binding);
  switch (client->protect_result) {
  case GC_SEC_OK: break;
  case GC_SEC_SPACE: return GC_E_SPACE;
  case GC_SEC_STATE: return GC_E_SYSTEM;
  case GC_SEC_EXHAUSTED: return GC_E_LIMIT;
  default: return GC_E_STATE;
  }
  *body = gc_buf_bytes(&out);
  return what->is_aside ? GC_OK : renew(leg, &binding, what->is_anew);
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
  gc_oscore_exchange_free(&leg->tie.seen);
  gc_oscore_exchange_free(&leg->older.seen);
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
 * also keep the answer back: a request to one server ends with it. An observation that stands does not (RFC 8613,
 * Section 8.4.2). */
static bool ends_with(const struct gc_leg *leg, const struct gc_inbound *in, enum gc_sec result)
{
  return result == GC_SEC_NOT_PROTECTED && GC_CODE_CLASS(in->message.code) >= 4 && !(leg->kind == GC_LEG_ROOT && leg->exchange->is_group) &&
         gc_oscore_exchange_count(leg->tie.seen) == 0 && !leg->older.seen;
}

bool gc_responder_is_sender(const struct gc_responder *responder, const struct gc_oscore_opened *opened)
{
  return responder->context &&
         gc_oscore_is_same_member(responder->context, gc_bytes(responder->kid, responder->kid_len), opened->context, opened->kid);
}

/* Is it for this request, new, and from the one who was asked? */
static enum gc_sec try_open(struct gc_leg *leg, struct gc_tie *tie, const struct gc_inbound *in, struct gc_oscore_opened *opened)
{
  struct gc_client *client = leg->exchange->client;
  enum gc_sec result = gc_oscore_ring_open_response(leg->exchange->request.ring, &in->message, 0, &tie->binding,
                                                    gc_buf(client->plain, sizeof client->plain), opened);
  if (result)
    return result;
  /* in group mode each member could answer in another's place: what has begun with one goes on with it alone */
  const struct gc_responder *expected = leg->responder;
  if (expected && expected->context && !gc_responder_is_sender(expected, opened))
    return GC_SEC_WRONG_SERVER;
  result = gc_oscore_exchange_accept(tie->seen, opened, &client->is_newest);
  client->is_newest = client->is_newest && tie == &leg->tie;
  return result;
}

bool gc_leg_open(struct gc_leg *leg, const struct gc_inbound *in, struct gc_oscore_opened *opened)
{
  struct gc_exchange *exchange = leg->exchange;
  enum gc_sec result = try_open(leg, &leg->tie, in, opened);
  if ((result == GC_SEC_BAD_SIGNATURE || result == GC_SEC_BAD_TAG) && leg->older.seen) {
    struct gc_oscore_opened other;
    enum gc_sec of_older = try_open(leg, &leg->older, in, &other);
    if (of_older != GC_SEC_BAD_SIGNATURE && of_older != GC_SEC_BAD_TAG) {
      result = of_older;
      *opened = other;
    }
  }
  if (!result)
    return true;
  if (result == GC_SEC_NO_CREDENTIAL && gc_client_hold(leg, in, opened))
    return false;
  bool is_end = ends_with(leg, in, result);
  tell(leg, in, result, opened);
  if (is_end && !exchange->is_ended) {
    gc_leg_end(leg);
    gc_exchange_settle(exchange);
  }
  return false;
}

/* RFC 8613, Section 7.4.1; draft, Section 5.3.1: the order is that of the Partial IVs, whatever arrived when. One without is
 * the first answer to its request. */
void gc_responder_note(struct gc_responder *responder, const struct gc_oscore_ring *ring, const struct gc_oscore_opened *opened, bool *is_newest)
{
  const bool has_piv = opened->option.piv.len > 0;
  const uint64_t piv = has_piv ? gc_oscore_piv_decode(opened->option.piv) : 0;
  if (responder->context != opened->context) {
    *is_newest = !responder->context || gc_oscore_ring_place(ring, responder->context) < gc_oscore_ring_place(ring, opened->context);
    if (!*is_newest)
      return;
    responder->context = opened->context;
    responder->next_piv = 0;
    responder->kid_len = (uint8_t)opened->kid.len;
    if (opened->kid.len)
      memcpy(responder->kid, opened->kid.ptr, opened->kid.len);
  } else if (has_piv) {
    *is_newest = piv >= responder->next_piv;
  }
  if (has_piv && *is_newest)
    responder->next_piv = piv + 1;
}

/* --- contexts that go ------------------------------------------------------------------------------------------------ */

static bool release_tie(struct gc_tie *tie, const struct gc_oscore_context *context)
{
  if (!tie->seen)
    return true;
  gc_oscore_exchange_forget(tie->seen, context);
  return tie->binding.context != context;
}

static bool is_of_responder(const struct gc_exchange *exchange, const struct gc_oscore_context *context)
{
  for (size_t i = 0; i < exchange->responders.slot_count; i++)
    for (struct gc_link *link = exchange->responders.slots[i]; link; link = link->next)
      if (GC_CONTAINER(link, struct gc_responder, link)->context == context)
        return true;
  return false;
}

bool gc_client_release(struct gc_client *client, const struct gc_oscore_context *context)
{
  bool is_free = true;
  for (struct gc_exchange *exchange = client->exchanges; exchange; exchange = exchange->next) {
    if (exchange->request.context == context || is_of_responder(exchange, context))
      is_free = false;
    for (struct gc_leg *leg = exchange->legs; leg; leg = leg->next) {
      const bool is_newer = release_tie(&leg->tie, context), is_older = release_tie(&leg->older, context);
      is_free = is_free && is_newer && is_older;
    }
  }
  return is_free && !client->dead_exchanges && !client->dead_legs;
}
