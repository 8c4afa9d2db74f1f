/* gc-decode's own parts: a filter (up to the first line feed), then datagrams, each after its length and three bytes that choose
 * the endpoints; paired, filtered, printed as text and as JSON; informative responses among them are learned from, messages of ACE
 * explained. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "gc-decode_ace.h"
#include "gc-decode_phantom.h"

static void check_text(struct gc_bytes text)
{
  for (size_t i = 0; i < text.len; i++)
    if (text.ptr[i] < 0x20 && text.ptr[i] != '\n')
      abort(); /* would reach a terminal */
}

static void check_json(struct gc_bytes text)
{
  if (text.len && (text.len < 3 || text.ptr[text.len - 1] != '\n' || memchr(text.ptr, '\n', text.len - 1)))
    abort(); /* one line an object */
}

static void each_datagram(struct gc_bytes rest, struct decode_run *run)
{
  for (uint64_t n = 1; rest.len >= 5; n++) {
    struct decode_record record = { .frame = n, .has_place = rest.ptr[0] & 0x80, .wall_us = n * 1000,
                                    .from = gc_addr_ipv4(10, 0, 0, rest.ptr[1], 5683), .to = gc_addr_ipv4(rest.ptr[2], 0, 0, 1, 5683) };
    size_t len = (size_t)(rest.ptr[3] & 3) << 8 | rest.ptr[4];
    record.datagram = gc_bytes_slice(rest, 5, len);
    rest = gc_bytes_slice(rest, 5 + record.datagram.len, SIZE_MAX);
    run->printer.time = (enum decode_time)(n % 3);
    decode_run_datagram(run, &record);
    (run->params->common.json ? check_json : check_text)(gc_out_content(run->printer.out));
    gc_out_reset(run->printer.out);
  }
}

/* A line a message, the tree with hex, JSON. */
static void each_form(struct gc_bytes datagrams, struct decode_filter *filter, struct decode_match *match)
{
  for (int form = 0; form < 3; form++) {
    const struct decode_params params = { .jobs = 1, .filter = filter, .common.json = form == 2, .common.verbose = form == 1 ? 3 : 0 };
    struct decode_run run = { .params = &params, .match = match, .printer = { .verbose = params.common.verbose } };
    run.printer.out = gc_out_new(-1, GC_COLOR_NEVER, false);
    if (run.printer.out)
      each_datagram(datagrams, &run);
    gc_out_close(&run.printer.out);
    decode_secure_free(&run.secure);
    decode_phantoms_free(&run.phantoms);
    free(run.parts_storage);
    decode_ace_end(&run);
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
  if (end && match)
    each_form(gc_bytes(end + 1, size - len - 1), filter, match);
  decode_filter_free(&filter);
  return 0;
}
