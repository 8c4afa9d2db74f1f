/* Within crypto/: P-256, P-384 and P-521 over hogweed. */
#ifndef GC_CRYPTO_NIST_H
#define GC_CRYPTO_NIST_H

#include "crypto/key.h"

/** Is x ‖ y a point of the curve (its subgroup is the whole group)? */
bool gc_nist_is_point(int32_t curve, const uint8_t *xy);

/** y of a compressed point; false: no point has this x. */
bool gc_nist_decompress(int32_t curve, const uint8_t *x, bool y_is_odd, uint8_t *y);

/** Public key x ‖ y of the private scalar; false: 0 or not below the order. */
bool gc_nist_public(int32_t curve, const uint8_t *scalar, uint8_t *xy);

bool gc_nist_shared(int32_t curve, const uint8_t *scalar, const uint8_t *xy, uint8_t *out);
bool gc_nist_sign(int32_t curve, const uint8_t *scalar, struct gc_bytes message, uint8_t *rs);
bool gc_nist_verify(int32_t curve, const uint8_t *xy, struct gc_bytes message, const uint8_t *rs);

#endif
