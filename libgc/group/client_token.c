/* Tokens: fresh, and none used again before MIN_TOKEN_REUSE_TIME (draft-ietf-core-groupcomm-bis, Section 3.1.5). */
#include <stdlib.h>
#include <string.h>

#include "group/client_internal.h"

/* Beyond it the oldest reservation is given up: fresh tokens are random, so meeting it again is not to be expected. */
enum { RESERVED_MAX = 262144, TRIES = 64 };

static uint64_t hash_of(const struct gc_client *client, struct gc_bytes token)
{
  return gc_hash_bytes(token.ptr, token.len, client->hash_key);
}

struct gc_slot *gc_slot_find(const struct gc_client *client, struct gc_bytes token)
{
  struct gc_link *link = gc_table_find(&client->slots, hash_of(client, token));
  for (; link; link = gc_table_find_next(link)) {
    struct gc_slot *slot = GC_CONTAINER(link, struct gc_slot, link);
    if (gc_bytes_equal(gc_bytes(slot->bytes, slot->len), token))
      return slot;
  }
  return NULL;
}

enum gc_err gc_slot_new(struct gc_client *client, struct gc_slot **out, struct gc_bytes token, size_t fresh_len)
{
  struct gc_slot *slot = calloc(1, sizeof *slot);
  enum gc_err err = GC_E_EXISTS;
  if (!slot)
    return GC_E_MEMORY;
  slot->len = (uint8_t)(token.len ? token.len : fresh_len);
  for (int tries = 0; tries < TRIES; tries++) {
    if (token.len)
      memcpy(slot->bytes, token.ptr, token.len);
    else
      client->rng.fill(client->rng.ctx, slot->bytes, slot->len);
    if (!gc_slot_find(client, gc_bytes(slot->bytes, slot->len))) {
      err = gc_table_add(&client->slots, &slot->link, hash_of(client, gc_bytes(slot->bytes, slot->len)));
      break;
    }
  }
  if (err)
    free(slot);
  else
    *out = slot;
  return err;
}

void gc_slot_drop(struct gc_client *client, struct gc_slot *slot)
{
  gc_timers_clear(&client->slot_timers, &slot->timer);
  gc_table_remove(&client->slots, &slot->link);
  free(slot);
}

void gc_slot_reserve(struct gc_client *client, struct gc_slot *slot)
{
  slot->leg = NULL;
  if (client->slot_timers.count >= RESERVED_MAX)
    gc_slot_drop(client, GC_CONTAINER(gc_timers_first(&client->slot_timers), struct gc_slot, timer));
  if (gc_timers_set(&client->slot_timers, &slot->timer, client->now_ms + client->params.min_token_reuse_ms))
    gc_slot_drop(client, slot);
}

void gc_slot_tick(struct gc_client *client)
{
  for (struct gc_timer *timer; (timer = gc_timers_due(&client->slot_timers, client->now_ms));)
    gc_slot_drop(client, GC_CONTAINER(timer, struct gc_slot, timer));
}

void gc_slot_clear(struct gc_client *client)
{
  size_t at = 0;
  for (struct gc_link *link; (link = gc_table_any(&client->slots, &at));)
    gc_slot_drop(client, GC_CONTAINER(link, struct gc_slot, link));
  gc_table_free(&client->slots);
  gc_timers_free(&client->slot_timers);
}
