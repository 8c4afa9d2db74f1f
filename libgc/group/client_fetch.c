/* The rest of a responder's body, block after block by unicast to it (RFC 7959, Section 2.4;
 * draft-ietf-core-groupcomm-bis, Section 3.8); for a notification too (RFC 7959, Section 3.4). */
#include <stdlib.h>
#include <string.h>

#include "group/client_internal.h"

enum { BODY_MAX = 16 << 20, GET = 1, FETCH = 5 };

static size_t max_body_len(const struct gc_exchange *exchange)
{
  return exchange->request.max_body_len ? exchange->request.max_body_len : BODY_MAX;
}

static struct gc_small etag_of(const struct gc_message *message)
{
  struct gc_small etag = { 0 };
  struct gc_option option;
  if (gc_option_find(message->options, GC_OPTION_ETAG, &option) && option.value.len <= GC_ETAG_MAX_LEN) {
    etag.len = (uint8_t)option.value.len;
    memcpy(etag.bytes, option.value.ptr, option.value.len);
  }
  return etag;
}

void gc_fetch_incomplete(struct gc_exchange *exchange, struct gc_responder *responder, const struct gc_inbound *in, const char *phrase)
{
  struct gc_client_event event = { .kind = GC_CLIENT_INCOMPLETE, .from = responder->addr, .responder = responder->index, .phrase = phrase };
  if (in) {
    event.message = in->message;
    event.to = in->datagram->local;
  }
  (void)gc_client_tell(exchange, &event);
}

/* The leg ends, then the application hears why. */
static void fail(struct gc_leg *leg, const struct gc_inbound *in, const char *phrase)
{
  struct gc_exchange *exchange = leg->exchange;
  struct gc_responder *responder = leg->responder;
  gc_leg_end(leg);
  gc_fetch_incomplete(exchange, responder, in, phrase);
  gc_exchange_settle(exchange);
}

static const char *reserve(struct gc_leg *leg, size_t len)
{
  struct gc_client *client = leg->exchange->client;
  if (len > max_body_len(leg->exchange))
    return "the body is larger than allowed";
  if (len <= leg->body_cap)
    return NULL;
  size_t cap = leg->body_cap ? leg->body_cap : 1024;
  while (cap < len)
    cap *= 2;
  if (cap - leg->body_cap > client->params.max_body_total - client->body_len)
    return "too many bodies at once";
  uint8_t *body = realloc(leg->body, cap);
  if (!body)
    return "no memory for the body";
  client->body_len += cap - leg->body_cap;
  leg->body = body;
  leg->body_cap = cap;
  return NULL;
}

/* Take one block in; NULL or why not. */
static const char *append(struct gc_leg *leg, const struct gc_message *message, struct gc_block block)
{
  if (!gc_block_fits(block, message->payload.len))
    return "a block has the wrong length";
  const char *phrase = reserve(leg, leg->body_len + message->payload.len);
  if (phrase)
    return phrase;
  if (message->payload.len)
    memcpy(leg->body + leg->body_len, message->payload.ptr, message->payload.len);
  leg->body_len += message->payload.len;
  leg->blocks++;
  if (block.szx < leg->szx)
    leg->szx = block.szx;
  return NULL;
}

/* The message whose options are those of the whole. */
static const char *keep_first(struct gc_leg *leg, const struct gc_inbound *in)
{
  uint32_t size2;
  struct gc_bytes options = in->message.options, token = in->message.token;
  uint8_t *bytes = realloc(leg->first_bytes, options.len + token.len + 1);
  if (!bytes)
    return "no memory for the body";
  leg->first_bytes = bytes;
  leg->first = in->message;
  leg->first.payload = gc_bytes(NULL, 0);
  if (options.len)
    memcpy(bytes, options.ptr, options.len);
  if (token.len)
    memcpy(bytes + options.len, token.ptr, token.len);
  leg->first.options.ptr = bytes;
  leg->first.token.ptr = bytes + options.len;
  leg->etag = etag_of(&in->message);
  if (gc_option_find_uint(in->message.options, GC_OPTION_SIZE2, &size2) && size2 > max_body_len(leg->exchange))
    return "the body is larger than allowed";
  return NULL;
}

static void complete(struct gc_leg *leg, const struct gc_addr *to)
{
  struct gc_exchange *exchange = leg->exchange;
  struct gc_responder *responder = leg->responder;
  struct gc_client_event event = { .kind = leg->is_notification ? GC_CLIENT_NOTIFICATION : GC_CLIENT_RESPONSE, .from = responder->addr,
                                   .to = *to, .blocks = leg->blocks, .rtt_ms = leg->rtt_ms, .responder = responder->index,
                                   .observe = leg->observe, .message = leg->first };
  event.message.payload = gc_bytes(leg->body, leg->body_len);
  gc_responder_keep_etag(responder, event.message.options);
  bool goes_on = gc_client_tell(exchange, &event);
  gc_leg_end(leg); /* the body was borrowed until here */
  if (goes_on && !gc_exchange_answered(exchange, responder))
    gc_exchange_settle(exchange);
}

static void ask(struct gc_leg *leg)
{
  if (gc_leg_send(leg))
    fail(leg, NULL, "the next block could not be asked for");
}

bool gc_fetch_overtake(struct gc_exchange *exchange, struct gc_responder *responder)
{
  struct gc_leg *leg = responder->fetching;
  while (leg && !leg->is_notification)
    leg = leg->next_fetch;
  if (!leg)
    return true;
  gc_leg_end(leg);
  gc_fetch_incomplete(exchange, responder, NULL, "a newer notification arrived before the body was complete");
  return !exchange->is_ended;
}

void gc_fetch_start(struct gc_exchange *exchange, struct gc_responder *responder, const struct gc_inbound *in, bool is_notification,
                    uint32_t observe, uint64_t rtt_ms)
{
  struct gc_leg *leg;
  struct gc_block block = { 0 };
  if (responder->fetches > GC_FETCHES_WAITING || gc_leg_new(exchange, &leg, GC_LEG_FETCH, &responder->addr, gc_bytes(NULL, 0))) {
    gc_fetch_incomplete(exchange, responder, in, "too many bodies at once");
    return;
  }
  leg->is_con = true;
  leg->responder = responder;
  leg->is_notification = is_notification;
  leg->observe = observe;
  leg->rtt_ms = rtt_ms;
  /* RFC 7959, Section 2.4: one transfer at a time between two endpoints for a resource */
  responder->fetches++;
  struct gc_leg **at = &responder->fetching;
  while (*at)
    at = &(*at)->next_fetch;
  *at = leg;
  const char *phrase = keep_first(leg, in);
  if (!phrase && gc_block_find(&block, in->message.options, GC_OPTION_BLOCK2) == GC_OK)
    phrase = append(leg, &in->message, block);
  if (phrase)
    fail(leg, in, phrase);
  else if (responder->fetching == leg)
    ask(leg);
}

void gc_fetch_end(struct gc_leg *leg)
{
  struct gc_responder *responder = leg->responder;
  if (!responder)
    return;
  bool was_first = responder->fetching == leg;
  for (struct gc_leg **at = &responder->fetching; *at; at = &(*at)->next_fetch)
    if (*at == leg) {
      *at = leg->next_fetch;
      responder->fetches--;
      break;
    }
  if (was_first && responder->fetching && !leg->exchange->is_ended)
    ask(responder->fetching);
}

static void restart(struct gc_leg *leg, const struct gc_inbound *in)
{
  uint8_t code = leg->exchange->request.code;
  if (leg->restarts >= GC_BLOCK_RESTARTS || (code != GET && code != FETCH)) {
    fail(leg, in, "the representation changed while it was fetched");
    return;
  }
  leg->restarts++;
  leg->body_len = 0;
  leg->blocks = 0;
  ask(leg);
}

static bool is_same_etag(const struct gc_leg *leg, const struct gc_message *message)
{
  struct gc_small etag = etag_of(message);
  return gc_bytes_equal(gc_small_bytes(&etag), gc_small_bytes(&leg->etag));
}

void gc_fetch_answer(struct gc_leg *leg, const struct gc_inbound *in)
{
  const struct gc_message *message = &in->message;
  struct gc_block block;
  enum gc_err err = gc_block_find(&block, message->options, GC_OPTION_BLOCK2);
  bool is_block = err == GC_OK;
  const char *phrase = NULL;
  if (err && err != GC_E_NOT_FOUND)
    phrase = "a Block2 option is malformed";
  else if (GC_CODE_CLASS(message->code) != 2)
    phrase = "a block was refused";
  else if (!is_block && leg->body_len > 0 && message->payload.len == 0)
    phrase = "a block is missing";
  if (phrase) {
    fail(leg, in, phrase);
    return;
  }
  if (!is_block) { /* all of it at once: the representation has become small */
    block = (struct gc_block){ .szx = GC_BLOCK_SZX_MAX };
    leg->body_len = 0;
    leg->blocks = 0;
    phrase = message->payload.len > gc_block_size(GC_BLOCK_SZX_MAX) ? "a block has the wrong length" : NULL;
  } else if (gc_block_offset(block) != leg->body_len || block.szx > leg->szx) {
    phrase = "a block arrived that was not asked for";
  } else if (leg->body_len > 0 && !is_same_etag(leg, message)) {
    restart(leg, in);
    return;
  }
  if (!phrase && leg->body_len == 0)
    phrase = keep_first(leg, in);
  if (!phrase)
    phrase = append(leg, message, block);
  if (phrase)
    fail(leg, in, phrase);
  else if (block.more)
    ask(leg);
  else
    complete(leg, &in->datagram->local);
}
