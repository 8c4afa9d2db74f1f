#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/hex.h"
#include "cbor/diag.h"
#include "cbor/reader.h"
#include "cbor_vectors.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct gc_bytes hex(uint8_t *store, size_t cap, const char *digits)
{
  struct gc_buf out = gc_buf(store, cap);
  assert_int_equal(gc_hex_decode(&out, digits, strlen(digits), NULL), GC_OK);
  return gc_buf_bytes(&out);
}

static void assert_prints(const char *digits, const char *diag)
{
  uint8_t bytes[256], text[512];
  struct gc_buf out = gc_buf(text, sizeof text);
  struct gc_where where = { 0, "" };
  if (gc_cbor_to_diag(&out, hex(bytes, sizeof bytes, digits), &where) != GC_OK)
    fail_msg("%s: %s at %zu", digits, where.phrase, where.offset);
  if (!gc_bytes_equal(gc_buf_bytes(&out), gc_bytes_str(diag)))
    fail_msg("%s: %.*s instead of %s", digits, (int)out.len, (const char *)text, diag);
}

static void assert_parses(const char *diag, const char *digits)
{
  uint8_t bytes[512], expected[512];
  struct gc_buf out = gc_buf(bytes, sizeof bytes);
  struct gc_where where = { 0, "" };
  if (gc_cbor_from_diag(&out, gc_bytes_str(diag), &where) != GC_OK)
    fail_msg("%s: %s at %zu", diag, where.phrase, where.offset);
  if (!gc_bytes_equal(gc_buf_bytes(&out), hex(expected, sizeof expected, digits))) {
    char text[1025];
    fail_msg("%s: %s instead of %s", diag, gc_hex_encode(text, gc_buf_bytes(&out)), digits);
  }
}

/* Appendix A does not show that an encoding is not the preferred one, shows bignums as numbers and text in ASCII. */
static const struct {
  const char *hex, *diag;
} as_printed[] = {
  { "c249010000000000000000", "2(h'010000000000000000')" },
  { "c349010000000000000000", "3(h'010000000000000000')" },
  { "fa7f800000", "Infinity_2" },
  { "fa7fc00000", "NaN_2" },
  { "faff800000", "-Infinity_2" },
  { "fb7ff0000000000000", "Infinity_3" },
  { "fb7ff8000000000000", "NaN_3" },
  { "fbfff0000000000000", "-Infinity_3" },
  { "62c3bc", "\"\xc3\xbc\"" },
  { "63e6b0b4", "\"\xe6\xb0\xb4\"" },
  { "64f0908591", "\"\xf0\x90\x85\x91\"" },
};

static void agrees_with_appendix_a(void **state)
{
  (void)state;
  for (size_t i = 0; i < COUNT(cbor_vectors); i++) {
    const char *diag = cbor_vectors[i].diag;
    for (size_t k = 0; k < COUNT(as_printed); k++)
      if (strcmp(as_printed[k].hex, cbor_vectors[i].hex) == 0)
        diag = as_printed[k].diag;
    assert_prints(cbor_vectors[i].hex, diag);
    assert_parses(diag, cbor_vectors[i].hex);
    if (!strstr(diag, "Infinity_") && !strstr(diag, "NaN_"))
      assert_parses(cbor_vectors[i].diag, cbor_vectors[i].hex);
  }
}

static void shows_how_it_is_encoded(void **state)
{
  (void)state;
  static const struct {
    const char *hex, *diag;
  } cases[] = {
    { "1801", "1_0" }, { "190001", "1_1" }, { "1a00000001", "1_2" }, { "1b0000000000000001", "1_3" }, { "3800", "-1_0" },
    { "580161", "h'61'_0" }, { "780161", "\"a\"_0" }, { "980101", "[_0 1]" }, { "b9000101f5", "{_1 1: true}" }, { "d80101", "1_0(1)" },
    { "fa3fc00000", "1.5_2" }, { "fb3ff8000000000000", "1.5_3" }, { "fb47efffffe0000000", "3.4028234663852886e+38_3" },
    { "5fff", "''_" }, { "7fff", "\"\"_" }, { "5f40ff", "(_ h'')" }, { "7f60ff", "(_ \"\")" }, { "9800", "[_0 ]" }, { "bfff", "{_ }" },
    { "0102", "1, 2" }, { "", "" }, { "818181f6", "[[[null]]]" }, { "e0", "simple(0)" }, { "f820", "simple(32)" },
    { "fb3eb0c6f7a0b5ed8d", "0.000001" }, { "fb3eb0c6f7a0b5ed8c", "9.999999999999997e-7" }, { "fb444b1ae4d6e2ef50", "1.0e+21" },
    { "fb444b1ae4d6e2ef4f", "999999999999999900000.0" }, { "fb0000000000000001", "5.0e-324" }, { "fb7fefffffffffffff", "1.7976931348623157e+308" },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    assert_prints(cases[i].hex, cases[i].diag);
    if (cases[i].hex[0])
      assert_parses(cases[i].diag, cases[i].hex);
  }
}

static void escapes_what_a_terminal_could_misread(void **state)
{
  (void)state;
  assert_prints("6f0041090a0d1b5b314a7fc29be280ae", "\"\\u0000A\\t\\n\\r\\u001b[1J\\u007f\\u009b\\u202e\"");
  assert_parses("\"\\u0000A\\t\\n\\r\\u001b[1J\\u007f\\u009b\\u202e\"", "6f0041090a0d1b5b314a7fc29be280ae");
}

static void prints_nothing_of_what_is_damaged(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    size_t offset;
    enum gc_err err;
  } cases[] = { { "0118", 1, GC_E_TRUNCATED }, { "61ff", 0, GC_E_MALFORMED }, { "ff", 0, GC_E_MALFORMED }, { "8201", 0, GC_E_TRUNCATED }, { "820118", 2, GC_E_TRUNCATED },
                { "5f6161ff", 1, GC_E_MALFORMED }, { "bf01ff", 2, GC_E_MALFORMED }, { "f81f", 0, GC_E_MALFORMED }, { "1c", 0, GC_E_MALFORMED } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t bytes[16], text[16] = "x";
    struct gc_buf out = { text, sizeof text, 1 };
    struct gc_where where = { 99, "" };
    assert_int_equal(gc_cbor_to_diag(&out, hex(bytes, sizeof bytes, cases[i].hex), &where), cases[i].err);
    assert_int_equal(where.offset, cases[i].offset);
    assert_int_equal(out.len, 1);
  }
}

static bool count_to(void *ctx, struct gc_bytes piece)
{
  size_t *left = ctx;
  *left -= piece.len < *left ? piece.len : *left;
  return *left > 0;
}

static void ends_when_the_sink_has_enough(void **state)
{
  (void)state;
  static uint8_t large[100000];
  size_t left = 50;
  memset(large, 0x01, sizeof large);
  assert_int_equal(gc_cbor_print(gc_bytes(large, sizeof large), count_to, &left, NULL), GC_OK);
  assert_int_equal(left, 0);
  uint8_t text[8];
  struct gc_buf out = gc_buf(text, sizeof text);
  assert_int_equal(gc_cbor_to_diag(&out, gc_bytes(large, sizeof large), NULL), GC_E_SPACE);
  assert_int_equal(out.len, 0);
}

static void reads_every_notation(void **state)
{
  (void)state;
  static const struct {
    const char *diag, *hex;
  } cases[] = {
    { " [ 1 , 2 , ] ", "820102" }, { "1,2", "0102" }, { "1, 2,", "0102" }, { "{1:2,}", "a10102" },
    { "# a comment\n1 / another / , / third / 2 # end", "0102" },
    { "0x1F", "181f" }, { "0o17", "0f" }, { "0b101", "05" }, { "-0x10", "2f" }, { "007", "07" }, { "-0", "00" },
    { "1e3", "f963d0" }, { "1.0E+3", "f963d0" }, { "-1.5e-1", "fbbfc3333333333333" }, { "1.5_1", "f93e00" },
    { "'a\\'b'", "43612762" }, { "h'01 02\n03'", "43010203" }, { "h'01 / x / 02'", "420102" }, { "h'0A0b'", "420a0b" },
    { "b64'EjRWeA'", "4412345678" }, { "b64'EjRWeA=='", "4412345678" }, { "b64'-_8'", "42fbff" }, { "b64'+/8='", "42fbff" }, { "b64''", "40" },
    { "<<1, \"a\">>", "43016161" }, { "<< >>", "40" }, { "<<<<1>>>>", "424101" },
    { "\"\\u00FC\\/\\b\\f\"", "65c3bc2f080c" }, { "\"a\nb\"", "63610a62" },
    { "18446744073709551616", "c249010000000000000000" }, { "-18446744073709551616", "3bffffffffffffffff" },
    { "-18446744073709551617", "c349010000000000000000" }, { "0x10000000000000000", "c249010000000000000000" },
    { "1(2(3))", "c1c203" }, { "18446744073709551615(0)", "dbffffffffffffffff00" }, { "5 (", NULL },
    { "simple(0)", "e0" }, { "simple(23)", "f7" }, { "simple(255)", "f8ff" }, { "[_ ]", "9fff" }, { "{_ 1: 2}", "bf0102ff" },
    { "(_ 'a', h'62')", "5f41614162ff" }, { "NaN", "f97e00" }, { "NaN_3", "fb7ff8000000000000" },
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    if (cases[i].hex)
      assert_parses(cases[i].diag, cases[i].hex);
}

static void refuses_with_place_and_reason(void **state)
{
  (void)state;
  static const struct {
    const char *diag;
    size_t offset;
    enum gc_err err;
  } cases[] = {
    { "", 0, GC_E_MALFORMED }, { "  ", 2, GC_E_MALFORMED }, { ",", 0, GC_E_MALFORMED }, { "1,,2", 2, GC_E_MALFORMED }, { "1 2", 2, GC_E_MALFORMED },
    { "[1", 2, GC_E_MALFORMED }, { "[1 2]", 3, GC_E_MALFORMED }, { "[,]", 1, GC_E_MALFORMED }, { "]", 0, GC_E_MALFORMED }, { "[1}", 2, GC_E_MALFORMED },
    { "{1}", 2, GC_E_MALFORMED }, { "{1:}", 3, GC_E_MALFORMED }, { "{:1}", 1, GC_E_MALFORMED }, { "\"a", 0, GC_E_MALFORMED },
    { "\"\\x\"", 1, GC_E_MALFORMED }, { "\"\\u12g4\"", 5, GC_E_MALFORMED }, { "\"\\ud800\"", 3, GC_E_MALFORMED }, { "\"\\udc00\"", 3, GC_E_MALFORMED },
    { "\"\\ud800\\u0041\"", 3, GC_E_MALFORMED }, { "\"a\x01\"", 2, GC_E_MALFORMED }, { "\"\xff\"", 0, GC_E_MALFORMED },
    { "h'0'", 3, GC_E_MALFORMED }, { "h'0g'", 3, GC_E_MALFORMED }, { "h'00", 0, GC_E_MALFORMED }, { "b64'A'", 5, GC_E_MALFORMED },
    { "b64'AB'", 6, GC_E_MALFORMED }, { "b64'AA='", 7, GC_E_MALFORMED }, { "b64'A?'", 5, GC_E_MALFORMED }, { "b64'AAA", 0, GC_E_MALFORMED }, { "b6", 0, GC_E_MALFORMED },
    { "1.", 2, GC_E_MALFORMED }, { "1e", 2, GC_E_MALFORMED }, { ".5", 0, GC_E_MALFORMED }, { "+1", 0, GC_E_MALFORMED }, { "--1", 0, GC_E_MALFORMED },
    { "0x", 2, GC_E_MALFORMED }, { "0xg", 2, GC_E_MALFORMED }, { "12a", 2, GC_E_MALFORMED }, { "1e400", 0, GC_E_RANGE },
    { "256_0", 5, GC_E_RANGE }, { "1_", 1, GC_E_MALFORMED }, { "1_4", 1, GC_E_MALFORMED }, { "1.1_1", 0, GC_E_RANGE }, { "1.5_0", 0, GC_E_MALFORMED },
    { "18446744073709551616_3", 0, GC_E_RANGE }, { "18446744073709551616(1)", 0, GC_E_RANGE }, { "-1(1)", 2, GC_E_MALFORMED },
    { "1(2", 3, GC_E_MALFORMED }, { "1()", 2, GC_E_MALFORMED }, { "simple(24)", 7, GC_E_RANGE }, { "simple(256)", 7, GC_E_RANGE },
    { "simple()", 7, GC_E_MALFORMED }, { "simple(1", 8, GC_E_MALFORMED }, { "True", 0, GC_E_MALFORMED }, { "truex", 0, GC_E_MALFORMED },
    { "(_ )", 1, GC_E_MALFORMED }, { "(1)", 1, GC_E_MALFORMED }, { "(_ 1)", 1, GC_E_MALFORMED }, { "(_ \"a\", h'62')", 1, GC_E_MALFORMED },
    { "\"a\"_", 3, GC_E_MALFORMED }, { "/ x", 0, GC_E_MALFORMED }, { "<<1", 3, GC_E_MALFORMED }, { "<<1>", 3, GC_E_MALFORMED },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t bytes[64] = "x";
    struct gc_buf out = { bytes, sizeof bytes, 1 };
    struct gc_where where = { 99, "" };
    enum gc_err err = gc_cbor_from_diag(&out, gc_bytes_str(cases[i].diag), &where);
    if (err != cases[i].err || where.offset != cases[i].offset)
      fail_msg("%s: %s, %s at %zu", cases[i].diag, gc_err_name(err), where.phrase, where.offset);
    assert_int_equal(out.len, 1);
  }
}

static void bounds_depth_and_size(void **state)
{
  (void)state;
  char text[4096];
  uint8_t bytes[4096];
  struct gc_buf out = gc_buf(bytes, sizeof bytes);
  memset(text, '[', 100);
  text[GC_CBOR_MAX_DEPTH] = '1';
  memset(text + GC_CBOR_MAX_DEPTH + 1, ']', GC_CBOR_MAX_DEPTH);
  assert_int_equal(gc_cbor_from_diag(&out, gc_bytes(text, 2 * GC_CBOR_MAX_DEPTH + 1), NULL), GC_OK);
  assert_int_equal(gc_cbor_check(gc_buf_bytes(&out), 0, NULL), GC_OK);
  memset(text, '[', sizeof text);
  out.len = 0;
  assert_int_equal(gc_cbor_from_diag(&out, gc_bytes(text, sizeof text), NULL), GC_E_LIMIT);

  static const char whole[] = "[1, \"ab\", h'0102', {1: 2(3)}, 1.5, <<4>>, (_ 'a'), \"\"_, simple(99), true, 18446744073709551616]";
  out = gc_buf(bytes, sizeof bytes);
  assert_int_equal(gc_cbor_from_diag(&out, gc_bytes_str(whole), NULL), GC_OK);
  for (size_t cap = 0; cap < out.len; cap++) {
    uint8_t small[256];
    struct gc_buf cut = gc_buf(small, cap);
    assert_int_equal(gc_cbor_from_diag(&cut, gc_bytes_str(whole), NULL), GC_E_SPACE);
    assert_int_equal(cut.len, 0);
  }
  for (size_t len = 0; len < strlen(whole); len++) { /* every prefix is refused */
    struct gc_buf cut = gc_buf(bytes, sizeof bytes);
    assert_int_equal(gc_cbor_from_diag(&cut, gc_bytes(whole, len), NULL), GC_E_MALFORMED);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(agrees_with_appendix_a),
    cmocka_unit_test(shows_how_it_is_encoded),
    cmocka_unit_test(escapes_what_a_terminal_could_misread),
    cmocka_unit_test(prints_nothing_of_what_is_damaged),
    cmocka_unit_test(ends_when_the_sink_has_enough),
    cmocka_unit_test(reads_every_notation),
    cmocka_unit_test(refuses_with_place_and_reason),
    cmocka_unit_test(bounds_depth_and_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
