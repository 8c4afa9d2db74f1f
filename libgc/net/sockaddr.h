/* struct gc_addr to the system's socket addresses and back. For this room only. */
#ifndef GC_NET_SOCKADDR_H
#define GC_NET_SOCKADDR_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/addr.h"

union gc_sockaddr {
  struct sockaddr any;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
};

/** Length of what was written; 0 where addr has no family. */
socklen_t gc_sockaddr_from(union gc_sockaddr *out, const struct gc_addr *addr);

/** Family NONE for families that are not ours. IPv4-mapped addresses become IPv4. */
struct gc_addr gc_sockaddr_to(const union gc_sockaddr *sa);

#endif
