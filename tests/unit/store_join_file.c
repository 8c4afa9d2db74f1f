/* The files of a member: what is written is read again, what is none is refused with its place. */
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

#include "../tests/lib/hexval.h"
#include "store/join_file.h"
#include "store/key_file.h"

static char dir[] = "/tmp/gc-join-file-XXXXXX", path[64], told[256];
static unsigned errors, warnings;

static int make_folder(void **state)
{
  (void)state;
  strcpy(dir + strlen(dir) - 6, "XXXXXX");
  told[0] = '\0';
  errors = warnings = 0;
  return mkdtemp(dir) && snprintf(path, sizeof path, "%s/f", dir) > 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
  (void)state;
  unlink(path);
  return rmdir(dir);
}

static void note(void *ctx, bool is_error, const struct gc_context_problem *problem)
{
  (void)ctx;
  errors += is_error;
  warnings += !is_error;
  snprintf(told, sizeof told, "%s: %s", problem->key, problem->phrase);
}

static void write_text(const char *text)
{
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
  chmod(path, 0600);
}

static void a_record_is_kept(void **state)
{
  struct gc_join_file *file = gc_join_file_new(), *again;
  struct stat st;
  (void)state;
  assert_non_null(file);
  assert_int_equal(gc_join_text_set(file->gm, "coap://[::1]/ace-group/li\"ghts"), GC_OK);
  assert_int_equal(gc_join_text_set(file->roles, "requester"), GC_OK);
  assert_int_equal(gc_join_text_set(file->node, "/ace-group/lights/nodes/n1"), GC_OK);
  assert_int_equal(gc_join_bytes_set(&file->token, hexval("d083")), GC_OK);
  assert_int_equal(gc_join_bytes_set(&file->n_s, hexval("0102030405060708")), GC_OK);
  file->num = 7;
  file->expires_s = 1800000000;
  assert_int_equal(gc_join_file_write(file, path), GC_OK);
  assert_int_equal(gc_join_file_write(file, path), GC_OK); /* in its place */
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  assert_int_equal(gc_join_file_read(&again, path, note, NULL), GC_OK);
  assert_memory_equal(again, file, sizeof *file);
  gc_join_file_free(&again);
  gc_join_file_free(&file);
  assert_null(file);
}

static void what_is_too_long_is_not_kept(void **state)
{
  static char text[GC_JOIN_FILE_TEXT_MAX + 1];
  static uint8_t bytes[GC_JOIN_FILE_BYTES_MAX + 1];
  struct gc_join_file *file = gc_join_file_new();
  (void)state;
  memset(text, 'x', GC_JOIN_FILE_TEXT_MAX);
  assert_int_equal(gc_join_text_set(file->gm, text), GC_E_RANGE);
  assert_int_equal(gc_join_text_set(file->gm, text + 1), GC_OK);
  assert_int_equal(gc_join_bytes_set(&file->token, gc_bytes(bytes, sizeof bytes)), GC_E_RANGE);
  assert_int_equal(gc_join_bytes_set(&file->token, gc_bytes(bytes, sizeof bytes - 1)), GC_OK);
  gc_join_file_free(&file);
}

static void records_that_are_none_are_refused(void **state)
{
  static const struct {
    const char *text, *told;
  } bad[] = {
    { "{ \"roles\": \"requester\", \"num\": 0 }", "gm: missing" },
    { "{ \"gm\": \"coap://a/b/c\", \"roles\": \"requester\" }", "num: missing" },
    { "{ \"gm\": 5, \"roles\": \"requester\", \"num\": 0 }", "gm: a string" },
    { "{ \"gm\": \"a\", \"roles\": \"b\", \"num\": -1 }", "num: a whole number" },
    { "{ \"gm\": \"a\", \"roles\": \"b\", \"num\": 0, \"token\": \"abc\" }", "token: not an even number" },
    { "[]", "gm: missing" },
    { "{", ": " },
  };
  struct gc_join_file *file;
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    write_text(bad[i].text);
    assert_int_not_equal(gc_join_file_read(&file, path, note, NULL), GC_OK);
    assert_null(file);
    assert_non_null(strstr(told, bad[i].told));
  }
  unlink(path);
  assert_int_equal(gc_join_file_read(&file, path, note, NULL), GC_E_SYSTEM);
}

#define CRED "a20267636c69656e743108a101a4010103272006215820d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"
#define PRIVATE "1111111111111111111111111111111111111111111111111111111111111111"

static void a_key_and_its_credential_belong_together(void **state)
{
  struct gc_key_file *file;
  (void)state;
  write_text("{ \"alg\": \"EdDSA\", \"cred\": \"" CRED "\", \"private_key\": \"" PRIVATE "\" }");
  assert_int_equal(gc_key_file_read(&file, path, note, NULL), GC_OK);
  assert_int_equal(errors + warnings, 0);
  assert_int_equal(file->cred_fmt, GC_CRED_CCS);
  assert_true(gc_bytes_equal(gc_bytes(file->cred, file->cred_len), hexval(CRED)));
  assert_int_equal(file->pair.public_key.curve, GC_CURVE_ED25519);
  gc_key_file_free(&file);
  chmod(path, 0644);
  assert_int_equal(gc_key_file_read(&file, path, note, NULL), GC_OK);
  assert_int_equal(warnings, 1);
  gc_key_file_free(&file);
}

static void keys_that_are_none_are_refused(void **state)
{
  static const struct {
    const char *text, *told;
  } bad[] = {
    { "{ \"cred\": \"" CRED "\", \"private_key\": \"22" PRIVATE "\" }", "private_key: not a private key" },
    { "{ \"cred\": \"" CRED "\", \"private_key\": \"2211111111111111111111111111111111111111111111111111111111111111\" }", "does not belong" },
    { "{ \"cred\": \"" CRED "\" }", "private_key: missing" },
    { "{ \"cred\": \"00\", \"private_key\": \"" PRIVATE "\" }", "cred: " },
    { "{ \"cred\": \"zz\", \"private_key\": \"" PRIVATE "\" }", "cred: not an even number" },
    { "{ \"private_key\": \"" PRIVATE "\" }", "cred: missing" },
  };
  struct gc_key_file *file;
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    write_text(bad[i].text);
    assert_int_not_equal(gc_key_file_read(&file, path, note, NULL), GC_OK);
    assert_null(file);
    assert_non_null(strstr(told, bad[i].told));
  }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
  const struct CMUnitTest tests[] = {
    TEST(a_record_is_kept),
    TEST(what_is_too_long_is_not_kept),
    TEST(records_that_are_none_are_refused),
    TEST(a_key_and_its_credential_belong_together),
    TEST(keys_that_are_none_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
