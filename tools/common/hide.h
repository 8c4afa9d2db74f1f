/* Keying material in what is shown stays out of it: the Master Secret of an informative response (draft-ietf-core-observe-multicast-
 * notifications, Appendix C), tokens and keys in messages of ACE. */
#ifndef GC_TOOLS_HIDE_H
#define GC_TOOLS_HIDE_H

#include "coap/message.h"

#define GC_HIDDEN "(hidden)"

/** May a payload of this Content-Format hold a secret? */
bool gc_hide_looks_at(int32_t content_format);

/** The same, quick for texts. */
static inline bool gc_hide_concerns(int32_t content_format)
{
  return content_format > 0 && gc_hide_looks_at(content_format);
}

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

/**
 * The same of a payload of ACE: access tokens, Master Secrets, keys. Of one that is not as it should be GC_HIDDEN alone is left.
 */
struct gc_hidden gc_hide_ace(struct gc_bytes payload, int32_t content_format);

/** Whichever of them the Content-Format asks for; the payload itself for all that gc_hide_concerns does not name. */
struct gc_hidden gc_hide_payload(struct gc_bytes payload, int32_t content_format);

/** The same of a gp_material map; nothing is left of one that is not well-formed. */
struct gc_hidden gc_hide_material(struct gc_bytes map);

/** Has the message something to hide? Then its bytes are not dumped either. */
bool gc_hide_holds_secret(const struct gc_message *message);

void gc_hidden_free(struct gc_hidden *hidden);

#endif
