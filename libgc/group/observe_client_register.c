/* The first registration, and what is kept of it for those that follow and for comparing with phantom requests. */
#include <stdlib.h>
#include <string.h>

#include "coap/observe.h"
#include "group/observe_client_internal.h"

enum { COUNTED_WAIT_MS = 10000 }; /* for the answer to a registration that wants none */

static void keep_bytes(uint8_t **at, struct gc_bytes *bytes)
{
  if (bytes->len)
    memcpy(*at, bytes->ptr, bytes->len);
  bytes->ptr = *at;
  *at += bytes->len;
}

/* A copy of the request, and the message it makes, which phantom requests are compared with. */
static enum gc_err keep(struct gc_observe_client *client, const struct gc_request *request)
{
  const size_t own_len = request->options.len + request->payload.len + request->token.len + request->peer.len;
  const size_t message_cap = request->options.len + request->payload.len + 16;
  struct gc_bytes body;
  client->kept = malloc(own_len + message_cap + request->options.len);
  if (!client->kept)
    return GC_E_MEMORY;
  uint8_t *at = client->kept;
  client->request = *request;
  client->request.observe = true;
  client->request.withdraw = false;
  client->request.wait_ms = UINT32_MAX;
  client->request.max_responders = 0;
  keep_bytes(&at, &client->request.options);
  keep_bytes(&at, &client->request.payload);
  keep_bytes(&at, &client->request.token);
  keep_bytes(&at, &client->request.peer);
  struct gc_builder builder = gc_builder_body(at, message_cap, request->code);
  gc_builder_add_all(&builder, request->options);
  gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, GC_OBSERVE_REGISTER);
  gc_builder_payload(&builder, request->payload);
  enum gc_err err = gc_builder_finish(&builder, &body);
  if (err)
    return err;
  client->spare = at + message_cap;
  client->original = (struct gc_message){ .version = 1, .type = GC_TYPE_NON, .code = request->code };
  return gc_options_split(&client->original.options, &client->original.payload, gc_bytes_slice(body, 1, SIZE_MAX), 1, NULL);
}

/* What further registrations carry: all but No-Response. */
static void drop_no_response(struct gc_request *request, uint8_t *room)
{
  struct gc_option_iter iter = gc_option_iter(request->options);
  struct gc_option option;
  struct gc_bytes options;
  if (!gc_option_find(request->options, GC_OPTION_NO_RESPONSE, NULL))
    return;
  struct gc_builder builder = gc_builder_options(room, request->options.len);
  while (gc_option_next(&iter, &option))
    if (option.number != GC_OPTION_NO_RESPONSE)
      gc_builder_add(&builder, option.number, option.value);
  if (gc_builder_finish(&builder, &options) == GC_OK)
    request->options = options;
}

enum gc_err gc_observe_client_register(struct gc_observe_client *client, const struct gc_request *request, uint64_t now_ms)
{
  if (client->has_request)
    return GC_E_STATE;
  client->now_ms = now_ms;
  enum gc_err err = keep(client, request);
  if (err)
    return err;
  client->has_request = true;
  client->state.registrations++;
  struct gc_exchange *exchange = NULL;
  struct gc_request first = client->request;
  if (gc_option_find(first.options, GC_OPTION_NO_RESPONSE, NULL))
    first.wait_ms = COUNTED_WAIT_MS;
  err = gc_client_request(client->client, &exchange, &first, client, now_ms);
  client->first = err ? NULL : exchange;
  client->request.token.len = 0; /* further ones have tokens of their own */
  client->request.has_mid = false;
  drop_no_response(&client->request, client->spare);
  return err;
}
