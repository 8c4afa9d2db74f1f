#include "common/show_address.h"

#include <stdio.h>

#include "net/iface.h"

char *gc_show_address(char out[static GC_ADDR_STR_MAX], const struct gc_addr *addr)
{
  char host[GC_ADDR_STR_MAX], zone[GC_IFACE_NAME_MAX];
  if (!addr->zone)
    return gc_addr_format(out, addr);
  snprintf(out, GC_ADDR_STR_MAX, "[%.46s%%%.15s]:%u", gc_addr_format_host(host, addr), gc_iface_name(zone, addr->zone), (unsigned)addr->port);
  return out;
}
