#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "iana/options.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Parts E.1 of the requirements and section 0 of those for notifications and proxies: C U N R, format, length. */
static void agrees_with_the_registry(void **state)
{
  (void)state;
  static const struct {
    uint16_t number;
    const char *name, *properties;
    enum gc_option_format format;
    uint16_t min_len, max_len;
  } rows[] = {
    { 1, "If-Match", "C--R", GC_FORMAT_OPAQUE, 0, 8 },
    { 2, "Multicast-Timeout", "-U--", GC_FORMAT_UINT, 0, 4 },
    { 3, "Uri-Host", "CU--", GC_FORMAT_STRING, 1, 255 },
    { 4, "ETag", "---R", GC_FORMAT_OPAQUE, 1, 8 },
    { 5, "If-None-Match", "C---", GC_FORMAT_EMPTY, 0, 0 },
    { 6, "Observe", "-U--", GC_FORMAT_UINT, 0, 3 },
    { 7, "Uri-Port", "CU--", GC_FORMAT_UINT, 0, 2 },
    { 8, "Location-Path", "---R", GC_FORMAT_STRING, 0, 255 },
    { 9, "OSCORE", "C---", GC_FORMAT_OPAQUE, 0, 255 },
    { 11, "Uri-Path", "CU-R", GC_FORMAT_STRING, 0, 255 },
    { 12, "Content-Format", "----", GC_FORMAT_UINT, 0, 2 },
    { 14, "Max-Age", "-U--", GC_FORMAT_UINT, 0, 4 },
    { 15, "Uri-Query", "CU-R", GC_FORMAT_STRING, 0, 255 },
    { 16, "Hop-Limit", "----", GC_FORMAT_UINT, 1, 1 },
    { 17, "Accept", "C---", GC_FORMAT_UINT, 0, 2 },
    { 18, "Feedback-Divider", "-U--", GC_FORMAT_UINT, 0, 1 },
    { 19, "Q-Block1", "CU--", GC_FORMAT_BLOCK, 0, 3 },
    { 20, "Location-Query", "---R", GC_FORMAT_STRING, 0, 255 },
    { 21, "EDHOC", "C---", GC_FORMAT_EMPTY, 0, 0 },
    { 23, "Block2", "CU--", GC_FORMAT_BLOCK, 0, 3 },
    { 24, "Group-ETag", "---R", GC_FORMAT_OPAQUE, 1, 8 },
    { 27, "Block1", "CU--", GC_FORMAT_BLOCK, 0, 3 },
    { 28, "Size2", "--N-", GC_FORMAT_UINT, 0, 4 },
    { 31, "Q-Block2", "CU-R", GC_FORMAT_BLOCK, 0, 3 },
    { 35, "Proxy-Uri", "CU--", GC_FORMAT_STRING, 1, 1034 },
    { 39, "Proxy-Scheme", "CU--", GC_FORMAT_STRING, 1, 255 },
    { 47, "Listen-To-Multicast-Responses", "CU--", GC_FORMAT_CBOR, 3, 1024 },
    { 60, "Size1", "--N-", GC_FORMAT_UINT, 0, 4 },
    { 248, "Reply-From", "----", GC_FORMAT_CBOR, 5, 1034 },
    { 252, "Echo", "--N-", GC_FORMAT_OPAQUE, 1, 40 },
    { 258, "No-Response", "-U--", GC_FORMAT_UINT, 0, 1 },
    { 292, "Request-Tag", "---R", GC_FORMAT_OPAQUE, 0, 8 },
    { 548, "Request-Hash", "----", GC_FORMAT_OPAQUE, 0, 65535 },
    { 64988, "Padding", "--NR", GC_FORMAT_OPAQUE, 0, 65535 },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    const struct gc_option_info *info = gc_option_info(rows[i].number);
    assert_non_null(info);
    assert_string_equal(info->name, rows[i].name);
    assert_int_equal(info->format, rows[i].format);
    assert_int_equal(info->min_len, rows[i].min_len);
    assert_int_equal(info->max_len, rows[i].max_len);
    assert_int_equal(gc_option_is_critical(info->number), rows[i].properties[0] == 'C');
    assert_int_equal(gc_option_is_unsafe(info->number), rows[i].properties[1] == 'U');
    assert_int_equal(gc_option_is_no_cache_key(info->number), rows[i].properties[2] == 'N');
    assert_int_equal(info->is_repeatable, rows[i].properties[3] == 'R');
  }
}

static void finds_rows_by_name(void **state)
{
  (void)state;
  for (size_t i = 0; gc_option_at(i); i++) {
    const struct gc_option_info *row = gc_option_at(i);
    assert_ptr_equal(gc_option_by_name(gc_bytes_str(row->name)), row);
    assert_ptr_equal(gc_option_info(row->number), row);
    if (i > 0)
      assert_true(row->number > gc_option_at(i - 1)->number);
  }
  assert_int_equal(gc_option_by_name(gc_bytes_str("uri-path"))->number, 11);
  static const char *const none[] = { "", "Uri", "Uri-Pathx", "Echo " };
  for (size_t i = 0; i < COUNT(none); i++)
    assert_null(gc_option_by_name(gc_bytes_str(none[i])));
  assert_null(gc_option_by_name(gc_bytes("Echo\0and a lot more that must not be read", 40)));
  assert_null(gc_option_by_name(gc_bytes(NULL, 0)));
  assert_null(gc_option_info(0));
  assert_null(gc_option_info(65535));
}

static void moves_numbers(void **state)
{
  (void)state;
  assert_int_equal(gc_option_renumber(18, 11), GC_E_EXISTS);
  assert_int_equal(gc_option_renumber(10, 65001), GC_E_NOT_FOUND);
  static const uint16_t steps[] = { 65001, 10, 0, 300, 18 };
  uint16_t now = 18;
  for (size_t i = 0; i < COUNT(steps); i++) { /* up, down, to both ends and back */
    assert_int_equal(gc_option_renumber(now, steps[i]), GC_OK);
    assert_null(gc_option_info(now));
    now = steps[i];
    assert_string_equal(gc_option_info(now)->name, "Feedback-Divider");
    for (size_t k = 1; gc_option_at(k); k++)
      assert_true(gc_option_at(k)->number > gc_option_at(k - 1)->number);
  }
  agrees_with_the_registry(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(agrees_with_the_registry),
    cmocka_unit_test(finds_rows_by_name),
    cmocka_unit_test(moves_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
