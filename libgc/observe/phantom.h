/* The phantom request and what answers it (draft-ietf-core-observe-multicast-notifications, Sections 4.1, 4.2.2 and 5). */
#ifndef GC_OBSERVE_PHANTOM_H
#define GC_OBSERVE_PHANTOM_H

#include "base/addr.h"
#include "coap/message.h"

/**
 * Append what ph_req and last_notif carry of a message: code ‖ options ‖ [ff ‖ payload] (Section 4.2.2).
 * GC_E_SPACE: nothing appended
 */
enum gc_err gc_transport_independent_write(struct gc_buf *out, const struct gc_message *message) GC_MUST_CHECK;

/**
 * The phantom request of a ph_req: non-confirmable, Message ID 0, Token T. For Group OSCORE it is a FETCH with outer options
 * (Section 9.2.2) and wants to be opened first, without a replay check.
 * @param[out] out  borrows from token and ph_req; unchanged on an error
 * @return GC_OK; GC_E_TRUNCATED; GC_E_MALFORMED: no GET or FETCH with Observe 0, a damaged option; GC_E_RANGE: token too long
 */
enum gc_err gc_phantom_read(struct gc_message *out, struct gc_bytes token, struct gc_bytes ph_req, struct gc_where *where) GC_MUST_CHECK;

/** Without ph_req: the client's own registration with Token T (Section 5.2, Step 2). Borrows from both; errors as gc_phantom_read. */
enum gc_err gc_phantom_from_request(struct gc_message *out, struct gc_bytes token, const struct gc_message *original,
                                    struct gc_where *where) GC_MUST_CHECK;

/**
 * Would a cached response to the phantom request answer the original one (Section 5.2, Step 3; RFC 7252, Section 5.6)? Both
 * unprotected. Uri-Host and Uri-Port are compared only where the phantom has them: else it is for the server's address,
 * from which the informative response came. No-Response says nothing about the response and is left out.
 */
bool gc_phantom_answers(const struct gc_message *phantom, const struct gc_message *original);

/** The notification of a last_notif, as gc_phantom_read. GC_E_MALFORMED: not a response */
enum gc_err gc_last_notif_read(struct gc_message *out, struct gc_bytes token, struct gc_bytes last_notif, struct gc_where *where) GC_MUST_CHECK;

/* --- what arrives ---------------------------------------------------------------------------------------------- */

/** A group observation at a client. */
struct gc_group_observation {
  struct gc_addr server, group;
  uint8_t token[GC_TOKEN_MAX_LEN];
  uint8_t token_len;
  bool has_baseline;   /* a notification has been taken: the next one must be newer */
  uint32_t observe;
  uint64_t observe_ms;
};

/** token: 0 … GC_TOKEN_MAX_LEN bytes, else GC_E_RANGE */
enum gc_err gc_group_observation_init(struct gc_group_observation *observation, const struct gc_addr *server, const struct gc_addr *group,
                                      struct gc_bytes token) GC_MUST_CHECK;

/** Is the message for this observation: a non-confirmable response with its Token, from the server, to the group (Section 5.3)?
 *  to: NULL where the destination is not known */
bool gc_group_observation_matches(const struct gc_group_observation *observation, const struct gc_addr *from, const struct gc_addr *to,
                                  const struct gc_message *message);

enum gc_notification {
  GC_NOTIFICATION_NEW,      /* to be shown; it is the baseline now */
  GC_NOTIFICATION_OLD,      /* overtaken by a newer one, or a repetition (RFC 7641, Section 3.4) */
  GC_NOTIFICATION_ENDED,    /* a response without Observe, such as 5.03: the group observation is over (Section 5.4) */
  GC_NOTIFICATION_NEW_KEYS, /* 5.03 without Observe but with a payload: it goes on with the next keying material (Appendix C) */
  GC_NOTIFICATION_UNUSABLE, /* an Observe option that breaks the rules, a code that is no response's */
};

/**
 * Judge a notification, after decryption where it is protected; last_notif first. What protects against replay (Response
 * Number) comes before.
 * @param now_ms when it arrived
 */
enum gc_notification gc_group_observation_take(struct gc_group_observation *observation, const struct gc_message *message, uint64_t now_ms);

#endif
