/* Command-line options from one table: getopt_long's array, --help, and --dump-options for the completions. */
#ifndef GC_TOOLS_OPT_H
#define GC_TOOLS_OPT_H

#include <stdbool.h>
#include <stddef.h>

/** What a shell offers as the argument. */
enum gc_complete {
  GC_COMPLETE_NONE,
  GC_COMPLETE_FILE,
  GC_COMPLETE_DIR,
  GC_COMPLETE_INTERFACE,
  GC_COMPLETE_WORDS,    /* the row's `words` */
  GC_COMPLETE_METHOD,
  GC_COMPLETE_FORMAT,   /* content format */
  GC_COMPLETE_OPTION,   /* CoAP option name */
  GC_COMPLETE_URI,
};

struct gc_opt {
  const char *name;        /* long name without dashes */
  char letter;             /* 0: none */
  const char *arg;         /* NULL: no argument; "FILE" in --help */
  bool is_arg_optional;
  const char *group;       /* heading in --help: "Request", "Security" … */
  const char *help;        /* one line, lower case; NULL: not shown */
  enum gc_complete complete;
  const char *words;       /* blank separated, for GC_COMPLETE_WORDS */
  int key;                 /* what the tool's switch sees; 0: the letter */
};

/** Common options that a tool does not have. */
enum {
  GC_WITHOUT_INTERFACE = 1, /* -i */
  GC_WITHOUT_PCAP = 2,      /* --pcap */
  GC_WITHOUT_JSON = 4,      /* --json */
};

/** A tool as its user sees it; `options` ends in a row without a name. The common rows come on top; where the tool has a
 *  row of the same name, or a row with the same letter, the tool's counts. */
struct gc_tool {
  const char *name;        /* "gc-send" */
  const char *usage;       /* "[OPTION]… URI" */
  const char *summary;     /* one line */
  const struct gc_opt *options;
  const char *footer;      /* examples under --help, NULL: none */
  unsigned without;        /* GC_WITHOUT_ bits */
  bool has_contexts;       /* -g and --strict: without this bit a context file is refused rather than not used */
  const char *(*library)(size_t index); /* for --version: "libcoap 4.3.1" at 0, 1, …, then NULL; NULL: none */
  const char *speaks;      /* for --version; NULL: GC_SPEAKS */
};

/** The documents that every tool's messages follow. */
#define GC_SPEAKS \
  "RFC 7252 (CoAP), RFC 7641 (Observe), RFC 7959 (block-wise), RFC 7967 (No-Response),\n" \
  "RFC 6690 (link format), RFC 8132 (FETCH, PATCH, iPATCH), RFC 8974 (extended tokens),\n" \
  "RFC 9175 (Echo, Request-Tag), draft-ietf-core-groupcomm-bis-18 (group communication)"

/** What all tools understand. */
struct gc_common {
  int verbose;             /* 0 … 3 */
  bool quiet, json, strict;
  int color;               /* enum gc_color_when */
  const char *interface;   /* as given, NULL: none */
  const char *pcap;        /* file, NULL: none */
  const char **contexts;   /* -g, in order; NULL terminated */
  size_t context_count;
};

/**
 * Walk argv. `set` is called for every option of the tool's own table with its key; it answers NULL or what is wrong with
 * the argument. Handles -h, -V, --dump-options (prints, exits 0) and the common options itself; wrong use prints one line
 * and exits 2. Options may follow operands; `--` ends them.
 * @return index of the first operand; the operands are argv[index] … argv[argc - 1]
 */
int gc_opt_parse(int argc, char **argv, const struct gc_tool *tool, struct gc_common *common,
                 const char *(*set)(void *ctx, int key, const char *arg), void *ctx);

/** The same walk for one line of the interactive shell: nothing exits. false: `why` (256 bytes) says what is wrong. */
bool gc_opt_parse_line(int argc, char **argv, const struct gc_tool *tool, int *first_operand,
                       const char *(*set)(void *ctx, int key, const char *arg), void *ctx, char why[static 256]);

#endif
