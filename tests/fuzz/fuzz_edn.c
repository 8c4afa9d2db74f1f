/* Diagnostic notation as a person types it. What is accepted must be CBOR that prints and parses to itself. */
#include <stdlib.h>

#include "cbor/diag.h"
#include "cbor/reader.h"
#include "fuzz.h"

static uint8_t store[2][1 << 16], text[1 << 18];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct gc_where where = { 0, NULL };
  struct gc_buf out = gc_buf(store[0], sizeof store[0]), diag = gc_buf(text, sizeof text), again = gc_buf(store[1], sizeof store[1]);
  if (gc_cbor_from_diag(&out, gc_bytes(data, size), &where) != GC_OK) {
    if (!where.phrase || where.offset > size || out.len != 0)
      abort();
    return 0;
  }
  if (gc_cbor_check(gc_buf_bytes(&out), GC_CBOR_CHECK_SEQUENCE | GC_CBOR_CHECK_UTF8, &where) != GC_OK)
    abort();
  if (gc_cbor_to_diag(&diag, gc_buf_bytes(&out), NULL) != GC_OK)
    return 0; /* too long for the buffer here */
  if (gc_cbor_from_diag(&again, gc_buf_bytes(&diag), &where) != GC_OK || !gc_bytes_equal(gc_buf_bytes(&again), gc_buf_bytes(&out)))
    abort();
  return 0;
}
