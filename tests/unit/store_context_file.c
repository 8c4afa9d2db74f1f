#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ace/scope.h"
#include "store/context_file.h"

static const char good[] =
  "{ \"profile\": \"group-oscore\",\n"
  "  \"name\": \"li\\\"ghts\", \"gid\": \"44616c\",\n"
  "  \"master_secret\": \"0102030405060708090A0b0c0d0e0f10\", \"master_salt\": \"9e7c\",\n"
  "  \"hkdf\": \"HMAC 256/256\", \"aead_alg\": \"AES-CCM-16-64-128\",\n"
  "  \"group_enc_alg\": 24, \"sign_alg\": \"EdDSA\", \"ecdh_alg\": \"ECDH-SS + HKDF-256\",\n"
  "  \"cred_fmt\": \"CCS\", \"gm_cred\": \"a0\","
  " \"ace\": { \"as_uri\": \"coap://as/token\", \"introspect_uri\": \"coap://as/introspect\", \"issuer\": \"coap://as\", \"audience\": \"gm\","
  " \"group_uri\": \"coap://gm/ace-group/li\", \"token_alg\": 10, \"token_kid\": \"4153\", \"token_key\": \"b0b1\" },\n"
  "  \"sender\":     { \"id\": \"25\", \"cred\": \"a101\", \"private_key\": \"ff00\" },\n"
  "  \"recipients\": [ { \"id\": \"52\", \"cred\": \"a102\" },\n"
  "                  { \"id\": \"\", \"cred\": \"a103\", \"name\": \"lamp\", \"roles\": \"responder,requester\" } ],\n"
  "  \"expires\": 4102444800, \"active\": false }\n";

static struct {
  int errors, warnings, line, column;
  char key[64], phrase[256];
} told;

static void note(void *ctx, bool is_error, const struct gc_context_problem *problem)
{
  (void)ctx;
  told.errors += is_error;
  told.warnings += !is_error;
  told.line = problem->line;
  told.column = problem->column;
  snprintf(told.key, sizeof told.key, "%s", problem->key);
  snprintf(told.phrase, sizeof told.phrase, "%s", problem->phrase);
}

static enum gc_err parse(struct gc_context_file **file, const char *text, bool strict)
{
  memset(&told, 0, sizeof told);
  return gc_context_file_parse(file, gc_bytes_str(text), "c.json", strict, note, NULL);
}

static void check_good(const struct gc_context_file *file)
{
  assert_int_equal(file->profile, GC_PROFILE_GROUP_OSCORE);
  assert_string_equal(file->name, "li\"ghts");
  assert_true(gc_bytes_equal(file->gid, gc_bytes("Dal", 3)));
  assert_int_equal(file->master_secret.len, 16);
  assert_int_equal(file->master_secret.ptr[9], 0x0a);
  assert_true(gc_bytes_equal(file->master_salt, gc_bytes("\x9e\x7c", 2)));
  assert_int_equal(file->hkdf, 5);
  assert_int_equal(file->aead_alg, 10);
  assert_int_equal(file->group_enc_alg, 24);
  assert_int_equal(file->sign_alg, -8);
  assert_int_equal(file->ecdh_alg, -27);
  assert_string_equal(file->cred_fmt, "CCS");
  assert_true(file->has_sender);
  assert_true(gc_bytes_equal(file->sender.id, gc_bytes("\x25", 1)));
  assert_true(gc_bytes_equal(file->private_key, gc_bytes("\xff\x00", 2)));
  assert_int_equal(file->recipient_count, 2);
  assert_true(gc_bytes_equal(file->recipients[0].cred, gc_bytes("\xa1\x02", 2)));
  assert_int_equal(file->recipients[1].id.len, 0);
  assert_string_equal(file->recipients[1].name, "lamp");
  assert_int_equal(file->recipients[0].roles, 0);
  assert_int_equal(file->recipients[1].roles, GC_ROLE_REQUESTER | GC_ROLE_RESPONDER);
  assert_int_equal(file->expires_s, 4102444800);
  assert_true(file->is_inactive);
  assert_int_equal(file->replay_window, 32);
  assert_true(file->has_ace);
  assert_string_equal(file->ace.as_uri, "coap://as/token");
  assert_string_equal(file->ace.introspect_uri, "coap://as/introspect");
  assert_string_equal(file->ace.issuer, "coap://as");
  assert_string_equal(file->ace.audience, "gm");
  assert_string_equal(file->ace.group_uri, "coap://gm/ace-group/li");
  assert_int_equal(file->ace.token_alg, 10);
  assert_true(gc_bytes_equal(file->ace.token_kid, gc_bytes("AS", 2)));
  assert_true(gc_bytes_equal(file->ace.token_key, gc_bytes("\xb0\xb1", 2)));
}

static void reads_every_field(void **state)
{
  (void)state;
  struct gc_context_file *file;
  assert_int_equal(parse(&file, good, true), GC_OK);
  assert_int_equal(told.errors + told.warnings, 0);
  check_good(file);
  gc_context_file_free(&file);
  assert_null(file);
}

static void plain_oscore_has_the_defaults_of_rfc_8613(void **state)
{
  (void)state;
  struct gc_context_file *file;
  assert_int_equal(parse(&file, "{\"profile\":\"oscore\",\"master_secret\":\"00\",\"sender\":{\"id\":\"\"},\"recipients\":[{\"id\":\"01\"}]}", true), GC_OK);
  assert_int_equal(file->aead_alg, 10);
  assert_int_equal(file->hkdf, 5);
  assert_false(file->has_gid);
  assert_int_equal(file->master_salt.len, 0);
  gc_context_file_free(&file);
}

static void errors_name_line_column_and_key(void **state)
{
  (void)state;
  static const struct {
    const char *from, *to, *key, *phrase;
    int line, column;
  } cases[] = {
    { "\"44616c\"", "\"44616\"", "gid", "even number of hexadecimal", 2, 30 },
    { "\"44616c\"", "7", "gid", "a number where hexadecimal", 2, 30 },
    { "\"group-oscore\"", "\"group\"", "profile", "unknown profile", 1, 14 },
    { "\"profile\": \"group-oscore\",", "", "profile", "missing", 1, 1 },
    { "24", "-65531", "group_enc_alg", "must not be used", 5, 20 },
    { "24", "-8", "group_enc_alg", "not for this purpose", 5, 20 },
    { "24", "12345", "group_enc_alg", "unknown algorithm", 5, 20 },
    { "24", "1.5", "group_enc_alg", "a fraction where", 5, 20 },
    { "\"AES-CCM-16-64-128\"", "\"A128CTR\"", "aead_alg", "not for this purpose", 4, 39 },
    { "\"a102\"", "\"zz\"", "recipients[0].cred", "hexadecimal", 8, 41 },
    { "{ \"id\": \"52\", \"cred\": \"a102\" }", "3", "recipients[0]", "a number where an object", 8, 19 },
    { "\"id\": \"52\", ", "", "recipients[0]", "\"id\" is missing", 8, 19 },
    { "\"private_key\": \"ff00\"", "\"private_key\": null", "sender.private_key", "missing", 7, 62 },
    { "\"gm_cred\": \"a0\"", "\"gm_cred\": null", "gm_cred", "missing", 6, 33 },
    { "\"gm_cred\": ", "\"gm_cert\": ", "gm_cert", "unknown key", 6, 33 },
    { "\"cred_fmt\": \"CCS\"", "\"cred_fmt\": 1", "cred_fmt", "a number where a string", 6, 15 },
    { "\"cred_fmt\": \"CCS\"", "\"cred_fmt\": \"CCS\", \"replay_window\": 0", "replay_window", "from 1 to 64", 6, 39 },
    { "4102444800", "-1", "expires", "a whole number from 0 to", 10, 14 },
    { "4102444800", "\"2100\"", "expires", "a whole number from 0 to", 10, 14 },
    { "false", "0", "active", "a number where true or false", 10, 36 },
    { "responder,requester", "boss", "recipients[1].roles", "\"requester,responder\"", 9, 72 },
    { "a102\" },", "a102\" }", "", "']' expected", 9, 19 },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[sizeof good + 64];
    struct gc_context_file *file;
    const char *at = strstr(good, cases[i].from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, cases[i].to, at + strlen(cases[i].from));
    assert_int_not_equal(parse(&file, text, true), GC_OK);
    assert_null(file);
    assert_int_equal(told.errors, 1);
    assert_string_equal(told.key, cases[i].key);
    if (!strstr(told.phrase, cases[i].phrase) || told.line != cases[i].line || told.column != cases[i].column)
      fail_msg("case %zu: %d:%d %s: %s", i, told.line, told.column, told.key, told.phrase);
  }
}

static void unknown_keys_are_warned_of(void **state)
{
  (void)state;
  struct gc_context_file *file;
  assert_int_equal(parse(&file, "{\"profile\":\"oscore\",\"master_secret\":\"00\",\"sender\":{\"id\":\"\"},\"colour\":1}", false), GC_OK);
  assert_int_equal(told.warnings, 1);
  assert_string_equal(told.key, "colour");
  gc_context_file_free(&file);
}

static void every_truncation_is_refused(void **state)
{
  (void)state;
  for (size_t len = 0; len + 2 < sizeof good; len++) {
    struct gc_context_file *file;
    char *copy = malloc(len + 1);
    memcpy(copy, good, len);
    memset(&told, 0, sizeof told);
    assert_int_equal(gc_context_file_parse(&file, gc_bytes(copy, len), "c", false, note, NULL), GC_E_MALFORMED);
    assert_int_equal(told.errors, 1);
    assert_true(told.line >= 1 && told.column >= 1);
    free(copy);
  }
}

static void what_is_written_is_read_again(void **state)
{
  (void)state;
  char dir[] = "/tmp/gc-context-XXXXXX", path[64];
  struct gc_context_file *file, *again;
  struct stat st;
  assert_non_null(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/c.json", dir);
  assert_int_equal(parse(&file, good, true), GC_OK);
  assert_int_equal(gc_context_file_write(file, path, false), GC_OK);
  assert_int_equal(gc_context_file_write(file, path, false), GC_E_EXISTS);
  assert_int_equal(gc_context_file_write(file, path, true), GC_OK);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  assert_int_equal(gc_context_file_read(&again, path, true, note, NULL), GC_OK);
  check_good(again);
  gc_context_file_free(&again);
  chmod(path, 0640);
  memset(&told, 0, sizeof told);
  assert_int_equal(gc_context_file_read(&again, path, true, note, NULL), GC_E_RANGE);
  assert_non_null(strstr(told.phrase, "mode 0640"));
  assert_null(again);
  memset(&told, 0, sizeof told);
  assert_int_equal(gc_context_file_read(&again, path, false, note, NULL), GC_OK);
  assert_int_equal(told.warnings, 1);
  gc_context_file_free(&again);
  gc_context_file_free(&file);
  unlink(path);
  assert_int_equal(rmdir(dir), 0); /* no temporary file is left */
  assert_int_equal(gc_context_file_read(&again, path, false, note, NULL), GC_E_SYSTEM);
  assert_non_null(strstr(told.phrase, "No such file"));
  assert_int_equal(gc_context_file_read(&again, "/", false, note, NULL), GC_E_SYSTEM);
}

/* @req JN-31 GR-13 */
static void when_it_must_not_be_used(void **state)
{
  (void)state;
  struct gc_context_file file = { .expires_s = 0 };
  assert_null(gc_context_file_fault(&file, UINT64_MAX));
  file.expires_s = 1000;
  assert_null(gc_context_file_fault(&file, 999));
  assert_string_equal(gc_context_file_fault(&file, 1000), "its keys have expired");
  file.is_inactive = true;
  assert_non_null(strstr(gc_context_file_fault(&file, 999), "not active"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_every_field),
    cmocka_unit_test(plain_oscore_has_the_defaults_of_rfc_8613),
    cmocka_unit_test(errors_name_line_column_and_key),
    cmocka_unit_test(unknown_keys_are_warned_of),
    cmocka_unit_test(every_truncation_is_refused),
    cmocka_unit_test(what_is_written_is_read_again),
    cmocka_unit_test(when_it_must_not_be_used),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
