/* Responses of members whose credential may still come: kept for a while, and looked at again. */
#include <stdlib.h>
#include <string.h>

#include "group/client_internal.h"

struct gc_held {
  struct gc_held *next;
  uint64_t due_ms;
  bool stays;
  struct gc_datagram datagram; /* its bytes follow */
  uint8_t bytes[];
};

/* When it is too late: the exchange is about to end, or the time is over. */
static uint64_t due_of(const struct gc_exchange *exchange)
{
  const uint64_t now_ms = exchange->client->now_ms, last_ms = now_ms + GC_CLIENT_HOLD_MS;
  return exchange->close_ms > now_ms && exchange->close_ms < last_ms ? exchange->close_ms : last_ms;
}

bool gc_client_hold(const struct gc_leg *leg, const struct gc_inbound *in, const struct gc_oscore_opened *opened)
{
  struct gc_client *client = leg->exchange->client;
  const struct gc_bytes bytes = in->datagram->bytes;
  if (client->looked_at)
    return client->looked_at->stays = client->now_ms < client->looked_at->due_ms;
  if (!client->ops.hold || client->held_count >= GC_CLIENT_HELD_MAX || !client->ops.hold(client->ops.ctx, opened->context, opened->kid))
    return false;
  struct gc_held *held = malloc(sizeof *held + bytes.len);
  if (!held)
    return false;
  *held = (struct gc_held){ .due_ms = due_of(leg->exchange), .datagram = *in->datagram };
  memcpy(held->bytes, bytes.ptr, bytes.len);
  held->datagram.bytes = gc_bytes(held->bytes, bytes.len);
  struct gc_held **end = &client->held;
  while (*end)
    end = &(*end)->next;
  *end = held; /* the first that came is looked at first: a notification must not make those before it stale */
  client->held_count++;
  return true;
}

static void look_again(struct gc_client *client, struct gc_held *held)
{
  struct gc_inbound in = { .kind = GC_INBOUND_RESPONSE, .datagram = &held->datagram, .now_ms = client->now_ms };
  held->stays = false;
  client->looked_at = held;
  if (gc_message_parse(&in.message, held->datagram.bytes, NULL) == GC_OK)
    (void)gc_client_accept(client, &in);
  client->looked_at = NULL;
}

/* Those that stay keep their order; what is held by a call out of an event is not looked at now. */
static void look_at(struct gc_client *client, bool all)
{
  struct gc_held *rest = client->held, *kept = NULL;
  if (client->looked_at)
    return;
  client->held = NULL;
  while (rest) {
    struct gc_held *held = rest;
    rest = held->next;
    held->stays = true;
    if (all || held->due_ms <= client->now_ms)
      look_again(client, held);
    if (held->stays) {
      held->next = kept;
      kept = held;
      continue;
    }
    client->held_count--;
    free(held);
  }
  while (kept) {
    struct gc_held *held = kept;
    kept = held->next;
    held->next = client->held;
    client->held = held;
  }
}

void gc_client_reconsider(struct gc_client *client, uint64_t now_ms)
{
  gc_client_enter(client, now_ms);
  look_at(client, true);
  gc_client_leave(client);
}

void gc_hold_tick(struct gc_client *client)
{
  if (gc_hold_deadline(client) <= client->now_ms)
    look_at(client, false);
}

uint64_t gc_hold_deadline(const struct gc_client *client)
{
  uint64_t first = UINT64_MAX;
  for (const struct gc_held *held = client->held; held; held = held->next)
    first = held->due_ms < first ? held->due_ms : first;
  return first;
}

void gc_hold_clear(struct gc_client *client)
{
  while (client->held) {
    struct gc_held *held = client->held;
    client->held = held->next;
    free(held);
  }
  client->held_count = 0;
}
