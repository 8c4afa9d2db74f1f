#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "../tests/lib/own_network.h"
#include "net/iface.h"

/* @req A101 */
static void near_and_public(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    bool is_near;
  } rows[] = {
    { "127.0.0.1", true },    { "0.0.0.0", true },       { "10.255.255.255", true }, { "11.0.0.0", false },       { "9.255.255.255", false },
    { "172.15.255.255", false }, { "172.16.0.0", true },  { "172.31.255.255", true }, { "172.32.0.0", false },     { "192.168.1.1", true },
    { "192.169.0.1", false }, { "169.254.1.1", true },   { "100.63.255.255", false }, { "100.64.0.0", true },     { "100.128.0.0", false },
    { "8.8.8.8", false },     { "203.0.113.77", true },  { "203.0.114.1", false },   { "::1", true },             { "::", true },
    { "::2", false },         { "fe80::1", true },       { "fec0::1", false },       { "fd00::1", true },         { "fc00::1", true },
    { "fe00::1", false },     { "2606:4700::1", false }, { "2001:db8:7::99", true }, { "2001:db8:7:1::99", false },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct gc_addr addr;
    assert_int_equal(gc_addr_parse(&addr, gc_bytes_str(rows[i].text), 5683, NULL, NULL), GC_OK);
    if (gc_iface_is_near(&addr) != rows[i].is_near)
      fail_msg("%s", rows[i].text);
  }
}

int main(void)
{
  if (own_network() < 0 || system("ip addr add 203.0.113.5/24 dev lo && ip -6 addr add 2001:db8:7::1/64 dev lo nodad") != 0)
    return 1;
  const struct CMUnitTest tests[] = { cmocka_unit_test(near_and_public) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
