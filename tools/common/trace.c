#include "common/trace.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/show.h"
#include "common/show_address.h"
#include "common/status.h"

struct gc_trace {
  struct gc_out *out;
  bool with_hex;
};

struct gc_trace *gc_trace_new(enum gc_color_when color)
{
  if (gc_diag_level() < 2)
    return NULL;
  struct gc_trace *trace = calloc(1, sizeof *trace);
  if (!trace)
    return NULL;
  trace->out = gc_out_new(STDERR_FILENO, color, false);
  trace->with_hex = gc_diag_level() >= 3;
  if (!trace->out)
    gc_trace_free(&trace);
  return trace;
}

void gc_trace_free(struct gc_trace **trace)
{
  if (!*trace)
    return;
  (void)!gc_out_close(&(*trace)->out); /* talk that could not be said */
  free(*trace);
  *trace = NULL;
}

void gc_trace_message(struct gc_trace *trace, const char *arrow, const struct gc_addr *peer, struct gc_bytes bytes)
{
  char who[GC_ADDR_STR_MAX];
  if (!trace)
    return;
  gc_outf(trace->out, "%s %s ", arrow, gc_show_address(who, peer));
  gc_show_datagram(trace->out, bytes, trace->with_hex);
  gc_out_flush(trace->out);
}
