#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "endpoint/endpoint.h"

/* The endpoint under test with everything it did, as text. */
struct bench {
  struct gc_endpoint *endpoint;
  uint64_t seed, now_ms;
  bool refuses;           /* no request matches any response */
  bool fails;             /* the network is down */
  char wire[32][80];      /* "HEX>PORT" of each datagram sent */
  size_t sent;
  enum gc_inbound_kind kinds[32];
  size_t inbound;
  enum gc_delivery deliveries[32];
  uint64_t cookies[32];
  size_t delivered;
};

static enum gc_err record_send(void *ctx, const struct gc_datagram *datagram)
{
  struct bench *bench = ctx;
  char hex[2 * 36 + 1];
  assert_true(datagram->bytes.len <= 36);
  if (bench->sent < 32)
    snprintf(bench->wire[bench->sent], sizeof bench->wire[0], "%s>%u", gc_hex_encode(hex, datagram->bytes), datagram->remote.port);
  bench->sent++;
  return bench->fails ? GC_E_SYSTEM : GC_OK;
}

static bool record_inbound(void *ctx, const struct gc_inbound *in)
{
  struct bench *bench = ctx;
  if (bench->inbound < 32)
    bench->kinds[bench->inbound] = in->kind;
  bench->inbound++;
  return !bench->refuses;
}

static void record_delivery(void *ctx, enum gc_delivery delivery, const struct gc_addr *remote, uint16_t mid, uint64_t cookie)
{
  struct bench *bench = ctx;
  (void)remote, (void)mid;
  bench->deliveries[bench->delivered] = delivery;
  bench->cookies[bench->delivered++] = cookie;
}

static struct gc_addr peer(uint16_t port)
{
  return gc_addr_ipv4(192, 0, 2, 1, port);
}

static const struct gc_addr *self(void)
{
  static struct gc_addr addr;
  addr = gc_addr_ipv4(192, 0, 2, 9, 5683);
  return &addr;
}

static const struct gc_addr *group(void)
{
  static struct gc_addr addr;
  addr = gc_addr_ipv4(224, 0, 1, 187, 5683);
  return &addr;
}

static void start_with(struct bench *bench, const struct gc_endpoint_params *params)
{
  *bench = (struct bench){ .seed = 1, .now_ms = 1000 };
  const struct gc_endpoint_ops ops = { record_send, record_inbound, record_delivery, bench };
  bench->endpoint = gc_endpoint_new(params, &ops, gc_rng_seeded(&bench->seed));
  assert_non_null(bench->endpoint);
}

static void start(struct bench *bench)
{
  struct gc_endpoint_params params = gc_endpoint_params_default();
  start_with(bench, &params);
}

static void receive(struct bench *bench, uint16_t port, const struct gc_addr *to, const char *hex)
{
  uint8_t bytes[256];
  struct gc_buf buf = gc_buf(bytes, sizeof bytes);
  if (*hex)
    assert_int_equal(gc_hex_decode(&buf, hex, strlen(hex), NULL), GC_OK);
  const struct gc_datagram datagram = { peer(port), *to, 0, gc_buf_bytes(&buf) };
  gc_endpoint_receive(bench->endpoint, &datagram, bench->now_ms);
}

static enum gc_err send_to(struct bench *bench, const struct gc_addr *remote, const char *hex, uint64_t cookie)
{
  uint8_t bytes[64];
  struct gc_buf buf = gc_buf(bytes, sizeof bytes);
  assert_int_equal(gc_hex_decode(&buf, hex, strlen(hex), NULL), GC_OK);
  const struct gc_datagram datagram = { .remote = *remote, .bytes = gc_buf_bytes(&buf) };
  return gc_endpoint_send(bench->endpoint, &datagram, cookie, bench->now_ms);
}

static void tick_to(struct bench *bench, uint64_t until_ms)
{
  for (uint64_t at; (at = gc_endpoint_deadline(bench->endpoint)) <= until_ms;) {
    bench->now_ms = at;
    gc_endpoint_tick(bench->endpoint, at);
  }
  bench->now_ms = until_ms;
}

static void finish(struct bench *bench)
{
  tick_to(bench, bench->now_ms + 1000000);
  struct gc_endpoint_stats stats = gc_endpoint_stats(bench->endpoint);
  assert_int_equal(stats.under_way, 0);
  assert_int_equal(stats.remembered, 0);
  assert_true(gc_endpoint_deadline(bench->endpoint) == UINT64_MAX);
  gc_endpoint_free(&bench->endpoint);
  assert_null(bench->endpoint);
}

/* RFC 7252, Section 4.8.2 */
static void derives_the_times(void **state)
{
  (void)state;
  const struct gc_endpoint_params params = gc_endpoint_params_default();
  assert_int_equal(gc_max_transmit_span_ms(&params), 45000);
  assert_int_equal(gc_max_transmit_wait_ms(&params), 93000);
  assert_int_equal(gc_exchange_lifetime_ms(&params), 247000);
  assert_int_equal(gc_non_lifetime_ms(&params), 145000);
}

/* What each arriving message gets: kind and answer. */
static void classifies(void **state)
{
  (void)state;
  static const struct {
    const char *hex;
    bool multicast, refuse;
    int kind;
    const char *answer; /* "": none */
  } cases[] = {
    { "40010001", false, false, GC_INBOUND_REQUEST, "" },
    { "50010001", false, false, GC_INBOUND_REQUEST, "" },
    { "50010001", true, false, GC_INBOUND_REQUEST, "" },
    { "40010001", true, false, GC_INBOUND_IGNORED, "" },            /* CON to a group */
    { "40450001", false, false, GC_INBOUND_RESPONSE, "60000001>1000" },
    { "40450001", false, true, GC_INBOUND_RESPONSE, "70000001>1000" },
    { "50450001", false, false, GC_INBOUND_RESPONSE, "" },
    { "50450001", false, true, GC_INBOUND_RESPONSE, "70000001>1000" },
    { "50450001", true, true, GC_INBOUND_RESPONSE, "" },            /* no RST to multicast */
    { "40000001", false, false, GC_INBOUND_PING, "70000001>1000" },
    { "40000001", true, false, GC_INBOUND_IGNORED, "" },
    { "50000001", false, false, GC_INBOUND_IGNORED, "" },           /* Empty NON */
    { "60000001", false, false, GC_INBOUND_IGNORED, "" },           /* stray ACK */
    { "60450001", false, false, GC_INBOUND_IGNORED, "" },           /* stray piggybacked response */
    { "60010001", false, false, GC_INBOUND_IGNORED, "" },           /* request in an ACK */
    { "70000001", false, false, GC_INBOUND_IGNORED, "" },
    { "40200001", false, false, GC_INBOUND_IGNORED, "70000001>1000" }, /* reserved class 1 */
    { "40e10001", false, false, GC_INBOUND_IGNORED, "70000001>1000" }, /* class 7 */
    { "50e10001", false, false, GC_INBOUND_IGNORED, "" },
    { "", false, false, GC_INBOUND_MALFORMED, "" },
    { "400100", false, false, GC_INBOUND_MALFORMED, "" },
    { "4f010001", false, false, GC_INBOUND_MALFORMED, "70000001>1000" },
    { "5f010001", false, false, GC_INBOUND_MALFORMED, "" },
    { "4f010001", true, false, GC_INBOUND_MALFORMED, "" },
    { "40010001ff", false, false, GC_INBOUND_MALFORMED, "70000001>1000" },
    { "00010001", false, false, GC_INBOUND_MALFORMED, "" },         /* version 0: silently ignored */
    { "c0010001", false, false, GC_INBOUND_MALFORMED, "" },
    { "4000000101", false, false, GC_INBOUND_MALFORMED, "70000001>1000" }, /* Empty with more than a header */
    { "4d01000100aabbccddeeff001122334455", false, false, GC_INBOUND_MALFORMED, "70000001>1000" }, /* RFC 8974 token */
  };
  /* @req A1 A3 A5 */
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bench bench;
    start(&bench);
    bench.refuses = cases[i].refuse;
    receive(&bench, 1000, cases[i].multicast ? group() : self(), cases[i].hex);
    assert_int_equal(bench.inbound, 1);
    assert_int_equal(bench.kinds[0], cases[i].kind);
    assert_int_equal(bench.sent, cases[i].answer[0] != 0);
    if (bench.sent)
      assert_string_equal(bench.wire[0], cases[i].answer);
    finish(&bench);
  }
}

/* @req A17 */
static void recognises_duplicates(void **state)
{
  (void)state;
  struct bench bench;
  start(&bench);
  receive(&bench, 1000, self(), "5045000101"); /* malformed token: no entry */
  assert_int_equal(bench.kinds[0], GC_INBOUND_MALFORMED);
  receive(&bench, 1000, self(), "50450001");
  receive(&bench, 1000, self(), "50450001");
  receive(&bench, 1001, self(), "50450001"); /* another port is another endpoint */
  assert_int_equal(bench.kinds[1], GC_INBOUND_RESPONSE);
  assert_int_equal(bench.kinds[2], GC_INBOUND_DUPLICATE_RESPONSE);
  assert_int_equal(bench.kinds[3], GC_INBOUND_RESPONSE);
  tick_to(&bench, bench.now_ms + 144999);
  receive(&bench, 1000, self(), "50450001");
  assert_int_equal(bench.kinds[4], GC_INBOUND_DUPLICATE_RESPONSE);
  tick_to(&bench, bench.now_ms + 1); /* NON_LIFETIME is over */
  receive(&bench, 1000, self(), "50450001");
  assert_int_equal(bench.kinds[5], GC_INBOUND_RESPONSE);
  finish(&bench);
}

static struct gc_request_ref ref_of(const char *hex, const struct gc_addr *to)
{
  uint8_t bytes[32];
  struct gc_buf buf = gc_buf(bytes, sizeof bytes);
  assert_int_equal(gc_hex_decode(&buf, hex, strlen(hex), NULL), GC_OK);
  const struct gc_datagram datagram = { peer(1000), *to, 0, gc_buf_bytes(&buf) };
  struct gc_inbound in = { .datagram = &datagram, .is_multicast = gc_addr_is_multicast(to) };
  assert_int_equal(gc_message_parse(&in.message, datagram.bytes, NULL), GC_OK);
  return gc_request_ref_from(&in, self());
}

static void replies_piggybacked_and_repeats_it(void **state)
{
  (void)state;
  struct bench bench;
  start(&bench);
  receive(&bench, 1000, self(), "41010001aa");
  struct gc_request_ref ref = ref_of("41010001aa", self());
  assert_int_equal(gc_endpoint_reply(bench.endpoint, &ref, gc_bytes("\x45\xff\x31", 3), false, 0, bench.now_ms), GC_OK);
  assert_string_equal(bench.wire[0], "61450001aaff31>1000");
  receive(&bench, 1000, self(), "41010001aa");
  assert_int_equal(bench.kinds[1], GC_INBOUND_DUPLICATE_REQUEST);
  assert_string_equal(bench.wire[1], "61450001aaff31>1000");
  assert_int_equal(gc_endpoint_stats(bench.endpoint).duplicates, 1);
  finish(&bench);
}

static void replies_separately(void **state)
{
  (void)state;
  struct bench bench;
  start(&bench);
  receive(&bench, 1000, self(), "41010001aa");
  struct gc_request_ref ref = ref_of("41010001aa", self());
  gc_endpoint_ack(bench.endpoint, &ref, bench.now_ms);
  gc_endpoint_ack(bench.endpoint, &ref, bench.now_ms);
  assert_int_equal(bench.sent, 1);
  assert_string_equal(bench.wire[0], "60000001>1000");
  receive(&bench, 1000, self(), "41010001aa"); /* the same Empty ACK again */
  assert_string_equal(bench.wire[1], "60000001>1000");
  assert_int_equal(gc_endpoint_reply(bench.endpoint, &ref, gc_bytes("\x45", 1), true, 7, bench.now_ms), GC_OK);
  assert_memory_equal(bench.wire[2], "4145", 4); /* CON, fresh Message ID, the token */
  assert_memory_equal(bench.wire[2] + 8, "aa>1000", 7);
  char ack[9] = "6000";
  memcpy(ack + 4, bench.wire[2] + 4, 5);
  ack[8] = 0;
  receive(&bench, 1000, self(), ack);
  assert_int_equal(bench.delivered, 1);
  assert_int_equal(bench.deliveries[0], GC_DELIVERY_ACKED);
  assert_int_equal(bench.cookies[0], 7);
  finish(&bench);
}

/* @req A2 A3: to a group request the answer is a NON by unicast, and a duplicate of the request gets nothing */
static void replies_to_a_group_request(void **state)
{
  (void)state;
  struct bench bench;
  start(&bench);
  receive(&bench, 1000, group(), "51010001aa");
  struct gc_request_ref ref = ref_of("51010001aa", group());
  assert_int_equal(gc_endpoint_reply(bench.endpoint, &ref, gc_bytes("\x45", 1), false, 0, bench.now_ms), GC_OK);
  assert_memory_equal(bench.wire[0], "5145", 4);
  receive(&bench, 1000, group(), "51010001aa");
  assert_int_equal(bench.sent, 1);
  assert_int_equal(bench.kinds[1], GC_INBOUND_DUPLICATE_REQUEST);
  finish(&bench);
}

/* RFC 7252, Section 4.2: time-out 2 … 3 s, doubled four times, then given up */
static void retransmits_and_gives_up(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed < 30; seed++) {
    struct bench bench;
    start(&bench);
    bench.seed = seed;
    uint64_t begin = bench.now_ms, at[8], first;
    struct gc_addr remote = peer(1000);
    assert_int_equal(send_to(&bench, &remote, "40010001", 5), GC_OK);
    for (size_t i = 0; i < 4; i++) {
      at[i] = gc_endpoint_deadline(bench.endpoint) - begin;
      tick_to(&bench, begin + at[i]);
      assert_int_equal(bench.sent, i + 2);
    }
    first = at[0];
    assert_in_range(first, 2000, 3000);
    assert_int_equal(at[1], 3 * first);
    assert_int_equal(at[2], 7 * first);
    assert_int_equal(at[3], 15 * first);
    tick_to(&bench, begin + 31 * first - 1);
    assert_int_equal(bench.delivered, 0);
    tick_to(&bench, begin + 31 * first);
    assert_int_equal(bench.sent, 5);
    assert_int_equal(bench.delivered, 1);
    assert_int_equal(bench.deliveries[0], GC_DELIVERY_TIMEOUT);
    finish(&bench);
  }
}

static void settles(void **state)
{
  (void)state;
  static const struct {
    const char *answer;
    uint16_t port;
    int delivered, delivery;
    size_t inbound;
  } cases[] = {
    { "60000001", 1000, 1, GC_DELIVERY_ACKED, 0 },
    { "60450001", 1000, 1, GC_DELIVERY_ACKED, 1 },
    { "70000001", 1000, 1, GC_DELIVERY_RESET, 0 },
    { "60000002", 1000, 0, 0, 1 },
    { "60000001", 1001, 0, 0, 1 }, /* from elsewhere */
    { "70000001", 1001, 0, 0, 1 },
    { "60010001", 1000, 0, 0, 1 }, /* an ACK with a request in it is ignored */
    { "70450001", 1000, 0, 0, 1 },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct bench bench;
    start(&bench);
    struct gc_addr remote = peer(1000);
    assert_int_equal(send_to(&bench, &remote, "40010001", 5), GC_OK);
    receive(&bench, cases[i].port, self(), cases[i].answer);
    assert_int_equal(bench.delivered, cases[i].delivered);
    assert_int_equal(bench.inbound, cases[i].inbound);
    assert_int_equal(gc_endpoint_stats(bench.endpoint).under_way, !cases[i].delivered);
    if (cases[i].delivered)
      assert_int_equal(bench.deliveries[0], cases[i].delivery);
    receive(&bench, cases[i].port, self(), cases[i].answer); /* a second copy changes nothing */
    assert_int_equal(bench.delivered, cases[i].delivered);
    if (i == 1)
      assert_int_equal(bench.kinds[1], GC_INBOUND_DUPLICATE_RESPONSE);
    finish(&bench);
  }
}

/* RFC 7252, Section 4.7: one confirmable message per peer, the others wait in their order */
static void respects_nstart(void **state)
{
  (void)state;
  struct bench bench;
  start(&bench);
  struct gc_addr a = peer(1000), b = peer(1001);
  assert_int_equal(send_to(&bench, &a, "40010001", 1), GC_OK);
  assert_int_equal(send_to(&bench, &a, "40010002", 2), GC_OK);
  assert_int_equal(send_to(&bench, &a, "40010003", 3), GC_OK);
  assert_int_equal(send_to(&bench, &a, "40010004", 4), GC_OK);
  assert_int_equal(send_to(&bench, &b, "40010001", 5), GC_OK);
  assert_int_equal(bench.sent, 2);
  assert_string_equal(bench.wire[1], "40010001>1001");
  gc_endpoint_cancel(bench.endpoint, 3);
  receive(&bench, 1000, self(), "60000001");
  assert_string_equal(bench.wire[2], "40010002>1000");
  gc_endpoint_cancel(bench.endpoint, 2);
  assert_string_equal(bench.wire[3], "40010004>1000");
  receive(&bench, 1000, self(), "70000004");
  receive(&bench, 1001, self(), "60000001");
  assert_int_equal(bench.sent, 4);
  assert_int_equal(bench.delivered, 3);
  assert_int_equal(bench.cookies[1], 4);
  assert_int_equal(gc_endpoint_stats(bench.endpoint).under_way, 0);
  finish(&bench);
}

static void refuses_what_cannot_be(void **state)
{
  (void)state;
  struct bench bench;
  struct gc_endpoint_params params = gc_endpoint_params_default();
  params.max_queued = 2;
  start_with(&bench, &params);
  struct gc_addr a = peer(1000);
  assert_int_equal(send_to(&bench, group(), "40010001", 1), GC_E_RANGE); /* @req A1 */
  assert_int_equal(send_to(&bench, &a, "40010001", 1), GC_OK);
  assert_int_equal(send_to(&bench, &a, "40010002", 2), GC_OK);
  assert_int_equal(send_to(&bench, &a, "40010003", 3), GC_E_LIMIT);
  bench.fails = true;
  assert_int_equal(send_to(&bench, &a, "50010004", 4), GC_E_SYSTEM);
  assert_int_equal(gc_endpoint_stats(bench.endpoint).send_errors, 1);
  gc_endpoint_cancel(bench.endpoint, 1);
  gc_endpoint_cancel(bench.endpoint, 2);
  gc_endpoint_cancel(bench.endpoint, 4);
  receive(&bench, 1000, self(), "70000004");
  assert_int_equal(bench.delivered, 0);
  finish(&bench);
}

/* Who acknowledges nothing has so many waiting, and keeps nobody else from his. */
static void one_peer_does_not_take_all_the_room(void **state)
{
  (void)state;
  struct bench bench;
  struct gc_endpoint_params params = gc_endpoint_params_default();
  params.max_queued_per_peer = 2;
  start_with(&bench, &params);
  struct gc_addr a = peer(1000), b = peer(1001);
  assert_int_equal(send_to(&bench, &a, "40010001", 1), GC_OK);
  assert_int_equal(send_to(&bench, &a, "40010002", 2), GC_OK);
  assert_int_equal(send_to(&bench, &a, "40010003", 3), GC_E_LIMIT);
  assert_int_equal(send_to(&bench, &b, "40010004", 4), GC_OK);
  receive(&bench, 1000, self(), "60000001");
  assert_int_equal(send_to(&bench, &a, "40010005", 5), GC_OK);
  assert_int_equal(send_to(&bench, &a, "40010006", 6), GC_E_LIMIT);
  gc_endpoint_cancel(bench.endpoint, 5);
  assert_int_equal(send_to(&bench, &a, "40010007", 7), GC_OK);
  finish(&bench);
}

static void tells_of_resets_to_non(void **state)
{
  (void)state;
  struct bench bench;
  start(&bench);
  struct gc_addr a = peer(1000);
  assert_int_equal(send_to(&bench, &a, "50450001", 8), GC_OK);
  assert_int_equal(send_to(&bench, group(), "50010002", 9), GC_OK);
  receive(&bench, 1000, self(), "70000001");
  receive(&bench, 1000, self(), "70000001");
  receive(&bench, 1002, self(), "70000002");
  assert_int_equal(bench.delivered, 2);
  assert_int_equal(bench.cookies[0], 8);
  assert_int_equal(bench.deliveries[0], GC_DELIVERY_RESET);
  assert_int_equal(bench.cookies[1], 9);
  finish(&bench);
}

/* @req A6 */
static void chooses_free_message_ids(void **state)
{
  (void)state;
  struct bench bench;
  start(&bench);
  struct gc_addr a = peer(1000), b = peer(1001);
  uint16_t mid, first;
  assert_int_equal(gc_endpoint_mid(bench.endpoint, &first, &a, bench.now_ms), GC_OK);
  for (uint32_t i = 0; i < 65535; i++) { /* everything but one Message ID is active towards a */
    const uint16_t used = (uint16_t)(first + 1 + i);
    const uint8_t bytes[4] = { 0x50, 1, (uint8_t)(used >> 8), (uint8_t)used };
    const struct gc_datagram datagram = { .remote = a, .bytes = gc_bytes(bytes, 4) };
    bench.sent = 0;
    assert_int_equal(gc_endpoint_send(bench.endpoint, &datagram, 0, bench.now_ms), GC_OK);
  }
  assert_int_equal(gc_endpoint_mid(bench.endpoint, &mid, group(), bench.now_ms), GC_OK);
  assert_int_equal(mid, first);
  assert_int_equal(gc_endpoint_mid(bench.endpoint, &mid, &a, bench.now_ms), GC_OK);
  assert_int_equal(mid, first);
  const uint8_t bytes[4] = { 0x50, 1, (uint8_t)(first >> 8), (uint8_t)first };
  const struct gc_datagram datagram = { .remote = *group(), .bytes = gc_bytes(bytes, 4) };
  assert_int_equal(gc_endpoint_send(bench.endpoint, &datagram, 0, bench.now_ms), GC_OK);
  assert_int_equal(gc_endpoint_mid(bench.endpoint, &mid, &a, bench.now_ms), GC_E_LIMIT);
  assert_int_equal(gc_endpoint_mid(bench.endpoint, &mid, group(), bench.now_ms), GC_E_LIMIT);
  assert_int_equal(gc_endpoint_mid(bench.endpoint, &mid, &b, bench.now_ms), GC_OK);
  assert_int_not_equal(mid, first);
  bench.now_ms += 145000;
  assert_int_equal(gc_endpoint_mid(bench.endpoint, &mid, &a, bench.now_ms), GC_OK);
  finish(&bench);
}

static void stays_within_its_bounds(void **state)
{
  (void)state;
  struct bench bench;
  struct gc_endpoint_params params = gc_endpoint_params_default();
  params.max_dedup = 4;
  params.max_kept_len = 20;
  start_with(&bench, &params);
  for (int i = 0; i < 100; i++) {
    char hex[16];
    snprintf(hex, sizeof hex, "400100%02x", (unsigned)i);
    receive(&bench, 1000, self(), hex);
    struct gc_request_ref ref = ref_of(hex, self());
    assert_int_equal(gc_endpoint_reply(bench.endpoint, &ref, gc_bytes("\x45\xff\x31", 3), false, 0, bench.now_ms), GC_OK);
    assert_in_range(gc_endpoint_stats(bench.endpoint).remembered, 1, 4);
  }
  receive(&bench, 1000, self(), "40010063"); /* the last is remembered, the first is not */
  assert_int_equal(bench.inbound, 101);
  bench.inbound = 0;
  receive(&bench, 1000, self(), "40010000");
  assert_int_equal(bench.kinds[0], GC_INBOUND_REQUEST);
  for (int i = 0; i < 100; i++) {
    char hex[16];
    struct gc_addr a = peer(2000);
    snprintf(hex, sizeof hex, "504500%02x", (unsigned)i);
    assert_int_equal(send_to(&bench, &a, hex, 1), GC_OK);
  }
  receive(&bench, 2000, self(), "70000000"); /* forgotten */
  assert_int_equal(bench.delivered, 0);
  receive(&bench, 2000, self(), "70000063");
  assert_int_equal(bench.delivered, 1);
  finish(&bench);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(derives_the_times),
    cmocka_unit_test(classifies),
    cmocka_unit_test(recognises_duplicates),
    cmocka_unit_test(replies_piggybacked_and_repeats_it),
    cmocka_unit_test(replies_separately),
    cmocka_unit_test(replies_to_a_group_request),
    cmocka_unit_test(retransmits_and_gives_up),
    cmocka_unit_test(settles),
    cmocka_unit_test(respects_nstart),
    cmocka_unit_test(refuses_what_cannot_be),
    cmocka_unit_test(one_peer_does_not_take_all_the_room),
    cmocka_unit_test(tells_of_resets_to_non),
    cmocka_unit_test(chooses_free_message_ids),
    cmocka_unit_test(stays_within_its_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
