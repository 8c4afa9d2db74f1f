#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "net/iface.h"

static const char *group_range(const struct gc_addr *addr)
{
  return addr->family == GC_FAMILY_IPV4 ? "224.0.0.0/4" : "ff00::/8";
}

/* the interface an example should name: the one asked for, or the first one that is up and not lo */
static const char *example_iface(char out[static GC_IFACE_NAME_MAX], uint32_t ifindex, const char *up)
{
  if (ifindex)
    return gc_iface_name(out, ifindex);
  const char *at = strncmp(up, "lo, ", 4) == 0 ? up + 4 : up;
  snprintf(out, GC_IFACE_NAME_MAX, "%.*s", (int)strcspn(at, ","), at);
  return *out ? out : strcpy(out, "IF");
}

static bool is_loopback(const char *name)
{
  return strcmp(name, "lo") == 0;
}

static void explain_multicast_route(char *out, size_t cap, const struct gc_addr *addr, uint32_t ifindex)
{
  char up[128], name[GC_IFACE_NAME_MAX];
  gc_iface_list(up, sizeof up);
  example_iface(name, ifindex, up);
  const char *trouble = ifindex ? gc_iface_trouble(ifindex, addr->family) : NULL;
  if (trouble && !is_loopback(name))
    snprintf(out, cap, "%s (%s)", trouble, name);
  else if (addr->family == GC_FAMILY_IPV6 && is_loopback(name))
    snprintf(out, cap, "no IPv6 multicast on interface lo: ip link set lo multicast on; ip -6 route add local ff00::/8 dev lo");
  else if (ifindex)
    snprintf(out, cap, "no route for multicast on %s: ip %sroute add %s dev %s", name, addr->family == GC_FAMILY_IPV6 ? "-6 " : "",
             group_range(addr), name);
  else
    snprintf(out, cap, "no route for multicast; name the interface with -i (up: %s), or: ip %sroute add %s dev %s", up,
             addr->family == GC_FAMILY_IPV6 ? "-6 " : "", group_range(addr), name);
}

static void explain_not_here(char *out, size_t cap, const struct gc_addr *addr, uint32_t ifindex)
{
  char name[GC_IFACE_NAME_MAX], up[128];
  if (ifindex && !if_indextoname(ifindex, name))
    snprintf(out, cap, "there is no interface %u (up: %s)", (unsigned)ifindex, gc_iface_list(up, sizeof up));
  else if (addr->family == GC_FAMILY_IPV6 && gc_addr_is_link_local(addr) && !addr->zone && !ifindex)
    snprintf(out, cap, "a link-local address needs its interface: add %%IF to it, or -i (up: %s)", gc_iface_list(up, sizeof up));
  else
    snprintf(out, cap, "this host does not have that address");
}

static void explain(char *out, size_t cap, enum gc_net_action action, int error, const struct gc_addr *addr, uint32_t ifindex)
{
  const bool is_group = gc_addr_is_multicast(addr);
  const char *trouble = ifindex && is_group ? gc_iface_trouble(ifindex, addr->family) : NULL;
  char name[GC_IFACE_NAME_MAX], up[128];
  switch (error) {
  case ENETUNREACH:
  case EHOSTUNREACH:
  case ENETDOWN:
    if (is_group)
      explain_multicast_route(out, cap, addr, ifindex);
    else if (error == EHOSTUNREACH)
      snprintf(out, cap, "no host of that address answers on its network");
    else
      snprintf(out, cap, "no route to it (ip %sroute)", addr->family == GC_FAMILY_IPV6 ? "-6 " : "");
    return;
  case ENODEV:
  case ENXIO:
  case EADDRNOTAVAIL:
  case EINVAL:
    if (is_group && trouble)
      snprintf(out, cap, "%s (%s; up: %s)", trouble, gc_iface_name(name, ifindex), gc_iface_list(up, sizeof up));
    else if (is_group && (action == GC_NET_JOIN || error != EINVAL) && !(gc_addr_is_link_local(addr) && !ifindex && !addr->zone))
      explain_multicast_route(out, cap, addr, ifindex);
    else if (error == EINVAL && !(addr->family == GC_FAMILY_IPV6 && gc_addr_is_link_local(addr)))
      snprintf(out, cap, "%s", strerror(error));
    else
      explain_not_here(out, cap, addr, ifindex);
    return;
  case EADDRINUSE:
    if (action == GC_NET_JOIN)
      snprintf(out, cap, "it is joined already");
    else
      snprintf(out, cap, "another program has that address and port (ss -lunp shows which); choose another port");
    return;
  case EACCES:
  case EPERM:
    snprintf(out, cap, "%s: %s", strerror(error),
             action == GC_NET_BIND && addr->port && addr->port < 1024 ? "ports below 1024 need a privilege"
             : action == GC_NET_SEND                                  ? "a firewall rule, or a broadcast address"
                                                                      : "a privilege is needed");
    return;
  case EAFNOSUPPORT:
    snprintf(out, cap, "this host has no IPv%d, or the socket is of the other family", (int)addr->family);
    return;
  case ENOBUFS:
    snprintf(out, cap, action == GC_NET_JOIN ? "too many groups on one socket (sysctl net.ipv4.igmp_max_memberships, net.core.optmem_max)"
                                             : "the interface's queue is full");
    return;
  case ENOMEM:
    snprintf(out, cap, action == GC_NET_JOIN ? "too many groups on one socket (sysctl net.core.optmem_max)" : "no memory");
    return;
  case EMSGSIZE:
    snprintf(out, cap, "too large for one datagram");
    return;
  case ECONNREFUSED:
    snprintf(out, cap, "the host is there, but nothing listens on port %u", (unsigned)addr->port);
    return;
  default:
    snprintf(out, cap, "%s", strerror(error));
  }
}

char *gc_net_explain(char out[static GC_NET_EXPLAIN_MAX], enum gc_net_action action, int error, const struct gc_addr *addr, uint32_t ifindex)
{
  static const char *const what[] = { "send to", "bind to", "join" };
  char host[GC_ADDR_STR_MAX], name[GC_IFACE_NAME_MAX] = "", port[8] = "";
  const bool is_v6 = addr->family == GC_FAMILY_IPV6;
  gc_addr_format_host(host, addr);
  if (addr->zone)
    gc_iface_name(name, addr->zone);
  if (action != GC_NET_JOIN)
    snprintf(port, sizeof port, ":%u", (unsigned)addr->port);
  const int n = snprintf(out, GC_NET_EXPLAIN_MAX, "cannot %s %s%s%s%s%s%s: ", what[action], is_v6 ? "[" : "", host, *name ? "%" : "", name,
                         is_v6 ? "]" : "", port);
  if (!ifindex)
    ifindex = addr->zone;
  explain(out + n, GC_NET_EXPLAIN_MAX - (size_t)n, action, error, addr, ifindex);
  return out;
}
