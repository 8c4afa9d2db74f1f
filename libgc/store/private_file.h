/* Files that only their owner reads: there whole or not at all. */
#ifndef GC_STORE_PRIVATE_FILE_H
#define GC_STORE_PRIVATE_FILE_H

#include "base/bytes.h"

/**
 * Write a file with mode 0600: to a temporary one beside it, onto the disk, then in its place.
 * @param replace an existing file may be replaced
 * @return GC_OK; GC_E_EXISTS; GC_E_SYSTEM (errno); GC_E_MEMORY
 */
enum gc_err gc_private_file_write(const char *path, struct gc_bytes content, bool replace) GC_MUST_CHECK;

#endif
