/* Deadlines of many objects: a heap of timers that live inside their owners. */
#ifndef GC_BASE_TIMERS_H
#define GC_BASE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** Put one into each structure that has a deadline. All zero: not set. */
struct gc_timer {
  uint64_t at_ms;
  size_t place; /* in the heap, from 1; 0: not set */
};

/** All zero is the empty heap. */
struct gc_timers {
  struct gc_timer **heap;
  size_t count, cap;
};

/** Set or move a timer; moving one that is set never fails. GC_E_MEMORY: not set */
enum gc_err gc_timers_set(struct gc_timers *timers, struct gc_timer *timer, uint64_t at_ms) GC_MUST_CHECK;

/** Harmless for one that is not set. */
void gc_timers_clear(struct gc_timers *timers, struct gc_timer *timer);

static inline bool gc_timer_is_set(const struct gc_timer *timer)
{
  return timer->place != 0;
}

/** The earliest timer, left in the heap; NULL: none is set. */
struct gc_timer *gc_timers_first(const struct gc_timers *timers);

/** Take out the earliest timer that is due at now_ms; NULL: none is. */
struct gc_timer *gc_timers_due(struct gc_timers *timers, uint64_t now_ms);

/** When the earliest timer is due; UINT64_MAX: none is set. */
uint64_t gc_timers_next(const struct gc_timers *timers);

/** Give the heap back; the timers are the caller's. */
void gc_timers_free(struct gc_timers *timers);

#endif
