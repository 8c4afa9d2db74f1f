#include "group/server_internal.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

enum {
  BUSY_MS = 5000,     /* a large response was asked for a block within this time: it is under way */
  LARGE_PER_PEER = 2,
};

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
  if (is_response)
    hash = fnv(hash, &exchange->message->code, 1);
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

static bool is_large(const struct gc_transfer *transfer)
{
  return transfer->is_response && transfer->body.cap > GC_SERVER_BODY_MAX_LEN;
}

static size_t max_large_bytes(const struct gc_server *server)
{
  return server->params.max_transfer_bytes / 4 * 3;
}

/* --- the list, by the time of use --------------------------------------------------------------------------------------- */

static void take_out(struct gc_transfer *transfer)
{
  *transfer->link = transfer->next;
  if (transfer->next)
    transfer->next->link = transfer->link;
  else
    transfer->member->server->transfers_end = transfer->link;
}

static void put_last(struct gc_transfer *transfer)
{
  struct gc_server *server = transfer->member->server;
  transfer->next = NULL;
  transfer->link = server->transfers_end;
  *server->transfers_end = transfer;
  server->transfers_end = &transfer->next;
}

void gc_transfer_free(struct gc_transfer *transfer)
{
  struct gc_server *server = transfer->member->server;
  gc_timers_clear(&server->timers, &transfer->due.timer);
  gc_table_remove(&server->transfers_by_key, &transfer->by_key);
  take_out(transfer);
  server->transfer_bytes -= transfer->body.cap;
  if (is_large(transfer))
    server->large_bytes -= transfer->body.cap;
  server->state.transfers--;
  if (transfer->body.ptr)
    gc_wipe(transfer->body.ptr, transfer->body.len); /* of responses with keying material among others */
  free(transfer->body.ptr);
  free(transfer);
}

/* --- room ------------------------------------------------------------------------------------------------------------- */

static bool is_busy(const struct gc_transfer *transfer)
{
  return is_large(transfer) && !transfer->is_done && transfer->member->server->now_ms < transfer->used_ms + BUSY_MS;
}

/* The one that has not been used for longest, and may give way; only_large: among the large responses. */
static struct gc_transfer *least_needed(const struct gc_server *server, const struct gc_transfer *keep, bool only_large)
{
  struct gc_transfer *transfer = server->transfers;
  while (transfer && (transfer == keep || is_busy(transfer) || (only_large && !is_large(transfer))))
    transfer = transfer->next;
  return transfer;
}

/* Room for one transfer more, or `more` bytes. */
static bool make_room(struct gc_server *server, const struct gc_transfer *keep, size_t count, size_t more)
{
  while (server->state.transfers + count > server->params.max_transfers ||
         server->transfer_bytes + more > server->params.max_transfer_bytes) {
    struct gc_transfer *transfer = least_needed(server, keep, false);
    if (!transfer)
      return false;
    gc_transfer_free(transfer);
  }
  return true;
}

/* Could make_room_for_large succeed? Nothing is dropped. */
static bool has_room_for_large(const struct gc_server *server, size_t len)
{
  size_t busy = 0;
  for (const struct gc_transfer *transfer = server->transfers; transfer; transfer = transfer->next)
    busy += is_busy(transfer) ? transfer->body.cap : 0;
  return busy + len <= max_large_bytes(server);
}

/* What else this peer has begun gives way first, whether it is under way or not. */
static bool make_room_for_large(const struct gc_server_exchange *exchange, const struct gc_transfer *keep, size_t len)
{
  struct gc_server *server = exchange->server;
  struct gc_transfer *first = NULL;
  size_t count = 0;
  for (struct gc_transfer *transfer = server->transfers; transfer; transfer = transfer->next)
    if (transfer != keep && is_large(transfer) && gc_server_is_peer(&transfer->peer, exchange) &&
        (transfer->peer.context || gc_addr_equal(&transfer->remote, &exchange->ref.remote)) && ++count == 1)
      first = transfer;
  if (count >= LARGE_PER_PEER)
    gc_transfer_free(first);
  while (server->large_bytes + len > max_large_bytes(server)) {
    struct gc_transfer *transfer = least_needed(server, keep, true);
    if (!transfer)
      return false;
    gc_transfer_free(transfer);
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
  put_last(transfer);
  server->state.transfers++;
  return transfer;
}

static void expire_later(const struct gc_server_exchange *exchange, struct gc_transfer *transfer)
{
  take_out(transfer);
  put_last(transfer);
  transfer->used_ms = exchange->now_ms;
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
  response.body = transfer->body; /* as it is: to copy it for each of its blocks would be most of the work */
  exchange->kept = transfer;
  transfer->is_done = transfer->is_done || gc_block_offset(exchange->block2) + gc_block_size(exchange->block2.szx) >= transfer->body.len;
  gc_server_respond(exchange, &response);
  return true;
}

bool gc_server_block2_keeps(const struct gc_server_exchange *exchange, const struct gc_server_response *response)
{
  if (exchange->message->code != 1)
    return true;
  /* later blocks of a notification are asked for by GET as well, and must not come from a body that was kept before it */
  return response->body.len > GC_SERVER_BODY_MAX_LEN && !exchange->is_multicast && !exchange->is_notification && exchange->resource &&
         !exchange->resource->def.is_observable;
}

bool gc_server_block2_is_busy(struct gc_server_exchange *exchange)
{
  const size_t len = exchange->resource->large_len;
  if (!len || gc_server_is_safe(exchange->message->code) || has_room_for_large(exchange->server, len))
    return false;
  gc_server_busy(exchange);
  return true;
}

bool gc_server_block2_keep(const struct gc_server_exchange *exchange, const struct gc_server_response *response)
{
  const uint64_t key = transfer_key(exchange, true);
  struct gc_transfer *transfer = find(exchange, true, key);
  if (transfer)
    gc_transfer_free(transfer);
  transfer = add(exchange, true, key);
  if (!transfer)
    return false;
  expire_later(exchange, transfer);
  const bool large = response->body.len > GC_SERVER_BODY_MAX_LEN;
  if (large && exchange->resource)
    exchange->resource->large_len = response->body.len;
  if ((large && !make_room_for_large(exchange, transfer, response->body.len)) || !grow(transfer, response->body.len)) {
    gc_transfer_free(transfer);
    return false;
  }
  if (large)
    exchange->server->large_bytes += transfer->body.cap;
  transfer->etag = gc_server_etag(exchange, response);
  transfer->code = response->code;
  transfer->content_format = response->content_format;
  transfer->max_age_s = response->max_age_s;
  memcpy(transfer->body.ptr, response->body.ptr, response->body.len);
  transfer->body.len = response->body.len;
  return true;
}
