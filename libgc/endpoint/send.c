#include <stdlib.h>
#include <string.h>

#include "endpoint/internal.h"

enum gc_err gc_transmit(struct gc_endpoint *endpoint, const struct gc_datagram *datagram)
{
  enum gc_err err = endpoint->ops.send(endpoint->ops.ctx, datagram);
  endpoint->stats.sent++;
  if (err)
    endpoint->stats.send_errors++;
  return err;
}

void gc_transmit_empty(struct gc_endpoint *endpoint, const struct gc_datagram *datagram, enum gc_type type, uint16_t mid)
{
  const uint8_t bytes[4] = { (uint8_t)(0x40 | (unsigned)type << 4), GC_CODE_EMPTY, (uint8_t)(mid >> 8), (uint8_t)mid };
  struct gc_datagram out = *datagram;
  out.bytes = gc_bytes(bytes, sizeof bytes);
  (void)!gc_transmit(endpoint, &out); /* lost like any datagram may be; the peer repeats its message */
}

static enum gc_err send_non(struct gc_endpoint *endpoint, const struct gc_datagram *datagram, uint64_t cookie)
{
  struct gc_sent *sent = gc_sent_find(endpoint, &datagram->remote, gc_read_u16(datagram->bytes.ptr + 2));
  if (sent && sent->is_con)
    return GC_E_STATE;
  if (!sent && gc_sent_add(endpoint, &sent, datagram, cookie))
    return GC_E_MEMORY;
  gc_sent_set_cookie(endpoint, sent, cookie);
  sent->first_ms = endpoint->now_ms;
  gc_sent_settle(endpoint, sent);
  return gc_transmit(endpoint, datagram) ? GC_E_SYSTEM : GC_OK;
}

enum gc_err gc_endpoint_send(struct gc_endpoint *endpoint, const struct gc_datagram *datagram, uint64_t cookie, uint64_t now_ms)
{
  if (datagram->bytes.len < 4)
    return GC_E_RANGE;
  endpoint->now_ms = now_ms;
  uint8_t type = datagram->bytes.ptr[0] >> 4 & 3;
  if (type == GC_TYPE_CON)
    return gc_addr_is_multicast(&datagram->remote) ? GC_E_RANGE : gc_con_submit(endpoint, datagram, cookie);
  if (type == GC_TYPE_NON)
    return send_non(endpoint, datagram, cookie);
  return gc_transmit(endpoint, datagram) ? GC_E_SYSTEM : GC_OK;
}

void gc_endpoint_cancel(struct gc_endpoint *endpoint, uint64_t cookie)
{
  struct gc_link *link = cookie ? gc_table_find(&endpoint->sent_by_cookie, gc_hash_u64(cookie, endpoint->hash_key)) : NULL;
  while (link) {
    struct gc_sent *sent = GC_CONTAINER(link, struct gc_sent, by_cookie);
    link = gc_table_find_next(link);
    if (sent->cookie != cookie)
      continue;
    gc_sent_set_cookie(endpoint, sent, 0);
    bool was_sent = sent->state != GC_SENT_WAITING;
    gc_con_release(endpoint, sent);
    if (was_sent)
      gc_sent_settle(endpoint, sent);
    else
      gc_sent_remove(endpoint, sent);
  }
}

struct gc_request_ref gc_request_ref_from(const struct gc_inbound *in, const struct gc_addr *local)
{
  struct gc_request_ref ref = { .remote = in->datagram->remote, .local = *local, .ifindex = in->datagram->ifindex,
                                .type = in->message.type, .is_multicast = in->is_multicast, .mid = in->message.mid };
  if (in->message.token.len <= sizeof ref.token) {
    ref.token_len = (uint8_t)in->message.token.len;
    if (ref.token_len)
      memcpy(ref.token, in->message.token.ptr, ref.token_len);
  }
  return ref;
}

/* The entry of a CON request that has had no answer at the message layer yet. */
static struct gc_seen *unacknowledged(const struct gc_endpoint *endpoint, const struct gc_request_ref *request)
{
  if (request->type != GC_TYPE_CON || request->is_multicast)
    return NULL;
  struct gc_seen *seen = gc_seen_find(endpoint, &request->remote, request->mid);
  return seen && seen->answer == GC_ANSWER_NONE ? seen : NULL;
}

static size_t compose(uint8_t *out, const struct gc_request_ref *request, enum gc_type type, uint16_t mid, struct gc_bytes body)
{
  out[0] = (uint8_t)(0x40 | (unsigned)type << 4 | request->token_len);
  out[1] = body.ptr[0];
  out[2] = (uint8_t)(mid >> 8);
  out[3] = (uint8_t)mid;
  memcpy(out + 4, request->token, request->token_len);
  memcpy(out + 4 + request->token_len, body.ptr + 1, body.len - 1);
  return 4u + request->token_len + body.len - 1;
}

enum gc_err gc_endpoint_reply(struct gc_endpoint *endpoint, const struct gc_request_ref *request, struct gc_bytes body, bool as_con,
                              uint64_t cookie, uint64_t now_ms)
{
  uint8_t small[1536], *bytes = small;
  uint16_t mid = request->mid;
  enum gc_err err = GC_OK;
  if (body.len == 0 || request->token_len > GC_TOKEN_MAX_LEN)
    return GC_E_RANGE;
  if (body.len + 12 > GC_MESSAGE_MAX_LEN)
    return GC_E_SPACE;
  endpoint->now_ms = now_ms;
  struct gc_seen *seen = unacknowledged(endpoint, request);
  if (!seen && (err = gc_endpoint_mid(endpoint, &mid, &request->remote, now_ms)))
    return err;
  if (body.len + 12 > sizeof small && !(bytes = malloc(body.len + 12)))
    return GC_E_MEMORY;
  size_t len = compose(bytes, request, seen ? GC_TYPE_ACK : as_con ? GC_TYPE_CON : GC_TYPE_NON, mid, body);
  const struct gc_datagram datagram = { request->remote, request->local, request->ifindex, gc_bytes(bytes, len) };
  if (seen) {
    gc_seen_keep_reply(endpoint, seen, datagram.bytes);
    err = gc_transmit(endpoint, &datagram);
  } else {
    err = gc_endpoint_send(endpoint, &datagram, cookie, now_ms);
  }
  if (bytes != small)
    free(bytes);
  return err;
}

void gc_endpoint_ack(struct gc_endpoint *endpoint, const struct gc_request_ref *request, uint64_t now_ms)
{
  endpoint->now_ms = now_ms;
  struct gc_seen *seen = unacknowledged(endpoint, request);
  if (!seen)
    return;
  seen->answer = GC_ANSWER_ACK;
  const struct gc_datagram to = { request->remote, request->local, request->ifindex, { NULL, 0 } };
  gc_transmit_empty(endpoint, &to, GC_TYPE_ACK, request->mid);
}
