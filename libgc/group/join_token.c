/* The token: hints of the Group Manager, and the Authorization Server (RFC 9200, Sections 5.3 and 5.8). */
#include <string.h>

#include "crypto/secret.h"
#include "group/join_internal.h"
#include "iana/names.h"

void gc_join_send_hints(struct gc_join *join, uint64_t now_ms)
{
  gc_join_step(join, "asking the Group Manager for its Authorization Server");
  gc_join_send(join, &join->current, &(struct gc_join_message){ .server = &join->params.gm, .code = GC_CODE_POST, .content_format = -1 }, now_ms);
}

static void keep_hints(struct gc_join *join, const struct gc_as_hints *hints)
{
  if (!join->params.audience.len && gc_param_has(hints->present, GC_HINT_AUDIENCE) && hints->audience.len < sizeof join->hinted_audience) {
    memcpy(join->hinted_audience, hints->audience.ptr, hints->audience.len);
    join->audience = gc_bytes(join->hinted_audience, hints->audience.len);
  }
  gc_join_nonce_set(&join->cnonce, gc_param_has(hints->present, GC_HINT_CNONCE) ? hints->cnonce : gc_bytes(NULL, 0));
}

void gc_join_take_hints(struct gc_join *join)
{
  const struct gc_join_record *record = &join->current.record;
  struct gc_as_hints hints;
  struct gc_where where = { 0, "no Authorization Server in its hints" };
  if (!record->has_answer) {
    gc_join_take_silence(join, &join->current, "the Group Manager");
    return;
  }
  if (record->code == GC_CODE(5, 3) || record->code == GC_CODE(4, 29)) {
    gc_join_wait(join, &join->current);
    return;
  }
  if (record->code != GC_CODE(4, 1) || record->content_format != GC_FORMAT_ACE_CBOR) {
    struct gc_join_answer answer = { .result = GC_JOIN_NO_AS };
    gc_join_read_refusal(&join->current, &answer);
    gc_join_end_with(join, GC_JOIN_NO_AS, &answer);
    return;
  }
  if (gc_as_hints_parse(&hints, gc_join_body(&join->current), &where) || !gc_param_has(hints.present, GC_HINT_AS)) {
    gc_join_end(join, GC_JOIN_MALFORMED, where.phrase);
    return;
  }
  struct gc_join_params *params = &join->params;
  enum gc_err err = join->ops.find_as ? join->ops.find_as(join->ops.ctx, &hints, &params->as, &params->as_context, &params->as_ring) : GC_E_NOT_FOUND;
  if (err) {
    struct gc_join_answer answer = { .err = err };
    gc_join_detail_add(answer.detail, hints.as_uri);
    gc_join_end_with(join, err == GC_E_NOT_FOUND ? GC_JOIN_UNTRUSTED_AS : GC_JOIN_FAILED, &answer);
    return;
  }
  keep_hints(join, &hints);
  params->has_as = true;
  gc_join_step(join, "the Authorization Server that the Group Manager names is allowed");
  gc_join_go_on(join, 0);
}

/* --- the token endpoint ------------------------------------------------------------------------------------------------ */

/** A token request, with what it borrows. */
struct token_request {
  struct gc_ace_params params;
  uint8_t scope[256], req_cnf[GC_MASTER_SECRET_MAX_LEN + 8];
};

/* The id of the material that the association was made of. */
static enum gc_err material_id(const struct gc_join *join, struct gc_bytes *id)
{
  struct gc_group_material material;
  enum gc_err err = gc_material_parse(&material, gc_bytes(join->secrets->material, join->secrets->material_len), GC_MATERIAL_CURRENT, NULL);
  *id = err ? gc_bytes(NULL, 0) : material.id;
  return err;
}

/* req_cnf: which association's rights are to be updated (RFC 9203, Section 3.1). */
static enum gc_err put_update(const struct gc_join *join, struct token_request *request)
{
  struct gc_buf req_cnf = gc_buf(request->req_cnf, sizeof request->req_cnf);
  struct gc_bytes id;
  enum gc_err err = material_id(join, &id);
  if (!err)
    err = gc_cnf_write_kid(&req_cnf, id);
  request->params.req_cnf = gc_buf_bytes(&req_cnf);
  request->params.present |= GC_PARAM_BIT(GC_ACE_REQ_CNF);
  return err;
}

static enum gc_err put_request(const struct gc_join *join, struct token_request *request)
{
  struct gc_scope_list list = { .count = 1 };
  struct gc_buf scope = gc_buf(request->scope, sizeof request->scope);
  struct gc_ace_params *params = &request->params;
  list.entries[0] = (struct gc_scope_entry){ GC_SCOPE_USER, join->params.gname, join->params.roles };
  enum gc_err err = gc_scope_write(&scope, &list);
  *params = (struct gc_ace_params){
    .place = GC_ACE_AT_AS, .present = GC_PARAM_BIT(GC_ACE_SCOPE) | GC_PARAM_BIT(GC_ACE_PROFILE), .audience = join->audience,
    .scope = { .value = gc_buf_bytes(&scope) }, .profile = { .is_null = true }, .cnonce = gc_join_nonce_bytes(&join->cnonce),
  };
  if (join->audience.len)
    params->present |= GC_PARAM_BIT(GC_ACE_AUDIENCE);
  if (join->cnonce.len)
    params->present |= GC_PARAM_BIT(GC_ACE_CNONCE);
  return err || !join->updates ? err : put_update(join, request);
}

void gc_join_send_token(struct gc_join *join, uint64_t now_ms)
{
  uint8_t room[1024];
  struct gc_buf payload = gc_buf(room, sizeof room);
  struct token_request request;
  if (!join->params.as_context) {
    gc_join_end(join, GC_JOIN_NO_AS, "there is no security context with it");
    return;
  }
  if (put_request(join, &request) || gc_ace_params_write(&payload, &request.params)) {
    gc_join_end(join, GC_JOIN_FAILED, "the token request would be too long");
    return;
  }
  gc_join_step(join, join->updates ? "asking the Authorization Server for a token that updates access rights"
                                   : "asking the Authorization Server for a token");
  gc_join_send(join, &join->current,
               &(struct gc_join_message){ .server = &join->params.as, .code = GC_CODE_POST, .content_format = GC_FORMAT_ACE_CBOR,
                                          .payload = gc_buf_bytes(&payload), .context = join->params.as_context, .ring = join->params.as_ring },
               now_ms);
}

static void token_refused(struct gc_join *join, const struct gc_join_record *record)
{
  struct gc_join_answer answer = { .code = record->code };
  struct gc_ace_params params;
  if (record->content_format == GC_FORMAT_ACE_CBOR && gc_ace_params_parse(&params, gc_join_body(&join->current), GC_ACE_AT_AS, NULL) == GC_OK) {
    answer.has_error = gc_ace_has(&params, GC_ACE_ERROR);
    answer.error = answer.has_error ? params.error : 0;
    if (gc_ace_has(&params, GC_ACE_ERROR_DESCRIPTION))
      gc_join_detail_add(answer.detail, params.error_description);
  }
  gc_join_end_with(join, GC_JOIN_NO_TOKEN, &answer);
}

static const char *update_fault(const struct gc_join *join, const struct gc_ace_params *response, struct gc_cnf *cnf)
{
  struct gc_bytes id;
  if (gc_ace_has(response, GC_ACE_CNF) && (gc_cnf_parse(cnf, response->cnf, NULL) || material_id(join, &id) || !gc_oscore_profile_is_update(cnf, id)))
    return "the token is bound to other keying material than the association's";
  return response->access_token.len > GC_JOIN_TOKEN_MAX_LEN ? "a token that is too long" : NULL;
}

/* What is wrong with a response of success: NULL, or the fault. */
static const char *response_fault(const struct gc_join *join, const struct gc_ace_params *response, struct gc_cnf *cnf)
{
  struct token_request request;
  if (put_request(join, &request))
    return "the token request that it answers cannot be told any more";
  const char *fault = gc_token_response_fault(response, &request.params);
  if (fault)
    return fault;
  if (join->updates)
    return update_fault(join, response, cnf);
  if (response->profile.number != GC_ACE_PROFILE_OSCORE)
    return "the token is for another profile than coap_oscore";
  if (!gc_ace_has(response, GC_ACE_CNF) || gc_cnf_parse(cnf, response->cnf, NULL) || cnf->method != GC_CNF_OSC)
    return "no OSCORE_Input_Material comes with the token";
  fault = gc_oscore_profile_material_fault(&cnf->osc);
  if (!fault && (response->access_token.len > GC_JOIN_TOKEN_MAX_LEN || cnf->value.len > GC_JOIN_TOKEN_MAX_LEN))
    fault = "a token or keying material that is too long";
  return fault;
}

/* The roles that the token grants in this group: those of the request where the response does not say otherwise. */
static uint64_t granted(const struct gc_join *join, const struct gc_ace_params *response)
{
  struct gc_scope_list list;
  if (!gc_ace_has(response, GC_ACE_SCOPE))
    return join->params.roles;
  if (response->scope.is_text || gc_scope_parse(&list, response->scope.value, NULL))
    return 0;
  return gc_scope_roles(&list, join->params.gname);
}

static void adopt(struct gc_join *join, const struct gc_ace_params *response, const struct gc_cnf *cnf, uint64_t roles)
{
  struct gc_join_secrets *secrets = join->secrets;
  memcpy(secrets->token, response->access_token.ptr, response->access_token.len);
  secrets->token_len = response->access_token.len;
  if (!join->updates) {
    memcpy(secrets->material, cnf->value.ptr, cnf->value.len);
    secrets->material_len = cnf->value.len;
  }
  join->is_kept_token = false;
  join->has_new_token = true;
  gc_join_step(join, "token received");
  if (!join->ops.token)
    return;
  const struct gc_join_token token = {
    .token = gc_bytes(secrets->token, join->updates ? 0 : secrets->token_len), .material = gc_bytes(secrets->material, secrets->material_len),
    .has_expires_in = gc_ace_has(response, GC_ACE_EXPIRES_IN), .expires_in_s = response->expires_in, .roles = roles,
  };
  join->ops.token(join->ops.ctx, &token);
}

void gc_join_update_anew(struct gc_join *join)
{
  gc_wipe(join->secrets, sizeof *join->secrets);
  join->updates = false;
  join->context = NULL;
  join->ring = NULL;
  gc_join_step(join, "access rights cannot be updated: another association is made");
  gc_join_go_on(join, 0);
}

/* A token without keying material makes no other association: it is not kept. */
void gc_join_updated(struct gc_join *join)
{
  join->updates = false;
  gc_wipe(join->secrets->token, join->secrets->token_len);
  join->secrets->token_len = 0;
  gc_join_step(join, "access rights updated");
  gc_join_go_on(join, 0);
}

void gc_join_take_token(struct gc_join *join)
{
  struct gc_join_record *record = &join->current.record;
  struct gc_ace_params response;
  struct gc_where where = { 0, "" };
  struct gc_cnf cnf;
  if (!record->has_answer || !record->is_protected) {
    gc_join_take_silence(join, &join->current, "the Authorization Server");
    return;
  }
  if (record->code == GC_CODE(5, 3) || record->code == GC_CODE(4, 29)) {
    gc_join_wait(join, &join->current);
    return;
  }
  if (record->code != GC_CODE(2, 1)) {
    if (join->updates)
      gc_join_update_anew(join);
    else
      token_refused(join, record);
    return;
  }
  if (gc_ace_params_parse(&response, gc_join_body(&join->current), GC_ACE_AT_AS, &where)) {
    gc_join_end(join, GC_JOIN_MALFORMED, where.phrase);
    return;
  }
  const char *fault = response_fault(join, &response, &cnf);
  if (fault) {
    gc_join_end(join, GC_JOIN_MALFORMED, fault);
    return;
  }
  const uint64_t roles = granted(join, &response);
  if ((roles & join->params.roles) != join->params.roles) {
    char text[GC_ROLES_TEXT_MAX];
    struct gc_join_answer answer = { .has_error = true, .error = GC_TOKEN_INVALID_SCOPE };
    gc_join_detail_add(answer.detail, gc_bytes_str("the token does not grant "));
    gc_join_detail_add(answer.detail, gc_bytes_str(gc_roles_format(text, join->params.roles & ~roles)));
    gc_join_end_with(join, GC_JOIN_NO_TOKEN, &answer);
    return;
  }
  adopt(join, &response, &cnf, roles);
  gc_join_go_on(join, 0);
}
