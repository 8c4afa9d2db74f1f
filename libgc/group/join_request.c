/* The Join Request, another credential, and the proofs both ways (RFC 9594, Sections 4.3.1 and 4.9.1; draft-ietf-ace-key-groupcomm-
 * oscore, Sections 6.1 to 6.4 and 9.4). */
#include <string.h>

#include "group/join_internal.h"
#include "iana/names.h"

/* Signatures where the group has them; a MAC needs the Group Manager's key. */
static enum gc_proof_kind proof_kind(const struct gc_join *join, const struct gc_key_pair *pair)
{
  return join->has_dh_peer || gc_signature_len(pair->public_key.curve) == 0 ? GC_PROOF_MAC : GC_PROOF_SIGNATURE;
}

static enum gc_err prove(const struct gc_join *join, const struct gc_key_pair *pair, struct gc_bytes scope, struct gc_buf *evidence)
{
  uint8_t room[GC_PROOF_INPUT_MAX_LEN];
  struct gc_buf input = gc_buf(room, sizeof room);
  const enum gc_proof_kind kind = proof_kind(join, pair);
  if (kind == GC_PROOF_MAC && !join->has_dh_peer)
    return GC_E_UNSUPPORTED;
  enum gc_err err = gc_proof_client_input(&input, scope, gc_join_nonce_bytes(&join->n_s), gc_join_nonce_bytes(&join->n_c));
  return err ? err : gc_proof_make(evidence, kind, pair, kind == GC_PROOF_MAC ? &join->dh_peer : NULL, gc_buf_bytes(&input));
}

static enum gc_err put_scope(const struct gc_join *join, struct gc_buf *scope)
{
  return gc_scope_entry_write(scope, &(struct gc_scope_entry){ GC_SCOPE_USER, join->params.gname, join->params.roles });
}

static void send_message(struct gc_join *join, const struct gc_groupcomm *message, const char *path, const char *subpath, uint64_t now_ms)
{
  uint8_t room[2 * GC_CREDENTIAL_MAX_LEN];
  struct gc_buf payload = gc_buf(room, sizeof room);
  if (gc_groupcomm_write(&payload, message)) {
    gc_join_end(join, GC_JOIN_FAILED, "the request would be too long");
    return;
  }
  gc_join_send(join, &join->current,
               &(struct gc_join_message){ .server = &join->params.gm, .path = path, .subpath = subpath, .code = GC_CODE_POST,
                                          .content_format = GC_FORMAT_ACE_GROUPCOMM, .payload = gc_buf_bytes(&payload),
                                          .context = join->context, .ring = join->ring },
               now_ms);
}

/* Without a challenge there is nothing to prove with. A Join Request without a payload brings one, to members too (Section 6.2);
 * for another credential there is no such request. */
static bool lacks_challenge(struct gc_join *join, uint64_t now_ms)
{
  if (join->n_s.len)
    return false;
  gc_join_send(join, &join->current,
               &(struct gc_join_message){ .server = &join->params.gm, .code = GC_CODE_POST, .content_format = -1, .context = join->context,
                                          .ring = join->ring },
               now_ms);
  return true;
}

static enum gc_err add_credential(const struct gc_join *join, struct gc_groupcomm *message, const struct gc_key_pair *pair, struct gc_bytes cred,
                                  struct gc_bytes scope, struct gc_buf *evidence)
{
  enum gc_err err = prove(join, pair, scope, evidence);
  message->present |= GC_PARAM_BIT(GC_GROUPCOMM_CLIENT_CRED) | GC_PARAM_BIT(GC_GROUPCOMM_CLIENT_CRED_VERIFY);
  message->client_cred = cred;
  message->client_cred_verify = gc_buf_bytes(evidence);
  return err;
}

static void cannot_prove(struct gc_join *join, enum gc_err err)
{
  gc_join_end(join, err == GC_E_UNSUPPORTED ? GC_JOIN_KEY_UNSUITABLE : GC_JOIN_FAILED,
              err == GC_E_UNSUPPORTED ? "this key is for key agreement, and the group proves with signatures" : gc_err_str(err));
}

void gc_join_send_join(struct gc_join *join, uint64_t now_ms)
{
  uint8_t scope_room[256], evidence_room[GC_SIGNATURE_MAX_LEN];
  struct gc_buf scope = gc_buf(scope_room, sizeof scope_room), evidence = gc_buf(evidence_room, sizeof evidence_room);
  const bool has_cred = gc_roles_send(join->params.roles);
  if (has_cred && lacks_challenge(join, now_ms))
    return;
  enum gc_err err = put_scope(join, &scope);
  gc_join_nonce_fresh(join, &join->n_c, GC_PROOF_NONCE_LEN);
  struct gc_groupcomm message = { .present = GC_PARAM_BIT(GC_GROUPCOMM_SCOPE) | GC_PARAM_BIT(GC_GROUPCOMM_CNONCE),
                                  .scope = gc_buf_bytes(&scope), .cnonce = gc_join_nonce_bytes(&join->n_c),
                                  .get_creds = gc_param_null(), .control_uri = join->params.control_uri };
  if (join->params.wants_creds)
    message.present |= GC_PARAM_BIT(GC_GROUPCOMM_GET_CREDS);
  if (join->params.control_uri.len)
    message.present |= GC_PARAM_BIT(GC_GROUPCOMM_CONTROL_URI);
  if (!err && has_cred)
    err = add_credential(join, &message, join->params.pair, join->params.cred, message.scope, &evidence);
  if (err) {
    cannot_prove(join, err);
    return;
  }
  gc_join_step(join, "joining");
  send_message(join, &message, NULL, NULL, now_ms);
}

void gc_join_send_cred(struct gc_join *join, uint64_t now_ms)
{
  uint8_t scope_room[256], evidence_room[GC_SIGNATURE_MAX_LEN], cnonce[GC_PROOF_NONCE_LEN];
  struct gc_buf scope = gc_buf(scope_room, sizeof scope_room), evidence = gc_buf(evidence_room, sizeof evidence_room);
  if (lacks_challenge(join, now_ms))
    return;
  enum gc_err err = put_scope(join, &scope);
  struct gc_join_nonce joined_with = join->n_c;
  gc_join_nonce_fresh(join, &join->n_c, GC_PROOF_NONCE_LEN);
  memcpy(cnonce, join->n_c.bytes, sizeof cnonce);
  struct gc_groupcomm message = { .present = GC_PARAM_BIT(GC_GROUPCOMM_CNONCE), .cnonce = gc_bytes(cnonce, sizeof cnonce) };
  if (!err)
    err = add_credential(join, &message, join->question.pair, join->question.cred, gc_buf_bytes(&scope), &evidence);
  join->n_c = joined_with; /* kdc-cred is proved with the Join Request's */
  if (err) {
    cannot_prove(join, err);
    return;
  }
  send_message(join, &message, join->node, "cred", now_ms);
}

/* --- the answer --------------------------------------------------------------------------------------------------------- */

static bool is_proved(const struct gc_join *join, const struct gc_groupcomm *message, bool has_signatures)
{
  uint8_t room[GC_PROOF_INPUT_MAX_LEN];
  struct gc_buf input = gc_buf(room, sizeof room);
  struct gc_credential cred;
  if (gc_credential_read(&cred, message->kdc_cred, GC_CRED_ANY, NULL) ||
      gc_proof_kdc_input(&input, gc_join_nonce_bytes(&join->n_c), message->kdc_nonce))
    return false;
  if (has_signatures)
    return gc_proof_verify(GC_PROOF_SIGNATURE, &cred.public_key, NULL, gc_buf_bytes(&input), message->kdc_cred_verify);
  return join->params.pair &&
         gc_proof_verify(GC_PROOF_MAC, &cred.public_key, join->params.pair, gc_buf_bytes(&input), message->kdc_cred_verify);
}

static enum gc_join_result bad(struct gc_join_answer *answer, const char *detail, enum gc_join_result result)
{
  gc_join_detail_add(answer->detail, gc_bytes_str(detail ? detail : ""));
  return result;
}

enum gc_join_result gc_join_read_join(struct gc_join *join, const struct gc_groupcomm *message, struct gc_join_answer *answer)
{
  const char *why = gc_join_response_fault(message);
  if (why)
    return bad(answer, why, GC_JOIN_MALFORMED);
  if (gc_membership_read(&answer->membership, message, &why))
    return bad(answer, why, GC_JOIN_MALFORMED);
  const struct gc_membership *membership = &answer->membership;
  if (!is_proved(join, message, gc_membership_has_group_mode(membership)))
    return bad(answer, "its answer is discarded", GC_JOIN_BAD_PROOF);
  if (gc_roles_send(join->params.roles) && !membership->has_sender_id)
    return bad(answer, "no Sender ID for a node that sends", GC_JOIN_MALFORMED);
  if (gc_groupcomm_has(message, GC_GROUPCOMM_CREDS) != join->params.wants_creds)
    return bad(answer, "credentials although none were asked for, or none although they were", GC_JOIN_MALFORMED);
  const char *location = join->current.record.location;
  if (location[0])
    strcpy(join->node, location);
  if (!join->node[0])
    return bad(answer, "no Location-Path to the node's own resource", GC_JOIN_MALFORMED);
  answer->has_membership = true;
  answer->node = join->node;
  return GC_JOIN_DONE;
}

enum gc_join_result gc_join_read_kdc_cred(struct gc_join *join, const struct gc_groupcomm *message, struct gc_join_answer *answer)
{
  const uint64_t needed = GC_PARAM_BIT(GC_GROUPCOMM_KDC_CRED) | GC_PARAM_BIT(GC_GROUPCOMM_KDC_NONCE) | GC_PARAM_BIT(GC_GROUPCOMM_KDC_CRED_VERIFY);
  if ((message->present & needed) != needed)
    return bad(answer, "no credential with its proof", GC_JOIN_MALFORMED);
  if (!is_proved(join, message, !join->has_dh_peer))
    return bad(answer, "its credential is discarded", GC_JOIN_BAD_PROOF);
  return GC_JOIN_DONE;
}
