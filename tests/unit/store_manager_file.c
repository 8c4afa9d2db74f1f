/* The configuration of gc-manager: what it becomes, and what is said of what it cannot be. (Faults of single keys: tests/cli.) */
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

#include "crypto/secret.h"
#include "store/manager_file.h"

static char folder[] = "/tmp/gc-manager-file.XXXXXX";
static char path[64], told[256];
static int errors;

static const char as_json[] =
  "{ \"profile\": \"oscore\", \"master_secret\": \"0102030405060708090a0b0c0d0e0f10\", \"sender\": { \"id\": \"01\" }, \"recipients\": [ { \"id\": \"00\" } ],"
  "  \"ace\": { \"as_uri\": \"coap://as.example/token\", \"issuer\": \"coap://as.example\", \"audience\": \"gm.example\","
  "    \"token_alg\": \"AES-CCM-16-64-128\", \"token_kid\": \"415331\", \"token_key\": \"b0b1b2b3b4b5b6b7b8b9babbbcbdbebf\" } }";
/* what gc-as rs add --reference writes */
static const char asking_json[] =
  "{ \"profile\": \"oscore\", \"master_secret\": \"0102030405060708090a0b0c0d0e0f10\", \"sender\": { \"id\": \"01\" }, \"recipients\": [ { \"id\": \"00\" } ],"
  "  \"ace\": { \"issuer\": \"coap://as.example\", \"audience\": \"gm.example\", \"introspect_uri\": \"coap://as.example/introspect\" } }";
/* the Group Manager of the worked examples */
static const char key_json[] =
  "{ \"cred\": \"a20262676d08a101a4010103272006215820a09aa5f47a6759802ff955f8dc2d2a14a5c99d23be97f864127ff9383455a4f0\","
  "  \"private_key\": \"2222222222222222222222222222222222222222222222222222222222222222\" }";

static void put(const char *name, const char *text)
{
  char at[96];
  snprintf(at, sizeof at, "%s/%s", folder, name);
  FILE *file = fopen(at, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
  assert_int_equal(chmod(at, 0600), 0);
}

static void problem(void *ctx, bool is_error, const struct gc_context_problem *what)
{
  (void)ctx;
  errors += is_error;
  snprintf(told, sizeof told, "%s: %s", what->key, what->phrase);
}

static void values_and_defaults(void **state)
{
  (void)state;
  struct gc_manager_file *file = NULL;
  size_t count = 0;
  put("gm.json", "{ \"as\": \"gm.as.json\", \"key\": \"gm.key\", \"groups\": [ { \"name\": \"lights\" },"
                 "  { \"name\": \"doors\", \"hkdf\": \"HMAC 512/512\", \"group_enc_alg\": \"A128CTR\", \"aead_alg\": null, \"roles\": \"requester,responder\","
                 "    \"lifetime_s\": 600, \"backward_security\": true, \"batch_ms\": 250, \"max_members\": 7, \"max_stale_sets\": 5,"
                 "    \"master_secret_bytes\": 32, \"master_salt_bytes\": 0, \"max_sender_id_bytes\": 1, \"gid_prefix\": \"dd\", \"gid_epoch_bytes\": 1,"
                 "    \"reuse_gids\": true, \"key_update_check_interval_s\": 60, \"expiration_delta_s\": 9 } ] }");
  assert_int_equal(gc_manager_file_read(&file, path, problem, NULL), GC_OK);
  const struct gc_gm_config *groups = gc_manager_file_groups(file, &count);
  assert_int_equal(count, 2);
  const struct gc_gm_config usual = gc_gm_config_default();
  assert_string_equal(groups[0].name, "lights");
  assert_int_equal(groups[0].sign_alg, GC_ALG_EDDSA);
  assert_int_equal(groups[0].lifetime_s, usual.lifetime_s);
  assert_int_equal(groups[0].roles, usual.roles);
  assert_int_equal(groups[0].max_members, usual.max_members);
  assert_false(groups[0].has_backward_security);
  assert_int_equal(groups[1].hkdf_alg, GC_ALG_HMAC_512);
  assert_int_equal(groups[1].group_enc_alg, GC_ALG_A128CTR);
  assert_int_equal(groups[1].aead_alg, 0);
  assert_int_equal(groups[1].ecdh_alg, 0);
  assert_int_equal(groups[1].roles, GC_ROLE_REQUESTER | GC_ROLE_RESPONDER);
  assert_int_equal(groups[1].lifetime_s, 600);
  assert_int_equal(groups[1].renew_before_s, 60); /* a tenth of a short one */
  assert_true(groups[1].has_backward_security && groups[1].reuses_gids);
  assert_int_equal(groups[1].batch_ms, 250);
  assert_int_equal(groups[1].max_stale_sets, 5);
  assert_int_equal(groups[1].master_secret_len, 32);
  assert_int_equal(groups[1].master_salt_len, 0);
  assert_int_equal(groups[1].gid_prefix.len, 1);
  assert_int_equal(groups[1].gid_prefix.ptr[0], 0xdd);
  assert_int_equal(groups[1].policies.key_update_check_interval_s, 60);
  assert_int_equal(groups[1].policies.expiration_delta_s, 9);
  const struct gc_context_ace *ace = gc_manager_file_ace(file);
  assert_string_equal(ace->audience, "gm.example");
  assert_int_equal(ace->token_key.len, 16);
  assert_int_equal(errors, 0);
  gc_manager_file_free(&file);
  assert_null(file);
}

static const struct gc_manager_introspection *introspection_of(struct gc_manager_file **file, const char *as, const char *value)
{
  char text[512];
  snprintf(text, sizeof text, "{ \"as\": \"%s\", \"key\": \"gm.key\", %s%s\"groups\": [ { \"name\": \"lights\" } ] }", as, value, value[0] ? ", " : "");
  put("gm.json", text);
  assert_int_equal(gc_manager_file_read(file, path, problem, NULL), GC_OK);
  return gc_manager_file_introspection(*file);
}

static void introspection_is_off_on_or_described(void **state)
{
  (void)state;
  struct gc_manager_file *file = NULL;
  assert_null(introspection_of(&file, "gm.as.json", ""));
  gc_manager_file_free(&file);
  assert_null(introspection_of(&file, "gm.as.json", "\"introspection\": false"));
  gc_manager_file_free(&file);
  const struct gc_manager_introspection *it = introspection_of(&file, "asking.as.json", "\"introspection\": true");
  assert_string_equal(it->uri, "coap://as.example/introspect");
  assert_int_equal(it->interval_s, 60);
  assert_int_equal(it->keep_s, 3600);
  assert_int_equal(gc_manager_file_ace(file)->token_key.len, 0);
  assert_non_null(strstr(gc_manager_file_as_path(file), "/asking.as.json"));
  gc_manager_file_free(&file);
  it = introspection_of(&file, "asking.as.json", "\"introspection\": { \"uri\": \"coap://192.0.2.1/look\", \"interval_s\": 5, \"keep_s\": 6 }");
  assert_string_equal(it->uri, "coap://192.0.2.1/look");
  assert_int_equal(it->interval_s, 5);
  assert_int_equal(it->keep_s, 6);
  gc_manager_file_free(&file);
}

static void introspection_that_cannot_be_is_told(void **state)
{
  (void)state;
  static const struct { const char *as, *value, *key; } bad[] = {
    { "asking.as.json", "", "as" }, /* no key of tokens, and nobody to ask */
    { "asking.as.json", "\"introspection\": false,", "as" },
    { "gm.as.json", "\"introspection\": true,", "introspection" }, /* no URI */
    { "asking.as.json", "\"introspection\": 1,", "introspection" },
    { "asking.as.json", "\"introspection\": { \"url\": \"x\" },", "introspection.url" },
    { "asking.as.json", "\"introspection\": { \"interval_s\": 0 },", "introspection.keep_s" },
    { "asking.as.json", "\"introspection\": { \"interval_s\": 60, \"keep_s\": 60 },", "introspection.keep_s" },
    { "asking.as.json", "\"introspection\": { \"interval_s\": 86401 },", "introspection.interval_s" },
    { "asking.as.json", "\"introspection\": { \"uri\": 7 },", "introspection.uri" },
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct gc_manager_file *file = NULL;
    char text[512];
    snprintf(text, sizeof text, "{ \"as\": \"%s\", \"key\": \"gm.key\", %s \"groups\": [ { \"name\": \"lights\" } ] }", bad[i].as, bad[i].value);
    put("gm.json", text);
    assert_int_not_equal(gc_manager_file_read(&file, path, problem, NULL), GC_OK);
    assert_null(file);
    assert_int_equal(strncmp(told, bad[i].key, strlen(bad[i].key)), 0);
    assert_int_equal(told[strlen(bad[i].key)], ':');
  }
}

static void one_fault_is_told(void **state)
{
  (void)state;
  struct gc_manager_file *file = NULL;
  put("gm.json", "{ \"as\": \"gm.as.json\", \"key\": \"gm.key\", \"groups\": [ { \"name\": \"lights\", \"lifetime_s\": true, \"roles\": 7 } ] }");
  errors = 0;
  assert_int_equal(gc_manager_file_read(&file, path, problem, NULL), GC_E_MALFORMED);
  assert_null(file);
  assert_int_equal(errors, 1);
  assert_non_null(strstr(told, "groups[0].roles"));
  put("gm.json", "{ \"as\": \"gm.as.json\", \"key\": \"other.key\", \"groups\": [ { \"name\": \"lights\" } ] }");
  assert_int_equal(gc_manager_file_read(&file, path, problem, NULL), GC_E_SYSTEM);
  put("gm.json", "{ \"as\": \"gm.as.json\", \"as\": \"x\" }");
  assert_int_equal(gc_manager_file_read(&file, path, problem, NULL), GC_E_MALFORMED);
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(values_and_defaults), cmocka_unit_test(introspection_is_off_on_or_described),
                                      cmocka_unit_test(introspection_that_cannot_be_is_told), cmocka_unit_test(one_fault_is_told) };
  if (gc_crypto_init() || !mkdtemp(folder))
    return 1;
  snprintf(path, sizeof path, "%s/gm.json", folder);
  put("gm.as.json", as_json);
  put("asking.as.json", asking_json);
  put("gm.key", key_json);
  const int failed = cmocka_run_group_tests_name("store_manager_file", tests, NULL, NULL);
  static const char *const names[] = { "gm.json", "gm.as.json", "asking.as.json", "gm.key" };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char at[96];
    snprintf(at, sizeof at, "%s/%s", folder, names[i]);
    (void)unlink(at);
  }
  (void)rmdir(folder);
  return failed;
}
