#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cbor/edn_parts.h"
#include "cbor/float.h"
#include "cbor/writer.h"

enum { BIG_LEN = 64 }; /* bytes of the largest bignum */

/* big = big * base + digit; false: too large */
static bool big_add(uint8_t big[static BIG_LEN], unsigned base, unsigned digit)
{
  unsigned carry = digit;
  for (size_t i = BIG_LEN; i-- > 0;) {
    carry += big[i] * base;
    big[i] = (uint8_t)carry;
    carry >>= 8;
  }
  return carry == 0;
}

/* for the -1 of negative numbers; big is not zero */
static void big_decrement(uint8_t big[static BIG_LEN])
{
  for (size_t i = BIG_LEN; i-- > 0;)
    if (big[i]-- != 0)
      return;
}

static unsigned digit_value(uint8_t c)
{
  if (c >= '0' && c <= '9')
    return c - (unsigned)'0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10 : 99;
}

enum gc_err gc_edn_real(struct edn *edn, size_t at, double value, uint8_t width)
{
  struct gc_cbor_writer writer = gc_cbor_writer(edn->out);
  if (width == EDN_INDEFINITE || width == 1)
    return gc_edn_fail(edn, at, "_1, _2 or _3 may follow a floating-point number", GC_E_MALFORMED);
  gc_cbor_float_in(&writer, value, width == EDN_PREFERRED ? gc_cbor_float_width(value) : width);
  enum gc_err err = gc_cbor_finish(&writer);
  return err ? gc_edn_fail(edn, at, err == GC_E_RANGE ? "the encoding indicator would change the number" : "too long", err) : GC_OK;
}

static size_t digits(struct edn *edn, size_t pos)
{
  size_t n = 0;
  while (pos + n < edn->text.len && digit_value(edn->text.ptr[pos + n]) < 10)
    n++;
  return n;
}

/* DIGITS "." DIGITS, DIGITS "e" …; *len is 0 where it is no floating-point number */
static enum gc_err scan_real(struct edn *edn, size_t at, size_t *len)
{
  const struct gc_bytes t = edn->text;
  size_t pos = at + (t.ptr[at] == '-');
  bool is_real = false;
  pos += digits(edn, pos);
  if (pos < t.len && t.ptr[pos] == '.') {
    size_t n = digits(edn, ++pos);
    if (n == 0)
      return gc_edn_fail(edn, pos, "a digit must follow the point", GC_E_MALFORMED);
    pos += n;
    is_real = true;
  }
  if (pos < t.len && (t.ptr[pos] | 0x20) == 'e') {
    pos++;
    pos += pos < t.len && (t.ptr[pos] == '+' || t.ptr[pos] == '-');
    size_t n = digits(edn, pos);
    if (n == 0)
      return gc_edn_fail(edn, pos, "a digit must follow the e", GC_E_MALFORMED);
    pos += n;
    is_real = true;
  }
  *len = is_real ? pos - at : 0;
  return GC_OK;
}

static enum gc_err real(struct edn *edn, size_t len)
{
  const size_t at = edn->pos;
  char text[128];
  if (len >= sizeof text)
    return gc_edn_fail(edn, at, "a floating-point number of more than 127 characters", GC_E_RANGE);
  memcpy(text, edn->text.ptr + at, len);
  text[len] = '\0';
  const double value = strtod(text, NULL);
  if (isinf(value))
    return gc_edn_fail(edn, at, "too large for a floating-point number", GC_E_RANGE);
  edn->pos += len;
  return gc_edn_real(edn, at, value, gc_edn_indicator(edn));
}

static enum gc_err put_integer(struct edn *edn, size_t at, bool is_negative, const uint8_t big[static BIG_LEN], uint8_t width)
{
  size_t zeros = 0;
  uint64_t value = 0;
  while (zeros < BIG_LEN && big[zeros] == 0)
    zeros++;
  if (zeros >= BIG_LEN - 8) {
    for (size_t i = BIG_LEN - 8; i < BIG_LEN; i++)
      value = value << 8 | big[i];
    return gc_edn_head(edn, edn->out->len, is_negative, value, width);
  }
  if (width != EDN_PREFERRED)
    return gc_edn_fail(edn, at, "too large for the encoding indicator", GC_E_RANGE);
  struct gc_cbor_writer writer = gc_cbor_writer(edn->out);
  gc_cbor_tag(&writer, is_negative ? 3 : 2); /* RFC 8949, Section 3.4.3 */
  gc_cbor_bytes(&writer, gc_bytes(big + zeros, BIG_LEN - zeros));
  return gc_cbor_finish(&writer) ? gc_edn_fail(edn, at, "too long", GC_E_SPACE) : GC_OK;
}

enum gc_err gc_edn_number(struct edn *edn, bool *is_tag, uint64_t *tag, uint8_t *width)
{
  const size_t at = edn->pos;
  uint8_t big[BIG_LEN] = { 0 };
  unsigned base = 10, digit;
  size_t real_len = 0;
  enum gc_err err = scan_real(edn, at, &real_len);
  if (err)
    return err;
  if (real_len > 0)
    return real(edn, real_len);
  const bool is_negative = gc_edn_take(edn, "-");
  if (gc_edn_take(edn, "0x"))
    base = 16;
  else if (gc_edn_take(edn, "0o"))
    base = 8;
  else if (gc_edn_take(edn, "0b"))
    base = 2;
  const size_t first = edn->pos;
  bool is_zero = true;
  for (; (digit = digit_value(gc_edn_peek(edn, 0))) < base; edn->pos++) {
    is_zero = is_zero && digit == 0;
    if (!is_zero && !big_add(big, base, digit))
      return gc_edn_fail(edn, at, "an integer of more than 64 bytes", GC_E_RANGE);
  }
  if (edn->pos == first || digit_value(gc_edn_peek(edn, 0)) < 36)
    return gc_edn_fail(edn, edn->pos, "a digit is expected", GC_E_MALFORMED);
  *width = gc_edn_indicator(edn);
  if (*width == EDN_INDEFINITE)
    return gc_edn_fail(edn, edn->pos - 1, "_0, _1, _2 or _3 may follow an integer", GC_E_MALFORMED);
  if (is_negative && !is_zero)
    big_decrement(big);
  *is_tag = !is_negative && gc_edn_peek(edn, 0) == '(';
  if (!*is_tag)
    return put_integer(edn, at, is_negative && !is_zero, big, *width);
  for (size_t i = 0; i < BIG_LEN - 8; i++)
    if (big[i])
      return gc_edn_fail(edn, at, "a tag is below 2^64", GC_E_RANGE);
  for (size_t i = BIG_LEN - 8; i < BIG_LEN; i++)
    *tag = *tag << 8 | big[i];
  return GC_OK;
}
