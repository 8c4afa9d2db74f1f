#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "coap/builder.h"
#include "coap/no_response.h"
#include "iana/options.h"

/* @req A33 */
static void tells_classes(void **state)
{
  (void)state;
  static const struct {
    uint8_t value, code;
    bool covered;
  } cases[] = { { 0, GC_CODE(2, 5), false }, { 2, GC_CODE(2, 5), true },  { 2, GC_CODE(4, 4), false },  { 8, GC_CODE(4, 4), true },
                { 8, GC_CODE(5, 0), false }, { 16, GC_CODE(5, 0), true }, { 26, GC_CODE(2, 1), true },  { 26, GC_CODE(4, 29), true },
                { 26, GC_CODE(5, 8), true }, { 26, GC_CODE(3, 0), false }, { 255, GC_CODE(0, 1), false }, { 24, GC_CODE(2, 31), false } };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_int_equal(gc_no_response_covers(cases[i].value, cases[i].code), cases[i].covered);
}

/* @req A33 */
static void finds_the_value(void **state)
{
  (void)state;
  static const struct {
    const char *value;
    size_t len;
    bool found;
    uint8_t bits;
  } cases[] = { { "", 0, true, 0 }, { "\x1a", 1, true, 26 }, { "\x00", 1, true, 0 }, { "\x00\x02", 2, false, 99 } };
  uint8_t store[16], value = 99;
  struct gc_bytes options;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    value = 99;
    gc_builder_add(&builder, GC_OPTION_NO_RESPONSE, gc_bytes(cases[i].value, cases[i].len));
    assert_int_equal(gc_builder_finish(&builder, &options), GC_OK);
    assert_int_equal(gc_no_response_find(options, &value), cases[i].found);
    assert_int_equal(value, cases[i].bits);
  }
  assert_false(gc_no_response_find(gc_bytes(NULL, 0), &value));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(tells_classes),
    cmocka_unit_test(finds_the_value),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
