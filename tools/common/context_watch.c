#include "common/context_watch.h"
#include "common/creds_fetch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* By renaming, in place, and away; a mode that was too open may be mended. */
#define EVENTS (IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct watched {
  struct gc_context_watch *watch;
  struct gc_context *context;
  struct gc_succession *succession;
  int directory;    /* watch descriptor; -1: none */
  const char *name; /* in it; points into context->path */
  bool has_manager; /* who is not known can be asked for */
};

struct gc_context_watch {
  struct gc_context_watch_ops ops;
  uint64_t overlap_ms, due_ms; /* due_ms: the first of all deadlines */
  struct watched **files;
  size_t count, cap;
  struct gc_loop *loop; /* NULL: not begun */
  struct gc_creds_fetch *fetch;
  int notify_fd, signal_fd;
};

/* --- what a file tells --------------------------------------------------------------------------------------------- */

static const char *on_object(void *ctx, const struct gc_oscore_context *fresh)
{
  const struct watched *file = ctx;
  const struct gc_context_watch_ops *ops = &file->watch->ops;
  return ops->object ? ops->object(ops->ctx, file->context, fresh) : NULL;
}

static bool on_release(void *ctx, const struct gc_oscore_context *old)
{
  const struct watched *file = ctx;
  const struct gc_context_watch_ops *ops = &file->watch->ops;
  return !ops->release || ops->release(ops->ctx, old);
}

static void say(const struct watched *file, enum gc_succession_event event)
{
  const char *path = file->context->path;
  const unsigned overlap_s = (unsigned)(file->watch->overlap_ms / 1000);
  switch (event) {
  case GC_SUCCESSION_UPDATED:
    gc_info(1, "%s: other members, the same keys", path);
    break;
  case GC_SUCCESSION_REPLACED:
    gc_info(1, "%s: replaced; messages under the previous keys are received for %u s more", path, overlap_s);
    break;
  case GC_SUCCESSION_BEGUN:
    gc_warn("%s: there again, and in use", path);
    break;
  case GC_SUCCESSION_REMOVED:
    gc_warn("%s: removed: no member of this group any more", path);
    break;
  case GC_SUCCESSION_SUSPENDED: /* these were said by who has read it */
  case GC_SUCCESSION_REFUSED:
  case GC_SUCCESSION_SAME:
    break;
  }
}

/* A member that is not known; not of a context whose time is over. */
static bool on_unknown(void *ctx, struct gc_oscore_context *context, struct gc_bytes kid, struct gc_bytes *cred)
{
  const struct watched *file = ctx;
  (void)cred;
  if (context == file->context->oscore)
    gc_creds_fetch_want(file->watch->fetch, file->context->path, kid, gc_now_ms());
  return false;
}

static void expect_unknown(struct watched *file)
{
  if (file->has_manager && file->context->oscore)
    gc_oscore_context_set_resolver(file->context->oscore, (struct gc_oscore_resolver){ on_unknown, file });
}

static bool has_manager(const struct gc_context *context)
{
  char path[4096];
  const int len = snprintf(path, sizeof path, "%s.join", context->path);
  return context->file && context->file->ace.group_uri && len > 0 && (size_t)len < sizeof path && access(path, R_OK) == 0;
}

static void find_due(struct gc_context_watch *watch)
{
  watch->due_ms = UINT64_MAX;
  for (size_t i = 0; i < watch->count; i++) {
    const uint64_t due_ms = gc_succession_deadline(watch->files[i]->succession);
    watch->due_ms = due_ms < watch->due_ms ? due_ms : watch->due_ms;
  }
}

static void check(struct watched *file, bool anew)
{
  const struct gc_context_watch_ops *ops = &file->watch->ops;
  const enum gc_succession_event event = gc_succession_check(file->succession, anew, gc_now_ms());
  const struct gc_secure_context *current = gc_succession_current(file->succession);
  file->context->oscore = current ? gc_secure_context_oscore(current) : NULL;
  if (event == GC_SUCCESSION_SAME)
    return;
  expect_unknown(file);
  find_due(file->watch);
  if (event != GC_SUCCESSION_REFUSED && file->context->file) /* keys of a time that is over */
    gc_context_file_free(&file->context->file);
  say(file, event);
  if (ops->changed)
    ops->changed(ops->ctx, file->context, event);
}

static void check_all(struct gc_context_watch *watch, bool anew)
{
  for (size_t i = 0; i < watch->count; i++)
    check(watch->files[i], anew);
}

/* --- what the kernel tells ----------------------------------------------------------------------------------------- */

static void heed(struct gc_context_watch *watch, const struct inotify_event *event)
{
  if (event->mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) {
    check_all(watch, false);
    return;
  }
  for (size_t i = 0; i < watch->count; i++)
    if (event->len > 0 && watch->files[i]->directory == event->wd && strcmp(watch->files[i]->name, event->name) == 0)
      check(watch->files[i], false);
}

static void on_notify(void *ctx, int fd)
{
  _Alignas(struct inotify_event) char buffer[16384];
  ssize_t n;
  while ((n = read(fd, buffer, sizeof buffer)) > 0)
    for (ssize_t at = 0; at < n;) {
      const struct inotify_event *event = (const struct inotify_event *)(const void *)(buffer + at);
      heed(ctx, event);
      at += (ssize_t)(sizeof *event + event->len);
    }
}

static void on_hangup(void *ctx, int fd)
{
  struct signalfd_siginfo info;
  bool has_come = false;
  while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
    has_come = true;
  if (has_come)
    check_all(ctx, true);
}

/* The directory, not the file: what is renamed into its place is another file. */
static int watch_directory(const struct gc_context_watch *watch, const struct watched *file)
{
  const size_t len = (size_t)(file->name - file->context->path);
  char *directory = len ? strndup(file->context->path, len) : strdup(".");
  const int descriptor = directory ? inotify_add_watch(watch->notify_fd, directory, EVENTS) : -1;
  free(directory);
  return descriptor;
}

static enum gc_err start_notify(struct gc_context_watch *watch)
{
  watch->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (watch->notify_fd < 0) {
    gc_info(1, "context files are not watched: %s; SIGHUP makes them read again", strerror(errno));
    return GC_OK;
  }
  for (size_t i = 0; i < watch->count; i++) {
    watch->files[i]->directory = watch_directory(watch, watch->files[i]);
    if (watch->files[i]->directory < 0)
      gc_info(1, "%s is not watched: %s; SIGHUP makes it read again", watch->files[i]->context->path, strerror(errno));
  }
  return gc_loop_add(watch->loop, watch->notify_fd, on_notify, watch);
}

static sigset_t hangup(void)
{
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  return set;
}

static enum gc_err start_hangup(struct gc_context_watch *watch)
{
  const sigset_t set = hangup();
  if (isatty(STDIN_FILENO))
    return GC_OK;
  watch->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (watch->signal_fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
    return GC_E_SYSTEM;
  return gc_loop_add(watch->loop, watch->signal_fd, on_hangup, watch);
}

/* --- life ---------------------------------------------------------------------------------------------------------- */

struct gc_context_watch *gc_context_watch_new(const struct gc_context_watch_ops *ops, uint64_t overlap_ms)
{
  struct gc_context_watch *watch = calloc(1, sizeof *watch);
  if (!watch)
    return NULL;
  watch->fetch = gc_creds_fetch_new();
  if (!watch->fetch) {
    free(watch);
    return NULL;
  }
  watch->ops = *ops;
  watch->overlap_ms = overlap_ms;
  watch->due_ms = UINT64_MAX;
  watch->notify_fd = watch->signal_fd = -1;
  return watch;
}

static bool grow(struct gc_context_watch *watch)
{
  if (watch->count < watch->cap)
    return true;
  const size_t cap = watch->cap ? 2 * watch->cap : 8;
  struct watched **files = realloc(watch->files, cap * sizeof(void *));
  if (!files)
    return false;
  watch->files = files;
  watch->cap = cap;
  return true;
}

enum gc_err gc_context_watch_add(struct gc_context_watch *watch, struct gc_context *context, struct gc_oscore_ring *ring, unsigned flags)
{
  const char *slash = strrchr(context->path, '/');
  struct watched *file = calloc(1, sizeof *file);
  if (!file || !grow(watch)) {
    free(file);
    return GC_E_MEMORY;
  }
  *file = (struct watched){ .watch = watch, .context = context, .directory = -1, .name = slash ? slash + 1 : context->path };
  const struct gc_succession_params params = {
    .path = context->path, .seen = &context->seen, .ring = ring, .flags = flags,
    .expires_s = context->file ? context->file->expires_s : 0, .now_ms = gc_now_ms(), .overlap_ms = watch->overlap_ms,
    .problem = gc_context_tell, .object = on_object, .release = on_release, .ctx = file,
  };
  file->succession = gc_succession_new(&params, context->secure);
  if (!file->succession) {
    free(file);
    return GC_E_MEMORY;
  }
  context->secure = NULL;
  file->has_manager = has_manager(context);
  expect_unknown(file);
  watch->files[watch->count++] = file;
  return GC_OK;
}

enum gc_err gc_context_watch_start(struct gc_context_watch *watch, struct gc_loop *loop)
{
  watch->loop = loop;
  enum gc_err err = start_notify(watch);
  if (!err)
    err = start_hangup(watch);
  if (err)
    return err;
  check_all(watch, false);
  find_due(watch);
  return GC_OK;
}

void gc_context_watch_tick(struct gc_context_watch *watch, uint64_t now_ms)
{
  if (!watch)
    return;
  gc_creds_fetch_tick(watch->fetch, now_ms);
  if (now_ms < watch->due_ms)
    return;
  for (size_t i = 0; i < watch->count; i++) {
    gc_succession_tick(watch->files[i]->succession, now_ms);
    check(watch->files[i], false); /* its keys may have expired */
  }
  find_due(watch);
}

uint64_t gc_context_watch_deadline(const struct gc_context_watch *watch)
{
  const uint64_t fetch_ms = watch ? gc_creds_fetch_deadline(watch->fetch) : UINT64_MAX;
  return watch && watch->due_ms < fetch_ms ? watch->due_ms : fetch_ms;
}

bool gc_context_watch_may_know(const struct gc_context_watch *watch, const struct gc_oscore_context *context, struct gc_bytes kid)
{
  for (size_t i = 0; watch && i < watch->count; i++)
    if (watch->files[i]->context->oscore == context)
      return gc_creds_fetch_is_due(watch->fetch, watch->files[i]->context->path, kid, gc_now_ms());
  return false;
}

bool gc_context_watch_has_any(const struct gc_context_watch *watch)
{
  for (size_t i = 0; i < watch->count; i++)
    if (gc_succession_current(watch->files[i]->succession))
      return true;
  return false;
}

static void stop(struct gc_loop *loop, int *fd)
{
  if (*fd < 0)
    return;
  gc_loop_remove(loop, *fd);
  close(*fd);
  *fd = -1;
}

void gc_context_watch_stop(struct gc_context_watch *watch)
{
  if (!watch)
    return;
  const sigset_t set = hangup();
  struct signalfd_siginfo info;
  stop(watch->loop, &watch->notify_fd);
  if (watch->signal_fd < 0)
    return;
  while (read(watch->signal_fd, &info, sizeof info) > 0)
    ; /* one that came too late must not end the tool now */
  stop(watch->loop, &watch->signal_fd);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

enum gc_status gc_context_watch_close(struct gc_context_watch **pointer)
{
  struct gc_context_watch *watch = *pointer;
  enum gc_status status = GC_STATUS_OK;
  *pointer = NULL;
  if (!watch)
    return status;
  gc_context_watch_stop(watch);
  gc_creds_fetch_free(&watch->fetch);
  for (size_t i = 0; i < watch->count; i++) {
    struct gc_context *context = watch->files[i]->context;
    const enum gc_err err = gc_succession_free(&watch->files[i]->succession);
    context->oscore = NULL;
    status = gc_status_max(status, gc_context_tell_unsaved(context, err));
    free(watch->files[i]);
  }
  free(watch->files);
  free(watch);
  return status;
}
