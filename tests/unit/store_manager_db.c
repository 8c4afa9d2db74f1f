/* A Group Manager's database: what survives a process that is killed, what is refused, what happens when it is locked, damaged or
 * full, commands between processes. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ace/gm_store.h"
#include "base/rng.h"
#include "crypto/secret.h"
#include "store/manager_db.h"

static char folder[] = "/tmp/gc-manager-db.XXXXXX";
static char path[64], why[256];

static struct gc_manager_db *open_db(void)
{
  struct gc_manager_db *db = NULL;
  const enum gc_err err = gc_manager_db_open(&db, path, why);
  if (err)
    fail_msg("%s: %s", gc_err_name(err), why);
  return db;
}

static void remove_db(void)
{
  char other[80];
  static const char *const suffixes[] = { "", "-wal", "-shm", ".lock" };
  for (size_t i = 0; i < 4; i++) {
    snprintf(other, sizeof other, "%s%s", path, suffixes[i]);
    (void)unlink(other);
  }
}

static int stop(void **state)
{
  (void)state;
  remove_db();
  return 0;
}

static struct gc_gm_group group_of(uint64_t num)
{
  struct gc_gm_group group = { .name = "lights", .num = num, .gid = { 1, 2, 3, (uint8_t)num }, .gid_len = 4, .master_secret = { 0x5e, 0xc2, 0xe7, 0x5e },
                               .master_secret_len = 16, .expires_s = 1800000000, .is_active = true, .next_sender_id = 7, .next_node = 9 };
  memset(group.master_secret, 0xd5, 16);
  return group;
}

static struct gc_gm_member member_of(uint64_t node, uint8_t id)
{
  return (struct gc_gm_member){ .group = "lights", .node = node, .identity = { 'a', 0, (uint8_t)node }, .identity_len = 3, .roles = 6, .has_sender_id = true,
                                .sender_id = { id }, .sender_id_len = 1, .cred = { 0xa0 }, .cred_len = 1, .scope = { 0x82 }, .scope_len = 1,
                                .cnonce = { 5 }, .cnonce_len = 1, .birth_gid = { 6 }, .birth_gid_len = 1, .join_num = 3, .is_new = true,
                                .control_uri = "coap://c.example/x", .expires_s = 1800000000 + (int64_t)node };
}

static void records_are_what_they_were(void **state)
{
  (void)state;
  struct gc_manager_db *db = open_db();
  struct gc_gm_store store = gc_manager_db_store(db);
  const struct gc_gm_group group = group_of(4);
  struct gc_gm_group read;
  struct gc_gm_member member = member_of(1, 0x25), silent = member_of(2, 0), other = member_of(3, 0x25), got;
  silent.has_sender_id = false;
  silent.sender_id_len = 0;
  silent.expires_s = GC_GM_NEVER;
  assert_int_equal(store.ops->group_get(db, "lights", &read), GC_E_NOT_FOUND);
  assert_int_equal(store.ops->begin(db), GC_OK);
  assert_int_equal(store.ops->group_put(db, &group), GC_OK);
  assert_int_equal(store.ops->member_put(db, &member), GC_OK);
  assert_int_equal(store.ops->member_put(db, &silent), GC_OK);
  assert_int_equal(store.ops->member_put(db, &other), GC_E_EXISTS); /* the Sender ID is another one's */
  assert_int_equal(store.ops->commit(db), GC_OK);
  gc_manager_db_close(&db);
  db = open_db();
  store = gc_manager_db_store(db);
  assert_int_equal(store.ops->group_get(db, "lights", &read), GC_OK);
  assert_memory_equal(&read, &group, sizeof read);
  const struct gc_gm_find finds[] = { { .by = GC_GM_BY_NODE, .number = 1 }, { .by = GC_GM_BY_NODE_AFTER }, { .by = GC_GM_BY_SENDER_ID, .bytes = gc_bytes("\x25", 1) },
                                      { .by = GC_GM_BY_IDENTITY, .bytes = gc_bytes(member.identity, 3) } };
  for (size_t i = 0; i < 4; i++) {
    memset(&got, 0xff, sizeof got);
    assert_int_equal(store.ops->member_get(db, "lights", &finds[i], &got), GC_OK);
    assert_memory_equal(&got, &member, sizeof got);
  }
  assert_int_equal(store.ops->member_get(db, "other", &finds[0], &got), GC_E_NOT_FOUND);
  assert_int_equal(store.ops->member_get(db, "lights", &(struct gc_gm_find){ .by = GC_GM_BY_NODE, .number = 2 }, &got), GC_OK);
  assert_memory_equal(&got, &silent, sizeof got);
  assert_int_equal(store.ops->member_expiring(db, &got), GC_OK);
  assert_int_equal(got.node, 1);
  assert_int_equal(store.ops->member_delete(db, "lights", 1), GC_OK);
  assert_int_equal(store.ops->member_delete(db, "lights", 1), GC_E_NOT_FOUND);
  assert_int_equal(store.ops->member_expiring(db, &got), GC_E_NOT_FOUND);
  gc_manager_db_close(&db);
}

static void rolled_back(void **state)
{
  (void)state;
  struct gc_manager_db *db = open_db();
  const struct gc_gm_store store = gc_manager_db_store(db);
  struct gc_gm_group group = group_of(1), read;
  assert_int_equal(store.ops->group_put(db, &group), GC_OK);
  assert_int_equal(store.ops->begin(db), GC_OK);
  group.num = 2;
  assert_int_equal(store.ops->group_put(db, &group), GC_OK);
  assert_int_equal(store.ops->stale_add(db, "lights", 1, gc_bytes("\x07", 1)), GC_OK);
  store.ops->rollback(db);
  store.ops->rollback(db); /* nothing to take back: no harm */
  assert_int_equal(store.ops->group_get(db, "lights", &read), GC_OK);
  assert_int_equal(read.num, 1);
  assert_int_equal(store.ops->stale_has(db, "lights", 1, gc_bytes("\x07", 1)), GC_E_NOT_FOUND);
  gc_manager_db_close(&db);
}

/* A child counts a group up, transaction by transaction, and writes down what it has committed; it is killed at a random moment. */
static void killed(void **state)
{
  (void)state;
  uint64_t seed = 5, last = 0;
  for (int round = 0; round < 20; round++) {
    int told[2];
    assert_int_equal(pipe(told), 0);
    const pid_t child = fork();
    if (child == 0) {
      struct gc_manager_db *db = open_db();
      const struct gc_gm_store store = gc_manager_db_store(db);
      struct gc_gm_group group;
      if (store.ops->group_get(db, "lights", &group))
        group = group_of(0);
      for (;;) {
        group.num++;
        struct gc_gm_member member = member_of(group.num, 0);
        member.has_sender_id = false;
        memcpy(member.identity, &group.num, member.identity_len = sizeof group.num); /* of each its own */
        if (store.ops->begin(db) || store.ops->group_put(db, &group) || store.ops->member_put(db, &member) || store.ops->commit(db) ||
            write(told[1], &group.num, sizeof group.num) != (ssize_t)sizeof group.num)
          _exit(1);
      }
    }
    close(told[1]);
    assert_int_equal(read(told[0], &last, sizeof last), (ssize_t)sizeof last); /* it is under way */
    usleep(gc_rng_below(gc_rng_seeded(&seed), 20000));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (uint64_t num; read(told[0], &num, sizeof num) == (ssize_t)sizeof num;)
      last = num;
    close(told[0]);
    struct gc_manager_db *db = open_db();
    const struct gc_gm_store store = gc_manager_db_store(db);
    struct gc_gm_group group = { .num = 0 };
    uint64_t members = 0;
    const enum gc_err err = store.ops->group_get(db, "lights", &group);
    assert_true(err == GC_OK || last == 0);
    assert_int_equal(store.ops->member_count(db, "lights", &members), GC_OK);
    assert_int_equal(members, group.num);                          /* both or neither */
    assert_true(group.num == last || group.num == last + 1);       /* what was committed is there */
    last = group.num;
    gc_manager_db_close(&db);
  }
  assert_true(last >= 20);
}

static void files_that_are_refused(void **state)
{
  (void)state;
  struct gc_manager_db *db = open_db();
  struct stat about;
  assert_int_equal(stat(path, &about), 0);
  assert_int_equal(about.st_mode & 0777, 0600);
  gc_manager_db_close(&db);
  assert_int_equal(chmod(path, 0640), 0);
  assert_int_equal(gc_manager_db_open(&db, path, why), GC_E_UNSUPPORTED);
  assert_non_null(strstr(why, "chmod 600"));
  assert_int_equal(chmod(path, 0600), 0);
  FILE *file = fopen(path, "r+b");
  assert_non_null(file);
  for (long at = 100; at < 8192; at += 7) {
    fseek(file, at, SEEK_SET);
    fputc(0x5a, file);
  }
  fclose(file);
  assert_int_not_equal(gc_manager_db_open(&db, path, why), GC_OK);
  assert_true(why[0]);
  remove_db();
  file = fopen(path, "wb");
  assert_non_null(file);
  for (int i = 0; i < 5000; i++)
    fputc('x', file);
  fclose(file);
  assert_int_equal(chmod(path, 0600), 0);
  assert_int_equal(gc_manager_db_open(&db, path, why), GC_E_MALFORMED);
  assert_int_equal(gc_manager_db_open(&db, "/nonexistent/x.db", why), GC_E_SYSTEM);
}

static void locked_and_full(void **state)
{
  (void)state;
  struct gc_manager_db *db = open_db(), *other = open_db();
  const struct gc_gm_store store = gc_manager_db_store(db), another = gc_manager_db_store(other);
  struct gc_gm_group group = group_of(1), read;
  assert_int_equal(store.ops->group_put(db, &group), GC_OK);
  assert_int_equal(another.ops->begin(other), GC_OK);
  assert_int_equal(store.ops->begin(db), GC_E_LIMIT);
  assert_int_equal(store.ops->group_get(db, "lights", &read), GC_OK); /* reading goes on */
  another.ops->rollback(other);
  assert_int_equal(store.ops->begin(db), GC_OK);
  store.ops->rollback(db);
  const pid_t child = fork();
  if (child == 0) { /* no file may grow: as a full disk */
    const struct rlimit limit = { 70000, 70000 };
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    struct gc_manager_db *mine = open_db();
    const struct gc_gm_store full = gc_manager_db_store(mine);
    enum gc_err err = GC_OK;
    for (uint64_t i = 1; i < 2000 && !err; i++) {
      struct gc_gm_member member = member_of(i, 0);
      member.has_sender_id = false;
      memcpy(member.identity, &i, member.identity_len = sizeof i);
      member.cred_len = GC_GM_CRED_MAX_LEN;
      err = full.ops->begin(mine);
      if (!err)
        err = full.ops->member_put(mine, &member);
      if (!err)
        err = full.ops->commit(mine);
      if (err)
        full.ops->rollback(mine);
    }
    _exit(err == GC_E_SYSTEM || err == GC_E_LIMIT ? 0 : 1);
  }
  int status = 1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  uint64_t members = 0;
  assert_int_equal(store.ops->member_count(db, "lights", &members), GC_OK); /* what was there before stands */
  assert_int_equal(store.ops->group_get(db, "lights", &read), GC_OK);
  assert_int_equal(read.num, 1);
  gc_manager_db_close(&db);
  gc_manager_db_close(&other);
}

/* What is deleted is overwritten: no Master Secret of the past is in the file once it is checkpointed. */
static void old_secrets_go(void **state)
{
  (void)state;
  static const uint8_t secret[] = "an old secret!!!";
  struct gc_manager_db *db = open_db();
  const struct gc_gm_store store = gc_manager_db_store(db);
  struct gc_gm_group group = group_of(1);
  memcpy(group.master_secret, secret, 16);
  assert_int_equal(store.ops->group_put(db, &group), GC_OK);
  memset(group.master_secret, 0x11, 16);
  assert_int_equal(store.ops->group_put(db, &group), GC_OK);
  gc_manager_db_close(&db); /* the last one checkpoints, and the WAL is gone */
  uint8_t bytes[1 << 17];
  const int fd = open(path, O_RDONLY);
  const ssize_t len = read(fd, bytes, sizeof bytes);
  close(fd);
  assert_true(len > 4096);
  assert_null(memmem(bytes, (size_t)len, secret, 16));
  char wal[80];
  snprintf(wal, sizeof wal, "%s-wal", path);
  assert_int_not_equal(access(wal, F_OK), 0);
}

static void commands(void **state)
{
  (void)state;
  struct gc_manager_db *server = open_db(), *tool = open_db();
  struct gc_manager_command command = { .verb = "evict", .group = "lights", .member = "n1" }, second = { .verb = "rekey", .group = "lights" }, got;
  enum gc_err result = GC_OK;
  assert_int_equal(gc_manager_db_serve(server), GC_OK);
  assert_int_equal(gc_manager_db_serve(tool), GC_E_EXISTS);
  assert_int_equal(gc_manager_db_next(server, &got), GC_E_NOT_FOUND);
  assert_int_equal(gc_manager_db_command(tool, &command), GC_OK);
  assert_int_equal(gc_manager_db_command(tool, &second), GC_OK);
  assert_int_equal(gc_manager_db_result(tool, command.id, &result), GC_E_NOT_FOUND);
  assert_int_equal(gc_manager_db_next(server, &got), GC_OK);
  assert_int_equal(got.id, command.id);
  assert_string_equal(got.verb, "evict");
  assert_string_equal(got.member, "n1");
  assert_int_equal(gc_manager_db_done(server, got.id, GC_E_NOT_FOUND), GC_OK);
  assert_int_equal(gc_manager_db_next(server, &got), GC_OK);
  assert_int_equal(got.id, second.id);
  assert_int_equal(gc_manager_db_withdraw(tool, second.id), GC_OK);
  assert_int_equal(gc_manager_db_next(server, &got), GC_E_NOT_FOUND);
  assert_int_equal(gc_manager_db_result(tool, command.id, &result), GC_OK);
  assert_int_equal(result, GC_E_NOT_FOUND);
  assert_int_equal(gc_manager_db_result(tool, command.id, &result), GC_E_NOT_FOUND); /* taken away */
  for (int i = 0; i < GC_MANAGER_COMMANDS_MAX; i++)
    assert_int_equal(gc_manager_db_command(tool, &second), GC_OK);
  assert_int_equal(gc_manager_db_command(tool, &second), GC_E_LIMIT);
  gc_manager_db_close(&server);
  assert_int_equal(gc_manager_db_serve(tool), GC_OK);
  gc_manager_db_close(&tool);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(records_are_what_they_were, stop), cmocka_unit_test_teardown(rolled_back, stop), cmocka_unit_test_teardown(killed, stop),
    cmocka_unit_test_teardown(files_that_are_refused, stop), cmocka_unit_test_teardown(locked_and_full, stop),
    cmocka_unit_test_teardown(old_secrets_go, stop), cmocka_unit_test_teardown(commands, stop),
  };
  if (gc_crypto_init() || !mkdtemp(folder))
    return 1;
  snprintf(path, sizeof path, "%s/gm.db", folder);
  const int failed = cmocka_run_group_tests_name("store_manager_db", tests, NULL, NULL);
  (void)rmdir(folder);
  return failed;
}
