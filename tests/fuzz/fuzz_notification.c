/* An observing client under fire: answers to its registration, datagrams to its group, and time. The input is a list of steps, each
 * "kind ‖ length (two bytes) ‖ bytes"; answers get the Token of the last request, so that they are taken for some. */
#include <string.h>

#include "coap/builder.h"
#include "fuzz.h"
#include "group/observe_client.h"
#include "iana/names.h"

enum step { ANSWER, ANSWER_CON, TO_GROUP, OTHER_SERVER, WAIT, STEPS };

struct run {
  struct gc_observe_client *client;
  uint8_t token[GC_TOKEN_MAX_LEN];
  size_t token_len;
  uint64_t now_ms, notifications;
  size_t joined;
};

static const struct gc_addr server = { .family = GC_FAMILY_IPV4, .ip = { 127, 0, 0, 2 }, .port = 5683 };
static const struct gc_addr other = { .family = GC_FAMILY_IPV4, .ip = { 127, 0, 0, 3 }, .port = 5683 };
static const struct gc_addr own = { .family = GC_FAMILY_IPV4, .ip = { 127, 0, 0, 1 }, .port = 40000 };
static const struct gc_addr group = { .family = GC_FAMILY_IPV4, .ip = { 233, 252, 0, 23 }, .port = 61616 };

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  struct run *run = ctx;
  struct gc_message message;
  if (gc_message_parse(&message, datagram->bytes, NULL))
    __builtin_trap(); /* whatever comes, what goes out is well-formed */
  if (!GC_CODE_IS_REQUEST(message.code))
    return GC_OK;
  run->token_len = message.token.len;
  memcpy(run->token, message.token.ptr, message.token.len);
  return GC_OK;
}

static enum gc_err on_join(void *ctx, const struct gc_addr *to, const struct gc_addr *from)
{
  struct run *run = ctx;
  (void)from;
  if (!gc_addr_is_multicast(to) || gc_addr_is_link_local(to))
    __builtin_trap(); /* nobody makes us listen there */
  run->joined++;
  return GC_OK;
}

static void on_leave(void *ctx, const struct gc_addr *from)
{
  struct run *run = ctx;
  (void)from;
  if (run->joined-- == 0)
    __builtin_trap();
}

static void on_event(void *ctx, const struct gc_observe_event *event)
{
  struct run *run = ctx;
  run->notifications += event->kind == GC_OBSERVE_NOTIFICATION;
  if (event->kind == GC_OBSERVE_NOTIFICATION && event->security && !event->security->is_verified)
    __builtin_trap();
}

static void deliver(struct run *run, const struct gc_addr *from, const struct gc_addr *to, struct gc_bytes bytes)
{
  const struct gc_datagram datagram = { .remote = *from, .local = *to, .bytes = bytes };
  gc_observe_client_receive(run->client, &datagram, run->now_ms);
}

static void answer(struct run *run, enum gc_type type, struct gc_bytes body)
{
  static uint16_t mid; /* no two answers are duplicates */
  uint8_t store[600];
  if (body.len == 0)
    return;
  struct gc_builder builder = gc_builder_message(store, sizeof store, type, body.ptr[0], ++mid, gc_bytes(run->token, run->token_len));
  if (!builder.err && gc_buf_add(&builder.buf, gc_bytes_slice(body, 1, SIZE_MAX)) == GC_OK)
    deliver(run, &server, &own, gc_buf_bytes(&builder.buf));
}

static void play(struct run *run, uint8_t kind, struct gc_bytes bytes)
{
  switch (kind % STEPS) {
  case ANSWER: answer(run, GC_TYPE_NON, bytes); break;
  case ANSWER_CON: answer(run, GC_TYPE_CON, bytes); break;
  case TO_GROUP: deliver(run, &server, &group, bytes); break;
  case OTHER_SERVER: deliver(run, &other, &group, bytes); break;
  case WAIT:
    run->now_ms += (uint64_t)bytes.len * 1000;
    for (int i = 0; i < 100 && gc_observe_client_deadline(run->client) <= run->now_ms; i++)
      gc_observe_client_tick(run->client, run->now_ms);
    break;
  default: break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static uint64_t seed;
  struct run run = { .now_ms = 1000 };
  const struct gc_observe_client_ops ops = { .send = on_send, .join = on_join, .leave = on_leave, .event = on_event, .ctx = &run };
  struct gc_observe_client_params params = gc_observe_client_params_default();
  seed = 1;
  params.trust_plain_keys = size > 0 && data[0] & 0x80;
  params.stays = size > 0 && data[0] & 0x40;
  params.otherwise = size > 0 && data[0] & 0x20 ? GC_OMN_05 : GC_OMN_CURRENT;
  run.client = gc_observe_client_new(&params, &ops, gc_rng_seeded(&seed));
  const struct gc_request request = { .remote = server, .code = 1, .options = gc_bytes("\xb1r", 2), .is_con = size > 0 && data[0] & 0x10, .block_szx = 7 };
  if (!run.client || gc_observe_client_register(run.client, &request, run.now_ms))
    __builtin_trap();
  for (size_t at = 1; at + 3 <= size;) {
    size_t len = (size_t)data[at + 1] << 8 | data[at + 2];
    if (len > size - at - 3)
      len = size - at - 3;
    play(&run, data[at], gc_bytes(data + at + 3, len));
    at += 3 + len;
  }
  gc_observe_client_free(&run.client);
  if (run.joined)
    __builtin_trap(); /* each group that was joined has been left */
  return 0;
}
