/* A context file as an attacker or a tired operator would write it. */
#include <string.h>

#include "fuzz.h"
#include "store/context_file.h"

static void problem(void *ctx, bool is_error, const struct gc_context_problem *problem)
{
  size_t *total = ctx;
  *total += strlen(problem->key) + strlen(problem->phrase) + is_error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  size_t total = 0;
  struct gc_context_file *file;
  if (gc_context_file_parse(&file, gc_bytes(data, size), "fuzz", size & 1, problem, &total) == GC_OK)
    gc_context_file_free(&file);
  return 0;
}
