#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "oscore/internal.h"

void gc_oscore_derive(const struct gc_oscore_context *context, struct gc_bytes salt, const struct gc_bytes *ikm, size_t ikm_count,
                      struct gc_bytes id, int32_t alg, const char *type, uint8_t *out, size_t len)
{
  uint8_t info[GC_ID_MAX_LEN + GC_ID_CONTEXT_MAX_LEN + 32], *p = info;
  p = gc_cose_put_head(p, GC_COSE_ARRAY, 5);
  p = gc_cose_put_bstr(p, id);
  if (context->has_id_context)
    p = gc_cose_put_bstr(p, gc_bytes(context->id_context, context->id_context_len));
  else
    *p++ = 0xf6;
  p = gc_cose_put_int(p, alg);
  p = gc_cose_put_head(p, GC_COSE_TSTR, strlen(type));
  memcpy(p, type, strlen(type));
  p = gc_cose_put_int(p + strlen(type), (int64_t)len);
  gc_hkdf(context->hkdf->hash, salt, ikm, ikm_count, gc_bytes(info, (size_t)(p - info)), out, len);
}

static struct gc_oscore_keys *take_keys(struct gc_oscore_context *context)
{
  if (context->spare_count)
    return context->spare[--context->spare_count];
  size_t n = context->keys_used;
  if (n < GC_OSCORE_INLINE_KEYS) {
    context->keys_used++;
    return &context->secret->recipients[n];
  }
  n -= GC_OSCORE_INLINE_KEYS;
  if (n / GC_OSCORE_SLAB_KEYS == context->slab_count) {
    struct gc_oscore_keys **slabs = realloc(context->slabs, (context->slab_count + 1) * sizeof *slabs);
    if (!slabs)
      return NULL;
    context->slabs = slabs;
    slabs[context->slab_count] = gc_secret_new(GC_OSCORE_SLAB_KEYS * sizeof **slabs);
    if (!slabs[context->slab_count])
      return NULL;
    context->slab_count++;
  }
  context->keys_used++;
  return &context->slabs[n / GC_OSCORE_SLAB_KEYS][n % GC_OSCORE_SLAB_KEYS];
}

static enum gc_err derive_pairwise(const struct gc_oscore_context *context, const struct gc_oscore_recipient *recipient,
                                   const uint8_t *recipient_key, struct gc_oscore_recipient_secrets *out)
{
  const struct gc_oscore_region *secret = context->secret;
  size_t shared_len = gc_curve_by_id(recipient->public_key.curve)->shared_len, base_len = context->key_alg->key_len;
  enum gc_err err = gc_shared_secret(&secret->pair, &recipient->public_key, out->shared_secret);
  if (err)
    return err;
  struct gc_bytes own = { context->sender_cred, context->sender_cred_len }, peer = { recipient->cred, recipient->cred_len };
  struct gc_bytes z = { out->shared_secret, shared_len };
  out->shared_secret_len = (uint8_t)shared_len;
  out->pairwise_key_len = context->aead->key_len;
  gc_oscore_derive(context, gc_bytes(secret->sender.base, base_len), (struct gc_bytes[]){ own, peer, z }, 3,
                   gc_bytes(context->sender_id, context->sender_id_len), context->aead->id, "Key", out->pairwise_sender_key,
                   context->aead->key_len);
  gc_oscore_derive(context, gc_bytes(recipient_key, base_len), (struct gc_bytes[]){ peer, own, z }, 3,
                   gc_bytes(recipient->id, recipient->id_len), context->aead->id, "Key", out->pairwise_recipient_key,
                   context->aead->key_len);
  return GC_OK;
}

static bool can_pairwise(const struct gc_oscore_context *context)
{
  return gc_oscore_context_has_mode(context, GC_MODE_PAIRWISE) && context->has_sender && !context->is_checker;
}

enum gc_err gc_oscore_recipient_secrets(const struct gc_oscore_context *context, const struct gc_oscore_recipient *recipient,
                                        struct gc_oscore_recipient_secrets *out)
{
  memset(out, 0, sizeof *out);
  if (context->is_checker)
    return GC_OK;
  struct gc_bytes master = { context->secret->master, context->master_secret_len };
  out->recipient_key_len = context->key_alg->key_len;
  gc_oscore_derive(context, gc_bytes(context->secret->master + context->master_secret_len, context->master_salt_len), &master, 1,
                   gc_bytes(recipient->id, recipient->id_len), context->key_alg->id, "Key", out->recipient_key,
                   context->key_alg->key_len);
  if (!can_pairwise(context))
    return GC_OK;
  return derive_pairwise(context, recipient, out->recipient_key, out);
}

static enum gc_sec derive_base(struct gc_oscore_context *context, struct gc_oscore_recipient *recipient)
{
  struct gc_oscore_keys *keys = take_keys(context);
  if (!keys)
    return GC_SEC_SPACE;
  memset(keys, 0, sizeof *keys);
  struct gc_bytes master = { context->secret->master, context->master_secret_len };
  gc_oscore_derive(context, gc_bytes(context->secret->master + context->master_secret_len, context->master_salt_len), &master, 1,
                   gc_bytes(recipient->id, recipient->id_len), context->key_alg->id, "Key", keys->base, context->key_alg->key_len);
  recipient->keys = keys;
  return gc_aead_set_key(&keys->main, context->key_alg, gc_bytes(keys->base, context->key_alg->key_len)) ? GC_SEC_KEY : GC_SEC_OK;
}

enum gc_sec gc_oscore_recipient_ready(struct gc_oscore_context *context, struct gc_oscore_recipient *recipient, bool pairwise)
{
  enum gc_sec result = GC_SEC_OK;
  if (!recipient->keys && (result = derive_base(context, recipient)) != GC_SEC_OK)
    return result;
  if (!pairwise || recipient->has_pairwise)
    return GC_SEC_OK;
  if (recipient->is_pairwise_refused)
    return GC_SEC_KEY;
  if (!can_pairwise(context))
    return GC_SEC_MODE;
  struct gc_oscore_recipient_secrets s = { 0 };
  if (derive_pairwise(context, recipient, recipient->keys->base, &s)) {
    recipient->is_pairwise_refused = true;
    result = GC_SEC_KEY;
  } else if (gc_aead_set_key(&recipient->keys->pairwise_sender, context->aead, gc_bytes(s.pairwise_sender_key, s.pairwise_key_len)) ||
             gc_aead_set_key(&recipient->keys->pairwise_recipient, context->aead, gc_bytes(s.pairwise_recipient_key, s.pairwise_key_len))) {
    result = GC_SEC_KEY;
  } else {
    recipient->has_pairwise = true;
  }
  gc_wipe(&s, sizeof s);
  return result;
}

static enum gc_err prepare(struct gc_oscore_context *context, bool pairwise)
{
  if (context->is_checker)
    return GC_OK;
  for (size_t i = 0; i < context->recipient_count; i++) {
    enum gc_sec result = gc_oscore_recipient_ready(context, context->recipients[i], pairwise);
    if (result == GC_SEC_SPACE)
      return GC_E_MEMORY;
  }
  return GC_OK;
}

enum gc_err gc_oscore_context_prepare(struct gc_oscore_context *context)
{
  return prepare(context, can_pairwise(context));
}

enum gc_err gc_oscore_context_prepare_group(struct gc_oscore_context *context)
{
  return prepare(context, false);
}

void gc_oscore_context_secrets(const struct gc_oscore_context *context, struct gc_oscore_secrets *out)
{
  memset(out, 0, sizeof *out);
  const struct gc_oscore_region *secret = context->secret;
  if (!context->is_checker) {
    out->common_iv_len = context->common_iv_len;
    memcpy(out->common_iv, secret->common_iv, out->common_iv_len);
  }
  if (context->rules->has_group_aad && context->group_enc) {
    out->signature_encryption_key_len = context->group_enc->key_len;
    memcpy(out->signature_encryption_key, secret->signature_encryption_key, out->signature_encryption_key_len);
  }
  if (context->has_sender) {
    out->sender_key_len = context->key_alg->key_len;
    memcpy(out->sender_key, secret->sender.base, out->sender_key_len);
  }
}
