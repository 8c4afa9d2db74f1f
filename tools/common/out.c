#include "common/out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define GRACE_MS 1000
#define BUFFER_LEN ((size_t)65536)

struct gc_out {
  struct gc_out_room room; /* first: out.h writes there */
  int fd;           /* -1: memory */
  bool batch, color;
  int err;          /* errno of the first write that failed */
  uint8_t *ptr;
  size_t cap;
  size_t column;    /* of the byte at ptr: a line may have been written in part */
  struct gc_json_state json;
};

static size_t filled(const struct gc_out *out)
{
  return (size_t)(out->room.pos - out->ptr);
}

static bool wants_color(int fd, enum gc_color_when when)
{
  if (when != GC_COLOR_AUTO)
    return when == GC_COLOR_ALWAYS;
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  return fd >= 0 && !(no && *no) && term && strcmp(term, "dumb") != 0 && isatty(fd);
}

void gc_out_guard(void)
{
  static const int flags[] = { O_RDWR, O_RDONLY, O_RDWR };
  for (int fd = 0; fd < 3; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags[fd]) != fd) /* the lowest free one */
      _exit(4);
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
  out->room = (struct gc_out_room){ out->ptr, out->ptr + out->cap };
  out->color = wants_color(fd, when);
  if (fd >= 0) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
  }
  return out;
}

/* Columns of the line that the buffer ends in: colours and UTF-8's continuation bytes take none. */
static size_t column_now(const struct gc_out *out)
{
  const uint8_t *start = filled(out) ? memrchr(out->ptr, '\n', filled(out)) : NULL;
  size_t column = start ? 0 : out->column;
  const uint8_t *end = out->room.pos;
  for (const uint8_t *p = start ? start + 1 : out->ptr; p < end; p++) {
    if (*p == 0x1b)
      while (p < end && *p != 'm')
        p++;
    else if ((*p & 0xc0) != 0x80)
      column++;
  }
  return column;
}

static bool can_write_within(int fd, int wait_ms)
{
  struct pollfd wait = { .fd = fd, .events = POLLOUT };
  return poll(&wait, 1, wait_ms) > 0;
}

/* A signal that interrupts a write asks the tool to end: a reader that has stopped reading gets a second, no more. */
static void write_all(struct gc_out *out)
{
  size_t done = 0, len = filled(out);
  out->column = column_now(out);
  while (done < len && !out->err) {
    ssize_t n = write(out->fd, out->ptr + done, len - done);
    if (n > 0)
      done += (size_t)n;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) /* someone made the terminal or pipe non-blocking */
      (void)can_write_within(out->fd, 1000);
    else if (n < 0 && errno != EINTR)
      out->err = errno;
    else if (done < len && !can_write_within(out->fd, GRACE_MS))
      out->err = EINTR;
  }
  out->room.pos = out->ptr;
}

uint8_t *gc_out_make_room(struct gc_out *out, size_t need)
{
  if (need <= (size_t)(out->room.end - out->room.pos))
    return out->room.pos;
  if (out->fd >= 0) {
    write_all(out);
    return out->room.pos;
  }
  size_t cap = out->cap, len = filled(out);
  while (cap - len < need && cap < SIZE_MAX / 2)
    cap *= 2;
  uint8_t *ptr = realloc(out->ptr, cap);
  if (!ptr) {
    out->err = ENOMEM;
    return NULL;
  }
  out->ptr = ptr;
  out->cap = cap;
  out->room = (struct gc_out_room){ ptr + len, ptr + cap };
  return out->room.pos;
}

void gc_out_bytes(struct gc_out *out, struct gc_bytes bytes)
{
  while (bytes.len > 0) {
    size_t n = bytes.len < BUFFER_LEN ? bytes.len : BUFFER_LEN;
    uint8_t *at = gc_out_reserve(out, n);
    if (!at)
      return;
    memcpy(at, bytes.ptr, n);
    gc_out_advance(out, at + n);
    bytes.ptr += n;
    bytes.len -= n;
  }
}

void gc_out_str(struct gc_out *out, const char *text)
{
  size_t len = strlen(text);
  if (len <= GC_OUT_ROOM_MAX)
    gc_out_small(out, text, len);
  else
    gc_out_bytes(out, gc_bytes(text, len));
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
      uint8_t *at = gc_out_reserve(out, 4);
      if (!at)
        return;
      struct gc_buf room = gc_buf(at, 4);
      (void)gc_text_escape(&room, gc_bytes(bytes.ptr, n));
      gc_out_advance(out, at + room.len);
    }
    bytes = gc_bytes_slice(bytes, n, SIZE_MAX);
  }
}

void gc_out_hex(struct gc_out *out, struct gc_bytes bytes)
{
  static const char digits[] = "0123456789abcdef";
  while (bytes.len > 0) {
    size_t n = bytes.len < BUFFER_LEN / 2 ? bytes.len : BUFFER_LEN / 2;
    uint8_t *p = gc_out_reserve(out, 2 * n);
    if (!p)
      return;
    for (size_t i = 0; i < n; i++) {
      *p++ = (uint8_t)digits[bytes.ptr[i] >> 4];
      *p++ = (uint8_t)digits[bytes.ptr[i] & 15];
    }
    gc_out_advance(out, p);
    bytes = gc_bytes_slice(bytes, n, SIZE_MAX);
  }
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354"
                            "555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/* The decimal digits of value so that the last one lies before `end`; returns where they begin. */
static char *decimal(char *end, uint64_t value)
{
  for (; value >= 100; value /= 100)
    memcpy(end -= 2, pairs + value % 100 * 2, 2);
  if (value >= 10)
    return memcpy(end - 2, pairs + value * 2, 2);
  *--end = (char)('0' + value);
  return end;
}

void gc_out_uint(struct gc_out *out, uint64_t value)
{
  char digits[24], *end = digits + sizeof digits, *begin = decimal(end, value);
  uint8_t *at = gc_out_reserve(out, sizeof digits);
  if (!at)
    return;
  memcpy(at, begin, (size_t)(end - begin));
  gc_out_advance(out, at + (end - begin));
}

void gc_out_fixed(struct gc_out *out, uint64_t value, unsigned decimals)
{
  char digits[48], *end = digits + sizeof digits, *at = end; /* at most 20 of them before and 18 behind the point */
  unsigned i = 0;
  for (; i + 2 <= decimals && i + 2 <= 18; i += 2, value /= 100)
    memcpy(at -= 2, pairs + value % 100 * 2, 2);
  for (; i < decimals && i < 18; i++, value /= 10)
    *--at = (char)('0' + value % 10);
  if (decimals > 0)
    *--at = '.';
  at = decimal(at, value);
  gc_out_bytes(out, gc_bytes(at, (size_t)(end - at)));
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
  if (out->fd >= 0 && !out->batch && filled(out) > 0)
    write_all(out);
}

bool gc_out_close(struct gc_out **out)
{
  if (!*out)
    return true;
  if ((*out)->fd >= 0 && filled(*out) > 0)
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
  return gc_bytes(out->ptr, filled(out));
}

void gc_out_reset(struct gc_out *out)
{
  out->room.pos = out->ptr;
  out->column = 0;
  out->json = (struct gc_json_state){ 0 };
}

struct gc_json_state *gc_out_json(struct gc_out *out)
{
  return &out->json;
}
