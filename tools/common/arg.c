#include "common/arg.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "iana/names.h"

static _Thread_local char phrase[256];

static int digit(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return 99;
}

const char *gc_arg_seconds(uint64_t *out_ms, const char *text, uint64_t max_ms)
{
  uint64_t whole = 0, part = 0, unit = 1000;
  bool any = false, rest = false;
  const char *p = text;
  snprintf(phrase, sizeof phrase, "not a number of seconds from 0 to %" PRIu64, max_ms / 1000);
  for (; digit(*p) < 10; p++, any = true) {
    whole = whole * 10 + (uint64_t)digit(*p);
    if (whole > max_ms / 1000 + 1)
      return phrase;
  }
  if (*p == '.') {
    for (p++; digit(*p) < 10; p++, any = true) {
      unit /= 10;
      part += (uint64_t)digit(*p) * unit;
      rest = rest || (unit == 0 && *p != '0');
    }
  }
  uint64_t ms = whole * 1000 + part + rest;
  if (!any || *p || ms > max_ms)
    return phrase;
  *out_ms = ms;
  return NULL;
}

const char *gc_arg_uint(uint64_t *out, const char *text, uint64_t min, uint64_t max)
{
  const bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  const unsigned base = hex ? 16 : 10;
  const char *p = hex ? text + 2 : text;
  uint64_t value = 0;
  snprintf(phrase, sizeof phrase, "not a whole number from %" PRIu64 " to %" PRIu64, min, max);
  if (!*p)
    return phrase;
  for (; *p; p++) {
    const unsigned d = (unsigned)digit(*p);
    if (d >= base || value > (UINT64_MAX - d) / base)
      return phrase;
    value = value * base + d;
  }
  if (value < min || value > max)
    return phrase;
  *out = value;
  return NULL;
}

const char *gc_arg_u32(uint32_t *out, const char *text, uint32_t min, uint32_t max)
{
  uint64_t value;
  const char *wrong = gc_arg_uint(&value, text, min, max);
  if (!wrong)
    *out = (uint32_t)value;
  return wrong;
}

const char *gc_arg_port(uint16_t *out, const char *text)
{
  uint64_t value;
  const char *wrong = gc_arg_uint(&value, text, 1, 65535);
  if (!wrong)
    *out = (uint16_t)value;
  return wrong;
}

const char *gc_arg_word(int *out, const char *text, const char *const *words)
{
  const size_t len = strlen(text);
  int found = -1, candidates = 0;
  for (int i = 0; words[i]; i++) {
    if (strcmp(words[i], text) == 0) {
      *out = i;
      return NULL;
    }
    if (len > 0 && strncmp(words[i], text, len) == 0) {
      found = i;
      candidates++;
    }
  }
  if (candidates == 1) {
    *out = found;
    return NULL;
  }
  const char *separator = candidates ? "ambiguous: " : "not one of ";
  size_t n = 0;
  for (int i = 0; words[i] && n < sizeof phrase; i++) {
    if (candidates && strncmp(words[i], text, len) != 0)
      continue;
    n += (size_t)snprintf(phrase + n, sizeof phrase - n, "%s%s", separator, words[i]);
    separator = ", ";
  }
  return phrase;
}

const char *gc_arg_scope(uint8_t *out, const char *text)
{
  static const char *const words[] = { "interface", "link", "realm", "admin", "site", "organization", "global", NULL };
  static const uint8_t scopes[] = { GC_SCOPE_INTERFACE, GC_SCOPE_LINK, GC_SCOPE_REALM, GC_SCOPE_ADMIN, GC_SCOPE_SITE, GC_SCOPE_ORGANIZATION, GC_SCOPE_GLOBAL };
  int at;
  const char *wrong = gc_arg_word(&at, text, words);
  if (!wrong)
    *out = scopes[at];
  return wrong;
}
