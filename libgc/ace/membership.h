/* From what a Group Manager answers to a Security Context, and back (draft-ietf-ace-key-groupcomm-oscore, Sections 6.3, 6.4 and
 * 11.2; draft-ietf-core-oscore-groupcomm, Section 2.6.3). */
#ifndef GC_ACE_MEMBERSHIP_H
#define GC_ACE_MEMBERSHIP_H

#include "ace/groupcomm.h"
#include "ace/key_info.h"
#include "oscore/context.h"

/** What a member knows of its group. Everything borrows from the response; params.master_secret is secret. */
struct gc_membership {
  struct gc_oscore_params params; /* its name is the caller's to set */
  bool has_sender_id;             /* no: a monitor, or an answer without individual keying material */
  struct gc_bytes sender_id;
  uint64_t num;                   /* Key Generation Number as the Group Manager counts it */
  bool has_exp, has_exi;
  double exp_s;                   /* seconds since 1970-01-01T00:00:00Z */
  uint64_t exi_s;                 /* seconds from reception */
  struct gc_group_policies policies;
  struct gc_bytes det_sender_id;  /* deterministic requests; empty: none */
  struct gc_int_or_text det_hash_alg;
};

/** Does the group use the group mode, and so signatures for proofs? */
static inline bool gc_membership_has_group_mode(const struct gc_membership *membership)
{
  return membership->params.group_enc_alg && membership->params.sign_alg;
}

/**
 * Read a Join Response, or the answer of GET to a group or to nodes/N (Section 6.4: what is absent has its default, or the mode
 * is not used). The proof of the Group Manager is not checked here: see proof.h.
 * @param[out] why static phrase on an error; NULL allowed
 * @return GC_OK; GC_E_MALFORMED: gc_key_distribution_fault, or values that contradict each other; GC_E_UNSUPPORTED: gkty, profile,
 *         format of credentials or an algorithm. On an error *out is unchanged.
 */
enum gc_err gc_membership_read(struct gc_membership *out, const struct gc_groupcomm *response, const char **why) GC_MUST_CHECK;

/**
 * Read the answer of verif-data for a signature verifier (Section 9.6): parameters without a Master Secret, but with the Signature
 * Encryption Key. The credentials of the Group Manager and of the members come from kdc-cred and creds.
 * @return as gc_membership_read, with gc_verif_data_fault
 */
enum gc_err gc_membership_read_verifier(struct gc_membership *out, const struct gc_groupcomm *response, const char **why) GC_MUST_CHECK;

/** What to do with new keying material (Section 11.2). */
enum gc_rekeying_step {
  GC_REKEYING_IGNORE,  /* V' < V + 1 */
  GC_REKEYING_INSTALL, /* V' = V + 1 */
  GC_REKEYING_MISSED,  /* V' > V + 1: stale Sender IDs first (Section 11.3) */
};
enum gc_rekeying_step gc_rekeying_judge(uint64_t own_num, uint64_t new_num);

/**
 * Take a rekeying message over: Master Secret, Gid, Master Salt (empty where none is given), num, expiry; all else stays.
 * Stale Sender IDs are the caller's to remove before (stale_node_ids).
 * @param membership unchanged on an error; afterwards borrows from the message too
 * @return GC_OK; GC_E_MALFORMED: gc_rekeying_fault
 */
enum gc_err gc_membership_rekey(struct gc_membership *membership, const struct gc_groupcomm *message, const char **why) GC_MUST_CHECK;

/* --- the Group Manager's direction ---------------------------------------------------------------------------------- */

/** Room for what a `key` parameter is made of and borrows: sign_params, ecdh_params. */
struct gc_material_room {
  uint8_t sign_params[GC_CAPABILITIES_MAX_LEN], ecdh_params[GC_CAPABILITIES_MAX_LEN];
};

/**
 * The `key` of a group with these parameters. Defaults are left out where the text allows it and the examples do so: an empty
 * salt; hkdf is always given.
 * @param out       borrows from params, sender_id and room
 * @param sender_id  NULL: none (a monitor, or an answer without individual keying material)
 * @param ecdh_curve the curve that ecdh_params names; 0: the one that belongs to the signatures (X25519 to Ed25519)
 * @return GC_OK; GC_E_UNSUPPORTED: no curve for an algorithm; GC_E_STATE: no Master Secret, which only VERIFIER does without; no Gid
 */
enum gc_err gc_material_of(struct gc_group_material *out, const struct gc_oscore_params *params, enum gc_material_use use,
                           const struct gc_bytes *sender_id, uint8_t ecdh_curve, struct gc_material_room *room) GC_MUST_CHECK;

#endif
