#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "capture/packet.h"
#include "capture/pcap_reader.h"
#include "capture/pcap_writer.h"

static char path[] = "/tmp/gc-pcap-XXXXXX";

static int make_path(void **state)
{
  (void)state;
  strcpy(path + sizeof path - 7, "XXXXXX");
  int fd = mkstemp(path);
  return fd < 0 ? -1 : close(fd);
}

static int drop_path(void **state)
{
  (void)state;
  return unlink(path);
}

static size_t slurp(uint8_t *out, size_t cap)
{
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t n = fread(out, 1, cap, f);
  fclose(f);
  return n;
}

static const struct gc_addr a4 = { .family = GC_FAMILY_IPV4, .ip = { 192, 0, 2, 1 }, .port = 5683 };
static const struct gc_addr b4 = { .family = GC_FAMILY_IPV4, .ip = { 224, 0, 1, 187 }, .port = 61616 };
static const struct gc_addr a6 = { .family = GC_FAMILY_IPV6, .ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, .port = 5683 };
static const struct gc_addr b6 = { .family = GC_FAMILY_IPV6, .ip = { 0xff, 0x05, [15] = 0xfd }, .port = 5683 };

/* the very bytes, so that a wrong checksum or length shows; checksums computed apart from this code */
static void bytes_of_a_record(void **state)
{
  (void)state;
  static const uint8_t ip[] = { 0x45, 0, 0, 31, 0, 0, 0, 0, 64, 17, 0xd7, 0x11, 192, 0, 2, 1, 224, 0, 1, 187,
                                0x16, 0x33, 0xf0, 0xb0, 0, 11, 0x90, 0xd4, 'a', 'b', 'c' };
  uint8_t file[256];
  uint32_t word;
  struct gc_pcap_writer *writer = NULL;
  assert_int_equal(gc_pcap_writer_open(&writer, path), GC_OK);
  assert_int_equal(gc_pcap_writer_udp(writer, &a4, &b4, gc_bytes_str("abc"), 1700000000123456ULL), GC_OK);
  assert_int_equal(slurp(file, sizeof file), 24 + 16 + sizeof ip); /* there before it is closed: a kill loses nothing */
  memcpy(&word, file, 4);
  assert_int_equal(word, 0xa1b2c3d4);
  memcpy(&word, file + 20, 4);
  assert_int_equal(word, 101);
  memcpy(&word, file + 24, 4);
  assert_int_equal(word, 1700000000);
  memcpy(&word, file + 28, 4);
  assert_int_equal(word, 123456);
  for (size_t at = 32; at <= 36; at += 4) {
    memcpy(&word, file + at, 4);
    assert_int_equal(word, sizeof ip);
  }
  assert_memory_equal(file + 40, ip, sizeof ip);
  assert_int_equal(gc_pcap_writer_close(&writer), GC_OK);
  assert_null(writer);
  assert_int_equal(gc_pcap_writer_close(&writer), GC_OK);
}

/* one's complement sum over pseudo header and datagram: 0xffff where the checksum is right (RFC 768, RFC 8200, 8.1) */
static uint32_t sum_of(const uint8_t *bytes, size_t len, uint32_t sum)
{
  for (size_t i = 0; i < len; i++)
    sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

static void what_is_written_can_be_read(void **state)
{
  (void)state;
  static uint8_t payload[65507];
  static const size_t lengths[] = { 0, 1, 2, 3, 1151, 1152, 65506, 65507 };
  const struct gc_addr *const ends[][2] = { { &a4, &b4 }, { &b4, &a4 }, { &a6, &b6 }, { &b6, &a6 } };
  const size_t count = sizeof lengths / sizeof lengths[0];
  for (size_t i = 0; i < sizeof payload; i++)
    payload[i] = (uint8_t)(i * 31 + (i >> 7));
  struct gc_pcap_writer *writer = NULL;
  assert_int_equal(gc_pcap_writer_open(&writer, path), GC_OK);
  for (size_t i = 0; i < 4 * count; i++)
    assert_int_equal(gc_pcap_writer_udp(writer, ends[i / count][0], ends[i / count][1], gc_bytes(payload, lengths[i % count]), 1000000 + i), GC_OK);
  assert_int_equal(gc_pcap_writer_close(&writer), GC_OK);

  struct gc_pcap_reader *reader = NULL;
  struct gc_reassembler *reassembler = NULL;
  char why[256];
  assert_int_equal(gc_reassembler_new(&reassembler), GC_OK);
  assert_int_equal(gc_pcap_reader_open(&reader, path, false, why), GC_OK);
  for (size_t i = 0; i < 4 * count; i++) {
    struct gc_frame frame;
    struct gc_udp_packet packet;
    const struct gc_addr *const *e = ends[i / count];
    assert_int_equal(gc_pcap_reader_next(reader, &frame, why), GC_OK);
    assert_int_equal(frame.wall_us, 1000000 + i);
    assert_int_equal(gc_packet_udp(&packet, reassembler, gc_pcap_reader_link_type(reader), frame.bytes, frame.wire_len, frame.wall_us, NULL), GC_OK);
    assert_true(gc_addr_equal(&packet.from, e[0]));
    assert_true(gc_addr_equal(&packet.to, e[1]));
    assert_int_equal(packet.payload.len, lengths[i % count]);
    assert_memory_equal(packet.payload.ptr, payload, packet.payload.len);
    const bool v4 = e[0]->family == GC_FAMILY_IPV4;
    const size_t ip_len = v4 ? 20 : 40, addresses = v4 ? 12 : 8, udp_len = frame.bytes.len - ip_len;
    uint32_t sum = sum_of(frame.bytes.ptr + addresses, ip_len - addresses, (uint32_t)udp_len + 17);
    assert_int_equal(sum_of(frame.bytes.ptr + ip_len, udp_len, sum), 0xffff);
    assert_true(gc_read_u16(frame.bytes.ptr + ip_len + 6) != 0); /* 0 would mean: not computed */
    if (v4)
      assert_int_equal(sum_of(frame.bytes.ptr, 20, 0), 0xffff);
  }
  struct gc_frame frame;
  assert_int_equal(gc_pcap_reader_next(reader, &frame, why), GC_E_END);
  gc_pcap_reader_close(&reader);
  gc_reassembler_free(&reassembler);
}

static void what_cannot_be_a_datagram(void **state)
{
  (void)state;
  static uint8_t payload[65528];
  const struct gc_addr none = { .family = GC_FAMILY_NONE };
  struct gc_pcap_writer *writer = NULL;
  uint8_t file[64];
  assert_int_equal(gc_pcap_writer_open(&writer, path), GC_OK);
  assert_int_equal(gc_pcap_writer_udp(writer, &a4, &b4, gc_bytes(payload, 65508), 0), GC_E_RANGE);
  assert_int_equal(gc_pcap_writer_udp(writer, &a6, &b6, gc_bytes(payload, 65528), 0), GC_E_RANGE);
  assert_int_equal(gc_pcap_writer_udp(writer, &a4, &b6, gc_bytes(payload, 1), 0), GC_E_RANGE);
  assert_int_equal(gc_pcap_writer_udp(writer, &none, &none, gc_bytes(payload, 1), 0), GC_E_RANGE);
  assert_int_equal(gc_pcap_writer_close(&writer), GC_OK);
  assert_int_equal(slurp(file, sizeof file), 24);
}

static void a_full_disk_is_remembered(void **state)
{
  (void)state;
  struct gc_pcap_writer *writer = NULL;
  assert_int_equal(gc_pcap_writer_open(&writer, "/dev/full"), GC_E_SYSTEM);
  assert_int_equal(errno, ENOSPC);
  assert_null(writer);
  assert_int_equal(gc_pcap_writer_open(&writer, "/nonexistent/x.pcap"), GC_E_SYSTEM);
  assert_int_equal(errno, ENOENT);
  /* full in the middle of a record: a file size limit */
  struct rlimit was, small;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
  small = was;
  small.rlim_cur = 100;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(gc_pcap_writer_open(&writer, path), GC_OK);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  enum gc_err first = gc_pcap_writer_udp(writer, &a4, &b4, gc_bytes_str("abc"), 0);
  enum gc_err second = gc_pcap_writer_udp(writer, &a4, &b4, gc_bytes_str("abc"), 0);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
  assert_int_equal(first, GC_OK);
  assert_int_equal(second, GC_E_SYSTEM);
  assert_int_equal(gc_pcap_writer_udp(writer, &a4, &b4, gc_bytes_str("abc"), 0), GC_E_SYSTEM); /* nothing after a torn record */
  assert_int_equal(errno, EFBIG);
  assert_int_equal(gc_pcap_writer_close(&writer), GC_E_SYSTEM);
  assert_int_equal(errno, EFBIG);
  assert_null(writer);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(bytes_of_a_record, make_path, drop_path),
    cmocka_unit_test_setup_teardown(what_is_written_can_be_read, make_path, drop_path),
    cmocka_unit_test_setup_teardown(what_cannot_be_a_datagram, make_path, drop_path),
    cmocka_unit_test_setup_teardown(a_full_disk_is_remembered, make_path, drop_path),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
