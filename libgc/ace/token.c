#include "ace/token.h"

#define KEY(label) { label, GC_PARAM_NO_KEY }

static const char *const errors[] = {
  [GC_TOKEN_INVALID_REQUEST] = "invalid_request",
  [GC_TOKEN_INVALID_CLIENT] = "invalid_client",
  [GC_TOKEN_INVALID_GRANT] = "invalid_grant",
  [GC_TOKEN_UNAUTHORIZED_CLIENT] = "unauthorized_client",
  [GC_TOKEN_UNSUPPORTED_GRANT_TYPE] = "unsupported_grant_type",
  [GC_TOKEN_INVALID_SCOPE] = "invalid_scope",
  [GC_TOKEN_UNSUPPORTED_POP_KEY] = "unsupported_pop_key",
  [GC_TOKEN_INCOMPATIBLE_ACE_PROFILES] = "incompatible_ace_profiles",
};

const char *gc_token_error_name(int64_t error)
{
  return error > 0 && error < (int64_t)(sizeof errors / sizeof errors[0]) ? errors[error] : NULL;
}

static enum gc_token_error refuse(const char **why, const char *phrase, enum gc_token_error error)
{
  if (why)
    *why = phrase;
  return error;
}

enum gc_token_error gc_token_request_check(const struct gc_ace_params *request, const char **why)
{
  if (gc_ace_has(request, GC_ACE_GRANT_TYPE) && request->grant_type != GC_GRANT_CLIENT_CREDENTIALS)
    return refuse(why, "only client credentials are granted", GC_TOKEN_UNSUPPORTED_GRANT_TYPE);
  if (gc_ace_has(request, GC_ACE_CLIENT_CRED_VERIFY) && gc_ace_has(request, GC_ACE_CLIENT_CRED_VERIFY_MAC))
    return refuse(why, "two proofs of possession", GC_TOKEN_INVALID_REQUEST);
  if (gc_ace_has(request, GC_ACE_ACCESS_TOKEN) || gc_ace_has(request, GC_ACE_ERROR))
    return refuse(why, "a parameter that belongs into responses", GC_TOKEN_INVALID_REQUEST);
  if (gc_ace_has(request, GC_ACE_SCOPE) && !request->scope.value.len)
    return refuse(why, "an empty scope", GC_TOKEN_INVALID_SCOPE);
  return 0;
}

const char *gc_token_response_fault(const struct gc_ace_params *response, const struct gc_ace_params *request)
{
  if (!gc_ace_has(response, GC_ACE_ACCESS_TOKEN) || !response->access_token.len)
    return "no access token";
  if (gc_ace_has(response, GC_ACE_TOKEN_TYPE) && response->token_type != GC_TOKEN_POP)
    return "the token is not bound to a key";
  if (gc_ace_has(response, GC_ACE_PROFILE) && response->profile.is_null)
    return "ace_profile is null in a response";
  if (gc_ace_has(request, GC_ACE_PROFILE) && !gc_ace_has(response, GC_ACE_PROFILE))
    return "no ace_profile, which was asked for";
  if (gc_ace_has(response, GC_ACE_SCOPE) && !response->scope.value.len)
    return "an empty scope";
  return NULL;
}

enum gc_err gc_token_error_write(struct gc_buf *out, enum gc_token_error error, const char *description)
{
  struct gc_ace_params params = { .place = GC_ACE_AT_AS, .present = GC_PARAM_BIT(GC_ACE_ERROR), .error = error };
  if (description) {
    params.present |= GC_PARAM_BIT(GC_ACE_ERROR_DESCRIPTION);
    params.error_description = gc_bytes_str(description);
  }
  return gc_ace_params_write(out, &params);
}

/* --- AS Request Creation Hints --------------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct gc_as_hints, member)
static const struct gc_param hint_rows[GC_HINTS] = {
  [GC_HINT_AS] = { KEY(1), GC_PARAM_TEXT, AT(as_uri), "AS", NULL },
  [GC_HINT_KID] = { KEY(2), GC_PARAM_BYTES, AT(kid), "kid", NULL },
  [GC_HINT_AUDIENCE] = { KEY(5), GC_PARAM_TEXT, AT(audience), "audience", NULL },
  [GC_HINT_SCOPE] = { KEY(9), GC_PARAM_TEXT_OR_BYTES, AT(scope), "scope", NULL },
  [GC_HINT_CNONCE] = { KEY(39), GC_PARAM_BYTES, AT(cnonce), "cnonce", NULL },
};
#undef AT
static const struct gc_param_table hint_table = { .rows = hint_rows, .count = GC_HINTS, .is_ordered = true };

enum gc_err gc_as_hints_parse(struct gc_as_hints *out, struct gc_bytes payload, struct gc_where *where)
{
  struct gc_as_hints hints = { .present = 0 };
  enum gc_err err = gc_params_parse(&hint_table, 0, payload, &hints, &hints.present, &hints.unknown, where);
  if (!err)
    *out = hints;
  return err;
}

enum gc_err gc_as_hints_write(struct gc_buf *out, const struct gc_as_hints *hints)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_params_write(&hint_table, 0, &writer, hints, hints->present, &hints->unknown);
  return gc_cbor_finish(&writer);
}

const struct gc_param *gc_hint_at(size_t index)
{
  return index < GC_HINTS ? &hint_rows[index] : NULL;
}

/* --- introspection ----------------------------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct gc_introspection, member)
static const struct gc_param intro_rows[GC_INTRO_PARAMS] = {
  [GC_INTRO_TOKEN] = { KEY(11), GC_PARAM_BYTES, AT(token), "token", NULL },
  [GC_INTRO_TOKEN_TYPE_HINT] = { KEY(33), GC_PARAM_UINT, AT(token_type_hint), "token_type_hint", NULL },
  [GC_INTRO_ACTIVE] = { KEY(10), GC_PARAM_BOOL, AT(active), "active", NULL },
  [GC_INTRO_ISS] = { KEY(1), GC_PARAM_TEXT, AT(iss), "iss", NULL },
  [GC_INTRO_SUB] = { KEY(2), GC_PARAM_TEXT, AT(sub), "sub", NULL },
  [GC_INTRO_AUD] = { KEY(3), GC_PARAM_TEXT, AT(aud), "aud", NULL },
  [GC_INTRO_EXP] = { KEY(4), GC_PARAM_DATE, AT(exp), "exp", NULL },
  [GC_INTRO_NBF] = { KEY(5), GC_PARAM_DATE, AT(nbf), "nbf", NULL },
  [GC_INTRO_IAT] = { KEY(6), GC_PARAM_DATE, AT(iat), "iat", NULL },
  [GC_INTRO_CTI] = { KEY(7), GC_PARAM_BYTES, AT(cti), "cti", NULL },
  [GC_INTRO_SCOPE] = { KEY(9), GC_PARAM_TEXT_OR_BYTES, AT(scope), "scope", NULL },
  [GC_INTRO_CLIENT_ID] = { KEY(24), GC_PARAM_TEXT, AT(client_id), "client_id", NULL },
  [GC_INTRO_ERROR] = { KEY(30), GC_PARAM_INT, AT(error), "error", NULL },
  [GC_INTRO_ERROR_DESCRIPTION] = { KEY(31), GC_PARAM_TEXT, AT(error_description), "error_description", NULL },
  [GC_INTRO_ERROR_URI] = { KEY(32), GC_PARAM_TEXT, AT(error_uri), "error_uri", NULL },
  [GC_INTRO_TOKEN_TYPE] = { KEY(34), GC_PARAM_UINT, AT(token_type), "token_type", NULL },
  [GC_INTRO_USERNAME] = { KEY(35), GC_PARAM_TEXT, AT(username), "username", NULL },
  [GC_INTRO_PROFILE] = { KEY(38), GC_PARAM_INT, AT(profile), "ace_profile", NULL },
  [GC_INTRO_CNONCE] = { KEY(39), GC_PARAM_BYTES, AT(cnonce), "cnonce", NULL },
  [GC_INTRO_EXI] = { KEY(40), GC_PARAM_UINT, AT(exi), "exi", NULL },
  [GC_INTRO_CNF] = { KEY(8), GC_PARAM_MAP, AT(cnf), "cnf", NULL },
  [GC_INTRO_RS_CNF] = { KEY(41), GC_PARAM_MAP, AT(rs_cnf), "rs_cnf", NULL },
};
#undef AT
static const struct gc_param_table intro_table = { .rows = intro_rows, .count = GC_INTRO_PARAMS, .is_ordered = true };

enum gc_err gc_introspection_parse(struct gc_introspection *out, struct gc_bytes payload, struct gc_where *where)
{
  struct gc_introspection message = { .present = 0 };
  enum gc_err err = gc_params_parse(&intro_table, 0, payload, &message, &message.present, &message.unknown, where);
  if (!err)
    *out = message;
  return err;
}

enum gc_err gc_introspection_write(struct gc_buf *out, const struct gc_introspection *message)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_params_write(&intro_table, 0, &writer, message, message->present, &message->unknown);
  return gc_cbor_finish(&writer);
}

const struct gc_param *gc_introspection_param_at(size_t index)
{
  return index < GC_INTRO_PARAMS ? &intro_rows[index] : NULL;
}

const char *gc_introspection_request_fault(const struct gc_introspection *request)
{
  return gc_param_has(request->present, GC_INTRO_TOKEN) && request->token.len ? NULL : "no token to look at";
}

const char *gc_introspection_response_fault(const struct gc_introspection *response)
{
  if (!gc_param_has(response->present, GC_INTRO_ACTIVE))
    return "the answer does not say whether the token is active";
  if (response->active && !gc_param_has(response->present, GC_INTRO_CNF))
    return "the answer does not say which key the token is bound to";
  return NULL;
}
