/* The token uploaded, and the Security Context with the Group Manager (RFC 9203, Section 4; RFC 9594, Section 3.3; draft-ietf-
 * ace-key-groupcomm-oscore, Section 5.3). */
#include <string.h>

#include "ace/key_info.h"
#include "crypto/secret.h"
#include "group/join_internal.h"
#include "iana/names.h"

enum { ID_LEN = 1 };

/* over_association: under its protection; else in the clear, as nothing else is there yet. */
static void post(struct gc_join *join, const struct gc_ace_params *request, bool over_association, uint64_t now_ms)
{
  uint8_t room[GC_JOIN_TOKEN_MAX_LEN + 256];
  struct gc_buf payload = gc_buf(room, sizeof room);
  struct gc_join_message message = { .server = &join->params.gm, .path = "/authz-info", .code = GC_CODE_POST, .content_format = GC_FORMAT_ACE_CBOR };
  if (over_association) {
    message.context = join->context;
    message.ring = join->ring;
  }
  if (gc_ace_params_write(&payload, request)) {
    gc_join_end(join, GC_JOIN_FAILED, "the token is too long");
  } else {
    message.payload = gc_buf_bytes(&payload);
    gc_join_send(join, &join->current, &message, now_ms);
  }
  gc_wipe(room, sizeof room);
}

/* With nothing but the token (RFC 9203, Section 4.1). */
static void send_update(struct gc_join *join, uint64_t now_ms)
{
  const struct gc_ace_params request = { .place = GC_ACE_AT_AUTHZ_INFO, .present = GC_PARAM_BIT(GC_ACE_ACCESS_TOKEN),
                                         .access_token = gc_bytes(join->secrets->token, join->secrets->token_len) };
  gc_join_step(join, "uploading the token over the association");
  post(join, &request, true, now_ms);
}

static void send_new(struct gc_join *join, uint64_t now_ms)
{
  gc_join_nonce_fresh(join, &join->nonce1, GC_ACE_NONCE_LEN);
  gc_join_nonce_fresh(join, &join->id1, ID_LEN);
  struct gc_ace_params request = {
    .place = GC_ACE_AT_AUTHZ_INFO,
    .present = GC_PARAM_BIT(GC_ACE_ACCESS_TOKEN) | GC_PARAM_BIT(GC_ACE_NONCE1) | GC_PARAM_BIT(GC_ACE_CLIENT_RECIPIENTID),
    .access_token = gc_bytes(join->secrets->token, join->secrets->token_len),
    .nonce1 = gc_join_nonce_bytes(&join->nonce1), .client_recipientid = gc_join_nonce_bytes(&join->id1),
    .sign_info = gc_param_null(), .ecdh_info = gc_param_null(), .kdc_dh_creds = gc_param_null(),
  };
  if (join->params.asks_infos)
    request.present |= GC_PARAM_BIT(GC_ACE_SIGN_INFO) | GC_PARAM_BIT(GC_ACE_ECDH_INFO) | GC_PARAM_BIT(GC_ACE_KDC_DH_CREDS);
  gc_join_step(join, "uploading the token to the Group Manager");
  post(join, &request, false, now_ms);
}

void gc_join_send_upload(struct gc_join *join, uint64_t now_ms)
{
  (join->updates ? send_update : send_new)(join, now_ms);
}

/* --- what the group wants of keys --------------------------------------------------------------------------------------- */

/* key_params: [kty, crv] */
static bool is_curve_of(struct gc_bytes key_params, const struct gc_curve *curve)
{
  uint8_t room[GC_CAPABILITIES_MAX_LEN];
  struct gc_buf own = gc_buf(room, sizeof room);
  return gc_key_capabilities_write(&own, curve->id) == GC_OK && gc_bytes_equal(gc_buf_bytes(&own), key_params);
}

static enum gc_join_result unsuitable(char detail[static GC_JOIN_DETAIL_MAX], const char *what, const char *wanted)
{
  gc_join_detail_add(detail, gc_bytes_str(what));
  gc_join_detail_add(detail, gc_bytes_str(wanted ? wanted : "another one"));
  return GC_JOIN_KEY_UNSUITABLE;
}

static enum gc_join_result judge_format(const struct gc_join *join, const struct gc_key_info *info, char detail[static GC_JOIN_DETAIL_MAX])
{
  if (info->cred_fmt.is_null || info->cred_fmt.number == join->params.cred_fmt)
    return GC_JOIN_DONE;
  return unsuitable(detail, "its credentials are of the format ", gc_cred_fmt_name((enum gc_cred_fmt)info->cred_fmt.number));
}

static enum gc_join_result judge_signing(const struct gc_join *join, const struct gc_key_info *info, char detail[static GC_JOIN_DETAIL_MAX])
{
  const struct gc_curve *curve = gc_curve_by_id(join->params.pair->public_key.curve);
  const bool is_number = !info->alg.is_text && info->alg.number >= INT32_MIN && info->alg.number <= INT32_MAX;
  const struct gc_alg *alg = is_number ? gc_alg_by_id((int32_t)info->alg.number) : NULL;
  if (!alg || curve->sign_alg != alg->id)
    return unsuitable(detail, "its signature algorithm is ", alg ? alg->name : NULL);
  if (!is_curve_of(info->key_params, curve))
    return unsuitable(detail, "its keys are on another curve than ", curve->name);
  return judge_format(join, info, detail);
}

/* The entry about this group, if there is one. */
static bool find_info(const struct gc_join *join, struct gc_bytes encoded, struct gc_key_info *info)
{
  struct gc_key_info_walk walk;
  if (!encoded.len || gc_param_is_null(encoded) || gc_key_info_begin(&walk, encoded))
    return false;
  while (gc_key_info_next(&walk, info) == GC_OK)
    if (gc_key_info_names(info->groups, info->group_count, join->params.gname))
      return true;
  return false;
}

static void keep_dh_cred(struct gc_join *join, struct gc_bytes encoded)
{
  struct gc_key_info_walk walk;
  struct gc_kdc_dh_cred cred;
  struct gc_credential read;
  if (!encoded.len || gc_param_is_null(encoded) || gc_key_info_begin(&walk, encoded))
    return;
  while (gc_kdc_dh_cred_next(&walk, &cred) == GC_OK)
    if (gc_key_info_names(cred.groups, cred.group_count, join->params.gname) &&
        gc_credential_read(&read, cred.cred, (enum gc_cred_fmt)cred.cred_fmt, NULL) == GC_OK) {
      join->dh_peer = read.public_key;
      join->has_dh_peer = true;
    }
}

enum gc_join_result gc_join_judge_infos(struct gc_join *join, struct gc_bytes sign_info, struct gc_bytes ecdh_info, struct gc_bytes kdc_dh_creds,
                                        char detail[static GC_JOIN_DETAIL_MAX])
{
  struct gc_key_info info;
  keep_dh_cred(join, kdc_dh_creds);
  if (!gc_roles_send(join->params.roles) || !join->params.pair)
    return GC_JOIN_DONE;
  if (find_info(join, sign_info, &info))
    return judge_signing(join, &info, detail);
  return find_info(join, ecdh_info, &info) ? judge_format(join, &info, detail) : GC_JOIN_DONE;
}

/* --- the answer --------------------------------------------------------------------------------------------------------- */

static enum gc_err associate(struct gc_join *join, const struct gc_ace_params *response)
{
  struct gc_oscore_profile_context derived;
  struct gc_group_material material;
  const struct gc_oscore_exchange_ids ids = { gc_join_nonce_bytes(&join->nonce1), response->nonce2, gc_join_nonce_bytes(&join->id1),
                                              response->server_recipientid };
  enum gc_err err = gc_material_parse(&material, gc_bytes(join->secrets->material, join->secrets->material_len), GC_MATERIAL_CURRENT, NULL);
  if (!err)
    err = gc_oscore_profile_derive(&derived, &material, &ids, true);
  if (!err)
    err = join->ops.associate(join->ops.ctx, &derived, &join->context, &join->ring);
  gc_wipe(&derived, sizeof derived);
  return err;
}

static void take_response(struct gc_join *join)
{
  struct gc_ace_params response;
  struct gc_join_answer answer = { .code = join->current.record.code };
  struct gc_where where = { 0, "" };
  enum gc_err err = gc_ace_params_parse(&response, gc_join_body(&join->current), GC_ACE_AT_AUTHZ_INFO, &where);
  const char *fault = err ? where.phrase : gc_oscore_profile_response_fault(&response, gc_join_nonce_bytes(&join->id1));
  if (fault) {
    gc_join_end(join, GC_JOIN_MALFORMED, fault);
    return;
  }
  if ((answer.err = associate(join, &response)) != GC_OK) {
    gc_join_detail_add(answer.detail, gc_bytes_str("no security context with the Group Manager could be made: "));
    gc_join_detail_add(answer.detail, gc_bytes_str(gc_err_str(answer.err)));
    gc_join_end_with(join, GC_JOIN_FAILED, &answer);
    return;
  }
  join->has_new_association = true;
  if (gc_ace_has(&response, GC_ACE_KDCCHALLENGE))
    gc_join_nonce_set(&join->n_s, response.kdcchallenge);
  const struct gc_bytes none = { NULL, 0 };
  enum gc_join_result result = gc_join_judge_infos(join, gc_ace_has(&response, GC_ACE_SIGN_INFO) ? response.sign_info : none,
                                                   gc_ace_has(&response, GC_ACE_ECDH_INFO) ? response.ecdh_info : none,
                                                   gc_ace_has(&response, GC_ACE_KDC_DH_CREDS) ? response.kdc_dh_creds : none, answer.detail);
  gc_join_step(join, "the token is taken: security context with the Group Manager made");
  if (result && join->operation == GC_JOIN_JOIN)
    gc_join_end_with(join, result, &answer);
  else
    gc_join_go_on(join, 0);
}

void gc_join_take_upload(struct gc_join *join)
{
  const struct gc_join_record *record = &join->current.record;
  if (!record->has_answer) {
    gc_join_take_silence(join, &join->current, "the Group Manager");
  } else if (join->updates && record->code == GC_CODE(2, 1) && record->is_protected) {
    gc_join_updated(join);
  } else if (record->code == GC_CODE(2, 1) && !join->updates) {
    take_response(join);
  } else if (record->code == GC_CODE(5, 3) || record->code == GC_CODE(4, 29)) {
    gc_join_wait(join, &join->current);
  } else if (join->updates) {
    gc_join_update_anew(join);
  } else if (join->is_kept_token && join->params.as_context) { /* it may have expired: another one */
    join->secrets->token_len = 0;
    gc_join_step(join, "the token is not taken any more");
    gc_join_go_on(join, 0);
  } else {
    struct gc_join_answer answer = { .code = record->code };
    gc_join_read_refusal(&join->current, &answer);
    gc_join_end_with(join, GC_JOIN_TOKEN_REFUSED, &answer);
  }
}
