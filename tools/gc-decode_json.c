/* JSON: one object a message, with the keys of the CLI contract and what pairing adds. */
#include "common/show.h"
#include "gc-decode.h"

static void json_relation(struct gc_out *out, const char *key, uint64_t n)
{
  if (n)
    gc_json_uint(out, key, n);
}

void decode_json(struct decode_printer *printer, const struct decode_record *record)
{
  struct gc_out *out = printer->out;
  gc_json_object(out, NULL);
  gc_json_uint(out, "n", record->n);
  if (record->has_place) {
    GC_OUT_LITERAL(out, ",\"ts\":");
    gc_out_fixed(out, record->wall_us, 6);
    GC_OUT_LITERAL(out, ",\"src\":\"");
    decode_address(out, &record->from);
    GC_OUT_LITERAL(out, "\",\"dst\":\"");
    decode_address(out, &record->to);
    gc_out_char(out, '"');
  }
  if (record->is_header_read)
    gc_json_message(out, &record->message);
  json_relation(out, "request", record->request);
  json_relation(out, "acknowledges", record->acknowledges);
  json_relation(out, "rejects", record->resets);
  if (record->has_place && (record->request | record->acknowledges | record->resets))
    gc_json_fixed(out, "rtt_ms", record->rtt_us, 3);
  if (record->is_other_address)
    gc_json_bool(out, "other_address", true);
  json_relation(out, "duplicate_of", record->duplicate_of);
  if (record->error) {
    gc_json_str(out, "error", record->error);
    gc_json_uint(out, "offset", record->error_at);
    gc_json_hex(out, "datagram", record->datagram);
  }
  gc_json_uint(out, record->has_place ? "frame" : "line", record->frame);
  if (record->file)
    gc_json_str(out, "file", record->file);
  gc_json_end(out);
  gc_out_flush(out);
}
