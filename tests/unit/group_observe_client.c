/* A client that observes: registrations and datagrams by hand, the clock too. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "../tests/lib/hexval.h"
#include "coap/builder.h"
#include "coap/observe.h"
#include "group/observe_client.h"
#include "iana/names.h"
#include "iana/options.h"

#define SENT_MAX 32
#define EVENTS_MAX 64

struct sent {
  struct gc_addr to;
  struct gc_message message;
  uint8_t bytes[256];
};

struct seen {
  enum gc_observe_event_kind kind;
  struct gc_addr from;
  enum gc_observe_via via;
  uint32_t observe;
  enum gc_listener_fault fault;
  char payload[32], phrase[96];
};

struct rig {
  struct gc_observe_client *client;
  struct gc_observe_client_params params;
  uint64_t now_ms, seed;
  struct sent sent[SENT_MAX];
  struct seen seen[EVENTS_MAX];
  size_t sent_count, seen_count, joined, left;
  struct gc_addr group;
  bool cannot_join, leaves_at_notification;
  double utc_s;
  uint16_t mid;
};

static const struct gc_addr server = { .family = GC_FAMILY_IPV4, .ip = { 192, 0, 2, 1 }, .port = 5683 };
static const struct gc_addr other = { .family = GC_FAMILY_IPV4, .ip = { 192, 0, 2, 2 }, .port = 5683 };
static const struct gc_addr own = { .family = GC_FAMILY_IPV4, .ip = { 192, 0, 2, 99 }, .port = 40000 };
static const struct gc_addr group = { .family = GC_FAMILY_IPV4, .ip = { 233, 252, 0, 23 }, .port = 61616 };
static const struct gc_addr all = { .family = GC_FAMILY_IPV4, .ip = { 224, 0, 1, 187 }, .port = 5683 };

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  struct rig *rig = ctx;
  assert_true(rig->sent_count < SENT_MAX && datagram->bytes.len <= sizeof rig->sent[0].bytes);
  struct sent *sent = &rig->sent[rig->sent_count++];
  memcpy(sent->bytes, datagram->bytes.ptr, datagram->bytes.len);
  sent->to = datagram->remote;
  assert_int_equal(gc_message_parse(&sent->message, gc_bytes(sent->bytes, datagram->bytes.len), NULL), GC_OK);
  return GC_OK;
}

static enum gc_err on_join(void *ctx, const struct gc_addr *to, const struct gc_addr *from)
{
  struct rig *rig = ctx;
  (void)from;
  rig->group = *to;
  errno = EAFNOSUPPORT;
  if (rig->cannot_join)
    return GC_E_SYSTEM;
  rig->joined++;
  return GC_OK;
}

static void on_leave(void *ctx, const struct gc_addr *from)
{
  struct rig *rig = ctx;
  assert_true(gc_addr_equal(from, &group));
  rig->left++;
}

static void on_event(void *ctx, const struct gc_observe_event *event)
{
  struct rig *rig = ctx;
  assert_true(rig->seen_count < EVENTS_MAX);
  struct seen *seen = &rig->seen[rig->seen_count++];
  *seen = (struct seen){ .kind = event->kind, .from = event->from, .via = event->via, .observe = event->observe, .fault = event->refusal.fault };
  if (event->message.payload.len < sizeof seen->payload && event->message.payload.len)
    memcpy(seen->payload, event->message.payload.ptr, event->message.payload.len);
  const char *phrase = event->phrase ? event->phrase : event->refusal.phrase ? event->refusal.phrase : "";
  strncpy(seen->phrase, phrase, sizeof seen->phrase - 1);
  if (event->kind == GC_OBSERVE_NOTIFICATION && rig->leaves_at_notification)
    gc_observe_client_leave(rig->client, rig->now_ms);
}

static double on_utc(void *ctx)
{
  const struct rig *rig = ctx;
  return rig->utc_s;
}

static void start(struct rig *rig)
{
  *rig = (struct rig){ .params = gc_observe_client_params_default(), .now_ms = 1000, .seed = 7, .utc_s = -1, .mid = 1000 };
  rig->params.retry_min_ms = rig->params.retry_max_ms = 5000;
}

static void begin(struct rig *rig)
{
  const struct gc_observe_client_ops ops = { .send = on_send, .join = on_join, .leave = on_leave, .event = on_event, .utc_s = on_utc, .ctx = rig };
  rig->client = gc_observe_client_new(&rig->params, &ops, gc_rng_seeded(&rig->seed));
  assert_non_null(rig->client);
}

static void end(struct rig *rig)
{
  gc_observe_client_free(&rig->client);
}

/* GET /r */
static void ask(struct rig *rig, const struct gc_addr *to, bool is_con)
{
  const struct gc_request request = { .remote = *to, .code = 1, .options = hexval("b172"), .is_con = is_con, .block_szx = 7 };
  assert_int_equal(gc_observe_client_register(rig->client, &request, rig->now_ms), GC_OK);
}

static void deliver(struct rig *rig, const struct gc_addr *from, const struct gc_addr *to, struct gc_bytes bytes)
{
  const struct gc_datagram datagram = { .remote = *from, .local = *to, .bytes = bytes };
  gc_observe_client_receive(rig->client, &datagram, rig->now_ms);
}

static const struct sent *last_request(const struct rig *rig)
{
  for (size_t i = rig->sent_count; i-- > 0;)
    if (GC_CODE_IS_REQUEST(rig->sent[i].message.code))
      return &rig->sent[i];
  fail_msg("no request was sent");
  return NULL;
}

/* A response to the last request: code, further options and payload as hex behind the header. */
static void answer_to(struct rig *rig, const struct gc_addr *from, const struct sent *request, enum gc_type type, uint8_t code, const char *rest)
{
  uint8_t store[256];
  struct gc_builder builder = gc_builder_message(store, sizeof store, type, code, type == GC_TYPE_ACK ? request->message.mid : rig->mid++,
                                                 request->message.token);
  assert_int_equal(gc_buf_add(&builder.buf, hexval(rest)), GC_OK);
  deliver(rig, from, &own, gc_buf_bytes(&builder.buf));
}

static void answer(struct rig *rig, enum gc_type type, uint8_t code, const char *rest)
{
  answer_to(rig, &server, last_request(rig), type, code, rest);
}

/* 5.03 with Content-Format 65060 and Max-Age 0; tp_info of server, group and token, ph_req for /r; last_notif where given. */
static struct gc_bytes informative(const struct gc_addr *from, const char *token, const char *last, uint64_t ending, uint8_t store[static 256])
{
  struct gc_buf out = gc_buf(store, 256);
  struct gc_informative response = { .format = GC_OMN_CURRENT, .present = GC_IR_TP_INFO | GC_IR_PH_REQ,
                                     .tp_info = { .server = *from, .has_details = true, .group = group, .token = hexval(token) },
                                     .ph_req = hexval("01605172"), .last_notif = hexval(last) };
  if (*last)
    response.present |= GC_IR_LAST_NOTIF;
  if (ending) {
    response.present |= GC_IR_ENDING;
    response.ending.number = (int64_t)ending;
  }
  assert_int_equal(gc_informative_write(&out, &response), GC_OK);
  return gc_buf_bytes(&out);
}

static void inform_payload(struct rig *rig, const struct gc_addr *from, struct gc_bytes payload)
{
  uint8_t store[512];
  struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_CON, GC_CODE(5, 3), rig->mid++, last_request(rig)->message.token);
  struct gc_bytes bytes;
  gc_builder_add_uint(&builder, GC_OPTION_CONTENT_FORMAT, GC_FORMAT_INFORMATIVE_RESPONSE);
  gc_builder_add_uint(&builder, GC_OPTION_MAX_AGE, 0);
  gc_builder_payload(&builder, payload);
  assert_int_equal(gc_builder_finish(&builder, &bytes), GC_OK);
  deliver(rig, from, &own, bytes);
}

static void inform(struct rig *rig, const char *token, const char *last)
{
  uint8_t store[256];
  inform_payload(rig, &server, informative(&server, token, last, 0, store));
}

/* A notification to the group. */
static void notify(struct rig *rig, const char *token, uint8_t code, const char *rest)
{
  uint8_t store[256];
  struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_NON, code, rig->mid++, hexval(token));
  assert_int_equal(gc_buf_add(&builder.buf, hexval(rest)), GC_OK);
  deliver(rig, &server, &group, gc_buf_bytes(&builder.buf));
}

static void wait_ms(struct rig *rig, uint64_t ms)
{
  const uint64_t until = rig->now_ms + ms;
  for (uint64_t next; (next = gc_observe_client_deadline(rig->client)) <= until;) {
    if (next > rig->now_ms)
      rig->now_ms = next;
    gc_observe_client_tick(rig->client, rig->now_ms);
  }
  rig->now_ms = until;
}

static const struct seen *expect(struct rig *rig, size_t *at, enum gc_observe_event_kind kind)
{
  if (*at >= rig->seen_count)
    fail_msg("event %d has not come", (int)kind);
  if (rig->seen[*at].kind != kind)
    fail_msg("event %zu is %d (%s), not %d", *at, (int)rig->seen[*at].kind, rig->seen[*at].phrase, (int)kind);
  return &rig->seen[(*at)++];
}

static void expect_payload(struct rig *rig, size_t *at, enum gc_observe_via via, const char *payload)
{
  const struct seen *seen = expect(rig, at, GC_OBSERVE_NOTIFICATION);
  assert_int_equal(seen->via, via);
  assert_string_equal(seen->payload, payload);
}

/* @req MC-01 MC-05 MC-10 MC-14 MC-15 MC-16 */
static void from_registration_to_the_end(void **state)
{
  (void)state;
  struct rig rig;
  size_t at = 0;
  start(&rig);
  begin(&rig);
  ask(&rig, &server, true);
  const struct sent *request = last_request(&rig);
  uint32_t observe = 9;
  assert_int_equal(request->message.type, GC_TYPE_CON);
  assert_true(gc_option_find_uint(request->message.options, GC_OPTION_OBSERVE, &observe) && observe == 0);
  inform(&rig, "7b", "45610560ff31"); /* Observe 5, "1" */
  assert_int_equal(rig.sent[rig.sent_count - 1].message.type, GC_TYPE_ACK); /* it was confirmable */
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  expect_payload(&rig, &at, GC_VIA_INFORMATIVE, "1");
  assert_int_equal(rig.joined, 1);
  assert_true(gc_addr_equal(&rig.group, &group));
  notify(&rig, "7b", GC_CODE(2, 5), "6106ff32");
  expect_payload(&rig, &at, GC_VIA_GROUP, "2");
  notify(&rig, "7b", GC_CODE(2, 5), "6104ff30");
  expect(&rig, &at, GC_OBSERVE_OLD);
  notify(&rig, "7c", GC_CODE(2, 5), "6107ff33");
  expect(&rig, &at, GC_OBSERVE_STRAY);
  deliver(&rig, &other, &group, hexval("514512347b6107ff33"));
  expect(&rig, &at, GC_OBSERVE_STRAY);
  deliver(&rig, &server, &own, hexval("514512357b6107ff33")); /* not to the group: nobody knows that token here */
  expect(&rig, &at, GC_OBSERVE_TROUBLE);
  notify(&rig, "7b", GC_CODE(5, 3), "");
  expect(&rig, &at, GC_OBSERVE_ENDED);
  expect(&rig, &at, GC_OBSERVE_END);
  assert_int_equal(rig.left, 1);
  assert_int_equal(rig.seen_count, at);
  assert_true(gc_observe_client_deadline(rig.client) > rig.now_ms);
  struct gc_observe_client_state s = gc_observe_client_state(rig.client);
  assert_int_equal(s.notifications, 2);
  assert_int_equal(s.old, 1);
  assert_int_equal(s.strays, 2);
  assert_int_equal(s.group_observations, 0);
  end(&rig);
}

/* @req MC-08 MC-13 */
static void what_cannot_be_is_withdrawn(void **state)
{
  (void)state;
  uint8_t store[256];
  const struct gc_addr not_a_group = other;
  for (int i = 0; i < 4; i++) {
    struct rig rig;
    size_t at = 0;
    struct gc_bytes payload;
    start(&rig);
    rig.cannot_join = i == 3;
    begin(&rig);
    ask(&rig, &server, true);
    payload = informative(&server, "7b", "", 0, store);
    if (i == 0)
      payload.len -= 3;
    if (i == 1) /* the group's address, made unicast */
      memcpy((uint8_t *)memmem(store, payload.len, group.ip, 4), not_a_group.ip, 4);
    if (i == 2) /* another resource */
      ((uint8_t *)memmem(store, payload.len, "\x01\x60\x51\x72", 4))[3] = 's';
    inform_payload(&rig, &server, payload);
    const struct seen *refused = expect(&rig, &at, GC_OBSERVE_REFUSED);
    assert_true(refused->phrase[0] != '\0');
    assert_int_equal(refused->fault, i < 2 ? GC_LISTENER_FAULT_MALFORMED : i == 2 ? GC_LISTENER_FAULT_MISMATCH : GC_LISTENER_FAULT_NONE);
    expect(&rig, &at, GC_OBSERVE_END);
    const struct sent *withdrawal = last_request(&rig);
    uint32_t observe = 9;
    assert_true(gc_option_find_uint(withdrawal->message.options, GC_OPTION_OBSERVE, &observe) && observe == GC_OBSERVE_DEREGISTER);
    assert_true(gc_addr_equal(&withdrawal->to, &server));
    assert_int_equal(rig.joined, 0);
    end(&rig);
  }
}

/* @req RC-01 RC-04 RC-05 RC-06 RC-07 */
static void confirms_when_asked(void **state)
{
  (void)state;
  struct rig rig;
  size_t at = 0;
  start(&rig);
  begin(&rig);
  ask(&rig, &server, false);
  inform(&rig, "7b", "456105c0ff31"); /* Feedback-Divider 0 in last_notif: never */
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  expect(&rig, &at, GC_OBSERVE_NOTIFICATION);
  wait_ms(&rig, 6000);
  assert_int_equal(rig.seen_count, at);
  notify(&rig, "7b", GC_CODE(2, 5), "6106c0ff32"); /* Feedback-Divider 0: everybody */
  expect(&rig, &at, GC_OBSERVE_NOTIFICATION);
  const size_t before = rig.sent_count;
  const uint64_t asked_ms = rig.now_ms;
  while (rig.sent_count == before && rig.now_ms < asked_ms + 6000)
    wait_ms(&rig, 10);
  assert_true(rig.now_ms <= asked_ms + 5010);
  expect(&rig, &at, GC_OBSERVE_CONFIRMED);
  const struct sent *sent = last_request(&rig);
  assert_int_equal(sent->message.type, GC_TYPE_NON);
  assert_int_equal(sent->message.code, 1);
  assert_true(gc_addr_equal(&sent->to, &server));
  assert_true(gc_bytes_equal(sent->message.options, hexval("605172" "70" "d1e31a"))); /* Observe, /r, Feedback-Divider, No-Response 26 */
  wait_ms(&rig, 20000); /* once, and no answer is expected */
  assert_int_equal(rig.sent_count, before + 1);
  notify(&rig, "7b", GC_CODE(2, 5), "6107c2ff00ff33"); /* two bytes: not usable, ignored */
  wait_ms(&rig, 6000);
  assert_int_equal(rig.sent_count, before + 1);
  assert_int_equal(gc_observe_client_state(rig.client).confirmations, 1);
  end(&rig);
}

/* The server is restarted: no farewell, no notification, another group observation afterwards. */
static void registers_again_when_nothing_fresh_comes(void **state)
{
  (void)state;
  struct rig rig;
  size_t at = 0;
  start(&rig);
  begin(&rig);
  ask(&rig, &server, true);
  inform(&rig, "7b", "456105810aff31"); /* Max-Age 10 */
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  expect(&rig, &at, GC_OBSERVE_NOTIFICATION);
  wait_ms(&rig, 14990);
  assert_int_equal(rig.seen_count, at);
  wait_ms(&rig, 20);
  expect(&rig, &at, GC_OBSERVE_AGAIN);
  wait_ms(&rig, 93100); /* nobody there: the registration is given up … */
  expect(&rig, &at, GC_OBSERVE_TROUBLE);
  wait_ms(&rig, 15000); /* … and comes again */
  expect(&rig, &at, GC_OBSERVE_AGAIN);
  inform(&rig, "aabb", "456103ff39"); /* a lower number, of another observation */
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  expect_payload(&rig, &at, GC_VIA_INFORMATIVE, "9");
  notify(&rig, "7b", GC_CODE(2, 5), "6106ff32");
  expect(&rig, &at, GC_OBSERVE_STRAY);
  notify(&rig, "aabb", GC_CODE(2, 5), "6104ff32");
  expect(&rig, &at, GC_OBSERVE_NOTIFICATION);
  assert_int_equal(rig.joined, 1); /* the same group: it was never left */
  assert_int_equal(rig.left, 0);
  assert_int_equal(gc_observe_client_state(rig.client).group_observations, 1);
  end(&rig);
}

/* However impatient: a registration that gets no answer is not sent again at once, and the clock goes on. */
static void impatience_has_a_bound(void **state)
{
  (void)state;
  struct rig rig;
  start(&rig);
  rig.params.retry_min_ms = rig.params.retry_max_ms = 0;
  begin(&rig);
  ask(&rig, &server, false);
  inform(&rig, "7b", "456105810aff31"); /* Max-Age 10 */
  rig.seen_count = rig.sent_count = 0;
  wait_ms(&rig, 13000); /* 10.1, 10.2, 10.4, 10.8, 11.6, … s: 0.1 s at first, then twice as long each time */
  size_t again = 0;
  for (size_t i = 0; i < rig.seen_count; i++)
    again += rig.seen[i].kind == GC_OBSERVE_AGAIN;
  assert_in_range(again, 2, 6);
  end(&rig);
}

/* An unchanged group observation that was only quiet: nothing is shown twice. */
static void the_same_again_is_not_news(void **state)
{
  (void)state;
  struct rig rig;
  size_t at = 0;
  start(&rig);
  begin(&rig);
  ask(&rig, &server, true);
  inform(&rig, "7b", "456105ff31");
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  expect(&rig, &at, GC_OBSERVE_NOTIFICATION);
  wait_ms(&rig, 65001);
  expect(&rig, &at, GC_OBSERVE_AGAIN);
  inform(&rig, "7b", "456105ff31");
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  expect(&rig, &at, GC_OBSERVE_OLD);
  assert_int_equal(rig.seen_count, at);
  end(&rig);
}

/* A traditional observation, refreshed, moved over to a group, and back. @req MC-01 MC-11 */
static void goes_where_the_server_wants(void **state)
{
  (void)state;
  struct rig rig;
  size_t at = 0;
  start(&rig);
  begin(&rig);
  ask(&rig, &server, true);
  answer(&rig, GC_TYPE_ACK, GC_CODE(2, 5), "6101" "8105" "ff61"); /* Max-Age 5 */
  expect_payload(&rig, &at, GC_VIA_OBSERVATION, "a");
  const struct sent first = *last_request(&rig);
  wait_ms(&rig, 10001);
  expect(&rig, &at, GC_OBSERVE_AGAIN);
  assert_true(gc_bytes_equal(last_request(&rig)->message.token, gc_bytes(first.bytes + 4, first.message.token.len)));
  answer(&rig, GC_TYPE_ACK, GC_CODE(2, 5), "6102ff62");
  expect_payload(&rig, &at, GC_VIA_OBSERVATION, "b");
  inform(&rig, "7b", "456103ff63"); /* with the token of the traditional observation */
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  expect_payload(&rig, &at, GC_VIA_INFORMATIVE, "c");
  assert_int_equal(gc_observe_client_state(rig.client).observations, 0);
  assert_int_equal(gc_observe_client_state(rig.client).group_observations, 1);
  wait_ms(&rig, 65001);
  expect(&rig, &at, GC_OBSERVE_AGAIN);
  answer(&rig, GC_TYPE_ACK, GC_CODE(2, 5), "6104ff64"); /* a traditional one again */
  expect_payload(&rig, &at, GC_VIA_OBSERVATION, "d");
  assert_int_equal(rig.left, 1);
  notify(&rig, "7b", GC_CODE(2, 5), "6109ff65");
  expect(&rig, &at, GC_OBSERVE_STRAY);
  const size_t before = rig.sent_count;
  gc_observe_client_leave(rig.client, rig.now_ms);
  expect(&rig, &at, GC_OBSERVE_END);
  uint32_t observe = 9;
  assert_int_equal(rig.sent_count, before + 1); /* deregistered */
  assert_true(gc_option_find_uint(last_request(&rig)->message.options, GC_OPTION_OBSERVE, &observe) && observe == 1);
  end(&rig);
}

static void an_error_is_an_answer(void **state)
{
  (void)state;
  struct rig rig;
  size_t at = 0;
  start(&rig);
  begin(&rig);
  ask(&rig, &server, true);
  answer(&rig, GC_TYPE_ACK, GC_CODE(4, 4), "");
  expect(&rig, &at, GC_OBSERVE_RESPONSE);
  expect(&rig, &at, GC_OBSERVE_END);
  end(&rig);
  start(&rig);
  begin(&rig);
  at = 0;
  ask(&rig, &server, true);
  answer(&rig, GC_TYPE_ACK, GC_CODE(2, 5), "6101ff61");
  expect(&rig, &at, GC_OBSERVE_NOTIFICATION);
  answer(&rig, GC_TYPE_CON, GC_CODE(4, 4), ""); /* the resource is gone */
  expect(&rig, &at, GC_OBSERVE_RESPONSE);
  expect(&rig, &at, GC_OBSERVE_ENDED);
  expect(&rig, &at, GC_OBSERVE_END);
  assert_int_equal(rig.seen_count, at);
  end(&rig);
  start(&rig);
  begin(&rig);
  at = 0;
  ask(&rig, &server, true); /* nobody at all */
  wait_ms(&rig, 94000);
  expect(&rig, &at, GC_OBSERVE_TROUBLE);
  expect(&rig, &at, GC_OBSERVE_END);
  end(&rig);
  start(&rig);
  begin(&rig);
  at = 0;
  ask(&rig, &server, true); /* a 5.03 that is no informative response */
  answer(&rig, GC_TYPE_ACK, GC_CODE(5, 3), "");
  expect(&rig, &at, GC_OBSERVE_RESPONSE);
  expect(&rig, &at, GC_OBSERVE_END);
  end(&rig);
}

static void stays_where_that_is_wanted(void **state)
{
  (void)state;
  struct rig rig;
  size_t at = 0;
  start(&rig);
  rig.params.stays = true;
  begin(&rig);
  ask(&rig, &server, true);
  inform(&rig, "7b", "");
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  notify(&rig, "7b", GC_CODE(5, 3), "");
  expect(&rig, &at, GC_OBSERVE_ENDED);
  wait_ms(&rig, 5001);
  expect(&rig, &at, GC_OBSERVE_AGAIN);
  inform(&rig, "7c", "");
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  end(&rig);
}

/* @req MC-17 */
static void gives_up_at_the_announced_end(void **state)
{
  (void)state;
  uint8_t store[256];
  struct rig rig;
  size_t at = 0;
  start(&rig);
  rig.utc_s = 1800000000;
  begin(&rig);
  ask(&rig, &server, true);
  inform_payload(&rig, &server, informative(&server, "7b", "", 1800000030, store));
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  wait_ms(&rig, 29999);
  assert_int_equal(rig.seen_count, at);
  wait_ms(&rig, 2);
  const struct seen *ended = expect(&rig, &at, GC_OBSERVE_ENDED);
  assert_non_null(strstr(ended->phrase, "announced"));
  expect(&rig, &at, GC_OBSERVE_END);
  assert_int_equal(rig.left, 1);
  end(&rig);
}

/* A registration to all: each server has its own way. */
static void many_servers_many_ways(void **state)
{
  (void)state;
  uint8_t store[256];
  struct rig rig;
  size_t at = 0;
  start(&rig);
  begin(&rig);
  ask(&rig, &all, true);
  assert_int_equal(last_request(&rig)->message.type, GC_TYPE_NON);
  const struct sent request = *last_request(&rig);
  inform(&rig, "7b", "456105ff31");
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  expect_payload(&rig, &at, GC_VIA_INFORMATIVE, "1");
  struct sent copy = request;
  copy.message.token = gc_bytes(copy.bytes + 4, request.message.token.len);
  answer_to(&rig, &other, &copy, GC_TYPE_NON, GC_CODE(2, 5), "6101" "8105" "ff61");
  expect_payload(&rig, &at, GC_VIA_OBSERVATION, "a");
  assert_true(gc_addr_equal(&rig.seen[at - 1].from, &other));
  const struct gc_addr third = { .family = GC_FAMILY_IPV4, .ip = { 192, 0, 2, 3 }, .port = 5683 };
  inform_payload(&rig, &third, informative(&third, "0102", "456109ff33", 0, store));
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  expect_payload(&rig, &at, GC_VIA_INFORMATIVE, "3");
  assert_int_equal(rig.joined, 1); /* the group of both */
  notify(&rig, "7b", GC_CODE(2, 5), "6106ff32");
  expect_payload(&rig, &at, GC_VIA_GROUP, "2");
  notify(&rig, "7b", GC_CODE(5, 3), "");
  expect(&rig, &at, GC_OBSERVE_ENDED);
  assert_int_equal(rig.left, 0); /* the third one is still listened to */
  wait_ms(&rig, 10001);
  expect(&rig, &at, GC_OBSERVE_AGAIN);
  assert_true(gc_addr_equal(&last_request(&rig)->to, &other)); /* the one alone that is stale */
  assert_int_equal(gc_observe_client_state(rig.client).servers, 3);
  end(&rig);
}

/* @req MC-03 IN-01 */
static void what_was_learned_elsewhere(void **state)
{
  (void)state;
  uint8_t store[256];
  struct rig rig;
  size_t at = 0;
  struct gc_informative response;
  start(&rig);
  begin(&rig);
  assert_int_equal(gc_informative_parse(&response, informative(&server, "7b", "456105ff31", 0, store), GC_OMN_CURRENT, NULL), GC_OK);
  assert_int_equal(gc_observe_client_listen(rig.client, &response, NULL, NULL, rig.now_ms), GC_OK);
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  expect_payload(&rig, &at, GC_VIA_INFORMATIVE, "1");
  notify(&rig, "7b", GC_CODE(2, 5), "6106c0ff32");
  expect_payload(&rig, &at, GC_VIA_GROUP, "2");
  wait_ms(&rig, 200000); /* nothing is ever sent */
  assert_int_equal(rig.sent_count, 0);
  /* to be counted, and from then on as any client */
  const struct gc_request request = { .remote = server, .code = 1, .options = hexval("b172d1ea10"), .block_szx = 7 };
  assert_int_equal(gc_observe_client_register(rig.client, &request, rig.now_ms), GC_OK);
  assert_true(gc_option_find(last_request(&rig)->message.options, GC_OPTION_NO_RESPONSE, NULL));
  notify(&rig, "7b", GC_CODE(2, 5), "6107ff33");
  expect(&rig, &at, GC_OBSERVE_NOTIFICATION);
  wait_ms(&rig, 65001);
  expect(&rig, &at, GC_OBSERVE_AGAIN);
  assert_false(gc_option_find(last_request(&rig)->message.options, GC_OPTION_NO_RESPONSE, NULL));
  end(&rig);
}

/* The application leaves while it is told of a notification. */
static void leaving_in_the_middle(void **state)
{
  (void)state;
  struct rig rig;
  size_t at = 0;
  start(&rig);
  rig.leaves_at_notification = true;
  begin(&rig);
  ask(&rig, &server, true);
  inform(&rig, "7b", "456105ff31");
  expect(&rig, &at, GC_OBSERVE_INFORMED);
  expect(&rig, &at, GC_OBSERVE_NOTIFICATION);
  expect(&rig, &at, GC_OBSERVE_END);
  notify(&rig, "7b", GC_CODE(2, 5), "6106ff32");
  assert_int_equal(rig.seen_count, at);
  end(&rig);
  assert_int_equal(rig.left, 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(from_registration_to_the_end), cmocka_unit_test(what_cannot_be_is_withdrawn),
    cmocka_unit_test(confirms_when_asked),          cmocka_unit_test(registers_again_when_nothing_fresh_comes),
    cmocka_unit_test(impatience_has_a_bound), cmocka_unit_test(the_same_again_is_not_news),   cmocka_unit_test(goes_where_the_server_wants),
    cmocka_unit_test(an_error_is_an_answer),        cmocka_unit_test(stays_where_that_is_wanted),
    cmocka_unit_test(gives_up_at_the_announced_end), cmocka_unit_test(many_servers_many_ways),
    cmocka_unit_test(what_was_learned_elsewhere),   cmocka_unit_test(leaving_in_the_middle),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
