/* What happens without a request of a client: expiry, the end of batches, commands. */
#include "ace/gm_internal.h"

#include <string.h>

#include "crypto/secret.h"

/* --- expiry -------------------------------------------------------------------------------------------------------------------- */

/** Members whose token has expired, one group after another: a rekeying for each group, not for each member. */
struct expiry {
  struct gc_gm_time time;
  bool is_touched[GC_GM_GROUPS_MAX];
  unsigned left;
};

static enum gc_err evict_expired(struct gc_gm_call *call, struct expiry *expiry)
{
  struct gc_gm *gm = call->gm;
  struct gc_gm_member member;
  enum gc_err err = GC_OK;
  while (expiry->left && !(err = GM_STORE(gm, member_expiring, &member)) && member.expires_s <= call->time.now_s) {
    expiry->left--;
    if (gc_gm_index(gm, gc_bytes_str(member.group), &call->index)) {
      err = GM_STORE(gm, member_delete, member.group, member.node); /* of a group that is no more configured */
    } else {
      call->config = &gm->configs[call->index];
      err = gc_gm_load(call);
      if (!err)
        err = gc_gm_remove(call, &member, GC_GM_EVICTED, "its token has expired");
      expiry->is_touched[call->index] = true;
    }
    if (err)
      return err;
  }
  return err == GC_E_NOT_FOUND ? GC_OK : err;
}

static enum gc_err renew_group(struct gc_gm_call *call, bool is_touched)
{
  uint64_t count;
  enum gc_err err = gc_gm_load(call);
  if (err || is_touched)
    return err ? err : gc_gm_new_keys(call, "tokens have expired", false);
  err = GM_STORE(call->gm, member_count, call->config->name, &count);
  return err || !count || !call->group.is_active || !gc_gm_keys_end(call) ? err : gc_gm_new_keys(call, "the keying material expires", false);
}

static enum gc_err expire(struct gc_gm_call *call, void *arg)
{
  struct expiry *expiry = arg;
  enum gc_err err = evict_expired(call, expiry);
  for (size_t i = 0; !err && i < call->gm->config_count; i++) {
    call->index = i;
    call->config = &call->gm->configs[i];
    err = renew_group(call, expiry->is_touched[i]);
  }
  return err;
}

/* When the next of them is due. */
static enum gc_err look_ahead(struct gc_gm_call *call, void *arg)
{
  struct gc_gm *gm = call->gm;
  struct gc_gm_member member;
  uint64_t count = 0;
  enum gc_err err = GM_STORE(gm, member_expiring, &member);
  (void)arg;
  gm->next_s = err ? GC_GM_NEVER : member.expires_s;
  if (err == GC_E_NOT_FOUND)
    err = GC_OK;
  for (size_t i = 0; !err && i < gm->config_count; i++) {
    err = GM_STORE(gm, group_get, gm->configs[i].name, &call->group);
    if (!err)
      err = GM_STORE(gm, member_count, gm->configs[i].name, &count);
    const int64_t due_s = call->group.expires_s - gm->configs[i].renew_before_s;
    if (!err && count && call->group.is_active && due_s < gm->next_s)
      gm->next_s = due_s;
  }
  gm->has_next = err == GC_OK;
  return err;
}

static enum gc_err refresh(struct gc_gm *gm, const struct gc_gm_time *time)
{
  struct gc_gm_call call = { .gm = gm, .time = *time };
  return gm->has_next ? GC_OK : gc_gm_transact(&call, look_ahead, NULL);
}

static void end_batches(struct gc_gm *gm, const struct gc_gm_time *time)
{
  for (size_t i = 0; i < gm->config_count; i++) {
    if (!gm->batches[i].is_open || time->now_ms < gm->batches[i].end_ms)
      continue;
    gm->batches[i].is_open = false;
    const struct gc_gm_event event = { .kind = GC_GM_REKEYED, .group = gm->configs[i].name, .num = gm->batches[i].num, .why = "new members" };
    if (gm->ops.event)
      gm->ops.event(gm->ops.ctx, &event);
  }
}

enum gc_err gc_gm_tick(struct gc_gm *gm, const struct gc_gm_time *time)
{
  struct gc_gm_call call = { .gm = gm, .time = *time };
  struct expiry expiry = { .time = *time, .left = GC_GM_EVICTIONS_MAX };
  end_batches(gm, time);
  enum gc_err err = refresh(gm, time);
  if (err || gm->next_s > time->now_s)
    return err;
  err = gc_gm_transact(&call, expire, &expiry);
  gm->has_next = false;
  return err;
}

uint64_t gc_gm_wait_ms(struct gc_gm *gm, const struct gc_gm_time *time)
{
  enum { RETRY_MS = 1000, CLOCK_CHECK_S = 60 };
  uint64_t wait_ms = UINT64_MAX;
  if (refresh(gm, time))
    return RETRY_MS;
  if (gm->next_s != GC_GM_NEVER) {
    const int64_t left_s = gm->next_s - time->now_s;
    wait_ms = left_s <= 0 ? 0 : 1000 * (uint64_t)(left_s < CLOCK_CHECK_S ? left_s : CLOCK_CHECK_S);
  }
  for (size_t i = 0; i < gm->config_count; i++) {
    const struct gc_gm_batch *batch = &gm->batches[i];
    const uint64_t left_ms = batch->end_ms > time->now_ms ? batch->end_ms - time->now_ms : 0;
    if (batch->is_open && left_ms < wait_ms)
      wait_ms = left_ms;
  }
  return wait_ms;
}

/* --- rights that change ---------------------------------------------------------------------------------------------------------- */

static enum gc_err authorize(struct gc_gm_call *call, void *arg)
{
  const struct gc_gm_client *client = arg;
  const struct gc_gm_find find = { .by = GC_GM_BY_IDENTITY, .bytes = gc_gm_who(client) };
  struct gc_scope_list scope;
  enum gc_err err = GM_STORE(call->gm, member_get, call->config->name, &find, &call->member);
  if (err)
    return err == GC_E_NOT_FOUND ? GC_OK : err;
  err = gc_scope_parse(&scope, gc_bytes(client->scope, client->scope_len), NULL);
  if (err)
    return err;
  if (call->member.roles & ~gc_scope_roles(&scope, gc_bytes_str(call->config->name))) {
    err = gc_gm_remove(call, &call->member, GC_GM_EVICTED, "its token does not grant its roles any more");
    return err ? err : gc_gm_new_keys(call, "a member was evicted", false);
  }
  if (call->member.expires_s == client->expires_s)
    return GC_OK;
  call->member.expires_s = client->expires_s;
  call->gm->has_next = false;
  return GM_STORE(call->gm, member_put, &call->member);
}

enum gc_err gc_gm_authorize(struct gc_gm *gm, const struct gc_gm_client *client, const struct gc_gm_time *time)
{
  enum gc_err err = GC_OK;
  for (size_t i = 0; !err && i < gm->config_count; i++) {
    struct gc_gm_call call = gc_gm_call(gm, i, time);
    err = gc_gm_transact(&call, authorize, (void *)(uintptr_t)client);
  }
  return err;
}

/* --- commands -------------------------------------------------------------------------------------------------------------------- */

static enum gc_err rekey(struct gc_gm_call *call, void *arg)
{
  const uint64_t before = call->group.num;
  (void)arg;
  enum gc_err err = gc_gm_new_keys(call, "by command", false);
  return err || call->group.num != before ? err : GC_E_LIMIT;
}

enum gc_err gc_gm_rekey(struct gc_gm *gm, const char *group, const struct gc_gm_time *time)
{
  return gc_gm_transact_in(gm, group, time, rekey, NULL);
}

static enum gc_err set_active(struct gc_gm_call *call, void *arg)
{
  const bool is_active = *(const bool *)arg;
  if (call->group.is_active == is_active)
    return GC_OK;
  call->group.is_active = is_active;
  call->gm->has_next = false;
  enum gc_err err = GM_STORE(call->gm, group_put, &call->group);
  return err ? err : gc_gm_happens(call, is_active ? GC_GM_ACTIVE : GC_GM_INACTIVE, NULL, "by command");
}

enum gc_err gc_gm_set_active(struct gc_gm *gm, const char *group, bool is_active)
{
  const struct gc_gm_time never = { 0, 0 };
  return gc_gm_transact_in(gm, group, &never, set_active, &is_active);
}

/* By node name, Sender ID in hexadecimal, or subject. */
static bool is_called(const struct gc_gm_member *member, const char *name)
{
  char node[GC_GM_NODE_MAX], hex[2 + 2 * GC_ID_MAX_LEN + 1] = "0x";
  const uint8_t *subject = memchr(member->identity, 0, member->identity_len);
  gc_secret_hex_encode(hex + 2, member->sender_id, member->sender_id_len);
  if (strcmp(name, gc_gm_node_name(node, member->node)) == 0 || (member->has_sender_id && strcmp(name, hex) == 0))
    return true;
  if (!subject)
    return false;
  subject++;
  return gc_bytes_equal(gc_bytes_str(name), gc_bytes(subject, member->identity_len - (size_t)(subject - member->identity)));
}

static enum gc_err evict(struct gc_gm_call *call, void *arg)
{
  const char *name = arg;
  struct gc_gm_find find = { .by = GC_GM_BY_NODE_AFTER };
  struct gc_gm_member member;
  enum gc_err err;
  while (!(err = GM_STORE(call->gm, member_get, call->config->name, &find, &member)) && !is_called(&member, name))
    find.number = member.node;
  if (!err)
    err = gc_gm_remove(call, &member, GC_GM_EVICTED, "by command");
  return err ? err : gc_gm_new_keys(call, "a member was evicted", false);
}

enum gc_err gc_gm_evict(struct gc_gm *gm, const char *group, const char *member, const struct gc_gm_time *time)
{
  return gc_gm_transact_in(gm, group, time, evict, (void *)(uintptr_t)member);
}

/* --- listing --------------------------------------------------------------------------------------------------------------------- */

struct listing {
  struct gc_bytes identity; /* of the one that is looked for; NULL: all */
  bool (*each)(void *ctx, const struct gc_gm_member *member, bool needs_rekeying);
  void *ctx;
};

static enum gc_err list(struct gc_gm_call *call, void *arg)
{
  const struct listing *listing = arg;
  struct gc_gm_find find = { .by = GC_GM_BY_NODE_AFTER };
  struct gc_gm_member member;
  enum gc_err err;
  for (; !(err = GM_STORE(call->gm, member_get, call->config->name, &find, &member)); find.number = member.node)
    if (!listing->each(listing->ctx, &member, member.join_num < call->group.num))
      return GC_OK;
  return err == GC_E_NOT_FOUND ? GC_OK : err;
}

static enum gc_err list_one(struct gc_gm_call *call, void *arg)
{
  const struct listing *listing = arg;
  const struct gc_gm_find find = { .by = GC_GM_BY_IDENTITY, .bytes = listing->identity };
  enum gc_err err = GM_STORE(call->gm, member_get, call->config->name, &find, &call->member);
  if (!err)
    (void)listing->each(listing->ctx, &call->member, call->member.join_num < call->group.num);
  return err;
}

static enum gc_err run_listing(struct gc_gm *gm, const char *group, enum gc_err (*act)(struct gc_gm_call *call, void *arg), struct listing *listing)
{
  const struct gc_gm_time never = { 0, 0 };
  return gc_gm_transact_in(gm, group, &never, act, listing);
}

enum gc_err gc_gm_members(struct gc_gm *gm, const char *group,
                          bool (*each)(void *ctx, const struct gc_gm_member *member, bool needs_rekeying), void *ctx)
{
  struct listing listing = { .each = each, .ctx = ctx };
  return run_listing(gm, group, list, &listing);
}

enum gc_err gc_gm_member(struct gc_gm *gm, const char *group, struct gc_bytes identity,
                         bool (*each)(void *ctx, const struct gc_gm_member *member, bool needs_rekeying), void *ctx)
{
  struct listing listing = { .identity = identity, .each = each, .ctx = ctx };
  return run_listing(gm, group, list_one, &listing);
}
