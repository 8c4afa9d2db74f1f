#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/packet.h"
#include "capture/pcap_reader.h"
#include "common/netio.h"
#include "../tests/lib/own_network.h"

static unsigned received;

static void count(void *ctx, const struct gc_datagram *datagram)
{
  (void)ctx;
  received += datagram->bytes.len > 0;
}

static void the_file_has_both_directions_with_real_addresses(void **state)
{
  (void)state;
  char path[] = "/tmp/gc-netio-XXXXXX", why[256], text[GC_ADDR_STR_MAX];
  close(mkstemp(path));
  const struct gc_addr group = gc_addr_ipv4(224, 0, 1, 187, 5683);
  struct gc_udp_options options = { .bind = group, .ifindex = if_nametoindex("lo"), .hop_limit = -1, .reuse_address = true, .loop = true };
  struct gc_udp *member = NULL, *client = NULL;
  struct gc_netio *netio = NULL;
  assert_int_equal(gc_udp_open(&member, &options), GC_OK);
  assert_int_equal(gc_udp_join(member, &group, 0), GC_OK);
  options.bind = (struct gc_addr){ .family = GC_FAMILY_IPV4, .port = 40000 };
  assert_int_equal(gc_udp_open(&client, &options), GC_OK);
  assert_int_equal(gc_netio_new(&netio, path), GC_OK);

  struct gc_datagram d = { .remote = group, .ifindex = options.ifindex, .bytes = gc_bytes_str("to all") };
  assert_int_equal(gc_netio_send(netio, client, &d), GC_OK);
  struct pollfd p = { .fd = gc_udp_fd(member), .events = POLLIN };
  assert_int_equal(poll(&p, 1, 5000), 1);
  assert_int_equal(gc_netio_receive(netio, member, count, NULL), GC_OK);
  assert_int_equal(received, 1);
  d = (struct gc_datagram){ .remote = gc_addr_ipv4(127, 0, 0, 1, 40000), .local = gc_addr_ipv4(127, 0, 0, 9, 0), .bytes = gc_bytes_str("back") };
  assert_int_equal(gc_netio_send(netio, member, &d), GC_OK);
  d = (struct gc_datagram){ .remote = gc_addr_ipv4(127, 0, 0, 5, 9), .bytes = gc_bytes_str("x") };
  assert_int_equal(gc_netio_send(netio, client, &d), GC_OK);
  assert_int_equal(gc_netio_free(&netio), GC_OK);
  assert_null(netio);

  static const struct {
    const char *from, *to;
  } expected[] = { { "127.0.0.1:40000", "224.0.1.187:5683" }, { "127.0.0.1:40000", "224.0.1.187:5683" },
                   { "127.0.0.9:5683", "127.0.0.1:40000" }, { "127.0.0.1:40000", "127.0.0.5:9" } };
  struct gc_pcap_reader *reader = NULL;
  struct gc_reassembler *reassembler = NULL;
  struct gc_frame frame;
  assert_int_equal(gc_reassembler_new(&reassembler), GC_OK);
  assert_int_equal(gc_pcap_reader_open(&reader, path, false, why), GC_OK);
  for (size_t i = 0; i < 4; i++) {
    struct gc_udp_packet packet;
    assert_int_equal(gc_pcap_reader_next(reader, &frame, why), GC_OK);
    assert_int_equal(gc_packet_udp(&packet, reassembler, 101, frame.bytes, frame.wire_len, frame.wall_us, NULL), GC_OK);
    assert_string_equal(gc_addr_format(text, &packet.from), expected[i].from);
    assert_string_equal(gc_addr_format(text, &packet.to), expected[i].to);
  }
  assert_int_equal(gc_pcap_reader_next(reader, &frame, why), GC_E_END);
  gc_pcap_reader_close(&reader);
  gc_reassembler_free(&reassembler);
  gc_udp_close(&member);
  gc_udp_close(&client);
  unlink(path);
}

static void without_a_file_it_is_a_plain_socket(void **state)
{
  (void)state;
  struct gc_netio *netio = NULL;
  struct gc_udp *udp = NULL;
  const struct gc_udp_options options = { .bind = gc_addr_ipv4(127, 0, 0, 1, 0), .hop_limit = -1 };
  assert_int_equal(gc_netio_new(&netio, "/nonexistent/file"), GC_E_SYSTEM);
  assert_int_equal(errno, ENOENT);
  assert_null(netio);
  assert_int_equal(gc_netio_new(&netio, NULL), GC_OK);
  assert_int_equal(gc_udp_open(&udp, &options), GC_OK);
  const struct gc_datagram d = { .remote = gc_udp_address(udp), .bytes = gc_bytes_str("me") };
  received = 0;
  assert_int_equal(gc_netio_send(netio, udp, &d), GC_OK);
  struct pollfd p = { .fd = gc_udp_fd(udp), .events = POLLIN };
  assert_int_equal(poll(&p, 1, 5000), 1);
  assert_int_equal(gc_netio_receive(netio, udp, count, NULL), GC_OK);
  assert_int_equal(received, 1);
  gc_udp_close(&udp);
  assert_int_equal(gc_netio_free(&netio), GC_OK);
  assert_int_equal(gc_netio_free(&netio), GC_OK);
}

static int set_up(void **state)
{
  (void)state;
  return own_network();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_file_has_both_directions_with_real_addresses),
    cmocka_unit_test(without_a_file_it_is_a_plain_socket),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
