/* Keying material of a Group Manager made into a context file (draft-ietf-ace-key-groupcomm-oscore, Sections 6.4 and 11.2). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "gc-join.h"


static int32_t alg_or_unset(int32_t alg)
{
  return alg ? alg : GC_ALG_UNSET;
}

static enum gc_status no_memory(void)
{
  gc_error("no memory left");
  return GC_STATUS_SYSTEM;
}

/* exp where it is given, else exi from now on (Section 6.4). */
uint64_t gc_join_expiry(const struct gc_membership *membership)
{
  enum { LATEST_S = INT32_MAX }; /* from now: later is as good as never */
  const uint64_t now_s = gc_wall_us() / 1000000;
  if (membership->has_exp)
    return membership->exp_s < 1 ? 1 : membership->exp_s < (double)now_s + LATEST_S ? (uint64_t)membership->exp_s : 0;
  return membership->has_exi && membership->exi_s < LATEST_S ? now_s + membership->exi_s : 0;
}

static bool reserve(struct gc_join_group *group, size_t more)
{
  const size_t need = group->file.recipient_count + more;
  if (need <= group->cap)
    return true;
  struct gc_context_member *grown = realloc(group->recipients, need * sizeof *grown);
  if (!grown)
    return false;
  group->recipients = group->file.recipients = grown;
  group->cap = need;
  return true;
}

static struct gc_context_member *find(const struct gc_join_group *group, struct gc_bytes id)
{
  for (size_t i = 0; i < group->file.recipient_count; i++)
    if (gc_bytes_equal(group->recipients[i].id, id))
      return &group->recipients[i];
  return NULL;
}

/* A member without an identifier cannot be told by its messages: a pure monitor. */
static bool take_peer(struct gc_join_group *group, const struct gc_peer *peer)
{
  const bool is_own = group->file.has_sender && gc_bytes_equal(peer->id, group->file.sender.id);
  if (is_own || !gc_roles_send(peer->roles))
    return true;
  struct gc_context_member *member = find(group, peer->id);
  if (!member && !reserve(group, 1))
    return false;
  if (!member) {
    member = &group->recipients[group->file.recipient_count++];
    *member = (struct gc_context_member){ .id = peer->id };
  }
  member->cred = peer->cred;
  member->roles = peer->roles;
  return true;
}

enum gc_status gc_join_group_add(struct gc_join_group *group, const struct gc_groupcomm *message)
{
  struct gc_peers peers;
  struct gc_peer peer;
  if (gc_peers_begin(&peers, message) || peers.is_empty)
    return GC_STATUS_OK;
  while (gc_peers_next(&peers, &peer) == GC_OK)
    if (!take_peer(group, &peer))
      return no_memory();
  return GC_STATUS_OK;
}

size_t gc_join_group_remove(struct gc_join_group *group, struct gc_bytes encoded_ids)
{
  struct gc_cbor_reader reader;
  struct gc_cbor_list list;
  struct gc_bytes id;
  size_t removed = 0;
  if (gc_strings_begin(&reader, &list, encoded_ids))
    return 0;
  while (gc_strings_next(&reader, &list, false, &id) == GC_OK) {
    struct gc_context_member *member = find(group, id);
    if (!member)
      continue;
    *member = group->recipients[--group->file.recipient_count];
    removed++;
  }
  return removed;
}

void gc_join_group_clear(struct gc_join_group *group)
{
  group->file.recipient_count = 0;
}

void gc_join_group_rekey(struct gc_join_group *group, const struct gc_oscore_params *params, uint64_t expires_s)
{
  group->file.expires_s = expires_s;
  group->file.master_secret = params->master_secret;
  group->file.master_salt = params->master_salt;
  group->file.gid = params->id_context;
}

enum gc_status gc_join_group_make(struct gc_join_group *group, struct gc_join_session *session, const struct gc_join_answer *answer, const char *group_uri)
{
  const struct gc_membership *membership = &answer->membership;
  const struct gc_oscore_params *params = &membership->params;
  *group = (struct gc_join_group){ .file = {
    .profile = GC_PROFILE_GROUP_OSCORE, .name = session->gname, .cred_fmt = gc_cred_fmt_name(params->cred_fmt), .gid = params->id_context,
    .has_gid = true, .master_secret = params->master_secret, .master_salt = params->master_salt, .gm_cred = params->gm_cred,
    .hkdf = params->hkdf_alg, .aead_alg = alg_or_unset(params->aead_alg), .group_enc_alg = alg_or_unset(params->group_enc_alg),
    .sign_alg = alg_or_unset(params->sign_alg), .ecdh_alg = alg_or_unset(params->ecdh_alg), .replay_window = 32, .countersign_elements = 5,
    .expires_s = gc_join_expiry(membership), .has_ace = true, .ace = { .group_uri = group_uri, .token_alg = GC_ALG_UNSET },
  } };
  if (membership->has_sender_id && session->key) {
    group->file.has_sender = true;
    group->file.sender = (struct gc_context_member){ .id = membership->sender_id, .cred = gc_bytes(session->key->cred, session->key->cred_len) };
    group->file.private_key = gc_bytes(session->key->pair.private_key, session->key->pair.private_len);
  }
  return gc_join_group_add(group, answer->message);
}

enum gc_status gc_join_group_of(struct gc_join_group *group, const struct gc_context_file *file)
{
  *group = (struct gc_join_group){ .file = *file };
  group->file.recipients = NULL;
  group->file.recipient_count = 0;
  if (!reserve(group, file->recipient_count))
    return no_memory();
  if (file->recipient_count)
    memcpy(group->recipients, file->recipients, file->recipient_count * sizeof *file->recipients);
  group->file.recipient_count = file->recipient_count;
  return GC_STATUS_OK;
}

void gc_join_group_free(struct gc_join_group *group)
{
  free(group->recipients);
  group->recipients = NULL;
}

static void tell_unusable(void *ctx, bool is_error, const struct gc_context_problem *problem)
{
  (void)ctx;
  if (is_error)
    gc_error("the Group Manager's keying material cannot be used, and what there was stays: %s%s%s", problem->key, problem->key[0] ? ": " : "",
             problem->phrase);
}

/* A member whose credential or ID cannot be used is no reason to have no group; neither is one with the own ID, left from keys before. */
static void drop_unusable(struct gc_join_group *group, struct gc_oscore_context *context)
{
  char id[2 * GC_ID_MAX_LEN + 1];
  size_t kept = 0;
  for (size_t i = 0; i < group->file.recipient_count; i++) {
    const struct gc_context_member *member = &group->recipients[i];
    const char *why = "";
    const enum gc_err err = gc_oscore_context_add_recipient(context, member->id, member->cred.len ? member->cred : member->public_key, NULL, &why);
    if (!err)
      group->recipients[kept++] = *member;
    else if (err != GC_E_EXISTS)
      gc_warn("member %s is left out: %s", member->id.len > GC_ID_MAX_LEN ? "of a long ID" : gc_hex_encode(id, member->id), why[0] ? why : gc_err_str(err));
  }
  group->file.recipient_count = kept;
}

enum gc_status gc_join_group_check(struct gc_join_group *group, const struct gc_join_session *session)
{
  struct gc_secure_context *context;
  struct gc_context_file file = group->file;
  file.recipient_count = 0;
  enum gc_err err = gc_secure_context_make(&context, &file, session->path, GC_SECURE_READ_ONLY, tell_unusable, NULL);
  if (err)
    return err == GC_E_MEMORY ? no_memory() : GC_STATUS_NO;
  drop_unusable(group, gc_secure_context_oscore(context));
  (void)gc_secure_context_close(&context);
  return GC_STATUS_OK;
}

enum gc_status gc_join_group_write(struct gc_join_group *group, const struct gc_join_session *session, bool replace)
{
  const enum gc_status status = gc_join_group_check(group, session);
  if (status)
    return status;
  enum gc_err err = gc_context_file_write(&group->file, session->path, replace);
  if (!err)
    return GC_STATUS_OK;
  gc_error("%s: %s", session->path, err == GC_E_SYSTEM ? strerror(errno) : err == GC_E_EXISTS ? "exists already (--force overwrites it)" : gc_err_str(err));
  return GC_STATUS_SYSTEM;
}

void gc_join_note(struct gc_join_session *session, const struct gc_membership *membership)
{
  struct gc_join_file *record = session->record;
  record->num = membership->num;
  record->expires_s = gc_join_expiry(membership);
}
