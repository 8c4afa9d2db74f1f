/* Contexts made from the keying material of informative responses. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../tests/lib/hexval.h"
#include "observe/phantom.h"
#include "observe/self_managed.h"
#include "observe_examples.h"
#include "oscore/message.h"

static struct gc_informative informative(const char *hex, enum gc_omn_format format)
{
  struct gc_informative response;
  assert_int_equal(gc_informative_parse(&response, hexval(hex), format, NULL), GC_OK);
  return response;
}

/* What the keys open: the phantom request, and the notification that answers it, bound to it. @req SM-04 SM-05 SM-06 SM-08 SM-09 */
static void opens_what_the_server_sends(void **state)
{
  (void)state;
  uint8_t store[1024];
  struct gc_informative response = informative(EXAMPLE_SELF_CURRENT, GC_OMN_CURRENT);
  struct gc_oscore_context *context;
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  struct gc_message message;
  const char *why = NULL;
  assert_int_equal(gc_self_managed_open(&context, &response, &why), GC_OK);
  assert_false(gc_oscore_context_has_sender(context));
  assert_false(gc_oscore_context_has_mode(context, GC_MODE_PAIRWISE));
  assert_int_equal(gc_oscore_context_count(context), 1);
  assert_true(gc_bytes_equal(gc_oscore_recipient_id(gc_oscore_context_at(context, 0)), hexval("52")));
  assert_int_equal(gc_phantom_read(&message, response.tp_info.token, response.ph_req, NULL), GC_OK);
  assert_int_equal(gc_oscore_open_request(context, &message, GC_OPEN_NO_REPLAY, gc_buf(store, sizeof store), &opened, &binding), GC_SEC_OK);
  assert_int_equal(opened.inner.code, 1);
  assert_true(binding.is_observe);
  assert_int_equal(gc_last_notif_read(&message, response.tp_info.token, response.last_notif, NULL), GC_OK);
  assert_int_equal(gc_oscore_open_response(context, &message, 0, &binding, gc_buf(store, sizeof store), &opened), GC_SEC_OK);
  assert_true(gc_bytes_equal(opened.inner.payload, gc_bytes_str("1234")));
  /* nothing can be sent with it */
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_oscore_send how = { 0 };
  assert_int_equal(gc_oscore_protect_request(context, hexval("0160"), &how, &out, &binding), GC_SEC_SILENT);
  gc_oscore_context_free(&context);
}

/* A server of -05: COSE_Key with kid, and everything else by default. @req SM-06 SM-09 */
static void keys_of_the_older_text(void **state)
{
  (void)state;
  struct gc_informative response = informative(EXAMPLE_SELF_05, GC_OMN_05);
  struct gc_oscore_context *context;
  assert_int_equal(gc_self_managed_open(&context, &response, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_profile(context), GC_OSCORE_GROUP_02);
  assert_true(gc_bytes_equal(gc_oscore_context_id_context(context), hexval("dd11")));
  const struct gc_oscore_recipient *server = gc_oscore_context_at(context, 0);
  assert_true(gc_bytes_equal(gc_oscore_recipient_id(server), hexval("52")));
  const struct gc_public_key *key = gc_oscore_recipient_key(server);
  assert_true(gc_bytes_equal(gc_bytes(key->bytes, key->len), hexval("77ec358c1d344e41ee0e87b8383d23a2099acd39bdf989ce45b52e887463389b")));
  gc_oscore_context_free(&context);
}

/* A copy of `from` with `old` replaced by `new_hex` of the same length. */
static struct gc_bytes altered(struct gc_bytes from, const char *old, const char *new_hex, uint8_t store[static 512])
{
  struct gc_bytes before = hexval(old), after = hexval(new_hex);
  memcpy(store, from.ptr, from.len);
  uint8_t *at = memmem(store, from.len, before.ptr, before.len);
  assert_non_null(at);
  assert_int_equal(before.len, after.len);
  memcpy(at, after.ptr, after.len);
  return gc_bytes(store, from.len);
}

static void refuses(struct gc_informative response, enum gc_err expected, const char *phrase)
{
  struct gc_oscore_context *context = NULL;
  const char *why = "";
  assert_int_equal(gc_self_managed_open(&context, &response, &why), expected);
  if (!strstr(why, phrase))
    fail_msg("%s", why);
  assert_null(context);
}

/* @req SM-01 SM-05 SM-06 */
static void refuses_what_does_not_fit(void **state)
{
  (void)state;
  uint8_t store[512];
  const struct gc_informative good = informative(EXAMPLE_SELF_CURRENT, GC_OMN_CURRENT);
  struct gc_informative bad = good;
  bad.present &= ~(uint32_t)GC_IR_GP_MATERIAL;
  refuses(bad, GC_E_STATE, "no keying material");
  bad = good;
  bad.present &= ~(uint32_t)GC_IR_SRV_CRED;
  refuses(bad, GC_E_STATE, "credential");
  bad = good;
  bad.present &= ~(uint32_t)GC_IR_SRV_IDENTIFIER;
  refuses(bad, GC_E_STATE, "Sender ID");
  bad = good;
  bad.gp_material = altered(good.gp_material, "080e", "0814", store); /* cred_fmt 20 */
  refuses(bad, GC_E_UNSUPPORTED, "credential format");
  bad.gp_material = altered(good.gp_material, "090a0a27", "09150a27", store); /* gp_enc_alg 21 */
  refuses(bad, GC_E_UNSUPPORTED, "group encryption algorithm");
  bad.gp_material = altered(good.gp_material, "0a27", "0a26", store); /* ES256 with an Ed25519 key */
  refuses(bad, GC_E_MALFORMED, "");
  bad = good;
  bad.srv_identifier = hexval("0102030405060708");
  refuses(bad, GC_E_RANGE, "");
  bad = good;
  bad.srv_cred.len--;
  refuses(bad, GC_E_TRUNCATED, "");
  bad = informative(EXAMPLE_SELF_05, GC_OMN_05);
  bad.srv_cred = altered(bad.srv_cred, "024152", "094152", store); /* no kid */
  refuses(bad, GC_E_MALFORMED, "kid");
}

/* @req SM-07 SM-11 */
static void tells_how_long_it_lasts(void **state)
{
  (void)state;
  struct gc_informative response = informative(EXAMPLE_SELF_CURRENT, GC_OMN_CURRENT); /* exi 3600, exp 1800000000 */
  assert_true(gc_self_managed_expires_in(&response, -1) == 3600);
  assert_true(gc_self_managed_expires_in(&response, 1799999990.0) == 10);
  assert_true(gc_self_managed_expires_in(&response, 1800000001.0) == 0);
  response.present &= ~(uint32_t)GC_IR_EXP;
  assert_true(gc_self_managed_expires_in(&response, 1800000001.0) == 3600);
  response = informative(EXAMPLE_SELF_05, GC_OMN_05);
  assert_true(gc_self_managed_expires_in(&response, 1799999999.0) == 1);
  assert_true(gc_self_managed_expires_in(&response, -1) == 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(opens_what_the_server_sends),
    cmocka_unit_test(keys_of_the_older_text),
    cmocka_unit_test(refuses_what_does_not_fit),
    cmocka_unit_test(tells_how_long_it_lasts),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
