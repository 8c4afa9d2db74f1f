/* Messages of ACE as line, tree and JSON: every worked example, every cut of them, what is damaged, and no secret anywhere. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/expect.h"
#include "../tests/lib/hexval.h"
#include "ace_examples.h"
#include "coap/builder.h"
#include "common/hide.h"
#include "common/show.h"
#include "common/show_ace.h"
#include "crypto/secret.h"
#include "iana/names.h"
#include "iana/options.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct gc_out *out;
static struct gc_token_keys keys;

static int setup(void **state)
{
  (void)state;
  out = gc_out_new(-1, GC_COLOR_NEVER, false);
  return out ? 0 : -1;
}

static int teardown(void **state)
{
  (void)state;
  gc_token_keys_free(&keys);
  return gc_out_close(&out) ? 0 : -1;
}

/* what has been written since the last call */
static const char *text(void)
{
  static char copy[65536];
  struct gc_bytes content = gc_out_content(out);
  assert_true(content.len < sizeof copy);
  memcpy(copy, content.ptr, content.len);
  copy[content.len] = '\0';
  gc_out_reset(out);
  return copy;
}

/* --- messages -------------------------------------------------------------------------------------------------------------- */

/* A message without a datagram: its options are in `store`. path: "ace-group/group1", NULL: none; block: -1: none */
static struct gc_message make(uint8_t code, const char *path, int format, struct gc_bytes payload, int block)
{
  static uint8_t stores[4][256];
  static unsigned next;
  struct gc_builder builder = gc_builder_options(stores[next % COUNT(stores)], sizeof stores[0]);
  struct gc_message message = { .version = 1, .type = GC_TYPE_CON, .code = code, .payload = payload };
  next++;
  for (const char *at = path; at && *at;) {
    size_t len = strcspn(at, "/");
    gc_builder_add(&builder, GC_OPTION_URI_PATH, gc_bytes(at, len));
    at += len + (at[len] == '/');
  }
  if (format >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_CONTENT_FORMAT, (uint32_t)format);
  if (block >= 0)
    gc_builder_add_uint(&builder, GC_CODE_IS_REQUEST(code) ? GC_OPTION_BLOCK1 : GC_OPTION_BLOCK2, (uint32_t)block);
  assert_int_equal(gc_builder_finish(&builder, &message.options), GC_OK);
  return message;
}

/* One exchange of the worked examples: path and method of the request; format and payload of the message itself. */
struct example {
  const char *name, *path;
  uint8_t method, code; /* code: of the message itself */
  int format;
  const char *hex, *title;
};

static const struct example examples[] = {
  { "token request", "token", GC_CODE_POST, GC_CODE_POST, 19, EXAMPLE_TOKEN_REQUEST, "token request" },
  { "token response", "token", GC_CODE_POST, GC_CODE_CREATED, 19, EXAMPLE_TOKEN_RESPONSE, "token response" },
  { "group profile", "token", GC_CODE_POST, GC_CODE_POST, 19, EXAMPLE_GROUP_PROFILE_REQUEST, "token request" },
  { "EDHOC", "token", GC_CODE_POST, GC_CODE_CREATED, 19, EXAMPLE_EDHOC_RESPONSE, "token response" },
  { "hints", "ace-group/group1", GC_CODE_POST, GC_CODE_UNAUTHORIZED, 19, EXAMPLE_HINTS, "AS Request Creation Hints" },
  { "introspection", "introspect", GC_CODE_POST, GC_CODE_POST, 19, EXAMPLE_INTRO_REQUEST, "introspection request" },
  { "introspected", "introspect", GC_CODE_POST, GC_CODE_CREATED, 19, EXAMPLE_INTRO_RESPONSE, "introspection response" },
  { "authz-info", "authz-info", GC_CODE_POST, GC_CODE_POST, 19, EXAMPLE_AUTHZ_REQUEST, "transfer of a token" },
  { "authz-info 2.01", "authz-info", GC_CODE_POST, GC_CODE_CREATED, 19, EXAMPLE_AUTHZ_RESPONSE, "token taken" },
  { "token alone", "authz-info", GC_CODE_POST, GC_CODE_POST, -1, EXAMPLE_CWT, "transfer of a token" },
  { "signed token", "authz-info", GC_CODE_POST, GC_CODE_POST, 61, EXAMPLE_CWT_SIGNED, "transfer of a token" },
  { "join", "ace-group/group1", GC_CODE_POST, GC_CODE_POST, 261, EXAMPLE_JOIN_REQUEST, "Join Request" },
  { "joined", "ace-group/group1", GC_CODE_POST, GC_CODE_CREATED, 261, EXAMPLE_JOIN_RESPONSE, "Join Response" },
  { "refused", "ace-group/group1", GC_CODE_POST, GC_CODE_BAD_REQUEST, 261, EXAMPLE_JOIN_REFUSED, "refusal with what to try again with" },
  { "problem", "ace-group/group1", GC_CODE_POST, GC_CODE_BAD_REQUEST, 257, EXAMPLE_PROBLEM_POP, "problem details" },
  { "rekeying", "ace-group/group1/node", GC_CODE_POST, GC_CODE_POST, 261, EXAMPLE_REKEYING, "rekeying" },
  { "renewal", "ace-group/group1/nodes/1", GC_CODE_POST, GC_CODE_CONTENT, 261, EXAMPLE_KEY_RENEWAL, "new Sender ID" },
  { "look-up", "ace-group", GC_CODE_FETCH, GC_CODE_FETCH, 261, EXAMPLE_GID_LOOKUP, "look-up of group names" },
  { "found", "ace-group", GC_CODE_FETCH, GC_CODE_CONTENT, 261, EXAMPLE_GID_FOUND, "group names" },
  { "creds", "ace-group/group1/creds", GC_CODE_FETCH, GC_CODE_FETCH, 261, EXAMPLE_CREDS_FETCH, "request for credentials" },
  { "creds 2.05", "ace-group/group1/creds", GC_CODE_FETCH, GC_CODE_CONTENT, 261, EXAMPLE_CREDS_RESPONSE, "credentials" },
  { "stale-sids", "ace-group/group1/stale-sids", GC_CODE_FETCH, GC_CODE_FETCH, 60, "182a", "request for stale Sender IDs" },
  { "stale-sids 2.05", "ace-group/group1/stale-sids", GC_CODE_FETCH, GC_CODE_CONTENT, 60, "83410141fc4212ab", "stale Sender IDs" },
  { "num", "ace-group/group1/num", GC_CODE_GET, GC_CODE_CONTENT, 60, "1903e8", "Key Generation Number" },
  { "active", "ace-group/group1/active", GC_CODE_GET, GC_CODE_CONTENT, 60, "f5", "status of the group" },
  { "scope", NULL, GC_CODE_GET, GC_CODE_CONTENT, 295, EXAMPLE_SCOPE, "scope" },
};

static struct gc_ace_message look(const struct example *example, struct gc_bytes payload, struct gc_message *message)
{
  const bool is_request = GC_CODE_IS_REQUEST(example->code);
  struct gc_message asked = make(example->method, example->path, -1, gc_bytes(NULL, 0), -1);
  struct gc_ace_request request = { gc_ace_resource(&asked), example->method };
  struct gc_ace_message ace = { .title = NULL };
  *message = make(example->code, is_request ? example->path : NULL, example->format, payload, -1);
  if (payload.len && !gc_ace_look(&ace, message, is_request ? NULL : &request))
    ace.title = NULL;
  return ace;
}

static const struct example *by_name(const char *name)
{
  size_t i = 0;
  while (strcmp(examples[i].name, name) != 0)
    i++;
  return &examples[i];
}

enum form { LINE, TREE, JSON };

static const char *show(enum form form, const struct gc_ace_message *ace, struct gc_bytes payload, bool show_secrets)
{
  const struct gc_show_ace how = { &keys, show_secrets };
  if (form == LINE)
    gc_show_ace_line(out, ace, payload, &how);
  if (form == TREE)
    gc_show_ace(out, ace, payload, 0, &how);
  if (form == JSON) {
    gc_json_object(out, NULL);
    gc_json_ace(out, "ace", ace, payload, &how);
    gc_json_end(out);
  }
  return text();
}

static const char *show_example(enum form form, const char *name)
{
  struct gc_message message;
  const struct example *example = by_name(name);
  struct gc_bytes payload = hexval(example->hex);
  struct gc_ace_message ace = look(example, payload, &message);
  return show(form, &ace, payload, false);
}

static void titles(void **state)
{
  (void)state;
  for (size_t i = 0; i < COUNT(examples); i++) {
    struct gc_message message;
    struct gc_bytes payload = hexval(examples[i].hex);
    struct gc_ace_message ace = look(&examples[i], payload, &message);
    if (!ace.title || strcmp(ace.title, examples[i].title) != 0)
      fail_msg("%s: %s", examples[i].name, ace.title);
    for (enum form form = LINE; form <= JSON; form++) {
      const char *shown = show(form, &ace, payload, false);
      expect_has(shown, examples[i].title);
      expect_lacks(shown, "DAMAGED");
      expect_lacks(shown, "\"offset\"");
      expect_lacks(shown, "unknown");
    }
  }
}

/* where no request is in the capture, what is inside tells */
static void titles_without_a_request(void **state)
{
  (void)state;
  static const struct {
    const char *hex, *title;
    uint8_t code;
    int format;
  } cases[] = {
    { EXAMPLE_TOKEN_RESPONSE, "token response", GC_CODE_CREATED, 19 },  { EXAMPLE_AUTHZ_RESPONSE, "token taken", GC_CODE_CREATED, 19 },
    { EXAMPLE_INTRO_RESPONSE, "introspection response", GC_CODE_CREATED, 19 }, { EXAMPLE_JOIN_RESPONSE, "Join Response", GC_CODE_CREATED, 261 },
    { EXAMPLE_REKEYING, "rekeying", GC_CODE_POST, 261 },                { EXAMPLE_JOIN_REQUEST, "Join Request", GC_CODE_POST, 261 },
    { EXAMPLE_REKEYING, "keying material", GC_CODE_CONTENT, 261 },      { EXAMPLE_KEY_RENEWAL, "new Sender ID", GC_CODE_CONTENT, 261 },
    { "a1181e06", "error of the token endpoint", GC_CODE_BAD_REQUEST, 19 }, { "a1181e02", "error of the token endpoint", GC_CODE_UNAUTHORIZED, 19 },
    { EXAMPLE_TOKEN_REQUEST, "token request", GC_CODE_POST, 19 },       { "40", "nothing found", GC_CODE_CONTENT, 261 },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_message message = make(cases[i].code, NULL, cases[i].format, hexval(cases[i].hex), -1);
    struct gc_ace_message ace;
    assert_true(gc_ace_look(&ace, &message, NULL));
    assert_string_equal(ace.title, cases[i].title);
  }
  static const struct {
    uint8_t code;
    const char *path;
    int format;
    const char *payload;
  } others[] = { { GC_CODE_POST, "light", -1, "on" }, { GC_CODE_CONTENT, NULL, 60, "83410141fc4212ab" }, { GC_CODE_GET, "a/b/c/d/e/f/g", -1, "" },
                 { GC_CODE_POST, "ace-group/group1/nodes/1/cred/x", -1, "" }, { GC_CODE_CONTENT, NULL, 50, "a0" }, { GC_CODE_EMPTY, NULL, -1, "" } };
  for (size_t i = 0; i < COUNT(others); i++) {
    struct gc_message message = make(others[i].code, others[i].path, others[i].format, gc_bytes_str(others[i].payload), -1);
    struct gc_ace_message ace;
    assert_false(gc_ace_look(&ace, &message, NULL));
  }
}

static void without_payload(void **state)
{
  (void)state;
  static const struct {
    uint8_t method, code;
    const char *path, *request, *response;
  } cases[] = {
    { GC_CODE_DELETE, GC_CODE_DELETED, "ace-group/g/nodes/7", "leaving", "left" },
    { GC_CODE_DELETE, GC_CODE_DELETED, "ace-group/g/node", "eviction", "eviction taken" },
    { GC_CODE_POST, GC_CODE_CHANGED, "ace-group/g/node", "rekeying", "rekeying taken" },
    { GC_CODE_POST, GC_CODE_CHANGED, "ace-group/g/nodes/7/cred", "replacement of a credential", "credential replaced" },
    { GC_CODE_GET, GC_CODE_CONTENT, "ace-group/g/policies", "request for policies", "policies" },
    { GC_CODE_GET, GC_CODE_CONTENT, "ace-group/g/verif-data", "request for verification data", "verification data" },
    { GC_CODE_GET, GC_CODE_CONTENT, "ace-group/g", "request for keying material", "keying material" },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_message message = make(cases[i].method, cases[i].path, -1, gc_bytes(NULL, 0), -1);
    struct gc_ace_request request = { gc_ace_resource(&message), cases[i].method };
    struct gc_ace_message ace;
    assert_true(gc_ace_look(&ace, &message, NULL));
    assert_string_equal(ace.title, cases[i].request);
    message = make(cases[i].code, NULL, -1, gc_bytes(NULL, 0), -1);
    assert_true(gc_ace_look(&ace, &message, &request));
    assert_string_equal(ace.title, cases[i].response);
    assert_string_equal(show(TREE, &ace, message.payload, false) + strlen(cases[i].response), "\n");
    message = make(GC_CODE_FORBIDDEN, NULL, -1, gc_bytes(NULL, 0), -1);
    assert_false(gc_ace_look(&ace, &message, &request));
  }
}

/* --- what is shown --------------------------------------------------------------------------------------------------------- */

static void lines(void **state)
{
  (void)state;
  assert_string_equal(show_example(LINE, "token request"), "{token request: audience=gm.example, scope=group1: requester,responder, ace_profile}");
  assert_string_equal(show_example(LINE, "token response"),
                      "{token response: access_token (COSE_Encrypt0), expires_in=3600 s, ace_profile=2 (coap_oscore), cnf=osc}");
  assert_string_equal(show_example(LINE, "hints"), "{AS Request Creation Hints: AS=coap://as.example/token, audience=gm.example, "
                                                   "scope=group1: requester,responder, cnonce=e0a156bb3f}");
  assert_string_equal(show_example(LINE, "problem"), "{problem details: title=Invalid Proof-of-Possession evidence, "
                                                     "ace-groupcomm-error=3 (Invalid Proof-of-Possession evidence)}");
  assert_string_equal(show_example(LINE, "rekeying"),
                      "{rekeying: gkty=1 (Group_OSCORE_Input_Material), key, num=1, ace_groupcomm_profile=1 (coap_group_oscore_app), "
                      "exp=1800172800 (2027-01-17T08:00:00Z), exi=86400 s, stale_node_ids=31}");
  assert_string_equal(show_example(LINE, "creds"), "{request for credentials: get_creds=those with roles responder or ids 52}");
  assert_string_equal(show_example(LINE, "stale-sids 2.05"), "{stale Sender IDs: stale_node_ids=01, fc, 12ab}");
  assert_string_equal(show_example(LINE, "num"), "{Key Generation Number: num=1000}");
  assert_string_equal(show_example(LINE, "active"), "{status of the group: active=true}");
  assert_string_equal(show_example(LINE, "scope"), "{scope: scope=group1: requester,responder}");
}

static void trees(void **state)
{
  (void)state;
  assert_string_equal(show_example(TREE, "introspected"), "introspection response\n"
                                                          "  active: true\n"
                                                          "  aud: gm.example\n"
                                                          "  exp: 1800003600 (2027-01-15T09:00:00Z)\n"
                                                          "  scope: group1: requester,responder\n"
                                                          "  ace_profile: 2 (coap_oscore)\n"
                                                          "  cnf (34 bytes):\n"
                                                          "    osc (32 bytes):\n"
                                                          "      id (1 byte): 01\n"
                                                          "      ms (16 bytes): (hidden)\n"
                                                          "      salt (8 bytes): 9e7ca92223786340\n");
  assert_string_equal(show_example(TREE, "authz-info 2.01"), "token taken\n"
                                                             "  nonce2 (8 bytes): 25a8991cd700ac01\n"
                                                             "  ace_server_recipientid (1 byte): 00\n"
                                                             "  kdcchallenge (8 bytes): a3b1c5d7e9f10213\n"
                                                             "  sign_info: group1: -8 (EdDSA), [1], [1, 6], 14 (CCS)\n"
                                                             "  ecdh_info: group1: -27 (ECDH-SS + HKDF-256), [1], [1, 4], 14 (CCS)\n");
  const char *joined = show_example(TREE, "joined");
  expect_has(joined, "  key (63 bytes):\n    ms (16 bytes): (hidden)\n    hkdf: 5 (HMAC 256/256)\n    alg: 10 (AES-CCM-16-64-128)\n");
  expect_has(joined, "    group_senderId (1 byte): 25\n    cred_fmt: 14 (CCS)\n    gp_enc_alg: 10 (AES-CCM-16-64-128)\n");
  expect_has(joined, "  creds: 1\n    {2: \"peer1\", 8: {1: {1: 1, 3: -8, -1: 6, -2: h'd759");
  expect_has(joined, "  peer_roles: requester,responder\n  peer_identifiers: 52\n");
  expect_has(joined, "  group_policies (7 bytes):\n    Key Update Check Interval: 3600 s\n    Expiration Delta: 0 s\n");
  const char *join = show_example(TREE, "join");
  expect_has(join, "  scope: group1: requester,responder\n  get_creds: all that are relevant\n  client_cred (55 bytes): {2: \"client1\", ");
  const char *edhoc = show_example(TREE, "EDHOC");
  expect_has(edhoc, "  ace_profile: 4 (coap_edhoc_oscore)\n  edhoc_info: {0: h'01', ");
  expect_has(edhoc, "  rs_cnf (52 bytes):\n    kccs: {2: \"gm\", ");
}

static void json(void **state)
{
  (void)state;
  assert_string_equal(show_example(JSON, "token request"),
                      "{\"ace\":{\"message\":\"token request\",\"parameters\":{\"audience\":\"gm.example\",\"scope\":{\"groups\":"
                      "[{\"name\":\"group1\",\"roles\":[\"requester\",\"responder\"]}]},\"ace_profile\":null}}}\n");
  assert_string_equal(show_example(JSON, "problem"),
                      "{\"ace\":{\"message\":\"problem details\",\"parameters\":{\"title\":\"Invalid Proof-of-Possession evidence\","
                      "\"ace_groupcomm_error\":{\"error_id\":3}}}}\n");
  assert_string_equal(show_example(JSON, "creds"),
                      "{\"ace\":{\"message\":\"request for credentials\",\"parameters\":{\"get_creds\":{\"inclusion_flag\":true,"
                      "\"roles\":[[\"responder\"]],\"ids\":[\"52\"]}}}}\n");
  assert_string_equal(show_example(JSON, "refused"),
                      "{\"ace\":{\"message\":\"refusal with what to try again with\",\"parameters\":{\"sign_info\":[{\"groups\":[\"group1\"],"
                      "\"alg\":-8,\"alg_params\":\"[1]\",\"key_params\":\"[1, 6]\",\"cred_fmt\":14}],\"kdcchallenge\":\"b4c6d8eaf0020416\","
                      "\"ecdh_info\":[{\"groups\":[\"group1\"],\"alg\":-27,\"alg_params\":\"[1]\",\"key_params\":\"[1, 4]\",\"cred_fmt\":14}]}}}\n");
  assert_string_equal(show_example(JSON, "rekeying"),
                      "{\"ace\":{\"message\":\"rekeying\",\"parameters\":{\"gkty\":1,\"key\":{\"ms\":\"(hidden)\",\"contextId\":\"dd12\"},"
                      "\"num\":1,\"ace_groupcomm_profile\":1,\"exp\":1800172800,\"exi\":86400,\"stale_node_ids\":[\"31\"]}}}\n");
  assert_string_equal(show_example(JSON, "num"), "{\"ace\":{\"message\":\"Key Generation Number\",\"parameters\":{\"num\":1000}}}\n");
  const char *joined = show_example(JSON, "joined");
  expect_has(joined, "\"peer_roles\":[[\"requester\",\"responder\"]],\"peer_identifiers\":[\"52\"],"
                     "\"group_policies\":{\"key_update_check_interval\":3600,\"expiration_delta\":0}");
}

/* values that the examples lack */
static void other_values(void **state)
{
  (void)state;
  static const struct {
    const char *diag;
    enum gc_ace_kind kind;
    const char *tree, *json;
  } cases[] = {
    { "{9: \"read\", 33: 2, 34: 2, 30: 6, 31: \"x\"}", GC_ACE_KIND_AS,
      "  scope: read\n  grant_type: 2 (client_credentials)\n  token_type: 2 (PoP)\n  error: 6 (invalid_scope)\n  error_description: x\n",
      "\"scope\":{\"text\":\"read\"},\"grant_type\":2,\"token_type\":2,\"error\":6,\"error_description\":\"x\"" },
    { "{9: h'00'}", GC_ACE_KIND_AS, "  scope: 00\n", "\"scope\":{\"hex\":\"00\"}" },
    { "{9: << [[\"a\", 8], [\"b\", 38], [true, 7], [\"c\", 3], [21065(\"x\"), 1]] >>}", GC_ACE_KIND_AS,
      "  scope: a: monitor; b: requester,responder,0x20; any group: admin list,create,read; c: admin list,create; 21065(\"x\"): admin list\n",
      "{\"name\":\"b\",\"roles\":[\"requester\",\"responder\",5]},{\"permissions\":[\"list\",\"create\",\"read\"]}" },
    { "{4: 1.5, 8: {3: h'01'}}", GC_ACE_KIND_INTROSPECTION, "  exp: 1.5 (1970-01-01T00:00:01Z)\n  cnf (4 bytes):\n    kid (1 byte): 01\n",
      "\"exp\":1.5,\"cnf\":{\"kid\":\"01\"}" },
    { "{16: {0: 1}, 10: 1, 20: 0, 14: [2, 16]}", GC_ACE_KIND_GROUPCOMM,
      "  group_policies (3 bytes):\n    Sequence Number Synchronization Method: 1\n  ace_groupcomm_profile: 1 (coap_group_oscore_app)\n"
      "  rekeying_scheme: 0 (Point-to-Point)\n  peer_roles: requester; verifier\n",
      "\"peer_roles\":[[\"requester\"],[\"verifier\"]]" },
    { "{4: [false, [2, 4], [h'01', h'02']]}", GC_ACE_KIND_GROUPCOMM, "  get_creds: all but roles requester or responder without ids 01,02\n",
      "\"get_creds\":{\"inclusion_flag\":false," },
    { "{32: [[[\"a\", \"b\"], 14, h'a0']]}", GC_ACE_KIND_GROUPCOMM, "  kdc_dh_creds: a,b: 14 (CCS), {}\n",
      "\"kdc_dh_creds\":[{\"groups\":[\"a\",\"b\"],\"cred_fmt\":14,\"cred\":\"{}\"}]" },
    { "{-1: 38([\"en\", \"No\"]), -4: 132, -5: \"coap://h\"}", GC_ACE_KIND_PROBLEM,
      "  title: 38([\"en\", \"No\"])\n  response-code: 4.04 (Not Found)\n  base-uri: coap://h\n", "\"response_code\":132,\"base_uri\":\"coap://h\"" },
    { "{1: 2, 3: -7, -1: 1, -2: h'01', -3: true}", GC_ACE_KIND_COSE_KEY,
      "  kty: 2 (EC2)\n  alg: -7 (ES256)\n  crv: 1 (P-256)\n  x (1 byte): 01\n  y: true\n", "\"crv\":1,\"x\":\"01\",\"y\":true" },
    { "{1: 4, -1: h'0badc0de'}", GC_ACE_KIND_COSE_KEY, "  kty: 4 (Symmetric)\n  k (4 bytes): (hidden)\n", "\"k\":\"(hidden)\"" },
    { "{99: [1], \"k\": 2, 9: 5}", GC_ACE_KIND_GROUPCOMM, "  num: 5\n  unknown 99: [1]\n  unknown \"k\": 2\n",
      "\"num\":5,\"unknown\":[{\"key\":\"99\",\"value\":\"[1]\"},{\"key\":\"\\\"k\\\"\",\"value\":\"2\"}]" },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    const struct gc_ace_message ace = { .kind = cases[i].kind, .title = "t" };
    struct gc_bytes payload = edn(cases[i].diag);
    const char *tree = show(TREE, &ace, payload, false);
    assert_string_equal(tree + 2, cases[i].tree);
    expect_has(show(JSON, &ace, payload, false), cases[i].json);
    (void)show(LINE, &ace, payload, false);
  }
}

/* what is of the wrong type or there twice is told, and the rest still shown */
static void damaged(void **state)
{
  (void)state;
  static const struct {
    const char *diag;
    enum gc_ace_kind kind;
    const char *tree;
  } cases[] = {
    { "{9: \"x\", 10: 1}", GC_ACE_KIND_GROUPCOMM,
      "  num: x\n  ace_groupcomm_profile: 1 (coap_group_oscore_app)\n  DAMAGED at byte 2: an unsigned integer is expected\n" },
    { "{9: 1, 9: 2, 12: 3}", GC_ACE_KIND_GROUPCOMM, "  num: 1\n  exi: 3 s\n  DAMAGED at byte 3: a parameter occurs twice\n" },
    { "[1]", GC_ACE_KIND_GROUPCOMM, "  DAMAGED at byte 0: a map is expected\n" },
    { "{1: h''}, 1", GC_ACE_KIND_AS, "  access_token (0 bytes):\n" },
    { "{10: 1}", GC_ACE_KIND_INTROSPECTION, "  active: 1\n  DAMAGED at byte 2: true or false is expected\n" },
    { "{[1]: 2}", GC_ACE_KIND_AS, "  DAMAGED at byte 1: a key is an integer or a text string\n" },
    { "\"x\"", GC_ACE_KIND_NUM, "  num: x\n  DAMAGED at byte 0: an unsigned integer is expected\n" },
    { "1, 2", GC_ACE_KIND_NUM, "  num: 1\n  DAMAGED at byte 1: bytes behind the end\n" },
    { "{0: 5}", GC_ACE_KIND_PROBLEM, "  ace-groupcomm-error: (hidden)\n  DAMAGED at byte 2: a map is expected\n" },
    { "{8: h'0102'}", GC_ACE_KIND_GROUPCOMM, "  key (2 bytes): (hidden)\n  DAMAGED at byte 2: a map is expected\n" },
    { "[1, 2]", GC_ACE_KIND_TOKEN, "  token (3 bytes):\n    token: (hidden)\n    not a CWT: a byte string is expected\n  DAMAGED at byte 1: " },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    const struct gc_ace_message ace = { .kind = cases[i].kind, .title = "t" };
    expect_has(show(TREE, &ace, edn(cases[i].diag), false), cases[i].tree);
    expect_has(show(JSON, &ace, edn(cases[i].diag), false), ",\"error\":\"");
    expect_has(show(LINE, &ace, edn(cases[i].diag), false), "; DAMAGED: ");
  }
}

/* a body in blocks: the first as far as it goes, later ones by name only */
static void blocks(void **state)
{
  (void)state;
  struct gc_bytes whole = hexval(EXAMPLE_JOIN_RESPONSE);
  struct gc_ace_request request = { GC_ACE_RES_GROUP, GC_CODE_POST };
  struct gc_message message = make(GC_CODE_CREATED, NULL, 261, gc_bytes_slice(whole, 0, 64), 8 | 2);
  struct gc_ace_message ace;
  assert_true(gc_ace_look(&ace, &message, &request));
  const char *tree = show(TREE, &ace, message.payload, false);
  expect_has(tree, "Join Response\n  gkty: 1 (Group_OSCORE_Input_Material)\n  key:\n    ms (16 bytes): (hidden)\n");
  expect_has(tree, "  (goes on in the next block)\n");
  expect_lacks(tree, "DAMAGED");
  expect_has(show(LINE, &ace, message.payload, false), ", \xe2\x80\xa6}");
  expect_has(show(JSON, &ace, message.payload, false), "},\"part\":\"first\"}}\n");
  message = make(GC_CODE_CREATED, NULL, 261, gc_bytes_slice(whole, 64, 64), 16 | 8 | 2);
  assert_true(gc_ace_look(&ace, &message, &request));
  assert_string_equal(show(TREE, &ace, message.payload, false), "Join Response, continued\n");
  assert_string_equal(show(LINE, &ace, message.payload, false), "{Join Response, continued}");
  assert_string_equal(show(JSON, &ace, message.payload, false), "{\"ace\":{\"message\":\"Join Response\",\"part\":\"later\"}}\n");
  gc_show_payload(out, message.payload, 261, 0);
  assert_string_equal(text(), "\"(hidden)\"");
}

/* --- secrets and keys ------------------------------------------------------------------------------------------------------ */

/* the first bytes of each secret in the examples */
static const char *const secrets[] = { "f9af8383", "c0c1c2c3", "e0e1e2e3", "4a9312ae", "653f39b7" };

static void expect_no_secret(const char *shown)
{
  for (size_t i = 0; i < COUNT(secrets); i++)
    expect_lacks(shown, secrets[i]);
}

/* Cut anywhere: whole lines and objects, the damage said, and no secret in any form of the message and its payload. */
static void cut(void **state)
{
  (void)state;
  for (size_t i = 0; i < COUNT(examples); i++) {
    struct gc_bytes whole = hexval(examples[i].hex);
    for (size_t len = 1; len <= whole.len; len++) {
      uint8_t *copy = malloc(len);
      memcpy(copy, whole.ptr, len);
      struct gc_message message;
      struct gc_bytes payload = gc_bytes(copy, len);
      struct gc_ace_message ace = look(&examples[i], payload, &message);
      for (enum form form = LINE; ace.title && form <= JSON; form++) {
        const char *shown = show(form, &ace, payload, false);
        expect_no_secret(shown);
        if (len < whole.len && ace.kind > GC_ACE_KIND_NONE && ace.kind < GC_ACE_KIND_NUM)
          expect_has(shown, form == LINE ? "; DAMAGED: " : form == TREE ? "DAMAGED at byte " : ",\"error\":\"");
        assert_int_equal(shown[strlen(shown) - 1], form == LINE ? '}' : '\n');
        (void)show(form, &ace, payload, true);
      }
      gc_show_parts(out, &message, 0);
      expect_no_secret(text());
      gc_json_object(out, NULL);
      gc_json_message(out, &message);
      gc_json_end(out);
      expect_no_secret(text());
      free(copy);
    }
  }
}

/* One bit wrong anywhere: lines and objects are whole, and nothing reaches a terminal that must not. */
static void flipped(void **state)
{
  (void)state;
  static const char *const names[] = { "token response", "joined", "rekeying", "introspected", "authz-info" };
  for (size_t i = 0; i < COUNT(names); i++) {
    const struct example *example = by_name(names[i]);
    struct gc_bytes whole = hexval(example->hex);
    uint8_t *copy = malloc(whole.len);
    for (size_t bit = 0; bit < 8 * whole.len; bit++) {
      struct gc_message message;
      memcpy(copy, whole.ptr, whole.len);
      copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
      struct gc_ace_message ace = look(example, gc_bytes(copy, whole.len), &message);
      for (enum form form = LINE; ace.title && form <= JSON; form++) {
        const char *shown = show(form, &ace, message.payload, false);
        size_t len = strlen(shown);
        for (const char *at = shown; *at; at++)
          assert_true((unsigned char)*at >= 0x20 || (*at == '\n' && (form == TREE || at == shown + len - 1)));
        assert_int_equal(shown[len - 1], form == LINE ? '}' : '\n');
      }
    }
    free(copy);
  }
}

static void shown_on_request(void **state)
{
  (void)state;
  const struct gc_ace_message ace = { .kind = GC_ACE_KIND_GROUPCOMM, .title = "t" };
  expect_has(show(TREE, &ace, hexval(EXAMPLE_REKEYING), true), "    ms (16 bytes): e0e1e2e3e4e5e6e7e8e9eaebecedeeef\n");
  expect_has(show(JSON, &ace, hexval(EXAMPLE_REKEYING), true), "\"ms\":\"e0e1e2e3e4e5e6e7e8e9eaebecedeeef\"");
  const struct gc_ace_message as = { .kind = GC_ACE_KIND_AS, .title = "t" };
  expect_has(show(TREE, &as, hexval(EXAMPLE_TOKEN_RESPONSE), true), "    token (131 bytes): d08343a1010aa204");
}

/* every parameter that is a secret */
static void hidden(void **state)
{
  (void)state;
  static const struct {
    const char *diag;
    int format;
    const char *shown;
  } cases[] = {
    { "{1: h'0badc0de', 37: h'0badc0de', 25: h'0badc0de', 29: h'0badc0de', 36: \"0badc0de\", 24: \"me\"}", 19,
      "{1: \"(hidden)\", 37: \"(hidden)\", 25: \"(hidden)\", 29: \"(hidden)\", 36: \"(hidden)\", 24: \"me\"}" },
    { "{8: {1: {1: 4, -1: h'0badc0de'}}}", 19, "{8: {1: {1: 4, -1: \"(hidden)\"}}}" },
    { "{4: {1: {1: 4, 2: h'01', -1: h'0badc0de'}}}", 19, "{4: {1: {1: 4, 2: h'01', -1: \"(hidden)\"}}}" },
    { "{8: {4: {2: h'0badc0de'}}, 1: h'0badc0de'}", 19, "{8: {4: {2: \"(hidden)\"}}, 1: \"(hidden)\"}" },
    { "{11: h'0badc0de', 33: 2}", 19, "{11: \"(hidden)\", 33: 2}" },
    { "{27: h'0badc0de', 33: h'0badc0de', 8: {2: h'0badc0de', 6: h'01'}}", 261, "{27: \"(hidden)\", 33: \"(hidden)\", 8: {2: \"(hidden)\", 6: h'01'}}" },
    { "{8: h'0badc0de'}", 261, "\"(hidden)\"" },
    { "{8: {2: h'0badc0de', 2: h'0badc0de'}}", 261, "\"(hidden)\"" },
    { "{1: 4, -1: h'0badc0de'}", 101, "{1: 4, -1: \"(hidden)\"}" },
    { "{1: 1, -1: 6, -4: h'0badc0de'}", 101, "{1: 1, -1: 6, -4: \"(hidden)\"}" },
    { "16([h'', {}, h'0badc0de'])", 61, "\"(hidden)\"" },
    { "{9: 4}", 261, "{9: 4}" },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_bytes payload = edn(cases[i].diag);
    gc_show_payload(out, payload, cases[i].format, 0);
    assert_string_equal(text(), cases[i].shown);
    struct gc_hidden what = gc_hide_payload(payload, cases[i].format);
    assert_int_equal(what.is_secret, strstr(cases[i].shown, "hidden") != NULL);
    gc_hidden_free(&what);
    gc_json_object(out, NULL);
    gc_json_payload(out, "payload", payload, cases[i].format);
    gc_json_end(out);
    expect_lacks(text(), "0badc0de");
    const struct gc_ace_message ace = { .kind = gc_ace_kind_of(payload, cases[i].format), .title = "t" };
    for (enum form form = LINE; form <= JSON; form++)
      expect_lacks(show(form, &ace, payload, false), "0badc0de");
  }
  struct gc_hidden plain = gc_hide_payload(edn("{1: 2}"), 60);
  assert_false(plain.is_secret);
  gc_hidden_free(&plain);
}

/* A key in a file. @return its path, which the next call overwrites */
static const char *key_file(const char *content, size_t len, mode_t mode)
{
  static char path[64];
  snprintf(path, sizeof path, "/tmp/common_ace.%ld.key", (long)getpid());
  unlink(path);
  FILE *file = fopen(path, "wx");
  assert_non_null(file);
  assert_int_equal(fwrite(content, 1, len, file), len);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(chmod(path, mode), 0);
  return path;
}

#define AS_KEY "a4010402434153310" "30a2050" EXAMPLE_AS_RS_KEY

static void token_keys(void **state)
{
  (void)state;
  static const char diag[] = "{1: 4, 2: 'AS1', 3: 10, -1: h'" EXAMPLE_AS_RS_KEY "'}\n", hex[] = AS_KEY "\n";
  expect_has(show_example(TREE, "token alone"), "    protection: not verified: no key given\n    claims: (encrypted)\n");
  expect_has(show_example(JSON, "token alone"), "\"protection\":\"not verified: no key given\",\"claims\":\"(encrypted)\"");
  const struct {
    const char *content;
    size_t len;
  } forms[] = { { diag, sizeof diag - 1 }, { hex, sizeof hex - 1 }, { (const char *)hexval(AS_KEY).ptr, hexval(AS_KEY).len } };
  for (size_t i = 0; i < COUNT(forms); i++) {
    assert_int_equal(gc_token_keys_add(&keys, key_file(forms[i].content, forms[i].len, 0600), true), GC_STATUS_OK);
    const char *tree = show_example(TREE, "token alone");
    expect_has(tree, "    alg: 10 (AES-CCM-16-64-128)\n    kid (3 bytes): 415331\n");
    expect_has(tree, "    protection: verified\n    claims (94 bytes):\n      iss: coap://as.example\n");
    expect_has(tree, "          ms (16 bytes): (hidden)\n");
    expect_has(show_example(JSON, "token response"), "\"claims\":{\"iss\":\"coap://as.example\",\"aud\":\"gm.example\",\"exp\":1800003600,");
    gc_token_keys_free(&keys);
  }
  /* another key; a key for another token; two of which one fits */
  static const char other[] = "{1: 4, 2: 'AS1', -1: h'00112233445566778899aabbccddeeff'}", elsewhere[] = "{1: 4, 2: 'AS2', -1: h'00'}";
  assert_int_equal(gc_token_keys_add(&keys, key_file(elsewhere, sizeof elsewhere - 1, 0600), true), GC_STATUS_OK);
  expect_has(show_example(TREE, "token alone"), "protection: not verified: none of the keys given is for it\n    claims: (encrypted)\n");
  assert_int_equal(gc_token_keys_add(&keys, key_file(other, sizeof other - 1, 0600), true), GC_STATUS_OK);
  expect_has(show_example(TREE, "token alone"), "protection: NOT VERIFIED: it does not fit the key given\n    claims: (encrypted)\n");
  assert_int_equal(gc_token_keys_add(&keys, key_file(diag, sizeof diag - 1, 0600), true), GC_STATUS_OK);
  expect_has(show_example(TREE, "token alone"), "protection: verified\n");
  /* claims of a signed token are in clear */
  expect_has(show_example(TREE, "signed token"), "  token (174 bytes): COSE_Sign1\n    token: (hidden)\n    alg: -8 (EdDSA)\n"
                                                 "    protection: not verified: none of the keys given is for it\n"
                                                 "    claims (99 bytes):\n      iss: coap://as.example\n");
  gc_token_keys_free(&keys);
  unlink(key_file("", 0, 0600));
}

static void bad_token_keys(void **state)
{
  (void)state;
  static const char *const bad[] = { "", "zz", "{1: 4", "{1: 4}", "[1]", "{1: 4, -1: h'00'}, 5", "a101" };
  int saved = dup(STDERR_FILENO);
  assert_non_null(freopen("/dev/null", "w", stderr));
  for (size_t i = 0; i < COUNT(bad); i++)
    assert_int_equal(gc_token_keys_add(&keys, key_file(bad[i], strlen(bad[i]), 0600), false), GC_STATUS_INPUT);
  static const char good[] = "{1: 4, -1: h'00'}";
  assert_int_equal(gc_token_keys_add(&keys, key_file(good, sizeof good - 1, 0644), true), GC_STATUS_INPUT);
  assert_int_equal(gc_token_keys_add(&keys, key_file(good, sizeof good - 1, 0644), false), GC_STATUS_OK);
  char large[4096];
  memset(large, '0', sizeof large);
  assert_int_equal(gc_token_keys_add(&keys, key_file(large, sizeof large, 0600), false), GC_STATUS_INPUT);
  assert_int_equal(gc_token_keys_add(&keys, "/nonexistent/key", false), GC_STATUS_INPUT);
  const char *path = key_file(good, sizeof good - 1, 0600);
  for (size_t i = keys.count; i < GC_TOKEN_KEYS; i++)
    assert_int_equal(gc_token_keys_add(&keys, path, true), GC_STATUS_OK);
  assert_int_equal(gc_token_keys_add(&keys, path, true), GC_STATUS_USAGE);
  unlink(path);
  dup2(saved, STDERR_FILENO);
  close(saved);
  gc_token_keys_free(&keys);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(titles),  cmocka_unit_test(titles_without_a_request), cmocka_unit_test(without_payload),
    cmocka_unit_test(lines),   cmocka_unit_test(trees),                    cmocka_unit_test(json),
    cmocka_unit_test(other_values), cmocka_unit_test(damaged),             cmocka_unit_test(blocks),
    cmocka_unit_test(cut),     cmocka_unit_test(flipped),                  cmocka_unit_test(shown_on_request),
    cmocka_unit_test(hidden),  cmocka_unit_test(token_keys),               cmocka_unit_test(bad_token_keys),
  };
  if (gc_crypto_init())
    return 4;
  return cmocka_run_group_tests(tests, setup, teardown);
}
