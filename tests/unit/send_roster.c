#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gc-send.h"

static bool read_text(struct gc_roster *roster, const char *text, char *why)
{
  char path[] = "/tmp/gc-roster-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
  bool ok = gc_roster_read(roster, path, why);
  unlink(path);
  return ok;
}

static struct gc_addr addr(const char *text)
{
  struct gc_addr out;
  assert_int_equal(gc_addr_parse(&out, gc_bytes_str(text), 5683, NULL, NULL), GC_OK);
  return out;
}

static void reads_and_marks(void **state)
{
  (void)state;
  struct gc_roster roster;
  char why[GC_WHY_LEN] = "";
  assert_true(read_text(&roster, "# lights\n\n  192.0.2.2 hall  \n192.0.2.1\t# no name\r\n[2001:db8::1]:5700 kitchen sink\n2001:db8::1\n192.0.2.1\n", why));
  assert_int_equal(roster.count, 4); /* one was there twice */
  struct gc_addr from = addr("192.0.2.1:7777");
  assert_non_null(gc_roster_mark(&roster, &from));
  assert_non_null(gc_roster_mark(&roster, &from));
  assert_int_equal(roster.answered, 1);
  from = addr("192.0.2.3");
  assert_null(gc_roster_mark(&roster, &from));
  from = addr("[2001:db8::1]:5700"); /* stands for both lines of that address */
  assert_string_equal(gc_roster_mark(&roster, &from)->name, "kitchen sink");
  assert_int_equal(roster.answered, 3);
  from = addr("192.0.2.2");
  assert_string_equal(gc_roster_mark(&roster, &from)->name, "hall");
  assert_int_equal(roster.answered, roster.count);
  gc_roster_free(&roster);
  assert_null(roster.entries);
}

static void another_port_is_another_server(void **state)
{
  (void)state;
  struct gc_roster roster;
  char why[GC_WHY_LEN] = "";
  assert_true(read_text(&roster, "192.0.2.1:5700 a", why));
  struct gc_addr from = addr("192.0.2.1:5683");
  assert_null(gc_roster_mark(&roster, &from));
  assert_int_equal(roster.answered, 0);
  gc_roster_free(&roster);
}

static void errors_name_file_and_line(void **state)
{
  (void)state;
  char long_line[700];
  memset(long_line, '1', sizeof long_line - 1);
  long_line[sizeof long_line - 1] = '\0';
  const struct {
    const char *text, *why;
  } cases[] = { { "", ":0: no address in it" }, { "# only\n", ":1: no address in it" }, { "192.0.2.1\nlamp\n", ":2: " },
                { "224.0.1.187", ":1: not the address of one server" }, { "0.0.0.0", ":1: not the address of one server" },
                { "fe80::1%nosuchif0", ":1: no such interface" }, { long_line, ":1: the line is too long" } };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct gc_roster roster;
    char why[GC_WHY_LEN] = "";
    if (strlen(cases[i].text) > 600)
      long_line[600] = '\n';
    assert_false(read_text(&roster, cases[i].text, why));
    if (!strstr(why, cases[i].why))
      fail_msg("%s: %s", cases[i].text, why);
    assert_null(roster.entries);
  }
  struct gc_roster roster;
  char why[GC_WHY_LEN];
  assert_false(gc_roster_read(&roster, "/nonexistent/roster", why));
  assert_string_equal(why, "/nonexistent/roster: No such file or directory");
}

static void slots_count_each_responder_once(void **state)
{
  (void)state;
  struct gc_send_slot slot = { 0 };
  static const uint32_t ids[] = { 0, 63, 64, 65, 1000, 127, 128, 5000 };
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
    assert_true(gc_send_slot_note(&slot, ids[i]));
    for (size_t k = 0; k <= i; k++)
      assert_false(gc_send_slot_note(&slot, ids[k]));
  }
  gc_send_slot_free(&slot);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_and_marks),
    cmocka_unit_test(another_port_is_another_server),
    cmocka_unit_test(errors_name_file_and_line),
    cmocka_unit_test(slots_count_each_responder_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
