#include "common/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#define HISTORY_LINES 1000
#define CANDIDATES_MAX 2000

struct gc_edit {
  EditLine *el;
  History *history;
  const char *path;
  struct gc_edit_ops ops;
};

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
  caught = number;
}

/* One character; a signal ends the line, which libedit's own reader would not let it. */
static int get_char(EditLine *el, wchar_t *out)
{
  mbstate_t state = { 0 };
  (void)el;
  for (;;) {
    char c;
    ssize_t n = caught ? -1 : read(STDIN_FILENO, &c, 1);
    if (n < 0 && (caught || errno != EINTR))
      return -1;
    if (n == 0)
      return 0;
    if (n < 0)
      continue;
    size_t used = mbrtowc(out, &c, 1, &state);
    if (used == (size_t)-2)
      continue;
    if (used == (size_t)-1)
      *out = (wchar_t)(unsigned char)c;
    else if (used == 0)
      *out = L'\0';
    return 1;
  }
}

static char *get_prompt(EditLine *el)
{
  static char text[128];
  struct gc_edit *edit = NULL;
  el_get(el, EL_CLIENTDATA, &edit);
  snprintf(text, sizeof text, "%s", edit->ops.prompt(edit->ops.ctx));
  return text;
}

/* --- completion --- */

struct candidates {
  char **words;
  size_t count, cap;
  const char *prefix;
};

static void add_candidate(void *to, const char *word)
{
  struct candidates *all = to;
  if (strncmp(word, all->prefix, strlen(all->prefix)) != 0 || all->count >= CANDIDATES_MAX)
    return;
  if (all->count == all->cap) {
    size_t cap = all->cap ? 2 * all->cap : 32;
    char **grown = realloc(all->words, cap * sizeof *grown);
    if (!grown)
      return;
    all->words = grown;
    all->cap = cap;
  }
  char *copy = strdup(word);
  if (copy)
    all->words[all->count++] = copy;
}

static size_t common_prefix(const struct candidates *all)
{
  size_t len = all->count ? strlen(all->words[0]) : 0;
  for (size_t i = 1; i < all->count; i++) {
    size_t n = 0;
    while (n < len && all->words[0][n] == all->words[i][n])
      n++;
    len = n;
  }
  return len;
}

static void list_candidates(const struct candidates *all)
{
  size_t width = 1;
  for (size_t i = 0; i < all->count; i++)
    if (strlen(all->words[i]) + 2 > width)
      width = strlen(all->words[i]) + 2;
  size_t columns = 80 / width ? 80 / width : 1;
  for (size_t i = 0; i < all->count; i++)
    printf("%s%-*s", i % columns == 0 ? "\n" : "", (int)width, all->words[i]);
  printf("\n");
  fflush(stdout);
}

static unsigned char complete_words(EditLine *el, struct candidates *all, size_t typed)
{
  char insert[512];
  size_t len = common_prefix(all);
  if (all->count == 0)
    return CC_REFRESH_BEEP;
  if (len > typed || all->count == 1) {
    const char *word = all->words[0];
    char last = len ? word[len - 1] : ' ';
    snprintf(insert, sizeof insert, "%.*s%s", (int)(len - typed), word + typed, all->count == 1 && !strchr("=/,", last) ? " " : "");
    return el_insertstr(el, insert) < 0 ? CC_ERROR : CC_REFRESH;
  }
  list_candidates(all);
  return CC_REDISPLAY;
}

static unsigned char on_tab(EditLine *el, int key)
{
  struct gc_edit *edit = NULL;
  char line[1024];
  const LineInfo *info = el_line(el);
  const char *word = info->cursor;
  (void)key;
  el_get(el, EL_CLIENTDATA, &edit);
  while (word > info->buffer && word[-1] != ' ' && word[-1] != '\t')
    word--;
  size_t before = (size_t)(word - info->buffer), typed = (size_t)(info->cursor - word);
  if (before + typed + 2 > sizeof line)
    return CC_REFRESH_BEEP;
  memcpy(line, info->buffer, before);
  line[before] = '\0';
  memcpy(line + before + 1, word, typed);
  line[before + 1 + typed] = '\0';
  struct candidates all = { .prefix = line + before + 1 };
  edit->ops.complete(edit->ops.ctx, line, all.prefix, add_candidate, &all);
  unsigned char answer = complete_words(el, &all, typed);
  for (size_t i = 0; i < all.count; i++)
    free(all.words[i]);
  free(all.words);
  return answer;
}

/* --- the editor --- */

static void start_history(struct gc_edit *edit, const char *path)
{
  HistEvent event;
  edit->history = history_init();
  if (!edit->history)
    return;
  history(edit->history, &event, H_SETSIZE, HISTORY_LINES);
  history(edit->history, &event, H_SETUNIQUE, 1);
  el_set(edit->el, EL_HIST, history, edit->history);
  edit->path = path;
  if (path)
    history(edit->history, &event, H_LOAD, path);
}

struct gc_edit *gc_edit_new(const char *name, const char *history_path, const struct gc_edit_ops *ops)
{
  struct gc_edit *edit = calloc(1, sizeof *edit);
  if (!edit)
    return NULL;
  setlocale(LC_CTYPE, "");
  edit->ops = *ops;
  edit->el = el_init(name, stdin, stdout, stderr);
  if (!edit->el) {
    free(edit);
    return NULL;
  }
  el_set(edit->el, EL_CLIENTDATA, edit);
  el_set(edit->el, EL_EDITOR, "emacs");
  el_set(edit->el, EL_SIGNAL, 0);
  el_set(edit->el, EL_GETCFN, get_char);
  el_set(edit->el, EL_PROMPT, get_prompt);
  el_wset(edit->el, EL_ADDFN, L"gc-complete", L"complete the word", on_tab); /* the narrow form copies the names and forgets them */
  el_set(edit->el, EL_BIND, "^I", "gc-complete", NULL);
  el_set(edit->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
  start_history(edit, history_path);
  el_source(edit->el, NULL); /* the user's ~/.editrc */
  return edit;
}

static void keep(struct gc_edit *edit, const char *line)
{
  HistEvent event;
  if (!edit->history || !line[strspn(line, " \t")])
    return;
  history(edit->history, &event, H_ENTER, line);
  if (!edit->path)
    return;
  mode_t mask = umask(077);
  history(edit->history, &event, H_SAVE, edit->path);
  umask(mask);
}

enum gc_edit_end gc_edit_line(struct gc_edit *edit, char *line, size_t cap)
{
  struct sigaction action = { .sa_handler = on_signal }, old_int, old_term;
  int count = 0;
  caught = 0;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int);
  sigaction(SIGTERM, &action, &old_term);
  el_resize(edit->el);
  const char *text = el_gets(edit->el, &count);
  sigaction(SIGINT, &old_int, NULL);
  sigaction(SIGTERM, &old_term, NULL);
  if (caught) {
    printf("\n");
    fflush(stdout);
    el_reset(edit->el);
    return caught == SIGTERM ? GC_EDIT_TERMINATED : GC_EDIT_CANCELLED;
  }
  if (!text || count <= 0) {
    printf("\n");
    fflush(stdout);
    return GC_EDIT_EOF;
  }
  size_t len = strcspn(text, "\r\n");
  if (len >= cap)
    len = cap - 1;
  memcpy(line, text, len);
  line[len] = '\0';
  keep(edit, line);
  return GC_EDIT_LINE;
}

void gc_edit_free(struct gc_edit **edit)
{
  if (!*edit)
    return;
  if ((*edit)->history)
    history_end((*edit)->history);
  el_end((*edit)->el);
  free(*edit);
  *edit = NULL;
}

/* Every directory on the way to path, for the user alone. */
static bool make_parents(char *path)
{
  for (char *p = path + 1; *p; p++) {
    if (*p != '/')
      continue;
    *p = '\0';
    int failed = mkdir(path, 0700) < 0 && errno != EEXIST;
    *p = '/';
    if (failed)
      return false;
  }
  return true;
}

bool gc_edit_history_path(char *out, size_t cap)
{
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  int n;
  if (state && state[0] == '/')
    n = snprintf(out, cap, "%s/groupcoap/history", state);
  else if (home && home[0] == '/')
    n = snprintf(out, cap, "%s/.local/state/groupcoap/history", home);
  else
    return false;
  return n > 0 && (size_t)n < cap && make_parents(out);
}
