#include "coap/cache_key.h"

#include "iana/names.h"
#include "iana/options.h"

bool gc_cache_key_has(uint16_t option_number)
{
  return !gc_option_is_no_cache_key(option_number) && option_number != GC_OPTION_ETAG && option_number != GC_OPTION_OBSERVE;
}

static bool next(struct gc_option_iter *iter, struct gc_option *option)
{
  while (gc_option_next(iter, option))
    if (gc_cache_key_has(option->number))
      return true;
  return false;
}

bool gc_cache_key_equal(const struct gc_message *a, const struct gc_message *b)
{
  struct gc_option_iter iter_a = gc_option_iter(a->options), iter_b = gc_option_iter(b->options);
  struct gc_option x, y;
  bool has_x, has_y;
  if (a->code != b->code)
    return false;
  do {
    has_x = next(&iter_a, &x);
    has_y = next(&iter_b, &y);
    if (has_x != has_y || (has_x && (x.number != y.number || !gc_bytes_equal(x.value, y.value))))
      return false;
  } while (has_x);
  return a->code != GC_CODE_FETCH || gc_bytes_equal(a->payload, b->payload);
}

static uint64_t mix(uint64_t h, uint64_t value, uint64_t key)
{
  h = (h ^ value) * 0xff51afd7ed558ccdULL;
  h ^= h >> 32;
  return h + key;
}

static uint64_t mix_bytes(uint64_t h, struct gc_bytes bytes, uint64_t key)
{
  h = mix(h, bytes.len, key);
  for (size_t i = 0; i < bytes.len; i += 8) {
    uint64_t part = 0;
    for (size_t k = i; k < bytes.len && k < i + 8; k++)
      part = part << 8 | bytes.ptr[k];
    h = mix(h, part, key);
  }
  return h;
}

uint64_t gc_cache_key_hash(const struct gc_message *request, uint64_t key)
{
  struct gc_option_iter iter = gc_option_iter(request->options);
  struct gc_option option;
  uint64_t h = mix(key, request->code, key);
  while (next(&iter, &option))
    h = mix_bytes(mix(h, option.number, key), option.value, key);
  return request->code == GC_CODE_FETCH ? mix_bytes(h, request->payload, key) : h;
}
