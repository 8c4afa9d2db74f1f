#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/text.h"
#include "coap/link.h"
#include "common/show.h"
#include "common/show_address.h"
#include "common/show_security.h"
#include "gc-send_security.h"
#include "iana/options.h"
#include "net/iface.h"

bool gc_send_report_init(struct gc_send_report *report, const struct gc_send *send, struct gc_send_plan *plan, struct gc_out *out,
                         uint64_t now_ms, char why[static GC_WHY_LEN])
{
  *report = (struct gc_send_report){
    .out = out, .json = send->common.json, .raw = send->raw, .force = send->force, .is_group = plan->to.is_group,
    .is_tty = isatty(STDOUT_FILENO), .out_dir = send->out_dir, .out_fd = -1, .start_ms = now_ms,
    .roster = plan->roster.count + plan->roster.member_count ? &plan->roster : NULL, .uri = &plan->to.uri,
  };
  report->progress = !send->common.json && !send->common.quiet && send->common.verbose == 0 && isatty(STDERR_FILENO);
  if (!send->out_dir)
    return true;
  if (mkdir(send->out_dir, 0777) == 0 || errno == EEXIST)
    report->out_fd = open(send->out_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (report->out_fd < 0)
    snprintf(why, GC_WHY_LEN, "--out %.200s: %.80s", send->out_dir, strerror(errno));
  return report->out_fd >= 0;
}

void gc_send_report_free(struct gc_send_report *report)
{
  if (report->out_fd >= 0)
    close(report->out_fd);
  report->out_fd = -1;
}

void gc_send_report_clear(struct gc_send_report *report)
{
  if (report->progress_shown && write(STDERR_FILENO, "\r\033[K", 4) < 0)
    report->progress = false;
  report->progress_shown = false;
}

void gc_send_report_progress(struct gc_send_report *report, uint64_t now_ms)
{
  char line[80];
  if (!report->progress)
    return;
  int n = snprintf(line, sizeof line, "\r\033[K%" PRIu64 " responder%s, %" PRIu64 " s", report->responders, report->responders == 1 ? "" : "s",
                   (now_ms - report->start_ms) / 1000);
  report->progress_shown = n > 0;
  if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
    report->progress = false;
}

static void add_status(struct gc_send_report *report, enum gc_status status)
{
  report->status = gc_status_max(report->status, status);
}

static bool write_all(int fd, struct gc_bytes bytes)
{
  while (bytes.len > 0) {
    ssize_t n = write(fd, bytes.ptr, bytes.len);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return false;
    bytes = gc_bytes_slice(bytes, (size_t)n, SIZE_MAX);
  }
  return true;
}

/* "192.0.2.1_5683", "fe80--1%eth0_5683", for notifications with their number behind: no colon, which other systems and
 * scp take amiss. */
static void file_name(char name[static 120], const struct gc_client_event *event)
{
  char host[GC_ADDR_STR_MAX], zone[GC_IFACE_NAME_MAX] = "";
  gc_addr_format_host(host, &event->from);
  for (char *p = host; *p; p++)
    if (*p == ':')
      *p = '-';
  if (event->from.zone)
    gc_iface_name(zone, event->from.zone);
  int n = snprintf(name, 100, "%.46s%s%.15s_%u", host, *zone ? "%" : "", zone, (unsigned)event->from.port);
  if (event->kind == GC_CLIENT_NOTIFICATION && n > 0)
    snprintf(name + n, 16, ".%u", (unsigned)event->observe);
}

static bool save_body(struct gc_send_report *report, const char *name, struct gc_bytes body)
{
  int fd = openat(report->out_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC | (report->force ? O_TRUNC : O_EXCL), 0666);
  bool ok = fd >= 0 && write_all(fd, body);
  int error = errno;
  if (fd >= 0 && close(fd) < 0 && ok) {
    error = errno;
    ok = false;
  }
  if (ok)
    return true;
  gc_error("%s/%s: %s%s", report->out_dir, name, strerror(error), error == EEXIST ? " (--force overwrites)" : "");
  add_status(report, GC_STATUS_SYSTEM);
  return false;
}

/* The URI of what a 2.01 has created, as seen at the responder. */
static struct gc_bytes location_of(const struct gc_send_report *report, const struct gc_client_event *event, uint8_t *store, size_t cap)
{
  struct gc_buf buf = gc_buf(store, cap);
  if (!report->uri || gc_uri_location(&buf, report->uri, &event->from, event->message.options))
    return gc_bytes(NULL, 0);
  return gc_buf_bytes(&buf);
}

static void json_response(struct gc_send_report *report, const struct gc_client_event *event, uint64_t rtt_us, const char *file)
{
  struct gc_out *out = report->out;
  const struct gc_message *message = &event->message;
  uint8_t store[1200];
  char who[GC_ADDR_STR_MAX];
  const bool notification = event->kind == GC_CLIENT_NOTIFICATION;
  struct gc_bytes location = location_of(report, event, store, sizeof store);
  gc_json_object(out, NULL);
  gc_json_str(out, "event", notification ? "notification" : "response");
  gc_json_str(out, "from", gc_show_address(who, &event->from));
  gc_json_str(out, "code", gc_show_code_number(message->code));
  if (notification) {
    gc_json_uint(out, "observe", event->observe);
    gc_json_uint(out, "elapsed_ms", event->now_ms - report->start_ms);
  } else {
    gc_json_fixed(out, "rtt_ms", (rtt_us + 50) / 100, 1);
  }
  if (event->blocks > 1)
    gc_json_uint(out, "blocks", event->blocks);
  if (location.len > 0)
    gc_json_text(out, "location", location);
  gc_json_options(out, "options", message->options);
  if (file)
    gc_json_str(out, "file", file);
  else
    gc_json_payload(out, "payload", message->payload, gc_show_content_format(message->options));
  gc_json_security(out, event->security, NULL);
  gc_json_end(out);
}

/* On a terminal a text of several lines stands below its header; for a program a response is one line. */
static bool is_long_text(const struct gc_send_report *report, struct gc_bytes payload)
{
  const uint8_t *end = payload.len ? memchr(payload.ptr, '\n', payload.len) : NULL;
  return report->is_tty && end && (size_t)(end - payload.ptr) + 1 < payload.len && gc_text_is_printable(payload);
}

static void text_lines(struct gc_out *out, struct gc_bytes text)
{
  while (text.len > 0) {
    const uint8_t *end = memchr(text.ptr, '\n', text.len);
    size_t len = end ? (size_t)(end - text.ptr) : text.len;
    gc_out_str(out, "  ");
    gc_out_text(out, gc_bytes(text.ptr, len));
    gc_out_char(out, '\n');
    text = gc_bytes_slice(text, len + 1, SIZE_MAX);
  }
}

/* The same for links, one a line; false: they are not well-formed, nothing has been printed. */
static bool link_lines(struct gc_out *out, struct gc_bytes links)
{
  struct gc_link_reader reader = gc_link_reader(links);
  struct gc_link_value link;
  enum gc_err err;
  while ((err = gc_link_next(&reader, &link, NULL)) == GC_OK)
    ;
  if (err != GC_E_END)
    return false;
  gc_outf(out, "  %zu bytes:\n", links.len);
  for (reader = gc_link_reader(links); gc_link_next(&reader, &link, NULL) == GC_OK; gc_out_char(out, '\n')) {
    gc_out_str(out, "  ");
    gc_out_text(out, link.text);
  }
  return true;
}

static void text_header(struct gc_send_report *report, const struct gc_client_event *event, uint64_t rtt_us)
{
  struct gc_out *out = report->out;
  const char *name = gc_code_name(event->message.code);
  char who[GC_ADDR_STR_MAX];
  gc_out_color(out, GC_CYAN);
  gc_out_str(out, gc_show_address(who, &event->from));
  gc_out_color(out, GC_PLAIN);
  gc_show_member(out, event->security);
  gc_out_str(out, "  ");
  gc_out_color(out, GC_CODE_CLASS(event->message.code) == 2 ? GC_GREEN : GC_RED);
  gc_out_str(out, gc_show_code_number(event->message.code));
  if (name) {
    gc_out_char(out, ' ');
    gc_out_str(out, name);
  }
  gc_out_color(out, GC_PLAIN);
  gc_out_str(out, "  ");
  if (event->kind == GC_CLIENT_NOTIFICATION) {
    gc_out_fixed(out, event->now_ms - report->start_ms, 3);
    gc_out_str(out, " s  observe ");
    gc_out_uint(out, event->observe);
  } else {
    gc_out_fixed(out, (rtt_us + 50) / 100, 1);
    gc_out_str(out, " ms");
  }
}

static void text_response(struct gc_send_report *report, const struct gc_client_event *event, uint64_t rtt_us, const char *file)
{
  struct gc_out *out = report->out;
  const struct gc_bytes payload = event->message.payload;
  uint8_t store[1200];
  struct gc_bytes location = location_of(report, event, store, sizeof store);
  text_header(report, event, rtt_us);
  if (location.len > 0) {
    gc_out_str(out, "  at ");
    gc_out_text(out, location);
  }
  if (file) {
    gc_outf(out, "  %s/%s (%zu bytes)", report->out_dir, file, payload.len);
  } else if (report->is_tty && payload.len > 0 && gc_show_content_format(event->message.options) == GC_FORMAT_LINK_FORMAT &&
             link_lines(out, payload)) {
    return;
  } else if (is_long_text(report, payload)) {
    gc_outf(out, "  %zu bytes:\n", payload.len);
    text_lines(out, payload);
    return;
  } else if (payload.len > 0) {
    gc_out_str(out, "  ");
    gc_show_payload(out, payload, gc_show_content_format(event->message.options), 0);
  }
  gc_out_char(out, '\n');
}

static void report_response(struct gc_send_report *report, const struct gc_client_event *event, uint64_t rtt_us)
{
  char name[120];
  const char *file = NULL;
  const bool is_error = GC_CODE_CLASS(event->message.code) != 2;
  report->responses++;
  report->failed += is_error;
  if (is_error)
    add_status(report, GC_STATUS_NO);
  if (report->out_fd >= 0 && event->message.payload.len > 0) {
    file_name(name, event);
    file = save_body(report, name, event->message.payload) ? name : NULL;
  }
  if (report->raw && is_error)
    gc_error("%s: %s", gc_show_code_number(event->message.code), gc_code_name(event->message.code) ? gc_code_name(event->message.code) : "error");
  if (report->raw)
    gc_out_bytes(report->out, event->message.payload);
  else if (report->json)
    json_response(report, event, rtt_us, file);
  else
    text_response(report, event, rtt_us, file);
  gc_out_flush(report->out);
}

static void json_note(struct gc_send_report *report, const char *kind, const struct gc_client_event *event, const char *error)
{
  char who[GC_ADDR_STR_MAX];
  gc_json_object(report->out, NULL);
  gc_json_str(report->out, "event", kind);
  gc_json_str(report->out, "from", gc_show_address(who, &event->from));
  if (event->message.code)
    gc_json_str(report->out, "code", gc_show_code_number(event->message.code));
  if (error)
    gc_json_str(report->out, "error", error);
  if (event->kind == GC_CLIENT_UNUSABLE)
    gc_json_uint(report->out, "option", event->option);
  if (event->kind == GC_CLIENT_INSECURE)
    gc_json_security(report->out, event->security, gc_sec_name(event->result));
  gc_json_end(report->out);
  gc_out_flush(report->out);
}

/* Something that keeps what was asked for from happening. */
static void report_trouble(struct gc_send_report *report, const char *kind, const struct gc_client_event *event, const char *error)
{
  char who[GC_ADDR_STR_MAX];
  report->failed++;
  add_status(report, GC_STATUS_NO);
  if (event->kind == GC_CLIENT_UNUSABLE)
    gc_error("%s: response with critical option %u, which is not understood", gc_show_address(who, &event->from), (unsigned)event->option);
  else
    gc_error("%s: %s%s%s", gc_show_address(who, &event->from), kind, error ? ": " : "", error ? error : "");
  if (report->json)
    json_note(report, kind, event, error);
}

/* Something worth a word with -v only. */
static void report_note(struct gc_send_report *report, const char *kind, const struct gc_client_event *event, const char *error)
{
  char who[GC_ADDR_STR_MAX];
  if (gc_diag_level() < 1)
    return;
  gc_info(1, "%s: %s%s%s", gc_show_address(who, &event->from), kind, error ? ": " : "", error ? error : "");
  if (report->json)
    json_note(report, kind, event, error);
}

/* What did not verify is never shown as if it were an answer: only that it came, from where, and why it counts for nothing. */
static void report_insecure(struct gc_send_report *report, const struct gc_client_event *event)
{
  char who[GC_ADDR_STR_MAX], kid[2 * GC_ID_MAX_LEN + 8] = "", hex[2 * GC_ID_MAX_LEN + 1];
  const bool is_plain = event->result == GC_SEC_NOT_PROTECTED;
  report->insecure++;
  report->failed++;
  add_status(report, GC_STATUS_SECURITY);
  if (event->security && event->security->kid.len && event->security->kid.len <= GC_ID_MAX_LEN)
    snprintf(kid, sizeof kid, ", kid %s", gc_hex_encode(hex, event->security->kid));
  gc_error("%s: response refused: %s%s%s%s", gc_show_address(who, &event->from), gc_sec_str(event->result), kid, is_plain ? ": " : "",
           is_plain ? gc_show_code(event->message.code) : "");
  if (report->json)
    json_note(report, "insecure", event, gc_sec_str(event->result));
}

static void note_responder(struct gc_send_report *report, const struct gc_client_event *event)
{
  if (event->responder != UINT32_MAX)
    report->responders += gc_send_slot_note(event->user, event->responder);
  if (report->roster)
    (void)gc_roster_mark(report->roster, &event->from);
  if (report->roster && event->security)
    gc_roster_mark_member(report->roster, event->security->kid);
}

void gc_send_report_event(struct gc_send_report *report, const struct gc_client_event *event, uint64_t rtt_us)
{
  struct gc_send_slot *slot = event->user;
  gc_send_report_clear(report);
  if (slot && event->kind != GC_CLIENT_END && event->kind != GC_CLIENT_LATE) /* of a late one the slot may be gone */
    slot->has_news = true;
  switch (event->kind) {
  case GC_CLIENT_RESPONSE:
  case GC_CLIENT_NOTIFICATION:
    note_responder(report, event);
    report_response(report, event, rtt_us);
    break;
  case GC_CLIENT_DUPLICATE:
    report->duplicates++;
    report_note(report, "duplicate", event, NULL);
    break;
  case GC_CLIENT_DELAYED:
    gc_info(event->delay_ms >= 1000 ? 0 : 1, "the request waits for its turn, %" PRIu64 " ms at least (NSTART, PROBING_RATE)", event->delay_ms);
    if (slot)
      slot->has_news = false;
    break;
  case GC_CLIENT_STALE:
    report->stale++;
    report_note(report, "stale", event, NULL);
    break;
  case GC_CLIENT_LATE:
    report->late++;
    report_note(report, "late", event, NULL);
    break;
  case GC_CLIENT_UNMATCHED:
    report->unmatched++;
    report_note(report, "unmatched", event, NULL);
    break;
  case GC_CLIENT_MALFORMED:
    report->malformed++;
    report_note(report, "malformed", event, event->where.phrase);
    break;
  case GC_CLIENT_RESET:
    report_trouble(report, "reset", event, event->phrase);
    break;
  case GC_CLIENT_TIMEOUT:
    report_trouble(report, "timeout", event, event->phrase);
    break;
  case GC_CLIENT_INCOMPLETE:
    report_trouble(report, "incomplete", event, event->phrase);
    break;
  case GC_CLIENT_UNUSABLE:
    report_trouble(report, "unusable", event, NULL);
    break;
  case GC_CLIENT_INSECURE:
    report_insecure(report, event);
    break;
  case GC_CLIENT_END:
    break;
  }
}
