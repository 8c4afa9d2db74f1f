#include "cose/key.h"

enum { LABEL_KTY = 1, LABEL_ALG = 3, LABEL_CRV = -1, LABEL_X = -2, LABEL_Y = -3 };

struct parts {
  int64_t kty, crv;
  struct gc_bytes x, y;
  bool has_kty, has_crv, has_x, has_y, y_is_odd;
};

static enum gc_err bad(struct gc_cbor_reader *reader, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, reader->pos, phrase, err);
}

static enum gc_err read_y(struct gc_cbor_reader *reader, struct parts *parts)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (err)
    return err;
  return item.type == GC_CBOR_SIMPLE ? gc_cbor_read_bool(reader, &parts->y_is_odd) : gc_cbor_read_bytes(reader, &parts->y);
}

static enum gc_err read_part(struct gc_cbor_reader *reader, struct parts *parts)
{
  struct gc_cbor_item item;
  int64_t label = 0;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (!err)
    err = item.type == GC_CBOR_TEXT ? gc_cbor_skip(reader) : gc_cbor_read_int(reader, &label);
  if (err)
    return err;
  bool *has = label == LABEL_KTY ? &parts->has_kty : label == LABEL_CRV ? &parts->has_crv : label == LABEL_X ? &parts->has_x
            : label == LABEL_Y   ? &parts->has_y   : NULL;
  if (!has || item.type == GC_CBOR_TEXT)
    return gc_cbor_skip(reader);
  if (*has)
    return bad(reader, "COSE_Key label twice", GC_E_MALFORMED);
  *has = true;
  switch (label) {
  case LABEL_KTY:
    return gc_cbor_read_int(reader, &parts->kty);
  case LABEL_CRV:
    return gc_cbor_read_int(reader, &parts->crv);
  case LABEL_X:
    return gc_cbor_read_bytes(reader, &parts->x);
  default:
    return read_y(reader, parts);
  }
}

enum gc_err gc_cose_key_read(struct gc_cbor_reader *reader, struct gc_public_key *out)
{
  struct parts parts = { 0 };
  struct gc_cbor_list map;
  enum gc_err err = gc_cbor_read_map(reader, &map);
  while (!err && gc_cbor_list_next(reader, &map))
    err = read_part(reader, &parts);
  if (err)
    return err;
  if (!parts.has_kty || !parts.has_crv || !parts.has_x)
    return bad(reader, "COSE_Key without key type, curve or x", GC_E_MALFORMED);
  const struct gc_curve *curve = parts.crv > 0 && parts.crv < 256 ? gc_curve_by_id((int32_t)parts.crv) : NULL;
  if (!curve)
    return bad(reader, "curve of the COSE_Key not supported", GC_E_UNSUPPORTED);
  if (parts.kty != curve->kty)
    return bad(reader, "key type and curve of the COSE_Key do not belong together", GC_E_MALFORMED);
  if (parts.has_y != (curve->kty == GC_KTY_EC2))
    return bad(reader, "y of the COSE_Key missing, or there without need", GC_E_MALFORMED);
  if (parts.has_y && !parts.y.len && parts.y.ptr)
    return bad(reader, "y of the COSE_Key empty", GC_E_RANGE);
  err = gc_public_key_set(out, curve->id, parts.x, parts.y, parts.y_is_odd);
  if (err)
    return bad(reader, err == GC_E_RANGE ? "coordinate of the COSE_Key has the wrong length" : "not a point of its curve", err);
  return GC_OK;
}

void gc_cose_key_write(struct gc_cbor_writer *writer, const struct gc_public_key *key, int32_t alg)
{
  const struct gc_curve *curve = gc_curve_by_id(key->curve);
  bool has_y = curve->kty == GC_KTY_EC2;
  gc_cbor_map(writer, 3u + has_y + (alg != 0));
  gc_cbor_int(writer, LABEL_KTY);
  gc_cbor_int(writer, curve->kty);
  if (alg) {
    gc_cbor_int(writer, LABEL_ALG);
    gc_cbor_int(writer, alg);
  }
  gc_cbor_int(writer, LABEL_CRV);
  gc_cbor_int(writer, curve->id);
  gc_cbor_int(writer, LABEL_X);
  gc_cbor_bytes(writer, gc_bytes(key->bytes, curve->coord_len));
  if (has_y) {
    gc_cbor_int(writer, LABEL_Y);
    gc_cbor_bytes(writer, gc_bytes(key->bytes + curve->coord_len, curve->coord_len));
  }
}
