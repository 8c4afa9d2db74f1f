/* What the files of the Group Manager share. Not for callers.
 *
 *   group_manager.c   which resource, which method, by whom: one table
 *   gm_transaction.c  transactions, and events after them
 *   gm_config.c       configurations, and the parameters of a group's Security Context
 *   gm_answer.c       refusals, keying material and credentials in responses
 *   gm_info.c         sign_info, ecdh_info, kdc_dh_creds, challenges: before a node joins
 *   gm_join.c         Join Requests
 *   gm_resources.c    what members and signature verifiers read
 *   gm_nodes.c        nodes/N and nodes/N/cred
 *   gm_members.c      Sender IDs given and taken back, memberships that end
 *   gm_rekey.c        new generations of keying material
 *   gm_tick.c         expiry, commands
 */
#ifndef GC_ACE_GM_INTERNAL_H
#define GC_ACE_GM_INTERNAL_H

#include "ace/creds.h"
#include "ace/group_manager.h"
#include "ace/key_info.h"
#include "ace/membership.h"
#include "ace/problem.h"

#define GC_GM_PEERS_MAX 4096
#define GC_GM_EVICTIONS_MAX 256 /* in one transaction */

/** A group's volatile side. */
struct gc_gm_batch {
  bool is_open;
  uint64_t num, end_ms; /* new members get this generation until then; the others learn of it then */
};

struct gc_gm_happened {
  enum gc_gm_event_kind kind;
  size_t config;
  uint64_t num;
  const char *why;
  bool has_member, is_batched;
  struct gc_gm_member member;
};

struct gc_gm {
  const struct gc_gm_config *configs;
  size_t config_count;
  struct gc_gm_store store;
  struct gc_gm_ops ops;
  struct gc_rng rng;
  struct gc_gm_batch batches[GC_GM_GROUPS_MAX];
  bool has_next;
  int64_t next_s; /* UTC, of the next expiry */
  struct gc_gm_happened *happened; /* in this transaction */
  size_t happened_count, happened_cap;
  struct gc_peer peers[GC_GM_PEERS_MAX];
  size_t peer_count;
  uint8_t arena[GC_GM_PAYLOAD_MAX_LEN], encoded[GC_GM_PAYLOAD_MAX_LEN]; /* credentials, and their arrays */
  size_t arena_len;
  uint8_t stale[GC_GM_REKEYING_MAX_LEN];
};

/** What is being done in one group. Holds keying material: wiped by whoever made it. */
struct gc_gm_call {
  struct gc_gm *gm;
  size_t index;                       /* of config */
  const struct gc_gm_config *config;
  const struct gc_gm_request *request; /* NULL: nobody asks */
  struct gc_gm_response *response;
  struct gc_gm_time time;
  uint64_t granted;                   /* roles, by the token */
  bool is_member, is_refused;
  const char *why;                    /* of a refusal */
  struct gc_gm_member member;
  struct gc_gm_group group;
};

#define GM_STORE(gm, operation, ...) ((gm)->store.ops->operation((gm)->store.ctx, __VA_ARGS__))

static inline struct gc_bytes gc_gm_gid(const struct gc_gm_group *group)
{
  return gc_bytes(group->gid, group->gid_len);
}

static inline struct gc_bytes gc_gm_sender_id(const struct gc_gm_member *member)
{
  return gc_bytes(member->sender_id, member->sender_id_len);
}

static inline struct gc_bytes gc_gm_who(const struct gc_gm_client *client)
{
  return gc_bytes(client->identity, client->identity_len);
}

static inline bool gc_gm_is_pairwise_only(const struct gc_gm_config *config)
{
  return !gc_gm_signs(config);
}

/** Roles that can be had: what a monitor would read, and a proof for it, a pairwise-only group does not have. */
static inline uint64_t gc_gm_roles(const struct gc_gm_config *config)
{
  return gc_gm_signs(config) ? config->roles : config->roles & ~(uint64_t)GC_ROLE_MONITOR;
}

/* gm_transaction.c */
/** Remember an event until the transaction is on the disk. member NULL: none. GC_E_MEMORY */
enum gc_err gc_gm_happens(struct gc_gm_call *call, enum gc_gm_event_kind kind, const struct gc_gm_member *member, const char *why) GC_MUST_CHECK;
/** Run `act` as one transaction. */
enum gc_err gc_gm_transact(struct gc_gm_call *call, enum gc_err (*act)(struct gc_gm_call *call, void *arg), void *arg) GC_MUST_CHECK;
/** The same about the group of this name. GC_E_NOT_FOUND: none is configured */
enum gc_err gc_gm_transact_in(struct gc_gm *gm, const char *group, const struct gc_gm_time *time,
                              enum gc_err (*act)(struct gc_gm_call *call, void *arg), void *arg) GC_MUST_CHECK;
/** A call about a configured group; the group is read inside the transaction. */
struct gc_gm_call gc_gm_call(struct gc_gm *gm, size_t index, const struct gc_gm_time *time);
/** Read the group. */
enum gc_err gc_gm_load(struct gc_gm_call *call) GC_MUST_CHECK;

/* group_manager.c */
/** The place of the group of this name. GC_E_NOT_FOUND */
enum gc_err gc_gm_index(const struct gc_gm *gm, struct gc_bytes name, size_t *out) GC_MUST_CHECK;

/* gm_config.c */
/** Borrows from both. */
struct gc_oscore_params gc_gm_params(const struct gc_gm_config *config, const struct gc_gm_group *group);
uint8_t gc_gm_ecdh_curve(const struct gc_gm_config *config);
uint8_t gc_gm_sender_id_max(const struct gc_gm_config *config);

/* gm_answer.c */
enum { GC_GM_NO_ERROR_ID = -1 };
/** Answer with problem details; without an error-id, which those must have (RFC 9594, Section 4.1.2), with a diagnostic payload.
 *  detail: static; NULL: the title of the error says it all. */
enum gc_err gc_gm_refuse(struct gc_gm_call *call, uint8_t code, int error_id, const char *detail) GC_MUST_CHECK;
enum gc_err gc_gm_answer(struct gc_gm_call *call, const struct gc_groupcomm *message) GC_MUST_CHECK;
/** The same with credentials in it, whose outcome so far is err: where there is no room for them the client is told what it can do instead. */
enum gc_err gc_gm_answer_creds(struct gc_gm_call *call, enum gc_err err, const struct gc_groupcomm *message) GC_MUST_CHECK;
/** Put gkty, key, num, profile, exp and exi into a message. room: 256 bytes; secret */
enum gc_err gc_gm_put_keys(struct gc_gm_call *call, enum gc_material_use use, const struct gc_bytes *sender_id, struct gc_groupcomm *message,
                           struct gc_buf *room) GC_MUST_CHECK;
/** Put kdc_cred, kdc_nonce and kdc_cred_verify. peer: of the MAC; NULL with signatures. room: 256 bytes */
enum gc_err gc_gm_put_proof(struct gc_gm_call *call, struct gc_bytes n_c, const struct gc_public_key *peer, struct gc_groupcomm *message,
                            struct gc_buf *room) GC_MUST_CHECK;
/** Collect the members that have a credential and are chosen, and put their three arrays. */
enum gc_err gc_gm_put_peers(struct gc_gm_call *call, bool (*chosen)(const struct gc_gm_call *, const struct gc_gm_member *, const void *),
                            const void *arg, struct gc_groupcomm *message) GC_MUST_CHECK;
/** Append the array of the Sender IDs in the sets first … last, each once. */
enum gc_err gc_gm_write_stale(struct gc_gm_call *call, uint64_t first, uint64_t last, struct gc_buf *out) GC_MUST_CHECK;

/* gm_info.c */
enum gc_err gc_gm_refuse_join(struct gc_gm_call *call, const char *why) GC_MUST_CHECK;
/** Is the evidence right? N_S is the client's challenge, which it has. */
bool gc_gm_is_proved(const struct gc_gm_call *call, const struct gc_public_key *key, struct gc_bytes scope, struct gc_bytes n_c, struct gc_bytes evidence);
/** NULL, or why the group cannot use such a credential. */
const char *gc_gm_cred_fault(const struct gc_gm_config *config, struct gc_bytes cred, struct gc_credential *out);

/* gm_members.c */
/** A Sender ID that nobody has had under this Gid. GC_E_END: there is none */
enum gc_err gc_gm_give_sender_id(struct gc_gm_call *call, struct gc_gm_member *member) GC_MUST_CHECK;
/** The member's Sender ID becomes stale. */
enum gc_err gc_gm_take_sender_id(struct gc_gm_call *call, struct gc_gm_member *member) GC_MUST_CHECK;
/** The membership ends; the rekeying is the caller's matter. */
enum gc_err gc_gm_remove(struct gc_gm_call *call, const struct gc_gm_member *member, enum gc_gm_event_kind kind, const char *why) GC_MUST_CHECK;
/** Rekey where too many Sender IDs have become stale. */
enum gc_err gc_gm_bound_stale(struct gc_gm_call *call) GC_MUST_CHECK;

/* gm_rekey.c */
enum gc_err gc_gm_make_group(struct gc_gm_call *call) GC_MUST_CHECK;
/** A new generation; is_batched: the others are told when the batch ends. A group that has no Gid left becomes inactive. */
enum gc_err gc_gm_new_keys(struct gc_gm_call *call, const char *why, bool is_batched) GC_MUST_CHECK;
/** Are the keys due to be replaced? */
bool gc_gm_keys_end(const struct gc_gm_call *call);

/* the handlers: gm_join.c, gm_resources.c, gm_nodes.c */
enum gc_err gc_gm_join(struct gc_gm_call *call);
enum gc_err gc_gm_names(struct gc_gm_call *call);
enum gc_err gc_gm_keys(struct gc_gm_call *call);
enum gc_err gc_gm_own_keys(struct gc_gm_call *call);
enum gc_err gc_gm_active(struct gc_gm_call *call);
enum gc_err gc_gm_verif_data(struct gc_gm_call *call);
enum gc_err gc_gm_creds(struct gc_gm_call *call);
enum gc_err gc_gm_creds_by_filter(struct gc_gm_call *call);
enum gc_err gc_gm_kdc_cred(struct gc_gm_call *call);
enum gc_err gc_gm_kdc_cred_for_verifier(struct gc_gm_call *call);
enum gc_err gc_gm_stale_sids(struct gc_gm_call *call);
enum gc_err gc_gm_policies(struct gc_gm_call *call);
enum gc_err gc_gm_num(struct gc_gm_call *call);
enum gc_err gc_gm_renew(struct gc_gm_call *call);
enum gc_err gc_gm_leave(struct gc_gm_call *call);
enum gc_err gc_gm_new_cred(struct gc_gm_call *call);

#endif
