#include "crypto/rfc6979.h"

#include <sodium.h>
#include <string.h>

/* The leftmost bit_size bits of in as a number of out_len bytes (Section 2.3.2, bits2int). */
static void bits2int(uint8_t *out, size_t out_len, size_t bit_size, const uint8_t *in, size_t in_len)
{
  size_t shift = in_len * 8 > bit_size ? (in_len * 8 - bit_size) % 8 : 0;
  size_t take = in_len < out_len ? in_len : out_len;
  memset(out, 0, out_len);
  uint8_t *to = out + out_len - take;
  for (size_t i = take; i-- > 0;)
    to[i] = (uint8_t)(in[i] >> shift | (shift && i ? in[i - 1] << (8 - shift) : 0));
}

/* Section 2.3.4, bits2octets: subtract the order once if the number is not below it. The digest is public. */
static void reduce(uint8_t *number, const uint8_t *order, size_t len)
{
  if (memcmp(number, order, len) < 0)
    return;
  int borrow = 0;
  for (size_t i = len; i-- > 0;) {
    int d = number[i] - order[i] - borrow;
    borrow = d < 0;
    number[i] = (uint8_t)d;
  }
}

static void rekey(struct gc_rfc6979 *s, uint8_t separator, const uint8_t *extra, size_t extra_len)
{
  size_t n = gc_hash_len(s->hash);
  struct gc_bytes pieces[] = { { s->v, n }, { &separator, 1 }, { extra, extra_len } };
  gc_hmac(s->hash, gc_bytes(s->k, n), pieces, 3, s->k);
  gc_hmac(s->hash, gc_bytes(s->k, n), pieces, 1, s->v);
}

void gc_rfc6979_init(struct gc_rfc6979 *state, enum gc_hash hash, size_t bit_size, const uint8_t *order,
                     const uint8_t *scalar, const uint8_t *digest)
{
  size_t len = (bit_size + 7) / 8;
  uint8_t seed[2 * 66];
  memset(state, 0, sizeof *state);
  state->hash = (uint8_t)hash;
  state->bit_size = bit_size;
  memset(state->v, 1, sizeof state->v);
  memcpy(seed, scalar, len);
  bits2int(seed + len, len, bit_size, digest, gc_hash_len(hash));
  reduce(seed + len, order, len);
  rekey(state, 0, seed, 2 * len);
  rekey(state, 1, seed, 2 * len);
  sodium_memzero(seed, sizeof seed);
}

void gc_rfc6979_next(void *ctx, size_t len, uint8_t *out)
{
  struct gc_rfc6979 *s = ctx;
  size_t n = gc_hash_len(s->hash), done = 0;
  uint8_t candidate[2 * GC_HASH_MAX_LEN];
  if (s->is_used)
    rekey(s, 0, NULL, 0);
  s->is_used = true;
  while (done < len) {
    struct gc_bytes v = { s->v, n };
    gc_hmac(s->hash, gc_bytes(s->k, n), &v, 1, s->v);
    memcpy(candidate + done, s->v, n);
    done += n;
  }
  bits2int(out, len, s->bit_size, candidate, len);
  sodium_memzero(candidate, sizeof candidate);
}
