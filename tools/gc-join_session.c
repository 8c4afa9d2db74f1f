/* One run: sockets, the state machine, and operations one after the other. */
#include <errno.h>
#include <string.h>

#include "gc-join.h"

/* --- network ------------------------------------------------------------------------------------------------------------- */

static size_t socket_of(const struct gc_join_session *session, const struct gc_addr *remote)
{
  return session->sockets[remote->family == GC_FAMILY_IPV6];
}

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  const struct gc_join_session *session = ctx;
  const size_t socket = socket_of(session, &datagram->remote);
  if (socket == SIZE_MAX) {
    errno = EAFNOSUPPORT;
    return GC_E_SYSTEM;
  }
  return gc_node_send(session->node, socket, datagram);
}

static void on_event(void *ctx, const struct gc_client_event *event)
{
  const struct gc_join_session *session = ctx;
  (void)gc_join_event(session->join, event);
}

static void on_receive(void *ctx, size_t socket, const struct gc_datagram *datagram, uint64_t now_ms)
{
  struct gc_join_session *session = ctx;
  if (socket == session->sockets[0] || socket == session->sockets[1])
    gc_client_receive(session->client, datagram, now_ms);
  else if (session->watch)
    session->watch->receive(session->watch_ctx, socket, datagram, now_ms);
}

static void on_unreachable(void *ctx, const struct gc_addr *peer, int error)
{
  struct gc_join_session *session = ctx;
  char text[GC_ADDR_STR_MAX];
  const bool is_news = !session->watch && !session->is_unreachable; /* it may be started any moment: the wait goes on */
  session->is_unreachable = true;
  gc_info(is_news ? 0 : 1, "%s cannot be reached: %s", peer->family ? gc_addr_format(text, peer) : "a server", strerror(error));
}

static uint64_t least(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

static uint64_t on_deadline(void *ctx)
{
  const struct gc_join_session *session = ctx;
  const uint64_t own = least(gc_client_deadline(session->client), gc_join_deadline(session->join));
  return session->watch ? least(own, session->watch->deadline(session->watch_ctx)) : own;
}

static void on_tick(void *ctx, uint64_t now_ms)
{
  struct gc_join_session *session = ctx;
  gc_client_tick(session->client, now_ms);
  gc_join_tick(session->join, now_ms);
  if (session->watch)
    session->watch->tick(session->watch_ctx, now_ms);
}

enum gc_status gc_join_session_open(struct gc_join_session *session)
{
  const struct gc_node_ops ops = { .receive = on_receive, .unreachable = on_unreachable, .deadline = on_deadline, .tick = on_tick, .ctx = session };
  return gc_node_open(&session->node, &session->options->common, &ops);
}

enum gc_status gc_join_session_socket(struct gc_join_session *session, const struct gc_destination *to)
{
  size_t *socket = &session->sockets[to->targets[0].family == GC_FAMILY_IPV6];
  const struct gc_udp_options options = { .bind = { .family = to->targets[0].family }, .ifindex = to->ifindex, .hop_limit = -1 };
  return *socket == SIZE_MAX ? gc_node_bind(session->node, &options, socket) : GC_STATUS_OK;
}

/* --- the state machine --------------------------------------------------------------------------------------------------- */

static void on_done(void *ctx, const struct gc_join_answer *answer)
{
  struct gc_join_session *session = ctx;
  if (answer->is_notification && session->watch) {
    session->watch->news(session->watch_ctx, answer);
    if (!session->is_waiting || gc_join_is_busy(session->join))
      return;
    session->status = answer->result ? GC_STATUS_NO : GC_STATUS_OK; /* the first of an observation that was asked for */
  } else if (answer->result == GC_JOIN_REFUSED && session->hides_refusal) {
    session->status = GC_STATUS_SECURITY;
  } else if (answer->result) {
    session->status = gc_join_say(session, answer);
  } else {
    session->status = session->take ? session->take(session, answer, session->take_ctx) : GC_STATUS_OK;
  }
  session->is_waiting = false;
  gc_node_stop(session->node);
}

static void on_step(void *ctx, const char *what)
{
  (void)ctx;
  gc_info(1, "%s", what);
}

enum gc_status gc_join_session_start(struct gc_join_session *session, const struct gc_join_params *params)
{
  const struct gc_client_params client_params = gc_client_params_default();
  const struct gc_client_ops client_ops = { .send = on_send, .event = on_event, .ctx = session };
  const struct gc_join_ops ops = { .done = on_done, .token = gc_join_keep_token, .associate = gc_join_associate, .find_as = gc_join_find_as,
                                   .step = on_step, .ctx = session };
  session->client = gc_client_new(&client_params, &client_ops, gc_rng_system());
  session->join = session->client ? gc_join_new(params, &ops, session->client, gc_rng_system()) : NULL;
  if (session->join)
    return GC_STATUS_OK;
  gc_error("no memory left");
  return GC_STATUS_SYSTEM;
}

enum gc_status gc_join_session_ask(struct gc_join_session *session, enum gc_join_operation operation, const struct gc_join_question *question,
                                   enum gc_status (*take)(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx), void *ctx)
{
  int signal_number = 0;
  enum gc_err err = gc_join_ask(session->join, operation, question);
  if (err) {
    gc_error("%s: %s", gc_join_operation_name(operation),
             err == GC_E_STATE ? "no resource of this node is known: join first" : "the roles need a key, or do not go together, or an ID is none");
    return GC_STATUS_INPUT;
  }
  session->take = take;
  session->take_ctx = ctx;
  session->is_waiting = true;
  gc_join_tick(session->join, gc_now_ms());
  enum gc_status status = GC_STATUS_OK;
  while (session->is_waiting && !status && !signal_number)
    status = gc_node_run(session->node, &signal_number);
  session->is_interrupted = signal_number != 0;
  if (session->is_waiting && !status) {
    gc_error("interrupted before the %s was answered", gc_join_operation_name(operation));
    status = GC_STATUS_NO;
  }
  return status ? status : session->status;
}

enum gc_status gc_join_session_probe(struct gc_join_session *session, enum gc_join_operation operation,
                                     enum gc_status (*take)(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx), void *ctx)
{
  session->hides_refusal = true;
  const enum gc_status status = gc_join_session_ask(session, operation, NULL, take, ctx);
  session->hides_refusal = false;
  return status;
}

enum gc_status gc_join_session_try(struct gc_join_session *session, enum gc_join_operation operation,
                                   enum gc_status (*take)(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx), void *ctx)
{
  const enum gc_status status = gc_join_session_probe(session, operation, take, ctx);
  return status == GC_STATUS_SECURITY ? GC_STATUS_OK : status;
}
