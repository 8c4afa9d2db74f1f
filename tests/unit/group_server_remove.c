/* Resources that go while they are observed and asked; contexts that are about to be freed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../lib/secure_bench.h"
#include "../lib/server_rig.h"
#include "coap/observe.h"
#include "group/group_observe.h"
#include "crypto/secret.h"

static struct rig rig;

static int start(void **state)
{
  (void)state;
  rig_start(&rig, 1, NULL);
  return 0;
}

static int stop(void **state)
{
  (void)state;
  rig_stop(&rig);
  return 0;
}

static void observe(uint8_t token)
{
  rig.next_token = token;
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_GET, "value");
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, GC_OBSERVE_REGISTER);
  rig_send(&rig, &request, 0);
}

static enum gc_err answer(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  (void)request;
  return gc_buf_add_u8(&response->body, 'x');
}

static void hidden_ones_are_served(void **state)
{
  (void)state;
  struct gc_resource *extra;
  const struct gc_resource_def def = { .path = "extra", .methods = 1u << GC_CODE_GET, .handler = answer, .content_format = -1, .consumes = -1, .is_hidden = true };
  assert_int_equal(gc_server_add_resource(rig.server, &extra, &def), GC_OK);
  rig_get(&rig, GC_TYPE_CON, ".well-known/core", 0);
  const struct rig_sent *links = rig_last(&rig);
  assert_non_null(memmem(links->message.payload.ptr, links->message.payload.len, "value", 5));
  assert_null(memmem(links->message.payload.ptr, links->message.payload.len, "extra", 5));
  rig_get(&rig, GC_TYPE_CON, "extra", 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE(2, 5));
}

static void observers_hear_of_it(void **state)
{
  (void)state;
  observe(1);
  observe(2);
  assert_int_equal(gc_server_state(rig.server).observers, 2);
  rig_forget(&rig);
  rig.value_code = GC_CODE(4, 4);
  gc_server_remove_resource(rig.server, &rig.value, rig.now_ms);
  assert_null(rig.value);
  assert_int_equal(rig.sent_count, 1); /* the second waits for its turn: both go to one client */
  rig_empty(&rig, rig_last(&rig), GC_TYPE_ACK);
  rig_wait(&rig, 0);
  assert_int_equal(rig.sent_count, 2);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(rig.sent[i].message.code, GC_CODE(4, 4));
    assert_int_equal(rig.sent[i].message.type, GC_TYPE_CON);
    assert_false(gc_option_find(rig.sent[i].message.options, GC_OPTION_OBSERVE, NULL));
  }
  assert_int_equal(gc_server_state(rig.server).observers, 0);
  rig_forget(&rig);
  rig_get(&rig, GC_TYPE_CON, "value", 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE(4, 4));
  gc_server_remove_resource(rig.server, &rig.value, rig.now_ms); /* NULL: nothing */
}

/* The last of the list goes, and another one comes behind it. */
static void others_stay(void **state)
{
  (void)state;
  struct gc_resource *extra, *again;
  const struct gc_resource_def def = { .path = "extra", .methods = 1u << GC_CODE_GET, .handler = answer, .content_format = -1, .consumes = -1 };
  assert_int_equal(gc_server_add_resource(rig.server, &extra, &def), GC_OK);
  assert_int_equal(gc_server_add_resource(rig.server, &again, &def), GC_E_EXISTS);
  gc_server_remove_resource(rig.server, &extra, rig.now_ms);
  assert_int_equal(gc_server_add_resource(rig.server, &again, &def), GC_OK);
  gc_server_remove_resource(rig.server, &rig.value, rig.now_ms);
  rig_get(&rig, GC_TYPE_CON, "extra", 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE(2, 5));
  rig_get(&rig, GC_TYPE_CON, "value", 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE(4, 4));
}

static void group_observations_are_cancelled(void **state)
{
  (void)state;
  struct gc_group_observe_params params = gc_group_observe_params_default();
  params.group = gc_addr_ipv4(239, 5, 5, 5, 61616);
  params.ifindex = 7;
  assert_int_equal(gc_server_observe_by_group(rig.server, rig.value, &params, NULL), GC_OK);
  observe(1);
  assert_int_equal(gc_server_state(rig.server).group_observations, 1);
  rig_forget(&rig);
  gc_server_remove_resource(rig.server, &rig.value, rig.now_ms);
  assert_int_equal(gc_server_state(rig.server).group_observations, 0);
  assert_int_equal(rig.sent_count, 1); /* 5.03 to the group */
  assert_true(gc_addr_equal(&rig_last(&rig)->remote, &params.group));
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE(5, 3));
  rig_wait(&rig, 100000);
}

/* --- contexts ------------------------------------------------------------------------------------------------------------ */

static struct secure secure;
static const struct gc_oscore_context *seen;
static uint8_t seen_kid[GC_ID_MAX_LEN];
static size_t seen_kid_len;

static enum gc_err remember(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  seen = request->context;
  seen_kid_len = request->kid.len;
  if (seen_kid_len)
    memcpy(seen_kid, request->kid.ptr, seen_kid_len);
  return answer(ctx, request, response);
}

static void senders_are_told(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  const struct gc_resource_def def = { .path = "who", .methods = 1u << GC_CODE_GET, .handler = remember, .content_format = -1, .consumes = -1 };
  struct gc_resource *who;
  secure_start(&secure, &setup);
  assert_int_equal(gc_server_add_resource(secure.server, &who, &def), GC_OK);
  struct gc_request request = secure_request(&secure, 0, GC_CODE_GET, "who");
  secure_go(&secure, &request);
  secure_run(&secure, 2000);
  assert_ptr_equal(seen, secure.contexts[0]);
  assert_true(gc_bytes_equal(gc_bytes(seen_kid, seen_kid_len), sec_id(0)));
  secure_count(&secure, "");
  secure_stop(&secure);
  rig_start(&rig, 1, NULL);
  assert_int_equal(gc_server_add_resource(rig.server, &who, &def), GC_OK);
  rig_get(&rig, GC_TYPE_CON, "who", 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE(2, 5));
  assert_null(seen);
  assert_int_equal(seen_kid_len, 0);
  rig_stop(&rig);
}

static void observations_of_a_context_end(void **state)
{
  (void)state;
  const struct secure_setup setup = { .options = { .profile = GC_OSCORE_GROUP } };
  secure_start(&secure, &setup);
  struct gc_request request = secure_request(&secure, 0, GC_CODE_GET, "value");
  request.observe = true;
  request.wait_ms = UINT32_MAX;
  struct gc_exchange *exchange = secure_go(&secure, &request);
  secure_run(&secure, 2000);
  assert_int_equal(gc_server_state(secure.server).observers, 1);
  gc_server_forget_context(secure.server, secure.contexts[1]);
  assert_int_equal(gc_server_state(secure.server).observers, 1);
  gc_server_forget_context(secure.server, secure.contexts[0]);
  assert_int_equal(gc_server_state(secure.server).observers, 0);
  const size_t before = secure.wire_count;
  gc_server_changed(secure.server, NULL, secure.value, secure.now_ms);
  secure_run(&secure, 2000);
  assert_int_equal(secure.wire_count, before);
  gc_client_end(secure.client, exchange, false, secure.now_ms);
  secure_count(&secure, "");
  secure_stop(&secure);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(observers_hear_of_it, start, stop),
    cmocka_unit_test_setup_teardown(hidden_ones_are_served, start, stop),
    cmocka_unit_test_setup_teardown(others_stay, start, stop),
    cmocka_unit_test_setup_teardown(group_observations_are_cancelled, start, stop),
    cmocka_unit_test(senders_are_told),
    cmocka_unit_test(observations_of_a_context_end),
  };
  if (gc_crypto_init())
    return 1;
  return cmocka_run_group_tests_name("group_server_remove", tests, NULL, NULL);
}
