#include "base/hex.h"

char *gc_hex_encode(char *out, struct gc_bytes bytes)
{
  static const char digits[16] = { '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f' };
  for (size_t i = 0; i < bytes.len; i++) {
    out[2 * i] = digits[bytes.ptr[i] >> 4];
    out[2 * i + 1] = digits[bytes.ptr[i] & 15];
  }
  out[2 * bytes.len] = '\0';
  return out;
}

static int digit(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

enum gc_err gc_hex_decode(struct gc_buf *out, const char *hex, size_t hex_len, struct gc_where *where)
{
  const size_t start = out->len;
  enum gc_err err = GC_OK;
  size_t i = hex_len >= 2 && hex[0] == '0' && (hex[1] == 'x' || hex[1] == 'X') ? 2 : 0;
  while (i < hex_len && !err) {
    if (hex[i] == ' ' || hex[i] == '\t' || hex[i] == ':' || hex[i] == '-') {
      i++;
      continue;
    }
    int high = digit(hex[i]), low = i + 1 < hex_len ? digit(hex[i + 1]) : -1;
    if (high < 0)
      err = gc_fail(where, i, "not a hexadecimal digit", GC_E_MALFORMED);
    else if (low < 0)
      err = gc_fail(where, i + 1, "a second hexadecimal digit is missing", GC_E_MALFORMED);
    else if ((err = gc_buf_add_u8(out, (uint8_t)(high << 4 | low))) != GC_OK)
      gc_fail(where, i, "too long", err);
    i += 2;
  }
  if (err)
    out->len = start;
  return err;
}
