/* The Group Manager: what a member or a signature verifier may ask, what it is answered, and what follows for the others (RFC
 * 9594, Section 4; draft-ietf-ace-key-groupcomm-oscore, Sections 6 to 11). No I/O: requests, both clocks, randomness and the
 * store are passed in. One request is one transaction of the store: it happens as a whole or not at all, and events are told
 * after it is on the disk only. */
#ifndef GC_ACE_GROUP_MANAGER_H
#define GC_ACE_GROUP_MANAGER_H

#include "ace/gm_store.h"
#include "ace/groupcomm.h"
#include "ace/proof.h"
#include "ace/scope.h"
#include "base/rng.h"
#include "cose/credential.h"

#define GC_GM_GROUPS_MAX 64
#define GC_GM_SCOPE_MAX_LEN 2048    /* of a token, bytes */
#define GC_GM_PAYLOAD_MAX_LEN (1u << 20) /* of a response, bytes: the credentials of a thousand members, of whatever size; who asks for
                                            more is refused, and asks for some of them */
#define GC_GM_REKEYING_MAX_LEN 65536     /* of a rekeying message, bytes */
#define GC_GM_STALE_MAX 512         /* Sender IDs given back under one Gid; more of them, and the group is rekeyed */

/** A group as it is configured. Everything is borrowed for the life of the Group Manager. Algorithms are COSE numbers. */
struct gc_gm_config {
  const char *name;                     /* of the group, one path segment, at most GC_GROUP_NAME_MAX_LEN bytes */
  int32_t hkdf_alg;
  int32_t group_enc_alg, sign_alg;      /* group mode; 0: a pairwise-only group */
  int32_t aead_alg, ecdh_alg;           /* pairwise mode; 0: a signature-only group */
  uint8_t curve;                        /* of the members' keys: enum gc_curve_id */
  uint8_t ecdh_curve;                   /* that ecdh_params names; 0: the one that belongs to curve */
  enum gc_cred_fmt cred_fmt;
  struct gc_bytes cred;                 /* of the Group Manager, in that format */
  const struct gc_key_pair *pair;       /* that belongs to cred; secret */
  uint64_t roles;                       /* that can be had in the group: GC_ROLE_ bits */
  struct gc_group_policies policies;
  uint32_t lifetime_s;                  /* of keying material: 86400 */
  uint32_t renew_before_s;              /* the group is rekeyed so long before it expires: 600 */
  bool has_backward_security;           /* a new member cannot read what was sent before it joined: the group is rekeyed */
  uint32_t batch_ms;                    /* … but new members that come within this time of the first get one generation: 0 */
  uint32_t max_members;                 /* 1000 */
  uint32_t max_stale_sets;              /* 2 … 16: 3 */
  uint8_t master_secret_len;            /* 16 … 32: 16 */
  uint8_t master_salt_len;              /* 0 … 8: 8; 0: the Master Salt of a rekeyed group is empty */
  uint8_t gid_epoch_len;                /* bytes of a Gid that count rekeyings: 3 */
  struct gc_bytes gid_prefix;           /* what is before them; empty: three random bytes */
  bool reuses_gids;                     /* once all have been used; else the group ends there */
  uint8_t max_sender_id_len;            /* at most the nonce length less 6: 2 */
};

/** The defaults, with EdDSA and both modes; name, cred and pair are the caller's to set. */
struct gc_gm_config gc_gm_config_default(void);

/** NULL, or what is wrong with it: lower case, static. */
const char *gc_gm_config_fault(const struct gc_gm_config *config);

/** Does the group use the group mode? The pairwise mode? */
static inline bool gc_gm_signs(const struct gc_gm_config *config)
{
  return config->sign_alg != 0;
}
static inline bool gc_gm_is_pairwise(const struct gc_gm_config *config)
{
  return config->ecdh_alg != 0;
}

/* --- clients ------------------------------------------------------------------------------------------------------------- */

/**
 * One that has uploaded a token: who it is, what it may, and the challenge it was given last. Volatile: after a restart the
 * client uploads its token again (RFC 9203, Section 4.3). The caller keeps one for each secure association.
 */
struct gc_gm_client {
  uint8_t identity[GC_GM_IDENTITY_MAX_LEN]; /* of the token, the same for a later token of the same client: gc_gm_identity_set */
  size_t identity_len;
  uint8_t scope[GC_GM_SCOPE_MAX_LEN]; /* what is in the byte string of the token's scope */
  size_t scope_len;
  int64_t expires_s;                  /* UTC; GC_GM_NEVER: no expiry */
  bool has_challenge;
  uint8_t challenge[GC_PROOF_NONCE_LEN]; /* kdcchallenge: N_S */
};

/** The identity of (iss, sub); either may be empty, not both. GC_E_RANGE: too long, or both empty */
enum gc_err gc_gm_identity_set(struct gc_gm_client *client, struct gc_bytes issuer, struct gc_bytes subject) GC_MUST_CHECK;

/* --- requests ------------------------------------------------------------------------------------------------------------ */

/** Both clocks at one moment. */
struct gc_gm_time {
  uint64_t now_ms; /* that never goes back */
  int64_t now_s;   /* UTC, seconds since 1970-01-01T00:00:00Z */
};

/** Borrowed for the call. */
struct gc_gm_request {
  struct gc_gm_client *client;  /* NULL: nothing protects the request; its challenge may be replaced */
  uint8_t method;               /* CoAP: 1 GET, 2 POST, 3 PUT, 4 DELETE, 5 FETCH */
  const struct gc_bytes *path;  /* segments: "ace-group", "lights", "nodes", "n1" */
  size_t path_count;
  int32_t content_format;       /* -1: none */
  struct gc_bytes payload;
  struct gc_gm_time time;
};

struct gc_gm_response {
  uint8_t code;
  int32_t content_format; /* -1: none */
  int64_t max_age_s;      /* -1: no option */
  bool has_location;      /* Location-Path: ace-group, group, nodes, node */
  const char *group;      /* of the location */
  char node[GC_GM_NODE_MAX];
  struct gc_buf payload;  /* the caller's; GC_GM_PAYLOAD_MAX_LEN bytes. Secret: wipe it */
};

/** What has happened, told once it is on the disk. Borrowed for the call. */
enum gc_gm_event_kind {
  GC_GM_JOINED,       /* nodes/N and nodes/N/cred are there now */
  GC_GM_REJOINED,     /* a member has a new Sender ID, and perhaps other roles */
  GC_GM_LEFT,         /* by itself: its resources are gone */
  GC_GM_EVICTED,      /* its resources are gone; it is to be told: DELETE to its control URI, or 4.04 to its observation */
  GC_GM_RENEWED,      /* a new Sender ID */
  GC_GM_CRED_CHANGED, /* a new credential */
  GC_GM_REKEYED,      /* a new generation is there: gc_gm_rekeying_message to all that gc_gm_members tells to need it, and the
                         observers of the group and of its nodes. It may be old by batch_ms */
  GC_GM_INACTIVE,     /* nobody joins, nobody sends: by command, or for want of a Gid, and so of keying material for those who remain */
  GC_GM_ACTIVE,       /* it is over, by command */
  GC_GM_REFUSED,      /* a request that changed nothing: for the log */
};

struct gc_gm_event {
  enum gc_gm_event_kind kind;
  const char *group;                 /* NULL: REFUSED, and it was about none that is known */
  uint64_t num;
  const struct gc_gm_member *member; /* the one it is about, as it is or was; NULL: REKEYED, INACTIVE, ACTIVE; REFUSED of a stranger */
  const char *why;                   /* EVICTED, REKEYED, INACTIVE, ACTIVE, REFUSED: static phrase */
};

/** "joined", "evicted" …; never NULL. */
const char *gc_gm_event_name(enum gc_gm_event_kind kind);

struct gc_gm_ops {
  /** After the transaction, in order; must not call the Group Manager again but for gc_gm_members and gc_gm_rekeying_message. */
  void (*event)(void *ctx, const struct gc_gm_event *event);
  void *ctx;
};

struct gc_gm;

/**
 * @param configs borrowed, as all they point to
 * @param store   outlives the Group Manager; groups that it does not have yet are made
 * @param[out] why static phrase on an error; NULL allowed
 * @return GC_OK; GC_E_RANGE: a configuration that cannot be; GC_E_LIMIT: more than GC_GM_GROUPS_MAX; GC_E_EXISTS: a name twice;
 *         GC_E_MEMORY; what the store answers
 */
enum gc_err gc_gm_new(struct gc_gm **out, const struct gc_gm_config *configs, size_t count, const struct gc_gm_store *store,
                      const struct gc_gm_ops *ops, struct gc_rng rng, const struct gc_gm_time *time, const char **why) GC_MUST_CHECK;
void gc_gm_free(struct gc_gm **gm);

/**
 * Answer one request. Every error has problem details, or what Section 6.2 wants of a refused Join Request, or, where no error is
 * registered for it, a diagnostic payload.
 * @return GC_OK: response is filled (an error code too); what the store answers: response is a 5.00, and nothing has changed
 */
enum gc_err gc_gm_handle(struct gc_gm *gm, const struct gc_gm_request *request, struct gc_gm_response *response);

/** Expiry of tokens and of keying material, and the end of batches: what is due happens. @return as gc_gm_handle; what could not
 *  be done is tried again at the next call */
enum gc_err gc_gm_tick(struct gc_gm *gm, const struct gc_gm_time *time);

/** In how many ms gc_gm_tick wants to be called; UINT64_MAX: not before something happens. The clock may be set meanwhile: where something
 *  expires, it is looked at each minute. */
uint64_t gc_gm_wait_ms(struct gc_gm *gm, const struct gc_gm_time *time);

/**
 * A client's rights have changed by a newer token: memberships it is no more entitled to end, the others last as long as the token.
 */
enum gc_err gc_gm_authorize(struct gc_gm *gm, const struct gc_gm_client *client, const struct gc_gm_time *time) GC_MUST_CHECK;

/* By command. GC_OK; GC_E_NOT_FOUND: no such group, or member; GC_E_LIMIT: no Gid left; what the store answers */
enum gc_err gc_gm_rekey(struct gc_gm *gm, const char *group, const struct gc_gm_time *time) GC_MUST_CHECK;
enum gc_err gc_gm_set_active(struct gc_gm *gm, const char *group, bool is_active) GC_MUST_CHECK;

/** @param member a node name, or the Sender ID in hexadecimal after "0x", or the subject of its token */
enum gc_err gc_gm_evict(struct gc_gm *gm, const char *group, const char *member, const struct gc_gm_time *time) GC_MUST_CHECK;

/* --- token transfer ------------------------------------------------------------------------------------------------------ */

/** Is there an entry in the scope that means something here: a group that is known, with roles it has (SC-10)? */
bool gc_gm_knows_scope(const struct gc_gm *gm, struct gc_bytes scope);

/** Give the client a new kdcchallenge. */
void gc_gm_challenge(struct gc_gm *gm, struct gc_gm_client *client);

/** Does the scope grant a role for which a credential is to be proved: is a kdcchallenge due? */
bool gc_gm_needs_challenge(const struct gc_gm *gm, struct gc_bytes scope);

/** Append sign_info, ecdh_info, kdc_dh_creds of the groups in the scope; nothing where no group has any. GC_E_SPACE */
enum gc_err gc_gm_sign_info(const struct gc_gm *gm, struct gc_bytes scope, struct gc_buf *out) GC_MUST_CHECK;
enum gc_err gc_gm_ecdh_info(const struct gc_gm *gm, struct gc_bytes scope, struct gc_buf *out) GC_MUST_CHECK;
enum gc_err gc_gm_dh_creds(const struct gc_gm *gm, struct gc_bytes scope, struct gc_buf *out) GC_MUST_CHECK;

/* --- telling the members --------------------------------------------------------------------------------------------------- */

/** A configuration by name or by place; NULL: none. */
const struct gc_gm_config *gc_gm_config_of(const struct gc_gm *gm, struct gc_bytes name);
const struct gc_gm_config *gc_gm_config_at(const struct gc_gm *gm, size_t index);

/**
 * The message of the latest rekeying (Section 11.1), the same for all: Content-Format 261. Appended; secret.
 * @return GC_OK; GC_E_NOT_FOUND; GC_E_STATE: the group has not been rekeyed yet; GC_E_SPACE; what the store answers
 */
enum gc_err gc_gm_rekeying_message(struct gc_gm *gm, const char *group, const struct gc_gm_time *time, struct gc_buf *out) GC_MUST_CHECK;

/** Every member of a group, in the order they joined. needs_rekeying: it joined before the current generation. `each` answers
 *  whether to go on. */
enum gc_err gc_gm_members(struct gc_gm *gm, const char *group,
                          bool (*each)(void *ctx, const struct gc_gm_member *member, bool needs_rekeying), void *ctx) GC_MUST_CHECK;

/** The one with this identity (gc_gm_client) in the same way. GC_E_NOT_FOUND: no such group, or member */
enum gc_err gc_gm_member(struct gc_gm *gm, const char *group, struct gc_bytes identity,
                         bool (*each)(void *ctx, const struct gc_gm_member *member, bool needs_rekeying), void *ctx) GC_MUST_CHECK;

#endif
