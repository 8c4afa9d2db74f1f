/* Byte strings: borrowed input and the caller's output buffer. */
#ifndef GC_BASE_BYTES_H
#define GC_BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/** Borrowed bytes: valid as long as what they point into. An empty string may have ptr NULL. */
struct gc_bytes {
  const uint8_t *ptr;
  size_t len; /* bytes */
};

/** The caller's output: cap bytes at ptr, len of them written. */
struct gc_buf {
  uint8_t *ptr;
  size_t cap, len; /* bytes */
};

static inline struct gc_bytes gc_bytes(const void *ptr, size_t len)
{
  return (struct gc_bytes){ ptr, len };
}

static inline struct gc_buf gc_buf(void *ptr, size_t cap)
{
  return (struct gc_buf){ ptr, cap, 0 };
}

static inline struct gc_bytes gc_buf_bytes(const struct gc_buf *buf)
{
  return (struct gc_bytes){ buf->ptr, buf->len };
}

/** The bytes of a C string, without its NUL. */
struct gc_bytes gc_bytes_str(const char *str);

bool gc_bytes_equal(struct gc_bytes a, struct gc_bytes b);

/** bytes from offset on, at most len of them; empty where offset lies beyond the end. */
struct gc_bytes gc_bytes_slice(struct gc_bytes bytes, size_t offset, size_t len);

/** Append; GC_E_SPACE (and nothing written) where they do not fit. */
enum gc_err gc_buf_add(struct gc_buf *buf, struct gc_bytes bytes) GC_MUST_CHECK;
enum gc_err gc_buf_add_u8(struct gc_buf *buf, uint8_t value) GC_MUST_CHECK;
enum gc_err gc_buf_add_u16(struct gc_buf *buf, uint16_t value) GC_MUST_CHECK; /* network byte order */
enum gc_err gc_buf_add_u32(struct gc_buf *buf, uint32_t value) GC_MUST_CHECK; /* network byte order */

static inline uint16_t gc_read_u16(const uint8_t *p)
{
  return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t gc_read_u32(const uint8_t *p)
{
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

#endif
