/* Exit statuses and diagnostics, the same for all tools (CLI contract). */
#ifndef GC_TOOLS_STATUS_H
#define GC_TOOLS_STATUS_H

#include "base/err.h"

enum gc_status {
  GC_STATUS_OK = 0,
  GC_STATUS_NO = 1,        /* it ran, and what was asked for did not happen */
  GC_STATUS_USAGE = 2,
  GC_STATUS_INPUT = 3,
  GC_STATUS_SYSTEM = 4,
  GC_STATUS_SECURITY = 5,
};

/** Bytes for one line that says why something failed. */
#define GC_WHY_LEN 512

/** The name in front of every diagnostic, and how many are wanted (-1 quiet … 3). */
void gc_diag_init(const char *tool, int level);
int gc_diag_level(void);

/** "gc-NAME: …" on stderr. Errors always; warnings unless quiet; info from `level` on. Control characters are made visible. */
void gc_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void gc_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void gc_info(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** One line, "try 'gc-NAME --help'", exit 2. */
_Noreturn void gc_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** The higher of two statuses: where two apply, the higher one counts. */
enum gc_status gc_status_max(enum gc_status a, enum gc_status b);

/** What a library error means for the exit status: a system error 4, bad input 3. */
enum gc_status gc_status_of(enum gc_err err);

#endif
