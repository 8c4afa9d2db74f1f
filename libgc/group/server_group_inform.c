/* Informative responses (draft-ietf-core-observe-multicast-notifications, Section 4.2). */
#include <string.h>

#include "coap/no_response.h"
#include "crypto/secret.h"
#include "group/server_group.h"
#include "observe/phantom.h"

#define NOTE_MAX_LEN 256

void gc_group_describe(const struct gc_group_source *source, struct gc_informative *response)
{
  const struct gc_group_observe_params *params = &source->resource->policy->params;
  *response = (struct gc_informative){
    .format = params->format,
    .present = GC_IR_TP_INFO | GC_IR_PH_REQ | GC_IR_LAST_NOTIF,
    .tp_info = { .form = params->form, .server = source->local, .has_details = true, .group = params->group, .token = gc_group_token(source) },
    .ph_req = gc_bytes(source->ph_req, source->ph_req_len),
    .last_notif = gc_bytes(source->latest, source->latest_len),
  };
  response->tp_info.server.zone = 0;
  if (source->ends_ms != UINT64_MAX && params->has_utc) {
    response->present |= GC_IR_ENDING;
    response->ending.number = (params->utc_ms + (int64_t)source->ends_ms) / 1000;
  }
}

/* Is the phantom request what the client has sent (MN-15)? -05 has it always. */
static bool knows_phantom(const struct gc_server_exchange *exchange, const struct gc_group_source *source)
{
  uint8_t store[sizeof source->ph_req];
  struct gc_buf own = gc_buf(store, sizeof store);
  return source->resource->policy->params.format == GC_OMN_CURRENT && !source->context && !exchange->binding &&
         gc_transport_independent_write(&own, exchange->message) == GC_OK &&
         gc_bytes_equal(gc_buf_bytes(&own), gc_bytes(source->ph_req, source->ph_req_len));
}

/* A further parameter, under a text key as MN-18 allows. */
static void add_note(struct gc_informative *response, const char *note, uint8_t store[static NOTE_MAX_LEN])
{
  struct gc_buf buf = gc_buf(store, NOTE_MAX_LEN);
  struct gc_cbor_writer writer = gc_cbor_writer(&buf);
  gc_cbor_str(&writer, "note");
  gc_cbor_str(&writer, note);
  if (gc_cbor_finish(&writer))
    return;
  response->unknown.pairs[0] = gc_buf_bytes(&buf);
  response->unknown.count = 1;
}

/* The payload into the response's body. false: it does not fit */
static bool write_payload(const struct gc_server_exchange *exchange, const struct gc_group_source *source, bool with_last_notif,
                          struct gc_server_response *response)
{
  const struct gc_group_observe_params *params = &source->resource->policy->params;
  struct gc_informative told;
  uint8_t sign_params[16], note[NOTE_MAX_LEN];
  gc_group_describe(source, &told);
  if (!with_last_notif)
    told.present &= ~(uint32_t)GC_IR_LAST_NOTIF;
  if (knows_phantom(exchange, source))
    told.present &= ~(uint32_t)GC_IR_PH_REQ;
  if (source->not_before_ms >= exchange->now_ms + 1000) {
    told.present |= GC_IR_NEXT_NOT_BEFORE;
    told.next_not_before = (source->not_before_ms - exchange->now_ms) / 1000;
  }
  if (params->note && params->format == GC_OMN_CURRENT)
    add_note(&told, params->note, note);
  gc_group_tell_keys(source, exchange->now_ms, &told, sign_params);
  response->body.len = 0;
  return gc_informative_write(&response->body, &told) == GC_OK && (!with_last_notif || response->body.len <= GC_INFORMATIVE_MAX_LEN);
}

/* 5.03 in one message of at most `limit` bytes; what makes it too large is last_notif. */
static enum gc_err compose(struct gc_server_exchange *exchange, const struct gc_group_source *source, size_t limit,
                           struct gc_server_response *response, struct gc_bytes *body)
{
  const uint8_t whole = 6;
  const size_t header = 3u + exchange->ref.token_len;
  *response = gc_server_response(exchange->server, GC_CODE_SERVICE_UNAVAILABLE);
  response->content_format = gc_format_informative_response();
  response->max_age_s = 0; /* an informative response is for this client and this moment */
  exchange->has_block2 = exchange->adds_observe = exchange->adds_block1 = exchange->wants_size2 = false;
  for (unsigned with_last_notif = 2; with_last_notif-- > 0;) {
    if (!write_payload(exchange, source, with_last_notif, response))
      continue;
    const enum gc_err err = gc_server_compose(exchange, response, whole, body);
    if (err != GC_OK || header + body->len <= limit)
      return err;
  }
  return GC_E_LIMIT;
}

/* Keys of a self-managed group were in there. */
static void wipe(struct gc_server *server, const struct gc_server_response *response)
{
  gc_wipe(response->body.ptr, response->body.len);
  gc_wipe(server->message, sizeof server->message);
}

bool gc_group_inform(struct gc_server_exchange *exchange, struct gc_group_source *source)
{
  struct gc_server *server = exchange->server;
  struct gc_server_response response;
  struct gc_bytes body;
  bool is_unwanted = false;
  /* the policy that keeps errors from groups is not for this one; the client's own wish counts */
  (void)gc_server_keeps_back(exchange, GC_CODE_SERVICE_UNAVAILABLE, &is_unwanted);
  const enum gc_err err = is_unwanted ? GC_OK : compose(exchange, source, gc_server_answer_limit(exchange), &response, &body);
  if (err == GC_E_LIMIT) {
    gc_server_challenge(exchange);
    return false;
  }
  if (err != GC_OK) {
    gc_server_suppress(exchange, "no room for the informative response");
    return false;
  }
  gc_server_unobserve(exchange);
  exchange->is_separate = !is_unwanted;
  exchange->cookie = source->id;
  bool is_in = true;
  if (is_unwanted) {
    gc_server_suppress(exchange, "takes part in the group observation, told nothing as it wished");
  } else {
    is_in = gc_server_send_answer(exchange, &response, body, "informed");
    wipe(server, &response);
  }
  if (is_in) {
    gc_counting_add(&source->counting);
    server->state.informed++;
  }
  return is_in;
}

/* false: it stays as it is */
static bool convert(struct gc_observer *observer, struct gc_group_source *source, uint64_t now_ms)
{
  struct gc_server *server = source->member->server;
  struct gc_server_exchange exchange;
  struct gc_server_response response;
  struct gc_message message;
  struct gc_bytes body;
  bool is_unwanted = false;
  if (observer->resource != source->resource || !gc_addr_equal(&observer->ref.local, &source->local) ||
      !gc_observer_restore(&exchange, &message, observer, now_ms) || !gc_group_suits(&exchange) || !gc_group_has_keys(source, &exchange))
    return false;
  (void)gc_server_keeps_back(&exchange, GC_CODE_SERVICE_UNAVAILABLE, &is_unwanted);
  if (is_unwanted || compose(&exchange, source, gc_server_answer_limit(&exchange), &response, &body))
    return false;
  enum gc_sec sealed = exchange.binding ? gc_server_seal(&exchange, &body) : GC_SEC_OK;
  gc_endpoint_cancel(source->member->endpoint, observer->id); /* a notification that is under way would hold it up */
  const bool is_sent = !sealed && gc_observer_send(observer, body, true, source->id, now_ms) == GC_OK;
  wipe(server, &response);
  if (!is_sent)
    return false;
  gc_counting_add(&source->counting);
  server->state.informed++;
  gc_server_trace(&exchange, response.code, response.body.len, 0, "moved over to the group observation");
  return true;
}

void gc_group_convert(struct gc_group_source *source, uint64_t now_ms)
{
  for (struct gc_observer *observer = source->member->observers, *next; observer; observer = next) {
    next = observer->next;
    if (convert(observer, source, now_ms))
      gc_observer_drop(observer);
  }
}
