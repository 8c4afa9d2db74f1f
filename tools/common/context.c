#include "common/context.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "crypto/hkdf.h"
#include "crypto/secret.h"

void gc_keep_secrets(void)
{
  setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void tell(void *ctx, bool is_error, const struct gc_context_problem *problem)
{
  (void)ctx;
  char place[48] = "";
  if (problem->line)
    snprintf(place, sizeof place, ":%d:%d", problem->line, problem->column);
  const char *colon = problem->key[0] ? ": " : "";
  if (is_error)
    gc_error("%s%s: %s%s%s", problem->path, place, problem->key, colon, problem->phrase);
  else
    gc_warn("%s%s: %s%s%s", problem->path, place, problem->key, colon, problem->phrase);
}

struct gc_context_file *gc_context_read(const char *path, bool strict, enum gc_status *status)
{
  struct gc_context_file *file;
  enum gc_err err = gc_context_file_read(&file, path, strict, tell, NULL);
  *status = err ? err == GC_E_MEMORY ? GC_STATUS_SYSTEM : GC_STATUS_INPUT : GC_STATUS_OK;
  return file;
}

static int32_t alg_or_zero(int32_t alg)
{
  return alg == GC_ALG_UNSET ? 0 : alg;
}

static struct gc_oscore_params params_of(const struct gc_context_file *file)
{
  static const enum gc_oscore_profile profiles[] = {
    [GC_PROFILE_GROUP_OSCORE] = GC_OSCORE_GROUP, [GC_PROFILE_OSCORE] = GC_OSCORE_PLAIN, [GC_PROFILE_GROUP_OSCORE_02] = GC_OSCORE_GROUP_02
  };
  struct gc_oscore_params params = gc_oscore_params_default(profiles[file->profile]);
  params.master_secret = file->master_secret;
  params.master_salt = file->master_salt;
  params.has_id_context = file->has_gid;
  params.id_context = file->gid;
  params.hkdf_alg = alg_or_zero(file->hkdf);
  params.aead_alg = alg_or_zero(file->aead_alg);
  params.group_enc_alg = alg_or_zero(file->group_enc_alg);
  params.sign_alg = alg_or_zero(file->sign_alg);
  params.ecdh_alg = alg_or_zero(file->ecdh_alg);
  params.gm_cred = file->gm_cred;
  params.cred_fmt = file->cred_fmt ? gc_cred_fmt_by_name(gc_bytes_str(file->cred_fmt)) : GC_CRED_ANY;
  params.name = file->name ? gc_bytes_str(file->name) : gc_bytes(NULL, 0);
  params.replay_window = file->replay_window;
  params.max_recipients = file->recipient_count + 1024;
  params.signature_encryption_key = file->signature_encryption_key;
  params.countersign = file->countersign_elements == 4 ? GC_COUNTERSIGN_FOUR : GC_COUNTERSIGN_FIVE;
  return params;
}

static enum gc_status refuse(const struct gc_context *context, const char *key, enum gc_err err, const char *why)
{
  gc_error("%s: %s%s%s", context->path, key, key[0] ? ": " : "", why ? why : gc_err_str(err));
  return err == GC_E_MEMORY ? GC_STATUS_SYSTEM : GC_STATUS_INPUT;
}

/* Members of a -02 group may be known by their bare public keys. */
static struct gc_bytes cred_of(const struct gc_context_member *member)
{
  return member->cred.len ? member->cred : member->public_key;
}

enum gc_status gc_context_open(struct gc_context *context, const char *path, bool strict)
{
  const char *why = NULL;
  char key[48];
  enum gc_status status;
  *context = (struct gc_context){ .path = path };
  context->file = gc_context_read(path, strict, &status);
  if (!context->file)
    return status;
  const struct gc_context_file *file = context->file;
  const struct gc_oscore_params params = params_of(file);
  enum gc_err err = gc_oscore_context_new(&context->oscore, &params, &why);
  if (err)
    return refuse(context, "", err, why);
  for (size_t i = 0; i < file->recipient_count; i++) {
    err = gc_oscore_context_add_recipient(context->oscore, file->recipients[i].id, cred_of(&file->recipients[i]), NULL, &why);
    snprintf(key, sizeof key, "recipients[%zu]", i);
    if (err)
      return refuse(context, key, err, why);
  }
  /* numbers of a state file follow (gc_context_use_numbers); without one nothing may be sent */
  if (file->has_sender && (file->private_key.len || file->profile == GC_PROFILE_OSCORE)) {
    err = gc_oscore_context_set_sender(context->oscore, file->sender.id, cred_of(&file->sender), file->private_key,
                                       (struct gc_oscore_numbers){ NULL, NULL }, &why);
    if (err)
      return refuse(context, "sender", err, why);
  }
  return GC_STATUS_OK;
}

static void add_part(struct gc_buf *buf, struct gc_bytes part)
{
  if (gc_buf_add_u32(buf, (uint32_t)part.len) || gc_buf_add(buf, part))
    abort(); /* the lengths are bounded by context_file.c */
}

void gc_context_fingerprint(uint8_t out[static GC_FINGERPRINT_LEN], const struct gc_context_file *file)
{
  uint8_t all[2048], digest[GC_HASH_MAX_LEN];
  struct gc_buf buf = gc_buf(all, sizeof all);
  const uint8_t profile = (uint8_t)file->profile;
  add_part(&buf, gc_bytes(&profile, 1));
  add_part(&buf, file->master_secret);
  add_part(&buf, file->master_salt);
  add_part(&buf, file->gid);
  add_part(&buf, file->sender.id);
  gc_hash(GC_HASH_SHA256, gc_buf_bytes(&buf), digest);
  memcpy(out, digest, GC_FINGERPRINT_LEN);
  gc_wipe(all, sizeof all);
}

static enum gc_status open_state(struct gc_context *context)
{
  uint8_t fingerprint[GC_FINGERPRINT_LEN];
  char why[256];
  if (context->state)
    return GC_STATUS_OK;
  gc_context_fingerprint(fingerprint, context->file);
  enum gc_err err = gc_state_file_open(&context->state, context->path, fingerprint, why);
  if (!err)
    return GC_STATUS_OK;
  gc_error("%s", err == GC_E_MEMORY ? gc_err_str(err) : why);
  return gc_status_of(err);
}

static enum gc_err next_number(void *ctx, uint64_t *number)
{
  return gc_state_file_take(ctx, number, 1);
}

enum gc_status gc_context_use_numbers(struct gc_context *context)
{
  const char *why = NULL;
  const struct gc_context_file *file = context->file;
  if (!gc_oscore_context_has_sender(context->oscore)) {
    gc_error("%s: nothing can be sent with it: it has no \"sender\"", context->path);
    return GC_STATUS_INPUT;
  }
  enum gc_status status = open_state(context);
  if (status)
    return status;
  enum gc_err err = gc_oscore_context_set_sender(context->oscore, file->sender.id, cred_of(&file->sender), file->private_key,
                                                 (struct gc_oscore_numbers){ next_number, context->state }, &why);
  return err ? refuse(context, "sender", err, why) : GC_STATUS_OK;
}

/* Bits of a window as the state file has them: bit i of the first byte on stands for top - i. */
static void load_window(void *ctx, const struct gc_state_window *saved)
{
  struct gc_context *context = ctx;
  struct gc_oscore_recipient *recipient = gc_oscore_context_find(context->oscore, saved->kid);
  if (!recipient)
    return;
  struct gc_replay_window *window = gc_oscore_recipient_window(recipient);
  window->next = saved->top + 1;
  window->received = 0;
  for (size_t i = 0; i < saved->bits.len && i < 8; i++)
    window->received |= (uint64_t)saved->bits.ptr[i] << 8 * i;
}

enum gc_status gc_context_use_windows(struct gc_context *context)
{
  enum gc_status status = open_state(context);
  if (status)
    return status;
  enum gc_err err = gc_state_file_windows_begin(context->state, load_window, context, &context->windows_lost);
  if (err) {
    gc_error("%s.state: %s", context->path, err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
    return gc_status_of(err);
  }
  for (size_t i = 0; context->windows_lost && i < gc_oscore_context_count(context->oscore); i++)
    gc_oscore_recipient_window(gc_oscore_context_at(context->oscore, i))->is_valid = false;
  context->has_windows = true;
  return GC_STATUS_OK;
}

/* With one window still invalid nothing is saved: the next run finds them lost again, and asks for Echo again. */
static enum gc_status save_windows(struct gc_context *context)
{
  size_t count = gc_oscore_context_count(context->oscore), used = 0;
  struct gc_state_window *windows = calloc(count + 1, sizeof *windows);
  uint8_t (*bits)[8] = calloc(count + 1, sizeof *bits);
  enum gc_err err = windows && bits ? GC_OK : GC_E_MEMORY;
  for (size_t i = 0; i < count && !err; i++) {
    const struct gc_oscore_recipient *recipient = gc_oscore_context_at(context->oscore, i);
    const struct gc_replay_window *window = gc_oscore_recipient_window(gc_oscore_context_at(context->oscore, i));
    if (!window->is_valid)
      goto out;
    if (window->next == 0)
      continue;
    for (size_t k = 0; k < 8; k++)
      bits[used][k] = (uint8_t)(window->received >> 8 * k);
    windows[used] = (struct gc_state_window){ gc_oscore_recipient_id(recipient), window->next - 1, gc_bytes(bits[used], 8) };
    used++;
  }
  if (!err)
    err = gc_state_file_windows_save(context->state, windows, used);
  if (err)
    gc_error("%s.state: replay windows not saved: %s", context->path, err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
out:
  free(windows);
  free(bits);
  return err ? gc_status_of(err) : GC_STATUS_OK;
}

enum gc_status gc_context_close(struct gc_context *context)
{
  enum gc_status status = context->state && context->has_windows ? save_windows(context) : GC_STATUS_OK;
  gc_oscore_context_free(&context->oscore);
  gc_state_file_close(&context->state);
  if (context->file)
    gc_context_file_free(&context->file);
  return status;
}
