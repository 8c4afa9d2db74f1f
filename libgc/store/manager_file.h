/* The configuration of gc-manager: one JSON file with the Authorization Server and the groups.
 *
 *   { "as": "gm.as.json",                     what `gc-as rs add` wrote: issuer, audience, key of the tokens
 *     "key": "gm.key",                        what `gc-keygen key` wrote; a group may have its own
 *     "groups": [ { "name": "lights" } ] }    all else has a default
 *
 * Paths are relative to the file's folder. The keys of a group are in gc-manager(1). */
#ifndef GC_STORE_MANAGER_FILE_H
#define GC_STORE_MANAGER_FILE_H

#include "ace/group_manager.h"
#include "store/context_file.h"

struct gc_manager_file;

/**
 * Read it, and every file that it names.
 * @param problem told each warning, and the error (last); must not be NULL
 * @return GC_OK; GC_E_MALFORMED, GC_E_RANGE, GC_E_UNSUPPORTED, GC_E_LIMIT, GC_E_SYSTEM, GC_E_MEMORY: told
 */
enum gc_err gc_manager_file_read(struct gc_manager_file **out, const char *path,
                                 void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem), void *ctx) GC_MUST_CHECK;

/** Wipes; sets *file NULL. */
void gc_manager_file_free(struct gc_manager_file **file);

/** The groups; they live as long as the file. */
const struct gc_gm_config *gc_manager_file_groups(const struct gc_manager_file *file, size_t *count);

/** What the Authorization Server gave; issuer, audience and token_key are there. */
const struct gc_context_ace *gc_manager_file_ace(const struct gc_manager_file *file);

#endif
