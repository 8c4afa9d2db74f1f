#include "common/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static const char *tool_name = "groupcoap";
static int diag_level;

void gc_diag_init(const char *tool, int level)
{
  tool_name = tool;
  diag_level = level;
}

int gc_diag_level(void)
{
  return diag_level;
}

static void write_all(const char *text, size_t len)
{
  while (len > 0) {
    ssize_t n = write(STDERR_FILENO, text, len);
    if (n <= 0)
      return;
    text += n;
    len -= (size_t)n;
  }
}

/* only what a terminal would act on is changed: callers may have escaped peers' text already */
static size_t make_visible(char *out, const char *text, size_t len)
{
  static const char digits[] = "0123456789abcdef";
  size_t n = 0;
  for (size_t i = 0; i < len;) {
    uint8_t c = (uint8_t)text[i];
    size_t step = gc_text_printable_len(gc_bytes(text + i, len - i));
    if (step > 0) {
      memcpy(out + n, text + i, step);
      n += step;
      i += step;
    } else {
      out[n++] = '\\';
      out[n++] = 'x';
      out[n++] = digits[c >> 4];
      out[n++] = digits[c & 15];
      i++;
    }
  }
  return n;
}

/* one write(2) a line, so that lines of several processes on one terminal do not mix */
__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list args, const char *tail)
{
  char near_text[1024], near_line[4 * 1024 + 256];
  char *text = near_text, *line = near_line;
  va_list again;
  va_copy(again, args);
  int need = vsnprintf(near_text, sizeof near_text, format, args);
  size_t len = need < 0 ? 0 : (size_t)need, name_len = strlen(tool_name);
  if (len >= sizeof near_text) {
    text = malloc(len + 1);
    if (text) {
      vsnprintf(text, len + 1, format, again);
    } else {
      text = near_text;
      len = sizeof near_text - 1;
    }
  }
  va_end(again);
  size_t need_line = name_len + 4 * len + strlen(tail) + 4;
  if (need_line > sizeof near_line) {
    line = malloc(need_line);
    if (!line) {
      line = near_line;
      len = len < sizeof near_text ? len : sizeof near_text - 1;
      name_len = name_len < 64 ? name_len : 64;
    }
  }
  memcpy(line, tool_name, name_len);
  memcpy(line + name_len, ": ", 2);
  size_t n = name_len + 2 + make_visible(line + name_len + 2, text, len);
  memcpy(line + n, tail, strlen(tail));
  n += strlen(tail);
  line[n++] = '\n';
  write_all(line, n);
  if (text != near_text)
    free(text);
  if (line != near_line)
    free(line);
}

void gc_error(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  say(format, args, "");
  va_end(args);
}

void gc_warn(const char *format, ...)
{
  va_list args;
  if (diag_level < 0)
    return;
  va_start(args, format);
  say(format, args, "");
  va_end(args);
}

void gc_info(int level, const char *format, ...)
{
  va_list args;
  if (diag_level < level)
    return;
  va_start(args, format);
  say(format, args, "");
  va_end(args);
}

void gc_usage(const char *format, ...)
{
  char tail[128];
  va_list args;
  snprintf(tail, sizeof tail, " (try '%s --help')", tool_name);
  va_start(args, format);
  say(format, args, tail);
  va_end(args);
  exit(GC_STATUS_USAGE);
}

enum gc_status gc_status_max(enum gc_status a, enum gc_status b)
{
  return a > b ? a : b;
}

enum gc_status gc_status_of(enum gc_err err)
{
  switch (err) {
  case GC_OK:
  case GC_E_END:
    return GC_STATUS_OK;
  case GC_E_TIMEOUT:
    return GC_STATUS_NO;
  case GC_E_SYSTEM:
  case GC_E_MEMORY:
  case GC_E_LIMIT:
    return GC_STATUS_SYSTEM;
  default:
    return GC_STATUS_INPUT;
  }
}
