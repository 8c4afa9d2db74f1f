/* Addresses for people. */
#ifndef GC_TOOLS_SHOW_ADDRESS_H
#define GC_TOOLS_SHOW_ADDRESS_H

#include "base/addr.h"

/** "192.0.2.1:5683", "[fe80::1%eth0]:5683": with the zone by its name. Returns out. */
char *gc_show_address(char out[static GC_ADDR_STR_MAX], const struct gc_addr *addr);

#endif
