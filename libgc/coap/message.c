#include "coap/message.h"

#include <coap3/coap.h>

#include "base/text.h"
#include "iana/options.h"

/* RFC 7252, Section 3 and RFC 8974, Section 2.1: the token behind the 4-byte header */
static enum gc_err parse_token(struct gc_message *out, struct gc_bytes datagram, size_t *pos, struct gc_where *where)
{
  size_t len = datagram.ptr[0] & 15;
  *pos = 4;
  if (len == 15)
    return gc_fail(where, 0, "token length 15 is reserved", GC_E_MALFORMED);
  if (len >= 13) {
    size_t extra = len - 12;
    if (datagram.len - 4 < extra)
      return gc_fail(where, 4, "extended token length is cut off", GC_E_TRUNCATED);
    len = extra == 1 ? 13u + datagram.ptr[4] : 269u + gc_read_u16(datagram.ptr + 4);
    *pos += extra;
  } else if (len > 8) {
    return gc_fail(where, 0, "token length 9 to 12 is reserved", GC_E_MALFORMED);
  }
  if (datagram.len - *pos < len)
    return gc_fail(where, *pos, "token runs past the end", GC_E_TRUNCATED);
  out->token = gc_bytes(datagram.ptr + *pos, len);
  *pos += len;
  return GC_OK;
}

enum gc_err gc_message_parse(struct gc_message *out, struct gc_bytes datagram, struct gc_where *where)
{
  size_t pos;
  *out = (struct gc_message){ 0 };
  if (datagram.len < 4)
    return gc_fail(where, datagram.len, "shorter than the 4-byte header", GC_E_TRUNCATED);
  out->version = datagram.ptr[0] >> 6;
  out->type = datagram.ptr[0] >> 4 & 3;
  out->code = datagram.ptr[1];
  out->mid = gc_read_u16(datagram.ptr + 2);
  if (out->version != 1)
    return gc_fail(where, 0, "version is not 1", GC_E_UNSUPPORTED);
  enum gc_err err = parse_token(out, datagram, &pos, where);
  if (err)
    return err;
  if (out->code == GC_CODE_EMPTY && datagram.len > 4)
    return gc_fail(where, 4, "bytes after the header of an Empty message", GC_E_MALFORMED);
  return gc_options_split(&out->options, &out->payload, gc_bytes_slice(datagram, pos, SIZE_MAX), pos, where);
}

/* The option at the front of rest; returns the bytes it takes, 0: damaged. */
static size_t parse_option(struct gc_bytes rest, uint16_t before, coap_option_t *out)
{
  /* libcoap 4.3.1 keeps deltas in 16 bits: one above 65535 would come out as a small one */
  if (rest.len >= 3 && rest.ptr[0] >> 4 == 14 && gc_read_u16(rest.ptr + 1) > UINT16_MAX - 269)
    return 0;
  const size_t used = coap_opt_parse(rest.ptr, rest.len, out);
  return used && out->delta <= UINT16_MAX - before ? used : 0;
}

/* Why parse_option refuses the option at the front of rest. */
static enum gc_err explain(struct gc_bytes rest, uint16_t number, size_t at, struct gc_where *where)
{
  unsigned delta = rest.ptr[0] >> 4, len = rest.ptr[0] & 15;
  size_t pos = 1, need = (delta == 13) + 2u * (delta == 14) + (len == 13) + 2u * (len == 14);
  if (delta == 15 || len == 15)
    return gc_fail(where, at, delta == 15 ? "option delta 15 is reserved" : "option length 15 is reserved", GC_E_MALFORMED);
  if (rest.len < 1 + need)
    return gc_fail(where, at, "option header is cut off", GC_E_TRUNCATED);
  if (delta >= 13)
    delta = delta == 13 ? 13u + rest.ptr[pos] : 269u + gc_read_u16(rest.ptr + pos);
  if (number + delta > UINT16_MAX)
    return gc_fail(where, at, "option number above 65535", GC_E_MALFORMED);
  return gc_fail(where, at, "option value runs past the end", GC_E_TRUNCATED);
}

enum gc_err gc_options_split(struct gc_bytes *options, struct gc_bytes *payload, struct gc_bytes bytes, size_t base,
                             struct gc_where *where)
{
  struct gc_bytes rest = bytes;
  uint16_t number = 0;
  coap_option_t option;
  *options = gc_bytes(bytes.ptr, 0);
  *payload = gc_bytes(NULL, 0);
  while (rest.len > 0 && rest.ptr[0] != 0xff) {
    size_t used = parse_option(rest, number, &option);
    if (used == 0)
      return explain(rest, number, base + options->len, where);
    number = (uint16_t)(number + option.delta);
    rest = gc_bytes(rest.ptr + used, rest.len - used);
    options->len += used;
  }
  if (rest.len == 1)
    return gc_fail(where, base + options->len, "payload marker without payload", GC_E_MALFORMED);
  if (rest.len > 1)
    *payload = gc_bytes(rest.ptr + 1, rest.len - 1);
  return GC_OK;
}

struct gc_option_iter gc_option_iter(struct gc_bytes options)
{
  return (struct gc_option_iter){ options, 0 };
}

bool gc_option_next(struct gc_option_iter *iter, struct gc_option *out)
{
  coap_option_t option;
  size_t used = iter->rest.len ? parse_option(iter->rest, iter->number, &option) : 0;
  if (used == 0)
    return false;
  iter->number = (uint16_t)(iter->number + option.delta);
  iter->rest = gc_bytes(iter->rest.ptr + used, iter->rest.len - used);
  *out = (struct gc_option){ iter->number, { option.value, option.length } };
  return true;
}

bool gc_option_find(struct gc_bytes options, uint16_t number, struct gc_option *out)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  while (gc_option_next(&iter, &option) && option.number <= number)
    if (option.number == number) {
      if (out)
        *out = option;
      return true;
    }
  return false;
}

bool gc_uint_decode(struct gc_bytes value, uint32_t *out)
{
  uint32_t number = 0;
  for (size_t i = 0; i < value.len; i++) {
    if (number >> 24)
      return false;
    number = number << 8 | value.ptr[i];
  }
  *out = number;
  return true;
}

bool gc_option_find_uint(struct gc_bytes options, uint16_t number, uint32_t *out)
{
  struct gc_option option;
  return gc_option_find(options, number, &option) && gc_uint_decode(option.value, out);
}

const char *gc_option_check(const struct gc_option *option, unsigned repeats)
{
  const struct gc_option_info *info = gc_option_info(option->number);
  if (!info)
    return "unknown option";
  if (option->value.len < info->min_len)
    return "option value too short";
  if (option->value.len > info->max_len)
    return "option value too long";
  if (repeats > 0 && !info->is_repeatable)
    return "option must not be repeated";
  if (info->format == GC_FORMAT_STRING && !gc_text_is_utf8(option->value))
    return "option value is not UTF-8";
  return NULL;
}

static bool is_listed(const uint16_t *known, uint16_t number)
{
  while (*known && *known != number)
    known++;
  return *known != 0;
}

uint16_t gc_options_first_unusable(struct gc_bytes options, const uint16_t *known)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  unsigned repeats = 0;
  for (uint16_t last = 0; gc_option_next(&iter, &option); last = option.number) {
    repeats = option.number == last ? repeats + 1 : 0;
    if (!gc_option_is_critical(option.number))
      continue;
    if (gc_option_check(&option, repeats) || (known && !is_listed(known, option.number)))
      return option.number;
  }
  return 0;
}
