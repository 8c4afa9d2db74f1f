#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/loop.h"

struct scene {
  struct gc_loop *loop;
  uint64_t due;
  int ticks, reads, last_fd;
  int stop_after_ticks, stop_after_reads, remove_fd, raise_on_tick;
};

static uint64_t deadline(void *ctx)
{
  return ((struct scene *)ctx)->due;
}

static void tick(void *ctx, uint64_t now_ms)
{
  struct scene *scene = ctx;
  assert_true(now_ms >= scene->due);
  scene->ticks++;
  scene->due = now_ms + 5;
  if (scene->raise_on_tick)
    raise(scene->raise_on_tick);
  if (scene->ticks == scene->stop_after_ticks)
    gc_loop_stop(scene->loop);
}

static void ready(void *ctx, int fd)
{
  struct scene *scene = ctx;
  char byte;
  if (read(fd, &byte, 1) == 0)
    gc_loop_remove(scene->loop, fd); /* the other side has closed it */
  scene->reads++;
  scene->last_fd = fd;
  if (scene->remove_fd >= 0)
    gc_loop_remove(scene->loop, scene->remove_fd);
  if (scene->reads == scene->stop_after_reads)
    gc_loop_stop(scene->loop);
}

static struct scene new_scene(void)
{
  struct scene scene = { .due = UINT64_MAX, .remove_fd = -1 };
  assert_int_equal(gc_loop_new(&scene.loop), GC_OK);
  return scene;
}

static void ticks_when_due(void **state)
{
  (void)state;
  struct scene scene = new_scene();
  const uint64_t start = gc_now_ms();
  int number = 7;
  scene.due = start + 20;
  scene.stop_after_ticks = 3;
  assert_int_equal(gc_loop_run(scene.loop, deadline, tick, &scene, &number), GC_OK);
  assert_int_equal(number, 0);
  assert_int_equal(scene.ticks, 3);
  assert_true(gc_now_ms() >= start + 30);
  scene.due = 0; /* long past */
  scene.ticks = 0;
  assert_int_equal(gc_loop_run(scene.loop, deadline, tick, &scene, NULL), GC_OK);
  assert_int_equal(scene.ticks, 3);
  gc_loop_free(&scene.loop);
  assert_null(scene.loop);
  gc_loop_free(&scene.loop);
}

static void reads_what_is_ready(void **state)
{
  (void)state;
  struct scene scene = new_scene();
  int a[2], b[2];
  assert_int_equal(pipe(a), 0);
  assert_int_equal(pipe(b), 0);
  assert_int_equal(gc_loop_add(scene.loop, a[0], ready, &scene), GC_OK);
  assert_int_equal(gc_loop_add(scene.loop, b[0], ready, &scene), GC_OK);
  assert_int_equal(gc_loop_add(scene.loop, b[0], ready, &scene), GC_E_SYSTEM);
  assert_int_equal(errno, EEXIST);
  assert_int_equal(gc_loop_add(scene.loop, -1, ready, &scene), GC_E_SYSTEM);
  assert_int_equal(write(a[1], "xyz", 3), 3);
  scene.stop_after_reads = 3; /* a descriptor stays ready until it is empty */
  assert_int_equal(gc_loop_run(scene.loop, NULL, NULL, NULL, NULL), GC_OK);
  assert_int_equal(scene.last_fd, a[0]);
  close(b[1]);
  scene.stop_after_reads = 4;
  assert_int_equal(gc_loop_run(scene.loop, NULL, NULL, NULL, NULL), GC_OK);
  assert_int_equal(scene.last_fd, b[0]);
  gc_loop_remove(scene.loop, b[0]); /* twice, and unknown ones: harmless */
  gc_loop_remove(scene.loop, 9999);
  gc_loop_free(&scene.loop);
  close(a[0]);
  close(a[1]);
  close(b[0]);
}

static void one_of_a_batch_may_remove_another(void **state)
{
  (void)state;
  struct scene scene = new_scene();
  int a[2], b[2];
  assert_int_equal(pipe(a), 0);
  assert_int_equal(pipe(b), 0);
  assert_int_equal(gc_loop_add(scene.loop, a[0], ready, &scene), GC_OK);
  assert_int_equal(gc_loop_add(scene.loop, b[0], ready, &scene), GC_OK);
  assert_int_equal(write(a[1], "x", 1), 1);
  assert_int_equal(write(b[1], "x", 1), 1);
  scene.remove_fd = b[0];
  scene.due = gc_now_ms() + 20;
  scene.stop_after_ticks = 1;
  assert_int_equal(gc_loop_run(scene.loop, deadline, tick, &scene, NULL), GC_OK);
  assert_int_equal(scene.reads, 1 + (scene.last_fd == b[0])); /* b before a, or b never */
  gc_loop_free(&scene.loop);
  close(a[0]);
  close(a[1]);
  close(b[0]);
  close(b[1]);
}

static void busy_sockets_do_not_starve_the_clock(void **state)
{
  (void)state;
  struct scene scene = new_scene();
  int a[2];
  assert_int_equal(pipe(a), 0);
  assert_int_equal(gc_loop_add(scene.loop, a[0], ready, &scene), GC_OK);
  for (int i = 0; i < 4096; i++)
    assert_int_equal(write(a[1], "x", 1), 1);
  scene.due = 0;
  scene.stop_after_ticks = 1;
  assert_int_equal(gc_loop_run(scene.loop, deadline, tick, &scene, NULL), GC_OK);
  assert_in_range(scene.reads, 0, 64);
  gc_loop_free(&scene.loop);
  close(a[0]);
  close(a[1]);
}

static void a_stop_before_the_run_counts(void **state)
{
  (void)state;
  struct scene scene = new_scene();
  gc_loop_stop(scene.loop);
  assert_int_equal(gc_loop_run(scene.loop, NULL, NULL, NULL, NULL), GC_OK);
  scene.due = 0;
  scene.stop_after_ticks = 1;
  assert_int_equal(gc_loop_run(scene.loop, deadline, tick, &scene, NULL), GC_OK); /* and only for one run */
  assert_int_equal(scene.ticks, 1);
  gc_loop_free(&scene.loop);
}

static void signals_end_the_run(void **state)
{
  (void)state;
  static const int numbers[] = { SIGINT, SIGTERM };
  for (int round = 0; round < 4; round++) {
    struct scene scene = new_scene();
    int number = 0;
    assert_int_equal(gc_loop_catch_signals(scene.loop), GC_OK);
    assert_int_equal(gc_loop_catch_signals(scene.loop), GC_OK);
    if (round < 2)
      raise(numbers[round]); /* before the run */
    else
      scene.raise_on_tick = numbers[round - 2];
    scene.due = 0;
    assert_int_equal(gc_loop_run(scene.loop, deadline, tick, &scene, &number), GC_OK);
    assert_int_equal(number, numbers[round % 2]);
    assert_int_equal(scene.ticks, round >= 2);
    scene.raise_on_tick = 0; /* the next run starts without it */
    scene.stop_after_ticks = scene.ticks + 1;
    assert_int_equal(gc_loop_run(scene.loop, deadline, tick, &scene, &number), GC_OK);
    assert_int_equal(number, 0);
    gc_loop_free(&scene.loop);
  }
}

static void signal_while_it_waits(void **state)
{
  (void)state;
  struct scene scene = new_scene();
  int number = 0;
  assert_int_equal(gc_loop_catch_signals(scene.loop), GC_OK);
  const pid_t parent = getpid(), child = fork();
  if (child == 0) {
    usleep(20000);
    kill(parent, SIGTERM);
    _exit(0);
  }
  assert_int_equal(gc_loop_run(scene.loop, NULL, NULL, NULL, &number), GC_OK);
  assert_int_equal(number, SIGTERM);
  gc_loop_free(&scene.loop);
}

static void clocks(void **state)
{
  (void)state;
  const uint64_t ms = gc_now_ms(), us = gc_wall_us();
  assert_true(us > 1600000000000000ULL); /* since 1970, in microseconds */
  usleep(2000);
  assert_true(gc_now_ms() >= ms + 1 && gc_now_ms() < ms + 60000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(ticks_when_due),
    cmocka_unit_test(reads_what_is_ready),
    cmocka_unit_test(one_of_a_batch_may_remove_another),
    cmocka_unit_test(busy_sockets_do_not_starve_the_clock),
    cmocka_unit_test(a_stop_before_the_run_counts),
    cmocka_unit_test(signals_end_the_run),
    cmocka_unit_test(signal_while_it_waits),
    cmocka_unit_test(clocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
