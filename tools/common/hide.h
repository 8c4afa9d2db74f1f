/* Keying material in what is shown: the Master Secret of an informative response (draft-ietf-core-observe-multicast-
 * notifications, Appendix C) stays out of it. */
#ifndef GC_TOOLS_HIDE_H
#define GC_TOOLS_HIDE_H

#include "coap/message.h"

#define GC_HIDDEN "(hidden)"

struct gc_hidden {
  struct gc_bytes bytes; /* what may be shown: of the payload itself, or of owned */
  uint8_t *owned;
  bool is_secret;        /* something was taken out */
};

/**
 * An informative response's payload with GC_HIDDEN in the place of each Master Secret. What is not well-formed CBOR ends in
 * front of the gp_material, as does all where memory lacks.
 * Free it with gc_hidden_free.
 */
struct gc_hidden gc_hide_informative(struct gc_bytes payload);

/** The same of a gp_material map; nothing is left of one that is not well-formed. */
struct gc_hidden gc_hide_material(struct gc_bytes map);

/** Is the message an informative response with something to hide? Then its bytes are not dumped either. */
bool gc_hide_holds_secret(const struct gc_message *message);

void gc_hidden_free(struct gc_hidden *hidden);

#endif
