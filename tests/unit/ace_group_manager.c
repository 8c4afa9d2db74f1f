/* The Group Manager as a whole: the worked examples of joining, rekeying and the rest, who may ask what, what an error leaves behind. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/failing_store.h"
#include "../tests/lib/gm_rig.h"
#include "../tests/lib/hexval.h"
#include "ace_examples.h"
#include "crypto/secret.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define BOTH (GC_ROLE_REQUESTER | GC_ROLE_RESPONDER)

static struct gm_rig rig;

static const struct gc_bytes nothing = { NULL, 0 };

static void answered(const char *hex)
{
  const struct gc_bytes expected = hexval(hex);
  assert_int_equal(rig.response.payload.len, expected.len);
  assert_memory_equal(rig.payload, expected.ptr, expected.len);
}

static void put_group(const char *gid, const char *secret, const char *salt, uint64_t num, int64_t expires_s, uint64_t next_sender_id)
{
  struct gc_gm_group group;
  const struct gc_bytes parts[] = { hexval(gid), hexval(secret), hexval(salt) };
  assert_int_equal(rig.store.ops->group_get(rig.store.ctx, "group1", &group), GC_OK);
  memcpy(group.gid, parts[0].ptr, group.gid_len = (uint8_t)parts[0].len);
  memcpy(group.master_secret, parts[1].ptr, group.master_secret_len = (uint8_t)parts[1].len);
  memcpy(group.master_salt, parts[2].ptr, group.master_salt_len = (uint8_t)parts[2].len);
  group.num = num;
  group.expires_s = expires_s;
  group.next_sender_id = next_sender_id;
  assert_int_equal(rig.store.ops->group_put(rig.store.ctx, &group), GC_OK);
}

/* group1 as it is in the examples before the client joins: the peer is there with Sender ID 52 */
static void start_example(void)
{
  struct gc_gm_member peer = { .group = "group1", .node = 1000, .roles = BOTH, .has_sender_id = true, .sender_id = { 0x52 }, .sender_id_len = 1,
                               .identity = "\0peer1", .identity_len = 6, .expires_s = GC_GM_NEVER };
  const struct gc_bytes cred = hexval(EXAMPLE_PEER_CCS);
  gm_rig_start(&rig, 1);
  rig.configs[0].gid_prefix = hexval("dd");
  rig.configs[0].gid_epoch_len = 1;
  rig.configs[0].master_salt_len = 0;
  rig.configs[0].max_sender_id_len = 1;
  gm_rig_run(&rig);
  put_group("dd11", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "d0d1d2d3d4d5d6d7", 0, GM_RIG_NOW_S + 86400, 0x25);
  memcpy(peer.cred, cred.ptr, peer.cred_len = cred.len);
  assert_int_equal(rig.store.ops->member_put(rig.store.ctx, &peer), GC_OK);
}

static void client_of_the_example(struct gm_node *node)
{
  gm_node_make(node, &rig, 0x11, "client1", "[[\"group1\", 6]]");
  assert_true(gc_bytes_equal(node->cred, hexval(EXAMPLE_CLIENT_CCS)));
  memcpy(node->client.challenge, hexval(EXAMPLE_N_S).ptr, 8);
}

static void join_example(struct gm_node *node)
{
  client_of_the_example(node);
  gm_rig_random(&rig, EXAMPLE_N_KDC);
  assert_int_equal(gm_rig_ask(&rig, node, GM_POST, "ace-group/group1", 261, hexval(EXAMPLE_JOIN_REQUEST)), 201);
}

/* @req JN-01 JN-02 JN-08 JN-09 JN-19 JN-20 JN-21 JN-23 JN-24 JN-25 JN-26 JN-27 */
static void join_of_the_example(void **state)
{
  (void)state;
  struct gm_node node;
  struct gc_gm_member member;
  start_example();
  join_example(&node);
  answered(EXAMPLE_JOIN_RESPONSE);
  assert_int_equal(rig.response.content_format, 261);
  assert_true(rig.response.has_location);
  assert_string_equal(rig.response.group, "group1");
  assert_string_equal(rig.response.node, "n1");
  assert_true(gm_rig_member(&rig, "group1", 1, &member));
  assert_string_equal(member.control_uri, "coap://c.example/ace-group/group1/node");
  assert_int_equal(member.sender_id[0], 0x25);
  assert_true(gc_bytes_equal(gc_bytes(member.birth_gid, member.birth_gid_len), hexval("dd11")));
  assert_int_equal(gm_rig_count(&rig, GC_GM_JOINED), 1);
  assert_int_equal(gm_rig_count(&rig, GC_GM_REKEYED), 0);
  gm_rig_stop(&rig);
}

/* @req GR-07 GR-08 GR-09 GR-04 GR-02 JN-17 */
static void other_exchanges_of_the_examples(void **state)
{
  (void)state;
  struct gm_node node, verifier;
  start_example();
  gm_node_make(&verifier, &rig, 0x77, "verifier", "[[\"group1\", 16]]");
  assert_int_equal(gm_rig_ask(&rig, &verifier, GM_FETCH, "ace-group/group1/creds", 261, hexval(EXAMPLE_CREDS_FETCH)), 205);
  answered(EXAMPLE_CREDS_RESPONSE);
  join_example(&node);
  const char *path = gm_rig_node_path(&rig);
  assert_int_equal(gm_rig_ask(&rig, &node, GM_FETCH, "ace-group", 261, hexval(EXAMPLE_GID_LOOKUP)), 205);
  answered(EXAMPLE_GID_FOUND);
  assert_int_equal(gm_rig_ask(&rig, &node, GM_POST, path, -1, nothing), 205);
  answered(EXAMPLE_KEY_RENEWAL);
  gm_rig_random(&rig, "b4c6d8eaf0020416");
  assert_int_equal(gm_rig_ask(&rig, &node, GM_POST, "ace-group/group1", -1, nothing), 400);
  answered(EXAMPLE_JOIN_REFUSED);
  assert_int_equal(rig.response.content_format, 261);
  gm_rig_stop(&rig);
}

/* @req JN-14 */
static void wrong_proof_of_the_example(void **state)
{
  (void)state;
  struct gm_node node;
  start_example();
  client_of_the_example(&node);
  node.client.challenge[0] ^= 1;
  assert_int_equal(gm_rig_ask(&rig, &node, GM_POST, "ace-group/group1", 261, hexval(EXAMPLE_JOIN_REQUEST)), 400);
  answered(EXAMPLE_PROBLEM_POP);
  assert_int_equal(rig.response.content_format, 257);
  assert_int_equal(gm_rig_count(&rig, GC_GM_REFUSED), 1);
  gm_rig_stop(&rig);
}

/* @req RK-01 RK-03 MB-01 */
static void rekeying_of_the_example(void **state)
{
  (void)state;
  uint8_t room[1024];
  struct gc_buf out = gc_buf(room, sizeof room);
  struct gm_node node, leaver;
  start_example();
  join_example(&node);
  put_group("dd11", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "d0d1d2d3d4d5d6d7", 0, GM_RIG_NOW_S + 86400, 0x31);
  gm_node_make(&leaver, &rig, 0x33, "leaver", "[[\"group1\", 6]]");
  assert_int_equal(gm_rig_join(&rig, &leaver, "group1", BOTH), 201);
  rig.time.now_s = GM_RIG_NOW_S + 86400;
  gm_rig_random(&rig, "e0e1e2e3e4e5e6e7e8e9eaebecedeeef");
  assert_int_equal(gm_rig_ask(&rig, &leaver, GM_DELETE, gm_rig_node_path(&rig), -1, nothing), 202);
  assert_int_equal(gm_rig_count(&rig, GC_GM_LEFT), 1);
  assert_int_equal(gm_rig_count(&rig, GC_GM_REKEYED), 1);
  assert_int_equal(gc_gm_rekeying_message(rig.gm, "group1", &rig.time, &out), GC_OK);
  const struct gc_bytes expected = hexval(EXAMPLE_REKEYING);
  assert_int_equal(out.len, expected.len);
  assert_memory_equal(room, expected.ptr, expected.len);
  gm_rig_stop(&rig);
}

/* --- who may ask what ------------------------------------------------------------------------------------------------------------- */

enum { MEMBER_NODE, MONITOR_NODE, VERIFIER_NODE, STRANGER_NODE, NODES };

/* the table of Section 8.5: "-" is 4.03 or 4.05, else the method is served (though it may be 4.00 without a payload). The verifier is
 * nothing else, and so does not even get a 4.00 where nodes join (Section 8.5.1). */
static const struct {
  const char *path;
  const char *methods[NODES]; /* G, F, P, D */
} permitted[] = {
  { "ace-group", { "F", "F", "F", "F" } },
  { "ace-group/group1", { "GP", "GP", "", "P" } },
  { "ace-group/group1/active", { "G", "G", "", "" } },
  { "ace-group/group1/verif-data", { "", "", "G", "" } },
  { "ace-group/group1/creds", { "GF", "GF", "GF", "" } },
  { "ace-group/group1/kdc-cred", { "G", "G", "F", "" } },
  { "ace-group/group1/stale-sids", { "F", "F", "", "" } },
  { "ace-group/group1/policies", { "G", "G", "", "" } },
  { "ace-group/group1/num", { "G", "G", "", "" } },
};

static void make_nodes(struct gm_node nodes[static NODES])
{
  gm_rig_start(&rig, 1);
  gm_rig_run(&rig);
  gm_node_make(&nodes[MEMBER_NODE], &rig, 1, "member", "[[\"group1\", 6]]");
  gm_node_make(&nodes[MONITOR_NODE], &rig, 2, "monitor", "[[\"group1\", 8]]");
  gm_node_make(&nodes[VERIFIER_NODE], &rig, 3, "verifier", "[[\"group1\", 16]]");
  gm_node_make(&nodes[STRANGER_NODE], &rig, 4, "stranger", "[[\"group1\", 6]]");
  assert_int_equal(gm_rig_join(&rig, &nodes[MEMBER_NODE], "group1", BOTH), 201);
  assert_int_equal(gm_rig_join(&rig, &nodes[MONITOR_NODE], "group1", GC_ROLE_MONITOR), 201);
}

/* @req GR-01 GR-03 */
static void permitted_methods(void **state)
{
  (void)state;
  static const struct {
    char letter;
    uint8_t method;
  } methods[] = { { 'G', GM_GET }, { 'F', GM_FETCH }, { 'P', GM_POST }, { 'D', GM_DELETE } };
  struct gm_node nodes[NODES];
  make_nodes(nodes);
  for (size_t i = 0; i < COUNT(permitted); i++)
    for (size_t who = 0; who < NODES; who++)
      for (size_t m = 0; m < COUNT(methods); m++) {
        const int code = gm_rig_ask(&rig, &nodes[who], methods[m].method, permitted[i].path, -1, nothing);
        const bool is_served = code != 403 && code != 405;
        if (is_served != (strchr(permitted[i].methods[who], methods[m].letter) != NULL))
          fail_msg("%s, node %zu, %c: %d", permitted[i].path, who, methods[m].letter, code);
        if (!is_served || code >= 400)
          assert_true(gm_rig_error_id(&rig) >= 0 || rig.response.content_format == 261 || rig.response.content_format == -1);
        assert_true(rig.response.content_format != 257 || gm_rig_error_id(&rig) >= 0); /* @req GR-02: never without an error-id */
      }
  gm_rig_stop(&rig);
}

/* @req GR-03 */
static void a_node_of_its_own(void **state)
{
  (void)state;
  struct gm_node nodes[NODES];
  make_nodes(nodes);
  assert_int_equal(gm_rig_ask(&rig, &nodes[MEMBER_NODE], GM_GET, "ace-group/group1/nodes/n1", -1, nothing), 205);
  assert_int_equal(gm_rig_ask(&rig, &nodes[MEMBER_NODE], GM_GET, "ace-group/group1/nodes/n2", -1, nothing), 403);
  assert_int_equal(rig.response.content_format, -1); /* a diagnostic payload */
  assert_true(gc_bytes_equal(gc_buf_bytes(&rig.response.payload), gc_bytes_str("the resource of another node")));
  assert_int_equal(gm_rig_ask(&rig, &nodes[MONITOR_NODE], GM_GET, "ace-group/group1/nodes/n2", -1, nothing), 205);
  assert_int_equal(gm_rig_ask(&rig, &nodes[MONITOR_NODE], GM_POST, "ace-group/group1/nodes/n2", -1, nothing), 400);
  assert_int_equal(gm_rig_error_id(&rig), 1);
  assert_int_equal(gm_rig_ask(&rig, &nodes[MONITOR_NODE], GM_POST, "ace-group/group1/nodes/n2/cred", 261, nothing), 400);
  assert_int_equal(gm_rig_error_id(&rig), 1);
  assert_int_equal(gm_rig_ask(&rig, &nodes[STRANGER_NODE], GM_GET, "ace-group/group1/nodes/n1", -1, nothing), 403);
  assert_int_equal(gm_rig_error_id(&rig), 0);
  assert_int_equal(gm_rig_ask(&rig, &nodes[STRANGER_NODE], GM_DELETE, "ace-group/group1/nodes/n1", -1, nothing), 403);
  assert_int_equal(gm_rig_ask(&rig, &nodes[MONITOR_NODE], GM_DELETE, "ace-group/group1/nodes/n2", -1, nothing), 202);
  assert_int_equal(gm_rig_ask(&rig, &nodes[MONITOR_NODE], GM_GET, "ace-group/group1/nodes/n2", -1, nothing), 403);
  gm_rig_stop(&rig);
}

/* @req AC-19 AC-21 JN-12 SC-03 */
static void tokens(void **state)
{
  (void)state;
  struct gm_node nodes[NODES], other;
  make_nodes(nodes);
  assert_int_equal(gm_rig_ask(&rig, NULL, GM_GET, "ace-group/group1/num", -1, nothing), 401);
  gm_node_make(&other, &rig, 5, "other", "[[\"group2\", 6]]");
  assert_int_equal(gm_rig_ask(&rig, &other, GM_GET, "ace-group/group1/num", -1, nothing), 403);
  assert_int_equal(gm_rig_join(&rig, &other, "group1", BOTH), 403);
  assert_int_equal(gm_rig_ask(&rig, &other, GM_GET, "ace-group/group2/num", -1, nothing), 404);
  assert_int_equal(gm_rig_ask(&rig, &other, GM_GET, "elsewhere", -1, nothing), 404);
  assert_int_equal(gm_rig_ask(&rig, &nodes[MEMBER_NODE], GM_GET, "ace-group/group1/nowhere", -1, nothing), 404);
  nodes[MEMBER_NODE].client.expires_s = GM_RIG_NOW_S;
  assert_int_equal(gm_rig_ask(&rig, &nodes[MEMBER_NODE], GM_GET, "ace-group/group1/num", -1, nothing), 401);
  nodes[MEMBER_NODE].client.expires_s = GM_RIG_NOW_S + 1;
  assert_int_equal(gm_rig_ask(&rig, &nodes[MEMBER_NODE], GM_GET, "ace-group/group1/num", -1, nothing), 205);
  nodes[MEMBER_NODE].client.scope[nodes[MEMBER_NODE].client.scope_len - 1] = 2; /* requester only */
  assert_int_equal(gm_rig_ask(&rig, &nodes[MEMBER_NODE], GM_GET, "ace-group/group1/num", -1, nothing), 403);
  gm_rig_stop(&rig);
}

/* --- when the store fails ------------------------------------------------------------------------------------------------------------ */

/* Every operation of the store fails once, in a join that rekeys and in leaving: the old state stands, nothing is told. */
static void a_full_disk(void **state)
{
  (void)state;
  struct gm_node nodes[NODES];
  struct gc_gm_group before, after;
  struct failing_store failing;
  int code = 0, failures = 0;
  gm_rig_start(&rig, 1);
  rig.configs[0].has_backward_security = true;
  const struct gc_gm_store inner = rig.store;
  rig.store = failing_store(&failing, &inner);
  failing.calls_left = UNLIMITED_CALLS;
  gm_rig_run(&rig);
  gm_node_make(&nodes[0], &rig, 1, "first", "[[\"group1\", 6]]");
  gm_node_make(&nodes[1], &rig, 2, "second", "[[\"group1\", 6]]");
  assert_int_equal(gm_rig_join(&rig, &nodes[0], "group1", BOTH), 201);
  for (int at = 0; code != 201; at++) {
    assert_int_equal(inner.ops->group_get(inner.ctx, "group1", &before), GC_OK);
    failing.calls_left = at;
    code = gm_rig_join(&rig, &nodes[1], "group1", BOTH);
    assert_int_equal(inner.ops->group_get(inner.ctx, "group1", &after), GC_OK);
    if (code == 201)
      break;
    failures++;
    assert_int_equal(code, 500);
    assert_int_equal(rig.result, GC_E_SPACE);
    assert_int_equal(rig.response.content_format, -1);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(gm_rig_count(&rig, GC_GM_JOINED) + gm_rig_count(&rig, GC_GM_REKEYED), 0);
  }
  assert_true(failures > 8);
  assert_int_equal(after.num, before.num + 1);
  const char *path = gm_rig_node_path(&rig);
  for (int at = 0; code != 202; at++) {
    failing.calls_left = at;
    code = gm_rig_ask(&rig, &nodes[1], GM_DELETE, path, -1, nothing);
    assert_true(code == 202 || code == 500);
    assert_int_equal(gm_rig_count(&rig, GC_GM_LEFT), code == 202);
  }
  gm_rig_stop(&rig);
}

/* --- hostile payloads ------------------------------------------------------------------------------------------------------------------ */

static void take(struct gc_bytes bytes, void *ctx)
{
  struct gm_node *node = ctx;
  const int code = gm_rig_ask(&rig, node, GM_POST, "ace-group/group1", 261, bytes);
  if (code < 400)
    return; /* a changed control_uri, get_creds or unknown parameter: still a proof of the same */
  assert_true(code == 400 || code == 403);
  assert_true(rig.response.payload.len > 0);
}

static void damaged_join_requests(void **state)
{
  (void)state;
  struct gm_node node;
  start_example();
  client_of_the_example(&node);
  struct gc_gm_client fresh = node.client;
  hostile(hexval(EXAMPLE_JOIN_REQUEST), take, &node);
  node.client = fresh;
  gm_rig_stop(&rig);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(join_of_the_example), cmocka_unit_test(other_exchanges_of_the_examples), cmocka_unit_test(wrong_proof_of_the_example),
    cmocka_unit_test(rekeying_of_the_example), cmocka_unit_test(permitted_methods), cmocka_unit_test(a_node_of_its_own),
    cmocka_unit_test(tokens), cmocka_unit_test(a_full_disk), cmocka_unit_test(damaged_join_requests),
  };
  if (gc_crypto_init())
    return 1;
  return cmocka_run_group_tests_name("ace_group_manager", tests, NULL, NULL);
}
