#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/payload.h"

static void arguments(void **state)
{
  (void)state;
  static const struct {
    enum gc_payload_kind kind;
    const char *arg, *bytes;
    size_t len;
    const char *why;
  } cases[] = {
    { GC_PAYLOAD_NONE, NULL, "", 0, NULL },
    { GC_PAYLOAD_TEXT, "on", "on", 2, NULL },
    { GC_PAYLOAD_TEXT, "", "", 0, NULL },
    { GC_PAYLOAD_TEXT, "@@home", "@home", 5, NULL },
    { GC_PAYLOAD_HEX, "0x0aFF 00", "\x0a\xff\x00", 3, NULL },
    { GC_PAYLOAD_HEX, "", "", 0, NULL },
    { GC_PAYLOAD_HEX, "0a\nff", "\x0a\xff", 2, NULL },
    { GC_PAYLOAD_HEX, "0a0", NULL, 0, "payload: a second hexadecimal digit is missing at character 4" },
    { GC_PAYLOAD_HEX, "zz", NULL, 0, "payload: not a hexadecimal digit at character 1" },
    { GC_PAYLOAD_CBOR, "{\"a\": [1, h'00ff']}", "\xa1\x61\x61\x82\x01\x42\x00\xff", 8, NULL },
    { GC_PAYLOAD_CBOR, "1_3", "\x1b\x00\x00\x00\x00\x00\x00\x00\x01", 9, NULL },
    { GC_PAYLOAD_TEXT, "@", NULL, 0, "payload: a file name must follow @" },
    { GC_PAYLOAD_TEXT, "@/nonexistent/x", NULL, 0, "/nonexistent/x: No such file or directory" },
    { GC_PAYLOAD_TEXT, "@/", NULL, 0, "/: Is a directory" },
    { GC_PAYLOAD_TEXT, "@/dev/zero", NULL, 0, "/dev/zero: larger than 16 MiB" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct gc_payload payload;
    char why[GC_PAYLOAD_WHY_LEN] = "";
    bool ok = gc_payload_read(&payload, cases[i].kind, cases[i].arg, why);
    assert_int_equal(ok, cases[i].why == NULL);
    assert_string_equal(why, cases[i].why ? cases[i].why : "");
    assert_int_equal(payload.bytes.len, cases[i].len);
    if (cases[i].len > 0)
      assert_memory_equal(payload.bytes.ptr, cases[i].bytes, cases[i].len);
    gc_payload_free(&payload);
  }
}

static void files(void **state)
{
  (void)state;
  char path[] = "/tmp/gc-payload-XXXXXX", arg[64], why[GC_PAYLOAD_WHY_LEN];
  static uint8_t data[10000];
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  memset(data, 0x5a, sizeof data);
  assert_int_equal(write(fd, data, sizeof data), sizeof data);
  snprintf(arg, sizeof arg, "@%s", path);
  struct gc_payload payload;
  assert_true(gc_payload_read(&payload, GC_PAYLOAD_TEXT, arg, why));
  assert_int_equal(payload.bytes.len, sizeof data);
  assert_memory_equal(payload.bytes.ptr, data, sizeof data);
  gc_payload_free(&payload);

  assert_int_equal(ftruncate(fd, GC_PAYLOAD_MAX_LEN), 0); /* the largest that is accepted … */
  assert_true(gc_payload_read(&payload, GC_PAYLOAD_TEXT, arg, why));
  assert_int_equal(payload.bytes.len, GC_PAYLOAD_MAX_LEN);
  gc_payload_free(&payload);
  assert_int_equal(ftruncate(fd, GC_PAYLOAD_MAX_LEN + 1), 0); /* … and one more */
  assert_false(gc_payload_read(&payload, GC_PAYLOAD_TEXT, arg, why));
  assert_non_null(strstr(why, ": larger than 16 MiB"));
  close(fd);
  unlink(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(arguments),
    cmocka_unit_test(files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
