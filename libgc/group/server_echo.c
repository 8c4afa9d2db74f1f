#include "group/server_internal.h"

#include <stdlib.h>
#include <string.h>

/* How long an Echo value may be used, and how long an address stays verified after it was. */
#define FRESH_MS 60000
#define VERIFIED_MS 300000
#define WAYS 4

/* The slot of the address, or the one that is given up for it: the table cannot grow. */
static struct gc_echo_slot *find(const struct gc_server *server, const struct gc_addr *remote, bool *is_found)
{
  size_t set = (size_t)gc_addr_hash(remote, server->address_key) % (GC_SERVER_ECHO_SLOTS / WAYS);
  struct gc_echo_slot *slots = server->echo + set * WAYS, *oldest = slots;
  for (size_t i = 0; i < WAYS; i++) {
    if (gc_addr_equal(&slots[i].addr, remote)) {
      *is_found = true;
      return &slots[i];
    }
    uint64_t used = slots[i].issued_ms > slots[i].verified_ms ? slots[i].issued_ms : slots[i].verified_ms;
    uint64_t least = oldest->issued_ms > oldest->verified_ms ? oldest->issued_ms : oldest->verified_ms;
    if (used < least)
      oldest = &slots[i];
  }
  *is_found = false;
  return oldest;
}

bool gc_server_is_verified(const struct gc_server *server, const struct gc_addr *remote, uint64_t now_ms)
{
  if (!server->echo)
    return false;
  bool is_found;
  const struct gc_echo_slot *slot = find(server, remote, &is_found);
  return is_found && slot->verified_ms != 0 && now_ms < slot->verified_ms + VERIFIED_MS;
}

void gc_server_echo_seen(struct gc_server_exchange *exchange, struct gc_bytes value)
{
  if (!exchange->server->echo)
    return;
  bool is_found;
  struct gc_echo_slot *slot = find(exchange->server, &exchange->ref.remote, &is_found);
  if (!is_found || exchange->now_ms >= slot->issued_ms + FRESH_MS || !gc_bytes_equal(value, gc_bytes(slot->value, sizeof slot->value)))
    return;
  slot->verified_ms = exchange->now_ms ? exchange->now_ms : 1;
  exchange->is_verified = true;
}

struct gc_bytes gc_server_echo_value(struct gc_server *server, const struct gc_addr *remote, uint64_t now_ms)
{
  if (!server->echo) {
    server->echo = calloc(GC_SERVER_ECHO_SLOTS, sizeof *server->echo);
    if (!server->echo)
      return gc_bytes(NULL, 0);
  }
  bool is_found;
  struct gc_echo_slot *slot = find(server, remote, &is_found);
  /* one value for all members asked within half its life: the client can echo it to the whole group */
  if (!is_found || now_ms >= slot->issued_ms + FRESH_MS / 2) {
    *slot = (struct gc_echo_slot){ .addr = *remote, .issued_ms = now_ms };
    server->rng.fill(server->rng.ctx, slot->value, sizeof slot->value);
  }
  return gc_bytes(slot->value, sizeof slot->value);
}
