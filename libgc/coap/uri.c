#include "coap/uri.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "coap/percent.h"

/* Length of the part of text before any of the stop characters. */
static size_t span(struct gc_bytes text, const char *stops)
{
  size_t n = 0;
  while (n < text.len && !(text.ptr[n] && strchr(stops, text.ptr[n])))
    n++;
  return n;
}

static enum gc_err parse_scheme(struct gc_uri *uri, struct gc_bytes text, size_t *pos, struct gc_where *where)
{
  static const char absolute[] = "not an absolute URI of the form coap://HOST[:PORT]/PATH?QUERY";
  size_t len = span(text, ":/?#");
  if (len == text.len || text.ptr[len] != ':' || len == 0)
    return gc_fail(where, 0, absolute, GC_E_MALFORMED);
  struct gc_bytes rest = gc_bytes_slice(text, len, 3);
  bool has_authority = gc_bytes_equal(rest, gc_bytes_str("://"));
  if (!gc_scheme_by_name(&uri->scheme, gc_bytes(text.ptr, len)))
    return has_authority ? gc_fail(where, 0, "scheme is none of coap, coaps, coap+tcp, coaps+tcp, coap+ws, coaps+ws", GC_E_UNSUPPORTED)
                         : gc_fail(where, 0, absolute, GC_E_MALFORMED);
  if (!has_authority)
    return gc_fail(where, len, "// must follow the scheme", GC_E_MALFORMED);
  *pos = len + 3;
  return GC_OK;
}

static enum gc_err parse_port(struct gc_uri *uri, struct gc_bytes text, size_t at, struct gc_where *where)
{
  static const char phrase[] = "a port is a number from 1 to 65535";
  uint32_t value = 0;
  if (text.len == 0)
    return GC_OK; /* "HOST:" means the default port (RFC 3986, Section 3.2.3) */
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9')
      return gc_fail(where, at + i, phrase, GC_E_MALFORMED);
    value = value * 10 + text.ptr[i] - '0';
    if (value > UINT16_MAX)
      return gc_fail(where, at, phrase, GC_E_RANGE);
  }
  if (value == 0)
    return gc_fail(where, at, phrase, GC_E_RANGE);
  uri->port = (uint16_t)value;
  uri->has_port = true;
  return GC_OK;
}

/* "%eth0" or "%25eth0" behind an address; "%25" alone is interface 25 */
static enum gc_err parse_zone(struct gc_uri *uri, struct gc_bytes text, size_t at, struct gc_where *where)
{
  struct gc_bytes zone = gc_bytes_slice(text, 1, SIZE_MAX);
  if (zone.len > 2 && zone.ptr[0] == '2' && zone.ptr[1] == '5')
    zone = gc_bytes_slice(zone, 2, SIZE_MAX);
  if (zone.len == 0)
    return gc_fail(where, at, "an interface must follow %", GC_E_MALFORMED);
  for (size_t i = 0; i < zone.len; i++)
    if (zone.ptr[i] <= ' ' || zone.ptr[i] >= 0x7f || zone.ptr[i] == '%')
      return gc_fail(where, at + (size_t)(zone.ptr + i - text.ptr), "not the name of an interface", GC_E_MALFORMED);
  uri->zone = zone;
  return GC_OK;
}

/* an address with an optional zone */
static enum gc_err parse_literal(struct gc_uri *uri, struct gc_bytes host, enum gc_family family, size_t at, struct gc_where *where)
{
  size_t len = span(host, "%");
  struct gc_addr addr;
  if (gc_addr_parse(&addr, gc_bytes(host.ptr, len), 0, NULL, NULL) != GC_OK || addr.family != family || addr.port != 0)
    return gc_fail(where, at, family == GC_FAMILY_IPV4 ? "not an IPv4 address" : "not an IPv6 address", GC_E_MALFORMED);
  uri->addr = addr;
  uri->host = GC_HOST_ADDRESS;
  return len == host.len ? GC_OK : parse_zone(uri, gc_bytes_slice(host, len, SIZE_MAX), at + len, where);
}

static enum gc_err parse_name(struct gc_uri *uri, struct gc_bytes host, size_t at, struct gc_where *where)
{
  static const char all_coap[] = "all-coap";
  const size_t all_len = sizeof all_coap - 1;
  if (host.len >= all_len && strncasecmp((const char *)host.ptr, all_coap, all_len) == 0 &&
      (host.len == all_len || host.ptr[all_len] == '%')) {
    uri->host = GC_HOST_ALL_COAP;
    return host.len == all_len ? GC_OK : parse_zone(uri, gc_bytes_slice(host, all_len, SIZE_MAX), at + all_len, where);
  }
  enum gc_err err = gc_percent_check(host, GC_URI_UNRESERVED | GC_URI_SUB_DELIMS, at, where);
  if (err)
    return err;
  struct gc_buf name = gc_buf(uri->name, sizeof uri->name - 1);
  if (gc_percent_decode(&name, host) != GC_OK)
    return gc_fail(where, at, "host name is longer than 255 bytes", GC_E_RANGE);
  if (memchr(name.ptr, 0, name.len) || !gc_text_is_utf8(gc_buf_bytes(&name)))
    return gc_fail(where, at, "host name is not UTF-8 text", GC_E_MALFORMED);
  for (size_t i = 0; i < name.len; i++)
    if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z')
      name.ptr[i] |= 0x20;
  name.ptr[name.len] = '\0';
  uri->host = GC_HOST_NAME;
  return GC_OK;
}

static enum gc_err parse_authority(struct gc_uri *uri, struct gc_bytes authority, size_t at, struct gc_where *where)
{
  struct gc_bytes host = authority;
  size_t host_len;
  enum gc_err err;
  if (authority.len == 0)
    return gc_fail(where, at, "host is missing", GC_E_MALFORMED);
  if (memchr(authority.ptr, '@', authority.len))
    return gc_fail(where, at, "user information (USER@) has no place in a CoAP URI", GC_E_MALFORMED);
  if (authority.ptr[0] == '[') {
    size_t close = span(authority, "]");
    if (close == authority.len)
      return gc_fail(where, at + close, "the ] of an IPv6 address is missing", GC_E_MALFORMED);
    err = parse_literal(uri, gc_bytes(authority.ptr + 1, close - 1), GC_FAMILY_IPV6, at + 1, where);
    host_len = close + 1;
    if (!err && host_len < authority.len && authority.ptr[host_len] != ':')
      return gc_fail(where, at + host_len, "only :PORT may follow ]", GC_E_MALFORMED);
  } else {
    host_len = span(authority, ":");
    host = gc_bytes(authority.ptr, host_len);
    if (host_len < authority.len && memchr(authority.ptr + host_len + 1, ':', authority.len - host_len - 1))
      return gc_fail(where, at, "an IPv6 address must stand in [ ]", GC_E_MALFORMED);
    if (host_len == 0)
      return gc_fail(where, at, "host is missing", GC_E_MALFORMED);
    /* what looks like IPv4 must be IPv4: resolvers take 010.0.0.1 for octal */
    size_t before_zone = span(host, "%"), numeric = 0;
    while (numeric < before_zone && (host.ptr[numeric] == '.' || (host.ptr[numeric] >= '0' && host.ptr[numeric] <= '9')))
      numeric++;
    if (numeric > 0 && numeric == before_zone)
      err = parse_literal(uri, host, GC_FAMILY_IPV4, at, where);
    else
      err = parse_name(uri, host, at, where);
  }
  if (!err && host_len < authority.len)
    err = parse_port(uri, gc_bytes_slice(authority, host_len + 1, SIZE_MAX), at + host_len + 1, where);
  return err;
}

/* Will each part between separators fit into an option, as UTF-8 (RFC 7252, Section 5.10.1)? */
static enum gc_err check_parts(struct gc_bytes text, char separator, size_t base, struct gc_where *where)
{
  uint8_t store[GC_URI_SEGMENT_MAX_LEN];
  for (size_t at = 0; at <= text.len;) {
    const uint8_t *end = at < text.len ? memchr(text.ptr + at, separator, text.len - at) : NULL;
    struct gc_bytes part = gc_bytes_slice(text, at, end ? (size_t)(end - text.ptr) - at : text.len - at);
    struct gc_buf decoded = gc_buf(store, sizeof store);
    if (gc_percent_decode(&decoded, part) != GC_OK)
      return gc_fail(where, base + at, separator == '/' ? "path segment is longer than 255 bytes" : "query argument is longer than 255 bytes", GC_E_RANGE);
    if (!gc_text_is_utf8(gc_buf_bytes(&decoded)))
      return gc_fail(where, base + at, separator == '/' ? "path segment is not UTF-8" : "query argument is not UTF-8", GC_E_MALFORMED);
    at += part.len + 1;
  }
  return GC_OK;
}

static enum gc_err parse_resource(struct gc_uri *uri, struct gc_bytes text, size_t at, struct gc_where *where)
{
  size_t path_len = span(text, "?#");
  uri->path = gc_bytes_slice(text, 0, path_len);
  enum gc_err err = gc_percent_check(uri->path, GC_URI_PCHAR | GC_URI_SLASH, at, where);
  if (!err)
    err = check_parts(uri->path, '/', at, where);
  if (err || path_len == text.len)
    return err;
  if (text.ptr[path_len] == '?') {
    struct gc_bytes rest = gc_bytes_slice(text, path_len + 1, SIZE_MAX);
    uri->has_query = true;
    uri->query = gc_bytes_slice(rest, 0, span(rest, "#"));
    at += path_len + 1;
    err = gc_percent_check(uri->query, GC_URI_PCHAR | GC_URI_SLASH | GC_URI_QUESTION, at, where);
    if (!err)
      err = check_parts(uri->query, '&', at, where);
    if (err || uri->query.len == rest.len)
      return err;
    at += uri->query.len;
  } else {
    at += path_len;
  }
  return gc_fail(where, at, "a fragment (#) has no place in a request's URI (write # itself as %23)", GC_E_MALFORMED);
}

enum gc_err gc_uri_parse(struct gc_uri *out, struct gc_bytes text, struct gc_where *where)
{
  struct gc_uri uri = { 0 };
  size_t pos = 0;
  if (text.len > GC_URI_MAX_LEN)
    return gc_fail(where, GC_URI_MAX_LEN, "URI is longer than 8192 bytes", GC_E_RANGE);
  enum gc_err err = parse_scheme(&uri, text, &pos, where);
  if (err)
    return err;
  uri.port = gc_scheme_info(uri.scheme)->default_port;
  struct gc_bytes rest = gc_bytes_slice(text, pos, SIZE_MAX);
  size_t authority_len = span(rest, "/?#");
  err = parse_authority(&uri, gc_bytes_slice(rest, 0, authority_len), pos, where);
  if (!err)
    err = parse_resource(&uri, gc_bytes_slice(rest, authority_len, SIZE_MAX), pos + authority_len, where);
  if (err)
    return err;
  uri.addr.port = uri.port;
  *out = uri;
  return GC_OK;
}

bool gc_uri_is_group(const struct gc_uri *uri)
{
  return uri->host == GC_HOST_ALL_COAP || gc_addr_is_multicast(&uri->addr);
}

enum gc_err gc_uri_check_group(const struct gc_uri *uri, struct gc_where *where)
{
  if (!gc_uri_is_group(uri))
    return GC_OK;
  if (uri->scheme != GC_SCHEME_COAP)
    return gc_fail(where, 0, "a group is reached with the scheme coap only", GC_E_UNSUPPORTED);
  if (uri->port == GC_PORT_COAPS)
    return gc_fail(where, 0, "port 5684 is for DTLS and never used for a group", GC_E_RANGE);
  return GC_OK;
}
