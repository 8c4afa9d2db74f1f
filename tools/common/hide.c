#include "common/hide.h"

#include <stdlib.h>

#include "cbor/reader.h"
#include "cbor/writer.h"
#include "common/ace_message.h"
#include "common/show_informative.h"

/* gp_material has the same key in both formats of informative responses, as ms has in both formats of gp_material */
enum { KEY_GP_MATERIAL = 13, KEY_MS = 2 };

struct walk {
  struct gc_cbor_reader reader;
  struct gc_cbor_writer writer;
  size_t copied;     /* bytes of the input that are written, or left out */
  size_t secret_at;  /* where the first gp_material begins */
  bool is_secret;
};

/* The value that comes next is left out; false: it is damaged. */
static bool leave_out(struct walk *walk)
{
  gc_cbor_raw(&walk->writer, gc_bytes_slice(walk->reader.bytes, walk->copied, walk->reader.pos - walk->copied));
  gc_cbor_str(&walk->writer, GC_HIDDEN);
  walk->is_secret = true;
  if (gc_cbor_skip(&walk->reader))
    return false;
  walk->copied = walk->reader.pos;
  return true;
}

static bool next_key(struct walk *walk, struct gc_cbor_list *list, struct gc_cbor_item *key, bool *is_damaged)
{
  if (*is_damaged || !gc_cbor_list_next(&walk->reader, list))
    return false;
  *is_damaged = gc_cbor_peek(&walk->reader, key) || gc_cbor_skip(&walk->reader);
  return !*is_damaged;
}

/* Also into a map that was cut short and announces more than there is. */
static bool enter(struct walk *walk, struct gc_cbor_list *list)
{
  struct gc_cbor_item head;
  if (gc_cbor_next(&walk->reader, &head) || head.type != GC_CBOR_MAP)
    return false;
  *list = (struct gc_cbor_list){ head.number, head.is_indefinite };
  return true;
}

static bool walk_material(struct walk *walk)
{
  struct gc_cbor_list list;
  struct gc_cbor_item key;
  bool is_damaged = !enter(walk, &list);
  while (next_key(walk, &list, &key, &is_damaged))
    is_damaged = key.type == GC_CBOR_UINT && key.number == KEY_MS ? !leave_out(walk) : gc_cbor_skip(&walk->reader) != GC_OK;
  return !is_damaged;
}

static bool walk_informative(struct walk *walk)
{
  struct gc_cbor_list list;
  struct gc_cbor_item key, value;
  bool is_damaged = !enter(walk, &list);
  while (next_key(walk, &list, &key, &is_damaged)) {
    if (key.type != GC_CBOR_UINT || key.number != KEY_GP_MATERIAL) {
      is_damaged = gc_cbor_skip(&walk->reader) != GC_OK;
      continue;
    }
    if (walk->secret_at > walk->reader.pos)
      walk->secret_at = walk->reader.pos;
    is_damaged = gc_cbor_peek(&walk->reader, &value) != GC_OK;
    if (!is_damaged)
      is_damaged = value.type == GC_CBOR_MAP ? !walk_material(walk) : !leave_out(walk);
  }
  return !is_damaged;
}

static struct gc_hidden hide(struct gc_bytes bytes, bool (*walk_it)(struct walk *walk), size_t secret_at)
{
  size_t cap = 5 * bytes.len + 16; /* key and value have two bytes at least, key and text ten */
  struct gc_hidden hidden = { .owned = malloc(cap) };
  struct gc_buf out = gc_buf(hidden.owned, hidden.owned ? cap : 0);
  struct walk walk = { .reader = gc_cbor_reader(bytes), .writer = gc_cbor_writer(&out), .secret_at = secret_at };
  bool is_whole = walk_it(&walk);
  gc_cbor_raw(&walk.writer, gc_bytes_slice(bytes, walk.copied, SIZE_MAX));
  is_whole = !gc_cbor_finish(&walk.writer) && is_whole;
  hidden.is_secret = walk.is_secret || (!is_whole && walk.secret_at < bytes.len);
  hidden.bytes = !hidden.is_secret ? bytes : is_whole ? gc_buf_bytes(&out) : gc_bytes_slice(bytes, 0, walk.secret_at);
  return hidden;
}

struct gc_hidden gc_hide_informative(struct gc_bytes payload)
{
  return hide(payload, walk_informative, SIZE_MAX);
}

struct gc_hidden gc_hide_material(struct gc_bytes map)
{
  return hide(map, walk_material, 0);
}

bool gc_hide_holds_secret(const struct gc_message *message)
{
  const int32_t format = gc_ace_content_format(message);
  if (!gc_hide_concerns(format))
    return false;
  struct gc_hidden hidden = gc_hide_payload(message->payload, format);
  const bool is_secret = hidden.is_secret;
  gc_hidden_free(&hidden);
  return is_secret;
}

void gc_hidden_free(struct gc_hidden *hidden)
{
  free(hidden->owned);
  *hidden = (struct gc_hidden){ .owned = NULL };
}
