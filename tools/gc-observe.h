/* gc-observe: what its files share. argv → struct gc_observe (params) → network (run, net) → lines (report). */
#ifndef GC_TOOLS_GC_OBSERVE_H
#define GC_TOOLS_GC_OBSERVE_H

#include <sys/types.h>

#include "coap/builder.h"
#include "common/client_security.h"
#include "common/destination.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/phantom_file.h"
#include "common/status.h"
#include "group/observe_client.h"

#define GC_OBSERVE_OPTIONS_MAX 4096 /* bytes of -O options */

enum gc_observe_type { GC_OBSERVE_AUTO, GC_OBSERVE_CON, GC_OBSERVE_NON };

/** The command line as a struct. Strings are borrowed from argv. */
struct gc_observe {
  struct gc_common common;
  const char *uri;              /* NULL: only --phantom */
  const char *phantom, *save_phantom;
  const char *pairwise;
  const char *join;             /* context with the own Authorization Server; NULL: groups are not joined */
  const char *join_out;         /* where the group's context goes; NULL: a file with the group's name */
  enum gc_observe_type type;
  uint8_t family, scope;
  uint16_t port;
  int hop_limit;                /* -1: the system's */
  int32_t accept;               /* -1: none */
  uint64_t count;               /* 0: no limit */
  uint64_t wait_ms;             /* 0: until a signal */
  uint64_t keep_old_ms;         /* how long the keys before a rekeying are received under */
  struct gc_observe_client_params client;
  struct gc_builder options;    /* -O, encoded in options_store */
  uint8_t options_store[GC_OBSERVE_OPTIONS_MAX]; /* last: not cleared */
};

/* gc-observe_params.c */
extern const struct gc_tool gc_observe_tool;
void gc_observe_params_parse(struct gc_observe *observe, int argc, char **argv); /* exits 2 on wrong use */

/* gc-observe_net.c: sockets and the loop */
struct gc_observe_net;

struct gc_observe_net_ops {
  void (*receive)(void *ctx, const struct gc_datagram *datagram, uint64_t now_ms);
  void (*unreachable)(void *ctx, const struct gc_addr *peer, int error); /* ICMP says so */
  uint64_t (*deadline)(void *ctx);
  void (*tick)(void *ctx, uint64_t now_ms);
  void *ctx;
};

/** @param family of the own socket; GC_FAMILY_NONE: none is needed. Not GC_STATUS_OK: why says why. Close it in any case */
enum gc_status gc_observe_net_open(struct gc_observe_net **out, const struct gc_observe *observe, uint8_t family, uint32_t ifindex,
                                   const struct gc_observe_net_ops *ops, char why[static GC_WHY_LEN]);
enum gc_status gc_observe_net_close(struct gc_observe_net **net, char why[static GC_WHY_LEN]);
enum gc_err gc_observe_net_send(struct gc_observe_net *net, const struct gc_datagram *datagram);

/** Listen to a group on the interface of -i, else the one by which the server is reached; errno on GC_E_SYSTEM. */
enum gc_err gc_observe_net_join(struct gc_observe_net *net, const struct gc_addr *group, const struct gc_addr *server);
void gc_observe_net_leave(struct gc_observe_net *net, const struct gc_addr *group);

/** Why the last gc_observe_net_send or _join failed, in words; "" where none has. */
const char *gc_observe_net_trouble(const struct gc_observe_net *net);

/** For what else waits in it. */
struct gc_loop;
struct gc_loop *gc_observe_net_loop(const struct gc_observe_net *net);

/** Run until gc_observe_net_stop or a signal. */
void gc_observe_net_run(struct gc_observe_net *net);
void gc_observe_net_stop(struct gc_observe_net *net);

/* gc-observe_report.c: lines for people and programs */
struct gc_observe_report {
  struct gc_out *out;
  struct gc_out *tree;          /* -v: informative responses, on stderr; NULL: not wanted */
  bool json, is_group;
  uint64_t start_ms, start_us;  /* of the loop's clock; of the day, microseconds */
  uint64_t notifications, failed, refused;
  enum gc_status status;        /* of what went wrong */
  const char *save_phantom;     /* NULL: not wanted, or done */
  const char *trouble;          /* what gc_observe_net_trouble says, for groups that cannot be joined */
};

void gc_observe_report_event(struct gc_observe_report *report, const struct gc_observe_event *event);

/** The last line; the exit status. */
enum gc_status gc_observe_report_end(struct gc_observe_report *report, const struct gc_observe *observe, const struct gc_observe_client_state *state,
                                     uint64_t now_ms);

/* gc-observe_refusal.c: informative responses that cannot be acted on */

/** What is wrong and what to do about it; the exit status it means. */
enum gc_status gc_observe_explain_refusal(const struct gc_observe_event *event, const char *trouble, char why[static GC_WHY_LEN]);

/** "gc-join --gm … " for a group whose keys are not here; false: the response does not say how. */
bool gc_observe_join_command(char *out, size_t cap, const struct gc_informative *response);

/** The file for it: "NAME.json". */
#define GC_OBSERVE_JOIN_FILE_MAX 80
void gc_observe_join_file(char out[static GC_OBSERVE_JOIN_FILE_MAX], const struct gc_informative *response);

/* gc-observe_join.c: --join */
struct gc_observe_join {
  bool is_wanted;               /* a group is to be joined */
  bool is_over;                 /* there is one try */
  char group_uri[GC_URI_MAX_LEN], file[4096];
  pid_t watch;                  /* gc-join watch; 0: none */
};

/** Does the event say that a group has to be joined, and may that be done? Then it is noted. */
bool gc_observe_join_note(struct gc_observe_join *join, const struct gc_observe *observe, const struct gc_observe_event *event);

/** Join what was noted; others than GC_STATUS_OK: said. */
enum gc_status gc_observe_join_run(struct gc_observe_join *join, const struct gc_observe *observe);
void gc_observe_join_end(struct gc_observe_join *join);

/* gc-observe_run.c */
enum gc_status gc_observe_run(const struct gc_observe *observe, struct gc_out *out);

#endif
