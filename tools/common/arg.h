/* Numbers on a command line. Each function answers NULL, or a phrase that says what is accepted (valid until the next call
 * in this thread). No locale; no sign, blank or exponent. */
#ifndef GC_TOOLS_ARG_H
#define GC_TOOLS_ARG_H

#include <stdbool.h>
#include <stdint.h>

/** "2", "0.5", ".25", "1.": seconds, rounded up to whole milliseconds; 0 … max_ms. */
const char *gc_arg_seconds(uint64_t *out_ms, const char *text, uint64_t max_ms);

/** A whole number from min to max, decimal or 0x… */
const char *gc_arg_uint(uint64_t *out, const char *text, uint64_t min, uint64_t max);

/** The same for an unsigned, so that a struct field takes it without a cast. */
const char *gc_arg_u32(uint32_t *out, const char *text, uint32_t min, uint32_t max);

/** A UDP port, 1 … 65535. */
const char *gc_arg_port(uint16_t *out, const char *text);

/** A multicast scope of IPv6 by name, "link", "site" … (RFC 7346). */
const char *gc_arg_scope(uint8_t *out, const char *text);

/** The place of text in words (NULL terminated), abbreviated where that is unambiguous. The phrase lists the words. */
const char *gc_arg_word(int *out, const char *text, const char *const *words);

#endif
