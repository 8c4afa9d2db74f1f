/* A protected client and a protected server, and everything between them. The input is a row of records: what happens, its
 * choice, length (one byte), bytes.
 *   what  0, 1  the bytes as a datagram to server, client
 *         2     the bytes as the body of a request that a member of the group protects: whatever an insider can send
 *         3     the bytes as the body of a response that the server's context protects, to the client's last request
 *         4     a request of the client's; the bytes are its payload
 *         5     what is on its way arrives; the bytes alter it
 *         6     time passes; the resource changes
 * Nothing that is not verified is told as an answer, and no Partial IV is used for two messages. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "coap/builder.h"
#include "crypto/secret.h"
#include "group/client.h"
#include "group/server.h"
#include "iana/options.h"

enum { FLYING = 32, NUMBERS = 4096 };

struct flying {
  bool to_server, is_multicast;
  size_t len;
  uint8_t bytes[1600];
};

static struct world {
  struct gc_oscore_context *client_context, *server_context;
  struct gc_oscore_ring *client_ring, *server_ring;
  struct numbers { uint64_t next; } numbers[2]; /* of client and server */
} worlds[3];

static struct {
  struct world *world;
  struct gc_client *client;
  struct gc_server *server;
  struct gc_member *member;
  struct gc_resource *resource;
  uint64_t now_ms, client_seed, server_seed;
  struct flying flying[FLYING];
  size_t count;
  uint64_t texts[2][NUMBERS]; /* hash of the message that each Partial IV protects */
  uint8_t token[8], token_len; /* of the client's last request */
  bool has_request, is_group_02;
  struct gc_oscore_binding its;
} run;

static struct gc_addr client_addr, server_addr, group_addr;

static void must(bool holds)
{
  if (!holds)
    abort();
}

static enum gc_err next_number(void *ctx, uint64_t *number)
{
  struct numbers *numbers = ctx;
  *number = numbers->next++;
  return *number < NUMBERS ? GC_OK : GC_E_LIMIT;
}

/* --- contexts: made once, their windows and numbers are set back for each run ---------------------------------------- */

static struct gc_oscore_context *context_of(enum gc_oscore_profile profile, int own, struct numbers *numbers)
{
  struct gc_oscore_params p = gc_oscore_params_default(profile);
  struct gc_oscore_context *c;
  uint8_t store[2][128];
  struct gc_bytes creds[2], none = { NULL, 0 };
  struct gc_key_pair pairs[2];
  const bool is_plain = profile == GC_OSCORE_PLAIN;
  p.master_secret = gc_bytes("0123456789abcdef", 16);
  p.id_context = gc_bytes("gid", 3);
  p.has_id_context = true;
  p.name = gc_bytes("g", 1);
  for (int i = 0; i < 2; i++) {
    uint8_t seed[32];
    struct gc_buf out = gc_buf(store[i], sizeof store[i]);
    memset(seed, i + 1, sizeof seed);
    must(!gc_key_pair_set(&pairs[i], GC_CURVE_ED25519, gc_bytes(seed, 32)));
    must(!gc_credential_write_ccs(&out, &pairs[i].public_key, none));
    creds[i] = is_plain ? none : gc_buf_bytes(&out);
  }
  p.gm_cred = creds[0];
  must(!gc_oscore_context_new(&c, &p, NULL));
  must(!gc_oscore_context_set_sender(c, gc_bytes(own ? "\2" : "\1", 1), creds[own], is_plain ? none : gc_bytes(pairs[own].private_key, 32),
                                     (struct gc_oscore_numbers){ next_number, numbers }, NULL));
  must(!gc_oscore_context_add_recipient(c, gc_bytes(own ? "\1" : "\2", 1), creds[1 - own], NULL, NULL));
  return c;
}

static void set_back(struct gc_oscore_context *context, bool is_valid)
{
  struct gc_replay_window *window = gc_oscore_recipient_window(gc_oscore_context_at(context, 0));
  gc_replay_window_init(window, 32);
  window->is_valid = is_valid;
}

static struct world *world_of(uint8_t choice)
{
  static const enum gc_oscore_profile profiles[] = { GC_OSCORE_GROUP, GC_OSCORE_PLAIN, GC_OSCORE_GROUP_02 };
  struct world *w = &worlds[choice % 3];
  if (!w->client_context) {
    must(!gc_crypto_init());
    w->client_context = context_of(profiles[choice % 3], 0, &w->numbers[0]);
    w->server_context = context_of(profiles[choice % 3], 1, &w->numbers[1]);
    w->client_ring = gc_oscore_ring_new();
    w->server_ring = gc_oscore_ring_new();
    must(!gc_oscore_ring_add(w->client_ring, w->client_context) && !gc_oscore_ring_add(w->server_ring, w->server_context));
  }
  w->numbers[0].next = w->numbers[1].next = 0;
  set_back(w->client_context, true);
  set_back(w->server_context, !(choice & 4));
  return w;
}

/* --- what both sides do ---------------------------------------------------------------------------------------------- */

static void watch(const struct gc_message *message, int who)
{
  struct gc_bytes value;
  struct gc_oscore_option option;
  uint64_t text = 0xcbf29ce484222325u;
  if (!gc_oscore_option_of(message, &value))
    return;
  must(!gc_oscore_option_parse(&option, value, run.is_group_02 ? 64 : 0, NULL));
  if (!option.piv.len)
    return;
  const uint64_t number = gc_oscore_piv_decode(option.piv);
  must(number < NUMBERS);
  for (size_t i = 0; i < message->payload.len; i++)
    text = (text ^ message->payload.ptr[i]) * 0x100000001b3u;
  must(!run.texts[who][number] || run.texts[who][number] == text);
  run.texts[who][number] = text;
}

static enum gc_err fly(const struct gc_datagram *datagram, bool to_server)
{
  struct gc_message message;
  must(gc_message_parse(&message, datagram->bytes, NULL) == GC_OK);
  watch(&message, to_server ? 0 : 1);
  if (run.count == FLYING || datagram->bytes.len > sizeof run.flying[0].bytes)
    return GC_OK; /* lost */
  struct flying *f = &run.flying[run.count++];
  *f = (struct flying){ .to_server = to_server, .is_multicast = gc_addr_is_multicast(&datagram->remote), .len = datagram->bytes.len };
  memcpy(f->bytes, datagram->bytes.ptr, f->len);
  if (to_server && GC_CODE_IS_REQUEST(message.code) && message.token.len) {
    run.token_len = (uint8_t)message.token.len;
    memcpy(run.token, message.token.ptr, message.token.len);
  }
  return GC_OK;
}

static enum gc_err client_sends(void *ctx, const struct gc_datagram *datagram)
{
  (void)ctx;
  return fly(datagram, true);
}

static enum gc_err server_sends(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  (void)ctx, (void)member;
  must(gc_addr_equal(&datagram->remote, &client_addr));
  return fly(datagram, false);
}

static void on_event(void *ctx, const struct gc_client_event *event)
{
  (void)ctx;
  if (event->kind == GC_CLIENT_RESPONSE || event->kind == GC_CLIENT_NOTIFICATION || event->kind == GC_CLIENT_STALE)
    must(event->security && event->security->is_verified && gc_bytes_equal(event->security->kid, gc_bytes("\2", 1)));
  if (event->kind == GC_CLIENT_INSECURE)
    must(event->result != GC_SEC_OK);
}

static enum gc_err echo_body(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  if (request->payload.len == 5)
    response->code = request->payload.ptr[0] | 64;
  if (request->payload.len % 7 == 6)
    while (response->body.len < 3000)
      must(!gc_buf_add_u8(&response->body, 'x'));
  return gc_buf_add(&response->body, request->payload);
}

static void start(uint8_t choice)
{
  struct gc_client_params client_params = gc_client_params_default();
  struct gc_server_params server_params = gc_server_params_default();
  const struct gc_client_ops client_ops = { .send = client_sends, .event = on_event };
  const struct gc_server_ops server_ops = { .send = server_sends };
  const struct gc_resource_def def = { .path = "a", .methods = 0xfe, .handler = echo_body, .content_format = -1, .consumes = -1,
                                       .is_observable = true, .is_group = true, .obey_no_response = true, .needs_protection = true,
                                       .max_body_len = 5000 };
  client_addr = gc_addr_ipv4(10, 0, 0, 99, 40000);
  server_addr = gc_addr_ipv4(10, 0, 0, 1, 5683);
  group_addr = gc_addr_ipv4(224, 0, 1, 187, 5683);
  memset(&run, 0, sizeof run);
  run.world = world_of(choice);
  run.is_group_02 = choice % 3 == 2;
  run.now_ms = 1000;
  client_params.probing_rate = choice & 8 ? 1 : 0;
  server_params.max_observers = 5;
  server_params.max_transfers = 3;
  server_params.max_delayed = 10;
  server_params.echo = choice & 16;
  run.client = gc_client_new(&client_params, &client_ops, gc_rng_seeded(&run.client_seed));
  run.server = gc_server_new(&server_params, &server_ops, gc_rng_seeded(&run.server_seed));
  must(run.client && run.server);
  must(!gc_server_add_member(run.server, &run.member, &server_addr, NULL));
  must(!gc_member_secure(run.member, run.world->server_ring, (enum gc_answer_mode)(choice >> 5 & 3) % 3));
  must(!gc_server_add_resource(run.server, &run.resource, &def));
}

/* --- what happens ---------------------------------------------------------------------------------------------------- */

static void receive(bool to_server, bool is_multicast, struct gc_bytes bytes)
{
  const struct gc_datagram datagram = { .remote = to_server ? client_addr : server_addr,
                                        .local = is_multicast ? group_addr : to_server ? server_addr : client_addr, .bytes = bytes };
  if (to_server)
    gc_server_receive(run.server, is_multicast ? NULL : run.member, &datagram, run.now_ms);
  else
    gc_client_receive(run.client, &datagram, run.now_ms);
}

/* Header and token in front of a protected body. */
static void receive_body(bool to_server, uint8_t choice, struct gc_bytes body)
{
  static uint16_t mid;
  uint8_t bytes[700];
  mid++;
  const uint8_t head[4] = { (uint8_t)(0x40 | (choice & 1 ? 0x10 : 0) | run.token_len), body.ptr[0], (uint8_t)(mid >> 8), (uint8_t)mid };
  struct gc_buf out = gc_buf(bytes, sizeof bytes);
  struct gc_message message;
  must(!gc_buf_add(&out, gc_bytes(head, 4)) && !gc_buf_add(&out, gc_bytes(run.token, run.token_len)) &&
       !gc_buf_add(&out, gc_bytes_slice(body, 1, body.len - 1)));
  must(!gc_message_parse(&message, gc_buf_bytes(&out), NULL));
  watch(&message, to_server ? 0 : 1);
  receive(to_server, to_server && choice & 2, gc_buf_bytes(&out));
}

static void insider(bool to_server, uint8_t choice, struct gc_bytes bytes)
{
  uint8_t store[600];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_oscore_binding binding;
  struct gc_oscore_send how = { .with_piv = true };
  if (to_server) {
    how = (struct gc_oscore_send){ .is_pairwise = choice & 4, .peer = gc_bytes("\2", 1) };
    if (!gc_oscore_protect_request(run.world->client_context, bytes, &how, &out, &binding))
      receive_body(true, choice, gc_buf_bytes(&out));
    return;
  }
  how.as_pairwise = choice & 4;
  if (run.has_request && !gc_oscore_protect_response(run.world->server_context, bytes, &how, &run.its, &out))
    receive_body(false, choice, gc_buf_bytes(&out));
}

static void ask(uint8_t choice, struct gc_bytes payload)
{
  struct gc_exchange *exchange;
  const struct gc_request request = { .remote = choice & 1 ? group_addr : server_addr, .code = choice & 2 ? 5 : 3, .options = gc_bytes("\xb1""a", 2),
                                      .payload = payload, .is_con = choice & 4, .observe = (choice & 10) == 10, .block_szx = choice >> 4 & 7,
                                      .wait_ms = 4000, .repeats = 2, .context = run.world->client_context, .ring = run.world->client_ring,
                                      .is_pairwise = (choice & 9) == 8, .peer = gc_bytes("\2", 1) };
  (void)!gc_client_request(run.client, &exchange, &request, NULL, run.now_ms);
}

/* What an insider at the server's place can know of the client's last request. */
static void note_request(const struct flying *f)
{
  uint8_t store[GC_OSCORE_STORAGE_LEN(sizeof f->bytes)];
  struct gc_message outer;
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  if (!f->to_server || gc_message_parse(&outer, gc_bytes(f->bytes, f->len), NULL))
    return;
  if (gc_oscore_open_request(run.world->server_context, &outer, GC_OPEN_NO_REPLAY, gc_buf(store, sizeof store), &opened, &binding))
    return;
  run.its = binding;
  run.has_request = true;
}

static void arrive(uint8_t choice, struct gc_bytes change)
{
  const size_t count = run.count;
  static struct flying now[FLYING];
  memcpy(now, run.flying, count * sizeof now[0]);
  run.count = 0;
  for (size_t i = 0; i < count; i++) {
    struct flying *f = &now[choice & 1 ? count - 1 - i : i];
    note_request(f);
    const struct flying before = *f;
    if (change.len > 1 && i == choice >> 4 && change.ptr[0] < f->len)
      f->bytes[change.ptr[0]] ^= change.ptr[1];
    receive(f->to_server, f->is_multicast, gc_bytes(f->bytes, f->len));
    if (choice & 2)
      receive(f->to_server, f->is_multicast, gc_bytes(before.bytes, before.len));
  }
}

static void pass(uint64_t ms)
{
  run.now_ms += ms;
  gc_server_tick(run.server, run.now_ms);
  gc_client_tick(run.client, run.now_ms);
}

static void step(uint8_t what, uint8_t choice, struct gc_bytes bytes)
{
  switch (what % 7) {
  case 0: receive(true, choice & 1, bytes); break;
  case 1: receive(false, false, bytes); break;
  case 2:
  case 3: insider(what % 7 == 2, choice, bytes); break;
  case 4: ask(choice, bytes); break;
  case 5: arrive(choice, bytes); break;
  default:
    if (choice & 128)
      gc_server_changed(run.server, NULL, run.resource, run.now_ms);
    pass((1u << (choice & 15)) - 1);
    break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 1 || size > 8192)
    return 0;
  start(data[0]);
  for (data++, size--; size >= 3;) {
    size_t len = data[2];
    const uint8_t what = data[0], choice = data[1];
    data += 3;
    size -= 3;
    if (len > size)
      len = size;
    step(what, choice, gc_bytes(data, len));
    data += len;
    size -= len;
    const struct gc_server_state state = gc_server_state(run.server);
    must(state.observers <= 5 && state.transfers <= 3 && state.delayed <= 10);
  }
  for (unsigned i = 0; i < 30; i++) {
    arrive(0, gc_bytes(NULL, 0));
    pass(4000);
  }
  gc_client_free(&run.client);
  gc_server_free(&run.server);
  return 0;
}
