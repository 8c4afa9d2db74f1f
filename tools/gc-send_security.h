/* Within gc-send: the security contexts of -g. */
#ifndef GC_TOOLS_GC_SEND_SECURITY_H
#define GC_TOOLS_GC_SEND_SECURITY_H

#include "gc-send.h"

/** gc_client_security_open for the plan's destination; in a dry run with --piv the state file is not touched. */
enum gc_status gc_send_security_open(struct gc_client_security **out, struct gc_send_plan *plan, const struct gc_send *send, char why[static GC_WHY_LEN]);

#endif
