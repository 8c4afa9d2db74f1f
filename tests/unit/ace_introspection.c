/* The resource server's side of introspection: what it asks, and what each answer is worth.
 * @req AC-23 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "../tests/lib/exact.h"
#include "../tests/lib/hexval.h"
#include "ace/introspection.h"
#include "ace_examples.h"
#include "coap/message.h"
#include "iana/names.h"

static enum gc_introspected take(struct gc_introspection *out, uint8_t code, int32_t format, struct gc_bytes payload)
{
  const char *why;
  const enum gc_introspected said = gc_introspection_take(out, code, format, payload, &why);
  assert_int_equal(said == GC_INTROSPECTED_ACTIVE, why == NULL);
  return said;
}

static enum gc_introspected taken(uint8_t code, int32_t format, const char *payload)
{
  struct gc_introspection out = { .exi = 4711 };
  const enum gc_introspected said = take(&out, code, format, hexval(payload));
  if (said)
    assert_int_equal(out.exi, 4711); /* unchanged */
  return said;
}

static void the_example_is_asked_and_taken(void **state)
{
  uint8_t room[64];
  struct gc_buf out = gc_buf(room, sizeof room);
  struct gc_introspection answer;
  (void)state;
  assert_int_equal(gc_introspection_ask(&out, hexval("d08343a1010a")), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_INTRO_REQUEST)));
  assert_int_equal(take(&answer, GC_CODE(2, 1), GC_FORMAT_ACE_CBOR, hexval(EXAMPLE_INTRO_RESPONSE)), GC_INTROSPECTED_ACTIVE);
  assert_true(gc_bytes_equal(answer.aud, gc_bytes_str("gm.example")));
  assert_true(gc_bytes_equal(answer.scope.value, hexval(EXAMPLE_SCOPE)));
}

static void a_request_needs_its_room(void **state)
{
  static uint8_t token[65536], room[GC_INTROSPECTION_REQUEST_MAX_LEN(65536)];
  (void)state;
  const size_t lens[] = { 1, 23, 24, 255, 256, 65535, 65536 };
  for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
    struct gc_buf out = gc_buf(room, GC_INTROSPECTION_REQUEST_MAX_LEN(lens[i]));
    assert_int_equal(gc_introspection_ask(&out, gc_bytes(token, lens[i])), GC_OK);
    struct gc_buf small = gc_buf(room, lens[i]);
    assert_int_equal(gc_introspection_ask(&small, gc_bytes(token, lens[i])), GC_E_SPACE);
  }
}

static void what_is_not_active_or_not_said(void **state)
{
  (void)state;
  const uint8_t created = GC_CODE(2, 1);
  assert_int_equal(taken(created, GC_FORMAT_ACE_CBOR, "a10af4"), GC_INTROSPECTED_INACTIVE);
  assert_int_equal(taken(created, GC_FORMAT_ACE_CBOR, "a20af40262636f"), GC_INTROSPECTED_INACTIVE); /* a sub beside it is no use */
  assert_int_equal(taken(created, GC_FORMAT_ACE_CBOR, "a0"), GC_INTROSPECTED_UNREADABLE);
  assert_int_equal(taken(created, GC_FORMAT_ACE_CBOR, "a10a01"), GC_INTROSPECTED_UNREADABLE); /* 1 is not true */
  assert_int_equal(taken(created, GC_FORMAT_ACE_CBOR, ""), GC_INTROSPECTED_UNREADABLE);
  assert_int_equal(taken(created, GC_FORMAT_ACE_CBOR, "a20af50af4"), GC_INTROSPECTED_UNREADABLE); /* twice */
  assert_int_equal(taken(created, -1, "a10af5"), GC_INTROSPECTED_UNAVAILABLE);
  assert_int_equal(taken(created, 60, "a10af5"), GC_INTROSPECTED_UNAVAILABLE);
  assert_int_equal(taken(GC_CODE(2, 5), GC_FORMAT_ACE_CBOR, "a10af5"), GC_INTROSPECTED_UNAVAILABLE);
}

static void errors_are_about_the_token_or_about_who_asks(void **state)
{
  (void)state;
  assert_int_equal(taken(GC_CODE(4, 0), GC_FORMAT_ACE_CBOR, "a1181e01"), GC_INTROSPECTED_UNREADABLE);  /* invalid_request */
  assert_int_equal(taken(GC_CODE(4, 0), -1, ""), GC_INTROSPECTED_UNREADABLE);
  assert_int_equal(taken(GC_CODE(4, 13), -1, ""), GC_INTROSPECTED_UNREADABLE);
  assert_int_equal(taken(GC_CODE(4, 0), GC_FORMAT_ACE_CBOR, "a1181e02"), GC_INTROSPECTED_UNAVAILABLE); /* invalid_client */
  assert_int_equal(taken(GC_CODE(4, 0), GC_FORMAT_ACE_CBOR, "a1181e04"), GC_INTROSPECTED_UNAVAILABLE); /* unauthorized_client */
  assert_int_equal(taken(GC_CODE(4, 1), -1, ""), GC_INTROSPECTED_UNAVAILABLE);
  assert_int_equal(taken(GC_CODE(4, 3), -1, ""), GC_INTROSPECTED_UNAVAILABLE);
  assert_int_equal(taken(GC_CODE(4, 4), -1, ""), GC_INTROSPECTED_UNAVAILABLE);
  assert_int_equal(taken(GC_CODE(5, 0), -1, ""), GC_INTROSPECTED_UNAVAILABLE);
  /* an error is none that lets anything in, whatever else is said */
  assert_int_equal(taken(GC_CODE(4, 0), GC_FORMAT_ACE_CBOR, "a10af5"), GC_INTROSPECTED_UNREADABLE);
}

static void the_tokens_own_claims_stand(void **state)
{
  struct gc_introspection answer;
  struct gc_cwt_claims claims;
  (void)state;
  assert_int_equal(gc_cwt_claims_parse(&claims, hexval("a2016178026161"), NULL), GC_OK); /* sub "a", iss "x" */
  assert_int_equal(gc_introspection_parse(&answer, hexval("a30af5026162041903e8"), NULL), GC_OK); /* sub "b", exp 1000 */
  gc_introspection_add_claims(&claims, &answer);
  assert_true(gc_bytes_equal(claims.sub, gc_bytes_str("a")));
  assert_true(gc_bytes_equal(claims.iss, gc_bytes_str("x")));
  assert_true(gc_cwt_has(&claims, GC_CWT_EXP));
  assert_int_equal(claims.exp.number, 1000);
  assert_false(gc_cwt_has(&claims, GC_CWT_AUD) || gc_cwt_has(&claims, GC_CWT_CNF));
}

static void answer_of(struct gc_bytes bytes, void *ctx)
{
  struct gc_introspection answer;
  struct gc_cwt_claims claims = { .present = 0 };
  (void)ctx;
  if (take(&answer, GC_CODE(2, 1), GC_FORMAT_ACE_CBOR, bytes) != GC_INTROSPECTED_ACTIVE)
    return;
  assert_true(answer.active);
  gc_introspection_add_claims(&claims, &answer);
  const struct gc_introspection again = gc_introspection_of_claims(&claims);
  assert_int_equal(again.present & ~answer.present, 0);
}

static void hostile_answers_are_judged(void **state)
{
  (void)state;
  hostile(hexval(EXAMPLE_INTRO_RESPONSE), answer_of, NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_example_is_asked_and_taken),
    cmocka_unit_test(a_request_needs_its_room),
    cmocka_unit_test(what_is_not_active_or_not_said),
    cmocka_unit_test(errors_are_about_the_token_or_about_who_asks),
    cmocka_unit_test(the_tokens_own_claims_stand),
    cmocka_unit_test(hostile_answers_are_judged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
