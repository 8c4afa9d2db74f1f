/* Filters of credentials and the three arrays of peers: examples both ways, who matches, what does not belong together. */
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
#include "ace/creds.h"
#include "ace/scope.h"
#include "ace_examples.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint8_t store[4096];

static struct gc_groupcomm message(struct gc_bytes bytes)
{
  struct gc_groupcomm m;
  assert_int_equal(gc_groupcomm_parse(&m, bytes, NULL), GC_OK);
  return m;
}

static struct gc_creds_filter filter(const char *text)
{
  struct gc_creds_filter out;
  struct gc_where where = { 0, "" };
  if (gc_creds_filter_parse(&out, edn(text), &where))
    fail_msg("%s: %s", text, where.phrase);
  return out;
}

static void take_hostile(struct gc_bytes bytes, void *ctx)
{
  struct gc_creds_filter out;
  struct gc_where where = { 0, NULL };
  (void)ctx;
  if (gc_creds_filter_parse(&out, bytes, &where))
    assert_true(where.phrase && where.offset <= bytes.len);
}

/* @req JN-03 GR-09 */
static void filters_both_ways(void **state)
{
  (void)state;
  static const char *const rows[] = { "null", "[true,[4],[h'52']]", "[true,[2,6],[]]", "[false,[],[h'',h'01']]", "[true,[],[]]" };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_creds_filter f = filter(rows[i]);
    struct gc_buf out = gc_buf(store, sizeof store);
    assert_int_equal(gc_creds_filter_write(&out, &f), GC_OK);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), edn(rows[i])));
    hostile(edn(rows[i]), take_hostile, NULL);
  }
  struct gc_groupcomm m = message(hexval(EXAMPLE_CREDS_FETCH));
  struct gc_creds_filter f;
  assert_int_equal(gc_creds_filter_parse(&f, m.get_creds, NULL), GC_OK);
  assert_true(f.is_inclusive && f.role_count == 1 && f.roles[0] == 4 && f.id_count == 1 && gc_bytes_equal(f.ids[0], hexval("52")));
  static const char *const bad[] = { "[]", "[true]", "[true,[]]", "[true,[],[],1]", "[1,[],[]]", "[true,[\"sender\"],[]]", "[true,[],[1]]", "[true,[[2]],[]]", "true", "undefined", "{}" };
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct gc_where where = { 0, NULL };
    if (gc_creds_filter_parse(&f, edn(bad[i]), &where) == GC_OK)
      fail_msg("%s", bad[i]);
    assert_non_null(where.phrase);
  }
}

static void filters_have_a_bound(void **state)
{
  (void)state;
  struct gc_creds_filter f;
  uint8_t many[4 + GC_CREDS_FILTER_MAX + 2] = { 0x83, 0xf5, 0x98, GC_CREDS_FILTER_MAX + 1 };
  many[sizeof many - 1] = 0x80;
  assert_int_equal(gc_creds_filter_parse(&f, gc_bytes(many, sizeof many), NULL), GC_E_LIMIT);
  many[3]--;
  many[sizeof many - 2] = 0x80;
  assert_int_equal(gc_creds_filter_parse(&f, gc_bytes(many, sizeof many - 1), NULL), GC_OK);
}

/* @req JN-03 GR-09 */
static void where_a_filter_may_stand(void **state)
{
  (void)state;
  static const struct {
    const char *edn;
    bool in_join, in_fetch;
  } rows[] = {
    { "null", true, true },            { "[true,[2],[]]", true, true },    { "[true,[],[]]", false, false }, { "[false,[2],[]]", false, true },
    { "[true,[2],[h'01']]", false, true }, { "[false,[],[h'01']]", false, true }, { "[false,[],[]]", false, false },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_creds_filter f = filter(rows[i].edn);
    if ((gc_creds_filter_join_fault(&f) == NULL) != rows[i].in_join || (gc_creds_filter_fetch_fault(&f) == NULL) != rows[i].in_fetch)
      fail_msg("%s", rows[i].edn);
  }
}

/* @req GR-09 */
static void who_matches(void **state)
{
  (void)state;
  static const struct {
    const char *edn;
    uint64_t roles;
    const char *id;
    bool matches;
  } rows[] = {
    { "null", 2, "01", true },
    { "[true,[2],[]]", 2, "01", true },
    { "[true,[2],[]]", 6, "01", true }, /* at least */
    { "[true,[6],[]]", 2, "01", false },
    { "[true,[6],[]]", 6, "01", true },
    { "[true,[6,2],[]]", 2, "01", true },
    { "[true,[4],[]]", 2, "01", false },
    { "[true,[4],[h'01']]", 2, "01", true }, /* or */
    { "[true,[],[h'01']]", 2, "02", false },
    { "[true,[],[h'01',h'77']]", 2, "01", true }, /* 77 is unknown: ignored */
    { "[false,[2],[h'01']]", 2, "01", false },
    { "[false,[2],[h'01']]", 2, "02", true },
    { "[false,[2],[h'01']]", 4, "02", false },
    { "[false,[],[h'01']]", 4, "02", true },
    { "[false,[],[h'01']]", 4, "01", false },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_creds_filter f = filter(rows[i].edn);
    if (gc_creds_filter_matches(&f, rows[i].roles, hexval(rows[i].id)) != rows[i].matches)
      fail_msg("%s %s", rows[i].edn, rows[i].id);
  }
}

/* @req JN-25 */
static void who_is_relevant(void **state)
{
  (void)state;
  const uint64_t q = GC_ROLE_REQUESTER, r = GC_ROLE_RESPONDER, m = GC_ROLE_MONITOR;
  assert_true(gc_creds_relevant(q, r));
  assert_false(gc_creds_relevant(q, q));
  assert_true(gc_creds_relevant(q, q | r));
  assert_true(gc_creds_relevant(r, q));
  assert_false(gc_creds_relevant(r, r));
  assert_true(gc_creds_relevant(m, q));
  assert_false(gc_creds_relevant(m, r));
  assert_true(gc_creds_relevant(q | r, q) && gc_creds_relevant(q | r, r));
  assert_false(gc_creds_relevant(q | r, m));
}

/* @req JN-25 */
static void peers_of_the_examples(void **state)
{
  (void)state;
  static const char *const examples[] = { EXAMPLE_JOIN_RESPONSE, EXAMPLE_CREDS_RESPONSE };
  for (size_t i = 0; i < COUNT(examples); i++) {
    struct gc_groupcomm m = message(hexval(examples[i])), made = { .present = 0 };
    struct gc_peers peers;
    struct gc_peer peer;
    struct gc_buf room = gc_buf(store, sizeof store);
    assert_int_equal(gc_peers_begin(&peers, &m), GC_OK);
    assert_int_equal(gc_peers_next(&peers, &peer), GC_OK);
    assert_true(gc_bytes_equal(peer.cred, hexval(EXAMPLE_PEER_CCS)));
    assert_true(gc_bytes_equal(peer.id, hexval("52")));
    assert_int_equal(peer.roles, 6);
    struct gc_peer same;
    assert_int_equal(gc_peers_next(&peers, &same), GC_E_END);
    assert_int_equal(gc_peers_set(&made, &room, &peer, 1), GC_OK);
    assert_true(gc_bytes_equal(made.creds, m.creds));
    assert_true(gc_bytes_equal(made.peer_roles, m.peer_roles));
    assert_true(gc_bytes_equal(made.peer_identifiers, m.peer_identifiers));
    for (size_t cap = 0; cap < room.len; cap++) {
      struct gc_groupcomm none = { .present = 0 };
      struct gc_buf small = gc_buf(store + 2048, cap);
      assert_int_equal(gc_peers_set(&none, &small, &peer, 1), GC_E_SPACE);
      assert_true(!none.present && !small.len);
    }
  }
}

/* @req JN-25 RK-03 */
static void arrays_that_do_not_belong_together(void **state)
{
  (void)state;
  static const struct {
    const char *edn;
    int count; /* -1: refused */
  } rows[] = {
    { "{9:1}", 0 },
    { "{13:[],14:[],15:[]}", 0 },
    { "{13:[h'01',h'02'],14:[2,4],15:[h'',h'01']}", 2 },
    { "{13:[_ h'01'],14:[_ 2],15:[h'01']}", 1 },
    { "{13:[h'01']}", -1 },
    { "{13:[h'01'],14:[2]}", -1 },
    { "{13:[h'01'],15:[h'01']}", -1 },
    { "{14:[2],15:[h'01']}", -1 },
    { "{13:[h'01'],14:[2],15:[]}", -1 },
    { "{13:[h'01'],14:[],15:[h'01']}", -1 },
    { "{13:[h'01',h'02'],14:[2],15:[h'01']}", -1 },
    { "{13:[1],14:[2],15:[h'01']}", -1 },
    { "{13:[h'01'],14:[\"requester\"],15:[h'01']}", -1 },
    { "{13:[h'01'],14:[2],15:[1]}", -1 },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_groupcomm m = message(edn(rows[i].edn));
    size_t count = 99;
    enum gc_err err = gc_peers_check(&m, &count);
    if ((err == GC_OK) != (rows[i].count >= 0))
      fail_msg("%s: %s", rows[i].edn, gc_err_name(err));
    if (!err)
      assert_int_equal(count, rows[i].count);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(filters_both_ways), cmocka_unit_test(filters_have_a_bound),  cmocka_unit_test(where_a_filter_may_stand),
    cmocka_unit_test(who_matches),       cmocka_unit_test(who_is_relevant),       cmocka_unit_test(peers_of_the_examples),
    cmocka_unit_test(arrays_that_do_not_belong_together),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
