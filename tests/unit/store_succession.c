/* A context file that is replaced, broken, removed and put back: which context is in use, and which still receives. */
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
#include <time.h>
#include <unistd.h>

#include "../tests/lib/oscore_rig.h"
#include "base/hex.h"
#include "store/succession.h"

enum { OVERLAP_MS = 1000 };

static char dir[64], path[128], told[512];
static unsigned problems;
static struct gc_oscore_ring *ring;
static const struct gc_oscore_context *held; /* somebody refers to it */
static const char *objection;

/* What stands in a file. */
struct content {
  uint8_t secret;      /* of this generation, and the Gid */
  const char *name;    /* NULL: "lights" */
  size_t own;          /* 0: member 1 */
  size_t cred_of_0;    /* another credential of member 0, by the number it is made from; 0: its own */
  size_t members;      /* 0: 3 */
  int64_t expires_in;  /* seconds from now; 0: not said */
  bool is_inactive;
};

static void write_content(const char *to, const struct content *c)
{
  const size_t own = c->own ? c->own : 1, members = c->members ? c->members : 3;
  char hex[1024];
  const struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, 1);
  FILE *f = fopen(to, "w");
  assert_non_null(f);
  fchmod(fileno(f), 0600);
  fprintf(f, "{ \"profile\": \"group-oscore\", \"name\": \"%s\", \"gid\": \"6769%02x\", \"master_secret\": \"%02x0102030405060708090a0b0c0d0e0f\",\n"
             "  \"hkdf\": 5, \"aead_alg\": 10, \"group_enc_alg\": 10, \"sign_alg\": \"EdDSA\", \"ecdh_alg\": -27, \"cred_fmt\": \"CCS\",\n"
             "  \"gm_cred\": \"%s\",\n", c->name ? c->name : "lights", c->secret, c->secret, gc_hex_encode(hex, sec_cred(GC_CURVE_ED25519, 60000)));
  if (c->expires_in)
    fprintf(f, "  \"expires\": %lld,", (long long)time(NULL) + c->expires_in);
  fprintf(f, "  \"active\": %s,\n", c->is_inactive ? "false" : "true");
  fprintf(f, "  \"sender\": { \"id\": \"%02zx\", \"cred\": \"%s\",", own + 1, gc_hex_encode(hex, sec_cred(GC_CURVE_ED25519, 1)));
  fprintf(f, " \"private_key\": \"%s\" },\n  \"recipients\": [", gc_hex_encode(hex, gc_bytes(pair.private_key, 32)));
  for (size_t i = 0, n = 0; i < members; i++)
    if (i != 1)
      fprintf(f, "%s{ \"id\": \"%02zx\", \"cred\": \"%s\" }", n++ ? ", " : "", i + 1,
              gc_hex_encode(hex, sec_cred(GC_CURVE_ED25519, i == 0 && c->cred_of_0 ? c->cred_of_0 : i)));
  fprintf(f, " ] }\n");
  assert_int_equal(fclose(f), 0);
}

static void put(const struct content *c)
{
  char next[160];
  snprintf(next, sizeof next, "%s.next", path);
  write_content(next, c);
  assert_int_equal(rename(next, path), 0);
}

static void put_text(const char *text)
{
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  assert_int_equal(fclose(f), 0);
}

static void tell(void *ctx, bool is_error, const struct gc_context_problem *p)
{
  (void)ctx;
  problems += is_error;
  if (is_error)
    snprintf(told, sizeof told, "%s:%s", p->key, p->phrase);
}

static const char *object(void *ctx, const struct gc_oscore_context *context)
{
  (void)ctx, (void)context;
  return objection;
}

static bool release(void *ctx, const struct gc_oscore_context *context)
{
  (void)ctx;
  return context != held;
}

static struct gc_succession *begin(unsigned flags, uint64_t overlap_ms)
{
  struct gc_secure_context *context;
  const struct gc_succession_params params = { .path = path, .ring = ring, .flags = flags, .overlap_ms = overlap_ms, .problem = tell,
                                               .object = object, .release = release };
  if (gc_secure_context_open(&context, path, flags, tell, NULL))
    fail_msg("%s", told);
  assert_int_equal(gc_oscore_ring_add(ring, gc_secure_context_oscore(context)), GC_OK);
  struct gc_succession *s = gc_succession_new(&params, context);
  assert_non_null(s);
  return s;
}

static struct gc_oscore_context *current(const struct gc_succession *s)
{
  return gc_succession_current(s) ? gc_secure_context_oscore(gc_succession_current(s)) : NULL;
}

static void expect_state(const struct gc_succession *s, size_t old, size_t ended)
{
  const struct gc_succession_state state = gc_succession_state(s);
  assert_int_equal(state.old, old);
  assert_int_equal(state.ended, ended);
  assert_int_equal(gc_oscore_ring_count(ring), old + (gc_succession_current(s) != NULL));
}

static int set_up(void **unused)
{
  (void)unused;
  strcpy(dir, "/tmp/gc-succession-XXXXXX");
  if (!mkdtemp(dir))
    return -1;
  snprintf(path, sizeof path, "%s/c.json", dir);
  ring = gc_oscore_ring_new();
  held = NULL;
  objection = NULL;
  problems = 0;
  return ring ? 0 : -1;
}

static int tear_down(void **unused)
{
  char state[160];
  (void)unused;
  snprintf(state, sizeof state, "%s.state", path);
  unlink(state);
  unlink(path);
  gc_oscore_ring_free(&ring);
  return rmdir(dir);
}

/* the client of the group of a content, which is member 0 */
static struct gc_oscore_context *client_of(const struct content *c)
{
  struct gc_oscore_params params = gc_oscore_params_default(GC_OSCORE_GROUP);
  uint8_t secret[16] = { c->secret, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }, gid[3] = { 'g', 'i', c->secret };
  struct gc_oscore_context *client;
  const struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, 0);
  params.name = gc_bytes_str("lights");
  params.master_secret = gc_bytes(secret, 16);
  params.has_id_context = true;
  params.id_context = gc_bytes(gid, 3);
  params.gm_cred = sec_cred(GC_CURVE_ED25519, 60000);
  params.cred_fmt = GC_CRED_CCS;
  assert_int_equal(gc_oscore_context_new(&client, &params, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_add_recipient(client, sec_id(1), sec_cred(GC_CURVE_ED25519, 1), NULL, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_set_sender(client, sec_id(0), sec_cred(GC_CURVE_ED25519, 0), gc_bytes(pair.private_key, 32),
                                                (struct gc_oscore_numbers){ NULL, NULL }, NULL), GC_OK);
  return client;
}

static enum gc_sec receive(struct gc_bytes datagram, struct gc_oscore_binding *binding)
{
  static uint8_t store[2048];
  struct gc_message outer;
  struct gc_oscore_opened opened;
  assert_int_equal(gc_message_parse(&outer, datagram, NULL), GC_OK);
  return gc_oscore_ring_open_request(ring, &outer, 0, gc_buf(store, sizeof store), &opened, binding);
}

/* New keys: the old ones receive for a while, with their own windows; nothing leaves under them. @req C5 C110 C111 */
static void replaced_and_dropped(void **unused)
{
  (void)unused;
  struct gc_oscore_binding mine, its;
  put(&(struct content){ .secret = 1 });
  struct gc_succession *s = begin(GC_SECURE_WINDOWS, OVERLAP_MS);
  struct gc_oscore_context *first = current(s), *old_client = client_of(&(struct content){ .secret = 1 }), *client = client_of(&(struct content){ .secret = 2 });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_SAME);
  const struct gc_bytes one = sec_request(old_client, sec_get, NULL, &mine), two = sec_request(old_client, sec_get, NULL, &mine),
                        three = sec_request(old_client, sec_get, NULL, &mine);
  assert_int_equal(receive(one, &its), GC_SEC_OK);
  put(&(struct content){ .secret = 2 });
  assert_int_equal(gc_succession_check(s, false, 100), GC_SUCCESSION_REPLACED);
  assert_int_equal(gc_succession_check(s, false, 100), GC_SUCCESSION_SAME);
  expect_state(s, 1, 0);
  assert_ptr_not_equal(current(s), first);
  assert_ptr_equal(gc_oscore_ring_by_name(ring, gc_bytes_str("lights")), current(s));
  assert_int_equal(gc_succession_deadline(s), 100 + OVERLAP_MS);
  assert_int_equal(receive(one, &its), GC_SEC_REPLAY);
  assert_int_equal(receive(two, &its), GC_SEC_OK);
  assert_int_equal(receive(sec_request(client, sec_get, NULL, &mine), &its), GC_SEC_OK);
  gc_succession_tick(s, 99 + OVERLAP_MS);
  expect_state(s, 1, 0);
  gc_succession_tick(s, 100 + OVERLAP_MS);
  expect_state(s, 0, 0);
  assert_int_equal(gc_succession_deadline(s), UINT64_MAX);
  assert_int_equal(receive(three, &its), GC_SEC_NO_CONTEXT);
  assert_int_equal(receive(sec_request(client, sec_get, NULL, &mine), &its), GC_SEC_OK);
  assert_int_equal(gc_succession_free(&s), GC_OK);
  /* the next run: the windows of the new keys are there */
  struct gc_secure_context *again;
  assert_int_equal(gc_secure_context_open(&again, path, GC_SECURE_WINDOWS, tell, NULL), GC_OK);
  assert_false(gc_secure_context_windows_lost(again));
  assert_int_equal(gc_oscore_recipient_window(gc_oscore_context_find(gc_secure_context_oscore(again), sec_id(0)))->next, 2);
  assert_int_equal(gc_secure_context_close(&again), GC_OK);
  gc_oscore_context_free(&client);
  gc_oscore_context_free(&old_client);
  assert_int_equal(problems, 0);
}

/* At most two old ones, the newest; what is referred to is kept until it is not, without its keys. */
static void many_in_quick_succession(void **unused)
{
  (void)unused;
  struct gc_oscore_binding mine, its;
  put(&(struct content){ .secret = 0 });
  struct gc_succession *s = begin(GC_SECURE_WINDOWS, OVERLAP_MS);
  struct gc_oscore_context *client = client_of(&(struct content){ .secret = 0 });
  held = current(s);
  assert_int_equal(receive(sec_request(client, sec_get, NULL, &mine), &its), GC_SEC_OK);
  for (uint8_t i = 1; i <= 50; i++) {
    put(&(struct content){ .secret = i });
    assert_int_equal(gc_succession_check(s, false, i), GC_SUCCESSION_REPLACED);
    expect_state(s, i < 2 ? i : 2, i > 2);
    struct gc_oscore_context *then = client_of(&(struct content){ .secret = i });
    assert_int_equal(receive(sec_request(then, sec_get, NULL, &mine), &its), GC_SEC_OK);
    gc_oscore_context_free(&then);
  }
  const struct gc_bytes late = sec_request(client, sec_get, NULL, &mine);
  assert_int_equal(receive(late, &its), GC_SEC_NO_CONTEXT);
  assert_ptr_equal(gc_oscore_context_find(held, sec_id(0)) != NULL, true); /* who it was is still known */
  assert_true(gc_succession_deadline(s) <= 50 + 10000);
  gc_succession_tick(s, 20000);
  expect_state(s, 0, 1);
  held = NULL;
  gc_succession_tick(s, 40000);
  expect_state(s, 0, 0);
  assert_int_equal(gc_succession_free(&s), GC_OK);
  gc_oscore_context_free(&client);
  assert_int_equal(problems, 0);
}

/* The same keys, other members: the object stays, with windows and numbers. */
static void members_only(void **unused)
{
  (void)unused;
  struct gc_oscore_binding mine, its, own;
  put(&(struct content){ .secret = 1 });
  struct gc_succession *s = begin(GC_SECURE_WINDOWS, OVERLAP_MS);
  struct gc_oscore_context *first = current(s), *client = client_of(&(struct content){ .secret = 1 });
  const struct gc_bytes one = sec_request(client, sec_get, NULL, &mine);
  assert_int_equal(receive(one, &its), GC_SEC_OK);
  assert_int_equal(gc_oscore_piv_decode(sec_option(sec_request(first, sec_get, NULL, &own)).piv), 0);
  put(&(struct content){ .secret = 1, .members = 5 });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_UPDATED);
  expect_state(s, 0, 0);
  assert_ptr_equal(current(s), first);
  assert_int_equal(gc_oscore_context_count(first), 4);
  assert_int_equal(receive(one, &its), GC_SEC_REPLAY);
  put(&(struct content){ .secret = 1, .members = 5, .cred_of_0 = 77 });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_UPDATED);
  assert_int_equal(receive(one, &its), GC_SEC_REPLAY); /* its window is where it was */
  assert_int_equal(receive(sec_request(client, sec_get, NULL, &mine), &its), GC_SEC_BAD_SIGNATURE);
  assert_int_equal(gc_oscore_piv_decode(sec_option(sec_request(first, sec_get, NULL, &own)).piv), 1);
  put(&(struct content){ .secret = 1, .members = 5, .cred_of_0 = 77 });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_SAME); /* another file that says the same */
  assert_int_equal(gc_succession_free(&s), GC_OK);
  gc_oscore_context_free(&client);
  assert_int_equal(problems, 0);
}

/* A new Sender ID under the same keys: new numbers, the same windows; also when the process starts anew. @req C109 */
static void own_id_changes(void **unused)
{
  (void)unused;
  struct gc_oscore_binding mine, its, own;
  put(&(struct content){ .secret = 1 });
  struct gc_succession *s = begin(GC_SECURE_WINDOWS, OVERLAP_MS);
  struct gc_oscore_context *client = client_of(&(struct content){ .secret = 1 });
  const struct gc_bytes one = sec_request(client, sec_get, NULL, &mine);
  assert_int_equal(receive(one, &its), GC_SEC_OK);
  for (uint64_t i = 0; i < 3; i++)
    assert_int_equal(gc_oscore_piv_decode(sec_option(sec_request(current(s), sec_get, NULL, &own)).piv), i);
  put(&(struct content){ .secret = 1, .own = 40 });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_UPDATED);
  assert_int_equal(receive(one, &its), GC_SEC_REPLAY);
  assert_int_equal(gc_oscore_piv_decode(sec_option(sec_request(current(s), sec_get, NULL, &own)).piv), 0);
  put(&(struct content){ .secret = 1 }); /* put back: its numbers go on */
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_UPDATED);
  assert_int_equal(gc_oscore_piv_decode(sec_option(sec_request(current(s), sec_get, NULL, &own)).piv), 3);
  gc_oscore_ring_remove(ring, current(s));
  assert_int_equal(gc_succession_free(&s), GC_OK);
  put(&(struct content){ .secret = 1, .own = 41 }); /* while nothing ran */
  s = begin(GC_SECURE_WINDOWS, OVERLAP_MS);
  assert_int_equal(receive(one, &its), GC_SEC_REPLAY);
  assert_int_equal(gc_succession_free(&s), GC_OK);
  gc_oscore_context_free(&client);
  assert_int_equal(problems, 0);
}

/* The same keys under another name, and a file that is put back: never two contexts that take the same request. */
static void same_keys_never_twice(void **unused)
{
  (void)unused;
  struct gc_oscore_binding mine, its;
  put(&(struct content){ .secret = 1 });
  struct gc_succession *s = begin(GC_SECURE_WINDOWS, OVERLAP_MS);
  struct gc_oscore_context *first = current(s), *client = client_of(&(struct content){ .secret = 1 });
  const struct gc_bytes one = sec_request(client, sec_get, NULL, &mine);
  assert_int_equal(receive(one, &its), GC_SEC_OK);
  put(&(struct content){ .secret = 1, .name = "lamps" });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_REPLACED);
  expect_state(s, 0, 0);
  assert_int_equal(receive(one, &its), GC_SEC_REPLAY);
  put(&(struct content){ .secret = 2 });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_REPLACED);
  expect_state(s, 1, 0);
  struct gc_oscore_context *second = current(s);
  put(&(struct content){ .secret = 1, .name = "lamps" }); /* the one before: that object again */
  first = gc_oscore_ring_at(ring, 0);
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_REPLACED);
  expect_state(s, 1, 0);
  assert_ptr_equal(current(s), first);
  assert_ptr_equal(gc_oscore_ring_at(ring, 0), second);
  assert_int_equal(receive(one, &its), GC_SEC_REPLAY);
  put(&(struct content){ .secret = 2, .name = "lamps" }); /* keys of the old one, other rules */
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_REPLACED);
  expect_state(s, 1, 0);
  assert_int_equal(receive(one, &its), GC_SEC_REPLAY);
  assert_int_equal(receive(sec_request(client, sec_get, NULL, &mine), &its), GC_SEC_OK);
  assert_int_equal(gc_succession_free(&s), GC_OK);
  gc_oscore_context_free(&client);
  assert_int_equal(problems, 0);
}

/* What cannot be used is told once, and changes nothing; what is gone ends all, and may come back. */
static void broken_and_removed(void **unused)
{
  (void)unused;
  struct gc_oscore_binding mine, its;
  put(&(struct content){ .secret = 1 });
  struct gc_succession *s = begin(GC_SECURE_WINDOWS, OVERLAP_MS);
  struct gc_oscore_context *first = current(s), *client = client_of(&(struct content){ .secret = 1 });
  const struct gc_bytes one = sec_request(client, sec_get, NULL, &mine);
  put_text("{ \"profile\": \"group-os");
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_REFUSED);
  assert_int_equal(problems, 1);
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_SAME);
  assert_int_equal(problems, 1);
  assert_int_equal(gc_succession_check(s, true, 0), GC_SUCCESSION_REFUSED); /* asked for */
  assert_int_equal(problems, 2);
  assert_ptr_equal(current(s), first);
  objection = "not wanted";
  put(&(struct content){ .secret = 3 });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_REFUSED);
  assert_string_equal(told, ":not wanted");
  objection = NULL;
  assert_ptr_equal(current(s), first);
  assert_int_equal(receive(one, &its), GC_SEC_OK);
  put(&(struct content){ .secret = 2 });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_REPLACED);
  held = first;
  unlink(path);
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_REMOVED);
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_SAME);
  assert_null(gc_succession_current(s));
  expect_state(s, 0, 1);
  assert_int_equal(receive(one, &its), GC_SEC_NO_CONTEXT);
  held = NULL;
  put_text("");
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_REFUSED);
  put(&(struct content){ .secret = 2 });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_BEGUN);
  expect_state(s, 0, 0);
  assert_false(gc_secure_context_windows_lost(gc_succession_current(s))); /* it ended in order */
  assert_int_equal(gc_succession_free(&s), GC_OK);
  gc_oscore_context_free(&client);
}

/* No overlap at all, and a reader without a state file. */
static void without_overlap(void **unused)
{
  (void)unused;
  put(&(struct content){ .secret = 1 });
  struct gc_succession *s = begin(GC_SECURE_READ_ONLY, 0);
  for (uint8_t i = 2; i < 10; i++) {
    put(&(struct content){ .secret = i });
    assert_int_equal(gc_succession_check(s, false, i), GC_SUCCESSION_REPLACED);
    expect_state(s, 0, 0);
  }
  put(&(struct content){ .secret = 9, .name = "lamps" });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_REPLACED);
  expect_state(s, 0, 0);
  assert_int_equal(gc_succession_free(&s), GC_OK);
  assert_int_equal(problems, 0);
}

/* The process is killed between and after replacements: the windows that are in doubt are lost, never taken for untouched. */
static void killed_in_between(void **unused)
{
  (void)unused;
  put(&(struct content){ .secret = 1 });
  struct gc_succession *s = begin(GC_SECURE_WINDOWS, OVERLAP_MS);
  put(&(struct content){ .secret = 2 });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_REPLACED);
  char copy[200], state[160], command[500];
  snprintf(state, sizeof state, "%s.state", path);
  snprintf(copy, sizeof copy, "%s.copy", path);
  snprintf(command, sizeof command, "cp '%s' '%s'", state, copy); /* what a killed process leaves */
  assert_int_equal(system(command), 0);
  assert_int_equal(gc_succession_free(&s), GC_OK);
  for (uint8_t secret = 1; secret <= 2; secret++) {
    struct gc_secure_context *again;
    snprintf(command, sizeof command, "cp '%s' '%s'", copy, state);
    assert_int_equal(system(command), 0);
    put(&(struct content){ .secret = secret });
    assert_int_equal(gc_secure_context_open(&again, path, GC_SECURE_WINDOWS, tell, NULL), GC_OK);
    assert_true(gc_secure_context_windows_lost(again));
    assert_int_equal(gc_secure_context_close(&again), GC_OK);
  }
  unlink(copy);
}

/* Keys that have expired and groups that are not active are out of use until the file says otherwise. @req JN-31 GR-13 */
static void suspended(void **unused)
{
  (void)unused;
  struct gc_oscore_binding mine, its;
  put(&(struct content){ .secret = 1 });
  struct gc_succession *s = begin(GC_SECURE_WINDOWS, OVERLAP_MS);
  struct gc_oscore_context *client = client_of(&(struct content){ .secret = 1 });
  const struct gc_bytes one = sec_request(client, sec_get, NULL, &mine), two = sec_request(client, sec_get, NULL, &mine);
  assert_int_equal(receive(one, &its), GC_SEC_OK);
  put(&(struct content){ .secret = 1, .is_inactive = true });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_SUSPENDED);
  assert_non_null(strstr(told, "not active"));
  assert_null(current(s));
  expect_state(s, 0, 0);
  assert_int_equal(receive(two, &its), GC_SEC_NO_CONTEXT);
  assert_int_equal(gc_succession_check(s, true, 0), GC_SUCCESSION_SAME);
  put(&(struct content){ .secret = 1 });
  assert_int_equal(gc_succession_check(s, false, 0), GC_SUCCESSION_BEGUN);
  assert_int_equal(receive(one, &its), GC_SEC_REPLAY); /* windows were kept */
  assert_int_equal(receive(two, &its), GC_SEC_OK);
  /* the end is noticed without a change of the file */
  put(&(struct content){ .secret = 1, .expires_in = 1 });
  assert_int_equal(gc_succession_check(s, false, 5), GC_SUCCESSION_SAME);
  assert_in_range(gc_succession_deadline(s), 5, 1005);
  assert_int_equal(gc_succession_check(s, false, 6), GC_SUCCESSION_SAME);
  while (gc_succession_check(s, false, 1005) == GC_SUCCESSION_SAME)
    usleep(20000);
  assert_string_equal(told, ":its keys have expired");
  assert_null(current(s));
  assert_int_equal(gc_succession_deadline(s), UINT64_MAX);
  assert_int_equal(receive(two, &its), GC_SEC_NO_CONTEXT);
  put(&(struct content){ .secret = 2, .expires_in = 100 });
  assert_int_equal(gc_succession_check(s, false, 2000), GC_SUCCESSION_BEGUN);
  assert_int_equal(gc_succession_deadline(s), 2000 + 60000); /* the clock may be set meanwhile */
  gc_oscore_context_free(&client);
  assert_int_equal(gc_succession_free(&s), GC_OK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
    TEST(replaced_and_dropped), TEST(many_in_quick_succession), TEST(members_only),    TEST(own_id_changes),
    TEST(same_keys_never_twice), TEST(broken_and_removed),      TEST(without_overlap), TEST(killed_in_between),
    TEST(suspended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
