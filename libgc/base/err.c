#include "base/err.h"

static const struct {
  const char *name, *phrase;
} errors[GC_ERR_COUNT] = {
  [GC_OK] = { "GC_OK", "ok" },
  [GC_E_SPACE] = { "GC_E_SPACE", "buffer too small" },
  [GC_E_TRUNCATED] = { "GC_E_TRUNCATED", "truncated" },
  [GC_E_MALFORMED] = { "GC_E_MALFORMED", "malformed" },
  [GC_E_RANGE] = { "GC_E_RANGE", "out of range" },
  [GC_E_UNSUPPORTED] = { "GC_E_UNSUPPORTED", "not supported" },
  [GC_E_NOT_FOUND] = { "GC_E_NOT_FOUND", "not found" },
  [GC_E_EXISTS] = { "GC_E_EXISTS", "exists already" },
  [GC_E_LIMIT] = { "GC_E_LIMIT", "limit reached" },
  [GC_E_STATE] = { "GC_E_STATE", "not possible in this state" },
  [GC_E_MEMORY] = { "GC_E_MEMORY", "out of memory" },
  [GC_E_SYSTEM] = { "GC_E_SYSTEM", "system error" },
  [GC_E_TIMEOUT] = { "GC_E_TIMEOUT", "timed out" },
  [GC_E_END] = { "GC_E_END", "end of input" },
};

const char *gc_err_str(enum gc_err err)
{
  return (unsigned)err < GC_ERR_COUNT ? errors[err].phrase : "unknown error";
}

const char *gc_err_name(enum gc_err err)
{
  return (unsigned)err < GC_ERR_COUNT ? errors[err].name : "GC_E_UNKNOWN";
}

enum gc_err gc_fail(struct gc_where *where, size_t offset, const char *phrase, enum gc_err err)
{
  if (where) {
    where->offset = offset;
    where->phrase = phrase;
  }
  return err;
}
