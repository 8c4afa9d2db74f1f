/* Every response comes in through gc_client_accept(): the one place where protection is taken off it. */
#include "group/client_internal.h"

static bool tell_stray(struct gc_client *client, enum gc_client_event_kind kind, const struct gc_inbound *in, void *user)
{
  const struct gc_client_event event = { .kind = kind, .user = user, .from = in->datagram->remote, .to = in->datagram->local,
                                         .message = in->message, .blocks = 1, .now_ms = client->now_ms, .responder = UINT32_MAX };
  client->ops.event(client->ops.ctx, &event);
  return false;
}

/* An answer to what has ended. An observation that a server still believes in is ended by rejecting its notification. */
static bool accept_late(struct gc_client *client, const struct gc_slot *slot, const struct gc_inbound *in)
{
  bool is_wanted = in->message.type != GC_TYPE_CON && !gc_option_find(in->message.options, GC_OPTION_OBSERVE, NULL);
  if (slot->is_quiet)
    return !gc_option_find(in->message.options, GC_OPTION_OBSERVE, NULL);
  tell_stray(client, GC_CLIENT_LATE, in, slot->user);
  return is_wanted;
}

/* The leg has what it asked for. */
static void conclude(struct gc_leg *leg, const struct gc_responder *responder)
{
  bool is_open = leg->kind == GC_LEG_ROOT && leg->exchange->is_group;
  if (!leg->is_dead && !is_open && responder->observing != leg)
    gc_leg_end(leg);
}

static void surface(struct gc_leg *leg, struct gc_responder *responder, const struct gc_inbound *in, struct gc_client_event *event)
{
  struct gc_exchange *exchange = leg->exchange;
  event->from = responder->addr;
  event->to = in->datagram->local;
  event->message = in->message;
  event->blocks = 1;
  event->rtt_ms = exchange->client->now_ms - leg->sent_ms;
  event->responder = responder->index;
  bool goes_on = gc_client_tell(exchange, event);
  if (!goes_on || event->kind == GC_CLIENT_STALE)
    return;
  conclude(leg, responder);
  if (event->kind != GC_CLIENT_INCOMPLETE && gc_exchange_answered(exchange, responder))
    return;
  gc_exchange_settle(exchange);
}

static bool needs_plain_request(struct gc_leg *leg, const struct gc_responder *responder, const struct gc_message *message)
{
  struct gc_option etag;
  if (leg->kind != GC_LEG_REVALIDATE || leg->tried_plain || message->code != GC_CODE(2, 3))
    return false;
  if (gc_option_find(message->options, GC_OPTION_ETAG, &etag) && gc_responder_has_etag(responder, etag.value))
    return false;
  leg->tried_plain = true;
  leg->with_etags = false;
  return gc_leg_send(leg) == GC_OK;
}

/* An answer to the request itself: how it is to be read, and whether there is more of it. */
static void accept_answer(struct gc_leg *leg, struct gc_responder *responder, const struct gc_inbound *in)
{
  struct gc_exchange *exchange = leg->exchange;
  const struct gc_message *message = &in->message;
  struct gc_client_event event = { .kind = GC_CLIENT_RESPONSE };
  struct gc_block block = { 0 };
  bool may_observe = exchange->request.observe && leg->kind != GC_LEG_REVALIDATE && GC_CODE_CLASS(message->code) == 2;
  if (may_observe && gc_option_find_uint(message->options, GC_OPTION_OBSERVE, &event.observe)) {
    event.observe &= 0xffffff;
    event.kind = GC_CLIENT_NOTIFICATION;
    bool is_newer = exchange->client->opened ? exchange->client->is_newest : gc_responder_is_newer(responder, event.observe, in->now_ms);
    if (!is_newer) {
      event.kind = GC_CLIENT_STALE;
      surface(leg, responder, in, &event);
      return;
    }
    gc_observe_note(responder, leg, event.observe, in->now_ms);
    if (!gc_fetch_overtake(exchange, responder))
      return;
  } else if (responder->observing == leg) {
    responder->observing = NULL; /* RFC 7641, Section 3.2: no Observe option, no observation any more */
  }
  enum gc_err err = gc_block_find(&block, message->options, GC_OPTION_BLOCK2);
  bool is_bad = err && err != GC_E_NOT_FOUND;
  if (is_bad || block.num > 0) {
    event.kind = GC_CLIENT_INCOMPLETE;
    event.phrase = is_bad ? "a Block2 option is malformed" : "a block arrived that was not asked for";
  } else if (block.more && !exchange->request.single_block) {
    gc_fetch_start(exchange, responder, in, event.kind == GC_CLIENT_NOTIFICATION, event.observe, exchange->client->now_ms - leg->sent_ms);
    if (!exchange->is_ended) {
      conclude(leg, responder);
      gc_exchange_settle(exchange);
    }
    return;
  }
  gc_responder_keep_etag(responder, message->options);
  surface(leg, responder, in, &event);
}

/* RFC 7252, Section 5.4.1: a response with a critical option that is not understood is rejected. */
static bool reject_unusable(struct gc_leg *leg, const struct gc_inbound *in, uint16_t option)
{
  struct gc_exchange *exchange = leg->exchange;
  const struct gc_responder *responder = gc_responder_find(exchange, &in->datagram->remote);
  struct gc_client_event event = { .kind = GC_CLIENT_UNUSABLE, .from = in->datagram->remote, .to = in->datagram->local, .option = option,
                                   .message = in->message, .blocks = 1, .rtt_ms = exchange->client->now_ms - leg->sent_ms,
                                   .responder = responder ? responder->index : UINT32_MAX };
  if (!(leg->kind == GC_LEG_ROOT && (exchange->is_group || exchange->request.observe)))
    gc_leg_end(leg);
  if (gc_client_tell(exchange, &event))
    gc_exchange_settle(exchange);
  return false;
}

static void accept_for(struct gc_leg *leg, struct gc_responder *responder, const struct gc_inbound *in)
{
  struct gc_exchange *exchange = leg->exchange;
  gc_timers_clear(&exchange->client->leg_timers, &leg->timer);
  if (gc_echo_follow(leg, responder, &in->message))
    return;
  if (in->message.code != GC_CODE(4, 1) && !exchange->request.context)
    gc_echo_remember(exchange->client, &in->datagram->remote, &in->message);
  if (leg->kind == GC_LEG_FETCH)
    gc_fetch_answer(leg, in);
  else if (!exchange->is_group && leg->kind == GC_LEG_ROOT && gc_upload_answer(leg, &in->message) == GC_UPLOAD_GOES_ON)
    gc_exchange_progress(exchange);
  else if (!needs_plain_request(leg, responder, &in->message))
    accept_answer(leg, responder, in);
}

/* What the leg makes of a response that is open: plain, or verified and decrypted. */
static bool accept_open(struct gc_leg *leg, const struct gc_inbound *in)
{
  static const uint16_t understood[] = { GC_OPTION_BLOCK2, GC_OPTION_BLOCK1, 0 };
  struct gc_exchange *exchange = leg->exchange;
  struct gc_client *client = exchange->client;
  if (leg->kind == GC_LEG_ROOT)
    gc_target_answered(exchange);
  uint16_t option = gc_options_first_unusable(in->message.options, understood);
  if (option)
    return reject_unusable(leg, in, option);
  struct gc_responder *responder = gc_responder_get(exchange, &in->datagram->remote, client->opened);
  if (!responder)
    return tell_stray(client, GC_CLIENT_UNMATCHED, in, exchange->user);
  if (!leg->responder && !exchange->is_group)
    leg->responder = responder;
  if (client->opened)
    gc_responder_note(responder, exchange->request.ring, client->opened, &client->is_newest);
  accept_for(leg, responder, in);
  return true;
}

/* OSCORE is understood here and nowhere further in: what is behind it has been merged into the message. */
static bool accept_protected(struct gc_leg *leg, const struct gc_inbound *in)
{
  struct gc_client *client = leg->exchange->client;
  struct gc_oscore_opened opened;
  struct gc_inbound inner = *in;
  if (!gc_leg_open(leg, in, &opened))
    return true; /* RFC 8613, Section 8.4: acknowledged, and that is all */
  inner.message = opened.inner;
  client->opened = &opened;
  return accept_open(leg, &inner);
}

bool gc_client_accept(struct gc_client *client, const struct gc_inbound *in)
{
  struct gc_slot *slot = gc_slot_find(client, in->message.token);
  struct gc_leg *leg = slot ? slot->leg : NULL;
  if (!slot || in->is_multicast)
    return tell_stray(client, GC_CLIENT_UNMATCHED, in, NULL);
  if (!leg)
    return accept_late(client, slot, in);
  /* draft-ietf-core-groupcomm-bis, Section 3.1.4: to the very port the request came from, where that is known */
  uint16_t own_port = leg->exchange->request.local.port, port = in->datagram->local.port;
  if (own_port && port && own_port != port)
    return tell_stray(client, GC_CLIENT_UNMATCHED, in, NULL);
  /* RFC 7252, Sections 5.3.2 and 8.2: only a group request may be answered from elsewhere */
  if (!gc_addr_is_multicast(&leg->remote) && !gc_addr_equal(&leg->remote, &in->datagram->remote))
    return tell_stray(client, GC_CLIENT_UNMATCHED, in, NULL);
  const struct gc_oscore_opened *outer = client->opened; /* a call out of an event */
  client->opened = NULL;
  bool is_wanted = leg->exchange->request.context ? accept_protected(leg, in) : accept_open(leg, in);
  client->opened = outer;
  return is_wanted;
}
