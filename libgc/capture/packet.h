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

struct gc_reassembler;       /* IP fragments waiting for their siblings; bounded */
enum gc_err gc_reassembler_new(struct gc_reassembler **out) GC_MUST_CHECK;
void gc_reassembler_free(struct gc_reassembler **reassembler);

/** Is this DLT_ / LINKTYPE_ number understood? Ethernet (VLAN tags too), Linux cooked v1 and v2, raw IP, BSD loopback. */
bool gc_packet_link_type_known(int link_type);

/**
 * @param wire_len length on the wire, bytes (frame.len may be less)
 * @return GC_OK; GC_E_NOT_FOUND: no UDP in it (ARP, TCP …); GC_E_STATE: a fragment, kept until the rest is there;
 *         GC_E_TRUNCATED, GC_E_MALFORMED: where says what; GC_E_UNSUPPORTED: link type; GC_E_LIMIT: too many fragments, oldest dropped
 */
enum gc_err gc_packet_udp(struct gc_udp_packet *out, struct gc_reassembler *reassembler, int link_type, struct gc_bytes frame,
                          size_t wire_len, uint64_t wall_us, struct gc_where *where) GC_MUST_CHECK;

#endif
