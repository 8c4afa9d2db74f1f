#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "coap/builder.h"
#include "coap/link.h"
#include "iana/options.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct gc_bytes str(const char *text)
{
  return gc_bytes_str(text);
}

/* RFC 6690, Section 5 */
static const char example[] = "</sensors>;ct=40;title=\"Sensor Index\","
                              "</sensors/temp>;rt=\"temperature-c\";if=\"sensor\","
                              "</sensors/light>;rt=\"light-lux core.s\";if=\"sensor\";obs,"
                              "<http://www.example.com/sensors/t123>;anchor=\"/sensors/temp\";rel=\"describedby\","
                              "</t>;anchor=\"/sensors/temp\";rel=\"alternate\";x*=UTF-8''a%20b";

static void reads_links_and_attributes(void **state)
{
  (void)state;
  static const char *const targets[] = { "/sensors", "/sensors/temp", "/sensors/light", "http://www.example.com/sensors/t123", "/t" };
  static const size_t counts[] = { 2, 2, 3, 2, 3 };
  struct gc_link_reader reader = gc_link_reader(str(example));
  struct gc_link_value link;
  for (size_t i = 0; i < COUNT(targets); i++) {
    struct gc_link_param param;
    assert_int_equal(gc_link_next(&reader, &link, NULL), GC_OK);
    assert_true(gc_bytes_equal(link.target, str(targets[i])));
    size_t count = 0;
    for (struct gc_bytes rest = link.params; gc_link_param_next(&rest, &param);)
      count++;
    assert_int_equal(count, counts[i]);
  }
  assert_int_equal(gc_link_next(&reader, &link, NULL), GC_E_END);
  assert_int_equal(gc_link_next(&reader, &link, NULL), GC_E_END);
}

static void reads_every_form_of_a_value(void **state)
{
  (void)state;
  static const struct {
    const char *text, *name, *value;
    bool has_value, is_quoted;
  } cases[] = {
    { "</a>;obs", "obs", "", false, false },
    { "</a>;sz=0", "sz", "0", true, false },
    { "</a>;sz=", "sz", "", true, false },
    { "</a>;t=\"\"", "t", "", true, true },
    { "</a>;t=\"a,b;c>d\"", "t", "a,b;c>d", true, true },
    { "</a>;t=\"a\\\"b\\\\c\"", "T", "a\"b\\c", true, true },
    { "</a>;t=<x>=y", "t", "<x>=y", true, false },
    { "</a> ;\n t=1 ", "t", "1", true, false },
    { "</a>;title*=UTF-8''x", "title*", "UTF-8''x", true, false },
    { "<>;gr\xc3\xb6=1;t=\xc3\xb6", NULL, NULL, false, false },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_link_reader reader = gc_link_reader(str(cases[i].text));
    struct gc_link_value link;
    struct gc_link_param param;
    uint8_t store[32];
    struct gc_buf value = gc_buf(store, sizeof store);
    enum gc_err err = gc_link_next(&reader, &link, NULL);
    assert_int_equal(err, cases[i].name ? GC_OK : GC_E_MALFORMED);
    if (err)
      continue;
    assert_true(gc_link_param_find(&link, cases[i].name, &param));
    assert_int_equal(param.has_value, cases[i].has_value);
    assert_int_equal(param.is_quoted, cases[i].is_quoted);
    assert_int_equal(gc_link_unquote(&value, &param), GC_OK);
    assert_true(gc_bytes_equal(gc_buf_bytes(&value), str(cases[i].value)));
    assert_false(gc_link_param_find(&link, "none", NULL));
    if (value.len > 0) {
      struct gc_buf small = gc_buf(store, value.len - 1);
      assert_int_equal(gc_link_unquote(&small, &param), GC_E_SPACE);
      assert_int_equal(small.len, 0);
    }
  }
}

static void refuses_with_the_place(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    size_t offset;
  } cases[] = { { "x", 0 }, { "<a", 0 }, { "<a>x", 3 }, { "<a>;", 4 }, { "<a>;;b", 4 }, { "<a>;b=\"c", 6 }, { "<a>;b=\"c\\\"", 6 },
                { "<a>;b=c d", 8 }, { "<a>;b=c\"", 7 }, { "<a>,", 3 }, { "<a>, ", 3 }, { "<a>,,<b>", 4 }, { "<a>,b", 4 }, { ",<a>", 0 },
                { "<a>;b=\"c\"d", 9 }, { "<a>;=c", 4 } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_link_reader reader = gc_link_reader(str(cases[i].text));
    struct gc_link_value link;
    struct gc_where where = { 99, "" };
    enum gc_err err;
    do
      err = gc_link_next(&reader, &link, &where);
    while (err == GC_OK);
    assert_int_equal(err, GC_E_MALFORMED);
    if (where.offset != cases[i].offset)
      fail_msg("%s: %s at %zu", cases[i].text, where.phrase, where.offset);
    assert_int_equal(gc_link_next(&reader, &link, &where), GC_E_END);
  }
}

static void every_prefix_ends(void **state)
{
  (void)state;
  for (size_t len = 0; len < sizeof example; len++) {
    char *copy = test_malloc(len ? len : 1); /* an own block, so that a sanitizer sees a step too far */
    memcpy(copy, example, len);
    struct gc_link_reader reader = gc_link_reader(gc_bytes(copy, len));
    struct gc_link_value link;
    size_t count = 0;
    while (gc_link_next(&reader, &link, NULL) == GC_OK)
      count++;
    assert_true(count <= 5);
    test_free(copy);
  }
  struct gc_link_reader empty = gc_link_reader(gc_bytes(NULL, 0));
  struct gc_link_value link;
  assert_int_equal(gc_link_next(&empty, &link, NULL), GC_E_END);
}

/* @req A64 */
static void filters(void **state)
{
  (void)state;
  static const struct {
    const char *link, *query;
    bool matches;
  } cases[] = {
    { "</gp/lights>;rt=g.light", "rt=g.*", true },
    { "</gp/lights>;rt=\"g.light\"", "rt=g.light", true },
    { "</gp/lights>;rt=\"g.light\"", "rt=g.ligh", false },
    { "</gp/lights>;rt=\"g.light\"", "rt=g.lights", false },
    { "</gp/lights>;rt=\"x g.light\"", "rt=g.*", true },
    { "</gp/lights>;rt=\"xg.light\"", "rt=g.*", false },
    { "</gp/lights>;rt=\"a b c\"", "rt=b", true },
    { "</gp/lights>;rt=\"a b c\"", "rt=a b", false },
    { "</gp/lights>;rt=\"a b c\"", "rt=", false },
    { "</gp/lights>", "href=/gp/lights", true },
    { "</gp/lights>", "href=/gp/*", true },
    { "</gp/lights>", "href=/gp/light", false },
    { "</gp/lights>", "href=/gpx/*", false },
    { "</gp/lights>", "href=*", true },
    { "</gp/lights>;href=\"x\"", "href=x", false },
    { "</a>;if=\"x y\"", "if=y", true },
    { "</a>;rel=\"x y\"", "rel=y", true },
    { "</a>;ct=\"40 60\"", "ct=60", true },
    { "</a>;title=\"x y\"", "title=y", false },
    { "</a>;title=\"x y\"", "title=x y", true },
    { "</a>;title=\"a\\\"b\"", "title=a\"b", true },
    { "</a>;title=\"a\\\"b\"", "title=a\"*", true },
    { "</a>;foo=bar", "foo=bar", true },
    { "</a>;foo=barley", "foo=bar*", true },
    { "</a>;foo=ba", "foo=bar*", false },
    { "</a>;foo=x;foo=y", "foo=y", true },
    { "</a>;foo=x", "foo=*", true },
    { "</a>;obs", "obs=*", true },
    { "</a>;obs", "obs", true },
    { "</a>;obs", "obs=", true },
    { "</a>;foo=\"*\"", "foo=**", true },
    { "</a>", "foo=*", false },
    { "</a>", "foo", false },
    { "</a>;foo=a", "=a", false },
    { "</a>;foo=a", "", false },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_link_reader reader = gc_link_reader(str(cases[i].link));
    struct gc_link_value link;
    struct gc_link_filter filter = gc_link_filter(str(cases[i].query));
    assert_int_equal(gc_link_next(&reader, &link, NULL), GC_OK);
    if (gc_link_matches(&link, &filter) != cases[i].matches)
      fail_msg("%s ? %s", cases[i].link, cases[i].query);
  }
}

static void filters_by_all_queries_of_a_request(void **state)
{
  (void)state;
  struct gc_link_reader reader = gc_link_reader(str("</a>;rt=x;obs"));
  struct gc_link_value link;
  static const struct {
    const char *first, *second;
    bool matches;
  } cases[] = { { NULL, NULL, true }, { "rt=x", NULL, true }, { "rt=x", "obs", true }, { "rt=x", "if=y", false }, { "rt=z", "obs", false } };
  assert_int_equal(gc_link_next(&reader, &link, NULL), GC_OK);
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t store[64];
    struct gc_bytes options;
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    gc_builder_add_str(&builder, GC_OPTION_URI_PATH, "rt=none");
    gc_builder_add_uint(&builder, GC_OPTION_ACCEPT, 40);
    if (cases[i].first)
      gc_builder_add_str(&builder, GC_OPTION_URI_QUERY, cases[i].first);
    if (cases[i].second)
      gc_builder_add_str(&builder, GC_OPTION_URI_QUERY, cases[i].second);
    assert_int_equal(gc_builder_finish(&builder, &options), GC_OK);
    assert_int_equal(gc_link_matches_options(&link, options), cases[i].matches);
  }
}

static void writes_what_it_reads(void **state)
{
  (void)state;
  static const char expected[] = "</light>;rt=\"light core.s\";ct=40;obs,<coap://[ff35::1]/gp/x>;title=\"a\\\"b\\\\\"";
  char store[128];
  for (size_t cap = 0; cap < sizeof expected; cap++) {
    struct gc_buf out = gc_buf(store, cap);
    struct gc_link_writer writer = gc_link_writer(&out);
    gc_link_begin(&writer, str("/light"));
    gc_link_add(&writer, "rt", str("light core.s"));
    gc_link_add_uint(&writer, "ct", 40);
    gc_link_add_flag(&writer, "obs");
    gc_link_begin(&writer, str("coap://[ff35::1]/gp/x"));
    gc_link_add(&writer, "title", str("a\"b\\"));
    if (cap < sizeof expected - 1) {
      assert_int_equal(gc_link_finish(&writer), GC_E_SPACE);
      assert_int_equal(out.len, 0);
    } else {
      assert_int_equal(gc_link_finish(&writer), GC_OK);
      assert_true(gc_bytes_equal(gc_buf_bytes(&out), str(expected)));
    }
  }
}

/* @req A68 */
static void handles_valueless_attributes(void **state)
{
  (void)state;
  char store[64];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_link_writer writer = gc_link_writer(&out);
  gc_link_begin(&writer, str("/a"));
  gc_link_add_flag(&writer, "osc");
  gc_link_add_flag(&writer, "gosc");
  gc_link_add_flag(&writer, "osc"); /* at most once in a link … */
  gc_link_add_flag(&writer, "gosc");
  gc_link_begin(&writer, str("/b"));
  gc_link_add_flag(&writer, "osc"); /* … and again in the next */
  assert_int_equal(gc_link_finish(&writer), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), str("</a>;osc;gosc,</b>;osc")));

  static const char *const texts[] = { "</a>;osc;gosc", "</a>;osc=1;gosc=\"x\"", "</a>;osc;osc=2;gosc;gosc;osc" };
  for (size_t i = 0; i < COUNT(texts); i++) { /* a value or a repetition changes nothing */
    struct gc_link_reader reader = gc_link_reader(str(texts[i]));
    struct gc_link_value link;
    assert_int_equal(gc_link_next(&reader, &link, NULL), GC_OK);
    assert_true(gc_link_param_find(&link, "osc", NULL));
    assert_true(gc_link_param_find(&link, "gosc", NULL));
    assert_false(gc_link_param_find(&link, "gp-obs", NULL));
  }
}

static void writer_refuses_what_no_reader_would_take(void **state)
{
  (void)state;
  char store[64] = "x";
  static const struct {
    const char *target, *name, *value;
    enum gc_err err;
  } cases[] = { { "/a>b", "t", "x", GC_E_MALFORMED }, { "/a b", "t", "x", GC_E_MALFORMED }, { "/a", "t t", "x", GC_E_MALFORMED },
                { "/a", "", "x", GC_E_MALFORMED }, { "/a", "t", "a\nb", GC_E_MALFORMED }, { NULL, "t", "x", GC_E_STATE } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_buf out = { (uint8_t *)store, sizeof store, 1 };
    struct gc_link_writer writer = gc_link_writer(&out);
    if (cases[i].target)
      gc_link_begin(&writer, str(cases[i].target));
    gc_link_add(&writer, cases[i].name, str(cases[i].value));
    assert_int_equal(gc_link_finish(&writer), cases[i].err);
    assert_int_equal(out.len, 1);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_links_and_attributes),
    cmocka_unit_test(reads_every_form_of_a_value),
    cmocka_unit_test(refuses_with_the_place),
    cmocka_unit_test(every_prefix_ends),
    cmocka_unit_test(filters),
    cmocka_unit_test(filters_by_all_queries_of_a_request),
    cmocka_unit_test(writes_what_it_reads),
    cmocka_unit_test(handles_valueless_attributes),
    cmocka_unit_test(writer_refuses_what_no_reader_would_take),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
