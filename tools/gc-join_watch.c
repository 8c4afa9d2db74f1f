#include "gc-join.h"
enum gc_status gc_join_run_watch(const struct gc_join_options *options) { (void)options; return GC_STATUS_NO; }
