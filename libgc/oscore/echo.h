/* The server's challenges with the Echo option: freshness, and Replay Windows that were lost (draft-ietf-core-oscore-groupcomm,
 * Section 9; RFC 8613, Appendix B.1.2; RFC 9175, Section 2). */
#ifndef GC_OSCORE_ECHO_H
#define GC_OSCORE_ECHO_H

#include "base/rng.h"
#include "oscore/message.h"

#define GC_ECHO_LEN 8 /* of the values made here, bytes */

/** The values that were sent and not yet echoed, one for each client; bounded, the oldest gives way. */
struct gc_oscore_echo;

/** @param cap clients that may be challenged at the same time. NULL: no memory */
struct gc_oscore_echo *gc_oscore_echo_new(size_t cap);
void gc_oscore_echo_free(struct gc_oscore_echo **echo);

/** A new value for the client that sent the request of this binding. */
void gc_oscore_echo_make(struct gc_oscore_echo *echo, const struct gc_oscore_binding *binding, struct gc_rng rng, uint64_t now_ms,
                         uint8_t value[static GC_ECHO_LEN]);

/**
 * Does the request echo the value that its client was sent? A value is good once. On success an invalid Replay Window
 * becomes valid, with the request's Partial IV as its lower limit.
 * @param opened from gc_oscore_open_request with GC_SEC_OK or GC_SEC_WINDOW_INVALID
 * @param lifetime_ms    how old a value may be, and what counts as fresh
 * @param context_age_ms since the context was established: a request with an Echo option cannot be older, which is enough
 *                       where no value is stored for its client
 * @return true: the request is fresh, deliver it
 */
bool gc_oscore_echo_check(struct gc_oscore_echo *echo, const struct gc_oscore_opened *opened, const struct gc_oscore_binding *binding,
                          uint64_t now_ms, uint64_t lifetime_ms, uint64_t context_age_ms);

/** Forget all values of a context: it was replaced (draft, Section 9). */
void gc_oscore_echo_drop(struct gc_oscore_echo *echo, const struct gc_oscore_context *context);

/** The body of a challenge: 4.01 with only an Echo option. GC_E_SPACE */
enum gc_err gc_oscore_echo_body(struct gc_buf *out, const uint8_t value[static GC_ECHO_LEN]) GC_MUST_CHECK;

#endif
