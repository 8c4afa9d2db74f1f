/* Credentials of members as a Group Manager hands them out: which are asked for (get_creds), and three arrays that belong
 * together index by index (RFC 9594, Sections 4.3.1 and 4.4.1; draft-ietf-ace-key-groupcomm-oscore, Section 6.3). */
#ifndef GC_ACE_CREDS_H
#define GC_ACE_CREDS_H

#include "ace/groupcomm.h"

#define GC_CREDS_FILTER_MAX 128 /* roles, and identifiers */

/** get_creds. Parsed: borrows. */
struct gc_creds_filter {
  bool is_all;       /* null */
  bool is_inclusive; /* inclusion_flag */
  uint64_t roles[GC_CREDS_FILTER_MAX]; /* each a set: matches who has at least those */
  size_t role_count;
  struct gc_bytes ids[GC_CREDS_FILTER_MAX]; /* Sender IDs */
  size_t id_count;
};

/** @return GC_OK; GC_E_MALFORMED, GC_E_TRUNCATED; GC_E_LIMIT: too many. On an error *out is unchanged. */
enum gc_err gc_creds_filter_parse(struct gc_creds_filter *out, struct gc_bytes get_creds, struct gc_where *where) GC_MUST_CHECK;
enum gc_err gc_creds_filter_write(struct gc_buf *out, const struct gc_creds_filter *filter) GC_MUST_CHECK;

/** May a Join Request have it (null, or roles by inclusion and no ids)? FETCH of creds (null, as GET, or not both
 *  filters empty)? NULL, or the fault. */
const char *gc_creds_filter_join_fault(const struct gc_creds_filter *filter);
const char *gc_creds_filter_fetch_fault(const struct gc_creds_filter *filter);

/**
 * Does a member match? By inclusion: one of the roles or one of the ids; by exclusion: one of the roles (where any is given)
 * and none of the ids. is_all: yes.
 */
bool gc_creds_filter_matches(const struct gc_creds_filter *filter, uint64_t roles, struct gc_bytes id);

/** Of null in a Join Request: is the credential of a peer with these roles relevant to a joiner with those (Section 6.3)? */
bool gc_creds_relevant(uint64_t joiner_roles, uint64_t peer_roles);

struct gc_peer {
  struct gc_bytes cred, id;
  uint64_t roles;
};

/** A walk through creds, peer_roles and peer_identifiers. */
struct gc_peers {
  struct gc_cbor_reader creds, roles, ids;
  struct gc_cbor_list creds_left, roles_left, ids_left;
  bool is_empty; /* none of the three was there */
};

/** @return GC_OK; GC_E_MALFORMED: some of the three, not all; no arrays */
enum gc_err gc_peers_begin(struct gc_peers *out, const struct gc_groupcomm *message) GC_MUST_CHECK;

/** @return GC_OK; GC_E_END: no more; GC_E_MALFORMED: of different lengths, or other things inside */
enum gc_err gc_peers_next(struct gc_peers *peers, struct gc_peer *out) GC_MUST_CHECK;

/** Are all three whole and of one length? @param[out] count NULL allowed */
enum gc_err gc_peers_check(const struct gc_groupcomm *message, size_t *count) GC_MUST_CHECK;

/**
 * Put the three arrays of these peers into a message.
 * @param room appended to; the message borrows from it
 * @return GC_OK; GC_E_SPACE: message unchanged
 */
enum gc_err gc_peers_set(struct gc_groupcomm *message, struct gc_buf *room, const struct gc_peer *peers, size_t count) GC_MUST_CHECK;

#endif
