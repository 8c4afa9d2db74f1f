#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "coap/percent.h"
#include "coap/uri.h"
#include "coap/uri_path.h"
#include "iana/options.h"

static void fail(struct gc_builder *builder, enum gc_err err)
{
  if (builder->err == GC_OK)
    builder->err = err;
}

static void add_decoded(struct gc_builder *builder, uint16_t number, struct gc_bytes part)
{
  uint8_t store[GC_URI_SEGMENT_MAX_LEN];
  struct gc_buf value = gc_buf(store, sizeof store);
  enum gc_err err = gc_percent_decode(&value, part);
  if (err)
    fail(builder, err == GC_E_SPACE ? GC_E_RANGE : err);
  else
    gc_builder_add(builder, number, gc_buf_bytes(&value));
}

void gc_uri_add_path(struct gc_builder *builder, uint16_t number, struct gc_bytes path)
{
  uint8_t store[GC_URI_MAX_LEN];
  struct gc_buf flat = gc_buf(store, sizeof store);
  bool is_rooted = path.len == 0 || path.ptr[0] == '/';
  if (gc_uri_path_resolve(&flat, gc_bytes_str(is_rooted ? "" : "/"), path) != GC_OK)
    fail(builder, GC_E_RANGE);
  if (builder->err || flat.len <= 1)
    return; /* "" and "/" alike (RFC 7252, Section 6.4, step 8) */
  for (size_t at = 1; at <= flat.len;) {
    const uint8_t *slash = at < flat.len ? memchr(flat.ptr + at, '/', flat.len - at) : NULL;
    size_t len = slash ? (size_t)(slash - flat.ptr) - at : flat.len - at;
    add_decoded(builder, number, gc_bytes(flat.ptr + at, len));
    at += len + 1;
  }
}

void gc_uri_add_query(struct gc_builder *builder, uint16_t number, struct gc_bytes query)
{
  if (query.len == 0)
    return;
  for (size_t at = 0; at <= query.len;) {
    const uint8_t *amp = at < query.len ? memchr(query.ptr + at, '&', query.len - at) : NULL;
    size_t len = amp ? (size_t)(amp - query.ptr) - at : query.len - at;
    add_decoded(builder, number, gc_bytes(query.ptr + at, len));
    at += len + 1;
  }
}

void gc_uri_add_options(struct gc_builder *builder, const struct gc_uri *uri)
{
  if (uri->host == GC_HOST_NAME)
    gc_builder_add_str(builder, GC_OPTION_URI_HOST, uri->name);
  gc_uri_add_path(builder, GC_OPTION_URI_PATH, uri->path);
  gc_uri_add_query(builder, GC_OPTION_URI_QUERY, uri->query);
}

/* RFC 7252, Section 6.5, steps 6 and 8 */
static enum gc_err compose_path(struct gc_buf *out, struct gc_bytes options, uint16_t number)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  enum gc_err err = GC_OK;
  while (!err && gc_option_next(&iter, &option)) {
    if (option.number != number)
      continue;
    if (gc_bytes_equal(option.value, gc_bytes_str(".")) || gc_bytes_equal(option.value, gc_bytes_str("..")))
      return GC_E_MALFORMED; /* would be another resource once resolved (RFC 7252, Section 5.10.1) */
    err = gc_buf_add_u8(out, '/');
    if (!err)
      err = gc_percent_encode(out, option.value, GC_URI_PCHAR);
  }
  return err;
}

static enum gc_err compose_query(struct gc_buf *out, struct gc_bytes options, uint16_t number)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  enum gc_err err = GC_OK;
  char before = '?';
  while (!err && gc_option_next(&iter, &option)) {
    if (option.number != number)
      continue;
    err = gc_buf_add_u8(out, (uint8_t)before);
    if (!err)
      err = gc_percent_encode(out, option.value, GC_URI_PCHAR | GC_URI_SLASH | GC_URI_QUESTION | GC_URI_NO_AMPERSAND);
    before = '&';
  }
  return err;
}

static enum gc_err compose_resource(struct gc_buf *out, struct gc_bytes options)
{
  const size_t start = out->len;
  enum gc_err err = compose_path(out, options, GC_OPTION_URI_PATH);
  if (!err && out->len == start)
    err = gc_buf_add_u8(out, '/');
  return err ? err : compose_query(out, options, GC_OPTION_URI_QUERY);
}

enum gc_err gc_uri_compose_resource(struct gc_buf *out, struct gc_bytes options)
{
  const size_t start = out->len;
  enum gc_err err = compose_resource(out, options);
  if (err)
    out->len = start;
  return err;
}

static enum gc_err compose_host(struct gc_buf *out, struct gc_bytes options, const struct gc_addr *destination)
{
  struct gc_option host;
  struct gc_addr literal;
  if (!gc_option_find(options, GC_OPTION_URI_HOST, &host)) {
    char text[GC_ADDR_STR_MAX];
    bool is_v6 = destination->family == GC_FAMILY_IPV6;
    gc_addr_format_host(text, destination);
    enum gc_err err = is_v6 ? gc_buf_add_u8(out, '[') : GC_OK;
    if (!err)
      err = gc_buf_add(out, gc_bytes_str(text));
    return err || !is_v6 ? err : gc_buf_add_u8(out, ']');
  }
  if (host.value.len > 2 && host.value.ptr[0] == '[') { /* an IP-literal and nothing else */
    if (host.value.ptr[host.value.len - 1] != ']' || gc_addr_parse(&literal, host.value, 0, NULL, NULL) != GC_OK)
      return GC_E_MALFORMED;
    return gc_buf_add(out, host.value);
  }
  if (host.value.len == 0 || !gc_text_is_utf8(host.value))
    return GC_E_MALFORMED;
  for (size_t i = 0; i < host.value.len; i++) /* step 2 encodes non-ASCII only: the rest must be a reg-name already */
    if (host.value.ptr[i] < 0x80 && host.value.ptr[i] != '%' && !gc_uri_char_is(host.value.ptr[i], GC_URI_UNRESERVED | GC_URI_SUB_DELIMS))
      return GC_E_MALFORMED;
  return gc_percent_encode(out, host.value, GC_URI_UNRESERVED | GC_URI_SUB_DELIMS);
}

enum gc_err gc_uri_compose(struct gc_buf *out, enum gc_scheme scheme, struct gc_bytes options, const struct gc_addr *destination)
{
  const struct gc_scheme_info *info = gc_scheme_info(scheme);
  const size_t start = out->len;
  struct gc_option option;
  uint32_t port = destination->port;
  enum gc_err err = gc_buf_add(out, gc_bytes_str(info->name));
  if (!err)
    err = gc_buf_add(out, gc_bytes_str("://"));
  if (!err)
    err = compose_host(out, options, destination);
  if (!err && gc_option_find(options, GC_OPTION_URI_PORT, &option) && (!gc_uint_decode(option.value, &port) || port > UINT16_MAX))
    err = GC_E_MALFORMED;
  if (!err && port != info->default_port) {
    char text[8];
    snprintf(text, sizeof text, ":%u", (unsigned)port);
    err = gc_buf_add(out, gc_bytes_str(text));
  }
  if (!err)
    err = compose_resource(out, options);
  if (err)
    out->len = start;
  return err;
}

enum gc_err gc_uri_location(struct gc_buf *out, const struct gc_uri *base, const struct gc_addr *responder, struct gc_bytes options)
{
  uint8_t store[GC_URI_MAX_LEN];
  struct gc_buf reference = gc_buf(store, sizeof store);
  enum gc_err err = compose_path(&reference, options, GC_OPTION_LOCATION_PATH);
  if (!err && reference.len >= 2 && store[0] == '/' && store[1] == '/')
    return GC_E_MALFORMED; /* a first segment that is empty would read as an authority */
  if (!err)
    err = compose_query(&reference, options, GC_OPTION_LOCATION_QUERY);
  if (err)
    return err == GC_E_SPACE ? GC_E_RANGE : err;
  if (reference.len == 0)
    return GC_E_NOT_FOUND;
  return gc_uri_resolve(out, base, responder, gc_buf_bytes(&reference), NULL);
}
