/* A hash table of nodes that live inside their owners: it allocates only its slots, and never on removal. */
#ifndef GC_BASE_TABLE_H
#define GC_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** Put one into each structure that shall be in a table; all zero as long as it is in none. */
struct gc_link {
  struct gc_link *next, **at; /* at: what points here */
  uint64_t hash;
};

/** All zero is the empty table. */
struct gc_table {
  struct gc_link **slots;
  size_t slot_count, count;
};

/** The structure of `type` whose `member` is at `ptr`; ptr must not be NULL. */
#define GC_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

/** Add a node; several may have the same hash. GC_E_MEMORY: not added */
enum gc_err gc_table_add(struct gc_table *table, struct gc_link *link, uint64_t hash) GC_MUST_CHECK;

/** The first node of a hash, and the next one; NULL: no more. The caller compares the keys. */
struct gc_link *gc_table_find(const struct gc_table *table, uint64_t hash);
struct gc_link *gc_table_find_next(const struct gc_link *link);

/** Take a node out, however many have its hash, in the same time; one that is not in the table is left alone. */
void gc_table_remove(struct gc_table *table, struct gc_link *link);

/** Any node (to empty a table); NULL: it is empty. *at remembers the place, start with 0. */
struct gc_link *gc_table_any(const struct gc_table *table, size_t *at);

/** Give the slots back; the nodes are the caller's. */
void gc_table_free(struct gc_table *table);

/** Hash of bytes and of a number, keyed so that peers cannot choose collisions. */
uint64_t gc_hash_bytes(const void *ptr, size_t len, uint64_t key);
uint64_t gc_hash_u64(uint64_t value, uint64_t key);

#endif
