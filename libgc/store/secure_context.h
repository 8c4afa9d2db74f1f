/* A context file made into a Security Context that can be used: its sequence numbers and Replay Windows come from the state
 * file beside it. */
#ifndef GC_STORE_SECURE_CONTEXT_H
#define GC_STORE_SECURE_CONTEXT_H

#include "oscore/succession.h"
#include "store/context_file.h"
#include "store/state_file.h"

struct gc_secure_context;

enum {
  GC_SECURE_STRICT = 1,    /* a file that others may read is an error */
  GC_SECURE_READ_ONLY = 2, /* nothing will be sent, nothing received for real (decoding, showing): no state file */
  GC_SECURE_WINDOWS = 4,   /* requests are received: Replay Windows are kept from run to run */
};

/**
 * Open FILE and, unless read-only, FILE.state.
 * @param problem told each warning, and the error (last), by line, column and key; must not be NULL
 * @return GC_OK; otherwise told
 */
enum gc_err gc_secure_context_open(struct gc_secure_context **out, const char *path, unsigned flags,
                                   void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem),
                                   void *ctx) GC_MUST_CHECK;

/** The same from a file that is read already (foreign formats); it may be freed afterwards. path: of the state file */
enum gc_err gc_secure_context_make(struct gc_secure_context **out, const struct gc_context_file *file, const char *path, unsigned flags,
                                   void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem),
                                   void *ctx) GC_MUST_CHECK;

/**
 * The same for a file that has replaced that of `before`, with other keys, or other rules for the same keys: then `before` hands over its
 * Replay Windows, keeps none, and must not receive any more.
 */
enum gc_err gc_secure_context_make_beside(struct gc_secure_context **out, struct gc_secure_context *before, const struct gc_context_file *file,
                                          const char *path, void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem),
                                          void *ctx) GC_MUST_CHECK;

/**
 * Take over the members, own side included, and the names of a file with the same keys and rules (gc_oscore_context_update).
 * @param fresh made from it, read-only; GC_OSCORE_SAME
 * @return GC_OK; otherwise told: GC_E_MEMORY: part of it is done; others: nothing has changed
 */
enum gc_err gc_secure_context_update(struct gc_secure_context *context, struct gc_secure_context *fresh, const struct gc_context_file *file,
                                     const char *path, void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem),
                                     void *ctx) GC_MUST_CHECK;

/**
 * Its keys are at their end (gc_oscore_context_retire): the state file is closed. What is left is freed by gc_secure_context_close.
 * @param keep save the Replay Windows; false: give them up, these keys will not come back
 * @return GC_OK; as gc_secure_context_close: the end is the same
 */
enum gc_err gc_secure_context_retire(struct gc_secure_context *context, bool keep);

/** Save the Replay Windows (where they are kept), wipe, free; sets *context NULL. GC_E_SYSTEM: windows not saved (errno); the
 *  next run recovers them by Echo. */
enum gc_err gc_secure_context_close(struct gc_secure_context **context);

/** Belongs to the secure context and ends with it. */
struct gc_oscore_context *gc_secure_context_oscore(const struct gc_secure_context *context);

/** The group's name in the file; "" where there is none. */
const char *gc_secure_context_name(const struct gc_secure_context *context);

/** What the file calls the member with this Sender ID; else the subject of its credential; empty: nothing known. */
struct gc_bytes gc_secure_context_member_name(const struct gc_secure_context *context, struct gc_bytes id);

/** The last run did not end in order: Replay Windows are to be recovered by Echo. */
bool gc_secure_context_windows_lost(const struct gc_secure_context *context);

/** The Sender Sequence Number that comes next, for showing; nothing is taken. GC_E_STATE: read-only, or no Sender Context */
enum gc_err gc_secure_context_peek(const struct gc_secure_context *context, uint64_t *next) GC_MUST_CHECK;

#endif
