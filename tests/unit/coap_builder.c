#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/rng.h"
#include "coap/builder.h"
#include "../lib/hexval.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* RFC 7252, Appendix A, Figures 16 and 17 */
static void builds_known_messages(void **state)
{
  (void)state;
  uint8_t store[64];
  struct gc_bytes out;
  struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_CON, 1, 0x7d35, hexval("20"));
  gc_builder_add_str(&builder, 11, "temperature");
  assert_int_equal(gc_builder_finish(&builder, &out), GC_OK);
  assert_true(gc_bytes_equal(out, hexval("41017d3520bb74656d7065726174757265")));
  builder = gc_builder_message(store, sizeof store, GC_TYPE_ACK, 69, 0x7d34, gc_bytes(NULL, 0));
  gc_builder_payload(&builder, gc_bytes_str("22.3 C"));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_OK);
  assert_true(gc_bytes_equal(out, hexval("60457d34ff32322e332043")));
  builder = gc_builder_body(store, sizeof store, 5);
  gc_builder_add_uint(&builder, 12, 60);
  gc_builder_payload(&builder, hexval("80"));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_OK);
  assert_true(gc_bytes_equal(out, hexval("05c13cff80")));
  builder = gc_builder_options(store, sizeof store);
  gc_builder_payload(&builder, gc_bytes(NULL, 0));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_OK);
  assert_int_equal(out.len, 0);
}

static void encodes_every_length_boundary(void **state)
{
  (void)state;
  static const uint32_t edges[] = { 0, 1, 12, 13, 14, 23, 24, 255, 256, 268, 269, 270, 65534, 65535 };
  static uint8_t value[65536], store[70000];
  for (size_t d = 0; d < COUNT(edges); d++)
    for (size_t l = 0; l < COUNT(edges); l++) {
      const size_t header = 1u + (edges[d] < 13 ? 0u : edges[d] < 269 ? 1u : 2u) + (edges[l] < 13 ? 0u : edges[l] < 269 ? 1u : 2u);
      for (int missing = 0; missing < 2; missing++) {
        struct gc_builder builder = gc_builder_options(store, header + edges[l] - (size_t)missing);
        struct gc_bytes out;
        gc_builder_add(&builder, (uint16_t)edges[d], gc_bytes(value, edges[l]));
        assert_int_equal(gc_builder_finish(&builder, &out), missing ? GC_E_SPACE : GC_OK);
        if (missing)
          continue;
        struct gc_option_iter iter = gc_option_iter(out);
        struct gc_option option;
        assert_int_equal(out.len, header + edges[l]);
        assert_true(gc_option_next(&iter, &option));
        assert_int_equal(option.number, edges[d]);
        assert_int_equal(option.value.len, edges[l]);
        assert_false(gc_option_next(&iter, &option));
      }
    }
  struct gc_builder builder = gc_builder_options(store, sizeof store);
  struct gc_bytes out;
  gc_builder_add(&builder, 1, gc_bytes(value, 65536));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_E_RANGE);
}

/* Added in any order, it comes out as from a stable sort. */
static void sorts_whatever_the_order(void **state)
{
  (void)state;
  enum { MAX = 24 };
  uint64_t seed = 11;
  struct gc_rng rng = gc_rng_seeded(&seed);
  for (int round = 0; round < 20000; round++) {
    struct {
      uint16_t number;
      uint8_t len, tag;
    } added[MAX], key;
    uint8_t store[4096], sorted_store[4096], value[300];
    struct gc_bytes out, sorted;
    const size_t count = gc_rng_below(rng, MAX + 1);
    struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_NON, 1, 7, gc_bytes("tok", gc_rng_below(rng, 4)));
    const size_t start = builder.buf.len;
    for (size_t i = 0; i < count; i++) {
      static const uint16_t steps[] = { 3, 30, 300, 3000, 65535 };
      added[i].number = (uint16_t)gc_rng_below(rng, steps[gc_rng_below(rng, 5)]);
      added[i].len = (uint8_t)gc_rng_below(rng, gc_rng_below(rng, 4) ? 16 : 100);
      added[i].tag = (uint8_t)i;
      memset(value, added[i].tag, sizeof value);
      gc_builder_add(&builder, added[i].number, gc_bytes(value, added[i].len));
    }
    gc_builder_payload(&builder, gc_bytes_str("p"));
    assert_int_equal(gc_builder_finish(&builder, &out), GC_OK);
    for (size_t i = 1; i < count; i++) { /* insertion sort: stable */
      size_t k = i;
      for (key = added[i]; k > 0 && added[k - 1].number > key.number; k--)
        added[k] = added[k - 1];
      added[k] = key;
    }
    struct gc_builder reference = gc_builder_options(sorted_store, sizeof sorted_store);
    for (size_t i = 0; i < count; i++) {
      memset(value, added[i].tag, sizeof value);
      gc_builder_add(&reference, added[i].number, gc_bytes(value, added[i].len));
    }
    gc_builder_payload(&reference, gc_bytes_str("p"));
    assert_int_equal(gc_builder_finish(&reference, &sorted), GC_OK);
    assert_true(gc_bytes_equal(gc_bytes_slice(out, start, SIZE_MAX), sorted));
    struct gc_message message;
    assert_int_equal(gc_message_parse(&message, out, NULL), GC_OK);
  }
}

static void inserts_only_where_it_fits(void **state)
{
  (void)state;
  for (size_t cap = 0; cap < 12; cap++) {
    uint8_t store[16];
    struct gc_bytes out;
    memset(store, 0xee, sizeof store);
    struct gc_builder builder = gc_builder_options(store, cap);
    gc_builder_add_str(&builder, 300, "abc"); /* e3 001f … : 6 bytes */
    gc_builder_add_str(&builder, 20, "xy");   /* d2 07 …: 4 bytes, and 300 then has delta 280: 3 bytes of header as before */
    assert_int_equal(gc_builder_finish(&builder, &out), cap < 10 ? GC_E_SPACE : GC_OK);
    for (size_t i = cap; i < sizeof store; i++)
      assert_int_equal(store[i], 0xee); /* never a byte beyond */
    if (cap >= 10)
      assert_true(gc_bytes_equal(out, hexval("d2077879 e3000b616263")));
  }
}

static void encodes_uints_in_the_shortest_form(void **state)
{
  (void)state;
  static const struct {
    uint32_t value;
    const char *hex;
  } cases[] = { { 0, "-" }, { 1, "01" }, { 255, "ff" }, { 256, "0100" }, { 65535, "ffff" }, { 65536, "010000" }, { 0xffffff, "ffffff" },
                { 0x1000000, "01000000" }, { 0xffffffff, "ffffffff" } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t out[4];
    assert_true(gc_bytes_equal(gc_bytes(out, gc_uint_encode(out, cases[i].value)), hexval(cases[i].hex)));
    uint32_t back;
    assert_true(gc_uint_decode(hexval(cases[i].hex), &back));
    assert_int_equal(back, cases[i].value);
  }
}

static void copies_whole_lists(void **state)
{
  (void)state;
  uint8_t store[64];
  struct gc_bytes out, list = hexval("b161 0162 13000000");
  struct gc_builder builder = gc_builder_options(store, sizeof store);
  gc_builder_add_uint(&builder, 17, 60);
  gc_builder_add_all(&builder, list);
  assert_int_equal(gc_builder_finish(&builder, &out), GC_OK);
  assert_true(gc_bytes_equal(out, hexval("b161 0162 13000000 513c")));
}

static void reports_the_first_error(void **state)
{
  (void)state;
  uint8_t store[32];
  struct gc_bytes out = { NULL, 77 };
  struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_CON, 1, 1, hexval("010203040506070809"));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_E_RANGE);
  builder = gc_builder_message(store, 4, GC_TYPE_CON, 1, 1, hexval("01"));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_E_SPACE);
  builder = gc_builder_message(store, 3, GC_TYPE_CON, 1, 1, hexval("-"));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_E_SPACE);
  builder = gc_builder_body(store, 0, 1);
  assert_int_equal(gc_builder_finish(&builder, &out), GC_E_SPACE);
  builder = gc_builder_options(store, sizeof store);
  gc_builder_payload(&builder, gc_bytes_str("a"));
  gc_builder_add_uint(&builder, 1, 1);
  gc_builder_payload(&builder, gc_bytes_str("b"));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_E_STATE);
  builder = gc_builder_options(store, sizeof store);
  gc_builder_payload(&builder, gc_bytes_str("a"));
  gc_builder_payload(&builder, gc_bytes_str("b"));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_E_STATE);
  builder = gc_builder_options(store, 4);
  gc_builder_payload(&builder, gc_bytes_str("abcd"));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_E_SPACE);
  assert_int_equal(out.len, 77);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(builds_known_messages),
    cmocka_unit_test(encodes_every_length_boundary),
    cmocka_unit_test(sorts_whatever_the_order),
    cmocka_unit_test(inserts_only_where_it_fits),
    cmocka_unit_test(encodes_uints_in_the_shortest_form),
    cmocka_unit_test(copies_whole_lists),
    cmocka_unit_test(reports_the_first_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
