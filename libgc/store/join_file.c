#include "store/join_file.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "store/private_file.h"
#include "store/store_json.h"

typedef void problem_fn(void *ctx, bool is_error, const struct gc_context_problem *problem);

enum type { TEXT, NUMBER, BYTES };

static const struct row {
  const char *key;
  enum type type;
  size_t offset;
  bool is_needed;
} rows[] = {
#define ROW(member, type, is_needed) { #member, type, offsetof(struct gc_join_file, member), is_needed }
  ROW(gm, TEXT, true), ROW(node, TEXT, false), ROW(as, TEXT, false), ROW(as_context, TEXT, false), ROW(audience, TEXT, false),
  ROW(key, TEXT, false), ROW(control_uri, TEXT, false), ROW(roles, TEXT, true), ROW(num, NUMBER, true), ROW(expires_s, NUMBER, false),
  ROW(check_interval_s, NUMBER, false), ROW(renew_s, NUMBER, false), ROW(token, BYTES, false), ROW(material, BYTES, false), ROW(n_s, BYTES, false), ROW(n_c, BYTES, false),
#undef ROW
};
enum { ROWS = sizeof rows / sizeof rows[0] };

struct gc_join_file *gc_join_file_new(void)
{
  return gc_crypto_init() ? NULL : gc_secret_new(sizeof(struct gc_join_file));
}

void gc_join_file_free(struct gc_join_file **file)
{
  gc_secret_free(file);
}

enum gc_err gc_join_text_set(char out[static GC_JOIN_FILE_TEXT_MAX], const char *text)
{
  if (strlen(text) >= GC_JOIN_FILE_TEXT_MAX)
    return GC_E_RANGE;
  memmove(out, text, strlen(text) + 1);
  return GC_OK;
}

enum gc_err gc_join_bytes_set(struct gc_join_bytes *out, struct gc_bytes bytes)
{
  if (bytes.len > sizeof out->bytes)
    return GC_E_RANGE;
  if (bytes.len)
    memmove(out->bytes, bytes.ptr, bytes.len);
  out->len = bytes.len;
  return GC_OK;
}

/* --- reading -------------------------------------------------------------------------------------------------------------- */

static const char *read_value(const json_t *value, enum type type, void *out)
{
  if (type == NUMBER) {
    if (!json_is_integer(value) || json_integer_value(value) < 0)
      return "a whole number is expected";
    *(uint64_t *)out = (uint64_t)json_integer_value(value);
    return NULL;
  }
  if (!json_is_string(value))
    return "a string is expected";
  if (type == TEXT)
    return gc_join_text_set(out, json_string_value(value)) ? "too long" : NULL;
  struct gc_join_bytes *bytes = out;
  enum gc_err err = gc_secret_hex_decode(bytes->bytes, sizeof bytes->bytes, &bytes->len, json_string_value(value), json_string_length(value));
  return err == GC_E_SPACE ? "too long" : err ? "not an even number of hexadecimal digits" : NULL;
}

static enum gc_err read_all(struct gc_join_file *file, const json_t *root, const char *path, problem_fn *problem, void *ctx)
{
  for (size_t i = 0; i < ROWS; i++) {
    const json_t *value = json_object_get(root, rows[i].key);
    const char *phrase = NULL;
    if (value)
      phrase = read_value(value, rows[i].type, (char *)file + rows[i].offset);
    else if (rows[i].is_needed)
      phrase = "missing: not a file of gc-join";
    if (phrase) {
      const struct gc_context_problem told = { path, 0, 0, rows[i].key, phrase };
      problem(ctx, true, &told);
      return GC_E_MALFORMED;
    }
  }
  return GC_OK;
}

enum gc_err gc_join_file_read(struct gc_join_file **out, const char *path, problem_fn *problem, void *ctx)
{
  json_t *root;
  *out = NULL;
  enum gc_err err = gc_store_json_load(&root, path, problem, ctx);
  if (err)
    return err;
  *out = gc_join_file_new();
  err = *out ? read_all(*out, root, path, problem, ctx) : GC_E_MEMORY;
  json_decref(root);
  if (err)
    gc_join_file_free(out);
  return err;
}

/* --- writing -------------------------------------------------------------------------------------------------------------- */

static json_t *hex_of(const struct gc_join_bytes *bytes)
{
  char *text = gc_secret_new(2 * bytes->len + 1);
  json_t *value = text ? json_string(gc_secret_hex_encode(text, bytes->bytes, bytes->len)) : NULL;
  gc_secret_free(&text);
  return value;
}

static bool put(json_t *root, const struct row *row, const void *value)
{
  const struct gc_join_bytes *bytes = value;
  switch (row->type) {
  case TEXT:
    return *(const char *)value == '\0' || json_object_set_new(root, row->key, json_string(value)) == 0;
  case NUMBER:
    return json_object_set_new(root, row->key, json_integer((json_int_t)(*(const uint64_t *)value & INT64_MAX))) == 0;
  case BYTES:
    return bytes->len == 0 || json_object_set_new(root, row->key, hex_of(bytes)) == 0;
  }
  return false;
}

enum gc_err gc_join_file_write(const struct gc_join_file *file, const char *path)
{
  gc_store_json_init();
  json_t *root = json_object();
  bool is_whole = root;
  for (size_t i = 0; i < ROWS && is_whole; i++)
    is_whole = put(root, &rows[i], (const char *)file + rows[i].offset);
  char *text = is_whole ? json_dumps(root, JSON_INDENT(2)) : NULL;
  enum gc_err err = text ? gc_private_file_write(path, gc_bytes_str(text), true) : GC_E_MEMORY;
  const int kept = errno;
  if (text)
    gc_store_json_free_text(text);
  json_decref(root);
  errno = kept;
  return err;
}
