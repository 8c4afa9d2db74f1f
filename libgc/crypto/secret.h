/* Secret memory: locked, guarded, left out of core dumps, wiped; comparison and hexadecimal in constant time. */
#ifndef GC_CRYPTO_SECRET_H
#define GC_CRYPTO_SECRET_H

#include <stdbool.h>

#include "base/bytes.h"

/** Once, before anything else of this room; more often does no harm. GC_E_SYSTEM: no source of randomness. */
enum gc_err gc_crypto_init(void) GC_MUST_CHECK;

/**
 * A zeroed region of locked memory. Each takes whole pages and guard pages around them: one region for many secrets,
 * not one for each. Where the lock limit is used up the region is still guarded and wiped, but may be swapped.
 * @return NULL: no memory
 */
void *gc_secret_new(size_t len);

/** Wipe and give back; sets *region to NULL. NULL inside is fine. */
void gc_secret_free(void *region_pointer);

/** Wipe, in a way that the compiler cannot leave out. */
void gc_wipe(void *ptr, size_t len);

/** Equal? Time depends on len only. */
bool gc_secret_equal(const uint8_t *a, const uint8_t *b, size_t len);

/** 2·len lower-case digits and a NUL to out, without table look-ups; returns out. */
char *gc_secret_hex_encode(char *out, const uint8_t *bytes, size_t len);

/**
 * Exactly the digits of hex, no separators, to out.
 * @return GC_OK; GC_E_MALFORMED: another character or an odd number of digits; GC_E_SPACE: more than cap bytes
 */
enum gc_err gc_secret_hex_decode(uint8_t *out, size_t cap, size_t *len, const char *hex, size_t hex_len) GC_MUST_CHECK;

/** Bytes of the kernel's generator: keys. */
void gc_random(uint8_t *out, size_t len);

/** Versions of the libraries that this process runs with: "libsodium 1.0.18", "nettle 3.8". Static text. */
const char *gc_crypto_versions(void);

#endif
