/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include "nonces.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"

/* (who, Partial IV) of a message with one; (who, token) of responses without. */
struct pair {
  struct gc_link link;
  uint8_t key[64];
  size_t key_len;
  uint64_t text;    /* hash of what it protects */
};

/* How many requests went out, and how many answers took their nonces; the Gid they are under. */
struct tally {
  struct gc_link link;
  uint8_t key[64];
  size_t key_len;
  uint64_t texts[256];
  unsigned count, turn;
  uint8_t gid[32], gid_len;
};

struct nonces {
  struct gc_table pairs, tallies;
};

static uint64_t hash(const uint8_t *bytes, size_t len, uint64_t h)
{
  for (size_t i = 0; i < len; i++)
    h = (h ^ bytes[i]) * 0x100000001b3u;
  return h;
}

void *nonces_new(void)
{
  struct nonces *n = calloc(1, sizeof *n);
  assert_non_null(n);
  return n;
}

void nonces_free(void *nonces)
{
  struct nonces *n = nonces;
  size_t at = 0;
  for (struct gc_link *link; (link = gc_table_any(&n->pairs, &at));) {
    gc_table_remove(&n->pairs, link);
    free(GC_CONTAINER(link, struct pair, link));
  }
  at = 0;
  for (struct gc_link *link; (link = gc_table_any(&n->tallies, &at));) {
    gc_table_remove(&n->tallies, link);
    free(GC_CONTAINER(link, struct tally, link));
  }
  gc_table_free(&n->pairs);
  gc_table_free(&n->tallies);
  free(n);
}

size_t nonces_count(const void *nonces)
{
  return ((const struct nonces *)nonces)->pairs.count;
}

static void put(struct gc_buf *key, struct gc_bytes part)
{
  assert_int_equal(gc_buf_add_u8(key, (uint8_t)part.len), GC_OK);
  assert_int_equal(gc_buf_add(key, part), GC_OK);
}

static struct tally *tally_of(struct nonces *n, const struct gc_buf *key)
{
  const uint64_t h = hash(key->ptr, key->len, 0xcbf29ce484222325u);
  for (struct gc_link *link = gc_table_find(&n->tallies, h); link; link = gc_table_find_next(link)) {
    struct tally *tally = GC_CONTAINER(link, struct tally, link);
    if (tally->key_len == key->len && memcmp(tally->key, key->ptr, key->len) == 0)
      return tally;
  }
  struct tally *tally = calloc(1, sizeof *tally);
  assert_non_null(tally);
  memcpy(tally->key, key->ptr, key->len);
  tally->key_len = key->len;
  assert_int_equal(gc_table_add(&n->tallies, &tally->link, h), GC_OK);
  return tally;
}

/* Count a text once, however often it is sent. */
static void count_text(struct tally *tally, uint64_t text)
{
  for (unsigned i = 0; i < tally->count; i++)
    if (tally->texts[i] == text)
      return;
  assert_in_range(tally->count, 0, 255);
  tally->texts[tally->count++] = text;
}

static void add_pair(struct nonces *n, const struct gc_buf *key, uint64_t text)
{
  const uint64_t h = hash(key->ptr, key->len, 0xcbf29ce484222325u);
  for (struct gc_link *link = gc_table_find(&n->pairs, h); link; link = gc_table_find_next(link)) {
    const struct pair *pair = GC_CONTAINER(link, struct pair, link);
    if (pair->key_len != key->len || memcmp(pair->key, key->ptr, key->len) != 0)
      continue;
    if (pair->text != text)
      fail_msg("a key and nonce are used for two messages");
    return;
  }
  struct pair *pair = calloc(1, sizeof *pair);
  assert_non_null(pair);
  memcpy(pair->key, key->ptr, key->len);
  pair->key_len = key->len;
  pair->text = text;
  assert_int_equal(gc_table_add(&n->pairs, &pair->link, h), GC_OK);
}

/* A message that is sent again tells nothing new, and nothing of the time it is sent again at. */
static bool is_repeated(struct nonces *n, struct gc_bytes sender, struct gc_bytes token, uint64_t text)
{
  uint8_t store[64];
  struct gc_buf key = gc_buf(store, sizeof store);
  put(&key, gc_bytes_str("messages"));
  put(&key, sender);
  put(&key, token);
  put(&key, gc_bytes(&text, sizeof text));
  struct tally *sent = tally_of(n, &key);
  return sent->count++ > 0;
}

static struct tally *asked_under(struct nonces *n, struct gc_bytes token)
{
  uint8_t store[64];
  struct gc_buf key = gc_buf(store, sizeof store);
  put(&key, gc_bytes_str("requests")); /* longer than any Sender ID */
  put(&key, token);
  return tally_of(n, &key);
}

void nonces_allow(void *nonces, struct gc_bytes token)
{
  struct tally *asked = asked_under(nonces, token);
  count_text(asked, asked->count);
}

void nonces_add(void *nonces, const struct gc_message *message, const struct gc_oscore_option *option, struct gc_bytes sender)
{
  struct nonces *n = nonces;
  uint8_t store[64];
  struct gc_buf key = gc_buf(store, sizeof store);
  const uint64_t text = hash(message->payload.ptr, message->payload.len, option->piv.len);
  const bool is_request = GC_CODE_IS_REQUEST(message->code);
  if (is_repeated(n, sender, message->token, text))
    return;
  struct tally *asked = asked_under(n, message->token);
  put(&key, sender);
  put(&key, message->token);
  struct tally *answered = tally_of(n, &key), *latest = is_request ? asked : answered;
  if (option->has_kid_context) { /* told once, it holds until the next request or the next time */
    assert_true(option->kid_context.len <= sizeof latest->gid);
    latest->gid_len = (uint8_t)option->kid_context.len;
    memcpy(latest->gid, option->kid_context.ptr, latest->gid_len);
    latest->turn = is_request ? asked->turn + 1 : asked->turn;
  }
  if (answered->turn != asked->turn)
    latest = asked;
  if (is_request) {
    assert_true(option->piv.len > 0 && option->has_kid && gc_bytes_equal(option->kid, sender));
    count_text(asked, text);
  }
  if (option->piv.len) {
    key.len = 0;
    put(&key, sender);
    put(&key, option->piv);
    put(&key, gc_bytes(latest->gid, latest->gid_len));
    add_pair(n, &key, text);
    return;
  }
  count_text(answered, text);
  if (answered->count > asked->count)
    fail_msg("two responses of one server with their request's nonce");
}
