/* Link layers. Numbers: https://www.tcpdump.org/linktypes.html */
#include "capture/packet.h"

#include "capture/packet_parts.h"

enum link {
  LINK_NULL = 0,
  LINK_ETHERNET = 1,
  LINK_DLT_RAW = 12,         /* what libpcap calls LINKTYPE_RAW on most systems */
  LINK_DLT_RAW_OPENBSD = 14,
  LINK_RAW = 101,
  LINK_LOOP = 108,
  LINK_SLL = 113,
  LINK_IPV4 = 228,
  LINK_IPV6 = 229,
  LINK_SLL2 = 276,
};

const uint8_t *gc_packet_take(struct gc_packet_rest *rest, size_t n)
{
  const uint8_t *ptr = rest->bytes.ptr;
  if (rest->bytes.len < n)
    return NULL;
  rest->bytes.ptr += n;
  rest->bytes.len -= n;
  rest->at += n;
  return ptr;
}

bool gc_packet_link_type_known(int link_type)
{
  switch (link_type) {
  case LINK_NULL: case LINK_ETHERNET: case LINK_DLT_RAW: case LINK_DLT_RAW_OPENBSD: case LINK_RAW:
  case LINK_LOOP: case LINK_SLL: case LINK_IPV4: case LINK_IPV6: case LINK_SLL2:
    return true;
  default:
    return false;
  }
}

/* IEEE 802.1Q, 802.1ad and the older 0x9100: each tag is two bytes and the next EtherType */
static bool skip_vlan_tags(struct gc_packet_rest *rest, unsigned *ethertype)
{
  while (*ethertype == 0x8100 || *ethertype == 0x88a8 || *ethertype == 0x9100) {
    const uint8_t *tag = gc_packet_take(rest, 4);
    if (!tag)
      return false;
    *ethertype = gc_read_u16(tag + 2);
  }
  return true;
}

/* A header of `len` bytes with an EtherType at `type_at`. */
static enum gc_err skip_header(struct gc_packet_rest *rest, size_t len, size_t type_at, const char *phrase, struct gc_where *where)
{
  const uint8_t *header = gc_packet_take(rest, len);
  unsigned ethertype;
  if (!header)
    return gc_fail(where, rest->at, phrase, GC_E_TRUNCATED);
  ethertype = gc_read_u16(header + type_at);
  if (!skip_vlan_tags(rest, &ethertype))
    return gc_fail(where, rest->at, "VLAN tag is cut off", GC_E_TRUNCATED);
  if (ethertype != GC_ETHERTYPE_IPV4 && ethertype != GC_ETHERTYPE_IPV6)
    return gc_fail(where, rest->at, "no IP packet", GC_E_NOT_FOUND);
  return GC_OK;
}

/* The address family of BSD's loopback; LINK_NULL has it in the byte order of the machine that captured. */
static enum gc_err skip_family(struct gc_packet_rest *rest, struct gc_where *where)
{
  const uint8_t *header = gc_packet_take(rest, 4);
  if (!header)
    return gc_fail(where, rest->at, "loopback header is cut off", GC_E_TRUNCATED);
  uint32_t family = gc_read_u32(header);
  if (family > UINT16_MAX)
    family = (uint32_t)header[3] << 24 | (uint32_t)header[2] << 16 | (uint32_t)header[1] << 8 | header[0];
  switch (family) {
  case 2:                             /* AF_INET everywhere */
  case 10: case 24: case 28: case 30: /* AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS */
    return GC_OK;
  default:
    return gc_fail(where, 0, "no IP packet", GC_E_NOT_FOUND);
  }
}

enum gc_err gc_packet_udp(struct gc_udp_packet *out, struct gc_reassembler *reassembler, int link_type, struct gc_bytes frame,
                          size_t wire_len, uint64_t wall_us, struct gc_where *where)
{
  struct gc_packet_rest rest = { frame, 0, frame.len < wire_len };
  enum gc_err err = GC_OK;
  *out = (struct gc_udp_packet){ 0 };
  switch (link_type) {
  case LINK_ETHERNET:
    err = skip_header(&rest, 14, 12, "Ethernet header is cut off", where);
    break;
  case LINK_SLL:
    err = skip_header(&rest, 16, 14, "cooked header is cut off", where);
    break;
  case LINK_SLL2:
    err = skip_header(&rest, 20, 0, "cooked header is cut off", where);
    break;
  case LINK_NULL: case LINK_LOOP:
    err = skip_family(&rest, where);
    break;
  case LINK_DLT_RAW: case LINK_DLT_RAW_OPENBSD: case LINK_RAW: case LINK_IPV4: case LINK_IPV6:
    break;
  default:
    err = gc_fail(where, 0, "unknown link type", GC_E_UNSUPPORTED);
  }
  return err ? err : gc_packet_ip(out, reassembler, rest, wall_us, where);
}
