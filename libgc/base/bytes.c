#include "base/bytes.h"

#include <string.h>

struct gc_bytes gc_bytes_str(const char *str)
{
  return gc_bytes(str, strlen(str));
}

bool gc_bytes_equal(struct gc_bytes a, struct gc_bytes b)
{
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

struct gc_bytes gc_bytes_slice(struct gc_bytes bytes, size_t offset, size_t len)
{
  if (offset >= bytes.len)
    return gc_bytes(NULL, 0);
  size_t rest = bytes.len - offset;
  return gc_bytes(bytes.ptr + offset, len < rest ? len : rest);
}

enum gc_err gc_buf_add(struct gc_buf *buf, struct gc_bytes bytes)
{
  if (bytes.len > buf->cap - buf->len)
    return GC_E_SPACE;
  if (bytes.len > 0)
    memcpy(buf->ptr + buf->len, bytes.ptr, bytes.len);
  buf->len += bytes.len;
  return GC_OK;
}

enum gc_err gc_buf_add_u8(struct gc_buf *buf, uint8_t value)
{
  return gc_buf_add(buf, gc_bytes(&value, 1));
}

enum gc_err gc_buf_add_u16(struct gc_buf *buf, uint16_t value)
{
  const uint8_t b[2] = { (uint8_t)(value >> 8), (uint8_t)value };
  return gc_buf_add(buf, gc_bytes(b, sizeof b));
}

enum gc_err gc_buf_add_u32(struct gc_buf *buf, uint32_t value)
{
  const uint8_t b[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };
  return gc_buf_add(buf, gc_bytes(b, sizeof b));
}
