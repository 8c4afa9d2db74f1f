/* Confirmable messages: NSTART for each peer, in order, and the retransmissions of RFC 7252, Section 4.2. */
#include <stdlib.h>
#include <string.h>

#include "endpoint/internal.h"

static struct gc_peer *peer_find(struct gc_endpoint *endpoint, const struct gc_addr *addr)
{
  struct gc_link *link = gc_table_find(&endpoint->peers, gc_addr_hash(addr, endpoint->hash_key));
  for (; link; link = gc_table_find_next(link)) {
    struct gc_peer *peer = GC_CONTAINER(link, struct gc_peer, link);
    if (gc_addr_equal(&peer->addr, addr))
      return peer;
  }
  return NULL;
}

static struct gc_peer *peer_get(struct gc_endpoint *endpoint, const struct gc_addr *addr)
{
  struct gc_peer *peer = peer_find(endpoint, addr);
  if (peer)
    return peer;
  peer = calloc(1, sizeof *peer);
  if (!peer)
    return NULL;
  peer->addr = *addr;
  if (gc_table_add(&endpoint->peers, &peer->link, gc_addr_hash(addr, endpoint->hash_key))) {
    free(peer);
    return NULL;
  }
  return peer;
}

static void peer_put(struct gc_endpoint *endpoint, struct gc_peer *peer)
{
  if (peer->under_way > 0 || peer->first)
    return;
  gc_table_remove(&endpoint->peers, &peer->link);
  free(peer);
}

static void transmit(struct gc_endpoint *endpoint, const struct gc_sent *sent)
{
  const struct gc_datagram datagram = { sent->remote, sent->local, sent->ifindex, gc_bytes(sent->bytes, sent->len) };
  (void)!gc_transmit(endpoint, &datagram); /* counted there; the retransmission makes up for it */
}

/* False: no memory for the timer. */
static bool start(struct gc_endpoint *endpoint, struct gc_sent *sent)
{
  const struct gc_endpoint_params *params = &endpoint->params;
  uint32_t spread = params->ack_random_permille > 1000 ? params->ack_random_permille - 1000 : 0;
  uint32_t permille = 1000 + gc_rng_below(endpoint->rng, spread + 1);
  sent->timeout_ms = (uint64_t)params->ack_timeout_ms * permille / 1000;
  sent->first_ms = endpoint->now_ms;
  if (gc_timers_set(&endpoint->retransmit, &sent->timer, endpoint->now_ms + sent->timeout_ms))
    return false;
  sent->state = GC_SENT_UNDER_WAY;
  sent->peer->under_way++;
  transmit(endpoint, sent);
  return true;
}

static void unqueue(struct gc_peer *peer, struct gc_sent *sent)
{
  *(sent->before ? &sent->before->next : &peer->first) = sent->next;
  *(sent->next ? &sent->next->before : &peer->last) = sent->before;
  sent->next = sent->before = NULL;
}

static void start_waiting(struct gc_endpoint *endpoint, struct gc_peer *peer)
{
  while (peer->first && peer->under_way < endpoint->params.nstart) {
    struct gc_sent *sent = peer->first;
    if (!start(endpoint, sent))
      return; /* the next settled message tries again */
    unqueue(peer, sent);
  }
}

enum gc_err gc_con_submit(struct gc_endpoint *endpoint, const struct gc_datagram *datagram, uint64_t cookie)
{
  struct gc_sent *sent = NULL;
  if (endpoint->queued >= endpoint->params.max_queued)
    return GC_E_LIMIT;
  struct gc_peer *peer = peer_get(endpoint, &datagram->remote);
  if (!peer)
    return GC_E_MEMORY;
  if (peer->queued >= endpoint->params.max_queued_per_peer) {
    peer_put(endpoint, peer);
    return GC_E_LIMIT;
  }
  if (gc_sent_add(endpoint, &sent, datagram, cookie))
    goto fail;
  sent->bytes = malloc(datagram->bytes.len);
  if (!sent->bytes)
    goto fail;
  memcpy(sent->bytes, datagram->bytes.ptr, datagram->bytes.len);
  sent->len = datagram->bytes.len;
  sent->peer = peer;
  if (!peer->first && peer->under_way < endpoint->params.nstart) {
    if (!start(endpoint, sent))
      goto fail;
  } else {
    sent->before = peer->last;
    *(peer->last ? &peer->last->next : &peer->first) = sent;
    peer->last = sent;
  }
  endpoint->queued++;
  peer->queued++;
  return GC_OK;
fail:
  if (sent)
    gc_sent_remove(endpoint, sent);
  peer_put(endpoint, peer);
  return GC_E_MEMORY;
}

void gc_con_release(struct gc_endpoint *endpoint, struct gc_sent *sent)
{
  struct gc_peer *peer = sent->peer;
  if (!peer)
    return;
  if (sent->state == GC_SENT_UNDER_WAY) {
    gc_timers_clear(&endpoint->retransmit, &sent->timer);
    peer->under_way--;
  } else {
    unqueue(peer, sent);
  }
  sent->peer = NULL;
  endpoint->queued--;
  peer->queued--;
  start_waiting(endpoint, peer);
  peer_put(endpoint, peer);
}

static void time_out(struct gc_endpoint *endpoint, struct gc_sent *sent)
{
  struct gc_addr remote = sent->remote;
  uint64_t cookie = sent->cookie;
  uint16_t mid = sent->mid;
  endpoint->stats.timeouts++;
  gc_con_release(endpoint, sent);
  gc_sent_set_cookie(endpoint, sent, 0);
  gc_sent_settle(endpoint, sent);
  if (cookie)
    endpoint->ops.delivery(endpoint->ops.ctx, GC_DELIVERY_TIMEOUT, &remote, mid, cookie);
}

void gc_con_tick(struct gc_endpoint *endpoint, uint64_t now_ms)
{
  for (struct gc_timer *timer; (timer = gc_timers_due(&endpoint->retransmit, now_ms));) {
    struct gc_sent *sent = GC_CONTAINER(timer, struct gc_sent, timer);
    if (sent->attempts >= endpoint->params.max_retransmit) {
      time_out(endpoint, sent);
      continue;
    }
    sent->attempts++;
    sent->timeout_ms *= 2;
    /* the heap has room: the timer was in it a moment ago */
    if (gc_timers_set(&endpoint->retransmit, &sent->timer, now_ms + sent->timeout_ms) == GC_OK) {
      endpoint->stats.retransmitted++;
      transmit(endpoint, sent);
    }
  }
}
