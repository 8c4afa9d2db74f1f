/* The Echo option, client side (RFC 9175, Section 2.3): a value goes back only to the endpoint that gave it, once. */
#include <stdlib.h>
#include <string.h>

#include "group/client_internal.h"

enum { ECHOES_MAX = 4096, ECHO_KEPT_MS = 300000 };

static bool value_of(struct gc_small *out, const struct gc_message *message)
{
  struct gc_option echo;
  if (!gc_option_find(message->options, GC_OPTION_ECHO, &echo) || echo.value.len == 0 || echo.value.len > GC_ECHO_MAX_LEN)
    return false;
  out->len = (uint8_t)echo.value.len;
  memcpy(out->bytes, echo.value.ptr, echo.value.len);
  return true;
}

bool gc_echo_follow(struct gc_leg *leg, struct gc_responder *responder, const struct gc_message *message)
{
  struct gc_exchange *exchange = leg->exchange;
  struct gc_leg *again = leg;
  struct gc_small value;
  const struct gc_oscore_context *context = exchange->request.context;
  bool is_draft_02 = context && gc_oscore_context_profile(context) == GC_OSCORE_GROUP_02; /* 4.03 there: its Appendix E.3 */
  if ((message->code != GC_CODE(4, 1) && !(is_draft_02 && message->code == GC_CODE(4, 3))) || !value_of(&value, message))
    return false;
  bool is_group = leg->kind == GC_LEG_ROOT && exchange->is_group;
  if (is_group && responder->following)
    return true; /* its answer to the request that is under way to it says the same or more */
  if (responder->echo_tries >= GC_ECHO_TRIES || gc_bytes_equal(gc_small_bytes(&responder->echo), gc_small_bytes(&value)))
    return false;
  if (is_group && gc_leg_new(exchange, &again, GC_LEG_FOLLOW, &responder->addr, gc_bytes(NULL, 0)))
    return false;
  if (is_group) {
    again->is_con = true;
    again->responder = responder;
    responder->following = again;
  }
  responder->echo_tries++;
  responder->echo = again->echo = value;
  if (gc_leg_send(again) == GC_OK)
    return true;
  if (is_group)
    gc_leg_end(again);
  return false;
}

static uint64_t hash_of(const struct gc_client *client, const struct gc_addr *addr)
{
  return gc_addr_hash(addr, client->hash_key);
}

static struct gc_echo *find(const struct gc_client *client, const struct gc_addr *addr)
{
  struct gc_link *link = gc_table_find(&client->echoes, hash_of(client, addr));
  for (; link; link = gc_table_find_next(link)) {
    struct gc_echo *echo = GC_CONTAINER(link, struct gc_echo, link);
    if (gc_addr_equal(&echo->addr, addr))
      return echo;
  }
  return NULL;
}

static void drop(struct gc_client *client, struct gc_echo *echo)
{
  gc_timers_clear(&client->echo_timers, &echo->timer);
  gc_table_remove(&client->echoes, &echo->link);
  free(echo);
}

void gc_echo_remember(struct gc_client *client, const struct gc_addr *addr, const struct gc_message *message)
{
  struct gc_small value;
  if (!value_of(&value, message))
    return;
  struct gc_echo *echo = find(client, addr);
  if (!echo) {
    if (client->echoes.count >= ECHOES_MAX)
      drop(client, GC_CONTAINER(gc_timers_first(&client->echo_timers), struct gc_echo, timer));
    echo = calloc(1, sizeof *echo);
    if (!echo)
      return;
    echo->addr = *addr;
    if (gc_table_add(&client->echoes, &echo->link, hash_of(client, addr))) {
      free(echo);
      return;
    }
  }
  echo->value = value;
  if (gc_timers_set(&client->echo_timers, &echo->timer, client->now_ms + ECHO_KEPT_MS))
    drop(client, echo);
}

bool gc_echo_take(struct gc_client *client, struct gc_small *out, const struct gc_addr *addr)
{
  struct gc_echo *echo = find(client, addr);
  if (!echo)
    return false;
  *out = echo->value;
  drop(client, echo);
  return true;
}

void gc_echo_tick(struct gc_client *client)
{
  for (struct gc_timer *timer; (timer = gc_timers_due(&client->echo_timers, client->now_ms));)
    drop(client, GC_CONTAINER(timer, struct gc_echo, timer));
}

void gc_echo_clear(struct gc_client *client)
{
  while (gc_timers_first(&client->echo_timers))
    drop(client, GC_CONTAINER(gc_timers_first(&client->echo_timers), struct gc_echo, timer));
  gc_table_free(&client->echoes);
  gc_timers_free(&client->echo_timers);
}
