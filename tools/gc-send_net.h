/* gc-send: socket, clock, signals and capture around the client. */
#ifndef GC_TOOLS_GC_SEND_NET_H
#define GC_TOOLS_GC_SEND_NET_H

#include "gc-send.h"

struct gc_send_net;

/** What it tells. All calls come from gc_send_net_run, event also from the calls that start and end an exchange. */
struct gc_send_net_ops {
  void (*event)(void *ctx, const struct gc_client_event *event, uint64_t rtt_us);
  void (*unreachable)(void *ctx, struct gc_addr peer, int error); /* ICMP says so */
  uint64_t (*deadline)(void *ctx);
  void (*tick)(void *ctx, uint64_t now_ms);
  void (*lost)(void *ctx); /* no security context is left, which was said */
  void *ctx;
};

/** Open the socket, the pcap file and the client. Not GC_STATUS_OK: why says why, *out is NULL. */
enum gc_status gc_send_net_open(struct gc_send_net **out, const struct gc_send *send, const struct gc_send_plan *plan,
                                const struct gc_send_net_ops *ops, char why[static GC_WHY_LEN]);

/** Close; not GC_STATUS_OK: the pcap file could not be written, why says why. */
enum gc_status gc_send_net_close(struct gc_send_net **net, char why[static GC_WHY_LEN]);

enum gc_err gc_send_net_request(struct gc_send_net *net, struct gc_exchange **out, const struct gc_request *request, void *user) GC_MUST_CHECK;
void gc_send_net_end(struct gc_send_net *net, struct gc_exchange *exchange, bool deregister);

/** errno of the last datagram that could not be sent, 0: none; forgets it. */
/** Why the last request could not be protected; GC_SEC_OK: that was not it. */
enum gc_sec gc_send_net_protect_result(const struct gc_send_net *net);

int gc_send_net_error(struct gc_send_net *net);

/** Run until gc_send_net_stop or a signal; true: a signal ended it. */
bool gc_send_net_run(struct gc_send_net *net);
void gc_send_net_stop(struct gc_send_net *net);

/** In words, why nothing could be sent to target. */
void gc_send_net_explain(char why[static GC_WHY_LEN], const struct gc_addr *target, uint32_t ifindex, int error);

#endif
