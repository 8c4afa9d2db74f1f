/* One protected message and the contexts that may open it. Nothing here changes a context but the pairwise keys in it, which are
 * derived when first needed: pairwise messages are opened by one thread only. */
#include <string.h>

#include "gc-decode_secure.h"
#include "iana/names.h"
#include "iana/options.h"

enum { FLAGS = GC_OPEN_NO_REPLAY | GC_OPEN_OWN | GC_OPEN_DIAGNOSE | GC_OPEN_EXACT };

enum { CANCELLATION_TRIES = 8, LEARNED_TRIES = 4 };

/* The best of several tries. */
struct best {
  unsigned reason;
  struct gc_oscore_opened opened;
  bool is_tried;
};

static struct gc_bytes request_kid(const struct decode_request *request)
{
  return gc_bytes(request->kid, request->kid_len);
}

static bool is_sender(const struct gc_oscore_context *context, struct gc_bytes kid)
{
  return gc_oscore_context_has_sender(context) && gc_bytes_equal(gc_oscore_context_sender_id(context), kid);
}

static bool has_gid(const struct gc_oscore_context *context, struct gc_bytes gid)
{
  return gc_bytes_equal(gc_oscore_context_id_context(context), gid);
}

/* Is the message's format one of this context's profile? */
static bool speaks(const struct gc_oscore_context *context, const struct decode_security *security)
{
  switch (gc_oscore_context_profile(context)) {
  case GC_OSCORE_PLAIN:
    return security->is_option_read && !security->is_02 && !security->option.is_group;
  case GC_OSCORE_GROUP:
    return security->is_option_read && !security->is_02;
  case GC_OSCORE_GROUP_02:
    return security->is_02;
  }
  return false;
}

/* Of the contexts learned that may be meant only the latest are tried: whoever can write to the capture can have sent them, and each
 * costs a signature. */
static bool is_outdated(const struct decode_secure *secure, size_t at, const struct decode_task *task)
{
  const struct decode_context *context = &secure->contexts[at];
  unsigned newer = 0;
  if (gc_oscore_context_profile(context->file.oscore) == GC_OSCORE_PLAIN)
    return false;
  for (size_t i = at + 1; at >= secure->given && i < secure->count; i++) {
    const struct decode_context *other = &secure->contexts[i];
    bool is_same = (task->observation && context->observation == task->observation && other->observation == task->observation) ||
                   has_gid(other->file.oscore, gc_oscore_context_id_context(context->file.oscore));
    newer += is_same && other->since <= task->record.n;
  }
  return newer >= LEARNED_TRIES;
}

static bool is_same_host(struct gc_addr a, struct gc_addr b)
{
  a.port = b.port = 0;
  return gc_addr_equal(&a, &b);
}

/* Ids of associations are short: those of others have the same. */
static bool is_between(const struct decode_context *context, const struct decode_record *record)
{
  const struct gc_addr *client = &context->client, *server = &context->server;
  return !context->has_hosts || !record->has_place || (is_same_host(record->from, *client) && is_same_host(record->to, *server)) ||
         (is_same_host(record->from, *server) && is_same_host(record->to, *client));
}

static bool is_usable(const struct decode_secure *secure, size_t at, const struct decode_task *task)
{
  const struct decode_context *context = &secure->contexts[at];
  return context->since <= task->record.n && is_between(context, &task->record) && !is_outdated(secure, at, task);
}

/* Keep a try; true: it says all. */
static bool keep(struct best *best, enum gc_sec result, const struct gc_oscore_opened *opened)
{
  if (best->is_tried && gc_sec_rank(result) <= gc_sec_rank((enum gc_sec)best->reason))
    return false;
  *best = (struct best){ result, *opened, true };
  return result == GC_SEC_OK || result == GC_SEC_NOT_DECRYPTED;
}

static void conclude(struct decode_security *security, const struct best *best)
{
  security->reason = best->reason;
  security->opened = best->opened;
  switch (best->reason) {
  case GC_SEC_OK:
    security->outcome = DECODE_OPENED;
    break;
  case GC_SEC_NOT_DECRYPTED:
    security->outcome = DECODE_VERIFIED;
    break;
  case GC_SEC_NO_CONTEXT:
  case DECODE_NOT_OURS:
  case DECODE_NEEDS_MEMBER:
    security->outcome = DECODE_UNOPENED;
    break;
  default:
    security->outcome = DECODE_REFUSED;
    break;
  }
}

/* --- requests --------------------------------------------------------------------------------------------------------------- */

static bool fits_request(const struct gc_oscore_context *context, const struct decode_security *security)
{
  const struct gc_oscore_option *option = &security->option;
  if (!speaks(context, security))
    return false;
  if (option->has_kid_context)
    return has_gid(context, option->kid_context);
  return gc_oscore_context_profile(context) == GC_OSCORE_PLAIN && option->has_kid &&
         (is_sender(context, option->kid) || gc_oscore_context_find(context, option->kid));
}

static void open_request(const struct decode_secure *secure, struct decode_task *task)
{
  struct decode_security *security = &task->security;
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  struct best best = { .reason = GC_SEC_NO_CONTEXT };
  for (size_t i = 0; i < secure->count; i++) {
    struct gc_oscore_context *context = secure->contexts[i].file.oscore;
    if (!fits_request(context, security) || !is_usable(secure, i, task))
      continue;
    enum gc_sec result = gc_oscore_open_request(context, &task->record.message, FLAGS, task->storage, &opened, &binding);
    if (secure->contexts[i].is_checker && result == GC_SEC_MODE) {
      if (!best.is_tried)
        best.reason = DECODE_NEEDS_MEMBER;
      continue;
    }
    bool is_end = keep(&best, result, &opened);
    if (result == GC_SEC_OK && opened.mode == GC_MODE_PAIRWISE) {
      struct gc_bytes target = binding.is_own ? gc_bytes(binding.peer, binding.peer_len) : gc_oscore_context_sender_id(context);
      task->request.has_target = true;
      task->request.target_len = (uint8_t)target.len;
      if (target.len)
        memcpy(task->request.target, target.ptr, target.len);
    }
    if (result == GC_SEC_OK && opened.mode == GC_MODE_PLAIN)
      task->request.context = (int)i;
    if (is_end)
      break;
  }
  conclude(security, &best);
}

/* --- responses --------------------------------------------------------------------------------------------------------------- */

static bool fits_response(const struct decode_secure *secure, size_t i, const struct decode_task *task, const struct gc_oscore_context *base)
{
  const struct gc_oscore_context *context = secure->contexts[i].file.oscore;
  const struct decode_request *request = &task->request;
  const struct gc_oscore_option *option = &task->security.option;
  if (!speaks(context, &task->security) || !is_usable(secure, i, task))
    return false;
  if (gc_oscore_context_profile(context) == GC_OSCORE_PLAIN) {
    if (request->context >= 0)
      return request->context == (int)i;
    if (request->has_gid && !has_gid(context, gc_bytes(request->gid, request->gid_len)))
      return false;
    return is_sender(context, request_kid(request)) || gc_oscore_context_find(context, request_kid(request));
  }
  if (!request->has_gid || (option->has_kid_context && !has_gid(context, option->kid_context)))
    return false;
  if (has_gid(context, gc_bytes(request->gid, request->gid_len)))
    return true;
  if (task->observation && secure->contexts[i].observation == task->observation) /* the keys that came after */
    return true;
  /* rekeyed between request and response: another context of the same group */
  struct gc_bytes name = gc_oscore_context_name(context);
  return base && name.len && gc_bytes_equal(gc_oscore_context_name(base), name);
}

/* A context with the request's Gid. */
static struct gc_oscore_context *base_of(const struct decode_secure *secure, const struct decode_request *request)
{
  for (size_t i = 0; i < secure->count && request->has_gid; i++)
    if (has_gid(secure->contexts[i].file.oscore, gc_bytes(request->gid, request->gid_len)))
      return secure->contexts[i].file.oscore;
  return NULL;
}

/* The request as this context sees it. */
static struct gc_oscore_binding bind(struct gc_oscore_context *context, struct gc_oscore_context *base, const struct decode_request *request)
{
  bool is_same = !base || has_gid(context, gc_bytes(request->gid, request->gid_len));
  struct gc_oscore_binding binding = { .context = is_same ? context : base, .mode = request->mode, .is_observe = request->is_observe };
  binding.is_own = is_sender(context, request_kid(request));
  memcpy(binding.request_kid, request->kid, binding.request_kid_len = request->kid_len);
  memcpy(binding.request_piv, request->piv, binding.request_piv_len = request->piv_len);
  memcpy(binding.request_kid_context, request->gid, binding.request_kid_context_len = request->gid_len);
  if (binding.is_own && request->has_target) {
    binding.has_peer = true;
    memcpy(binding.peer, request->target, binding.peer_len = request->target_len);
  }
  return binding;
}

/* Pairwise, and neither from nor to the member whose context this is: nobody but those two can open it. */
static bool is_between_others(const struct gc_oscore_context *context, const struct decode_task *task)
{
  const struct gc_oscore_option *option = &task->security.option;
  const struct decode_request *request = &task->request;
  if (gc_oscore_context_profile(context) != GC_OSCORE_GROUP || option->is_group || is_sender(context, request_kid(request)))
    return false;
  if (option->has_kid)
    return !is_sender(context, option->kid);
  return !gc_oscore_context_has_sender(context) ||
         (request->has_target && !is_sender(context, gc_bytes(request->target, request->target_len)));
}

/* What is in effect but not in the message borrows from the binding, which ends with the try. */
static void borrow_from_task(struct decode_task *task)
{
  struct gc_oscore_opened *opened = &task->security.opened;
  if (!opened->option.piv.len)
    opened->piv = gc_bytes(task->request.piv, task->request.piv_len);
  if (!opened->option.has_kid && opened->context && opened->kid.ptr)
    opened->kid = opened->sender ? gc_oscore_recipient_id(opened->sender) : gc_oscore_context_sender_id(opened->context);
}

static void open_response(const struct decode_secure *secure, struct decode_task *task)
{
  struct decode_security *security = &task->security;
  struct gc_oscore_opened opened;
  struct best best = { .reason = GC_SEC_NO_CONTEXT };
  struct gc_oscore_context *base = base_of(secure, &task->request);
  for (size_t i = 0; i < secure->count; i++) {
    struct gc_oscore_context *context = secure->contexts[i].file.oscore;
    if (!fits_response(secure, i, task, base))
      continue;
    if (is_between_others(context, task)) {
      if (!best.is_tried && best.reason != DECODE_NOT_OURS)
        best.reason = secure->contexts[i].is_checker ? DECODE_NEEDS_MEMBER : DECODE_NOT_OURS;
      continue;
    }
    const struct gc_oscore_binding binding = bind(context, base, &task->request);
    if (keep(&best, gc_oscore_open_response(context, &task->record.message, FLAGS, &binding, task->storage, &opened), &opened))
      break;
  }
  conclude(security, &best);
  borrow_from_task(task);
}

static bool is_cancellation(const struct gc_message *inner)
{
  return inner->code == GC_CODE_SERVICE_UNAVAILABLE && !gc_option_find(inner->options, GC_OPTION_OBSERVE, NULL);
}

/* In -05 a cancellation answers a phantom cancellation request, which is never sent: it took a Partial IV between that of the last
 * notification and the cancellation's own, usually the one before. */
static void open_cancellation_05(const struct decode_secure *secure, struct decode_task *task)
{
  const struct decode_task failed = *task;
  const uint64_t own = gc_oscore_piv_decode(task->security.option.piv);
  const uint64_t first = gc_oscore_piv_decode(gc_bytes(task->request.piv, task->request.piv_len));
  for (uint64_t back = 1; back <= CANCELLATION_TRIES && own > first + back; back++) {
    *task = failed;
    task->request.piv_len = (uint8_t)gc_oscore_piv_encode(task->request.piv, own - back);
    open_response(secure, task);
    const struct decode_security *security = &task->security;
    task->security.is_05_cancellation = true;
    if (security->outcome == DECODE_VERIFIED || (security->outcome == DECODE_OPENED && is_cancellation(&security->opened.inner)))
      return;
  }
  *task = failed;
}

void decode_open(const struct decode_secure *secure, struct decode_task *task)
{
  const struct gc_message *message = &task->record.message;
  if (GC_CODE_IS_REQUEST(message->code)) {
    open_request(secure, task);
    return;
  }
  open_response(secure, task);
  if (task->observation && task->security.outcome == DECODE_REFUSED && task->security.option.piv.len &&
      (task->security.reason == GC_SEC_BAD_SIGNATURE || task->security.reason == GC_SEC_BAD_TAG) &&
      !gc_option_find(message->options, GC_OPTION_OBSERVE, NULL))
    open_cancellation_05(secure, task);
}
