/* Replay Windows in a state file: a "run" record says whether the last run ended in order, a "win" record each is a window. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "store/state_records.h"

#define RUN_OPEN "open"
#define RUN_SAVED "saved"

void gc_state_file_set_windows(struct gc_state_file *state, const uint8_t fingerprint[static GC_FINGERPRINT_LEN])
{
  gc_hex_encode(state->windows, gc_bytes(fingerprint, GC_FINGERPRINT_LEN));
}

static enum gc_err write_run(struct gc_state_file *state, const char *what)
{
  char record[GC_STATE_RECORD_LEN + 1], content[80];
  off_t at;
  snprintf(content, sizeof content, "run %s ", state->windows);
  enum gc_err err = gc_state_place(state, content, &at, record);
  if (err && err != GC_E_NOT_FOUND)
    return err;
  if (at / GC_STATE_RECORD_LEN >= GC_STATE_MAX_RECORDS)
    return GC_E_LIMIT;
  snprintf(content, sizeof content, "run %s %s", state->windows, what);
  err = gc_state_write(state, at, content);
  return !err && fsync(state->fd) < 0 ? GC_E_SYSTEM : err;
}

/* "win FINGERPRINT kid HEX top N bits HEX": an empty kid is written as "-" */
static enum gc_err parse_window(const char *record, void (*each)(void *ctx, const struct gc_state_window *window), void *ctx)
{
  char kid[2 * GC_STATE_KID_MAX_LEN + 1], bits[2 * GC_STATE_WINDOW_MAX_LEN + 1];
  uint8_t kid_bytes[GC_STATE_KID_MAX_LEN], bit_bytes[GC_STATE_WINDOW_MAX_LEN];
  struct gc_buf kid_buf = gc_buf(kid_bytes, sizeof kid_bytes), bit_buf = gc_buf(bit_bytes, sizeof bit_bytes);
  struct gc_state_window window;
  if (sscanf(record, "win %*32s kid %32s top %" SCNu64 " bits %64s", kid, &window.top, bits) != 3)
    return GC_E_MALFORMED;
  enum gc_err err = strcmp(kid, "-") == 0 ? GC_OK : gc_hex_decode(&kid_buf, kid, strlen(kid), NULL);
  if (!err)
    err = gc_hex_decode(&bit_buf, bits, strlen(bits), NULL);
  if (err)
    return GC_E_MALFORMED;
  window.kid = gc_buf_bytes(&kid_buf);
  window.bits = gc_buf_bytes(&bit_buf);
  each(ctx, &window);
  return GC_OK;
}

static enum gc_err begin_locked(struct gc_state_file *state, void (*each)(void *ctx, const struct gc_state_window *window), void *ctx,
                                bool *is_lost)
{
  char record[GC_STATE_RECORD_LEN + 1], prefix[48];
  off_t at;
  snprintf(prefix, sizeof prefix, "run %s ", state->windows);
  enum gc_err err = gc_state_find(state, prefix, GC_STATE_RECORD_LEN, &at, record);
  if (err && err != GC_E_NOT_FOUND)
    return err;
  *is_lost = !err && strncmp(record + strlen(prefix), RUN_SAVED, strlen(RUN_SAVED)) != 0;
  if (err && strcmp(state->windows, state->fingerprint) != 0) { /* of a version that kept windows by Sender ID too: not these */
    snprintf(prefix, sizeof prefix, "run %s ", state->fingerprint);
    err = gc_state_find(state, prefix, GC_STATE_RECORD_LEN, &at, record);
    *is_lost = !err;
  }
  if (err && err != GC_E_NOT_FOUND)
    return err;
  snprintf(prefix, sizeof prefix, "win %s ", state->windows);
  off_t from = GC_STATE_RECORD_LEN;
  while (!*is_lost && (err = gc_state_find(state, prefix, from, &at, record)) == GC_OK && (err = parse_window(record, each, ctx)) == GC_OK)
    from = at + GC_STATE_RECORD_LEN;
  return err && err != GC_E_NOT_FOUND ? err : write_run(state, RUN_OPEN);
}

enum gc_err gc_state_file_windows_begin(struct gc_state_file *state, void (*each)(void *ctx, const struct gc_state_window *window),
                                        void *ctx, bool *is_lost)
{
  enum gc_err err = gc_state_lock(state);
  if (err)
    return err;
  err = begin_locked(state, each, ctx, is_lost);
  gc_state_unlock(state);
  return err;
}

static enum gc_err save_window(struct gc_state_file *state, const struct gc_state_window *window)
{
  char record[GC_STATE_RECORD_LEN + 1], content[GC_STATE_RECORD_LEN], kid[2 * GC_STATE_KID_MAX_LEN + 1] = "-",
       bits[2 * GC_STATE_WINDOW_MAX_LEN + 1];
  off_t at;
  if (window->kid.len > GC_STATE_KID_MAX_LEN || window->bits.len > GC_STATE_WINDOW_MAX_LEN || window->bits.len == 0)
    return GC_E_RANGE;
  if (window->kid.len > 0)
    gc_hex_encode(kid, window->kid);
  snprintf(content, sizeof content, "win %s kid %s ", state->windows, kid);
  enum gc_err err = gc_state_place(state, content, &at, record);
  if (err && err != GC_E_NOT_FOUND)
    return err;
  if (at / GC_STATE_RECORD_LEN >= GC_STATE_MAX_RECORDS)
    return GC_E_LIMIT;
  size_t len = strlen(content);
  snprintf(content + len, sizeof content - len, "top %" PRIu64 " bits %s", window->top, gc_hex_encode(bits, window->bits));
  return gc_state_write(state, at, content);
}

enum gc_err gc_state_file_windows_save(struct gc_state_file *state, const struct gc_state_window *windows, size_t count)
{
  enum gc_err err = gc_state_lock(state);
  if (err)
    return err;
  for (size_t i = 0; i < count && !err; i++)
    err = save_window(state, &windows[i]);
  if (!err && fsync(state->fd) < 0) /* the windows first, then the word that they are good */
    err = GC_E_SYSTEM;
  if (!err)
    err = write_run(state, RUN_SAVED);
  gc_state_unlock(state);
  return err;
}

static enum gc_err forget_locked(struct gc_state_file *state)
{
  char record[GC_STATE_RECORD_LEN + 1], prefix[48];
  off_t at;
  enum gc_err err = write_run(state, RUN_OPEN); /* first: without its windows it must not look saved */
  snprintf(prefix, sizeof prefix, "win %s ", state->windows);
  for (off_t from = GC_STATE_RECORD_LEN; !err && (err = gc_state_find(state, prefix, from, &at, record)) == GC_OK; from = at + GC_STATE_RECORD_LEN)
    err = gc_state_write(state, at, GC_STATE_FREE);
  return err == GC_E_NOT_FOUND ? GC_OK : err;
}

enum gc_err gc_state_file_windows_forget(struct gc_state_file *state)
{
  enum gc_err err = gc_state_lock(state);
  if (err)
    return err;
  err = forget_locked(state);
  gc_state_unlock(state);
  return err;
}
