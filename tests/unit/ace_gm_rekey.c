/* Generations of keying material: what makes one, stale Sender IDs, Gids that are used up, expiry, commands, other credentials. */
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
#include "ace/membership.h"
#include "crypto/secret.h"

#define BOTH (GC_ROLE_REQUESTER | GC_ROLE_RESPONDER)
#define BIT(which) GC_PARAM_BIT(GC_GROUPCOMM_##which)

static struct gm_rig rig;
static struct gm_node nodes[4];
static char paths[4][64];
static const struct gc_bytes nothing = { NULL, 0 };

static void begin(void)
{
  gm_rig_run(&rig);
  for (uint8_t i = 0; i < 4; i++) {
    const char name[] = { 'm', (char)('0' + i), 0 };
    gm_node_make(&nodes[i], &rig, (uint8_t)(i + 1), name, "[[\"group1\", 14]]");
    assert_int_equal(gm_rig_join(&rig, &nodes[i], "group1", BOTH), 201);
    strcpy(paths[i], gm_rig_node_path(&rig));
  }
}

static int start(void **state)
{
  (void)state;
  gm_rig_start(&rig, 1);
  begin();
  return 0;
}

static int stop(void **state)
{
  (void)state;
  gm_rig_stop(&rig);
  return 0;
}

static struct gc_gm_group group_now(void)
{
  struct gc_gm_group group;
  assert_int_equal(rig.store.ops->group_get(rig.store.ctx, "group1", &group), GC_OK);
  return group;
}

static struct gc_gm_member member_at(uint64_t node)
{
  struct gc_gm_member member;
  assert_true(gm_rig_member(&rig, "group1", node, &member));
  return member;
}

static int stale_sids(uint64_t num)
{
  uint8_t room[16];
  struct gc_buf out = gc_buf(room, sizeof room);
  assert_int_equal(gc_num_write(&out, num), GC_OK);
  return gm_rig_ask(&rig, &nodes[0], GM_FETCH, "ace-group/group1/stale-sids", 60, gc_buf_bytes(&out));
}

static void answered(const char *hex)
{
  assert_true(gc_bytes_equal(gc_buf_bytes(&rig.response.payload), hexval(hex)));
}

/* @req RK-01 RK-08 GR-14 MB-01 C120 C121 */
static void stale_ids(void **state)
{
  (void)state;
  const struct gc_gm_group before = group_now();
  assert_int_equal(gm_rig_ask(&rig, &nodes[3], GM_DELETE, paths[3], -1, nothing), 202);
  const struct gc_gm_group after = group_now();
  assert_int_equal(after.num, before.num + 1);
  assert_memory_not_equal(after.gid, before.gid, after.gid_len);
  assert_memory_not_equal(after.master_secret, before.master_secret, after.master_secret_len);
  assert_int_equal(member_at(1).sender_id[0], 0); /* Sender IDs stay */
  assert_int_equal(stale_sids(0), 205);
  answered("814103");
  assert_int_equal(rig.response.content_format, 60);
  assert_int_equal(stale_sids(1), 400);
  assert_int_equal(stale_sids(7), 400);
  assert_int_equal(gm_rig_ask(&rig, &nodes[0], GM_FETCH, "ace-group/group1/stale-sids", 60, hexval("20")), 400);
  assert_int_equal(gm_rig_ask(&rig, &nodes[2], GM_POST, paths[2], -1, nothing), 205); /* another ID: 02 is stale now */
  assert_int_equal(stale_sids(0), 205);
  answered("8241024103");
  assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK);
  assert_int_equal(stale_sids(0), 205); /* three sets are kept: 0, 1, 2 */
  answered("8241024103");
  assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK);
  assert_int_equal(stale_sids(0), 205); /* that of 0 is gone: everything is to be dropped */
  assert_int_equal(rig.response.payload.len, 0);
  assert_int_equal(stale_sids(1), 205);
  answered("814102");
}

/* @req GR-07 JN-20 C122 */
static void ids_return_with_a_gid_only(void **state)
{
  (void)state;
  struct gm_node newcomer;
  assert_int_equal(gm_rig_ask(&rig, &nodes[3], GM_POST, paths[3], -1, nothing), 205);
  answered("a1154104");
  gm_node_make(&newcomer, &rig, 9, "newcomer", "[[\"group1\", 6]]");
  assert_int_equal(gm_rig_join(&rig, &newcomer, "group1", BOTH), 201);
  assert_int_equal(member_at(5).sender_id[0], 5); /* 03 was somebody's under this Gid */
  gm_rig_restart(&rig);
  nodes[2].client.has_challenge = false;
  assert_int_equal(gm_rig_ask(&rig, &nodes[2], GM_PUT, paths[2], -1, nothing), 205);
  answered("a1154106");
  assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK);
  assert_int_equal(gm_rig_ask(&rig, &nodes[2], GM_POST, paths[2], -1, nothing), 205);
  answered("a1154102"); /* free again */
  assert_int_equal(gm_rig_ask(&rig, &nodes[2], GM_POST, paths[2], -1, hexval("a0")), 400);
  assert_int_equal(gc_gm_set_active(rig.gm, "group1", false), GC_OK);
  assert_int_equal(gm_rig_ask(&rig, &nodes[2], GM_POST, paths[2], -1, nothing), 503);
  assert_int_equal(gm_rig_error_id(&rig), 9);
}

/* Whoever asks for new Sender IDs all the time makes the group new, not the set endless. */
static void many_ids(void **state)
{
  (void)state;
  size_t rekeyings = 0;
  for (int i = 0; i < GC_GM_STALE_MAX + 10; i++) {
    assert_int_equal(gm_rig_ask(&rig, &nodes[0], GM_POST, paths[0], -1, nothing), 205);
    rekeyings += gm_rig_count(&rig, GC_GM_REKEYED);
  }
  assert_int_equal(rekeyings, 1);
}

/* @req GR-17 RK-02 */
static void expiry(void **state)
{
  (void)state;
  nodes[1].client.expires_s = GM_RIG_NOW_S + 100;
  nodes[2].client.expires_s = GM_RIG_NOW_S + 100;
  assert_int_equal(gc_gm_authorize(rig.gm, &nodes[1].client, &rig.time), GC_OK);
  assert_int_equal(gc_gm_authorize(rig.gm, &nodes[2].client, &rig.time), GC_OK);
  assert_int_equal(gc_gm_wait_ms(rig.gm, &rig.time), 60000); /* the clock may be set */
  rig.time.now_s += 100;
  rig.event_count = 0;
  assert_int_equal(gc_gm_wait_ms(rig.gm, &rig.time), 0);
  assert_int_equal(gc_gm_tick(rig.gm, &rig.time), GC_OK);
  assert_int_equal(gm_rig_count(&rig, GC_GM_EVICTED), 2);
  assert_int_equal(gm_rig_count(&rig, GC_GM_REKEYED), 1); /* one for both */
  assert_int_equal(group_now().num, 1);
  const int64_t expires_s = group_now().expires_s;
  rig.time.now_s = expires_s - 600;
  rig.event_count = 0;
  assert_int_equal(gc_gm_wait_ms(rig.gm, &rig.time), 0);
  assert_int_equal(gc_gm_tick(rig.gm, &rig.time), GC_OK);
  assert_int_equal(gm_rig_count(&rig, GC_GM_REKEYED), 1);
  assert_int_equal(group_now().num, 2);
  assert_int_equal(group_now().expires_s, expires_s - 600 + 86400);
}

/* @req GR-17 */
static void rights_that_shrink(void **state)
{
  (void)state;
  const struct gc_bytes scope = edn("[[\"group1\", 2]]");
  memcpy(nodes[1].client.scope, scope.ptr, nodes[1].client.scope_len = scope.len);
  rig.event_count = 0;
  assert_int_equal(gc_gm_authorize(rig.gm, &nodes[1].client, &rig.time), GC_OK);
  assert_int_equal(gm_rig_count(&rig, GC_GM_EVICTED), 1);
  assert_int_equal(gm_rig_count(&rig, GC_GM_REKEYED), 1);
  assert_int_equal(gc_gm_authorize(rig.gm, &nodes[0].client, &rig.time), GC_OK);
  assert_true(gm_rig_member(&rig, "group1", 1, &(struct gc_gm_member){ .node = 0 }));
}

static void commands(void **state)
{
  (void)state;
  rig.event_count = 0;
  assert_int_equal(gc_gm_evict(rig.gm, "group1", "m2", &rig.time), GC_OK);
  assert_string_equal(rig.events[0].node, "n3");
  assert_int_equal(gc_gm_evict(rig.gm, "group1", "n2", &rig.time), GC_OK);
  assert_int_equal(gc_gm_evict(rig.gm, "group1", "0x03", &rig.time), GC_OK);
  assert_int_equal(gm_rig_count(&rig, GC_GM_EVICTED), 3);
  assert_int_equal(gc_gm_evict(rig.gm, "group1", "n2", &rig.time), GC_E_NOT_FOUND);
  assert_int_equal(gc_gm_evict(rig.gm, "group9", "n1", &rig.time), GC_E_NOT_FOUND);
  assert_int_equal(gc_gm_rekey(rig.gm, "group9", &rig.time), GC_E_NOT_FOUND);
  assert_int_equal(group_now().num, 3);
}

/* @req RK-09 JN-21 C123 */
static void gids_come_round(void **state)
{
  (void)state;
  gm_rig_start(&rig, 1);
  rig.configs[0].gid_epoch_len = 1;
  rig.configs[0].reuses_gids = true;
  rig.configs[0].has_backward_security = true;
  begin(); /* births at epochs 0, 1, 2, 3 */
  const uint8_t first = member_at(1).birth_gid[member_at(1).birth_gid_len - 1];
  assert_int_equal(first, 0);
  for (int i = 4; i < 256; i++)
    assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK);
  rig.event_count = 0;
  assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK); /* epoch 0 again: the elder goes */
  assert_int_equal(gm_rig_count(&rig, GC_GM_EVICTED), 1);
  assert_string_equal(rig.events[0].node, "n1");
  assert_int_equal(gm_rig_join(&rig, &nodes[0], "group1", BOTH), 201);
  assert_int_equal(gm_rig_count(&rig, GC_GM_REKEYED), 0); /* not because of it */
  gm_rig_stop(&rig);
}

static void no_gid_left(void **state)
{
  (void)state;
  gm_rig_start(&rig, 1);
  rig.configs[0].gid_epoch_len = 1;
  begin();
  for (int i = 1; i < 256; i++)
    assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK);
  assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_E_LIMIT);
  assert_true(group_now().is_active);
  assert_int_equal(gm_rig_ask(&rig, &nodes[3], GM_DELETE, paths[3], -1, nothing), 202);
  assert_int_equal(gm_rig_count(&rig, GC_GM_INACTIVE), 1);
  assert_false(group_now().is_active); /* the keys of a former member are not used on */
  gm_rig_stop(&rig);
}

/* @req GR-15 */
static void another_credential(void **state)
{
  (void)state;
  struct gm_node changed = nodes[0];
  char path[80];
  snprintf(path, sizeof path, "%s/cred", paths[0]);
  gm_node_make(&changed, &rig, 77, "m0", "[[\"group1\", 14]]");
  changed.client = nodes[0].client;
  struct gc_groupcomm request = gm_rig_join_request(&rig, &changed, "group1", BOTH);
  request.present &= ~BIT(SCOPE);
  assert_int_equal(gm_rig_ask(&rig, &nodes[0], GM_POST, path, 261, gm_rig_write(&request)), 204);
  const struct gc_gm_member member = member_at(1);
  assert_true(gc_bytes_equal(gc_bytes(member.cred, member.cred_len), changed.cred));
  assert_int_equal(member.sender_id[0], 0);
  const uint64_t missing[] = { BIT(CLIENT_CRED), BIT(CNONCE), BIT(CLIENT_CRED_VERIFY) };
  for (size_t i = 0; i < 3; i++) {
    struct gc_groupcomm part = request;
    part.present &= ~missing[i];
    assert_int_equal(gm_rig_ask(&rig, &nodes[0], GM_POST, path, 261, gm_rig_write(&part)), 400);
  }
  request.client_cred = nodes[1].cred;
  assert_int_equal(gm_rig_ask(&rig, &nodes[0], GM_POST, path, 261, gm_rig_write(&request)), 400);
  assert_int_equal(gm_rig_error_id(&rig), 3);
  request.client_cred = hexval("a0");
  assert_int_equal(gm_rig_ask(&rig, &nodes[0], GM_POST, path, 261, gm_rig_write(&request)), 400);
  assert_int_equal(gm_rig_error_id(&rig), 2);
  nodes[0].client.has_challenge = false; /* which is looked for before the credential is judged */
  assert_int_equal(gm_rig_ask(&rig, &nodes[0], GM_POST, path, 261, gm_rig_write(&request)), 400);
  assert_int_equal(rig.response.content_format, 261);
  assert_true(nodes[0].client.has_challenge);
  request.client_cred = changed.cred;
  assert_int_equal(gc_gm_set_active(rig.gm, "group1", false), GC_OK);
  assert_int_equal(gm_rig_ask(&rig, &nodes[0], GM_POST, path, 261, gm_rig_write(&request)), 503);
}

static void before_the_first_rekeying(void **state)
{
  (void)state;
  uint8_t room[256];
  struct gc_buf out = gc_buf(room, sizeof room);
  assert_int_equal(gc_gm_rekeying_message(rig.gm, "group1", &rig.time, &out), GC_E_STATE);
  assert_int_equal(gc_gm_rekeying_message(rig.gm, "group9", &rig.time, &out), GC_E_NOT_FOUND);
  assert_int_equal(out.len, 0);
}

/* The identifiers that the latest message of rekeying names, as an encoded array; empty: none. */
static struct gc_bytes named(void)
{
  static uint8_t room[4096];
  static struct gc_groupcomm message;
  struct gc_buf out = gc_buf(room, sizeof room);
  assert_int_equal(gc_gm_rekeying_message(rig.gm, "group1", &rig.time, &out), GC_OK);
  assert_int_equal(gc_groupcomm_parse(&message, gc_buf_bytes(&out), NULL), GC_OK);
  return gc_groupcomm_has(&message, GC_GROUPCOMM_PEER_IDENTIFIERS) ? message.peer_identifiers : nothing;
}

/* @req RK-03 */
static void newcomers_are_named(void **state)
{
  (void)state;
  static struct gm_node more[9];
  assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK);
  assert_true(gc_bytes_equal(named(), hexval("83410141024103"))); /* the first one all others have met when they joined */
  assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK);
  assert_int_equal(named().len, 0);
  for (uint8_t i = 0; i < 9; i++) {
    const char name[] = { 'n', (char)('0' + i), 0 };
    gm_node_make(&more[i], &rig, (uint8_t)(i + 10), name, "[[\"group1\", 14]]");
    assert_int_equal(gm_rig_join(&rig, &more[i], "group1", BOTH), 201);
  }
  assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK);
  assert_int_equal(named().len, 0); /* so many are met one by one */
  gm_rig_stop(&rig);
  gm_rig_start(&rig, 1);
  rig.configs[0].has_backward_security = true;
  begin();
  assert_true(gc_bytes_equal(named(), hexval("814103"))); /* the others each had a message of their own */
}

static bool count_need(void *ctx, const struct gc_gm_member *member, bool needs_rekeying)
{
  unsigned *counts = ctx;
  assert_string_equal(member->group, "group1");
  counts[needs_rekeying]++;
  return true;
}

static void one_member(void **state)
{
  (void)state;
  unsigned counts[2] = { 0, 0 };
  const struct gc_bytes who = gc_bytes(nodes[1].client.identity, nodes[1].client.identity_len);
  assert_int_equal(gc_gm_member(rig.gm, "group1", who, count_need, counts), GC_OK);
  assert_int_equal(gc_gm_rekey(rig.gm, "group1", &rig.time), GC_OK);
  assert_int_equal(gc_gm_member(rig.gm, "group1", who, count_need, counts), GC_OK);
  assert_int_equal(gc_gm_member(rig.gm, "group9", who, count_need, counts), GC_E_NOT_FOUND);
  assert_int_equal(gc_gm_member(rig.gm, "group1", gc_bytes_str("nobody"), count_need, counts), GC_E_NOT_FOUND);
  assert_int_equal(counts[false], 1);
  assert_int_equal(counts[true], 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(stale_ids, start, stop), cmocka_unit_test_setup_teardown(ids_return_with_a_gid_only, start, stop),
    cmocka_unit_test_setup_teardown(many_ids, start, stop), cmocka_unit_test_setup_teardown(expiry, start, stop),
    cmocka_unit_test_setup_teardown(rights_that_shrink, start, stop), cmocka_unit_test_setup_teardown(commands, start, stop),
    cmocka_unit_test(gids_come_round), cmocka_unit_test(no_gid_left), cmocka_unit_test_setup_teardown(another_credential, start, stop),
    cmocka_unit_test_setup_teardown(before_the_first_rekeying, start, stop), cmocka_unit_test_setup_teardown(newcomers_are_named, start, stop),
    cmocka_unit_test_setup_teardown(one_member, start, stop),
  };
  if (gc_crypto_init())
    return 1;
  return cmocka_run_group_tests_name("ace_gm_rekey", tests, NULL, NULL);
}
