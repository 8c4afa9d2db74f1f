#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include <math.h>
#include <stdlib.h>

#include "base/hex.h"
#include "cbor/float.h"
#include "cbor/reader.h"
#include "cbor/writer.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void write_all(struct gc_cbor_writer *writer)
{
  gc_cbor_array(writer, 14);
  gc_cbor_uint(writer, 24);
  gc_cbor_int(writer, -500);
  gc_cbor_nint(writer, UINT64_MAX);
  gc_cbor_bytes(writer, gc_bytes("\x01\x02", 2));
  gc_cbor_text(writer, gc_bytes_str("a"));
  gc_cbor_str(writer, "");
  gc_cbor_map(writer, 1);
  gc_cbor_bool(writer, true);
  gc_cbor_bool(writer, false);
  gc_cbor_tag(writer, 16);
  gc_cbor_null(writer);
  gc_cbor_undefined(writer);
  gc_cbor_simple(writer, 255);
  gc_cbor_float(writer, 1.5);
  gc_cbor_float(writer, 100000.0);
  gc_cbor_float(writer, 1.1);
  gc_cbor_raw(writer, gc_bytes("\x82\x01\x02", 3));
}

static void writes_the_preferred_form(void **state)
{
  (void)state;
  static const char expected[] = "8e18183901f33bffffffffffffffff420102616160a1f5f4d0f6f7f8fff93e00fa47c35000fb3ff199999999999a820102";
  uint8_t store[128];
  char text[257];
  const size_t need = strlen(expected) / 2;
  for (size_t cap = 0; cap <= need; cap++) { /* every size too small leaves the buffer as it was */
    struct gc_buf out = gc_buf(store, cap);
    struct gc_cbor_writer writer = gc_cbor_writer(&out);
    write_all(&writer);
    assert_int_equal(gc_cbor_finish(&writer), cap < need ? GC_E_SPACE : GC_OK);
    assert_int_equal(out.len, cap < need ? 0 : need);
  }
  assert_string_equal(gc_hex_encode(text, gc_bytes(store, need)), expected);
  assert_int_equal(gc_cbor_check(gc_bytes(store, need), GC_CBOR_CHECK_DETERMINISTIC, NULL), GC_OK);
}

static void writes_numbers_at_every_boundary(void **state)
{
  (void)state;
  static const struct {
    uint64_t value;
    const char *hex;
  } cases[] = { { 0, "00" }, { 23, "17" }, { 24, "1818" }, { 255, "18ff" }, { 256, "190100" }, { 65535, "19ffff" }, { 65536, "1a00010000" },
                { UINT32_MAX, "1affffffff" }, { (uint64_t)UINT32_MAX + 1, "1b0000000100000000" }, { UINT64_MAX, "1bffffffffffffffff" } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t store[16];
    char text[33];
    struct gc_buf out = gc_buf(store, sizeof store);
    struct gc_cbor_writer writer = gc_cbor_writer(&out);
    gc_cbor_uint(&writer, cases[i].value);
    assert_int_equal(gc_cbor_finish(&writer), GC_OK);
    assert_string_equal(gc_hex_encode(text, gc_buf_bytes(&out)), cases[i].hex);
    out.len = 0;
    gc_cbor_nint(&writer, cases[i].value);
    assert_int_equal(store[0], (uint8_t)(0x20 | strtoul((char[]){ cases[i].hex[0], cases[i].hex[1], 0 }, NULL, 16)));
    out.len = 0;
    gc_cbor_head(&writer, 0, cases[i].value, gc_cbor_width(cases[i].value));
    assert_string_equal(gc_hex_encode(text, gc_buf_bytes(&out)), cases[i].hex);
  }
}

static void writes_floats_that_read_the_same(void **state)
{
  (void)state;
  static const struct {
    double value;
    uint8_t width;
  } cases[] = { { 0.0, 2 }, { 65504.0, 2 }, { 65505.0, 4 }, { 65536.0, 4 }, { 5.960464477539063e-8, 2 }, { 2.98023223876953125e-8, 4 },
                { 6.103515625e-5, 2 }, { 6.097555160522461e-5, 2 }, { 6.1005353927612305e-5, 4 }, { 3.4028234663852886e38, 4 }, { 3.5e38, 8 },
                { 1.401298464324817e-45, 4 }, { 7e-46, 8 }, { 1e300, 8 }, { 0.1, 8 }, { 1e-320, 8 }, { (double)INFINITY, 2 } };
  for (size_t i = 0; i < COUNT(cases); i++)
    for (int sign = 0; sign < 2; sign++) {
      uint8_t store[16];
      const double value = sign ? -cases[i].value : cases[i].value;
      double back = 0;
      struct gc_buf out = gc_buf(store, sizeof store);
      struct gc_cbor_writer writer = gc_cbor_writer(&out);
      gc_cbor_float(&writer, value);
      assert_int_equal(gc_cbor_finish(&writer), GC_OK);
      assert_int_equal(out.len, 1 + cases[i].width);
      struct gc_cbor_reader reader = gc_cbor_reader(gc_buf_bytes(&out));
      assert_int_equal(gc_cbor_read_float(&reader, &back), GC_OK);
      assert_true(back == value && signbit(back) == signbit(value));
    }
  for (unsigned half = 0; half < 65536; half++) { /* each half comes out as it went in */
    const uint8_t bytes[3] = { 0xf9, (uint8_t)(half >> 8), (uint8_t)half };
    struct gc_cbor_reader reader = gc_cbor_reader(gc_bytes(bytes, 3));
    uint8_t store[16];
    double value;
    struct gc_buf out = gc_buf(store, sizeof store);
    struct gc_cbor_writer writer = gc_cbor_writer(&out);
    assert_int_equal(gc_cbor_read_float(&reader, &value), GC_OK);
    gc_cbor_float(&writer, value);
    assert_int_equal(gc_cbor_finish(&writer), GC_OK);
    if (isnan(value))
      assert_memory_equal(store, "\xf9\x7e\x00", 3);
    else
      assert_memory_equal(store, bytes, 3);
  }
}

static void refuses_what_does_not_fit(void **state)
{
  (void)state;
  for (int i = 0; i < 6; i++) {
    uint8_t store[16] = "x";
    struct gc_buf out = { store, sizeof store, 1 };
    struct gc_cbor_writer writer = gc_cbor_writer(&out);
    gc_cbor_null(&writer);
    if (i == 0)
      gc_cbor_simple(&writer, 24);
    else if (i == 1)
      gc_cbor_simple(&writer, 31);
    else if (i == 2)
      gc_cbor_head(&writer, 0, 24, 0);
    else if (i == 3)
      gc_cbor_head(&writer, 0, 1, 3);
    else if (i == 4)
      gc_cbor_head(&writer, 8, 1, 1);
    else
      gc_cbor_float_in(&writer, 1.1, 4);
    gc_cbor_null(&writer);
    assert_int_equal(gc_cbor_finish(&writer), GC_E_RANGE);
    assert_int_equal(out.len, 1);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(writes_the_preferred_form),
    cmocka_unit_test(writes_numbers_at_every_boundary),
    cmocka_unit_test(writes_floats_that_read_the_same),
    cmocka_unit_test(refuses_what_does_not_fit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
