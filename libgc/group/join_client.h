/* A node that joins a group at its Group Manager, and what a member asks of it afterwards: token from the Authorization Server,
 * upload of the token, Join Request with proof of possession, checks of the answer (RFC 9200; RFC 9203; RFC 9594; draft-ietf-
 * ace-key-groupcomm-oscore). No I/O: it sits on a gc_client, which carries its messages, and on the same clock.
 *
 * One operation at a time. Whatever an operation lacks is fetched first: a token where there is none, an OSCORE Security Context
 * with the Group Manager (the association) where there is none, or where the Group Manager has lost it. */
#ifndef GC_GROUP_JOIN_CLIENT_H
#define GC_GROUP_JOIN_CLIENT_H

#include "ace/creds.h"
#include "ace/membership.h"
#include "ace/oscore_profile.h"
#include "ace/scope.h"
#include "ace/token.h"
#include "group/client.h"

#define GC_JOIN_TOKEN_MAX_LEN 4096     /* bytes of an access token, of the material it is bound to */
#define GC_JOIN_BODY_MAX_LEN (1u << 20) /* bytes of an answer: some thousand credentials */
#define GC_JOIN_DETAIL_MAX 256          /* characters with the NUL */
#define GC_JOIN_PATH_MAX 256            /* characters of a path, with the NUL */

struct gc_join;

/** Whom to ask. Borrowed: it lives as long as the gc_join. */
struct gc_join_server {
  struct gc_addr addr;
  uint32_t ifindex;
  const char *host; /* for Uri-Host; NULL: none */
  const char *path; /* as in a URI: "/token"; of a Group Manager its group-membership resource: "/ace-group/lights" */
};

/** Borrowed where it points: key pair, credential and texts live as long as the gc_join. */
struct gc_join_params {
  struct gc_join_server gm;
  bool has_as;                     /* no: hints of the Group Manager say which (gc_join_ops.find_as) */
  struct gc_join_server as;        /* its token endpoint */
  struct gc_oscore_context *as_context; /* NULL: no token can be had, one must be given (gc_join_resume) */
  struct gc_oscore_ring *as_ring;
  struct gc_bytes audience;        /* text; empty: what hints say, or the Authorization Server's default */
  struct gc_bytes gname;           /* the group's name */
  uint64_t roles;                  /* GC_ROLE_ bits */
  const struct gc_key_pair *pair;  /* NULL: a pure monitor, without credential */
  struct gc_bytes cred;
  enum gc_cred_fmt cred_fmt;
  struct gc_bytes control_uri;     /* text; empty: none */
  bool wants_creds;                /* get_creds: null */
  uint32_t wait_ms;                /* for one answer: 30 000 */
  uint32_t patience_ms;            /* of all waiting that a Max-Age asks for, in one operation: 120 000 */
  bool asks_infos;                 /* upload with sign_info, ecdh_info, kdc_dh_creds: true */
};

/** The defaults; gm, gname, roles and key are the caller's. */
struct gc_join_params gc_join_params_default(void);

/** What a client asks of a Group Manager. */
enum gc_join_operation {
  GC_JOIN_JOIN,     /* POST of the group: a member afterwards, or a member anew */
  GC_JOIN_KEYS,     /* GET of the group: current keying material */
  GC_JOIN_NODE,     /* GET of nodes/N: the same, with the Sender ID */
  GC_JOIN_RENEW,    /* POST of nodes/N: a new Sender ID, or new keying material for all */
  GC_JOIN_CREDS,    /* GET or FETCH of creds */
  GC_JOIN_KDC_CRED, /* GET of kdc-cred */
  GC_JOIN_POLICIES,
  GC_JOIN_NUM,      /* Key Generation Number */
  GC_JOIN_ACTIVE,
  GC_JOIN_STALE,    /* FETCH of stale-sids */
  GC_JOIN_CRED,     /* POST of nodes/N/cred: another credential */
  GC_JOIN_LEAVE,    /* DELETE of nodes/N */
  GC_JOIN_OBSERVE,  /* GET of the group with Observe: rekeyings, until gc_join_stop_observing */
  GC_JOIN_WATCH_NODE, /* GET of nodes/N with Observe: eviction */
  GC_JOIN_WATCH_ACTIVE, /* GET of active with Observe: may members send? */
  GC_JOIN_OPERATIONS
};

/** "join", "keys" …; never NULL. */
const char *gc_join_operation_name(enum gc_join_operation operation);

/** How an operation ended. */
enum gc_join_result {
  GC_JOIN_DONE = 0,
  GC_JOIN_UNANSWERED,   /* no answer, or RST; detail says to what */
  GC_JOIN_NOT_SENT,     /* err says why; gc_client_protect_result where the request could not be protected */
  GC_JOIN_INSECURE,     /* an answer that does not verify, or is not protected where it must be */
  GC_JOIN_MALFORMED,    /* an answer that says nothing usable; detail says what is wrong */
  GC_JOIN_NO_TOKEN,     /* the Authorization Server refused: code, and error of enum gc_token_error */
  GC_JOIN_TOKEN_REFUSED, /* the Group Manager did not take the token: code */
  GC_JOIN_UNTRUSTED_AS, /* hints name an Authorization Server that is not allowed; detail: its URI */
  GC_JOIN_NO_AS,        /* no Authorization Server is known: none given, no hints */
  GC_JOIN_REFUSED,      /* the Group Manager refused: code, and error of enum gc_groupcomm_error where has_error */
  GC_JOIN_KEY_UNSUITABLE, /* the group wants keys of another algorithm, curve or format; detail says which */
  GC_JOIN_BAD_PROOF,    /* the proof of the Group Manager does not verify: it is discarded (Section 6.4) */
  GC_JOIN_BUSY,         /* it wants to be asked later than patience allows: code */
  GC_JOIN_FAILED,       /* no memory, or a callback failed: err */
  GC_JOIN_RESULTS
};

/** A phrase for people, lower case; never NULL. */
const char *gc_join_result_str(enum gc_join_result result);

/** How an operation ended, and what it found. Borrowed for the call. */
struct gc_join_answer {
  enum gc_join_operation operation;
  enum gc_join_result result;
  bool is_notification;        /* of OBSERVE and WATCH_…: more will come unless is_end */
  bool is_end;                 /* of OBSERVE and WATCH_…: the observation is over */
  uint8_t code;                /* response code; 0: none came */
  bool has_error;
  int64_t error;               /* enum gc_token_error or enum gc_groupcomm_error */
  enum gc_err err;
  char detail[GC_JOIN_DETAIL_MAX]; /* for people; may be empty; text of peers is made printable */
  /* of DONE */
  const struct gc_groupcomm *message; /* NULL: the answer is none */
  struct gc_membership membership;    /* JOIN, KEYS, NODE; OBSERVE's first answer; RENEW where has_membership (a rekeying message has none) */
  bool has_membership;
  const char *node;            /* JOIN: path of the node's own resource, as in a URI */
  uint64_t num;                /* NUM */
  bool is_active;              /* ACTIVE, WATCH_ACTIVE */
  bool forgets_all;            /* STALE: the Group Manager does not know any more: all are stale */
  struct gc_bytes stale;       /* STALE: encoded array of Sender IDs */
  bool nothing_found;          /* CREDS: no member matches; POLICIES: there are none. No message then */
};

/** A token and what it is bound to: to be kept, and given back to gc_join_resume. Secret. Borrowed. */
struct gc_join_token {
  struct gc_bytes token;       /* empty: it updates the rights of the association, and could not make another */
  struct gc_bytes material;    /* encoded OSCORE_Input_Material */
  bool has_expires_in;
  uint64_t expires_in_s;       /* from now */
  uint64_t roles;              /* those granted in this group */
};

struct gc_join_ops {
  /** An operation has ended, or an observation has news. gc_join_ask may be called from here. */
  void (*done)(void *ctx, const struct gc_join_answer *answer);
  /** A token came. NULL: not wanted. */
  void (*token)(void *ctx, const struct gc_join_token *token);
  /** Make the Security Context with the Group Manager; *context and *ring stay valid until the next call of this, or the end
   *  of the gc_join. An error ends the operation. */
  enum gc_err (*associate)(void *ctx, const struct gc_oscore_profile_context *derived, struct gc_oscore_context **context,
                           struct gc_oscore_ring **ring);
  /** Hints of the Group Manager name an Authorization Server: is it allowed? Fill *as, with the path of its token endpoint, and
   *  the context for it. GC_E_NOT_FOUND: not allowed. NULL: none is. */
  enum gc_err (*find_as)(void *ctx, const struct gc_as_hints *hints, struct gc_join_server *as, struct gc_oscore_context **context,
                         struct gc_oscore_ring **ring);
  /** What is happening, for a log: "token received" …, static; never secret. NULL: not wanted. */
  void (*step)(void *ctx, const char *what);
  void *ctx;
};

/** NULL: no memory. Nothing is sent yet. The client outlives it. */
struct gc_join *gc_join_new(const struct gc_join_params *params, const struct gc_join_ops *ops, struct gc_client *client, struct gc_rng rng);

/** Wipes what is secret. Its exchanges end first, without a word to the servers. */
void gc_join_free(struct gc_join **join, uint64_t now_ms);

/** What earlier runs have kept; any part may be missing (NULL, empty). Before the first operation. */
struct gc_join_kept {
  struct gc_bytes token, material;
  struct gc_oscore_context *context; /* the association */
  struct gc_oscore_ring *ring;
  const char *node;                  /* path of the node's own resource */
  struct gc_bytes n_s;               /* latest kdcchallenge */
  struct gc_bytes n_c;               /* of the Join Request: GET of kdc-cred proves with it */
  struct gc_bytes dh_cred;           /* of the Group Manager of a pairwise-only group, where proofs are MACs; empty: of another group */
};
/** GC_OK; GC_E_RANGE: something too long; GC_E_MALFORMED: dh_cred */
enum gc_err gc_join_resume(struct gc_join *join, const struct gc_join_kept *kept) GC_MUST_CHECK;

/** N_S and N_C as they are now, to be kept; empty: none. */
struct gc_bytes gc_join_challenge(const struct gc_join *join);
struct gc_bytes gc_join_nonce(const struct gc_join *join);

/** What an operation needs beside its name. */
struct gc_join_question {
  const struct gc_creds_filter *filter; /* CREDS: NULL or is_all: everything */
  uint64_t num;                         /* STALE: the Key Generation Number that is still held */
  const struct gc_key_pair *pair;       /* CRED: the new key; borrowed until the operation has ended, and afterwards where it is DONE */
  struct gc_bytes cred;
};

/**
 * Ask; requests leave with the next gc_join_tick. OBSERVE and WATCH_… end with their first answer; what comes afterwards is told
 * while other operations go on.
 * @param question NULL: nothing needed
 * @return GC_OK; GC_E_STATE: an operation is under way, or it needs a node resource and there is none; GC_E_RANGE: roles that
 *         no node can join with, no key where roles need one; a filter that FETCH may not have
 */
enum gc_err gc_join_ask(struct gc_join *join, enum gc_join_operation operation, const struct gc_join_question *question) GC_MUST_CHECK;

/** The next operation begins with another token. For one that is about to expire, with which the membership would end (RFC 9594,
 *  Section 5). Where there is an association its rights are updated (RFC 9203, Sections 3.1 and 4.1) and it goes on; where that is
 *  refused, or there is none, another is made. GC_E_STATE: an operation is under way, or no other token could be had */
enum gc_err gc_join_renew_token(struct gc_join *join) GC_MUST_CHECK;

/** Is an operation under way? */
bool gc_join_is_busy(const struct gc_join *join);

/** Give the observations up, and tell the Group Manager so. */
void gc_join_stop_observing(struct gc_join *join, uint64_t now_ms);

/** An event of the client: true where it was one of this. */
bool gc_join_event(struct gc_join *join, const struct gc_client_event *event);

/** Send what is to be sent, and tell what has ended; after each gc_client_receive and gc_client_tick. */
void gc_join_tick(struct gc_join *join, uint64_t now_ms);

/** 0: at once; UINT64_MAX: nothing is due. */
uint64_t gc_join_deadline(const struct gc_join *join);

#endif
