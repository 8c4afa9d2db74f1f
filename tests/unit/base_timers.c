#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/rng.h"
#include "base/timers.h"

enum { COUNT = 500 };

static void comes_due_in_order(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    static struct gc_timer timers[COUNT];
    struct gc_timers heap = { 0 };
    uint64_t random = seed, last = 0;
    size_t cleared = 0, came = 0;
    for (size_t i = 0; i < COUNT; i++) {
      timers[i] = (struct gc_timer){ 0 };
      assert_int_equal(gc_timers_set(&heap, &timers[i], gc_rng_below(gc_rng_seeded(&random), 300)), GC_OK);
    }
    for (size_t i = 0; i < COUNT; i += 3) { /* moved, in both directions */
      assert_int_equal(gc_timers_set(&heap, &timers[i], gc_rng_below(gc_rng_seeded(&random), 300)), GC_OK);
      assert_true(gc_timer_is_set(&timers[i]));
    }
    for (size_t i = 0; i < COUNT; i += 5, cleared++) {
      gc_timers_clear(&heap, &timers[i]);
      gc_timers_clear(&heap, &timers[i]);
      assert_false(gc_timer_is_set(&timers[i]));
    }
    for (uint64_t now = 0; now < 300; now++) {
      assert_true(gc_timers_next(&heap) >= now);
      for (struct gc_timer *timer; (timer = gc_timers_due(&heap, now)); came++) {
        assert_int_equal(timer->at_ms, now);
        assert_false(gc_timer_is_set(timer));
        assert_true(now >= last);
        last = now;
      }
    }
    assert_int_equal(came + cleared, COUNT);
    assert_null(gc_timers_first(&heap));
    assert_true(gc_timers_next(&heap) == UINT64_MAX);
    gc_timers_free(&heap);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(comes_due_in_order) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
