#include "cbor/reader.h"

#include <cbor.h>
#include <string.h>

#include "base/text.h"
#include "cbor/float.h"

/* --- one head, by libcbor's streaming decoder ------------------------------------------------------------------ */

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

static enum gc_err read_head(struct gc_cbor_item *item, struct gc_bytes rest, size_t *used)
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

/* --- the reader -------------------------------------------------------------------------------------------------- */

struct gc_cbor_reader gc_cbor_reader(struct gc_bytes bytes)
{
  return (struct gc_cbor_reader){ bytes, 0, { 0, "" } };
}

bool gc_cbor_at_end(const struct gc_cbor_reader *reader)
{
  return reader->pos >= reader->bytes.len;
}

static enum gc_err fail(struct gc_cbor_reader *reader, size_t at, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, at, phrase, err);
}

static enum gc_err next(struct gc_cbor_reader *reader, struct gc_cbor_item *out, size_t *used)
{
  struct gc_bytes rest = gc_bytes_slice(reader->bytes, reader->pos, SIZE_MAX);
  if (rest.len == 0)
    return fail(reader, reader->pos, "no item is left", GC_E_END);
  enum gc_err err = read_head(out, rest, used);
  if (err == GC_E_TRUNCATED)
    return fail(reader, reader->pos, "item runs past the end", err);
  if (err)
    return fail(reader, reader->pos, "reserved initial byte", err);
  /* each element takes a byte at least: no count beyond that, and no overflow in what follows */
  if ((out->type == GC_CBOR_ARRAY && out->number > rest.len - *used) || (out->type == GC_CBOR_MAP && out->number > (rest.len - *used) / 2))
    return fail(reader, reader->pos, "more elements announced than bytes are left", GC_E_TRUNCATED);
  return GC_OK;
}

enum gc_err gc_cbor_next(struct gc_cbor_reader *reader, struct gc_cbor_item *out)
{
  size_t used = 0;
  enum gc_err err = next(reader, out, &used);
  if (!err)
    reader->pos += used;
  return err;
}

enum gc_err gc_cbor_peek(struct gc_cbor_reader *reader, struct gc_cbor_item *out)
{
  size_t used = 0;
  return next(reader, out, &used);
}

/* The next item if it has the type. */
static enum gc_err expect(struct gc_cbor_reader *reader, struct gc_cbor_item *item, enum gc_cbor_type type, const char *phrase)
{
  size_t used = 0;
  enum gc_err err = next(reader, item, &used);
  if (err)
    return err;
  if (item->type != type)
    return fail(reader, reader->pos, phrase, GC_E_MALFORMED);
  reader->pos += used;
  return GC_OK;
}

enum gc_err gc_cbor_read_uint(struct gc_cbor_reader *reader, uint64_t *out)
{
  struct gc_cbor_item item;
  enum gc_err err = expect(reader, &item, GC_CBOR_UINT, "an unsigned integer is expected");
  if (!err)
    *out = item.number;
  return err;
}

enum gc_err gc_cbor_read_int(struct gc_cbor_reader *reader, int64_t *out)
{
  struct gc_cbor_item item;
  size_t used = 0;
  enum gc_err err = next(reader, &item, &used);
  if (err)
    return err;
  if (item.type != GC_CBOR_UINT && item.type != GC_CBOR_NINT)
    return fail(reader, reader->pos, "an integer is expected", GC_E_MALFORMED);
  if (item.number > INT64_MAX)
    return fail(reader, reader->pos, "integer beyond 64 bits", GC_E_RANGE);
  *out = item.type == GC_CBOR_UINT ? (int64_t)item.number : -1 - (int64_t)item.number;
  reader->pos += used;
  return GC_OK;
}

enum gc_err gc_cbor_read_tag(struct gc_cbor_reader *reader, uint64_t *out)
{
  struct gc_cbor_item item;
  enum gc_err err = expect(reader, &item, GC_CBOR_TAG, "a tag is expected");
  if (!err)
    *out = item.number;
  return err;
}

static enum gc_err expect_simple(struct gc_cbor_reader *reader, uint64_t low, uint64_t high, const char *phrase, uint64_t *out)
{
  const size_t at = reader->pos;
  struct gc_cbor_item item;
  enum gc_err err = expect(reader, &item, GC_CBOR_SIMPLE, phrase);
  if (!err && (item.number < low || item.number > high)) {
    reader->pos = at;
    return fail(reader, at, phrase, GC_E_MALFORMED);
  }
  if (!err)
    *out = item.number;
  return err;
}

enum gc_err gc_cbor_read_bool(struct gc_cbor_reader *reader, bool *out)
{
  uint64_t number = 0;
  enum gc_err err = expect_simple(reader, GC_CBOR_FALSE, GC_CBOR_TRUE, "true or false is expected", &number);
  if (!err)
    *out = number == GC_CBOR_TRUE;
  return err;
}

enum gc_err gc_cbor_read_null(struct gc_cbor_reader *reader)
{
  uint64_t number = 0;
  return expect_simple(reader, GC_CBOR_NULL, GC_CBOR_NULL, "null is expected", &number);
}

enum gc_err gc_cbor_read_float(struct gc_cbor_reader *reader, double *out)
{
  struct gc_cbor_item item;
  enum gc_err err = expect(reader, &item, GC_CBOR_FLOAT, "a floating-point number is expected");
  if (!err)
    *out = item.real;
  return err;
}

static enum gc_err read_string(struct gc_cbor_reader *reader, struct gc_bytes *out, enum gc_cbor_type type, const char *phrase)
{
  const size_t at = reader->pos;
  struct gc_cbor_item item;
  enum gc_err err = expect(reader, &item, type, phrase);
  if (err)
    return err;
  if (item.is_indefinite)
    err = fail(reader, at, "a string in chunks", GC_E_UNSUPPORTED);
  else if (type == GC_CBOR_TEXT && !gc_text_is_utf8(item.string))
    err = fail(reader, at, "text is not UTF-8", GC_E_MALFORMED);
  if (err)
    reader->pos = at;
  else
    *out = item.string;
  return err;
}

enum gc_err gc_cbor_read_bytes(struct gc_cbor_reader *reader, struct gc_bytes *out)
{
  return read_string(reader, out, GC_CBOR_BYTES, "a byte string is expected");
}

enum gc_err gc_cbor_read_text(struct gc_cbor_reader *reader, struct gc_bytes *out)
{
  return read_string(reader, out, GC_CBOR_TEXT, "a text string is expected");
}

static enum gc_err enter(struct gc_cbor_reader *reader, struct gc_cbor_list *out, enum gc_cbor_type type, const char *phrase)
{
  struct gc_cbor_item item;
  enum gc_err err = expect(reader, &item, type, phrase);
  if (!err)
    *out = (struct gc_cbor_list){ item.number, item.is_indefinite };
  return err;
}

enum gc_err gc_cbor_read_array(struct gc_cbor_reader *reader, struct gc_cbor_list *out)
{
  return enter(reader, out, GC_CBOR_ARRAY, "an array is expected");
}

enum gc_err gc_cbor_read_map(struct gc_cbor_reader *reader, struct gc_cbor_list *out)
{
  return enter(reader, out, GC_CBOR_MAP, "a map is expected");
}

bool gc_cbor_list_next(struct gc_cbor_reader *reader, struct gc_cbor_list *list)
{
  if (!list->is_indefinite)
    return list->left > 0 && list->left--;
  if (gc_cbor_at_end(reader) || reader->bytes.ptr[reader->pos] != 0xff)
    return true;
  reader->pos++;
  list->is_indefinite = false;
  list->left = 0;
  return false;
}

enum gc_err gc_cbor_whole(struct gc_cbor_reader *reader, enum gc_err err, struct gc_where *where)
{
  if (err == GC_E_END)
    err = GC_E_TRUNCATED;
  if (!err && !gc_cbor_at_end(reader))
    err = gc_fail(&reader->where, reader->pos, "bytes behind the value", GC_E_MALFORMED);
  if (err && where)
    *where = reader->where;
  return err;
}
