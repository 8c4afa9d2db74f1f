/* The association with the Group Manager and the one with the Authorization Server, as files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "gc-join.h"
#include "store/state_file.h"

enum { STATE_MAX_LEN = 1 << 20 };

/* --- the Authorization Server -------------------------------------------------------------------------------------------- */

enum gc_status gc_join_open_as(struct gc_join_session *session, const char *path, bool is_needed)
{
  if (!is_needed && access(path, R_OK)) /* what has been joined can be used without it for as long as its token lasts */
    return GC_STATUS_OK;
  if (access(path, R_OK)) {
    gc_error("%s: %s: the context with the Authorization Server is needed (gc-as client add writes it, -g names it)", path, strerror(errno));
    return GC_STATUS_INPUT;
  }
  enum gc_status status = gc_context_open_as(&session->as_context, path, session->options->common.strict);
  if (status)
    return status;
  if (gc_oscore_ring_add(session->as_ring, session->as_context.oscore)) {
    gc_error("no memory left");
    return GC_STATUS_SYSTEM;
  }
  return GC_STATUS_OK;
}

static bool is_allowed(const struct gc_join_session *session, struct gc_bytes uri)
{
  const struct gc_join_options *options = session->options;
  const struct gc_context_file *file = session->as_context.file;
  for (size_t i = 0; i < options->allowed_count; i++)
    if (gc_bytes_equal(gc_bytes_str(options->allowed[i]), uri))
      return true;
  return file && file->has_ace && file->ace.as_uri && gc_bytes_equal(gc_bytes_str(file->ace.as_uri), uri);
}

enum gc_err gc_join_find_as(void *ctx, const struct gc_as_hints *hints, struct gc_join_server *as, struct gc_oscore_context **context,
                            struct gc_oscore_ring **ring)
{
  struct gc_join_session *session = ctx;
  struct gc_join_file *record = session->record;
  char text[GC_JOIN_FILE_TEXT_MAX], why[GC_WHY_LEN];
  if (hints->as_uri.len >= sizeof text || !is_allowed(session, hints->as_uri))
    return GC_E_NOT_FOUND;
  snprintf(text, sizeof text, "%.*s", (int)hints->as_uri.len, (const char *)hints->as_uri.ptr);
  (void)!gc_join_text_set(record->as, text);
  const struct gc_destination_query query = { .uri = record->as, .interface = session->options->common.interface };
  if (gc_destination_find(&session->as, &query, why)) {
    gc_error("%s", why);
    return GC_E_UNSUPPORTED;
  }
  if (gc_param_has(hints->present, GC_HINT_AUDIENCE) && !record->audience[0] && hints->audience.len < sizeof text) {
    snprintf(text, sizeof text, "%.*s", (int)hints->audience.len, (const char *)hints->audience.ptr);
    (void)!gc_join_text_set(record->audience, text);
  }
  *context = session->as_context.oscore;
  *ring = session->as_ring;
  return gc_join_use_as(session, as) ? GC_E_UNSUPPORTED : GC_OK;
}

/* --- the Group Manager ---------------------------------------------------------------------------------------------------- */

static void remove_state(const char *path)
{
  char state[GC_JOIN_PATH_LEN + 32];
  snprintf(state, sizeof state, "%s.state", path);
  unlink(state);
}

/* The numbers of earlier associations stay beside those of the new one, so that no copy of their keys that is put back starts again;
 * unless they cannot be read, or there are thousands of them. */
static bool is_spent(const char *path)
{
  static const uint8_t nobody[GC_FINGERPRINT_LEN];
  char name[GC_JOIN_PATH_LEN + 32], why[256];
  struct gc_state_file *state = NULL;
  struct stat st;
  snprintf(name, sizeof name, "%s.state", path);
  if (lstat(name, &st) < 0)
    return false;
  const enum gc_err err = gc_state_file_open(&state, path, nobody, why);
  gc_state_file_close(&state);
  return err == GC_E_MALFORMED || st.st_size >= STATE_MAX_LEN;
}

static enum gc_err write_association(const struct gc_join_session *session, const struct gc_oscore_profile_context *derived)
{
  struct gc_context_member gm = { .name = "GM", .id = derived->recipient_id };
  const struct gc_oscore_params *params = &derived->params;
  const struct gc_context_file file = {
    .profile = GC_PROFILE_OSCORE, .name = "GM", .has_gid = params->has_id_context, .gid = params->id_context, .master_secret = params->master_secret,
    .master_salt = params->master_salt, .hkdf = params->hkdf_alg, .aead_alg = params->aead_alg, .group_enc_alg = GC_ALG_UNSET,
    .sign_alg = GC_ALG_UNSET, .ecdh_alg = GC_ALG_UNSET, .replay_window = 32, .countersign_elements = 5, .has_sender = true,
    .sender = { .id = derived->sender_id }, .recipients = &gm, .recipient_count = 1,
  };
  enum gc_err err = gc_context_file_write(&file, session->gm_path, true);
  if (!err && is_spent(session->gm_path)) /* after the keys that they are of: where these stay, they must not start again */
    remove_state(session->gm_path);
  return err;
}

enum gc_status gc_join_open_association(struct gc_join_session *session)
{
  if (access(session->gm_path, F_OK))
    return GC_STATUS_OK; /* another one is made when it is needed */
  const struct gc_context *before = &session->retired[0];
  const bool strict = session->options->common.strict;
  enum gc_status status = before->secure ? gc_context_open_beside(&session->association, before, session->gm_path, strict)
                                         : gc_context_open_state(&session->association, session->gm_path, strict, session->association_uses);
  if (!status && gc_oscore_ring_add(session->ring, session->association.oscore)) {
    gc_error("no memory left");
    status = GC_STATUS_SYSTEM;
  }
  return status;
}

/* Exchanges that are under way may need it still: the oldest is closed when its successors have successors. */
static void retire(struct gc_join_session *session)
{
  struct gc_context *oldest = &session->retired[GC_JOIN_RETIRED_MAX - 1];
  if (oldest->secure)
    (void)gc_secure_context_retire(oldest->secure, false); /* it receives nothing any more: its windows make room */
  if (oldest->path)
    (void)gc_context_close(oldest);
  memmove(&session->retired[1], &session->retired[0], (GC_JOIN_RETIRED_MAX - 1) * sizeof *oldest);
  session->retired[0] = session->association;
  session->association = (struct gc_context){ .path = NULL };
}

enum gc_err gc_join_associate(void *ctx, const struct gc_oscore_profile_context *derived, struct gc_oscore_context **context, struct gc_oscore_ring **ring)
{
  struct gc_join_session *session = ctx;
  enum gc_err err = write_association(session, derived);
  if (err) {
    gc_error("%s: %s", session->gm_path, err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
    return err;
  }
  if (session->association.oscore) {
    gc_oscore_ring_remove(session->ring, session->association.oscore);
    if (session->watch)
      session->watch->retire(session->watch_ctx, session->association.oscore);
    retire(session);
  }
  if (gc_join_open_association(session))
    return GC_E_STATE;
  *context = session->association.oscore;
  *ring = session->ring;
  return GC_OK;
}

void gc_join_keep_token(void *ctx, const struct gc_join_token *token)
{
  struct gc_join_session *session = ctx;
  if (gc_join_bytes_set(&session->record->token, token->token) || gc_join_bytes_set(&session->record->material, token->material))
    gc_warn("the token is too long to be kept: the next command will ask for another one");
  /* membership ends with the token: another one is asked for in good time */
  session->record->renew_s = token->has_expires_in ? gc_wall_us() / 1000000 + token->expires_in_s - token->expires_in_s / 4 : 0;
}

void gc_join_forget_files(const struct gc_join_session *session, bool is_evicted)
{
  char evicted[GC_JOIN_PATH_LEN + 16];
  snprintf(evicted, sizeof evicted, "%s.evicted", session->path);
  if (is_evicted ? rename(session->path, evicted) : unlink(session->path))
    gc_warn("%s: %s", session->path, strerror(errno));
  unlink(session->record_path);
  unlink(session->gm_path);
  remove_state(session->gm_path);
  gc_join_lock_forget(session->path);
}

/* --- the group ------------------------------------------------------------------------------------------------------------ */

static void tell_nothing(void *ctx, bool is_error, const struct gc_context_problem *problem)
{
  (void)ctx, (void)is_error, (void)problem;
}

struct gc_context_file *gc_join_peek_group(const struct gc_join_session *session)
{
  struct gc_context_file *file = NULL;
  return gc_context_file_read(&file, session->path, false, tell_nothing, NULL) ? NULL : file;
}
