/* What a server makes of fresh keys: the worked examples byte for byte, and that a client's side opens it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../tests/lib/hexval.h"
#include "observe/phantom.h"
#include "observe/self_managed.h"
#include "observe/self_managed_make.h"
#include "observe_examples.h"
#include "oscore/message.h"

static struct gc_self_managed_params example(enum gc_omn_format format)
{
  return (struct gc_self_managed_params){
    .format = format,
    .sender_id = hexval("52"),
    .private_key = hexval("857eb61d3f6d70a278a36740d132c099f62880ed497e27bdfd4685fa1a304f26"),
    .master_secret = hexval("0102030405060708090a0b0c0d0e0f10"),
    .master_salt = hexval("9e7ca92223786340"),
    .gid = hexval("dd11"),
  };
}

static struct gc_informative informative(const char *hex, enum gc_omn_format format)
{
  struct gc_informative response;
  assert_int_equal(gc_informative_parse(&response, hexval(hex), format, NULL), GC_OK);
  return response;
}

/* Phantom request, first notification and the parameters that tell of the group. @req SM-01 SM-02 SM-04 SM-05 SM-06 SM-09 MG-09b */
static void example_of_the_current_text(void **state)
{
  (void)state;
  const struct gc_informative expected = informative(EXAMPLE_SELF_CURRENT, GC_OMN_CURRENT);
  struct gc_self_managed_params params = example(GC_OMN_CURRENT);
  struct gc_self_managed *group;
  uint8_t store[256], payload[600];
  params.cred = expected.srv_cred;
  assert_int_equal(gc_self_managed_make(&group, &params, NULL), GC_OK);
  struct gc_oscore_context *context = gc_self_managed_context(group);
  struct gc_oscore_binding binding;
  const struct gc_oscore_send how = { .is_group = true, .with_piv = true };
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_oscore_protect_request(context, hexval("01605172"), &(struct gc_oscore_send){ 0 }, &out, &binding), GC_SEC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), expected.ph_req));
  out = gc_buf(store, sizeof store);
  assert_int_equal(gc_oscore_protect_response(context, hexval("45610160ff31323334"), &how, &binding, &out), GC_SEC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), expected.last_notif));
  struct gc_informative response = expected;
  response.present &= ~(uint32_t)(GC_IR_GP_MATERIAL | GC_IR_SRV_CRED | GC_IR_SRV_IDENTIFIER);
  gc_self_managed_tell(group, &response);
  struct gc_buf written = gc_buf(payload, sizeof payload);
  assert_int_equal(gc_informative_write(&written, &response), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&written), hexval(EXAMPLE_SELF_CURRENT)));
  gc_self_managed_free(&group);
  assert_null(group);
}

/* @req SM-01 SM-02 SM-03 SM-05 SM-06 */
static void example_of_05(void **state)
{
  (void)state;
  const struct gc_informative expected = informative(EXAMPLE_SELF_05, GC_OMN_05);
  const struct gc_self_managed_params params = example(GC_OMN_05);
  struct gc_self_managed *group;
  uint8_t payload[600];
  assert_int_equal(gc_self_managed_make(&group, &params, NULL), GC_OK);
  struct gc_informative response = { .format = GC_OMN_05, .present = GC_IR_EXP, .exp = expected.exp };
  gc_self_managed_tell(group, &response);
  struct gc_buf written = gc_buf(payload, sizeof payload);
  assert_int_equal(gc_informative_write(&written, &response), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&written), hexval(EXAMPLE_SELF_05)));
  gc_self_managed_free(&group);
}

/* A credential of its own, and a client that makes its side of what it is told: it opens what the server protects. */
static void client_and_server(enum gc_omn_format format)
{
  const struct gc_self_managed_params params = example(format);
  struct gc_informative told = { .format = format, .present = GC_IR_EXI | GC_IR_EXP, .exi = 60, .exp.number = 1800000000 };
  struct gc_self_managed *group;
  struct gc_oscore_context *client;
  struct gc_oscore_binding of_server, of_client;
  struct gc_oscore_opened opened;
  struct gc_message message;
  uint8_t request[256], response[256], opening[1024];
  const struct gc_oscore_send how = { .is_group = true, .with_piv = true };
  assert_int_equal(gc_self_managed_make(&group, &params, NULL), GC_OK);
  gc_self_managed_tell(group, &told);
  assert_int_equal(gc_self_managed_open(&client, &told, NULL), GC_OK);
  struct gc_buf out = gc_buf(request, sizeof request);
  struct gc_oscore_context *context = gc_self_managed_context(group);
  assert_int_equal(gc_oscore_protect_request(context, hexval("01605172"), &(struct gc_oscore_send){ 0 }, &out, &of_server), GC_SEC_OK);
  assert_int_equal(gc_phantom_read(&message, hexval("7b"), gc_buf_bytes(&out), NULL), GC_OK);
  assert_int_equal(gc_oscore_open_request(client, &message, GC_OPEN_NO_REPLAY, gc_buf(opening, sizeof opening), &opened, &of_client), GC_SEC_OK);
  out = gc_buf(response, sizeof response);
  assert_int_equal(gc_oscore_protect_response(context, hexval("45610160ff31323334"), &how, &of_server, &out), GC_SEC_OK);
  assert_int_equal(gc_last_notif_read(&message, hexval("7b"), gc_buf_bytes(&out), NULL), GC_OK);
  assert_int_equal(gc_oscore_open_response(client, &message, 0, &of_client, gc_buf(opening, sizeof opening), &opened), GC_SEC_OK);
  assert_true(gc_bytes_equal(opened.inner.payload, hexval("31323334")));
  assert_int_equal(opened.piv.len, 1); /* @req MG-09b */
  gc_oscore_context_free(&client);
  gc_self_managed_free(&group);
}

/* @req SM-04 SM-08 */
static void clients_open_what_is_protected(void **state)
{
  (void)state;
  client_and_server(GC_OMN_CURRENT);
  client_and_server(GC_OMN_05);
}

static void lengths_that_cannot_be(void **state)
{
  (void)state;
  static const uint8_t zeros[600];
  struct gc_self_managed *group;
  const char *why = NULL;
  for (unsigned i = 0; i < 7; i++) {
    struct gc_self_managed_params params = example(GC_OMN_CURRENT);
    switch (i) {
    case 0: params.sender_id.len = 0; break;
    case 1: params.sender_id = gc_bytes(zeros, GC_ID_MAX_LEN + 1); break;
    case 2: params.private_key.len--; break;
    case 3: params.gid.len = 0; break;
    case 4: params.gid = gc_bytes(zeros, GC_ID_CONTEXT_MAX_LEN + 1); break;
    case 5: params.cred = gc_bytes(zeros, sizeof zeros); break;
    default: params.master_secret = gc_bytes(zeros, 400); break;
    }
    group = NULL;
    why = NULL;
    assert_int_not_equal(gc_self_managed_make(&group, &params, &why), GC_OK);
    assert_null(group);
    assert_non_null(why);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(example_of_the_current_text),
    cmocka_unit_test(example_of_05),
    cmocka_unit_test(clients_open_what_is_protected),
    cmocka_unit_test(lengths_that_cannot_be),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
