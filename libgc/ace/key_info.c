#include "ace/key_info.h"

static enum gc_err bad(struct gc_cbor_reader *reader, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, reader->pos, phrase, err);
}

/* --- reading ------------------------------------------------------------------------------------------------------------- */

/* gname, or [+ gname] */
static enum gc_err read_groups(struct gc_cbor_reader *reader, struct gc_bytes *groups, size_t *count)
{
  struct gc_cbor_item item;
  struct gc_cbor_list list;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (err)
    return err;
  if (item.type == GC_CBOR_TEXT) {
    *count = 1;
    return gc_cbor_read_text(reader, &groups[0]);
  }
  err = gc_cbor_read_array(reader, &list);
  for (*count = 0; !err && gc_cbor_list_next(reader, &list); ++*count)
    err = *count == GC_KEY_INFO_GROUPS_MAX ? bad(reader, "too many group names", GC_E_LIMIT) : gc_cbor_read_text(reader, &groups[*count]);
  return err || *count ? err : bad(reader, "no group name", GC_E_MALFORMED);
}

static enum gc_err read_array(struct gc_cbor_reader *reader, struct gc_bytes *out)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (!err && item.type != GC_CBOR_ARRAY)
    return bad(reader, "an array is expected", GC_E_MALFORMED);
  return err ? err : gc_cbor_read_raw(reader, out);
}

static enum gc_err read_element(struct gc_cbor_reader *reader, size_t index, struct gc_key_info *out)
{
  switch (index) {
  case 0:
    return read_groups(reader, out->groups, &out->group_count);
  case 1:
    return gc_cbor_read_int_or_text(reader, &out->alg);
  case 2:
    return read_array(reader, &out->alg_params);
  case 3:
    return read_array(reader, &out->key_params);
  case 4:
    return gc_cbor_read_int_or_null(reader, &out->cred_fmt);
  default: /* an algorithm with more capabilities (RFC 9594, Appendix B): none is registered */
    return bad(reader, "more elements than the capabilities of known algorithms", GC_E_UNSUPPORTED);
  }
}

enum gc_err gc_key_info_begin(struct gc_key_info_walk *out, struct gc_bytes encoded)
{
  out->reader = gc_cbor_reader(encoded);
  return gc_cbor_read_array(&out->reader, &out->left);
}

/* no further entry: the end, if nothing follows */
static enum gc_err end_of(struct gc_key_info_walk *walk)
{
  return gc_cbor_at_end(&walk->reader) ? GC_E_END : bad(&walk->reader, "bytes behind the array", GC_E_MALFORMED);
}

enum gc_err gc_key_info_next(struct gc_key_info_walk *walk, struct gc_key_info *out)
{
  struct gc_cbor_list list;
  struct gc_key_info info = { .group_count = 0 };
  size_t count = 0;
  if (!gc_cbor_list_next(&walk->reader, &walk->left))
    return end_of(walk);
  enum gc_err err = gc_cbor_read_array(&walk->reader, &list);
  for (; !err && gc_cbor_list_next(&walk->reader, &list); count++)
    err = read_element(&walk->reader, count, &info);
  if (!err && count < 5)
    err = bad(&walk->reader, "an entry has five elements", GC_E_MALFORMED);
  if (!err)
    *out = info;
  return err == GC_E_END ? GC_E_TRUNCATED : err;
}

enum gc_err gc_kdc_dh_cred_next(struct gc_key_info_walk *walk, struct gc_kdc_dh_cred *out)
{
  struct gc_cbor_list list;
  struct gc_kdc_dh_cred cred = { .group_count = 0 };
  size_t count = 0;
  if (!gc_cbor_list_next(&walk->reader, &walk->left))
    return end_of(walk);
  enum gc_err err = gc_cbor_read_array(&walk->reader, &list);
  for (; !err && gc_cbor_list_next(&walk->reader, &list); count++)
    err = count == 0 ? read_groups(&walk->reader, cred.groups, &cred.group_count)
        : count == 1 ? gc_cbor_read_int(&walk->reader, &cred.cred_fmt)
        : count == 2 ? gc_cbor_read_bytes(&walk->reader, &cred.cred)
                     : bad(&walk->reader, "an entry has three elements", GC_E_MALFORMED);
  if (!err && count < 3)
    err = bad(&walk->reader, "an entry has three elements", GC_E_MALFORMED);
  if (!err)
    *out = cred;
  return err == GC_E_END ? GC_E_TRUNCATED : err;
}

bool gc_key_info_names(const struct gc_bytes *groups, size_t group_count, struct gc_bytes gname)
{
  for (size_t i = 0; i < group_count; i++)
    if (gc_bytes_equal(groups[i], gname))
      return true;
  return false;
}

/* --- writing ------------------------------------------------------------------------------------------------------------- */

static void put_groups(struct gc_cbor_writer *writer, const struct gc_bytes *groups, size_t count)
{
  if (count != 1)
    gc_cbor_array(writer, count);
  for (size_t i = 0; i < count; i++)
    gc_cbor_text(writer, groups[i]);
}

enum gc_err gc_key_info_write(struct gc_buf *out, const struct gc_key_info *entries, size_t count)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_cbor_array(&writer, count);
  for (size_t i = 0; i < count; i++) {
    gc_cbor_array(&writer, 5);
    put_groups(&writer, entries[i].groups, entries[i].group_count);
    if (entries[i].alg.is_text)
      gc_cbor_text(&writer, entries[i].alg.text);
    else
      gc_cbor_int(&writer, entries[i].alg.number);
    gc_cbor_raw(&writer, entries[i].alg_params);
    gc_cbor_raw(&writer, entries[i].key_params);
    if (entries[i].cred_fmt.is_null)
      gc_cbor_null(&writer);
    else
      gc_cbor_int(&writer, entries[i].cred_fmt.number);
  }
  return gc_cbor_finish(&writer);
}

enum gc_err gc_kdc_dh_creds_write(struct gc_buf *out, const struct gc_kdc_dh_cred *entries, size_t count)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_cbor_array(&writer, count);
  for (size_t i = 0; i < count; i++) {
    gc_cbor_array(&writer, 3);
    put_groups(&writer, entries[i].groups, entries[i].group_count);
    gc_cbor_int(&writer, entries[i].cred_fmt);
    gc_cbor_bytes(&writer, entries[i].cred);
  }
  return gc_cbor_finish(&writer);
}

/* --- capabilities (RFC 9053, Sections 7 and 8) ------------------------------------------------------------------------------ */

static void put_alg(struct gc_cbor_writer *writer, const struct gc_curve *curve)
{
  gc_cbor_array(writer, 1);
  gc_cbor_uint(writer, curve->kty);
}

static void put_key(struct gc_cbor_writer *writer, const struct gc_curve *curve)
{
  gc_cbor_array(writer, 2);
  gc_cbor_uint(writer, curve->kty);
  gc_cbor_uint(writer, curve->id);
}

enum gc_err gc_alg_capabilities_write(struct gc_buf *out, uint8_t curve)
{
  const struct gc_curve *row = gc_curve_by_id(curve);
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  if (!row)
    return GC_E_UNSUPPORTED;
  put_alg(&writer, row);
  return gc_cbor_finish(&writer);
}

enum gc_err gc_key_capabilities_write(struct gc_buf *out, uint8_t curve)
{
  const struct gc_curve *row = gc_curve_by_id(curve);
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  if (!row)
    return GC_E_UNSUPPORTED;
  put_key(&writer, row);
  return gc_cbor_finish(&writer);
}

enum gc_err gc_capabilities_write(struct gc_buf *out, uint8_t curve)
{
  const struct gc_curve *row = gc_curve_by_id(curve);
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  if (!row)
    return GC_E_UNSUPPORTED;
  gc_cbor_array(&writer, 2);
  put_alg(&writer, row);
  put_key(&writer, row);
  return gc_cbor_finish(&writer);
}

/* an array of exactly these many numbers */
static enum gc_err read_numbers(struct gc_cbor_reader *reader, int64_t *numbers, size_t expected)
{
  struct gc_cbor_list list;
  size_t count = 0;
  enum gc_err err = gc_cbor_read_array(reader, &list);
  for (; !err && gc_cbor_list_next(reader, &list); count++)
    err = count < expected ? gc_cbor_read_int(reader, &numbers[count]) : bad(reader, "more capabilities than known", GC_E_UNSUPPORTED);
  return err || count == expected ? err : bad(reader, "a capability is missing", GC_E_MALFORMED);
}

enum gc_err gc_capabilities_parse(uint8_t *curve, struct gc_bytes encoded, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(encoded);
  struct gc_cbor_list list;
  int64_t alg_kty = 0, key[2] = { 0, 0 };
  size_t count = 0;
  enum gc_err err = gc_cbor_read_array(&reader, &list);
  for (; !err && gc_cbor_list_next(&reader, &list); count++)
    err = count == 0 ? read_numbers(&reader, &alg_kty, 1)
        : count == 1 ? read_numbers(&reader, key, 2)
                     : bad(&reader, "more capabilities than known", GC_E_UNSUPPORTED);
  if (!err && count != 2)
    err = bad(&reader, "not the capabilities of an algorithm and its key type", GC_E_MALFORMED);
  const struct gc_curve *row = !err && key[1] > 0 && key[1] < 256 ? gc_curve_by_id((int32_t)key[1]) : NULL;
  if (!err && alg_kty != key[0])
    err = bad(&reader, "the key types of algorithm and key differ", GC_E_MALFORMED);
  if (!err && (!row || row->kty != key[0]))
    err = bad(&reader, "a key type or curve that is not known", GC_E_UNSUPPORTED);
  err = gc_cbor_whole(&reader, err, where);
  if (!err)
    *curve = row->id;
  return err;
}
