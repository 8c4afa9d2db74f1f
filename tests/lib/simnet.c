#include "simnet.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/table.h"
#include "base/timers.h"

struct packet {
  struct gc_timer timer;
  void *target;
  struct gc_addr from, to;
  size_t len;
  uint8_t bytes[];
};

struct simnet {
  uint64_t seed;
  struct simnet_params params;
  simnet_deliver *deliver;
  void *ctx;
  struct gc_timers flying;
  struct simnet_stats stats;
};

struct simnet *simnet_new(uint64_t seed, const struct simnet_params *params, simnet_deliver *deliver, void *ctx)
{
  struct simnet *net = calloc(1, sizeof *net);
  if (net)
    *net = (struct simnet){ .seed = seed, .params = *params, .deliver = deliver, .ctx = ctx };
  return net;
}

void simnet_free(struct simnet **net)
{
  for (struct gc_timer *timer; (timer = gc_timers_due(&(*net)->flying, UINT64_MAX));)
    free(GC_CONTAINER(timer, struct packet, timer));
  gc_timers_free(&(*net)->flying);
  free(*net);
  *net = NULL;
}

static bool happens(struct simnet *net, uint32_t permille)
{
  return gc_rng_below(gc_rng_seeded(&net->seed), 1000) < permille;
}

static void launch(struct simnet *net, void *target, const struct gc_addr *from, const struct gc_datagram *datagram, uint64_t now_ms)
{
  uint32_t spread = net->params.delay_max_ms - net->params.delay_min_ms + 1;
  struct packet *packet = calloc(1, sizeof *packet + datagram->bytes.len);
  if (!packet)
    abort();
  packet->target = target;
  packet->from = *from;
  packet->to = datagram->remote;
  packet->len = datagram->bytes.len;
  memcpy(packet->bytes, datagram->bytes.ptr, packet->len);
  if (gc_timers_set(&net->flying, &packet->timer, now_ms + net->params.delay_min_ms + gc_rng_below(gc_rng_seeded(&net->seed), spread)))
    abort();
}

void simnet_send(struct simnet *net, void *target, const struct gc_addr *from, const struct gc_datagram *datagram, uint64_t now_ms)
{
  net->stats.sent++;
  if (happens(net, net->params.loss_permille)) {
    net->stats.lost++;
    return;
  }
  launch(net, target, from, datagram, now_ms);
  if (happens(net, net->params.duplicate_permille)) {
    net->stats.duplicated++;
    launch(net, target, from, datagram, now_ms);
  }
}

uint64_t simnet_next(const struct simnet *net)
{
  return gc_timers_next(&net->flying);
}

void simnet_run(struct simnet *net, uint64_t now_ms)
{
  for (struct gc_timer *timer; (timer = gc_timers_due(&net->flying, now_ms));) {
    struct packet *packet = GC_CONTAINER(timer, struct packet, timer);
    const struct gc_datagram datagram = { .remote = packet->from, .local = packet->to, .bytes = gc_bytes(packet->bytes, packet->len) };
    net->stats.delivered++;
    net->deliver(net->ctx, packet->target, &datagram, now_ms);
    free(packet);
  }
}

struct simnet_stats simnet_stats(const struct simnet *net)
{
  return net->stats;
}
