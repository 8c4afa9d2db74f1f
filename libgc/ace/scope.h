/* Scopes of a Group Manager: AIF, [* [Toid, Tperm]] with group names and roles (RFC 9237; draft-ietf-ace-key-groupcomm-oscore,
 * Section 3; entries of administrators: draft-ietf-ace-oscore-gm-admin, Section 3). */
#ifndef GC_ACE_SCOPE_H
#define GC_ACE_SCOPE_H

#include "cbor/reader.h"
#include "cbor/writer.h"

/** Bits of a set of roles: 2 to the power of the number that the role is registered with. */
enum {
  GC_ROLE_REQUESTER = 1 << 1,
  GC_ROLE_RESPONDER = 1 << 2,
  GC_ROLE_MONITOR = 1 << 3,
  GC_ROLE_VERIFIER = 1 << 4,
  GC_ROLES_MEMBER = GC_ROLE_REQUESTER | GC_ROLE_RESPONDER | GC_ROLE_MONITOR,
  GC_ROLES_ALL = GC_ROLES_MEMBER | GC_ROLE_VERIFIER,
};

/** Bits of an administrator's permissions. */
enum { GC_ADMIN_LIST = 1, GC_ADMIN_CREATE = 2, GC_ADMIN_READ = 4, GC_ADMIN_WRITE = 8, GC_ADMIN_DELETE = 16 };

/** "requester" for one bit; NULL: not one role. */
const char *gc_role_name(uint64_t role);

/** "requester,responder" (letter case ignored, blanks around commas allowed). GC_E_NOT_FOUND: where says which is unknown */
enum gc_err gc_roles_parse(uint64_t *out, struct gc_bytes text, struct gc_where *where) GC_MUST_CHECK;

#define GC_ROLES_TEXT_MAX 48 /* characters with the NUL */

/** The names with commas between them, in the order of the bits; unknown bits are left out. Returns out. */
char *gc_roles_format(char out[static GC_ROLES_TEXT_MAX], uint64_t roles);

/** Can a node join with this set (Sections 3, 6.1, 8.5.1)? NULL, or the fault: lower case, static. */
const char *gc_roles_join_fault(uint64_t roles);

/** Does the node send protected messages, so that it has a credential and a Sender ID? */
static inline bool gc_roles_send(uint64_t roles)
{
  return roles & (GC_ROLE_REQUESTER | GC_ROLE_RESPONDER);
}

/** What the object of an entry is. */
enum gc_scope_kind {
  GC_SCOPE_USER,          /* a group name, and roles (bit 0 is 0) */
  GC_SCOPE_ADMIN_NAME,    /* a group name, and permissions (bit 0 is 1) */
  GC_SCOPE_ADMIN_ANY,     /* true: any name */
  GC_SCOPE_ADMIN_PATTERN, /* a tagged pattern */
};

struct gc_scope_entry {
  enum gc_scope_kind kind;
  struct gc_bytes name;    /* the text; ADMIN_PATTERN: the encoded tag and its item; ADMIN_ANY: empty */
  uint64_t permissions;    /* roles, or permissions of an administrator */
};

#define GC_SCOPE_ENTRIES_MAX 64

/** The tag around the byte string in a token with an extended scope (RFC 9594, Section 7): that of Content-Format 295, which is
 *  suggested for these scopes (RFC 9277, Section 4.3). */
enum { GC_SCOPE_CONTENT_FORMAT = 295, GC_SCOPE_TAG = 0x63740101 + GC_SCOPE_CONTENT_FORMAT / 255 * 256 + GC_SCOPE_CONTENT_FORMAT % 255 };

/** Parsed: borrows from the bytes. */
struct gc_scope_list {
  struct gc_scope_entry entries[GC_SCOPE_ENTRIES_MAX];
  size_t count;
};

/**
 * What is in the byte string of a scope.
 * @return GC_OK; GC_E_MALFORMED, GC_E_TRUNCATED; GC_E_LIMIT: more than GC_SCOPE_ENTRIES_MAX entries. On an error *out is unchanged.
 */
enum gc_err gc_scope_parse(struct gc_scope_list *out, struct gc_bytes bytes, struct gc_where *where) GC_MUST_CHECK;

/** Append what goes into the byte string. GC_E_SPACE */
enum gc_err gc_scope_write(struct gc_buf *out, const struct gc_scope_list *list) GC_MUST_CHECK;

/** The single entry of a Join Request: [gname, R], a user's. GC_E_MALFORMED: another kind, or roles that are not known */
enum gc_err gc_scope_entry_parse(struct gc_scope_entry *out, struct gc_bytes bytes, struct gc_where *where) GC_MUST_CHECK;
enum gc_err gc_scope_entry_write(struct gc_buf *out, const struct gc_scope_entry *entry) GC_MUST_CHECK;

/** The roles that the list grants in this group, of all its entries; 0: none. */
uint64_t gc_scope_roles(const struct gc_scope_list *list, struct gc_bytes gname);

/** Is every role of the entry granted by the list? */
bool gc_scope_grants(const struct gc_scope_list *list, const struct gc_scope_entry *entry);

#endif
