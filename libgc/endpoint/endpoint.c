#include "endpoint/endpoint.h"

#include <stdlib.h>

#include "endpoint/internal.h"

struct gc_endpoint *gc_endpoint_new(const struct gc_endpoint_params *params, const struct gc_endpoint_ops *ops, struct gc_rng rng)
{
  struct gc_endpoint *endpoint = calloc(1, sizeof *endpoint);
  if (!endpoint)
    return NULL;
  endpoint->params = *params;
  endpoint->ops = *ops;
  endpoint->rng = rng;
  if (endpoint->params.nstart == 0)
    endpoint->params.nstart = 1;
  rng.fill(rng.ctx, (uint8_t *)&endpoint->hash_key, sizeof endpoint->hash_key);
  endpoint->next_mid = (uint16_t)gc_rng_u32(rng); /* RFC 7252, Section 4.4: a random start against off-path attackers */
  return endpoint;
}

void gc_endpoint_free(struct gc_endpoint **endpoint)
{
  size_t at = 0;
  if (!*endpoint)
    return;
  gc_sent_clear(*endpoint);
  gc_seen_clear(*endpoint);
  for (struct gc_link *link; (link = gc_table_any(&(*endpoint)->peers, &at));) {
    gc_table_remove(&(*endpoint)->peers, link);
    free(GC_CONTAINER(link, struct gc_peer, link));
  }
  gc_table_free(&(*endpoint)->peers);
  free(*endpoint);
  *endpoint = NULL;
}

void gc_endpoint_tick(struct gc_endpoint *endpoint, uint64_t now_ms)
{
  endpoint->now_ms = now_ms;
  gc_con_tick(endpoint, now_ms);
  gc_sent_expire(endpoint, now_ms);
  gc_seen_expire(endpoint, now_ms);
}

uint64_t gc_endpoint_deadline(const struct gc_endpoint *endpoint)
{
  uint64_t deadline = gc_timers_next(&endpoint->retransmit);
  uint64_t sent = gc_timers_next(&endpoint->forget_sent), seen = gc_timers_next(&endpoint->forget_seen);
  deadline = sent < deadline ? sent : deadline;
  return seen < deadline ? seen : deadline;
}

struct gc_endpoint_stats gc_endpoint_stats(const struct gc_endpoint *endpoint)
{
  struct gc_endpoint_stats stats = endpoint->stats;
  stats.under_way = endpoint->queued;
  stats.remembered = endpoint->seen.count;
  return stats;
}
