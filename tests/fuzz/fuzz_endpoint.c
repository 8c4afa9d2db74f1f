/* A client, its endpoint and a peer of ill will: steps of the clock, datagrams, answers that take over a token of ours. */
#include <string.h>

#include "coap/builder.h"
#include "fuzz.h"
#include "group/client.h"

struct world {
  struct gc_client *client;
  struct gc_exchange *open[4];
  uint8_t sent[2048]; /* the last message of the client */
  size_t sent_len;
  struct gc_addr sent_to;
  uint64_t now_ms;
  uint32_t events, request_budget;
};

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  struct world *world = ctx;
  struct gc_message message;
  if (gc_message_parse(&message, datagram->bytes, NULL) != GC_OK)
    __builtin_trap(); /* what we send is well-formed, whatever was received */
  if (GC_CODE_IS_REQUEST(message.code) && datagram->bytes.len <= sizeof world->sent) {
    memcpy(world->sent, datagram->bytes.ptr, datagram->bytes.len);
    world->sent_len = datagram->bytes.len;
    world->sent_to = datagram->remote;
  }
  return datagram->bytes.len % 61 == 60 ? GC_E_SYSTEM : GC_OK;
}

static void request(struct world *world, uint8_t how);

static void on_event(void *ctx, const struct gc_client_event *event)
{
  struct world *world = ctx;
  volatile uint8_t last = 0;
  if (event->message.payload.len)
    last = event->message.payload.ptr[event->message.payload.len - 1];
  (void)last;
  for (int i = 0; i < 4; i++)
    if (event->exchange && world->open[i] == event->exchange) {
      if (event->kind == GC_CLIENT_END)
        world->open[i] = NULL;
      else if (++world->events % 13 == 5)
        gc_client_end(world->client, event->exchange, world->events & 1, world->now_ms);
      else if (world->events % 7 == 3)
        (void)!gc_client_revalidate(world->client, event->exchange, &event->from, world->now_ms);
    }
  if (world->events % 5 == 1)
    request(world, (uint8_t)(world->events * 37));
}

static void request(struct world *world, uint8_t how)
{
  static const uint8_t body[300];
  struct gc_request what = { .remote = how & 1 ? gc_addr_ipv4(224, 0, 1, 187, 5683) : gc_addr_ipv4(10, 0, 0, 1, 5683), .code = 1,
                             .is_con = how & 2, .observe = how & 4, .block_szx = how & 8 ? 0 : 7, .early_block2 = how & 16,
                             .wait_ms = how & 32 ? 1000 : 20000, .repeats = how & 64 ? 2 : 0, .max_body_len = 4096 };
  if (how & 128 && !(how & 1)) {
    what.code = 3;
    what.observe = false;
    what.payload = gc_bytes(body, sizeof body);
  }
  if (world->request_budget == 0)
    return;
  world->request_budget--;
  for (int i = 0; i < 4; i++)
    if (!world->open[i]) {
      /* *out is set before events come; an exchange that ended in the call has cleared it again */
      if (gc_client_request(world->client, &world->open[i], &what, NULL, world->now_ms))
        world->open[i] = NULL;
      return;
    }
}

/* A datagram whose header answers the last message sent: type, token and (for an ACK or RST) Message ID fit. */
static void answer(struct world *world, uint8_t type, uint8_t from, const uint8_t *data, size_t len)
{
  uint8_t bytes[1500];
  struct gc_message sent;
  if (world->sent_len == 0 || gc_message_parse(&sent, gc_bytes(world->sent, world->sent_len), NULL) || len == 0)
    return;
  uint16_t mid = type & 2 ? sent.mid : (uint16_t)(data[0] * 7 + len);
  bytes[0] = (uint8_t)(0x40 | (type & 3u) << 4 | sent.token.len);
  bytes[1] = data[0];
  bytes[2] = (uint8_t)(mid >> 8);
  bytes[3] = (uint8_t)mid;
  if (sent.token.len)
    memcpy(bytes + 4, sent.token.ptr, sent.token.len);
  memcpy(bytes + 4 + sent.token.len, data + 1, len - 1);
  struct gc_datagram datagram = { world->sent_to, gc_addr_ipv4(10, 0, 0, 99, 40000), 0, { bytes, 4 + sent.token.len + len - 1 } };
  if (gc_addr_is_multicast(&datagram.remote) || from & 0x80)
    datagram.remote = gc_addr_ipv4(10, 0, 0, (uint8_t)(from & 7), 5683);
  gc_client_receive(world->client, &datagram, world->now_ms);
}

/* op ‖ argument ‖ length ‖ bytes … */
static size_t step(struct world *world, const uint8_t *data, size_t size)
{
  size_t len = data[2] < size - 3 ? data[2] : size - 3;
  switch (data[0] % 6) {
  case 0: request(world, data[1]); return 3;
  case 1: {
    const struct gc_datagram datagram = { gc_addr_ipv4(10, 0, 0, data[1] & 7, 5683),
                                          data[1] & 128 ? gc_addr_ipv4(224, 0, 1, 187, 5683) : gc_addr_ipv4(10, 0, 0, 99, 40000), 0, { data + 3, len } };
    gc_client_receive(world->client, &datagram, world->now_ms);
    return 3 + len;
  }
  case 2: world->now_ms += data[1]; break;
  case 3: world->now_ms += data[1] * UINT64_C(1000); break;
  case 4: if (world->open[data[1] & 3]) gc_client_end(world->client, world->open[data[1] & 3], data[1] & 4, world->now_ms); return 3;
  default: answer(world, data[1] & 3, data[1], data + 3, len); return 3 + len;
  }
  for (int i = 0; i < 100 && gc_client_deadline(world->client) <= world->now_ms; i++)
    gc_client_tick(world->client, world->now_ms);
  return 3;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct world world = { .now_ms = 1, .request_budget = 64 };
  uint64_t seed = 1;
  struct gc_client_params params = gc_client_params_default();
  params.max_exchanges = 4;
  params.endpoint.max_dedup = 16;
  params.endpoint.max_queued = 8;
  params.max_body_total = 8192;
  const struct gc_client_ops ops = { .send = on_send, .event = on_event, .ctx = &world };
  world.client = gc_client_new(&params, &ops, gc_rng_seeded(&seed));
  if (!world.client)
    return 0;
  while (size >= 3) {
    size_t used = step(&world, data, size);
    data += used;
    size -= used;
  }
  world.request_budget = 0;
  for (int i = 0; i < 4; i++)
    if (world.open[i])
      gc_client_end(world.client, world.open[i], false, world.now_ms);
  for (int i = 0; i < 10000 && gc_client_deadline(world.client) != UINT64_MAX; i++) {
    world.now_ms = gc_client_deadline(world.client);
    gc_client_tick(world.client, world.now_ms);
  }
  struct gc_client_state state = gc_client_state(world.client);
  if (state.exchanges || state.transfers || state.under_way || state.reserved_tokens || gc_client_stats(world.client).remembered)
    __builtin_trap();
  gc_client_free(&world.client);
  return 0;
}
