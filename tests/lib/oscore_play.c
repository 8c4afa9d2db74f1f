/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include "../tests/lib/oscore_play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "coap/builder.h"
#include "iana/options.h"

unsigned play_protected, play_opened;
static uint64_t next_number;

json_t *play_load(const char *path)
{
  json_error_t error;
  json_t *json = json_load_file(path, 0, &error);
  if (!json) {
    fprintf(stderr, "%s: %s\n", path, error.text);
    abort();
  }
  return json;
}

struct gc_bytes play_hex(const json_t *object, const char *key)
{
  const char *hex = json_string_value(json_object_get(object, key));
  return hex ? hexval(hex) : gc_bytes(NULL, 0);
}

int64_t play_int(const json_t *object, const char *key)
{
  return json_integer_value(json_object_get(object, key));
}

const char *play_str(const json_t *object, const char *key)
{
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

static enum gc_err next(void *ctx, uint64_t *number)
{
  (void)ctx;
  *number = next_number;
  return GC_OK;
}

struct gc_oscore_numbers play_numbers(void)
{
  return (struct gc_oscore_numbers){ next, NULL };
}

static void same(const char *id, const char *what, struct gc_bytes got, struct gc_bytes expected)
{
  if (!expected.ptr || gc_bytes_equal(got, expected))
    return;
  static char a[20000], b[20000];
  if (got.len < 9000 && expected.len < 9000)
    fprintf(stderr, "# %s: %s\n#      got %s\n# expected %s\n", id, what, gc_hex_encode(a, got), gc_hex_encode(b, expected));
  fail_msg("%s: %s differs", id, what);
}

static uint8_t stores[9][9000];

static struct gc_oscore_trace fresh_trace(void)
{
  return (struct gc_oscore_trace){
    .aad_array = gc_buf(stores[0], sizeof stores[0]),    .enc_structure = gc_buf(stores[1], sizeof stores[1]),
    .nonce = gc_buf(stores[2], sizeof stores[2]),        .plaintext = gc_buf(stores[3], sizeof stores[3]),
    .ciphertext = gc_buf(stores[4], sizeof stores[4]),   .countersigned = gc_buf(stores[5], sizeof stores[5]),
    .signature = gc_buf(stores[6], sizeof stores[6]),    .keystream_info = gc_buf(stores[7], sizeof stores[7]),
    .keystream = gc_buf(stores[8], sizeof stores[8]),
  };
}

static void compare_trace(const struct play_step *step, const struct gc_oscore_trace *trace)
{
  same(step->id, "aad_array", gc_buf_bytes(&trace->aad_array), step->aad_array);
  same(step->id, "enc_structure", gc_buf_bytes(&trace->enc_structure), step->enc_structure);
  same(step->id, "nonce", gc_buf_bytes(&trace->nonce), step->nonce);
  same(step->id, "plaintext", gc_buf_bytes(&trace->plaintext), step->plaintext);
  same(step->id, "ciphertext", gc_buf_bytes(&trace->ciphertext), step->ciphertext);
  same(step->id, "countersigned structure", gc_buf_bytes(&trace->countersigned), step->countersigned);
  same(step->id, "keystream info", gc_buf_bytes(&trace->keystream_info), step->keystream_info);
  same(step->id, "keystream", gc_buf_bytes(&trace->keystream), step->keystream);
}

/* The body of a message as a body: without header and token. */
static struct gc_bytes body_of(struct gc_bytes datagram, struct gc_message *message)
{
  static uint8_t body[4096];
  assert_int_equal(gc_message_parse(message, datagram, NULL), GC_OK);
  size_t at = 4 + message->token.len;
  body[0] = message->code;
  memcpy(body + 1, datagram.ptr + at, datagram.len - at);
  return gc_bytes(body, 1 + datagram.len - at);
}

void play_protect(const struct play_step *step, struct gc_oscore_context *sender, struct gc_oscore_binding *binding)
{
  struct gc_message plain, expected;
  struct gc_bytes body = body_of(step->plain, &plain), value;
  uint8_t store[9000];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_oscore_trace trace = fresh_trace();
  bool is_group = gc_oscore_context_profile(sender) != GC_OSCORE_PLAIN;
  assert_int_equal(gc_message_parse(&expected, step->protected_message, NULL), GC_OK);
  assert_true(gc_oscore_option_of(&expected, &value));
  struct gc_oscore_option option;
  assert_int_equal(gc_oscore_option_parse(&option, value, 0, NULL), GC_OK);

  struct gc_oscore_send how = { .is_pairwise = step->is_pairwise, .peer = step->peer };
  if (!step->is_request)
    how = (struct gc_oscore_send){ .is_group = is_group && step->is_group_mode, .as_pairwise = is_group && step->is_pairwise,
                                   .with_piv = step->has_piv, .with_kid = option.has_kid, .keep_observe = step->keep_observe };
  gc_oscore_context_trace(sender, &trace);
  next_number = step->number;
  enum gc_sec result = step->is_request ? gc_oscore_protect_request(sender, body, &how, &out, binding)
                                        : gc_oscore_protect_response(sender, body, &how, binding, &out);
  gc_oscore_context_trace(sender, NULL);
  if (result)
    fail_msg("%s: not protected: %s", step->id, gc_sec_str(result));
  compare_trace(step, &trace);
  if (!step->is_random)
    same(step->id, "signature", gc_buf_bytes(&trace.signature), step->signature);

  /* the outer message: same options (the value of an outer Observe in a notification is free) and payload */
  struct gc_bytes outer_options, outer_payload;
  bool has_observe = gc_option_find(plain.options, GC_OPTION_OBSERVE, NULL); /* RFC 8613, Section 4.2; Californium has 2.04 for all */
  assert_int_equal(store[0], step->is_request ? expected.code : has_observe ? GC_CODE(2, 5) : GC_CODE(2, 4));
  assert_int_equal(gc_options_split(&outer_options, &outer_payload, gc_bytes(store + 1, out.len - 1), 1, NULL), GC_OK);
  struct gc_option_iter got = gc_option_iter(outer_options), want = gc_option_iter(expected.options);
  struct gc_option a, b;
  while (gc_option_next(&want, &b)) {
    if (b.number == GC_OPTION_MAX_AGE) /* Californium repeats it outside, for proxies that cache */
      continue;
    assert_true(gc_option_next(&got, &a));
    assert_int_equal(a.number, b.number);
    if (b.number != GC_OPTION_OBSERVE || step->is_request)
      same(step->id, "outer option", a.value, b.value);
  }
  assert_false(gc_option_next(&got, &a));
  same(step->id, "OSCORE option", value, step->option);
  if (step->is_random)
    same(step->id, "payload", gc_bytes(outer_payload.ptr, outer_payload.len - 64), gc_bytes(expected.payload.ptr, expected.payload.len - 64));
  else
    same(step->id, "payload", outer_payload, expected.payload);
  play_protected++;
}

enum gc_sec play_try_open(struct gc_bytes datagram, bool is_request, struct gc_oscore_context *receiver, unsigned flags,
                          struct gc_oscore_binding *binding, struct gc_oscore_opened *opened)
{
  static uint8_t store[GC_OSCORE_STORAGE_LEN(9000)];
  struct gc_message outer;
  assert_int_equal(gc_message_parse(&outer, datagram, NULL), GC_OK);
  struct gc_buf storage = gc_buf(store, GC_OSCORE_STORAGE_LEN(datagram.len));
  return is_request ? gc_oscore_open_request(receiver, &outer, flags, storage, opened, binding)
                    : gc_oscore_open_response(receiver, &outer, flags, binding, storage, opened);
}

void play_open(const struct play_step *step, struct gc_oscore_context *receiver, unsigned flags, struct gc_oscore_binding *binding)
{
  struct gc_oscore_opened opened;
  struct gc_message plain;
  struct gc_oscore_trace trace = fresh_trace();
  gc_oscore_context_trace(receiver, &trace);
  enum gc_sec result = play_try_open(step->protected_message, step->is_request, receiver, flags, binding, &opened);
  gc_oscore_context_trace(receiver, NULL);
  compare_trace(step, &trace);
  if (result)
    fail_msg("%s: not opened: %s", step->id, gc_sec_str(result));
  same(step->id, "signature", gc_buf_bytes(&trace.signature), step->signature);
  assert_int_equal(gc_message_parse(&plain, step->plain, NULL), GC_OK);
  assert_int_equal(opened.inner.code, plain.code);
  assert_int_equal(opened.mode, step->is_group_mode ? GC_MODE_GROUP : step->is_pairwise ? GC_MODE_PAIRWISE : GC_MODE_PLAIN);
  same(step->id, "token", opened.inner.token, plain.token);
  same(step->id, "inner payload", opened.inner.payload, plain.payload);
  struct gc_option_iter got = gc_option_iter(opened.inner.options), want = gc_option_iter(plain.options);
  struct gc_option a, b;
  while (gc_option_next(&want, &b)) {
    assert_true(gc_option_next(&got, &a));
    assert_int_equal(a.number, b.number);
    if (b.number != GC_OPTION_OBSERVE || step->is_request)
      same(step->id, "option", a.value, b.value);
  }
  assert_false(gc_option_next(&got, &a));
  play_opened++;
}

static int32_t alg(const json_t *json, const char *key, const char *field)
{
  return (int32_t)play_int(json_object_get(json_object_get(json, "algorithms"), key), field);
}

struct gc_oscore_context *play_member(const json_t *json, const char *name)
{
  const json_t *common = json_object_get(json, "common"), *e;
  struct gc_oscore_params p = gc_oscore_params_default(GC_OSCORE_GROUP);
  struct gc_oscore_context *c;
  const char *why = "";
  size_t i;
  p.hkdf_alg = alg(json, "hkdf", "cose_hmac_alg");
  p.aead_alg = alg(json, "aead", "cose");
  p.group_enc_alg = alg(json, "group_encryption", "cose");
  p.sign_alg = alg(json, "signature", "cose");
  p.ecdh_alg = alg(json, "pairwise_key_agreement", "cose");
  p.master_secret = play_hex(common, "master_secret");
  p.master_salt = play_hex(common, "master_salt");
  p.id_context = play_hex(common, "id_context");
  p.has_id_context = true;
  p.gm_cred = play_hex(common, "gm_auth_cred_ccs");
  if (gc_oscore_context_new(&c, &p, &why))
    fail_msg("%s", why);
  json_array_foreach(json_object_get(json, "endpoints"), i, e) {
    bool is_own = strcmp(play_str(e, "name"), name) == 0;
    struct gc_bytes id = play_hex(e, "sender_id"), cred = play_hex(e, "auth_cred_ccs");
    if (is_own ? gc_oscore_context_set_sender(c, id, cred, play_hex(e, "private_key"), play_numbers(), &why)
               : gc_oscore_context_add_recipient(c, id, cred, NULL, &why))
      fail_msg("%s: %s", name, why);
  }
  return c;
}
