/* JSON: one object a message, with the keys of the CLI contract and what pairing adds. */
#include "common/put.h"
#include "common/show.h"
#include "common/show_informative.h"
#include "gc-decode.h"

static void json_relation(struct gc_out *out, const char *key, uint64_t n)
{
  if (n)
    gc_json_uint(out, key, n);
}

/* The seconds change rarely: their digits are kept. */
static uint8_t *put_time(uint8_t *at, uint64_t wall_us)
{
  static uint64_t seconds = UINT64_MAX;
  static uint8_t text[24];
  static size_t len;
  if (seconds != wall_us / 1000000) {
    seconds = wall_us / 1000000;
    len = (size_t)(gc_put_uint(text, seconds) - text);
    text[len++] = '.';
  }
  return gc_put_micros(gc_put_bytes(at, text, len), (uint32_t)(wall_us - seconds * 1000000));
}

static const char *profile_of(const struct decode_security *security)
{
  static const char *const names[] = { "oscore", "group-oscore", "group-oscore-02" };
  if (security->opened.context)
    return names[gc_oscore_context_profile(security->opened.context)];
  return security->is_02 ? names[GC_OSCORE_GROUP_02] : security->option.is_group ? names[GC_OSCORE_GROUP] : NULL;
}

/* What the message says, beside its payload. */
static void json_content(const struct decode_printer *printer, const struct decode_record *record, const struct gc_message *message)
{
  if (record->ace && message == decode_shown_message(record))
    gc_json_ace(printer->out, "ace", record->ace, message->payload, &printer->ace.how);
  if (decode_is_informative(message) && message->payload.len)
    gc_json_informative_opened(printer->out, "informative", message->payload, record->parts, printer->show_secrets);
}

static void json_phantom(struct gc_out *out, const struct decode_record *record)
{
  const char *key = GC_CODE_IS_REQUEST(record->message.code) ? "confirms" : "phantom";
  if (record->phantom_file)
    gc_json_str(out, key, record->phantom_file);
  else
    json_relation(out, key, record->phantom);
}

static void json_security(const struct decode_printer *printer, const struct decode_record *record)
{
  struct gc_out *out = printer->out;
  const struct decode_security *security = record->security;
  const struct gc_oscore_opened *opened = &security->opened;
  const char *profile = profile_of(security);
  char error[200];
  bool is_verified = security->outcome <= DECODE_VERIFIED;
  gc_json_object(out, "security");
  if (profile)
    gc_json_str(out, "profile", profile);
  if (opened->context || security->option.is_group)
    gc_json_str(out, "mode", gc_oscore_mode_name(opened->context ? opened->mode : GC_MODE_GROUP));
  if (security->gid.ptr)
    gc_json_hex(out, "gid", security->gid);
  if (security->kid.ptr)
    gc_json_hex(out, "kid", security->kid);
  if (security->piv.len)
    gc_json_hex(out, "piv", security->piv);
  if (is_verified && decode_security_subject(security).len)
    gc_json_text(out, "subject", decode_security_subject(security));
  gc_json_bool(out, "verified", is_verified);
  if (security->outcome != DECODE_OPENED) {
    gc_json_str(out, "error", decode_security_error(error, security));
    gc_json_str(out, "reason", decode_reason_name(security->reason));
  }
  gc_json_end(out);
  if (security->outcome != DECODE_OPENED)
    return;
  const struct gc_message *inner = &opened->inner;
  gc_json_object(out, "inner");
  gc_json_str(out, "code", gc_show_code_number(inner->code));
  gc_json_options(out, "options", inner->options);
  if (inner->payload.len)
    gc_json_payload(out, "payload", inner->payload, gc_ace_content_format(inner));
  json_content(printer, record, inner);
  gc_json_end(out);
}

void decode_json(struct decode_printer *printer, const struct decode_record *record)
{
  struct gc_out *out = printer->out;
  gc_json_object(out, NULL);
  gc_json_comma(out);
  uint8_t *at = gc_out_reserve(out, 512);
  if (!at)
    return;
  at = gc_put_uint(GC_PUT(at, "\"n\":"), record->n);
  if (record->has_place) {
    at = put_time(GC_PUT(at, ",\"ts\":"), record->wall_us);
    at = decode_put_address(GC_PUT(at, ",\"src\":\""), &record->from);
    at = decode_put_address(GC_PUT(at, "\",\"dst\":\""), &record->to);
    *at++ = '"';
  }
  gc_out_advance(out, at);
  if (record->is_header_read)
    gc_json_message(out, &record->message);
  if (record->is_header_read)
    json_content(printer, record, &record->message);
  if (record->security)
    json_security(printer, record);
  if (record->request && (at = gc_out_reserve(out, 64)))
    gc_out_advance(out, gc_put_uint(GC_PUT(at, ",\"request\":"), record->request));
  json_relation(out, "acknowledges", record->acknowledges);
  json_relation(out, "rejects", record->resets);
  if (record->has_place && (record->request | record->acknowledges | record->resets) && (at = gc_out_reserve(out, 64)))
    gc_out_advance(out, gc_put_fixed(GC_PUT(at, ",\"rtt_ms\":"), record->rtt_us, 3));
  if (record->is_other_address)
    gc_json_bool(out, "other_address", true);
  json_relation(out, "duplicate_of", record->duplicate_of);
  json_phantom(out, record);
  if (record->error) {
    gc_json_str(out, "error", record->error);
    gc_json_uint(out, "offset", record->error_at);
    if (printer->show_secrets || !decode_holds_secret(record))
      gc_json_hex(out, "datagram", record->datagram);
  }
  if ((at = gc_out_reserve(out, 64)))
    gc_out_advance(out, gc_put_uint(record->has_place ? GC_PUT(at, ",\"frame\":") : GC_PUT(at, ",\"line\":"), record->frame));
  if (record->file)
    gc_json_str(out, "file", record->file);
  gc_json_end(out);
  gc_out_flush(out);
}
