#include "oscore/echo.h"

#include <stdlib.h>
#include <string.h>

#include "coap/builder.h"
#include "crypto/secret.h"
#include "iana/options.h"

struct entry {
  const struct gc_oscore_context *context; /* NULL: free */
  uint8_t kid[GC_ID_MAX_LEN], kid_len;
  uint8_t value[GC_ECHO_LEN];
  uint64_t made_ms;
};

struct gc_oscore_echo {
  size_t cap;
  struct entry entries[];
};

#define WAYS 8 /* places that an entry may lie in: bounded work, and the oldest of them gives way */

struct gc_oscore_echo *gc_oscore_echo_new(size_t cap)
{
  if (cap < WAYS)
    cap = WAYS;
  struct gc_oscore_echo *echo = calloc(1, sizeof *echo + cap * sizeof echo->entries[0]);
  if (echo)
    echo->cap = cap;
  return echo;
}

void gc_oscore_echo_free(struct gc_oscore_echo **echo)
{
  free(*echo);
  *echo = NULL;
}

static struct entry *place(struct gc_oscore_echo *echo, const struct gc_oscore_binding *b, bool to_fill)
{
  uint64_t h = b->request_kid_len + 1u;
  for (size_t i = 0; i < b->request_kid_len; i++)
    h = h << 8 | b->request_kid[i];
  h = (h ^ (uint64_t)(uintptr_t)b->context) * 0x9e3779b97f4a7c15u;
  struct entry *oldest = NULL;
  for (size_t way = 0; way < WAYS; way++) {
    struct entry *e = &echo->entries[((h >> 20) + way) % echo->cap];
    if (e->context == b->context && e->kid_len == b->request_kid_len && memcmp(e->kid, b->request_kid, e->kid_len) == 0)
      return e;
    if (!oldest || (oldest->context && (!e->context || e->made_ms < oldest->made_ms)))
      oldest = e;
  }
  return to_fill ? oldest : NULL;
}

void gc_oscore_echo_make(struct gc_oscore_echo *echo, const struct gc_oscore_binding *binding, struct gc_rng rng, uint64_t now_ms,
                         uint8_t value[static GC_ECHO_LEN])
{
  struct entry *e = place(echo, binding, true);
  *e = (struct entry){ .context = binding->context, .kid_len = binding->request_kid_len, .made_ms = now_ms };
  memcpy(e->kid, binding->request_kid, sizeof e->kid);
  rng.fill(rng.ctx, e->value, sizeof e->value);
  memcpy(value, e->value, sizeof e->value);
}

bool gc_oscore_echo_check(struct gc_oscore_echo *echo, const struct gc_oscore_opened *opened, const struct gc_oscore_binding *binding,
                          uint64_t now_ms, uint64_t lifetime_ms, uint64_t context_age_ms)
{
  struct gc_option option;
  struct entry *e = place(echo, binding, false);
  if (!opened->sender || !gc_option_find(opened->inner.options, GC_OPTION_ECHO, &option))
    return false;
  if (!e && context_age_ms >= lifetime_ms)
    return false;
  if (e && (option.value.len != GC_ECHO_LEN || !gc_secret_equal(option.value.ptr, e->value, GC_ECHO_LEN) || now_ms - e->made_ms > lifetime_ms))
    return false;
  if (e)
    e->context = NULL;
  struct gc_replay_window *window = gc_oscore_recipient_window(opened->sender);
  if (!window->is_valid)
    gc_replay_window_recover(window, gc_oscore_piv_decode(opened->option.piv));
  return true;
}

void gc_oscore_echo_drop(struct gc_oscore_echo *echo, const struct gc_oscore_context *context)
{
  for (size_t i = 0; i < echo->cap; i++)
    if (echo->entries[i].context == context)
      echo->entries[i].context = NULL;
}

enum gc_err gc_oscore_echo_body(struct gc_buf *out, const uint8_t value[static GC_ECHO_LEN])
{
  struct gc_builder builder = gc_builder_body(out->ptr, out->cap, GC_CODE(4, 1));
  struct gc_bytes body;
  gc_builder_add(&builder, GC_OPTION_ECHO, gc_bytes(value, GC_ECHO_LEN));
  enum gc_err err = gc_builder_finish(&builder, &body);
  if (!err)
    out->len = body.len;
  return err;
}
