#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/show_address.h"
#include "gc-observe.h"
#include "iana/names.h"
#include "iana/options.h"
#include "net/iface.h"
#include "net/loop.h"

enum { OPTIONS_CAP = GC_OBSERVE_OPTIONS_MAX + GC_URI_MAX_LEN + 64, COUNT_ME = 16 /* No-Response: all but 5.xx (Section 5.1) */ };

struct run {
  const struct gc_observe *observe;
  struct gc_destination to;
  struct gc_client_security *security;
  struct gc_phantom_file phantom;
  struct gc_observe_net *net;
  struct gc_observe_client *client;
  struct gc_observe_report report;
  struct gc_observe_join join;
  bool listens_only;              /* the one context is a monitor's, of a group that was joined: registrations are not protected */
  uint64_t end_ms;
  bool is_over;
  bool may_fall_back, has_fallen; /* the name has another unicast address; this one does not do */
  uint8_t options[OPTIONS_CAP];
};

/* --- between the client and the world --------------------------------------------------------------------------------- */

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  const struct run *run = ctx;
  return gc_observe_net_send(run->net, datagram);
}

static enum gc_err on_join(void *ctx, const struct gc_addr *group, const struct gc_addr *server)
{
  const struct run *run = ctx;
  return gc_observe_net_join(run->net, group, server);
}

static void on_leave(void *ctx, const struct gc_addr *group)
{
  const struct run *run = ctx;
  gc_observe_net_leave(run->net, group);
}

static bool on_hold(void *ctx, const struct gc_oscore_context *context, struct gc_bytes kid)
{
  const struct run *run = ctx;
  return gc_client_security_may_know(run->security, context, kid);
}

static double on_utc(void *ctx)
{
  (void)ctx;
  return (double)gc_wall_us() / 1e6;
}

static void stop(struct run *run)
{
  run->is_over = true;
  gc_observe_net_stop(run->net);
}

static void on_event(void *ctx, const struct gc_observe_event *event)
{
  struct run *run = ctx;
  if (run->is_over)
    return;
  if (gc_observe_join_note(&run->join, run->observe, event)) {
    stop(run);
    return;
  }
  gc_observe_report_event(&run->report, event);
  const uint64_t count = run->observe->count;
  if (event->kind == GC_OBSERVE_END || !gc_out_ok(run->report.out) || (count && run->report.notifications >= count))
    stop(run);
}

static void on_receive(void *ctx, const struct gc_datagram *datagram, uint64_t now_ms)
{
  const struct run *run = ctx;
  if (!run->is_over)
    gc_observe_client_receive(run->client, datagram, now_ms);
}

/* Nobody listens at that port: a server that was never there is an answer, one that was will be tried again. */
static void on_unreachable(void *ctx, const struct gc_addr *peer, int error)
{
  struct run *run = ctx;
  char who[GC_ADDR_STR_MAX];
  const struct gc_observe_client_state state = gc_observe_client_state(run->client);
  gc_info(state.servers ? 0 : 1, "%s: %s", peer->family ? gc_show_address(who, peer) : "a peer", strerror(error));
  if (run->to.is_group || state.servers > 0 || run->report.notifications > 0)
    return;
  run->has_fallen = run->may_fall_back;
  if (run->has_fallen) {
    stop(run);
    return;
  }
  gc_error("%s: %s", gc_show_address(who, &run->to.targets[0]), strerror(error));
  run->report.failed++;
  run->report.status = gc_status_max(run->report.status, GC_STATUS_NO);
  stop(run);
}

static uint64_t on_deadline(void *ctx)
{
  const struct run *run = ctx;
  const uint64_t client_ms = gc_observe_client_deadline(run->client), security_ms = gc_client_security_deadline(run->security);
  const uint64_t first = client_ms < security_ms ? client_ms : security_ms;
  return first < run->end_ms ? first : run->end_ms;
}

static void on_tick(void *ctx, uint64_t now_ms)
{
  struct run *run = ctx;
  if (now_ms >= run->end_ms) {
    stop(run);
    return;
  }
  gc_observe_client_tick(run->client, now_ms);
  gc_client_security_tick(run->security, now_ms);
}

/* --- context files that change --------------------------------------------------------------------------------------- */

static void on_rekeyed(void *ctx, struct gc_oscore_context *context)
{
  const struct run *run = ctx;
  if (!run->listens_only)
    gc_observe_client_rekeyed(run->client, context);
}

static void on_updated(void *ctx)
{
  const struct run *run = ctx;
  if (!run->is_over)
    gc_observe_client_reconsider(run->client, gc_now_ms());
}

static void on_lost(void *ctx)
{
  struct run *run = ctx;
  run->report.status = gc_status_max(run->report.status, GC_STATUS_SECURITY);
  stop(run);
}

static bool on_release(void *ctx, const struct gc_oscore_context *old)
{
  const struct run *run = ctx;
  return gc_observe_client_release(run->client, old);
}

static enum gc_status watch_contexts(struct run *run, char why[static GC_WHY_LEN])
{
  const struct gc_client_security_ops ops = { .rekeyed = on_rekeyed, .updated = on_updated, .lost = on_lost, .release = on_release, .ctx = run };
  return gc_client_security_watch(run->security, &ops, run->observe->keep_old_ms, gc_observe_net_loop(run->net), why);
}

/* --- what is asked ------------------------------------------------------------------------------------------------------ */

static enum gc_status build_options(struct run *run, struct gc_bytes *options, char why[static GC_WHY_LEN])
{
  const struct gc_observe *observe = run->observe;
  struct gc_builder builder = gc_builder_options(run->options, sizeof run->options);
  gc_uri_add_options(&builder, &run->to.uri);
  gc_builder_add_all(&builder, gc_buf_bytes(&observe->options.buf));
  if (observe->accept >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_ACCEPT, (uint32_t)observe->accept);
  if (observe->phantom && !gc_option_find(gc_buf_bytes(&observe->options.buf), GC_OPTION_NO_RESPONSE, NULL))
    gc_builder_add_uint(&builder, GC_OPTION_NO_RESPONSE, COUNT_ME);
  enum gc_err err = gc_builder_finish(&builder, options);
  if (!err)
    return GC_STATUS_OK;
  snprintf(why, GC_WHY_LEN, "options: %s", gc_err_str(err));
  return GC_STATUS_USAGE;
}

static enum gc_status send_registration(struct run *run, const struct gc_request *request, char why[static GC_WHY_LEN])
{
  enum gc_err err = gc_observe_client_register(run->client, request, gc_now_ms());
  if (!err && !*gc_observe_net_trouble(run->net))
    return GC_STATUS_OK;
  const enum gc_sec insecure = err ? gc_observe_client_protect_result(run->client) : GC_SEC_OK;
  if (insecure)
    return gc_client_security_explain(insecure, why);
  if (*gc_observe_net_trouble(run->net))
    snprintf(why, GC_WHY_LEN, "%s", gc_observe_net_trouble(run->net));
  else
    snprintf(why, GC_WHY_LEN, "registration: %s", gc_err_str(err));
  return err == GC_E_RANGE ? GC_STATUS_USAGE : GC_STATUS_SYSTEM;
}

static enum gc_status register_at(struct run *run, char why[static GC_WHY_LEN])
{
  struct gc_request request = {
    .remote = run->to.targets[0],
    .ifindex = run->to.ifindex,
    .code = GC_CODE_GET,
    .is_con = !run->to.is_group && run->observe->type != GC_OBSERVE_NON && !run->observe->phantom,
    .observe = true,
    .block_szx = 7,
  };
  enum gc_status status = build_options(run, &request.options, why);
  if (status)
    return status;
  if (run->listens_only)
    request.ring = run->security->ring; /* a monitor only listens */
  else
    gc_client_security_apply(run->security, &request, gc_bytes(NULL, 0));
  return send_registration(run, &request, why);
}

/* The registration would go to one server, and notifications be taken from another. */
static bool is_of_target(const struct run *run)
{
  if (!run->observe->uri || run->to.is_group)
    return true;
  for (size_t i = 0; i < run->to.target_count; i++)
    if (gc_addr_equal(&run->to.targets[i], &run->phantom.response.tp_info.server))
      return true;
  return false;
}

/* What the phantom request of a file has to answer: the URI, where one is given. */
static enum gc_status listen_to_file(struct run *run, char why[static GC_WHY_LEN])
{
  uint8_t store[OPTIONS_CAP + 8];
  struct gc_message original = { .version = 1, .type = GC_TYPE_NON, .code = GC_CODE_GET };
  struct gc_bytes options = { 0 };
  char who[GC_ADDR_STR_MAX];
  if (!is_of_target(run)) {
    snprintf(why, GC_WHY_LEN, "%s: its notifications come from %s, which is not where %s is", run->observe->phantom,
             gc_show_address(who, &run->phantom.response.tp_info.server), run->observe->uri);
    return GC_STATUS_INPUT;
  }
  enum gc_status status = run->observe->uri ? build_options(run, &options, why) : GC_STATUS_OK;
  if (status)
    return status;
  struct gc_builder builder = gc_builder_options(store, sizeof store);
  gc_builder_add_all(&builder, options);
  gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, 0);
  if (gc_builder_finish(&builder, &original.options))
    return GC_STATUS_SYSTEM;
  enum gc_err err = gc_observe_client_listen(run->client, &run->phantom.response, run->security ? run->security->ring : NULL,
                                             run->observe->uri ? &original : NULL, gc_now_ms());
  return err && run->report.status == GC_STATUS_OK ? GC_STATUS_SYSTEM : run->report.status; /* what was refused has been said */
}

static enum gc_status start(struct run *run, char why[static GC_WHY_LEN])
{
  enum gc_status status = run->observe->phantom ? listen_to_file(run, why) : GC_STATUS_OK;
  if (!status && run->observe->uri && !run->is_over)
    status = register_at(run, why);
  return status;
}

/* --- the whole ------------------------------------------------------------------------------------------------------------ */

static enum gc_status open_inputs(struct run *run, char why[static GC_WHY_LEN])
{
  const struct gc_observe *observe = run->observe;
  const struct gc_destination_query query = { .uri = observe->uri, .interface = observe->common.interface, .family = observe->family,
                                               .scope = observe->scope };
  enum gc_status status = observe->uri ? gc_destination_find(&run->to, &query, why) : GC_STATUS_OK;
  if (status)
    return status;
  if (observe->uri && run->to.is_group && observe->type == GC_OBSERVE_CON) {
    snprintf(why, GC_WHY_LEN, "--con: a group request is always Non-confirmable (RFC 7252, Section 8.1)");
    return GC_STATUS_USAGE;
  }
  const struct gc_client_security_use use = { .pairwise = observe->pairwise, .is_group = run->to.is_group, .only_receives = !observe->uri };
  if ((status = gc_client_security_open(&run->security, &observe->common, &use, why)) != GC_STATUS_OK)
    return status;
  return observe->phantom ? gc_phantom_file_read(&run->phantom, observe->phantom, observe->common.strict) : GC_STATUS_OK;
}

static enum gc_status open_client(struct run *run, char why[static GC_WHY_LEN])
{
  const struct gc_observe *observe = run->observe;
  const struct gc_observe_net_ops net_ops = { on_receive, on_unreachable, on_deadline, on_tick, run };
  const struct gc_observe_client_ops client_ops = { .send = on_send, .join = on_join, .leave = on_leave, .event = on_event, .hold = on_hold, .utc_s = on_utc,
                                                    .ctx = run };
  enum gc_status status = gc_observe_net_open(&run->net, observe, observe->uri ? run->to.targets[0].family : GC_FAMILY_NONE, run->to.ifindex,
                                              &net_ops, why);
  if (status)
    return status;
  run->client = gc_observe_client_new(&observe->client, &client_ops, gc_rng_system());
  if (!run->client) {
    snprintf(why, GC_WHY_LEN, "%s", gc_err_str(GC_E_MEMORY));
    return GC_STATUS_SYSTEM;
  }
  run->report.trouble = gc_observe_net_trouble(run->net);
  return GC_STATUS_OK;
}

/* The group that was noted, and its keys. */
static enum gc_status join_group(struct run *run, char why[static GC_WHY_LEN])
{
  struct gc_common common = run->observe->common;
  const size_t count = common.context_count;
  const struct gc_client_security_use use = { .pairwise = run->observe->pairwise, .is_group = run->to.is_group, .only_receives = count == 0 };
  enum gc_status status = gc_observe_join_run(&run->join, run->observe);
  if (status)
    return status;
  common.contexts = calloc(count + 2, sizeof *common.contexts);
  if (!common.contexts)
    return GC_STATUS_SYSTEM;
  for (size_t i = 0; i < count; i++)
    common.contexts[i] = run->observe->common.contexts[i];
  common.contexts[count] = run->join.file;
  common.context_count = count + 1;
  status = gc_client_security_close(&run->security);
  status = status ? status : gc_client_security_open(&run->security, &common, &use, why);
  free(common.contexts);
  run->listens_only = count == 0;
  return status;
}

/* One address, until the end or until nobody turns out to be there. */
static enum gc_status watch(struct run *run, char why[static GC_WHY_LEN])
{
  run->may_fall_back = !run->to.is_group && run->to.target_count > 1;
  run->has_fallen = run->is_over = false;
  enum gc_status status = open_client(run, why);
  if (!status)
    status = watch_contexts(run, why);
  if (!status && !run->is_over)
    status = start(run, why);
  if (status)
    return status;
  if (!run->is_over)
    gc_observe_net_run(run->net);
  run->is_over = true;
  gc_observe_client_leave(run->client, gc_now_ms());
  return GC_STATUS_OK;
}

static enum gc_status close_client(struct run *run)
{
  char trouble[GC_WHY_LEN] = "";
  gc_client_security_unwatch(run->security);
  gc_observe_client_free(&run->client);
  enum gc_status status = gc_observe_net_close(&run->net, trouble);
  if (*trouble)
    gc_error("%s", trouble);
  return status;
}

static enum gc_status run_all(struct run *run, char why[static GC_WHY_LEN])
{
  const uint64_t now_ms = gc_now_ms();
  enum gc_status status = open_inputs(run, why);
  run->report.start_ms = now_ms;
  run->report.start_us = gc_wall_us();
  run->report.is_group = run->to.is_group;
  run->end_ms = run->observe->wait_ms ? now_ms + run->observe->wait_ms : UINT64_MAX;
  while (!status) {
    status = watch(run, why);
    if (!status && run->join.is_wanted) {
      status = close_client(run);
      status = status ? status : join_group(run, why);
      continue;
    }
    if (!run->has_fallen && !(status == GC_STATUS_SYSTEM && run->may_fall_back && run->client))
      break;
    gc_info(1, "%s", *why ? why : "nobody there: the next address is tried");
    why[0] = '\0';
    status = close_client(run);
    run->to.target_count--;
    memmove(run->to.targets, run->to.targets + 1, run->to.target_count * sizeof run->to.targets[0]);
  }
  if (status)
    return status;
  const struct gc_observe_client_state state = gc_observe_client_state(run->client);
  return gc_observe_report_end(&run->report, run->observe, &state, gc_now_ms());
}

enum gc_status gc_observe_run(const struct gc_observe *observe, struct gc_out *out)
{
  struct run *run = calloc(1, sizeof *run);
  char why[GC_WHY_LEN] = "";
  if (!run) {
    gc_error("%s", gc_err_str(GC_E_MEMORY));
    return GC_STATUS_SYSTEM;
  }
  run->observe = observe;
  run->report = (struct gc_observe_report){ .out = out, .json = observe->common.json, .save_phantom = observe->save_phantom };
  if (gc_diag_level() >= 1)
    run->report.tree = gc_out_new(STDERR_FILENO, (enum gc_color_when)observe->common.color, false);
  enum gc_status status = run_all(run, why);
  if (*why)
    gc_error("%s", why);
  status = gc_status_max(status, close_client(run));
  gc_observe_join_end(&run->join);
  gc_phantom_file_close(&run->phantom);
  status = gc_status_max(status, gc_client_security_close(&run->security));
  (void)!gc_out_close(&run->report.tree); /* talk that could not be said */
  status = gc_status_max(status, run->report.status);
  free(run);
  return status;
}
