/* One question to the kernel's routing table (rtnetlink, RTM_GETROUTE); needs no privilege. */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/iface.h"

struct question {
  struct nlmsghdr header;
  struct rtmsg route;
  uint8_t attributes[64];
};

static void put_attribute(struct question *q, uint16_t type, const void *value, size_t len)
{
  struct rtattr *a = (struct rtattr *)(void *)((uint8_t *)q + NLMSG_ALIGN(q->header.nlmsg_len));
  a->rta_type = type;
  a->rta_len = (unsigned short)RTA_LENGTH(len);
  memcpy(RTA_DATA(a), value, len);
  q->header.nlmsg_len = NLMSG_ALIGN(q->header.nlmsg_len) + (uint32_t)RTA_ALIGN(a->rta_len);
}

static enum gc_err ask(int fd, const struct gc_addr *addr)
{
  struct question q = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof q.route), .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = 1 } };
  const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
  const size_t len = addr->family == GC_FAMILY_IPV4 ? 4 : 16;
  q.route.rtm_family = addr->family == GC_FAMILY_IPV4 ? AF_INET : AF_INET6;
  q.route.rtm_dst_len = (unsigned char)(8 * len);
  put_attribute(&q, RTA_DST, addr->ip, len);
  if (addr->zone)
    put_attribute(&q, RTA_OIF, &addr->zone, sizeof addr->zone);
  ssize_t sent = sendto(fd, &q, q.header.nlmsg_len, 0, (const struct sockaddr *)(const void *)&kernel, sizeof kernel);
  return sent < 0 ? GC_E_SYSTEM : GC_OK;
}

static void take_attributes(uint32_t *index, struct gc_addr *source, const uint8_t *at, size_t len)
{
  while (len >= sizeof(struct rtattr)) {
    struct rtattr a;
    memcpy(&a, at, sizeof a);
    if (a.rta_len < sizeof a || a.rta_len > len)
      return;
    const uint8_t *value = at + RTA_LENGTH(0);
    const size_t value_len = a.rta_len - RTA_LENGTH(0);
    if (a.rta_type == RTA_OIF && value_len == sizeof *index)
      memcpy(index, value, sizeof *index);
    else if (a.rta_type == RTA_PREFSRC && value_len == (source->family == GC_FAMILY_IPV4 ? 4 : 16))
      memcpy(source->ip, value, value_len);
    const size_t step = RTA_ALIGN(a.rta_len);
    if (step >= len)
      return;
    at += step;
    len -= step;
  }
}

static enum gc_err read_answer(int fd, uint32_t *index, struct gc_addr *source)
{
  struct {
    struct nlmsghdr header;
    uint8_t rest[4096];
  } answer;
  const ssize_t n = recv(fd, &answer, sizeof answer, 0);
  if (n < (ssize_t)sizeof answer.header || answer.header.nlmsg_len > (size_t)n)
    return GC_E_SYSTEM;
  if (answer.header.nlmsg_type == NLMSG_ERROR) {
    struct nlmsgerr e;
    memcpy(&e, NLMSG_DATA(&answer.header), sizeof e);
    errno = -e.error;
    return GC_E_NOT_FOUND;
  }
  const size_t head = NLMSG_LENGTH(sizeof(struct rtmsg));
  if (answer.header.nlmsg_type != RTM_NEWROUTE || answer.header.nlmsg_len < head)
    return GC_E_SYSTEM;
  struct rtmsg route;
  memcpy(&route, NLMSG_DATA(&answer.header), sizeof route);
  if (route.rtm_type == RTN_UNREACHABLE || route.rtm_type == RTN_BLACKHOLE || route.rtm_type == RTN_PROHIBIT) {
    errno = ENETUNREACH;
    return GC_E_NOT_FOUND;
  }
  take_attributes(index, source, (const uint8_t *)&answer + head, answer.header.nlmsg_len - head);
  return GC_OK;
}

enum gc_err gc_route_lookup(uint32_t *index, struct gc_addr *source, const struct gc_addr *addr)
{
  if (addr->family == GC_FAMILY_NONE) {
    errno = EAFNOSUPPORT;
    return GC_E_NOT_FOUND;
  }
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0)
    return GC_E_SYSTEM;
  uint32_t found = 0;
  struct gc_addr from = { .family = addr->family };
  enum gc_err err = ask(fd, addr);
  if (!err)
    err = read_answer(fd, &found, &from);
  const int saved = errno;
  close(fd);
  errno = saved;
  if (err)
    return err;
  if (from.family == GC_FAMILY_IPV4 && gc_addr_is_any(&from) && gc_iface_ipv4(&from, found)) /* lo: of scope host, never preferred */
    from = (struct gc_addr){ .family = GC_FAMILY_IPV4 };
  if (gc_addr_is_link_local(&from) && from.family == GC_FAMILY_IPV6)
    from.zone = found;
  *index = found;
  *source = from;
  return GC_OK;
}
