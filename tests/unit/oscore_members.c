#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "crypto/secret.h"
#include "oscore/context.h"

struct identity {
  struct gc_key_pair pair;
  uint8_t bytes[256];
  struct gc_bytes cred;
};

static void make(struct identity *out, int32_t curve)
{
  struct gc_buf cred = gc_buf(out->bytes, sizeof out->bytes);
  assert_int_equal(gc_crypto_init(), GC_OK);
  assert_int_equal(gc_key_pair_generate(&out->pair, curve), GC_OK);
  assert_int_equal(gc_credential_write_ccs(&cred, &out->pair.public_key, gc_bytes_str("x")), GC_OK);
  out->cred = gc_buf_bytes(&cred);
}

static enum gc_err try_key(int32_t sign_alg, int32_t group_enc_alg, int32_t ecdh_alg, int32_t curve, bool as_sender)
{
  struct identity manager, member;
  struct gc_oscore_context *context;
  const char *why = NULL;
  struct gc_oscore_params params = gc_oscore_params_default(GC_OSCORE_GROUP);
  make(&manager, curve == GC_CURVE_X25519 || curve == GC_CURVE_ED25519 ? GC_CURVE_ED25519 : GC_CURVE_P256);
  make(&member, curve);
  params.master_secret = gc_bytes("0123456789abcdef", 16);
  params.has_id_context = true;
  params.id_context = gc_bytes("Dal", 3);
  params.gm_cred = manager.cred;
  params.sign_alg = sign_alg;
  params.group_enc_alg = group_enc_alg;
  params.ecdh_alg = ecdh_alg;
  params.aead_alg = ecdh_alg ? GC_ALG_CCM_16_64_128 : 0;
  assert_int_equal(gc_oscore_context_new(&context, &params, &why), GC_OK);
  struct gc_bytes secret = gc_bytes(member.pair.private_key, member.pair.private_len);
  enum gc_err err = as_sender ? gc_oscore_context_set_sender(context, gc_bytes("\x01", 1), member.cred, secret,
                                                             (struct gc_oscore_numbers){ NULL, NULL }, &why)
                              : gc_oscore_context_add_recipient(context, gc_bytes("\x02", 1), member.cred, NULL, &why);
  if (err)
    assert_true(why && *why);
  gc_oscore_context_free(&context);
  return err;
}

/* @req C19 C130 */
static void a_key_must_suit_every_mode_of_the_group(void **state)
{
  (void)state;
  static const struct {
    int32_t sign, enc, ecdh, curve;
    bool suits;
  } cases[] = {
    { GC_ALG_EDDSA, GC_ALG_CCM_16_64_128, GC_ALG_ECDH_SS_256, GC_CURVE_ED25519, true },
    { GC_ALG_EDDSA, GC_ALG_CCM_16_64_128, GC_ALG_ECDH_SS_256, GC_CURVE_X25519, false }, /* agrees, and cannot sign */
    { GC_ALG_EDDSA, GC_ALG_CCM_16_64_128, 0, GC_CURVE_X25519, false },
    { GC_ALG_EDDSA, GC_ALG_CCM_16_64_128, GC_ALG_ECDH_SS_256, GC_CURVE_P256, false },
    { GC_ALG_ES256, GC_ALG_CCM_16_64_128, GC_ALG_ECDH_SS_256, GC_CURVE_P256, true },
    { GC_ALG_ES256, GC_ALG_CCM_16_64_128, GC_ALG_ECDH_SS_256, GC_CURVE_ED25519, false },
    { 0, 0, GC_ALG_ECDH_SS_256, GC_CURVE_X25519, true }, /* pairwise mode only */
    { 0, 0, GC_ALG_ECDH_SS_256, GC_CURVE_ED25519, true },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (int as_sender = 0; as_sender < 2; as_sender++) {
      bool suits = try_key(cases[i].sign, cases[i].enc, cases[i].ecdh, cases[i].curve, as_sender) == GC_OK;
      if (suits != cases[i].suits)
        fail_msg("case %zu as %s: %s", i, as_sender ? "sender" : "recipient", suits ? "taken" : "refused");
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(a_key_must_suit_every_mode_of_the_group) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
