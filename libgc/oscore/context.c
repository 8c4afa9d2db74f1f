#include "oscore/context.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "oscore/internal.h"

static const struct gc_oscore_rules rules[] = {
  [GC_OSCORE_PLAIN] = { "oscore", false, false, false, false, false },
  [GC_OSCORE_GROUP] = { "group-oscore", true, true, false, false, true },
  [GC_OSCORE_GROUP_02] = { "group-oscore-02", true, false, true, true, true },
};

const char *gc_oscore_mode_name(enum gc_oscore_mode mode)
{
  static const char *const names[] = { "oscore", "group", "pairwise" };
  return names[mode];
}

struct gc_oscore_params gc_oscore_params_default(enum gc_oscore_profile profile)
{
  struct gc_oscore_params params = {
    .profile = profile,
    .hkdf_alg = GC_ALG_HMAC_256,
    .aead_alg = GC_ALG_CCM_16_64_128,
    .replay_window = GC_REPLAY_WINDOW_DEFAULT,
    .max_recipients = 65535,
  };
  if (profile == GC_OSCORE_GROUP) {
    params.group_enc_alg = GC_ALG_CCM_16_64_128;
    params.ecdh_alg = GC_ALG_ECDH_SS_256;
  }
  if (profile != GC_OSCORE_PLAIN)
    params.sign_alg = GC_ALG_EDDSA;
  return params;
}

static enum gc_err because(const char **why, const char *phrase, enum gc_err err)
{
  if (why)
    *why = phrase;
  return err;
}

struct place {
  int32_t id;
  const struct gc_alg **to;
  uint8_t kinds; /* bits 1 << enum gc_alg_kind */
  const char *phrase;
};

static enum gc_err set_algorithms(struct gc_oscore_context *c, const struct gc_oscore_params *p, const char **why)
{
  const struct place places[] = {
    { p->hkdf_alg, &c->hkdf, 1 << GC_ALG_HKDF, "no such HKDF algorithm" },
    { p->aead_alg, &c->aead, 1 << GC_ALG_AEAD, "no such AEAD algorithm" },
    { p->group_enc_alg, &c->group_enc, 1 << GC_ALG_AEAD | 1 << GC_ALG_CIPHER, "no such group encryption algorithm" },
    { p->sign_alg, &c->sign, 1 << GC_ALG_SIGN, "no such signature algorithm" },
    { p->ecdh_alg, &c->ecdh, 1 << GC_ALG_ECDH, "no such pairwise key agreement algorithm" },
  };
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    if (!places[i].id)
      continue;
    *places[i].to = gc_alg_by_id(places[i].id);
    if (*places[i].to && (*places[i].to)->kind == GC_ALG_FORBIDDEN)
      return because(why, "AES-CBC is forbidden as group encryption algorithm", GC_E_UNSUPPORTED);
    if (!*places[i].to || !(places[i].kinds >> (*places[i].to)->kind & 1))
      return because(why, places[i].phrase, GC_E_UNSUPPORTED);
  }
  if (!c->hkdf)
    return because(why, "HKDF algorithm not set", GC_E_MALFORMED);
  if (p->profile == GC_OSCORE_GROUP_02) {
    c->group_enc = c->aead; /* one algorithm for all messages, and no pairwise mode */
    c->ecdh = NULL;
  }
  if (p->profile == GC_OSCORE_PLAIN)
    c->group_enc = c->sign = c->ecdh = NULL;
  if (c->ecdh && c->ecdh->hash != c->hkdf->hash)
    return because(why, "HKDF and pairwise key agreement algorithms use different hashes", GC_E_MALFORMED);
  if (!gc_oscore_context_has_mode(c, GC_MODE_PLAIN) && !gc_oscore_context_has_mode(c, GC_MODE_GROUP) &&
      !gc_oscore_context_has_mode(c, GC_MODE_PAIRWISE))
    return because(why, "algorithms for neither group mode nor pairwise mode", GC_E_MALFORMED);
  c->key_alg = c->group_enc ? c->group_enc : c->aead;
  const struct gc_alg *a = c->group_enc ? c->group_enc : c->aead, *b = c->aead ? c->aead : a;
  c->common_iv_len = a->nonce_len > b->nonce_len ? a->nonce_len : b->nonce_len;
  c->max_id_len = (uint8_t)((a->nonce_len < b->nonce_len ? a->nonce_len : b->nonce_len) - 6);
  return GC_OK;
}

static uint8_t write_aad_head(const struct gc_oscore_context *c, uint8_t *out, int32_t ecdh)
{
  const int32_t ids[] = { c->aead ? c->aead->id : 0, c->group_enc ? c->group_enc->id : 0, c->sign ? c->sign->id : 0, ecdh };
  uint8_t *p = gc_cose_put_head(out, GC_COSE_ARRAY, c->rules->has_group_aad ? 9 : 5);
  p = gc_cose_put_int(p, 1);
  if (c->profile == GC_OSCORE_PLAIN) {
    p = gc_cose_put_int(gc_cose_put_head(p, GC_COSE_ARRAY, 1), ids[0]);
  } else if (c->profile == GC_OSCORE_GROUP_02) {
    p = gc_cose_put_int(gc_cose_put_head(p, GC_COSE_ARRAY, 2), ids[0]);
    p = gc_cose_put_int(p, ids[2]);
  } else {
    p = gc_cose_put_head(p, GC_COSE_ARRAY, 4);
    for (size_t i = 0; i < 4; i++) {
      if (ids[i])
        p = gc_cose_put_int(p, ids[i]);
      else
        *p++ = 0xf6; /* null: not set */
    }
  }
  return (uint8_t)(p - out);
}

static enum gc_err set_secrets(struct gc_oscore_context *c, const struct gc_oscore_params *p, const char **why)
{
  c->is_checker = !p->master_secret.len;
  c->secret = gc_secret_new(sizeof *c->secret + p->master_secret.len + p->master_salt.len);
  if (!c->secret)
    return because(why, "no memory", GC_E_MEMORY);
  uint8_t *sek = c->secret->signature_encryption_key;
  if (c->is_checker) {
    if (c->profile != GC_OSCORE_GROUP || !c->group_enc || p->signature_encryption_key.len != c->group_enc->key_len)
      return because(why, "neither master secret nor a signature encryption key of the right length", GC_E_RANGE);
    memcpy(sek, p->signature_encryption_key.ptr, p->signature_encryption_key.len);
    return GC_OK;
  }
  c->master_secret_len = p->master_secret.len;
  c->master_salt_len = p->master_salt.len;
  memcpy(c->secret->master, p->master_secret.ptr, p->master_secret.len);
  if (p->master_salt.len)
    memcpy(c->secret->master + p->master_secret.len, p->master_salt.ptr, p->master_salt.len);
  struct gc_bytes none = { NULL, 0 };
  gc_oscore_derive(c, p->master_salt, &p->master_secret, 1, none, c->key_alg->id, "IV", c->secret->common_iv, c->common_iv_len);
  if (c->rules->has_group_aad && c->group_enc)
    gc_oscore_derive(c, p->master_salt, &p->master_secret, 1, none, c->group_enc->id, "SEKey", sek, c->group_enc->key_len);
  return GC_OK;
}

static enum gc_err set_up(struct gc_oscore_context *c, const struct gc_oscore_params *p, const char **why)
{
  c->rules = &rules[p->profile];
  c->profile = p->profile;
  c->countersign = p->countersign;
  c->cred_fmt = p->cred_fmt;
  c->replay_window = p->replay_window ? p->replay_window : GC_REPLAY_WINDOW_DEFAULT;
  c->max_recipients = p->max_recipients;
  if (p->replay_window > GC_REPLAY_WINDOW_MAX)
    return because(why, "replay window larger than 64", GC_E_RANGE);
  if (p->id_context.len > GC_ID_CONTEXT_MAX_LEN || p->master_secret.len > GC_MASTER_SECRET_MAX_LEN || p->master_salt.len > GC_MASTER_SECRET_MAX_LEN)
    return because(why, "master secret, master salt or ID context too long", GC_E_RANGE);
  if (p->name.len > GC_GROUP_NAME_MAX_LEN)
    return because(why, "name longer than 64 bytes", GC_E_RANGE);
  c->name_len = p->name.len;
  if (p->name.len)
    memcpy(c->name, p->name.ptr, p->name.len);
  if (c->rules->is_group && !p->has_id_context)
    return because(why, "a group needs a Gid", GC_E_MALFORMED);
  c->has_id_context = p->has_id_context;
  c->id_context_len = p->id_context.len;
  if (p->id_context.len)
    memcpy(c->id_context, p->id_context.ptr, p->id_context.len);
  enum gc_err err = set_algorithms(c, p, why);
  if (err)
    return err;
  if (c->sign && c->sign->id != GC_ALG_EDDSA)
    for (size_t i = 0; gc_curve_at(i); i++)
      c->sign_curve = gc_curve_at(i)->sign_alg == c->sign->id ? gc_curve_at(i)->id : c->sign_curve;
  else
    c->sign_curve = p->sign_curve;
  if (p->gm_cred.len > GC_CREDENTIAL_MAX_LEN)
    return because(why, "credential of the Group Manager too long", GC_E_RANGE);
  if (p->gm_cred.len) {
    c->gm_cred = malloc(p->gm_cred.len);
    if (!c->gm_cred)
      return because(why, "no memory", GC_E_MEMORY);
    memcpy(c->gm_cred, p->gm_cred.ptr, c->gm_cred_len = p->gm_cred.len);
  }
  int32_t ecdh = c->ecdh ? c->ecdh->id : 0;
  c->aad_head_len = write_aad_head(c, c->aad_head, p->aad_ecdh_alg ? p->aad_ecdh_alg : ecdh);
  c->old_aad_head_len = write_aad_head(c, c->old_aad_head, GC_ALG_ES256);
  return set_secrets(c, p, why);
}

enum gc_err gc_oscore_context_new(struct gc_oscore_context **out, const struct gc_oscore_params *params, const char **why)
{
  struct gc_oscore_context *context = calloc(1, sizeof *context);
  if (!context)
    return because(why, "no memory", GC_E_MEMORY);
  enum gc_err err = set_up(context, params, why);
  if (err)
    gc_oscore_context_free(&context);
  *out = context;
  return err;
}

void gc_oscore_context_free(struct gc_oscore_context **context)
{
  struct gc_oscore_context *c = *context;
  if (!c)
    return;
  for (size_t i = 0; i < c->recipient_count; i++) {
    free(c->recipients[i]->cred);
    free(c->recipients[i]);
  }
  for (size_t i = 0; i < c->slab_count; i++)
    gc_secret_free(&c->slabs[i]);
  gc_secret_free(&c->secret);
  free(c->slabs);
  free(c->spare);
  free(c->recipients);
  free(c->index);
  free(c->sender_cred);
  free(c->gm_cred);
  free(c);
  *context = NULL;
}

enum gc_oscore_profile gc_oscore_context_profile(const struct gc_oscore_context *context)
{
  return context->profile;
}

struct gc_bytes gc_oscore_context_name(const struct gc_oscore_context *context)
{
  return gc_bytes(context->name, context->name_len);
}

struct gc_bytes gc_oscore_context_id_context(const struct gc_oscore_context *context)
{
  return gc_bytes(context->id_context, context->id_context_len);
}

bool gc_oscore_context_has_mode(const struct gc_oscore_context *context, enum gc_oscore_mode mode)
{
  switch (mode) {
  case GC_MODE_PLAIN:
    return context->profile == GC_OSCORE_PLAIN && context->aead;
  case GC_MODE_GROUP:
    return context->rules->is_group && context->group_enc && context->sign;
  case GC_MODE_PAIRWISE:
    return context->profile == GC_OSCORE_GROUP && context->aead && context->ecdh;
  }
  return false;
}

size_t gc_oscore_signature_len(const struct gc_oscore_context *context)
{
  return context->sign ? gc_signature_len(context->sign_curve) : 0;
}

size_t gc_oscore_context_overhead(const struct gc_oscore_context *context, enum gc_oscore_mode mode)
{
  if (mode == GC_MODE_GROUP)
    return 2u + context->group_enc->tag_len + (context->rules->signs_in_option ? 0 : gc_oscore_signature_len(context));
  return 2u + context->aead->tag_len; /* inner code and payload marker */
}

void gc_oscore_context_set_resolver(struct gc_oscore_context *context, struct gc_oscore_resolver resolver)
{
  context->resolver = resolver;
}

static int32_t id_of(const struct gc_alg *alg)
{
  return alg ? alg->id : 0;
}

struct gc_oscore_algorithms gc_oscore_context_algorithms(const struct gc_oscore_context *c)
{
  return (struct gc_oscore_algorithms){ .hkdf = id_of(c->hkdf), .aead = id_of(c->aead), .group_enc = id_of(c->group_enc),
                                        .sign = id_of(c->sign), .ecdh = id_of(c->ecdh), .cred_fmt = c->cred_fmt,
                                        .sign_curve = c->sign_curve };
}
