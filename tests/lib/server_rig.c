#include "server_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static enum gc_err send(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  struct rig *rig = ctx;
  assert_true(rig->sent_count < RIG_SENT_MAX);
  struct rig_sent *sent = &rig->sent[rig->sent_count++];
  assert_true(datagram->bytes.len <= sizeof sent->bytes);
  sent->member = (int)gc_member_index(member);
  sent->at_ms = rig->now_ms;
  sent->remote = datagram->remote;
  sent->local = datagram->local;
  memcpy(sent->bytes, datagram->bytes.ptr, datagram->bytes.len);
  sent->len = datagram->bytes.len;
  assert_int_equal(gc_message_parse(&sent->message, gc_bytes(sent->bytes, sent->len), NULL), GC_OK);
  return GC_OK;
}

static void trace(void *ctx, const struct gc_server_trace *what)
{
  struct rig *rig = ctx;
  rig->last_phrase = what->phrase;
}

static bool is_public(void *ctx, const struct gc_addr *remote)
{
  (void)ctx;
  return remote->ip[0] == 8;
}

static enum gc_err value(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct rig *rig = ctx;
  char *text = rig->values[gc_member_index(request->member)];
  rig->calls++;
  if (request->message->code == GC_CODE_PUT) {
    memcpy(text, request->payload.ptr, request->payload.len);
    text[request->payload.len] = '\0';
    gc_server_changed(rig->server, request->member, request->resource, request->now_ms);
    return GC_OK;
  }
  if (rig->value_code != 0) {
    response->code = rig->value_code;
    response->content_format = -1;
    return GC_OK;
  }
  response->max_age_s = 5;
  return gc_buf_add(&response->body, gc_bytes_str(text));
}

static enum gc_err big(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)request;
  struct rig *rig = ctx;
  rig->calls++;
  for (size_t i = 0; i < rig->big_len; i++)
    if (gc_buf_add_u8(&response->body, (uint8_t)(i * 7 + i / 256)))
      return GC_E_SPACE;
  return GC_OK;
}

/* Keeps the body; POST answers it back. */
static enum gc_err sink(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct rig *rig = ctx;
  rig->calls++;
  rig->body_len = request->payload.len;
  if (request->payload.len > 0)
    memcpy(rig->body, request->payload.ptr, request->payload.len);
  if (request->message->code == GC_CODE_PUT)
    return GC_OK;
  gc_builder_add_str(response->options, GC_OPTION_LOCATION_PATH, "made");
  response->content_format = GC_FORMAT_OCTET_STREAM;
  return gc_buf_add(&response->body, request->payload);
}

static enum gc_err fails(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct rig *rig = ctx;
  (void)request;
  (void)response;
  rig->calls++;
  return GC_E_SYSTEM;
}

static void add(struct rig *rig, struct gc_resource **out, const char *path, uint32_t methods,
                enum gc_err (*handler)(void *ctx, const struct gc_server_request *request, struct gc_server_response *response),
                bool is_group, bool is_observable)
{
  const struct gc_resource_def def = {
    .path = path, .methods = methods, .handler = handler, .ctx = rig, .is_group = is_group, .is_observable = is_observable,
    .content_format = GC_FORMAT_TEXT_PLAIN, .consumes = handler == value ? GC_FORMAT_TEXT_PLAIN : -1, .suppress = rig->suppress,
    .obey_no_response = !rig->ignores_no_response, .max_body_len = handler == sink ? 4000 : 16,
  };
  assert_int_equal(gc_server_add_resource(rig->server, out, &def), GC_OK);
}

struct gc_server_params rig_params(void)
{
  struct gc_server_params params = gc_server_params_default();
  params.leisure_ms = 1000;
  return params;
}

void rig_start(struct rig *rig, int members, const struct gc_server_params *params)
{
  const uint8_t suppress = rig->suppress;
  const bool ignores_no_response = rig->ignores_no_response;
  memset(rig, 0, sizeof *rig);
  rig->suppress = suppress;
  rig->ignores_no_response = ignores_no_response;
  rig->sent = calloc(RIG_SENT_MAX, sizeof *rig->sent);
  assert_non_null(rig->sent);
  rig->now_ms = 1000000;
  rig->seed = 7;
  rig->next_mid = 100;
  rig->client = gc_addr_ipv4(192, 0, 2, 99, 40000);
  rig->group = gc_addr_ipv4(224, 0, 1, 187, 5683);
  rig->other_group = gc_addr_ipv4(239, 1, 2, 3, 5683);
  const struct gc_server_params defaults = rig_params();
  const struct gc_server_ops ops = { .send = send, .trace = trace, .ctx = rig, .is_public = is_public };
  rig->server = gc_server_new(params ? params : &defaults, &ops, gc_rng_seeded(&rig->seed));
  assert_non_null(rig->server);
  for (int i = 0; i < members; i++) {
    const struct gc_addr address = gc_addr_ipv4(192, 0, 2, (uint8_t)(1 + i), 5683);
    assert_int_equal(gc_server_add_member(rig->server, &rig->members[i], &address, rig), GC_OK);
    strcpy(rig->values[i], "off");
  }
  rig->member_count = members;
  rig->big_len = 2500;
  add(rig, &rig->value, "value", 1u << 1 | 1u << 3 | 1u << 5, value, true, true);
  add(rig, &rig->big, "a/big", 1u << 1, big, true, true);
  add(rig, NULL, "sink", 1u << 2 | 1u << 3 | 1u << 5, sink, true, false);
  add(rig, NULL, "solo", 1u << 1, big, false, false);
  add(rig, NULL, "fails", 1u << 1, fails, true, true);
}

void rig_stop(struct rig *rig)
{
  gc_server_free(&rig->server);
  free(rig->sent);
  rig->sent = NULL;
}

struct gc_builder rig_request(struct rig *rig, enum gc_type type, uint8_t code, const char *path)
{
  const uint8_t token[2] = { 0x70, rig->next_token++ };
  struct gc_builder builder = gc_builder_message(rig->store, sizeof rig->store, type, code, rig->next_mid++, gc_bytes(token, 2));
  while (*path) {
    const size_t len = strcspn(path, "/");
    gc_builder_add(&builder, GC_OPTION_URI_PATH, gc_bytes(path, len));
    path += len + (path[len] == '/');
  }
  return builder;
}

void rig_send_bytes(struct rig *rig, struct gc_bytes bytes, int to)
{
  const struct gc_addr local = to == RIG_TO_GROUP ? rig->group : to == RIG_TO_OTHER_GROUP ? rig->other_group : *gc_member_address(rig->members[to]);
  const struct gc_datagram datagram = { .remote = rig->client, .local = local, .bytes = bytes };
  gc_server_receive(rig->server, to < 0 ? NULL : rig->members[to], &datagram, rig->now_ms);
}

void rig_send(struct rig *rig, struct gc_builder *request, int to)
{
  struct gc_bytes bytes;
  assert_int_equal(gc_builder_finish(request, &bytes), GC_OK);
  rig_send_bytes(rig, bytes, to);
}

void rig_get(struct rig *rig, enum gc_type type, const char *path, int to)
{
  struct gc_builder request = rig_request(rig, type, GC_CODE_GET, path);
  rig_send(rig, &request, to);
}

void rig_wait(struct rig *rig, uint64_t ms)
{
  const uint64_t end = rig->now_ms + ms;
  for (;;) {
    const uint64_t due = gc_server_deadline(rig->server);
    if (due > end)
      break;
    if (due > rig->now_ms)
      rig->now_ms = due;
    gc_server_tick(rig->server, rig->now_ms);
  }
  rig->now_ms = end;
}

const struct rig_sent *rig_last(const struct rig *rig)
{
  assert_true(rig->sent_count > 0);
  return &rig->sent[rig->sent_count - 1];
}

void rig_forget(struct rig *rig)
{
  rig->sent_count = 0;
}

bool rig_has(const struct rig_sent *sent, uint16_t number, const char *text)
{
  struct gc_option option;
  return gc_option_find(sent->message.options, number, &option) && (!text || gc_bytes_equal(option.value, gc_bytes_str(text)));
}

uint32_t rig_uint(const struct rig_sent *sent, uint16_t number)
{
  uint32_t result = 0;
  assert_true(gc_option_find_uint(sent->message.options, number, &result));
  return result;
}

bool rig_payload_is(const struct rig_sent *sent, const char *text)
{
  return gc_bytes_equal(sent->message.payload, gc_bytes_str(text));
}

void rig_empty(struct rig *rig, const struct rig_sent *sent, enum gc_type type)
{
  const uint8_t bytes[4] = { (uint8_t)(0x40 | (unsigned)type << 4), 0, (uint8_t)(sent->message.mid >> 8), (uint8_t)sent->message.mid };
  rig_send_bytes(rig, gc_bytes(bytes, sizeof bytes), sent->member);
}
