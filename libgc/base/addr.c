#include "base/addr.h"

#include <arpa/inet.h> /* inet_pton, inet_ntop: text only */
#include <stdio.h>
#include <string.h>

struct gc_addr gc_addr_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
  return (struct gc_addr){ .family = GC_FAMILY_IPV4, .ip = { a, b, c, d }, .port = port };
}

static bool same_ip(const struct gc_addr *a, const struct gc_addr *b)
{
  return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool gc_addr_same_host(const struct gc_addr *a, const struct gc_addr *b)
{
  return same_ip(a, b) && (a->zone == b->zone || a->zone == 0 || b->zone == 0);
}

bool gc_addr_equal(const struct gc_addr *a, const struct gc_addr *b)
{
  return a->port == b->port && gc_addr_same_host(a, b);
}

int gc_addr_compare(const struct gc_addr *a, const struct gc_addr *b)
{
  if (a->family != b->family)
    return a->family - b->family;
  int order = memcmp(a->ip, b->ip, sizeof a->ip);
  return order ? order : a->port - b->port;
}

uint64_t gc_addr_hash(const struct gc_addr *addr, uint64_t key)
{
  uint64_t part[3] = { (uint64_t)addr->port << 8 | addr->family };
  uint64_t h = key;
  memcpy(part + 1, addr->ip, sizeof addr->ip);
  for (int i = 0; i < 3; i++) { /* two rounds of a 64-bit finaliser each: a change of the port cannot undo one of the address */
    h ^= part[i];
    h *= 0xff51afd7ed558ccdULL;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53ULL;
    h ^= h >> 33;
    h += key;
  }
  return h;
}

bool gc_addr_is_multicast(const struct gc_addr *addr)
{
  return addr->family == GC_FAMILY_IPV4 ? (addr->ip[0] & 0xf0) == 0xe0 : addr->family == GC_FAMILY_IPV6 && addr->ip[0] == 0xff;
}

bool gc_addr_is_any(const struct gc_addr *addr)
{
  static const uint8_t zero[16];
  return memcmp(addr->ip, zero, sizeof zero) == 0;
}

bool gc_addr_is_link_local(const struct gc_addr *addr)
{
  const uint8_t *ip = addr->ip;
  if (addr->family == GC_FAMILY_IPV4)
    return (ip[0] == 169 && ip[1] == 254) || (ip[0] == 224 && ip[1] == 0 && ip[2] == 0);
  return addr->family == GC_FAMILY_IPV6 && ((ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) || (ip[0] == 0xff && (ip[1] & 0x0f) == 2));
}

struct gc_addr gc_addr_plus(const struct gc_addr *addr, uint32_t count)
{
  struct gc_addr out = *addr;
  uint64_t carry = count;
  for (int i = addr->family == GC_FAMILY_IPV4 ? 3 : 15; i >= 0 && carry; i--) {
    carry += out.ip[i];
    out.ip[i] = (uint8_t)carry;
    carry >>= 8;
  }
  return out;
}

static enum gc_err parse_port(uint16_t *port, struct gc_bytes text, size_t at, struct gc_where *where)
{
  uint32_t value = 0;
  if (text.len == 0 || text.len > 5)
    return gc_fail(where, at, "a port is a number from 1 to 65535", GC_E_MALFORMED);
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9')
      return gc_fail(where, at + i, "a port is a number from 1 to 65535", GC_E_MALFORMED);
    value = value * 10 + text.ptr[i] - '0';
  }
  if (value == 0 || value > 65535)
    return gc_fail(where, at, "a port is a number from 1 to 65535", GC_E_RANGE);
  *port = (uint16_t)value;
  return GC_OK;
}

/* host without brackets and port, zone split off */
static enum gc_err parse_host(struct gc_addr *out, struct gc_bytes host, size_t at, struct gc_bytes *zone, struct gc_where *where)
{
  char text[INET6_ADDRSTRLEN];
  const uint8_t *percent = host.len ? memchr(host.ptr, '%', host.len) : NULL;
  size_t len = percent ? (size_t)(percent - host.ptr) : host.len;
  if (zone)
    *zone = gc_bytes(NULL, 0);
  if (percent) {
    if (!zone || len + 1 == host.len)
      return gc_fail(where, at + len, zone ? "an interface must follow %" : "no zone is allowed here", GC_E_MALFORMED);
    *zone = gc_bytes(percent + 1, host.len - len - 1);
  }
  if (len == 0 || len >= sizeof text || memchr(host.ptr, 0, len))
    return gc_fail(where, at, "not an IPv4 or IPv6 address", GC_E_MALFORMED);
  memcpy(text, host.ptr, len);
  text[len] = '\0';
  if (inet_pton(AF_INET6, text, out->ip) == 1)
    out->family = GC_FAMILY_IPV6;
  else if (inet_pton(AF_INET, text, out->ip) == 1)
    out->family = GC_FAMILY_IPV4;
  else
    return gc_fail(where, at, "not an IPv4 or IPv6 address", GC_E_MALFORMED);
  return GC_OK;
}

enum gc_err gc_addr_parse(struct gc_addr *out, struct gc_bytes text, uint16_t default_port,
                          struct gc_bytes *zone, struct gc_where *where)
{
  struct gc_addr addr = { .port = default_port };
  struct gc_bytes host = text, port = { NULL, 0 };
  size_t host_at = 0;
  bool has_port = false;
  if (text.len > 0 && text.ptr[0] == '[') {
    const uint8_t *close = memchr(text.ptr, ']', text.len);
    if (!close)
      return gc_fail(where, text.len, "the ] of an IPv6 address is missing", GC_E_MALFORMED);
    size_t end = (size_t)(close - text.ptr);
    host = gc_bytes(text.ptr + 1, end - 1);
    host_at = 1;
    if (end + 1 < text.len) {
      if (text.ptr[end + 1] != ':')
        return gc_fail(where, end + 1, "only :PORT may follow ]", GC_E_MALFORMED);
      port = gc_bytes_slice(text, end + 2, SIZE_MAX);
      has_port = true;
    }
  } else if (text.len > 0) {
    const uint8_t *colon = memchr(text.ptr, ':', text.len);
    size_t at = colon ? (size_t)(colon - text.ptr) : text.len;
    if (colon && !memchr(colon + 1, ':', text.len - at - 1)) {
      host = gc_bytes(text.ptr, at);
      port = gc_bytes_slice(text, at + 1, SIZE_MAX);
      has_port = true;
    }
  }
  enum gc_err err = parse_host(&addr, host, host_at, zone, where);
  if (!err && host_at == 1 && addr.family != GC_FAMILY_IPV6)
    err = gc_fail(where, host_at, "only an IPv6 address may stand in [ ]", GC_E_MALFORMED);
  if (!err && has_port)
    err = parse_port(&addr.port, port, text.len - port.len, where);
  if (!err)
    *out = addr;
  return err;
}

char *gc_addr_format_host(char out[static GC_ADDR_STR_MAX], const struct gc_addr *addr)
{
  if (addr->family == GC_FAMILY_NONE || !inet_ntop(addr->family == GC_FAMILY_IPV4 ? AF_INET : AF_INET6, addr->ip, out, GC_ADDR_STR_MAX))
    strcpy(out, "-");
  return out;
}

char *gc_addr_format(char out[static GC_ADDR_STR_MAX], const struct gc_addr *addr)
{
  char host[GC_ADDR_STR_MAX], zone[12] = "";
  gc_addr_format_host(host, addr);
  if (addr->zone)
    snprintf(zone, sizeof zone, "%%%u", (unsigned)addr->zone);
  snprintf(out, GC_ADDR_STR_MAX, addr->family == GC_FAMILY_IPV6 ? "[%.46s%s]:%u" : "%.46s%s:%u", host, zone, (unsigned)addr->port);
  return out;
}
