#include "crypto/alg.h"

#include <string.h>
#include <strings.h>

static const struct gc_alg algs[] = {
  { 1, GC_ALG_AEAD, 0, 16, 12, 16, "A128GCM", "AES-GCM-128" },
  { 2, GC_ALG_AEAD, 0, 24, 12, 16, "A192GCM", "AES-GCM-192" },
  { 3, GC_ALG_AEAD, 0, 32, 12, 16, "A256GCM", "AES-GCM-256" },
  { 10, GC_ALG_AEAD, 0, 16, 13, 8, "AES-CCM-16-64-128", NULL },
  { 11, GC_ALG_AEAD, 0, 32, 13, 8, "AES-CCM-16-64-256", NULL },
  { 12, GC_ALG_AEAD, 0, 16, 7, 8, "AES-CCM-64-64-128", NULL },
  { 13, GC_ALG_AEAD, 0, 32, 7, 8, "AES-CCM-64-64-256", NULL },
  { 24, GC_ALG_AEAD, 0, 32, 12, 16, "ChaCha20/Poly1305", "ChaCha20-Poly1305" },
  { 30, GC_ALG_AEAD, 0, 16, 13, 16, "AES-CCM-16-128-128", NULL },
  { 31, GC_ALG_AEAD, 0, 32, 13, 16, "AES-CCM-16-128-256", NULL },
  { 32, GC_ALG_AEAD, 0, 16, 7, 16, "AES-CCM-64-128-128", NULL },
  { 33, GC_ALG_AEAD, 0, 32, 7, 16, "AES-CCM-64-128-256", NULL },
  { -65534, GC_ALG_CIPHER, 0, 16, 12, 0, "A128CTR", NULL },
  { -65533, GC_ALG_CIPHER, 0, 24, 12, 0, "A192CTR", NULL },
  { -65532, GC_ALG_CIPHER, 0, 32, 12, 0, "A256CTR", NULL },
  { -65531, GC_ALG_FORBIDDEN, 0, 16, 0, 0, "A128CBC", NULL },
  { -65530, GC_ALG_FORBIDDEN, 0, 24, 0, 0, "A192CBC", NULL },
  { -65529, GC_ALG_FORBIDDEN, 0, 32, 0, 0, "A256CBC", NULL },
  { 5, GC_ALG_HKDF, GC_HASH_SHA256, 0, 0, 0, "HMAC 256/256", "HKDF SHA-256" },
  { 6, GC_ALG_HKDF, GC_HASH_SHA384, 0, 0, 0, "HMAC 384/384", "HKDF SHA-384" },
  { 7, GC_ALG_HKDF, GC_HASH_SHA512, 0, 0, 0, "HMAC 512/512", "HKDF SHA-512" },
  { -10, GC_ALG_HKDF, GC_HASH_SHA256, 0, 0, 0, "direct+HKDF-SHA-256", "sha256" },
  { -11, GC_ALG_HKDF, GC_HASH_SHA512, 0, 0, 0, "direct+HKDF-SHA-512", "sha512" },
  { -8, GC_ALG_SIGN, GC_HASH_NONE, 0, 0, 0, "EdDSA", NULL },
  { -7, GC_ALG_SIGN, GC_HASH_SHA256, 0, 0, 0, "ES256", NULL },
  { -35, GC_ALG_SIGN, GC_HASH_SHA384, 0, 0, 0, "ES384", NULL },
  { -36, GC_ALG_SIGN, GC_HASH_SHA512, 0, 0, 0, "ES512", NULL },
  { -27, GC_ALG_ECDH, GC_HASH_SHA256, 0, 0, 0, "ECDH-SS + HKDF-256", "ECDH-SS-HKDF-256" },
  { -28, GC_ALG_ECDH, GC_HASH_SHA512, 0, 0, 0, "ECDH-SS + HKDF-512", "ECDH-SS-HKDF-512" },
};

static const struct gc_curve curves[] = {
  { GC_CURVE_P256, GC_KTY_EC2, 32, 64, 32, GC_ALG_ES256, "P-256" },
  { GC_CURVE_P384, GC_KTY_EC2, 48, 96, 48, GC_ALG_ES384, "P-384" },
  { GC_CURVE_P521, GC_KTY_EC2, 66, 132, 66, GC_ALG_ES512, "P-521" },
  { GC_CURVE_X25519, GC_KTY_OKP, 32, 0, 32, 0, "X25519" },
  { GC_CURVE_X448, GC_KTY_OKP, 56, 0, 56, 0, "X448" },
  { GC_CURVE_ED25519, GC_KTY_OKP, 32, 64, 32, GC_ALG_EDDSA, "Ed25519" },
  { GC_CURVE_ED448, GC_KTY_OKP, 57, 114, 56, GC_ALG_EDDSA, "Ed448" },
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static bool same_name(const char *name, struct gc_bytes text)
{
  return name && strlen(name) == text.len && strncasecmp(name, (const char *)text.ptr, text.len) == 0;
}

const struct gc_alg *gc_alg_at(size_t index)
{
  return index < COUNT(algs) ? &algs[index] : NULL;
}

const struct gc_alg *gc_alg_by_id(int32_t id)
{
  for (size_t i = 0; i < COUNT(algs); i++)
    if (algs[i].id == id)
      return &algs[i];
  return NULL;
}

static bool decimal(struct gc_bytes text, int32_t *out)
{
  size_t i = text.len && text.ptr[0] == '-' ? 1 : 0;
  int32_t value = 0;
  if (i == text.len || text.len - i > 6)
    return false;
  for (size_t k = i; k < text.len; k++) {
    if (text.ptr[k] < '0' || text.ptr[k] > '9')
      return false;
    value = value * 10 + (text.ptr[k] - '0');
  }
  *out = i ? -value : value;
  return true;
}

const struct gc_alg *gc_alg_by_name(struct gc_bytes name)
{
  int32_t id;
  if (decimal(name, &id))
    return gc_alg_by_id(id);
  for (size_t i = 0; i < COUNT(algs); i++)
    if (same_name(algs[i].name, name) || same_name(algs[i].alias, name))
      return &algs[i];
  return NULL;
}

const struct gc_curve *gc_curve_at(size_t index)
{
  return index < COUNT(curves) ? &curves[index] : NULL;
}

const struct gc_curve *gc_curve_by_id(int32_t id)
{
  return id >= 1 && id <= (int32_t)COUNT(curves) ? &curves[id - 1] : NULL;
}

const struct gc_curve *gc_curve_by_name(struct gc_bytes name)
{
  for (size_t i = 0; i < COUNT(curves); i++)
    if (same_name(curves[i].name, name))
      return &curves[i];
  return NULL;
}
