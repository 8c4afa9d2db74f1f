#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/out.h"

static void expect(struct gc_out *out, const char *text)
{
  struct gc_bytes content = gc_out_content(out);
  char *copy = strndup((const char *)content.ptr, content.len);
  assert_string_equal(copy, text);
  free(copy);
  gc_out_reset(out);
}

static void numbers(void **state)
{
  (void)state;
  struct gc_out *out = gc_out_new(-1, GC_COLOR_NEVER, false);
  static const uint64_t values[] = { 0, 9, 10, 255, 65535, 4294967296u, UINT64_MAX };
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    gc_out_uint(out, values[i]);
    gc_out_char(out, ' ');
  }
  expect(out, "0 9 10 255 65535 4294967296 18446744073709551615 ");
  gc_out_fixed(out, 121, 1);
  gc_out_char(out, ' ');
  gc_out_fixed(out, 5, 3);
  gc_out_char(out, ' ');
  gc_out_fixed(out, 1000000, 6);
  gc_out_char(out, ' ');
  gc_out_fixed(out, 7, 0);
  expect(out, "12.1 0.005 1.000000 7");
  gc_out_hex(out, gc_bytes("\x00\x9f\xff", 3));
  expect(out, "009fff");
  gc_out_close(&out);
}

static void text_of_peers_is_made_printable(void **state)
{
  (void)state;
  struct gc_out *out = gc_out_new(-1, GC_COLOR_NEVER, false);
  gc_out_text(out, gc_bytes("a\x1b[31m\\\n\xc3\xa9\xff\xe2\x80\xae", 14));
  expect(out, "a\\x1b[31m\\\\\\n\xc3\xa9\\xff\\xe2\\x80\\xae");
  gc_out_close(&out);
}

static void pads_by_columns_not_bytes(void **state)
{
  (void)state;
  struct gc_out *out = gc_out_new(-1, GC_COLOR_ALWAYS, false);
  gc_out_str(out, "before\n\xc3\xa9");
  gc_out_color(out, GC_RED);
  gc_out_str(out, "x");
  gc_out_color(out, GC_PLAIN);
  gc_out_pad(out, 5);
  gc_out_str(out, "y");
  gc_out_pad(out, 3);
  gc_out_str(out, "z");
  expect(out, "before\n\xc3\xa9\033[31mx\033[0m   y z");
  gc_out_close(&out);
}

static void json_nests_and_separates(void **state)
{
  (void)state;
  struct gc_out *out = gc_out_new(-1, GC_COLOR_NEVER, false);
  gc_json_object(out, NULL);
  gc_json_str(out, "event", "response");
  gc_json_array(out, "options");
  gc_json_object(out, NULL);
  gc_json_uint(out, "number", 12);
  gc_json_end(out);
  gc_json_object(out, NULL);
  gc_json_end(out);
  gc_json_str(out, NULL, "x");
  gc_json_end(out);
  gc_json_fixed(out, "rtt_ms", 121, 1);
  gc_json_int(out, "low", INT64_MIN);
  gc_json_int(out, "n", 7);
  gc_json_bool(out, "yes", true);
  gc_json_hex(out, "hex", gc_bytes("\x0a\xff", 2));
  gc_json_end(out);
  gc_json_object(out, NULL);
  gc_json_end(out);
  expect(out, "{\"event\":\"response\",\"options\":[{\"number\":12},{},\"x\"],\"rtt_ms\":12.1,\"low\":-9223372036854775808,"
              "\"n\":7,\"yes\":true,\"hex\":\"0aff\"}\n{}\n");
  gc_out_close(&out);
}

static void json_escapes(void **state)
{
  (void)state;
  struct gc_out *out = gc_out_new(-1, GC_COLOR_NEVER, false);
  gc_json_array(out, NULL);
  gc_json_text(out, NULL, gc_bytes("\"\\\n\t\r\x01\x7f\x00", 8));
  gc_json_text(out, NULL, gc_bytes("\xc3\xa9 \xc2\x9b \xe2\x80\xae \xef\xbb\xbf \xf0\x9f\x98\x80", 18));
  gc_json_text(out, NULL, gc_bytes("\xff\xc3", 2));
  gc_json_text(out, NULL, gc_bytes(NULL, 0));
  gc_json_end(out);
  expect(out, "[\"\\\"\\\\\\n\\t\\r\\u0001\\u007f\\u0000\",\"\xc3\xa9 \\u009b \\u202e \\ufeff \xf0\x9f\x98\x80\",\"\\ufffd\\ufffd\",\"\"]\n");
  gc_out_close(&out);
}

static void json_depth_is_bounded(void **state)
{
  (void)state;
  struct gc_out *out = gc_out_new(-1, GC_COLOR_NEVER, false);
  for (int i = 0; i < 1000; i++)
    gc_json_array(out, NULL);
  gc_json_str(out, NULL, "too deep");
  for (int i = 0; i < 1000; i++)
    gc_json_end(out);
  char want[130] = "";
  memset(want, '[', 64);
  memset(want + 64, ']', 64);
  want[128] = '\n';
  expect(out, want);
  gc_out_close(&out);
}

static void writes_long_text_whole(void **state)
{
  (void)state;
  char path[] = "/tmp/gc-out-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  unlink(path);
  static uint8_t data[200001];
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (uint8_t)(i * 7);
  for (int batch = 0; batch < 2; batch++) {
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    struct gc_out *out = gc_out_new(fd, GC_COLOR_AUTO, batch);
    gc_out_str(out, "x");
    gc_out_flush(out);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), batch ? 0 : 1);
    gc_out_bytes(out, gc_bytes(data, sizeof data));
    gc_out_hex(out, gc_bytes(data, sizeof data));
    assert_true(gc_out_close(&out));
    assert_null(out);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 1 + 3 * sizeof data);
    static uint8_t back[sizeof data];
    assert_int_equal(pread(fd, back, sizeof back, 1), sizeof back);
    assert_memory_equal(back, data, sizeof data);
  }
  close(fd);
}

static void failed_writes_are_remembered(void **state)
{
  (void)state;
  int fd = open("/dev/full", O_WRONLY);
  struct gc_out *out = gc_out_new(fd, GC_COLOR_NEVER, false);
  gc_out_str(out, "lost");
  assert_true(gc_out_ok(out));
  gc_out_flush(out);
  assert_false(gc_out_ok(out));
  assert_int_equal(gc_out_errno(out), ENOSPC);
  errno = 0;
  assert_false(gc_out_close(&out));
  assert_int_equal(errno, ENOSPC);
  close(fd);

  int ends[2];
  assert_int_equal(pipe(ends), 0);
  close(ends[0]);
  out = gc_out_new(ends[1], GC_COLOR_NEVER, true);
  gc_out_str(out, "nobody reads");
  assert_false(gc_out_close(&out));
  assert_int_equal(errno, EPIPE);
  close(ends[1]);
}

static void on_alarm(int number)
{
  (void)number;
}

/* A reader that has stopped reading, and a signal that asks to end: the write gives up. */
static void a_signal_ends_a_blocked_write(void **state)
{
  (void)state;
  static const uint8_t data[300000];
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  struct sigaction action = { .sa_handler = on_alarm };
  const struct itimerval soon = { .it_value = { .tv_usec = 20000 } };
  assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
  struct gc_out *out = gc_out_new(ends[1], GC_COLOR_NEVER, false);
  assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
  gc_out_bytes(out, gc_bytes(data, sizeof data));
  gc_out_flush(out);
  assert_false(gc_out_ok(out));
  assert_int_equal(gc_out_errno(out), EINTR);
  assert_false(gc_out_close(&out));
  close(ends[0]);
  close(ends[1]);
}

static void colour_rules(void **state)
{
  (void)state;
  static const struct {
    enum gc_color_when when;
    const char *want;
  } cases[] = { { GC_COLOR_AUTO, "x" }, { GC_COLOR_NEVER, "x" }, { GC_COLOR_ALWAYS, "\033[1mx" } };
  for (size_t i = 0; i < 3; i++) {
    struct gc_out *out = gc_out_new(-1, cases[i].when, false);
    gc_out_color(out, GC_BOLD);
    gc_outf(out, "%s", "x");
    expect(out, cases[i].want);
    gc_out_close(&out);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(numbers),
    cmocka_unit_test(text_of_peers_is_made_printable),
    cmocka_unit_test(pads_by_columns_not_bytes),
    cmocka_unit_test(json_nests_and_separates),
    cmocka_unit_test(json_escapes),
    cmocka_unit_test(json_depth_is_bounded),
    cmocka_unit_test(writes_long_text_whole),
    cmocka_unit_test(failed_writes_are_remembered),
    cmocka_unit_test(a_signal_ends_a_blocked_write),
    cmocka_unit_test(colour_rules),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
