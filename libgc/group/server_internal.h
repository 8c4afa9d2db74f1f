/* What the files of the server share. Not for callers.
 *
 *   server.c            members, datagrams in, the clock
 *   server_resources.c  resources and their paths
 *   server_accept.c     from a message to a request: the one place where a request is let in
 *   server_respond.c    from an answer to a message: the one place where a response is made
 *   server_block.c      bodies in blocks (RFC 7959)
 *   server_observe.c    observers and notifications (RFC 7641)
 *   server_echo.c       which client addresses are verified (RFC 9175)
 *   server_security.c   OSCORE and Group OSCORE
 *   server_remove.c     resources and Security Contexts that go
 *   server_discovery.c  /.well-known/core (RFC 6690)
 *   server_group.h      group observations: their files
 */
#ifndef GC_GROUP_SERVER_INTERNAL_H
#define GC_GROUP_SERVER_INTERNAL_H

#include "base/table.h"
#include "base/timers.h"
#include "coap/block.h"
#include "coap/observe.h"
#include "group/server.h"
#include "iana/options.h"
#include "oscore/echo.h"

#define GC_SERVER_BODY_MAX_LEN 65536       /* of a request; a response may be larger, and is large then */
#define GC_SERVER_ANSWER_MAX_LEN (16u << 20) /* that the smallest blocks can number */
#define GC_SERVER_MESSAGE_MAX_LEN 4096   /* header, options and one block of what is sent */
#define GC_SERVER_KEPT_REQUEST_MAX_LEN 2048 /* of an observation: a longer one is answered, not observed */
#define GC_SERVER_SEGMENTS_MAX 32
#define GC_SERVER_LINKS_MAX 256
#define GC_SERVER_DELAYED_PER_MEMBER 32
#define GC_SERVER_GROUPS_PER_MEMBER 4    /* whose Leisure periods are remembered */
#define GC_SERVER_ECHO_SLOTS 1024

enum gc_owner { GC_OWNER_MEMBER, GC_OWNER_DELAYED, GC_OWNER_OBSERVER, GC_OWNER_TRANSFER, GC_OWNER_GROUP_OBSERVATION };

/** The first member of everything that waits: one heap holds the deadlines of all. Set as long as its owner lives. */
struct gc_due {
  struct gc_timer timer;
  enum gc_owner owner;
};

/** The end of a member's Leisure period in a group (RFC 7252, Section 8.2). */
struct gc_leisure_period {
  struct gc_addr group;
  uint64_t end_ms;
};

struct gc_member {
  struct gc_due due; /* the endpoint's deadline */
  struct gc_server *server;
  struct gc_endpoint *endpoint;
  struct gc_addr address;
  void *user;
  size_t index, delayed, observer_count;
  uint64_t etag_salt;
  uint32_t observe_last; /* sequence number of the last notification */
  struct gc_leisure_period periods[GC_SERVER_GROUPS_PER_MEMBER];
  struct gc_observer *observers;
  struct gc_table observers_by_id;
  struct gc_oscore_ring *ring; /* NULL: nothing is protected */
  uint8_t answer_mode;         /* enum gc_answer_mode */
  struct gc_group_source *sources;      /* its group observations */
  struct gc_own_group *own_group;       /* NULL until one is needed */
};

/** A link-value of /.well-known/core, ready to be sent. */
struct gc_server_link {
  uint8_t *text;
  size_t len;
};

struct gc_resource {
  struct gc_resource_def def; /* its strings but the path are in the link only */
  char *path;
  struct gc_server_link link;
  struct gc_bytes segments[GC_SERVER_SEGMENTS_MAX]; /* of the path */
  size_t segment_count, observers, sources;
  size_t large_len; /* of the last large response, bytes; 0: none yet */
  struct gc_group_policy *policy; /* NULL: no group observations */
  struct gc_resource *next;
  struct gc_link by_path;
  struct gc_observer *first_observer;
};

/** Who sent a request: observations and transfers belong to it, not to an address that anyone can write. */
struct gc_server_peer {
  const struct gc_oscore_context *context; /* NULL: not protected */
  uint8_t kid_len, kid[GC_ID_MAX_LEN];
};

/** A response that waits for its time. */
struct gc_delayed {
  struct gc_due due;
  struct gc_member *member;
  struct gc_request_ref ref;
  bool as_con;
  uint64_t cookie;
  size_t body_len;
  uint8_t body[];
};

struct gc_observer {
  struct gc_due due; /* the next notification, or the next check that the client is still there */
  struct gc_member *member;
  struct gc_resource *resource;
  struct gc_observer *next, **link;                       /* of the member */
  struct gc_observer *next_of_resource, **link_of_resource;
  struct gc_link by_id;
  struct gc_request_ref ref;
  struct gc_addr group;     /* where the registration went to, if to a group */
  uint64_t id;              /* cookie of its messages */
  uint64_t con_at_ms;       /* when the client last showed that it is there, or was asked to */
  uint64_t sent_at_ms;
  uint64_t rtt_ms;          /* UINT64_MAX: not known */
  uint32_t nons;            /* since the last acknowledgement */
  bool is_dirty, is_con_under_way;
  size_t wire_len;          /* of the registration as it came */
  struct gc_server_peer peer;
  struct gc_oscore_binding binding; /* of the registration, where it is protected */
  size_t request_len;
  uint8_t request[];        /* the registration, for making each notification */
};

/** A body on its way in blocks: a request's (Block1), or the response to a method other than GET (Block2), or a large one to GET. */
struct gc_transfer {
  struct gc_due due;
  struct gc_member *member;
  struct gc_resource *resource;
  struct gc_transfer *next, **link; /* the one that has not been used for longest first */
  struct gc_link by_key;
  struct gc_addr remote;
  struct gc_server_peer peer;
  uint64_t key;             /* of the options that belong to the request */
  bool is_response;
  bool is_done;             /* response: its last block has been sent */
  uint64_t used_ms;
  uint8_t code;             /* request: method; response: its code */
  uint64_t etag;            /* response */
  int32_t content_format;
  int64_t max_age_s;
  struct gc_buf body;
};

/** A client address, what it was challenged with, and how long it counts as verified. */
struct gc_echo_slot {
  struct gc_addr addr;
  uint8_t value[8];
  uint64_t issued_ms, verified_ms; /* 0: never */
};

struct gc_server {
  struct gc_server_params params;
  struct gc_server_ops ops;
  struct gc_rng rng;
  struct gc_timers timers;
  struct gc_member **members;
  size_t member_count, member_cap;
  uint64_t address_key;
  struct gc_member **by_address; /* open hash of address and port; cap a power of two */
  size_t by_address_cap;
  struct gc_resource *resources, **resources_end;
  struct gc_server_link *links;
  size_t link_count;
  struct gc_transfer *transfers, **transfers_end;
  struct gc_table transfers_by_key, resources_by_path;
  size_t transfer_bytes, large_bytes; /* large_bytes: of those, in large responses */
  uint64_t next_id, now_ms;
  uint32_t own_groups; /* made so far, by all members: part of their Gids */
  struct gc_echo_slot *echo; /* GC_SERVER_ECHO_SLOTS, or NULL until one is needed */
  struct gc_server_state state;
  struct gc_builder builder; /* of the further options of the response being made */
  uint8_t *body;        /* of responses; pages that no handler writes cost nothing */
  size_t body_cap;
  uint8_t other_body[GC_SERVER_BODY_MAX_LEN];
  uint8_t options[1024], message[GC_SERVER_MESSAGE_MAX_LEN];
  struct gc_oscore_echo *challenged; /* NULL: no member is protected */
  uint8_t *plain;                    /* decrypted requests */
  uint8_t sealed[GC_SERVER_MESSAGE_MAX_LEN + GC_OSCORE_GROWTH_MAX];
};

/** A request on its way through the server. Borrowed for the call. */
struct gc_server_exchange {
  struct gc_server *server;
  struct gc_member *member;
  struct gc_resource *resource;     /* NULL: none of that path */
  const struct gc_message *message;
  struct gc_bytes datagram;         /* the request, decrypted */
  size_t wire_len;                  /* bytes it came in */
  struct gc_request_ref ref;
  struct gc_addr to;
  bool is_multicast;
  bool is_authenticated;            /* protected by a key of its sender */
  struct gc_oscore_binding bound;   /* of this request, where it is protected */
  struct gc_oscore_binding *binding; /* that, or the one that its observation keeps; NULL: not protected */
  bool is_challenge;                /* the answer asks for an Echo */
  bool is_verified;                 /* its address is the sender's own */
  bool is_notification;
  uint64_t now_ms;
  struct gc_block block1, block2;
  bool has_block1, has_block2, has_observe, wants_size2, has_no_response, has_accept, has_precondition, has_format;
  uint32_t observe, no_response, accept, format;
  struct gc_bytes payload;          /* the whole body */
  const struct gc_transfer *kept;   /* the answer is a block of this; NULL: of what a handler has just written */
  bool adds_block1;                 /* the answer carries Block1 */
  bool adds_observe;                /* the answer is a notification with number observe_number */
  uint32_t observe_number;
  bool is_separate;                 /* the answer is a separate confirmable response, whose fate `cookie` tells */
  uint64_t cookie;
};

/** GET and FETCH ask and change nothing. */
static inline bool gc_server_is_safe(uint8_t method)
{
  return method == 1 || method == 5;
}

/* server.c */
void gc_member_touch(struct gc_member *member);
void gc_server_trace(const struct gc_server_exchange *exchange, uint8_t code, size_t answer_len, uint64_t delay_ms, const char *phrase);
/** Move the deadline of something that lives. */
void gc_due_set(struct gc_server *server, struct gc_due *due, uint64_t at_ms);
void gc_server_drop_delayed(struct gc_delayed *delayed);

/* server_resources.c */
void gc_resource_free(struct gc_resource *resource);

/* server_accept.c */
void gc_server_accept(struct gc_member *member, const struct gc_inbound *in);

/** Fill what the options say. NULL: all well; else why the request is bad (4.00). */
const char *gc_server_read_options(struct gc_server_exchange *exchange);

/** The hash of a path with one segment more; that of no segment is address_key. */
uint64_t gc_server_path_hash(uint64_t before, struct gc_bytes segment);

/** Run the resource's handler into the server's body buffer, or `body` where not NULL. */
void gc_server_run(const struct gc_server_exchange *exchange, uint8_t method, struct gc_server_response *response, uint8_t *body);
struct gc_server_response gc_server_response(struct gc_server *server, uint8_t code);

/* server_respond.c */
void gc_server_respond(struct gc_server_exchange *exchange, struct gc_server_response *response);
void gc_server_error(struct gc_server_exchange *exchange, uint8_t code, const char *phrase);
/** "code ‖ options ‖ [ff ‖ payload]" of a response or notification, in the server's message buffer. */
enum gc_err gc_server_compose(const struct gc_server_exchange *exchange, struct gc_server_response *response, uint8_t szx,
                              struct gc_bytes *out) GC_MUST_CHECK;
/** The same in at most `limit` bytes with its header, by smaller and smaller blocks; *szx: the largest to begin with, then
 *  what it was. GC_E_LIMIT: the smallest does not fit (and is composed). */
enum gc_err gc_server_compose_within(const struct gc_server_exchange *exchange, struct gc_server_response *response, size_t limit,
                                     uint8_t *szx, struct gc_bytes *out) GC_MUST_CHECK;
/** Is this class of response kept back? By No-Response: *by_client. */
bool gc_server_keeps_back(const struct gc_server_exchange *exchange, uint8_t code, bool *by_client);
/** No answer, for this reason. */
void gc_server_suppress(const struct gc_server_exchange *exchange, const char *phrase);
/** A short 4.01 that is answered with what only the owner of the address can know. */
void gc_server_challenge(struct gc_server_exchange *exchange);
/** What may be sent to the client of this request, bytes; SIZE_MAX: it is known. */
size_t gc_server_answer_limit(const struct gc_server_exchange *exchange);
uint64_t gc_server_etag(const struct gc_server_exchange *exchange, const struct gc_server_response *response);
/** A time within the member's next Leisure period in the group. */
uint64_t gc_member_leisure(struct gc_member *member, const struct gc_addr *group, uint64_t now_ms);

/** Put on protection, and send it now or after the Leisure. false: it could not be */
bool gc_server_send_answer(const struct gc_server_exchange *exchange, const struct gc_server_response *response, struct gc_bytes body,
                           const char *phrase);

/* server_security.c */
/** Take the protection off: exchange is about the inner message (in *message) then. false: the request is done with */
bool gc_server_open(struct gc_server_exchange *exchange, struct gc_message *message);
/** Put protection on a body; it lies in the server's memory until the next one. */
enum gc_sec gc_server_seal(const struct gc_server_exchange *exchange, struct gc_bytes *body);
/** Bytes that gc_server_seal adds, about; 0: nothing is protected. */
size_t gc_server_seal_growth(const struct gc_server_exchange *exchange);
/** The newest context of this one's group: answers leave under it (draft, Section 7.3); OSCORE knows no groups. */
struct gc_oscore_context *gc_member_newest_context(const struct gc_member *member, struct gc_oscore_context *context);
struct gc_server_peer gc_server_peer_of(const struct gc_server_exchange *exchange);
bool gc_server_is_peer(const struct gc_server_peer *peer, const struct gc_server_exchange *exchange);

/* server_block.c */
/** The request's body is complete in exchange->payload: true. Else the request has been answered. */
bool gc_server_block1(struct gc_server_exchange *exchange);
/** A later block of a response that is kept: answered, true. */
bool gc_server_block2_kept(struct gc_server_exchange *exchange);
/** Is this a response that is kept for its later blocks: that to a method other than GET, or a large one to GET of what nobody observes? */
bool gc_server_block2_keeps(const struct gc_server_exchange *exchange, const struct gc_server_response *response);
/** Keep it. false: no room */
bool gc_server_block2_keep(const struct gc_server_exchange *exchange, const struct gc_server_response *response);
/** A request that would be answered with another large response for which there is no room has been answered, before anything
 *  has been done: true. */
bool gc_server_block2_is_busy(struct gc_server_exchange *exchange);
/** 5.03: come again. */
void gc_server_busy(struct gc_server_exchange *exchange);
void gc_transfer_free(struct gc_transfer *transfer);

/* server_observe.c */
/** The client is (now) an observer: true, exchange->observe_number set. */
bool gc_server_observe(struct gc_server_exchange *exchange, bool *is_new);
void gc_server_unobserve(const struct gc_server_exchange *exchange);
/** Whose request it is has a traditional observation; NULL: has none. */
struct gc_observer *gc_server_observer_of(const struct gc_server_exchange *exchange);
/** Its registration again, as if it came now. false: it cannot be read */
bool gc_observer_restore(struct gc_server_exchange *exchange, struct gc_message *message, struct gc_observer *observer, uint64_t now_ms);
/** A message of the observation ("code ‖ options ‖ [ff ‖ payload]"). */
enum gc_err gc_observer_send(struct gc_observer *observer, struct gc_bytes body, bool as_con, uint64_t cookie, uint64_t now_ms) GC_MUST_CHECK;
/** Give up an observation while its member's endpoint is alive. */
void gc_observer_drop(struct gc_observer *observer);
/** Greater than the one before for every client of this member. */
uint32_t gc_member_observe_number(struct gc_member *member, uint64_t now_ms);
void gc_observer_due(struct gc_observer *observer, uint64_t now_ms);
void gc_observer_delivery(struct gc_member *member, enum gc_delivery delivery, uint64_t id, uint64_t now_ms);
void gc_observer_free(struct gc_observer *observer);
/** The last notification of all that observe a resource. */
void gc_server_end_observations(struct gc_server *server, const struct gc_resource *resource, uint64_t now_ms);
/** Those of one who is known by this context end without one. */
void gc_server_forget_observers(struct gc_server *server, const struct gc_oscore_context *context);

/* server_echo.c */
void gc_server_echo_seen(struct gc_server_exchange *exchange, struct gc_bytes value);
bool gc_server_is_verified(const struct gc_server *server, const struct gc_addr *remote, uint64_t now_ms);
/** The value to challenge this client with; borrowed until the next call. */
struct gc_bytes gc_server_echo_value(struct gc_server *server, const struct gc_addr *remote, uint64_t now_ms);

/* server_discovery.c */
/** The link of a resource or, with `target`, of something elsewhere. Gives text and len. GC_E_RANGE: bad or too long; GC_E_MEMORY */
enum gc_err gc_server_link_make(struct gc_server_link *link, const struct gc_resource_def *def, const char *target) GC_MUST_CHECK;
enum gc_err gc_server_discover(void *ctx, const struct gc_server_request *request, struct gc_server_response *response);

#endif
