/* What the option table looks like to people (--help, --version) and to the completions (--dump-options). */
#ifndef GC_TOOLS_OPT_SHOW_H
#define GC_TOOLS_OPT_SHOW_H

#include "common/opt.h"

enum { GC_OPT_MAX = 96 };

/** A tool's rows followed by the common ones that it has. */
struct gc_opt_table {
  const struct gc_tool *tool;
  struct gc_opt rows[GC_OPT_MAX];
  size_t count, own; /* rows[0 … own - 1] are the tool's */
};

void gc_opt_help(const struct gc_opt_table *table);
void gc_opt_version(const struct gc_tool *tool);

/** One row an option, tab separated: long, letter, argument, completion kind, words, help; fields may be empty, hidden
 *  options have no row. An optional argument stands in brackets. */
void gc_opt_dump(const struct gc_opt_table *table);

/** The words a shell offers where an option takes a "method", "format" (content format) or CoAP "option": one a line.
 *  false: no such kind. */
bool gc_opt_dump_words(const char *kind);

/** Flush stdout; false (and a line on stderr) where a write has failed. */
bool gc_opt_stdout_ok(void);

#endif
