/* From a captured frame to a UDP datagram: link layers, IPv4 and IPv6 with extension headers, fragments. No I/O. */
#ifndef GC_CAPTURE_PACKET_H
#define GC_CAPTURE_PACKET_H

#include "base/addr.h"

/** A UDP datagram found in a frame. Payload is borrowed: from the frame, or from the reassembler until its next call. */
struct gc_udp_packet {
  struct gc_addr from, to;
  struct gc_bytes payload;
  bool is_cut;               /* the capture holds less than the wire did (snap length) */
};

/** Bounds of reassembly. */
#define GC_REASSEMBLER_DATAGRAMS 32   /* that wait at a time; one more pushes the oldest out */
#define GC_REASSEMBLER_FRAGMENTS 256  /* of one datagram */
#define GC_REASSEMBLER_TIMEOUT_S 60   /* since the first fragment seen (RFC 8200, Section 4.5) */

struct gc_reassembler;       /* IP fragments waiting for their siblings; bounded */
enum gc_err gc_reassembler_new(struct gc_reassembler **out) GC_MUST_CHECK;
void gc_reassembler_free(struct gc_reassembler **reassembler);

/** How many datagrams never became whole: pushed out, too late, refused, or still waiting. */
uint64_t gc_reassembler_incomplete(const struct gc_reassembler *reassembler);

/** Is this DLT_ / LINKTYPE_ number understood? Ethernet (VLAN tags too), Linux cooked v1 and v2, raw IP, BSD loopback. */
bool gc_packet_link_type_known(int link_type);

/**
 * Checksums are not looked at: a capture on the sending host sees them before the hardware fills them in.
 * @param[out] out on GC_E_TRUNCATED and GC_E_MALFORMED what was read before the damage: from.family is 0 where there are
 *             no addresses yet, both ports are 0 where the UDP header was not reached
 * @param reassembler NULL: fragments are not put together (each is GC_E_STATE)
 * @param wire_len length on the wire, bytes (frame.len may be less)
 * @param wall_us  when it was captured; ages the waiting fragments
 * @param[out] where offset counts from the start of the frame; in a reassembled datagram, from the start of its IP payload
 * @return GC_OK; GC_E_NOT_FOUND: no UDP in it (ARP, TCP …); GC_E_STATE: a fragment, kept until the rest is there;
 *         GC_E_TRUNCATED: the frame ends inside a header, or a fragment was cut by the snap length;
 *         GC_E_MALFORMED: a header lies, or fragments overlap (then the whole datagram is refused: RFC 5722);
 *         GC_E_UNSUPPORTED: link type, jumbogram; GC_E_LIMIT: a fragment, kept, and the oldest datagram was dropped for it,
 *         or its datagram was dropped for having too many
 */
enum gc_err gc_packet_udp(struct gc_udp_packet *out, struct gc_reassembler *reassembler, int link_type, struct gc_bytes frame,
                          size_t wire_len, uint64_t wall_us, struct gc_where *where) GC_MUST_CHECK;

#endif
