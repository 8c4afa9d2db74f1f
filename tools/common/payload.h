/* What a person gives as a payload: text, hexadecimal or CBOR diagnostic notation; on the command line, in a file, on stdin. */
#ifndef GC_TOOLS_PAYLOAD_H
#define GC_TOOLS_PAYLOAD_H

#include "base/bytes.h"

#define GC_PAYLOAD_MAX_LEN ((size_t)16 << 20)
#define GC_PAYLOAD_WHY_LEN 256

enum gc_payload_kind { GC_PAYLOAD_NONE, GC_PAYLOAD_TEXT, GC_PAYLOAD_HEX, GC_PAYLOAD_CBOR };

/** A body that was read; bytes may lie in memory of its own. Starts as zero. */
struct gc_payload {
  struct gc_bytes bytes;
  uint8_t *owned;
};

/**
 * Read a payload. `arg` is the text itself, "@FILE", or "-" for stdin; "@@x" stands for the text "@x". A file of HEX or
 * CBOR may have line ends; TEXT is taken as the bytes it is.
 * @param why GC_PAYLOAD_WHY_LEN bytes: what was wrong with what, for people ("payload.bin: No such file or directory")
 * @return false: *why says why not, *out is empty
 */
bool gc_payload_read(struct gc_payload *out, enum gc_payload_kind kind, const char *arg, char why[static GC_PAYLOAD_WHY_LEN]);

void gc_payload_free(struct gc_payload *payload);

#endif
