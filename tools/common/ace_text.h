/* Values in messages of ACE as text on one line: scopes and roles spelled out, algorithms by name, times in UTC. */
#ifndef GC_TOOLS_ACE_TEXT_H
#define GC_TOOLS_ACE_TEXT_H

#include "ace/scope.h"
#include "common/ace_walk.h"
#include "common/out.h"

/** @param show_secrets else a secret is "(hidden)" */
void gc_ace_put_value(struct gc_out *out, const struct gc_ace_value *value, bool show_secrets);

/** Is it a byte string? */
bool gc_ace_is_bytes(const struct gc_ace_value *value);

/** Entries of a scope, of a Join Request's too. @return false: it is none */
bool gc_ace_scope_read(struct gc_scope_list *out, const struct gc_ace_value *value);

#endif
