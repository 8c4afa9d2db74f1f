/* Messages of application/ace-groupcomm+cbor: read, written, and read the same. */
#ifndef GC_TESTS_FUZZ_GROUPCOMM_ROUND_H
#define GC_TESTS_FUZZ_GROUPCOMM_ROUND_H

#include <stdlib.h>

#include "ace/groupcomm.h"

/** false: not such a message. */
static inline bool groupcomm_round(struct gc_groupcomm *message, struct gc_bytes bytes)
{
  static uint8_t store[1 << 16];
  struct gc_groupcomm again;
  struct gc_where where = { 0, NULL };
  struct gc_buf out = gc_buf(store, sizeof store);
  if (bytes.len > sizeof store / 2)
    return false;
  if (gc_groupcomm_parse(message, bytes, &where)) {
    if (!where.phrase || where.offset > bytes.len)
      abort();
    return false;
  }
  if (gc_groupcomm_write(&out, message) || gc_groupcomm_parse(&again, gc_buf_bytes(&out), NULL) || again.present != message->present)
    abort();
  return true;
}

#endif
