#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "capture/packet.h"

enum { ETHERNET = 1, RAW = 101 };

/* a frame being written */
static uint8_t frame[70000];
static size_t frame_len;

static void put(const char *hex)
{
  struct gc_buf out = gc_buf(frame + frame_len, sizeof frame - frame_len);
  assert_int_equal(gc_hex_decode(&out, hex, strlen(hex), NULL), GC_OK);
  frame_len += out.len;
}

static void put16(size_t value)
{
  frame[frame_len++] = (uint8_t)(value >> 8);
  frame[frame_len++] = (uint8_t)value;
}

static void put_bytes(const void *bytes, size_t len)
{
  memcpy(frame + frame_len, bytes, len);
  frame_len += len;
}

/* IPv4 from 10.0.0.1 to 10.0.0.2 */
static void put_ipv4(size_t payload_len, unsigned id, unsigned flags_offset, const char *options)
{
  size_t options_len = strlen(options) / 2;
  frame[frame_len++] = (uint8_t)(0x45 + options_len / 4);
  frame[frame_len++] = 0;
  put16(20 + options_len + payload_len);
  put16(id);
  put16(flags_offset);
  put("40110000 0a000001 0a000002");
  if (options_len)
    put(options);
}

/* IPv6 from 2001:db8::1 to ff02::fd */
static void put_ipv6(size_t payload_len, uint8_t next)
{
  put("60000000");
  put16(payload_len);
  frame[frame_len++] = next;
  frame[frame_len++] = 64;
  put("20010db8000000000000000000000001 ff0200000000000000000000000000fd");
}

static void put_udp(const char *text)
{
  put16(40000);
  put16(5683);
  put16(8 + strlen(text));
  put16(0);
  put_bytes(text, strlen(text));
}

static enum gc_err parse(struct gc_udp_packet *out, int link_type, struct gc_where *where)
{
  uint8_t *exact = malloc(frame_len ? frame_len : 1); /* a read past the end is seen */
  memcpy(exact, frame, frame_len);
  static uint8_t *last;
  free(last);
  last = exact;
  return gc_packet_udp(out, NULL, link_type, gc_bytes(exact, frame_len), frame_len, 0, where);
}

static void assert_payload(const struct gc_udp_packet *packet, const char *text)
{
  assert_int_equal(packet->payload.len, strlen(text));
  assert_memory_equal(packet->payload.ptr, text, strlen(text));
  assert_int_equal(packet->from.port, 40000);
  assert_int_equal(packet->to.port, 5683);
}

static const struct {
  const char *name;
  int link_type;
  const char *header4, *header6; /* NULL: no such */
} links[] = {
  { "Ethernet", 1, "0200000000020200000000010800", "02000000000202000000000186dd" },
  { "Ethernet, VLAN", 1, "02000000000202000000000181000064 0800", "02000000000202000000000181000064 86dd" },
  { "Ethernet, QinQ", 1, "02000000000202000000000188a800c881000064 0800", "02000000000202000000000188a800c881000064 86dd" },
  { "Ethernet, 0x9100", 1, "020000000002020000000001910000c881000064 0800", NULL },
  { "cooked v1", 113, "0000 0001 0006 0200000000010000 0800", "0000 0001 0006 0200000000010000 86dd" },
  { "cooked v2", 276, "0800 0000 00000002 0001 00 06 0200000000010000", "86dd 0000 00000002 0001 00 06 0200000000010000" },
  { "raw 101", 101, "", "" },
  { "raw 12", 12, "", "" },
  { "raw 14", 14, "", "" },
  { "IPv4", 228, "", NULL },
  { "IPv6", 229, NULL, "" },
  { "null, little endian", 0, "02000000", "1e000000" },
  { "null, big endian", 0, "00000002", "0000001c" },
  { "null, Linux", 0, NULL, "0a000000" },
  { "loop", 108, "00000002", "00000018" },
};

static void every_link_type(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
    struct gc_udp_packet packet;
    assert_true(gc_packet_link_type_known(links[i].link_type));
    if (links[i].header4) {
      frame_len = 0;
      put(links[i].header4);
      put_ipv4(8 + 4, 7, 0x4000, "");
      put_udp("four");
      assert_int_equal(parse(&packet, links[i].link_type, NULL), GC_OK);
      assert_payload(&packet, "four");
      assert_memory_equal(packet.from.ip, "\x0a\0\0\x01", 4);
      assert_memory_equal(packet.to.ip, "\x0a\0\0\x02", 4);
      assert_int_equal(packet.from.family, GC_FAMILY_IPV4);
      assert_false(packet.is_cut);
    }
    if (links[i].header6) {
      frame_len = 0;
      put(links[i].header6);
      put_ipv6(8 + 3, 17);
      put_udp("six");
      assert_int_equal(parse(&packet, links[i].link_type, NULL), GC_OK);
      assert_payload(&packet, "six");
      assert_int_equal(packet.to.family, GC_FAMILY_IPV6);
      assert_int_equal(packet.to.ip[15], 0xfd);
    }
  }
  assert_false(gc_packet_link_type_known(195)); /* 802.15.4 */
  assert_int_equal(parse(&(struct gc_udp_packet){ 0 }, 195, NULL), GC_E_UNSUPPORTED);
}

static void every_prefix_is_told(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
    struct gc_udp_packet packet;
    frame_len = 0;
    put(links[i].header4 ? links[i].header4 : links[i].header6);
    if (links[i].header4)
      put_ipv4(8 + 5, 7, 0, "01010101");
    else
      put_ipv6(8 + 5, 17);
    put_udp("hello");
    size_t whole = frame_len;
    for (frame_len = 0; frame_len < whole; frame_len++) {
      struct gc_where where = { 9999, NULL };
      enum gc_err err = parse(&packet, links[i].link_type, &where); /* the file says that this was all: a length lies */
      assert_true(err == GC_E_TRUNCATED || err == GC_E_MALFORMED);
      assert_true(where.offset <= frame_len);
      assert_non_null(where.phrase);
      /* the snap length cut it: what is there counts */
      uint8_t exact[200];
      memcpy(exact, frame, frame_len);
      err = gc_packet_udp(&packet, NULL, links[i].link_type, gc_bytes(exact, frame_len), whole, 0, &where);
      if (frame_len >= whole - 5) {
        assert_int_equal(err, GC_OK);
        assert_true(packet.is_cut);
        assert_int_equal(packet.payload.len, 5 - (whole - frame_len));
      } else {
        assert_int_equal(err, GC_E_TRUNCATED);
      }
    }
  }
}

static void no_udp(void **state)
{
  (void)state;
  static const struct {
    int link_type;
    const char *hex;
  } cases[] = {
    { 1, "ffffffffffff020000000001 0806 0001080006040001 020000000001 0a000001 000000000000 0a000002" },            /* ARP */
    { 1, "0180c2000000020000000001 0026 424203" },                                                                 /* 802.3 */
    { 101, "4500002800000000 40060000 0a000001 0a000002 00500051000000000000000050020000 00000000" },               /* TCP */
    { 101, "4500001400000000 40000000 0a000001 0a000002" },      /* protocol 0 is no hop-by-hop header in IPv4 */
    { 101, "6000000000003b40 20010db8000000000000000000000001 20010db8000000000000000000000002" },                  /* no next header */
    { 101, "6000000000083a40 20010db8000000000000000000000001 20010db8000000000000000000000002 8000000000000000" }, /* ICMPv6 */
    { 101, "6000000000083240 20010db8000000000000000000000001 20010db8000000000000000000000002 0000000100000001" }, /* ESP */
    { 0, "07000000 00" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct gc_udp_packet packet;
    frame_len = 0;
    put(cases[i].hex);
    assert_int_equal(parse(&packet, cases[i].link_type, NULL), GC_E_NOT_FOUND);
  }
}

static void ipv4_options_and_padding(void **state)
{
  (void)state;
  struct gc_udp_packet packet;
  frame_len = 0;
  put("0200000000020200000000010800");
  put_ipv4(8 + 2, 1, 0, "94040000 01010100");
  put_udp("ok");
  put("000000000000000000000000000000"); /* Ethernet pads short frames */
  assert_int_equal(parse(&packet, ETHERNET, NULL), GC_OK);
  assert_payload(&packet, "ok");
  frame_len = 0;
  put_ipv4(8 + 2, 1, 0, "");
  frame[2] = frame[3] = 0; /* total length 0: left to the hardware */
  put_udp("ok");
  assert_int_equal(parse(&packet, RAW, NULL), GC_OK);
  assert_payload(&packet, "ok");
}

static void ipv6_extension_headers(void **state)
{
  (void)state;
  static const struct {
    uint8_t first;
    const char *headers;
  } cases[] = {
    { 0, "1100 010400000000" },                                                      /* hop-by-hop */
    { 60, "1100 010400000000" },                                                     /* destination */
    { 43, "1102 0000 00000000 20010db8000000000000000000000009" },                   /* routing */
    { 51, "1104 0000 00000001 00000001 000000000000000000000000" },                  /* AH */
    { 44, "1100 0000 00000005" },                                                    /* an atomic fragment */
    { 0, "2b00 010400000000 3c00 000000000000 3c00 010400000000 1101 010c000000000000000000000000" },
    { 135, "1100 010400000000" },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct gc_udp_packet packet;
    struct gc_where where;
    uint8_t headers[100];
    struct gc_buf decoded = gc_buf(headers, sizeof headers);
    assert_int_equal(gc_hex_decode(&decoded, cases[i].headers, strlen(cases[i].headers), NULL), GC_OK);
    frame_len = 0;
    put_ipv6(decoded.len + 8 + 4, cases[i].first);
    put_bytes(headers, decoded.len);
    put_udp("ext!");
    assert_int_equal(parse(&packet, RAW, &where), GC_OK);
    assert_payload(&packet, "ext!");
    if (cases[i].first != 44) { /* a length that runs past the end */
      frame[41] = 255;
      assert_int_equal(parse(&packet, RAW, &where), GC_E_TRUNCATED);
      assert_int_equal(where.offset, 40);
    }
  }
  frame_len = 0; /* AH in IPv4 */
  put_ipv4(24 + 8 + 1, 1, 0, "");
  frame[9] = 51;
  put("1104 0000 00000001 00000001 000000000000000000000000");
  put_udp("a");
  struct gc_udp_packet packet;
  assert_int_equal(parse(&packet, RAW, NULL), GC_OK);
  assert_payload(&packet, "a");
}

static void lengths_that_lie(void **state)
{
  (void)state;
  struct gc_udp_packet packet;
  struct gc_where where;
  static const struct {
    size_t at;
    uint8_t high, low;
    enum gc_err err;
    size_t offset;
    bool has_ports;
  } cases[] = {
    { 2, 0xff, 0xff, GC_E_MALFORMED, 2, false },  /* IPv4 total length past the frame */
    { 2, 0, 19, GC_E_MALFORMED, 2, false },       /* below its own header */
    { 2, 0, 27, GC_E_TRUNCATED, 20, false },      /* no room for the UDP header */
    { 24, 0, 13, GC_E_MALFORMED, 24, true },      /* UDP length past the IP packet */
    { 24, 0, 7, GC_E_MALFORMED, 24, true },       /* below the UDP header */
    { 24, 0, 0, GC_E_MALFORMED, 24, true },
    { 0, 0x44, 0, GC_E_MALFORMED, 0, false },     /* IHL 4 */
    { 0, 0x4f, 0, GC_E_TRUNCATED, 0, false },     /* IHL 15 */
    { 0, 0x55, 0, GC_E_MALFORMED, 0, false },     /* version 5 */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    frame_len = 0;
    put_ipv4(8 + 4, 1, 0, "");
    put_udp("abcd");
    frame[cases[i].at] = cases[i].high;
    frame[cases[i].at + 1] = cases[i].low;
    assert_int_equal(parse(&packet, RAW, &where), cases[i].err);
    assert_int_equal(where.offset, cases[i].offset);
    assert_int_equal(packet.to.port, cases[i].has_ports ? 5683 : 0);
  }
  frame_len = 0; /* a shorter UDP length than the IP packet has room for: the rest is no payload */
  put_ipv4(8 + 4, 1, 0, "");
  put_udp("abcd");
  frame[25] = 10;
  assert_int_equal(parse(&packet, RAW, &where), GC_OK);
  assert_payload(&packet, "ab");
  frame_len = 0;
  put_ipv6(8 + 4 + 1, 17);
  put_udp("abcd");
  assert_int_equal(parse(&packet, RAW, &where), GC_E_MALFORMED);
  assert_int_equal(where.offset, 4);
  frame_len = 0;
  put_ipv6(0, 0);
  put("1100c20400010000");
  assert_int_equal(parse(&packet, RAW, &where), GC_E_UNSUPPORTED); /* jumbogram */
}

/* --- fragments ----------------------------------------------------------------------------------------------------------- */

static struct gc_reassembler *reassembler;
static uint64_t now_us;

static int set_up(void **state)
{
  (void)state;
  now_us = 1000000;
  return gc_reassembler_new(&reassembler) == GC_OK ? 0 : -1;
}

static int tear_down(void **state)
{
  (void)state;
  gc_reassembler_free(&reassembler);
  return reassembler ? -1 : 0;
}

static uint8_t datagram[70000]; /* UDP header and payload */
static size_t datagram_len;

static void make_datagram(size_t payload_len)
{
  memcpy(datagram, "\x9c\x40\x16\x33", 4);
  datagram[4] = (uint8_t)((payload_len + 8) >> 8);
  datagram[5] = (uint8_t)(payload_len + 8);
  datagram[6] = datagram[7] = 0;
  for (size_t i = 0; i < payload_len; i++)
    datagram[8 + i] = (uint8_t)(i * 7 + i / 256);
  datagram_len = 8 + payload_len;
}

static enum gc_err feed(struct gc_udp_packet *out, bool is_ipv6, unsigned id, size_t from, size_t to, bool has_more)
{
  static uint8_t copy[sizeof frame];
  struct gc_where where = { 0, NULL };
  frame_len = 0;
  if (is_ipv6) {
    put_ipv6(8 + to - from, 44);
    put("1100");
    put16(from | has_more);
    put16(0);
    put16(id);
  } else {
    put_ipv4(to - from, id, (unsigned)(from / 8) | (has_more ? 0x2000u : 0), "");
  }
  put_bytes(datagram + from, to - from);
  memcpy(copy, frame, frame_len);
  enum gc_err err = gc_packet_udp(out, reassembler, RAW, gc_bytes(copy, frame_len), frame_len, now_us, &where);
  memset(copy, 0xee, frame_len); /* what is waiting must not point there */
  return err;
}

static void assert_whole(const struct gc_udp_packet *packet)
{
  assert_int_equal(packet->payload.len, datagram_len - 8);
  assert_memory_equal(packet->payload.ptr, datagram + 8, datagram_len - 8);
  assert_int_equal(packet->from.port, 40000);
  assert_int_equal(packet->to.port, 5683);
}

static void fragments_in_any_order(void **state)
{
  (void)state;
  static const int orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
  make_datagram(3000);
  for (size_t i = 0; i < 6; i++)
    for (int six = 0; six < 2; six++) {
      struct gc_udp_packet packet;
      for (int k = 0; k < 3; k++) {
        size_t from = (size_t)orders[i][k] * 1232, to = from + 1232 < datagram_len ? from + 1232 : datagram_len;
        enum gc_err err = feed(&packet, six, (unsigned)i, from, to, orders[i][k] < 2);
        assert_int_equal(err, k < 2 ? GC_E_STATE : GC_OK);
        if (k == 0)
          assert_int_equal(feed(&packet, six, (unsigned)i, from, to, orders[i][k] < 2), GC_E_STATE); /* the same again does no harm */
      }
      assert_whole(&packet);
    }
  assert_int_equal(gc_reassembler_incomplete(reassembler), 0);
}

static void the_largest_datagram(void **state)
{
  (void)state;
  struct gc_udp_packet packet;
  enum gc_err err = GC_E_STATE;
  make_datagram(65507);
  for (size_t from = 0; from < datagram_len; from += 1480)
    err = feed(&packet, false, 5, from, from + 1480 < datagram_len ? from + 1480 : datagram_len, from + 1480 < datagram_len);
  assert_int_equal(err, GC_OK);
  assert_whole(&packet);
}

static void overlapping_fragments_are_refused(void **state)
{
  (void)state;
  struct gc_udp_packet packet;
  make_datagram(100);
  for (int six = 0; six < 2; six++) {
    assert_int_equal(feed(&packet, six, 1, 0, 48, true), GC_E_STATE);
    assert_int_equal(feed(&packet, six, 1, 40, datagram_len, false), GC_E_MALFORMED);
    assert_int_equal(feed(&packet, six, 1, 48, datagram_len, false), GC_E_MALFORMED); /* the whole datagram: RFC 5722 */
    assert_int_equal(feed(&packet, six, 2, 0, 48, true), GC_E_STATE);
    datagram[20] ^= 1; /* the same place, other bytes */
    assert_int_equal(feed(&packet, six, 2, 0, 48, true), GC_E_MALFORMED);
    assert_int_equal(feed(&packet, six, 3, 0, 48, true), GC_E_STATE); /* another datagram is not touched by it */
    assert_int_equal(feed(&packet, six, 3, 48, datagram_len, false), GC_OK);
  }
  assert_int_equal(gc_reassembler_incomplete(reassembler), 4);
}

static void hostile_fragments(void **state)
{
  (void)state;
  struct gc_udp_packet packet;
  make_datagram(66000);
  assert_int_equal(feed(&packet, true, 1, 65528, 65528 + 16, false), GC_E_MALFORMED); /* past the largest datagram */
  assert_int_equal(feed(&packet, true, 2, 8, 8, true), GC_E_MALFORMED);               /* empty */
  assert_int_equal(feed(&packet, true, 3, 8, 21, true), GC_E_MALFORMED);              /* not a multiple of 8 */
  assert_int_equal(feed(&packet, true, 4, 8, 32, false), GC_E_STATE);
  assert_int_equal(feed(&packet, true, 4, 32, 40, true), GC_E_MALFORMED);             /* past the last one */
  assert_int_equal(feed(&packet, true, 5, 32, 40, true), GC_E_STATE);
  assert_int_equal(feed(&packet, true, 5, 0, 16, false), GC_E_MALFORMED);             /* the last one before another */
  for (size_t i = 0; i < GC_REASSEMBLER_FRAGMENTS; i++)
    assert_int_equal(feed(&packet, true, 6, 16 * i, 16 * i + 8, true), GC_E_STATE);
  assert_int_equal(feed(&packet, true, 6, 16 * 300, 16 * 300 + 8, true), GC_E_LIMIT);
  assert_int_equal(feed(&packet, true, 6, 8, 16, true), GC_E_MALFORMED);
}

static void fragments_are_bounded_in_number_and_time(void **state)
{
  (void)state;
  struct gc_udp_packet packet;
  make_datagram(100);
  for (unsigned id = 0; id < GC_REASSEMBLER_DATAGRAMS; id++)
    assert_int_equal(feed(&packet, false, id, 0, 48, true), GC_E_STATE);
  assert_int_equal(feed(&packet, false, 1000, 0, 48, true), GC_E_LIMIT); /* the oldest, 0, makes room */
  assert_int_equal(feed(&packet, false, 1, 48, datagram_len, false), GC_OK);
  assert_int_equal(feed(&packet, false, 0, 48, datagram_len, false), GC_E_STATE); /* in the place of 1; its first half is gone */
  assert_int_equal(feed(&packet, false, 1000, 48, datagram_len, false), GC_OK);
  assert_int_equal(feed(&packet, false, 2, 48, datagram_len, false), GC_OK);
  now_us += (uint64_t)GC_REASSEMBLER_TIMEOUT_S * 1000000 + 1;
  assert_int_equal(feed(&packet, false, 3, 48, datagram_len, false), GC_E_STATE); /* too late */
  assert_int_equal(gc_reassembler_incomplete(reassembler), 1 + 29 + 1 + 1);
  for (unsigned id = 0; id < 100000; id++) /* for the sanitizers, and the clock */
    (void)!feed(&packet, id & 1, id, 8, 48, true);
}

static void fragments_that_cannot_be_joined(void **state)
{
  (void)state;
  struct gc_udp_packet packet;
  struct gc_where where;
  make_datagram(100);
  frame_len = 0;
  put_ipv4(48, 9, 0x2000, "");
  put_bytes(datagram, 48);
  assert_int_equal(gc_packet_udp(&packet, reassembler, RAW, gc_bytes(frame, frame_len - 8), frame_len, now_us, &where), GC_E_TRUNCATED);
  assert_int_equal(gc_packet_udp(&packet, NULL, RAW, gc_bytes(frame, frame_len), frame_len, now_us, &where), GC_E_STATE);
  /* a Fragment header inside what was put together of fragments */
  memcpy(datagram, "\x11\0\0\x01\0\0\0\x09", 8);
  frame_len = 0;
  put_ipv6(8 + 48, 44);
  put("2c00 0001 00000077");
  put_bytes(datagram, 48);
  assert_int_equal(gc_packet_udp(&packet, reassembler, RAW, gc_bytes(frame, frame_len), frame_len, now_us, &where), GC_E_STATE);
  frame_len = 0;
  put_ipv6(8 + 8, 44);
  put("2c00 0030 00000077");
  put_bytes(datagram, 8);
  assert_int_equal(gc_packet_udp(&packet, reassembler, RAW, gc_bytes(frame, frame_len), frame_len, now_us, &where), GC_E_MALFORMED);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_link_type),
    cmocka_unit_test(every_prefix_is_told),
    cmocka_unit_test(no_udp),
    cmocka_unit_test(ipv4_options_and_padding),
    cmocka_unit_test(ipv6_extension_headers),
    cmocka_unit_test(lengths_that_lie),
    cmocka_unit_test_setup_teardown(fragments_in_any_order, set_up, tear_down),
    cmocka_unit_test_setup_teardown(the_largest_datagram, set_up, tear_down),
    cmocka_unit_test_setup_teardown(overlapping_fragments_are_refused, set_up, tear_down),
    cmocka_unit_test_setup_teardown(hostile_fragments, set_up, tear_down),
    cmocka_unit_test_setup_teardown(fragments_are_bounded_in_number_and_time, set_up, tear_down),
    cmocka_unit_test_setup_teardown(fragments_that_cannot_be_joined, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
