/* Group observations, within the server. Not for callers: group_observe.h is.
 *
 *   server_group_observe.c   which resources, when one starts, who takes part
 *   server_group_inform.c    informative responses
 *   server_group_notify.c    notifications and the end
 *   server_group_keys.c      the context that protects; the group a member manages itself
 *   server_introspection.c   /.well-known/core/mc-sender
 */
#ifndef GC_GROUP_SERVER_GROUP_H
#define GC_GROUP_SERVER_GROUP_H

#include "group/group_observe.h"
#include "group/server_internal.h"
#include "iana/names.h"
#include "observe/self_managed_make.h"

#define GC_PHANTOM_MAX_LEN 256      /* of the unprotected phantom request, bytes */
#define GC_NOTIFICATION_MAX_LEN 1280 /* of a notification's transport-independent part: a block, options, protection */
#define GC_INFORMATIVE_MAX_LEN 1024 /* of an informative response's payload with last_notif (RFC 7252, Section 4.6) */

/** What gc_server_observe_by_group was told for a resource. */
struct gc_group_policy {
  struct gc_group_observe_params params; /* its texts are owned */
  uint8_t phantom[GC_PHANTOM_MAX_LEN];   /* code ‖ options */
  size_t phantom_len;
};

/** A group that a member manages itself. Lies in secret memory. */
struct gc_own_group {
  uint8_t private_key[32]; /* the same for all groups that follow */
  struct gc_self_managed *group;
  enum gc_omn_format format; /* that it can be told in */
  uint64_t expires_ms;
};

/** A group observation: as long as one lives its resource's representation is sent to the group. */
struct gc_group_source {
  struct gc_due due;
  struct gc_member *member;
  struct gc_resource *resource;
  struct gc_group_source *next, **link;
  struct gc_addr local;         /* SRV_ADDR:SRV_PORT */
  uint64_t id;                  /* cookie of its informative responses */
  uint8_t token[GC_TOKEN_MAX_LEN];
  struct gc_counting counting;
  bool is_dirty;
  uint64_t not_before_ms;       /* of the next notification */
  uint64_t refresh_ms;          /* the latest notification is older than its Max-Age then */
  uint64_t ends_ms;             /* "ending"; UINT64_MAX: not planned */
  struct gc_oscore_context *context; /* NULL: not protected */
  struct gc_oscore_binding binding;  /* of the phantom request */
  size_t ph_req_len, latest_len;
  uint8_t ph_req[GC_PHANTOM_MAX_LEN + GC_OSCORE_GROWTH_MAX];
  uint8_t latest[GC_NOTIFICATION_MAX_LEN]; /* the latest notification, INIT_NOTIF at first */
};

/* server_group_observe.c */
/** The request is about a group observation and has been dealt with: true. Else it is answered as always. */
bool gc_group_take(struct gc_server_exchange *exchange);
/** Can a group observation serve this registration, as far as address, options and protection go? */
bool gc_group_suits(const struct gc_server_exchange *exchange);
void gc_group_delivery(struct gc_member *member, enum gc_delivery delivery, uint64_t id);
void gc_group_policy_free(struct gc_group_policy **policy);
/** Without a word to the group. */
void gc_group_source_free(struct gc_group_source *source);
static inline struct gc_bytes gc_group_token(const struct gc_group_source *source)
{
  return gc_bytes(source->token, source->resource->policy->params.token_len);
}

/* server_group_inform.c */
/** Fill in tp_info, ph_req, last_notif and ending; borrowed from the source. */
void gc_group_describe(const struct gc_group_source *source, struct gc_informative *response);
/** Count the client in, and tell it. false: it has to show first that it is there (and has been challenged) */
bool gc_group_inform(struct gc_server_exchange *exchange, struct gc_group_source *source);
/** Move the traditional observations of the resource over that the group observation can serve. */
void gc_group_convert(struct gc_group_source *source, uint64_t now_ms);

/* server_group_notify.c */
/** Run the handler for the phantom request; *exchange and *message are about it then. false: what came out is no success
 *  or too large for one message (and *response tells). */
bool gc_group_run(struct gc_group_source *source, struct gc_server_exchange *exchange, struct gc_message *message,
                  struct gc_server_response *response, uint64_t now_ms);
/** Make the first notification of what the handler has said, and keep it. */
bool gc_group_init_notif(struct gc_group_source *source, const struct gc_server_exchange *exchange, const struct gc_server_response *response);
/** When the source wants to be looked at next. */
void gc_group_schedule(struct gc_group_source *source);
void gc_group_source_due(struct gc_group_source *source, uint64_t now_ms);
void gc_group_changed(struct gc_member *member, const struct gc_resource *resource, uint64_t now_ms);
/** Say 5.03 to the group, and forget it. */
void gc_group_cancel(struct gc_group_source *source, uint64_t now_ms, const char *phrase);

/* server_group_keys.c */
/** The context for a new group observation, NULL where nothing is to be protected: of the group that the registration came by, else the
 *  newest that there is. false: there is none */
bool gc_group_find_context(const struct gc_server_exchange *registration, struct gc_oscore_context **context);
/** Has the client of this request, as far as its own context tells, the keys of the phantom request? Not where that is of another group,
 *  or the group was rekeyed between the two. */
bool gc_group_has_keys(const struct gc_group_source *source, const struct gc_server_exchange *exchange);
/** Protect the phantom request; one Sender Sequence Number. */
bool gc_group_protect_phantom(struct gc_group_source *source);
/** Protect a notification into the server's memory; bound to `binding`, under the newest context. */
enum gc_sec gc_group_seal(const struct gc_group_source *source, struct gc_oscore_binding *binding, struct gc_bytes *body);
/** What an informative response says of the keys, or of where to get them. */
void gc_group_tell_keys(const struct gc_group_source *source, uint64_t now_ms, struct gc_informative *response, uint8_t sign_params[static 16]);
void gc_own_group_free(struct gc_own_group **own);

/* server_introspection.c */
enum gc_err gc_server_introspect(void *ctx, const struct gc_server_request *request, struct gc_server_response *response);

#endif
