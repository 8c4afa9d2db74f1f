/* Group observations at the server with Group OSCORE and with keys of the member's own. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "../tests/lib/oscore_play.h"
#include "../tests/lib/oscore_rig.h"
#include "../tests/lib/server_rig.h"
#include "group/group_observe.h"
#include "observe/material.h"
#include "observe/phantom.h"
#include "observe/self_managed.h"
#include "oscore/succession.h"
#include "observe_examples.h"

enum { INTERVAL_MS = 3000, SERVER = 1, CLIENT = 0 };

static struct rig rig;
static struct gc_group_observe_params params;
static struct gc_oscore_ring *ring;
static struct gc_oscore_context *server_context, *client_context;
static const struct sec_options options = { .profile = GC_OSCORE_GROUP, .name = "lights" };

static struct gc_group_observe_params defaults(enum gc_group_protection protection)
{
  struct gc_group_observe_params p = gc_group_observe_params_default();
  p.group = gc_addr_ipv4(239, 5, 5, 5, 61616);
  p.protection = protection;
  p.has_utc = true;
  p.utc_ms = 1700000000000;
  return p;
}

static void start_with(const struct sec_options *o)
{
  const char *why = NULL;
  rig_start(&rig, 1, NULL);
  ring = gc_oscore_ring_new();
  server_context = sec_context(o, SERVER, 2);
  client_context = sec_context(o, CLIENT, 2);
  assert_int_equal(gc_oscore_ring_add(ring, server_context), GC_OK);
  assert_int_equal(gc_member_secure(rig.members[0], ring, GC_ANSWER_AS_ASKED), GC_OK);
  if (gc_server_observe_by_group(rig.server, rig.value, &params, &why))
    fail_msg("%s", why ? why : "no reason");
}

static void start(enum gc_group_protection protection)
{
  params = defaults(protection);
  start_with(&options);
}

static void stop(void)
{
  rig_stop(&rig);
  gc_oscore_ring_free(&ring);
  gc_oscore_context_free(&server_context);
  gc_oscore_context_free(&client_context);
}

/* A protected GET of /value with Observe `observe` (-1: none) and more, from the client. */
static void ask(int observe, const char *more, struct gc_oscore_binding *binding)
{
  uint8_t body[64];
  struct gc_builder builder = gc_builder_body(body, sizeof body, GC_CODE_GET);
  struct gc_bytes bytes;
  if (observe >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, (uint32_t)observe);
  gc_builder_add_str(&builder, GC_OPTION_URI_PATH, "value");
  gc_builder_add_all(&builder, hexval(more));
  assert_int_equal(gc_builder_finish(&builder, &bytes), GC_OK);
  const struct gc_bytes datagram = sec_request(client_context, bytes, NULL, binding);
  uint8_t own[400];
  memcpy(own, datagram.ptr, datagram.len);
  own[2] = (uint8_t)(rig.next_mid >> 8);
  own[3] = (uint8_t)rig.next_mid++;
  rig_send_bytes(&rig, gc_bytes(own, datagram.len), 0);
}

static void observe_plain(void)
{
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "value");
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, 0);
  rig_send(&rig, &request, 0);
}

static struct gc_message opened_by_client(const struct rig_sent *sent, const struct gc_oscore_binding *binding)
{
  struct gc_oscore_opened opened;
  assert_int_equal(sec_open_response(client_context, gc_bytes(sent->bytes, sent->len), 0, binding, &opened), GC_SEC_OK);
  return opened.inner;
}

static uint8_t informative_store[2000]; /* what the last one was parsed from */

static struct gc_informative parse(struct gc_bytes payload)
{
  struct gc_informative told;
  struct gc_where where = { 0, NULL };
  assert_in_range(payload.len, 1, sizeof informative_store);
  memcpy(informative_store, payload.ptr, payload.len);
  if (gc_informative_parse(&told, gc_bytes(informative_store, payload.len), params.format, &where))
    fail_msg("%s", where.phrase);
  assert_null(gc_informative_fault(&told));
  return told;
}

/* Registered: what the protected informative response tells. */
static struct gc_informative take_part(struct gc_oscore_binding *binding)
{
  ask(0, "-", binding);
  const struct rig_sent *sent = rig_last(&rig);
  assert_int_equal(sent->message.type, GC_TYPE_CON);
  const struct gc_message inner = opened_by_client(sent, binding);
  assert_int_equal(inner.code, GC_CODE_SERVICE_UNAVAILABLE);
  assert_false(gc_option_find(inner.options, GC_OPTION_OBSERVE, NULL));
  const struct gc_informative told = parse(inner.payload);
  rig_empty(&rig, sent, GC_TYPE_ACK);
  rig_forget(&rig);
  return told;
}

static void change(const char *text)
{
  strcpy(rig.values[0], text);
  gc_server_changed(rig.server, NULL, rig.value, rig.now_ms);
}

static size_t sources(void)
{
  return gc_server_state(rig.server).group_observations;
}

static size_t observers(void)
{
  return gc_server_state(rig.server).observers;
}

static double count(void)
{
  return gc_server_group_count(rig.server, rig.value);
}

/* The phantom request as an observer opens it; its binding. */
static struct gc_oscore_binding phantom_of(struct gc_oscore_context *context, const struct gc_informative *told)
{
  static uint8_t store[2000];
  struct gc_message message;
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  assert_int_equal(gc_phantom_read(&message, told->tp_info.token, told->ph_req, NULL), GC_OK);
  assert_int_equal(message.code, GC_CODE_FETCH);
  assert_int_equal(gc_oscore_open_request(context, &message, GC_OPEN_NO_REPLAY, gc_buf(store, sizeof store), &opened, &binding), GC_SEC_OK);
  assert_int_equal(opened.mode, GC_MODE_GROUP);
  assert_int_equal(opened.inner.code, GC_CODE_GET);
  return binding;
}

static uint64_t piv_of(struct gc_bytes piv)
{
  uint64_t number = 0;
  assert_true(piv.len > 0);
  for (size_t i = 0; i < piv.len; i++)
    number = number << 8 | piv.ptr[i];
  return number;
}

/* What answers the phantom request, opened; its own Partial IV is there. */
static struct gc_message answer_to(struct gc_oscore_context *context, const struct gc_message *outer, const struct gc_oscore_binding *phantom, uint64_t *piv)
{
  static uint8_t store[4000];
  struct gc_oscore_opened opened;
  assert_int_equal(gc_oscore_open_response(context, outer, 0, phantom, gc_buf(store, sizeof store), &opened), GC_SEC_OK);
  assert_int_equal(opened.mode, GC_MODE_GROUP);
  *piv = piv_of(opened.option.piv);
  return opened.inner;
}

/* The whole life of one. */
static void life(enum gc_omn_format format)
{
  struct gc_oscore_binding binding;
  uint64_t piv, phantom_piv, last_piv;
  struct gc_message outer;
  params = defaults(GC_GROUP_OSCORE);
  params.format = format;
  params.form = format == GC_OMN_05 ? GC_TP_05 : GC_TP_FLAT;
  start_with(&options);
  const struct gc_informative told = take_part(&binding);
  assert_true(told.present & GC_IR_PH_REQ);
  assert_false(told.present & (GC_IR_SELF_MANAGED | GC_IR_JOIN));
  const struct gc_oscore_binding phantom = phantom_of(client_context, &told);
  assert_true(gc_bytes_equal(gc_bytes(phantom.request_kid, phantom.request_kid_len), sec_id(SERVER)));
  assert_true(gc_bytes_equal(gc_bytes(phantom.request_kid_context, phantom.request_kid_context_len), gc_bytes_str("gid")));
  phantom_piv = piv_of(gc_bytes(phantom.request_piv, phantom.request_piv_len));
  assert_int_equal(gc_last_notif_read(&outer, told.tp_info.token, told.last_notif, NULL), GC_OK);
  struct gc_message inner = answer_to(client_context, &outer, &phantom, &last_piv);
  assert_true(gc_bytes_equal(inner.payload, gc_bytes_str("off")));
  assert_true(last_piv > phantom_piv);
  assert_int_equal(observers(), 0);
  for (unsigned i = 0; i < 3; i++) {
    change("on");
    rig_wait(&rig, INTERVAL_MS);
    const struct rig_sent *sent = rig_last(&rig);
    assert_true(gc_addr_equal(&sent->remote, &params.group));
    assert_int_equal(sent->message.type, GC_TYPE_NON);
    assert_true(gc_bytes_equal(sent->message.token, told.tp_info.token));
    assert_true(rig_has(sent, GC_OPTION_OBSERVE, NULL));
    inner = answer_to(client_context, &sent->message, &phantom, &piv);
    assert_true(gc_bytes_equal(inner.payload, gc_bytes_str("on")));
    assert_true(piv > last_piv);
    last_piv = piv;
  }
  gc_server_group_cancel_all(rig.server, rig.now_ms);
  const struct rig_sent *sent = rig_last(&rig);
  struct gc_oscore_binding end = phantom;
  if (format == GC_OMN_05) /* bound to a phantom cancellation request, which took the number before */
    end.request_piv[0] = (uint8_t)(last_piv + 1);
  inner = answer_to(client_context, &sent->message, &end, &piv);
  assert_int_equal(piv, last_piv + (format == GC_OMN_05 ? 2 : 1));
  assert_int_equal(inner.code, GC_CODE_SERVICE_UNAVAILABLE);
  assert_int_equal(inner.payload.len, 0);
  assert_false(gc_option_find(inner.options, GC_OPTION_OBSERVE, NULL));
  assert_int_equal(sources(), 0);
  stop();
}

/* @req MG-01b MG-05 MG-06 MG-07 MG-08 MG-09b MN-26 */
static void protected_with_group_oscore(void **state)
{
  (void)state;
  life(GC_OMN_CURRENT);
  life(GC_OMN_05);
}

/* Nothing protected answers something plain, nor the other way round. @req MG-01b */
static void unprotected_stay_traditional(void **state)
{
  (void)state;
  struct gc_oscore_binding binding;
  start(GC_GROUP_OSCORE);
  observe_plain();
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  assert_int_equal(observers(), 1);
  assert_int_equal(sources(), 0);
  (void)take_part(&binding);
  assert_int_equal(sources(), 1);
  rig.client.port++;
  observe_plain();
  assert_int_equal(observers(), 2);
  /* nor do they count */
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "value");
  gc_feedback_add_options(&request);
  rig_send(&rig, &request, 0);
  assert_int_equal(gc_server_state(rig.server).confirmations, 0);
  rig.client.port++;
  request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, "value");
  gc_builder_add_uint(&request, GC_OPTION_OBSERVE, 1);
  rig_send(&rig, &request, 0);
  assert_true(count() == 1);
  stop();
  start(GC_GROUP_PLAIN);
  ask(0, "-", &binding);
  const struct gc_message inner = opened_by_client(rig_last(&rig), &binding);
  assert_int_equal(inner.code, GC_CODE_CONTENT);
  assert_int_equal(observers(), 1);
  assert_int_equal(sources(), 0);
  stop();
}

/* Without a context for group mode there is none. @req MG-01 */
static void no_group_mode(void **state)
{
  (void)state;
  static const struct sec_options plain = { .profile = GC_OSCORE_PLAIN };
  struct gc_oscore_binding binding;
  params = defaults(GC_GROUP_OSCORE);
  start_with(&plain);
  ask(0, "-", &binding);
  const struct gc_message inner = opened_by_client(rig_last(&rig), &binding);
  assert_int_equal(inner.code, GC_CODE_CONTENT);
  assert_int_equal(observers(), 1);
  assert_int_equal(sources(), 0);
  stop();
}

/* A client of plain OSCORE takes part too, where the member has a group context beside. @req MG-01b */
static void registered_with_oscore(void **state)
{
  (void)state;
  static const struct sec_options plain = { .profile = GC_OSCORE_PLAIN, .secret = 9 };
  struct gc_oscore_binding binding;
  params = defaults(GC_GROUP_OSCORE);
  start_with(&plain);
  struct gc_oscore_context *group = sec_context(&options, SERVER, 2), *observer = sec_context(&options, CLIENT, 2);
  assert_int_equal(gc_oscore_ring_add(ring, group), GC_OK);
  const struct gc_informative told = take_part(&binding);
  (void)phantom_of(observer, &told);
  stop();
  gc_oscore_context_free(&group);
  gc_oscore_context_free(&observer);
}

/* Confirmations and withdrawals that are protected count. @req RC-09 */
static void protected_confirmations(void **state)
{
  (void)state;
  struct gc_oscore_binding binding;
  start(GC_GROUP_OSCORE);
  (void)take_part(&binding);
  /* behind Uri-Path (11): Feedback-Divider (18) empty, No-Response (258) 26 */
  ask(0, "d005" "d1e31a", &binding);
  assert_int_equal(gc_server_state(rig.server).confirmations, 1);
  assert_int_equal(rig.sent_count, 0);
  ask(1, "-", &binding);
  assert_int_equal(opened_by_client(rig_last(&rig), &binding).code, GC_CODE_CONTENT);
  assert_int_equal(sources(), 0); /* that was the last one */
  stop();
}

/* Traditional observations keep their protection when they are moved over. @req MN-09 MG-01b */
static void moved_over_protected(void **state)
{
  (void)state;
  struct gc_oscore_binding first, second;
  params = defaults(GC_GROUP_OSCORE);
  params.after = 1;
  start_with(&options);
  ask(0, "-", &first);
  assert_int_equal(observers(), 1);
  const struct gc_addr client = rig.client;
  rig.client.port++;
  rig_forget(&rig);
  ask(0, "-", &second);
  assert_int_equal(observers(), 0);
  assert_int_equal(rig.sent_count, 2);
  for (size_t i = 0; i < 2; i++) {
    const struct gc_message inner = opened_by_client(&rig.sent[i], gc_addr_equal(&rig.sent[i].remote, &client) ? &first : &second);
    assert_int_equal(inner.code, GC_CODE_SERVICE_UNAVAILABLE);
    const struct gc_informative told = parse(inner.payload);
    (void)phantom_of(client_context, &told);
  }
  assert_true(count() == 2);
  stop();
}

/* After a rekeying the phantom request stays, notifications leave under the new context and name it. @req MG-17 */
static void rekeyed(void **state)
{
  (void)state;
  static const struct sec_options newer = { .profile = GC_OSCORE_GROUP, .name = "lights", .gid = "new", .secret = 5 };
  struct gc_oscore_binding binding;
  uint64_t piv;
  start(GC_GROUP_OSCORE);
  const struct gc_informative told = take_part(&binding);
  const struct gc_oscore_binding phantom = phantom_of(client_context, &told);
  struct gc_oscore_context *server_newer = sec_context(&newer, SERVER, 2), *client_newer = sec_context(&newer, CLIENT, 2);
  assert_int_equal(gc_oscore_ring_add(ring, server_newer), GC_OK);
  change("on");
  rig_wait(&rig, INTERVAL_MS);
  const struct gc_oscore_option option = sec_option(gc_bytes(rig_last(&rig)->bytes, rig_last(&rig)->len));
  assert_true(option.has_kid_context && gc_bytes_equal(option.kid_context, gc_bytes_str("new")));
  const struct gc_message inner = answer_to(client_newer, &rig_last(&rig)->message, &phantom, &piv);
  assert_true(gc_bytes_equal(inner.payload, gc_bytes_str("on")));
  stop();
  gc_oscore_context_free(&server_newer);
  gc_oscore_context_free(&client_newer);
}

/* Notifications of the last interval that answer this phantom request. */
static unsigned heard_under(struct gc_oscore_context *context, const struct gc_oscore_binding *phantom, struct gc_bytes token)
{
  unsigned heard = 0;
  for (size_t i = 0; i < rig.sent_count; i++) {
    uint64_t piv;
    if (!gc_addr_equal(&rig.sent[i].remote, &params.group) || !gc_bytes_equal(rig.sent[i].message.token, token))
      continue;
    assert_true(gc_bytes_equal(answer_to(context, &rig.sent[i].message, phantom, &piv).payload, gc_bytes_str(rig.values[0])));
    heard++;
  }
  return heard;
}

/* Who has only the newer keys cannot verify the older phantom request, and is told another one; the first goes on, also when its keys
 * are gone. @req MG-17 */
static void rekeyed_and_then_a_newcomer(void **state)
{
  (void)state;
  static const struct sec_options newer = { .profile = GC_OSCORE_GROUP, .name = "lights", .gid = "new", .secret = 5 };
  struct gc_oscore_binding binding;
  uint8_t tokens[2][8];
  start(GC_GROUP_OSCORE);
  struct gc_informative told = take_part(&binding);
  const struct gc_oscore_binding before = phantom_of(client_context, &told);
  const struct gc_bytes token_before = gc_bytes(memcpy(tokens[0], told.tp_info.token.ptr, told.tp_info.token.len), told.tp_info.token.len);
  struct gc_oscore_context *server_newer = sec_context(&newer, SERVER, 2), *client_older = client_context, *server_older = server_context;
  assert_int_equal(gc_oscore_ring_add(ring, server_newer), GC_OK);
  client_context = sec_context(&newer, CLIENT, 2);
  told = take_part(&binding);
  const struct gc_oscore_binding after = phantom_of(client_context, &told);
  const struct gc_bytes token_after = gc_bytes(memcpy(tokens[1], told.tp_info.token.ptr, told.tp_info.token.len), told.tp_info.token.len);
  assert_false(gc_bytes_equal(token_before, token_after));
  assert_int_equal(sources(), 2);
  (void)take_part(&binding); /* the same one again, no third */
  assert_int_equal(sources(), 2);
  assert_false(gc_server_release(rig.server, server_older));
  assert_true(gc_oscore_ring_remove(ring, server_older));
  gc_oscore_context_retire(server_older);
  assert_false(gc_server_release(rig.server, server_older)); /* the first one's clients listen on */
  change("on");
  rig_wait(&rig, INTERVAL_MS);
  assert_int_equal(heard_under(client_context, &before, token_before), 1);
  assert_int_equal(heard_under(client_context, &after, token_after), 1);
  /* evicted: neither can be protected any more, and nothing is said */
  assert_true(gc_oscore_ring_remove(ring, server_newer));
  gc_oscore_context_retire(server_newer);
  rig_forget(&rig);
  change("off");
  rig_wait(&rig, 2 * INTERVAL_MS);
  assert_int_equal(rig.sent_count, 0);
  assert_int_equal(sources(), 0);
  assert_true(gc_server_release(rig.server, server_older));
  assert_true(gc_server_release(rig.server, server_newer));
  stop();
  gc_oscore_context_free(&server_newer);
  gc_oscore_context_free(&client_older);
}

/* A client that has not been rekeyed yet is served by a group observation of its own keys, or else alone. */
static void rekeyed_and_then_a_latecomer(void **state)
{
  (void)state;
  static const struct sec_options newer = { .profile = GC_OSCORE_GROUP, .name = "lights", .gid = "new", .secret = 5 };
  struct gc_oscore_binding binding;
  start(GC_GROUP_OSCORE);
  struct gc_oscore_context *server_newer = sec_context(&newer, SERVER, 2), *client_newer = sec_context(&newer, CLIENT, 2);
  assert_int_equal(gc_oscore_ring_add(ring, server_newer), GC_OK);
  ask(0, "-", &binding);
  assert_int_equal(sources(), 0);
  assert_int_equal(observers(), 1);
  struct gc_oscore_opened opened;
  assert_int_equal(sec_open_response(client_newer, gc_bytes(rig_last(&rig)->bytes, rig_last(&rig)->len), 0, &binding, &opened), GC_SEC_OK);
  assert_int_equal(opened.inner.code, GC_CODE_CONTENT);
  stop();
  gc_oscore_context_free(&server_newer);
  gc_oscore_context_free(&client_newer);
}

/* A member of two groups: each client is told of a phantom request that its own group's keys verify. */
static void two_groups(void **state)
{
  (void)state;
  static const struct sec_options other = { .profile = GC_OSCORE_GROUP, .name = "other", .gid = "two", .secret = 6 };
  struct gc_oscore_binding binding;
  start(GC_GROUP_OSCORE);
  struct gc_oscore_context *server_other = sec_context(&other, SERVER, 2), *client_first = client_context;
  assert_int_equal(gc_oscore_ring_add(ring, server_other), GC_OK);
  struct gc_informative told = take_part(&binding);
  (void)phantom_of(client_context, &told);
  client_context = sec_context(&other, CLIENT, 2);
  told = take_part(&binding);
  (void)phantom_of(client_context, &told);
  assert_int_equal(sources(), 2);
  stop();
  gc_oscore_context_free(&server_other);
  gc_oscore_context_free(&client_first);
}

/* --- the group to join --------------------------------------------------------------------------------------------- */

static struct gc_informative join_hints(enum gc_omn_format format, bool with_algorithms)
{
  struct gc_oscore_binding binding;
  params = defaults(GC_GROUP_OSCORE);
  params.format = format;
  params.form = format == GC_OMN_05 ? GC_TP_05 : GC_TP_FLAT;
  params.join_uri = format == GC_OMN_05 ? "coap://myGM/group-manager/myGroup" : "coap://myGM/ace-group/myGroup";
  params.sec_gp = "myGroup";
  params.as_uri = format == GC_OMN_05 ? NULL : "coap://as.example/token";
  params.tells_algorithms = with_algorithms;
  start_with(&options);
  const struct gc_informative told = take_part(&binding);
  stop();
  return told;
}

/* As the examples have them, but that a context that takes any credential format says none. @req MG-02 MG-03 MG-04 */
static void signalling_of_the_group(void **state)
{
  (void)state;
  uint8_t store[200];
  struct gc_informative told = join_hints(GC_OMN_CURRENT, true), expected;
  told.present &= GC_IR_JOIN;
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_informative_parse(&expected, hexval(EXAMPLE_JOIN_CURRENT), GC_OMN_CURRENT, NULL), GC_OK);
  if (!(told.present & GC_IR_CRED_FMT))
    expected.present &= ~(uint32_t)GC_IR_CRED_FMT;
  assert_int_equal(gc_informative_write(&out, &told), GC_OK);
  uint8_t expected_store[200];
  struct gc_buf expected_out = gc_buf(expected_store, sizeof expected_store);
  assert_int_equal(gc_informative_write(&expected_out, &expected), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), gc_buf_bytes(&expected_out)));

  told = join_hints(GC_OMN_05, true);
  told.present &= GC_IR_JOIN;
  out = gc_buf(store, sizeof store);
  assert_int_equal(gc_informative_write(&out, &told), GC_OK);
  assert_true(gc_bytes_equal(gc_buf_bytes(&out), hexval(EXAMPLE_JOIN_05)));

  told = join_hints(GC_OMN_CURRENT, false);
  assert_int_equal(told.present & GC_IR_JOIN, GC_IR_JOIN_URI | GC_IR_SEC_GP | GC_IR_AS_URI);
}

/* --- a group of the member's own ----------------------------------------------------------------------------------- */

static void own_group(enum gc_omn_format format)
{
  struct gc_oscore_binding binding;
  struct gc_oscore_context *observer;
  struct gc_message outer;
  uint64_t piv;
  params = defaults(GC_GROUP_SELF_MANAGED);
  params.format = format;
  params.form = format == GC_OMN_05 ? GC_TP_05 : GC_TP_FLAT;
  params.material_lifetime_s = 60;
  start_with(&options);
  const struct gc_informative told = take_part(&binding);
  assert_int_equal(told.exp.number, (1700000000000 + 1000000 + 60000) / 1000);
  if (format == GC_OMN_CURRENT) {
    assert_true(told.present & GC_IR_EXI && told.exi == 60);
    assert_int_equal(told.ending.number, told.exp.number); /* it ends with its keys */
  }
  assert_false(told.present & GC_IR_JOIN);
  assert_int_equal(gc_self_managed_open(&observer, &told, NULL), GC_OK);
  const struct gc_oscore_binding phantom = phantom_of(observer, &told);
  assert_int_equal(gc_last_notif_read(&outer, told.tp_info.token, told.last_notif, NULL), GC_OK);
  struct gc_message inner = answer_to(observer, &outer, &phantom, &piv);
  assert_true(gc_bytes_equal(inner.payload, gc_bytes_str("off")));
  change("on");
  rig_wait(&rig, INTERVAL_MS);
  inner = answer_to(observer, &rig_last(&rig)->message, &phantom, &piv);
  assert_true(gc_bytes_equal(inner.payload, gc_bytes_str("on")));
  rig_wait(&rig, 60000 - INTERVAL_MS);
  assert_int_equal(sources(), 0);
  if (format == GC_OMN_CURRENT) {
    inner = answer_to(observer, &rig_last(&rig)->message, &phantom, &piv);
    assert_int_equal(inner.code, GC_CODE_SERVICE_UNAVAILABLE);
    assert_int_equal(inner.payload.len, 0);
  }
  gc_oscore_context_free(&observer);
  stop();
}

/* @req SM-04 SM-05 SM-06 SM-07 SM-09 SM-11 MG-09b */
static void self_managed(void **state)
{
  (void)state;
  own_group(GC_OMN_CURRENT);
  own_group(GC_OMN_05);
}

/* New Master Secret and Gid for what follows; one group for two resources. @req SM-10 SM-12 */
static void successors_have_new_keys(void **state)
{
  (void)state;
  struct gc_oscore_binding binding;
  uint8_t material[3][200];
  struct gc_bytes materials[3], creds[3];
  uint8_t cred_store[3][200];
  params = defaults(GC_GROUP_SELF_MANAGED);
  params.material_lifetime_s = 60;
  start_with(&options);
  for (unsigned i = 0; i < 3; i++) {
    if (i == 2)
      rig_wait(&rig, 60000); /* the keys of the first two have expired */
    const struct gc_informative told = take_part(&binding);
    assert_true(told.gp_material.len <= sizeof material[i] && told.srv_cred.len <= sizeof cred_store[i]);
    memcpy(material[i], told.gp_material.ptr, told.gp_material.len);
    memcpy(cred_store[i], told.srv_cred.ptr, told.srv_cred.len);
    materials[i] = gc_bytes(material[i], told.gp_material.len);
    creds[i] = gc_bytes(cred_store[i], told.srv_cred.len);
  }
  assert_true(gc_bytes_equal(materials[0], materials[1]));
  struct gc_group_material first, second;
  assert_int_equal(gc_group_material_parse(&first, materials[0], GC_OMN_CURRENT, NULL), GC_OK);
  assert_int_equal(gc_group_material_parse(&second, materials[2], GC_OMN_CURRENT, NULL), GC_OK);
  assert_false(gc_bytes_equal(first.ms, second.ms));
  assert_false(gc_bytes_equal(first.context_id, second.context_id));
  assert_int_equal(first.ms.len, 16);
  assert_true(gc_bytes_equal(creds[0], creds[2]));
  stop();
}

/* Keys never go out plain, but for the switch that tests have. @req MG-01c */
static void keys_are_not_told_plain(void **state)
{
  (void)state;
  start(GC_GROUP_SELF_MANAGED);
  observe_plain();
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  assert_int_equal(sources(), 0);
  stop();
  params = defaults(GC_GROUP_SELF_MANAGED);
  params.allow_plain_keys = true;
  start_with(&options);
  observe_plain();
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_SERVICE_UNAVAILABLE);
  const struct gc_informative told = parse(rig_last(&rig)->message.payload);
  assert_true(told.present & GC_IR_GP_MATERIAL);
  /* and never by introspection */
  struct gc_builder request = rig_request(&rig, GC_TYPE_NON, GC_CODE_GET, ".well-known/core/mc-sender");
  char query[32] = "token=";
  for (size_t i = 0; i < told.tp_info.token.len; i++)
    snprintf(query + 6 + 2 * i, 3, "%02x", told.tp_info.token.ptr[i]);
  gc_builder_add_str(&request, GC_OPTION_URI_QUERY, query);
  rig_send(&rig, &request, 0);
  assert_int_equal(rig_last(&rig)->message.code, GC_CODE_CONTENT);
  const struct gc_informative found = parse(rig_last(&rig)->message.payload);
  assert_int_equal(found.present, GC_IR_TP_INFO | GC_IR_PH_REQ | GC_IR_LAST_NOTIF | GC_IR_ENDING);
  stop();
}

/* --- the worked example -------------------------------------------------------------------------------------------- */

static enum gc_err count_on(void *ctx, uint64_t *number)
{
  *number = (*(uint64_t *)ctx)++;
  return GC_OK;
}

static void fill_7b(void *ctx, uint8_t *out, size_t len)
{
  (void)ctx;
  memset(out, 0x7b, len);
}

static uint8_t example_sent[8][400];
static size_t example_len[8], example_count;
static char example_value[8];

static enum gc_err example_send(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  (void)ctx;
  (void)member;
  assert_true(example_count < 8 && datagram->bytes.len <= sizeof example_sent[0]);
  memcpy(example_sent[example_count], datagram->bytes.ptr, datagram->bytes.len);
  example_len[example_count++] = datagram->bytes.len;
  return GC_OK;
}

static enum gc_err example_handler(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  (void)request;
  return gc_buf_add(&response->body, gc_bytes_str(example_value));
}

static struct gc_oscore_context *example_context(bool is_server, int32_t group_enc_alg, uint64_t *numbers)
{
  static const char server_cred[] =
    "a501781a636f6170733a2f2f7365727665722e6578616d706c652e636f6d026673656e64657203781a636f6170733a2f2f636c69656e742e6578616d706c65"
    "2e6f7267041a70004b4f08a101a401010327200621582077ec358c1d344e41ee0e87b8383d23a2099acd39bdf989ce45b52e887463389b";
  static const char client_cred[] =
    "a501781b636f6170733a2f2f746573746572312e6578616d706c652e636f6d02666d796e616d6503781a636f6170733a2f2f68656c6c6f312e6578616d706c"
    "652e6f7267041a70004b4f08a101a4010103272006215820069e912b83963acc5941b63546867dec106e5b9051f2ee14f3bc5cc961acd43a";
  static const char gm_cred[] =
    "a501781a636f6170733a2f2f6d79736974652e6578616d706c652e636f6d026c67726f75706d616e6167657203781a636f6170733a2f2f646f6d61696e2e65"
    "78616d706c652e6f7267041aab9b154f08a101a4010103272006215820cde3efd3bc3f99c9c9ee210415c6cba55061b5046e963b8a58c9143a61166472";
  struct gc_oscore_params p = gc_oscore_params_default(GC_OSCORE_GROUP);
  struct gc_oscore_context *context;
  p.master_secret = hexval("0102030405060708090a0b0c0d0e0f10");
  p.master_salt = hexval("9e7ca92223786340");
  p.has_id_context = true;
  p.id_context = hexval("dd11");
  p.gm_cred = hexval(gm_cred);
  p.group_enc_alg = group_enc_alg;
  assert_int_equal(gc_oscore_context_new(&context, &p, NULL), GC_OK);
  const struct gc_bytes private_key = hexval(is_server ? "857eb61d3f6d70a278a36740d132c099f62880ed497e27bdfd4685fa1a304f26"
                                                       : "64714d41a240b61d8d823502717ab088c9f4af6fc9844553e4ad4c42cc735239");
  assert_int_equal(gc_oscore_context_set_sender(context, hexval(is_server ? "52" : "25"), hexval(is_server ? server_cred : client_cred),
                                                private_key, (struct gc_oscore_numbers){ count_on, numbers }, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_add_recipient(context, hexval(is_server ? "25" : "52"), hexval(is_server ? client_cred : server_cred), NULL, NULL),
                   GC_OK);
  return context;
}

static void is_example(size_t index, const char *hex)
{
  const struct gc_bytes expected = hexval(hex);
  assert_true(index < example_count);
  memcpy(example_sent[index] + 2, expected.ptr + 2, 2); /* the Message ID is the server's choice */
  assert_int_equal(example_len[index], expected.len);
  assert_memory_equal(example_sent[index], expected.ptr, expected.len);
}

static struct gc_server *example_server;
static struct gc_resource *example_resource;

static void change_example(const char *text)
{
  strcpy(example_value, text);
  gc_server_changed(example_server, NULL, example_resource, 0);
  gc_server_tick(example_server, 0);
}

/* The server of the examples, and what its informative response tells. */
static struct gc_informative example_start(enum gc_omn_format format, int32_t group_enc_alg, uint64_t *server_numbers)
{
  static uint64_t client_numbers;
  const struct gc_server_params server_params = rig_params();
  const struct gc_server_ops ops = { .send = example_send };
  const struct gc_resource_def def = { .path = "r", .methods = 1u << 1, .handler = example_handler, .content_format = 0, .consumes = -1, .is_observable = true };
  const struct gc_addr address = gc_addr_ipv4(192, 0, 2, 1, 5683), client = gc_addr_ipv4(192, 0, 2, 99, 40000);
  struct gc_member *member;
  struct gc_oscore_binding binding;
  struct gc_oscore_opened opened;
  server_context = example_context(true, group_enc_alg, server_numbers);
  client_context = example_context(false, group_enc_alg, &client_numbers);
  ring = gc_oscore_ring_new();
  example_server = gc_server_new(&server_params, &ops, (struct gc_rng){ fill_7b, NULL });
  assert_non_null(example_server);
  assert_int_equal(gc_oscore_ring_add(ring, server_context), GC_OK);
  assert_int_equal(gc_server_add_member(example_server, &member, &address, NULL), GC_OK);
  assert_int_equal(gc_member_secure(member, ring, GC_ANSWER_PAIRWISE), GC_OK);
  assert_int_equal(gc_server_add_resource(example_server, &example_resource, &def), GC_OK);
  params = defaults(GC_GROUP_OSCORE);
  params.token_len = 1;
  params.notify_interval_ms = 0;
  params.format = format;
  params.form = format == GC_OMN_05 ? GC_TP_05 : GC_TP_FLAT;
  assert_int_equal(gc_server_observe_by_group(example_server, example_resource, &params, NULL), GC_OK);
  strcpy(example_value, "1234");
  example_count = 0;
  const struct gc_oscore_send pairwise = { .is_pairwise = true, .peer = hexval("52") };
  const struct gc_datagram registration = { .remote = client, .local = address, .bytes = sec_request(client_context, hexval("01605172"), &pairwise, &binding) };
  gc_server_receive(example_server, member, &registration, 0);
  assert_int_equal(example_count, 1);
  assert_int_equal(sec_open_response(client_context, gc_bytes(example_sent[0], example_len[0]), 0, &binding, &opened), GC_SEC_OK);
  return parse(opened.inner.payload);
}

static void example_stop(void)
{
  gc_server_free(&example_server);
  gc_oscore_ring_free(&ring);
  gc_oscore_context_free(&server_context);
  gc_oscore_context_free(&client_context);
}

static void example(enum gc_omn_format format)
{
  uint64_t numbers = 501;
  const struct gc_informative told = example_start(format, GC_ALG_CCM_16_64_128, &numbers);
  assert_true(gc_bytes_equal(told.ph_req, hexval(EXAMPLE_GROUP_PH_REQ)));
  assert_true(gc_bytes_equal(told.last_notif, hexval(EXAMPLE_GROUP_LAST_NOTIF)));
  change_example("5678");
  is_example(1, EXAMPLE_GROUP_NOTIFICATION);
  if (format == GC_OMN_05)
    numbers++; /* the example of the current text took 504 */
  gc_server_group_cancel_all(example_server, 0);
  is_example(2, format == GC_OMN_05 ? EXAMPLE_GROUP_CANCELLATION_05 : EXAMPLE_GROUP_CANCELLATION);
  example_stop();
}

/* Phantom request and cancellation of another implementation. Its notifications keep the value of Observe inside, which is
 * empty here (RFC 8613, Section 4.1.3.5.2): they differ. */
static void other_implementation(const char *path, int32_t group_enc_alg)
{
  uint64_t numbers = 0;
  json_t *json = play_load(path);
  const json_t *messages = json_object_get(json, "messages");
  assert_int_equal(json_array_size(messages), 5);
  const struct gc_bytes phantom = play_hex(json_object_get(json_array_get(messages, 0), "outputs"), "protected_message");
  const struct gc_informative told = example_start(GC_OMN_CURRENT, group_enc_alg, &numbers);
  assert_int_equal(told.ph_req.ptr[0], phantom.ptr[1]);
  assert_true(gc_bytes_equal(gc_bytes_slice(told.ph_req, 1, SIZE_MAX), gc_bytes_slice(phantom, 5, SIZE_MAX))); /* behind header and Token */
  change_example("5678");
  change_example("9012");
  gc_server_group_cancel_all(example_server, 0);
  const struct gc_bytes cancellation = play_hex(json_object_get(json_array_get(messages, 4), "outputs"), "protected_message");
  assert_int_equal(example_count, 4);
  assert_int_equal(example_len[3], cancellation.len);
  assert_int_equal(example_sent[3][0], cancellation.ptr[0]);
  assert_memory_equal(example_sent[3] + 4, cancellation.ptr + 4, cancellation.len - 4); /* the Message ID is the server's choice */
  example_stop();
  json_decref(json);
}

/* @req MG-05 MG-06 MG-08 MG-09b MN-26 */
static void vectors_of_another_implementation(void **state)
{
  (void)state;
  other_implementation("tests/vectors/californium/omn-ed25519-ccm-ccm-set1.json", GC_ALG_CCM_16_64_128);
  other_implementation("tests/vectors/californium/omn-ed25519-ccm-a128gcm-set1.json", GC_ALG_A128GCM);
}

/* Section 6.4 of the requirements, byte for byte. @req MG-05 MG-06 MG-07 MG-08 MG-09b */
static void worked_examples(void **state)
{
  (void)state;
  example(GC_OMN_CURRENT);
  example(GC_OMN_05);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(protected_with_group_oscore),
    cmocka_unit_test(unprotected_stay_traditional),
    cmocka_unit_test(no_group_mode),
    cmocka_unit_test(registered_with_oscore),
    cmocka_unit_test(protected_confirmations),
    cmocka_unit_test(moved_over_protected),
    cmocka_unit_test(rekeyed),
    cmocka_unit_test(rekeyed_and_then_a_newcomer),
    cmocka_unit_test(rekeyed_and_then_a_latecomer),
    cmocka_unit_test(two_groups),
    cmocka_unit_test(signalling_of_the_group),
    cmocka_unit_test(self_managed),
    cmocka_unit_test(successors_have_new_keys),
    cmocka_unit_test(keys_are_not_told_plain),
    cmocka_unit_test(worked_examples),
    cmocka_unit_test(vectors_of_another_implementation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
