/* Errors of libgc: one enum for all rooms, a phrase and a symbol for each. */
#ifndef GC_BASE_ERR_H
#define GC_BASE_ERR_H

#include <stddef.h>

/** What a function of libgc answers. A peer's CoAP response code is data and never appears here. */
enum gc_err {
  GC_OK = 0,
  GC_E_SPACE,       /* the caller's buffer is too small: give a larger one; nothing was half written */
  GC_E_TRUNCATED,   /* the input ends inside something it announced */
  GC_E_MALFORMED,   /* the input breaks a rule of its format */
  GC_E_RANGE,       /* a number or length lies outside what is allowed */
  GC_E_UNSUPPORTED, /* well-formed, and this library does not do it */
  GC_E_NOT_FOUND,   /* nothing of that name, address or number */
  GC_E_EXISTS,      /* there is one already */
  GC_E_LIMIT,       /* a bound that protects memory or a peer is reached: try later or fewer */
  GC_E_STATE,       /* not now: the object is in another phase */
  GC_E_MEMORY,      /* the system has no memory left */
  GC_E_SYSTEM,      /* a system call failed: errno says how */
  GC_E_TIMEOUT,     /* the time allowed has passed */
  GC_E_END,         /* no more input: the orderly end */
  GC_ERR_COUNT
};

#define GC_MUST_CHECK __attribute__((warn_unused_result))

/** Where in an input something was wrong. Decoders fill it when the caller passes one. */
struct gc_where {
  size_t offset;      /* bytes from the start of the input handed in */
  const char *phrase; /* static, lower case: "option length runs past the end" */
};

/** A lower-case phrase for people ("buffer too small"); never NULL. */
const char *gc_err_str(enum gc_err err);

/** The symbol for programs ("GC_E_SPACE"); never NULL. */
const char *gc_err_name(enum gc_err err);

/** Fill *where (which may be NULL) and return err: `return gc_fail(where, pos, "…", GC_E_…);` */
enum gc_err gc_fail(struct gc_where *where, size_t offset, const char *phrase, enum gc_err err);

#endif
