/* Proof of possession: the worked examples byte for byte both ways, and everything that does not prove. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/hexval.h"
#include "ace/proof.h"
#include "ace_examples.h"
#include "crypto/secret.h"

static struct gc_key_pair client, gm, peer;

static struct gc_bytes client_input(void)
{
  static uint8_t store[GC_PROOF_INPUT_MAX_LEN];
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_proof_client_input(&out, hexval(EXAMPLE_ENTRY), hexval(EXAMPLE_N_S), hexval(EXAMPLE_N_C)), GC_OK);
  return gc_buf_bytes(&out);
}

/* @req JN-08 JN-27 */
static void inputs(void **state)
{
  (void)state;
  uint8_t store[64];
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_true(gc_bytes_equal(client_input(), hexval(EXAMPLE_CLIENT_PROOF_INPUT)));
  assert_int_equal(gc_proof_kdc_input(&out, hexval(EXAMPLE_N_C), hexval(EXAMPLE_N_KDC)), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_KDC_PROOF_INPUT)));
  out.len = 0;
  assert_int_equal(gc_proof_client_input(&out, hexval("826667726f7570316673656e646572"), hexval("018a278f7faab55a"), hexval("25a8991cd700ac01")), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval("4f826667726f7570316673656e64657248018a278f7faab55a4825a8991cd700ac01")));
  out.len = 0;
  assert_int_equal(gc_proof_kdc_input(&out, hexval("25a8991cd700ac01"), hexval("cef04b2aa791bc6d")), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval("4825a8991cd700ac0148cef04b2aa791bc6d")));
  out = gc_buf(store, 17);
  assert_int_equal(gc_proof_kdc_input(&out, hexval(EXAMPLE_N_C), hexval(EXAMPLE_N_KDC)), GC_E_SPACE);
  assert_int_equal(out.len, 0);
}

/* @req JN-05 JN-09 JN-27 */
static void signatures(void **state)
{
  (void)state;
  uint8_t store[GC_SIGNATURE_MAX_LEN];
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_proof_make(&out, GC_PROOF_SIGNATURE, &client, NULL, client_input()), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_CLIENT_PROOF)));
  assert_true(gc_proof_verify(GC_PROOF_SIGNATURE, &client.public_key, NULL, client_input(), gc_buf_bytes(&out)));
  assert_false(gc_proof_verify(GC_PROOF_SIGNATURE, &peer.public_key, NULL, client_input(), gc_buf_bytes(&out)));
  assert_false(gc_proof_verify(GC_PROOF_SIGNATURE, &client.public_key, NULL, hexval(EXAMPLE_KDC_PROOF_INPUT), gc_buf_bytes(&out)));
  assert_false(gc_proof_verify(GC_PROOF_SIGNATURE, &client.public_key, NULL, client_input(), gc_bytes(NULL, 0)));
  out.len = 0;
  assert_int_equal(gc_proof_make(&out, GC_PROOF_SIGNATURE, &gm, NULL, hexval(EXAMPLE_KDC_PROOF_INPUT)), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_KDC_PROOF)));
  for (size_t i = 0; i < out.len; i++) {
    store[i] ^= 4;
    assert_false(gc_proof_verify(GC_PROOF_SIGNATURE, &gm.public_key, NULL, hexval(EXAMPLE_KDC_PROOF_INPUT), gc_buf_bytes(&out)));
    store[i] ^= 4;
  }
  out = gc_buf(store, 63);
  assert_int_equal(gc_proof_make(&out, GC_PROOF_SIGNATURE, &gm, NULL, hexval("00")), GC_E_SPACE);
}

/* @req JN-09 JN-27 */
static void macs_of_pairwise_only_groups(void **state)
{
  (void)state;
  uint8_t seed[32], store[GC_PROOF_MAC_LEN], shared[GC_SHARED_SECRET_MAX_LEN];
  struct gc_key_pair mine, theirs, other;
  memset(seed, 0x55, sizeof seed);
  assert_int_equal(gc_key_pair_set(&mine, GC_CURVE_X25519, gc_bytes(seed, 32)), GC_OK);
  memset(seed, 0x66, sizeof seed);
  assert_int_equal(gc_key_pair_set(&theirs, GC_CURVE_X25519, gc_bytes(seed, 32)), GC_OK);
  assert_int_equal(gc_shared_secret(&mine, &theirs.public_key, shared), GC_OK);
  assert_memory_equal(shared, hexval("559ed2171b98fa0c0f417b78b5c5a43e971990d7605860038d940284d3245142").ptr, 32);
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_proof_make(&out, GC_PROOF_MAC, &mine, &theirs.public_key, client_input()), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval("468717fc89c89618")));
  assert_true(gc_proof_verify(GC_PROOF_MAC, &mine.public_key, &theirs, client_input(), gc_buf_bytes(&out)));
  assert_int_equal(gc_key_pair_generate(&other, GC_CURVE_X25519), GC_OK);
  assert_false(gc_proof_verify(GC_PROOF_MAC, &other.public_key, &theirs, client_input(), gc_buf_bytes(&out)));
  assert_false(gc_proof_verify(GC_PROOF_MAC, &mine.public_key, &theirs, hexval("00"), gc_buf_bytes(&out)));
  assert_false(gc_proof_verify(GC_PROOF_MAC, &mine.public_key, &theirs, client_input(), gc_bytes(store, 7)));
  assert_false(gc_proof_verify(GC_PROOF_MAC, &mine.public_key, &theirs, client_input(), gc_bytes(NULL, 0)));
  for (size_t i = 0; i < out.len; i++) {
    store[i] ^= 1;
    assert_false(gc_proof_verify(GC_PROOF_MAC, &mine.public_key, &theirs, client_input(), gc_buf_bytes(&out)));
    store[i] ^= 1;
  }
  /* keys that cannot sign, and keys of two curves */
  assert_int_equal(gc_proof_make(&out, GC_PROOF_SIGNATURE, &mine, NULL, client_input()), GC_E_UNSUPPORTED);
  assert_int_equal(gc_key_pair_generate(&other, GC_CURVE_P256), GC_OK);
  out.len = 0;
  assert_int_equal(gc_proof_make(&out, GC_PROOF_MAC, &mine, &other.public_key, client_input()), GC_E_RANGE);
  assert_false(gc_proof_verify(GC_PROOF_MAC, &mine.public_key, &other, client_input(), gc_bytes(store, 8)));
}

static int pair_of(struct gc_key_pair *pair, int byte)
{
  uint8_t seed[32];
  memset(seed, byte, sizeof seed);
  return gc_key_pair_set(pair, GC_CURVE_ED25519, gc_bytes(seed, 32)) != GC_OK;
}

static int setup(void **state)
{
  (void)state;
  return gc_crypto_init() || pair_of(&client, 0x11) || pair_of(&gm, 0x22) || pair_of(&peer, 0x44);
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(inputs), cmocka_unit_test(signatures), cmocka_unit_test(macs_of_pairwise_only_groups) };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, setup, NULL);
}
