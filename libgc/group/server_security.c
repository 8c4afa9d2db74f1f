/* Protection of a member's messages with OSCORE or Group OSCORE: taken off before a request is looked at, put on just
 * before an answer is sent (RFC 8613, Section 8; draft-ietf-core-oscore-groupcomm, Sections 7 to 9). */
#include <stdlib.h>
#include <string.h>

#include "group/server_group.h"

enum { CHALLENGES_MAX = 4096, ECHO_LIFETIME_MS = 60000, OPTION_LEN = 16 };

enum gc_err gc_member_secure(struct gc_member *member, struct gc_oscore_ring *ring, enum gc_answer_mode mode)
{
  struct gc_server *server = member->server;
  if (!server->challenged && !(server->challenged = gc_oscore_echo_new(CHALLENGES_MAX)))
    return GC_E_MEMORY;
  if (!server->plain)
    server->plain = malloc(GC_OSCORE_STORAGE_LEN(GC_MESSAGE_MAX_LEN) + GC_MESSAGE_MAX_LEN);
  if (!server->plain)
    return GC_E_MEMORY;
  member->ring = ring;
  member->answer_mode = (uint8_t)mode;
  return GC_OK;
}

struct gc_server_peer gc_server_peer_of(const struct gc_server_exchange *exchange)
{
  struct gc_server_peer peer = { 0 };
  const struct gc_oscore_binding *binding = exchange->binding;
  if (!binding)
    return peer;
  peer.context = binding->context;
  peer.kid_len = binding->request_kid_len;
  memcpy(peer.kid, binding->request_kid, sizeof peer.kid);
  return peer;
}

bool gc_server_is_peer(const struct gc_server_peer *peer, const struct gc_server_exchange *exchange)
{
  const struct gc_oscore_binding *binding = exchange->binding;
  if (!peer->context || !binding)
    return !peer->context && !binding;
  return gc_oscore_is_same_member(peer->context, gc_bytes(peer->kid, peer->kid_len), binding->context,
                                  gc_bytes(binding->request_kid, binding->request_kid_len));
}

static bool is_draft_02(const struct gc_oscore_context *context)
{
  return context && gc_oscore_context_profile(context) == GC_OSCORE_GROUP_02;
}

/* RFC 8613, Section 8.2: errors of the protection itself are told without protection, and never to a group request. Nothing
 * else happens: whoever sent it has proved nothing. */
static void refuse(struct gc_server_exchange *exchange, enum gc_sec result, const struct gc_oscore_opened *opened)
{
  struct gc_server *server = exchange->server;
  const char *diagnostic = NULL;
  struct gc_bytes body;
  uint8_t code;
  server->state.insecure++;
  bool is_silent = exchange->is_multicast || is_draft_02(opened->context); /* -02, Section 4 */
  if (!is_silent && gc_sec_error_response(result, &code, &diagnostic)) {
    struct gc_server_response response = gc_server_response(server, code);
    if (diagnostic)
      (void)!gc_buf_add(&response.body, gc_bytes_str(diagnostic));
    if (gc_server_compose(exchange, &response, server->params.block_szx, &body) == GC_OK) {
      gc_server_send_answer(exchange, &response, body, gc_sec_str(result));
      return;
    }
  }
  gc_endpoint_ack(exchange->member->endpoint, &exchange->ref, exchange->now_ms);
  gc_server_trace(exchange, 0, 0, 0, gc_sec_str(result));
}

/* The decrypted request as a datagram of its own: what an observation keeps, and what all further steps look at. */
static bool adopt(struct gc_server_exchange *exchange, const struct gc_message *inner, struct gc_message *message)
{
  uint8_t *room = exchange->server->plain + GC_OSCORE_STORAGE_LEN(GC_MESSAGE_MAX_LEN);
  struct gc_builder builder = gc_builder_message(room, GC_MESSAGE_MAX_LEN, (enum gc_type)inner->type, inner->code, inner->mid, inner->token);
  if (builder.err || gc_buf_add(&builder.buf, inner->options))
    return false;
  gc_builder_payload(&builder, inner->payload);
  if (gc_builder_finish(&builder, &exchange->datagram) || gc_message_parse(message, exchange->datagram, NULL))
    return false;
  exchange->message = message;
  return true;
}

struct gc_oscore_context *gc_member_newest_context(const struct gc_member *member, struct gc_oscore_context *own)
{
  struct gc_bytes name = gc_oscore_context_name(own);
  const bool is_group = gc_oscore_context_profile(own) != GC_OSCORE_PLAIN;
  struct gc_oscore_context *context = is_group && name.len ? gc_oscore_ring_by_name(member->ring, name) : NULL;
  return context ? context : own;
}

static struct gc_oscore_context *newest(const struct gc_server_exchange *exchange)
{
  return gc_member_newest_context(exchange->member, exchange->binding->context);
}

/* draft, Section 9: a protected 4.01 with nothing but an Echo option and an own Partial IV; 4.03 in -02, Appendix E.3. */
static void challenge(struct gc_server_exchange *exchange)
{
  struct gc_server *server = exchange->server;
  struct gc_server_response response = gc_server_response(server, is_draft_02(exchange->bound.context) ? GC_CODE(4, 3) : GC_CODE(4, 1));
  uint8_t value[GC_ECHO_LEN];
  struct gc_bytes body;
  gc_oscore_echo_make(server->challenged, exchange->binding, server->rng, exchange->now_ms, value);
  gc_builder_add(response.options, GC_OPTION_ECHO, gc_bytes(value, sizeof value));
  exchange->is_challenge = true;
  if (gc_server_compose(exchange, &response, server->params.block_szx, &body))
    return;
  server->state.challenges++;
  gc_server_send_answer(exchange, &response, body, "challenged: the replay window is not valid");
}

/* draft, Section 9: the value comes back by unicast, and none counts that was given before the group was rekeyed. A client
 * that was sent none has nothing to echo: its context may be older than any message. */
static bool echoes(struct gc_server_exchange *exchange, const struct gc_oscore_opened *opened)
{
  struct gc_server *server = exchange->server;
  if (exchange->is_multicast || !gc_option_find(opened->inner.options, GC_OPTION_ECHO, NULL))
    return false;
  if (newest(exchange) != exchange->bound.context)
    gc_oscore_echo_drop(server->challenged, exchange->bound.context);
  return gc_oscore_echo_check(server->challenged, opened, &exchange->bound, exchange->now_ms, ECHO_LIFETIME_MS, UINT64_MAX);
}

bool gc_server_open(struct gc_server_exchange *exchange, struct gc_message *message)
{
  struct gc_server *server = exchange->server;
  struct gc_oscore_opened opened;
  const struct gc_buf storage = gc_buf(server->plain, GC_OSCORE_STORAGE_LEN(GC_MESSAGE_MAX_LEN));
  enum gc_sec result = gc_oscore_ring_open_request(exchange->member->ring, exchange->message, 0, storage, &opened, &exchange->bound);
  if (result != GC_SEC_OK && result != GC_SEC_WINDOW_INVALID) {
    refuse(exchange, result, &opened);
    return false;
  }
  exchange->binding = &exchange->bound;
  exchange->is_authenticated = true;
  bool is_fresh = echoes(exchange, &opened);
  if (!adopt(exchange, &opened.inner, message)) {
    gc_endpoint_ack(exchange->member->endpoint, &exchange->ref, exchange->now_ms);
    return false;
  }
  if (result == GC_SEC_OK || is_fresh)
    return true;
  if (is_draft_02(opened.context) && gc_option_find(opened.inner.options, GC_OPTION_ECHO, NULL)) { /* -02, Appendix E.3: silence */
    server->state.insecure++;
    gc_endpoint_ack(exchange->member->endpoint, &exchange->ref, exchange->now_ms);
    gc_server_trace(exchange, 0, 0, 0, "the Echo value is not the one that was sent");
    return false;
  }
  challenge(exchange);
  return false;
}

/* How the answer is protected, by the member's choice and by what the context has. */
static enum gc_oscore_mode answer_mode(const struct gc_server_exchange *exchange, const struct gc_oscore_context *context)
{
  const struct gc_oscore_binding *binding = exchange->binding;
  const struct gc_bytes kid = gc_bytes(binding->request_kid, binding->request_kid_len);
  enum gc_oscore_mode mode = (enum gc_oscore_mode)binding->mode;
  if (gc_oscore_context_profile(context) == GC_OSCORE_PLAIN)
    return GC_MODE_PLAIN;
  if (exchange->member->answer_mode == GC_ANSWER_PAIRWISE && gc_oscore_context_has_mode(context, GC_MODE_PAIRWISE))
    mode = GC_MODE_PAIRWISE;
  if (exchange->member->answer_mode == GC_ANSWER_GROUP && gc_oscore_context_has_mode(context, GC_MODE_GROUP))
    mode = GC_MODE_GROUP;
  /* the client's Sender ID may be another member's by now */
  if (mode == GC_MODE_PAIRWISE && !gc_oscore_is_same_member(binding->context, kid, context, kid))
    mode = GC_MODE_GROUP;
  return mode;
}

size_t gc_server_seal_growth(const struct gc_server_exchange *exchange)
{
  if (!exchange->binding)
    return 0;
  const struct gc_oscore_context *context = newest(exchange);
  const enum gc_oscore_mode mode = answer_mode(exchange, context);
  return gc_oscore_context_has_mode(context, mode) ? gc_oscore_context_overhead(context, mode) + OPTION_LEN : 0;
}

enum gc_sec gc_server_seal(const struct gc_server_exchange *exchange, struct gc_bytes *body)
{
  struct gc_server *server = exchange->server;
  struct gc_oscore_context *context = newest(exchange);
  const enum gc_oscore_mode mode = answer_mode(exchange, context);
  struct gc_oscore_send how = { .with_piv = exchange->is_challenge, .is_group = mode == GC_MODE_GROUP, .as_pairwise = mode == GC_MODE_PAIRWISE };
  struct gc_buf out = gc_buf(server->sealed, sizeof server->sealed);
  enum gc_sec result = gc_oscore_protect_response(context, *body, &how, exchange->binding, &out);
  if (!result)
    *body = gc_buf_bytes(&out);
  return result;
}

/* --- contexts that go ------------------------------------------------------------------------------------------------ */

static bool is_bound(const struct gc_oscore_binding *binding, const struct gc_oscore_context *context)
{
  return binding->context == context || binding->told == context;
}

static bool member_holds(const struct gc_member *member, const struct gc_oscore_context *context)
{
  for (const struct gc_observer *observer = member->observers; observer; observer = observer->next)
    if (observer->peer.context == context || is_bound(&observer->binding, context))
      return true;
  for (const struct gc_group_source *source = member->sources; source; source = source->next)
    if (source->context == context || is_bound(&source->binding, context))
      return true;
  return false;
}

bool gc_server_release(struct gc_server *server, const struct gc_oscore_context *context)
{
  if (server->challenged)
    gc_oscore_echo_drop(server->challenged, context);
  for (size_t i = 0; i < server->member_count; i++)
    if (member_holds(server->members[i], context))
      return false;
  for (const struct gc_transfer *transfer = server->transfers; transfer; transfer = transfer->next)
    if (transfer->peer.context == context)
      return false;
  return true;
}
