/* Join Requests (RFC 9594, Section 4.3.1; draft-ietf-ace-key-groupcomm-oscore, Sections 6.2 and 6.3). */
#include "ace/gm_internal.h"

#include <string.h>

#include "coap/message.h"
#include "coap/uri.h"
#include "crypto/secret.h"

/** A Join Request on its way. */
struct join {
  struct gc_groupcomm request;
  struct gc_scope_entry entry; /* of its scope */
  struct gc_credential cred;   /* of a node that sends */
  bool sends;
};

/* --- may it? ----------------------------------------------------------------------------------------------------------------- */

static bool equals_stored(const struct gc_gm_call *call, struct gc_bytes cred)
{
  return call->is_member && call->member.cred_len && gc_bytes_equal(cred, gc_bytes(call->member.cred, call->member.cred_len));
}

/* A member that does without a proof has proved this credential before. */
static enum gc_err check_known(struct gc_gm_call *call, struct join *join)
{
  struct gc_bytes cred = join->request.client_cred;
  if (cred.len && gc_gm_cred_fault(call->config, cred, &join->cred))
    return gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_CRED_INCOMPATIBLE, NULL);
  if (cred.len ? !equals_stored(call, cred) : !call->member.cred_len)
    return gc_gm_refuse_join(call, "no such credential of this member is known");
  join->request.client_cred = gc_bytes(call->member.cred, call->member.cred_len);
  if (gc_gm_cred_fault(call->config, join->request.client_cred, &join->cred))
    return gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_CRED_INCOMPATIBLE, NULL);
  return GC_OK;
}

static enum gc_err check_cred(struct gc_gm_call *call, struct join *join)
{
  const struct gc_groupcomm *request = &join->request;
  if (!gc_groupcomm_has(request, GC_GROUPCOMM_CLIENT_CRED_VERIFY))
    return check_known(call, join);
  if (request->client_cred_verify.len && !call->request->client->has_challenge)
    return gc_gm_refuse_join(call, "the challenge is lost: here is another one");
  const char *fault = gc_gm_cred_fault(call->config, request->client_cred, &join->cred);
  if (fault)
    return gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_CRED_INCOMPATIBLE, fault);
  if (!request->client_cred_verify.len)
    return equals_stored(call, request->client_cred) ? GC_OK : gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_INVALID_POP, NULL);
  if (!gc_gm_is_proved(call, &join->cred.public_key, request->scope, request->cnonce, request->client_cred_verify))
    return gc_gm_refuse(call, GC_CODE(4, 0), GC_GROUPCOMM_INVALID_POP, NULL);
  return GC_OK;
}

/* A full URI of a resource at the client that is no group-membership resource (JN-11). */
static const char *control_uri_fault(const struct gc_gm_call *call, struct gc_bytes text)
{
  static const char before[] = "/ace-group/";
  const size_t before_len = sizeof before - 1;
  const struct gc_bytes name = gc_bytes_str(call->config->name);
  struct gc_uri uri;
  if (text.len > GC_GM_URI_MAX_LEN || memchr(text.ptr, 0, text.len))
    return "a control_uri has at most 255 bytes";
  if (gc_uri_parse(&uri, text, NULL) || uri.scheme != GC_SCHEME_COAP)
    return "control_uri is no coap URI";
  const struct gc_bytes head = gc_bytes_slice(uri.path, 0, before_len), rest = gc_bytes_slice(uri.path, before_len, uri.path.len);
  return uri.path.len > before_len && gc_bytes_equal(head, gc_bytes(before, before_len)) && gc_bytes_equal(rest, name)
           ? "control_uri has the path of the group-membership resource" : NULL;
}

static const char *limits_fault(const struct gc_gm_call *call, const struct join *join)
{
  if (join->request.scope.len > GC_GM_JOIN_SCOPE_MAX_LEN)
    return "a scope that is too long";
  return gc_groupcomm_has(&join->request, GC_GROUPCOMM_CONTROL_URI) ? control_uri_fault(call, join->request.control_uri) : NULL;
}

static enum gc_err check(struct gc_gm_call *call, struct join *join)
{
  const char *fault = NULL;
  if (!(call->granted & GC_ROLES_MEMBER)) /* whatever it asks for (Section 8.5.1) */
    return gc_gm_refuse(call, GC_CODE(4, 3), GC_GM_NO_ERROR_ID, "a signature verifier does not join");
  if (gc_groupcomm_parse(&join->request, call->request->payload, NULL))
    return gc_gm_refuse_join(call, "the request cannot be read");
  fault = gc_join_request_fault(&join->request, call->is_member);
  if (!fault)
    fault = limits_fault(call, join);
  if (fault)
    return gc_gm_refuse_join(call, fault);
  if (gc_scope_entry_parse(&join->entry, join->request.scope, NULL) || !gc_bytes_equal(join->entry.name, gc_bytes_str(call->config->name)))
    return gc_gm_refuse_join(call, "the scope is about another group");
  if (join->entry.permissions & ~(call->granted & gc_gm_roles(call->config)))
    return gc_gm_refuse(call, GC_CODE(4, 3), GC_GM_NO_ERROR_ID, "the token does not grant these roles in the group");
  if (!call->group.is_active)
    return gc_gm_refuse(call, GC_CODE(5, 3), GC_GROUPCOMM_NOT_ACTIVE, NULL);
  join->sends = gc_roles_send(join->entry.permissions);
  return join->sends ? check_cred(call, join) : GC_OK;
}

/* --- the new member ---------------------------------------------------------------------------------------------------------------- */

static enum gc_err has_room(struct gc_gm_call *call)
{
  uint64_t count;
  enum gc_err err = GM_STORE(call->gm, member_count, call->config->name, &count);
  if (!err && !call->is_member && count >= call->config->max_members)
    return gc_gm_refuse(call, GC_CODE(5, 3), GC_GROUPCOMM_NO_INDIVIDUAL_KEY, "the group is full");
  return err;
}

static bool is_in_batch(const struct gc_gm_call *call)
{
  const struct gc_gm_batch *batch = &call->gm->batches[call->index];
  return batch->is_open && batch->num == call->group.num && call->time.now_ms < batch->end_ms;
}

/* A generation that nobody has used shows nothing: the first member of all needs no other one. */
static enum gc_err secure_backwards(struct gc_gm_call *call)
{
  uint64_t count;
  enum gc_err err = GM_STORE(call->gm, member_count, call->config->name, &count);
  if (err || call->is_member || !call->config->has_backward_security || !count || is_in_batch(call))
    return err;
  err = GM_STORE(call->gm, elder_has, call->config->name, gc_gm_who(call->request->client));
  return err == GC_E_NOT_FOUND ? gc_gm_new_keys(call, "a new member", true) : err;
}

static void fill_member(struct gc_gm_call *call, const struct join *join)
{
  struct gc_gm_member *member = &call->member;
  const struct gc_gm_client *client = call->request->client;
  const struct gc_groupcomm *request = &join->request;
  if (!call->is_member) {
    *member = (struct gc_gm_member){ .node = call->group.next_node++, .identity_len = client->identity_len };
    memcpy(member->group, call->group.name, sizeof member->group);
    memcpy(member->identity, client->identity, client->identity_len);
  }
  member->is_new = !call->is_member;
  member->roles = join->entry.permissions;
  member->expires_s = client->expires_s;
  member->join_num = call->group.num;
  member->cred_len = join->sends ? request->client_cred.len : 0;
  if (member->cred_len && request->client_cred.ptr != member->cred)
    memcpy(member->cred, request->client_cred.ptr, member->cred_len);
  member->scope_len = request->scope.len;
  memcpy(member->scope, request->scope.ptr, request->scope.len);
  member->cnonce_len = request->cnonce.len;
  memcpy(member->cnonce, request->cnonce.ptr, request->cnonce.len);
  member->birth_gid_len = call->group.gid_len;
  memcpy(member->birth_gid, call->group.gid, call->group.gid_len);
  memset(member->control_uri, 0, sizeof member->control_uri);
  if (gc_groupcomm_has(request, GC_GROUPCOMM_CONTROL_URI))
    memcpy(member->control_uri, request->control_uri.ptr, request->control_uri.len);
}

static enum gc_err admit(struct gc_gm_call *call, const struct join *join)
{
  const bool was_member = call->is_member;
  enum gc_err err = has_room(call);
  if (!err && !call->is_refused && gc_gm_keys_end(call))
    err = gc_gm_new_keys(call, "the keying material expires", false);
  if (!err && !call->is_refused)
    err = secure_backwards(call);
  if (err || call->is_refused)
    return err;
  if (!call->group.is_active)
    return gc_gm_refuse(call, GC_CODE(5, 3), GC_GROUPCOMM_NOT_ACTIVE, NULL);
  if (was_member)
    err = gc_gm_take_sender_id(call, &call->member);
  fill_member(call, join);
  if (!err && join->sends)
    err = gc_gm_give_sender_id(call, &call->member);
  if (err == GC_E_END)
    return gc_gm_refuse(call, GC_CODE(5, 3), GC_GROUPCOMM_NO_INDIVIDUAL_KEY, NULL);
  if (!err)
    err = GM_STORE(call->gm, group_put, &call->group);
  if (!err)
    err = GM_STORE(call->gm, member_put, &call->member);
  return err ? err : gc_gm_happens(call, was_member ? GC_GM_REJOINED : GC_GM_JOINED, &call->member, NULL);
}

/* --- the answer -------------------------------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct gc_gm_call *call, const struct gc_gm_member *peer, const void *arg)
{
  const struct gc_creds_filter *filter = arg;
  if (peer->node == call->member.node)
    return false;
  return filter->is_all ? gc_creds_relevant(call->member.roles, peer->roles) : gc_creds_filter_matches(filter, peer->roles, gc_gm_sender_id(peer));
}

static enum gc_err answer(struct gc_gm_call *call, const struct join *join)
{
  struct gc_groupcomm message = { .present = GC_PARAM_BIT(GC_GROUPCOMM_GROUP_POLICIES) };
  struct gc_creds_filter filter;
  uint8_t room_bytes[512], policy_bytes[64];
  struct gc_buf room = gc_buf(room_bytes, sizeof room_bytes), policies = gc_buf(policy_bytes, sizeof policy_bytes);
  const struct gc_bytes sender_id = gc_gm_sender_id(&call->member);
  enum gc_err err = gc_gm_put_keys(call, GC_MATERIAL_JOIN, join->sends ? &sender_id : NULL, &message, &room);
  if (!err)
    err = gc_gm_put_proof(call, join->request.cnonce, join->sends ? &join->cred.public_key : NULL, &message, &room);
  if (!err)
    err = gc_group_policies_write(&policies, &call->config->policies);
  message.group_policies = gc_buf_bytes(&policies);
  if (!err && gc_groupcomm_has(&join->request, GC_GROUPCOMM_GET_CREDS)) {
    err = gc_creds_filter_parse(&filter, join->request.get_creds, NULL);
    if (!err)
      err = gc_gm_put_peers(call, is_wanted, &filter, &message);
  }
  err = gc_gm_answer_creds(call, err, &message);
  gc_wipe(room_bytes, sizeof room_bytes);
  return err;
}

enum gc_err gc_gm_join(struct gc_gm_call *call)
{
  struct join join = { .sends = false };
  const bool was_member = call->is_member;
  enum gc_err err = check(call, &join);
  if (!err && !call->is_refused)
    err = admit(call, &join);
  if (!err && !call->is_refused)
    err = answer(call, &join);
  if (err || call->is_refused)
    return err;
  call->response->code = was_member ? GC_CODE(2, 4) : GC_CODE(2, 1);
  call->response->has_location = true;
  call->response->group = call->config->name;
  gc_gm_node_name(call->response->node, call->member.node);
  return was_member ? gc_gm_bound_stale(call) : GC_OK;
}
