/* Captures: frames to datagrams, those that carry CoAP are decoded. */
#include <errno.h>

#include "capture/packet.h"
#include "capture/pcap_reader.h"
#include "gc-decode.h"

enum { COAPS_PORT = 5684 };

struct source {
  struct decode_run *run;
  struct gc_pcap_reader *reader;
  struct gc_reassembler *reassembler;
  const char *file;   /* NULL: the only one */
  int link_type;
};

static void handle(struct source *source, const struct gc_frame *frame)
{
  struct decode_run *run = source->run;
  struct gc_udp_packet packet;
  struct gc_where where = { 0, "" };
  enum gc_err err = gc_packet_udp(&packet, source->reassembler, source->link_type, frame->bytes, frame->wire_len, frame->wall_us, &where);
  bool is_damaged = err == GC_E_TRUNCATED || err == GC_E_MALFORMED;
  if (is_damaged || err == GC_E_LIMIT || err == GC_E_MEMORY)
    gc_info(1, "packet %llu: %s at byte %zu", (unsigned long long)frame->number, where.phrase, where.offset);
  if (err && !is_damaged)
    return;
  bool has_ports = packet.from.port || packet.to.port;
  if (!has_ports || !decode_params_wants(run->params, packet.from.port, packet.to.port, packet.payload)) {
    run->damaged_frames += is_damaged;
    run->dtls += !err && (packet.from.port == COAPS_PORT || packet.to.port == COAPS_PORT);
    return;
  }
  struct decode_record record = { .frame = frame->number, .file = source->file, .has_place = true, .wall_us = frame->wall_us,
                                  .from = packet.from, .to = packet.to, .datagram = packet.payload };
  if (err)
    record.error = where.phrase;
  else if (packet.is_cut)
    record.error = "the capture cut it short (snap length)";
  decode_run_datagram(run, &record);
}

static void read_all(struct source *source, const char *name)
{
  struct decode_run *run = source->run;
  struct gc_frame frame;
  char why[256];
  enum gc_err err = GC_OK;
  while (!run->is_done) {
    err = gc_pcap_reader_next(source->reader, &frame, why);
    if (err == GC_OK)
      handle(source, &frame);
    else if (err != GC_E_TIMEOUT)
      break;
  }
  if (run->is_done || err == GC_E_END)
    return;
  gc_error("%s: %s", name, why);
  run->status = gc_status_max(run->status, err == GC_E_SYSTEM ? GC_STATUS_SYSTEM : GC_STATUS_INPUT);
}

void decode_run_capture(struct decode_run *run, const char *name, bool is_live)
{
  struct source source = { .run = run, .file = run->params->file_count > 1 ? name : NULL };
  char why[256];
  enum gc_err err = gc_pcap_reader_open(&source.reader, name, is_live, why);
  int saved = errno;
  if (!err && run->params->capture_filter) {
    err = gc_pcap_reader_filter(source.reader, run->params->capture_filter, why);
    if (err) {
      gc_pcap_reader_close(&source.reader);
      gc_usage("--capture-filter: %s", why);
    }
  }
  if (err) {
    gc_error("%s: %s", name, why);
    run->status = gc_status_max(run->status, decode_open_status(err, is_live ? 0 : saved));
    return;
  }
  if (gc_reassembler_new(&source.reassembler) != GC_OK) {
    gc_error("out of memory");
    run->status = GC_STATUS_SYSTEM;
  } else {
    source.link_type = gc_pcap_reader_link_type(source.reader);
    decode_interrupts(source.reader);
    if (is_live)
      gc_info(0, "capturing on %s", name);
    read_all(&source, name);
    decode_interrupts(NULL);
    run->incomplete += gc_reassembler_incomplete(source.reassembler);
  }
  gc_reassembler_free(&source.reassembler);
  gc_pcap_reader_close(&source.reader);
}
