/* The value of an OSCORE option, current and draft -02: what is accepted encodes to the same bytes. */
#include <stdlib.h>

#include "fuzz.h"
#include "oscore/option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const size_t signature_lens[] = { 0, 64, 114 };
  for (size_t i = 0; i < sizeof signature_lens / sizeof signature_lens[0]; i++) {
    struct gc_oscore_option option;
    struct gc_where where = { 0, NULL };
    struct gc_bytes value = gc_bytes(data, size > GC_OSCORE_OPTION_MAX_LEN ? GC_OSCORE_OPTION_MAX_LEN : size);
    if (gc_oscore_option_parse(&option, value, signature_lens[i], &where)) {
      if (!where.phrase || where.offset > value.len)
        abort();
      continue;
    }
    uint8_t store[GC_OSCORE_OPTION_MAX_LEN];
    struct gc_buf out = gc_buf(store, sizeof store);
    if (gc_oscore_option_encode(&out, &option) || !gc_bytes_equal(gc_buf_bytes(&out), value))
      abort();
    if (option.piv.len && gc_oscore_piv_decode(option.piv) > GC_PIV_MAX)
      abort();
  }
  return 0;
}
