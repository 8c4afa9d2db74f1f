/* Within crypto/: Ed448 keys as X448 keys. */
#ifndef GC_CRYPTO_EDWARDS448_H
#define GC_CRYPTO_EDWARDS448_H

#include <stdbool.h>
#include <stdint.h>

/** u of an encoded Ed448 point; false: not a point, or y is 1 or -1. @see RFC 7748, Section 4.2 */
bool gc_ed448_public_to_x448(uint8_t u[static 56], const uint8_t point[static 57]);

/** The secret scalar of an Ed448 seed, as X448 takes it. @see RFC 8032, Section 5.2.5 */
void gc_ed448_seed_to_x448(uint8_t scalar[static 56], const uint8_t seed[static 57]);

#endif
