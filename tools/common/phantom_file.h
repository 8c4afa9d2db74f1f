/* A group observation learned out of band (--phantom FILE) or kept (--save-phantom FILE): the payload of an informative response
 * with group, Token and phantom request (draft-ietf-core-observe-multicast-notifications, Appendix A). */
#ifndef GC_TOOLS_PHANTOM_FILE_H
#define GC_TOOLS_PHANTOM_FILE_H

#include "common/status.h"
#include "observe/informative.h"

struct gc_phantom_file {
  const char *path;               /* borrowed */
  struct gc_bytes payload;        /* may hold a Master Secret */
  struct gc_informative response; /* borrows from payload */
  uint8_t *owned;
};

/**
 * Read one: CBOR, or text that is hexadecimal or CBOR diagnostic notation, told apart by itself. "-": standard input. What is
 * wrong goes to stderr, with its place.
 * @param strict a file with keying material that others may read is an error, not a warning
 * @return GC_STATUS_OK; 3: not such a file; 4. Close it in any case
 */
enum gc_status gc_phantom_file_read(struct gc_phantom_file *file, const char *path, bool strict);

/** Wipe and free. */
void gc_phantom_file_close(struct gc_phantom_file *file);

/**
 * Write one, as CBOR with mode 0600. A file that is there is replaced where it is of this kind, else that is refused; problems go
 * to stderr.
 * @param payload must hold what gc_phantom_file_read wants: add ph_req where the response came without
 * @return GC_STATUS_OK; 3: the payload lacks something, or the file is something else; 4
 */
enum gc_status gc_phantom_file_write(const char *path, struct gc_bytes payload);

#endif
