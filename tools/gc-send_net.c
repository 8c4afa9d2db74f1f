#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/netio.h"
#include "common/trace.h"
#include "gc-send.h"
#include "gc-send_net.h"
#include "net/iface.h"
#include "net/loop.h"

#define SENT_KEPT 64
#define GROUP_RECEIVE_BUFFER ((size_t)4 << 20) /* a thousand answers may come within milliseconds */

struct gc_send_net {
  struct gc_send_net_ops ops;
  struct gc_udp *udp;
  struct gc_loop *loop;
  struct gc_client *client;
  struct gc_client_security *security; /* the plan's; NULL: nothing is protected */
  struct gc_netio *netio;
  struct gc_trace *trace;
  uint64_t now_ms;              /* of the call into the client that is under way */
  uint64_t received_us;
  struct { uint64_t ms, us; } sent[SENT_KEPT]; /* when requests went out, for response times finer than the client's clock */
  size_t sent_next;
  int send_errno, receive_errno;
};

static uint64_t now_us(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  struct gc_send_net *net = ctx;
  enum gc_err err = gc_netio_send(net->netio, net->udp, datagram);
  if (err) {
    net->send_errno = errno;
    return err;
  }
  net->sent[net->sent_next].ms = net->now_ms;
  net->sent[net->sent_next].us = now_us();
  net->sent_next = (net->sent_next + 1) % SENT_KEPT;
  gc_trace_message(net->trace, ">", &datagram->remote, datagram->bytes);
  return GC_OK;
}

static void on_datagram(void *ctx, const struct gc_datagram *datagram)
{
  struct gc_send_net *net = ctx;
  gc_trace_message(net->trace, "<", &datagram->remote, datagram->bytes);
  net->received_us = now_us();
  net->now_ms = gc_now_ms();
  gc_client_receive(net->client, datagram, net->now_ms);
}

static void on_ready(void *ctx, int fd)
{
  struct gc_send_net *net = ctx;
  (void)fd;
  if (gc_netio_receive(net->netio, net->udp, on_datagram, net) != GC_OK) {
    net->receive_errno = errno;
    if (net->ops.unreachable)
      net->ops.unreachable(net->ops.ctx, gc_udp_error_peer(net->udp), net->receive_errno);
  }
}

static void on_event(void *ctx, const struct gc_client_event *event)
{
  struct gc_send_net *net = ctx;
  const uint64_t sent_ms = event->now_ms - event->rtt_ms;
  uint64_t rtt_us = event->rtt_ms * 1000;
  for (size_t i = 0; i < SENT_KEPT; i++)
    if (net->sent[i].us && net->sent[i].ms == sent_ms && net->received_us > net->sent[i].us)
      rtt_us = net->received_us - net->sent[i].us;
  net->ops.event(net->ops.ctx, event, rtt_us);
}

static bool on_hold(void *ctx, const struct gc_oscore_context *context, struct gc_bytes kid)
{
  const struct gc_send_net *net = ctx;
  return gc_client_security_may_know(net->security, context, kid);
}

static uint64_t on_deadline(void *ctx)
{
  struct gc_send_net *net = ctx;
  const uint64_t client = gc_client_deadline(net->client), own = net->ops.deadline(net->ops.ctx);
  const uint64_t security = gc_client_security_deadline(net->security), first = client < own ? client : own;
  return first < security ? first : security;
}

static void on_tick(void *ctx, uint64_t now_ms)
{
  struct gc_send_net *net = ctx;
  net->now_ms = now_ms;
  gc_client_tick(net->client, now_ms);
  gc_client_security_tick(net->security, now_ms);
  net->ops.tick(net->ops.ctx, now_ms);
}

static void on_updated(void *ctx)
{
  struct gc_send_net *net = ctx;
  net->now_ms = gc_now_ms();
  gc_client_reconsider(net->client, net->now_ms);
}

static void on_lost(void *ctx)
{
  const struct gc_send_net *net = ctx;
  net->ops.lost(net->ops.ctx);
}

static bool on_release(void *ctx, const struct gc_oscore_context *old)
{
  const struct gc_send_net *net = ctx;
  return gc_client_release(net->client, old);
}

static enum gc_status fail(char why[static GC_WHY_LEN], const char *what, enum gc_err err)
{
  snprintf(why, GC_WHY_LEN, "%.200s: %.100s", what, err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
  return GC_STATUS_SYSTEM;
}

static enum gc_status open_socket(struct gc_send_net *net, const struct gc_send *send, const struct gc_send_plan *plan, char why[static GC_WHY_LEN])
{
  const struct gc_udp_options options = {
    .bind = { .family = plan->to.targets[0].family, .port = send->port },
    .ifindex = plan->to.ifindex,
    .hop_limit = send->hop_limit,
    .loop = true,
    .receive_buffer = plan->to.is_group ? GROUP_RECEIVE_BUFFER : 0,
  };
  char what[40] = "no socket";
  enum gc_err err = gc_udp_open(&net->udp, &options);
  if (send->port)
    snprintf(what, sizeof what, "own port %u", (unsigned)send->port);
  return err ? fail(why, what, err) : GC_STATUS_OK;
}

static enum gc_status open_all(struct gc_send_net *net, const struct gc_send *send, const struct gc_send_plan *plan, char why[static GC_WHY_LEN])
{
  const struct gc_client_params params = gc_client_params_default();
  const struct gc_client_ops ops = { .send = on_send, .event = on_event, .hold = on_hold, .ctx = net };
  enum gc_status status = open_socket(net, send, plan, why);
  enum gc_err err;
  if (status)
    return status;
  if ((err = gc_netio_new(&net->netio, send->common.pcap)) != GC_OK)
    return fail(why, send->common.pcap ? send->common.pcap : "socket", err);
  net->trace = gc_trace_new((enum gc_color_when)send->common.color);
  if ((err = gc_loop_new(&net->loop)) != GC_OK || (err = gc_loop_catch_signals(net->loop)) != GC_OK ||
      (err = gc_loop_add(net->loop, gc_udp_fd(net->udp), on_ready, net)) != GC_OK)
    return fail(why, "poll loop", err);
  net->client = gc_client_new(&params, &ops, gc_rng_system());
  if (!net->client)
    return fail(why, "client", GC_E_MEMORY);
  const struct gc_client_security_ops security_ops = { .updated = on_updated, .lost = on_lost, .release = on_release, .ctx = net };
  net->security = plan->security;
  return gc_client_security_watch(net->security, &security_ops, send->keep_old_ms, net->loop, why);
}

enum gc_status gc_send_net_open(struct gc_send_net **out, const struct gc_send *send, const struct gc_send_plan *plan,
                                const struct gc_send_net_ops *ops, char why[static GC_WHY_LEN])
{
  struct gc_send_net *net = calloc(1, sizeof *net);
  *out = net;
  if (!net)
    return fail(why, "client", GC_E_MEMORY);
  net->ops = *ops;
  enum gc_status status = open_all(net, send, plan, why);
  if (status) {
    char ignored[GC_WHY_LEN];
    gc_send_net_close(out, ignored);
  }
  return status;
}

enum gc_status gc_send_net_close(struct gc_send_net **net, char why[static GC_WHY_LEN])
{
  enum gc_status status = GC_STATUS_OK;
  if (!*net)
    return status;
  gc_client_security_unwatch((*net)->security);
  gc_client_free(&(*net)->client);
  if (gc_netio_free(&(*net)->netio) != GC_OK)
    status = fail(why, "--pcap", GC_E_SYSTEM);
  gc_loop_free(&(*net)->loop);
  gc_udp_close(&(*net)->udp);
  gc_trace_free(&(*net)->trace);
  free(*net);
  *net = NULL;
  return status;
}

enum gc_err gc_send_net_request(struct gc_send_net *net, struct gc_exchange **out, const struct gc_request *request, void *user)
{
  net->now_ms = gc_now_ms();
  net->send_errno = 0;
  return gc_client_request(net->client, out, request, user, net->now_ms);
}

void gc_send_net_end(struct gc_send_net *net, struct gc_exchange *exchange, bool deregister)
{
  net->now_ms = gc_now_ms();
  gc_client_end(net->client, exchange, deregister, net->now_ms);
}

enum gc_sec gc_send_net_protect_result(const struct gc_send_net *net)
{
  return gc_client_protect_result(net->client);
}

int gc_send_net_error(struct gc_send_net *net)
{
  int error = net->send_errno;
  net->send_errno = 0;
  return error;
}

bool gc_send_net_run(struct gc_send_net *net)
{
  int signal_number = 0;
  (void)!gc_loop_run(net->loop, on_deadline, on_tick, net, &signal_number);
  return signal_number != 0;
}

void gc_send_net_stop(struct gc_send_net *net)
{
  gc_loop_stop(net->loop);
}

_Static_assert(GC_WHY_LEN >= GC_NET_EXPLAIN_MAX, "an explanation fits");

void gc_send_net_explain(char why[static GC_WHY_LEN], const struct gc_addr *target, uint32_t ifindex, int error)
{
  gc_net_explain(why, GC_NET_SEND, error, target, ifindex);
}
