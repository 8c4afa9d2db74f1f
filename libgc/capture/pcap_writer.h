/* Writing what a tool sends and receives as a pcap file (link type RAW: IP packets), without root and without libpcap. */
#ifndef GC_CAPTURE_PCAP_WRITER_H
#define GC_CAPTURE_PCAP_WRITER_H

#include "base/addr.h"

struct gc_pcap_writer;

/** Create or overwrite `path` ("-": standard output). GC_E_SYSTEM (errno); GC_E_MEMORY */
enum gc_err gc_pcap_writer_open(struct gc_pcap_writer **out, const char *path) GC_MUST_CHECK;

/** One UDP datagram with IPv4 or IPv6 and UDP headers made for it, checksums right; flushed. wall_us: CLOCK_REALTIME.
 *  GC_E_RANGE: of two families, or too long for a datagram; GC_E_SYSTEM (errno): from then on nothing more is written */
enum gc_err gc_pcap_writer_udp(struct gc_pcap_writer *writer, const struct gc_addr *from, const struct gc_addr *to,
                               struct gc_bytes payload, uint64_t wall_us) GC_MUST_CHECK;

/** Close and report a write that failed on the way (disk full). Sets *writer NULL. GC_E_SYSTEM (errno) */
enum gc_err gc_pcap_writer_close(struct gc_pcap_writer **writer) GC_MUST_CHECK;

#endif
