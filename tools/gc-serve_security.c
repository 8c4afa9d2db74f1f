/* The security contexts of the members: the n-th file of -g is the n-th member's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/context_watch.h"
#include "gc-serve.h"
#include "oscore/ring.h"

struct gc_serve_security {
  struct gc_context *contexts;
  size_t context_count;
  struct gc_oscore_ring **rings; /* one a member */
  uint32_t members;
  struct gc_context_watch *watch;
  struct gc_server *server;      /* NULL until the files are watched */
};

/* Answers are protected with the own Sender ID: two members with the same one would use the same nonces. */
static bool is_own_twice(const struct gc_oscore_context *a, const struct gc_oscore_context *b)
{
  return a && b && gc_oscore_context_has_sender(a) && gc_oscore_context_has_sender(b) &&
         gc_bytes_equal(gc_oscore_context_sender_id(a), gc_oscore_context_sender_id(b)) &&
         gc_bytes_equal(gc_oscore_context_id_context(a), gc_oscore_context_id_context(b));
}

static enum gc_status check_own_ids(const struct gc_serve_security *security)
{
  for (size_t i = 0; i < security->context_count; i++)
    for (size_t k = 0; k < i; k++) {
      if (i % security->members != k % security->members && is_own_twice(security->contexts[i].oscore, security->contexts[k].oscore)) {
        gc_error("%s and %s have the same Sender ID in the same group: each member needs its own", security->contexts[k].path,
                 security->contexts[i].path);
        return GC_STATUS_INPUT;
      }
    }
  return GC_STATUS_OK;
}

static enum gc_status open_one(struct gc_serve_security *security, size_t index, const char *path, bool strict)
{
  struct gc_context *context = &security->contexts[index];
  enum gc_status status = gc_context_open_use(context, path, strict, GC_SECURE_WINDOWS);
  security->context_count = index + 1;
  if (!status && gc_secure_context_windows_lost(context->secure))
    gc_info(1, "%s: replay windows were not saved in order; clients must echo first", path);
  if (!status && gc_oscore_ring_add(security->rings[index % security->members], context->oscore)) {
    gc_error("no memory left");
    status = GC_STATUS_SYSTEM;
  }
  return status;
}

enum gc_status gc_serve_security_open(struct gc_serve_security **out, const struct gc_serve_params *params)
{
  const size_t count = params->common.context_count;
  *out = NULL;
  if (count == 0)
    return GC_STATUS_OK;
  if (count % params->members != 0)
    gc_usage("%u members need a context file each (-g, in their order): there are %zu", params->members, count);
  struct gc_serve_security *security = calloc(1, sizeof *security);
  enum gc_status status = security ? GC_STATUS_OK : GC_STATUS_SYSTEM;
  *out = security;
  if (security) {
    gc_keep_secrets();
    security->members = params->members;
    security->contexts = calloc(count, sizeof *security->contexts);
    security->rings = calloc(params->members, sizeof(struct gc_oscore_ring *));
    status = security->contexts && security->rings ? GC_STATUS_OK : GC_STATUS_SYSTEM;
  }
  for (uint32_t i = 0; i < params->members && !status; i++)
    if (!(security->rings[i] = gc_oscore_ring_new()))
      status = GC_STATUS_SYSTEM;
  if (status)
    gc_error("no memory left");
  for (size_t i = 0; i < count && !status; i++)
    status = open_one(security, i, params->common.contexts[i], params->common.strict);
  return status ? status : check_own_ids(security);
}

enum gc_status gc_serve_security_apply(struct gc_serve_security *security, struct gc_member *const *members, enum gc_answer_mode mode)
{
  for (uint32_t i = 0; security && i < security->members; i++)
    if (gc_member_secure(members[i], security->rings[i], mode)) {
      gc_error("no memory left");
      return GC_STATUS_SYSTEM;
    }
  return GC_STATUS_OK;
}

/* --- files that change --------------------------------------------------------------------------------------------- */

static const char *on_object(void *ctx, const struct gc_context *context, const struct gc_oscore_context *fresh)
{
  const struct gc_serve_security *security = ctx;
  const size_t own = (size_t)(context - security->contexts) % security->members;
  for (size_t i = 0; i < security->context_count; i++)
    if (i % security->members != own && is_own_twice(security->contexts[i].oscore, fresh))
      return "another member here has the same Sender ID in the same group: each member needs its own";
  return NULL;
}

static bool on_release(void *ctx, const struct gc_oscore_context *old)
{
  const struct gc_serve_security *security = ctx;
  return gc_server_release(security->server, old);
}

enum gc_status gc_serve_security_watch(struct gc_serve_security *security, struct gc_server *server, struct gc_loop *loop,
                                       const struct gc_serve_params *params)
{
  const struct gc_context_watch_ops ops = { .object = on_object, .release = on_release, .ctx = security };
  const unsigned flags = GC_SECURE_WINDOWS | (params->common.strict ? GC_SECURE_STRICT : 0);
  if (!security)
    return GC_STATUS_OK;
  security->server = server;
  security->watch = gc_context_watch_new(&ops, params->keep_old_ms);
  enum gc_err err = security->watch ? GC_OK : GC_E_MEMORY;
  for (size_t i = 0; i < security->context_count && !err; i++)
    err = gc_context_watch_add(security->watch, &security->contexts[i], security->rings[i % security->members], flags);
  if (!err)
    err = gc_context_watch_start(security->watch, loop);
  if (err)
    gc_error("context files cannot be watched: %s", err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
  return err ? GC_STATUS_SYSTEM : GC_STATUS_OK;
}

uint64_t gc_serve_security_deadline(const struct gc_serve_security *security)
{
  return security ? gc_context_watch_deadline(security->watch) : UINT64_MAX;
}

void gc_serve_security_tick(struct gc_serve_security *security, uint64_t now_ms)
{
  if (security)
    gc_context_watch_tick(security->watch, now_ms);
}

/* --- what there is ------------------------------------------------------------------------------------------------- */

bool gc_serve_security_is_group(const struct gc_serve_security *security)
{
  for (size_t i = 0; security && i < security->context_count; i++)
    if (security->contexts[i].file->profile != GC_PROFILE_OSCORE)
      return true;
  return false;
}

bool gc_serve_security_has_group_mode(const struct gc_serve_security *security)
{
  for (uint32_t member = 0; security && member < security->members; member++) {
    bool has = false;
    for (size_t i = member; i < security->context_count; i += security->members) {
      const struct gc_oscore_context *context = security->contexts[i].oscore;
      has |= gc_oscore_context_has_sender(context) && gc_oscore_context_has_mode(context, GC_MODE_GROUP);
    }
    if (!has)
      return false;
  }
  return security != NULL;
}

enum gc_status gc_serve_security_close(struct gc_serve_security **pointer)
{
  struct gc_serve_security *security = *pointer;
  enum gc_status status = GC_STATUS_OK;
  *pointer = NULL;
  if (!security)
    return status;
  status = gc_context_watch_close(&security->watch);
  for (size_t i = 0; i < security->context_count; i++)
    status = gc_status_max(status, gc_context_close(&security->contexts[i]));
  for (uint32_t i = 0; security->rings && i < security->members; i++)
    gc_oscore_ring_free(&security->rings[i]);
  free(security->rings);
  free(security->contexts);
  free(security);
  return status;
}
