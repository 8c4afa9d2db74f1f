#include "observe/params.h"

#include <math.h>

static enum gc_err fail(struct gc_cbor_reader *reader, size_t at, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, at, phrase, err);
}

static enum gc_err read_date(struct gc_cbor_reader *reader, enum gc_omn_format format, struct gc_numeric_date *out)
{
  struct gc_cbor_item item;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_peek(reader, &item);
  *out = (struct gc_numeric_date){ .is_real = false };
  if (err)
    return err;
  if (format == GC_OMN_05 && item.type != GC_CBOR_UINT)
    return fail(reader, at, "an unsigned integer is expected", GC_E_MALFORMED);
  if (item.type != GC_CBOR_FLOAT)
    return gc_cbor_read_int(reader, &out->number);
  out->is_real = true;
  err = gc_cbor_read_float(reader, &out->real);
  return err ? err : isfinite(out->real) ? GC_OK : fail(reader, at, "a time that is no number", GC_E_MALFORMED);
}

static enum gc_err read_int_or_text(struct gc_cbor_reader *reader, struct gc_int_or_text *out)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  *out = (struct gc_int_or_text){ .is_text = item.type == GC_CBOR_TEXT };
  if (err)
    return err;
  return out->is_text ? gc_cbor_read_text(reader, &out->text) : gc_cbor_read_int(reader, &out->number);
}

static enum gc_err read_raw(struct gc_cbor_reader *reader, enum gc_cbor_type type, const char *phrase, struct gc_bytes *out)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (err)
    return err;
  return item.type == type ? gc_cbor_read_raw(reader, out) : fail(reader, reader->pos, phrase, GC_E_MALFORMED);
}

static enum gc_err read_value(const struct gc_param *row, enum gc_omn_format format, struct gc_cbor_reader *reader, void *base)
{
  void *value = (char *)base + row->offset;
  switch (row->type) {
  case GC_PARAM_UINT:
    return gc_cbor_read_uint(reader, value);
  case GC_PARAM_INT:
    return gc_cbor_read_int(reader, value);
  case GC_PARAM_DATE:
    return read_date(reader, format, value);
  case GC_PARAM_INT_OR_TEXT:
    return read_int_or_text(reader, value);
  case GC_PARAM_TEXT:
    return gc_cbor_read_text(reader, value);
  case GC_PARAM_BYTES:
    return gc_cbor_read_bytes(reader, value);
  case GC_PARAM_ARRAY:
    return read_raw(reader, GC_CBOR_ARRAY, "an array is expected", value);
  case GC_PARAM_MAP:
    return read_raw(reader, GC_CBOR_MAP, "a map is expected", value);
  default:
    return gc_tp_info_read(reader, value);
  }
}

/* the row of an integer key; table->count: none */
static size_t find(const struct gc_param_table *table, enum gc_omn_format format, const struct gc_cbor_item *key)
{
  size_t i = 0;
  if ((key->type != GC_CBOR_UINT && key->type != GC_CBOR_NINT) || key->number > 127)
    return table->count;
  int number = key->type == GC_CBOR_UINT ? (int)key->number : -1 - (int)key->number;
  while (i < table->count && (table->rows[i].keys[format] == GC_PARAM_NO_KEY || table->rows[i].keys[format] != number))
    i++;
  return i;
}

static enum gc_err read_pair(const struct gc_param_table *table, enum gc_omn_format format, struct gc_cbor_reader *reader, void *base,
                             uint32_t *present, struct gc_params_unknown *unknown)
{
  struct gc_cbor_item key;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_peek(reader, &key);
  if (err)
    return err;
  if (key.type != GC_CBOR_UINT && key.type != GC_CBOR_NINT && key.type != GC_CBOR_TEXT)
    return fail(reader, at, "a key is an integer or a text string", GC_E_MALFORMED);
  size_t row = find(table, format, &key);
  err = gc_cbor_skip(reader);
  if (err)
    return err;
  if (row < table->count) {
    if (*present & 1u << row)
      return fail(reader, at, "a parameter occurs twice", GC_E_MALFORMED);
    *present |= 1u << row;
    return read_value(&table->rows[row], format, reader, base);
  }
  err = gc_cbor_skip(reader);
  if (!err && unknown->count++ < GC_PARAMS_UNKNOWN_MAX)
    unknown->pairs[unknown->count - 1] = gc_bytes_slice(reader->bytes, at, reader->pos - at);
  return err;
}

enum gc_err gc_params_read(const struct gc_param_table *table, enum gc_omn_format format, struct gc_cbor_reader *reader, void *base,
                           uint32_t *present, struct gc_params_unknown *unknown)
{
  struct gc_cbor_list list;
  enum gc_err err = gc_cbor_read_map(reader, &list);
  *present = 0;
  unknown->count = 0;
  while (!err && gc_cbor_list_next(reader, &list))
    err = read_pair(table, format, reader, base, present, unknown);
  return err;
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static void write_date(struct gc_cbor_writer *writer, enum gc_omn_format format, const struct gc_numeric_date *date)
{
  double seconds = gc_numeric_date_seconds(date);
  if (date->is_real && !isfinite(seconds))
    writer->err = writer->err ? writer->err : GC_E_RANGE;
  else if (format == GC_OMN_05 && (seconds < 0 || seconds >= 0x1p63))
    writer->err = writer->err ? writer->err : GC_E_RANGE;
  else if (!date->is_real)
    gc_cbor_int(writer, date->number);
  else if (format == GC_OMN_05)
    gc_cbor_uint(writer, (uint64_t)seconds);
  else
    gc_cbor_float(writer, seconds);
}

static void write_value(const struct gc_param *row, enum gc_omn_format format, struct gc_cbor_writer *writer, const void *base)
{
  const void *value = (const char *)base + row->offset;
  const struct gc_bytes *bytes = value;
  const struct gc_int_or_text *name = value;
  switch (row->type) {
  case GC_PARAM_UINT:
    gc_cbor_uint(writer, *(const uint64_t *)value);
    break;
  case GC_PARAM_INT:
    gc_cbor_int(writer, *(const int64_t *)value);
    break;
  case GC_PARAM_DATE:
    write_date(writer, format, value);
    break;
  case GC_PARAM_INT_OR_TEXT:
    if (name->is_text)
      gc_cbor_text(writer, name->text);
    else
      gc_cbor_int(writer, name->number);
    break;
  case GC_PARAM_TEXT:
    gc_cbor_text(writer, *bytes);
    break;
  case GC_PARAM_BYTES:
    gc_cbor_bytes(writer, *bytes);
    break;
  case GC_PARAM_ARRAY:
  case GC_PARAM_MAP:
    gc_cbor_raw(writer, *bytes);
    break;
  default:
    gc_tp_info_write(writer, value);
  }
}

void gc_params_write(const struct gc_param_table *table, enum gc_omn_format format, struct gc_cbor_writer *writer, const void *base,
                     uint32_t present, const struct gc_params_unknown *unknown)
{
  size_t extra = !unknown ? 0 : unknown->count < GC_PARAMS_UNKNOWN_MAX ? unknown->count : GC_PARAMS_UNKNOWN_MAX, count = extra;
  for (size_t i = 0; i < table->count; i++)
    count += (present & 1u << i) && table->rows[i].keys[format] != GC_PARAM_NO_KEY;
  gc_cbor_map(writer, count);
  for (int key = 0; key <= INT8_MAX; key++) /* a table need not be sorted for both formats */
    for (size_t i = 0; i < table->count; i++)
      if ((present & 1u << i) && table->rows[i].keys[format] == key) {
        gc_cbor_uint(writer, (uint64_t)key);
        write_value(&table->rows[i], format, writer, base);
      }
  for (size_t i = 0; i < extra; i++)
    gc_cbor_raw(writer, unknown->pairs[i]);
}
