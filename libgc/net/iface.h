/* Network interfaces, host names, and why multicast does not work here. */
#ifndef GC_NET_IFACE_H
#define GC_NET_IFACE_H

#include "base/addr.h"

#define GC_IFACE_NAME_MAX 16

/** Interface by name or number ("eth0", "4"). GC_E_NOT_FOUND */
enum gc_err gc_iface_index(uint32_t *index, struct gc_bytes name) GC_MUST_CHECK;

/** Name of an interface; its number as text where it has none. Returns out. */
char *gc_iface_name(char out[static GC_IFACE_NAME_MAX], uint32_t index);

/** "lo, eth0, wlan0": those that are up, comma separated, cut to cap bytes. Returns out. */
char *gc_iface_list(char *out, size_t cap);

/** Has the interface an address of this family, is it up, does it do multicast? A phrase for people, or NULL where all is well. */
const char *gc_iface_trouble(uint32_t index, enum gc_family family);

/** The interface the system's routes would use towards addr, and the source address it would take. GC_E_NOT_FOUND: no route */
enum gc_err gc_route_lookup(uint32_t *index, struct gc_addr *source, const struct gc_addr *addr) GC_MUST_CHECK;

/**
 * Addresses of a host name, in the resolver's order, each with `port`.
 * @param family GC_FAMILY_NONE: both
 * @return GC_OK (*count ≥ 1); GC_E_NOT_FOUND; *reason (where not NULL) is the resolver's phrase
 */
enum gc_err gc_resolve(struct gc_addr *out, size_t cap, size_t *count, struct gc_bytes name, uint16_t port,
                       enum gc_family family, const char **reason) GC_MUST_CHECK;

#endif
