/* What the files of a secure context share. Not for callers.
 *
 *   secure_context.c  a context file made into a Security Context, its names and numbers
 *   secure_windows.c  its Replay Windows from run to run
 */
#ifndef GC_STORE_SECURE_INTERNAL_H
#define GC_STORE_SECURE_INTERNAL_H

#include "store/secure_context.h"

struct member_name {
  uint8_t id[GC_ID_MAX_LEN], id_len;
  char *name;
};

struct gc_secure_context {
  struct gc_oscore_context *oscore;
  struct gc_state_file *state; /* NULL: read-only */
  unsigned flags;              /* it was made with */
  bool keeps_windows, windows_lost;
  char *name;
  struct member_name *names;
  size_t name_count;
};

/**
 * Take the Replay Windows of `before` over, where that has the same keys (NULL: there is none); otherwise, where windows are kept, those of the
 * state file.
 * @return GC_OK; otherwise *why says what is wrong, static: GC_E_EXISTS: another process answers with this context
 */
enum gc_err gc_secure_windows_begin(struct gc_secure_context *to, struct gc_secure_context *before, const char **why) GC_MUST_CHECK;

/** Into the state file, as of a run that ended in order; while they are still lost, they stay so and nothing is written. */
enum gc_err gc_secure_windows_save(struct gc_secure_context *context) GC_MUST_CHECK;

#endif
