#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "net/iface.h"
#include "net/sockaddr.h"

enum { NAME_MAX_LEN = 255 };

static bool is_there(const struct gc_addr *list, size_t count, const struct gc_addr *addr)
{
  for (size_t i = 0; i < count; i++)
    if (gc_addr_equal(&list[i], addr))
      return true;
  return false;
}

enum gc_err gc_resolve(struct gc_addr *out, size_t cap, size_t *count, struct gc_bytes name, uint16_t port,
                       enum gc_family family, const char **reason)
{
  char text[NAME_MAX_LEN + 1];
  const char *unused;
  if (!reason)
    reason = &unused;
  *count = 0;
  if (name.len == 0 || name.len > NAME_MAX_LEN || memchr(name.ptr, 0, name.len)) {
    *reason = "a host name has 1 to 255 characters";
    return GC_E_NOT_FOUND;
  }
  memcpy(text, name.ptr, name.len);
  text[name.len] = '\0';
  const struct addrinfo hints = { .ai_family = family == GC_FAMILY_IPV4 ? AF_INET : family == GC_FAMILY_IPV6 ? AF_INET6 : AF_UNSPEC,
                                  .ai_socktype = SOCK_DGRAM };
  struct addrinfo *found = NULL;
  const int failed = getaddrinfo(text, NULL, &hints, &found);
  if (failed) {
    *reason = failed == EAI_SYSTEM ? strerror(errno) : gai_strerror(failed);
    return GC_E_NOT_FOUND;
  }
  for (const struct addrinfo *i = found; i && *count < cap; i = i->ai_next) {
    union gc_sockaddr sa;
    if (i->ai_addrlen > sizeof sa)
      continue;
    memcpy(&sa, i->ai_addr, i->ai_addrlen);
    struct gc_addr addr = gc_sockaddr_to(&sa);
    addr.port = port;
    if (addr.family != GC_FAMILY_NONE && !is_there(out, *count, &addr))
      out[(*count)++] = addr;
  }
  freeaddrinfo(found);
  if (*count == 0)
    *reason = "no address of the family that is wanted";
  return *count ? GC_OK : GC_E_NOT_FOUND;
}
