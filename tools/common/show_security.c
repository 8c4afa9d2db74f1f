#include "common/show_security.h"

void gc_json_security(struct gc_out *out, const struct gc_oscore_opened *opened, const char *error)
{
  static const char *const profiles[] = { [GC_OSCORE_PLAIN] = "oscore", [GC_OSCORE_GROUP] = "group-oscore", [GC_OSCORE_GROUP_02] = "group-oscore-02" };
  if (!opened || !opened->context)
    return;
  gc_json_object(out, "security");
  gc_json_str(out, "profile", profiles[gc_oscore_context_profile(opened->context)]);
  gc_json_str(out, "mode", gc_oscore_mode_name(opened->mode));
  if (opened->kid_context.len)
    gc_json_hex(out, "gid", opened->kid_context);
  if (opened->kid.ptr || !error)
    gc_json_hex(out, "kid", opened->kid);
  if (opened->piv.len)
    gc_json_hex(out, "piv", opened->piv);
  struct gc_bytes subject = opened->sender ? gc_oscore_recipient_subject(opened->sender) : gc_bytes(NULL, 0);
  if (subject.len && !error)
    gc_json_text(out, "subject", subject);
  gc_json_bool(out, "verified", !error);
  if (error)
    gc_json_str(out, "error", error);
  gc_json_end(out);
}

void gc_show_member(struct gc_out *out, const struct gc_oscore_opened *opened)
{
  if (!opened || !opened->context)
    return;
  struct gc_bytes subject = opened->sender ? gc_oscore_recipient_subject(opened->sender) : gc_bytes(NULL, 0);
  gc_out_str(out, "  ");
  if (opened->kid.len)
    gc_out_hex(out, opened->kid);
  else
    gc_out_str(out, "(empty ID)");
  if (subject.len) {
    gc_out_char(out, ' ');
    gc_out_text(out, subject);
  }
}
