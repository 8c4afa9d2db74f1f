/* A client that observes a resource, at one server or at all that answer a group request, whatever way its notifications come:
 * by traditional observations (RFC 7641), or as multicast responses once a server has answered with an informative response
 * (draft-ietf-core-observe-multicast-notifications, Sections 5, 8.2, 9.3). It registers, acts on informative responses, keeps
 * notifications in order, confirms its interest when it is asked, and registers again when nothing fresh comes any more. No
 * I/O: sockets and the membership in multicast groups are the caller's. */
#ifndef GC_GROUP_OBSERVE_CLIENT_H
#define GC_GROUP_OBSERVE_CLIENT_H

#include "group/client.h"
#include "group/listener.h"

struct gc_observe_client;

struct gc_observe_client_params {
  struct gc_client_params client;
  uint32_t leisure_ms;         /* a confirmation of interest is sent within so long: 5000 (RFC 7252, Section 8.2) */
  uint32_t retry_min_ms, retry_max_ms; /* when the representation is no longer fresh, a registration follows after a random time
                                  between them, 100 ms at least: 5000, 15 000 (RFC 7641, Section 3.3.1) */
  bool stays;                  /* register again when a server has ended the observation */
  bool trust_plain_keys;       /* keying material without protection is taken: for tests */
  enum gc_omn_format otherwise; /* of informative responses that do not tell their format */
  uint32_t max_servers;        /* 4096 */
};

struct gc_observe_client_params gc_observe_client_params_default(void);

/** How a notification came. */
enum gc_observe_via {
  GC_VIA_OBSERVATION, /* a traditional one */
  GC_VIA_INFORMATIVE, /* last_notif of an informative response */
  GC_VIA_GROUP,       /* multicast */
};

enum gc_observe_event_kind {
  GC_OBSERVE_NOTIFICATION, /* newer than all before from this server */
  GC_OBSERVE_RESPONSE,     /* an answer to the registration that begins no observation: a representation only, or an error */
  GC_OBSERVE_INFORMED,     /* an informative response has been accepted: the group observation begins */
  GC_OBSERVE_REFUSED,      /* an informative response cannot be acted on; the interest is withdrawn */
  GC_OBSERVE_OLD,          /* a notification that was overtaken by a newer one, or came again */
  GC_OBSERVE_STRAY,        /* a datagram to the group that is for no group observation of ours */
  GC_OBSERVE_INSECURE,     /* a notification that does not verify, or is a replay */
  GC_OBSERVE_UNUSABLE,     /* a notification that breaks a rule */
  GC_OBSERVE_KEYS,         /* the server has handed out its next keying material; phrase not NULL: it could not be taken */
  GC_OBSERVE_CONFIRMED,    /* the server asks who is still there, and this client has said so */
  GC_OBSERVE_AGAIN,        /* a registration is sent anew; phrase says why */
  GC_OBSERVE_ENDED,        /* the observation at this server is over; phrase says why */
  GC_OBSERVE_TROUBLE,      /* what the client below tells: time-outs, resets, responses that do not verify … (client_event) */
  GC_OBSERVE_END,          /* there is nothing to wait for any more */
};

/** What happened. Borrowed for the call. */
struct gc_observe_event {
  enum gc_observe_event_kind kind;
  struct gc_addr from;                 /* the server; STRAY: whoever sent it */
  struct gc_message message;           /* as it came, or decrypted; INFORMED, REFUSED: the informative response, where one came */
  enum gc_observe_via via;             /* NOTIFICATION, OLD, INSECURE, UNUSABLE */
  uint32_t observe;                    /* NOTIFICATION */
  const struct gc_informative *informative; /* INFORMED, REFUSED; NULL: it could not be read (where says where) */
  const struct gc_listener *listener;  /* INFORMED */
  struct gc_listener_refusal refusal;  /* REFUSED */
  struct gc_where where;               /* REFUSED */
  int error;                           /* REFUSED: errno of what `join` did; 0: that was not it */
  const struct gc_oscore_opened *security; /* what protected the message; NULL: nothing */
  enum gc_sec result;                  /* INSECURE */
  const char *phrase;
  const struct gc_client_event *client_event; /* TROUBLE */
  uint64_t now_ms;
};

struct gc_observe_client_ops {
  /** Put a datagram on the wire; answers come back by gc_observe_client_receive. */
  enum gc_err (*send)(void *ctx, const struct gc_datagram *datagram);
  /** Listen for datagrams to the group: each comes back by gc_observe_client_receive. Called once for each group that is not yet
   *  listened to. GC_E_SYSTEM (errno): it cannot be done */
  enum gc_err (*join)(void *ctx, const struct gc_addr *group, const struct gc_addr *server);
  void (*leave)(void *ctx, const struct gc_addr *group);
  void (*event)(void *ctx, const struct gc_observe_event *event);
  /** As of gc_client_ops. NULL: no response is kept */
  bool (*hold)(void *ctx, const struct gc_oscore_context *context, struct gc_bytes kid);
  /** Seconds since 1970-01-01T00:00:00Z, negative: not known. NULL: never known */
  double (*utc_s)(void *ctx);
  void *ctx;
};

/** NULL: no memory. */
struct gc_observe_client *gc_observe_client_new(const struct gc_observe_client_params *params, const struct gc_observe_client_ops *ops,
                                                struct gc_rng rng);
/** Everything is forgotten without a word on the wire; groups are left. */
void gc_observe_client_free(struct gc_observe_client **client);

/**
 * Register, once. The request is kept for registrations to come; it may go to a group, then it is about every server that answers.
 * @param request observe is set here; its context and ring outlive the client; wait_ms and max_responders do not matter. A No-Response
 *                option (to be counted only, Section 5.1), its token and Message ID are for the first registration alone
 * @return as gc_client_request
 */
enum gc_err gc_observe_client_register(struct gc_observe_client *client, const struct gc_request *request, uint64_t now_ms) GC_MUST_CHECK;

/**
 * Take part in a group observation whose data was learned elsewhere (Appendix A). Before or without a registration.
 * @param response with tp_info and ph_req
 * @param ring     contexts for protected notifications; NULL: none
 * @param original what the phantom request has to answer; NULL: anything
 * @return GC_OK; GC_E_MALFORMED: refused, a REFUSED event says why; GC_E_MEMORY; GC_E_LIMIT
 */
enum gc_err gc_observe_client_listen(struct gc_observe_client *client, const struct gc_informative *response, struct gc_oscore_ring *ring,
                                     const struct gc_message *original, uint64_t now_ms) GC_MUST_CHECK;

/**
 * Register under this context from now on: the group was rekeyed, and it is in the ring. Observations that stand go on. Where requests
 * go to one member in pairwise mode it is looked for by its key; without it nothing more is sent under the new keys.
 */
void gc_observe_client_rekeyed(struct gc_observe_client *client, struct gc_oscore_context *context);

/** gc_client_release, for group observations too. */
bool gc_observe_client_release(struct gc_observe_client *client, const struct gc_oscore_context *context);

/** Leave: traditional observations are deregistered, group observations just forgotten (RFC 7641, Section 3.6). END follows. */
void gc_observe_client_leave(struct gc_observe_client *client, uint64_t now_ms);

/** A datagram to the client's own address, or to a group. */
void gc_observe_client_receive(struct gc_observe_client *client, const struct gc_datagram *datagram, uint64_t now_ms);
void gc_observe_client_tick(struct gc_observe_client *client, uint64_t now_ms);
uint64_t gc_observe_client_deadline(const struct gc_observe_client *client);

/** gc_client_reconsider. */
void gc_observe_client_reconsider(struct gc_observe_client *client, uint64_t now_ms);

/** Why the last request could not be protected; GC_SEC_OK: that was not the reason. */
enum gc_sec gc_observe_client_protect_result(const struct gc_observe_client *client);

struct gc_observe_client_state {
  size_t servers, observations, group_observations; /* known; with a traditional observation; with one of a group */
  uint64_t notifications, old, strays, insecure, unusable, confirmations, registrations;
};
struct gc_observe_client_state gc_observe_client_state(const struct gc_observe_client *client);

#endif
