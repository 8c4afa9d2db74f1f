/* Protection of a member's messages with OSCORE or Group OSCORE: taken off before a request is looked at, put on just
 * before an answer is sent (RFC 8613, Section 8; draft-ietf-core-oscore-groupcomm, Sections 7 to 9). */
#include <stdlib.h>
#include <string.h>

#include "group/server_internal.h"

enum { CHALLENGES_MAX = 4096, ECHO_LIFETIME_MS = 60000 };

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

/* RFC 8613, Section 8.2: errors of the protection itself are told without protection, and never to a group request. */
static void refuse(struct gc_server_exchange *exchange, enum gc_sec result, const struct gc_oscore_opened *opened)
{
  struct gc_server *server = exchange->server;
  const char *diagnostic;
  uint8_t code;
  server->state.insecure++;
  gc_server_trace(exchange, 0, 0, 0, gc_sec_str(result));
  bool is_old_format = opened->context && gc_oscore_context_profile(opened->context) == GC_OSCORE_GROUP_02; /* silent: -02, Section 4 */
  if (exchange->is_multicast || is_old_format || !gc_sec_error_response(result, &code, &diagnostic)) {
    gc_endpoint_ack(exchange->member->endpoint, &exchange->ref, exchange->now_ms);
    return;
  }
  gc_server_error(exchange, code, diagnostic);
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

/* draft, Section 9: a protected 4.01 with nothing but an Echo option and an own Partial IV. */
static void challenge(struct gc_server_exchange *exchange)
{
  struct gc_server *server = exchange->server;
  struct gc_server_response response = gc_server_response(server, GC_CODE(4, 1));
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
  /* where nothing was sent to this client there is nothing to be echoed: the context may be older than any message */
  bool is_fresh = gc_oscore_echo_check(server->challenged, &opened, &exchange->bound, exchange->now_ms, ECHO_LIFETIME_MS, UINT64_MAX);
  if (!adopt(exchange, &opened.inner, message))
    return false;
  if (result == GC_SEC_WINDOW_INVALID && !is_fresh) {
    challenge(exchange);
    return false;
  }
  return true;
}

/* Answers leave under the newest context of the group (draft, Section 7.3). */
static struct gc_oscore_context *newest(const struct gc_server_exchange *exchange)
{
  struct gc_oscore_context *own = exchange->binding->context;
  struct gc_bytes name = gc_oscore_context_name(own);
  struct gc_oscore_context *context = name.len ? gc_oscore_ring_by_name(exchange->member->ring, name) : NULL;
  return context ? context : own;
}

enum gc_sec gc_server_seal(const struct gc_server_exchange *exchange, struct gc_bytes *body)
{
  struct gc_server *server = exchange->server;
  struct gc_oscore_context *context = newest(exchange);
  const bool is_group_request = exchange->binding->mode == GC_MODE_GROUP;
  struct gc_oscore_send how = { .with_piv = exchange->is_challenge };
  struct gc_buf out = gc_buf(server->sealed, sizeof server->sealed);
  how.as_pairwise = exchange->member->answer_mode == GC_ANSWER_PAIRWISE && is_group_request && gc_oscore_context_has_mode(context, GC_MODE_PAIRWISE);
  how.is_group = exchange->member->answer_mode == GC_ANSWER_GROUP && exchange->binding->mode == GC_MODE_PAIRWISE &&
                 gc_oscore_context_has_mode(context, GC_MODE_GROUP);
  enum gc_sec result = gc_oscore_protect_response(context, *body, &how, exchange->binding, &out);
  if (!result)
    *body = gc_buf_bytes(&out);
  return result;
}
