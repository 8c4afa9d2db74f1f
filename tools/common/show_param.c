#include "common/show_param.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/show.h"
#include "cose/credential.h"
#include "crypto/alg.h"
#include "iana/names.h"

void gc_tree_begin(const struct gc_tree *tree, const char *name, size_t len)
{
  gc_show_indent(tree->out, tree->indent);
  gc_out_str(tree->out, name);
  if (len != SIZE_MAX)
    gc_outf(tree->out, " (%zu byte%s)", len, len == 1 ? "" : "s");
  gc_out_char(tree->out, ':');
}

void gc_tree_begin_value(const struct gc_tree *tree, const char *name, size_t len)
{
  gc_tree_begin(tree, name, len);
  gc_out_char(tree->out, ' ');
}

void gc_tree_line(const struct gc_tree *tree, const char *name, const char *text)
{
  gc_tree_begin_value(tree, name, SIZE_MAX);
  gc_out_str(tree->out, text);
  gc_out_char(tree->out, '\n');
}

void gc_tree_unknown(const struct gc_tree *tree, const struct gc_params_unknown *unknown)
{
  for (size_t i = 0; i < unknown->count && i < GC_PARAMS_UNKNOWN_MAX; i++) {
    struct gc_cbor_reader reader = gc_cbor_reader(unknown->pairs[i]);
    struct gc_bytes key, value;
    if (gc_cbor_read_raw(&reader, &key) || gc_cbor_read_raw(&reader, &value))
      continue;
    gc_show_indent(tree->out, tree->indent);
    GC_OUT_LITERAL(tree->out, "unknown ");
    gc_show_diag(tree->out, key);
    GC_OUT_LITERAL(tree->out, ": ");
    gc_show_diag(tree->out, value);
    gc_out_char(tree->out, '\n');
  }
  if (unknown->count > GC_PARAMS_UNKNOWN_MAX) {
    gc_show_indent(tree->out, tree->indent);
    gc_outf(tree->out, "and %zu more that are unknown\n", unknown->count - GC_PARAMS_UNKNOWN_MAX);
  }
}

void gc_tree_damage(const struct gc_tree *tree, size_t at, const char *phrase)
{
  gc_show_indent(tree->out, tree->indent);
  gc_out_color(tree->out, GC_RED);
  gc_outf(tree->out, "DAMAGED at byte %zu: %s", at, phrase);
  gc_out_color(tree->out, GC_PLAIN);
  gc_out_char(tree->out, '\n');
}

void gc_show_diag(struct gc_out *out, struct gc_bytes items)
{
  gc_show_payload(out, items, GC_FORMAT_APPLICATION_CBOR, 0);
}

void gc_show_date(struct gc_out *out, const struct gc_numeric_date *date)
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

const char *gc_param_meaning(const char *name, int64_t number)
{
  if (strcmp(name, "cred_fmt") == 0)
    return number > 0 && number <= UINT8_MAX ? gc_cred_fmt_name((enum gc_cred_fmt)number) : NULL;
  if (!strstr(name, "alg") && strcmp(name, "hkdf") != 0)
    return NULL;
  const struct gc_alg *alg = number >= INT32_MIN && number <= INT32_MAX ? gc_alg_by_id((int32_t)number) : NULL;
  return alg ? alg->name : NULL;
}
