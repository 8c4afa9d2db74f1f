/* The configuration of gc-manager: one JSON file with the Authorization Server and the groups.
 *
 *   { "as": "gm.as.json",                     what `gc-as rs add` wrote: issuer, audience, key of the tokens
 *     "key": "gm.key",                        what `gc-keygen key` wrote; a group may have its own
 *     "introspection": true,                  ask the Authorization Server about tokens; or an object, see below
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

/** What the Authorization Server gave; issuer and audience are there, and token_key unless there is introspection. */
const struct gc_context_ace *gc_manager_file_ace(const struct gc_manager_file *file);

/** The path of that file: of the Security Context with the Authorization Server. */
const char *gc_manager_file_as_path(const struct gc_manager_file *file);

/** "introspection": { "uri": …, "interval_s": 60, "keep_s": 3600 } */
struct gc_manager_introspection {
  const char *uri;      /* of the endpoint; what the file of the Authorization Server says where the configuration says nothing */
  uint32_t interval_s;  /* a token that is active is asked about again so often */
  uint32_t keep_s;      /* and is taken for active so long after the last answer that said it; more than interval_s */
};

/** NULL: tokens are not introspected. */
const struct gc_manager_introspection *gc_manager_file_introspection(const struct gc_manager_file *file);

#endif
