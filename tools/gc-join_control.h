/* The resource at control_uri: what the Group Manager tells a member by itself (RFC 9594, Sections 4.3.1 and 6; draft-ietf-ace-
 * key-groupcomm-oscore, Sections 10 and 11.1). NULL inside a pointer: there is none, and nothing happens. */
#ifndef GC_TOOLS_JOIN_CONTROL_H
#define GC_TOOLS_JOIN_CONTROL_H

#include "gc-join.h"

struct gc_join_control;

struct gc_join_control_ops {
  bool (*rekeying)(void *ctx, const struct gc_groupcomm *message); /* false: it cannot be taken now */
  void (*eviction)(void *ctx);
  void *ctx;
};

/** Bind the address and port of the session's control_uri. 2, 4: said */
enum gc_status gc_join_control_open(struct gc_join_control **out, struct gc_join_session *session, const struct gc_join_control_ops *ops);
void gc_join_control_close(struct gc_join_control **control);
void gc_join_control_receive(struct gc_join_control *control, const struct gc_datagram *datagram, uint64_t now_ms);
void gc_join_control_tick(struct gc_join_control *control, uint64_t now_ms);
uint64_t gc_join_control_deadline(const struct gc_join_control *control);
void gc_join_control_forget(struct gc_join_control *control, struct gc_oscore_context *context);

#endif
