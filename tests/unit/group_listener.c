/* Group observations at a client: from an informative response to its notifications and its end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "../tests/lib/oscore_play.h"
#include "group/listener.h"
#include "iana/names.h"
#include "observe/material.h"
#include "observe_examples.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define REGISTRATION "0160" "5172" /* GET /r, Observe 0 */
#define SERVER_KEY "857eb61d3f6d70a278a36740d132c099f62880ed497e27bdfd4685fa1a304f26"
#define OMN "tests/vectors/californium/omn-ed25519-ccm-ccm-set1.json"

static const struct gc_addr server6 = { .family = GC_FAMILY_IPV6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 0xab }, .port = 5683 };
static const struct gc_addr group6 = { .family = GC_FAMILY_IPV6, .ip = { 0xff, 0x35, 0, 0x30, 0x20, 1, 0xd, 0xb8, [15] = 0x23 }, .port = 61616 };

static struct gc_message message_of(const char *body_hex)
{
  static uint8_t store[64]; /* the tests have one registration at a time */
  struct gc_bytes body = hexval(body_hex);
  memcpy(store, body.ptr, body.len);
  body.ptr = store;
  struct gc_message message = { .version = 1, .type = GC_TYPE_NON, .code = body.ptr[0] };
  assert_int_equal(gc_options_split(&message.options, &message.payload, gc_bytes_slice(body, 1, SIZE_MAX), 1, NULL), GC_OK);
  return message;
}

static struct gc_informative informative(struct gc_bytes payload)
{
  struct gc_informative response;
  assert_int_equal(gc_informative_parse(&response, payload, GC_OMN_CURRENT, NULL), GC_OK);
  return response;
}

static struct gc_listener_params params_for(const struct gc_addr *server, const struct gc_message *original, struct gc_oscore_ring *ring)
{
  return (struct gc_listener_params){ .server = *server, .original = original, .ring = ring, .is_protected = ring != NULL, .utc_s = -1 };
}

static struct gc_listener *listen(struct gc_bytes payload, const struct gc_listener_params *params)
{
  struct gc_informative response = informative(payload);
  struct gc_listener *listener = NULL;
  struct gc_listener_refusal refusal;
  if (gc_listener_new(&listener, &response, params, 0, &refusal))
    fail_msg("refused: %s", refusal.phrase);
  return listener;
}

static uint8_t plain[4096];
static struct gc_heard_message heard;

static enum gc_heard last(struct gc_listener *listener)
{
  gc_listener_last(listener, gc_buf(plain, sizeof plain), 0, &heard);
  return heard.what;
}

static enum gc_heard hear(struct gc_listener *listener, const struct gc_addr *from, const struct gc_addr *to, struct gc_bytes bytes, uint64_t now_ms)
{
  const struct gc_datagram datagram = { .remote = *from, .local = *to, .bytes = bytes };
  gc_listener_receive(listener, &datagram, gc_buf(plain, sizeof plain), now_ms, &heard);
  return heard.what;
}

static enum gc_heard hear6(struct gc_listener *listener, const char *hex, uint64_t now_ms)
{
  return hear(listener, &server6, &group6, hexval(hex), now_ms);
}

/* The examples of Section 6.2, in both formats. @req MC-04 MC-05 MC-06 MC-07 MC-09 MC-10 MC-14 MC-16 */
static void follows_the_plain_examples(void **state)
{
  (void)state;
  static const char *const payloads[] = { EXAMPLE_IR_CURRENT, EXAMPLE_IR_05 };
  const struct gc_message original = message_of(REGISTRATION);
  const struct gc_listener_params params = params_for(&server6, &original, NULL);
  const struct gc_addr other = { .family = GC_FAMILY_IPV6, .ip = { 0x20, 1, 0xd, 0xb8, [15] = 0xac }, .port = 5683 };
  for (size_t i = 0; i < COUNT(payloads); i++) {
    struct gc_listener *listener = listen(hexval(payloads[i]), &params);
    assert_true(gc_addr_equal(&gc_listener_observation(listener)->group, &group6));
    assert_int_equal(gc_listener_phantom(listener).code, 1);
    assert_int_equal(last(listener), GC_HEARD_NOTIFICATION);
    assert_int_equal(heard.observe, 1);
    assert_true(gc_bytes_equal(heard.message.payload, gc_bytes_str("1234")));
    assert_null(heard.security);
    assert_int_equal(last(listener), GC_HEARD_NOTHING); /* once */
    assert_int_equal(hear6(listener, EXAMPLE_NOTIFICATION, 10), GC_HEARD_NOTIFICATION);
    assert_true(gc_bytes_equal(heard.message.payload, gc_bytes_str("5678")));
    assert_int_equal(hear6(listener, EXAMPLE_NOTIFICATION, 11), GC_HEARD_OLD);
    assert_int_equal(hear(listener, &other, &group6, hexval(EXAMPLE_NOTIFICATION_ASKING), 12), GC_HEARD_STRAY);
    assert_int_equal(hear(listener, &server6, &other, hexval(EXAMPLE_NOTIFICATION_ASKING), 12), GC_HEARD_STRAY);
    assert_int_equal(hear6(listener, "514501027a6103ff39", 12), GC_HEARD_STRAY); /* Token 7a */
    assert_int_equal(hear6(listener, "5145", 12), GC_HEARD_STRAY);
    assert_int_equal(hear6(listener, EXAMPLE_NOTIFICATION_ASKING, 13), GC_HEARD_NOTIFICATION);
    assert_int_equal(hear6(listener, "514501037b610431ffff39", 14), GC_HEARD_UNUSABLE); /* OSCORE, which is not expected */
    assert_int_equal(hear6(listener, "51a301037bff35", 15), GC_HEARD_END); /* a diagnostic payload */
    assert_int_equal(hear6(listener, EXAMPLE_CANCELLATION, 15), GC_HEARD_END);
    gc_listener_free(&listener);
  }
}

/* Without ph_req the registration is its own phantom; learned elsewhere, anything will do. @req MC-07 */
static void the_own_request_serves_as_phantom(void **state)
{
  (void)state;
  uint8_t store[256];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_informative response = informative(hexval(EXAMPLE_IR_CURRENT));
  response.present &= ~(uint32_t)GC_IR_PH_REQ;
  assert_int_equal(gc_informative_write(&out, &response), GC_OK);
  const struct gc_message original = message_of("0160" "5173"); /* GET /s */
  struct gc_listener_params params = params_for(&server6, &original, NULL);
  struct gc_listener *listener = listen(gc_buf_bytes(&out), &params);
  struct gc_message phantom = gc_listener_phantom(listener);
  assert_true(gc_bytes_equal(phantom.options, original.options));
  assert_true(gc_bytes_equal(phantom.token, hexval("7b")));
  gc_listener_free(&listener);
  params = params_for(&(struct gc_addr){ 0 }, NULL, NULL);
  listener = listen(hexval(EXAMPLE_IR_CURRENT), &params);
  assert_int_equal(hear6(listener, EXAMPLE_NOTIFICATION, 10), GC_HEARD_NOTIFICATION);
  gc_listener_free(&listener);
}

static void refused(const struct gc_informative *response, const struct gc_listener_params *params, enum gc_listener_fault fault, const char *phrase)
{
  struct gc_listener *listener = NULL;
  struct gc_listener_refusal refusal;
  assert_int_equal(gc_listener_new(&listener, response, params, 0, &refusal), GC_E_MALFORMED);
  assert_null(listener);
  if (refusal.fault != fault || !strstr(refusal.phrase, phrase))
    fail_msg("%d, %s", (int)refusal.fault, refusal.phrase);
}

/* @req MC-08 MC-13 MC-17 MG-10 TP-02 */
static void refuses_what_cannot_be(void **state)
{
  (void)state;
  const struct gc_message original = message_of(REGISTRATION);
  struct gc_listener_params params = params_for(&server6, &original, NULL);
  const struct gc_informative good = informative(hexval(EXAMPLE_IR_CURRENT));
  struct gc_informative bad = good;
  bad.present &= ~(uint32_t)GC_IR_TP_INFO;
  refused(&bad, &params, GC_LISTENER_FAULT_MALFORMED, "tp_info is missing");
  bad = good;
  bad.tp_info.has_details = false;
  refused(&bad, &params, GC_LISTENER_FAULT_MALFORMED, "names no group");
  bad = good;
  bad.tp_info.group = server6; /* unicast */
  refused(&bad, &params, GC_LISTENER_FAULT_MALFORMED, "");
  bad = good;
  bad.tp_info.server.port = 5684;
  refused(&bad, &params, GC_LISTENER_FAULT_MISMATCH, "another server");
  bad = good;
  bad.ph_req = hexval("01" "6101" "5172"); /* Observe 1 */
  refused(&bad, &params, GC_LISTENER_FAULT_MALFORMED, "Observe 0");
  bad.ph_req = hexval("02" "60" "5172");
  refused(&bad, &params, GC_LISTENER_FAULT_MALFORMED, "GET or a FETCH");
  bad.ph_req = hexval("01" "60" "5f");
  refused(&bad, &params, GC_LISTENER_FAULT_MALFORMED, "");
  bad.ph_req = hexval("0160" "5173");
  refused(&bad, &params, GC_LISTENER_FAULT_MISMATCH, "something else");
  bad = good;
  bad.present &= ~(uint32_t)GC_IR_PH_REQ;
  params.original = NULL;
  refused(&bad, &params, GC_LISTENER_FAULT_MALFORMED, "ph_req is missing");
  params.original = &original;
  params.is_protected = true;
  refused(&bad, &params, GC_LISTENER_FAULT_MALFORMED, "ph_req is missing");
  params.is_protected = false;
  params.utc_s = 1800000000;
  refused(&good, &params, GC_LISTENER_FAULT_EXPIRED, "ended already");
  params.utc_s = -1;
  params.is_protected = true;
  refused(&good, &params, GC_LISTENER_FAULT_INSECURE, "without protection");
  params.is_protected = false;
  bad = good;
  bad.ph_req = hexval(EXAMPLE_GROUP_PH_REQ);
  refused(&bad, &params, GC_LISTENER_FAULT_NO_CONTEXT, "no context");
  bad = informative(hexval(EXAMPLE_SELF_CURRENT));
  refused(&bad, &params, GC_LISTENER_FAULT_INSECURE, "keying material came without protection");
  params.is_protected = true;
  params.utc_s = 1800000001;
  refused(&bad, &params, GC_LISTENER_FAULT_EXPIRED, "keying material has expired");
  params.utc_s = -1;
  bad.ph_req = hexval("01605172");
  refused(&bad, &params, GC_LISTENER_FAULT_INSECURE, "without protection");
}

/* A server that is asked at a link-local address has no group observation, whatever it says its address is. @req MC-02 */
static void never_at_a_link_local_address(void **state)
{
  (void)state;
  const struct gc_message original = message_of(REGISTRATION);
  struct gc_addr server = { .family = GC_FAMILY_IPV6, .ip = { 0xfe, 0x80, [15] = 1 }, .port = 5683, .zone = 2 };
  struct gc_listener_params params = params_for(&server, &original, NULL);
  struct gc_informative told = informative(hexval(EXAMPLE_IR_CURRENT));
  refused(&told, &params, GC_LISTENER_FAULT_MISMATCH, "another server");
  told.tp_info.server = server;
  refused(&told, &params, GC_LISTENER_FAULT_MALFORMED, "link-local");
  server = gc_addr_ipv4(169, 254, 1, 1, 5683);
  told.tp_info.server = server;
  told.tp_info.group = gc_addr_ipv4(233, 252, 0, 23, 5683);
  params = params_for(&server, &original, NULL);
  refused(&told, &params, GC_LISTENER_FAULT_MALFORMED, "link-local");
}

/* --- Group OSCORE ------------------------------------------------------------------------------------------------------ */

struct members {
  json_t *json;
  struct gc_oscore_context *client, *server, *other;
  struct gc_oscore_ring *ring;
};

static struct members members_of(const char *path)
{
  struct members m = { .json = play_load(path), .ring = gc_oscore_ring_new() };
  m.client = play_member(m.json, "client");
  m.server = play_member(m.json, "server1");
  m.other = play_member(m.json, "server2");
  assert_int_equal(gc_oscore_ring_add(m.ring, m.client), GC_OK);
  return m;
}

static void members_free(struct members *m)
{
  gc_oscore_ring_free(&m->ring);
  gc_oscore_context_free(&m->client);
  gc_oscore_context_free(&m->server);
  gc_oscore_context_free(&m->other);
  json_decref(m->json);
}

static struct gc_bytes step(const struct members *m, const char *id)
{
  const json_t *message;
  size_t i;
  json_array_foreach(json_object_get(m->json, "messages"), i, message)
    if (strcmp(play_str(message, "id"), id) == 0)
      return play_hex(json_object_get(message, "outputs"), "protected_message");
  fail_msg("no message %s", id);
  return gc_bytes(NULL, 0);
}

/* What another implementation made. @req MG-11 MG-13 MG-14 MG-15 MG-16 */
static void follows_the_vectors(void **state)
{
  (void)state;
  static const char *const files[] = { OMN, "tests/vectors/californium/omn-ed25519-ccm-a128gcm-set1.json",
                                       "tests/vectors/californium/omn-es256-ccm-ccm-set1.json" };
  static const char *const payloads[] = { "informative_response_payload_thesis_flat_cri", "informative_response_payload_cddl_nested_authority" };
  const struct gc_addr server = gc_addr_ipv4(192, 0, 2, 10, 5683), group = gc_addr_ipv4(233, 252, 0, 23, 61616);
  const struct gc_message original = message_of(REGISTRATION);
  unsigned notifications = 0, altered = 0;
  for (size_t i = 0; i < 2 * COUNT(files); i++) {
    struct members m = members_of(files[i / 2]);
    const struct gc_listener_params params = params_for(&server, &original, m.ring);
    struct gc_listener *listener = listen(play_hex(m.json, payloads[i % 2]), &params);
    assert_int_equal(last(listener), GC_HEARD_NOTIFICATION);
    assert_true(gc_bytes_equal(heard.message.payload, gc_bytes_str("1234")));
    assert_true(heard.security->is_verified && gc_bytes_equal(heard.security->kid, hexval("52")));
    struct gc_bytes first = step(&m, "notification_1"), second = step(&m, "notification_2");
    for (size_t bit = 8; bit < 8 * first.len; bit += 3) { /* one flipped bit behind the header's first byte */
      uint8_t bytes[512];
      memcpy(bytes, first.ptr, first.len);
      bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
      /* code, Message ID, the outer Observe and Max-Age are not protected: they may change */
      const bool is_outside = bit < 32 || (bit >= 40 && bit < 56) || (bit >= 88 && bit < 104);
      enum gc_heard what = is_outside ? GC_HEARD_STRAY : hear(listener, &server, &group, gc_bytes(bytes, first.len), 10);
      if (what == GC_HEARD_NOTIFICATION || what == GC_HEARD_END)
        fail_msg("bit %zu is not protected", bit);
      altered += !is_outside;
    }
    assert_int_equal(hear(listener, &server, &group, second, 20), GC_HEARD_NOTIFICATION);
    assert_true(gc_bytes_equal(heard.message.payload, gc_bytes_str("9012")));
    assert_int_equal(hear(listener, &server, &group, first, 21), GC_HEARD_OLD); /* reordered */
    assert_int_equal(hear(listener, &server, &group, first, 22), GC_HEARD_OLD); /* a duplicate of the message */
    assert_int_equal(hear(listener, &server, &group, first, 200000), GC_HEARD_INSECURE);
    assert_int_equal(heard.result, GC_SEC_REPLAY);
    uint8_t replayed[512];
    memcpy(replayed, second.ptr, second.len);
    replayed[3] ^= 0x55; /* in another message */
    assert_int_equal(hear(listener, &server, &group, gc_bytes(replayed, second.len), 23), GC_HEARD_INSECURE);
    assert_int_equal(heard.result, GC_SEC_REPLAY);
    assert_int_equal(hear(listener, &server, &group, hexval("514501017b60ff35"), 24), GC_HEARD_INSECURE);
    assert_int_equal(heard.result, GC_SEC_NOT_PROTECTED);
    assert_int_equal(hear(listener, &server, &group, step(&m, "cancellation_5.03"), 25), GC_HEARD_END);
    assert_int_equal(heard.message.code, GC_CODE(5, 3));
    notifications += 3;
    /* the Replay Window of the server was not touched by its phantom request */
    uint64_t next = gc_oscore_recipient_window(gc_oscore_context_find(m.client, hexval("52")))->next;
    assert_int_equal(next, 0);
    gc_listener_free(&listener);
    members_free(&m);
  }
  printf("# %u protected notifications taken, %u altered ones refused\n", notifications, altered);
}

/* An informative response with the protected parts of Section 6.4. */
static struct gc_bytes example_64(enum gc_omn_format format, uint8_t store[static 512])
{
  struct gc_buf out = gc_buf(store, 512);
  struct gc_informative response = informative(hexval(format == GC_OMN_05 ? EXAMPLE_IR_05 : EXAMPLE_IR_CURRENT));
  response.present = GC_IR_TP_INFO | GC_IR_PH_REQ | GC_IR_LAST_NOTIF;
  response.ph_req = hexval(EXAMPLE_GROUP_PH_REQ);
  response.last_notif = hexval(EXAMPLE_GROUP_LAST_NOTIF);
  assert_int_equal(gc_informative_write(&out, &response), GC_OK);
  return gc_buf_bytes(&out);
}

/* Section 6.4 and its cancellations: the one of -05 answers a phantom request of its own. @req MG-05 MG-08 MG-09 */
static void follows_the_protected_examples(void **state)
{
  (void)state;
  const struct gc_message original = message_of(REGISTRATION);
  struct members m = members_of(OMN);
  uint8_t store[512];
  const struct gc_listener_params params = params_for(&server6, &original, m.ring);
  for (int format = 0; format < GC_OMN_FORMATS; format++) {
    struct gc_listener *listener = listen(example_64((enum gc_omn_format)format, store), &params);
    assert_int_equal(last(listener), GC_HEARD_NOTIFICATION);
    assert_true(gc_bytes_equal(heard.message.payload, gc_bytes_str("1234")));
    assert_int_equal(hear6(listener, EXAMPLE_GROUP_NOTIFICATION, 10), GC_HEARD_NOTIFICATION);
    assert_true(gc_bytes_equal(heard.message.payload, gc_bytes_str("5678")));
    if (format == GC_OMN_05) {
      assert_int_equal(hear6(listener, EXAMPLE_GROUP_CANCELLATION_05, 20), GC_HEARD_END);
    } else {
      assert_int_equal(hear6(listener, EXAMPLE_GROUP_CANCELLATION_05, 20), GC_HEARD_INSECURE); /* bound to another request */
      assert_int_equal(hear6(listener, EXAMPLE_GROUP_CANCELLATION, 20), GC_HEARD_END);
    }
    gc_listener_free(&listener);
  }
  members_free(&m);
}

/* A datagram with a response to the phantom request of Section 6.4, made by a member of the group. */
static struct gc_bytes made_by(struct gc_oscore_context *maker, const char *body_hex, bool with_piv, uint8_t store[static 512])
{
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  struct gc_message phantom;
  uint8_t room[1024], sealed[512];
  struct gc_buf out = gc_buf(sealed, sizeof sealed);
  const struct gc_oscore_send how = { .is_group = true, .with_piv = with_piv, .with_kid = true };
  assert_int_equal(gc_phantom_read(&phantom, hexval("7b"), hexval(EXAMPLE_GROUP_PH_REQ), NULL), GC_OK);
  assert_int_equal(gc_oscore_open_request(maker, &phantom, GC_OPEN_NO_REPLAY | GC_OPEN_OWN, gc_buf(room, sizeof room), &opened, &binding), GC_SEC_OK);
  assert_int_equal(gc_oscore_protect_response(maker, hexval(body_hex), &how, &binding, &out), GC_SEC_OK);
  const uint8_t head[5] = { 0x51, sealed[0], 0x12, 0x34, 0x7b };
  memcpy(store, head, sizeof head);
  memcpy(store + sizeof head, sealed + 1, out.len - 1);
  return gc_bytes(store, sizeof head + out.len - 1);
}

/* Each member could sign a notification; only the server that signed the phantom request may. @req MG-09b */
static void believes_the_server_alone(void **state)
{
  (void)state;
  const struct gc_message original = message_of(REGISTRATION);
  struct members m = members_of(OMN);
  uint8_t store[512], datagram[512];
  const struct gc_listener_params params = params_for(&server6, &original, m.ring);
  struct gc_listener *listener = listen(example_64(GC_OMN_CURRENT, store), &params);
  assert_int_equal(hear(listener, &server6, &group6, made_by(m.other, "456161ff6576696c", true, datagram), 1), GC_HEARD_INSECURE);
  assert_int_equal(heard.result, GC_SEC_WRONG_SERVER);
  /* its answer with the nonce of the phantom request: it must never be sent, and is not taken */
  assert_int_equal(hear(listener, &server6, &group6, made_by(m.other, "456161ff6576696c", false, datagram), 1), GC_HEARD_INSECURE);
  assert_int_equal(hear6(listener, EXAMPLE_GROUP_NOTIFICATION, 10), GC_HEARD_NOTIFICATION);
  gc_listener_free(&listener);
  /* a client that does not know the group, or not its server */
  struct gc_informative response = informative(example_64(GC_OMN_CURRENT, store));
  struct gc_listener_params without = params;
  struct gc_oscore_ring *empty = gc_oscore_ring_new();
  without.ring = empty;
  refused(&response, &without, GC_LISTENER_FAULT_NO_CONTEXT, "not here");
  assert_int_equal(gc_oscore_context_remove_recipient(m.client, hexval("52"), false), GC_OK);
  refused(&response, &params, GC_LISTENER_FAULT_INSECURE, "");
  gc_oscore_ring_free(&empty);
  members_free(&m);
}

/* The same informative response again: nothing is shown twice, and replays stay replays. */
static void a_repetition_changes_nothing(void **state)
{
  (void)state;
  const struct gc_message original = message_of(REGISTRATION);
  struct members m = members_of(OMN);
  uint8_t store[512];
  const struct gc_listener_params params = params_for(&server6, &original, m.ring);
  struct gc_listener *listener = listen(example_64(GC_OMN_CURRENT, store), &params);
  struct gc_informative again = informative(example_64(GC_OMN_CURRENT, store)), other = again;
  assert_int_equal(last(listener), GC_HEARD_NOTIFICATION);
  assert_int_equal(hear6(listener, EXAMPLE_GROUP_NOTIFICATION, 10), GC_HEARD_NOTIFICATION);
  assert_true(gc_listener_renew(listener, &again, &params, 20));
  assert_int_equal(last(listener), GC_HEARD_INSECURE);
  assert_int_equal(heard.result, GC_SEC_REPLAY);
  assert_int_equal(hear6(listener, EXAMPLE_GROUP_NOTIFICATION, 30), GC_HEARD_OLD);
  assert_int_equal(hear6(listener, EXAMPLE_GROUP_NOTIFICATION, 200000), GC_HEARD_INSECURE);
  other.tp_info.token = hexval("7c");
  assert_false(gc_listener_renew(listener, &other, &params, 20));
  other = again;
  other.tp_info.group.port++;
  assert_false(gc_listener_renew(listener, &other, &params, 20));
  other = again;
  other.ph_req.len--;
  assert_false(gc_listener_renew(listener, &other, &params, 20));
  gc_listener_free(&listener);
  members_free(&m);
}

/* --- self-managed groups --------------------------------------------------------------------------------------------------- */

static struct gc_oscore_context *own_server(const struct gc_informative *response, const char *gid, const char *ms)
{
  struct gc_oscore_params params = gc_oscore_params_default(GC_OSCORE_GROUP);
  struct gc_oscore_context *context;
  params.aead_alg = params.ecdh_alg = 0;
  params.master_secret = hexval(ms);
  params.master_salt = hexval("9e7ca92223786340");
  params.has_id_context = true;
  params.id_context = hexval(gid);
  params.gm_cred = response->srv_cred;
  assert_int_equal(gc_oscore_context_new(&context, &params, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_set_sender(context, hexval("52"), response->srv_cred, hexval(SERVER_KEY), (struct gc_oscore_numbers){ 0 }, NULL), GC_OK);
  return context;
}

static struct gc_bytes sealed_note(struct gc_oscore_context *context, struct gc_oscore_binding *binding, struct gc_bytes body, uint8_t store[static 1024])
{
  uint8_t sealed[1024];
  struct gc_buf out = gc_buf(sealed, sizeof sealed);
  const struct gc_oscore_send how = { .is_group = true, .with_piv = true, .with_kid = true };
  assert_int_equal(gc_oscore_protect_response(context, body, &how, binding, &out), GC_SEC_OK);
  static uint8_t mid;
  const uint8_t head[5] = { 0x51, sealed[0], 0, ++mid, 0x7b };
  memcpy(store, head, sizeof head);
  memcpy(store + sizeof head, sealed + 1, out.len - 1);
  return gc_bytes(store, sizeof head + out.len - 1);
}

/* A 5.03 whose payload has the next keys: new Master Secret and Gid, the rest as in the example; `expiry`: the parameters that
 * say how long they last. */
static size_t next_keys(uint8_t *body, size_t cap, const struct gc_informative *from, uint32_t expiry)
{
  uint8_t material_store[256];
  struct gc_buf material_out = gc_buf(material_store, sizeof material_store), out = gc_buf(body, cap);
  struct gc_group_material material;
  struct gc_informative next = *from;
  assert_int_equal(gc_group_material_parse(&material, from->gp_material, GC_OMN_CURRENT, NULL), GC_OK);
  material.ms = hexval("f1f2f3f4f5f6f7f8f9fafbfcfdfeff00");
  material.context_id = hexval("dd12");
  assert_int_equal(gc_group_material_write(&material_out, &material), GC_OK);
  next.present = GC_IR_GP_MATERIAL | GC_IR_SRV_CRED | GC_IR_SRV_IDENTIFIER | GC_IR_EXI | expiry;
  next.gp_material = gc_buf_bytes(&material_out);
  next.exi = expiry & GC_IR_EXI ? 7200 : 0;
  next.exp = (struct gc_numeric_date){ .number = 1000000 + 1800 };
  assert_int_equal(gc_buf_add(&out, hexval("a3ff")), GC_OK);
  assert_int_equal(gc_informative_write(&out, &next), GC_OK);
  return out.len;
}

/* Section 6.5, its keys, and those that follow. @req SM-08 SM-11 SM-13 SM-14 MG-17 */
static void follows_a_self_managed_group(void **state)
{
  (void)state;
  const struct gc_message original = message_of(REGISTRATION);
  const char *why;
  uint8_t body[512], datagram[1024], room[512];
  struct gc_informative response = informative(hexval(EXAMPLE_SELF_CURRENT));
  struct gc_listener_params params = params_for(&server6, &original, NULL);
  params.is_protected = true;
  struct gc_listener *listener = NULL;
  struct gc_listener_refusal refusal;
  assert_int_equal(gc_listener_new(&listener, &response, &params, 1000, &refusal), GC_OK);
  assert_true(gc_listener_has_own_keys(listener));
  assert_int_equal(gc_listener_ends_ms(listener, &why), 1000 + 3600000);
  assert_non_null(strstr(why, "expired"));
  assert_int_equal(last(listener), GC_HEARD_NOTIFICATION);
  assert_true(gc_bytes_equal(heard.message.payload, gc_bytes_str("1234")));
  /* the server goes on: the phantom request stays, the keys change */
  struct gc_oscore_context *before = own_server(&response, "dd11", "0102030405060708090a0b0c0d0e0f10");
  struct gc_oscore_context *after = own_server(&response, "dd12", "f1f2f3f4f5f6f7f8f9fafbfcfdfeff00");
  struct gc_oscore_binding binding;
  struct gc_buf out = gc_buf(room, sizeof room);
  const struct gc_oscore_send how = { 0 };
  assert_int_equal(gc_oscore_protect_request(before, hexval(REGISTRATION), &how, &out, &binding), GC_SEC_OK); /* PIV 0: the phantom request */
  (void)sealed_note(before, &binding, hexval("456101ff31"), datagram);                                       /* PIV 1 was last_notif */
  struct gc_bytes keys = gc_bytes(body, next_keys(body, sizeof body, &response, GC_IR_EXI));
  assert_int_equal(hear(listener, &server6, &group6, sealed_note(before, &binding, keys, datagram), 2000), GC_HEARD_KEYS);
  if (heard.phrase)
    fail_msg("%s", heard.phrase);
  assert_int_equal(gc_listener_ends_ms(listener, NULL), 2000 + 7200000);
  assert_int_equal(hear(listener, &server6, &group6, sealed_note(after, &binding, hexval("456101ff6e6577"), datagram), 3000), GC_HEARD_NOTIFICATION);
  assert_true(gc_bytes_equal(heard.message.payload, gc_bytes_str("new")));
  assert_int_equal(hear(listener, &server6, &group6, sealed_note(before, &binding, hexval("456109ff6f6c64"), datagram), 3001), GC_HEARD_OLD);
  assert_int_equal(hear(listener, &server6, &group6, sealed_note(after, &binding, hexval("a3"), datagram), 3002), GC_HEARD_END);
  gc_listener_free(&listener);
  gc_oscore_context_free(&before);
  gc_oscore_context_free(&after);
}

/* How long the next keys last is told by the time of day where that is known; keys that are over already are not taken, and those
 * there are stay. @req SM-07 SM-13 */
static void next_keys_last_as_long_as_they_say(void **state)
{
  (void)state;
  const struct gc_message original = message_of(REGISTRATION);
  struct gc_informative response = informative(hexval(EXAMPLE_SELF_CURRENT));
  struct gc_listener_params params = params_for(&server6, &original, NULL);
  static const struct { double utc_s; uint32_t expiry; uint64_t left_ms; } cases[] = {
    { 1000000, GC_IR_EXI | GC_IR_EXP, 1799000 }, { -1, GC_IR_EXI | GC_IR_EXP, 7200000 }, { 1002000, GC_IR_EXI | GC_IR_EXP, 0 }, { 1000000, 0, 0 },
  };
  params.is_protected = true;
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t body[512], datagram[1024], room[512];
    struct gc_listener *listener = NULL;
    struct gc_listener_refusal refusal;
    params.utc_s = cases[i].utc_s;
    response.present &= ~(uint32_t)GC_IR_EXP;
    assert_int_equal(gc_listener_new(&listener, &response, &params, 1000, &refusal), GC_OK);
    struct gc_oscore_context *before = own_server(&response, "dd11", "0102030405060708090a0b0c0d0e0f10");
    struct gc_oscore_binding binding;
    struct gc_buf out = gc_buf(room, sizeof room);
    const struct gc_oscore_send how = { 0 };
    assert_int_equal(gc_oscore_protect_request(before, hexval(REGISTRATION), &how, &out, &binding), GC_SEC_OK);
    struct gc_bytes keys = gc_bytes(body, next_keys(body, sizeof body, &response, cases[i].expiry));
    assert_int_equal(hear(listener, &server6, &group6, sealed_note(before, &binding, keys, datagram), 2000), GC_HEARD_KEYS);
    assert_int_equal(heard.phrase == NULL, cases[i].left_ms > 0);
    assert_int_equal(gc_listener_ends_ms(listener, NULL), cases[i].left_ms ? 2000 + cases[i].left_ms : 1000 + 3600000);
    gc_listener_free(&listener);
    gc_oscore_context_free(&before);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(follows_the_plain_examples),     cmocka_unit_test(the_own_request_serves_as_phantom),
    cmocka_unit_test(never_at_a_link_local_address),
    cmocka_unit_test(refuses_what_cannot_be),         cmocka_unit_test(follows_the_vectors),
    cmocka_unit_test(follows_the_protected_examples), cmocka_unit_test(believes_the_server_alone),
    cmocka_unit_test(a_repetition_changes_nothing),   cmocka_unit_test(follows_a_self_managed_group),
    cmocka_unit_test(next_keys_last_as_long_as_they_say),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
