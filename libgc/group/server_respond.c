#include "group/server_internal.h"

#include <stdlib.h>
#include <string.h>

#define BUSY_S 5 /* until somebody else's large response may have come through, or have been given up */
#define SMALLEST_FIRST_SZX 2 /* 64 bytes: below that a client is better challenged than fed crumbs */

/* Not a checksum against anyone: it tells representations of one member apart, and members by their salt
 * (groupcomm-bis, Section 3.2.2). */
uint64_t gc_server_etag(const struct gc_server_exchange *exchange, const struct gc_server_response *response)
{
  if (exchange->kept)
    return exchange->kept->etag;
  uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)(uint32_t)response->content_format;
  for (size_t i = 0; i < response->body.len; i++)
    hash = (hash ^ response->body.ptr[i]) * 0x100000001b3u;
  hash ^= exchange->member->etag_salt;
  hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
  return hash ^ hash >> 31;
}

/* --- what is answered at all --------------------------------------------------------------------------------------- */

bool gc_server_keeps_back(const struct gc_server_exchange *exchange, uint8_t code, bool *by_client)
{
  const struct gc_resource_def *def = exchange->resource ? &exchange->resource->def : NULL;
  uint32_t policy = 0, wish = 0;
  const uint32_t class_bit = 1u << (GC_CODE_CLASS(code) - 1);
  if (exchange->is_multicast)
    policy = def ? def->suppress : exchange->server->params.suppress;
  if (exchange->has_no_response && (!def || def->obey_no_response)) {
    wish = exchange->no_response;
    /* only who has proved to be somebody may ask for more answers than the policy gives (groupcomm-bis, Section 6.5) */
    if (exchange->is_authenticated)
      policy = 0;
  }
  *by_client = (wish & class_bit) != 0;
  return ((policy | wish) & class_bit) != 0;
}

static bool has_etag(const struct gc_server_exchange *exchange, uint64_t etag)
{
  struct gc_option_iter iter = gc_option_iter(exchange->message->options);
  struct gc_option option;
  while (gc_option_next(&iter, &option))
    if (option.number == GC_OPTION_ETAG && gc_bytes_equal(option.value, gc_bytes(&etag, sizeof etag)))
      return true;
  return false;
}

/* --- making the message -------------------------------------------------------------------------------------------- */

static bool wants_block2(const struct gc_server_exchange *exchange, const struct gc_server_response *response, uint8_t szx)
{
  return response->body.len > gc_block_size(szx) || (exchange->has_block2 && response->body.len > 0);
}

/* The block of the body that goes into this message, and its options. */
static struct gc_bytes add_block(struct gc_builder *builder, const struct gc_server_exchange *exchange,
                                 const struct gc_server_response *response, uint8_t szx)
{
  struct gc_bytes body = gc_buf_bytes(&response->body);
  if (!wants_block2(exchange, response, szx))
    return body;
  const size_t offset = exchange->is_notification ? 0 : gc_block_offset(exchange->block2);
  struct gc_bytes block = gc_bytes_slice(body, offset, gc_block_size(szx));
  const bool more = offset + block.len < body.len;
  gc_builder_add_block(builder, GC_OPTION_BLOCK2, (struct gc_block){ (uint32_t)(offset / gc_block_size(szx)), more, szx });
  if (exchange->wants_size2 || (offset == 0 && more))
    gc_builder_add_uint(builder, GC_OPTION_SIZE2, (uint32_t)body.len);
  return block;
}

/* The request's block as it was taken; the first one tells if smaller ones are wanted (RFC 7959, Section 2.3). */
static struct gc_block acknowledged_block(const struct gc_server_exchange *exchange, bool more)
{
  struct gc_block block = exchange->block1;
  if (block.num == 0 && block.szx > exchange->server->params.block_szx)
    block.szx = exchange->server->params.block_szx;
  block.more = more;
  return block;
}

enum gc_err gc_server_compose(const struct gc_server_exchange *exchange, struct gc_server_response *response, uint8_t szx,
                              struct gc_bytes *out)
{
  struct gc_server *server = exchange->server;
  struct gc_builder builder = gc_builder_body(server->message, sizeof server->message, response->code);
  struct gc_bytes further = gc_buf_bytes(&response->options->buf);
  if (response->code == GC_CODE(2, 5) || response->code == GC_CODE(2, 3)) {
    const uint64_t etag = gc_server_etag(exchange, response);
    if (gc_server_is_safe(exchange->message->code))
      gc_builder_add(&builder, GC_OPTION_ETAG, gc_bytes(&etag, sizeof etag));
  }
  if (exchange->adds_observe)
    gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, exchange->observe_number);
  if (response->content_format >= 0 && response->code != GC_CODE(2, 3))
    gc_builder_add_uint(&builder, GC_OPTION_CONTENT_FORMAT, (uint32_t)response->content_format);
  if (response->max_age_s >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_MAX_AGE, (uint32_t)response->max_age_s);
  struct gc_bytes block = gc_bytes(NULL, 0);
  if (response->code != GC_CODE(2, 3))
    block = add_block(&builder, exchange, response, szx);
  if (exchange->adds_block1)
    gc_builder_add_block(&builder, GC_OPTION_BLOCK1, acknowledged_block(exchange, response->code == GC_CODE(2, 31)));
  gc_builder_add_all(&builder, further);
  if (response->options->err)
    return response->options->err;
  gc_builder_payload(&builder, block);
  return gc_builder_finish(&builder, out);
}

/* --- amplification (RFC 9175, Section 2.4, item 3) ------------------------------------------------------------------- */

size_t gc_server_answer_limit(const struct gc_server_exchange *exchange)
{
  const struct gc_server_params *params = &exchange->server->params;
  if (params->amplification == 0 || exchange->is_verified || (!exchange->is_multicast && !params->echo))
    return SIZE_MAX;
  size_t limit = exchange->wire_len * params->amplification;
  if (limit < params->amplification_floor)
    limit = params->amplification_floor;
  const size_t growth = gc_server_seal_growth(exchange);
  return limit > growth ? limit - growth : 0;
}

enum gc_err gc_server_compose_within(const struct gc_server_exchange *exchange, struct gc_server_response *response, size_t limit,
                                     uint8_t *szx, struct gc_bytes *out)
{
  const size_t header = 3u + exchange->ref.token_len; /* the code is in the body */
  const bool may_shrink = (!exchange->server->params.echo || exchange->is_notification) && exchange->block2.num == 0;
  for (;;) {
    enum gc_err err = gc_server_compose(exchange, response, *szx, out);
    if (err != GC_OK)
      return err;
    if (header + out->len <= limit || !gc_server_is_safe(exchange->message->code)) /* what was done cannot be asked for again */
      return GC_OK;
    if (!may_shrink || *szx <= SMALLEST_FIRST_SZX)
      return GC_E_LIMIT;
    --*szx;
  }
}

/* --- sending ------------------------------------------------------------------------------------------------------- */

uint64_t gc_member_leisure(struct gc_member *member, const struct gc_addr *group, uint64_t now_ms)
{
  struct gc_server *server = member->server;
  const uint32_t leisure_ms = server->params.leisure_ms;
  if (leisure_ms == 0)
    return now_ms;
  struct gc_leisure_period *period = &member->periods[0];
  for (size_t i = 0; i < GC_SERVER_GROUPS_PER_MEMBER; i++) {
    if (gc_addr_equal(&member->periods[i].group, group)) {
      period = &member->periods[i];
      break;
    }
    if (member->periods[i].end_ms < period->end_ms)
      period = &member->periods[i];
  }
  /* a new period begins at the earliest when the one before has ended (RFC 7252, Section 8.2) */
  uint64_t start = now_ms;
  if (gc_addr_equal(&period->group, group) && period->end_ms > now_ms)
    start = period->end_ms;
  *period = (struct gc_leisure_period){ .group = *group, .end_ms = start + leisure_ms };
  return start + gc_rng_below(server->rng, leisure_ms + 1);
}

/* Keep the answer until its time has come. false: no room */
static bool send_later(const struct gc_server_exchange *exchange, struct gc_bytes body, uint64_t *delay_ms)
{
  struct gc_server *server = exchange->server;
  struct gc_member *member = exchange->member;
  if (server->state.delayed >= server->params.max_delayed || member->delayed >= GC_SERVER_DELAYED_PER_MEMBER)
    return false;
  struct gc_delayed *delayed = malloc(sizeof *delayed + body.len);
  if (!delayed)
    return false;
  *delayed = (struct gc_delayed){ .due.owner = GC_OWNER_DELAYED, .member = member, .ref = exchange->ref,
                                  .as_con = exchange->is_separate, .cookie = exchange->cookie, .body_len = body.len };
  memcpy(delayed->body, body.ptr, body.len);
  const uint64_t due_ms = gc_member_leisure(member, &exchange->to, exchange->now_ms);
  if (gc_timers_set(&server->timers, &delayed->due.timer, due_ms)) {
    free(delayed);
    return false;
  }
  member->delayed++;
  server->state.delayed++;
  *delay_ms = due_ms - exchange->now_ms;
  return true;
}

bool gc_server_send_answer(const struct gc_server_exchange *exchange, const struct gc_server_response *response, struct gc_bytes body,
                           const char *phrase)
{
  struct gc_server *server = exchange->server;
  uint64_t delay_ms = 0;
  enum gc_sec sealed = exchange->binding ? gc_server_seal(exchange, &body) : GC_SEC_OK;
  if (sealed) {
    server->state.dropped++;
    gc_endpoint_ack(exchange->member->endpoint, &exchange->ref, exchange->now_ms);
    gc_server_trace(exchange, 0, 0, 0, gc_sec_str(sealed));
    return false;
  }
  enum gc_err err = GC_OK;
  if (exchange->is_separate)
    gc_endpoint_ack(exchange->member->endpoint, &exchange->ref, exchange->now_ms);
  if (!exchange->is_multicast) {
    /* a response that cannot be sent is as good as lost on the way: the client asks again */
    err = gc_endpoint_reply(exchange->member->endpoint, &exchange->ref, body, exchange->is_separate, exchange->cookie, exchange->now_ms);
  } else if (!send_later(exchange, body, &delay_ms)) {
    server->state.dropped++;
    gc_server_trace(exchange, 0, 0, 0, "no room to wait for the leisure time");
    return false;
  }
  server->state.responses++;
  gc_server_trace(exchange, response->code, response->body.len, delay_ms, phrase);
  return err == GC_OK;
}

void gc_server_suppress(const struct gc_server_exchange *exchange, const char *phrase)
{
  exchange->server->state.suppressed++;
  gc_endpoint_ack(exchange->member->endpoint, &exchange->ref, exchange->now_ms);
  gc_server_trace(exchange, 0, 0, 0, phrase);
}

void gc_server_challenge(struct gc_server_exchange *exchange)
{
  struct gc_server *server = exchange->server;
  struct gc_server_response response = gc_server_response(server, GC_CODE(4, 1));
  gc_builder_add(response.options, GC_OPTION_ECHO, gc_server_echo_value(server, &exchange->ref.remote, exchange->now_ms));
  exchange->adds_observe = exchange->adds_block1 = false;
  struct gc_bytes body;
  bool by_client = false;
  (void)gc_server_keeps_back(exchange, response.code, &by_client);
  if (by_client || gc_server_compose(exchange, &response, server->params.block_szx, &body)) {
    gc_server_suppress(exchange, "challenge suppressed");
    return;
  }
  server->state.challenges++;
  gc_server_send_answer(exchange, &response, body, "challenged");
}

/* Register or deregister, as the request says and the outcome allows. */
static bool update_observation(struct gc_server_exchange *exchange, const struct gc_server_response *response)
{
  bool is_new = false;
  if (!gc_server_is_safe(exchange->message->code) || exchange->block2.num > 0)
    return false;
  if (exchange->has_observe && exchange->observe == 0 && exchange->resource && exchange->resource->def.is_observable &&
      GC_CODE_CLASS(response->code) == 2)
    exchange->adds_observe = gc_server_observe(exchange, &is_new);
  else
    gc_server_unobserve(exchange);
  return is_new;
}

void gc_server_respond(struct gc_server_exchange *exchange, struct gc_server_response *response)
{
  struct gc_server *server = exchange->server;
  uint8_t szx = server->params.block_szx;
  if (exchange->has_block2 && exchange->block2.szx < szx)
    szx = exchange->block2.szx;
  if (exchange->block2.num > 0 && gc_block_offset(exchange->block2) >= response->body.len &&
      GC_CODE_CLASS(response->code) == 2) {
    gc_server_error(exchange, GC_CODE(4, 0), "block beyond the end");
    return;
  }
  if (response->code == GC_CODE(2, 5) && gc_server_is_safe(exchange->message->code) && exchange->block2.num == 0 &&
      has_etag(exchange, gc_server_etag(exchange, response)))
    response->code = GC_CODE(2, 3);
  bool by_client;
  bool silent = gc_server_keeps_back(exchange, response->code, &by_client) || (response->is_void && exchange->is_multicast);
  struct gc_bytes body;
  enum gc_err err = gc_server_compose_within(exchange, response, silent ? SIZE_MAX : gc_server_answer_limit(exchange), &szx, &body);
  if (err == GC_E_LIMIT) {
    gc_server_challenge(exchange);
    return;
  }
  const bool is_new = update_observation(exchange, response);
  if (silent && (by_client || !is_new)) { /* a new observer is told that it is one (groupcomm-bis, Section 3.7) */
    gc_server_suppress(exchange, by_client ? "suppressed as the client wished" : "suppressed");
    return;
  }
  if (err == GC_OK && exchange->adds_observe)
    err = gc_server_compose(exchange, response, szx, &body);
  if (err != GC_OK) { /* the handler's options do not fit */
    struct gc_server_response failed = gc_server_response(server, GC_CODE(5, 0));
    exchange->adds_observe = false;
    if (gc_server_compose(exchange, &failed, szx, &body))
      return;
    (void)gc_server_send_answer(exchange, &failed, body, "answered");
    return;
  }
  if (exchange->block2.num == 0 && response->body.len > gc_block_size(szx) && gc_server_block2_keeps(exchange, response) &&
      !gc_server_block2_keep(exchange, response) && !gc_server_is_safe(exchange->message->code)) {
    gc_server_busy(exchange);
    return;
  }
  gc_server_send_answer(exchange, response, body, "answered");
}

void gc_server_error(struct gc_server_exchange *exchange, uint8_t code, const char *phrase)
{
  struct gc_server_response response = gc_server_response(exchange->server, code);
  if (!exchange->is_multicast && phrase)
    (void)!gc_buf_add(&response.body, gc_bytes_str(phrase));
  exchange->has_block2 = false;
  exchange->block2 = (struct gc_block){ 0 };
  exchange->kept = NULL;
  gc_server_respond(exchange, &response);
}

void gc_server_busy(struct gc_server_exchange *exchange)
{
  struct gc_server_response response = gc_server_response(exchange->server, GC_CODE(5, 3));
  response.max_age_s = BUSY_S;
  (void)!gc_buf_add(&response.body, gc_bytes_str("too many large answers are under way"));
  exchange->has_block2 = false;
  exchange->block2 = (struct gc_block){ 0 };
  gc_server_respond(exchange, &response);
}
