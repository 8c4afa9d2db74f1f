/* Every vector of tests/vectors/californium, both directions, with all intermediate values. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <glob.h>
#include <string.h>

#include "../tests/lib/oscore_play.h"
#include "crypto/secret.h"

#define MEMBERS_MAX 3
#define MESSAGES_MAX 16

struct group {
  const char *names[MEMBERS_MAX];
  struct gc_oscore_context *contexts[MEMBERS_MAX];
  size_t count;
};

static struct group open_group(const json_t *json)
{
  struct group g = { .count = 0 };
  const json_t *e;
  size_t i;
  json_array_foreach(json_object_get(json, "endpoints"), i, e) {
    assert_true(g.count < MEMBERS_MAX);
    g.names[g.count] = play_str(e, "name");
    g.contexts[g.count] = play_member(json, g.names[g.count]);
    g.count++;
  }
  return g;
}

static void close_group(struct group *g)
{
  for (size_t i = 0; i < g->count; i++)
    gc_oscore_context_free(&g->contexts[i]);
}

static size_t member(const struct group *g, const char *name)
{
  for (size_t i = 0; i < g->count; i++)
    if (strcmp(g->names[i], name) == 0)
      return i;
  return MEMBERS_MAX;
}

static void equal(struct gc_bytes expected, const uint8_t *got, size_t len)
{
  assert_true(expected.ptr && gc_bytes_equal(expected, gc_bytes(got, len)));
}

static void check_derived(const json_t *json, const struct group *g)
{
  const json_t *d, *r;
  size_t i, k;
  json_array_foreach(json_object_get(json, "derived"), i, d) {
    struct gc_oscore_context *c = g->contexts[member(g, play_str(d, "endpoint"))];
    struct gc_oscore_secrets s;
    gc_oscore_context_secrets(c, &s);
    equal(play_hex(d, "sender_key"), s.sender_key, s.sender_key_len);
    equal(play_hex(d, "common_iv"), s.common_iv, s.common_iv_len);
    equal(play_hex(d, "signature_encryption_key"), s.signature_encryption_key, s.signature_encryption_key_len);
    json_array_foreach(json_object_get(d, "recipients"), k, r) {
      struct gc_oscore_recipient_secrets rs;
      assert_int_equal(gc_oscore_recipient_secrets(c, gc_oscore_context_find(c, play_hex(r, "recipient_id")), &rs), GC_OK);
      equal(play_hex(r, "recipient_key"), rs.recipient_key, rs.recipient_key_len);
      equal(play_hex(r, "shared_secret"), rs.shared_secret, rs.shared_secret_len);
      equal(play_hex(r, "pairwise_sender_key"), rs.pairwise_sender_key, rs.pairwise_key_len);
      equal(play_hex(r, "pairwise_recipient_key"), rs.pairwise_recipient_key, rs.pairwise_key_len);
    }
  }
}

static struct play_step step_of(const json_t *m)
{
  const json_t *o = json_object_get(m, "outputs");
  bool is_group = strcmp(play_str(m, "mode"), "group") == 0;
  return (struct play_step){
    .id = play_str(m, "id"),
    .is_request = strcmp(play_str(m, "kind"), "request") == 0,
    .is_group_mode = is_group,
    .is_pairwise = !is_group,
    .has_piv = json_is_true(json_object_get(m, "has_own_piv")),
    .number = (uint64_t)play_int(m, "sender_sequence_number"),
    .plain = play_hex(m, "plain_message"),
    .protected_message = play_hex(o, "protected_message"),
    .option = play_hex(o, "oscore_option"),
    .aad_array = play_hex(o, "aad_array"),
    .enc_structure = play_hex(o, "enc_structure"),
    .nonce = play_hex(o, "nonce"),
    .plaintext = play_hex(o, "plaintext"),
    .ciphertext = play_hex(o, "ciphertext"),
    .countersigned = play_hex(o, "countersign_to_be_signed"),
    .signature = play_hex(o, "signature"),
    .keystream = play_hex(o, "keystream"),
    .keystream_info = play_hex(o, "keystream_info"),
    .is_random = is_group && json_is_false(json_object_get(o, "signature_deterministic")),
    .keep_observe = true,
  };
}

/* The bindings of one request at each member. */
struct request {
  const char *id;
  struct gc_oscore_binding at[MEMBERS_MAX];
};

static void play_file(const char *path)
{
  json_t *json = play_load(path);
  struct group g = open_group(json);
  struct request requests[MESSAGES_MAX] = { 0 };
  size_t i, count = 0;
  const json_t *m;
  check_derived(json, &g);
  json_array_foreach(json_object_get(json, "messages"), i, m) {
    struct play_step step = step_of(m);
    size_t from = member(&g, play_str(m, "sender")), to = member(&g, play_str(m, "receiver"));
    assert_true(from < g.count && count < MESSAGES_MAX);
    if (step.is_request) {
      struct request *r = &requests[count++];
      r->id = step.id;
      if (step.is_pairwise)
        step.peer = gc_oscore_context_sender_id(g.contexts[to]);
      play_protect(&step, g.contexts[from], &r->at[from]);
      for (size_t k = 0; k < g.count; k++)
        if (k != from && (to == MEMBERS_MAX || k == to))
          play_open(&step, g.contexts[k], 0, &r->at[k]);
      continue;
    }
    struct request *r = requests;
    while (strcmp(r->id, play_str(m, "responds_to")) != 0)
      assert_true(++r < requests + count);
    r->at[from].responses = step.has_piv ? 1 : 0;
    play_protect(&step, g.contexts[from], &r->at[from]);
    for (size_t k = 0; k < g.count; k++)
      if (k != from && (to == MEMBERS_MAX || k == to))
        play_open(&step, g.contexts[k], 0, &r->at[k]);
  }
  close_group(&g);
  json_decref(json);
}

static void play_all(const char *pattern, size_t expected)
{
  glob_t files;
  assert_int_equal(glob(pattern, 0, NULL, &files), 0);
  for (size_t i = 0; i < files.gl_pathc; i++) {
    print_message("# %s\n", files.gl_pathv[i]);
    play_file(files.gl_pathv[i]);
  }
  assert_int_equal(files.gl_pathc, expected);
  globfree(&files);
}

/* @req C8 C9 C11 C30 C31 C32 C33 C40 C41 C42 C43 C45 C46 C47 C48 C49b C50 C51 C52 C53 C54 C76 */
static void groups(void **state)
{
  (void)state;
  play_all("tests/vectors/californium/ed25519-*.json", 9);
  play_all("tests/vectors/californium/es256-*.json", 4);
}

/* A phantom request, protected by the server with its own Sender Context, and the notifications bound to it. */
static void multicast_notifications(void **state)
{
  (void)state;
  play_all("tests/vectors/californium/omn-*.json", 3);
}

static void play_negative(const char *path, const char *group_path)
{
  json_t *json = play_load(path), *group = play_load(group_path);
  const json_t *test;
  size_t i;
  json_array_foreach(json_object_get(json, "cases"), i, test) {
    struct group g = open_group(group);
    struct gc_oscore_context *receiver = g.contexts[member(&g, play_str(test, "receiver"))];
    struct gc_bytes request_piv = play_hex(test, "request_piv");
    struct gc_oscore_binding binding = { .context = receiver, .is_own = true, .mode = GC_MODE_GROUP, .request_kid = { 0x25 }, .request_kid_len = 1,
                                         .request_kid_context = { 0xdd, 0x11 }, .request_kid_context_len = 2, .request_piv_len = 1 };
    enum gc_sec result = GC_SEC_OK;
    if (request_piv.ptr)
      binding.request_piv[0] = request_piv.ptr[0];
    for (int64_t n = play_int(test, "deliveries"); n > 0; n--) {
      struct gc_oscore_opened opened;
      result = play_try_open(play_hex(test, "message"), !request_piv.ptr, receiver, 0, &binding, &opened);
      if (n > 1)
        assert_int_equal(result, GC_SEC_OK);
    }
    if (result == GC_SEC_OK)
      fail_msg("%s: accepted", play_str(test, "case"));
    print_message("# %s: %s\n", play_str(test, "case"), gc_sec_str(result));
    close_group(&g);
  }
  assert_int_equal(i, 18);
  /* and the messages that were not damaged */
  struct group g = open_group(group);
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  struct gc_oscore_context *server = g.contexts[member(&g, "server1")];
  assert_int_equal(play_try_open(play_hex(json, "original_group_request"), true, server, 0, &binding, &opened), GC_SEC_OK);
  assert_int_equal(play_try_open(play_hex(json, "original_pairwise_request"), true, server, 0, &binding, &opened), GC_SEC_OK);
  binding.is_own = true;
  binding.has_peer = false;
  binding.request_piv[0] = 0;
  assert_int_equal(play_try_open(play_hex(json, "original_group_response"), false, g.contexts[member(&g, "client")], 0, &binding, &opened), GC_SEC_OK);
  close_group(&g);
  json_decref(json);
  json_decref(group);
}

/* @req C60 C69 C72 B27 B49 B50 */
static void negative(void **state)
{
  (void)state;
  play_negative("tests/vectors/californium/negative-ed25519-set1.json", "tests/vectors/californium/ed25519-ccm-ccm-set1.json");
  play_negative("tests/vectors/californium/negative-es256-set1.json", "tests/vectors/californium/es256-ccm-ccm-set1.json");
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
    cmocka_unit_test(groups),
    cmocka_unit_test(multicast_notifications),
    cmocka_unit_test(negative),
  };
  return cmocka_run_group_tests(tests, NULL, report);
}
