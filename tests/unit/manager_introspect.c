/* Tokens that gc-manager asks about: what it takes their claims to be, and the bounds on what it asks.
 * @req AC-11 AC-16 AC-23 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tests/lib/hexval.h"
#include "ace_examples.h"
#include "coap/message.h"
#include "crypto/secret.h"
#include "gc-manager.h"

/* --- claims ------------------------------------------------------------------------------------------------------------------- */

enum { NOW_S = 1800000000 }; /* the example's token is valid */

static uint64_t clock_ms = 1000000;

/* In the place of that in gc-manager.c. */
struct gc_gm_time gc_manager_time(void)
{
  return (struct gc_gm_time){ clock_ms, NOW_S + (int64_t)(clock_ms / 1000) };
}

static struct {
  struct gc_manager_said says;
  unsigned asked;
  bool was_read;
  uint8_t room[GC_CWT_MAX_LEN];
  struct gc_cwt_claims claims;
  struct gc_manager_said said;
} c;

static void ask(void *ctx, struct gc_bytes token, bool is_read, struct gc_manager_said *said)
{
  (void)ctx;
  assert_true(token.len > 0);
  c.asked++;
  c.was_read = is_read;
  *said = c.says;
}

static void learn(struct gc_bytes token, bool has_key, bool asks)
{
  struct gc_buf room = gc_buf(c.room, sizeof c.room);
  const struct gc_manager_claims_rules rules = {
    .key = { .kind = GC_COSE_ENCRYPT0, .alg = GC_ALG_CCM_16_64_128, .kid = gc_bytes_str("AS1"), .secret = has_key ? hexval(EXAMPLE_AS_RS_KEY) : gc_bytes(NULL, 0) },
    .expected = { .issuer = gc_bytes_str("coap://as.example"), .audience = gc_bytes_str("gm.example"), .has_clock = true, .now_s = NOW_S },
    .ask = asks ? ask : NULL,
  };
  c.asked = 0;
  c.claims = (struct gc_cwt_claims){ .present = 0 };
  gc_manager_claims_learn(&c.claims, &c.said, token, &rules, &room);
}

static void say(const char *hex)
{
  c.says = (struct gc_manager_said){ .max_age_s = -1, .until_s = NOW_S + 60 };
  assert_int_equal(gc_introspection_parse(&c.says.answer, hexval(hex), NULL), GC_OK);
}

static struct gc_bytes token_with(const char *claims_hex)
{
  static uint8_t store[512];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_cwt_claims claims;
  const struct gc_cwt_key key = { .kind = GC_COSE_ENCRYPT0, .alg = GC_ALG_CCM_16_64_128, .kid = gc_bytes_str("AS1"), .secret = hexval(EXAMPLE_AS_RS_KEY) };
  assert_int_equal(gc_cwt_claims_parse(&claims, hexval(claims_hex), NULL), GC_OK);
  assert_int_equal(gc_cwt_make(&out, &claims, &key, hexval("000102030405060708090a0b0c")), GC_OK);
  return gc_buf_bytes(&out);
}

static void a_token_without_exp_needs_introspection(void **state)
{
  (void)state;
  const char *aud = "a1036a676d2e6578616d706c65";
  learn(token_with(aud), true, false);
  assert_int_equal(c.said.code, GC_CODE(4, 0));
  say("a10af5");
  learn(token_with(aud), true, true);
  assert_int_equal(c.said.code, 0);
  assert_true(c.asked == 1 && c.was_read);
  assert_true(gc_manager_claims_end(&c.claims) > NOW_S + INT64_C(100000000000));
  assert_int_equal(c.said.until_s, NOW_S + 60); /* which is what ends it */
  say("a20af5041a6b49d201"); /* the answer knows when it ends */
  learn(token_with(aud), true, true);
  assert_int_equal(gc_manager_claims_end(&c.claims), 0x6b49d201);
}

static void a_token_that_can_be_read_is_judged_first(void **state)
{
  uint8_t forged[256];
  (void)state;
  say("a10af5");
  learn(hexval(EXAMPLE_CWT), true, true);
  assert_int_equal(c.said.code, 0);
  assert_int_equal(c.asked, 1);
  const struct gc_bytes token = hexval(EXAMPLE_CWT);
  memcpy(forged, token.ptr, token.len);
  forged[token.len - 1] ^= 1;
  learn(gc_bytes(forged, token.len), true, true);
  assert_int_equal(c.said.code, GC_CODE(4, 1));
  assert_int_equal(c.asked, 0); /* nobody is troubled with it */
  learn(token_with("a2036a676d2e6578616d706c65041a00000001"), true, true); /* expired long ago */
  assert_int_equal(c.said.code, GC_CODE(4, 1));
  assert_int_equal(c.asked, 0);
  learn(token_with("a10365" "6f74686572"), true, true); /* audience "other" */
  assert_int_equal(c.said.code, GC_CODE(4, 3));
  assert_int_equal(c.asked, 0);
}

static void of_a_reference_the_answer_is_all(void **state)
{
  (void)state;
  say(EXAMPLE_INTRO_RESPONSE);
  for (int has_key = 0; has_key < 2; has_key++) {
    learn(hexval("0102030405060708"), has_key, true);
    assert_int_equal(c.said.code, 0);
    assert_true(c.asked == 1 && !c.was_read);
    assert_true(gc_bytes_equal(c.claims.scope.value, hexval(EXAMPLE_SCOPE)));
    assert_true(gc_cwt_has(&c.claims, GC_CWT_CNF));
    assert_true(gc_bytes_equal(c.claims.iss, gc_bytes_str("coap://as.example"))); /* who answered */
  }
  learn(hexval("0102030405060708"), true, false); /* nobody to ask */
  assert_int_equal(c.said.code, GC_CODE(4, 0));
  learn(gc_bytes(NULL, 0), true, true); /* nothing to ask about */
  assert_true(c.said.code == GC_CODE(4, 0) && !c.asked);
  say("a10af5");
  learn(hexval("01"), true, true);
  assert_true(gc_bytes_equal(c.claims.aud, gc_bytes_str("gm.example")));
  say("a20af503656f74686572");
  learn(hexval("01"), true, true);
  assert_int_equal(c.said.code, GC_CODE(4, 3));
  say("a20af5041a00000001");
  learn(hexval("01"), true, true);
  assert_int_equal(c.said.code, GC_CODE(4, 1));
  say("a20af50166636f61703a2f"); /* iss "coap:/" */
  learn(hexval("01"), true, true);
  assert_int_equal(c.said.code, GC_CODE(4, 1));
}

static void what_is_not_active_or_not_known_is_said(void **state)
{
  (void)state;
  c.says = (struct gc_manager_said){ .code = GC_CODE(5, 3), .max_age_s = 1 };
  learn(hexval(EXAMPLE_CWT), true, true);
  assert_int_equal(c.said.code, GC_CODE(5, 3));
  assert_int_equal(c.said.max_age_s, 1);
  c.says = (struct gc_manager_said){ .code = GC_CODE(4, 1), .max_age_s = -1, .why = "x" };
  learn(hexval(EXAMPLE_CWT), true, true);
  assert_int_equal(c.said.code, GC_CODE(4, 1));
}

/* --- questions ------------------------------------------------------------------------------------------------------------------ */

static char folder[] = "/tmp/gc-introspect.XXXXXX";
static const char *const names[] = { "gm.json", "gm.as.json", "gm.as.json.state", "gm.key" };
static const char *const texts[] = {
  "{ \"as\": \"gm.as.json\", \"key\": \"gm.key\", \"introspection\": { \"uri\": \"coap://192.0.2.1/introspect\", \"interval_s\": 10 },"
  "  \"groups\": [ { \"name\": \"lights\" } ] }",
  "{ \"profile\": \"oscore\", \"master_secret\": \"0102030405060708090a0b0c0d0e0f10\", \"sender\": { \"id\": \"01\" }, \"recipients\": [ { \"id\": \"00\" } ],"
  "  \"ace\": { \"issuer\": \"coap://as.example\", \"audience\": \"gm.example\" } }",
  NULL,
  "{ \"cred\": \"a20262676d08a101a4010103272006215820a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0\","
  "  \"private_key\": \"2222222222222222222222222222222222222222222222222222222222222222\" }",
};

static struct {
  struct gc_manager_file *file;
  struct gc_manager_introspect *introspect;
  unsigned sent, failures, said;
  size_t sent_len;
} q;

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  (void)ctx;
  q.sent++;
  q.sent_len = datagram->bytes.len;
  return GC_OK;
}

static void on_said(void *ctx, struct gc_manager_token *token, bool is_active, int64_t until_s)
{
  (void)ctx;
  (void)token;
  (void)is_active;
  (void)until_s;
  q.said++;
}

static void on_log(void *ctx, const char *what, const struct gc_addr *server, const char *why)
{
  (void)ctx;
  assert_string_equal(what, "introspection-failed");
  assert_int_equal(server->port, 5683);
  assert_string_equal(why, "no answer");
  q.failures++;
}

static void problem(void *ctx, bool is_error, const struct gc_context_problem *what)
{
  (void)ctx;
  (void)is_error;
  fail_msg("%s: %s", what->key, what->phrase);
}

static void path_of(char out[static 96], size_t i)
{
  snprintf(out, 96, "%s/%s", folder, names[i]);
}

static int begin(void **state)
{
  char path[96];
  const struct gc_common common = { .verbose = 0 };
  const struct gc_manager_introspect_ops ops = { on_send, on_said, on_log, NULL };
  (void)state;
  memset(&q, 0, sizeof q);
  path_of(path, 0);
  return gc_manager_file_read(&q.file, path, problem, NULL) || gc_manager_introspect_new(&q.introspect, q.file, &common, &ops) ? -1 : 0;
}

static int end(void **state)
{
  (void)state;
  gc_manager_introspect_free(&q.introspect);
  gc_manager_file_free(&q.file);
  return 0;
}

static struct gc_manager_said upload(uint8_t token, bool is_read)
{
  struct gc_manager_said said;
  const uint8_t bytes[] = { token, 1 };
  gc_manager_introspect_upload(q.introspect, gc_bytes(bytes, sizeof bytes), is_read, &said);
  assert_int_equal(said.code, GC_CODE(5, 3));
  return said;
}

static void run(unsigned seconds)
{
  for (unsigned i = 0; i < seconds * 10; i++, clock_ms += 100) {
    gc_manager_introspect_tick(q.introspect, clock_ms);
    assert_true(gc_manager_introspect_deadline(q.introspect) > clock_ms);
  }
}

static void one_question_is_under_way_and_a_failure_is_said_once(void **state)
{
  (void)state;
  assert_int_equal(upload(1, false).max_age_s, 1);
  assert_null(upload(1, false).why);
  upload(2, true);
  assert_true(gc_manager_introspect_deadline(q.introspect) <= clock_ms);
  gc_manager_introspect_tick(q.introspect, clock_ms);
  assert_int_equal(q.sent, 1);
  run(60);
  assert_int_equal(q.failures, 1);
  assert_true(q.sent > 2 && q.sent < 40); /* with the retransmissions of each */
  assert_int_equal(upload(1, false).max_age_s, 10);
  assert_string_equal(upload(1, false).why, "the Authorization Server cannot be asked");
  run(300);
  assert_int_equal(q.failures, 1);
  assert_int_equal(q.said, 0);
  /* who does not come back is forgotten: nothing is asked any more */
  const unsigned sent = q.sent;
  run(100);
  assert_int_equal(q.sent, sent);
}

static void what_can_be_read_is_asked_first(void **state)
{
  static const uint8_t longer[100];
  struct gc_manager_said said;
  (void)state;
  upload(1, false);
  gc_manager_introspect_upload(q.introspect, gc_bytes(longer, sizeof longer), true, &said);
  upload(2, false);
  gc_manager_introspect_tick(q.introspect, clock_ms);
  assert_int_equal(q.sent, 1);
  assert_true(q.sent_len > sizeof longer);
}

static void what_nobody_vouches_for_takes_no_room_from_tokens(void **state)
{
  (void)state;
  for (uint8_t i = 0; i < 64; i++)
    assert_null(upload(i, false).why);
  assert_string_equal(upload(64, false).why, "too many tokens are being asked about");
  assert_int_equal(upload(64, false).max_age_s, 5);
  assert_null(upload(63, false).why); /* is among them */
  for (uint8_t i = 100; i < 164; i++)
    assert_null(upload(i, true).why);
  assert_string_equal(upload(164, true).why, "too many tokens are being asked about");
  assert_string_equal(upload(63, false).why, "too many tokens are being asked about");
}

int main(void)
{
  char path[96];
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_token_without_exp_needs_introspection),
    cmocka_unit_test(a_token_that_can_be_read_is_judged_first),
    cmocka_unit_test(of_a_reference_the_answer_is_all),
    cmocka_unit_test(what_is_not_active_or_not_known_is_said),
    cmocka_unit_test_setup_teardown(one_question_is_under_way_and_a_failure_is_said_once, begin, end),
    cmocka_unit_test_setup_teardown(what_can_be_read_is_asked_first, begin, end),
    cmocka_unit_test_setup_teardown(what_nobody_vouches_for_takes_no_room_from_tokens, begin, end),
  };
  if (gc_crypto_init() || !mkdtemp(folder))
    return 1;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    path_of(path, i);
    FILE *file = texts[i] ? fopen(path, "w") : NULL;
    if (file) {
      fputs(texts[i], file);
      fclose(file);
      chmod(path, 0600);
    }
  }
  const int failed = cmocka_run_group_tests_name("manager_introspect", tests, NULL, NULL);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    path_of(path, i);
    (void)unlink(path);
  }
  (void)rmdir(folder);
  return failed;
}
