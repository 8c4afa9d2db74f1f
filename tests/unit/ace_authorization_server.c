/* The Authorization Server's two endpoints over a store that the test holds: what is granted, what is refused and how.
 * @req AC-02 AC-05 AC-06 AC-07 AC-08 AC-10 AC-12 AC-13 AC-14 AC-23 OP-02 OP-03 SC-01 SC-05 */
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
#include "ace/authorization_server.h"
#include "ace/cnf.h"
#include "ace/introspection.h"
#include "ace_examples.h"
#include "crypto/secret.h"
#include "iana/names.h"

enum { NOW_S = 1800000000, LIFETIME_S = 3600 };

static struct {
  struct gc_as as;
  struct gc_as_answer answer;
  uint8_t body_store[GC_AS_RESPONSE_MAX_LEN], claims_store[GC_CWT_MAX_LEN];
  struct gc_buf body;
  uint64_t next, issued, revoked;
  enum gc_err fails;           /* of the store */
  const char *granted;         /* material id, as hex, that alice may update */
  uint8_t random;
} t;

static enum gc_err server(void *ctx, struct gc_bytes audience, struct gc_as_token_key *key, struct gc_buf *name)
{
  (void)ctx;
  if (t.fails)
    return t.fails;
  if (audience.len && !gc_bytes_equal(audience, gc_bytes_str("gm.example")))
    return GC_E_NOT_FOUND;
  const struct gc_bytes secret = hexval(EXAMPLE_AS_RS_KEY);
  *key = (struct gc_as_token_key){ .alg = GC_ALG_CCM_16_64_128, .kid = "AS1", .kid_len = 3, .key_len = secret.len };
  memcpy(key->key, secret.ptr, secret.len);
  return gc_buf_add(name, gc_bytes_str("gm.example"));
}

static enum gc_err policies(void *ctx, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes group, struct gc_scope_list *out, struct gc_buf *room)
{
  (void)ctx;
  (void)audience;
  const bool is_known = gc_bytes_equal(client, gc_bytes_str("alice")) && (!group.len || gc_bytes_equal(group, gc_bytes_str("group1")));
  if (!is_known)
    return GC_OK;
  out->entries[out->count++] = (struct gc_scope_entry){ GC_SCOPE_USER, gc_bytes(room->ptr + room->len, 6), GC_ROLE_REQUESTER | GC_ROLE_RESPONDER };
  return gc_buf_add(room, gc_bytes_str("group1"));
}

static enum gc_err number(void *ctx, uint64_t *out)
{
  (void)ctx;
  *out = ++t.next;
  return GC_OK;
}

static enum gc_err issue(void *ctx, const struct gc_as_issued *token, int64_t now_s)
{
  (void)ctx;
  assert_int_equal(token->expires_s, now_s + LIFETIME_S);
  assert_true(gc_bytes_equal(token->audience, gc_bytes_str("gm.example")));
  t.issued = token->number;
  return GC_OK;
}

static enum gc_err find(void *ctx, uint64_t number_of, struct gc_bytes audience, int64_t now_s)
{
  (void)ctx;
  (void)audience;
  (void)now_s;
  return number_of <= t.next && number_of != t.revoked ? GC_OK : GC_E_NOT_FOUND;
}

static enum gc_err material(void *ctx, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes id, int64_t now_s)
{
  (void)ctx;
  (void)audience;
  (void)now_s;
  return t.granted && gc_bytes_equal(client, gc_bytes_str("alice")) && gc_bytes_equal(id, hexval(t.granted)) ? GC_OK : GC_E_NOT_FOUND;
}

static void fill(void *ctx, uint8_t *out, size_t len)
{
  (void)ctx;
  memset(out, ++t.random, len);
}

static int begin(void **state)
{
  (void)state;
  memset(&t, 0, sizeof t);
  t.as = (struct gc_as){ .issuer = "coap://as.example", .lifetime_s = LIFETIME_S, .store = { server, policies, number, issue, find, material, NULL }, .rng = { fill, NULL } };
  return gc_crypto_init() ? -1 : 0;
}

static enum gc_err ask(const char *client, struct gc_bytes payload)
{
  t.body = gc_buf(t.body_store, sizeof t.body_store);
  t.answer.body = &t.body;
  return gc_as_token(&t.as, &t.answer, gc_bytes_str(client), payload, NOW_S);
}

static struct gc_ace_params response(void)
{
  struct gc_ace_params params;
  assert_int_equal(t.answer.code, GC_CODE_CREATED);
  assert_int_equal(gc_ace_params_parse(&params, gc_buf_bytes(&t.body), GC_ACE_AT_AS, NULL), GC_OK);
  return params;
}

static void refused(const char *client, const char *request, enum gc_token_error error)
{
  struct gc_ace_params params;
  assert_int_equal(ask(client, hexval(request)), GC_OK);
  assert_int_equal(t.answer.code, GC_CODE_BAD_REQUEST);
  assert_int_equal(t.answer.error, error);
  assert_int_equal(gc_ace_params_parse(&params, gc_buf_bytes(&t.body), GC_ACE_AT_AS, NULL), GC_OK);
  assert_int_equal(params.error, error);
  assert_int_equal(t.issued, 0);
}

static struct gc_cwt_claims claims_of(struct gc_bytes token)
{
  const struct gc_cwt_key key = { .kind = GC_COSE_ENCRYPT0, .alg = GC_ALG_CCM_16_64_128, .kid = gc_bytes_str("AS1"), .secret = hexval(EXAMPLE_AS_RS_KEY) };
  struct gc_buf room = gc_buf(t.claims_store, sizeof t.claims_store);
  struct gc_cwt_claims claims;
  assert_int_equal(gc_cwt_open(&claims, token, &key, &room, NULL), GC_CWT_VALID);
  return claims;
}

static void the_example_is_answered(void **state)
{
  struct gc_cnf cnf;
  (void)state;
  assert_int_equal(ask("alice", hexval(EXAMPLE_TOKEN_REQUEST)), GC_OK);
  struct gc_ace_params params = response();
  /* all but the token, whose claims are more than the example's: 02190e10 1826 02 08 a1 04 a3 00 … */
  const struct gc_bytes rest = gc_bytes_slice(gc_buf_bytes(&t.body), 3 + 1 + params.access_token.len, SIZE_MAX);
  const struct gc_bytes expected = hexval("02190e1018260208a104a300410102500101010101010101010101010101010105480202020202020202");
  assert_int_equal(rest.len, expected.len);
  assert_memory_equal(rest.ptr, expected.ptr, expected.len);
  struct gc_cwt_claims claims = claims_of(params.access_token);
  assert_true(gc_bytes_equal(claims.iss, gc_bytes_str("coap://as.example")));
  assert_true(gc_bytes_equal(claims.sub, gc_bytes_str("alice")));
  assert_true(gc_bytes_equal(claims.aud, gc_bytes_str("gm.example")));
  assert_int_equal(claims.exp.number, NOW_S + LIFETIME_S);
  assert_int_equal(claims.iat.number, NOW_S);
  assert_true(gc_bytes_equal(claims.cti, hexval("0000000000000001")));
  assert_true(gc_bytes_equal(claims.scope.value, hexval(EXAMPLE_SCOPE)));
  assert_true(gc_bytes_equal(claims.cnf, params.cnf));
  assert_int_equal(claims.profile, GC_ACE_PROFILE_OSCORE);
  assert_false(gc_cwt_has(&claims, GC_CWT_CNONCE));
  assert_int_equal(gc_cnf_parse(&cnf, params.cnf, NULL), GC_OK);
  assert_int_equal(t.issued, 1);
}

static void tokens_have_keys_and_nonces_of_their_own(void **state)
{
  uint8_t first[256];
  (void)state;
  assert_int_equal(ask("alice", hexval(EXAMPLE_TOKEN_REQUEST)), GC_OK);
  struct gc_ace_params params = response();
  memcpy(first, params.access_token.ptr, params.access_token.len);
  t.random = 0; /* even where randomness repeats itself */
  assert_int_equal(ask("alice", hexval(EXAMPLE_TOKEN_REQUEST)), GC_OK);
  params = response();
  struct gc_cose_message one, two;
  assert_int_equal(gc_cwt_parse(&one, gc_bytes(first, params.access_token.len), NULL), GC_OK);
  assert_int_equal(gc_cwt_parse(&two, params.access_token, NULL), GC_OK);
  assert_false(gc_bytes_equal(one.iv, two.iv));
}

static void a_part_is_granted_and_said(void **state)
{
  struct gc_scope_list list;
  (void)state;
  /* group1: requester and monitor; group2: requester */
  assert_int_equal(ask("alice", edn("{5: \"gm.example\", 9: h'82826667726f7570310a826667726f75703202', 39: h'e0a1'}")), GC_OK);
  struct gc_ace_params params = response();
  assert_true(gc_ace_has(&params, GC_ACE_SCOPE));
  assert_int_equal(gc_scope_parse(&list, params.scope.value, NULL), GC_OK);
  assert_int_equal(list.count, 1);
  assert_int_equal(list.entries[0].permissions, GC_ROLE_REQUESTER);
  struct gc_cwt_claims claims = claims_of(params.access_token);
  assert_true(gc_bytes_equal(claims.scope.value, params.scope.value));
  assert_true(gc_bytes_equal(claims.cnonce, hexval("e0a1")));
  /* nothing in particular: all there is, at the only server there is */
  assert_int_equal(ask("alice", edn("{33: 2}")), GC_OK);
  params = response();
  assert_true(gc_bytes_equal(params.scope.value, hexval(EXAMPLE_SCOPE)));
}

static void what_cannot_be_granted_is_refused(void **state)
{
  (void)state;
  refused("bob", EXAMPLE_TOKEN_REQUEST, GC_TOKEN_INVALID_SCOPE);
  refused("alice", "a2056a676d2e6578616d706c65094b81826667726f7570311810", GC_TOKEN_INVALID_SCOPE); /* verifier */
  refused("alice", "a2056a676d2e6578616d706c650943010203", GC_TOKEN_INVALID_SCOPE);               /* no AIF */
  refused("alice", "a105656f74686572", GC_TOKEN_INVALID_REQUEST);                                  /* audience "other" */
  refused("alice", "a1182101", GC_TOKEN_UNSUPPORTED_GRANT_TYPE);
  refused("alice", "a1181863626f62", GC_TOKEN_INVALID_CLIENT);                                     /* client_id "bob" */
  refused("alice", "a104a101a3010120062141", GC_TOKEN_INVALID_REQUEST);                          /* cut off */
  refused("alice", "80", GC_TOKEN_INVALID_REQUEST);
  refused("alice", "a104a1034107", GC_TOKEN_UNSUPPORTED_POP_KEY);                                  /* a kid nobody has */
  refused("alice", "a104a101a30101200621" "5820d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737", GC_TOKEN_UNSUPPORTED_POP_KEY);
}

static void rights_are_updated_without_new_keys(void **state)
{
  struct gc_cnf cnf;
  (void)state;
  t.granted = "07";
  assert_int_equal(ask("alice", hexval("a204a1034107056a676d2e6578616d706c65")), GC_OK);
  struct gc_ace_params params = response();
  assert_true(t.answer.is_update);
  assert_int_equal(gc_cnf_parse(&cnf, params.cnf, NULL), GC_OK);
  assert_int_equal(cnf.method, GC_CNF_KID);
  assert_true(gc_bytes_equal(cnf.kid, hexval("07")));
  assert_true(gc_bytes_equal(claims_of(params.access_token).cnf, params.cnf));
}

static void a_store_that_fails_gives_no_token(void **state)
{
  (void)state;
  t.fails = GC_E_LIMIT;
  assert_int_equal(ask("alice", hexval(EXAMPLE_TOKEN_REQUEST)), GC_E_LIMIT);
  assert_int_equal(t.issued, 0);
}

/* --- introspection -------------------------------------------------------------------------------------------------------------- */

static struct gc_introspection introspect(struct gc_bytes token, int64_t now_s)
{
  uint8_t room[1024];
  struct gc_buf payload = gc_buf(room, sizeof room);
  struct gc_introspection answer;
  const char *why;
  assert_int_equal(gc_introspection_ask(&payload, token), GC_OK);
  t.body = gc_buf(t.body_store, sizeof t.body_store);
  t.answer.body = &t.body;
  assert_int_equal(gc_as_introspect(&t.as, &t.answer, gc_bytes_str("gm.example"), gc_buf_bytes(&payload), now_s), GC_OK);
  assert_int_equal(t.answer.code, GC_CODE_CREATED);
  assert_int_equal(gc_introspection_parse(&answer, gc_buf_bytes(&t.body), NULL), GC_OK);
  assert_null(gc_introspection_response_fault(&answer));
  /* the resource server takes it for what it is */
  assert_int_equal(gc_introspection_take(&answer, t.answer.code, GC_FORMAT_ACE_CBOR, gc_buf_bytes(&t.body), &why),
                   answer.active ? GC_INTROSPECTED_ACTIVE : GC_INTROSPECTED_INACTIVE);
  return answer;
}

static void tokens_are_looked_at(void **state)
{
  uint8_t token_store[256];
  (void)state;
  assert_int_equal(ask("alice", hexval(EXAMPLE_TOKEN_REQUEST)), GC_OK);
  struct gc_ace_params params = response();
  memcpy(token_store, params.access_token.ptr, params.access_token.len);
  const struct gc_bytes token = gc_bytes(token_store, params.access_token.len);
  struct gc_introspection answer = introspect(token, NOW_S);
  assert_true(answer.active);
  assert_true(gc_bytes_equal(answer.sub, gc_bytes_str("alice")));
  assert_true(gc_bytes_equal(answer.scope.value, hexval(EXAMPLE_SCOPE)));
  assert_int_equal(answer.profile, GC_ACE_PROFILE_OSCORE);
  assert_true(gc_param_has(answer.present, GC_INTRO_CNF));
  /* who cannot read the token learns all that is in it */
  struct gc_cwt_claims learnt = { .present = 0 }, inside = claims_of(token);
  gc_introspection_add_claims(&learnt, &answer);
  assert_int_equal(learnt.present, inside.present);
  assert_true(gc_bytes_equal(learnt.cnf, inside.cnf) && gc_bytes_equal(learnt.aud, inside.aud) && gc_bytes_equal(learnt.cti, inside.cti));
  assert_int_equal(learnt.exp.number, inside.exp.number);
  /* of what is not active nothing else is said */
  answer = introspect(token, NOW_S + LIFETIME_S);
  assert_false(answer.active);
  assert_int_equal(answer.present, GC_PARAM_BIT(GC_INTRO_ACTIVE));
  t.revoked = 1;
  assert_false(introspect(token, NOW_S).active);
  t.revoked = 0;
  token_store[token.len - 1] ^= 1;
  assert_false(introspect(token, NOW_S).active);
  assert_false(introspect(hexval("d08343a1010a"), NOW_S).active);
  /* the example's token verifies, and was not given by this store */
  t.next = 0;
  assert_false(introspect(hexval(EXAMPLE_CWT), NOW_S).active || t.answer.number);
}

static void requests_without_a_token_are_refused(void **state)
{
  struct gc_introspection answer;
  (void)state;
  const char *const bad[] = { "a0", "80", "a10b40", "a10b" };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    t.body = gc_buf(t.body_store, sizeof t.body_store);
    t.answer.body = &t.body;
    assert_int_equal(gc_as_introspect(&t.as, &t.answer, gc_bytes_str("gm.example"), hexval(bad[i]), NOW_S), GC_OK);
    assert_int_equal(t.answer.code, GC_CODE_BAD_REQUEST);
    assert_int_equal(gc_introspection_parse(&answer, gc_buf_bytes(&t.body), NULL), GC_OK);
    assert_int_equal(answer.error, GC_TOKEN_INVALID_REQUEST);
  }
}

static void take(struct gc_bytes bytes, void *ctx)
{
  (void)ctx;
  assert_int_equal(ask("alice", bytes), GC_OK);
  assert_true(t.answer.code == GC_CODE_CREATED || t.answer.error);
}

static void hostile_requests_are_answered(void **state)
{
  (void)state;
  hostile(hexval(EXAMPLE_TOKEN_REQUEST), take, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
  const struct CMUnitTest tests[] = {
    TEST(the_example_is_answered),
    TEST(tokens_have_keys_and_nonces_of_their_own),
    TEST(a_part_is_granted_and_said),
    TEST(what_cannot_be_granted_is_refused),
    TEST(rights_are_updated_without_new_keys),
    TEST(a_store_that_fails_gives_no_token),
    TEST(tokens_are_looked_at),
    TEST(requests_without_a_token_are_refused),
    TEST(hostile_requests_are_answered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
