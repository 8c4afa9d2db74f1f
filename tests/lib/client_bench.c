#include "client_bench.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  struct client_bench *bench = ctx;
  if (bench->fails)
    return GC_E_SYSTEM;
  assert_in_range(bench->sent_count, 0, BENCH_SENT - 1);
  assert_true(datagram->bytes.len <= sizeof bench->sent[0].bytes);
  struct bench_sent *sent = &bench->sent[bench->sent_count++];
  sent->remote = datagram->remote;
  memcpy(sent->bytes, datagram->bytes.ptr, datagram->bytes.len);
  assert_int_equal(gc_message_parse(&sent->message, gc_bytes(sent->bytes, datagram->bytes.len), NULL), GC_OK);
  return GC_OK;
}

static void on_event(void *ctx, const struct gc_client_event *event)
{
  static const char *names[] = { "response", "notification", "duplicate", "stale", "late", "unmatched", "malformed", "reset",
                                 "timeout", "incomplete", "unusable", "end", "delayed" };
  struct client_bench *bench = ctx;
  assert_in_range(bench->event_count, 0, BENCH_EVENTS - 1);
  char *text = bench->events[bench->event_count++];
  int at = snprintf(text, 120, "%s", names[event->kind]);
  if (event->kind != GC_CLIENT_END && event->kind != GC_CLIENT_DELAYED)
    at += snprintf(text + at, 120 - (size_t)at, " %u", (unsigned)event->from.ip[3]);
  if (event->message.code)
    at += snprintf(text + at, 120 - (size_t)at, " %u.%02u", (unsigned)GC_CODE_CLASS(event->message.code), (unsigned)GC_CODE_DETAIL(event->message.code));
  if (event->kind == GC_CLIENT_NOTIFICATION)
    at += snprintf(text + at, 120 - (size_t)at, " #%u", (unsigned)event->observe);
  if (event->option)
    snprintf(text + at, 120 - (size_t)at, " option %u", (unsigned)event->option);
  else if (event->phrase)
    snprintf(text + at, 120 - (size_t)at, " %s", event->phrase);
  else if (event->message.payload.len > 32)
    snprintf(text + at, 120 - (size_t)at, " %zu bytes in %u", event->message.payload.len, (unsigned)event->blocks);
  else if (event->message.payload.len)
    snprintf(text + at, 120 - (size_t)at, " %.*s", (int)event->message.payload.len, (const char *)event->message.payload.ptr);
  if (bench->end_on_event && event->kind != GC_CLIENT_END) {
    struct gc_exchange *exchange = bench->end_on_event;
    bench->end_on_event = NULL;
    gc_client_end(bench->client, exchange, false, bench->now_ms);
  }
}

void bench_start(struct client_bench *bench, const struct gc_client_params *params)
{
  struct gc_client_params defaults = gc_client_params_default();
  memset(bench, 0, sizeof *bench);
  bench->seed = 7;
  bench->now_ms = 1000;
  bench->next_mid = 100;
  const struct gc_client_ops ops = { .send = on_send, .event = on_event, .ctx = bench };
  bench->client = gc_client_new(params ? params : &defaults, &ops, gc_rng_seeded(&bench->seed));
  assert_non_null(bench->client);
}

void bench_tick(struct client_bench *bench, uint64_t until_ms)
{
  for (uint64_t at; (at = gc_client_deadline(bench->client)) <= until_ms;) {
    bench->now_ms = at;
    gc_client_tick(bench->client, at);
  }
  bench->now_ms = until_ms;
}

void bench_finish(struct client_bench *bench)
{
  bench_expect_none(bench);
  assert_true(bench_sent_none(bench));
  struct gc_client_state state = gc_client_state(bench->client);
  assert_int_equal(state.exchanges, 0);
  assert_int_equal(state.transfers, 0);
  bench_tick(bench, bench->now_ms + 2000000);
  state = gc_client_state(bench->client);
  assert_int_equal(state.under_way, 0);
  assert_int_equal(state.reserved_tokens, 0);
  assert_true(gc_client_deadline(bench->client) == UINT64_MAX);
  gc_client_free(&bench->client);
}

struct gc_addr bench_host(uint8_t host)
{
  return gc_addr_ipv4(10, 0, 0, host, 5683);
}

struct gc_addr bench_group(void)
{
  return gc_addr_ipv4(224, 0, 1, 187, 5683);
}

const struct bench_sent *bench_next(struct client_bench *bench)
{
  assert_in_range(bench->looked_at + 1, 1, bench->sent_count);
  return &bench->sent[bench->looked_at++];
}

bool bench_sent_none(const struct client_bench *bench)
{
  return bench->looked_at == bench->sent_count;
}

void bench_expect(struct client_bench *bench, const char *text)
{
  assert_string_equal(bench->told < bench->event_count ? bench->events[bench->told] : "(no event)", text);
  bench->told++;
}

void bench_expect_none(struct client_bench *bench)
{
  assert_string_equal(bench->told < bench->event_count ? bench->events[bench->told] : "(no event)", "(no event)");
}

void bench_receive(struct client_bench *bench, struct gc_addr from, struct gc_addr to, const uint8_t *bytes, size_t len)
{
  const struct gc_datagram datagram = { from, to, 0, gc_bytes(bytes, len) };
  gc_client_receive(bench->client, &datagram, bench->now_ms);
}

void bench_answer(struct client_bench *bench, uint8_t host, const struct bench_sent *to, enum gc_type type, uint8_t code,
                  const struct bench_option *options, const void *payload, size_t payload_len)
{
  uint8_t storage[2048];
  struct gc_bytes bytes;
  uint16_t mid = type == GC_TYPE_ACK || type == GC_TYPE_RST ? to->message.mid : bench->next_mid++;
  struct gc_builder builder = gc_builder_message(storage, sizeof storage, type, code, mid, code ? to->message.token : gc_bytes(NULL, 0));
  for (; options && options->number; options++)
    gc_builder_add(&builder, options->number, gc_bytes(options->value, options->len));
  gc_builder_payload(&builder, gc_bytes(payload, payload_len));
  assert_int_equal(gc_builder_finish(&builder, &bytes), GC_OK);
  bench_receive(bench, bench_host(host), bench_host(99), bytes.ptr, bytes.len);
}

void bench_answer_text(struct client_bench *bench, uint8_t host, const struct bench_sent *to, enum gc_type type, uint8_t code, const char *text)
{
  bench_answer(bench, host, to, type, code, NULL, text, strlen(text));
}

struct gc_request bench_get(struct gc_addr remote)
{
  return (struct gc_request){ .remote = remote, .code = 1, .is_con = true, .block_szx = 7, .wait_ms = 2000 };
}

struct gc_exchange *bench_request(struct client_bench *bench, const struct gc_request *request)
{
  struct gc_exchange *exchange = NULL;
  assert_int_equal(gc_client_request(bench->client, &exchange, request, bench, bench->now_ms), GC_OK);
  assert_non_null(exchange);
  return exchange;
}
