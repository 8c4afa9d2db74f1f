/* --join: the group whose keys are not here is joined by gc-join, as a monitor, and kept current by gc-join watch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "common/join_process.h"
#include "gc-observe.h"

bool gc_observe_join_note(struct gc_observe_join *join, const struct gc_observe *observe, const struct gc_observe_event *event)
{
  const struct gc_informative *response = event->informative;
  if (!observe->join || join->is_over || event->kind != GC_OBSERVE_REFUSED || !response || event->error ||
      event->refusal.fault != GC_LISTENER_FAULT_NO_CONTEXT || !gc_informative_has_join(response))
    return false;
  if (response->join_uri.len >= sizeof join->group_uri || !gc_text_is_printable(response->join_uri))
    return false;
  memcpy(join->group_uri, response->join_uri.ptr, response->join_uri.len);
  join->group_uri[response->join_uri.len] = '\0';
  gc_observe_join_file(join->file, response);
  if (observe->join_out)
    snprintf(join->file, sizeof join->file, "%s", observe->join_out);
  join->is_wanted = join->is_over = true;
  return true;
}

/* Its exit status; said where it is not 0. */
static enum gc_status run(const struct gc_observe_join *join, char *const *arguments, const char *what)
{
  pid_t child;
  const int error = gc_join_process_start(&child, arguments);
  const int result = error ? -1 : gc_join_process_wait(&child);
  if (result == 0)
    return GC_STATUS_OK;
  gc_error("%s: %s%s", join->group_uri, error ? "gc-join: " : what, error ? strerror(error) : gc_diag_level() > 0 ? "" : "; -v says why");
  return error || result < 0 ? GC_STATUS_SYSTEM : (enum gc_status)result;
}

/* Where the file is there this has been done before: it is used as it is. The Authorization Server is the one of the context, or
 * gc-join refuses it: an informative response proves nothing. */
static enum gc_status join_group(const struct gc_observe_join *join, const struct gc_observe *observe)
{
  char *const joining[] = { (char[]){ "gc-join" }, (char[]){ "--gm" },  (char *)(uintptr_t)join->group_uri, (char[]){ "-g" },
                            (char *)(uintptr_t)observe->join, (char[]){ "--role" }, (char[]){ "monitor" },  (char[]){ "--out" },
                            (char *)(uintptr_t)join->file, NULL };
  /* a monitor is told the requesters; who notifies is a responder */
  char *const asking[] = { (char[]){ "gc-join" }, (char[]){ "creds" }, (char[]){ "--" }, (char *)(uintptr_t)join->file, NULL };
  if (access(join->file, F_OK) == 0) {
    gc_info(1, "%s is there already, and used", join->file);
    return GC_STATUS_OK;
  }
  gc_info(0, "joining %s as a monitor; its keys go to %s", join->group_uri, join->file);
  const enum gc_status status = run(join, joining, "not joined");
  return status ? status : run(join, asking, "its members are not told");
}

enum gc_status gc_observe_join_run(struct gc_observe_join *join, const struct gc_observe *observe)
{
  char *const arguments[] = { (char[]){ "gc-join" }, (char[]){ "watch" }, (char[]){ "--" }, join->file, NULL };
  join->is_wanted = false;
  enum gc_status status = join_group(join, observe);
  if (status)
    return status;
  const int error = gc_join_process_start(&join->watch, arguments);
  if (error)
    gc_warn("%s is not kept current: gc-join watch: %s", join->file, strerror(error));
  return GC_STATUS_OK;
}

void gc_observe_join_end(struct gc_observe_join *join)
{
  gc_join_process_end(&join->watch);
}
