#include "common/show_informative.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/hide.h"
#include "common/show.h"
#include "iana/names.h"
#include "observe/material.h"

/* What all lines of one tree have in common. */
struct tree {
  struct gc_out *out;
  unsigned indent;
  bool show_secrets;
  enum gc_omn_format format;
  const struct gc_show_opened *opened;
};

static void show_diag(struct gc_out *out, struct gc_bytes items)
{
  gc_show_payload(out, items, GC_FORMAT_APPLICATION_CBOR, 0);
}

static void begin(const struct tree *tree, const char *name, size_t len)
{
  gc_show_indent(tree->out, tree->indent);
  gc_out_str(tree->out, name);
  if (len != SIZE_MAX)
    gc_outf(tree->out, " (%zu byte%s)", len, len == 1 ? "" : "s");
  gc_out_char(tree->out, ':');
}

static void begin_value(const struct tree *tree, const char *name, size_t len)
{
  begin(tree, name, len);
  gc_out_char(tree->out, ' ');
}

static void line(const struct tree *tree, const char *name, const char *text)
{
  begin_value(tree, name, SIZE_MAX);
  gc_out_str(tree->out, text);
  gc_out_char(tree->out, '\n');
}

static void show_address(const struct tree *tree, const char *name, const struct gc_addr *addr)
{
  char text[GC_ADDR_STR_MAX];
  line(tree, name, gc_addr_format(text, addr));
}

static void show_tp_info(struct tree *tree, const struct gc_tp_info *info)
{
  line(tree, "tp_info", gc_informative_form(info->form));
  tree->indent += 2;
  show_address(tree, "server", &info->server);
  if (info->has_details) {
    show_address(tree, "group", &info->group);
    begin_value(tree, "token", SIZE_MAX);
    gc_out_hex(tree->out, info->token);
    gc_out_char(tree->out, '\n');
  }
  tree->indent -= 2;
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
  gc_show_indent(tree->out, tree->indent);
  GC_OUT_LITERAL(tree->out, "inner: ");
  show_code(tree->out, opened->inner->code);
  gc_out_char(tree->out, '\n');
  gc_show_parts(tree->out, opened->inner, tree->indent + 2);
}

static void show_message(const struct tree *tree, const char *name, struct gc_bytes bytes, bool is_request)
{
  static const struct gc_show_protected untried;
  const struct gc_show_opened *all = tree->opened;
  const struct gc_show_protected *opened = !all ? &untried : is_request ? &all->ph_req : &all->last_notif;
  struct gc_message message;
  const char *fault;
  bool is_read = gc_informative_view_message(&message, bytes, is_request, &fault);
  begin_value(tree, name, bytes.len);
  if (is_read) {
    show_code(tree->out, message.code);
  } else {
    GC_OUT_LITERAL(tree->out, "0x");
    gc_out_hex(tree->out, bytes);
  }
  if (fault)
    gc_outf(tree->out, "  DAMAGED: %s", fault);
  if (opened->verdict) {
    gc_out_color(tree->out, opened->is_verified ? GC_GREEN : GC_RED);
    gc_outf(tree->out, opened->is_verified ? "  {%s verified}" : "  {NOT VERIFIED: %s}", opened->verdict);
    gc_out_color(tree->out, GC_PLAIN);
  }
  gc_out_char(tree->out, '\n');
  struct tree below = *tree;
  below.indent += 2;
  if (is_read)
    gc_show_parts(tree->out, &message, below.indent);
  show_inner(&below, opened);
}

/* --- values ---------------------------------------------------------------------------------------------------- */

/* "1800000000 (2027-01-15T08:00:00Z)" */
static void show_date(struct gc_out *out, const struct gc_numeric_date *date)
{
  const double seconds = gc_numeric_date_seconds(date);
  const bool is_year = seconds > -1e11 && seconds < 1e11; /* of at most four digits */
  time_t when = is_year ? (time_t)seconds : 0;
  struct tm tm;
  char text[32];
  if ((double)when > seconds)
    when--;
  if (date->is_real)
    gc_outf(out, "%.15g", date->real);
  else
    gc_outf(out, "%" PRId64, date->number);
  if (is_year && gmtime_r(&when, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
    gc_outf(out, " (%s)", text);
}

static void show_scalar(struct gc_out *out, const struct gc_param *param, const void *value)
{
  const struct gc_int_or_text *name = value;
  const char *meaning = gc_informative_meaning(param, value);
  if (param->type == GC_PARAM_UINT)
    gc_outf(out, "%" PRIu64 " s", *(const uint64_t *)value);
  else if (param->type == GC_PARAM_INT)
    gc_outf(out, "%" PRId64, *(const int64_t *)value);
  else if (param->type == GC_PARAM_DATE)
    show_date(out, value);
  else if (param->type == GC_PARAM_TEXT)
    gc_out_text(out, *(const struct gc_bytes *)value);
  else if (name->is_text)
    gc_out_text(out, name->text);
  else
    gc_outf(out, "%" PRId64, name->number);
  if (meaning)
    gc_outf(out, " (%s)", meaning);
}

static void show_unknown(const struct tree *tree, const struct gc_params_unknown *unknown)
{
  for (size_t i = 0; i < unknown->count && i < GC_PARAMS_UNKNOWN_MAX; i++) {
    struct gc_cbor_reader reader = gc_cbor_reader(unknown->pairs[i]);
    struct gc_bytes key, value;
    if (gc_cbor_read_raw(&reader, &key) || gc_cbor_read_raw(&reader, &value))
      continue;
    gc_show_indent(tree->out, tree->indent);
    GC_OUT_LITERAL(tree->out, "unknown ");
    show_diag(tree->out, key);
    GC_OUT_LITERAL(tree->out, ": ");
    show_diag(tree->out, value);
    gc_out_char(tree->out, '\n');
  }
  if (unknown->count > GC_PARAMS_UNKNOWN_MAX) {
    gc_show_indent(tree->out, tree->indent);
    gc_outf(tree->out, "and %zu more that are unknown\n", unknown->count - GC_PARAMS_UNKNOWN_MAX);
  }
}

static void show_bytes(const struct tree *tree, const char *name, struct gc_bytes bytes, bool is_hidden, bool is_credential)
{
  begin_value(tree, name, bytes.len);
  if (is_hidden)
    gc_out_str(tree->out, GC_HIDDEN);
  else if (is_credential)
    show_diag(tree->out, bytes);
  else
    gc_out_hex(tree->out, bytes);
  gc_out_char(tree->out, '\n');
}

static void show_material(struct tree *tree, struct gc_bytes map)
{
  struct gc_group_material material;
  struct gc_where where = { 0, NULL };
  const struct gc_param *param;
  begin(tree, "gp_material", map.len);
  if (gc_group_material_parse(&material, map, tree->format, &where)) {
    struct gc_hidden hidden = gc_hide_material(map);
    gc_out_char(tree->out, ' ');
    if (hidden.bytes.len)
      show_diag(tree->out, tree->show_secrets ? map : hidden.bytes);
    gc_outf(tree->out, "  DAMAGED: %s\n", where.phrase);
    gc_hidden_free(&hidden);
    return;
  }
  gc_out_char(tree->out, '\n');
  tree->indent += 2;
  for (size_t i = 0; (param = gc_material_param_at(i)) != NULL; i++) {
    const char *name = gc_param_name(param, tree->format);
    const void *value = gc_param_value(&material, param);
    if (!(material.present & 1u << i))
      continue;
    if (param->type == GC_PARAM_BYTES) {
      show_bytes(tree, name, *(const struct gc_bytes *)value, 1u << i == GC_GM_MS && !tree->show_secrets, false);
      continue;
    }
    begin_value(tree, name, SIZE_MAX);
    if (param->type == GC_PARAM_ARRAY)
      show_diag(tree->out, *(const struct gc_bytes *)value);
    else
      show_scalar(tree->out, param, value);
    gc_out_char(tree->out, '\n');
  }
  show_unknown(tree, &material.unknown);
  tree->indent -= 2;
}

static void show_param(struct tree *tree, const struct gc_param *param, uint32_t bit, const void *value)
{
  const char *name = gc_param_name(param, tree->format);
  if (param->type == GC_PARAM_OTHER) {
    show_tp_info(tree, value);
  } else if (bit & (GC_IR_PH_REQ | GC_IR_LAST_NOTIF)) {
    show_message(tree, name, *(const struct gc_bytes *)value, bit == GC_IR_PH_REQ);
  } else if (param->type == GC_PARAM_MAP) {
    show_material(tree, *(const struct gc_bytes *)value);
  } else if (param->type == GC_PARAM_BYTES) {
    show_bytes(tree, name, *(const struct gc_bytes *)value, false, bit == GC_IR_SRV_CRED);
  } else {
    begin_value(tree, name, SIZE_MAX);
    if (param->type == GC_PARAM_ARRAY)
      show_diag(tree->out, *(const struct gc_bytes *)value);
    else
      show_scalar(tree->out, param, value);
    gc_out_char(tree->out, '\n');
  }
}

void gc_show_informative_opened(struct gc_out *out, struct gc_bytes payload, const struct gc_show_opened *opened, unsigned indent,
                                bool show_secrets)
{
  struct gc_informative_view view;
  const struct gc_param *param;
  gc_informative_view_read(&view, payload);
  const struct gc_informative *response = &view.response;
  struct tree tree = { out, indent + 2, show_secrets, response->format, opened };
  gc_show_indent(out, indent);
  gc_outf(out, "informative response%s\n", response->format == GC_OMN_05 ? " (-05)" : "");
  for (size_t i = 0; (param = gc_informative_param_at(i)) != NULL; i++)
    if (response->present & 1u << i)
      show_param(&tree, param, 1u << i, gc_param_value(response, param));
  show_unknown(&tree, &response->unknown);
  if (view.error) {
    gc_show_indent(out, tree.indent);
    gc_out_color(out, GC_RED);
    gc_outf(out, "DAMAGED at byte %zu: %s", view.error_at, view.error);
    gc_out_color(out, GC_PLAIN);
    gc_out_char(out, '\n');
  }
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
