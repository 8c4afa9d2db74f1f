/* Links, and behind a NUL a filter. What is read and written again must read the same. */
#include <stdlib.h>
#include <string.h>

#include "coap/link.h"
#include "fuzz.h"

static uint8_t text[1 << 17], value[1 << 16];

static void copy(struct gc_link_writer *writer, const struct gc_link_value *link)
{
  struct gc_link_param param;
  gc_link_begin(writer, link->target);
  for (struct gc_bytes rest = link->params; gc_link_param_next(&rest, &param);) {
    char name[64];
    struct gc_buf plain = gc_buf(value, sizeof value);
    if (param.name.len >= sizeof name || gc_link_unquote(&plain, &param) != GC_OK)
      continue;
    memcpy(name, param.name.ptr, param.name.len);
    name[param.name.len] = '\0';
    if (!param.has_value)
      gc_link_add_flag(writer, name);
    else
      gc_link_add(writer, name, gc_buf_bytes(&plain));
    if (param.has_value && gc_link_param_has(&param, gc_buf_bytes(&plain)) == false && !memchr(value, ' ', plain.len ? plain.len : 1))
      abort(); /* a value equals itself */
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
  struct gc_bytes links = gc_bytes(data, nul ? (size_t)(nul - data) : size);
  struct gc_link_filter filter = gc_link_filter(gc_bytes_slice(gc_bytes(data, size), links.len + 1, SIZE_MAX));
  struct gc_link_reader reader = gc_link_reader(links);
  struct gc_buf out = gc_buf(text, sizeof text);
  struct gc_link_writer writer = gc_link_writer(&out);
  struct gc_link_value link, again;
  struct gc_where where = { 0, NULL };
  size_t count = 0;
  enum gc_err err;
  for (; (err = gc_link_next(&reader, &link, &where)) == GC_OK; count++) {
    (void)gc_link_matches(&link, &filter);
    copy(&writer, &link);
  }
  if (err != GC_E_END && (!where.phrase || where.offset > links.len))
    abort();
  if (gc_link_finish(&writer) != GC_OK)
    return 0; /* blanks in a target, control characters in a value: read leniently, never written */
  reader = gc_link_reader(gc_buf_bytes(&out));
  for (; gc_link_next(&reader, &again, NULL) == GC_OK; count--)
    ;
  if (count != 0)
    abort();
  return 0;
}
