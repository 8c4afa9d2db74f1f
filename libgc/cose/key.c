#include "cose/key.h"

enum { LABEL_KTY = 1, LABEL_KID = 2, LABEL_ALG = 3, LABEL_CRV = -1, LABEL_X = -2, LABEL_Y = -3, LABEL_K = -1 };

/* Labels below 0 mean what the key type says, which may come last: so crv and k share a place until it is known. */
struct parts {
  int64_t kty, alg, crv;
  struct gc_bytes kid, k, x, y;
  bool has_kty, has_kid, has_alg, has_first, has_x, has_y, is_y_sign, y_is_odd, is_first_k;
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
  parts->is_y_sign = item.type == GC_CBOR_SIMPLE;
  return parts->is_y_sign ? gc_cbor_read_bool(reader, &parts->y_is_odd) : gc_cbor_read_bytes(reader, &parts->y);
}

/* -1: crv is a number, k a byte string */
static enum gc_err read_first(struct gc_cbor_reader *reader, struct parts *parts)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (err)
    return err;
  parts->is_first_k = item.type == GC_CBOR_BYTES;
  return parts->is_first_k ? gc_cbor_read_bytes(reader, &parts->k) : gc_cbor_read_int(reader, &parts->crv);
}

static bool *flag_of(struct parts *parts, int64_t label)
{
  switch (label) {
  case LABEL_KTY:
    return &parts->has_kty;
  case LABEL_KID:
    return &parts->has_kid;
  case LABEL_ALG:
    return &parts->has_alg;
  case LABEL_CRV:
    return &parts->has_first;
  case LABEL_X:
    return &parts->has_x;
  case LABEL_Y:
    return &parts->has_y;
  default:
    return NULL;
  }
}

static enum gc_err read_part(struct gc_cbor_reader *reader, struct parts *parts)
{
  int64_t label;
  enum gc_err err = gc_cbor_read_label(reader, &label);
  if (err)
    return err;
  bool *has = flag_of(parts, label);
  if (!has)
    return gc_cbor_skip(reader);
  if (*has)
    return bad(reader, "COSE_Key label twice", GC_E_MALFORMED);
  *has = true;
  switch (label) {
  case LABEL_KTY:
    return gc_cbor_read_int(reader, &parts->kty);
  case LABEL_KID:
    return gc_cbor_read_bytes(reader, &parts->kid);
  case LABEL_ALG:
    return gc_cbor_read_label(reader, &parts->alg); /* an algorithm that is a text is none that we know */
  case LABEL_CRV:
    return read_first(reader, parts);
  case LABEL_X:
    return gc_cbor_read_bytes(reader, &parts->x);
  default:
    return read_y(reader, parts);
  }
}

static enum gc_err set_public(struct gc_cbor_reader *reader, const struct parts *parts, struct gc_public_key *out)
{
  if (!parts->has_kty || !parts->has_first || !parts->has_x)
    return bad(reader, "COSE_Key without key type, curve or x", GC_E_MALFORMED);
  if (parts->is_first_k)
    return bad(reader, "curve of the COSE_Key is no number", GC_E_MALFORMED);
  const struct gc_curve *curve = parts->crv > 0 && parts->crv < 256 ? gc_curve_by_id((int32_t)parts->crv) : NULL;
  if (!curve)
    return bad(reader, "curve of the COSE_Key not supported", GC_E_UNSUPPORTED);
  if (parts->kty != curve->kty)
    return bad(reader, "key type and curve of the COSE_Key do not belong together", GC_E_MALFORMED);
  if (parts->has_y != (curve->kty == GC_KTY_EC2))
    return bad(reader, "y of the COSE_Key missing, or there without need", GC_E_MALFORMED);
  if (parts->has_y && !parts->is_y_sign && !parts->y.len)
    return bad(reader, "y of the COSE_Key empty", GC_E_RANGE);
  enum gc_err err = gc_public_key_set(out, curve->id, parts->x, parts->y, parts->y_is_odd);
  if (err)
    return bad(reader, err == GC_E_RANGE ? "coordinate of the COSE_Key has the wrong length" : "not a point of its curve", err);
  return GC_OK;
}

enum gc_err gc_cose_key_parse(struct gc_cbor_reader *reader, struct gc_cose_key *out)
{
  struct parts parts = { 0 };
  struct gc_cbor_list map;
  struct gc_cose_key key = { 0 };
  enum gc_err err = gc_cbor_read_map(reader, &map);
  while (!err && gc_cbor_list_next(reader, &map))
    err = read_part(reader, &parts);
  if (!err && parts.has_alg && (parts.alg < INT32_MIN || parts.alg > INT32_MAX))
    err = bad(reader, "algorithm of the COSE_Key out of range", GC_E_RANGE);
  if (!err && parts.kty == GC_KTY_SYMMETRIC && parts.has_first && !parts.is_first_k)
    err = bad(reader, "k of the COSE_Key is no byte string", GC_E_MALFORMED);
  if (!err && parts.kty != GC_KTY_SYMMETRIC)
    err = set_public(reader, &parts, &key.public_key);
  if (err)
    return err;
  key.kty = (uint8_t)parts.kty;
  key.alg = (int32_t)parts.alg;
  key.has_kid = parts.has_kid;
  key.kid = parts.kid;
  key.has_k = parts.kty == GC_KTY_SYMMETRIC && parts.has_first;
  key.k = parts.k;
  *out = key;
  return GC_OK;
}

enum gc_err gc_cose_key_read(struct gc_cbor_reader *reader, struct gc_public_key *out)
{
  struct gc_cose_key key;
  enum gc_err err = gc_cose_key_parse(reader, &key);
  if (!err && key.kty == GC_KTY_SYMMETRIC)
    err = bad(reader, "COSE_Key without a public key", GC_E_UNSUPPORTED);
  if (!err)
    *out = key.public_key;
  return err;
}

static void put_public(struct gc_cbor_writer *writer, const struct gc_public_key *key, const struct gc_curve *curve)
{
  gc_cbor_int(writer, LABEL_CRV);
  gc_cbor_int(writer, curve->id);
  gc_cbor_int(writer, LABEL_X);
  gc_cbor_bytes(writer, gc_bytes(key->bytes, curve->coord_len));
  if (curve->kty == GC_KTY_EC2) {
    gc_cbor_int(writer, LABEL_Y);
    gc_cbor_bytes(writer, gc_bytes(key->bytes + curve->coord_len, curve->coord_len));
  }
}

void gc_cose_key_put(struct gc_cbor_writer *writer, const struct gc_cose_key *key)
{
  const struct gc_curve *curve = key->kty == GC_KTY_SYMMETRIC ? NULL : gc_curve_by_id(key->public_key.curve);
  unsigned own = !curve ? key->has_k : curve->kty == GC_KTY_EC2 ? 3 : 2;
  gc_cbor_map(writer, 1u + key->has_kid + (key->alg != 0) + own);
  gc_cbor_int(writer, LABEL_KTY);
  gc_cbor_int(writer, key->kty);
  if (key->has_kid) {
    gc_cbor_int(writer, LABEL_KID);
    gc_cbor_bytes(writer, key->kid);
  }
  if (key->alg) {
    gc_cbor_int(writer, LABEL_ALG);
    gc_cbor_int(writer, key->alg);
  }
  if (curve) {
    put_public(writer, &key->public_key, curve);
  } else if (key->has_k) {
    gc_cbor_int(writer, LABEL_K);
    gc_cbor_bytes(writer, key->k);
  }
}

void gc_cose_key_write(struct gc_cbor_writer *writer, const struct gc_public_key *key, int32_t alg)
{
  gc_cose_key_put(writer, &(struct gc_cose_key){ .kty = gc_curve_by_id(key->curve)->kty, .alg = alg, .public_key = *key });
}
