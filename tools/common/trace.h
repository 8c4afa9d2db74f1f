/* -vv: every message that is sent or received, a line on stderr; -vvv: with its bytes. */
#ifndef GC_TOOLS_TRACE_H
#define GC_TOOLS_TRACE_H

#include "base/addr.h"
#include "common/out.h"

struct gc_trace;

/** NULL: nothing is wanted (or no memory), which every function takes. */
struct gc_trace *gc_trace_new(enum gc_color_when color);
void gc_trace_free(struct gc_trace **trace);

/** "> 192.0.2.1:5683 NON GET …" */
void gc_trace_message(struct gc_trace *trace, const char *arrow, const struct gc_addr *peer, struct gc_bytes bytes);

#endif
