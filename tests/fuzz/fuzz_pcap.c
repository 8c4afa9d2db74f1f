/* Capture files as a whole: pcap and pcapng through the reader, frames to datagrams to messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/packet.h"
#include "capture/pcap_reader.h"
#include "coap/message.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct gc_pcap_reader *reader;
  struct gc_reassembler *reassembler;
  struct gc_frame frame;
  char why[256] = "";
  if (size == 0 || gc_reassembler_new(&reassembler) != GC_OK)
    return 0;
  char *copy = malloc(size);
  memcpy(copy, data, size);
  FILE *file = fmemopen(copy, size, "rb");
  if (file && gc_pcap_reader_open_stream(&reader, file, why) == GC_OK) {
    int link_type = gc_pcap_reader_link_type(reader);
    enum gc_err err;
    while ((err = gc_pcap_reader_next(reader, &frame, why)) == GC_OK) {
      struct gc_udp_packet packet;
      struct gc_message message;
      if (gc_packet_udp(&packet, reassembler, link_type, frame.bytes, frame.wire_len, frame.wall_us, NULL) == GC_OK)
        (void)!gc_message_parse(&message, packet.payload, NULL);
    }
    if (err != GC_E_END && !why[0])
      abort();
    gc_pcap_reader_close(&reader);
  }
  gc_reassembler_free(&reassembler);
  free(copy);
  return 0;
}
