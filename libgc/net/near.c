#include <ifaddrs.h>
#include <string.h>

#include "net/iface.h"
#include "net/sockaddr.h"

struct range {
  uint8_t prefix[2], mask[2];
};

static bool is_in(const uint8_t *ip, const struct range *ranges, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if ((ip[0] & ranges[i].mask[0]) == ranges[i].prefix[0] && (ip[1] & ranges[i].mask[1]) == ranges[i].prefix[1])
      return true;
  return false;
}

/* What routers of the public Internet do not forward (RFC 6890). */
static bool is_special(const struct gc_addr *addr)
{
  static const struct range ipv4[] = {
    { { 0, 0 }, { 255, 0 } },      { { 10, 0 }, { 255, 0 } },    { { 100, 64 }, { 255, 192 } },  { { 127, 0 }, { 255, 0 } },
    { { 169, 254 }, { 255, 255 } }, { { 172, 16 }, { 255, 240 } }, { { 192, 168 }, { 255, 255 } },
  };
  static const struct range ipv6[] = { { { 0xfc, 0 }, { 0xfe, 0 } }, { { 0xfe, 0x80 }, { 0xff, 0xc0 } } };
  static const uint8_t zero[15];
  if (addr->family == GC_FAMILY_IPV4)
    return is_in(addr->ip, ipv4, sizeof ipv4 / sizeof *ipv4);
  return is_in(addr->ip, ipv6, sizeof ipv6 / sizeof *ipv6) || (memcmp(addr->ip, zero, sizeof zero) == 0 && addr->ip[15] <= 1);
}

static bool same_network(const struct ifaddrs *entry, const struct gc_addr *addr)
{
  union gc_sockaddr own, mask;
  if (!entry->ifa_addr || !entry->ifa_netmask)
    return false;
  if (entry->ifa_addr->sa_family == AF_INET && addr->family == GC_FAMILY_IPV4) {
    memcpy(&own.in, entry->ifa_addr, sizeof own.in);
    memcpy(&mask.in, entry->ifa_netmask, sizeof mask.in);
    uint32_t ip;
    memcpy(&ip, addr->ip, sizeof ip);
    return mask.in.sin_addr.s_addr != 0 && ((ip ^ own.in.sin_addr.s_addr) & mask.in.sin_addr.s_addr) == 0;
  }
  if (entry->ifa_addr->sa_family != AF_INET6 || addr->family != GC_FAMILY_IPV6)
    return false;
  memcpy(&own.in6, entry->ifa_addr, sizeof own.in6);
  memcpy(&mask.in6, entry->ifa_netmask, sizeof mask.in6);
  for (size_t i = 0; i < 16; i++)
    if (mask.in6.sin6_addr.s6_addr[0] == 0 || ((addr->ip[i] ^ own.in6.sin6_addr.s6_addr[i]) & mask.in6.sin6_addr.s6_addr[i]) != 0)
      return false;
  return true;
}

bool gc_iface_is_near(const struct gc_addr *addr)
{
  if (is_special(addr))
    return true;
  struct ifaddrs *all;
  if (getifaddrs(&all) < 0)
    return false;
  bool result = false;
  for (const struct ifaddrs *entry = all; entry && !result; entry = entry->ifa_next)
    result = same_network(entry, addr);
  freeifaddrs(all);
  return result;
}
