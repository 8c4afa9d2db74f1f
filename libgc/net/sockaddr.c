#include "net/sockaddr.h"

#include <arpa/inet.h>
#include <string.h>

socklen_t gc_sockaddr_from(union gc_sockaddr *out, const struct gc_addr *addr)
{
  memset(out, 0, sizeof *out);
  if (addr->family == GC_FAMILY_IPV4) {
    out->in.sin_family = AF_INET;
    out->in.sin_port = htons(addr->port);
    memcpy(&out->in.sin_addr, addr->ip, 4);
    return sizeof out->in;
  }
  if (addr->family == GC_FAMILY_IPV6) {
    out->in6.sin6_family = AF_INET6;
    out->in6.sin6_port = htons(addr->port);
    memcpy(&out->in6.sin6_addr, addr->ip, 16);
    out->in6.sin6_scope_id = addr->zone;
    return sizeof out->in6;
  }
  return 0;
}

struct gc_addr gc_sockaddr_to(const union gc_sockaddr *sa)
{
  struct gc_addr addr = { .family = GC_FAMILY_NONE };
  if (sa->any.sa_family == AF_INET) {
    addr.family = GC_FAMILY_IPV4;
    addr.port = ntohs(sa->in.sin_port);
    memcpy(addr.ip, &sa->in.sin_addr, 4);
  } else if (sa->any.sa_family == AF_INET6) {
    addr.port = ntohs(sa->in6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&sa->in6.sin6_addr)) {
      addr.family = GC_FAMILY_IPV4;
      memcpy(addr.ip, sa->in6.sin6_addr.s6_addr + 12, 4);
    } else {
      addr.family = GC_FAMILY_IPV6;
      memcpy(addr.ip, &sa->in6.sin6_addr, 16);
      addr.zone = sa->in6.sin6_scope_id;
    }
  }
  return addr;
}
