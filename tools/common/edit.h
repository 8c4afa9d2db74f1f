/* Line editing with history and completion; the one place that knows libedit. */
#ifndef GC_TOOLS_EDIT_H
#define GC_TOOLS_EDIT_H

#include <stdbool.h>
#include <stddef.h>

struct gc_edit;

struct gc_edit_ops {
  /** What is shown in front of the line. */
  const char *(*prompt)(void *ctx);
  /** Call add for every candidate that may stand where the word begins; line: what is left of the word. A candidate that
   *  is complete is followed by a blank unless it ends in '=', '/' or ','. */
  void (*complete)(void *ctx, const char *line, const char *word, void (*add)(void *to, const char *candidate), void *to);
  void *ctx;
};

/** Editor on stdin and stdout. history: a file that is read now and written after each line (mode 0600); NULL: none is
 *  kept. NULL: no memory, or no terminal that can be edited on. */
struct gc_edit *gc_edit_new(const char *name, const char *history, const struct gc_edit_ops *ops);

enum gc_edit_end { GC_EDIT_LINE, GC_EDIT_CANCELLED, GC_EDIT_EOF, GC_EDIT_TERMINATED };

/** One line without its end, cut to cap - 1 bytes, entered into the history. CANCELLED: Ctrl-C; TERMINATED: SIGTERM. */
enum gc_edit_end gc_edit_line(struct gc_edit *edit, char *line, size_t cap);

/** Restores the terminal. */
void gc_edit_free(struct gc_edit **edit);

/** Path of the history file of a tool in the user's state directory, which is made; false: there is none, or too long.
 *  $XDG_STATE_HOME/groupcoap/history or ~/.local/state/groupcoap/history */
bool gc_edit_history_path(char *out, size_t cap);

#endif
