/* Writing into memory that is known to have room (gc_out_reserve): each function answers where it ended. For what is printed for
 * every message of a capture. */
#ifndef GC_TOOLS_PUT_H
#define GC_TOOLS_PUT_H

#include <string.h>

#include "base/bytes.h"

/** A string literal. */
#define GC_PUT(at, literal) ((uint8_t *)memcpy((at), "" literal, sizeof literal - 1) + (sizeof literal - 1))

static inline uint8_t *gc_put_bytes(uint8_t *at, const void *bytes, size_t len)
{
  memcpy(at, bytes, len);
  return at + len;
}

/** At most 20 digits. */
static inline uint8_t *gc_put_uint(uint8_t *at, uint64_t value)
{
  uint8_t digits[20];
  size_t n = 0;
  if (value < 10) {
    *at = (uint8_t)('0' + value);
    return at + 1;
  }
  for (; value > 0; value /= 10)
    digits[sizeof digits - ++n] = (uint8_t)('0' + value % 10);
  return gc_put_bytes(at, digits + sizeof digits - n, n);
}

/** value / 10^decimals, at most 20 digits before and `decimals` (1 to 18) behind the point. */
static inline uint8_t *gc_put_fixed(uint8_t *at, uint64_t value, unsigned decimals)
{
  uint64_t unit = 1;
  for (unsigned i = 0; i < decimals; i++)
    unit *= 10;
  at = gc_put_uint(at, value / unit);
  *at = '.';
  value %= unit;
  for (unsigned i = decimals; i > 0; i--, value /= 10)
    at[i] = (uint8_t)('0' + value % 10);
  return at + 1 + decimals;
}

/** Six digits of value % 1000000. */
static inline uint8_t *gc_put_micros(uint8_t *at, uint32_t value)
{
  for (unsigned i = 6; i > 0; i--, value /= 10)
    at[i - 1] = (uint8_t)('0' + value % 10);
  return at + 6;
}

/** 2·bytes.len digits. */
static inline uint8_t *gc_put_hex(uint8_t *at, struct gc_bytes bytes)
{
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < bytes.len; i++) {
    *at++ = (uint8_t)digits[bytes.ptr[i] >> 4];
    *at++ = (uint8_t)digits[bytes.ptr[i] & 15];
  }
  return at;
}

/** Eight bytes, at least one of which is not printable ASCII, or is a quote or a backslash (never missed; may be claimed wrongly
 *  only where one of them is there). */
static inline uint64_t gc_put_special8(uint64_t x)
{
  const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
  uint64_t quote = x ^ ones * '"', backslash = x ^ ones * '\\', rubout = x ^ ones * 0x7f;
  return (x | ((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((rubout - ones) & ~rubout)) & high;
}

/** Only printable ASCII without quotes and backslashes: text that every output shows as it is. */
static inline bool gc_put_is_plain(struct gc_bytes bytes)
{
  uint64_t special = 0, part;
  for (; bytes.len >= 8; bytes.ptr += 8, bytes.len -= 8) {
    memcpy(&part, bytes.ptr, 8);
    special |= gc_put_special8(part);
  }
  part = 0x2020202020202020;
  if (bytes.len > 0)
    memcpy(&part, bytes.ptr, bytes.len);
  return (special | gc_put_special8(part)) == 0;
}

#endif
