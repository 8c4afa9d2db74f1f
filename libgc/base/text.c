#include "base/text.h"

#include <string.h>

/* Length of the well-formed UTF-8 character at the front (RFC 3629, Section 4) and its code point; 0: none. */
static size_t utf8_char(struct gc_bytes bytes, uint32_t *point)
{
  static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
  if (bytes.len == 0)
    return 0;
  const uint8_t *p = bytes.ptr;
  size_t len = p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : (p[0] & 0xf8) == 0xf0 ? 4 : 0;
  if (len == 0 || len > bytes.len)
    return 0;
  uint32_t value = len == 1 ? p[0] : p[0] & (0x7fu >> len);
  for (size_t i = 1; i < len; i++) {
    if ((p[i] & 0xc0) != 0x80)
      return 0;
    value = value << 6 | (p[i] & 0x3fu);
  }
  if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
    return 0;
  *point = value;
  return len;
}

static bool is_control(uint32_t point)
{
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x200e || point == 0x200f ||
         (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

bool gc_text_is_utf8(struct gc_bytes bytes)
{
  uint32_t point;
  for (size_t n; bytes.len > 0; bytes = gc_bytes_slice(bytes, n, SIZE_MAX))
    if ((n = utf8_char(bytes, &point)) == 0)
      return false;
  return true;
}

size_t gc_text_printable_len(struct gc_bytes bytes)
{
  uint32_t point;
  if (bytes.len > 0 && bytes.ptr[0] >= 0x20 && bytes.ptr[0] < 0x7f) /* most text */
    return 1;
  size_t len = utf8_char(bytes, &point);
  return len && !is_control(point) ? len : 0;
}

/* Eight bytes that are all printable ASCII: nothing below 0x20, no DEL, nothing above it. */
static bool is_ascii8(const uint8_t *p)
{
  const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
  uint64_t x;
  memcpy(&x, p, sizeof x);
  uint64_t rubout = x ^ ones * 0x7f;
  return ((x | ((x - ones * 0x20) & ~x) | ((rubout - ones) & ~rubout)) & high) == 0;
}

bool gc_text_is_printable(struct gc_bytes bytes)
{
  while (bytes.len >= 8 && is_ascii8(bytes.ptr)) {
    bytes.ptr += 8;
    bytes.len -= 8;
  }
  for (size_t n; bytes.len > 0; bytes.ptr += n, bytes.len -= n) {
    n = gc_text_printable_len(bytes);
    if (n == 0 && memchr("\t\n\r", bytes.ptr[0], 3))
      n = 1;
    if (n == 0)
      return false;
  }
  return true;
}

bool gc_text_escape(struct gc_buf *out, struct gc_bytes bytes)
{
  static const char digits[] = "0123456789abcdef";
  for (size_t n; bytes.len > 0; bytes = gc_bytes_slice(bytes, n, SIZE_MAX)) {
    char esc[4] = { '\\', 0, 0, 0 };
    const char *special = memchr("\t\n\r\\", bytes.ptr[0], 4);
    struct gc_bytes piece = gc_bytes(esc, 2);
    n = gc_text_printable_len(bytes);
    if (special) {
      esc[1] = "tnr\\"[strcspn("\t\n\r\\", (char[]){ (char)bytes.ptr[0], 0 })];
      n = 1;
    } else if (n > 0) {
      piece = gc_bytes(bytes.ptr, n);
    } else {
      esc[1] = 'x';
      esc[2] = digits[bytes.ptr[0] >> 4];
      esc[3] = digits[bytes.ptr[0] & 15];
      piece.len = 4;
      n = 1;
    }
    if (gc_buf_add(out, piece) != GC_OK)
      return false;
  }
  return true;
}
