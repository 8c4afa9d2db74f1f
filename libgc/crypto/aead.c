#include "crypto/aead.h"

#include <nettle/aes.h>
#include <nettle/ccm.h>
#include <nettle/ctr.h>
#include <nettle/gcm.h>
#include <sodium.h>
#include <string.h>

_Static_assert(sizeof(struct aes256_ctx) <= sizeof ((struct gc_aead_key *)0)->u, "room for every key schedule");

struct aes {
  uint8_t key_len;
  nettle_cipher_func *encrypt;
  nettle_set_key_func *set_key;
};

static const struct aes aes_sizes[] = {
  { 16, (nettle_cipher_func *)nettle_aes128_encrypt, (nettle_set_key_func *)nettle_aes128_set_encrypt_key },
  { 24, (nettle_cipher_func *)nettle_aes192_encrypt, (nettle_set_key_func *)nettle_aes192_set_encrypt_key },
  { 32, (nettle_cipher_func *)nettle_aes256_encrypt, (nettle_set_key_func *)nettle_aes256_set_encrypt_key },
};

static const struct aes *aes_of(const struct gc_alg *alg)
{
  return &aes_sizes[alg->key_len / 8 - 2];
}

enum gc_err gc_aead_set_key(struct gc_aead_key *prepared, const struct gc_alg *alg, struct gc_bytes key)
{
  if (alg->kind != GC_ALG_AEAD && alg->kind != GC_ALG_CIPHER)
    return GC_E_UNSUPPORTED;
  if (key.len != alg->key_len)
    return GC_E_RANGE;
  memset(prepared, 0, sizeof *prepared);
  if (alg->id == GC_ALG_CHACHA20_POLY1305)
    memcpy(prepared->u.bytes, key.ptr, key.len);
  else
    aes_of(alg)->set_key(prepared->u.bytes, key.ptr);
  prepared->alg = alg;
  return GC_OK;
}

static size_t max_len(const struct gc_alg *alg)
{
  if (alg->nonce_len == 13) /* CCM with a length field of two bytes */
    return 65535;
  return (size_t)1 << 32;
}

static void ctr(const struct gc_aead_key *key, const uint8_t *nonce, struct gc_bytes in, uint8_t *out)
{
  uint8_t counter[AES_BLOCK_SIZE] = { 0 }; /* nonce ‖ 00000000 */
  memcpy(counter, nonce, 12);
  ctr_crypt(key->u.bytes, aes_of(key->alg)->encrypt, sizeof counter, counter, in.len, out, in.ptr);
}

/* The table of a GCM key is sixteen times the size of its AES key schedule and quickly made: it is not kept. */
static void gcm(const struct gc_aead_key *key, const uint8_t *nonce, struct gc_bytes aad, struct gc_bytes in, uint8_t *out,
                bool is_decrypt, uint8_t tag[static GCM_DIGEST_SIZE])
{
  nettle_cipher_func *f = aes_of(key->alg)->encrypt;
  struct gcm_key table;
  struct gcm_ctx ctx;
  gcm_set_key(&table, key->u.bytes, f);
  gcm_set_iv(&ctx, &table, 12, nonce);
  gcm_update(&ctx, &table, aad.len, aad.ptr);
  if (is_decrypt)
    gcm_decrypt(&ctx, &table, key->u.bytes, f, in.len, out, in.ptr);
  else
    gcm_encrypt(&ctx, &table, key->u.bytes, f, in.len, out, in.ptr);
  gcm_digest(&ctx, &table, key->u.bytes, f, GCM_DIGEST_SIZE, tag);
  sodium_memzero(&table, sizeof table);
  sodium_memzero(&ctx, sizeof ctx);
}

static bool is_gcm(const struct gc_alg *alg)
{
  return alg->id >= GC_ALG_A128GCM && alg->id <= GC_ALG_A256GCM;
}

enum gc_err gc_aead_encrypt(const struct gc_aead_key *key, const uint8_t *nonce, struct gc_bytes aad, struct gc_bytes plain,
                            uint8_t *out)
{
  const struct gc_alg *alg = key->alg;
  if (plain.len > max_len(alg))
    return GC_E_RANGE;
  if (alg->kind == GC_ALG_CIPHER) {
    ctr(key, nonce, plain, out);
  } else if (alg->id == GC_ALG_CHACHA20_POLY1305) {
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain.ptr, plain.len, aad.ptr, aad.len, NULL, nonce, key->u.bytes);
  } else if (is_gcm(alg)) {
    uint8_t tag[GCM_DIGEST_SIZE];
    gcm(key, nonce, aad, plain, out, false, tag);
    memcpy(out + plain.len, tag, sizeof tag);
  } else {
    ccm_encrypt_message(key->u.bytes, aes_of(alg)->encrypt, alg->nonce_len, nonce, aad.len, aad.ptr, alg->tag_len,
                        plain.len + alg->tag_len, out, plain.ptr);
  }
  return GC_OK;
}

bool gc_aead_decrypt(const struct gc_aead_key *key, const uint8_t *nonce, struct gc_bytes aad, struct gc_bytes sealed,
                     uint8_t *out)
{
  const struct gc_alg *alg = key->alg;
  if (sealed.len < alg->tag_len || sealed.len - alg->tag_len > max_len(alg))
    return false;
  size_t len = sealed.len - alg->tag_len;
  bool is_good;
  if (alg->kind == GC_ALG_CIPHER) {
    ctr(key, nonce, sealed, out);
    is_good = true;
  } else if (alg->id == GC_ALG_CHACHA20_POLY1305) {
    is_good = crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.ptr, sealed.len, aad.ptr, aad.len, nonce,
                                                        key->u.bytes) == 0;
  } else if (is_gcm(alg)) {
    uint8_t tag[GCM_DIGEST_SIZE];
    gcm(key, nonce, aad, gc_bytes(sealed.ptr, len), out, true, tag);
    is_good = sodium_memcmp(tag, sealed.ptr + len, sizeof tag) == 0;
  } else {
    is_good = ccm_decrypt_message(key->u.bytes, aes_of(alg)->encrypt, alg->nonce_len, nonce, aad.len, aad.ptr, alg->tag_len,
                                  len, out, sealed.ptr) == 1;
  }
  if (!is_good && len)
    sodium_memzero(out, len);
  return is_good;
}
