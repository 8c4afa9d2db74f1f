/* Within group/: the state of joining, and the steps that each file contributes. */
#ifndef GC_GROUP_JOIN_INTERNAL_H
#define GC_GROUP_JOIN_INTERNAL_H

#include "ace/proof.h"
#include "group/join_client.h"

enum { GC_JOIN_NONCE_CAP = 64, GC_JOIN_OPTIONS_CAP = 1024, GC_JOIN_CHALLENGES_MAX = 3 };

/** What is under way. */
enum gc_join_stage { GC_JOIN_AT_REST, GC_JOIN_AT_HINTS, GC_JOIN_AT_TOKEN, GC_JOIN_AT_UPLOAD, GC_JOIN_AT_QUESTION };

/** An answer as it came, copied: the exchange that brought it is over when it is judged. */
struct gc_join_record {
  bool has_answer;
  bool is_protected;    /* by the context of the request, or none was expected */
  enum gc_sec result;   /* where it is not: why */
  uint8_t code;
  int32_t content_format; /* -1: none */
  bool has_max_age;
  uint32_t max_age_s;
  char location[GC_JOIN_PATH_MAX];
  uint8_t *body;
  size_t body_len, body_cap;
  const char *silence;  /* where there is no answer: what the client says, or NULL */
};

enum { GC_JOIN_OBSERVATIONS = 3 }; /* OBSERVE, WATCH_NODE, WATCH_ACTIVE */

/** One request of ours: the user pointer of its exchange. */
struct gc_join_slot {
  struct gc_join *join;
  struct gc_exchange *exchange;
  enum gc_join_operation operation; /* of observations */
  bool is_ended;                    /* the exchange is over and the record is to be judged */
  struct gc_join_record record;
};

struct gc_join_nonce {
  uint8_t bytes[GC_JOIN_NONCE_CAP];
  size_t len;
};

/** Secret memory. */
struct gc_join_secrets {
  uint8_t token[GC_JOIN_TOKEN_MAX_LEN], material[GC_JOIN_TOKEN_MAX_LEN];
  size_t token_len, material_len;
};

struct gc_join {
  struct gc_join_params params;
  struct gc_join_ops ops;
  struct gc_client *client;
  struct gc_rng rng;
  enum gc_join_stage stage;
  enum gc_join_operation operation;
  struct gc_join_question question;
  struct gc_creds_filter filter;
  bool is_pending;               /* a request is to be sent, from not_before_ms on */
  uint64_t not_before_ms, waited_ms, now_ms; /* now_ms: of the last tick */
  unsigned challenges;           /* Join Requests that were answered with a new challenge */
  bool has_new_token, has_new_association; /* got in this operation: another one would not help */
  bool is_kept_token;            /* the token is from an earlier run */
  bool updates;                  /* the rights of the association that stands are being updated */
  struct gc_join_slot current, observations[GC_JOIN_OBSERVATIONS];
  struct gc_join_secrets *secrets;
  struct gc_oscore_context *context; /* the association; NULL: none */
  struct gc_oscore_ring *ring;
  char node[GC_JOIN_PATH_MAX];   /* empty: none */
  struct gc_join_nonce n_s, n_c, nonce1, id1, cnonce; /* cnonce: of hints */
  char hinted_audience[GC_JOIN_DETAIL_MAX];
  struct gc_bytes audience;      /* the one in use */
  struct gc_public_key dh_peer;  /* the Group Manager's, of pairwise-only groups */
  bool has_dh_peer;
};

/* join_client.c */

/** The operation is over. detail: printable, may be NULL */
void gc_join_end(struct gc_join *join, enum gc_join_result result, const char *detail);

/** gc_join_end with what is in answer already; operation and result are set here. */
void gc_join_end_with(struct gc_join *join, enum gc_join_result result, struct gc_join_answer *answer);

/** Send what the operation needs next, at once or after a while. */
void gc_join_go_on(struct gc_join *join, uint64_t delay_ms);

void gc_join_step(const struct gc_join *join, const char *what);
void gc_join_nonce_fresh(struct gc_join *join, struct gc_join_nonce *nonce, size_t len);
/** Empty where it is too long. */
void gc_join_nonce_set(struct gc_join_nonce *nonce, struct gc_bytes value);

static inline struct gc_bytes gc_join_nonce_bytes(const struct gc_join_nonce *nonce)
{
  return gc_bytes(nonce->bytes, nonce->len);
}

static inline struct gc_bytes gc_join_body(const struct gc_join_slot *slot)
{
  return gc_bytes(slot->record.body, slot->record.body_len);
}

/** Put text of a peer behind what detail holds, printable and cut where it is too long. */
void gc_join_detail_add(char detail[static GC_JOIN_DETAIL_MAX], struct gc_bytes text);

/* join_send.c */

struct gc_join_message {
  const struct gc_join_server *server;
  const char *path;              /* NULL: the server's */
  const char *subpath;           /* behind it: "creds"; NULL: none */
  uint8_t code;
  int32_t content_format;        /* -1: none */
  struct gc_bytes payload;
  struct gc_oscore_context *context;
  struct gc_oscore_ring *ring;
  bool observe;
};

/** Start the request in a slot; where it cannot be sent the operation ends. */
void gc_join_send(struct gc_join *join, struct gc_join_slot *slot, const struct gc_join_message *message, uint64_t now_ms);

/** Keep what an event says; true: a notification, to be told now. */
bool gc_join_record_event(struct gc_join_slot *slot, const struct gc_client_event *event);
void gc_join_record_free(struct gc_join_record *record);

/* join_token.c */
void gc_join_send_hints(struct gc_join *join, uint64_t now_ms);
void gc_join_take_hints(struct gc_join *join);
void gc_join_send_token(struct gc_join *join, uint64_t now_ms);
void gc_join_take_token(struct gc_join *join);

/** Rights cannot be updated: the operation goes on with another token and another association. */
void gc_join_update_anew(struct gc_join *join);
/** The update is done: the operation goes on, and the token is wiped. */
void gc_join_updated(struct gc_join *join);

/* join_upload.c */
void gc_join_send_upload(struct gc_join *join, uint64_t now_ms);
void gc_join_take_upload(struct gc_join *join);

/** Do the entries of sign_info and ecdh_info about this group allow the own key? GC_JOIN_DONE, or KEY_UNSUITABLE with detail.
 *  kdc_dh_creds: the Group Manager's key is kept. Each may be empty. */
enum gc_join_result gc_join_judge_infos(struct gc_join *join, struct gc_bytes sign_info, struct gc_bytes ecdh_info, struct gc_bytes kdc_dh_creds,
                                        char detail[static GC_JOIN_DETAIL_MAX]);

/* join_request.c */
void gc_join_send_join(struct gc_join *join, uint64_t now_ms);
void gc_join_send_cred(struct gc_join *join, uint64_t now_ms);
enum gc_join_result gc_join_read_join(struct gc_join *join, const struct gc_groupcomm *message, struct gc_join_answer *answer);
enum gc_join_result gc_join_read_kdc_cred(struct gc_join *join, const struct gc_groupcomm *message, struct gc_join_answer *answer);

/* join_question.c */
void gc_join_send_question(struct gc_join *join, uint64_t now_ms);
void gc_join_take_question(struct gc_join *join);
void gc_join_take_notification(struct gc_join *join, struct gc_join_slot *slot, bool is_end);

/* join_refusal.c */

/** An answer of the Group Manager that is no success: go on (true), or end the operation. */
void gc_join_take_refusal(struct gc_join *join, struct gc_join_slot *slot);

/** Code and problem details of a refusal, in answer. */
void gc_join_read_refusal(const struct gc_join_slot *slot, struct gc_join_answer *answer);

/** Come back later, where the answer says when and patience allows that; else the operation ends. */
void gc_join_wait(struct gc_join *join, const struct gc_join_slot *slot);

/** Nothing usable came: the operation ends. who: "the Group Manager" */
void gc_join_take_silence(struct gc_join *join, const struct gc_join_slot *slot, const char *who);

#endif
