#include "oscore/exchange.h"

#include <stdlib.h>
#include <string.h>

struct responder {
  const struct gc_oscore_context *context; /* the Response Number belongs to one context */
  uint8_t kid[GC_ID_MAX_LEN], kid_len;
  bool had_none;                           /* a response without Partial IV */
  struct gc_replay_window window;          /* next - 1 is the Response Number */
  uint8_t key[8];                          /* the start of the public key, to find another kid of the same server */
};

struct gc_oscore_exchange {
  bool is_long;
  unsigned window;
  struct responder *responders;
  size_t count, cap, forgotten;
  uint32_t *index; /* hash of kid to responder + 1; twice cap, a power of two */
};

static size_t slot_of(const struct gc_oscore_exchange *e, const struct gc_oscore_context *context, struct gc_bytes kid)
{
  uint64_t h = kid.len + 1;
  for (size_t i = 0; i < kid.len; i++)
    h = h << 8 | kid.ptr[i];
  h = (h ^ (uint64_t)(uintptr_t)context) * 0x9e3779b97f4a7c15u;
  size_t mask = 2 * e->cap - 1, slot = (size_t)(h >> 32) & mask;
  for (; e->index[slot]; slot = (slot + 1) & mask) {
    const struct responder *r = &e->responders[e->index[slot] - 1];
    if (r->context == context && gc_bytes_equal(gc_bytes(r->kid, r->kid_len), kid))
      break;
  }
  return slot;
}

static void reindex(struct gc_oscore_exchange *e)
{
  memset(e->index, 0, 2 * e->cap * sizeof *e->index);
  for (size_t i = 0; i < e->count; i++)
    e->index[slot_of(e, e->responders[i].context, gc_bytes(e->responders[i].kid, e->responders[i].kid_len))] = (uint32_t)i + 1;
}

static bool grow(struct gc_oscore_exchange *e, size_t cap)
{
  struct responder *responders = realloc(e->responders, cap * sizeof *responders);
  if (!responders)
    return false;
  e->responders = responders;
  uint32_t *index = calloc(2 * cap, sizeof *index);
  if (!index)
    return false;
  free(e->index);
  e->index = index;
  e->cap = cap;
  reindex(e);
  return true;
}

struct gc_oscore_exchange *gc_oscore_exchange_new(bool is_long, size_t expected, unsigned window)
{
  struct gc_oscore_exchange *e = calloc(1, sizeof *e);
  size_t cap = 1;
  while (cap < expected && cap < 1u << 24)
    cap *= 2;
  if (!e)
    return NULL;
  e->is_long = is_long;
  e->window = window;
  if (!grow(e, cap))
    gc_oscore_exchange_free(&e);
  return e;
}

void gc_oscore_exchange_free(struct gc_oscore_exchange **exchange)
{
  if (!*exchange)
    return;
  free((*exchange)->responders);
  free((*exchange)->index);
  free(*exchange);
  *exchange = NULL;
}

void gc_oscore_exchange_forget(struct gc_oscore_exchange *exchange, const struct gc_oscore_context *context)
{
  size_t kept = 0;
  for (size_t i = 0; i < exchange->count; i++) {
    struct responder *r = &exchange->responders[i];
    if (r->context == context)
      r->context = NULL; /* that there was an answer still counts where one only may come */
    if (r->context || !exchange->is_long)
      exchange->responders[kept++] = *r;
  }
  exchange->forgotten += exchange->count - kept;
  exchange->count = kept;
  reindex(exchange);
}

size_t gc_oscore_exchange_count(const struct gc_oscore_exchange *exchange)
{
  return exchange->count + exchange->forgotten;
}

static const struct gc_public_key *key_of(const struct gc_oscore_opened *opened)
{
  return opened->sender ? gc_oscore_recipient_key(opened->sender) : NULL;
}

/* Did this server answer under another kid of the same context? (draft, Section 7.4) */
static bool has_other_kid(const struct gc_oscore_exchange *e, const struct gc_oscore_opened *opened)
{
  const struct gc_public_key *key = key_of(opened);
  if (!key || !key->curve)
    return false;
  for (size_t i = 0; i < e->count; i++) {
    const struct responder *r = &e->responders[i];
    if (r->context != opened->context || memcmp(r->key, key->bytes, sizeof r->key) != 0)
      continue;
    const struct gc_oscore_recipient *other = gc_oscore_context_find(r->context, gc_bytes(r->kid, r->kid_len));
    if (other && gc_public_key_equal(gc_oscore_recipient_key(other), key))
      return true;
  }
  return false;
}

static enum gc_sec add(struct gc_oscore_exchange *e, const struct gc_oscore_opened *opened, struct responder **out)
{
  if (has_other_kid(e, opened) || (!e->is_long && e->count))
    return GC_SEC_UNEXPECTED;
  if (e->count == e->cap && !grow(e, 2 * e->cap))
    return GC_SEC_SPACE;
  struct responder *r = &e->responders[e->count];
  *r = (struct responder){ .context = opened->context, .kid_len = (uint8_t)opened->kid.len };
  if (opened->kid.len)
    memcpy(r->kid, opened->kid.ptr, opened->kid.len);
  gc_replay_window_init(&r->window, e->window);
  const struct gc_public_key *key = key_of(opened);
  if (key)
    memcpy(r->key, key->bytes, sizeof r->key);
  e->index[slot_of(e, opened->context, opened->kid)] = (uint32_t)++e->count;
  *out = r;
  return GC_SEC_OK;
}

enum gc_sec gc_oscore_exchange_accept(struct gc_oscore_exchange *exchange, const struct gc_oscore_opened *opened, bool *is_newest)
{
  uint32_t found = exchange->index[slot_of(exchange, opened->context, opened->kid)];
  struct responder *r = found ? &exchange->responders[found - 1] : NULL;
  bool is_first = !r, newest = false;
  enum gc_sec result = r ? GC_SEC_OK : add(exchange, opened, &r);
  if (result)
    return result;
  if (!exchange->is_long && !is_first)
    return GC_SEC_UNEXPECTED;
  if (!opened->option.piv.len) { /* at most one, and the oldest of all */
    if (r->had_none)
      return GC_SEC_UNEXPECTED;
    r->had_none = true;
    newest = r->window.next == 0;
  } else {
    uint64_t number = gc_oscore_piv_decode(opened->option.piv);
    newest = number >= r->window.next;
    switch (gc_replay_window_update(&r->window, number)) {
    case GC_REPLAY_NEW:
      break;
    case GC_REPLAY_DUPLICATE:
      return GC_SEC_REPLAY;
    default:
      return GC_SEC_TOO_OLD;
    }
  }
  if (is_newest)
    *is_newest = newest;
  return GC_SEC_OK;
}
