/* gc-serve: options → struct → resources and sockets → run. */
#ifndef GC_TOOLS_GC_SERVE_H
#define GC_TOOLS_GC_SERVE_H

#include "common/opt.h"
#include "common/out.h"
#include "common/status.h"
#include "group/group_observe.h"

#define GC_SERVE_GROUPS_MAX 64
#define GC_SERVE_MEMBERS_MAX 65536

/** A group as it was asked for; ifindex from its zone, or 0. */
struct gc_serve_group {
  struct gc_addr address;
  uint32_t ifindex;
  bool is_optional; /* one of several for `all-coap`: what this host cannot do is left out */
};

/** What the options about group observations say. */
struct gc_serve_observe {
  struct gc_group_observe_params params; /* group family NONE: no --group-observe */
  const char *first;                     /* the first option that is for nothing without it; NULL: none */
  bool has_lifetime, has_cri;            /* --self-managed-for, --cri were given */
};

/** Keys of the rows in the option table that gc-serve_group.c sets. */
enum gc_serve_group_key {
  GC_SERVE_GROUP_OBSERVE = 512, GC_SERVE_AFTER, GC_SERVE_FOR, GC_SERVE_INTERVAL, GC_SERVE_FORMAT, GC_SERVE_CRI, GC_SERVE_CONFIRM,
  GC_SERVE_CONFIRM_WAIT, GC_SERVE_SELF_MANAGED, GC_SERVE_SELF_MANAGED_FOR, GC_SERVE_ALLOW_PLAIN_KEYS, GC_SERVE_JOIN_URI, GC_SERVE_SEC_GP,
  GC_SERVE_AS_URI,
};

struct gc_serve_params {
  struct gc_common common;
  uint32_t ifindex;                    /* -i, 0: none */
  struct gc_addr binds[2];             /* one a family; family NONE: none */
  size_t bind_count;
  struct gc_serve_group groups[GC_SERVE_GROUPS_MAX];
  size_t group_count;
  bool no_groups, is_open; /* is_open: --public */
  bool also_plain;                     /* unprotected requests are answered although there are contexts */
  enum gc_answer_mode answer_mode;
  uint64_t keep_old_ms;                /* how long the keys before a rekeying are received under */
  uint32_t members;
  const char **resources, **links;     /* --resource, --link in order */
  size_t resource_count, link_count;
  struct gc_server_params server;
  uint32_t large_len;                  /* of /large, bytes */
  uint64_t tick_ms;                    /* of /time */
  uint64_t time_ms;                    /* end after so long; 0: never */
  uint64_t count;                      /* end after so many requests; 0: never */
  struct gc_serve_observe observe;
  int hop_limit;                       /* of multicast; -1: the system's */
};

/* gc-serve_params.c */
extern const struct gc_tool gc_serve_tool;
void gc_serve_params_parse(struct gc_serve_params *params, int argc, char **argv); /* exits 2 on wrong use */
void gc_serve_params_free(struct gc_serve_params *params);
/** An address with a zone, which becomes an interface. NULL, or what is wrong. */
const char *gc_serve_read_address(struct gc_addr *address, uint32_t *ifindex, const char *arg);

/* gc-serve_group.c */
struct gc_serve_observe gc_serve_observe_default(void);
/** One option of enum gc_serve_group_key. NULL, or what is wrong with its argument. */
const char *gc_serve_observe_set(struct gc_serve_observe *observe, int key, const char *arg);
/** What belongs together, once all options are read; exits 2 on wrong use. */
void gc_serve_observe_complete(struct gc_serve_params *params);
struct gc_serve_security;
/** Can multicast leave for the group, and can each member protect it? One line on stderr where not: status 2, 4 */
enum gc_status gc_serve_observe_check(const struct gc_serve_params *params, const struct gc_serve_security *security);
/** Let the registrations of a resource become group observations, where --group-observe was given. */
enum gc_status gc_serve_observe_enable(const struct gc_serve_params *params, struct gc_server *server, struct gc_resource *resource);

/* gc-serve_security.c */
/** Open the contexts of -g, with their numbers and replay windows. *out is NULL where there are none. 2, 3, 4: said */
enum gc_status gc_serve_security_open(struct gc_serve_security **out, const struct gc_serve_params *params);
enum gc_status gc_serve_security_apply(struct gc_serve_security *security, struct gc_member *const *members, enum gc_answer_mode mode);
/** Is one of the contexts that of a group? */
bool gc_serve_security_is_group(const struct gc_serve_security *security);
/** Has each member a context with group mode and a Sender Context? */
bool gc_serve_security_has_group_mode(const struct gc_serve_security *security);
/** Files of -g that are replaced or removed are noticed from here on; security NULL: nothing to do. Status 4: said */
struct gc_loop;
enum gc_status gc_serve_security_watch(struct gc_serve_security *security, struct gc_server *server, struct gc_loop *loop,
                                       const struct gc_serve_params *params);
uint64_t gc_serve_security_deadline(const struct gc_serve_security *security);
void gc_serve_security_tick(struct gc_serve_security *security, uint64_t now_ms);
/** Save the replay windows, wipe the keys; after the server is gone. Status 4: they could not be saved */
enum gc_status gc_serve_security_close(struct gc_serve_security **security);

/* gc-serve_resources.c */
struct gc_serve_resources;

/** Add the built-in resources and those of --resource and --link. */
enum gc_status gc_serve_resources_new(struct gc_serve_resources **out, struct gc_server *server, const struct gc_serve_params *params,
                                      const struct gc_serve_security *security);
void gc_serve_resources_free(struct gc_serve_resources **resources);

/** When /time changes next for somebody who watches; UINT64_MAX: nobody does. */
uint64_t gc_serve_resources_deadline(const struct gc_serve_resources *resources);
void gc_serve_resources_tick(struct gc_serve_resources *resources, uint64_t now_ms);

/* gc-serve_sockets.c */
struct gc_serve_sockets;

/** Bind every member, join every group, raise the limit of open files where that is needed. One line on stderr on failure. */
enum gc_status gc_serve_sockets_open(struct gc_serve_sockets **out, const struct gc_serve_params *params, struct gc_loop *loop,
                                     void (*receive)(void *ctx, size_t member, const struct gc_datagram *datagram), void *ctx);
#define GC_SERVE_ALL_MEMBERS ((size_t)-1)
/** Status 4 where the capture could not be written in whole. */
enum gc_status gc_serve_sockets_close(struct gc_serve_sockets **sockets);
struct gc_addr gc_serve_sockets_address(const struct gc_serve_sockets *sockets, size_t member);
size_t gc_serve_sockets_groups(const struct gc_serve_sockets *sockets);
enum gc_err gc_serve_sockets_send(struct gc_serve_sockets *sockets, size_t member, const struct gc_datagram *datagram);

/* gc-serve_show.c */
void gc_serve_show(struct gc_out *out, const struct gc_serve_params *params, const struct gc_server_trace *trace);

/** -vv: a message as it went over the wire, in a line; hex: its bytes too. */
void gc_serve_show_datagram(struct gc_out *out, const char *arrow, const struct gc_addr *own, const struct gc_addr *peer,
                            struct gc_bytes bytes, bool hex);

/* gc-serve_run.c */
enum gc_status gc_serve_run(const struct gc_serve_params *params);

#endif
