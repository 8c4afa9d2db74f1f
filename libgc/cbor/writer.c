#include "cbor/writer.h"

#include <cbor.h>
#include <string.h>

#include "cbor/float.h"

struct gc_cbor_writer gc_cbor_writer(struct gc_buf *out)
{
  return (struct gc_cbor_writer){ out, out->len, GC_OK };
}

static void fail(struct gc_cbor_writer *writer, enum gc_err err)
{
  if (!writer->err)
    writer->err = err;
}

/* libcbor's encoders answer 0 where the buffer is too small */
static void wrote(struct gc_cbor_writer *writer, size_t len)
{
  writer->out->len += len;
  if (len == 0)
    fail(writer, GC_E_SPACE);
}

#define ENCODE(writer, encode, value) \
  do { \
    if (!(writer)->err) \
      wrote(writer, encode(value, (writer)->out->ptr + (writer)->out->len, (writer)->out->cap - (writer)->out->len)); \
  } while (0)

void gc_cbor_uint(struct gc_cbor_writer *writer, uint64_t value)
{
  ENCODE(writer, cbor_encode_uint, value);
}

void gc_cbor_nint(struct gc_cbor_writer *writer, uint64_t number)
{
  ENCODE(writer, cbor_encode_negint, number);
}

void gc_cbor_int(struct gc_cbor_writer *writer, int64_t value)
{
  if (value >= 0)
    gc_cbor_uint(writer, (uint64_t)value);
  else
    gc_cbor_nint(writer, (uint64_t)(-1 - value));
}

void gc_cbor_raw(struct gc_cbor_writer *writer, struct gc_bytes items)
{
  if (!writer->err)
    writer->err = gc_buf_add(writer->out, items);
}

void gc_cbor_bytes(struct gc_cbor_writer *writer, struct gc_bytes value)
{
  ENCODE(writer, cbor_encode_bytestring_start, value.len);
  gc_cbor_raw(writer, value);
}

void gc_cbor_text(struct gc_cbor_writer *writer, struct gc_bytes utf8)
{
  ENCODE(writer, cbor_encode_string_start, utf8.len);
  gc_cbor_raw(writer, utf8);
}

void gc_cbor_str(struct gc_cbor_writer *writer, const char *utf8)
{
  gc_cbor_text(writer, gc_bytes_str(utf8));
}

void gc_cbor_array(struct gc_cbor_writer *writer, size_t count)
{
  ENCODE(writer, cbor_encode_array_start, count);
}

void gc_cbor_map(struct gc_cbor_writer *writer, size_t pairs)
{
  ENCODE(writer, cbor_encode_map_start, pairs);
}

void gc_cbor_tag(struct gc_cbor_writer *writer, uint64_t number)
{
  ENCODE(writer, cbor_encode_tag, number);
}

void gc_cbor_bool(struct gc_cbor_writer *writer, bool value)
{
  ENCODE(writer, cbor_encode_bool, value);
}

void gc_cbor_null(struct gc_cbor_writer *writer)
{
  gc_cbor_simple(writer, 22);
}

void gc_cbor_undefined(struct gc_cbor_writer *writer)
{
  gc_cbor_simple(writer, 23);
}

void gc_cbor_simple(struct gc_cbor_writer *writer, uint8_t number)
{
  if (number >= 24 && number < 32)
    fail(writer, GC_E_RANGE);
  else
    gc_cbor_head(writer, 7, number, number < 24 ? 0 : 1);
}

void gc_cbor_float(struct gc_cbor_writer *writer, double value)
{
  gc_cbor_float_in(writer, value, gc_cbor_float_width(value));
}

void gc_cbor_float_in(struct gc_cbor_writer *writer, double value, uint8_t width)
{
  const uint16_t bits = width == 2 && gc_cbor_float_width(value) == 2 ? gc_cbor_float_half(value) : 0;
  const struct gc_bytes half = gc_bytes((const uint8_t[]){ 0xf9, (uint8_t)(bits >> 8), (uint8_t)bits }, 3);
  if (width < gc_cbor_float_width(value))
    fail(writer, GC_E_RANGE);
  else if (width == 2)
    gc_cbor_raw(writer, half); /* cbor_encode_half of libcbor 0.8 loses bits of subnormal numbers */
  else if (width == 4)
    ENCODE(writer, cbor_encode_single, (float)value);
  else
    ENCODE(writer, cbor_encode_double, value);
}

uint8_t gc_cbor_width(uint64_t value)
{
  return value < 24 ? 0 : value < 256 ? 1 : value < 65536 ? 2 : value <= UINT32_MAX ? 4 : 8;
}

void gc_cbor_head(struct gc_cbor_writer *writer, uint8_t major, uint64_t value, uint8_t width)
{
  uint8_t bytes[9];
  if (width < gc_cbor_width(value) || width > 8 || (width > 2 && width % 4 != 0) || major > 7) {
    fail(writer, GC_E_RANGE);
    return;
  }
  bytes[0] = (uint8_t)(major << 5 | (width == 0 ? (uint8_t)value : width == 1 ? 24 : width == 2 ? 25 : width == 4 ? 26 : 27));
  for (size_t i = 0; i < width; i++)
    bytes[1 + i] = (uint8_t)(value >> 8 * (width - 1u - i));
  gc_cbor_raw(writer, gc_bytes(bytes, 1u + width));
}

enum gc_err gc_cbor_finish(struct gc_cbor_writer *writer)
{
  if (writer->err)
    writer->out->len = writer->start;
  return writer->err;
}
