#include "oscore/option.h"

enum { LENGTH_MASK = 0x07, RESERVED_MASK = 0xc0 };

enum gc_err gc_oscore_option_parse(struct gc_oscore_option *out, struct gc_bytes value, size_t signature_len,
                                   struct gc_where *where)
{
  struct gc_oscore_option o = { 0 };
  if (!value.len) {
    *out = o;
    return GC_OK;
  }
  uint8_t flags = value.ptr[0];
  size_t pos = 1, n = flags & LENGTH_MASK;
  if (flags & RESERVED_MASK)
    return gc_fail(where, 0, "reserved flag bit set", GC_E_MALFORMED);
  if (n > GC_PIV_MAX_LEN)
    return gc_fail(where, 0, "reserved length of the Partial IV", GC_E_MALFORMED);
  if (!flags)
    return gc_fail(where, 0, "flag byte zero: the value must be empty", GC_E_MALFORMED);
  if (n > value.len - pos)
    return gc_fail(where, pos, "Partial IV runs past the end", GC_E_TRUNCATED);
  o.piv = gc_bytes(value.ptr + pos, n);
  if (n > 1 && o.piv.ptr[0] == 0)
    return gc_fail(where, pos, "Partial IV with a leading zero", GC_E_MALFORMED);
  pos += n;
  if (flags & GC_OSCORE_FLAG_KID_CONTEXT) {
    if (pos == value.len)
      return gc_fail(where, pos, "length of the kid context missing", GC_E_TRUNCATED);
    size_t s = value.ptr[pos++];
    if (s > value.len - pos)
      return gc_fail(where, pos, "kid context runs past the end", GC_E_TRUNCATED);
    o.has_kid_context = true;
    o.kid_context = gc_bytes(value.ptr + pos, s);
    pos += s;
  }
  o.is_group = (flags & GC_OSCORE_FLAG_GROUP) != 0;
  if (o.is_group && signature_len) {
    if (signature_len > value.len - pos)
      return gc_fail(where, pos, "countersignature runs past the end", GC_E_TRUNCATED);
    o.signature = gc_bytes(value.ptr + pos, signature_len);
    pos += signature_len;
  }
  o.has_kid = (flags & GC_OSCORE_FLAG_KID) != 0;
  if (o.has_kid)
    o.kid = gc_bytes(value.ptr + pos, value.len - pos);
  else if (pos != value.len)
    return gc_fail(where, pos, "bytes after the end", GC_E_MALFORMED);
  *out = o;
  return GC_OK;
}

enum gc_err gc_oscore_option_encode(struct gc_buf *out, const struct gc_oscore_option *option)
{
  size_t len = 1 + option->piv.len + option->kid.len + option->signature.len +
               (option->has_kid_context ? 1 + option->kid_context.len : 0);
  uint8_t flags = (uint8_t)((option->is_group ? GC_OSCORE_FLAG_GROUP : 0) | (option->has_kid ? GC_OSCORE_FLAG_KID : 0) |
                            (option->has_kid_context ? GC_OSCORE_FLAG_KID_CONTEXT : 0) | (option->piv.len & LENGTH_MASK));
  if (option->piv.len > GC_PIV_MAX_LEN || option->kid_context.len > 255 || len > GC_OSCORE_OPTION_MAX_LEN)
    return GC_E_RANGE;
  if (!flags)
    return GC_OK;
  if (len > out->cap - out->len)
    return GC_E_SPACE;
  size_t before = out->len;
  enum gc_err err = gc_buf_add_u8(out, flags);
  err = err ? err : gc_buf_add(out, option->piv);
  if (option->has_kid_context) {
    err = err ? err : gc_buf_add_u8(out, (uint8_t)option->kid_context.len);
    err = err ? err : gc_buf_add(out, option->kid_context);
  }
  err = err ? err : gc_buf_add(out, option->signature);
  err = err ? err : gc_buf_add(out, option->kid);
  if (err)
    out->len = before;
  return err;
}

size_t gc_oscore_piv_encode(uint8_t out[static GC_PIV_MAX_LEN], uint64_t number)
{
  size_t len = 1;
  while (len < GC_PIV_MAX_LEN && number >> 8 * len)
    len++;
  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)(number >> 8 * (len - 1 - i));
  return len;
}

uint64_t gc_oscore_piv_decode(struct gc_bytes piv)
{
  uint64_t number = 0;
  for (size_t i = 0; i < piv.len; i++)
    number = number << 8 | piv.ptr[i];
  return number;
}

enum gc_err gc_oscore_option_guess(struct gc_oscore_option *out, struct gc_bytes value, bool *is_02, struct gc_where *where)
{
  enum { SIGNATURE_LEN = 64 }; /* Ed25519 and P-256 */
  struct gc_oscore_option now = { 0 }, old;
  enum gc_err err = gc_oscore_option_parse(&now, value, 0, where);
  bool is_likely = value.len > SIGNATURE_LEN && value.ptr[0] & GC_OSCORE_FLAG_GROUP && (err || now.kid.len > GC_ID_MAX_LEN);
  *is_02 = is_likely && !gc_oscore_option_parse(&old, value, SIGNATURE_LEN, NULL);
  if (*is_02 || !err)
    *out = *is_02 ? old : now;
  return *is_02 ? GC_OK : err;
}
