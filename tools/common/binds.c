#include "common/binds.h"

#include <errno.h>
#include <string.h>

#include "common/status.h"
#include "net/iface.h"
#include "net/udp.h"

const char *gc_binds_add(struct gc_binds *binds, const char *text)
{
  struct gc_addr address;
  struct gc_bytes zone = { 0 };
  struct gc_where where = { 0 };
  if (gc_addr_parse(&address, gc_bytes_str(text), 0, &zone, &where))
    return where.phrase ? where.phrase : "not an IP address";
  if (zone.len > 0 && gc_iface_index(&address.zone, zone))
    return "its zone is no interface of this host";
  if (gc_addr_is_multicast(&address))
    return "a multicast address: this server is asked by unicast";
  for (size_t i = 0; i < binds->count; i++)
    if (binds->addrs[i].family == address.family)
      return "one address of each family only";
  binds->addrs[binds->count++] = address;
  return NULL;
}

/* A host without IPv6 still serves IPv4. */
static bool has_ipv6(void)
{
  const struct gc_udp_options options = { .bind = { .family = GC_FAMILY_IPV6 }, .hop_limit = -1 };
  struct gc_udp *probe;
  if (gc_udp_open(&probe, &options)) {
    gc_info(1, "no IPv6 here: %s", strerror(errno));
    return false;
  }
  gc_udp_close(&probe);
  return true;
}

size_t gc_binds_list(const struct gc_binds *binds, struct gc_addr out[static 2])
{
  out[0] = binds->count ? binds->addrs[0] : (struct gc_addr){ .family = GC_FAMILY_IPV4 };
  out[1] = binds->count ? binds->addrs[1] : (struct gc_addr){ .family = GC_FAMILY_IPV6 };
  return binds->count ? binds->count : has_ipv6() ? 2 : 1;
}
