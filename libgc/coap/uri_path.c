#include "coap/uri_path.h"

#include <string.h>

#include "coap/percent.h"

unsigned gc_uri_segment_dots(struct gc_bytes segment)
{
  uint8_t store[2];
  struct gc_buf value = gc_buf(store, sizeof store);
  if (segment.len > 6 || gc_percent_decode(&value, segment) != GC_OK || value.len == 0)
    return 0;
  for (size_t i = 0; i < value.len; i++)
    if (store[i] != '.')
      return 0;
  return (unsigned)value.len;
}

/* What has been appended since start is always a row of "/SEGMENT". */
static enum gc_err append(struct gc_buf *out, size_t start, struct gc_bytes segment, bool is_last)
{
  const unsigned dots = gc_uri_segment_dots(segment);
  if (dots == 2 && out->len > start)
    do
      out->len--;
    while (out->ptr[out->len] != '/');
  if (dots > 0)
    return is_last ? gc_buf_add_u8(out, '/') : GC_OK;
  enum gc_err err = gc_buf_add_u8(out, '/');
  return err ? err : gc_buf_add(out, segment);
}

enum gc_err gc_uri_path_resolve(struct gc_buf *out, struct gc_bytes dir, struct gc_bytes path)
{
  const size_t start = out->len, total = dir.len + path.len;
  enum gc_err err = GC_OK;
  for (size_t at = 0; at < total && !err;) { /* at: a "/", whose segment lies whole in dir or in path, or is dir's last one */
    struct gc_bytes rest = at + 1 < dir.len ? gc_bytes_slice(dir, at + 1, SIZE_MAX) : gc_bytes_slice(path, at + 1 - dir.len, SIZE_MAX);
    const uint8_t *slash = rest.len ? memchr(rest.ptr, '/', rest.len) : NULL;
    struct gc_bytes segment = gc_bytes(rest.ptr, slash ? (size_t)(slash - rest.ptr) : rest.len);
    at += 1 + segment.len;
    err = append(out, start, segment, at == total);
  }
  if (err)
    out->len = start;
  return err;
}
