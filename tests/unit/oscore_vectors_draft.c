/* tests/vectors/group-oscore.txt: values computed from the draft's text, with both forms of the countersigned structure, and
 * draft -02. */
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

#include "../tests/lib/oscore_play.h"
#include "coap/builder.h"
#include "crypto/secret.h"

/* The file by section, subsection, key. */
struct line {
  char section[80], part[120], key[80];
  struct gc_bytes value;
};

static struct line lines[256];
static size_t line_count;

static void load(void)
{
  static char text[8192], section[80], part[120];
  static uint8_t bytes[65536];
  size_t used = 0;
  FILE *file = fopen("tests/vectors/group-oscore.txt", "r");
  assert_non_null(file);
  while (fgets(text, sizeof text, file)) {
    text[strcspn(text, "\n")] = '\0';
    char *colon = strstr(text, ": ");
    if (strncmp(text, "### ", 4) == 0) {
      snprintf(part, sizeof part, "%.119s", text + 4);
    } else if (strncmp(text, "## ", 3) == 0) {
      snprintf(section, sizeof section, "%.*s", (int)strcspn(text + 3, ":"), text + 3);
      part[0] = '\0';
    } else if ((colon || (text[0] && text[strlen(text) - 1] == ':')) && section[0]) {
      char *hex = colon ? colon + 2 : text + strlen(text);
      if (strspn(hex, "0123456789abcdef") != strlen(hex))
        continue;
      assert_true(line_count < sizeof lines / sizeof lines[0]);
      struct line *l = &lines[line_count++];
      struct gc_bytes value = hexval(hex);
      assert_true(used + value.len <= sizeof bytes);
      memcpy(bytes + used, value.ptr, value.len);
      l->value = gc_bytes(bytes + used, value.len);
      used += value.len;
      snprintf(l->section, sizeof l->section, "%s", section);
      snprintf(l->part, sizeof l->part, "%s", part);
      snprintf(l->key, sizeof l->key, "%.*s", (int)strcspn(text, ":"), text);
    }
  }
  fclose(file);
}

static struct gc_bytes get(const char *section, const char *part, const char *key)
{
  for (size_t i = 0; i < line_count; i++)
    if (strcmp(lines[i].section, section) == 0 && strcmp(lines[i].part, part) == 0 && strncmp(lines[i].key, key, strlen(key)) == 0 &&
        (!lines[i].key[strlen(key)] || strncmp(lines[i].key + strlen(key), " (", 2) == 0)) /* a remark may follow */
      return lines[i].value;
  return gc_bytes(NULL, 0);
}

static struct gc_bytes must(const char *section, const char *part, const char *key)
{
  struct gc_bytes value = get(section, part, key);
  if (!value.ptr)
    fail_msg("%s, %s: no %s", section, part, key);
  return value;
}

#define COMMON "Common inputs"

static struct gc_oscore_context *context_of(enum gc_oscore_profile profile, int32_t aead, int32_t group_enc, bool is_client,
                                            enum gc_cose_countersign form, bool bare_keys)
{
  struct gc_oscore_params p = gc_oscore_params_default(profile);
  struct gc_oscore_context *c;
  const char *why = "";
  p.aead_alg = aead;
  p.group_enc_alg = group_enc;
  p.countersign = form;
  p.master_secret = must(COMMON, "", "Master Secret");
  p.master_salt = must(COMMON, "", "Master Salt");
  p.id_context = must(COMMON, "", "Gid / ID Context");
  p.has_id_context = true;
  p.gm_cred = must(COMMON, "", "GM credential");
  if (gc_oscore_context_new(&c, &p, &why))
    fail_msg("%s", why);
  struct gc_bytes ids[2] = { must(COMMON, "", "client Sender ID"), must(COMMON, "", "server Sender ID") };
  struct gc_bytes creds[2] = { must(COMMON, "", bare_keys ? "client public key" : "client credential"),
                               must(COMMON, "", bare_keys ? "server public key" : "server credential") };
  struct gc_bytes seeds[2] = { must(COMMON, "", "client Ed25519 seed"), must(COMMON, "", "server Ed25519 seed") };
  int own = is_client ? 0 : 1;
  if (gc_oscore_context_set_sender(c, ids[own], creds[own], seeds[own], play_numbers(), &why) ||
      gc_oscore_context_add_recipient(c, ids[1 - own], creds[1 - own], NULL, &why))
    fail_msg("%s", why);
  return c;
}

/* A message with header around "code ‖ rest". */
static struct gc_bytes message(struct gc_bytes body)
{
  static uint8_t stores[8][4096];
  static unsigned turn;
  uint8_t *m = stores[turn++ % 8];
  const uint8_t header[4] = { 0x50, body.ptr[0], 0, 1 };
  memcpy(m, header, 4);
  memcpy(m + 4, body.ptr + 1, body.len - 1);
  return gc_bytes(m, body.len + 3);
}

static struct gc_bytes outer(bool is_request, struct gc_bytes option, struct gc_bytes payload)
{
  static uint8_t stores[4][2048];
  static unsigned turn;
  struct gc_bytes out;
  struct gc_builder b = gc_builder_message(stores[turn++ % 4], 2048, GC_TYPE_NON, is_request ? GC_CODE(0, 2) : GC_CODE(2, 4), 1, gc_bytes(NULL, 0));
  gc_builder_add(&b, 9, option);
  gc_builder_payload(&b, payload);
  assert_int_equal(gc_builder_finish(&b, &out), GC_OK);
  return out;
}

static struct play_step step_of(const char *set, const char *part, bool is_request, bool has_piv, enum gc_cose_countersign form)
{
  bool is_group = strncmp(part, "group", 5) == 0 || strcmp(set, "LEGACY seed -02") == 0;
  struct gc_bytes option = must(set, part, is_group && get(set, part, "option value").ptr ? "option value" : "oscore option");
  return (struct play_step){
    .id = part,
    .is_request = is_request,
    .is_group_mode = is_group,
    .is_pairwise = !is_group,
    .has_piv = has_piv,
    .number = is_request ? 1301 : 7,
    .peer = must(COMMON, "", "server Sender ID"),
    .plain = message(is_request ? hexval("01b474656d70") : hexval("45c0ff32312e35")),
    .protected_message = outer(is_request, option, must(set, part, "payload")),
    .option = option,
    .aad_array = must(set, part, "external_aad"),
    .enc_structure = get(set, part, "AAD (Enc_structure)"),
    .nonce = must(set, part, "nonce"),
    .plaintext = get(set, part, "plaintext"),
    .ciphertext = get(set, part, "ciphertext"),
    .countersigned = form == GC_COUNTERSIGN_FIVE ? get(set, part, "to be signed, form 5") : gc_bytes(NULL, 0),
    .signature = get(set, part, form == GC_COUNTERSIGN_FIVE ? "signature (plain), form 5" : "signature (plain), form 4"),
    .keystream_info = get(set, part, "keystream info"),
    .keystream = get(set, part, "keystream"),
  };
}

static const struct {
  const char *name;
  int32_t aead, group_enc;
} sets[] = { { "SET 1", 10, 10 }, { "SET 2", 10, 24 }, { "SET 3", 10, -65534 } };

/* @req C8 C9 C11 C12 C14 C30 C42 C43 C49 C49b C53 C54 C55 */
static void current_draft(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
    const char *set = sets[i].name;
    struct gc_oscore_context *client = context_of(GC_OSCORE_GROUP, sets[i].aead, sets[i].group_enc, true, GC_COUNTERSIGN_FIVE, false);
    struct gc_oscore_context *server = context_of(GC_OSCORE_GROUP, sets[i].aead, sets[i].group_enc, false, GC_COUNTERSIGN_FIVE, false);
    struct gc_oscore_secrets s;
    gc_oscore_context_secrets(server, &s);
    assert_true(gc_bytes_equal(must(set, "", "Common IV"), gc_bytes(s.common_iv, s.common_iv_len)));
    assert_true(gc_bytes_equal(must(set, "", "Signature Encryption Key"), gc_bytes(s.signature_encryption_key, s.signature_encryption_key_len)));
    assert_true(gc_bytes_equal(must(set, "", "server Sender Key"), gc_bytes(s.sender_key, s.sender_key_len)));
    struct gc_oscore_recipient_secrets r;
    assert_int_equal(gc_oscore_recipient_secrets(server, gc_oscore_context_at(server, 0), &r), GC_OK);
    assert_true(gc_bytes_equal(must(set, "", "client Sender Key"), gc_bytes(r.recipient_key, r.recipient_key_len)));
    assert_true(gc_bytes_equal(must(set, "", "pairwise key server to client"), gc_bytes(r.pairwise_sender_key, r.pairwise_key_len)));
    assert_true(gc_bytes_equal(must(set, "", "pairwise key client to server"), gc_bytes(r.pairwise_recipient_key, r.pairwise_key_len)));
    assert_true(gc_bytes_equal(must(COMMON, "", "shared secret Z"), gc_bytes(r.shared_secret, r.shared_secret_len)));

    struct gc_oscore_binding mine, its;
    struct play_step step = step_of(set, "group request", true, true, GC_COUNTERSIGN_FIVE);
    play_protect(&step, client, &mine);
    play_open(&step, server, 0, &its);
    step = step_of(set, "group response, no Partial IV", false, false, GC_COUNTERSIGN_FIVE);
    play_protect(&step, server, &its);
    play_open(&step, client, 0, &mine);
    step = step_of(set, "group response with Partial IV", false, true, GC_COUNTERSIGN_FIVE);
    play_protect(&step, server, &its); /* the second response: the rules themselves ask for the Partial IV */
    play_open(&step, client, 0, &mine);
    if (get(set, "pairwise response to the group request, no Partial IV", "payload").ptr) {
      its.responses = 0;
      step = step_of(set, "pairwise response to the group request, no Partial IV", false, false, GC_COUNTERSIGN_FIVE);
      play_protect(&step, server, &its);
      play_open(&step, client, 0, &mine);
      gc_replay_window_init(gc_oscore_recipient_window(gc_oscore_context_at(server, 0)), 32);
      step = step_of(set, "pairwise request", true, true, GC_COUNTERSIGN_FIVE);
      play_protect(&step, client, &mine);
      play_open(&step, server, 0, &its);
      step = step_of(set, "pairwise response to the pairwise request, no Partial IV, empty option", false, false, GC_COUNTERSIGN_FIVE);
      play_protect(&step, server, &its);
      play_open(&step, client, 0, &mine);
    }
    gc_oscore_context_free(&client);
    gc_oscore_context_free(&server);
  }
}

/* @req C49 C49b */
static void four_elements(void **state)
{
  (void)state;
  struct gc_oscore_context *client = context_of(GC_OSCORE_GROUP, 10, 10, true, GC_COUNTERSIGN_FOUR, false);
  struct gc_oscore_context *server = context_of(GC_OSCORE_GROUP, 10, 10, false, GC_COUNTERSIGN_FIVE, false);
  struct gc_bytes five = must("SET 1", "group request", "payload"), keystream = must("SET 1", "group request", "keystream");
  struct gc_bytes four = must("SET 1", "group request", "signature (plain), form 4"), option = must("SET 1", "group request", "oscore option");
  uint8_t payload[256];
  size_t sealed = five.len - 64;
  memcpy(payload, five.ptr, sealed);
  for (size_t i = 0; i < 64; i++)
    payload[sealed + i] = four.ptr[i] ^ keystream.ptr[i];
  struct gc_bytes datagram = outer(true, option, gc_bytes(payload, sealed + 64));
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  assert_int_equal(play_try_open(datagram, true, server, 0, &binding, &opened), GC_SEC_BAD_SIGNATURE);
  assert_int_equal(play_try_open(datagram, true, server, GC_OPEN_DIAGNOSE, &binding, &opened), GC_SEC_OK);
  assert_true(opened.is_four);
  struct play_step step = step_of("SET 1", "group request", true, true, GC_COUNTERSIGN_FOUR);
  step.protected_message = datagram;
  step.keystream = keystream;
  play_protect(&step, client, &binding);
  gc_oscore_context_free(&client);
  gc_oscore_context_free(&server);
}

/* @req D1 D2 D3 D4 D5 D6 D7 D8 D9 D10 D11 D12 D15 D19 */
static void draft_02(void **state)
{
  (void)state;
  const char *set = "LEGACY seed -02";
  for (int bare = 0; bare < 2; bare++) {
    struct gc_oscore_context *client = context_of(GC_OSCORE_GROUP_02, 10, 0, true, GC_COUNTERSIGN_FIVE, bare);
    struct gc_oscore_context *server = context_of(GC_OSCORE_GROUP_02, 10, 0, false, GC_COUNTERSIGN_FIVE, bare);
    struct gc_oscore_binding mine, its;
    struct play_step step = step_of(set, "request", true, true, GC_COUNTERSIGN_FIVE);
    play_protect(&step, client, &mine);
    play_open(&step, server, 0, &its);
    step = step_of(set, "response", false, false, GC_COUNTERSIGN_FIVE);
    play_protect(&step, server, &its);
    play_open(&step, client, 0, &mine);
    /* the signature of four elements is told by diagnosis */
    uint8_t option[256];
    struct gc_bytes value = must(set, "request", "option value"), four = must(set, "request", "countersignature, form 4");
    memcpy(option, value.ptr, value.len);
    memcpy(option + value.len - 1 - four.len, four.ptr, four.len);
    struct gc_oscore_opened opened;
    struct gc_bytes datagram = outer(true, gc_bytes(option, value.len), must(set, "request", "payload"));
    assert_int_equal(play_try_open(datagram, true, server, GC_OPEN_NO_REPLAY, &its, &opened), GC_SEC_BAD_SIGNATURE);
    assert_int_equal(play_try_open(datagram, true, server, GC_OPEN_NO_REPLAY | GC_OPEN_DIAGNOSE, &its, &opened), GC_SEC_OK);
    assert_true(opened.is_four);
    gc_oscore_context_free(&client);
    gc_oscore_context_free(&server);
  }
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
  load();
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(current_draft),
    cmocka_unit_test(four_elements),
    cmocka_unit_test(draft_02),
  };
  return cmocka_run_group_tests(tests, NULL, report);
}
