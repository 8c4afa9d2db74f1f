/* Group observations in gc-decode: informative responses that are protected themselves, keys that they bring, cancellations of -05,
 * confirmations; with one thread and with several the same. */
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
#include "../tests/lib/oscore_rig.h"
#include "coap/builder.h"
#include "gc-decode_phantom.h"
#include "iana/names.h"
#include "iana/options.h"
#include "observe/counting.h"
#include "observe/material.h"
#include "observe/phantom.h"

enum { MESSAGES = 64 };

static const struct gc_addr server = { GC_FAMILY_IPV4, { 192, 0, 2, 1 }, 5683, 0 }, client = { GC_FAMILY_IPV4, { 192, 0, 2, 9 }, 40000, 0 },
                            group = { GC_FAMILY_IPV4, { 239, 1, 2, 3 }, 61616, 0 }, other = { GC_FAMILY_IPV4, { 239, 1, 2, 4 }, 61616, 0 };

/* --- a capture in memory ---------------------------------------------------------------------------------------- */

static struct packet {
  struct gc_addr from, to;
  uint8_t bytes[1024];
  size_t len;
} packets[MESSAGES];
static size_t packet_count;

/* body: code ‖ options ‖ [ff ‖ payload] */
static void packet(const struct gc_addr *from, const struct gc_addr *to, uint8_t type, const char *token_hex, struct gc_bytes body)
{
  struct packet *p = &packets[packet_count++];
  struct gc_bytes token = hexval(token_hex);
  assert_true(packet_count <= MESSAGES && body.len + 12 <= sizeof p->bytes);
  const uint8_t header[4] = { (uint8_t)(0x40u | (unsigned)type << 4 | token.len), body.ptr[0], 0, (uint8_t)packet_count };
  p->from = *from;
  p->to = *to;
  p->len = 0;
  memcpy(p->bytes, header, 4);
  memcpy(p->bytes + 4, token.ptr, token.len);
  memcpy(p->bytes + 4 + token.len, body.ptr + 1, body.len - 1);
  p->len = 3 + token.len + body.len;
}

static void notification(struct gc_bytes body)
{
  packet(&server, &group, GC_TYPE_NON, "7b", body);
}

static struct gc_bytes body_of(uint8_t code, int32_t observe, int32_t content_format, struct gc_bytes payload)
{
  static uint8_t stores[16][1024];
  static unsigned turn;
  uint8_t *store = stores[turn++ % 16];
  struct gc_bytes options;
  struct gc_builder builder = gc_builder_options(store + 1, 512);
  if (observe >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, (uint32_t)observe);
  if (code == GC_CODE_GET)
    gc_builder_add(&builder, GC_OPTION_URI_PATH, gc_bytes_str("r"));
  if (content_format >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_CONTENT_FORMAT, (uint32_t)content_format);
  assert_int_equal(gc_builder_finish(&builder, &options), GC_OK);
  struct gc_buf out = gc_buf(store, sizeof stores[0]);
  out.len = 1 + options.len;
  store[0] = code;
  if (payload.len) {
    assert_int_equal(gc_buf_add_u8(&out, 0xff), GC_OK);
    assert_int_equal(gc_buf_add(&out, payload), GC_OK);
  }
  return gc_buf_bytes(&out);
}

static struct gc_bytes registration(void)
{
  return body_of(GC_CODE_GET, 0, -1, gc_bytes(NULL, 0));
}

static struct gc_bytes content(int32_t observe, const char *text)
{
  return body_of(GC_CODE_CONTENT, observe, 0, gc_bytes_str(text));
}

static struct gc_bytes protect_request(struct gc_oscore_context *context, struct gc_bytes body, struct gc_oscore_binding *binding)
{
  static uint8_t stores[8][1024];
  static unsigned turn;
  struct gc_buf out = gc_buf(stores[turn++ % 8], sizeof stores[0]);
  assert_int_equal(gc_oscore_protect_request(context, body, &(struct gc_oscore_send){ .is_pairwise = false }, &out, binding), GC_SEC_OK);
  return gc_buf_bytes(&out);
}

static struct gc_bytes protect_response(struct gc_oscore_context *context, struct gc_bytes body, struct gc_oscore_binding *binding)
{
  static uint8_t stores[8][1024];
  static unsigned turn;
  struct gc_buf out = gc_buf(stores[turn++ % 8], sizeof stores[0]);
  const struct gc_oscore_send how = { .with_piv = true, .with_kid = true };
  assert_int_equal(gc_oscore_protect_response(context, body, &how, binding, &out), GC_SEC_OK);
  return gc_buf_bytes(&out);
}

static struct gc_bytes informative(struct gc_informative *response, struct gc_bytes ph_req)
{
  static uint8_t stores[4][1024];
  static unsigned turn;
  struct gc_buf out = gc_buf(stores[turn++ % 4], sizeof stores[0]);
  if (ph_req.len) {
    response->present |= GC_IR_TP_INFO | GC_IR_PH_REQ;
    response->tp_info = (struct gc_tp_info){ .form = response->format == GC_OMN_05 ? GC_TP_05 : GC_TP_FLAT, .server = server, .group = group,
                                             .has_details = true, .token = hexval("7b") };
    response->ph_req = ph_req;
  }
  assert_int_equal(gc_informative_write(&out, response), GC_OK);
  return body_of(GC_CODE_SERVICE_UNAVAILABLE, -1, GC_FORMAT_INFORMATIVE_RESPONSE, gc_buf_bytes(&out));
}

/* --- gc-decode on it -------------------------------------------------------------------------------------------- */

static struct decode_params params;

static const char *decode(unsigned jobs, struct gc_oscore_context *context)
{
  static char text[65536];
  struct decode_run run = { .params = &params, .printer = { .verbose = params.common.verbose, .show_secrets = params.show_secrets } };
  run.match = decode_match_new();
  run.printer.out = gc_out_new(-1, GC_COLOR_NEVER, false);
  params.jobs = jobs;
  if (context) {
    assert_true(decode_run_begin_security(&run));
    assert_int_equal(gc_oscore_context_prepare_group(context), GC_OK);
    run.secure->contexts[0].file.oscore = context;
    run.secure->count = run.secure->given = 1;
  }
  for (size_t i = 0; i < packet_count; i++) {
    uint8_t *copy = malloc(packets[i].len); /* gone before a batch is opened */
    memcpy(copy, packets[i].bytes, packets[i].len);
    struct decode_record record = { .frame = i + 1, .has_place = true, .wall_us = 1000 * i, .from = packets[i].from, .to = packets[i].to,
                                    .datagram = gc_bytes(copy, packets[i].len) };
    decode_run_datagram(&run, &record);
    free(copy);
  }
  if (run.batch)
    decode_batch_flush(&run);
  struct gc_bytes all = gc_out_content(run.printer.out);
  assert_true(all.len < sizeof text);
  memcpy(text, all.ptr, all.len);
  text[all.len] = '\0';
  gc_out_close(&run.printer.out);
  decode_batch_free(&run.batch);
  decode_match_free(&run.match);
  decode_secure_free(&run.secure);
  decode_phantoms_free(&run.phantoms);
  free(run.parts_storage);
  return text;
}

/* The same with 1, 2 and 4 threads; each of `parts` stands in it, in their order, and "NOT VERIFIED" as often as told. */
static void expect(struct gc_oscore_context *(*make_given)(void), unsigned refused, const char *const *parts)
{
  static char first[65536];
  for (unsigned jobs = 1; jobs <= 4; jobs *= 2) {
    const char *text = decode(jobs, make_given ? make_given() : NULL);
    if (jobs > 1)
      assert_string_equal(text, first);
    strcpy(first, text);
  }
  const char *at = first;
  for (; *parts; parts++) {
    const char *found = strstr(at, *parts);
    if (!found)
      fail_msg("\"%s\" is not (or not there) in\n%s", *parts, first);
    at = found + strlen(*parts);
  }
  unsigned count = 0;
  for (at = first; (at = strstr(at, "NOT VERIFIED")) != NULL; at++)
    count++;
  if (count != refused)
    fail_msg("%u refused instead of %u in\n%s", count, refused, first);
}

static int begin(void **state)
{
  (void)state;
  packet_count = 0;
  params = (struct decode_params){ .ports = { 5683 }, .port_count = 1 };
  return 0;
}

/* --- a group with a Group Manager: member 0 is the server, 1 a client, 2 has the keys that are given ----------------- */

static const struct sec_options options = { .profile = GC_OSCORE_GROUP };

static struct gc_oscore_context *observer(void)
{
  return sec_context(&options, 2, 3);
}

static void protected_informative_response(void **state)
{
  (void)state;
  struct gc_oscore_context *s = sec_context(&options, 0, 3), *c = sec_context(&options, 1, 3);
  struct gc_oscore_binding asked, phantom, cancellation, unused;
  struct gc_bytes confirmation = registration();
  struct gc_informative response = { .format = GC_OMN_CURRENT };
  packet(&client, &server, GC_TYPE_CON, "4a", protect_request(c, registration(), &asked));
  struct gc_oscore_binding phantom_binding;
  struct gc_bytes ph_req = protect_request(s, registration(), &phantom_binding);
  phantom = phantom_binding;
  response.present = GC_IR_LAST_NOTIF;
  response.last_notif = protect_response(s, content(1, "first"), &phantom);
  asked.context = s;
  asked.is_own = false;
  asked.sender_generation = 0;
  struct gc_bytes early = protect_response(s, content(1, "early"), &phantom);
  notification(early); /* before anything is known of it */
  packet(&server, &client, GC_TYPE_CON, "4a", protect_response(s, informative(&response, ph_req), &asked));
  for (int i = 2; i < 12; i++)
    notification(protect_response(s, content(i, "on"), &phantom));
  packet(&server, &other, GC_TYPE_NON, "7b", protect_response(s, content(20, "to another group"), &phantom));
  packet(&client, &group, GC_TYPE_NON, "7b", protect_response(s, content(21, "from another source"), &phantom));
  packet(&server, &group, GC_TYPE_NON, "7c", protect_response(s, content(22, "another token"), &phantom));
  struct gc_builder builder;
  uint8_t store[64] = { GC_CODE_GET };
  struct gc_bytes parts;
  builder = gc_builder_options(store + 1, sizeof store - 1);
  gc_builder_add(&builder, GC_OPTION_URI_PATH, gc_bytes_str("r"));
  gc_feedback_add_options(&builder);
  assert_int_equal(gc_builder_finish(&builder, &parts), GC_OK);
  confirmation = gc_bytes(store, 1 + parts.len);
  packet(&client, &server, GC_TYPE_NON, "55", protect_request(c, confirmation, &unused));
  /* -05: a phantom cancellation request takes a number, and the 5.03 is bound to that */
  (void)protect_request(s, body_of(GC_CODE_GET, 1, -1, gc_bytes(NULL, 0)), &cancellation);
  notification(protect_response(s, body_of(GC_CODE_SERVICE_UNAVAILABLE, -1, -1, gc_bytes(NULL, 0)), &cancellation));
  notification(protect_response(s, body_of(GC_CODE_SERVICE_UNAVAILABLE, -1, -1, gc_bytes(NULL, 0)), &phantom));
  static const char *const lines[] = {
    "1 0.000000 192.0.2.9:40000", " GET ", "2 0.001000", "{NOT VERIFIED: response without its protected request in this capture",
    "3 0.002000", "{informative response: 192.0.2.1:5683 \xe2\x86\x92 239.1.2.3:61616 token=7b, ph_req, last_notif}",
    "\n4 ", "] on  {group 676964 kid=01 \"m0\" piv=", "verified}  (notification to the phantom request of #3)",
    "\n13 ", "(notification to the phantom request of #3)", "\n14 ", "{NOT VERIFIED: response without", "\n15 ",
    "{NOT VERIFIED: response without", "\n16 ", "{NOT VERIFIED: response without", "\n17 ", " GET ", "Feedback-Divider:0",
    "(confirms interest in #3)", "\n18 ", " 5.03 ", "verified}  (cancels the phantom request of #3, as in -05)\n19 ", " 5.03 ",
    "verified}  (cancels the phantom request of #3)\n", NULL };
  expect(observer, 4, lines);
  params.common.verbose = 1;
  static const char *const tree[] = { "ph_req (", "FETCH (0.05)  {group 676964 kid=01 piv=00 verified}", "inner: GET (0.01)",
                                      "11 Uri-Path (critical, 1 byte): r", "last_notif (", "{group 676964 kid=01 piv=01 verified}",
                                      "inner: Content (2.05)", "payload (5 bytes): first", NULL };
  expect(observer, 4, tree);
  params.common.verbose = 0;
  params.common.json = true;
  static const char *const json[] = { "\"inner\":{\"code\":\"5.03\"", "\"informative\":{\"format\":\"current\"", "\"verified\":true,\"inner\":{\"code\":\"0.01\"",
                                      "{\"n\":4,", "\"phantom\":3,", "{\"n\":17,", "\"confirms\":3,", NULL };
  expect(observer, 0, json);
  gc_oscore_context_free(&s);
  gc_oscore_context_free(&c);
}

/* more than one batch, phantom requests of two servers' lives, and a Partial IV used twice */
static void restarted_and_replayed(void **state)
{
  (void)state;
  struct gc_oscore_context *s = sec_context(&options, 0, 3);
  struct gc_oscore_binding first, second;
  struct gc_informative response = { .format = GC_OMN_CURRENT };
  struct gc_bytes ph_req = protect_request(s, registration(), &first);
  packet(&server, &client, GC_TYPE_CON, "4a", informative(&response, ph_req));
  notification(protect_response(s, content(2, "one"), &first));
  packet(&server, &client, GC_TYPE_CON, "4b", informative(&response, ph_req)); /* to another client: the same phantom */
  struct gc_bytes again = protect_response(s, content(3, "two"), &first);
  notification(again);
  notification(again); /* another Message ID: a replay */
  packet(&server, &client, GC_TYPE_CON, "4c", informative(&response, protect_request(s, registration(), &second)));
  notification(protect_response(s, content(4, "three"), &second));
  notification(protect_response(s, content(5, "late"), &first)); /* of the life before: bound to another request */
  static const char *const lines[] = { "] one  {group", "phantom request of #1)", "] two  {group", "phantom request of #1)",
                                       "{NOT VERIFIED: replay", "phantom request of #1)", "] three  {group", "phantom request of #6)",
                                       "{NOT VERIFIED: countersignature wrong", "phantom request of #6)", NULL };
  expect(observer, 2, lines);
  gc_oscore_context_free(&s);
}

/* what is no phantom request, and what may not pass for a cancellation */
static void not_for_this(void **state)
{
  (void)state;
  struct gc_oscore_context *s = sec_context(&options, 0, 3);
  struct gc_oscore_binding phantom, next;
  struct gc_informative response = { .format = GC_OMN_CURRENT };
  packet(&server, &client, GC_TYPE_CON, "4a", informative(&response, protect_request(s, registration(), &phantom)));
  (void)protect_request(s, body_of(GC_CODE_GET, 1, -1, gc_bytes(NULL, 0)), &next);
  struct gc_bytes body = protect_response(s, content(-1, "no notification"), &next); /* opens like a cancellation of -05, and is none */
  notification(body);
  packet(&server, &group, GC_TYPE_CON, "7b", protect_response(s, content(3, "confirmable"), &phantom));
  static const char *const lines[] = { "{NOT VERIFIED: countersignature wrong", "of #1)", "{NOT VERIFIED: response without", NULL };
  expect(observer, 2, lines);
  gc_oscore_context_free(&s);
}

/* --- a group that the server manages itself ------------------------------------------------------------------------ */

static struct gc_oscore_context *self_managed(const char *gid, uint8_t secret, struct gc_informative *response)
{
  static uint8_t creds[256], materials[16][256];
  static unsigned turn;
  uint8_t ms[16];
  memset(ms, secret, sizeof ms);
  struct gc_bytes cred = sec_cred(GC_CURVE_ED25519, 0);
  memcpy(creds, cred.ptr, cred.len);
  cred = gc_bytes(creds, cred.len);
  struct gc_oscore_params p = gc_oscore_params_default(GC_OSCORE_GROUP);
  p.master_secret = gc_bytes(ms, sizeof ms);
  p.has_id_context = true;
  p.id_context = hexval(gid);
  p.aead_alg = p.ecdh_alg = 0;
  p.gm_cred = cred;
  struct gc_oscore_context *context;
  struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, 0);
  assert_int_equal(gc_oscore_context_new(&context, &p, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_set_sender(context, hexval("52"), cred, gc_bytes(pair.private_key, pair.private_len),
                                                (struct gc_oscore_numbers){ NULL, NULL }, NULL), GC_OK);
  const struct gc_group_material material = {
    .format = GC_OMN_CURRENT, .present = GC_GM_MS | GC_GM_CONTEXT_ID | GC_GM_CRED_FMT | GC_GM_GP_ENC_ALG | GC_GM_SIGN_ALG | GC_GM_SIGN_PARAMS,
    .ms = p.master_secret, .context_id = p.id_context, .cred_fmt = GC_CRED_CCS, .gp_enc_alg = { .number = p.group_enc_alg },
    .sign_alg = { .number = p.sign_alg }, .sign_params = hexval("828101820106"),
  };
  struct gc_buf out = gc_buf(materials[turn++ % 16], sizeof materials[0]);
  assert_int_equal(gc_group_material_write(&out, &material), GC_OK);
  response->present |= GC_IR_GP_MATERIAL | GC_IR_SRV_CRED | GC_IR_SRV_IDENTIFIER | GC_IR_EXI;
  response->gp_material = gc_buf_bytes(&out);
  response->srv_cred = cred;
  response->srv_identifier = hexval("52");
  response->exi = 3600;
  return context;
}

/* Nothing is given: the keys come with the informative response, and the next ones over multicast. @req SM-13 SM-14 */
static void keys_in_the_capture(void **state)
{
  (void)state;
  struct gc_informative response = { .format = GC_OMN_CURRENT }, next = { .format = GC_OMN_CURRENT };
  struct gc_oscore_context *old = self_managed("dd11", 1, &response), *new = self_managed("dd12", 2, &next);
  struct gc_oscore_binding phantom;
  struct gc_bytes ph_req = protect_request(old, registration(), &phantom);
  packet(&server, &client, GC_TYPE_CON, "4a", informative(&response, ph_req));
  packet(&server, &client, GC_TYPE_CON, "4b", informative(&response, ph_req));
  notification(protect_response(old, content(2, "one"), &phantom));
  notification(protect_response(old, informative(&next, gc_bytes(NULL, 0)), &phantom));
  notification(protect_response(new, content(3, "two"), &phantom));
  notification(protect_response(new, content(4, "three"), &phantom));
  static const char *const lines[] = { "] one  {group dd11 kid=52", "(notification to the phantom request of #1)\n", " 5.03 ",
                                       "{informative response: gp_material, srv_cred, srv_identifier, exi}  {group dd11",
                                       "(notification to the phantom request of #1)\n", "] two  {group dd12 kid=52", "#1)\n", "] three  {group dd12",
                                       "#1)\n", NULL };
  expect(NULL, 0, lines);
  params.common.verbose = 3;
  static const char *const tree[] = { "(no hex dump: it holds a secret)", "ph_req (", "{group dd11 kid=52 piv=00 verified}",
                                      "ms (16 bytes): (hidden)", NULL };
  expect(NULL, 0, tree);
  assert_null(strstr(decode(1, NULL), "01010101010101"));
  assert_null(strstr(decode(1, NULL), "02020202020202"));
  params.show_secrets = true;
  static const char *const secrets[] = { "ms (16 bytes): 01010101010101010101010101010101\n", "ms (16 bytes): 02020202020202020202020202020202\n", NULL };
  expect(NULL, 0, secrets);
  params = (struct decode_params){ .common.json = true };
  assert_null(strstr(decode(1, NULL), "01010101010101"));
  gc_oscore_context_free(&old);
  gc_oscore_context_free(&new);
}

/* A server of -05: COSE_Key with kid, countersignatures of its time, a phantom cancellation request. @req SM-05 SM-06 */
static void keys_of_05(void **state)
{
  (void)state;
  static uint8_t cose_key[64], map[256];
  const uint8_t head[] = { 0xa4, 0x01, 0x01, 0x02, 0x41, 0x52, 0x20, 0x06, 0x21, 0x58, 0x20 };
  struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, 0);
  memcpy(cose_key, head, sizeof head);
  memcpy(cose_key + sizeof head, pair.public_key.bytes, 32);
  struct gc_oscore_params p = gc_oscore_params_default(GC_OSCORE_GROUP_02);
  p.master_secret = hexval("0303030303030303030303030303030303");
  p.has_id_context = true;
  p.id_context = hexval("05");
  p.ecdh_alg = 0;
  struct gc_oscore_context *s;
  const char *why = "";
  if (gc_oscore_context_new(&s, &p, &why) ||
      gc_oscore_context_set_sender(s, hexval("52"), gc_bytes(pair.public_key.bytes, pair.public_key.len),
                                   gc_bytes(pair.private_key, pair.private_len), (struct gc_oscore_numbers){ NULL, NULL }, &why))
    fail_msg("%s", why);
  const struct gc_group_material material = {
    .format = GC_OMN_05, .present = GC_GM_MS | GC_GM_CONTEXT_ID | GC_GM_SIGN_ALG | GC_GM_SIGN_PARAMS | GC_GM_CS_KEY_PARAMS | GC_GM_CS_KEY_ENC,
    .ms = p.master_secret, .context_id = p.id_context, .sign_alg = { .number = GC_ALG_EDDSA }, .sign_params = hexval("828101820106"),
    .cs_key_params = hexval("820106"), .cs_key_enc = 1,
  };
  struct gc_buf out = gc_buf(map, sizeof map);
  assert_int_equal(gc_group_material_write(&out, &material), GC_OK);
  struct gc_informative response = { .format = GC_OMN_05, .present = GC_IR_GP_MATERIAL | GC_IR_SRV_CRED | GC_IR_EXP,
                                     .gp_material = gc_buf_bytes(&out), .srv_cred = gc_bytes(cose_key, sizeof head + 32),
                                     .exp = { .number = 1800000000 } };
  struct gc_oscore_binding phantom, cancellation;
  packet(&server, &client, GC_TYPE_CON, "4a", informative(&response, protect_request(s, registration(), &phantom)));
  notification(protect_response(s, content(2, "one"), &phantom));
  (void)protect_request(s, body_of(GC_CODE_GET, 1, -1, gc_bytes(NULL, 0)), &cancellation);
  notification(protect_response(s, body_of(GC_CODE_SERVICE_UNAVAILABLE, -1, -1, gc_bytes(NULL, 0)), &cancellation));
  expect(NULL, 0, (const char *const[]){ "{informative response (-05): ", "] one  {group (draft -02) 05 kid=52 piv=01 verified}",
                                         "(cancels the phantom request of #1, as in -05)", NULL });
  gc_oscore_context_free(&s);
}

/* without ph_req the registration itself is the phantom request: of notifications in the clear this is enough */
static void without_ph_req(void **state)
{
  (void)state;
  struct gc_informative response = { .present = GC_IR_TP_INFO };
  response.tp_info = (struct gc_tp_info){ .server = server, .group = group, .has_details = true, .token = hexval("7b") };
  packet(&client, &server, GC_TYPE_CON, "4a", registration());
  packet(&server, &client, GC_TYPE_CON, "4a", informative(&response, gc_bytes(NULL, 0)));
  notification(content(2, "one"));
  expect(NULL, 0, (const char *const[]){ "token=7b}", "] one  (notification to the phantom request of #2)\n", NULL });
}

/* Ten others claim the same Gid with other keys: those of the server are among the latest, or are not tried. */
static void many_keys_for_one_gid(void **state)
{
  (void)state;
  for (unsigned after = 0; after < 10; after += 9) {
    struct gc_informative response = { .format = GC_OMN_CURRENT };
    struct gc_oscore_context *s = self_managed("dd11", 1, &response), *false_one;
    struct gc_oscore_binding phantom;
    struct gc_bytes ph_req = protect_request(s, registration(), &phantom);
    packet_count = 0;
    for (uint8_t i = 0; i <= 10; i++) {
      struct gc_informative claim = { .format = GC_OMN_CURRENT };
      false_one = self_managed("dd11", (uint8_t)(10 + i), &claim);
      packet(&server, &client, GC_TYPE_CON, "4a", i == 10 - after ? informative(&response, ph_req) : informative(&claim, ph_req));
      gc_oscore_context_free(&false_one);
    }
    notification(protect_response(s, content(2, "one"), &phantom));
    expect(NULL, after ? 1 : 0, (const char *const[]){ "\n12 ", after ? "{NOT VERIFIED: countersignature wrong" : "] one  {group dd11", NULL });
    gc_oscore_context_free(&s);
  }
}

/* keys do not open what was sent before they were */
static void keys_that_come_later(void **state)
{
  (void)state;
  struct gc_informative response = { .format = GC_OMN_CURRENT };
  struct gc_oscore_context *s = self_managed("dd11", 1, &response);
  struct gc_oscore_binding phantom;
  struct gc_bytes ph_req = protect_request(s, registration(), &phantom);
  notification(protect_response(s, content(1, "early"), &phantom));
  packet(&server, &client, GC_TYPE_CON, "4a", informative(&response, ph_req));
  notification(protect_response(s, content(2, "one"), &phantom));
  static const char *const lines[] = { "{not opened: ", "] one  {group dd11", NULL };
  expect(observer, 1, (const char *const[]){ "{NOT VERIFIED: response without", "] one  {group dd11", NULL });
  params.jobs = 1;
  assert_null(strstr(decode(1, NULL), "early"));
  assert_non_null(strstr(decode(1, NULL), lines[1]));
  gc_oscore_context_free(&s);
}

/* a truncated informative response does not give its secret away */
static void cut_short(void **state)
{
  (void)state;
  struct gc_informative response = { .format = GC_OMN_CURRENT };
  struct gc_oscore_context *s = self_managed("dd11", 1, &response);
  struct gc_oscore_binding phantom;
  packet(&server, &client, GC_TYPE_CON, "4a", informative(&response, protect_request(s, registration(), &phantom)));
  const size_t whole = packets[0].len;
  for (size_t len = 20; len < whole; len++) {
    packets[0].len = len;
    for (int form = 0; form < 3; form++) {
      params.common.json = form == 0;
      params.common.verbose = form == 2 ? 3 : 0;
      assert_null(strstr(decode(1, NULL), "0101010101"));
    }
  }
  gc_oscore_context_free(&s);
}

/* 2000 group observations, more than are remembered */
static void bounded(void **state)
{
  (void)state;
  struct decode_phantoms *phantoms = decode_phantoms_new();
  struct gc_informative response = { .present = GC_IR_TP_INFO | GC_IR_PH_REQ, .ph_req = registration() };
  response.tp_info = (struct gc_tp_info){ .server = server, .group = group, .has_details = true };
  uint16_t i;
  for (i = 0; i < 2000; i++) {
    response.tp_info.token = gc_bytes(&i, 2);
    assert_int_not_equal(decode_phantoms_add(phantoms, &response, i + 1u, NULL, true), 0);
  }
  size_t at = 0, count = 0;
  while (decode_phantoms_next(phantoms, &at))
    count++;
  assert_true(count > DECODE_PHANTOMS / 2 && count <= DECODE_PHANTOMS);
  response.ph_req = gc_bytes(NULL, 0);
  assert_int_equal(decode_phantoms_add(phantoms, &response, 1, NULL, true), 0);
  response.present = GC_IR_TP_INFO;
  assert_int_not_equal(decode_phantoms_add(phantoms, &response, 1, NULL, true), 0);
  response.present = GC_IR_TP_INFO | GC_IR_PH_REQ;
  uint8_t large[DECODE_PH_REQ_MAX + 1] = { 0x01, 0x60, 0xff };
  response.ph_req = gc_bytes(large, sizeof large);
  assert_int_equal(decode_phantoms_add(phantoms, &response, 1, NULL, true), 0);
  response.ph_req = gc_bytes(large, sizeof large - 1);
  assert_int_not_equal(decode_phantoms_add(phantoms, &response, 1, NULL, true), 0);
  decode_phantoms_free(&phantoms);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(protected_informative_response, begin),
    cmocka_unit_test_setup(restarted_and_replayed, begin),
    cmocka_unit_test_setup(not_for_this, begin),
    cmocka_unit_test_setup(keys_in_the_capture, begin),
    cmocka_unit_test_setup(keys_of_05, begin),
    cmocka_unit_test_setup(without_ph_req, begin),
    cmocka_unit_test_setup(many_keys_for_one_gid, begin),
    cmocka_unit_test_setup(keys_that_come_later, begin),
    cmocka_unit_test_setup(cut_short, begin),
    cmocka_unit_test(bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
