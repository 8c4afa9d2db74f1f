/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include "oscore/option.h"
#include "oscore/replay_window.h"

/* @req B49 B52 C94 */
static void slides(void **state)
{
  (void)state;
  struct gc_replay_window w;
  gc_replay_window_init(&w, 32);
  assert_int_equal(gc_replay_window_update(&w, 0), GC_REPLAY_NEW);
  assert_int_equal(gc_replay_window_update(&w, 0), GC_REPLAY_DUPLICATE);
  assert_int_equal(gc_replay_window_update(&w, 40), GC_REPLAY_NEW); /* a jump */
  assert_int_equal(gc_replay_window_check(&w, 8), GC_REPLAY_TOO_OLD); /* 40 - 32 */
  assert_int_equal(gc_replay_window_check(&w, 9), GC_REPLAY_NEW);     /* the edge */
  assert_int_equal(gc_replay_window_update(&w, 9), GC_REPLAY_NEW);
  assert_int_equal(gc_replay_window_update(&w, 9), GC_REPLAY_DUPLICATE);
  assert_int_equal(gc_replay_window_update(&w, 41), GC_REPLAY_NEW);
  assert_int_equal(gc_replay_window_check(&w, 9), GC_REPLAY_TOO_OLD);
  assert_int_equal(gc_replay_window_check(&w, 40), GC_REPLAY_DUPLICATE);
  for (uint64_t n = 10; n < 40; n++)
    assert_int_equal(gc_replay_window_update(&w, n), GC_REPLAY_NEW);
  for (uint64_t n = 10; n <= 41; n++)
    assert_int_equal(gc_replay_window_check(&w, n), GC_REPLAY_DUPLICATE);
}

static void check_changes_nothing(void **state)
{
  (void)state;
  struct gc_replay_window w;
  gc_replay_window_init(&w, 32);
  assert_int_equal(gc_replay_window_check(&w, 5), GC_REPLAY_NEW);
  assert_int_equal(gc_replay_window_check(&w, 5), GC_REPLAY_NEW);
  assert_int_equal(w.next, 0);
}

/* @req B9 */
static void reaches_the_last_number(void **state)
{
  (void)state;
  struct gc_replay_window w;
  gc_replay_window_init(&w, 64);
  assert_int_equal(gc_replay_window_update(&w, GC_PIV_MAX - 64), GC_REPLAY_NEW);
  assert_int_equal(gc_replay_window_update(&w, GC_PIV_MAX), GC_REPLAY_NEW); /* shifted by 64: nothing left */
  assert_int_equal(gc_replay_window_check(&w, GC_PIV_MAX), GC_REPLAY_DUPLICATE);
  assert_int_equal(gc_replay_window_check(&w, GC_PIV_MAX - 63), GC_REPLAY_NEW);
  assert_int_equal(gc_replay_window_check(&w, GC_PIV_MAX - 64), GC_REPLAY_TOO_OLD);
}

/* Against a set of numbers, for every size. */
static void agrees_with_a_plain_list(void **state)
{
  (void)state;
  for (unsigned size = 1; size <= 64; size++) {
    struct gc_replay_window w;
    bool seen[400] = { 0 };
    uint64_t highest = 0, x = size;
    bool is_empty = true;
    gc_replay_window_init(&w, size);
    for (int i = 0; i < 2000; i++) {
      x = x * 6364136223846793005u + 1442695040888963407u;
      uint64_t n = (uint64_t)i / 8 + (x >> 40) % 100;
      enum gc_replay expected = !is_empty && n + size <= highest ? GC_REPLAY_TOO_OLD : seen[n] ? GC_REPLAY_DUPLICATE : GC_REPLAY_NEW;
      assert_int_equal(gc_replay_window_check(&w, n), expected);
      assert_int_equal(gc_replay_window_update(&w, n), expected);
      seen[n] = seen[n] || expected == GC_REPLAY_NEW;
      highest = expected == GC_REPLAY_NEW && n > highest ? n : highest;
      is_empty = false;
    }
  }
}

/* @req B53 C80 C104 */
static void recovers(void **state)
{
  (void)state;
  struct gc_replay_window w;
  gc_replay_window_init(&w, 32);
  w.is_valid = false;
  assert_int_equal(gc_replay_window_update(&w, 100), GC_REPLAY_INVALID);
  gc_replay_window_recover(&w, 100);
  assert_int_equal(gc_replay_window_check(&w, 100), GC_REPLAY_DUPLICATE);
  assert_int_not_equal(gc_replay_window_check(&w, 99), GC_REPLAY_NEW);
  assert_int_not_equal(gc_replay_window_check(&w, 50), GC_REPLAY_NEW);
  assert_int_equal(gc_replay_window_update(&w, 103), GC_REPLAY_NEW);
  assert_int_equal(gc_replay_window_check(&w, 101), GC_REPLAY_NEW);
  assert_int_equal(gc_replay_window_check(&w, 99), GC_REPLAY_DUPLICATE);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(slides),
    cmocka_unit_test(check_changes_nothing),
    cmocka_unit_test(reaches_the_last_number),
    cmocka_unit_test(agrees_with_a_plain_list),
    cmocka_unit_test(recovers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
