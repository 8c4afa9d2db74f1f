#include "exact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbor/diag.h"

struct gc_bytes exact_copy(struct gc_bytes bytes)
{
  uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
  if (!copy)
    abort();
  if (bytes.len)
    memcpy(copy, bytes.ptr, bytes.len);
  return gc_bytes(copy, bytes.len);
}

void exact_free(struct gc_bytes copy)
{
  free((void *)(uintptr_t)copy.ptr);
}

struct gc_bytes edn(const char *text)
{
  static uint8_t stores[16][8192];
  static unsigned turn;
  struct gc_buf out = gc_buf(stores[turn % 16], sizeof stores[0]);
  struct gc_where where = { 0, "" };
  turn++;
  if (gc_cbor_from_diag(&out, gc_bytes_str(text), &where)) {
    fprintf(stderr, "%s: %s at %zu\n", text, where.phrase, where.offset);
    abort();
  }
  return gc_buf_bytes(&out);
}

static void give(struct gc_bytes bytes, void (*take)(struct gc_bytes bytes, void *ctx), void *ctx)
{
  struct gc_bytes copy = exact_copy(bytes);
  take(copy, ctx);
  exact_free(copy);
}

void hostile(struct gc_bytes bytes, void (*take)(struct gc_bytes bytes, void *ctx), void *ctx)
{
  uint8_t changed[4096];
  if (bytes.len > sizeof changed)
    abort();
  for (size_t len = 0; len < bytes.len; len++)
    give(gc_bytes(bytes.ptr, len), take, ctx);
  for (size_t i = 0; i < bytes.len; i++)
    for (int bit = 0; bit < 8; bit++) {
      memcpy(changed, bytes.ptr, bytes.len);
      changed[i] ^= (uint8_t)(1 << bit);
      give(gc_bytes(changed, bytes.len), take, ctx);
    }
}
