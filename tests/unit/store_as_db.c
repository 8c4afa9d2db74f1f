/* An Authorization Server's database: what is registered stays, numbers come once, a file that is none is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/as_db.h"

static char dir[40] = "/tmp/gc-as-db-XXXXXX", path[64], why[GC_AS_DB_WHY_LEN];

static int make_folder(void **state)
{
  (void)state;
  strcpy(dir + strlen(dir) - 6, "XXXXXX");
  if (!mkdtemp(dir))
    return -1;
  snprintf(path, sizeof path, "%s/as.db", dir);
  return 0;
}

/* A thousand commits would wait for a disk. */
static int make_folder_in_memory(void **state)
{
  strcpy(dir, access("/dev/shm", W_OK) ? "/tmp/gc-as-db-XXXXXX" : "/dev/shm/gc-as-db-XXXXXX");
  return make_folder(state);
}

static int remove_folder(void **state)
{
  char name[80];
  static const char *const ends[] = { "", "-wal", "-shm" };
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    snprintf(name, sizeof name, "%s%s", path, ends[i]);
    unlink(name);
  }
  return rmdir(dir);
}

static struct gc_as_db *reopen(struct gc_as_db *db)
{
  gc_as_db_close(&db);
  assert_int_equal(gc_as_db_open(&db, path, true, why), GC_OK);
  return db;
}

static struct gc_bytes text(const char *str)
{
  return gc_bytes_str(str);
}

struct peers {
  size_t count;
  struct gc_as_peer peers[8];
};

static enum gc_err keep_peer(void *ctx, const struct gc_as_peer *peer)
{
  struct peers *peers = ctx;
  peers->peers[peers->count++] = *peer;
  return GC_OK;
}

static void peers_are_kept_with_ids_of_their_own(void **state)
{
  (void)state;
  struct gc_as_db *db = reopen(NULL);
  struct gc_as_peer alice, bob, gm;
  struct peers found = { 0 };
  struct stat st;
  assert_int_equal(gc_as_db_add_peer(db, &alice, GC_AS_CLIENT, text("alice")), GC_OK);
  assert_int_equal(gc_as_db_add_peer(db, &gm, GC_AS_SERVER, text("gm")), GC_OK);
  assert_int_equal(gc_as_db_add_peer(db, &bob, GC_AS_CLIENT, text("alice")), GC_E_EXISTS);
  assert_int_equal(gc_as_db_add_peer(db, &bob, GC_AS_CLIENT, text("gm")), GC_OK); /* another kind */
  assert_int_equal(gc_as_db_add_peer(db, &bob, GC_AS_CLIENT, text("")), GC_E_RANGE);
  assert_int_equal(gc_as_db_add_peer(db, &bob, GC_AS_CLIENT, text("a\nb")), GC_E_RANGE);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  db = reopen(db);
  assert_int_equal(gc_as_db_each_peer(db, keep_peer, &found), GC_OK);
  assert_int_equal(found.count, 3);
  assert_memory_equal(&found.peers[0].master_secret, &alice.master_secret, sizeof alice.master_secret);
  assert_int_equal(found.peers[0].token_key.key_len, 0);
  assert_memory_equal(&found.peers[2].token_key.key, &gm.token_key.key, 16);
  assert_int_equal(found.peers[2].kind, GC_AS_SERVER);
  for (size_t i = 0; i < 3; i++)
    for (size_t j = 0; j < i; j++)
      assert_false(gc_bytes_equal(gc_bytes(found.peers[i].peer_id, found.peers[i].peer_id_len), gc_bytes(found.peers[j].peer_id, found.peers[j].peer_id_len)));
  /* an id is not given again */
  assert_int_equal(gc_as_db_remove_peer(db, GC_AS_CLIENT, text("gm")), GC_OK);
  assert_int_equal(gc_as_db_remove_peer(db, GC_AS_CLIENT, text("gm")), GC_E_NOT_FOUND);
  assert_int_equal(gc_as_db_add_peer(db, &bob, GC_AS_CLIENT, text("bob")), GC_OK);
  assert_int_equal(bob.row, 4);
  gc_as_db_close(&db);
}

static void sequence_numbers_come_once(void **state)
{
  (void)state;
  struct gc_as_db *db = reopen(NULL), *other = reopen(NULL);
  struct gc_as_peer alice;
  uint64_t first;
  assert_int_equal(gc_as_db_add_peer(db, &alice, GC_AS_CLIENT, text("alice")), GC_OK);
  for (uint64_t expected = 0; expected < 320; expected += 64) {
    assert_int_equal(gc_as_db_take(expected & 64 ? db : other, alice.row, &first, 64), GC_OK);
    assert_int_equal(first, expected);
  }
  assert_int_equal(gc_as_db_take(db, alice.row + 1, &first, 64), GC_E_NOT_FOUND);
  db = reopen(db);
  assert_int_equal(gc_as_db_take(db, alice.row, &first, 1), GC_OK);
  assert_int_equal(first, 320);
  gc_as_db_close(&db);
  gc_as_db_close(&other);
}

static void policies_of_one_audience_and_of_all_add_up(void **state)
{
  (void)state;
  struct gc_as_db *db = reopen(NULL);
  struct gc_as_store store;
  struct gc_as_peer peer;
  uint8_t room_bytes[256];
  struct gc_buf room = gc_buf(room_bytes, sizeof room_bytes);
  struct gc_scope_list list = { .count = 0 };
  assert_int_equal(gc_as_db_add_policy(db, text("alice"), text(""), text("lights"), GC_ROLE_REQUESTER), GC_E_NOT_FOUND);
  assert_int_equal(gc_as_db_add_peer(db, &peer, GC_AS_CLIENT, text("alice")), GC_OK);
  assert_int_equal(gc_as_db_add_policy(db, text("alice"), text("gm"), text("lights"), GC_ROLE_REQUESTER), GC_E_NOT_FOUND);
  assert_int_equal(gc_as_db_add_peer(db, &peer, GC_AS_SERVER, text("gm")), GC_OK);
  assert_int_equal(gc_as_db_add_policy(db, text("alice"), text("gm"), text("lights"), GC_ROLE_REQUESTER), GC_OK);
  assert_int_equal(gc_as_db_add_policy(db, text("alice"), text(""), text("lights"), GC_ROLE_RESPONDER), GC_OK);
  assert_int_equal(gc_as_db_add_policy(db, text("alice"), text(""), text("doors"), GC_ROLE_MONITOR), GC_OK);
  assert_int_equal(gc_as_db_add_policy(db, text("alice"), text(""), text("doors"), 1), GC_E_RANGE);
  store = gc_as_db_store(db);
  assert_int_equal(store.policies(store.ctx, text("alice"), text("gm"), text(""), &list, &room), GC_OK);
  assert_int_equal(list.count, 2);
  assert_int_equal(gc_scope_roles(&list, text("lights")), GC_ROLE_REQUESTER | GC_ROLE_RESPONDER);
  list.count = room.len = 0;
  assert_int_equal(store.policies(store.ctx, text("alice"), text("other"), text("lights"), &list, &room), GC_OK);
  assert_int_equal(gc_scope_roles(&list, text("lights")), GC_ROLE_RESPONDER);
  assert_int_equal(gc_as_db_remove_policy(db, text("alice"), text(""), text("lights")), GC_OK);
  assert_int_equal(gc_as_db_remove_policy(db, text("alice"), text(""), text("lights")), GC_E_NOT_FOUND);
  gc_as_db_close(&db);
}

static void tokens_are_known_until_they_expire_or_are_revoked(void **state)
{
  (void)state;
  struct gc_as_db *db = reopen(NULL);
  struct gc_as_store store = gc_as_db_store(db);
  uint64_t numbers[3], count;
  struct gc_as_issued token = { .client = text("alice"), .audience = text("gm"), .material_id = gc_bytes("\x01", 1), .expires_s = 1000 };
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(store.number(store.ctx, &numbers[i]), GC_OK);
    token.number = numbers[i];
    token.expires_s = 1000 + (int64_t)i;
    assert_int_equal(store.issue(store.ctx, &token, 10), GC_OK);
  }
  assert_int_equal(store.issue(store.ctx, &token, 10), GC_E_EXISTS);
  assert_true(numbers[0] < numbers[1] && numbers[1] < numbers[2]);
  assert_int_equal(store.find(store.ctx, numbers[0], text("gm"), 999), GC_OK);
  assert_int_equal(store.find(store.ctx, numbers[0], text("gm"), 1000), GC_E_NOT_FOUND);
  assert_int_equal(store.find(store.ctx, numbers[0], text("other"), 999), GC_E_NOT_FOUND);
  assert_int_equal(store.material(store.ctx, text("alice"), text("gm"), gc_bytes("\x01", 1), 999), GC_OK);
  assert_int_equal(store.material(store.ctx, text("bob"), text("gm"), gc_bytes("\x01", 1), 999), GC_E_NOT_FOUND);
  assert_int_equal(gc_as_db_count_tokens(db, 1001, &count), GC_OK);
  assert_int_equal(count, 1);
  db = reopen(db); /* numbers that were reserved and not given are lost */
  store = gc_as_db_store(db);
  assert_int_equal(store.number(store.ctx, &numbers[0]), GC_OK);
  assert_true(numbers[0] > numbers[2]);
  assert_int_equal(store.find(store.ctx, numbers[1], text("gm"), 999), GC_OK);
  struct gc_as_peer alice;
  assert_int_equal(gc_as_db_add_peer(db, &alice, GC_AS_CLIENT, text("alice")), GC_OK);
  assert_int_equal(gc_as_db_remove_peer(db, GC_AS_CLIENT, text("alice")), GC_OK);
  assert_int_equal(store.find(store.ctx, numbers[1], text("gm"), 999), GC_E_NOT_FOUND);
  gc_as_db_close(&db);
}

static enum gc_err add_number(void *ctx, const struct gc_as_issued *token)
{
  uint64_t *sum = ctx;
  assert_true(gc_bytes_equal(token->client, text("alice")) && gc_bytes_equal(token->material_id, gc_bytes("\x01", 1)));
  assert_int_equal(token->expires_s, 1000);
  *sum = *sum * 10 + token->number;
  return GC_OK;
}

static enum gc_err enough(void *ctx, const struct gc_as_issued *token)
{
  (void)ctx;
  (void)token;
  return GC_E_LIMIT;
}

static void tokens_are_listed_and_revoked_by_client(void **state)
{
  (void)state;
  struct gc_as_db *db = reopen(NULL);
  struct gc_as_store store = gc_as_db_store(db);
  struct gc_as_issued token = { .number = 2, .client = text("alice"), .audience = text("gm"), .material_id = gc_bytes("\x01", 1), .expires_s = 1000 };
  uint64_t sum = 0;
  assert_int_equal(store.issue(store.ctx, &token, 10), GC_OK);
  token.number = 1;
  token.audience = text("other");
  assert_int_equal(store.issue(store.ctx, &token, 10), GC_OK);
  assert_int_equal(gc_as_db_each_token(db, 999, add_number, &sum), GC_OK);
  assert_int_equal(sum, 12);
  assert_int_equal(gc_as_db_each_token(db, 1000, enough, NULL), GC_OK);
  assert_int_equal(gc_as_db_each_token(db, 999, enough, NULL), GC_E_LIMIT);
  assert_int_equal(gc_as_db_revoke(db, text("bob"), text(""), 10), GC_E_NOT_FOUND);
  assert_int_equal(gc_as_db_revoke(db, text("alice"), text(""), 1000), GC_E_NOT_FOUND); /* expired: nothing to revoke */
  assert_int_equal(gc_as_db_revoke(db, text("alice"), text("other"), 10), GC_OK);
  assert_int_equal(store.find(store.ctx, 1, text("other"), 10), GC_E_NOT_FOUND);
  assert_int_equal(store.find(store.ctx, 2, text("gm"), 10), GC_OK);
  assert_int_equal(gc_as_db_revoke(db, text("alice"), text(""), 10), GC_OK);
  assert_int_equal(store.find(store.ctx, 2, text("gm"), 10), GC_E_NOT_FOUND);
  gc_as_db_close(&db);
}

static void what_is_no_such_database_is_left_alone(void **state)
{
  (void)state;
  struct gc_as_db *db;
  char content[64] = "";
  assert_int_equal(gc_as_db_open(&db, path, false, why), GC_E_NOT_FOUND);
  FILE *file = fopen(path, "w");
  fputs("this is a text, and not a short one: a database has a page", file);
  fclose(file);
  chmod(path, 0600);
  assert_int_equal(gc_as_db_open(&db, path, true, why), GC_E_MALFORMED);
  assert_null(db);
  file = fopen(path, "r");
  assert_non_null(fgets(content, sizeof content, file));
  fclose(file);
  assert_non_null(strstr(content, "this is a text"));
  chmod(path, 0644);
  assert_int_equal(gc_as_db_open(&db, path, true, why), GC_E_UNSUPPORTED);
  assert_non_null(strstr(why, "chmod 600"));
}

static void a_full_disk_leaves_what_was(void **state)
{
  (void)state;
  struct gc_as_db *db = reopen(NULL);
  struct gc_as_peer peer;
  struct peers found = { 0 };
  struct rlimit before, small = { 0, 0 };
  uint64_t first = 7;
  assert_int_equal(gc_as_db_add_peer(db, &peer, GC_AS_CLIENT, text("alice")), GC_OK);
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  small.rlim_max = before.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  enum gc_err added = gc_as_db_add_peer(db, &peer, GC_AS_CLIENT, text("bob"));
  enum gc_err taken = gc_as_db_take(db, 1, &first, 64);
  errno = ENOENT; /* of something else */
  enum gc_err removed = gc_as_db_remove_peer(db, GC_AS_CLIENT, text("alice"));
  const int number = errno;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(added, GC_E_SYSTEM);
  assert_int_equal(taken, GC_E_SYSTEM);
  assert_int_equal(removed, GC_E_SYSTEM);
  assert_int_equal(number, EFBIG);
  db = reopen(db);
  assert_int_equal(gc_as_db_each_peer(db, keep_peer, &found), GC_OK);
  assert_int_equal(found.count, 1);
  assert_int_equal(gc_as_db_take(db, 1, &first, 64), GC_OK);
  assert_int_equal(first, 0);
  gc_as_db_close(&db);
}

static void a_locked_database_is_told(void **state)
{
  (void)state;
  struct gc_as_db *db = reopen(NULL);
  struct gc_as_peer peer;
  sqlite3 *other;
  assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(gc_as_db_add_peer(db, &peer, GC_AS_CLIENT, text("alice")), GC_E_LIMIT);
  assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  assert_int_equal(gc_as_db_add_peer(db, &peer, GC_AS_CLIENT, text("alice")), GC_OK);
  gc_as_db_close(&db);
}

static void a_damaged_database_is_told(void **state)
{
  (void)state;
  struct gc_as_db *db = reopen(NULL);
  struct gc_as_peer peer;
  struct peers found = { 0 };
  assert_int_equal(gc_as_db_add_peer(db, &peer, GC_AS_CLIENT, text("alice")), GC_OK);
  gc_as_db_close(&db);
  FILE *file = fopen(path, "r+");
  assert_int_equal(fseek(file, 4096, SEEK_SET), 0);
  for (int i = 0; i < 4096; i++)
    fputc(0xa5, file); /* the second page: the table of peers */
  fclose(file);
  enum gc_err err = gc_as_db_open(&db, path, true, why);
  if (!err)
    err = gc_as_db_each_peer(db, keep_peer, &found);
  assert_int_equal(err, GC_E_MALFORMED);
  assert_int_equal(found.count, 0);
  gc_as_db_close(&db);
}

/* One client cannot take the others' room; with its first token's end there is room for one more. */
static void so_many_tokens_of_one_client(void **state)
{
  (void)state;
  struct gc_as_db *db = reopen(NULL);
  struct gc_as_store store = gc_as_db_store(db);
  struct gc_as_issued token = { .client = text("alice"), .audience = text("gm"), .material_id = gc_bytes("\x01", 1), .expires_s = 1000 };
  for (token.number = 1; token.number <= GC_AS_DB_TOKENS_OF_CLIENT_MAX; token.number++) {
    assert_int_equal(store.issue(store.ctx, &token, 10), GC_OK);
    token.expires_s = 2000;
  }
  assert_int_equal(store.issue(store.ctx, &token, 999), GC_E_LIMIT);
  token.client = text("bob");
  assert_int_equal(store.issue(store.ctx, &token, 999), GC_OK);
  token.client = text("alice");
  token.number++;
  assert_int_equal(store.issue(store.ctx, &token, 1000), GC_OK);
  gc_as_db_close(&db);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(peers_are_kept_with_ids_of_their_own, make_folder, remove_folder),
    cmocka_unit_test_setup_teardown(sequence_numbers_come_once, make_folder, remove_folder),
    cmocka_unit_test_setup_teardown(policies_of_one_audience_and_of_all_add_up, make_folder, remove_folder),
    cmocka_unit_test_setup_teardown(tokens_are_known_until_they_expire_or_are_revoked, make_folder, remove_folder),
    cmocka_unit_test_setup_teardown(tokens_are_listed_and_revoked_by_client, make_folder, remove_folder),
    cmocka_unit_test_setup_teardown(so_many_tokens_of_one_client, make_folder_in_memory, remove_folder),
    cmocka_unit_test_setup_teardown(a_full_disk_leaves_what_was, make_folder, remove_folder),
    cmocka_unit_test_setup_teardown(a_locked_database_is_told, make_folder, remove_folder),
    cmocka_unit_test_setup_teardown(a_damaged_database_is_told, make_folder, remove_folder),
    cmocka_unit_test_setup_teardown(what_is_no_such_database_is_left_alone, make_folder, remove_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
