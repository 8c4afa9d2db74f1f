#include "store/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/secret.h"
#include "store/store_json.h"

typedef void problem_fn(void *ctx, bool is_error, const struct gc_context_problem *problem);

struct reader {
  const json_t *root;
  const char *path;
  problem_fn *problem;
  void *ctx;
};

static enum gc_err tell(const struct reader *r, const char *key, const char *phrase, enum gc_err err)
{
  const struct gc_context_problem problem = { .path = r->path, .key = key, .phrase = phrase };
  r->problem(r->ctx, true, &problem);
  return err;
}

static enum gc_err read_hex(const struct reader *r, const char *key, uint8_t *out, size_t cap, size_t *len)
{
  const json_t *value = json_object_get(r->root, key);
  if (!json_is_string(value))
    return tell(r, key, value ? "hexadecimal digits in a string are expected" : "missing: not a file of gc-keygen key", GC_E_MALFORMED);
  if (gc_secret_hex_decode(out, cap, len, json_string_value(value), json_string_length(value)) || *len == 0)
    return tell(r, key, "not an even number of hexadecimal digits, or too many", GC_E_MALFORMED);
  return GC_OK;
}

static enum gc_err read_all(const struct reader *r, struct gc_key_file *file)
{
  struct gc_credential cred;
  struct gc_where where = { 0, "" };
  uint8_t private_key[GC_PRIVATE_KEY_MAX_LEN];
  size_t len = 0;
  enum gc_err err = read_hex(r, "cred", file->cred, sizeof file->cred, &file->cred_len);
  if (!err)
    err = read_hex(r, "private_key", private_key, sizeof private_key, &len);
  if (err)
    return err;
  err = gc_credential_read(&cred, gc_bytes(file->cred, file->cred_len), GC_CRED_ANY, &where);
  if (err)
    return tell(r, "cred", where.phrase, err);
  file->cred_fmt = cred.fmt;
  err = gc_key_pair_set(&file->pair, cred.public_key.curve, gc_bytes(private_key, len));
  gc_wipe(private_key, sizeof private_key);
  if (err)
    return tell(r, "private_key", "not a private key of the credential's curve", err);
  if (!gc_public_key_equal(&file->pair.public_key, &cred.public_key))
    return tell(r, "private_key", "it does not belong to the credential", GC_E_MALFORMED);
  return GC_OK;
}

enum gc_err gc_key_file_read(struct gc_key_file **out, const char *path, problem_fn *problem, void *ctx)
{
  struct stat st;
  char phrase[96];
  json_t *root;
  *out = NULL;
  if (gc_crypto_init())
    return GC_E_SYSTEM;
  if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077)) {
    const struct gc_context_problem open = { path, 0, 0, "", phrase };
    snprintf(phrase, sizeof phrase, "mode %04o lets others read or change the key; use chmod 600", (unsigned)(st.st_mode & 07777));
    problem(ctx, false, &open);
  }
  enum gc_err err = gc_store_json_load(&root, path, problem, ctx);
  if (err)
    return err;
  const struct reader r = { root, path, problem, ctx };
  *out = gc_secret_new(sizeof **out);
  err = *out ? read_all(&r, *out) : tell(&r, "", "no memory left", GC_E_MEMORY);
  json_decref(root);
  if (err)
    gc_secret_free(out);
  return err;
}

void gc_key_file_free(struct gc_key_file **file)
{
  gc_secret_free(file);
}
