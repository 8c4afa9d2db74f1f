#include <inttypes.h>
#include <stdio.h>

#include "base/hex.h"
#include "common/show_address.h"
#include "gc-send.h"

void gc_send_report_missing(struct gc_send_report *report, const struct gc_addr *addr, const char *name)
{
  char who[GC_ADDR_STR_MAX];
  gc_send_report_clear(report);
  report->missing++;
  report->status = gc_status_max(report->status, GC_STATUS_NO);
  if (addr->port)
    gc_show_address(who, addr);
  else
    gc_addr_format_host(who, addr);
  gc_error("no answer from %s%s%s", who, *name ? " " : "", name);
  if (!report->json)
    return;
  gc_json_object(report->out, NULL);
  gc_json_str(report->out, "event", "missing");
  gc_json_str(report->out, "from", who);
  if (*name)
    gc_json_str(report->out, "name", name);
  gc_json_end(report->out);
}

void gc_send_report_missing_member(struct gc_send_report *report, const struct gc_roster_member *member)
{
  char id[2 * GC_ID_MAX_LEN + 1];
  gc_send_report_clear(report);
  report->missing++;
  report->status = gc_status_max(report->status, GC_STATUS_NO);
  gc_hex_encode(id, gc_bytes(member->id, member->id_len));
  gc_error("no answer from member %s%s%s", *id ? id : "(empty ID)", *member->name ? " " : "", member->name);
  if (!report->json)
    return;
  gc_json_object(report->out, NULL);
  gc_json_str(report->out, "event", "missing");
  gc_json_str(report->out, "kid", id);
  if (*member->name)
    gc_json_str(report->out, "name", member->name);
  gc_json_end(report->out);
}

static void json_summary(struct gc_send_report *report, const struct gc_send *send, uint64_t elapsed_ms)
{
  const struct {
    const char *key;
    uint64_t value;
  } extras[] = { { "missing", report->missing }, { "duplicates", report->duplicates }, { "stale", report->stale }, { "late", report->late },
                 { "unmatched", report->unmatched }, { "malformed", report->malformed }, { "insecure", report->insecure } };
  gc_json_object(report->out, NULL);
  gc_json_str(report->out, "event", "summary");
  gc_json_uint(report->out, "responses", report->responses);
  gc_json_uint(report->out, "responders", report->responders);
  gc_json_uint(report->out, "failed", report->failed);
  if (send->expect)
    gc_json_uint(report->out, "expected", send->expect);
  for (size_t i = 0; i < sizeof extras / sizeof extras[0]; i++)
    if (extras[i].value)
      gc_json_uint(report->out, extras[i].key, extras[i].value);
  gc_json_uint(report->out, "elapsed_ms", elapsed_ms);
  gc_json_end(report->out);
  gc_out_flush(report->out);
}

static void text_summary(struct gc_send_report *report, uint64_t elapsed_ms)
{
  char line[400];
  const struct {
    const char *what;
    uint64_t value;
  } extras[] = { { "failed", report->failed }, { "missing", report->missing }, { "duplicate", report->duplicates }, { "stale", report->stale },
                 { "late", report->late }, { "unmatched", report->unmatched }, { "malformed", report->malformed }, { "refused", report->insecure } };
  int n = snprintf(line, sizeof line, "%" PRIu64 " response%s from %" PRIu64 " responder%s in %" PRIu64 ".%03" PRIu64 " s", report->responses,
                   report->responses == 1 ? "" : "s", report->responders, report->responders == 1 ? "" : "s", elapsed_ms / 1000, elapsed_ms % 1000);
  for (size_t i = 0; i < sizeof extras / sizeof extras[0] && n > 0; i++)
    if (extras[i].value)
      n += snprintf(line + n, sizeof line - (size_t)n, ", %" PRIu64 " %s", extras[i].value, extras[i].what);
  gc_info(report->is_group ? 0 : 1, "%s", line);
}

void gc_send_report_summary(struct gc_send_report *report, const struct gc_send *send, uint64_t now_ms)
{
  const uint64_t elapsed_ms = now_ms - report->start_ms;
  gc_send_report_clear(report);
  for (size_t i = 0; report->roster && i < report->roster->count; i++)
    if (!report->roster->entries[i].answered)
      gc_send_report_missing(report, &report->roster->entries[i].addr, report->roster->entries[i].name);
  for (size_t i = 0; report->roster && i < report->roster->member_count; i++)
    if (!report->roster->members[i].answered)
      gc_send_report_missing_member(report, &report->roster->members[i]);
  const bool may_be_silent = send->no_response > 0 && (send->no_response & 2);
  if (report->responders < (send->expect ? send->expect : may_be_silent ? 0 : 1))
    report->status = gc_status_max(report->status, GC_STATUS_NO);
  if (report->responses == 0 && report->status >= GC_STATUS_SYSTEM)
    ; /* nothing was sent, and that has been said */
  else if (report->responses == 0 && report->failed == 0 && !report->is_group && !may_be_silent)
    gc_error("no answer");
  else if (send->expect > report->responders)
    gc_error("%" PRIu64 " of %u expected responders answered", report->responders, (unsigned)send->expect);
  else if (report->responses == 0 && report->is_group && !may_be_silent && !send->expect)
    gc_error("nobody answered");
  if (report->json)
    json_summary(report, send, elapsed_ms);
  else if (report->responses > 0 || report->status < GC_STATUS_SYSTEM)
    text_summary(report, elapsed_ms);
}
