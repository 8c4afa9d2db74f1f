/* The head of a data item, by libcbor's streaming decoder. Within cbor/. */
#ifndef GC_CBOR_HEAD_H
#define GC_CBOR_HEAD_H

#include "cbor/reader.h"

/** At the beginning of rest, which is not empty; *used: its bytes, with those of a string of definite length.
 *  GC_E_TRUNCATED; GC_E_MALFORMED: a reserved initial byte */
enum gc_err gc_cbor_head_read(struct gc_cbor_item *item, struct gc_bytes rest, size_t *used) GC_MUST_CHECK;

#endif
