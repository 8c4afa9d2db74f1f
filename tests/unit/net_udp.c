#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/udp.h"
#include "../tests/lib/own_network.h"

static const struct gc_addr ipv6_loopback = { .family = GC_FAMILY_IPV6, .ip = { [15] = 1 } };
static const struct gc_addr all_coap_v4 = { .family = GC_FAMILY_IPV4, .ip = { 224, 0, 1, 187 } };
static uint32_t lo;

struct seen {
  unsigned count;
  struct gc_datagram last;
  uint8_t bytes[65536];
  uint32_t sum; /* of the numbers that datagrams of 4 bytes carry */
};

static void take(void *ctx, const struct gc_datagram *datagram)
{
  struct seen *seen = ctx;
  seen->count++;
  seen->last = *datagram;
  memcpy(seen->bytes, datagram->bytes.ptr, datagram->bytes.len);
  if (datagram->bytes.len == 4)
    seen->sum += gc_read_u32(datagram->bytes.ptr);
}

static struct gc_udp *open_at(struct gc_addr address)
{
  struct gc_udp *udp = NULL;
  const struct gc_udp_options options = { .bind = address, .ifindex = lo, .hop_limit = -1, .reuse_address = true, .loop = true,
                                          .receive_buffer = 1 << 20 };
  assert_int_equal(gc_udp_open(&udp, &options), GC_OK);
  return udp;
}

static bool is_readable(struct gc_udp *udp, int timeout_ms)
{
  struct pollfd p = { .fd = gc_udp_fd(udp), .events = POLLIN };
  return poll(&p, 1, timeout_ms) > 0;
}

/* wait for one datagram or error */
static enum gc_err receive_one(struct gc_udp *udp, struct seen *seen)
{
  seen->count = 0;
  assert_true(is_readable(udp, 5000));
  return gc_udp_receive(udp, take, seen);
}

/* @req A4 */
static void knows_where_a_datagram_went(void **state)
{
  (void)state;
  static struct seen seen;
  const struct gc_addr binds[] = { { .family = GC_FAMILY_IPV4 }, { .family = GC_FAMILY_IPV6 } };
  const struct gc_addr hosts[] = { gc_addr_ipv4(127, 0, 0, 7, 0), ipv6_loopback };
  for (size_t i = 0; i < 2; i++) {
    struct gc_udp *server = open_at(binds[i]), *client = open_at(hosts[i]);
    struct gc_datagram d = { .remote = hosts[i], .bytes = gc_bytes_str("ping") };
    d.remote.port = gc_udp_address(server).port;
    assert_true(d.remote.port != 0);
    assert_int_equal(gc_udp_send(client, &d), GC_OK);
    assert_int_equal(receive_one(server, &seen), GC_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last.bytes.len, 4);
    assert_memory_equal(seen.bytes, "ping", 4);
    assert_true(gc_addr_equal(&seen.last.local, &d.remote)); /* the wildcard socket tells the very address */
    const struct gc_addr from = gc_udp_address(client);
    assert_true(gc_addr_equal(&seen.last.remote, &from));
    assert_int_equal(seen.last.ifindex, lo);
    assert_int_equal(gc_udp_receive(server, take, &seen), GC_OK); /* empty is no error */
    assert_int_equal(seen.count, 1);
    gc_udp_close(&client);
    gc_udp_close(&server);
    assert_null(server);
  }
}

static void answers_from_the_address_that_was_asked(void **state)
{
  (void)state;
  static struct seen seen;
  struct gc_udp *server = open_at((struct gc_addr){ .family = GC_FAMILY_IPV4 }), *client = open_at(gc_addr_ipv4(127, 0, 0, 1, 0));
  struct gc_datagram d = { .remote = gc_udp_address(client), .local = gc_addr_ipv4(127, 0, 0, 9, 1), .bytes = gc_bytes_str("x") };
  assert_int_equal(gc_udp_send(server, &d), GC_OK);
  assert_int_equal(receive_one(client, &seen), GC_OK);
  assert_true(gc_addr_same_host(&seen.last.remote, &d.local));
  assert_int_equal(seen.last.remote.port, gc_udp_address(server).port);
  d.local = all_coap_v4; /* no source address: the system chooses one */
  assert_int_equal(gc_udp_send(server, &d), GC_OK);
  assert_int_equal(receive_one(client, &seen), GC_OK);
  assert_false(gc_addr_is_multicast(&seen.last.remote));
  gc_udp_close(&client);
  gc_udp_close(&server);
}

static void datagrams_of_every_size(void **state)
{
  (void)state;
  static struct seen seen;
  static uint8_t bytes[65508];
  static const size_t lengths[] = { 0, 1, 1152, 2047, 2048, 2049, 9000, 65506, 65507 };
  struct gc_udp *a = open_at(gc_addr_ipv4(127, 0, 0, 1, 0)), *b = open_at(gc_addr_ipv4(127, 0, 0, 1, 0));
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)(i * 7 + i / 256);
  struct gc_datagram d = { .remote = gc_udp_address(b) };
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    d.bytes = gc_bytes(bytes, lengths[i]);
    assert_int_equal(gc_udp_send(a, &d), GC_OK);
    assert_int_equal(receive_one(b, &seen), GC_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last.bytes.len, lengths[i]);
    assert_memory_equal(seen.bytes, bytes, lengths[i]);
  }
  d.bytes = gc_bytes(bytes, 65508);
  assert_int_equal(gc_udp_send(a, &d), GC_E_SYSTEM);
  assert_int_equal(errno, EMSGSIZE);
  gc_udp_close(&a);
  gc_udp_close(&b);
}

static void a_burst_is_read_in_batches(void **state)
{
  (void)state;
  static struct seen seen;
  struct gc_udp *a = open_at(gc_addr_ipv4(127, 0, 0, 1, 0)), *b = open_at(gc_addr_ipv4(127, 0, 0, 1, 0));
  uint32_t sum = 0;
  for (uint32_t i = 0; i < 200; i++) {
    const uint8_t number[4] = { 0, 0, (uint8_t)(i >> 8), (uint8_t)i };
    const struct gc_datagram d = { .remote = gc_udp_address(b), .bytes = gc_bytes(number, 4) };
    assert_int_equal(gc_udp_send(a, &d), GC_OK);
    sum += i;
  }
  seen = (struct seen){ .count = 0 };
  static const unsigned expected[] = { 64, 128, 192, 200, 200 };
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(gc_udp_receive(b, take, &seen), GC_OK);
    assert_int_equal(seen.count, expected[i]);
  }
  assert_int_equal(seen.sum, sum);
  gc_udp_close(&a);
  gc_udp_close(&b);
}

/* a receive inside the callback of another one does not overwrite its datagram */
struct nested {
  struct gc_udp *other;
  struct seen *seen;
  bool is_intact;
};

static void receive_inside(void *ctx, const struct gc_datagram *datagram)
{
  struct nested *nested = ctx;
  assert_int_equal(receive_one(nested->other, nested->seen), GC_OK);
  nested->is_intact = datagram->bytes.len == 5 && memcmp(datagram->bytes.ptr, "outer", 5) == 0;
}

static void receives_nest(void **state)
{
  (void)state;
  static struct seen seen;
  struct gc_udp *a = open_at(gc_addr_ipv4(127, 0, 0, 1, 0)), *b = open_at(gc_addr_ipv4(127, 0, 0, 1, 0));
  struct gc_datagram d = { .remote = gc_udp_address(a), .bytes = gc_bytes_str("outer") };
  assert_int_equal(gc_udp_send(b, &d), GC_OK);
  d = (struct gc_datagram){ .remote = gc_udp_address(b), .bytes = gc_bytes_str("inner") };
  assert_int_equal(gc_udp_send(a, &d), GC_OK);
  struct nested nested = { b, &seen, false };
  assert_true(is_readable(a, 5000));
  assert_int_equal(gc_udp_receive(a, receive_inside, &nested), GC_OK);
  assert_true(nested.is_intact);
  assert_memory_equal(seen.bytes, "inner", 5);
  gc_udp_close(&a);
  gc_udp_close(&b);
}

/* @req A4 */
static void a_group_reaches_its_members_only(void **state)
{
  (void)state;
  static struct seen seen;
  struct gc_addr group = all_coap_v4;
  group.port = 56830;
  struct gc_addr any = { .family = GC_FAMILY_IPV4, .port = 56830 };
  struct gc_udp *one = open_at(group), *two = open_at(group), *outsider = open_at(any), *client = open_at((struct gc_addr){ .family = GC_FAMILY_IPV4 });
  assert_int_equal(gc_udp_join(one, &group, lo), GC_OK);
  assert_int_equal(gc_udp_join(two, &group, 0), GC_OK); /* the socket's own interface */
  const struct gc_datagram d = { .remote = group, .ifindex = lo, .bytes = gc_bytes_str("all") };
  assert_int_equal(gc_udp_send(client, &d), GC_OK);
  assert_int_equal(receive_one(one, &seen), GC_OK);
  assert_true(gc_addr_equal(&seen.last.local, &group));
  assert_int_equal(seen.last.ifindex, lo);
  const struct gc_addr sender = gc_addr_ipv4(127, 0, 0, 1, 0); /* never 0.0.0.0 */
  assert_true(gc_addr_same_host(&seen.last.remote, &sender));
  assert_int_equal(receive_one(two, &seen), GC_OK);
  assert_int_equal(seen.count, 1);
  assert_false(is_readable(outsider, 0)); /* others' memberships are not its own: IP_MULTICAST_ALL is off */
  assert_int_equal(gc_udp_leave(one, &group, lo), GC_OK);
  assert_int_equal(gc_udp_send(client, &d), GC_OK);
  assert_int_equal(receive_one(two, &seen), GC_OK);
  assert_false(is_readable(one, 0));
  assert_int_equal(gc_udp_leave(one, &group, lo), GC_E_SYSTEM);
  assert_int_equal(gc_udp_join(one, &ipv6_loopback, lo), GC_E_SYSTEM); /* other family */
  assert_int_equal(errno, EAFNOSUPPORT);
  gc_udp_close(&one);
  gc_udp_close(&two);
  gc_udp_close(&outsider);
  gc_udp_close(&client);
}

static int option_of(struct gc_udp *udp, int level, int name)
{
  int value = -1;
  socklen_t len = sizeof value;
  assert_int_equal(getsockopt(gc_udp_fd(udp), level, name, &value, &len), 0);
  return value;
}

static void multicast_options_reach_the_socket(void **state)
{
  (void)state;
  for (int loop = 0; loop < 2; loop++) {
    struct gc_udp *v4 = NULL, *v6 = NULL;
    struct gc_udp_options options = { .bind = { .family = GC_FAMILY_IPV4 }, .ifindex = lo, .hop_limit = 7 * loop, .loop = loop };
    assert_int_equal(gc_udp_open(&v4, &options), GC_OK);
    options.bind.family = GC_FAMILY_IPV6;
    assert_int_equal(gc_udp_open(&v6, &options), GC_OK);
    assert_int_equal(option_of(v4, IPPROTO_IP, IP_MULTICAST_LOOP), loop);
    assert_int_equal(option_of(v4, IPPROTO_IP, IP_MULTICAST_TTL), 7 * loop);
    assert_int_equal(option_of(v4, IPPROTO_IP, IP_MULTICAST_ALL), 0);
    assert_int_equal(option_of(v6, IPPROTO_IPV6, IPV6_MULTICAST_LOOP), loop);
    assert_int_equal(option_of(v6, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 7 * loop);
    assert_int_equal(option_of(v6, IPPROTO_IPV6, IPV6_MULTICAST_IF), lo);
    assert_int_equal(option_of(v6, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    gc_udp_close(&v4);
    gc_udp_close(&v6);
  }
}

static void an_absent_peer_is_told_of_and_spoils_nothing(void **state)
{
  (void)state;
  static struct seen seen;
  struct gc_udp *client = open_at(gc_addr_ipv4(127, 0, 0, 1, 0)), *gone = open_at(gc_addr_ipv4(127, 0, 0, 3, 0)),
                *there = open_at(gc_addr_ipv4(127, 0, 0, 4, 0));
  const struct gc_addr absent = gc_udp_address(gone);
  gc_udp_close(&gone);
  struct gc_datagram d = { .remote = absent, .bytes = gc_bytes_str("hello") };
  assert_int_equal(gc_udp_send(client, &d), GC_OK);
  assert_int_equal(receive_one(client, &seen), GC_E_SYSTEM);
  assert_int_equal(errno, ECONNREFUSED);
  const struct gc_addr peer = gc_udp_error_peer(client);
  assert_true(gc_addr_equal(&peer, &absent));
  assert_int_equal(gc_udp_receive(client, take, &seen), GC_OK); /* told once */
  /* the error of one is not the next one's: without reading it in between */
  for (int i = 0; i < 3; i++) {
    d.remote = absent;
    assert_int_equal(gc_udp_send(client, &d), GC_OK);
    d.remote = gc_udp_address(there);
    assert_int_equal(gc_udp_send(client, &d), GC_OK);
    assert_int_equal(receive_one(there, &seen), GC_OK);
    assert_int_equal(seen.count, 1);
  }
  gc_udp_close(&client);
  gc_udp_close(&there);
}

static void what_cannot_be_opened(void **state)
{
  (void)state;
  struct gc_udp *first = NULL, *second = NULL;
  struct gc_udp_options options = { .bind = gc_addr_ipv4(127, 0, 0, 1, 56832), .hop_limit = -1 };
  assert_int_equal(gc_udp_open(&first, &options), GC_OK);
  assert_int_equal(gc_udp_open(&second, &options), GC_E_SYSTEM);
  assert_int_equal(errno, EADDRINUSE);
  options.bind = gc_addr_ipv4(192, 0, 2, 1, 0);
  assert_int_equal(gc_udp_open(&second, &options), GC_E_SYSTEM);
  assert_int_equal(errno, EADDRNOTAVAIL);
  options.bind = (struct gc_addr){ .family = GC_FAMILY_NONE };
  assert_int_equal(gc_udp_open(&second, &options), GC_E_SYSTEM);
  assert_int_equal(errno, EAFNOSUPPORT);
  assert_null(second);
  struct gc_datagram d = { .remote = ipv6_loopback, .bytes = gc_bytes_str("x") };
  d.remote.port = 5683;
  assert_int_equal(gc_udp_send(first, &d), GC_E_SYSTEM); /* an IPv4 socket */
  assert_int_equal(errno, EAFNOSUPPORT);
  gc_udp_close(&first);
  gc_udp_close(&first); /* twice is harmless */
}

static void no_route_is_an_error_at_once(void **state)
{
  (void)state;
  struct gc_udp *client = NULL;
  const struct gc_udp_options options = { .bind = { .family = GC_FAMILY_IPV4 }, .hop_limit = -1 };
  assert_int_equal(gc_udp_open(&client, &options), GC_OK);
  const struct gc_datagram d = { .remote = gc_addr_ipv4(192, 0, 2, 1, 5683), .bytes = gc_bytes_str("x") };
  assert_int_equal(gc_udp_send(client, &d), GC_E_SYSTEM);
  assert_int_equal(errno, ENETUNREACH);
  gc_udp_close(&client);
}

static int set_up(void **state)
{
  (void)state;
  if (own_network() < 0)
    return -1;
  lo = if_nametoindex("lo");
  return lo == 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(knows_where_a_datagram_went),
    cmocka_unit_test(answers_from_the_address_that_was_asked),
    cmocka_unit_test(datagrams_of_every_size),
    cmocka_unit_test(a_burst_is_read_in_batches),
    cmocka_unit_test(receives_nest),
    cmocka_unit_test(a_group_reaches_its_members_only),
    cmocka_unit_test(multicast_options_reach_the_socket),
    cmocka_unit_test(an_absent_peer_is_told_of_and_spoils_nothing),
    cmocka_unit_test(what_cannot_be_opened),
    cmocka_unit_test(no_route_is_an_error_at_once),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
