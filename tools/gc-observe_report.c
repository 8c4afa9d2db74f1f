#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "common/show.h"
#include "common/show_address.h"
#include "common/show_informative.h"
#include "common/show_security.h"
#include "gc-observe.h"
#include "iana/options.h"

enum { REFUSED_SHOWN = 10 };

static void add_status(struct gc_observe_report *report, enum gc_status status)
{
  report->status = gc_status_max(report->status, status);
}

static uint64_t elapsed_ms(const struct gc_observe_report *report, const struct gc_observe_event *event)
{
  return event->now_ms > report->start_ms ? event->now_ms - report->start_ms : 0;
}

/* --- JSON ---------------------------------------------------------------------------------------------------------------- */

static const char *const vias_json[] = { [GC_VIA_OBSERVATION] = "observation", [GC_VIA_INFORMATIVE] = "informative_response", [GC_VIA_GROUP] = "multicast" };

static void json_begin(struct gc_observe_report *report, const char *name, const struct gc_observe_event *event)
{
  char who[GC_ADDR_STR_MAX];
  gc_json_object(report->out, NULL);
  gc_json_str(report->out, "event", name);
  gc_json_fixed(report->out, "ts", report->start_us + elapsed_ms(report, event) * 1000, 6);
  if (event->from.family)
    gc_json_str(report->out, "from", gc_show_address(who, &event->from));
}

static void json_end(struct gc_observe_report *report)
{
  gc_json_end(report->out);
  gc_out_flush(report->out);
}

static void json_answer(struct gc_observe_report *report, const char *name, const struct gc_observe_event *event)
{
  struct gc_out *out = report->out;
  const struct gc_message *message = &event->message;
  json_begin(report, name, event);
  gc_json_str(out, "code", gc_show_code_number(message->code));
  if (event->kind == GC_OBSERVE_NOTIFICATION) {
    gc_json_uint(out, "observe", event->observe);
    gc_json_str(out, "via", vias_json[event->via]);
  }
  gc_json_uint(out, "elapsed_ms", elapsed_ms(report, event));
  gc_json_options(out, "options", message->options);
  gc_json_payload(out, "payload", message->payload, gc_show_content_format(message->options));
  gc_json_security(out, event->security, NULL);
  json_end(report);
}

/* An event with a reason, and a message that is not shown. */
static void json_note(struct gc_observe_report *report, const char *name, const struct gc_observe_event *event, const char *reason)
{
  json_begin(report, name, event);
  if (event->message.code)
    gc_json_str(report->out, "code", gc_show_code_number(event->message.code));
  if (reason)
    gc_json_str(report->out, "reason", reason);
  if (event->kind == GC_OBSERVE_INSECURE)
    gc_json_security(report->out, event->security, gc_sec_name(event->result));
  json_end(report);
}

/* --- notifications --------------------------------------------------------------------------------------------------------- */

static void text_answer(struct gc_observe_report *report, const struct gc_observe_event *event)
{
  static const char *const vias[] = { [GC_VIA_OBSERVATION] = "unicast", [GC_VIA_INFORMATIVE] = "informative response", [GC_VIA_GROUP] = "multicast" };
  struct gc_out *out = report->out;
  const struct gc_message *message = &event->message;
  const char *name = gc_code_name(message->code);
  char who[GC_ADDR_STR_MAX];
  gc_out_fixed(out, elapsed_ms(report, event), 3);
  gc_out_str(out, " s  ");
  gc_out_color(out, GC_CYAN);
  gc_out_str(out, gc_show_address(who, &event->from));
  gc_out_color(out, GC_PLAIN);
  gc_show_member(out, event->security);
  gc_out_str(out, "  ");
  gc_out_color(out, GC_CODE_CLASS(message->code) == 2 ? GC_GREEN : GC_RED);
  gc_outf(out, "%s%s%s", gc_show_code_number(message->code), name ? " " : "", name ? name : "");
  gc_out_color(out, GC_PLAIN);
  if (event->kind == GC_OBSERVE_NOTIFICATION)
    gc_outf(out, "  observe %u by %s", (unsigned)event->observe, vias[event->via]);
  if (message->payload.len > 0) {
    gc_out_str(out, "  ");
    gc_show_payload(out, message->payload, gc_show_content_format(message->options), 0);
  }
  gc_out_char(out, '\n');
  gc_out_flush(out);
}

static void report_notification(struct gc_observe_report *report, const struct gc_observe_event *event)
{
  report->notifications++;
  if (report->json)
    json_answer(report, "notification", event);
  else
    text_answer(report, event);
}

/* An answer, and no observation. */
static void report_response(struct gc_observe_report *report, const struct gc_observe_event *event)
{
  char who[GC_ADDR_STR_MAX];
  const bool is_error = GC_CODE_CLASS(event->message.code) != 2;
  report->failed++;
  add_status(report, GC_STATUS_NO);
  if (report->json)
    json_answer(report, "response", event);
  else
    text_answer(report, event);
  if (!is_error)
    gc_error("%s: the server does not observe this resource: it has answered once", gc_show_address(who, &event->from));
}

/* --- informative responses --------------------------------------------------------------------------------------------------- */

static void save_phantom(struct gc_observe_report *report, const struct gc_observe_event *event)
{
  uint8_t store[8192];
  struct gc_buf ph_req = gc_buf(store, 2048), payload = gc_buf(store + 2048, sizeof store - 2048);
  struct gc_informative response = *event->informative;
  const struct gc_message phantom = gc_listener_phantom(event->listener);
  const char *path = report->save_phantom;
  report->save_phantom = NULL;
  if (!(response.present & GC_IR_PH_REQ)) { /* it is the registration: others do not know it */
    if (gc_transport_independent_write(&ph_req, &phantom) == GC_OK) {
      response.present |= GC_IR_PH_REQ;
      response.ph_req = gc_buf_bytes(&ph_req);
    }
  }
  if (gc_informative_write(&payload, &response)) {
    gc_error("%s: the informative response cannot be kept", path);
    add_status(report, GC_STATUS_SYSTEM);
    return;
  }
  add_status(report, gc_phantom_file_write(path, gc_buf_bytes(&payload)));
}

static void report_informed(struct gc_observe_report *report, const struct gc_observe_event *event)
{
  char who[GC_ADDR_STR_MAX], group[GC_ADDR_STR_MAX], token[2 * GC_TOKEN_MAX_LEN + 1];
  const struct gc_group_observation *observation = gc_listener_observation(event->listener);
  gc_hex_encode(token, gc_bytes(observation->token, observation->token_len));
  gc_info(1, "%s: notifications come to %s with token %s", gc_show_address(who, &event->from), gc_addr_format(group, &observation->group), token);
  if (report->tree && event->message.payload.len > 0) {
    gc_show_informative(report->tree, event->message.payload, 2, false);
    gc_out_flush(report->tree);
  }
  if (report->save_phantom)
    save_phantom(report, event);
  if (!report->json)
    return;
  json_begin(report, "informed", event);
  if (event->message.payload.len > 0)
    gc_json_informative(report->out, "informative", event->message.payload, false);
  gc_json_security(report->out, event->security, NULL);
  json_end(report);
}

/* Anyone can send what does not verify, without end: the first ones are told, all are counted. */
static bool tells_refused(struct gc_observe_report *report)
{
  const bool is_told = report->refused < REFUSED_SHOWN || gc_diag_level() >= 1;
  if (!is_told && report->refused == REFUSED_SHOWN)
    gc_error("further messages that are refused are counted only (-v tells each)");
  report->refused++;
  return is_told;
}

static void report_refused(struct gc_observe_report *report, const struct gc_observe_event *event)
{
  char why[GC_WHY_LEN], command[320];
  report->failed++;
  add_status(report, gc_observe_explain_refusal(event, report->trouble, why));
  if (!tells_refused(report))
    return;
  gc_error("%s", why);
  if (report->tree && event->message.payload.len > 0) {
    gc_show_informative(report->tree, event->message.payload, 2, false);
    gc_out_flush(report->tree);
  }
  if (!report->json)
    return;
  json_begin(report, "refused", event);
  gc_json_str(report->out, "reason", event->error && report->trouble && *report->trouble ? report->trouble
                                     : event->refusal.phrase ? event->refusal.phrase : "malformed");
  if (event->message.payload.len > 0)
    gc_json_informative(report->out, "informative", event->message.payload, false);
  if (event->informative && event->refusal.fault == GC_LISTENER_FAULT_NO_CONTEXT &&
      gc_observe_join_command(command, sizeof command, event->informative))
    gc_json_str(report->out, "join", command);
  json_end(report);
}

/* --- the rest ------------------------------------------------------------------------------------------------------------------ */

/* Not shown, counted, and worth a word with -v. */
static void report_note(struct gc_observe_report *report, const char *name, const struct gc_observe_event *event, const char *reason)
{
  char who[GC_ADDR_STR_MAX];
  if (gc_diag_level() < 1)
    return;
  gc_info(1, "%s: %s%s%s", gc_show_address(who, &event->from), name, reason ? ": " : "", reason ? reason : "");
  if (report->json)
    json_note(report, name, event, reason);
}

static void report_insecure(struct gc_observe_report *report, const struct gc_observe_event *event)
{
  char who[GC_ADDR_STR_MAX], kid[2 * GC_ID_MAX_LEN + 1];
  add_status(report, GC_STATUS_SECURITY);
  if (!tells_refused(report))
    return;
  const bool has_kid = event->security && event->security->kid.ptr && event->security->kid.len <= GC_ID_MAX_LEN;
  gc_error("%s: notification refused: %s%s%s", gc_show_address(who, &event->from), gc_sec_str(event->result), has_kid ? ", kid " : "",
           has_kid ? gc_hex_encode(kid, event->security->kid) : "");
  if (report->json)
    json_note(report, "insecure", event, gc_sec_str(event->result));
}

static void report_insecure_response(struct gc_observe_report *report, const struct gc_observe_event *event)
{
  const struct gc_client_event *below = event->client_event;
  char who[GC_ADDR_STR_MAX];
  report->failed++;
  add_status(report, GC_STATUS_SECURITY);
  if (!tells_refused(report))
    return;
  gc_error("%s: response refused: %s%s%s", gc_show_address(who, &event->from), gc_sec_str(below->result),
           below->result == GC_SEC_NOT_PROTECTED ? ": " : "", below->result == GC_SEC_NOT_PROTECTED ? gc_show_code(below->message.code) : "");
  if (report->json)
    json_note(report, "insecure", event, gc_sec_str(below->result));
}

/* Said always: it changes what may be expected. */
static void report_turn(struct gc_observe_report *report, const char *name, const struct gc_observe_event *event, const char *text)
{
  char who[GC_ADDR_STR_MAX];
  const bool has_code = event->message.code != 0 && event->kind == GC_OBSERVE_ENDED;
  gc_info(0, "%s: %s: %s%s%s%s", gc_show_address(who, &event->from), text, event->phrase ? event->phrase : "", has_code ? " (" : "",
          has_code ? gc_show_code_number(event->message.code) : "", has_code ? ")" : "");
  if (report->json)
    json_note(report, name, event, event->phrase);
}

static void report_failure(struct gc_observe_report *report, const char *name, const struct gc_observe_event *event, const char *reason)
{
  char who[GC_ADDR_STR_MAX];
  gc_show_address(who, &event->from);
  if (report->notifications > 0) { /* it is tried again */
    gc_info(0, "%s: %s%s%s", who, name, reason ? ": " : "", reason ? reason : "");
  } else {
    gc_error("%s: %s%s%s", who, name, reason ? ": " : "", reason ? reason : "");
    report->failed++;
    add_status(report, GC_STATUS_NO);
  }
  if (report->json)
    json_note(report, name, event, reason);
}

static void report_trouble(struct gc_observe_report *report, const struct gc_observe_event *event)
{
  const struct gc_client_event *below = event->client_event;
  char reason[48];
  switch (below->kind) {
  case GC_CLIENT_TIMEOUT:
    report_failure(report, "timeout", event, below->phrase);
    break;
  case GC_CLIENT_RESET:
    report_failure(report, "reset", event, below->phrase);
    break;
  case GC_CLIENT_INCOMPLETE:
    report_failure(report, "incomplete", event, below->phrase);
    break;
  case GC_CLIENT_UNUSABLE:
    snprintf(reason, sizeof reason, "critical option %u, which is not understood", (unsigned)below->option);
    report_failure(report, "unusable", event, reason);
    break;
  case GC_CLIENT_INSECURE:
    report_insecure_response(report, event);
    break;
  case GC_CLIENT_DELAYED:
    gc_info(below->delay_ms >= 1000 ? 0 : 1, "the request waits for its turn, %" PRIu64 " ms at least (NSTART, PROBING_RATE)", below->delay_ms);
    break;
  case GC_CLIENT_MALFORMED:
    report_note(report, "malformed", event, below->where.phrase);
    break;
  case GC_CLIENT_DUPLICATE:
    report_note(report, "duplicate", event, NULL);
    break;
  default:
    report_note(report, "unmatched", event, NULL);
    break;
  }
}

void gc_observe_report_event(struct gc_observe_report *report, const struct gc_observe_event *event)
{
  switch (event->kind) {
  case GC_OBSERVE_NOTIFICATION: report_notification(report, event); break;
  case GC_OBSERVE_RESPONSE: report_response(report, event); break;
  case GC_OBSERVE_INFORMED: report_informed(report, event); break;
  case GC_OBSERVE_REFUSED: report_refused(report, event); break;
  case GC_OBSERVE_OLD: report_note(report, "old", event, NULL); break;
  case GC_OBSERVE_STRAY: report_note(report, "stray", event, "not of this observation"); break;
  case GC_OBSERVE_INSECURE: report_insecure(report, event); break;
  case GC_OBSERVE_UNUSABLE: report_note(report, "unusable", event, event->phrase); break;
  case GC_OBSERVE_KEYS:
    if (event->phrase)
      report_turn(report, "keys", event, "new keys were refused");
    else
      report_note(report, "keys", event, "the server goes on with new keys");
    break;
  case GC_OBSERVE_CONFIRMED: report_note(report, "confirmed", event, "interest confirmed, as the server asked"); break;
  case GC_OBSERVE_AGAIN: report_turn(report, "again", event, "registering again"); break;
  case GC_OBSERVE_ENDED: report_turn(report, "ended", event, "observation ended"); break;
  case GC_OBSERVE_TROUBLE: report_trouble(report, event); break;
  case GC_OBSERVE_END: break;
  }
}

/* --- the end ----------------------------------------------------------------------------------------------------------------- */

static void summarize(struct gc_observe_report *report, const struct gc_observe *observe, const struct gc_observe_client_state *state, uint64_t now_ms)
{
  const struct {
    const char *key, *word;
    uint64_t value;
  } extras[] = { { "old", "old", state->old },
                 { "strays", "stray", state->strays },
                 { "insecure", "refused", state->insecure },
                 { "unusable", "unusable", state->unusable },
                 { "confirmations", "confirmed", state->confirmations },
                 { "registrations", "registrations", state->registrations > 1 ? state->registrations : 0 } };
  const uint64_t ms = now_ms - report->start_ms;
  char line[320];
  int n = snprintf(line, sizeof line, "%" PRIu64 " notification%s from %zu server%s in %" PRIu64 ".%03" PRIu64 " s", report->notifications,
                   report->notifications == 1 ? "" : "s", state->servers, state->servers == 1 ? "" : "s", ms / 1000, ms % 1000);
  for (size_t i = 0; i < sizeof extras / sizeof *extras && n > 0 && (size_t)n < sizeof line; i++)
    if (extras[i].value)
      n += snprintf(line + n, sizeof line - (size_t)n, ", %" PRIu64 " %s", extras[i].value, extras[i].word);
  if (!report->json) {
    gc_info(0, "%s", line);
    return;
  }
  gc_json_object(report->out, NULL);
  gc_json_str(report->out, "event", "summary");
  gc_json_uint(report->out, "notifications", report->notifications);
  gc_json_uint(report->out, "servers", state->servers);
  gc_json_uint(report->out, "failed", report->failed);
  if (observe->count)
    gc_json_uint(report->out, "expected", observe->count);
  for (size_t i = 0; i < sizeof extras / sizeof *extras; i++)
    if (extras[i].value)
      gc_json_uint(report->out, extras[i].key, extras[i].value);
  gc_json_uint(report->out, "elapsed_ms", ms);
  json_end(report);
}

enum gc_status gc_observe_report_end(struct gc_observe_report *report, const struct gc_observe *observe, const struct gc_observe_client_state *state,
                                     uint64_t now_ms)
{
  if (report->notifications < (observe->count ? observe->count : 1))
    add_status(report, GC_STATUS_NO);
  if (report->notifications == 0 && report->status == GC_STATUS_NO && report->failed == 0)
    gc_error("no notification");
  else if (observe->count > report->notifications && report->status <= GC_STATUS_NO)
    gc_error("%" PRIu64 " of %" PRIu64 " expected notifications came", report->notifications, observe->count);
  summarize(report, observe, state, now_ms);
  return report->status;
}
