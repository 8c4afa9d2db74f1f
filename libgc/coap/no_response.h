/* The No-Response option (RFC 7967, Section 2). */
#ifndef GC_COAP_NO_RESPONSE_H
#define GC_COAP_NO_RESPONSE_H

#include "base/bytes.h"

enum {
  GC_NO_RESPONSE_2XX = 2,
  GC_NO_RESPONSE_4XX = 8,
  GC_NO_RESPONSE_5XX = 16,
  GC_NO_RESPONSE_ALL = 26, /* not interested in any response */
};

/** Does the value say that a response of this code is of no interest? An empty value is 0: all are. */
bool gc_no_response_covers(uint8_t value, uint8_t code);

/** The option's value; false: absent, or longer than a byte. */
bool gc_no_response_find(struct gc_bytes options, uint8_t *value);

#endif
