#include "coap/observe.h"

bool gc_observe_is_newer(uint32_t v1, uint64_t t1_ms, uint32_t v2, uint64_t t2_ms)
{
  const uint32_t half = 1u << 23;
  v1 &= GC_OBSERVE_MASK;
  v2 &= GC_OBSERVE_MASK;
  return (v1 < v2 && v2 - v1 < half) || (v1 > v2 && v1 - v2 > half) || (t2_ms > t1_ms && t2_ms - t1_ms > GC_OBSERVE_AGE_LIMIT_MS);
}
