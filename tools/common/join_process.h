/* gc-join run by another tool: beside the tool's own file, else where PATH says; its output goes nowhere, its diagnostics to stderr
 * with -v. */
#ifndef GC_TOOLS_JOIN_PROCESS_H
#define GC_TOOLS_JOIN_PROCESS_H

#include <sys/types.h>

/** arguments: as main has them, the name first, NULL last. Returns 0, or an errno: *child is 0 then */
int gc_join_process_start(pid_t *child, char *const *arguments);

/** Wait for it. Its exit status; -1: it was killed. *child becomes 0 */
int gc_join_process_wait(pid_t *child);

/** Where there is one (not 0): let it end in order, and wait for that. *child becomes 0 */
void gc_join_process_end(pid_t *child);

#endif
