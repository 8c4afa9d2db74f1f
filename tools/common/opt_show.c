#include "common/opt_show.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/status.h"
#include "iana/names.h"
#include "iana/options.h"

enum { LABEL_MAX = 30, LABEL_COLUMN = 30 }; /* longer labels have the help on the next line */

/* columns on a terminal: UTF-8 continuation bytes take none */
static size_t columns(const char *text)
{
  size_t n = 0;
  for (; *text; text++)
    n += ((unsigned char)*text & 0xc0) != 0x80;
  return n;
}

static void make_label(char *out, size_t cap, const struct gc_opt *row)
{
  char letter[8] = "    ";
  if (row->letter)
    snprintf(letter, sizeof letter, "-%c, ", row->letter);
  const char *before = !row->arg ? "" : row->is_arg_optional ? "[=" : " ";
  snprintf(out, cap, "  %s--%s%s%s%s", letter, row->name, before, row->arg ? row->arg : "", row->arg && row->is_arg_optional ? "]" : "");
}

static void print_row(const struct gc_opt *row, size_t column)
{
  char label[128];
  make_label(label, sizeof label, row);
  size_t width = columns(label);
  if (width + 2 > column) {
    printf("%s\n", label);
    width = 0;
  } else {
    fputs(label, stdout);
  }
  printf("%*s%s\n", (int)(column - width), "", row->help);
}

static bool same_group(const struct gc_opt *a, const struct gc_opt *b)
{
  const char *x = a->group ? a->group : "Options", *y = b->group ? b->group : "Options";
  return strcmp(x, y) == 0;
}

void gc_opt_help(const struct gc_opt_table *table)
{
  char label[128];
  size_t column = 0;
  for (size_t i = 0; i < table->count; i++) {
    make_label(label, sizeof label, &table->rows[i]);
    size_t width = columns(label);
    if (table->rows[i].help && width <= LABEL_MAX && width > column)
      column = width;
  }
  column = column + 2 < LABEL_COLUMN ? column + 2 : LABEL_COLUMN;
  printf("Usage: %s %s\n%s\n", table->tool->name, table->tool->usage, table->tool->summary);
  for (size_t i = 0; i < table->count; i++) {
    bool is_first = table->rows[i].help;
    for (size_t k = 0; k < i && is_first; k++)
      is_first = !table->rows[k].help || !same_group(&table->rows[k], &table->rows[i]);
    if (!is_first)
      continue;
    printf("%s:\n", table->rows[i].group ? table->rows[i].group : "Options");
    for (size_t k = i; k < table->count; k++)
      if (table->rows[k].help && same_group(&table->rows[k], &table->rows[i]))
        print_row(&table->rows[k], column);
  }
  if (table->tool->footer)
    printf("%s\n", table->tool->footer);
}

void gc_opt_version(const struct gc_tool *tool)
{
  printf("%s (groupcoap) %s\n", tool->name, GC_VERSION);
  printf("speaks:\n");
  for (const char *line = tool->speaks ? tool->speaks : GC_SPEAKS; *line;) {
    size_t len = strcspn(line, "\n");
    printf("  %.*s\n", (int)len, line);
    line += len + (line[len] == '\n');
  }
  printf("runs with:\n");
  const char *library = tool->library ? tool->library(0) : NULL;
  for (size_t i = 1; library; i++) {
    printf("  %s\n", library);
    library = tool->library(i);
  }
#ifdef __GLIBC__
  printf("  glibc %d.%d\n", __GLIBC__, __GLIBC_MINOR__);
#endif
}

void gc_opt_dump(const struct gc_opt_table *table)
{
  static const char *const kinds[] = { "none", "file", "dir", "interface", "words", "method", "format", "option", "uri" };
  for (size_t i = 0; i < table->count; i++) {
    const struct gc_opt *row = &table->rows[i];
    if (!row->help)
      continue;
    printf("%s\t%.*s\t", row->name, row->letter != 0, &row->letter);
    if (row->arg)
      printf(row->is_arg_optional ? "[%s]" : "%s", row->arg);
    printf("\t%s\t%s\t%s\n", kinds[row->complete], row->words ? row->words : "", row->help);
  }
}

static void print_lower(const char *word)
{
  for (; *word; word++)
    putchar(*word >= 'A' && *word <= 'Z' ? *word - 'A' + 'a' : *word);
  putchar('\n');
}

bool gc_opt_dump_words(const char *kind)
{
  if (strcmp(kind, "method") == 0) {
    const struct gc_code_info *row;
    for (size_t i = 0; (row = gc_code_at(i)) && row->code < 32; i++)
      if (row->code)
        print_lower(row->name);
  } else if (strcmp(kind, "format") == 0) {
    const struct gc_content_format *row;
    for (size_t i = 0; (row = gc_content_format_at(i)); i++)
      puts(row->name);
  } else if (strcmp(kind, "option") == 0) {
    const struct gc_option_info *row;
    for (size_t i = 0; (row = gc_option_at(i)); i++)
      puts(row->name);
  } else {
    return false;
  }
  return true;
}

bool gc_opt_stdout_ok(void)
{
  errno = 0;
  if (fflush(stdout) == 0 && !ferror(stdout))
    return true;
  gc_error("standard output: %s", strerror(errno));
  return false;
}
