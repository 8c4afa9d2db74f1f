/* Within store/: the records of a state file.
 *
 *   state_file.c     records, Sender Sequence Numbers, opening
 *   state_windows.c  Replay Windows
 */
#ifndef GC_STORE_STATE_RECORDS_H
#define GC_STORE_STATE_RECORDS_H

#include <sys/types.h>

#include "store/state_file.h"

#define GC_STATE_PRINT_LEN (2 * GC_FINGERPRINT_LEN) /* of a fingerprint in hex */
#define GC_STATE_FREE "free "                       /* the whole of a record whose room anybody may take */

struct gc_state_file {
  int fd;
  char fingerprint[GC_STATE_PRINT_LEN + 1]; /* hex */
  char windows[GC_STATE_PRINT_LEN + 1];     /* fingerprint of the Replay Windows */
  char boot[GC_STATE_PRINT_LEN + 1];        /* of the running kernel */
  off_t seq_at;                  /* where our "seq" record lies, 0: not found yet */
};

/** Only one process at a time reads and changes records. GC_E_SYSTEM (errno) */
enum gc_err gc_state_lock(const struct gc_state_file *state) GC_MUST_CHECK;
void gc_state_unlock(const struct gc_state_file *state);

/** GC_E_END: the file ends there; GC_E_MALFORMED: damaged */
enum gc_err gc_state_read(const struct gc_state_file *state, off_t at, char record[static GC_STATE_RECORD_LEN + 1]) GC_MUST_CHECK;
enum gc_err gc_state_write(const struct gc_state_file *state, off_t at, const char *content) GC_MUST_CHECK;

/** The first record that begins with prefix, from `from` on; GC_E_NOT_FOUND: *at is the end of the file. */
enum gc_err gc_state_find(const struct gc_state_file *state, const char *prefix, off_t from, off_t *at,
                          char record[static GC_STATE_RECORD_LEN + 1]) GC_MUST_CHECK;

/** The record that begins with prefix; GC_E_NOT_FOUND: there is none, and *at is a place for it. */
enum gc_err gc_state_place(const struct gc_state_file *state, const char *prefix, off_t *at,
                           char record[static GC_STATE_RECORD_LEN + 1]) GC_MUST_CHECK;

#endif
