/* What a member asks once: status, rekey, creds, policies, cred, leave. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "gc-join.h"

enum { NUMBERS_LEFT_LEAST = 1 << 20 }; /* fewer Sender Sequence Numbers than these: another Sender ID is asked for */

static enum gc_status run(const struct gc_join_options *options, enum gc_status (*body)(struct gc_join_session *session))
{
  struct gc_join_session session;
  struct gc_join_lock lock = { .is_held = false };
  enum gc_status status = gc_join_is_joined(options->operands[0]) ? gc_join_lock(&lock, options->operands[0], GC_JOIN_LOCK_MS) : GC_STATUS_INPUT;
  if (status)
    return status;
  status = gc_join_session_resume(&session, options, 0);
  if (!status)
    status = body(&session);
  status = gc_status_max(status, gc_join_session_end(&session));
  gc_join_unlock(&lock);
  return status;
}

/* What a later command needs: another challenge, another token. */
static enum gc_status saved(struct gc_join_session *session, enum gc_status status)
{
  return gc_status_max(status, gc_join_session_save(session));
}

/* --- status --------------------------------------------------------------------------------------------------------------- */

static enum gc_status take_num(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx)
{
  (void)session;
  *(uint64_t *)ctx = answer->num;
  return GC_STATUS_OK;
}

static enum gc_status take_active(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx)
{
  (void)session;
  *(bool *)ctx = answer->is_active;
  return GC_STATUS_OK;
}

static void say_status(struct gc_join_session *session, uint64_t num, bool is_active)
{
  const struct gc_join_file *record = session->record;
  const uint64_t now_s = gc_wall_us() / 1000000;
  const bool is_current = num == record->num, is_expired = record->expires_s && now_s >= record->expires_s;
  if (session->options->common.json) {
    gc_join_event_begin(session, "status");
    gc_json_bool(session->out, "current", is_current && !is_expired);
    gc_json_uint(session->out, "num", record->num);
    gc_json_uint(session->out, "num_at_group_manager", num);
    gc_json_bool(session->out, "active", is_active);
    if (record->expires_s)
      gc_json_uint(session->out, "exp", record->expires_s);
    gc_join_event_end(session);
    return;
  }
  gc_outf(session->out, "%s: key generation %" PRIu64 ", %s", session->gname, record->num, is_current ? "current" : "not current");
  if (!is_current)
    gc_outf(session->out, " (the Group Manager has %" PRIu64 ": gc-join rekey %s)", num, session->path);
  if (is_expired)
    gc_outf(session->out, ", expired");
  else if (record->expires_s)
    gc_outf(session->out, ", expires in %" PRIu64 " s", record->expires_s - now_s);
  gc_outf(session->out, "; the group is %s\n", is_active ? "active" : "not active");
}

static enum gc_status run_status(struct gc_join_session *session)
{
  uint64_t num = 0;
  bool is_active = true;
  enum gc_status status = gc_join_session_ask(session, GC_JOIN_NUM, NULL, take_num, &num);
  if (!status)
    status = gc_join_session_ask(session, GC_JOIN_ACTIVE, NULL, take_active, &is_active);
  if (status)
    return status;
  say_status(session, num, is_active);
  return saved(session, num == session->record->num ? GC_STATUS_OK : GC_STATUS_NO);
}

enum gc_status gc_join_run_status(const struct gc_join_options *options)
{
  return run(options, run_status);
}

/* --- rekey ---------------------------------------------------------------------------------------------------------------- */

static enum gc_status take_renewal(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx)
{
  struct gc_join_group group;
  struct gc_context_file *old = ctx;
  if (gc_groupcomm_has(answer->message, GC_GROUPCOMM_KEY)) /* the whole group was rekeyed instead: gc_join_update has what is needed */
    return GC_STATUS_OK;
  enum gc_status status = gc_join_group_of(&group, old);
  group.file.sender.id = answer->message->group_sender_id;
  if (!status)
    status = gc_join_group_write(&group, session, true);
  if (!status)
    gc_join_say_group(session, "renewed", &group);
  gc_join_group_free(&group);
  return status;
}

/* Are the Sender Sequence Numbers of the context used up, or nearly so? */
static enum gc_status numbers_left(const struct gc_join_session *session, uint64_t *left)
{
  struct gc_context context;
  uint64_t next = 0;
  enum gc_status status = gc_context_open_state(&context, session->path, session->options->common.strict, 0);
  if (!status)
    (void)!gc_secure_context_peek(context.secure, &next);
  *left = GC_SENDER_SEQUENCE_MAX - (next < GC_SENDER_SEQUENCE_MAX ? next : GC_SENDER_SEQUENCE_MAX);
  return gc_status_max(status, gc_context_close(&context));
}

static enum gc_status renew(struct gc_join_session *session)
{
  enum gc_status status;
  struct gc_context_file *old = gc_join_session_group(session, &status);
  if (!old)
    return status;
  status = gc_join_session_ask(session, GC_JOIN_RENEW, NULL, take_renewal, old);
  gc_context_file_free(&old);
  return status;
}

static enum gc_status run_rekey(struct gc_join_session *session)
{
  uint64_t left = 0;
  bool changed = false;
  enum gc_status status = numbers_left(session, &left);
  const bool wants_id = session->options->new_id || left < NUMBERS_LEFT_LEAST;
  if (!status && wants_id)
    status = renew(session);
  if (!status)
    status = gc_join_update(session, &changed);
  if (!status && !changed && !wants_id && !session->options->common.json)
    gc_outf(session->out, "%s: key generation %" PRIu64 ", current\n", session->gname, session->record->num);
  return saved(session, status);
}

enum gc_status gc_join_run_rekey(const struct gc_join_options *options)
{
  return run(options, run_rekey);
}

/* --- creds ---------------------------------------------------------------------------------------------------------------- */

static void say_peer(const struct gc_join_session *session, const struct gc_peer *peer)
{
  struct gc_credential cred;
  char roles[GC_ROLES_TEXT_MAX];
  const bool is_read = gc_credential_read(&cred, peer->cred, GC_CRED_ANY, NULL) == GC_OK;
  const struct gc_bytes subject = is_read ? cred.subject : gc_bytes(NULL, 0);
  gc_roles_format(roles, peer->roles);
  if (session->options->common.json) {
    gc_join_event_begin(session, "member");
    gc_json_hex(session->out, "sender_id", peer->id);
    gc_json_str(session->out, "roles", roles);
    if (subject.len)
      gc_json_text(session->out, "subject", subject);
    gc_json_hex(session->out, "cred", peer->cred);
    gc_join_event_end(session);
    return;
  }
  gc_out_hex(session->out, peer->id);
  gc_out_pad(session->out, 8);
  gc_out_str(session->out, roles);
  gc_out_pad(session->out, 32);
  gc_out_text(session->out, subject);
  gc_out_pad(session->out, 48);
  gc_out_hex(session->out, peer->cred);
  gc_out_char(session->out, '\n');
}

static enum gc_status take_creds(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx)
{
  struct gc_peers peers;
  struct gc_peer peer;
  struct gc_join_group group = { .recipients = NULL };
  enum gc_status status;
  (void)ctx;
  if (answer->nothing_found || gc_peers_begin(&peers, answer->message) || peers.is_empty) {
    gc_error("the Group Manager knows no such member");
    return GC_STATUS_NO;
  }
  while (gc_peers_next(&peers, &peer) == GC_OK)
    say_peer(session, &peer);
  if (gc_groupcomm_has(answer->message, GC_GROUPCOMM_NUM) && answer->message->num != session->record->num) {
    gc_warn("the group has been rekeyed: gc-join rekey %s", session->path);
    return GC_STATUS_OK;
  }
  struct gc_context_file *old = gc_join_session_group(session, &status);
  if (!old)
    return status;
  status = gc_join_group_of(&group, old);
  if (!status)
    status = gc_join_group_add(&group, answer->message);
  if (!status)
    status = gc_join_group_write(&group, session, true);
  gc_join_group_free(&group);
  gc_context_file_free(&old);
  return status;
}

static enum gc_status run_creds(struct gc_join_session *session)
{
  const struct gc_join_options *options = session->options;
  static struct gc_creds_filter filter; /* large */
  static uint8_t ids[64][GC_ID_MAX_LEN];
  filter = (struct gc_creds_filter){ .is_all = options->operand_count == 1, .is_inclusive = true };
  for (int i = 1; i < options->operand_count; i++) {
    struct gc_buf id = gc_buf(ids[i - 1], GC_ID_MAX_LEN);
    if (gc_hex_decode(&id, options->operands[i], strlen(options->operands[i]), NULL)) {
      gc_error("%s: a Sender ID is 0 to %d bytes in hexadecimal", options->operands[i], GC_ID_MAX_LEN);
      return GC_STATUS_USAGE;
    }
    filter.ids[filter.id_count++] = gc_buf_bytes(&id);
  }
  return saved(session, gc_join_session_ask(session, GC_JOIN_CREDS, &(struct gc_join_question){ .filter = &filter }, take_creds, NULL));
}

enum gc_status gc_join_run_creds(const struct gc_join_options *options)
{
  return run(options, run_creds);
}

/* --- policies ------------------------------------------------------------------------------------------------------------- */

static enum gc_status take_policies(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx)
{
  struct gc_group_policies policies = gc_group_policies_default();
  struct gc_where where = { 0, "" };
  (void)ctx;
  /* where the Group Manager has none, the defaults hold */
  if (answer->message && gc_groupcomm_has(answer->message, GC_GROUPCOMM_GROUP_POLICIES) &&
      gc_group_policies_parse(&policies, answer->message->group_policies, &where)) {
    gc_error("the policies make no sense: %s", where.phrase);
    return GC_STATUS_NO;
  }
  if (session->options->common.json) {
    gc_join_event_begin(session, "policies");
    if (policies.has_sn_sync && policies.sn_sync.is_text)
      gc_json_text(session->out, "sn_sync", policies.sn_sync.text);
    else if (policies.has_sn_sync)
      gc_json_int(session->out, "sn_sync", policies.sn_sync.number);
    gc_json_uint(session->out, "key_update_check_interval_s", policies.key_update_check_interval_s);
    gc_json_uint(session->out, "expiration_delta_s", policies.expiration_delta_s);
    gc_join_event_end(session);
    return GC_STATUS_OK;
  }
  gc_outf(session->out, "key update check interval  %" PRIu64 " s\nexpiration delta           %" PRIu64 " s\n", policies.key_update_check_interval_s,
          policies.expiration_delta_s);
  if (policies.has_sn_sync) {
    gc_outf(session->out, "sequence number synchronization method  ");
    if (policies.sn_sync.is_text)
      gc_out_text(session->out, policies.sn_sync.text);
    else
      gc_outf(session->out, "%" PRId64, policies.sn_sync.number);
    gc_outf(session->out, "\n");
  }
  return GC_STATUS_OK;
}

static enum gc_status run_policies(struct gc_join_session *session)
{
  return saved(session, gc_join_session_ask(session, GC_JOIN_POLICIES, NULL, take_policies, NULL));
}

enum gc_status gc_join_run_policies(const struct gc_join_options *options)
{
  return run(options, run_policies);
}

/* --- cred ----------------------------------------------------------------------------------------------------------------- */

static enum gc_status replace_cred(struct gc_join_session *session, const struct gc_key_file *key)
{
  struct gc_join_group group;
  enum gc_status status;
  struct gc_context_file *old = gc_join_session_group(session, &status);
  if (!old)
    return status;
  status = gc_join_group_of(&group, old);
  group.file.sender.cred = gc_bytes(key->cred, key->cred_len);
  group.file.private_key = gc_bytes(key->pair.private_key, key->pair.private_len);
  if (!status)
    status = gc_join_group_write(&group, session, true);
  if (!status)
    gc_join_say_group(session, "credential replaced", &group);
  gc_join_group_free(&group);
  gc_context_file_free(&old);
  return status;
}

static enum gc_status run_cred(struct gc_join_session *session)
{
  struct gc_key_file *key;
  if (!session->options->key) {
    gc_error("--key FILE is missing: the new key");
    return GC_STATUS_USAGE;
  }
  if (gc_key_file_read(&key, session->options->key, gc_context_tell, NULL))
    return GC_STATUS_INPUT;
  const struct gc_join_question question = { .pair = &key->pair, .cred = gc_bytes(key->cred, key->cred_len) };
  enum gc_status status = gc_join_session_ask(session, GC_JOIN_CRED, &question, NULL, NULL);
  if (!status)
    status = replace_cred(session, key);
  if (!status && gc_join_keep_path(session->record->key, session->options->key))
    status = saved(session, status);
  gc_join_free(&session->join, gc_now_ms()); /* it borrows the key */
  gc_key_file_free(&key);
  return status;
}

enum gc_status gc_join_run_cred(const struct gc_join_options *options)
{
  return run(options, run_cred);
}

/* --- leave ---------------------------------------------------------------------------------------------------------------- */

static enum gc_status run_leave(struct gc_join_session *session)
{
  enum gc_status status = gc_join_session_ask(session, GC_JOIN_LEAVE, NULL, NULL, NULL);
  if (status)
    return status;
  if (session->options->common.json) {
    gc_join_event_begin(session, "left");
    gc_join_event_end(session);
  } else {
    gc_outf(session->out, "left %s; %s removed\n", session->gname, session->path);
  }
  gc_join_forget_files(session, false);
  return GC_STATUS_OK;
}

enum gc_status gc_join_run_leave(const struct gc_join_options *options)
{
  return run(options, run_leave);
}
