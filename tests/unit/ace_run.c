/* Steps 3 to 8 of a complete run, as messages from hand to hand: an Authorization Server, a Group Manager and two members. Each
 * side knows only what it was given and what it reads. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/hexval.h"
#include "../tests/lib/oscore_rig.h"
#include "ace/creds.h"
#include "ace/cwt.h"
#include "ace/membership.h"
#include "ace/oscore_profile.h"
#include "ace/proof.h"
#include "ace/scope.h"
#include "ace/token.h"
#include "crypto/secret.h"

enum { NOW_S = 1800000000, MEMBERS = 2 };

struct message {
  uint8_t store[2048];
  struct gc_buf buf;
};

struct node {
  struct gc_key_pair pair;
  uint8_t cred_store[128];
  struct gc_buf cred;
  uint8_t sender_id;
  struct gc_membership membership;
  struct message token_claims, join_response, rekeying; /* what the rest borrows from */
  struct gc_oscore_context *group, *association;
};

static struct node nodes[MEMBERS], gm;
static struct gc_oscore_params group_params;
static uint8_t as_rs_secret[16] = { 0xa5 }, n_s[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, n_c[] = { 8, 7, 6, 5, 4, 3, 2, 1 }, n_kdc[] = { 9, 9, 9, 9, 9, 9, 9, 9 };
static const uint64_t granted = GC_ROLE_REQUESTER | GC_ROLE_RESPONDER;

static struct gc_bytes started(struct message *message)
{
  message->buf = gc_buf(message->store, sizeof message->store);
  return gc_buf_bytes(&message->buf);
}

static void node_make(struct node *node, uint8_t number, const char *name)
{
  uint8_t seed[32];
  memset(seed, number, sizeof seed);
  assert_int_equal(gc_key_pair_set(&node->pair, GC_CURVE_ED25519, gc_bytes(seed, 32)), GC_OK);
  node->cred = gc_buf(node->cred_store, sizeof node->cred_store);
  assert_int_equal(gc_credential_write_ccs(&node->cred, &node->pair.public_key, gc_bytes_str(name)), GC_OK);
  node->sender_id = number;
}

static struct gc_cwt_key as_key(void)
{
  return (struct gc_cwt_key){ .kind = GC_COSE_ENCRYPT0, .alg = GC_ALG_CCM_16_64_128, .kid = gc_bytes_str("AS1"), .secret = gc_bytes(as_rs_secret, 16) };
}

/* the Authorization Server answers a token request */
static void as_answers(struct message *response, struct gc_bytes request_bytes, uint8_t number)
{
  struct gc_ace_params request, answer = { .place = GC_ACE_AT_AS };
  struct message token, cnf;
  uint8_t secret[16], iv[13] = { number };
  memset(secret, number, sizeof secret);
  assert_int_equal(gc_ace_params_parse(&request, request_bytes, GC_ACE_AT_AS, NULL), GC_OK);
  assert_int_equal(gc_token_request_check(&request, NULL), 0);
  struct gc_group_material osc = { .present = GC_GM_ID | GC_GM_MS, .id = gc_bytes(&number, 1), .ms = gc_bytes(secret, 16) };
  started(&cnf);
  assert_int_equal(gc_cnf_write_osc(&cnf.buf, &osc), GC_OK);
  struct gc_cwt_claims claims = {
    .present = GC_PARAM_BIT(GC_CWT_AUD) | GC_PARAM_BIT(GC_CWT_EXP) | GC_PARAM_BIT(GC_CWT_CNF) | GC_PARAM_BIT(GC_CWT_SCOPE),
    .aud = request.audience, .exp = { .number = NOW_S + 3600 }, .cnf = gc_buf_bytes(&cnf.buf), .scope = request.scope,
  };
  struct gc_cwt_key key = as_key();
  started(&token);
  assert_int_equal(gc_cwt_make(&token.buf, &claims, &key, gc_bytes(iv, 13)), GC_OK);
  answer.present = GC_PARAM_BIT(GC_ACE_ACCESS_TOKEN) | GC_PARAM_BIT(GC_ACE_PROFILE) | GC_PARAM_BIT(GC_ACE_CNF) | GC_PARAM_BIT(GC_ACE_EXPIRES_IN);
  answer.access_token = gc_buf_bytes(&token.buf);
  answer.profile.number = GC_ACE_PROFILE_OSCORE;
  answer.cnf = gc_buf_bytes(&cnf.buf);
  answer.expires_in = 3600;
  started(response);
  assert_int_equal(gc_ace_params_write(&response->buf, &answer), GC_OK);
}

static struct gc_oscore_context *association_of(struct gc_bytes cnf_bytes, const struct gc_oscore_exchange_ids *ids, bool is_client)
{
  struct gc_cnf cnf;
  struct gc_oscore_profile_context derived;
  struct gc_oscore_context *context = NULL;
  struct gc_bytes none = gc_bytes(NULL, 0);
  assert_int_equal(gc_cnf_parse(&cnf, cnf_bytes, NULL), GC_OK);
  assert_int_equal(gc_oscore_profile_derive(&derived, &cnf.osc, ids, is_client), GC_OK);
  assert_int_equal(gc_oscore_context_new(&context, &derived.params, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_set_sender(context, derived.sender_id, none, none, (struct gc_oscore_numbers){ NULL, NULL }, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_add_recipient(context, derived.recipient_id, none, NULL, NULL), GC_OK);
  return context;
}

/* a token is transferred: both sides end with an association, the Group Manager with the scope too */
static void transfer(struct node *node, struct gc_bytes token_response, struct gc_scope_list *scope)
{
  struct gc_ace_params given, request;
  struct gc_cwt_claims claims;
  struct message upload;
  uint8_t nonce1[8] = { 1 }, nonce2[8] = { 2 };
  assert_int_equal(gc_ace_params_parse(&given, token_response, GC_ACE_AT_AS, NULL), GC_OK);
  struct gc_ace_params params = {
    .place = GC_ACE_AT_AUTHZ_INFO, .access_token = given.access_token, .nonce1 = gc_bytes(nonce1, 8), .client_recipientid = hexval("16"),
    .present = GC_PARAM_BIT(GC_ACE_ACCESS_TOKEN) | GC_PARAM_BIT(GC_ACE_NONCE1) | GC_PARAM_BIT(GC_ACE_CLIENT_RECIPIENTID),
  };
  started(&upload);
  assert_int_equal(gc_ace_params_write(&upload.buf, &params), GC_OK);

  assert_int_equal(gc_authz_info_parse(&request, gc_buf_bytes(&upload.buf), 19, NULL), GC_OK);
  assert_null(gc_oscore_profile_request_fault(&request, false));
  struct gc_cwt_key key = as_key();
  started(&node->token_claims);
  assert_int_equal(gc_cwt_open(&claims, request.access_token, &key, &node->token_claims.buf, NULL), GC_CWT_VALID);
  assert_int_equal(gc_cwt_check(&claims, &(struct gc_cwt_expected){ .audience = gc_bytes_str("gm"), .has_clock = true, .now_s = NOW_S }), GC_CWT_VALID);
  assert_int_equal(gc_scope_parse(scope, claims.scope.value, NULL), GC_OK);
  struct gc_oscore_exchange_ids ids = { request.nonce1, gc_bytes(nonce2, 8), request.client_recipientid, hexval("00") };
  gm.association = association_of(claims.cnf, &ids, false);
  node->association = association_of(given.cnf, &ids, true);

  struct gc_oscore_binding binding, theirs; /* what the member protects, the Group Manager opens */
  struct gc_oscore_opened opened;
  struct gc_bytes datagram = sec_request(node->association, sec_get, &(struct gc_oscore_send){ .is_pairwise = false }, &binding);
  assert_int_equal(sec_open_request(gm.association, datagram, 0, &opened, &theirs), GC_SEC_OK);
  gc_oscore_context_free(&gm.association);
  gc_oscore_context_free(&node->association);
}

static void join_request(struct message *out, const struct node *node)
{
  struct message scope, input, proof;
  struct gc_scope_entry entry = { GC_SCOPE_USER, gc_bytes_str("lights"), granted };
  started(&scope);
  started(&input);
  started(&proof);
  assert_int_equal(gc_scope_entry_write(&scope.buf, &entry), GC_OK);
  assert_int_equal(gc_proof_client_input(&input.buf, gc_buf_bytes(&scope.buf), gc_bytes(n_s, 8), gc_bytes(n_c, 8)), GC_OK);
  assert_int_equal(gc_proof_make(&proof.buf, GC_PROOF_SIGNATURE, &node->pair, NULL, gc_buf_bytes(&input.buf)), GC_OK);
  struct gc_groupcomm request = {
    .present = GC_PARAM_BIT(GC_GROUPCOMM_SCOPE) | GC_PARAM_BIT(GC_GROUPCOMM_GET_CREDS) | GC_PARAM_BIT(GC_GROUPCOMM_CLIENT_CRED) |
               GC_PARAM_BIT(GC_GROUPCOMM_CNONCE) | GC_PARAM_BIT(GC_GROUPCOMM_CLIENT_CRED_VERIFY),
    .scope = gc_buf_bytes(&scope.buf), .get_creds = gc_param_null(), .client_cred = gc_buf_bytes(&node->cred), .cnonce = gc_bytes(n_c, 8),
    .client_cred_verify = gc_buf_bytes(&proof.buf),
  };
  started(out);
  assert_int_equal(gc_groupcomm_write(&out->buf, &request), GC_OK);
}

/* the Group Manager's answer to a member whose request it has checked; the other member is told of */
static void gm_answers(struct message *out, const struct gc_groupcomm *request, struct node *node, const struct node *other)
{
  struct message key, peers, input, proof;
  struct gc_bytes id = gc_bytes(&node->sender_id, 1);
  struct gc_group_material material;
  struct gc_material_room room;
  started(&key);
  started(&peers);
  started(&input);
  started(&proof);
  assert_int_equal(gc_material_of(&material, &group_params, GC_MATERIAL_JOIN, &id, 0, &room), GC_OK);
  struct gc_cbor_writer writer = gc_cbor_writer(&key.buf);
  gc_material_write(&writer, &material);
  assert_int_equal(gc_cbor_finish(&writer), GC_OK);
  assert_int_equal(gc_proof_kdc_input(&input.buf, request->cnonce, gc_bytes(n_kdc, 8)), GC_OK);
  assert_int_equal(gc_proof_make(&proof.buf, GC_PROOF_SIGNATURE, &gm.pair, NULL, gc_buf_bytes(&input.buf)), GC_OK);
  struct gc_groupcomm response = {
    .present = GC_PARAM_BIT(GC_GROUPCOMM_GKTY) | GC_PARAM_BIT(GC_GROUPCOMM_KEY) | GC_PARAM_BIT(GC_GROUPCOMM_NUM) | GC_PARAM_BIT(GC_GROUPCOMM_EXI) |
               GC_PARAM_BIT(GC_GROUPCOMM_PROFILE) | GC_PARAM_BIT(GC_GROUPCOMM_KDC_CRED) | GC_PARAM_BIT(GC_GROUPCOMM_KDC_NONCE) |
               GC_PARAM_BIT(GC_GROUPCOMM_KDC_CRED_VERIFY),
    .gkty.number = GC_GKTY_GROUP_OSCORE, .key = gc_buf_bytes(&key.buf), .exi = 86400, .profile = GC_GROUPCOMM_PROFILE_OSCORE_APP,
    .kdc_cred = gc_buf_bytes(&gm.cred), .kdc_nonce = gc_bytes(n_kdc, 8), .kdc_cred_verify = gc_buf_bytes(&proof.buf),
  };
  struct gc_peer peer = { gc_buf_bytes(&other->cred), gc_bytes(&other->sender_id, 1), granted };
  assert_true(gc_creds_relevant(granted, peer.roles));
  assert_int_equal(gc_peers_set(&response, &peers.buf, &peer, 1), GC_OK);
  started(out);
  assert_int_equal(gc_groupcomm_write(&out->buf, &response), GC_OK);
}

static void gm_judges(const struct gc_groupcomm *request, const struct gc_scope_list *scope)
{
  struct gc_scope_entry entry;
  struct gc_credential cred;
  struct message input;
  assert_null(gc_join_request_fault(request, false));
  assert_int_equal(gc_scope_entry_parse(&entry, request->scope, NULL), GC_OK);
  assert_true(gc_scope_grants(scope, &entry));
  assert_int_equal(gc_credential_read(&cred, request->client_cred, GC_CRED_CCS, NULL), GC_OK);
  started(&input);
  assert_int_equal(gc_proof_client_input(&input.buf, request->scope, gc_bytes(n_s, 8), request->cnonce), GC_OK);
  assert_true(gc_proof_verify(GC_PROOF_SIGNATURE, &cred.public_key, NULL, gc_buf_bytes(&input.buf), request->client_cred_verify));
}

static struct gc_oscore_context *group_context(const struct node *node, struct gc_bytes peer_id, struct gc_bytes peer_cred)
{
  struct gc_oscore_context *context = NULL;
  const char *why = "";
  if (gc_oscore_context_new(&context, &node->membership.params, &why))
    fail_msg("%s", why);
  if (gc_oscore_context_set_sender(context, node->membership.sender_id, gc_buf_bytes(&node->cred), gc_bytes(node->pair.private_key, node->pair.private_len),
                                   (struct gc_oscore_numbers){ NULL, NULL }, &why))
    fail_msg("%s", why);
  if (gc_oscore_context_add_recipient(context, peer_id, peer_cred, NULL, &why))
    fail_msg("%s", why);
  return context;
}

static void member_takes(struct node *node)
{
  struct gc_groupcomm response;
  struct gc_credential kdc;
  struct message input;
  struct gc_peers peers;
  struct gc_peer peer;
  assert_int_equal(gc_groupcomm_parse(&response, gc_buf_bytes(&node->join_response.buf), NULL), GC_OK);
  assert_null(gc_join_response_fault(&response));
  assert_int_equal(gc_credential_read(&kdc, response.kdc_cred, GC_CRED_ANY, NULL), GC_OK);
  started(&input);
  assert_int_equal(gc_proof_kdc_input(&input.buf, gc_bytes(n_c, 8), response.kdc_nonce), GC_OK);
  assert_true(gc_proof_verify(GC_PROOF_SIGNATURE, &kdc.public_key, NULL, gc_buf_bytes(&input.buf), response.kdc_cred_verify));
  assert_int_equal(gc_membership_read(&node->membership, &response, NULL), GC_OK);
  assert_int_equal(gc_peers_begin(&peers, &response), GC_OK);
  assert_int_equal(gc_peers_next(&peers, &peer), GC_OK);
  node->group = group_context(node, peer.id, peer.cred);
}

static enum gc_sec asked(struct node *client, struct node *server)
{
  struct gc_oscore_binding binding, theirs;
  struct gc_oscore_opened opened;
  struct gc_bytes datagram = sec_request(client->group, sec_get, &(struct gc_oscore_send){ .is_pairwise = false }, &binding);
  return sec_open_request(server->group, datagram, 0, &opened, &theirs);
}

static void rekeyed(struct node *node, const struct node *peer)
{
  struct gc_groupcomm message;
  assert_int_equal(gc_groupcomm_parse(&message, gc_buf_bytes(&node->rekeying.buf), NULL), GC_OK);
  assert_int_equal(gc_rekeying_judge(node->membership.num, message.num), GC_REKEYING_INSTALL);
  assert_int_equal(gc_membership_rekey(&node->membership, &message, NULL), GC_OK);
  gc_oscore_context_free(&node->group);
  node->group = group_context(node, gc_bytes(&peer->sender_id, 1), gc_buf_bytes(&peer->cred));
}

static void gm_rekeys(void)
{
  static const uint8_t secret[16] = { 0x77 };
  struct message key;
  struct gc_group_material material;
  struct gc_material_room room;
  struct gc_bytes stale = hexval("80");
  group_params.master_secret = gc_bytes(secret, 16);
  group_params.master_salt = gc_bytes(NULL, 0);
  group_params.id_context = gc_bytes("\xdd\x12", 2);
  started(&key);
  assert_int_equal(gc_material_of(&material, &group_params, GC_MATERIAL_REKEYING, NULL, 0, &room), GC_OK);
  struct gc_cbor_writer writer = gc_cbor_writer(&key.buf);
  gc_material_write(&writer, &material);
  assert_int_equal(gc_cbor_finish(&writer), GC_OK);
  struct gc_groupcomm message = {
    .present = GC_PARAM_BIT(GC_GROUPCOMM_GKTY) | GC_PARAM_BIT(GC_GROUPCOMM_KEY) | GC_PARAM_BIT(GC_GROUPCOMM_NUM) | GC_PARAM_BIT(GC_GROUPCOMM_EXI) |
               GC_PARAM_BIT(GC_GROUPCOMM_PROFILE) | GC_PARAM_BIT(GC_GROUPCOMM_STALE_NODE_IDS),
    .gkty.number = GC_GKTY_GROUP_OSCORE, .key = gc_buf_bytes(&key.buf), .num = 1, .exi = 86400, .profile = GC_GROUPCOMM_PROFILE_OSCORE_APP,
    .stale_node_ids = stale,
  };
  for (size_t i = 0; i < MEMBERS; i++) {
    started(&nodes[i].rekeying);
    assert_int_equal(gc_groupcomm_write(&nodes[i].rekeying.buf, &message), GC_OK);
  }
}

/* @req AC-02 AC-07 OP-02 OP-04 OP-05 JN-09 JN-23 JN-25 JN-27 RK-03 */
static void two_members_join_speak_and_are_rekeyed(void **state)
{
  (void)state;
  for (size_t i = 0; i < MEMBERS; i++) {
    struct gc_scope_list wanted = { .entries = { { GC_SCOPE_USER, gc_bytes_str("lights"), granted } }, .count = 1 }, scope;
    struct gc_ace_params ask = { .place = GC_ACE_AT_AS, .present = GC_PARAM_BIT(GC_ACE_AUDIENCE) | GC_PARAM_BIT(GC_ACE_SCOPE) | GC_PARAM_BIT(GC_ACE_PROFILE),
                                 .audience = gc_bytes_str("gm"), .profile.is_null = true };
    struct message scope_bytes, request, response;
    struct gc_groupcomm join;
    started(&scope_bytes);
    started(&request);
    assert_int_equal(gc_scope_write(&scope_bytes.buf, &wanted), GC_OK);
    ask.scope.value = gc_buf_bytes(&scope_bytes.buf);
    assert_int_equal(gc_ace_params_write(&request.buf, &ask), GC_OK);
    as_answers(&response, gc_buf_bytes(&request.buf), (uint8_t)(i + 1));
    transfer(&nodes[i], gc_buf_bytes(&response.buf), &scope);
    join_request(&request, &nodes[i]);
    assert_int_equal(gc_groupcomm_parse(&join, gc_buf_bytes(&request.buf), NULL), GC_OK);
    gm_judges(&join, &scope);
    gm_answers(&nodes[i].join_response, &join, &nodes[i], &nodes[!i]);
    member_takes(&nodes[i]);
  }
  assert_int_equal(asked(&nodes[0], &nodes[1]), GC_SEC_OK);
  assert_int_equal(asked(&nodes[1], &nodes[0]), GC_SEC_OK);
  gm_rekeys();
  rekeyed(&nodes[0], &nodes[1]);
  assert_int_not_equal(asked(&nodes[0], &nodes[1]), GC_SEC_OK); /* the other has the old keys still */
  rekeyed(&nodes[1], &nodes[0]);
  assert_int_equal(asked(&nodes[0], &nodes[1]), GC_SEC_OK);
  for (size_t i = 0; i < MEMBERS; i++)
    gc_oscore_context_free(&nodes[i].group);
}

static int setup(void **state)
{
  static const uint8_t secret[16] = { 0x66 }, salt[8] = { 0x55 };
  (void)state;
  if (gc_crypto_init())
    return -1;
  node_make(&nodes[0], 1, "one");
  node_make(&nodes[1], 2, "two");
  node_make(&gm, 9, "gm");
  group_params = gc_oscore_params_default(GC_OSCORE_GROUP);
  group_params.master_secret = gc_bytes(secret, 16);
  group_params.master_salt = gc_bytes(salt, 8);
  group_params.has_id_context = true;
  group_params.id_context = gc_bytes("\xdd\x11", 2);
  group_params.cred_fmt = GC_CRED_CCS;
  return 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(two_members_join_speak_and_are_rekeyed) };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, setup, NULL);
}
