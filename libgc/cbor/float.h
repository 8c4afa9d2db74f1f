/* Which floating-point widths hold a value (RFC 8949, Section 4.1). */
#ifndef GC_CBOR_FLOAT_H
#define GC_CBOR_FLOAT_H

#include <stdint.h>

/** The fewest bytes that hold the value exactly: 2, 4 or 8; any NaN: 2. */
uint8_t gc_cbor_float_width(double value);

/** The half-precision encoding of a value whose width is 2. */
uint16_t gc_cbor_float_half(double value);

#endif
