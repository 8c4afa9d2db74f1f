/* Maps of numbered parameters: every type of value, two numberings, both orders, hostile content. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/hexval.h"
#include "cbor/params.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct values {
  uint64_t number;
  int64_t integer;
  bool flag;
  struct gc_numeric_date date;
  struct gc_int_or_text name;
  struct gc_int_or_null asked;
  struct gc_bytes text, bytes, array, array_or_null, map;
  struct gc_text_or_bytes string;
  uint8_t other;
};
#define AT(member) offsetof(struct values, member)

enum { NUMBER, INTEGER, FLAG, DATE, NAME, ASKED, TEXT, BYTES, STRING, ARRAY, ARRAY_OR_NULL, MAP, OTHER, ROWS };

/* under the second numbering half of them have other keys, and one none */
static const struct gc_param rows[ROWS] = {
  [NUMBER] = { { -1, 9 }, GC_PARAM_UINT, AT(number), "number", NULL },
  [INTEGER] = { { 1, 8 }, GC_PARAM_INT, AT(integer), "integer", NULL },
  [FLAG] = { { 2, 7 }, GC_PARAM_BOOL, AT(flag), "flag", NULL },
  [DATE] = { { 3, 6 }, GC_PARAM_DATE, AT(date), "date", NULL },
  [NAME] = { { 4, 5 }, GC_PARAM_INT_OR_TEXT, AT(name), "name", NULL },
  [ASKED] = { { 5, 4 }, GC_PARAM_INT_OR_NULL, AT(asked), "asked", NULL },
  [TEXT] = { { 6, 3 }, GC_PARAM_TEXT, AT(text), "text", NULL },
  [BYTES] = { { 7, 2 }, GC_PARAM_BYTES, AT(bytes), "bytes", NULL },
  [STRING] = { { 8, 1 }, GC_PARAM_TEXT_OR_BYTES, AT(string), "string", NULL },
  [ARRAY] = { { 9, GC_PARAM_NO_KEY }, GC_PARAM_ARRAY, AT(array), "array", NULL },
  [ARRAY_OR_NULL] = { { 100, 100 }, GC_PARAM_ARRAY_OR_NULL, AT(array_or_null), "array_or_null", NULL },
  [MAP] = { { -20, 20 }, GC_PARAM_MAP, AT(map), "map", NULL },
  [OTHER] = { { 12, 12 }, GC_PARAM_OTHER, AT(other), "other", NULL },
};

/* its own type: 3 or 4 */
static enum gc_err read_other(struct gc_cbor_reader *reader, void *value)
{
  uint64_t number;
  enum gc_err err = gc_cbor_read_uint(reader, &number);
  if (!err && number != 3 && number != 4)
    return gc_fail(&reader->where, reader->pos, "neither 3 nor 4", GC_E_MALFORMED);
  *(uint8_t *)value = (uint8_t)number;
  return err;
}

static void write_other(struct gc_cbor_writer *writer, const void *value)
{
  gc_cbor_uint(writer, *(const uint8_t *)value);
}

static const struct gc_param_other other = { read_other, write_other };
static const struct gc_param_table ordered = { rows, ROWS, &other, true, { false, true } }, sorted = { rows, ROWS, &other, false, { false, true } };

static uint8_t store[512];

static enum gc_err parse(unsigned numbering, struct gc_bytes bytes, struct values *values, uint64_t *present, struct gc_params_unknown *unknown)
{
  struct gc_where where = { 0, NULL };
  enum gc_err err = gc_params_parse(&ordered, numbering, bytes, values, present, unknown, &where);
  if (err) {
    assert_non_null(where.phrase);
    assert_true(where.offset <= bytes.len);
  }
  return err;
}

static struct gc_bytes written(const struct gc_param_table *table, unsigned numbering, const struct values *values, uint64_t present,
                               const struct gc_params_unknown *unknown)
{
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_cbor_writer writer = gc_cbor_writer(&out);
  gc_params_write(table, numbering, &writer, values, present, unknown);
  assert_int_equal(gc_cbor_finish(&writer), GC_OK);
  return gc_buf_bytes(&out);
}

#define ALL_0 "{-1:5,1:-7,2:true,3:1.5,4:\"x\",5:null,6:\"t\",7:h'01',8:h'02',9:[1,[2]],100:null,-20:{1:2},12:3}"
#define ALL_1 "{9:5,8:-7,7:true,6:1,5:\"x\",4:null,3:\"t\",2:h'01',1:h'02',100:null,20:{1:2},12:3}"
#define ALL_1_SORTED "{1:h'02',2:h'01',3:\"t\",4:null,5:\"x\",6:1,7:true,8:-7,9:5,12:3,20:{1:2},100:null}"

static void take_hostile(struct gc_bytes bytes, void *ctx)
{
  struct values values;
  struct gc_params_unknown unknown;
  uint64_t present;
  (void)ctx;
  for (unsigned numbering = 0; numbering < 2; numbering++)
    if (parse(numbering, bytes, &values, &present, &unknown) == GC_OK)
      assert_int_equal(present >> ROWS, 0);
}

static void every_type_both_ways(void **state)
{
  (void)state;
  struct values values;
  struct gc_params_unknown unknown;
  uint64_t present;
  assert_int_equal(parse(0, edn(ALL_0), &values, &present, &unknown), GC_OK);
  assert_int_equal(present, GC_PARAM_BIT(ROWS) - 1);
  assert_int_equal(values.number, 5);
  assert_int_equal(values.integer, -7);
  assert_true(values.flag && values.date.is_real && values.date.real == 1.5 && values.name.is_text && values.asked.is_null);
  assert_true(gc_bytes_equal(values.array, edn("[1,[2]]")) && gc_param_is_null(values.array_or_null) && !values.string.is_text);
  assert_true(gc_bytes_equal(written(&ordered, 0, &values, present, &unknown), edn(ALL_0)));
  hostile(edn(ALL_0), take_hostile, NULL);
  values.date.real = 1; /* a fraction that the second numbering cannot say is cut */
  assert_true(gc_bytes_equal(written(&ordered, 1, &values, present, NULL), edn(ALL_1)));
  assert_true(gc_bytes_equal(written(&sorted, 1, &values, present, NULL), edn(ALL_1_SORTED)));
  assert_int_equal(parse(1, edn(ALL_1), &values, &present, &unknown), GC_OK);
  assert_int_equal(present, (GC_PARAM_BIT(ROWS) - 1) & ~GC_PARAM_BIT(ARRAY));
  assert_true(gc_bytes_equal(gc_param_null(), hexval("f6")));
}

/* each key with a value of each type: taken by those that say so */
static void other_types_are_refused(void **state)
{
  (void)state;
  static const char *const takes[ROWS] = { "u", "ui", "f", "uir", "uit", "ui0", "t", "b", "tb", "a", "a0", "m", "u" };
  static const struct {
    char type;
    const char *edn;
  } items[] = { { 'u', "3" }, { 'i', "-3" }, { 'r', "2.5" }, { 't', "\"x\"" }, { 'b', "h'01'" }, { 'a', "[1]" }, { 'm', "{1:2}" },
                { 'f', "true" }, { '0', "null" }, { '-', "undefined" }, { '-', "1(1)" }, { '-', "(_ h'01')" }, { '-', "(_ \"x\")" } };
  for (size_t row = 0; row < ROWS; row++)
    for (size_t i = 0; i < COUNT(items); i++) {
      char text[64];
      struct values values;
      struct gc_params_unknown unknown;
      uint64_t present;
      snprintf(text, sizeof text, "{%d:%s}", rows[row].keys[0], items[i].edn);
      enum gc_err err = parse(0, edn(text), &values, &present, &unknown);
      if ((err == GC_OK) != (strchr(takes[row], items[i].type) != NULL))
        fail_msg("%s: %s", text, gc_err_name(err));
      if (!err)
        assert_true(gc_bytes_equal(written(&ordered, 0, &values, present, NULL), edn(text)));
    }
}

static void what_is_refused(void **state)
{
  (void)state;
  static const char *const bad[] = {
    "{1:1,1:2}", "{h'01':1}", "{[1]:1}", "{null:1}", "[1,2]", "1", "{12:5}", "{1:18446744073709551615}", "{3:NaN}", "{3:Infinity}",
  };
  struct values values;
  struct gc_params_unknown unknown;
  uint64_t present;
  for (size_t i = 0; i < COUNT(bad); i++)
    if (parse(0, edn(bad[i]), &values, &present, &unknown) == GC_OK)
      fail_msg("%s", bad[i]);
  assert_int_equal(parse(1, edn("{6:-1}"), &values, &present, &unknown), GC_E_MALFORMED); /* there a date is unsigned */
  assert_int_equal(parse(0, hexval("a000"), &values, &present, &unknown), GC_E_MALFORMED);
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_cbor_writer writer = gc_cbor_writer(&out);
  values.date = (struct gc_numeric_date){ .number = -1 };
  gc_params_write(&ordered, 1, &writer, &values, GC_PARAM_BIT(DATE), NULL);
  assert_int_equal(gc_cbor_finish(&writer), GC_E_RANGE);
  assert_int_equal(out.len, 0);
}

static void what_is_unknown_is_kept(void **state)
{
  (void)state;
  struct values values;
  struct gc_params_unknown unknown;
  uint64_t present;
  const char *text = "{1:2,\"x\":[{}],127:0,-128:h'',1000000:{}}"; /* -128 is what a row without key has */
  assert_int_equal(parse(0, edn(text), &values, &present, &unknown), GC_OK);
  assert_int_equal(present, GC_PARAM_BIT(INTEGER));
  assert_int_equal(unknown.count, 4);
  assert_true(gc_bytes_equal(written(&ordered, 0, &values, present, &unknown), edn(text)));
  assert_int_equal(parse(1, edn("{-20:1,9:5}"), &values, &present, &unknown), GC_OK); /* -20 means a map in the first numbering */
  assert_true(gc_bytes_equal(written(&ordered, 0, &values, present, &unknown), edn("{-1:5}")));
  uint8_t many[2 + 2 * 24] = { 0xb8, 24 };
  for (size_t i = 0; i < 24; i++)
    many[2 + 2 * i] = 0x21; /* -2, each time: what is not known may well come twice */
  assert_int_equal(parse(0, gc_bytes(many, sizeof many), &values, &present, &unknown), GC_OK);
  assert_int_equal(unknown.count, 24); /* counted, and the first kept */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_type_both_ways), cmocka_unit_test(other_types_are_refused), cmocka_unit_test(what_is_refused), cmocka_unit_test(what_is_unknown_is_kept),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
