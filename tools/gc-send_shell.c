#include "gc-send_shell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "coap/link.h"
#include "common/edit.h"

enum { KEY_INTERFACE = 0x1000, KEY_JSON, KEY_VERBOSE, KEY_QUIET };

/* What gc_opt_parse gives every tool, for a single line. */
static const struct gc_opt line_rows[] = {
  { .name = "interface", .letter = 'i', .arg = "IF", .complete = GC_COMPLETE_INTERFACE, .key = KEY_INTERFACE },
  { .name = "json", .key = KEY_JSON },
  { .name = "verbose", .letter = 'v', .key = KEY_VERBOSE },
  { .name = "quiet", .letter = 'q', .key = KEY_QUIET },
};

const char *gc_shell_set(void *ctx, int key, const char *arg)
{
  struct gc_send *send = ctx;
  switch (key) {
  case KEY_INTERFACE:
    send->common.interface = arg;
    return *arg ? NULL : "an interface is needed";
  case KEY_JSON:
    send->common.json = true;
    return NULL;
  case KEY_VERBOSE:
    send->common.verbose += send->common.verbose < 3;
    return NULL;
  case KEY_QUIET:
    send->common.quiet = true;
    return NULL;
  case 'p':
    return strcmp(arg, "-") == 0 ? "standard input is where commands come from: @FILE" : gc_send_set(send, key, arg);
  default:
    return gc_send_set(send, key, arg);
  }
}

void gc_shell_init(struct gc_shell *shell, const struct gc_send *base, struct gc_out *out)
{
  size_t n = 0;
  const size_t max = sizeof shell->rows / sizeof shell->rows[0] - 1, more = sizeof line_rows / sizeof line_rows[0];
  memset(shell, 0, sizeof *shell);
  shell->base = base;
  shell->out = out;
  for (const struct gc_opt *row = gc_send_tool.options; row->name && n + more < max; row++)
    if (strcmp(row->name, "shell") != 0)
      shell->rows[n++] = *row;
  for (size_t i = 0; i < more; i++)
    shell->rows[n++] = line_rows[i];
  shell->tool = gc_send_tool;
  shell->tool.options = shell->rows;
}

void gc_shell_free(struct gc_shell *shell)
{
  for (size_t i = 0; i < shell->path_count; i++)
    free(shell->paths[i]);
  shell->path_count = 0;
}

static void note(struct gc_shell *shell, enum gc_status status)
{
  shell->status = gc_status_max(shell->status, status);
}

static void wrong(struct gc_shell *shell, const char *what, const char *why)
{
  gc_error("%s: %s", what, why);
  note(shell, GC_STATUS_USAGE);
}

/* --- paths of /.well-known/core --- */

static int compare_text(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

void gc_shell_learn(struct gc_shell *shell, struct gc_bytes links)
{
  struct gc_link_reader reader = gc_link_reader(links);
  struct gc_link_value link;
  size_t known = shell->path_count;
  while (shell->path_count < GC_SHELL_PATHS_MAX && gc_link_next(&reader, &link, NULL) == GC_OK) {
    bool plain = link.target.len > 0 && link.target.len < 256 && link.target.ptr[0] == '/';
    for (size_t i = 0; plain && i < link.target.len; i++)
      plain = link.target.ptr[i] > 0x20 && link.target.ptr[i] < 0x7f && !memchr("'\"\\", link.target.ptr[i], 3);
    char *copy = plain ? strndup((const char *)link.target.ptr, link.target.len) : NULL;
    char **at = copy && known ? bsearch(&copy, shell->paths, known, sizeof copy, compare_text) : NULL;
    if (at)
      free(copy);
    else if (copy)
      shell->paths[shell->path_count++] = copy;
  }
  size_t kept = 0;
  qsort(shell->paths, shell->path_count, sizeof shell->paths[0], compare_text);
  for (size_t i = 0; i < shell->path_count; i++) {
    if (kept > 0 && strcmp(shell->paths[i], shell->paths[kept - 1]) == 0)
      free(shell->paths[i]);
    else
      shell->paths[kept++] = shell->paths[i];
  }
  shell->path_count = kept;
}

static void on_links(void *ctx, struct gc_bytes links)
{
  gc_shell_learn(ctx, links);
}

/* --- commands --- */

/* "coap://HOST:PORT" of a URI. */
static bool set_target(struct gc_shell *shell, const char *uri)
{
  char text[sizeof shell->target];
  struct gc_uri parsed;
  struct gc_where where;
  snprintf(text, sizeof text, strstr(uri, "://") ? "%s" : "coap://%s", uri);
  if (strlen(uri) + 8 >= sizeof text || gc_uri_parse(&parsed, gc_bytes_str(text), &where)) {
    wrong(shell, uri, strlen(uri) + 8 >= sizeof text ? "too long" : where.phrase);
    return false;
  }
  size_t len = (size_t)(strstr(text, "://") - text) + 3;
  len += strcspn(text + len, "/?");
  text[len] = '\0';
  memcpy(shell->target, text, sizeof text);
  for (size_t i = 0; i < shell->path_count; i++)
    free(shell->paths[i]);
  shell->path_count = 0;
  return true;
}

static void request(struct gc_shell *shell, struct gc_send *send, const char *where)
{
  char uri[GC_SHELL_LINE_MAX + sizeof shell->target], why[GC_WHY_LEN];
  if (strstr(where, "://")) {
    snprintf(uri, sizeof uri, "%s", where);
    if (!*shell->target && !set_target(shell, where))
      return;
  } else if (!*shell->target) {
    wrong(shell, *where ? where : "/", "no target yet: 'target coap://HOST' sets one");
    return;
  } else {
    snprintf(uri, sizeof uri, "%s%s%s", shell->target, *where == '/' || *where == '?' ? "" : "/", where);
  }
  send->uri = uri;
  send->on_links = on_links;
  send->links_ctx = shell;
  if (!gc_send_check(send, why)) {
    gc_error("%s", why);
    note(shell, GC_STATUS_USAGE);
    return;
  }
  gc_diag_init("gc-send", send->common.quiet ? -1 : send->common.verbose);
  note(shell, gc_send_run(send, shell->out));
  gc_diag_init("gc-send", shell->base->common.quiet ? -1 : shell->base->common.verbose);
}

static void init_line(const struct gc_shell *shell, struct gc_send *send)
{
  const struct gc_send *base = shell->base;
  gc_send_init(send);
  send->common = base->common;
  send->family = base->family;
  send->scope = base->scope;
  send->hop_limit = base->hop_limit;
  send->port = base->port;
  send->keep_old_ms = base->keep_old_ms;
  send->has_wait = base->has_wait;
  send->wait_ms = base->wait_ms;
}

/* words[0] is a method or "observe"; options and the path follow in any order. */
static void command_request(struct gc_shell *shell, char **words, size_t count)
{
  static struct gc_send send;
  char why[256];
  int first;
  init_line(shell, &send);
  if (strcasecmp(words[0], "observe") == 0)
    send.observe = true;
  else if (!gc_method_parse(&send.method, gc_bytes_str(words[0])))
    return;
  if (!gc_opt_parse_line((int)count, words, &shell->tool, &first, gc_shell_set, &send, why)) {
    gc_error("%s", why);
    note(shell, GC_STATUS_USAGE);
  } else if ((size_t)first + 1 < count) {
    wrong(shell, words[first + 1], "one path is enough");
  } else {
    request(shell, &send, (size_t)first < count ? words[first] : "");
  }
}

static void command_discover(struct gc_shell *shell, char **words, size_t count)
{
  static char get[] = "get", core[] = "/.well-known/core";
  char *line[GC_SHELL_WORDS_MAX + 2] = { get, core };
  for (size_t i = 1; i < count; i++)
    line[i + 1] = words[i];
  line[count + 1] = NULL;
  command_request(shell, line, count + 1);
}

static void command_target(struct gc_shell *shell, char **words, size_t count)
{
  if (count > 1)
    set_target(shell, words[1]);
  else
    gc_outf(shell->out, "%s\n", *shell->target ? shell->target : "no target");
}

static void command_paths(struct gc_shell *shell, char **words, size_t count)
{
  (void)words;
  (void)count;
  for (size_t i = 0; i < shell->path_count; i++)
    gc_outf(shell->out, "%s\n", shell->paths[i]);
}

static void command_help(struct gc_shell *shell, char **words, size_t count)
{
  (void)words;
  (void)count;
  gc_out_str(shell->out,
             "get PATH [OPTION]...       also put, post, delete, fetch, patch, ipatch\n"
             "observe PATH [OPTION]...   notifications until Ctrl-C or -t SECONDS\n"
             "discover [OPTION]...       /.well-known/core of the target: learns paths for completion\n"
             "paths                      those learned\n"
             "target [URI]               show or set coap://HOST[:PORT]\n"
             "help, quit\n"
             "A PATH is of the target; a whole URI works, too. Options:\n");
  for (const struct gc_opt *row = shell->rows; row->name; row++) {
    gc_out_str(shell->out, row->letter ? "  -" : "  ");
    if (row->letter)
      gc_outf(shell->out, "%c, ", row->letter);
    gc_outf(shell->out, "--%s%s%s", row->name, row->arg ? " " : "", row->arg ? row->arg : "");
    gc_out_pad(shell->out, 30);
    gc_outf(shell->out, "%s\n", row->help ? row->help : "");
  }
}

static void command_quit(struct gc_shell *shell, char **words, size_t count)
{
  (void)words;
  (void)count;
  shell->is_over = true;
}

void gc_shell_line(struct gc_shell *shell, char *line)
{
  static const struct {
    const char *name;
    void (*run)(struct gc_shell *shell, char **words, size_t count);
  } commands[] = { { "observe", command_request }, { "discover", command_discover }, { "target", command_target },
                   { "paths", command_paths }, { "help", command_help }, { "?", command_help }, { "quit", command_quit }, { "exit", command_quit } };
  char *words[GC_SHELL_WORDS_MAX];
  size_t count;
  uint8_t method;
  const char *bad = gc_words_split(words, GC_SHELL_WORDS_MAX, &count, line);
  if (bad) {
    wrong(shell, "line", bad);
    return;
  }
  if (count == 0)
    return;
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    if (strcasecmp(words[0], commands[i].name) == 0) {
      commands[i].run(shell, words, count);
      gc_out_flush(shell->out);
      return;
    }
  }
  if (gc_method_parse(&method, gc_bytes_str(words[0])))
    command_request(shell, words, count);
  else
    wrong(shell, words[0], "no such command; accepted: get put post delete fetch patch ipatch observe discover paths target help quit");
  gc_out_flush(shell->out);
}

/* --- the two ways in --- */

static void from_pipe(struct gc_shell *shell)
{
  char line[GC_SHELL_LINE_MAX];
  while (!shell->is_over && gc_out_ok(shell->out) && fgets(line, sizeof line, stdin)) {
    size_t len = strcspn(line, "\r\n");
    if (!line[len] && !feof(stdin)) {
      wrong(shell, "line", "longer than 8 KiB");
      for (int c = 0; c != '\n' && c != EOF;)
        c = getc(stdin);
      continue;
    }
    line[len] = '\0';
    gc_shell_line(shell, line);
  }
  if (ferror(stdin)) {
    gc_error("standard input: %s", strerror(errno));
    note(shell, GC_STATUS_SYSTEM);
  }
}

static const char *prompt(void *ctx)
{
  struct gc_shell *shell = ctx;
  snprintf(shell->prompt, sizeof shell->prompt, "%.120s> ", *shell->target ? shell->target : "gc-send");
  return shell->prompt;
}

static void from_terminal(struct gc_shell *shell)
{
  char line[GC_SHELL_LINE_MAX], history[4096];
  const struct gc_edit_ops ops = { .prompt = prompt, .complete = gc_shell_complete, .ctx = shell };
  struct gc_edit *edit = gc_edit_new("gc-send", gc_edit_history_path(history, sizeof history) ? history : NULL, &ops);
  if (!edit) {
    from_pipe(shell);
    return;
  }
  while (!shell->is_over && gc_out_ok(shell->out)) {
    enum gc_edit_end end = gc_edit_line(edit, line, sizeof line);
    if (end == GC_EDIT_LINE)
      gc_shell_line(shell, line);
    else if (end != GC_EDIT_CANCELLED)
      break;
  }
  gc_edit_free(&edit);
  shell->status = GC_STATUS_OK; /* a person has seen what went wrong; a script asks for the status */
}

enum gc_status gc_send_shell(const struct gc_send *send, struct gc_out *out)
{
  struct gc_shell *shell = malloc(sizeof *shell);
  if (!shell) {
    gc_error("%s", gc_err_str(GC_E_MEMORY));
    return GC_STATUS_SYSTEM;
  }
  gc_shell_init(shell, send, out);
  if (!send->uri || set_target(shell, send->uri)) {
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
      from_terminal(shell);
    else
      from_pipe(shell);
  }
  enum gc_status status = shell->status;
  gc_shell_free(shell);
  free(shell);
  return status;
}
