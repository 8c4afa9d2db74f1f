/* Datagrams into a server with all kinds of resources, observed by single clients or (by the length of the input) by a group
 * as well. The input is a row of records: flags, length (two bytes), bytes.
 * flags: bit 0 to the group, bit 1 which member, bits 2 and 3 from which port, bits 4 to 7 time that passes before. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "group/group_observe.h"

static bool to_group;

static void must(bool holds)
{
  if (!holds)
    abort();
}

static enum gc_err send(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  (void)ctx;
  (void)member;
  struct gc_message message;
  must(gc_message_parse(&message, datagram->bytes, NULL) == GC_OK);
  must(!to_group || message.type != GC_TYPE_RST);
  must(!gc_addr_is_multicast(&datagram->remote) || (message.type == GC_TYPE_NON && GC_CODE_IS_RESPONSE(message.code) && message.token.len == 4));
  must(datagram->bytes.len <= 1500);
  return datagram->bytes.len % 17 == 0 ? GC_E_SYSTEM : GC_OK;
}

static void trace(void *ctx, const struct gc_server_trace *what)
{
  (void)ctx;
  must(what->phrase != NULL);
}

static enum gc_err echo_body(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  if (request->message->code == 3 && request->payload.len > 3)
    gc_server_changed(request->server, NULL, request->resource, request->now_ms);
  if (request->payload.len == 5)
    response->code = request->payload.ptr[0] | 64;
  return gc_buf_add(&response->body, request->payload);
}

static enum gc_err big(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  (void)request;
  for (unsigned i = 0; i < 3000; i++)
    if (gc_buf_add_u8(&response->body, (uint8_t)i))
      return GC_E_SPACE;
  return GC_OK;
}

/* 1: from the first registration on; 2: two stay traditional; 3: with keys of the member's own, told to everybody. */
static void observe_by_group(struct gc_server *server, struct gc_resource *resource, size_t kind)
{
  struct gc_group_observe_params params = gc_group_observe_params_default();
  params.group = gc_addr_ipv4(239, 1, 2, 3, 5683);
  params.after = kind == 2 ? 2 : 0;
  params.counting.period = 1;
  params.counting.wait_ms = 1000;
  params.lifetime_s = 20;
  params.protection = kind == 3 ? GC_GROUP_SELF_MANAGED : GC_GROUP_PLAIN;
  params.allow_plain_keys = true;
  params.material_lifetime_s = 10;
  must(gc_server_observe_by_group(server, resource, &params, NULL) == GC_OK);
}

static void add(struct gc_server *server, size_t kind, const char *path,
                enum gc_err (*handler)(void *ctx, const struct gc_server_request *request, struct gc_server_response *response))
{
  const struct gc_resource_def def = { .path = path, .methods = 0xfe, .handler = handler, .content_format = 0, .consumes = -1,
                                       .is_observable = true, .is_group = true, .obey_no_response = true, .max_body_len = 5000 };
  struct gc_resource *resource;
  must(gc_server_add_resource(server, &resource, &def) == GC_OK);
  if (kind > 0)
    observe_by_group(server, resource, kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct gc_server_params params = gc_server_params_default();
  params.max_observers = 5;
  params.max_transfers = 3;
  params.max_delayed = 10;
  params.max_group_observations = 3;
  params.echo = size % 2 == 1;
  uint64_t seed = 1, now_ms = 1000;
  const struct gc_server_ops ops = { .send = send, .trace = trace };
  struct gc_server *server = gc_server_new(&params, &ops, gc_rng_seeded(&seed));
  must(server != NULL);
  struct gc_member *members[2];
  for (uint8_t i = 0; i < 2; i++) {
    const struct gc_addr address = gc_addr_ipv4(192, 0, 2, i, 5683);
    must(gc_server_add_member(server, &members[i], &address, NULL) == GC_OK);
  }
  const size_t kind = size / 2 % 4;
  add(server, kind, "a", echo_body);
  add(server, kind, "b/c", big);
  while (size >= 3) {
    const uint8_t flags = data[0];
    size_t len = (size_t)data[1] << 8 | data[2];
    data += 3;
    size -= 3;
    if (len > size)
      len = size;
    now_ms += (1u << (flags >> 4)) - 1;
    to_group = false;
    gc_server_tick(server, now_ms);
    must(gc_server_deadline(server) > now_ms);
    to_group = flags & 1;
    const struct gc_addr group = gc_addr_ipv4(224, 0, 1, 187, 5683), remote = gc_addr_ipv4(192, 0, 2, 99, (uint16_t)(1000 + (flags >> 2 & 3)));
    struct gc_member *member = members[flags >> 1 & 1];
    const struct gc_datagram datagram = { .remote = remote, .local = to_group ? group : *gc_member_address(member), .bytes = gc_bytes(data, len) };
    gc_server_receive(server, to_group ? NULL : member, &datagram, now_ms);
    data += len;
    size -= len;
    const struct gc_server_state state = gc_server_state(server);
    must(state.observers <= 5 && state.transfers <= 3 && state.delayed <= 10 && state.group_observations <= 3);
  }
  to_group = false;
  for (unsigned i = 0; i < 200 && gc_server_deadline(server) != UINT64_MAX; i++) {
    if (now_ms < gc_server_deadline(server))
      now_ms = gc_server_deadline(server);
    gc_server_tick(server, now_ms);
  }
  gc_server_group_cancel_all(server, now_ms);
  must(gc_server_state(server).group_observations == 0);
  gc_server_free(&server);
  return 0;
}
