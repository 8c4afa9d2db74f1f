#include "observe/tp_info.h"

#include <string.h>

#include "coap/message.h"
#include "observe/cri.h"

enum {
  TP_ID_UDP = 1,     /* -05, Section 12 */
  TAG_ADDRESS = 260, /* "Network Address (IPv4 or IPv6 or MAC Address)" */
};

static enum gc_err fail(struct gc_cbor_reader *reader, size_t at, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, at, phrase, err);
}

static bool is_mapped(const struct gc_addr *addr)
{
  static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
  return addr->family == GC_FAMILY_IPV6 && memcmp(addr->ip, prefix, sizeof prefix) == 0;
}

/* bound to one link, to one interface, or site-local unicast (RFC 3879) */
static bool is_local(const struct gc_addr *addr)
{
  return gc_addr_is_link_local(addr) ||
         (addr->family == GC_FAMILY_IPV6 && ((addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0xc0) ||
                                             (addr->ip[0] == 0xff && (addr->ip[1] & 0x0f) <= 1)));
}

const char *gc_tp_info_fault(const struct gc_tp_info *info)
{
  static const uint8_t broadcast[4] = { 255, 255, 255, 255 };
  if (info->server.family == GC_FAMILY_NONE || gc_addr_is_any(&info->server) || gc_addr_is_multicast(&info->server) ||
      is_mapped(&info->server) || (info->server.family == GC_FAMILY_IPV4 && memcmp(info->server.ip, broadcast, 4) == 0))
    return "the server's address is not a unicast address";
  if (is_local(&info->server))
    return "the server's address is link-local or site-local";
  if (info->server.port == 0)
    return "the server's port is 0";
  if (!info->has_details)
    return NULL;
  if (!gc_addr_is_multicast(&info->group))
    return "the group's address is not a multicast address";
  if (is_local(&info->group))
    return "the group's address is link-local";
  if (info->group.family != info->server.family)
    return "server and group have addresses of different families";
  if (info->group.port == 0)
    return "the group's port is 0";
  return info->token.len > GC_TOKEN_MAX_LEN ? "the token is longer than 8 bytes" : NULL;
}

/* --- reading --------------------------------------------------------------------------------------------------- */

static enum gc_err read_udp_cri(struct gc_cbor_reader *reader, struct gc_cri *cri)
{
  size_t at = reader->pos;
  enum gc_err err = gc_cri_read(reader, cri);
  if (!err && cri->scheme != GC_SCHEME_COAP)
    err = fail(reader, at, "a transport other than CoAP over UDP", GC_E_UNSUPPORTED);
  return err;
}

static enum gc_err read_current(struct gc_cbor_reader *reader, struct gc_cbor_list *list, struct gc_tp_info *info)
{
  struct gc_cri server, group;
  enum gc_err err = read_udp_cri(reader, &server);
  if (err)
    return err;
  info->server = server.addr;
  info->form = server.is_nested ? GC_TP_NESTED : GC_TP_FLAT;
  info->has_details = gc_cbor_list_next(reader, list);
  if (!info->has_details)
    return GC_OK;
  err = read_udp_cri(reader, &group);
  if (err)
    return err;
  info->group = group.addr;
  if (!gc_cbor_list_next(reader, list))
    return fail(reader, reader->pos, "the token is missing", GC_E_MALFORMED);
  return gc_cbor_read_bytes(reader, &info->token);
}

static enum gc_err read_tagged_address(struct gc_cbor_reader *reader, struct gc_addr *addr, bool *is_tagged)
{
  struct gc_cbor_item item;
  struct gc_bytes ip;
  uint64_t tag;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (!err && item.type == GC_CBOR_TAG) {
    err = gc_cbor_read_tag(reader, &tag);
    if (!err && tag != TAG_ADDRESS)
      return fail(reader, at, "an address has tag 260", GC_E_MALFORMED);
    *is_tagged = true;
  }
  if (!err)
    err = gc_cbor_read_bytes(reader, &ip);
  if (err)
    return err;
  if (ip.len != 4 && ip.len != 16)
    return fail(reader, at, "an address has 4 or 16 bytes", GC_E_MALFORMED);
  addr->family = ip.len == 4 ? GC_FAMILY_IPV4 : GC_FAMILY_IPV6;
  memcpy(addr->ip, ip.ptr, ip.len);
  return GC_OK;
}

static enum gc_err read_port(struct gc_cbor_reader *reader, struct gc_addr *addr)
{
  uint64_t port;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_read_uint(reader, &port);
  if (!err && (port == 0 || port > 65535))
    err = fail(reader, at, "a port is a number from 1 to 65535", GC_E_MALFORMED);
  if (!err)
    addr->port = (uint16_t)port;
  return err;
}

static enum gc_err more(struct gc_cbor_reader *reader, struct gc_cbor_list *list)
{
  return gc_cbor_list_next(reader, list) ? GC_OK : fail(reader, reader->pos, "tp_info ends too early", GC_E_MALFORMED);
}

/* -05, Section 2.2.1.1: [1, srv_host, srv_port, token, cli_addr, ?cli_port] */
static enum gc_err read_05(struct gc_cbor_reader *reader, struct gc_cbor_list *list, struct gc_tp_info *info)
{
  uint64_t tp_id;
  bool is_tagged = false;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_read_uint(reader, &tp_id);
  if (!err && tp_id != TP_ID_UDP)
    err = fail(reader, at, "a transport other than CoAP over UDP", GC_E_UNSUPPORTED);
  if (!err && !(err = more(reader, list)))
    err = read_tagged_address(reader, &info->server, &is_tagged);
  if (!err && !(err = more(reader, list)))
    err = read_port(reader, &info->server);
  if (!err && !(err = more(reader, list)))
    err = gc_cbor_read_bytes(reader, &info->token);
  if (!err && !(err = more(reader, list)))
    err = read_tagged_address(reader, &info->group, &is_tagged);
  info->group.port = GC_PORT_COAP;
  if (!err && gc_cbor_list_next(reader, list))
    err = read_port(reader, &info->group);
  info->has_details = true;
  info->form = is_tagged ? GC_TP_05 : GC_TP_05_UNTAGGED;
  return err;
}

static enum gc_err read_tp_info(struct gc_cbor_reader *reader, struct gc_tp_info *info)
{
  struct gc_cbor_list list;
  struct gc_cbor_item first;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_read_array(reader, &list);
  if (err)
    return err;
  if (!gc_cbor_list_next(reader, &list))
    return fail(reader, at, "tp_info is empty", GC_E_MALFORMED);
  err = gc_cbor_peek(reader, &first);
  if (err)
    return err;
  err = first.type == GC_CBOR_ARRAY ? read_current(reader, &list, info) : read_05(reader, &list, info);
  if (!err && gc_cbor_list_next(reader, &list))
    err = fail(reader, reader->pos, "tp_info has more elements than UDP knows", GC_E_MALFORMED);
  const char *fault = err ? NULL : gc_tp_info_fault(info);
  return fault ? fail(reader, at, fault, GC_E_MALFORMED) : err;
}

enum gc_err gc_tp_info_read(struct gc_cbor_reader *reader, struct gc_tp_info *out)
{
  struct gc_tp_info info = { .form = GC_TP_FLAT };
  size_t start = reader->pos;
  enum gc_err err = read_tp_info(reader, &info);
  if (err)
    reader->pos = start;
  else
    *out = info;
  return err;
}

/* --- writing --------------------------------------------------------------------------------------------------- */

static void write_address(struct gc_cbor_writer *writer, const struct gc_addr *addr, bool is_tagged)
{
  if (is_tagged)
    gc_cbor_tag(writer, TAG_ADDRESS);
  gc_cbor_bytes(writer, gc_bytes(addr->ip, addr->family == GC_FAMILY_IPV4 ? 4 : 16));
}

static void write_cri(struct gc_cbor_writer *writer, const struct gc_addr *addr, bool is_nested)
{
  struct gc_cri cri = { .scheme = GC_SCHEME_COAP, .addr = *addr, .is_nested = is_nested };
  gc_cri_write(writer, &cri);
}

void gc_tp_info_write(struct gc_cbor_writer *writer, const struct gc_tp_info *info)
{
  bool is_05 = info->form >= GC_TP_05, is_tagged = info->form == GC_TP_05, is_nested = info->form == GC_TP_NESTED;
  if (gc_tp_info_fault(info) || (is_05 && !info->has_details)) {
    if (!writer->err)
      writer->err = GC_E_RANGE;
    return;
  }
  if (is_05) {
    gc_cbor_array(writer, 6);
    gc_cbor_uint(writer, TP_ID_UDP);
    write_address(writer, &info->server, is_tagged);
    gc_cbor_uint(writer, info->server.port);
    gc_cbor_bytes(writer, info->token);
    write_address(writer, &info->group, is_tagged);
    gc_cbor_uint(writer, info->group.port);
    return;
  }
  gc_cbor_array(writer, info->has_details ? 3 : 1);
  write_cri(writer, &info->server, is_nested);
  if (info->has_details) {
    write_cri(writer, &info->group, is_nested);
    gc_cbor_bytes(writer, info->token);
  }
}
