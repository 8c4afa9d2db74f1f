#include "ace/params.h"

#define NONE GC_PARAM_NO_KEY
#define AT(member) offsetof(struct gc_ace_params, member)
#define BOTH(label) { label, label }

/* OAuth Parameters CBOR Mappings; from ecdh_info on, context_id and its neighbours: suggested. Written in this order, which is
 * the one of the examples. */
static const struct gc_param rows[GC_ACE_PARAMS] = {
  [GC_ACE_ACCESS_TOKEN] = { BOTH(1), GC_PARAM_BYTES, AT(access_token), "access_token", NULL },
  [GC_ACE_EXPIRES_IN] = { BOTH(2), GC_PARAM_UINT, AT(expires_in), "expires_in", NULL },
  [GC_ACE_AUDIENCE] = { BOTH(5), GC_PARAM_TEXT, AT(audience), "audience", NULL },
  [GC_ACE_SCOPE] = { BOTH(9), GC_PARAM_TEXT_OR_BYTES, AT(scope), "scope", NULL },
  [GC_ACE_CONTEXT_ID] = { BOTH(71), GC_PARAM_BYTES, AT(context_id), "context_id", NULL },
  [GC_ACE_SALT_INPUT] = { BOTH(72), GC_PARAM_BYTES, AT(salt_input), "salt_input", NULL },
  [GC_ACE_REQ_CNF] = { BOTH(4), GC_PARAM_MAP, AT(req_cnf), "req_cnf", NULL },
  [GC_ACE_CLIENT_CRED_VERIFY] = { BOTH(73), GC_PARAM_BYTES, AT(client_cred_verify), "client_cred_verify", NULL },
  [GC_ACE_CLIENT_CRED_VERIFY_MAC] = { BOTH(74), GC_PARAM_BYTES, AT(client_cred_verify_mac), "client_cred_verify_mac", NULL },
  [GC_ACE_CLIENT_ID] = { BOTH(24), GC_PARAM_TEXT, AT(client_id), "client_id", NULL },
  [GC_ACE_CLIENT_SECRET] = { BOTH(25), GC_PARAM_BYTES, AT(client_secret), "client_secret", NULL },
  [GC_ACE_RESPONSE_TYPE] = { BOTH(26), GC_PARAM_TEXT, AT(response_type), "response_type", NULL },
  [GC_ACE_REDIRECT_URI] = { BOTH(27), GC_PARAM_TEXT, AT(redirect_uri), "redirect_uri", NULL },
  [GC_ACE_STATE] = { BOTH(28), GC_PARAM_TEXT, AT(state), "state", NULL },
  [GC_ACE_CODE] = { BOTH(29), GC_PARAM_BYTES, AT(code), "code", NULL },
  [GC_ACE_ERROR] = { BOTH(30), GC_PARAM_INT, AT(error), "error", NULL },
  [GC_ACE_ERROR_DESCRIPTION] = { BOTH(31), GC_PARAM_TEXT, AT(error_description), "error_description", NULL },
  [GC_ACE_ERROR_URI] = { BOTH(32), GC_PARAM_TEXT, AT(error_uri), "error_uri", NULL },
  [GC_ACE_GRANT_TYPE] = { BOTH(33), GC_PARAM_UINT, AT(grant_type), "grant_type", NULL },
  [GC_ACE_TOKEN_TYPE] = { BOTH(34), GC_PARAM_UINT, AT(token_type), "token_type", NULL },
  [GC_ACE_USERNAME] = { BOTH(35), GC_PARAM_TEXT, AT(username), "username", NULL },
  [GC_ACE_PASSWORD] = { BOTH(36), GC_PARAM_TEXT, AT(password), "password", NULL },
  [GC_ACE_REFRESH_TOKEN] = { BOTH(37), GC_PARAM_BYTES, AT(refresh_token), "refresh_token", NULL },
  [GC_ACE_PROFILE] = { BOTH(38), GC_PARAM_INT_OR_NULL, AT(profile), "ace_profile", NULL },
  [GC_ACE_CNONCE] = { BOTH(39), GC_PARAM_BYTES, AT(cnonce), "cnonce", NULL },
  [GC_ACE_EDHOC_INFO] = { { 47, NONE }, GC_PARAM_MAP, AT(edhoc_info), "edhoc_info", NULL },
  [GC_ACE_RS_CNF] = { BOTH(41), GC_PARAM_MAP, AT(rs_cnf), "rs_cnf", NULL },
  [GC_ACE_CNF] = { BOTH(8), GC_PARAM_MAP, AT(cnf), "cnf", NULL },
  [GC_ACE_NONCE1] = { BOTH(40), GC_PARAM_BYTES, AT(nonce1), "nonce1", NULL },
  [GC_ACE_CLIENT_RECIPIENTID] = { BOTH(43), GC_PARAM_BYTES, AT(client_recipientid), "ace_client_recipientid", NULL },
  [GC_ACE_NONCE2] = { BOTH(42), GC_PARAM_BYTES, AT(nonce2), "nonce2", NULL },
  [GC_ACE_SERVER_RECIPIENTID] = { BOTH(44), GC_PARAM_BYTES, AT(server_recipientid), "ace_server_recipientid", NULL },
  [GC_ACE_KDCCHALLENGE] = { BOTH(46), GC_PARAM_BYTES, AT(kdcchallenge), "kdcchallenge", NULL },
  [GC_ACE_SIGN_INFO] = { BOTH(45), GC_PARAM_ARRAY_OR_NULL, AT(sign_info), "sign_info", NULL },
  [GC_ACE_ECDH_INFO] = { { NONE, 47 }, GC_PARAM_ARRAY_OR_NULL, AT(ecdh_info), "ecdh_info", NULL },
  [GC_ACE_KDC_DH_CREDS] = { BOTH(48), GC_PARAM_ARRAY_OR_NULL, AT(kdc_dh_creds), "kdc_dh_creds", NULL },
  [GC_ACE_ECDH_INFO_EARLY] = { { NONE, 92 }, GC_PARAM_ARRAY_OR_NULL, AT(ecdh_info), "ecdh_info", NULL },
  [GC_ACE_KDC_DH_CREDS_EARLY] = { { NONE, 93 }, GC_PARAM_ARRAY_OR_NULL, AT(kdc_dh_creds), "kdc_dh_creds", NULL },
};
static const struct gc_param_table table = { .rows = rows, .count = GC_ACE_PARAMS, .is_ordered = true };

/* both share a place: there may be one of them. GC_E_MALFORMED: both */
static enum gc_err take_early(struct gc_ace_params *params, enum gc_ace_param early, enum gc_ace_param now)
{
  if (!gc_ace_has(params, early))
    return GC_OK;
  if (gc_ace_has(params, now))
    return GC_E_MALFORMED;
  params->present ^= GC_PARAM_BIT(early) | GC_PARAM_BIT(now);
  return GC_OK;
}

enum gc_err gc_ace_params_parse(struct gc_ace_params *out, struct gc_bytes payload, enum gc_ace_place place, struct gc_where *where)
{
  struct gc_ace_params params = { .place = place };
  enum gc_err err = gc_params_parse(&table, place, payload, &params, &params.present, &params.unknown, where);
  if (err)
    return err;
  if (take_early(&params, GC_ACE_ECDH_INFO_EARLY, GC_ACE_ECDH_INFO) || take_early(&params, GC_ACE_KDC_DH_CREDS_EARLY, GC_ACE_KDC_DH_CREDS))
    return gc_fail(where, 0, "a parameter occurs under its early number too", GC_E_MALFORMED);
  *out = params;
  return GC_OK;
}

enum gc_err gc_ace_params_write(struct gc_buf *out, const struct gc_ace_params *params)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_params_write(&table, params->place, &writer, params, params->present, &params->unknown);
  return gc_cbor_finish(&writer);
}

const struct gc_param *gc_ace_param_at(size_t index)
{
  return index < table.count ? &rows[index] : NULL;
}

const char *gc_ace_profile_name(int64_t profile)
{
  switch (profile) {
  case GC_ACE_PROFILE_DTLS:
    return "coap_dtls";
  case GC_ACE_PROFILE_OSCORE:
    return "coap_oscore";
  case GC_ACE_PROFILE_EDHOC_OSCORE:
    return "coap_edhoc_oscore";
  case GC_ACE_PROFILE_GROUP_OSCORE:
    return "coap_group_oscore";
  default:
    return NULL;
  }
}
