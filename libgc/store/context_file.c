#include "store/context_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/alg.h"
#include "crypto/secret.h"
#include "oscore/replay_window.h"
#include "store/context_values.h"
#include "store/store_json.h"

enum { ID_MAX = 255, SECRET_MAX = 255, CRED_MAX = 8192 };

static enum gc_err read_member(struct gc_context_reader *r, const json_t *object, struct gc_context_member *out, bool is_sender)
{
  static const char *const sender_keys[] = { "id", "cred", "public_key", "private_key", "name", NULL };
  static const char *const recipient_keys[] = { "id", "cred", "public_key", "name", "roles", NULL };
  if (!json_is_object(object)) {
    gc_context_reader_tell(r, true, NULL, "%s where an object with an \"id\" is expected", gc_json_type_name(object));
    return GC_E_MALFORMED;
  }
  enum gc_err err = gc_context_check_keys(r, object, is_sender ? sender_keys : recipient_keys);
  if (!err && !gc_json_member(object, "id")) {
    gc_context_reader_tell(r, true, NULL, "\"id\" is missing");
    err = GC_E_MALFORMED;
  }
  if (!err)
    err = gc_context_read_hex(r, object, "id", &out->id, ID_MAX);
  if (!err)
    err = gc_context_read_hex(r, object, "cred", &out->cred, CRED_MAX);
  if (!err)
    err = gc_context_read_hex(r, object, "public_key", &out->public_key, CRED_MAX);
  if (!err)
    err = gc_context_read_text(r, object, "name", &out->name);
  if (!err && is_sender)
    err = gc_context_read_hex(r, object, "private_key", &r->file->private_key, SECRET_MAX);
  if (!err && !is_sender)
    err = gc_context_read_roles(r, object, "roles", &out->roles);
  return err;
}

static enum gc_err read_members(struct gc_context_reader *r, const json_t *root)
{
  const json_t *sender = gc_json_member(root, "sender"), *recipients = gc_json_member(root, "recipients");
  enum gc_err err = GC_OK;
  if (sender) {
    r->file->has_sender = true;
    strcpy(r->prefix, "sender.");
    err = read_member(r, sender, &r->file->sender, true);
    r->prefix[0] = '\0';
  }
  if (err || !recipients)
    return err;
  if (!json_is_array(recipients)) {
    gc_context_reader_tell(r, true, "recipients", "%s where an array is expected", gc_json_type_name(recipients));
    return GC_E_MALFORMED;
  }
  for (size_t i = 0; i < json_array_size(recipients) && !err; i++) {
    snprintf(r->prefix, sizeof r->prefix, "recipients[%zu].", i);
    err = read_member(r, json_array_get(recipients, i), &r->file->recipients[i], false);
  }
  r->prefix[0] = '\0';
  return err;
}

static enum gc_err read_profile(struct gc_context_reader *r, const json_t *root)
{
  static const char *const names[] = { "group-oscore", "oscore", "group-oscore-02" };
  const json_t *value = gc_json_member(root, "profile");
  for (unsigned i = 0; json_is_string(value) && i < 3; i++)
    if (strcmp(json_string_value(value), names[i]) == 0) {
      r->file->profile = (enum gc_context_profile)i;
      return GC_OK;
    }
  gc_context_reader_tell(r, true, "profile", "%s; \"group-oscore\", \"oscore\" or \"group-oscore-02\" is expected",
       value ? json_is_string(value) ? "unknown profile" : gc_json_type_name(value) : "missing");
  return GC_E_MALFORMED;
}

/* The defaults of RFC 8613, Section 3.2 hold for OSCORE; in a group null or absent means that it is not used. */
static enum gc_err read_algorithms(struct gc_context_reader *r, const json_t *root)
{
  const unsigned aead = 1u << GC_ALG_AEAD, cipher = 1u << GC_ALG_CIPHER;
  struct gc_context_file *file = r->file;
  bool is_plain = file->profile == GC_PROFILE_OSCORE;
  file->hkdf = GC_ALG_HMAC_256;
  file->aead_alg = is_plain || file->profile == GC_PROFILE_GROUP_OSCORE_02 ? GC_ALG_CCM_16_64_128 : GC_ALG_UNSET;
  file->group_enc_alg = file->sign_alg = file->ecdh_alg = GC_ALG_UNSET;
  enum gc_err err = gc_context_read_alg(r, root, "hkdf", &file->hkdf, 1u << GC_ALG_HKDF);
  if (!err)
    err = gc_context_read_alg(r, root, "aead_alg", &file->aead_alg, aead);
  if (!err)
    err = gc_context_read_alg(r, root, "group_enc_alg", &file->group_enc_alg, aead | cipher);
  if (!err)
    err = gc_context_read_alg(r, root, "sign_alg", &file->sign_alg, 1u << GC_ALG_SIGN);
  if (!err)
    err = gc_context_read_alg(r, root, "ecdh_alg", &file->ecdh_alg, 1u << GC_ALG_ECDH);
  return err;
}

/* What must be there for the profile, whatever the values. */
static enum gc_err check_presence(struct gc_context_reader *r)
{
  struct gc_context_file *file = r->file;
  const char *key = NULL;
  if (file->master_secret.len == 0 && file->signature_encryption_key.len == 0)
    key = "master_secret";
  else if (file->profile != GC_PROFILE_OSCORE && !file->has_gid)
    key = "gid";
  else if (file->profile == GC_PROFILE_GROUP_OSCORE && file->gm_cred.len == 0)
    key = "gm_cred";
  else if (file->profile == GC_PROFILE_OSCORE && !file->has_sender)
    key = "sender";
  if (key) {
    gc_context_reader_tell(r, true, key, "missing");
    return GC_E_MALFORMED;
  }
  if (file->profile == GC_PROFILE_GROUP_OSCORE && (file->group_enc_alg == GC_ALG_UNSET || file->sign_alg == GC_ALG_UNSET) &&
      (file->aead_alg == GC_ALG_UNSET || file->ecdh_alg == GC_ALG_UNSET)) {
    gc_context_reader_tell(r, true, NULL, "neither group mode (group_enc_alg and sign_alg) nor pairwise mode (aead_alg and ecdh_alg) is set");
    return GC_E_MALFORMED;
  }
  if (file->profile != GC_PROFILE_OSCORE && file->has_sender && file->private_key.len == 0) {
    strcpy(r->prefix, "sender.");
    gc_context_reader_tell(r, true, "private_key", "missing; a member without one has no \"sender\"");
    return GC_E_MALFORMED;
  }
  return GC_OK;
}

static enum gc_err read_ace(struct gc_context_reader *r, const json_t *root)
{
  static const char *const known[] = { "as_uri", "introspect_uri", "issuer", "audience", "group_uri", "token_alg", "token_kid", "token_key", NULL };
  const json_t *object = gc_json_member(root, "ace");
  struct gc_context_ace *ace = &r->file->ace;
  const struct { const char *key; const char **out; } texts[] = { { "as_uri", &ace->as_uri }, { "introspect_uri", &ace->introspect_uri },
    { "issuer", &ace->issuer }, { "audience", &ace->audience }, { "group_uri", &ace->group_uri } };
  ace->token_alg = GC_ALG_UNSET;
  if (!object)
    return GC_OK;
  if (!json_is_object(object)) {
    gc_context_reader_tell(r, true, "ace", "%s where an object is expected", gc_json_type_name(object));
    return GC_E_MALFORMED;
  }
  r->file->has_ace = true;
  strcpy(r->prefix, "ace.");
  enum gc_err err = gc_context_check_keys(r, object, known);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0] && !err; i++)
    err = gc_context_read_text(r, object, texts[i].key, texts[i].out);
  if (!err)
    err = gc_context_read_alg(r, object, "token_alg", &ace->token_alg, 1u << GC_ALG_AEAD);
  if (!err)
    err = gc_context_read_hex(r, object, "token_kid", &ace->token_kid, ID_MAX);
  if (!err)
    err = gc_context_read_hex(r, object, "token_key", &ace->token_key, SECRET_MAX);
  r->prefix[0] = '\0';
  return err;
}

/* How the context is used, and until when. */
static enum gc_err read_rules(struct gc_context_reader *r, const json_t *root)
{
  struct gc_context_file *file = r->file;
  uint64_t window = file->replay_window, elements = file->countersign_elements;
  bool is_active = true;
  enum gc_err err = gc_context_read_number(r, root, "replay_window", &window, 1, GC_REPLAY_WINDOW_MAX);
  if (!err)
    err = gc_context_read_number(r, root, "countersign_elements", &elements, 4, 5);
  if (!err)
    err = gc_context_read_number(r, root, "expires", &file->expires_s, 0, INT64_MAX);
  if (!err)
    err = gc_context_read_bool(r, root, "active", &is_active);
  file->replay_window = (uint32_t)window;
  file->countersign_elements = (uint32_t)elements;
  file->is_inactive = !is_active;
  return err;
}

static enum gc_err read_root(struct gc_context_reader *r, const json_t *root)
{
  static const char *const known[] = { "profile", "name", "gid", "id_context", "master_secret", "master_salt", "hkdf", "aead_alg",
                                       "group_enc_alg", "sign_alg", "ecdh_alg", "cred_fmt", "gm_cred", "sender", "recipients",
                                       "signature_encryption_key", "replay_window", "countersign_elements", "expires", "active",
                                       "ace", NULL };
  struct gc_context_file *file = r->file;
  if (!json_is_object(root)) {
    gc_context_reader_tell(r, true, NULL, "%s where an object is expected", gc_json_type_name(root));
    return GC_E_MALFORMED;
  }
  enum gc_err err = gc_context_check_keys(r, root, known);
  if (!err)
    err = read_profile(r, root);
  if (!err)
    err = read_algorithms(r, root);
  if (!err)
    err = gc_context_read_text(r, root, "name", &file->name);
  if (!err)
    err = gc_context_read_text(r, root, "cred_fmt", &file->cred_fmt);
  file->has_gid = gc_json_member(root, "gid") || gc_json_member(root, "id_context");
  if (!err)
    err = gc_context_read_hex(r, root, gc_json_member(root, "gid") ? "gid" : "id_context", &file->gid, ID_MAX);
  if (!err)
    err = gc_context_read_hex(r, root, "master_secret", &file->master_secret, SECRET_MAX);
  if (!err)
    err = gc_context_read_hex(r, root, "master_salt", &file->master_salt, SECRET_MAX);
  if (!err)
    err = gc_context_read_hex(r, root, "signature_encryption_key", &file->signature_encryption_key, SECRET_MAX);
  if (!err)
    err = gc_context_read_hex(r, root, "gm_cred", &file->gm_cred, CRED_MAX);
  if (!err)
    err = read_rules(r, root);
  if (!err)
    err = read_ace(r, root);
  if (!err)
    err = read_members(r, root);
  return err ? err : check_presence(r);
}

static enum gc_err new_region(struct gc_context_reader *r, const json_t *root)
{
  /* every string of the text fits into as many bytes as the text has; NULs of strings replace their quotes */
  size_t recipients = json_array_size(json_object_get(root, "recipients"));
  size_t table = recipients * sizeof(struct gc_context_member), len = sizeof *r->file + table + r->json.len + 1;
  r->file = gc_secret_new(len);
  if (!r->file)
    return GC_E_MEMORY;
  r->file->recipients = (struct gc_context_member *)(void *)(r->file + 1);
  r->file->recipient_count = recipients;
  r->file->replay_window = 32;
  r->file->countersign_elements = 5;
  r->file->region_len = len;
  r->region = gc_buf((uint8_t *)(r->file + 1) + table, r->json.len + 1);
  return GC_OK;
}

enum gc_err gc_context_file_parse(struct gc_context_file **out, struct gc_bytes json, const char *path, bool strict,
                                  void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem), void *ctx)
{
  struct gc_context_reader r = { .json = json, .path = path, .strict = strict, .problem = problem, .ctx = ctx };
  json_error_t error;
  *out = NULL;
  if (gc_crypto_init())
    return GC_E_SYSTEM;
  gc_store_json_init();
  json_t *root = json_loadb((const char *)json.ptr, json.len, JSON_REJECT_DUPLICATES, &error);
  if (!root) {
    struct gc_context_problem syntax = { path, error.line > 0 ? error.line : 1, error.column > 0 ? error.column : 1, "", error.text };
    problem(ctx, true, &syntax);
    return GC_E_MALFORMED;
  }
  enum gc_err err = new_region(&r, root);
  if (!err)
    err = read_root(&r, root);
  json_decref(root);
  if (err)
    gc_secret_free(&r.file);
  *out = r.file;
  return err;
}

/* The whole file into secret memory. */
static enum gc_err slurp(int fd, off_t size, uint8_t **text, size_t *len)
{
  size_t cap = size > 0 && (uint64_t)size < GC_CONTEXT_FILE_MAX_LEN ? (size_t)size + 1 : GC_CONTEXT_FILE_MAX_LEN + 1;
  ssize_t n = 1;
  *text = gc_crypto_init() ? NULL : gc_secret_new(cap);
  if (!*text)
    return GC_E_MEMORY;
  for (*len = 0; *len < cap && n > 0; *len += n > 0 ? (size_t)n : 0)
    n = read(fd, *text + *len, cap - *len);
  return n < 0 ? GC_E_SYSTEM : *len > GC_CONTEXT_FILE_MAX_LEN ? GC_E_RANGE : GC_OK;
}

enum gc_err gc_context_file_read(struct gc_context_file **out, const char *path, bool strict,
                                 void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem), void *ctx)
{
  struct stat st;
  char phrase[96];
  uint8_t *text = NULL;
  size_t len = 0;
  struct gc_context_problem whole = { path, 0, 0, "", phrase };
  enum gc_err err = GC_E_SYSTEM;
  *out = NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) < 0) {
    whole.phrase = strerror(errno);
    problem(ctx, true, &whole);
    goto out;
  }
  if (S_ISREG(st.st_mode) && (st.st_mode & 077)) {
    snprintf(phrase, sizeof phrase, "mode %04o lets others read or change the keys; use chmod 600", (unsigned)(st.st_mode & 07777));
    problem(ctx, strict, &whole);
    err = GC_E_RANGE;
    if (strict)
      goto out;
  }
  err = slurp(fd, S_ISREG(st.st_mode) ? st.st_size : 0, &text, &len);
  if (!err) {
    err = gc_context_file_parse(out, gc_bytes(text, len), path, strict, problem, ctx);
  } else {
    whole.phrase = err == GC_E_SYSTEM ? strerror(errno) : err == GC_E_RANGE ? "larger than 16 MiB" : gc_err_str(err);
    problem(ctx, true, &whole);
  }
out:
  gc_secret_free(&text);
  if (fd >= 0)
    close(fd);
  return err;
}

const char *gc_context_file_fault(const struct gc_context_file *file, uint64_t now_s)
{
  if (file->is_inactive)
    return "the group is not active: nothing is sent or received before the Group Manager says otherwise";
  return file->expires_s && now_s >= file->expires_s ? "its keys have expired" : NULL;
}

void gc_context_file_free(struct gc_context_file **file)
{
  gc_secret_free(file);
}
