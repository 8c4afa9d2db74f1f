/* Scopes and roles: examples both ways, every combination of roles, hostile content. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/hexval.h"
#include "ace/scope.h"
#include "ace_examples.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint8_t store[2048];

static struct gc_scope_list parsed(struct gc_bytes bytes)
{
  struct gc_scope_list list;
  struct gc_where where = { 0, "" };
  if (gc_scope_parse(&list, bytes, &where))
    fail_msg("%zu: %s", where.offset, where.phrase);
  return list;
}

static void take_hostile(struct gc_bytes bytes, void *ctx)
{
  struct gc_scope_list list;
  struct gc_scope_entry entry;
  struct gc_where where = { 0, NULL }, where2 = { 0, NULL };
  (void)ctx;
  if (gc_scope_parse(&list, bytes, &where))
    assert_true(where.phrase && where.offset <= bytes.len);
  if (gc_scope_entry_parse(&entry, bytes, &where2))
    assert_true(where2.phrase && where2.offset <= bytes.len);
}

/* @req SC-01 AC-25 */
static void examples_both_ways(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    size_t count;
  } rows[] = {
    { EXAMPLE_SCOPE, 1 },
    { "82826667726f75703102826667726f75703208", 2 },
    { "8382f50382d952496467702e2a181f82636770340d", 3 },                   /* an administrator's */
    { "8382672f732f74656d700182662f612f6c65640582652f64746c7302", 3 }, /* the REST model has the same shape */
    { "80", 0 },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_bytes bytes = hexval(rows[i].hex);
    struct gc_scope_list list = parsed(bytes);
    struct gc_buf out = gc_buf(store, sizeof store);
    assert_int_equal(list.count, rows[i].count);
    assert_int_equal(gc_scope_write(&out, &list), GC_OK);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), bytes));
    hostile(bytes, take_hostile, NULL);
  }
  struct gc_scope_list list = parsed(hexval("8382f50382d952496467702e2a181f82636770340d"));
  assert_int_equal(list.entries[0].kind, GC_SCOPE_ADMIN_ANY);
  assert_int_equal(list.entries[0].permissions, GC_ADMIN_LIST | GC_ADMIN_CREATE);
  assert_int_equal(list.entries[1].kind, GC_SCOPE_ADMIN_PATTERN);
  assert_true(gc_bytes_equal(list.entries[1].name, hexval("d952496467702e2a")));
  assert_int_equal(list.entries[2].kind, GC_SCOPE_ADMIN_NAME);
  assert_int_equal(list.entries[2].permissions, GC_ADMIN_LIST | GC_ADMIN_READ | GC_ADMIN_WRITE);
}

/* @req JN-02 */
static void the_entry_of_a_join_request(void **state)
{
  (void)state;
  struct gc_scope_entry entry;
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_scope_entry_parse(&entry, hexval(EXAMPLE_ENTRY), NULL), GC_OK);
  assert_true(gc_bytes_equal(entry.name, gc_bytes_str("group1")));
  assert_int_equal(entry.permissions, 6);
  assert_int_equal(gc_scope_entry_write(&out, &entry), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_ENTRY)));
  static const char *const bad[] = { EXAMPLE_SCOPE, "82616707", "82f503", "8261671820", "82616721", "816167", "8361670200", "8261670200", "" };
  for (size_t i = 0; i < COUNT(bad); i++)
    if (gc_scope_entry_parse(&entry, hexval(bad[i]), NULL) == GC_OK)
      fail_msg("%s", bad[i]);
}

static void what_is_refused(void **state)
{
  (void)state;
  static const char *const bad[] = {
    "[[\"g\"]]", "[[\"g\",2,3]]", "[[2,2]]", "[[\"g\",-1]]", "[[\"g\",\"requester\"]]", "[[true,2]]", "[[false,3]]", "[21065(\"g\")]", "{}", "\"g\"", "[\"g\"]",
  };
  struct gc_scope_list list;
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct gc_where where = { 0, NULL };
    if (gc_scope_parse(&list, edn(bad[i]), &where) == GC_OK)
      fail_msg("%s", bad[i]);
    assert_non_null(where.phrase);
  }
  uint8_t many[1 + (GC_SCOPE_ENTRIES_MAX + 1) * 4 + 2] = { 0x98, GC_SCOPE_ENTRIES_MAX + 1 };
  for (size_t i = 0; i <= GC_SCOPE_ENTRIES_MAX; i++)
    memcpy(many + 2 + 4 * i, "\x82\x61g\x02", 4);
  assert_int_equal(gc_scope_parse(&list, gc_bytes(many, 2 + 4 * (GC_SCOPE_ENTRIES_MAX + 1)), NULL), GC_E_LIMIT);
  many[1]--;
  assert_int_equal(gc_scope_parse(&list, gc_bytes(many, 2 + 4 * GC_SCOPE_ENTRIES_MAX), NULL), GC_OK);
}

/* @req SC-02 */
static void every_combination_of_roles(void **state)
{
  (void)state;
  for (uint64_t set = 0; set < 64; set++) {
    bool may_join = set == GC_ROLE_REQUESTER || set == GC_ROLE_RESPONDER || set == (GC_ROLE_REQUESTER | GC_ROLE_RESPONDER) || set == GC_ROLE_MONITOR;
    if ((gc_roles_join_fault(set) == NULL) != may_join)
      fail_msg("%u", (unsigned)set);
    assert_int_equal(gc_roles_send(set), (set & 6) != 0);
  }
}

static void names_of_roles(void **state)
{
  (void)state;
  char text[GC_ROLES_TEXT_MAX];
  for (uint64_t set = 2; set < 32; set += 2) {
    uint64_t again = 0;
    assert_int_equal(gc_roles_parse(&again, gc_bytes_str(gc_roles_format(text, set)), NULL), GC_OK);
    assert_int_equal(again, set);
  }
  assert_string_equal(gc_roles_format(text, 6), "requester,responder");
  assert_string_equal(gc_roles_format(text, GC_ROLES_ALL), "requester,responder,monitor,verifier");
  assert_string_equal(gc_roles_format(text, 0), "");
  assert_string_equal(gc_role_name(GC_ROLE_MONITOR), "monitor");
  assert_null(gc_role_name(6));
  assert_null(gc_role_name(1));
  uint64_t set = 99;
  struct gc_where where = { 0, NULL };
  assert_int_equal(gc_roles_parse(&set, gc_bytes_str("Requester , MONITOR"), NULL), GC_OK);
  assert_int_equal(set, GC_ROLE_REQUESTER | GC_ROLE_MONITOR);
  assert_int_equal(gc_roles_parse(&set, gc_bytes_str("requester,sender"), &where), GC_E_NOT_FOUND);
  assert_int_equal(where.offset, 10);
  assert_int_equal(gc_roles_parse(&set, gc_bytes_str(""), NULL), GC_E_NOT_FOUND);
  assert_int_equal(gc_roles_parse(&set, gc_bytes_str("requester,"), NULL), GC_E_NOT_FOUND);
}

static void what_is_granted(void **state)
{
  (void)state;
  struct gc_scope_list list = parsed(edn("[[\"g\",2],[\"h\",8],[\"g\",4],[\"g\",31]]")); /* the last is an administrator's */
  assert_int_equal(gc_scope_roles(&list, gc_bytes_str("g")), 6);
  assert_int_equal(gc_scope_roles(&list, gc_bytes_str("h")), 8);
  assert_int_equal(gc_scope_roles(&list, gc_bytes_str("i")), 0);
  struct gc_scope_entry entry = { GC_SCOPE_USER, gc_bytes_str("g"), 6 };
  assert_true(gc_scope_grants(&list, &entry));
  entry.permissions = 2;
  assert_true(gc_scope_grants(&list, &entry));
  entry.permissions = 10;
  assert_false(gc_scope_grants(&list, &entry));
  entry.permissions = 0;
  assert_false(gc_scope_grants(&list, &entry));
  entry = (struct gc_scope_entry){ GC_SCOPE_USER, gc_bytes_str("h"), 2 };
  assert_false(gc_scope_grants(&list, &entry));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(examples_both_ways), cmocka_unit_test(the_entry_of_a_join_request),
    cmocka_unit_test(what_is_refused),    cmocka_unit_test(every_combination_of_roles), cmocka_unit_test(names_of_roles),
    cmocka_unit_test(what_is_granted),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
