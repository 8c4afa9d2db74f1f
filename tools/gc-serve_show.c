#include "gc-serve.h"

#include <string.h>

#include "common/show.h"
#include "iana/options.h"

/* "/light?x=1" of a request, printable. */
static void put_path(struct gc_buf *out, const struct gc_message *request)
{
  struct gc_option_iter iter = gc_option_iter(request->options);
  struct gc_option option;
  bool has_path = false, has_query = false;
  while (gc_option_next(&iter, &option)) {
    if (option.number != GC_OPTION_URI_PATH && option.number != GC_OPTION_URI_QUERY)
      continue;
    const char *separator = option.number == GC_OPTION_URI_PATH ? "/" : has_query ? "&" : "?";
    has_path |= option.number == GC_OPTION_URI_PATH;
    has_query |= option.number == GC_OPTION_URI_QUERY;
    if (gc_buf_add(out, gc_bytes_str(separator)) || gc_buf_add(out, option.value))
      return; /* cut: enough to see what it is */
  }
  if (!has_path && !has_query)
    (void)!gc_buf_add_u8(out, '/');
}

static void show_json(struct gc_out *out, const struct gc_server_trace *trace, struct gc_bytes path)
{
  char text[GC_ADDR_STR_MAX];
  gc_json_object(out, NULL);
  gc_json_str(out, "event", strcmp(trace->phrase, "notified") == 0 || strncmp(trace->phrase, "group ", 6) == 0 ? "notification" : trace->request ? "request" : "malformed");
  gc_json_str(out, "member", gc_addr_format(text, gc_member_address(trace->member)));
  gc_json_str(out, "from", gc_addr_format(text, &trace->from));
  gc_json_str(out, "to", gc_addr_format(text, &trace->to));
  gc_json_bool(out, "multicast", gc_addr_is_multicast(&trace->to));
  if (trace->request) {
    gc_json_str(out, "method", gc_show_code(trace->request->code));
    gc_json_text(out, "path", path);
    gc_json_hex(out, "token", trace->request->token);
    gc_json_uint(out, "payload_len", trace->request->payload.len);
  }
  if (trace->code != 0) {
    gc_json_str(out, "code", gc_show_code(trace->code));
    gc_json_uint(out, "answer_len", trace->answer_len);
    gc_json_uint(out, "delay_ms", trace->delay_ms);
  }
  gc_json_str(out, "outcome", trace->phrase);
  gc_json_end(out);
  gc_out_flush(out);
}

void gc_serve_show(struct gc_out *out, const struct gc_serve_params *params, const struct gc_server_trace *trace)
{
  uint8_t path_store[512];
  struct gc_buf path = gc_buf(path_store, sizeof path_store);
  if (trace->request)
    put_path(&path, trace->request);
  if (params->common.json)
    show_json(out, trace, gc_buf_bytes(&path));
  if (gc_diag_level() < 1)
    return;
  char member[GC_ADDR_STR_MAX], from[GC_ADDR_STR_MAX];
  gc_addr_format(member, gc_member_address(trace->member));
  gc_addr_format(from, &trace->from);
  const char *way = gc_addr_is_multicast(&trace->to) ? " (group)" : "";
  if (!trace->request)
    gc_info(1, "%s: from %s%s: %s", member, from, way, trace->phrase);
  else if (trace->code == 0)
    gc_info(1, "%s: %s %.*s from %s%s: %s", member, gc_show_code(trace->request->code), (int)path.len, (const char *)path.ptr, from, way,
            trace->phrase);
  else
    gc_info(1, "%s: %s %.*s from %s%s: %s %u.%02u, %zu bytes, after %llu ms", member, gc_show_code(trace->request->code), (int)path.len,
            (const char *)path.ptr, from, way, trace->phrase, GC_CODE_CLASS(trace->code), GC_CODE_DETAIL(trace->code), trace->answer_len,
            (unsigned long long)trace->delay_ms);
}

void gc_serve_show_datagram(struct gc_out *out, const char *arrow, const struct gc_addr *own, const struct gc_addr *peer,
                            struct gc_bytes bytes, bool hex)
{
  char own_text[GC_ADDR_STR_MAX], peer_text[GC_ADDR_STR_MAX];
  gc_outf(out, "%s %s %s ", gc_addr_format(own_text, own), arrow, gc_addr_format(peer_text, peer));
  gc_show_datagram(out, bytes, hex);
  gc_out_flush(out);
}
