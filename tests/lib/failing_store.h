/* A Group Manager's store in front of another one, that fails after so many operations. */
#ifndef GC_TESTS_FAILING_STORE_H
#define GC_TESTS_FAILING_STORE_H

#include <limits.h>

#include "ace/gm_store.h"

enum { UNLIMITED_CALLS = INT_MAX };

struct failing_store {
  struct gc_gm_store inner;
  int calls_left; /* every operation but rollback counts; then each is GC_E_SPACE */
};

/** The store in front; both live as long as it is used. */
struct gc_gm_store failing_store(struct failing_store *store, const struct gc_gm_store *inner);

#endif
