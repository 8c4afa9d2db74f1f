/* One line an event: what, in which group, about whom; never a key, never a token, never a proof. */
#include "common/show_address.h"
#include "gc-manager.h"

void gc_manager_identity_split(struct gc_bytes identity, struct gc_bytes *issuer, struct gc_bytes *subject)
{
  const uint8_t *end = identity.len ? memchr(identity.ptr, 0, identity.len) : NULL;
  const size_t at = end ? (size_t)(end - identity.ptr) : identity.len;
  *issuer = gc_bytes_slice(identity, 0, at);
  *subject = gc_bytes_slice(identity, at + 1, identity.len);
}

static struct gc_bytes subject_of(const struct gc_manager_line *line)
{
  struct gc_bytes issuer, subject;
  gc_manager_identity_split(line->member ? gc_bytes(line->member->identity, line->member->identity_len) : line->identity, &issuer, &subject);
  return subject;
}

static void show(struct gc_out *out, const struct gc_manager_line *line)
{
  char text[GC_ADDR_STR_MAX], roles[GC_ROLES_TEXT_MAX], node[GC_GM_NODE_MAX];
  const struct gc_bytes subject = subject_of(line);
  gc_out_str(out, line->event);
  if (line->group)
    gc_outf(out, " %s", line->group);
  if (line->member)
    gc_outf(out, " %s", gc_gm_node_name(node, line->member->node));
  if (subject.len) {
    gc_out_char(out, ' ');
    gc_out_text(out, subject);
  }
  if (line->member && line->member->has_sender_id) {
    gc_out_str(out, " id=");
    gc_out_hex(out, gc_bytes(line->member->sender_id, line->member->sender_id_len));
  }
  if (line->member)
    gc_outf(out, " roles=%s", gc_roles_format(roles, line->member->roles));
  if (line->has_num)
    gc_outf(out, " num=%llu", (unsigned long long)line->num);
  if (line->from)
    gc_outf(out, " %s", gc_show_address(text, line->from));
  if (line->why)
    gc_outf(out, " (%s)", line->why);
  gc_out_char(out, '\n');
}

static void show_json(struct gc_out *out, const struct gc_manager_line *line)
{
  char text[GC_ADDR_STR_MAX], roles[GC_ROLES_TEXT_MAX], node[GC_GM_NODE_MAX];
  const struct gc_bytes subject = subject_of(line);
  gc_json_object(out, NULL);
  gc_json_str(out, "event", line->event);
  if (line->group)
    gc_json_str(out, "group", line->group);
  if (line->member)
    gc_json_str(out, "node", gc_gm_node_name(node, line->member->node));
  if (subject.len)
    gc_json_text(out, "subject", subject);
  if (line->member && line->member->has_sender_id)
    gc_json_hex(out, "sender_id", gc_bytes(line->member->sender_id, line->member->sender_id_len));
  if (line->member)
    gc_json_str(out, "roles", gc_roles_format(roles, line->member->roles));
  if (line->has_num)
    gc_json_uint(out, "num", line->num);
  if (line->from)
    gc_json_str(out, "from", gc_show_address(text, line->from));
  if (line->why)
    gc_json_str(out, "reason", line->why);
  gc_json_end(out);
}

void gc_manager_log(struct gc_out *out, bool json, const struct gc_manager_line *line)
{
  (json ? show_json : show)(out, line);
  gc_out_flush(out);
}
