#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <time.h>

#include "base/table.h"

struct item {
  struct gc_link link;
  unsigned key;
};

static struct item items[1000];

static struct item *find(const struct gc_table *table, unsigned key, uint64_t hash)
{
  for (struct gc_link *link = gc_table_find(table, hash); link; link = gc_table_find_next(link))
    if (GC_CONTAINER(link, struct item, link)->key == key)
      return GC_CONTAINER(link, struct item, link);
  return NULL;
}

/* divisor 1: all hashes differ; 1000: all are equal */
static void finds_what_was_added_and_nothing_else(void **state)
{
  static const unsigned divisors[] = { 1, 7, 1000 };
  (void)state;
  for (size_t d = 0; d < 3; d++) {
    struct gc_table table = { 0 };
    size_t at = 0, left = 0;
    for (unsigned i = 0; i < 1000; i++) {
      items[i].key = i;
      assert_int_equal(gc_table_add(&table, &items[i].link, gc_hash_u64(i / divisors[d], 5)), GC_OK);
    }
    for (unsigned i = 0; i < 1000; i += 2)
      gc_table_remove(&table, &items[i].link);
    gc_table_remove(&table, &items[0].link); /* once more: nothing happens */
    assert_int_equal(table.count, 500);
    for (unsigned i = 0; i < 1000; i++)
      assert_ptr_equal(find(&table, i, gc_hash_u64(i / divisors[d], 5)), i % 2 ? &items[i] : NULL);
    for (struct gc_link *link; (link = gc_table_any(&table, &at)); left++)
      gc_table_remove(&table, link);
    assert_int_equal(left, 500);
    gc_table_free(&table);
    assert_null(gc_table_find(&table, 1));
  }
}

/* 200,000 of the same hash, in and out, the oldest first: quadratic it would take minutes. */
static void removal_does_not_search(void **state)
{
  (void)state;
  enum { MANY = 200000 };
  static struct item many[MANY];
  struct gc_table table = { 0 };
  const clock_t start = clock();
  for (unsigned i = 0; i < MANY; i++)
    assert_int_equal(gc_table_add(&table, &many[i].link, 1), GC_OK);
  for (unsigned i = 0; i < MANY; i++)
    gc_table_remove(&table, &many[i].link);
  assert_int_equal(table.count, 0);
  assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
  gc_table_free(&table);
}

static void hashes_depend_on_everything(void **state)
{
  (void)state;
  static const uint8_t bytes[17] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 };
  assert_true(gc_hash_bytes(bytes, 8, 1) == gc_hash_bytes(bytes, 8, 1));
  assert_true(gc_hash_bytes(bytes, 8, 1) != gc_hash_bytes(bytes, 8, 2));
  for (size_t len = 0; len < 17; len++)
    assert_true(gc_hash_bytes(bytes, len, 1) != gc_hash_bytes(bytes, len + 1, 1));
  assert_true(gc_hash_bytes("\0", 1, 1) != gc_hash_bytes("\0\0", 2, 1)); /* zeros count */
  assert_true(gc_hash_u64(1, 1) != gc_hash_u64(1, 2));
  assert_true(gc_hash_u64(1, 1) != gc_hash_u64(2, 1));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(finds_what_was_added_and_nothing_else),
    cmocka_unit_test(removal_does_not_search),
    cmocka_unit_test(hashes_depend_on_everything),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
