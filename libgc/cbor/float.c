#include "cbor/float.h"

#include <math.h>
#include <string.h>

uint8_t gc_cbor_float_width(double value)
{
  if (isnan(value) || isinf(value) || value == 0)
    return 2;
  if (fabs(value) > 3.4028234663852886e38 || (double)(float)value != value)
    return 8;
  const float single = (float)value;
  uint32_t bits;
  memcpy(&bits, &single, sizeof bits);
  const int exponent = (int)(bits >> 23 & 0xff) - 127;
  const uint32_t fraction = bits & 0x7fffff;
  if (exponent >= -14 && exponent <= 15)
    return fraction & 0x1fff ? 4 : 2;
  if (exponent >= -24 && exponent < -14) /* subnormal halves are multiples of 2^-24 */
    return fraction & ((1u << (-1 - exponent)) - 1) ? 4 : 2;
  return 4;
}

uint16_t gc_cbor_float_half(double value)
{
  const uint16_t sign = signbit(value) ? 0x8000 : 0;
  int exponent;
  if (isnan(value))
    return 0x7e00;
  if (isinf(value))
    return sign | 0x7c00;
  const double fraction = frexp(fabs(value), &exponent); /* 0.5 <= fraction < 1: the half's exponent is one less */
  if (value == 0)
    return sign;
  if (exponent < -13)
    return (uint16_t)(sign | (unsigned)ldexp(fraction, exponent + 24));
  return (uint16_t)(sign | (unsigned)(exponent + 14) << 10 | ((unsigned)ldexp(fraction, 11) & 0x3ff));
}
