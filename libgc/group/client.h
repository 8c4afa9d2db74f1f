/* The client side of group communication: one request, many responses (draft-ietf-core-groupcomm-bis, Section 3). No I/O:
 * it sits on a gc_endpoint and is driven by the same datagrams and the same clock. */
#ifndef GC_GROUP_CLIENT_H
#define GC_GROUP_CLIENT_H

#include "endpoint/endpoint.h"
#include "oscore/exchange.h"
#include "oscore/ring.h"

struct gc_client;
struct gc_exchange; /* one request and all that belongs to it; owned by the client */

/** How the request is sent again while the exchange lasts (draft-ietf-core-groupcomm-bis, Section 3.1.3). */
enum gc_repeat { GC_REPEAT_NEW_MID, GC_REPEAT_SAME_MID };

struct gc_request {
  struct gc_addr remote;        /* unicast or multicast */
  struct gc_addr local;         /* source address, family NONE: any; port: where known, answers to another one do not count */
  uint32_t ifindex;
  uint8_t code;                 /* method */
  struct gc_bytes options;      /* encoded, without Observe, Block1, Block2, Size1 and ETag revalidation: those are set here */
  struct gc_bytes payload;      /* copied; the whole body, split by Block1 where it is larger than a block (unicast only) */
  bool is_con;                  /* ignored for multicast: always NON */
  bool observe;                 /* register (GET, FETCH) */
  bool withdraw;                /* instead of that: Observe 1, interest is withdrawn (draft-ietf-core-observe-multicast-notifications,
                                   Section 5.2) */
  uint8_t block_szx;            /* preferred block size 2^(szx+4), 0 … 6; 7: no preference (1024 for Block1, server's choice for Block2) */
  bool early_block2;            /* put Block2 0/0/szx into the request */
  bool single_block;            /* hand out what one message holds, do not fetch the rest */
  uint32_t wait_ms;             /* how long to listen; unicast without observe: since the last sign of progress. Bodies that
                                   are being fetched block-wise by then are still completed. UINT32_MAX: until it is ended */
  uint32_t max_responders;      /* end when so many different responders have answered in full; 0: no limit */
  uint32_t repeats;             /* send the request so many times again … */
  uint32_t repeat_ms;           /* … at this distance; 0: wait_ms / (repeats + 1) */
  enum gc_repeat repeat;
  struct gc_bytes token;        /* empty: a fresh random one of 4 bytes (unicast) or 8 (multicast); gc_client_compose: only where ptr is NULL */
  bool has_mid;                 /* use mid instead of a fresh Message ID (dry runs, tests) */
  uint16_t mid;
  uint32_t max_body_len;        /* of a reassembled body, bytes; 0: 16 MiB */
  struct gc_oscore_context *context; /* protect the request with it; NULL: not protected. It outlives the exchange, or is kept
                                        until gc_client_release; newer ones of its group that come into the ring take its place */
  struct gc_oscore_ring *ring;  /* with context: all contexts that a response may come under, that one among them */
  bool is_pairwise;             /* pairwise mode, for the member with the Recipient ID `peer` */
  struct gc_bytes peer;         /* copied */
};

enum gc_client_event_kind {
  GC_CLIENT_RESPONSE,      /* a responder's answer, its body complete */
  GC_CLIENT_NOTIFICATION,  /* an answer with Observe, in order (RFC 7641, Section 3.4) */
  GC_CLIENT_DUPLICATE,     /* the same response again (same Message ID from the same responder) */
  GC_CLIENT_STALE,         /* a notification older than one already delivered: not delivered as such */
  GC_CLIENT_LATE,          /* an answer to an exchange that has ended (its token is kept for MIN_TOKEN_REUSE_TIME) */
  GC_CLIENT_UNMATCHED,     /* an answer with no token of ours */
  GC_CLIENT_MALFORMED,     /* a datagram that is no CoAP message: where says why */
  GC_CLIENT_RESET,         /* the responder sent RST */
  GC_CLIENT_TIMEOUT,       /* a confirmable request was never acknowledged, or a block never came; unicast or one responder's blocks */
  GC_CLIENT_INCOMPLETE,    /* a body could not be fetched in whole; phrase says why; message holds what the last message said */
  GC_CLIENT_UNUSABLE,      /* a response with a critical option that is not understood: option has its number */
  GC_CLIENT_END,           /* the exchange is over; the last event of it */
  GC_CLIENT_DELAYED,       /* NSTART or PROBING_RATE: the request waits for its turn (before gc_client_request returns) */
  GC_CLIENT_INSECURE,      /* a response to a protected request that is not protected, does not verify, or is a replay: result
                              says why; message is the outer one, as it came, and proves nothing */
};

/** What happened. Borrowed for the call. */
struct gc_client_event {
  enum gc_client_event_kind kind;
  struct gc_exchange *exchange;   /* NULL for LATE, UNMATCHED and MALFORMED */
  void *user;                     /* what gc_client_request was given; NULL for UNMATCHED and MALFORMED */
  struct gc_addr from;            /* the responder */
  struct gc_addr to;              /* the address it was sent to */
  struct gc_message message;      /* RESPONSE, NOTIFICATION: payload is the whole body; the options are those of the first block's message */
  uint32_t blocks;                /* messages the body came in: 1 = not block-wise */
  uint64_t rtt_ms;                /* since the (last) transmission of the request to it */
  uint64_t now_ms;
  uint32_t responder;             /* 0, 1, …: in the order of their first answer; a responder is a source address and port,
                                     with protection one member there; UINT32_MAX: none, or not known to be one */
  uint32_t observe;               /* NOTIFICATION: the value of Observe */
  uint16_t option;                /* UNUSABLE */
  const char *phrase;             /* INCOMPLETE, RESET, TIMEOUT: what was under way */
  struct gc_where where;          /* MALFORMED */
  enum gc_sec result;             /* INSECURE */
  const struct gc_oscore_opened *security; /* what protected the message, or its last block; NULL: nothing did */
  uint64_t delay_ms;              /* DELAYED: at least so long, as things stand */
};

struct gc_client_params {
  struct gc_endpoint_params endpoint;
  uint64_t min_token_reuse_ms;    /* 500 000: MIN_TOKEN_REUSE_TIME (groupcomm-bis, Section 3.1.5) */
  uint32_t probing_rate;          /* 1 byte/s: to a group none of whose servers has answered yet; a request that would exceed it waits; 0: off */
  uint32_t max_exchanges;         /* open at once: 65536 */
  uint64_t max_body_total;        /* bytes of all block-wise bodies under way: 1 GiB */
};

struct gc_client_ops {
  enum gc_err (*send)(void *ctx, const struct gc_datagram *datagram);
  void (*event)(void *ctx, const struct gc_client_event *event);
  /** A response came of a member whose credential is not known: true, where it may come soon, keeps the response for at most
   *  GC_CLIENT_HOLD_MS; gc_client_reconsider looks at it again. What cannot be opened by then is INSECURE. NULL: none is kept */
  bool (*hold)(void *ctx, const struct gc_oscore_context *context, struct gc_bytes kid);
  void *ctx;
};

#define GC_CLIENT_HOLD_MS 3000
#define GC_CLIENT_HELD_MAX 64 /* responses */

struct gc_client_params gc_client_params_default(void);
struct gc_client *gc_client_new(const struct gc_client_params *params, const struct gc_client_ops *ops, struct gc_rng rng);
void gc_client_free(struct gc_client **client);

/**
 * Start an exchange.
 * *out is set before an event of it can happen and is valid until GC_CLIENT_END.
 * @return GC_OK; GC_E_RANGE: a context without ring, a body larger than a block to a group, port 5684 of a group, a token or method that is none,
 *         observe with another method than GET or FETCH, Observe or a Block option among the options; GC_E_EXISTS: the
 *         token is in use or not yet free again; GC_E_LIMIT; GC_E_SPACE: request too large for a datagram; GC_E_MEMORY;
 *         GC_E_SYSTEM (errno): it could not be sent
 */
enum gc_err gc_client_request(struct gc_client *client, struct gc_exchange **out, const struct gc_request *request, void *user,
                              uint64_t now_ms) GC_MUST_CHECK;

/** Why the last request could not be protected; GC_SEC_OK: that was not the reason. */
enum gc_sec gc_client_protect_result(const struct gc_client *client);

/** Write the first message of this request to `out` without sending anything (--dry-run). */
enum gc_err gc_client_compose(struct gc_client *client, struct gc_buf *out, const struct gc_request *request, uint64_t now_ms) GC_MUST_CHECK;

/**
 * Send the request again now, with the same Token and Observe value and a new Message ID: to refresh a registration, or to
 * ask one member that was silent. A protected one goes as it is, so that who has it answers no second time; a registration
 * that is refreshed (`to` NULL) is protected anew (RFC 8613, Section 4.1.3.5.1).
 * @param to NULL: where the exchange goes, as one repetition more; a unicast address: to it alone, confirmable
 *        (draft-ietf-core-groupcomm-bis, Section 3.7)
 * @return GC_OK; GC_E_STATE: the exchange listens no longer, or waits for its turn, or uploads in blocks;
 *         GC_E_LIMIT: not now (PROBING_RATE, Message IDs); GC_E_RANGE: `to` is another group; GC_E_MEMORY; GC_E_SYSTEM
 */
enum gc_err gc_client_again(struct gc_client *client, struct gc_exchange *exchange, const struct gc_addr *to, uint64_t now_ms) GC_MUST_CHECK;

/** Ask a responder again for what it has, presenting the ETags it gave before (RFC 7252, Section 5.10.6.2): revalidation.
 *  GC_E_NOT_FOUND: no such responder, or it gave none */
enum gc_err gc_client_revalidate(struct gc_client *client, struct gc_exchange *exchange, const struct gc_addr *responder, uint64_t now_ms) GC_MUST_CHECK;

/** End an exchange now: pending messages are forgotten, observations are given up (deregister: tell the servers with
 *  Observe 1), GC_CLIENT_END follows. Its token stays reserved. */
void gc_client_end(struct gc_client *client, struct gc_exchange *exchange, bool deregister, uint64_t now_ms);

/** A context has left the ring for good: what came under it is forgotten. false: an exchange still refers to it, ask again later */
bool gc_client_release(struct gc_client *client, const struct gc_oscore_context *context);

void gc_client_receive(struct gc_client *client, const struct gc_datagram *datagram, uint64_t now_ms);
void gc_client_tick(struct gc_client *client, uint64_t now_ms);
uint64_t gc_client_deadline(const struct gc_client *client);

/** Members have become known: look at the responses that are kept. */
void gc_client_reconsider(struct gc_client *client, uint64_t now_ms);

/** Open exchanges and messages under way; all 0 once everything has ended. */
struct gc_client_state {
  size_t exchanges;       /* open */
  size_t transfers;       /* requests with a token of their own: each exchange's, and those to single responders */
  size_t under_way;       /* confirmable messages not yet settled */
  size_t reserved_tokens; /* ended exchanges whose tokens may not be used yet */
};
struct gc_client_state gc_client_state(const struct gc_client *client);
struct gc_endpoint_stats gc_client_stats(const struct gc_client *client);

#endif
