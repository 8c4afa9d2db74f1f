/* IPv4 (RFC 791), IPv6 and its extension headers (RFC 8200), UDP (RFC 768). */
#include <string.h>

#include "capture/packet_parts.h"

enum protocol {
  PROTOCOL_HOP_BY_HOP = 0,
  PROTOCOL_UDP = 17,
  PROTOCOL_ROUTING = 43,
  PROTOCOL_FRAGMENT = 44,
  PROTOCOL_AH = 51, /* RFC 4302 */
  PROTOCOL_DESTINATION = 60,
  PROTOCOL_MOBILITY = 135,
  PROTOCOL_HIP = 139,
  PROTOCOL_SHIM6 = 140,
};

/* The IP payload being walked: what the headers seen so far say of it. */
struct walk {
  struct gc_udp_packet *out;
  struct gc_reassembler *reassembler;
  struct gc_packet_rest rest;
  uint64_t wall_us;
  struct gc_where *where;
  uint8_t protocol;        /* of what comes next */
  bool is_reassembled;
};

/* Make rest the `len` bytes that an IP header announces: what follows is padding of the link, what lacks was cut. */
static bool fit(struct gc_packet_rest *rest, size_t len)
{
  if (len <= rest->bytes.len) {
    rest->bytes.len = len;
    rest->is_cut = false;
    return true;
  }
  return rest->is_cut;
}

static enum gc_err udp(struct walk *walk)
{
  size_t at = walk->rest.at;
  const uint8_t *header = gc_packet_take(&walk->rest, 8);
  if (!header)
    return gc_fail(walk->where, at, "UDP header is cut off", GC_E_TRUNCATED);
  struct gc_udp_packet *out = walk->out;
  size_t len = gc_read_u16(header + 4);
  out->from.port = gc_read_u16(header);
  out->to.port = gc_read_u16(header + 2);
  out->payload = walk->rest.bytes;
  if (len < 8) {
    out->payload.len = 0;
    return gc_fail(walk->where, at + 4, "UDP length is shorter than the UDP header", GC_E_MALFORMED);
  }
  if (!fit(&walk->rest, len - 8))
    return gc_fail(walk->where, at + 4, "UDP length runs past the IP packet", GC_E_MALFORMED);
  out->payload = walk->rest.bytes;
  out->is_cut = walk->rest.is_cut;
  return GC_OK;
}

/* GC_OK: the datagram is whole and walk goes on in it. */
static enum gc_err join(struct walk *walk, struct gc_fragment *fragment)
{
  const char *why = "a fragment";
  struct gc_bytes whole;
  if (walk->is_reassembled)
    return gc_fail(walk->where, walk->rest.at, "a fragment inside a fragment", GC_E_MALFORMED);
  if (walk->rest.is_cut)
    return gc_fail(walk->where, walk->rest.at + walk->rest.bytes.len, "a fragment was cut by the snap length", GC_E_TRUNCATED);
  if (!walk->reassembler)
    return gc_fail(walk->where, walk->rest.at, why, GC_E_STATE);
  fragment->from = walk->out->from;
  fragment->to = walk->out->to;
  fragment->payload = walk->rest.bytes;
  enum gc_err err = gc_reassembler_add(walk->reassembler, fragment, walk->wall_us, &whole, &walk->protocol, &why);
  if (err)
    return gc_fail(walk->where, walk->rest.at, why, err);
  walk->rest = (struct gc_packet_rest){ whole, 0, false };
  walk->is_reassembled = true;
  return GC_OK;
}

static enum gc_err fragment_header(struct walk *walk)
{
  const uint8_t *header = gc_packet_take(&walk->rest, 8);
  if (!header)
    return gc_fail(walk->where, walk->rest.at, "Fragment header is cut off", GC_E_TRUNCATED);
  unsigned offset = gc_read_u16(header + 2);
  walk->protocol = header[0];
  if ((offset & 0xfff9) == 0)
    return GC_OK; /* an atomic fragment is a datagram by itself: RFC 6946 */
  struct gc_fragment fragment = { .id = gc_read_u32(header + 4), .protocol = header[0], .offset = offset & 0xfff8, .has_more = offset & 1 };
  return join(walk, &fragment);
}

static enum gc_err extension_header(struct walk *walk)
{
  const uint8_t *header = walk->rest.bytes.ptr;
  size_t len = 0;
  if (walk->rest.bytes.len >= 2)
    len = walk->protocol == PROTOCOL_AH ? (header[1] + 2u) * 4 : (header[1] + 1u) * 8;
  if (len == 0 || !gc_packet_take(&walk->rest, len))
    return gc_fail(walk->where, walk->rest.at, "extension header runs past the end", GC_E_TRUNCATED);
  walk->protocol = header[0];
  return GC_OK;
}

/* Every turn takes at least 8 bytes off, so the walk ends. */
static enum gc_err walk_headers(struct walk *walk)
{
  for (;;) {
    enum gc_err err;
    switch (walk->protocol) {
    case PROTOCOL_UDP:
      return udp(walk);
    case PROTOCOL_FRAGMENT:
      err = fragment_header(walk);
      break;
    case PROTOCOL_HOP_BY_HOP: case PROTOCOL_ROUTING: case PROTOCOL_DESTINATION: case PROTOCOL_AH:
    case PROTOCOL_MOBILITY: case PROTOCOL_HIP: case PROTOCOL_SHIM6:
      err = extension_header(walk);
      break;
    default:
      return gc_fail(walk->where, walk->rest.at, "no UDP in it", GC_E_NOT_FOUND);
    }
    if (err)
      return err;
  }
}

static struct gc_addr address(enum gc_family family, const uint8_t *ip)
{
  struct gc_addr addr = { .family = (uint8_t)family };
  memcpy(addr.ip, ip, family == GC_FAMILY_IPV4 ? 4 : 16);
  return addr;
}

static enum gc_err ipv4(struct walk *walk)
{
  size_t at = walk->rest.at, header_len = 0;
  struct gc_packet_rest *rest = &walk->rest;
  const uint8_t *header = rest->bytes.ptr;
  if (rest->bytes.len >= 20)
    header_len = (header[0] & 15u) * 4;
  if (rest->bytes.len < 20 || rest->bytes.len < header_len)
    return gc_fail(walk->where, at, "IPv4 header is cut off", GC_E_TRUNCATED);
  if (header_len < 20)
    return gc_fail(walk->where, at, "IPv4 header length below 20", GC_E_MALFORMED);
  size_t total = gc_read_u16(header + 2);
  unsigned flags = gc_read_u16(header + 6);
  walk->out->from = address(GC_FAMILY_IPV4, header + 12);
  walk->out->to = address(GC_FAMILY_IPV4, header + 16);
  walk->protocol = header[9];
  if (total == 0)
    total = rest->bytes.len; /* segmentation was left to the hardware */
  if (total < header_len)
    return gc_fail(walk->where, at + 2, "IPv4 total length is shorter than its header", GC_E_MALFORMED);
  gc_packet_take(rest, header_len);
  if (!fit(rest, total - header_len))
    return gc_fail(walk->where, at + 2, "IPv4 total length runs past the frame", GC_E_MALFORMED);
  if (flags & 0x3fff) {
    struct gc_fragment fragment = { .id = gc_read_u16(header + 4), .protocol = header[9],
                                    .offset = (flags & 0x1fffu) * 8, .has_more = flags & 0x2000 };
    enum gc_err err = join(walk, &fragment);
    if (err)
      return err;
  }
  switch (walk->protocol) { /* in IPv4 the numbers of IPv6's extension headers mean no such thing */
  case PROTOCOL_UDP: case PROTOCOL_AH:
    return walk_headers(walk);
  default:
    return gc_fail(walk->where, rest->at, "no UDP in it", GC_E_NOT_FOUND);
  }
}

static enum gc_err ipv6(struct walk *walk)
{
  size_t at = walk->rest.at;
  const uint8_t *header = gc_packet_take(&walk->rest, 40);
  if (!header)
    return gc_fail(walk->where, at, "IPv6 header is cut off", GC_E_TRUNCATED);
  size_t len = gc_read_u16(header + 4);
  walk->out->from = address(GC_FAMILY_IPV6, header + 8);
  walk->out->to = address(GC_FAMILY_IPV6, header + 24);
  walk->protocol = header[6];
  if (len == 0 && walk->protocol == PROTOCOL_HOP_BY_HOP)
    return gc_fail(walk->where, at + 4, "IPv6 jumbogram", GC_E_UNSUPPORTED);
  if (!fit(&walk->rest, len))
    return gc_fail(walk->where, at + 4, "IPv6 payload length runs past the frame", GC_E_MALFORMED);
  return walk_headers(walk);
}

enum gc_err gc_packet_ip(struct gc_udp_packet *out, struct gc_reassembler *reassembler, struct gc_packet_rest rest,
                         uint64_t wall_us, struct gc_where *where)
{
  struct walk walk = { .out = out, .reassembler = reassembler, .rest = rest, .wall_us = wall_us, .where = where };
  if (rest.bytes.len == 0)
    return gc_fail(where, rest.at, "IP header is cut off", GC_E_TRUNCATED);
  switch (rest.bytes.ptr[0] >> 4) {
  case 4:
    return ipv4(&walk);
  case 6:
    return ipv6(&walk);
  default:
    return gc_fail(where, rest.at, "IP version is neither 4 nor 6", GC_E_MALFORMED);
  }
}
