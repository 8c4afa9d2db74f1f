#include "common/out.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define BUFFER_LEN ((size_t)65536)

struct gc_out {
  int fd;           /* -1: memory */
  bool batch, color;
  int err;          /* errno of the first write that failed */
  uint8_t *ptr;
  size_t len, cap;
  size_t column;    /* of the byte at ptr: a line may have been written in part */
  struct gc_json_state json;
};

static bool wants_color(int fd, enum gc_color_when when)
{
  if (when != GC_COLOR_AUTO)
    return when == GC_COLOR_ALWAYS;
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  return fd >= 0 && !(no && *no) && term && strcmp(term, "dumb") != 0 && isatty(fd);
}

struct gc_out *gc_out_new(int fd, enum gc_color_when when, bool batch)
{
  struct gc_out *out = calloc(1, sizeof *out);
  if (!out)
    return NULL;
  out->fd = fd;
  out->batch = batch;
  out->cap = fd < 0 ? 1024 : BUFFER_LEN;
  out->ptr = malloc(out->cap);
  if (!out->ptr) {
    free(out);
    return NULL;
  }
  out->color = wants_color(fd, when);
  if (fd >= 0)
    signal(SIGPIPE, SIG_IGN);
  return out;
}

/* Columns of the line that the buffer ends in: colours and UTF-8's continuation bytes take none. */
static size_t column_now(const struct gc_out *out)
{
  const uint8_t *start = out->len ? memrchr(out->ptr, '\n', out->len) : NULL;
  size_t column = start ? 0 : out->column;
  const uint8_t *end = out->ptr + out->len;
  for (const uint8_t *p = start ? start + 1 : out->ptr; p < end; p++) {
    if (*p == 0x1b)
      while (p < end && *p != 'm')
        p++;
    else if ((*p & 0xc0) != 0x80)
      column++;
  }
  return column;
}

static void write_all(struct gc_out *out)
{
  size_t done = 0;
  out->column = column_now(out);
  while (done < out->len && !out->err) {
    ssize_t n = write(out->fd, out->ptr + done, out->len - done);
    if (n >= 0) {
      done += (size_t)n;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) { /* someone made the terminal or pipe non-blocking */
      struct pollfd wait = { .fd = out->fd, .events = POLLOUT };
      (void)poll(&wait, 1, 1000);
    } else if (errno != EINTR) {
      out->err = errno;
    }
  }
  out->len = 0;
}

/* Room for need bytes, at most BUFFER_LEN; false: there is none (memory has run out). */
static bool reserve(struct gc_out *out, size_t need)
{
  if (need <= out->cap - out->len)
    return true;
  if (out->fd >= 0) {
    write_all(out);
    return true;
  }
  size_t cap = out->cap;
  while (cap - out->len < need && cap < SIZE_MAX / 2)
    cap *= 2;
  uint8_t *ptr = realloc(out->ptr, cap);
  if (!ptr) {
    out->err = ENOMEM;
    return false;
  }
  out->ptr = ptr;
  out->cap = cap;
  return true;
}

void gc_out_bytes(struct gc_out *out, struct gc_bytes bytes)
{
  while (bytes.len > 0) {
    size_t n = bytes.len < BUFFER_LEN ? bytes.len : BUFFER_LEN;
    if (!reserve(out, n))
      return;
    memcpy(out->ptr + out->len, bytes.ptr, n);
    out->len += n;
    bytes = gc_bytes_slice(bytes, n, SIZE_MAX);
  }
}

void gc_out_str(struct gc_out *out, const char *text)
{
  gc_out_bytes(out, gc_bytes_str(text));
}

void gc_out_char(struct gc_out *out, char c)
{
  if (reserve(out, 1))
    out->ptr[out->len++] = (uint8_t)c;
}

static size_t plain_run(struct gc_bytes bytes)
{
  size_t n = 0;
  while (n < bytes.len && bytes.ptr[n] >= 0x20 && bytes.ptr[n] < 0x7f && bytes.ptr[n] != '\\')
    n++;
  return n;
}

void gc_out_text(struct gc_out *out, struct gc_bytes bytes)
{
  while (bytes.len > 0) {
    size_t n = plain_run(bytes);
    if (n > 0) {
      gc_out_bytes(out, gc_bytes(bytes.ptr, n));
    } else {
      n = gc_text_printable_len(bytes);
      if (n == 0)
        n = 1;
      if (!reserve(out, 4))
        return;
      struct gc_buf room = gc_buf(out->ptr + out->len, out->cap - out->len);
      (void)gc_text_escape(&room, gc_bytes(bytes.ptr, n));
      out->len += room.len;
    }
    bytes = gc_bytes_slice(bytes, n, SIZE_MAX);
  }
}

void gc_out_hex(struct gc_out *out, struct gc_bytes bytes)
{
  static const char digits[] = "0123456789abcdef";
  while (bytes.len > 0) {
    size_t n = bytes.len < BUFFER_LEN / 2 ? bytes.len : BUFFER_LEN / 2;
    if (!reserve(out, 2 * n))
      return;
    uint8_t *p = out->ptr + out->len;
    for (size_t i = 0; i < n; i++) {
      *p++ = (uint8_t)digits[bytes.ptr[i] >> 4];
      *p++ = (uint8_t)digits[bytes.ptr[i] & 15];
    }
    out->len += 2 * n;
    bytes = gc_bytes_slice(bytes, n, SIZE_MAX);
  }
}

/* Decimal digits of value at the end of digits[20]; returns how many. */
static size_t decimal(char digits[static 20], uint64_t value)
{
  size_t n = 0;
  do {
    digits[19 - n++] = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  return n;
}

void gc_out_uint(struct gc_out *out, uint64_t value)
{
  char digits[20];
  size_t n = decimal(digits, value);
  gc_out_bytes(out, gc_bytes(digits + 20 - n, n));
}

void gc_out_fixed(struct gc_out *out, uint64_t value, unsigned decimals)
{
  uint64_t unit = 1;
  for (unsigned i = 0; i < decimals && i < 18; i++)
    unit *= 10;
  gc_out_uint(out, value / unit);
  if (decimals > 0)
    gc_out_char(out, '.');
  for (; unit > 1; unit /= 10)
    gc_out_char(out, (char)('0' + value % unit / (unit / 10)));
}

void gc_out_pad(struct gc_out *out, size_t column)
{
  size_t at = column_now(out);
  do
    gc_out_char(out, ' ');
  while (++at < column);
}

void gc_out_color(struct gc_out *out, enum gc_color color)
{
  static const char *const codes[] = { "\033[0m", "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m", "\033[34m", "\033[36m" };
  if (out->color)
    gc_out_str(out, codes[color]);
}

void gc_outf(struct gc_out *out, const char *format, ...)
{
  char text[1024];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (n > 0)
    gc_out_bytes(out, gc_bytes(text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1));
}

void gc_out_flush(struct gc_out *out)
{
  if (out->fd >= 0 && !out->batch && out->len > 0)
    write_all(out);
}

bool gc_out_close(struct gc_out **out)
{
  if (!*out)
    return true;
  if ((*out)->fd >= 0 && (*out)->len > 0)
    write_all(*out);
  int err = (*out)->err;
  free((*out)->ptr);
  free(*out);
  *out = NULL;
  errno = err;
  return err == 0;
}

bool gc_out_ok(const struct gc_out *out)
{
  return out->err == 0;
}

int gc_out_errno(const struct gc_out *out)
{
  return out->err;
}

struct gc_bytes gc_out_content(const struct gc_out *out)
{
  return gc_bytes(out->ptr, out->len);
}

void gc_out_reset(struct gc_out *out)
{
  out->len = out->column = 0;
  out->json = (struct gc_json_state){ 0 };
}

struct gc_json_state *gc_out_json(struct gc_out *out)
{
  return &out->json;
}
