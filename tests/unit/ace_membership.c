/* From a Join Response to a Security Context, through a rekeying, and the Group Manager's way back: the worked example. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/hexval.h"
#include "ace/creds.h"
#include "ace/membership.h"
#include "ace_examples.h"
#include "crypto/secret.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint8_t store[1024];

static struct gc_groupcomm message(const char *hex)
{
  struct gc_groupcomm m;
  assert_int_equal(gc_groupcomm_parse(&m, hexval(hex), NULL), GC_OK);
  return m;
}

static struct gc_membership joined(void)
{
  struct gc_groupcomm m = message(EXAMPLE_JOIN_RESPONSE);
  struct gc_membership membership;
  const char *why = "";
  if (gc_membership_read(&membership, &m, &why))
    fail_msg("%s", why);
  return membership;
}

struct keys {
  const char *sender, *recipient, *common_iv, *signature_encryption;
};

/* a context made of the membership derives the keys of the example */
static void expect_keys(const struct gc_membership *membership, const struct keys *keys)
{
  struct gc_oscore_context *context;
  struct gc_oscore_recipient *recipient;
  struct gc_oscore_secrets secrets;
  struct gc_oscore_recipient_secrets theirs;
  const char *why = "";
  uint8_t seed[32];
  memset(seed, 0x11, sizeof seed);
  if (gc_oscore_context_new(&context, &membership->params, &why))
    fail_msg("%s", why);
  if (gc_oscore_context_set_sender(context, membership->sender_id, hexval(EXAMPLE_CLIENT_CCS), gc_bytes(seed, 32), (struct gc_oscore_numbers){ NULL, NULL }, &why))
    fail_msg("%s", why);
  if (gc_oscore_context_add_recipient(context, hexval("52"), hexval(EXAMPLE_PEER_CCS), &recipient, &why))
    fail_msg("%s", why);
  gc_oscore_context_secrets(context, &secrets);
  assert_memory_equal(secrets.sender_key, hexval(keys->sender).ptr, 16);
  assert_memory_equal(secrets.common_iv, hexval(keys->common_iv).ptr, 13);
  assert_memory_equal(secrets.signature_encryption_key, hexval(keys->signature_encryption).ptr, 16);
  assert_int_equal(gc_oscore_recipient_secrets(context, recipient, &theirs), GC_OK);
  assert_memory_equal(theirs.recipient_key, hexval(keys->recipient).ptr, 16);
  assert_true(gc_oscore_context_has_mode(context, GC_MODE_GROUP) && gc_oscore_context_has_mode(context, GC_MODE_PAIRWISE));
  gc_oscore_context_free(&context);
}

/* @req JN-26 JN-29 */
static void the_join_response(void **state)
{
  (void)state;
  struct gc_membership m = joined();
  expect_keys(&m, &(struct keys){ "3c6a16d574675ecb84b50ddec0479171", "8447edbfc5f734f99feb9dc15c2dfe48", "bfe9859619f91885d8f86aa234", "027b21bbab2f63766d4083d1ffdb9a3b" });
  assert_true(m.has_sender_id && gc_bytes_equal(m.sender_id, hexval("25")));
  assert_int_equal(m.num, 0);
  assert_true(m.has_exp && m.exp_s == 1800086400.0 && m.has_exi && m.exi_s == 86400);
  assert_int_equal(m.policies.key_update_check_interval_s, 3600);
  assert_true(gc_bytes_equal(m.params.gm_cred, hexval(EXAMPLE_GM_CCS)));
  assert_int_equal(m.params.sign_curve, GC_CURVE_ED25519);
  assert_true(gc_membership_has_group_mode(&m));
  assert_int_equal(m.det_sender_id.len, 0);
}

/* @req RK-03 RK-11 */
static void the_rekeying(void **state)
{
  (void)state;
  struct gc_membership m = joined();
  struct gc_groupcomm rekeying = message(EXAMPLE_REKEYING);
  assert_int_equal(gc_rekeying_judge(m.num, rekeying.num), GC_REKEYING_INSTALL);
  assert_int_equal(gc_membership_rekey(&m, &rekeying, NULL), GC_OK);
  expect_keys(&m, &(struct keys){ "e254a1258c80bcf9b49e8f390cacb0d0", "4c834bc3e08e3b0a12cdceb83a1454c9", "197f47b8d1ae7a6e883e5cab02", "a36494a5b690fe0386ae9256dcf37271" });
  assert_int_equal(m.num, 1);
  assert_true(m.exp_s == 1800172800.0);
  assert_true(gc_bytes_equal(m.sender_id, hexval("25")));
  rekeying.present &= ~GC_PARAM_BIT(GC_GROUPCOMM_NUM);
  const char *why = NULL;
  struct gc_membership before = m;
  assert_int_equal(gc_membership_rekey(&m, &rekeying, &why), GC_E_MALFORMED);
  assert_non_null(why);
  assert_int_equal(m.num, before.num);
}

static void which_step_a_rekeying_is(void **state)
{
  (void)state;
  assert_int_equal(gc_rekeying_judge(5, 4), GC_REKEYING_IGNORE);
  assert_int_equal(gc_rekeying_judge(5, 5), GC_REKEYING_IGNORE);
  assert_int_equal(gc_rekeying_judge(5, 6), GC_REKEYING_INSTALL);
  assert_int_equal(gc_rekeying_judge(5, 7), GC_REKEYING_MISSED);
  assert_int_equal(gc_rekeying_judge(UINT64_MAX, 0), GC_REKEYING_IGNORE);
  assert_int_equal(gc_rekeying_judge(0, UINT64_MAX), GC_REKEYING_MISSED);
}

static enum gc_err read_with(const char *key, struct gc_membership *out, const char **why)
{
  struct gc_groupcomm m = message(EXAMPLE_JOIN_RESPONSE);
  m.key = edn(key);
  return gc_membership_read(out, &m, why);
}

/* @req JN-26 JN-29 */
static void modes_and_defaults(void **state)
{
  (void)state;
  struct gc_membership m;
  assert_int_equal(read_with("{2:h'01',6:h'02',8:14,9:10,10:-8,11:[[1],[1,6]]}", &m, NULL), GC_OK);
  assert_true(gc_membership_has_group_mode(&m));
  assert_int_equal(m.params.aead_alg, 0);
  assert_int_equal(m.params.ecdh_alg, 0);
  assert_int_equal(m.params.hkdf_alg, GC_ALG_HMAC_256);
  assert_int_equal(m.params.master_salt.len, 0);
  assert_false(m.has_sender_id); /* a monitor */
  assert_int_equal(read_with("{2:h'01',3:7,6:h'02',8:33,4:1,12:-28,13:[[2],[2,1]],14:h'dc',15:-16}", &m, NULL), GC_OK);
  assert_false(gc_membership_has_group_mode(&m));
  assert_int_equal(m.params.aead_alg, GC_ALG_A128GCM);
  assert_int_equal(m.params.ecdh_alg, GC_ALG_ECDH_SS_512);
  assert_int_equal(m.params.hkdf_alg, GC_ALG_HMAC_512);
  assert_int_equal(m.params.cred_fmt, GC_CRED_X509);
  assert_true(gc_bytes_equal(m.det_sender_id, hexval("dc")) && m.det_hash_alg.number == -16);
  assert_int_equal(read_with("{2:h'01',6:h'02',8:14,9:10,10:-7,11:[[2],[2,1]]}", &m, NULL), GC_OK);
  assert_int_equal(m.params.sign_alg, GC_ALG_ES256);
}

static void what_is_refused(void **state)
{
  (void)state;
  static const struct {
    const char *edn;
    enum gc_err err;
  } rows[] = {
    { "{2:h'01',6:h'02',8:14}", GC_E_MALFORMED },
    { "{2:h'01',6:h'02',8:14,9:10,10:-7,11:[[1],[1,6]]}", GC_E_MALFORMED }, /* ES256 with a key of Ed25519 */
    { "{2:h'01',6:h'02',8:14,9:10,10:-8,11:[[1],[1,4]]}", GC_E_MALFORMED },
    { "{2:h'01',6:h'02',8:14,9:10,10:-8,11:[[3],[3,1]]}", GC_E_UNSUPPORTED },
    { "{2:h'01',6:h'02',8:14,9:999,10:-8,11:[[1],[1,6]]}", GC_E_UNSUPPORTED },
    { "{2:h'01',6:h'02',8:14,9:\"own\",10:-8,11:[[1],[1,6]]}", GC_E_UNSUPPORTED },
    { "{2:h'01',6:h'02',8:25,9:10,10:-8,11:[[1],[1,6]]}", GC_E_UNSUPPORTED }, /* c5c */
    { "{2:h'01',6:h'02',8:14,4:10,12:-27,13:[[1],[1,99]]}", GC_E_UNSUPPORTED },
    { "{2:h'01',3:999,6:h'02',8:14,9:10,10:-8,11:[[1],[1,6]]}", GC_E_UNSUPPORTED },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_membership m = { .num = 77 };
    const char *why = NULL;
    enum gc_err err = read_with(rows[i].edn, &m, &why);
    if (err != rows[i].err || !why || m.num != 77)
      fail_msg("%s: %s", rows[i].edn, gc_err_name(err));
  }
}

static struct gc_bytes written(const struct gc_group_material *key)
{
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_cbor_writer writer = gc_cbor_writer(&out);
  gc_material_write(&writer, key);
  assert_int_equal(gc_cbor_finish(&writer), GC_OK);
  return gc_buf_bytes(&out);
}

/* the example of Section 9.6 with a credential format that goes with ours */
static void what_a_signature_verifier_gets(void **state)
{
  (void)state;
  struct gc_groupcomm m;
  struct gc_membership verifier;
  struct gc_oscore_context *context = NULL;
  const char *why = "";
  assert_int_equal(gc_groupcomm_parse(&m, edn("{7:1,8:{3:5,6:h'dd11',8:14,9:10,10:-8,11:[[1],[1,6]],4:10,12:-27},9:12,10:1,11:1609459200,12:2592000,"
                                               "33:h'027b21bbab2f63766d4083d1ffdb9a3b'}"), NULL), GC_OK);
  if (gc_membership_read_verifier(&verifier, &m, &why))
    fail_msg("%s", why);
  assert_int_equal(verifier.num, 12);
  assert_int_equal(verifier.params.master_secret.len, 0);
  assert_false(verifier.has_sender_id);
  verifier.params.gm_cred = hexval(EXAMPLE_GM_CCS);
  if (gc_oscore_context_new(&context, &verifier.params, &why))
    fail_msg("%s", why);
  struct gc_oscore_secrets secrets;
  gc_oscore_context_secrets(context, &secrets);
  assert_memory_equal(secrets.signature_encryption_key, hexval("027b21bbab2f63766d4083d1ffdb9a3b").ptr, 16);
  gc_oscore_context_free(&context);
  static const char *const bad[] = {
    "{7:1,8:{2:h'01',3:5,6:h'dd11',8:14,9:10,10:-8,11:[[1],[1,6]]},9:12,10:1,12:1,33:h'02'}", /* a Master Secret */
    "{7:1,8:{3:5,6:h'dd11',8:14,9:10,10:-8,11:[[1],[1,6]],7:h'01'},9:12,10:1,12:1,33:h'02'}",
    "{7:1,8:{3:5,6:h'dd11',8:14,9:10,10:-8,11:[[1],[1,6]],4:10},9:12,10:1,12:1,33:h'02'}",
    "{7:1,8:{3:5,6:h'dd11',8:14,9:10,10:-8},9:12,10:1,12:1,33:h'02'}",
    "{7:1,8:{3:5,6:h'dd11',9:10,10:-8,11:[[1],[1,6]]},9:12,10:1,12:1,33:h'02'}",
    "{7:1,8:{3:5,8:14,9:10,10:-8,11:[[1],[1,6]]},9:12,10:1,12:1,33:h'02'}",
    "{7:1,8:{3:5,6:h'dd11',8:14,9:10,10:-8,11:[[1],[1,6]]},9:12,10:1,12:1,33:h''}",
    "{7:1,8:{3:5,6:h'dd11',8:14,9:10,10:-8,11:[[1],[1,6]]},9:12,10:1,12:1}",
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    assert_int_equal(gc_groupcomm_parse(&m, edn(bad[i]), NULL), GC_OK);
    if (gc_membership_read_verifier(&verifier, &m, &why) != GC_E_MALFORMED)
      fail_msg("%s", bad[i]);
  }
}

/* @req JN-26 RK-03 */
static void the_group_managers_direction(void **state)
{
  (void)state;
  struct gc_membership m = joined();
  struct gc_groupcomm join = message(EXAMPLE_JOIN_RESPONSE), rekeying = message(EXAMPLE_REKEYING);
  struct gc_material_room room;
  struct gc_group_material key;
  assert_int_equal(gc_material_of(&key, &m.params, GC_MATERIAL_JOIN, &m.sender_id, 0, &room), GC_OK);
  assert_true(gc_bytes_equal(written(&key), join.key));
  assert_int_equal(gc_material_of(&key, &m.params, GC_MATERIAL_JOIN, NULL, 0, &room), GC_OK);
  assert_false(key.present & GC_GM_GROUP_SENDER_ID);
  assert_int_equal(gc_material_of(&key, &m.params, GC_MATERIAL_VERIFIER, &m.sender_id, 0, &room), GC_OK);
  assert_true(gc_bytes_equal(written(&key), edn("{3:5,4:10,6:h'dd11',8:14,9:10,10:-8,11:[[1],[1,6]],12:-27}")));
  assert_int_equal(gc_membership_rekey(&m, &rekeying, NULL), GC_OK);
  assert_int_equal(gc_material_of(&key, &m.params, GC_MATERIAL_REKEYING, &m.sender_id, 0, &room), GC_OK);
  assert_true(gc_bytes_equal(written(&key), rekeying.key));
  m.params.master_secret.len = 0;
  assert_int_equal(gc_material_of(&key, &m.params, GC_MATERIAL_JOIN, NULL, 0, &room), GC_E_STATE);
  assert_int_equal(gc_material_of(&key, &m.params, GC_MATERIAL_VERIFIER, NULL, 0, &room), GC_OK);
  m.params.has_id_context = false;
  assert_int_equal(gc_material_of(&key, &m.params, GC_MATERIAL_VERIFIER, NULL, 0, &room), GC_E_STATE);
}

/* every signature algorithm, and groups of one mode, go to a joiner and come back as they were */
static void groups_there_and_back(void **state)
{
  (void)state;
  static const struct {
    int32_t sign_alg, ecdh_alg;
    uint8_t sign_curve, ecdh_curve;
    const char *sign_params, *ecdh_params;
  } rows[] = {
    { GC_ALG_EDDSA, GC_ALG_ECDH_SS_256, GC_CURVE_ED25519, 0, "[[1],[1,6]]", "[[1],[1,4]]" },
    { GC_ALG_EDDSA, GC_ALG_ECDH_SS_256, GC_CURVE_ED448, 0, "[[1],[1,7]]", "[[1],[1,5]]" },
    { GC_ALG_ES256, GC_ALG_ECDH_SS_256, 0, 0, "[[2],[2,1]]", "[[2],[2,1]]" },
    { GC_ALG_ES512, 0, 0, 0, "[[2],[2,3]]", NULL },
    { 0, GC_ALG_ECDH_SS_256, 0, 0, NULL, "[[1],[1,4]]" },
    { 0, GC_ALG_ECDH_SS_256, 0, GC_CURVE_P384, NULL, "[[2],[2,2]]" },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_oscore_params params = joined().params;
    struct gc_group_material key;
    struct gc_material_room room;
    struct gc_membership again;
    params.sign_alg = rows[i].sign_alg;
    params.group_enc_alg = rows[i].sign_alg ? GC_ALG_CCM_16_64_128 : 0;
    params.sign_curve = rows[i].sign_curve;
    params.ecdh_alg = rows[i].ecdh_alg;
    params.aead_alg = rows[i].ecdh_alg ? GC_ALG_CCM_16_64_128 : 0;
    assert_int_equal(gc_material_of(&key, &params, GC_MATERIAL_JOIN, NULL, rows[i].ecdh_curve, &room), GC_OK);
    assert_int_equal(!!(key.present & GC_GM_SIGN_PARAMS), rows[i].sign_params != NULL);
    assert_int_equal(!!(key.present & GC_GM_ECDH_PARAMS), rows[i].ecdh_params != NULL);
    if (rows[i].sign_params)
      assert_true(gc_bytes_equal(key.sign_params, edn(rows[i].sign_params)));
    if (rows[i].ecdh_params)
      assert_true(gc_bytes_equal(key.ecdh_params, edn(rows[i].ecdh_params)));
    struct gc_groupcomm m = message(EXAMPLE_JOIN_RESPONSE);
    m.key = written(&key);
    assert_int_equal(gc_membership_read(&again, &m, NULL), GC_OK);
    assert_int_equal(again.params.sign_alg, params.sign_alg);
    assert_int_equal(again.params.group_enc_alg, params.group_enc_alg);
    assert_int_equal(again.params.aead_alg, params.aead_alg);
    assert_int_equal(again.params.ecdh_alg, params.ecdh_alg);
  }
}

static int setup(void **state)
{
  (void)state;
  return gc_crypto_init() ? -1 : 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_join_response),  cmocka_unit_test(the_rekeying),    cmocka_unit_test(which_step_a_rekeying_is),
    cmocka_unit_test(modes_and_defaults), cmocka_unit_test(what_is_refused), cmocka_unit_test(the_group_managers_direction),
    cmocka_unit_test(groups_there_and_back), cmocka_unit_test(what_a_signature_verifier_gets),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, setup, NULL);
}
