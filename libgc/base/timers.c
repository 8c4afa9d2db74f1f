#include "base/timers.h"

#include <stdlib.h>

static void put(struct gc_timers *timers, size_t place, struct gc_timer *timer)
{
  timers->heap[place - 1] = timer;
  timer->place = place;
}

static struct gc_timer *at(const struct gc_timers *timers, size_t place)
{
  return timers->heap[place - 1];
}

static void rise(struct gc_timers *timers, struct gc_timer *timer)
{
  size_t place = timer->place;
  while (place > 1 && at(timers, place / 2)->at_ms > timer->at_ms) {
    put(timers, place, at(timers, place / 2));
    place /= 2;
  }
  put(timers, place, timer);
}

static void sink(struct gc_timers *timers, struct gc_timer *timer)
{
  size_t place = timer->place;
  for (size_t child; (child = 2 * place) <= timers->count; place = child) {
    if (child < timers->count && at(timers, child + 1)->at_ms < at(timers, child)->at_ms)
      child++;
    if (at(timers, child)->at_ms >= timer->at_ms)
      break;
    put(timers, place, at(timers, child));
  }
  put(timers, place, timer);
}

static enum gc_err grow(struct gc_timers *timers)
{
  size_t cap = timers->cap ? 2 * timers->cap : 16;
  struct gc_timer **heap = realloc(timers->heap, cap * sizeof(struct gc_timer *));
  if (!heap)
    return GC_E_MEMORY;
  timers->heap = heap;
  timers->cap = cap;
  return GC_OK;
}

enum gc_err gc_timers_set(struct gc_timers *timers, struct gc_timer *timer, uint64_t at_ms)
{
  if (!timer->place) {
    if (timers->count == timers->cap && grow(timers))
      return GC_E_MEMORY;
    put(timers, ++timers->count, timer);
  }
  timer->at_ms = at_ms;
  rise(timers, timer);
  sink(timers, timer);
  return GC_OK;
}

void gc_timers_clear(struct gc_timers *timers, struct gc_timer *timer)
{
  size_t place = timer->place;
  if (!place)
    return;
  struct gc_timer *last = at(timers, timers->count--);
  if (last != timer) {
    put(timers, place, last);
    rise(timers, last);
    sink(timers, last);
  }
  timer->place = 0;
}

struct gc_timer *gc_timers_first(const struct gc_timers *timers)
{
  return timers->count ? timers->heap[0] : NULL;
}

struct gc_timer *gc_timers_due(struct gc_timers *timers, uint64_t now_ms)
{
  struct gc_timer *timer = gc_timers_first(timers);
  if (!timer || timer->at_ms > now_ms)
    return NULL;
  gc_timers_clear(timers, timer);
  return timer;
}

uint64_t gc_timers_next(const struct gc_timers *timers)
{
  return timers->count ? timers->heap[0]->at_ms : UINT64_MAX;
}

void gc_timers_free(struct gc_timers *timers)
{
  free(timers->heap);
  *timers = (struct gc_timers){ 0 };
}
