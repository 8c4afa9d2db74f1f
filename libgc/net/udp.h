/* UDP sockets for CoAP: bound, joined, and read and written in batches with packet information. The edge: system calls. */
#ifndef GC_NET_UDP_H
#define GC_NET_UDP_H

#include "endpoint/endpoint.h"

struct gc_udp;

struct gc_udp_options {
  struct gc_addr bind;       /* address (any allowed) and port; port 0: the system chooses */
  uint32_t ifindex;          /* multicast leaves here; 0: the system's routes decide */
  int hop_limit;             /* multicast TTL / hop limit; -1: the system's (1) */
  bool reuse_address;        /* several sockets on one port (group members, several tools on one host) */
  bool loop;                 /* own multicast is delivered on this host too */
  size_t receive_buffer;     /* bytes; 0: the system's */
};

/** @return GC_OK; GC_E_SYSTEM (errno); GC_E_MEMORY */
enum gc_err gc_udp_open(struct gc_udp **out, const struct gc_udp_options *options) GC_MUST_CHECK;
void gc_udp_close(struct gc_udp **udp);

int gc_udp_fd(const struct gc_udp *udp);

/** The address it is bound to, with the port the system chose. */
struct gc_addr gc_udp_address(const struct gc_udp *udp);

/** The peer that the last ICMP error told of by gc_udp_receive was about; family NONE: not known. */
struct gc_addr gc_udp_error_peer(const struct gc_udp *udp);

/** Join a group on an interface (0: the one the routes choose). GC_E_SYSTEM (errno) */
enum gc_err gc_udp_join(struct gc_udp *udp, const struct gc_addr *group, uint32_t ifindex) GC_MUST_CHECK;
enum gc_err gc_udp_leave(struct gc_udp *udp, const struct gc_addr *group, uint32_t ifindex) GC_MUST_CHECK;

/**
 * Read what has arrived, without waiting, up to a batch of 64 datagrams; calls `receive` for each (bytes borrowed for the call).
 * datagram->local is the destination address of the packet, ifindex the interface it came by.
 * @return GC_OK: read until empty or the batch was full; GC_E_SYSTEM (errno): an error of the socket (an ICMP error is one,
 *         and the socket stays usable)
 */
enum gc_err gc_udp_receive(struct gc_udp *udp, void (*receive)(void *ctx, const struct gc_datagram *datagram), void *ctx) GC_MUST_CHECK;

/** Send one datagram; datagram->local (where set) is its source address; ifindex, or the zone of remote, the interface for a
 *  multicast or link-local destination (routes decide for all others). A full queue is waited for, 100 ms at most.
 *  GC_E_SYSTEM (errno) */
enum gc_err gc_udp_send(struct gc_udp *udp, const struct gc_datagram *datagram) GC_MUST_CHECK;

#endif
