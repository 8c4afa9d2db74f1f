/* Context files that change while a loop runs: every way in which they do is noticed, without looking again and again. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/context_watch.h"

enum { PATIENCE_MS = 10000, FILES = 2 };

static struct scene {
  char dir[64], paths[FILES][96];
  struct gc_loop *loop;
  struct gc_oscore_ring *ring;
  struct gc_context contexts[FILES];
  struct gc_context_watch *watch;
  enum gc_succession_event events[64];
  size_t files[64], event_count, expected;
  unsigned wakes;
  uint64_t end_ms;
} scene;

static void put(size_t file, unsigned generation, bool in_place)
{
  char next[128];
  snprintf(next, sizeof next, "%s%s", scene.paths[file], in_place ? "" : ".next");
  FILE *f = fopen(next, "w");
  assert_non_null(f);
  fchmod(fileno(f), 0600);
  fprintf(f, "{ \"profile\": \"oscore\", \"master_secret\": \"%032x\", \"sender\": { \"id\": \"01\" }, \"recipients\": [ { \"id\": \"02\" } ] }\n", generation);
  assert_int_equal(fclose(f), 0);
  if (!in_place)
    assert_int_equal(rename(next, scene.paths[file]), 0);
}

static void changed(void *ctx, struct gc_context *context, enum gc_succession_event event)
{
  (void)ctx;
  assert_in_range(scene.event_count, 0, 63);
  scene.files[scene.event_count] = (size_t)(context - scene.contexts);
  scene.events[scene.event_count++] = event;
  if (scene.event_count == scene.expected)
    gc_loop_stop(scene.loop);
}

static uint64_t deadline(void *ctx)
{
  const uint64_t watch_ms = gc_context_watch_deadline(scene.watch);
  (void)ctx;
  scene.wakes++;
  return watch_ms < scene.end_ms ? watch_ms : scene.end_ms;
}

static void tick(void *ctx, uint64_t now_ms)
{
  (void)ctx;
  gc_context_watch_tick(scene.watch, now_ms);
  if (now_ms >= scene.end_ms)
    gc_loop_stop(scene.loop);
}

/* until so many events have come, or the time is over */
static void run(size_t expected, uint64_t ms)
{
  scene.expected = expected;
  scene.end_ms = gc_now_ms() + ms;
  if (expected == 0 || scene.event_count < expected)
    assert_int_equal(gc_loop_run(scene.loop, deadline, tick, NULL, NULL), GC_OK);
}

static void expect(size_t file, enum gc_succession_event event)
{
  run(1, PATIENCE_MS);
  assert_int_equal(scene.event_count, 1);
  assert_int_equal(scene.files[0], file);
  assert_int_equal(scene.events[0], event);
  scene.event_count = 0;
}

static void open_all(uint64_t overlap_ms)
{
  const struct gc_context_watch_ops ops = { .changed = changed };
  scene.watch = gc_context_watch_new(&ops, overlap_ms);
  assert_non_null(scene.watch);
  for (size_t i = 0; i < FILES; i++) {
    assert_int_equal(gc_context_open_state(&scene.contexts[i], scene.paths[i], true, GC_SECURE_WINDOWS), GC_STATUS_OK);
    assert_int_equal(gc_oscore_ring_add(scene.ring, scene.contexts[i].oscore), GC_OK);
    assert_int_equal(gc_context_watch_add(scene.watch, &scene.contexts[i], scene.ring, GC_SECURE_WINDOWS | GC_SECURE_STRICT), GC_OK);
  }
}

static int set_up(void **unused)
{
  (void)unused;
  memset(&scene, 0, sizeof scene);
  strcpy(scene.dir, "/tmp/gc-watch-XXXXXX");
  if (!mkdtemp(scene.dir) || gc_loop_new(&scene.loop) || !(scene.ring = gc_oscore_ring_new()))
    return -1;
  for (unsigned i = 0; i < FILES; i++) {
    snprintf(scene.paths[i], sizeof scene.paths[i], "%s/%u.json", scene.dir, i);
    put(i, 100 * i, false);
  }
  return 0;
}

static int tear_down(void **unused)
{
  (void)unused;
  char path[128];
  gc_context_watch_close(&scene.watch);
  for (size_t i = 0; i < FILES; i++) {
    gc_context_close(&scene.contexts[i]);
    snprintf(path, sizeof path, "%s.state", scene.paths[i]);
    unlink(path);
    unlink(scene.paths[i]);
  }
  gc_oscore_ring_free(&scene.ring);
  gc_loop_free(&scene.loop);
  return rmdir(scene.dir);
}

static void every_way_is_noticed(void **unused)
{
  (void)unused;
  open_all(60000);
  assert_int_equal(gc_context_watch_start(scene.watch, scene.loop), GC_OK);
  assert_int_equal(scene.event_count, 0); /* nothing has changed since it was read */
  const struct gc_oscore_context *first = scene.contexts[1].oscore;
  put(1, 7, false);
  expect(1, GC_SUCCESSION_REPLACED);
  assert_ptr_not_equal(scene.contexts[1].oscore, first);
  assert_null(scene.contexts[1].file); /* keys of before */
  put(0, 8, true);
  expect(0, GC_SUCCESSION_REPLACED);
  assert_int_equal(chmod(scene.paths[0], 0644), 0);
  expect(0, GC_SUCCESSION_REFUSED); /* strict */
  assert_int_equal(chmod(scene.paths[0], 0600), 0);
  run(0, 100);
  assert_int_equal(scene.event_count, 0); /* what is in use already */
  assert_int_equal(unlink(scene.paths[0]), 0);
  expect(0, GC_SUCCESSION_REMOVED);
  assert_null(scene.contexts[0].oscore);
  assert_true(gc_context_watch_has_any(scene.watch));
  char away[128];
  snprintf(away, sizeof away, "%s.away", scene.paths[1]);
  assert_int_equal(rename(scene.paths[1], away), 0);
  expect(1, GC_SUCCESSION_REMOVED);
  assert_false(gc_context_watch_has_any(scene.watch));
  assert_int_equal(gc_oscore_ring_count(scene.ring), 0);
  assert_int_equal(rename(away, scene.paths[1]), 0);
  expect(1, GC_SUCCESSION_BEGUN);
  assert_non_null(scene.contexts[1].oscore);
  /* other files there are nobody's business, and without any nothing wakes the loop */
  scene.wakes = 0;
  FILE *other = fopen(away, "w");
  fclose(other);
  unlink(away);
  run(0, 300);
  assert_int_equal(scene.event_count, 0);
  assert_true(scene.wakes < 12);
}

/* What happens between opening and watching is not missed. */
static void between_opening_and_watching(void **unused)
{
  (void)unused;
  open_all(60000);
  put(0, 9, false);
  unlink(scene.paths[1]);
  assert_int_equal(gc_context_watch_start(scene.watch, scene.loop), GC_OK);
  assert_int_equal(scene.event_count, 2);
  assert_int_equal(scene.events[0], GC_SUCCESSION_REPLACED);
  assert_int_equal(scene.events[1], GC_SUCCESSION_REMOVED);
  scene.event_count = 0;
  /* another loop, as after an address that did not answer */
  gc_context_watch_stop(scene.watch);
  put(0, 10, false);
  gc_loop_free(&scene.loop);
  assert_int_equal(gc_loop_new(&scene.loop), GC_OK);
  assert_int_equal(gc_context_watch_start(scene.watch, scene.loop), GC_OK);
  assert_int_equal(scene.event_count, 1);
  scene.event_count = 0;
  put(0, 11, false);
  expect(0, GC_SUCCESSION_REPLACED);
}

static void old_ones_go_in_time(void **unused)
{
  (void)unused;
  open_all(150);
  assert_int_equal(gc_context_watch_start(scene.watch, scene.loop), GC_OK);
  assert_int_equal(gc_context_watch_deadline(scene.watch), UINT64_MAX);
  put(0, 9, false);
  expect(0, GC_SUCCESSION_REPLACED);
  assert_int_equal(gc_oscore_ring_count(scene.ring), 3);
  run(0, 400);
  assert_int_equal(gc_oscore_ring_count(scene.ring), 2);
  assert_int_equal(gc_context_watch_deadline(scene.watch), UINT64_MAX);
}

static void hangup_reads_anew(void **unused)
{
  (void)unused;
  const int terminal = dup(STDIN_FILENO), nothing = open("/dev/null", O_RDONLY);
  assert_true(nothing >= 0);
  assert_int_equal(dup2(nothing, STDIN_FILENO), STDIN_FILENO); /* the test may be run from a terminal */
  close(nothing);
  open_all(60000);
  assert_int_equal(gc_context_watch_start(scene.watch, scene.loop), GC_OK);
  assert_int_equal(truncate(scene.paths[0], 3), 0); /* tells nobody: no descriptor is closed */
  run(0, 50);
  scene.event_count = 0;
  assert_int_equal(kill(getpid(), SIGHUP), 0);
  expect(0, GC_SUCCESSION_REFUSED);
  assert_int_equal(kill(getpid(), SIGHUP), 0); /* nobody looks any more: it is gone with the watch */
  gc_context_watch_stop(scene.watch);
  sigset_t blocked;
  assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &blocked), 0);
  assert_false(sigismember(&blocked, SIGHUP));
  if (terminal >= 0) {
    dup2(terminal, STDIN_FILENO);
    close(terminal);
  }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = { TEST(every_way_is_noticed), TEST(between_opening_and_watching), TEST(old_ones_go_in_time),
                                      TEST(hangup_reads_anew) };
  gc_diag_init("common_context_watch", -1);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
