#include "store/state_records.h"

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
#define HEADER "groupcoap-state 1"

struct sequence {
  off_t at;
  uint64_t reserved, next;
  char boot[GC_STATE_PRINT_LEN + 1];
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

enum gc_err gc_state_read(const struct gc_state_file *state, off_t at, char record[static GC_STATE_RECORD_LEN + 1])
{
  ssize_t n = pread(state->fd, record, GC_STATE_RECORD_LEN, at);
  record[n > 0 ? n : 0] = '\0';
  if (n < 0)
    return GC_E_SYSTEM;
  if (n == 0)
    return GC_E_END;
  return n == GC_STATE_RECORD_LEN && is_sealed(record) ? GC_OK : GC_E_MALFORMED;
}

enum gc_err gc_state_write(const struct gc_state_file *state, off_t at, const char *content)
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

enum gc_err gc_state_lock(const struct gc_state_file *state)
{
  while (flock(state->fd, LOCK_EX) < 0)
    if (errno != EINTR)
      return GC_E_SYSTEM;
  return GC_OK;
}

void gc_state_unlock(const struct gc_state_file *state)
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

enum gc_err gc_state_find(const struct gc_state_file *state, const char *prefix, off_t from, off_t *at, char record[static GC_STATE_RECORD_LEN + 1])
{
  enum gc_err err;
  for (*at = from; (err = gc_state_read(state, *at, record)) == GC_OK; *at += GC_STATE_RECORD_LEN)
    if (strncmp(record, prefix, strlen(prefix)) == 0)
      return GC_OK;
  return err == GC_E_END ? GC_E_NOT_FOUND : err;
}

enum gc_err gc_state_place(const struct gc_state_file *state, const char *prefix, off_t *at, char record[static GC_STATE_RECORD_LEN + 1])
{
  enum gc_err err = gc_state_find(state, prefix, GC_STATE_RECORD_LEN, at, record);
  if (err != GC_E_NOT_FOUND)
    return err;
  off_t end = *at;
  err = gc_state_find(state, GC_STATE_FREE, GC_STATE_RECORD_LEN, at, record);
  if (err == GC_E_NOT_FOUND)
    *at = end;
  return err && err != GC_E_NOT_FOUND ? err : GC_E_NOT_FOUND;
}

/* Where there is no record yet, *out is all zero and its `at` the place for one. */
static enum gc_err read_sequence(struct gc_state_file *state, struct sequence *out)
{
  char record[GC_STATE_RECORD_LEN + 1], prefix[48];
  *out = (struct sequence){ .at = state->seq_at };
  snprintf(prefix, sizeof prefix, "seq %s ", state->fingerprint);
  enum gc_err err = out->at ? gc_state_read(state, out->at, record) : gc_state_place(state, prefix, &out->at, record);
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
  return gc_state_write(state, sequence->at, content);
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
  enum gc_err err = gc_state_lock(state);
  if (err)
    return err;
  err = take_locked(state, first, count);
  gc_state_unlock(state);
  return err;
}

enum gc_err gc_state_file_peek(struct gc_state_file *state, uint64_t *next)
{
  struct sequence sequence;
  enum gc_err err = gc_state_lock(state);
  if (err)
    return err;
  err = read_sequence(state, &sequence);
  gc_state_unlock(state);
  if (!err)
    *next = first_free(state, &sequence);
  return err;
}

/* --- opening --- */

/* 32 hex digits that differ for every boot of this host */
static void read_boot_id(char out[static GC_STATE_PRINT_LEN + 1])
{
  size_t n = 0;
  FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
  for (int c; file && n < GC_STATE_PRINT_LEN && (c = getc(file)) != EOF && c != '\n';)
    if (c != '-')
      out[n++] = (char)c;
  if (file)
    fclose(file);
  out[n] = '\0';
  if (n < GC_STATE_PRINT_LEN) { /* unknown: every start counts as a boot, numbers are skipped and never reused */
    uint8_t random[GC_FINGERPRINT_LEN];
    struct gc_rng rng = gc_rng_system();
    rng.fill(rng.ctx, random, sizeof random);
    gc_hex_encode(out, gc_bytes(random, sizeof random));
  }
}

static enum gc_err check_header(struct gc_state_file *state, const char *path, char why[static 256])
{
  char record[GC_STATE_RECORD_LEN + 1];
  enum gc_err err = gc_state_read(state, 0, record);
  if (err == GC_E_END) {
    err = gc_state_write(state, 0, HEADER);
    return !err && fsync(state->fd) < 0 ? GC_E_SYSTEM : err;
  }
  if (!err && strncmp(record, HEADER " ", strlen(HEADER " ")) != 0) {
    snprintf(why, 256, "%.120s: state of another version; use the tools that wrote it, or take new keys (see gc(7))", path);
    return GC_E_UNSUPPORTED;
  }
  for (off_t at = GC_STATE_RECORD_LEN; !err && (err = gc_state_read(state, at, record)) == GC_OK;)
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
  memcpy(state->windows, state->fingerprint, sizeof state->windows);
  read_boot_id(state->boot);
  err = GC_E_SYSTEM;
  state->fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (state->fd < 0 || fstat(state->fd, &st) < 0 || gc_state_lock(state)) {
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
  gc_state_unlock(state);
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

/* A lock of gc_state_file_serve belongs to the open file: a second one would be kept out by the first. */
enum gc_err gc_state_file_open_beside(struct gc_state_file **out, const struct gc_state_file *other, const char *path,
                                      const uint8_t fingerprint[static GC_FINGERPRINT_LEN], char why[static 256])
{
  struct stat own, before;
  enum gc_err err = gc_state_file_open(out, path, fingerprint, why);
  if (err || fstat((*out)->fd, &own) < 0 || fstat(other->fd, &before) < 0 || own.st_dev != before.st_dev || own.st_ino != before.st_ino)
    return err;
  const int fd = fcntl(other->fd, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) {
    snprintf(why, 256, "%.120s.state: %s", path, strerror(errno));
    gc_state_file_close(out);
    return GC_E_SYSTEM;
  }
  close((*out)->fd);
  (*out)->fd = fd;
  return GC_OK;
}

void gc_state_file_close(struct gc_state_file **state)
{
  if (!*state)
    return;
  close((*state)->fd);
  free(*state);
  *state = NULL;
}
