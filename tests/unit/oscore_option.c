/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/hexval.h"
#include "oscore/option.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* RFC 8613, Section 6.3; draft, Section 4.3. @req B28 B30 C51 C55 */
static const struct {
  const char *value, *piv, *kid_context, *kid; /* NULL: absent */
  bool is_group;
} good[] = {
  { "-", "-", NULL, NULL, false },
  { "090525", "05", NULL, "25", false },
  { "0900", "00", NULL, "-", false },
  { "19050344616c25", "05", "44616c", "25", false },
  { "39050344616c25", "05", "44616c", "25", true },
  { "2852", "-", NULL, "52", true },
  { "0107", "07", NULL, NULL, false },
  { "18003322", "-", "-", "3322", false },
  { "1001aa", "-", "aa", NULL, false },
  { "0dffffffffff07", "ffffffffff", NULL, "07", false },
  { "20", "-", NULL, NULL, true },
  { "08", "-", NULL, "-", false },
};

static void parses_and_encodes(void **state)
{
  (void)state;
  for (size_t i = 0; i < COUNT(good); i++) {
    struct gc_oscore_option o;
    struct gc_bytes value = hexval(good[i].value);
    assert_int_equal(gc_oscore_option_parse(&o, value, 0, NULL), GC_OK);
    assert_true(gc_bytes_equal(o.piv, hexval(good[i].piv)));
    assert_int_equal(o.has_kid_context, good[i].kid_context != NULL);
    assert_true(gc_bytes_equal(o.kid_context, hexval(good[i].kid_context)));
    assert_int_equal(o.has_kid, good[i].kid != NULL);
    assert_true(gc_bytes_equal(o.kid, hexval(good[i].kid)));
    assert_int_equal(o.is_group, good[i].is_group);
    uint8_t store[255];
    struct gc_buf out = gc_buf(store, sizeof store);
    assert_int_equal(gc_oscore_option_encode(&out, &o), GC_OK);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), value));
    for (size_t cap = 0; cap < value.len; cap++) {
      out = gc_buf(store, cap);
      assert_int_equal(gc_oscore_option_encode(&out, &o), GC_E_SPACE);
      assert_int_equal(out.len, 0);
    }
  }
}

/* @req B21 B29 B30 */
static void refuses_malformed(void **state)
{
  (void)state;
  static const struct {
    const char *value;
    enum gc_err err;
  } bad[] = {
    { "00", GC_E_MALFORMED },       { "0000", GC_E_MALFORMED },   { "0e010203040506", GC_E_MALFORMED },
    { "0f01020304050607", GC_E_MALFORMED }, { "4905", GC_E_MALFORMED }, { "8905", GC_E_MALFORMED }, { "c9", GC_E_MALFORMED },
    { "09", GC_E_TRUNCATED },       { "0a05", GC_E_TRUNCATED },   { "0d01020304", GC_E_TRUNCATED },
    { "1905", GC_E_TRUNCATED },     { "190503", GC_E_TRUNCATED }, { "1905034461", GC_E_TRUNCATED },
    { "010525", GC_E_MALFORMED },   { "110503aabbcc25", GC_E_MALFORMED },
    { "0a000125", GC_E_MALFORMED }, { "0a0000", GC_E_MALFORMED },
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct gc_oscore_option o = { .is_group = true };
    struct gc_where where = { 99, NULL };
    assert_int_equal(gc_oscore_option_parse(&o, hexval(bad[i].value), 0, &where), bad[i].err);
    assert_non_null(where.phrase);
    assert_true(where.offset <= hexval(bad[i].value).len);
    assert_true(o.is_group); /* unchanged */
  }
}

/* @req D1 D2 D19 D20 D21 */
static void draft_02(void **state)
{
  (void)state;
  uint8_t value[255] = { 0x39, 0x05, 0x03, 'D', 'a', 'l' }, store[255];
  memset(value + 6, 0xab, 64);
  value[70] = 0x25;
  struct gc_oscore_option o;
  assert_int_equal(gc_oscore_option_parse(&o, gc_bytes(value, 71), 64, NULL), GC_OK);
  assert_int_equal(o.signature.len, 64);
  assert_int_equal(o.kid.len, 1);
  assert_int_equal(o.kid.ptr[0], 0x25);
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_oscore_option_encode(&out, &o), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), gc_bytes(value, 71)));
  for (size_t len = 1; len < 70; len++)
    assert_int_equal(gc_oscore_option_parse(&o, gc_bytes(value, len), 64, NULL), GC_E_TRUNCATED);
  o.kid_context = gc_bytes(value, 190); /* 1 + 1 + 1 + 190 + 64 + 1 = 258 */
  assert_int_equal(gc_oscore_option_encode(&out, &o), GC_E_RANGE);
}

/* @req B21 */
static void partial_ivs(void **state)
{
  (void)state;
  static const struct {
    uint64_t number;
    const char *hex;
  } rows[] = { { 0, "00" }, { 1, "01" }, { 255, "ff" }, { 256, "0100" }, { 65535, "ffff" }, { 65536, "010000" },
               { 0xffffff, "ffffff" }, { 0x1000000, "01000000" }, { 0xffffffff, "ffffffff" }, { 0x100000000, "0100000000" },
               { GC_PIV_MAX, "ffffffffff" } };
  for (size_t i = 0; i < COUNT(rows); i++) {
    uint8_t piv[GC_PIV_MAX_LEN];
    struct gc_bytes hex = hexval(rows[i].hex);
    assert_true(gc_bytes_equal(gc_bytes(piv, gc_oscore_piv_encode(piv, rows[i].number)), hex));
    assert_int_equal(gc_oscore_piv_decode(hex), rows[i].number);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(parses_and_encodes),
    cmocka_unit_test(refuses_malformed),
    cmocka_unit_test(draft_02),
    cmocka_unit_test(partial_ivs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
