#include <string.h>

#include "coap/builder.h"
#include "iana/options.h"
#include "oscore/classes.h"
#include "oscore/seal.h"

bool gc_oscore_option_of(const struct gc_message *message, struct gc_bytes *value)
{
  struct gc_option_iter iter = gc_option_iter(message->options);
  struct gc_option option;
  bool is_there = false;
  *value = gc_bytes(NULL, 0);
  while (gc_option_next(&iter, &option) && option.number <= GC_OPTION_OSCORE) {
    if (option.number != GC_OPTION_OSCORE)
      continue;
    *value = is_there ? gc_bytes(NULL, 0) : gc_bytes(option.value.len ? (const void *)option.value.ptr : "", option.value.len);
    is_there = true;
  }
  return is_there;
}

/* Does its kid context name another Security Context? */
static bool is_of_another(const struct gc_oscore_context *context, const struct gc_oscore_option *option)
{
  return option->has_kid_context && (!context->has_id_context || !gc_bytes_equal(option->kid_context, gc_oscore_context_id_context(context)));
}

/* Option and payload of a protected message, as far as they can be judged without keys. */
static enum gc_sec read_outer(const struct gc_oscore_context *c, const struct gc_message *outer, struct gc_oscore_job *job,
                              struct gc_oscore_option *option)
{
  struct gc_bytes value;
  if (!gc_oscore_option_of(outer, &value))
    return GC_SEC_NOT_PROTECTED;
  size_t in_option = c->rules->signs_in_option ? gc_oscore_signature_len(c) : 0;
  if (!value.ptr || value.len > GC_OSCORE_OPTION_MAX_LEN || gc_oscore_option_parse(option, value, in_option, NULL))
    return GC_SEC_BAD_OPTION;
  if (!outer->payload.len) /* RFC 8613, Section 2 */
    return GC_SEC_BAD_OPTION;
  job->option_value = value;
  job->mode = option->is_group ? GC_MODE_GROUP : c->rules->is_group ? GC_MODE_PAIRWISE : GC_MODE_PLAIN;
  if (!gc_oscore_context_has_mode(c, job->mode) || (c->is_checker && job->mode != GC_MODE_GROUP))
    return is_of_another(c, option) ? GC_SEC_NO_CONTEXT : GC_SEC_MODE; /* a signature checker has nothing to judge a pairwise message by */
  if (job->mode == GC_MODE_GROUP && !gc_oscore_job_signature_len(job))
    return GC_SEC_NO_CREDENTIAL; /* EdDSA, and no credential yet says with which curve */
  return GC_SEC_OK;
}

/* Who sent the message: a recipient, or (NULL) the own Sender ID. Sets key and credential for modes without pairwise keys. */
static enum gc_sec find_sender(struct gc_oscore_job *job, struct gc_bytes kid, unsigned flags, struct gc_oscore_recipient **out)
{
  struct gc_oscore_context *c = job->context;
  struct gc_oscore_recipient *r = NULL;
  if (c->has_sender && gc_bytes_equal(kid, gc_oscore_context_sender_id(c))) {
    *out = NULL;
    if (!(flags & GC_OPEN_OWN))
      return GC_SEC_OWN_KID;
    job->sender_cred = gc_bytes(c->sender_cred, c->sender_cred_len);
    job->sender_key = &c->secret->pair.public_key;
    job->key = &c->secret->sender.main;
    return GC_SEC_OK;
  }
  r = gc_oscore_context_find(c, kid);
  struct gc_bytes cred = { NULL, 0 };
  if (!r && c->resolver.resolve && kid.len <= c->max_id_len && c->resolver.resolve(c->resolver.ctx, c, kid, &cred))
    if (gc_oscore_context_add_recipient(c, kid, cred, &r, NULL))
      r = gc_oscore_context_find(c, kid); /* the resolver may have added it by itself */
  *out = r;
  if (!r)
    return c->rules->is_group ? GC_SEC_NO_CREDENTIAL : GC_SEC_NO_CONTEXT;
  if (!(flags & GC_OPEN_NO_REPLAY) && (job->is_request ? r->is_no_requester : r->is_no_responder))
    return GC_SEC_ROLE;
  job->sender_cred = gc_oscore_recipient_cred(r);
  job->sender_key = &r->public_key;
  if (c->is_checker)
    return GC_SEC_OK;
  enum gc_sec result = gc_oscore_recipient_ready(c, r, job->mode == GC_MODE_PAIRWISE);
  job->key = result ? NULL : job->mode == GC_MODE_PAIRWISE ? &r->keys->pairwise_recipient : &r->keys->main;
  return result;
}

/* Unseal, and where asked try what older implementations would have sent. */
static enum gc_sec unseal(struct gc_oscore_job *job, const struct gc_message *outer, const struct gc_oscore_option *option, unsigned flags,
                          struct gc_buf storage, struct gc_oscore_opened *opened)
{
  size_t signature_len = gc_oscore_job_signature_len(job), tag_len = gc_oscore_job_tag_len(job);
  bool in_option = job->context->rules->signs_in_option;
  struct gc_bytes sealed = outer->payload, signature = option->signature;
  if (signature_len && !in_option) {
    if (sealed.len < signature_len)
      return GC_SEC_BAD_PAYLOAD;
    sealed.len -= signature_len;
    signature = gc_bytes(sealed.ptr + sealed.len, signature_len);
  }
  if (sealed.len < tag_len + 1) /* at least the code is encrypted */
    return GC_SEC_BAD_PAYLOAD;
  if (storage.cap < sealed.len)
    return GC_SEC_SPACE;
  enum gc_cose_countersign form = job->context->countersign;
  enum gc_sec result = gc_oscore_unseal(job, sealed, signature, &form, (flags & GC_OPEN_DIAGNOSE) != 0, storage.ptr);
  opened->is_four = form == GC_COUNTERSIGN_FOUR;
  if ((result == GC_SEC_BAD_SIGNATURE || result == GC_SEC_BAD_TAG) && flags & GC_OPEN_DIAGNOSE && job->context->ecdh &&
      job->context->sign_curve == GC_CURVE_P256) {
    job->is_old_p256 = true;
    enum gc_sec old = gc_oscore_unseal(job, sealed, signature, &form, false, storage.ptr);
    if (old == GC_SEC_OK || old == GC_SEC_NOT_DECRYPTED)
      return GC_SEC_OLD_P256;
  }
  opened->is_verified = result == GC_SEC_OK || result == GC_SEC_NOT_DECRYPTED;
  if (result == GC_SEC_OK)
    opened->inner.payload = gc_bytes(storage.ptr, sealed.len - tag_len); /* for now the whole plaintext */
  return result;
}

/* Make a message of the plaintext and what counts of the outer one (RFC 8613, Sections 8.2 and 8.4). */
static enum gc_sec read_plaintext(const struct gc_message *outer, unsigned flags, struct gc_buf storage,
                                  const struct gc_oscore_opened *opened, struct gc_message *inner)
{
  struct gc_bytes text = opened->inner.payload, options, payload;
  bool is_request = GC_CODE_IS_REQUEST(outer->code);
  if (gc_options_split(&options, &payload, gc_bytes(text.ptr + 1, text.len - 1), 1, NULL))
    return GC_SEC_BAD_PLAINTEXT;
  uint8_t code = text.ptr[0];
  if (is_request ? !GC_CODE_IS_REQUEST(code) : !GC_CODE_IS_RESPONSE(code))
    return GC_SEC_BAD_PLAINTEXT;
  *inner = *outer;
  inner->code = code;
  inner->payload = payload;
  inner->options = options;
  bool is_notification = !is_request && gc_option_find(options, GC_OPTION_OBSERVE, NULL);
  if (flags & GC_OPEN_EXACT)
    return GC_SEC_OK;
  if (!is_notification && !gc_oscore_has_outer(outer->options))
    return GC_SEC_OK;
  /* the order of notifications is that of their Partial IVs */
  uint32_t observe = (uint32_t)(gc_oscore_piv_decode(opened->option.piv) & 0xffffff);
  struct gc_builder builder = gc_builder_options(storage.ptr + text.len, storage.cap - text.len);
  if (!gc_oscore_merge(&builder, options, outer->options, is_notification ? &observe : NULL) || gc_builder_finish(&builder, &inner->options))
    return GC_SEC_SPACE;
  return GC_SEC_OK;
}

static void remember(uint8_t *to, uint8_t *len, struct gc_bytes from)
{
  if (from.len)
    memcpy(to, from.ptr, from.len);
  *len = (uint8_t)from.len;
}

static enum gc_sec check_window(const struct gc_oscore_recipient *sender, uint64_t number, unsigned flags)
{
  if (!sender || flags & GC_OPEN_NO_REPLAY)
    return GC_SEC_OK;
  switch (gc_replay_window_check(&sender->window, number)) {
  case GC_REPLAY_NEW:
    return GC_SEC_OK;
  case GC_REPLAY_DUPLICATE:
    return GC_SEC_REPLAY;
  case GC_REPLAY_TOO_OLD:
    return GC_SEC_TOO_OLD;
  default:
    return GC_SEC_WINDOW_INVALID;
  }
}

/* A pairwise request of the own Sender ID does not say for whom it is: the key that opens it tells. */
static enum gc_sec unseal_own_pairwise(struct gc_oscore_job *job, const struct gc_message *outer, const struct gc_oscore_option *option,
                                       unsigned flags, struct gc_buf storage, struct gc_oscore_opened *opened,
                                       struct gc_oscore_recipient **peer)
{
  struct gc_oscore_context *c = job->context;
  for (size_t i = 0; i < c->recipient_count; i++) {
    struct gc_oscore_recipient *r = c->recipients[i];
    if (gc_oscore_recipient_ready(c, r, true))
      continue;
    job->key = &r->keys->pairwise_sender;
    enum gc_sec result = unseal(job, outer, option, flags, storage, opened);
    if (result != GC_SEC_BAD_TAG) {
      *peer = r;
      return result;
    }
  }
  return GC_SEC_BAD_TAG;
}

enum gc_sec gc_oscore_open_request(struct gc_oscore_context *context, const struct gc_message *outer, unsigned flags,
                                   struct gc_buf storage, struct gc_oscore_opened *opened, struct gc_oscore_binding *binding)
{
  struct gc_oscore_job job = { .context = context, .is_request = true };
  struct gc_oscore_option *option = &opened->option;
  *opened = (struct gc_oscore_opened){ .context = context };
  if (context->is_retired)
    return GC_SEC_NO_CONTEXT;
  enum gc_sec result = read_outer(context, outer, &job, option);
  opened->mode = job.mode;
  if (result)
    return result;
  if (!GC_CODE_IS_REQUEST(outer->code) || !option->has_kid || !option->piv.len ||
      (context->rules->kid_context_required && !option->has_kid_context))
    return GC_SEC_BAD_OPTION;
  opened->kid = option->kid;
  opened->piv = option->piv;
  opened->kid_context = option->has_kid_context ? option->kid_context : gc_oscore_context_id_context(context);
  if (is_of_another(context, option))
    return GC_SEC_NO_CONTEXT;
  result = find_sender(&job, option->kid, flags, &opened->sender);
  if (result)
    return result;
  uint64_t number = gc_oscore_piv_decode(option->piv);
  enum gc_sec window = check_window(opened->sender, number, flags);
  if (window && window != GC_SEC_WINDOW_INVALID)
    return window;

  struct gc_oscore_recipient *peer = opened->sender;
  job.request_kid = job.nonce_id = option->kid;
  job.request_piv = job.nonce_piv = option->piv;
  job.request_kid_context = opened->kid_context;
  if (job.mode == GC_MODE_PAIRWISE && !opened->sender)
    result = unseal_own_pairwise(&job, outer, option, flags, storage, opened, &peer);
  else
    result = unseal(&job, outer, option, flags, storage, opened);
  if (result && result != GC_SEC_NOT_DECRYPTED)
    return result;
  if (!result)
    result = read_plaintext(outer, flags, storage, opened, &opened->inner);
  if (result && result != GC_SEC_NOT_DECRYPTED)
    return result;

  struct gc_oscore_binding b = { .context = context, .sender_generation = context->sender_generation, .mode = (uint8_t)job.mode };
  uint32_t observe;
  b.is_own = !opened->sender;
  b.is_observe = !result && gc_option_find_uint(opened->inner.options, GC_OPTION_OBSERVE, &observe) && observe == 0;
  b.has_peer = peer != NULL;
  if (peer)
    remember(b.peer, &b.peer_len, gc_oscore_recipient_id(peer));
  remember(b.request_kid, &b.request_kid_len, option->kid);
  remember(b.request_piv, &b.request_piv_len, option->piv);
  remember(b.request_kid_context, &b.request_kid_context_len, opened->kid_context);
  *binding = b;
  if (result)
    return result;
  if (window)
    return window;
  if (opened->sender && !(flags & GC_OPEN_NO_REPLAY) && gc_replay_window_update(&opened->sender->window, number) != GC_REPLAY_NEW)
    return GC_SEC_REPLAY;
  return GC_SEC_OK;
}

/* Who the other end of a pairwise response is, seen from the sender of the response. */
static enum gc_sec pairwise_response_key(struct gc_oscore_job *job, const struct gc_oscore_binding *binding,
                                         const struct gc_oscore_recipient *sender)
{
  if (sender)
    return binding->is_own ? GC_SEC_OK : GC_SEC_BAD_TAG; /* between two others: their key cannot be known here */
  struct gc_oscore_recipient *peer = gc_oscore_context_find(job->context, gc_bytes(binding->request_kid, binding->request_kid_len));
  if (!peer)
    return GC_SEC_NO_CREDENTIAL;
  enum gc_sec result = gc_oscore_recipient_ready(job->context, peer, true);
  if (!result)
    job->key = &peer->keys->pairwise_sender;
  return result;
}

static enum gc_sec try_response(struct gc_oscore_job *job, const struct gc_message *outer, unsigned flags, struct gc_bytes kid,
                                const struct gc_oscore_binding *binding, struct gc_buf storage, struct gc_oscore_opened *opened)
{
  opened->kid = kid;
  if (!opened->option.piv.len) {
    job->nonce_id = job->request_kid;
    job->nonce_piv = job->request_piv;
  } else {
    job->nonce_id = kid;
    job->nonce_piv = opened->option.piv;
  }
  enum gc_sec result = find_sender(job, kid, flags, &opened->sender);
  if (!result && job->mode == GC_MODE_PAIRWISE)
    result = pairwise_response_key(job, binding, opened->sender);
  return result ? result : unseal(job, outer, &opened->option, flags, storage, opened);
}

/* A response without kid: from the server that was asked; where that is not known (OSCORE), from one of the recipients. */
static enum gc_sec try_without_kid(struct gc_oscore_job *job, const struct gc_message *outer, unsigned flags,
                                   const struct gc_oscore_binding *binding, struct gc_buf storage, struct gc_oscore_opened *opened)
{
  struct gc_oscore_context *c = job->context;
  if (binding->is_own && binding->has_peer)
    return try_response(job, outer, flags, gc_bytes(binding->peer, binding->peer_len), binding, storage, opened);
  if (!binding->is_own)
    return c->has_sender ? try_response(job, outer, flags, gc_oscore_context_sender_id(c), binding, storage, opened) : GC_SEC_NO_CREDENTIAL;
  if (c->rules->is_group)
    return GC_SEC_BAD_OPTION; /* the request was in group mode: the kid must be there (draft, Section 3.2) */
  enum gc_sec result = GC_SEC_NO_CONTEXT;
  for (size_t i = 0; i < c->recipient_count; i++) {
    result = try_response(job, outer, flags, gc_oscore_recipient_id(c->recipients[i]), binding, storage, opened);
    if (result != GC_SEC_BAD_TAG)
      break;
  }
  return result;
}

/* draft, Section 7.4: a response to a pairwise request comes from the intended server, or from one with its public key. */
static bool is_intended(const struct gc_oscore_job *job, const struct gc_oscore_binding *binding, struct gc_bytes kid)
{
  if (!binding->is_own || binding->mode != GC_MODE_PAIRWISE || !binding->has_peer)
    return true;
  struct gc_bytes intended = gc_bytes(binding->peer, binding->peer_len);
  if (job->context == binding->context && gc_bytes_equal(kid, intended))
    return true; /* after a rekeying the ID may be another member's */
  const struct gc_oscore_recipient *a = gc_oscore_context_find(binding->context, intended), *b = gc_oscore_context_find(job->context, kid);
  return a && b && gc_public_key_equal(&a->public_key, &b->public_key);
}

/* Was the binding made with the context of another member of the group (in a decoder), of a request that this one sent? */
static bool is_from_other_side(const struct gc_oscore_context *context, const struct gc_oscore_binding *b)
{
  return context != b->context && !b->is_own && context->has_sender &&
         gc_bytes_equal(gc_bytes(b->request_kid, b->request_kid_len), gc_oscore_context_sender_id(context));
}

enum gc_sec gc_oscore_open_response(struct gc_oscore_context *context, const struct gc_message *outer, unsigned flags,
                                    const struct gc_oscore_binding *made, struct gc_buf storage, struct gc_oscore_opened *opened)
{
  struct gc_oscore_binding turned;
  const struct gc_oscore_binding *binding = made;
  if (is_from_other_side(context, made)) {
    turned = *made;
    turned.is_own = true;
    turned.has_peer = false;
    binding = &turned;
  }
  struct gc_oscore_job job = { .context = context };
  const struct gc_oscore_option *option = &opened->option;
  *opened = (struct gc_oscore_opened){ .context = context };
  if (context->is_retired)
    return GC_SEC_NO_CONTEXT;
  enum gc_sec result = read_outer(context, outer, &job, &opened->option);
  opened->mode = job.mode;
  if (result)
    return result;
  bool is_rekeyed = context->rules->is_group && !gc_bytes_equal(gc_oscore_context_id_context(context),
                                                                gc_bytes(binding->request_kid_context, binding->request_kid_context_len));
  if (!GC_CODE_IS_RESPONSE(outer->code) || (is_rekeyed && !option->piv.len))
    return GC_SEC_BAD_OPTION; /* under another context than the request's there must be a Partial IV (draft, Section 7.3) */
  opened->kid_context = option->has_kid_context ? option->kid_context : gc_oscore_context_id_context(context);
  if (is_of_another(context, option))
    return GC_SEC_NO_CONTEXT;
  job.request_kid = gc_bytes(made->request_kid, made->request_kid_len); /* opened borrows from what the caller has */
  job.request_piv = gc_bytes(made->request_piv, made->request_piv_len);
  job.request_kid_context = gc_bytes(made->request_kid_context, made->request_kid_context_len);
  opened->piv = option->piv.len ? option->piv : job.request_piv;
  if (option->has_kid && !is_intended(&job, binding, option->kid))
    return GC_SEC_WRONG_SERVER;
  if (option->has_kid)
    result = try_response(&job, outer, flags, option->kid, binding, storage, opened);
  else
    result = try_without_kid(&job, outer, flags, binding, storage, opened);
  if (result)
    return result;
  result = read_plaintext(outer, flags, storage, opened, &opened->inner);
  if (!result && gc_option_find(opened->inner.options, GC_OPTION_OBSERVE, NULL) && !binding->is_observe && context->profile == GC_OSCORE_PLAIN)
    return GC_SEC_UNEXPECTED; /* RFC 8613, Section 4.1.3.5.2 */
  return result;
}
