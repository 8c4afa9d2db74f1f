/* A simulated network: datagrams with delay, loss, duplication and reordering, reproducible from a seed. */
#ifndef GC_TESTS_SIMNET_H
#define GC_TESTS_SIMNET_H

#include "endpoint/endpoint.h"

struct simnet;

struct simnet_params {
  uint32_t loss_permille, duplicate_permille;
  uint32_t delay_min_ms, delay_max_ms; /* each datagram by itself: that is the reordering */
};

/** `target` is what the sender named: the receiver, or the member of a group. */
typedef void simnet_deliver(void *ctx, void *target, const struct gc_datagram *datagram, uint64_t now_ms);

struct simnet *simnet_new(uint64_t seed, const struct simnet_params *params, simnet_deliver *deliver, void *ctx);
void simnet_free(struct simnet **net);

/** One datagram from `from` to one receiver; datagram->remote is where it goes. It arrives with remote and local as a
 *  receiver sees them. */
void simnet_send(struct simnet *net, void *target, const struct gc_addr *from, const struct gc_datagram *datagram, uint64_t now_ms);

/** When the next datagram arrives; UINT64_MAX: none is on its way. */
uint64_t simnet_next(const struct simnet *net);

/** Deliver what arrives until now_ms. */
void simnet_run(struct simnet *net, uint64_t now_ms);

struct simnet_stats {
  uint64_t sent, lost, duplicated, delivered;
};
struct simnet_stats simnet_stats(const struct simnet *net);

#endif
