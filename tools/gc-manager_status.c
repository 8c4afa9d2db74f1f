/* Groups, members, key generations, as the database has them now. No secret is read out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "gc-manager.h"

struct listing {
  struct gc_out *out;
  struct gc_gm_store store;
  bool json;
};

static void show_member(struct gc_out *out, const struct gc_gm_member *member)
{
  char node[GC_GM_NODE_MAX], roles[GC_ROLES_TEXT_MAX];
  struct gc_bytes issuer, subject;
  gc_manager_identity_split(gc_bytes(member->identity, member->identity_len), &issuer, &subject);
  gc_outf(out, "  %s ", gc_gm_node_name(node, member->node));
  gc_out_text(out, subject);
  if (member->has_sender_id) {
    gc_out_str(out, "  Sender ID ");
    gc_out_hex(out, gc_bytes(member->sender_id, member->sender_id_len));
  }
  gc_outf(out, "  %s  since key generation %llu\n", gc_roles_format(roles, member->roles), (unsigned long long)member->join_num);
}

static void show_member_json(struct gc_out *out, const struct gc_gm_member *member)
{
  char node[GC_GM_NODE_MAX], roles[GC_ROLES_TEXT_MAX];
  struct gc_bytes issuer, subject;
  gc_manager_identity_split(gc_bytes(member->identity, member->identity_len), &issuer, &subject);
  gc_json_object(out, NULL);
  gc_json_str(out, "node", gc_gm_node_name(node, member->node));
  gc_json_text(out, "issuer", issuer);
  gc_json_text(out, "subject", subject);
  if (member->has_sender_id)
    gc_json_hex(out, "sender_id", gc_bytes(member->sender_id, member->sender_id_len));
  gc_json_str(out, "roles", gc_roles_format(roles, member->roles));
  gc_json_uint(out, "join_num", member->join_num);
  if (member->control_uri[0])
    gc_json_text(out, "control_uri", gc_bytes_str(member->control_uri));
  if (member->expires_s != GC_GM_NEVER)
    gc_json_int(out, "expires", member->expires_s);
  gc_json_end(out);
}

static enum gc_err each_member(const struct listing *listing, const char *group)
{
  struct gc_gm_find find = { .by = GC_GM_BY_NODE_AFTER };
  struct gc_gm_member member;
  enum gc_err err;
  for (; !(err = listing->store.ops->member_get(listing->store.ctx, group, &find, &member)); find.number = member.node)
    (listing->json ? show_member_json : show_member)(listing->out, &member);
  return err == GC_E_NOT_FOUND ? GC_OK : err;
}

static enum gc_err show_group(const struct listing *listing, const struct gc_gm_group *group, uint64_t members)
{
  gc_outf(listing->out, "%s: key generation %llu, Gid ", group->name, (unsigned long long)group->num);
  gc_out_hex(listing->out, gc_bytes(group->gid, group->gid_len));
  gc_outf(listing->out, ", %llu member%s%s\n", (unsigned long long)members, members == 1 ? "" : "s", group->is_active ? "" : ", not active");
  return each_member(listing, group->name);
}

static enum gc_err show_group_json(const struct listing *listing, const struct gc_gm_group *group)
{
  gc_json_object(listing->out, NULL);
  gc_json_str(listing->out, "event", "group");
  gc_json_str(listing->out, "group", group->name);
  gc_json_uint(listing->out, "num", group->num);
  gc_json_hex(listing->out, "gid", gc_bytes(group->gid, group->gid_len));
  gc_json_int(listing->out, "expires", group->expires_s);
  gc_json_bool(listing->out, "active", group->is_active);
  gc_json_array(listing->out, "members");
  const enum gc_err err = each_member(listing, group->name);
  gc_json_end(listing->out);
  gc_json_end(listing->out);
  return err;
}

static enum gc_err each_group(void *ctx, const struct gc_gm_group *group)
{
  const struct listing *listing = ctx;
  uint64_t members = 0;
  enum gc_err err = listing->store.ops->member_count(listing->store.ctx, group->name, &members);
  if (!err)
    err = listing->json ? show_group_json(listing, group) : show_group(listing, group, members);
  gc_out_flush(listing->out);
  return err;
}

enum gc_status gc_manager_status(struct gc_manager_db *db, const struct gc_manager_params *params)
{
  struct listing listing = { .out = gc_out_new(STDOUT_FILENO, GC_COLOR_NEVER, false), .store = gc_manager_db_store(db), .json = params->common.json };
  if (!listing.out) {
    gc_error("no memory left");
    return GC_STATUS_SYSTEM;
  }
  enum gc_status status = gc_manager_explain(db, gc_manager_db_each_group(db, each_group, &listing), params->db);
  if (!gc_out_close(&listing.out)) {
    gc_error("stdout: %s", strerror(errno));
    status = GC_STATUS_SYSTEM;
  }
  return status;
}
