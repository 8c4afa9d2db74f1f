#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include <math.h>

#include "base/hex.h"
#include "cbor/reader.h"
#include "cbor_vectors.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct gc_bytes hex(uint8_t *store, size_t cap, const char *digits)
{
  struct gc_buf out = gc_buf(store, cap);
  assert_int_equal(gc_hex_decode(&out, digits, strlen(digits), NULL), GC_OK);
  return gc_buf_bytes(&out);
}

static void reads_each_type(void **state)
{
  (void)state;
  uint8_t store[64];
  struct gc_cbor_reader reader = gc_cbor_reader(hex(store, sizeof store, "1864 3863 4401020304 63616263 f5 f6 f93e00 c1 00 f4"));
  uint64_t number;
  int64_t integer;
  bool truth;
  double real;
  struct gc_bytes string;
  assert_int_equal(gc_cbor_read_uint(&reader, &number), GC_OK);
  assert_int_equal(number, 100);
  assert_int_equal(gc_cbor_read_int(&reader, &integer), GC_OK);
  assert_int_equal(integer, -100);
  assert_int_equal(gc_cbor_read_bytes(&reader, &string), GC_OK);
  assert_int_equal(string.len, 4);
  assert_int_equal(gc_cbor_read_text(&reader, &string), GC_OK);
  assert_true(gc_bytes_equal(string, gc_bytes_str("abc")));
  assert_int_equal(gc_cbor_read_bool(&reader, &truth), GC_OK);
  assert_true(truth);
  assert_int_equal(gc_cbor_read_null(&reader), GC_OK);
  assert_int_equal(gc_cbor_read_float(&reader, &real), GC_OK);
  assert_true(real == 1.5);
  assert_int_equal(gc_cbor_read_tag(&reader, &number), GC_OK);
  assert_int_equal(number, 1);
  assert_int_equal(gc_cbor_read_int(&reader, &integer), GC_OK);
  assert_int_equal(integer, 0);
  assert_int_equal(gc_cbor_read_bool(&reader, &truth), GC_OK);
  assert_false(truth);
  assert_true(gc_cbor_at_end(&reader));
  assert_int_equal(gc_cbor_read_uint(&reader, &number), GC_E_END);
}

static void refuses_another_type_and_stays(void **state)
{
  (void)state;
  uint8_t store[16];
  /* an item, and the readers that take it */
  static const struct {
    const char *hex;
    int taken_by;
  } cases[] = { { "00", 0x03 }, { "20", 0x02 }, { "40", 0x04 }, { "60", 0x08 }, { "80", 0x10 }, { "a0", 0x20 }, { "c1", 0x40 },
                { "f4", 0x80 }, { "f6", 0x100 }, { "f7", 0 }, { "e0", 0 }, { "f90000", 0x200 }, { "ff", 0 } };
  for (size_t i = 0; i < COUNT(cases); i++)
    for (int which = 0; which < 10; which++) {
      struct gc_cbor_reader reader = gc_cbor_reader(hex(store, sizeof store, cases[i].hex));
      uint64_t number = 77;
      int64_t integer;
      struct gc_bytes string;
      struct gc_cbor_list list;
      bool truth;
      double real;
      enum gc_err err = which == 0   ? gc_cbor_read_uint(&reader, &number)
                        : which == 1 ? gc_cbor_read_int(&reader, &integer)
                        : which == 2 ? gc_cbor_read_bytes(&reader, &string)
                        : which == 3 ? gc_cbor_read_text(&reader, &string)
                        : which == 4 ? gc_cbor_read_array(&reader, &list)
                        : which == 5 ? gc_cbor_read_map(&reader, &list)
                        : which == 6 ? gc_cbor_read_tag(&reader, &number)
                        : which == 7 ? gc_cbor_read_bool(&reader, &truth)
                        : which == 8 ? gc_cbor_read_null(&reader)
                                     : gc_cbor_read_float(&reader, &real);
      assert_int_equal(err, cases[i].taken_by >> which & 1 ? GC_OK : GC_E_MALFORMED);
      if (err) {
        assert_int_equal(reader.pos, 0);
        assert_non_null(strstr(reader.where.phrase, "expected"));
      }
    }
}

/* A key of a map that is a text string is passed over, in whatever form. */
static void labels_are_integers(void **state)
{
  (void)state;
  uint8_t store[16];
  struct gc_cbor_reader reader = gc_cbor_reader(hex(store, sizeof store, "38187f0102ff"));
  int64_t label;
  assert_int_equal(gc_cbor_read_label(&reader, &label), GC_OK);
  assert_int_equal(label, -25);
  assert_int_equal(gc_cbor_read_label(&reader, &label), GC_E_MALFORMED); /* a chunk that is none */
  reader = gc_cbor_reader(hex(store, sizeof store, "7f61616162ff0240"));
  assert_int_equal(gc_cbor_read_label(&reader, &label), GC_OK);
  assert_int_equal(label, 0);
  assert_int_equal(gc_cbor_read_label(&reader, &label), GC_OK);
  assert_int_equal(label, 2);
  assert_int_equal(gc_cbor_read_label(&reader, &label), GC_E_MALFORMED);
  assert_int_equal(reader.pos, 7);
}

static void bounds_integers_and_strings(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    enum gc_err err;
    int64_t value;
  } cases[] = { { "1b7fffffffffffffff", GC_OK, INT64_MAX }, { "1b8000000000000000", GC_E_RANGE, 0 }, { "3b7fffffffffffffff", GC_OK, INT64_MIN },
                { "3b8000000000000000", GC_E_RANGE, 0 }, { "17", GC_OK, 23 }, { "1818", GC_OK, 24 }, { "18ff", GC_OK, 255 },
                { "190100", GC_OK, 256 }, { "1a00010000", GC_OK, 65536 }, { "1affffffff", GC_OK, 4294967295 } };
  uint8_t store[16];
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_cbor_reader reader = gc_cbor_reader(hex(store, sizeof store, cases[i].hex));
    int64_t value = 0;
    assert_int_equal(gc_cbor_read_int(&reader, &value), cases[i].err);
    assert_true(value == cases[i].value);
  }
  static const struct {
    const char *hex;
    enum gc_err err;
  } strings[] = { { "5f4101ff", GC_E_UNSUPPORTED }, { "44010203", GC_E_TRUNCATED }, { "5bffffffffffffffff", GC_E_TRUNCATED },
                  { "5b0000000000000001", GC_E_TRUNCATED }, { "5a7fffffff00", GC_E_TRUNCATED }, { "5c", GC_E_MALFORMED } };
  for (size_t i = 0; i < COUNT(strings); i++) {
    struct gc_cbor_reader reader = gc_cbor_reader(hex(store, sizeof store, strings[i].hex));
    struct gc_bytes value;
    assert_int_equal(gc_cbor_read_bytes(&reader, &value), strings[i].err);
    assert_int_equal(reader.pos, 0);
  }
  struct gc_cbor_reader reader = gc_cbor_reader(hex(store, sizeof store, "62c328"));
  struct gc_bytes text;
  assert_int_equal(gc_cbor_read_text(&reader, &text), GC_E_MALFORMED);
}

static void walks_lists_of_both_lengths(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    bool is_map;
    size_t elements;
  } cases[] = { { "80f6", false, 0 }, { "820102f6", false, 2 }, { "9f0102fff6", false, 2 }, { "9ffff6", false, 0 },
                { "a201020304f6", true, 2 }, { "bf01020304fff6", true, 2 }, { "bffff6", true, 0 } };
  uint8_t store[16];
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_cbor_reader reader = gc_cbor_reader(hex(store, sizeof store, cases[i].hex));
    struct gc_cbor_list list;
    size_t count = 0;
    assert_int_equal(cases[i].is_map ? gc_cbor_read_map(&reader, &list) : gc_cbor_read_array(&reader, &list), GC_OK);
    for (; gc_cbor_list_next(&reader, &list); count++) {
      uint64_t value;
      assert_int_equal(gc_cbor_read_uint(&reader, &value), GC_OK);
      if (cases[i].is_map)
        assert_int_equal(gc_cbor_read_uint(&reader, &value), GC_OK);
    }
    assert_int_equal(count, cases[i].elements);
    assert_int_equal(gc_cbor_read_null(&reader), GC_OK);
  }
  /* announced, and not there: no count that the input could not hold */
  static const char *const lying[] = { "9b0fffffffffffffff", "9a0000000201", "bbffffffffffffffff", "a20102", "9bffffffffffffffff" };
  for (size_t i = 0; i < COUNT(lying); i++) {
    struct gc_cbor_reader reader = gc_cbor_reader(hex(store, sizeof store, lying[i]));
    struct gc_cbor_item item;
    assert_int_equal(gc_cbor_next(&reader, &item), GC_E_TRUNCATED);
  }
  /* an indefinite one that never ends */
  struct gc_cbor_reader reader = gc_cbor_reader(hex(store, sizeof store, "9f01"));
  struct gc_cbor_list list;
  uint64_t value;
  assert_int_equal(gc_cbor_read_array(&reader, &list), GC_OK);
  assert_true(gc_cbor_list_next(&reader, &list));
  assert_int_equal(gc_cbor_read_uint(&reader, &value), GC_OK);
  assert_true(gc_cbor_list_next(&reader, &list));
  assert_int_equal(gc_cbor_read_uint(&reader, &value), GC_E_END);
}

static void skips_whole_items(void **state)
{
  (void)state;
  uint8_t store[128];
  for (size_t i = 0; i < COUNT(cbor_vectors); i++) {
    struct gc_bytes bytes = hex(store, sizeof store, cbor_vectors[i].hex);
    struct gc_cbor_reader reader = gc_cbor_reader(bytes);
    struct gc_bytes raw;
    assert_int_equal(gc_cbor_read_raw(&reader, &raw), GC_OK);
    assert_true(gc_bytes_equal(raw, bytes));
    for (size_t len = 0; len < bytes.len; len++) { /* every prefix ends too early */
      reader = gc_cbor_reader(gc_bytes(bytes.ptr, len));
      assert_int_equal(gc_cbor_skip(&reader), len ? GC_E_TRUNCATED : GC_E_END);
      assert_int_equal(reader.pos, 0);
      assert_int_equal(gc_cbor_check(gc_bytes(bytes.ptr, len), 0, NULL), GC_E_TRUNCATED);
    }
  }
}

/* RFC 8949, Section 3: every initial byte, with an argument of 0x20… behind it */
static void reads_every_initial_byte(void **state)
{
  (void)state;
  for (unsigned first = 0; first < 256; first++) {
    uint8_t bytes[300];
    struct gc_cbor_item item;
    const unsigned major = first >> 5, info = first & 31;
    const size_t width = info < 24 ? 0 : info < 28 ? (size_t)1 << (info - 24) : 0;
    uint64_t argument = info < 24 ? info : 0;
    bytes[0] = (uint8_t)first;
    memset(bytes + 1, 0, sizeof bytes - 1);
    if (width > 0)
      bytes[width] = 0x20;
    for (size_t i = 0; i < width; i++)
      argument = argument << 8 | bytes[1 + i];
    struct gc_cbor_reader reader = gc_cbor_reader(gc_bytes(bytes, sizeof bytes));
    const bool is_reserved = (info > 27 && info < 31) || (info == 31 && (major < 2 || major == 6));
    assert_int_equal(gc_cbor_next(&reader, &item), is_reserved ? GC_E_MALFORMED : GC_OK);
    if (is_reserved)
      continue;
    static const enum gc_cbor_type types[8] = { GC_CBOR_UINT, GC_CBOR_NINT, GC_CBOR_BYTES, GC_CBOR_TEXT, GC_CBOR_ARRAY, GC_CBOR_MAP, GC_CBOR_TAG, GC_CBOR_SIMPLE };
    const bool is_float = major == 7 && info > 24 && info < 28;
    assert_int_equal(item.type, is_float ? GC_CBOR_FLOAT : major == 7 && info == 31 ? GC_CBOR_BREAK : types[major]);
    assert_int_equal(item.width, width);
    assert_int_equal(item.is_indefinite, info == 31 && major < 6);
    if (!is_float)
      assert_true(item.number == argument);
    if (item.type == GC_CBOR_BYTES || item.type == GC_CBOR_TEXT)
      assert_int_equal(item.string.len, argument);
    assert_int_equal(reader.pos, 1 + width + item.string.len);
  }
}

/* RFC 8949, Appendix F.1 */
static void refuses_what_is_not_well_formed(void **state)
{
  (void)state;
  static const char *const cases[] = {
    "18", "19", "1a", "1b", "1901", "1a0102", "1b01020304050607", "38", "58", "78", "98", "9a01ff00", "b8", "d8", "f8", "f900", "fa0000", "fb000000",
    "41", "61", "5affffffff00", "5bffffffffffffffff010203", "7affffffff00", "7b7fffffffffffffff010203",
    "81", "818181818181818181", "8200", "a1", "a20102", "a100", "a2000000", "c0",
    "5f4100", "7f6100", "9f", "9f0102", "bf", "bf01020102", "819f", "9f8000", "9f9f9f9f9fffffffff", "9f819f819f9fffffff",
    "1c", "1d", "1e", "3c", "3d", "3e", "5c", "5d", "5e", "7c", "7d", "7e", "9c", "9d", "9e", "bc", "bd", "be", "dc", "dd", "de", "fc", "fd", "fe",
    "f800", "f801", "f818", "f81f",
    "5f00ff", "5f21ff", "5f6100ff", "5f80ff", "5fa0ff", "5fc000ff", "5fe0ff", "7f4100ff",
    "5f5f4100ffff", "7f7f6100ffff", "ff", "81ff", "8200ff", "a1ff", "a1ff00", "a100ff", "a20000ff", "9f81ff", "9f829f819f9fffffffff",
    "bf00ff", "bf000000ff", "1f", "3f", "df", "c0ff",
  };
  uint8_t store[32];
  for (size_t i = 0; i < COUNT(cases); i++) {
    enum gc_err err = gc_cbor_check(hex(store, sizeof store, cases[i]), 0, NULL);
    if (err != GC_E_MALFORMED && err != GC_E_TRUNCATED)
      fail_msg("%s: %s", cases[i], gc_err_name(err));
  }
}

static void checks_what_it_is_asked_for(void **state)
{
  (void)state;
  enum { P = GC_CBOR_CHECK_PREFERRED, D = GC_CBOR_CHECK_DETERMINISTIC, U = GC_CBOR_CHECK_UTF8, S = GC_CBOR_CHECK_SEQUENCE };
  static const struct {
    const char *hex;
    unsigned checks;
    enum gc_err err;
    size_t offset;
  } cases[] = {
    { "1817", 0, GC_OK, 0 },       { "1817", P, GC_E_MALFORMED, 0 }, { "1818", P, GC_OK, 0 },           { "1900ff", P, GC_E_MALFORMED, 0 },
    { "1a0000ffff", P, GC_E_MALFORMED, 0 }, { "1b00000000ffffffff", P, GC_E_MALFORMED, 0 }, { "8258011818", P, GC_E_MALFORMED, 1 },
    { "fa3fc00000", P, GC_E_MALFORMED, 0 }, { "fa47c35000", P, GC_OK, 0 }, { "fb3ff199999999999a", P, GC_OK, 0 }, { "fb7ff8000000000000", P, GC_E_MALFORMED, 0 },
    { "9f01ff", P, GC_OK, 0 },     { "9f01ff", D, GC_E_MALFORMED, 0 }, { "5f4101ff", D, GC_E_MALFORMED, 0 },
    { "a201000200", D, GC_OK, 0 }, { "a202000100", D, GC_E_MALFORMED, 3 }, { "a201000100", D, GC_E_MALFORMED, 3 },
    { "a2616100190100f6", D, GC_E_MALFORMED, 4 }, { "a2190100006161f6", D, GC_OK, 0 },
    { "a2810100820102f6", D, GC_OK, 0 }, { "a282010200810100", D, GC_E_MALFORMED, 5 }, { "a1a201000200a202000100", D, GC_E_MALFORMED, 9 },
    { "61ff", 0, GC_OK, 0 },       { "61ff", U, GC_E_MALFORMED, 0 }, { "8261616180", U, GC_E_MALFORMED, 3 },
    { "", 0, GC_E_TRUNCATED, 0 },  { "", S, GC_OK, 0 },             { "0102", 0, GC_E_MALFORMED, 1 },   { "0102", S, GC_OK, 0 },
    { "01ff", S, GC_E_MALFORMED, 1 },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t store[32];
    struct gc_where where = { 0, "" };
    enum gc_err err = gc_cbor_check(hex(store, sizeof store, cases[i].hex), cases[i].checks, &where);
    if (err != cases[i].err || where.offset != cases[i].offset)
      fail_msg("%s: %s, %s at %zu", cases[i].hex, gc_err_name(err), where.phrase, where.offset);
  }
}

static void bounds_the_depth(void **state)
{
  (void)state;
  static const uint8_t openers[] = { 0x81, 0x9f, 0xc1, 0xbf };
  for (size_t i = 0; i < sizeof openers; i++) {
    uint8_t deep[2000];
    struct gc_cbor_reader reader = gc_cbor_reader(gc_bytes(deep, sizeof deep));
    memset(deep, openers[i], sizeof deep);
    assert_int_equal(gc_cbor_skip(&reader), GC_E_LIMIT);
    assert_int_equal(reader.where.offset, GC_CBOR_MAX_DEPTH);
  }
  uint8_t just[GC_CBOR_MAX_DEPTH + 1];
  memset(just, 0x81, GC_CBOR_MAX_DEPTH);
  just[GC_CBOR_MAX_DEPTH] = 0x80; /* an empty array opens nothing */
  assert_int_equal(gc_cbor_check(gc_bytes(just, sizeof just), 0, NULL), GC_OK);
}

/* RFC 8949, Appendix D */
static void reads_every_half(void **state)
{
  (void)state;
  for (unsigned half = 0; half < 65536; half++) {
    const uint8_t bytes[3] = { 0xf9, (uint8_t)(half >> 8), (uint8_t)half };
    struct gc_cbor_reader reader = gc_cbor_reader(gc_bytes(bytes, 3));
    const unsigned exponent = half >> 10 & 0x1f, mantissa = half & 0x3ff;
    double value = 0, expected = exponent == 0 ? ldexp(mantissa, -24) : ldexp(mantissa + 1024, (int)exponent - 25);
    if (exponent == 31)
      expected = mantissa ? (double)NAN : (double)INFINITY;
    if (half & 0x8000)
      expected = -expected;
    assert_int_equal(gc_cbor_read_float(&reader, &value), GC_OK);
    assert_true(isnan(expected) ? isnan(value) : value == expected && signbit(value) == signbit(expected));
    assert_int_equal(gc_cbor_check(gc_bytes(bytes, 3), GC_CBOR_CHECK_PREFERRED, NULL), GC_OK);
  }
}

static void one_value_and_nothing_behind(void **state)
{
  (void)state;
  static const struct {
    uint8_t bytes[2];
    size_t len;
    enum gc_err err;
  } rows[] = { { { 0x01 }, 1, GC_OK }, { { 0x01, 0x02 }, 2, GC_E_MALFORMED }, { { 0 }, 0, GC_E_TRUNCATED }, { { 0x18 }, 1, GC_E_TRUNCATED } };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct gc_cbor_reader reader = gc_cbor_reader(gc_bytes(rows[i].bytes, rows[i].len));
    struct gc_where where = { 99, NULL };
    uint64_t value;
    enum gc_err err = gc_cbor_read_uint(&reader, &value);
    assert_int_equal(gc_cbor_whole(&reader, err, &where), rows[i].err);
    assert_int_equal(where.phrase != NULL, rows[i].err != GC_OK);
    assert_int_equal(gc_cbor_whole(&reader, err, NULL), rows[i].err);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_each_type),
    cmocka_unit_test(refuses_another_type_and_stays),
    cmocka_unit_test(labels_are_integers),
    cmocka_unit_test(bounds_integers_and_strings),
    cmocka_unit_test(walks_lists_of_both_lengths),
    cmocka_unit_test(skips_whole_items),
    cmocka_unit_test(reads_every_initial_byte),
    cmocka_unit_test(refuses_what_is_not_well_formed),
    cmocka_unit_test(checks_what_it_is_asked_for),
    cmocka_unit_test(bounds_the_depth),
    cmocka_unit_test(reads_every_half),
    cmocka_unit_test(one_value_and_nothing_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
