#include "crypto/hkdf.h"

#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <sodium.h>

#include "crypto/hkdf_short.h"

union hmac_ctx {
  struct hmac_sha256_ctx sha256;
  struct hmac_sha512_ctx sha512; /* SHA-384 too */
};

struct hash_row {
  size_t len;
  void (*set_key)(void *ctx, size_t len, const uint8_t *key);
  nettle_hash_update_func *update;
  nettle_hash_digest_func *digest;
};

static void sha256_key(void *ctx, size_t len, const uint8_t *key)
{
  hmac_sha256_set_key(ctx, len, key);
}

static void sha384_key(void *ctx, size_t len, const uint8_t *key)
{
  hmac_sha384_set_key(ctx, len, key);
}

static void sha512_key(void *ctx, size_t len, const uint8_t *key)
{
  hmac_sha512_set_key(ctx, len, key);
}

static const struct hash_row rows[] = {
  [GC_HASH_SHA256] = { 32, sha256_key, (nettle_hash_update_func *)hmac_sha256_update, (nettle_hash_digest_func *)hmac_sha256_digest },
  [GC_HASH_SHA384] = { 48, sha384_key, (nettle_hash_update_func *)hmac_sha512_update, (nettle_hash_digest_func *)hmac_sha384_digest },
  [GC_HASH_SHA512] = { 64, sha512_key, (nettle_hash_update_func *)hmac_sha512_update, (nettle_hash_digest_func *)hmac_sha512_digest },
};

size_t gc_hash_len(enum gc_hash hash)
{
  return rows[hash].len;
}

void gc_hash(enum gc_hash hash, struct gc_bytes bytes, uint8_t out[static GC_HASH_MAX_LEN])
{
  if (hash == GC_HASH_SHA256) {
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    sha256_update(&ctx, bytes.len, bytes.ptr);
    sha256_digest(&ctx, SHA256_DIGEST_SIZE, out);
    return;
  }
  struct sha512_ctx ctx;
  if (hash == GC_HASH_SHA384)
    sha384_init(&ctx);
  else
    sha512_init(&ctx);
  sha512_update(&ctx, bytes.len, bytes.ptr);
  if (hash == GC_HASH_SHA384)
    sha384_digest(&ctx, SHA384_DIGEST_SIZE, out);
  else
    sha512_digest(&ctx, SHA512_DIGEST_SIZE, out);
}

void gc_hmac(enum gc_hash hash, struct gc_bytes key, const struct gc_bytes *pieces, size_t count,
             uint8_t out[static GC_HASH_MAX_LEN])
{
  const struct hash_row *row = &rows[hash];
  union hmac_ctx ctx;
  row->set_key(&ctx, key.len, key.ptr);
  for (size_t i = 0; i < count; i++)
    row->update(&ctx, pieces[i].len, pieces[i].ptr);
  row->digest(&ctx, row->len, out);
  sodium_memzero(&ctx, sizeof ctx);
}

void gc_hkdf(enum gc_hash hash, struct gc_bytes salt, const struct gc_bytes *ikm, size_t ikm_count, struct gc_bytes info,
             uint8_t *out, size_t len)
{
  if (hash == GC_HASH_SHA256 && ikm_count == 1 && gc_hkdf_sha256_short(salt, *ikm, info, out, len))
    return;
  const struct hash_row *row = &rows[hash];
  union hmac_ctx ctx;
  uint8_t prk[GC_HASH_MAX_LEN];
  gc_hmac(hash, salt, ikm, ikm_count, prk);
  row->set_key(&ctx, row->len, prk);
  hkdf_expand(&ctx, row->update, row->digest, row->len, info.len, info.ptr, len, out);
  sodium_memzero(prk, sizeof prk);
  sodium_memzero(&ctx, sizeof ctx);
}
