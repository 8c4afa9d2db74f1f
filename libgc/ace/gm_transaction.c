/* One transaction over the store, and the events that are told once it is on the disk. */
#include <stdlib.h>

#include "ace/gm_internal.h"
#include "crypto/secret.h"

enum gc_err gc_gm_happens(struct gc_gm_call *call, enum gc_gm_event_kind kind, const struct gc_gm_member *member, const char *why)
{
  struct gc_gm *gm = call->gm;
  if (gm->happened_count == gm->happened_cap) {
    const size_t cap = gm->happened_cap ? 2 * gm->happened_cap : 8;
    struct gc_gm_happened *grown = realloc(gm->happened, cap * sizeof *grown);
    if (!grown)
      return GC_E_MEMORY;
    gm->happened = grown;
    gm->happened_cap = cap;
  }
  struct gc_gm_happened *happened = &gm->happened[gm->happened_count++];
  *happened = (struct gc_gm_happened){ .kind = kind, .config = call->index, .num = call->group.num, .why = why, .has_member = member != NULL };
  if (member)
    happened->member = *member;
  return GC_OK;
}

/* The others are told at once, or when the batch ends; a later rekeying ends it. */
static bool is_put_off(struct gc_gm_call *call, const struct gc_gm_happened *happened)
{
  struct gc_gm_batch *batch = &call->gm->batches[happened->config];
  if (happened->kind != GC_GM_REKEYED)
    return false;
  batch->is_open = happened->is_batched && call->gm->configs[happened->config].batch_ms;
  batch->num = happened->num;
  batch->end_ms = call->time.now_ms + call->gm->configs[happened->config].batch_ms;
  return batch->is_open;
}

static void tell(struct gc_gm *gm, const struct gc_gm_happened *happened)
{
  const struct gc_gm_event event = { .kind = happened->kind, .group = gm->configs[happened->config].name, .num = happened->num,
                                     .member = happened->has_member ? &happened->member : NULL, .why = happened->why };
  if (gm->ops.event)
    gm->ops.event(gm->ops.ctx, &event);
}

/* The list is taken over: an event's receiver may run a transaction of its own. */
static void tell_all(struct gc_gm_call *call)
{
  struct gc_gm *gm = call->gm;
  struct gc_gm_happened *list = gm->happened;
  const size_t count = gm->happened_count;
  gm->happened = NULL;
  gm->happened_count = gm->happened_cap = 0;
  for (size_t i = 0; i < count; i++)
    if (!is_put_off(call, &list[i]))
      tell(gm, &list[i]);
  free(list);
}

enum gc_err gc_gm_transact(struct gc_gm_call *call, enum gc_err (*act)(struct gc_gm_call *call, void *arg), void *arg)
{
  struct gc_gm *gm = call->gm;
  enum gc_err err = gm->store.ops->begin(gm->store.ctx);
  if (err)
    return err;
  gm->happened_count = 0;
  err = call->config ? gc_gm_load(call) : GC_OK;
  if (!err)
    err = act(call, arg);
  if (!err && !call->is_refused)
    err = gm->store.ops->commit(gm->store.ctx);
  gc_wipe(&call->group, sizeof call->group);
  if (err || call->is_refused) {
    gm->store.ops->rollback(gm->store.ctx);
    gm->happened_count = 0;
    return err;
  }
  if (gm->happened_count)
    gm->has_next = false;
  tell_all(call);
  return GC_OK;
}

struct gc_gm_call gc_gm_call(struct gc_gm *gm, size_t index, const struct gc_gm_time *time)
{
  return (struct gc_gm_call){ .gm = gm, .index = index, .config = &gm->configs[index], .time = *time };
}

enum gc_err gc_gm_transact_in(struct gc_gm *gm, const char *group, const struct gc_gm_time *time,
                              enum gc_err (*act)(struct gc_gm_call *call, void *arg), void *arg)
{
  size_t index;
  enum gc_err err = gc_gm_index(gm, gc_bytes_str(group), &index);
  if (err)
    return err;
  struct gc_gm_call call = gc_gm_call(gm, index, time);
  return gc_gm_transact(&call, act, arg);
}

enum gc_err gc_gm_load(struct gc_gm_call *call)
{
  return GM_STORE(call->gm, group_get, call->config->name, &call->group);
}
