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

/** The first IPv4 address of an interface, port 0. GC_E_NOT_FOUND */
enum gc_err gc_iface_ipv4(struct gc_addr *out, uint32_t index) GC_MUST_CHECK;

/** Is the address not in the public Internet as seen from here: loopback, link-local, private or unique local, shared
 *  (RFC 6598), unspecified, or in the network of one of this host's interfaces? Asks the system for the last only. */
bool gc_iface_is_near(const struct gc_addr *addr);

/** The interface the system's routes would use towards addr (addr->zone: by this interface, for IPv4 too), and the source
 *  address it would take. GC_E_NOT_FOUND: no route (errno says how); GC_E_SYSTEM: the system does not tell */
enum gc_err gc_route_lookup(uint32_t *index, struct gc_addr *source, const struct gc_addr *addr) GC_MUST_CHECK;

/**
 * Addresses of a host name, in the resolver's order, each with `port`.
 * @param family GC_FAMILY_NONE: both
 * @return GC_OK (*count ≥ 1); GC_E_NOT_FOUND; *reason (where not NULL) is the resolver's phrase
 */
enum gc_err gc_resolve(struct gc_addr *out, size_t cap, size_t *count, struct gc_bytes name, uint16_t port,
                       enum gc_family family, const char **reason) GC_MUST_CHECK;

enum gc_net_action { GC_NET_SEND, GC_NET_BIND, GC_NET_JOIN };

#define GC_NET_EXPLAIN_MAX 512

/**
 * One line for people why a network call failed and what to do about it: "cannot send to 224.0.1.187:5683: no route for
 * multicast; name the interface with -i (up: lo, eth0), or: ip route add 224.0.0.0/4 dev eth0".
 * @param error   errno of the call
 * @param addr    destination, local address or group
 * @param ifindex the interface that was asked for, 0: none
 * @return out
 */
char *gc_net_explain(char out[static GC_NET_EXPLAIN_MAX], enum gc_net_action action, int error, const struct gc_addr *addr,
                     uint32_t ifindex);

#endif
