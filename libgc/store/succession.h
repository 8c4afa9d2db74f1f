/* A context file over time: the Security Context in use, and those that it was before, which still receive for a while
 * (draft-ietf-core-oscore-groupcomm, Sections 2.6.3 and 14.5). Who notices that the file was replaced asks for it to be read. */
#ifndef GC_STORE_SUCCESSION_H
#define GC_STORE_SUCCESSION_H

#include <sys/stat.h>

#include "oscore/ring.h"
#include "store/secure_context.h"

#define GC_SUCCESSION_OLD_MAX 2 /* contexts before the current one that still receive */

struct gc_succession;

struct gc_succession_params {
  const char *path;              /* copied */
  const struct stat *seen;       /* the file just before the current context was read; NULL: not known */
  struct gc_oscore_ring *ring;   /* the contexts go there; outlives the succession */
  unsigned flags;                /* GC_SECURE_…, as of the current context */
  uint64_t expires_s;            /* of the file as it is now (gc_context_file) */
  uint64_t now_ms;
  uint64_t overlap_ms;           /* how long an old context still receives; 0: not at all */
  /** Told each warning, and the error (last); must not be NULL. */
  void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem);
  /** Why a new context cannot be used; NULL: it can. NULL: all can. It is not in the ring yet, and may have no numbers. */
  const char *(*object)(void *ctx, const struct gc_oscore_context *context);
  /** A context has left the ring for good: may it be freed? false: asked again later (gc_server_release and its kin). NULL: true */
  bool (*release)(void *ctx, const struct gc_oscore_context *context);
  void *ctx;
};

/**
 * @param current of the file as it is now, already in the ring; it belongs to the succession from here on
 * @return NULL: no memory, and current is still the caller's
 */
struct gc_succession *gc_succession_new(const struct gc_succession_params *params, struct gc_secure_context *current);

/** Keep the Replay Windows of the current context, wipe, free; sets *succession NULL. Whatever holds bindings is gone, the ring may be.
 *  GC_E_SYSTEM and others: as gc_secure_context_close */
enum gc_err gc_succession_free(struct gc_succession **succession);

/** The context in use; NULL: the file was removed, or is suspended. */
struct gc_secure_context *gc_succession_current(const struct gc_succession *succession);

enum gc_succession_event {
  GC_SUCCESSION_SAME,     /* the file is what it was: nothing is done */
  GC_SUCCESSION_UPDATED,  /* the same keys, other members or another own side: windows and numbers go on, the context is the same object */
  GC_SUCCESSION_REPLACED, /* another context is in use; the one before receives until its time is over */
  GC_SUCCESSION_BEGUN,    /* another context is in use after there was none */
  GC_SUCCESSION_REMOVED,  /* the file is gone: neither it nor an old one receives any more */
  GC_SUCCESSION_SUSPENDED, /* the keys have expired, or the group is inactive, which was told: as REMOVED, until the file says otherwise */
  GC_SUCCESSION_REFUSED,  /* it cannot be used, which was told, once for each such file: the context before stays */
};

/** Look at the file and the clock, and act on what has become of it. anew: read it even if it is the one that was looked at last. */
enum gc_succession_event gc_succession_check(struct gc_succession *succession, bool anew, uint64_t now_ms);

/** Old contexts whose time is over go. */
void gc_succession_tick(struct gc_succession *succession, uint64_t now_ms);

/** When gc_succession_check and gc_succession_tick are due. UINT64_MAX: nothing waits */
uint64_t gc_succession_deadline(const struct gc_succession *succession);

struct gc_succession_state {
  size_t old;   /* contexts that still receive */
  size_t ended; /* those that do not, and are still referred to */
};
struct gc_succession_state gc_succession_state(const struct gc_succession *succession);

#endif
