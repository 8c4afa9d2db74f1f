/* Hexadecimal literals in tests. */
#ifndef GC_TESTS_HEXVAL_H
#define GC_TESTS_HEXVAL_H

#include "base/bytes.h"

/** The bytes of hex ("-" and NULL: none) in one of 64 static buffers used in turn; aborts on bad hex. */
struct gc_bytes hexval(const char *hex);

#endif
