/* jansson keeps no places of values: to name one in a message, the text is walked once more. */
#include <stdlib.h>
#include <string.h>

#include "store/context_file.h"

/* pos within well-formed JSON; every step stays in bounds anyway */
static size_t skip_blanks(struct gc_bytes json, size_t pos)
{
  while (pos < json.len && memchr(" \t\r\n,:", json.ptr[pos], 6))
    pos++;
  return pos;
}

static size_t skip_string(struct gc_bytes json, size_t pos)
{
  for (pos++; pos < json.len && json.ptr[pos] != '"'; pos++)
    if (json.ptr[pos] == '\\')
      pos++;
  return pos < json.len ? pos + 1 : json.len;
}

static size_t skip_value(struct gc_bytes json, size_t pos)
{
  size_t depth = 0;
  do {
    pos = skip_blanks(json, pos);
    if (pos >= json.len)
      return json.len;
    uint8_t c = json.ptr[pos];
    if (c == '"')
      pos = skip_string(json, pos);
    else if (c == '{' || c == '[')
      depth++, pos++;
    else if (c == '}' || c == ']')
      depth -= depth > 0, pos++;
    else
      while (pos < json.len && !memchr(" \t\r\n,:{}[]\"", json.ptr[pos], 11))
        pos++;
  } while (depth > 0);
  return pos;
}

/* Start of the value of `key` in the object at pos; SIZE_MAX: not there. */
static size_t member(struct gc_bytes json, size_t pos, const char *key, size_t key_len)
{
  for (pos = skip_blanks(json, pos + 1); pos < json.len && json.ptr[pos] == '"';) {
    size_t end = skip_string(json, pos);
    bool is_it = end - pos == key_len + 2 && memcmp(json.ptr + pos + 1, key, key_len) == 0;
    pos = skip_blanks(json, end);
    if (is_it)
      return pos;
    pos = skip_blanks(json, skip_value(json, pos));
  }
  return SIZE_MAX;
}

static size_t element(struct gc_bytes json, size_t pos, unsigned long index)
{
  for (pos = skip_blanks(json, pos + 1); pos < json.len && json.ptr[pos] != ']'; pos = skip_blanks(json, skip_value(json, pos)))
    if (index-- == 0)
      return pos;
  return SIZE_MAX;
}

void gc_json_locate(struct gc_bytes json, const char *path, int *line, int *column)
{
  size_t pos = skip_blanks(json, 0);
  while (*path && pos < json.len) {
    size_t len = strcspn(path + (*path == '['), ".[]"), next;
    if (*path == '[') {
      next = json.ptr[pos] == '[' ? element(json, pos, strtoul(path + 1, NULL, 10)) : SIZE_MAX;
      path += len + 1 + (path[len + 1] == ']');
    } else {
      next = json.ptr[pos] == '{' ? member(json, pos, path, len) : SIZE_MAX;
      path += len;
    }
    if (next == SIZE_MAX)
      break;
    pos = next;
    path += *path == '.';
  }
  *line = *column = 1;
  for (size_t i = 0; i < pos && i < json.len; i++) {
    *column = json.ptr[i] == '\n' ? 1 : *column + 1;
    *line += json.ptr[i] == '\n';
  }
}
