/* Protecting and opening messages: OSCORE, Group OSCORE in group and pairwise mode, draft -02, all by one path
 * (RFC 8613, Section 8; draft-ietf-core-oscore-groupcomm, Sections 7 and 8). */
#ifndef GC_OSCORE_MESSAGE_H
#define GC_OSCORE_MESSAGE_H

#include "coap/message.h"
#include "oscore/context.h"

/**
 * What ties responses to their request: kept by client and server from the request until the last response, unchanged
 * when the group is rekeyed in between. A plain value: copy it, no freeing.
 */
struct gc_oscore_binding {
  struct gc_oscore_context *context; /* that protected the request */
  uint64_t sender_generation;        /* of that context, then */
  uint8_t mode;                      /* enum gc_oscore_mode of the request */
  bool is_own;                       /* this endpoint (or its context, in a decoder) sent the request */
  bool is_observe;                   /* Observe 0: registration */
  bool has_peer;                     /* peer: whom it was for (own pairwise requests), or who sent it */
  uint8_t request_kid[GC_ID_MAX_LEN], request_kid_len;
  uint8_t request_piv[GC_PIV_MAX_LEN], request_piv_len;
  uint8_t request_kid_context[GC_ID_CONTEXT_MAX_LEN], request_kid_context_len;
  uint8_t peer[GC_ID_MAX_LEN], peer_len;
  uint32_t responses;                /* server: protected so far */
  struct gc_oscore_context *told;    /* server: the newer context that the client was told of */
};

/** How to protect. All zero: group mode in a group, OSCORE otherwise; responses in the mode of their request. */
struct gc_oscore_send {
  bool is_pairwise;         /* requests; in a group */
  bool is_group;            /* responses: group mode, whatever the request was in */
  bool as_pairwise;         /* responses: pairwise mode, whatever the request was in */
  struct gc_bytes peer;     /* pairwise requests: Recipient ID */
  bool with_piv;            /* responses: an own Partial IV although the rules do not ask for one */
  bool with_kid;            /* responses: the kid although the rules do not ask for it */
  bool with_kid_context;    /* responses: likewise; draft -02 and OSCORE too */
  bool keep_observe;        /* notifications: leave the value of Observe inside, as one implementation does (RFC 8613: empty) */
};

/**
 * Protect a request.
 * @param body "code ‖ options ‖ [ff ‖ payload]"; must not overlap out
 * @param[out] out the same form, to be put behind header and token; body.len + GC_OSCORE_GROWTH_MAX suffices
 * @param[out] binding for the responses
 * @return GC_SEC_OK; GC_SEC_SILENT, _EXHAUSTED, _STATE, _MODE, _NO_CREDENTIAL (no such peer), _KEY, _INPUT, _SPACE
 */
enum gc_sec gc_oscore_protect_request(struct gc_oscore_context *context, struct gc_bytes body, const struct gc_oscore_send *how,
                                      struct gc_buf *out, struct gc_oscore_binding *binding) __attribute__((warn_unused_result));

/**
 * Protect a response with context, the newest of the group: an own Partial IV, kid and kid context are added where the
 * rules demand them (draft, Sections 7.3 and 8.5). Counts in binding.
 */
enum gc_sec gc_oscore_protect_response(struct gc_oscore_context *context, struct gc_bytes body, const struct gc_oscore_send *how,
                                       struct gc_oscore_binding *binding, struct gc_buf *out) __attribute__((warn_unused_result));

#define GC_OSCORE_GROWTH_MAX (GC_OSCORE_OPTION_MAX_LEN + 16 + GC_TAG_MAX_LEN + GC_SIGNATURE_MAX_LEN) /* bytes */

/** Memory for opening a datagram of len bytes. */
#define GC_OSCORE_STORAGE_LEN(len) (2 * (len) + 16)

enum {
  GC_OPEN_NO_REPLAY = 1, /* it is only looked at: no Replay Window is asked or changed, and no role counts (decoders; phantom requests) */
  GC_OPEN_OWN = 2,       /* accept messages of this context's own Sender ID (decoders; phantom requests) */
  GC_OPEN_EXACT = 8,     /* inner holds what was encrypted and nothing else: no outer options, no Observe made of the Partial IV */
  GC_OPEN_DIAGNOSE = 4,  /* on a wrong signature or tag, find out whether an older implementation would be right */
};

/** What a protected message turned out to be. */
struct gc_oscore_opened {
  struct gc_oscore_context *context;
  struct gc_oscore_recipient *sender;   /* NULL: this context's own Sender ID */
  enum gc_oscore_mode mode;
  struct gc_oscore_option option;       /* borrows from the datagram */
  struct gc_bytes kid, piv, kid_context;/* in effect: from the option, else from the request */
  bool is_verified;                     /* countersignature or tag verified */
  bool is_four;                         /* the countersigned structure had four elements */
  struct gc_message inner;              /* header and token of the outer message; code, options, payload decrypted, outer Class U options merged in */
};

/** The value of the OSCORE option; false: there is none (or several: then *value has ptr NULL). */
bool gc_oscore_option_of(const struct gc_message *message, struct gc_bytes *value);

/**
 * Verify and decrypt a request with this context.
 * @param storage GC_OSCORE_STORAGE_LEN of the datagram; opened->inner lives in it
 * @param[out] binding for protecting the responses, or for opening them
 * @return GC_SEC_OK. GC_SEC_WINDOW_INVALID: all is filled, and the message must not be delivered before an Echo exchange.
 *         GC_SEC_NOT_DECRYPTED: verified by a signature checker. Otherwise nothing of the message may be used; opened
 *         tells the context, mode, kid and sender as far as they were found
 */
enum gc_sec gc_oscore_open_request(struct gc_oscore_context *context, const struct gc_message *outer, unsigned flags,
                                   struct gc_buf storage, struct gc_oscore_opened *opened, struct gc_oscore_binding *binding)
  __attribute__((warn_unused_result));

/**
 * Verify and decrypt a response with this context. Replays of responses are a matter of oscore/exchange.h.
 * @param binding of the request
 */
enum gc_sec gc_oscore_open_response(struct gc_oscore_context *context, const struct gc_message *outer, unsigned flags,
                                    const struct gc_oscore_binding *binding, struct gc_buf storage, struct gc_oscore_opened *opened)
  __attribute__((warn_unused_result));

/** Intermediate values of the last message, for tests and comparison with other implementations; each gc_buf that has room
 *  is filled. It holds secrets. NULL: none. */
struct gc_oscore_trace {
  struct gc_buf aad_array, enc_structure, nonce, plaintext, ciphertext, countersigned, signature, keystream_info, keystream;
};
void gc_oscore_context_trace(struct gc_oscore_context *context, struct gc_oscore_trace *trace);

#endif
