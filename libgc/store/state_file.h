/* What must outlive the process: Sender Sequence Numbers and replay windows, in FILE.state beside a context file.
 *
 * The file is lines of 256 bytes, readable by people. A record is rewritten in place by one write within one page, so a
 * process killed at any point leaves the old record or the new one. Of each Sender Sequence Number space two marks are
 * kept: `next`, written before a number is used, survives the death of every process; `reserved` is on the disk itself
 * (fsync) and never behind `next`, so that after a loss of power the numbers go on from there (RFC 8613, Section 7.5 and
 * Appendix B.1.1). Records carry a fingerprint of the keys they belong to: a context file that is replaced and later put
 * back finds its own numbers again. Records of windows that were given up are "free", for others to take. Every change is made under a lock of the file; any number of processes may share it. */
#ifndef GC_STORE_STATE_FILE_H
#define GC_STORE_STATE_FILE_H

#include "base/bytes.h"

#define GC_FINGERPRINT_LEN 16          /* bytes; of the keys, for numbers with the Sender ID */
#define GC_SENDER_SEQUENCE_MAX ((UINT64_C(1) << 40) - 1)
#define GC_STATE_RECORD_LEN 256        /* bytes, newline included */
#define GC_STATE_MAX_RECORDS 65536
#define GC_STATE_KID_MAX_LEN 16        /* bytes */
#define GC_STATE_WINDOW_MAX_LEN 32     /* bytes: 256 sequence numbers */

struct gc_state_file;

/**
 * Open the state of a context file, creating it (0600) where there is none.
 * @param path      the context file's path; ".state" is added
 * @param[out] why  256 bytes: what is wrong with the file and how to go on, for people
 * @return GC_OK; GC_E_SYSTEM (errno); GC_E_MALFORMED: damaged; GC_E_UNSUPPORTED: of a newer version; GC_E_MEMORY.
 *         A file that is not understood is never changed.
 */
enum gc_err gc_state_file_open(struct gc_state_file **out, const char *path, const uint8_t fingerprint[static GC_FINGERPRINT_LEN],
                               char why[static 256]) GC_MUST_CHECK;
void gc_state_file_close(struct gc_state_file **state);

/**
 * The same for other keys of a context file that this process has open already: where FILE.state is still the same file, both are one
 * for gc_state_file_serve.
 */
enum gc_err gc_state_file_open_beside(struct gc_state_file **out, const struct gc_state_file *other, const char *path,
                                      const uint8_t fingerprint[static GC_FINGERPRINT_LEN], char why[static 256]) GC_MUST_CHECK;

/** Replay Windows belong to keys whatever the own Sender ID is: their fingerprint, before gc_state_file_windows_begin. */
void gc_state_file_set_windows(struct gc_state_file *state, const uint8_t fingerprint[static GC_FINGERPRINT_LEN]);

/**
 * Take `count` consecutive Sender Sequence Numbers: nobody else gets them, before or after a crash.
 * @return GC_OK; GC_E_LIMIT: fewer than count are left below 2^40; GC_E_SYSTEM: not written, nothing may be sent
 *         (errno; ENOSPC: disk full); GC_E_MALFORMED: the record was damaged meanwhile
 */
enum gc_err gc_state_file_take(struct gc_state_file *state, uint64_t *first, uint32_t count) GC_MUST_CHECK;

/** The number the next call would take, for showing. */
enum gc_err gc_state_file_peek(struct gc_state_file *state, uint64_t *next) GC_MUST_CHECK;

/**
 * Be the only one that answers with this context, until the file is closed: answers use the nonces of their requests, so two
 * who hear the same group request with one Sender ID would use them twice.
 * @return GC_OK; GC_E_EXISTS: there is another one; GC_E_SYSTEM (errno)
 */
enum gc_err gc_state_file_serve(struct gc_state_file *state) GC_MUST_CHECK;

/** A replay window as it is kept: `top` is the highest Partial IV accepted, bit i of `bits` (from the lowest bit of the
 *  first byte) stands for top - i. */
struct gc_state_window {
  struct gc_bytes kid;
  uint64_t top;
  struct gc_bytes bits;
};

/**
 * Begin to use replay windows. They are handed to `each` where the last run ended in order; in the state they are marked
 * as in use from now on.
 * @param[out] is_lost the last run ended without gc_state_file_windows_save (or another process is using them): what was
 *             received is unknown, every window must be recovered by Echo (RFC 8613, Appendix B.1.2)
 */
enum gc_err gc_state_file_windows_begin(struct gc_state_file *state, void (*each)(void *ctx, const struct gc_state_window *window),
                                        void *ctx, bool *is_lost) GC_MUST_CHECK;

/**
 * Give up the windows of these keys, and the room of their records: should the keys ever come back, the windows are lost, as after a run
 * that did not end in order.
 */
enum gc_err gc_state_file_windows_forget(struct gc_state_file *state) GC_MUST_CHECK;

/** Keep the windows (replacing those of the same kid) and mark them as saved, all on the disk when this returns GC_OK. */
enum gc_err gc_state_file_windows_save(struct gc_state_file *state, const struct gc_state_window *windows, size_t count) GC_MUST_CHECK;

#endif
