/* Group observations at the server, unprotected: who takes part, what clients and the group are told, when it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "../tests/lib/hexval.h"
#include "../tests/lib/server_rig.h"
#include "coap/observe.h"
#include "group/group_observe.h"
#include "observe/phantom.h"
#include "observe_examples.h"

enum { INTERVAL_MS = 3000, MAX_AGE_MS = 5000 /* the rig's */ };

static struct rig rig;
static struct gc_group_observe_params params;

static struct gc_addr group_address(void)
{
  return gc_addr_ipv4(239, 5, 5, 5, 61616);
}

static struct gc_group_observe_params defaults(void)
{
  struct gc_group_observe_params p = gc_group_observe_params_default();
  p.group = group_address();
  p.ifindex = 7;
  return p;
}

static void enable(struct gc_resource *resource)
{
  const char *why = NULL;
  if (gc_server_observe_by_group(rig.server, resource, &params, &why))
    fail_msg("%s", why ? why : "no reason");
}

static void start(int members, const struct gc_server_params *server_params)
{
  rig_start(&rig, members, server_params);
  enable(rig.value);
}

static void plain_start(void)
{
  params = defaults();
  start(1, NULL);
}

static struct gc_builder registration(enum gc_type type)
{
  struct gc_builder request = rig_request(&rig, type, GC_CODE_GET, "value");
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, 0);
  return request;
}

static void observe(enum gc_type type, int to)
{
  struct gc_builder request = registration(type);
  rig_send(&rig, &request, to);
}

static void observe_from(uint16_t port)
{
  rig.client.port = port;
  observe(GC_TYPE_NON, 0);
}

static struct gc_informative informative(const struct rig_sent *sent)
{
  struct gc_informative told;
  struct gc_where where = { 0, NULL };
  assert_int_equal(sent->message.code, GC_CODE_SERVICE_UNAVAILABLE);
  assert_int_equal(sent->message.type, GC_TYPE_CON);
  assert_false(rig_has(sent, GC_OPTION_OBSERVE, NULL));
  assert_int_equal(rig_uint(sent, GC_OPTION_CONTENT_FORMAT), GC_FORMAT_INFORMATIVE_RESPONSE);
  assert_int_equal(rig_uint(sent, GC_OPTION_MAX_AGE), 0);
  if (gc_informative_parse(&told, sent->message.payload, params.format, &where))
    fail_msg("%s", where.phrase);
  assert_null(gc_informative_fault(&told));
  return told;
}

static struct gc_message last_notif(const struct gc_informative *told)
{
  struct gc_message message;
  assert_true(told->present & GC_IR_LAST_NOTIF);
  assert_int_equal(gc_last_notif_read(&message, told->tp_info.token, told->last_notif, NULL), GC_OK);
  return message;
}

static void change(const char *text)
{
  strcpy(rig.values[0], text);
  gc_server_changed(rig.server, NULL, rig.value, rig.now_ms);
}

static bool is_to_group(const struct rig_sent *sent)
{
  const struct gc_addr group = group_address();
  return gc_addr_equal(&sent->remote, &group);
}

static double count(void)
{
  return gc_server_group_count(rig.server, rig.value);
}

static size_t sources(void)
{
  return gc_server_state(rig.server).group_observations;
}

static void is_cancellation(const struct rig_sent *sent)
{
  assert_true(is_to_group(sent));
  assert_int_equal(sent->message.type, GC_TYPE_NON);
  assert_int_equal(sent->message.code, GC_CODE_SERVICE_UNAVAILABLE);
  assert_int_equal(sent->message.options.len, 0);
  assert_int_equal(sent->message.payload.len, 0);
  assert_int_equal(sent->message.token.len, 4);
}

/* The client acknowledges all informative responses, so that none is repeated. */
static void acknowledge(void)
{
  for (size_t i = rig.sent_count; i-- > 0;)
    if (rig.sent[i].message.type == GC_TYPE_CON) {
      const struct gc_addr before = rig.client;
      rig.client = rig.sent[i].remote;
      const struct rig_sent sent = rig.sent[i];
      rig_empty(&rig, &sent, GC_TYPE_ACK);
      rig.client = before;
    }
}

/* Registered, acknowledged, forgotten. */
static void take_part(void)
{
  observe(GC_TYPE_NON, 0);
  acknowledge();
  rig_forget(&rig);
}

/* --- the first registration ---------------------------------------------------------------------------------------- */

/* @req MN-01 MN-02 MN-03 MN-07 MN-08 MN-10 MN-11 MN-12 MN-14 MN-15 MN-16 MN-17 MN-19 TP-02 */
static void first_registration_is_told(void **state)
{
  (void)state;
  plain_start();
  observe(GC_TYPE_CON, 0);
  assert_int_equal(rig.sent_count, 2);
  assert_int_equal(rig.sent[0].message.type, GC_TYPE_ACK); /* separate */
  assert_int_equal(rig.sent[0].message.code, GC_CODE_EMPTY);
  const struct rig_sent *sent = rig_last(&rig);
  const struct gc_informative told = informative(sent);
  assert_int_equal(sent->message.token.len, 2);
  assert_true(gc_addr_equal(&sent->remote, &rig.client));
  assert_true(gc_addr_equal(&sent->local, gc_member_address(rig.members[0])));
  const struct gc_addr group = group_address();
  assert_true(gc_addr_equal(&told.tp_info.server, &sent->local));
  assert_true(gc_addr_equal(&told.tp_info.group, &group));
  assert_int_equal(told.tp_info.token.len, 4);
  assert_false(told.present & GC_IR_PH_REQ); /* it is what the client has sent */
  assert_true(told.present & GC_IR_NEXT_NOT_BEFORE);
  assert_int_equal(told.next_not_before, 3);
  assert_false(told.present & GC_IR_ENDING); /* the time of day is not known */
  const struct gc_message notification = last_notif(&told);
  assert_int_equal(notification.code, GC_CODE_CONTENT);
  assert_true(gc_bytes_equal(notification.payload, gc_bytes_str("off")));
  assert_true(gc_option_find(notification.options, GC_OPTION_OBSERVE, NULL));
  assert_int_equal(gc_server_state(rig.server).observers, 0);
  assert_int_equal(gc_server_state(rig.server).informed, 1);
  assert_int_equal(gc_server_observers(rig.server, rig.value), 1);
  assert_int_equal(sources(), 1);
  assert_true(count() == 1);
  rig_stop(&rig);
}

/* NON or CON, it is confirmable, and repeated until it is acknowledged. @req MN-12 */
static void informative_response_is_repeated(void **state)
{
  (void)state;
  plain_start();
  observe(GC_TYPE_NON, 0);
  assert_int_equal(rig.sent_count, 1);
  (void)informative(&rig.sent[0]);
  rig_wait(&rig, 3500);
  size_t repeated = 0;
  for (size_t i = 1; i < rig.sent_count; i++)
    if (!is_to_group(&rig.sent[i])) {
      assert_int_equal(rig.sent[i].len, rig.sent[0].len);
      assert_memory_equal(rig.sent[i].bytes, rig.sent[0].bytes, rig.sent[0].len);
      repeated++;
    }
  assert_int_equal(repeated, 1);
  rig_stop(&rig);
}

/* The client takes part in the one there is. @req MN-02 MN-10 MN-15 */
static void later_registrations_join(void **state)
{
  (void)state;
  plain_start();
  params.note = NULL;
  observe_from(40001);
  const struct gc_informative first = informative(rig_last(&rig));
  const unsigned calls = rig.calls;
  struct gc_builder request = registration(GC_TYPE_NON);
  gc_builder_add_str(&request, GC_OPTION_URI_HOST, "example.org");
  rig.client.port = 40002;
  rig_send(&rig, &request, 0);
  const struct gc_informative second = informative(rig_last(&rig));
  assert_true(gc_bytes_equal(first.tp_info.token, second.tp_info.token));
  assert_true(gc_bytes_equal(second.ph_req, hexval("0160" "55" "76616c7565"))); /* the registration has a Uri-Host, it has none */
  assert_int_equal(rig.calls, calls); /* the latest notification is told, the handler need not run */
  assert_int_equal(sources(), 1);
  assert_true(count() == 2);
  rig_stop(&rig);
}

/* @req MN-28 */
static void counted_and_told_nothing(void **state)
{
  (void)state;
  plain_start();
  struct gc_builder request = registration(GC_TYPE_CON);
  gc_builder_add_uint(&request, GC_OPTION_NO_RESPONSE, 16);
  rig_send(&rig, &request, 0);
  assert_int_equal(rig.sent_count, 1);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_EMPTY);
  assert_true(count() == 1);
  rig_stop(&rig);
}

/* A policy that keeps errors from groups does not hold it back; it waits for the Leisure and is confirmable. @req MN-12 */
static void registration_to_a_group(void **state)
{
  (void)state;
  params = defaults();
  rig.suppress = GC_SUPPRESS_4XX | GC_SUPPRESS_5XX;
  start(2, NULL);
  rig.suppress = 0;
  observe(GC_TYPE_NON, RIG_TO_GROUP);
  assert_int_equal(rig.sent_count, 0);
  rig_wait(&rig, 1000);
  assert_int_equal(rig.sent_count, 2);
  for (size_t i = 0; i < 2; i++) {
    const struct gc_informative told = informative(&rig.sent[i]);
    assert_true(gc_addr_equal(&told.tp_info.server, gc_member_address(rig.members[rig.sent[i].member])));
    assert_true(gc_addr_equal(&rig.sent[i].local, &told.tp_info.server));
  }
  assert_int_equal(sources(), 2);
  rig_stop(&rig);
}

/* A client that rejects it, or is not there, is counted out. */
static void clients_that_are_not_there(void **state)
{
  (void)state;
  plain_start();
  observe_from(40001);
  observe_from(40002);
  assert_true(count() == 2);
  rig_empty(&rig, rig_last(&rig), GC_TYPE_RST);
  assert_true(count() == 1);
  assert_int_equal(sources(), 1);
  rig_wait(&rig, 100000);
  assert_int_equal(sources(), 0); /* nobody is left */
  is_cancellation(rig_last(&rig));
  rig_stop(&rig);
}

/* One that registers again and again and acknowledges nothing has a bounded number of answers waiting, and others get theirs. */
static void one_that_never_acknowledges(void **state)
{
  (void)state;
  const uint32_t room = gc_endpoint_params_default().max_queued_per_peer;
  plain_start();
  for (uint32_t i = 0; i < 3 * room; i++)
    observe_from(40001);
  assert_true(count() == room);
  rig_forget(&rig);
  observe_from(40002);
  (void)informative(rig_last(&rig));
  assert_int_equal(rig_last(&rig)->remote.port, 40002);
  assert_true(count() == room + 1);
  rig_stop(&rig);
}

/* To an address that is not verified no more than it sent, several times. */
static void amplification_is_limited(void **state)
{
  (void)state;
  struct gc_server_params server_params = rig_params();
  server_params.leisure_ms = 0;
  server_params.amplification = 1;
  server_params.amplification_floor = 75;
  params = defaults();
  start(1, &server_params);
  strcpy(rig.values[0], "a value that takes some bytes");
  observe(GC_TYPE_NON, RIG_TO_GROUP);
  rig_wait(&rig, 0);
  struct gc_informative told = informative(rig_last(&rig));
  assert_false(told.present & GC_IR_LAST_NOTIF);
  assert_true(rig_last(&rig)->len <= 75);
  rig_stop(&rig);
  server_params.amplification_floor = 20; /* not even without */
  start(1, &server_params);
  observe(GC_TYPE_NON, RIG_TO_GROUP);
  rig_wait(&rig, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_UNAUTHORIZED);
  assert_int_equal(sources(), 0); /* for somebody who may not be there nothing is begun */
  struct gc_option echo;
  assert_true(gc_option_find(rig_last(&rig)->message.options, GC_OPTION_ECHO, &echo));
  struct gc_builder request = registration(GC_TYPE_NON);
  gc_builder_add(&request, GC_OPTION_ECHO, echo.value);
  rig_send(&rig, &request, RIG_TO_GROUP);
  rig_wait(&rig, 0);
  told = informative(rig_last(&rig));
  assert_true(told.present & GC_IR_LAST_NOTIF);
  assert_int_equal(sources(), 1);
  rig_stop(&rig);
}

/* An informative response is larger than its request, and repeated: with `echo` nobody gets one who cannot receive what goes to his
 * address, not by unicast either, and he is not counted. */
static void echo_comes_first_where_it_is_wanted(void **state)
{
  (void)state;
  struct gc_server_params server_params = rig_params();
  struct gc_option echo;
  server_params.echo = true;
  server_params.amplification = 1;
  server_params.amplification_floor = 30;
  params = defaults();
  start(1, &server_params);
  for (uint16_t i = 0; i < 10; i++) {
    observe_from((uint16_t)(40001 + i));
    assert_int_equal(rig_last(&rig)->message.code, GC_CODE_UNAUTHORIZED);
    assert_true(rig_last(&rig)->len <= 30);
  }
  assert_int_equal(sources(), 0);
  assert_true(gc_option_find(rig_last(&rig)->message.options, GC_OPTION_ECHO, &echo));
  struct gc_builder request = registration(GC_TYPE_NON);
  gc_builder_add(&request, GC_OPTION_ECHO, echo.value);
  rig_send(&rig, &request, 0);
  (void)informative(rig_last(&rig));
  assert_true(count() == 1);
  rig_stop(&rig);
}

/* --- traditional all the same -------------------------------------------------------------------------------------- */

static void is_traditional(size_t before)
{
  const struct rig_sent *sent = rig_last(&rig);
  assert_int_equal(sent->message.code, GC_CODE_CONTENT);
  assert_true(rig_has(sent, GC_OPTION_OBSERVE, NULL));
  assert_int_equal(gc_server_state(rig.server).observers, before + 1);
  assert_int_equal(sources(), 0);
}

/* What the phantom request cannot answer. @req MC-08 */
static void other_requests(void **state)
{
  (void)state;
  for (unsigned i = 0; i < 3; i++) {
    plain_start();
    struct gc_builder request = rig_request(&rig, GC_TYPE_NON, i == 2 ? GC_CODE_FETCH : GC_CODE_GET, "value");
    gc_builder_add_uint(&request, GC_OPTION_OBSERVE, 0);
    if (i == 0)
      gc_builder_add_str(&request, GC_OPTION_URI_QUERY, "unit=k");
    if (i == 1)
      gc_builder_add_uint(&request, GC_OPTION_ACCEPT, 0);
    rig_send(&rig, &request, 0);
    is_traditional(0);
    rig_stop(&rig);
  }
}

/* Link-local addresses, an unknown own address, another family. @req MN-13 */
static void other_addresses(void **state)
{
  (void)state;
  plain_start();
  rig.client = gc_addr_ipv4(169, 254, 1, 1, 40000);
  observe(GC_TYPE_NON, 0);
  is_traditional(0);
  rig.client = gc_addr_ipv4(192, 0, 2, 99, 40000);
  struct gc_builder request = registration(GC_TYPE_NON);
  struct gc_bytes bytes;
  assert_int_equal(gc_builder_finish(&request, &bytes), GC_OK);
  struct gc_datagram datagram = { .remote = rig.client, .local = gc_addr_ipv4(169, 254, 1, 2, 5683), .bytes = bytes };
  gc_server_receive(rig.server, rig.members[0], &datagram, rig.now_ms);
  is_traditional(1);
  request = registration(GC_TYPE_NON);
  assert_int_equal(gc_builder_finish(&request, &bytes), GC_OK);
  datagram.bytes = bytes;
  datagram.remote = (struct gc_addr){ .family = GC_FAMILY_IPV6, .ip = { 0x20, 1 }, .port = 40000 };
  datagram.local = (struct gc_addr){ .family = GC_FAMILY_IPV6, .ip = { 0x20, 2 }, .port = 5683 };
  gc_server_receive(rig.server, rig.members[0], &datagram, rig.now_ms);
  is_traditional(2);
  rig_stop(&rig);
}

/* A member at any address takes the one the registration came to, and has none for a group's. @req MN-13 MN-20 */
static void member_at_any_address(void **state)
{
  (void)state;
  params = defaults();
  rig_start(&rig, 0, NULL);
  struct gc_addr any = gc_addr_ipv4(0, 0, 0, 0, 5683), own = gc_addr_ipv4(192, 0, 2, 55, 5683);
  assert_int_equal(gc_server_add_member(rig.server, &rig.members[0], &any, NULL), GC_OK);
  enable(rig.value);
  strcpy(rig.values[0], "off");
  observe(GC_TYPE_NON, RIG_TO_GROUP);
  rig_wait(&rig, 1000);
  is_traditional(0);
  rig_forget(&rig);
  struct gc_builder request = registration(GC_TYPE_NON);
  struct gc_bytes bytes;
  assert_int_equal(gc_builder_finish(&request, &bytes), GC_OK);
  const struct gc_datagram datagram = { .remote = rig.client, .local = own, .bytes = bytes };
  gc_server_receive(rig.server, rig.members[0], &datagram, rig.now_ms);
  assert_int_equal(sources(), 1);
  const struct gc_informative told = informative(rig_last(&rig));
  assert_true(gc_addr_equal(&told.tp_info.server, &own));
  rig_stop(&rig);
}

/* @req MN-23 */
static void too_large_for_a_message(void **state)
{
  (void)state;
  params = defaults();
  rig_start(&rig, 1, NULL);
  enable(rig.big);
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "a/big");
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, 0);
  rig_send(&rig, &request, 0);
  is_traditional(0);
  rig_forget(&rig);
  /* it fits, and then no longer */
  rig.big_len = 200;
  rig.client.port++;
  request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "a/big");
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, 0);
  rig_send(&rig, &request, 0);
  const struct gc_informative told = informative(rig_last(&rig));
  assert_int_equal(last_notif(&told).payload.len, 200);
  acknowledge();
  rig_forget(&rig);
  rig.big_len = 1100;
  gc_server_changed(rig.server, NULL, rig.big, rig.now_ms);
  rig_wait(&rig, INTERVAL_MS);
  size_t cancellations = 0;
  for (size_t i = 0; i < rig.sent_count; i++)
    if (is_to_group(&rig.sent[i])) {
      assert_int_equal(rig.sent[i].message.code, GC_CODE_SERVICE_UNAVAILABLE);
      cancellations++;
    }
  assert_int_equal(cancellations, 1);
  assert_int_equal(sources(), 0);
  rig_stop(&rig);
}

/* Nothing to observe: the client is told what is wrong, as always. */
static void errors_start_nothing(void **state)
{
  (void)state;
  plain_start();
  rig.value_code = GC_CODE_NOT_FOUND;
  observe(GC_TYPE_NON, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_NOT_FOUND);
  assert_int_equal(sources(), 0);
  rig_stop(&rig);
}

static void table_is_bounded(void **state)
{
  (void)state;
  struct gc_server_params server_params = rig_params();
  server_params.max_group_observations = 1;
  params = defaults();
  start(2, &server_params);
  observe(GC_TYPE_NON, 0);
  assert_int_equal(sources(), 1);
  observe(GC_TYPE_NON, 1);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  assert_int_equal(sources(), 1);
  assert_int_equal(gc_server_state(rig.server).observers, 1);
  rig_stop(&rig);
}

/* --- moved over ---------------------------------------------------------------------------------------------------- */

/* @req MN-01 MN-02 MN-09 */
static void traditional_observations_are_moved_over(void **state)
{
  (void)state;
  params = defaults();
  params.after = 2;
  start(1, NULL);
  observe_from(40001);
  const uint8_t token_1 = rig_last(&rig)->message.token.ptr[1];
  observe_from(40002);
  observe_from(40002); /* another Token: one more */
  assert_int_equal(sources(), 1);
  assert_int_equal(gc_server_state(rig.server).observers, 0);
  assert_true(count() == 3);
  size_t told = 0, first = 0;
  for (size_t i = 0; i < rig.sent_count; i++) {
    if (rig.sent[i].message.code != GC_CODE_SERVICE_UNAVAILABLE)
      continue;
    (void)informative(&rig.sent[i]);
    told++;
    first += rig.sent[i].remote.port == 40001 && rig.sent[i].message.token.ptr[1] == token_1;
  }
  assert_int_equal(first, 1);
  assert_int_equal(told, 2); /* the third waits for the second: one confirmable message to a client at a time */
  acknowledge();
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_SERVICE_UNAVAILABLE);
  acknowledge();
  rig_forget(&rig);
  change("on");
  rig_wait(&rig, INTERVAL_MS + 100);
  assert_int_equal(rig.sent_count, 1);
  assert_true(is_to_group(rig_last(&rig)));
  rig_stop(&rig);
}

/* Who asked for something else stays, and does not count. A registration again is no further one. @req MN-09 */
static void others_stay(void **state)
{
  (void)state;
  params = defaults();
  params.after = 1;
  start(1, NULL);
  struct gc_builder request = registration(GC_TYPE_NON);
  gc_builder_add_uint(&request, GC_OPTION_ACCEPT, 0);
  rig_send(&rig, &request, 0);
  observe(GC_TYPE_NON, 0);
  assert_int_equal(gc_server_state(rig.server).observers, 2);
  rig.next_token--;
  observe(GC_TYPE_NON, 0);
  assert_int_equal(gc_server_state(rig.server).observers, 2);
  assert_int_equal(sources(), 0);
  observe(GC_TYPE_NON, 0);
  assert_int_equal(sources(), 1);
  assert_int_equal(gc_server_state(rig.server).observers, 1);
  assert_true(count() == 2);
  rig_stop(&rig);
}

/* --- notifications ------------------------------------------------------------------------------------------------- */

/* @req MN-04 MN-06 MN-08 MN-20 MN-21 MN-25 */
static void notifications(void **state)
{
  (void)state;
  plain_start();
  observe(GC_TYPE_NON, 0);
  struct gc_informative told = informative(rig_last(&rig));
  uint8_t token[4];
  memcpy(token, told.tp_info.token.ptr, sizeof token);
  uint32_t number;
  const struct gc_message init = last_notif(&told);
  assert_true(gc_option_find_uint(init.options, GC_OPTION_OBSERVE, &number));
  acknowledge();
  rig_forget(&rig);
  change("on");
  change("dim");
  rig_wait(&rig, INTERVAL_MS - 1);
  assert_int_equal(rig.sent_count, 0);
  rig_wait(&rig, 1);
  assert_int_equal(rig.sent_count, 1);
  const struct rig_sent *sent = rig_last(&rig);
  assert_true(is_to_group(sent));
  assert_true(gc_addr_equal(&sent->local, gc_member_address(rig.members[0])));
  assert_int_equal(sent->message.type, GC_TYPE_NON);
  assert_int_equal(sent->message.code, GC_CODE_CONTENT);
  assert_true(gc_bytes_equal(sent->message.token, gc_bytes(token, sizeof token)));
  assert_true(rig_payload_is(sent, "dim"));
  assert_true(gc_observe_is_newer(number, 0, rig_uint(sent, GC_OPTION_OBSERVE), 1));
  assert_false(rig_has(sent, GC_OPTION_FEEDBACK_DIVIDER, NULL));
  const uint32_t latest = rig_uint(sent, GC_OPTION_OBSERVE);
  observe_from(40002); /* gets the latest one, and nothing is announced that is not so */
  told = informative(rig_last(&rig));
  const struct gc_message kept = last_notif(&told);
  assert_true(gc_option_find_uint(kept.options, GC_OPTION_OBSERVE, &number));
  assert_int_equal(number, latest);
  assert_true(gc_bytes_equal(kept.payload, gc_bytes_str("dim")));
  assert_int_equal(told.next_not_before, 3);
  rig_wait(&rig, 1500);
  observe_from(40003);
  assert_int_equal(informative(rig_last(&rig)).next_not_before, 1);
  rig_wait(&rig, 600);
  observe_from(40004);
  assert_false(informative(rig_last(&rig)).present & GC_IR_NEXT_NOT_BEFORE);
  assert_int_equal(gc_server_state(rig.server).group_notifications, 1);
  rig_stop(&rig);
}

/* However often it changes. @req MN-25 */
static void no_faster_than_the_interval(void **state)
{
  (void)state;
  char text[16];
  plain_start();
  take_part();
  for (unsigned i = 0; i < 100; i++) {
    snprintf(text, sizeof text, "v%u", i);
    change(text);
    rig_wait(&rig, 300);
  }
  assert_int_equal(rig.sent_count, 10);
  for (size_t i = 1; i < rig.sent_count; i++)
    assert_true(rig.sent[i].at_ms - rig.sent[i - 1].at_ms >= INTERVAL_MS);
  rig_stop(&rig);
}

/* Nothing changes: what is older than its Max-Age is sent anew. @req MN-22 */
static void refreshed_by_max_age(void **state)
{
  (void)state;
  plain_start();
  take_part();
  const uint64_t begun_ms = rig.now_ms;
  rig_wait(&rig, 3 * MAX_AGE_MS + 1000);
  assert_int_equal(rig.sent_count, 3);
  for (size_t i = 0; i < 3; i++) {
    assert_true(is_to_group(&rig.sent[i]));
    assert_true(rig.sent[i].at_ms > begun_ms + (i + 1) * MAX_AGE_MS);
    assert_true(rig_payload_is(&rig.sent[i], "off"));
    assert_int_equal(rig_uint(&rig.sent[i], GC_OPTION_MAX_AGE), MAX_AGE_MS / 1000);
  }
  assert_true(gc_observe_is_newer(rig_uint(&rig.sent[0], GC_OPTION_OBSERVE), 0, rig_uint(&rig.sent[1], GC_OPTION_OBSERVE), 1));
  rig_stop(&rig);
}

/* Traditional observers of something else get their own notifications beside. */
static void both_kinds_side_by_side(void **state)
{
  (void)state;
  plain_start();
  struct gc_builder request = registration(GC_TYPE_NON);
  gc_builder_add_uint(&request, GC_OPTION_ACCEPT, 0);
  rig_send(&rig, &request, 0);
  take_part();
  change("on");
  rig_wait(&rig, INTERVAL_MS);
  size_t to_group = 0, to_client = 0;
  for (size_t i = 0; i < rig.sent_count; i++)
    *(is_to_group(&rig.sent[i]) ? &to_group : &to_client) += rig_payload_is(&rig.sent[i], "on");
  assert_int_equal(to_group, 1);
  assert_true(to_client >= 1); /* confirmable the first time, and repeated */
  rig_stop(&rig);
}

/* --- the end ------------------------------------------------------------------------------------------------------- */

/* @req MN-17 MN-26 MN-27 */
static void ends_when_its_time_is_over(void **state)
{
  (void)state;
  params = defaults();
  params.lifetime_s = 100;
  params.has_utc = true;
  params.utc_ms = 1800000000000 - 1000000 - 100000;
  start(1, NULL);
  observe(GC_TYPE_NON, 0);
  const struct gc_informative told = informative(rig_last(&rig));
  assert_true(told.present & GC_IR_ENDING);
  assert_int_equal(told.ending.number, 1800000000);
  acknowledge();
  rig_wait(&rig, 100000 - 1);
  assert_int_equal(sources(), 1);
  rig_forget(&rig);
  rig_wait(&rig, 1);
  assert_int_equal(rig.sent_count, 1);
  is_cancellation(rig_last(&rig));
  assert_int_equal(sources(), 0);
  assert_int_equal(gc_server_deadline(rig.server) == UINT64_MAX, false);
  observe_from(40007); /* and begins anew */
  (void)informative(rig_last(&rig));
  assert_int_equal(sources(), 1);
  rig_stop(&rig);
}

/* A registration that comes first at that time does not join what is over. @req MN-27 */
static void late_registration_begins_anew(void **state)
{
  (void)state;
  params = defaults();
  params.lifetime_s = 10;
  start(1, NULL);
  observe(GC_TYPE_NON, 0);
  uint8_t token[4];
  memcpy(token, informative(rig_last(&rig)).tp_info.token.ptr, 4);
  acknowledge();
  rig_forget(&rig);
  rig.now_ms += 10000; /* no tick in between */
  observe_from(40002);
  is_cancellation(&rig.sent[0]);
  assert_memory_not_equal(informative(rig_last(&rig)).tp_info.token.ptr, token, 4);
  assert_true(count() == 1);
  rig_stop(&rig);
}

/* @req MN-26 */
static void orderly_exit(void **state)
{
  (void)state;
  params = defaults();
  start(3, NULL);
  for (int i = 0; i < 3; i++)
    observe(GC_TYPE_NON, i);
  acknowledge();
  rig_forget(&rig);
  gc_server_group_cancel_all(rig.server, rig.now_ms);
  assert_int_equal(rig.sent_count, 3);
  for (size_t i = 0; i < 3; i++) {
    is_cancellation(&rig.sent[i]);
    assert_true(gc_addr_equal(&rig.sent[i].local, gc_member_address(rig.members[rig.sent[i].member])));
  }
  assert_int_equal(sources(), 0);
  gc_server_group_cancel_all(rig.server, rig.now_ms);
  assert_int_equal(rig.sent_count, 3);
  rig_stop(&rig);
}

/* The representation is gone: its error ends it, with Token T and without Observe. */
static void error_is_the_last_word(void **state)
{
  (void)state;
  static const uint8_t codes[] = { GC_CODE_NOT_FOUND, GC_CODE_SERVICE_UNAVAILABLE, GC_CODE_INTERNAL_SERVER_ERROR };
  for (size_t i = 0; i < sizeof codes; i++) {
    plain_start();
    take_part();
    rig.value_code = codes[i];
    change("gone");
    rig_wait(&rig, INTERVAL_MS);
    assert_int_equal(rig.sent_count, 1);
    const struct rig_sent *sent = rig_last(&rig);
    assert_true(is_to_group(sent));
    assert_int_equal(sent->message.code, codes[i]);
    assert_int_equal(sent->message.token.len, 4);
    assert_false(rig_has(sent, GC_OPTION_OBSERVE, NULL));
    assert_int_equal(sources(), 0);
    rig_stop(&rig);
  }
}

/* --- counting ------------------------------------------------------------------------------------------------------ */

static void confirm_from(uint16_t port)
{
  rig.client.port = port;
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "value");
  gc_feedback_add_options(&request);
  rig_send(&rig, &request, 0);
}

/* Ten notifications, the tenth asks; four of eight confirm. @req RC-02 RC-03 RC-08 RC-09 RC-09b RC-10 RC-12 */
static void rounds_of_counting(void **state)
{
  (void)state;
  params = defaults();
  params.counting.wait_ms = 60000;
  start(1, NULL);
  for (uint16_t i = 0; i < 16; i++) {
    observe_from((uint16_t)(41000 + i));
    acknowledge();
  }
  assert_true(count() == 16);
  rig_forget(&rig);
  for (unsigned i = 0; i < 10; i++) {
    change("on");
    rig_wait(&rig, INTERVAL_MS);
    assert_int_equal(rig.sent_count, i + 1);
    assert_int_equal(rig_has(rig_last(&rig), GC_OPTION_FEEDBACK_DIVIDER, NULL), i == 9);
  }
  assert_int_equal(rig_uint(rig_last(&rig), GC_OPTION_FEEDBACK_DIVIDER), 1); /* ceil(log2(16 / 8)) */
  observe_from(42000); /* the stored copy does not ask */
  struct gc_informative told = informative(rig_last(&rig));
  const struct gc_message kept = last_notif(&told);
  assert_false(gc_option_find(kept.options, GC_OPTION_FEEDBACK_DIVIDER, NULL));
  acknowledge();
  assert_true(count() == 17);
  rig_forget(&rig);
  const unsigned calls = rig.calls;
  for (uint16_t i = 0; i < 4; i++)
    confirm_from((uint16_t)(41000 + i));
  assert_int_equal(rig.sent_count, 0);
  assert_int_equal(rig.calls, calls);
  assert_true(count() == 17);
  assert_int_equal(gc_server_state(rig.server).confirmations, 4);
  assert_int_equal(gc_server_state(rig.server).observers, 0);
  for (unsigned i = 0; i < 3; i++) { /* while it collects it does not ask again */
    change("off");
    rig_wait(&rig, INTERVAL_MS);
    assert_false(rig_has(rig_last(&rig), GC_OPTION_FEEDBACK_DIVIDER, NULL));
  }
  rig_wait(&rig, 60000);
  assert_true(count() == 17 + (4.0 * 2 - 16) / 4); /* COUNT' + (E - N) / D */
  rig_stop(&rig);
}

/* A registration after the deadline waits for the update. @req RC-11 */
static void update_comes_before_a_registration(void **state)
{
  (void)state;
  params = defaults();
  params.counting = (struct gc_counting_params){ .wanted = 8, .dampener = 1, .retry_ratio = 4, .period = 1, .cancel_below = 0.2, .wait_ms = 5000 };
  start(1, NULL);
  take_part();
  change("on");
  rig_wait(&rig, INTERVAL_MS);
  assert_true(rig_has(rig_last(&rig), GC_OPTION_FEEDBACK_DIVIDER, NULL));
  confirm_from(40000);
  rig_forget(&rig);
  rig.now_ms += 5000; /* no tick */
  observe_from(40005);
  assert_true(count() == 2);
  (void)informative(rig_last(&rig));
  rig_stop(&rig);
}

/* Nobody confirms: it is cancelled, and the next registration begins another. @req RC-12 MN-26 */
static void cancelled_when_nobody_is_left(void **state)
{
  (void)state;
  params = defaults();
  params.counting = (struct gc_counting_params){ .wanted = 8, .dampener = 1, .retry_ratio = 4, .period = 1, .cancel_below = 0.2, .wait_ms = 4000 };
  start(1, NULL);
  take_part();
  change("on");
  rig_wait(&rig, INTERVAL_MS);
  rig_forget(&rig);
  rig_wait(&rig, 4000);
  is_cancellation(rig_last(&rig));
  assert_int_equal(sources(), 0);
  assert_int_equal(gc_server_observers(rig.server, rig.value), 0);
  confirm_from(40000); /* late: nothing to confirm, and it makes nobody an observer */
  assert_int_equal(sources(), 0);
  assert_int_equal(gc_server_state(rig.server).observers, 0);
  assert_int_equal(gc_server_state(rig.server).confirmations, 0);
  observe(GC_TYPE_NON, 0);
  (void)informative(rig_last(&rig));
  rig_stop(&rig);
}

static void withdraw_from(uint16_t port)
{
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_GET, "value");
  rig.client.port = port;
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, 1);
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  assert_false(rig_has(rig_last(&rig), GC_OPTION_OBSERVE, NULL));
}

/* Observe 1 withdraws and is answered; a GET without it only asks. */
static void withdrawal(void **state)
{
  (void)state;
  params = defaults();
  params.counting.wait_ms = 4000;
  start(1, NULL);
  observe_from(40001);
  observe_from(40002);
  acknowledge();
  withdraw_from(40002);
  assert_true(count() == 1);
  rig_get(&rig, GC_TYPE_CON, "value", 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  assert_true(count() == 1);
  withdraw_from(40001); /* that was the last one, if it was one: the next notification asks, and nobody is there */
  assert_int_equal(sources(), 1);
  change("on");
  rig_wait(&rig, INTERVAL_MS);
  assert_true(is_to_group(rig_last(&rig)));
  assert_int_equal(rig_uint(rig_last(&rig), GC_OPTION_FEEDBACK_DIVIDER), 0);
  rig_wait(&rig, 4000);
  is_cancellation(rig_last(&rig));
  assert_int_equal(sources(), 0);
  rig_stop(&rig);
}

/* Who never took part withdraws, as often as it likes: those who are there say so when they are asked, and stay. */
static void forged_withdrawals(void **state)
{
  (void)state;
  params = defaults();
  params.counting.wait_ms = 4000;
  start(1, NULL);
  for (uint16_t i = 0; i < 3; i++)
    observe_from((uint16_t)(40001 + i));
  acknowledge();
  for (uint16_t i = 0; i < 100; i++)
    withdraw_from((uint16_t)(50000 + i));
  assert_int_equal(sources(), 1);
  for (int round = 0; round < 3; round++) {
    change(round % 2 ? "off" : "on");
    rig_wait(&rig, INTERVAL_MS);
    if (round == 0)
      assert_int_equal(rig_uint(rig_last(&rig), GC_OPTION_FEEDBACK_DIVIDER), 0);
    for (uint16_t i = 0; i < 3; i++)
      confirm_from((uint16_t)(40001 + i));
    rig_wait(&rig, 4000);
    withdraw_from(50000);
    assert_int_equal(sources(), 1);
  }
  rig_stop(&rig);
}

/* --- what is told and found ---------------------------------------------------------------------------------------- */

/* The older format: its keys, ph_req always, no planned end. */
static void format_05(void **state)
{
  (void)state;
  params = defaults();
  params.format = GC_OMN_05;
  params.form = GC_TP_05;
  params.has_utc = true;
  params.note = "never in -05";
  start(1, NULL);
  observe(GC_TYPE_NON, 0);
  const struct gc_informative told = informative(rig_last(&rig));
  assert_int_equal(told.format, GC_OMN_05);
  assert_int_equal(told.present, GC_IR_TP_INFO | GC_IR_PH_REQ | GC_IR_LAST_NOTIF);
  assert_int_equal(told.unknown.count, 0);
  rig_get(&rig, GC_TYPE_CON, ".well-known/core", 0);
  const struct gc_bytes links = rig_last(&rig)->message.payload;
  assert_non_null(memmem(links.ptr, links.len, "</value>;ct=0;obs;grp_obs,", 26));
  rig_stop(&rig);
}

static void a_note_for_people(void **state)
{
  (void)state;
  params = defaults();
  params.note = "notified by multicast";
  start(1, NULL);
  observe(GC_TYPE_NON, 0);
  const struct gc_informative told = informative(rig_last(&rig));
  assert_int_equal(told.unknown.count, 1);
  assert_true(gc_bytes_equal(told.unknown.pairs[0], hexval("646e6f7465" "75" "6e6f746966696564206279206d756c746963617374")));
  rig_stop(&rig);
}

/* @req ML-01 */
static void link_attribute(void **state)
{
  (void)state;
  plain_start();
  rig_get(&rig, GC_TYPE_CON, ".well-known/core", 0);
  const struct gc_bytes links = rig_last(&rig)->message.payload;
  assert_non_null(memmem(links.ptr, links.len, "</value>;ct=0;obs;gp-obs,</a/big>;ct=0;obs,", 43));
  rig_stop(&rig);
}

static const struct rig_sent *introspect(const char *query)
{
  struct gc_builder request = rig_request(&rig, GC_TYPE_CON, GC_CODE_GET, ".well-known/core/mc-sender");
  if (query)
    gc_builder_add_str(&request, GC_OPTION_URI_QUERY, query);
  rig_send(&rig, &request, 0);
  return rig_last(&rig);
}

/* @req IN-01 IN-02 */
static void introspection(void **state)
{
  (void)state;
  params = defaults();
  params.has_utc = true;
  start(2, NULL);
  observe(GC_TYPE_NON, 0);
  const struct gc_informative told = informative(rig_last(&rig));
  char query[32];
  snprintf(query, sizeof query, "token=%02x%02x%02x%02x", told.tp_info.token.ptr[0], told.tp_info.token.ptr[1], told.tp_info.token.ptr[2],
           told.tp_info.token.ptr[3]);
  const struct rig_sent *sent = introspect(query);
  assert_int_equal(sent->message.code, GC_CODE_CONTENT);
  assert_int_equal(rig_uint(sent, GC_OPTION_CONTENT_FORMAT), GC_FORMAT_INFORMATIVE_RESPONSE);
  struct gc_informative found;
  assert_int_equal(gc_informative_parse(&found, sent->message.payload, GC_OMN_05, NULL), GC_OK);
  assert_int_equal(found.present, GC_IR_TP_INFO | GC_IR_PH_REQ | GC_IR_LAST_NOTIF | GC_IR_ENDING);
  assert_true(gc_bytes_equal(found.tp_info.token, told.tp_info.token));
  assert_true(gc_bytes_equal(found.last_notif, told.last_notif));
  assert_int_equal(introspect("token=00112233")->message.code, GC_CODE_NOT_FOUND);
  static const char *const bad[] = { NULL, "token=", "token", "token=xy", "token=001", "token=001122334455667788", "tokens=00", "x" };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    assert_int_equal(introspect(bad[i])->message.code, GC_CODE_BAD_REQUEST);
  rig_stop(&rig);
}

static enum gc_err nothing(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  (void)request;
  (void)response;
  return GC_OK;
}

/* --- parameters ---------------------------------------------------------------------------------------------------- */

/* @req TP-02 MG-04 */
static void parameters_that_cannot_be(void **state)
{
  (void)state;
  const struct {
    unsigned what;
    enum gc_err expected;
  } rows[] = { { 0, GC_E_RANGE }, { 1, GC_E_RANGE }, { 2, GC_E_RANGE }, { 3, GC_E_RANGE }, { 4, GC_E_RANGE }, { 5, GC_E_STATE },
               { 6, GC_E_STATE }, { 7, GC_E_STATE }, { 8, GC_E_STATE }, { 9, GC_E_RANGE }, { 10, GC_E_STATE } };
  rig_start(&rig, 1, NULL);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    params = defaults();
    struct gc_resource *resource = rig.value;
    switch (rows[i].what) {
    case 0: params.group = gc_addr_ipv4(192, 0, 2, 1, 5683); break;
    case 1: params.group = gc_addr_ipv4(224, 0, 0, 5, 5683); break;
    case 2: params.group.port = 0; break;
    case 3: params.token_len = 9; break;
    case 4: params.counting.dampener = 0; break;
    case 5: params.form = GC_TP_05; break;
    case 6: params.protection = GC_GROUP_OSCORE; params.join_uri = "coap://gm/g"; break;
    case 7: params.protection = GC_GROUP_SELF_MANAGED; params.join_uri = "coap://gm/g"; params.sec_gp = "g"; break;
    case 8: params.protection = GC_GROUP_SELF_MANAGED; params.format = GC_OMN_05; params.form = GC_TP_05; break;
    case 9: params.material_lifetime_s = 0; break;
    default: {
      const struct gc_resource_def def = { .path = "fixed", .methods = 1u << 1, .handler = nothing, .content_format = -1 };
      assert_int_equal(gc_server_add_resource(rig.server, &resource, &def), GC_OK);
      break;
    }
    }
    const char *why = NULL;
    assert_int_equal(gc_server_observe_by_group(rig.server, resource, &params, &why), rows[i].expected);
    assert_non_null(why);
  }
  params = defaults();
  enable(rig.value);
  assert_int_equal(gc_server_observe_by_group(rig.server, rig.value, &params, NULL), GC_E_EXISTS);
  enable(rig.big);
  rig_stop(&rig);
}

/* --- the worked examples ------------------------------------------------------------------------------------------- */

static char example_value[8];
static uint8_t example_sent[8][400];
static size_t example_len[8], example_count;

static enum gc_err example_handler(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  assert_true(gc_addr_equal(&request->from, &params.group)); /* as if the group had asked */
  assert_int_equal(request->to.port, 5683);
  assert_int_equal(request->message->code, GC_CODE_GET);
  assert_false(request->is_multicast);
  return gc_buf_add(&response->body, gc_bytes_str(example_value));
}

static enum gc_err example_send(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  (void)ctx;
  (void)member;
  assert_true(example_count < 8 && datagram->bytes.len <= sizeof example_sent[0]);
  memcpy(example_sent[example_count], datagram->bytes.ptr, datagram->bytes.len);
  example_len[example_count++] = datagram->bytes.len;
  return GC_OK;
}

/* The Message ID is the server's choice: that of the example in its place. */
static void is_example(size_t index, const char *hex)
{
  const struct gc_bytes expected = hexval(hex);
  assert_true(index < example_count);
  memcpy(example_sent[index] + 2, expected.ptr + 2, 2);
  assert_int_equal(example_len[index], expected.len);
  assert_memory_equal(example_sent[index], expected.ptr, expected.len);
}

static void fill_7b(void *ctx, uint8_t *out, size_t len)
{
  (void)ctx;
  memset(out, 0x7b, len);
}

static struct gc_addr ipv6(const char *hex, uint16_t port)
{
  struct gc_addr addr = { .family = GC_FAMILY_IPV6, .port = port };
  memcpy(addr.ip, hexval(hex).ptr, 16);
  return addr;
}

static void change_example(struct gc_server *server, struct gc_resource *resource, const char *text)
{
  strcpy(example_value, text);
  gc_server_changed(server, NULL, resource, 0);
  gc_server_tick(server, 0);
}

static void example(enum gc_omn_format format, enum gc_tp_form form)
{
  const bool is_05 = format == GC_OMN_05;
  const struct gc_server_params server_params = rig_params();
  const struct gc_server_ops ops = { .send = example_send };
  const struct gc_resource_def def = { .path = "r", .methods = 1u << 1, .handler = example_handler, .content_format = 0, .consumes = -1, .is_observable = true };
  const struct gc_addr address = ipv6("20010db80000000000000000000000ab", 5683), client = ipv6("20010db8000000000000000000000099", 40000);
  struct gc_server *server = gc_server_new(&server_params, &ops, (struct gc_rng){ fill_7b, NULL });
  struct gc_member *member;
  struct gc_resource *resource;
  assert_non_null(server);
  assert_int_equal(gc_server_add_member(server, &member, &address, NULL), GC_OK);
  assert_int_equal(gc_server_add_resource(server, &resource, &def), GC_OK);
  params = gc_group_observe_params_default();
  params.group = ipv6("ff35003020010db80000000000000023", 61616);
  params.format = format;
  params.form = form;
  params.token_len = 1;
  params.notify_interval_ms = is_05 ? 0 : 30000;
  params.lifetime_s = 1000;
  params.has_utc = true;
  params.utc_ms = 1799999000000;
  params.counting.wanted = 8;
  params.counting.period = 2;
  assert_int_equal(gc_server_observe_by_group(server, resource, &params, NULL), GC_OK);
  strcpy(example_value, "1234");
  example_count = 0;
  /* Uri-Host, so that ph_req is told: GET, Token 4a, Observe 0 */
  const struct gc_datagram registration_datagram = { .remote = client, .local = address, .bytes = hexval("51011a2a4a" "3161" "30" "5172") };
  gc_server_receive(server, member, &registration_datagram, 0);
  if (is_05) {
    assert_int_equal(example_count, 1);
    const struct gc_bytes expected = hexval(EXAMPLE_IR_05);
    assert_int_equal(example_len[0], 10 + expected.len); /* header, Token, Content-Format, Max-Age, marker */
    assert_memory_equal(example_sent[0] + 10, expected.ptr, expected.len);
    change_example(server, resource, "5678");
    is_example(1, EXAMPLE_NOTIFICATION);
  } else {
    is_example(0, EXAMPLE_MESSAGE);
  }
  gc_server_group_cancel_all(server, 0);
  is_example(example_count - 1, EXAMPLE_CANCELLATION);
  gc_server_free(&server);
}

/* Section 6.2 of the requirements, byte for byte. @req MN-05 MN-11 MN-19 MN-20 MN-26 TP-01 TP-03 */
static void worked_examples(void **state)
{
  (void)state;
  example(GC_OMN_CURRENT, GC_TP_FLAT);
  example(GC_OMN_05, GC_TP_05);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(first_registration_is_told),
    cmocka_unit_test(informative_response_is_repeated),
    cmocka_unit_test(later_registrations_join),
    cmocka_unit_test(counted_and_told_nothing),
    cmocka_unit_test(registration_to_a_group),
    cmocka_unit_test(clients_that_are_not_there),
    cmocka_unit_test(one_that_never_acknowledges), cmocka_unit_test(amplification_is_limited), cmocka_unit_test(echo_comes_first_where_it_is_wanted),
    cmocka_unit_test(other_requests),
    cmocka_unit_test(other_addresses),
    cmocka_unit_test(member_at_any_address),
    cmocka_unit_test(too_large_for_a_message),
    cmocka_unit_test(errors_start_nothing),
    cmocka_unit_test(table_is_bounded),
    cmocka_unit_test(traditional_observations_are_moved_over),
    cmocka_unit_test(others_stay),
    cmocka_unit_test(notifications),
    cmocka_unit_test(no_faster_than_the_interval),
    cmocka_unit_test(refreshed_by_max_age),
    cmocka_unit_test(both_kinds_side_by_side),
    cmocka_unit_test(ends_when_its_time_is_over),
    cmocka_unit_test(late_registration_begins_anew),
    cmocka_unit_test(orderly_exit),
    cmocka_unit_test(error_is_the_last_word),
    cmocka_unit_test(rounds_of_counting),
    cmocka_unit_test(update_comes_before_a_registration),
    cmocka_unit_test(cancelled_when_nobody_is_left),
    cmocka_unit_test(withdrawal), cmocka_unit_test(forged_withdrawals),
    cmocka_unit_test(format_05),
    cmocka_unit_test(a_note_for_people),
    cmocka_unit_test(link_attribute),
    cmocka_unit_test(introspection),
    cmocka_unit_test(parameters_that_cannot_be),
    cmocka_unit_test(worked_examples),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
