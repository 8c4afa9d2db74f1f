/* CBOR from a peer: walked, printed, and read back from what was printed. */
#include <stdlib.h>
#include <string.h>

#include "cbor/diag.h"
#include "cbor/reader.h"
#include "fuzz.h"

static uint8_t text[1 << 18], back[1 << 17];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct gc_bytes bytes = gc_bytes(data, size);
  struct gc_where where = { 0, NULL };
  struct gc_buf diag = gc_buf(text, sizeof text), again = gc_buf(back, sizeof back);
  const enum gc_err err = gc_cbor_check(bytes, GC_CBOR_CHECK_SEQUENCE | GC_CBOR_CHECK_UTF8, &where);
  if (err && (!where.phrase || where.offset > size))
    abort();
  struct gc_cbor_reader reader = gc_cbor_reader(bytes);
  struct gc_cbor_item item;
  while (gc_cbor_next(&reader, &item) == GC_OK) /* heads alone end too */
    ;
  const enum gc_err printed = gc_cbor_to_diag(&diag, bytes, NULL);
  if (printed != GC_E_SPACE && printed != err)
    abort();
  if (printed || size == 0 || size > 10000)
    return 0;
  if (gc_cbor_from_diag(&again, gc_buf_bytes(&diag), &where) != GC_OK)
    abort();
  if (!memmem(diag.ptr, diag.len, "NaN", 3) && !gc_bytes_equal(gc_buf_bytes(&again), bytes))
    abort();
  (void)!gc_cbor_check(bytes, GC_CBOR_CHECK_SEQUENCE | GC_CBOR_CHECK_DETERMINISTIC, NULL);
  return 0;
}
