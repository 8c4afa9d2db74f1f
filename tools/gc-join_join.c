/* join: from nothing to a context file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gc-join.h"

static enum gc_status take_join(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx)
{
  struct gc_join_group group;
  (void)ctx;
  if (gc_join_text_set(session->record->node, answer->node)) {
    gc_error("the path of the node's resource is too long");
    return GC_STATUS_NO;
  }
  gc_join_note(session, &answer->membership);
  session->record->check_interval_s = answer->membership.policies.key_update_check_interval_s; /* told to who joins only */
  enum gc_status status = gc_join_group_make(&group, session, answer, session->record->gm);
  if (!status)
    status = gc_join_group_check(&group, session);
  if (!status)
    status = gc_join_session_save(session);
  if (!status)
    status = gc_join_group_write(&group, session, true); /* it was not there before, or --force said so */
  if (!status)
    gc_join_say_group(session, "joined", &group);
  gc_join_group_free(&group);
  return status;
}

/* Before a token is asked for: can anything be written there? */
static bool is_writable(const char *path)
{
  char folder[GC_JOIN_PATH_LEN];
  const char *slash = strrchr(path, '/');
  snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
  if (access(folder, W_OK | X_OK) == 0)
    return true;
  gc_error("%s: cannot be written: %s: %s", path, folder, strerror(errno));
  return false;
}

static bool is_free(const struct gc_join_options *options)
{
  struct stat st;
  if (lstat(options->out, &st) || (options->force && S_ISREG(st.st_mode)))
    return true;
  gc_error("%s: %s", options->out, options->force ? "not a regular file: not replaced" : "exists already (--force overwrites it)");
  return false;
}

static enum gc_status join(const struct gc_join_options *options)
{
  struct gc_join_session session;
  enum gc_status status = gc_join_session_begin(&session, options);
  if (!status)
    status = gc_join_session_ask(&session, GC_JOIN_JOIN, NULL, take_join, NULL);
  return gc_status_max(status, gc_join_session_end(&session));
}

enum gc_status gc_join_run_join(const struct gc_join_options *options)
{
  struct gc_join_lock lock = { .is_held = false };
  if (!is_free(options) || !is_writable(options->out))
    return GC_STATUS_SYSTEM;
  enum gc_status status = gc_join_lock(&lock, options->out, GC_JOIN_LOCK_MS);
  if (status)
    return status;
  status = is_free(options) ? join(options) : GC_STATUS_SYSTEM; /* who had the lock may have joined */
  if (status && access(options->out, F_OK))
    gc_join_lock_forget(options->out);
  gc_join_unlock(&lock);
  return status;
}
