/* When does a stored response answer a request (RFC 7252, Section 5.6)? */
#ifndef GC_COAP_CACHE_KEY_H
#define GC_COAP_CACHE_KEY_H

#include "coap/message.h"

/**
 * Is the option part of the Cache-Key: all but those whose number says NoCacheKey, and those that this library
 * interprets as a cache: ETag in requests (RFC 7252, Section 5.6), Observe (RFC 7641, Section 2).
 */
bool gc_cache_key_has(uint16_t option_number);

/** Same method, same options of the Cache-Key, and for FETCH the same payload (RFC 8132, Section 2.1). Says nothing about
 *  the endpoints: Uri-Host and Uri-Port may be elided, so compare the destinations too. */
bool gc_cache_key_equal(const struct gc_message *a, const struct gc_message *b);

/** A hash of what gc_cache_key_equal compares, keyed so that peers cannot choose collisions. */
uint64_t gc_cache_key_hash(const struct gc_message *request, uint64_t key);

#endif
