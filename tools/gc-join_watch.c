/* watch: stay, learn of rekeyings and of eviction as they happen, and keep the context file current. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gc-join.h"
#include "gc-join_control.h"

enum { POLL_MAX_S = 60, LOOK_MS = 1000, AGAIN_MS = 2000, CONTROL_LOCK_MS = 1000 };

struct watch {
  struct gc_join_session *session;
  struct gc_join_control *control;
  struct gc_join_lock lock;
  uint64_t end_ms, poll_ms, look_ms;
  bool observes;                 /* not only active: its control URI does not bring what happens, or there is none */
  uint64_t observe_ms;           /* the observations are to be made (again) from then on; UINT64_MAX: they stand */
  struct stat association;       /* of FILE.gm as it is in use */
  struct gc_oscore_context *context;
  bool has_updated, wants_update, is_told_off, is_evicted, is_deleted, is_changed, starts_anew;
};

static void evicted(struct watch *watch, bool is_deleted)
{
  watch->is_evicted = true;
  watch->is_deleted = is_deleted;
  gc_node_stop(watch->session->node);
}

static bool look_at_rekeying(struct watch *watch, const struct gc_groupcomm *message)
{
  bool is_missed = false, is_installed = false;
  /* while an update is under way FILE is about to be replaced by what that has fetched; or another command is at work */
  if (watch->lock.is_held || gc_join_lock(&watch->lock, watch->session->path, CONTROL_LOCK_MS)) {
    watch->wants_update = true;
    gc_node_stop(watch->session->node);
    return false;
  }
  enum gc_status status = gc_join_session_reload(watch->session);
  if (!status)
    status = gc_join_take_rekeying(watch->session, message, &is_missed, &is_installed);
  gc_join_unlock(&watch->lock);
  watch->is_changed = watch->is_changed || is_installed;
  watch->wants_update = watch->wants_update || is_missed;
  if (is_missed || is_installed)
    gc_node_stop(watch->session->node);
  return !status;
}

static bool on_control_rekeying(void *ctx, const struct gc_groupcomm *message)
{
  return look_at_rekeying(ctx, message);
}

/* It may have been on its way since before this node joined anew: the Group Manager is asked whether it is so. */
static void on_control_eviction(void *ctx)
{
  struct watch *watch = ctx;
  watch->is_told_off = true;
  gc_node_stop(watch->session->node);
}

/* --- what observations bring --------------------------------------------------------------------------------------------- */

/* The node's own resource is observed for its end: what it says of a rekeying lacks the stale Sender IDs. */
static void on_news(void *ctx, const struct gc_join_answer *answer)
{
  struct watch *watch = ctx;
  const bool is_gone = answer->result == GC_JOIN_REFUSED && answer->code == GC_CODE(4, 4);
  if (is_gone && (answer->operation == GC_JOIN_WATCH_NODE || (answer->has_error && answer->error == GC_GROUPCOMM_GROUP_DELETED)))
    evicted(watch, answer->has_error && answer->error == GC_GROUPCOMM_GROUP_DELETED);
  else if (answer->is_end)
    watch->observe_ms = gc_now_ms() + AGAIN_MS;
  else if (answer->result)
    gc_warn("a notification is of no use: %s%s%s", gc_join_result_str(answer->result), answer->detail[0] ? ": " : "", answer->detail);
  else if (answer->operation == GC_JOIN_WATCH_ACTIVE)
    watch->wants_update = true; /* the answer of active itself is what counts */
  else if (answer->message && answer->operation == GC_JOIN_OBSERVE)
    (void)look_at_rekeying(watch, answer->message);
  if (answer->is_end || watch->wants_update)
    gc_node_stop(watch->session->node);
}

static void on_receive(void *ctx, size_t socket, const struct gc_datagram *datagram, uint64_t now_ms)
{
  const struct watch *watch = ctx;
  (void)socket;
  gc_join_control_receive(watch->control, datagram, now_ms);
}

static uint64_t least(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

/* 0: at once */
static uint64_t own_deadline(const struct watch *watch)
{
  return watch->wants_update ? 0 : least(least(watch->end_ms, watch->poll_ms), least(watch->look_ms, watch->observe_ms));
}

static uint64_t on_deadline(void *ctx)
{
  const struct watch *watch = ctx;
  const uint64_t own = own_deadline(watch);
  /* while an operation is under way the rest waits */
  return watch->session->is_waiting ? gc_join_control_deadline(watch->control) : least(own, gc_join_control_deadline(watch->control));
}

static void on_tick(void *ctx, uint64_t now_ms)
{
  const struct watch *watch = ctx;
  gc_join_control_tick(watch->control, now_ms);
  if (!watch->session->is_waiting && now_ms >= own_deadline(watch))
    gc_node_stop(watch->session->node);
}

static void on_retire(void *ctx, struct gc_oscore_context *context)
{
  const struct watch *watch = ctx;
  gc_join_control_forget(watch->control, context);
}

/* --- what is done about it ------------------------------------------------------------------------------------------------ */

/* After the Key Update Check Interval, and when another token is due. */
static uint64_t next_poll(const struct watch *watch)
{
  const struct gc_join_file *record = watch->session->record;
  const uint64_t now_s = gc_wall_us() / 1000000;
  uint64_t wait_s = record->check_interval_s > 0 && record->check_interval_s < POLL_MAX_S ? record->check_interval_s : POLL_MAX_S;
  if (record->renew_s)
    wait_s = least(wait_s, record->renew_s > now_s ? record->renew_s - now_s : 1);
  return gc_now_ms() + 1000 * wait_s;
}

/* A rekeying of which no request told: those do not arrive, so observations must do. */
static void doubt_control(struct watch *watch)
{
  gc_info(1, "a rekeying has not been told at the control URI: observing from now on");
  watch->observes = true;
  watch->observe_ms = gc_now_ms();
}

static enum gc_status update(struct watch *watch)
{
  bool is_changed = false;
  const bool is_expected = watch->wants_update || !watch->has_updated;
  gc_join_session_renew(watch->session);
  watch->wants_update = false; /* what comes meanwhile may want another one */
  enum gc_status status = gc_join_update(watch->session, &is_changed);
  if (is_changed && !is_expected && !watch->observes)
    doubt_control(watch);
  watch->has_updated = watch->has_updated || !status;
  watch->is_changed = watch->is_changed || is_changed;
  watch->poll_ms = next_poll(watch);
  return status;
}

static void note_association(struct watch *watch)
{
  watch->context = watch->session->association.oscore;
  if (stat(watch->session->gm_path, &watch->association))
    watch->association.st_ino = 0;
}

/* The association is another one: what was observed under the old one is over. */
static void check_association(struct watch *watch)
{
  if (watch->context == watch->session->association.oscore)
    return;
  note_association(watch);
  gc_join_stop_observing(watch->session->join, gc_now_ms());
  watch->observe_ms = gc_now_ms();
}

static enum gc_status observe(struct watch *watch)
{
  enum gc_status status;
  watch->observe_ms = UINT64_MAX;
  gc_join_stop_observing(watch->session->join, gc_now_ms());
  status = watch->observes ? gc_join_session_ask(watch->session, GC_JOIN_OBSERVE, NULL, NULL, NULL) : GC_STATUS_OK;
  if (watch->observes && !status && !watch->is_evicted)
    status = gc_join_session_ask(watch->session, GC_JOIN_WATCH_NODE, NULL, NULL, NULL);
  if (!status && !watch->is_evicted)
    status = gc_join_session_try(watch->session, GC_JOIN_WATCH_ACTIVE, NULL, NULL);
  if (!status)
    status = gc_join_session_save(watch->session);
  if (watch->context != watch->session->association.oscore) /* made for the first observation: it stands under the new one */
    note_association(watch);
  return status;
}

static enum gc_status confirm_eviction(struct watch *watch)
{
  watch->is_told_off = false;
  const enum gc_status status = gc_join_session_probe(watch->session, GC_JOIN_NODE, NULL, NULL);
  if (status == GC_STATUS_SECURITY)
    evicted(watch, false);
  return status == GC_STATUS_SECURITY ? GC_STATUS_OK : status;
}

/* Another command may have made another association, or joined anew: then this run begins anew with its files. */
static void look(struct watch *watch)
{
  struct stat now;
  watch->look_ms = gc_now_ms() + LOOK_MS;
  if (stat(watch->session->gm_path, &now) == 0 && watch->association.st_ino && now.st_ino != watch->association.st_ino)
    watch->starts_anew = true;
}

/* With the lock, and the record as it is now. */
static enum gc_status do_due(struct watch *watch, uint64_t now_ms)
{
  enum gc_status status = GC_STATUS_OK;
  if (watch->is_told_off)
    status = confirm_eviction(watch);
  if (!watch->is_evicted && !status && now_ms >= watch->observe_ms)
    status = observe(watch);
  if (!watch->is_evicted && !status && (watch->wants_update || now_ms >= watch->poll_ms))
    status = update(watch);
  if (!watch->is_evicted)
    check_association(watch);
  return status;
}

static enum gc_status act(struct watch *watch)
{
  const uint64_t now_ms = gc_now_ms();
  if (now_ms >= watch->look_ms)
    look(watch);
  if (watch->starts_anew || watch->is_evicted ||
      (!watch->is_told_off && !watch->wants_update && now_ms < watch->observe_ms && now_ms < watch->poll_ms))
    return GC_STATUS_OK;
  enum gc_status status = gc_join_lock(&watch->lock, watch->session->path, GC_JOIN_LOCK_MS);
  if (status)
    return status;
  look(watch); /* another one may have had the lock */
  if (!watch->starts_anew)
    status = gc_join_session_reload(watch->session);
  if (!watch->starts_anew && !status)
    status = do_due(watch, now_ms);
  gc_join_unlock(&watch->lock);
  return status;
}

/* The Group Manager may be away for a while: what is not refused is tried again. */
static enum gc_status tolerate(struct watch *watch, enum gc_status status)
{
  if (status != GC_STATUS_NO || watch->is_evicted)
    return status;
  watch->observe_ms = gc_now_ms() + 5 * AGAIN_MS;
  watch->poll_ms = next_poll(watch);
  return GC_STATUS_OK;
}

static enum gc_status say_evicted(const struct watch *watch)
{
  const struct gc_join_session *session = watch->session;
  if (session->options->common.json) {
    gc_join_event_begin(session, watch->is_deleted ? "deleted" : "evicted");
    gc_json_str(session->out, "context", session->path);
    gc_join_event_end(session);
  }
  gc_error("%s: %s; %s is now %s.evicted", session->gname, watch->is_deleted ? "the group has been deleted" : "this node has been evicted", session->path,
           session->path);
  gc_join_forget_files(session, true);
  return GC_STATUS_SECURITY;
}

static enum gc_status stay(struct watch *watch)
{
  const struct gc_join_session *session = watch->session;
  enum gc_status status = tolerate(watch, act(watch));
  int signal_number = 0;
  if (!status && !watch->is_evicted && !session->is_interrupted)
    fputs("ready\n", stderr);
  while (!status && !watch->is_evicted && !watch->starts_anew && !signal_number && !session->is_interrupted && gc_now_ms() < watch->end_ms &&
         gc_out_ok(session->out) && !(watch->is_changed && session->options->once)) {
    status = gc_node_run(session->node, &signal_number);
    if (!status && !signal_number)
      status = tolerate(watch, act(watch));
  }
  return watch->is_evicted ? say_evicted(watch) : status;
}

static enum gc_status watch_once(const struct gc_join_options *options, uint64_t end_ms, bool *again)
{
  static const struct gc_join_watch callbacks = { on_receive, on_deadline, on_tick, on_news, on_retire };
  struct gc_join_session session;
  struct watch watch = { .session = &session, .end_ms = end_ms };
  enum gc_status status = gc_join_is_joined(options->operands[0]) ? gc_join_lock(&watch.lock, options->operands[0], GC_JOIN_LOCK_MS) : GC_STATUS_INPUT;
  if (status)
    return status;
  status = gc_join_session_resume(&session, options, GC_SECURE_WINDOWS);
  gc_join_unlock(&watch.lock);
  if (!status && session.record->control_uri[0]) {
    const struct gc_join_control_ops ops = { on_control_rekeying, on_control_eviction, &watch };
    status = gc_join_control_open(&watch.control, &session, &ops);
  }
  if (!status) {
    session.watch = &callbacks;
    session.watch_ctx = &watch;
    note_association(&watch);
    watch.look_ms = gc_now_ms() + LOOK_MS;
    watch.poll_ms = 0; /* at once: what happened meanwhile? */
    watch.observes = !watch.control;
    watch.observe_ms = 0;
    status = stay(&watch);
  }
  *again = !status && watch.starts_anew;
  gc_join_control_close(&watch.control);
  session.watch = NULL;
  return gc_status_max(status, gc_join_session_end(&session));
}

enum gc_status gc_join_run_watch(const struct gc_join_options *options)
{
  const uint64_t end_ms = options->time_ms ? gc_now_ms() + options->time_ms : UINT64_MAX;
  enum gc_status status;
  bool again;
  do
    status = watch_once(options, end_ms, &again);
  while (again);
  return status;
}
