/* Replay Windows of a Security Context, from the state file and into it, and from a context to the one that follows. */
#include "store/secure_internal.h"

#include <stdlib.h>

static void restore_window(void *ctx, const struct gc_state_window *saved)
{
  struct gc_secure_context *to = ctx;
  struct gc_oscore_recipient *recipient = gc_oscore_context_find(to->oscore, saved->kid);
  if (!recipient || saved->top > GC_PIV_MAX)
    return;
  struct gc_replay_window *window = gc_oscore_recipient_window(recipient);
  window->next = saved->top + 1;
  window->received = 1; /* the highest itself */
  for (size_t i = 0; i < 8 && i < saved->bits.len; i++)
    window->received |= (uint64_t)saved->bits.ptr[i] << 8 * i;
}

/* The same keys under other rules: the windows go on where they are. */
static void take_windows(struct gc_secure_context *to, struct gc_secure_context *before)
{
  gc_oscore_context_take_windows(to->oscore, before->oscore);
  to->windows_lost = before->windows_lost;
  to->keeps_windows = before->keeps_windows;
  before->keeps_windows = false;
}

static const char *taken_phrase(const struct gc_secure_context *context)
{
  return gc_oscore_context_profile(context->oscore) == GC_OSCORE_PLAIN
             ? "another process answers with this context, and one at a time can (a gc-join watch?)"
             : "another process answers with this context: each member needs its own Sender ID";
}

enum gc_err gc_secure_windows_begin(struct gc_secure_context *to, struct gc_secure_context *before, const char **why)
{
  const bool has_before = before && gc_oscore_context_compare(before->oscore, to->oscore) != GC_OSCORE_OTHER;
  const bool is_kept = to->state && to->flags & GC_SECURE_WINDOWS;
  enum gc_err err = is_kept ? gc_state_file_serve(to->state) : GC_OK;
  if (err) {
    *why = err == GC_E_EXISTS ? taken_phrase(to) : gc_err_str(err);
    return err;
  }
  if (has_before)
    take_windows(to, before);
  if (has_before || !is_kept)
    return GC_OK;
  err = gc_state_file_windows_begin(to->state, restore_window, to, &to->windows_lost);
  if (err) {
    *why = "replay windows of the state file cannot be used";
    return err;
  }
  to->keeps_windows = true;
  if (to->windows_lost)
    gc_oscore_context_lose_windows(to->oscore);
  return GC_OK;
}

enum gc_err gc_secure_windows_save(struct gc_secure_context *context)
{
  size_t count = gc_oscore_context_count(context->oscore), used = 0;
  struct gc_state_window *windows = calloc(count + 1, sizeof *windows);
  uint8_t(*bits)[8] = calloc(count + 1, sizeof *bits);
  enum gc_err err = windows && bits ? GC_OK : GC_E_MEMORY;
  for (size_t i = 0; !err && i < count; i++) {
    struct gc_oscore_recipient *recipient = gc_oscore_context_at(context->oscore, i);
    const struct gc_replay_window *window = gc_oscore_recipient_window(recipient);
    if (!window->is_valid) {
      err = GC_E_STATE; /* still lost: it must stay so */
    } else if (window->next) {
      for (size_t b = 0; b < 8; b++)
        bits[used][b] = (uint8_t)(window->received >> 8 * b);
      windows[used] = (struct gc_state_window){ gc_oscore_recipient_id(recipient), window->next - 1, gc_bytes(bits[used], 8) };
      used++;
    }
  }
  if (!err)
    err = gc_state_file_windows_save(context->state, windows, used);
  free(windows);
  free(bits);
  return err == GC_E_STATE ? GC_OK : err;
}
