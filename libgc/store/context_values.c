#include "store/context_values.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ace/scope.h"
#include "crypto/alg.h"
#include "crypto/secret.h"

void gc_context_reader_tell(struct gc_context_reader *r, bool is_error, const char *key, const char *format, ...)
{
  char phrase[256], where[128];
  va_list args;
  va_start(args, format);
  vsnprintf(phrase, sizeof phrase, format, args);
  va_end(args);
  snprintf(where, sizeof where, "%s%.80s", r->prefix, key ? key : "");
  size_t len = strlen(where);
  if (!key && len > 0)
    where[len - 1] = '\0';
  struct gc_context_problem problem = { r->path, 0, 0, where, phrase };
  gc_json_locate(r->json, where, &problem.line, &problem.column);
  r->problem(r->ctx, is_error, &problem);
}

const char *gc_json_type_name(const json_t *value)
{
  static const char *const names[] = { [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
                                       [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
                                       [JSON_FALSE] = "false",      [JSON_NULL] = "null" };
  return value ? names[json_typeof(value)] : "nothing";
}

const json_t *gc_json_member(const json_t *object, const char *key)
{
  const json_t *value = json_object_get(object, key);
  return json_is_null(value) ? NULL : value;
}

enum gc_err gc_context_read_hex(struct gc_context_reader *r, const json_t *object, const char *key, struct gc_bytes *out, size_t max_len)
{
  const json_t *value = gc_json_member(object, key);
  if (!value)
    return GC_OK;
  if (!json_is_string(value)) {
    gc_context_reader_tell(r, true, key, "%s where hexadecimal digits in a string are expected", gc_json_type_name(value));
    return GC_E_MALFORMED;
  }
  size_t len;
  uint8_t *at = r->region.ptr + r->region.len;
  enum gc_err err = gc_secret_hex_decode(at, r->region.cap - r->region.len, &len, json_string_value(value), json_string_length(value));
  if (err) {
    gc_context_reader_tell(r, true, key, "not an even number of hexadecimal digits");
    return GC_E_MALFORMED;
  }
  if (len > max_len) {
    gc_context_reader_tell(r, true, key, "%zu bytes, at most %zu are allowed", len, max_len);
    return GC_E_RANGE;
  }
  *out = gc_bytes(at, len);
  r->region.len += len;
  return GC_OK;
}

enum gc_err gc_context_read_text(struct gc_context_reader *r, const json_t *object, const char *key, const char **out)
{
  const json_t *value = gc_json_member(object, key);
  if (!value)
    return GC_OK;
  if (!json_is_string(value)) {
    gc_context_reader_tell(r, true, key, "%s where a string is expected", gc_json_type_name(value));
    return GC_E_MALFORMED;
  }
  *out = (const char *)r->region.ptr + r->region.len;
  return gc_buf_add(&r->region, gc_bytes(json_string_value(value), json_string_length(value) + 1));
}

enum gc_err gc_context_read_bool(struct gc_context_reader *r, const json_t *object, const char *key, bool *out)
{
  const json_t *value = gc_json_member(object, key);
  if (!value)
    return GC_OK;
  if (!json_is_boolean(value)) {
    gc_context_reader_tell(r, true, key, "%s where true or false is expected", gc_json_type_name(value));
    return GC_E_MALFORMED;
  }
  *out = json_is_true(value);
  return GC_OK;
}

enum gc_err gc_context_read_number(struct gc_context_reader *r, const json_t *object, const char *key, uint64_t *out, uint64_t least,
                                   uint64_t most)
{
  const json_t *value = gc_json_member(object, key);
  if (!value)
    return GC_OK;
  if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) < least ||
      (uint64_t)json_integer_value(value) > most) {
    gc_context_reader_tell(r, true, key, "a whole number from %" PRIu64 " to %" PRIu64 " is expected", least, most);
    return GC_E_RANGE;
  }
  *out = (uint64_t)json_integer_value(value);
  return GC_OK;
}

enum gc_err gc_context_read_roles(struct gc_context_reader *r, const json_t *object, const char *key, uint64_t *out)
{
  struct gc_where where = { 0, "" };
  const json_t *value = gc_json_member(object, key);
  if (!value)
    return GC_OK;
  if (!json_is_string(value) || gc_roles_parse(out, gc_bytes(json_string_value(value), json_string_length(value)), &where)) {
    gc_context_reader_tell(r, true, key, "roles with commas between them are expected: \"requester,responder\"");
    return GC_E_MALFORMED;
  }
  return GC_OK;
}

enum gc_err gc_context_read_alg(struct gc_context_reader *r, const json_t *object, const char *key, int32_t *out, unsigned kinds)
{
  const json_t *value = gc_json_member(object, key);
  const struct gc_alg *alg = NULL;
  if (!value)
    return GC_OK;
  if (json_is_string(value))
    alg = gc_alg_by_name(gc_bytes(json_string_value(value), json_string_length(value)));
  else if (json_is_integer(value) && json_integer_value(value) >= INT32_MIN && json_integer_value(value) <= INT32_MAX)
    alg = gc_alg_by_id((int32_t)json_integer_value(value));
  else {
    gc_context_reader_tell(r, true, key, "%s where the name or number of a COSE algorithm is expected", gc_json_type_name(value));
    return GC_E_MALFORMED;
  }
  if (!alg) {
    gc_context_reader_tell(r, true, key, "unknown algorithm");
    return GC_E_UNSUPPORTED;
  }
  /* -7 as pairwise key agreement: what an older implementation has in P-256 groups (oscore/ puts it into the AAD only) */
  bool is_old_p256 = alg->id == GC_ALG_ES256 && json_is_integer(value) && kinds == 1u << GC_ALG_ECDH;
  if (!is_old_p256 && !(kinds & 1u << alg->kind)) {
    gc_context_reader_tell(r, true, key, alg->kind == GC_ALG_FORBIDDEN ? "%s must not be used with Group OSCORE" : "%s is not for this purpose", alg->name);
    return GC_E_RANGE;
  }
  *out = alg->id;
  return GC_OK;
}

enum gc_err gc_context_check_keys(struct gc_context_reader *r, const json_t *object, const char *const *known)
{
  void *iter = json_object_iter((json_t *)(uintptr_t)object);
  for (; iter; iter = json_object_iter_next((json_t *)(uintptr_t)object, iter)) {
    const char *key = json_object_iter_key(iter);
    size_t i = 0;
    while (known[i] && strcmp(known[i], key) != 0)
      i++;
    if (known[i])
      continue;
    gc_context_reader_tell(r, r->strict, key, "unknown key");
    if (r->strict)
      return GC_E_UNSUPPORTED;
  }
  return GC_OK;
}
