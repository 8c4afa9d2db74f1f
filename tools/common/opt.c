#include "common/opt.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arg.h"
#include "common/opt_show.h"
#include "common/out.h"
#include "common/status.h"

/* what getopt_long answers: LONG_BASE + row for a long option, the letter for a short one */
enum { LONG_BASE = 0x10000 };

enum common_key { KEY_HELP = 1, KEY_VERSION, KEY_VERBOSE, KEY_QUIET, KEY_JSON, KEY_COLOR, KEY_CONTEXT, KEY_STRICT, KEY_INTERFACE, KEY_PCAP, KEY_DUMP, KEY_WORDS };

static const struct gc_opt common_rows[] = {
  { .name = "interface", .letter = 'i', .arg = "IF", .group = "Network", .complete = GC_COMPLETE_INTERFACE, .key = KEY_INTERFACE,
    .help = "interface by name or index for multicast" },
  { .name = "pcap", .arg = "FILE", .group = "Network", .complete = GC_COMPLETE_FILE, .key = KEY_PCAP,
    .help = "write what is sent and received as pcap, too" },
  { .name = "context", .letter = 'g', .arg = "FILE", .group = "Security", .complete = GC_COMPLETE_FILE, .key = KEY_CONTEXT,
    .help = "security context file, repeatable" },
  { .name = "strict", .group = "Security", .key = KEY_STRICT, .help = "refuse a context file that others can read" },
  { .name = "json", .group = "Output", .key = KEY_JSON, .help = "JSON lines" },
  { .name = "color", .arg = "WHEN", .group = "Output", .complete = GC_COMPLETE_WORDS, .words = "auto always never", .key = KEY_COLOR,
    .help = "auto, always or never" },
  { .name = "verbose", .letter = 'v', .group = "Output", .key = KEY_VERBOSE,
    .help = "say what happens; -vv messages, -vvv with hex" },
  { .name = "quiet", .letter = 'q', .group = "Output", .key = KEY_QUIET, .help = "only errors on stderr" },
  { .name = "help", .letter = 'h', .group = "Output", .key = KEY_HELP, .help = "this text" },
  { .name = "version", .letter = 'V', .group = "Output", .key = KEY_VERSION, .help = "version, documents, libraries" },
  { .name = "dump-options", .group = "Output", .key = KEY_DUMP },
  { .name = "dump-words", .arg = "KIND", .group = "Output", .key = KEY_WORDS },
};

enum { COMMON_COUNT = sizeof common_rows / sizeof common_rows[0] };

static bool has_common(const struct gc_tool *tool, const struct gc_opt *row)
{
  switch (row->key) {
  case KEY_INTERFACE:
    return !(tool->without & GC_WITHOUT_INTERFACE);
  case KEY_PCAP:
    return !(tool->without & GC_WITHOUT_PCAP);
  case KEY_JSON:
    return !(tool->without & GC_WITHOUT_JSON);
  case KEY_CONTEXT:
  case KEY_STRICT:
    return tool->has_contexts;
  default:
    return true;
  }
}

/* the tool's rows, then (unless for a line of the shell) the common ones that the tool has not taken over */
static bool table_make(struct gc_opt_table *table, const struct gc_tool *tool, bool with_common)
{
  *table = (struct gc_opt_table){ .tool = tool };
  for (const struct gc_opt *row = tool->options; row && row->name; row++) {
    if (table->count == GC_OPT_MAX)
      return false;
    table->rows[table->count++] = *row;
  }
  table->own = table->count;
  for (size_t i = 0; with_common && i < COMMON_COUNT; i++) {
    struct gc_opt row = common_rows[i];
    bool taken = !has_common(tool, &row);
    for (size_t k = 0; k < table->own; k++) {
      taken = taken || strcmp(table->rows[k].name, row.name) == 0;
      if (row.letter && table->rows[k].letter == row.letter)
        row.letter = 0;
    }
    if (taken)
      continue;
    if (table->count == GC_OPT_MAX)
      return false;
    table->rows[table->count++] = row;
  }
  return true;
}

static void getopt_arrays(const struct gc_opt_table *table, struct option longs[GC_OPT_MAX + 1], char letters[3 * GC_OPT_MAX + 2])
{
  size_t n = 0;
  letters[n++] = ':'; /* a missing argument is told apart */
  for (size_t i = 0; i < table->count; i++) {
    const struct gc_opt *row = &table->rows[i];
    const int has_arg = !row->arg ? no_argument : row->is_arg_optional ? optional_argument : required_argument;
    longs[i] = (struct option){ row->name, has_arg, NULL, LONG_BASE + (int)i };
    if (row->letter) {
      letters[n++] = row->letter;
      for (int k = 0; k < has_arg; k++)
        letters[n++] = ':';
    }
  }
  longs[table->count] = (struct option){ NULL, 0, NULL, 0 };
  letters[n] = '\0';
}

static size_t row_of(const struct gc_opt_table *table, int answer)
{
  if (answer >= LONG_BASE)
    return (size_t)(answer - LONG_BASE);
  for (size_t i = 0; i < table->count; i++)
    if (table->rows[i].letter == answer)
      return i;
  return table->count;
}

static void name_row(char out[static 80], const struct gc_opt_table *table, size_t row, int answer)
{
  if (row == table->count)
    snprintf(out, 80, "-%c", answer);
  else if (answer < LONG_BASE)
    snprintf(out, 80, "-%c", table->rows[row].letter);
  else
    snprintf(out, 80, "--%.76s", table->rows[row].name);
}

/* what getopt found wrong, in one line; it has left the word at argv[optind - 1], or a letter of it in optopt */
static void explain(char why[static 256], const struct gc_opt_table *table, int answer, char **argv)
{
  char name[80];
  size_t row = optopt ? row_of(table, optopt) : table->count;
  name_row(name, table, row, optopt);
  const char *word = argv[optind - 1];
  if (answer == ':') {
    snprintf(why, 256, "option '%s' needs %s", name, row < table->count ? table->rows[row].arg : "an argument");
  } else if (optopt >= LONG_BASE) {
    snprintf(why, 256, "option '%s' takes no argument", name);
  } else if (optopt) {
    snprintf(why, 256, "unknown option '%s'", name);
  } else {
    int candidates = 0;
    size_t len = strcspn(word, "=");
    for (size_t i = 0; i < table->count && len > 2; i++)
      candidates += strncmp(table->rows[i].name, word + 2, len - 2) == 0;
    snprintf(why, 256, "%s option '%.200s'", candidates > 1 ? "ambiguous" : "unknown", word);
  }
}

/* -1: the end; else the row */
static int next_option(const struct gc_opt_table *table, int argc, char **argv, const struct option *longs, const char *letters,
                       char name[static 80], char why[static 256])
{
  int answer = getopt_long(argc, argv, letters, longs, NULL);
  if (answer == -1)
    return -1;
  if (answer == '?' || answer == ':') {
    explain(why, table, answer, argv);
    return -2;
  }
  size_t row = row_of(table, answer);
  name_row(name, table, row, answer);
  return (int)row;
}

static const char *set_common(const struct gc_opt_table *table, struct gc_common *common, int key, const char *arg)
{
  static const char *const when[] = { "auto", "always", "never", NULL };
  switch (key) {
  case KEY_HELP:
    gc_opt_help(table);
    exit(gc_opt_stdout_ok() ? GC_STATUS_OK : GC_STATUS_SYSTEM);
  case KEY_VERSION:
    gc_opt_version(table->tool);
    exit(gc_opt_stdout_ok() ? GC_STATUS_OK : GC_STATUS_SYSTEM);
  case KEY_DUMP:
    gc_opt_dump(table);
    exit(gc_opt_stdout_ok() ? GC_STATUS_OK : GC_STATUS_SYSTEM);
  case KEY_WORDS:
    if (!gc_opt_dump_words(arg))
      return "method, format or option";
    exit(gc_opt_stdout_ok() ? GC_STATUS_OK : GC_STATUS_SYSTEM);
  case KEY_VERBOSE:
    common->verbose += common->verbose < 3;
    break;
  case KEY_QUIET:
    common->quiet = true;
    break;
  case KEY_JSON:
    common->json = true;
    break;
  case KEY_STRICT:
    common->strict = true;
    break;
  case KEY_COLOR:
    return gc_arg_word(&common->color, arg, when); /* the words are in the order of enum gc_color_when */
  case KEY_INTERFACE:
    if (!*arg)
      return "an interface is needed";
    common->interface = arg;
    break;
  case KEY_PCAP:
    common->pcap = arg;
    break;
  case KEY_CONTEXT: {
    const char **more = realloc(common->contexts, (common->context_count + 2) * sizeof *more);
    if (!more)
      return "out of memory";
    common->contexts = more;
    common->contexts[common->context_count++] = arg;
    common->contexts[common->context_count] = NULL;
    break;
  }
  }
  gc_diag_init(table->tool->name, common->quiet ? -1 : common->verbose);
  return NULL;
}

int gc_opt_parse(int argc, char **argv, const struct gc_tool *tool, struct gc_common *common,
                 const char *(*set)(void *ctx, int key, const char *arg), void *ctx)
{
  struct gc_opt_table table;
  struct option longs[GC_OPT_MAX + 1];
  char letters[3 * GC_OPT_MAX + 2], name[80], why[256];
  gc_out_guard();
  *common = (struct gc_common){ .color = GC_COLOR_AUTO };
  gc_diag_init(tool->name, 0);
  if (!table_make(&table, tool, true))
    abort();
  getopt_arrays(&table, longs, letters);
  opterr = 0;
  optind = 0;
  for (;;) {
    int row = next_option(&table, argc, argv, longs, letters, name, why);
    if (row == -1)
      return optind;
    if (row < 0)
      gc_usage("%s", why);
    const struct gc_opt *opt = &table.rows[row];
    const char *wrong = (size_t)row < table.own ? set(ctx, opt->key ? opt->key : opt->letter, optarg) : set_common(&table, common, opt->key, optarg);
    if (wrong && optarg)
      gc_usage("option '%s %s': %s", name, optarg, wrong);
    if (wrong)
      gc_usage("option '%s': %s", name, wrong);
  }
}

bool gc_opt_parse_line(int argc, char **argv, const struct gc_tool *tool, int *first_operand,
                       const char *(*set)(void *ctx, int key, const char *arg), void *ctx, char why[static 256])
{
  struct gc_opt_table table;
  struct option longs[GC_OPT_MAX + 1];
  char letters[3 * GC_OPT_MAX + 2], name[80];
  if (!table_make(&table, tool, false))
    abort();
  getopt_arrays(&table, longs, letters);
  opterr = 0;
  optind = 0;
  for (;;) {
    int row = next_option(&table, argc, argv, longs, letters, name, why);
    if (row == -1) {
      *first_operand = optind;
      return true;
    }
    if (row < 0)
      return false;
    const struct gc_opt *opt = &table.rows[row];
    const char *wrong = set(ctx, opt->key ? opt->key : opt->letter, optarg);
    if (wrong) {
      snprintf(why, 256, optarg ? "option '%s %.120s': %s" : "option '%s%.0s': %s", name, optarg ? optarg : "", wrong);
      return false;
    }
  }
}
