/* Reading pcap and pcapng files, pipes and live interfaces, through libpcap. */
#ifndef GC_CAPTURE_PCAP_READER_H
#define GC_CAPTURE_PCAP_READER_H

#include <stdio.h>

#include "base/bytes.h"

struct gc_pcap_reader;

struct gc_frame {
  struct gc_bytes bytes;   /* borrowed until the next call */
  size_t wire_len;
  uint64_t wall_us;
  uint64_t number;         /* 1, 2, … in the capture */
};

/** Open a file ("-": standard input) or, with live, an interface. On an error `why` (256 bytes) says it.
 *  @return GC_OK; GC_E_MALFORMED: no capture; GC_E_UNSUPPORTED: link type, compressed; GC_E_SYSTEM (errno) */
enum gc_err gc_pcap_reader_open(struct gc_pcap_reader **out, const char *name, bool live, char why[static 256]) GC_MUST_CHECK;

/** The same for an open stream, which is the reader's from now on and closed on an error too. */
enum gc_err gc_pcap_reader_open_stream(struct gc_pcap_reader **out, FILE *file, char why[static 256]) GC_MUST_CHECK;

/** A capture filter in libpcap's language. GC_E_MALFORMED, why filled */
enum gc_err gc_pcap_reader_filter(struct gc_pcap_reader *reader, const char *filter, char why[static 256]) GC_MUST_CHECK;

int gc_pcap_reader_link_type(const struct gc_pcap_reader *reader);

/** @return GC_OK; GC_E_END; GC_E_TRUNCATED or GC_E_MALFORMED: the file lies or ends early; GC_E_UNSUPPORTED: a second link
 *          type in one file; GC_E_SYSTEM: the interface failed: why filled, it names the packet; GC_E_TIMEOUT: live, nothing came */
enum gc_err gc_pcap_reader_next(struct gc_pcap_reader *reader, struct gc_frame *out, char why[static 256]) GC_MUST_CHECK;

/** Make a blocking gc_pcap_reader_next return GC_E_END soon; safe in a signal handler (without SA_RESTART). */
void gc_pcap_reader_interrupt(struct gc_pcap_reader *reader);
void gc_pcap_reader_close(struct gc_pcap_reader **reader);

/** "libpcap version 1.10.3 (…)": the one this program runs with. */
const char *gc_pcap_library(void);

#endif
