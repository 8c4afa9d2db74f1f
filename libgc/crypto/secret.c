#include "crypto/secret.h"

#include <nettle/version.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum gc_err gc_crypto_init(void)
{
  return sodium_init() < 0 ? GC_E_SYSTEM : GC_OK;
}

void *gc_secret_new(size_t len)
{
  size_t whole = (len + 63) & ~(size_t)63; /* sodium_malloc puts the end at the guard page: keep the start aligned */
  if (whole < len || sodium_init() < 0)
    return NULL;
  void *region = sodium_malloc(whole);
  if (region)
    memset(region, 0, whole);
  return region;
}

void gc_secret_free(void *region_pointer)
{
  void *region;
  memcpy(&region, region_pointer, sizeof region);
  sodium_free(region);
  memset(region_pointer, 0, sizeof region);
}

void gc_wipe(void *ptr, size_t len)
{
  sodium_memzero(ptr, len);
}

bool gc_secret_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
  return sodium_memcmp(a, b, len) == 0;
}

char *gc_secret_hex_encode(char *out, const uint8_t *bytes, size_t len)
{
  return sodium_bin2hex(out, 2 * len + 1, bytes, len);
}

enum gc_err gc_secret_hex_decode(uint8_t *out, size_t cap, size_t *len, const char *hex, size_t hex_len)
{
  const char *end = hex;
  size_t written = 0;
  *len = 0;
  if (hex_len % 2)
    return GC_E_MALFORMED;
  if (hex_len / 2 > cap)
    return GC_E_SPACE;
  if (hex_len && (sodium_hex2bin(out, cap, hex, hex_len, NULL, &written, &end) || end != hex + hex_len)) {
    sodium_memzero(out, cap);
    return GC_E_MALFORMED;
  }
  *len = written;
  return GC_OK;
}

void gc_random(uint8_t *out, size_t len)
{
  randombytes_buf(out, len);
}

const char *gc_crypto_versions(void)
{
  static char text[64];
  if (!text[0])
    snprintf(text, sizeof text, "libsodium %s, nettle %d.%d", sodium_version_string(), nettle_version_major(), nettle_version_minor());
  return text;
}
