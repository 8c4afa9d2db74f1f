#include "common/show_value.h"

#include <string.h>

#include "base/text.h"
#include "cbor/diag.h"
#include "common/hide.h"
#include "common/put.h"
#include "common/show.h"
#include "iana/names.h"
#include "iana/options.h"
#include "oscore/option.h"

static char *append_uint(char *at, uint32_t value)
{
  char digits[10];
  size_t n = 0;
  do {
    digits[sizeof digits - ++n] = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  memcpy(at, digits + sizeof digits - n, n);
  return at + n;
}

char *gc_show_block(char out[static GC_SHOW_BLOCK_MAX], uint32_t value)
{
  char *at = append_uint(out, value >> 4);
  *at++ = '/';
  *at++ = value & 8 ? '1' : '0';
  *at++ = '/';
  if ((value & 7) == 7) {
    strcpy(at, "reserved");
  } else {
    at = append_uint(at, 16u << (value & 7));
    *at = '\0';
  }
  return out;
}

static void show_id(struct gc_out *out, const char *separator, const char *name, struct gc_bytes id)
{
  gc_out_str(out, separator);
  gc_out_str(out, name);
  if (id.len)
    gc_out_hex(out, id);
  else
    GC_OUT_LITERAL(out, "(empty)");
}

/* "{group piv=05 kid-context=44616c kid=25}"; {} in most responses. false: malformed. */
static bool show_oscore(struct gc_out *out, struct gc_bytes value)
{
  struct gc_oscore_option option;
  bool is_02;
  if (gc_oscore_option_guess(&option, value, &is_02, NULL))
    return false;
  const char *separator = "";
  gc_out_char(out, '{');
  if (option.is_group) {
    gc_out_str(out, is_02 ? "group, draft -02," : "group");
    separator = " ";
  }
  if (option.piv.len) {
    show_id(out, separator, "piv=", option.piv);
    separator = " ";
  }
  if (option.has_kid_context) {
    show_id(out, separator, "kid-context=", option.kid_context);
    separator = " ";
  }
  if (option.has_kid)
    show_id(out, separator, "kid=", option.kid);
  gc_out_char(out, '}');
  return true;
}

void gc_show_option_value(struct gc_out *out, const struct gc_option *option)
{
  const struct gc_option_info *info = gc_option_info(option->number);
  uint32_t number;
  if (info && info->format == GC_FORMAT_STRING) {
    gc_out_text(out, option->value);
  } else if (info && info->format == GC_FORMAT_UINT && gc_uint_decode(option->value, &number)) {
    gc_out_uint(out, number);
  } else if (info && info->format == GC_FORMAT_BLOCK && option->value.len <= 3 && gc_uint_decode(option->value, &number)) {
    char text[GC_SHOW_BLOCK_MAX];
    gc_out_str(out, gc_show_block(text, number));
  } else if (option->number != GC_OPTION_OSCORE || !show_oscore(out, option->value)) {
    gc_out_hex(out, option->value);
  }
}

static void mark_cut(struct gc_out *out, size_t len)
{
  gc_out_str(out, "... (");
  gc_out_uint(out, len);
  gc_out_str(out, " bytes)");
}

/* At most max bytes of text, cut at a character. */
static struct gc_bytes cut_text(struct gc_bytes text, size_t max)
{
  if (text.len <= max)
    return text;
  while (max > 0 && (text.ptr[max] & 0xc0) == 0x80)
    max--;
  return gc_bytes(text.ptr, max);
}

static bool is_cbor(int32_t content_format)
{
  const enum gc_body_kind kind = gc_content_format_kind(content_format);
  return kind == GC_BODY_CBOR || kind == GC_BODY_CBOR_SEQ;
}

/* Diagnostic notation on its way out: to a line, at most `left` bytes of it, or into a JSON text. */
struct diag {
  struct gc_out *out;
  size_t left;
  bool is_json, is_begun, is_cut;
};

static bool put_diag(void *ctx, struct gc_bytes piece)
{
  struct diag *diag = ctx;
  struct gc_bytes part = cut_text(piece, diag->left);
  if (diag->is_json && !diag->is_begun)
    gc_json_text_begin(diag->out, "cbor");
  diag->is_begun = true;
  if (diag->is_json)
    gc_json_text_piece(diag->out, part);
  else
    gc_out_bytes(diag->out, part);
  diag->left -= part.len;
  diag->is_cut = part.len < piece.len;
  return !diag->is_cut;
}

static void show_payload(struct gc_out *out, struct gc_bytes payload, int32_t content_format, size_t max)
{
  struct diag diag = { .out = out, .left = max ? max : SIZE_MAX };
  struct gc_bytes part = payload;
  if (payload.len > 0 && is_cbor(content_format) && gc_cbor_print(payload, put_diag, &diag, NULL) == GC_OK) {
    if (diag.is_cut)
      mark_cut(out, payload.len);
    return;
  }
  if (payload.len <= (max ? max : GC_SHOW_LINE_PAYLOAD) && payload.len <= GC_OUT_ROOM_MAX && gc_put_is_plain(payload)) {
    gc_out_small(out, (const char *)payload.ptr, payload.len);
    return;
  }
  if (gc_text_is_printable(payload)) {
    if (max > 0)
      part = cut_text(payload, max);
    gc_out_text(out, part);
  } else {
    if (max > 0)
      part = gc_bytes_slice(payload, 0, max / 2);
    gc_out_str(out, "0x");
    gc_out_hex(out, part);
  }
  if (part.len < payload.len)
    mark_cut(out, payload.len);
}

void gc_show_payload(struct gc_out *out, struct gc_bytes payload, int32_t content_format, size_t max)
{
  if (!gc_hide_concerns(content_format)) {
    show_payload(out, payload, content_format, max);
    return;
  }
  struct gc_hidden hidden = gc_hide_payload(payload, content_format);
  show_payload(out, hidden.bytes, content_format, max);
  gc_hidden_free(&hidden);
}

static void json_payload(struct gc_out *out, const char *key, struct gc_bytes payload, int32_t content_format)
{
  struct diag diag = { .out = out, .left = SIZE_MAX, .is_json = true };
  if (payload.len == 0)
    return;
  if (payload.len <= 1024 && !is_cbor(content_format) && gc_put_is_plain(payload)) { /* the short way to the same */
    gc_json_object(out, key);
    uint8_t *at = gc_out_reserve(out, 2048);
    if (at)
      gc_out_advance(out, GC_PUT(gc_put_bytes(GC_PUT(at, "\"text\":\""), payload.ptr, payload.len), "\""));
    gc_json_end(out);
    return;
  }
  gc_json_object(out, key);
  if (is_cbor(content_format) && gc_cbor_print(payload, put_diag, &diag, NULL) == GC_OK)
    gc_json_text_end(out);
  else if (gc_text_is_printable(payload))
    gc_json_text(out, "text", payload);
  else
    gc_json_hex(out, "hex", payload);
  gc_json_end(out);
}

void gc_json_payload(struct gc_out *out, const char *key, struct gc_bytes payload, int32_t content_format)
{
  if (!gc_hide_concerns(content_format)) {
    json_payload(out, key, payload, content_format);
    return;
  }
  struct gc_hidden hidden = gc_hide_payload(payload, content_format);
  json_payload(out, key, hidden.bytes, content_format);
  gc_hidden_free(&hidden);
}
