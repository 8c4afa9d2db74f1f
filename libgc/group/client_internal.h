/* What the files of the client share. Not for other rooms. */
#ifndef GC_GROUP_CLIENT_INTERNAL_H
#define GC_GROUP_CLIENT_INTERNAL_H

#include "base/table.h"
#include "base/timers.h"
#include "coap/block.h"
#include "group/client.h"
#include "iana/options.h"

enum {
  GC_ETAG_MAX_LEN = 8,
  GC_ETAGS_KEPT = 4,        /* per responder */
  GC_ECHO_MAX_LEN = 40,
  GC_ECHO_TRIES = 3,        /* different Echo values followed in one exchange with one responder */
  GC_BLOCK_RESTARTS = 2,    /* of a body whose representation changed, or of an upload */
  GC_FETCHES_WAITING = 4,   /* bodies of one responder waiting for the one under way */
  GC_RESPONDERS_MAX = 65536,
  GC_CLIENT_FRONT = 4 + GC_TOKEN_MAX_LEN, /* room for header and token in front of a body being made */
};

struct gc_small { /* an ETag or Echo value */
  uint8_t len, bytes[GC_ECHO_MAX_LEN];
};

static inline struct gc_bytes gc_small_bytes(const struct gc_small *small)
{
  return gc_bytes(small->bytes, small->len);
}

/* A token in use, or one that may not be used again yet. */
struct gc_slot {
  struct gc_link link;
  struct gc_timer timer;  /* reserved: when it is free again */
  struct gc_leg *leg;     /* NULL: reserved */
  void *user;
  bool is_quiet;          /* of a deregistration, of further blocks: a late answer is nobody's news */
  uint8_t len, bytes[GC_TOKEN_MAX_LEN];
};

struct gc_responder {
  struct gc_link link;
  struct gc_addr addr;
  uint32_t index;
  bool has_answered;           /* in full */
  struct gc_leg *observing;    /* the request whose observation it has accepted */
  uint32_t observe;            /* of the newest notification */
  uint64_t observe_ms;
  struct gc_small echo;        /* the last value followed */
  uint8_t echo_tries, etag_count, etag_next, fetches;
  struct gc_oscore_context *context; /* protected: of its newest response; a responder is one member at one address then */
  uint8_t kid_len, kid[GC_ID_MAX_LEN];
  uint64_t next_piv;           /* above that of its newest notification under this context */
  struct { uint8_t len, bytes[GC_ETAG_MAX_LEN]; } etags[GC_ETAGS_KEPT];
  struct gc_leg *following;    /* the group request repeated to it by unicast */
  struct gc_leg *fetching;     /* the body under way, in front of those that wait */
};

enum gc_leg_kind {
  GC_LEG_ROOT,       /* the request itself, to a group or to one peer */
  GC_LEG_FOLLOW,     /* the group request again, to one responder, with its Echo value */
  GC_LEG_FETCH,      /* further blocks of one responder's body */
  GC_LEG_REVALIDATE, /* the request with ETags to one responder */
};

/* A protected request, and the responses to it so far. */
struct gc_tie {
  struct gc_oscore_binding binding;
  struct gc_oscore_exchange *seen; /* NULL: there was no such request */
};

/* One request with its token: what is asked of one peer, or of the group. */
struct gc_leg {
  struct gc_link by_id;
  struct gc_timer timer;        /* acknowledged, and the response is awaited */
  uint64_t id;                  /* the endpoint's cookie */
  struct gc_exchange *exchange;
  struct gc_responder *responder; /* NULL: not known yet, or a group */
  struct gc_leg *next, *before; /* of the exchange */
  struct gc_leg *next_fetch;    /* waiting behind this one */
  struct gc_slot *slot;
  struct gc_addr remote;
  uint8_t kind;                 /* enum gc_leg_kind */
  bool is_dead, is_con, is_sent, with_etags, tried_plain;
  uint16_t mid;
  uint64_t sent_ms;
  struct gc_small echo;         /* to be sent once */
  /* protected requests */
  struct gc_tie tie, older;     /* the registration before: servers that missed the last one answer it still */
  bool is_pairwise;             /* it echoed a challenge: from then on for that member alone */
  uint8_t *sealed;              /* the protected body, for repetitions */
  size_t sealed_len;
  /* Block1: the payload from `upload_at` on */
  bool is_upload;
  uint8_t upload_szx, upload_restarts;
  size_t upload_at, upload_len; /* start of the block that is on its way, its length */
  /* Block2 */
  uint8_t szx, restarts;
  bool is_notification, is_restarting;
  uint32_t observe, blocks;
  uint64_t rtt_ms;
  struct gc_small etag;
  struct gc_message first;      /* the first block's, without its payload; points into first_bytes */
  uint8_t *first_bytes;
  uint8_t *body;
  size_t body_len, body_cap;
};

struct gc_target;

struct gc_exchange {
  struct gc_client *client;
  struct gc_exchange *next, *before;   /* of the client */
  struct gc_exchange *next_queued, *before_queued; /* waiting for, or outstanding at, the target */
  struct gc_target *target;            /* NULL: neither */
  bool is_group, is_started, is_outstanding, is_closed, is_ended;
  struct gc_timer timer;
  uint64_t started_ms, close_ms, repeat_at_ms, outstanding_until_ms;
  uint32_t repeats_left, repeat_ms, answered;
  uint64_t last_place;                 /* of the ring at the start: what has a higher one is newer */
  struct gc_request request;           /* options, payload and token point into `copy` */
  void *user;
  struct gc_leg *root;                 /* NULL: done */
  struct gc_leg *legs;
  struct gc_table responders;
  uint8_t copy[];
};

/* A destination of Non-confirmable requests: NSTART and PROBING_RATE (client_target.c). */
struct gc_target {
  struct gc_link link;
  struct gc_timer timer;
  struct gc_addr addr;
  uint64_t free_ms;        /* PROBING_RATE allows the next request */
  uint32_t outstanding;
  bool is_reviewed;
  struct gc_exchange *first_out, *last_out;         /* outstanding, in order */
  struct gc_exchange *first_waiting, *last_waiting;
};

/* An Echo value for the next request to an endpoint (RFC 9175, Section 2.3). */
struct gc_echo {
  struct gc_link link;
  struct gc_timer timer;
  struct gc_addr addr;
  struct gc_small value;
};

struct gc_client {
  struct gc_client_params params;
  struct gc_client_ops ops;
  struct gc_rng rng;
  struct gc_endpoint *endpoint;
  uint64_t hash_key, now_ms, next_leg_id;
  unsigned depth;                  /* of calls under way: the dead are buried at 0 */
  struct gc_table slots, legs, targets, echoes;
  struct gc_timers slot_timers, leg_timers, exchange_timers, target_timers, echo_timers;
  struct gc_exchange *exchanges, *dead_exchanges;
  struct gc_leg *dead_legs;
  size_t exchange_count, body_len; /* bytes of all bodies being put together */
  enum gc_sec protect_result;
  struct gc_held *held, *looked_at; /* responses of senders that are not known yet; the one under a second look */
  size_t held_count;
  const struct gc_oscore_opened *opened; /* of the response being looked at */
  bool is_newest;                  /* the freshest of its server, as its Partial IV says */
  uint8_t scratch[GC_MESSAGE_MAX_LEN];
  uint8_t sealed[GC_MESSAGE_MAX_LEN], plain[GC_OSCORE_STORAGE_LEN(GC_MESSAGE_MAX_LEN)];
};

/* client.c */
void gc_client_enter(struct gc_client *client, uint64_t now_ms);
void gc_client_leave(struct gc_client *client);
/** Tell the application; false: it has ended the exchange in the call. */
bool gc_client_tell(struct gc_exchange *exchange, struct gc_client_event *event);

/* client_token.c */
/** A slot for token, or for a fresh one of fresh_len bytes where it is empty. GC_E_EXISTS: in use or reserved */
enum gc_err gc_slot_new(struct gc_client *client, struct gc_slot **out, struct gc_bytes token, size_t fresh_len);
struct gc_slot *gc_slot_find(const struct gc_client *client, struct gc_bytes token);
/** Its leg is over: keep the token from use for MIN_TOKEN_REUSE_TIME. */
void gc_slot_reserve(struct gc_client *client, struct gc_slot *slot);
void gc_slot_drop(struct gc_client *client, struct gc_slot *slot);
void gc_slot_tick(struct gc_client *client);
void gc_slot_clear(struct gc_client *client);

/* client_leg.c */
enum gc_err gc_leg_new(struct gc_exchange *exchange, struct gc_leg **out, enum gc_leg_kind kind, const struct gc_addr *remote,
                       struct gc_bytes token);
/** Over, whatever the reason: pending messages are forgotten, the token is reserved, the memory given back later. */
void gc_leg_end(struct gc_leg *leg);
struct gc_leg *gc_leg_find(const struct gc_client *client, uint64_t id);
void gc_leg_tick(struct gc_client *client);
void gc_leg_delivery(struct gc_leg *leg, enum gc_delivery delivery, const struct gc_addr *remote);
void gc_leg_bury(struct gc_client *client);

/* client_send.c: every request goes through its compose() */
enum gc_err gc_leg_send(struct gc_leg *leg);
/** The same, a registration anew: a protected one is protected anew. */
enum gc_err gc_leg_send_anew(struct gc_leg *leg);
/** Exactly the message of before again, Message ID included (only a Non-confirmable one). */
enum gc_err gc_leg_send_again(struct gc_leg *leg);
/** The group's request to one member by unicast, with the same token. */
enum gc_err gc_leg_send_to(struct gc_leg *leg, const struct gc_addr *member);
/** Give up an observation at one responder: the request with Observe 1 and the same token. */
void gc_leg_send_deregister(struct gc_leg *leg, const struct gc_responder *responder);
enum gc_err gc_leg_compose(struct gc_leg *leg, struct gc_buf *out, uint16_t mid, struct gc_bytes token);

/* client_accept.c: every response goes through here; false: it shall be rejected */
bool gc_client_accept(struct gc_client *client, const struct gc_inbound *in);

/* client_security.c */
struct gc_protection {
  const struct gc_responder *to; /* one member's; NULL: the leg's, or nobody special */
  bool is_aside;                 /* no response is waited for */
  bool has_echo, is_anew;
};
/** *body becomes the protected one, in client->sealed with GC_CLIENT_FRONT bytes in front of it.
 *  GC_E_STATE and others: client->protect_result says why */
enum gc_err gc_leg_protect(struct gc_leg *leg, struct gc_bytes *body, const struct gc_protection *how);
enum gc_err gc_leg_keep_sealed(struct gc_leg *leg, struct gc_bytes body);
void gc_leg_forget_security(struct gc_leg *leg);
/** Verify and decrypt. false: told as INSECURE, nothing of it may be used (the exchange may have ended) */
bool gc_leg_open(struct gc_leg *leg, const struct gc_inbound *in, struct gc_oscore_opened *opened);
/** The responder under its newest context; *is_newest: no fresher notification came before this one. */
void gc_responder_note(struct gc_responder *responder, const struct gc_oscore_ring *ring, const struct gc_oscore_opened *opened, bool *is_newest);
bool gc_responder_is_sender(const struct gc_responder *responder, const struct gc_oscore_opened *opened);

/* client_hold.c */
/** The sender of a response is not known: is it kept for a while? Of one that is looked at again: does it stay? */
bool gc_client_hold(const struct gc_leg *leg, const struct gc_inbound *in, const struct gc_oscore_opened *opened);
/** Those whose time is over are looked at for the last time. */
void gc_hold_tick(struct gc_client *client);
uint64_t gc_hold_deadline(const struct gc_client *client);
void gc_hold_clear(struct gc_client *client);

/* client_exchange.c */
bool gc_exchange_answered(struct gc_exchange *exchange, struct gc_responder *responder);
/** End the exchange where nothing more is to come. */
void gc_exchange_settle(struct gc_exchange *exchange);
void gc_exchange_finish(struct gc_exchange *exchange, bool deregister);
/** Put the first request on the wire (the target lets it). */
enum gc_err gc_exchange_start(struct gc_exchange *exchange);
void gc_exchange_tick(struct gc_client *client);
void gc_exchange_progress(struct gc_exchange *exchange);
void gc_exchange_bury(struct gc_client *client);

/* client_responder.c */
/** opened: who verified; NULL: the exchange is not protected. NULL: no memory, too many */
struct gc_responder *gc_responder_get(struct gc_exchange *exchange, const struct gc_addr *addr, const struct gc_oscore_opened *opened);
/** Any one at this address. */
struct gc_responder *gc_responder_find(const struct gc_exchange *exchange, const struct gc_addr *addr);
void gc_responder_keep_etag(struct gc_responder *responder, struct gc_bytes options);
bool gc_responder_has_etag(const struct gc_responder *responder, struct gc_bytes etag);
void gc_responder_clear(struct gc_exchange *exchange);

/* client_upload.c */
enum gc_upload { GC_UPLOAD_GOES_ON, GC_UPLOAD_DONE };
void gc_upload_start(struct gc_leg *leg);
enum gc_upload gc_upload_answer(struct gc_leg *leg, const struct gc_message *message);

/* client_fetch.c */
/** The first block of a body with more to come. The leg that asked may end. */
void gc_fetch_start(struct gc_exchange *exchange, struct gc_responder *responder, const struct gc_inbound *in, bool is_notification,
                    uint32_t observe, uint64_t rtt_ms);
/** A newer notification: the body of the one before it is not completed any more. false: the exchange has ended */
bool gc_fetch_overtake(struct gc_exchange *exchange, struct gc_responder *responder);
void gc_fetch_answer(struct gc_leg *leg, const struct gc_inbound *in);
/** Detach from the responder; the next body that waited is begun. */
void gc_fetch_end(struct gc_leg *leg);
void gc_fetch_incomplete(struct gc_exchange *exchange, struct gc_responder *responder, const struct gc_inbound *in, const char *phrase);

/* client_observe.c */
bool gc_responder_is_newer(const struct gc_responder *responder, uint32_t observe, uint64_t now_ms);
void gc_observe_note(struct gc_responder *responder, struct gc_leg *leg, uint32_t observe, uint64_t now_ms);
void gc_observe_deregister(struct gc_exchange *exchange);
/** The leg ends: nobody's observation hangs on it any more. */
void gc_observe_forget(struct gc_exchange *exchange, const struct gc_leg *leg);

/* client_echo.c */
/** Is the response one that asks for the Echo value only, and was the request sent again? */
bool gc_echo_follow(struct gc_leg *leg, struct gc_responder *responder, const struct gc_message *message);
void gc_echo_remember(struct gc_client *client, const struct gc_addr *addr, const struct gc_message *message);
/** The value for the next request to addr, once. */
bool gc_echo_take(struct gc_client *client, struct gc_small *out, const struct gc_addr *addr);
void gc_echo_tick(struct gc_client *client);
void gc_echo_clear(struct gc_client *client);

/* client_target.c */
/** Start the exchange now or queue it. */
enum gc_err gc_target_submit(struct gc_exchange *exchange);
/** May the exchange send its request again now? Else when. */
bool gc_target_allows(struct gc_exchange *exchange, uint64_t *when_ms);
void gc_target_sent(struct gc_exchange *exchange, size_t len);
/** A server of the group has answered. */
void gc_target_answered(struct gc_exchange *exchange);
/** The exchange waits for nothing here any more. */
void gc_target_leave(struct gc_exchange *exchange);
void gc_target_tick(struct gc_client *client);
void gc_target_clear(struct gc_client *client);

#endif
