/* A key pair and its credential, as `gc-keygen key` writes them. */
#ifndef GC_STORE_KEY_FILE_H
#define GC_STORE_KEY_FILE_H

#include "cose/credential.h"
#include "store/context_file.h"

/** In secret memory. */
struct gc_key_file {
  struct gc_key_pair pair;
  enum gc_cred_fmt cred_fmt;
  uint8_t cred[GC_CREDENTIAL_MAX_LEN];
  size_t cred_len;
};

/**
 * Read a key file, and check that private key and credential belong together.
 * @param problem told the error, and that others may read the file; must not be NULL
 * @return GC_OK; GC_E_MALFORMED, GC_E_RANGE, GC_E_UNSUPPORTED, GC_E_SYSTEM, GC_E_MEMORY: told
 */
enum gc_err gc_key_file_read(struct gc_key_file **out, const char *path,
                             void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem), void *ctx) GC_MUST_CHECK;

/** Wipes; sets *file NULL. */
void gc_key_file_free(struct gc_key_file **file);

#endif
