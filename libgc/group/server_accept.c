#include "group/server_group.h"

#include <string.h>

/* Critical options that are understood; any other one, and one that is not usable, is refused (RFC 7252, Section 5.4.1). */
static const uint16_t understood[] = {
  GC_OPTION_IF_MATCH, GC_OPTION_URI_HOST,  GC_OPTION_IF_NONE_MATCH, GC_OPTION_URI_PORT,  GC_OPTION_URI_PATH,     GC_OPTION_URI_QUERY,
  GC_OPTION_ACCEPT,   GC_OPTION_BLOCK2,    GC_OPTION_BLOCK1,        GC_OPTION_PROXY_URI, GC_OPTION_PROXY_SCHEME, 0,
};

/* An elective option that is not usable is ignored (RFC 7252, Section 5.4.1): its value is the absent one. */
const char *gc_server_read_options(struct gc_server_exchange *exchange)
{
  struct gc_option_iter iter = gc_option_iter(exchange->message->options);
  struct gc_option option;
  uint16_t last = 0;
  while (gc_option_next(&iter, &option)) {
    const bool again = option.number == last;
    last = option.number;
    if (gc_option_check(&option, again))
      continue;
    uint32_t number = 0;
    (void)gc_uint_decode(option.value, &number);
    switch (option.number) {
    case GC_OPTION_OBSERVE:
      exchange->has_observe = true;
      exchange->observe = number;
      break;
    case GC_OPTION_IF_MATCH:
    case GC_OPTION_IF_NONE_MATCH:
      exchange->has_precondition = true;
      break;
    case GC_OPTION_CONTENT_FORMAT:
      exchange->has_format = true;
      exchange->format = number;
      break;
    case GC_OPTION_ACCEPT:
      exchange->has_accept = true;
      exchange->accept = number;
      break;
    case GC_OPTION_BLOCK1:
      if (gc_block_decode(&exchange->block1, option.value))
        return "reserved block size";
      exchange->has_block1 = true;
      break;
    case GC_OPTION_BLOCK2:
      if (gc_block_decode(&exchange->block2, option.value))
        return "reserved block size";
      exchange->has_block2 = true;
      break;
    case GC_OPTION_SIZE2:
      exchange->wants_size2 = true;
      break;
    case GC_OPTION_NO_RESPONSE:
      exchange->has_no_response = true;
      exchange->no_response = number;
      break;
    case GC_OPTION_ECHO:
      gc_server_echo_seen(exchange, option.value);
      break;
    default:
      break;
    }
  }
  return NULL;
}

static bool is_path(const struct gc_resource *resource, struct gc_bytes options)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  size_t count = 0;
  while (gc_option_next(&iter, &option)) {
    if (option.number != GC_OPTION_URI_PATH)
      continue;
    if (count == resource->segment_count || !gc_bytes_equal(option.value, resource->segments[count]))
      return false;
    count++;
  }
  return count == resource->segment_count;
}

uint64_t gc_server_path_hash(uint64_t before, struct gc_bytes segment)
{
  return gc_hash_bytes(segment.ptr, segment.len, before);
}

static struct gc_resource *find_resource(const struct gc_server *server, struct gc_bytes options)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  uint64_t hash = server->address_key;
  while (gc_option_next(&iter, &option))
    if (option.number == GC_OPTION_URI_PATH)
      hash = gc_server_path_hash(hash, option.value);
  for (struct gc_link *link = gc_table_find(&server->resources_by_path, hash); link; link = gc_table_find_next(link)) {
    struct gc_resource *resource = GC_CONTAINER(link, struct gc_resource, by_path);
    if (is_path(resource, options))
      return resource;
  }
  return NULL;
}

struct gc_server_response gc_server_response(struct gc_server *server, uint8_t code)
{
  server->builder = gc_builder_options(server->options, sizeof server->options);
  return (struct gc_server_response){ .code = code, .content_format = -1, .max_age_s = -1,
                                      .body = gc_buf(server->body, server->body_cap), .options = &server->builder };
}

void gc_server_run(const struct gc_server_exchange *exchange, uint8_t method, struct gc_server_response *response, uint8_t *body)
{
  struct gc_message message = *exchange->message;
  message.code = method;
  struct gc_server_request request = { .server = exchange->server, .member = exchange->member, .resource = exchange->resource,
                                             .message = &message, .payload = exchange->payload, .from = exchange->ref.remote,
                                             .to = exchange->to, .is_multicast = exchange->is_multicast, .is_notification = exchange->is_notification,
                                             .now_ms = exchange->now_ms };
  if (exchange->binding) {
    request.context = exchange->binding->context;
    request.kid = gc_bytes(exchange->binding->request_kid, exchange->binding->request_kid_len);
  }
  *response = gc_server_response(exchange->server, gc_server_is_safe(method) ? GC_CODE(2, 5) : method == 4 ? GC_CODE(2, 2) : GC_CODE(2, 4));
  if (body)
    response->body.ptr = body;
  if (gc_server_is_safe(method))
    response->content_format = exchange->resource->def.content_format;
  if (exchange->resource->def.handler(exchange->resource->def.ctx, &request, response) != GC_OK)
    *response = gc_server_response(exchange->server, GC_CODE(5, 0));
}

/* If-Match and If-None-Match against the representation as it is now (RFC 7252, Section 5.10.8). */
static bool precondition_holds(const struct gc_server_exchange *exchange)
{
  struct gc_server_response now = { .code = GC_CODE(2, 5) };
  uint8_t etag[8] = { 0 };
  struct gc_server_exchange get = *exchange;
  get.payload = gc_bytes(NULL, 0);
  if (exchange->resource->def.methods & 1u << 1) {
    gc_server_run(&get, 1, &now, NULL);
    const uint64_t value = gc_server_etag(&get, &now);
    memcpy(etag, &value, sizeof etag);
  }
  const bool exists = GC_CODE_CLASS(now.code) == 2;
  struct gc_option_iter iter = gc_option_iter(exchange->message->options);
  struct gc_option option;
  bool has_if_match = false, matches = false;
  while (gc_option_next(&iter, &option)) {
    if (option.number == GC_OPTION_IF_NONE_MATCH && exists)
      return false;
    if (option.number != GC_OPTION_IF_MATCH)
      continue;
    has_if_match = true;
    matches |= exists && (option.value.len == 0 || gc_bytes_equal(option.value, gc_bytes(etag, sizeof etag)));
  }
  return !has_if_match || matches;
}

static void answer(struct gc_server_exchange *exchange)
{
  struct gc_server_response response;
  gc_server_run(exchange, exchange->message->code, &response, NULL);
  if (gc_server_is_safe(exchange->message->code) && response.code == GC_CODE(2, 5) && exchange->has_accept &&
      response.content_format >= 0 && (uint32_t)response.content_format != exchange->accept) {
    gc_server_error(exchange, GC_CODE(4, 6), "not available in that format");
    return;
  }
  gc_server_respond(exchange, &response);
}

/* The request is addressed to a resource that is there, and may be asked this. */
static void request_resource(struct gc_server_exchange *exchange)
{
  const struct gc_resource_def *def = &exchange->resource->def;
  const uint8_t method = exchange->message->code;
  if (!(def->methods & 1u << method)) {
    gc_server_error(exchange, GC_CODE(4, 5), "method not allowed");
    return;
  }
  if (exchange->has_format && def->consumes >= 0 && exchange->message->payload.len > 0 && exchange->format != (uint32_t)def->consumes) {
    gc_server_error(exchange, GC_CODE(4, 15), "content format not supported");
    return;
  }
  if (exchange->has_block2 && exchange->block2.num > 0) {
    if (gc_server_block2_kept(exchange))
      return;
    if (method != 1 && (method != 5 || exchange->message->payload.len == 0)) {
      gc_server_error(exchange, GC_CODE(4, 8), "response no longer kept");
      return;
    }
  }
  if (method == 1)
    exchange->payload = exchange->message->payload;
  else if (!gc_server_block1(exchange))
    return;
  if (exchange->has_precondition && !precondition_holds(exchange)) {
    gc_server_error(exchange, GC_CODE(4, 12), "precondition failed");
    return;
  }
  if (!gc_server_block2_is_busy(exchange) && !gc_group_take(exchange))
    answer(exchange);
}

/* Group requests that are not answered, whatever is asked for. */
static const char *why_ignored(const struct gc_server_exchange *exchange)
{
  if (!exchange->is_multicast)
    return NULL;
  const struct gc_server_ops *ops = &exchange->server->ops;
  if (!exchange->is_authenticated && ops->is_public && ops->is_public(ops->ctx, &exchange->ref.remote))
    return "unprotected, from the public Internet";
  if (exchange->resource && !exchange->resource->def.is_group)
    return "not for groups";
  if (exchange->has_block1 && (exchange->block1.more || exchange->block1.num > 0))
    return "Block1 in a group request"; /* groupcomm-bis, Section 3.8 */
  if (gc_option_find(exchange->message->options, GC_OPTION_Q_BLOCK2, NULL) ||
      gc_option_find(exchange->message->options, GC_OPTION_Q_BLOCK1, NULL))
    return "Q-Block in a group request";
  return NULL;
}

static void dispatch(struct gc_server_exchange *exchange)
{
  const struct gc_bytes options = exchange->message->options;
  const char *bad = gc_server_read_options(exchange);
  exchange->resource = find_resource(exchange->server, options);
  const char *ignored = why_ignored(exchange);
  if (ignored) {
    exchange->server->state.suppressed++;
    gc_server_trace(exchange, 0, 0, 0, ignored);
  } else if (gc_options_first_unusable(options, understood) != 0) {
    gc_server_error(exchange, GC_CODE(4, 2), "critical option not understood");
  } else if (bad) {
    gc_server_error(exchange, GC_CODE(4, 0), bad);
  } else if (gc_option_find(options, GC_OPTION_PROXY_URI, NULL) || gc_option_find(options, GC_OPTION_PROXY_SCHEME, NULL)) {
    gc_server_error(exchange, GC_CODE(5, 5), "not a proxy");
  } else if (!exchange->resource) {
    gc_server_error(exchange, GC_CODE(4, 4), "no such resource");
  } else if (exchange->resource->def.needs_protection && !exchange->is_authenticated) {
    gc_server_error(exchange, GC_CODE(4, 1), "only protected requests are answered");
  } else {
    request_resource(exchange);
  }
}

void gc_server_accept(struct gc_member *member, const struct gc_inbound *in)
{
  struct gc_server *server = member->server;
  const struct gc_datagram *datagram = in->datagram;
  if (in->message.token.len > GC_TOKEN_MAX_LEN)
    return; /* no room for it in an answer: RFC 8974, Section 2.2.2 */
  struct gc_server_exchange exchange = {
    .server = server, .member = member, .message = &in->message, .datagram = datagram->bytes, .wire_len = datagram->bytes.len, .to = datagram->local,
    .is_multicast = in->is_multicast, .now_ms = in->now_ms,
    .ref = { .remote = datagram->remote, .local = in->is_multicast ? member->address : datagram->local, 
             .ifindex = gc_addr_is_link_local(&datagram->remote) ? datagram->ifindex : 0, .type = in->message.type, .token_len = (uint8_t)in->message.token.len, .is_multicast = in->is_multicast,
             .mid = in->message.mid },
  };
  if (in->is_multicast && (gc_addr_is_any(&member->address) || member->address.family != datagram->remote.family))
    exchange.ref.local = (struct gc_addr){ 0 }; /* the socket it leaves by knows better */
  if (in->message.token.len > 0)
    memcpy(exchange.ref.token, in->message.token.ptr, in->message.token.len);
  exchange.is_verified = gc_server_is_verified(server, &datagram->remote, in->now_ms);
  server->state.requests++;
  if (in->is_multicast)
    server->state.group_requests++;
  struct gc_message inner;
  if (member->ring && gc_option_find(in->message.options, GC_OPTION_OSCORE, NULL) && !gc_server_open(&exchange, &inner))
    return;
  dispatch(&exchange);
}
