/* The server side: members of a group, their resources, and how a member answers (draft-ietf-core-groupcomm-bis, Section 3;
 * RFC 7252, Section 5 and 8; RFC 7641; RFC 7959). No I/O: datagrams and the clock are passed in. */
#ifndef GC_GROUP_SERVER_H
#define GC_GROUP_SERVER_H

#include "coap/builder.h"
#include "endpoint/endpoint.h"
#include "oscore/ring.h"

struct gc_server;
struct gc_member;   /* one unicast address that answers; owned by the server */
struct gc_resource; /* one path, the same for all members; owned by the server */

/** A request to a resource, its body complete. Borrowed for the call. */
struct gc_server_request {
  struct gc_server *server;
  struct gc_member *member;
  struct gc_resource *resource;
  const struct gc_message *message;
  struct gc_bytes payload;      /* the whole body */
  struct gc_addr from, to;
  bool is_multicast;
  struct gc_oscore_context *context; /* that opened the request; NULL: nothing protected it */
  struct gc_bytes kid;          /* with context: of its sender */
  bool is_notification;         /* an observation's request, as it came once: the resource has changed, and its observer is to be told */
  uint64_t now_ms;
};

/** The handler's answer. The server adds Observe, Block2, Size2, ETag and Echo options itself, and ends the builder. */
struct gc_server_response {
  uint8_t code;                 /* preset: 2.05 for GET and FETCH, 2.02 for DELETE, else 2.04 */
  int32_t content_format;       /* -1: none; preset: that of the resource for GET and FETCH, else -1 */
  int64_t max_age_s;            /* -1: no option, the default of 60 holds */
  struct gc_buf body;           /* the handler writes here; set up by the server: max_answer_len bytes */
  struct gc_builder *options;   /* further options (Location-Path …) */
  bool is_void;                 /* nothing useful to say: a group request gets no answer (RFC 7252, Section 8.2) */
};

/** Suppression of responses to group requests, per class of the response code (Section 3.1.2): a set bit (2, 8, 16 as in
 *  No-Response, RFC 7967) suppresses the class. */
enum { GC_SUPPRESS_2XX = 2, GC_SUPPRESS_4XX = 8, GC_SUPPRESS_5XX = 16 };

struct gc_resource_def {
  const char *path;             /* "light" or "gp/room/light", without leading slash */
  uint32_t methods;             /* bit 1 << code for each method allowed */
  /** Answers one request, now. For a precondition (If-Match, If-None-Match) and for every notification it is called with
   *  the method GET or FETCH, which must change nothing. An error becomes 5.00. */
  enum gc_err (*handler)(void *ctx, const struct gc_server_request *request, struct gc_server_response *response);
  void *ctx;
  const char *rt, *ifdesc, *title; /* link attributes, NULL: none */
  int32_t content_format;       /* of representations, and for ct=; -1: none */
  int32_t consumes;             /* the Content-Format a request's body may have; another one is 4.15; -1: any */
  uint64_t size;                /* for sz=, 0: none */
  bool is_hidden;               /* not in /.well-known/core */
  bool is_observable;
  bool is_oscore, is_group_oscore; /* link attributes osc and gosc: reached with OSCORE, with Group OSCORE */
  bool needs_protection;        /* answered 4.01 where the request is not protected by a context of the member */
  bool is_group;                /* may be asked by multicast */
  uint8_t suppress;             /* GC_SUPPRESS_ bits for group requests; the default is 4XX | 5XX */
  bool obey_no_response;        /* take No-Response into account (widening only, for unauthenticated clients) */
  uint32_t max_body_len;        /* of a request's body, bytes */
};

struct gc_server_params {
  struct gc_endpoint_params endpoint;
  uint32_t leisure_ms;          /* 5000 */
  uint32_t amplification;       /* 3: answer an unauthenticated group request from an address that is not verified with at most
                                   so many times its size: by a smaller first block, or where that is not possible by
                                   4.01 + Echo (RFC 9175, Section 2.4); 0: no limit */
  uint32_t amplification_floor; /* … or so many bytes if that is more: 136 */
  bool echo;                    /* always 4.01 + Echo instead of a smaller block, and the limit holds for unicast too */
  uint8_t suppress;             /* GC_SUPPRESS_ bits where no resource has its own: unknown paths, /.well-known/core; 4XX | 5XX */
  uint8_t block_szx;            /* largest block offered: 6 */
  uint32_t con_notify_every;    /* every n-th notification is confirmable: 8 */
  uint32_t max_observers, max_transfers; /* per server: 65536, 1024 */
  uint32_t max_observers_per_member;     /* 256 */
  uint32_t max_group_observations;       /* per server: 4096 */
  uint32_t max_delayed;                  /* responses that wait for their Leisure: 65536 per server, 32 per member */
  size_t max_answer_len;                 /* of a response's body, bytes: 64 KiB, which is the least; 16 MiB at most */
  size_t max_transfer_bytes;             /* of all bodies under way in blocks: 32 MiB. Responses of more than 64 KiB get three quarters
                                            of it, and one peer two of them; one whose next block was asked for within five seconds
                                            is not dropped for another, which is answered 5.03 */
};

/** What the server did with one message: for a line of a log. Borrowed for the call. */
struct gc_server_trace {
  struct gc_member *member;
  struct gc_addr from, to;           /* of the request */
  const struct gc_message *request;  /* NULL: none that could be read */
  uint8_t code;                      /* of the answer; 0: no answer */
  size_t answer_len;                 /* of its payload, bytes */
  uint64_t delay_ms;                 /* Leisure it waits for */
  const char *phrase;                /* "answered", "suppressed", "notified", "malformed" …, static */
};

struct gc_server_ops {
  /** datagram->local is the member's address. */
  enum gc_err (*send)(void *ctx, struct gc_member *member, const struct gc_datagram *datagram);
  /** NULL: not wanted. */
  void (*trace)(void *ctx, const struct gc_server_trace *trace);
  void *ctx;
  /** Does the address lie in the public Internet? A group request from there that nothing protects is ignored
   *  (groupcomm-bis, Section 4). NULL: it is not asked, all are let in. */
  bool (*is_public)(void *ctx, const struct gc_addr *remote);
};

struct gc_server_params gc_server_params_default(void);
struct gc_server *gc_server_new(const struct gc_server_params *params, const struct gc_server_ops *ops, struct gc_rng rng);
void gc_server_free(struct gc_server **server);

/** A member that answers from `address`. GC_E_EXISTS; GC_E_MEMORY */
enum gc_err gc_server_add_member(struct gc_server *server, struct gc_member **out, const struct gc_addr *address, void *user) GC_MUST_CHECK;
/** How protected group requests, and protected pairwise ones, are answered. */
enum gc_answer_mode { GC_ANSWER_AS_ASKED, GC_ANSWER_GROUP, GC_ANSWER_PAIRWISE };

/**
 * Let a member open requests with the contexts of a ring, and protect its answers (draft-ietf-core-oscore-groupcomm,
 * Sections 7 to 9). The ring stays the caller's, may change meanwhile, and outlives the server. GC_E_MEMORY
 */
enum gc_err gc_member_secure(struct gc_member *member, struct gc_oscore_ring *ring, enum gc_answer_mode mode) GC_MUST_CHECK;

/** A context has left the members' rings for good: challenges under it are forgotten. false: an observation or a body that is under way
 *  still refers to it, ask again later. What is bound to it goes on under the newest context of its group, and ends where there is none. */
bool gc_server_release(struct gc_server *server, const struct gc_oscore_context *context);

const struct gc_addr *gc_member_address(const struct gc_member *member);
void *gc_member_user(const struct gc_member *member);
size_t gc_member_index(const struct gc_member *member); /* 0, 1, … in the order they were added */

/** Copied; strings too. `/.well-known/core` is always there and needs no call. GC_E_EXISTS; GC_E_RANGE: bad path; GC_E_MEMORY */
enum gc_err gc_server_add_resource(struct gc_server *server, struct gc_resource **out, const struct gc_resource_def *def) GC_MUST_CHECK;

/** Take a resource away. Its group observations are cancelled; who observes it by itself gets a last notification, which its
 *  handler is asked for now and which should be an error (RFC 7641, Section 4.2); bodies on their way to or from it are dropped.
 *  Not from within a handler. */
void gc_server_remove_resource(struct gc_server *server, struct gc_resource **resource, uint64_t now_ms);

/** End, without a word, everything that rests on a Security Context, which is about to be freed: observations, bodies in blocks,
 *  challenges. The ring is the caller's matter. Not from within a handler. */
void gc_server_forget_context(struct gc_server *server, struct gc_oscore_context *context);

/** A link that /.well-known/core shows on top: how to reach an application group at another address
 *  (`coap://[ff35::1]:5683/gp/room`), with link attributes (NULL, -1: none). Copied. GC_E_MEMORY; GC_E_LIMIT */
enum gc_err gc_server_add_link(struct gc_server *server, const char *target, const char *rt, const char *ifdesc,
                               int32_t content_format) GC_MUST_CHECK;

/** Tell the observers of a resource at a member (NULL: at all members) that its state has changed. */
void gc_server_changed(struct gc_server *server, struct gc_member *member, struct gc_resource *resource, uint64_t now_ms);

/** How many observe a resource, at all members together; a group observation counts once. */
size_t gc_server_observers(const struct gc_server *server, const struct gc_resource *resource);

/** A datagram to `member`; NULL: to a group that all members have joined. */
void gc_server_receive(struct gc_server *server, struct gc_member *member, const struct gc_datagram *datagram, uint64_t now_ms);
void gc_server_tick(struct gc_server *server, uint64_t now_ms);
uint64_t gc_server_deadline(const struct gc_server *server);

struct gc_server_state {
  uint64_t requests, group_requests; /* a group request counts once for each member */
  uint64_t responses, suppressed, notifications, challenges, malformed, duplicates;
  uint64_t insecure; /* protected requests that were not opened */
  uint64_t dropped; /* answers that found no room to wait for their Leisure */
  uint64_t informed, group_notifications, confirmations; /* group observations: clients that take part, notifications, signs of interest */
  size_t observers, transfers, delayed; /* delayed: responses waiting for their Leisure */
  size_t group_observations;
};
struct gc_server_state gc_server_state(const struct gc_server *server);

#endif
