/* A main for fuzz targets without libFuzzer: every file named is one input. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static int replay(const char *path)
{
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    return 1;
  }
  size_t cap = 1 << 20, len;
  uint8_t *data = malloc(cap);
  len = data ? fread(data, 1, cap, file) : 0;
  fclose(file);
  uint8_t *exact = malloc(len ? len : 1); /* so that a read past the end is seen by the sanitizers */
  for (size_t i = 0; exact && i < len; i++)
    exact[i] = data[i];
  free(data);
  if (exact)
    LLVMFuzzerTestOneInput(exact, len);
  free(exact);
  return 0;
}

int main(int argc, char **argv)
{
  int failed = 0;
  for (int i = 1; i < argc; i++)
    failed |= replay(argv[i]);
  return failed;
}
