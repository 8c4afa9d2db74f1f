/* What goes on when a context takes another one's place (draft-ietf-core-oscore-groupcomm, Section 2.6.3): the same keys with
 * other members, or new keys. No I/O. */
#ifndef GC_OSCORE_SUCCESSION_H
#define GC_OSCORE_SUCCESSION_H

#include "oscore/context.h"

/** What two contexts have in common. */
enum gc_oscore_kinship {
  GC_OSCORE_OTHER,     /* neither keys nor sequence numbers */
  GC_OSCORE_SAME_KEYS, /* Master Secret, Master Salt and ID Context: Replay Windows belong to both, and only one may receive */
  GC_OSCORE_SAME,      /* they differ in their members, own side included, at most */
};
enum gc_oscore_kinship gc_oscore_context_compare(const struct gc_oscore_context *a, const struct gc_oscore_context *b);

/** Are all members the same, own side included? Of two contexts that are GC_OSCORE_SAME. */
bool gc_oscore_context_has_same_members(const struct gc_oscore_context *a, const struct gc_oscore_context *b);

/**
 * Give a context the members of another one that is GC_OSCORE_SAME: Replay Windows go on, also under a new credential; who is not
 * there any more is removed (deliberately: Section 2.6.1.2). Where the own side differs it is taken over with `numbers`
 * (Section 2.6.3.1: a new Sender ID, sequence numbers of its own).
 * @return GC_OK; GC_E_MEMORY: part of it is done; without a Sender Context where that was to change
 */
enum gc_err gc_oscore_context_update(struct gc_oscore_context *context, const struct gc_oscore_context *from,
                                     struct gc_oscore_numbers numbers) GC_MUST_CHECK;

/** Take the Replay Windows of a context that is GC_OSCORE_SAME_KEYS, by Recipient ID; that one must receive no more. */
void gc_oscore_context_take_windows(struct gc_oscore_context *context, const struct gc_oscore_context *from);

/**
 * The end of a context: its keys are wiped, it protects nothing (GC_SEC_SILENT) and opens nothing. Its name, IDs and public keys
 * stay, for those who still hold bindings made with it. Take it out of every ring first, and free it when nobody holds it.
 */
void gc_oscore_context_retire(struct gc_oscore_context *context);

#endif
