#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void every_error_has_a_name_and_a_phrase(void **state)
{
  (void)state;
  for (int i = 0; i < GC_ERR_COUNT; i++) {
    assert_int_equal(strncmp(gc_err_name((enum gc_err)i), "GC_", 3), 0);
    assert_true(strlen(gc_err_str((enum gc_err)i)) > 1);
    for (int k = 0; k < i; k++)
      assert_string_not_equal(gc_err_name((enum gc_err)i), gc_err_name((enum gc_err)k));
  }
  assert_string_equal(gc_err_name((enum gc_err)GC_ERR_COUNT), "GC_E_UNKNOWN");
  assert_string_equal(gc_err_str((enum gc_err)-1), "unknown error");
  struct gc_where where = { 0, NULL };
  assert_int_equal(gc_fail(&where, 7, "why", GC_E_RANGE), GC_E_RANGE);
  assert_int_equal(where.offset, 7);
  assert_int_equal(gc_fail(NULL, 7, "why", GC_E_LIMIT), GC_E_LIMIT);
}

static void slices_and_compares_bytes(void **state)
{
  (void)state;
  struct gc_bytes abc = gc_bytes_str("abc");
  static const struct {
    size_t offset, len;
    const char *out;
  } cases[] = { { 0, 3, "abc" }, { 0, SIZE_MAX, "abc" }, { 1, 1, "b" }, { 2, 9, "c" }, { 3, 1, "" }, { SIZE_MAX, SIZE_MAX, "" }, { 0, 0, "" } };
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_true(gc_bytes_equal(gc_bytes_slice(abc, cases[i].offset, cases[i].len), gc_bytes_str(cases[i].out)));
  assert_false(gc_bytes_equal(abc, gc_bytes_str("abd")));
  assert_false(gc_bytes_equal(abc, gc_bytes_str("ab")));
  assert_true(gc_bytes_equal(gc_bytes(NULL, 0), gc_bytes_str("")));
}

static void a_buffer_takes_all_or_nothing(void **state)
{
  (void)state;
  uint8_t store[7];
  struct gc_buf buf = gc_buf(store, sizeof store);
  assert_int_equal(gc_buf_add_u8(&buf, 1), GC_OK);
  assert_int_equal(gc_buf_add_u16(&buf, 0x0203), GC_OK);
  assert_int_equal(gc_buf_add_u32(&buf, 0x04050607), GC_OK);
  assert_memory_equal(store, "\1\2\3\4\5\6\7", 7);
  assert_int_equal(gc_buf_add_u8(&buf, 8), GC_E_SPACE);
  assert_int_equal(gc_buf_add(&buf, gc_bytes(NULL, 0)), GC_OK);
  buf.len = 4;
  assert_int_equal(gc_buf_add_u32(&buf, 0), GC_E_SPACE);
  assert_int_equal(gc_buf_add(&buf, gc_bytes(store, SIZE_MAX)), GC_E_SPACE);
  assert_int_equal(buf.len, 4);
  assert_int_equal(gc_read_u16(store), 0x0102);
  assert_int_equal(gc_read_u32(store), 0x01020304);
}

static void knows_utf8(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    bool is_utf8, is_printable;
  } cases[] = {
    { "", true, true }, { "abc", true, true }, { "a\tb\r\n", true, true }, { "\x1b[2J", true, false }, { "\x7f", true, false }, { "\x01", true, false },
    { "\xc2\x80", true, false }, { "\xc2\xa0", true, true }, { "\xdf\xbf", true, true }, { "\xe0\xa0\x80", true, true }, { "\xef\xbf\xbd", true, true },
    { "\xf0\x90\x80\x80", true, true }, { "\xf4\x8f\xbf\xbf", true, true },
    { "\xe2\x80\xae", true, false }, { "\xe2\x80\xa8", true, false }, { "\xe2\x81\xa6", true, false }, { "\xe2\x80\x8e", true, false },
    { "\x80", false, false }, { "\xc0\x80", false, false }, { "\xc1\xbf", false, false }, { "\xc2", false, false }, { "\xe0\x9f\xbf", false, false },
    { "\xed\xa0\x80", false, false }, { "\xed\xbf\xbf", false, false }, { "\xf0\x8f\xbf\xbf", false, false }, { "\xf4\x90\x80\x80", false, false },
    { "\xf8\x88\x80\x80\x80", false, false }, { "\xff", false, false }, { "a\xe2\x82", false, false }, { "\xe2\x28\xa1", false, false },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    assert_int_equal(gc_text_is_utf8(gc_bytes_str(cases[i].text)), cases[i].is_utf8);
    assert_int_equal(gc_text_is_printable(gc_bytes_str(cases[i].text)), cases[i].is_printable);
  }
  assert_true(gc_text_is_utf8(gc_bytes("a\0b", 3)));
  assert_false(gc_text_is_printable(gc_bytes("a\0b", 3)));
}

static void makes_text_harmless(void **state)
{
  (void)state;
  static const struct {
    const char *text, *escaped;
  } cases[] = { { "", "" }, { "on", "on" }, { "a\\b", "a\\\\b" }, { "a\tb\nc\rd", "a\\tb\\nc\\rd" }, { "\x1b[31m", "\\x1b[31m" }, { "\xc2\x9b", "\\xc2\\x9b" },
                { "gr\xc3\xb6\xc3\x9f" "e", "gr\xc3\xb6\xc3\x9f" "e" }, { "\xff\xfe", "\\xff\\xfe" }, { "\xe2\x80\xae", "\\xe2\\x80\\xae" } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t store[64];
    struct gc_buf out = gc_buf(store, sizeof store);
    assert_true(gc_text_escape(&out, gc_bytes_str(cases[i].text)));
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), gc_bytes_str(cases[i].escaped)));
    for (size_t cap = 0; cap < strlen(cases[i].escaped); cap++) { /* cut at a character, never inside an escape */
      struct gc_buf small = gc_buf(store, cap);
      assert_false(gc_text_escape(&small, gc_bytes_str(cases[i].text)));
      assert_true(small.len <= cap && memcmp(store, cases[i].escaped, small.len) == 0);
      assert_true(gc_text_is_utf8(gc_buf_bytes(&small)));
      assert_true(small.len == 0 || store[small.len - 1] != '\\' || (small.len > 1 && store[small.len - 2] == '\\'));
    }
  }
}

static void randomness_is_reproducible_and_fair(void **state)
{
  (void)state;
  uint64_t one = 42, two = 42;
  struct gc_rng a = gc_rng_seeded(&one), b = gc_rng_seeded(&two);
  for (int i = 0; i < 100; i++)
    assert_int_equal(gc_rng_u32(a), gc_rng_u32(b));
  assert_int_equal(gc_rng_below(a, 0), 0);
  assert_int_equal(gc_rng_below(a, 1), 0);
  unsigned counts[3] = { 0 };
  for (int i = 0; i < 30000; i++) {
    uint32_t value = gc_rng_below(a, 3);
    assert_true(value < 3);
    counts[value]++;
  }
  for (int i = 0; i < 3; i++)
    assert_in_range(counts[i], 9500, 10500);
  uint8_t first[300] = { 0 }, second[300] = { 0 };
  struct gc_rng kernel = gc_rng_system();
  kernel.fill(kernel.ctx, first, sizeof first);
  kernel.fill(kernel.ctx, second, sizeof second);
  assert_memory_not_equal(first, second, sizeof first);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_error_has_a_name_and_a_phrase),
    cmocka_unit_test(slices_and_compares_bytes),
    cmocka_unit_test(a_buffer_takes_all_or_nothing),
    cmocka_unit_test(knows_utf8),
    cmocka_unit_test(makes_text_harmless),
    cmocka_unit_test(randomness_is_reproducible_and_fair),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
