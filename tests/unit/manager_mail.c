/* gc-manager's requests to members: a rekeying message as the worked example has it, and what those get who are members no more.
 * @req RK-03 RK-04 MB-01 MB-02 */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/gm_rig.h"
#include "../tests/lib/hexval.h"
#include "ace/cwt.h"
#include "ace/oscore_profile.h"
#include "ace_examples.h"
#include "coap/message.h"
#include "crypto/secret.h"
#include "gc-manager.h"
#include "iana/names.h"
#include "iana/options.h"

#define CONTROL_URI "coap://10.0.0.9/ace-group/group1/node"

static struct {
  struct gm_rig rig;
  struct gm_node node;
  struct gc_oscore_ring *ring;
  struct gc_manager_tokens *tokens;
  struct gc_manager_mail *mail;
  struct gc_manager_news *news;
  struct gc_oscore_context *member; /* its end of the association */
  uint64_t now_ms;
  bool is_told;                     /* of its eviction, by an observation */
  unsigned sent;                    /* datagrams */
  uint8_t last[2048];
  size_t last_len;
} t;

/* of gc-manager's main: both clocks of the rig */
struct gc_gm_time gc_manager_time(void)
{
  return t.rig.time;
}

/* --- gc-manager's parts -------------------------------------------------------------------------------------------------------- */

static void on_confirmed(void *ctx, struct gc_manager_token *token, const struct gc_gm_time *time)
{
  (void)ctx, (void)token, (void)time;
}

static void on_forget(void *ctx, struct gc_manager_token *token)
{
  (void)ctx;
  gc_manager_mail_forget(t.mail, token);
}

static void on_token_log(void *ctx, const char *what, const struct gc_addr *from, struct gc_bytes identity, const char *why)
{
  (void)ctx, (void)from, (void)identity;
  if (why)
    fail_msg("%s: %s", what, why);
}

static void on_mail_log(void *ctx, const char *what, const char *group, const struct gc_gm_member *member, const char *why)
{
  (void)ctx, (void)what, (void)group, (void)member, (void)why;
}

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  (void)ctx;
  t.sent++;
  assert_true(datagram->bytes.len <= sizeof t.last);
  memcpy(t.last, datagram->bytes.ptr, datagram->bytes.len);
  t.last_len = datagram->bytes.len;
  return GC_OK;
}

static void on_event(void *ctx, const struct gc_gm_event *event)
{
  (void)ctx;
  if (t.news)
    gc_manager_news_event(t.news, event);
  if (t.mail)
    gc_manager_mail_event(t.mail, event, t.is_told);
}

/* --- a member with a control URI ------------------------------------------------------------------------------------------------- */

static struct gc_bytes token_of(struct gc_buf *out)
{
  const struct gc_cwt_key key = { .kind = GC_COSE_ENCRYPT0, .alg = GC_ALG_CCM_16_64_128, .kid = gc_bytes("AS1", 3),
                                  .secret = gc_bytes("\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf", 16) };
  struct gc_cwt_claims claims;
  assert_int_equal(gc_cwt_claims_parse(&claims, hexval(EXAMPLE_CLAIMS), NULL), GC_OK);
  claims.present |= GC_PARAM_BIT(GC_CWT_SUB);
  claims.sub = gc_bytes_str("node");
  assert_int_equal(gc_cwt_make(out, &claims, &key, hexval("636898994ff0ec7bfcf6d3f95b")), GC_OK);
  return gc_buf_bytes(out);
}

/* The member's end, from what the Group Manager has answered. */
static void associate(struct gc_bytes answer)
{
  struct gc_ace_params response;
  struct gc_cwt_claims claims;
  struct gc_cnf cnf;
  struct gc_oscore_profile_context derived;
  const struct gc_bytes none = { NULL, 0 };
  assert_int_equal(gc_ace_params_parse(&response, answer, GC_ACE_AT_AUTHZ_INFO, NULL), GC_OK);
  const struct gc_oscore_exchange_ids ids = { hexval("018a278f7faab55a"), response.nonce2, hexval("16"), response.server_recipientid };
  assert_int_equal(gc_cwt_claims_parse(&claims, hexval(EXAMPLE_CLAIMS), NULL), GC_OK);
  assert_int_equal(gc_cnf_parse(&cnf, claims.cnf, NULL), GC_OK);
  assert_int_equal(gc_oscore_profile_derive(&derived, &cnf.osc, &ids, true), GC_OK);
  assert_int_equal(gc_oscore_context_new(&t.member, &derived.params, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_set_sender(t.member, derived.sender_id, none, none, (struct gc_oscore_numbers){ NULL, NULL }, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_add_recipient(t.member, derived.recipient_id, none, NULL, NULL), GC_OK);
}

static void upload(void)
{
  uint8_t token_room[512], payload_room[1024], option_room[16], body_room[2048];
  struct gc_buf token = gc_buf(token_room, sizeof token_room), payload = gc_buf(payload_room, sizeof payload_room);
  struct gc_builder options = gc_builder_options(option_room, sizeof option_room);
  struct gc_message message = { .code = GC_CODE_POST };
  const struct gc_ace_params params = {
    .place = GC_ACE_AT_AUTHZ_INFO, .present = GC_PARAM_BIT(GC_ACE_ACCESS_TOKEN) | GC_PARAM_BIT(GC_ACE_NONCE1) | GC_PARAM_BIT(GC_ACE_CLIENT_RECIPIENTID),
    .access_token = token_of(&token), .nonce1 = hexval("018a278f7faab55a"), .client_recipientid = hexval("16"),
  };
  assert_int_equal(gc_ace_params_write(&payload, &params), GC_OK);
  gc_builder_add_uint(&options, GC_OPTION_CONTENT_FORMAT, GC_FORMAT_ACE_CBOR);
  assert_int_equal(gc_builder_finish(&options, &message.options), GC_OK);
  struct gc_server_request request = { .message = &message, .payload = gc_buf_bytes(&payload), .from = gc_addr_ipv4(10, 0, 0, 9, 5683) };
  struct gc_server_response response = { .body = gc_buf(body_room, sizeof body_room) };
  assert_int_equal(gc_manager_tokens_take(t.tokens, &request, &response), GC_OK);
  assert_int_equal(response.code, GC_CODE_CREATED);
  associate(gc_buf_bytes(&response.body));
  request.context = gc_oscore_ring_at(t.ring, 0); /* … and speaks with it */
  const struct gc_manager_token *taken = gc_manager_tokens_of(t.tokens, &request);
  assert_non_null(taken);
  t.node.client = taken->client;
}

static void join_with_control_uri(void)
{
  struct gc_groupcomm request = gm_rig_join_request(&t.rig, &t.node, "group1", GC_ROLE_REQUESTER | GC_ROLE_RESPONDER);
  request.present |= GC_PARAM_BIT(GC_GROUPCOMM_CONTROL_URI);
  request.control_uri = gc_bytes_str(CONTROL_URI);
  assert_int_equal(gm_rig_ask(&t.rig, &t.node, GM_POST, "ace-group/group1", 261, gm_rig_write(&request)), 201);
}

static int begin(void **state)
{
  (void)state;
  memset(&t, 0, sizeof t);
  const struct gc_context_ace ace = { .issuer = "coap://as.example", .audience = "gm.example", .token_alg = GC_ALG_CCM_16_64_128,
                                      .token_kid = gc_bytes("AS1", 3),
                                      .token_key = gc_bytes("\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf", 16) };
  const struct gc_manager_tokens_ops token_ops = { .confirmed = on_confirmed, .forget = on_forget, .log = on_token_log };
  const struct gc_manager_mail_ops mail_ops = { on_send, on_mail_log, NULL };
  gm_rig_start(&t.rig, 1);
  t.rig.hook = on_event;
  gm_rig_run(&t.rig);
  t.ring = gc_oscore_ring_new();
  t.tokens = gc_manager_tokens_new(t.rig.gm, &ace, t.ring, 8, &token_ops);
  t.news = gc_manager_news_new(t.rig.gm);
  t.mail = gc_manager_mail_new(t.rig.gm, t.tokens, t.news, &mail_ops);
  gm_node_make(&t.node, &t.rig, 1, "node", "[[\"group1\", 6]]");
  upload();
  join_with_control_uri();
  return 0;
}

static int end(void **state)
{
  (void)state;
  gc_manager_tokens_free(&t.tokens);
  gc_manager_mail_free(&t.mail);
  gc_manager_news_free(&t.news);
  gm_rig_stop(&t.rig);
  gc_oscore_ring_free(&t.ring);
  gc_oscore_context_free(&t.member);
  return 0;
}

static void pass(uint64_t ms)
{
  for (const uint64_t until = t.now_ms + ms; t.now_ms < until;) {
    t.now_ms += 250;
    gc_manager_mail_tick(t.mail, t.now_ms);
  }
}

/* The request that was sent last, as the member reads it. */
static struct gc_message received(uint8_t *store, size_t cap)
{
  struct gc_message message;
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  assert_int_equal(gc_message_parse(&message, gc_bytes(t.last, t.last_len), NULL), GC_OK);
  assert_int_equal(gc_oscore_open_request(t.member, &message, 0, gc_buf(store, cap), &opened, &binding), GC_SEC_OK);
  return opened.inner;
}

/* --- tests -------------------------------------------------------------------------------------------------------------------------- */

/* the example's POST: Uri-Path ace-group, group1, node; Content-Format 261; gc_gm_rekeying_message */
static void a_rekeying_message(void **state)
{
  (void)state;
  uint8_t store[2048], room[1024];
  struct gc_buf expected = gc_buf(room, sizeof room);
  const struct gc_gm_time time = gc_manager_time();
  assert_int_equal(gc_gm_rekey(t.rig.gm, "group1", &time), GC_OK);
  assert_int_equal(gc_gm_rekeying_message(t.rig.gm, "group1", &time, &expected), GC_OK);
  pass(250);
  assert_int_equal(t.sent, 1);
  const struct gc_message message = received(store, sizeof store);
  assert_int_equal(message.code, GC_CODE_POST);
  assert_true(gc_bytes_equal(message.options, hexval("b96163652d67726f75700667726f757031046e6f6465120105")));
  assert_true(gc_bytes_equal(message.payload, gc_buf_bytes(&expected)));
  pass(60000);
  assert_true(t.sent > 1); /* and again: nothing was acknowledged */
}

/* A message that was not confirmed must not be made anew for who has left: it would have the new keys. */
static void who_has_left_gets_no_keys(void **state)
{
  (void)state;
  const struct gc_gm_time time = gc_manager_time();
  assert_int_equal(gc_gm_rekey(t.rig.gm, "group1", &time), GC_OK);
  pass(250);
  assert_int_equal(t.sent, 1);
  assert_int_equal(gm_rig_ask(&t.rig, &t.node, GM_DELETE, "ace-group/group1/nodes/n1", -1, gc_bytes(NULL, 0)), 202);
  pass(600000);
  assert_int_equal(t.sent, 1);
}

static void who_is_evicted_gets_no_keys(void **state)
{
  (void)state;
  uint8_t store[2048];
  const struct gc_gm_time time = gc_manager_time();
  assert_int_equal(gc_gm_rekey(t.rig.gm, "group1", &time), GC_OK);
  pass(250);
  assert_int_equal(t.sent, 1);
  assert_int_equal(gc_gm_evict(t.rig.gm, "group1", "n1", &time), GC_OK);
  for (int i = 0; i < 2400; i++) {
    const unsigned before = t.sent;
    pass(250);
    if (t.sent == before)
      continue;
    const struct gc_message message = received(store, sizeof store);
    assert_int_equal(message.code, GC_CODE_DELETE);
    assert_int_equal(message.payload.len, 0);
    return;
  }
  fail_msg("it was not told");
}

/* By one way only (Section 10). */
static void who_observes_its_node_is_sent_nothing(void **state)
{
  (void)state;
  const struct gc_gm_time time = gc_manager_time();
  t.is_told = true;
  assert_int_equal(gc_gm_evict(t.rig.gm, "group1", "n1", &time), GC_OK);
  pass(600000);
  assert_int_equal(t.sent, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_rekeying_message, begin, end),
    cmocka_unit_test_setup_teardown(who_has_left_gets_no_keys, begin, end),
    cmocka_unit_test_setup_teardown(who_is_evicted_gets_no_keys, begin, end),
    cmocka_unit_test_setup_teardown(who_observes_its_node_is_sent_nothing, begin, end),
  };
  if (gc_crypto_init())
    return 1;
  return cmocka_run_group_tests_name("manager_mail", tests, NULL, NULL);
}
