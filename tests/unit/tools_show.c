#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "coap/builder.h"
#include "common/show.h"
#include "common/show_value.h"

static void expect(struct gc_out *out, const char *text)
{
  struct gc_bytes content = gc_out_content(out);
  char *copy = strndup((const char *)content.ptr, content.len);
  assert_string_equal(copy, text);
  free(copy);
  gc_out_reset(out);
}

static void codes(void **state)
{
  (void)state;
  static const struct {
    uint8_t code;
    const char *text, *number;
  } cases[] = { { 0, "EMPTY", "0.00" }, { 1, "GET", "0.01" }, { 5, "FETCH", "0.05" }, { 7, "iPATCH", "0.07" }, { 8, "0.08", "0.08" },
                { 69, "2.05", "2.05" }, { 132, "4.04", "4.04" }, { 255, "7.31", "7.31" } };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_string_equal(gc_show_code(cases[i].code), cases[i].text);
    assert_string_equal(gc_show_code_number(cases[i].code), cases[i].number);
  }
  assert_string_equal(gc_show_type(GC_TYPE_RST), "RST");
}

static void blocks(void **state)
{
  (void)state;
  char text[GC_SHOW_BLOCK_MAX];
  assert_string_equal(gc_show_block(text, 0), "0/0/16");
  assert_string_equal(gc_show_block(text, 3u << 4 | 8 | 2), "3/1/64");
  assert_string_equal(gc_show_block(text, 0xffffffu), "1048575/1/reserved");
  assert_string_equal(gc_show_block(text, UINT32_MAX), "268435455/1/reserved");
}

/* One row: an option and how it is shown. */
static const struct {
  uint16_t number;
  const char *value;
  size_t len;
  const char *text, *json;
} rows[] = {
  { 11, "light", 5, "[Uri-Path:light]", "[{\"number\":11,\"name\":\"Uri-Path\",\"value\":\"light\"}]" },
  { 11, "", 0, "[Uri-Path:]", "[{\"number\":11,\"name\":\"Uri-Path\",\"value\":\"\"}]" },
  { 11, "a\xff", 2, "[Uri-Path:a\\xff]", "[{\"number\":11,\"name\":\"Uri-Path\",\"value\":\"a\\ufffd\",\"hex\":\"61ff\"}]" },
  { 6, "", 0, "[Observe:0]", "[{\"number\":6,\"name\":\"Observe\",\"value\":0}]" },
  { 14, "\x01\x00\x00", 3, "[Max-Age:65536]", "[{\"number\":14,\"name\":\"Max-Age\",\"value\":65536}]" },
  { 14, "\x01\x00\x00\x00\x00", 5, "[Max-Age:0100000000]", "[{\"number\":14,\"name\":\"Max-Age\",\"value\":\"0100000000\"}]" },
  { 23, "\x1e", 1, "[Block2:1/1/1024]", "[{\"number\":23,\"name\":\"Block2\",\"value\":\"1/1/1024\"}]" },
  { 23, "\x00\x00\x00\x1e", 4, "[Block2:0000001e]", "[{\"number\":23,\"name\":\"Block2\",\"value\":\"0000001e\"}]" },
  { 5, "", 0, "[If-None-Match]", "[{\"number\":5,\"name\":\"If-None-Match\",\"value\":\"\"}]" },
  { 5, "x", 1, "[If-None-Match:78]", "[{\"number\":5,\"name\":\"If-None-Match\",\"value\":\"78\"}]" },
  { 4, "\x0a\xff", 2, "[ETag:0aff]", "[{\"number\":4,\"name\":\"ETag\",\"value\":\"0aff\"}]" },
  { 2049, "\x0a", 1, "[2049:0a]", "[{\"number\":2049,\"value\":\"0a\"}]" },
};

static void options_by_format(void **state)
{
  (void)state;
  struct gc_out *out = gc_out_new(-1, GC_COLOR_NEVER, false);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint8_t store[64];
    char json[256];
    struct gc_bytes options;
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    gc_builder_add(&builder, rows[i].number, gc_bytes(rows[i].value, rows[i].len));
    assert_int_equal(gc_builder_finish(&builder, &options), GC_OK);
    gc_show_options(out, options);
    expect(out, rows[i].text);
    gc_json_object(out, NULL);
    gc_json_options(out, "options", options);
    gc_json_end(out);
    strcat(strcat(strcpy(json, "{\"options\":"), rows[i].json), "}\n");
    expect(out, json);
  }
  gc_show_options(out, gc_bytes(NULL, 0));
  gc_json_options(out, "options", gc_bytes(NULL, 0));
  expect(out, "");
  gc_out_close(&out);
}

static void payloads(void **state)
{
  (void)state;
  struct gc_out *out = gc_out_new(-1, GC_COLOR_NEVER, false);
  static const struct {
    const char *payload;
    size_t len, max;
    const char *text, *json;
  } cases[] = {
    { "on", 2, 0, "on", "{\"payload\":{\"text\":\"on\"}}\n" },
    { "a\nb", 3, 0, "a\\nb", "{\"payload\":{\"text\":\"a\\nb\"}}\n" },
    { "", 0, 0, "", "{}\n" },
    { "\x00\xff", 2, 0, "0x00ff", "{\"payload\":{\"hex\":\"00ff\"}}\n" },
    { "\x1b[2J", 4, 0, "0x1b5b324a", "{\"payload\":{\"hex\":\"1b5b324a\"}}\n" },
    { "abcdef", 6, 4, "abcd... (6 bytes)", "{\"payload\":{\"text\":\"abcdef\"}}\n" },
    { "abc\xc3\xa9", 5, 4, "abc... (5 bytes)", "{\"payload\":{\"text\":\"abc\xc3\xa9\"}}\n" },
    { "\x01\x02\x03", 3, 4, "0x0102... (3 bytes)", "{\"payload\":{\"hex\":\"010203\"}}\n" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct gc_bytes payload = gc_bytes(cases[i].payload, cases[i].len);
    gc_show_payload(out, payload, -1, cases[i].max);
    expect(out, cases[i].text);
    gc_json_object(out, NULL);
    gc_json_payload(out, "payload", payload, -1);
    gc_json_end(out);
    expect(out, cases[i].json);
  }
  gc_out_close(&out);
}

static void cbor_by_its_format(void **state)
{
  (void)state;
  struct gc_out *out = gc_out_new(-1, GC_COLOR_NEVER, false);
  static const struct {
    const char *payload;
    size_t len;
    int32_t format;
    size_t max;
    const char *text, *json;
  } cases[] = {
    { "\xa1\x61\x61\x01", 4, 60, 0, "{\"a\": 1}", "{\"payload\":{\"cbor\":\"{\\\"a\\\": 1}\"}}\n" },
    { "\x01\x02", 2, 63, 0, "1, 2", "{\"payload\":{\"cbor\":\"1, 2\"}}\n" },
    { "\x83\x01\x02\x03", 4, 60, 4, "[1, ... (4 bytes)", "{\"payload\":{\"cbor\":\"[1, 2, 3]\"}}\n" },
    { "\x83\x01", 2, 60, 0, "0x8301", "{\"payload\":{\"hex\":\"8301\"}}\n" }, /* ends too early */
    { "\x83\x01\x02\x03", 4, 42, 0, "0x83010203", "{\"payload\":{\"hex\":\"83010203\"}}\n" },
    { "\x83\x01\x02\x03", 4, -1, 0, "0x83010203", "{\"payload\":{\"hex\":\"83010203\"}}\n" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct gc_bytes payload = gc_bytes(cases[i].payload, cases[i].len);
    gc_show_payload(out, payload, cases[i].format, cases[i].max);
    expect(out, cases[i].text);
    gc_json_object(out, NULL);
    gc_json_payload(out, "payload", payload, cases[i].format);
    gc_json_end(out);
    expect(out, cases[i].json);
  }
  gc_out_close(&out);
}

static void whole_messages(void **state)
{
  (void)state;
  struct gc_out *out = gc_out_new(-1, GC_COLOR_NEVER, false);
  uint8_t store[64];
  struct gc_bytes datagram;
  struct gc_message message;
  struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_NON, GC_CODE(2, 5), 0x1234, gc_bytes("\xab\xcd", 2));
  gc_builder_add_uint(&builder, 12, 0);
  gc_builder_payload(&builder, gc_bytes("on", 2));
  assert_int_equal(gc_builder_finish(&builder, &datagram), GC_OK);
  assert_int_equal(gc_message_parse(&message, datagram, NULL), GC_OK);
  assert_int_equal(gc_show_content_format(message.options), 0);
  gc_json_object(out, NULL);
  gc_json_message(out, &message);
  gc_json_end(out);
  expect(out, "{\"type\":\"NON\",\"code\":\"2.05\",\"mid\":4660,\"token\":\"abcd\","
              "\"options\":[{\"number\":12,\"name\":\"Content-Format\",\"value\":0}],\"payload\":{\"text\":\"on\"}}\n");
  gc_show_tree(out, &message, datagram, 2, true);
  struct gc_bytes tree = gc_out_content(out);
  assert_non_null(memmem(tree.ptr, tree.len, "  NON Content (2.05) mid=4660 token=abcd\n", 41));
  assert_non_null(memmem(tree.ptr, tree.len, "    12 Content-Format (elective, 0 bytes): ", 43));
  assert_non_null(memmem(tree.ptr, tree.len, "    payload (2 bytes): on\n", 26));
  assert_non_null(memmem(tree.ptr, tree.len, "    0000  52 45 12 34 ab cd c0 ff 6f 6e", 39));
  gc_out_close(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(codes),
    cmocka_unit_test(blocks),
    cmocka_unit_test(options_by_format),
    cmocka_unit_test(payloads),
    cmocka_unit_test(cbor_by_its_format),
    cmocka_unit_test(whole_messages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
