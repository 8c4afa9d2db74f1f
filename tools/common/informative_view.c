#include "common/informative_view.h"

#include <stdlib.h>

#include "cbor/writer.h"
#include "common/show.h"
#include "common/show_param.h"
#include "iana/names.h"
#include "observe/phantom.h"

/* How often a damaged map is cut and read again: what is wrong with it may lie further in front than it showed. */
enum { TRIES = 4, HEAD_MAX = 9 };

/* The pairs that end at or before `limit`: their number, and where they begin and end. */
static size_t count_pairs(struct gc_bytes payload, size_t limit, size_t *begin, size_t *end)
{
  struct gc_cbor_reader reader = gc_cbor_reader(payload);
  struct gc_cbor_item head;
  size_t pairs = 0;
  *begin = *end = 0;
  if (gc_cbor_next(&reader, &head) || head.type != GC_CBOR_MAP)
    return 0;
  struct gc_cbor_list list = { head.number, head.is_indefinite }; /* of a map cut short: more than there is */
  *begin = *end = reader.pos;
  while (gc_cbor_list_next(&reader, &list) && !gc_cbor_skip(&reader) && !gc_cbor_skip(&reader) && reader.pos <= limit) {
    pairs++;
    *end = reader.pos;
  }
  return pairs;
}

/* A map of the pairs in front of the damage. */
static bool read_front(struct gc_informative_view *view, struct gc_bytes payload, size_t *limit)
{
  size_t begin, end;
  struct gc_where where = { 0, NULL };
  size_t pairs = count_pairs(payload, *limit, &begin, &end);
  struct gc_buf out = gc_buf(view->owned, payload.len + HEAD_MAX);
  struct gc_cbor_writer writer = gc_cbor_writer(&out);
  gc_cbor_map(&writer, pairs);
  size_t head = out.len;
  gc_cbor_raw(&writer, gc_bytes_slice(payload, begin, end - begin));
  if (!pairs || gc_cbor_finish(&writer))
    return true;
  if (!gc_informative_parse(&view->response, gc_buf_bytes(&out), GC_OMN_CURRENT, &where))
    return true;
  *limit = begin + (where.offset > head ? where.offset - head : 0);
  return false;
}

void gc_informative_view_read(struct gc_informative_view *view, struct gc_bytes payload)
{
  struct gc_where where = { 0, NULL };
  *view = (struct gc_informative_view){ .error = NULL };
  if (!gc_informative_parse(&view->response, payload, GC_OMN_CURRENT, &where))
    return;
  view->error = where.phrase ? where.phrase : "malformed";
  view->error_at = where.offset;
  view->owned = malloc(payload.len + HEAD_MAX);
  size_t limit = where.offset;
  for (int i = 0; view->owned && i < TRIES; i++)
    if (read_front(view, payload, &limit))
      break;
}

void gc_informative_view_free(struct gc_informative_view *view)
{
  free(view->owned);
  view->owned = NULL;
}

bool gc_informative_is_in(const struct gc_message *message)
{
  return gc_show_content_format(message->options) == gc_format_informative_response();
}

bool gc_informative_view_message(struct gc_message *out, struct gc_bytes bytes, bool is_request, const char **fault)
{
  struct gc_where where = { 0, NULL };
  struct gc_message message = { .version = 1, .type = GC_TYPE_NON };
  enum gc_err err = is_request ? gc_phantom_read(out, gc_bytes(NULL, 0), bytes, &where)
                               : gc_last_notif_read(out, gc_bytes(NULL, 0), bytes, &where);
  *fault = err ? where.phrase : NULL;
  if (!err)
    return true;
  if (bytes.len == 0 || gc_options_split(&message.options, &message.payload, gc_bytes_slice(bytes, 1, SIZE_MAX), 1, NULL))
    return false;
  message.code = bytes.ptr[0];
  *out = message;
  return true;
}

const char *gc_informative_meaning(const struct gc_param *param, const void *value)
{
  const struct gc_int_or_text *name = value;
  if (param->type == GC_PARAM_INT)
    return gc_param_meaning(param->name, *(const int64_t *)value);
  return param->type == GC_PARAM_INT_OR_TEXT && !name->is_text ? gc_param_meaning(param->name, name->number) : NULL;
}

const char *gc_informative_form(enum gc_tp_form form)
{
  static const char *const names[] = { "flat", "nested", "05", "05-untagged" };
  return names[form];
}
