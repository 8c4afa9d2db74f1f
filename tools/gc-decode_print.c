/* Text: a line a message; with -v the message as a tree below it. */
#include <string.h>
#include <time.h>

#include "common/put.h"
#include "common/show.h"
#include "common/show_informative.h"
#include "gc-decode.h"

enum { HOST_SLOTS = 1024 }; /* 10 bits */

/* The text of a host in front of its port, from a small cache: making it costs more than all else of a message. */
static struct gc_bytes host_text(const struct gc_addr *addr)
{
  static struct slot {
    struct gc_addr addr;
    uint32_t len;
    char text[GC_ADDR_STR_MAX];
  } slots[HOST_SLOTS];
  struct gc_addr host = *addr;
  host.port = 0;
  uint64_t part[2];
  memcpy(part, addr->ip, sizeof part);
  struct slot *slot = &slots[(part[0] * 31 + part[1]) * 0x9e3779b97f4a7c15ull >> 54];
  if (slot->len == 0 || memcmp(&slot->addr, &host, sizeof host) != 0) {
    slot->addr = host;
    slot->len = (uint32_t)strlen(gc_addr_format(slot->text, &host)) - 1; /* without the 0 of the port */
  }
  return gc_bytes(slot->text, slot->len);
}

uint8_t *decode_put_address(uint8_t *at, const struct gc_addr *addr)
{
  struct gc_bytes host = host_text(addr);
  return gc_put_uint(gc_put_bytes(at, host.ptr, host.len), addr->port);
}

static void print_two(struct gc_out *out, int value)
{
  gc_out_char(out, (char)('0' + value / 10 % 10));
  gc_out_char(out, (char)('0' + value % 10));
}

/* 2026-11-22T14:00:05.123456Z */
static void print_utc(struct gc_out *out, uint64_t wall_us)
{
  time_t seconds = (time_t)(wall_us / 1000000);
  struct tm tm;
  if (!gmtime_r(&seconds, &tm)) {
    gc_out_fixed(out, wall_us, 6);
    return;
  }
  gc_out_uint(out, (uint64_t)(tm.tm_year + 1900));
  gc_out_char(out, '-');
  print_two(out, tm.tm_mon + 1);
  gc_out_char(out, '-');
  print_two(out, tm.tm_mday);
  gc_out_char(out, 'T');
  print_two(out, tm.tm_hour);
  gc_out_char(out, ':');
  print_two(out, tm.tm_min);
  gc_out_char(out, ':');
  print_two(out, tm.tm_sec);
  gc_out_char(out, '.');
  for (uint32_t rest = (uint32_t)(wall_us % 1000000), unit = 100000; unit > 0; unit /= 10)
    gc_out_char(out, (char)('0' + rest / unit % 10));
  gc_out_char(out, 'Z');
}

static void print_time(struct decode_printer *printer, const struct decode_record *record)
{
  struct gc_out *out = printer->out;
  if (!printer->has_first) {
    printer->has_first = true;
    printer->first_us = record->wall_us;
  }
  gc_out_color(out, GC_DIM);
  if (printer->time == DECODE_TIME_ABSOLUTE) {
    print_utc(out, record->wall_us);
  } else if (printer->time == DECODE_TIME_EPOCH) {
    gc_out_fixed(out, record->wall_us, 6);
  } else if (record->wall_us < printer->first_us) {
    gc_out_char(out, '-');
    gc_out_fixed(out, printer->first_us - record->wall_us, 6);
  } else {
    gc_out_fixed(out, record->wall_us - printer->first_us, 6);
  }
  gc_out_color(out, GC_PLAIN);
}

static void print_ms(struct gc_out *out, uint64_t us)
{
  gc_out_fixed(out, (us + 50) / 100, 1);
  GC_OUT_LITERAL(out, " ms");
}

static void print_relation(struct gc_out *out, const char *phrase, uint64_t n)
{
  gc_out_str(out, phrase);
  gc_out_uint(out, n);
}

/* By number or file. */
static void print_phantom(struct gc_out *out, const struct decode_record *record)
{
  const struct gc_message *message = decode_shown_message(record);
  bool is_cancellation = message->code == GC_CODE_SERVICE_UNAVAILABLE && !message->payload.len;
  gc_out_str(out, GC_CODE_IS_REQUEST(message->code) ? "confirms interest in "
                  : is_cancellation                 ? "cancels the phantom request of "
                                                    : "notification to the phantom request of ");
  if (record->phantom_file)
    gc_out_text(out, gc_bytes_str(record->phantom_file));
  else
    print_relation(out, "#", record->phantom);
  if (record->security && record->security->is_05_cancellation)
    GC_OUT_LITERAL(out, ", as in -05");
}

static void print_pairing(struct gc_out *out, const struct decode_record *record)
{
  const uint64_t paired = record->request | record->acknowledges | record->resets;
  const bool is_observed = record->phantom || record->phantom_file;
  if (!paired && !record->duplicate_of && !is_observed)
    return;
  gc_out_color(out, GC_CYAN);
  GC_OUT_LITERAL(out, "  (");
  if (is_observed)
    print_phantom(out, record);
  else if (record->request)
    print_relation(out, "response to #", record->request);
  else if (record->acknowledges)
    print_relation(out, "acknowledges #", record->acknowledges);
  else if (record->resets)
    print_relation(out, "rejects #", record->resets);
  if (paired && record->has_place) {
    GC_OUT_LITERAL(out, ", ");
    print_ms(out, record->rtt_us);
  }
  if (record->is_other_address)
    GC_OUT_LITERAL(out, ", from another address than was asked");
  if (record->duplicate_of)
    print_relation(out, paired || is_observed ? ", duplicate of #" : "duplicate of #", record->duplicate_of);
  gc_out_char(out, ')');
  gc_out_color(out, GC_PLAIN);
}

static void print_error(struct gc_out *out, const struct decode_record *record)
{
  gc_out_color(out, GC_RED);
  GC_OUT_LITERAL(out, "  DAMAGED at byte ");
  gc_out_uint(out, record->error_at);
  GC_OUT_LITERAL(out, ": ");
  gc_out_str(out, record->error);
  gc_out_color(out, GC_PLAIN);
}

static enum gc_color code_color(uint8_t code)
{
  switch (GC_CODE_CLASS(code)) {
  case 0:  return GC_BOLD;
  case 2:  return GC_GREEN;
  case 4: case 5: return GC_RED;
  default: return GC_YELLOW;
  }
}

static void print_id(struct gc_out *out, const char *before, struct gc_bytes id)
{
  gc_out_str(out, before);
  if (id.len)
    gc_out_hex(out, id);
  else
    GC_OUT_LITERAL(out, "(empty)");
}

/* "{group 44616c kid=25 "lamp" piv=05 verified}", or why not */
static void print_security(struct gc_out *out, const struct decode_security *security)
{
  char text[200];
  if (security->outcome > DECODE_VERIFIED) {
    gc_out_color(out, security->outcome == DECODE_REFUSED ? GC_RED : GC_YELLOW);
    gc_out_str(out, security->outcome == DECODE_REFUSED ? "  {NOT VERIFIED: " : "  {not opened: ");
    gc_out_str(out, decode_security_error(text, security));
  } else {
    const struct gc_oscore_opened *opened = &security->opened;
    struct gc_bytes subject = decode_security_subject(security);
    gc_out_color(out, GC_GREEN);
    GC_OUT_LITERAL(out, "  {");
    gc_out_str(out, gc_oscore_mode_name(opened->mode));
    if (security->is_02)
      GC_OUT_LITERAL(out, " (draft -02)");
    if (security->gid.ptr)
      print_id(out, " ", security->gid);
    print_id(out, " kid=", security->kid);
    if (subject.len) {
      GC_OUT_LITERAL(out, " \"");
      gc_out_text(out, subject);
      gc_out_char(out, '"');
    }
    print_id(out, " piv=", security->piv);
    gc_out_str(out, security->outcome == DECODE_OPENED ? " verified" : " verified, not decrypted");
  }
  gc_out_char(out, '}');
  gc_out_color(out, GC_PLAIN);
}

static void print_message(const struct decode_printer *printer, const struct decode_record *record)
{
  struct gc_out *out = printer->out;
  const struct gc_message *message = decode_shown_message(record);
  gc_out_small(out, gc_show_type(message->type), 3);
  gc_out_char(out, ' ');
  gc_out_color(out, code_color(message->code));
  gc_out_str(out, gc_show_code(message->code));
  gc_out_color(out, GC_PLAIN);
  uint8_t *at = gc_out_reserve(out, 64);
  if (!at)
    return;
  gc_out_advance(out, GC_PUT(gc_put_uint(GC_PUT(at, " mid="), message->mid), " token="));
  if (message->token.len <= 2 * GC_SHOW_LINE_PAYLOAD) {
    gc_out_hex(out, message->token);
  } else { /* an extended token of thousands of bytes: its length tells more */
    gc_out_hex(out, gc_bytes_slice(message->token, 0, GC_SHOW_LINE_PAYLOAD));
    GC_OUT_LITERAL(out, "... (");
    gc_out_uint(out, message->token.len);
    GC_OUT_LITERAL(out, " bytes)");
  }
  if (message->options.len > 0) {
    gc_out_char(out, ' ');
    gc_show_options(out, message->options);
  }
  if (message->payload.len > 0 && decode_is_informative(message)) {
    gc_out_char(out, ' ');
    gc_show_informative_line(out, message->payload);
  } else if (record->ace) {
    gc_out_char(out, ' ');
    gc_show_ace_line(out, record->ace, message->payload, &printer->ace.how);
  } else if (message->payload.len > 0) {
    gc_out_char(out, ' ');
    gc_show_payload(out, message->payload, gc_ace_content_format(message), GC_SHOW_LINE_PAYLOAD);
  }
}

/* What the message says, below it. */
static void print_content(struct decode_printer *printer, const struct decode_record *record, const struct gc_message *message,
                          unsigned indent)
{
  if (record->ace && message == decode_shown_message(record))
    gc_show_ace(printer->out, record->ace, message->payload, indent, &printer->ace.how);
  if (decode_is_informative(message) && message->payload.len > 0)
    gc_show_informative_opened(printer->out, message->payload, record->parts, indent, printer->show_secrets);
}

static void print_tree(struct decode_printer *printer, const struct decode_record *record)
{
  struct gc_out *out = printer->out;
  bool hex = printer->verbose > 2, is_hidden = hex && !printer->show_secrets && decode_holds_secret(record);
  gc_show_tree(out, &record->message, record->datagram, 2, hex && !is_hidden);
  if (is_hidden)
    GC_OUT_LITERAL(out, "    (no hex dump: it holds a secret)\n");
  print_content(printer, record, &record->message, 4);
  if (!record->security || record->security->outcome != DECODE_OPENED)
    return;
  GC_OUT_LITERAL(out, "    inner:\n");
  gc_show_tree(out, &record->security->opened.inner, gc_bytes(NULL, 0), 6, false);
  print_content(printer, record, &record->security->opened.inner, 8);
}

void decode_print(struct decode_printer *printer, const struct decode_record *record)
{
  struct gc_out *out = printer->out;
  bool is_tree = printer->verbose > 0;
  gc_out_uint(out, record->n);
  gc_out_char(out, ' ');
  if (record->has_place) {
    print_time(printer, record);
    uint8_t *at = gc_out_reserve(out, 2 * GC_ADDR_STR_MAX + 8);
    if (!at)
      return;
    *at++ = ' ';
    at = decode_put_address(at, &record->from);
    at = decode_put_address(GC_PUT(at, " \xe2\x86\x92 "), &record->to);
    *at++ = ' ';
    gc_out_advance(out, at);
  }
  if (is_tree) {
    gc_out_str(out, record->has_place ? "frame " : "line ");
    gc_out_uint(out, record->frame);
    if (record->file) {
      GC_OUT_LITERAL(out, " of ");
      gc_out_text(out, gc_bytes_str(record->file));
    }
    GC_OUT_LITERAL(out, ", ");
    gc_out_uint(out, record->datagram.len);
    gc_out_str(out, record->datagram.len == 1 ? " byte" : " bytes");
  } else if (record->is_header_read) {
    print_message(printer, record);
  } else {
    GC_OUT_LITERAL(out, "0x");
    gc_out_hex(out, gc_bytes_slice(record->datagram, 0, GC_SHOW_LINE_PAYLOAD));
  }
  if (record->security && !record->security->lacks_contexts)
    print_security(out, record->security);
  print_pairing(out, record);
  if (record->error)
    print_error(out, record);
  gc_out_char(out, '\n');
  if (is_tree && record->is_header_read)
    print_tree(printer, record);
  else if (is_tree)
    gc_show_hexdump(out, record->datagram, 4);
  gc_out_flush(out);
}
