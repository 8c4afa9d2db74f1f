/* Frames of any link type, several in turn through one reassembler. Input: a byte that chooses the link type, then frames, each
 * after a two-byte length. */
#include <stdlib.h>
#include <string.h>

#include "capture/packet.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const int link_types[] = { 0, 1, 12, 14, 101, 108, 113, 228, 229, 276 };
  struct gc_reassembler *reassembler;
  if (size == 0 || gc_reassembler_new(&reassembler) != GC_OK)
    return 0;
  int link_type = link_types[data[0] % (sizeof link_types / sizeof link_types[0])];
  struct gc_bytes rest = gc_bytes(data + 1, size - 1);
  uint64_t now_us = 0;
  while (rest.len >= 2) {
    size_t len = gc_read_u16(rest.ptr);
    struct gc_bytes frame = gc_bytes_slice(rest, 2, len);
    struct gc_udp_packet packet;
    struct gc_where where = { 0, NULL };
    rest = gc_bytes_slice(rest, 2 + frame.len, SIZE_MAX);
    now_us += frame.len * 100000;
    enum gc_err err = gc_packet_udp(&packet, reassembler, link_type, frame, len, now_us, &where);
    if (err == GC_OK) { /* all of it can be read */
      volatile uint8_t sum = 0;
      for (size_t i = 0; i < packet.payload.len; i++)
        sum = (uint8_t)(sum + packet.payload.ptr[i]);
    } else if (!where.phrase) {
      abort();
    }
  }
  gc_reassembler_free(&reassembler);
  return 0;
}
