/* /.well-known/core/mc-sender?token=HEX: what a Token in multicast notifications of this member stands for
 * (draft-ietf-core-observe-multicast-notifications, Appendix A.2). */
#include <string.h>

#include "base/hex.h"
#include "group/server_group.h"

/* The only query parameter there may be, and its value is a Token. */
static bool read_token(const struct gc_message *message, struct gc_buf *token)
{
  static const char name[] = "token=";
  struct gc_option_iter iter = gc_option_iter(message->options);
  struct gc_option option;
  bool is_found = false;
  while (gc_option_next(&iter, &option)) {
    if (option.number != GC_OPTION_URI_QUERY)
      continue;
    const struct gc_bytes hex = gc_bytes_slice(option.value, sizeof name - 1, SIZE_MAX);
    if (is_found || option.value.len < sizeof name || memcmp(option.value.ptr, name, sizeof name - 1) != 0 || 
        gc_hex_decode(token, (const char *)hex.ptr, hex.len, NULL))
      return false;
    is_found = true;
  }
  return is_found;
}

static const struct gc_group_source *find(const struct gc_member *member, struct gc_bytes token, const struct gc_addr *local)
{
  const struct gc_group_source *source = member->sources;
  while (source && !(gc_bytes_equal(gc_group_token(source), token) && gc_addr_equal(&source->local, local)))
    source = source->next;
  return source;
}

enum gc_err gc_server_introspect(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  uint8_t store[GC_TOKEN_MAX_LEN];
  struct gc_buf token = gc_buf(store, sizeof store);
  struct gc_informative described;
  const bool has_token = read_token(request->message, &token);
  const struct gc_group_source *source = has_token ? find(request->member, gc_buf_bytes(&token), &request->to) : NULL;
  if (!source) {
    response->code = has_token ? GC_CODE_NOT_FOUND : GC_CODE_BAD_REQUEST;
    response->content_format = -1;
    return gc_buf_add(&response->body, gc_bytes_str(has_token ? "no such token" : "token=HEX is asked for"));
  }
  /* what may be seen on the multicast channel anyway: never the keys */
  gc_group_describe(source, &described);
  response->max_age_s = 0;
  return gc_informative_write(&response->body, &described);
}
