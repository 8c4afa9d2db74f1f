/* Concise problem details with the errors of group communication, Content-Format 257 (RFC 9290; RFC 9594, Section 4.1.2). */
#ifndef GC_ACE_PROBLEM_H
#define GC_ACE_PROBLEM_H

#include "cbor/params.h"

/** error-id of ace-groupcomm-error; from 7 on suggested. */
enum gc_groupcomm_error {
  GC_GROUPCOMM_ONLY_MEMBERS = 0,
  GC_GROUPCOMM_INCONSISTENT_ROLES = 1,
  GC_GROUPCOMM_CRED_INCOMPATIBLE = 2,
  GC_GROUPCOMM_INVALID_POP = 3,
  GC_GROUPCOMM_NO_INDIVIDUAL_KEY = 4,
  GC_GROUPCOMM_MEMBERSHIP_TERMINATED = 5,
  GC_GROUPCOMM_GROUP_DELETED = 6,
  GC_GROUPCOMM_NO_SIGNATURES = 7,
  GC_GROUPCOMM_ONLY_VERIFIERS = 8,
  GC_GROUPCOMM_NOT_ACTIVE = 9,
  GC_GROUPCOMM_ACTIVE = 10,
  GC_GROUPCOMM_NO_NAME = 11,
  GC_GROUPCOMM_UNSUPPORTED_CONFIGURATION = 12,
};

/** As registered: "Invalid Proof-of-Possession evidence"; NULL: unknown. */
const char *gc_groupcomm_error_title(int64_t error_id);

/** Rows, in the order in which they are written. */
enum gc_problem_param {
  GC_PROBLEM_TITLE,
  GC_PROBLEM_DETAIL,
  GC_PROBLEM_INSTANCE,
  GC_PROBLEM_RESPONSE_CODE,
  GC_PROBLEM_BASE_URI,
  GC_PROBLEM_BASE_LANG,
  GC_PROBLEM_GROUPCOMM_ERROR,
  GC_PROBLEM_PARAMS
};

/** Parsed: borrows from the payload. */
struct gc_problem {
  uint64_t present; /* GC_PARAM_BIT of enum gc_problem_param */
  struct gc_bytes title, detail; /* text; of one with a language (tag 38) the text only */
  struct gc_bytes instance, base_uri, base_lang; /* text */
  uint64_t response_code;  /* as in a message: 132 is 4.04 */
  struct gc_bytes groupcomm; /* the encoded map of ace-groupcomm-error */
  bool has_error_id;
  int64_t error_id; /* enum gc_groupcomm_error, or another number */
  struct gc_params_unknown unknown;
};

/** @return as gc_params_parse; GC_E_MALFORMED too: an empty map. On an error *out is unchanged. */
enum gc_err gc_problem_parse(struct gc_problem *out, struct gc_bytes payload, struct gc_where *where) GC_MUST_CHECK;

/* Name, type and key of a row, and of one in ace-groupcomm-error (to show them all); NULL past the end. */
const struct gc_param *gc_problem_param_at(size_t index);
const struct gc_param *gc_groupcomm_error_param_at(size_t index);

/** Append {-1: title, -2: detail, 0: {0: error_id}}. @param detail NULL: none. GC_E_SPACE */
enum gc_err gc_groupcomm_error_write(struct gc_buf *out, enum gc_groupcomm_error error_id, const char *detail) GC_MUST_CHECK;

#endif
