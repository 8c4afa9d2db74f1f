/* COSE_Encrypt0, COSE_Mac0 and COSE_Sign1: known answers both ways, every algorithm, damage of every byte. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdlib.h>
#include <string.h>

#include "../tests/lib/hexval.h"
#include "cose/key.h"
#include "cose/message.h"
#include "crypto/secret.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint8_t store[2 * GC_COSE_MESSAGE_MAX_LEN], plain_store[GC_COSE_MESSAGE_MAX_LEN];

/* RFC 8392, Appendix A: keys, claims and the three protected tokens */
#define CLAIMS                                                                                                                         \
  "a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0"   \
  "051a5610d9f0061a5610d9f007420b71"
#define KEY_128 "231f4c4d4d3051fdc2ec0a3851d5b383"
#define KEY_256 "403697de87af64611c1d32a05dab0fe1fcb715a86ab435f1ec99192d79569388"
#define SIGNED                                                                                                                         \
  "d28443a10126a104524173796d6d657472696345434453413235365850" CLAIMS                                                                  \
  "58405427c1ff28d23fbad1f29c4c7c6a555e601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a52b9b63632c57209120e1c9e30"
#define MACED "d18443a10104a1044c53796d6d65747269633235365850" CLAIMS "48093101ef6d789200"
#define ENCRYPTED                                                                                                                      \
  "d08343a1010aa2044c53796d6d6574726963313238054d99a0d7846e762c49ffe8a63e0b5858b918a11fd81e438b7f973d9e2e119bcb22424ba0f38a80f27562f4"  \
  "00ee1d0d6c0fdb559c02421fd384fc2ebe22d7071378b0ea7428fff157444d45f7e6afcda1aae5f6495830c58627087fc5b4974f319a8707a635dd643b"
#define SIGN_X "143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f"
#define SIGN_Y "60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9"

static struct gc_cose_message parsed(const char *hex)
{
  struct gc_cose_message message;
  struct gc_where where = { 0, "" };
  if (gc_cose_message_parse(&message, hexval(hex), &where))
    fail_msg("%s: %zu: %s", hex, where.offset, where.phrase);
  return message;
}

/* @req AC-11 AC-14 */
static void examples_of_rfc_8392(void **state)
{
  (void)state;
  struct gc_buf plain = gc_buf(plain_store, sizeof plain_store);
  struct gc_cose_message message = parsed(ENCRYPTED);
  assert_int_equal(message.kind, GC_COSE_ENCRYPT0);
  assert_true(gc_bytes_equal(message.kid, gc_bytes_str("Symmetric128")));
  assert_int_equal(gc_encrypt0_open(&message, hexval(KEY_128), &plain), GC_COSE_OPENED);
  assert_true(gc_bytes_equal(gc_buf_bytes(&plain), hexval(CLAIMS)));
  message = parsed(MACED);
  assert_int_equal(message.kind, GC_COSE_MAC0);
  assert_int_equal(message.alg, 4);
  assert_int_equal(gc_mac0_verify(&message, hexval(KEY_256)), GC_COSE_OPENED);
  assert_true(gc_bytes_equal(message.content, hexval(CLAIMS)));
  message = parsed(SIGNED);
  assert_int_equal(message.kind, GC_COSE_SIGN1);
  struct gc_public_key key;
  assert_int_equal(gc_public_key_set(&key, GC_CURVE_P256, hexval(SIGN_X), hexval(SIGN_Y), false), GC_OK);
  assert_int_equal(gc_sign1_verify(&message, &key), GC_COSE_OPENED);
  assert_true(gc_bytes_equal(message.content, hexval(CLAIMS)));

  struct gc_buf out = gc_buf(store, sizeof store); /* and made: ECDSA has another nonce there */
  struct gc_cose_header header = { GC_ALG_CCM_16_64_128, gc_bytes_str("Symmetric128"), hexval("99a0d7846e762c49ffe8a63e0b") };
  assert_int_equal(gc_encrypt0_make(&out, &header, hexval(KEY_128), hexval(CLAIMS)), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(ENCRYPTED)));
  out = gc_buf(store, sizeof store);
  header = (struct gc_cose_header){ .alg = 4, .kid = gc_bytes_str("Symmetric256") };
  assert_int_equal(gc_mac0_make(&out, &header, hexval(KEY_256), hexval(CLAIMS)), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(MACED)));
}

static enum gc_cose_result open_any(struct gc_bytes bytes, struct gc_bytes secret, const struct gc_public_key *key, struct gc_buf *plain)
{
  struct gc_cose_message message;
  if (gc_cose_message_parse(&message, bytes, NULL))
    return GC_COSE_FORGED;
  enum gc_cose_result result = message.kind == GC_COSE_ENCRYPT0 ? gc_encrypt0_open(&message, secret, plain)
                             : message.kind == GC_COSE_MAC0     ? gc_mac0_verify(&message, secret)
                                                                : gc_sign1_verify(&message, key);
  if (!result && message.kind != GC_COSE_ENCRYPT0)
    plain->len = 0, assert_int_equal(gc_buf_add(plain, message.content), GC_OK);
  return result;
}

/* it opens, and with one bit other than it was, or cut short, it does not */
static void damage(struct gc_buf *message, struct gc_bytes payload, struct gc_bytes secret, const struct gc_public_key *key)
{
  struct gc_buf plain = gc_buf(plain_store, sizeof plain_store);
  assert_int_equal(open_any(gc_buf_bytes(message), secret, key, &plain), GC_COSE_OPENED);
  assert_true(gc_bytes_equal(gc_buf_bytes(&plain), payload));
  struct gc_cose_message whole;
  assert_int_equal(gc_cose_message_parse(&whole, gc_buf_bytes(message), NULL), GC_OK);
  size_t kid_at = (size_t)(whole.kid.ptr - message->ptr);
  for (size_t i = 0; i < message->len; i++) {
    plain.len = 0;
    message->ptr[i] ^= 1;
    bool is_kid = i >= kid_at - 2 && i < kid_at + whole.kid.len; /* its label, head and value: kid is not protected, nor need it be: it only finds the key */
    if (open_any(gc_buf_bytes(message), secret, key, &plain) == GC_COSE_OPENED && !is_kid)
      fail_msg("byte %zu", i);
    message->ptr[i] ^= 1;
    assert_int_not_equal(open_any(gc_bytes(message->ptr, i), secret, key, &plain), GC_COSE_OPENED);
  }
}

static void every_algorithm(void **state)
{
  (void)state;
  static const uint8_t secret[32] = { 1, 2, 3 }, iv[13] = { 7 };
  struct gc_bytes payload = gc_bytes_str("claims");
  const struct gc_alg *alg;
  size_t made = 0;
  for (size_t i = 0; (alg = gc_alg_at(i)); i++) {
    struct gc_buf out = gc_buf(store, sizeof store);
    struct gc_cose_header header = { alg->id, gc_bytes("k", 1), gc_bytes(iv, alg->nonce_len) };
    struct gc_bytes key = gc_bytes(secret, alg->key_len ? alg->key_len : sizeof secret);
    if (alg->kind == GC_ALG_AEAD)
      assert_int_equal(gc_encrypt0_make(&out, &header, key, payload), GC_OK);
    else if (alg->kind == GC_ALG_HKDF && alg->id > 0) /* named by an HMAC */
      assert_int_equal(gc_mac0_make(&out, &header, key, payload), GC_OK);
    else {
      assert_int_equal(gc_encrypt0_make(&out, &header, key, payload), GC_E_UNSUPPORTED);
      assert_int_equal(gc_mac0_make(&out, &header, key, payload), GC_E_UNSUPPORTED);
      continue;
    }
    damage(&out, payload, key, NULL);
    made++;
  }
  assert_true(made > 10);
  const struct gc_curve *curve;
  for (size_t i = 0; (curve = gc_curve_at(i)); i++) {
    struct gc_buf out = gc_buf(store, sizeof store);
    struct gc_key_pair pair;
    struct gc_cose_header header = { .alg = curve->sign_alg, .kid = gc_bytes("k", 1) };
    assert_int_equal(gc_key_pair_generate(&pair, curve->id), GC_OK);
    if (!curve->sign_alg) {
      assert_int_equal(gc_sign1_make(&out, &header, &pair, payload), GC_E_UNSUPPORTED);
      continue;
    }
    assert_int_equal(gc_sign1_make(&out, &header, &pair, payload), GC_OK);
    damage(&out, payload, gc_bytes(NULL, 0), &pair.public_key);
    header.alg = curve->sign_alg == GC_ALG_EDDSA ? GC_ALG_ES256 : GC_ALG_EDDSA;
    assert_int_equal(gc_sign1_make(&out, &header, &pair, payload), GC_E_UNSUPPORTED);
  }
}

static void what_is_refused(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    enum gc_err err;
  } rows[] = {
    { "8343a1010aa040", GC_OK },
    { "d08343a1010aa040", GC_OK },
    { "9f43a1010aa040ff", GC_OK },             /* indefinite length */
    { "8343a1010aa11863f640", GC_OK },         /* a header parameter that is not known */
    { "8443a10105a04040", GC_OK },             /* untagged, told by the algorithm */
    { "8443a10127a04040", GC_OK },
    { "d18443a10105a04040", GC_OK },
    { "d28440a101264040", GC_OK },             /* alg outside the protected header: seen, for the caller to judge */
    { "8443a1010aa04040", GC_E_UNSUPPORTED },  /* four elements and an encryption algorithm */
    { "8440a04040", GC_E_UNSUPPORTED },
    { "d08443a1010aa04040", GC_E_MALFORMED },  /* tag of three elements, four there */
    { "d18343a1010aa040", GC_E_MALFORMED },
    { "d8608343a1010aa040", GC_E_UNSUPPORTED }, /* COSE_Encrypt */
    { "8543a1010aa0404040", GC_E_MALFORMED },
    { "8243a1010aa0", GC_E_MALFORMED },
    { "8343a1010aa0f6", GC_E_UNSUPPORTED },    /* detached */
    { "8344a1016161a040", GC_E_UNSUPPORTED },  /* alg "a" */
    { "8345a202810104a040", GC_E_UNSUPPORTED }, /* crit */
    { "8343a1010aa1010a40", GC_E_MALFORMED },  /* alg in both */
    { "8343a1010aa204410104410240", GC_E_MALFORMED }, /* kid twice */
    { "8344a1010a00a040", GC_E_MALFORMED },    /* bytes after the map in the protected header */
    { "8343a1010aa04000", GC_E_MALFORMED },    /* and after the message */
    { "a0", GC_E_MALFORMED },
    { "", GC_E_TRUNCATED },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_cose_message message;
    struct gc_where where = { 0, NULL };
    enum gc_err err = gc_cose_message_parse(&message, hexval(rows[i].hex), &where);
    if (err != rows[i].err)
      fail_msg("%s: %s", rows[i].hex, gc_err_name(err));
    if (err)
      assert_non_null(where.phrase);
  }
  struct gc_cose_message message;
  memset(store, 0, sizeof store);
  assert_int_equal(gc_cose_message_parse(&message, gc_bytes(store, GC_COSE_MESSAGE_MAX_LEN + 1), NULL), GC_E_LIMIT);
}

static void keys_and_room_that_do_not_suit(void **state)
{
  (void)state;
  struct gc_cose_message message = parsed(ENCRYPTED);
  struct gc_buf plain = gc_buf(plain_store, hexval(CLAIMS).len - 1);
  assert_int_equal(gc_encrypt0_open(&message, hexval(KEY_128), &plain), GC_COSE_NO_ROOM);
  assert_int_equal(gc_encrypt0_open(&message, hexval(KEY_256), &plain), GC_COSE_UNSUITABLE);
  assert_int_equal(gc_mac0_verify(&message, hexval(KEY_256)), GC_COSE_UNSUITABLE);
  message.iv.len--;
  assert_int_equal(gc_encrypt0_open(&message, hexval(KEY_128), &plain), GC_COSE_UNSUITABLE);
  message = parsed(MACED);
  assert_int_equal(gc_mac0_verify(&message, hexval(KEY_128)), GC_COSE_FORGED);
  assert_int_equal(gc_mac0_verify(&message, hexval("")), GC_COSE_UNSUITABLE);
  message = parsed(SIGNED);
  struct gc_key_pair pair;
  assert_int_equal(gc_key_pair_generate(&pair, GC_CURVE_P256), GC_OK);
  assert_int_equal(gc_sign1_verify(&message, &pair.public_key), GC_COSE_FORGED);
  assert_int_equal(gc_key_pair_generate(&pair, GC_CURVE_ED25519), GC_OK);
  assert_int_equal(gc_sign1_verify(&message, &pair.public_key), GC_COSE_UNSUITABLE);

  struct gc_cose_header header = { GC_ALG_CCM_16_64_128, gc_bytes_str("Symmetric128"), hexval("99a0d7846e762c49ffe8a63e0b") };
  for (size_t cap = 0; cap < hexval(ENCRYPTED).len; cap++) {
    struct gc_buf out = gc_buf(store, cap);
    assert_int_equal(gc_encrypt0_make(&out, &header, hexval(KEY_128), hexval(CLAIMS)), GC_E_SPACE);
    assert_int_equal(out.len, 0);
  }
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_encrypt0_make(&out, &header, hexval(KEY_256), hexval(CLAIMS)), GC_E_RANGE);
  assert_int_equal(gc_encrypt0_make(&out, &header, hexval(KEY_128), gc_bytes(plain_store, sizeof plain_store)), GC_E_RANGE);
  header.iv.len = 12;
  assert_int_equal(gc_encrypt0_make(&out, &header, hexval(KEY_128), hexval(CLAIMS)), GC_E_RANGE);
  assert_int_equal(out.len, 0);
}

/* COSE_Keys of the three types, with kid and without, both ways */
static void cose_keys(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    enum gc_err err;
    bool same; /* written again as it was */
  } rows[] = {
    { "a4010103272006215820d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737", GC_OK, true },
    { "a5010102416103272006215820d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737", GC_OK, true },
    { "a501020241612001215820" SIGN_X "225820" SIGN_Y, GC_OK, true },
    { "a401022001215820" SIGN_X "22f5", GC_OK, false }, /* compressed: written in full */
    { "a30104024161204161", GC_OK, true },
    { "a2010402483d027833fc6267ce", GC_OK, true }, /* RFC 9202, Section 3.3.2: a kid says which */
    { "a20104204401020304", GC_OK, true },
    { "a220010104", GC_E_MALFORMED, false },    /* k is a number */
    { "a22041010104", GC_OK, false },           /* type last */
    { "a30101204161214100", GC_E_MALFORMED, false },
    { "a10104", GC_OK, true },
    { "a301040104204100", GC_E_MALFORMED, false }, /* label twice */
    { "a201032000", GC_E_MALFORMED, false },       /* RSA has no x */
    { "a0", GC_E_MALFORMED, false },
    { "a401011b7fffffffffffffff002006214100", GC_E_MALFORMED, false }, /* coordinate of wrong length */
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_bytes bytes = hexval(rows[i].hex);
    struct gc_cbor_reader reader = gc_cbor_reader(bytes);
    struct gc_cose_key key;
    enum gc_err err = gc_cose_key_parse(&reader, &key);
    if ((err != GC_OK) != (rows[i].err != GC_OK))
      fail_msg("%s: %s: %s", rows[i].hex, gc_err_name(err), reader.where.phrase);
    if (err)
      continue;
    struct gc_buf out = gc_buf(store, sizeof store);
    struct gc_cbor_writer writer = gc_cbor_writer(&out);
    gc_cose_key_put(&writer, &key);
    assert_int_equal(gc_cbor_finish(&writer), GC_OK);
    if (gc_bytes_equal(gc_buf_bytes(&out), bytes) != rows[i].same)
      fail_msg("row %zu", i);
    struct gc_public_key public_key;
    reader = gc_cbor_reader(bytes);
    assert_int_equal(gc_cose_key_read(&reader, &public_key), key.kty == GC_KTY_SYMMETRIC ? GC_E_UNSUPPORTED : GC_OK);
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
    cmocka_unit_test(examples_of_rfc_8392),
    cmocka_unit_test(every_algorithm),
    cmocka_unit_test(what_is_refused),
    cmocka_unit_test(keys_and_room_that_do_not_suit),
    cmocka_unit_test(cose_keys),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, setup, NULL);
}
