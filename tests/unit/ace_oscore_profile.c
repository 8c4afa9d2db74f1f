/* The OSCORE profile: payloads of authz-info and the Security Context of the worked example, on both sides. */
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
#include "ace/oscore_profile.h"
#include "ace_examples.h"
#include "crypto/secret.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define MATERIAL "a30041010250f9af838368e353e78888e1426bd94e6f05489e7ca92223786340"

static struct gc_group_material material(const char *hex)
{
  struct gc_group_material out;
  assert_int_equal(gc_material_parse(&out, hexval(hex), GC_MATERIAL_CURRENT, NULL), GC_OK);
  return out;
}

static struct gc_ace_params ace(const char *text)
{
  struct gc_ace_params params;
  assert_int_equal(gc_ace_params_parse(&params, edn(text), GC_ACE_AT_AUTHZ_INFO, NULL), GC_OK);
  return params;
}

static struct gc_oscore_exchange_ids example_ids(void)
{
  struct gc_ace_params request, response;
  assert_int_equal(gc_authz_info_parse(&request, hexval(EXAMPLE_AUTHZ_REQUEST), 19, NULL), GC_OK);
  assert_null(gc_oscore_profile_request_fault(&request, false));
  assert_int_equal(gc_ace_params_parse(&response, hexval(EXAMPLE_AUTHZ_RESPONSE), GC_ACE_AT_AUTHZ_INFO, NULL), GC_OK);
  assert_null(gc_oscore_profile_response_fault(&response, request.client_recipientid));
  return (struct gc_oscore_exchange_ids){ request.nonce1, response.nonce2, request.client_recipientid, response.server_recipientid };
}

/* @req OP-04 OP-05 OP-06 OP-07 */
static void context_of_the_example(void **state)
{
  (void)state;
  static const struct {
    bool is_client;
    const char *sender_id, *sender_key, *recipient_id, *recipient_key;
  } sides[] = {
    { true, "00", "88a4350713ea31b448dd7d92901d8431", "16", "6747713c6102519afa83c8710f9de9bd" },
    { false, "16", "6747713c6102519afa83c8710f9de9bd", "00", "88a4350713ea31b448dd7d92901d8431" },
  };
  struct gc_group_material osc = material(MATERIAL);
  struct gc_oscore_exchange_ids ids = example_ids();
  for (size_t i = 0; i < COUNT(sides); i++) {
    struct gc_oscore_profile_context derived;
    struct gc_oscore_context *context;
    struct gc_oscore_recipient *recipient;
    struct gc_oscore_secrets secrets;
    struct gc_oscore_recipient_secrets theirs;
    struct gc_bytes none = gc_bytes(NULL, 0);
    assert_int_equal(gc_oscore_profile_derive(&derived, &osc, &ids, sides[i].is_client), GC_OK);
    assert_true(gc_bytes_equal(derived.params.master_salt, hexval("489e7ca9222378634048018a278f7faab55a4825a8991cd700ac01")));
    assert_true(gc_bytes_equal(derived.sender_id, hexval(sides[i].sender_id)));
    assert_int_equal(gc_oscore_context_new(&context, &derived.params, NULL), GC_OK);
    assert_int_equal(gc_oscore_context_set_sender(context, derived.sender_id, none, none, (struct gc_oscore_numbers){ NULL, NULL }, NULL), GC_OK);
    assert_int_equal(gc_oscore_context_add_recipient(context, derived.recipient_id, none, &recipient, NULL), GC_OK);
    gc_oscore_context_secrets(context, &secrets);
    assert_memory_equal(secrets.sender_key, hexval(sides[i].sender_key).ptr, 16);
    assert_memory_equal(secrets.common_iv, hexval("1fc506e10badf4425f4936fbd8").ptr, 13);
    assert_int_equal(gc_oscore_recipient_secrets(context, recipient, &theirs), GC_OK);
    assert_memory_equal(theirs.recipient_key, hexval(sides[i].recipient_key).ptr, 16);
    gc_oscore_context_free(&context);
  }
}

/* @req OP-06 */
static void salt_and_algorithms(void **state)
{
  (void)state;
  struct gc_oscore_profile_context derived;
  struct gc_oscore_exchange_ids ids = example_ids();
  struct gc_group_material osc = material("a20041010241ff"); /* no salt: an empty one */
  assert_int_equal(gc_oscore_profile_derive(&derived, &osc, &ids, true), GC_OK);
  assert_true(gc_bytes_equal(derived.params.master_salt, hexval("4048018a278f7faab55a4825a8991cd700ac01")));
  assert_int_equal(derived.params.hkdf_alg, GC_ALG_HMAC_256);
  assert_int_equal(derived.params.aead_alg, GC_ALG_CCM_16_64_128);
  assert_false(derived.params.has_id_context);
  osc = material("a50041010241ff03070401064137");
  assert_int_equal(gc_oscore_profile_derive(&derived, &osc, &ids, true), GC_OK);
  assert_int_equal(derived.params.hkdf_alg, GC_ALG_HMAC_512);
  assert_int_equal(derived.params.aead_alg, GC_ALG_A128GCM);
  assert_true(derived.params.has_id_context && gc_bytes_equal(derived.params.id_context, hexval("37")));
  osc = material("a30041010241ff046161");
  assert_int_equal(gc_oscore_profile_derive(&derived, &osc, &ids, true), GC_E_UNSUPPORTED);
  osc = material("a30041010241ff041903e7");
  assert_int_equal(gc_oscore_profile_derive(&derived, &osc, &ids, true), GC_E_UNSUPPORTED);
}

/* @req OP-08 */
static void what_stops_the_derivation(void **state)
{
  (void)state;
  struct gc_oscore_profile_context derived;
  struct gc_oscore_exchange_ids ids = example_ids();
  static const char *const bad[] = { "a1004101", "a10241ff", "a20041010240", "a30041010241ff0102" };
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct gc_group_material osc = material(bad[i]);
    assert_non_null(gc_oscore_profile_material_fault(&osc));
    assert_int_equal(gc_oscore_profile_derive(&derived, &osc, &ids, true), GC_E_MALFORMED);
  }
  struct gc_group_material osc = material("a30041010241ff186301"); /* what a resource server does not know it must not leave out */
  assert_int_equal(gc_oscore_profile_derive(&derived, &osc, &ids, false), GC_E_UNSUPPORTED);
  assert_int_equal(gc_oscore_profile_derive(&derived, &osc, &ids, true), GC_OK);
  osc = material(MATERIAL);
  ids.id2 = ids.id1;
  assert_int_equal(gc_oscore_profile_derive(&derived, &osc, &ids, true), GC_E_MALFORMED);
  ids.id2 = hexval("0102030405060708");
  assert_int_equal(gc_oscore_profile_derive(&derived, &osc, &ids, true), GC_E_RANGE);
  static uint8_t large[300];
  ids = example_ids();
  ids.nonce2 = gc_bytes(large, sizeof large);
  assert_int_equal(gc_oscore_profile_derive(&derived, &osc, &ids, true), GC_E_RANGE);
}

/* @req AC-15 */
static void payloads_of_authz_info(void **state)
{
  (void)state;
  struct gc_ace_params p;
  assert_int_equal(gc_authz_info_parse(&p, hexval(EXAMPLE_CWT), 61, NULL), GC_OK);
  assert_true(gc_bytes_equal(p.access_token, hexval(EXAMPLE_CWT)));
  assert_int_equal(gc_authz_info_parse(&p, hexval(EXAMPLE_CWT), -1, NULL), GC_OK);
  assert_non_null(gc_oscore_profile_request_fault(&p, false)); /* no nonce */
  assert_null(gc_oscore_profile_request_fault(&p, true));
  struct gc_where where = { 0, NULL };
  assert_int_equal(gc_authz_info_parse(&p, hexval(EXAMPLE_CWT), 60, &where), GC_E_UNSUPPORTED);
  assert_non_null(where.phrase);
  assert_int_equal(gc_authz_info_parse(&p, hexval(""), 61, NULL), GC_E_MALFORMED);
  assert_int_equal(gc_authz_info_parse(&p, edn("{40:h'01'}"), 19, NULL), GC_E_MALFORMED);
  assert_int_equal(gc_authz_info_parse(&p, edn("{1:h''}"), 19, NULL), GC_E_MALFORMED);
  assert_int_equal(gc_authz_info_parse(&p, edn("[]"), 19, NULL), GC_E_MALFORMED);
}

/* @req OP-04 OP-05 OP-08 */
static void parameters_that_are_missing(void **state)
{
  (void)state;
  static const struct {
    const char *edn;
    bool is_protected, is_good;
  } requests[] = {
    { "{1:h'01',40:h'01',43:h''}", false, true },
    { "{1:h'01',40:h'01',43:h'01020304050607'}", false, true },
    { "{1:h'01',40:h'01',43:h'0102030405060708'}", false, false },
    { "{1:h'01',40:h'',43:h'01'}", false, false },
    { "{1:h'01',43:h'01'}", false, false },
    { "{1:h'01',40:h'01'}", false, false },
    { "{40:h'01',43:h'01'}", false, false },
    { "{1:h'01'}", true, true },
    { "{1:h'01',40:h'01'}", true, true }, /* nonces and identifiers are ignored in an update */
    { "{1:h'01',40:h'',43:h'0102030405060708'}", true, true },
    { "{}", true, false },
  };
  for (size_t i = 0; i < COUNT(requests); i++) {
    struct gc_ace_params p = ace(requests[i].edn);
    if ((gc_oscore_profile_request_fault(&p, requests[i].is_protected) == NULL) != requests[i].is_good)
      fail_msg("%s", requests[i].edn);
  }
  static const struct {
    const char *edn;
    bool is_good;
  } responses[] = {
    { "{42:h'01',44:h'01'}", true },  { "{42:h'01',44:h'16'}", false }, { "{42:h'01'}", false },
    { "{44:h'01'}", false },          { "{42:h'',44:h'01'}", false },   { "{42:h'01',44:h'0102030405060708'}", false },
  };
  for (size_t i = 0; i < COUNT(responses); i++) {
    struct gc_ace_params p = ace(responses[i].edn);
    if ((gc_oscore_profile_response_fault(&p, hexval("16")) == NULL) != responses[i].is_good)
      fail_msg("%s", responses[i].edn);
  }
}

/* @req OP-03 */
static void updates_of_access_rights(void **state)
{
  (void)state;
  struct gc_cnf cnf;
  assert_int_equal(gc_cnf_parse(&cnf, hexval("a1034101"), NULL), GC_OK);
  assert_true(gc_oscore_profile_is_update(&cnf, hexval("01")));
  assert_false(gc_oscore_profile_is_update(&cnf, hexval("02")));
  assert_int_equal(gc_cnf_parse(&cnf, hexval("a104" MATERIAL), NULL), GC_OK);
  assert_false(gc_oscore_profile_is_update(&cnf, hexval("01")));
}

static int setup(void **state)
{
  (void)state;
  return gc_crypto_init() ? -1 : 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(context_of_the_example),    cmocka_unit_test(salt_and_algorithms),
    cmocka_unit_test(what_stops_the_derivation), cmocka_unit_test(payloads_of_authz_info),
    cmocka_unit_test(parameters_that_are_missing), cmocka_unit_test(updates_of_access_rights),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, setup, NULL);
}
