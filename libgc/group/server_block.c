#include "group/server_internal.h"

#include <stdlib.h>
#include <string.h>

static uint64_t fnv(uint64_t hash, const void *bytes, size_t len)
{
  const uint8_t *p = bytes;
  for (size_t i = 0; i < len; i++)
    hash = (hash ^ p[i]) * 0x100000001b3u;
  return hash;
}

/* What must be equal for two requests to be parts of one transfer: the options but those that tell about the transfer
 * itself (RFC 7959, Section 2.5; Request-Tag included, RFC 9175, Section 3.3), and, for a response, not those that tell
 * how the request's body came. */
static uint64_t transfer_key(const struct gc_server_exchange *exchange, bool is_response)
{
  uint64_t hash = exchange->server->address_key;
  struct gc_option_iter iter = gc_option_iter(exchange->message->options);
  struct gc_option option;
  while (gc_option_next(&iter, &option)) {
    switch (option.number) {
    case GC_OPTION_BLOCK1:
    case GC_OPTION_BLOCK2:
    case GC_OPTION_SIZE1:
    case GC_OPTION_SIZE2:
    case GC_OPTION_OBSERVE:
    case GC_OPTION_ECHO:
    case GC_OPTION_NO_RESPONSE:
      continue;
    case GC_OPTION_REQUEST_TAG:
    case GC_OPTION_IF_MATCH:
    case GC_OPTION_IF_NONE_MATCH:
    case GC_OPTION_CONTENT_FORMAT:
      if (is_response)
        continue;
      break;
    default:
      break;
    }
    const uint32_t head[2] = { option.number, (uint32_t)option.value.len };
    hash = fnv(hash, head, sizeof head);
    hash = fnv(hash, option.value.ptr, option.value.len);
  }
  return hash;
}

static uint64_t hash_of(const struct gc_server *server, const struct gc_addr *remote, uint64_t key)
{
  return gc_hash_u64(gc_addr_hash(remote, server->address_key) ^ key, server->address_key);
}

static struct gc_transfer *find(const struct gc_server_exchange *exchange, bool is_response, uint64_t key)
{
  const struct gc_server *server = exchange->server;
  struct gc_link *link = gc_table_find(&server->transfers_by_key, hash_of(server, &exchange->ref.remote, key));
  for (; link; link = gc_table_find_next(link)) {
    struct gc_transfer *t = GC_CONTAINER(link, struct gc_transfer, by_key);
    if (t->member == exchange->member && t->resource == exchange->resource && t->is_response == is_response && t->key == key &&
        gc_addr_equal(&t->remote, &exchange->ref.remote) && gc_server_is_peer(&t->peer, exchange))
      return t;
  }
  return NULL;
}

void gc_transfer_free(struct gc_transfer *transfer)
{
  struct gc_server *server = transfer->member->server;
  gc_timers_clear(&server->timers, &transfer->due.timer);
  gc_table_remove(&server->transfers_by_key, &transfer->by_key);
  *transfer->link = transfer->next;
  if (transfer->next)
    transfer->next->link = transfer->link;
  else
    server->transfers_end = transfer->link;
  server->transfer_bytes -= transfer->body.cap;
  server->state.transfers--;
  free(transfer->body.ptr);
  free(transfer);
}

/* Room for one transfer more, or `more` bytes: the one that has been waiting longest gives way. */
static bool make_room(struct gc_server *server, const struct gc_transfer *keep, size_t count, size_t more)
{
  while (server->state.transfers + count > server->params.max_transfers ||
         server->transfer_bytes + more > server->params.max_transfer_bytes) {
    struct gc_transfer *oldest = server->transfers;
    if (oldest == keep && oldest)
      oldest = oldest->next;
    if (!oldest)
      return false;
    gc_transfer_free(oldest);
  }
  return true;
}

static bool grow(struct gc_transfer *transfer, size_t len)
{
  struct gc_server *server = transfer->member->server;
  if (len <= transfer->body.cap)
    return true;
  size_t cap = 2 * transfer->body.cap;
  if (cap < len)
    cap = len;
  if (!make_room(server, transfer, 0, cap - transfer->body.cap))
    return false;
  uint8_t *ptr = realloc(transfer->body.ptr, cap);
  if (!ptr)
    return false;
  server->transfer_bytes += cap - transfer->body.cap;
  transfer->body.ptr = ptr;
  transfer->body.cap = cap;
  return true;
}

static struct gc_transfer *add(const struct gc_server_exchange *exchange, bool is_response, uint64_t key)
{
  struct gc_server *server = exchange->server;
  if (!make_room(server, NULL, 1, 0))
    return NULL;
  struct gc_transfer *transfer = calloc(1, sizeof *transfer);
  if (!transfer)
    return NULL;
  *transfer = (struct gc_transfer){ .member = exchange->member, .resource = exchange->resource, .remote = exchange->ref.remote,
                                    .peer = gc_server_peer_of(exchange), .key = key, .is_response = is_response, .code = exchange->message->code };
  transfer->due.owner = GC_OWNER_TRANSFER;
  if (gc_table_add(&server->transfers_by_key, &transfer->by_key, hash_of(server, &transfer->remote, key))) {
    free(transfer);
    return NULL;
  }
  if (gc_timers_set(&server->timers, &transfer->due.timer, UINT64_MAX)) {
    gc_table_remove(&server->transfers_by_key, &transfer->by_key);
    free(transfer);
    return NULL;
  }
  transfer->link = server->transfers_end;
  *server->transfers_end = transfer;
  server->transfers_end = &transfer->next;
  server->state.transfers++;
  return transfer;
}

static void expire_later(const struct gc_server_exchange *exchange, struct gc_transfer *transfer)
{
  gc_due_set(exchange->server, &transfer->due,
             exchange->now_ms + gc_exchange_lifetime_ms(&exchange->server->params.endpoint));
}

/* RFC 7959, Section 2.9.3: with the largest body there is room for. */
static void too_large(struct gc_server_exchange *exchange)
{
  exchange->adds_block1 = exchange->has_block1;
  struct gc_server_response response = gc_server_response(exchange->server, GC_CODE(4, 13));
  gc_builder_add_uint(response.options, GC_OPTION_SIZE1, exchange->resource->def.max_body_len);
  gc_server_respond(exchange, &response);
}

static void incomplete(struct gc_server_exchange *exchange, const char *phrase)
{
  exchange->adds_block1 = true;
  gc_server_error(exchange, GC_CODE(4, 8), phrase);
}

/* The block is in the transfer's body: true. */
static bool append(struct gc_server_exchange *exchange, struct gc_transfer *transfer, size_t offset)
{
  const struct gc_bytes payload = exchange->message->payload;
  if (offset + payload.len <= transfer->body.len)
    return true; /* again: it was there before */
  if (offset != transfer->body.len) {
    incomplete(exchange, "block missing");
    return false;
  }
  if (!grow(transfer, offset + payload.len)) {
    gc_server_error(exchange, GC_CODE(5, 3), "no room for the body");
    return false;
  }
  if (payload.len > 0)
    memcpy(transfer->body.ptr + offset, payload.ptr, payload.len);
  transfer->body.len += payload.len;
  return true;
}

bool gc_server_block1(struct gc_server_exchange *exchange)
{
  const struct gc_block block = exchange->block1;
  const struct gc_bytes payload = exchange->message->payload;
  const size_t max = exchange->resource->def.max_body_len < GC_SERVER_BODY_MAX_LEN ? exchange->resource->def.max_body_len
                                                                                   : GC_SERVER_BODY_MAX_LEN;
  exchange->payload = payload;
  const size_t offset = exchange->has_block1 ? gc_block_offset(block) : 0;
  if (offset + payload.len > max) {
    too_large(exchange);
    return false;
  }
  if (!exchange->has_block1)
    return true;
  if (!gc_block_fits(block, payload.len)) {
    gc_server_error(exchange, GC_CODE(4, 0), "block and its payload differ in size");
    return false;
  }
  const uint64_t key = transfer_key(exchange, false);
  struct gc_transfer *transfer = find(exchange, false, key);
  if (block.num == 0 && !block.more) {
    if (transfer)
      gc_transfer_free(transfer);
    exchange->adds_block1 = true;
    return true;
  }
  if (transfer && (block.num == 0 || transfer->code != exchange->message->code)) {
    gc_transfer_free(transfer);
    transfer = NULL;
  }
  if (!transfer && block.num > 0) {
    incomplete(exchange, "first block missing");
    return false;
  }
  if (!transfer)
    transfer = add(exchange, false, key);
  if (!transfer) {
    gc_server_error(exchange, GC_CODE(5, 3), "too many transfers");
    return false;
  }
  expire_later(exchange, transfer);
  if (!append(exchange, transfer, offset))
    return false;
  exchange->adds_block1 = true;
  if (block.more) {
    struct gc_server_response response = gc_server_response(exchange->server, GC_CODE(2, 31));
    gc_server_respond(exchange, &response);
    return false;
  }
  /* the handler reads the body where it answers into another buffer */
  memcpy(exchange->server->other_body, transfer->body.ptr, transfer->body.len);
  exchange->payload = gc_bytes(exchange->server->other_body, transfer->body.len);
  gc_transfer_free(transfer);
  return true;
}

bool gc_server_block2_kept(struct gc_server_exchange *exchange)
{
  struct gc_transfer *transfer = find(exchange, true, transfer_key(exchange, true));
  if (!transfer)
    return false;
  expire_later(exchange, transfer);
  struct gc_server_response response = gc_server_response(exchange->server, transfer->code);
  response.content_format = transfer->content_format;
  response.max_age_s = transfer->max_age_s;
  memcpy(response.body.ptr, transfer->body.ptr, transfer->body.len);
  response.body.len = transfer->body.len;
  gc_server_respond(exchange, &response);
  return true;
}

void gc_server_block2_keep(const struct gc_server_exchange *exchange, const struct gc_server_response *response)
{
  const uint64_t key = transfer_key(exchange, true);
  struct gc_transfer *transfer = find(exchange, true, key);
  if (transfer)
    gc_transfer_free(transfer);
  transfer = add(exchange, true, key);
  if (!transfer)
    return;
  expire_later(exchange, transfer);
  if (!grow(transfer, response->body.len)) {
    gc_transfer_free(transfer);
    return;
  }
  transfer->code = response->code;
  transfer->content_format = response->content_format;
  transfer->max_age_s = response->max_age_s;
  memcpy(transfer->body.ptr, response->body.ptr, response->body.len);
  transfer->body.len = response->body.len;
}
