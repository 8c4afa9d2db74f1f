/* FILE.join beside a context file: what a member needs to talk to its Group Manager and Authorization Server again. One JSON
 * object, mode 0600. */
#ifndef GC_STORE_JOIN_FILE_H
#define GC_STORE_JOIN_FILE_H

#include "ace/scope.h"
#include "store/context_file.h"

#define GC_JOIN_FILE_TEXT_MAX 1024  /* characters with the NUL */
#define GC_JOIN_FILE_BYTES_MAX 4096

struct gc_join_bytes {
  uint8_t bytes[GC_JOIN_FILE_BYTES_MAX];
  size_t len;
};

/** In secret memory. Texts: empty where absent. */
struct gc_join_file {
  char gm[GC_JOIN_FILE_TEXT_MAX];         /* URI of the group-membership resource */
  char node[GC_JOIN_FILE_TEXT_MAX];       /* path of the member's own resource */
  char as[GC_JOIN_FILE_TEXT_MAX];         /* URI of the token endpoint */
  char as_context[GC_JOIN_FILE_TEXT_MAX]; /* path of the context file for it */
  char audience[GC_JOIN_FILE_TEXT_MAX];
  char key[GC_JOIN_FILE_TEXT_MAX];        /* path of the member's key */
  char control_uri[GC_JOIN_FILE_TEXT_MAX];
  char roles[GC_JOIN_FILE_TEXT_MAX];      /* "requester,responder" */
  uint64_t num;                           /* Key Generation Number of the context file */
  uint64_t expires_s;                     /* UTC, when its keys end; 0: not known */
  uint64_t check_interval_s;              /* Key Update Check Interval */
  uint64_t renew_s;                       /* UTC, when another token is due; 0: not known */
  struct gc_join_bytes token, material;   /* secret */
  struct gc_join_bytes n_s, n_c;          /* latest challenge, and cnonce of the Join Request */
};

/** NULL: no memory. */
struct gc_join_file *gc_join_file_new(void);

/** Wipes; sets *file NULL. */
void gc_join_file_free(struct gc_join_file **file);

/** @return GC_OK; others: told, as gc_context_file_read */
enum gc_err gc_join_file_read(struct gc_join_file **out, const char *path,
                              void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem), void *ctx) GC_MUST_CHECK;

/** Whole or not at all, in the place of what is there. GC_E_SYSTEM (errno); GC_E_MEMORY */
enum gc_err gc_join_file_write(const struct gc_join_file *file, const char *path) GC_MUST_CHECK;

/** GC_E_RANGE: too long; nothing is changed */
enum gc_err gc_join_text_set(char out[static GC_JOIN_FILE_TEXT_MAX], const char *text) GC_MUST_CHECK;
enum gc_err gc_join_bytes_set(struct gc_join_bytes *out, struct gc_bytes bytes) GC_MUST_CHECK;

static inline struct gc_bytes gc_join_bytes_get(const struct gc_join_bytes *bytes)
{
  return gc_bytes(bytes->bytes, bytes->len);
}

#endif
