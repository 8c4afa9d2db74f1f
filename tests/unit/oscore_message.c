/* The rules of protecting and opening: options, Partial IVs, kids, modes, contexts. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/oscore_rig.h"
#include "coap/builder.h"
#include "crypto/secret.h"
#include "iana/options.h"
#include "oscore/ring.h"

static const struct sec_options group = { .profile = GC_OSCORE_GROUP };
static const struct sec_options plain = { .profile = GC_OSCORE_PLAIN };

struct pair {
  struct gc_oscore_context *client, *server;
  struct gc_oscore_binding mine, its; /* of the last request */
  struct gc_oscore_opened opened;
};

static struct pair open_pair(const struct sec_options *options)
{
  return (struct pair){ .client = sec_context(options, 0, 3), .server = sec_context(options, 1, 3) };
}

static void close_pair(struct pair *p)
{
  gc_oscore_context_free(&p->client);
  gc_oscore_context_free(&p->server);
}

static struct gc_bytes ask(struct pair *p, struct gc_bytes body, const struct gc_oscore_send *how)
{
  struct gc_bytes d = sec_request(p->client, body, how, &p->mine);
  enum gc_sec result = sec_open_request(p->server, d, 0, &p->opened, &p->its);
  if (result)
    fail_msg("request: %s", gc_sec_str(result));
  return d;
}

static struct gc_bytes answer(struct pair *p, struct gc_bytes body, const struct gc_oscore_send *how)
{
  struct gc_bytes d = sec_response(p->server, body, how, &p->its);
  enum gc_sec result = sec_open_response(p->client, d, 0, &p->mine, &p->opened);
  if (result)
    fail_msg("response: %s", gc_sec_str(result));
  return d;
}

static const struct gc_oscore_send pairwise = { .is_pairwise = true, .peer = { (const uint8_t *)"\x02", 1 } };

/* Bodies from option lists. */
struct opt { uint16_t number; const char *value; };

static struct gc_bytes body(uint8_t code, const struct opt *options, size_t count, const char *payload)
{
  static uint8_t stores[8][1024];
  static unsigned turn;
  struct gc_bytes out;
  struct gc_builder b = gc_builder_body(stores[turn++ % 8], 1024, code);
  for (size_t i = 0; i < count; i++)
    gc_builder_add_str(&b, options[i].number, options[i].value);
  gc_builder_payload(&b, gc_bytes_str(payload));
  assert_int_equal(gc_builder_finish(&b, &out), GC_OK);
  return out;
}

static void check_options(struct gc_bytes options, const struct opt *expected, size_t count)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  for (size_t i = 0; i < count; i++) {
    assert_true(gc_option_next(&iter, &option));
    assert_int_equal(option.number, expected[i].number);
    assert_true(gc_bytes_equal(option.value, gc_bytes_str(expected[i].value)));
  }
  assert_false(gc_option_next(&iter, &option));
}

#define N(a) (sizeof(a) / sizeof(a)[0])

/* @req B25 B32 B40 B60 B42 */
static void options_by_class(void **state)
{
  (void)state;
  struct pair p = open_pair(&plain);
  static const struct opt all[] = {
    { GC_OPTION_IF_MATCH, "e" }, { GC_OPTION_URI_HOST, "host" }, { GC_OPTION_ETAG, "t" }, { GC_OPTION_OBSERVE, "" }, { GC_OPTION_URI_PORT, "p" },
    { GC_OPTION_URI_PATH, "a" }, { GC_OPTION_URI_PATH, "b" }, { GC_OPTION_CONTENT_FORMAT, "" }, { GC_OPTION_MAX_AGE, "m" }, { GC_OPTION_URI_QUERY, "q" },
    { GC_OPTION_HOP_LIMIT, "h" }, { GC_OPTION_ACCEPT, "" }, { GC_OPTION_BLOCK2, "2" }, { GC_OPTION_PROXY_SCHEME, "coap" }, { GC_OPTION_ECHO, "echo" },
    { GC_OPTION_NO_RESPONSE, "n" }, { GC_OPTION_REQUEST_TAG, "r" }, { 2049, "unknown" }, { 2051, "critical" },
  };
  static const struct opt outer[] = { { GC_OPTION_URI_HOST, "host" }, { GC_OPTION_OBSERVE, "" }, { GC_OPTION_URI_PORT, "p" },
                                      { GC_OPTION_OSCORE, "\x09" }, { GC_OPTION_HOP_LIMIT, "h" }, { GC_OPTION_PROXY_SCHEME, "coap" } };
  struct gc_bytes d = ask(&p, body(GC_CODE(0, 5), all, N(all), "payload"), NULL);
  struct gc_message m;
  assert_int_equal(gc_message_parse(&m, d, NULL), GC_OK);
  assert_int_equal(m.code, GC_CODE(0, 5)); /* FETCH: there is an Observe */
  struct gc_option_iter iter = gc_option_iter(m.options);
  struct gc_option option;
  for (size_t i = 0; i < N(outer); i++) {
    assert_true(gc_option_next(&iter, &option));
    assert_int_equal(option.number, outer[i].number);
    if (option.number != GC_OPTION_OSCORE)
      assert_true(gc_bytes_equal(option.value, gc_bytes_str(outer[i].value)));
  }
  assert_false(gc_option_next(&iter, &option));
  check_options(p.opened.inner.options, all, N(all));
  assert_int_equal(p.opened.inner.code, GC_CODE(0, 5));
  assert_true(gc_bytes_equal(p.opened.inner.payload, gc_bytes_str("payload")));
  assert_true(gc_bytes_equal(p.opened.inner.token, gc_bytes("t", 1)));

  d = ask(&p, body(GC_CODE(0, 1), all + 5, 2, ""), NULL);
  assert_int_equal(d.ptr[1], GC_CODE(0, 2));
  static const struct opt bad[] = { { GC_OPTION_OSCORE, "\x09" } }, uri[] = { { GC_OPTION_PROXY_URI, "coap:/h/p" } };
  uint8_t store[256];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_oscore_send how = { 0 };
  assert_int_equal(gc_oscore_protect_request(p.client, body(1, bad, 1, ""), &how, &out, &p.mine), GC_SEC_INPUT);
  assert_int_equal(gc_oscore_protect_request(p.client, body(1, uri, 1, ""), &how, &out, &p.mine), GC_SEC_INPUT);
  assert_int_equal(gc_oscore_protect_request(p.client, gc_bytes("\x45", 1), &how, &out, &p.mine), GC_SEC_INPUT);
  assert_int_equal(gc_oscore_protect_request(p.client, gc_bytes("\x01\xb5", 2), &how, &out, &p.mine), GC_SEC_INPUT);
  assert_int_equal(gc_oscore_protect_request(p.client, gc_bytes(NULL, 0), &how, &out, &p.mine), GC_SEC_INPUT);
  close_pair(&p);
}

/* RFC 8613, Section 4.1.3.3. @req B41 */
static void proxy_uri_is_split(void **state)
{
  (void)state;
  static const struct {
    const char *uri, *outside;
    struct opt inside[4];
    size_t count;
  } rows[] = {
    { "coap://example.com/resource?q=1", "coap://example.com", { { GC_OPTION_URI_PATH, "resource" }, { GC_OPTION_URI_QUERY, "q=1" } }, 2 },
    { "coap://[2001:db8::1]:61616/a/b%20c?x&y", "coap://[2001:db8::1]:61616",
      { { GC_OPTION_URI_PATH, "a" }, { GC_OPTION_URI_PATH, "b c" }, { GC_OPTION_URI_QUERY, "x" }, { GC_OPTION_URI_QUERY, "y" } }, 4 },
    { "http://example.com", "http://example.com", { { 0, NULL } }, 0 },
    { "coap://example.com?q", "coap://example.com", { { GC_OPTION_URI_QUERY, "q" } }, 1 },
  };
  struct pair p = open_pair(&plain);
  for (size_t i = 0; i < N(rows); i++) {
    struct opt uri = { GC_OPTION_PROXY_URI, rows[i].uri }, merged[5];
    struct gc_bytes d = ask(&p, body(1, &uri, 1, ""), NULL);
    struct gc_message m;
    struct gc_option option;
    assert_int_equal(gc_message_parse(&m, d, NULL), GC_OK);
    assert_true(gc_option_find(m.options, GC_OPTION_PROXY_URI, &option));
    assert_true(gc_bytes_equal(option.value, gc_bytes_str(rows[i].outside)));
    memcpy(merged, rows[i].inside, sizeof rows[i].inside);
    merged[rows[i].count] = (struct opt){ GC_OPTION_PROXY_URI, rows[i].outside };
    check_options(p.opened.inner.options, merged, rows[i].count + 1);
  }
  close_pair(&p);
}

/* B44–B47: what a server may say, unprotected. @req B44 B45 B46 B47 B48 C70 C72 C73 C128 */
static void error_responses(void **state)
{
  (void)state;
  static const struct { enum gc_sec result; uint8_t code; const char *text; } rows[] = {
    { GC_SEC_BAD_OPTION, GC_CODE(4, 2), "Failed to decode COSE" },
    { GC_SEC_NO_CONTEXT, GC_CODE(4, 1), "Security context not found" },
    { GC_SEC_REPLAY, GC_CODE(4, 1), "Replay detected" },
    { GC_SEC_BAD_TAG, GC_CODE(4, 0), "Decryption failed" },
    { GC_SEC_BAD_SIGNATURE, GC_CODE(4, 0), "Decryption failed" },
    { GC_SEC_MODE, GC_CODE(4, 2), "Mode not supported" },
    { GC_SEC_NO_CREDENTIAL, GC_CODE(5, 3), NULL },
  };
  uint8_t code;
  const char *text;
  for (size_t i = 0; i < N(rows); i++) {
    assert_true(gc_sec_error_response(rows[i].result, &code, &text));
    assert_int_equal(code, rows[i].code);
    if (rows[i].text)
      assert_string_equal(text, rows[i].text);
    else
      assert_null(text);
  }
  assert_false(gc_sec_error_response(GC_SEC_OK, &code, &text));
  assert_false(gc_sec_error_response(GC_SEC_NO_REQUEST, &code, &text));
  for (int i = 0; i < GC_SEC_COUNT; i++) {
    assert_true(strlen(gc_sec_str((enum gc_sec)i)) > 3);
    assert_true(strlen(gc_sec_name((enum gc_sec)i)) > 1);
    for (int k = 0; k < i; k++)
      assert_string_not_equal(gc_sec_name((enum gc_sec)i), gc_sec_name((enum gc_sec)k));
  }
}

/* The AAD names all algorithms of the group, null for those not set, whatever mode the message has. @req C1 C4 C44 */
static void aad_of_groups_with_one_mode(void **state)
{
  (void)state;
  static const struct { struct sec_options options; bool is_pairwise; const char *head; size_t len; } rows[] = {
    { { .profile = GC_OSCORE_GROUP }, false, "\x89\x01\x84\x0a\x0a\x27\x38\x1a", 8 },
    { { .profile = GC_OSCORE_GROUP }, true, "\x89\x01\x84\x0a\x0a\x27\x38\x1a", 8 },
    { { .profile = GC_OSCORE_GROUP, .no_group_mode = true }, true, "\x89\x01\x84\x0a\xf6\xf6\x38\x1a", 8 },
    { { .profile = GC_OSCORE_GROUP, .no_pairwise_mode = true }, false, "\x89\x01\x84\xf6\x0a\x27\xf6", 7 },
    { { .profile = GC_OSCORE_GROUP, .no_pairwise_mode = true, .group_enc_alg = GC_ALG_A128CTR }, false, "\x89\x01\x84\xf6\x39\xff\xfd\x27\xf6", 9 },
  };
  for (size_t i = 0; i < N(rows); i++) {
    struct pair p = open_pair(&rows[i].options);
    uint8_t aad[1024];
    struct gc_oscore_trace trace = { .aad_array = gc_buf(aad, sizeof aad) };
    gc_oscore_context_trace(p.client, &trace);
    ask(&p, sec_get, rows[i].is_pairwise ? &pairwise : NULL);
    assert_memory_equal(aad, rows[i].head, rows[i].len);
    answer(&p, sec_content, NULL);
    assert_memory_equal(aad, rows[i].head, rows[i].len);
    close_pair(&p);
  }
}

/* Nothing of the plaintext is there before the countersignature has verified. @req C71 */
static void no_plaintext_before_verification(void **state)
{
  (void)state;
  struct pair p = open_pair(&group);
  struct gc_bytes d = sec_request(p.client, sec_get, NULL, &p.mine);
  uint8_t copy[256], storage[GC_OSCORE_STORAGE_LEN(256)];
  struct gc_message outer;
  memcpy(copy, d.ptr, d.len);
  copy[d.len - 1] ^= 1;
  memset(storage, 0xaa, sizeof storage);
  assert_int_equal(gc_message_parse(&outer, gc_bytes(copy, d.len), NULL), GC_OK);
  assert_int_equal(gc_oscore_open_request(p.server, &outer, 0, gc_buf(storage, sizeof storage), &p.opened, &p.its), GC_SEC_BAD_SIGNATURE);
  for (size_t i = 0; i < sizeof storage; i++)
    assert_int_equal(storage[i], 0xaa);
  assert_null(p.opened.inner.payload.ptr);
  assert_false(p.opened.is_verified);
  close_pair(&p);
}

/* What a proxy or an attacker adds outside: Class E is thrown away, Class U seen. @req B43 B51 B63 B68 */
static void outer_options_on_reception(void **state)
{
  (void)state;
  struct pair p = open_pair(&plain);
  static const struct opt asked[] = { { GC_OPTION_URI_PATH, "a" } };
  struct gc_bytes d = sec_request(p.client, body(1, asked, 1, ""), NULL, &p.mine), value;
  struct gc_message m;
  assert_int_equal(gc_message_parse(&m, d, NULL), GC_OK);
  assert_true(gc_oscore_option_of(&m, &value));
  uint8_t store[512];
  struct gc_builder b = gc_builder_message(store, sizeof store, GC_TYPE_NON, GC_CODE(0, 1), 9, m.token);
  static const struct opt added[] = { { GC_OPTION_IF_MATCH, "x" }, { GC_OPTION_URI_HOST, "h" }, { GC_OPTION_ETAG, "x" }, { GC_OPTION_OBSERVE, "" },
                                      { GC_OPTION_URI_PATH, "evil" }, { GC_OPTION_MAX_AGE, "" }, { GC_OPTION_HOP_LIMIT, "h" }, { GC_OPTION_BLOCK2, "6" },
                                      { GC_OPTION_ECHO, "x" }, { 2049, "x" } };
  for (size_t i = 0; i < N(added); i++)
    gc_builder_add_str(&b, added[i].number, added[i].value);
  gc_builder_add(&b, GC_OPTION_OSCORE, value);
  gc_builder_payload(&b, m.payload);
  struct gc_bytes changed;
  assert_int_equal(gc_builder_finish(&b, &changed), GC_OK);
  assert_int_equal(sec_open_request(p.server, changed, 0, &p.opened, &p.its), GC_SEC_OK);
  static const struct opt seen[] = { { GC_OPTION_URI_HOST, "h" }, { GC_OPTION_URI_PATH, "a" }, { GC_OPTION_HOP_LIMIT, "h" } };
  check_options(p.opened.inner.options, seen, N(seen));
  assert_int_equal(p.opened.inner.code, GC_CODE(0, 1));
  close_pair(&p);
}

static void two_oscore_options_are_refused(void **state)
{
  (void)state;
  struct pair p = open_pair(&plain);
  struct gc_bytes d = sec_request(p.client, sec_get, NULL, &p.mine), value, changed;
  struct gc_message m;
  uint8_t store[256];
  assert_int_equal(gc_message_parse(&m, d, NULL), GC_OK);
  assert_true(gc_oscore_option_of(&m, &value));
  struct gc_builder b = gc_builder_message(store, sizeof store, GC_TYPE_NON, GC_CODE(0, 2), 9, m.token);
  gc_builder_add(&b, GC_OPTION_OSCORE, value);
  gc_builder_add(&b, GC_OPTION_OSCORE, value);
  gc_builder_payload(&b, m.payload);
  assert_int_equal(gc_builder_finish(&b, &changed), GC_OK);
  assert_int_equal(sec_open_request(p.server, changed, 0, &p.opened, &p.its), GC_SEC_BAD_OPTION);
  /* and an option without payload (RFC 8613, Section 2) @req B31 */
  b = gc_builder_message(store, sizeof store, GC_TYPE_NON, GC_CODE(0, 2), 9, m.token);
  gc_builder_add(&b, GC_OPTION_OSCORE, value);
  assert_int_equal(gc_builder_finish(&b, &changed), GC_OK);
  assert_int_equal(sec_open_request(p.server, changed, 0, &p.opened, &p.its), GC_SEC_BAD_OPTION);
  close_pair(&p);
}

/* @req B22 B24 B61 B62 C83 C41 C129 */
static void partial_iv_and_kid_of_responses(void **state)
{
  (void)state;
  struct pair p = open_pair(&group);
  ask(&p, sec_get, NULL);
  struct gc_oscore_option o = sec_option(answer(&p, sec_content, NULL));
  assert_int_equal(o.piv.len, 0); /* the first may leave it out */
  assert_true(o.has_kid && o.is_group && !o.has_kid_context);
  for (uint64_t n = 0; n < 3; n++) {
    o = sec_option(answer(&p, sec_content, NULL));
    assert_int_equal(gc_oscore_piv_decode(o.piv), n);
    assert_int_equal(o.piv.len, 1);
  }
  ask(&p, sec_get, NULL);
  struct gc_oscore_send how = { .as_pairwise = true };
  o = sec_option(answer(&p, sec_content, &how));
  assert_true(o.has_kid && !o.is_group); /* the request was in group mode */
  assert_int_equal(p.opened.mode, GC_MODE_PAIRWISE);

  ask(&p, sec_get, &pairwise);
  struct gc_bytes d = answer(&p, sec_content, NULL);
  struct gc_message m;
  struct gc_bytes value;
  assert_int_equal(gc_message_parse(&m, d, NULL), GC_OK);
  assert_true(gc_oscore_option_of(&m, &value));
  assert_int_equal(value.len, 0);
  how = (struct gc_oscore_send){ .is_group = true };
  ask(&p, sec_get, &pairwise);
  o = sec_option(answer(&p, sec_content, &how));
  assert_true(o.is_group && !o.has_kid); /* the client knows whom it asked @req C76 */
  assert_true(gc_bytes_equal(p.opened.kid, sec_id(1)));
  close_pair(&p);
}

/* @req C84 C100 */
static void challenges_have_a_partial_iv(void **state)
{
  (void)state;
  struct pair p = open_pair(&group);
  static const struct opt echo[] = { { GC_OPTION_ECHO, "12345678" } };
  ask(&p, sec_get, NULL);
  assert_int_equal(sec_option(answer(&p, body(GC_CODE(4, 1), echo, 1, ""), NULL)).piv.len, 1);
  close_pair(&p);
}

/* A phantom request and what is bound to it: never the same key and nonce twice. */
static void own_requests_are_answered_with_partial_iv(void **state)
{
  (void)state;
  struct pair p = open_pair(&group);
  struct gc_oscore_binding phantom, at_client;
  struct gc_bytes d = sec_request(p.server, sec_get, NULL, &phantom);
  assert_int_equal(sec_open_request(p.client, d, GC_OPEN_NO_REPLAY, &p.opened, &at_client), GC_SEC_OK);
  struct gc_oscore_opened opened;
  struct gc_oscore_binding again;
  assert_int_equal(sec_open_request(p.server, d, 0, &opened, &again), GC_SEC_OWN_KID); /* @req C75 */
  assert_int_equal(sec_open_request(p.server, d, GC_OPEN_OWN, &opened, &again), GC_SEC_OK);
  assert_true(again.is_own);
  struct gc_bytes r = sec_response(p.server, sec_content, NULL, &phantom);
  assert_int_equal(gc_oscore_piv_decode(sec_option(r).piv), 1);
  assert_int_equal(sec_open_response(p.client, r, 0, &at_client, &opened), GC_SEC_OK);
  close_pair(&p);
}

/* @req B63 B65 C81 */
static void notifications(void **state)
{
  (void)state;
  struct pair p = open_pair(&plain);
  static const struct opt reg[] = { { GC_OPTION_OBSERVE, "" }, { GC_OPTION_URI_PATH, "a" } }, note[] = { { GC_OPTION_OBSERVE, "\x07" } };
  struct gc_message m;
  struct gc_option option;
  ask(&p, body(1, reg, 2, ""), NULL);
  assert_true(p.its.is_observe && p.mine.is_observe);
  struct gc_bytes d = answer(&p, body(GC_CODE(2, 5), note, 1, "x"), NULL);
  assert_int_equal(gc_message_parse(&m, d, NULL), GC_OK);
  assert_int_equal(m.code, GC_CODE(2, 5));
  assert_true(gc_option_find(m.options, GC_OPTION_OBSERVE, &option));
  assert_int_equal(option.value.ptr[0], 7);
  uint32_t number;
  assert_true(gc_option_find_uint(p.opened.inner.options, GC_OPTION_OBSERVE, &number));
  assert_int_equal(number, 0); /* without Partial IV: the oldest */
  for (uint32_t n = 0; n < 3; n++) {
    answer(&p, body(GC_CODE(2, 5), note, 1, "x"), NULL);
    assert_true(gc_option_find_uint(p.opened.inner.options, GC_OPTION_OBSERVE, &number));
    assert_int_equal(number, n);
  }
  ask(&p, sec_get, NULL);
  d = sec_response(p.server, body(GC_CODE(2, 5), note, 1, "x"), NULL, &p.its);
  assert_int_equal(sec_open_response(p.client, d, 0, &p.mine, &p.opened), GC_SEC_UNEXPECTED);
  close_pair(&p);
}

/* @req B7 B9 C38 C108 */
static enum gc_err last_numbers(void *ctx, uint64_t *number)
{
  uint64_t *next = ctx;
  if (*next > GC_PIV_MAX)
    return GC_E_LIMIT;
  *number = (*next)++;
  return GC_OK;
}

static void set_sender(struct gc_oscore_context *c, size_t member, struct gc_bytes id, struct gc_oscore_numbers numbers)
{
  struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, member);
  const char *why = "";
  if (gc_oscore_context_set_sender(c, id, sec_cred(GC_CURVE_ED25519, member), gc_bytes(pair.private_key, pair.private_len), numbers, &why))
    fail_msg("%s", why);
}

static void sequence_numbers_end(void **state)
{
  (void)state;
  struct pair p = open_pair(&group);
  uint64_t next = GC_PIV_MAX - 1;
  set_sender(p.client, 0, sec_id(0), (struct gc_oscore_numbers){ last_numbers, &next });
  assert_int_equal(gc_oscore_piv_decode(sec_option(ask(&p, sec_get, NULL)).piv), GC_PIV_MAX - 1);
  assert_int_equal(gc_oscore_piv_decode(sec_option(ask(&p, sec_get, &pairwise)).piv), GC_PIV_MAX); /* one space for both modes */
  uint8_t store[256];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_oscore_send how = { 0 };
  assert_int_equal(gc_oscore_protect_request(p.client, sec_get, &how, &out, &p.mine), GC_SEC_EXHAUSTED);
  assert_int_equal(gc_oscore_protect_request(p.client, sec_get, &pairwise, &out, &p.mine), GC_SEC_EXHAUSTED);
  assert_int_equal(out.len, 0);
  /* a response without Partial IV is still possible */
  struct gc_oscore_binding its, mine;
  struct gc_oscore_opened opened;
  struct gc_bytes d = sec_request(p.server, sec_get, NULL, &mine);
  assert_int_equal(sec_open_request(p.client, d, 0, &opened, &its), GC_SEC_OK);
  assert_int_equal(sec_open_response(p.server, sec_response(p.client, sec_content, NULL, &its), 0, &mine, &opened), GC_SEC_OK);
  assert_int_equal(gc_oscore_protect_response(p.client, sec_content, &how, &its, &out), GC_SEC_EXHAUSTED);
  close_pair(&p);
}

static enum gc_err too_large(void *ctx, uint64_t *number)
{
  *number = (uint64_t)GC_PIV_MAX + 1;
  return *(enum gc_err *)ctx;
}

/* @req B9 */
static void a_bad_source_of_numbers(void **state)
{
  (void)state;
  struct pair p = open_pair(&group);
  enum gc_err err = GC_OK;
  uint8_t store[256];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_oscore_send how = { 0 };
  set_sender(p.client, 0, sec_id(0), (struct gc_oscore_numbers){ too_large, &err });
  assert_int_equal(gc_oscore_protect_request(p.client, sec_get, &how, &out, &p.mine), GC_SEC_EXHAUSTED);
  err = GC_E_SYSTEM;
  assert_int_equal(gc_oscore_protect_request(p.client, sec_get, &how, &out, &p.mine), GC_SEC_STATE);
  close_pair(&p);
}

/* @req C3 C4 C60 C61 C134 */
static void modes_that_are_not_in_use(void **state)
{
  (void)state;
  struct sec_options only_pairwise = { .profile = GC_OSCORE_GROUP, .no_group_mode = true }, only_group = { .profile = GC_OSCORE_GROUP, .no_pairwise_mode = true };
  struct sec_options silent = { .profile = GC_OSCORE_GROUP, .is_silent = true };
  struct pair both = open_pair(&group), a = open_pair(&only_pairwise), b = open_pair(&only_group);
  uint8_t store[256];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_oscore_send how = { 0 };
  assert_int_equal(gc_oscore_protect_request(a.client, sec_get, &how, &out, &a.mine), GC_SEC_MODE);
  assert_int_equal(gc_oscore_protect_request(b.client, sec_get, &pairwise, &out, &b.mine), GC_SEC_MODE);
  ask(&a, sec_get, &pairwise);
  answer(&a, sec_content, NULL);
  ask(&b, sec_get, NULL);
  answer(&b, sec_content, NULL);
  struct gc_bytes d = sec_request(both.client, sec_get, NULL, &both.mine);
  assert_int_equal(sec_open_request(a.server, d, 0, &a.opened, &a.its), GC_SEC_MODE);
  d = sec_request(both.client, sec_get, &pairwise, &both.mine);
  assert_int_equal(sec_open_request(b.server, d, 0, &b.opened, &b.its), GC_SEC_MODE);
  /* the Group Flag with a context that is no group's, and that the kid context does not name */
  struct pair p = open_pair(&plain);
  d = sec_request(both.client, sec_get, NULL, &both.mine);
  assert_int_equal(sec_open_request(p.server, d, 0, &p.opened, &p.its), GC_SEC_NO_CONTEXT);
  /* a silent server reads and does not speak */
  struct gc_oscore_context *listener = sec_context(&silent, 1, 3);
  assert_int_equal(sec_open_request(listener, d, 0, &p.opened, &p.its), GC_SEC_OK);
  assert_int_equal(gc_oscore_protect_response(listener, sec_content, &how, &p.its, &out), GC_SEC_SILENT);
  assert_int_equal(gc_oscore_protect_request(listener, sec_get, &how, &out, &p.its), GC_SEC_SILENT);
  d = sec_request(both.client, sec_get, &pairwise, &both.mine);
  assert_int_equal(sec_open_request(listener, d, 0, &p.opened, &p.its), GC_SEC_MODE);
  gc_oscore_context_free(&listener);
  close_pair(&both);
  close_pair(&a);
  close_pair(&b);
  close_pair(&p);
}

/* @req C5 C47 C82 C84 C85 C86 C109 C110 C111 */
static void rekeying_during_an_exchange(void **state)
{
  (void)state;
  struct sec_options old = { .profile = GC_OSCORE_GROUP, .gid = "old", .name = "lights" }, new = { .profile = GC_OSCORE_GROUP, .gid = "new", .name = "lights", .secret = 9 };
  struct pair p = open_pair(&old);
  struct gc_oscore_context *new_client = sec_context(&new, 0, 3), *new_server = sec_context(&new, 1, 3);
  struct gc_oscore_ring *ring = gc_oscore_ring_new();
  struct gc_message outer;
  static uint8_t store[1024];
  ask(&p, sec_get, NULL);
  answer(&p, sec_content, NULL);
  assert_int_equal(gc_oscore_ring_add(ring, p.client), GC_OK);
  assert_int_equal(gc_oscore_ring_add(ring, new_client), GC_OK);
  assert_ptr_equal(gc_oscore_ring_by_name(ring, gc_bytes_str("lights")), new_client);
  for (int i = 0; i < 3; i++) {
    struct gc_bytes d = sec_response(new_server, sec_content, NULL, &p.its);
    struct gc_oscore_option o = sec_option(d);
    assert_int_equal(o.has_kid_context, i == 0); /* the client is told of the new Gid once */
    assert_int_equal(gc_oscore_piv_decode(o.piv), i);
    assert_int_equal(o.piv.len, 1);
    assert_int_equal(gc_message_parse(&outer, d, NULL), GC_OK);
    assert_int_equal(gc_oscore_ring_open_response(ring, &outer, 0, &p.mine, gc_buf(store, sizeof store), &p.opened), GC_SEC_OK);
    assert_ptr_equal(p.opened.context, new_client);
    assert_int_equal(sec_open_response(p.client, d, 0, &p.mine, &p.opened) == GC_SEC_OK, false);
  }
  /* a request names the Gid, and is opened by the context that has it */
  struct gc_oscore_binding b;
  assert_int_equal(gc_message_parse(&outer, sec_request(new_server, sec_get, NULL, &b), NULL), GC_OK);
  assert_int_equal(gc_oscore_ring_open_request(ring, &outer, 0, gc_buf(store, sizeof store), &p.opened, &b), GC_SEC_OK);
  assert_ptr_equal(p.opened.context, new_client);
  assert_int_equal(gc_message_parse(&outer, sec_request(p.server, sec_get, NULL, &b), NULL), GC_OK);
  assert_int_equal(gc_oscore_ring_open_request(ring, &outer, 0, gc_buf(store, sizeof store), &p.opened, &b), GC_SEC_OK);
  assert_ptr_equal(p.opened.context, p.client);
  assert_true(gc_oscore_ring_remove(ring, p.client));
  assert_int_equal(gc_oscore_ring_open_request(ring, &outer, 0, gc_buf(store, sizeof store), &p.opened, &b), GC_SEC_NO_CONTEXT);
  gc_oscore_ring_free(&ring);
  gc_oscore_context_free(&new_server);
  gc_oscore_context_free(&new_client);
  close_pair(&p);
}

/* Two groups with one Gid: both are tried, and the one that verifies is found. @req B8 C6 */
static void equal_gids(void **state)
{
  (void)state;
  struct sec_options a = { .profile = GC_OSCORE_GROUP, .secret = 1 }, b = { .profile = GC_OSCORE_GROUP, .secret = 2 }, c = { .profile = GC_OSCORE_GROUP, .secret = 3 };
  struct pair one = open_pair(&a), two = open_pair(&b), three = open_pair(&c);
  struct gc_oscore_ring *ring = gc_oscore_ring_new();
  struct gc_oscore_context *servers[2] = { one.server, two.server }, *clients[2] = { one.client, two.client };
  struct gc_message outer;
  static uint8_t store[1024];
  for (int i = 0; i < 2; i++)
    assert_int_equal(gc_oscore_ring_add(ring, servers[i]), GC_OK);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(gc_message_parse(&outer, sec_request(clients[i], sec_get, NULL, &one.mine), NULL), GC_OK);
    assert_int_equal(gc_oscore_ring_open_request(ring, &outer, 0, gc_buf(store, sizeof store), &one.opened, &one.its), GC_SEC_OK);
    assert_ptr_equal(one.opened.context, servers[i]);
  }
  sec_request(three.client, sec_get, NULL, &one.mine); /* number 0 was seen already */
  assert_int_equal(gc_message_parse(&outer, sec_request(three.client, sec_get, NULL, &one.mine), NULL), GC_OK);
  assert_int_equal(gc_oscore_ring_open_request(ring, &outer, 0, gc_buf(store, sizeof store), &one.opened, &one.its), GC_SEC_BAD_SIGNATURE);
  gc_oscore_ring_free(&ring);
  close_pair(&one);
  close_pair(&two);
  close_pair(&three);
}

/* @req C87 C37 C109 */
static void new_sender_id_of_a_server(void **state)
{
  (void)state;
  struct pair p = open_pair(&group);
  ask(&p, sec_get, &pairwise);
  set_sender(p.server, 1, gc_bytes("\x99", 1), (struct gc_oscore_numbers){ NULL, NULL });
  const char *why;
  assert_int_equal(gc_oscore_context_add_recipient(p.client, gc_bytes("\x99", 1), sec_cred(GC_CURVE_ED25519, 1), NULL, &why), GC_OK);
  struct gc_oscore_option o = sec_option(answer(&p, sec_content, NULL)); /* another kid, the same public key */
  assert_true(o.has_kid && o.piv.len == 1);
  assert_true(gc_bytes_equal(p.opened.kid, gc_bytes("\x99", 1)));
  close_pair(&p);
}

/* @req C77 */
static void response_of_another_server(void **state)
{
  (void)state;
  struct pair p = open_pair(&group);
  struct gc_oscore_context *other = sec_context(&group, 2, 3);
  ask(&p, sec_get, &pairwise);
  struct gc_oscore_binding stolen = p.its;
  struct gc_oscore_send how = { .is_group = true, .with_kid = true };
  stolen.context = other;
  struct gc_bytes d = sec_response(other, sec_content, &how, &stolen);
  assert_int_equal(sec_open_response(p.client, d, 0, &p.mine, &p.opened), GC_SEC_WRONG_SERVER);
  how.with_kid = false;
  d = sec_response(other, sec_content, &how, &stolen);
  assert_int_equal(sec_open_response(p.client, d, 0, &p.mine, &p.opened), GC_SEC_BAD_SIGNATURE);
  gc_oscore_context_free(&other);
  close_pair(&p);
}

static bool resolve(void *ctx, struct gc_oscore_context *context, struct gc_bytes kid, struct gc_bytes *cred)
{
  (void)context;
  unsigned *asked = ctx;
  (*asked)++;
  if (kid.len != 1 || kid.ptr[0] != 1)
    return false;
  *cred = sec_cred(GC_CURVE_ED25519, 0);
  return true;
}

/* @req C69 C70 C74 */
static void unknown_senders(void **state)
{
  (void)state;
  struct pair p = open_pair(&group);
  unsigned asked = 0;
  assert_int_equal(gc_oscore_context_remove_recipient(p.server, sec_id(0), false), GC_OK);
  struct gc_bytes d = sec_request(p.client, sec_get, NULL, &p.mine);
  assert_int_equal(sec_open_request(p.server, d, 0, &p.opened, &p.its), GC_SEC_NO_CREDENTIAL);
  gc_oscore_context_set_resolver(p.server, (struct gc_oscore_resolver){ resolve, &asked });
  assert_int_equal(sec_open_request(p.server, d, 0, &p.opened, &p.its), GC_SEC_OK);
  assert_int_equal(asked, 1);
  assert_int_equal(sec_open_request(p.server, d, 0, &p.opened, &p.its), GC_SEC_REPLAY);
  assert_int_equal(asked, 1);
  assert_true(gc_bytes_equal(gc_oscore_recipient_subject(p.opened.sender), gc_bytes_str("m0")));
  /* after a deliberate deletion new windows start invalid @req C22 C80 */
  assert_int_equal(gc_oscore_context_remove_recipient(p.server, sec_id(0), true), GC_OK);
  d = sec_request(p.client, sec_get, NULL, &p.mine);
  assert_int_equal(sec_open_request(p.server, d, 0, &p.opened, &p.its), GC_SEC_WINDOW_INVALID);
  assert_int_equal(p.opened.inner.code, 1);
  answer(&p, sec_content, NULL); /* the binding serves for the challenge */
  close_pair(&p);
}

/* @req C126 C127 */
static void signature_checker(void **state)
{
  (void)state;
  struct pair p = open_pair(&group);
  struct gc_oscore_secrets secrets;
  struct gc_oscore_context *checker;
  const char *why = "";
  gc_oscore_context_secrets(p.client, &secrets);
  struct gc_oscore_params params = gc_oscore_params_default(GC_OSCORE_GROUP);
  params.has_id_context = true;
  params.id_context = gc_bytes_str("gid");
  params.gm_cred = sec_cred(GC_CURVE_ED25519, 60000);
  params.signature_encryption_key = gc_bytes(secrets.signature_encryption_key, secrets.signature_encryption_key_len);
  if (gc_oscore_context_new(&checker, &params, &why))
    fail_msg("%s", why);
  for (size_t i = 0; i < 2; i++)
    assert_int_equal(gc_oscore_context_add_recipient(checker, sec_id(i), sec_cred(GC_CURVE_ED25519, i), NULL, NULL), GC_OK);
  struct gc_oscore_binding seen;
  struct gc_bytes d = ask(&p, sec_get, NULL);
  assert_int_equal(sec_open_request(checker, d, GC_OPEN_NO_REPLAY, &p.opened, &seen), GC_SEC_NOT_DECRYPTED);
  assert_true(p.opened.is_verified && !p.opened.inner.options.ptr && !p.opened.inner.payload.ptr);
  struct gc_bytes r = answer(&p, sec_content, NULL);
  assert_int_equal(sec_open_response(checker, r, 0, &seen, &p.opened), GC_SEC_NOT_DECRYPTED);
  uint8_t copy[512];
  memcpy(copy, d.ptr, d.len);
  copy[d.len - 70] ^= 1;
  assert_int_equal(sec_open_request(checker, gc_bytes(copy, d.len), GC_OPEN_NO_REPLAY, &p.opened, &seen), GC_SEC_BAD_SIGNATURE);
  d = ask(&p, sec_get, &pairwise);
  assert_int_not_equal(sec_open_request(checker, d, GC_OPEN_NO_REPLAY, &p.opened, &seen), GC_SEC_OK);
  gc_oscore_context_free(&checker);
  close_pair(&p);
}

/* One shared context with many recipients, as KNX IoT has over multicast: responses without kid are told by trying. */
static void plain_context_with_many_recipients(void **state)
{
  (void)state;
  struct sec_options shared = { .profile = GC_OSCORE_PLAIN, .gid = "knx" };
  struct pair p = open_pair(&shared);
  struct gc_oscore_context *third = sec_context(&shared, 2, 3);
  struct gc_bytes d = ask(&p, sec_get, NULL);
  struct gc_oscore_binding its;
  struct gc_oscore_opened opened;
  assert_int_equal(sec_open_request(third, d, 0, &opened, &its), GC_SEC_OK);
  answer(&p, sec_content, NULL);
  assert_true(gc_bytes_equal(p.opened.kid, sec_id(1)));
  assert_int_equal(sec_open_response(p.client, sec_response(third, sec_content, NULL, &its), 0, &p.mine, &opened), GC_SEC_OK);
  assert_true(gc_bytes_equal(opened.kid, sec_id(2)));
  gc_oscore_context_free(&third);
  close_pair(&p);
}

static void all_algorithms_both_ways(void **state)
{
  (void)state;
  static const int32_t curves[] = { GC_CURVE_ED25519, GC_CURVE_ED448, GC_CURVE_P256, GC_CURVE_P384, GC_CURVE_P521 };
  for (size_t i = 0; gc_alg_at(i); i++)
    for (size_t k = 0; k < N(curves); k++) {
      const struct gc_alg *alg = gc_alg_at(i);
      if (alg->kind != GC_ALG_AEAD && alg->kind != GC_ALG_CIPHER)
        continue;
      struct sec_options o = { .profile = GC_OSCORE_GROUP, .curve = curves[k], .group_enc_alg = alg->id };
      if (k % 2) {
        o.hkdf_alg = GC_ALG_HMAC_512;
        o.ecdh_alg = GC_ALG_ECDH_SS_512;
      }
      if (alg->kind == GC_ALG_AEAD)
        o.aead_alg = alg->id;
      struct pair p = open_pair(&o);
      ask(&p, sec_get, NULL);
      answer(&p, sec_content, NULL);
      ask(&p, sec_get, &pairwise);
      answer(&p, sec_content, NULL);
      close_pair(&p);
    }
}

/* Lengths around the limits of CBOR heads, options and algorithms; the largest message. */
static void payload_lengths(void **state)
{
  (void)state;
  static const size_t lens[] = { 0, 1, 12, 13, 23, 24, 255, 256, 268, 269, 1024, 65000 };
  static uint8_t big[65536], store[70000];
  struct pair p = open_pair(&group);
  memset(big, 0x5a, sizeof big);
  for (size_t i = 0; i < N(lens); i++) {
    uint8_t *b = store;
    b[0] = GC_CODE(0, 2);
    b[1] = 0xff;
    memcpy(b + 2, big, lens[i]);
    struct gc_bytes d = ask(&p, gc_bytes(b, lens[i] ? lens[i] + 2 : 1), NULL);
    assert_true(gc_bytes_equal(p.opened.inner.payload, gc_bytes(big, lens[i])));
    assert_true(d.len <= lens[i] + 5 + gc_oscore_context_overhead(p.client, GC_MODE_GROUP) + 12);
    /* a buffer that is too small is told, and nothing is written beyond it */
    struct gc_oscore_send how = { 0 };
    struct gc_oscore_binding b2;
    for (size_t cap = d.len > 200 ? d.len - 10 : 0; cap < d.len - 4; cap++) {
      static uint8_t small[70000];
      small[cap] = 0xee;
      struct gc_buf out = gc_buf(small, cap);
      assert_int_equal(gc_oscore_protect_request(p.client, gc_bytes(b, lens[i] ? lens[i] + 2 : 1), &how, &out, &b2), GC_SEC_SPACE);
      assert_int_equal(small[cap], 0xee);
    }
  }
  close_pair(&p);
}

/* B1, C5: parameters that do not fit are refused with a reason. @req B6 C10 C13 C15 C19 */
static void bad_parameters(void **state)
{
  (void)state;
  struct gc_oscore_context *c;
  const char *why = NULL;
  struct gc_oscore_params good = gc_oscore_params_default(GC_OSCORE_GROUP), p;
  good.master_secret = gc_bytes("0123456789abcdef", 16);
  good.has_id_context = true;
#define REFUSED(change, err) \
  p = good; \
  why = NULL; \
  change; \
  assert_int_equal(gc_oscore_context_new(&c, &p, &why), err); \
  assert_null(c); \
  assert_non_null(why)
  REFUSED(p.group_enc_alg = GC_ALG_A128CBC, GC_E_UNSUPPORTED);
  REFUSED(p.group_enc_alg = GC_ALG_EDDSA, GC_E_UNSUPPORTED);
  REFUSED(p.aead_alg = GC_ALG_A128CTR, GC_E_UNSUPPORTED);
  REFUSED(p.hkdf_alg = GC_ALG_HMAC_512, GC_E_MALFORMED);
  REFUSED(p.hkdf_alg = 4711, GC_E_UNSUPPORTED);
  REFUSED(p.hkdf_alg = 0, GC_E_MALFORMED);
  REFUSED(p.has_id_context = false, GC_E_MALFORMED);
  REFUSED(p.sign_alg = p.ecdh_alg = 0, GC_E_MALFORMED);
  REFUSED(p.replay_window = 65, GC_E_RANGE);
  REFUSED(p.master_secret.len = 256, GC_E_RANGE);
  REFUSED(p.master_secret.len = 0, GC_E_RANGE);
  p = good;
  p.aead_alg = GC_ALG_CCM_64_64_128; /* seven bytes of nonce: IDs of one byte */
  assert_int_equal(gc_oscore_context_new(&c, &p, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_add_recipient(c, gc_bytes("ab", 2), sec_cred(GC_CURVE_ED25519, 0), NULL, &why), GC_E_RANGE);
  assert_int_equal(gc_oscore_context_add_recipient(c, gc_bytes("a", 1), sec_cred(GC_CURVE_P256, 0), NULL, &why), GC_E_MALFORMED);
  assert_int_equal(gc_oscore_context_add_recipient(c, gc_bytes("a", 1), gc_bytes(NULL, 0), NULL, &why), GC_E_MALFORMED);
  assert_int_equal(gc_oscore_context_add_recipient(c, gc_bytes("a", 1), sec_cred(GC_CURVE_ED25519, 0), NULL, &why), GC_OK);
  assert_int_equal(gc_oscore_context_add_recipient(c, gc_bytes("a", 1), sec_cred(GC_CURVE_ED25519, 1), NULL, &why), GC_E_EXISTS);
  struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, 1);
  struct gc_bytes key = gc_bytes(pair.private_key, 32);
  struct gc_oscore_numbers none = { NULL, NULL };
  assert_int_equal(gc_oscore_context_set_sender(c, gc_bytes("a", 1), sec_cred(GC_CURVE_ED25519, 1), key, none, &why), GC_E_EXISTS);
  assert_int_equal(gc_oscore_context_set_sender(c, gc_bytes("b", 1), sec_cred(GC_CURVE_ED25519, 2), key, none, &why), GC_E_MALFORMED);
  assert_int_equal(gc_oscore_context_set_sender(c, gc_bytes("b", 1), sec_cred(GC_CURVE_ED25519, 1), gc_bytes("x", 1), none, &why), GC_E_RANGE);
  assert_false(gc_oscore_context_has_sender(c));
  assert_int_equal(gc_oscore_context_set_sender(c, gc_bytes("b", 1), sec_cred(GC_CURVE_ED25519, 1), key, none, &why), GC_OK);
  gc_oscore_context_free(&c);
}

/* An ID that is empty differs from none, and from an ID that is a zero byte. @req B5 C21 */
static void ids_are_bytes(void **state)
{
  (void)state;
  struct sec_options o = { .profile = GC_OSCORE_PLAIN };
  struct gc_oscore_context *c = sec_context(&o, 0, 1);
  struct gc_bytes none = { NULL, 0 };
  static const struct gc_bytes ids[] = { { NULL, 0 }, { (const uint8_t *)"\0", 1 }, { (const uint8_t *)"\0\0", 2 }, { (const uint8_t *)"A", 1 }, { (const uint8_t *)"a", 1 },
                                         { (const uint8_t *)"\0A", 2 }, { (const uint8_t *)"1234567", 7 } };
  for (size_t i = 0; i < N(ids); i++)
    assert_int_equal(gc_oscore_context_add_recipient(c, ids[i], none, NULL, NULL), GC_OK);
  for (size_t i = 0; i < N(ids); i++)
    assert_ptr_equal(gc_oscore_context_find(c, ids[i]), gc_oscore_context_at(c, i));
  assert_int_equal(gc_oscore_context_add_recipient(c, gc_bytes("12345678", 8), none, NULL, NULL), GC_E_RANGE);
  assert_null(gc_oscore_context_find(c, gc_bytes("12345678", 8)));
  for (size_t i = 0; i < N(ids); i += 2)
    assert_int_equal(gc_oscore_context_remove_recipient(c, ids[i], false), GC_OK);
  for (size_t i = 0; i < N(ids); i++)
    assert_int_equal(gc_oscore_context_find(c, ids[i]) == NULL, i % 2 == 0);
  gc_oscore_context_free(&c);
}

static void a_thousand_members(void **state)
{
  (void)state;
  struct sec_options o = { .profile = GC_OSCORE_GROUP };
  struct gc_oscore_context *client = sec_context(&o, 0, 1001);
  assert_int_equal(gc_oscore_context_count(client), 1000);
  struct sec_options limited = { .profile = GC_OSCORE_GROUP, .max_recipients = 1 };
  struct gc_oscore_context *small = sec_context(&limited, 0, 2);
  assert_int_equal(gc_oscore_context_add_recipient(small, sec_id(5), sec_cred(GC_CURVE_ED25519, 5), NULL, NULL), GC_E_LIMIT);
  gc_oscore_context_free(&small);
  for (size_t i = 1; i <= 1000; i += 111) {
    struct sec_options one = { .profile = GC_OSCORE_GROUP };
    struct gc_oscore_context *server = sec_context(&one, i, 1);
    set_sender(server, i, sec_id(i), (struct gc_oscore_numbers){ NULL, NULL });
    struct pair p = { .client = client, .server = server };
    ask(&p, sec_get, NULL);
    answer(&p, sec_content, NULL);
    assert_true(gc_bytes_equal(p.opened.kid, sec_id(i)));
    struct gc_oscore_send how = { .is_pairwise = true, .peer = sec_id(i) };
    ask(&p, sec_get, &how);
    answer(&p, sec_content, NULL);
    gc_oscore_context_free(&server);
  }
  assert_int_equal(gc_oscore_context_prepare(client), GC_OK);
  gc_oscore_context_free(&client);
}

static enum gc_sec ask_again(struct pair *p)
{
  return sec_open_request(p->server, sec_request(p->client, sec_get, NULL, &p->mine), 0, &p->opened, &p->its);
}

/* Requests are a requester's, responses a responder's; what is only looked at is opened whoever sent it. @req JN-30 */
static void roles_of_members(void **state)
{
  (void)state;
  struct pair p = open_pair(&group);
  struct gc_oscore_binding binding;
  struct gc_oscore_recipient *client = gc_oscore_context_find(p.server, sec_id(0)), *server = gc_oscore_context_find(p.client, sec_id(1));
  gc_oscore_recipient_set_roles(client, false, true);
  struct gc_bytes d = sec_request(p.client, sec_get, NULL, &p.mine);
  assert_int_equal(sec_open_request(p.server, d, 0, &p.opened, &p.its), GC_SEC_ROLE);
  assert_int_equal(sec_open_request(p.server, d, GC_OPEN_NO_REPLAY, &p.opened, &binding), GC_SEC_OK);
  gc_oscore_recipient_set_roles(client, true, false);
  assert_int_equal(sec_open_request(p.server, d, 0, &p.opened, &p.its), GC_SEC_OK); /* it was not counted as received */
  gc_oscore_recipient_set_roles(server, true, false);
  d = sec_response(p.server, sec_content, NULL, &p.its);
  assert_int_equal(sec_open_response(p.client, d, 0, &p.mine, &p.opened), GC_SEC_ROLE);
  gc_oscore_recipient_set_roles(server, false, true);
  assert_int_equal(sec_open_response(p.client, d, 0, &p.mine, &p.opened), GC_SEC_OK);
  gc_oscore_recipient_set_roles(client, false, false); /* a monitor */
  assert_int_equal(ask_again(&p), GC_SEC_ROLE);
  close_pair(&p);
}

int main(void)
{
  if (gc_crypto_init())
    return 1;
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(options_by_class),
    cmocka_unit_test(proxy_uri_is_split),
    cmocka_unit_test(error_responses),
    cmocka_unit_test(aad_of_groups_with_one_mode),
    cmocka_unit_test(no_plaintext_before_verification),
    cmocka_unit_test(outer_options_on_reception),
    cmocka_unit_test(two_oscore_options_are_refused),
    cmocka_unit_test(partial_iv_and_kid_of_responses),
    cmocka_unit_test(challenges_have_a_partial_iv),
    cmocka_unit_test(own_requests_are_answered_with_partial_iv),
    cmocka_unit_test(notifications),
    cmocka_unit_test(sequence_numbers_end),
    cmocka_unit_test(a_bad_source_of_numbers),
    cmocka_unit_test(modes_that_are_not_in_use),
    cmocka_unit_test(rekeying_during_an_exchange),
    cmocka_unit_test(equal_gids),
    cmocka_unit_test(new_sender_id_of_a_server),
    cmocka_unit_test(response_of_another_server),
    cmocka_unit_test(unknown_senders),
    cmocka_unit_test(roles_of_members),
    cmocka_unit_test(signature_checker),
    cmocka_unit_test(plain_context_with_many_recipients),
    cmocka_unit_test(all_algorithms_both_ways),
    cmocka_unit_test(payload_lengths),
    cmocka_unit_test(bad_parameters),
    cmocka_unit_test(ids_are_bytes),
    cmocka_unit_test(a_thousand_members),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
