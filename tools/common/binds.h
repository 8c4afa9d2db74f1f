/* Where a server is that is asked by unicast: --bind, once a family. */
#ifndef GC_TOOLS_BINDS_H
#define GC_TOOLS_BINDS_H

#include <stddef.h>

#include "base/addr.h"

struct gc_binds {
  struct gc_addr addrs[2]; /* one a family; port 0: none was said */
  size_t count;            /* 0: any address */
};

/** One more, ADDR[:PORT]. NULL, or a phrase that says what is wrong. */
const char *gc_binds_add(struct gc_binds *binds, const char *text);

/** The addresses to serve at, any address of each family that this host has where none was said; returns how many. */
size_t gc_binds_list(const struct gc_binds *binds, struct gc_addr out[static 2]);

#endif
