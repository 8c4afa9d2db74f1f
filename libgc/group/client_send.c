/* Every request leaves through compose(): the one place where protection is put around it. */
#include <string.h>

#include "coap/observe.h"
#include "group/client_internal.h"

/* What a leg's next message says beyond the options of the request. */
struct content {
  int observe;              /* -1: no option */
  bool has_block1, has_block2;
  struct gc_block block1, block2;
  struct gc_bytes payload;
  uint32_t size1;           /* 0: no option */
  struct gc_small echo;
  struct gc_protection protection;
};

static struct content content_of(struct gc_leg *leg)
{
  const struct gc_request *request = &leg->exchange->request;
  struct content content = { .observe = -1, .echo = leg->echo };
  if (leg->kind == GC_LEG_FETCH) {
    /* RFC 7959, Section 3.3: no payload for requests with Block2 with NUM != 0 */
    content.has_block2 = true;
    content.block2 = (struct gc_block){ .szx = leg->szx, .num = (uint32_t)(leg->body_len >> (leg->szx + 4)) };
    if (leg->body_len == 0)
      content.payload = request->payload;
    return content;
  }
  if (request->observe && leg->kind != GC_LEG_REVALIDATE)
    content.observe = GC_OBSERVE_REGISTER;
  else if (request->withdraw)
    content.observe = GC_OBSERVE_DEREGISTER;
  content.has_block2 = request->early_block2;
  content.block2.szx = leg->szx;
  content.payload = request->payload;
  if (leg->is_upload) {
    content.payload = gc_bytes_slice(request->payload, leg->upload_at, gc_block_size(leg->upload_szx));
    leg->upload_len = content.payload.len;
    content.has_block1 = true;
    content.block1 = (struct gc_block){ .more = leg->upload_at + leg->upload_len < request->payload.len, .szx = leg->upload_szx,
                                        .num = (uint32_t)(leg->upload_at >> (leg->upload_szx + 4)) };
    content.size1 = leg->upload_at == 0 ? (uint32_t)request->payload.len : 0;
  }
  return content;
}

/* "code ‖ options ‖ [ff ‖ payload]" */
static enum gc_err build(struct gc_bytes *out, uint8_t *storage, size_t cap, const struct gc_leg *leg, const struct content *content)
{
  const struct gc_request *request = &leg->exchange->request;
  struct gc_builder builder = gc_builder_body(storage, cap, request->code);
  gc_builder_add_all(&builder, request->options);
  if (content->observe >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, (uint32_t)content->observe);
  if (leg->with_etags)
    for (size_t i = 0; i < leg->responder->etag_count; i++)
      gc_builder_add(&builder, GC_OPTION_ETAG, gc_bytes(leg->responder->etags[i].bytes, leg->responder->etags[i].len));
  if (content->has_block1)
    gc_builder_add_block(&builder, GC_OPTION_BLOCK1, content->block1);
  if (content->has_block2)
    gc_builder_add_block(&builder, GC_OPTION_BLOCK2, content->block2);
  if (content->size1)
    gc_builder_add_uint(&builder, GC_OPTION_SIZE1, content->size1);
  if (content->echo.len)
    gc_builder_add(&builder, GC_OPTION_ECHO, gc_small_bytes(&content->echo));
  gc_builder_payload(&builder, content->payload);
  return gc_builder_finish(&builder, out);
}

/* A mere repetition of the request sends the same protected bytes; everything else is protected for itself. */
static enum gc_err protect(struct gc_leg *leg, struct gc_bytes *body, const struct content *content)
{
  struct gc_client *client = leg->exchange->client;
  struct gc_protection how = content->protection;
  how.has_echo = content->echo.len > 0;
  bool is_repeatable = leg->kind == GC_LEG_ROOT && !leg->is_upload && !how.has_echo && !how.is_aside;
  if (is_repeatable && leg->sealed_len && !how.is_anew) {
    memcpy(client->sealed + GC_CLIENT_FRONT, leg->sealed, leg->sealed_len);
    *body = gc_bytes(client->sealed + GC_CLIENT_FRONT, leg->sealed_len);
    return GC_OK;
  }
  if (!how.is_aside)
    leg->sealed_len = 0;
  enum gc_err err = gc_leg_protect(leg, body, &how);
  return !err && is_repeatable ? gc_leg_keep_sealed(leg, *body) : err;
}

/* The body first, then header and token in front of what follows its code. */
static enum gc_err compose(struct gc_bytes *out, struct gc_leg *leg, enum gc_type type, uint16_t mid, struct gc_bytes token,
                           const struct content *content)
{
  struct gc_client *client = leg->exchange->client;
  uint8_t *front = client->scratch;
  struct gc_bytes body;
  enum gc_err err = build(&body, front + GC_CLIENT_FRONT, sizeof client->scratch - GC_CLIENT_FRONT, leg, content);
  if (!err && leg->exchange->request.context) {
    front = client->sealed;
    err = protect(leg, &body, content);
  }
  if (err)
    return err;
  uint8_t *start = front + GC_CLIENT_FRONT + 1 - token.len - 4;
  uint8_t code = body.ptr[0];
  if (token.len)
    memcpy(start + 4, token.ptr, token.len);
  start[0] = (uint8_t)(0x40 | (unsigned)type << 4 | (unsigned)token.len);
  start[1] = code;
  start[2] = (uint8_t)(mid >> 8);
  start[3] = (uint8_t)mid;
  *out = gc_bytes(start, 4 + token.len + body.len - 1);
  return GC_OK;
}

/* A value that came without protection goes back without it only. */
static void take_echo(struct gc_leg *leg, struct content *content, const struct gc_addr *remote)
{
  if (!content->echo.len && !leg->exchange->request.context && !gc_addr_is_multicast(remote))
    (void)gc_echo_take(leg->exchange->client, &content->echo, remote);
}

static enum gc_type type_of(const struct gc_leg *leg)
{
  return leg->is_con && !gc_addr_is_multicast(&leg->remote) ? GC_TYPE_CON : GC_TYPE_NON;
}

static struct gc_bytes token_of(const struct gc_leg *leg)
{
  return gc_bytes(leg->slot->bytes, leg->slot->len);
}

static enum gc_err transmit(struct gc_leg *leg, enum gc_type type, const struct gc_addr *remote, uint16_t mid, uint64_t cookie,
                            const struct content *content)
{
  struct gc_exchange *exchange = leg->exchange;
  struct gc_client *client = exchange->client;
  struct gc_datagram datagram = { .remote = *remote, .local = exchange->request.local, .ifindex = exchange->request.ifindex };
  enum gc_err err = compose(&datagram.bytes, leg, type, mid, token_of(leg), content);
  if (!err)
    err = gc_endpoint_send(client->endpoint, &datagram, cookie, client->now_ms);
  if (!err && type == GC_TYPE_NON)
    gc_target_sent(exchange, datagram.bytes.len);
  return err;
}

static enum gc_err send_leg(struct gc_leg *leg, bool is_anew)
{
  struct gc_client *client = leg->exchange->client;
  const struct gc_request *request = &leg->exchange->request;
  struct content content = content_of(leg);
  content.protection.is_anew = is_anew;
  if (leg->kind == GC_LEG_ROOT && !leg->is_sent && request->has_mid) {
    leg->mid = request->mid;
  } else {
    enum gc_err err = gc_endpoint_mid(client->endpoint, &leg->mid, &leg->remote, client->now_ms);
    if (err)
      return err;
  }
  take_echo(leg, &content, &leg->remote);
  gc_timers_clear(&client->leg_timers, &leg->timer);
  leg->sent_ms = client->now_ms;
  leg->is_sent = true;
  leg->echo.len = 0;
  return transmit(leg, type_of(leg), &leg->remote, leg->mid, leg->id, &content);
}

enum gc_err gc_leg_send(struct gc_leg *leg)
{
  return send_leg(leg, false);
}

enum gc_err gc_leg_send_anew(struct gc_leg *leg)
{
  return send_leg(leg, true);
}

enum gc_err gc_leg_send_again(struct gc_leg *leg)
{
  struct content content = content_of(leg);
  leg->sent_ms = leg->exchange->client->now_ms;
  return transmit(leg, GC_TYPE_NON, &leg->remote, leg->mid, leg->id, &content);
}

enum gc_err gc_leg_send_to(struct gc_leg *leg, const struct gc_addr *member)
{
  struct gc_client *client = leg->exchange->client;
  struct content content = content_of(leg);
  uint16_t mid;
  enum gc_err err = gc_endpoint_mid(client->endpoint, &mid, member, client->now_ms);
  take_echo(leg, &content, member);
  return err ? err : transmit(leg, GC_TYPE_CON, member, mid, 0, &content);
}

void gc_leg_send_deregister(struct gc_leg *leg, const struct gc_responder *responder)
{
  struct gc_client *client = leg->exchange->client;
  struct content content = content_of(leg);
  uint16_t mid;
  content.observe = GC_OBSERVE_DEREGISTER;
  content.protection = (struct gc_protection){ .to = responder, .is_aside = true };
  /* a server that does not hear of it learns with its next notification, which is rejected */
  if (gc_endpoint_mid(client->endpoint, &mid, &responder->addr, client->now_ms) == GC_OK)
    (void)!transmit(leg, GC_TYPE_CON, &responder->addr, mid, 0, &content);
}

enum gc_err gc_leg_compose(struct gc_leg *leg, struct gc_buf *out, uint16_t mid, struct gc_bytes token)
{
  struct gc_bytes message;
  struct content content = content_of(leg);
  enum gc_err err = compose(&message, leg, type_of(leg), mid, token, &content);
  return err ? err : gc_buf_add(out, message);
}
