#include "common/show.h"

#include <string.h>

#include "base/text.h"
#include "common/ace_message.h"
#include "common/hide.h"
#include "common/put.h"
#include "common/show_value.h"
#include "iana/names.h"
#include "iana/options.h"

static const char *write_code(char text[static 5], uint8_t code)
{
  text[0] = (char)('0' + GC_CODE_CLASS(code));
  text[1] = '.';
  text[2] = (char)('0' + GC_CODE_DETAIL(code) / 10);
  text[3] = (char)('0' + GC_CODE_DETAIL(code) % 10);
  text[4] = '\0';
  return text;
}

const char *gc_show_code(uint8_t code)
{
  static const char *const methods[] = { "EMPTY", "GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH" };
  static _Thread_local char text[5];
  return code < sizeof methods / sizeof methods[0] ? methods[code] : write_code(text, code);
}

const char *gc_show_code_number(uint8_t code)
{
  static _Thread_local char text[5];
  return write_code(text, code);
}

const char *gc_show_type(uint8_t type)
{
  static const char *const types[] = { "CON", "NON", "ACK", "RST" };
  return types[type & 3];
}

void gc_show_option(struct gc_out *out, const struct gc_option *option)
{
  const struct gc_option_info *info = gc_option_info(option->number);
  if (info && info->format == GC_FORMAT_STRING && option->value.len <= 255 && gc_put_is_plain(option->value)) {
    uint8_t *at = gc_out_reserve(out, 512);
    if (!at)
      return;
    at = gc_put_bytes(at, info->name, strlen(info->name));
    *at++ = ':';
    gc_out_advance(out, gc_put_bytes(at, option->value.ptr, option->value.len));
    return;
  }
  if (info)
    gc_out_str(out, info->name);
  else
    gc_out_uint(out, option->number);
  if (info && info->format == GC_FORMAT_EMPTY && option->value.len == 0)
    return;
  gc_out_char(out, ':');
  gc_show_option_value(out, option);
}

void gc_show_options(struct gc_out *out, struct gc_bytes options)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  bool is_first = true;
  for (; gc_option_next(&iter, &option); is_first = false) {
    gc_out_small(out, is_first ? "[" : ", ", is_first ? 1 : 2);
    gc_show_option(out, &option);
  }
  if (!is_first)
    gc_out_char(out, ']');
}

int32_t gc_show_content_format(struct gc_bytes options)
{
  uint32_t value;
  return gc_option_find_uint(options, GC_OPTION_CONTENT_FORMAT, &value) && value <= 0xffff ? (int32_t)value : -1;
}

static bool is_plain_ascii(struct gc_bytes bytes)
{
  uint8_t bits = 0;
  for (size_t i = 0; i < bytes.len; i++)
    bits |= bytes.ptr[i];
  return bits < 0x80;
}

static void quote_hex(struct gc_out *out, struct gc_bytes bytes)
{
  gc_out_char(out, '"');
  gc_out_hex(out, bytes);
  gc_out_char(out, '"');
}

/* An option whose value is a number, or short plain text: nearly all of them. */
static bool json_option_fast(struct gc_out *out, const struct gc_option *option, const struct gc_option_info *info)
{
  uint32_t number = 0;
  bool is_text = info->format == GC_FORMAT_STRING && option->value.len <= 255 && gc_put_is_plain(option->value);
  if (!is_text && !(info->format == GC_FORMAT_UINT && gc_uint_decode(option->value, &number)))
    return false;
  uint8_t *at = gc_out_reserve(out, 512);
  if (!at)
    return true;
  at = gc_put_uint(GC_PUT(at, "{\"number\":"), option->number);
  at = GC_PUT(at, ",\"name\":\"");
  at = gc_put_bytes(at, info->name, strlen(info->name));
  at = GC_PUT(at, "\",\"value\":");
  if (is_text) {
    *at++ = '"';
    at = gc_put_bytes(at, option->value.ptr, option->value.len);
    *at++ = '"';
  } else {
    at = gc_put_uint(at, number);
  }
  *at++ = '}';
  gc_out_advance(out, at);
  return true;
}

/* Written piece by piece rather than by gc_json_object and its like: options are most of what gc-decode prints. */
static void json_option(struct gc_out *out, const struct gc_option *option)
{
  const struct gc_option_info *info = gc_option_info(option->number);
  uint32_t number;
  if (info && json_option_fast(out, option, info))
    return;
  GC_OUT_LITERAL(out, "{\"number\":");
  gc_out_uint(out, option->number);
  if (info) {
    GC_OUT_LITERAL(out, ",\"name\":\"");
    gc_out_small(out, info->name, strlen(info->name));
    gc_out_char(out, '"');
  }
  GC_OUT_LITERAL(out, ",\"value\":");
  if (info && info->format == GC_FORMAT_STRING) {
    gc_json_quote(out, option->value);
    if (!is_plain_ascii(option->value) && !gc_text_is_utf8(option->value)) {
      GC_OUT_LITERAL(out, ",\"hex\":");
      quote_hex(out, option->value);
    }
  } else if (info && info->format == GC_FORMAT_UINT && gc_uint_decode(option->value, &number)) {
    gc_out_uint(out, number);
  } else if (info && info->format == GC_FORMAT_BLOCK && option->value.len <= 3 && gc_uint_decode(option->value, &number)) {
    char text[GC_SHOW_BLOCK_MAX];
    gc_json_quote(out, gc_bytes_str(gc_show_block(text, number)));
  } else {
    quote_hex(out, option->value);
  }
  gc_out_char(out, '}');
}

void gc_json_options(struct gc_out *out, const char *key, struct gc_bytes options)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  if (options.len == 0)
    return;
  gc_json_array(out, key);
  for (bool is_first = true; gc_option_next(&iter, &option); is_first = false) {
    if (!is_first)
      gc_out_char(out, ',');
    json_option(out, &option);
  }
  gc_json_end(out);
}

void gc_json_message(struct gc_out *out, const struct gc_message *message)
{
  gc_json_comma(out);
  uint8_t *at = gc_out_reserve(out, 128);
  if (!at)
    return;
  at = gc_put_bytes(GC_PUT(at, "\"type\":\""), gc_show_type(message->type), 3);
  at = gc_put_bytes(GC_PUT(at, "\",\"code\":\""), gc_show_code_number(message->code), 4);
  at = gc_put_uint(GC_PUT(at, "\",\"mid\":"), message->mid);
  gc_out_advance(out, GC_PUT(at, ",\"token\":"));
  quote_hex(out, message->token);
  gc_json_options(out, "options", message->options);
  if (message->payload.len > 0)
    gc_json_payload(out, "payload", message->payload, gc_ace_content_format(message));
}

void gc_show_indent(struct gc_out *out, unsigned indent)
{
  for (; indent > 0; indent--)
    gc_out_char(out, ' ');
}

void gc_show_hexdump(struct gc_out *out, struct gc_bytes bytes, unsigned indent)
{
  for (size_t at = 0; at < bytes.len; at += 16) {
    struct gc_bytes row = gc_bytes_slice(bytes, at, 16);
    gc_show_indent(out, indent);
    gc_out_hex(out, gc_bytes((uint8_t[]){ (uint8_t)(at >> 8), (uint8_t)at }, 2));
    gc_out_char(out, ' ');
    for (size_t i = 0; i < 16; i++) {
      gc_out_char(out, ' ');
      if (i < row.len)
        gc_out_hex(out, gc_bytes(row.ptr + i, 1));
      else
        gc_out_str(out, "  ");
    }
    gc_out_str(out, "  ");
    for (size_t i = 0; i < row.len; i++)
      gc_out_char(out, row.ptr[i] >= 0x20 && row.ptr[i] < 0x7f ? (char)row.ptr[i] : '.');
    gc_out_char(out, '\n');
  }
}

void gc_show_parts(struct gc_out *out, const struct gc_message *message, unsigned indent)
{
  struct gc_option_iter iter = gc_option_iter(message->options);
  struct gc_option option;
  while (gc_option_next(&iter, &option)) {
    const struct gc_option_info *info = gc_option_info(option.number);
    gc_show_indent(out, indent);
    gc_out_uint(out, option.number);
    gc_outf(out, " %s (%s, %zu byte%s): ", info ? info->name : "unknown", gc_option_is_critical(option.number) ? "critical" : "elective",
            option.value.len, option.value.len == 1 ? "" : "s");
    gc_show_option_value(out, &option);
    gc_out_char(out, '\n');
  }
  if (message->payload.len > 0) {
    gc_show_indent(out, indent);
    gc_outf(out, "payload (%zu byte%s): ", message->payload.len, message->payload.len == 1 ? "" : "s");
    gc_show_payload(out, message->payload, gc_ace_content_format(message), 0);
    gc_out_char(out, '\n');
  }
}

void gc_show_tree(struct gc_out *out, const struct gc_message *message, struct gc_bytes datagram, unsigned indent, bool hex)
{
  gc_show_indent(out, indent);
  const char *name = gc_code_name(message->code);
  gc_outf(out, "%s %s (%s) mid=%u token=", gc_show_type(message->type), name ? name : "unknown code", gc_show_code_number(message->code),
          (unsigned)message->mid);
  gc_out_hex(out, message->token);
  gc_out_char(out, '\n');
  gc_show_parts(out, message, indent + 2);
  if (hex)
    gc_show_hexdump(out, datagram, indent + 2);
}

void gc_show_datagram(struct gc_out *out, struct gc_bytes datagram, bool hex)
{
  struct gc_message message;
  struct gc_where where = { 0, "malformed" };
  bool is_hidden = false;
  if (gc_message_parse(&message, datagram, &where)) {
    gc_outf(out, "malformed: %s at byte %zu\n", where.phrase, where.offset);
  } else {
    gc_outf(out, "%s %s mid=%u token=", gc_show_type(message.type), gc_show_code(message.code), (unsigned)message.mid);
    gc_out_hex(out, message.token);
    gc_out_char(out, ' ');
    gc_show_options(out, message.options);
    gc_out_char(out, ' ');
    gc_show_payload(out, message.payload, gc_ace_content_format(&message), GC_SHOW_LINE_PAYLOAD);
    gc_out_char(out, '\n');
    is_hidden = hex && gc_hide_holds_secret(&message);
  }
  if (is_hidden)
    GC_OUT_LITERAL(out, "  (no hex dump: it holds a Master Secret)\n");
  else if (hex)
    gc_show_hexdump(out, datagram, 2);
}
