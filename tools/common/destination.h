/* A coap URI made into addresses to which a request can go: names resolved, zones and interfaces settled. */
#ifndef GC_TOOLS_DESTINATION_H
#define GC_TOOLS_DESTINATION_H

#include "coap/uri.h"
#include "common/status.h"

#define GC_DESTINATION_ADDRESSES_MAX 16 /* of one host name */

struct gc_destination_query {
  const char *uri;
  const char *interface; /* -i, NULL: none; wins over a zone */
  uint8_t family;        /* enum gc_family; NONE: both */
  uint8_t scope;         /* of all-coap over IPv6; 0: not given */
};

struct gc_destination {
  struct gc_uri uri;
  struct gc_addr targets[GC_DESTINATION_ADDRESSES_MAX];
  size_t target_count;   /* at least 1; of a server: to be tried in turn; of groups: all of them */
  bool is_group;
  uint32_t ifindex;      /* 0: the routes decide */
};

/** 2: the URI; 4: no such interface, the name is not known. why says it. */
enum gc_status gc_destination_find(struct gc_destination *out, const struct gc_destination_query *query, char why[static GC_WHY_LEN]);

#endif
