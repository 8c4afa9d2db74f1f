#include "oscore/replay_window.h"

void gc_replay_window_init(struct gc_replay_window *window, unsigned size)
{
  *window = (struct gc_replay_window){
    .size = (uint8_t)(size < 1 ? 1 : size > GC_REPLAY_WINDOW_MAX ? GC_REPLAY_WINDOW_MAX : size),
    .is_valid = true,
  };
}

enum gc_replay gc_replay_window_check(const struct gc_replay_window *window, uint64_t number)
{
  if (!window->is_valid)
    return GC_REPLAY_INVALID;
  if (number >= window->next)
    return GC_REPLAY_NEW;
  uint64_t age = window->next - 1 - number;
  if (age >= window->size)
    return GC_REPLAY_TOO_OLD;
  return window->received >> age & 1 ? GC_REPLAY_DUPLICATE : GC_REPLAY_NEW;
}

enum gc_replay gc_replay_window_update(struct gc_replay_window *window, uint64_t number)
{
  enum gc_replay state = gc_replay_window_check(window, number);
  if (state != GC_REPLAY_NEW)
    return state;
  if (number >= window->next) {
    uint64_t ahead = number + 1 - window->next;
    window->received = ahead < 64 ? window->received << ahead | 1 : 1;
    window->next = number + 1;
  } else {
    window->received |= (uint64_t)1 << (window->next - 1 - number);
  }
  return GC_REPLAY_NEW;
}

void gc_replay_window_recover(struct gc_replay_window *window, uint64_t number)
{
  window->next = number + 1;
  window->received = ~(uint64_t)0; /* number, and everything below the lower limit */
  window->is_valid = true;
}
