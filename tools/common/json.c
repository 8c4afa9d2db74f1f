/* JSON Lines (RFC 8259), written straight into the output's buffer. */
#include <string.h>

#include "base/text.h"
#include "common/out.h"

#define LEVELS 64
#define KEY_MAX_LEN 1024

static bool is_run(uint8_t c)
{
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void escape(struct gc_out *out, uint32_t unit)
{
  const uint8_t bytes[2] = { (uint8_t)(unit >> 8), (uint8_t)unit };
  gc_out_str(out, "\\u");
  gc_out_hex(out, gc_bytes(bytes, sizeof bytes));
}

/* The character at the front of bytes that cannot stand as it is; returns its length. Controls of a terminal beyond
 * ASCII (C1, bidirectional) are legal in JSON and escaped all the same: the line may be read on a terminal. */
static size_t special(struct gc_out *out, struct gc_bytes bytes)
{
  const uint8_t *p = bytes.ptr;
  size_t len = gc_text_printable_len(bytes);
  if (p[0] == '"' || p[0] == '\\') {
    gc_out_char(out, '\\');
    gc_out_char(out, (char)p[0]);
    return 1;
  }
  if (len > 0) {
    gc_out_bytes(out, gc_bytes(p, len));
    return len;
  }
  len = 1;
  if (p[0] == '\n')
    gc_out_str(out, "\\n");
  else if (p[0] == '\t')
    gc_out_str(out, "\\t");
  else if (p[0] == '\r')
    gc_out_str(out, "\\r");
  else if (p[0] < 0x80)
    escape(out, p[0]);
  else if (bytes.len >= 2 && gc_text_is_utf8(gc_bytes(p, 2)))
    escape(out, (uint32_t)((p[0] & 0x1f) << 6 | (p[1] & 0x3f))), len = 2;
  else if (bytes.len >= 3 && gc_text_is_utf8(gc_bytes(p, 3)))
    escape(out, (uint32_t)((p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f))), len = 3;
  else
    escape(out, 0xfffd);
  return len;
}

static void escaped(struct gc_out *out, struct gc_bytes text)
{
  while (text.len > 0) {
    size_t n = text.len < GC_OUT_ROOM_MAX / 2 ? text.len : GC_OUT_ROOM_MAX / 2, i = 0;
    uint8_t *at = gc_out_reserve(out, 2 * n);
    if (!at)
      return;
    for (; i < n && (is_run(text.ptr[i]) || text.ptr[i] == '"' || text.ptr[i] == '\\'); i++) {
      if (!is_run(text.ptr[i]))
        *at++ = '\\';
      *at++ = text.ptr[i];
    }
    gc_out_advance(out, at);
    if (i < n)
      i += special(out, gc_bytes(text.ptr + i, text.len - i));
    text.ptr += i;
    text.len -= i;
  }
}

void gc_json_quote(struct gc_out *out, struct gc_bytes text)
{
  gc_out_char(out, '"');
  escaped(out, text);
  gc_out_char(out, '"');
}

/* The comma and the name in front of a value; false: too deep, leave it out. */
static bool name(struct gc_out *out, const char *key)
{
  struct gc_json_state *state = gc_out_json(out);
  if (state->depth > LEVELS)
    return false;
  size_t len = key ? strlen(key) : 0;
  uint8_t *at = len <= KEY_MAX_LEN ? gc_out_reserve(out, len + 4) : NULL;
  if (!at)
    return false;
  if (state->depth > 0) {
    uint64_t bit = (uint64_t)1 << (state->depth - 1);
    if (state->has_member & bit)
      *at++ = ',';
    state->has_member |= bit;
  }
  if (key) {
    *at++ = '"';
    memcpy(at, key, len);
    at += len;
    *at++ = '"';
    *at++ = ':';
  }
  gc_out_advance(out, at);
  return true;
}

void gc_json_comma(struct gc_out *out)
{
  (void)name(out, NULL);
}

static void open_level(struct gc_out *out, const char *key, bool is_array)
{
  struct gc_json_state *state = gc_out_json(out);
  if (state->depth >= LEVELS) {
    state->depth = state->depth < 1000000 ? state->depth + 1 : state->depth;
    return;
  }
  (void)name(out, key);
  uint64_t bit = (uint64_t)1 << state->depth++;
  state->has_member &= ~bit;
  state->is_array = is_array ? state->is_array | bit : state->is_array & ~bit;
  gc_out_char(out, is_array ? '[' : '{');
}

void gc_json_object(struct gc_out *out, const char *key)
{
  open_level(out, key, false);
}

void gc_json_array(struct gc_out *out, const char *key)
{
  open_level(out, key, true);
}

void gc_json_end(struct gc_out *out)
{
  struct gc_json_state *state = gc_out_json(out);
  if (state->depth == 0 || state->depth-- > LEVELS)
    return;
  gc_out_char(out, state->is_array >> state->depth & 1 ? ']' : '}');
  if (state->depth == 0)
    gc_out_char(out, '\n');
}

void gc_json_text(struct gc_out *out, const char *key, struct gc_bytes utf8)
{
  if (name(out, key))
    gc_json_quote(out, utf8);
}

void gc_json_text_begin(struct gc_out *out, const char *key)
{
  if (name(out, key))
    gc_out_char(out, '"');
}

void gc_json_text_piece(struct gc_out *out, struct gc_bytes utf8)
{
  if (gc_out_json(out)->depth <= LEVELS)
    escaped(out, utf8);
}

void gc_json_text_end(struct gc_out *out)
{
  if (gc_out_json(out)->depth <= LEVELS)
    gc_out_char(out, '"');
}

void gc_json_str(struct gc_out *out, const char *key, const char *text)
{
  gc_json_text(out, key, gc_bytes_str(text));
}

void gc_json_hex(struct gc_out *out, const char *key, struct gc_bytes bytes)
{
  if (!name(out, key))
    return;
  gc_out_char(out, '"');
  gc_out_hex(out, bytes);
  gc_out_char(out, '"');
}

void gc_json_uint(struct gc_out *out, const char *key, uint64_t value)
{
  if (name(out, key))
    gc_out_uint(out, value);
}

void gc_json_int(struct gc_out *out, const char *key, int64_t value)
{
  if (!name(out, key))
    return;
  if (value < 0)
    gc_out_char(out, '-');
  gc_out_uint(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void gc_json_fixed(struct gc_out *out, const char *key, uint64_t value, unsigned decimals)
{
  if (name(out, key))
    gc_out_fixed(out, value, decimals);
}

void gc_json_bool(struct gc_out *out, const char *key, bool value)
{
  if (name(out, key))
    gc_out_str(out, value ? "true" : "false");
}
