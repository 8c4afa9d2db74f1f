/* The OSCORE profile of ACE: a token is uploaded, and both sides derive an OSCORE Security Context from what the Authorization
 * Server gave them and from two nonces (RFC 9203, Sections 4 and 6). */
#ifndef GC_ACE_OSCORE_PROFILE_H
#define GC_ACE_OSCORE_PROFILE_H

#include "ace/cnf.h"
#include "ace/params.h"
#include "oscore/context.h"

#define GC_ACE_NONCE_LEN 8      /* bytes that we make (Section 4.1: recommended) */
#define GC_ACE_NONCE_MAX_LEN 64 /* bytes that we take */

/**
 * The payload of a POST to authz-info: a token alone, or parameters with a token among them.
 * @param content_format 19: parameters; 61, or -1 (none given): a token alone
 * @return GC_OK; GC_E_UNSUPPORTED: another Content-Format; GC_E_MALFORMED: no token, or it is empty; else as gc_ace_params_parse
 */
enum gc_err gc_authz_info_parse(struct gc_ace_params *out, struct gc_bytes payload, int32_t content_format,
                                struct gc_where *where) GC_MUST_CHECK;

/**
 * What is wrong with a request, beyond its token.
 * @param is_protected it came through an OSCORE Security Context: then it updates access rights: the token is all that counts
 * @return NULL, or the fault: lower case, static
 */
const char *gc_oscore_profile_request_fault(const struct gc_ace_params *request, bool is_protected);

/**
 * What is wrong with the response to it.
 * @param id1 the ace_client_recipientid of the request
 */
const char *gc_oscore_profile_response_fault(const struct gc_ace_params *response, struct gc_bytes id1);

/** What is missing in the OSCORE_Input_Material of a token or a token response: NULL, or the fault. */
const char *gc_oscore_profile_material_fault(const struct gc_group_material *material);

/** Both messages, as far as the context rests on them. */
struct gc_oscore_exchange_ids {
  struct gc_bytes nonce1, nonce2;
  struct gc_bytes id1; /* ace_client_recipientid */
  struct gc_bytes id2; /* ace_server_recipientid */
};

/** Holds its Master Salt: not to be copied. Wipe it with gc_wipe. Secret by params.master_secret, which is borrowed. */
struct gc_oscore_profile_context {
  struct gc_oscore_params params;
  struct gc_bytes sender_id, recipient_id; /* borrowed */
  uint8_t master_salt[GC_MASTER_SECRET_MAX_LEN];
};

/**
 * The parameters of the Security Context (Section 4.3): Master Salt = bstr(salt) ‖ bstr(N1) ‖ bstr(N2).
 * @param material  borrowed by out
 * @param is_client Sender ID = ID2, Recipient ID = ID1; a resource server: the other way
 * @return GC_OK; GC_E_MALFORMED: gc_oscore_profile_material_fault, or ID1 = ID2; GC_E_UNSUPPORTED: an algorithm that is a text or
 *         has no number here, at a resource server also a parameter that is not known (Section 4.2); GC_E_RANGE: salt and nonces,
 *         or an ID, too long
 */
enum gc_err gc_oscore_profile_derive(struct gc_oscore_profile_context *out, const struct gc_group_material *material,
                                     const struct gc_oscore_exchange_ids *ids, bool is_client) GC_MUST_CHECK;

/** Are these the rights of the association with that id anew (cnf is a kid that equals the id of its material)? */
bool gc_oscore_profile_is_update(const struct gc_cnf *cnf, struct gc_bytes material_id);

#endif
