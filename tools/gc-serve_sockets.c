#include "gc-serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/netio.h"
#include "net/iface.h"
#include "net/loop.h"
#include "net/udp.h"

/** A socket and for whom it receives. */
struct gate {
  struct gc_serve_sockets *all;
  struct gc_udp *udp;
  size_t member;    /* GC_SERVE_ALL_MEMBERS: of a group */
};

struct gc_serve_sockets {
  struct gate *gates; /* for each --bind the members in order, then those of the groups */
  size_t gate_count, gate_cap, members, binds, groups;
  struct gc_loop *loop;
  struct gc_netio *netio;
  struct gc_out *shown; /* -vv: every message, on stderr */
  void (*receive)(void *ctx, size_t member, const struct gc_datagram *datagram);
  void *ctx;
};

/* Every member has a socket of its own: many of them need more descriptors than a process usually may have. */
static enum gc_status raise_limit(size_t sockets)
{
  struct rlimit limit;
  const rlim_t needed = (rlim_t)sockets + 32;
  if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= needed)
    return GC_STATUS_OK;
  limit.rlim_cur = needed;
  if (limit.rlim_max < needed)
    limit.rlim_max = needed; /* for root */
  if (setrlimit(RLIMIT_NOFILE, &limit)) {
    gc_error("%zu sockets are more than this process may open: raise the limit with ulimit -n %zu", sockets, sockets + 32);
    return GC_STATUS_SYSTEM;
  }
  return GC_STATUS_OK;
}

/* a capture with a hole is worse than a server that says why it ends */
static void check_capture(struct gc_serve_sockets *all)
{
  if (gc_netio_ok(all->netio))
    return;
  gc_error("the capture cannot be written: %s", strerror(errno));
  gc_loop_stop(all->loop);
}

static void show(const struct gc_serve_sockets *all, const char *arrow, const struct gc_addr *own, const struct gc_datagram *datagram)
{
  if (all->shown)
    gc_serve_show_datagram(all->shown, arrow, own, &datagram->remote, datagram->bytes, gc_diag_level() >= 3);
}

static void received(void *ctx, const struct gc_datagram *datagram)
{
  const struct gate *gate = ctx;
  show(gate->all, "<-", &datagram->local, datagram);
  const size_t member = gc_addr_is_multicast(&datagram->local) ? GC_SERVE_ALL_MEMBERS : gate->member;
  gate->all->receive(gate->all->ctx, member, datagram);
}

static void ready(void *ctx, int fd)
{
  (void)fd;
  struct gate *gate = ctx;
  if (gc_netio_receive(gate->all->netio, gate->udp, received, gate)) {
    char text[GC_ADDR_STR_MAX];
    const struct gc_addr peer = gc_udp_error_peer(gate->udp);
    gc_info(1, "%s cannot be reached: %s", peer.family ? gc_addr_format(text, &peer) : "a client", strerror(errno));
  }
  check_capture(gate->all);
}

static enum gc_status explain(enum gc_net_action action, const struct gc_addr *address, uint32_t ifindex)
{
  char text[GC_NET_EXPLAIN_MAX];
  gc_error("%s", gc_net_explain(text, action, errno, address, ifindex));
  return GC_STATUS_SYSTEM;
}

static enum gc_err open_gate(struct gc_serve_sockets *all, const struct gc_udp_options *options, size_t member)
{
  struct gate *gate = &all->gates[all->gate_count];
  *gate = (struct gate){ .all = all, .member = member };
  const enum gc_err err = gc_udp_open(&gate->udp, options);
  if (err == GC_OK)
    all->gate_count++;
  return err;
}

static enum gc_status bind_members(struct gc_serve_sockets *all, const struct gc_serve_params *params)
{
  for (size_t b = 0; b < params->bind_count; b++) {
    for (uint32_t m = 0; m < params->members; m++) {
      struct gc_udp_options options = { .bind = gc_addr_plus(&params->binds[b], m), .ifindex = params->ifindex, .hop_limit = params->hop_limit, .loop = true };
      options.bind.port = params->binds[b].port;
      if (gc_addr_is_link_local(&options.bind) && options.bind.family == GC_FAMILY_IPV6 && options.bind.zone == 0)
        options.bind.zone = params->ifindex;
      if (open_gate(all, &options, m) == GC_OK)
        continue;
      /* a host without IPv6 still serves IPv4 where no address was asked for */
      if (params->binds[b].family == GC_FAMILY_IPV6 && gc_addr_is_any(&params->binds[b]) && b > 0 &&
          (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        gc_info(1, "no IPv6 on this host");
        return GC_STATUS_OK;
      }
      return explain(GC_NET_BIND, &options.bind, params->ifindex);
    }
    all->binds++;
  }
  return GC_STATUS_OK;
}

/* The socket that can carry the group: that of members at any address, that of the same group on another interface, or a
 * new one bound to the group alone, which leaves the port to others on this host too. */
static struct gate *gate_for(struct gc_serve_sockets *all, const struct gc_serve_group *group)
{
  for (size_t i = 0; i < all->gate_count; i++) {
    const struct gc_addr bound = gc_udp_address(all->gates[i].udp);
    const bool is_any = gc_addr_is_any(&bound) && bound.family == group->address.family && bound.port == group->address.port;
    if (is_any || gc_addr_equal(&bound, &group->address))
      return &all->gates[i];
  }
  const struct gc_udp_options options = { .bind = group->address, .ifindex = group->ifindex, .hop_limit = -1, .reuse_address = true,
                                          .loop = true, .receive_buffer = 1u << 20 };
  return open_gate(all, &options, GC_SERVE_ALL_MEMBERS) == GC_OK ? &all->gates[all->gate_count - 1] : NULL;
}

static enum gc_status join_groups(struct gc_serve_sockets *all, const struct gc_serve_params *params)
{
  for (size_t i = 0; i < params->group_count; i++) {
    const struct gc_serve_group *group = &params->groups[i];
    const size_t before = all->gate_count;
    struct gate *gate = gate_for(all, group);
    enum gc_net_action action = GC_NET_BIND;
    if (gate) {
      action = GC_NET_JOIN;
      if (gc_udp_join(gate->udp, &group->address, group->ifindex) == GC_OK || errno == EADDRINUSE /* joined twice */) {
        all->groups++;
        continue;
      }
      const int error = errno;
      if (all->gate_count > before)
        gc_udp_close(&all->gates[--all->gate_count].udp);
      errno = error;
    }
    if (!group->is_optional)
      return explain(action, &group->address, group->ifindex);
    char text[GC_NET_EXPLAIN_MAX];
    gc_info(1, "%s", gc_net_explain(text, action, errno, &group->address, group->ifindex));
  }
  if (all->groups == 0 && params->group_count > 0)
    gc_warn("no group could be joined (-v says why): only unicast requests will be answered");
  return GC_STATUS_OK;
}

enum gc_status gc_serve_sockets_open(struct gc_serve_sockets **out, const struct gc_serve_params *params, struct gc_loop *loop,
                                     void (*receive)(void *ctx, size_t member, const struct gc_datagram *datagram), void *ctx)
{
  struct gc_serve_sockets *all = calloc(1, sizeof *all);
  *out = all;
  const size_t wanted = params->members * params->bind_count + params->group_count;
  if (all)
    *all = (struct gc_serve_sockets){ .gates = calloc(wanted, sizeof *all->gates), .gate_cap = wanted, .members = params->members,
                                      .loop = loop, .receive = receive, .ctx = ctx };
  if (!all || !all->gates) {
    gc_error("no memory left");
    return GC_STATUS_SYSTEM;
  }
  if (gc_netio_new(&all->netio, params->common.pcap)) {
    gc_error("%s: %s", params->common.pcap ? params->common.pcap : "memory", strerror(errno));
    return GC_STATUS_SYSTEM;
  }
  if (gc_diag_level() >= 2)
    all->shown = gc_out_new(STDERR_FILENO, (enum gc_color_when)params->common.color, false);
  enum gc_status status = raise_limit(wanted);
  if (!status)
    status = bind_members(all, params);
  if (!status)
    status = join_groups(all, params);
  for (size_t i = 0; i < all->gate_count && !status; i++)
    if (gc_loop_add(loop, gc_udp_fd(all->gates[i].udp), ready, &all->gates[i])) {
      gc_error("cannot watch a socket: %s", strerror(errno));
      status = GC_STATUS_SYSTEM;
    }
  return status;
}

enum gc_status gc_serve_sockets_close(struct gc_serve_sockets **sockets)
{
  struct gc_serve_sockets *all = *sockets;
  enum gc_status status = GC_STATUS_OK;
  if (!all)
    return status;
  for (size_t i = 0; i < all->gate_count; i++)
    gc_udp_close(&all->gates[i].udp);
  if (gc_netio_free(&all->netio)) {
    gc_error("the capture is not complete: %s", strerror(errno));
    status = GC_STATUS_SYSTEM;
  }
  (void)!gc_out_close(&all->shown);
  free(all->gates);
  free(all);
  *sockets = NULL;
  return status;
}

struct gc_addr gc_serve_sockets_address(const struct gc_serve_sockets *all, size_t member)
{
  return gc_udp_address(all->gates[member].udp);
}

size_t gc_serve_sockets_groups(const struct gc_serve_sockets *all)
{
  return all->groups;
}

enum gc_err gc_serve_sockets_send(struct gc_serve_sockets *all, size_t member, const struct gc_datagram *datagram)
{
  for (size_t b = 0; b < all->binds; b++) {
    const struct gate *gate = &all->gates[b * all->members + member];
    const struct gc_addr bound = gc_udp_address(gate->udp);
    if (bound.family != datagram->remote.family)
      continue;
    show(all, "->", datagram->local.family ? &datagram->local : &bound, datagram);
    const enum gc_err err = gc_netio_send(all->netio, gate->udp, datagram);
    if (err) {
      char text[GC_NET_EXPLAIN_MAX];
      gc_info(1, "%s", gc_net_explain(text, GC_NET_SEND, errno, &datagram->remote, datagram->ifindex));
    }
    check_capture(all);
    return err;
  }
  return GC_E_NOT_FOUND;
}
