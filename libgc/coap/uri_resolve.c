#include <stdio.h>
#include <string.h>

#include "coap/percent.h"
#include "coap/uri.h"
#include "coap/uri_path.h"

/* A reference, split by RFC 3986, Appendix B; ptr NULL: the component is absent. */
struct reference {
  struct gc_bytes scheme, authority, path, query, fragment;
};

static struct gc_bytes take_until(struct gc_bytes *rest, const char *stops)
{
  size_t n = 0;
  while (n < rest->len && !(rest->ptr[n] && strchr(stops, rest->ptr[n])))
    n++;
  struct gc_bytes part = gc_bytes(rest->ptr, n);
  *rest = gc_bytes(rest->ptr + n, rest->len - n);
  return part;
}

static bool is_scheme(struct gc_bytes text)
{
  for (size_t i = 0; i < text.len; i++) {
    uint8_t c = text.ptr[i], lower = c | 0x20;
    bool is_alpha = lower >= 'a' && lower <= 'z';
    if (!is_alpha && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
      return false;
  }
  return text.len > 0;
}

static struct reference split(struct gc_bytes text)
{
  struct reference ref = { .path = { NULL, 0 } };
  struct gc_bytes rest = text.ptr ? text : gc_bytes("", 0), before = rest;
  struct gc_bytes scheme = take_until(&rest, ":/?#");
  if (rest.len > 0 && rest.ptr[0] == ':' && is_scheme(scheme)) {
    ref.scheme = scheme;
    rest = gc_bytes(rest.ptr + 1, rest.len - 1);
  } else {
    rest = before;
  }
  if (rest.len >= 2 && rest.ptr[0] == '/' && rest.ptr[1] == '/') {
    rest = gc_bytes(rest.ptr + 2, rest.len - 2);
    ref.authority = take_until(&rest, "/?#");
  }
  ref.path = take_until(&rest, "?#");
  if (rest.len > 0 && rest.ptr[0] == '?') {
    rest = gc_bytes(rest.ptr + 1, rest.len - 1);
    ref.query = take_until(&rest, "#");
  }
  if (rest.len > 0)
    ref.fragment = gc_bytes(rest.ptr + 1, rest.len - 1);
  return ref;
}

static enum gc_err add_authority(struct gc_buf *out, const struct gc_uri *base, const struct gc_addr *responder)
{
  const struct gc_addr *addr = responder ? responder : base->host == GC_HOST_ADDRESS ? &base->addr : NULL;
  char text[GC_ADDR_STR_MAX] = "all-coap";
  const uint16_t port = addr ? addr->port : base->port;
  enum gc_err err = GC_OK;
  if (addr) {
    char host[GC_ADDR_STR_MAX];
    gc_addr_format_host(host, addr);
    snprintf(text, sizeof text, addr->family == GC_FAMILY_IPV6 ? "[%.60s]" : "%.60s", host);
  }
  if (!addr && base->host == GC_HOST_NAME)
    err = gc_percent_encode(out, gc_bytes_str(base->name), GC_URI_UNRESERVED | GC_URI_SUB_DELIMS);
  else
    err = gc_buf_add(out, gc_bytes_str(text));
  if (!err && port != gc_scheme_info(base->scheme)->default_port) {
    snprintf(text, sizeof text, ":%u", (unsigned)port);
    err = gc_buf_add(out, gc_bytes_str(text));
  }
  return err;
}

static enum gc_err add_with(struct gc_buf *out, char mark, struct gc_bytes text)
{
  if (!text.ptr)
    return GC_OK;
  enum gc_err err = gc_buf_add_u8(out, (uint8_t)mark);
  return err ? err : gc_buf_add(out, text);
}

/* The scheme and authority of the target. */
static enum gc_err add_front(struct gc_buf *out, const struct gc_uri *base, const struct gc_addr *responder, const struct reference *ref)
{
  struct gc_bytes scheme = ref->scheme.ptr ? ref->scheme : gc_bytes_str(gc_scheme_info(base->scheme)->name);
  enum gc_err err = gc_buf_add(out, scheme);
  if (!err)
    err = gc_buf_add_u8(out, ':');
  if (!err && (ref->authority.ptr || !ref->scheme.ptr))
    err = gc_buf_add(out, gc_bytes_str("//"));
  if (err)
    return err;
  if (ref->authority.ptr)
    return gc_buf_add(out, ref->authority);
  return ref->scheme.ptr ? GC_OK : add_authority(out, base, responder);
}

static enum gc_err resolve(struct gc_buf *out, const struct gc_uri *base, const struct gc_addr *responder, struct gc_bytes reference)
{
  const struct reference ref = split(reference);
  const bool is_own_path = !ref.scheme.ptr && !ref.authority.ptr;
  struct gc_bytes dir = { NULL, 0 }, query = ref.query;
  enum gc_err err = add_front(out, base, responder, &ref);
  if (err)
    return err;
  if (!is_own_path && ref.path.len > 0 && ref.path.ptr[0] != '/')
    err = gc_buf_add(out, ref.path); /* "urn:x:y": no hierarchy to resolve */
  else if (is_own_path && ref.path.len == 0) {
    err = gc_uri_path_resolve(out, dir, base->path);
    if (!query.ptr && base->has_query)
      query = gc_bytes(base->query.ptr ? base->query.ptr : (const uint8_t *)"", base->query.len);
  } else {
    if (is_own_path && ref.path.ptr[0] != '/') { /* Section 5.2.3: all but the last segment of the base's path */
      dir = base->path;
      while (dir.len > 0 && dir.ptr[dir.len - 1] != '/')
        dir.len--;
      if (dir.len == 0)
        dir = gc_bytes_str("/");
    }
    err = gc_uri_path_resolve(out, dir, ref.path);
  }
  if (!err)
    err = add_with(out, '?', query);
  return err ? err : add_with(out, '#', ref.fragment);
}

enum gc_err gc_uri_resolve(struct gc_buf *out, const struct gc_uri *base, const struct gc_addr *responder,
                           struct gc_bytes reference, struct gc_where *where)
{
  const size_t start = out->len;
  for (size_t i = 0; i < reference.len; i++)
    if (reference.ptr[i] <= ' ' || reference.ptr[i] == 0x7f)
      return gc_fail(where, i, "a blank or control character in a link", GC_E_MALFORMED);
  enum gc_err err = resolve(out, base, responder, reference);
  if (err) {
    out->len = start;
    return gc_fail(where, 0, "the absolute form is too long", err);
  }
  return GC_OK;
}
