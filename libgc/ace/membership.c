#include "ace/membership.h"

static enum gc_err bad(const char **why, const char *phrase, enum gc_err err)
{
  if (why)
    *why = phrase;
  return err;
}

/* --- the member's direction ---------------------------------------------------------------------------------------------- */

static enum gc_err read_algorithms(struct gc_oscore_params *params, const struct gc_group_material *key)
{
  enum gc_err err = gc_material_alg(key, GC_GM_HKDF, &key->hkdf, &params->hkdf_alg);
  if (!err)
    err = gc_material_alg(key, GC_GM_ALG, &key->alg, &params->aead_alg);
  if (!err)
    err = gc_material_alg(key, GC_GM_GP_ENC_ALG, &key->gp_enc_alg, &params->group_enc_alg);
  if (!err)
    err = gc_material_alg(key, GC_GM_SIGN_ALG, &key->sign_alg, &params->sign_alg);
  return err ? err : gc_material_alg(key, GC_GM_ECDH_ALG, &key->ecdh_alg, &params->ecdh_alg);
}

static enum gc_err read_curves(struct gc_oscore_params *params, const struct gc_group_material *key, const char **why)
{
  uint8_t curve = 0;
  enum gc_err err = key->present & GC_GM_SIGN_PARAMS ? gc_capabilities_parse(&curve, key->sign_params, NULL) : GC_OK;
  if (err)
    return bad(why, "parameters of the signature algorithm that are not known", err);
  if (curve && gc_curve_by_id(curve)->sign_alg != params->sign_alg)
    return bad(why, "sign_alg and sign_params do not belong together", GC_E_MALFORMED);
  params->sign_curve = curve;
  if ((key->present & GC_GM_ECDH_PARAMS) && gc_capabilities_parse(&curve, key->ecdh_params, NULL))
    return bad(why, "parameters of the key agreement algorithm that are not known", GC_E_UNSUPPORTED);
  return GC_OK;
}

static void read_times(struct gc_membership *out, const struct gc_groupcomm *message)
{
  out->num = message->num;
  out->has_exp = gc_groupcomm_has(message, GC_GROUPCOMM_EXP);
  out->exp_s = out->has_exp ? gc_numeric_date_seconds(&message->exp) : 0;
  out->has_exi = gc_groupcomm_has(message, GC_GROUPCOMM_EXI);
  out->exi_s = out->has_exi ? message->exi : 0;
}

/* the secrets and the Gid; a Master Salt that is not given is empty (Section 6.4), after a rekeying too */
static void read_secrets(struct gc_oscore_params *params, const struct gc_group_material *key)
{
  params->master_secret = key->ms;
  params->master_salt = key->present & GC_GM_SALT ? key->salt : gc_bytes(NULL, 0);
  params->has_id_context = true;
  params->id_context = key->context_id;
}

static bool is_known_format(int64_t cred_fmt)
{
  return cred_fmt == GC_CRED_CWT || cred_fmt == GC_CRED_CCS || cred_fmt == GC_CRED_X509;
}

static enum gc_err read_key(struct gc_membership *out, const struct gc_group_material *key, const char **why)
{
  out->params.hkdf_alg = GC_ALG_HMAC_256;
  out->params.aead_alg = out->params.group_enc_alg = out->params.sign_alg = out->params.ecdh_alg = 0;
  if (!is_known_format(key->cred_fmt))
    return bad(why, "a format of credentials that is not supported", GC_E_UNSUPPORTED);
  enum gc_err err = read_algorithms(&out->params, key);
  if (err)
    return bad(why, "an algorithm that is not supported", err);
  err = read_curves(&out->params, key, why);
  if (err)
    return err;
  read_secrets(&out->params, key); /* none for a signature verifier */
  out->params.cred_fmt = (enum gc_cred_fmt)key->cred_fmt;
  out->has_sender_id = key->present & GC_GM_GROUP_SENDER_ID;
  out->sender_id = out->has_sender_id ? key->group_sender_id : gc_bytes(NULL, 0);
  out->det_sender_id = key->present & GC_GM_DET_SENDER_ID ? key->det_sender_id : gc_bytes(NULL, 0);
  out->det_hash_alg = key->det_hash_alg;
  return GC_OK;
}

enum gc_err gc_membership_read(struct gc_membership *out, const struct gc_groupcomm *response, const char **why)
{
  struct gc_membership membership = { .params = gc_oscore_params_default(GC_OSCORE_GROUP), .policies = gc_group_policies_default() };
  struct gc_group_material key;
  const char *fault = gc_key_distribution_fault(response);
  if (fault)
    return bad(why, fault, GC_E_MALFORMED);
  enum gc_err err = gc_material_parse(&key, response->key, GC_MATERIAL_CURRENT, NULL);
  if (!err)
    err = read_key(&membership, &key, why);
  if (!err && gc_groupcomm_has(response, GC_GROUPCOMM_GROUP_POLICIES))
    err = gc_group_policies_parse(&membership.policies, response->group_policies, NULL);
  if (err)
    return err;
  if (gc_groupcomm_has(response, GC_GROUPCOMM_KDC_CRED))
    membership.params.gm_cred = response->kdc_cred;
  read_times(&membership, response);
  *out = membership;
  return GC_OK;
}

enum gc_err gc_membership_read_verifier(struct gc_membership *out, const struct gc_groupcomm *response, const char **why)
{
  struct gc_membership membership = { .params = gc_oscore_params_default(GC_OSCORE_GROUP), .policies = gc_group_policies_default() };
  struct gc_group_material key;
  const char *fault = gc_verif_data_fault(response);
  if (fault)
    return bad(why, fault, GC_E_MALFORMED);
  enum gc_err err = gc_material_parse(&key, response->key, GC_MATERIAL_CURRENT, NULL);
  if (!err)
    err = read_key(&membership, &key, why);
  if (err)
    return err;
  membership.params.signature_encryption_key = response->sign_enc_key;
  read_times(&membership, response);
  *out = membership;
  return GC_OK;
}

enum gc_rekeying_step gc_rekeying_judge(uint64_t own_num, uint64_t new_num)
{
  if (new_num <= own_num)
    return GC_REKEYING_IGNORE;
  return new_num - own_num == 1 ? GC_REKEYING_INSTALL : GC_REKEYING_MISSED;
}

enum gc_err gc_membership_rekey(struct gc_membership *membership, const struct gc_groupcomm *message, const char **why)
{
  struct gc_group_material key;
  const char *fault = gc_rekeying_fault(message);
  if (fault)
    return bad(why, fault, GC_E_MALFORMED);
  enum gc_err err = gc_material_parse(&key, message->key, GC_MATERIAL_CURRENT, NULL);
  if (err)
    return err;
  read_secrets(&membership->params, &key);
  read_times(membership, message);
  return GC_OK;
}

/* --- the Group Manager's direction --------------------------------------------------------------------------------------- */

static void put_alg(struct gc_group_material *out, uint64_t bit, struct gc_int_or_text *value, int32_t alg)
{
  if (!alg)
    return;
  out->present |= bit;
  *value = (struct gc_int_or_text){ .number = alg };
}

/* the curve of an algorithm's signatures; EdDSA has two */
static uint8_t sign_curve(const struct gc_oscore_params *params)
{
  const struct gc_curve *curve;
  if (params->sign_alg == GC_ALG_EDDSA)
    return params->sign_curve ? params->sign_curve : GC_CURVE_ED25519;
  for (size_t i = 0; (curve = gc_curve_at(i)); i++)
    if (curve->sign_alg && curve->sign_alg == params->sign_alg)
      return curve->id;
  return params->sign_curve;
}

/* the same keys as others see them in key agreement */
static uint8_t agreement_curve(uint8_t curve)
{
  return curve == GC_CURVE_ED25519 || !curve ? GC_CURVE_X25519 : curve == GC_CURVE_ED448 ? GC_CURVE_X448 : curve;
}

static enum gc_err put_capabilities(struct gc_group_material *out, uint64_t bit, struct gc_bytes *value, uint8_t curve,
                                    uint8_t room[static GC_CAPABILITIES_MAX_LEN])
{
  struct gc_buf buf = gc_buf(room, GC_CAPABILITIES_MAX_LEN);
  enum gc_err err = gc_capabilities_write(&buf, curve);
  if (err)
    return err;
  out->present |= bit;
  *value = gc_buf_bytes(&buf);
  return GC_OK;
}

static enum gc_err put_modes(struct gc_group_material *out, const struct gc_oscore_params *params, uint8_t ecdh_curve, bool for_verifier,
                             struct gc_material_room *room)
{
  enum gc_err err = GC_OK;
  put_alg(out, GC_GM_HKDF, &out->hkdf, params->hkdf_alg);
  out->present |= GC_GM_CRED_FMT;
  out->cred_fmt = params->cred_fmt ? params->cred_fmt : GC_CRED_CCS;
  if (params->group_enc_alg && params->sign_alg) {
    put_alg(out, GC_GM_GP_ENC_ALG, &out->gp_enc_alg, params->group_enc_alg);
    put_alg(out, GC_GM_SIGN_ALG, &out->sign_alg, params->sign_alg);
    err = put_capabilities(out, GC_GM_SIGN_PARAMS, &out->sign_params, sign_curve(params), room->sign_params);
  }
  if (!err && params->aead_alg && params->ecdh_alg) {
    put_alg(out, GC_GM_ALG, &out->alg, params->aead_alg);
    put_alg(out, GC_GM_ECDH_ALG, &out->ecdh_alg, params->ecdh_alg);
    if (!for_verifier)
      err = put_capabilities(out, GC_GM_ECDH_PARAMS, &out->ecdh_params, ecdh_curve ? ecdh_curve : agreement_curve(sign_curve(params)),
                             room->ecdh_params);
  }
  return err;
}

enum gc_err gc_material_of(struct gc_group_material *out, const struct gc_oscore_params *params, enum gc_material_use use,
                           const struct gc_bytes *sender_id, uint8_t ecdh_curve, struct gc_material_room *room)
{
  struct gc_group_material key = { .format = GC_MATERIAL_CURRENT, .present = GC_GM_CONTEXT_ID, .context_id = params->id_context };
  if (!params->has_id_context || (use != GC_MATERIAL_VERIFIER && !params->master_secret.len))
    return GC_E_STATE;
  if (use != GC_MATERIAL_VERIFIER) {
    key.present |= GC_GM_MS | (params->master_salt.len ? GC_GM_SALT : 0);
    key.ms = params->master_secret;
    key.salt = params->master_salt;
  }
  if (use == GC_MATERIAL_JOIN && sender_id) {
    key.present |= GC_GM_GROUP_SENDER_ID;
    key.group_sender_id = *sender_id;
  }
  enum gc_err err = use == GC_MATERIAL_REKEYING ? GC_OK : put_modes(&key, params, ecdh_curve, use == GC_MATERIAL_VERIFIER, room);
  if (!err)
    *out = key;
  return err;
}
