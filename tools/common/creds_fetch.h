/* Credentials of members that are not known yet, asked for at the Group Manager: `gc-join creds FILE ID…` in the background, which
 * replaces FILE. Whoever makes Sender IDs up must cause little: one process at a time, at growing distances while nothing is found,
 * each ID at most once a minute, 32 at a time. */
#ifndef GC_TOOLS_CREDS_FETCH_H
#define GC_TOOLS_CREDS_FETCH_H

#include <stdbool.h>

#include "base/bytes.h"

struct gc_creds_fetch;

/** NULL: no memory */
struct gc_creds_fetch *gc_creds_fetch_new(void);

/** Ends the process that is under way; sets *fetch NULL. */
void gc_creds_fetch_free(struct gc_creds_fetch **fetch);

/** A member with this Sender ID is not known under the keys of the context file. path: the same pointer for the same file, which outlives
 *  the fetch. */
void gc_creds_fetch_want(struct gc_creds_fetch *fetch, const char *path, struct gc_bytes kid, uint64_t now_ms);

/** Is it being asked for, or will it be within a second or two, so that the file may soon have it? */
bool gc_creds_fetch_is_due(const struct gc_creds_fetch *fetch, const char *path, struct gc_bytes kid, uint64_t now_ms);

/** Begin a process that is due; look after the one that is under way. */
void gc_creds_fetch_tick(struct gc_creds_fetch *fetch, uint64_t now_ms);
uint64_t gc_creds_fetch_deadline(const struct gc_creds_fetch *fetch); /* UINT64_MAX: nothing waits */

#endif
