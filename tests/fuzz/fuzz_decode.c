/* gc-decode's own parts: a filter (up to the first line feed), then datagrams, each after its length and three bytes that choose
 * the endpoints; paired, filtered, printed as text and as JSON. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "gc-decode.h"

static void each_datagram(struct gc_bytes rest, const struct decode_filter *filter, struct decode_match *match, struct gc_out *out)
{
  for (uint64_t n = 1; rest.len >= 5; n++) {
    struct decode_record record = { .n = n, .frame = n, .has_place = rest.ptr[0] & 0x80, .wall_us = n * 1000,
                                    .from = gc_addr_ipv4(10, 0, 0, rest.ptr[1], 5683), .to = gc_addr_ipv4(rest.ptr[2], 0, 0, 1, 5683) };
    struct gc_where where = { 0, NULL };
    size_t len = (size_t)(rest.ptr[3] & 3) << 8 | rest.ptr[4];
    record.datagram = gc_bytes_slice(rest, 5, len);
    rest = gc_bytes_slice(rest, 5 + record.datagram.len, SIZE_MAX);
    if (gc_message_parse(&record.message, record.datagram, &where) != GC_OK) {
      record.error = where.phrase;
      record.error_at = where.offset;
    }
    record.is_header_read = record.datagram.len >= 4 && record.message.version == 1;
    decode_match_add(match, &record);
    if (filter && !decode_filter_matches(filter, &record))
      continue;
    for (int verbose = 0; verbose < 4; verbose += 3)
      decode_print(&(struct decode_printer){ .out = out, .verbose = verbose, .time = (enum decode_time)(n % 3) }, &record);
    struct gc_bytes text = gc_out_content(out);
    for (size_t i = 0; i < text.len; i++)
      if (text.ptr[i] < 0x20 && text.ptr[i] != '\n')
        abort(); /* would reach a terminal */
    gc_out_reset(out);
    decode_json(&(struct decode_printer){ .out = out }, &record);
    text = gc_out_content(out);
    if (text.len < 2 || text.ptr[text.len - 1] != '\n' || memchr(text.ptr, '\n', text.len - 1))
      abort(); /* one line an object */
    gc_out_reset(out);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char text[512], why[256];
  const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
  size_t len = end ? (size_t)(end - data) : size;
  if (len >= sizeof text)
    return 0;
  memcpy(text, data, len);
  text[len] = '\0';
  struct decode_filter *filter = decode_filter_parse(text, why);
  if (!filter && !why[0])
    abort();
  static struct decode_match *match; /* kept: it is large, and any state of it must be good */
  if (!match)
    match = decode_match_new();
  struct gc_out *out = gc_out_new(-1, GC_COLOR_NEVER, false);
  if (end && match && out)
    each_datagram(gc_bytes(end + 1, size - len - 1), filter, match, out);
  gc_out_close(&out);
  decode_filter_free(&filter);
  return 0;
}
