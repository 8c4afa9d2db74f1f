/* Requests of a joining node made and sent, and what comes back kept until it is judged. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "coap/uri.h"
#include "crypto/secret.h"
#include "group/join_internal.h"
#include "iana/options.h"

static enum gc_err put_options(struct gc_bytes *out, const struct gc_join_message *message, uint8_t *room)
{
  struct gc_builder builder = gc_builder_options(room, GC_JOIN_OPTIONS_CAP);
  if (message->server->host)
    gc_builder_add_str(&builder, GC_OPTION_URI_HOST, message->server->host);
  gc_uri_add_path(&builder, GC_OPTION_URI_PATH, gc_bytes_str(message->path ? message->path : message->server->path));
  if (message->subpath)
    gc_uri_add_path(&builder, GC_OPTION_URI_PATH, gc_bytes_str(message->subpath));
  if (message->content_format >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_CONTENT_FORMAT, (uint32_t)message->content_format);
  return gc_builder_finish(&builder, out);
}

static void empty(struct gc_join_record *record)
{
  uint8_t *body = record->body;
  const size_t cap = record->body_cap;
  *record = (struct gc_join_record){ .body = body, .body_cap = cap, .content_format = -1 };
}

static void not_sent(struct gc_join *join, enum gc_err err)
{
  struct gc_join_answer answer = { .err = err };
  if (err == GC_E_SYSTEM)
    gc_join_detail_add(answer.detail, gc_bytes_str(strerror(errno)));
  else
    gc_join_detail_add(answer.detail, gc_bytes_str(gc_err_str(err)));
  gc_join_end_with(join, GC_JOIN_NOT_SENT, &answer);
}

void gc_join_send(struct gc_join *join, struct gc_join_slot *slot, const struct gc_join_message *message, uint64_t now_ms)
{
  uint8_t options[GC_JOIN_OPTIONS_CAP];
  struct gc_request request = {
    .remote = message->server->addr, .ifindex = message->server->ifindex, .code = message->code, .payload = message->payload, .is_con = true,
    .observe = message->observe, .block_szx = 7, .wait_ms = message->observe ? UINT32_MAX : join->params.wait_ms,
    .max_responders = message->observe ? 0 : 1, .max_body_len = GC_JOIN_BODY_MAX_LEN, .context = message->context, .ring = message->ring,
  };
  empty(&slot->record);
  slot->record.is_protected = !message->context;
  slot->is_ended = false;
  enum gc_err err = put_options(&request.options, message, options);
  if (!err)
    err = gc_client_request(join->client, &slot->exchange, &request, slot, now_ms);
  if (err) {
    slot->exchange = NULL;
    not_sent(join, err);
  }
}

/* --- what comes back --------------------------------------------------------------------------------------------------- */

static bool keep_body(struct gc_join_record *record, struct gc_bytes body)
{
  if (body.len > record->body_cap) {
    gc_join_record_free(record);
    record->body = malloc(body.len);
    record->body_cap = record->body ? body.len : 0;
  }
  record->body_len = body.len <= record->body_cap ? body.len : 0;
  if (record->body_len)
    memcpy(record->body, body.ptr, body.len);
  return record->body_len == body.len;
}

/* Location-Path as a path; one that does not fit is left out. */
static void keep_location(struct gc_join_record *record, struct gc_bytes options)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  size_t len = 0;
  record->location[0] = '\0';
  while (gc_option_next(&iter, &option)) {
    if (option.number != GC_OPTION_LOCATION_PATH)
      continue;
    if (len + option.value.len + 2 > sizeof record->location || memchr(option.value.ptr, 0, option.value.len) ||
        memchr(option.value.ptr, '/', option.value.len)) {
      record->location[0] = '\0';
      return;
    }
    record->location[len++] = '/';
    memcpy(record->location + len, option.value.ptr, option.value.len);
    len += option.value.len;
    record->location[len] = '\0';
  }
}

static void keep_message(struct gc_join_record *record, const struct gc_message *message)
{
  uint32_t format;
  record->code = message->code;
  record->content_format = gc_option_find_uint(message->options, GC_OPTION_CONTENT_FORMAT, &format) ? (int32_t)format : -1;
  record->has_max_age = gc_option_find_uint(message->options, GC_OPTION_MAX_AGE, &record->max_age_s);
  keep_location(record, message->options);
  record->has_answer = keep_body(record, message->payload);
  if (!record->has_answer)
    record->silence = "no memory left";
}

bool gc_join_record_event(struct gc_join_slot *slot, const struct gc_client_event *event)
{
  struct gc_join_record *record = &slot->record;
  switch (event->kind) {
  case GC_CLIENT_RESPONSE:
  case GC_CLIENT_NOTIFICATION:
    record->is_protected = record->is_protected || event->security;
    keep_message(record, &event->message);
    return event->kind == GC_CLIENT_NOTIFICATION && record->has_answer;
  case GC_CLIENT_INSECURE:
    if (record->has_answer)
      return false; /* the true answer is there */
    record->result = event->result;
    if (event->result == GC_SEC_NOT_PROTECTED)
      keep_message(record, &event->message);
    return false;
  case GC_CLIENT_RESET:
    record->silence = "it does not speak CoAP, or knows nothing of this";
    return false;
  case GC_CLIENT_TIMEOUT:
    record->silence = "nothing came back";
    return false;
  case GC_CLIENT_INCOMPLETE:
    record->silence = event->phrase;
    return false;
  case GC_CLIENT_UNUSABLE:
    record->silence = "its answer has a critical option that is not understood";
    return false;
  case GC_CLIENT_END:
    slot->exchange = NULL;
    slot->is_ended = true;
    return false;
  default:
    return false;
  }
}

void gc_join_record_free(struct gc_join_record *record)
{
  if (record->body)
    gc_wipe(record->body, record->body_cap);
  free(record->body);
  record->body = NULL;
  record->body_cap = record->body_len = 0;
}
