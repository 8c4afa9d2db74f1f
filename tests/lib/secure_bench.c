/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include "secure_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nonces.h"

struct gc_addr secure_addr(int who)
{
  return who == SECURE_GROUP    ? gc_addr_ipv4(224, 0, 1, 187, 5683)
         : who == SECURE_CLIENT ? gc_addr_ipv4(10, 0, 0, 99, 40000)
                                : gc_addr_ipv4(10, 0, 0, (uint8_t)(1 + who), 5683);
}

static int who_is(const struct gc_addr *addr)
{
  if (gc_addr_is_multicast(addr))
    return SECURE_GROUP;
  return addr->ip[3] == 99 ? SECURE_CLIENT : addr->ip[3] - 1;
}

struct gc_oscore_option secure_option(const struct secure *s, const struct secure_packet *packet)
{
  struct gc_oscore_option option = { 0 };
  struct gc_bytes value;
  const bool is_old = s->setup.options.profile == GC_OSCORE_GROUP_02;
  assert_true(gc_oscore_option_of(&packet->message, &value));
  assert_int_equal(gc_oscore_option_parse(&option, value, is_old ? 64 : 0, NULL), GC_OK);
  return option;
}

/* The servers' Sender IDs are known from their places in the group. */
static void watch(struct secure *s, const struct secure_packet *packet)
{
  struct gc_bytes value;
  if (!gc_oscore_option_of(&packet->message, &value))
    return;
  const struct gc_oscore_option option = secure_option(s, packet);
  const struct gc_bytes id = sec_id(packet->from == SECURE_CLIENT ? 0 : (size_t)packet->from + 1);
  nonces_add(s->nonces, &packet->message, &option, id);
}

static void keep(struct secure *s, int from, const struct gc_datagram *datagram)
{
  assert_in_range(s->wire_count, 0, SECURE_KEPT - 1);
  struct secure_packet *packet = &s->wire[s->wire_count++];
  assert_true(datagram->bytes.len <= sizeof packet->bytes);
  *packet = (struct secure_packet){ .from = from, .to = who_is(&datagram->remote), .remote = secure_addr(from), .local = datagram->remote,
                                    .len = datagram->bytes.len };
  memcpy(packet->bytes, datagram->bytes.ptr, packet->len);
  assert_int_equal(gc_message_parse(&packet->message, gc_bytes(packet->bytes, packet->len), NULL), GC_OK);
  watch(s, packet);
}

static enum gc_err client_sends(void *ctx, const struct gc_datagram *datagram)
{
  keep(ctx, SECURE_CLIENT, datagram);
  return GC_OK;
}

static enum gc_err server_sends(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  keep(ctx, (int)gc_member_index(member), datagram);
  return GC_OK;
}

/* The address is the member's, and a body is of one piece. */
static void check_sender(const struct secure *s, const struct gc_client_event *event)
{
  const struct gc_bytes expected = sec_id((size_t)who_is(&event->from) + 1), kid = event->security->kid, body = event->message.payload;
  assert_int_equal(kid.len, 1);
  if (!s->has_redirections)
    assert_memory_equal(kid.ptr, expected.ptr, 1);
  for (size_t i = 0; body.len > 32 && i < body.len; i++)
    assert_int_equal(body.ptr[i], 'a' + kid.ptr[0] - 2);
}

static void on_event(void *ctx, const struct gc_client_event *event)
{
  static const char *names[] = { "response", "notification", "duplicate", "stale", "late", "unmatched", "malformed", "reset", "timeout",
                                 "incomplete", "unusable", "end", "delayed", "insecure" };
  struct secure *s = ctx;
  if (event->kind == GC_CLIENT_END) {
    s->ends++;
    return;
  }
  if (event->kind == GC_CLIENT_DELAYED)
    return;
  assert_in_range(s->event_count, 0, SECURE_EVENTS - 1);
  char *text = s->events[s->event_count++];
  int at = snprintf(text, 120, "%s %d", names[event->kind], who_is(&event->from));
  if (event->kind == GC_CLIENT_INSECURE) {
    snprintf(text + at, 120 - (size_t)at, " %s", gc_sec_name(event->result));
  } else if (event->message.code) {
    at += snprintf(text + at, 120 - (size_t)at, " %u.%02u", (unsigned)GC_CODE_CLASS(event->message.code), (unsigned)GC_CODE_DETAIL(event->message.code));
    if (event->message.payload.len > 32)
      at += snprintf(text + at, 120 - (size_t)at, " %zu bytes in %u", event->message.payload.len, (unsigned)event->blocks);
    else if (event->message.payload.len)
      at += snprintf(text + at, 120 - (size_t)at, " %.*s", (int)event->message.payload.len, (const char *)event->message.payload.ptr);
    snprintf(text + at, 120 - (size_t)at, " %s", event->security ? gc_oscore_mode_name(event->security->mode) : "unprotected");
  }
  if (event->kind == GC_CLIENT_RESPONSE || event->kind == GC_CLIENT_NOTIFICATION) {
    assert_non_null(event->security); /* nothing unprotected is ever an answer to a protected request */
    assert_true(event->security->is_verified);
    check_sender(s, event);
  }
  if (s->end_on_event) {
    struct gc_exchange *exchange = s->end_on_event;
    s->end_on_event = NULL;
    gc_client_end(s->client, exchange, false, s->now_ms);
  }
}

/* --- resources ----------------------------------------------------------------------------------------------------- */

static enum gc_err value(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct secure *s = ctx;
  s->calls++;
  if (request->message->code != 3)
    return gc_buf_add(&response->body, gc_bytes_str(s->value_text));
  snprintf(s->value_text, sizeof s->value_text, "%.*s", (int)request->payload.len, (const char *)request->payload.ptr);
  return GC_OK;
}

static enum gc_err big(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct secure *s = ctx;
  enum gc_err err = GC_OK;
  for (size_t i = 0; i < s->big_len && !err; i++)
    err = gc_buf_add_u8(&response->body, (uint8_t)('a' + gc_member_index(request->member)));
  return err;
}

static enum gc_err sink(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct secure *s = ctx;
  (void)response;
  s->calls++;
  s->sink_len = request->payload.len;
  if (s->sink_len)
    memcpy(s->sink, request->payload.ptr, s->sink_len);
  return GC_OK;
}

static void add(struct secure *s, struct gc_resource **out, const char *path,
                enum gc_err (*handler)(void *ctx, const struct gc_server_request *request, struct gc_server_response *response),
                bool needs_protection)
{
  const struct gc_resource_def def = { .path = path, .methods = 1u << 1 | 1u << 3, .handler = handler, .ctx = s, .content_format = -1,
                                       .consumes = -1, .is_group = true, .is_observable = true, .obey_no_response = true,
                                       .needs_protection = needs_protection, .suppress = GC_SUPPRESS_4XX | GC_SUPPRESS_5XX,
                                       .max_body_len = sizeof s->sink };
  assert_int_equal(gc_server_add_resource(s->server, out, &def), GC_OK);
}

/* --- start and stop ------------------------------------------------------------------------------------------------ */

static struct gc_oscore_context *join(struct gc_oscore_ring *ring, const struct sec_options *options, size_t own, size_t members)
{
  struct gc_oscore_context *context = sec_context(options, own, members);
  assert_int_equal(gc_oscore_ring_add(ring, context), GC_OK);
  return context;
}

static void leave(struct gc_oscore_ring **ring)
{
  for (size_t i = 0; i < gc_oscore_ring_count(*ring); i++) {
    struct gc_oscore_context *context = gc_oscore_ring_at(*ring, i);
    gc_oscore_context_free(&context);
  }
  gc_oscore_ring_free(ring);
}

static void start_servers(struct secure *s)
{
  struct gc_server_params params = gc_server_params_default();
  const struct gc_server_ops ops = { .send = server_sends, .ctx = s };
  params.leisure_ms = 1000;
  params.amplification = 0;
  s->server = gc_server_new(s->setup.server_params ? s->setup.server_params : &params, &ops, gc_rng_seeded(&s->server_seed));
  assert_non_null(s->server);
  for (size_t i = 0; i < s->server_count; i++) {
    const struct gc_addr address = secure_addr((int)i);
    struct sec_options options = s->setup.options;
    options.is_silent = s->setup.silent_servers;
    s->rings[i] = gc_oscore_ring_new();
    s->contexts[i] = join(s->rings[i], &options, i + 1, s->server_count + 1);
    assert_int_equal(gc_server_add_member(s->server, &s->members[i], &address, s), GC_OK);
    assert_int_equal(gc_member_secure(s->members[i], s->rings[i], s->setup.answer), GC_OK);
  }
  add(s, &s->value, "value", value, false);
  add(s, NULL, "big", big, false);
  add(s, NULL, "sink", sink, false);
  add(s, NULL, "secret", value, true);
}

static bool client_holds(void *ctx, const struct gc_oscore_context *context, struct gc_bytes kid)
{
  const struct secure *s = ctx;
  return s->hold && s->hold(context, kid);
}

void secure_start(struct secure *s, const struct secure_setup *setup)
{
  struct gc_client_params params = gc_client_params_default();
  params.probing_rate = 0;
  const struct gc_client_ops ops = { .send = client_sends, .event = on_event, .hold = client_holds, .ctx = s };
  memset(s, 0, sizeof *s);
  s->setup = *setup;
  if (!s->setup.options.name)
    s->setup.options.name = "g";
  s->server_count = setup->servers ? setup->servers : 3;
  s->client_seed = 3;
  s->server_seed = 4;
  s->now_ms = 1000000;
  s->big_len = 2500;
  strcpy(s->value_text, "on");
  s->client_addr = secure_addr(SECURE_CLIENT);
  s->group_addr = secure_addr(SECURE_GROUP);
  s->wire = calloc(SECURE_KEPT, sizeof *s->wire);
  s->nonces = nonces_new();
  assert_non_null(s->wire);
  start_servers(s);
  s->client_ring = gc_oscore_ring_new();
  s->client_context = join(s->client_ring, &s->setup.options, 0, s->server_count + 1);
  s->client = gc_client_new(&params, &ops, gc_rng_seeded(&s->client_seed));
  assert_non_null(s->client);
}

void secure_stop(struct secure *s)
{
  secure_run(s, 1000000);
  secure_expect_none(s);
  const struct gc_client_state state = gc_client_state(s->client);
  assert_int_equal(state.exchanges, 0);
  assert_int_equal(state.transfers, 0);
  assert_int_equal(state.under_way, 0);
  assert_int_equal(state.reserved_tokens, 0);
  const struct gc_server_state at_servers = gc_server_state(s->server);
  assert_int_equal(at_servers.delayed, 0);
  assert_int_equal(at_servers.transfers, 0);
  nonces_free(s->nonces);
  gc_client_free(&s->client);
  gc_server_free(&s->server);
  leave(&s->client_ring);
  for (size_t i = 0; i < s->server_count; i++)
    leave(&s->rings[i]);
  free(s->wire);
}

void secure_rekey(struct secure *s, const char *gid, bool client_too, bool servers_too)
{
  s->setup.options.gid = gid;
  s->setup.options.secret++;
  if (client_too)
    s->client_context = join(s->client_ring, &s->setup.options, 0, s->server_count + 1);
  for (size_t i = 0; servers_too && i < s->server_count; i++)
    s->contexts[i] = join(s->rings[i], &s->setup.options, i + 1, s->server_count + 1);
}

/* --- the network and the clock ------------------------------------------------------------------------------------- */

static void hand_over(struct secure *s, int to, const struct gc_datagram *datagram)
{
  if (to == SECURE_CLIENT)
    gc_client_receive(s->client, datagram, s->now_ms);
  else if (to < (int)s->server_count)
    gc_server_receive(s->server, to == SECURE_GROUP ? NULL : s->members[to], datagram, s->now_ms);
}

static void deliver(struct secure *s)
{
  while (s->delivered < s->wire_count) {
    struct secure_packet *packet = &s->wire[s->delivered++];
    if (s->filter && !s->filter(s, packet))
      continue;
    const struct gc_datagram datagram = { .remote = packet->remote, .local = packet->local, .bytes = gc_bytes(packet->bytes, packet->len) };
    hand_over(s, packet->to, &datagram);
  }
}

void secure_run(struct secure *s, uint64_t ms)
{
  const uint64_t end = s->now_ms + ms;
  for (;;) {
    deliver(s);
    const uint64_t client = gc_client_deadline(s->client), server = gc_server_deadline(s->server);
    const uint64_t due = client < server ? client : server;
    if (due > end)
      break;
    if (due > s->now_ms)
      s->now_ms = due;
    gc_client_tick(s->client, s->now_ms);
    gc_server_tick(s->server, s->now_ms);
  }
  s->now_ms = end;
}

void secure_inject(struct secure *s, int to, struct gc_addr from, struct gc_bytes bytes)
{
  const struct gc_datagram datagram = { .remote = from, .local = secure_addr(to), .bytes = bytes };
  hand_over(s, to, &datagram);
  deliver(s);
}

void secure_replay(struct secure *s, const struct secure_packet *packet, int new_mid)
{
  uint8_t bytes[sizeof packet->bytes];
  memcpy(bytes, packet->bytes, packet->len);
  if (new_mid >= 0) {
    bytes[2] = (uint8_t)(new_mid >> 8);
    bytes[3] = (uint8_t)new_mid;
  }
  secure_inject(s, packet->to, packet->remote, gc_bytes(bytes, packet->len));
}

const struct secure_packet *secure_sent(const struct secure *s, int from, int to, size_t index)
{
  for (size_t i = 0; i < s->wire_count; i++)
    if (s->wire[i].from == from && s->wire[i].to == to && index-- == 0)
      return &s->wire[i];
  return NULL;
}

size_t secure_sent_count(const struct secure *s, int from, int to)
{
  size_t count = 0;
  while (secure_sent(s, from, to, count))
    count++;
  return count;
}

/* --- requests and events ------------------------------------------------------------------------------------------- */

struct gc_request secure_request(struct secure *s, int to, uint8_t code, const char *path)
{
  static uint8_t store[64];
  struct gc_builder builder = gc_builder_options(store, sizeof store);
  struct gc_bytes options;
  gc_builder_add_str(&builder, GC_OPTION_URI_PATH, path);
  assert_int_equal(gc_builder_finish(&builder, &options), GC_OK);
  return (struct gc_request){ .remote = secure_addr(to), .code = code, .options = options, .block_szx = 7, .wait_ms = 5000,
                              .is_con = to != SECURE_GROUP, .context = s->client_context, .ring = s->client_ring };
}

struct gc_exchange *secure_go(struct secure *s, const struct gc_request *request)
{
  struct gc_exchange *exchange;
  assert_int_equal(gc_client_request(s->client, &exchange, request, NULL, s->now_ms), GC_OK);
  return exchange;
}

static void take(struct secure *s, size_t at)
{
  memmove(&s->events[at], &s->events[at + 1], (--s->event_count - at) * sizeof s->events[0]);
}

static void show(const struct secure *s)
{
  for (size_t i = 0; i < s->event_count; i++)
    print_error("  event: %s\n", s->events[i]);
}

void secure_expect(struct secure *s, const char *text)
{
  for (size_t i = 0; i < s->event_count; i++)
    if (strcmp(s->events[i], text) == 0) {
      take(s, i);
      return;
    }
  show(s);
  fail_msg("no event \"%s\"", text);
}

unsigned secure_count(struct secure *s, const char *text)
{
  unsigned count = 0;
  for (size_t i = 0; i < s->event_count;)
    if (strncmp(s->events[i], text, strlen(text)) == 0) {
      take(s, i);
      count++;
    } else {
      i++;
    }
  return count;
}

void secure_expect_like(struct secure *s, const char *text)
{
  if (secure_count(s, text))
    return;
  show(s);
  fail_msg("no event like \"%s\"", text);
}

void secure_expect_none(struct secure *s)
{
  if (!s->event_count)
    return;
  show(s);
  fail_msg("unexpected events");
}
