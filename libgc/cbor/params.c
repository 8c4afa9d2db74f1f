#include "cbor/params.h"

#include <math.h>

static enum gc_err fail(struct gc_cbor_reader *reader, size_t at, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, at, phrase, err);
}

struct gc_bytes gc_param_null(void)
{
  static const uint8_t null = 0xf6;
  return gc_bytes(&null, 1);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static enum gc_err read_date(struct gc_cbor_reader *reader, bool is_unsigned, struct gc_numeric_date *out)
{
  struct gc_cbor_item item;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_peek(reader, &item);
  *out = (struct gc_numeric_date){ .is_real = false };
  if (err)
    return err;
  if (is_unsigned && item.type != GC_CBOR_UINT)
    return fail(reader, at, "an unsigned integer is expected", GC_E_MALFORMED);
  if (item.type != GC_CBOR_FLOAT)
    return gc_cbor_read_int(reader, &out->number);
  out->is_real = true;
  err = gc_cbor_read_float(reader, &out->real);
  return err ? err : isfinite(out->real) ? GC_OK : fail(reader, at, "a time that is no number", GC_E_MALFORMED);
}

enum gc_err gc_cbor_read_int_or_text(struct gc_cbor_reader *reader, struct gc_int_or_text *out)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  *out = (struct gc_int_or_text){ .is_text = !err && item.type == GC_CBOR_TEXT };
  if (err)
    return err;
  return out->is_text ? gc_cbor_read_text(reader, &out->text) : gc_cbor_read_int(reader, &out->number);
}

enum gc_err gc_cbor_read_int_or_null(struct gc_cbor_reader *reader, struct gc_int_or_null *out)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  *out = (struct gc_int_or_null){ .is_null = !err && item.type == GC_CBOR_SIMPLE };
  if (err)
    return err;
  return out->is_null ? gc_cbor_read_null(reader) : gc_cbor_read_int(reader, &out->number);
}

static enum gc_err read_text_or_bytes(struct gc_cbor_reader *reader, struct gc_text_or_bytes *out)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  *out = (struct gc_text_or_bytes){ .is_text = !err && item.type == GC_CBOR_TEXT };
  if (err)
    return err;
  return out->is_text ? gc_cbor_read_text(reader, &out->value) : gc_cbor_read_bytes(reader, &out->value);
}

static enum gc_err read_raw(struct gc_cbor_reader *reader, enum gc_cbor_type type, bool or_null, struct gc_bytes *out)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (err)
    return err;
  if (item.type == type || (or_null && item.type == GC_CBOR_SIMPLE && item.number == GC_CBOR_NULL))
    return gc_cbor_read_raw(reader, out);
  const char *phrase = type == GC_CBOR_MAP ? "a map is expected" : or_null ? "an array or null is expected" : "an array is expected";
  return fail(reader, reader->pos, phrase, GC_E_MALFORMED);
}

static enum gc_err read_value(const struct gc_param_table *table, size_t row, unsigned numbering, struct gc_cbor_reader *reader, void *base)
{
  void *value = (char *)base + table->rows[row].offset;
  switch (table->rows[row].type) {
  case GC_PARAM_UINT:
    return gc_cbor_read_uint(reader, value);
  case GC_PARAM_INT:
    return gc_cbor_read_int(reader, value);
  case GC_PARAM_BOOL:
    return gc_cbor_read_bool(reader, value);
  case GC_PARAM_DATE:
    return read_date(reader, table->dates_unsigned[numbering], value);
  case GC_PARAM_INT_OR_TEXT:
    return gc_cbor_read_int_or_text(reader, value);
  case GC_PARAM_INT_OR_NULL:
    return gc_cbor_read_int_or_null(reader, value);
  case GC_PARAM_TEXT:
    return gc_cbor_read_text(reader, value);
  case GC_PARAM_BYTES:
    return gc_cbor_read_bytes(reader, value);
  case GC_PARAM_TEXT_OR_BYTES:
    return read_text_or_bytes(reader, value);
  case GC_PARAM_ARRAY:
  case GC_PARAM_ARRAY_OR_NULL:
    return read_raw(reader, GC_CBOR_ARRAY, table->rows[row].type == GC_PARAM_ARRAY_OR_NULL, value);
  case GC_PARAM_MAP:
    return read_raw(reader, GC_CBOR_MAP, false, value);
  default:
    return table->other->read(reader, value);
  }
}

/* the row of an integer key; table->count: none */
static size_t find(const struct gc_param_table *table, unsigned numbering, const struct gc_cbor_item *key)
{
  size_t i = 0;
  if ((key->type != GC_CBOR_UINT && key->type != GC_CBOR_NINT) || key->number > 127)
    return table->count;
  int number = key->type == GC_CBOR_UINT ? (int)key->number : -1 - (int)key->number;
  while (i < table->count && (table->rows[i].keys[numbering] == GC_PARAM_NO_KEY || table->rows[i].keys[numbering] != number))
    i++;
  return i;
}

static enum gc_err read_pair(const struct gc_param_table *table, unsigned numbering, struct gc_cbor_reader *reader, void *base,
                             uint64_t *present, struct gc_params_unknown *unknown)
{
  struct gc_cbor_item key;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_peek(reader, &key);
  if (err)
    return err;
  if (key.type != GC_CBOR_UINT && key.type != GC_CBOR_NINT && key.type != GC_CBOR_TEXT)
    return fail(reader, at, "a key is an integer or a text string", GC_E_MALFORMED);
  size_t row = find(table, numbering, &key);
  err = gc_cbor_skip(reader);
  if (err)
    return err;
  if (row < table->count) {
    if (gc_param_has(*present, (unsigned)row))
      return fail(reader, at, "a parameter occurs twice", GC_E_MALFORMED);
    *present |= GC_PARAM_BIT(row);
    return read_value(table, row, numbering, reader, base);
  }
  err = gc_cbor_skip(reader);
  if (!err && unknown->count++ < GC_PARAMS_UNKNOWN_MAX)
    unknown->pairs[unknown->count - 1] = gc_bytes_slice(reader->bytes, at, reader->pos - at);
  return err;
}

enum gc_err gc_params_read(const struct gc_param_table *table, unsigned numbering, struct gc_cbor_reader *reader, void *base,
                           uint64_t *present, struct gc_params_unknown *unknown)
{
  struct gc_cbor_list list;
  enum gc_err err = gc_cbor_read_map(reader, &list);
  *present = 0;
  unknown->count = 0;
  while (!err && gc_cbor_list_next(reader, &list))
    err = read_pair(table, numbering, reader, base, present, unknown);
  return err;
}

enum gc_err gc_params_parse(const struct gc_param_table *table, unsigned numbering, struct gc_bytes bytes, void *base, uint64_t *present,
                            struct gc_params_unknown *unknown, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(bytes);
  enum gc_err err = gc_params_read(table, numbering, &reader, base, present, unknown);
  return gc_cbor_whole(&reader, err, where);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void write_date(struct gc_cbor_writer *writer, bool is_unsigned, const struct gc_numeric_date *date)
{
  double seconds = gc_numeric_date_seconds(date);
  if (date->is_real && !isfinite(seconds))
    writer->err = writer->err ? writer->err : GC_E_RANGE;
  else if (is_unsigned && (seconds < 0 || seconds >= 0x1p63))
    writer->err = writer->err ? writer->err : GC_E_RANGE;
  else if (!date->is_real)
    gc_cbor_int(writer, date->number);
  else if (is_unsigned)
    gc_cbor_uint(writer, (uint64_t)seconds);
  else
    gc_cbor_float(writer, seconds);
}

/* values that may be of one type or another */
static void write_choice(uint8_t type, struct gc_cbor_writer *writer, const void *value)
{
  const struct gc_int_or_text *name = value;
  const struct gc_int_or_null *asked = value;
  const struct gc_text_or_bytes *string = value;
  if (type == GC_PARAM_INT_OR_TEXT && name->is_text)
    gc_cbor_text(writer, name->text);
  else if (type == GC_PARAM_INT_OR_TEXT)
    gc_cbor_int(writer, name->number);
  else if (type == GC_PARAM_INT_OR_NULL && asked->is_null)
    gc_cbor_null(writer);
  else if (type == GC_PARAM_INT_OR_NULL)
    gc_cbor_int(writer, asked->number);
  else if (string->is_text)
    gc_cbor_text(writer, string->value);
  else
    gc_cbor_bytes(writer, string->value);
}

static void write_value(const struct gc_param_table *table, size_t row, unsigned numbering, struct gc_cbor_writer *writer, const void *base)
{
  const void *value = (const char *)base + table->rows[row].offset;
  const struct gc_bytes *bytes = value;
  switch (table->rows[row].type) {
  case GC_PARAM_UINT:
    gc_cbor_uint(writer, *(const uint64_t *)value);
    break;
  case GC_PARAM_INT:
    gc_cbor_int(writer, *(const int64_t *)value);
    break;
  case GC_PARAM_BOOL:
    gc_cbor_bool(writer, *(const bool *)value);
    break;
  case GC_PARAM_DATE:
    write_date(writer, table->dates_unsigned[numbering], value);
    break;
  case GC_PARAM_INT_OR_TEXT:
  case GC_PARAM_INT_OR_NULL:
  case GC_PARAM_TEXT_OR_BYTES:
    write_choice(table->rows[row].type, writer, value);
    break;
  case GC_PARAM_TEXT:
    gc_cbor_text(writer, *bytes);
    break;
  case GC_PARAM_BYTES:
    gc_cbor_bytes(writer, *bytes);
    break;
  case GC_PARAM_ARRAY:
  case GC_PARAM_ARRAY_OR_NULL:
  case GC_PARAM_MAP:
    gc_cbor_raw(writer, *bytes);
    break;
  default:
    table->other->write(writer, value);
  }
}

static bool is_written(const struct gc_param_table *table, unsigned numbering, uint64_t present, size_t row)
{
  return gc_param_has(present, (unsigned)row) && table->rows[row].keys[numbering] != GC_PARAM_NO_KEY;
}

static void write_row(const struct gc_param_table *table, size_t row, unsigned numbering, struct gc_cbor_writer *writer, const void *base)
{
  gc_cbor_int(writer, table->rows[row].keys[numbering]);
  write_value(table, row, numbering, writer, base);
}

/* What was unknown when it was read may have a row in what is written: another numbering, another table of the same text. There it
 * would mean something else. */
static bool is_kept(const struct gc_param_table *table, unsigned numbering, struct gc_bytes pair)
{
  struct gc_cbor_reader reader = gc_cbor_reader(pair);
  struct gc_cbor_item key;
  return !gc_cbor_peek(&reader, &key) && find(table, numbering, &key) == table->count;
}

void gc_params_write(const struct gc_param_table *table, unsigned numbering, struct gc_cbor_writer *writer, const void *base,
                     uint64_t present, const struct gc_params_unknown *unknown)
{
  size_t extra = !unknown ? 0 : unknown->count < GC_PARAMS_UNKNOWN_MAX ? unknown->count : GC_PARAMS_UNKNOWN_MAX, count = 0;
  for (size_t i = 0; i < table->count; i++)
    count += is_written(table, numbering, present, i);
  for (size_t i = 0; i < extra; i++)
    count += is_kept(table, numbering, unknown->pairs[i]);
  gc_cbor_map(writer, count);
  for (size_t i = 0; table->is_ordered && i < table->count; i++)
    if (is_written(table, numbering, present, i))
      write_row(table, i, numbering, writer, base);
  for (int key = 0; !table->is_ordered && key <= INT8_MAX; key++) /* a table need not be sorted for both numberings */
    for (size_t i = 0; i < table->count; i++)
      if (table->rows[i].keys[numbering] == key && is_written(table, numbering, present, i))
        write_row(table, i, numbering, writer, base);
  for (size_t i = 0; i < extra; i++)
    if (is_kept(table, numbering, unknown->pairs[i]))
      gc_cbor_raw(writer, unknown->pairs[i]);
}
