/* What the files of the listener share. Not for callers.
 *
 *   listener.c       from an informative response to a group observation
 *   listener_hear.c  what comes to the group
 */
#ifndef GC_GROUP_LISTENER_INTERNAL_H
#define GC_GROUP_LISTENER_INTERNAL_H

#include "group/listener.h"
#include "oscore/exchange.h"

enum { GC_LISTENER_MIDS_KEPT = 8 };

struct gc_listener {
  struct gc_group_observation observation;
  enum gc_omn_format format;
  bool is_protected;
  struct gc_oscore_binding binding;     /* to the phantom request */
  struct gc_oscore_exchange *seen;      /* replay protection of what is bound to it */
  struct gc_oscore_ring *ring;          /* the client's, or `own` */
  struct gc_oscore_ring *own;           /* self-managed groups */
  struct gc_oscore_context *keys, *next_keys; /* of a self-managed group, and those that follow them */
  const struct gc_oscore_context *newest; /* that protected the newest notification */
  struct { uint64_t at_ms; uint16_t mid; bool is_set; } mids[GC_LISTENER_MIDS_KEPT]; /* of what was taken */
  size_t mid_next;
  uint64_t ends_ms;
  const char *end_phrase;
  double utc_s;                         /* the time of day at utc_at_ms; negative: not known */
  uint64_t utc_at_ms;
  struct gc_bytes last;                 /* last_notif, until it is asked for */
  size_t phantom_len, ph_req_len;       /* in `bytes`: the phantom request, decrypted, as "code ‖ options ‖ [ff ‖ payload]"; at the end
                                           ph_req as it came */
  size_t ph_req_at;
  uint8_t bytes[];
};

/** An end of its own accord so many seconds from now, where that is earlier than what is known. phrase: static */
void gc_listener_set_end(struct gc_listener *listener, double left_s, uint64_t now_ms, const char *phrase);

#endif
