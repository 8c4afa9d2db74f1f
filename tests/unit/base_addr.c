#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/addr.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct gc_addr addr(const char *text)
{
  struct gc_addr out;
  struct gc_where where = { 0, "" };
  struct gc_bytes zone;
  if (gc_addr_parse(&out, gc_bytes_str(text), 5683, &zone, &where) != GC_OK)
    fail_msg("%s: %s at %zu", text, where.phrase, where.offset);
  return out;
}

static void parses_and_formats(void **state)
{
  (void)state;
  static const struct {
    const char *text, *formatted, *host, *zone;
  } cases[] = {
    { "192.0.2.1", "192.0.2.1:5683", "192.0.2.1", "" },
    { "192.0.2.1:1", "192.0.2.1:1", "192.0.2.1", "" },
    { "192.0.2.1:65535", "192.0.2.1:65535", "192.0.2.1", "" },
    { "::", "[::]:5683", "::", "" },
    { "2001:db8::1", "[2001:db8::1]:5683", "2001:db8::1", "" },
    { "[2001:DB8::1]", "[2001:db8::1]:5683", "2001:db8::1", "" },
    { "[2001:db8::1]:61616", "[2001:db8::1]:61616", "2001:db8::1", "" },
    { "fe80::1%eth0", "[fe80::1]:5683", "fe80::1", "eth0" },
    { "[ff02::fd%25x]:7", "[ff02::fd]:7", "ff02::fd", "25x" },
    { "224.0.1.187%lo:9", "224.0.1.187:9", "224.0.1.187", "lo" },
    { "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:5683", "::ffff:192.0.2.1", "" },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    char text[GC_ADDR_STR_MAX];
    struct gc_addr out;
    struct gc_bytes zone;
    assert_int_equal(gc_addr_parse(&out, gc_bytes_str(cases[i].text), 5683, &zone, NULL), GC_OK);
    assert_string_equal(gc_addr_format(text, &out), cases[i].formatted);
    assert_string_equal(gc_addr_format_host(text, &out), cases[i].host);
    assert_true(gc_bytes_equal(zone, gc_bytes_str(cases[i].zone)));
    assert_int_equal(gc_addr_parse(&out, gc_bytes_str(cases[i].text), 5683, NULL, NULL), cases[i].zone[0] ? GC_E_MALFORMED : GC_OK);
  }
  char text[GC_ADDR_STR_MAX];
  struct gc_addr scoped = addr("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"), none = { 0 };
  scoped.zone = UINT32_MAX;
  scoped.port = 65535;
  assert_string_equal(gc_addr_format(text, &scoped), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
  assert_string_equal(gc_addr_format_host(text, &none), "-");
}

static void refuses_with_the_place(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    enum gc_err err;
    size_t offset;
  } cases[] = {
    { "", GC_E_MALFORMED, 0 }, { "host", GC_E_MALFORMED, 0 }, { "192.0.2", GC_E_MALFORMED, 0 }, { "192.0.2.256", GC_E_MALFORMED, 0 },
    { "010.0.0.1", GC_E_MALFORMED, 0 }, { "192.0.2.1:", GC_E_MALFORMED, 10 }, { "192.0.2.1:0", GC_E_RANGE, 10 }, { "192.0.2.1:65536", GC_E_RANGE, 10 },
    { "192.0.2.1:123456", GC_E_MALFORMED, 10 }, { "192.0.2.1:1x", GC_E_MALFORMED, 11 }, { ":5683", GC_E_MALFORMED, 0 }, { "[::1", GC_E_MALFORMED, 4 },
    { "[]", GC_E_MALFORMED, 1 }, { "[::1]5", GC_E_MALFORMED, 5 }, { "[::1]:", GC_E_MALFORMED, 6 }, { "[192.0.2.1]", GC_E_MALFORMED, 1 },
    { "fe80::1%", GC_E_MALFORMED, 7 }, { "%eth0", GC_E_MALFORMED, 0 }, { ":::", GC_E_MALFORMED, 0 },
    { "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:1:2:3:4:5:6:7:8:9:0:1:2:3:4:5", GC_E_MALFORMED, 0 },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_addr out = { .port = 77 };
    struct gc_bytes zone;
    struct gc_where where = { 99, "" };
    enum gc_err err = gc_addr_parse(&out, gc_bytes_str(cases[i].text), 1, &zone, &where);
    if (err != cases[i].err || where.offset != cases[i].offset)
      fail_msg("%s: %s, %s at %zu", cases[i].text, gc_err_name(err), where.phrase, where.offset);
    assert_int_equal(out.port, 77);
  }
  struct gc_addr out;
  assert_int_equal(gc_addr_parse(&out, gc_bytes("1.2.3.4\0x", 9), 1, NULL, NULL), GC_E_MALFORMED);
}

static void tells_kinds(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    bool multicast, any, link_local;
  } cases[] = {
    { "223.255.255.255", false, false, false }, { "224.0.0.1", true, false, true }, { "224.0.1.187", true, false, false },
    { "239.255.255.255", true, false, false }, { "240.0.0.1", false, false, false }, { "0.0.0.0", false, true, false }, { "169.254.1.1", false, false, true },
    { "::", false, true, false }, { "::1", false, false, false }, { "fe80::1", false, false, true }, { "febf::1", false, false, true },
    { "fec0::1", false, false, false }, { "ff02::fd", true, false, true }, { "ff32::1", true, false, true }, { "ff05::fd", true, false, false },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_addr a = addr(cases[i].text);
    assert_int_equal(gc_addr_is_multicast(&a), cases[i].multicast);
    assert_int_equal(gc_addr_is_any(&a), cases[i].any);
    assert_int_equal(gc_addr_is_link_local(&a), cases[i].link_local);
  }
}

static void compares_and_hashes(void **state)
{
  (void)state;
  struct gc_addr a = addr("192.0.2.1:1"), b = addr("192.0.2.1:2"), c = addr("192.0.2.2:1"), d = addr("[::1]:1"), e = addr("fe80::1"), f = e;
  assert_true(gc_addr_equal(&a, &a));
  assert_false(gc_addr_equal(&a, &b));
  assert_true(gc_addr_same_host(&a, &b));
  assert_false(gc_addr_same_host(&a, &c));
  assert_true(gc_addr_compare(&a, &b) < 0 && gc_addr_compare(&b, &a) > 0 && gc_addr_compare(&a, &a) == 0);
  assert_true(gc_addr_compare(&b, &c) < 0);
  assert_true(gc_addr_compare(&c, &d) < 0);
  e.zone = 1;
  assert_true(gc_addr_equal(&e, &f)); /* one of them knows no zone */
  f.zone = 2;
  assert_false(gc_addr_equal(&e, &f));
  f.zone = 1;
  assert_true(gc_addr_equal(&e, &f));
  assert_true(gc_addr_hash(&e, 7) == gc_addr_hash(&f, 7));
  /* members at consecutive addresses and ports: no collisions to speak of */
  static uint8_t seen[1 << 16];
  unsigned collisions = 0;
  for (uint32_t i = 0; i < 4096; i++) {
    struct gc_addr m = gc_addr_plus(&a, i);
    m.port = (uint16_t)(5683 + i % 3);
    uint64_t h = gc_addr_hash(&m, 0x1234567890abcdefULL) & 0xffff;
    collisions += seen[h];
    seen[h] = 1;
  }
  assert_true(collisions < 300); /* 126 are to be expected of a random function */
}

static void counts_on(void **state)
{
  (void)state;
  static const struct {
    const char *from;
    uint32_t count;
    const char *to;
  } cases[] = { { "127.0.0.2", 0, "127.0.0.2" }, { "127.0.0.255", 1, "127.0.1.0" }, { "127.0.0.1", 65536, "127.1.0.1" }, { "255.255.255.255", 1, "0.0.0.0" },
                { "2001:db8::ffff", 1, "2001:db8::1:0" }, { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, "::" }, { "::", UINT32_MAX, "::ffff:ffff" } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_addr from = addr(cases[i].from), to = addr(cases[i].to), got = gc_addr_plus(&from, cases[i].count);
    assert_true(gc_addr_equal(&got, &to));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(parses_and_formats),
    cmocka_unit_test(refuses_with_the_place),
    cmocka_unit_test(tells_kinds),
    cmocka_unit_test(compares_and_hashes),
    cmocka_unit_test(counts_on),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
