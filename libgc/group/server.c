#include "group/server_group.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

struct gc_server_params gc_server_params_default(void)
{
  return (struct gc_server_params){
    .endpoint = gc_endpoint_params_default(),
    .leisure_ms = 5000,
    .amplification = 3,
    .amplification_floor = 136,
    .suppress = GC_SUPPRESS_4XX | GC_SUPPRESS_5XX,
    .block_szx = 6,
    .con_notify_every = 8,
    .max_observers = 65536,
    .max_transfers = 1024,
    .max_observers_per_member = 256,
    .max_group_observations = 4096,
    .max_delayed = 65536,
    .max_answer_len = GC_SERVER_BODY_MAX_LEN,
    .max_transfer_bytes = 32u << 20,
  };
}

/* --- callbacks of a member's endpoint ------------------------------------------------------------------------------ */

static enum gc_err endpoint_send(void *ctx, const struct gc_datagram *datagram)
{
  struct gc_member *member = ctx;
  const struct gc_server_ops *ops = &member->server->ops;
  return ops->send(ops->ctx, member, datagram);
}

static void trace_inbound(struct gc_member *member, const struct gc_inbound *in, const char *phrase)
{
  const struct gc_server_ops *ops = &member->server->ops;
  if (!ops->trace)
    return;
  const bool has_message = in->kind != GC_INBOUND_MALFORMED;
  const struct gc_server_trace trace = { member, in->datagram->remote, in->datagram->local, has_message ? &in->message : NULL,
                                         0, 0, 0, phrase };
  ops->trace(ops->ctx, &trace);
}

static bool endpoint_inbound(void *ctx, const struct gc_inbound *in)
{
  struct gc_member *member = ctx;
  struct gc_server *server = member->server;
  switch (in->kind) {
  case GC_INBOUND_REQUEST:
    gc_server_accept(member, in);
    return true;
  case GC_INBOUND_DUPLICATE_REQUEST:
    server->state.duplicates++;
    trace_inbound(member, in, "duplicate");
    return true;
  case GC_INBOUND_MALFORMED:
    server->state.malformed++;
    trace_inbound(member, in, in->where.phrase ? in->where.phrase : "malformed");
    return true;
  case GC_INBOUND_RESPONSE: /* a server has asked nothing */
  case GC_INBOUND_DUPLICATE_RESPONSE:
  case GC_INBOUND_PING:
  case GC_INBOUND_IGNORED:
    break;
  }
  return false;
}

static void endpoint_delivery(void *ctx, enum gc_delivery delivery, const struct gc_addr *remote, uint16_t mid, uint64_t cookie)
{
  (void)remote;
  (void)mid;
  struct gc_member *member = ctx;
  gc_observer_delivery(member, delivery, cookie, member->server->now_ms);
  gc_group_delivery(member, delivery, cookie);
}

void gc_member_touch(struct gc_member *member)
{
  gc_due_set(member->server, &member->due, gc_endpoint_deadline(member->endpoint));
}

void gc_server_trace(const struct gc_server_exchange *exchange, uint8_t code, size_t answer_len, uint64_t delay_ms, const char *phrase)
{
  const struct gc_server_ops *ops = &exchange->server->ops;
  if (!ops->trace)
    return;
  const struct gc_server_trace trace = { exchange->member, exchange->ref.remote, exchange->to, exchange->message,
                                         code, answer_len, delay_ms, phrase };
  ops->trace(ops->ctx, &trace);
}

void gc_due_set(struct gc_server *server, struct gc_due *due, uint64_t at_ms)
{
  (void)!gc_timers_set(&server->timers, &due->timer, at_ms); /* moving one that is set never fails */
}

void gc_server_drop_delayed(struct gc_delayed *delayed)
{
  struct gc_server *server = delayed->member->server;
  gc_timers_clear(&server->timers, &delayed->due.timer);
  delayed->member->delayed--;
  server->state.delayed--;
  free(delayed);
}

/* --- life ---------------------------------------------------------------------------------------------------------- */

struct gc_server *gc_server_new(const struct gc_server_params *params, const struct gc_server_ops *ops, struct gc_rng rng)
{
  struct gc_server *server = calloc(1, sizeof *server);
  if (!server)
    return NULL;
  server->params = *params;
  if (server->params.block_szx > 6)
    server->params.block_szx = 6;
  server->body_cap = params->max_answer_len < GC_SERVER_BODY_MAX_LEN     ? GC_SERVER_BODY_MAX_LEN
                     : params->max_answer_len > GC_SERVER_ANSWER_MAX_LEN ? GC_SERVER_ANSWER_MAX_LEN
                                                                         : params->max_answer_len;
  server->body = calloc(1, server->body_cap);
  if (!server->body) {
    free(server);
    return NULL;
  }
  server->ops = *ops;
  server->rng = rng;
  server->resources_end = &server->resources;
  server->transfers_end = &server->transfers;
  rng.fill(rng.ctx, (uint8_t *)&server->address_key, sizeof server->address_key);
  server->next_id = 1;
  const struct gc_resource_def core = {
    .path = ".well-known/core",
    .methods = 1u << 1,
    .handler = gc_server_discover,
    .ctx = server,
    .content_format = 40,
    .consumes = -1,
    .is_group = true,
    .suppress = params->suppress,
    .obey_no_response = true,
  };
  if (gc_server_add_resource(server, NULL, &core))
    gc_server_free(&server);
  return server;
}

static void free_owner(struct gc_timer *timer)
{
  switch (((const struct gc_due *)(const void *)timer)->owner) {
  case GC_OWNER_MEMBER:
    break;
  case GC_OWNER_DELAYED:
    gc_server_drop_delayed((struct gc_delayed *)(void *)timer);
    return;
  case GC_OWNER_OBSERVER:
    gc_observer_free((struct gc_observer *)(void *)timer);
    return;
  case GC_OWNER_TRANSFER:
    gc_transfer_free((struct gc_transfer *)(void *)timer);
    return;
  case GC_OWNER_GROUP_OBSERVATION:
    gc_group_source_free((struct gc_group_source *)(void *)timer);
    return;
  }
}

void gc_server_free(struct gc_server **pointer)
{
  struct gc_server *server = *pointer;
  if (!server)
    return;
  *pointer = NULL;
  for (size_t i = 0; i < server->member_count; i++)
    gc_timers_clear(&server->timers, &server->members[i]->due.timer);
  for (struct gc_timer *timer; (timer = gc_timers_first(&server->timers));)
    free_owner(timer);
  for (size_t i = 0; i < server->member_count; i++) {
    gc_endpoint_free(&server->members[i]->endpoint);
    gc_own_group_free(&server->members[i]->own_group);
    gc_table_free(&server->members[i]->observers_by_id);
    free(server->members[i]);
  }
  for (struct gc_resource *resource = server->resources, *next; resource; resource = next) {
    next = resource->next;
    gc_resource_free(resource);
  }
  for (size_t i = 0; i < server->link_count; i++)
    free(server->links[i].text);
  free(server->links);
  gc_oscore_echo_free(&server->challenged);
  free(server->plain);
  gc_wipe(server->body, server->body_cap);
  free(server->body);
  free(server->members);
  free(server->by_address);
  free(server->echo);
  gc_timers_free(&server->timers);
  gc_table_free(&server->transfers_by_key);
  gc_table_free(&server->resources_by_path);
  free(server);
}

/* --- members ------------------------------------------------------------------------------------------------------- */

/* Where the address is, or the free slot where it would be. */
static size_t find_slot(const struct gc_server *server, const struct gc_addr *address)
{
  size_t mask = server->by_address_cap - 1;
  size_t at = (size_t)gc_addr_hash(address, server->address_key) & mask;
  while (server->by_address[at] && !gc_addr_equal(&server->by_address[at]->address, address))
    at = (at + 1) & mask;
  return at;
}

static enum gc_err grow_members(struct gc_server *server)
{
  if (server->member_count < server->member_cap)
    return GC_OK;
  size_t cap = server->member_cap ? 2 * server->member_cap : 4;
  struct gc_member **members = realloc(server->members, cap * sizeof *members);
  if (!members)
    return GC_E_MEMORY;
  server->members = members;
  struct gc_member **by_address = calloc(2 * cap, sizeof *by_address);
  if (!by_address)
    return GC_E_MEMORY;
  free(server->by_address);
  server->by_address = by_address;
  server->by_address_cap = 2 * cap;
  server->member_cap = cap;
  for (size_t i = 0; i < server->member_count; i++)
    by_address[find_slot(server, &members[i]->address)] = members[i];
  return GC_OK;
}

enum gc_err gc_server_add_member(struct gc_server *server, struct gc_member **out, const struct gc_addr *address, void *user)
{
  if (grow_members(server))
    return GC_E_MEMORY;
  size_t slot = find_slot(server, address);
  if (server->by_address[slot])
    return GC_E_EXISTS;
  struct gc_member *member = calloc(1, sizeof *member);
  if (!member)
    return GC_E_MEMORY;
  *member = (struct gc_member){ .server = server, .address = *address, .user = user, .index = server->member_count };
  member->due.owner = GC_OWNER_MEMBER;
  server->rng.fill(server->rng.ctx, (uint8_t *)&member->etag_salt, sizeof member->etag_salt);
  const struct gc_endpoint_ops ops = { endpoint_send, endpoint_inbound, endpoint_delivery, member };
  member->endpoint = gc_endpoint_new(&server->params.endpoint, &ops, server->rng);
  if (!member->endpoint || gc_timers_set(&server->timers, &member->due.timer, UINT64_MAX)) {
    gc_endpoint_free(&member->endpoint);
    free(member);
    return GC_E_MEMORY;
  }
  server->members[server->member_count++] = member;
  server->by_address[slot] = member;
  gc_member_touch(member);
  if (out)
    *out = member;
  return GC_OK;
}

const struct gc_addr *gc_member_address(const struct gc_member *member)
{
  return &member->address;
}

void *gc_member_user(const struct gc_member *member)
{
  return member->user;
}

size_t gc_member_index(const struct gc_member *member)
{
  return member->index;
}

/* --- datagrams and the clock --------------------------------------------------------------------------------------- */

static void receive(struct gc_member *member, const struct gc_datagram *datagram, uint64_t now_ms)
{
  member->server->now_ms = now_ms;
  gc_endpoint_receive(member->endpoint, datagram, now_ms);
  gc_member_touch(member);
}

void gc_server_receive(struct gc_server *server, struct gc_member *member, const struct gc_datagram *datagram, uint64_t now_ms)
{
  if (member) {
    receive(member, datagram, now_ms);
    return;
  }
  for (size_t i = 0; i < server->member_count; i++)
    receive(server->members[i], datagram, now_ms);
}

static void send_delayed(struct gc_delayed *delayed, uint64_t now_ms)
{
  struct gc_member *member = delayed->member;
  /* a response that cannot be sent is as good as lost on the way */
  (void)!gc_endpoint_reply(member->endpoint, &delayed->ref, gc_bytes(delayed->body, delayed->body_len), delayed->as_con, delayed->cookie,
                           now_ms);
  gc_server_drop_delayed(delayed);
  gc_member_touch(member);
}

void gc_server_tick(struct gc_server *server, uint64_t now_ms)
{
  server->now_ms = now_ms;
  struct gc_timer *timer;
  while ((timer = gc_timers_first(&server->timers)) && timer->at_ms <= now_ms) {
    switch (((const struct gc_due *)(const void *)timer)->owner) {
    case GC_OWNER_MEMBER: {
      struct gc_member *member = (struct gc_member *)(void *)timer;
      gc_endpoint_tick(member->endpoint, now_ms);
      gc_member_touch(member);
      if (timer->at_ms <= now_ms) /* it has said so, and done nothing: do not spin */
        gc_due_set(server, &member->due, now_ms + 1);
      break;
    }
    case GC_OWNER_DELAYED:
      send_delayed((struct gc_delayed *)(void *)timer, now_ms);
      break;
    case GC_OWNER_OBSERVER:
      gc_observer_due((struct gc_observer *)(void *)timer, now_ms);
      break;
    case GC_OWNER_TRANSFER:
      gc_transfer_free((struct gc_transfer *)(void *)timer);
      break;
    case GC_OWNER_GROUP_OBSERVATION:
      gc_group_source_due((struct gc_group_source *)(void *)timer, now_ms);
      break;
    }
  }
}

uint64_t gc_server_deadline(const struct gc_server *server)
{
  return gc_timers_next(&server->timers);
}

struct gc_server_state gc_server_state(const struct gc_server *server)
{
  return server->state;
}
