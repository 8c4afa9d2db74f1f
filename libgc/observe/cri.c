#include "observe/cri.h"

#include <string.h>

static enum gc_err fail(struct gc_cbor_reader *reader, size_t at, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, at, phrase, err);
}

static enum gc_err read_scheme(struct gc_cbor_reader *reader, struct gc_cri *cri)
{
  struct gc_cbor_item item;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_next(reader, &item);
  if (err)
    return err;
  if (item.type != GC_CBOR_NINT)
    return fail(reader, at, "a CRI begins with the negative number of its scheme", GC_E_MALFORMED);
  for (size_t i = 0; i < GC_SCHEME_COUNT; i++)
    if (gc_scheme_info((enum gc_scheme)i)->cri_number == item.number) {
      cri->scheme = (enum gc_scheme)i;
      return GC_OK;
    }
  return fail(reader, at, "a scheme other than CoAP's", GC_E_UNSUPPORTED);
}

static enum gc_err read_host(struct gc_cbor_reader *reader, struct gc_addr *addr)
{
  struct gc_cbor_item item;
  struct gc_bytes ip;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (err)
    return err;
  if (item.type == GC_CBOR_SIMPLE && item.number == GC_CBOR_FALSE)
    return fail(reader, at, "user information in an address", GC_E_UNSUPPORTED);
  if (item.type == GC_CBOR_TEXT)
    return fail(reader, at, "a host name instead of an address", GC_E_UNSUPPORTED);
  err = gc_cbor_read_bytes(reader, &ip);
  if (err)
    return err;
  if (ip.len != 4 && ip.len != 16)
    return fail(reader, at, "an address has 4 or 16 bytes", GC_E_MALFORMED);
  addr->family = ip.len == 4 ? GC_FAMILY_IPV4 : GC_FAMILY_IPV6;
  memcpy(addr->ip, ip.ptr, ip.len);
  return GC_OK;
}

/* host and port, to the end of the list they stand in */
static enum gc_err read_authority(struct gc_cbor_reader *reader, struct gc_cbor_list *list, struct gc_cri *cri)
{
  struct gc_cbor_item item;
  uint64_t port;
  if (!gc_cbor_list_next(reader, list))
    return fail(reader, reader->pos, "an address is missing", GC_E_MALFORMED);
  enum gc_err err = read_host(reader, &cri->addr);
  if (err || !gc_cbor_list_next(reader, list))
    return err;
  size_t at = reader->pos;
  err = gc_cbor_peek(reader, &item);
  if (!err && item.type == GC_CBOR_TEXT)
    return fail(reader, at, "an address with a zone", GC_E_UNSUPPORTED);
  if (!err)
    err = gc_cbor_read_uint(reader, &port);
  if (err)
    return err;
  if (port == 0 || port > 65535)
    return fail(reader, at, "a port is a number from 1 to 65535", GC_E_MALFORMED);
  cri->addr.port = (uint16_t)port;
  return gc_cbor_list_next(reader, list) ? fail(reader, reader->pos, "more than an address and a port", GC_E_MALFORMED) : GC_OK;
}

static enum gc_err read_cri(struct gc_cbor_reader *reader, struct gc_cri *cri)
{
  struct gc_cbor_list list, inner;
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_read_array(reader, &list);
  if (err)
    return err;
  if (!gc_cbor_list_next(reader, &list))
    return fail(reader, reader->pos, "a CRI without a scheme", GC_E_MALFORMED);
  err = read_scheme(reader, cri);
  if (err)
    return err;
  cri->addr.port = gc_scheme_info(cri->scheme)->default_port;
  /* the kind of the second element tells the two notations apart */
  if ((list.is_indefinite || list.left > 0) && gc_cbor_peek(reader, &item) == GC_OK && item.type == GC_CBOR_ARRAY) {
    cri->is_nested = true;
    (void)gc_cbor_list_next(reader, &list);
    err = gc_cbor_read_array(reader, &inner);
    if (!err)
      err = read_authority(reader, &inner, cri);
    if (!err && gc_cbor_list_next(reader, &list))
      err = fail(reader, reader->pos, "a CRI with more than scheme and authority", GC_E_MALFORMED);
    return err;
  }
  return read_authority(reader, &list, cri);
}

enum gc_err gc_cri_read(struct gc_cbor_reader *reader, struct gc_cri *out)
{
  struct gc_cri cri = { .is_nested = false };
  size_t start = reader->pos;
  enum gc_err err = read_cri(reader, &cri);
  if (err)
    reader->pos = start;
  else
    *out = cri;
  return err;
}

void gc_cri_write(struct gc_cbor_writer *writer, const struct gc_cri *cri)
{
  const struct gc_scheme_info *scheme = gc_scheme_info(cri->scheme);
  bool has_port = cri->addr.port != scheme->default_port;
  if (cri->addr.family == GC_FAMILY_NONE || cri->addr.port == 0) {
    if (!writer->err)
      writer->err = GC_E_RANGE;
    return;
  }
  gc_cbor_array(writer, cri->is_nested ? 2 : has_port ? 3 : 2);
  gc_cbor_nint(writer, scheme->cri_number);
  if (cri->is_nested)
    gc_cbor_array(writer, has_port ? 2 : 1);
  gc_cbor_bytes(writer, gc_bytes(cri->addr.ip, cri->addr.family == GC_FAMILY_IPV4 ? 4 : 16));
  if (has_port)
    gc_cbor_uint(writer, cri->addr.port);
}
