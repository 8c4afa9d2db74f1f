#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/rng.h"
#include "coap/builder.h"
#include "coap/message.h"
#include "iana/options.h"
#include "../lib/hexval.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* RFC 7252, Appendix A, Figures 16 and 17, and messages of every shape */
static void parses_known_messages(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    uint8_t type, code;
    uint16_t mid;
    const char *token, *options, *payload; /* hex */
  } cases[] = {
    { "40017d34 bb74656d7065726174757265", 0, 1, 0x7d34, "-", "bb74656d7065726174757265", "-" },
    { "60457d34 ff 32322e332043", 2, 69, 0x7d34, "-", "-", "32322e332043" },
    { "41017d35 20 bb74656d7065726174757265", 0, 1, 0x7d35, "20", "bb74656d7065726174757265", "-" },
    { "61457d35 20 ff 32322e332043", 2, 69, 0x7d35, "20", "-", "32322e332043" },
    { "70007d35", 3, 0, 0x7d35, "-", "-", "-" },
    { "60000000", 2, 0, 0, "-", "-", "-" },
    { "58010001 0102030405060708", 1, 1, 1, "0102030405060708", "-", "-" },
    { "500100ff ffff", 1, 1, 0xff, "-", "-", "ff" },
    { "5001ffff d00e e0fe00 ff 00", 1, 1, 0xffff, "-", "d00ee0fe00", "00" },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_message message;
    struct gc_where where = { 0, "" };
    enum gc_err err = gc_message_parse(&message, hexval(cases[i].hex), &where);
    if (err)
      fail_msg("%s: %s at %zu", cases[i].hex, where.phrase, where.offset);
    assert_int_equal(message.version, 1);
    assert_int_equal(message.type, cases[i].type);
    assert_int_equal(message.code, cases[i].code);
    assert_int_equal(message.mid, cases[i].mid);
    assert_true(gc_bytes_equal(message.token, hexval(cases[i].token)));
    assert_true(gc_bytes_equal(message.options, hexval(cases[i].options)));
    assert_true(gc_bytes_equal(message.payload, hexval(cases[i].payload)));
  }
}

static void refuses_with_the_place(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    enum gc_err err;
    size_t offset;
    const char *phrase;
  } cases[] = {
    { "-", GC_E_TRUNCATED, 0, "header" },
    { "40", GC_E_TRUNCATED, 1, "header" },
    { "400100", GC_E_TRUNCATED, 3, "header" },
    { "00010000", GC_E_UNSUPPORTED, 0, "version" },
    { "80010000", GC_E_UNSUPPORTED, 0, "version" },
    { "c0010000", GC_E_UNSUPPORTED, 0, "version" },
    { "49010000 000000000000000000", GC_E_MALFORMED, 0, "9 to 12" },
    { "4c010000 000000000000000000000000", GC_E_MALFORMED, 0, "9 to 12" },
    { "4f010000", GC_E_MALFORMED, 0, "15" },
    { "41010000", GC_E_TRUNCATED, 4, "token" },
    { "48010000 00000000000000", GC_E_TRUNCATED, 4, "token" },
    { "4d010000", GC_E_TRUNCATED, 4, "token" },
    { "4d010000 00 00", GC_E_TRUNCATED, 5, "token" },
    { "4e010000 00", GC_E_TRUNCATED, 4, "token" },
    { "4e010000 0000 00", GC_E_TRUNCATED, 6, "token" },
    { "40000000 00", GC_E_MALFORMED, 4, "Empty" },
    { "41000000 00", GC_E_MALFORMED, 4, "Empty" },
    { "40000000 ff", GC_E_MALFORMED, 4, "Empty" },
    { "40010000 ff", GC_E_MALFORMED, 4, "without payload" },
    { "40010000 b161 ff", GC_E_MALFORMED, 6, "without payload" },
    { "40010000 f0", GC_E_MALFORMED, 4, "delta 15" },
    { "40010000 f161", GC_E_MALFORMED, 4, "delta 15" },
    { "40010000 0f", GC_E_MALFORMED, 4, "length 15" },
    { "40010000 b161 1f", GC_E_MALFORMED, 6, "length 15" },
    { "40010000 d0", GC_E_TRUNCATED, 4, "cut off" },
    { "40010000 e000", GC_E_TRUNCATED, 4, "cut off" },
    { "40010000 0d", GC_E_TRUNCATED, 4, "cut off" },
    { "40010000 0e00", GC_E_TRUNCATED, 4, "cut off" },
    { "40010000 dd00", GC_E_TRUNCATED, 4, "cut off" },
    { "40010000 b2 61", GC_E_TRUNCATED, 4, "past the end" },
    { "40010000 bd00 61", GC_E_TRUNCATED, 4, "past the end" },
    { "40010000 0effff 61", GC_E_TRUNCATED, 4, "past the end" },
    /* a delta beyond 65535: libcoap's 16 bits make a small one of it */
    { "40010000 e0fef3", GC_E_MALFORMED, 4, "65535" },
    { "40010000 e0fef4 b161", GC_E_MALFORMED, 4, "65535" },
    { "40010000 e0ffff", GC_E_MALFORMED, 4, "65535" },
    { "40010000 e0fef2 10", GC_E_MALFORMED, 7, "65535" },
    { "40010000 e08000 e08000", GC_E_MALFORMED, 7, "65535" },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_message message;
    struct gc_where where = { 99, "" };
    enum gc_err err = gc_message_parse(&message, hexval(cases[i].hex), &where);
    if (err != cases[i].err || where.offset != cases[i].offset || !strstr(where.phrase, cases[i].phrase))
      fail_msg("%s: %s, %s at %zu", cases[i].hex, gc_err_name(err), where.phrase, where.offset);
    assert_int_equal(gc_message_parse(&message, hexval(cases[i].hex), NULL), cases[i].err);
  }
  struct gc_message message;
  assert_int_equal(gc_message_parse(&message, hexval("40010000 e0fef2"), NULL), GC_OK); /* 65535 itself */
  struct gc_option_iter iter = gc_option_iter(message.options);
  struct gc_option option;
  assert_true(gc_option_next(&iter, &option));
  assert_int_equal(option.number, 65535);
}

/* RFC 8974, Section 2.1 */
static void accepts_long_tokens(void **state)
{
  (void)state;
  static const size_t lengths[] = { 0, 8, 13, 14, 268, 269, 270, 65535, GC_TOKEN_EXT_MAX_LEN };
  static uint8_t datagram[GC_TOKEN_EXT_MAX_LEN + 8];
  for (size_t i = 0; i < COUNT(lengths); i++) {
    const size_t len = lengths[i], extra = len < 13 ? 0 : len < 269 ? 1 : 2;
    struct gc_message message;
    datagram[0] = (uint8_t)(0x50 | (len < 13 ? len : len < 269 ? 13 : 14));
    datagram[1] = 1;
    if (extra == 1)
      datagram[4] = (uint8_t)(len - 13);
    if (extra == 2) {
      datagram[4] = (uint8_t)((len - 269) >> 8);
      datagram[5] = (uint8_t)(len - 269);
    }
    assert_int_equal(gc_message_parse(&message, gc_bytes(datagram, 4 + extra + len), NULL), GC_OK);
    assert_int_equal(message.token.len, len);
    assert_int_equal(message.options.len, 0);
    if (len > 0)
      assert_int_equal(gc_message_parse(&message, gc_bytes(datagram, 3 + extra + len), NULL), GC_E_TRUNCATED);
  }
}

/* A second decoder, written for nothing but this: RFC 7252, Section 3.1, by the letter. */
static bool reference_accepts(struct gc_bytes d, unsigned *count, unsigned *sum)
{
  size_t pos = 4, tkl;
  unsigned number = 0;
  *count = *sum = 0;
  if (d.len < 4 || d.ptr[0] >> 6 != 1)
    return false;
  tkl = d.ptr[0] & 15;
  if (tkl == 13) {
    if (d.len < 5)
      return false;
    tkl = d.ptr[4] + 13u;
    pos = 5;
  } else if (tkl == 14) {
    if (d.len < 6)
      return false;
    tkl = d.ptr[4] * 256u + d.ptr[5] + 269u;
    pos = 6;
  } else if (tkl > 8) {
    return false;
  }
  pos += tkl;
  if (pos > d.len || (d.ptr[1] == 0 && d.len != 4))
    return false;
  while (pos < d.len && d.ptr[pos] != 0xff) {
    unsigned field[2] = { d.ptr[pos] >> 4, d.ptr[pos] & 15u };
    pos++;
    for (int i = 0; i < 2; i++) {
      if (field[i] == 15)
        return false;
      if (field[i] == 13) {
        if (pos + 1 > d.len)
          return false;
        field[i] = 13u + d.ptr[pos];
        pos += 1;
      } else if (field[i] == 14) {
        if (pos + 2 > d.len)
          return false;
        field[i] = 269u + d.ptr[pos] * 256u + d.ptr[pos + 1];
        pos += 2;
      }
    }
    number += field[0];
    if (number > 65535 || pos + field[1] > d.len)
      return false;
    pos += field[1];
    *count += 1;
    *sum += number + field[1];
  }
  return pos == d.len || pos + 1 < d.len;
}

static void agrees_with_a_second_decoder(void **state)
{
  (void)state;
  static const uint8_t tasty[] = { 0x00, 0x0c, 0x0d, 0x0e, 0x0f, 0x1d, 0xb4, 0xc0, 0xcd, 0xd0, 0xdc, 0xdd, 0xde, 0xe0, 0xed, 0xee, 0xf0, 0xfe, 0xff, 0x01, 0x21 };
  uint64_t seed = 7252;
  struct gc_rng rng = gc_rng_seeded(&seed);
  unsigned accepted = 0;
  for (int round = 0; round < 300000; round++) {
    uint8_t bytes[40];
    const size_t len = gc_rng_below(rng, sizeof bytes + 1);
    rng.fill(rng.ctx, bytes, len);
    for (size_t i = 0; i < len; i++) /* mostly the bytes that matter */
      if (gc_rng_below(rng, 3))
        bytes[i] = tasty[bytes[i] % sizeof tasty];
    if (len > 0 && gc_rng_below(rng, 8))
      bytes[0] = (uint8_t)(0x40 | (bytes[0] & 0x33) | (gc_rng_below(rng, 20) == 0 ? 0x0d : 0));
    if (len > 1 && gc_rng_below(rng, 8))
      bytes[1] = 1;
    struct gc_bytes datagram = gc_bytes(bytes, len);
    struct gc_message message;
    unsigned count, sum, got_count = 0, got_sum = 0;
    const bool expected = reference_accepts(datagram, &count, &sum);
    assert_int_equal(gc_message_parse(&message, datagram, NULL) == GC_OK, expected);
    if (!expected)
      continue;
    accepted++;
    struct gc_option_iter iter = gc_option_iter(message.options);
    struct gc_option option;
    for (; gc_option_next(&iter, &option); got_count++)
      got_sum += option.number + (unsigned)option.value.len;
    assert_int_equal(got_count, count);
    assert_int_equal(got_sum, sum);
    assert_int_equal(iter.rest.len, 0);
  }
  assert_true(accepted > 10000); /* it is not only refusing */
}

static void every_prefix_is_safe(void **state)
{
  (void)state;
  struct gc_bytes whole = hexval("44011234 01020304 3d05 6c69676874732e6578616d706c652e636f 8105 64 0d00 61626364656667686970616263 e10100 61 ff 7061796c6f6164");
  size_t ok = 0;
  for (size_t len = 0; len <= whole.len; len++) {
    uint8_t *copy = test_malloc(len ? len : 1);
    struct gc_message message;
    memcpy(copy, whole.ptr, len);
    ok += gc_message_parse(&message, gc_bytes(copy, len), NULL) == GC_OK;
    test_free(copy);
  }
  assert_in_range(ok, 3, 16); /* cuts between options and inside the payload are messages too */
}

static void keeps_what_was_read_before_the_damage(void **state)
{
  (void)state;
  struct gc_message message;
  assert_int_equal(gc_message_parse(&message, hexval("52011234 abcd b161 b162 0f"), NULL), GC_E_MALFORMED);
  assert_int_equal(message.mid, 0x1234);
  assert_true(gc_bytes_equal(message.token, hexval("abcd")));
  assert_true(gc_bytes_equal(message.options, hexval("b161b162")));
  assert_int_equal(message.payload.len, 0);
}

static void finds_options(void **state)
{
  (void)state;
  struct gc_bytes options = hexval("b161 0162 1100 10 30"); /* Uri-Path a, b; Content-Format 0; 13 empty; 16 empty */
  struct gc_option option;
  uint32_t value = 99;
  assert_true(gc_option_find(options, 11, &option));
  assert_true(gc_bytes_equal(option.value, gc_bytes_str("a")));
  assert_true(gc_option_find(options, 16, NULL));
  assert_false(gc_option_find(options, 15, NULL));
  assert_false(gc_option_find(options, 17, NULL));
  assert_true(gc_option_find_uint(options, 12, &value));
  assert_int_equal(value, 0);
  assert_false(gc_option_find_uint(options, 99, &value));
  static const struct {
    const char *hex;
    bool ok;
    uint32_t value;
  } uints[] = { { "-", true, 0 }, { "00", true, 0 }, { "0001", true, 1 }, { "ffffffff", true, 0xffffffff }, { "0000000000ff", true, 255 },
                { "00ffffffff", true, 0xffffffff }, { "0100000000", false, 0 } };
  for (size_t i = 0; i < COUNT(uints); i++) {
    value = 0;
    assert_int_equal(gc_uint_decode(hexval(uints[i].hex), &value), uints[i].ok);
    assert_true(value == uints[i].value);
  }
}

static void judges_single_options(void **state)
{
  (void)state;
  static const struct {
    uint16_t number;
    const char *value; /* hex */
    unsigned repeats;
    bool usable;
  } cases[] = {
    { 3, "61", 0, true },    { 3, "-", 0, false },     { 3, "61", 1, false },     { 3, "ff", 0, false },
    { 11, "-", 5, true },    { 11, "c3a4", 0, true },  { 11, "c3", 0, false },    { 5, "-", 0, true },      { 5, "00", 0, false },
    { 6, "ffffff", 0, true }, { 6, "00000001", 0, false }, { 12, "ffff", 0, true }, { 12, "010000", 0, false }, { 4, "-", 0, false },
    { 4, "0102030405060708", 3, true }, { 4, "010203040506070809", 0, false }, { 7, "1633", 0, true }, { 9999, "-", 0, false }, { 252, "-", 0, false },
    { 258, "1a", 0, true },  { 258, "001a", 0, false }, { 16, "-", 0, false },    { 16, "10", 0, true },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_option option = { cases[i].number, hexval(cases[i].value) };
    if ((gc_option_check(&option, cases[i].repeats) == NULL) != cases[i].usable)
      fail_msg("%u=%s", cases[i].number, cases[i].value);
  }
}

/* RFC 7252, Sections 5.4.1, 5.4.3 and 5.4.5 */
static void finds_the_first_unusable_option(void **state)
{
  (void)state;
  static const uint16_t only_path[] = { 11, 0 };
  static const struct {
    const char *options;
    const uint16_t *known;
    uint16_t number;
  } cases[] = {
    { "-", NULL, 0 },
    { "b161", NULL, 0 },
    { "b161", only_path, 0 },
    { "b16146 0102030405ff", only_path, 15 },       /* Uri-Query is critical and not in the list */
    { "3161 0162 8161", NULL, 3 },                  /* Uri-Host twice */
    { "31ff", NULL, 3 },                            /* not UTF-8 */
    { "e016f5", NULL, 0 },                          /* 6146: unknown, elective */
    { "e016f4", NULL, 6145 },                       /* unknown, critical */
    { "c3010203", NULL, 0 },                        /* Content-Format too long: elective, to be ignored */
    { "d304010203", NULL, 17 },                     /* Accept too long: critical */
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_int_equal(gc_options_first_unusable(hexval(cases[i].options), cases[i].known), cases[i].number);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(parses_known_messages),
    cmocka_unit_test(refuses_with_the_place),
    cmocka_unit_test(accepts_long_tokens),
    cmocka_unit_test(agrees_with_a_second_decoder),
    cmocka_unit_test(every_prefix_is_safe),
    cmocka_unit_test(keeps_what_was_read_before_the_damage),
    cmocka_unit_test(finds_options),
    cmocka_unit_test(judges_single_options),
    cmocka_unit_test(finds_the_first_unusable_option),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
