#include <string.h>

#include "gc-send_shell.h"

const char *gc_words_split(char **words, size_t cap, size_t *count, char *line)
{
  char *from = line, *to = line;
  *count = 0;
  for (;;) {
    char quote = 0;
    while (*from == ' ' || *from == '\t')
      from++;
    if (!*from || (*from == '#' && *count == 0))
      break;
    if (*count + 1 >= cap)
      return "too many words";
    words[(*count)++] = to;
    for (; *from && (quote || (*from != ' ' && *from != '\t')); from++) {
      if (quote ? *from == quote : *from == '\'' || *from == '"')
        quote = quote ? 0 : *from;
      else if (*from == '\\' && quote != '\'' && from[1])
        *to++ = *++from;
      else
        *to++ = *from;
    }
    if (quote)
      return "a quote is not closed";
    if (*from)
      from++;
    *to++ = '\0'; /* never beyond from: a blank or the end was read for it */
  }
  words[*count] = NULL;
  return NULL;
}
