/* A URI, and behind a NUL a reference. What parses must become options, and these the same options again by way of a URI. */
#include <stdlib.h>
#include <string.h>

#include "coap/uri.h"
#include "fuzz.h"

static uint8_t options_store[2][1 << 15], text[2][1 << 16];

static struct gc_bytes options_of(const struct gc_uri *uri, int which)
{
  struct gc_builder builder = gc_builder_options(options_store[which], sizeof options_store[which]);
  struct gc_bytes out;
  gc_uri_add_options(&builder, uri);
  if (gc_builder_finish(&builder, &out) != GC_OK)
    abort(); /* gc_uri_parse has promised that they fit */
  return out;
}

static void there_and_back(const struct gc_uri *uri)
{
  struct gc_bytes options = options_of(uri, 0), payload, same;
  struct gc_addr addr = uri->host == GC_HOST_ADDRESS ? uri->addr : gc_addr_ipv4(192, 0, 2, 1, uri->port);
  struct gc_buf out = gc_buf(text[0], sizeof text[0]);
  struct gc_uri again;
  if (gc_options_split(&same, &payload, options, 0, NULL) != GC_OK || same.len != options.len)
    abort();
  if (gc_uri_compose(&out, uri->scheme, options, &addr) != GC_OK)
    return; /* a host name of characters that RFC 7252, Section 6.5 leaves as they are, and that are no reg-name */
  if (gc_uri_parse(&again, gc_buf_bytes(&out), NULL) != GC_OK) {
    if (out.len <= GC_URI_MAX_LEN && uri->host != GC_HOST_NAME)
      abort(); /* (a name decoded from %HH may look like an address or a shorthand) */
    return;
  }
  if (again.host == uri->host && !gc_bytes_equal(options_of(&again, 1), options))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
  struct gc_bytes first = gc_bytes(data, nul ? (size_t)(nul - data) : size);
  struct gc_bytes reference = gc_bytes_slice(gc_bytes(data, size), first.len + 1, SIZE_MAX);
  struct gc_where where = { 0, NULL };
  struct gc_uri uri, target;
  if (gc_uri_parse(&uri, first, &where) != GC_OK) {
    if (!where.phrase || where.offset > first.len)
      abort();
    return 0;
  }
  there_and_back(&uri);
  (void)!gc_uri_check_group(&uri, &where);
  struct gc_addr responder = gc_addr_ipv4(192, 0, 2, 7, 5683);
  struct gc_buf out = gc_buf(text[1], sizeof text[1]);
  if (gc_uri_resolve(&out, &uri, &responder, reference, &where) == GC_OK && gc_uri_parse(&target, gc_buf_bytes(&out), NULL) == GC_OK)
    (void)options_of(&target, 1);
  return 0;
}
