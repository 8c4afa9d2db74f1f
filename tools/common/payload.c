#include "common/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "cbor/diag.h"

static bool fail(char why[static GC_PAYLOAD_WHY_LEN], const char *name, const char *reason)
{
  snprintf(why, GC_PAYLOAD_WHY_LEN, "%.150s: %.90s", name, reason);
  return false;
}

/* The whole of fd, at most GC_PAYLOAD_MAX_LEN bytes, into memory that grows with it. */
static bool read_all(struct gc_payload *out, int fd, const char *name, char why[static GC_PAYLOAD_WHY_LEN])
{
  size_t cap = 0, len = 0;
  uint8_t *ptr = NULL;
  for (;;) {
    if (len == cap) {
      size_t more = cap ? 2 * cap : 4096;
      uint8_t *grown = cap > GC_PAYLOAD_MAX_LEN ? NULL : realloc(ptr, more);
      if (!grown) {
        free(ptr);
        return fail(why, name, cap > GC_PAYLOAD_MAX_LEN ? "larger than 16 MiB" : "out of memory");
      }
      ptr = grown;
      cap = more;
    }
    ssize_t n = read(fd, ptr + len, cap - len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      fail(why, name, strerror(errno));
      free(ptr);
      return false;
    }
    if (n == 0)
      break;
    len += (size_t)n;
  }
  if (len > GC_PAYLOAD_MAX_LEN) {
    free(ptr);
    return fail(why, name, "larger than 16 MiB");
  }
  *out = (struct gc_payload){ gc_bytes(ptr, len), ptr };
  return true;
}

static bool read_source(struct gc_payload *out, const char *arg, const char **name, char why[static GC_PAYLOAD_WHY_LEN])
{
  *name = "payload";
  if (strcmp(arg, "-") == 0) {
    *name = "standard input";
    return read_all(out, STDIN_FILENO, *name, why);
  }
  if (arg[0] != '@' || arg[1] == '@') {
    *out = (struct gc_payload){ gc_bytes_str(arg[0] == '@' ? arg + 1 : arg), NULL };
    return true;
  }
  *name = arg + 1;
  int fd = open(*name, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fail(why, **name ? *name : "payload", **name ? strerror(errno) : "a file name must follow @");
  bool ok = read_all(out, fd, *name, why);
  close(fd);
  return ok;
}

static bool decode_hex(struct gc_payload *payload, const char *name, char why[static GC_PAYLOAD_WHY_LEN])
{
  const size_t len = payload->bytes.len;
  char *text = malloc(len + 1);
  uint8_t *bytes = malloc(len / 2 + 1);
  struct gc_buf out = gc_buf(bytes, len / 2 + 1);
  struct gc_where where = { 0, "out of memory" };
  bool ok = false;
  if (text && bytes) {
    for (size_t i = 0; i < len; i++) /* line by line is how hex dumps come */
      text[i] = payload->bytes.ptr[i] == '\n' || payload->bytes.ptr[i] == '\r' ? ' ' : (char)payload->bytes.ptr[i];
    ok = gc_hex_decode(&out, text, len, &where) == GC_OK;
  }
  free(text);
  gc_payload_free(payload);
  if (!ok) {
    char reason[100];
    snprintf(reason, sizeof reason, "%.60s at character %zu", where.phrase, where.offset + 1);
    free(bytes);
    return fail(why, name, reason);
  }
  *payload = (struct gc_payload){ gc_buf_bytes(&out), bytes };
  return true;
}

static bool encode_cbor(struct gc_payload *payload, const char *name, char why[static GC_PAYLOAD_WHY_LEN])
{
  struct gc_where where = { 0, "out of memory" };
  enum gc_err err = GC_E_SPACE;
  uint8_t *bytes = NULL;
  struct gc_buf out = gc_buf(NULL, 0);
  /* one character can stand for nine bytes (1.5 needs three, 1_3 needs nine): as large as it takes, within the bound */
  for (size_t cap = 2 * payload->bytes.len + 64; err == GC_E_SPACE && cap <= 16 * GC_PAYLOAD_MAX_LEN; cap *= 4) {
    free(bytes);
    bytes = malloc(cap);
    out = gc_buf(bytes, cap);
    if (!bytes)
      break;
    err = gc_cbor_from_diag(&out, payload->bytes, &where);
  }
  gc_payload_free(payload);
  if (!bytes || err) {
    char reason[100];
    snprintf(reason, sizeof reason, "%.60s at character %zu", where.phrase, where.offset + 1);
    free(bytes);
    return fail(why, name, reason);
  }
  *payload = (struct gc_payload){ gc_buf_bytes(&out), bytes };
  return true;
}

bool gc_payload_read(struct gc_payload *out, enum gc_payload_kind kind, const char *arg, char why[static GC_PAYLOAD_WHY_LEN])
{
  const char *name;
  *out = (struct gc_payload){ 0 };
  if (kind == GC_PAYLOAD_NONE)
    return true;
  if (!read_source(out, arg, &name, why))
    return false;
  if (kind == GC_PAYLOAD_HEX)
    return decode_hex(out, name, why);
  if (kind == GC_PAYLOAD_CBOR)
    return encode_cbor(out, name, why);
  return true;
}

void gc_payload_free(struct gc_payload *payload)
{
  free(payload->owned);
  *payload = (struct gc_payload){ 0 };
}
