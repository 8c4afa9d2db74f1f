/* Context files of other tools, in and out. */
#ifndef GC_STORE_FOREIGN_H
#define GC_STORE_FOREIGN_H

#include "store/context_file.h"

enum gc_foreign {
  GC_FOREIGN_AIOCOAP,   /* a directory with settings.json and secret.json (OSCORE) */
  GC_FOREIGN_LIBCOAP,   /* keyword,encoding,"value" lines (OSCORE), as for coap-client -E */
  GC_FOREIGN_WIRESHARK, /* a line of the OSCORE table: writing only (OSCORE) */
  GC_FOREIGN_VECTORS,   /* the group or context of a known-answer file: reading, and writing a group */
};

/** "aiocoap", "libcoap", "wireshark", "vectors"; false: none of them. */
bool gc_foreign_by_name(enum gc_foreign *out, const char *name);

/**
 * Read another tool's context.
 * @param path    a file; GC_FOREIGN_AIOCOAP: a directory
 * @param member  GC_FOREIGN_VECTORS: the name or Sender ID (hex) of the member to become; NULL: the first
 * @param problem told what is wrong; must not be NULL
 * @return as gc_context_file_read; GC_E_NOT_FOUND: no such member; GC_E_UNSUPPORTED: this format is only written
 */
enum gc_err gc_foreign_read(struct gc_context_file **out, enum gc_foreign format, const char *path, const char *member,
                            void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem), void *ctx) GC_MUST_CHECK;

/**
 * The text of a context in another tool's format, for each of its files in turn (`file_name` is "" where there is one).
 * @param write called once a file with text in secret memory; its error ends the run
 * @return GC_OK; GC_E_UNSUPPORTED: a group's context in a format for OSCORE, or an algorithm the format cannot name
 */
enum gc_err gc_foreign_write(const struct gc_context_file *file, enum gc_foreign format,
                             enum gc_err (*write)(void *ctx, const char *file_name, struct gc_bytes text), void *ctx) GC_MUST_CHECK;

#endif
