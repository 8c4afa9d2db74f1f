#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "coap/block.h"
#include "iana/options.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void decodes_and_encodes_values(void **state)
{
  (void)state;
  static const struct {
    const char *value;
    size_t len;
    struct gc_block block;
  } cases[] = {
    { "", 0, { 0, false, 0 } },
    { "\x06", 1, { 0, false, 6 } },
    { "\x0e", 1, { 0, true, 6 } },
    { "\xf2", 1, { 15, false, 2 } },
    { "\x01\x08", 2, { 16, true, 0 } },
    { "\xff\xfe", 2, { 4095, true, 6 } },
    { "\x01\x00\x06", 3, { 4096, false, 6 } },
    { "\xff\xff\xfe", 3, { 0xfffff, true, 6 } },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_block block = { 9, true, 9 };
    uint8_t store[16];
    struct gc_option option;
    struct gc_bytes options;
    assert_int_equal(gc_block_decode(&block, gc_bytes(cases[i].value, cases[i].len)), GC_OK);
    assert_int_equal(block.num, cases[i].block.num);
    assert_int_equal(block.more, cases[i].block.more);
    assert_int_equal(block.szx, cases[i].block.szx);
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    gc_builder_add_block(&builder, GC_OPTION_BLOCK2, block);
    assert_int_equal(gc_builder_finish(&builder, &options), GC_OK);
    assert_true(gc_option_find(options, GC_OPTION_BLOCK2, &option));
    assert_true(gc_bytes_equal(option.value, gc_bytes(cases[i].value, cases[i].len)));
    assert_int_equal(gc_block_find(&block, options, GC_OPTION_BLOCK2), GC_OK);
    assert_int_equal(gc_block_find(&block, options, GC_OPTION_BLOCK1), GC_E_NOT_FOUND);
  }
  /* a leading zero is no reason to refuse (RFC 7252, Section 3.2) */
  struct gc_block block;
  assert_int_equal(gc_block_decode(&block, gc_bytes("\x00\x16", 2)), GC_OK);
  assert_int_equal(block.num, 1);
}

static void refuses_what_is_reserved(void **state)
{
  (void)state;
  struct gc_block block = { 1, false, 1 };
  assert_int_equal(gc_block_decode(&block, gc_bytes("\x07", 1)), GC_E_MALFORMED);
  assert_int_equal(gc_block_decode(&block, gc_bytes("\xff\xff\xff", 3)), GC_E_MALFORMED);
  assert_int_equal(gc_block_decode(&block, gc_bytes("\x00\x00\x00\x06", 4)), GC_E_RANGE);
  assert_int_equal(block.num, 1);
  static const struct gc_block bad[] = { { 0, false, 7 }, { 0x100000, false, 6 } };
  for (size_t i = 0; i < COUNT(bad); i++) {
    uint8_t store[16];
    struct gc_bytes options;
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    gc_builder_add_block(&builder, GC_OPTION_BLOCK1, bad[i]);
    assert_int_equal(gc_builder_finish(&builder, &options), GC_E_RANGE);
  }
}

static void chooses_and_changes_sizes(void **state)
{
  (void)state;
  static const struct {
    size_t max;
    uint8_t szx;
  } sizes[] = { { 0, 0 }, { 16, 0 }, { 31, 0 }, { 32, 1 }, { 1023, 5 }, { 1024, 6 }, { 65535, 6 } };
  for (size_t i = 0; i < COUNT(sizes); i++)
    assert_int_equal(gc_block_szx_for(sizes[i].max), sizes[i].szx);

  struct gc_block block = { 3, true, 6 };
  assert_int_equal(gc_block_resize(&block, 4), GC_OK);
  assert_int_equal(block.num, 12);
  assert_int_equal(gc_block_offset(block), 3072);
  assert_int_equal(gc_block_resize(&block, 6), GC_OK);
  assert_int_equal(block.num, 3);
  block = (struct gc_block){ 1, false, 0 };
  assert_int_equal(gc_block_resize(&block, 1), GC_E_RANGE);
  block = (struct gc_block){ 0xfffff, false, 6 };
  assert_int_equal(gc_block_resize(&block, 5), GC_E_RANGE);
  assert_int_equal(gc_block_resize(&block, 7), GC_E_RANGE);
  assert_int_equal(gc_block_offset(block), 0xfffffu * 1024u);
}

static void slices_bodies(void **state)
{
  (void)state;
  static uint8_t body[2048];
  static const struct {
    size_t body_len;
    uint32_t num;
    uint8_t szx;
    enum gc_err err;
    size_t len;
    bool more;
  } cases[] = {
    { 0, 0, 6, GC_OK, 0, false },       { 0, 1, 6, GC_E_RANGE, 0, false },  { 1, 0, 0, GC_OK, 1, false },
    { 16, 0, 0, GC_OK, 16, false },     { 16, 1, 0, GC_E_RANGE, 0, false }, { 17, 0, 0, GC_OK, 16, true },
    { 17, 1, 0, GC_OK, 1, false },      { 2048, 0, 6, GC_OK, 1024, true },  { 2048, 1, 6, GC_OK, 1024, false },
    { 2048, 2, 6, GC_E_RANGE, 0, false }, { 2048, 0xfffff, 6, GC_E_RANGE, 0, false },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_block block = { cases[i].num, !cases[i].more, cases[i].szx };
    struct gc_bytes part = { NULL, 0 };
    assert_int_equal(gc_block_slice(&part, &block, gc_bytes(body, cases[i].body_len)), cases[i].err);
    if (cases[i].err)
      continue;
    assert_int_equal(part.len, cases[i].len);
    assert_int_equal(block.more, cases[i].more);
    assert_true(gc_block_fits(block, part.len));
    if (part.len)
      assert_ptr_equal(part.ptr, body + gc_block_offset(block));
  }
  assert_false(gc_block_fits((struct gc_block){ 0, true, 0 }, 15));
  assert_false(gc_block_fits((struct gc_block){ 0, true, 0 }, 17));
  assert_false(gc_block_fits((struct gc_block){ 0, false, 0 }, 17));
  assert_true(gc_block_fits((struct gc_block){ 0, false, 0 }, 0));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(decodes_and_encodes_values),
    cmocka_unit_test(refuses_what_is_reserved),
    cmocka_unit_test(chooses_and_changes_sizes),
    cmocka_unit_test(slices_bodies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
