/* --hex: each line is one message; blank lines separate exchanges, # begins a comment. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "gc-decode.h"

/* the largest datagram as "0x00 00 …" with room for a comment */
enum { LINE_MAX_LEN = 4 * GC_MESSAGE_MAX_LEN, READ_LEN = 65536 };

struct hex_source {
  struct decode_run *run;
  const char *name, *file;
  uint64_t line;
  uint16_t exchange;      /* stands for the endpoints: what lies between blank lines is between the same two */
  bool is_too_long;       /* the line being read does not fit */
  char *text;             /* LINE_MAX_LEN */
  size_t len;
  uint8_t *datagram;      /* GC_MESSAGE_MAX_LEN */
};

static void complain(struct hex_source *source, size_t column, const char *phrase)
{
  gc_error("%s:%llu:%zu: %s", source->name, (unsigned long long)source->line, column, phrase);
  source->run->status = gc_status_max(source->run->status, GC_STATUS_INPUT);
}

static void handle_line(struct hex_source *source)
{
  struct gc_buf datagram = gc_buf(source->datagram, GC_MESSAGE_MAX_LEN);
  struct gc_where where = { 0, "" };
  source->line++;
  char *comment = memchr(source->text, '#', source->len);
  size_t len = comment ? (size_t)(comment - source->text) : source->len, begin = 0;
  while (len > 0 && strchr(" \t\r", source->text[len - 1]))
    len--;
  while (begin < len && (source->text[begin] == ' ' || source->text[begin] == '\t'))
    begin++;
  if (begin == len) {
    source->exchange = (uint16_t)(source->exchange + !comment); /* a comment does not end an exchange */
    return;
  }
  if (source->is_too_long) {
    complain(source, 1, "the line is longer than the largest datagram");
    return;
  }
  enum gc_err err = gc_hex_decode(&datagram, source->text + begin, len - begin, &where);
  if (err) {
    complain(source, begin + where.offset + 1, err == GC_E_SPACE ? "the line is longer than the largest datagram" : where.phrase);
    return;
  }
  struct decode_record record = { .frame = source->line, .file = source->file, .from = { .port = source->exchange },
                                  .to = { .port = source->exchange }, .datagram = gc_buf_bytes(&datagram) };
  decode_run_datagram(source->run, &record);
}

static void end_line(struct hex_source *source)
{
  handle_line(source);
  source->len = 0;
  source->is_too_long = false;
}

static void take(struct hex_source *source, const char *bytes, size_t count)
{
  while (count > 0 && !source->run->is_done) {
    const char *end = memchr(bytes, '\n', count);
    size_t n = end ? (size_t)(end - bytes) : count, room = LINE_MAX_LEN - source->len;
    source->is_too_long = source->is_too_long || n > room;
    memcpy(source->text + source->len, bytes, n < room ? n : room);
    source->len += n < room ? n : room;
    if (end)
      end_line(source);
    n += end != NULL;
    bytes += n;
    count -= n;
  }
}

static void read_lines(struct hex_source *source, int fd)
{
  char *buffer = malloc(READ_LEN);
  if (!buffer) {
    gc_error("out of memory");
    source->run->status = GC_STATUS_SYSTEM;
    return;
  }
  while (!source->run->is_done && !decode_interrupted()) {
    ssize_t n = read(fd, buffer, READ_LEN);
    if (n > 0) {
      take(source, buffer, (size_t)n);
    } else if (n == 0) {
      if (source->len > 0)
        end_line(source);
      break;
    } else if (errno != EINTR) {
      source->run->status = gc_status_max(source->run->status, decode_open_status(GC_E_SYSTEM, errno));
      gc_error("%s: %s", source->name, strerror(errno));
      break;
    }
  }
  free(buffer);
}

void decode_run_hex(struct decode_run *run, const char *name)
{
  struct hex_source source = { .run = run, .name = name, .file = run->params->file_count > 1 ? name : NULL, .exchange = 1 };
  bool is_stdin = strcmp(name, "-") == 0;
  int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    run->status = gc_status_max(run->status, decode_open_status(GC_E_SYSTEM, errno));
    gc_error("%s: %s", name, strerror(errno));
    return;
  }
  source.text = malloc(LINE_MAX_LEN);
  source.datagram = malloc(GC_MESSAGE_MAX_LEN);
  if (source.text && source.datagram) {
    read_lines(&source, fd);
  } else {
    gc_error("out of memory");
    run->status = GC_STATUS_SYSTEM;
  }
  free(source.text);
  free(source.datagram);
  if (!is_stdin)
    close(fd);
}
