#include "group/server_group.h"

#include <stdlib.h>
#include <string.h>

/* A client that shows no sign of life is asked for one at least so often: 24 h (RFC 7641, Section 4.5), less a quarter of
 * an hour for the Leisure and the retransmissions. */
#define CHECK_MS ((24u * 60u - 15u) * 60u * 1000u)

/* One who can only write the client's address does not end its observation (RFC 8613, Section 4.1.3.5). */
struct gc_observer *gc_server_observer_of(const struct gc_server_exchange *exchange)
{
  const struct gc_request_ref *ref = &exchange->ref;
  for (struct gc_observer *observer = exchange->member->observers; observer; observer = observer->next)
    if (observer->ref.token_len == ref->token_len && memcmp(observer->ref.token, ref->token, ref->token_len) == 0 &&
        gc_addr_equal(&observer->ref.remote, &ref->remote) && gc_server_is_peer(&observer->peer, exchange))
      return observer;
  return NULL;
}

/* Greater than the one before for every client of this member, and after a restart too (RFC 7641, Section 4.4): ticks of
 * 256 s / 2^23. */
uint32_t gc_member_observe_number(struct gc_member *member, uint64_t now_ms)
{
  uint32_t number = (uint32_t)(now_ms * 32768 / 1000) & GC_OBSERVE_MASK;
  const uint32_t step = (number - member->observe_last) & GC_OBSERVE_MASK;
  if (step == 0 || (step >= 1u << 23 && member->observe_last != 0)) /* 0: none before */
    number = (member->observe_last + 1) & GC_OBSERVE_MASK;
  member->observe_last = number;
  return number;
}

void gc_observer_free(struct gc_observer *observer)
{
  struct gc_server *server = observer->member->server;
  gc_timers_clear(&server->timers, &observer->due.timer);
  *observer->link = observer->next;
  if (observer->next)
    observer->next->link = observer->link;
  *observer->link_of_resource = observer->next_of_resource;
  if (observer->next_of_resource)
    observer->next_of_resource->link_of_resource = observer->link_of_resource;
  gc_table_remove(&observer->member->observers_by_id, &observer->by_id);
  observer->member->observer_count--;
  observer->resource->observers--;
  server->state.observers--;
  free(observer);
}

void gc_observer_drop(struct gc_observer *observer)
{
  struct gc_member *member = observer->member;
  gc_endpoint_cancel(member->endpoint, observer->id);
  gc_observer_free(observer);
  gc_member_touch(member);
}

static void check_later(struct gc_observer *observer)
{
  gc_due_set(observer->member->server, &observer->due, observer->con_at_ms + CHECK_MS);
}

void gc_server_unobserve(const struct gc_server_exchange *exchange)
{
  struct gc_observer *observer = gc_server_observer_of(exchange);
  if (observer)
    gc_observer_drop(observer);
}

static void link_observer(struct gc_observer *observer)
{
  struct gc_member *member = observer->member;
  struct gc_resource *resource = observer->resource;
  observer->next = member->observers;
  observer->link = &member->observers;
  if (observer->next)
    observer->next->link = &observer->next;
  member->observers = observer;
  observer->next_of_resource = resource->first_observer;
  observer->link_of_resource = &resource->first_observer;
  if (observer->next_of_resource)
    observer->next_of_resource->link_of_resource = &observer->next_of_resource;
  resource->first_observer = observer;
  member->observer_count++;
  resource->observers++;
  member->server->state.observers++;
}

bool gc_server_observe(struct gc_server_exchange *exchange, bool *is_new)
{
  struct gc_server *server = exchange->server;
  struct gc_member *member = exchange->member;
  struct gc_observer *before = gc_server_observer_of(exchange);
  *is_new = before == NULL;
  if (before)
    gc_observer_drop(before); /* replaced: the request may ask for something else now (RFC 7641, Section 4.1) */
  if (exchange->datagram.len > GC_SERVER_KEPT_REQUEST_MAX_LEN || (exchange->has_block1 && exchange->block1.num > 0) ||
      server->state.observers >= server->params.max_observers ||
      member->observer_count >= server->params.max_observers_per_member) {
    *is_new = false;
    return false;
  }
  struct gc_observer *observer = malloc(sizeof *observer + exchange->datagram.len);
  if (!observer) {
    *is_new = false;
    return false;
  }
  *observer = (struct gc_observer){ .due.owner = GC_OWNER_OBSERVER, .member = member, .resource = exchange->resource,
                                    .ref = exchange->ref, .id = server->next_id++, .con_at_ms = exchange->now_ms,
                                    .sent_at_ms = exchange->now_ms, .rtt_ms = UINT64_MAX, .request_len = exchange->datagram.len,
                                    .wire_len = exchange->wire_len, .peer = gc_server_peer_of(exchange) };
  if (gc_table_add(&member->observers_by_id, &observer->by_id, observer->id) || gc_timers_set(&server->timers, &observer->due.timer, UINT64_MAX)) {
    gc_table_remove(&member->observers_by_id, &observer->by_id);
    free(observer);
    *is_new = false;
    return false;
  }
  memcpy(observer->request, exchange->datagram.ptr, exchange->datagram.len);
  observer->ref.local = exchange->ref.local;
  if (exchange->binding) { /* from now on the one count of responses is the observation's: no nonce is used twice */
    observer->binding = *exchange->binding;
    exchange->binding = &observer->binding;
  }
  if (exchange->is_multicast)
    observer->group = exchange->to;
  link_observer(observer);
  check_later(observer);
  exchange->observe_number = gc_member_observe_number(member, exchange->now_ms);
  return true;
}

/* --- notifications ------------------------------------------------------------------------------------------------- */

/* When the next one may go: a group's after a Leisure, and no second one within a round trip (RFC 7641, Section 4.5.1). */
static void schedule(struct gc_observer *observer, uint64_t now_ms)
{
  struct gc_member *member = observer->member;
  uint64_t due_ms = now_ms;
  if (observer->ref.is_multicast)
    due_ms = gc_member_leisure(member, &observer->group, now_ms);
  if (observer->rtt_ms != UINT64_MAX && due_ms < observer->sent_at_ms + observer->rtt_ms)
    due_ms = observer->sent_at_ms + observer->rtt_ms;
  observer->is_dirty = true;
  gc_due_set(member->server, &observer->due, due_ms);
}

static void changed(struct gc_observer *observer, uint64_t now_ms)
{
  if (observer->is_con_under_way)
    observer->is_dirty = true; /* sent once the one under way is settled */
  else if (!observer->is_dirty)
    schedule(observer, now_ms);
}

void gc_server_changed(struct gc_server *server, struct gc_member *member, struct gc_resource *resource, uint64_t now_ms)
{
  for (struct gc_observer *observer = resource->first_observer; observer; observer = observer->next_of_resource)
    if (!member || observer->member == member)
      changed(observer, now_ms);
  if (resource->sources == 0)
    return;
  if (member)
    gc_group_changed(member, resource, now_ms);
  for (size_t i = 0; !member && i < server->member_count; i++)
    gc_group_changed(server->members[i], resource, now_ms);
}

bool gc_observer_restore(struct gc_server_exchange *exchange, struct gc_message *message, struct gc_observer *observer, uint64_t now_ms)
{
  const struct gc_bytes datagram = gc_bytes(observer->request, observer->request_len);
  if (gc_message_parse(message, datagram, NULL))
    return false;
  *exchange = (struct gc_server_exchange){ .server = observer->member->server, .member = observer->member,
                                           .resource = observer->resource, .message = message, .datagram = datagram, .wire_len = observer->wire_len,
                                           .ref = observer->ref, .to = observer->ref.is_multicast ? observer->group : observer->ref.local,
                                           .is_multicast = observer->ref.is_multicast, .is_verified = observer->rtt_ms != UINT64_MAX || /* it has acknowledged */
                                                          gc_server_is_verified(observer->member->server, &observer->ref.remote, now_ms),
                                           .is_notification = true, .now_ms = now_ms, .payload = message->payload };
  if (gc_server_read_options(exchange))
    return false;
  exchange->block2.num = 0;
  if (observer->peer.context) {
    exchange->is_authenticated = true;
    exchange->binding = &observer->binding;
  }
  return true;
}

enum gc_err gc_observer_send(struct gc_observer *observer, struct gc_bytes body, bool as_con, uint64_t cookie, uint64_t now_ms)
{
  struct gc_endpoint *endpoint = observer->member->endpoint;
  uint8_t datagram[GC_SERVER_MESSAGE_MAX_LEN + GC_OSCORE_GROWTH_MAX + 16];
  uint16_t mid;
  enum gc_err err = gc_endpoint_mid(endpoint, &mid, &observer->ref.remote, now_ms);
  if (err != GC_OK)
    return err;
  struct gc_builder builder = gc_builder_message(datagram, sizeof datagram, as_con ? GC_TYPE_CON : GC_TYPE_NON, body.ptr[0], mid,
                                                 gc_bytes(observer->ref.token, observer->ref.token_len));
  if (builder.err)
    return builder.err;
  err = gc_buf_add(&builder.buf, gc_bytes_slice(body, 1, body.len - 1));
  if (err != GC_OK)
    return err;
  const struct gc_datagram out = { .remote = observer->ref.remote, .local = observer->ref.local, .ifindex = observer->ref.ifindex,
                                   .bytes = gc_buf_bytes(&builder.buf) };
  return gc_endpoint_send(endpoint, &out, cookie, now_ms);
}

/* Make and send the notification. false: it was the last one */
static bool notify(struct gc_observer *observer, uint64_t now_ms)
{
  struct gc_server *server = observer->member->server;
  struct gc_server_exchange exchange;
  struct gc_message message;
  if (!gc_observer_restore(&exchange, &message, observer, now_ms))
    return false;
  struct gc_server_response response;
  gc_server_run(&exchange, message.code, &response, NULL);
  const bool goes_on = GC_CODE_CLASS(response.code) == 2;
  exchange.adds_observe = goes_on;
  exchange.observe_number = goes_on ? gc_member_observe_number(observer->member, now_ms) : 0;
  uint8_t szx = server->params.block_szx;
  if (exchange.has_block2 && exchange.block2.szx < szx)
    szx = exchange.block2.szx;
  struct gc_bytes body;
  const enum gc_err composed = gc_server_compose_within(&exchange, &response, gc_server_answer_limit(&exchange), &szx, &body);
  if (composed != GC_OK && composed != GC_E_LIMIT)
    return false;
  if (exchange.binding && gc_server_seal(&exchange, &body))
    return false; /* sequence numbers used up, or the context has no Sender Context any more */
  /* strictly few without a sign of interest (groupcomm-bis, Section 3.7); without a known round-trip time none */
  const bool as_con = observer->nons + 1 >= server->params.con_notify_every || observer->rtt_ms == UINT64_MAX ||
                      now_ms >= observer->con_at_ms + CHECK_MS || !goes_on;
  const enum gc_err err = gc_observer_send(observer, body, as_con, observer->id, now_ms);
  observer->sent_at_ms = now_ms;
  observer->is_dirty = false;
  observer->is_con_under_way = as_con && err == GC_OK;
  if (!as_con)
    observer->nons++;
  else if (err == GC_OK)
    observer->nons = 0;
  if (as_con)
    observer->con_at_ms = now_ms;
  server->state.notifications++;
  gc_server_trace(&exchange, response.code, response.body.len, 0, goes_on ? "notified" : "observation ended");
  return goes_on && err != GC_E_MEMORY;
}

void gc_observer_due(struct gc_observer *observer, uint64_t now_ms)
{
  struct gc_member *member = observer->member;
  check_later(observer);
  if (observer->is_con_under_way) {
    gc_due_set(member->server, &observer->due, now_ms + CHECK_MS);
    return;
  }
  if (!notify(observer, now_ms)) {
    gc_observer_free(observer); /* its last word is on its way, and is retransmitted if need be */
  } else {
    gc_due_set(member->server, &observer->due,
               observer->con_at_ms + CHECK_MS > now_ms ? observer->con_at_ms + CHECK_MS : now_ms + CHECK_MS);
  }
  gc_member_touch(member);
}

void gc_observer_delivery(struct gc_member *member, enum gc_delivery delivery, uint64_t id, uint64_t now_ms)
{
  struct gc_link *link = gc_table_find(&member->observers_by_id, id);
  if (!link)
    return;
  struct gc_observer *observer = GC_CONTAINER(link, struct gc_observer, by_id); /* the hash is the number itself */
  if (delivery != GC_DELIVERY_ACKED) { /* RFC 7641, Sections 3.6 and 4.5 */
    gc_observer_drop(observer);
    return;
  }
  observer->is_con_under_way = false;
  observer->nons = 0;
  observer->con_at_ms = now_ms;
  observer->rtt_ms = now_ms - observer->sent_at_ms;
  if (observer->is_dirty)
    schedule(observer, now_ms);
}

void gc_server_end_observations(struct gc_server *server, const struct gc_resource *resource, uint64_t now_ms)
{
  (void)server;
  for (struct gc_observer *observer = resource->first_observer, *next; observer; observer = next) {
    struct gc_member *member = observer->member;
    next = observer->next_of_resource;
    gc_endpoint_cancel(member->endpoint, observer->id); /* one under way says what is no more */
    (void)notify(observer, now_ms);
    gc_observer_free(observer);
    gc_member_touch(member);
  }
}

void gc_server_forget_observers(struct gc_server *server, const struct gc_oscore_context *context)
{
  for (size_t i = 0; i < server->member_count; i++)
    for (struct gc_observer *observer = server->members[i]->observers, *next; observer; observer = next) {
      next = observer->next;
      if (observer->peer.context == context || observer->binding.context == context)
        gc_observer_drop(observer);
      else if (observer->binding.told == context)
        observer->binding.told = NULL;
    }
}
