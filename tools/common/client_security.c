#include "common/client_security.h"

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
    const bool is_used = i == 0 && !use->without_state && !use->only_receives;
    enum gc_status status = is_used ? gc_context_open_state(context, common->contexts[i], common->strict, 0)
                                    : gc_context_open(context, common->contexts[i], common->strict);
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
  security->peer_len = peer.len;
  security->own = &security->contexts[0];
  enum gc_status status = open_all(security, common, use);
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
  for (size_t i = 0; i < security->count; i++)
    status = gc_status_max(status, gc_context_close(&security->contexts[i]));
  gc_oscore_ring_free(&security->ring);
  free(security->contexts);
  free(security);
  return status;
}

void gc_client_security_apply(const struct gc_client_security *security, struct gc_request *request, struct gc_bytes kid)
{
  if (!security)
    return;
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
