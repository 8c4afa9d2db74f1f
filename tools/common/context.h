/* Context files as the tools use them: read with every problem said once and with its place, opened as a Security Context
 * whose sequence numbers come from the state file. */
#ifndef GC_TOOLS_CONTEXT_H
#define GC_TOOLS_CONTEXT_H

#include "common/status.h"
#include "oscore/context.h"
#include "store/context_file.h"
#include "store/state_file.h"

/** Keys stay out of core dumps and of other processes of the same user: call it first where a tool handles secrets. */
void gc_keep_secrets(void);

/** Read a context file; problems go to stderr. NULL: *status says how it failed (3 or 4). */
struct gc_context_file *gc_context_read(const char *path, bool strict, enum gc_status *status);

/** A context file that is in use. */
struct gc_context {
  const char *path;               /* borrowed */
  struct gc_context_file *file;
  struct gc_oscore_context *oscore;
  struct gc_state_file *state;    /* NULL: nothing is sent with it, or its state has not been opened */
  bool has_windows;               /* gc_context_use_windows was called */
  bool windows_lost;              /* Replay Windows were not saved in order: all of them started invalid */
};

/**
 * Read a file and make its Security Context; the state file is not touched.
 * @return GC_STATUS_OK; 3: the file, or values that do not fit together (said on stderr); 4
 */
enum gc_status gc_context_open(struct gc_context *context, const char *path, bool strict);

/** Take Sender Sequence Numbers from the state file from now on. 3: damaged or of a newer version; 4 */
enum gc_status gc_context_use_numbers(struct gc_context *context);

/** Load the Replay Windows from the state file and mark them as in use. 3; 4 */
enum gc_status gc_context_use_windows(struct gc_context *context);

/** Keep the Replay Windows where gc_context_use_windows was called; free everything. 4: they could not be kept */
enum gc_status gc_context_close(struct gc_context *context);

/** The fingerprint of the keys and Sender ID that sequence numbers belong to. */
void gc_context_fingerprint(uint8_t out[static GC_FINGERPRINT_LEN], const struct gc_context_file *file);

#endif
