/* Who is behind a protected message, for people and programs. */
#ifndef GC_TOOLS_SHOW_SECURITY_H
#define GC_TOOLS_SHOW_SECURITY_H

#include "common/out.h"
#include "oscore/message.h"

/** "security":{…} of a message; nothing where it was not protected. error NULL: verified */
void gc_json_security(struct gc_out *out, const struct gc_oscore_opened *opened, const char *error);

/** "  52 lamp-7": the member behind a verified message; writes nothing where it was not protected. */
void gc_show_member(struct gc_out *out, const struct gc_oscore_opened *opened);

#endif
