#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/status.h"

static char seen[300000];
static int kept_stderr, reader;

static void begin(void)
{
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  kept_stderr = dup(2);
  dup2(ends[1], 2);
  close(ends[1]);
  reader = ends[0];
}

static const char *end(void)
{
  size_t n = 0;
  ssize_t got;
  dup2(kept_stderr, 2); /* the last writer goes: the reader sees the end */
  close(kept_stderr);
  while (n + 1 < sizeof seen && (got = read(reader, seen + n, sizeof seen - 1 - n)) > 0)
    n += (size_t)got;
  seen[n] = '\0';
  close(reader);
  return seen;
}

static void levels(void **state)
{
  (void)state;
  static const char *const expected[] = { "t: e\n", "t: e\nt: w\n", "t: e\nt: w\nt: 1\n", "t: e\nt: w\nt: 1\nt: 2\n" };
  for (int level = -1; level <= 2; level++) {
    gc_diag_init("t", level);
    begin();
    gc_error("%s", "e");
    gc_warn("%s", "w");
    gc_info(1, "%d", 1);
    gc_info(2, "%d", 2);
    assert_string_equal(end(), expected[level + 1]);
    assert_int_equal(gc_diag_level(), level);
  }
}

static void a_terminal_is_safe(void **state)
{
  (void)state;
  static const struct {
    const char *text, *shown;
  } cases[] = {
    { "plain", "t: plain\n" },
    { "caf\xc3\xa9 \xe2\x80\xa6", "t: caf\xc3\xa9 \xe2\x80\xa6\n" },
    { "\x1b[31mred", "t: \\x1b[31mred\n" },
    { "two\nlines\r", "t: two\\x0alines\\x0d\n" },
    { "\xc2\x9b" "31m", "t: \\xc2\\x9b" "31m\n" }, /* C1 */
    { "\xff\xc3", "t: \\xff\\xc3\n" },
    { "\xe2\x80\xae" "cba", "t: \\xe2\\x80\\xae" "cba\n" }, /* right-to-left override */
    { "a\\x1b", "t: a\\x1b\n" }, /* escaped by the caller: not again */
    { "", "t: \n" },
  };
  gc_diag_init("t", 0);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    begin();
    gc_error("%s", cases[i].text);
    assert_string_equal(end(), cases[i].shown);
  }
}

static void long_lines_are_whole(void **state)
{
  (void)state;
  static const size_t lengths[] = { 1022, 1023, 1024, 1025, 4096, 15000 };
  static char text[15001], expected[61000];
  gc_diag_init("t", 0);
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    memset(text, '\x01', lengths[i]);
    text[lengths[i]] = '\0';
    strcpy(expected, "t: ");
    for (size_t k = 0; k < lengths[i]; k++)
      memcpy(expected + 3 + 4 * k, "\\x01", 4);
    strcpy(expected + 3 + 4 * lengths[i], "\n");
    begin();
    gc_error("%s", text);
    assert_string_equal(end(), expected);
  }
}

static void usage_ends_with_2(void **state)
{
  (void)state;
  int status;
  begin();
  pid_t child = fork();
  if (child == 0) {
    gc_diag_init("gc-x", -1);
    gc_usage("bad %s", "thing");
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_string_equal(end(), "gc-x: bad thing (try 'gc-x --help')\n");
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 2);
}

static void statuses(void **state)
{
  (void)state;
  static const struct {
    enum gc_err err;
    enum gc_status status;
  } cases[] = { { GC_OK, 0 }, { GC_E_END, 0 }, { GC_E_TIMEOUT, 1 }, { GC_E_MALFORMED, 3 }, { GC_E_TRUNCATED, 3 },
                { GC_E_RANGE, 3 }, { GC_E_NOT_FOUND, 3 }, { GC_E_UNSUPPORTED, 3 }, { GC_E_SYSTEM, 4 }, { GC_E_MEMORY, 4 } };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_int_equal(gc_status_of(cases[i].err), cases[i].status);
  for (int a = 0; a <= 5; a++)
    for (int b = 0; b <= 5; b++)
      assert_int_equal(gc_status_max((enum gc_status)a, (enum gc_status)b), a > b ? a : b);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(levels),    cmocka_unit_test(a_terminal_is_safe), cmocka_unit_test(long_lines_are_whole),
    cmocka_unit_test(usage_ends_with_2), cmocka_unit_test(statuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
