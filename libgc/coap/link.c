#include "coap/link.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "coap/message.h"
#include "iana/options.h"

static bool is_blank(uint8_t c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blanks(struct gc_bytes text, size_t pos)
{
  while (pos < text.len && is_blank(text.ptr[pos]))
    pos++;
  return pos;
}

/* attr-char of RFC 5987, which parmname is made of, and the "*" of ext-name-star */
static bool is_name_char(uint8_t c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("!#$&+-.^_`|~*", c));
}

/* lenient: what cannot be mistaken for the end of the value */
static bool is_token_char(uint8_t c)
{
  return c > ' ' && c != 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

struct gc_link_reader gc_link_reader(struct gc_bytes text)
{
  return (struct gc_link_reader){ text, 0 };
}

/* A link-param behind its ";"; *pos moves to its end. */
static const char *read_param(struct gc_bytes text, size_t *pos, struct gc_link_param *out)
{
  size_t at = skip_blanks(text, *pos), from = at;
  struct gc_link_param param = { .value = { text.ptr + at, 0 } };
  while (at < text.len && is_name_char(text.ptr[at]))
    at++;
  *pos = at;
  if (at == from)
    return "the name of an attribute is missing";
  param.name = gc_bytes(text.ptr + from, at - from);
  if (at < text.len && text.ptr[at] == '=') {
    param.has_value = true;
    from = ++at;
    param.is_quoted = at < text.len && text.ptr[at] == '"';
    if (param.is_quoted) {
      for (at++; at < text.len && text.ptr[at] != '"'; at++)
        if (text.ptr[at] == '\\')
          at++;
      *pos = from;
      if (at >= text.len)
        return "the closing quote of a value is missing";
      param.value = gc_bytes(text.ptr + from + 1, at - from - 1);
      at++;
    } else {
      while (at < text.len && is_token_char(text.ptr[at]))
        at++;
      param.value = gc_bytes(text.ptr + from, at - from);
    }
    *pos = at;
  }
  *out = param;
  return NULL;
}

static const char *read_link(struct gc_bytes text, size_t *pos, struct gc_link_value *out)
{
  const size_t start = *pos;
  struct gc_link_param param;
  if (text.ptr[start] != '<')
    return "a link must begin with <";
  const uint8_t *close = memchr(text.ptr + start, '>', text.len - start);
  if (!close)
    return "the > of a link is missing";
  size_t at = (size_t)(close - text.ptr) + 1, params_at = at, end = at;
  for (;;) {
    at = skip_blanks(text, at);
    if (at == text.len || text.ptr[at] != ';')
      break;
    at++;
    const char *phrase = read_param(text, &at, &param);
    if (phrase) {
      *pos = at;
      return phrase;
    }
    end = at;
  }
  *out = (struct gc_link_value){ gc_bytes(text.ptr + start + 1, params_at - start - 2), gc_bytes(text.ptr + params_at, end - params_at),
                                 gc_bytes(text.ptr + start, end - start) };
  *pos = at;
  return at < text.len && text.ptr[at] != ',' ? "only ; or , may follow a link or an attribute" : NULL;
}

enum gc_err gc_link_next(struct gc_link_reader *reader, struct gc_link_value *out, struct gc_where *where)
{
  const struct gc_bytes text = reader->text;
  size_t at = skip_blanks(text, reader->pos);
  const char *phrase = NULL;
  if (at == text.len) {
    reader->pos = at;
    return GC_E_END;
  }
  phrase = read_link(text, &at, out);
  if (!phrase && at < text.len) { /* at the comma */
    size_t next = skip_blanks(text, at + 1);
    if (next == text.len)
      phrase = "a link is missing after the last comma";
    else
      at = next;
  }
  if (phrase) {
    reader->pos = text.len;
    return gc_fail(where, at, phrase, GC_E_MALFORMED);
  }
  reader->pos = at;
  return GC_OK;
}

bool gc_link_param_next(struct gc_bytes *params, struct gc_link_param *out)
{
  size_t at = skip_blanks(*params, 0);
  if (at == params->len || params->ptr[at++] != ';' || read_param(*params, &at, out))
    return false;
  *params = gc_bytes_slice(*params, at, SIZE_MAX);
  return true;
}

static bool is_named(const struct gc_link_param *param, struct gc_bytes name)
{
  return param->name.len == name.len && strncasecmp((const char *)param->name.ptr, (const char *)name.ptr, name.len) == 0;
}

bool gc_link_param_find(const struct gc_link_value *link, const char *name, struct gc_link_param *out)
{
  struct gc_bytes rest = link->params;
  struct gc_link_param param;
  while (gc_link_param_next(&rest, &param))
    if (is_named(&param, gc_bytes_str(name))) {
      if (out)
        *out = param;
      return true;
    }
  return false;
}

/* The next character of a value, its escape resolved; -1 at the end. */
static int next_char(const struct gc_link_param *param, size_t *pos)
{
  if (*pos < param->value.len && param->is_quoted && param->value.ptr[*pos] == '\\' && *pos + 1 < param->value.len)
    (*pos)++;
  return *pos < param->value.len ? param->value.ptr[(*pos)++] : -1;
}

enum gc_err gc_link_unquote(struct gc_buf *out, const struct gc_link_param *param)
{
  const size_t start = out->len;
  size_t pos = 0;
  for (int c; (c = next_char(param, &pos)) >= 0;)
    if (gc_buf_add_u8(out, (uint8_t)c)) {
      out->len = start;
      return GC_E_SPACE;
    }
  return GC_OK;
}

static bool has_several_values(const struct gc_link_param *param)
{
  static const char *const names[] = { "rt", "if", "rel", "rev", "ct" };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (is_named(param, gc_bytes_str(names[i])))
      return true;
  return false;
}

/* Section 4.1: does one of the attribute's values equal, or begin with, `wanted`? */
static bool value_matches(const struct gc_link_param *param, struct gc_bytes wanted, bool is_prefix)
{
  const bool is_list = has_several_values(param);
  size_t pos = 0, seen = 0; /* characters of the current value; SIZE_MAX: it differs */
  int c;
  if (wanted.len == 0 && is_prefix)
    return true;
  do {
    c = next_char(param, &pos);
    if (c < 0 || (is_list && c == ' ')) {
      if (seen == wanted.len)
        return true;
      seen = 0;
    } else if (seen < wanted.len && wanted.ptr[seen] == c) {
      seen++;
      if (is_prefix && seen == wanted.len)
        return true;
    } else {
      seen = SIZE_MAX;
    }
  } while (c >= 0);
  return false;
}

bool gc_link_param_has(const struct gc_link_param *param, struct gc_bytes value)
{
  return value_matches(param, value, false);
}

struct gc_link_filter gc_link_filter(struct gc_bytes query)
{
  const uint8_t *equals = query.len ? memchr(query.ptr, '=', query.len) : NULL;
  struct gc_link_filter filter = { .name = query, .is_prefix = true };
  if (equals) {
    size_t name_len = (size_t)(equals - query.ptr);
    filter.name = gc_bytes_slice(query, 0, name_len);
    filter.value = gc_bytes_slice(query, name_len + 1, SIZE_MAX);
    filter.is_prefix = filter.value.len > 0 && filter.value.ptr[filter.value.len - 1] == '*';
    filter.value.len -= filter.is_prefix;
  }
  return filter;
}

bool gc_link_matches(const struct gc_link_value *link, const struct gc_link_filter *filter)
{
  struct gc_bytes rest = link->params;
  struct gc_link_param param = { .name = gc_bytes_str("href"), .value = link->target, .has_value = true };
  if (is_named(&param, filter->name))
    return value_matches(&param, filter->value, filter->is_prefix);
  while (gc_link_param_next(&rest, &param))
    if (is_named(&param, filter->name) && value_matches(&param, filter->value, filter->is_prefix))
      return true;
  return false;
}

bool gc_link_matches_options(const struct gc_link_value *link, struct gc_bytes options)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  while (gc_option_next(&iter, &option) && option.number <= GC_OPTION_URI_QUERY) {
    struct gc_link_filter filter = gc_link_filter(option.value);
    if (option.number == GC_OPTION_URI_QUERY && !gc_link_matches(link, &filter))
      return false;
  }
  return true;
}

struct gc_link_writer gc_link_writer(struct gc_buf *out)
{
  return (struct gc_link_writer){ .out = out, .start = out->len, .link_at = SIZE_MAX };
}

static void put(struct gc_link_writer *writer, struct gc_bytes bytes)
{
  if (!writer->err)
    writer->err = gc_buf_add(writer->out, bytes);
}

static void put_str(struct gc_link_writer *writer, const char *text)
{
  put(writer, gc_bytes_str(text));
}

void gc_link_begin(struct gc_link_writer *writer, struct gc_bytes target)
{
  if (!writer->err)
    for (size_t i = 0; i < target.len; i++)
      if (target.ptr[i] <= ' ' || target.ptr[i] == 0x7f || target.ptr[i] == '<' || target.ptr[i] == '>')
        writer->err = GC_E_MALFORMED;
  if (writer->out->len > 0)
    put_str(writer, ",");
  writer->link_at = writer->out->len;
  put_str(writer, "<");
  put(writer, target);
  put_str(writer, ">");
}

static void put_name(struct gc_link_writer *writer, const char *name)
{
  if (!writer->err && writer->link_at == SIZE_MAX)
    writer->err = GC_E_STATE;
  if (!writer->err && *name == '\0')
    writer->err = GC_E_MALFORMED;
  for (const char *p = name; *p && !writer->err; p++)
    if (!is_name_char((uint8_t)*p))
      writer->err = GC_E_MALFORMED;
  put_str(writer, ";");
  put_str(writer, name);
}

void gc_link_add(struct gc_link_writer *writer, const char *name, struct gc_bytes value)
{
  put_name(writer, name);
  put_str(writer, "=\"");
  for (size_t i = 0; i < value.len && !writer->err; i++) {
    if (value.ptr[i] == '"' || value.ptr[i] == '\\')
      put_str(writer, "\\");
    else if ((value.ptr[i] < ' ' && value.ptr[i] != '\t') || value.ptr[i] == 0x7f)
      writer->err = GC_E_MALFORMED;
    put(writer, gc_bytes(value.ptr + i, 1));
  }
  put_str(writer, "\"");
}

void gc_link_add_uint(struct gc_link_writer *writer, const char *name, uint64_t value)
{
  char text[24];
  snprintf(text, sizeof text, "=%" PRIu64, value);
  put_name(writer, name);
  put_str(writer, text);
}

void gc_link_add_flag(struct gc_link_writer *writer, const char *name)
{
  struct gc_link_value link;
  if (!writer->err && writer->link_at != SIZE_MAX) {
    struct gc_link_reader reader = gc_link_reader(gc_bytes_slice(gc_buf_bytes(writer->out), writer->link_at, SIZE_MAX));
    if (gc_link_next(&reader, &link, NULL) == GC_OK && gc_link_param_find(&link, name, NULL))
      return;
  }
  put_name(writer, name);
}

enum gc_err gc_link_finish(struct gc_link_writer *writer)
{
  if (writer->err)
    writer->out->len = writer->start;
  return writer->err;
}
