#include <string.h>

#include "coap/builder.h"
#include "iana/options.h"
#include "oscore/classes.h"
#include "oscore/seal.h"

/* A message to be protected, and what one walk over its options told. */
struct body {
  uint8_t code;
  struct gc_bytes options, payload;
  bool has_observe, has_echo;
  uint32_t observe;
};

static bool split(struct gc_bytes bytes, struct body *body)
{
  struct gc_bytes outside, path, query;
  *body = (struct body){ 0 };
  if (!bytes.len || gc_options_split(&body->options, &body->payload, gc_bytes(bytes.ptr + 1, bytes.len - 1), 1, NULL))
    return false;
  body->code = bytes.ptr[0];
  struct gc_option_iter iter = gc_option_iter(body->options);
  struct gc_option option;
  while (gc_option_next(&iter, &option)) {
    switch (option.number) {
    case GC_OPTION_OSCORE: /* nested protection is a matter of draft-ietf-core-oscore-capable-proxies */
      return false;
    case GC_OPTION_PROXY_URI:
      if (!gc_oscore_split_proxy_uri(option.value, &outside, &path, &query))
        return false;
      break;
    case GC_OPTION_OBSERVE:
      body->has_observe = true;
      if (!gc_uint_decode(option.value, &body->observe))
        body->observe = UINT32_MAX;
      break;
    case GC_OPTION_ECHO:
      body->has_echo = true;
      break;
    default:
      break;
    }
  }
  return true;
}

static uint8_t outer_code(const struct body *body)
{
  if (GC_CODE_IS_REQUEST(body->code))
    return body->has_observe ? GC_CODE(0, 5) : GC_CODE(0, 2);
  return body->has_observe ? GC_CODE(2, 5) : GC_CODE(2, 4);
}

/* Encode the message around the plaintext, which is encrypted where it will lie. */
static enum gc_sec assemble(struct gc_oscore_job *job, const struct body *body, struct gc_oscore_option *option, bool keep_observe,
                            struct gc_buf *out)
{
  static const uint8_t no_signature[GC_SIGNATURE_MAX_LEN];
  uint8_t value[GC_OSCORE_OPTION_MAX_LEN];
  struct gc_buf value_buf = gc_buf(value, sizeof value);
  size_t signature_len = gc_oscore_job_signature_len(job);
  bool in_option = signature_len && job->context->rules->signs_in_option;
  if (job->mode == GC_MODE_GROUP && !signature_len)
    return GC_SEC_MODE;
  if (in_option)
    option->signature = gc_bytes(no_signature, signature_len);
  if (gc_oscore_option_encode(&value_buf, option))
    return GC_SEC_SPACE;
  job->option_value = gc_buf_bytes(&value_buf);

  uint8_t *value_at = NULL;
  struct gc_bytes outer, inner;
  struct gc_builder builder = gc_builder_body(out->ptr, out->cap, outer_code(body));
  gc_oscore_add_outer(&builder, body->options, job->option_value, &value_at);
  if (gc_builder_finish(&builder, &outer) || outer.len == out->cap)
    return GC_SEC_SPACE;
  out->ptr[outer.len] = 0xff;
  uint8_t *text = out->ptr + outer.len + 1;
  size_t room = out->cap - outer.len - 1, extra = gc_oscore_job_tag_len(job) + (in_option ? 0 : signature_len);
  if (room < extra)
    return GC_SEC_SPACE;
  builder = gc_builder_body(text, room - extra, body->code);
  gc_oscore_add_inner(&builder, body->options, !job->is_request && !keep_observe);
  gc_builder_payload(&builder, body->payload);
  if (gc_builder_finish(&builder, &inner))
    return GC_SEC_SPACE;
  uint8_t *signature = in_option ? value_at + job->option_value.len - option->kid.len - signature_len : NULL;
  enum gc_sec result = gc_oscore_seal(job, text, inner.len, signature);
  if (result == GC_SEC_OK)
    out->len = outer.len + 1 + inner.len + extra;
  return result;
}

static void remember(uint8_t *to, uint8_t *len, struct gc_bytes from)
{
  if (from.len)
    memcpy(to, from.ptr, from.len);
  *len = (uint8_t)from.len;
}

/* The key that goes with the mode, for messages of the own Sender ID. */
static enum gc_sec own_key(struct gc_oscore_job *job, struct gc_bytes peer)
{
  struct gc_oscore_context *c = job->context;
  if (!gc_oscore_context_has_mode(c, job->mode))
    return GC_SEC_MODE;
  job->sender_cred = gc_bytes(c->sender_cred, c->sender_cred_len);
  job->key = &c->secret->sender.main;
  if (job->mode != GC_MODE_PAIRWISE)
    return GC_SEC_OK;
  struct gc_oscore_recipient *recipient = gc_oscore_context_find(c, peer);
  if (!recipient)
    return GC_SEC_NO_CREDENTIAL;
  enum gc_sec result = gc_oscore_recipient_ready(c, recipient, true);
  if (result == GC_SEC_OK)
    job->key = &recipient->keys->pairwise_sender;
  return result;
}

enum gc_sec gc_oscore_protect_request(struct gc_oscore_context *context, struct gc_bytes body_bytes, const struct gc_oscore_send *how,
                                      struct gc_buf *out, struct gc_oscore_binding *binding)
{
  struct body body;
  struct gc_oscore_job job = { .context = context, .is_request = true };
  if (!split(body_bytes, &body) || !GC_CODE_IS_REQUEST(body.code))
    return GC_SEC_INPUT;
  if (!context->has_sender)
    return GC_SEC_SILENT;
  job.mode = !context->rules->is_group ? GC_MODE_PLAIN : how->is_pairwise ? GC_MODE_PAIRWISE : GC_MODE_GROUP;
  enum gc_sec result = own_key(&job, how->peer);
  if (result)
    return result;
  uint64_t number;
  result = gc_oscore_next_number(context, &number);
  if (result)
    return result;

  struct gc_oscore_binding b = { .context = context, .sender_generation = context->sender_generation, .mode = (uint8_t)job.mode, .is_own = true };
  b.is_observe = body.has_observe && body.observe == 0;
  b.request_piv_len = (uint8_t)gc_oscore_piv_encode(b.request_piv, number);
  remember(b.request_kid, &b.request_kid_len, gc_oscore_context_sender_id(context));
  remember(b.request_kid_context, &b.request_kid_context_len, gc_oscore_context_id_context(context));
  if (job.mode == GC_MODE_PAIRWISE) {
    b.has_peer = true;
    remember(b.peer, &b.peer_len, how->peer);
  }
  job.request_kid = job.nonce_id = gc_bytes(b.request_kid, b.request_kid_len);
  job.request_piv = job.nonce_piv = gc_bytes(b.request_piv, b.request_piv_len);
  job.request_kid_context = gc_bytes(b.request_kid_context, b.request_kid_context_len);
  struct gc_oscore_option option = {
    .is_group = job.mode == GC_MODE_GROUP,
    .piv = job.request_piv,
    .has_kid = true,
    .kid = job.request_kid,
    .has_kid_context = context->has_id_context,
    .kid_context = job.request_kid_context,
  };
  result = assemble(&job, &body, &option, false, out);
  if (result == GC_SEC_OK)
    *binding = b;
  return result;
}

static enum gc_oscore_mode response_mode(const struct gc_oscore_context *context, const struct gc_oscore_send *how,
                                         const struct gc_oscore_binding *binding)
{
  if (!context->rules->is_group)
    return GC_MODE_PLAIN;
  return how->is_group ? GC_MODE_GROUP : how->as_pairwise ? GC_MODE_PAIRWISE : (enum gc_oscore_mode)binding->mode;
}

static bool is_challenge(const struct body *body)
{
  return body->code == GC_CODE(4, 1) && body->has_echo;
}

/* draft, Sections 5.3.1, 7.3 and 9; RFC 8613, Section 8.3.1. A response to an own (phantom) request would else use key
 * and nonce of the request a second time. */
static bool needs_piv(const struct gc_oscore_context *context, const struct gc_oscore_send *how, const struct gc_oscore_binding *b,
                      const struct body *body)
{
  return how->with_piv || b->responses > 0 || context != b->context || b->sender_generation != context->sender_generation ||
         is_challenge(body) || gc_bytes_equal(gc_bytes(b->request_kid, b->request_kid_len), gc_oscore_context_sender_id(context));
}

enum gc_sec gc_oscore_protect_response(struct gc_oscore_context *context, struct gc_bytes body_bytes, const struct gc_oscore_send *how,
                                       struct gc_oscore_binding *binding, struct gc_buf *out)
{
  struct body body;
  if (!split(body_bytes, &body) || !GC_CODE_IS_RESPONSE(body.code))
    return GC_SEC_INPUT;
  if (!context->has_sender)
    return GC_SEC_SILENT;
  const struct gc_oscore_rules *rules = context->rules;
  struct gc_oscore_job job = { .context = context, .mode = response_mode(context, how, binding) };
  struct gc_bytes request_kid = gc_bytes(binding->request_kid, binding->request_kid_len);
  enum gc_sec result = own_key(&job, binding->has_peer ? gc_bytes(binding->peer, binding->peer_len) : request_kid);
  if (result)
    return result;
  job.request_kid = job.nonce_id = request_kid;
  job.request_piv = job.nonce_piv = gc_bytes(binding->request_piv, binding->request_piv_len);
  job.request_kid_context = gc_bytes(binding->request_kid_context, binding->request_kid_context_len);

  struct gc_bytes sender_id = gc_oscore_context_sender_id(context), id_context = gc_oscore_context_id_context(context);
  bool is_other_gid = rules->is_group && !gc_bytes_equal(id_context, job.request_kid_context);
  struct gc_oscore_option option = {
    .is_group = job.mode == GC_MODE_GROUP,
    .has_kid = rules->kid_in_responses || how->with_kid || context->had_other_id || (rules->is_group && binding->mode == GC_MODE_GROUP) ||
               (rules->is_group && (context != binding->context || binding->sender_generation != context->sender_generation)),
    .has_kid_context = context->has_id_context && (how->with_kid_context || (is_other_gid && binding->told != context)),
  };
  uint8_t piv[GC_PIV_MAX_LEN];
  if (needs_piv(context, how, binding, &body)) {
    uint64_t number;
    result = gc_oscore_next_number(context, &number);
    if (result)
      return result;
    option.piv = gc_bytes(piv, gc_oscore_piv_encode(piv, number));
    job.nonce_piv = option.piv;
    job.nonce_id = sender_id;
  }
  if (option.has_kid)
    option.kid = sender_id;
  if (option.has_kid_context)
    option.kid_context = id_context;
  result = assemble(&job, &body, &option, how->keep_observe, out);
  if (result == GC_SEC_OK) {
    binding->responses++;
    if (option.has_kid_context)
      binding->told = context;
  }
  return result;
}
