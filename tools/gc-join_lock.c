/* One gc-join at a time reads and changes FILE and what is beside it: a lock on FILE.lock. Without it an older file of keys would
 * take the place of a newer one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gc-join.h"

enum { AGAIN_MS = 20 };

/* Who held it last may have removed the file with its membership: then the lock is of no file any more. */
static bool is_current(int fd, const char *name)
{
  struct stat own, there;
  return fstat(fd, &own) == 0 && stat(name, &there) == 0 && own.st_ino == there.st_ino && own.st_dev == there.st_dev;
}

/* -1: errno; EWOULDBLOCK: another has it */
static int try_lock(const char *name)
{
  const int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return -1;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_current(fd, name))
    return fd;
  close(fd);
  errno = EWOULDBLOCK;
  return -1;
}

enum gc_status gc_join_lock(struct gc_join_lock *lock, const char *path, unsigned wait_ms)
{
  const struct timespec pause = { .tv_nsec = AGAIN_MS * 1000000 };
  char name[GC_JOIN_PATH_LEN + 16];
  snprintf(name, sizeof name, "%s.lock", path);
  for (unsigned waited_ms = 0; (lock->fd = try_lock(name)) < 0 && errno == EWOULDBLOCK && waited_ms < wait_ms; waited_ms += AGAIN_MS)
    nanosleep(&pause, NULL);
  lock->is_held = lock->fd >= 0;
  if (lock->is_held)
    return GC_STATUS_OK;
  const bool is_busy = errno == EWOULDBLOCK;
  gc_error("%s: %s", is_busy ? path : name, is_busy ? "another gc-join is at work with it" : strerror(errno));
  return is_busy ? GC_STATUS_NO : GC_STATUS_SYSTEM;
}

void gc_join_unlock(struct gc_join_lock *lock)
{
  close(lock->fd);
  lock->is_held = false;
}

void gc_join_lock_forget(const char *path)
{
  char name[GC_JOIN_PATH_LEN + 16];
  snprintf(name, sizeof name, "%s.lock", path);
  unlink(name);
}
