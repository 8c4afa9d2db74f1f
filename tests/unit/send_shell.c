#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gc-send_shell.h"

static void splits_words(void **state)
{
  (void)state;
  static const struct {
    const char *line;
    size_t count;
    const char *words[4];
  } cases[] = {
    { "", 0, { NULL } },
    { "   \t ", 0, { NULL } },
    { "# get /x", 0, { NULL } },
    { "get /light", 2, { "get", "/light" } },
    { "  put\t/x  -p  ", 3, { "put", "/x", "-p" } },
    { "put -p 'a b\\' \"c \\\" 'd\"", 4, { "put", "-p", "a b\\", "c \" 'd" } },
    { "x '' \"\"", 3, { "x", "", "" } },
    { "a\\ b c\\\\ d\\", 3, { "a b", "c\\", "d\\" } },
    { "pre'mid dle'post #x", 2, { "premid dlepost", "#x" } },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char line[64], *words[8];
    size_t count;
    strcpy(line, cases[i].line);
    assert_null(gc_words_split(words, 8, &count, line));
    assert_int_equal(count, cases[i].count);
    for (size_t k = 0; k < count; k++)
      assert_string_equal(words[k], cases[i].words[k]);
    assert_null(words[count]);
  }
}

static void refuses_bad_lines(void **state)
{
  (void)state;
  char open[] = "get 'x", many[] = "1 2 3 4 5 6 7 8", *words[8];
  size_t count;
  assert_string_equal(gc_words_split(words, 8, &count, open), "a quote is not closed");
  assert_string_equal(gc_words_split(words, 8, &count, many), "too many words");
}

struct list {
  char text[4096];
};

static void add(void *to, const char *candidate)
{
  struct list *list = to;
  if (strlen(list->text) + strlen(candidate) + 2 < sizeof list->text)
    strcat(strcat(list->text, " "), candidate);
}

static const char *complete(struct gc_shell *shell, const char *before, const char *word)
{
  static struct list list;
  list.text[0] = '\0';
  gc_shell_complete(shell, before, word, add, &list);
  return list.text;
}

static void completes(void **state)
{
  (void)state;
  static struct gc_send base;
  static struct gc_shell shell;
  gc_send_init(&base);
  gc_shell_init(&shell, &base, NULL);
  gc_shell_learn(&shell, gc_bytes_str("</light>;if=\"x\",</hello>;rt=\"a\",</light>,<coap://other/x>,</bad path>,</q\"uote>"));
  gc_shell_learn(&shell, gc_bytes_str("</time>;obs,</hello>"));
  assert_string_equal(complete(&shell, "get ", ""), " /hello /light /time");
  assert_string_equal(complete(&shell, "get ", "/l"), " /hello /light /time"); /* the editor compares */
  assert_non_null(strstr(complete(&shell, "", "g"), " get "));
  assert_non_null(strstr(complete(&shell, "", ""), " discover "));
  assert_non_null(strstr(complete(&shell, "get / -m ", ""), " FETCH"));
  assert_non_null(strstr(complete(&shell, "get / --accept ", "c"), " cbor"));
  assert_non_null(strstr(complete(&shell, "get / -f  ", ""), " json"));
  assert_non_null(strstr(complete(&shell, "get / -O ", ""), " Max-Age="));
  assert_non_null(strstr(complete(&shell, "get / -O ", ""), " If-None-Match "));
  assert_non_null(strstr(complete(&shell, "get / ", "--"), " --no-response"));
  assert_non_null(strstr(complete(&shell, "get / ", "--"), " --interface"));
  assert_null(strstr(complete(&shell, "get / ", "--"), " --shell"));
  assert_non_null(strstr(complete(&shell, "get / --no-response ", ""), " errors"));
  gc_shell_free(&shell);
}

static void paths_are_bounded(void **state)
{
  (void)state;
  static struct gc_send base;
  static struct gc_shell shell;
  static char links[40000];
  size_t n = 0;
  gc_send_init(&base);
  gc_shell_init(&shell, &base, NULL);
  for (int i = 0; i < 3000; i++)
    n += (size_t)snprintf(links + n, sizeof links - n, "%s</p%d>", i ? "," : "", i);
  gc_shell_learn(&shell, gc_bytes(links, n));
  assert_int_equal(shell.path_count, GC_SHELL_PATHS_MAX);
  gc_shell_learn(&shell, gc_bytes(links, n));
  assert_int_equal(shell.path_count, GC_SHELL_PATHS_MAX);
  gc_shell_free(&shell);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(splits_words),
    cmocka_unit_test(refuses_bad_lines),
    cmocka_unit_test(completes),
    cmocka_unit_test(paths_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
