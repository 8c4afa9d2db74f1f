/* Every vector of tests/vectors/aiocoap, both directions, with all intermediate values. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "../tests/lib/oscore_play.h"
#include "crypto/alg.h"
#include "crypto/secret.h"

#define MEMBERS_MAX 5

struct member {
  const char *name;
  struct gc_oscore_context *context;
};

struct group {
  struct member members[MEMBERS_MAX];
  size_t count;
};

static struct gc_oscore_params params_of(const json_t *g, enum gc_oscore_profile profile)
{
  struct gc_oscore_params p = gc_oscore_params_default(profile);
  const struct gc_alg *hkdf = gc_alg_by_name(gc_bytes_str(play_str(g, "hkdf")));
  assert_non_null(hkdf);
  p.hkdf_alg = hkdf->id;
  p.master_secret = play_hex(g, "master_secret");
  p.master_salt = play_hex(g, "master_salt");
  p.id_context = play_hex(g, "id_context");
  p.has_id_context = p.id_context.ptr != NULL;
  p.aead_alg = (int32_t)play_int(g, "alg_aead");
  p.group_enc_alg = (int32_t)play_int(g, "alg_group_enc");
  p.sign_alg = (int32_t)play_int(g, "alg_signature");
  p.ecdh_alg = (int32_t)play_int(g, "alg_pairwise_key_agreement");
  if (p.ecdh_alg == -7) { /* group-p256-ccm-ccm-STOCK-minus7 */
    p.ecdh_alg = GC_ALG_ECDH_SS_256;
    p.aad_ecdh_alg = -7;
  }
  p.gm_cred = play_hex(g, "gm_cred");
  return p;
}

static struct gc_oscore_context *member_context(const json_t *g, const char *name)
{
  struct gc_oscore_params params = params_of(g, GC_OSCORE_GROUP);
  struct gc_oscore_context *c;
  const char *why = "";
  if (gc_oscore_context_new(&c, &params, &why))
    fail_msg("%s", why);
  const json_t *members = json_object_get(g, "members"), *m;
  size_t i;
  json_array_foreach(members, i, m) {
    bool is_own = strcmp(play_str(m, "name"), name) == 0;
    enum gc_err err = is_own ? gc_oscore_context_set_sender(c, play_hex(m, "sender_id"), play_hex(m, "auth_cred"), play_hex(m, "private_key"), play_numbers(), &why)
                             : gc_oscore_context_add_recipient(c, play_hex(m, "sender_id"), play_hex(m, "auth_cred"), NULL, &why);
    if (err)
      fail_msg("%s: %s", play_str(m, "name"), why);
  }
  return c;
}

static struct group open_group(const json_t *g)
{
  struct group group = { .count = 0 };
  const json_t *m;
  size_t i;
  json_array_foreach(json_object_get(g, "members"), i, m) {
    const char *name = play_str(m, "name");
    assert_true(group.count < MEMBERS_MAX);
    group.members[group.count++] = (struct member){ name, member_context(g, name) };
  }
  return group;
}

static void close_group(struct group *group)
{
  for (size_t i = 0; i < group->count; i++)
    gc_oscore_context_free(&group->members[i].context);
}

static struct gc_oscore_context *of(const struct group *group, const char *name)
{
  for (size_t i = 0; i < group->count; i++)
    if (strcmp(group->members[i].name, name) == 0)
      return group->members[i].context;
  return NULL;
}

static void check_derived(const json_t *json, const struct group *group)
{
  const json_t *derived = json_object_get(json, "derived"), *pair;
  size_t i;
  for (i = 0; i < group->count; i++) {
    struct gc_oscore_secrets s;
    gc_oscore_context_secrets(group->members[i].context, &s);
    struct gc_bytes iv = play_hex(derived, "common_iv"), sek = play_hex(derived, "signature_encryption_key");
    struct gc_bytes key = play_hex(json_object_get(derived, "sender_keys"), group->members[i].name);
    assert_true(gc_bytes_equal(iv, gc_bytes(s.common_iv, s.common_iv_len)));
    assert_true(gc_bytes_equal(sek, gc_bytes(s.signature_encryption_key, s.signature_encryption_key_len)));
    assert_true(gc_bytes_equal(key, gc_bytes(s.sender_key, s.sender_key_len)));
  }
  json_array_foreach(json_object_get(derived, "pairwise"), i, pair) {
    struct gc_oscore_context *from = of(group, play_str(pair, "sender")), *to = of(group, play_str(pair, "recipient"));
    if (!from || !to)
      continue;
    struct gc_oscore_recipient_secrets s;
    struct gc_bytes key = play_hex(pair, "key"), shared = play_hex(pair, "shared_secret");
    assert_int_equal(gc_oscore_recipient_secrets(from, gc_oscore_context_find(from, gc_oscore_context_sender_id(to)), &s), GC_OK);
    assert_true(gc_bytes_equal(key, gc_bytes(s.pairwise_sender_key, s.pairwise_key_len)));
    assert_true(gc_bytes_equal(shared, gc_bytes(s.shared_secret, s.shared_secret_len)));
    assert_int_equal(gc_oscore_recipient_secrets(to, gc_oscore_context_find(to, gc_oscore_context_sender_id(from)), &s), GC_OK);
    assert_true(gc_bytes_equal(key, gc_bytes(s.pairwise_recipient_key, s.pairwise_key_len)));
  }
}

static struct play_step step_of(const json_t *s, bool is_random)
{
  const char *mode = play_str(s, "mode");
  bool is_group = strcmp(mode, "group") == 0;
  return (struct play_step){
    .id = play_str(s, "id"),
    .is_request = strcmp(play_str(s, "kind"), "request") == 0,
    .is_group_mode = is_group,
    .is_pairwise = strcmp(mode, "pairwise") == 0,
    .has_piv = json_is_true(json_object_get(s, "piv_in_message")),
    .number = (uint64_t)play_int(s, "sender_sequence_number"),
    .plain = play_hex(s, "plain_coap"),
    .protected_message = play_hex(s, "protected_coap"),
    .option = play_hex(s, "oscore_option"),
    .aad_array = play_hex(s, "aad_array"),
    .enc_structure = play_hex(s, "enc_structure"),
    .nonce = play_hex(s, "nonce"),
    .plaintext = play_hex(s, "cose_plaintext"),
    .ciphertext = play_hex(s, "ciphertext"),
    .countersigned = play_hex(s, "countersign_structure"),
    .signature = play_hex(s, "signature"),
    .keystream = play_hex(s, "keystream"),
    .keystream_info = play_hex(json_object_get(s, "keystream_derivation"), "info"),
    .is_random = is_random && is_group,
  };
}

static void play_exchange(const json_t *exchange, const struct group *group, bool is_random)
{
  struct gc_oscore_binding client = { 0 }, servers[MEMBERS_MAX] = { 0 };
  const json_t *s;
  size_t i;
  json_array_foreach(json_object_get(exchange, "steps"), i, s) {
    struct play_step step = step_of(s, is_random);
    struct gc_oscore_context *sender = of(group, play_str(s, "sender"));
    assert_non_null(sender);
    if (step.is_request) {
      const char *recipient = play_str(s, "recipient");
      if (step.is_pairwise)
        step.peer = gc_oscore_context_sender_id(of(group, recipient));
      play_protect(&step, sender, &client);
      for (size_t k = 0; k < group->count; k++)
        if (group->members[k].context != sender && (!step.is_pairwise || strcmp(group->members[k].name, recipient) == 0)) {
          play_open(&step, group->members[k].context, 0, &servers[k]);
          struct gc_oscore_opened opened; /* and once more: a replay */
          struct gc_oscore_binding b;
          assert_int_equal(play_try_open(step.protected_message, true, group->members[k].context, 0, &b, &opened), GC_SEC_REPLAY);
          gc_replay_window_init(gc_oscore_recipient_window(gc_oscore_context_at(group->members[k].context, opened.sender == gc_oscore_context_at(group->members[k].context, 0) ? 0 : 1)), 32);
        }
      /* a decoder with the sender's own context reads it too */
      struct gc_oscore_binding own;
      play_open(&step, sender, GC_OPEN_OWN | GC_OPEN_NO_REPLAY, &own);
      assert_int_equal(own.is_own, true);
      assert_int_equal(own.has_peer, step.is_pairwise);
    } else {
      size_t k = 0;
      while (group->members[k].context != sender)
        k++;
      struct gc_oscore_binding decoder = servers[k];
      servers[k].responses = step.has_piv ? 1 : 0; /* the vectors repeat a first response */
      play_protect(&step, sender, &servers[k]);
      play_open(&step, of(group, play_str(s, "recipient")), 0, &client);
      play_open(&step, sender, GC_OPEN_OWN, &decoder);
    }
  }
}

static void play_group_file(const char *path)
{
  json_t *json = play_load(path);
  const json_t *exchange;
  size_t i;
  struct group group = open_group(json_object_get(json, "group"));
  check_derived(json, &group);
  bool is_random = json_is_false(json_object_get(json, "signature_deterministic"));
  json_array_foreach(json_object_get(json, "exchanges"), i, exchange)
    play_exchange(exchange, &group, is_random);
  close_group(&group);
  json_decref(json);
}

static void play_all(const char *pattern, void (*play)(const char *path), size_t expected)
{
  glob_t files;
  assert_int_equal(glob(pattern, 0, NULL, &files), 0);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    print_message("# %s\n", files.gl_pathv[i]);
    play(files.gl_pathv[i]);
  }
  assert_int_equal(files.gl_pathc, expected);
  globfree(&files);
}

/* @req C2 C8 C9 C11 C30 C31 C33 C40 C41 C42 C43 C45 C46 C48 C49 C49b C50 C51 C52 C53 C54 C68 B25 B32 */
static void groups(void **state)
{
  (void)state;
  play_all("tests/vectors/aiocoap/set*/group-*.json", play_group_file, 56);
}

/* Plain OSCORE: two sides. */
static struct gc_oscore_context *plain_context(const json_t *context, bool is_client)
{
  struct gc_oscore_params params = params_of(context, GC_OSCORE_PLAIN);
  struct gc_oscore_context *c;
  struct gc_bytes none = { NULL, 0 }, client = play_hex(context, "client_id"), server = play_hex(context, "server_id");
  assert_int_equal(gc_oscore_context_new(&c, &params, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_set_sender(c, is_client ? client : server, none, none, play_numbers(), NULL), GC_OK);
  assert_int_equal(gc_oscore_context_add_recipient(c, is_client ? server : client, none, NULL, NULL), GC_OK);
  return c;
}

static void check_plain_derived(const json_t *derived, const struct gc_oscore_context *client, const struct gc_oscore_context *server)
{
  struct gc_oscore_secrets a, b;
  gc_oscore_context_secrets(client, &a);
  gc_oscore_context_secrets(server, &b);
  struct gc_bytes ka = play_hex(derived, "client_sender_key"), kb = play_hex(derived, "server_sender_key"), iv = play_hex(derived, "common_iv");
  assert_true(gc_bytes_equal(ka, gc_bytes(a.sender_key, a.sender_key_len)));
  assert_true(gc_bytes_equal(kb, gc_bytes(b.sender_key, b.sender_key_len)));
  assert_true(gc_bytes_equal(iv, gc_bytes(a.common_iv, a.common_iv_len)));
  struct gc_oscore_recipient_secrets r;
  assert_int_equal(gc_oscore_recipient_secrets(client, gc_oscore_context_at(client, 0), &r), GC_OK);
  assert_true(gc_bytes_equal(kb, gc_bytes(r.recipient_key, r.recipient_key_len)));
}

static void play_plain_file(const char *path)
{
  json_t *json = play_load(path);
  const json_t *context = json_object_get(json, "context"), *exchange, *s;
  size_t i, k;
  struct gc_oscore_context *client = plain_context(context, true), *server = plain_context(context, false);
  check_plain_derived(json_object_get(json, "derived"), client, server);
  json_array_foreach(json_object_get(json, "exchanges"), i, exchange) {
    struct gc_oscore_binding mine = { 0 }, its = { 0 };
    gc_replay_window_init(gc_oscore_recipient_window(gc_oscore_context_at(server, 0)), 32);
    json_array_foreach(json_object_get(exchange, "steps"), k, s) {
      struct play_step step = step_of(s, false);
      play_protect(&step, step.is_request ? client : server, step.is_request ? &mine : &its);
      play_open(&step, step.is_request ? server : client, 0, step.is_request ? &its : &mine);
    }
  }
  gc_oscore_context_free(&client);
  gc_oscore_context_free(&server);
  json_decref(json);
}

/* @req B2 B3 B4 B20 B21 B22 B23 B24 B25 B26 B27 B28 B30 B31 B32 B40 B60 */
static void plain_oscore(void **state)
{
  (void)state;
  play_all("tests/vectors/aiocoap/set*/oscore-*.json", play_plain_file, 16);
}

/* RFC 8613, Appendix C. @req B3 B4 B5 B23 B26 */
static void rfc8613_appendix_c(void **state)
{
  (void)state;
  json_t *json = play_load("tests/vectors/aiocoap/published/rfc8613-appendix-c.json");
  const char *name;
  json_t *contexts = json_object_get(json, "contexts"), *entry;
  const json_t *exchange;
  struct gc_oscore_binding request = { 0 }, unused;
  size_t i;
  json_object_foreach(contexts, name, entry) {
    struct gc_oscore_context *client = plain_context(json_object_get(entry, "context"), true), *server = plain_context(json_object_get(entry, "context"), false);
    check_plain_derived(json_object_get(entry, "derived"), client, server);
    gc_oscore_context_free(&client);
    gc_oscore_context_free(&server);
  }
  json_array_foreach(json_object_get(json, "exchanges"), i, exchange) {
    json_t *context = json_object_get(json_object_get(contexts, play_str(exchange, "context")), "context");
    struct gc_oscore_context *client = plain_context(context, true), *server = plain_context(context, false);
    struct play_step step = step_of(json_array_get(json_object_get(exchange, "steps"), 0), false);
    if (step.is_request) {
      struct gc_oscore_binding *b = strcmp(play_str(exchange, "context"), "C.1") == 0 ? &request : &unused;
      play_protect(&step, client, b);
      play_open(&step, server, 0, b);
    } else { /* C.7 and C.8 answer C.4 */
      struct gc_oscore_binding its = request, mine = request;
      its.context = server;
      its.is_own = false;
      its.responses = 0;
      its.sender_generation = 1;
      mine.context = client;
      mine.is_own = true;
      mine.has_peer = false;
      play_protect(&step, server, &its);
      play_open(&step, client, 0, &mine);
    }
    gc_oscore_context_free(&client);
    gc_oscore_context_free(&server);
  }
  json_decref(json);
}

static void play_negative_file(const char *path)
{
  json_t *json = play_load(path);
  const json_t *test;
  size_t i;
  unsigned accepted = 0, refused = 0;
  json_array_foreach(json_object_get(json, "cases"), i, test) {
    struct group group = open_group(json_object_get(json, "group"));
    struct gc_oscore_context *receiver = of(&group, play_str(test, "recipient"));
    assert_non_null(receiver);
    bool must_reject = json_is_true(json_object_get(test, "must_reject"));
    enum gc_sec result = GC_SEC_OK;
    for (int64_t n = play_int(test, "deliver_times"); n > 0; n--) {
      struct gc_message message;
      struct gc_oscore_binding binding = { 0 };
      struct gc_oscore_opened opened;
      struct gc_bytes datagram = play_hex(test, "protected_coap");
      if (gc_message_parse(&message, datagram, NULL))
        result = GC_SEC_BAD_OPTION;
      else
        result = play_try_open(datagram, true, receiver, 0, &binding, &opened);
    }
    if ((result != GC_SEC_OK) != must_reject)
      fail_msg("%s: %s: %s", path, play_str(test, "label"), gc_sec_name(result));
    *(must_reject ? &refused : &accepted) += 1;
    close_group(&group);
  }
  assert_true(accepted >= 1 && refused >= 10);
  json_decref(json);
}

/* @req B29 B47 B49 C60 C69 C72 */
static void negative(void **state)
{
  (void)state;
  play_all("tests/vectors/aiocoap/set*/negative-*.json", play_negative_file, 6);
}

static int report(void **state)
{
  (void)state;
  print_message("# %u messages protected, %u opened\n", play_protected, play_opened);
  return 0;
}

int main(void)
{
  if (gc_crypto_init())
    return 1;
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rfc8613_appendix_c),
    cmocka_unit_test(plain_oscore),
    cmocka_unit_test(groups),
    cmocka_unit_test(negative),
  };
  return cmocka_run_group_tests(tests, NULL, report);
}
