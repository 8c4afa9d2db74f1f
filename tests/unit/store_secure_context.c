/* Context files in use: what is in them, where numbers and windows come from, what errors say. */
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
#include <sys/wait.h>
#include <unistd.h>

#include "../tests/lib/oscore_rig.h"
#include "base/hex.h"
#include "crypto/secret.h"
#include "store/foreign.h"
#include "store/secure_context.h"

static char dir[] = "/tmp/gc-secure-XXXXXX";
static char told[512];

static void tell(void *ctx, bool is_error, const struct gc_context_problem *p)
{
  (void)ctx;
  if (is_error)
    snprintf(told, sizeof told, "%d:%d:%s:%s", p->line, p->column, p->key, p->phrase);
}

static const char *hex(struct gc_bytes bytes)
{
  static char texts[8][1024];
  static unsigned turn;
  return gc_hex_encode(texts[turn++ % 8], bytes);
}

/* The file of member `own` of a rig's group of three; `extra`: more lines. */
static const char *write_file(const char *name, size_t own, const char *extra)
{
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fchmod(fileno(f), 0600);
  fprintf(f, "{ \"profile\": \"group-oscore\",\n  \"name\": \"lights\", \"gid\": \"676964\",\n  \"master_secret\": \"01010101010101010101010101010101\",\n"
             "  \"hkdf\": \"HMAC 256/256\", \"aead_alg\": \"AES-CCM-16-64-128\",\n  \"group_enc_alg\": 10, \"sign_alg\": \"EdDSA\", \"ecdh_alg\": \"ECDH-SS + HKDF-256\",\n"
             "  \"cred_fmt\": \"CCS\", \"gm_cred\": \"%s\",\n%s", hex(sec_cred(GC_CURVE_ED25519, 60000)), extra);
  struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, own);
  fprintf(f, "  \"sender\": { \"id\": \"%s\", \"cred\": \"%s\", \"private_key\": \"%s\" },\n  \"recipients\": [", hex(sec_id(own)),
          hex(sec_cred(GC_CURVE_ED25519, own)), hex(gc_bytes(pair.private_key, 32)));
  for (size_t i = 0, n = 0; i < 3; i++)
    if (i != own)
      fprintf(f, "%s\n    { \"id\": \"%s\", \"cred\": \"%s\"%s }", n++ ? "," : "", hex(sec_id(i)), hex(sec_cred(GC_CURVE_ED25519, i)), i ? "" : ", \"name\": \"switch\"");
  fprintf(f, " ] }\n");
  assert_int_equal(fclose(f), 0);
  return path;
}

static struct gc_secure_context *open_file(const char *path, unsigned flags)
{
  struct gc_secure_context *c;
  told[0] = '\0';
  if (gc_secure_context_open(&c, path, flags, tell, NULL))
    fail_msg("%s: %s", path, told);
  return c;
}

static struct gc_bytes request_of(struct gc_secure_context *c, struct gc_oscore_binding *b)
{
  return sec_request(gc_secure_context_oscore(c), sec_get, NULL, b);
}

static uint64_t piv_of(struct gc_bytes datagram)
{
  return gc_oscore_piv_decode(sec_option(datagram).piv);
}

/* @req B10 C106 C107 */
static void numbers_go_on_from_run_to_run(void **state)
{
  (void)state;
  struct gc_oscore_binding b;
  char path[256];
  snprintf(path, sizeof path, "%s", write_file("client.json", 0, ""));
  uint64_t last = 0;
  for (int run = 0; run < 3; run++) {
    struct gc_secure_context *c = open_file(path, 0), *twin = open_file(path, 0);
    for (int i = 0; i < 3; i++) {
      uint64_t a = piv_of(request_of(c, &b)), other = piv_of(request_of(twin, &b));
      assert_true(run + i == 0 || a > last);
      assert_true(other > a); /* two processes share one space */
      last = other;
    }
    uint64_t next;
    assert_int_equal(gc_secure_context_peek(c, &next), GC_OK);
    assert_true(next > last);
    assert_int_equal(gc_secure_context_close(&twin), GC_OK);
    if (run != 1)
      assert_int_equal(gc_secure_context_close(&c), GC_OK);
    else
      (void)gc_secure_context_close(&c);
  }
  struct gc_secure_context *decoder = open_file(path, GC_SECURE_READ_ONLY);
  uint8_t store[256];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_oscore_send how = { 0 };
  assert_int_equal(gc_oscore_protect_request(gc_secure_context_oscore(decoder), sec_get, &how, &out, &b), GC_SEC_STATE);
  assert_int_equal(gc_secure_context_close(&decoder), GC_OK);
}

/* @req B10 B53 C80 C106 */
static void windows_are_kept_or_lost(void **state)
{
  (void)state;
  char client_path[256], server_path[256];
  snprintf(client_path, sizeof client_path, "%s", write_file("c2.json", 0, ""));
  snprintf(server_path, sizeof server_path, "%s", write_file("s2.json", 1, ""));
  struct gc_secure_context *client = open_file(client_path, 0), *server = open_file(server_path, GC_SECURE_WINDOWS);
  struct gc_oscore_opened opened;
  struct gc_oscore_binding mine, its;
  uint8_t copies[3][256];
  struct gc_bytes d[3];
  for (int i = 0; i < 3; i++) {
    struct gc_bytes one = request_of(client, &mine);
    memcpy(copies[i], one.ptr, one.len);
    d[i] = gc_bytes(copies[i], one.len);
  }
  assert_false(gc_secure_context_windows_lost(server));
  assert_int_equal(sec_open_request(gc_secure_context_oscore(server), d[0], 0, &opened, &its), GC_SEC_OK);
  assert_int_equal(sec_open_request(gc_secure_context_oscore(server), d[2], 0, &opened, &its), GC_SEC_OK);
  assert_true(gc_bytes_equal(gc_secure_context_member_name(server, opened.kid), gc_bytes_str("switch")));
  assert_true(gc_bytes_equal(gc_secure_context_member_name(server, sec_id(2)), gc_bytes_str("m2")));
  assert_int_equal(gc_secure_context_close(&server), GC_OK);
  server = open_file(server_path, GC_SECURE_WINDOWS);
  assert_false(gc_secure_context_windows_lost(server));
  assert_int_equal(sec_open_request(gc_secure_context_oscore(server), d[0], 0, &opened, &its), GC_SEC_REPLAY);
  assert_int_equal(sec_open_request(gc_secure_context_oscore(server), d[2], 0, &opened, &its), GC_SEC_REPLAY);
  assert_int_equal(sec_open_request(gc_secure_context_oscore(server), d[1], 0, &opened, &its), GC_SEC_OK);
  assert_int_equal(gc_secure_context_close(&server), GC_OK);
  /* a server that dies */
  pid_t child = fork();
  if (child == 0) {
    server = open_file(server_path, GC_SECURE_WINDOWS);
    _exit(gc_secure_context_windows_lost(server) ? 1 : 0);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  struct gc_secure_context *after = open_file(server_path, GC_SECURE_WINDOWS);
  assert_true(gc_secure_context_windows_lost(after));
  assert_int_equal(sec_open_request(gc_secure_context_oscore(after), d[1], 0, &opened, &its), GC_SEC_WINDOW_INVALID);
  /* one server at a time: two would answer one request with one nonce */
  assert_int_equal(gc_secure_context_open(&server, server_path, GC_SECURE_WINDOWS, tell, NULL), GC_E_EXISTS);
  assert_null(server);
  assert_int_equal(gc_secure_context_close(&after), GC_OK);
  after = open_file(server_path, GC_SECURE_WINDOWS); /* lost windows are not saved as if they were good */
  assert_true(gc_secure_context_windows_lost(after));
  assert_int_equal(gc_secure_context_close(&after), GC_OK);
  assert_int_equal(gc_secure_context_close(&client), GC_OK);
}

static void errors_name_the_place(void **state)
{
  (void)state;
  char path[256], text[8192];
  static const struct {
    const char *from, *to, *expected; /* the end of what is told, and its line */
  } rows[] = {
    { "\"group_enc_alg\": 10", "\"group_enc_alg\": -65531", "" },
    { "\"hkdf\": \"HMAC 256/256\"", "\"hkdf\": \"HMAC 512/512\"", "" },
    { "\"sign_alg\": \"EdDSA\"", "\"sign_alg\": \"ES256\"", "recipients[0]" },
    { "\"id\": \"03\"", "\"id\": \"02\"", "recipients[1].id" },
    { "\"id\": \"03\"", "\"id\": \"01\"", "sender.id" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    snprintf(path, sizeof path, "%s", write_file("bad.json", 0, ""));
    FILE *f = fopen(path, "r");
    size_t len = fread(text, 1, sizeof text - 1, f);
    text[len] = '\0';
    fclose(f);
    char *at = strstr(text, rows[i].from);
    assert_non_null(at);
    f = fopen(path, "w");
    fprintf(f, "%.*s%s%s", (int)(at - text), text, rows[i].to, at + strlen(rows[i].from));
    fclose(f);
    struct gc_secure_context *c;
    told[0] = '\0';
    assert_int_not_equal(gc_secure_context_open(&c, path, GC_SECURE_READ_ONLY, tell, NULL), GC_OK);
    assert_null(c);
    assert_true(strlen(told) > 5);
    if (rows[i].expected[0]) {
      int line, column;
      assert_non_null(strstr(told, rows[i].expected));
      assert_int_equal(sscanf(told, "%d:%d", &line, &column), 2);
      assert_true(line > 1 && column > 1);
    }
  }
}

/* The known-answer files of others, by way of import. */
static void vectors_by_import(void **state)
{
  (void)state;
  static const char *const files[] = { "group-ed25519-ccm-ccm.json", "group-p256-gcm-gcm.json", "group-p256-ccm-ccm-STOCK-minus7.json", "oscore-ccm-idctx.json" };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char path[256], client_path[256], server_path[256];
    struct gc_context_file *file;
    struct gc_secure_context *client, *server;
    struct gc_oscore_binding mine, its;
    struct gc_oscore_opened opened;
    snprintf(path, sizeof path, "tests/vectors/aiocoap/set1/%s", files[i]);
    snprintf(client_path, sizeof client_path, "%s/v%zu-c", dir, i);
    snprintf(server_path, sizeof server_path, "%s/v%zu-s", dir, i);
    bool is_plain = strncmp(files[i], "oscore", 6) == 0;
    if (gc_foreign_read(&file, GC_FOREIGN_VECTORS, path, "client", tell, NULL) || gc_secure_context_make(&client, file, client_path, 0, tell, NULL))
      fail_msg("%s: %s", files[i], told);
    gc_context_file_free(&file);
    if (gc_foreign_read(&file, GC_FOREIGN_VECTORS, path, is_plain ? "server" : "server1", tell, NULL) ||
        gc_secure_context_make(&server, file, server_path, GC_SECURE_WINDOWS, tell, NULL))
      fail_msg("%s: %s", files[i], told);
    gc_context_file_free(&file);
    struct gc_bytes d = sec_request(gc_secure_context_oscore(client), sec_get, NULL, &mine);
    assert_int_equal(sec_open_request(gc_secure_context_oscore(server), d, 0, &opened, &its), GC_SEC_OK);
    d = sec_response(gc_secure_context_oscore(server), sec_content, NULL, &its);
    assert_int_equal(sec_open_response(gc_secure_context_oscore(client), d, 0, &mine, &opened), GC_SEC_OK);
    assert_int_equal(gc_secure_context_close(&client), GC_OK);
    assert_int_equal(gc_secure_context_close(&server), GC_OK);
  }
}

static int set_up(void **state)
{
  (void)state;
  return mkdtemp(dir) ? 0 : 1;
}

static int tear_down(void **state)
{
  (void)state;
  char command[64];
  snprintf(command, sizeof command, "rm -r %s", dir);
  return system(command);
}

int main(void)
{
  if (gc_crypto_init())
    return 1;
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(numbers_go_on_from_run_to_run),
    cmocka_unit_test(windows_are_kept_or_lost),
    cmocka_unit_test(errors_name_the_place),
    cmocka_unit_test(vectors_by_import),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
