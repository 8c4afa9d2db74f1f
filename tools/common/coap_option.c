#include "common/coap_option.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "common/arg.h"
#include "iana/names.h"
#include "iana/options.h"

static _Thread_local char phrase[1400];

static const char *unknown_name(const char *name, size_t len)
{
  size_t n = (size_t)snprintf(phrase, sizeof phrase, "no option of the name %.*s; accepted: a number, or", (int)(len < 60 ? len : 60), name);
  const struct gc_option_info *info;
  for (size_t i = 0; (info = gc_option_at(i)) != NULL && n < sizeof phrase; i++)
    n += (size_t)snprintf(phrase + n, sizeof phrase - n, " %s", info->name);
  return phrase;
}

static bool is_hex(const char *value)
{
  return value[0] == '0' && (value[1] == 'x' || value[1] == 'X');
}

static const char *uint_value(uint32_t *out, uint16_t number, const char *value)
{
  uint16_t format;
  if ((number == GC_OPTION_CONTENT_FORMAT || number == GC_OPTION_ACCEPT) && gc_content_format_parse(&format, gc_bytes_str(value)) == GC_OK) {
    *out = format;
    return NULL;
  }
  return gc_arg_u32(out, value, 0, UINT32_MAX);
}

/* Those that belong to the exchange, with the way to have them. */
static const char *refused(uint16_t number)
{
  switch (number) {
  case GC_OPTION_OBSERVE:
    return "Observe is set by --observe";
  case GC_OPTION_BLOCK1:
  case GC_OPTION_BLOCK2:
  case GC_OPTION_Q_BLOCK1:
  case GC_OPTION_Q_BLOCK2:
  case GC_OPTION_SIZE1:
    return "block options are set by the exchange; --block chooses the size";
  default:
    return NULL;
  }
}

static const char *add(struct gc_builder *builder, uint16_t number, struct gc_bytes value)
{
  const struct gc_option option = { number, value };
  const char *wrong = gc_option_info(number) ? gc_option_check(&option, 0) : NULL;
  if (wrong)
    return wrong;
  gc_builder_add(builder, number, value);
  return builder->err ? "the options are too long together" : NULL;
}

static const char *add_value(struct gc_builder *builder, uint16_t number, const char *value)
{
  const struct gc_option_info *info = gc_option_info(number);
  uint8_t bytes[1100], shortest[4];
  struct gc_buf buf = gc_buf(bytes, sizeof bytes);
  uint32_t as_uint;
  if (info && info->format == GC_FORMAT_EMPTY && *value)
    return "the option has no value";
  if (info && info->format == GC_FORMAT_UINT) {
    const char *wrong = uint_value(&as_uint, number, value);
    return wrong ? wrong : add(builder, number, gc_bytes(shortest, gc_uint_encode(shortest, as_uint)));
  }
  if ((!info || info->format != GC_FORMAT_STRING) && is_hex(value)) {
    struct gc_where where = { 0, "" };
    enum gc_err err = gc_hex_decode(&buf, value, strlen(value), &where);
    return err ? where.phrase : add(builder, number, gc_buf_bytes(&buf));
  }
  return add(builder, number, gc_bytes_str(value));
}

const char *gc_coap_option_add(struct gc_builder *builder, const char *text)
{
  size_t len = strcspn(text, "=");
  if (!text[len]) /* NUMBER,VALUE is what coap-client takes */
    len = strcspn(text, ",");
  const char *value = text[len] ? text + len + 1 : "";
  const struct gc_option_info *info = gc_option_by_name(gc_bytes(text, len));
  uint32_t number;
  char digits[12];
  if (info && len > 0) {
    number = info->number;
  } else {
    if (len == 0 || len >= sizeof digits || text[0] < '0' || text[0] > '9')
      return unknown_name(text, len);
    memcpy(digits, text, len);
    digits[len] = '\0';
    if (gc_arg_u32(&number, digits, 1, 65535))
      return "an option number is 1 to 65535";
  }
  const char *wrong = refused((uint16_t)number);
  return wrong ? wrong : add_value(builder, (uint16_t)number, value);
}

const char *gc_no_response_arg(int *out, const char *text)
{
  static const struct {
    const char *word;
    int bits;
  } words[] = { { "none", 0 }, { "success", 2 }, { "2.xx", 2 }, { "4.xx", 8 }, { "5.xx", 16 }, { "errors", 24 }, { "all", 26 } };
  static const char accepted[] = "classes that need no answer: none, success, 2.xx, 4.xx, 5.xx, errors, all (joined by commas), or the number 0 to 127";
  uint32_t number;
  int bits = 0;
  if (!gc_arg_u32(&number, text, 0, 127)) {
    *out = (int)number;
    return NULL;
  }
  for (const char *p = text;; p++) {
    size_t len = strcspn(p, ","), i = 0;
    while (i < sizeof words / sizeof words[0] && (strncasecmp(words[i].word, p, len) != 0 || words[i].word[len]))
      i++;
    if (len == 0 || i == sizeof words / sizeof words[0])
      return accepted;
    bits |= words[i].bits;
    p += len;
    if (!*p)
      break;
  }
  *out = bits;
  return NULL;
}

const char *gc_content_format_arg(int32_t *out, const char *text)
{
  uint16_t number;
  enum gc_err err = gc_content_format_parse(&number, gc_bytes_str(text));
  if (err == GC_OK) {
    *out = number;
    return NULL;
  }
  if (err == GC_E_RANGE)
    return "a content format is a number from 0 to 65535";
  size_t n = (size_t)snprintf(phrase, sizeof phrase, "no such content format; accepted: a number, a media type, or");
  const struct gc_content_format *row;
  for (size_t i = 0; (row = gc_content_format_at(i)) != NULL && n < sizeof phrase; i++)
    n += (size_t)snprintf(phrase + n, sizeof phrase - n, " %s", row->name);
  return phrase;
}
