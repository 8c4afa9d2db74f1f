#include "store/store_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

#define HEAD 16 /* in front of each block, its size: keeps the alignment of malloc */

static void *wiping_malloc(size_t size)
{
  size_t *block = size < SIZE_MAX - HEAD ? malloc(size + HEAD) : NULL;
  if (!block)
    return NULL;
  block[0] = size;
  return (uint8_t *)block + HEAD;
}

static void wiping_free(void *ptr)
{
  if (!ptr)
    return;
  size_t *block = (size_t *)(void *)((uint8_t *)ptr - HEAD);
  gc_wipe(block, block[0] + HEAD);
  free(block);
}

void gc_store_json_init(void)
{
  json_set_alloc_funcs(wiping_malloc, wiping_free);
}

void gc_store_json_free_text(char *text)
{
  wiping_free(text);
}

enum gc_err gc_store_json_load(json_t **out, const char *path,
                               void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem), void *ctx)
{
  json_error_t error;
  gc_store_json_init();
  errno = 0;
  *out = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
  if (*out)
    return GC_OK;
  bool is_system = error.line < 0 && errno;
  const struct gc_context_problem p = { path, is_system ? 0 : error.line, is_system ? 0 : error.column, "", is_system ? strerror(errno) : error.text };
  problem(ctx, true, &p);
  return is_system ? GC_E_SYSTEM : GC_E_MALFORMED;
}
