#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "coap/uri.h"
#include "iana/options.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct gc_bytes str(const char *text)
{
  return gc_bytes_str(text);
}

static struct gc_uri parse(const char *text)
{
  struct gc_uri uri;
  struct gc_where where = { 0, "" };
  if (gc_uri_parse(&uri, str(text), &where) != GC_OK)
    fail_msg("%s: %s at %zu", text, where.phrase, where.offset);
  return uri;
}

/* "3=host 11=a 11= 15=q": the options of a URI, in a static buffer */
static const char *options_of(const char *text)
{
  static char out[4096];
  uint8_t store[4096];
  struct gc_uri uri = parse(text);
  struct gc_builder builder = gc_builder_options(store, sizeof store);
  struct gc_bytes bytes;
  struct gc_option option;
  size_t len = 0;
  gc_uri_add_options(&builder, &uri);
  assert_int_equal(gc_builder_finish(&builder, &bytes), GC_OK);
  struct gc_option_iter iter = gc_option_iter(bytes);
  out[0] = '\0';
  while (gc_option_next(&iter, &option))
    len += (size_t)snprintf(out + len, sizeof out - len, "%s%u=%.*s", len ? " " : "", option.number, (int)option.value.len, (const char *)option.value.ptr);
  return out;
}

static void splits_addresses(void **state)
{
  (void)state;
  static const struct {
    const char *text, *addr, *zone, *path, *query;
    enum gc_scheme scheme;
  } cases[] = {
    { "coap://192.0.2.1", "192.0.2.1:5683", "", "", "", GC_SCHEME_COAP },
    { "COAP://192.0.2.1:61616/", "192.0.2.1:61616", "", "/", "", GC_SCHEME_COAP },
    { "coaps://[2001:db8::1]/a", "[2001:db8::1]:5684", "", "/a", "", GC_SCHEME_COAPS },
    { "coap+tcp://[::1]:/a?b&c", "[::1]:5683", "", "/a", "b&c", GC_SCHEME_COAP_TCP },
    { "coaps+tcp://[::1]?b", "[::1]:5684", "", "", "b", GC_SCHEME_COAPS_TCP },
    { "coap+ws://10.0.0.1/x", "10.0.0.1:80", "", "/x", "", GC_SCHEME_COAP_WS },
    { "coap://[ff02::fd%eth0]/x", "[ff02::fd]:5683", "eth0", "/x", "", GC_SCHEME_COAP },
    { "coap://[ff05::fd%25eth0]:5685/x", "[ff05::fd]:5685", "eth0", "/x", "", GC_SCHEME_COAP },
    { "coap://[fe80::1%25]", "[fe80::1]:5683", "25", "", "", GC_SCHEME_COAP },
    { "coap://[fe80::1%2]", "[fe80::1]:5683", "2", "", "", GC_SCHEME_COAP },
    { "coap://[fe80::1%252]", "[fe80::1]:5683", "2", "", "", GC_SCHEME_COAP },
    { "coap://224.0.1.187%lo:05683/", "224.0.1.187:5683", "lo", "/", "", GC_SCHEME_COAP },
    { "coap://[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]:5683", "", "", "", GC_SCHEME_COAP },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    char text[GC_ADDR_STR_MAX];
    struct gc_uri uri = parse(cases[i].text);
    assert_int_equal(uri.host, GC_HOST_ADDRESS);
    assert_int_equal(uri.scheme, cases[i].scheme);
    assert_string_equal(gc_addr_format(text, &uri.addr), cases[i].addr);
    assert_int_equal(uri.port, uri.addr.port);
    assert_true(gc_bytes_equal(uri.zone, str(cases[i].zone)));
    assert_true(gc_bytes_equal(uri.path, str(cases[i].path)));
    assert_true(gc_bytes_equal(uri.query, str(cases[i].query)));
  }
}

static void splits_names(void **state)
{
  (void)state;
  static const struct {
    const char *text, *name;
  } cases[] = { { "coap://Lights.Example/x", "lights.example" }, { "coap://a%2Db", "a-b" }, { "coap://b%C3%BCro:1", "b\xc3\xbcro" },
                { "coap://10.0.0.1.example/", "10.0.0.1.example" }, { "coap://all-coapx", "all-coapx" }, { "coap://a(b)=;", "a(b)=;" } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_uri uri = parse(cases[i].text);
    assert_int_equal(uri.host, GC_HOST_NAME);
    assert_string_equal(uri.name, cases[i].name);
    assert_int_equal(uri.addr.family, GC_FAMILY_NONE);
  }
  struct gc_uri uri = parse("coap://ALL-coap%25eth1:5700/x");
  assert_int_equal(uri.host, GC_HOST_ALL_COAP);
  assert_true(gc_bytes_equal(uri.zone, str("eth1")));
  assert_int_equal(uri.port, 5700);
  assert_int_equal(parse("coap://all-coap").host, GC_HOST_ALL_COAP);
}

static void refuses_with_place_and_reason(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    enum gc_err err;
    size_t offset;
    const char *phrase; /* a part of it */
  } cases[] = {
    { "", GC_E_MALFORMED, 0, "absolute" },
    { "/light", GC_E_MALFORMED, 0, "absolute" },
    { "192.0.2.1/light", GC_E_MALFORMED, 0, "absolute" },
    { "//192.0.2.1/light", GC_E_MALFORMED, 0, "absolute" },
    { "192.0.2.1:5683/light", GC_E_MALFORMED, 0, "absolute" },
    { "://h", GC_E_MALFORMED, 0, "absolute" },
    { "http://192.0.2.1/", GC_E_UNSUPPORTED, 0, "scheme" },
    { "coapx://192.0.2.1/", GC_E_UNSUPPORTED, 0, "scheme" },
    { "coap:/192.0.2.1", GC_E_MALFORMED, 4, "//" },
    { "coap:", GC_E_MALFORMED, 4, "//" },
    { "coap://", GC_E_MALFORMED, 7, "host is missing" },
    { "coap:///x", GC_E_MALFORMED, 7, "host is missing" },
    { "coap://:5683/x", GC_E_MALFORMED, 7, "host is missing" },
    { "coap://?x", GC_E_MALFORMED, 7, "host is missing" },
    { "coap://me@192.0.2.1/", GC_E_MALFORMED, 7, "user" },
    { "coap://[]/", GC_E_MALFORMED, 8, "IPv6" },
    { "coap://[::1", GC_E_MALFORMED, 11, "]" },
    { "coap://[::1/x", GC_E_MALFORMED, 11, "]" },
    { "coap://[::1]5683/x", GC_E_MALFORMED, 12, ":PORT" },
    { "coap://[::g]/x", GC_E_MALFORMED, 8, "IPv6" },
    { "coap://[192.0.2.1]/x", GC_E_MALFORMED, 8, "IPv6" },
    { "coap://[v1.x]/", GC_E_MALFORMED, 8, "IPv6" },
    { "coap://[[::1]]/", GC_E_MALFORMED, 8, "IPv6" },
    { "coap://::1/x", GC_E_MALFORMED, 7, "[ ]" },
    { "coap://fe80::1:5683", GC_E_MALFORMED, 7, "[ ]" },
    { "coap://[fe80::1%]/x", GC_E_MALFORMED, 15, "interface" },
    { "coap://[fe80::1%e th]/x", GC_E_MALFORMED, 17, "interface" },
    { "coap://[fe80::1%25a%25b]/x", GC_E_MALFORMED, 19, "interface" },
    { "coap://192.0.2.256/x", GC_E_MALFORMED, 7, "IPv4" },
    { "coap://192.0.2/x", GC_E_MALFORMED, 7, "IPv4" },
    { "coap://010.0.0.1/x", GC_E_MALFORMED, 7, "IPv4" },
    { "coap://3221225985/x", GC_E_MALFORMED, 7, "IPv4" },
    { "coap://h:0/x", GC_E_RANGE, 9, "port" },
    { "coap://h:65536/x", GC_E_RANGE, 9, "port" },
    { "coap://h:99999999999999999999/x", GC_E_RANGE, 9, "port" },
    { "coap://h:56a3/x", GC_E_MALFORMED, 11, "port" },
    { "coap://h:-1/x", GC_E_MALFORMED, 9, "port" },
    { "coap://h%/x", GC_E_MALFORMED, 8, "%" },
    { "coap://h%00/x", GC_E_MALFORMED, 7, "UTF-8" },
    { "coap://h%ff/x", GC_E_MALFORMED, 7, "UTF-8" },
    { "coap://h ost/x", GC_E_MALFORMED, 8, "encoded" },
    { "coap://h/a%2", GC_E_MALFORMED, 10, "%" },
    { "coap://h/a%zz", GC_E_MALFORMED, 10, "%" },
    { "coap://h/a b", GC_E_MALFORMED, 10, "encoded" },
    { "coap://h/a?b%", GC_E_MALFORMED, 12, "%" },
    { "coap://h/a?b\"", GC_E_MALFORMED, 12, "encoded" },
    { "coap://h/x/%C3", GC_E_MALFORMED, 11, "UTF-8" },
    { "coap://h/x?a&%fe", GC_E_MALFORMED, 13, "UTF-8" },
    { "coap://h/x#y", GC_E_MALFORMED, 10, "fragment" },
    { "coap://h/x?y#", GC_E_MALFORMED, 12, "fragment" },
    { "coap://h#y", GC_E_MALFORMED, 8, "fragment" },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_uri uri = { .port = 4711 };
    struct gc_where where = { 99, "" };
    enum gc_err err = gc_uri_parse(&uri, str(cases[i].text), &where);
    if (err != cases[i].err || where.offset != cases[i].offset || !strstr(where.phrase, cases[i].phrase))
      fail_msg("%s: %s, %s at %zu", cases[i].text, gc_err_name(err), where.phrase, where.offset);
    assert_int_equal(uri.port, 4711);
    assert_int_equal(gc_uri_parse(&uri, str(cases[i].text), NULL), cases[i].err);
  }
}

static void bounds_segments_at_255_bytes(void **state)
{
  (void)state;
  for (int query = 0; query < 2; query++)
    for (size_t len = 254; len <= 256; len++) {
      char text[1024] = "coap://h/a/";
      struct gc_uri uri;
      struct gc_where where = { 0, "" };
      if (query)
        strcpy(text, "coap://h/a?");
      for (size_t i = 0; i < len; i++)
        strcat(text, i % 2 ? "%41" : "b");
      enum gc_err err = gc_uri_parse(&uri, str(text), &where);
      assert_int_equal(err, len <= 255 ? GC_OK : GC_E_RANGE);
      if (err)
        assert_int_equal(where.offset, 11);
    }
  static char large[GC_URI_MAX_LEN + 8];
  struct gc_uri uri;
  memset(large, '/', sizeof large);
  memcpy(large, "coap://h/", 9);
  assert_int_equal(gc_uri_parse(&uri, gc_bytes(large, GC_URI_MAX_LEN), NULL), GC_OK);
  assert_int_equal(gc_uri_parse(&uri, gc_bytes(large, GC_URI_MAX_LEN + 1), NULL), GC_E_RANGE);
}

/* @req A52 */
static void makes_options(void **state)
{
  (void)state;
  static const struct {
    const char *text, *options;
  } cases[] = {
    { "coap://192.0.2.1", "" },
    { "coap://192.0.2.1/", "" },
    { "coap://192.0.2.1:5700/light", "11=light" },
    { "coap://[ff02::fd%25eth0]:5683/light", "11=light" },
    { "coap://224.0.1.187%lo/light", "11=light" },
    { "coap://all-coap/light", "11=light" },
    { "coap://Light.Example:5700/", "3=light.example" },
    { "coap://h/a/b/", "3=h 11=a 11=b 11=" },
    { "coap://h//", "3=h 11= 11=" },
    { "coap://h//a", "3=h 11= 11=a" },
    { "coap://h/a%2Fb/%25", "3=h 11=a/b 11=%" },
    { "coap://h/a+b", "3=h 11=a+b" },
    { "coap://h/?", "3=h" },
    { "coap://h?a&b=c", "3=h 15=a 15=b=c" },
    { "coap://h/x?a&&b&", "3=h 11=x 15=a 15= 15=b 15=" },
    { "coap://h/x?a%26b/?", "3=h 11=x 15=a&b/?" },
    { "coap://h/a/./b", "3=h 11=a 11=b" },
    { "coap://h/a/../b", "3=h 11=b" },
    { "coap://h/a/%2E%2e/b", "3=h 11=b" },
    { "coap://h/a/b/..", "3=h 11=a 11=" },
    { "coap://h/a/b/.", "3=h 11=a 11=b 11=" },
    { "coap://h/..", "3=h" },
    { "coap://h/../../a", "3=h 11=a" },
    { "coap://h/a//../b", "3=h 11=a 11=b" },
    { "coap://h/.../..a/.b", "3=h 11=... 11=..a 11=.b" },
    { "coap://h/a?x/../y", "3=h 11=a 15=x/../y" },
    { "coap://h/gr\xc3\xb6\xc3\x9f" "e", "3=h 11=gr\xc3\xb6\xc3\x9f" "e" },
    /* RFC 7252, Appendix B */
    { "coap://[2001:db8::2:1]/", "" },
    { "coap://example.net/", "3=example.net" },
    { "coap://example.net/.well-known/core", "3=example.net 11=.well-known 11=core" },
    { "coap://xn--18j4d.example/%E3%81%93%E3%82%93%E3%81%AB%E3%81%A1%E3%81%AF",
      "3=xn--18j4d.example 11=\xE3\x81\x93\xE3\x82\x93\xE3\x81\xAB\xE3\x81\xA1\xE3\x81\xAF" },
    { "coap://198.51.100.1:61616//%2F//?%2F%2F&?%26", "11= 11=/ 11= 11= 15=// 15=?&" },
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_string_equal(options_of(cases[i].text), cases[i].options);
}

static void adds_paths_and_reports_damage(void **state)
{
  (void)state;
  static const struct {
    const char *path;
    enum gc_err err;
    size_t len;
  } cases[] = { { "", GC_OK, 0 }, { "/", GC_OK, 0 }, { "a/b", GC_OK, 4 }, { "/a/b", GC_OK, 4 }, { "a%2", GC_E_MALFORMED, 0 } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t store[64];
    struct gc_bytes out = { NULL, 0 };
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    gc_uri_add_path(&builder, GC_OPTION_URI_PATH, str(cases[i].path));
    assert_int_equal(gc_builder_finish(&builder, &out), cases[i].err);
    assert_int_equal(out.len, cases[i].len);
  }
  char segment[300];
  uint8_t store[512];
  struct gc_bytes out;
  memset(segment, 'a', sizeof segment);
  struct gc_builder builder = gc_builder_options(store, sizeof store);
  gc_uri_add_path(&builder, GC_OPTION_URI_PATH, gc_bytes(segment, 256));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_E_RANGE);
  builder = gc_builder_options(store, sizeof store);
  gc_uri_add_query(&builder, GC_OPTION_URI_QUERY, gc_bytes(segment, 255));
  assert_int_equal(gc_builder_finish(&builder, &out), GC_OK);
}

/* @req A51 A57 */
static void checks_groups(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    enum gc_err err;
  } cases[] = { { "coap://224.0.1.187", GC_OK }, { "coap://224.0.1.187:5683", GC_OK }, { "coap://[ff35:30:2001:db8::1]:61616/gp/1", GC_OK },
                { "coap://all-coap", GC_OK }, { "coap://h:5684", GC_OK }, { "coaps://192.0.2.1", GC_OK },
                { "coap://224.0.1.187:5684", GC_E_RANGE }, { "coap://[ff02::fd]:5684", GC_E_RANGE }, { "coap://all-coap:5684", GC_E_RANGE },
                { "coaps://[ff02::fd]", GC_E_UNSUPPORTED }, { "coap+tcp://224.0.1.187", GC_E_UNSUPPORTED } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_uri uri = parse(cases[i].text);
    struct gc_where where = { 0, NULL };
    assert_int_equal(gc_uri_check_group(&uri, &where), cases[i].err);
    assert_int_equal(where.phrase != NULL, cases[i].err != GC_OK);
  }
  /* HOST and HOST:5683 name the same group */
  struct gc_uri plain = parse("coap://224.0.1.187"), with_port = parse("coap://224.0.1.187:5683");
  assert_true(gc_addr_equal(&plain.addr, &with_port.addr));
  assert_true(gc_uri_is_group(&plain));
}

static void composes(void **state)
{
  (void)state;
  /* RFC 7252, Appendix B among them */
  static const struct {
    const char *options, *addr, *uri; /* options as "number=value," */
    enum gc_scheme scheme;
  } cases[] = {
    { "", "[2001:db8::2:1]:5683", "coap://[2001:db8::2:1]/", GC_SCHEME_COAP },
    { "3=example.net,", "[2001:db8::2:1]:5683", "coap://example.net/", GC_SCHEME_COAP },
    { "3=example.net,11=.well-known,11=core,", "[2001:db8::2:1]:5683", "coap://example.net/.well-known/core", GC_SCHEME_COAP },
    { "3=xn--18j4d.example,11=\xE3\x81\x93,", "[2001:db8::2:1]:5683", "coap://xn--18j4d.example/%E3%81%93", GC_SCHEME_COAP },
    { "11=,11=/,11=,11=,15=//,15=?&,", "198.51.100.1:61616", "coap://198.51.100.1:61616//%2F//?//&?%26", GC_SCHEME_COAP },
    { "3=b\xc3\xbcro,", "192.0.2.1:5684", "coaps://b%C3%BCro/", GC_SCHEME_COAPS },
    { "3=[2001:db8::7],", "192.0.2.1:5683", "coap://[2001:db8::7]/", GC_SCHEME_COAP },
    { "11=,", "192.0.2.1:5683", "coap://192.0.2.1/", GC_SCHEME_COAP },
    { "11=a b,11=%,11=a+b:@,", "192.0.2.1:5683", "coap://192.0.2.1/a%20b/%25/a+b:@", GC_SCHEME_COAP },
    { "15=,15=a,", "192.0.2.1:5683", "coap://192.0.2.1/?&a", GC_SCHEME_COAP },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t store[512], text[512];
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    const char *at = cases[i].options;
    while (*at) {
      unsigned number;
      int used;
      assert_int_equal(sscanf(at, "%u=%n", &number, &used), 1);
      at += used;
      size_t len = strcspn(at, ",");
      gc_builder_add(&builder, (uint16_t)number, gc_bytes(at, len));
      at += len + 1;
    }
    struct gc_bytes options;
    struct gc_addr addr;
    assert_int_equal(gc_builder_finish(&builder, &options), GC_OK);
    assert_int_equal(gc_addr_parse(&addr, str(cases[i].addr), 0, NULL, NULL), GC_OK);
    const size_t need = strlen(cases[i].uri);
    for (size_t cap = 0; cap <= need; cap++) { /* every size too small leaves the buffer as it was */
      struct gc_buf out = gc_buf(text, cap);
      assert_int_equal(gc_uri_compose(&out, cases[i].scheme, options, &addr), cap < need ? GC_E_SPACE : GC_OK);
      assert_int_equal(out.len, cap < need ? 0 : need);
    }
    assert_memory_equal(text, cases[i].uri, need);
  }
}

static void composes_ports_and_refuses_what_is_no_uri(void **state)
{
  (void)state;
  static const struct {
    uint16_t number;
    const char *value;
    enum gc_err err;
    const char *uri;
  } cases[] = {
    { GC_OPTION_URI_PORT, "\x15\xb3", GC_OK, "coap://192.0.2.1:5555/" },
    { GC_OPTION_URI_PORT, "\x16\x33", GC_OK, "coap://192.0.2.1/" }, /* 5683 */
    { GC_OPTION_URI_PORT, "\x01\x16\x33", GC_E_MALFORMED, NULL },
    { GC_OPTION_URI_PATH, ".", GC_E_MALFORMED, NULL },
    { GC_OPTION_URI_PATH, "..", GC_E_MALFORMED, NULL },
    { GC_OPTION_URI_HOST, "a/b", GC_E_MALFORMED, NULL },
    { GC_OPTION_URI_HOST, "a@b", GC_E_MALFORMED, NULL },
    { GC_OPTION_URI_HOST, "", GC_E_MALFORMED, NULL },
    { GC_OPTION_URI_HOST, "\xff", GC_E_MALFORMED, NULL },
    { GC_OPTION_URI_HOST, "[::1", GC_E_MALFORMED, NULL },
    { GC_OPTION_URI_HOST, "[::1]:7", GC_E_MALFORMED, NULL },
    { GC_OPTION_URI_HOST, "[x]", GC_E_MALFORMED, NULL },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t store[64], text[64];
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    struct gc_addr addr = gc_addr_ipv4(192, 0, 2, 1, 5700);
    struct gc_bytes options;
    struct gc_buf out = gc_buf(text, sizeof text);
    gc_builder_add(&builder, cases[i].number, str(cases[i].value));
    assert_int_equal(gc_builder_finish(&builder, &options), GC_OK);
    assert_int_equal(gc_uri_compose(&out, GC_SCHEME_COAP, options, &addr), cases[i].err);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), str(cases[i].uri ? cases[i].uri : "")));
  }
}

/* @req A20 */
static void resolves_references_against_the_responder(void **state)
{
  (void)state;
  static const struct {
    const char *base, *reference, *uri;
  } cases[] = {
    { "coap://224.0.1.187/a/b?q", "/c", "coap://192.0.2.7:5700/c" },
    { "coap://224.0.1.187/a/b?q", "c", "coap://192.0.2.7:5700/a/c" },
    { "coap://224.0.1.187/a/b?q", "../c", "coap://192.0.2.7:5700/c" },
    { "coap://224.0.1.187/a/b?q", "../../../c/.", "coap://192.0.2.7:5700/c/" },
    { "coap://224.0.1.187/a/b?q", "?r", "coap://192.0.2.7:5700/a/b?r" },
    { "coap://224.0.1.187/a/b?q", "", "coap://192.0.2.7:5700/a/b?q" },
    { "coap://224.0.1.187/a/b?q", "#f", "coap://192.0.2.7:5700/a/b?q#f" },
    { "coap://224.0.1.187", "c", "coap://192.0.2.7:5700/c" },
    { "coap://group.example", "c/d", "coap://192.0.2.7:5700/c/d" },
    { "coap://224.0.1.187/a/b/", "c", "coap://192.0.2.7:5700/a/b/c" },
    { "coap://224.0.1.187/a/b", "//[ff05::fd]:99/x", "coap://[ff05::fd]:99/x" },
    { "coap://224.0.1.187/a/b", "coap://[ff35::1]:5685/gp/1/../2", "coap://[ff35::1]:5685/gp/2" },
    { "coap://224.0.1.187/a/b", "urn:uuid:1", "urn:uuid:1" },
    { "coap://224.0.1.187/a/b", "http://x", "http://x" },
  };
  const struct gc_addr responder = gc_addr_ipv4(192, 0, 2, 7, 5700);
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t text[256];
    struct gc_uri base = parse(cases[i].base);
    struct gc_buf out = gc_buf(text, strlen(cases[i].uri));
    assert_int_equal(gc_uri_resolve(&out, &base, &responder, str(cases[i].reference), NULL), GC_OK);
    if (!gc_bytes_equal(gc_buf_bytes(&out), str(cases[i].uri)))
      fail_msg("%s: %.*s", cases[i].uri, (int)out.len, (const char *)text);
    for (size_t cap = 0; cap < strlen(cases[i].uri); cap++) {
      out = gc_buf(text, cap);
      assert_int_equal(gc_uri_resolve(&out, &base, &responder, str(cases[i].reference), NULL), GC_E_SPACE);
      assert_int_equal(out.len, 0);
    }
  }
}

/* RFC 3986, Section 5.4, with a scheme of ours */
static void resolves_as_rfc_3986_shows(void **state)
{
  (void)state;
  static const struct {
    const char *reference, *uri;
  } cases[] = {
    { "g:h", "g:h" }, { "g", "coap://a/b/c/g" }, { "./g", "coap://a/b/c/g" }, { "g/", "coap://a/b/c/g/" }, { "/g", "coap://a/g" },
    { "//g", "coap://g" }, { "?y", "coap://a/b/c/d;p?y" }, { "g?y", "coap://a/b/c/g?y" }, { "#s", "coap://a/b/c/d;p?q#s" },
    { "g#s", "coap://a/b/c/g#s" }, { "g?y#s", "coap://a/b/c/g?y#s" }, { ";x", "coap://a/b/c/;x" }, { "g;x", "coap://a/b/c/g;x" },
    { "", "coap://a/b/c/d;p?q" }, { ".", "coap://a/b/c/" }, { "./", "coap://a/b/c/" }, { "..", "coap://a/b/" }, { "../", "coap://a/b/" },
    { "../g", "coap://a/b/g" }, { "../..", "coap://a/" }, { "../../", "coap://a/" }, { "../../g", "coap://a/g" },
    { "../../../g", "coap://a/g" }, { "/./g", "coap://a/g" }, { "/../g", "coap://a/g" }, { "g.", "coap://a/b/c/g." },
    { ".g", "coap://a/b/c/.g" }, { "..g", "coap://a/b/c/..g" }, { "./../g", "coap://a/b/g" }, { "./g/.", "coap://a/b/c/g/" },
    { "g/./h", "coap://a/b/c/g/h" }, { "g/../h", "coap://a/b/c/h" }, { "g;x=1/../y", "coap://a/b/c/y" },
    { "g?y/../x", "coap://a/b/c/g?y/../x" }, { "g#s/../x", "coap://a/b/c/g#s/../x" },
  };
  struct gc_uri base = parse("coap://a/b/c/d;p?q");
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t text[256];
    struct gc_buf out = gc_buf(text, sizeof text);
    assert_int_equal(gc_uri_resolve(&out, &base, NULL, str(cases[i].reference), NULL), GC_OK);
    if (!gc_bytes_equal(gc_buf_bytes(&out), str(cases[i].uri)))
      fail_msg("%s: %.*s", cases[i].reference, (int)out.len, (const char *)text);
  }
  uint8_t text[64];
  struct gc_buf out = gc_buf(text, sizeof text);
  struct gc_where where;
  assert_int_equal(gc_uri_resolve(&out, &base, NULL, str("a b"), &where), GC_E_MALFORMED);
  assert_int_equal(where.offset, 1);
  assert_int_equal(out.len, 0);
}

/* @req A20 */
static void finds_the_location(void **state)
{
  (void)state;
  static const struct {
    const char *path[3], *query, *uri;
    enum gc_err err;
  } cases[] = {
    { { "a", "b c" }, NULL, "coap://[2001:db8::7]/a/b%20c", GC_OK },
    { { "a" }, "x=1", "coap://[2001:db8::7]/a?x=1", GC_OK },
    { { NULL }, "x", "coap://[2001:db8::7]/old/one?x", GC_OK },
    { { NULL }, NULL, "", GC_E_NOT_FOUND },
    { { "..", "a" }, NULL, "", GC_E_MALFORMED },
    { { "", "a" }, NULL, "", GC_E_MALFORMED },
  };
  struct gc_uri base = parse("coap://[ff05::fd]/old/one?q");
  struct gc_addr responder;
  assert_int_equal(gc_addr_parse(&responder, str("[2001:db8::7]:5683"), 0, NULL, NULL), GC_OK);
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t store[128], text[128];
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    struct gc_bytes options;
    struct gc_buf out = gc_buf(text, sizeof text);
    for (int k = 0; k < 3 && cases[i].path[k]; k++)
      gc_builder_add_str(&builder, GC_OPTION_LOCATION_PATH, cases[i].path[k]);
    if (cases[i].query)
      gc_builder_add_str(&builder, GC_OPTION_LOCATION_QUERY, cases[i].query);
    assert_int_equal(gc_builder_finish(&builder, &options), GC_OK);
    assert_int_equal(gc_uri_location(&out, &base, &responder, options), cases[i].err);
    assert_true(gc_bytes_equal(gc_buf_bytes(&out), str(cases[i].uri)));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(splits_addresses),
    cmocka_unit_test(splits_names),
    cmocka_unit_test(refuses_with_place_and_reason),
    cmocka_unit_test(bounds_segments_at_255_bytes),
    cmocka_unit_test(makes_options),
    cmocka_unit_test(adds_paths_and_reports_damage),
    cmocka_unit_test(checks_groups),
    cmocka_unit_test(composes),
    cmocka_unit_test(composes_ports_and_refuses_what_is_no_uri),
    cmocka_unit_test(resolves_references_against_the_responder),
    cmocka_unit_test(resolves_as_rfc_3986_shows),
    cmocka_unit_test(finds_the_location),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
