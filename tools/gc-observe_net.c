#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/netio.h"
#include "common/trace.h"
#include "gc-observe.h"
#include "net/iface.h"
#include "net/loop.h"

enum { GROUPS_MAX = 64, RECEIVE_BUFFER = 1 << 20 };

/* A socket: the own one, or one for a group, whose port other observers on this host may listen to as well. */
struct gate {
  struct gc_observe_net *net;
  struct gc_udp *udp;
  struct gc_addr group; /* family NONE: the own one */
};

struct gc_observe_net {
  struct gc_observe_net_ops ops;
  struct gc_loop *loop;
  struct gc_netio *netio;
  struct gc_trace *trace;
  uint32_t ifindex;     /* of -i; 0: none */
  struct gate own, groups[GROUPS_MAX];
  char trouble[GC_NET_EXPLAIN_MAX];
};

static void on_datagram(void *ctx, const struct gc_datagram *datagram)
{
  struct gate *gate = ctx;
  gc_trace_message(gate->net->trace, gate->group.family ? "<*" : "<", &datagram->remote, datagram->bytes);
  gate->net->ops.receive(gate->net->ops.ctx, datagram, gc_now_ms());
}

static void on_ready(void *ctx, int fd)
{
  struct gate *gate = ctx;
  struct gc_observe_net *net = gate->net;
  (void)fd;
  if (gc_netio_receive(net->netio, gate->udp, on_datagram, gate) != GC_OK && !gate->group.family) {
    const int error = errno;
    const struct gc_addr peer = gc_udp_error_peer(gate->udp);
    net->ops.unreachable(net->ops.ctx, &peer, error);
  }
}

static enum gc_status fail(char why[static GC_WHY_LEN], const char *what, enum gc_err err)
{
  snprintf(why, GC_WHY_LEN, "%.200s: %.100s", what, err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
  return GC_STATUS_SYSTEM;
}

static enum gc_status open_own(struct gc_observe_net *net, const struct gc_observe *observe, uint8_t family, uint32_t ifindex, char why[static GC_WHY_LEN])
{
  const struct gc_udp_options options = { .bind = { .family = family, .port = observe->port }, .ifindex = ifindex, .hop_limit = observe->hop_limit,
                                          .loop = true, .receive_buffer = RECEIVE_BUFFER };
  char what[40] = "no socket";
  if (observe->port)
    snprintf(what, sizeof what, "own port %u", (unsigned)observe->port);
  enum gc_err err = gc_udp_open(&net->own.udp, &options);
  if (!err)
    err = gc_loop_add(net->loop, gc_udp_fd(net->own.udp), on_ready, &net->own);
  return err ? fail(why, what, err) : GC_STATUS_OK;
}

enum gc_status gc_observe_net_open(struct gc_observe_net **out, const struct gc_observe *observe, uint8_t family, uint32_t ifindex,
                                   const struct gc_observe_net_ops *ops, char why[static GC_WHY_LEN])
{
  struct gc_observe_net *net = *out = calloc(1, sizeof *net);
  enum gc_err err;
  if (!net)
    return fail(why, "network", GC_E_MEMORY);
  net->ops = *ops;
  net->own.net = net;
  if (observe->common.interface && gc_iface_index(&net->ifindex, gc_bytes_str(observe->common.interface))) {
    char up[160];
    snprintf(why, GC_WHY_LEN, "no interface '%.60s' (up: %s)", observe->common.interface, gc_iface_list(up, sizeof up));
    return GC_STATUS_SYSTEM;
  }
  if ((err = gc_netio_new(&net->netio, observe->common.pcap)) != GC_OK)
    return fail(why, observe->common.pcap ? observe->common.pcap : "network", err);
  net->trace = gc_trace_new((enum gc_color_when)observe->common.color);
  if ((err = gc_loop_new(&net->loop)) != GC_OK || (err = gc_loop_catch_signals(net->loop)) != GC_OK)
    return fail(why, "poll loop", err);
  return family ? open_own(net, observe, family, ifindex, why) : GC_STATUS_OK;
}

enum gc_status gc_observe_net_close(struct gc_observe_net **pointer, char why[static GC_WHY_LEN])
{
  struct gc_observe_net *net = *pointer;
  enum gc_status status = GC_STATUS_OK;
  if (!net)
    return status;
  for (size_t i = 0; i < GROUPS_MAX; i++)
    gc_udp_close(&net->groups[i].udp);
  gc_udp_close(&net->own.udp);
  if (gc_netio_free(&net->netio) != GC_OK)
    status = fail(why, "--pcap", GC_E_SYSTEM);
  gc_loop_free(&net->loop);
  gc_trace_free(&net->trace);
  free(net);
  *pointer = NULL;
  return status;
}

enum gc_err gc_observe_net_send(struct gc_observe_net *net, const struct gc_datagram *datagram)
{
  const enum gc_err err = net->own.udp ? gc_netio_send(net->netio, net->own.udp, datagram) : GC_E_STATE;
  if (!err) {
    gc_trace_message(net->trace, ">", &datagram->remote, datagram->bytes);
    return GC_OK;
  }
  gc_net_explain(net->trouble, GC_NET_SEND, errno, &datagram->remote, datagram->ifindex);
  return err;
}

/* --- groups ---------------------------------------------------------------------------------------------------------- */

static struct gate *gate_of(struct gc_observe_net *net, const struct gc_addr *group)
{
  for (size_t i = 0; i < GROUPS_MAX; i++)
    if (group ? net->groups[i].udp && gc_addr_equal(&net->groups[i].group, group) : !net->groups[i].udp)
      return &net->groups[i];
  return NULL;
}

/* Where the server is, its notifications come from (Section 5.2, Step 1). */
static uint32_t interface_to(const struct gc_observe_net *net, const struct gc_addr *server)
{
  uint32_t index = 0;
  struct gc_addr source;
  if (net->ifindex)
    return net->ifindex;
  return gc_route_lookup(&index, &source, server) == GC_OK ? index : 0;
}

enum gc_err gc_observe_net_join(struct gc_observe_net *net, const struct gc_addr *group, const struct gc_addr *server)
{
  struct gate *gate = gate_of(net, NULL);
  const uint32_t ifindex = interface_to(net, server);
  const struct gc_udp_options options = { .bind = *group, .ifindex = ifindex, .hop_limit = -1, .reuse_address = true, .loop = true,
                                          .receive_buffer = RECEIVE_BUFFER };
  enum gc_net_action action = GC_NET_BIND;
  char name[GC_IFACE_NAME_MAX];
  errno = ENOBUFS;
  if (!gate)
    return GC_E_LIMIT;
  gate->net = net;
  gate->group = *group;
  enum gc_err err = gc_udp_open(&gate->udp, &options);
  if (!err) {
    action = GC_NET_JOIN;
    err = gc_udp_join(gate->udp, group, ifindex);
  }
  if (!err)
    err = gc_loop_add(net->loop, gc_udp_fd(gate->udp), on_ready, gate);
  if (!err) {
    gc_info(1, "listening to %s on %s", gc_addr_format(net->trouble, group), ifindex ? gc_iface_name(name, ifindex) : "the routes' interface");
    net->trouble[0] = '\0';
    return GC_OK;
  }
  const int error = errno;
  gc_net_explain(net->trouble, action, error, group, ifindex);
  gc_udp_close(&gate->udp);
  errno = error;
  return err;
}

void gc_observe_net_leave(struct gc_observe_net *net, const struct gc_addr *group)
{
  struct gate *gate = gate_of(net, group);
  if (!gate)
    return;
  gc_loop_remove(net->loop, gc_udp_fd(gate->udp));
  gc_udp_close(&gate->udp);
}

const char *gc_observe_net_trouble(const struct gc_observe_net *net)
{
  return net->trouble;
}

struct gc_loop *gc_observe_net_loop(const struct gc_observe_net *net)
{
  return net->loop;
}

static uint64_t on_deadline(void *ctx)
{
  const struct gc_observe_net *net = ctx;
  return net->ops.deadline(net->ops.ctx);
}

static void on_tick(void *ctx, uint64_t now_ms)
{
  const struct gc_observe_net *net = ctx;
  net->ops.tick(net->ops.ctx, now_ms);
}

void gc_observe_net_run(struct gc_observe_net *net)
{
  (void)!gc_loop_run(net->loop, on_deadline, on_tick, net, NULL);
}

void gc_observe_net_stop(struct gc_observe_net *net)
{
  gc_loop_stop(net->loop);
}
