/* The sliding Replay Window over Partial IVs (RFC 8613, Section 7.4). */
#ifndef GC_OSCORE_REPLAY_WINDOW_H
#define GC_OSCORE_REPLAY_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define GC_REPLAY_WINDOW_DEFAULT 32
#define GC_REPLAY_WINDOW_MAX 64

struct gc_replay_window {
  uint64_t next;     /* one above the largest number received; 0: none yet */
  uint64_t received; /* bit i: next - 1 - i was received */
  uint8_t size;      /* 1 … 64 numbers */
  bool is_valid;     /* false: nothing may be accepted before an Echo exchange (RFC 8613, Appendix B.1.2) */
};

enum gc_replay { GC_REPLAY_NEW, GC_REPLAY_DUPLICATE, GC_REPLAY_TOO_OLD, GC_REPLAY_INVALID };

/** Empty and valid. size is brought into 1 … 64. */
void gc_replay_window_init(struct gc_replay_window *window, unsigned size);

/** Would number be accepted? Changes nothing: call it before decryption. */
enum gc_replay gc_replay_window_check(const struct gc_replay_window *window, uint64_t number);

/** Mark number as received, after its message has verified; check and mark in one. Only GC_REPLAY_NEW changes anything. */
enum gc_replay gc_replay_window_update(struct gc_replay_window *window, uint64_t number);

/** Make the window valid with number as its lower limit, received (draft-ietf-core-oscore-groupcomm, Section 9). */
void gc_replay_window_recover(struct gc_replay_window *window, uint64_t number);

#endif
