/* Context files that are replaced or removed while a tool runs: noticed by inotify on their directories, on SIGHUP, and acted on.
 * Members that are not known are asked for where the file names a Group Manager and FILE.join is beside it (creds_fetch.h). */
#ifndef GC_TOOLS_CONTEXT_WATCH_H
#define GC_TOOLS_CONTEXT_WATCH_H

#include "common/context.h"
#include "net/loop.h"
#include "store/succession.h"

#define GC_CONTEXT_OVERLAP_MS 300000 /* how long an old context receives where nothing else is said … */
#define GC_CONTEXT_OVERLAP_MAX_MS 86400000 /* … and at most */

struct gc_context_watch;

struct gc_context_watch_ops {
  /** What has become of a file, after the fact: never GC_SUCCESSION_SAME. NULL: not wanted. It was said on stderr. */
  void (*changed)(void *ctx, struct gc_context *context, enum gc_succession_event event);
  /** gc_succession_params. */
  const char *(*object)(void *ctx, const struct gc_context *context, const struct gc_oscore_context *fresh);
  bool (*release)(void *ctx, const struct gc_oscore_context *old);
  void *ctx;
};

/** overlap_ms: how long an old context still receives. NULL: no memory */
struct gc_context_watch *gc_context_watch_new(const struct gc_context_watch_ops *ops, uint64_t overlap_ms);

/**
 * Watch the file of an open context, which is in the ring. From here on its `secure` belongs to the watch, and `oscore` is the one in
 * use; NULL: the file was removed. flags: GC_SECURE_… it was opened with. GC_E_MEMORY
 */
enum gc_err gc_context_watch_add(struct gc_context_watch *watch, struct gc_context *context, struct gc_oscore_ring *ring, unsigned flags) GC_MUST_CHECK;

/**
 * Begin: look at the files that have changed since they were opened, and at each whenever it changes. SIGHUP makes all read anew, unless
 * standard input is a terminal: then it ends the tool as ever. Where the kernel cannot watch, SIGHUP remains, which is said (-v).
 * @param loop lives until gc_context_watch_stop or _close. GC_E_SYSTEM (errno); GC_E_MEMORY
 */
enum gc_err gc_context_watch_start(struct gc_context_watch *watch, struct gc_loop *loop) GC_MUST_CHECK;

/** A message came under this context, of a member that it does not know: may it know it soon? NULL: no */
bool gc_context_watch_may_know(const struct gc_context_watch *watch, const struct gc_oscore_context *context, struct gc_bytes kid);

/** For the loop: old contexts whose time is over go, keys that have expired are used no more, and members that are not known are asked for.
 *  NULL: nothing happens, ever. */
void gc_context_watch_tick(struct gc_context_watch *watch, uint64_t now_ms);
uint64_t gc_context_watch_deadline(const struct gc_context_watch *watch);

/** Is one of the files there? */
bool gc_context_watch_has_any(const struct gc_context_watch *watch);

/** Files are not looked at any more: before the loop goes. NULL: nothing happens. */
void gc_context_watch_stop(struct gc_context_watch *watch);

/** Keep the Replay Windows, wipe and free all contexts; sets *watch NULL. 4: windows could not be kept, which was said */
enum gc_status gc_context_watch_close(struct gc_context_watch **watch);

#endif
