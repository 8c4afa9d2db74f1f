/* Scopes and their entries: what is read is written, and reads the same. */
#include <stdlib.h>

#include "ace/scope.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static uint8_t store[1 << 16];
  struct gc_scope_list list, again;
  struct gc_scope_entry entry;
  struct gc_where where = { 0, NULL };
  struct gc_buf out = gc_buf(store, sizeof store);
  char text[GC_ROLES_TEXT_MAX];
  uint64_t roles;
  if (size > sizeof store / 2)
    return 0;
  if (!gc_roles_parse(&roles, gc_bytes(data, size), NULL))
    (void)gc_roles_format(text, roles);
  if (!gc_scope_entry_parse(&entry, gc_bytes(data, size), NULL)) {
    (void)gc_roles_format(text, entry.permissions);
    if (gc_scope_entry_write(&out, &entry) || gc_scope_entry_parse(&entry, gc_buf_bytes(&out), NULL))
      abort();
  }
  out.len = 0;
  if (gc_scope_parse(&list, gc_bytes(data, size), &where)) {
    if (!where.phrase || where.offset > size)
      abort();
    return 0;
  }
  if (gc_scope_write(&out, &list) || gc_scope_parse(&again, gc_buf_bytes(&out), NULL) || again.count != list.count)
    abort();
  for (size_t i = 0; i < list.count; i++)
    if (list.entries[i].kind != again.entries[i].kind || list.entries[i].permissions != again.entries[i].permissions)
      abort();
  return 0;
}
