#include "common/show_ace.h"

#include <string.h>

#include "ace/groupcomm.h"
#include "common/ace_text.h"
#include "common/show.h"
#include "common/show_param.h"

enum { LINE_BYTES_MAX = 16, LINE_TEXT_MAX = 64 }; /* longer values have their names only in a line */

/* --- the tree ------------------------------------------------------------------------------------------------------------ */

static void tree_credentials(struct gc_tree *tree, const struct gc_ace_value *value)
{
  struct gc_cbor_reader reader;
  struct gc_cbor_list list;
  struct gc_bytes cred;
  size_t count = 0;
  if (gc_strings_check(value->item, false, &count, NULL) || gc_strings_begin(&reader, &list, value->item)) {
    gc_tree_begin_value(tree, value->name, SIZE_MAX);
    gc_show_diag(tree->out, value->item);
    gc_out_char(tree->out, '\n');
    return;
  }
  gc_tree_begin(tree, value->name, SIZE_MAX);
  gc_outf(tree->out, " %zu\n", count);
  while (!gc_strings_next(&reader, &list, false, &cred)) {
    gc_show_indent(tree->out, tree->indent + 2);
    gc_show_diag(tree->out, cred);
    gc_out_char(tree->out, '\n');
  }
}

static void tree_value(void *ctx, const struct gc_ace_value *value)
{
  struct gc_tree *tree = ctx;
  if (value->sense == GC_ACE_CREDENTIALS) {
    tree_credentials(tree, value);
    return;
  }
  gc_tree_begin_value(tree, value->name, gc_ace_is_bytes(value) && value->sense != GC_ACE_SCOPE_TEXT ? value->string.len : SIZE_MAX);
  gc_ace_put_value(tree->out, value, tree->show_secrets);
  gc_out_char(tree->out, '\n');
}

static void tree_enter(void *ctx, const char *name, const char *what, size_t len)
{
  struct gc_tree *tree = ctx;
  gc_tree_begin(tree, name, len);
  if (what)
    gc_outf(tree->out, " %s", what);
  gc_out_char(tree->out, '\n');
  tree->indent += 2;
}

static void tree_leave(void *ctx, const struct gc_params_unknown *unknown)
{
  struct gc_tree *tree = ctx;
  gc_tree_unknown(tree, unknown);
  tree->indent -= 2;
}

static void tree_note(void *ctx, const char *name, const char *text)
{
  gc_tree_line(ctx, name, text);
}

const char *gc_ace_damage(const struct gc_ace_message *message, const struct gc_where *fault)
{
  return message->goes_on ? NULL : fault->phrase;
}

void gc_show_ace(struct gc_out *out, const struct gc_ace_message *message, struct gc_bytes payload, unsigned indent,
                 const struct gc_show_ace *how)
{
  struct gc_tree tree = { out, indent + 2, how->show_secrets };
  const struct gc_ace_visitor visitor = { &tree, tree_value, tree_enter, tree_leave, tree_note };
  gc_show_indent(out, indent);
  gc_out_str(out, message->title);
  if (message->is_begun_elsewhere)
    GC_OUT_LITERAL(out, ", continued");
  gc_out_char(out, '\n');
  struct gc_where fault = gc_ace_walk(&visitor, message->kind, payload, how->keys);
  tree.indent = indent + 2;
  if (message->kind == GC_ACE_KIND_NOTHING)
    gc_tree_line(&tree, "found", "nothing");
  if (gc_ace_damage(message, &fault)) {
    gc_tree_damage(&tree, fault.offset, fault.phrase);
  } else if (message->goes_on) {
    gc_show_indent(out, tree.indent);
    GC_OUT_LITERAL(out, "(goes on in the next block)\n");
  }
}

/* --- the line ------------------------------------------------------------------------------------------------------------ */

struct line {
  struct gc_out *out;
  const char *separator;
  unsigned depth;
  bool is_cnf;   /* directly inside a confirmation method */
};

static void put_name(struct line *line, const char *name)
{
  gc_outf(line->out, "%s%s", line->separator, name);
  line->separator = ", ";
}

static bool fits_line(const struct gc_ace_value *value)
{
  switch (value->sense) {
  case GC_ACE_CREDENTIAL:
  case GC_ACE_CREDENTIALS:
  case GC_ACE_KEY_INFO:
  case GC_ACE_DH_CREDS:
    return false;
  case GC_ACE_PLAIN:
    return !value->is_secret && value->item.ptr[0] >> 5 != GC_CBOR_ARRAY && value->item.ptr[0] >> 5 != GC_CBOR_MAP &&
           !gc_param_is_null(value->item) && value->string.len <= (gc_ace_is_bytes(value) ? LINE_BYTES_MAX : LINE_TEXT_MAX);
  default:
    return !value->is_secret && value->item.len <= 4 * LINE_TEXT_MAX;
  }
}

static void line_value(void *ctx, const struct gc_ace_value *value)
{
  struct line *line = ctx;
  const bool is_error_id = line->depth == 1 && strcmp(value->name, "error-id") == 0;
  if (line->depth == 1 && line->is_cnf)
    gc_outf(line->out, "=%s", value->name);
  if (line->depth && !is_error_id)
    return;
  if (!is_error_id)
    put_name(line, value->name);
  if (!fits_line(value))
    return;
  gc_out_char(line->out, '=');
  gc_ace_put_value(line->out, value, false);
}

static void line_enter(void *ctx, const char *name, const char *what, size_t len)
{
  struct line *line = ctx;
  (void)len;
  if (line->depth == 0)
    put_name(line, name);
  else if (line->depth == 1 && line->is_cnf)
    gc_outf(line->out, "=%s", name);
  if (what && line->depth == 0)
    gc_outf(line->out, " (%s)", what);
  line->depth++;
  line->is_cnf = line->depth == 1 && strstr(name, "cnf") == name + strlen(name) - 3;
}

static void line_leave(void *ctx, const struct gc_params_unknown *unknown)
{
  struct line *line = ctx;
  if (line->depth == 0 && unknown->count) {
    gc_outf(line->out, "%s%zu unknown", line->separator, unknown->count);
    line->separator = ", ";
  }
  line->depth -= line->depth > 0;
}

static void line_note(void *ctx, const char *name, const char *text)
{
  (void)ctx, (void)name, (void)text;
}

void gc_show_ace_line(struct gc_out *out, const struct gc_ace_message *message, struct gc_bytes payload, const struct gc_show_ace *how)
{
  struct line line = { .out = out, .separator = ": " };
  const struct gc_ace_visitor visitor = { &line, line_value, line_enter, line_leave, line_note };
  gc_outf(out, "{%s", message->title);
  if (message->is_begun_elsewhere)
    GC_OUT_LITERAL(out, ", continued");
  struct gc_where fault = gc_ace_walk(&visitor, message->kind, payload, how->keys);
  if (message->kind == GC_ACE_KIND_NOTHING && strcmp(message->title, "nothing found") != 0)
    GC_OUT_LITERAL(out, ": nothing found");
  if (gc_ace_damage(message, &fault)) {
    gc_out_color(out, GC_RED);
    gc_outf(out, "; DAMAGED: %s", fault.phrase);
    gc_out_color(out, GC_PLAIN);
  } else if (message->goes_on) {
    GC_OUT_LITERAL(out, ", …");
  }
  gc_out_char(out, '}');
}
