/* Registrations: a client, a resource server, a policy. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/secret.h"
#include "gc-as.h"
#include "store/context_file.h"

static struct gc_bytes operand(const struct gc_as_params *params, int index)
{
  return gc_bytes_str(params->operands[index]);
}

struct texts {
  char as_uri[GC_AS_URI_MAX + 16], introspect_uri[GC_AS_URI_MAX + 16], issuer[GC_AS_URI_MAX], audience[GC_AS_NAME_MAX + 1], name[GC_AS_NAME_MAX + 8];
};

static enum gc_err set_texts(struct gc_as_db *db, struct texts *texts, const struct gc_as_peer *peer)
{
  enum gc_err err = gc_as_db_uri(db, texts->issuer);
  size_t len = err ? 0 : strlen(texts->issuer);
  if (len && texts->issuer[len - 1] == '/')
    texts->issuer[len - 1] = '\0';
  snprintf(texts->as_uri, sizeof texts->as_uri, "%s/token", texts->issuer);
  snprintf(texts->introspect_uri, sizeof texts->introspect_uri, "%s/introspect", texts->issuer);
  snprintf(texts->audience, sizeof texts->audience, "%.*s", (int)peer->name_len, (const char *)peer->name);
  snprintf(texts->name, sizeof texts->name, "%.*s", (int)peer->name_len, (const char *)peer->name);
  return err;
}

/* The peer's own side of its context with this server, and for a resource server the key of its tokens: without it they are
 * references for it, of which only this server can say what they mean. */
static enum gc_err write_file(struct gc_as_db *db, const struct gc_as_peer *peer, const char *path, const struct gc_as_params *params)
{
  struct texts texts;
  struct gc_context_member server = { .name = "AS", .id = gc_bytes(peer->own_id, sizeof peer->own_id) };
  enum gc_err err = set_texts(db, &texts, peer);
  struct gc_context_file file = {
    .profile = GC_PROFILE_OSCORE, .name = "", .master_secret = gc_bytes(peer->master_secret, sizeof peer->master_secret),
    .master_salt = gc_bytes(peer->master_salt, sizeof peer->master_salt), .hkdf = GC_ALG_HMAC_256, .aead_alg = GC_ALG_CCM_16_64_128,
    .group_enc_alg = GC_ALG_UNSET, .sign_alg = GC_ALG_UNSET, .ecdh_alg = GC_ALG_UNSET, .replay_window = 32, .countersign_elements = 5,
    .has_ace = true, .ace = { .as_uri = texts.as_uri, .issuer = texts.issuer, .token_alg = GC_ALG_UNSET },
    .has_sender = true, .sender = { .name = texts.name, .id = gc_bytes(peer->peer_id, peer->peer_id_len) },
    .recipients = &server, .recipient_count = 1,
  };
  file.name = "AS";
  if (peer->kind == GC_AS_SERVER) {
    file.ace.introspect_uri = texts.introspect_uri;
    file.ace.audience = texts.audience;
  }
  if (peer->kind == GC_AS_SERVER && !params->is_reference) {
    file.ace.token_alg = peer->token_key.alg;
    file.ace.token_kid = gc_bytes(peer->token_key.kid, peer->token_key.kid_len);
    file.ace.token_key = gc_bytes(peer->token_key.key, peer->token_key.key_len);
  }
  return err ? err : gc_context_file_write(&file, path, params->force);
}

/* Registered and not written is of no use: it is forgotten again. */
static enum gc_status add(struct gc_as_db *db, enum gc_as_peer_kind kind, const struct gc_as_params *params, const char *path)
{
  struct gc_as_peer peer;
  struct stat st;
  if (lstat(path, &st) == 0 && (!params->force || !S_ISREG(st.st_mode))) {
    gc_error("%s: %s", path, params->force ? "not a regular file: not replaced" : "exists already (--force overwrites it)");
    return GC_STATUS_SYSTEM;
  }
  enum gc_err err = gc_as_db_add_peer(db, &peer, kind, operand(params, 0));
  if (err)
    return gc_as_explain(err, params->operands[0]);
  err = write_file(db, &peer, path, params);
  gc_wipe(&peer, sizeof peer);
  if (!err) {
    gc_info(1, "%s written", path);
    return GC_STATUS_OK;
  }
  gc_error("%s: %s", path, err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
  (void)!gc_as_db_remove_peer(db, kind, operand(params, 0));
  return GC_STATUS_SYSTEM;
}

enum gc_status gc_as_client_add(struct gc_as_db *db, const struct gc_as_params *params)
{
  char path[1024];
  if (strchr(params->operands[0], '/') || params->operands[0][0] == '.') {
    gc_error("%s: the name of a client becomes a file's: no '/' in it, and no '.' in front", params->operands[0]);
    return GC_STATUS_INPUT;
  }
  if (mkdir(params->out, 0700) && errno != EEXIST) {
    gc_error("%s: %s", params->out, strerror(errno));
    return GC_STATUS_SYSTEM;
  }
  if (snprintf(path, sizeof path, "%s/%s.as.json", params->out, params->operands[0]) >= (int)sizeof path) {
    gc_error("--out: too long a path");
    return GC_STATUS_INPUT;
  }
  return add(db, GC_AS_CLIENT, params, path);
}

enum gc_status gc_as_rs_add(struct gc_as_db *db, const struct gc_as_params *params)
{
  return add(db, GC_AS_SERVER, params, params->out);
}

enum gc_status gc_as_client_remove(struct gc_as_db *db, const struct gc_as_params *params)
{
  return gc_as_explain(gc_as_db_remove_peer(db, GC_AS_CLIENT, operand(params, 0)), params->operands[0]);
}

enum gc_status gc_as_rs_remove(struct gc_as_db *db, const struct gc_as_params *params)
{
  return gc_as_explain(gc_as_db_remove_peer(db, GC_AS_SERVER, operand(params, 0)), params->operands[0]);
}

/* --- policies ------------------------------------------------------------------------------------------------------------- */

static struct gc_bytes audience(const struct gc_as_params *params)
{
  return gc_bytes_str(params->audience ? params->audience : "");
}

enum gc_status gc_as_policy_add(struct gc_as_db *db, const struct gc_as_params *params)
{
  uint64_t roles;
  struct gc_where where = { 0, "" };
  if (gc_roles_parse(&roles, operand(params, 2), &where)) {
    gc_error("%s: %s: requester, responder, monitor and verifier are roles", params->operands[2], where.phrase);
    return GC_STATUS_USAGE;
  }
  enum gc_err err = gc_as_db_add_policy(db, operand(params, 0), audience(params), operand(params, 1), roles);
  if (err == GC_E_NOT_FOUND) {
    gc_error("%s%s%s: register it first (gc-as client add, gc-as rs add)", params->operands[0], params->audience ? ", " : "",
             params->audience ? params->audience : "");
    return GC_STATUS_INPUT;
  }
  return gc_as_explain(err, params->operands[err == GC_E_RANGE ? 1 : 0]);
}

enum gc_status gc_as_policy_remove(struct gc_as_db *db, const struct gc_as_params *params)
{
  enum gc_err err = gc_as_db_remove_policy(db, operand(params, 0), audience(params), operand(params, 1));
  if (err != GC_E_NOT_FOUND)
    return gc_as_explain(err, params->operands[0]);
  gc_error("%s, %s: no such policy%s", params->operands[0], params->operands[1], params->audience ? " at that audience" : " for every audience (--audience names one)");
  return GC_STATUS_INPUT;
}

enum gc_status gc_as_token_revoke(struct gc_as_db *db, const struct gc_as_params *params)
{
  enum gc_err err = gc_as_db_revoke(db, operand(params, 0), audience(params), gc_as_now_s());
  if (err != GC_E_NOT_FOUND)
    return gc_as_explain(err, params->operands[0]);
  gc_error("%s: no valid token of this client%s", params->operands[0], params->audience ? " for that audience" : "");
  return GC_STATUS_INPUT;
}
