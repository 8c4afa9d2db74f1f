/* The client's side of one request: which responses of which server are new (draft-ietf-core-oscore-groupcomm, Sections
 * 5.3.1 and 7.4; RFC 8613, Section 7.4.1). */
#ifndef GC_OSCORE_EXCHANGE_H
#define GC_OSCORE_EXCHANGE_H

#include "oscore/message.h"

struct gc_oscore_exchange;

/**
 * @param is_long   several responses of a server may come: a group request or an observation; else one, from one server
 * @param expected  servers that may answer; room for so many is there from the start
 * @param window    how far behind its newest a response may be, 1 … 64 Partial IVs; 1: only newer ones
 * @return NULL: no memory
 */
struct gc_oscore_exchange *gc_oscore_exchange_new(bool is_long, size_t expected, unsigned window);
void gc_oscore_exchange_free(struct gc_oscore_exchange **exchange);

/**
 * Record a response that has verified: after gc_oscore_open_response returned GC_SEC_OK, once for each.
 * @param[out] is_newest the freshest of this server so far (under its context); NULL allowed
 * @return GC_SEC_OK: deliver it. GC_SEC_REPLAY, GC_SEC_TOO_OLD; GC_SEC_UNEXPECTED: a second one without Partial IV, a second
 *         one where the exchange is not long, or the server has another kid than before; GC_SEC_SPACE: no memory
 */
enum gc_sec gc_oscore_exchange_accept(struct gc_oscore_exchange *exchange, const struct gc_oscore_opened *opened, bool *is_newest)
  __attribute__((warn_unused_result));

/** Forget what came under a context that opens nothing any more: nothing refers to it afterwards. */
void gc_oscore_exchange_forget(struct gc_oscore_exchange *exchange, const struct gc_oscore_context *context);

/** Servers that have answered. */
size_t gc_oscore_exchange_count(const struct gc_oscore_exchange *exchange);

#endif
