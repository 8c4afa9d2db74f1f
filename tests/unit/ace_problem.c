/* Concise problem details: the example both ways, texts with a language, errors of others. */
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
#include "ace/problem.h"
#include "ace_examples.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint8_t store[512];

static struct gc_problem parsed(struct gc_bytes bytes)
{
  struct gc_problem problem;
  struct gc_where where = { 0, "" };
  if (gc_problem_parse(&problem, bytes, &where))
    fail_msg("%zu: %s", where.offset, where.phrase);
  return problem;
}

static void take_hostile(struct gc_bytes bytes, void *ctx)
{
  struct gc_problem problem;
  struct gc_where where = { 0, NULL };
  (void)ctx;
  if (gc_problem_parse(&problem, bytes, &where))
    assert_true(where.phrase && where.offset <= bytes.len);
}

/* @req GR-02 */
static void the_example_both_ways(void **state)
{
  (void)state;
  struct gc_problem problem = parsed(hexval(EXAMPLE_PROBLEM_POP));
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_true(problem.has_error_id);
  assert_int_equal(problem.error_id, GC_GROUPCOMM_INVALID_POP);
  assert_true(gc_bytes_equal(problem.title, gc_bytes_str("Invalid Proof-of-Possession evidence")));
  assert_int_equal(gc_groupcomm_error_write(&out, GC_GROUPCOMM_INVALID_POP, NULL), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_PROBLEM_POP)));
  hostile(hexval(EXAMPLE_PROBLEM_POP), take_hostile, NULL);
  for (size_t cap = 0; cap < hexval(EXAMPLE_PROBLEM_POP).len; cap++) {
    out = gc_buf(store, cap);
    assert_int_equal(gc_groupcomm_error_write(&out, GC_GROUPCOMM_INVALID_POP, NULL), GC_E_SPACE);
    assert_int_equal(out.len, 0);
  }
}

/* @req GR-02 */
static void every_error_both_ways(void **state)
{
  (void)state;
  for (int id = 0; id <= GC_GROUPCOMM_UNSUPPORTED_CONFIGURATION; id++) {
    struct gc_buf out = gc_buf(store, sizeof store);
    assert_int_equal(gc_groupcomm_error_write(&out, (enum gc_groupcomm_error)id, "what went wrong"), GC_OK);
    struct gc_problem problem = parsed(gc_buf_bytes(&out));
    assert_int_equal(problem.error_id, id);
    assert_true(gc_bytes_equal(problem.title, gc_bytes_str(gc_groupcomm_error_title(id))));
    assert_true(gc_bytes_equal(problem.detail, gc_bytes_str("what went wrong")));
  }
  assert_null(gc_groupcomm_error_title(13));
  assert_null(gc_groupcomm_error_title(-1));
}

static void details_of_others(void **state)
{
  (void)state;
  struct gc_problem p = parsed(edn("{-1:38([\"de\",\"Nein\",false]),-2:\"no\",-3:\"/e/1\",-4:132,-5:\"coap://h\",-6:\"en\",-7:null,-99:[1],\"coap://x\":{1:2},0:{0:77,1:\"more\"}}"));
  assert_true(gc_bytes_equal(p.title, gc_bytes_str("Nein")));
  assert_true(gc_bytes_equal(p.instance, gc_bytes_str("/e/1")));
  assert_true(gc_bytes_equal(p.base_uri, gc_bytes_str("coap://h")));
  assert_true(gc_bytes_equal(p.base_lang, gc_bytes_str("en")));
  assert_int_equal(p.response_code, 132);
  assert_int_equal(p.error_id, 77);
  assert_int_equal(p.unknown.count, 3);
  p = parsed(edn("{0:{1:2}}"));
  assert_false(p.has_error_id);
  p = parsed(edn("{99:{1:2}}"));
  assert_int_equal(p.present, 0);
  static const char *const bad[] = { "{}", "{-1:1}", "{-1:38([\"de\"])}", "{-1:38(\"de\")}", "{-1:39([\"de\",\"x\"])}", "{0:[]}", "{0:{0:\"x\"}}", "{-4:\"x\"}", "[]", "{-1:\"a\",-1:\"b\"}" };
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct gc_where where = { 0, NULL };
    if (gc_problem_parse(&p, edn(bad[i]), &where) == GC_OK)
      fail_msg("%s", bad[i]);
    assert_non_null(where.phrase);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(the_example_both_ways), cmocka_unit_test(every_error_both_ways), cmocka_unit_test(details_of_others) };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
