#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "common/coap_option.h"
#include "iana/names.h"
#include "iana/options.h"

static void options_by_name_and_number(void **state)
{
  (void)state;
  static const struct {
    const char *text, *bytes; /* the encoded option */
    size_t len;
  } cases[] = {
    { "Max-Age=60", "\xd1\x01\x3c", 3 },
    { "max-age=0", "\xd0\x01", 2 },
    { "14=0x3c", "\xd1\x01\x3c", 3 },
    { "14,60", "\xd1\x01\x3c", 3 },
    { "ETag=0x0a0b", "\x42\x0a\x0b", 3 },
    { "ETag=ab", "\x42" "ab", 3 },
    { "If-None-Match", "\x50", 1 },
    { "Uri-Query=a=b,c", "\xd5\x02" "a=b,c", 7 },
    { "Uri-Path=0x41", "\xb4" "0x41", 5 },
    { "Accept=cbor", "\xd1\x04\x3c", 3 },
    { "Accept=65535", "\xd2\x04\xff\xff", 4 },
    { "Content-Format=0", "\xc0", 1 },
    { "65000=0xff", "\xe1\xfc\xdb\xff", 4 },
    { "65000=x", "\xe1\xfc\xdbx", 4 },
    { "65000", "\xe0\xfc\xdb", 3 },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t store[64];
    struct gc_bytes out;
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    const char *wrong = gc_coap_option_add(&builder, cases[i].text);
    if (wrong)
      fail_msg("%s: %s", cases[i].text, wrong);
    assert_int_equal(gc_builder_finish(&builder, &out), GC_OK);
    assert_int_equal(out.len, cases[i].len);
    assert_memory_equal(out.ptr, cases[i].bytes, out.len);
  }
}

static void wrong_options_are_named(void **state)
{
  (void)state;
  static const struct {
    const char *text, *why;
  } cases[] = {
    { "", "no option of the name ; accepted: a number, or If-Match" },
    { "Uri-Pfad=x", "no option of the name Uri-Pfad; accepted: a number, or If-Match" },
    { "=x", "no option of the name ; accepted" },
    { "0=x", "an option number is 1 to 65535" },
    { "65536=x", "an option number is 1 to 65535" },
    { "12x=1", "an option number is 1 to 65535" },
    { "Max-Age=abc", "" },
    { "Max-Age=4294967296", "" },
    { "Hop-Limit=", "" },
    { "Content-Format=65536", "" },
    { "ETag=0x0", "a second hexadecimal digit is missing" },
    { "ETag=0x001122334455667788", "" },
    { "ETag=", "" },
    { "If-None-Match=1", "the option has no value" },
    { "Observe=0", "Observe is set by --observe" },
    { "23=0/0/64", "block options are set by the exchange" },
    { "Size1=5", "block options are set by the exchange" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t store[64];
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    const char *wrong = gc_coap_option_add(&builder, cases[i].text);
    if (!wrong || strncmp(wrong, cases[i].why, strlen(cases[i].why)) != 0)
      fail_msg("%s: %s", cases[i].text, wrong ? wrong : "accepted");
    assert_int_equal(builder.buf.len, 0);
  }
}

static void too_many_options_do_not_fit(void **state)
{
  (void)state;
  uint8_t store[16];
  struct gc_builder builder = gc_builder_options(store, sizeof store);
  assert_null(gc_coap_option_add(&builder, "Uri-Query=1234567890"));
  assert_string_equal(gc_coap_option_add(&builder, "Uri-Query=1234567890"), "the options are too long together");
}

/* @req A33 */
static void no_response_in_words(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    int bits;
  } cases[] = { { "none", 0 }, { "success", 2 }, { "2.xx", 2 }, { "2.XX", 2 }, { "4.xx", 8 }, { "5.xx", 16 }, { "errors", 24 }, { "all", 26 },
                { "2.xx,5.xx", 18 }, { "none,errors", 24 }, { "26", 26 }, { "0", 0 }, { "127", 127 } };
  static const char *const wrong[] = { "", "3.xx", "128", "none,", ",none", "err", "2.xx 4.xx", "-1" };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int bits = -1;
    assert_null(gc_no_response_arg(&bits, cases[i].text));
    assert_int_equal(bits, cases[i].bits);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    int bits = -1;
    assert_non_null(gc_no_response_arg(&bits, wrong[i]));
    assert_int_equal(bits, -1);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(options_by_name_and_number),
    cmocka_unit_test(wrong_options_are_named),
    cmocka_unit_test(too_many_options_do_not_fit),
    cmocka_unit_test(no_response_in_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
