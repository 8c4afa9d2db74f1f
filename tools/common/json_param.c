#include <stdio.h>

#include "cbor/diag.h"
#include "common/show_param.h"

static bool put_piece(void *ctx, struct gc_bytes piece)
{
  gc_json_text_piece(ctx, piece);
  return true;
}

void gc_json_diag(struct gc_out *out, const char *key, struct gc_bytes items)
{
  if (gc_cbor_check(items, GC_CBOR_CHECK_SEQUENCE | GC_CBOR_CHECK_UTF8, NULL)) {
    gc_json_hex(out, key, items);
    return;
  }
  gc_json_text_begin(out, key);
  if (gc_cbor_print(items, put_piece, out, NULL)) { /* (it was checked) */
  }
  gc_json_text_end(out);
}

void gc_json_date(struct gc_out *out, const char *key, const struct gc_numeric_date *date)
{
  char text[40];
  if (!date->is_real) {
    gc_json_int(out, key, date->number);
    return;
  }
  snprintf(text, sizeof text, "\"%s\":%.15g", key, date->real);
  gc_json_comma(out);
  gc_out_str(out, text);
}

void gc_json_unknown(struct gc_out *out, const struct gc_params_unknown *unknown)
{
  if (!unknown->count)
    return;
  gc_json_array(out, "unknown");
  for (size_t i = 0; i < unknown->count && i < GC_PARAMS_UNKNOWN_MAX; i++) {
    struct gc_cbor_reader reader = gc_cbor_reader(unknown->pairs[i]);
    struct gc_bytes key, value;
    if (gc_cbor_read_raw(&reader, &key) || gc_cbor_read_raw(&reader, &value))
      continue;
    gc_json_object(out, NULL);
    gc_json_diag(out, "key", key);
    gc_json_diag(out, "value", value);
    gc_json_end(out);
  }
  gc_json_end(out);
}
