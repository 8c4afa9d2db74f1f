/* Room for the datagrams of one recvmmsg. Within net/. */
#ifndef GC_NET_UDP_BATCH_H
#define GC_NET_UDP_BATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <time.h>

#include "net/sockaddr.h"

/* after the socket headers, whose names it would define otherwise */
#include <linux/errqueue.h>

enum {
  GC_UDP_BATCH = 64,
  GC_UDP_SLOT_LEN = 65536, /* a UDP payload has 65527 bytes at most; pages of a slot that are never written cost nothing */
};

/** Ancillary data of a datagram. */
struct gc_udp_control {
  _Alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6))];
};

/** Its slots have GC_UDP_SLOT_LEN bytes each. */
struct gc_udp_batch {
  struct mmsghdr messages[GC_UDP_BATCH];
  struct iovec vectors[GC_UDP_BATCH];
  union gc_sockaddr names[GC_UDP_BATCH];
  struct gc_udp_control controls[GC_UDP_BATCH];
  uint8_t *slots;
};

/** One that is ready to receive into. NULL: no memory */
struct gc_udp_batch *gc_udp_batch_take(void);

/** Give it back; used: how many of its messages have been received into. */
void gc_udp_batch_give(struct gc_udp_batch *batch, size_t used);

/** Free the one that this thread keeps. */
void gc_udp_batch_clear(void);

#endif
