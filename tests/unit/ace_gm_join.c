/* Join Requests: each reason to refuse one, members that join again, monitors, groups of one mode only, backward security. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/gm_rig.h"
#include "../tests/lib/hexval.h"
#include "ace/creds.h"
#include "ace/membership.h"
#include "crypto/secret.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define BOTH (GC_ROLE_REQUESTER | GC_ROLE_RESPONDER)
#define BIT(which) GC_PARAM_BIT(GC_GROUPCOMM_##which)

static struct gm_rig rig;
static struct gm_node node, other;
static const struct gc_bytes nothing = { NULL, 0 };

static int start(void **state)
{
  (void)state;
  gm_rig_start(&rig, 2);
  rig.configs[0].max_sender_id_len = 1;
  gm_rig_run(&rig);
  gm_node_make(&node, &rig, 1, "node", "[[\"group1\", 14], [\"group2\", 2]]");
  gm_node_make(&other, &rig, 2, "other", "[[\"group1\", 14]]");
  return 0;
}

static int stop(void **state)
{
  (void)state;
  gm_rig_stop(&rig);
  return 0;
}

static int ask(struct gm_node *who, const struct gc_groupcomm *request)
{
  return gm_rig_ask(&rig, who, GM_POST, "ace-group/group1", 261, gm_rig_write(request));
}

/* 4.00 with the algorithms of the group and a new challenge */
static void refused_with_infos(int code)
{
  struct gc_groupcomm message;
  assert_int_equal(code, 400);
  assert_int_equal(rig.response.content_format, 261);
  assert_int_equal(gc_groupcomm_parse(&message, gc_buf_bytes(&rig.response.payload), NULL), GC_OK);
  assert_true(gc_groupcomm_has(&message, GC_GROUPCOMM_SIGN_INFO) && gc_groupcomm_has(&message, GC_GROUPCOMM_ECDH_INFO));
  assert_false(gc_groupcomm_has(&message, GC_GROUPCOMM_KDC_DH_CREDS));
  assert_true(gc_bytes_equal(message.kdcchallenge, gc_bytes(node.client.challenge, 8)));
}

/* @req JN-13 JN-17 SC-02 */
static void what_is_missing(void **state)
{
  (void)state;
  const uint64_t missing[] = { BIT(SCOPE), BIT(CNONCE), BIT(CLIENT_CRED), BIT(CLIENT_CRED_VERIFY), BIT(CLIENT_CRED) | BIT(CLIENT_CRED_VERIFY) };
  for (size_t i = 0; i < COUNT(missing); i++) {
    uint8_t before[8];
    struct gc_groupcomm request = gm_rig_join_request(&rig, &node, "group1", BOTH);
    memcpy(before, node.client.challenge, 8);
    request.present &= ~missing[i];
    refused_with_infos(ask(&node, &request));
    assert_memory_not_equal(before, node.client.challenge, 8);
  }
  const uint64_t bad_roles[] = { GC_ROLE_REQUESTER | GC_ROLE_MONITOR, GC_ROLE_RESPONDER | GC_ROLE_MONITOR, GC_ROLE_VERIFIER, 0 };
  for (size_t i = 0; i < COUNT(bad_roles); i++) {
    struct gc_groupcomm request = gm_rig_join_request(&rig, &node, "group1", bad_roles[i]);
    refused_with_infos(ask(&node, &request));
  }
  struct gc_groupcomm elsewhere = gm_rig_join_request(&rig, &node, "group2", GC_ROLE_REQUESTER);
  refused_with_infos(ask(&node, &elsewhere));
  refused_with_infos(gm_rig_ask(&rig, &node, GM_POST, "ace-group/group1", 261, hexval("a203")));
  refused_with_infos(gm_rig_ask(&rig, &node, GM_POST, "ace-group/group1", 261, hexval("a203410003410a"))); /* a key twice */
  assert_int_equal(gm_rig_ask(&rig, &node, GM_POST, "ace-group/group1", 60, nothing), 415);
}

/* @req JN-11 */
static void control_uris(void **state)
{
  (void)state;
  static const char *const bad[] = { "http://c.example/x", "coap://", "coap://c.example/ace-group/group1", "coap://c.example/\0x",
                                     "coap://c.example/ace-group/group1?at=home", "coap://c.example:70000/x", "coap:///x" };
  struct gc_groupcomm request = gm_rig_join_request(&rig, &node, "group1", BOTH);
  request.present |= BIT(CONTROL_URI);
  for (size_t i = 0; i < COUNT(bad); i++) {
    request.control_uri = gc_bytes(bad[i], i == 3 ? 19 : strlen(bad[i]));
    refused_with_infos(ask(&node, &request));
    request = gm_rig_join_request(&rig, &node, "group1", BOTH);
    request.present |= BIT(CONTROL_URI);
  }
  request.control_uri = gc_bytes_str("coap://c.example/ace-group/group1/node");
  assert_int_equal(ask(&node, &request), 201);
}

/* @req JN-10 JN-14 JN-18 JN-07 C124 */
static void proofs(void **state)
{
  (void)state;
  struct gc_groupcomm request = gm_rig_join_request(&rig, &node, "group1", BOTH);
  const struct gc_bytes replayed = gm_rig_write(&request);
  request.client_cred_verify = gc_bytes("", 0);
  assert_int_equal(ask(&node, &request), 400);
  assert_int_equal(gm_rig_error_id(&rig), 3);
  request = gm_rig_join_request(&rig, &node, "group1", BOTH);
  request.client_cred = other.cred; /* somebody else's */
  assert_int_equal(ask(&node, &request), 400);
  assert_int_equal(gm_rig_error_id(&rig), 3);
  node.client.has_challenge = false; /* the Group Manager has been restarted */
  refused_with_infos(ask(&node, &request));
  assert_true(node.client.has_challenge);
  assert_int_equal(gm_rig_ask(&rig, &node, GM_POST, "ace-group/group1", 261, replayed), 400); /* for an older challenge */
  assert_int_equal(gm_rig_error_id(&rig), 3);
  assert_int_equal(gm_rig_join(&rig, &node, "group1", BOTH), 201);
}

/* @req JN-14 JN-16 */
static void credentials(void **state)
{
  (void)state;
  static const char *const bad[] = {
    "a20261780aa101a401010327200621582000", /* cut short */
    "a202617808a101a401020326200121582060fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6225820"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299", /* P-256 */
    "a202617808a101a4010103272006215820"
    "0100000000000000000000000000000000000000000000000000000000000000", /* y = 1 */
    "a202617808a101a4010103272006215820"
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* y = -1 */
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct gc_groupcomm request = gm_rig_join_request(&rig, &node, "group1", BOTH);
    request.client_cred = hexval(bad[i]);
    assert_int_equal(ask(&node, &request), 400);
    assert_int_equal(gm_rig_error_id(&rig), 2);
  }
}

/* @req JN-18: the challenge is looked for before the credential is judged */
static void a_lost_challenge_comes_first(void **state)
{
  (void)state;
  struct gc_groupcomm request = gm_rig_join_request(&rig, &node, "group1", BOTH);
  request.client_cred = hexval("a20261780aa101a401010327200621582000");
  node.client.has_challenge = false;
  refused_with_infos(ask(&node, &request));
  assert_int_equal(ask(&node, &request), 400);
  assert_int_equal(gm_rig_error_id(&rig), 2);
}

/* @req JN-12 JN-15 */
static void not_now(void **state)
{
  (void)state;
  struct gc_groupcomm request = gm_rig_join_request(&rig, &node, "group2", BOTH);
  assert_int_equal(gm_rig_ask(&rig, &node, GM_POST, "ace-group/group2", 261, gm_rig_write(&request)), 403);
  assert_int_equal(gc_gm_set_active(rig.gm, "group1", false), GC_OK);
  assert_int_equal(gm_rig_join(&rig, &node, "group1", BOTH), 503);
  assert_int_equal(gm_rig_error_id(&rig), 9);
  assert_int_equal(gc_gm_set_active(rig.gm, "group1", true), GC_OK);
  struct gc_gm_group group;
  assert_int_equal(rig.store.ops->group_get(rig.store.ctx, "group1", &group), GC_OK);
  group.next_sender_id = 255;
  assert_int_equal(rig.store.ops->group_put(rig.store.ctx, &group), GC_OK);
  assert_int_equal(gm_rig_join(&rig, &node, "group1", BOTH), 201);
  assert_int_equal(gm_rig_join(&rig, &other, "group1", BOTH), 503); /* of one byte there is none left under this Gid */
  assert_int_equal(gm_rig_error_id(&rig), 4);
  assert_int_equal(gm_rig_join(&rig, &other, "group1", GC_ROLE_MONITOR), 201);
  assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK);
  assert_int_equal(gm_rig_join(&rig, &other, "group1", BOTH), 204);
}

/* Who may only verify signatures has nothing to do here, whatever it sends. @req SC-02 GR-01 */
static void signature_verifiers(void **state)
{
  (void)state;
  struct gm_node verifier;
  gm_node_make(&verifier, &rig, 5, "verifier", "[[\"group1\", 16]]");
  struct gc_groupcomm request = gm_rig_join_request(&rig, &verifier, "group1", GC_ROLE_VERIFIER);
  assert_int_equal(ask(&verifier, &request), 403);
  request = gm_rig_join_request(&rig, &verifier, "group1", GC_ROLE_MONITOR);
  assert_int_equal(ask(&verifier, &request), 403);
  assert_int_equal(gm_rig_ask(&rig, &verifier, GM_POST, "ace-group/group1", -1, nothing), 403);
  gm_node_make(&verifier, &rig, 5, "verifier", "[[\"group1\", 24]]");
  assert_int_equal(gm_rig_join(&rig, &verifier, "group1", GC_ROLE_MONITOR), 201); /* as something else it can */
}

/* @req JN-05 JN-20 JN-26 */
static void monitors(void **state)
{
  (void)state;
  struct gc_groupcomm answer;
  struct gc_group_material key;
  struct gc_gm_member member;
  assert_int_equal(gm_rig_join(&rig, &node, "group1", GC_ROLE_MONITOR), 201);
  assert_int_equal(gc_groupcomm_parse(&answer, gc_buf_bytes(&rig.response.payload), NULL), GC_OK);
  assert_null(gc_join_response_fault(&answer));
  assert_int_equal(gc_material_parse(&key, answer.key, GC_MATERIAL_CURRENT, NULL), GC_OK);
  assert_false(key.present & GC_GM_GROUP_SENDER_ID);
  assert_true(gm_rig_member(&rig, "group1", 1, &member));
  assert_false(member.has_sender_id);
  assert_int_equal(member.cred_len, 0);
  struct gc_groupcomm request = gm_rig_join_request(&rig, &other, "group1", GC_ROLE_MONITOR);
  request.present |= BIT(CLIENT_CRED) | BIT(CLIENT_CRED_VERIFY); /* silently ignored */
  request.client_cred_verify = gc_bytes("x", 1);
  assert_int_equal(ask(&other, &request), 201);
}

/* @req JN-06 JN-19 JN-20 */
static void joining_again(void **state)
{
  (void)state;
  struct gc_gm_member before, after;
  assert_int_equal(gm_rig_join(&rig, &node, "group1", BOTH), 201);
  const char *path = gm_rig_node_path(&rig);
  assert_true(gm_rig_member(&rig, "group1", 1, &before));
  struct gc_groupcomm request = gm_rig_join_request(&rig, &node, "group1", GC_ROLE_REQUESTER);
  request.present &= ~BIT(CLIENT_CRED_VERIFY);
  request.client_cred = gc_bytes("", 0);
  assert_int_equal(ask(&node, &request), 204);
  assert_string_equal(gm_rig_node_path(&rig), path);
  assert_int_equal(gm_rig_count(&rig, GC_GM_REJOINED), 1);
  assert_true(gm_rig_member(&rig, "group1", 1, &after));
  assert_memory_not_equal(before.sender_id, after.sender_id, 1);
  assert_int_equal(after.roles, GC_ROLE_REQUESTER);
  assert_int_equal(rig.store.ops->stale_has(rig.store.ctx, "group1", 0, gc_bytes(before.sender_id, 1)), GC_OK);
  request.client_cred = other.cred; /* not the one that is known */
  refused_with_infos(ask(&node, &request));
  request.client_cred = node.cred;
  assert_int_equal(ask(&node, &request), 204);
  request.present |= BIT(CLIENT_CRED_VERIFY); /* empty evidence of what is proved already */
  request.client_cred_verify = gc_bytes("", 0);
  assert_int_equal(ask(&node, &request), 204);
  uint64_t members = 0;
  assert_int_equal(rig.store.ops->member_count(rig.store.ctx, "group1", &members), GC_OK);
  assert_int_equal(members, 1);
}

/* @req JN-03 JN-25 */
static void credentials_of_others(void **state)
{
  (void)state;
  static const struct {
    uint64_t roles;
    const char *get_creds;
    size_t peers;
  } cases[] = {
    { GC_ROLE_REQUESTER, "null", 1 }, /* a responder is there, and a requester */
    { GC_ROLE_RESPONDER, "null", 1 },
    { GC_ROLE_MONITOR, "null", 1 },
    { BOTH, "null", 2 },
    { BOTH, "[true, [4], []]", 1 },
    { BOTH, "[true, [6], []]", 0 },
  };
  struct gm_node peers[2];
  gm_node_make(&peers[0], &rig, 3, "responder", "[[\"group1\", 6]]");
  gm_node_make(&peers[1], &rig, 4, "requester", "[[\"group1\", 6]]");
  assert_int_equal(gm_rig_join(&rig, &peers[0], "group1", GC_ROLE_RESPONDER), 201);
  assert_int_equal(gm_rig_join(&rig, &peers[1], "group1", GC_ROLE_REQUESTER), 201);
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_groupcomm answer, request = gm_rig_join_request(&rig, &node, "group1", cases[i].roles);
    size_t count = 99;
    request.present |= BIT(GET_CREDS);
    request.get_creds = edn(cases[i].get_creds);
    assert_int_equal(ask(&node, &request), i ? 204 : 201);
    assert_int_equal(gc_groupcomm_parse(&answer, gc_buf_bytes(&rig.response.payload), NULL), GC_OK);
    assert_true(gc_groupcomm_has(&answer, GC_GROUPCOMM_CREDS));
    assert_int_equal(gc_peers_check(&answer, &count), GC_OK);
    assert_int_equal(count, cases[i].peers);
  }
  assert_int_equal(gm_rig_join(&rig, &node, "group1", BOTH), 204);
  struct gc_groupcomm answer;
  assert_int_equal(gc_groupcomm_parse(&answer, gc_buf_bytes(&rig.response.payload), NULL), GC_OK);
  assert_false(gc_groupcomm_has(&answer, GC_GROUPCOMM_CREDS));
}

/* @req JN-09 JN-27 GR-10 GR-11 */
static void pairwise_only(void **state)
{
  (void)state;
  struct gm_node verifier;
  struct gc_groupcomm answer;
  gm_rig_stop(&rig);
  gm_rig_start(&rig, 1);
  rig.configs[0].group_enc_alg = rig.configs[0].sign_alg = 0;
  gm_rig_run(&rig);
  gm_node_make(&node, &rig, 1, "node", "[[\"group1\", 14]]");
  gm_node_make(&verifier, &rig, 5, "verifier", "[[\"group1\", 16]]");
  struct gc_groupcomm request = gm_rig_join_request(&rig, &node, "group1", BOTH);
  assert_int_equal(request.client_cred_verify.len, GC_PROOF_MAC_LEN);
  assert_int_equal(ask(&node, &request), 201);
  assert_int_equal(gc_groupcomm_parse(&answer, gc_buf_bytes(&rig.response.payload), NULL), GC_OK);
  uint8_t room[64];
  struct gc_buf input = gc_buf(room, sizeof room);
  assert_int_equal(gc_proof_kdc_input(&input, gc_bytes(node.n_c, 8), answer.kdc_nonce), GC_OK);
  assert_true(gc_proof_verify(GC_PROOF_MAC, &rig.pair.public_key, &node.pair, gc_buf_bytes(&input), answer.kdc_cred_verify));
  assert_int_equal(gm_rig_ask(&rig, &node, GM_GET, "ace-group/group1/kdc-cred", -1, nothing), 205);
  assert_int_equal(gm_rig_ask(&rig, &node, GM_POST, "ace-group/group1", -1, nothing), 400);
  assert_int_equal(gc_groupcomm_parse(&answer, gc_buf_bytes(&rig.response.payload), NULL), GC_OK);
  assert_true(gc_groupcomm_has(&answer, GC_GROUPCOMM_KDC_DH_CREDS) && !gc_groupcomm_has(&answer, GC_GROUPCOMM_SIGN_INFO));
  assert_int_equal(gm_rig_ask(&rig, &verifier, GM_GET, "ace-group/group1/verif-data", -1, nothing), 400);
  assert_int_equal(gm_rig_error_id(&rig), 7);
  assert_int_equal(gm_rig_ask(&rig, &verifier, GM_FETCH, "ace-group/group1/kdc-cred", -1, nothing), 400);
  assert_int_equal(gm_rig_error_id(&rig), 7);
  gm_node_make(&other, &rig, 2, "other", "[[\"group1\", 14]]");
  assert_int_equal(gm_rig_join(&rig, &other, "group1", GC_ROLE_MONITOR), 403);
}

/* @req JN-22 RK-03 */
static void backward_security(void **state)
{
  (void)state;
  struct gc_groupcomm message;
  uint8_t room[2048];
  struct gc_buf out = gc_buf(room, sizeof room);
  size_t peers = 0;
  gm_rig_stop(&rig);
  gm_rig_start(&rig, 1);
  rig.configs[0].has_backward_security = true;
  rig.configs[0].batch_ms = 5000;
  gm_rig_run(&rig);
  gm_node_make(&node, &rig, 1, "node", "[[\"group1\", 6]]");
  gm_node_make(&other, &rig, 2, "other", "[[\"group1\", 6]]");
  struct gm_node third;
  gm_node_make(&third, &rig, 3, "third", "[[\"group1\", 6]]");
  assert_int_equal(gm_rig_join(&rig, &node, "group1", BOTH), 201); /* nobody has used the keys yet */
  assert_int_equal(gm_rig_count(&rig, GC_GM_REKEYED), 0);
  assert_int_equal(gm_rig_join(&rig, &other, "group1", BOTH), 201);
  assert_int_equal(gm_rig_count(&rig, GC_GM_REKEYED), 0); /* the others are told when the batch ends */
  assert_int_equal(gm_rig_join(&rig, &third, "group1", BOTH), 201);
  assert_int_equal(gc_gm_wait_ms(rig.gm, &rig.time), 5000);
  rig.time.now_ms += 5000;
  rig.event_count = 0;
  assert_int_equal(gc_gm_tick(rig.gm, &rig.time), GC_OK);
  assert_int_equal(gm_rig_count(&rig, GC_GM_REKEYED), 1);
  assert_int_equal(rig.events[0].num, 1);
  assert_int_equal(gc_gm_rekeying_message(rig.gm, "group1", &rig.time, &out), GC_OK);
  assert_int_equal(gc_groupcomm_parse(&message, gc_buf_bytes(&out), NULL), GC_OK);
  assert_null(gc_rekeying_fault(&message));
  assert_int_equal(gc_peers_check(&message, &peers), GC_OK);
  assert_int_equal(peers, 2); /* both new ones */
  assert_int_equal(message.num, 1);
  assert_int_equal(gm_rig_join(&rig, &third, "group1", BOTH), 204); /* no new member */
  assert_int_equal(gm_rig_count(&rig, GC_GM_REKEYED), 0);
}

/* --- many credentials -------------------------------------------------------------------------------------------------------------- */

/* Members from … to - 1, each with the largest credential. */
static void put_members(uint64_t from, uint64_t to, uint64_t join_num)
{
  assert_int_equal(rig.store.ops->begin(rig.store.ctx), GC_OK);
  for (uint64_t i = from; i < to; i++) {
    struct gc_gm_member member = { .group = "group1", .node = 1000 + i, .identity = "peer", .identity_len = 6, .roles = BOTH, .has_sender_id = true,
                                   .sender_id = { (uint8_t)(i >> 8), (uint8_t)i }, .sender_id_len = 2, .cred_len = GC_GM_CRED_MAX_LEN,
                                   .birth_gid_len = 4, .expires_s = GC_GM_NEVER, .join_num = join_num, .is_new = true };
    member.identity[4] = (uint8_t)(i >> 8);
    member.identity[5] = (uint8_t)i;
    memset(member.cred, (int)(i % 251), sizeof member.cred);
    assert_int_equal(rig.store.ops->member_put(rig.store.ctx, &member), GC_OK);
  }
  assert_int_equal(rig.store.ops->commit(rig.store.ctx), GC_OK);
}

static void refused_as_too_large(int code)
{
  static const char text[] = "the credentials are too large for one answer: join without get_creds, and fetch those that are needed by Sender ID";
  assert_int_equal(code, 500);
  assert_int_equal(rig.response.content_format, -1);
  assert_true(gc_bytes_equal(gc_buf_bytes(&rig.response.payload), gc_bytes_str(text)));
  assert_int_equal(gm_rig_count(&rig, GC_GM_REFUSED), 1);
}

/* A thousand of the largest fit in. More do not, and then nothing has happened. */
static void many_credentials(void **state)
{
  (void)state;
  struct gc_groupcomm answer;
  size_t count = 0;
  gm_rig_stop(&rig);
  gm_rig_start(&rig, 1);
  rig.configs[0].max_members = 2000;
  gm_rig_run(&rig);
  gm_node_make(&node, &rig, 1, "node", "[[\"group1\", 14]]");
  gm_node_make(&other, &rig, 2, "other", "[[\"group1\", 14]]");
  put_members(0, 1000, 0);
  struct gc_groupcomm request = gm_rig_join_request(&rig, &node, "group1", BOTH);
  request.present |= BIT(GET_CREDS);
  request.get_creds = edn("null");
  assert_int_equal(ask(&node, &request), 201);
  assert_int_equal(gc_groupcomm_parse(&answer, gc_buf_bytes(&rig.response.payload), NULL), GC_OK);
  assert_int_equal(gc_peers_check(&answer, &count), GC_OK);
  assert_int_equal(count, 1000);
  assert_int_equal(gm_rig_ask(&rig, &node, GM_GET, "ace-group/group1/creds", -1, nothing), 205);
  assert_in_range(rig.response.payload.len, 1024000, GC_GM_PAYLOAD_MAX_LEN);
  put_members(1000, 1100, 0);
  refused_as_too_large(gm_rig_ask(&rig, &node, GM_GET, "ace-group/group1/creds", -1, nothing));
  request = gm_rig_join_request(&rig, &other, "group1", BOTH);
  request.present |= BIT(GET_CREDS);
  request.get_creds = edn("null");
  refused_as_too_large(ask(&other, &request));
  assert_int_equal(gm_rig_ask(&rig, &other, GM_GET, "ace-group/group1", -1, nothing), 403); /* no member */
  assert_int_equal(gm_rig_join(&rig, &other, "group1", BOTH), 201);
  assert_int_equal(gm_rig_ask(&rig, &other, GM_FETCH, "ace-group/group1/creds", 261, edn("{4: [true, [], [h'0007', h'0440']]}")), 205);
  assert_int_equal(gc_groupcomm_parse(&answer, gc_buf_bytes(&rig.response.payload), NULL), GC_OK);
  assert_int_equal(gc_peers_check(&answer, &count), GC_OK);
  assert_int_equal(count, 2);
}

/* All that are new in one generation are named in its rekeying message, if they fit in; the keys are told in any case. */
static void many_new_members(void **state)
{
  (void)state;
  static uint8_t room[GC_GM_REKEYING_MAX_LEN];
  const uint64_t counts[] = { 60, 70, 1100 };
  gm_node_make(&node, &rig, 1, "node", "[[\"group1\", 14]]");
  assert_int_equal(gm_rig_join(&rig, &node, "group1", BOTH), 201);
  assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK);
  for (size_t i = 0; i < COUNT(counts); i++) {
    struct gc_buf out = gc_buf(room, sizeof room);
    struct gc_groupcomm message;
    put_members(i ? counts[i - 1] : 0, counts[i], 1);
    assert_int_equal(gc_gm_rekeying_message(rig.gm, "group1", &rig.time, &out), GC_OK);
    assert_int_equal(gc_groupcomm_parse(&message, gc_buf_bytes(&out), NULL), GC_OK);
    assert_null(gc_rekeying_fault(&message));
    assert_int_equal(message.num, 1);
    assert_int_equal(gc_groupcomm_has(&message, GC_GROUPCOMM_CREDS), i == 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(what_is_missing, start, stop), cmocka_unit_test_setup_teardown(control_uris, start, stop),
    cmocka_unit_test_setup_teardown(proofs, start, stop), cmocka_unit_test_setup_teardown(credentials, start, stop),
    cmocka_unit_test_setup_teardown(a_lost_challenge_comes_first, start, stop), cmocka_unit_test_setup_teardown(many_credentials, start, stop),
    cmocka_unit_test_setup_teardown(many_new_members, start, stop),
    cmocka_unit_test_setup_teardown(not_now, start, stop), cmocka_unit_test_setup_teardown(signature_verifiers, start, stop),
    cmocka_unit_test_setup_teardown(monitors, start, stop),
    cmocka_unit_test_setup_teardown(joining_again, start, stop), cmocka_unit_test_setup_teardown(credentials_of_others, start, stop),
    cmocka_unit_test_setup_teardown(pairwise_only, start, stop), cmocka_unit_test_setup_teardown(backward_security, start, stop),
  };
  if (gc_crypto_init())
    return 1;
  return cmocka_run_group_tests_name("ace_gm_join", tests, NULL, NULL);
}
