#include "common/context.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "net/loop.h"

void gc_keep_secrets(void)
{
  setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void gc_context_tell(void *ctx, bool is_error, const struct gc_context_problem *problem)
{
  (void)ctx;
  char place[48] = "";
  if (problem->line)
    snprintf(place, sizeof place, ":%d:%d", problem->line, problem->column);
  const char *colon = problem->key[0] ? ": " : "";
  if (is_error)
    gc_error("%s%s: %s%s%s", problem->path, place, problem->key, colon, problem->phrase);
  else
    gc_warn("%s%s: %s%s%s", problem->path, place, problem->key, colon, problem->phrase);
}

struct gc_context_file *gc_context_read(const char *path, bool strict, enum gc_status *status)
{
  struct gc_context_file *file;
  enum gc_err err = gc_context_file_read(&file, path, strict, gc_context_tell, NULL);
  *status = err ? err == GC_E_MEMORY ? GC_STATUS_SYSTEM : GC_STATUS_INPUT : GC_STATUS_OK;
  return file;
}

static enum gc_status open_with(struct gc_context *context, struct gc_secure_context *before, const char *path, bool strict, unsigned flags)
{
  enum gc_status status;
  *context = (struct gc_context){ .path = path };
  if (stat(path, &context->seen) < 0) /* reading it says why */
    context->seen = (struct stat){ 0 };
  context->file = gc_context_read(path, strict, &status);
  if (!context->file)
    return status;
  enum gc_err err = before ? gc_secure_context_make_beside(&context->secure, before, context->file, path, gc_context_tell, NULL)
                           : gc_secure_context_make(&context->secure, context->file, path, flags, gc_context_tell, NULL);
  if (err)
    return gc_status_of(err);
  context->oscore = gc_secure_context_oscore(context->secure);
  return GC_STATUS_OK;
}

enum gc_status gc_context_open(struct gc_context *context, const char *path, bool strict)
{
  return open_with(context, NULL, path, strict, GC_SECURE_READ_ONLY);
}

enum gc_status gc_context_open_state(struct gc_context *context, const char *path, bool strict, unsigned uses)
{
  return open_with(context, NULL, path, strict, uses);
}

enum gc_status gc_context_open_beside(struct gc_context *context, const struct gc_context *before, const char *path, bool strict)
{
  return open_with(context, before->secure, path, strict, 0);
}

enum gc_status gc_context_open_use(struct gc_context *context, const char *path, bool strict, unsigned uses)
{
  const enum gc_status status = gc_context_open_state(context, path, strict, uses);
  const char *fault = status ? NULL : gc_context_file_fault(context->file, gc_wall_us() / 1000000);
  if (!fault)
    return status;
  const char *group_uri = context->file->ace.group_uri;
  gc_error("%s: %s%s%s%s", path, fault, group_uri ? " (gc-join rekey " : "", group_uri ? path : "", group_uri ? " asks the Group Manager)" : "");
  return GC_STATUS_SECURITY;
}

enum gc_status gc_context_open_as(struct gc_context *context, const char *path, bool strict)
{
  enum gc_status status = gc_context_open_state(context, path, strict, 0);
  if (!status && (context->file->profile != GC_PROFILE_OSCORE || context->file->recipient_count != 1)) {
    gc_error("%s: the context with an Authorization Server has the profile oscore and one recipient", path);
    status = GC_STATUS_INPUT;
  }
  return status;
}

enum gc_status gc_context_tell_unsaved(const struct gc_context *context, enum gc_err err)
{
  if (err)
    gc_error("%s.state: replay windows not saved: %s", context->path, err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
  return err ? GC_STATUS_SYSTEM : GC_STATUS_OK;
}

enum gc_status gc_context_close(struct gc_context *context)
{
  const enum gc_status status = gc_context_tell_unsaved(context, gc_secure_context_close(&context->secure));
  if (context->file)
    gc_context_file_free(&context->file);
  context->oscore = NULL;
  return status;
}
