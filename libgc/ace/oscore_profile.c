#include "ace/oscore_profile.h"

#include "iana/names.h"

enum { FORMAT_CWT = 61, FORMAT_NONE = -1 };

enum gc_err gc_authz_info_parse(struct gc_ace_params *out, struct gc_bytes payload, int32_t content_format, struct gc_where *where)
{
  struct gc_ace_params params = { .place = GC_ACE_AT_AUTHZ_INFO, .present = GC_PARAM_BIT(GC_ACE_ACCESS_TOKEN), .access_token = payload };
  if (content_format != FORMAT_CWT && content_format != FORMAT_NONE && content_format != GC_FORMAT_ACE_CBOR)
    return gc_fail(where, 0, "neither a token nor parameters of ACE", GC_E_UNSUPPORTED);
  if (content_format == GC_FORMAT_ACE_CBOR) {
    enum gc_err err = gc_ace_params_parse(&params, payload, GC_ACE_AT_AUTHZ_INFO, where);
    if (err)
      return err;
  }
  if (!gc_ace_has(&params, GC_ACE_ACCESS_TOKEN) || !params.access_token.len)
    return gc_fail(where, 0, "no access token", GC_E_MALFORMED);
  *out = params;
  return GC_OK;
}

static const char *nonce_fault(struct gc_bytes nonce)
{
  return !nonce.len ? "an empty nonce" : nonce.len > GC_ACE_NONCE_MAX_LEN ? "a nonce that is too long" : NULL;
}

const char *gc_oscore_profile_request_fault(const struct gc_ace_params *request, bool is_protected)
{
  bool has_nonce = gc_ace_has(request, GC_ACE_NONCE1), has_id = gc_ace_has(request, GC_ACE_CLIENT_RECIPIENTID);
  if (!gc_ace_has(request, GC_ACE_ACCESS_TOKEN))
    return "no access token";
  if (is_protected)
    return NULL; /* a nonce and an identifier in it are ignored (Section 4.2) */
  if (!has_nonce)
    return "no nonce1";
  if (!has_id)
    return "no ace_client_recipientid";
  if (request->client_recipientid.len > GC_ID_MAX_LEN)
    return "ace_client_recipientid is too long";
  return nonce_fault(request->nonce1);
}

const char *gc_oscore_profile_response_fault(const struct gc_ace_params *response, struct gc_bytes id1)
{
  if (!gc_ace_has(response, GC_ACE_NONCE2))
    return "no nonce2";
  if (!gc_ace_has(response, GC_ACE_SERVER_RECIPIENTID))
    return "no ace_server_recipientid";
  if (gc_bytes_equal(response->server_recipientid, id1))
    return "both sides have chosen the same Recipient ID";
  if (response->server_recipientid.len > GC_ID_MAX_LEN)
    return "ace_server_recipientid is too long";
  return nonce_fault(response->nonce2);
}

const char *gc_oscore_profile_material_fault(const struct gc_group_material *material)
{
  if (!(material->present & GC_GM_ID))
    return "the keying material has no id";
  if (!(material->present & GC_GM_MS) || !material->ms.len)
    return "the keying material has no Master Secret";
  if ((material->present & GC_GM_VERSION) && material->version != 1)
    return "another version of OSCORE";
  return NULL;
}

static enum gc_err salt(struct gc_oscore_profile_context *out, const struct gc_group_material *material,
                        const struct gc_oscore_exchange_ids *ids)
{
  struct gc_buf buf = gc_buf(out->master_salt, sizeof out->master_salt);
  struct gc_cbor_writer writer = gc_cbor_writer(&buf);
  gc_cbor_bytes(&writer, material->present & GC_GM_SALT ? material->salt : gc_bytes(NULL, 0));
  gc_cbor_bytes(&writer, ids->nonce1);
  gc_cbor_bytes(&writer, ids->nonce2);
  enum gc_err err = gc_cbor_finish(&writer);
  out->params.master_salt = gc_buf_bytes(&buf);
  return err == GC_E_SPACE ? GC_E_RANGE : err;
}

enum gc_err gc_oscore_profile_derive(struct gc_oscore_profile_context *out, const struct gc_group_material *material,
                                     const struct gc_oscore_exchange_ids *ids, bool is_client)
{
  *out = (struct gc_oscore_profile_context){ .params = gc_oscore_params_default(GC_OSCORE_PLAIN) };
  if (gc_oscore_profile_material_fault(material) || gc_bytes_equal(ids->id1, ids->id2))
    return GC_E_MALFORMED;
  if (ids->id1.len > GC_ID_MAX_LEN || ids->id2.len > GC_ID_MAX_LEN)
    return GC_E_RANGE;
  if (!is_client && material->unknown.count)
    return GC_E_UNSUPPORTED;
  enum gc_err err = gc_material_alg(material, GC_GM_HKDF, &material->hkdf, &out->params.hkdf_alg);
  if (!err)
    err = gc_material_alg(material, GC_GM_ALG, &material->alg, &out->params.aead_alg);
  if (!err)
    err = salt(out, material, ids);
  out->params.master_secret = material->ms;
  out->params.has_id_context = material->present & GC_GM_CONTEXT_ID;
  out->params.id_context = material->context_id;
  out->sender_id = is_client ? ids->id2 : ids->id1;
  out->recipient_id = is_client ? ids->id1 : ids->id2;
  return err;
}

bool gc_oscore_profile_is_update(const struct gc_cnf *cnf, struct gc_bytes material_id)
{
  return cnf->method == GC_CNF_KID && gc_bytes_equal(cnf->kid, material_id);
}
