/* /.well-known/core: RFC 6690; RFC 7252, Section 8.2; groupcomm-bis, Sections 2.2.3 and 3.6. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../lib/server_rig.h"
#include "coap/block.h"

static struct rig rig;

static enum gc_err nothing(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  (void)request;
  (void)response;
  return GC_OK;
}

static int start(void **state)
{
  (void)state;
  rig.suppress = GC_SUPPRESS_4XX | GC_SUPPRESS_5XX;
  rig_start(&rig, 2, NULL);
  const struct gc_resource_def def = { .path = "gp/room/lamp one", .methods = 2, .handler = nothing, .rt = "light dimmer", .ifdesc = "core.a",
                                       .title = "a \"lamp\"", .content_format = 60, .consumes = -1, .size = 77, .is_group = true };
  assert_int_equal(gc_server_add_resource(rig.server, NULL, &def), GC_OK);
  assert_int_equal(gc_server_add_link(rig.server, "coap://[ff35:30:2001:db8::1]:5683/gp/room", "g.light", NULL, -1), GC_OK);
  return 0;
}

static int stop(void **state)
{
  (void)state;
  rig_stop(&rig);
  return 0;
}

static void ask(const char *query, const char *more, int to)
{
  rig_forget(&rig);
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, ".well-known/core");
  if (query)
    gc_builder_add_str(&request, GC_OPTION_URI_QUERY, query);
  if (more)
    gc_builder_add_str(&request, GC_OPTION_URI_QUERY, more);
  rig_send(&rig, &request, to);
  rig_wait(&rig, to < 0 ? 1000 : 0);
}

#define LAMP "</gp/room/lamp%20one>;rt=\"light dimmer\";if=\"core.a\";title=\"a \\\"lamp\\\"\";ct=60;sz=77"
#define GROUP "<coap://[ff35:30:2001:db8::1]:5683/gp/room>;rt=\"g.light\""
#define OBSERVABLE "</value>;ct=0;obs,</a/big>;ct=0;obs,</fails>;ct=0;obs"

/* @req A64 A65 */
static void all_and_filtered(void **state)
{
  (void)state;
  static const struct {
    const char *query, *more, *links;
  } rows[] = {
    { NULL, NULL, "</value>;ct=0;obs,</a/big>;ct=0;obs,</sink>;ct=0,</solo>;ct=0,</fails>;ct=0;obs," LAMP "," GROUP },
    { "rt=light", NULL, LAMP },
    { "rt=dimmer", NULL, LAMP },
    { "rt=light dimmer", NULL, "" },
    { "rt=ligh", NULL, "" },
    { "rt=ligh*", NULL, LAMP },
    { "rt=g.*", NULL, GROUP },
    { "rt=g.light", NULL, GROUP },
    { "rt=*", NULL, LAMP "," GROUP },
    { "if=core.a", NULL, LAMP },
    { "href=/value", NULL, "</value>;ct=0;obs" },
    { "href=/gp/room/*", NULL, LAMP },
    { "href=/nothing", NULL, "" },
    { "ct=60", NULL, LAMP },
    { "sz=77", NULL, LAMP },
    { "obs", NULL, OBSERVABLE },
    { "rt=light", "ct=60", LAMP },
    { "rt=light", "ct=0", "" },
    { "unheard=of", NULL, "" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    ask(rows[i].query, rows[i].more, 0);
    assert_int_equal(rig.sent_count, 1);
    assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
    assert_int_equal(rig_uint(rig_last(&rig), GC_OPTION_CONTENT_FORMAT), 40);
    if (!rig_payload_is(rig_last(&rig), rows[i].links))
      fail_msg("%s: %.*s", rows[i].query ? rows[i].query : "(no query)", (int)rig_last(&rig)->message.payload.len,
               (const char *)rig_last(&rig)->message.payload.ptr);
  }
}

/* @req A32 */
static void a_group_is_not_told_that_there_is_nothing(void **state)
{
  (void)state;
  ask("rt=nothing", NULL, RIG_TO_GROUP);
  assert_int_equal(rig.sent_count, 0);
  assert_int_equal(gc_server_state(rig.server).suppressed, 2);
  ask("rt=g.light", NULL, RIG_TO_GROUP);
  assert_int_equal(rig.sent_count, 2);
}

/* @req A43 */
static void a_long_list_comes_to_a_group_as_its_first_block(void **state)
{
  (void)state;
  ask(NULL, NULL, RIG_TO_GROUP);
  assert_int_equal(rig.sent_count, 2);
  struct gc_block block;
  assert_int_equal(gc_block_find(&block, rig_last(&rig)->message.options, GC_OPTION_BLOCK2), GC_OK);
  assert_true(block.more);
  assert_true(rig_last(&rig)->len <= 136);
}

static void only_get(void **state)
{
  (void)state;
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_POST, ".well-known/core");
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_METHOD_NOT_ALLOWED);
}

static void what_cannot_stand_in_a_link_is_refused(void **state)
{
  (void)state;
  assert_int_equal(gc_server_add_link(rig.server, "coap://x/>,<coap://evil/", NULL, NULL, -1), GC_E_RANGE);
  assert_int_equal(gc_server_add_link(rig.server, "coap://a b/", NULL, NULL, -1), GC_E_RANGE);
  for (unsigned i = 0; i < 255; i++)
    assert_int_equal(gc_server_add_link(rig.server, "coap://x/", NULL, NULL, -1), GC_OK);
  assert_int_equal(gc_server_add_link(rig.server, "coap://x/", NULL, NULL, -1), GC_E_LIMIT);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, start, stop)
  const struct CMUnitTest tests[] = {
    CASE(all_and_filtered),
    CASE(a_group_is_not_told_that_there_is_nothing),
    CASE(a_long_list_comes_to_a_group_as_its_first_block),
    CASE(only_get),
    CASE(what_cannot_stand_in_a_link_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
