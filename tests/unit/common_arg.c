#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/arg.h"

static void seconds(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    uint64_t ms;
  } good[] = { { "0", 0 },         { "2", 2000 },      { "0.5", 500 },  { ".25", 250 },         { "1.", 1000 },
               { "0.001", 1 },     { "0.0001", 1 },    { "0.0000", 0 }, { "1.9995", 2000 },     { "10.000000000000000000001", 10001 },
               { "86400", 86400000 }, { "0002", 2000 }, { "1.234", 1234 } };
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    uint64_t ms = 99;
    assert_null(gc_arg_seconds(&ms, good[i].text, 86400000));
    assert_int_equal(ms, good[i].ms);
  }
  static const char *const bad[] = { "", ".", "-1", "+1", " 1", "1 ", "1s", "1e3", "0x10", "1,5", "1.2.3", "inf", "nan", "86400.001",
                                     "99999999999999999999999999999999" };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    uint64_t ms = 99;
    assert_string_equal(gc_arg_seconds(&ms, bad[i], 86400000), "not a number of seconds from 0 to 86400");
    assert_int_equal(ms, 99);
  }
}

static void whole_numbers(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    uint64_t min, max, value;
  } good[] = { { "0", 0, 0, 0 }, { "7", 7, 7, 7 }, { "0x1f", 0, 100, 31 }, { "0XFF", 0, 255, 255 }, { "010", 0, 10, 10 },
               { "18446744073709551615", 0, UINT64_MAX, UINT64_MAX }, { "0xffffffffffffffff", 0, UINT64_MAX, UINT64_MAX } };
  static const struct {
    const char *text;
    uint64_t min, max;
  } bad[] = { { "", 0, 9 }, { "-1", 0, 9 }, { "6", 7, 9 }, { "10", 0, 9 }, { "0x", 0, 9 }, { "1f", 0, 99 }, { "1 ", 0, 9 }, { "1.0", 0, 9 },
              { "18446744073709551616", 0, UINT64_MAX }, { "0x10000000000000000", 0, UINT64_MAX } };
  uint64_t value;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    value = 99;
    assert_null(gc_arg_uint(&value, good[i].text, good[i].min, good[i].max));
    assert_int_equal(value, good[i].value);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    value = 99;
    assert_non_null(gc_arg_uint(&value, bad[i].text, bad[i].min, bad[i].max));
    assert_int_equal(value, 99);
  }
  assert_string_equal(gc_arg_uint(&value, "70000", 1, 65535), "not a whole number from 1 to 65535");
  uint32_t narrow = 1;
  uint16_t port = 1;
  assert_null(gc_arg_u32(&narrow, "4294967295", 0, UINT32_MAX));
  assert_int_equal(narrow, UINT32_MAX);
  assert_non_null(gc_arg_u32(&narrow, "4294967296", 0, UINT32_MAX));
  assert_null(gc_arg_port(&port, "65535"));
  assert_int_equal(port, 65535);
  assert_non_null(gc_arg_port(&port, "0"));
  assert_non_null(gc_arg_port(&port, "65536"));
  assert_int_equal(port, 65535);
}

static void words(void **state)
{
  (void)state;
  static const char *const list[] = { "get", "put", "post", "patch", "get-all", NULL };
  int at = -1;
  assert_null(gc_arg_word(&at, "get", list)); /* a whole word wins over the beginning of another */
  assert_int_equal(at, 0);
  assert_null(gc_arg_word(&at, "pu", list));
  assert_int_equal(at, 1);
  assert_null(gc_arg_word(&at, "get-", list));
  assert_int_equal(at, 4);
  assert_string_equal(gc_arg_word(&at, "p", list), "ambiguous: put, post, patch");
  assert_string_equal(gc_arg_word(&at, "x", list), "not one of get, put, post, patch, get-all");
  assert_string_equal(gc_arg_word(&at, "", list), "not one of get, put, post, patch, get-all");
  assert_string_equal(gc_arg_word(&at, "putt", list), "not one of get, put, post, patch, get-all");
  assert_int_equal(at, 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(seconds), cmocka_unit_test(whole_numbers), cmocka_unit_test(words) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
