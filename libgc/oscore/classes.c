#include "oscore/classes.h"

#include <string.h>

#include "coap/uri.h"
#include "iana/options.h"

static unsigned class_of(uint16_t number)
{
  const struct gc_option_info *info = gc_option_info(number);
  return info ? info->oscore : GC_CLASS_E; /* unknown options are encrypted (RFC 8613, Section 4.1) */
}

bool gc_oscore_is_inner(uint16_t number)
{
  return (class_of(number) & GC_CLASS_E) != 0;
}

bool gc_oscore_is_outer(uint16_t number)
{
  return !gc_oscore_is_inner(number) && number != GC_OPTION_OSCORE;
}

bool gc_oscore_split_proxy_uri(struct gc_bytes uri, struct gc_bytes *outside, struct gc_bytes *path, struct gc_bytes *query)
{
  size_t at = 0;
  while (at + 3 <= uri.len && memcmp(uri.ptr + at, "://", 3) != 0)
    at++;
  if (at + 3 > uri.len)
    return false;
  size_t end = at + 3;
  while (end < uri.len && uri.ptr[end] != '/' && uri.ptr[end] != '?')
    end++;
  size_t mark = end;
  while (mark < uri.len && uri.ptr[mark] != '?')
    mark++;
  *outside = gc_bytes(uri.ptr, end);
  *path = gc_bytes(uri.ptr + end, mark - end);
  *query = mark < uri.len ? gc_bytes(uri.ptr + mark + 1, uri.len - mark - 1) : gc_bytes(NULL, 0);
  return end > at + 3;
}

void gc_oscore_add_inner(struct gc_builder *builder, struct gc_bytes options, bool empty_observe)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  while (gc_option_next(&iter, &option)) {
    struct gc_bytes outside, path, query;
    if (gc_oscore_is_inner(option.number)) {
      gc_builder_add(builder, option.number,
                     empty_observe && option.number == GC_OPTION_OBSERVE ? gc_bytes(NULL, 0) : option.value);
    } else if (option.number == GC_OPTION_PROXY_URI && gc_oscore_split_proxy_uri(option.value, &outside, &path, &query)) {
      gc_uri_add_path(builder, GC_OPTION_URI_PATH, path);
      gc_uri_add_query(builder, GC_OPTION_URI_QUERY, query);
    }
  }
}

void gc_oscore_add_outer(struct gc_builder *builder, struct gc_bytes options, struct gc_bytes oscore_value, uint8_t **value_at)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  bool is_placed = false;
  while (gc_option_next(&iter, &option)) {
    if (option.number != GC_OPTION_OBSERVE && !gc_oscore_is_outer(option.number))
      continue;
    if (!is_placed && option.number > GC_OPTION_OSCORE) {
      gc_builder_add(builder, GC_OPTION_OSCORE, oscore_value);
      *value_at = builder->buf.ptr + builder->buf.len - oscore_value.len;
      is_placed = true;
    }
    struct gc_bytes path, query;
    if (option.number == GC_OPTION_PROXY_URI)
      (void)gc_oscore_split_proxy_uri(option.value, &option.value, &path, &query);
    gc_builder_add(builder, option.number, option.value);
  }
  if (!is_placed) {
    gc_builder_add(builder, GC_OPTION_OSCORE, oscore_value);
    *value_at = builder->buf.ptr + builder->buf.len - oscore_value.len;
  }
}

bool gc_oscore_has_outer(struct gc_bytes options)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  while (gc_option_next(&iter, &option))
    if (gc_oscore_is_outer(option.number))
      return true;
  return false;
}

static bool next_outer(struct gc_option_iter *iter, struct gc_option *option)
{
  while (gc_option_next(iter, option))
    if (gc_oscore_is_outer(option->number))
      return true;
  return false;
}

bool gc_oscore_merge(struct gc_builder *builder, struct gc_bytes inner, struct gc_bytes outer, const uint32_t *observe)
{
  struct gc_option_iter in = gc_option_iter(inner), out = gc_option_iter(outer);
  struct gc_option a, b;
  bool has_a = gc_option_next(&in, &a), has_b = next_outer(&out, &b);
  while (has_a || has_b) {
    if (has_a && (!has_b || a.number <= b.number)) {
      if (observe && a.number == GC_OPTION_OBSERVE)
        gc_builder_add_uint(builder, a.number, *observe);
      else
        gc_builder_add(builder, a.number, a.value);
      has_a = gc_option_next(&in, &a);
    } else {
      gc_builder_add(builder, b.number, b.value);
      has_b = next_outer(&out, &b);
    }
  }
  return builder->err == GC_OK;
}
