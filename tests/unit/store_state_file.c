#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/state_file.h"

static const uint8_t keys_a[GC_FINGERPRINT_LEN] = { 1, 2, 3 }, keys_b[GC_FINGERPRINT_LEN] = { 9 };
static char dir[64], path[128], state_path[160], why[256];

static int set_up(void **unused)
{
  (void)unused;
  strcpy(dir, "/tmp/gc-state-XXXXXX");
  if (!mkdtemp(dir))
    return -1;
  snprintf(path, sizeof path, "%s/c.json", dir);
  snprintf(state_path, sizeof state_path, "%s.state", path);
  return 0;
}

static int tear_down(void **unused)
{
  (void)unused;
  unlink(state_path);
  return rmdir(dir);
}

static struct gc_state_file *open_state(const uint8_t *keys)
{
  struct gc_state_file *state;
  assert_int_equal(gc_state_file_open(&state, path, keys, why), GC_OK);
  return state;
}

static uint64_t take(const uint8_t *keys, uint32_t count)
{
  uint64_t first = UINT64_MAX;
  struct gc_state_file *state = open_state(keys);
  assert_int_equal(gc_state_file_take(state, &first, count), GC_OK);
  gc_state_file_close(&state);
  assert_null(state);
  return first;
}

static void numbers_go_on_across_runs_and_keys(void **unused)
{
  (void)unused;
  struct stat st;
  uint64_t next;
  assert_int_equal(take(keys_a, 1), 0);
  assert_int_equal(take(keys_a, 5), 1);
  assert_int_equal(take(keys_b, 3), 0); /* other keys: another space */
  assert_int_equal(take(keys_a, 1), 6); /* the first keys come back: nothing was forgotten */
  assert_int_equal(take(keys_b, 1), 3);
  struct gc_state_file *state = open_state(keys_a);
  assert_int_equal(gc_state_file_peek(state, &next), GC_OK);
  assert_int_equal(next, 7);
  gc_state_file_close(&state);
  assert_int_equal(stat(state_path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
}

/* two handles of one file, each opened before the other has written its first record */
static void two_handles_never_share_a_number(void **unused)
{
  (void)unused;
  uint64_t n;
  struct gc_state_file *a = open_state(keys_a), *b = open_state(keys_b), *c = open_state(keys_a);
  assert_int_equal(gc_state_file_peek(a, &n), GC_OK);
  assert_int_equal(n, 0);
  assert_int_equal(gc_state_file_take(b, &n, 1), GC_OK);
  assert_int_equal(gc_state_file_take(a, &n, 1), GC_OK);
  assert_int_equal(n, 0);
  assert_int_equal(gc_state_file_take(c, &n, 1), GC_OK);
  assert_int_equal(n, 1);
  assert_int_equal(gc_state_file_take(a, &n, 1), GC_OK);
  assert_int_equal(n, 2);
  gc_state_file_close(&a);
  gc_state_file_close(&b);
  gc_state_file_close(&c);
}

static void edit(off_t at, const char *text)
{
  int fd = open(state_path, O_RDWR);
  assert_true(fd >= 0);
  assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
  close(fd);
}

/* rewrite the sequence record as a test wants it, with a right checksum */
static void forge_sequence(const char *boot, uint64_t reserved, uint64_t next)
{
  char record[GC_STATE_RECORD_LEN + 1], content[GC_STATE_RECORD_LEN], finger[33];
  uint32_t sum = 2166136261u;
  for (int i = 0; i < 16; i++)
    snprintf(finger + 2 * i, 3, "%02x", keys_a[i]);
  snprintf(content, sizeof content, "seq %s boot %s reserved %013llu next %013llu", finger, boot, (unsigned long long)reserved,
           (unsigned long long)next);
  snprintf(record, sizeof record, "%-246.246s ", content);
  for (int i = 0; i < 247; i++)
    sum = (sum ^ (uint8_t)record[i]) * 16777619u;
  snprintf(record + 247, 10, "%08x\n", sum);
  edit(GC_STATE_RECORD_LEN, record);
}

/* @req B10 */
static void after_a_loss_of_power_the_durable_mark_counts(void **unused)
{
  (void)unused;
  assert_int_equal(take(keys_a, 1), 0);
  forge_sequence("00000000000000000000000000000000", 1025, 17);
  assert_int_equal(take(keys_a, 1), 1025);
  assert_int_equal(take(keys_a, 1), 1026);
}

/* @req B9 C108 */
static void the_space_ends_at_2_40(void **unused)
{
  (void)unused;
  uint64_t first = 0;
  (void)take(keys_a, 1);
  forge_sequence("00000000000000000000000000000000", GC_SENDER_SEQUENCE_MAX - 1, 3);
  assert_int_equal(take(keys_a, 1), GC_SENDER_SEQUENCE_MAX - 1);
  struct gc_state_file *state = open_state(keys_a);
  assert_int_equal(gc_state_file_take(state, &first, 2), GC_E_LIMIT);
  assert_int_equal(gc_state_file_take(state, &first, 1), GC_OK);
  assert_int_equal(first, GC_SENDER_SEQUENCE_MAX);
  assert_int_equal(gc_state_file_take(state, &first, 1), GC_E_LIMIT);
  assert_int_equal(first, GC_SENDER_SEQUENCE_MAX);
  gc_state_file_close(&state);
}

static void damage_is_refused_and_left_alone(void **unused)
{
  (void)unused;
  struct gc_state_file *state;
  struct stat before, after;
  (void)take(keys_a, 1);
  (void)take(keys_b, 1);
  stat(state_path, &before);
  for (off_t at = 0; at < 3 * GC_STATE_RECORD_LEN; at += 7) {
    char original[2] = { 0 };
    int fd = open(state_path, O_RDONLY);
    assert_int_equal(pread(fd, original, 1, at), 1);
    close(fd);
    edit(at, original[0] == '#' ? "!" : "#");
    assert_int_not_equal(gc_state_file_open(&state, path, keys_a, why), GC_OK);
    assert_null(state);
    assert_non_null(strstr(why, "damaged"));
    edit(at, original);
  }
  for (off_t len = 1; len < 3 * GC_STATE_RECORD_LEN; len += 5) {
    if (len % GC_STATE_RECORD_LEN == 0)
      continue; /* whole records are missing: nothing in the file can show that */
    char copy[3 * GC_STATE_RECORD_LEN];
    int fd = open(state_path, O_RDWR);
    assert_int_equal(pread(fd, copy, sizeof copy, 0), sizeof copy);
    assert_int_equal(ftruncate(fd, len), 0);
    assert_int_equal(gc_state_file_open(&state, path, keys_a, why), GC_E_MALFORMED);
    assert_int_equal(pwrite(fd, copy, sizeof copy, 0), sizeof copy);
    close(fd);
  }
  stat(state_path, &after);
  assert_int_equal(before.st_size, after.st_size);
  assert_int_equal(take(keys_a, 1), 1);
}

static void newer_versions_and_strange_files_are_refused(void **unused)
{
  (void)unused;
  struct gc_state_file *state;
  char record[GC_STATE_RECORD_LEN + 1];
  uint32_t sum = 2166136261u;
  snprintf(record, sizeof record, "%-246.246s ", "groupcoap-state 2");
  for (int i = 0; i < 247; i++)
    sum = (sum ^ (uint8_t)record[i]) * 16777619u;
  snprintf(record + 247, 10, "%08x\n", sum);
  int fd = open(state_path, O_RDWR | O_CREAT, 0600);
  assert_int_equal(write(fd, record, GC_STATE_RECORD_LEN), GC_STATE_RECORD_LEN);
  close(fd);
  assert_int_equal(gc_state_file_open(&state, path, keys_a, why), GC_E_UNSUPPORTED);
  assert_non_null(strstr(why, "another version"));
  unlink(state_path);
  assert_int_equal(mkdir(state_path, 0700), 0);
  assert_int_equal(gc_state_file_open(&state, path, keys_a, why), GC_E_SYSTEM);
  rmdir(state_path);
  assert_int_equal(symlink("/dev/null", state_path), 0);
  assert_int_equal(gc_state_file_open(&state, path, keys_a, why), GC_E_SYSTEM);
  unlink(state_path);
  assert_int_equal(gc_state_file_open(&state, "/nonexistent/c", keys_a, why), GC_E_SYSTEM);
  assert_non_null(strstr(why, "/nonexistent/c.state: No such file"));
}

/* a file that may not grow: as on a full disk */
static void a_full_disk_gives_no_number(void **unused)
{
  (void)unused;
  uint64_t first = 77;
  struct rlimit old, small = { GC_STATE_RECORD_LEN + 100, RLIM_INFINITY };
  getrlimit(RLIMIT_FSIZE, &old);
  small.rlim_max = old.rlim_max;
  signal(SIGXFSZ, SIG_IGN);
  struct gc_state_file *state = open_state(keys_a);
  setrlimit(RLIMIT_FSIZE, &small);
  assert_int_equal(gc_state_file_take(state, &first, 1), GC_E_SYSTEM);
  assert_int_equal(first, 77);
  setrlimit(RLIMIT_FSIZE, &old);
  assert_int_equal(gc_state_file_take(state, &first, 1), GC_OK);
  assert_int_equal(first, 0);
  gc_state_file_close(&state);
  assert_int_equal(take(keys_a, 1), 1);
}

enum { CHILDREN = 8, NUMBERS = 20000 };

/* children take numbers and note them in shared memory; the parent kills and replaces them at random */
static void kill_9_never_makes_a_number_twice(void **unused)
{
  (void)unused;
  uint8_t *used = mmap(NULL, NUMBERS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t child[CHILDREN] = { 0 };
  unsigned killed = 0;
  assert_true(used != MAP_FAILED);
  for (int round = 0; round < 120; round++) {
    int i = round % CHILDREN;
    if (child[i]) {
      kill(child[i], SIGKILL);
      waitpid(child[i], NULL, 0);
      killed++;
    }
    child[i] = fork();
    if (child[i] == 0) {
      struct gc_state_file *state;
      uint64_t n;
      if (gc_state_file_open(&state, path, keys_a, why))
        _exit(1);
      while (gc_state_file_take(state, &n, 1) == GC_OK && n < NUMBERS)
        __atomic_add_fetch(&used[n], 1, __ATOMIC_SEQ_CST);
      _exit(0);
    }
    usleep(2000);
  }
  for (int i = 0; i < CHILDREN; i++) {
    kill(child[i], SIGKILL);
    waitpid(child[i], NULL, 0);
  }
  unsigned taken = 0, twice = 0;
  for (int i = 0; i < NUMBERS; i++) {
    taken += used[i] > 0;
    twice += used[i] > 1;
  }
  munmap(used, NUMBERS);
  assert_int_equal(twice, 0);
  assert_true(taken > 100 && killed > 100);
  (void)take(keys_a, 1); /* and the file is sound */
}

struct seen {
  size_t count;
  uint64_t top[8];
  uint8_t first_kid[8], first_bits[8];
};

static void note(void *ctx, const struct gc_state_window *window)
{
  struct seen *seen = ctx;
  seen->top[seen->count] = window->top;
  seen->first_kid[seen->count] = window->kid.len ? window->kid.ptr[0] : 0;
  seen->first_bits[seen->count++] = window->bits.ptr[0];
}

/* @req B10 C106 */
static void windows_are_lost_unless_saved(void **unused)
{
  (void)unused;
  bool is_lost = true;
  struct seen seen = { 0 };
  const struct gc_state_window windows[] = {
    { gc_bytes("\x25", 1), 40, gc_bytes("\x81\x00\x00\x01", 4) },
    { gc_bytes(NULL, 0), GC_SENDER_SEQUENCE_MAX, gc_bytes("\x01\x00\x00\x00", 4) },
  };
  struct gc_state_file *state = open_state(keys_a);
  assert_int_equal(gc_state_file_windows_begin(state, note, &seen, &is_lost), GC_OK);
  assert_false(is_lost); /* the first run: nothing was ever received */
  assert_int_equal(seen.count, 0);
  gc_state_file_close(&state); /* a crash */
  state = open_state(keys_a);
  assert_int_equal(gc_state_file_windows_begin(state, note, &seen, &is_lost), GC_OK);
  assert_true(is_lost);
  assert_int_equal(gc_state_file_windows_save(state, windows, 2), GC_OK);
  gc_state_file_close(&state);
  state = open_state(keys_a);
  assert_int_equal(gc_state_file_windows_begin(state, note, &seen, &is_lost), GC_OK);
  assert_false(is_lost);
  assert_int_equal(seen.count, 2);
  assert_int_equal(seen.top[0], 40);
  assert_int_equal(seen.first_kid[0], 0x25);
  assert_int_equal(seen.first_bits[0], 0x81);
  assert_int_equal(seen.top[1], GC_SENDER_SEQUENCE_MAX);
  assert_int_equal(gc_state_file_windows_save(state, windows, 1), GC_OK);
  seen.count = 0;
  assert_int_equal(gc_state_file_windows_begin(state, note, &seen, &is_lost), GC_OK);
  assert_int_equal(seen.count, 2); /* replaced in place, the other one kept */
  gc_state_file_close(&state);
  state = open_state(keys_b); /* other keys know nothing of it */
  seen.count = 0;
  assert_int_equal(gc_state_file_windows_begin(state, note, &seen, &is_lost), GC_OK);
  assert_int_equal(seen.count, 0);
  assert_false(is_lost);
  gc_state_file_close(&state);
}

/* Keys of a file that was replaced, and the new ones, in one process; another process is kept out of both. */
static void two_keys_are_served_by_one_process(void **unused)
{
  (void)unused;
  struct gc_state_file *a = open_state(keys_a), *b, *other;
  uint64_t number;
  bool is_lost;
  assert_int_equal(gc_state_file_serve(a), GC_OK);
  assert_int_equal(gc_state_file_open_beside(&b, a, path, keys_b, why), GC_OK);
  assert_int_equal(gc_state_file_serve(b), GC_OK);
  other = open_state(keys_b);
  assert_int_equal(gc_state_file_serve(other), GC_E_EXISTS);
  assert_int_equal(gc_state_file_windows_begin(b, note, &(struct seen){ 0 }, &is_lost), GC_OK);
  assert_int_equal(gc_state_file_take(a, &number, 5), GC_OK);
  assert_int_equal(number, 0);
  assert_int_equal(gc_state_file_take(b, &number, 5), GC_OK);
  assert_int_equal(number, 0);
  gc_state_file_close(&a); /* the first goes, the second still serves */
  assert_int_equal(gc_state_file_serve(other), GC_E_EXISTS);
  assert_int_equal(gc_state_file_take(b, &number, 1), GC_OK);
  assert_int_equal(number, 5);
  assert_int_equal(gc_state_file_take(other, &number, 1), GC_OK); /* those who only send share it */
  assert_int_equal(number, 6);
  gc_state_file_close(&b);
  assert_int_equal(gc_state_file_serve(other), GC_OK);
  gc_state_file_close(&other);
}

/* The state file was replaced with the context file: the new one counts. */
static void a_new_state_file_is_not_the_old_one(void **unused)
{
  (void)unused;
  struct gc_state_file *a = open_state(keys_a), *b;
  uint64_t number;
  assert_int_equal(gc_state_file_serve(a), GC_OK);
  assert_int_equal(unlink(state_path), 0);
  assert_int_equal(gc_state_file_open_beside(&b, a, path, keys_b, why), GC_OK);
  assert_int_equal(gc_state_file_serve(b), GC_OK);
  assert_int_equal(gc_state_file_take(b, &number, 3), GC_OK);
  gc_state_file_close(&a);
  gc_state_file_close(&b);
  b = open_state(keys_b);
  assert_int_equal(gc_state_file_peek(b, &number), GC_OK);
  assert_int_equal(number, 3);
  gc_state_file_close(&b);
}

/* Windows by keys, numbers by keys and Sender ID; a file of a version that had both by Sender ID is not trusted with windows. */
static void windows_have_a_fingerprint_of_their_own(void **unused)
{
  (void)unused;
  static const uint8_t keys_c[GC_FINGERPRINT_LEN] = { 5 }, group[GC_FINGERPRINT_LEN] = { 6 };
  const struct gc_state_window window = { gc_bytes("\x25", 1), 40, gc_bytes("\x81", 1) };
  struct seen seen = { 0 };
  bool is_lost;
  struct gc_state_file *state = open_state(keys_a);
  gc_state_file_set_windows(state, group);
  assert_int_equal(gc_state_file_windows_begin(state, note, &seen, &is_lost), GC_OK);
  assert_false(is_lost);
  assert_int_equal(gc_state_file_windows_save(state, &window, 1), GC_OK);
  gc_state_file_close(&state);
  state = open_state(keys_b); /* another Sender ID */
  gc_state_file_set_windows(state, group);
  assert_int_equal(gc_state_file_windows_begin(state, note, &seen, &is_lost), GC_OK);
  assert_false(is_lost);
  assert_int_equal(seen.count, 1);
  gc_state_file_close(&state);
  state = open_state(keys_c);
  assert_int_equal(gc_state_file_windows_begin(state, note, &seen, &is_lost), GC_OK);
  assert_int_equal(gc_state_file_windows_save(state, &window, 1), GC_OK);
  gc_state_file_close(&state);
  state = open_state(keys_c);
  gc_state_file_set_windows(state, keys_b);
  assert_int_equal(gc_state_file_windows_begin(state, note, &seen, &is_lost), GC_OK);
  assert_true(is_lost);
  assert_int_equal(gc_state_file_windows_save(state, &window, 1), GC_OK);
  assert_int_equal(gc_state_file_windows_begin(state, note, &seen, &is_lost), GC_OK);
  assert_false(is_lost); /* by now they are its own */
  gc_state_file_close(&state);
}

/* A hundred keys with ten windows each, one after another: the file does not grow with them. */
static void windows_of_old_keys_make_room(void **unused)
{
  (void)unused;
  struct stat st;
  off_t first_len = 0;
  struct gc_state_window windows[10];
  static const uint8_t kids[10] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
  bool is_lost;
  for (uint8_t i = 0; i < 10; i++)
    windows[i] = (struct gc_state_window){ gc_bytes(&kids[i], 1), i, gc_bytes("\x01", 1) };
  for (uint8_t run = 0; run < 100; run++) {
    const uint8_t keys[GC_FINGERPRINT_LEN] = { run };
    struct gc_state_file *state = open_state(keys);
    assert_int_equal(gc_state_file_windows_begin(state, note, &(struct seen){ 0 }, &is_lost), GC_OK);
    assert_false(is_lost);
    assert_int_equal(gc_state_file_windows_save(state, windows, 10), GC_OK);
    assert_int_equal(gc_state_file_windows_forget(state), GC_OK);
    assert_int_equal(gc_state_file_windows_begin(state, note, &(struct seen){ 0 }, &is_lost), GC_OK);
    assert_true(is_lost); /* never taken for untouched */
    gc_state_file_close(&state);
    assert_int_equal(stat(state_path, &st), 0);
    if (run == 0)
      first_len = st.st_size;
  }
  assert_true(st.st_size <= first_len + 100 * GC_STATE_RECORD_LEN); /* a "run" record each */
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
  const struct CMUnitTest tests[] = {
    TEST(numbers_go_on_across_runs_and_keys),
    TEST(two_handles_never_share_a_number),
    TEST(after_a_loss_of_power_the_durable_mark_counts),
    TEST(the_space_ends_at_2_40),
    TEST(damage_is_refused_and_left_alone),
    TEST(newer_versions_and_strange_files_are_refused),
    TEST(a_full_disk_gives_no_number),
    TEST(kill_9_never_makes_a_number_twice),
    TEST(windows_are_lost_unless_saved),
    TEST(two_keys_are_served_by_one_process),
    TEST(a_new_state_file_is_not_the_old_one),
    TEST(windows_have_a_fingerprint_of_their_own),
    TEST(windows_of_old_keys_make_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
