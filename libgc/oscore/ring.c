#include "oscore/ring.h"

#include <stdlib.h>
#include <string.h>

struct entry {
  struct gc_oscore_context *context;
  uint64_t place;
};

struct gc_oscore_ring {
  struct entry *entries; /* in the order of their places */
  size_t count, cap;
  uint64_t last_place;
};

struct gc_oscore_ring *gc_oscore_ring_new(void)
{
  return calloc(1, sizeof(struct gc_oscore_ring));
}

void gc_oscore_ring_free(struct gc_oscore_ring **ring)
{
  if (!*ring)
    return;
  free((*ring)->entries);
  free(*ring);
  *ring = NULL;
}

enum gc_err gc_oscore_ring_add(struct gc_oscore_ring *ring, struct gc_oscore_context *context)
{
  if (ring->count == ring->cap) {
    size_t cap = ring->cap ? 2 * ring->cap : 4;
    struct entry *entries = realloc(ring->entries, cap * sizeof *entries);
    if (!entries)
      return GC_E_MEMORY;
    ring->entries = entries;
    ring->cap = cap;
  }
  ring->entries[ring->count++] = (struct entry){ context, ++ring->last_place };
  return GC_OK;
}

bool gc_oscore_ring_remove(struct gc_oscore_ring *ring, struct gc_oscore_context *context)
{
  for (size_t i = 0; i < ring->count; i++) {
    if (ring->entries[i].context != context)
      continue;
    memmove(&ring->entries[i], &ring->entries[i + 1], (--ring->count - i) * sizeof *ring->entries);
    return true;
  }
  return false;
}

size_t gc_oscore_ring_count(const struct gc_oscore_ring *ring)
{
  return ring->count;
}

struct gc_oscore_context *gc_oscore_ring_at(const struct gc_oscore_ring *ring, size_t index)
{
  return index < ring->count ? ring->entries[index].context : NULL;
}

uint64_t gc_oscore_ring_place(const struct gc_oscore_ring *ring, const struct gc_oscore_context *context)
{
  for (size_t i = 0; i < ring->count; i++)
    if (ring->entries[i].context == context)
      return ring->entries[i].place;
  return 0;
}

uint64_t gc_oscore_ring_last_place(const struct gc_oscore_ring *ring)
{
  return ring->last_place;
}

struct gc_oscore_context *gc_oscore_ring_by_name(const struct gc_oscore_ring *ring, struct gc_bytes name)
{
  for (size_t i = ring->count; i-- > 0;)
    if (gc_bytes_equal(gc_oscore_context_name(ring->entries[i].context), name))
      return ring->entries[i].context;
  return NULL;
}

struct gc_bytes gc_oscore_id_elsewhere(const struct gc_oscore_context *a, struct gc_bytes kid, const struct gc_oscore_context *b)
{
  const struct gc_bytes nobody = { NULL, 0 };
  const struct gc_oscore_recipient *member = gc_oscore_context_find(a, kid);
  if (!member)
    return nobody;
  if (gc_oscore_is_same_member(a, kid, b, kid))
    return gc_oscore_recipient_id(gc_oscore_context_find(b, kid));
  for (size_t i = 0; i < gc_oscore_context_count(b); i++) {
    const struct gc_bytes id = gc_oscore_recipient_id(gc_oscore_context_at(b, i));
    if (gc_oscore_recipient_key(member)->curve && gc_oscore_is_same_member(a, kid, b, id))
      return id;
  }
  return nobody;
}

bool gc_oscore_is_same_member(const struct gc_oscore_context *a, struct gc_bytes kid_a, const struct gc_oscore_context *b,
                              struct gc_bytes kid_b)
{
  if (a == b)
    return gc_bytes_equal(kid_a, kid_b);
  const struct gc_bytes name = gc_oscore_context_name(a);
  if (!name.len || !gc_bytes_equal(name, gc_oscore_context_name(b)))
    return false;
  const struct gc_oscore_recipient *in_a = gc_oscore_context_find(a, kid_a), *in_b = gc_oscore_context_find(b, kid_b);
  if (!in_a || !in_b)
    return false;
  const struct gc_public_key *key = gc_oscore_recipient_key(in_a);
  return key->curve ? gc_public_key_equal(key, gc_oscore_recipient_key(in_b)) : gc_bytes_equal(kid_a, kid_b);
}

static bool is_final(enum gc_sec result)
{
  return result == GC_SEC_OK || result == GC_SEC_WINDOW_INVALID || result == GC_SEC_NOT_DECRYPTED || result == GC_SEC_UNEXPECTED ||
         result == GC_SEC_SPACE;
}

struct best {
  enum gc_sec result;
  struct gc_oscore_opened opened;
};

static void keep_best(struct best *best, enum gc_sec result, const struct gc_oscore_opened *opened)
{
  if (!best->opened.context || gc_sec_rank(result) > gc_sec_rank(best->result))
    *best = (struct best){ result, *opened };
}

enum gc_sec gc_oscore_ring_open_request(struct gc_oscore_ring *ring, const struct gc_message *outer, unsigned flags,
                                        struct gc_buf storage, struct gc_oscore_opened *opened, struct gc_oscore_binding *binding)
{
  struct best best = { .result = GC_SEC_NO_CONTEXT };
  struct gc_bytes value;
  *opened = (struct gc_oscore_opened){ 0 };
  if (!gc_oscore_option_of(outer, &value))
    return GC_SEC_NOT_PROTECTED;
  for (size_t i = ring->count; i-- > 0;) {
    enum gc_sec result = gc_oscore_open_request(ring->entries[i].context, outer, flags, storage, opened, binding);
    if (is_final(result))
      return result;
    keep_best(&best, result, opened);
  }
  *opened = best.opened;
  return best.result;
}

/* By its invariant name. For a decoder, whose contexts may be several members', by the Gid too; for anybody else that would
 * let the members of one group answer what another one with the same Gid was asked. */
static bool is_same_group(const struct gc_oscore_context *a, const struct gc_oscore_context *b, unsigned flags)
{
  struct gc_bytes name = gc_oscore_context_name(a);
  if (!(flags & GC_OPEN_OWN))
    return gc_oscore_context_profile(a) != GC_OSCORE_PLAIN && name.len && gc_bytes_equal(name, gc_oscore_context_name(b));
  return (name.len && gc_bytes_equal(name, gc_oscore_context_name(b))) ||
         gc_bytes_equal(gc_oscore_context_id_context(a), gc_oscore_context_id_context(b));
}

enum gc_sec gc_oscore_ring_open_response(struct gc_oscore_ring *ring, const struct gc_message *outer, unsigned flags,
                                         const struct gc_oscore_binding *binding, struct gc_buf storage, struct gc_oscore_opened *opened)
{
  struct best best = { .result = GC_SEC_NO_CONTEXT };
  struct gc_bytes value;
  *opened = (struct gc_oscore_opened){ 0 };
  if (!gc_oscore_option_of(outer, &value))
    return GC_SEC_NOT_PROTECTED;
  for (size_t i = ring->count; i-- > 0;) {
    struct gc_oscore_context *context = ring->entries[i].context;
    if (context != binding->context && !is_same_group(context, binding->context, flags))
      continue;
    enum gc_sec result = gc_oscore_open_response(context, outer, flags, binding, storage, opened);
    if (is_final(result))
      return result;
    keep_best(&best, result, opened);
  }
  *opened = best.opened;
  return best.result;
}
