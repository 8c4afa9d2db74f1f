/* What the files of the packet family share; not for other rooms. */
#ifndef GC_CAPTURE_PACKET_PARTS_H
#define GC_CAPTURE_PACKET_PARTS_H

#include "capture/packet.h"

enum { GC_ETHERTYPE_IPV4 = 0x0800, GC_ETHERTYPE_IPV6 = 0x86dd };

/** Bytes still to be read, and where they lie in the frame. */
struct gc_packet_rest {
  struct gc_bytes bytes;
  size_t at;      /* offset of bytes.ptr for gc_where */
  bool is_cut;    /* the wire had more */
};

/** One fragment as its IP header describes it. */
struct gc_fragment {
  struct gc_addr from, to; /* without ports */
  uint32_t id;
  uint8_t protocol;        /* what follows: IPv4 Protocol, or Next Header of the Fragment header */
  size_t offset;           /* bytes into the datagram */
  bool has_more;
  struct gc_bytes payload;
};

/** Take n bytes off the front; NULL: fewer are there. */
const uint8_t *gc_packet_take(struct gc_packet_rest *rest, size_t n);

/** An IP packet, headers of the link removed: fills out->from and out->to and walks on to UDP. */
enum gc_err gc_packet_ip(struct gc_udp_packet *out, struct gc_reassembler *reassembler, struct gc_packet_rest rest,
                         uint64_t wall_us, struct gc_where *where) GC_MUST_CHECK;

/**
 * Add a fragment.
 * @param[out] whole    the reassembled IP payload, borrowed until the next call
 * @param[out] protocol what it begins with (of the first fragment)
 * @return GC_OK: whole; GC_E_STATE: kept; GC_E_MALFORMED; GC_E_LIMIT; GC_E_MEMORY
 */
enum gc_err gc_reassembler_add(struct gc_reassembler *reassembler, const struct gc_fragment *fragment, uint64_t wall_us,
                               struct gc_bytes *whole, uint8_t *protocol, const char **why) GC_MUST_CHECK;

#endif
