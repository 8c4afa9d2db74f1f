/* Group observations at the server: one multicast notification for all who observe a resource (draft-ietf-core-observe-
 * multicast-notifications, Sections 4, 8 and 9, Appendices A and C; version -05, Sections 2, 6 and 7, Appendix C). */
#ifndef GC_GROUP_GROUP_OBSERVE_H
#define GC_GROUP_GROUP_OBSERVE_H

#include "group/server.h"
#include "observe/counting.h"
#include "observe/informative.h"

/** How phantom request and notifications are protected. */
enum gc_group_protection {
  GC_GROUP_PLAIN,        /* not at all. Protected registrations stay traditional observations */
  GC_GROUP_OSCORE,       /* with the newest context of the member's ring that has group mode and a Sender Context */
  GC_GROUP_SELF_MANAGED, /* in a group of the member's own, whose keys go out in the informative response (Appendix C) */
};

/** What protects unicast protects the informative response: with GC_GROUP_OSCORE and GC_GROUP_SELF_MANAGED only registrations
 *  that a context of the member protects take part, all others stay traditional observations (Section 9). */
struct gc_group_observe_params {
  struct gc_addr group;        /* GRP_ADDR:GRP_PORT */
  uint32_t ifindex;            /* notifications leave here; 0: the system's routes decide */
  uint32_t after;              /* so many traditional observations stay before all become a group observation; 0: the first one does */
  enum gc_omn_format format;
  enum gc_tp_form form;        /* of the format */
  uint8_t token_len;           /* of T, 1 … 8 bytes: 4 */
  uint32_t notify_interval_ms; /* no faster than this; the first one not before either, so that clients can join: 3000 */
  struct gc_counting_params counting;
  uint64_t lifetime_s;         /* a group observation is cancelled after so long ("ending"): 86 400; 0: never */
  bool has_utc;                /* the time of day is known … */
  int64_t utc_ms;              /* … as the caller's clock and this: milliseconds since 1970-01-01T00:00:00Z */
  enum gc_group_protection protection;
  uint64_t material_lifetime_s; /* of the keys of GC_GROUP_SELF_MANAGED: 3600 */
  bool allow_plain_keys;       /* tests only: they are sent to unprotected registrations too, for all to read */
  const char *join_uri, *sec_gp, *as_uri; /* how to join the group of GC_GROUP_OSCORE; the first two or none; NULL: not said */
  const char *note;            /* for people whose client knows nothing of this: a further parameter "note" of the informative
                                  response (not in -05); NULL: none */
  bool tells_algorithms;       /* hkdf, cred_fmt, gp_enc_alg, sign_alg, sign_params too, where join_uri and sec_gp are given */
};

struct gc_group_observe_params gc_group_observe_params_default(void);

/**
 * May the registrations of an observable resource become group observations from now on? There is one for each member and
 * local address. A registration that it cannot serve (a query, an Accept option, FETCH, from or to a link-local address, to a
 * group by way of a member at any address, of another address family) gets a traditional observation, and so do all where
 * the representation is larger than a block or an error. The first call adds `/.well-known/core/mc-sender` too.
 * @param params  copied
 * @param[out] why  static phrase on GC_E_RANGE and GC_E_STATE; NULL allowed
 * @return GC_OK; GC_E_RANGE: the group address, counting or a length cannot be used; GC_E_STATE: parameters that exclude each other,
 *         a resource that is not observable; GC_E_EXISTS: called for this resource before; GC_E_MEMORY
 */
enum gc_err gc_server_observe_by_group(struct gc_server *server, struct gc_resource *resource, const struct gc_group_observe_params *params,
                                       const char **why) GC_MUST_CHECK;

/** Cancel all group observations, each with a 5.03 to its group: before an orderly end. */
void gc_server_group_cancel_all(struct gc_server *server, uint64_t now_ms);

/** The observer counters of a resource's group observations, summed. */
double gc_server_group_count(const struct gc_server *server, const struct gc_resource *resource);

#endif
