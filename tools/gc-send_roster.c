#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "gc-send.h"
#include "net/iface.h"

#define ROSTER_MAX 65536
#define MEMBERS_MAX 4096

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
  if (roster->count > 0) /* else there are only Sender IDs */
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

static enum gc_err add_member(struct gc_roster *roster, struct gc_bytes id, struct gc_bytes name)
{
  for (size_t i = 0; i < roster->member_count; i++)
    if (gc_bytes_equal(id, gc_bytes(roster->members[i].id, roster->members[i].id_len)))
      return GC_E_EXISTS;
  if (id.len > GC_ID_MAX_LEN || roster->member_count >= MEMBERS_MAX)
    return GC_E_LIMIT;
  /* grown by powers of two: no place for a capacity is needed */
  if ((roster->member_count & (roster->member_count - 1)) == 0) {
    size_t cap = roster->member_count ? 2 * roster->member_count : 1;
    struct gc_roster_member *grown = realloc(roster->members, cap * sizeof *grown);
    if (!grown)
      return GC_E_MEMORY;
    roster->members = grown;
  }
  struct gc_roster_member *member = &roster->members[roster->member_count++];
  *member = (struct gc_roster_member){ .id_len = (uint8_t)id.len };
  if (id.len)
    memcpy(member->id, id.ptr, id.len);
  snprintf(member->name, sizeof member->name, "%.*s", (int)(name.len < 63 ? name.len : 63), name.len ? (const char *)name.ptr : "");
  return GC_OK;
}

enum gc_err gc_roster_add_member(struct gc_roster *roster, struct gc_bytes id, struct gc_bytes name)
{
  return add_member(roster, id, name);
}

void gc_roster_mark_member(struct gc_roster *roster, struct gc_bytes kid)
{
  for (size_t i = 0; i < roster->member_count; i++) {
    struct gc_roster_member *member = &roster->members[i];
    if (member->answered || !gc_bytes_equal(kid, gc_bytes(member->id, member->id_len)))
      continue;
    member->answered = true;
    roster->answered++;
  }
}

/* "52 lamp": a Sender ID, with nothing in it that only an address has. */
static bool is_member(struct gc_roster_member *out, const char *line)
{
  line += strspn(line, " \t");
  size_t len = strspn(line, "0123456789abcdefABCDEF"), end = strcspn(line, " \t\r\n#");
  struct gc_buf id = gc_buf(out->id, sizeof out->id);
  if (len == 0 || len != end || gc_hex_decode(&id, line, len, NULL))
    return false;
  out->id_len = (uint8_t)id.len;
  line += len + strspn(line + len, " \t");
  size_t name = strcspn(line, "#\r\n");
  while (name > 0 && is_blank(line[name - 1]))
    name--;
  snprintf(out->name, sizeof out->name, "%.*s", (int)(name < 63 ? name : 63), line);
  return true;
}

bool gc_roster_read(struct gc_roster *out, const char *path, char why[static GC_WHY_LEN])
{
  struct gc_roster_entry entry;
  struct gc_roster roster = { 0 };
  char line[512];
  struct gc_roster_member member;
  const char *wrong = NULL;
  size_t cap = 0;
  unsigned number = 0;
  bool has;
  *out = roster;
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
  if (!file) {
    snprintf(why, GC_WHY_LEN, "%.200s: %.80s", path, strerror(errno));
    return false;
  }
  while (!wrong && fgets(line, sizeof line, file)) {
    number++;
    if (!strchr(line, '\n') && !feof(file))
      wrong = "the line is too long";
    else if (is_member(&member, line))
      wrong = add_member(&roster, gc_bytes(member.id, member.id_len), gc_bytes_str(member.name)) == GC_E_LIMIT ? "too many members" : NULL;
    else if (!(wrong = parse_line(&entry, line, &has)) && has && !append(&roster, &cap, &entry))
      wrong = "too many addresses";
  }
  if (!wrong && ferror(file))
    wrong = strerror(errno);
  else if (!wrong && roster.count + roster.member_count == 0)
    wrong = "no address in it";
  if (wrong)
    snprintf(why, GC_WHY_LEN, "%.200s:%u: %.80s", path, number, wrong);
  if (file != stdin)
    fclose(file);
  if (wrong) {
    gc_roster_free(&roster);
    return false;
  }
  drop_duplicates(&roster);
  *out = roster;
  return true;
}

void gc_roster_free(struct gc_roster *roster)
{
  free(roster->entries);
  free(roster->members);
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
