/* Context files as the tools use them: read with every problem said once and with its place, opened as a Security Context
 * whose sequence numbers come from the state file. */
#ifndef GC_TOOLS_CONTEXT_H
#define GC_TOOLS_CONTEXT_H

#include <sys/stat.h>

#include "common/status.h"
#include "store/secure_context.h"

/** Keys stay out of core dumps and of other processes of the same user: call it first where a tool handles secrets. */
void gc_keep_secrets(void);

/** A problem on stderr, an error or a warning, with its place: what the readers of store/ call. ctx is not used. */
void gc_context_tell(void *ctx, bool is_error, const struct gc_context_problem *problem);

/** Read a context file; problems go to stderr. NULL: *status says how it failed (3 or 4). */
struct gc_context_file *gc_context_read(const char *path, bool strict, enum gc_status *status);

/** A context file that is in use. */
struct gc_context {
  const char *path;                 /* borrowed */
  struct gc_context_file *file;
  struct gc_secure_context *secure;
  struct gc_oscore_context *oscore; /* of secure */
  struct stat seen;                 /* the file just before it was read */
};

/**
 * Read a file and make its Security Context; problems go to stderr. The state file is not touched, and nothing can be sent.
 * @return GC_STATUS_OK; 3: the file, or values that do not fit together; 4. Close it in any case
 */
enum gc_status gc_context_open(struct gc_context *context, const char *path, bool strict);

/** The same with the sequence numbers of its state file; uses: 0, or GC_SECURE_WINDOWS to keep Replay Windows there too. */
enum gc_status gc_context_open_state(struct gc_context *context, const char *path, bool strict, unsigned uses);

/** The same for other keys that a file has now, while `before`, opened from it earlier, is still in use: with the uses of that one. */
enum gc_status gc_context_open_beside(struct gc_context *context, const struct gc_context *before, const char *path, bool strict);

/** The same, and it is to be used: keys that have expired, and those of a group that is not active, are refused, 5. */
enum gc_status gc_context_open_use(struct gc_context *context, const char *path, bool strict, unsigned uses);

/** The context with an Authorization Server, with its state file: the profile oscore, and one recipient. 3: it is none of that kind */
enum gc_status gc_context_open_as(struct gc_context *context, const char *path, bool strict);

/** Say that the Replay Windows could not be kept, where err is one: 4. */
enum gc_status gc_context_tell_unsaved(const struct gc_context *context, enum gc_err err);

/** Keep the Replay Windows, where they are used; wipe and free everything. 4: they could not be kept, which was said */
enum gc_status gc_context_close(struct gc_context *context);

#endif
