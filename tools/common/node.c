#include "common/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/netio.h"
#include "common/out.h"
#include "common/show.h"
#include "common/show_address.h"
#include "net/iface.h"

struct gate {
  struct gc_node *node;
  struct gc_udp *udp;
  size_t index;
};

struct gc_node {
  struct gc_node_ops ops;
  struct gc_loop *loop;
  struct gc_netio *netio;
  struct gc_out *shown; /* -vv */
  bool with_hex;
  struct gate gates[GC_NODE_SOCKETS_MAX];
  size_t count;
};

static void show(const struct gc_node *node, const char *arrow, const struct gc_datagram *datagram)
{
  char who[GC_ADDR_STR_MAX];
  if (!node->shown)
    return;
  gc_outf(node->shown, "%s %s ", arrow, gc_show_address(who, &datagram->remote));
  gc_show_datagram(node->shown, datagram->bytes, node->with_hex);
  gc_out_flush(node->shown);
}

/* a capture with a hole is worse than a program that says why it ends */
static void check_capture(const struct gc_node *node)
{
  if (!gc_netio_ok(node->netio))
    gc_loop_stop(node->loop);
}

static void on_datagram(void *ctx, const struct gc_datagram *datagram)
{
  const struct gate *gate = ctx;
  show(gate->node, "<", datagram);
  gate->node->ops.receive(gate->node->ops.ctx, gate->index, datagram, gc_now_ms());
}

static void on_ready(void *ctx, int fd)
{
  struct gate *gate = ctx;
  const struct gc_node *node = gate->node;
  (void)fd;
  if (gc_netio_receive(node->netio, gate->udp, on_datagram, gate) && node->ops.unreachable) {
    const int error = errno;
    const struct gc_addr peer = gc_udp_error_peer(gate->udp);
    node->ops.unreachable(node->ops.ctx, &peer, error);
  }
  check_capture(node);
}

static uint64_t on_deadline(void *ctx)
{
  const struct gc_node *node = ctx;
  return node->ops.deadline(node->ops.ctx);
}

static void on_tick(void *ctx, uint64_t now_ms)
{
  const struct gc_node *node = ctx;
  node->ops.tick(node->ops.ctx, now_ms);
}

static enum gc_status fail(const char *what, enum gc_err err)
{
  gc_error("%s: %s", what, err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
  return GC_STATUS_SYSTEM;
}

enum gc_status gc_node_open(struct gc_node **out, const struct gc_common *common, const struct gc_node_ops *ops)
{
  struct gc_node *node = *out = calloc(1, sizeof *node);
  enum gc_err err;
  if (!node)
    return fail("network", GC_E_MEMORY);
  node->ops = *ops;
  if ((err = gc_netio_new(&node->netio, common->pcap)) != GC_OK)
    return fail(common->pcap ? common->pcap : "network", err);
  if (common->verbose >= 2 && !common->quiet) {
    node->shown = gc_out_new(STDERR_FILENO, (enum gc_color_when)common->color, false);
    node->with_hex = common->verbose >= 3;
  }
  if ((err = gc_loop_new(&node->loop)) != GC_OK || (err = gc_loop_catch_signals(node->loop)) != GC_OK)
    return fail("poll loop", err);
  return GC_STATUS_OK;
}

enum gc_status gc_node_bind(struct gc_node *node, const struct gc_udp_options *options, size_t *socket)
{
  struct gate *gate = &node->gates[node->count];
  char text[GC_NET_EXPLAIN_MAX];
  if (node->count == GC_NODE_SOCKETS_MAX)
    return fail("too many sockets", GC_E_LIMIT);
  *gate = (struct gate){ .node = node, .index = node->count };
  if (gc_udp_open(&gate->udp, options)) {
    gc_error("%s", gc_net_explain(text, GC_NET_BIND, errno, &options->bind, options->ifindex));
    return GC_STATUS_SYSTEM;
  }
  *socket = node->count++;
  enum gc_err err = gc_loop_add(node->loop, gc_udp_fd(gate->udp), on_ready, gate);
  return err ? fail("poll loop", err) : GC_STATUS_OK;
}

struct gc_addr gc_node_address(const struct gc_node *node, size_t socket)
{
  return gc_udp_address(node->gates[socket].udp);
}

enum gc_err gc_node_send(struct gc_node *node, size_t socket, const struct gc_datagram *datagram)
{
  enum gc_err err = gc_netio_send(node->netio, node->gates[socket].udp, datagram);
  if (!err)
    show(node, ">", datagram);
  return err;
}

enum gc_status gc_node_run(struct gc_node *node, int *signal_number)
{
  enum gc_err err = gc_loop_run(node->loop, on_deadline, on_tick, node, signal_number);
  return err ? fail("cannot wait for datagrams", err) : GC_STATUS_OK;
}

void gc_node_stop(struct gc_node *node)
{
  gc_loop_stop(node->loop);
}

enum gc_status gc_node_close(struct gc_node **pointer)
{
  struct gc_node *node = *pointer;
  enum gc_status status = GC_STATUS_OK;
  if (!node)
    return status;
  if (gc_netio_free(&node->netio) != GC_OK)
    status = fail("--pcap", GC_E_SYSTEM);
  gc_loop_free(&node->loop);
  for (size_t i = 0; i < node->count; i++)
    gc_udp_close(&node->gates[i].udp);
  gc_out_close(&node->shown);
  free(node);
  *pointer = NULL;
  return status;
}
