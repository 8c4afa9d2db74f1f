#include "ace/gm_internal.h"

#include <string.h>

#include "crypto/secret.h"

static void fresh_secrets(struct gc_gm_call *call)
{
  struct gc_gm_group *group = &call->group;
  group->master_secret_len = call->config->master_secret_len;
  group->master_salt_len = call->config->master_salt_len;
  call->gm->rng.fill(call->gm->rng.ctx, group->master_secret, group->master_secret_len);
  call->gm->rng.fill(call->gm->rng.ctx, group->master_salt, group->master_salt_len);
  group->expires_s = call->time.now_s + call->config->lifetime_s;
}

/* --- a group's beginning --------------------------------------------------------------------------------------------------------- */

/* No two groups have the same prefix, and so no Gid is in two groups. The epochs that follow it begin with 0. */
static enum gc_err first_gid(struct gc_gm_call *call)
{
  enum { RANDOM_LEN = 3, TRIES = 64 };
  const struct gc_gm_config *config = call->config;
  struct gc_gm_group *group = &call->group;
  const bool is_given = config->gid_prefix.len != 0;
  const size_t prefix_len = is_given ? config->gid_prefix.len : RANDOM_LEN;
  enum gc_err err = GC_E_EXISTS;
  group->gid_len = (uint8_t)(prefix_len + config->gid_epoch_len);
  for (unsigned tries = 0; err == GC_E_EXISTS && tries < (is_given ? 1 : TRIES); tries++) {
    if (is_given)
      memcpy(group->gid, config->gid_prefix.ptr, prefix_len);
    else
      call->gm->rng.fill(call->gm->rng.ctx, group->gid, prefix_len);
    err = GM_STORE(call->gm, prefix_take, config->name, gc_bytes(group->gid, prefix_len));
  }
  return err;
}

enum gc_err gc_gm_make_group(struct gc_gm_call *call)
{
  call->group = (struct gc_gm_group){ .is_active = true, .next_node = 1 };
  memcpy(call->group.name, call->config->name, strlen(call->config->name));
  enum gc_err err = first_gid(call);
  if (err)
    return err;
  fresh_secrets(call);
  return GM_STORE(call->gm, group_put, &call->group);
}

/* --- the next generation (Sections 7 and 11) -------------------------------------------------------------------------------------- */

/* The epoch plus one; false: it has come round to 0. */
static bool count_up(struct gc_gm_call *call)
{
  struct gc_gm_group *group = &call->group;
  const uint8_t epoch_len = call->config->gid_epoch_len < group->gid_len ? call->config->gid_epoch_len : group->gid_len;
  for (uint8_t i = 1; i <= epoch_len; i++)
    if (++group->gid[group->gid_len - i])
      return true;
  return false;
}

/* Members that joined under the Gid that comes again would mistake old messages for new ones (Section 11). */
static enum gc_err evict_elders(struct gc_gm_call *call)
{
  struct gc_gm_member member = { .node = 0 };
  struct gc_gm_find find = { .by = GC_GM_BY_NODE_AFTER };
  const char *name = call->config->name;
  enum gc_err err;
  for (; !(err = GM_STORE(call->gm, member_get, name, &find, &member)); find.number = member.node) {
    if (!gc_bytes_equal(gc_bytes(member.birth_gid, member.birth_gid_len), gc_gm_gid(&call->group)))
      continue;
    err = gc_gm_remove(call, &member, GC_GM_EVICTED, "its Birth Gid is used again");
    if (!err)
      err = GM_STORE(call->gm, elder_add, name, gc_bytes(member.identity, member.identity_len));
    if (err)
      return err;
  }
  return err == GC_E_NOT_FOUND ? GC_OK : err;
}

static enum gc_err next_gid(struct gc_gm_call *call)
{
  const struct gc_gm_config *config = call->config;
  const bool is_new = count_up(call);
  if (!is_new && !config->reuses_gids)
    return GC_E_END;
  enum gc_err err = GM_STORE(call->gm, elder_drop, config->name);
  return err || !config->reuses_gids ? err : evict_elders(call);
}

enum gc_err gc_gm_new_keys(struct gc_gm_call *call, const char *why, bool is_batched)
{
  struct gc_gm_group *group = &call->group;
  uint8_t gid[GC_ID_CONTEXT_MAX_LEN];
  memcpy(gid, group->gid, sizeof gid);
  enum gc_err err = next_gid(call);
  if (err == GC_E_END) {
    memcpy(group->gid, gid, sizeof gid);
    group->is_active = false;
    err = GM_STORE(call->gm, group_put, group);
    return err ? err : gc_gm_happens(call, GC_GM_INACTIVE, NULL, "no Gid is left");
  }
  if (err)
    return err;
  group->num++;
  group->next_sender_id = 0;
  fresh_secrets(call);
  const uint64_t kept = call->config->max_stale_sets;
  err = group->num >= kept ? GM_STORE(call->gm, stale_drop, call->config->name, group->num + 1 - kept) : GC_OK;
  if (!err)
    err = GM_STORE(call->gm, group_put, group);
  if (!err)
    err = gc_gm_happens(call, GC_GM_REKEYED, NULL, why);
  if (!err)
    call->gm->happened[call->gm->happened_count - 1].is_batched = is_batched;
  return err;
}

bool gc_gm_keys_end(const struct gc_gm_call *call)
{
  return call->group.expires_s - call->config->renew_before_s <= call->time.now_s;
}

/* --- what the others are told (Section 11.1) ---------------------------------------------------------------------------------------- */

struct newcomers {
  uint64_t since; /* generation */
  uint64_t oldest; /* node of the member whom all others have met */
};

static bool is_newcomer(const struct gc_gm_call *call, const struct gc_gm_member *member, const void *arg)
{
  const struct newcomers *newcomers = arg;
  return member->is_new && (member->join_num == call->group.num || (member->join_num >= newcomers->since && member->node != newcomers->oldest));
}

/* Without backward security nobody has been told of those that joined under the old generation either: a few are named too. More
 * would make many datagrams of each of many messages; their credentials can be had when they are met. */
static enum gc_err put_newcomers(struct gc_gm_call *call, struct gc_groupcomm *message)
{
  enum { UNTOLD_MAX = 8 };
  const struct gc_groupcomm before = *message;
  const struct gc_gm_find first = { .by = GC_GM_BY_NODE_AFTER };
  struct newcomers newcomers = { .since = call->group.num };
  struct gc_gm_member oldest;
  enum gc_err err = call->config->has_backward_security ? GC_E_NOT_FOUND : GM_STORE(call->gm, member_get, call->config->name, &first, &oldest);
  if (!err) {
    newcomers = (struct newcomers){ call->group.num - 1, oldest.node };
    err = gc_gm_put_peers(call, is_newcomer, &newcomers, message);
    if (!err && call->gm->peer_count <= UNTOLD_MAX)
      return GC_OK;
    *message = before;
    newcomers.since = call->group.num;
  }
  return err && err != GC_E_NOT_FOUND && err != GC_E_SPACE ? err : gc_gm_put_peers(call, is_newcomer, &newcomers, message);
}

/* More credentials than the message has room for are left out: members have to learn of the keys in any case. */
static enum gc_err write_message(struct gc_gm_call *call, struct gc_groupcomm *message, struct gc_buf *out)
{
  const uint64_t peers = GC_PARAM_BIT(GC_GROUPCOMM_CREDS) | GC_PARAM_BIT(GC_GROUPCOMM_PEER_ROLES) | GC_PARAM_BIT(GC_GROUPCOMM_PEER_IDENTIFIERS);
  const size_t start = out->len;
  enum gc_err err = put_newcomers(call, message);
  if (!err && call->gm->peer_count) {
    err = gc_groupcomm_write(out, message);
    if (err != GC_E_SPACE)
      return err;
  }
  if (err && err != GC_E_SPACE)
    return err;
  out->len = start;
  message->present &= ~peers;
  return gc_groupcomm_write(out, message);
}

static enum gc_err rekeying_message(struct gc_gm_call *call, void *arg)
{
  struct gc_gm *gm = call->gm;
  struct gc_buf *out = arg;
  struct gc_groupcomm message = { .present = GC_PARAM_BIT(GC_GROUPCOMM_STALE_NODE_IDS) };
  uint8_t key_room[256];
  struct gc_buf room = gc_buf(key_room, sizeof key_room), stale = gc_buf(gm->stale, sizeof gm->stale);
  if (!call->group.num)
    return GC_E_STATE;
  enum gc_err err = gc_gm_write_stale(call, call->group.num - 1, call->group.num - 1, &stale);
  message.stale_node_ids = gc_buf_bytes(&stale);
  if (!err)
    err = gc_gm_put_keys(call, GC_MATERIAL_REKEYING, NULL, &message, &room);
  if (!err)
    err = write_message(call, &message, out);
  gc_wipe(key_room, sizeof key_room);
  return err;
}

enum gc_err gc_gm_rekeying_message(struct gc_gm *gm, const char *group, const struct gc_gm_time *time, struct gc_buf *out)
{
  return gc_gm_transact_in(gm, group, time, rekeying_message, out);
}
