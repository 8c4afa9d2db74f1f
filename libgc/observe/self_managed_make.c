#include "observe/self_managed_make.h"

#include <string.h>

#include "cbor/writer.h"
#include "cose/credential.h"
#include "crypto/secret.h"
#include "observe/material.h"

enum { COSE_KEY_KTY = 1, COSE_KEY_KID = 2, CS_KEY_ENC_COSE_KEY = 1, CRED_MAX_LEN = 512, MATERIAL_MAX_LEN = 320 };

struct gc_self_managed {
  enum gc_omn_format format;
  struct gc_oscore_context *context;
  struct gc_key_pair pair;
  uint8_t sender_id[GC_ID_MAX_LEN], sender_id_len;
  size_t cred_len, told_len, material_len;
  uint8_t cred[CRED_MAX_LEN];         /* as the AAD covers it */
  uint8_t told[CRED_MAX_LEN];         /* as srv_cred gives it */
  uint8_t material[MATERIAL_MAX_LEN]; /* encoded */
};

/* {1: 1, 2: kid, -1: 6, -2: x} (-05, Appendix C: the kid is the server's Sender ID) */
static enum gc_err write_cose_key(struct gc_self_managed *group)
{
  struct gc_buf out = gc_buf(group->told, sizeof group->told);
  struct gc_cbor_writer writer = gc_cbor_writer(&out);
  gc_cbor_map(&writer, 4);
  gc_cbor_uint(&writer, COSE_KEY_KTY);
  gc_cbor_uint(&writer, GC_KTY_OKP);
  gc_cbor_uint(&writer, COSE_KEY_KID);
  gc_cbor_bytes(&writer, gc_bytes(group->sender_id, group->sender_id_len));
  gc_cbor_int(&writer, -1);
  gc_cbor_uint(&writer, GC_CURVE_ED25519);
  gc_cbor_int(&writer, -2);
  gc_cbor_bytes(&writer, gc_bytes(group->pair.public_key.bytes, group->pair.public_key.len));
  const enum gc_err err = gc_cbor_finish(&writer);
  group->told_len = out.len;
  return err;
}

static enum gc_err set_cred(struct gc_self_managed *group, const struct gc_self_managed_params *params)
{
  struct gc_buf cred = gc_buf(group->cred, sizeof group->cred);
  enum gc_err err;
  if (params->format == GC_OMN_05) {
    err = gc_buf_add(&cred, gc_bytes(group->pair.public_key.bytes, group->pair.public_key.len));
    group->cred_len = cred.len;
    return err ? err : write_cose_key(group);
  }
  if (params->cred.len)
    err = gc_buf_add(&cred, params->cred);
  else
    err = gc_credential_write_ccs(&cred, &group->pair.public_key, gc_bytes(NULL, 0));
  group->cred_len = group->told_len = cred.len;
  memcpy(group->told, group->cred, cred.len);
  return err == GC_E_SPACE ? GC_E_RANGE : err;
}

static enum gc_err write_material(struct gc_self_managed *group, const struct gc_self_managed_params *params)
{
  static const uint8_t sign_params[] = { 0x82, 0x81, 0x01, 0x82, 0x01, 0x06 }; /* [[OKP], [OKP, Ed25519]] */
  struct gc_group_material material = {
    .format = params->format,
    .present = GC_GM_MS | GC_GM_CONTEXT_ID | GC_GM_CRED_FMT | GC_GM_GP_ENC_ALG | GC_GM_SIGN_ALG | GC_GM_SIGN_PARAMS |
               GC_GM_CS_KEY_PARAMS | GC_GM_CS_KEY_ENC | (params->master_salt.len ? GC_GM_SALT : 0),
    .ms = params->master_secret,
    .salt = params->master_salt,
    .context_id = params->gid,
    .cred_fmt = GC_CRED_CCS,
    .gp_enc_alg.number = GC_ALG_CCM_16_64_128,
    .sign_alg.number = GC_ALG_EDDSA,
    .sign_params = gc_bytes(sign_params, sizeof sign_params),
    .cs_key_params = gc_bytes(sign_params + 3, 3),
    .cs_key_enc = CS_KEY_ENC_COSE_KEY,
  };
  struct gc_buf out = gc_buf(group->material, sizeof group->material);
  const enum gc_err err = gc_group_material_write(&out, &material);
  group->material_len = out.len;
  return err == GC_E_SPACE ? GC_E_RANGE : err;
}

static enum gc_err set_context(struct gc_self_managed *group, const struct gc_self_managed_params *params, const char **why)
{
  const bool is_05 = params->format == GC_OMN_05;
  const struct gc_bytes cred = gc_bytes(group->cred, group->cred_len);
  struct gc_oscore_params p = gc_oscore_params_default(is_05 ? GC_OSCORE_GROUP_02 : GC_OSCORE_GROUP);
  p.master_secret = params->master_secret;
  p.master_salt = params->master_salt;
  p.has_id_context = true;
  p.id_context = params->gid;
  p.sign_alg = GC_ALG_EDDSA;
  p.ecdh_alg = 0;
  p.aead_alg = is_05 ? GC_ALG_CCM_16_64_128 : 0;
  p.max_recipients = 1;
  if (!is_05) {
    p.group_enc_alg = GC_ALG_CCM_16_64_128;
    p.cred_fmt = GC_CRED_CCS;
    p.gm_cred = cred;
  }
  enum gc_err err = gc_oscore_context_new(&group->context, &p, why);
  if (!err)
    err = gc_oscore_context_set_sender(group->context, params->sender_id, cred, params->private_key, (struct gc_oscore_numbers){ 0 }, why);
  return err;
}

enum gc_err gc_self_managed_make(struct gc_self_managed **out, const struct gc_self_managed_params *params, const char **why)
{
  struct gc_self_managed *group;
  const char *ignored;
  enum gc_err err = GC_E_RANGE;
  if (!why)
    why = &ignored;
  *why = "a length is out of range";
  if (params->sender_id.len == 0 || params->sender_id.len > GC_ID_MAX_LEN || params->gid.len == 0)
    return GC_E_RANGE;
  group = gc_secret_new(sizeof *group);
  if (!group) {
    *why = "no memory";
    return GC_E_MEMORY;
  }
  group->format = params->format;
  group->sender_id_len = (uint8_t)params->sender_id.len;
  memcpy(group->sender_id, params->sender_id.ptr, params->sender_id.len);
  err = gc_key_pair_set(&group->pair, GC_CURVE_ED25519, params->private_key);
  if (!err)
    err = set_cred(group, params);
  if (!err)
    err = write_material(group, params);
  if (!err)
    err = set_context(group, params, why);
  if (err)
    gc_self_managed_free(&group);
  else
    *out = group;
  return err;
}

void gc_self_managed_free(struct gc_self_managed **pointer)
{
  if (!*pointer)
    return;
  gc_oscore_context_free(&(*pointer)->context);
  gc_secret_free(pointer);
}

struct gc_oscore_context *gc_self_managed_context(const struct gc_self_managed *group)
{
  return group->context;
}

void gc_self_managed_tell(const struct gc_self_managed *group, struct gc_informative *response)
{
  response->present |= GC_IR_GP_MATERIAL | GC_IR_SRV_CRED;
  response->gp_material = gc_bytes(group->material, group->material_len);
  response->srv_cred = gc_bytes(group->told, group->told_len);
  if (group->format == GC_OMN_05)
    return; /* the kid says it */
  response->present |= GC_IR_SRV_IDENTIFIER;
  response->srv_identifier = gc_bytes(group->sender_id, group->sender_id_len);
}
