#include "net/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, LONGEST_WAIT_MS = 60000 };

struct watch {
  void (*ready)(void *ctx, int fd); /* NULL: not watched */
  void *ctx;
};

struct gc_loop {
  struct watch *watches; /* by descriptor */
  size_t count;
  int epoll_fd;
  bool is_stopped;
};

/* A signal belongs to the process, so what is known of it does too. */
static volatile sig_atomic_t caught;
static volatile sig_atomic_t wake_fd = -1;

uint64_t gc_now_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t gc_wall_us(void)
{
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

enum gc_err gc_loop_new(struct gc_loop **out)
{
  struct gc_loop *loop = calloc(1, sizeof *loop);
  if (!loop)
    return GC_E_MEMORY;
  loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (loop->epoll_fd < 0) {
    free(loop);
    return GC_E_SYSTEM;
  }
  *out = loop;
  return GC_OK;
}

void gc_loop_free(struct gc_loop **loop)
{
  if (!*loop)
    return;
  close((*loop)->epoll_fd);
  free((*loop)->watches);
  free(*loop);
  *loop = NULL;
}

enum gc_err gc_loop_add(struct gc_loop *loop, int fd, void (*ready)(void *ctx, int fd), void *ctx)
{
  const size_t at = (size_t)fd;
  if (fd < 0 || !ready) {
    errno = EBADF;
    return GC_E_SYSTEM;
  }
  if (at >= loop->count) {
    size_t count = loop->count ? loop->count : 16;
    while (count <= at)
      count *= 2;
    struct watch *more = realloc(loop->watches, count * sizeof *more);
    if (!more)
      return GC_E_MEMORY;
    memset(more + loop->count, 0, (count - loop->count) * sizeof *more);
    loop->watches = more;
    loop->count = count;
  }
  struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
  if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
    return GC_E_SYSTEM;
  loop->watches[at] = (struct watch){ ready, ctx };
  return GC_OK;
}

void gc_loop_remove(struct gc_loop *loop, int fd)
{
  if (fd < 0 || (size_t)fd >= loop->count || !loop->watches[fd].ready)
    return;
  loop->watches[fd] = (struct watch){ NULL, NULL };
  epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static void on_signal(int number)
{
  const int saved = errno;
  const uint64_t one = 1;
  caught = number;
  if (write(wake_fd, &one, sizeof one) < 0)
    caught = number; /* a full counter wakes as well */
  errno = saved;
}

enum gc_err gc_loop_catch_signals(struct gc_loop *loop)
{
  if (wake_fd < 0) {
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
      return GC_E_SYSTEM;
    wake_fd = fd;
  }
  struct epoll_event event = { .events = EPOLLIN, .data.fd = wake_fd };
  if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, wake_fd, &event) < 0 && errno != EEXIST)
    return GC_E_SYSTEM;
  struct sigaction action = { .sa_handler = on_signal }; /* no SA_RESTART: a blocking read elsewhere ends, too */
  sigemptyset(&action.sa_mask);
  return sigaction(SIGINT, &action, NULL) < 0 || sigaction(SIGTERM, &action, NULL) < 0 ? GC_E_SYSTEM : GC_OK;
}

void gc_loop_stop(struct gc_loop *loop)
{
  loop->is_stopped = true;
}

static void drain_wake(void)
{
  uint64_t count;
  while (read(wake_fd, &count, sizeof count) > 0)
    ;
}

/* the signal that came, 0: none; ready for the next */
static int take_signal(void)
{
  const int number = caught;
  if (number) {
    caught = 0;
    drain_wake();
  }
  return number;
}

static int wait_ms(uint64_t due, uint64_t now)
{
  if (due <= now)
    return 0;
  return due - now > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : (int)(due - now);
}

enum gc_err gc_loop_run(struct gc_loop *loop, uint64_t (*deadline)(void *ctx), void (*tick)(void *ctx, uint64_t now_ms), void *ctx,
                        int *signal_number)
{
  struct epoll_event events[BATCH];
  enum gc_err err = GC_OK;
  int number = 0;
  while (!loop->is_stopped && (number = take_signal()) == 0) {
    const uint64_t due = deadline ? deadline(ctx) : UINT64_MAX;
    const int n = epoll_wait(loop->epoll_fd, events, BATCH, due == UINT64_MAX ? -1 : wait_ms(due, gc_now_ms()));
    if (n < 0 && errno != EINTR) {
      err = GC_E_SYSTEM;
      break;
    }
    for (int i = 0; i < n && !loop->is_stopped; i++) {
      const int fd = events[i].data.fd;
      if (fd == wake_fd)
        drain_wake();
      else if ((size_t)fd < loop->count && loop->watches[fd].ready) /* an earlier one of this batch may have removed it */
        loop->watches[fd].ready(loop->watches[fd].ctx, fd);
    }
    const uint64_t now = gc_now_ms();
    if (!loop->is_stopped && tick && deadline && deadline(ctx) <= now)
      tick(ctx, now);
  }
  loop->is_stopped = false;
  if (signal_number)
    *signal_number = number;
  return err;
}
