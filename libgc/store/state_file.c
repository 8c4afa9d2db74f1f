#include "store/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/rng.h"

/* numbers made durable ahead of their use: one fsync for so many messages */
#define RESERVE_AHEAD 1024
#define HEX_LEN (2 * GC_FINGERPRINT_LEN)
#define HEADER "groupcoap-state 1"
#define RUN_OPEN "open"
#define RUN_SAVED "saved"

struct gc_state_file {
  int fd;
  char fingerprint[HEX_LEN + 1]; /* hex */
  char boot[HEX_LEN + 1];        /* of the running kernel */
  off_t seq_at;                  /* where our "seq" record lies, 0: not found yet */
};

struct sequence {
  off_t at;
  uint64_t reserved, next;
  char boot[HEX_LEN + 1];
};

/* FNV-1a: finds damage, not malice; who can write this file owns the keys */
static uint32_t checksum(const char *text, size_t len)
{
  uint32_t sum = 2166136261u;
  for (size_t i = 0; i < len; i++)
    sum = (sum ^ (uint8_t)text[i]) * 16777619u;
  return sum;
}

/* content, blanks, checksum, newline */
static void seal(char record[static GC_STATE_RECORD_LEN + 1], const char *content)
{
  snprintf(record, GC_STATE_RECORD_LEN + 1, "%-246.246s ", content);
  snprintf(record + 247, 10, "%08" PRIx32 "\n", checksum(record, 247));
}

static bool is_sealed(const char record[static GC_STATE_RECORD_LEN])
{
  char sum[10];
  snprintf(sum, sizeof sum, "%08" PRIx32 "\n", checksum(record, 247));
  return memcmp(record + 247, sum, 9) == 0;
}

static enum gc_err read_record(const struct gc_state_file *state, off_t at, char record[static GC_STATE_RECORD_LEN + 1])
{
  ssize_t n = pread(state->fd, record, GC_STATE_RECORD_LEN, at);
  record[n > 0 ? n : 0] = '\0';
  if (n < 0)
    return GC_E_SYSTEM;
  if (n == 0)
    return GC_E_END;
  return n == GC_STATE_RECORD_LEN && is_sealed(record) ? GC_OK : GC_E_MALFORMED;
}

static enum gc_err write_record(const struct gc_state_file *state, off_t at, const char *content)
{
  char record[GC_STATE_RECORD_LEN + 1];
  seal(record, content);
  ssize_t n = pwrite(state->fd, record, GC_STATE_RECORD_LEN, at);
  if (n >= 0 && n < GC_STATE_RECORD_LEN) { /* only a new record at the end can be cut short: take it back */
    (void)!ftruncate(state->fd, at);
    errno = ENOSPC;
    n = -1;
  }
  return n < 0 ? GC_E_SYSTEM : GC_OK;
}

static enum gc_err lock(const struct gc_state_file *state)
{
  while (flock(state->fd, LOCK_EX) < 0)
    if (errno != EINTR)
      return GC_E_SYSTEM;
  return GC_OK;
}

static void unlock(const struct gc_state_file *state)
{
  int kept = errno;
  flock(state->fd, LOCK_UN);
  errno = kept;
}

enum gc_err gc_state_file_serve(struct gc_state_file *state)
{
  struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  /* of another kind than the lock of single changes: those who only send are not kept out */
  if (fcntl(state->fd, F_OFD_SETLK, &whole) == 0)
    return GC_OK;
  return errno == EAGAIN || errno == EACCES ? GC_E_EXISTS : GC_E_SYSTEM;
}

/* The first record that begins with prefix, from `from` on; *at is the end of the file where there is none. */
static enum gc_err find(const struct gc_state_file *state, const char *prefix, off_t from, off_t *at, char record[static GC_STATE_RECORD_LEN + 1])
{
  enum gc_err err;
  for (*at = from; (err = read_record(state, *at, record)) == GC_OK; *at += GC_STATE_RECORD_LEN)
    if (strncmp(record, prefix, strlen(prefix)) == 0)
      return GC_OK;
  return err == GC_E_END ? GC_E_NOT_FOUND : err;
}

/* Where there is no record yet, *out is all zero and its `at` the place for one. */
static enum gc_err read_sequence(struct gc_state_file *state, struct sequence *out)
{
  char record[GC_STATE_RECORD_LEN + 1], prefix[48];
  *out = (struct sequence){ .at = state->seq_at };
  snprintf(prefix, sizeof prefix, "seq %s ", state->fingerprint);
  enum gc_err err = out->at ? read_record(state, out->at, record) : find(state, prefix, GC_STATE_RECORD_LEN, &out->at, record);
  if (err == GC_E_NOT_FOUND)
    return GC_OK;
  if (!err && (strncmp(record, prefix, strlen(prefix)) != 0 ||
               sscanf(record + strlen(prefix), "boot %32[0-9a-f] reserved %" SCNu64 " next %" SCNu64, out->boot, &out->reserved, &out->next) != 3 ||
               out->next > out->reserved || out->reserved > GC_SENDER_SEQUENCE_MAX + 1))
    err = GC_E_MALFORMED;
  if (!err)
    state->seq_at = out->at;
  return err;
}

static enum gc_err write_sequence(const struct gc_state_file *state, const struct sequence *sequence)
{
  char content[GC_STATE_RECORD_LEN];
  if (sequence->at / GC_STATE_RECORD_LEN >= GC_STATE_MAX_RECORDS)
    return GC_E_LIMIT;
  snprintf(content, sizeof content, "seq %s boot %s reserved %013" PRIu64 " next %013" PRIu64, state->fingerprint, state->boot,
           sequence->reserved, sequence->next);
  return write_record(state, sequence->at, content);
}

/* After a boot only what was on the disk counts. */
static uint64_t first_free(const struct gc_state_file *state, const struct sequence *sequence)
{
  return strcmp(sequence->boot, state->boot) == 0 ? sequence->next : sequence->reserved;
}

static enum gc_err take_locked(struct gc_state_file *state, uint64_t *first, uint32_t count)
{
  struct sequence sequence;
  enum gc_err err = read_sequence(state, &sequence);
  if (err)
    return err;
  uint64_t start = first_free(state, &sequence);
  if (start > GC_SENDER_SEQUENCE_MAX || count > GC_SENDER_SEQUENCE_MAX + 1 - start)
    return GC_E_LIMIT;
  sequence.next = start + count;
  bool must_sync = sequence.next > sequence.reserved || strcmp(sequence.boot, state->boot) != 0;
  if (sequence.next > sequence.reserved)
    sequence.reserved = sequence.next + RESERVE_AHEAD < GC_SENDER_SEQUENCE_MAX + 1 ? sequence.next + RESERVE_AHEAD : GC_SENDER_SEQUENCE_MAX + 1;
  err = write_sequence(state, &sequence);
  if (!err && must_sync && fsync(state->fd) < 0)
    err = GC_E_SYSTEM;
  if (!err)
    *first = start;
  return err;
}

enum gc_err gc_state_file_take(struct gc_state_file *state, uint64_t *first, uint32_t count)
{
  enum gc_err err = lock(state);
  if (err)
    return err;
  err = take_locked(state, first, count);
  unlock(state);
  return err;
}

enum gc_err gc_state_file_peek(struct gc_state_file *state, uint64_t *next)
{
  struct sequence sequence;
  enum gc_err err = lock(state);
  if (err)
    return err;
  err = read_sequence(state, &sequence);
  unlock(state);
  if (!err)
    *next = first_free(state, &sequence);
  return err;
}

/* --- replay windows --- */

static enum gc_err write_run(struct gc_state_file *state, const char *what)
{
  char record[GC_STATE_RECORD_LEN + 1], content[80];
  off_t at;
  snprintf(content, sizeof content, "run %s ", state->fingerprint);
  enum gc_err err = find(state, content, GC_STATE_RECORD_LEN, &at, record);
  if (err && err != GC_E_NOT_FOUND)
    return err;
  snprintf(content, sizeof content, "run %s %s", state->fingerprint, what);
  err = write_record(state, at, content);
  return !err && fsync(state->fd) < 0 ? GC_E_SYSTEM : err;
}

/* "win FINGERPRINT kid HEX top N bits HEX": an empty kid is written as "-" */
static enum gc_err parse_window(const char *record, void (*each)(void *ctx, const struct gc_state_window *window), void *ctx)
{
  char kid[2 * GC_STATE_KID_MAX_LEN + 1], bits[2 * GC_STATE_WINDOW_MAX_LEN + 1];
  uint8_t kid_bytes[GC_STATE_KID_MAX_LEN], bit_bytes[GC_STATE_WINDOW_MAX_LEN];
  struct gc_buf kid_buf = gc_buf(kid_bytes, sizeof kid_bytes), bit_buf = gc_buf(bit_bytes, sizeof bit_bytes);
  struct gc_state_window window;
  if (sscanf(record, "win %*32s kid %32s top %" SCNu64 " bits %64s", kid, &window.top, bits) != 3)
    return GC_E_MALFORMED;
  enum gc_err err = strcmp(kid, "-") == 0 ? GC_OK : gc_hex_decode(&kid_buf, kid, strlen(kid), NULL);
  if (!err)
    err = gc_hex_decode(&bit_buf, bits, strlen(bits), NULL);
  if (err)
    return GC_E_MALFORMED;
  window.kid = gc_buf_bytes(&kid_buf);
  window.bits = gc_buf_bytes(&bit_buf);
  each(ctx, &window);
  return GC_OK;
}

static enum gc_err begin_locked(struct gc_state_file *state, void (*each)(void *ctx, const struct gc_state_window *window), void *ctx,
                                bool *is_lost)
{
  char record[GC_STATE_RECORD_LEN + 1], prefix[48];
  off_t at;
  snprintf(prefix, sizeof prefix, "run %s ", state->fingerprint);
  enum gc_err err = find(state, prefix, GC_STATE_RECORD_LEN, &at, record);
  if (err && err != GC_E_NOT_FOUND)
    return err;
  *is_lost = !err && strncmp(record + strlen(prefix), RUN_SAVED, strlen(RUN_SAVED)) != 0;
  snprintf(prefix, sizeof prefix, "win %s ", state->fingerprint);
  off_t from = GC_STATE_RECORD_LEN;
  while (!*is_lost && (err = find(state, prefix, from, &at, record)) == GC_OK && (err = parse_window(record, each, ctx)) == GC_OK)
    from = at + GC_STATE_RECORD_LEN;
  return err && err != GC_E_NOT_FOUND ? err : write_run(state, RUN_OPEN);
}

enum gc_err gc_state_file_windows_begin(struct gc_state_file *state, void (*each)(void *ctx, const struct gc_state_window *window),
                                        void *ctx, bool *is_lost)
{
  enum gc_err err = lock(state);
  if (err)
    return err;
  err = begin_locked(state, each, ctx, is_lost);
  unlock(state);
  return err;
}

static enum gc_err save_window(struct gc_state_file *state, const struct gc_state_window *window)
{
  char record[GC_STATE_RECORD_LEN + 1], content[GC_STATE_RECORD_LEN], kid[2 * GC_STATE_KID_MAX_LEN + 1] = "-",
       bits[2 * GC_STATE_WINDOW_MAX_LEN + 1];
  off_t at;
  if (window->kid.len > GC_STATE_KID_MAX_LEN || window->bits.len > GC_STATE_WINDOW_MAX_LEN || window->bits.len == 0)
    return GC_E_RANGE;
  if (window->kid.len > 0)
    gc_hex_encode(kid, window->kid);
  snprintf(content, sizeof content, "win %s kid %s ", state->fingerprint, kid);
  enum gc_err err = find(state, content, GC_STATE_RECORD_LEN, &at, record);
  if (err && err != GC_E_NOT_FOUND)
    return err;
  if (at / GC_STATE_RECORD_LEN >= GC_STATE_MAX_RECORDS)
    return GC_E_LIMIT;
  size_t len = strlen(content);
  snprintf(content + len, sizeof content - len, "top %" PRIu64 " bits %s", window->top, gc_hex_encode(bits, window->bits));
  return write_record(state, at, content);
}

enum gc_err gc_state_file_windows_save(struct gc_state_file *state, const struct gc_state_window *windows, size_t count)
{
  enum gc_err err = lock(state);
  if (err)
    return err;
  for (size_t i = 0; i < count && !err; i++)
    err = save_window(state, &windows[i]);
  if (!err && fsync(state->fd) < 0) /* the windows first, then the word that they are good */
    err = GC_E_SYSTEM;
  if (!err)
    err = write_run(state, RUN_SAVED);
  unlock(state);
  return err;
}

/* --- opening --- */

/* 32 hex digits that differ for every boot of this host */
static void read_boot_id(char out[static HEX_LEN + 1])
{
  size_t n = 0;
  FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
  for (int c; file && n < HEX_LEN && (c = getc(file)) != EOF && c != '\n';)
    if (c != '-')
      out[n++] = (char)c;
  if (file)
    fclose(file);
  out[n] = '\0';
  if (n < HEX_LEN) { /* unknown: every start counts as a boot, numbers are skipped and never reused */
    uint8_t random[GC_FINGERPRINT_LEN];
    struct gc_rng rng = gc_rng_system();
    rng.fill(rng.ctx, random, sizeof random);
    gc_hex_encode(out, gc_bytes(random, sizeof random));
  }
}

static enum gc_err check_header(struct gc_state_file *state, const char *path, char why[static 256])
{
  char record[GC_STATE_RECORD_LEN + 1];
  enum gc_err err = read_record(state, 0, record);
  if (err == GC_E_END) {
    err = write_record(state, 0, HEADER);
    return !err && fsync(state->fd) < 0 ? GC_E_SYSTEM : err;
  }
  if (!err && strncmp(record, HEADER " ", strlen(HEADER " ")) != 0) {
    snprintf(why, 256, "%.120s: state of another version; use the tools that wrote it, or take new keys (see gc(7))", path);
    return GC_E_UNSUPPORTED;
  }
  for (off_t at = GC_STATE_RECORD_LEN; !err && (err = read_record(state, at, record)) == GC_OK;)
    at += GC_STATE_RECORD_LEN;
  if (err == GC_E_MALFORMED)
    snprintf(why, 256, "%.120s: damaged; its sequence numbers are unknown, so these keys must not be used again: take new keys (see gc(7))", path);
  return err == GC_E_END ? GC_OK : err;
}

/* A new file must still be there after a loss of power: its directory is made durable too. */
static void sync_directory(const char *path)
{
  const char *slash = strrchr(path, '/');
  char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (fd >= 0) {
    (void)!fsync(fd);
    close(fd);
  }
  free(dir);
}

enum gc_err gc_state_file_open(struct gc_state_file **out, const char *path, const uint8_t fingerprint[static GC_FINGERPRINT_LEN],
                               char why[static 256])
{
  char *name = NULL;
  enum gc_err err = GC_E_MEMORY;
  struct stat st;
  struct gc_state_file *state = calloc(1, sizeof *state);
  if (!state || asprintf(&name, "%s.state", path) < 0)
    goto out;
  state->fd = -1;
  gc_hex_encode(state->fingerprint, gc_bytes(fingerprint, GC_FINGERPRINT_LEN));
  read_boot_id(state->boot);
  err = GC_E_SYSTEM;
  state->fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (state->fd < 0 || fstat(state->fd, &st) < 0 || lock(state)) {
    snprintf(why, 256, "%.120s: %s", name, strerror(errno));
    goto out;
  }
  if (!S_ISREG(st.st_mode)) {
    snprintf(why, 256, "%.120s: not a regular file", name);
    err = GC_E_MALFORMED;
    goto out;
  }
  if (st.st_size == 0)
    sync_directory(name);
  why[0] = '\0';
  err = check_header(state, name, why);
  if (err && !why[0])
    snprintf(why, 256, "%.120s: %s", name, err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
  unlock(state);
out:
  if (err) {
    int kept = errno;
    if (state && state->fd >= 0)
      close(state->fd);
    free(state);
    state = NULL;
    errno = kept;
  }
  free(name);
  *out = state;
  return err;
}

void gc_state_file_close(struct gc_state_file **state)
{
  if (!*state)
    return;
  close((*state)->fd);
  free(*state);
  *state = NULL;
}
