/* Notifications of a group observation, and its end (draft-ietf-core-observe-multicast-notifications, Sections 4.3 to 4.5, 8.3). */
#include <string.h>

#include "group/server_group.h"
#include "observe/phantom.h"

enum { DEFAULT_MAX_AGE_S = 60, NO_DIVIDER = -1 };

/* --- making them --------------------------------------------------------------------------------------------------- */

bool gc_group_run(struct gc_group_source *source, struct gc_server_exchange *exchange, struct gc_message *message,
                  struct gc_server_response *response, uint64_t now_ms)
{
  const struct gc_group_policy *policy = source->resource->policy;
  struct gc_server *server = source->member->server;
  *response = gc_server_response(server, GC_CODE_INTERNAL_SERVER_ERROR);
  if (gc_phantom_read(message, gc_group_token(source), gc_bytes(policy->phantom, policy->phantom_len), NULL))
    return false;
  /* as if it came from the group (Section 4.1, Step 3) */
  *exchange = (struct gc_server_exchange){ .server = server, .member = source->member, .resource = source->resource, .message = message,
                                           .ref = { .remote = policy->params.group, .local = source->local, .type = GC_TYPE_NON },
                                           .to = source->local, .is_authenticated = source->context != NULL, .is_verified = true,
                                           .is_notification = true, .now_ms = now_ms };
  gc_server_run(exchange, message->code, response, NULL);
  return GC_CODE_CLASS(response->code) == 2 && response->body.len <= gc_block_size(server->params.block_szx);
}

/* Without an ETag: there is no request of the group's clients that it could answer. */
static enum gc_err compose(const struct gc_group_source *source, const struct gc_server_response *response, int64_t observe, int divider,
                           struct gc_bytes *out)
{
  struct gc_server *server = source->member->server;
  struct gc_builder builder = gc_builder_body(server->message, GC_NOTIFICATION_MAX_LEN - (source->context ? GC_OSCORE_GROWTH_MAX : 0), response->code);
  if (observe >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, (uint32_t)observe);
  if (response->content_format >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_CONTENT_FORMAT, (uint32_t)response->content_format);
  if (response->max_age_s >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_MAX_AGE, (uint32_t)response->max_age_s);
  if (divider != NO_DIVIDER)
    gc_builder_add_uint(&builder, GC_OPTION_FEEDBACK_DIVIDER, (uint32_t)divider);
  gc_builder_add_all(&builder, gc_buf_bytes(&response->options->buf));
  if (response->options->err)
    return response->options->err;
  gc_builder_payload(&builder, gc_buf_bytes(&response->body));
  return gc_builder_finish(&builder, out);
}

static bool protect(struct gc_group_source *source, struct gc_bytes *body)
{
  return !source->context || gc_group_seal(source, &source->binding, body) == GC_SEC_OK;
}

static void keep(struct gc_group_source *source, struct gc_bytes body, const struct gc_server_response *response, uint64_t now_ms)
{
  uint64_t max_age_s = response->max_age_s >= 0 ? (uint64_t)response->max_age_s : DEFAULT_MAX_AGE_S;
  if (max_age_s == 0) /* whatever the interval is, never a stream of them */
    max_age_s = 1;
  memcpy(source->latest, body.ptr, body.len);
  source->latest_len = body.len;
  source->refresh_ms = now_ms + max_age_s * 1000 + 1; /* older than that, not as old */
}

bool gc_group_init_notif(struct gc_group_source *source, const struct gc_server_exchange *exchange, const struct gc_server_response *response)
{
  struct gc_bytes body;
  const uint32_t number = gc_member_observe_number(source->member, exchange->now_ms);
  if (compose(source, response, number, NO_DIVIDER, &body) || !protect(source, &body))
    return false;
  keep(source, body, response, exchange->now_ms);
  return true;
}

/* --- sending them -------------------------------------------------------------------------------------------------- */

/* Non-confirmable, with Token T, from the address that the informative responses came from (MN-20). */
static void send(const struct gc_group_source *source, struct gc_bytes body, uint64_t now_ms)
{
  const struct gc_group_observe_params *params = &source->resource->policy->params;
  struct gc_endpoint *endpoint = source->member->endpoint;
  uint8_t bytes[GC_NOTIFICATION_MAX_LEN + 16];
  struct gc_bytes message;
  uint16_t mid;
  if (gc_endpoint_mid(endpoint, &mid, &params->group, now_ms))
    return; /* as good as lost */
  struct gc_builder builder = gc_builder_message(bytes, sizeof bytes, GC_TYPE_NON, body.ptr[0], mid, gc_group_token(source));
  if (builder.err || gc_buf_add(&builder.buf, gc_bytes_slice(body, 1, body.len - 1)))
    return;
  message = gc_buf_bytes(&builder.buf);
  const struct gc_datagram datagram = { .remote = params->group, .local = source->local, .ifindex = params->ifindex, .bytes = message };
  (void)!gc_endpoint_send(endpoint, &datagram, 0, now_ms);
}

static void trace(const struct gc_group_source *source, uint8_t code, size_t answer_len, uint64_t now_ms, const char *phrase)
{
  const struct gc_group_policy *policy = source->resource->policy;
  struct gc_message message;
  if (gc_phantom_read(&message, gc_group_token(source), gc_bytes(policy->phantom, policy->phantom_len), NULL))
    return;
  const struct gc_server_exchange exchange = { .server = source->member->server, .member = source->member, .message = &message,
                                               .ref.remote = policy->params.group, .to = source->local, .now_ms = now_ms };
  gc_server_trace(&exchange, code, answer_len, 0, phrase);
}

/* GET, Observe 1, with Group OSCORE one Sender Sequence Number more: what the cancellation of -05 is bound to (MG-08). */
static bool phantom_cancellation(const struct gc_group_source *source, struct gc_oscore_binding *binding)
{
  uint8_t plain[GC_PHANTOM_MAX_LEN + 1], protected[GC_PHANTOM_MAX_LEN + 1 + GC_OSCORE_GROWTH_MAX];
  struct gc_buf out = gc_buf(protected, sizeof protected);
  struct gc_builder builder = gc_builder_body(plain, sizeof plain, GC_CODE_GET);
  struct gc_bytes body;
  gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, GC_OBSERVE_DEREGISTER);
  for (size_t i = 0; i < source->resource->segment_count; i++)
    gc_builder_add(&builder, GC_OPTION_URI_PATH, source->resource->segments[i]);
  return !gc_builder_finish(&builder, &body) &&
         !gc_oscore_protect_request(source->context, body, &(struct gc_oscore_send){ 0 }, &out, binding);
}

void gc_group_cancel(struct gc_group_source *source, uint64_t now_ms, const char *phrase)
{
  static const uint8_t code[] = { GC_CODE_SERVICE_UNAVAILABLE };
  struct gc_member *member = source->member;
  struct gc_oscore_binding binding = source->binding;
  struct gc_bytes body = gc_bytes(code, sizeof code);
  bool is_ready = true;
  if (source->context) {
    if (source->resource->policy->params.format == GC_OMN_05)
      is_ready = phantom_cancellation(source, &binding);
    is_ready = is_ready && gc_group_seal(source, &binding, &body) == GC_SEC_OK;
  }
  if (is_ready)
    send(source, body, now_ms);
  trace(source, is_ready ? GC_CODE_SERVICE_UNAVAILABLE : 0, 0, now_ms, phrase);
  gc_group_source_free(source);
  gc_member_touch(member);
}

/* --- when ---------------------------------------------------------------------------------------------------------- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

static uint64_t notification_due(const struct gc_group_source *source)
{
  if (source->is_dirty || source->refresh_ms < source->not_before_ms)
    return source->not_before_ms;
  return source->refresh_ms;
}

void gc_group_schedule(struct gc_group_source *source)
{
  const uint64_t due_ms = earlier(notification_due(source), earlier(source->ends_ms, gc_counting_deadline(&source->counting)));
  gc_due_set(source->member->server, &source->due, due_ms);
}

/* The representation is gone: the error is the last word, which tells all clients what it would tell one. A 5.03 has no payload,
 * or it would mean new keys. */
static void last_word(struct gc_group_source *source, struct gc_server_response *response, uint64_t now_ms)
{
  struct gc_bytes body;
  if (response->code == GC_CODE_SERVICE_UNAVAILABLE || response->body.len > gc_block_size(source->member->server->params.block_szx))
    response->body.len = 0;
  if (compose(source, response, -1, NO_DIVIDER, &body) == GC_OK && protect(source, &body))
    send(source, body, now_ms);
  trace(source, response->code, response->body.len, now_ms, "group observation ended");
  gc_group_source_free(source);
}

/* false: it is over, and the source gone */
static bool notify(struct gc_group_source *source, uint64_t now_ms)
{
  const struct gc_group_observe_params *params = &source->resource->policy->params;
  struct gc_server_exchange exchange;
  struct gc_server_response response;
  struct gc_message message;
  struct gc_bytes kept, sent;
  uint8_t asked;
  source->is_dirty = false;
  if (!gc_group_run(source, &exchange, &message, &response, now_ms)) {
    if (GC_CODE_CLASS(response.code) == 2) /* then it is fetched in blocks, by each client for itself */
      gc_group_cancel(source, now_ms, "group observation cancelled: larger than a block");
    else
      last_word(source, &response, now_ms);
    return false;
  }
  const uint32_t number = gc_member_observe_number(source->member, now_ms);
  const int divider = gc_counting_notify(&source->counting, true, now_ms, &asked) ? asked : NO_DIVIDER;
  if (compose(source, &response, number, source->context ? divider : NO_DIVIDER, &kept)) {
    gc_group_cancel(source, now_ms, "group observation cancelled: options too large");
    return false;
  }
  /* one signature and one Partial IV: clients ignore the divider of last_notif (RC-06) */
  if (!protect(source, &kept)) {
    trace(source, 0, 0, now_ms, "group observation ended: it cannot be protected any more");
    gc_group_source_free(source);
    return false;
  }
  keep(source, kept, &response, now_ms);
  sent = kept;
  if (!source->context && divider != NO_DIVIDER && compose(source, &response, number, divider, &sent))
    sent = gc_bytes(source->latest, source->latest_len);
  send(source, sent, now_ms);
  source->not_before_ms = now_ms + params->notify_interval_ms;
  if (source->refresh_ms < source->not_before_ms)
    source->refresh_ms = source->not_before_ms;
  source->member->server->state.group_notifications++;
  trace(source, response.code, response.body.len, now_ms, divider == NO_DIVIDER ? "group notification" : "group notification that asks who is there");
  return true;
}

void gc_group_source_due(struct gc_group_source *source, uint64_t now_ms)
{
  struct gc_member *member = source->member;
  gc_due_set(member->server, &source->due, UINT64_MAX);
  if (now_ms >= source->ends_ms)
    gc_group_cancel(source, now_ms, "group observation cancelled: its time is over");
  else if (gc_counting_tick(&source->counting, now_ms) == GC_COUNTING_CANCEL)
    gc_group_cancel(source, now_ms, "group observation cancelled: too few take part");
  else if (now_ms < notification_due(source) || notify(source, now_ms))
    gc_group_schedule(source);
  gc_member_touch(member);
}

void gc_group_changed(struct gc_member *member, const struct gc_resource *resource, uint64_t now_ms)
{
  (void)now_ms;
  for (struct gc_group_source *source = member->sources; source; source = source->next)
    if (source->resource == resource && !source->is_dirty) {
      source->is_dirty = true;
      gc_group_schedule(source);
    }
}
