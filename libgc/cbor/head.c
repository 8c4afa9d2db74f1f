#include "cbor/head.h"

#include <cbor.h>

#include "cbor/float.h"

static void set(void *ctx, enum gc_cbor_type type, uint64_t number)
{
  struct gc_cbor_item *item = ctx;
  item->type = type;
  item->number = number;
}

static void on_uint8(void *ctx, uint8_t value)
{
  set(ctx, GC_CBOR_UINT, value);
}

static void on_uint16(void *ctx, uint16_t value)
{
  set(ctx, GC_CBOR_UINT, value);
}

static void on_uint32(void *ctx, uint32_t value)
{
  set(ctx, GC_CBOR_UINT, value);
}

static void on_uint64(void *ctx, uint64_t value)
{
  set(ctx, GC_CBOR_UINT, value);
}

static void on_nint8(void *ctx, uint8_t value)
{
  set(ctx, GC_CBOR_NINT, value);
}

static void on_nint16(void *ctx, uint16_t value)
{
  set(ctx, GC_CBOR_NINT, value);
}

static void on_nint32(void *ctx, uint32_t value)
{
  set(ctx, GC_CBOR_NINT, value);
}

static void on_nint64(void *ctx, uint64_t value)
{
  set(ctx, GC_CBOR_NINT, value);
}

static void on_string(struct gc_cbor_item *item, enum gc_cbor_type type, cbor_data data, size_t len)
{
  set(item, type, len);
  item->string = gc_bytes(data, len);
}

static void on_bytes(void *ctx, cbor_data data, size_t len)
{
  on_string(ctx, GC_CBOR_BYTES, data, len);
}

static void on_text(void *ctx, cbor_data data, size_t len)
{
  on_string(ctx, GC_CBOR_TEXT, data, len);
}

static void on_indefinite(struct gc_cbor_item *item, enum gc_cbor_type type)
{
  set(item, type, 0);
  item->is_indefinite = true;
}

static void on_chunked_bytes(void *ctx)
{
  on_indefinite(ctx, GC_CBOR_BYTES);
}

static void on_chunked_text(void *ctx)
{
  on_indefinite(ctx, GC_CBOR_TEXT);
}

static void on_open_array(void *ctx)
{
  on_indefinite(ctx, GC_CBOR_ARRAY);
}

static void on_open_map(void *ctx)
{
  on_indefinite(ctx, GC_CBOR_MAP);
}

static void on_array(void *ctx, size_t count)
{
  set(ctx, GC_CBOR_ARRAY, count);
}

static void on_map(void *ctx, size_t count)
{
  set(ctx, GC_CBOR_MAP, count);
}

static void on_tag(void *ctx, uint64_t number)
{
  set(ctx, GC_CBOR_TAG, number);
}

static void on_double(void *ctx, double value)
{
  struct gc_cbor_item *item = ctx;
  set(ctx, GC_CBOR_FLOAT, 0);
  item->real = value;
}

static void on_float(void *ctx, float value)
{
  on_double(ctx, (double)value);
}

static void on_bool(void *ctx, bool value)
{
  set(ctx, GC_CBOR_SIMPLE, value ? GC_CBOR_TRUE : GC_CBOR_FALSE);
}

static void on_null(void *ctx)
{
  set(ctx, GC_CBOR_SIMPLE, GC_CBOR_NULL);
}

static void on_undefined(void *ctx)
{
  set(ctx, GC_CBOR_SIMPLE, GC_CBOR_UNDEFINED);
}

static void on_break(void *ctx)
{
  set(ctx, GC_CBOR_BREAK, 0);
}

static const struct cbor_callbacks callbacks = {
  .uint8 = on_uint8, .uint16 = on_uint16, .uint32 = on_uint32, .uint64 = on_uint64,
  .negint8 = on_nint8, .negint16 = on_nint16, .negint32 = on_nint32, .negint64 = on_nint64,
  .byte_string_start = on_chunked_bytes, .byte_string = on_bytes, .string_start = on_chunked_text, .string = on_text,
  .indef_array_start = on_open_array, .array_start = on_array, .indef_map_start = on_open_map, .map_start = on_map,
  .tag = on_tag, .float2 = on_float, .float4 = on_float, .float8 = on_double,
  .undefined = on_undefined, .null = on_null, .boolean = on_bool, .indef_break = on_break,
};

static bool is_shortest(const struct gc_cbor_item *item)
{
  static const uint64_t least[9] = { 0, 24, 256, 0, 65536, 0, 0, 0, 4294967296 };
  if (item->type == GC_CBOR_FLOAT)
    return item->width == gc_cbor_float_width(item->real);
  return item->is_indefinite || item->type == GC_CBOR_BREAK || item->number >= least[item->width];
}

/* What libcbor 0.8 refuses: simple values without a name, and tags 6 to 20 in the initial byte (COSE's among them). */
static bool is_beyond_libcbor(uint8_t first)
{
  return (first >= 0xe0 && first < 0xf4) || first == 0xf8 || (first >= 0xc0 && first < 0xd8);
}

static enum gc_err read_tag_or_simple(struct gc_cbor_item *item, struct gc_bytes rest, size_t *used)
{
  *used = 1;
  set(item, rest.ptr[0] < 0xe0 ? GC_CBOR_TAG : GC_CBOR_SIMPLE, rest.ptr[0] & 31);
  if (item->number < 24)
    return GC_OK;
  *used = 2;
  if (rest.len < 2)
    return GC_E_TRUNCATED;
  item->number = rest.ptr[1];
  item->width = 1;
  return item->number < 32 ? GC_E_MALFORMED : GC_OK;
}

enum gc_err gc_cbor_head_read(struct gc_cbor_item *item, struct gc_bytes rest, size_t *used)
{
  static const uint8_t widths[4] = { 1, 2, 4, 8 };
  const uint8_t first = rest.ptr[0], info = first & 31;
  *item = (struct gc_cbor_item){ .width = info >= 24 && info < 28 ? widths[info - 24] : 0 };
  if (is_beyond_libcbor(first)) {
    enum gc_err err = read_tag_or_simple(item, rest, used);
    item->is_preferred = true;
    return err;
  }
  struct cbor_decoder_result result = cbor_stream_decode(rest.ptr, rest.len, &callbacks, item);
  if (result.status != CBOR_DECODER_FINISHED)
    return result.status == CBOR_DECODER_NEDATA ? GC_E_TRUNCATED : GC_E_MALFORMED;
  *used = result.read;
  item->is_preferred = is_shortest(item);
  return GC_OK;
}
