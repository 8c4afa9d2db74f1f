/* Token and introspection endpoints, hints: examples both ways, what is missing or has no place. */
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
#include "ace/token.h"
#include "ace_examples.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint8_t store[512];

static struct gc_ace_params ace(const char *text)
{
  struct gc_ace_params params;
  assert_int_equal(gc_ace_params_parse(&params, edn(text), GC_ACE_AT_AS, NULL), GC_OK);
  return params;
}

/* @req AC-02 */
static void requests(void **state)
{
  (void)state;
  static const struct {
    const char *edn;
    enum gc_token_error error;
  } rows[] = {
    { "{}", 0 }, /* grant_type has a default, audience and scope may have one */
    { "{33:2}", 0 },
    { "{33:0}", GC_TOKEN_UNSUPPORTED_GRANT_TYPE },
    { "{33:1}", GC_TOKEN_UNSUPPORTED_GRANT_TYPE },
    { "{73:h'01'}", 0 },
    { "{73:h'01',74:h'02'}", GC_TOKEN_INVALID_REQUEST },
    { "{1:h'01'}", GC_TOKEN_INVALID_REQUEST },
    { "{30:1}", GC_TOKEN_INVALID_REQUEST },
    { "{9:h''}", GC_TOKEN_INVALID_SCOPE },
    { "{9:\"read\"}", 0 },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_ace_params request = ace(rows[i].edn);
    const char *why = NULL;
    if (gc_token_request_check(&request, &why) != rows[i].error)
      fail_msg("%s", rows[i].edn);
    assert_int_equal(why != NULL, rows[i].error != 0);
    assert_int_equal(gc_token_request_check(&request, NULL), rows[i].error);
  }
  struct gc_ace_params request;
  assert_int_equal(gc_ace_params_parse(&request, hexval(EXAMPLE_TOKEN_REQUEST), GC_ACE_AT_AS, NULL), GC_OK);
  assert_int_equal(gc_token_request_check(&request, NULL), 0);
}

/* @req AC-07 AC-08 */
static void responses(void **state)
{
  (void)state;
  static const struct {
    const char *request, *response;
    bool is_good;
  } rows[] = {
    { "{}", "{1:h'01'}", true },
    { "{}", "{}", false },
    { "{}", "{1:h''}", false },
    { "{}", "{1:h'01',34:2}", true },
    { "{}", "{1:h'01',34:1}", false }, /* Bearer */
    { "{38:null}", "{1:h'01'}", false },
    { "{38:null}", "{1:h'01',38:2}", true },
    { "{38:null}", "{1:h'01',38:null}", false },
    { "{}", "{1:h'01',9:h''}", false },
    { "{}", "{1:h'01',9:h'80'}", true },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_ace_params request = ace(rows[i].request), response = ace(rows[i].response);
    if ((gc_token_response_fault(&response, &request) == NULL) != rows[i].is_good)
      fail_msg("%s %s", rows[i].request, rows[i].response);
  }
}

/* @req AC-10 */
static void errors(void **state)
{
  (void)state;
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_token_error_write(&out, GC_TOKEN_INVALID_SCOPE, NULL), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), edn("{30:6}")));
  out.len = 0;
  assert_int_equal(gc_token_error_write(&out, GC_TOKEN_INVALID_CLIENT, "who are you"), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), edn("{30:2,31:\"who are you\"}")));
  static const char *const names[] = { NULL, "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
                                       "invalid_scope", "unsupported_pop_key", "incompatible_ace_profiles", NULL };
  for (int i = 0; i < (int)COUNT(names); i++)
    if (!names[i])
      assert_null(gc_token_error_name(i));
    else
      assert_string_equal(gc_token_error_name(i), names[i]);
  assert_null(gc_token_error_name(-1));
}

static void take_hostile(struct gc_bytes bytes, void *ctx)
{
  struct gc_as_hints hints;
  struct gc_introspection intro;
  struct gc_where where = { 0, NULL }, where2 = { 0, NULL };
  (void)ctx;
  if (gc_as_hints_parse(&hints, bytes, &where))
    assert_true(where.phrase && where.offset <= bytes.len);
  if (gc_introspection_parse(&intro, bytes, &where2))
    assert_true(where2.phrase && where2.offset <= bytes.len);
}

static void hints_both_ways(void **state)
{
  (void)state;
  struct gc_as_hints hints;
  struct gc_bytes bytes = hexval(EXAMPLE_HINTS);
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_as_hints_parse(&hints, bytes, NULL), GC_OK);
  assert_true(gc_bytes_equal(hints.as_uri, gc_bytes_str("coap://as.example/token")));
  assert_true(gc_bytes_equal(hints.cnonce, hexval("e0a156bb3f")));
  assert_false(gc_param_has(hints.present, GC_HINT_KID));
  assert_int_equal(gc_as_hints_write(&out, &hints), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), bytes));
  hostile(bytes, take_hostile, NULL);
  assert_int_equal(gc_as_hints_parse(&hints, edn("{1:h'01'}"), NULL), GC_E_MALFORMED);
  assert_string_equal(gc_hint_at(GC_HINT_AS)->name, "AS");
  assert_null(gc_hint_at(GC_HINTS));
}

/* @req AC-23 */
static void introspection_both_ways(void **state)
{
  (void)state;
  static const char *const examples[] = { EXAMPLE_INTRO_REQUEST, EXAMPLE_INTRO_RESPONSE };
  for (size_t i = 0; i < COUNT(examples); i++) {
    struct gc_introspection message;
    struct gc_bytes bytes = hexval(examples[i]);
    struct gc_buf out = gc_buf(store, sizeof store);
    assert_int_equal(gc_introspection_parse(&message, bytes, NULL), GC_OK);
    assert_int_equal(gc_introspection_write(&out, &message), GC_OK);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), bytes));
    assert_int_equal(gc_introspection_request_fault(&message) == NULL, i == 0);
    assert_int_equal(gc_introspection_response_fault(&message) == NULL, i == 1);
    hostile(bytes, take_hostile, NULL);
  }
  struct gc_introspection message;
  assert_int_equal(gc_introspection_parse(&message, edn("{10:false}"), NULL), GC_OK);
  assert_null(gc_introspection_response_fault(&message));
  assert_int_equal(gc_introspection_parse(&message, edn("{10:true}"), NULL), GC_OK);
  assert_non_null(gc_introspection_response_fault(&message));
  assert_int_equal(gc_introspection_parse(&message, edn("{10:1}"), NULL), GC_E_MALFORMED);
  assert_int_equal(gc_introspection_parse(&message, edn("{11:h''}"), NULL), GC_OK);
  assert_non_null(gc_introspection_request_fault(&message));
  for (size_t i = 0; i < GC_INTRO_PARAMS; i++)
    assert_non_null(gc_introspection_param_at(i)->name);
  assert_null(gc_introspection_param_at(GC_INTRO_PARAMS));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(requests), cmocka_unit_test(responses),       cmocka_unit_test(errors),
    cmocka_unit_test(hints_both_ways), cmocka_unit_test(introspection_both_ways),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
