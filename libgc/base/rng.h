/* Randomness is passed in: the kernel's at the edge, a seeded one in tests and simulations. */
#ifndef GC_BASE_RNG_H
#define GC_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/** A source of random bytes; fill never fails (the kernel's aborts the process rather than answer badly). */
struct gc_rng {
  void (*fill)(void *ctx, uint8_t *out, size_t len);
  void *ctx;
};

/** The kernel's random number generator. */
struct gc_rng gc_rng_system(void);

/** A reproducible sequence for tests and simulations; never for keys. *state is the seed and lives as long as the source. */
struct gc_rng gc_rng_seeded(uint64_t *state);

uint32_t gc_rng_u32(struct gc_rng rng);

/** Uniform in 0 … bound - 1, without modulo bias; 0 where bound is 0. */
uint32_t gc_rng_below(struct gc_rng rng, uint32_t bound);

#endif
