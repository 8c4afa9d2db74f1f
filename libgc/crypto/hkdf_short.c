#include "crypto/hkdf_short.h"

#include <endian.h>
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
    uint32_t word = htobe32(state->words[i]);
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

/* All that is secret on the way, to be wiped at once. */
struct work {
  uint8_t block[BLOCK], prk[DIGEST], t[2 * DIGEST];
  struct hmac key;
};

static void set_key(struct work *w, const uint8_t *key, size_t len)
{
  memset(w->block, 0x36, BLOCK);
  for (size_t i = 0; i < len; i++)
    w->block[i] ^= key[i];
  w->key.inner = compress(&initial, w->block);
  for (size_t i = 0; i < BLOCK; i++)
    w->block[i] ^= 0x36 ^ 0x5c;
  w->key.outer = compress(&initial, w->block);
}

/* the message's len bytes are in the block, which is used up */
static void hmac(struct work *w, size_t len, uint8_t out[static DIGEST])
{
  pad(w->block, len);
  struct state s = compress(&w->key.inner, w->block);
  store_be(w->block, &s);
  pad(w->block, DIGEST);
  s = compress(&w->key.outer, w->block);
  store_be(out, &s);
}

static size_t put(uint8_t *to, struct gc_bytes bytes)
{
  if (bytes.len)
    memcpy(to, bytes.ptr, bytes.len);
  return bytes.len;
}

bool gc_hkdf_sha256_short(struct gc_bytes salt, struct gc_bytes ikm, struct gc_bytes info, uint8_t *out, size_t len)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  return false;
#endif
  if (salt.len > BLOCK || ikm.len > ONE_BLOCK_MAX || info.len > GC_HKDF_SHORT_INFO_MAX || len > 2 * DIGEST)
    return false;
  struct work w;
  set_key(&w, salt.ptr, salt.len);
  hmac(&w, put(w.block, ikm), w.prk);
  set_key(&w, w.prk, DIGEST);
  w.block[put(w.block, info)] = 1;
  hmac(&w, info.len + 1, w.t);
  if (len > DIGEST) {
    memcpy(w.block, w.t, DIGEST);
    put(w.block + DIGEST, info);
    w.block[DIGEST + info.len] = 2;
    hmac(&w, DIGEST + info.len + 1, w.t + DIGEST);
  }
  memcpy(out, w.t, len);
  sodium_memzero(&w, sizeof w);
  return true;
}
