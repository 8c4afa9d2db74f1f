/* Replayed and reordered responses; Echo challenges. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/oscore_rig.h"
#include "crypto/secret.h"
#include "oscore/echo.h"
#include "oscore/exchange.h"

struct rig {
  struct gc_oscore_context *client, *servers[2];
  struct gc_oscore_binding mine, its[2];
  struct gc_oscore_opened opened;
};

static struct rig ask(void)
{
  struct sec_options options = { .profile = GC_OSCORE_GROUP };
  struct rig r = { .client = sec_context(&options, 0, 4) };
  struct gc_bytes d = sec_request(r.client, sec_get, NULL, &r.mine);
  for (size_t i = 0; i < 2; i++) {
    r.servers[i] = sec_context(&options, i + 1, 4);
    assert_int_equal(sec_open_request(r.servers[i], d, 0, &r.opened, &r.its[i]), GC_SEC_OK);
  }
  return r;
}

static void done(struct rig *r)
{
  gc_oscore_context_free(&r->client);
  gc_oscore_context_free(&r->servers[0]);
  gc_oscore_context_free(&r->servers[1]);
}

static enum gc_sec take(struct rig *r, struct gc_oscore_exchange *e, struct gc_bytes d, bool *newest)
{
  assert_int_equal(sec_open_response(r->client, d, 0, &r->mine, &r->opened), GC_SEC_OK);
  return gc_oscore_exchange_accept(e, &r->opened, newest);
}

/* @req B64 C81 C88 C89 C90 C91 C92 */
static void several_responses(void **state)
{
  (void)state;
  struct rig r = ask();
  struct gc_oscore_exchange *e = gc_oscore_exchange_new(true, 1, 4);
  struct gc_bytes d[7];
  bool newest;
  for (size_t i = 0; i < 7; i++)
    d[i] = sec_response(r.servers[0], sec_content, NULL, &r.its[0]); /* none, 0, 1, 2, 3, 4, 5 */
  assert_int_equal(take(&r, e, d[2], &newest), GC_SEC_OK); /* 1 */
  assert_true(newest);
  assert_int_equal(take(&r, e, d[0], &newest), GC_SEC_OK); /* the one without Partial IV is the oldest, whenever it comes */
  assert_false(newest);
  assert_int_equal(take(&r, e, d[0], &newest), GC_SEC_UNEXPECTED);
  assert_int_equal(take(&r, e, d[1], &newest), GC_SEC_OK);
  assert_false(newest);
  assert_int_equal(take(&r, e, d[1], &newest), GC_SEC_REPLAY);
  assert_int_equal(take(&r, e, d[6], &newest), GC_SEC_OK);
  assert_true(newest);
  assert_int_equal(take(&r, e, d[2], &newest), GC_SEC_TOO_OLD);
  assert_int_equal(take(&r, e, d[3], &newest), GC_SEC_OK);
  assert_int_equal(take(&r, e, d[3], &newest), GC_SEC_REPLAY);
  /* another server has its own numbers */
  for (size_t i = 0; i < 2; i++)
    assert_int_equal(take(&r, e, sec_response(r.servers[1], sec_content, NULL, &r.its[1]), &newest), GC_SEC_OK);
  assert_int_equal(gc_oscore_exchange_count(e), 2);
  gc_oscore_exchange_free(&e);
  gc_oscore_exchange_free(&e);
  done(&r);
}

static void only_newer_ones(void **state)
{
  (void)state;
  struct rig r = ask();
  struct gc_oscore_exchange *e = gc_oscore_exchange_new(true, 0, 1);
  struct gc_bytes d[3];
  for (size_t i = 0; i < 3; i++)
    d[i] = sec_response(r.servers[0], sec_content, NULL, &r.its[0]);
  assert_int_equal(take(&r, e, d[2], NULL), GC_SEC_OK);
  assert_int_equal(take(&r, e, d[1], NULL), GC_SEC_TOO_OLD);
  assert_int_equal(take(&r, e, d[2], NULL), GC_SEC_REPLAY);
  gc_oscore_exchange_free(&e);
  done(&r);
}

static void one_response_where_one_is_due(void **state)
{
  (void)state;
  struct rig r = ask();
  struct gc_oscore_exchange *e = gc_oscore_exchange_new(false, 1, 32);
  assert_int_equal(take(&r, e, sec_response(r.servers[0], sec_content, NULL, &r.its[0]), NULL), GC_SEC_OK);
  assert_int_equal(take(&r, e, sec_response(r.servers[0], sec_content, NULL, &r.its[0]), NULL), GC_SEC_UNEXPECTED);
  assert_int_equal(take(&r, e, sec_response(r.servers[1], sec_content, NULL, &r.its[1]), NULL), GC_SEC_UNEXPECTED);
  gc_oscore_exchange_free(&e);
  done(&r);
}

/* @req C93 */
static void another_kid_of_the_same_server(void **state)
{
  (void)state;
  struct rig r = ask();
  struct gc_oscore_exchange *e = gc_oscore_exchange_new(true, 4, 32);
  struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, 1);
  assert_int_equal(take(&r, e, sec_response(r.servers[0], sec_content, NULL, &r.its[0]), NULL), GC_SEC_OK);
  assert_int_equal(gc_oscore_context_set_sender(r.servers[0], gc_bytes("\x77", 1), sec_cred(GC_CURVE_ED25519, 1), gc_bytes(pair.private_key, 32),
                                                (struct gc_oscore_numbers){ NULL, NULL }, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_add_recipient(r.client, gc_bytes("\x77", 1), sec_cred(GC_CURVE_ED25519, 1), NULL, NULL), GC_OK);
  assert_int_equal(take(&r, e, sec_response(r.servers[0], sec_content, NULL, &r.its[0]), NULL), GC_SEC_UNEXPECTED);
  gc_oscore_exchange_free(&e);
  done(&r);
}

/* A thousand servers, each twice, in little time. */
static void many_servers(void **state)
{
  (void)state;
  struct gc_oscore_exchange *e = gc_oscore_exchange_new(true, 10, 32);
  struct sec_options options = { .profile = GC_OSCORE_PLAIN };
  struct gc_oscore_context *c = sec_context(&options, 0, 2);
  for (int round = 0; round < 2; round++)
    for (unsigned i = 0; i < 5000; i++) {
      uint8_t kid[2] = { (uint8_t)(i >> 8), (uint8_t)i };
      struct gc_oscore_opened o = { .context = c, .kid = gc_bytes(kid, 2), .option = { .piv = gc_bytes("\x05", 1) } };
      assert_int_equal(gc_oscore_exchange_accept(e, &o, NULL), round ? GC_SEC_REPLAY : GC_SEC_OK);
    }
  assert_int_equal(gc_oscore_exchange_count(e), 5000);
  gc_oscore_exchange_free(&e);
  gc_oscore_context_free(&c);
}

static struct gc_bytes with_echo(const uint8_t *value, size_t len)
{
  static uint8_t body[64];
  memcpy(body, "\x01\xd8\xef", 3); /* GET, option 252 */
  body[1] = (uint8_t)(0xd0 | len);
  memcpy(body + 3, value, len);
  return gc_bytes(body, 3 + len);
}

/* @req B53 C80 C100 C101 C103 C104 C106 A105 */
static void echo_recovers_a_window(void **state)
{
  (void)state;
  struct rig r = ask();
  struct gc_oscore_context *server = r.servers[0];
  struct gc_oscore_echo *echo = gc_oscore_echo_new(1);
  struct gc_oscore_binding its;
  uint64_t seed = 1;
  struct gc_rng rng = gc_rng_seeded(&seed);
  uint8_t value[GC_ECHO_LEN], store[64];
  gc_oscore_recipient_window(gc_oscore_context_find(server, sec_id(0)))->is_valid = false;
  struct gc_bytes old = sec_request(r.client, sec_get, NULL, &r.mine), kept;
  static uint8_t copy[256];
  memcpy(copy, old.ptr, old.len);
  kept = gc_bytes(copy, old.len);
  assert_int_equal(sec_open_request(server, kept, 0, &r.opened, &its), GC_SEC_WINDOW_INVALID);
  assert_false(gc_oscore_echo_check(echo, &r.opened, &its, 0, 1000, 99999));
  gc_oscore_echo_make(echo, &its, rng, 100, value);
  struct gc_buf body = gc_buf(store, sizeof store);
  assert_int_equal(gc_oscore_echo_body(&body, value), GC_OK);
  struct gc_bytes challenge = sec_response(server, gc_buf_bytes(&body), NULL, &its);
  assert_int_equal(sec_option(challenge).piv.len, 1);
  assert_int_equal(sec_open_response(r.client, challenge, 0, &r.mine, &r.opened), GC_SEC_OK);
  assert_int_equal(r.opened.inner.code, GC_CODE(4, 1));
  struct gc_option option;
  assert_true(gc_option_find(r.opened.inner.options, 252, &option));
  assert_memory_equal(option.value.ptr, value, GC_ECHO_LEN);

  struct gc_oscore_send how = { .is_pairwise = true, .peer = sec_id(1) };
  uint8_t wrong[GC_ECHO_LEN];
  memcpy(wrong, value, sizeof wrong);
  wrong[7] ^= 1;
  assert_int_equal(sec_open_request(server, sec_request(r.client, with_echo(wrong, 8), &how, &r.mine), 0, &r.opened, &its), GC_SEC_WINDOW_INVALID);
  assert_false(gc_oscore_echo_check(echo, &r.opened, &its, 200, 1000, 99999));
  assert_int_equal(sec_open_request(server, sec_request(r.client, with_echo(value, 7), &how, &r.mine), 0, &r.opened, &its), GC_SEC_WINDOW_INVALID);
  assert_false(gc_oscore_echo_check(echo, &r.opened, &its, 200, 1000, 99999));
  struct gc_bytes fresh = sec_request(r.client, with_echo(value, 8), &how, &r.mine);
  assert_int_equal(sec_open_request(server, fresh, 0, &r.opened, &its), GC_SEC_WINDOW_INVALID);
  assert_false(gc_oscore_echo_check(echo, &r.opened, &its, 1101, 1000, 99999)); /* too late */
  assert_true(gc_oscore_echo_check(echo, &r.opened, &its, 1100, 1000, 99999));
  assert_false(gc_oscore_echo_check(echo, &r.opened, &its, 1100, 1000, 99999)); /* once */
  /* the window is valid from here on */
  assert_int_equal(sec_open_request(server, fresh, 0, &r.opened, &its), GC_SEC_REPLAY);
  assert_int_not_equal(sec_open_request(server, kept, 0, &r.opened, &its), GC_SEC_OK);
  assert_int_equal(sec_open_request(server, sec_request(r.client, sec_get, NULL, &r.mine), 0, &r.opened, &its), GC_SEC_OK);
  gc_oscore_echo_free(&echo);
  done(&r);
}

/* @req C101 C103 */
static void echo_values_are_bound_and_bounded(void **state)
{
  (void)state;
  struct rig r = ask();
  struct gc_oscore_echo *echo = gc_oscore_echo_new(16);
  uint64_t seed = 1;
  struct gc_rng rng = gc_rng_seeded(&seed);
  uint8_t value[GC_ECHO_LEN];
  struct gc_oscore_binding its;
  gc_oscore_echo_make(echo, &r.its[0], rng, 0, value);
  assert_int_equal(sec_open_request(r.servers[0], sec_request(r.client, with_echo(value, 8), NULL, &r.mine), 0, &r.opened, &its), GC_SEC_OK);
  struct gc_oscore_binding other = its;
  other.request_kid[0] = 4;
  assert_false(gc_oscore_echo_check(echo, &r.opened, &other, 0, 1000, 99999));
  gc_oscore_echo_drop(echo, r.servers[0]);
  assert_false(gc_oscore_echo_check(echo, &r.opened, &its, 0, 1000, 99999));
  assert_true(gc_oscore_echo_check(echo, &r.opened, &its, 0, 1000, 999)); /* nothing stored, and the context is young */
  for (unsigned i = 0; i < 10000; i++) { /* memory stays what it was */
    other.request_kid_len = 2;
    other.request_kid[0] = (uint8_t)(i >> 8);
    other.request_kid[1] = (uint8_t)i;
    gc_oscore_echo_make(echo, &other, rng, i, value);
  }
  gc_oscore_echo_free(&echo);
  done(&r);
}

int main(void)
{
  if (gc_crypto_init())
    return 1;
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(several_responses),          cmocka_unit_test(only_newer_ones),
    cmocka_unit_test(one_response_where_one_is_due), cmocka_unit_test(another_kid_of_the_same_server),
    cmocka_unit_test(many_servers),               cmocka_unit_test(echo_recovers_a_window),
    cmocka_unit_test(echo_values_are_bound_and_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
