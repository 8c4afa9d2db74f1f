/* What a datagram is, and what the message layer does with it (RFC 7252, Sections 4.2, 4.3, 4.5 and 8.1). */
#include "endpoint/internal.h"

static bool tell(struct gc_endpoint *endpoint, struct gc_inbound *in, enum gc_inbound_kind kind)
{
  in->kind = kind;
  switch (kind) {
  case GC_INBOUND_DUPLICATE_REQUEST:
  case GC_INBOUND_DUPLICATE_RESPONSE: endpoint->stats.duplicates++; break;
  case GC_INBOUND_MALFORMED: endpoint->stats.malformed++; break;
  case GC_INBOUND_IGNORED: endpoint->stats.ignored++; break;
  default: break;
  }
  return endpoint->ops.inbound(endpoint->ops.ctx, in);
}

static void answer(struct gc_endpoint *endpoint, const struct gc_inbound *in, enum gc_type type)
{
  struct gc_datagram to = *in->datagram;
  to.bytes = gc_bytes(NULL, 0);
  gc_transmit_empty(endpoint, &to, type, in->message.mid);
}

static void receive_malformed(struct gc_endpoint *endpoint, struct gc_inbound *in)
{
  bool is_rejected = in->message.version == 1 && in->message.type == GC_TYPE_CON && !in->is_multicast;
  if (is_rejected)
    answer(endpoint, in, GC_TYPE_RST);
  (void)tell(endpoint, in, GC_INBOUND_MALFORMED);
}

/* The confirmable message that an ACK or RST is about; for a RST also a NON, by multicast too. */
static struct gc_sent *subject_of(const struct gc_endpoint *endpoint, const struct gc_inbound *in)
{
  struct gc_sent *sent = gc_sent_find(endpoint, &in->datagram->remote, in->message.mid);
  if (!sent && in->message.type == GC_TYPE_RST)
    sent = gc_sent_find_multicast(endpoint, in->message.mid);
  return sent && sent->state != GC_SENT_WAITING ? sent : NULL;
}

static void receive_rst(struct gc_endpoint *endpoint, struct gc_inbound *in)
{
  struct gc_sent *sent = in->message.code == GC_CODE_EMPTY ? subject_of(endpoint, in) : NULL;
  bool is_news = sent && (sent->state == GC_SENT_UNDER_WAY || !sent->is_con);
  uint64_t cookie = sent ? sent->cookie : 0;
  if (!is_news || in->is_multicast) {
    (void)tell(endpoint, in, GC_INBOUND_IGNORED);
    return;
  }
  endpoint->stats.resets++;
  if (!gc_addr_is_multicast(&sent->remote))
    gc_sent_set_cookie(endpoint, sent, 0);
  if (sent->state == GC_SENT_UNDER_WAY) {
    gc_con_release(endpoint, sent);
    gc_sent_settle(endpoint, sent);
  }
  if (cookie)
    endpoint->ops.delivery(endpoint->ops.ctx, GC_DELIVERY_RESET, &in->datagram->remote, in->message.mid, cookie);
}

static void receive_ack(struct gc_endpoint *endpoint, struct gc_inbound *in)
{
  bool is_response = GC_CODE_IS_RESPONSE(in->message.code);
  struct gc_sent *sent = is_response || in->message.code == GC_CODE_EMPTY ? subject_of(endpoint, in) : NULL;
  if (!sent || !sent->is_con || in->is_multicast) {
    (void)tell(endpoint, in, GC_INBOUND_IGNORED);
    return;
  }
  bool is_duplicate = is_response && sent->has_response;
  sent->has_response = sent->has_response || is_response;
  if (sent->state == GC_SENT_UNDER_WAY) {
    uint64_t cookie = sent->cookie;
    gc_sent_set_cookie(endpoint, sent, 0);
    gc_con_release(endpoint, sent);
    gc_sent_settle(endpoint, sent);
    if (cookie)
      endpoint->ops.delivery(endpoint->ops.ctx, GC_DELIVERY_ACKED, &in->datagram->remote, in->message.mid, cookie);
  } else if (!is_response) {
    (void)tell(endpoint, in, GC_INBOUND_IGNORED);
  }
  if (is_response)
    (void)tell(endpoint, in, is_duplicate ? GC_INBOUND_DUPLICATE_RESPONSE : GC_INBOUND_RESPONSE);
}

static void receive_duplicate(struct gc_endpoint *endpoint, struct gc_inbound *in, const struct gc_seen *seen)
{
  /* a duplicate NON is silently ignored, a duplicate CON gets the answer of the first (RFC 7252, Section 4.5) */
  if (in->message.type == GC_TYPE_CON && seen->answer == GC_ANSWER_REPLY) {
    struct gc_datagram datagram = *in->datagram;
    datagram.bytes = gc_bytes(seen->reply, seen->reply_len);
    (void)!gc_transmit(endpoint, &datagram);
  } else if (in->message.type == GC_TYPE_CON && seen->answer != GC_ANSWER_NONE) {
    answer(endpoint, in, seen->answer == GC_ANSWER_ACK ? GC_TYPE_ACK : GC_TYPE_RST);
  }
  (void)tell(endpoint, in, GC_CODE_IS_REQUEST(in->message.code) ? GC_INBOUND_DUPLICATE_REQUEST : GC_INBOUND_DUPLICATE_RESPONSE);
}

static void receive_response(struct gc_endpoint *endpoint, struct gc_inbound *in)
{
  bool is_accepted = tell(endpoint, in, GC_INBOUND_RESPONSE);
  bool is_con = in->message.type == GC_TYPE_CON;
  if (in->is_multicast || (is_accepted && !is_con))
    return;
  /* looked up again: the handler may have filled the table */
  struct gc_seen *seen = gc_seen_find(endpoint, &in->datagram->remote, in->message.mid);
  if (seen)
    seen->answer = is_accepted ? GC_ANSWER_ACK : GC_ANSWER_RST;
  answer(endpoint, in, is_accepted ? GC_TYPE_ACK : GC_TYPE_RST);
}

/* CON and NON */
static void receive_message(struct gc_endpoint *endpoint, struct gc_inbound *in)
{
  const struct gc_message *message = &in->message;
  bool is_con = message->type == GC_TYPE_CON, is_request = GC_CODE_IS_REQUEST(message->code);
  if (is_con && in->is_multicast) { /* RFC 7252, Section 8.1: multicast requests are Non-confirmable */
    (void)tell(endpoint, in, GC_INBOUND_IGNORED);
    return;
  }
  if (!is_request && !GC_CODE_IS_RESPONSE(message->code)) {
    if (is_con)
      answer(endpoint, in, GC_TYPE_RST);
    (void)tell(endpoint, in, is_con && message->code == GC_CODE_EMPTY ? GC_INBOUND_PING : GC_INBOUND_IGNORED);
    return;
  }
  const struct gc_seen *seen = gc_seen_find(endpoint, &in->datagram->remote, message->mid);
  if (seen) {
    receive_duplicate(endpoint, in, seen);
    return;
  }
  (void)gc_seen_add(endpoint, &in->datagram->remote, message->mid, is_con);
  if (is_request)
    (void)tell(endpoint, in, GC_INBOUND_REQUEST);
  else
    receive_response(endpoint, in);
}

void gc_endpoint_receive(struct gc_endpoint *endpoint, const struct gc_datagram *datagram, uint64_t now_ms)
{
  struct gc_inbound in = { .datagram = datagram, .is_multicast = gc_addr_is_multicast(&datagram->local), .now_ms = now_ms };
  endpoint->now_ms = now_ms;
  endpoint->stats.received++;
  gc_sent_expire(endpoint, now_ms);
  gc_seen_expire(endpoint, now_ms);
  enum gc_err err = gc_message_parse(&in.message, datagram->bytes, &in.where);
  if (!err && in.message.token.len > GC_TOKEN_MAX_LEN)
    err = gc_fail(&in.where, 0, "token longer than 8 bytes is not supported", GC_E_UNSUPPORTED);
  if (err)
    receive_malformed(endpoint, &in);
  else if (in.message.type == GC_TYPE_RST)
    receive_rst(endpoint, &in);
  else if (in.message.type == GC_TYPE_ACK)
    receive_ack(endpoint, &in);
  else
    receive_message(endpoint, &in);
}
