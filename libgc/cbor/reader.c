#include "cbor/reader.h"

#include "base/text.h"
#include "cbor/head.h"

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
  enum gc_err err = gc_cbor_head_read(out, rest, used);
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

enum gc_err gc_cbor_read_label(struct gc_cbor_reader *reader, int64_t *out)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  *out = 0;
  if (err)
    return err;
  return item.type == GC_CBOR_TEXT ? gc_cbor_skip(reader) : gc_cbor_read_int(reader, out);
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
