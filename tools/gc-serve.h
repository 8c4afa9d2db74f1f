/* gc-serve: options → struct → resources and sockets → run. */
#ifndef GC_TOOLS_GC_SERVE_H
#define GC_TOOLS_GC_SERVE_H

#include "common/opt.h"
#include "common/out.h"
#include "common/status.h"
#include "group/server.h"

#define GC_SERVE_GROUPS_MAX 64
#define GC_SERVE_MEMBERS_MAX 65536

/** A group as it was asked for; ifindex from its zone, or 0. */
struct gc_serve_group {
  struct gc_addr address;
  uint32_t ifindex;
  bool is_optional; /* one of several for `all-coap`: what this host cannot do is left out */
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
  uint32_t members;
  const char **resources, **links;     /* --resource, --link in order */
  size_t resource_count, link_count;
  struct gc_server_params server;
  uint32_t large_len;                  /* of /large, bytes */
  uint64_t tick_ms;                    /* of /time */
  uint64_t time_ms;                    /* end after so long; 0: never */
  uint64_t count;                      /* end after so many requests; 0: never */
};

/* gc-serve_params.c */
extern const struct gc_tool gc_serve_tool;
void gc_serve_params_parse(struct gc_serve_params *params, int argc, char **argv); /* exits 2 on wrong use */
void gc_serve_params_free(struct gc_serve_params *params);

/* gc-serve_security.c */
struct gc_serve_security;

/** Open the contexts of -g, with their numbers and replay windows. *out is NULL where there are none. 2, 3, 4: said */
enum gc_status gc_serve_security_open(struct gc_serve_security **out, const struct gc_serve_params *params);
enum gc_status gc_serve_security_apply(struct gc_serve_security *security, struct gc_member *const *members, enum gc_answer_mode mode);
/** Is one of the contexts that of a group? */
bool gc_serve_security_is_group(const struct gc_serve_security *security);
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
struct gc_loop;

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
