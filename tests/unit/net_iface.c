#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/iface.h"
#include "../tests/lib/own_network.h"

static const struct gc_addr group_v4 = { .family = GC_FAMILY_IPV4, .ip = { 224, 0, 1, 187 }, .port = 5683 };
static const struct gc_addr group_v6 = { .family = GC_FAMILY_IPV6, .ip = { 0xff, 0x05, [15] = 0xfd }, .port = 5683 };
static const struct gc_addr link_local_v6 = { .family = GC_FAMILY_IPV6, .ip = { 0xfe, 0x80, [15] = 1 }, .port = 5683 };
static uint32_t lo, off; /* `off` is an interface that is down */

static void run(const char *command)
{
  assert_int_equal(system(command), 0);
}

static void interfaces_by_name_or_number(void **state)
{
  (void)state;
  uint32_t index = 0;
  char name[GC_IFACE_NAME_MAX], number[16];
  assert_int_equal(gc_iface_index(&index, gc_bytes_str("lo")), GC_OK);
  assert_int_equal(index, lo);
  snprintf(number, sizeof number, "%u", off);
  assert_int_equal(gc_iface_index(&index, gc_bytes_str(number)), GC_OK);
  assert_int_equal(index, off);
  static const char *const absent[] = { "", "nope0", "0", "4000000000", "99999999999999999999999", "4294967297", "1x", "-1", "averyveryverylongname" };
  for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
    assert_int_equal(gc_iface_index(&index, gc_bytes_str(absent[i])), GC_E_NOT_FOUND);
  assert_int_equal(gc_iface_index(&index, gc_bytes("l\0o", 3)), GC_E_NOT_FOUND);
  assert_int_equal(index, off);
  assert_string_equal(gc_iface_name(name, lo), "lo");
  assert_string_equal(gc_iface_name(name, 12345), "12345");
}

static void the_list_has_what_is_up(void **state)
{
  (void)state;
  char list[64];
  assert_string_equal(gc_iface_list(list, sizeof list), "lo");
  assert_string_equal(gc_iface_list(list, 3), "lo");
  assert_string_equal(gc_iface_list(list, 2), "");
  assert_string_equal(gc_iface_list(list, 1), "");
}

static void trouble_is_named(void **state)
{
  (void)state;
  assert_null(gc_iface_trouble(lo, GC_FAMILY_IPV4));
  assert_string_equal(gc_iface_trouble(lo, GC_FAMILY_IPV6), "multicast is switched off on the interface");
  assert_string_equal(gc_iface_trouble(off, GC_FAMILY_IPV4), "the interface is down");
  assert_string_equal(gc_iface_trouble(9999, GC_FAMILY_IPV4), "there is no such interface");
  run("ip link add bare type veth peer name peer && ip link set bare up && ip link set peer up");
  assert_string_equal(gc_iface_trouble(if_nametoindex("bare"), GC_FAMILY_IPV4), "the interface has no IPv4 address");
  run("ip link del bare");
}

static void routes_name_interface_and_source(void **state)
{
  (void)state;
  uint32_t index = 0;
  struct gc_addr source, wanted = gc_addr_ipv4(127, 0, 0, 5, 0), to = group_v4;
  assert_int_equal(gc_route_lookup(&index, &source, &wanted), GC_OK);
  assert_int_equal(index, lo);
  assert_int_equal(source.ip[0], 127);
  assert_int_equal(gc_route_lookup(&index, &source, &to), GC_E_NOT_FOUND);
  assert_int_equal(errno, ENETUNREACH);
  to.zone = lo; /* by this interface */
  assert_int_equal(gc_route_lookup(&index, &source, &to), GC_OK);
  assert_int_equal(index, lo);
  assert_int_equal(source.ip[0], 127);
  struct gc_addr first;
  assert_int_equal(gc_iface_ipv4(&first, lo), GC_OK);
  assert_true(gc_addr_same_host(&first, &source));
  assert_int_equal(gc_iface_ipv4(&first, off), GC_E_NOT_FOUND);
  const struct gc_addr loopback = { .family = GC_FAMILY_IPV6, .ip = { [15] = 1 } }, none = { .family = GC_FAMILY_NONE };
  assert_int_equal(gc_route_lookup(&index, &source, &loopback), GC_OK);
  assert_true(gc_addr_same_host(&source, &loopback));
  assert_int_equal(gc_route_lookup(&index, &source, &group_v6), GC_E_NOT_FOUND);
  assert_int_equal(gc_route_lookup(&index, &source, &none), GC_E_NOT_FOUND);
}

static void names_become_addresses(void **state)
{
  (void)state;
  struct gc_addr found[4];
  size_t count = 9;
  const char *reason = NULL;
  char text[GC_ADDR_STR_MAX], long_name[300];
  assert_int_equal(gc_resolve(found, 4, &count, gc_bytes_str("192.0.2.1"), 5683, GC_FAMILY_NONE, &reason), GC_OK);
  assert_int_equal(count, 1);
  assert_string_equal(gc_addr_format(text, &found[0]), "192.0.2.1:5683");
  assert_int_equal(gc_resolve(found, 4, &count, gc_bytes_str("2001:db8::1"), 1, GC_FAMILY_IPV6, NULL), GC_OK);
  assert_string_equal(gc_addr_format(text, &found[0]), "[2001:db8::1]:1");
  assert_int_equal(gc_resolve(found, 4, &count, gc_bytes_str("2001:db8::1"), 1, GC_FAMILY_IPV4, &reason), GC_E_NOT_FOUND);
  assert_int_equal(count, 0);
  assert_non_null(reason);
  assert_int_equal(gc_resolve(found, 4, &count, gc_bytes_str("localhost"), 7, GC_FAMILY_IPV4, &reason), GC_OK);
  assert_string_equal(gc_addr_format(text, &found[0]), "127.0.0.1:7");
  assert_int_equal(gc_resolve(found, 4, &count, gc_bytes_str("no-such-host.invalid"), 7, GC_FAMILY_NONE, &reason), GC_E_NOT_FOUND);
  assert_true(strlen(reason) > 0);
  memset(long_name, 'a', sizeof long_name);
  assert_int_equal(gc_resolve(found, 4, &count, gc_bytes(long_name, 256), 7, GC_FAMILY_NONE, &reason), GC_E_NOT_FOUND);
  assert_string_equal(reason, "a host name has 1 to 255 characters");
  assert_int_equal(gc_resolve(found, 4, &count, gc_bytes(NULL, 0), 7, GC_FAMILY_NONE, &reason), GC_E_NOT_FOUND);
}

static void failures_come_with_advice(void **state)
{
  (void)state;
  struct gc_addr unicast_v4 = gc_addr_ipv4(192, 0, 2, 1, 5683), low = gc_addr_ipv4(127, 0, 0, 1, 80), zoned = group_v6;
  zoned.zone = off;
  const struct {
    enum gc_net_action action;
    int error;
    const struct gc_addr *addr;
    uint32_t ifindex;
    const char *line;
  } cases[] = {
    { GC_NET_SEND, ENETUNREACH, &group_v4, 0, "cannot send to 224.0.1.187:5683: no route for multicast; name the interface with -i (up: lo), or: ip route add 224.0.0.0/4 dev lo" },
    { GC_NET_SEND, ENETUNREACH, &group_v6, 0, "cannot send to [ff05::fd]:5683: no IPv6 multicast on interface lo: ip link set lo multicast on; ip -6 route add local ff00::/8 dev lo" },
    { GC_NET_SEND, ENETUNREACH, &group_v6, lo, "cannot send to [ff05::fd]:5683: no IPv6 multicast on interface lo: ip link set lo multicast on; ip -6 route add local ff00::/8 dev lo" },
    { GC_NET_SEND, ENETUNREACH, &group_v4, off, "cannot send to 224.0.1.187:5683: the interface is down (off0)" },
    { GC_NET_JOIN, ENODEV, &group_v4, off, "cannot join 224.0.1.187: the interface is down (off0; up: lo)" },
    { GC_NET_JOIN, ENODEV, &group_v4, 0, "cannot join 224.0.1.187: no route for multicast; name the interface with -i (up: lo), or: ip route add 224.0.0.0/4 dev lo" },
    { GC_NET_SEND, ENETUNREACH, &zoned, 0, "cannot send to [ff05::fd%off0]:5683: the interface is down (off0)" },
    { GC_NET_JOIN, ENODEV, &zoned, 0, "cannot join [ff05::fd%off0]: the interface is down (off0; up: lo)" },
    { GC_NET_JOIN, EADDRINUSE, &group_v4, 0, "cannot join 224.0.1.187: it is joined already" },
    { GC_NET_JOIN, ENOBUFS, &group_v4, 0, "cannot join 224.0.1.187: too many groups on one socket (sysctl net.ipv4.igmp_max_memberships, net.core.optmem_max)" },
    { GC_NET_SEND, ENETUNREACH, &unicast_v4, 0, "cannot send to 192.0.2.1:5683: no route to it (ip route)" },
    { GC_NET_SEND, EHOSTUNREACH, &unicast_v4, 0, "cannot send to 192.0.2.1:5683: no host of that address answers on its network" },
    { GC_NET_SEND, ECONNREFUSED, &unicast_v4, 0, "cannot send to 192.0.2.1:5683: the host is there, but nothing listens on port 5683" },
    { GC_NET_SEND, EMSGSIZE, &unicast_v4, 0, "cannot send to 192.0.2.1:5683: too large for one datagram" },
    { GC_NET_SEND, EINVAL, &link_local_v6, 0, "cannot send to [fe80::1]:5683: a link-local address needs its interface: add %IF to it, or -i (up: lo)" },
    { GC_NET_BIND, EADDRINUSE, &unicast_v4, 0, "cannot bind to 192.0.2.1:5683: another program has that address and port (ss -lunp shows which); choose another port" },
    { GC_NET_BIND, EADDRNOTAVAIL, &unicast_v4, 0, "cannot bind to 192.0.2.1:5683: this host does not have that address" },
    { GC_NET_BIND, EADDRNOTAVAIL, &unicast_v4, 9999, "cannot bind to 192.0.2.1:5683: there is no interface 9999 (up: lo)" },
    { GC_NET_BIND, EACCES, &low, 0, "cannot bind to 127.0.0.1:80: Permission denied: ports below 1024 need a privilege" },
    { GC_NET_BIND, EAFNOSUPPORT, &group_v6, 0, "cannot bind to [ff05::fd]:5683: this host has no IPv6, or the socket is of the other family" },
    { GC_NET_SEND, EIO, &unicast_v4, 0, "cannot send to 192.0.2.1:5683: Input/output error" },
  };
  char out[GC_NET_EXPLAIN_MAX];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_string_equal(gc_net_explain(out, cases[i].action, cases[i].error, cases[i].addr, cases[i].ifindex), cases[i].line);
  for (int error = 0; error < 140; error++) /* no errno is left without a word */
    assert_int_not_equal(strrchr(gc_net_explain(out, GC_NET_SEND, error, &group_v4, 0), ':')[1], '\0');
}

static int set_up(void **state)
{
  (void)state;
  if (own_network() < 0 || system("ip link add off0 type veth peer name off1") != 0)
    return -1;
  lo = if_nametoindex("lo");
  off = if_nametoindex("off0");
  return lo == 0 || off == 0;
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(interfaces_by_name_or_number),
    cmocka_unit_test(the_list_has_what_is_up),
    cmocka_unit_test(trouble_is_named),
    cmocka_unit_test(routes_name_interface_and_source),
    cmocka_unit_test(names_become_addresses),
    cmocka_unit_test(failures_come_with_advice),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
