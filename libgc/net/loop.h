/* A poll loop: descriptors, one deadline, and SIGINT and SIGTERM as an orderly end. */
#ifndef GC_NET_LOOP_H
#define GC_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct gc_loop;

/** Milliseconds of CLOCK_MONOTONIC. */
uint64_t gc_now_ms(void);

/** Microseconds of CLOCK_REALTIME, for time stamps. */
uint64_t gc_wall_us(void);

enum gc_err gc_loop_new(struct gc_loop **out) GC_MUST_CHECK;
void gc_loop_free(struct gc_loop **loop);

/** Call `ready` whenever fd can be read, has an error or was closed by the other side. GC_E_SYSTEM (errno); GC_E_MEMORY */
enum gc_err gc_loop_add(struct gc_loop *loop, int fd, void (*ready)(void *ctx, int fd), void *ctx) GC_MUST_CHECK;
void gc_loop_remove(struct gc_loop *loop, int fd);

/** SIGINT and SIGTERM end gc_loop_run from now on, for this process; one that comes between two runs ends the next. */
enum gc_err gc_loop_catch_signals(struct gc_loop *loop) GC_MUST_CHECK;

/** Leave gc_loop_run after the callback under way; where it is not running, its next call returns at once. */
void gc_loop_stop(struct gc_loop *loop);

/**
 * Run until gc_loop_stop or a signal. `deadline` answers when `tick` is due (UINT64_MAX: never), `tick` does it. Both may be NULL.
 * @param[out] signal_number the signal that ended it, 0 = none; NULL allowed
 */
enum gc_err gc_loop_run(struct gc_loop *loop, uint64_t (*deadline)(void *ctx), void (*tick)(void *ctx, uint64_t now_ms), void *ctx,
                        int *signal_number) GC_MUST_CHECK;

#endif
