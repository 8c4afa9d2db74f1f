#include "cbor/edn_parts.h"

static int hex_digit(uint8_t c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum gc_err put(struct edn *edn, uint8_t byte)
{
  return gc_buf_add_u8(edn->out, byte) ? gc_edn_fail(edn, edn->pos, "too long", GC_E_SPACE) : GC_OK;
}

static enum gc_err put_point(struct edn *edn, uint32_t point)
{
  uint8_t bytes[4];
  size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  static const uint8_t marks[5] = { 0, 0, 0xc0, 0xe0, 0xf0 };
  for (size_t i = len; i-- > 1; point >>= 6)
    bytes[i] = (uint8_t)(0x80 | (point & 0x3f));
  bytes[0] = (uint8_t)(marks[len] | point);
  return gc_buf_add(edn->out, gc_bytes(bytes, len)) ? gc_edn_fail(edn, edn->pos, "too long", GC_E_SPACE) : GC_OK;
}

/* four digits behind "\u" */
static enum gc_err hex4(struct edn *edn, uint32_t *out)
{
  *out = 0;
  for (int i = 0; i < 4; i++) {
    int digit = hex_digit(gc_edn_peek(edn, 0));
    if (digit < 0)
      return gc_edn_fail(edn, edn->pos, "four hexadecimal digits must follow \\u", GC_E_MALFORMED);
    *out = *out << 4 | (uint32_t)digit;
    edn->pos++;
  }
  return GC_OK;
}

static enum gc_err unicode_escape(struct edn *edn)
{
  const size_t at = edn->pos;
  uint32_t point, low = 0;
  enum gc_err err = hex4(edn, &point);
  if (err)
    return err;
  if (point >= 0xd800 && point < 0xdc00) {
    if (!gc_edn_take(edn, "\\u") || (err = hex4(edn, &low)) != GC_OK || low < 0xdc00 || low > 0xdfff)
      return gc_edn_fail(edn, at, "a lone surrogate", GC_E_MALFORMED);
    point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
  } else if (point >= 0xdc00 && point < 0xe000) {
    return gc_edn_fail(edn, at, "a lone surrogate", GC_E_MALFORMED);
  }
  return put_point(edn, point);
}

/* behind "\" */
static enum gc_err escape(struct edn *edn)
{
  static const char names[] = "bfnrt\"'\\/", values[] = "\b\f\n\r\t\"'\\/";
  const uint8_t c = gc_edn_peek(edn, 0);
  for (size_t i = 0; names[i]; i++)
    if (c == (uint8_t)names[i]) {
      edn->pos++;
      return put(edn, (uint8_t)values[i]);
    }
  if (gc_edn_take(edn, "u"))
    return unicode_escape(edn);
  return gc_edn_fail(edn, edn->pos - 1, "unknown escape", GC_E_MALFORMED);
}

static enum gc_err text(struct edn *edn, uint8_t quote)
{
  const size_t at = edn->pos;
  for (edn->pos++; edn->pos < edn->text.len;) {
    const uint8_t c = edn->text.ptr[edn->pos];
    enum gc_err err;
    if (c < ' ' && c != '\n' && c != '\r' && c != '\t')
      return gc_edn_fail(edn, edn->pos, "a control character: write it as \\u00XX", GC_E_MALFORMED);
    edn->pos++;
    if (c == quote)
      return GC_OK;
    err = c == '\\' ? escape(edn) : put(edn, c);
    if (err)
      return err;
  }
  return gc_edn_fail(edn, at, "the closing quote is missing", GC_E_MALFORMED);
}

static enum gc_err hex(struct edn *edn)
{
  const size_t at = edn->pos;
  int high = -1;
  for (;;) {
    enum gc_err err = gc_edn_skip(edn);
    const int digit = hex_digit(gc_edn_peek(edn, 0));
    if (err)
      return err;
    if (gc_edn_take(edn, "'"))
      return high < 0 ? GC_OK : gc_edn_fail(edn, edn->pos - 1, "an odd number of hexadecimal digits", GC_E_MALFORMED);
    if (edn->pos >= edn->text.len)
      return gc_edn_fail(edn, at - 2, "the closing quote is missing", GC_E_MALFORMED);
    if (digit < 0)
      return gc_edn_fail(edn, edn->pos, "not a hexadecimal digit", GC_E_MALFORMED);
    if (high >= 0 && (err = put(edn, (uint8_t)(high << 4 | digit))) != GC_OK)
      return err;
    high = high >= 0 ? -1 : digit;
    edn->pos++;
  }
}

static int base64_digit(uint8_t c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* both alphabets of RFC 4648, padding or none; no comments, as "/" is a digit */
static enum gc_err base64(struct edn *edn)
{
  const size_t at = edn->pos;
  uint32_t bits = 0, count = 0, padding = 0;
  for (; edn->pos < edn->text.len; edn->pos++) {
    const uint8_t c = edn->text.ptr[edn->pos];
    const int digit = base64_digit(c);
    if (c == '\'') {
      /* the bits beyond the last byte must be zero, and there are at most four of them */
      if (count % 4 == 1 || (padding > 0 && (count + padding) % 4 != 0) || (bits & ((1u << (count % 4 == 2 ? 4 : count % 4 == 3 ? 2 : 0)) - 1)) != 0)
        return gc_edn_fail(edn, edn->pos, "base64 ends in the middle of a byte", GC_E_MALFORMED);
      edn->pos++;
      return GC_OK;
    }
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
      continue;
    if (c == '=' && ++padding <= 2)
      continue;
    if (digit < 0 || padding > 0)
      return gc_edn_fail(edn, edn->pos, "not a base64 digit", GC_E_MALFORMED);
    bits = (bits << 6 | (uint32_t)digit) & 0xffff;
    if (++count % 4 != 1) { /* 6, 12 → 4, 10 → 2, 8 → 0 bits are left over */
      const uint32_t left = count % 4 == 2 ? 4 : count % 4 == 3 ? 2 : 0;
      enum gc_err err = put(edn, (uint8_t)(bits >> left));
      if (err)
        return err;
    }
  }
  return gc_edn_fail(edn, at - 4, "the closing quote is missing", GC_E_MALFORMED);
}

enum gc_err gc_edn_string(struct edn *edn, uint8_t *major)
{
  *major = 2;
  if (gc_edn_take(edn, "h'"))
    return hex(edn);
  if (gc_edn_take(edn, "b64'"))
    return base64(edn);
  const uint8_t quote = gc_edn_peek(edn, 0);
  if (quote != '"' && quote != '\'')
    return gc_edn_fail(edn, edn->pos, "not a value of diagnostic notation", GC_E_MALFORMED);
  *major = quote == '"' ? 3 : 2;
  return text(edn, quote);
}
