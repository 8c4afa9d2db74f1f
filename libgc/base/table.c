#include "base/table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 16 };

static struct gc_link **slot_of(const struct gc_table *table, uint64_t hash)
{
  return &table->slots[hash & (table->slot_count - 1)];
}

static void put(struct gc_link **slot, struct gc_link *link)
{
  link->next = *slot;
  link->at = slot;
  if (link->next)
    link->next->at = &link->next;
  *slot = link;
}

static enum gc_err grow(struct gc_table *table)
{
  struct gc_table larger = { .slot_count = table->slot_count ? 2 * table->slot_count : FIRST_SLOTS, .count = table->count };
  larger.slots = calloc(larger.slot_count, sizeof *larger.slots);
  if (!larger.slots)
    return GC_E_MEMORY;
  for (size_t i = 0; i < table->slot_count; i++)
    for (struct gc_link *link = table->slots[i], *next; link; link = next) {
      next = link->next;
      put(slot_of(&larger, link->hash), link);
    }
  free(table->slots);
  *table = larger;
  return GC_OK;
}

enum gc_err gc_table_add(struct gc_table *table, struct gc_link *link, uint64_t hash)
{
  if (table->count >= table->slot_count && grow(table) && table->slot_count == 0)
    return GC_E_MEMORY;
  link->hash = hash;
  put(slot_of(table, hash), link);
  table->count++;
  return GC_OK;
}

static struct gc_link *first_of(struct gc_link *link, uint64_t hash)
{
  while (link && link->hash != hash)
    link = link->next;
  return link;
}

struct gc_link *gc_table_find(const struct gc_table *table, uint64_t hash)
{
  return table->slot_count ? first_of(*slot_of(table, hash), hash) : NULL;
}

struct gc_link *gc_table_find_next(const struct gc_link *link)
{
  return first_of(link->next, link->hash);
}

void gc_table_remove(struct gc_table *table, struct gc_link *link)
{
  if (!link->at)
    return;
  *link->at = link->next;
  if (link->next)
    link->next->at = link->at;
  link->at = NULL;
  table->count--;
}

struct gc_link *gc_table_any(const struct gc_table *table, size_t *at)
{
  while (*at < table->slot_count && !table->slots[*at])
    ++*at;
  return *at < table->slot_count ? table->slots[*at] : NULL;
}

void gc_table_free(struct gc_table *table)
{
  free(table->slots);
  *table = (struct gc_table){ 0 };
}

static uint64_t mix(uint64_t h)
{
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ULL;
  return h ^ h >> 33;
}

uint64_t gc_hash_u64(uint64_t value, uint64_t key)
{
  return mix(mix(value ^ key) + key);
}

uint64_t gc_hash_bytes(const void *ptr, size_t len, uint64_t key)
{
  const uint8_t *bytes = ptr;
  uint64_t h = key ^ len;
  while (len > 0) {
    uint64_t part = 0;
    size_t n = len < sizeof part ? len : sizeof part;
    memcpy(&part, bytes, n);
    h = mix(h ^ part) + key;
    bytes += n;
    len -= n;
  }
  return mix(h);
}
