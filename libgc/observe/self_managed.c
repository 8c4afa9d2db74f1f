#include "observe/self_managed.h"

#include "cose/key.h"
#include "observe/material.h"

enum { COSE_KEY_KID = 2, CS_KEY_ENC_COSE_KEY = 1 };

static enum gc_err because(const char **why, const char *phrase, enum gc_err err)
{
  if (why)
    *why = phrase;
  return err;
}

/* The COSE number; INT32_MIN: no algorithm that is known here. */
static int32_t algorithm(const struct gc_int_or_text *value)
{
  const struct gc_alg *row = value->is_text ? gc_alg_by_name(value->text)
                           : value->number >= INT32_MIN && value->number <= INT32_MAX ? gc_alg_by_id((int32_t)value->number) : NULL;
  return row ? row->id : INT32_MIN;
}

/* What stays the same when new keys follow: the end of the server's credential, where its public key is. */
static struct gc_bytes group_name(struct gc_bytes server_cred)
{
  return server_cred.len <= GC_GROUP_NAME_MAX_LEN ? server_cred : gc_bytes_slice(server_cred, server_cred.len - GC_GROUP_NAME_MAX_LEN, SIZE_MAX);
}

static struct gc_oscore_params params_of(const struct gc_informative *response, const struct gc_group_material *material,
                                         enum gc_oscore_profile profile)
{
  struct gc_oscore_params params = gc_oscore_params_default(profile);
  params.name = group_name(response->srv_cred);
  params.master_secret = material->ms;
  params.master_salt = material->present & GC_GM_SALT ? material->salt : gc_bytes(NULL, 0);
  params.has_id_context = true;
  params.id_context = material->context_id;
  if (material->present & GC_GM_HKDF)
    params.hkdf_alg = algorithm(&material->hkdf);
  params.sign_alg = algorithm(&material->sign_alg);
  params.aead_alg = params.ecdh_alg = 0;
  params.max_recipients = 1;
  return params;
}

static enum gc_err make(struct gc_oscore_context **out, const struct gc_oscore_params *params, struct gc_bytes server_id,
                        struct gc_bytes server_cred, const char **why)
{
  enum gc_err err = gc_oscore_context_new(out, params, why);
  if (!err && (err = gc_oscore_context_add_recipient(*out, server_id, server_cred, NULL, why)) != GC_OK)
    gc_oscore_context_free(out);
  return err;
}

static enum gc_err open_current(struct gc_oscore_context **out, const struct gc_informative *response, const struct gc_group_material *material,
                                const char **why)
{
  struct gc_oscore_params params = params_of(response, material, GC_OSCORE_GROUP);
  params.group_enc_alg = algorithm(&material->gp_enc_alg);
  params.gm_cred = response->srv_cred;
  if (material->cred_fmt <= 0 || material->cred_fmt > UINT8_MAX || !gc_cred_fmt_name((enum gc_cred_fmt)material->cred_fmt))
    return because(why, "the credential format of the keying material is not known", GC_E_UNSUPPORTED);
  params.cred_fmt = (enum gc_cred_fmt)material->cred_fmt;
  return make(out, &params, response->srv_identifier, response->srv_cred, why);
}

/* The kid of a COSE_Key, which is the server's Sender ID in -05. */
static bool find_kid(struct gc_bytes cose_key, struct gc_bytes *kid)
{
  struct gc_cbor_reader reader = gc_cbor_reader(cose_key);
  struct gc_cbor_list map;
  struct gc_cbor_item label;
  enum gc_err err = gc_cbor_read_map(&reader, &map);
  while (!err && gc_cbor_list_next(&reader, &map)) {
    err = gc_cbor_peek(&reader, &label);
    if (!err)
      err = gc_cbor_skip(&reader);
    if (!err && label.type == GC_CBOR_UINT && label.number == COSE_KEY_KID)
      return gc_cbor_read_bytes(&reader, kid) == GC_OK;
    if (!err)
      err = gc_cbor_skip(&reader);
  }
  return false;
}

static enum gc_err open_05(struct gc_oscore_context **out, const struct gc_informative *response, const struct gc_group_material *material,
                           const char **why)
{
  struct gc_oscore_params params = params_of(response, material, GC_OSCORE_GROUP_02);
  struct gc_cbor_reader reader = gc_cbor_reader(response->srv_cred);
  struct gc_public_key key;
  struct gc_bytes kid = response->present & GC_IR_SRV_IDENTIFIER ? response->srv_identifier : gc_bytes(NULL, 0);
  params.aead_alg = material->present & GC_GM_ALG ? algorithm(&material->alg) : GC_ALG_CCM_16_64_128;
  if (material->cs_key_enc != CS_KEY_ENC_COSE_KEY)
    return because(why, "the encoding of the server's public key is not COSE_Key", GC_E_UNSUPPORTED);
  enum gc_err err = gc_cose_key_read(&reader, &key);
  if (err)
    return because(why, reader.where.phrase ? reader.where.phrase : "the server's public key cannot be read", err);
  if (!(response->present & GC_IR_SRV_IDENTIFIER) && !find_kid(response->srv_cred, &kid))
    return because(why, "the server's public key has no kid", GC_E_MALFORMED);
  return make(out, &params, kid, gc_bytes(key.bytes, key.len), why);
}

enum gc_err gc_self_managed_open(struct gc_oscore_context **out, const struct gc_informative *response, const char **why)
{
  struct gc_group_material material;
  struct gc_where where = { 0, NULL };
  if (!(response->present & GC_IR_GP_MATERIAL))
    return because(why, "no keying material", GC_E_STATE);
  const uint32_t needed = response->format == GC_OMN_05 ? GC_IR_SRV_CRED : GC_IR_SRV_CRED | GC_IR_SRV_IDENTIFIER;
  if ((response->present & needed) != needed)
    return because(why, "keying material without the server's credential or Sender ID", GC_E_STATE);
  enum gc_err err = gc_group_material_parse(&material, response->gp_material, response->format, &where);
  if (err)
    return because(why, where.phrase ? where.phrase : gc_err_str(err), err);
  return response->format == GC_OMN_05 ? open_05(out, response, &material, why) : open_current(out, response, &material, why);
}

double gc_self_managed_expires_in(const struct gc_informative *response, double utc_s)
{
  double left = response->present & GC_IR_EXI ? (double)response->exi : 0;
  if ((response->present & GC_IR_EXP) && utc_s >= 0)
    left = gc_numeric_date_seconds(&response->exp) - utc_s;
  else if (!(response->present & GC_IR_EXI)) /* only a time of day, and no clock that knows it */
    left = 0;
  return left > 0 ? left : 0;
}
