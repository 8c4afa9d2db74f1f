#include <stdlib.h>
#include <string.h>

#include "endpoint/internal.h"

static uint64_t key_of(const struct gc_endpoint *endpoint, const struct gc_addr *remote, uint16_t mid)
{
  return gc_hash_u64(gc_addr_hash(remote, endpoint->hash_key) + mid, endpoint->hash_key);
}

struct gc_seen *gc_seen_find(const struct gc_endpoint *endpoint, const struct gc_addr *remote, uint16_t mid)
{
  struct gc_link *link = gc_table_find(&endpoint->seen, key_of(endpoint, remote, mid));
  for (; link; link = gc_table_find_next(link)) {
    struct gc_seen *seen = GC_CONTAINER(link, struct gc_seen, link);
    if (seen->mid == mid && gc_addr_equal(&seen->remote, remote))
      return seen;
  }
  return NULL;
}

static void forget_reply(struct gc_endpoint *endpoint, struct gc_seen *seen)
{
  endpoint->kept_len -= seen->reply_len;
  free(seen->reply);
  seen->reply = NULL;
  seen->reply_len = 0;
}

static void forget(struct gc_endpoint *endpoint, struct gc_seen *seen)
{
  gc_timers_clear(&endpoint->forget_seen, &seen->timer);
  gc_table_remove(&endpoint->seen, &seen->link);
  forget_reply(endpoint, seen);
  free(seen);
}

static void forget_oldest(struct gc_endpoint *endpoint)
{
  forget(endpoint, GC_CONTAINER(gc_timers_first(&endpoint->forget_seen), struct gc_seen, timer));
}

struct gc_seen *gc_seen_add(struct gc_endpoint *endpoint, const struct gc_addr *remote, uint16_t mid, bool is_con)
{
  uint64_t lifetime_ms = is_con ? gc_exchange_lifetime_ms(&endpoint->params) : gc_non_lifetime_ms(&endpoint->params);
  struct gc_seen *seen = calloc(1, sizeof *seen);
  if (!seen)
    return NULL;
  if (endpoint->seen.count > 0 && endpoint->seen.count >= endpoint->params.max_dedup)
    forget_oldest(endpoint);
  seen->remote = *remote;
  seen->mid = mid;
  if (gc_timers_set(&endpoint->forget_seen, &seen->timer, endpoint->now_ms + lifetime_ms))
    goto fail;
  if (gc_table_add(&endpoint->seen, &seen->link, key_of(endpoint, remote, mid)))
    goto fail;
  return seen;
fail:
  gc_timers_clear(&endpoint->forget_seen, &seen->timer);
  free(seen);
  return NULL;
}

void gc_seen_keep_reply(struct gc_endpoint *endpoint, struct gc_seen *seen, struct gc_bytes reply)
{
  forget_reply(endpoint, seen);
  seen->answer = GC_ANSWER_NONE;
  if (reply.len > endpoint->params.max_kept_len)
    return;
  while (endpoint->kept_len + reply.len > endpoint->params.max_kept_len) {
    struct gc_seen *oldest = GC_CONTAINER(gc_timers_first(&endpoint->forget_seen), struct gc_seen, timer);
    if (oldest == seen)
      return;
    forget(endpoint, oldest);
  }
  seen->reply = malloc(reply.len);
  if (!seen->reply)
    return;
  memcpy(seen->reply, reply.ptr, reply.len);
  seen->reply_len = reply.len;
  seen->answer = GC_ANSWER_REPLY;
  endpoint->kept_len += reply.len;
}

void gc_seen_expire(struct gc_endpoint *endpoint, uint64_t now_ms)
{
  for (struct gc_timer *timer; (timer = gc_timers_due(&endpoint->forget_seen, now_ms));)
    forget(endpoint, GC_CONTAINER(timer, struct gc_seen, timer));
}

void gc_seen_clear(struct gc_endpoint *endpoint)
{
  while (gc_timers_first(&endpoint->forget_seen))
    forget_oldest(endpoint);
  gc_table_free(&endpoint->seen);
  gc_timers_free(&endpoint->forget_seen);
}
