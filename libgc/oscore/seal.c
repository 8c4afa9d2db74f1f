#include "oscore/seal.h"

#include <string.h>

#include "crypto/secret.h"

/* external_aad and what stands around it; the ciphertext once more, where it is signed */
#define WORK_LEN (GC_COSE_AAD_HEADROOM + GC_AAD_HEAD_MAX_LEN + 3 * (GC_OSCORE_OPTION_MAX_LEN + 3) + 2 * (GC_CREDENTIAL_MAX_LEN + 3) + 65536 + 5)

static void trace(struct gc_buf *to, struct gc_bytes bytes)
{
  if (!to->cap)
    return;
  to->len = bytes.len < to->cap ? bytes.len : to->cap;
  if (to->len)
    memcpy(to->ptr, bytes.ptr, to->len);
}

#define TRACE(job, field, ptr, len) \
  do { \
    if ((job)->context->trace) \
      trace(&(job)->context->trace->field, gc_bytes(ptr, len)); \
  } while (0)

/* draft, Section 3.4; RFC 8613, Section 5.4 */
static void write_aad(const struct gc_oscore_job *job, struct gc_cose_aad *aad)
{
  const struct gc_oscore_context *c = job->context;
  uint8_t *p = gc_cose_aad_begin(aad);
  size_t head_len = job->is_old_p256 ? c->old_aad_head_len : c->aad_head_len;
  memcpy(p, job->is_old_p256 ? c->old_aad_head : c->aad_head, head_len);
  p = gc_cose_put_bstr(p + head_len, job->request_kid);
  p = gc_cose_put_bstr(p, job->request_piv);
  *p++ = 0x40; /* Class I options: there are none */
  if (c->rules->has_group_aad) {
    p = gc_cose_put_bstr(p, job->request_kid_context);
    p = gc_cose_put_bstr(p, job->option_value);
    p = gc_cose_put_bstr(p, job->sender_cred);
    p = gc_cose_put_bstr(p, gc_bytes(c->gm_cred, c->gm_cred_len));
  }
  aad->len = (size_t)(p - gc_cose_aad_begin(aad));
  TRACE(job, aad_array, gc_cose_aad_begin(aad), aad->len);
}

static const struct gc_alg *alg_of(const struct gc_oscore_job *job)
{
  return job->mode == GC_MODE_GROUP ? job->context->group_enc : job->context->aead;
}

/* RFC 8613, Section 5.2; only the first bytes of a longer Common IV are used (draft, Section 3.3) */
static void make_nonce(const struct gc_oscore_job *job, uint8_t nonce[static GC_NONCE_MAX_LEN])
{
  size_t len = alg_of(job)->nonce_len, id_end = len - GC_PIV_MAX_LEN;
  memset(nonce, 0, GC_NONCE_MAX_LEN);
  nonce[0] = (uint8_t)job->nonce_id.len;
  if (job->nonce_id.len)
    memcpy(nonce + id_end - job->nonce_id.len, job->nonce_id.ptr, job->nonce_id.len);
  memcpy(nonce + len - job->nonce_piv.len, job->nonce_piv.ptr, job->nonce_piv.len);
  for (size_t i = 0; i < len; i++)
    nonce[i] ^= job->context->secret->common_iv[i];
  TRACE(job, nonce, nonce, len);
}

/* signature XOR keystream (draft, Section 4.2) */
static void crypt_signature(const struct gc_oscore_job *job, uint8_t *out, const uint8_t *in, size_t len)
{
  const struct gc_oscore_context *c = job->context;
  uint8_t info[GC_ID_MAX_LEN + GC_ID_CONTEXT_MAX_LEN + 16], keystream[GC_SIGNATURE_MAX_LEN], *p = info;
  p = gc_cose_put_head(p, GC_COSE_ARRAY, 4);
  p = gc_cose_put_bstr(p, job->nonce_id);
  p = gc_cose_put_bstr(p, gc_bytes(c->id_context, c->id_context_len));
  *p++ = job->is_request ? 0xf5 : 0xf4;
  p = gc_cose_put_int(p, (int64_t)len);
  struct gc_bytes ikm = { c->secret->signature_encryption_key, c->group_enc->key_len };
  gc_hkdf(c->hkdf->hash, job->nonce_piv, &ikm, 1, gc_bytes(info, (size_t)(p - info)), keystream, len);
  TRACE(job, keystream_info, info, (size_t)(p - info));
  TRACE(job, keystream, keystream, len);
  for (size_t i = 0; i < len; i++)
    out[i] = in[i] ^ keystream[i];
  gc_wipe(keystream, sizeof keystream);
}

size_t gc_oscore_job_tag_len(const struct gc_oscore_job *job)
{
  return alg_of(job)->tag_len;
}

size_t gc_oscore_job_signature_len(const struct gc_oscore_job *job)
{
  return job->mode == GC_MODE_GROUP ? gc_oscore_signature_len(job->context) : 0;
}

enum gc_sec gc_oscore_seal(const struct gc_oscore_job *job, uint8_t *text, size_t plain_len, uint8_t *signature)
{
  uint8_t work[WORK_LEN], nonce[GC_NONCE_MAX_LEN];
  struct gc_cose_aad aad = { work, sizeof work, 0 };
  write_aad(job, &aad);
  make_nonce(job, nonce);
  struct gc_bytes enc = gc_cose_enc_structure(&aad);
  TRACE(job, enc_structure, enc.ptr, enc.len);
  TRACE(job, plaintext, text, plain_len);
  if (gc_aead_encrypt(job->key, nonce, enc, gc_bytes(text, plain_len), text))
    return GC_SEC_SPACE;
  size_t sealed_len = plain_len + gc_oscore_job_tag_len(job);
  TRACE(job, ciphertext, text, sealed_len);
  if (job->mode != GC_MODE_GROUP)
    return GC_SEC_OK;
  struct gc_bytes signed_bytes = gc_cose_countersign_structure(&aad, gc_bytes(text, sealed_len), job->context->countersign);
  TRACE(job, countersigned, signed_bytes.ptr, signed_bytes.len);
  uint8_t *to = signature ? signature : text + sealed_len;
  if (!signed_bytes.len || gc_sign(&job->context->secret->pair, signed_bytes, to))
    return GC_SEC_KEY;
  TRACE(job, signature, to, gc_oscore_job_signature_len(job));
  if (!signature)
    crypt_signature(job, to, to, gc_oscore_job_signature_len(job));
  return GC_SEC_OK;
}

static bool verify(const struct gc_oscore_job *job, struct gc_cose_aad *aad, struct gc_bytes sealed, struct gc_bytes signature,
                   enum gc_cose_countersign *form, bool try_other_form)
{
  for (int round = 0; round < (try_other_form ? 2 : 1); round++) {
    enum gc_cose_countersign this_form = round ? (*form == GC_COUNTERSIGN_FIVE ? GC_COUNTERSIGN_FOUR : GC_COUNTERSIGN_FIVE) : *form;
    struct gc_bytes signed_bytes = gc_cose_countersign_structure(aad, sealed, this_form);
    if (!round)
      TRACE(job, countersigned, signed_bytes.ptr, signed_bytes.len);
    bool is_good = signed_bytes.len && gc_verify(job->sender_key, signed_bytes, signature);
    if (!is_good && try_other_form && job->context->rules->signs_in_option) {
      signed_bytes = gc_cose_countersign_bare(aad, sealed, this_form);
      is_good = signed_bytes.len && gc_verify(job->sender_key, signed_bytes, signature);
      write_aad(job, aad);
    }
    if (is_good) {
      *form = this_form;
      return true;
    }
  }
  return false;
}

enum gc_sec gc_oscore_unseal(const struct gc_oscore_job *job, struct gc_bytes sealed, struct gc_bytes signature,
                             enum gc_cose_countersign *form, bool try_other_form, uint8_t *out)
{
  uint8_t work[WORK_LEN], nonce[GC_NONCE_MAX_LEN], plain_signature[GC_SIGNATURE_MAX_LEN];
  struct gc_cose_aad aad = { work, sizeof work, 0 };
  if (sealed.len > 65536)
    return GC_SEC_SPACE;
  write_aad(job, &aad);
  TRACE(job, ciphertext, sealed.ptr, sealed.len);
  if (job->mode == GC_MODE_GROUP) {
    struct gc_bytes s = signature;
    if (!job->context->rules->signs_in_option) {
      crypt_signature(job, plain_signature, signature.ptr, signature.len);
      s.ptr = plain_signature;
    }
    TRACE(job, signature, s.ptr, s.len);
    if (!verify(job, &aad, sealed, s, form, try_other_form))
      return GC_SEC_BAD_SIGNATURE;
  }
  if (!job->key)
    return GC_SEC_NOT_DECRYPTED;
  make_nonce(job, nonce);
  struct gc_bytes enc = gc_cose_enc_structure(&aad);
  TRACE(job, enc_structure, enc.ptr, enc.len);
  if (!gc_aead_decrypt(job->key, nonce, enc, sealed, out))
    return GC_SEC_BAD_TAG;
  TRACE(job, plaintext, out, sealed.len - gc_oscore_job_tag_len(job));
  return GC_SEC_OK;
}

void gc_oscore_context_trace(struct gc_oscore_context *context, struct gc_oscore_trace *to)
{
  context->trace = to;
}
