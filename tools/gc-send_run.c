#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/show.h"
#include "common/show_address.h"
#include "gc-send.h"
#include "gc-send_net.h"
#include "gc-send_security.h"
#include "iana/options.h"
#include "net/iface.h"
#include "net/loop.h"

#define AT_ONCE 64          /* unicast exchanges of --each under way together */
#define FOUND_MAX 65536
#define PROGRESS_MS 250

/* A responder that --each has found. */
struct found {
  struct gc_addr addr;
  bool has_kid;
  uint8_t kid_len, kid[GC_ID_MAX_LEN];
};

struct run {
  const struct gc_send *send;
  struct gc_send_plan *plan;
  struct gc_send_net *net;
  struct gc_send_report report;
  struct gc_send_slot *slots;
  size_t slot_count, started, open;
  bool is_discovery;          /* the first half of --each: answers are collected, not reported */
  struct found *found;        /* sorted by address once they are all known */
  size_t found_count, found_cap;
  uint64_t deadline_ms;       /* of the whole run; UINT64_MAX: the client knows when to end */
  uint64_t progress_ms;
  bool has_lost;              /* no security context is left: nothing more is asked */
  bool is_over;               /* nothing more is wanted: end at the next tick */
  bool may_fall_back;         /* the name has another unicast address … */
  bool has_fallen;            /* … and this one does not do */
  bool is_starting, is_running; /* inside gc_client_request; inside the loop, which a stop must not reach later */
};

static enum gc_status failed(struct run *run, enum gc_status status)
{
  run->report.status = gc_status_max(run->report.status, status);
  return status;
}

/* --- what the client says --- */

static void collect(struct run *run, const struct gc_client_event *event)
{
  if (event->kind != GC_CLIENT_RESPONSE || GC_CODE_CLASS(event->message.code) != 2 || event->message.payload.len == 0 ||
      run->found_count >= FOUND_MAX)
    return;
  if (run->found_count == run->found_cap) {
    size_t cap = run->found_cap ? 2 * run->found_cap : 64;
    struct found *grown = realloc(run->found, cap * sizeof *grown);
    if (!grown)
      return;
    run->found = grown;
    run->found_cap = cap;
  }
  struct found *found = &run->found[run->found_count++];
  *found = (struct found){ .addr = event->from };
  if (event->security && event->security->kid.len <= GC_ID_MAX_LEN) {
    found->has_kid = true;
    found->kid_len = (uint8_t)event->security->kid.len;
    if (found->kid_len)
      memcpy(found->kid, event->security->kid.ptr, found->kid_len);
  }
}

static bool is_satisfied(const struct run *run)
{
  const struct gc_roster *roster = run->report.roster;
  if (!gc_out_ok(run->report.out))
    return true;
  return !run->is_discovery && !run->send->observe && roster && roster->answered == roster->count + roster->member_count &&
         run->report.responders >= run->send->expect;
}

static void on_event(void *ctx, const struct gc_client_event *event, uint64_t rtt_us)
{
  struct run *run = ctx;
  struct gc_send_slot *slot = event->user;
  if (event->kind == GC_CLIENT_END) {
    slot->exchange = NULL;
    run->open--;
    if (run->send->each && !run->is_discovery && !slot->has_news && !run->report.roster)
      gc_send_report_missing(&run->report, &slot->target, "");
    if (run->open == 0 && run->is_running && !run->is_starting && run->started == run->slot_count)
      gc_send_net_stop(run->net);
  } else if (run->is_discovery) {
    collect(run, event);
  } else {
    if (run->send->on_links && event->kind == GC_CLIENT_RESPONSE && gc_show_content_format(event->message.options) == GC_FORMAT_LINK_FORMAT)
      run->send->on_links(run->send->links_ctx, event->message.payload);
    gc_send_report_event(&run->report, event, rtt_us);
    run->is_over = run->is_over || is_satisfied(run);
  }
}

static void on_unreachable(void *ctx, struct gc_addr peer, int error)
{
  struct run *run = ctx;
  char who[GC_ADDR_STR_MAX];
  gc_info(1, "%s: %s", peer.family ? gc_show_address(who, &peer) : "a peer", strerror(error));
  if (run->plan->to.is_group || run->send->observe || run->report.responses > 0)
    return;
  run->is_over = true;
  run->has_fallen = run->may_fall_back;
  if (run->may_fall_back)
    return;
  gc_error("%s: %s", gc_show_address(who, &run->plan->to.targets[0]), strerror(error));
  run->report.failed++;
  failed(run, GC_STATUS_NO);
}

static void on_lost(void *ctx)
{
  struct run *run = ctx;
  run->is_over = run->has_lost = true;
  failed(run, GC_STATUS_SECURITY);
}

/* --- starting and ending exchanges --- */

static struct gc_request discovery(const struct run *run, const struct gc_addr *target, uint8_t *store, size_t cap)
{
  struct gc_request request = gc_send_plan_request(run->plan, run->send, target, gc_bytes(NULL, 0));
  struct gc_builder builder = gc_builder_options(store, cap);
  char filter[GC_URI_SEGMENT_MAX_LEN + 1];
  struct gc_bytes path = run->plan->to.uri.path;
  gc_builder_add_str(&builder, GC_OPTION_URI_PATH, ".well-known");
  gc_builder_add_str(&builder, GC_OPTION_URI_PATH, "core");
  if (snprintf(filter, sizeof filter, "href=%.*s", path.len ? (int)path.len : 1, path.len ? (const char *)path.ptr : "/") < (int)sizeof filter)
    gc_builder_add_str(&builder, GC_OPTION_URI_QUERY, filter);
  if (gc_builder_finish(&builder, &request.options))
    request.options = gc_bytes(NULL, 0);
  request.code = GC_CODE_GET;
  request.payload = gc_bytes(NULL, 0);
  request.single_block = true;
  request.wait_ms = run->send->has_wait ? run->send->wait_ms : GC_SEND_GROUP_WAIT_MS;
  return request;
}

static int compare_found(const void *a, const void *b)
{
  const struct found *x = a, *y = b;
  return gc_addr_compare(&x->addr, &y->addr);
}

/* The member at an address, where its protected answer has told it. */
static struct gc_bytes kid_at(const struct run *run, const struct gc_addr *addr)
{
  const struct found key = { .addr = *addr };
  const struct found *found = run->found_count ? bsearch(&key, run->found, run->found_count, sizeof key, compare_found) : NULL;
  return found && found->has_kid ? gc_bytes(found->kid, found->kid_len) : gc_bytes(NULL, 0);
}

static enum gc_status start(struct run *run, struct gc_send_slot *slot)
{
  uint8_t store[512];
  char why[GC_WHY_LEN];
  struct gc_exchange *exchange = NULL;
  struct gc_request request = run->is_discovery ? discovery(run, &slot->target, store, sizeof store)
                                                : gc_send_plan_request(run->plan, run->send, &slot->target, kid_at(run, &slot->target));
  if (run->send->each && !run->is_discovery && !run->send->has_wait) {
    const struct gc_endpoint_params params = gc_endpoint_params_default();
    request.wait_ms = (uint32_t)gc_max_transmit_wait_ms(&params);
  }
  gc_info(1, "%s to %s", gc_show_code(request.code), gc_show_address(why, &slot->target));
  run->open++;
  run->is_starting = true;
  enum gc_err err = gc_send_net_request(run->net, &exchange, &request, slot);
  run->is_starting = false;
  int error = gc_send_net_error(run->net);
  if (err == GC_OK) {
    slot->exchange = exchange;
    if (!error)
      return GC_STATUS_OK;
  } else {
    run->open--;
  }
  if (err == GC_E_SYSTEM || error)
    gc_send_net_explain(why, &slot->target, run->plan->to.ifindex, error ? error : errno);
  else
    snprintf(why, sizeof why, "request: %s", gc_err_str(err));
  const enum gc_sec insecure = err ? gc_send_net_protect_result(run->net) : GC_SEC_OK;
  const enum gc_status status = insecure ? gc_client_security_explain(insecure, why) : GC_STATUS_SYSTEM;
  slot->has_news = true;
  if (slot->exchange)
    gc_send_net_end(run->net, slot->exchange, false);
  run->has_fallen = run->may_fall_back;
  if (run->may_fall_back) {
    gc_info(1, "%s", why);
    return status;
  }
  gc_error("%s", why);
  return failed(run, status);
}

static void end_all(struct run *run)
{
  run->started = run->slot_count;
  for (size_t i = 0; i < run->slot_count; i++)
    if (run->slots[i].exchange)
      gc_send_net_end(run->net, run->slots[i].exchange, run->send->observe);
}

static void start_more(struct run *run)
{
  while (run->started < run->slot_count && run->open < AT_ONCE && !run->has_lost)
    (void)start(run, &run->slots[run->started++]);
  if (run->open == 0 && run->is_running && run->started == run->slot_count)
    gc_send_net_stop(run->net);
}

static uint64_t on_deadline(void *ctx)
{
  const struct run *run = ctx;
  if (run->is_over || (run->started < run->slot_count && run->open < AT_ONCE))
    return 0;
  return run->report.progress && run->progress_ms < run->deadline_ms ? run->progress_ms : run->deadline_ms;
}

static void on_tick(void *ctx, uint64_t now_ms)
{
  struct run *run = ctx;
  if (run->is_over || now_ms >= run->deadline_ms) {
    end_all(run);
    gc_send_net_stop(run->net);
    return;
  }
  start_more(run);
  if (now_ms >= run->progress_ms) {
    gc_send_report_progress(&run->report, now_ms);
    run->progress_ms = now_ms + PROGRESS_MS;
  }
}

/* Ask every target; true: until a signal came. */
static bool ask(struct run *run, const struct gc_addr *targets, size_t count)
{
  run->slots = calloc(count, sizeof *run->slots);
  run->slot_count = run->slots ? count : 0;
  run->started = run->open = 0;
  run->is_over = run->has_lost;
  if (!run->slots)
    failed(run, GC_STATUS_SYSTEM);
  for (size_t i = 0; i < run->slot_count; i++)
    run->slots[i].target = targets[i];
  start_more(run);
  run->is_running = true;
  bool by_signal = run->open > 0 || run->started < run->slot_count ? gc_send_net_run(run->net) : false;
  run->is_running = false;
  end_all(run);
  for (size_t i = 0; i < run->slot_count; i++)
    gc_send_slot_free(&run->slots[i]);
  free(run->slots);
  run->slots = NULL;
  run->slot_count = run->started = 0;
  return by_signal;
}

/* --- --each --- */

/* Who is to be asked: the roster, or else those whose /.well-known/core names the resource, which is a harmless question
 * with a short answer. true: a signal came. */
static bool find_responders(struct run *run)
{
  const struct gc_send_plan *plan = run->plan;
  size_t kept = 0;
  if (plan->roster.count > 0) {
    run->found = calloc(plan->roster.count, sizeof *run->found);
    run->found_count = run->found ? plan->roster.count : 0;
    for (size_t i = 0; i < run->found_count; i++) {
      struct gc_addr *addr = &run->found[i].addr;
      *addr = plan->roster.entries[i].addr;
      if (addr->port == 0)
        addr->port = plan->to.uri.port;
      if (addr->zone == 0 && gc_addr_is_link_local(addr))
        addr->zone = plan->to.ifindex;
    }
    return false;
  }
  run->is_discovery = true;
  bool by_signal = ask(run, plan->to.targets, plan->to.target_count);
  run->is_discovery = false;
  if (run->found_count > 0)
    qsort(run->found, run->found_count, sizeof *run->found, compare_found);
  for (size_t i = 0; i < run->found_count; i++)
    if (kept == 0 || !gc_addr_equal(&run->found[i].addr, &run->found[kept - 1].addr))
      run->found[kept++] = run->found[i];
  run->found_count = kept;
  gc_info(1, "%zu server%s with %.*s found", kept, kept == 1 ? "" : "s", (int)plan->to.uri.path.len, (const char *)plan->to.uri.path.ptr);
  return by_signal;
}

static void run_each(struct run *run)
{
  bool by_signal = find_responders(run);
  struct gc_addr *targets = calloc(run->found_count + 1, sizeof *targets);
  for (size_t i = 0; targets && i < run->found_count; i++)
    targets[i] = run->found[i].addr;
  if (!targets)
    failed(run, GC_STATUS_SYSTEM);
  else if (!by_signal && run->found_count > 0)
    ask(run, targets, run->found_count);
  free(targets);
  free(run->found);
  run->found = NULL;
  run->found_count = 0;
}

/* --- the whole --- */

/* Nobody answered a group: where the request went is the first thing to look at. */
static void explain_silence(const struct run *run)
{
  char who[GC_ADDR_STR_MAX], name[GC_IFACE_NAME_MAX], hops[24] = "1, the system's";
  const struct gc_addr *target = &run->plan->to.targets[0];
  uint32_t index = run->plan->to.ifindex;
  struct gc_addr source;
  if (!index && gc_route_lookup(&index, &source, target))
    index = 0;
  const char *trouble = index ? gc_iface_trouble(index, target->family) : NULL;
  if (run->send->hop_limit >= 0)
    snprintf(hops, sizeof hops, "%d", run->send->hop_limit);
  gc_info(0, "sent to %s by interface %s, hop limit %s%s%s", gc_show_address(who, target), index ? gc_iface_name(name, index) : "?", hops,
          trouble ? "; note: " : "", trouble ? trouble : "");
}

/* One server: its addresses in turn, until one can be reached. The socket is one of the address's family. */
static enum gc_status ask_in_turn(struct run *run, const struct gc_send_net_ops *ops, char why[static GC_WHY_LEN])
{
  struct gc_send_plan *plan = run->plan;
  enum gc_status status = GC_STATUS_OK;
  for (;;) {
    run->may_fall_back = plan->to.target_count > 1;
    run->has_fallen = false;
    ask(run, plan->to.targets, 1);
    if (!run->has_fallen || run->report.responses > 0)
      return GC_STATUS_OK;
    plan->to.target_count--;
    memmove(plan->to.targets, plan->to.targets + 1, plan->to.target_count * sizeof plan->to.targets[0]);
    if ((status = gc_send_net_close(&run->net, why)) != GC_STATUS_OK ||
        (status = gc_send_net_open(&run->net, run->send, plan, ops, why)) != GC_STATUS_OK)
      return status;
  }
}

static enum gc_status run_net(struct run *run, struct gc_out *out, char why[static GC_WHY_LEN])
{
  const struct gc_send_net_ops ops = { .event = on_event, .unreachable = on_unreachable, .deadline = on_deadline, .tick = on_tick, .lost = on_lost,
                                       .ctx = run };
  const uint64_t now = gc_now_ms();
  if (!gc_send_report_init(&run->report, run->send, run->plan, out, now, why))
    return GC_STATUS_SYSTEM;
  enum gc_status status = gc_send_net_open(&run->net, run->send, run->plan, &ops, why);
  if (status)
    return status;
  run->progress_ms = now + PROGRESS_MS;
  run->deadline_ms = (run->plan->to.is_group && !run->send->observe) || run->plan->wait_ms == UINT32_MAX ? UINT64_MAX : now + run->plan->wait_ms;
  if (run->send->each)
    run_each(run);
  else if (run->plan->to.is_group)
    ask(run, run->plan->to.targets, run->plan->to.target_count);
  else
    status = ask_in_turn(run, &ops, why);
  if (status)
    return status;
  const bool is_sent = run->report.status < GC_STATUS_SYSTEM;
  gc_send_report_summary(&run->report, run->send, gc_now_ms());
  if (is_sent && run->plan->to.is_group && run->report.responses + run->report.failed == 0 && run->report.status == GC_STATUS_NO)
    explain_silence(run);
  return gc_send_net_close(&run->net, why);
}

enum gc_status gc_send_run(const struct gc_send *send, struct gc_out *out)
{
  struct run run = { .send = send, .plan = malloc(sizeof *run.plan), .report.out_fd = -1, .deadline_ms = UINT64_MAX };
  char why[GC_WHY_LEN] = "";
  if (!run.plan) {
    gc_error("%s", gc_err_str(GC_E_MEMORY));
    return GC_STATUS_SYSTEM;
  }
  enum gc_status status = gc_send_plan_make(run.plan, send, why);
  if (status == GC_STATUS_OK)
    status = send->dry_run ? gc_send_dry(send, run.plan, out) : run_net(&run, out, why);
  if (status != GC_STATUS_OK && *why)
    gc_error("%s", why);
  gc_send_report_free(&run.report);
  status = gc_status_max(status, gc_send_plan_free(run.plan));
  free(run.plan);
  return gc_status_max(status, run.report.status);
}
