/* What the files of the observing client share. Not for callers.
 *
 *   observe_client.c           the client: what the client below tells, new keys, the clock
 *   observe_client_register.c  the first registration
 *   observe_client_server.c    one server: registering again, freshness, confirmations
 *   observe_client_group.c     informative responses, what comes to groups
 */
#ifndef GC_GROUP_OBSERVE_CLIENT_INTERNAL_H
#define GC_GROUP_OBSERVE_CLIENT_INTERNAL_H

#include "base/table.h"
#include "base/timers.h"
#include "coap/builder.h"
#include "group/observe_client.h"
#include "iana/names.h"
#include "iana/options.h"

/* A server, and how its notifications come. It lives as long as the client. */
struct gc_observe_server {
  struct gc_link link;
  struct gc_timer timer;           /* the earliest of the times below */
  struct gc_observe_client *client;
  struct gc_addr addr;
  struct gc_exchange *exchange;    /* a registration with it alone; NULL: the client's first one, or none */
  struct gc_listener *listener;    /* NULL: no group observation */
  bool is_observed;                /* a traditional observation stands */
  bool is_retry;                   /* `exchange` has not been answered yet */
  unsigned failures;               /* registrations in a row that came to nothing */
  uint64_t again_ms;               /* when to register again; UINT64_MAX: not */
  uint64_t confirm_ms;             /* when to confirm interest; UINT64_MAX: not */
  uint8_t kid[GC_ID_MAX_LEN], kid_len; /* under the context of the client's request */
  bool has_kid;                    /* it has answered under protection */
};

struct gc_observe_client {
  struct gc_observe_client_params params;
  struct gc_observe_client_ops ops;
  struct gc_rng rng;
  struct gc_client *client;
  struct gc_table servers;
  struct gc_timers timers;
  uint64_t hash_key, now_ms;
  struct gc_exchange *first;       /* the first registration */
  struct gc_request request;       /* options, payload, token and peer point into `kept` */
  struct gc_message original;      /* points into `kept` */
  uint8_t peer[GC_ID_MAX_LEN];     /* of the request, once the group was rekeyed */
  uint8_t *kept, *spare;           /* spare: in `kept`, room for the options of further registrations */
  bool has_request, is_over, is_told;
  struct gc_observe_client_state state;
  uint8_t plain[GC_OSCORE_STORAGE_LEN(GC_MESSAGE_MAX_LEN)]; /* last: not cleared */
};

/* observe_client.c */
void gc_observe_tell(struct gc_observe_client *client, struct gc_observe_event *event);
double gc_observe_utc(const struct gc_observe_client *client);
extern char gc_observe_aside; /* the `user` of exchanges whose fate is nobody's news */

/* observe_client_server.c */
struct gc_observe_server *gc_observe_server_find(const struct gc_observe_client *client, const struct gc_addr *addr);
/** NULL: too many, no memory */
struct gc_observe_server *gc_observe_server_get(struct gc_observe_client *client, const struct gc_addr *addr);
void gc_observe_server_schedule(struct gc_observe_server *server);
/** A representation has come: register again when it is no longer fresh. */
void gc_observe_server_fresh(struct gc_observe_server *server, struct gc_bytes options);
void gc_observe_server_retry(struct gc_observe_server *server);
void gc_observe_server_due(struct gc_observe_server *server);
/** The registration with it alone has ended. */
void gc_observe_server_exchange_ended(struct gc_observe_server *server);
/** The observation is over: told, and begun anew where that is wanted. */
void gc_observe_server_ended(struct gc_observe_server *server, const struct gc_message *message, const struct gc_oscore_opened *security,
                             const char *phrase, bool is_again);
/** Tell it that nobody is interested (Section 5.2). */
void gc_observe_server_withdraw(struct gc_observe_server *server);
/** Is there anything that may still come from it? */
bool gc_observe_server_is_awaited(const struct gc_observe_server *server);

/* observe_client_group.c */
void gc_observe_inform(struct gc_observe_client *client, const struct gc_client_event *event);
void gc_observe_hear(struct gc_observe_client *client, const struct gc_datagram *datagram);
/** No more group observation of it; the group is left where nobody else listens to it. */
void gc_observe_drop_listener(struct gc_observe_server *server);

#endif
