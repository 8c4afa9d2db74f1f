#include "ace/scope.h"

#include <string.h>
#include <strings.h>

static const char *const roles[] = { NULL, "requester", "responder", "monitor", "verifier" };
enum { ROLES = sizeof roles / sizeof roles[0] };

/* --- roles --------------------------------------------------------------------------------------------------------------- */

const char *gc_role_name(uint64_t role)
{
  for (unsigned i = 1; i < ROLES; i++)
    if (role == (uint64_t)1 << i)
      return roles[i];
  return NULL;
}

static struct gc_bytes trimmed(struct gc_bytes text)
{
  while (text.len && text.ptr[0] == ' ')
    text = gc_bytes(text.ptr + 1, text.len - 1);
  while (text.len && text.ptr[text.len - 1] == ' ')
    text.len--;
  return text;
}

static uint64_t role_by_name(struct gc_bytes name)
{
  for (unsigned i = 1; i < ROLES; i++)
    if (strlen(roles[i]) == name.len && strncasecmp(roles[i], (const char *)name.ptr, name.len) == 0)
      return (uint64_t)1 << i;
  return 0;
}

enum gc_err gc_roles_parse(uint64_t *out, struct gc_bytes text, struct gc_where *where)
{
  uint64_t set = 0;
  for (size_t at = 0; at <= text.len;) {
    size_t end = at;
    while (end < text.len && text.ptr[end] != ',')
      end++;
    uint64_t role = role_by_name(trimmed(gc_bytes_slice(text, at, end - at)));
    if (!role)
      return gc_fail(where, at, "not a role: requester, responder, monitor, verifier", GC_E_NOT_FOUND);
    set |= role;
    at = end + 1;
  }
  *out = set;
  return GC_OK;
}

char *gc_roles_format(char out[static GC_ROLES_TEXT_MAX], uint64_t set)
{
  char *p = out;
  for (unsigned i = 1; i < ROLES; i++)
    if (set >> i & 1) {
      if (p > out)
        *p++ = ',';
      size_t len = strlen(roles[i]);
      memcpy(p, roles[i], len);
      p += len;
    }
  *p = '\0';
  return out;
}

const char *gc_roles_join_fault(uint64_t set)
{
  if (!set)
    return "no role";
  if (set & ~(uint64_t)GC_ROLES_ALL)
    return "a role that is not known";
  if (set & GC_ROLE_VERIFIER)
    return "a signature verifier does not join";
  if ((set & GC_ROLE_MONITOR) && set != GC_ROLE_MONITOR)
    return "a monitor is neither requester nor responder";
  return NULL;
}

/* --- reading ------------------------------------------------------------------------------------------------------------- */

static enum gc_err bad(struct gc_cbor_reader *reader, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, reader->pos, phrase, err);
}

static enum gc_err read_object(struct gc_cbor_reader *reader, struct gc_scope_entry *out)
{
  struct gc_cbor_item item;
  bool is_any = false;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (err)
    return err;
  switch (item.type) {
  case GC_CBOR_TEXT:
    out->kind = GC_SCOPE_USER;
    return gc_cbor_read_text(reader, &out->name);
  case GC_CBOR_TAG:
    out->kind = GC_SCOPE_ADMIN_PATTERN;
    return gc_cbor_read_raw(reader, &out->name);
  default:
    out->kind = GC_SCOPE_ADMIN_ANY;
    err = gc_cbor_read_bool(reader, &is_any);
    return err || is_any ? err : bad(reader, "an object that is false", GC_E_MALFORMED);
  }
}

/* bit 0 tells users from administrators (draft-ietf-ace-oscore-gm-admin, Section 3) */
static enum gc_err settle(struct gc_cbor_reader *reader, struct gc_scope_entry *entry)
{
  bool is_admin = entry->permissions & 1;
  if (entry->kind != GC_SCOPE_USER && !is_admin)
    return bad(reader, "roles in a group without a name", GC_E_MALFORMED);
  if (entry->kind == GC_SCOPE_USER && is_admin)
    entry->kind = GC_SCOPE_ADMIN_NAME;
  return GC_OK;
}

static enum gc_err read_entry(struct gc_cbor_reader *reader, struct gc_scope_entry *out)
{
  struct gc_cbor_list list;
  struct gc_scope_entry entry = { .permissions = 0 };
  size_t count = 0;
  enum gc_err err = gc_cbor_read_array(reader, &list);
  for (; !err && gc_cbor_list_next(reader, &list); count++)
    err = count == 0 ? read_object(reader, &entry)
        : count == 1 ? gc_cbor_read_uint(reader, &entry.permissions)
                     : bad(reader, "an entry has two elements", GC_E_MALFORMED);
  if (!err && count != 2)
    err = bad(reader, "an entry has two elements", GC_E_MALFORMED);
  if (!err)
    err = settle(reader, &entry);
  if (!err)
    *out = entry;
  return err;
}

enum gc_err gc_scope_parse(struct gc_scope_list *out, struct gc_bytes bytes, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(bytes);
  struct gc_scope_list scope = { .count = 0 };
  struct gc_cbor_list list;
  enum gc_err err = gc_cbor_read_array(&reader, &list);
  while (!err && gc_cbor_list_next(&reader, &list)) {
    if (scope.count == GC_SCOPE_ENTRIES_MAX)
      err = bad(&reader, "too many entries", GC_E_LIMIT);
    else
      err = read_entry(&reader, &scope.entries[scope.count++]);
  }
  err = gc_cbor_whole(&reader, err, where);
  if (!err)
    *out = scope;
  return err;
}

enum gc_err gc_scope_entry_parse(struct gc_scope_entry *out, struct gc_bytes bytes, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(bytes);
  struct gc_scope_entry entry;
  enum gc_err err = read_entry(&reader, &entry);
  if (!err && (entry.kind != GC_SCOPE_USER || entry.permissions & ~(uint64_t)GC_ROLES_ALL))
    err = bad(&reader, "not a group name and roles that are known", GC_E_MALFORMED);
  err = gc_cbor_whole(&reader, err, where);
  if (!err)
    *out = entry;
  return err;
}

/* --- writing ------------------------------------------------------------------------------------------------------------- */

static void put_entry(struct gc_cbor_writer *writer, const struct gc_scope_entry *entry)
{
  gc_cbor_array(writer, 2);
  if (entry->kind == GC_SCOPE_ADMIN_ANY)
    gc_cbor_bool(writer, true);
  else if (entry->kind == GC_SCOPE_ADMIN_PATTERN)
    gc_cbor_raw(writer, entry->name);
  else
    gc_cbor_text(writer, entry->name);
  gc_cbor_uint(writer, entry->permissions);
}

enum gc_err gc_scope_write(struct gc_buf *out, const struct gc_scope_list *list)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_cbor_array(&writer, list->count);
  for (size_t i = 0; i < list->count; i++)
    put_entry(&writer, &list->entries[i]);
  return gc_cbor_finish(&writer);
}

enum gc_err gc_scope_entry_write(struct gc_buf *out, const struct gc_scope_entry *entry)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  put_entry(&writer, entry);
  return gc_cbor_finish(&writer);
}

/* --- what is granted ----------------------------------------------------------------------------------------------------- */

uint64_t gc_scope_roles(const struct gc_scope_list *list, struct gc_bytes gname)
{
  uint64_t set = 0;
  for (size_t i = 0; i < list->count; i++)
    if (list->entries[i].kind == GC_SCOPE_USER && gc_bytes_equal(list->entries[i].name, gname))
      set |= list->entries[i].permissions;
  return set;
}

bool gc_scope_grants(const struct gc_scope_list *list, const struct gc_scope_entry *entry)
{
  return entry->kind == GC_SCOPE_USER && entry->permissions && !(entry->permissions & ~gc_scope_roles(list, entry->name));
}
