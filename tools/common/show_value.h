/* Values inside a message: what show.c rests on. */
#ifndef GC_TOOLS_SHOW_VALUE_H
#define GC_TOOLS_SHOW_VALUE_H

#include <stdint.h>

#define GC_SHOW_BLOCK_MAX 24

/** "NUM/M/SIZE" of a block option (RFC 7959, Section 2.2): "3/1/64"; SIZE "reserved" for SZX 7. Returns out. */
char *gc_show_block(char out[static GC_SHOW_BLOCK_MAX], uint32_t value);

#endif
