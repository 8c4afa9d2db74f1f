/* Within store/: values of a context file's JSON, each read with its place told where it is wrong. */
#ifndef GC_STORE_CONTEXT_VALUES_H
#define GC_STORE_CONTEXT_VALUES_H

#include <jansson.h>

#include "store/context_file.h"

struct gc_context_reader {
  struct gc_context_file *file;
  struct gc_buf region; /* secret memory behind *file */
  struct gc_bytes json;
  const char *path;
  bool strict;
  void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem);
  void *ctx;
  char prefix[40]; /* "recipients[2]." in front of the key being read */
};

/** Tell a problem at a key of the object being read; key NULL: the object itself. */
__attribute__((format(printf, 4, 5))) void gc_context_reader_tell(struct gc_context_reader *r, bool is_error, const char *key, const char *format, ...);

/** "an object", "a string" …, "nothing" for NULL. */
const char *gc_json_type_name(const json_t *value);

/** The member of that key; NULL where it is absent or null. */
const json_t *gc_json_member(const json_t *object, const char *key);

/* Read one member of an object; where it is absent or null, *out stays as it is. GC_E_MALFORMED, GC_E_RANGE, GC_E_UNSUPPORTED: told. */
enum gc_err gc_context_read_hex(struct gc_context_reader *r, const json_t *object, const char *key, struct gc_bytes *out, size_t max_len) GC_MUST_CHECK;
enum gc_err gc_context_read_text(struct gc_context_reader *r, const json_t *object, const char *key, const char **out) GC_MUST_CHECK;
enum gc_err gc_context_read_bool(struct gc_context_reader *r, const json_t *object, const char *key, bool *out) GC_MUST_CHECK;
enum gc_err gc_context_read_number(struct gc_context_reader *r, const json_t *object, const char *key, uint64_t *out, uint64_t least,
                                   uint64_t most) GC_MUST_CHECK;
/** A COSE algorithm by name or number, of one of the kinds (a bit 1 << kind each). */
enum gc_err gc_context_read_alg(struct gc_context_reader *r, const json_t *object, const char *key, int32_t *out, unsigned kinds) GC_MUST_CHECK;
/** Roles in a group by their names: "requester,responder". */
enum gc_err gc_context_read_roles(struct gc_context_reader *r, const json_t *object, const char *key, uint64_t *out) GC_MUST_CHECK;

/** Warn of (strict: refuse) keys that mean nothing here; they are mostly misspelt. known: ends with NULL */
enum gc_err gc_context_check_keys(struct gc_context_reader *r, const json_t *object, const char *const *known) GC_MUST_CHECK;

#endif
