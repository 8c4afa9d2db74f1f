#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "capture/pcap_reader.h"

static uint8_t file[4096];
static size_t file_len;
static char why[256];

static void put(const char *hex)
{
  struct gc_buf out = gc_buf(file + file_len, sizeof file - file_len);
  assert_int_equal(gc_hex_decode(&out, hex, strlen(hex), NULL), GC_OK);
  file_len += out.len;
}

static enum gc_err open_bytes(struct gc_pcap_reader **reader, size_t len)
{
  why[0] = '\0';
  if (len == 0)
    return gc_pcap_reader_open(reader, "/dev/null", false, why);
  FILE *stream = fmemopen(file, len, "rb");
  assert_non_null(stream);
  return gc_pcap_reader_open_stream(reader, stream, why);
}

/* how many packets, and how it ended */
static size_t read_all(size_t len, enum gc_err *end)
{
  struct gc_pcap_reader *reader;
  struct gc_frame frame;
  size_t count = 0;
  *end = open_bytes(&reader, len);
  if (*end) {
    assert_null(reader);
    return 0;
  }
  while ((*end = gc_pcap_reader_next(reader, &frame, why)) == GC_OK) {
    count++;
    assert_int_equal(frame.number, count);
  }
  gc_pcap_reader_close(&reader);
  assert_null(reader);
  return count;
}

#define PCAP_LE "d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000 "
#define PCAP_BE "a1b2c3d4 0002 0004 00000000 00000000 00040000 00000065 "
#define PCAP_NS "4d3cb2a1 0200 0400 00000000 00000000 00000400 01000000 "
#define PACKET_LE "0100000002000000 04000000 06000000 45000000 "
#define PACKET_BE "0000000100000002 00000004 00000006 45000000 "

/* pcapng: section header, one or two interfaces, enhanced packets */
#define SECTION "0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000 "
#define INTERFACE(type) "01000000 14000000 " type "0000 00000400 14000000 "
#define INTERFACE_NS "01000000 20000000 65000000 00000400 09000100 09000000 00000000 20000000 "
#define ENHANCED(interface, high, low) "06000000 24000000 " interface "000000 " high low "04000000 06000000 45000000 24000000 "

static void formats(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    int link_type;
    uint64_t wall_us;
  } cases[] = {
    { PCAP_LE PACKET_LE, 12, 1000002 },
    { PCAP_BE PACKET_BE, 12, 1000002 },
    { PCAP_NS "01000000 d0070000 04000000 06000000 45000000", 1, 1000002 },
    { SECTION INTERFACE("6500") ENHANCED("00", "00000000 ", "42420f00 "), 12, 1000002 },
    { SECTION INTERFACE_NS ENHANCED("00", "00000000 ", "d0d19a3b "), 12, 1000002 },
    { SECTION INTERFACE("1401") ENHANCED("00", "00000000 ", "01000000 "), 276, 1 },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct gc_pcap_reader *reader;
    struct gc_frame frame;
    file_len = 0;
    put(cases[i].hex);
    assert_int_equal(open_bytes(&reader, file_len), GC_OK);
    assert_int_equal(gc_pcap_reader_link_type(reader), cases[i].link_type);
    assert_int_equal(gc_pcap_reader_next(reader, &frame, why), GC_OK);
    assert_int_equal(frame.bytes.len, 4);
    assert_int_equal(frame.wire_len, 6);
    assert_int_equal(frame.number, 1);
    assert_int_equal(frame.wall_us, cases[i].wall_us);
    assert_int_equal(gc_pcap_reader_next(reader, &frame, why), GC_E_END);
    gc_pcap_reader_close(&reader);
  }
}

static void every_prefix(void **state)
{
  (void)state;
  static const struct {
    const char *head, *packet;
  } cases[] = { { PCAP_LE, PACKET_LE }, { SECTION INTERFACE("6500"), ENHANCED("00", "00000000 ", "42420f00 ") } };
  for (size_t i = 0; i < 2; i++) {
    file_len = 0;
    put(cases[i].head);
    size_t head = file_len;
    put(cases[i].packet);
    size_t each = file_len - head;
    put(cases[i].packet);
    put(cases[i].packet);
    for (size_t len = 0; len <= file_len; len++) {
      enum gc_err end;
      size_t count = read_all(len, &end);
      if (len >= head) {
        assert_int_equal(count, (len - head) / each); /* what could be read, was */
        assert_int_equal(end, (len - head) % each ? GC_E_TRUNCATED : GC_E_END);
        if (end == GC_E_TRUNCATED) {
          char name[20];
          snprintf(name, sizeof name, "packet %zu: ", count + 1);
          assert_int_equal(strncmp(why, name, strlen(name)), 0);
          assert_true(strlen(why) > strlen(name));
        }
      } else {
        assert_int_equal(count, 0);
        assert_true(i == 1 && len >= 28 ? end != GC_OK : end == GC_E_MALFORMED);
        assert_true(why[0]);
      }
    }
  }
}

static void lying_files(void **state)
{
  (void)state;
  enum gc_err end;
  file_len = 0;
  put(PCAP_LE PACKET_LE "0100000002000000 ffffffff ffffffff 45000000"); /* a packet of 4 GB */
  assert_int_equal(read_all(file_len, &end), 1);
  assert_true(end == GC_E_MALFORMED || end == GC_E_TRUNCATED);
  assert_int_equal(strncmp(why, "packet 2: ", 10), 0);
  file_len = 0;
  put(SECTION INTERFACE("6500") ENHANCED("00", "00000000 ", "01000000 ") ENHANCED("07", "00000000 ", "01000000 ")); /* no interface 7 */
  assert_int_equal(read_all(file_len, &end), 1);
  assert_int_equal(end, GC_E_MALFORMED);
  assert_int_equal(strncmp(why, "packet 2: ", 10), 0);
  file_len = 0;
  put(SECTION INTERFACE("6500") "06000000 ffffff7f 00000000"); /* a block of 2 GB */
  assert_int_equal(read_all(file_len, &end), 0);
  assert_true(end == GC_E_MALFORMED || end == GC_E_TRUNCATED);
}

static void two_link_types(void **state)
{
  (void)state;
  enum gc_err end;
  file_len = 0;
  put(SECTION INTERFACE("6500") ENHANCED("00", "00000000 ", "01000000 ") INTERFACE("0100") ENHANCED("01", "00000000 ", "02000000 "));
  assert_int_equal(read_all(file_len, &end), 1);
  assert_int_equal(end, GC_E_UNSUPPORTED);
  assert_non_null(strstr(why, "packet 2: "));
  assert_non_null(strstr(why, "editcap"));
}

static void what_is_no_capture(void **state)
{
  (void)state;
  static const struct {
    const char *hex, *phrase;
    enum gc_err err;
  } cases[] = {
    { "1f8b0800000000000003", "gzip", GC_E_UNSUPPORTED },
    { "28b52ffd00000000", "zstd", GC_E_UNSUPPORTED },
    { "fd377a585a000000", "xz", GC_E_UNSUPPORTED },
    { "425a683931415926", "bzip2", GC_E_UNSUPPORTED },
    { "7b22612220203a20317d20202020202020202020202020202020", "no capture", GC_E_MALFORMED },
    { "d4c3b2a1 0200 0400 00000000 00000000 00000400 c3000000", "link type 195", GC_E_UNSUPPORTED },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    enum gc_err end;
    file_len = 0;
    put(cases[i].hex);
    assert_int_equal(read_all(file_len, &end), 0);
    assert_int_equal(end, cases[i].err);
    assert_non_null(strstr(why, cases[i].phrase));
  }
  struct gc_pcap_reader *reader;
  assert_int_equal(gc_pcap_reader_open(&reader, "/nonexistent/capture", false, why), GC_E_SYSTEM);
  assert_null(reader);
  assert_int_equal(gc_pcap_reader_open(&reader, "nosuchif0", true, why), GC_E_SYSTEM);
  assert_true(why[0]);
  assert_int_equal(gc_pcap_reader_open(&reader, "/dev/null", false, why), GC_E_MALFORMED);
  assert_non_null(strstr(why, "empty"));
}

static void filters_and_interrupts(void **state)
{
  (void)state;
  struct gc_pcap_reader *reader;
  struct gc_frame frame;
  file_len = 0;
  put(PCAP_LE PACKET_LE "0100000002000000 04000000 06000000 60000000 " PACKET_LE);
  assert_int_equal(open_bytes(&reader, file_len), GC_OK);
  assert_int_equal(gc_pcap_reader_filter(reader, "nonsense (", why), GC_E_MALFORMED);
  assert_true(why[0]);
  assert_int_equal(gc_pcap_reader_filter(reader, "ip6", why), GC_OK);
  assert_int_equal(gc_pcap_reader_next(reader, &frame, why), GC_OK);
  assert_int_equal(frame.bytes.ptr[0], 0x60);
  assert_int_equal(gc_pcap_reader_next(reader, &frame, why), GC_E_END);
  gc_pcap_reader_close(&reader);
  assert_int_equal(open_bytes(&reader, file_len), GC_OK);
  gc_pcap_reader_interrupt(reader);
  assert_int_equal(gc_pcap_reader_next(reader, &frame, why), GC_E_END);
  gc_pcap_reader_close(&reader);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(formats),
    cmocka_unit_test(every_prefix),
    cmocka_unit_test(lying_files),
    cmocka_unit_test(two_link_types),
    cmocka_unit_test(what_is_no_capture),
    cmocka_unit_test(filters_and_interrupts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
