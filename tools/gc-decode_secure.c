/* Protected messages: which contexts there are, what a response is bound to, what has been seen before. */
#include "gc-decode_secure.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "gc-decode_phantom.h"
#include "iana/options.h"
#include "observe/self_managed.h"

static bool is_same_group(const struct gc_context_file *a, const struct gc_context_file *b)
{
  return a->profile == b->profile && gc_bytes_equal(a->gid, b->gid) && gc_bytes_equal(a->master_secret, b->master_secret) &&
         gc_bytes_equal(a->master_salt, b->master_salt) && gc_bytes_equal(a->signature_encryption_key, b->signature_encryption_key);
}

static void find_group(struct decode_secure *secure, size_t at)
{
  size_t first = 0;
  while (!is_same_group(secure->contexts[first].file.file, secure->contexts[at].file.file))
    first++;
  secure->contexts[at].group = (int)first;
}

/* Members' contexts come first: what one of them decrypts need not be only verified. */
static void put_checkers_last(struct decode_secure *secure, struct decode_context *scratch)
{
  size_t used = 0;
  for (int checkers = 0; checkers < 2; checkers++)
    for (size_t i = 0; i < secure->count; i++)
      if (secure->contexts[i].is_checker == (checkers != 0))
        scratch[used++] = secure->contexts[i];
  memcpy(secure->contexts, scratch, secure->count * sizeof *scratch);
}

static enum gc_status read_contexts(struct decode_secure *secure, const struct gc_common *common)
{
  for (size_t i = 0; i < common->context_count; i++) {
    struct decode_context *context = &secure->contexts[secure->count++];
    enum gc_status status = gc_context_open(&context->file, common->contexts[i], common->strict);
    if (status)
      return status;
    context->is_checker = context->file.file->master_secret.len == 0;
    if (gc_oscore_context_prepare_group(context->file.oscore)) {
      gc_error("out of memory");
      return GC_STATUS_SYSTEM;
    }
  }
  return GC_STATUS_OK;
}

struct decode_secure *decode_secure_new(const struct decode_params *params, enum gc_status *status)
{
  const struct gc_common *common = &params->common;
  struct decode_secure *secure = calloc(1, sizeof *secure);
  struct decode_context *scratch = calloc(common->context_count + 1, sizeof *scratch);
  gc_keep_secrets();
  if (secure && scratch) {
    secure->contexts = calloc(common->context_count + DECODE_LEARNED, sizeof *secure->contexts);
    secure->seen = decode_seen_new();
    secure->storage = malloc(GC_OSCORE_STORAGE_LEN(GC_MESSAGE_MAX_LEN));
  }
  *status = GC_STATUS_SYSTEM;
  if (secure && secure->contexts && secure->seen && secure->storage && scratch)
    *status = read_contexts(secure, common);
  else
    gc_error("out of memory");
  if (*status) {
    decode_secure_free(&secure);
  } else {
    put_checkers_last(secure, scratch);
    secure->given = secure->count;
    for (size_t i = 0; i < secure->count; i++)
      find_group(secure, i);
  }
  free(scratch);
  return secure;
}

static void close_context(struct decode_context *context)
{
  if (!context->file.file)
    gc_oscore_context_free(&context->file.oscore);
  gc_context_close(&context->file);
  gc_secret_free(&context->material);
}

void decode_secure_free(struct decode_secure **secure)
{
  struct decode_secure *s = *secure;
  if (!s)
    return;
  for (size_t i = 0; i < s->count; i++)
    close_context(&s->contexts[i]);
  free(s->contexts);
  if (s->seen)
    decode_seen_free(&s->seen);
  free(s->storage);
  free(s);
  *secure = NULL;
}

/* --- contexts that are learned -------------------------------------------------------------------------------------------------- */

/* One after the other. */
static uint8_t *material_of(const struct gc_bytes *parts, size_t count, size_t *len)
{
  size_t at = 0;
  *len = 0;
  for (size_t i = 0; i < count; i++)
    *len += parts[i].len;
  uint8_t *material = gc_crypto_init() ? NULL : gc_secret_new(*len);
  for (size_t i = 0; material && i < count; i++) {
    if (parts[i].len)
      memcpy(material + at, parts[i].ptr, parts[i].len);
    at += parts[i].len;
  }
  return material;
}

static bool is_learned(struct decode_secure *secure, const uint8_t *material, size_t len, uint64_t since)
{
  for (size_t i = secure->given; i < secure->count; i++) {
    struct decode_context *context = &secure->contexts[i];
    if (context->material_len == len && gc_secret_equal(context->material, material, len)) {
      if (since < context->since)
        context->since = since;
      return true;
    }
  }
  return false;
}

enum gc_err decode_secure_wants(struct decode_secure *secure, const struct gc_bytes *parts, size_t count, uint64_t since)
{
  size_t len;
  uint8_t *material = material_of(parts, count, &len);
  enum gc_err err = !material                                         ? GC_E_MEMORY
                    : is_learned(secure, material, len, since)        ? GC_E_EXISTS
                    : secure->count == secure->given + DECODE_LEARNED ? GC_E_LIMIT
                                                                      : GC_OK;
  gc_secret_free(&material);
  return err;
}

enum gc_err decode_secure_add(struct decode_secure *secure, struct gc_oscore_context **context, const struct gc_bytes *parts, size_t count,
                              uint64_t since, uint64_t observation)
{
  size_t len;
  uint8_t *material = material_of(parts, count, &len);
  enum gc_err err = !material                                         ? GC_E_MEMORY
                    : secure->count == secure->given + DECODE_LEARNED ? GC_E_LIMIT
                                                                      : gc_oscore_context_prepare_group(*context);
  if (err) {
    gc_secret_free(&material);
    return err;
  }
  secure->contexts[secure->count] = (struct decode_context){ .group = (int)secure->count, .since = since, .observation = observation,
                                                             .material = material, .material_len = len };
  secure->contexts[secure->count++].file.oscore = *context;
  *context = NULL;
  return GC_OK;
}

void decode_secure_learn(struct decode_secure *secure, const struct gc_informative *response, uint64_t since, uint64_t observation)
{
  const struct gc_bytes parts[] = { response->gp_material, response->srv_cred, response->srv_identifier };
  const char *why = NULL;
  struct gc_oscore_context *oscore = NULL;
  enum gc_err err = decode_secure_wants(secure, parts, sizeof parts / sizeof parts[0], since);
  if (!err)
    err = gc_self_managed_open(&oscore, response, &why);
  if (!err)
    err = decode_secure_add(secure, &oscore, parts, sizeof parts / sizeof parts[0], since, observation);
  if (err && err != GC_E_EXISTS)
    gc_info(1, "keying material of an informative response not used: %s", why ? why : gc_err_str(err));
  gc_oscore_context_free(&oscore);
}

/* --- before it is opened -------------------------------------------------------------------------------------------------------- */

void decode_request_read(struct decode_request *request, const struct gc_oscore_option *option, uint64_t n, bool is_observe)
{
  if (!option->has_kid || option->kid.len > GC_ID_MAX_LEN || !option->piv.len || option->kid_context.len > GC_ID_CONTEXT_MAX_LEN)
    return;
  request->n = n;
  request->mode = option->is_group ? GC_MODE_GROUP : GC_MODE_PAIRWISE;
  request->has_gid = option->has_kid_context;
  if (option->kid.len)
    memcpy(request->kid, option->kid.ptr, option->kid.len);
  request->kid_len = (uint8_t)option->kid.len;
  memcpy(request->piv, option->piv.ptr, option->piv.len);
  request->piv_len = (uint8_t)option->piv.len;
  if (option->kid_context.len)
    memcpy(request->gid, option->kid_context.ptr, option->kid_context.len);
  request->gid_len = (uint8_t)option->kid_context.len;
  request->is_observe = is_observe;
}

static void read_request(struct decode_task *task)
{
  uint32_t observe;
  bool is_observe = gc_option_find_uint(task->record.message.options, GC_OPTION_OBSERVE, &observe) && observe == 0;
  decode_request_read(&task->request, &task->security.option, task->record.n, is_observe);
}

static bool knows_gid(const struct decode_secure *secure, struct gc_bytes gid, uint64_t n)
{
  for (size_t i = 0; i < secure->count; i++)
    if (secure->contexts[i].since <= n && gc_bytes_equal(gc_oscore_context_id_context(secure->contexts[i].file.oscore), gid))
      return true;
  return false;
}

static void refuse(struct decode_security *security, enum decode_outcome outcome, unsigned reason)
{
  security->outcome = outcome;
  security->reason = reason;
}

/* The phantom request that a notification answers. */
static const struct decode_request *phantom_of(struct decode_secure *secure, struct decode_task *task)
{
  const struct decode_phantom *phantom = secure->phantoms ? decode_phantoms_find(secure->phantoms, &task->record) : NULL;
  if (!phantom || !phantom->request.piv_len)
    return NULL;
  task->observation = phantom->id;
  return &phantom->request;
}

/* Ids that are known without opening; false: it cannot be tried, and the reason is set. */
static bool prepare(struct decode_secure *secure, struct decode_task *task)
{
  struct decode_security *security = &task->security;
  const struct gc_oscore_option *option = &security->option;
  bool is_request = GC_CODE_IS_REQUEST(task->record.message.code);
  task->request.context = -1;
  if (task->record.error)
    return refuse(security, DECODE_UNOPENED, DECODE_DAMAGED), false;
  if (!security->is_option_read)
    return refuse(security, DECODE_REFUSED, GC_SEC_BAD_OPTION), false;
  if (is_request) {
    read_request(task);
    security->is_gid_known = option->has_kid_context && knows_gid(secure, option->kid_context, task->record.n);
    return true;
  }
  const struct decode_request *request = task->record.request ? decode_seen_request(secure->seen, task->record.request)
                                                              : phantom_of(secure, task);
  if (!request) {
    security->is_gid_known = option->has_kid_context && knows_gid(secure, option->kid_context, task->record.n);
    if (option->has_kid_context && !security->is_gid_known)
      return refuse(security, DECODE_UNOPENED, GC_SEC_NO_CONTEXT), false;
    if (!option->has_kid_context && !secure->given) /* nobody has claimed to have its keys */
      return refuse(security, DECODE_UNOPENED, GC_SEC_NO_CONTEXT), false;
    return refuse(security, DECODE_REFUSED, GC_SEC_NO_REQUEST), false;
  }
  task->request = *request;
  if (!option->has_kid && request->has_target)
    security->kid = gc_bytes(task->request.target, request->target_len);
  if (!option->piv.len)
    security->piv = gc_bytes(task->request.piv, request->piv_len);
  if (!security->gid.ptr && request->has_gid)
    security->gid = gc_bytes(task->request.gid, request->gid_len);
  security->is_gid_known = security->gid.ptr && knows_gid(secure, security->gid, task->record.n);
  return true;
}

void decode_task_init(struct decode_task *task, struct gc_buf storage)
{
  task->request.n = 0;
  task->request.has_target = false;
  task->observation = 0;
  task->storage = storage;
}

void decode_secure_begin(struct decode_secure *secure, struct decode_task *task)
{
  task->is_waiting = false;
  if (!prepare(secure, task))
    return;
  bool is_request = GC_CODE_IS_REQUEST(task->record.message.code);
  task->is_waiting = task->security.option.is_group;
  if (!task->is_waiting)
    decode_secure_open(secure, task);
  if (is_request && task->request.n && !task->record.duplicate_of)
    decode_seen_remember(secure->seen, &task->request);
}

void decode_secure_open(const struct decode_secure *secure, struct decode_task *task)
{
  struct decode_security *security = &task->security;
  decode_open(secure, task);
  task->is_waiting = false;
  const struct gc_oscore_opened *opened = &security->opened;
  if (!opened->context)
    return;
  if (!security->kid.ptr && opened->kid.ptr)
    security->kid = opened->kid;
  const struct gc_bytes gid = gc_oscore_context_id_context(opened->context);
  if (gid.len && (!security->gid.ptr || security->outcome <= DECODE_VERIFIED)) /* a response may be of a newer context than its request */
    security->gid = gid;
}

void decode_secure_end(struct decode_secure *secure, struct decode_task *task)
{
  struct decode_security *security = &task->security;
  const struct decode_request *request = &task->request;
  if (security->outcome > DECODE_VERIFIED || task->record.duplicate_of)
    return;
  int group = 0;
  for (size_t i = 0; i < secure->count; i++)
    if (secure->contexts[i].file.oscore == security->opened.context)
      group = secure->contexts[i].group;
  const bool has_piv = security->option.piv.len > 0;
  const struct gc_bytes parts[] = { gc_bytes(&group, sizeof group), security->kid, gc_bytes(&has_piv, sizeof has_piv),
                                    has_piv ? security->option.piv : gc_bytes(request->piv, request->piv_len),
                                    has_piv ? gc_bytes(NULL, 0) : gc_bytes(request->kid, request->kid_len) };
  security->seen_in = decode_seen_nonce(secure->seen, parts, sizeof parts / sizeof parts[0], task->record.n);
  if (security->seen_in)
    refuse(security, DECODE_REFUSED, has_piv ? GC_SEC_REPLAY : GC_SEC_UNEXPECTED);
}
