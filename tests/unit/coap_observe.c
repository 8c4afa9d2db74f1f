#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "coap/observe.h"

/* @req A89 */
static void orders_notifications(void **state)
{
  (void)state;
  static const struct {
    uint32_t v1, v2;
    uint64_t apart_ms;
    bool is_newer;
  } cases[] = {
    { 1, 2, 0, true },
    { 2, 1, 0, false },
    { 2, 2, 0, false },
    { 0, 0x7fffff, 0, true },           /* V2 - V1 = 2^23 - 1 */
    { 0, 0x800000, 0, false },          /* = 2^23 */
    { 0x800001, 0, 0, true },           /* V1 - V2 = 2^23 + 1 */
    { 0x800000, 0, 0, false },
    { 0xffffff, 0, 0, true },           /* across the wrap */
    { 0, 0xffffff, 0, false },
    { 2, 1, 128000, false },            /* 128 s: not more than that */
    { 2, 1, 128001, true },
    { 2, 2, 128001, true },
    { 0x1000001, 2, 0, true },          /* 24 bits count */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_int_equal(gc_observe_is_newer(cases[i].v1, 1000, cases[i].v2, 1000 + cases[i].apart_ms), cases[i].is_newer);
  assert_false(gc_observe_is_newer(2, 500000, 1, 1000)); /* a clock that runs backwards makes nothing newer */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(orders_notifications),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
