/* Rough counting of who takes part in a group observation (draft-ietf-core-observe-multicast-notifications, Section 8 and
 * Appendix B; version -05, Section 6 and Appendix B). Both texts say the same. */
#ifndef GC_OBSERVE_COUNTING_H
#define GC_OBSERVE_COUNTING_H

#include "base/rng.h"
#include "coap/builder.h"

/* --- the server's side ----------------------------------------------------------------------------------------- */

struct gc_counting_params {
  uint32_t wanted;        /* M, confirmations per round; at least 1. 8 */
  uint32_t dampener;      /* D, at least 1. 4 */
  uint32_t retry_ratio;   /* ask again with the next notification where E and N differ by more than this factor. 4 */
  uint32_t period;        /* else after that many notifications. 10 */
  double cancel_below;    /* cancel where fewer are left. 0.2 */
  uint64_t wait_ms;       /* MAX_CONFIRMATION_WAIT. 452 s */
  uint8_t lost_percent;   /* known share of round trips that fail, 0 … 99: E is scaled up by it. 0: as the texts have it */
};

/** The values of Appendix B.3, M = 8. */
struct gc_counting_params gc_counting_params_default(void);

/** The observer counter of one group observation. The count is a fraction, as the threshold of 0.2 is: in whole numbers a
 *  dampener of 4 would never let it fall below 3. */
struct gc_counting {
  struct gc_counting_params params;
  double count;         /* COUNT */
  bool is_asking;       /* between the notification that asked and until_ms */
  uint8_t divider;      /* Q of the round */
  double asked;         /* N of the round */
  uint32_t confirmed;   /* R so far */
  bool has_withdrawn;   /* somebody, since the round began */
  uint64_t until_ms;
  uint32_t to_go;       /* notifications before the next round */
  double last_estimate; /* E of the last round, for showing; negative: there was none */
};

/** The counter at 0; the first round is asked for after params.period notifications. GC_E_RANGE: a parameter is out of range */
enum gc_err gc_counting_init(struct gc_counting *counting, const struct gc_counting_params *params) GC_MUST_CHECK;

/** A client has started to take part, a traditional observer converted too. */
void gc_counting_add(struct gc_counting *counting);

/** A client has withdrawn explicitly; not below 0. */
void gc_counting_remove(struct gc_counting *counting);

/** Somebody who need not be a client says that the last one has gone: the next notification asks, and where nobody confirms,
 *  that round is the last. */
void gc_counting_doubt(struct gc_counting *counting);

/**
 * A notification is about to be sent.
 * @param is_success code 2.xx: only such ones ask
 * @param[out] divider Q, for the Feedback-Divider option
 * @return true: it asks, put the option in. In a burst and while answers are collected: false.
 */
bool gc_counting_notify(struct gc_counting *counting, bool is_success, uint64_t now_ms, uint8_t *divider);

/** Does the request only confirm interest: Observe 0 and Feedback-Divider 0? Then it is not answered and not counted as a new
 *  client (Section 8.3.3). */
bool gc_counting_is_confirmation(struct gc_bytes options);

/** Such a request has come. Outside a round it is not counted. */
void gc_counting_confirm(struct gc_counting *counting, uint64_t now_ms);

enum gc_counting_verdict {
  GC_COUNTING_NOTHING, /* not due */
  GC_COUNTING_UPDATED, /* count is the new estimate */
  GC_COUNTING_CANCEL,  /* and it is so low that the group observation is to be cancelled; the count is 0 */
};

/** When gc_counting_tick is due; UINT64_MAX: no round is open. */
uint64_t gc_counting_deadline(const struct gc_counting *counting);

/** End a round that is due: count = COUNT' + (E - N) / D, in one step. Call it before a registration is handled that comes
 *  after the deadline (Section 8.3.3: such ones wait for the update). Who has confirmed is not cancelled, however many have withdrawn
 *  meanwhile. */
enum gc_counting_verdict gc_counting_tick(struct gc_counting *counting, uint64_t now_ms);

/* --- the client's side ----------------------------------------------------------------------------------------- */

/** The draw of Appendix B.2: true with probability 2^-divider; always for 0. */
bool gc_feedback_draw(struct gc_rng rng, uint8_t divider);

/**
 * Does a notification that came over multicast (never last_notif) make this client confirm its interest?
 * @param leisure_ms      Leisure; 5000 is the default of RFC 7252
 * @param[out] delay_ms   after which time, a random part of leisure_ms
 */
bool gc_feedback_wanted(const struct gc_message *notification, uint32_t leisure_ms, struct gc_rng rng, uint32_t *delay_ms);

/** What makes a request a confirmation: Observe 0, an empty Feedback-Divider, No-Response 26. It is a non-confirmable GET (or
 *  FETCH) with the URI, address and port of the original registration. */
void gc_feedback_add_options(struct gc_builder *request);

#endif
