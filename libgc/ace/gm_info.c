#include "ace/gm_internal.h"

#include "coap/message.h"
#include "crypto/secret.h"

enum { FORMAT_GROUPCOMM = 261 };

/* --- what the algorithms of a group are ---------------------------------------------------------------------------------- */

/** Room for what an entry borrows. */
struct room {
  uint8_t alg[GC_CAPABILITIES_MAX_LEN], key[GC_CAPABILITIES_MAX_LEN];
};

static enum gc_err entry_of(const struct gc_gm_config *config, int32_t alg, uint8_t curve, struct gc_key_info *out, struct room *room)
{
  struct gc_buf alg_params = gc_buf(room->alg, sizeof room->alg), key_params = gc_buf(room->key, sizeof room->key);
  enum gc_err err = gc_alg_capabilities_write(&alg_params, curve);
  if (!err)
    err = gc_key_capabilities_write(&key_params, curve);
  *out = (struct gc_key_info){ .groups = { gc_bytes_str(config->name) }, .group_count = 1, .alg = { .number = alg },
                               .alg_params = gc_buf_bytes(&alg_params), .key_params = gc_buf_bytes(&key_params),
                               .cred_fmt = { .number = config->cred_fmt } };
  return err;
}

static enum gc_err sign_entry(const struct gc_gm_config *config, struct gc_key_info *out, struct room *room)
{
  return entry_of(config, config->sign_alg, config->curve, out, room);
}

static enum gc_err ecdh_entry(const struct gc_gm_config *config, struct gc_key_info *out, struct room *room)
{
  return entry_of(config, config->ecdh_alg, gc_gm_ecdh_curve(config), out, room);
}

static struct gc_kdc_dh_cred dh_entry(const struct gc_gm_config *config)
{
  return (struct gc_kdc_dh_cred){ .groups = { gc_bytes_str(config->name) }, .group_count = 1, .cred_fmt = config->cred_fmt, .cred = config->cred };
}

/* --- for a scope ----------------------------------------------------------------------------------------------------------- */

/* Roles that the scope grants and the group has. */
static uint64_t roles_in(const struct gc_gm_config *config, const struct gc_scope_list *list)
{
  return gc_scope_roles(list, gc_bytes_str(config->name)) & gc_gm_roles(config);
}

static bool is_any_in(const struct gc_gm *gm, struct gc_bytes scope, uint64_t roles)
{
  struct gc_scope_list list;
  if (gc_scope_parse(&list, scope, NULL))
    return false;
  for (size_t i = 0; i < gm->config_count; i++)
    if (roles_in(&gm->configs[i], &list) & roles)
      return true;
  return false;
}

bool gc_gm_knows_scope(const struct gc_gm *gm, struct gc_bytes scope)
{
  return is_any_in(gm, scope, GC_ROLES_ALL);
}

bool gc_gm_needs_challenge(const struct gc_gm *gm, struct gc_bytes scope)
{
  return is_any_in(gm, scope, GC_ROLE_REQUESTER | GC_ROLE_RESPONDER);
}

void gc_gm_challenge(struct gc_gm *gm, struct gc_gm_client *client)
{
  gm->rng.fill(gm->rng.ctx, client->challenge, sizeof client->challenge);
  client->has_challenge = true;
}

static enum gc_err info_of(const struct gc_gm *gm, struct gc_bytes scope, struct gc_buf *out, bool is_sign)
{
  struct gc_scope_list list;
  struct gc_key_info entries[GC_GM_GROUPS_MAX];
  struct room rooms[GC_GM_GROUPS_MAX];
  size_t count = 0;
  enum gc_err err = gc_scope_parse(&list, scope, NULL);
  for (size_t i = 0; !err && i < gm->config_count; i++) {
    const struct gc_gm_config *config = &gm->configs[i];
    if (!roles_in(config, &list) || !(is_sign ? gc_gm_signs(config) : gc_gm_is_pairwise(config)))
      continue;
    err = (is_sign ? sign_entry : ecdh_entry)(config, &entries[count], &rooms[count]);
    count++;
  }
  return err || !count ? err : gc_key_info_write(out, entries, count);
}

enum gc_err gc_gm_sign_info(const struct gc_gm *gm, struct gc_bytes scope, struct gc_buf *out)
{
  return info_of(gm, scope, out, true);
}

enum gc_err gc_gm_ecdh_info(const struct gc_gm *gm, struct gc_bytes scope, struct gc_buf *out)
{
  return info_of(gm, scope, out, false);
}

enum gc_err gc_gm_dh_creds(const struct gc_gm *gm, struct gc_bytes scope, struct gc_buf *out)
{
  struct gc_scope_list list;
  struct gc_kdc_dh_cred entries[GC_GM_GROUPS_MAX];
  size_t count = 0;
  enum gc_err err = gc_scope_parse(&list, scope, NULL);
  for (size_t i = 0; !err && i < gm->config_count; i++)
    if (roles_in(&gm->configs[i], &list) && gc_gm_is_pairwise_only(&gm->configs[i]))
      entries[count++] = dh_entry(&gm->configs[i]);
  return err || !count ? err : gc_kdc_dh_creds_write(out, entries, count);
}

/* --- refusing a Join Request (Section 6.2) --------------------------------------------------------------------------------- */

static enum gc_err put_infos(const struct gc_gm_config *config, struct gc_groupcomm *message, struct gc_buf *sign, struct gc_buf *ecdh, struct gc_buf *creds)
{
  struct gc_key_info entry;
  struct room room;
  enum gc_err err = GC_OK;
  if (gc_gm_signs(config)) {
    err = sign_entry(config, &entry, &room);
    if (!err)
      err = gc_key_info_write(sign, &entry, 1);
    message->present |= GC_PARAM_BIT(GC_GROUPCOMM_SIGN_INFO);
  }
  if (!err && gc_gm_is_pairwise(config)) {
    err = ecdh_entry(config, &entry, &room);
    if (!err)
      err = gc_key_info_write(ecdh, &entry, 1);
    message->present |= GC_PARAM_BIT(GC_GROUPCOMM_ECDH_INFO);
  }
  if (!err && gc_gm_is_pairwise_only(config)) {
    const struct gc_kdc_dh_cred dh = dh_entry(config);
    err = gc_kdc_dh_creds_write(creds, &dh, 1);
    message->present |= GC_PARAM_BIT(GC_GROUPCOMM_KDC_DH_CREDS);
  }
  message->sign_info = gc_buf_bytes(sign);
  message->ecdh_info = gc_buf_bytes(ecdh);
  message->kdc_dh_creds = gc_buf_bytes(creds);
  return err;
}

enum gc_err gc_gm_refuse_join(struct gc_gm_call *call, const char *why)
{
  struct gc_gm_client *client = call->request->client;
  struct gc_groupcomm message = { .present = GC_PARAM_BIT(GC_GROUPCOMM_KDCCHALLENGE) };
  uint8_t sign_room[128], ecdh_room[128], cred_room[GC_CREDENTIAL_MAX_LEN + 128];
  struct gc_buf sign = gc_buf(sign_room, sizeof sign_room), ecdh = gc_buf(ecdh_room, sizeof ecdh_room), cred = gc_buf(cred_room, sizeof cred_room);
  enum gc_err err = put_infos(call->config, &message, &sign, &ecdh, &cred);
  if (err)
    return err;
  gc_gm_challenge(call->gm, client);
  message.kdcchallenge = gc_bytes(client->challenge, sizeof client->challenge);
  call->is_refused = true;
  call->why = why;
  call->response->code = GC_CODE(4, 0);
  call->response->payload.len = 0;
  return gc_gm_answer(call, &message);
}

/* --- credentials and proofs ------------------------------------------------------------------------------------------------ */

const char *gc_gm_cred_fault(const struct gc_gm_config *config, struct gc_bytes cred, struct gc_credential *out)
{
  uint8_t shared[GC_SHARED_SECRET_MAX_LEN];
  if (!cred.len || cred.len > GC_GM_CRED_MAX_LEN)
    return "a credential has 1 to 1024 bytes here";
  if (gc_credential_read(out, cred, config->cred_fmt, NULL))
    return "the credential is not of the format of the group";
  if (out->public_key.curve != config->curve)
    return "the key of the credential is on another curve than those of the group";
  /* keys of low order, with y = 1 or -1 among them, cannot be used in pairwise mode (Section 6.2) */
  if (gc_gm_is_pairwise(config) && gc_shared_secret(config->pair, &out->public_key, shared))
    return "the key of the credential cannot be used for key agreement";
  gc_wipe(shared, sizeof shared);
  return NULL;
}

bool gc_gm_is_proved(const struct gc_gm_call *call, const struct gc_public_key *key, struct gc_bytes scope, struct gc_bytes n_c, struct gc_bytes evidence)
{
  const struct gc_gm_client *client = call->request->client;
  const enum gc_proof_kind kind = gc_gm_is_pairwise_only(call->config) ? GC_PROOF_MAC : GC_PROOF_SIGNATURE;
  uint8_t room[GC_PROOF_INPUT_MAX_LEN];
  struct gc_buf input = gc_buf(room, sizeof room);
  return gc_proof_client_input(&input, scope, gc_bytes(client->challenge, sizeof client->challenge), n_c) == GC_OK &&
         gc_proof_verify(kind, key, kind == GC_PROOF_MAC ? call->config->pair : NULL, gc_buf_bytes(&input), evidence);
}
