/* Walking whole items: the one place that knows how heads nest. */
#include <string.h>

#include "base/text.h"
#include "cbor/reader.h"

/* Something open: an array, a map, a tag or a string in chunks. */
struct level {
  enum gc_cbor_type type;
  bool is_indefinite;
  bool is_key;              /* MAP: the item under way is a key */
  uint64_t left;            /* definite: items (keys and values each) still to come */
  size_t key_at;            /* MAP: where that key begins */
  struct gc_bytes last_key; /* MAP: the one before */
};

struct walk {
  struct gc_cbor_reader *reader;
  unsigned checks;
  size_t depth;
  struct level levels[GC_CBOR_MAX_DEPTH];
};

static enum gc_err fail(struct walk *walk, size_t at, const char *phrase, enum gc_err err)
{
  return gc_fail(&walk->reader->where, at, phrase, err);
}

static bool checks(const struct walk *walk, unsigned check)
{
  return (walk->checks & check) == check;
}

/* May this item stand here (RFC 8949, Sections 3.2.2 and 3.2.3), and is it encoded as asked for? */
static enum gc_err check_item(struct walk *walk, const struct gc_cbor_item *item, size_t at)
{
  const struct level *in = walk->depth ? &walk->levels[walk->depth - 1] : NULL;
  if (item->type == GC_CBOR_BREAK) {
    if (!in || !in->is_indefinite)
      return fail(walk, at, "a break outside of an indefinite length", GC_E_MALFORMED);
    if (in->type == GC_CBOR_MAP && !in->is_key)
      return fail(walk, at, "a map with a key and no value", GC_E_MALFORMED);
    return GC_OK;
  }
  if (in && (in->type == GC_CBOR_BYTES || in->type == GC_CBOR_TEXT) && (item->type != in->type || item->is_indefinite))
    return fail(walk, at, "a chunk of another type in a string", GC_E_MALFORMED);
  if (checks(walk, GC_CBOR_CHECK_UTF8) && item->type == GC_CBOR_TEXT && !gc_text_is_utf8(item->string))
    return fail(walk, at, "text is not UTF-8", GC_E_MALFORMED);
  if (checks(walk, GC_CBOR_CHECK_PREFERRED) && !item->is_preferred)
    return fail(walk, at, "not the shortest encoding", GC_E_MALFORMED);
  if (checks(walk, GC_CBOR_CHECK_DETERMINISTIC) && item->is_indefinite)
    return fail(walk, at, "indefinite length", GC_E_MALFORMED);
  return GC_OK;
}

/* Does the item open a level; if so, open it. */
static enum gc_err open_level(struct walk *walk, const struct gc_cbor_item *item, size_t at, bool *opened)
{
  uint64_t left = item->type == GC_CBOR_TAG ? 1 : item->type == GC_CBOR_ARRAY ? item->number : item->type == GC_CBOR_MAP ? 2 * item->number : 0;
  *opened = item->is_indefinite || left > 0;
  if (!*opened)
    return GC_OK;
  if (walk->depth == GC_CBOR_MAX_DEPTH)
    return fail(walk, at, "nested too deeply", GC_E_LIMIT);
  walk->levels[walk->depth++] = (struct level){ item->type, item->is_indefinite, item->type == GC_CBOR_MAP, left, walk->reader->pos, { NULL, 0 } };
  return GC_OK;
}

/* Bytewise lexicographic order of the encodings (Section 4.2.1). */
static enum gc_err check_key(struct walk *walk, struct level *level)
{
  struct gc_bytes key = gc_bytes_slice(walk->reader->bytes, level->key_at, walk->reader->pos - level->key_at), last = level->last_key;
  if (last.len > 0) {
    int order = memcmp(last.ptr, key.ptr, last.len < key.len ? last.len : key.len);
    if (order == 0 && last.len == key.len)
      return fail(walk, level->key_at, "the same key twice in a map", GC_E_MALFORMED);
    if (order > 0 || (order == 0 && last.len > key.len))
      return fail(walk, level->key_at, "keys of a map out of order", GC_E_MALFORMED);
  }
  level->last_key = key;
  return GC_OK;
}

/* An item is complete: count it in the level around it, and close that one where it was the last. */
static enum gc_err close_levels(struct walk *walk, bool *done)
{
  while (walk->depth > 0) {
    struct level *level = &walk->levels[walk->depth - 1];
    if (level->type == GC_CBOR_MAP) {
      enum gc_err err = level->is_key && checks(walk, GC_CBOR_CHECK_DETERMINISTIC) ? check_key(walk, level) : GC_OK;
      if (err)
        return err;
      level->is_key = !level->is_key;
      level->key_at = walk->reader->pos;
    }
    if (level->is_indefinite || --level->left > 0)
      return GC_OK;
    walk->depth--;
  }
  *done = true;
  return GC_OK;
}

static enum gc_err walk_item(struct gc_cbor_reader *reader, unsigned which)
{
  struct walk walk = { .reader = reader, .checks = which };
  bool done = false;
  while (!done) {
    const size_t at = reader->pos;
    struct gc_cbor_item item;
    bool opened = false;
    enum gc_err err = gc_cbor_next(reader, &item);
    if (err == GC_E_END && walk.depth > 0)
      return fail(&walk, at, "the input ends inside an item", GC_E_TRUNCATED);
    if (!err)
      err = check_item(&walk, &item, at);
    if (!err)
      err = open_level(&walk, &item, at, &opened);
    if (err)
      return err;
    if (item.type == GC_CBOR_BREAK)
      walk.depth--; /* then what it closed is a complete item */
    if (!opened)
      err = close_levels(&walk, &done);
    if (err)
      return err;
  }
  return GC_OK;
}

enum gc_err gc_cbor_skip(struct gc_cbor_reader *reader)
{
  const size_t start = reader->pos;
  enum gc_err err = walk_item(reader, 0);
  if (err)
    reader->pos = start;
  return err;
}

enum gc_err gc_cbor_read_raw(struct gc_cbor_reader *reader, struct gc_bytes *out)
{
  const size_t start = reader->pos;
  enum gc_err err = gc_cbor_skip(reader);
  if (!err)
    *out = gc_bytes(reader->bytes.ptr + start, reader->pos - start);
  return err;
}

enum gc_err gc_cbor_check(struct gc_bytes bytes, unsigned which, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(bytes);
  const bool is_sequence = (which & GC_CBOR_CHECK_SEQUENCE) != 0;
  enum gc_err err = is_sequence && bytes.len == 0 ? GC_OK : walk_item(&reader, which);
  while (!err && is_sequence && !gc_cbor_at_end(&reader))
    err = walk_item(&reader, which);
  if (!err && !gc_cbor_at_end(&reader))
    err = gc_fail(&reader.where, reader.pos, "bytes after the item", GC_E_MALFORMED);
  if (err == GC_E_END)
    err = GC_E_TRUNCATED;
  if (err && where)
    *where = reader.where;
  return err;
}
