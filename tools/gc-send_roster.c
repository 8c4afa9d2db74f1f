#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gc-send.h"
#include "net/iface.h"

#define ROSTER_MAX 65536

static int compare(const void *a, const void *b)
{
  const struct gc_roster_entry *x = a, *y = b;
  return gc_addr_compare(&x->addr, &y->addr);
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One line without its comment; NULL: fine (*has says whether there was an address), else what is wrong. */
static const char *parse_line(struct gc_roster_entry *out, char *line, bool *has)
{
  struct gc_bytes zone;
  struct gc_where where = { 0, "" };
  line[strcspn(line, "#")] = '\0';
  while (is_blank(*line))
    line++;
  *has = *line != '\0';
  if (!*has)
    return NULL;
  size_t len = strcspn(line, " \t\r\n");
  memset(out, 0, sizeof *out);
  if (gc_addr_parse(&out->addr, gc_bytes(line, len), 0, &zone, &where))
    return where.phrase;
  if (gc_addr_is_multicast(&out->addr) || gc_addr_is_any(&out->addr))
    return "not the address of one server";
  if (zone.len > 0 && gc_iface_index(&out->addr.zone, zone))
    return "no such interface";
  char *name = line + len;
  while (is_blank(*name))
    name++;
  size_t name_len = strlen(name);
  while (name_len > 0 && is_blank(name[name_len - 1]))
    name[--name_len] = '\0';
  snprintf(out->name, sizeof out->name, "%.*s", (int)sizeof out->name - 1, name);
  return NULL;
}

static void drop_duplicates(struct gc_roster *roster)
{
  size_t kept = 0;
  qsort(roster->entries, roster->count, sizeof *roster->entries, compare);
  for (size_t i = 0; i < roster->count; i++)
    if (kept == 0 || !gc_addr_equal(&roster->entries[i].addr, &roster->entries[kept - 1].addr))
      roster->entries[kept++] = roster->entries[i];
  roster->count = kept;
}

/* Append; false: too many, or no memory. */
static bool append(struct gc_roster *roster, size_t *cap, const struct gc_roster_entry *entry)
{
  if (roster->count == *cap) {
    size_t more = *cap ? 2 * *cap : 64;
    struct gc_roster_entry *grown = roster->count >= ROSTER_MAX ? NULL : realloc(roster->entries, more * sizeof *grown);
    if (!grown)
      return false;
    roster->entries = grown;
    *cap = more;
  }
  roster->entries[roster->count++] = *entry;
  return true;
}

bool gc_roster_read(struct gc_roster *out, const char *path, char why[static GC_SEND_WHY_LEN])
{
  struct gc_roster_entry entry;
  struct gc_roster roster = { 0 };
  char line[512];
  const char *wrong = NULL;
  size_t cap = 0;
  unsigned number = 0;
  bool has;
  *out = roster;
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
  if (!file) {
    snprintf(why, GC_SEND_WHY_LEN, "%.200s: %.80s", path, strerror(errno));
    return false;
  }
  while (!wrong && fgets(line, sizeof line, file)) {
    number++;
    if (!strchr(line, '\n') && !feof(file))
      wrong = "the line is too long";
    else if (!(wrong = parse_line(&entry, line, &has)) && has && !append(&roster, &cap, &entry))
      wrong = "too many addresses";
  }
  if (!wrong && ferror(file))
    wrong = strerror(errno);
  else if (!wrong && roster.count == 0)
    wrong = "no address in it";
  if (wrong)
    snprintf(why, GC_SEND_WHY_LEN, "%.200s:%u: %.80s", path, number, wrong);
  if (file != stdin)
    fclose(file);
  if (wrong) {
    free(roster.entries);
    return false;
  }
  drop_duplicates(&roster);
  *out = roster;
  return true;
}

void gc_roster_free(struct gc_roster *roster)
{
  free(roster->entries);
  *roster = (struct gc_roster){ 0 };
}

const struct gc_roster_entry *gc_roster_mark(struct gc_roster *roster, const struct gc_addr *from)
{
  const struct gc_roster_entry *found = NULL;
  struct gc_addr first = *from;
  size_t low = 0, high = roster->count;
  first.port = 0;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (gc_addr_compare(&roster->entries[mid].addr, &first) < 0)
      low = mid + 1;
    else
      high = mid;
  }
  for (; low < roster->count && gc_addr_same_host(&roster->entries[low].addr, from); low++) {
    struct gc_roster_entry *entry = &roster->entries[low];
    if (entry->addr.port != 0 && entry->addr.port != from->port)
      continue;
    roster->answered += !entry->answered;
    entry->answered = true;
    found = entry;
  }
  return found;
}
