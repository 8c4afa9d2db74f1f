/* Requests that responses may still come to, and nonces that have been used: caches as in gc-decode_match.c, so that memory does not
 * grow with the capture. */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "gc-decode_secure.h"

enum { WAYS = 8, REQUEST_SETS = DECODE_REQUESTS / WAYS, NONCE_SETS = DECODE_NONCES / WAYS };

struct request_slot {
  uint64_t used;           /* when; 0: empty */
  struct decode_request request;
};

struct nonce_slot {
  uint64_t hash, n, used;
};

struct decode_seen {
  uint64_t key, clock;
  struct request_slot requests[REQUEST_SETS][WAYS];
  struct nonce_slot nonces[NONCE_SETS][WAYS];
};

struct decode_seen *decode_seen_new(void)
{
  struct decode_seen *seen = calloc(1, sizeof *seen); /* pages that are not used cost nothing */
  struct gc_rng rng = gc_rng_system();
  if (seen)
    rng.fill(rng.ctx, (uint8_t *)&seen->key, sizeof seen->key);
  return seen;
}

void decode_seen_free(struct decode_seen **seen)
{
  free(*seen);
  *seen = NULL;
}

const struct decode_request *decode_seen_request(struct decode_seen *seen, uint64_t n)
{
  struct request_slot *set = seen->requests[n % REQUEST_SETS];
  for (unsigned i = 0; i < WAYS; i++)
    if (set[i].used && set[i].request.n == n) {
      set[i].used = ++seen->clock;
      return &set[i].request;
    }
  return NULL;
}

void decode_seen_remember(struct decode_seen *seen, const struct decode_request *request)
{
  struct request_slot *set = seen->requests[request->n % REQUEST_SETS], *oldest = set;
  for (unsigned i = 1; i < WAYS; i++)
    if (set[i].used < oldest->used)
      oldest = &set[i];
  *oldest = (struct request_slot){ ++seen->clock, *request };
}

/* Two rounds of multiplication with a secret: senders cannot choose collisions without knowing it. */
static uint64_t mix(uint64_t h, uint64_t part)
{
  h = (h ^ part) * 0xff51afd7ed558ccdull;
  h = (h ^ h >> 32) * 0xc4ceb9fe1a85ec53ull;
  return h ^ h >> 29;
}

uint64_t decode_seen_nonce(struct decode_seen *seen, const struct gc_bytes *parts, size_t count, uint64_t n)
{
  uint64_t hash = seen->key;
  for (size_t i = 0; i < count; i++) {
    hash = mix(hash + seen->key, parts[i].len);
    for (size_t at = 0; at < parts[i].len; at += 8) {
      uint64_t part = 0;
      size_t left = parts[i].len - at;
      memcpy(&part, parts[i].ptr + at, left < 8 ? left : 8);
      hash = mix(hash, part);
    }
  }
  struct nonce_slot *set = seen->nonces[hash % NONCE_SETS], *oldest = set;
  for (unsigned i = 0; i < WAYS; i++) {
    if (set[i].used && set[i].hash == hash) {
      set[i].used = ++seen->clock;
      return set[i].n;
    }
    if (set[i].used < oldest->used)
      oldest = &set[i];
  }
  *oldest = (struct nonce_slot){ hash, n, ++seen->clock };
  return 0;
}
