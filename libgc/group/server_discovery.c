#include "group/server_internal.h"

#include <stdio.h>
#include <string.h>

/* A value of a filter: exact, or with a trailing * as a prefix (RFC 6690, Section 4.1). */
static bool value_matches(struct gc_bytes value, struct gc_bytes filter)
{
  if (filter.len > 0 && filter.ptr[filter.len - 1] == '*')
    return value.len >= filter.len - 1 && memcmp(value.ptr, filter.ptr, filter.len - 1) == 0;
  return gc_bytes_equal(value, filter);
}

/* A blank-separated list matches where one of its items does. */
static bool list_matches(const char *list, struct gc_bytes filter)
{
  while (list && *list) {
    size_t len = strcspn(list, " ");
    if (len > 0 && value_matches(gc_bytes(list, len), filter))
      return true;
    list += len + (list[len] == ' ');
  }
  return false;
}

static bool number_matches(uint64_t number, struct gc_bytes filter)
{
  char text[24];
  int len = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
  return value_matches(gc_bytes(text, (size_t)len), filter);
}

static bool link_matches(const struct gc_link *link, struct gc_bytes query)
{
  const uint8_t *equals = query.len > 0 ? memchr(query.ptr, '=', query.len) : NULL;
  const size_t name_len = equals ? (size_t)(equals - query.ptr) : query.len;
  const struct gc_bytes name = gc_bytes(query.ptr, name_len);
  const struct gc_bytes filter = equals ? gc_bytes(equals + 1, query.len - name_len - 1) : gc_bytes(NULL, 0);
  if (gc_bytes_equal(name, gc_bytes_str("obs")))
    return link->is_observable && filter.len == 0;
  if (!equals)
    return false;
  if (gc_bytes_equal(name, gc_bytes_str("href")))
    return value_matches(gc_bytes_str(link->target), filter);
  if (gc_bytes_equal(name, gc_bytes_str("rt")))
    return list_matches(link->rt, filter);
  if (gc_bytes_equal(name, gc_bytes_str("if")))
    return list_matches(link->ifdesc, filter);
  if (gc_bytes_equal(name, gc_bytes_str("title")))
    return link->title && value_matches(gc_bytes_str(link->title), filter);
  if (gc_bytes_equal(name, gc_bytes_str("ct")))
    return link->content_format >= 0 && number_matches((uint64_t)link->content_format, filter);
  if (gc_bytes_equal(name, gc_bytes_str("sz")))
    return link->size > 0 && number_matches(link->size, filter);
  return false;
}

static bool is_asked_for(const struct gc_link *link, struct gc_bytes options)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  while (gc_option_next(&iter, &option))
    if (option.number == GC_OPTION_URI_QUERY && !link_matches(link, option.value))
      return false;
  return true;
}

static enum gc_err add(struct gc_buf *out, const char *text)
{
  return gc_buf_add(out, gc_bytes_str(text));
}

static enum gc_err add_quoted(struct gc_buf *out, const char *name, const char *value)
{
  enum gc_err err = add(out, name);
  err = err ? err : gc_buf_add_u8(out, '"');
  for (; value && *value && !err; value++) {
    if (*value == '"' || *value == '\\')
      err = gc_buf_add_u8(out, '\\');
    err = err ? err : gc_buf_add_u8(out, (uint8_t)*value);
  }
  return err ? err : gc_buf_add_u8(out, '"');
}

/* A path may hold what a URI may not: percent-encode it (RFC 3986, Section 3.3). An absolute target is a URI already. */
static enum gc_err add_target(struct gc_buf *out, const char *target)
{
  static const char unescaped[] = "-._~!$&'()*+,;=:@/";
  if (target[0] != '/')
    return add(out, target);
  enum gc_err err = GC_OK;
  for (const char *p = target; *p && !err; p++) {
    const unsigned char c = (unsigned char)*p;
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr(unescaped, c)) {
      err = gc_buf_add_u8(out, c);
    } else {
      char text[4];
      snprintf(text, sizeof text, "%%%02X", c);
      err = add(out, text);
    }
  }
  return err;
}

static enum gc_err add_link(struct gc_buf *out, const struct gc_link *link)
{
  char text[40];
  enum gc_err err = out->len > 0 ? add(out, ",<") : add(out, "<");
  err = err ? err : add_target(out, link->target);
  err = err ? err : gc_buf_add_u8(out, '>');
  if (link->rt && !err)
    err = add_quoted(out, ";rt=", link->rt);
  if (link->ifdesc && !err)
    err = add_quoted(out, ";if=", link->ifdesc);
  if (link->title && !err)
    err = add_quoted(out, ";title=", link->title);
  if (link->content_format >= 0 && !err) {
    snprintf(text, sizeof text, ";ct=%ld", (long)link->content_format);
    err = add(out, text);
  }
  if (link->size > 0 && !err) {
    snprintf(text, sizeof text, ";sz=%llu", (unsigned long long)link->size);
    err = add(out, text);
  }
  if (link->is_observable && !err)
    err = add(out, ";obs");
  return err;
}

/* A list that does not fit is cut at a link. */
static bool add_whole_link(struct gc_buf *out, const struct gc_link *link)
{
  const size_t before = out->len;
  if (add_link(out, link) == GC_OK)
    return true;
  out->len = before;
  return false;
}

enum gc_err gc_server_discover(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  const struct gc_server *server = ctx;
  const struct gc_bytes options = request->message->options;
  bool fits = true;
  for (const struct gc_resource *resource = server->resources; resource && fits; resource = resource->next)
    if (resource->def.handler != gc_server_discover && is_asked_for(&resource->link, options))
      fits = add_whole_link(&response->body, &resource->link);
  for (size_t i = 0; i < server->link_count && fits; i++)
    if (is_asked_for(&server->links[i], options))
      fits = add_whole_link(&response->body, &server->links[i]);
  response->is_void = response->body.len == 0; /* RFC 7252, Section 8.2: nothing useful to say to a group */
  return GC_OK;
}
