/* nodes/N and nodes/N/cred (RFC 9594, Sections 4.8 and 4.9; draft-ietf-ace-key-groupcomm-oscore, Sections 9.1.2, 9.2, 9.4, 9.11). */
#include "ace/gm_internal.h"

#include <string.h>

#include "coap/message.h"
#include "crypto/secret.h"

enum gc_err gc_gm_own_keys(struct gc_gm_call *call)
{
  struct gc_groupcomm message = { .present = 0 };
  uint8_t room_bytes[256];
  struct gc_buf room = gc_buf(room_bytes, sizeof room_bytes);
  const struct gc_bytes sender_id = gc_gm_sender_id(&call->member);
  enum gc_err err = gc_gm_put_keys(call, GC_MATERIAL_JOIN, call->member.has_sender_id ? &sender_id : NULL, &message, &room);
  if (!err)
    err = gc_gm_answer(call, &message);
  gc_wipe(room_bytes, sizeof room_bytes);
  return err;
}

/* Is it for a member that sends, in an active group? Else refused. */
static enum gc_err check_sender(struct gc_gm_call *call)
{
  if (!call->group.is_active)
    return gc_gm_refuse(call, GC_CODE(5, 3), GC_GROUPCOMM_NOT_ACTIVE, NULL);
  return gc_roles_send(call->member.roles) ? GC_OK : gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_INCONSISTENT_ROLES, NULL);
}

enum gc_err gc_gm_renew(struct gc_gm_call *call)
{
  struct gc_groupcomm message = { .present = GC_PARAM_BIT(GC_GROUPCOMM_GROUP_SENDER_ID) };
  enum gc_err err = check_sender(call);
  if (!err && !call->is_refused && call->request->payload.len)
    err = gc_gm_refuse(call, GC_CODE(4, 0), GC_GM_NO_ERROR_ID, "a Key Renewal Request has no payload");
  if (err || call->is_refused)
    return err;
  err = gc_gm_take_sender_id(call, &call->member);
  if (!err)
    err = gc_gm_give_sender_id(call, &call->member);
  if (err == GC_E_END)
    return gc_gm_refuse(call, GC_CODE(5, 3), GC_GROUPCOMM_NO_INDIVIDUAL_KEY, NULL);
  if (!err)
    err = GM_STORE(call->gm, member_put, &call->member);
  if (!err)
    err = gc_gm_happens(call, GC_GM_RENEWED, &call->member, NULL);
  message.group_sender_id = gc_gm_sender_id(&call->member);
  if (!err)
    err = gc_gm_answer(call, &message);
  call->response->code = GC_CODE(2, 5);
  return err ? err : gc_gm_bound_stale(call);
}

enum gc_err gc_gm_leave(struct gc_gm_call *call)
{
  enum gc_err err = gc_gm_remove(call, &call->member, GC_GM_LEFT, NULL);
  return err ? err : gc_gm_new_keys(call, "a member has left", false);
}

/* --- another credential ------------------------------------------------------------------------------------------------------ */

static enum gc_err check_upload(struct gc_gm_call *call, const struct gc_groupcomm *request)
{
  struct gc_credential cred;
  const char *fault = gc_cred_upload_fault(request);
  if (fault)
    return gc_gm_refuse(call, GC_CODE(4, 0), GC_GM_NO_ERROR_ID, fault);
  if (!call->request->client->has_challenge)
    return gc_gm_refuse_join(call, "the challenge is lost: here is another one");
  fault = gc_gm_cred_fault(call->config, request->client_cred, &cred);
  if (fault)
    return gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_CRED_INCOMPATIBLE, fault);
  if (!gc_gm_is_proved(call, &cred.public_key, gc_bytes(call->member.scope, call->member.scope_len), request->cnonce, request->client_cred_verify))
    return gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_INVALID_POP, NULL);
  return GC_OK;
}

enum gc_err gc_gm_new_cred(struct gc_gm_call *call)
{
  struct gc_groupcomm request;
  struct gc_gm_member *member = &call->member;
  enum gc_err err = check_sender(call);
  if (!err && !call->is_refused && gc_groupcomm_parse(&request, call->request->payload, NULL))
    err = gc_gm_refuse(call, GC_CODE(4, 0), GC_GM_NO_ERROR_ID, "the request cannot be read");
  if (!err && !call->is_refused)
    err = check_upload(call, &request);
  if (err || call->is_refused)
    return err;
  member->cred_len = request.client_cred.len;
  memcpy(member->cred, request.client_cred.ptr, request.client_cred.len);
  err = GM_STORE(call->gm, member_put, member);
  call->response->code = GC_CODE(2, 4);
  return err ? err : gc_gm_happens(call, GC_GM_CRED_CHANGED, member, NULL);
}
