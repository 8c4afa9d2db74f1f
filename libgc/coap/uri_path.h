/* Dot segments of a URI's path. */
#ifndef GC_COAP_URI_PATH_H
#define GC_COAP_URI_PATH_H

#include "base/bytes.h"

/** 1 for ".", 2 for "..", however they are percent-encoded; 0: any other segment. */
unsigned gc_uri_segment_dots(struct gc_bytes segment);

/**
 * Append dir ‖ path without its dot segments (RFC 3986, Section 5.2.4).
 * @param dir what a relative path is relative to: ends in "/", or is empty for a path that begins with one itself
 * @return GC_OK; GC_E_SPACE, and nothing appended
 */
enum gc_err gc_uri_path_resolve(struct gc_buf *out, struct gc_bytes dir, struct gc_bytes path) GC_MUST_CHECK;

#endif
