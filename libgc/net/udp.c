#include "net/udp.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "net/iface.h"
#include "net/sockaddr.h"
#include "net/udp_batch.h"

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29 /* Linux 4.20; glibc 2.36 names it only in linux/in6.h */
#endif

enum { SEND_PATIENCE_MS = 100 };

struct gc_udp {
  int fd;
  uint32_t ifindex;      /* multicast leaves here, 0: routes decide */
  struct gc_addr address, error_peer;
  struct gc_addr group, group_source; /* the last group sent to (zone: the interface asked for), and from where */
};

static bool set_int(int fd, int level, int name, int value)
{
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

static bool set_options_v4(int fd, const struct gc_udp_options *o)
{
  const struct ip_mreqn out = { .imr_ifindex = (int)o->ifindex };
  return set_int(fd, IPPROTO_IP, IP_PKTINFO, 1) && set_int(fd, IPPROTO_IP, IP_RECVERR, 1) && set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) &&
         set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, o->loop) &&
         (o->hop_limit < 0 || set_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, o->hop_limit)) &&
         (o->ifindex == 0 || setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out) == 0);
}

static bool set_options_v6(int fd, const struct gc_udp_options *o)
{
  if (!set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0) && errno != ENOPROTOOPT)
    return false;
  return set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) && set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
         set_int(fd, IPPROTO_IPV6, IPV6_RECVERR, 1) && set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, o->loop) &&
         (o->hop_limit < 0 || set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, o->hop_limit)) &&
         (o->ifindex == 0 || set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)o->ifindex));
}

static bool set_options(int fd, const struct gc_udp_options *o)
{
  if (o->reuse_address && !set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1))
    return false;
  if (o->receive_buffer > 0) {
    const int size = o->receive_buffer > INT32_MAX / 2 ? INT32_MAX / 2 : (int)o->receive_buffer;
    if (!set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, size) && !set_int(fd, SOL_SOCKET, SO_RCVBUF, size)) /* FORCE needs a privilege */
      return false;
  }
  return o->bind.family == GC_FAMILY_IPV4 ? set_options_v4(fd, o) : set_options_v6(fd, o);
}

static bool bind_to(struct gc_udp *udp, const struct gc_udp_options *o)
{
  union gc_sockaddr sa;
  struct gc_addr addr = o->bind;
  if (addr.family == GC_FAMILY_IPV6 && !addr.zone && gc_addr_is_link_local(&addr))
    addr.zone = o->ifindex;
  socklen_t len = gc_sockaddr_from(&sa, &addr);
  if (bind(udp->fd, &sa.any, len) < 0)
    return false;
  len = sizeof sa;
  if (getsockname(udp->fd, &sa.any, &len) < 0)
    return false;
  udp->address = gc_sockaddr_to(&sa);
  return true;
}

enum gc_err gc_udp_open(struct gc_udp **out, const struct gc_udp_options *options)
{
  if (options->bind.family == GC_FAMILY_NONE) {
    errno = EAFNOSUPPORT;
    return GC_E_SYSTEM;
  }
  struct gc_udp *udp = calloc(1, sizeof *udp);
  if (!udp)
    return GC_E_MEMORY;
  udp->ifindex = options->ifindex;
  udp->fd = socket(options->bind.family == GC_FAMILY_IPV4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (udp->fd >= 0 && set_options(udp->fd, options) && bind_to(udp, options)) {
    *out = udp;
    return GC_OK;
  }
  const int saved = errno;
  if (udp->fd >= 0)
    close(udp->fd);
  free(udp);
  errno = saved;
  return GC_E_SYSTEM;
}

void gc_udp_close(struct gc_udp **udp)
{
  if (!*udp)
    return;
  close((*udp)->fd);
  free(*udp);
  *udp = NULL;
  gc_udp_batch_clear();
}

int gc_udp_fd(const struct gc_udp *udp)
{
  return udp->fd;
}

struct gc_addr gc_udp_address(const struct gc_udp *udp)
{
  return udp->address;
}

struct gc_addr gc_udp_error_peer(const struct gc_udp *udp)
{
  return udp->error_peer;
}

static enum gc_err membership(struct gc_udp *udp, const struct gc_addr *group, uint32_t ifindex, bool join)
{
  int result;
  if (udp->address.family != group->family) {
    errno = EAFNOSUPPORT;
    return GC_E_SYSTEM;
  }
  if (!ifindex)
    ifindex = group->zone ? group->zone : udp->ifindex;
  if (group->family == GC_FAMILY_IPV4) {
    struct ip_mreqn m = { .imr_ifindex = (int)ifindex };
    memcpy(&m.imr_multiaddr, group->ip, 4);
    result = setsockopt(udp->fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &m, sizeof m);
  } else {
    struct ipv6_mreq m = { .ipv6mr_interface = ifindex };
    memcpy(&m.ipv6mr_multiaddr, group->ip, 16);
    result = setsockopt(udp->fd, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &m, sizeof m);
  }
  return result < 0 ? GC_E_SYSTEM : GC_OK;
}

enum gc_err gc_udp_join(struct gc_udp *udp, const struct gc_addr *group, uint32_t ifindex)
{
  return membership(udp, group, ifindex, true);
}

enum gc_err gc_udp_leave(struct gc_udp *udp, const struct gc_addr *group, uint32_t ifindex)
{
  return membership(udp, group, ifindex, false);
}

/* ------------------------------------------------------------------------------------------------ errors by ICMP */

static int error_of(const struct msghdr *message)
{
  struct msghdr *m = (struct msghdr *)(uintptr_t)message; /* CMSG_NXTHDR wants it writable */
  for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
    struct sock_extended_err e;
    if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) || (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
      memcpy(&e, CMSG_DATA(c), sizeof e);
      /* what the sending call reported itself, and hints about packet sizes, are no news */
      return e.ee_origin == SO_EE_ORIGIN_LOCAL || e.ee_errno == EMSGSIZE ? 0 : (int)e.ee_errno;
    }
  }
  return 0;
}

/* Take one error from the socket's queue. -1: there is none; 0: one of no interest; else its errno, error_peer set. */
static int take_error(struct gc_udp *udp)
{
  union gc_sockaddr name;
  struct gc_udp_control control;
  uint8_t byte;
  struct iovec vector = { &byte, 1 };
  struct msghdr m = { .msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes,
                      .msg_controllen = sizeof control.bytes };
  name.any.sa_family = AF_UNSPEC;
  if (recvmsg(udp->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
    return -1;
  int error = error_of(&m);
  if (error)
    udp->error_peer = gc_sockaddr_to(&name);
  return error;
}

/* ------------------------------------------------------------------------------------------------ receiving */

static void packet_info(struct gc_datagram *datagram, struct msghdr *m)
{
  for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(c), sizeof info);
      memcpy(datagram->local.ip, &info.ipi_addr, 4);
      datagram->ifindex = (uint32_t)info.ipi_ifindex;
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, CMSG_DATA(c), sizeof info);
      memcpy(datagram->local.ip, &info.ipi6_addr, 16);
      datagram->ifindex = info.ipi6_ifindex;
      datagram->local.zone = gc_addr_is_link_local(&datagram->local) ? info.ipi6_ifindex : 0;
    }
  }
}

enum gc_err gc_udp_receive(struct gc_udp *udp, void (*receive)(void *ctx, const struct gc_datagram *datagram), void *ctx)
{
  struct gc_udp_batch *batch = gc_udp_batch_take();
  if (!batch) {
    errno = ENOMEM;
    return GC_E_SYSTEM;
  }
  const int n = recvmmsg(udp->fd, batch->messages, GC_UDP_BATCH, MSG_DONTWAIT, NULL);
  if (n < 0) {
    const int failed = errno;
    int error;
    gc_udp_batch_give(batch, 0);
    while ((error = take_error(udp)) == 0)
      ;
    if (error < 0) {
      if (failed == EAGAIN || failed == EWOULDBLOCK || failed == EINTR)
        return GC_OK;
      udp->error_peer.family = GC_FAMILY_NONE;
    }
    errno = error > 0 ? error : failed;
    return GC_E_SYSTEM;
  }
  const struct gc_addr local = udp->address; /* the callback may close the socket */
  for (size_t i = 0; i < (size_t)n; i++) {
    struct msghdr *m = &batch->messages[i].msg_hdr;
    struct gc_datagram datagram = { .remote = gc_sockaddr_to(&batch->names[i]), .local = local,
                                    .bytes = gc_bytes(batch->slots + i * GC_UDP_SLOT_LEN, batch->messages[i].msg_len) };
    packet_info(&datagram, m);
    receive(ctx, &datagram);
  }
  gc_udp_batch_give(batch, (size_t)n);
  return GC_OK;
}

/* ------------------------------------------------------------------------------------------------ sending */

/* source address and interface for one datagram; 0: the system chooses both */
static size_t put_packet_info(struct gc_udp_control *control, const struct gc_addr *local, uint32_t ifindex, enum gc_family family)
{
  const bool has_local = local->family == family && !gc_addr_is_any(local) && !gc_addr_is_multicast(local);
  struct cmsghdr *c = (struct cmsghdr *)(void *)control->bytes;
  if (!has_local && !ifindex)
    return 0;
  memset(control, 0, sizeof *control);
  if (family == GC_FAMILY_IPV4) {
    struct in_pktinfo info = { .ipi_ifindex = (int)ifindex };
    if (has_local)
      memcpy(&info.ipi_spec_dst, local->ip, 4);
    *c = (struct cmsghdr){ .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info) };
    memcpy(CMSG_DATA(c), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
  }
  struct in6_pktinfo info = { .ipi6_ifindex = ifindex };
  if (has_local)
    memcpy(&info.ipi6_addr, local->ip, 16);
  *c = (struct cmsghdr){ .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info) };
  memcpy(CMSG_DATA(c), &info, sizeof info);
  return CMSG_SPACE(sizeof info);
}

/* wait until a full queue has room; false: it was no matter of waiting, or the time is up */
static bool may_try_again(struct gc_udp *udp, int error, int *waited_ms)
{
  if (error == EINTR)
    return true;
  if (*waited_ms >= SEND_PATIENCE_MS)
    return false;
  if (error == EAGAIN || error == EWOULDBLOCK) {
    struct pollfd p = { .fd = udp->fd, .events = POLLOUT };
    *waited_ms += 10;
    poll(&p, 1, 10);
    return true;
  }
  if (error == ENOBUFS) { /* the interface's queue: nothing to poll for */
    *waited_ms += 1;
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    return true;
  }
  /* the error of an earlier datagram to someone else, told to the next call that comes along */
  if ((error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EPROTO || error == EACCES) && take_error(udp) >= 0) {
    *waited_ms += 1;
    return true;
  }
  return false;
}

/* Left to itself the system sends IPv4 multicast by lo from 0.0.0.0, because 127.0.0.1 has scope host. */
static const struct gc_addr *group_source(struct gc_udp *udp, const struct gc_datagram *datagram, uint32_t ifindex)
{
  struct gc_addr group = datagram->remote;
  if (group.family != GC_FAMILY_IPV4 || !gc_addr_is_multicast(&group) || !(gc_addr_is_any(&udp->address) || gc_addr_is_multicast(&udp->address)) ||
      (datagram->local.family == group.family && !gc_addr_is_any(&datagram->local) && !gc_addr_is_multicast(&datagram->local)))
    return &datagram->local;
  group.zone = ifindex;
  if (group.zone != udp->group.zone || !gc_addr_same_host(&group, &udp->group)) {
    const int saved = errno;
    uint32_t found;
    udp->group = group;
    if (gc_route_lookup(&found, &udp->group_source, &group))
      udp->group_source = (struct gc_addr){ .family = GC_FAMILY_NONE };
    errno = saved;
  }
  return &udp->group_source;
}

enum gc_err gc_udp_send(struct gc_udp *udp, const struct gc_datagram *datagram)
{
  union gc_sockaddr name;
  struct gc_udp_control control;
  const enum gc_family family = datagram->remote.family;
  struct iovec vector = { (void *)(uintptr_t)datagram->bytes.ptr, datagram->bytes.len };
  uint32_t ifindex = 0;
  int waited_ms = 0;
  if (family != udp->address.family) {
    errno = EAFNOSUPPORT;
    return GC_E_SYSTEM;
  }
  if (gc_addr_is_multicast(&datagram->remote) || gc_addr_is_link_local(&datagram->remote))
    ifindex = datagram->ifindex ? datagram->ifindex : datagram->remote.zone ? datagram->remote.zone : udp->ifindex;
  struct msghdr m = { .msg_name = &name, .msg_iov = &vector, .msg_iovlen = 1 };
  m.msg_namelen = gc_sockaddr_from(&name, &datagram->remote);
  if (family == GC_FAMILY_IPV6 && ifindex && gc_addr_is_link_local(&datagram->remote))
    name.in6.sin6_scope_id = ifindex;
  m.msg_controllen = put_packet_info(&control, group_source(udp, datagram, ifindex), ifindex, family);
  m.msg_control = m.msg_controllen ? control.bytes : NULL;
  while (sendmsg(udp->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    const int error = errno;
    if (!may_try_again(udp, error, &waited_ms)) {
      errno = error;
      return GC_E_SYSTEM;
    }
  }
  return GC_OK;
}
