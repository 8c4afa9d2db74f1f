#include "common/join_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/status.h"

enum { PATH_LEN = 4096 };

extern char **environ;

/* Beside the tool itself; else where PATH says. */
static const char *find_program(char room[static PATH_LEN])
{
  const ssize_t len = readlink("/proc/self/exe", room, PATH_LEN - 1);
  room[len > 0 ? len : 0] = '\0';
  char *slash = strrchr(room, '/');
  if (slash && (size_t)(slash - room) + sizeof "/gc-join" <= PATH_LEN) {
    strcpy(slash, "/gc-join");
    if (access(room, X_OK) == 0)
      return room;
  }
  return "gc-join";
}

static int spawn(pid_t *child, const char *program, char *const *arguments)
{
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int error = posix_spawn_file_actions_init(&files);
  if (error)
    return error;
  error = posix_spawnattr_init(&attributes);
  if (error) {
    posix_spawn_file_actions_destroy(&files);
    return error;
  }
  for (int fd = 0; fd < (gc_diag_level() > 0 ? 2 : 3) && !error; fd++)
    error = posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
  if (!error) {
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    error = posix_spawnp(child, program, &files, &attributes, arguments, environ);
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

int gc_join_process_start(pid_t *child, char *const *arguments)
{
  char room[PATH_LEN];
  const int error = spawn(child, find_program(room), arguments);
  if (error)
    *child = 0;
  return error;
}

int gc_join_process_wait(pid_t *child)
{
  int result = 0;
  pid_t ended;
  do
    ended = waitpid(*child, &result, 0);
  while (ended < 0 && errno == EINTR);
  *child = 0;
  return ended > 0 && WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

void gc_join_process_end(pid_t *child)
{
  if (!*child)
    return;
  kill(*child, SIGTERM);
  (void)gc_join_process_wait(child);
}
