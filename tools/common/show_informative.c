#include "common/show_informative.h"

#include <inttypes.h>

#include "common/hide.h"
#include "common/show.h"
#include "common/show_param.h"
#include "iana/names.h"
#include "observe/material.h"

/* A tree, and what was opened of the messages in it. */
struct tree {
  struct gc_tree lines;
  enum gc_omn_format format;
  const struct gc_show_opened *opened;
};

static void show_address(const struct tree *tree, const char *name, const struct gc_addr *addr)
{
  char text[GC_ADDR_STR_MAX];
  gc_tree_line(&tree->lines, name, gc_addr_format(text, addr));
}

static void show_tp_info(struct tree *tree, const struct gc_tp_info *info)
{
  gc_tree_line(&tree->lines, "tp_info", gc_informative_form(info->form));
  tree->lines.indent += 2;
  show_address(tree, "server", &info->server);
  if (info->has_details) {
    show_address(tree, "group", &info->group);
    gc_tree_begin_value(&tree->lines, "token", SIZE_MAX);
    gc_out_hex(tree->lines.out, info->token);
    gc_out_char(tree->lines.out, '\n');
  }
  tree->lines.indent -= 2;
}

/* --- ph_req and last_notif ------------------------------------------------------------------------------------- */

static void show_code(struct gc_out *out, uint8_t code)
{
  const char *name = gc_code_name(code);
  gc_outf(out, "%s (%s)", name ? name : "unknown code", gc_show_code_number(code));
}

static void show_inner(const struct tree *tree, const struct gc_show_protected *opened)
{
  if (!opened->inner)
    return;
  gc_show_indent(tree->lines.out, tree->lines.indent);
  GC_OUT_LITERAL(tree->lines.out, "inner: ");
  show_code(tree->lines.out, opened->inner->code);
  gc_out_char(tree->lines.out, '\n');
  gc_show_parts(tree->lines.out, opened->inner, tree->lines.indent + 2);
}

static void show_message(const struct tree *tree, const char *name, struct gc_bytes bytes, bool is_request)
{
  static const struct gc_show_protected untried;
  const struct gc_show_opened *all = tree->opened;
  const struct gc_show_protected *opened = !all ? &untried : is_request ? &all->ph_req : &all->last_notif;
  struct gc_message message;
  const char *fault;
  bool is_read = gc_informative_view_message(&message, bytes, is_request, &fault);
  gc_tree_begin_value(&tree->lines, name, bytes.len);
  if (is_read) {
    show_code(tree->lines.out, message.code);
  } else {
    GC_OUT_LITERAL(tree->lines.out, "0x");
    gc_out_hex(tree->lines.out, bytes);
  }
  if (fault)
    gc_outf(tree->lines.out, "  DAMAGED: %s", fault);
  if (opened->verdict) {
    gc_out_color(tree->lines.out, opened->is_verified ? GC_GREEN : GC_RED);
    gc_outf(tree->lines.out, opened->is_verified ? "  {%s verified}" : "  {NOT VERIFIED: %s}", opened->verdict);
    gc_out_color(tree->lines.out, GC_PLAIN);
  }
  gc_out_char(tree->lines.out, '\n');
  struct tree below = *tree;
  below.lines.indent += 2;
  if (is_read)
    gc_show_parts(tree->lines.out, &message, below.lines.indent);
  show_inner(&below, opened);
}

/* --- values ---------------------------------------------------------------------------------------------------- */

static void show_scalar(struct gc_out *out, const struct gc_param *param, const void *value)
{
  const struct gc_int_or_text *name = value;
  const char *meaning = gc_informative_meaning(param, value);
  if (param->type == GC_PARAM_UINT)
    gc_outf(out, "%" PRIu64 " s", *(const uint64_t *)value);
  else if (param->type == GC_PARAM_INT)
    gc_outf(out, "%" PRId64, *(const int64_t *)value);
  else if (param->type == GC_PARAM_DATE)
    gc_show_date(out, value);
  else if (param->type == GC_PARAM_TEXT)
    gc_out_text(out, *(const struct gc_bytes *)value);
  else if (name->is_text)
    gc_out_text(out, name->text);
  else
    gc_outf(out, "%" PRId64, name->number);
  if (meaning)
    gc_outf(out, " (%s)", meaning);
}

static void show_bytes(const struct tree *tree, const char *name, struct gc_bytes bytes, bool is_hidden, bool is_credential)
{
  gc_tree_begin_value(&tree->lines, name, bytes.len);
  if (is_hidden)
    gc_out_str(tree->lines.out, GC_HIDDEN);
  else if (is_credential)
    gc_show_diag(tree->lines.out, bytes);
  else
    gc_out_hex(tree->lines.out, bytes);
  gc_out_char(tree->lines.out, '\n');
}

static void show_plain(const struct tree *tree, const char *name, const struct gc_param *param, const void *value)
{
  gc_tree_begin_value(&tree->lines, name, SIZE_MAX);
  if (param->type == GC_PARAM_ARRAY)
    gc_show_diag(tree->lines.out, *(const struct gc_bytes *)value);
  else
    show_scalar(tree->lines.out, param, value);
  gc_out_char(tree->lines.out, '\n');
}

static void show_material(struct tree *tree, struct gc_bytes map)
{
  struct gc_group_material material;
  struct gc_where where = { 0, NULL };
  const struct gc_param *param;
  gc_tree_begin(&tree->lines, "gp_material", map.len);
  if (gc_group_material_parse(&material, map, tree->format, &where)) {
    struct gc_hidden hidden = gc_hide_material(map);
    gc_out_char(tree->lines.out, ' ');
    if (hidden.bytes.len)
      gc_show_diag(tree->lines.out, tree->lines.show_secrets ? map : hidden.bytes);
    gc_outf(tree->lines.out, "  DAMAGED: %s\n", where.phrase);
    gc_hidden_free(&hidden);
    return;
  }
  gc_out_char(tree->lines.out, '\n');
  tree->lines.indent += 2;
  for (size_t i = 0; (param = gc_material_param_at(i)) != NULL; i++) {
    const char *name = gc_param_name(param, tree->format);
    const void *value = gc_param_value(&material, param);
    if (!(material.present & 1u << i))
      continue;
    if (param->type == GC_PARAM_BYTES) {
      show_bytes(tree, name, *(const struct gc_bytes *)value, 1u << i == GC_GM_MS && !tree->lines.show_secrets, false);
      continue;
    }
    show_plain(tree, name, param, value);
  }
  gc_tree_unknown(&tree->lines, &material.unknown);
  tree->lines.indent -= 2;
}

static void show_param(struct tree *tree, const struct gc_param *param, uint32_t bit, const void *value)
{
  const char *name = gc_param_name(param, tree->format);
  if (param->type == GC_PARAM_OTHER)
    show_tp_info(tree, value);
  else if (bit & (GC_IR_PH_REQ | GC_IR_LAST_NOTIF))
    show_message(tree, name, *(const struct gc_bytes *)value, bit == GC_IR_PH_REQ);
  else if (param->type == GC_PARAM_MAP)
    show_material(tree, *(const struct gc_bytes *)value);
  else if (param->type == GC_PARAM_BYTES)
    show_bytes(tree, name, *(const struct gc_bytes *)value, false, bit == GC_IR_SRV_CRED);
  else
    show_plain(tree, name, param, value);
}

void gc_show_informative_opened(struct gc_out *out, struct gc_bytes payload, const struct gc_show_opened *opened, unsigned indent,
                                bool show_secrets)
{
  struct gc_informative_view view;
  const struct gc_param *param;
  gc_informative_view_read(&view, payload);
  const struct gc_informative *response = &view.response;
  struct tree tree = { { out, indent + 2, show_secrets }, response->format, opened };
  gc_show_indent(out, indent);
  gc_outf(out, "informative response%s\n", response->format == GC_OMN_05 ? " (-05)" : "");
  for (size_t i = 0; (param = gc_informative_param_at(i)) != NULL; i++)
    if (response->present & 1u << i)
      show_param(&tree, param, 1u << i, gc_param_value(response, param));
  gc_tree_unknown(&tree.lines, &response->unknown);
  if (view.error)
    gc_tree_damage(&tree.lines, view.error_at, view.error);
  gc_informative_view_free(&view);
}

void gc_show_informative(struct gc_out *out, struct gc_bytes payload, unsigned indent, bool show_secrets)
{
  gc_show_informative_opened(out, payload, NULL, indent, show_secrets);
}

void gc_show_informative_line(struct gc_out *out, struct gc_bytes payload)
{
  struct gc_informative_view view;
  const struct gc_param *param;
  char server[GC_ADDR_STR_MAX], group[GC_ADDR_STR_MAX];
  const char *separator = ": ";
  gc_informative_view_read(&view, payload);
  const struct gc_informative *response = &view.response;
  const struct gc_tp_info *info = &response->tp_info;
  gc_outf(out, "{informative response%s", response->format == GC_OMN_05 ? " (-05)" : "");
  if (response->present & GC_IR_TP_INFO) {
    gc_outf(out, ": %s", gc_addr_format(server, &info->server));
    if (info->has_details) {
      gc_outf(out, " \xe2\x86\x92 %s token=", gc_addr_format(group, &info->group));
      gc_out_hex(out, info->token);
    }
    separator = ", ";
  }
  for (size_t i = 1; (param = gc_informative_param_at(i)) != NULL; i++)
    if (response->present & 1u << i) {
      gc_outf(out, "%s%s", separator, gc_param_name(param, response->format));
      separator = ", ";
    }
  if (response->unknown.count)
    gc_outf(out, "%s%zu unknown", separator, response->unknown.count);
  if (view.error) {
    gc_out_color(out, GC_RED);
    gc_outf(out, "; DAMAGED: %s", view.error);
    gc_out_color(out, GC_PLAIN);
  }
  gc_out_char(out, '}');
  gc_informative_view_free(&view);
}
