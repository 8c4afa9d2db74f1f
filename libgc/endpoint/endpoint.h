/* The CoAP message layer of one UDP endpoint towards many peers (RFC 7252, Section 4; draft-ietf-core-groupcomm-bis,
 * Sections 3.1 and 3.6). No sockets and no clock: datagram in + now → datagrams out, events, next deadline. */
#ifndef GC_ENDPOINT_ENDPOINT_H
#define GC_ENDPOINT_ENDPOINT_H

#include "base/addr.h"
#include "base/rng.h"
#include "coap/message.h"

struct gc_endpoint; /* one local address and port */

/** A UDP datagram, in either direction. Bytes are borrowed. */
struct gc_datagram {
  struct gc_addr remote;
  struct gc_addr local;  /* received: the address it was sent to (a group's, for multicast); sent: the source address, family NONE = the system chooses */
  uint32_t ifindex;      /* interface it came by or shall leave by, 0 = any */
  struct gc_bytes bytes;
};

/** Transmission parameters, RFC 7252, Section 4.8. */
struct gc_endpoint_params {
  uint32_t ack_timeout_ms;          /* 2000 */
  uint32_t ack_random_permille;     /* ACK_RANDOM_FACTOR · 1000: 1500 */
  uint32_t max_retransmit;          /* 4 */
  uint32_t nstart;                  /* 1: confirmable exchanges under way per peer; further ones wait in order */
  uint32_t max_latency_ms;          /* 100 000 */
  uint32_t processing_delay_ms;     /* 2000 */
  uint32_t max_dedup;               /* messages remembered for deduplication at most: 65536 */
  uint32_t max_queued;              /* confirmable messages under way or waiting at most: 65536 */
  uint32_t max_queued_per_peer;     /* … and those for one peer: one that never acknowledges keeps nobody else from his: 256 */
  uint32_t max_kept_len;            /* of replies kept for duplicates of their requests, bytes in all: 16 MiB */
};

struct gc_endpoint_params gc_endpoint_params_default(void);
uint64_t gc_exchange_lifetime_ms(const struct gc_endpoint_params *params);    /* 247 s by default */
uint64_t gc_non_lifetime_ms(const struct gc_endpoint_params *params);         /* 145 s */
uint64_t gc_max_transmit_wait_ms(const struct gc_endpoint_params *params);    /* 93 s */
uint64_t gc_max_transmit_span_ms(const struct gc_endpoint_params *params);    /* 45 s */

enum gc_inbound_kind {
  GC_INBOUND_REQUEST,             /* new: answer it with gc_endpoint_reply */
  GC_INBOUND_RESPONSE,            /* new: NON, CON (acknowledged already unless the handler refuses it) or piggybacked */
  GC_INBOUND_DUPLICATE_REQUEST,   /* seen before: the reply, if it was kept, has been sent again; for counting only */
  GC_INBOUND_DUPLICATE_RESPONSE,  /* seen before; acknowledged again where confirmable */
  GC_INBOUND_PING,                /* Empty CON: answered with RST (RFC 7252, Section 4.3), never to multicast */
  GC_INBOUND_MALFORMED,           /* format error: where says it; CON by unicast was answered with RST */
  GC_INBOUND_IGNORED,             /* nothing of ours: stray ACK or RST, reserved code class, empty NON */
};

/** What arrived. Borrowed for the call. */
struct gc_inbound {
  enum gc_inbound_kind kind;
  const struct gc_datagram *datagram;
  struct gc_message message;
  bool is_multicast;       /* datagram->local is a multicast address */
  struct gc_where where;   /* MALFORMED only */
  uint64_t now_ms;
};

enum gc_delivery {
  GC_DELIVERY_ACKED,    /* a confirmable message was acknowledged (a piggybacked response counts too) */
  GC_DELIVERY_RESET,    /* the peer rejected it, confirmable or not */
  GC_DELIVERY_TIMEOUT,  /* MAX_RETRANSMIT reached */
};

/** How the layer speaks to the outside. Calls back into the endpoint are allowed from every one of them but send. */
struct gc_endpoint_ops {
  /** Put one datagram on the wire. GC_OK or GC_E_SYSTEM; an error is treated as the loss of the datagram and counted. */
  enum gc_err (*send)(void *ctx, const struct gc_datagram *datagram);
  /** A message arrived. For a RESPONSE: return false where no request matches it; it is then rejected (RST to a CON or
   *  NON by unicast, RFC 7252, Section 4.2 and 4.3). The return value is ignored for the other kinds. */
  bool (*inbound)(void *ctx, const struct gc_inbound *in);
  /** The fate of a message sent with `cookie`; called at most once for a message and peer: a multicast message can be
   *  RESET by many (remote is then the one who did it). */
  void (*delivery)(void *ctx, enum gc_delivery delivery, const struct gc_addr *remote, uint16_t mid, uint64_t cookie);
  void *ctx;
};

struct gc_endpoint *gc_endpoint_new(const struct gc_endpoint_params *params, const struct gc_endpoint_ops *ops, struct gc_rng rng);
void gc_endpoint_free(struct gc_endpoint **endpoint);

/** One datagram received at now_ms (any monotonic clock that never goes back). */
void gc_endpoint_receive(struct gc_endpoint *endpoint, const struct gc_datagram *datagram, uint64_t now_ms);

/** Do what is due: retransmissions, time-outs, forgetting. */
void gc_endpoint_tick(struct gc_endpoint *endpoint, uint64_t now_ms);

/** When gc_endpoint_tick has something to do next; UINT64_MAX: nothing is pending. */
uint64_t gc_endpoint_deadline(const struct gc_endpoint *endpoint);

/**
 * Reserve a Message ID for a message to remote: one that is not active towards it (RFC 7252, Section 4.4), for a
 * multicast destination not towards any peer (Section 8.1).
 * @return GC_OK; GC_E_LIMIT: all 65536 are active, try after the deadline
 */
enum gc_err gc_endpoint_mid(struct gc_endpoint *endpoint, uint16_t *mid, const struct gc_addr *remote, uint64_t now_ms) GC_MUST_CHECK;

/**
 * Send a finished message (header included; its Message ID from gc_endpoint_mid, or a chosen one for a repetition).
 * A CON is kept, retransmitted, and subject to NSTART; to a multicast address it is refused.
 * @param cookie handed to `delivery`; 0: do not tell about a NON
 * @return GC_OK: sent or queued; GC_E_RANGE: confirmable to multicast; GC_E_LIMIT: max_queued, max_queued_per_peer; GC_E_MEMORY;
 *         GC_E_SYSTEM: a NON could not be sent (errno)
 */
enum gc_err gc_endpoint_send(struct gc_endpoint *endpoint, const struct gc_datagram *datagram, uint64_t cookie, uint64_t now_ms) GC_MUST_CHECK;

/**
 * Where a request came from and went to, its type, Message ID and Token; a copy may be kept for later.
 */
struct gc_request_ref {
  struct gc_addr remote, local; /* local: the unicast address the answer leaves from */
  uint32_t ifindex;
  uint8_t type, token_len;
  bool is_multicast;
  uint16_t mid;
  uint8_t token[GC_TOKEN_MAX_LEN]; /* a request with a longer one is MALFORMED here (RFC 8974, Section 2.2.2) */
};

/** The reference of a request that came in; `local`: the (member's) unicast address that answers, family NONE: the system
 *  chooses. */
struct gc_request_ref gc_request_ref_from(const struct gc_inbound *in, const struct gc_addr *local);

/**
 * Answer a request: `body` is "code ‖ options ‖ [ff ‖ payload]". Chooses the type (RFC 7252, Section 5.2): piggybacked
 * ACK where the request was a unicast CON that is not yet acknowledged, else NON (or CON where as_con), with a fresh
 * Message ID; remembers it for a duplicate of the request.
 * @return as gc_endpoint_send; GC_E_SPACE: too large for a datagram
 */
enum gc_err gc_endpoint_reply(struct gc_endpoint *endpoint, const struct gc_request_ref *request, struct gc_bytes body, bool as_con,
                              uint64_t cookie, uint64_t now_ms) GC_MUST_CHECK;

/** Acknowledge a confirmable request whose answer takes longer (separate response, RFC 7252, Section 5.2.2). Harmless for others. */
void gc_endpoint_ack(struct gc_endpoint *endpoint, const struct gc_request_ref *request, uint64_t now_ms);

/** Forget the messages with this cookie without a word (cancelled by the application); the next message that waits for
 *  the same peer is sent. */
void gc_endpoint_cancel(struct gc_endpoint *endpoint, uint64_t cookie);

/** What happened so far, for summaries and tests. */
struct gc_endpoint_stats {
  uint64_t received, sent, retransmitted, duplicates, malformed, ignored, send_errors, timeouts, resets;
  size_t under_way; /* confirmable messages not yet settled */
  size_t remembered; /* entries kept for deduplication */
};
struct gc_endpoint_stats gc_endpoint_stats(const struct gc_endpoint *endpoint);

#endif
