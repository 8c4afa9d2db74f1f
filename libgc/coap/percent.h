/* Characters of URIs and their percent-encoding (RFC 3986, Section 2). */
#ifndef GC_COAP_PERCENT_H
#define GC_COAP_PERCENT_H

#include "base/bytes.h"

/** What may stand in a component without being encoded, as bits. */
enum gc_uri_chars {
  GC_URI_UNRESERVED = 1,
  GC_URI_SUB_DELIMS = 2,   /* "!$&'()*+,;=" */
  GC_URI_COLON_AT = 4,     /* ":" and "@": with the two above, a pchar */
  GC_URI_SLASH = 8,
  GC_URI_QUESTION = 16,
  GC_URI_NO_AMPERSAND = 32, /* takes "&" out of the sub-delims */
};
#define GC_URI_PCHAR (GC_URI_UNRESERVED | GC_URI_SUB_DELIMS | GC_URI_COLON_AT)

bool gc_uri_char_is(uint8_t c, unsigned chars);

/** Append text with %HH resolved. GC_E_MALFORMED: "%" without two digits behind it; GC_E_SPACE. Nothing is appended on error. */
enum gc_err gc_percent_decode(struct gc_buf *out, struct gc_bytes text) GC_MUST_CHECK;

/** Append bytes, those not in `chars` as %HH with capital digits (RFC 7252, Section 6.5). */
enum gc_err gc_percent_encode(struct gc_buf *out, struct gc_bytes bytes, unsigned chars) GC_MUST_CHECK;

/**
 * Check a component: each byte is one of `chars`, not ASCII, or a percent-encoding.
 * @param base added to where->offset
 */
enum gc_err gc_percent_check(struct gc_bytes text, unsigned chars, size_t base, struct gc_where *where) GC_MUST_CHECK;

#endif
