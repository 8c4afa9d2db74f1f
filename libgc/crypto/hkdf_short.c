#include "crypto/hkdf_short.h"

#include <nettle/sha2.h>
#include <sodium.h>
#include <string.h>

enum { BLOCK = 64, DIGEST = 32, ONE_BLOCK_MAX = 55 };

struct state {
  uint32_t words[8];
};

static const struct state initial = { { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };

/* nettle's fastest compression, without its bookkeeping */
static struct state compress(const struct state *from, const uint8_t block[static BLOCK])
{
  struct sha256_ctx ctx;
  struct state to;
  memcpy(ctx.state, from->words, sizeof ctx.state);
  ctx.count = 0;
  ctx.index = 0;
  sha256_update(&ctx, BLOCK, block);
  memcpy(to.words, ctx.state, sizeof to.words);
  return to;
}

static void store_be(uint8_t out[static DIGEST], const struct state *state)
{
  for (size_t i = 0; i < 8; i++) {
    uint32_t word = __builtin_bswap32(state->words[i]);
    memcpy(out + 4 * i, &word, sizeof word);
  }
}

/* Pad a block that holds the last len bytes of a message of BLOCK + len bytes. */
static void pad(uint8_t block[static BLOCK], size_t len)
{
  size_t bits = (BLOCK + len) * 8;
  block[len] = 0x80;
  memset(block + len + 1, 0, BLOCK - 3 - len);
  block[62] = (uint8_t)(bits >> 8);
  block[63] = (uint8_t)bits;
}

struct hmac {
  struct state inner, outer;
};

static struct hmac hmac_key(const uint8_t *key, size_t len)
{
  uint8_t block[BLOCK] = { 0 };
  struct hmac h;
  if (len)
    memcpy(block, key, len);
  for (size_t i = 0; i < BLOCK; i++)
    block[i] ^= 0x36;
  h.inner = compress(&initial, block);
  for (size_t i = 0; i < BLOCK; i++)
    block[i] ^= 0x36 ^ 0x5c;
  h.outer = compress(&initial, block);
  sodium_memzero(block, sizeof block);
  return h;
}

/* block holds a message of len bytes and is used up */
static void hmac(const struct hmac *key, uint8_t block[static BLOCK], size_t len, uint8_t out[static DIGEST])
{
  pad(block, len);
  struct state s = compress(&key->inner, block);
  store_be(block, &s);
  pad(block, DIGEST);
  s = compress(&key->outer, block);
  store_be(out, &s);
}

bool gc_hkdf_sha256_short(struct gc_bytes salt, struct gc_bytes ikm, struct gc_bytes info, uint8_t *out, size_t len)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  return false;
#endif
  if (salt.len > BLOCK || ikm.len > ONE_BLOCK_MAX || info.len > GC_HKDF_SHORT_INFO_MAX || len > 2 * DIGEST)
    return false;
  uint8_t block[BLOCK], prk[DIGEST], t[2 * DIGEST];
  struct hmac key = hmac_key(salt.ptr, salt.len);
  if (ikm.len)
    memcpy(block, ikm.ptr, ikm.len);
  hmac(&key, block, ikm.len, prk);
  key = hmac_key(prk, sizeof prk);
  if (info.len)
    memcpy(block, info.ptr, info.len);
  block[info.len] = 1;
  hmac(&key, block, info.len + 1, t);
  if (len > DIGEST) {
    memcpy(block, t, DIGEST);
    if (info.len)
      memcpy(block + DIGEST, info.ptr, info.len);
    block[DIGEST + info.len] = 2;
    hmac(&key, block, DIGEST + info.len + 1, t + DIGEST);
  }
  memcpy(out, t, len);
  sodium_memzero(prk, sizeof prk);
  sodium_memzero(t, sizeof t);
  sodium_memzero(block, sizeof block);
  sodium_memzero(&key, sizeof key);
  return true;
}
