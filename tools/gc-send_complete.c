#include <stdio.h>
#include <string.h>

#include "gc-send_shell.h"
#include "iana/options.h"

static const char *const commands[] = { "get", "put", "post", "delete", "fetch", "patch", "ipatch", "observe", "discover", "paths", "target", "help", "quit" };

/* The last word of before, without the blanks behind it. */
static void last_word(char out[static 64], const char *before)
{
  size_t end = strlen(before);
  while (end > 0 && before[end - 1] == ' ')
    end--;
  size_t start = end;
  while (start > 0 && before[start - 1] != ' ')
    start--;
  snprintf(out, 64, "%.*s", (int)(end - start < 63 ? end - start : 63), before + start);
}

static const struct gc_opt *row_of(const struct gc_shell *shell, const char *word)
{
  for (const struct gc_opt *row = shell->rows; row->name; row++) {
    if (word[0] == '-' && word[1] == '-' && strcmp(row->name, word + 2) == 0)
      return row;
    if (word[0] == '-' && row->letter && word[1] == row->letter && !word[2])
      return row;
  }
  return NULL;
}

static void complete_argument(const struct gc_opt *row, void (*add)(void *to, const char *candidate), void *to)
{
  const struct gc_code_info *code;
  const struct gc_content_format *format;
  const struct gc_option_info *option;
  char text[64];
  switch (row->complete) {
  case GC_COMPLETE_METHOD:
    for (size_t i = 0; (code = gc_code_at(i)) != NULL && code->code < 32; i++)
      if (code->code > 0)
        add(to, code->name);
    break;
  case GC_COMPLETE_FORMAT:
    for (size_t i = 0; (format = gc_content_format_at(i)) != NULL; i++)
      add(to, format->name);
    break;
  case GC_COMPLETE_OPTION:
    for (size_t i = 0; (option = gc_option_at(i)) != NULL; i++) {
      snprintf(text, sizeof text, "%s%s", option->name, option->format == GC_FORMAT_EMPTY ? "" : "=");
      add(to, text);
    }
    break;
  case GC_COMPLETE_WORDS:
    for (const char *p = row->words; *p; p += strspn(p, " ")) {
      size_t len = strcspn(p, " ");
      snprintf(text, sizeof text, "%.*s", (int)len, p);
      add(to, text);
      p += len;
    }
    break;
  default:
    break;
  }
}

void gc_shell_complete(void *ctx, const char *before, const char *word, void (*add)(void *to, const char *candidate), void *to)
{
  const struct gc_shell *shell = ctx;
  char last[64], text[96];
  last_word(last, before);
  const struct gc_opt *row = row_of(shell, last);
  if (row && row->arg) {
    complete_argument(row, add, to);
  } else if (word[0] == '-') {
    for (row = shell->rows; row->name; row++) {
      snprintf(text, sizeof text, "--%s", row->name);
      add(to, text);
    }
  } else if (!*last && word[0] != '/') {
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
      add(to, commands[i]);
  } else {
    for (size_t i = 0; i < shell->path_count; i++)
      add(to, shell->paths[i]);
  }
}
