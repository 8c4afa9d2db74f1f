/* Diagnostic notation (RFC 8949, Section 8): CBOR as text for people, and text as CBOR. */
#ifndef GC_CBOR_DIAG_H
#define GC_CBOR_DIAG_H

#include "base/bytes.h"

/** Takes pieces of text in order; false ends the printing (enough seen, output full). */
typedef bool gc_cbor_sink(void *ctx, struct gc_bytes piece);

/**
 * Print a sequence of items (RFC 8742), separated by ", ". Encodings that are not the preferred ones show as _0 … _3 and
 * indefinite lengths as "_", so that gc_cbor_from_diag gives back the same bytes (payloads of NaN excepted). What a
 * terminal could misunderstand in text is \u-escaped.
 * @return GC_OK, also where the sink ended it; as gc_cbor_check with UTF8, and then nothing has been printed
 */
enum gc_err gc_cbor_print(struct gc_bytes items, gc_cbor_sink *sink, void *ctx, struct gc_where *where) GC_MUST_CHECK;

/** gc_cbor_print, appending to a buffer. GC_E_SPACE: too small, and nothing appended */
enum gc_err gc_cbor_to_diag(struct gc_buf *out, struct gc_bytes items, struct gc_where *where) GC_MUST_CHECK;

/**
 * Encode diagnostic notation: one item, or several separated by commas. Understood: numbers (decimal, 0x, 0o, 0b,
 * floating, NaN, Infinity, integers beyond 64 bits as bignums), "text" with JSON's escapes, 'bytes', h'', b64'', << items >>,
 * arrays, maps, tags, true, false, null, undefined, simple(N), indefinite lengths "_", encoding indicators _0 … _3,
 * comments / like this / and # to the end of the line, a comma after the last element.
 * @param[out] where offset in characters of text
 * @return GC_OK; GC_E_MALFORMED; GC_E_RANGE: a number that cannot be encoded so; GC_E_LIMIT: nested too deeply; GC_E_SPACE.
 *         Nothing is appended on error.
 */
enum gc_err gc_cbor_from_diag(struct gc_buf *out, struct gc_bytes text, struct gc_where *where) GC_MUST_CHECK;

#endif
