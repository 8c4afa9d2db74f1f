/* What an attacker may do to a message: bits, lengths, other groups, other requests, replays. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/oscore_rig.h"
#include "crypto/hkdf.h"
#include "crypto/secret.h"

/* One message of each kind, and who opens it with which binding. */
struct specimen {
  const char *name;
  struct gc_bytes datagram;
  struct gc_oscore_context *receiver;
  struct gc_oscore_binding binding;
  bool is_request;
};

#define SPECIMENS_MAX 32

static struct gc_oscore_context *contexts[16];
static size_t context_count;
static struct specimen specimens[SPECIMENS_MAX];
static size_t specimen_count;

static struct gc_oscore_context *keep(struct gc_oscore_context *context)
{
  contexts[context_count++] = context;
  return context;
}

static void add(const char *name, struct gc_bytes datagram, struct gc_oscore_context *receiver, bool is_request, const struct gc_oscore_binding *binding)
{
  static uint8_t stores[SPECIMENS_MAX][512];
  struct specimen *s = &specimens[specimen_count];
  memcpy(stores[specimen_count], datagram.ptr, datagram.len);
  *s = (struct specimen){ name, gc_bytes(stores[specimen_count++], datagram.len), receiver, { 0 }, is_request };
  if (binding)
    s->binding = *binding;
}

static void add_exchange(const char *name, const struct sec_options *options, bool is_pairwise)
{
  struct gc_oscore_context *client = keep(sec_context(options, 0, 3)), *server = keep(sec_context(options, 1, 3));
  struct gc_oscore_binding mine, its;
  struct gc_oscore_opened opened;
  struct gc_oscore_send how = { .is_pairwise = is_pairwise, .peer = sec_id(1) };
  struct gc_bytes request = sec_request(client, sec_get, &how, &mine);
  add(name, request, server, true, NULL);
  assert_int_equal(sec_open_request(server, request, GC_OPEN_NO_REPLAY, &opened, &its), GC_SEC_OK);
  add(name, sec_response(server, sec_content, NULL, &its), client, false, &mine);
  how = (struct gc_oscore_send){ .with_piv = true };
  add(name, sec_response(server, sec_content, &how, &its), client, false, &mine);
  if (options->profile == GC_OSCORE_GROUP && !options->no_pairwise_mode && !options->no_group_mode) {
    how = is_pairwise ? (struct gc_oscore_send){ .is_group = true } : (struct gc_oscore_send){ .as_pairwise = true };
    add(name, sec_response(server, sec_content, &how, &its), client, false, &mine);
  }
}

static enum gc_sec open_specimen(const struct specimen *s, struct gc_bytes datagram)
{
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  return s->is_request ? sec_open_request(s->receiver, datagram, GC_OPEN_NO_REPLAY, &opened, &binding)
                       : sec_open_response(s->receiver, datagram, GC_OPEN_NO_REPLAY, &s->binding, &opened);
}

static int set_up(void **state)
{
  (void)state;
  add_exchange("group", &(struct sec_options){ .profile = GC_OSCORE_GROUP }, false);
  add_exchange("pairwise", &(struct sec_options){ .profile = GC_OSCORE_GROUP, .aead_alg = GC_ALG_CCM_16_128_128 }, true);
  add_exchange("group A128CTR", &(struct sec_options){ .profile = GC_OSCORE_GROUP, .group_enc_alg = GC_ALG_A128CTR, .no_pairwise_mode = true }, false);
  add_exchange("group ES256", &(struct sec_options){ .profile = GC_OSCORE_GROUP, .curve = GC_CURVE_P256 }, false);
  add_exchange("OSCORE", &(struct sec_options){ .profile = GC_OSCORE_PLAIN, .aead_alg = GC_ALG_CCM_16_128_128 }, false);
  add_exchange("draft -02", &(struct sec_options){ .profile = GC_OSCORE_GROUP_02 }, false);
  for (size_t i = 0; i < specimen_count; i++)
    if (open_specimen(&specimens[i], specimens[i].datagram))
      fail_msg("%s %zu", specimens[i].name, i);
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  while (context_count)
    gc_oscore_context_free(&contexts[--context_count]);
  return 0;
}

/* Where the OSCORE option of a datagram begins: behind header, token and no other option. */
#define OPTION_AT 5

/* @req C72 B47 B49 */
static void every_flipped_bit_is_refused(void **state)
{
  (void)state;
  unsigned count = 0;
  for (size_t i = 0; i < specimen_count; i++) {
    uint8_t copy[512];
    struct gc_bytes d = specimens[i].datagram;
    for (size_t bit = OPTION_AT * 8; bit < d.len * 8; bit++, count++) {
      memcpy(copy, d.ptr, d.len);
      copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
      if (open_specimen(&specimens[i], gc_bytes(copy, d.len)) == GC_SEC_OK) {
        fail_msg("%s %zu: bit %zu", specimens[i].name, i, bit);
      }
    }
  }
  print_message("# %u flipped bits refused\n", count);
  assert_true(count > 10000);
}

static void every_truncation_is_refused(void **state)
{
  (void)state;
  for (size_t i = 0; i < specimen_count; i++)
    for (size_t len = 0; len < specimens[i].datagram.len; len++)
      if (open_specimen(&specimens[i], gc_bytes(specimens[i].datagram.ptr, len)) == GC_SEC_OK)
        fail_msg("%s %zu: first %zu bytes", specimens[i].name, i, len);
}

static void added_bytes_are_refused(void **state)
{
  (void)state;
  uint8_t copy[520] = { 0 };
  for (size_t i = 0; i < specimen_count; i++)
    for (size_t more = 1; more <= 8; more++) {
      memcpy(copy, specimens[i].datagram.ptr, specimens[i].datagram.len);
      assert_int_not_equal(open_specimen(&specimens[i], gc_bytes(copy, specimens[i].datagram.len + more)), GC_SEC_OK);
    }
}

/* The result names what failed. */
static void says_what_failed(void **state)
{
  (void)state;
  const struct specimen *s = &specimens[0];
  uint8_t copy[512];
  struct gc_bytes d = specimens[0].datagram;
  struct { size_t at; uint8_t flip; enum gc_sec expected; } rows[] = {
    { OPTION_AT + 1, 0x40, GC_SEC_BAD_OPTION },       /* reserved flag */
    { OPTION_AT + 1, 0x08, GC_SEC_BAD_OPTION },       /* no kid */
    { OPTION_AT + 1, 0x20, GC_SEC_BAD_TAG },          /* pairwise mode */
    { OPTION_AT + 2, 0x01, GC_SEC_BAD_SIGNATURE },    /* Partial IV */
    { OPTION_AT + 4, 0x01, GC_SEC_NO_CONTEXT },       /* Gid */
    { OPTION_AT + 7, 0x40, GC_SEC_NO_CREDENTIAL },    /* kid */
    { OPTION_AT + 7, 0x03, GC_SEC_OWN_KID },          /* 1 becomes 2 */
    { d.len - 1, 0x01, GC_SEC_BAD_SIGNATURE },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    memcpy(copy, d.ptr, d.len);
    copy[rows[i].at] ^= rows[i].flip;
    enum gc_sec result = open_specimen(s, gc_bytes(copy, d.len));
    if (result != rows[i].expected)
      fail_msg("row %zu: %s", i, gc_sec_name(result));
  }
  assert_int_equal(open_specimen(s, gc_bytes(d.ptr, OPTION_AT + 9 + 60)), GC_SEC_BAD_PAYLOAD);
  assert_int_equal(open_specimen(s, gc_bytes("\x51\x02\x00\x01\x74", 5)), GC_SEC_NOT_PROTECTED);
}

/* A response is bound to its request. @req B27 C47 */
static void response_of_another_request(void **state)
{
  (void)state;
  for (size_t i = 0; i < specimen_count; i++) {
    struct specimen s = specimens[i];
    if (s.is_request)
      continue;
    s.binding.request_piv[0] ^= 1;
    assert_int_not_equal(open_specimen(&s, s.datagram), GC_SEC_OK);
    s.binding.request_piv[0] ^= 1;
    s.binding.request_kid[0] ^= 1;
    assert_int_not_equal(open_specimen(&s, s.datagram), GC_SEC_OK);
    s.binding.request_kid[0] ^= 1;
    assert_int_equal(open_specimen(&s, s.datagram), GC_SEC_OK);
    if (strcmp(s.name, "group") == 0) {
      s.binding.request_kid_context[0] ^= 1;
      assert_int_not_equal(open_specimen(&s, s.datagram), GC_SEC_OK);
    }
  }
}

/* draft, Section 14.7: a member of two groups takes the signature of another member of both from the first into the second.
 * @req C46 C45 C43 */
static void cross_group_injection(void **state)
{
  (void)state;
  for (int with_same_gid = 0; with_same_gid < 2; with_same_gid++) {
    struct sec_options first = { .profile = GC_OSCORE_GROUP, .gid = "one", .secret = 1 };
    struct sec_options second = { .profile = GC_OSCORE_GROUP, .gid = with_same_gid ? "one" : "two", .secret = 2 };
    struct gc_oscore_context *victim = sec_context(&first, 0, 3), *target = sec_context(&second, 1, 3);
    struct gc_oscore_binding binding;
    struct gc_oscore_opened opened;
    uint8_t signature[64], keystream[64], ciphertext[64], copy[512];
    struct gc_oscore_trace trace = { .signature = gc_buf(signature, 64), .ciphertext = gc_buf(ciphertext, 64) };
    gc_oscore_context_trace(victim, &trace);
    struct gc_bytes d = sec_request(victim, sec_get, NULL, &binding);
    /* the attacker knows the second group's Signature Encryption Key: encrypt the same signature for it */
    memcpy(copy, d.ptr, d.len);
    if (!with_same_gid)
      memcpy(copy + OPTION_AT + 4, "two", 3);
    struct gc_oscore_trace its = { .keystream = gc_buf(keystream, 64) };
    gc_oscore_context_trace(target, &its);
    assert_int_equal(sec_open_request(target, gc_bytes(copy, d.len), 0, &opened, &binding), GC_SEC_BAD_SIGNATURE);
    for (size_t i = 0; i < 64; i++)
      copy[d.len - 64 + i] = signature[i] ^ keystream[i];
    enum gc_sec result = sec_open_request(target, gc_bytes(copy, d.len), 0, &opened, &binding);
    if (with_same_gid) /* all that is signed is the same: decryption with the second group's keys refuses it */
      assert_int_equal(result, GC_SEC_BAD_TAG);
    else
      assert_int_equal(result, GC_SEC_BAD_SIGNATURE);
    gc_oscore_context_free(&victim);
    gc_oscore_context_free(&target);
  }
}

/* A member cannot speak for another: it has the keys of all, not their private keys. */
static void member_impersonates_another(void **state)
{
  (void)state;
  struct sec_options options = { .profile = GC_OSCORE_GROUP };
  struct gc_oscore_context *attacker = sec_context(&options, 2, 3), *server = sec_context(&options, 1, 3);
  struct gc_oscore_binding binding;
  struct gc_oscore_opened opened;
  struct gc_bytes d = sec_request(attacker, sec_get, NULL, &binding);
  uint8_t copy[512];
  memcpy(copy, d.ptr, d.len);
  assert_int_equal(copy[OPTION_AT + 7], 3);
  copy[OPTION_AT + 7] = 1;
  assert_int_equal(sec_open_request(server, gc_bytes(copy, d.len), 0, &opened, &binding), GC_SEC_BAD_SIGNATURE);
  assert_int_equal(sec_open_request(server, d, 0, &opened, &binding), GC_SEC_OK);
  gc_oscore_context_free(&attacker);
  gc_oscore_context_free(&server);
}

/* A pairwise message is not opened by a third member. */
static void pairwise_is_for_one(void **state)
{
  (void)state;
  struct sec_options options = { .profile = GC_OSCORE_GROUP };
  struct gc_oscore_context *client = sec_context(&options, 0, 3), *other = sec_context(&options, 2, 3);
  struct gc_oscore_binding binding;
  struct gc_oscore_opened opened;
  struct gc_oscore_send how = { .is_pairwise = true, .peer = sec_id(1) };
  struct gc_bytes d = sec_request(client, sec_get, &how, &binding);
  assert_int_equal(sec_open_request(other, d, 0, &opened, &binding), GC_SEC_BAD_TAG);
  gc_oscore_context_free(&client);
  gc_oscore_context_free(&other);
}

/* A refused message leaves the Replay Window as it was. @req B49 C72 */
static void failure_leaves_the_window(void **state)
{
  (void)state;
  struct sec_options options = { .profile = GC_OSCORE_GROUP };
  struct gc_oscore_context *client = sec_context(&options, 0, 2), *server = sec_context(&options, 1, 2);
  struct gc_oscore_binding binding;
  struct gc_oscore_opened opened;
  struct gc_bytes d = sec_request(client, sec_get, NULL, &binding);
  uint8_t copy[512], store[512];
  memcpy(store, d.ptr, d.len);
  d.ptr = store;
  memcpy(copy, d.ptr, d.len);
  copy[d.len - 1] ^= 1;
  assert_int_equal(sec_open_request(server, gc_bytes(copy, d.len), 0, &opened, &binding), GC_SEC_BAD_SIGNATURE);
  assert_int_equal(sec_open_request(server, d, 0, &opened, &binding), GC_SEC_OK);
  assert_int_equal(sec_open_request(server, d, 0, &opened, &binding), GC_SEC_REPLAY);
  for (int i = 0; i < 33; i++) {
    struct gc_bytes later = sec_request(client, sec_get, NULL, &binding);
    assert_int_equal(sec_open_request(server, later, 0, &opened, &binding), GC_SEC_OK);
  }
  assert_int_equal(sec_open_request(server, d, 0, &opened, &binding), GC_SEC_TOO_OLD);
  gc_oscore_context_free(&client);
  gc_oscore_context_free(&server);
}

int main(void)
{
  if (gc_crypto_init())
    return 1;
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_flipped_bit_is_refused),
    cmocka_unit_test(every_truncation_is_refused),
    cmocka_unit_test(added_bytes_are_refused),
    cmocka_unit_test(says_what_failed),
    cmocka_unit_test(response_of_another_request),
    cmocka_unit_test(cross_group_injection),
    cmocka_unit_test(member_impersonates_another),
    cmocka_unit_test(pairwise_is_for_one),
    cmocka_unit_test(failure_leaves_the_window),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
