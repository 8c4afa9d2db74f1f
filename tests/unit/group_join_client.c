/* Joining, against an Authorization Server and a Group Manager that are played by the test: each message byte for byte as the
 * worked examples have it, and what a node does about answers that are none it wants.
 * @req AC-02 AC-05 AC-06 AC-20 OP-04 OP-06 OP-07 OP-08 SC-06 JN-01 JN-02 JN-04 JN-05 JN-08 JN-11 JN-27 JN-28 GR-07 GR-09 GR-15 GR-16 C16 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdlib.h>
#include <string.h>

#include "../tests/lib/hexval.h"
#include "ace/problem.h"
#include "ace/proof.h"
#include "ace_examples.h"
#include "coap/uri.h"
#include "crypto/secret.h"
#include "group/join_client.h"
#include "iana/names.h"
#include "iana/options.h"

enum { STEPS_MAX = 64 };

static struct {
  uint64_t seed, now_ms;
  struct gc_client *client;
  struct gc_join *join;
  struct gc_join_params params;
  struct gc_key_pair pair;
  struct gc_oscore_context *client_as, *as, *client_gm, *gm; /* both ends of both associations */
  struct gc_oscore_ring *as_ring, *gm_ring;
  struct gc_oscore_binding binding;
  uint8_t sent[4096], random[256], opened_store[16384];
  size_t sent_len, random_len, random_at;
  struct gc_addr sent_to;
  bool was_sent;
  /* what came of it */
  unsigned done;
  struct gc_join_answer answer;
  char node[64], hint[64];
  bool is_as_allowed;
  unsigned tokens, notifications;
  uint8_t derived_salt[64];
  size_t derived_salt_len;
} t;

/* --- randomness that is written down -------------------------------------------------------------------------------------- */

static void next_random(void *ctx, uint8_t *out, size_t len)
{
  (void)ctx;
  for (size_t i = 0; i < len; i++)
    out[i] = t.random_at < t.random_len ? t.random[t.random_at++] : (uint8_t)(0x80 + t.random_at++);
}

static void dictate(const char *hex)
{
  const struct gc_bytes bytes = hexval(hex);
  memcpy(t.random + t.random_len, bytes.ptr, bytes.len);
  t.random_len += bytes.len;
}

/* --- both ends ------------------------------------------------------------------------------------------------------------- */

static struct gc_oscore_context *context(const struct gc_oscore_params *params, struct gc_bytes own, struct gc_bytes other)
{
  struct gc_oscore_context *made;
  assert_int_equal(gc_oscore_context_new(&made, params, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_set_sender(made, own, hexval("-"), hexval("-"), (struct gc_oscore_numbers){ NULL, NULL }, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_add_recipient(made, other, hexval("-"), NULL, NULL), GC_OK);
  return made;
}

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  (void)ctx;
  assert_false(t.was_sent); /* one request at a time */
  assert_true(datagram->bytes.len <= sizeof t.sent);
  memcpy(t.sent, datagram->bytes.ptr, datagram->bytes.len);
  t.sent_len = datagram->bytes.len;
  t.sent_to = datagram->remote;
  t.was_sent = true;
  return GC_OK;
}

static void on_event(void *ctx, const struct gc_client_event *event)
{
  (void)ctx;
  assert_true(gc_join_event(t.join, event));
}

static void on_done(void *ctx, const struct gc_join_answer *answer)
{
  (void)ctx;
  t.done++;
  t.notifications += answer->is_notification;
  t.answer = *answer;
  strcpy(t.node, answer->node ? answer->node : "");
}

static void on_token(void *ctx, const struct gc_join_token *token)
{
  (void)ctx;
  assert_true(token->has_expires_in);
  assert_int_equal(token->expires_in_s, 3600);
  t.tokens++;
}

static enum gc_err on_associate(void *ctx, const struct gc_oscore_profile_context *derived, struct gc_oscore_context **out, struct gc_oscore_ring **ring)
{
  (void)ctx;
  if (t.client_gm) {
    gc_oscore_ring_free(&t.gm_ring);
    gc_oscore_context_free(&t.client_gm);
    gc_oscore_context_free(&t.gm);
  }
  t.derived_salt_len = derived->params.master_salt.len;
  memcpy(t.derived_salt, derived->params.master_salt.ptr, t.derived_salt_len);
  *out = t.client_gm = context(&derived->params, derived->sender_id, derived->recipient_id);
  t.gm = context(&derived->params, derived->recipient_id, derived->sender_id);
  *ring = t.gm_ring = gc_oscore_ring_new();
  return gc_oscore_ring_add(t.gm_ring, t.client_gm);
}

static const struct gc_addr as_addr = { GC_FAMILY_IPV4, { 10, 0, 0, 1 }, 5683, 0 }, gm_addr = { GC_FAMILY_IPV4, { 10, 0, 0, 2 }, 5683, 0 };

static enum gc_err on_find_as(void *ctx, const struct gc_as_hints *hints, struct gc_join_server *as, struct gc_oscore_context **out, struct gc_oscore_ring **ring)
{
  (void)ctx;
  memcpy(t.hint, hints->as_uri.ptr, hints->as_uri.len);
  if (!t.is_as_allowed)
    return GC_E_NOT_FOUND;
  *as = (struct gc_join_server){ .addr = as_addr, .path = "/token" };
  *out = t.client_as;
  *ring = t.as_ring;
  return GC_OK;
}

static int begin(void **state)
{
  const struct gc_client_params client_params = gc_client_params_default();
  const struct gc_client_ops ops = { .send = on_send, .event = on_event };
  struct gc_oscore_params as_params = gc_oscore_params_default(GC_OSCORE_PLAIN);
  uint8_t seed[32];
  (void)state;
  memset(&t, 0, sizeof t);
  t.now_ms = 1000;
  memset(seed, 0x11, sizeof seed);
  assert_int_equal(gc_key_pair_set(&t.pair, GC_CURVE_ED25519, gc_bytes(seed, 32)), GC_OK);
  as_params.master_secret = gc_bytes(seed, 16);
  t.client_as = context(&as_params, hexval("01"), hexval("00"));
  t.as = context(&as_params, hexval("00"), hexval("01"));
  t.as_ring = gc_oscore_ring_new();
  assert_int_equal(gc_oscore_ring_add(t.as_ring, t.client_as), GC_OK);
  t.client = gc_client_new(&client_params, &ops, gc_rng_seeded(&t.seed));
  t.params = gc_join_params_default();
  t.params.gm = (struct gc_join_server){ .addr = gm_addr, .path = "/ace-group/group1" };
  t.params.has_as = true;
  t.params.as = (struct gc_join_server){ .addr = as_addr, .path = "/token" };
  t.params.as_context = t.client_as;
  t.params.as_ring = t.as_ring;
  t.params.audience = gc_bytes_str("gm.example");
  t.params.gname = gc_bytes_str("group1");
  t.params.roles = GC_ROLE_REQUESTER | GC_ROLE_RESPONDER;
  t.params.pair = &t.pair;
  t.params.cred_fmt = GC_CRED_CCS;
  t.params.control_uri = gc_bytes_str("coap://c.example/ace-group/group1/node");
  return 0;
}

static uint8_t cred_store[64];

static void start(void)
{
  static const struct gc_join_ops ops = { .done = on_done, .token = on_token, .associate = on_associate, .find_as = on_find_as };
  const struct gc_bytes cred = hexval(EXAMPLE_CLIENT_CCS);
  memcpy(cred_store, cred.ptr, cred.len);
  t.params.cred = gc_bytes(cred_store, cred.len);
  t.join = gc_join_new(&t.params, &ops, t.client, (struct gc_rng){ next_random, NULL });
  assert_non_null(t.join);
}

static int finish(void **state)
{
  (void)state;
  gc_join_free(&t.join, t.now_ms);
  gc_client_free(&t.client);
  gc_oscore_ring_free(&t.as_ring);
  gc_oscore_ring_free(&t.gm_ring);
  gc_oscore_context_free(&t.client_as);
  gc_oscore_context_free(&t.as);
  if (t.client_gm) {
    gc_oscore_context_free(&t.client_gm);
    gc_oscore_context_free(&t.gm);
  }
  return 0;
}

/* --- the servers' side ------------------------------------------------------------------------------------------------------ */

static void path_is(const struct gc_message *message, const char *path)
{
  uint8_t room[128];
  struct gc_buf text = gc_buf(room, sizeof room - 1);
  assert_int_equal(gc_uri_compose_resource(&text, message->options), GC_OK);
  room[text.len] = 0;
  assert_string_equal((const char *)room, path);
}

/* The request that was sent, opened by `own` where it is protected. */
static struct gc_message request(struct gc_oscore_context *own, const struct gc_addr *to, uint8_t code, const char *path)
{
  struct gc_message message;
  struct gc_oscore_opened opened;
  if (!t.was_sent)
    gc_join_tick(t.join, t.now_ms);
  assert_true(t.was_sent);
  assert_true(gc_addr_equal(&t.sent_to, to));
  assert_int_equal(gc_message_parse(&message, gc_bytes(t.sent, t.sent_len), NULL), GC_OK);
  assert_int_equal(message.type, GC_TYPE_CON);
  if (own) {
    assert_int_equal(gc_oscore_open_request(own, &message, 0, gc_buf(t.opened_store, sizeof t.opened_store), &opened, &t.binding), GC_SEC_OK);
    message = opened.inner;
  } else {
    assert_false(gc_option_find(message.options, GC_OPTION_OSCORE, NULL));
  }
  assert_int_equal(message.code, code);
  path_is(&message, path);
  return message;
}

static void payload_is(const struct gc_message *message, const char *hex)
{
  const struct gc_bytes expected = hexval(hex);
  assert_int_equal(message->payload.len, expected.len);
  assert_memory_equal(message->payload.ptr, expected.ptr, expected.len);
}

struct option {
  uint16_t number;
  const char *value;
};

/* Answer it, protected by `own` where that is not NULL; piggybacked. */
static void answer_with(struct gc_oscore_context *own, uint8_t code, int32_t format, struct gc_bytes payload, const struct option *options)
{
  uint8_t body_store[2048], sealed_store[2300], store[2400];
  struct gc_builder body = gc_builder_body(body_store, sizeof body_store, code);
  struct gc_buf sealed = gc_buf(sealed_store, sizeof sealed_store);
  struct gc_message to;
  struct gc_bytes bytes;
  for (; options && options->number; options++)
    gc_builder_add_str(&body, options->number, options->value);
  if (format >= 0)
    gc_builder_add_uint(&body, GC_OPTION_CONTENT_FORMAT, (uint32_t)format);
  gc_builder_payload(&body, payload);
  assert_int_equal(gc_builder_finish(&body, &bytes), GC_OK);
  if (own) {
    assert_int_equal(gc_oscore_protect_response(own, bytes, &(struct gc_oscore_send){ .with_piv = false }, &t.binding, &sealed), GC_SEC_OK);
    bytes = gc_buf_bytes(&sealed);
  }
  assert_int_equal(gc_message_parse(&to, gc_bytes(t.sent, t.sent_len), NULL), GC_OK);
  struct gc_buf datagram = gc_buf(store, sizeof store);
  assert_int_equal(gc_buf_add_u8(&datagram, (uint8_t)(0x60 | to.token.len)) || gc_buf_add(&datagram, gc_bytes_slice(bytes, 0, 1)) ||
                     gc_buf_add_u16(&datagram, to.mid) || gc_buf_add(&datagram, to.token) || gc_buf_add(&datagram, gc_bytes_slice(bytes, 1, bytes.len)),
                   0);
  const struct gc_datagram in = { .remote = t.sent_to, .local = gc_addr_ipv4(10, 0, 0, 9, 40000), .bytes = gc_buf_bytes(&datagram) };
  t.was_sent = false;
  gc_client_receive(t.client, &in, t.now_ms);
  gc_join_tick(t.join, t.now_ms);
}

static void answer(struct gc_oscore_context *own, uint8_t code, int32_t format, const char *hex)
{
  answer_with(own, code, format, hexval(hex), NULL);
}

/* --- the examples ------------------------------------------------------------------------------------------------------------ */

static void give_token(void)
{
  struct gc_message message = request(t.as, &as_addr, GC_CODE_POST, "/token");
  payload_is(&message, EXAMPLE_TOKEN_REQUEST);
  answer(t.as, GC_CODE(2, 1), GC_FORMAT_ACE_CBOR, EXAMPLE_TOKEN_RESPONSE);
}

static void take_upload(void)
{
  struct gc_message message = request(NULL, &gm_addr, GC_CODE_POST, "/authz-info");
  payload_is(&message, EXAMPLE_AUTHZ_REQUEST);
  answer(NULL, GC_CODE(2, 1), GC_FORMAT_ACE_CBOR, EXAMPLE_AUTHZ_RESPONSE);
}

static const struct option location[] = { { GC_OPTION_LOCATION_PATH, "ace-group" }, { GC_OPTION_LOCATION_PATH, "group1" },
                                          { GC_OPTION_LOCATION_PATH, "nodes" }, { GC_OPTION_LOCATION_PATH, "n1" }, { 0, NULL } };

/* N1, ID1, N_C of the examples; the join response's proof is over the N_C of section 9.3. */
static void dictate_example(void)
{
  dictate("018a278f7faab55a");
  dictate("16");
  dictate(EXAMPLE_N_C);
}

static void joined(void)
{
  start();
  dictate_example();
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_OK);
  give_token();
  take_upload();
  struct gc_message message = request(t.gm, &gm_addr, GC_CODE_POST, "/ace-group/group1");
  payload_is(&message, EXAMPLE_JOIN_REQUEST);
  answer_with(t.gm, GC_CODE(2, 1), GC_FORMAT_ACE_GROUPCOMM, hexval(EXAMPLE_JOIN_RESPONSE), location);
}

static void a_join_is_byte_for_byte_the_example(void **state)
{
  (void)state;
  joined();
  assert_int_equal(t.done, 1);
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
  assert_int_equal(t.tokens, 1);
  const struct gc_bytes salt = hexval("489e7ca9222378634048018a278f7faab55a4825a8991cd700ac01");
  assert_true(gc_bytes_equal(gc_bytes(t.derived_salt, t.derived_salt_len), salt));
  assert_string_equal(t.node, "/ace-group/group1/nodes/n1");
  assert_true(t.answer.has_membership);
  assert_int_equal(t.answer.membership.num, 0);
  assert_false(gc_join_is_busy(t.join));
  assert_true(gc_join_deadline(t.join) == UINT64_MAX);
}

static void a_forged_proof_of_the_group_manager_is_discarded(void **state)
{
  uint8_t forged[512];
  (void)state;
  start();
  dictate_example();
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_OK);
  give_token();
  take_upload();
  (void)request(t.gm, &gm_addr, GC_CODE_POST, "/ace-group/group1");
  const struct gc_bytes response = hexval(EXAMPLE_JOIN_RESPONSE);
  memcpy(forged, response.ptr, response.len);
  forged[response.len - 1] ^= 1;
  answer_with(t.gm, GC_CODE(2, 1), GC_FORMAT_ACE_GROUPCOMM, gc_bytes(forged, response.len), location);
  assert_int_equal(t.answer.result, GC_JOIN_BAD_PROOF);
  assert_false(t.answer.has_membership);
}

/* --- what does not go well ---------------------------------------------------------------------------------------------------- */

static void upto_join_request(void)
{
  start();
  dictate_example();
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_OK);
  give_token();
  take_upload();
  (void)request(t.gm, &gm_addr, GC_CODE_POST, "/ace-group/group1");
}

static void a_new_challenge_is_proved_with(void **state)
{
  struct gc_groupcomm sent;
  uint8_t input_store[256];
  struct gc_buf input = gc_buf(input_store, sizeof input_store);
  (void)state;
  upto_join_request();
  answer(t.gm, GC_CODE(4, 0), GC_FORMAT_ACE_GROUPCOMM, EXAMPLE_JOIN_REFUSED);
  struct gc_message message = request(t.gm, &gm_addr, GC_CODE_POST, "/ace-group/group1");
  assert_int_equal(gc_groupcomm_parse(&sent, message.payload, NULL), GC_OK);
  assert_int_equal(gc_proof_client_input(&input, sent.scope, hexval("b4c6d8eaf0020416"), sent.cnonce), GC_OK);
  assert_true(gc_proof_verify(GC_PROOF_SIGNATURE, &t.pair.public_key, NULL, gc_buf_bytes(&input), sent.client_cred_verify));
  assert_true(gc_bytes_equal(gc_join_challenge(t.join), hexval("b4c6d8eaf0020416")));
  /* not for ever */
  for (int i = 0; i < 2; i++) {
    answer(t.gm, GC_CODE(4, 0), GC_FORMAT_ACE_GROUPCOMM, EXAMPLE_JOIN_REFUSED);
    (void)request(t.gm, &gm_addr, GC_CODE_POST, "/ace-group/group1");
  }
  answer(t.gm, GC_CODE(4, 0), GC_FORMAT_ACE_GROUPCOMM, EXAMPLE_JOIN_REFUSED);
  assert_int_equal(t.answer.result, GC_JOIN_REFUSED);
  assert_int_equal(t.answer.code, GC_CODE(4, 0));
}

static void a_bad_proof_is_told_with_its_reason(void **state)
{
  (void)state;
  upto_join_request();
  answer(t.gm, GC_CODE(4, 0), GC_FORMAT_CONCISE_PROBLEM_DETAILS, EXAMPLE_PROBLEM_POP);
  assert_int_equal(t.answer.result, GC_JOIN_REFUSED);
  assert_true(t.answer.has_error);
  assert_int_equal(t.answer.error, GC_GROUPCOMM_INVALID_POP);
  assert_string_equal(t.answer.detail, "Invalid Proof-of-Possession evidence");
}

static void busy_servers_are_asked_again_when_they_say(void **state)
{
  (void)state;
  upto_join_request();
  const struct option later[] = { { GC_OPTION_MAX_AGE, "\x0a" }, { 0, NULL } };
  answer_with(t.gm, GC_CODE(5, 3), -1, hexval("-"), later);
  assert_int_equal(t.done, 0);
  assert_true(gc_join_deadline(t.join) == t.now_ms + 10000);
  t.now_ms += 9999;
  gc_join_tick(t.join, t.now_ms);
  assert_false(t.was_sent);
  t.now_ms += 1;
  gc_client_tick(t.client, t.now_ms);
  gc_join_tick(t.join, t.now_ms);
  (void)request(t.gm, &gm_addr, GC_CODE_POST, "/ace-group/group1");
  const struct option too_late[] = { { GC_OPTION_MAX_AGE, "\x78" }, { 0, NULL } }; /* 120 s more than patience allows */
  answer_with(t.gm, GC_CODE(5, 3), -1, hexval("-"), too_late);
  assert_int_equal(t.answer.result, GC_JOIN_BUSY);
  assert_int_equal(t.answer.code, GC_CODE(5, 3));
}

static void a_key_that_the_group_does_not_want_is_not_tried(void **state)
{
  (void)state;
  start();
  dictate_example();
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_OK);
  give_token();
  (void)request(NULL, &gm_addr, GC_CODE_POST, "/authz-info");
  /* sign_info: ES256 on P-256 */
  answer(NULL, GC_CODE(2, 1), GC_FORMAT_ACE_CBOR, "a4182a4825a8991cd700ac01182c4100182e48a3b1c5d7e9f10213182d81856667726f757031268102820201" "0e");
  assert_int_equal(t.answer.result, GC_JOIN_KEY_UNSUITABLE);
  assert_string_equal(t.answer.detail, "its signature algorithm is ES256");
}

static void equal_recipient_ids_end_it(void **state)
{
  (void)state;
  start();
  dictate_example();
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_OK);
  give_token();
  (void)request(NULL, &gm_addr, GC_CODE_POST, "/authz-info");
  answer(NULL, GC_CODE(2, 1), GC_FORMAT_ACE_CBOR, "a2182a4825a8991cd700ac01182c4116");
  assert_int_equal(t.answer.result, GC_JOIN_MALFORMED);
  assert_non_null(strstr(t.answer.detail, "same Recipient ID"));
  assert_null(t.client_gm);
}

static void a_refusal_of_the_authorization_server_is_told(void **state)
{
  (void)state;
  start();
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_OK);
  (void)request(t.as, &as_addr, GC_CODE_POST, "/token");
  answer(t.as, GC_CODE(4, 0), GC_FORMAT_ACE_CBOR, "a2181e06181f626e6f"); /* {30: 6, 31: "no"} */
  assert_int_equal(t.answer.result, GC_JOIN_NO_TOKEN);
  assert_int_equal(t.answer.error, GC_TOKEN_INVALID_SCOPE);
  assert_string_equal(t.answer.detail, "no");
}

static void an_unprotected_answer_of_the_authorization_server_is_none(void **state)
{
  (void)state;
  start();
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_OK);
  (void)request(t.as, &as_addr, GC_CODE_POST, "/token");
  answer(NULL, GC_CODE(4, 1), -1, "-");
  assert_int_equal(t.answer.result, GC_JOIN_INSECURE);
}

static void a_token_with_less_than_asked_for_is_not_used(void **state)
{
  uint8_t room[512];
  struct gc_buf response = gc_buf(room, sizeof room);
  struct gc_ace_params params;
  (void)state;
  start();
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_OK);
  (void)request(t.as, &as_addr, GC_CODE_POST, "/token");
  assert_int_equal(gc_ace_params_parse(&params, hexval(EXAMPLE_TOKEN_RESPONSE), GC_ACE_AT_AS, NULL), GC_OK);
  params.present |= GC_PARAM_BIT(GC_ACE_SCOPE);
  params.scope = (struct gc_text_or_bytes){ false, hexval("81826667726f75703102") }; /* requester only */
  assert_int_equal(gc_ace_params_write(&response, &params), GC_OK);
  answer_with(t.as, GC_CODE(2, 1), GC_FORMAT_ACE_CBOR, gc_buf_bytes(&response), NULL);
  assert_int_equal(t.answer.result, GC_JOIN_NO_TOKEN);
  assert_string_equal(t.answer.detail, "the token does not grant responder");
  assert_int_equal(t.tokens, 0);
}

/* --- hints -------------------------------------------------------------------------------------------------------------------- */

static void ask_for_hints(bool is_allowed)
{
  t.params.has_as = false;
  t.params.audience = hexval("-");
  t.is_as_allowed = is_allowed;
  start();
  dictate_example();
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_OK);
  struct gc_message message = request(NULL, &gm_addr, GC_CODE_POST, "/ace-group/group1");
  assert_int_equal(message.payload.len, 0);
  answer(NULL, GC_CODE(4, 1), GC_FORMAT_ACE_CBOR, EXAMPLE_HINTS);
}

static void hints_lead_to_an_authorization_server_that_is_allowed(void **state)
{
  struct gc_ace_params sent;
  (void)state;
  ask_for_hints(true);
  assert_string_equal(t.hint, "coap://as.example/token");
  struct gc_message message = request(t.as, &as_addr, GC_CODE_POST, "/token");
  assert_int_equal(gc_ace_params_parse(&sent, message.payload, GC_ACE_AT_AS, NULL), GC_OK);
  assert_true(gc_bytes_equal(sent.audience, gc_bytes_str("gm.example")));
  assert_true(gc_bytes_equal(sent.cnonce, hexval("e0a156bb3f")));
}

static void hints_to_another_end_it(void **state)
{
  (void)state;
  ask_for_hints(false);
  assert_int_equal(t.answer.result, GC_JOIN_UNTRUSTED_AS);
  assert_string_equal(t.answer.detail, "coap://as.example/token");
  assert_false(t.was_sent);
}

/* --- as a member ---------------------------------------------------------------------------------------------------------------- */

static struct gc_message asked(enum gc_join_operation operation, const struct gc_join_question *question, uint8_t code, const char *path)
{
  t.done = 0;
  assert_int_equal(gc_join_ask(t.join, operation, question), GC_OK);
  assert_int_equal(gc_join_ask(t.join, operation, question), GC_E_STATE); /* one at a time */
  return request(t.gm, &gm_addr, code, path);
}

static void members_ask(void **state)
{
  const struct gc_creds_filter filter = { .is_inclusive = true, .roles = { GC_ROLE_RESPONDER }, .role_count = 1, .ids = { hexval("52") }, .id_count = 1 };
  (void)state;
  joined();
  struct gc_message message = asked(GC_JOIN_CREDS, &(struct gc_join_question){ .filter = &filter }, GC_CODE_FETCH, "/ace-group/group1/creds");
  payload_is(&message, EXAMPLE_CREDS_FETCH);
  answer(t.gm, GC_CODE(2, 5), GC_FORMAT_ACE_GROUPCOMM, EXAMPLE_CREDS_RESPONSE);
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
  asked(GC_JOIN_CREDS, NULL, GC_CODE_GET, "/ace-group/group1/creds");
  answer(t.gm, GC_CODE(2, 5), GC_FORMAT_ACE_GROUPCOMM, "40");
  assert_true(t.answer.nothing_found);
  asked(GC_JOIN_POLICIES, NULL, GC_CODE_GET, "/ace-group/group1/policies");
  answer(t.gm, GC_CODE(2, 5), GC_FORMAT_ACE_GROUPCOMM, "40"); /* none: @req GR-12 */
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
  assert_true(t.answer.nothing_found && !t.answer.message);
  asked(GC_JOIN_NUM, NULL, GC_CODE_GET, "/ace-group/group1/num");
  answer(t.gm, GC_CODE(2, 5), GC_FORMAT_APPLICATION_CBOR, "182a");
  assert_int_equal(t.answer.num, 42);
  message = asked(GC_JOIN_STALE, &(struct gc_join_question){ .num = 42 }, GC_CODE_FETCH, "/ace-group/group1/stale-sids");
  payload_is(&message, "182a");
  answer(t.gm, GC_CODE(2, 5), GC_FORMAT_APPLICATION_CBOR, "83410141fc4212ab");
  assert_int_equal(t.answer.stale.len, 8);
  assert_false(t.answer.forgets_all);
  asked(GC_JOIN_STALE, &(struct gc_join_question){ .num = 1 }, GC_CODE_FETCH, "/ace-group/group1/stale-sids");
  answer(t.gm, GC_CODE(2, 5), -1, "-");
  assert_true(t.answer.forgets_all);
  asked(GC_JOIN_RENEW, NULL, GC_CODE_POST, "/ace-group/group1/nodes/n1");
  answer(t.gm, GC_CODE(2, 5), GC_FORMAT_ACE_GROUPCOMM, EXAMPLE_KEY_RENEWAL);
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
  asked(GC_JOIN_RENEW, NULL, GC_CODE_POST, "/ace-group/group1/nodes/n1");
  answer(t.gm, GC_CODE(2, 5), GC_FORMAT_ACE_GROUPCOMM, EXAMPLE_REKEYING); /* instead: @req GR-07 */
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
  assert_false(t.answer.has_membership);
  asked(GC_JOIN_RENEW, NULL, GC_CODE_POST, "/ace-group/group1/nodes/n1");
  answer(t.gm, GC_CODE(2, 5), GC_FORMAT_ACE_GROUPCOMM, "a0");
  assert_int_equal(t.answer.result, GC_JOIN_MALFORMED);
  asked(GC_JOIN_KEYS, NULL, GC_CODE_GET, "/ace-group/group1");
  answer(t.gm, GC_CODE(4, 3), GC_FORMAT_CONCISE_PROBLEM_DETAILS, "a100a10000");
  assert_int_equal(t.answer.result, GC_JOIN_REFUSED);
  assert_int_equal(t.answer.error, GC_GROUPCOMM_ONLY_MEMBERS);
  asked(GC_JOIN_LEAVE, NULL, GC_CODE_DELETE, "/ace-group/group1/nodes/n1");
  answer(t.gm, GC_CODE(2, 2), -1, "-");
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_NODE, NULL), GC_E_STATE); /* there is none any more */
}

static void another_credential_is_proved_with_the_latest_challenge(void **state)
{
  struct gc_groupcomm sent;
  uint8_t input_store[256], seed[32], cred_bytes[128];
  struct gc_buf input = gc_buf(input_store, sizeof input_store), cred = gc_buf(cred_bytes, sizeof cred_bytes);
  struct gc_key_pair other;
  (void)state;
  joined();
  memset(seed, 0x77, sizeof seed);
  assert_int_equal(gc_key_pair_set(&other, GC_CURVE_ED25519, gc_bytes(seed, 32)), GC_OK);
  assert_int_equal(gc_credential_write_ccs(&cred, &other.public_key, gc_bytes_str("client1")), GC_OK);
  struct gc_message message = asked(GC_JOIN_CRED, &(struct gc_join_question){ .pair = &other, .cred = gc_buf_bytes(&cred) }, GC_CODE_POST, "/ace-group/group1/nodes/n1/cred");
  assert_int_equal(gc_groupcomm_parse(&sent, message.payload, NULL), GC_OK);
  assert_null(gc_cred_upload_fault(&sent));
  assert_int_equal(gc_proof_client_input(&input, hexval(EXAMPLE_ENTRY), hexval(EXAMPLE_N_S), sent.cnonce), GC_OK);
  assert_true(gc_proof_verify(GC_PROOF_SIGNATURE, &other.public_key, NULL, gc_buf_bytes(&input), sent.client_cred_verify));
  assert_true(gc_bytes_equal(gc_join_nonce(t.join), hexval(EXAMPLE_N_C))); /* the Join Request's stays */
  answer(t.gm, GC_CODE(2, 4), -1, "-");
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
}

static void a_lost_association_is_made_anew(void **state)
{
  (void)state;
  joined();
  dictate("0102030405060708");
  dictate("17");
  asked(GC_JOIN_NUM, NULL, GC_CODE_GET, "/ace-group/group1/num");
  answer(NULL, GC_CODE(4, 1), -1, "-"); /* the Group Manager was started anew */
  struct gc_message message = request(NULL, &gm_addr, GC_CODE_POST, "/authz-info");
  struct gc_ace_params sent;
  assert_int_equal(gc_ace_params_parse(&sent, message.payload, GC_ACE_AT_AUTHZ_INFO, NULL), GC_OK);
  assert_true(gc_bytes_equal(sent.nonce1, hexval("0102030405060708"))); /* never the same nonce with the same material */
  assert_true(gc_bytes_equal(sent.client_recipientid, hexval("17")));
  answer(NULL, GC_CODE(2, 1), GC_FORMAT_ACE_CBOR, EXAMPLE_AUTHZ_RESPONSE);
  (void)request(t.gm, &gm_addr, GC_CODE_GET, "/ace-group/group1/num");
  answer(t.gm, GC_CODE(2, 5), GC_FORMAT_APPLICATION_CBOR, "00");
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
  /* once in an operation; 4.00: another has the kid by now */
  asked(GC_JOIN_NUM, NULL, GC_CODE_GET, "/ace-group/group1/num");
  answer(NULL, GC_CODE(4, 0), -1, "-");
  (void)request(NULL, &gm_addr, GC_CODE_POST, "/authz-info");
  answer(NULL, GC_CODE(2, 1), GC_FORMAT_ACE_CBOR, EXAMPLE_AUTHZ_RESPONSE);
  (void)request(t.gm, &gm_addr, GC_CODE_GET, "/ace-group/group1/num");
  answer(NULL, GC_CODE(4, 1), -1, "-");
  assert_int_equal(t.answer.result, GC_JOIN_INSECURE);
}

static void a_kept_token_that_has_expired_is_replaced(void **state)
{
  struct gc_ace_params token;
  struct gc_cnf cnf;
  (void)state;
  start();
  dictate("1111111111111111");
  dictate("19");
  dictate("018a278f7faab55a");
  dictate("16");
  assert_int_equal(gc_ace_params_parse(&token, hexval(EXAMPLE_TOKEN_RESPONSE), GC_ACE_AT_AS, NULL), GC_OK);
  assert_int_equal(gc_cnf_parse(&cnf, token.cnf, NULL), GC_OK);
  assert_int_equal(gc_join_resume(t.join, &(struct gc_join_kept){ .token = token.access_token, .material = cnf.value, .node = "/ace-group/group1/nodes/n1" }), GC_OK);
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_NUM, NULL), GC_OK);
  (void)request(NULL, &gm_addr, GC_CODE_POST, "/authz-info");
  answer(NULL, GC_CODE(4, 1), -1, "-");
  give_token();
  take_upload();
  (void)request(t.gm, &gm_addr, GC_CODE_GET, "/ace-group/group1/num");
  answer(t.gm, GC_CODE(2, 5), GC_FORMAT_APPLICATION_CBOR, "00");
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
}

/* The token request of a renewal: it names the material of the association. Answered with cnf: kid, or with `code`. */
static void update_at_as(uint8_t code, const char *kid)
{
  uint8_t rooms[2][128];
  struct gc_buf cnf = gc_buf(rooms[0], sizeof rooms[0]), payload = gc_buf(rooms[1], sizeof rooms[1]);
  struct gc_ace_params sent, first;
  struct gc_cnf wanted, material;
  assert_int_equal(gc_join_renew_token(t.join), GC_OK);
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_NUM, NULL), GC_OK);
  assert_int_equal(gc_join_renew_token(t.join), GC_E_STATE);
  const struct gc_message message = request(t.as, &as_addr, GC_CODE_POST, "/token");
  assert_int_equal(gc_ace_params_parse(&sent, message.payload, GC_ACE_AT_AS, NULL), GC_OK);
  assert_int_equal(gc_cnf_parse(&wanted, sent.req_cnf, NULL), GC_OK);
  assert_int_equal(wanted.method, GC_CNF_KID);
  const struct gc_bytes response = hexval(EXAMPLE_TOKEN_RESPONSE);
  assert_int_equal(gc_ace_params_parse(&first, response, GC_ACE_AT_AS, NULL), GC_OK);
  assert_int_equal(gc_cnf_parse(&material, first.cnf, NULL), GC_OK);
  assert_true(gc_bytes_equal(wanted.kid, material.osc.id));
  assert_int_equal(gc_cnf_write_kid(&cnf, kid ? hexval(kid) : wanted.kid), GC_OK);
  const struct gc_ace_params out = {
    .place = GC_ACE_AT_AS, .present = GC_PARAM_BIT(GC_ACE_ACCESS_TOKEN) | GC_PARAM_BIT(GC_ACE_EXPIRES_IN) | GC_PARAM_BIT(GC_ACE_CNF) | GC_PARAM_BIT(GC_ACE_PROFILE),
    .access_token = gc_bytes_str("rights anew"), .expires_in = 3600, .cnf = gc_buf_bytes(&cnf), .profile = { .number = GC_ACE_PROFILE_OSCORE },
  };
  assert_int_equal(gc_ace_params_write(&payload, &out), GC_OK);
  if (code == GC_CODE(2, 1))
    answer_with(t.as, code, GC_FORMAT_ACE_CBOR, gc_buf_bytes(&payload), NULL);
  else
    answer(t.as, code, -1, "-");
}

/* Nothing but the token, over the association (RFC 9203, Section 4.1). */
static void update_at_gm(void)
{
  struct gc_ace_params sent;
  const struct gc_message message = request(t.gm, &gm_addr, GC_CODE_POST, "/authz-info");
  assert_int_equal(gc_ace_params_parse(&sent, message.payload, GC_ACE_AT_AUTHZ_INFO, NULL), GC_OK);
  assert_int_equal(sent.present, GC_PARAM_BIT(GC_ACE_ACCESS_TOKEN));
  assert_true(gc_bytes_equal(sent.access_token, gc_bytes_str("rights anew")));
}

static void num_is_answered(void)
{
  (void)request(t.gm, &gm_addr, GC_CODE_GET, "/ace-group/group1/num");
  answer(t.gm, GC_CODE(2, 5), GC_FORMAT_APPLICATION_CBOR, "00");
  assert_int_equal(t.answer.operation, GC_JOIN_NUM);
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
}

/* @req OP-01 OP-10 */
static void a_token_is_renewed_before_it_expires(void **state)
{
  (void)state;
  joined();
  const struct gc_oscore_context *association = t.gm;
  update_at_as(GC_CODE(2, 1), NULL);
  update_at_gm();
  answer(t.gm, GC_CODE(2, 1), -1, "-");
  num_is_answered();
  assert_ptr_equal(t.gm, association);
  assert_int_equal(t.tokens, 2);
  /* that token makes no other association: lost, it is made with another one */
  dictate("018a278f7faab55a");
  dictate("16");
  asked(GC_JOIN_NUM, NULL, GC_CODE_GET, "/ace-group/group1/num");
  answer(NULL, GC_CODE(4, 1), -1, "-");
  give_token();
  take_upload();
  num_is_answered();
}

/* Refused by whichever, or not answered under the association: everything anew. */
static void a_renewal_that_is_refused(void **state)
{
  (void)state;
  joined();
  dictate("018a278f7faab55a");
  dictate("16");
  update_at_as(GC_CODE(4, 0), NULL);
  give_token();
  take_upload();
  num_is_answered();
  dictate("018a278f7faab55a");
  dictate("16");
  update_at_as(GC_CODE(2, 1), NULL);
  update_at_gm();
  answer(t.gm, GC_CODE(4, 1), -1, "-");
  give_token();
  take_upload();
  num_is_answered();
  update_at_as(GC_CODE(2, 1), "77");
  assert_int_equal(t.answer.result, GC_JOIN_MALFORMED);
  update_at_as(GC_CODE(2, 1), NULL);
  update_at_gm();
  const unsigned done = t.done;
  answer(NULL, GC_CODE(2, 1), -1, "-"); /* anybody can say so */
  assert_int_equal(t.done, done);
  assert_true(gc_join_is_busy(t.join));
}

static void without_a_challenge_one_is_asked_for(void **state)
{
  struct gc_ace_params token;
  struct gc_cnf cnf;
  (void)state;
  start();
  dictate("018a278f7faab55a");
  dictate("16");
  assert_int_equal(gc_ace_params_parse(&token, hexval(EXAMPLE_TOKEN_RESPONSE), GC_ACE_AT_AS, NULL), GC_OK);
  assert_int_equal(gc_cnf_parse(&cnf, token.cnf, NULL), GC_OK);
  assert_int_equal(gc_join_resume(t.join, &(struct gc_join_kept){ .token = token.access_token, .material = cnf.value }), GC_OK);
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_OK);
  (void)request(NULL, &gm_addr, GC_CODE_POST, "/authz-info");
  answer(NULL, GC_CODE(2, 1), GC_FORMAT_ACE_CBOR, "a2182a4825a8991cd700ac01182c4100"); /* no kdcchallenge */
  struct gc_message message = request(t.gm, &gm_addr, GC_CODE_POST, "/ace-group/group1");
  payload_is(&message, "-"); /* an empty Join Request has no payload */
  assert_false(gc_option_find(message.options, GC_OPTION_CONTENT_FORMAT, NULL));
  answer(t.gm, GC_CODE(4, 0), GC_FORMAT_ACE_GROUPCOMM, EXAMPLE_JOIN_REFUSED);
  message = request(t.gm, &gm_addr, GC_CODE_POST, "/ace-group/group1");
  assert_true(message.payload.len > 100);
}

/* The Group Manager gives no challenge for a credential without a proof. @req JN-17 GR-15 */
static void another_credential_without_a_challenge(void **state)
{
  struct gc_groupcomm sent;
  (void)state;
  joined();
  const struct gc_join_kept kept = { .context = t.client_gm, .ring = t.gm_ring, .node = "/ace-group/group1/nodes/n1" };
  const struct gc_join_question question = { .pair = &t.pair, .cred = hexval(EXAMPLE_CLIENT_CCS) };
  assert_int_equal(gc_join_resume(t.join, &kept), GC_OK);
  struct gc_message message = asked(GC_JOIN_CRED, &question, GC_CODE_POST, "/ace-group/group1");
  payload_is(&message, "-");
  answer(t.gm, GC_CODE(4, 0), GC_FORMAT_ACE_GROUPCOMM, EXAMPLE_JOIN_REFUSED);
  message = request(t.gm, &gm_addr, GC_CODE_POST, "/ace-group/group1/nodes/n1/cred");
  assert_int_equal(gc_groupcomm_parse(&sent, message.payload, NULL), GC_OK);
  assert_null(gc_cred_upload_fault(&sent));
  answer(t.gm, GC_CODE(2, 4), -1, "-");
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
}

/* What an earlier run knew of a pairwise-only group counts: its proofs are MACs. @req JN-09 GR-15 */
static void a_kept_pairwise_only_group_is_proved_to_with_a_mac(void **state)
{
  struct gc_groupcomm sent;
  struct gc_key_pair gm;
  uint8_t seed[32], input_store[256], gm_cred[128];
  struct gc_buf input = gc_buf(input_store, sizeof input_store), cred = gc_buf(gm_cred, sizeof gm_cred);
  (void)state;
  joined();
  memset(seed, 0x22, sizeof seed);
  assert_int_equal(gc_key_pair_set(&gm, GC_CURVE_ED25519, gc_bytes(seed, 32)), GC_OK);
  assert_int_equal(gc_credential_write_ccs(&cred, &gm.public_key, gc_bytes_str("gm")), GC_OK);
  struct gc_join_kept kept = { .context = t.client_gm, .ring = t.gm_ring, .node = "/ace-group/group1/nodes/n1", .n_s = hexval(EXAMPLE_N_S),
                               .dh_cred = hexval("a0") };
  assert_int_equal(gc_join_resume(t.join, &kept), GC_E_MALFORMED);
  kept.dh_cred = gc_buf_bytes(&cred);
  assert_int_equal(gc_join_resume(t.join, &kept), GC_OK);
  const struct gc_join_question question = { .pair = &t.pair, .cred = hexval(EXAMPLE_CLIENT_CCS) };
  const struct gc_message message = asked(GC_JOIN_CRED, &question, GC_CODE_POST, "/ace-group/group1/nodes/n1/cred");
  assert_int_equal(gc_groupcomm_parse(&sent, message.payload, NULL), GC_OK);
  assert_int_equal(gc_proof_client_input(&input, hexval(EXAMPLE_ENTRY), hexval(EXAMPLE_N_S), sent.cnonce), GC_OK);
  assert_true(gc_proof_verify(GC_PROOF_MAC, &t.pair.public_key, &gm, gc_buf_bytes(&input), sent.client_cred_verify));
}

static void silence_is_told(void **state)
{
  (void)state;
  start();
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_OK);
  gc_join_tick(t.join, t.now_ms);
  while (t.done == 0 && t.now_ms < 400000) {
    t.was_sent = false; /* retransmissions */
    t.now_ms += 500;
    gc_client_tick(t.client, t.now_ms);
    gc_join_tick(t.join, t.now_ms);
  }
  assert_int_equal(t.answer.result, GC_JOIN_UNANSWERED);
  assert_non_null(strstr(t.answer.detail, "Authorization Server"));
}

static void what_cannot_be_joined_with_is_refused_at_once(void **state)
{
  (void)state;
  t.params.roles = GC_ROLE_REQUESTER | GC_ROLE_MONITOR;
  start();
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_JOIN, NULL), GC_E_RANGE);
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_LEAVE, NULL), GC_E_STATE);
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_CREDS, &(struct gc_join_question){ .filter = &(struct gc_creds_filter){ .is_inclusive = true } }), GC_E_RANGE);
}

static void rekeyings_are_told_as_they_come(void **state)
{
  uint8_t body_store[512], sealed_store[600], store[700];
  (void)state;
  joined();
  asked(GC_JOIN_OBSERVE, NULL, GC_CODE_GET, "/ace-group/group1");
  const struct option first[] = { { GC_OPTION_OBSERVE, "\x01" }, { 0, NULL } };
  const struct gc_bytes token = gc_bytes(t.sent + 4, t.sent[0] & 15);
  answer_with(t.gm, GC_CODE(2, 5), GC_FORMAT_ACE_GROUPCOMM, hexval(EXAMPLE_JOIN_RESPONSE), first);
  assert_int_equal(t.notifications, 1);
  assert_false(gc_join_is_busy(t.join));
  assert_int_equal(gc_join_ask(t.join, GC_JOIN_OBSERVE, NULL), GC_E_STATE); /* it stands */
  struct gc_builder body = gc_builder_body(body_store, sizeof body_store, GC_CODE(2, 5));
  struct gc_buf sealed = gc_buf(sealed_store, sizeof sealed_store), datagram = gc_buf(store, sizeof store);
  struct gc_bytes bytes;
  gc_builder_add_uint(&body, GC_OPTION_OBSERVE, 2);
  gc_builder_add_uint(&body, GC_OPTION_CONTENT_FORMAT, GC_FORMAT_ACE_GROUPCOMM);
  gc_builder_payload(&body, hexval(EXAMPLE_REKEYING));
  assert_int_equal(gc_builder_finish(&body, &bytes), GC_OK);
  assert_int_equal(gc_oscore_protect_response(t.gm, bytes, &(struct gc_oscore_send){ .with_piv = true }, &t.binding, &sealed), GC_SEC_OK);
  bytes = gc_buf_bytes(&sealed);
  assert_int_equal(gc_buf_add_u8(&datagram, (uint8_t)(0x50 | token.len)) || gc_buf_add(&datagram, gc_bytes_slice(bytes, 0, 1)) ||
                     gc_buf_add_u16(&datagram, 77) || gc_buf_add(&datagram, token) || gc_buf_add(&datagram, gc_bytes_slice(bytes, 1, bytes.len)),
                   0);
  const struct gc_datagram in = { .remote = gm_addr, .local = gc_addr_ipv4(10, 0, 0, 9, 40000), .bytes = gc_buf_bytes(&datagram) };
  gc_client_receive(t.client, &in, t.now_ms + 10);
  assert_int_equal(t.notifications, 2);
  assert_int_equal(t.answer.result, GC_JOIN_DONE);
  assert_false(t.answer.is_end);
  assert_false(t.answer.has_membership); /* a rekeying message does not say all */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
  const struct CMUnitTest tests[] = {
    TEST(a_join_is_byte_for_byte_the_example),
    TEST(a_forged_proof_of_the_group_manager_is_discarded),
    TEST(a_new_challenge_is_proved_with),
    TEST(a_bad_proof_is_told_with_its_reason),
    TEST(busy_servers_are_asked_again_when_they_say),
    TEST(a_key_that_the_group_does_not_want_is_not_tried),
    TEST(equal_recipient_ids_end_it),
    TEST(a_refusal_of_the_authorization_server_is_told),
    TEST(an_unprotected_answer_of_the_authorization_server_is_none),
    TEST(a_token_with_less_than_asked_for_is_not_used),
    TEST(hints_lead_to_an_authorization_server_that_is_allowed),
    TEST(hints_to_another_end_it),
    TEST(members_ask),
    TEST(another_credential_is_proved_with_the_latest_challenge),
    TEST(a_lost_association_is_made_anew),
    TEST(a_kept_token_that_has_expired_is_replaced),
    TEST(a_token_is_renewed_before_it_expires),
    TEST(a_renewal_that_is_refused),
    TEST(without_a_challenge_one_is_asked_for),
    TEST(another_credential_without_a_challenge),
    TEST(a_kept_pairwise_only_group_is_proved_to_with_a_mac),
    TEST(silence_is_told),
    TEST(what_cannot_be_joined_with_is_refused_at_once),
    TEST(rekeyings_are_told_as_they_come),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
