/* A program's place in the network: its sockets, one loop, signals as an orderly end, --pcap, and with -vv every message on
 * stderr. */
#ifndef GC_TOOLS_NODE_H
#define GC_TOOLS_NODE_H

#include "common/opt.h"
#include "common/status.h"
#include "net/loop.h"
#include "net/udp.h"

#define GC_NODE_SOCKETS_MAX 16

struct gc_node;

/** What it calls while it runs. */
struct gc_node_ops {
  void (*receive)(void *ctx, size_t socket, const struct gc_datagram *datagram, uint64_t now_ms);
  void (*unreachable)(void *ctx, const struct gc_addr *peer, int error); /* ICMP says so; family NONE: not known who. NULL: not wanted */
  uint64_t (*deadline)(void *ctx);
  void (*tick)(void *ctx, uint64_t now_ms);
  void *ctx;
};

/** 4: no pcap file, no memory; said on stderr. *out is set in any case where there is memory: close it. */
enum gc_status gc_node_open(struct gc_node **out, const struct gc_common *common, const struct gc_node_ops *ops);

/** One socket more; *socket is its place. 4: said on stderr */
enum gc_status gc_node_bind(struct gc_node *node, const struct gc_udp_options *options, size_t *socket);

struct gc_addr gc_node_address(const struct gc_node *node, size_t socket);
enum gc_err gc_node_send(struct gc_node *node, size_t socket, const struct gc_datagram *datagram) GC_MUST_CHECK;

/** Run until gc_node_stop or a signal; signal_number NULL allowed, 0: none. 4: said on stderr */
enum gc_status gc_node_run(struct gc_node *node, int *signal_number);
void gc_node_stop(struct gc_node *node);

/** 4: the capture could not be written, which was said. NULL inside is fine. */
enum gc_status gc_node_close(struct gc_node **node);

#endif
