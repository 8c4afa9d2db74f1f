/* What members and signature verifiers read (RFC 9594, Sections 4.2 to 4.7; draft-ietf-ace-key-groupcomm-oscore, Sections 8 and 9). */
#include "ace/gm_internal.h"

#include <string.h>

#include "coap/message.h"
#include "crypto/secret.h"

enum { FORMAT_CBOR = 60, FORMAT_GROUPCOMM = 261 };

static enum gc_err bad(struct gc_gm_call *call, const char *detail)
{
  return gc_gm_refuse(call, GC_CODE(4, 0), GC_GM_NO_ERROR_ID, detail);
}

/* What was looked for is not there: an empty byte string. */
static enum gc_err nothing(struct gc_gm_call *call)
{
  call->response->content_format = FORMAT_GROUPCOMM;
  return gc_buf_add_u8(&call->response->payload, 0x40);
}

/* --- group names by Gid --------------------------------------------------------------------------------------------------------- */

/** Parallel arrays. */
struct names {
  struct gc_bytes gids[GC_GM_GROUPS_MAX], names[GC_GM_GROUPS_MAX], uris[GC_GM_GROUPS_MAX];
  uint8_t gid_room[GC_GM_GROUPS_MAX][GC_ID_CONTEXT_MAX_LEN];
  char uri_room[GC_GM_GROUPS_MAX][sizeof "/ace-group/" + GC_GROUP_NAME_MAX_LEN];
  size_t count;
};

static bool is_asked(struct gc_bytes gids, struct gc_bytes gid)
{
  struct gc_cbor_reader reader;
  struct gc_cbor_list list;
  struct gc_bytes item;
  if (gc_strings_begin(&reader, &list, gids))
    return false;
  while (gc_strings_next(&reader, &list, false, &item) == GC_OK)
    if (gc_bytes_equal(item, gid))
      return true;
  return false;
}

static void add_name(struct names *names, const struct gc_gm_config *config, struct gc_bytes gid)
{
  const size_t at = names->count++;
  char *uri = names->uri_room[at];
  memcpy(names->gid_room[at], gid.ptr, gid.len);
  names->gids[at] = gc_bytes(names->gid_room[at], gid.len);
  names->names[at] = gc_bytes_str(config->name);
  strcpy(uri, "/ace-group/");
  strcat(uri, config->name);
  names->uris[at] = gc_bytes_str(uri);
}

static enum gc_err find_names(struct gc_gm_call *call, struct gc_bytes gids, struct names *names)
{
  struct gc_gm *gm = call->gm;
  for (size_t i = 0; i < gm->config_count; i++) {
    enum gc_err err = GM_STORE(gm, group_get, gm->configs[i].name, &call->group);
    if (err)
      return err;
    if (is_asked(gids, gc_gm_gid(&call->group)))
      add_name(names, &gm->configs[i], gc_gm_gid(&call->group));
  }
  return GC_OK;
}

enum gc_err gc_gm_names(struct gc_gm_call *call)
{
  struct gc_groupcomm request, message = { .present = GC_PARAM_BIT(GC_GROUPCOMM_GID) | GC_PARAM_BIT(GC_GROUPCOMM_GNAME) | GC_PARAM_BIT(GC_GROUPCOMM_GURI) };
  struct names names = { .count = 0 };
  uint8_t rooms[3][GC_GM_GROUPS_MAX * 96];
  struct gc_buf gids = gc_buf(rooms[0], sizeof rooms[0]), gnames = gc_buf(rooms[1], sizeof rooms[1]), guris = gc_buf(rooms[2], sizeof rooms[2]);
  size_t asked;
  if (gc_groupcomm_parse(&request, call->request->payload, NULL) || !gc_groupcomm_has(&request, GC_GROUPCOMM_GID) ||
      gc_strings_check(request.gid, false, &asked, NULL) || !asked)
    return bad(call, "a map with an array of Gids is expected");
  enum gc_err err = find_names(call, request.gid, &names);
  if (err || !names.count)
    return err ? err : nothing(call);
  err = gc_strings_write(&gids, names.gids, names.count, false);
  if (!err)
    err = gc_strings_write(&gnames, names.names, names.count, true);
  if (!err)
    err = gc_strings_write(&guris, names.uris, names.count, true);
  message.gid = gc_buf_bytes(&gids);
  message.gname = gc_buf_bytes(&gnames);
  message.guri = gc_buf_bytes(&guris);
  return err ? err : gc_gm_answer(call, &message);
}

/* --- keying material ------------------------------------------------------------------------------------------------------------ */

enum gc_err gc_gm_keys(struct gc_gm_call *call)
{
  struct gc_groupcomm message = { .present = 0 };
  uint8_t room_bytes[256];
  struct gc_buf room = gc_buf(room_bytes, sizeof room_bytes);
  enum gc_err err = gc_gm_put_keys(call, GC_MATERIAL_JOIN, NULL, &message, &room);
  if (!err)
    err = gc_gm_answer(call, &message);
  gc_wipe(room_bytes, sizeof room_bytes);
  return err;
}

static enum gc_err signature_encryption_key(const struct gc_gm_call *call, uint8_t out[static GC_KEY_MAX_LEN], size_t *len)
{
  const struct gc_oscore_params params = gc_gm_params(call->config, &call->group);
  struct gc_oscore_context *context;
  struct gc_oscore_secrets secrets;
  enum gc_err err = gc_oscore_context_new(&context, &params, NULL);
  if (err)
    return err;
  gc_oscore_context_secrets(context, &secrets);
  *len = secrets.signature_encryption_key_len;
  memcpy(out, secrets.signature_encryption_key, *len);
  gc_wipe(&secrets, sizeof secrets);
  gc_oscore_context_free(&context);
  return GC_OK;
}

enum gc_err gc_gm_verif_data(struct gc_gm_call *call)
{
  struct gc_groupcomm message = { .present = GC_PARAM_BIT(GC_GROUPCOMM_SIGN_ENC_KEY) };
  uint8_t room_bytes[256], key[GC_KEY_MAX_LEN];
  struct gc_buf room = gc_buf(room_bytes, sizeof room_bytes);
  size_t key_len = 0;
  if (!gc_gm_signs(call->config))
    return gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_NO_SIGNATURES, NULL);
  enum gc_err err = signature_encryption_key(call, key, &key_len);
  if (!err)
    err = gc_gm_put_keys(call, GC_MATERIAL_VERIFIER, NULL, &message, &room);
  message.sign_enc_key = gc_bytes(key, key_len);
  if (!err)
    err = gc_gm_answer(call, &message);
  gc_wipe(key, sizeof key);
  return err;
}

/* --- credentials ------------------------------------------------------------------------------------------------------------------ */

static bool everyone(const struct gc_gm_call *call, const struct gc_gm_member *member, const void *arg)
{
  (void)call, (void)member, (void)arg;
  return true;
}

static bool matches(const struct gc_gm_call *call, const struct gc_gm_member *member, const void *arg)
{
  (void)call;
  return gc_creds_filter_matches(arg, member->roles, gc_gm_sender_id(member));
}

static enum gc_err answer_creds(struct gc_gm_call *call, bool (*chosen)(const struct gc_gm_call *, const struct gc_gm_member *, const void *),
                                const void *arg)
{
  struct gc_groupcomm message = { .present = GC_PARAM_BIT(GC_GROUPCOMM_NUM), .num = call->group.num };
  enum gc_err err = gc_gm_put_peers(call, chosen, arg, &message);
  if (!err && arg && !call->gm->peer_count)
    return nothing(call);
  return gc_gm_answer_creds(call, err, &message);
}

enum gc_err gc_gm_creds(struct gc_gm_call *call)
{
  return answer_creds(call, everyone, NULL);
}

enum gc_err gc_gm_creds_by_filter(struct gc_gm_call *call)
{
  struct gc_groupcomm request;
  struct gc_creds_filter filter;
  if (gc_groupcomm_parse(&request, call->request->payload, NULL) || !gc_groupcomm_has(&request, GC_GROUPCOMM_GET_CREDS) ||
      gc_creds_filter_parse(&filter, request.get_creds, NULL))
    return bad(call, "a map with get_creds is expected");
  const char *fault = gc_creds_filter_fetch_fault(&filter);
  return fault ? bad(call, fault) : answer_creds(call, matches, &filter);
}

/* --- the Group Manager's own credential ------------------------------------------------------------------------------------------- */

static enum gc_err answer_kdc_cred(struct gc_gm_call *call, struct gc_bytes n_c, const struct gc_public_key *peer)
{
  struct gc_groupcomm message = { .present = 0 };
  uint8_t room_bytes[256];
  struct gc_buf room = gc_buf(room_bytes, sizeof room_bytes);
  enum gc_err err = gc_gm_put_proof(call, n_c, peer, &message, &room);
  return err ? err : gc_gm_answer(call, &message);
}

enum gc_err gc_gm_kdc_cred(struct gc_gm_call *call)
{
  const struct gc_gm_member *member = &call->member;
  const struct gc_bytes n_c = gc_bytes(member->cnonce, member->cnonce_len);
  struct gc_credential cred;
  if (gc_gm_signs(call->config))
    return answer_kdc_cred(call, n_c, NULL);
  if (!member->has_sender_id)
    return gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_INCONSISTENT_ROLES, "a monitor has no key that a proof could be made for");
  if (gc_credential_read(&cred, gc_bytes(member->cred, member->cred_len), call->config->cred_fmt, NULL))
    return gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_CRED_INCOMPATIBLE, NULL);
  return answer_kdc_cred(call, n_c, &cred.public_key);
}

enum gc_err gc_gm_kdc_cred_for_verifier(struct gc_gm_call *call)
{
  struct gc_groupcomm request;
  if (!gc_gm_signs(call->config))
    return gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_NO_SIGNATURES, NULL);
  if (gc_groupcomm_parse(&request, call->request->payload, NULL) || !gc_groupcomm_has(&request, GC_GROUPCOMM_CNONCE) || !request.cnonce.len ||
      request.cnonce.len > GC_GM_CNONCE_MAX_LEN)
    return bad(call, "a map with cnonce is expected");
  return answer_kdc_cred(call, request.cnonce, NULL);
}

/* --- small ones ------------------------------------------------------------------------------------------------------------------- */

enum gc_err gc_gm_active(struct gc_gm_call *call)
{
  call->response->content_format = FORMAT_CBOR;
  return gc_active_write(&call->response->payload, call->group.is_active);
}

enum gc_err gc_gm_num(struct gc_gm_call *call)
{
  call->response->content_format = FORMAT_CBOR;
  return gc_num_write(&call->response->payload, call->group.num);
}

enum gc_err gc_gm_policies(struct gc_gm_call *call)
{
  struct gc_groupcomm message = { .present = GC_PARAM_BIT(GC_GROUPCOMM_GROUP_POLICIES) };
  uint8_t room[64];
  struct gc_buf policies = gc_buf(room, sizeof room);
  enum gc_err err = gc_group_policies_write(&policies, &call->config->policies);
  message.group_policies = gc_buf_bytes(&policies);
  return err ? err : gc_gm_answer(call, &message);
}

/* --- stale Sender IDs ---------------------------------------------------------------------------------------------------------------- */

enum gc_err gc_gm_stale_sids(struct gc_gm_call *call)
{
  uint64_t num;
  if (gc_num_parse(&num, call->request->payload, NULL))
    return bad(call, "a version of the keying material is expected");
  if (num >= call->group.num)
    return bad(call, "the version is not an earlier one");
  /* one set for each generation, this one's too: num … current are SKEW sets (Section 11.3.1) */
  const uint64_t kept = call->group.num + 1 < call->config->max_stale_sets ? call->group.num + 1 : call->config->max_stale_sets;
  if (call->group.num - num + 1 > kept)
    return GC_OK;
  call->response->content_format = FORMAT_CBOR;
  return gc_gm_write_stale(call, num, call->group.num, &call->response->payload);
}
