#include "store/succession.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ASK_AGAIN_MS = 10000, CLOCK_CHECK_S = 60 };

struct old {
  struct gc_secure_context *context;
  uint64_t until_ms;
};

struct ended {
  struct gc_secure_context *context;
  struct ended *next;
};

struct gc_succession {
  struct gc_succession_params params;
  char *path;
  struct gc_secure_context *current;
  struct old old[GC_SUCCESSION_OLD_MAX]; /* the newest first */
  size_t old_count, ended_count;
  struct ended *ended;                   /* retired, and not yet released */
  uint64_t ask_ms;
  uint64_t expires_s, clock_ms;          /* when the clock is to be looked at for it; UINT64_MAX: never */
  struct stat seen;                      /* the file that was looked at last; st_nlink 0: there was none */
};

/* --- expiry -------------------------------------------------------------------------------------------------------- */

static uint64_t wall_s(void)
{
  const time_t now = time(NULL);
  return now > 0 ? (uint64_t)now : 0;
}

/* The clock may be set meanwhile: it is looked at each minute. */
static void expect_end(struct gc_succession *s, uint64_t expires_s, uint64_t now_ms)
{
  const uint64_t now_s = wall_s(), left_s = expires_s > now_s ? expires_s - now_s : 0;
  s->expires_s = expires_s;
  s->clock_ms = expires_s ? now_ms + 1000 * (left_s < CLOCK_CHECK_S ? left_s : CLOCK_CHECK_S) : UINT64_MAX;
}

/* --- life ---------------------------------------------------------------------------------------------------------- */

struct gc_succession *gc_succession_new(const struct gc_succession_params *params, struct gc_secure_context *current)
{
  struct gc_succession *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  s->params = *params;
  if (params->seen)
    s->seen = *params->seen;
  s->path = strdup(params->path);
  if (!s->path) {
    free(s);
    return NULL;
  }
  s->current = current;
  expect_end(s, params->expires_s, params->now_ms);
  return s;
}

enum gc_err gc_succession_free(struct gc_succession **pointer)
{
  struct gc_succession *s = *pointer;
  *pointer = NULL;
  if (!s)
    return GC_OK;
  while (s->ended) {
    struct ended *next = s->ended->next;
    (void)gc_secure_context_close(&s->ended->context);
    free(s->ended);
    s->ended = next;
  }
  for (size_t i = 0; i < s->old_count; i++) {
    (void)gc_secure_context_retire(s->old[i].context, false);
    (void)gc_secure_context_close(&s->old[i].context);
  }
  const enum gc_err err = gc_secure_context_close(&s->current);
  const int saved = errno;
  free(s->path);
  free(s);
  errno = saved;
  return err;
}

struct gc_secure_context *gc_succession_current(const struct gc_succession *succession)
{
  return succession->current;
}

struct gc_succession_state gc_succession_state(const struct gc_succession *succession)
{
  return (struct gc_succession_state){ succession->old_count, succession->ended_count };
}

/* --- contexts go --------------------------------------------------------------------------------------------------- */

static void tell(const struct gc_succession *s, bool is_error, const char *phrase)
{
  const struct gc_context_problem problem = { .path = s->path, .key = "", .phrase = phrase };
  s->params.problem(s->params.ctx, is_error, &problem);
}

static bool is_released(const struct gc_succession *s, const struct gc_secure_context *context)
{
  return !s->params.release || s->params.release(s->params.ctx, gc_secure_context_oscore(context));
}

/* Its keys are wiped now, whoever still holds what was made with it. */
static void end(struct gc_succession *s, struct gc_secure_context *context, bool keeps_windows, uint64_t now_ms)
{
  gc_oscore_ring_remove(s->params.ring, gc_secure_context_oscore(context));
  if (gc_secure_context_retire(context, keeps_windows))
    tell(s, false, "replay windows of a context that has ended could not be written");
  if (is_released(s, context)) {
    (void)gc_secure_context_close(&context);
    return;
  }
  struct ended *ended = malloc(sizeof *ended);
  if (!ended)
    return; /* better lost than freed under somebody's hands */
  *ended = (struct ended){ context, s->ended };
  s->ended = ended;
  s->ended_count++;
  if (s->ask_ms <= now_ms)
    s->ask_ms = now_ms + ASK_AGAIN_MS;
}

static void ask_again(struct gc_succession *s, uint64_t now_ms)
{
  for (struct ended **at = &s->ended; *at;) {
    struct ended *ended = *at;
    if (!is_released(s, ended->context)) {
      at = &ended->next;
      continue;
    }
    *at = ended->next;
    s->ended_count--;
    (void)gc_secure_context_close(&ended->context);
    free(ended);
  }
  s->ask_ms = s->ended ? now_ms + ASK_AGAIN_MS : 0;
}

static struct gc_secure_context *take_old(struct gc_succession *s, size_t index)
{
  struct gc_secure_context *context = s->old[index].context;
  memmove(&s->old[index], &s->old[index + 1], (--s->old_count - index) * sizeof s->old[0]);
  return context;
}

/* The current one is not current any more. */
static void grow_old(struct gc_succession *s, uint64_t now_ms)
{
  struct gc_secure_context *context = s->current;
  s->current = NULL;
  if (!context)
    return;
  if (s->params.overlap_ms == 0) {
    end(s, context, false, now_ms);
    return;
  }
  if (s->old_count == GC_SUCCESSION_OLD_MAX)
    end(s, take_old(s, s->old_count - 1), false, now_ms);
  memmove(&s->old[1], &s->old[0], s->old_count++ * sizeof s->old[0]);
  s->old[0] = (struct old){ context, now_ms + s->params.overlap_ms };
}

void gc_succession_tick(struct gc_succession *succession, uint64_t now_ms)
{
  struct gc_succession *s = succession;
  for (size_t i = s->old_count; i-- > 0;)
    if (s->old[i].until_ms <= now_ms)
      end(s, take_old(s, i), false, now_ms);
  if (s->ended && s->ask_ms <= now_ms)
    ask_again(s, now_ms);
}

uint64_t gc_succession_deadline(const struct gc_succession *succession)
{
  uint64_t first = succession->ended ? succession->ask_ms : UINT64_MAX;
  if (succession->current && succession->clock_ms < first)
    first = succession->clock_ms;
  for (size_t i = 0; i < succession->old_count; i++)
    if (succession->old[i].until_ms < first)
      first = succession->old[i].until_ms;
  return first;
}

static enum gc_succession_event removed(struct gc_succession *s, uint64_t now_ms)
{
  if (!s->current && s->old_count == 0)
    return GC_SUCCESSION_SAME;
  while (s->old_count > 0)
    end(s, take_old(s, s->old_count - 1), false, now_ms);
  if (s->current)
    end(s, s->current, true, now_ms);
  s->current = NULL;
  return GC_SUCCESSION_REMOVED;
}

/* What there is must not be used now; the file may change, or go. */
static enum gc_succession_event suspended(struct gc_succession *s, const char *why, uint64_t now_ms)
{
  if (removed(s, now_ms) == GC_SUCCESSION_SAME)
    return GC_SUCCESSION_SAME;
  tell(s, true, why);
  return GC_SUCCESSION_SUSPENDED;
}

/* --- a context comes ----------------------------------------------------------------------------------------------- */

/* Who else has these keys: at most one has, for two would take the same request once each. */
static struct gc_secure_context *find_kin(const struct gc_succession *s, const struct gc_oscore_context *fresh, size_t *at,
                                          enum gc_oscore_kinship *kinship)
{
  *kinship = GC_OSCORE_OTHER;
  *at = GC_SUCCESSION_OLD_MAX;
  if (s->current && (*kinship = gc_oscore_context_compare(gc_secure_context_oscore(s->current), fresh)) != GC_OSCORE_OTHER)
    return s->current;
  for (*at = 0; *at < s->old_count; (*at)++)
    if ((*kinship = gc_oscore_context_compare(gc_secure_context_oscore(s->old[*at].context), fresh)) != GC_OSCORE_OTHER)
      return s->old[*at].context;
  return NULL;
}

static enum gc_succession_event refused(const struct gc_succession *s)
{
  if (s->current)
    tell(s, false, "the previous context stays in use");
  return GC_SUCCESSION_REFUSED;
}

/* The newest in the ring, whether it is there or not. false: no memory, and it is not there */
static bool put_last(struct gc_succession *s, struct gc_secure_context *context)
{
  struct gc_oscore_context *oscore = gc_secure_context_oscore(context);
  gc_oscore_ring_remove(s->params.ring, oscore);
  if (gc_oscore_ring_add(s->params.ring, oscore) == GC_OK)
    return true;
  tell(s, true, gc_err_str(GC_E_MEMORY));
  return false;
}

/* The same Security Context: of the file until now, or of one before that is put back. */
static enum gc_succession_event go_on(struct gc_succession *s, struct gc_secure_context *kin, size_t at, struct gc_secure_context *fresh,
                                      const struct gc_context_file *file, uint64_t now_ms)
{
  const bool is_same = gc_oscore_context_has_same_members(gc_secure_context_oscore(kin), gc_secure_context_oscore(fresh));
  enum gc_err err = gc_secure_context_update(kin, fresh, file, s->path, s->params.problem, s->params.ctx);
  if (err)
    return refused(s);
  if (kin == s->current)
    return is_same ? GC_SUCCESSION_SAME : GC_SUCCESSION_UPDATED;
  if (!put_last(s, kin)) /* it had room there a moment ago */
    return refused(s);
  const bool is_first = !s->current;
  take_old(s, at);
  grow_old(s, now_ms);
  s->current = kin;
  return is_first ? GC_SUCCESSION_BEGUN : GC_SUCCESSION_REPLACED;
}

/* Beside the one before it, so that windows can be handed over; where there is none, like the first. */
static enum gc_err make(struct gc_succession *s, struct gc_secure_context *before, const struct gc_context_file *file, struct gc_secure_context **out)
{
  return before ? gc_secure_context_make_beside(out, before, file, s->path, s->params.problem, s->params.ctx)
                : gc_secure_context_make(out, file, s->path, s->params.flags, s->params.problem, s->params.ctx);
}

static enum gc_succession_event replace(struct gc_succession *s, struct gc_secure_context *kin, size_t at, const struct gc_context_file *file,
                                        uint64_t now_ms)
{
  struct gc_secure_context *context;
  const bool is_first = !s->current;
  if (make(s, kin ? kin : s->current, file, &context))
    return refused(s);
  if (!put_last(s, context)) {
    (void)gc_secure_context_close(&context);
    return refused(s);
  }
  if (kin && kin == s->current)
    s->current = NULL;
  else if (kin)
    take_old(s, at);
  if (kin) /* it has handed over its windows: two would take the same request once each */
    end(s, kin, false, now_ms);
  grow_old(s, now_ms);
  s->current = context;
  return is_first ? GC_SUCCESSION_BEGUN : GC_SUCCESSION_REPLACED;
}

static enum gc_succession_event take(struct gc_succession *s, const struct gc_context_file *file, uint64_t now_ms)
{
  struct gc_secure_context *fresh;
  enum gc_oscore_kinship kinship;
  size_t at;
  if (gc_secure_context_make(&fresh, file, s->path, GC_SECURE_READ_ONLY, s->params.problem, s->params.ctx))
    return refused(s);
  const struct gc_oscore_context *oscore = gc_secure_context_oscore(fresh);
  const char *objection = s->params.object ? s->params.object(s->params.ctx, oscore) : NULL;
  struct gc_secure_context *kin = find_kin(s, oscore, &at, &kinship);
  enum gc_succession_event event;
  if (objection) {
    tell(s, true, objection);
    event = refused(s);
  } else if (kinship == GC_OSCORE_SAME) {
    event = go_on(s, kin, at, fresh, file, now_ms);
  } else {
    event = replace(s, kin, at, file, now_ms);
  }
  (void)gc_secure_context_close(&fresh);
  return event;
}

/* --- looking at the file -------------------------------------------------------------------------------------------- */

static bool is_seen(const struct stat *a, const struct stat *b)
{
  return a->st_nlink > 0 && a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size && a->st_mode == b->st_mode &&
         a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
         a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

enum gc_succession_event gc_succession_check(struct gc_succession *succession, bool anew, uint64_t now_ms)
{
  struct gc_succession *s = succession;
  struct gc_context_file *file;
  struct stat st;
  if (s->ended)
    ask_again(s, now_ms);
  if (stat(s->path, &st) < 0) {
    if (errno != ENOENT && errno != ENOTDIR) /* it may be there */
      return GC_SUCCESSION_SAME;
    s->seen = (struct stat){ 0 };
    return removed(s, now_ms);
  }
  if (!anew && is_seen(&s->seen, &st)) {
    const struct gc_context_file rules = { .expires_s = s->expires_s };
    const char *fault = s->current ? gc_context_file_fault(&rules, wall_s()) : NULL;
    expect_end(s, s->expires_s, now_ms);
    return fault ? suspended(s, fault, now_ms) : GC_SUCCESSION_SAME;
  }
  s->seen = st; /* what comes while it is read is another one, and looked at again */
  if (gc_context_file_read(&file, s->path, (s->params.flags & GC_SECURE_STRICT) != 0, s->params.problem, s->params.ctx))
    return refused(s);
  const char *fault = gc_context_file_fault(file, wall_s());
  const enum gc_succession_event event = fault ? suspended(s, fault, now_ms) : take(s, file, now_ms);
  if (event != GC_SUCCESSION_REFUSED)
    expect_end(s, file->expires_s, now_ms);
  gc_context_file_free(&file);
  return event;
}
