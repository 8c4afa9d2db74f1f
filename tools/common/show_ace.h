/* Messages of ACE for people and programs: token requests and tokens, their transfer, joining a group, keying material, problem
 * details (RFC 9200, 8392, 9203, 9594, 9290; draft-ietf-ace-key-groupcomm-oscore). */
#ifndef GC_TOOLS_SHOW_ACE_H
#define GC_TOOLS_SHOW_ACE_H

#include "common/ace_walk.h"
#include "common/out.h"

/** How much is shown. */
struct gc_show_ace {
  const struct gc_token_keys *keys; /* to look into tokens; NULL: none */
  bool show_secrets;                /* else keys, Master Secrets and tokens are "(hidden)" */
};

/** In a line: "{Join Request: scope=group1: requester,responder, get_creds, cnonce=25a8991cd700ac02}"; a damaged one with the reason. */
void gc_show_ace_line(struct gc_out *out, const struct gc_ace_message *message, struct gc_bytes payload, const struct gc_show_ace *how);

/** A tree: the title, then one parameter a line, by the names of the documents; unknown ones too. A damaged payload as far as it goes,
 *  with the reason. */
void gc_show_ace(struct gc_out *out, const struct gc_ace_message *message, struct gc_bytes payload, unsigned indent,
                 const struct gc_show_ace *how);

/**
 * JSON: {"message":"Join Request","parameters":{"scope":{"groups":[{"name":"group1","roles":["requester","responder"]}]},…}}. Numbers as
 * numbers, byte strings in hex, credentials and other CBOR in diagnostic notation; a token has "cose", "token", "alg", "kid", "IV",
 * "protection" and "claims". "error" and "offset": it is damaged there.
 */
void gc_json_ace(struct gc_out *out, const char *key, const struct gc_ace_message *message, struct gc_bytes payload,
                 const struct gc_show_ace *how);

/** Of a damaged payload: why. A first block goes on elsewhere, which is no damage. NULL: it is whole */
const char *gc_ace_damage(const struct gc_ace_message *message, const struct gc_where *fault);

#endif
