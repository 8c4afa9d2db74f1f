#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/opt.h"
#include "common/out.h"
#include "common/status.h"

static const struct gc_opt rows[] = {
  { .name = "method", .letter = 'm', .arg = "METHOD", .group = "Request", .complete = GC_COMPLETE_METHOD, .help = "get, put …" },
  { .name = "expect", .letter = 'n', .arg = "N", .group = "Request", .help = "how many shall answer" },
  { .name = "export", .arg = "FILE", .group = "Other", .complete = GC_COMPLETE_FILE, .help = "a file", .key = 1000 },
  { .name = "wide-option-with-a-long-name", .arg = "ARGUMENT", .group = "Other", .help = "on its own line", .key = 1001 },
  { .name = "mode", .arg = "MODE", .is_arg_optional = true, .group = "Request", .complete = GC_COMPLETE_WORDS, .words = "a b",
    .help = "optional", .key = 1002 },
  { .name = "hidden", .key = 1003 },
  { 0 },
};

static const char *library(size_t index)
{
  return index == 0 ? "libcoap 4.3.1" : index == 1 ? "libfoo 2" : NULL;
}

static const struct gc_tool tool = { .name = "gc-try", .usage = "[OPTION]… URI", .summary = "Try things.", .options = rows,
                                     .footer = "Example: gc-try x", .library = library };

static char seen[512]; /* "m=get expect…" in the order of the calls */

static const char *note(void *ctx, int key, const char *arg)
{
  char one[64];
  (void)ctx;
  if (key == 'n' && strcmp(arg, "x") == 0)
    return "not a number";
  if (key < 1000)
    snprintf(one, sizeof one, "%c=%s ", key, arg ? arg : "-");
  else
    snprintf(one, sizeof one, "%d=%s ", key, arg ? arg : "-");
  strncat(seen, one, sizeof seen - strlen(seen) - 1);
  return NULL;
}

struct result {
  int status;
  char out[8192], err[1024];
};

static void drain(int fd, char *to, size_t cap)
{
  size_t n = 0;
  ssize_t got;
  while (n + 1 < cap && (got = read(fd, to + n, cap - 1 - n)) > 0)
    n += (size_t)got;
  to[n] = '\0';
  close(fd);
}

/* run gc_opt_parse in a child, as it may exit; where it returns, stdout says what it found */
static struct result run(const struct gc_tool *t, const char *line)
{
  struct result r;
  int out[2], err[2];
  assert_int_equal(pipe(out), 0);
  assert_int_equal(pipe(err), 0);
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    char copy[512], *argv[32] = { NULL };
    int argc = 0;
    dup2(out[1], 1);
    dup2(err[1], 2);
    close(out[0]);
    close(err[0]);
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
      argv[argc++] = word;
    struct gc_common common;
    seen[0] = '\0';
    int first = gc_opt_parse(argc, argv, t, &common, note, NULL);
    printf("%s|v%d q%d j%d s%d c%d level%d i=%s pcap=%s g%zu", seen, common.verbose, common.quiet, common.json, common.strict, common.color,
           gc_diag_level(), common.interface ? common.interface : "-", common.pcap ? common.pcap : "-", common.context_count);
    for (size_t i = 0; i < common.context_count; i++)
      printf(",%s", common.contexts[i]);
    printf("|");
    for (; first < argc; first++)
      printf("%s;", argv[first]);
    fflush(stdout);
    free(common.contexts);
    _exit(99);
  }
  close(out[1]);
  close(err[1]);
  drain(out[0], r.out, sizeof r.out);
  drain(err[0], r.err, sizeof r.err);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  r.status = WEXITSTATUS(status);
  return r;
}

static void options_and_operands_in_any_order(void **state)
{
  (void)state;
  static const struct {
    const char *line, *out;
  } cases[] = {
    { "gc-try", "|v0 q0 j0 s0 c0 level0 i=- pcap=- g0|" },
    { "gc-try uri -m get", "m=get |v0 q0 j0 s0 c0 level0 i=- pcap=- g0|uri;" },
    { "gc-try -n3 -mput a b", "n=3 m=put |v0 q0 j0 s0 c0 level0 i=- pcap=- g0|a;b;" },
    { "gc-try --expo f --mode --mode=b u", "1000=f 1002=- 1002=b |v0 q0 j0 s0 c0 level0 i=- pcap=- g0|u;" },
    { "gc-try -- -m get", "|v0 q0 j0 s0 c0 level0 i=- pcap=- g0|-m;get;" },
    { "gc-try - -vv", "|v2 q0 j0 s0 c0 level2 i=- pcap=- g0|-;" },
    { "gc-try -vvvvv --json -i lo --pcap=x", "|v3 q0 j1 s0 c0 level3 i=lo pcap=x g0|" },
    { "gc-try -v -q --color=never", "|v1 q1 j0 s0 c2 level-1 i=- pcap=- g0|" },
    { "gc-try --color always --hidden", "1003=- |v0 q0 j0 s0 c1 level0 i=- pcap=- g0|" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct result r = run(&tool, cases[i].line);
    assert_int_equal(r.status, 99);
    assert_string_equal(r.out, cases[i].out);
    assert_string_equal(r.err, "");
  }
}

static void wrong_use_is_one_line_and_2(void **state)
{
  (void)state;
  static const struct {
    const char *line, *err;
  } cases[] = {
    { "gc-try --nope", "unknown option '--nope'" },
    { "gc-try --nope=3 x", "unknown option '--nope=3'" },
    { "gc-try u -x", "unknown option '-x'" },
    { "gc-try -qx", "unknown option '-x'" },
    { "gc-try --exp 4 u", "ambiguous option '--exp'" },
    { "gc-try --method", "option '--method' needs METHOD" },
    { "gc-try a -m", "option '-m' needs METHOD" },
    { "gc-try --json=3", "option '--json' takes no argument" },
    { "gc-try -n x", "option '-n x': not a number" },
    { "gc-try --expect=x", "option '--expect x': not a number" },
    { "gc-try --color=blue", "option '--color blue': not one of auto, always, never" },
    { "gc-try -g ctx.json", "unknown option '-g'" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char expected[256];
    struct result r = run(&tool, cases[i].line);
    snprintf(expected, sizeof expected, "gc-try: %s (try 'gc-try --help')\n", cases[i].err);
    assert_string_equal(r.err, expected);
    assert_string_equal(r.out, "");
    assert_int_equal(r.status, 2);
  }
}

static void help_is_grouped(void **state)
{
  (void)state;
  struct result r = run(&tool, "gc-try --help");
  assert_int_equal(r.status, 0);
  assert_string_equal(r.err, "");
  assert_string_equal(r.out,
                      "Usage: gc-try [OPTION]… URI\n"
                      "Try things.\n"
                      "Request:\n"
                      "  -m, --method METHOD  get, put …\n"
                      "  -n, --expect N       how many shall answer\n"
                      "      --mode[=MODE]    optional\n"
                      "Other:\n"
                      "      --export FILE    a file\n"
                      "      --wide-option-with-a-long-name ARGUMENT\n"
                      "                       on its own line\n"
                      "Network:\n"
                      "  -i, --interface IF   interface by name or index for multicast\n"
                      "      --pcap FILE      write what is sent and received as pcap, too\n"
                      "Output:\n"
                      "      --json           JSON lines\n"
                      "      --color WHEN     auto, always or never\n"
                      "  -v, --verbose        say what happens; -vv messages, -vvv with hex\n"
                      "  -q, --quiet          only errors on stderr\n"
                      "  -h, --help           this text\n"
                      "  -V, --version        version, documents, libraries\n"
                      "Example: gc-try x\n");
}

static void rows_for_the_completions(void **state)
{
  (void)state;
  struct result r = run(&tool, "gc-try --dump-options");
  assert_int_equal(r.status, 0);
  assert_non_null(strstr(r.out, "method\tm\tMETHOD\tmethod\t\tget, put …\n"));
  assert_non_null(strstr(r.out, "mode\t\t[MODE]\twords\ta b\toptional\n"));
  assert_non_null(strstr(r.out, "interface\ti\tIF\tinterface\t\t"));
  assert_null(strstr(r.out, "hidden"));
  assert_null(strstr(r.out, "dump-options"));
}

static void words_the_program_knows(void **state)
{
  (void)state;
  struct result r = run(&tool, "gc-try --dump-words method");
  assert_int_equal(r.status, 0);
  assert_string_equal(r.out, "get\npost\nput\ndelete\nfetch\npatch\nipatch\n");
  r = run(&tool, "gc-try --dump-words format");
  assert_non_null(strstr(r.out, "\ncbor\n"));
  r = run(&tool, "gc-try --dump-words option");
  assert_non_null(strstr(r.out, "\nUri-Path\n"));
  r = run(&tool, "gc-try --dump-words colour");
  assert_int_equal(r.status, 2);
  assert_string_equal(r.out, "");
}

static void version_names_documents_and_libraries(void **state)
{
  (void)state;
  struct result r = run(&tool, "gc-try -V");
  assert_int_equal(r.status, 0);
  assert_ptr_equal(strstr(r.out, "gc-try (groupcoap) " GC_VERSION "\n"), r.out);
  assert_non_null(strstr(r.out, "RFC 7252"));
  assert_non_null(strstr(r.out, "draft-ietf-core-groupcomm-bis-18"));
  assert_non_null(strstr(r.out, "\n  libcoap 4.3.1\n  libfoo 2\n"));
}

static void a_tool_takes_over_common_rows(void **state)
{
  (void)state;
  static const struct gc_opt own[] = { { .name = "group", .letter = 'g', .arg = "A", .help = "x" }, { .name = "json", .key = 1000, .help = "own" }, { 0 } };
  const struct gc_tool t = { .name = "gc-own", .usage = "", .summary = "", .options = own, .has_contexts = true, .without = GC_WITHOUT_PCAP | GC_WITHOUT_INTERFACE };
  struct result r = run(&t, "gc-own -g 1 --json --context a.json --context=b.json --strict");
  assert_string_equal(r.out, "g=1 1000=- |v0 q0 j0 s1 c0 level0 i=- pcap=- g2,a.json,b.json|");
  assert_int_equal(run(&t, "gc-own --pcap x").status, 2);
  assert_int_equal(run(&t, "gc-own -i lo").status, 2);
}

static void a_line_of_the_shell_never_exits(void **state)
{
  (void)state;
  char word[][12] = { "send", "uri", "-m", "get", "--json" };
  char *argv[] = { word[0], word[1], word[2], word[3], NULL };
  char why[256];
  int first = 0;
  for (int round = 0; round < 2; round++) { /* getopt's state starts afresh */
    char *line[] = { word[0], word[1], word[2], word[3], NULL };
    seen[0] = '\0';
    assert_true(gc_opt_parse_line(4, line, &tool, &first, note, NULL, why));
    assert_string_equal(seen, "m=get ");
    assert_int_equal(first, 3);
    assert_string_equal(line[3], "uri");
  }
  argv[3] = NULL;
  assert_false(gc_opt_parse_line(3, argv, &tool, &first, note, NULL, why));
  assert_string_equal(why, "option '-m' needs METHOD");
  char *common[] = { word[0], word[4], NULL };
  assert_false(gc_opt_parse_line(2, common, &tool, &first, note, NULL, why));
  assert_string_equal(why, "unknown option '--json'");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(options_and_operands_in_any_order),
    cmocka_unit_test(wrong_use_is_one_line_and_2),
    cmocka_unit_test(help_is_grouped),
    cmocka_unit_test(rows_for_the_completions),
    cmocka_unit_test(words_the_program_knows),
    cmocka_unit_test(version_names_documents_and_libraries),
    cmocka_unit_test(a_tool_takes_over_common_rows),
    cmocka_unit_test(a_line_of_the_shell_never_exits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
