#include <stdlib.h>
#include <string.h>

#include "endpoint/internal.h"

static uint64_t mid_hash(const struct gc_endpoint *endpoint, uint16_t mid)
{
  return gc_hash_u64(mid, endpoint->hash_key);
}

/* Walk over the messages with a Message ID; sent = NULL starts. */
static struct gc_sent *next_of(const struct gc_endpoint *endpoint, const struct gc_sent *sent, uint16_t mid)
{
  struct gc_link *link = sent ? gc_table_find_next(&sent->by_mid) : gc_table_find(&endpoint->sent_by_mid, mid_hash(endpoint, mid));
  return link ? GC_CONTAINER(link, struct gc_sent, by_mid) : NULL;
}

struct gc_sent *gc_sent_find(const struct gc_endpoint *endpoint, const struct gc_addr *remote, uint16_t mid)
{
  struct gc_sent *sent = NULL;
  while ((sent = next_of(endpoint, sent, mid)))
    if (gc_addr_equal(&sent->remote, remote))
      return sent;
  return NULL;
}

struct gc_sent *gc_sent_find_multicast(const struct gc_endpoint *endpoint, uint16_t mid)
{
  struct gc_sent *sent = NULL;
  while ((sent = next_of(endpoint, sent, mid)))
    if (gc_addr_is_multicast(&sent->remote))
      return sent;
  return NULL;
}

/* A multicast message may reach any peer, so its Message ID must be free towards all, and the other way round
 * (RFC 7252, Section 8.1). */
static bool is_active(const struct gc_endpoint *endpoint, const struct gc_addr *remote, uint16_t mid)
{
  bool is_multicast = gc_addr_is_multicast(remote);
  struct gc_sent *sent = NULL;
  while ((sent = next_of(endpoint, sent, mid)))
    if (is_multicast || gc_addr_is_multicast(&sent->remote) || gc_addr_equal(&sent->remote, remote))
      return true;
  return false;
}

enum gc_err gc_endpoint_mid(struct gc_endpoint *endpoint, uint16_t *mid, const struct gc_addr *remote, uint64_t now_ms)
{
  gc_sent_expire(endpoint, now_ms);
  for (uint32_t tries = 0; tries <= UINT16_MAX; tries++) {
    uint16_t candidate = endpoint->next_mid++;
    if (!is_active(endpoint, remote, candidate)) {
      *mid = candidate;
      return GC_OK;
    }
  }
  return GC_E_LIMIT;
}

void gc_sent_set_cookie(struct gc_endpoint *endpoint, struct gc_sent *sent, uint64_t cookie)
{
  if (sent->has_cookie)
    gc_table_remove(&endpoint->sent_by_cookie, &sent->by_cookie);
  sent->cookie = cookie;
  sent->has_cookie = cookie && !gc_table_add(&endpoint->sent_by_cookie, &sent->by_cookie, gc_hash_u64(cookie, endpoint->hash_key));
}

enum gc_err gc_sent_add(struct gc_endpoint *endpoint, struct gc_sent **out, const struct gc_datagram *datagram, uint64_t cookie)
{
  struct gc_sent *sent = calloc(1, sizeof *sent);
  if (!sent)
    return GC_E_MEMORY;
  sent->remote = datagram->remote;
  sent->local = datagram->local;
  sent->ifindex = datagram->ifindex;
  sent->mid = gc_read_u16(datagram->bytes.ptr + 2);
  sent->is_con = (datagram->bytes.ptr[0] >> 4 & 3) == GC_TYPE_CON;
  if (gc_table_add(&endpoint->sent_by_mid, &sent->by_mid, mid_hash(endpoint, sent->mid))) {
    free(sent);
    return GC_E_MEMORY;
  }
  gc_sent_set_cookie(endpoint, sent, cookie);
  *out = sent;
  return GC_OK;
}

void gc_sent_remove(struct gc_endpoint *endpoint, struct gc_sent *sent)
{
  gc_timers_clear(sent->state == GC_SENT_SETTLED ? &endpoint->forget_sent : &endpoint->retransmit, &sent->timer);
  gc_sent_set_cookie(endpoint, sent, 0);
  gc_table_remove(&endpoint->sent_by_mid, &sent->by_mid);
  free(sent->bytes);
  free(sent);
}

/* The sequence of Message IDs comes back to the oldest one only after 65536 messages, so giving that one up early is the
 * harmless way to bound the table. */
static void make_room(struct gc_endpoint *endpoint)
{
  if (endpoint->forget_sent.count > 0 && endpoint->forget_sent.count >= endpoint->params.max_dedup)
    gc_sent_remove(endpoint, GC_CONTAINER(gc_timers_first(&endpoint->forget_sent), struct gc_sent, timer));
}

void gc_sent_settle(struct gc_endpoint *endpoint, struct gc_sent *sent)
{
  uint64_t lifetime_ms = sent->is_con ? gc_exchange_lifetime_ms(&endpoint->params) : gc_non_lifetime_ms(&endpoint->params);
  if (sent->state != GC_SENT_SETTLED) {
    gc_timers_clear(&endpoint->retransmit, &sent->timer);
    free(sent->bytes);
    sent->bytes = NULL;
    sent->state = GC_SENT_SETTLED;
    make_room(endpoint);
  }
  if (gc_timers_set(&endpoint->forget_sent, &sent->timer, sent->first_ms + lifetime_ms))
    gc_sent_remove(endpoint, sent);
}

void gc_sent_expire(struct gc_endpoint *endpoint, uint64_t now_ms)
{
  for (struct gc_timer *timer; (timer = gc_timers_due(&endpoint->forget_sent, now_ms));)
    gc_sent_remove(endpoint, GC_CONTAINER(timer, struct gc_sent, timer));
}

void gc_sent_clear(struct gc_endpoint *endpoint)
{
  size_t at = 0;
  for (struct gc_link *link; (link = gc_table_any(&endpoint->sent_by_mid, &at));)
    gc_sent_remove(endpoint, GC_CONTAINER(link, struct gc_sent, by_mid));
  gc_table_free(&endpoint->sent_by_mid);
  gc_table_free(&endpoint->sent_by_cookie);
  gc_timers_free(&endpoint->retransmit);
  gc_timers_free(&endpoint->forget_sent);
}
