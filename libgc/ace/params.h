/* The parameters of Content-Format 19, application/ace+cbor: token requests and responses, errors of the token endpoint, and what
 * is exchanged at authz-info (RFC 9200, Section 8.10; RFC 9201; RFC 9203; RFC 9594, Section 3.3; draft-ietf-ace-key-groupcomm-
 * oscore, Section 5.3; draft-ietf-ace-group-oscore-profile). What belongs into which message is told by token.h and
 * oscore_profile.h. */
#ifndef GC_ACE_PARAMS_H
#define GC_ACE_PARAMS_H

#include "cbor/params.h"

/** Where a message is: 47 stands for edhoc_info at the Authorization Server and for ecdh_info at authz-info (both suggested). */
enum gc_ace_place { GC_ACE_AT_AS, GC_ACE_AT_AUTHZ_INFO };

/** Rows, in the order in which they are written; GC_PARAM_BIT of them are in gc_ace_params.present. */
enum gc_ace_param {
  GC_ACE_ACCESS_TOKEN,
  GC_ACE_EXPIRES_IN,
  GC_ACE_AUDIENCE,
  GC_ACE_SCOPE,
  GC_ACE_CONTEXT_ID,
  GC_ACE_SALT_INPUT,
  GC_ACE_REQ_CNF,
  GC_ACE_CLIENT_CRED_VERIFY,
  GC_ACE_CLIENT_CRED_VERIFY_MAC,
  GC_ACE_CLIENT_ID,
  GC_ACE_CLIENT_SECRET,
  GC_ACE_RESPONSE_TYPE,
  GC_ACE_REDIRECT_URI,
  GC_ACE_STATE,
  GC_ACE_CODE,
  GC_ACE_ERROR,
  GC_ACE_ERROR_DESCRIPTION,
  GC_ACE_ERROR_URI,
  GC_ACE_GRANT_TYPE,
  GC_ACE_TOKEN_TYPE,
  GC_ACE_USERNAME,
  GC_ACE_PASSWORD,
  GC_ACE_REFRESH_TOKEN,
  GC_ACE_PROFILE,
  GC_ACE_CNONCE,
  GC_ACE_EDHOC_INFO, /* at the Authorization Server only */
  GC_ACE_RS_CNF,
  GC_ACE_CNF,
  GC_ACE_NONCE1,
  GC_ACE_CLIENT_RECIPIENTID,
  GC_ACE_NONCE2,
  GC_ACE_SERVER_RECIPIENTID,
  GC_ACE_KDCCHALLENGE,
  GC_ACE_SIGN_INFO,
  GC_ACE_ECDH_INFO, /* at authz-info only */
  GC_ACE_KDC_DH_CREDS,
  GC_ACE_ECDH_INFO_EARLY, /* numbers of early implementations, read as the two before: never in `present` */
  GC_ACE_KDC_DH_CREDS_EARLY,
  GC_ACE_PARAMS
};

/** grant_type, token_type, ace_profile (RFC 9200, Section 8; 4 and 5 are suggested). */
enum { GC_GRANT_PASSWORD = 0, GC_GRANT_AUTHORIZATION_CODE = 1, GC_GRANT_CLIENT_CREDENTIALS = 2, GC_GRANT_REFRESH_TOKEN = 3 };
enum { GC_TOKEN_BEARER = 1, GC_TOKEN_POP = 2 };
enum { GC_ACE_PROFILE_DTLS = 1, GC_ACE_PROFILE_OSCORE = 2, GC_ACE_PROFILE_EDHOC_OSCORE = 4, GC_ACE_PROFILE_GROUP_OSCORE = 5 };

/** What is not in `present` is not looked at. Parsed: everything borrows from the payload. Secret: client_secret, password,
 *  refresh_token, access_token, and cnf where it holds a key. */
struct gc_ace_params {
  enum gc_ace_place place;
  uint64_t present; /* GC_PARAM_BIT of enum gc_ace_param */
  struct gc_bytes access_token, refresh_token, client_secret, code;
  uint64_t expires_in; /* seconds */
  struct gc_bytes audience, client_id, response_type, redirect_uri, state, username, password; /* text */
  struct gc_text_or_bytes scope;
  struct gc_bytes context_id, salt_input, client_cred_verify, client_cred_verify_mac;
  struct gc_bytes req_cnf, rs_cnf, cnf; /* encoded maps: see cnf.h */
  struct gc_bytes edhoc_info;           /* encoded map */
  int64_t error;                        /* enum gc_token_error of token.h, or another number */
  struct gc_bytes error_description, error_uri; /* text */
  uint64_t grant_type, token_type;
  struct gc_int_or_null profile;
  struct gc_bytes cnonce, nonce1, nonce2, client_recipientid, server_recipientid, kdcchallenge;
  struct gc_bytes sign_info, ecdh_info, kdc_dh_creds; /* encoded null (asked for) or array: see key_info.h */
  struct gc_params_unknown unknown;
};

static inline bool gc_ace_has(const struct gc_ace_params *params, enum gc_ace_param which)
{
  return gc_param_has(params->present, which);
}

/** @return as gc_params_parse. On an error *out is unchanged. */
enum gc_err gc_ace_params_parse(struct gc_ace_params *out, struct gc_bytes payload, enum gc_ace_place place,
                                struct gc_where *where) GC_MUST_CHECK;

/** Append the map. GC_E_SPACE */
enum gc_err gc_ace_params_write(struct gc_buf *out, const struct gc_ace_params *params) GC_MUST_CHECK;

/** Name, type and labels of a row (to show them all); NULL past the end. */
const struct gc_param *gc_ace_param_at(size_t index);

/** "coap_oscore"; NULL: unknown. */
const char *gc_ace_profile_name(int64_t profile);

#endif
