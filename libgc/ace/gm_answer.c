#include "ace/gm_internal.h"

#include <string.h>

#include "coap/message.h"
#include "crypto/secret.h"

enum { FORMAT_PROBLEM = 257, FORMAT_GROUPCOMM = 261 };

enum gc_err gc_gm_refuse(struct gc_gm_call *call, uint8_t code, int error_id, const char *detail)
{
  struct gc_gm_response *response = call->response;
  response->code = code;
  response->content_format = error_id == GC_GM_NO_ERROR_ID ? -1 : FORMAT_PROBLEM;
  response->payload.len = 0;
  call->is_refused = true;
  call->why = detail ? detail : gc_groupcomm_error_title(error_id);
  if (error_id == GC_GM_NO_ERROR_ID)
    return gc_buf_add(&response->payload, gc_bytes_str(detail));
  return gc_groupcomm_error_write(&response->payload, (enum gc_groupcomm_error)error_id, detail);
}

enum gc_err gc_gm_answer(struct gc_gm_call *call, const struct gc_groupcomm *message)
{
  call->response->content_format = FORMAT_GROUPCOMM;
  return gc_groupcomm_write(&call->response->payload, message);
}

enum gc_err gc_gm_answer_creds(struct gc_gm_call *call, enum gc_err err, const struct gc_groupcomm *message)
{
  if (!err)
    err = gc_gm_answer(call, message);
  if (err != GC_E_SPACE)
    return err;
  gc_wipe(call->response->payload.ptr, call->response->payload.len);
  return gc_gm_refuse(call, GC_CODE(5, 0), GC_GM_NO_ERROR_ID,
                      "the credentials are too large for one answer: join without get_creds, and fetch those that are needed by Sender ID");
}

enum gc_err gc_gm_put_keys(struct gc_gm_call *call, enum gc_material_use use, const struct gc_bytes *sender_id, struct gc_groupcomm *message,
                           struct gc_buf *room)
{
  const struct gc_oscore_params params = gc_gm_params(call->config, &call->group);
  const size_t start = room->len;
  struct gc_group_material key;
  struct gc_material_room parts;
  enum gc_err err = gc_material_of(&key, &params, use, sender_id, gc_gm_ecdh_curve(call->config), &parts);
  if (err)
    return err;
  struct gc_cbor_writer writer = gc_cbor_writer(room);
  gc_material_write(&writer, &key);
  err = gc_cbor_finish(&writer);
  if (err)
    return err;
  message->gkty = (struct gc_int_or_text){ .number = GC_GKTY_GROUP_OSCORE };
  message->key = gc_bytes(room->ptr + start, room->len - start);
  message->num = call->group.num;
  message->profile = GC_GROUPCOMM_PROFILE_OSCORE_APP;
  message->exp = (struct gc_numeric_date){ .number = call->group.expires_s };
  message->exi = call->group.expires_s > call->time.now_s ? (uint64_t)(call->group.expires_s - call->time.now_s) : 0;
  message->present |= GC_PARAM_BIT(GC_GROUPCOMM_GKTY) | GC_PARAM_BIT(GC_GROUPCOMM_KEY) | GC_PARAM_BIT(GC_GROUPCOMM_NUM) |
                      GC_PARAM_BIT(GC_GROUPCOMM_PROFILE) | GC_PARAM_BIT(GC_GROUPCOMM_EXP) | GC_PARAM_BIT(GC_GROUPCOMM_EXI);
  return GC_OK;
}

enum gc_err gc_gm_put_proof(struct gc_gm_call *call, struct gc_bytes n_c, const struct gc_public_key *peer, struct gc_groupcomm *message,
                            struct gc_buf *room)
{
  const enum gc_proof_kind kind = gc_gm_is_pairwise_only(call->config) ? GC_PROOF_MAC : GC_PROOF_SIGNATURE;
  uint8_t input_room[GC_PROOF_INPUT_MAX_LEN], nonce[GC_PROOF_NONCE_LEN];
  struct gc_buf input = gc_buf(input_room, sizeof input_room);
  const size_t start = room->len;
  call->gm->rng.fill(call->gm->rng.ctx, nonce, sizeof nonce);
  enum gc_err err = gc_buf_add(room, gc_bytes(nonce, sizeof nonce));
  if (!err)
    err = gc_proof_kdc_input(&input, n_c, gc_bytes(nonce, sizeof nonce));
  if (!err)
    err = gc_proof_make(room, kind, call->config->pair, peer, gc_buf_bytes(&input));
  if (err)
    return err;
  message->kdc_cred = call->config->cred;
  message->kdc_nonce = gc_bytes(room->ptr + start, sizeof nonce);
  message->kdc_cred_verify = gc_bytes(room->ptr + start + sizeof nonce, room->len - start - sizeof nonce);
  message->present |= GC_PARAM_BIT(GC_GROUPCOMM_KDC_CRED) | GC_PARAM_BIT(GC_GROUPCOMM_KDC_NONCE) | GC_PARAM_BIT(GC_GROUPCOMM_KDC_CRED_VERIFY);
  return GC_OK;
}

static enum gc_err keep(struct gc_gm *gm, struct gc_bytes bytes, struct gc_bytes *out)
{
  if (sizeof gm->arena - gm->arena_len < bytes.len)
    return GC_E_SPACE;
  memcpy(gm->arena + gm->arena_len, bytes.ptr, bytes.len);
  *out = gc_bytes(gm->arena + gm->arena_len, bytes.len);
  gm->arena_len += bytes.len;
  return GC_OK;
}

static enum gc_err add_peer(struct gc_gm *gm, const struct gc_gm_member *member)
{
  struct gc_peer peer = { .roles = member->roles };
  enum gc_err err = gm->peer_count == GC_GM_PEERS_MAX ? GC_E_SPACE : keep(gm, gc_bytes(member->cred, member->cred_len), &peer.cred);
  if (!err)
    err = keep(gm, gc_gm_sender_id(member), &peer.id);
  if (!err)
    gm->peers[gm->peer_count++] = peer;
  return err;
}

enum gc_err gc_gm_put_peers(struct gc_gm_call *call, bool (*chosen)(const struct gc_gm_call *, const struct gc_gm_member *, const void *),
                            const void *arg, struct gc_groupcomm *message)
{
  struct gc_gm *gm = call->gm;
  struct gc_gm_member member = { .node = 0 };
  struct gc_gm_find find = { .by = GC_GM_BY_NODE_AFTER };
  struct gc_buf encoded = gc_buf(gm->encoded, sizeof gm->encoded);
  enum gc_err err;
  gm->peer_count = gm->arena_len = 0;
  for (; !(err = GM_STORE(gm, member_get, call->config->name, &find, &member)); find.number = member.node)
    if (member.has_sender_id && chosen(call, &member, arg) && (err = add_peer(gm, &member)) != GC_OK)
      return err;
  return err == GC_E_NOT_FOUND ? gc_peers_set(message, &encoded, gm->peers, gm->peer_count) : err;
}

/* --- stale Sender IDs ------------------------------------------------------------------------------------------------------ */

struct items {
  struct gc_buf encoded;
  size_t count;
};

static enum gc_err add_item(void *ctx, struct gc_bytes sender_id)
{
  struct items *items = ctx;
  struct gc_cbor_writer writer = gc_cbor_writer(&items->encoded);
  gc_cbor_bytes(&writer, sender_id);
  items->count++;
  return gc_cbor_finish(&writer);
}

enum gc_err gc_gm_write_stale(struct gc_gm_call *call, uint64_t first, uint64_t last, struct gc_buf *out)
{
  struct gc_gm *gm = call->gm;
  struct items items = { .encoded = gc_buf(gm->arena, sizeof gm->arena) };
  enum gc_err err = GM_STORE(gm, stale_each, call->config->name, first, last, add_item, &items);
  if (err)
    return err;
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_cbor_array(&writer, items.count);
  gc_cbor_raw(&writer, gc_buf_bytes(&items.encoded));
  return gc_cbor_finish(&writer);
}
