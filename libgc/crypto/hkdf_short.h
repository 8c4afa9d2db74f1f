/* Within crypto/: HKDF-SHA-256 of short inputs, in the ten compressions that it takes and little else. It is called for
 * every countersignature, beside which each tenth of a microsecond shows. */
#ifndef GC_CRYPTO_HKDF_SHORT_H
#define GC_CRYPTO_HKDF_SHORT_H

#include <stdbool.h>

#include "base/bytes.h"

#define GC_HKDF_SHORT_INFO_MAX 22 /* bytes: T(1), info and a counter in one block */

/** false: inputs or len too long, nothing done. */
bool gc_hkdf_sha256_short(struct gc_bytes salt, struct gc_bytes ikm, struct gc_bytes info, uint8_t *out, size_t len);

#endif
