#include "net/iface.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/sockaddr.h"

_Static_assert(GC_IFACE_NAME_MAX == IF_NAMESIZE, "an interface name fits");

enum gc_err gc_iface_index(uint32_t *index, struct gc_bytes name)
{
  char text[GC_IFACE_NAME_MAX];
  uint64_t number = 0;
  size_t digits = 0;
  if (name.len == 0 || name.len >= sizeof text || memchr(name.ptr, 0, name.len))
    return GC_E_NOT_FOUND;
  memcpy(text, name.ptr, name.len);
  text[name.len] = '\0';
  uint32_t found = if_nametoindex(text);
  if (!found) {
    char there[IF_NAMESIZE];
    while (digits < name.len && text[digits] >= '0' && text[digits] <= '9' && number <= INT32_MAX)
      number = number * 10 + (uint64_t)(text[digits++] - '0');
    if (digits < name.len || number == 0 || number > INT32_MAX || !if_indextoname((uint32_t)number, there))
      return GC_E_NOT_FOUND;
    found = (uint32_t)number;
  }
  *index = found;
  return GC_OK;
}

char *gc_iface_name(char out[static GC_IFACE_NAME_MAX], uint32_t index)
{
  if (!if_indextoname(index, out))
    snprintf(out, GC_IFACE_NAME_MAX, "%u", (unsigned)index);
  return out;
}

char *gc_iface_list(char *out, size_t cap)
{
  struct if_nameindex *all = if_nameindex();
  struct ifaddrs *addresses = NULL;
  size_t n = 0;
  if (cap > 0)
    out[0] = '\0';
  if (getifaddrs(&addresses) < 0)
    addresses = NULL;
  for (struct if_nameindex *i = all; i && i->if_index; i++) {
    const struct ifaddrs *a = addresses;
    while (a && strcmp(a->ifa_name, i->if_name) != 0)
      a = a->ifa_next;
    const size_t len = strlen(i->if_name) + (n ? 2 : 0);
    if (!a || !(a->ifa_flags & IFF_UP) || n + len + 1 > cap)
      continue;
    snprintf(out + n, cap - n, "%s%s", n ? ", " : "", i->if_name);
    n += len;
  }
  if (addresses)
    freeifaddrs(addresses);
  if (all)
    if_freenameindex(all);
  return out;
}

enum gc_err gc_iface_ipv4(struct gc_addr *out, uint32_t index)
{
  struct ifreq request;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  memset(&request, 0, sizeof request);
  const bool found = fd >= 0 && if_indextoname(index, request.ifr_name) && ioctl(fd, SIOCGIFADDR, &request) == 0;
  if (fd >= 0)
    close(fd);
  if (!found)
    return GC_E_NOT_FOUND;
  union gc_sockaddr sa;
  memcpy(&sa.in, &request.ifr_addr, sizeof sa.in);
  *out = gc_sockaddr_to(&sa);
  out->port = 0;
  return GC_OK;
}

const char *gc_iface_trouble(uint32_t index, enum gc_family family)
{
  char name[GC_IFACE_NAME_MAX];
  struct ifaddrs *addresses;
  unsigned flags = 0;
  bool has_address = false;
  if (!if_indextoname(index, name))
    return "there is no such interface";
  if (getifaddrs(&addresses) < 0)
    return NULL; /* what is not known is no trouble */
  for (const struct ifaddrs *a = addresses; a; a = a->ifa_next) {
    if (strcmp(a->ifa_name, name) != 0)
      continue;
    flags |= a->ifa_flags;
    has_address = has_address || (a->ifa_addr && a->ifa_addr->sa_family == (family == GC_FAMILY_IPV4 ? AF_INET : AF_INET6));
  }
  freeifaddrs(addresses);
  if (!(flags & IFF_UP))
    return "the interface is down";
  if (!has_address && family != GC_FAMILY_NONE)
    return family == GC_FAMILY_IPV4 ? "the interface has no IPv4 address" : "the interface has no IPv6 address";
  if (!(flags & IFF_MULTICAST) && !(family == GC_FAMILY_IPV4 && (flags & IFF_LOOPBACK))) /* IPv4 does without the flag on lo */
    return "multicast is switched off on the interface";
  return NULL;
}
