#include "ace/gm_internal.h"

#include <string.h>

/* --- Sender IDs -------------------------------------------------------------------------------------------------------------- */

/* Of all Sender IDs, the shortest first, the one of an index; false: past the last of max_len bytes. */
static bool nth(uint64_t index, uint8_t max_len, struct gc_gm_member *out)
{
  for (uint8_t len = 1; len <= max_len; len++) {
    const uint64_t count = UINT64_C(1) << 8 * len;
    if (index < count) {
      for (uint8_t i = 0; i < len; i++)
        out->sender_id[i] = (uint8_t)(index >> 8 * (len - 1 - i));
      out->sender_id_len = len;
      return true;
    }
    index -= count;
  }
  return false;
}

/* Whoever has had it under this Gid has it still, or it is in the current set of stale ones. GC_E_NOT_FOUND: nobody */
static enum gc_err had(struct gc_gm_call *call, struct gc_bytes sender_id)
{
  struct gc_gm_member other;
  const struct gc_gm_find find = { .by = GC_GM_BY_SENDER_ID, .bytes = sender_id };
  enum gc_err err = GM_STORE(call->gm, member_get, call->config->name, &find, &other);
  return err == GC_E_NOT_FOUND ? GM_STORE(call->gm, stale_has, call->config->name, call->group.num, sender_id) : err;
}

enum gc_err gc_gm_give_sender_id(struct gc_gm_call *call, struct gc_gm_member *member)
{
  const uint8_t max_len = gc_gm_sender_id_max(call->config);
  struct gc_gm_member next = *member;
  enum gc_err err = GC_OK;
  while (err == GC_OK) {
    if (!nth(call->group.next_sender_id, max_len, &next))
      return GC_E_END;
    call->group.next_sender_id++;
    err = had(call, gc_gm_sender_id(&next));
  }
  if (err != GC_E_NOT_FOUND)
    return err;
  next.has_sender_id = true;
  *member = next;
  return GM_STORE(call->gm, group_put, &call->group);
}

enum gc_err gc_gm_take_sender_id(struct gc_gm_call *call, struct gc_gm_member *member)
{
  if (!member->has_sender_id)
    return GC_OK;
  enum gc_err err = GM_STORE(call->gm, stale_add, call->config->name, call->group.num, gc_gm_sender_id(member));
  member->has_sender_id = false;
  member->sender_id_len = 0;
  return err;
}

static enum gc_err count_one(void *ctx, struct gc_bytes sender_id)
{
  (void)sender_id;
  ++*(size_t *)ctx;
  return GC_OK;
}

enum gc_err gc_gm_bound_stale(struct gc_gm_call *call)
{
  size_t count = 0;
  enum gc_err err = GM_STORE(call->gm, stale_each, call->config->name, call->group.num, call->group.num, count_one, &count);
  return err || count < GC_GM_STALE_MAX ? err : gc_gm_new_keys(call, "too many stale Sender IDs", false);
}

/* --- the end of a membership (Section 10) -------------------------------------------------------------------------------------- */

enum gc_err gc_gm_remove(struct gc_gm_call *call, const struct gc_gm_member *member, enum gc_gm_event_kind kind, const char *why)
{
  struct gc_gm_member gone = *member;
  enum gc_err err = gc_gm_take_sender_id(call, &gone);
  if (!err)
    err = GM_STORE(call->gm, member_delete, call->config->name, member->node);
  return err ? err : gc_gm_happens(call, kind, member, why);
}
