#include "base/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void fill_system(void *ctx, uint8_t *out, size_t len)
{
  (void)ctx;
  while (len > 0) {
    ssize_t n = getrandom(out, len, 0);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      abort(); /* ENOSYS or a bad pointer: no safe way on */
    out += n;
    len -= (size_t)n;
  }
}

struct gc_rng gc_rng_system(void)
{
  return (struct gc_rng){ fill_system, NULL };
}

/* splitmix64 */
static void fill_seeded(void *ctx, uint8_t *out, size_t len)
{
  uint64_t *state = ctx;
  while (len > 0) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    size_t n = len < sizeof z ? len : sizeof z;
    memcpy(out, &z, n);
    out += n;
    len -= n;
  }
}

struct gc_rng gc_rng_seeded(uint64_t *state)
{
  return (struct gc_rng){ fill_seeded, state };
}

uint32_t gc_rng_u32(struct gc_rng rng)
{
  uint32_t value;
  rng.fill(rng.ctx, (uint8_t *)&value, sizeof value);
  return value;
}

uint32_t gc_rng_below(struct gc_rng rng, uint32_t bound)
{
  if (bound < 2)
    return 0;
  const uint32_t reject = (uint32_t)(-bound) % bound; /* 2^32 mod bound */
  uint32_t value;
  do
    value = gc_rng_u32(rng);
  while (value < reject);
  return value % bound;
}
