/* Tokens: every example made and opened byte for byte, each way in which one can be wrong. */
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
#include "ace/cnf.h"
#include "ace/cwt.h"
#include "ace/scope.h"
#include "ace_examples.h"
#include "crypto/secret.h"
#include "iana/names.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint8_t store[GC_CWT_MAX_LEN], room_store[GC_CWT_MAX_LEN];
static struct gc_key_pair as_pair;
static uint8_t secret[16];

static struct gc_cwt_key symmetric(void)
{
  return (struct gc_cwt_key){ .kind = GC_COSE_ENCRYPT0, .alg = GC_ALG_CCM_16_64_128, .kid = gc_bytes_str("AS1"), .secret = gc_bytes(secret, 16) };
}

static struct gc_cwt_key signing(void)
{
  return (struct gc_cwt_key){ .kind = GC_COSE_SIGN1, .alg = GC_ALG_EDDSA, .pair = &as_pair, .public_key = &as_pair.public_key };
}

static struct gc_cwt_claims opened(struct gc_bytes token, struct gc_cwt_key key)
{
  struct gc_buf room = gc_buf(room_store, sizeof room_store);
  struct gc_cwt_claims claims;
  struct gc_where where = { 0, "" };
  enum gc_cwt_verdict verdict = gc_cwt_open(&claims, token, &key, &room, &where);
  if (verdict)
    fail_msg("%s: %s", gc_cwt_verdict_str(verdict), where.phrase);
  return claims;
}

/* @req AC-11 AC-13 AC-14 */
static void examples_both_ways(void **state)
{
  (void)state;
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_cwt_claims claims = opened(hexval(EXAMPLE_CWT), symmetric());
  struct gc_cnf cnf;
  assert_int_equal(gc_cwt_claims_write(&out, &claims), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_CLAIMS)));
  assert_true(gc_bytes_equal(claims.iss, gc_bytes_str("coap://as.example")));
  assert_int_equal(claims.exp.number, 1800003600);
  assert_int_equal(claims.profile, 2);
  assert_int_equal(gc_cnf_parse(&cnf, claims.cnf, NULL), GC_OK);
  assert_int_equal(cnf.method, GC_CNF_OSC);
  struct gc_cwt_key key = symmetric();
  out = gc_buf(store, sizeof store);
  assert_int_equal(gc_cwt_make(&out, &claims, &key, hexval("636898994ff0ec7bfcf6d3f95b")), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_CWT)));

  claims = opened(hexval(EXAMPLE_CWT_SIGNED), signing());
  out = gc_buf(store, sizeof store);
  assert_int_equal(gc_cwt_claims_write(&out, &claims), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_CLAIMS_SIGNED)));
  assert_int_equal(gc_cnf_parse(&cnf, claims.cnf, NULL), GC_OK);
  assert_int_equal(cnf.method, GC_CNF_COSE_KEY);
  key = signing();
  out = gc_buf(store, sizeof store);
  assert_int_equal(gc_cwt_make(&out, &claims, &key, gc_bytes(NULL, 0)), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_CWT_SIGNED)));
}

/* the claims of the Group OSCORE profile stand in no order of ours: what is read is the same, what is written reads the same */
static void claims_in_another_order(void **state)
{
  (void)state;
  struct gc_cwt_claims claims, again;
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_cwt_claims_parse(&claims, hexval(EXAMPLE_GROUP_PROFILE_CLAIMS), NULL), GC_OK);
  assert_true(gc_bytes_equal(claims.context_id, hexval("abcd0000")));
  assert_true(gc_bytes_equal(claims.salt_input, hexval("00")));
  assert_true(claims.scope.is_text);
  assert_int_equal(gc_cwt_claims_write(&out, &claims), GC_OK);
  assert_int_equal(out.len, hexval(EXAMPLE_GROUP_PROFILE_CLAIMS).len);
  assert_int_equal(gc_cwt_claims_parse(&again, gc_buf_bytes(&out), NULL), GC_OK);
  assert_int_equal(again.present, claims.present);
  assert_true(gc_bytes_equal(again.cnf, claims.cnf));
}

/* The tag is around the byte string, in tokens only (RFC 9594, Section 7). @req SC-04 */
static void an_extended_scope(void **state)
{
  (void)state;
  struct gc_cwt_claims claims;
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(GC_SCOPE_TAG, 1668547113);
  assert_int_equal(gc_cwt_claims_parse(&claims, hexval("a109da637402294a" EXAMPLE_SCOPE), NULL), GC_OK);
  assert_false(claims.scope.is_text);
  assert_true(gc_bytes_equal(claims.scope.value, hexval(EXAMPLE_SCOPE)));
  assert_int_equal(gc_cwt_claims_write(&out, &claims), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval("a1094a" EXAMPLE_SCOPE)));
  static const char *const bad[] = { ("a109d82a4a" EXAMPLE_SCOPE), "a109da6374022961ff", "a109da63740229", "a10906",
                                     "a104fb7ff8000000000000", "a104f97c00" /* no time is that */ };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_not_equal(gc_cwt_claims_parse(&claims, hexval(bad[i]), NULL), GC_OK);
}

static void tags_may_be_there_or_not(void **state)
{
  (void)state;
  struct gc_cose_message message;
  uint8_t tagged[256] = { 0xd8, 0x3d };
  struct gc_bytes token = hexval(EXAMPLE_CWT);
  memcpy(tagged + 2, token.ptr, token.len);
  opened(gc_bytes(tagged, token.len + 2), symmetric());
  opened(gc_bytes(token.ptr + 1, token.len - 1), symmetric());
  assert_int_equal(gc_cwt_parse(&message, gc_bytes(tagged, token.len + 2), NULL), GC_OK);
  assert_true(gc_bytes_equal(message.kid, gc_bytes_str("AS1")));
  struct gc_where where = { 0, NULL };
  assert_int_not_equal(gc_cwt_parse(&message, gc_bytes(tagged, 4), &where), GC_OK);
  assert_int_equal(where.offset, 3); /* counted from the outer tag */
}

static void take_changed(struct gc_bytes token, void *ctx)
{
  struct gc_cwt_key key = symmetric();
  struct gc_buf room = gc_buf(room_store, sizeof room_store);
  struct gc_cwt_claims claims;
  struct gc_where where = { 0, NULL };
  enum gc_cwt_verdict verdict = gc_cwt_open(&claims, token, &key, &room, &where);
  size_t *valid = ctx;
  *valid += verdict == GC_CWT_VALID;
  if (verdict)
    assert_non_null(where.phrase);
}

/* @req AC-16 */
static void nothing_that_was_changed_opens(void **state)
{
  (void)state;
  size_t valid = 0;
  hostile(hexval(EXAMPLE_CWT), take_changed, &valid);
  assert_int_equal(valid, 5); /* the label of kid, which is not protected, made another number */
}

/* @req AC-16 */
static void verdicts_of_the_protection(void **state)
{
  (void)state;
  struct gc_cwt_claims claims;
  struct gc_buf room = gc_buf(room_store, sizeof room_store), out = gc_buf(store, sizeof store);
  struct gc_cwt_key key = symmetric();
  assert_int_equal(gc_cwt_open(&claims, hexval("01"), &key, &room, NULL), GC_CWT_NOT_PARSED);
  assert_int_equal(gc_cwt_open(&claims, hexval(EXAMPLE_CWT_SIGNED), &key, &room, NULL), GC_CWT_WRONG_KEY);
  key.kid = gc_bytes_str("AS2");
  assert_int_equal(gc_cwt_open(&claims, hexval(EXAMPLE_CWT), &key, &room, NULL), GC_CWT_WRONG_KEY);
  key = symmetric();
  key.alg = GC_ALG_CCM_16_128_128;
  assert_int_equal(gc_cwt_open(&claims, hexval(EXAMPLE_CWT), &key, &room, NULL), GC_CWT_WRONG_KEY);
  key = symmetric();
  static const uint8_t other[16] = { 1 };
  key.secret = gc_bytes(other, 16);
  assert_int_equal(gc_cwt_open(&claims, hexval(EXAMPLE_CWT), &key, &room, NULL), GC_CWT_FORGED);
  key = symmetric();
  struct gc_buf small = gc_buf(room_store, 20);
  assert_int_equal(gc_cwt_open(&claims, hexval(EXAMPLE_CWT), &key, &small, NULL), GC_CWT_NO_CLAIMS);
  assert_int_equal(small.len, 0);
  struct gc_cose_header header = { key.alg, key.kid, hexval("636898994ff0ec7bfcf6d3f95b") };
  assert_int_equal(gc_encrypt0_make(&out, &header, key.secret, gc_bytes_str("no map")), GC_OK);
  assert_int_equal(gc_cwt_open(&claims, gc_buf_bytes(&out), &key, &room, NULL), GC_CWT_NO_CLAIMS);
  key = (struct gc_cwt_key){ .kind = GC_COSE_MAC0, .alg = GC_ALG_HMAC_256, .secret = gc_bytes(secret, 16) };
  claims = (struct gc_cwt_claims){ .present = GC_PARAM_BIT(GC_CWT_EXI), .exi = 60 };
  out.len = 0;
  assert_int_equal(gc_cwt_make(&out, &claims, &key, gc_bytes(NULL, 0)), GC_OK);
  assert_int_equal(opened(gc_buf_bytes(&out), key).exi, 60);
  key.secret = gc_bytes(other, 16);
  assert_int_equal(gc_cwt_open(&claims, gc_buf_bytes(&out), &key, &room, NULL), GC_CWT_FORGED);
}

/* @req AC-16 */
static void verdicts_of_the_claims(void **state)
{
  (void)state;
  static const struct {
    const char *claims, *issuer, *audience;
    double now;
    enum gc_cwt_verdict verdict;
  } rows[] = {
    { "{1:\"as\",3:\"rs\",4:100,5:50}", "as", "rs", 50, GC_CWT_VALID },
    { "{1:\"as\",3:\"rs\",4:100,5:50}", "as", "rs", 99.5, GC_CWT_VALID },
    { "{1:\"as\",3:\"rs\",4:100,5:50}", "as", "rs", 100, GC_CWT_EXPIRED },
    { "{1:\"as\",3:\"rs\",4:100.5}", "as", "rs", 100.25, GC_CWT_VALID },
    { "{1:\"as\",3:\"rs\",4:100,5:50}", "as", "rs", 49, GC_CWT_NOT_YET },
    { "{1:\"as\",3:\"rs\",4:100,5:50}", "as", "rs", -1, GC_CWT_VALID }, /* no clock */
    { "{1:\"as2\",3:\"rs2\",4:100}", "as", "rs", 200, GC_CWT_WRONG_ISSUER }, /* the first that holds */
    { "{1:\"as\",3:\"rs2\",4:100}", "as", "rs", 200, GC_CWT_EXPIRED },
    { "{1:\"as\",3:\"rs2\",4:100}", "as", "rs", 20, GC_CWT_WRONG_AUDIENCE },
    { "{1:\"as\",3:\"r\",4:100}", "as", "rs", 20, GC_CWT_WRONG_AUDIENCE },
    { "{1:\"as\",4:100}", "as", "rs", 20, GC_CWT_WRONG_AUDIENCE },
    { "{3:\"rs\",4:100}", "as", "rs", 20, GC_CWT_VALID },
    { "{1:\"as2\",4:100}", "", "", 20, GC_CWT_VALID },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_cwt_claims claims;
    struct gc_cwt_expected expected = { gc_bytes_str(rows[i].issuer), gc_bytes_str(rows[i].audience), rows[i].now >= 0, rows[i].now };
    assert_int_equal(gc_cwt_claims_parse(&claims, edn(rows[i].claims), NULL), GC_OK);
    if (gc_cwt_check(&claims, &expected) != rows[i].verdict)
      fail_msg("row %zu: %s", i, gc_cwt_verdict_str(gc_cwt_check(&claims, &expected)));
  }
}

static void verdicts_are_answered(void **state)
{
  (void)state;
  static const uint8_t codes[GC_CWT_VERDICTS] = { 65, 128, 129, 129, 128, 129, 129, 129, 131 };
  for (int v = 0; v < GC_CWT_VERDICTS; v++) {
    assert_int_equal(gc_cwt_verdict_code((enum gc_cwt_verdict)v), codes[v]);
    assert_true(strlen(gc_cwt_verdict_str((enum gc_cwt_verdict)v)) > 10);
  }
  assert_non_null(gc_cwt_verdict_str(GC_CWT_VERDICTS));
  assert_int_equal(gc_cwt_verdict_code(GC_CWT_VERDICTS), GC_CODE_INTERNAL_SERVER_ERROR);
  for (size_t i = 0; i < GC_CWT_CLAIMS; i++)
    assert_non_null(gc_cwt_claim_at(i)->name);
  assert_null(gc_cwt_claim_at(GC_CWT_CLAIMS));
}

static void numbers_of_tokens_without_a_clock(void **state)
{
  (void)state;
  static const struct {
    uint64_t number;
    const char *cti;
  } rows[] = { { 0, "676d00" }, { 1, "676d01" }, { 255, "676dff" }, { 256, "676d0100" }, { UINT64_MAX, "676dffffffffffffffff" } };
  struct gc_bytes gm = gc_bytes_str("gm");
  uint64_t number = 0;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_buf out = gc_buf(store, sizeof store);
    assert_int_equal(gc_cti_write(&out, gm, rows[i].number), GC_OK);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(rows[i].cti)));
    assert_int_equal(gc_cti_parse(&number, gc_buf_bytes(&out), gm), GC_OK);
    assert_true(number == rows[i].number);
    out = gc_buf(store, out.len - 1);
    assert_int_equal(gc_cti_write(&out, gm, rows[i].number), GC_E_SPACE);
    assert_int_equal(out.len, 0);
  }
  assert_int_equal(gc_cti_parse(&number, hexval("676d00000000000000000007"), gm), GC_OK);
  assert_int_equal(number, 7);
  assert_int_equal(gc_cti_parse(&number, hexval("676d"), gm), GC_E_MALFORMED);
  assert_int_equal(gc_cti_parse(&number, hexval("676e01"), gm), GC_E_MALFORMED);
  assert_int_equal(gc_cti_parse(&number, hexval("67"), gm), GC_E_MALFORMED);
  assert_int_equal(gc_cti_parse(&number, hexval("676d010000000000000000"), gm), GC_E_RANGE);
  assert_int_equal(number, 7);
}

static void tokens_have_a_bound(void **state)
{
  (void)state;
  static uint8_t large[GC_CWT_MAX_LEN];
  struct gc_cwt_claims claims = { .present = GC_PARAM_BIT(GC_CWT_CTI), .cti = gc_bytes(large, sizeof large) };
  struct gc_cwt_key key = symmetric();
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_cwt_make(&out, &claims, &key, hexval("636898994ff0ec7bfcf6d3f95b")), GC_E_RANGE);
  claims.cti.len = 100;
  assert_int_equal(gc_cwt_make(&out, &claims, &key, hexval("636898994ff0ec7bfcf6d3")), GC_E_RANGE);
  out.cap = 50;
  assert_int_equal(gc_cwt_make(&out, &claims, &key, hexval("636898994ff0ec7bfcf6d3f95b")), GC_E_SPACE);
  assert_int_equal(out.len, 0);
}

static int setup(void **state)
{
  (void)state;
  uint8_t seed[32];
  memset(seed, 0x33, sizeof seed);
  memcpy(secret, hexval(EXAMPLE_AS_RS_KEY).ptr, sizeof secret);
  return gc_crypto_init() || gc_key_pair_set(&as_pair, GC_CURVE_ED25519, gc_bytes(seed, 32));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(examples_both_ways),         cmocka_unit_test(claims_in_another_order),
    cmocka_unit_test(an_extended_scope),
    cmocka_unit_test(tags_may_be_there_or_not),   cmocka_unit_test(nothing_that_was_changed_opens),
    cmocka_unit_test(verdicts_of_the_protection), cmocka_unit_test(verdicts_of_the_claims),
    cmocka_unit_test(verdicts_are_answered),      cmocka_unit_test(tokens_have_a_bound),
    cmocka_unit_test(numbers_of_tokens_without_a_clock),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, setup, NULL);
}
