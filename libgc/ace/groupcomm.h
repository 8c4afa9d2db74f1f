/* The parameters of Content-Format 261, application/ace-groupcomm+cbor: what members and a Group Manager tell each other (RFC
 * 9594, Section 8; draft-ietf-ace-key-groupcomm-oscore, Section 12). */
#ifndef GC_ACE_GROUPCOMM_H
#define GC_ACE_GROUPCOMM_H

#include "cbor/params.h"
#include "oscore/material.h"

/** Rows, in the order of their labels; GC_PARAM_BIT of them are in gc_groupcomm.present. */
enum gc_groupcomm_param {
  GC_GROUPCOMM_GID,
  GC_GROUPCOMM_GNAME,
  GC_GROUPCOMM_GURI,
  GC_GROUPCOMM_SCOPE,
  GC_GROUPCOMM_GET_CREDS,
  GC_GROUPCOMM_CLIENT_CRED,
  GC_GROUPCOMM_CNONCE,
  GC_GROUPCOMM_GKTY,
  GC_GROUPCOMM_KEY,
  GC_GROUPCOMM_NUM,
  GC_GROUPCOMM_PROFILE,
  GC_GROUPCOMM_EXP,
  GC_GROUPCOMM_EXI,
  GC_GROUPCOMM_CREDS,
  GC_GROUPCOMM_PEER_ROLES,
  GC_GROUPCOMM_PEER_IDENTIFIERS,
  GC_GROUPCOMM_GROUP_POLICIES,
  GC_GROUPCOMM_KDC_CRED,
  GC_GROUPCOMM_KDC_NONCE,
  GC_GROUPCOMM_KDC_CRED_VERIFY,
  GC_GROUPCOMM_REKEYING_SCHEME,
  GC_GROUPCOMM_GROUP_SENDER_ID, /* 21 and 31 … 34 are suggested */
  GC_GROUPCOMM_CLIENT_CRED_VERIFY,
  GC_GROUPCOMM_CREDS_REPO,
  GC_GROUPCOMM_CONTROL_URI,
  GC_GROUPCOMM_MGT_KEY_MATERIAL,
  GC_GROUPCOMM_CONTROL_GROUP_URI,
  GC_GROUPCOMM_SIGN_INFO,
  GC_GROUPCOMM_KDCCHALLENGE,
  GC_GROUPCOMM_ECDH_INFO,
  GC_GROUPCOMM_KDC_DH_CREDS,
  GC_GROUPCOMM_SIGN_ENC_KEY,
  GC_GROUPCOMM_STALE_NODE_IDS,
  GC_GROUPCOMM_PARAMS
};

/** What a `key` is for, and so what it holds. */
enum gc_material_use {
  GC_MATERIAL_JOIN,     /* all (Section 6.3); GET of the group and of nodes/N too */
  GC_MATERIAL_REKEYING, /* Master Secret, Gid, Master Salt (Section 11.1) */
  GC_MATERIAL_VERIFIER, /* for signature verifiers: no Master Secret (Section 9.6) */
};

enum { GC_GKTY_GROUP_OSCORE = 1, GC_GROUPCOMM_PROFILE_OSCORE_APP = 1, GC_REKEYING_POINT_TO_POINT = 0 };

/** Parsed: everything borrows from the payload. Secret: key, mgt_key_material, sign_enc_key. */
struct gc_groupcomm {
  uint64_t present; /* GC_PARAM_BIT of enum gc_groupcomm_param */
  struct gc_bytes gid, gname, guri;    /* encoded arrays: of byte strings, of texts */
  struct gc_bytes scope;               /* what is in its byte string: see scope.h */
  struct gc_bytes get_creds;           /* encoded null or array: see creds.h */
  struct gc_bytes client_cred, cnonce, client_cred_verify;
  struct gc_int_or_text gkty;
  struct gc_bytes key;                 /* encoded map: see gc_material_parse */
  uint64_t num;
  uint64_t profile;
  struct gc_numeric_date exp;          /* an unsigned integer here */
  uint64_t exi;                        /* seconds */
  struct gc_bytes creds, peer_roles, peer_identifiers; /* encoded arrays: see creds.h */
  struct gc_bytes group_policies;      /* encoded map */
  struct gc_bytes kdc_cred, kdc_nonce, kdc_cred_verify;
  int64_t rekeying_scheme;
  struct gc_bytes group_sender_id;
  struct gc_bytes creds_repo, control_uri, control_group_uri; /* text */
  struct gc_bytes mgt_key_material, kdcchallenge, sign_enc_key;
  struct gc_bytes sign_info, ecdh_info, kdc_dh_creds; /* encoded: see key_info.h */
  struct gc_bytes stale_node_ids;      /* encoded array of byte strings: see gc_byte_strings_next */
  struct gc_params_unknown unknown;
};

static inline bool gc_groupcomm_has(const struct gc_groupcomm *message, enum gc_groupcomm_param which)
{
  return gc_param_has(message->present, which);
}

/** @return as gc_params_parse. On an error *out is unchanged. */
enum gc_err gc_groupcomm_parse(struct gc_groupcomm *out, struct gc_bytes payload, struct gc_where *where) GC_MUST_CHECK;

/** Append the map. GC_E_SPACE */
enum gc_err gc_groupcomm_write(struct gc_buf *out, const struct gc_groupcomm *message) GC_MUST_CHECK;

/** Name, type and label of a row (to show them all); NULL past the end. */
const struct gc_param *gc_groupcomm_param_at(size_t index);

/* What a message lacks, or has and must not have; content of nested values too. NULL, or lower case, static. The roles of a
 * request are in its scope, which is read again for that. */
const char *gc_join_request_fault(const struct gc_groupcomm *request, bool is_member);
const char *gc_join_response_fault(const struct gc_groupcomm *response);
const char *gc_key_distribution_fault(const struct gc_groupcomm *response); /* GET of the group, or of nodes/N, which needs no profile */
const char *gc_rekeying_fault(const struct gc_groupcomm *message);
const char *gc_cred_upload_fault(const struct gc_groupcomm *request);  /* POST nodes/N/cred */
const char *gc_kdc_cred_fault(const struct gc_groupcomm *response);    /* kdc-cred */
const char *gc_verif_data_fault(const struct gc_groupcomm *response);  /* verif-data */

/* --- arrays of byte strings or of texts: gid, stale_node_ids, the answer of stale-sids; gname, guri ----------------- */

/** @param[out] list of an encoded array. GC_E_MALFORMED, GC_E_TRUNCATED */
enum gc_err gc_strings_begin(struct gc_cbor_reader *reader, struct gc_cbor_list *list, struct gc_bytes encoded) GC_MUST_CHECK;

/** The next byte string (or text). GC_E_END: no more; GC_E_MALFORMED: something else */
enum gc_err gc_strings_next(struct gc_cbor_reader *reader, struct gc_cbor_list *list, bool is_text, struct gc_bytes *out) GC_MUST_CHECK;

/** Is it an array of such strings and nothing behind it? @param[out] count NULL allowed */
enum gc_err gc_strings_check(struct gc_bytes encoded, bool is_text, size_t *count, struct gc_where *where) GC_MUST_CHECK;

/** Append an array. GC_E_SPACE */
enum gc_err gc_strings_write(struct gc_buf *out, const struct gc_bytes *strings, size_t count, bool is_text) GC_MUST_CHECK;

/* --- group_policies (RFC 9594, Section 4.3.1) ---------------------------------------------------------------------- */

/** What is not given keeps its default. */
struct gc_group_policies {
  bool has_sn_sync;                    /* 0: Sequence Number Synchronization Method */
  struct gc_int_or_text sn_sync;
  uint64_t key_update_check_interval_s; /* 1 */
  uint64_t expiration_delta_s;          /* 2 */
};

struct gc_group_policies gc_group_policies_default(void); /* 3600, 0 */
enum gc_err gc_group_policies_parse(struct gc_group_policies *out, struct gc_bytes map, struct gc_where *where) GC_MUST_CHECK;
/** Name, type and label of a policy (to show them all); NULL past the end. */
const struct gc_param *gc_group_policy_at(size_t index);
enum gc_err gc_group_policies_write(struct gc_buf *out, const struct gc_group_policies *policies) GC_MUST_CHECK;

/* --- Content-Format 60: num, stale-sids (a number), active --------------------------------------------------------- */

enum gc_err gc_num_parse(uint64_t *out, struct gc_bytes payload, struct gc_where *where) GC_MUST_CHECK;
enum gc_err gc_num_write(struct gc_buf *out, uint64_t num) GC_MUST_CHECK;
enum gc_err gc_active_parse(bool *out, struct gc_bytes payload, struct gc_where *where) GC_MUST_CHECK;
enum gc_err gc_active_write(struct gc_buf *out, bool is_active) GC_MUST_CHECK;

/** An empty byte string as payload: nothing was found (Group Name look-up, FETCH of creds), or there are no policies. */
bool gc_is_nothing_found(struct gc_bytes payload);

#endif
