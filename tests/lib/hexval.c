#include "../tests/lib/hexval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

struct gc_bytes hexval(const char *hex)
{
  static uint8_t stores[64][4096];
  static unsigned turn;
  struct gc_buf out = gc_buf(stores[turn++ % 64], sizeof stores[0]);
  if (!hex || strcmp(hex, "-") == 0)
    return gc_buf_bytes(&out);
  if (gc_hex_decode(&out, hex, strlen(hex), NULL)) {
    fprintf(stderr, "hexval: %s\n", hex);
    abort();
  }
  return gc_buf_bytes(&out);
}
