/* Follow a group that has been rekeyed: what came is installed; what was missed is fetched, stale Sender IDs first (draft-ietf-
 * ace-key-groupcomm-oscore, Sections 11.2 and 11.3). */
#include "crypto/secret.h"
#include "gc-join.h"

struct update {
  struct gc_context_file *old;
  struct gc_join_group group;
  bool is_changed;   /* another Key Generation Number */
  bool is_new_id;
  uint8_t bytes[3][256]; /* copies of what an answer lent: Master Secret, salt, Gid */
  uint8_t sender_id[GC_ID_MAX_LEN];
};

static struct gc_bytes keep(uint8_t room[static 256], struct gc_bytes bytes)
{
  const size_t len = bytes.len < 256 ? bytes.len : 0;
  for (size_t i = 0; i < len; i++)
    room[i] = bytes.ptr[i];
  return gc_bytes(room, len);
}

static void take_params(struct update *update, struct gc_join_session *session, const struct gc_membership *membership)
{
  struct gc_oscore_params params = membership->params;
  params.master_secret = keep(update->bytes[0], params.master_secret);
  params.master_salt = keep(update->bytes[1], params.master_salt);
  params.id_context = keep(update->bytes[2], params.id_context);
  gc_join_group_rekey(&update->group, &params, gc_join_expiry(membership));
  gc_join_note(session, membership);
}

/* GET of the node or of the group. */
static enum gc_status take_keys(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx)
{
  struct update *update = ctx;
  const struct gc_membership *membership = &answer->membership;
  struct gc_context_file *file = &update->group.file;
  update->is_changed = membership->num != session->record->num;
  if (membership->has_sender_id && file->has_sender && !gc_bytes_equal(membership->sender_id, file->sender.id)) {
    update->is_new_id = true;
    for (size_t i = 0; i < membership->sender_id.len && i < sizeof update->sender_id; i++)
      update->sender_id[i] = membership->sender_id.ptr[i];
    file->sender.id = gc_bytes(update->sender_id, membership->sender_id.len);
  }
  take_params(update, session, membership);
  return GC_STATUS_OK;
}

static enum gc_status take_stale(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx)
{
  struct update *update = ctx;
  (void)session;
  if (answer->forgets_all)
    gc_join_group_clear(&update->group);
  else
    (void)gc_join_group_remove(&update->group, answer->stale);
  return GC_STATUS_OK;
}

static enum gc_status take_active(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx)
{
  struct update *update = ctx;
  (void)session;
  update->group.file.is_inactive = !answer->is_active;
  return GC_STATUS_OK;
}

/* Written at once: what it borrows ends with the answer. */
static enum gc_status take_creds(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx)
{
  struct update *update = ctx;
  enum gc_status status = answer->message ? gc_join_group_add(&update->group, answer->message) : GC_STATUS_OK;
  return status ? status : gc_join_group_write(&update->group, session, true);
}

static bool is_turned(const struct update *update)
{
  return update->group.file.is_inactive != update->old->is_inactive;
}

static enum gc_status run(struct gc_join_session *session, struct update *update)
{
  const uint64_t held = session->record->num;
  const enum gc_join_operation operation = update->old->has_sender ? GC_JOIN_NODE : GC_JOIN_KEYS;
  enum gc_status status = gc_join_session_ask(session, operation, NULL, take_keys, update);
  if (!status && update->is_changed && session->record->num < held) /* a Group Manager that has lost its memory knows none */
    gc_join_group_clear(&update->group);
  else if (!status && update->is_changed)
    status = gc_join_session_ask(session, GC_JOIN_STALE, &(struct gc_join_question){ .num = held }, take_stale, update);
  if (!status)
    status = gc_join_session_try(session, GC_JOIN_ACTIVE, take_active, update);
  if (!status && (update->is_changed || update->is_new_id))
    status = gc_join_session_ask(session, GC_JOIN_CREDS, NULL, take_creds, update);
  else if (!status && is_turned(update))
    status = gc_join_group_write(&update->group, session, true);
  if (status)
    session->record->num = held;
  return status ? status : gc_join_session_save(session);
}

enum gc_status gc_join_update(struct gc_join_session *session, bool *changed)
{
  struct update *update = gc_secret_new(sizeof *update);
  enum gc_status status = GC_STATUS_SYSTEM;
  *changed = false;
  if (!update) {
    gc_error("no memory left");
    return status;
  }
  update->old = gc_join_session_group(session, &status);
  if (update->old)
    status = gc_join_group_of(&update->group, update->old);
  if (update->old && !status)
    status = run(session, update);
  *changed = !status && (update->is_changed || update->is_new_id);
  if (*changed)
    gc_join_say_group(session, "updated", &update->group);
  if (!status && update->old && is_turned(update))
    gc_join_say_group(session, update->group.file.is_inactive ? "inactive" : "active", &update->group);
  gc_join_group_free(&update->group);
  gc_context_file_free(&update->old);
  gc_secret_free(&update);
  return status;
}

static enum gc_status install(struct gc_join_session *session, struct gc_context_file *old, const struct gc_groupcomm *message)
{
  struct gc_membership membership = { .num = 0 };
  struct gc_join_group group;
  const char *why = "it cannot be read";
  if (gc_membership_rekey(&membership, message, &why)) {
    gc_warn("a rekeying message is not understood: %s", why);
    return GC_STATUS_NO;
  }
  enum gc_status status = gc_join_group_of(&group, old);
  if (!status) {
    (void)gc_join_group_remove(&group, message->stale_node_ids);
    gc_join_group_rekey(&group, &membership.params, gc_join_expiry(&membership));
    status = gc_join_group_add(&group, message);
  }
  if (!status)
    status = gc_join_group_write(&group, session, true);
  if (!status) {
    gc_join_note(session, &membership);
    status = gc_join_session_save(session);
    gc_join_say_group(session, "rekeyed", &group);
  }
  gc_join_group_free(&group);
  return status;
}

enum gc_status gc_join_take_rekeying(struct gc_join_session *session, const struct gc_groupcomm *message, bool *is_missed, bool *installed)
{
  enum gc_status status;
  const enum gc_rekeying_step step = gc_rekeying_judge(session->record->num, message->num);
  *installed = false;
  *is_missed = step == GC_REKEYING_MISSED || (step == GC_REKEYING_INSTALL && gc_rekeying_fault(message));
  if (step == GC_REKEYING_IGNORE || *is_missed)
    return GC_STATUS_OK;
  struct gc_context_file *old = gc_join_session_group(session, &status);
  if (!old)
    return status;
  status = install(session, old, message);
  *installed = !status;
  gc_context_file_free(&old);
  return status;
}
