/* Internet addresses as values: no sockets, no resolver (those are in net/). */
#ifndef GC_BASE_ADDR_H
#define GC_BASE_ADDR_H

#include "base/bytes.h"

enum gc_family { GC_FAMILY_NONE = 0, GC_FAMILY_IPV4 = 4, GC_FAMILY_IPV6 = 6 };

/** A UDP endpoint address. */
struct gc_addr {
  uint8_t family;   /* enum gc_family */
  uint8_t ip[16];   /* network byte order; IPv4 uses the first four bytes, the rest is zero */
  uint16_t port;    /* host byte order */
  uint32_t zone;    /* interface index of a scoped IPv6 address, 0 = none */
};

#define GC_ADDR_STR_MAX 80 /* "[ipv6%zone]:port" and a NUL */

struct gc_addr gc_addr_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);

/** Same family, address, port and (where both have one) zone. */
bool gc_addr_equal(const struct gc_addr *a, const struct gc_addr *b);

/** As gc_addr_equal, whatever the ports. */
bool gc_addr_same_host(const struct gc_addr *a, const struct gc_addr *b);

/** A total order for sorted output: family, address, port. <0, 0, >0 */
int gc_addr_compare(const struct gc_addr *a, const struct gc_addr *b);

/** A hash of family, address and port, keyed so that peers cannot choose collisions. */
uint64_t gc_addr_hash(const struct gc_addr *addr, uint64_t key);

/** 224.0.0.0/4 or ff00::/8 */
bool gc_addr_is_multicast(const struct gc_addr *addr);

/** 0.0.0.0 or :: */
bool gc_addr_is_any(const struct gc_addr *addr);

/** 169.254.0.0/16, 224.0.0.0/24, fe80::/10, ff02::/16: meaningful on one link only. */
bool gc_addr_is_link_local(const struct gc_addr *addr);

/** The address `count` further on (for members at consecutive addresses); wraps within the family. */
struct gc_addr gc_addr_plus(const struct gc_addr *addr, uint32_t count);

/**
 * Parse a literal: "192.0.2.1", "2001:db8::1", "[2001:db8::1]", each with ":PORT" where that is unambiguous
 * (an IPv6 address needs its brackets for a port). A zone ("%eth0") is handed back as text.
 * @param[out] zone   borrowed from text; empty where there is none; NULL: a zone is malformed
 * @param default_port taken where text names no port
 */
enum gc_err gc_addr_parse(struct gc_addr *out, struct gc_bytes text, uint16_t default_port,
                          struct gc_bytes *zone, struct gc_where *where) GC_MUST_CHECK;

/** "192.0.2.1:5683", "[2001:db8::1]:5683", "[fe80::1%2]:5683" (zone as number). Returns out. */
char *gc_addr_format(char out[static GC_ADDR_STR_MAX], const struct gc_addr *addr);

/** The address alone, without brackets and port: "192.0.2.1", "2001:db8::1". Returns out. */
char *gc_addr_format_host(char out[static GC_ADDR_STR_MAX], const struct gc_addr *addr);

#endif
