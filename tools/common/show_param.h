/* Parameters of the CBOR maps that libgc knows by tables, for people and programs: what trees and JSON of informative responses and
 * of the messages of ACE have in common. */
#ifndef GC_TOOLS_SHOW_PARAM_H
#define GC_TOOLS_SHOW_PARAM_H

#include "cbor/params.h"
#include "common/out.h"

/** What all lines of one tree have in common. */
struct gc_tree {
  struct gc_out *out;
  unsigned indent;
  bool show_secrets;
};

/** "  name (7 bytes):" and, where there is a value, " "; len SIZE_MAX: no length. */
void gc_tree_begin(const struct gc_tree *tree, const char *name, size_t len);
void gc_tree_begin_value(const struct gc_tree *tree, const char *name, size_t len);

/** "  name: text" and the end of the line. */
void gc_tree_line(const struct gc_tree *tree, const char *name, const char *text);

/** "  unknown 99: [1, "x"]", a line each. */
void gc_tree_unknown(const struct gc_tree *tree, const struct gc_params_unknown *unknown);

/** Where and why a payload is damaged, in red, as a line of its own. */
void gc_tree_damage(const struct gc_tree *tree, size_t at, const char *phrase);

/** CBOR items in diagnostic notation. */
void gc_show_diag(struct gc_out *out, struct gc_bytes items);

/** "1800000000 (2027-01-15T08:00:00Z)" */
void gc_show_date(struct gc_out *out, const struct gc_numeric_date *date);

/** What a number of this parameter stands for: "EdDSA", "CCS"; NULL: nothing known, or the parameter is no algorithm or format. */
const char *gc_param_meaning(const char *name, int64_t number);

/* JSON (json_param.c): diagnostic notation as a text, hex of what is not text in it; a number; "unknown":[{"key":…,"value":…}]. */
void gc_json_diag(struct gc_out *out, const char *key, struct gc_bytes items);
void gc_json_date(struct gc_out *out, const char *key, const struct gc_numeric_date *date);
void gc_json_unknown(struct gc_out *out, const struct gc_params_unknown *unknown);

#endif
