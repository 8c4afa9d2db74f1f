/* The interactive shell of gc-send: its parts. */
#ifndef GC_TOOLS_GC_SEND_SHELL_H
#define GC_TOOLS_GC_SEND_SHELL_H

#include "gc-send.h"

#define GC_SHELL_LINE_MAX 8192
#define GC_SHELL_WORDS_MAX 128
#define GC_SHELL_PATHS_MAX 1024

struct gc_shell {
  const struct gc_send *base;    /* the command line the shell was started with */
  struct gc_out *out;
  struct gc_tool tool;           /* options of a line */
  struct gc_opt rows[64];
  char target[512];              /* "coap://HOST[:PORT]", "" none */
  char prompt[128];
  char *paths[GC_SHELL_PATHS_MAX]; /* learned from /.well-known/core, sorted */
  size_t path_count;
  enum gc_status status;         /* the highest so far */
  bool is_over;
};

/** Split a line in place: blanks separate, '…' and "…" and \ keep together, a # in front makes it a comment.
 *  NULL, or what is wrong. words ends in NULL. */
const char *gc_words_split(char **words, size_t cap, size_t *count, char *line);

void gc_shell_init(struct gc_shell *shell, const struct gc_send *base, struct gc_out *out);
void gc_shell_free(struct gc_shell *shell);

/** The callback for gc_opt_parse_line with shell->tool; ctx: struct gc_send. */
const char *gc_shell_set(void *ctx, int key, const char *arg);

/** Do one line. */
void gc_shell_line(struct gc_shell *shell, char *line);

/** Remember the links of a /.well-known/core. */
void gc_shell_learn(struct gc_shell *shell, struct gc_bytes links);

/** Candidates for `word` behind `before`. */
void gc_shell_complete(void *ctx, const char *before, const char *word, void (*add)(void *to, const char *candidate), void *to);

#endif
