/* A network namespace for a test program: only loopback, no routes but its own, nobody else's ports. */
#ifndef GC_TESTS_OWN_NETWORK_H
#define GC_TESTS_OWN_NETWORK_H

/** Move this process into a namespace of its own with `lo` up (127.0.0.1, ::1), root or not. 0, or -1 (errno). */
int own_network(void);

#endif
