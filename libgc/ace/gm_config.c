#include "ace/gm_internal.h"

#include <string.h>

struct gc_gm_config gc_gm_config_default(void)
{
  return (struct gc_gm_config){ .hkdf_alg = GC_ALG_HMAC_256, .group_enc_alg = GC_ALG_CCM_16_64_128, .sign_alg = GC_ALG_EDDSA,
                                .aead_alg = GC_ALG_CCM_16_64_128, .ecdh_alg = GC_ALG_ECDH_SS_256, .curve = GC_CURVE_ED25519,
                                .cred_fmt = GC_CRED_CCS, .roles = GC_ROLES_ALL, .policies = gc_group_policies_default(),
                                .lifetime_s = 86400, .renew_before_s = 600, .max_members = 1000, .max_stale_sets = 3,
                                .master_secret_len = 16, .master_salt_len = 8, .gid_epoch_len = 3, .max_sender_id_len = 2 };
}

uint8_t gc_gm_ecdh_curve(const struct gc_gm_config *config)
{
  if (config->ecdh_curve)
    return config->ecdh_curve;
  return config->curve == GC_CURVE_ED25519 ? GC_CURVE_X25519 : config->curve == GC_CURVE_ED448 ? GC_CURVE_X448 : config->curve;
}

/* Nonce length less 6, of whichever mode has the shorter nonce (draft-ietf-core-oscore-groupcomm, Section 2.2). */
uint8_t gc_gm_sender_id_max(const struct gc_gm_config *config)
{
  const int32_t algs[] = { config->group_enc_alg, config->aead_alg };
  uint8_t max = config->max_sender_id_len;
  for (size_t i = 0; i < 2; i++) {
    const struct gc_alg *alg = algs[i] ? gc_alg_by_id(algs[i]) : NULL;
    if (alg && alg->nonce_len - 6 < max)
      max = (uint8_t)(alg->nonce_len - 6);
  }
  return max;
}

struct gc_oscore_params gc_gm_params(const struct gc_gm_config *config, const struct gc_gm_group *group)
{
  struct gc_oscore_params params = gc_oscore_params_default(GC_OSCORE_GROUP);
  params.name = gc_bytes_str(config->name);
  params.master_secret = gc_bytes(group->master_secret, group->master_secret_len);
  params.master_salt = gc_bytes(group->master_salt, group->master_salt_len);
  params.has_id_context = true;
  params.id_context = gc_gm_gid(group);
  params.hkdf_alg = config->hkdf_alg;
  params.aead_alg = config->aead_alg;
  params.group_enc_alg = config->group_enc_alg;
  params.sign_alg = config->sign_alg;
  params.ecdh_alg = config->ecdh_alg;
  params.gm_cred = config->cred;
  params.cred_fmt = config->cred_fmt;
  params.sign_curve = config->curve;
  return params;
}

static const char *name_fault(const char *name)
{
  const size_t len = name ? strlen(name) : 0;
  if (!len || len > GC_GROUP_NAME_MAX_LEN)
    return "a name of 1 to 64 bytes is needed";
  return strchr(name, '/') ? "a slash in the name, which is a path segment" : NULL;
}

static const char *numbers_fault(const struct gc_gm_config *config)
{
  if (config->master_secret_len < 16 || config->master_secret_len > GC_GM_SECRET_MAX_LEN)
    return "a Master Secret has 16 to 32 bytes";
  if (config->master_salt_len > 8)
    return "a Master Salt has at most 8 bytes";
  if (config->max_stale_sets < 2 || config->max_stale_sets > 16)
    return "2 to 16 sets of stale Sender IDs are kept";
  if (!config->gid_epoch_len || config->gid_epoch_len > 8 || config->gid_prefix.len + config->gid_epoch_len > 32)
    return "a Gid has an epoch of 1 to 8 bytes, and at most 32 bytes";
  if (!config->max_sender_id_len || config->max_sender_id_len > GC_ID_MAX_LEN)
    return "a Sender ID has 1 to 7 bytes";
  if (!config->lifetime_s || config->renew_before_s >= config->lifetime_s)
    return "keying material is renewed before it expires";
  if (!config->max_members)
    return "no room for any member";
  return config->roles & ~(uint64_t)GC_ROLES_ALL || !config->roles ? "no such roles" : NULL;
}

static const char *algorithms_fault(const struct gc_gm_config *config)
{
  struct gc_credential cred;
  if (!config->sign_alg != !config->group_enc_alg || !config->ecdh_alg != !config->aead_alg)
    return "the algorithms of a mode are all there, or none";
  if (gc_credential_read(&cred, config->cred, config->cred_fmt, NULL))
    return "the Group Manager's credential cannot be read in the format of the group";
  if (!config->pair || !gc_public_key_equal(&cred.public_key, &config->pair->public_key))
    return "private key and credential of the Group Manager do not belong together";
  if (cred.public_key.curve != config->curve)
    return "the Group Manager's key is on another curve than the members'";
  const struct gc_curve *curve = gc_curve_by_id(config->curve);
  if (gc_gm_signs(config) && (!curve || curve->sign_alg != config->sign_alg))
    return "the curve and the Signature Algorithm do not fit";
  return NULL;
}

/* Whatever a Security Context refuses, no member could use. */
static const char *context_fault(const struct gc_gm_config *config)
{
  struct gc_gm_group group = { .gid = { 1 }, .gid_len = 1, .master_secret = { 1 }, .master_secret_len = 16 };
  struct gc_oscore_params params = gc_gm_params(config, &group);
  struct gc_oscore_context *context;
  const char *why = "no Security Context can be made of it";
  if (gc_oscore_context_new(&context, &params, &why))
    return why;
  gc_oscore_context_free(&context);
  return NULL;
}

const char *gc_gm_config_fault(const struct gc_gm_config *config)
{
  const char *fault = name_fault(config->name);
  if (!fault)
    fault = numbers_fault(config);
  if (!fault)
    fault = algorithms_fault(config);
  return fault ? fault : context_fault(config);
}
