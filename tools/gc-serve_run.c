#include "gc-serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/iface.h"
#include "net/loop.h"

struct run {
  const struct gc_serve_params *params;
  struct gc_loop *loop;
  struct gc_server *server;
  struct gc_member **members;
  struct gc_serve_resources *resources;
  struct gc_serve_sockets *sockets;
  struct gc_serve_security *security;
  struct gc_out *out;
  struct gc_addr judged; /* the last client address that was looked at */
  bool judged_public;
  uint64_t judged_until_ms;
  uint64_t end_ms, requests; /* requests: datagrams, however many members they were for */
};

static enum gc_err send(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  const struct run *run = ctx;
  return gc_serve_sockets_send(run->sockets, gc_member_index(member), datagram);
}

static void trace(void *ctx, const struct gc_server_trace *what)
{
  const struct run *run = ctx;
  gc_serve_show(run->out, run->params, what);
}

static bool is_over(const struct run *run, uint64_t now_ms)
{
  if (now_ms >= run->end_ms || !gc_out_ok(run->out))
    return true;
  return run->params->count > 0 && run->requests >= run->params->count && gc_server_state(run->server).delayed == 0;
}

/* Asked for each member of a group in turn: the answer for one address is kept for a while. */
static bool is_public(void *ctx, const struct gc_addr *remote)
{
  struct run *run = ctx;
  const uint64_t now_ms = gc_now_ms();
  if (!gc_addr_same_host(&run->judged, remote) || now_ms >= run->judged_until_ms) {
    run->judged = *remote;
    run->judged_public = !gc_iface_is_near(remote);
    run->judged_until_ms = now_ms + 5000;
  }
  return run->judged_public;
}

static void receive(void *ctx, size_t member, const struct gc_datagram *datagram)
{
  struct run *run = ctx;
  const uint64_t before = gc_server_state(run->server).requests;
  gc_server_receive(run->server, member == GC_SERVE_ALL_MEMBERS ? NULL : run->members[member], datagram, gc_now_ms());
  if (gc_server_state(run->server).requests != before)
    run->requests++;
  if (is_over(run, gc_now_ms()))
    gc_loop_stop(run->loop);
}

static uint64_t deadline(void *ctx)
{
  const struct run *run = ctx;
  const uint64_t server_ms = gc_server_deadline(run->server), resources_ms = gc_serve_resources_deadline(run->resources);
  const uint64_t security_ms = gc_serve_security_deadline(run->security);
  uint64_t first = server_ms < resources_ms ? server_ms : resources_ms;
  first = first < security_ms ? first : security_ms;
  return first < run->end_ms ? first : run->end_ms;
}

static void tick(void *ctx, uint64_t now_ms)
{
  struct run *run = ctx;
  gc_serve_resources_tick(run->resources, now_ms);
  gc_server_tick(run->server, now_ms);
  gc_serve_security_tick(run->security, now_ms);
  if (is_over(run, now_ms))
    gc_loop_stop(run->loop);
}

static enum gc_status no_memory(void)
{
  gc_error("no memory left");
  return GC_STATUS_SYSTEM;
}

static enum gc_status add_members(struct run *run)
{
  run->members = calloc(run->params->members, sizeof(struct gc_member *));
  if (!run->members)
    return no_memory();
  for (uint32_t i = 0; i < run->params->members; i++) {
    const struct gc_addr address = gc_serve_sockets_address(run->sockets, i);
    if (gc_server_add_member(run->server, &run->members[i], &address, NULL))
      return no_memory();
  }
  return gc_serve_security_apply(run->security, run->members, run->params->answer_mode);
}

static enum gc_status set_up(struct run *run)
{
  const struct gc_serve_params *params = run->params;
  const struct gc_server_ops ops = { .send = send, .trace = params->common.json || params->common.verbose > 0 ? trace : NULL,
                                     .is_public = params->is_open ? NULL : is_public, .ctx = run };
  run->out = gc_out_new(1, GC_COLOR_NEVER, false);
  run->server = gc_server_new(&params->server, &ops, gc_rng_system());
  if (!run->out || !run->server || gc_loop_new(&run->loop) || gc_loop_catch_signals(run->loop))
    return no_memory();
  enum gc_status status = gc_serve_security_open(&run->security, params);
  if (!status)
    status = gc_serve_observe_check(params, run->security);
  if (!status)
    status = gc_serve_resources_new(&run->resources, run->server, params, run->security);
  if (!status)
    status = gc_serve_sockets_open(&run->sockets, params, run->loop, receive, run);
  if (!status)
    status = add_members(run);
  return status ? status : gc_serve_security_watch(run->security, run->server, run->loop, params);
}

static void say_ready(const struct run *run)
{
  char first[GC_ADDR_STR_MAX], last[GC_ADDR_STR_MAX];
  const uint32_t members = run->params->members;
  const struct gc_addr from = gc_serve_sockets_address(run->sockets, 0), to = gc_serve_sockets_address(run->sockets, members - 1);
  gc_addr_format(first, &from);
  gc_addr_format(last, &to);
  gc_info(1, "members: %s%s%s; groups: %zu", first, members > 1 ? " to " : "", members > 1 ? last : "",
          gc_serve_sockets_groups(run->sockets));
  fputs("ready\n", stderr);
}

static void summarize(const struct run *run)
{
  const struct gc_server_state state = gc_server_state(run->server);
  gc_info(1, "%llu requests received; %llu answers, %llu suppressed, %llu challenged, %llu notifications; %llu duplicates, %llu malformed, %llu not verified",
          (unsigned long long)run->requests, (unsigned long long)state.responses, (unsigned long long)state.suppressed,
          (unsigned long long)state.challenges, (unsigned long long)state.notifications, (unsigned long long)state.duplicates,
          (unsigned long long)state.malformed, (unsigned long long)state.insecure);
  if (run->params->observe.params.group.family)
    gc_info(1, "group observations: %llu clients informed, %llu notifications to the group, %llu confirmations of interest",
            (unsigned long long)state.informed, (unsigned long long)state.group_notifications, (unsigned long long)state.confirmations);
  if (!run->params->common.json)
    return;
  gc_json_object(run->out, NULL);
  gc_json_str(run->out, "event", "summary");
  gc_json_uint(run->out, "requests", run->requests);
  gc_json_uint(run->out, "answers", state.responses);
  gc_json_uint(run->out, "suppressed", state.suppressed);
  gc_json_uint(run->out, "challenged", state.challenges);
  gc_json_uint(run->out, "notifications", state.notifications);
  if (run->params->observe.params.group.family) {
    gc_json_uint(run->out, "informed", state.informed);
    gc_json_uint(run->out, "group_notifications", state.group_notifications);
    gc_json_uint(run->out, "confirmations", state.confirmations);
  }
  gc_json_uint(run->out, "duplicates", state.duplicates);
  gc_json_uint(run->out, "malformed", state.malformed);
  gc_json_uint(run->out, "not_verified", state.insecure);
  gc_json_end(run->out);
  gc_out_flush(run->out);
}

enum gc_status gc_serve_run(const struct gc_serve_params *params)
{
  struct run run = { .params = params, .end_ms = params->time_ms ? gc_now_ms() + params->time_ms : UINT64_MAX };
  enum gc_status status = set_up(&run);
  if (!status) {
    say_ready(&run);
    if (gc_loop_run(run.loop, deadline, tick, &run, NULL)) {
      gc_error("cannot wait for datagrams: %s", strerror(errno));
      status = GC_STATUS_SYSTEM;
    }
    gc_server_group_cancel_all(run.server, gc_now_ms());
    summarize(&run);
  }
  gc_server_free(&run.server);
  status = gc_status_max(status, gc_serve_security_close(&run.security));
  gc_serve_resources_free(&run.resources);
  status = gc_status_max(status, gc_serve_sockets_close(&run.sockets));
  gc_loop_free(&run.loop);
  free(run.members);
  if (!gc_out_close(&run.out)) {
    gc_error("stdout: %s", strerror(errno));
    status = GC_STATUS_SYSTEM;
  }
  return status;
}
