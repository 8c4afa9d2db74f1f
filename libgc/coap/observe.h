/* The order of notifications (RFC 7641, Section 3.4). */
#ifndef GC_COAP_OBSERVE_H
#define GC_COAP_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>

#define GC_OBSERVE_REGISTER 0
#define GC_OBSERVE_DEREGISTER 1
#define GC_OBSERVE_MASK 0xffffffu    /* sequence numbers have 24 bits */
#define GC_OBSERVE_AGE_LIMIT_MS 128000 /* after this time every notification is newer */

/** Is the notification with sequence number `v2`, received at t2_ms, newer than the one with v1, received at t1_ms? */
bool gc_observe_is_newer(uint32_t v1, uint64_t t1_ms, uint32_t v2, uint64_t t2_ms);

#endif
