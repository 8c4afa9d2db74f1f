#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "iana/names.h"

static struct gc_bytes str(const char *text)
{
  return gc_bytes_str(text);
}

static void names_codes_both_ways(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    uint8_t code;
    bool is_method;
  } cases[] = { { "GET", 1, true }, { "get", 1, true }, { "0.04", 4, true }, { "FETCH", 5, true }, { "patch", 6, true },
                { "ipatch", 7, true }, { "2.05", 69, false }, { "Not Found", 132, false }, { "4.29", 157, false }, { "7.31", 255, false } };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t code = 99;
    assert_true(gc_code_parse(&code, str(cases[i].text)));
    assert_int_equal(code, cases[i].code);
    assert_int_equal(gc_method_parse(&code, str(cases[i].text)), cases[i].is_method);
  }
  static const char *const refused[] = { "", "G", "GETT", "8.00", "2.32", "2.5", "0.0", "a.bc", "2-05" };
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    uint8_t code = 99;
    assert_false(gc_code_parse(&code, str(refused[i])));
    assert_int_equal(code, 99);
  }
}

static void parses_methods_by_number(void **state)
{
  (void)state;
  uint8_t code = 0;
  assert_true(gc_method_parse(&code, str("5")));
  assert_int_equal(code, GC_CODE_FETCH);
  assert_true(gc_method_parse(&code, str("7")));
  static const char *const refused[] = { "0", "8", "31", "69", "256", "257", "65537", "99999999999", "Empty", "0.00", "0.08", "-1", "1 " };
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
    assert_false(gc_method_parse(&code, str(refused[i])));
  assert_int_equal(code, 7);
}

static void formats_every_code(void **state)
{
  (void)state;
  char text[5];
  for (unsigned code = 0; code < 256; code++) {
    uint8_t back = 0;
    assert_true(gc_code_parse(&back, str(gc_code_format(text, (uint8_t)code))));
    assert_int_equal(back, code);
  }
  assert_string_equal(gc_code_format(text, 69), "2.05");
  assert_string_equal(gc_code_format(text, 255), "7.31");
}

static void code_table_is_sorted_and_whole(void **state)
{
  (void)state;
  /* every code of part E.5 of the requirements */
  static const uint8_t listed[] = { 1, 2, 3, 4, 5, 6, 7, 65, 66, 67, 68, 69, 95, 128, 129, 130, 131, 132, 133, 134, 136, 137,
                                    140, 141, 143, 150, 157, 160, 161, 162, 163, 164, 165, 168 };
  for (size_t i = 0; i < sizeof listed; i++)
    assert_non_null(gc_code_name(listed[i]));
  for (size_t i = 1; gc_code_at(i); i++)
    assert_true(gc_code_at(i)->code > gc_code_at(i - 1)->code);
  assert_null(gc_code_name(8));
  assert_null(gc_code_name(64));
}

static void finds_content_formats(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    uint16_t number;
  } cases[] = { { "text", 0 }, { "text/plain", 0 }, { "TEXT/PLAIN;charset=UTF-8", 0 }, { "text/plain; charset=utf-8", 0 },
                { "json", 50 }, { "application/json", 50 }, { "cbor", 60 }, { "link-format", 40 }, { "senml+json", 110 },
                { "senml+cbor", 112 }, { "application/cose; cose-type=cose-sign1", 18 }, { "cose-encrypt", 96 },
                { "application/yang-data+cbor", 340 }, { "application/yang-data+cbor; id=sid", 140 }, { "0", 0 }, { "60", 60 },
                { "4711", 4711 }, { "65535", 65535 }, { "ace-groupcomm+cbor", 261 }, { "octet-stream", 42 },
                { "application/aif+cbor", 290 }, { "application/aif+cbor; Toid=oscore-gname; Tperm=oscore-gperm", 295 } };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint16_t number = 9999;
    assert_int_equal(gc_content_format_parse(&number, str(cases[i].text)), GC_OK);
    assert_int_equal(number, cases[i].number);
  }
  static const struct {
    const char *text;
    enum gc_err err;
  } refused[] = { { "", GC_E_NOT_FOUND }, { "jason", GC_E_NOT_FOUND }, { "application/cose", GC_E_NOT_FOUND }, { "json ;", GC_E_NOT_FOUND },
                  { "65536", GC_E_RANGE }, { "99999999999999999999", GC_E_RANGE }, { "-1", GC_E_NOT_FOUND }, { "text/plain;", GC_E_NOT_FOUND } };
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    uint16_t number = 9999;
    assert_int_equal(gc_content_format_parse(&number, str(refused[i].text)), refused[i].err);
    assert_int_equal(number, 9999);
  }
}

static void content_format_names_are_unique(void **state)
{
  (void)state;
  for (size_t i = 0; gc_content_format_at(i); i++) {
    const struct gc_content_format *row = gc_content_format_at(i);
    uint16_t number = 9999;
    assert_int_equal(gc_content_format_parse(&number, str(row->name)), GC_OK);
    assert_int_equal(number, row->number);
    assert_int_equal(gc_content_format_parse(&number, str(row->media_type)), GC_OK);
    assert_int_equal(number, row->number);
    assert_ptr_equal(gc_content_format_info(row->number), row);
  }
  static const uint16_t listed[] = { 0, 16, 17, 18, 19, 40, 42, 50, 60, 61, 62, 63, 64, 65, 96, 97, 98, 101, 102, 256, 257, 261, 290, 291, 295, 296, 10001 };
  for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++)
    assert_non_null(gc_content_format_info(listed[i]));
}

static void tells_how_bodies_are_shown(void **state)
{
  (void)state;
  assert_int_equal(gc_content_format_kind(0), GC_BODY_TEXT);
  assert_int_equal(gc_content_format_kind(40), GC_BODY_LINKS);
  assert_int_equal(gc_content_format_kind(50), GC_BODY_JSON);
  assert_int_equal(gc_content_format_kind(60), GC_BODY_CBOR);
  assert_int_equal(gc_content_format_kind(63), GC_BODY_CBOR_SEQ);
  assert_int_equal(gc_content_format_kind(-1), GC_BODY_OPAQUE);
  assert_int_equal(gc_content_format_kind(70000), GC_BODY_OPAQUE);
  assert_int_equal(gc_content_format_kind(4711), GC_BODY_OPAQUE);
}

static void moves_the_informative_response(void **state)
{
  (void)state;
  assert_int_equal(gc_format_informative_response(), 65060);
  assert_int_equal(gc_content_format_renumber(65060, 60), GC_E_EXISTS);
  assert_int_equal(gc_content_format_renumber(4711, 4712), GC_E_NOT_FOUND);
  assert_int_equal(gc_content_format_renumber(65060, 66), GC_OK);
  assert_int_equal(gc_format_informative_response(), 66);
  assert_string_equal(gc_content_format_info(66)->name, "informative-response+cbor");
  assert_null(gc_content_format_info(65060));
  content_format_names_are_unique(NULL);
  for (size_t i = 1; gc_content_format_at(i); i++)
    assert_true(gc_content_format_at(i)->number > gc_content_format_at(i - 1)->number);
  assert_int_equal(gc_content_format_renumber(66, 65060), GC_OK);
  assert_int_equal(gc_format_informative_response(), 65060);
  content_format_names_are_unique(NULL);
}

static void knows_schemes(void **state)
{
  (void)state;
  enum gc_scheme scheme;
  assert_true(gc_scheme_by_name(&scheme, str("CoAP+TCP")));
  assert_int_equal(scheme, GC_SCHEME_COAP_TCP);
  assert_int_equal(gc_scheme_info(GC_SCHEME_COAPS)->default_port, 5684);
  assert_false(gc_scheme_by_name(&scheme, str("http")));
  assert_false(gc_scheme_by_name(&scheme, str("")));
}

static void knows_the_well_known_groups(void **state)
{
  (void)state;
  static const struct {
    enum gc_family family;
    uint8_t scope;
    const char *nodes, *directories;
  } cases[] = { { GC_FAMILY_IPV4, GC_SCOPE_LINK, "224.0.1.187:5683", "224.0.1.190:5683" },
                { GC_FAMILY_IPV6, GC_SCOPE_LINK, "[ff02::fd]:5683", "[ff02::fe]:5683" },
                { GC_FAMILY_IPV6, GC_SCOPE_REALM, "[ff03::fd]:5683", "[ff03::fe]:5683" },
                { GC_FAMILY_IPV6, GC_SCOPE_SITE, "[ff05::fd]:5683", "[ff05::fe]:5683" },
                { GC_FAMILY_IPV6, GC_SCOPE_GLOBAL, "[ff0e::fd]:5683", "[ff0e::fe]:5683" } };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[GC_ADDR_STR_MAX];
    struct gc_addr nodes = gc_all_coap_nodes(cases[i].family, cases[i].scope);
    struct gc_addr directories = gc_all_resource_directories(cases[i].family, cases[i].scope);
    assert_string_equal(gc_addr_format(text, &nodes), cases[i].nodes);
    assert_string_equal(gc_addr_format(text, &directories), cases[i].directories);
    assert_true(gc_addr_is_multicast(&nodes));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_codes_both_ways),
    cmocka_unit_test(parses_methods_by_number),
    cmocka_unit_test(formats_every_code),
    cmocka_unit_test(code_table_is_sorted_and_whole),
    cmocka_unit_test(finds_content_formats),
    cmocka_unit_test(content_format_names_are_unique),
    cmocka_unit_test(tells_how_bodies_are_shown),
    cmocka_unit_test(moves_the_informative_response),
    cmocka_unit_test(knows_schemes),
    cmocka_unit_test(knows_the_well_known_groups),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
