/* alternate RUNS PROGRAM PROGRAM -- ARGUMENT…: run both in turn; a line each: name, median time (µs), median peak memory (kB), median
 * processor time (µs). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct sample {
  double us, kb, cpu_us;
};

static double now_us(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct sample run(const char *program, char **argv)
{
  double start = now_us();
  pid_t pid = vfork(); /* fork would count this program's own pages */
  if (pid == 0) {
    argv[0] = (char *)program;
    execvp(program, argv);
    _exit(127);
  }
  int status;
  struct rusage usage;
  if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fprintf(stderr, "alternate: %s failed\n", program);
    exit(1);
  }
  double cpu_us = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  return (struct sample){ now_us() - start, (double)usage.ru_maxrss, cpu_us };
}

static int compare(const void *a, const void *b)
{
  const double *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t n)
{
  qsort(values, n, sizeof *values, compare);
  return values[n / 2];
}

int main(int argc, char **argv)
{
  const size_t runs = argc > 5 ? strtoul(argv[1], NULL, 10) : 0;
  if (!runs || strcmp(argv[4], "--") != 0)
    return 2;
  const char *programs[2] = { argv[2], argv[3] };
  char **arguments = argv + 4; /* "--" gives its place to the program's name */
  int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);
  dup2(null, STDOUT_FILENO);
  double *us[2], *kb[2], *cpu_us[2];
  for (int k = 0; k < 2; k++) {
    us[k] = calloc(runs, sizeof(double));
    kb[k] = calloc(runs, sizeof(double));
    cpu_us[k] = calloc(runs, sizeof(double));
    run(programs[k], arguments); /* once for the page cache */
  }
  for (size_t i = 0; i < runs; i++)
    for (int k = 0; k < 2; k++) {
      struct sample s = run(programs[k], arguments);
      us[k][i] = s.us;
      kb[k][i] = s.kb;
      cpu_us[k][i] = s.cpu_us;
    }
  for (int k = 0; k < 2; k++) {
    const char *name = strrchr(programs[k], '/');
    dprintf(out, "%s %.0f %.0f %.0f\n", name ? name + 1 : programs[k], median(us[k], runs), median(kb[k], runs),
            median(cpu_us[k], runs));
  }
  return 0;
}
