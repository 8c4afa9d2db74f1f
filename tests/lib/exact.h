/* Copies of exactly an input's length, so that a sanitizer sees a read beyond it. */
#ifndef GC_TESTS_EXACT_H
#define GC_TESTS_EXACT_H

#include "base/bytes.h"

/** The bytes in memory of their own; exact_free gives it back. Aborts without memory. */
struct gc_bytes exact_copy(struct gc_bytes bytes);
void exact_free(struct gc_bytes copy);

/** The bytes of CBOR diagnostic notation, in one of 16 static buffers used in turn; aborts on what is none. */
struct gc_bytes edn(const char *text);

/** Every prefix, and then every byte with each of its bits turned, each as an exact copy. */
void hostile(struct gc_bytes bytes, void (*take)(struct gc_bytes bytes, void *ctx), void *ctx);

#endif
