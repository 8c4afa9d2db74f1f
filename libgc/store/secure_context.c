#include "store/secure_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ace/scope.h"
#include "crypto/hkdf.h"

/* told what is wrong */
typedef void problem_fn(void *ctx, bool is_error, const struct gc_context_problem *problem);

struct maker {
  struct gc_secure_context *to;
  const struct gc_context_file *file;
  const char *path;
  problem_fn *problem;
  void *ctx;
  struct gc_secure_context *before; /* NULL: none, or whose file this one has replaced */
};

/* The place of a key, found by reading the file once more: errors may take their time. */
static void place_of(const char *path, const char *key, struct gc_context_problem *problem)
{
  FILE *file = key[0] ? fopen(path, "rb") : NULL;
  if (!file)
    return;
  size_t cap = 1 << 20, len = 0;
  char *text = malloc(cap);
  if (text)
    len = fread(text, 1, cap, file);
  if (len && len < cap)
    gc_json_locate(gc_bytes(text, len), key, &problem->line, &problem->column);
  if (text)
    explicit_bzero(text, len);
  free(text);
  fclose(file);
}

static enum gc_err tell(const struct maker *m, const char *key, const char *phrase, enum gc_err err)
{
  struct gc_context_problem problem = { .path = m->path, .key = key, .phrase = phrase };
  int saved = errno;
  place_of(m->path, key, &problem);
  errno = saved;
  m->problem(m->ctx, true, &problem);
  return err;
}

static int32_t set_or_none(int32_t alg)
{
  return alg == GC_ALG_UNSET ? 0 : alg;
}

static enum gc_err make_params(const struct maker *m, struct gc_oscore_params *p)
{
  static const enum gc_oscore_profile profiles[] = {
    [GC_PROFILE_GROUP_OSCORE] = GC_OSCORE_GROUP, [GC_PROFILE_OSCORE] = GC_OSCORE_PLAIN, [GC_PROFILE_GROUP_OSCORE_02] = GC_OSCORE_GROUP_02
  };
  const struct gc_context_file *f = m->file;
  *p = (struct gc_oscore_params){
    .profile = profiles[f->profile],
    .name = gc_bytes_str(f->name ? f->name : ""),
    .master_secret = f->master_secret,
    .master_salt = f->master_salt,
    .has_id_context = f->has_gid,
    .id_context = f->gid,
    .hkdf_alg = set_or_none(f->hkdf),
    .aead_alg = set_or_none(f->aead_alg),
    .group_enc_alg = set_or_none(f->group_enc_alg),
    .sign_alg = set_or_none(f->sign_alg),
    .ecdh_alg = set_or_none(f->ecdh_alg),
    .gm_cred = f->gm_cred,
    .replay_window = f->replay_window,
    .max_recipients = 65535,
    .signature_encryption_key = f->signature_encryption_key,
    .countersign = f->countersign_elements == 4 ? GC_COUNTERSIGN_FOUR : GC_COUNTERSIGN_FIVE,
  };
  if (p->ecdh_alg == GC_ALG_ES256) { /* what an older implementation puts into the AAD of P-256 groups */
    p->aad_ecdh_alg = GC_ALG_ES256;
    p->ecdh_alg = p->hkdf_alg == GC_ALG_HMAC_512 ? GC_ALG_ECDH_SS_512 : GC_ALG_ECDH_SS_256;
  }
  if (f->cred_fmt && !(p->cred_fmt = gc_cred_fmt_by_name(gc_bytes_str(f->cred_fmt))))
    return tell(m, "cred_fmt", "no such credential format: CCS, CWT, X.509 are known", GC_E_UNSUPPORTED);
  return GC_OK;
}

static struct gc_bytes cred_of(const struct gc_context_member *member)
{
  return member->cred.len ? member->cred : member->public_key;
}

static enum gc_err add_name(struct gc_secure_context *to, const struct gc_context_member *member)
{
  if (!member->name || member->id.len > GC_ID_MAX_LEN)
    return GC_OK;
  struct member_name *n = &to->names[to->name_count];
  *n = (struct member_name){ .id_len = (uint8_t)member->id.len, .name = strdup(member->name) };
  if (!n->name)
    return GC_E_MEMORY;
  if (member->id.len)
    memcpy(n->id, member->id.ptr, member->id.len);
  to->name_count++;
  return GC_OK;
}

static enum gc_err next_number(void *ctx, uint64_t *number)
{
  return gc_state_file_take(ctx, number, 1);
}

static enum gc_err no_number(void *ctx, uint64_t *number)
{
  (void)ctx;
  (void)number;
  return GC_E_STATE; /* read-only: nothing may be sent */
}

static enum gc_err add_members(const struct maker *m)
{
  const struct gc_context_file *f = m->file;
  const char *why = "";
  char key[40] = "sender.private_key";
  enum gc_err err;
  m->to->names = calloc(f->recipient_count + 1, sizeof *m->to->names);
  if (!m->to->names)
    return GC_E_MEMORY;
  for (size_t i = 0; i < f->recipient_count; i++) {
    const uint64_t roles = f->recipients[i].roles;
    struct gc_oscore_recipient *recipient;
    err = gc_oscore_context_add_recipient(m->to->oscore, f->recipients[i].id, cred_of(&f->recipients[i]), &recipient, &why);
    if (err) {
      snprintf(key, sizeof key, "recipients[%zu]%s", i, err == GC_E_EXISTS ? ".id" : "");
      return tell(m, key, why, err);
    }
    if (roles)
      gc_oscore_recipient_set_roles(recipient, roles & GC_ROLE_REQUESTER, roles & GC_ROLE_RESPONDER);
    if ((err = add_name(m->to, &f->recipients[i])))
      return err;
  }
  if (!f->has_sender)
    return GC_OK;
  struct gc_oscore_numbers numbers = { m->to->state ? next_number : no_number, m->to->state };
  err = gc_oscore_context_set_sender(m->to->oscore, f->sender.id, cred_of(&f->sender), f->private_key, numbers, &why);
  if (err)
    return tell(m, err == GC_E_EXISTS ? "sender.id" : "sender", why, err);
  return add_name(m->to, &f->sender);
}

/* Numbers belong to keys and Sender ID, whatever file they stand in; Replay Windows to the keys. */
static void fingerprint(const struct gc_context_file *f, bool is_of_windows, uint8_t out[static GC_FINGERPRINT_LEN])
{
  const uint8_t lens[4] = { (uint8_t)f->master_secret.len, (uint8_t)f->master_salt.len, (uint8_t)f->gid.len, f->has_gid };
  struct gc_bytes pieces[] = { gc_bytes(lens, sizeof lens), f->master_secret, f->master_salt, f->gid, f->signature_encryption_key };
  const struct gc_bytes what = gc_bytes_str(is_of_windows ? "groupcoap windows" : "groupcoap state");
  gc_hkdf(GC_HASH_SHA256, f->has_sender && !is_of_windows ? f->sender.id : gc_bytes(NULL, 0), pieces, 5, what, out, GC_FINGERPRINT_LEN);
}

/* What a state file says of itself names it, not the context file. */
static enum gc_err tell_state(const struct maker *m, char *why, enum gc_err err)
{
  char *colon = strstr(why, ".state: ");
  if (!colon)
    return tell(m, "", why[0] ? why : gc_err_str(err), err);
  colon[strlen(".state")] = '\0';
  const struct gc_context_problem problem = { .path = why, .key = "", .phrase = colon + strlen(".state: ") };
  int saved = errno;
  m->problem(m->ctx, true, &problem);
  errno = saved;
  return err;
}

static enum gc_err open_state(const struct maker *m, unsigned flags, struct gc_state_file **state)
{
  uint8_t print[GC_FINGERPRINT_LEN];
  char why[256] = "";
  if (flags & GC_SECURE_READ_ONLY || (!m->file->has_sender && !(flags & GC_SECURE_WINDOWS)))
    return GC_OK;
  const struct gc_state_file *other = m->before ? m->before->state : NULL;
  fingerprint(m->file, false, print);
  enum gc_err err = other ? gc_state_file_open_beside(state, other, m->path, print, why) : gc_state_file_open(state, m->path, print, why);
  if (err)
    return tell_state(m, why, err);
  fingerprint(m->file, true, print);
  gc_state_file_set_windows(*state, print);
  return GC_OK;
}

static enum gc_err begin_windows(const struct maker *m)
{
  const char *why = "";
  enum gc_err err = gc_secure_windows_begin(m->to, m->before, &why);
  return err ? tell(m, "", why, err) : GC_OK;
}

static enum gc_err make(const struct maker *m, unsigned flags)
{
  struct gc_oscore_params params;
  const char *why = "";
  m->to->flags = flags;
  m->to->name = strdup(m->file->name ? m->file->name : "");
  if (!m->to->name)
    return GC_E_MEMORY;
  enum gc_err err = make_params(m, &params);
  if (err)
    return err;
  err = gc_oscore_context_new(&m->to->oscore, &params, &why);
  if (err)
    return tell(m, "", why, err);
  err = open_state(m, flags, &m->to->state);
  if (!err)
    err = add_members(m);
  return err ? err : begin_windows(m);
}

static enum gc_err make_or_free(struct gc_secure_context **out, struct maker *m, unsigned flags)
{
  *out = NULL;
  if (!(m->to = calloc(1, sizeof *m->to)))
    return GC_E_MEMORY;
  enum gc_err err = make(m, flags);
  if (err)
    (void)gc_secure_context_close(&m->to);
  *out = m->to;
  return err;
}

enum gc_err gc_secure_context_make(struct gc_secure_context **out, const struct gc_context_file *file, const char *path, unsigned flags,
                                   problem_fn *problem, void *ctx)
{
  struct maker m = { .file = file, .path = path, .problem = problem, .ctx = ctx };
  return make_or_free(out, &m, flags);
}

enum gc_err gc_secure_context_make_beside(struct gc_secure_context **out, struct gc_secure_context *before, const struct gc_context_file *file,
                                          const char *path, problem_fn *problem, void *ctx)
{
  struct maker m = { .file = file, .path = path, .problem = problem, .ctx = ctx, .before = before };
  return make_or_free(out, &m, before->flags);
}

enum gc_err gc_secure_context_open(struct gc_secure_context **out, const char *path, unsigned flags, problem_fn *problem, void *ctx)
{
  struct gc_context_file *file;
  *out = NULL;
  enum gc_err err = gc_context_file_read(&file, path, (flags & GC_SECURE_STRICT) != 0, problem, ctx);
  if (err)
    return err;
  err = gc_secure_context_make(out, file, path, flags, problem, ctx);
  gc_context_file_free(&file);
  return err;
}

static void take_names(struct gc_secure_context *to, struct gc_secure_context *from)
{
  struct member_name *names = to->names;
  const size_t count = to->name_count;
  to->names = from->names;
  to->name_count = from->name_count;
  from->names = names;
  from->name_count = count;
}

enum gc_err gc_secure_context_update(struct gc_secure_context *context, struct gc_secure_context *fresh, const struct gc_context_file *file,
                                     const char *path, problem_fn *problem, void *ctx)
{
  const struct maker m = { .to = context, .file = file, .path = path, .problem = problem, .ctx = ctx, .before = context };
  const bool is_same_id = gc_oscore_context_has_sender(context->oscore) && file->has_sender &&
                          gc_bytes_equal(gc_oscore_context_sender_id(context->oscore), file->sender.id);
  struct gc_state_file *state = NULL;
  enum gc_err err = is_same_id || !file->has_sender ? GC_OK : open_state(&m, context->flags, &state);
  if (!err && state && context->flags & GC_SECURE_WINDOWS && (err = gc_state_file_serve(state)))
    err = tell(&m, "", gc_err_str(err), err);
  if (err) {
    gc_state_file_close(&state);
    return err;
  }
  struct gc_state_file *used = state ? state : context->state;
  err = gc_oscore_context_update(context->oscore, fresh->oscore, (struct gc_oscore_numbers){ used ? next_number : no_number, used });
  if (state) {
    gc_state_file_close(&context->state);
    context->state = state;
  }
  take_names(context, fresh);
  return err ? tell(&m, "", gc_err_str(err), err) : GC_OK;
}

enum gc_err gc_secure_context_retire(struct gc_secure_context *context, bool keep)
{
  enum gc_err err = GC_OK;
  if (context->keeps_windows)
    err = keep ? gc_secure_windows_save(context) : gc_state_file_windows_forget(context->state);
  int saved = errno;
  context->keeps_windows = false;
  gc_oscore_context_retire(context->oscore);
  gc_state_file_close(&context->state);
  errno = saved;
  return err;
}

enum gc_err gc_secure_context_close(struct gc_secure_context **context)
{
  struct gc_secure_context *c = *context;
  if (!c)
    return GC_OK;
  enum gc_err err = c->keeps_windows ? gc_secure_windows_save(c) : GC_OK;
  int saved = errno;
  gc_oscore_context_free(&c->oscore);
  gc_state_file_close(&c->state);
  for (size_t i = 0; i < c->name_count; i++)
    free(c->names[i].name);
  free(c->names);
  free(c->name);
  free(c);
  *context = NULL;
  errno = saved;
  return err;
}

struct gc_oscore_context *gc_secure_context_oscore(const struct gc_secure_context *context)
{
  return context->oscore;
}

const char *gc_secure_context_name(const struct gc_secure_context *context)
{
  return context->name;
}

bool gc_secure_context_windows_lost(const struct gc_secure_context *context)
{
  return context->windows_lost;
}

struct gc_bytes gc_secure_context_member_name(const struct gc_secure_context *context, struct gc_bytes id)
{
  for (size_t i = 0; i < context->name_count; i++)
    if (gc_bytes_equal(id, gc_bytes(context->names[i].id, context->names[i].id_len)))
      return gc_bytes_str(context->names[i].name);
  const struct gc_oscore_recipient *recipient = gc_oscore_context_find(context->oscore, id);
  return recipient ? gc_oscore_recipient_subject(recipient) : gc_bytes(NULL, 0);
}

enum gc_err gc_secure_context_peek(const struct gc_secure_context *context, uint64_t *next)
{
  return context->state && gc_oscore_context_has_sender(context->oscore) ? gc_state_file_peek(context->state, next) : GC_E_STATE;
}
