/* The token and introspection endpoints of an Authorization Server, and the hints of a resource server (RFC 9200, Sections
 * 5.3, 5.8, 5.9). */
#ifndef GC_ACE_TOKEN_H
#define GC_ACE_TOKEN_H

#include "ace/params.h"

/** Values of error (RFC 9200, Section 5.8.3). */
enum gc_token_error {
  GC_TOKEN_INVALID_REQUEST = 1,
  GC_TOKEN_INVALID_CLIENT = 2,
  GC_TOKEN_INVALID_GRANT = 3,
  GC_TOKEN_UNAUTHORIZED_CLIENT = 4,
  GC_TOKEN_UNSUPPORTED_GRANT_TYPE = 5,
  GC_TOKEN_INVALID_SCOPE = 6,
  GC_TOKEN_UNSUPPORTED_POP_KEY = 7,
  GC_TOKEN_INCOMPATIBLE_ACE_PROFILES = 8,
};

/** "invalid_scope"; NULL: unknown. */
const char *gc_token_error_name(int64_t error);

/** The error with which an Authorization Server answers what is no token request at all (a value of the wrong type, a grant_type
 *  that is not client_credentials, two proofs at once); 0: none. @param[out] why static phrase, NULL allowed */
enum gc_token_error gc_token_request_check(const struct gc_ace_params *request, const char **why);

/**
 * Does a response of success hold what a client needs: a token that is bound to a key, a profile where it was asked for?
 * @param request what the client had sent
 * @return NULL, or the fault: lower case, static
 */
const char *gc_token_response_fault(const struct gc_ace_params *response, const struct gc_ace_params *request);

/** Append {30: error}, with a description where it is not NULL. GC_E_SPACE */
enum gc_err gc_token_error_write(struct gc_buf *out, enum gc_token_error error, const char *description) GC_MUST_CHECK;

/* --- AS Request Creation Hints: 4.01 with Content-Format 19 (Section 5.3) ------------------------------------------ */

enum gc_hint { GC_HINT_AS, GC_HINT_KID, GC_HINT_AUDIENCE, GC_HINT_SCOPE, GC_HINT_CNONCE, GC_HINTS };

/** Parsed: borrows from the payload. Hints come from anyone: compare the Authorization Server with an own list. */
struct gc_as_hints {
  uint64_t present; /* GC_PARAM_BIT of enum gc_hint */
  struct gc_bytes as_uri, audience; /* text */
  struct gc_bytes kid, cnonce;
  struct gc_text_or_bytes scope;
  struct gc_params_unknown unknown;
};

enum gc_err gc_as_hints_parse(struct gc_as_hints *out, struct gc_bytes payload, struct gc_where *where) GC_MUST_CHECK;
enum gc_err gc_as_hints_write(struct gc_buf *out, const struct gc_as_hints *hints) GC_MUST_CHECK;
const struct gc_param *gc_hint_at(size_t index);

/* --- introspection (Section 5.9) ----------------------------------------------------------------------------------- */

/** Rows, in the order in which they are written. */
enum gc_introspection_param {
  GC_INTRO_TOKEN,
  GC_INTRO_TOKEN_TYPE_HINT,
  GC_INTRO_ACTIVE,
  GC_INTRO_ISS,
  GC_INTRO_SUB,
  GC_INTRO_AUD,
  GC_INTRO_EXP,
  GC_INTRO_NBF,
  GC_INTRO_IAT,
  GC_INTRO_CTI,
  GC_INTRO_SCOPE,
  GC_INTRO_CLIENT_ID,
  GC_INTRO_ERROR,
  GC_INTRO_ERROR_DESCRIPTION,
  GC_INTRO_ERROR_URI,
  GC_INTRO_TOKEN_TYPE,
  GC_INTRO_USERNAME,
  GC_INTRO_PROFILE,
  GC_INTRO_CNONCE,
  GC_INTRO_EXI,
  GC_INTRO_CNF,
  GC_INTRO_RS_CNF,
  GC_INTRO_PARAMS
};

/** Request and response. Parsed: borrows from the payload. Secret: token, and cnf where it holds a key. */
struct gc_introspection {
  uint64_t present; /* GC_PARAM_BIT of enum gc_introspection_param */
  struct gc_bytes token, cti, cnonce;
  uint64_t token_type_hint, token_type, exi;
  bool active;
  struct gc_bytes iss, sub, aud, client_id, error_description, error_uri, username; /* text */
  struct gc_numeric_date exp, nbf, iat;
  struct gc_text_or_bytes scope;
  int64_t error, profile;
  struct gc_bytes cnf, rs_cnf; /* encoded maps */
  struct gc_params_unknown unknown;
};

enum gc_err gc_introspection_parse(struct gc_introspection *out, struct gc_bytes payload, struct gc_where *where) GC_MUST_CHECK;
enum gc_err gc_introspection_write(struct gc_buf *out, const struct gc_introspection *message) GC_MUST_CHECK;
const struct gc_param *gc_introspection_param_at(size_t index);

/* What is missing: NULL, or lower case, static. */
const char *gc_introspection_request_fault(const struct gc_introspection *request);
const char *gc_introspection_response_fault(const struct gc_introspection *response);

#endif
