/* stdout as data: buffered by us, flushed a record at a time, a failed write is remembered. Text and JSON Lines. */
#ifndef GC_TOOLS_OUT_H
#define GC_TOOLS_OUT_H

#include <string.h>

#include "base/bytes.h"

enum gc_color_when { GC_COLOR_AUTO, GC_COLOR_ALWAYS, GC_COLOR_NEVER };
enum gc_color { GC_PLAIN, GC_BOLD, GC_DIM, GC_RED, GC_GREEN, GC_YELLOW, GC_BLUE, GC_CYAN };

struct gc_out;

/** An output on a descriptor. when: colours (auto = a terminal, no NO_COLOR, TERM not dumb). batch: flush only when 64 KiB
 *  are full (gc-decode on files) instead of at every gc_out_flush. SIGPIPE and SIGXFSZ are ignored from now on: a closed
 *  pipe and a file at its limit are failed writes. fd -1: kept in memory and grown as needed (see gc_out_content). NULL: no memory. */
struct gc_out *gc_out_new(int fd, enum gc_color_when when, bool batch);

/** What begins every gc_out: the free part of its buffer, so that small writes need no call. */
struct gc_out_room {
  uint8_t *pos, *end;
};

enum { GC_OUT_ROOM_MAX = 4096 };

/** Make room; NULL: none (memory has run out). For gc_out_reserve. */
uint8_t *gc_out_make_room(struct gc_out *out, size_t need);

/** Where at least need (up to GC_OUT_ROOM_MAX) bytes may be written; say with gc_out_advance how far. NULL: no memory */
static inline uint8_t *gc_out_reserve(struct gc_out *out, size_t need)
{
  const struct gc_out_room *room = (const struct gc_out_room *)(const void *)out;
  return (size_t)(room->end - room->pos) >= need ? room->pos : gc_out_make_room(out, need);
}

static inline void gc_out_advance(struct gc_out *out, uint8_t *end)
{
  ((struct gc_out_room *)(void *)out)->pos = end;
}

static inline void gc_out_char(struct gc_out *out, char c)
{
  uint8_t *at = gc_out_reserve(out, 1);
  if (!at)
    return;
  *at = (uint8_t)c;
  gc_out_advance(out, at + 1);
}

/** A string literal: its length is known to the compiler. */
#define GC_OUT_LITERAL(out, literal) gc_out_small((out), "" literal, sizeof literal - 1)
static inline void gc_out_small(struct gc_out *out, const char *text, size_t len)
{
  uint8_t *at = gc_out_reserve(out, len);
  if (!at || len == 0)
    return;
  memcpy(at, text, len);
  gc_out_advance(out, at + len);
}

/** Where a tool was started with standard streams closed, put something in their place: else the first socket or file would
 *  be taken for them. A closed stdout becomes one that cannot be written. Called by gc_opt_parse. */
void gc_out_guard(void);

void gc_out_str(struct gc_out *out, const char *text);
void gc_out_bytes(struct gc_out *out, struct gc_bytes bytes);             /* as they are */
void gc_out_text(struct gc_out *out, struct gc_bytes bytes);              /* from a peer: made printable */
void gc_out_hex(struct gc_out *out, struct gc_bytes bytes);
void gc_out_uint(struct gc_out *out, uint64_t value);
void gc_out_fixed(struct gc_out *out, uint64_t value, unsigned decimals); /* value / 10^decimals */
void gc_out_pad(struct gc_out *out, size_t column);                       /* blanks up to this column of the line, at least one */
void gc_out_color(struct gc_out *out, enum gc_color color);
void gc_outf(struct gc_out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** End of a record: make it visible to a reader of the pipe. */
void gc_out_flush(struct gc_out *out);

/** Flush all, free; false where any write failed (errno of the first). NULL is fine. */
bool gc_out_close(struct gc_out **out);

/** false once a write has failed (EPIPE, ENOSPC): the tool should end. */
bool gc_out_ok(const struct gc_out *out);

/** errno of the first write that failed; 0: none has. */
int gc_out_errno(const struct gc_out *out);

/** What an output in memory holds, until the next call; gc_out_reset empties it. */
struct gc_bytes gc_out_content(const struct gc_out *out);
void gc_out_reset(struct gc_out *out);

/* JSON: commas and escapes are the writer's; keys are ours and need none. key NULL: an element of an array. At most 64
 * levels; what is deeper is left out. */
void gc_json_object(struct gc_out *out, const char *key);
void gc_json_array(struct gc_out *out, const char *key);
void gc_json_end(struct gc_out *out);                                     /* closes the innermost; the outermost adds \n */
void gc_json_text(struct gc_out *out, const char *key, struct gc_bytes utf8); /* bytes that are not UTF-8 become U+FFFD */
void gc_json_text_begin(struct gc_out *out, const char *key);                 /* a text in pieces, each of whole characters */
void gc_json_text_piece(struct gc_out *out, struct gc_bytes utf8);
void gc_json_text_end(struct gc_out *out);
void gc_json_str(struct gc_out *out, const char *key, const char *text);
void gc_json_comma(struct gc_out *out);                                   /* where the next member needs one: its name and value follow as bytes */
void gc_json_quote(struct gc_out *out, struct gc_bytes utf8);             /* only the text in its quotes: no key, no comma */
void gc_json_hex(struct gc_out *out, const char *key, struct gc_bytes bytes);
void gc_json_uint(struct gc_out *out, const char *key, uint64_t value);
void gc_json_int(struct gc_out *out, const char *key, int64_t value);
void gc_json_fixed(struct gc_out *out, const char *key, uint64_t value, unsigned decimals); /* value / 10^decimals */
void gc_json_bool(struct gc_out *out, const char *key, bool value);

/* For json.c. */
struct gc_json_state {
  unsigned depth;
  uint64_t is_array, has_member; /* bit n: of the level n */
};
struct gc_json_state *gc_out_json(struct gc_out *out);

#endif
