/* A joining node against an Authorization Server and a Group Manager that say anything. Input: answers one after the other, each a
 * choice (low bits: response code; 0x20: Location-Path; 0x40: Max-Age of a second; 0x80: Observe), a Content-Format of two bytes,
 * a length of two bytes, and a payload. Whatever comes, each operation ends once, after not too many requests. */
#include <stdlib.h>
#include <string.h>

#include "ace_parties.h"
#include "coap/builder.h"
#include "fuzz.h"
#include "group/join_client.h"
#include "iana/options.h"

enum { REQUESTS_MAX = 64 };

static struct {
  struct gc_bytes rest;
  struct gc_client *client;
  struct gc_join *join;
  struct gc_oscore_context *own, *other; /* ends of one association for all: what matters is that answers verify */
  struct gc_oscore_ring *ring;
  uint8_t sent[65536];
  size_t sent_len;
  bool was_sent;
  unsigned ended, requests;
  uint64_t now_ms, seed;
} f;

/* The N_C of the worked example each time, so that its Join Response verifies. */
static void fill(void *ctx, uint8_t *out, size_t len)
{
  static const uint8_t nonce[8] = { 0x25, 0xa8, 0x99, 0x1c, 0xd7, 0x00, 0xac, 0x02 };
  (void)ctx;
  for (size_t i = 0; i < len; i++)
    out[i] = nonce[i % sizeof nonce];
}

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  (void)ctx;
  if (datagram->bytes.len <= sizeof f.sent) {
    memcpy(f.sent, datagram->bytes.ptr, datagram->bytes.len);
    f.sent_len = datagram->bytes.len;
    f.was_sent = true;
  }
  return GC_OK;
}

static void on_event(void *ctx, const struct gc_client_event *event)
{
  (void)ctx;
  (void)gc_join_event(f.join, event);
}

static void on_done(void *ctx, const struct gc_join_answer *answer)
{
  (void)ctx;
  if (strlen(answer->detail) >= sizeof answer->detail || (answer->has_membership && answer->result))
    abort();
  f.ended += !answer->is_notification;
}

static enum gc_err on_associate(void *ctx, const struct gc_oscore_profile_context *derived, struct gc_oscore_context **context, struct gc_oscore_ring **ring)
{
  (void)ctx;
  if (!derived->params.master_secret.len)
    abort();
  *context = f.own;
  *ring = f.ring;
  return GC_OK;
}

static enum gc_err on_find_as(void *ctx, const struct gc_as_hints *hints, struct gc_join_server *as, struct gc_oscore_context **context, struct gc_oscore_ring **ring)
{
  (void)ctx;
  *as = (struct gc_join_server){ .addr = gc_addr_ipv4(10, 0, 0, 1, 5683), .path = "/token" };
  *context = f.own;
  *ring = f.ring;
  return hints->as_uri.len % 2 ? GC_E_NOT_FOUND : GC_OK;
}

static struct gc_bytes take(size_t len)
{
  const struct gc_bytes taken = gc_bytes_slice(f.rest, 0, len);
  f.rest = gc_bytes_slice(f.rest, taken.len, SIZE_MAX);
  return taken;
}

static struct gc_bytes next_body(uint8_t *room, size_t cap)
{
  static const uint8_t codes[] = { 65, 69, 68, 66, 128, 129, 131, 132, 137, 157, 160, 163, 67, 95, 0x45, 0x41 };
  const struct gc_bytes head = take(5);
  const uint8_t choice = head.len ? head.ptr[0] : 4;
  struct gc_builder builder = gc_builder_body(room, cap, codes[choice & 15]);
  struct gc_bytes body = { NULL, 0 };
  if (choice & 0x80)
    gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, f.requests);
  if (choice & 0x20)
    for (size_t i = 0; i < 4; i++)
      gc_builder_add_str(&builder, GC_OPTION_LOCATION_PATH, i == 3 ? "n1" : "segment");
  if (head.len == 5)
    gc_builder_add_uint(&builder, GC_OPTION_CONTENT_FORMAT, gc_read_u16(head.ptr + 1));
  if (choice & 0x40)
    gc_builder_add_uint(&builder, GC_OPTION_MAX_AGE, 1);
  gc_builder_payload(&builder, take(head.len == 5 ? gc_read_u16(head.ptr + 3) : 0));
  (void)!gc_builder_finish(&builder, &body);
  return body;
}

/* The next answer, protected where the request was. */
static void answer(void)
{
  static uint8_t room[66000], sealed_room[66500], datagram_room[67000], storage[GC_OSCORE_STORAGE_LEN(65536)];
  struct gc_message message;
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  struct gc_buf sealed = gc_buf(sealed_room, sizeof sealed_room), datagram = gc_buf(datagram_room, sizeof datagram_room);
  f.was_sent = false;
  if (gc_message_parse(&message, gc_bytes(f.sent, f.sent_len), NULL) || message.type != GC_TYPE_CON)
    return;
  struct gc_bytes body = next_body(room, sizeof room);
  if (!body.len)
    return;
  if (gc_option_find(message.options, GC_OPTION_OSCORE, NULL)) {
    if (gc_oscore_open_request(f.other, &message, GC_OPEN_NO_REPLAY, gc_buf(storage, sizeof storage), &opened, &binding) ||
        gc_oscore_protect_response(f.other, body, &(struct gc_oscore_send){ .with_piv = false }, &binding, &sealed))
      return;
    body = gc_buf_bytes(&sealed);
  }
  if (gc_buf_add_u8(&datagram, (uint8_t)(0x60 | message.token.len)) || gc_buf_add_u8(&datagram, body.ptr[0]) || gc_buf_add_u16(&datagram, message.mid) ||
      gc_buf_add(&datagram, message.token) || gc_buf_add(&datagram, gc_bytes_slice(body, 1, SIZE_MAX)))
    return;
  const struct gc_datagram in = { .remote = gc_addr_ipv4(10, 0, 0, 1, 5683), .local = gc_addr_ipv4(10, 0, 0, 9, 4000), .bytes = gc_buf_bytes(&datagram) };
  gc_client_receive(f.client, &in, f.now_ms);
}

static void run(enum gc_join_operation operation)
{
  if (gc_join_ask(f.join, operation, NULL))
    return;
  f.ended = f.requests = 0;
  while (gc_join_is_busy(f.join) && f.now_ms < 100000000) {
    gc_join_tick(f.join, f.now_ms);
    if (f.was_sent && f.requests++ < REQUESTS_MAX)
      answer();
    else if (gc_join_deadline(f.join) > f.now_ms)
      f.now_ms += 1000;
    f.was_sent = false;
    gc_client_tick(f.client, f.now_ms);
  }
  if (gc_join_is_busy(f.join) || f.ended > 1 || f.requests > REQUESTS_MAX)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct gc_join_ops ops = { .done = on_done, .associate = on_associate, .find_as = on_find_as };
  const struct gc_client_params client_params = gc_client_params_default();
  const struct gc_client_ops client_ops = { .send = on_send, .event = on_event };
  struct gc_join_params params = gc_join_params_default();
  if (size < 2 || size > 60000)
    return 0;
  memset(&f, 0, sizeof f);
  f.rest = gc_bytes(data + 1, size - 1);
  f.now_ms = 1;
  const struct ace_party *party = ace_party();
  f.own = ace_context(true);
  f.other = ace_context(false);
  f.ring = gc_oscore_ring_new();
  f.client = gc_client_new(&client_params, &client_ops, gc_rng_seeded(&f.seed));
  params.gm = params.as = (struct gc_join_server){ .addr = gc_addr_ipv4(10, 0, 0, 1, 5683), .path = "/ace-group/group1" };
  params.has_as = !(data[0] & 0x80);
  params.as_context = f.own;
  params.as_ring = f.ring;
  params.gname = gc_bytes_str("group1");
  params.roles = data[0] & 0x40 ? GC_ROLE_MONITOR : GC_ROLE_REQUESTER | GC_ROLE_RESPONDER;
  params.pair = data[0] & 0x40 ? NULL : &party->pair;
  params.cred = gc_bytes(party->cred, party->cred_len);
  params.cred_fmt = GC_CRED_CCS;
  params.wait_ms = 2000;
  params.patience_ms = 5000;
  if (!f.own || !f.other || !f.ring || !f.client || gc_oscore_ring_add(f.ring, f.own) ||
      !(f.join = gc_join_new(&params, &ops, f.client, (struct gc_rng){ fill, NULL })))
    abort();
  run(GC_JOIN_JOIN);
  run((enum gc_join_operation)(data[0] % GC_JOIN_OPERATIONS));
  gc_join_free(&f.join, f.now_ms);
  gc_client_free(&f.client);
  gc_oscore_ring_free(&f.ring);
  gc_oscore_context_free(&f.own);
  gc_oscore_context_free(&f.other);
  return 0;
}
