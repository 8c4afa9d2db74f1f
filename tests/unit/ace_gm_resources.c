/* What members and signature verifiers read of a group. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/gm_rig.h"
#include "../tests/lib/hexval.h"
#include "ace/creds.h"
#include "ace/key_info.h"
#include "ace/membership.h"
#include "crypto/secret.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define BOTH (GC_ROLE_REQUESTER | GC_ROLE_RESPONDER)

static struct gm_rig rig;
static struct gm_node member, monitor, verifier;
static const struct gc_bytes nothing = { NULL, 0 };

static int start(void **state)
{
  (void)state;
  gm_rig_start(&rig, 2);
  gm_rig_run(&rig);
  gm_node_make(&member, &rig, 1, "member", "[[\"group1\", 6]]");
  gm_node_make(&monitor, &rig, 2, "monitor", "[[\"group1\", 8]]");
  gm_node_make(&verifier, &rig, 3, "verifier", "[[\"group1\", 16]]");
  assert_int_equal(gm_rig_join(&rig, &member, "group1", BOTH), 201);
  assert_int_equal(gm_rig_join(&rig, &monitor, "group1", GC_ROLE_MONITOR), 201);
  return 0;
}

static int stop(void **state)
{
  (void)state;
  gm_rig_stop(&rig);
  return 0;
}

static struct gc_groupcomm answer(void)
{
  struct gc_groupcomm message;
  assert_int_equal(rig.response.content_format, 261);
  assert_int_equal(gc_groupcomm_parse(&message, gc_buf_bytes(&rig.response.payload), NULL), GC_OK);
  return message;
}

static void answered(const char *hex)
{
  assert_true(gc_bytes_equal(gc_buf_bytes(&rig.response.payload), hexval(hex)));
}

/* @req GR-05 GR-06 */
static void keys(void **state)
{
  (void)state;
  static const struct {
    struct gm_node *node;
    const char *path;
    bool has_id;
  } cases[] = { { &member, "ace-group/group1", false }, { &member, "ace-group/group1/nodes/n1", true }, { &monitor, "ace-group/group1/nodes/n2", false } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_group_material key;
    struct gc_membership membership;
    assert_int_equal(gm_rig_ask(&rig, cases[i].node, GM_GET, cases[i].path, -1, nothing), 205);
    const struct gc_groupcomm message = answer();
    assert_null(gc_key_distribution_fault(&message));
    assert_true(gc_groupcomm_has(&message, GC_GROUPCOMM_EXP) && gc_groupcomm_has(&message, GC_GROUPCOMM_EXI));
    assert_int_equal(gc_material_parse(&key, message.key, GC_MATERIAL_CURRENT, NULL), GC_OK);
    assert_int_equal((key.present & GC_GM_GROUP_SENDER_ID) != 0, cases[i].has_id);
    assert_int_equal(gc_membership_read(&membership, &message, NULL), GC_OK);
  }
}

/* @req GR-12 */
static void small_ones(void **state)
{
  (void)state;
  assert_int_equal(gm_rig_ask(&rig, &member, GM_GET, "ace-group/group1/num", -1, nothing), 205);
  answered("00");
  assert_int_equal(rig.response.content_format, 60);
  assert_int_equal(gm_rig_ask(&rig, &member, GM_GET, "ace-group/group1/active", -1, nothing), 205);
  answered("f5");
  assert_int_equal(gc_gm_set_active(rig.gm, "group1", false), GC_OK);
  assert_int_equal(gm_rig_ask(&rig, &member, GM_GET, "ace-group/group1/active", -1, nothing), 205);
  answered("f4");
  assert_int_equal(gm_rig_ask(&rig, &member, GM_GET, "ace-group/group1/policies", -1, nothing), 205);
  answered("a110a201190e100200");
}

/* @req GR-08 GR-09 */
static void credentials(void **state)
{
  (void)state;
  static const struct {
    const char *filter;
    size_t count; /* 99: refused */
  } cases[] = {
    { "{4: [true, [6], []]}", 1 }, { "{4: [true, [], [h'00']]}", 1 }, { "{4: [true, [], [h'07', h'0000']]}", 0 }, { "{4: [false, [], [h'07']]}", 1 },
    { "{4: [false, [], [h'00']]}", 0 }, { "{4: [true, [8], []]}", 0 }, { "{4: [true, [], []]}", 99 }, { "{4: [false, [], []]}", 99 }, { "{9: 1}", 99 },
    { "{4: 7}", 99 }, { "{4: null}", 1 },
  };
  size_t count = 0;
  assert_int_equal(gm_rig_ask(&rig, &member, GM_GET, "ace-group/group1/creds", -1, nothing), 205);
  struct gc_groupcomm message = answer();
  assert_int_equal(gc_peers_check(&message, &count), GC_OK);
  assert_int_equal(count, 1); /* a monitor has none */
  for (size_t i = 0; i < COUNT(cases); i++) {
    const int code = gm_rig_ask(&rig, i % 2 ? &verifier : &member, GM_FETCH, "ace-group/group1/creds", 261, edn(cases[i].filter));
    assert_int_equal(code, cases[i].count == 99 ? 400 : 205);
    if (cases[i].count == 0) {
      answered("40");
    } else if (cases[i].count != 99) {
      message = answer();
      assert_int_equal(gc_peers_check(&message, &count), GC_OK);
      assert_int_equal(count, cases[i].count);
    }
  }
}

/* @req GR-10 */
static void own_credential(void **state)
{
  (void)state;
  uint8_t room[64];
  struct {
    struct gm_node *node;
    uint8_t method;
    struct gc_bytes payload, n_c;
  } cases[] = { { &member, GM_GET, nothing, gc_bytes(member.n_c, 8) }, { &verifier, GM_FETCH, edn("{6: h'0102030405060708'}"), hexval("0102030405060708") } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_buf input = gc_buf(room, sizeof room);
    assert_int_equal(gm_rig_ask(&rig, cases[i].node, cases[i].method, "ace-group/group1/kdc-cred", i ? 261 : -1, cases[i].payload), 205);
    const struct gc_groupcomm message = answer();
    assert_true(gc_bytes_equal(message.kdc_cred, rig.configs[0].cred));
    assert_int_equal(gc_proof_kdc_input(&input, cases[i].n_c, message.kdc_nonce), GC_OK);
    assert_true(gc_proof_verify(GC_PROOF_SIGNATURE, &rig.pair.public_key, NULL, gc_buf_bytes(&input), message.kdc_cred_verify));
  }
  assert_int_equal(gm_rig_ask(&rig, &member, GM_FETCH, "ace-group/group1/kdc-cred", 261, cases[1].payload), 403);
  assert_int_equal(gm_rig_error_id(&rig), 8);
  assert_int_equal(gm_rig_ask(&rig, &verifier, GM_FETCH, "ace-group/group1/kdc-cred", 261, nothing), 400);
}

/* @req GR-11 */
static void verification_data(void **state)
{
  (void)state;
  struct gc_group_material key;
  assert_int_equal(gm_rig_ask(&rig, &verifier, GM_GET, "ace-group/group1/verif-data", -1, nothing), 205);
  const struct gc_groupcomm message = answer();
  assert_int_equal(gc_material_parse(&key, message.key, GC_MATERIAL_CURRENT, NULL), GC_OK);
  assert_false(key.present & (GC_GM_MS | GC_GM_SALT | GC_GM_GROUP_SENDER_ID));
  assert_true((key.present & GC_GM_SIGN_ALG) && (key.present & GC_GM_ECDH_ALG) && (key.present & GC_GM_CONTEXT_ID));
  assert_int_equal(message.sign_enc_key.len, 16);
  assert_int_equal(gm_rig_ask(&rig, &member, GM_GET, "ace-group/group1/verif-data", -1, nothing), 403);
  assert_int_equal(gm_rig_error_id(&rig), 8);
}

/* @req GR-04 */
static void names_by_gid(void **state)
{
  (void)state;
  struct gc_gm_group groups[2];
  uint8_t room[128];
  struct gc_buf request = gc_buf(room, sizeof room);
  for (int i = 0; i < 2; i++)
    assert_int_equal(rig.store.ops->group_get(rig.store.ctx, i ? "group2" : "group1", &groups[i]), GC_OK);
  const struct gc_bytes gids[] = { hexval("00"), gc_bytes(groups[1].gid, groups[1].gid_len) };
  uint8_t list_room[64];
  struct gc_buf list = gc_buf(list_room, sizeof list_room);
  assert_int_equal(gc_strings_write(&list, gids, 2, false), GC_OK);
  struct gc_groupcomm message = { .present = GC_PARAM_BIT(GC_GROUPCOMM_GID), .gid = gc_buf_bytes(&list) };
  assert_int_equal(gc_groupcomm_write(&request, &message), GC_OK);
  assert_int_equal(gm_rig_ask(&rig, &verifier, GM_FETCH, "ace-group", 261, gc_buf_bytes(&request)), 205);
  message = answer();
  assert_true(gc_bytes_equal(message.gname, edn("[\"group2\"]")));
  assert_true(gc_bytes_equal(message.guri, edn("[\"/ace-group/group2\"]")));
  assert_int_equal(gc_gm_rekey(rig.gm, "group2", &rig.time), GC_OK); /* only the current Gid counts */
  assert_int_equal(gm_rig_ask(&rig, &verifier, GM_FETCH, "ace-group", 261, gc_buf_bytes(&request)), 205);
  answered("40");
  assert_int_equal(gm_rig_ask(&rig, &verifier, GM_FETCH, "ace-group", 261, hexval("a10080")), 400);
  assert_int_equal(gm_rig_ask(&rig, &verifier, GM_FETCH, "ace-group", 261, hexval("a1008101")), 400);
}

/* @req SC-07 SC-08 SC-09 SC-10 */
static void before_joining(void **state)
{
  (void)state;
  uint8_t room[256];
  struct gc_buf out = gc_buf(room, sizeof room);
  const struct gc_bytes scope = edn("[[\"group1\", 6], [\"elsewhere\", 6]]"), foreign = edn("[[\"elsewhere\", 6]]"), watcher = edn("[[\"group1\", 24]]");
  assert_true(gc_gm_knows_scope(rig.gm, scope));
  assert_false(gc_gm_knows_scope(rig.gm, foreign));
  assert_false(gc_gm_knows_scope(rig.gm, hexval("ff")));
  assert_true(gc_gm_needs_challenge(rig.gm, scope));
  assert_false(gc_gm_needs_challenge(rig.gm, watcher));
  assert_int_equal(gc_gm_sign_info(rig.gm, scope, &out), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), edn("[[\"group1\", -8, [1], [1, 6], 14]]")));
  out.len = 0;
  assert_int_equal(gc_gm_ecdh_info(rig.gm, scope, &out), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), edn("[[\"group1\", -27, [1], [1, 4], 14]]")));
  out.len = 0;
  assert_int_equal(gc_gm_dh_creds(rig.gm, scope, &out), GC_OK);
  assert_int_equal(out.len, 0);
}

static void configurations(void **state)
{
  (void)state;
  struct gc_gm_config good = rig.configs[0];
  struct gc_gm *gm = NULL;
  const char *why = NULL;
  assert_null(gc_gm_config_fault(&good));
#define BAD(change) \
  do { \
    struct gc_gm_config config = good; \
    config.change; \
    assert_non_null(gc_gm_config_fault(&config)); \
    assert_int_equal(gc_gm_new(&gm, &config, 1, &rig.store, NULL, gc_rng_system(), &rig.time, &why), GC_E_RANGE); \
    assert_non_null(why); \
  } while (0)
  BAD(name = "");
  BAD(name = "a/b");
  BAD(sign_alg = 0);
  BAD(aead_alg = 0);
  BAD(sign_alg = GC_ALG_ES256);
  BAD(curve = GC_CURVE_P256);
  BAD(cred = gc_bytes("x", 1));
  BAD(master_secret_len = 15);
  BAD(master_salt_len = 9);
  BAD(max_stale_sets = 1);
  BAD(gid_epoch_len = 0);
  BAD(max_sender_id_len = 8);
  BAD(renew_before_s = 86400);
  BAD(max_members = 0);
  BAD(roles = 1);
  BAD(group_enc_alg = GC_ALG_A128CBC);
#undef BAD
  const struct gc_gm_config twice[] = { good, good };
  assert_int_equal(gc_gm_new(&gm, twice, 2, &rig.store, NULL, gc_rng_system(), &rig.time, &why), GC_E_EXISTS);
  struct gc_gm_config alike[] = { good, good };
  alike[0].name = "a";
  alike[1].name = "b";
  alike[0].gid_prefix = hexval("aa");
  alike[1].gid_prefix = hexval("aabb"); /* its Gids could be those of the other */
  assert_int_equal(gc_gm_new(&gm, alike, 2, &rig.store, NULL, gc_rng_system(), &rig.time, &why), GC_E_EXISTS);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(keys, start, stop), cmocka_unit_test_setup_teardown(small_ones, start, stop),
    cmocka_unit_test_setup_teardown(credentials, start, stop), cmocka_unit_test_setup_teardown(own_credential, start, stop),
    cmocka_unit_test_setup_teardown(verification_data, start, stop), cmocka_unit_test_setup_teardown(names_by_gid, start, stop),
    cmocka_unit_test_setup_teardown(before_joining, start, stop), cmocka_unit_test_setup_teardown(configurations, start, stop),
  };
  if (gc_crypto_init())
    return 1;
  return cmocka_run_group_tests_name("ace_gm_resources", tests, NULL, NULL);
}
