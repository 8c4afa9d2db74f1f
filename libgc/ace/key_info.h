/* sign_info, ecdh_info and kdc_dh_creds: what a joining node learns of the algorithms of a group before it joins (RFC 9594,
 * Section 3.3.1; draft-ietf-ace-key-groupcomm-oscore, Sections 5.3.1 and 5.3.2); and the capabilities of algorithms in keying
 * material (Section 6.3). */
#ifndef GC_ACE_KEY_INFO_H
#define GC_ACE_KEY_INFO_H

#include "cbor/params.h"
#include "crypto/alg.h"

#define GC_KEY_INFO_GROUPS_MAX 32 /* names in one entry */

/** An entry of sign_info or ecdh_info. Parsed: borrows. */
struct gc_key_info {
  struct gc_bytes groups[GC_KEY_INFO_GROUPS_MAX]; /* names: one is written as a text, more as an array */
  size_t group_count;
  struct gc_int_or_text alg; /* sign_alg, ecdh_alg */
  struct gc_bytes alg_params, key_params; /* encoded: arrays (key_params of several capabilities: null too) */
  struct gc_int_or_null cred_fmt;         /* null: the group uses none */
};

/** An entry of kdc_dh_creds. */
struct gc_kdc_dh_cred {
  struct gc_bytes groups[GC_KEY_INFO_GROUPS_MAX];
  size_t group_count;
  int64_t cred_fmt;
  struct gc_bytes cred;
};

/** A walk through the entries of an encoded array. */
struct gc_key_info_walk {
  struct gc_cbor_reader reader;
  struct gc_cbor_list left;
};

enum gc_err gc_key_info_begin(struct gc_key_info_walk *out, struct gc_bytes encoded) GC_MUST_CHECK;

/** @return GC_OK; GC_E_END: no more; GC_E_MALFORMED, GC_E_TRUNCATED; GC_E_LIMIT: too many names. walk->reader.where says where */
enum gc_err gc_key_info_next(struct gc_key_info_walk *walk, struct gc_key_info *out) GC_MUST_CHECK;
enum gc_err gc_kdc_dh_cred_next(struct gc_key_info_walk *walk, struct gc_kdc_dh_cred *out) GC_MUST_CHECK;

/** Append an array of entries. GC_E_SPACE */
enum gc_err gc_key_info_write(struct gc_buf *out, const struct gc_key_info *entries, size_t count) GC_MUST_CHECK;
enum gc_err gc_kdc_dh_creds_write(struct gc_buf *out, const struct gc_kdc_dh_cred *entries, size_t count) GC_MUST_CHECK;

/** Does the entry name the group? */
bool gc_key_info_names(const struct gc_bytes *groups, size_t group_count, struct gc_bytes gname);

/** COSE capabilities of an algorithm whose keys are on a curve. */
enum { GC_CAPABILITIES_MAX_LEN = 16 };

/** Append [kty], the capabilities of the algorithm; [kty, crv], those of its key type; and both in one array, which is
 *  sign_params and ecdh_params of keying material. GC_E_SPACE; GC_E_UNSUPPORTED: curve */
enum gc_err gc_alg_capabilities_write(struct gc_buf *out, uint8_t curve) GC_MUST_CHECK;
enum gc_err gc_key_capabilities_write(struct gc_buf *out, uint8_t curve) GC_MUST_CHECK;
enum gc_err gc_capabilities_write(struct gc_buf *out, uint8_t curve) GC_MUST_CHECK;

/** The curve of [[kty], [kty, crv]]. @return GC_OK; GC_E_MALFORMED: no such array, or key types that disagree; GC_E_UNSUPPORTED: another
 *  curve or key type */
enum gc_err gc_capabilities_parse(uint8_t *curve, struct gc_bytes encoded, struct gc_where *where) GC_MUST_CHECK;

#endif
