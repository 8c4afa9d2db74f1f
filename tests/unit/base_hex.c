#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/hex.h"

static void encodes_every_byte(void **state)
{
  (void)state;
  const uint8_t bytes[] = { 0x00, 0x0f, 0xf0, 0xff, 0xa5 };
  char text[11];
  assert_string_equal(gc_hex_encode(text, gc_bytes(bytes, 5)), "000ff0ffa5");
  assert_string_equal(gc_hex_encode(text, gc_bytes(NULL, 0)), "");
}

static void decodes_with_separators(void **state)
{
  (void)state;
  uint8_t store[8];
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_hex_decode(&out, "0x44 02:aB-Ff", 13, NULL), GC_OK);
  assert_int_equal(out.len, 4);
  assert_memory_equal(store, "\x44\x02\xab\xff", 4);
}

static void refuses_with_the_place(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    size_t offset;
    enum gc_err err;
  } cases[] = { { "44g0", 2, GC_E_MALFORMED }, { "440", 3, GC_E_MALFORMED }, { "4 4", 1, GC_E_MALFORMED }, { "001122", 4, GC_E_SPACE } };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t store[2];
    struct gc_buf out = gc_buf(store, sizeof store);
    struct gc_where where = { 99, "" };
    assert_int_equal(gc_hex_decode(&out, cases[i].text, strlen(cases[i].text), &where), cases[i].err);
    assert_int_equal(where.offset, cases[i].offset);
    assert_int_equal(out.len, 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(encodes_every_byte),
    cmocka_unit_test(decodes_with_separators),
    cmocka_unit_test(refuses_with_the_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
