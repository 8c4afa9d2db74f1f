/* One group observation at a client: what an informative response leads to, and what it makes of each datagram that comes to
 * the multicast group (draft-ietf-core-observe-multicast-notifications, Sections 5.2 to 5.4, 9.3 and Appendix C). No I/O: who
 * listens joins the group, and asks the server; observe_client.h does that. */
#ifndef GC_GROUP_LISTENER_H
#define GC_GROUP_LISTENER_H

#include "endpoint/endpoint.h"
#include "observe/informative.h"
#include "observe/phantom.h"
#include "oscore/ring.h"

struct gc_listener;

struct gc_listener_params {
  struct gc_addr server;               /* that the informative response came from; family NONE: learned elsewhere */
  const struct gc_message *original;   /* the registration, unprotected, with its Observe option; NULL: none was made */
  bool is_protected;                   /* the informative response was: nothing unprotected can follow from it */
  struct gc_oscore_ring *ring;         /* the client's contexts; NULL: none. They and it outlive the listener */
  bool trust_plain_keys;               /* take keying material from an unprotected informative response: for tests */
  double utc_s;                        /* seconds since 1970-01-01T00:00:00Z; negative: not known */
};

/** Why a group observation does not come about. */
enum gc_listener_fault {
  GC_LISTENER_FAULT_NONE,
  GC_LISTENER_FAULT_MALFORMED,  /* something is missing, wrong or hostile */
  GC_LISTENER_FAULT_MISMATCH,   /* it is about something else than what was asked for */
  GC_LISTENER_FAULT_EXPIRED,    /* it has ended, or its keys have, by the time of day */
  GC_LISTENER_FAULT_INSECURE,   /* the phantom request does not verify, or protection was taken off */
  GC_LISTENER_FAULT_NO_CONTEXT, /* protected for a group whose keys are not here: join it first */
  GC_LISTENER_FAULT_MEMORY,
};

struct gc_listener_refusal {
  enum gc_listener_fault fault;
  const char *phrase; /* lower case, static */
  enum gc_sec result; /* INSECURE, NO_CONTEXT: what the security layer says of the phantom request */
};

/**
 * Take part: rebuild the phantom request, verify and compare it, prepare for its notifications (Section 5.2, Steps 2 to 4;
 * Section 9.3.1).
 * @param response its bytes are not needed afterwards
 * @param[out] refusal filled on an error
 * @return GC_OK; GC_E_MALFORMED: refused; GC_E_MEMORY
 */
enum gc_err gc_listener_new(struct gc_listener **out, const struct gc_informative *response, const struct gc_listener_params *params,
                            uint64_t now_ms, struct gc_listener_refusal *refusal) GC_MUST_CHECK;
void gc_listener_free(struct gc_listener **listener);

/**
 * Is the response about the same group observation, phantom request included? Then its last_notif and its end are taken over, and
 * what was received before still counts: nothing is shown twice. false: it is about another one, nothing has changed.
 */
bool gc_listener_renew(struct gc_listener *listener, const struct gc_informative *response, const struct gc_listener_params *params,
                       uint64_t now_ms);

enum gc_heard {
  GC_HEARD_NOTHING,      /* gc_listener_last: there is none */
  GC_HEARD_NOTIFICATION, /* newer than all before: show it */
  GC_HEARD_OLD,          /* overtaken by a newer one, the same representation again, or a duplicate of the message */
  GC_HEARD_STRAY,        /* not of this group observation: another source, group or Token */
  GC_HEARD_INSECURE,     /* it does not verify, is a replay, or another member has made it: result says which */
  GC_HEARD_UNUSABLE,     /* it breaks a rule of CoAP or Observe, or has a critical option that is not understood */
  GC_HEARD_KEYS,         /* the server goes on with new keying material, which has been taken (Appendix C) */
  GC_HEARD_END,          /* the server has ended the group observation: message.code says how */
};

/** What became of a datagram. */
struct gc_heard_message {
  enum gc_heard what;
  struct gc_message message;         /* decrypted, where it was protected and verified; else as it came */
  const struct gc_oscore_opened *security; /* NULL: nothing protected it; lives in `opened` */
  enum gc_sec result;
  const char *phrase;                /* UNUSABLE, and KEYS that could not be taken: why; static */
  uint32_t observe;                  /* NOTIFICATION */
  struct gc_oscore_opened opened;    /* last: not cleared */
};

/** A context has left the client's ring for good: what came under it is forgotten. false: the listener still refers to it */
bool gc_listener_release(struct gc_listener *listener, const struct gc_oscore_context *context);

/** The notification that came with the informative response (Steps 5 and 6): to be asked for once, first of all.
 *  @param storage GC_OSCORE_STORAGE_LEN of its length; heard->message may live in it, else in the listener */
void gc_listener_last(struct gc_listener *listener, struct gc_buf storage, uint64_t now_ms, struct gc_heard_message *heard);

/** A datagram that came to the group. @param storage GC_OSCORE_STORAGE_LEN of the datagram */
void gc_listener_receive(struct gc_listener *listener, const struct gc_datagram *datagram, struct gc_buf storage, uint64_t now_ms,
                         struct gc_heard_message *heard);

/** The transport: whence, whither, with which Token. */
const struct gc_group_observation *gc_listener_observation(const struct gc_listener *listener);

/** The phantom request, decrypted; borrowed from the listener. */
struct gc_message gc_listener_phantom(const struct gc_listener *listener);

/** Has it keying material of a group that the server manages itself? */
bool gc_listener_has_own_keys(const struct gc_listener *listener);

/** When it ends by itself: `ending`, or the keys expire. UINT64_MAX: never. *why: in words */
uint64_t gc_listener_ends_ms(const struct gc_listener *listener, const char **why);

#endif
