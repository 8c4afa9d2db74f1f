/* What a resource server asks the Authorization Server about a token, and what the answer is worth (RFC 9200, Sections 5.9 and
 * 5.10.1.1). No I/O: how the two reach each other is the caller's matter. */
#ifndef GC_ACE_INTROSPECTION_H
#define GC_ACE_INTROSPECTION_H

#include "ace/cwt.h"
#include "ace/token.h"

#define GC_INTROSPECTION_REQUEST_MAX_LEN(token_len) ((token_len) + 16) /* bytes */

enum gc_introspected {
  GC_INTROSPECTED_ACTIVE = 0,
  GC_INTROSPECTED_INACTIVE,    /* expired, revoked, unknown, for another resource server: 4.01 to who uploads it */
  GC_INTROSPECTED_UNREADABLE,  /* its claims cannot be obtained: 4.00 to who uploads it */
  GC_INTROSPECTED_UNAVAILABLE, /* nothing was said about the token: this server may not ask, or the other has failed */
};

/** Append the request: {11: token}, of Content-Format 19. GC_E_SPACE */
enum gc_err gc_introspection_ask(struct gc_buf *out, struct gc_bytes token) GC_MUST_CHECK;

/**
 * Read a response that came protected.
 * @param[out] out  borrows from payload; only where ACTIVE. Secret
 * @param content_format -1: none
 * @param[out] why  static phrase; NULL: ACTIVE
 */
enum gc_introspected gc_introspection_take(struct gc_introspection *out, uint8_t code, int32_t content_format, struct gc_bytes payload,
                                           const char **why) GC_MUST_CHECK;

/** The answer about a token with these claims: active, and each of them that a response can have. Borrows what claims borrow. */
struct gc_introspection gc_introspection_of_claims(const struct gc_cwt_claims *claims);

/** The claims that the answer has and that are absent here: a token's own, if it could be read, are those it was given with. */
void gc_introspection_add_claims(struct gc_cwt_claims *claims, const struct gc_introspection *answer);

#endif
