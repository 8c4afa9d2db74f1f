#include "cbor/diag.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "cbor/reader.h"

struct printer {
  struct gc_cbor_reader reader;
  gc_cbor_sink *sink;
  void *ctx;
  bool has_ended; /* the sink wants no more */
};

static void put(struct printer *printer, struct gc_bytes piece)
{
  if (!printer->has_ended && !printer->sink(printer->ctx, piece))
    printer->has_ended = true;
}

static void put_str(struct printer *printer, const char *text)
{
  put(printer, gc_bytes_str(text));
}

/* "_1": the head is longer than it need be (Section 8.1) */
static void put_width(struct printer *printer, const struct gc_cbor_item *item)
{
  static const char *const marks[9] = { [1] = "_0", [2] = "_1", [4] = "_2", [8] = "_3" };
  if (!item->is_preferred)
    put_str(printer, marks[item->width]);
}

static void put_number(struct printer *printer, const struct gc_cbor_item *item)
{
  char text[24];
  if (item->type != GC_CBOR_NINT)
    snprintf(text, sizeof text, "%" PRIu64, item->number);
  else if (item->number == UINT64_MAX)
    strcpy(text, "-18446744073709551616");
  else
    snprintf(text, sizeof text, "-%" PRIu64, item->number + 1);
  put_str(printer, text);
}

/* The shortest decimal digits that give the same double again; returns their number, *exponent as in 0.DIGITS * 10^exponent. */
static int shortest_digits(double value, char digits[static 20], int *exponent)
{
  char text[40];
  for (int precision = 0; precision < 17; precision++) {
    snprintf(text, sizeof text, "%.*e", precision, value);
    if (precision == 16 || strtod(text, NULL) == value)
      break;
    char *last = strchr(text, 'e') - 1; /* printf rounds a tie to even: the odd neighbour can be the one that reads back */
    if (*last < '9' && (++*last, strtod(text, NULL) == value))
      break;
  }
  int n = 0;
  for (const char *p = text; *p && *p != 'e'; p++)
    if (*p >= '0' && *p <= '9')
      digits[n++] = *p;
  while (n > 1 && digits[n - 1] == '0')
    n--;
  *exponent = atoi(strchr(text, 'e') + 1) + 1;
  return n;
}

/* As RFC 8949, Appendix A writes them: plain from 1e-6 up to 1e21, always with a point */
static void put_real(struct printer *printer, double value)
{
  char digits[20], text[64];
  int exponent, len = 0;
  if (isnan(value) || isinf(value)) {
    put_str(printer, isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
    return;
  }
  if (signbit(value))
    text[len++] = '-';
  int n = shortest_digits(fabs(value), digits, &exponent);
  if (value == 0) {
    len += snprintf(text + len, sizeof text - (size_t)len, "0.0");
  } else if (exponent > -6 && exponent <= 21) {
    if (exponent <= 0)
      len += snprintf(text + len, sizeof text - (size_t)len, "0.%.*s%.*s", -exponent, "000000", n, digits);
    else if (n <= exponent)
      len += snprintf(text + len, sizeof text - (size_t)len, "%.*s%.*s.0", n, digits, exponent - n, "000000000000000000000");
    else
      len += snprintf(text + len, sizeof text - (size_t)len, "%.*s.%.*s", exponent, digits, n - exponent, digits + exponent);
  } else {
    len += snprintf(text + len, sizeof text - (size_t)len, "%c.%.*se%+d", digits[0], n > 1 ? n - 1 : 1, n > 1 ? digits + 1 : "0", exponent - 1);
  }
  put(printer, gc_bytes(text, (size_t)len));
}

static void put_hex(struct printer *printer, struct gc_bytes bytes)
{
  char text[2 * 64 + 1];
  put_str(printer, "h'");
  for (size_t at = 0; at < bytes.len && !printer->has_ended; at += 64)
    put_str(printer, gc_hex_encode(text, gc_bytes_slice(bytes, at, 64)));
  put_str(printer, "'");
}

/* The code point at the front of well-formed UTF-8, and its length. */
static uint32_t code_point(struct gc_bytes text, size_t *len)
{
  const uint8_t first = text.ptr[0];
  *len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  uint32_t point = *len == 1 ? first : first & (0x7fu >> *len);
  for (size_t i = 1; i < *len; i++)
    point = point << 6 | (text.ptr[i] & 0x3fu);
  return point;
}

static void put_text(struct printer *printer, struct gc_bytes text)
{
  put_str(printer, "\"");
  while (text.len > 0 && !printer->has_ended) {
    size_t n = 0; /* characters that stand for themselves */
    for (size_t k; n < text.len && text.ptr[n] != '"' && text.ptr[n] != '\\'; n += k)
      if ((k = gc_text_printable_len(gc_bytes_slice(text, n, SIZE_MAX))) == 0)
        break;
    if (n > 0) {
      put(printer, gc_bytes_slice(text, 0, n));
    } else {
      uint32_t point = code_point(text, &n);
      char escape[16];
      const char *const named = point ? memchr("\"\\\n\r\t", (int)point, point < 128 ? 5 : 0) : NULL;
      if (named)
        snprintf(escape, sizeof escape, "\\%c", point == '\n' ? 'n' : point == '\r' ? 'r' : point == '\t' ? 't' : (char)point);
      else
        snprintf(escape, sizeof escape, "\\u%04x", (unsigned)point & 0xffff); /* all controls lie in the first plane */
      put_str(printer, escape);
    }
    text = gc_bytes_slice(text, n, SIZE_MAX);
  }
  put_str(printer, "\"");
}

static void print_item(struct printer *printer, const struct gc_cbor_item *item);

static void print_next(struct printer *printer)
{
  struct gc_cbor_item item;
  if (!printer->has_ended && gc_cbor_next(&printer->reader, &item) == GC_OK)
    print_item(printer, &item);
}

/* Elements between the brackets of an array, a map or a string in chunks. */
static void print_list(struct printer *printer, const struct gc_cbor_item *item, const char *open, const char *close)
{
  struct gc_cbor_list list = { item->type == GC_CBOR_ARRAY || item->type == GC_CBOR_MAP ? item->number : 0, item->is_indefinite };
  const char *separator = "";
  put_str(printer, open);
  if (item->is_indefinite || !item->is_preferred) {
    put_str(printer, item->is_indefinite ? "_" : "");
    put_width(printer, item);
    put_str(printer, " ");
  }
  while (!printer->has_ended && gc_cbor_list_next(&printer->reader, &list)) {
    put_str(printer, separator);
    separator = ", ";
    print_next(printer);
    if (item->type == GC_CBOR_MAP) {
      put_str(printer, ": ");
      print_next(printer);
    }
  }
  put_str(printer, close);
}

static void print_string(struct printer *printer, const struct gc_cbor_item *item)
{
  struct gc_cbor_item first;
  if (item->is_indefinite && gc_cbor_peek(&printer->reader, &first) == GC_OK && first.type == GC_CBOR_BREAK) {
    printer->reader.pos++;
    put_str(printer, item->type == GC_CBOR_TEXT ? "\"\"_" : "''_"); /* "(_ )" would not say of which type */
    return;
  }
  if (item->is_indefinite) {
    print_list(printer, item, "(", ")");
    return;
  }
  if (item->type == GC_CBOR_TEXT)
    put_text(printer, item->string);
  else
    put_hex(printer, item->string);
  put_width(printer, item);
}

static void print_simple(struct printer *printer, const struct gc_cbor_item *item)
{
  static const char *const names[] = { "false", "true", "null", "undefined" };
  if (item->number >= GC_CBOR_FALSE && item->number <= GC_CBOR_UNDEFINED) {
    put_str(printer, names[item->number - GC_CBOR_FALSE]);
    return;
  }
  put_str(printer, "simple(");
  put_number(printer, item);
  put_str(printer, ")");
}

static void print_item(struct printer *printer, const struct gc_cbor_item *item)
{
  switch (item->type) {
  case GC_CBOR_UINT:
  case GC_CBOR_NINT:
    put_number(printer, item);
    put_width(printer, item);
    break;
  case GC_CBOR_BYTES:
  case GC_CBOR_TEXT:
    print_string(printer, item);
    break;
  case GC_CBOR_ARRAY:
    print_list(printer, item, "[", "]");
    break;
  case GC_CBOR_MAP:
    print_list(printer, item, "{", "}");
    break;
  case GC_CBOR_TAG:
    put_number(printer, item);
    put_width(printer, item);
    put_str(printer, "(");
    print_next(printer);
    put_str(printer, ")");
    break;
  case GC_CBOR_SIMPLE:
    print_simple(printer, item);
    break;
  case GC_CBOR_FLOAT:
    put_real(printer, item->real);
    put_width(printer, item);
    break;
  case GC_CBOR_BREAK: /* taken by gc_cbor_list_next */
    break;
  }
}

enum gc_err gc_cbor_print(struct gc_bytes items, gc_cbor_sink *sink, void *ctx, struct gc_where *where)
{
  struct printer printer = { gc_cbor_reader(items), sink, ctx, false };
  enum gc_err err = gc_cbor_check(items, GC_CBOR_CHECK_SEQUENCE | GC_CBOR_CHECK_UTF8, where);
  while (!err && !printer.has_ended && !gc_cbor_at_end(&printer.reader)) {
    if (printer.reader.pos > 0)
      put_str(&printer, ", ");
    print_next(&printer);
  }
  return err;
}

struct buffer {
  struct gc_buf *out;
  enum gc_err err;
};

static bool append(void *ctx, struct gc_bytes piece)
{
  struct buffer *buffer = ctx;
  buffer->err = gc_buf_add(buffer->out, piece);
  return buffer->err == GC_OK;
}

enum gc_err gc_cbor_to_diag(struct gc_buf *out, struct gc_bytes items, struct gc_where *where)
{
  struct buffer buffer = { out, GC_OK };
  const size_t start = out->len;
  enum gc_err err = gc_cbor_print(items, append, &buffer, where);
  if (!err && buffer.err)
    err = gc_fail(where, 0, "diagnostic notation does not fit", buffer.err);
  if (err)
    out->len = start;
  return err;
}
