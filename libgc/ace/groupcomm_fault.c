#include "ace/creds.h"
#include "ace/proof.h"
#include "ace/scope.h"
#include "oscore/option.h"

#define BIT(which) GC_PARAM_BIT(GC_GROUPCOMM_##which)
#define GROUP_MODE (GC_GM_GP_ENC_ALG | GC_GM_SIGN_ALG | GC_GM_SIGN_PARAMS)
#define PAIRWISE_MODE (GC_GM_ALG | GC_GM_ECDH_ALG | GC_GM_ECDH_PARAMS)
#define DETERMINISTIC (GC_GM_DET_SENDER_ID | GC_GM_DET_HASH_ALG)

static bool some_not_all(uint64_t present, uint64_t of)
{
  return (present & of) && (present & of) != of;
}

/* --- keying material ----------------------------------------------------------------------------------------------------- */

static const char *lengths_fault(const struct gc_group_material *key)
{
  if ((key->present & GC_GM_MS) && !key->ms.len)
    return "an empty Master Secret";
  if (!key->context_id.len)
    return "an empty Gid";
  if ((key->present & GC_GM_GROUP_SENDER_ID) && key->group_sender_id.len > GC_ID_MAX_LEN)
    return "a Sender ID that is too long";
  return NULL;
}

static const char *verifier_fault(uint64_t present)
{
  if (present & (GC_GM_MS | GC_GM_GROUP_SENDER_ID))
    return "keying material that is not for a signature verifier";
  if (!(present & GC_GM_CRED_FMT))
    return "the keying material names no format of credentials";
  if ((present & GROUP_MODE) != GROUP_MODE)
    return "gp_enc_alg, sign_alg or sign_params is missing";
  return some_not_all(present, GC_GM_ALG | GC_GM_ECDH_ALG) ? "alg and ecdh_alg belong together" : NULL;
}

static const char *modes_fault(uint64_t present)
{
  if (!(present & GC_GM_CRED_FMT))
    return "the keying material names no format of credentials";
  if (some_not_all(present, GROUP_MODE))
    return "gp_enc_alg, sign_alg and sign_params belong together";
  if (some_not_all(present, PAIRWISE_MODE))
    return "alg, ecdh_alg and ecdh_params belong together";
  if (!(present & (GROUP_MODE | PAIRWISE_MODE)))
    return "a group with neither group mode nor pairwise mode";
  return some_not_all(present, DETERMINISTIC) ? "det_senderId and det_hash_alg belong together" : NULL;
}

static const char *key_fault(struct gc_bytes encoded, enum gc_material_use use)
{
  struct gc_group_material key;
  if (gc_material_parse(&key, encoded, GC_MATERIAL_CURRENT, NULL))
    return "the keying material cannot be read";
  if (use != GC_MATERIAL_VERIFIER && !(key.present & GC_GM_MS))
    return "the keying material has no Master Secret";
  if (!(key.present & GC_GM_CONTEXT_ID))
    return "the keying material has no Gid";
  const char *fault = lengths_fault(&key);
  if (fault || use == GC_MATERIAL_REKEYING)
    return fault;
  return use == GC_MATERIAL_VERIFIER ? verifier_fault(key.present) : modes_fault(key.present);
}

/* what every message with keying material has */
static const char *distribution_fault(const struct gc_groupcomm *message, enum gc_material_use use)
{
  if (!gc_groupcomm_has(message, GC_GROUPCOMM_GKTY) || !gc_groupcomm_has(message, GC_GROUPCOMM_KEY))
    return "no keying material";
  if (message->gkty.is_text || message->gkty.number != GC_GKTY_GROUP_OSCORE)
    return "keying material of another type than Group OSCORE's";
  if (!gc_groupcomm_has(message, GC_GROUPCOMM_NUM))
    return "no version number of the keying material";
  if (!gc_groupcomm_has(message, GC_GROUPCOMM_EXI))
    return "no lifetime of the keying material";
  if (gc_groupcomm_has(message, GC_GROUPCOMM_PROFILE) && message->profile != GC_GROUPCOMM_PROFILE_OSCORE_APP)
    return "another profile than coap_group_oscore_app";
  return key_fault(message->key, use);
}

static const char *profile_fault(const struct gc_groupcomm *message)
{
  return gc_groupcomm_has(message, GC_GROUPCOMM_PROFILE) ? NULL : "no profile";
}

const char *gc_key_distribution_fault(const struct gc_groupcomm *response)
{
  struct gc_group_policies policies;
  const char *fault = distribution_fault(response, GC_MATERIAL_JOIN);
  if (fault)
    return fault;
  if (gc_groupcomm_has(response, GC_GROUPCOMM_GROUP_POLICIES) && gc_group_policies_parse(&policies, response->group_policies, NULL))
    return "the group's policies cannot be read";
  return NULL;
}

const char *gc_kdc_cred_fault(const struct gc_groupcomm *response)
{
  const uint64_t proof = BIT(KDC_CRED) | BIT(KDC_NONCE) | BIT(KDC_CRED_VERIFY);
  return (response->present & proof) == proof ? NULL : "the Group Manager does not prove possession of its key";
}

const char *gc_verif_data_fault(const struct gc_groupcomm *response)
{
  const char *fault = distribution_fault(response, GC_MATERIAL_VERIFIER);
  if (!fault)
    fault = profile_fault(response);
  if (!fault && (!gc_groupcomm_has(response, GC_GROUPCOMM_SIGN_ENC_KEY) || !response->sign_enc_key.len))
    fault = "no Signature Encryption Key";
  return fault;
}

const char *gc_join_response_fault(const struct gc_groupcomm *response)
{
  const char *fault = gc_key_distribution_fault(response);
  if (!fault)
    fault = profile_fault(response);
  if (!fault)
    fault = gc_kdc_cred_fault(response);
  if (fault)
    return fault;
  if (gc_peers_check(response, NULL))
    return "creds, peer_roles and peer_identifiers do not belong together";
  if (gc_groupcomm_has(response, GC_GROUPCOMM_REKEYING_SCHEME) && response->rekeying_scheme != GC_REKEYING_POINT_TO_POINT)
    return "another rekeying scheme than Point-to-Point";
  return NULL;
}

const char *gc_rekeying_fault(const struct gc_groupcomm *message)
{
  const char *fault = distribution_fault(message, GC_MATERIAL_REKEYING);
  if (!fault)
    fault = profile_fault(message);
  if (fault)
    return fault;
  if (!gc_groupcomm_has(message, GC_GROUPCOMM_STALE_NODE_IDS))
    return "no stale Sender IDs";
  if (gc_strings_check(message->stale_node_ids, false, NULL, NULL))
    return "the stale Sender IDs cannot be read";
  return gc_peers_check(message, NULL) ? "creds, peer_roles and peer_identifiers do not belong together" : NULL;
}

/* --- requests ------------------------------------------------------------------------------------------------------------ */

static const char *cnonce_fault(const struct gc_groupcomm *request)
{
  if (!gc_groupcomm_has(request, GC_GROUPCOMM_CNONCE) || !request->cnonce.len)
    return "no cnonce";
  return request->cnonce.len > GC_PROOF_NONCE_MAX_LEN ? "a cnonce that is too long" : NULL;
}

static const char *cred_fault(const struct gc_groupcomm *request, bool is_member)
{
  if (!gc_groupcomm_has(request, GC_GROUPCOMM_CLIENT_CRED))
    return "no credential";
  if (!request->client_cred.len)
    return is_member ? NULL : "an empty credential of a node that is no member";
  if (!is_member && !gc_groupcomm_has(request, GC_GROUPCOMM_CLIENT_CRED_VERIFY))
    return "no proof of possession";
  return NULL;
}

const char *gc_join_request_fault(const struct gc_groupcomm *request, bool is_member)
{
  struct gc_scope_entry entry;
  struct gc_creds_filter filter;
  if (!gc_groupcomm_has(request, GC_GROUPCOMM_SCOPE))
    return "no scope";
  if (gc_scope_entry_parse(&entry, request->scope, NULL))
    return "the scope is no group name with roles";
  const char *fault = gc_roles_join_fault(entry.permissions);
  if (!fault)
    fault = cnonce_fault(request);
  if (!fault && gc_roles_send(entry.permissions))
    fault = cred_fault(request, is_member);
  if (fault || !gc_groupcomm_has(request, GC_GROUPCOMM_GET_CREDS))
    return fault;
  if (gc_creds_filter_parse(&filter, request->get_creds, NULL))
    return "get_creds cannot be read";
  return gc_creds_filter_join_fault(&filter);
}

const char *gc_cred_upload_fault(const struct gc_groupcomm *request)
{
  if (!gc_groupcomm_has(request, GC_GROUPCOMM_CLIENT_CRED) || !request->client_cred.len)
    return "no credential";
  if (!gc_groupcomm_has(request, GC_GROUPCOMM_CLIENT_CRED_VERIFY) || !request->client_cred_verify.len)
    return "no proof of possession";
  return cnonce_fault(request);
}
