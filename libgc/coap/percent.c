#include "coap/percent.h"

#include <string.h>

static bool is_alnum(uint8_t c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int digit(uint8_t c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that %HH at the front stands for; -1: none. */
static int encoded_byte(const uint8_t *p, size_t len)
{
  if (len < 3 || p[0] != '%' || digit(p[1]) < 0 || digit(p[2]) < 0)
    return -1;
  return digit(p[1]) << 4 | digit(p[2]);
}

bool gc_uri_char_is(uint8_t c, unsigned chars)
{
  if (c == '&' && (chars & GC_URI_NO_AMPERSAND))
    return false;
  if ((chars & GC_URI_UNRESERVED) && (is_alnum(c) || (c && strchr("-._~", c))))
    return true;
  if ((chars & GC_URI_SUB_DELIMS) && c && strchr("!$&'()*+,;=", c))
    return true;
  return ((chars & GC_URI_COLON_AT) && (c == ':' || c == '@')) || ((chars & GC_URI_SLASH) && c == '/') ||
         ((chars & GC_URI_QUESTION) && c == '?');
}

enum gc_err gc_percent_decode(struct gc_buf *out, struct gc_bytes text)
{
  const size_t start = out->len;
  enum gc_err err = GC_OK;
  for (size_t i = 0; i < text.len && !err;) {
    int byte = text.ptr[i];
    size_t used = 1;
    if (byte == '%') {
      byte = encoded_byte(text.ptr + i, text.len - i);
      used = 3;
    }
    err = byte < 0 ? GC_E_MALFORMED : gc_buf_add_u8(out, (uint8_t)byte);
    i += used;
  }
  if (err)
    out->len = start;
  return err;
}

enum gc_err gc_percent_encode(struct gc_buf *out, struct gc_bytes bytes, unsigned chars)
{
  static const char digits[] = "0123456789ABCDEF";
  const size_t start = out->len;
  enum gc_err err = GC_OK;
  for (size_t i = 0; i < bytes.len && !err; i++) {
    const uint8_t c = bytes.ptr[i];
    const uint8_t hex[3] = { '%', (uint8_t)digits[c >> 4], (uint8_t)digits[c & 15] };
    err = gc_uri_char_is(c, chars) ? gc_buf_add_u8(out, c) : gc_buf_add(out, gc_bytes(hex, 3));
  }
  if (err)
    out->len = start;
  return err;
}

enum gc_err gc_percent_check(struct gc_bytes text, unsigned chars, size_t base, struct gc_where *where)
{
  for (size_t i = 0; i < text.len; i++) {
    const uint8_t c = text.ptr[i];
    if (c == '%') {
      if (encoded_byte(text.ptr + i, text.len - i) < 0)
        return gc_fail(where, base + i, "% must be followed by two hexadecimal digits (write % itself as %25)", GC_E_MALFORMED);
      i += 2;
    } else if (c < 0x80 && !gc_uri_char_is(c, chars)) {
      return gc_fail(where, base + i, "a character that must be percent-encoded in a URI (%20 for a blank)", GC_E_MALFORMED);
    }
  }
  return GC_OK;
}
