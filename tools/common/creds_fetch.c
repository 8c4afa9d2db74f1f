#include "common/creds_fetch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/hex.h"
#include "common/join_process.h"
#include "common/status.h"
#include "crypto/secret.h"
#include "oscore/message.h"

enum {
  WANTS_MAX = 32,         /* Sender IDs that are remembered, and asked for by one process */
  AGAIN_MS = 60000,       /* the same one */
  PAUSE_MS = 200,         /* between two processes … */
  PAUSE_MAX_MS = 10000,   /* … doubled each time that nothing is found */
  SOON_MS = 1500,         /* a process begins so soon that its find can be waited for */
  LIFE_MS = 10000,        /* of a process */
  LOOK_MS = 20,           /* whether it has ended */
};

enum state { FREE, WAITS, UNDER_WAY, ASKED };

struct want {
  enum state state;
  const char *path;
  uint8_t kid[GC_ID_MAX_LEN], kid_len;
  uint64_t since_ms; /* of its state */
};

struct gc_creds_fetch {
  struct want wants[WANTS_MAX];
  pid_t child; /* 0: none */
  uint64_t child_ms, look_ms, not_before_ms, pause_ms;
  bool is_ended; /* there is no gc-join: said, and never tried again */
};

struct gc_creds_fetch *gc_creds_fetch_new(void)
{
  struct gc_creds_fetch *fetch = calloc(1, sizeof *fetch);
  if (fetch)
    fetch->pause_ms = PAUSE_MS;
  return fetch;
}

void gc_creds_fetch_free(struct gc_creds_fetch **pointer)
{
  struct gc_creds_fetch *fetch = *pointer;
  *pointer = NULL;
  if (fetch)
    gc_join_process_end(&fetch->child);
  free(fetch);
}

/* --- what is wanted ------------------------------------------------------------------------------------------------ */

static const struct want *find(const struct gc_creds_fetch *fetch, const char *path, struct gc_bytes kid)
{
  for (size_t i = 0; i < WANTS_MAX; i++) {
    const struct want *want = &fetch->wants[i];
    if (want->state != FREE && want->path == path && gc_bytes_equal(gc_bytes(want->kid, want->kid_len), kid))
      return want;
  }
  return NULL;
}

static void forget(struct gc_creds_fetch *fetch, uint64_t now_ms)
{
  for (size_t i = 0; i < WANTS_MAX; i++)
    if (fetch->wants[i].state == ASKED && now_ms - fetch->wants[i].since_ms >= AGAIN_MS)
      fetch->wants[i].state = FREE;
}

/* Where there is no room somebody goes, by chance: who is there and asks again comes in, however many are made up. */
static struct want *find_place(struct gc_creds_fetch *fetch)
{
  uint8_t chance;
  for (size_t i = 0; i < WANTS_MAX; i++)
    if (fetch->wants[i].state == FREE)
      return &fetch->wants[i];
  gc_random(&chance, sizeof chance);
  struct want *want = &fetch->wants[chance % WANTS_MAX];
  return want->state == UNDER_WAY ? NULL : want;
}

void gc_creds_fetch_want(struct gc_creds_fetch *fetch, const char *path, struct gc_bytes kid, uint64_t now_ms)
{
  forget(fetch, now_ms);
  if (fetch->is_ended || kid.len > GC_ID_MAX_LEN || find(fetch, path, kid))
    return;
  struct want *want = find_place(fetch);
  if (!want)
    return;
  *want = (struct want){ .state = WAITS, .path = path, .kid_len = (uint8_t)kid.len, .since_ms = now_ms };
  if (kid.len)
    memcpy(want->kid, kid.ptr, kid.len);
}

bool gc_creds_fetch_is_due(const struct gc_creds_fetch *fetch, const char *path, struct gc_bytes kid, uint64_t now_ms)
{
  const struct want *want = find(fetch, path, kid);
  if (!want || fetch->is_ended)
    return false;
  return want->state == UNDER_WAY || (want->state == WAITS && fetch->not_before_ms <= now_ms + SOON_MS);
}

/* --- asking -------------------------------------------------------------------------------------------------------- */

static void start(struct gc_creds_fetch *fetch, uint64_t now_ms)
{
  char ids[WANTS_MAX][2 * GC_ID_MAX_LEN + 1];
  char *arguments[WANTS_MAX + 5] = { (char[]){ "gc-join" }, (char[]){ "creds" } };
  const char *path = NULL;
  size_t count = 0;
  for (size_t i = 0; i < WANTS_MAX; i++) {
    struct want *want = &fetch->wants[i];
    if (want->state != WAITS || (path && want->path != path))
      continue;
    path = want->path;
    arguments[4 + count] = gc_hex_encode(ids[count], gc_bytes(want->kid, want->kid_len));
    count++;
    want->state = UNDER_WAY;
    want->since_ms = now_ms;
  }
  if (!path)
    return;
  arguments[2] = (char[]){ "--" };
  arguments[3] = (char *)(uintptr_t)path;
  gc_info(1, "%s: asking the Group Manager for %zu member%s not known here", path, count, count == 1 ? "" : "s");
  const int error = gc_join_process_start(&fetch->child, arguments);
  fetch->child_ms = now_ms;
  fetch->look_ms = now_ms + LOOK_MS;
  if (error) {
    gc_warn("%s: members that are not known here cannot be asked for: gc-join: %s", path, strerror(error));
    fetch->child = 0;
    fetch->is_ended = true;
  }
}

/* Nothing found: whoever makes them up is asked about less and less often. */
static void look(struct gc_creds_fetch *fetch, uint64_t now_ms)
{
  int result = 0;
  const pid_t ended = waitpid(fetch->child, &result, WNOHANG);
  fetch->look_ms = now_ms + LOOK_MS;
  if (ended == 0 && now_ms - fetch->child_ms > LIFE_MS)
    kill(fetch->child, SIGKILL);
  if (ended == 0 || (ended < 0 && errno == EINTR))
    return;
  fetch->child = 0;
  const bool has_found = ended > 0 && WIFEXITED(result) && WEXITSTATUS(result) == 0;
  fetch->pause_ms = has_found ? PAUSE_MS : fetch->pause_ms * 2 < PAUSE_MAX_MS ? fetch->pause_ms * 2 : PAUSE_MAX_MS;
  fetch->not_before_ms = now_ms + fetch->pause_ms;
  for (size_t i = 0; i < WANTS_MAX; i++)
    if (fetch->wants[i].state == UNDER_WAY) {
      fetch->wants[i].state = ASKED;
      fetch->wants[i].since_ms = now_ms;
    }
}

static bool has_waiting(const struct gc_creds_fetch *fetch)
{
  for (size_t i = 0; i < WANTS_MAX; i++)
    if (fetch->wants[i].state == WAITS)
      return true;
  return false;
}

void gc_creds_fetch_tick(struct gc_creds_fetch *fetch, uint64_t now_ms)
{
  if (fetch->child && now_ms >= fetch->look_ms)
    look(fetch, now_ms);
  if (!fetch->child && !fetch->is_ended && now_ms >= fetch->not_before_ms && has_waiting(fetch))
    start(fetch, now_ms);
}

uint64_t gc_creds_fetch_deadline(const struct gc_creds_fetch *fetch)
{
  if (fetch->child)
    return fetch->look_ms;
  return !fetch->is_ended && has_waiting(fetch) ? fetch->not_before_ms : UINT64_MAX;
}
