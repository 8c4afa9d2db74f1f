/* Hexadecimal text of public bytes. Secrets take the constant-time pair in crypto/. */
#ifndef GC_BASE_HEX_H
#define GC_BASE_HEX_H

#include "base/bytes.h"

/** Write 2·bytes.len lower-case digits and a NUL to out (which has 2·bytes.len + 1 bytes); returns out. */
char *gc_hex_encode(char *out, struct gc_bytes bytes);

/**
 * Append the bytes that hex stands for. Blanks, tabs, ':' and '-' between two digits pairs are skipped, a leading 0x too.
 * @return GC_OK; GC_E_MALFORMED: no digit, or an odd number of them (where->offset counts characters); GC_E_SPACE
 */
enum gc_err gc_hex_decode(struct gc_buf *out, const char *hex, size_t hex_len, struct gc_where *where) GC_MUST_CHECK;

#endif
