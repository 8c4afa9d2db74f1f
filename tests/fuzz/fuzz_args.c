/* A line of gc-send's shell: words, options with their arguments, CoAP options. Nothing is sent. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "gc-send_shell.h"

static void ignore(void *to, const char *candidate)
{
  size_t *seen = to;
  *seen += strlen(candidate);
}

static void parse(const struct gc_shell *shell, char *line)
{
  static struct gc_send send;
  char *words[GC_SHELL_WORDS_MAX], why[256], reason[GC_WHY_LEN];
  size_t count;
  int first;
  if (gc_words_split(words, GC_SHELL_WORDS_MAX, &count, line) || count == 0)
    return;
  gc_send_init(&send);
  if (!gc_opt_parse_line((int)count, words, &shell->tool, &first, gc_shell_set, &send, why)) {
    if (!memchr(why, 0, sizeof why) || !*why)
      abort();
    return;
  }
  if (first < 1 || (size_t)first > count)
    abort();
  if (!gc_send_check(&send, reason) && (!memchr(reason, 0, sizeof reason) || !*reason))
    abort();
  if (send.options.buf.len > sizeof send.options_store || send.token_len > sizeof send.token)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct gc_send base;
  static struct gc_shell shell;
  char line[4096];
  size_t seen = 0;
  if (!shell.base) {
    gc_send_init(&base);
    gc_shell_init(&shell, &base, NULL);
  }
  if (size >= sizeof line)
    size = sizeof line - 1;
  memcpy(line, data, size);
  line[size] = '\0';
  gc_shell_complete(&shell, line, "", ignore, &seen);
  parse(&shell, line);
  return 0;
}
