/* What protects a group observation (draft-ietf-core-observe-multicast-notifications, Section 9 and Appendix C). */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "group/server_group.h"

enum { OWN_SECRET_LEN = 16, OWN_SALT_LEN = 8, OWN_GID_LEN = 8, CS_KENC_COSE_KEY = 1 };

/* --- a group of the member's own ----------------------------------------------------------------------------------- */

static bool is_of_own_group(const struct gc_group_source *source)
{
  return source->resource->policy->params.protection == GC_GROUP_SELF_MANAGED;
}

static bool is_in_use(const struct gc_member *member)
{
  for (const struct gc_group_source *source = member->sources; source; source = source->next)
    if (is_of_own_group(source))
      return true;
  return false;
}

/* New Master Secret, Master Salt and Gid: the Gid counts on, so that this process never uses one twice (SM-12). */
static enum gc_err renew(struct gc_member *member, const struct gc_group_policy *policy, uint64_t now_ms)
{
  static const uint8_t sender_id[] = { 0 };
  struct gc_server *server = member->server;
  struct gc_own_group *own = member->own_group;
  uint8_t secret[OWN_SECRET_LEN + OWN_SALT_LEN], gid[OWN_GID_LEN];
  server->rng.fill(server->rng.ctx, secret, sizeof secret);
  server->rng.fill(server->rng.ctx, gid, sizeof gid);
  const uint32_t number = server->own_groups++;
  for (size_t i = 0; i < sizeof number; i++)
    gid[OWN_GID_LEN - 1 - i] = (uint8_t)(number >> 8 * i);
  const struct gc_self_managed_params params = {
    .format = policy->params.format,
    .sender_id = gc_bytes(sender_id, sizeof sender_id),
    .private_key = gc_bytes(own->private_key, sizeof own->private_key),
    .master_secret = gc_bytes(secret, OWN_SECRET_LEN),
    .master_salt = gc_bytes(secret + OWN_SECRET_LEN, OWN_SALT_LEN),
    .gid = gc_bytes(gid, sizeof gid),
  };
  gc_self_managed_free(&own->group);
  const enum gc_err err = gc_self_managed_make(&own->group, &params, NULL);
  own->expires_ms = now_ms + policy->params.material_lifetime_s * 1000;
  own->format = policy->params.format;
  gc_wipe(secret, sizeof secret);
  return err;
}

static bool own_context(struct gc_member *member, const struct gc_group_policy *policy, uint64_t now_ms, struct gc_oscore_context **context)
{
  struct gc_own_group *own = member->own_group;
  if (!own) {
    own = member->own_group = gc_secret_new(sizeof *own);
    if (!own)
      return false;
    member->server->rng.fill(member->server->rng.ctx, own->private_key, sizeof own->private_key);
  }
  if (!is_in_use(member) && renew(member, policy, now_ms))
    return false;
  *context = own->group ? gc_self_managed_context(own->group) : NULL;
  /* expired: its observations end at this very moment */
  return *context && now_ms < own->expires_ms && own->format == policy->params.format;
}

void gc_own_group_free(struct gc_own_group **own)
{
  if (*own)
    gc_self_managed_free(&(*own)->group);
  gc_secret_free(own);
}

/* --- contexts ------------------------------------------------------------------------------------------------------ */

static bool can_notify(const struct gc_oscore_context *context)
{
  return gc_oscore_context_has_sender(context) && gc_oscore_context_has_mode(context, GC_MODE_GROUP);
}

bool gc_group_find_context(const struct gc_server_exchange *registration, struct gc_oscore_context **context)
{
  struct gc_member *member = registration->member;
  const struct gc_group_policy *policy = registration->resource->policy;
  const uint64_t now_ms = registration->now_ms;
  *context = NULL;
  if (policy->params.protection == GC_GROUP_PLAIN)
    return true;
  if (policy->params.protection == GC_GROUP_SELF_MANAGED)
    return own_context(member, policy, now_ms, context);
  if (registration->binding && can_notify(registration->binding->context)) { /* whatever other groups the member is in */
    *context = gc_member_newest_context(member, registration->binding->context);
    return can_notify(*context);
  }
  for (size_t i = member->ring ? gc_oscore_ring_count(member->ring) : 0; i-- > 0 && !*context;) {
    struct gc_oscore_context *found = gc_oscore_ring_at(member->ring, i);
    *context = can_notify(found) ? found : NULL;
  }
  return *context != NULL;
}

bool gc_group_has_keys(const struct gc_group_source *source, const struct gc_server_exchange *exchange)
{
  const struct gc_oscore_context *context = exchange->binding ? exchange->binding->context : NULL;
  return !source->context || is_of_own_group(source) || !context || context == source->context || !can_notify(context);
}

bool gc_group_protect_phantom(struct gc_group_source *source)
{
  const struct gc_group_policy *policy = source->resource->policy;
  const struct gc_bytes plain = gc_bytes(policy->phantom, policy->phantom_len);
  struct gc_buf out = gc_buf(source->ph_req, sizeof source->ph_req);
  bool is_done = source->context ? !gc_oscore_protect_request(source->context, plain, &(struct gc_oscore_send){ 0 }, &out, &source->binding)
                                 : !gc_buf_add(&out, plain);
  source->ph_req_len = out.len;
  return is_done;
}

enum gc_sec gc_group_seal(const struct gc_group_source *source, struct gc_oscore_binding *binding, struct gc_bytes *body)
{
  struct gc_server *server = source->member->server;
  struct gc_oscore_context *context = is_of_own_group(source) ? source->context : gc_member_newest_context(source->member, source->context);
  /* the nonce of the server's own phantom request is used up: the Partial IV is never left out (MG-09b) */
  const struct gc_oscore_send how = { .is_group = true, .with_piv = true, .with_kid = true };
  struct gc_buf out = gc_buf(server->sealed, sizeof server->sealed);
  const enum gc_sec result = gc_oscore_protect_response(context, *body, &how, binding, &out);
  if (!result)
    *body = gc_buf_bytes(&out);
  return result;
}

/* --- what clients are told ----------------------------------------------------------------------------------------- */

/* [[algorithm capabilities], [key type capabilities]]: of a signature algorithm the key type, and that with its curve. */
static struct gc_bytes write_sign_params(uint8_t out[static 16], const struct gc_curve *curve)
{
  struct gc_buf buf = gc_buf(out, 16);
  struct gc_cbor_writer writer = gc_cbor_writer(&buf);
  gc_cbor_array(&writer, 2);
  gc_cbor_array(&writer, 1);
  gc_cbor_uint(&writer, curve->kty);
  gc_cbor_array(&writer, 2);
  gc_cbor_uint(&writer, curve->kty);
  gc_cbor_uint(&writer, curve->id);
  return gc_cbor_finish(&writer) ? gc_bytes(NULL, 0) : gc_buf_bytes(&buf);
}

static void tell_algorithms(const struct gc_group_source *source, struct gc_informative *response, uint8_t sign_params[static 16])
{
  const struct gc_oscore_algorithms a = gc_oscore_context_algorithms(gc_member_newest_context(source->member, source->context));
  const struct gc_curve *curve = gc_curve_by_id(a.sign_curve);
  response->present |= GC_IR_HKDF | GC_IR_SIGN_ALG | GC_IR_CS_KENC;
  response->hkdf.number = a.hkdf;
  response->sign_alg.number = a.sign;
  response->cs_kenc = CS_KENC_COSE_KEY;
  if (a.group_enc) {
    response->present |= GC_IR_GP_ENC_ALG;
    response->gp_enc_alg.number = a.group_enc;
  }
  if (a.aead || a.group_enc) {
    response->present |= GC_IR_ALG;
    response->alg.number = a.aead ? a.aead : a.group_enc;
  }
  if (a.cred_fmt != GC_CRED_ANY) {
    response->present |= GC_IR_CRED_FMT;
    response->cred_fmt = a.cred_fmt;
  }
  if (curve) {
    response->present |= GC_IR_SIGN_PARAMS | GC_IR_CS_CRV | GC_IR_CS_KTY;
    response->sign_params = write_sign_params(sign_params, curve);
    response->cs_crv.number = curve->id;
    response->cs_kty.number = curve->kty;
  }
}

void gc_group_tell_keys(const struct gc_group_source *source, uint64_t now_ms, struct gc_informative *response, uint8_t sign_params[static 16])
{
  const struct gc_group_observe_params *params = &source->resource->policy->params;
  if (is_of_own_group(source)) {
    const struct gc_own_group *own = source->member->own_group;
    gc_self_managed_tell(own->group, response);
    response->present |= GC_IR_EXI | (params->has_utc ? GC_IR_EXP : 0);
    response->exi = (own->expires_ms - now_ms) / 1000;
    response->exp.number = (params->utc_ms + (int64_t)own->expires_ms) / 1000;
  } else if (params->protection == GC_GROUP_OSCORE && params->join_uri) {
    response->present |= GC_IR_JOIN_URI | GC_IR_SEC_GP | (params->as_uri ? GC_IR_AS_URI : 0);
    response->join_uri = gc_bytes_str(params->join_uri);
    response->sec_gp = gc_bytes_str(params->sec_gp);
    if (params->as_uri)
      response->as_uri = gc_bytes_str(params->as_uri);
    if (params->tells_algorithms)
      tell_algorithms(source, response, sign_params);
  }
}
