#include "common/client_security.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

/* Can the context do what was asked? NULL: yes */
static const char *check_mode(const struct gc_client_security *security, bool is_group)
{
  const struct gc_oscore_context *context = security->own->oscore;
  const bool is_plain = gc_oscore_context_profile(context) == GC_OSCORE_PLAIN;
  if (!gc_oscore_context_has_sender(context))
    return "nothing can be sent with this context: it has no \"sender\"";
  if (security->is_pairwise && (is_plain || !gc_oscore_context_has_mode(context, GC_MODE_PAIRWISE)))
    return "--pairwise: this context has no pairwise mode (aead_alg and ecdh_alg)";
  if (security->is_pairwise && !gc_oscore_context_find(context, gc_bytes(security->peer, security->peer_len)))
    return "--pairwise: no member of this context has that Sender ID";
  if (!security->is_pairwise && !is_plain && !gc_oscore_context_has_mode(context, GC_MODE_GROUP))
    return is_group ? "this context has no group mode (group_enc_alg and sign_alg)" : "this context has no group mode: --pairwise ID names the member";
  return NULL;
}

static enum gc_status open_all(struct gc_client_security *security, const struct gc_common *common, const struct gc_client_security_use *use)
{
  for (size_t i = 0; i < common->context_count; i++) {
    struct gc_context *context = &security->contexts[i];
    const bool is_used = i == 0 && !use->only_receives;
    enum gc_status status = use->without_state ? gc_context_open(context, common->contexts[i], common->strict)
                                               : gc_context_open_use(context, common->contexts[i], common->strict, is_used ? 0 : GC_SECURE_READ_ONLY);
    security->count++;
    if (status)
      return status;
    if (gc_oscore_ring_add(security->ring, context->oscore))
      return GC_STATUS_SYSTEM;
  }
  return GC_STATUS_OK;
}

enum gc_status gc_client_security_open(struct gc_client_security **out, const struct gc_common *common, const struct gc_client_security_use *use,
                                       char why[static GC_WHY_LEN])
{
  *out = NULL;
  if (common->context_count == 0)
    return GC_STATUS_OK;
  gc_keep_secrets();
  struct gc_client_security *security = *out = calloc(1, sizeof *security);
  if (!security || !(security->contexts = calloc(common->context_count, sizeof *security->contexts)) ||
      !(security->ring = gc_oscore_ring_new())) {
    snprintf(why, GC_WHY_LEN, "%s", gc_err_str(GC_E_MEMORY));
    return GC_STATUS_SYSTEM;
  }
  struct gc_buf peer = gc_buf(security->peer, sizeof security->peer);
  if (use->pairwise && gc_hex_decode(&peer, use->pairwise, strlen(use->pairwise), NULL)) {
    snprintf(why, GC_WHY_LEN, "--pairwise %.80s: a Sender ID is 0 to %d bytes in hexadecimal", use->pairwise, GC_ID_MAX_LEN);
    return GC_STATUS_USAGE;
  }
  security->is_pairwise = use->pairwise != NULL;
  security->is_strict = common->strict;
  security->only_receives = use->only_receives;
  security->is_read_only = use->without_state || use->only_receives;
  security->peer_len = peer.len;
  security->own = &security->contexts[0];
  enum gc_status status = open_all(security, common, use);
  security->peer_context = security->own->oscore;
  const char *wrong = status || use->only_receives ? NULL : check_mode(security, use->is_group);
  if (!wrong)
    return status;
  snprintf(why, GC_WHY_LEN, "%.200s: %s", security->own->path, wrong);
  return gc_oscore_context_has_sender(security->own->oscore) ? GC_STATUS_USAGE : GC_STATUS_INPUT;
}

enum gc_status gc_client_security_close(struct gc_client_security **pointer)
{
  struct gc_client_security *security = *pointer;
  enum gc_status status = GC_STATUS_OK;
  *pointer = NULL;
  if (!security)
    return status;
  status = gc_context_watch_close(&security->watch);
  for (size_t i = 0; i < security->count; i++)
    status = gc_status_max(status, gc_context_close(&security->contexts[i]));
  gc_oscore_ring_free(&security->ring);
  free(security->contexts);
  free(security);
  return status;
}

/* --- files that change --------------------------------------------------------------------------------------------- */

/* The one member is looked for by its key: its Sender ID may be another one's by now. false: it is not there */
static bool follow_peer(struct gc_client_security *security)
{
  const struct gc_oscore_context *context = security->own->oscore;
  if (!security->is_pairwise)
    return true;
  if (context == security->peer_context)
    return gc_oscore_context_find(context, gc_bytes(security->peer, security->peer_len)) != NULL;
  const struct gc_bytes peer = gc_oscore_id_elsewhere(security->peer_context, gc_bytes(security->peer, security->peer_len), context);
  if (!peer.ptr)
    return false;
  memcpy(security->peer, peer.ptr, peer.len);
  security->peer_len = peer.len;
  return true;
}

/* Another file of -g takes the place of the one that is gone. */
static bool choose_own(struct gc_client_security *security)
{
  for (size_t i = 0; i < security->count && !security->own->oscore; i++) {
    const struct gc_oscore_context *context = security->contexts[i].oscore;
    if (context && (security->only_receives || gc_oscore_context_has_sender(context)))
      security->own = &security->contexts[i];
  }
  return security->own->oscore != NULL;
}

static void on_changed(void *ctx, struct gc_context *context, enum gc_succession_event event)
{
  struct gc_client_security *security = ctx;
  if (event == GC_SUCCESSION_UPDATED && security->ops.updated && !security->is_over)
    security->ops.updated(security->ops.ctx);
  if (event == GC_SUCCESSION_REFUSED || context != security->own || security->is_over)
    return;
  const bool has_own = choose_own(security), has_peer = has_own && follow_peer(security);
  if (!has_peer) {
    gc_error("%s", has_own ? "the member of --pairwise is not in the group any more" : "no security context is left to go on with");
    security->is_over = true;
    security->ops.lost(security->ops.ctx);
    return;
  }
  security->peer_context = security->own->oscore;
  if (security->ops.rekeyed && event != GC_SUCCESSION_UPDATED)
    security->ops.rekeyed(security->ops.ctx, security->own->oscore);
}

static bool on_release(void *ctx, const struct gc_oscore_context *old)
{
  const struct gc_client_security *security = ctx;
  return security->peer_context != old && security->ops.release(security->ops.ctx, old);
}

static enum gc_err begin_watch(struct gc_client_security *security, uint64_t overlap_ms)
{
  const struct gc_context_watch_ops ops = { .changed = on_changed, .release = on_release, .ctx = security };
  enum gc_err err = GC_OK;
  security->watch = gc_context_watch_new(&ops, overlap_ms);
  if (!security->watch)
    return GC_E_MEMORY;
  for (size_t i = 0; i < security->count && !err; i++) {
    const unsigned flags = (i > 0 || security->is_read_only ? GC_SECURE_READ_ONLY : 0) | (security->is_strict ? GC_SECURE_STRICT : 0);
    err = gc_context_watch_add(security->watch, &security->contexts[i], security->ring, flags);
  }
  return err;
}

enum gc_status gc_client_security_watch(struct gc_client_security *security, const struct gc_client_security_ops *ops, uint64_t overlap_ms,
                                        struct gc_loop *loop, char why[static GC_WHY_LEN])
{
  if (!security)
    return GC_STATUS_OK;
  security->ops = *ops;
  enum gc_err err = security->watch ? GC_OK : begin_watch(security, overlap_ms);
  if (!err)
    err = gc_context_watch_start(security->watch, loop);
  if (!err)
    return GC_STATUS_OK;
  snprintf(why, GC_WHY_LEN, "context files cannot be watched: %s", err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
  return GC_STATUS_SYSTEM;
}

void gc_client_security_unwatch(struct gc_client_security *security)
{
  if (security)
    gc_context_watch_stop(security->watch);
}

void gc_client_security_tick(struct gc_client_security *security, uint64_t now_ms)
{
  if (security)
    gc_context_watch_tick(security->watch, now_ms);
}

uint64_t gc_client_security_deadline(const struct gc_client_security *security)
{
  return security ? gc_context_watch_deadline(security->watch) : UINT64_MAX;
}

bool gc_client_security_may_know(const struct gc_client_security *security, const struct gc_oscore_context *context, struct gc_bytes kid)
{
  return security && gc_context_watch_may_know(security->watch, context, kid);
}

/* --- protecting ---------------------------------------------------------------------------------------------------- */

void gc_client_security_apply(const struct gc_client_security *security, struct gc_request *request, struct gc_bytes kid)
{
  if (!security)
    return;
  assert(security->own->oscore); /* without a context the request would go out in the clear */
  request->context = security->own->oscore;
  request->ring = security->ring;
  request->is_pairwise = security->is_pairwise;
  request->peer = gc_bytes(security->peer, security->peer_len);
  if (!security->is_pairwise && kid.ptr && gc_oscore_context_has_mode(request->context, GC_MODE_PAIRWISE)) {
    request->is_pairwise = true;
    request->peer = kid;
  }
}

enum gc_status gc_client_security_explain(enum gc_sec result, char why[static GC_WHY_LEN])
{
  snprintf(why, GC_WHY_LEN, "the request cannot be protected: %s%s%s", gc_sec_str(result), result == GC_SEC_STATE ? ": " : "",
           result == GC_SEC_STATE ? strerror(errno) : "");
  return result == GC_SEC_STATE ? GC_STATUS_SYSTEM : result == GC_SEC_EXHAUSTED || result == GC_SEC_KEY ? GC_STATUS_SECURITY : GC_STATUS_INPUT;
}
