/* All security contexts of an endpoint: several groups, equal Gids, an older context beside a newer one (draft-ietf-core-
 * oscore-groupcomm, Sections 2.6.3, 6 and 14.6). */
#ifndef GC_OSCORE_RING_H
#define GC_OSCORE_RING_H

#include "oscore/message.h"

struct gc_oscore_ring;

/** NULL: no memory. */
struct gc_oscore_ring *gc_oscore_ring_new(void);

/** The contexts stay: they belong to whoever made them, and outlive the ring. */
void gc_oscore_ring_free(struct gc_oscore_ring **ring);

/** Add the newest context. GC_E_MEMORY */
enum gc_err gc_oscore_ring_add(struct gc_oscore_ring *ring, struct gc_oscore_context *context) GC_MUST_CHECK;

/** Take a context out; false: not in the ring. */
bool gc_oscore_ring_remove(struct gc_oscore_ring *ring, struct gc_oscore_context *context);

size_t gc_oscore_ring_count(const struct gc_oscore_ring *ring);
struct gc_oscore_context *gc_oscore_ring_at(const struct gc_oscore_ring *ring, size_t index); /* in the order they were added; NULL past the end */

/** When it was added: the higher, the newer, from 1 on, whatever is taken out meanwhile. 0: not in the ring, older than all. */
uint64_t gc_oscore_ring_place(const struct gc_oscore_ring *ring, const struct gc_oscore_context *context);

/** The place of the one added last, in the ring or not any more; 0: none was. */
uint64_t gc_oscore_ring_last_place(const struct gc_oscore_ring *ring);

/** The newest context of the group with this (invariant) name; NULL: none. */
struct gc_oscore_context *gc_oscore_ring_by_name(const struct gc_oscore_ring *ring, struct gc_bytes name);

/** Is the member with kid a under context a the one with kid b under context b, another context of the same group? Sender
 *  IDs may be given to others when a group is rekeyed: keys tell. */
bool gc_oscore_is_same_member(const struct gc_oscore_context *a, struct gc_bytes kid_a, const struct gc_oscore_context *b,
                              struct gc_bytes kid_b);

/** The Sender ID under context b of the member that has kid under context a, borrowed from b; ptr NULL: it has none. */
struct gc_bytes gc_oscore_id_elsewhere(const struct gc_oscore_context *a, struct gc_bytes kid, const struct gc_oscore_context *b);

/** gc_oscore_open_request with every context that fits, the newest first; where none opens it, the result that came
 *  furthest, and opened of that try. */
enum gc_sec gc_oscore_ring_open_request(struct gc_oscore_ring *ring, const struct gc_message *outer, unsigned flags,
                                        struct gc_buf storage, struct gc_oscore_opened *opened, struct gc_oscore_binding *binding)
  __attribute__((warn_unused_result));

/** gc_oscore_open_response with the contexts of the request's group: the request's own, and others of the same name
 *  or Gid, the newest first. */
enum gc_sec gc_oscore_ring_open_response(struct gc_oscore_ring *ring, const struct gc_message *outer, unsigned flags,
                                         const struct gc_oscore_binding *binding, struct gc_buf storage, struct gc_oscore_opened *opened)
  __attribute__((warn_unused_result));

#endif
