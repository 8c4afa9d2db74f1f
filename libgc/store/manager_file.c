#include "store/manager_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "store/key_file.h"
#include "store/store_json.h"

typedef void problem_fn(void *ctx, bool is_error, const struct gc_context_problem *problem);

struct group {
  char name[GC_GROUP_NAME_MAX_LEN + 1];
  struct gc_key_file *key;
  uint8_t gid_prefix[32];
};

struct gc_manager_file {
  struct gc_context_file *as;
  char as_path[4096], introspect_uri[1024];
  struct gc_manager_introspection introspection; /* uri NULL: none */
  struct group groups[GC_GM_GROUPS_MAX];
  struct gc_gm_config configs[GC_GM_GROUPS_MAX];
  size_t count;
};

struct reader {
  struct gc_manager_file *file;
  const char *path;
  problem_fn *problem;
  void *ctx;
  const json_t *at;  /* the object whose keys are read */
  char where[32];    /* "groups[0]." */
  enum gc_err err;   /* of the first fault */
};

/* --- one value ------------------------------------------------------------------------------------------------------------ */

/* Of several faults the first is told. */
static void fault(struct reader *r, const char *key, const char *phrase, enum gc_err err)
{
  char place[128];
  if (r->err)
    return;
  snprintf(place, sizeof place, "%s%s", r->where, key);
  const struct gc_context_problem problem = { .path = r->path, .key = place, .phrase = phrase };
  r->problem(r->ctx, true, &problem);
  r->err = err;
}

static const json_t *value_of(const struct reader *r, const char *key)
{
  return r->err ? NULL : json_object_get(r->at, key);
}

static uint64_t number(struct reader *r, const char *key, uint64_t fallback, uint64_t max)
{
  const json_t *value = value_of(r, key);
  if (!value)
    return fallback;
  if (json_is_integer(value) && json_integer_value(value) >= 0 && (uint64_t)json_integer_value(value) <= max)
    return (uint64_t)json_integer_value(value);
  fault(r, key, "a whole number is expected, and not so large a one", GC_E_MALFORMED);
  return fallback;
}

static bool boolean(struct reader *r, const char *key, bool fallback)
{
  const json_t *value = value_of(r, key);
  if (value && !json_is_boolean(value))
    fault(r, key, "true or false is expected", GC_E_MALFORMED);
  return value && json_is_boolean(value) ? json_is_true(value) : fallback;
}

static const char *text(struct reader *r, const char *key)
{
  const json_t *value = value_of(r, key);
  if (!value)
    return NULL;
  if (json_is_string(value) && json_string_length(value) == strlen(json_string_value(value)))
    return json_string_value(value);
  fault(r, key, "a text is expected", GC_E_MALFORMED);
  return NULL;
}

/* The name of an algorithm, or null: 0. */
static int32_t algorithm(struct reader *r, const char *key, enum gc_alg_kind kind, int32_t fallback)
{
  const json_t *value = value_of(r, key);
  if (!value || json_is_null(value))
    return value ? 0 : fallback;
  const char *name = text(r, key);
  const struct gc_alg *alg = name ? gc_alg_by_name(gc_bytes_str(name)) : NULL;
  if (alg && (alg->kind == kind || (alg->kind == GC_ALG_CIPHER && kind == GC_ALG_AEAD)))
    return alg->id;
  fault(r, key, "not an algorithm for this", GC_E_UNSUPPORTED);
  return fallback;
}

static void path_of(const struct reader *r, const char *name, char *out, size_t cap)
{
  const char *slash = strrchr(r->path, '/');
  const int folder = slash && name[0] != '/' ? (int)(slash - r->path) + 1 : 0;
  snprintf(out, cap, "%.*s%s", folder, r->path, name);
}

/* A key that is not known is a typing error more often than not. */
static void check_keys(struct reader *r, const char *const *known)
{
  const char *key;
  json_t *value;
  union {
    const json_t *in;
    json_t *out;
  } object = { r->at };
  json_object_foreach (object.out, key, value) {
    size_t i = 0;
    while (known[i] && strcmp(known[i], key) != 0)
      i++;
    if (!known[i])
      fault(r, key, "no such key", GC_E_MALFORMED);
  }
}

/* --- a group ---------------------------------------------------------------------------------------------------------------- */

static void read_key(struct reader *r, struct group *group, struct gc_gm_config *config, const char *fallback)
{
  char path[4096];
  const char *name = text(r, "key");
  if (!name)
    name = fallback;
  if (!name) {
    fault(r, "key", "missing: a file of gc-keygen key", GC_E_MALFORMED);
    return;
  }
  path_of(r, name, path, sizeof path);
  if (r->err)
    return;
  r->err = gc_key_file_read(&group->key, path, r->problem, r->ctx);
  if (r->err)
    return;
  config->cred = gc_bytes(group->key->cred, group->key->cred_len);
  config->cred_fmt = group->key->cred_fmt;
  config->pair = &group->key->pair;
  config->curve = group->key->pair.public_key.curve;
  const struct gc_curve *curve = gc_curve_by_id(config->curve);
  config->sign_alg = curve ? curve->sign_alg : 0;
}

static void read_gid(struct reader *r, struct group *group, struct gc_gm_config *config)
{
  size_t len = 0;
  const char *hex = text(r, "gid_prefix");
  config->gid_epoch_len = (uint8_t)number(r, "gid_epoch_bytes", config->gid_epoch_len, 8);
  config->reuses_gids = boolean(r, "reuse_gids", config->reuses_gids);
  if (hex && gc_secret_hex_decode(group->gid_prefix, sizeof group->gid_prefix, &len, hex, strlen(hex)))
    fault(r, "gid_prefix", "hexadecimal digits are expected, of at most 32 bytes", GC_E_MALFORMED);
  config->gid_prefix = gc_bytes(group->gid_prefix, len);
}

static void read_roles(struct reader *r, struct gc_gm_config *config)
{
  const char *roles = text(r, "roles");
  if (roles && gc_roles_parse(&config->roles, gc_bytes_str(roles), NULL))
    fault(r, "roles", "requester, responder, monitor and verifier are roles", GC_E_MALFORMED);
}

static void read_numbers(struct reader *r, struct gc_gm_config *config)
{
  config->lifetime_s = (uint32_t)number(r, "lifetime_s", config->lifetime_s, UINT32_MAX);
  config->renew_before_s = (uint32_t)number(r, "renew_before_s", config->lifetime_s > 2 * config->renew_before_s ? config->renew_before_s : config->lifetime_s / 10,
                                            UINT32_MAX);
  config->has_backward_security = boolean(r, "backward_security", config->has_backward_security);
  config->batch_ms = (uint32_t)number(r, "batch_ms", config->batch_ms, 3600000);
  config->max_members = (uint32_t)number(r, "max_members", config->max_members, 65535);
  config->max_stale_sets = (uint32_t)number(r, "max_stale_sets", config->max_stale_sets, 16);
  config->master_secret_len = (uint8_t)number(r, "master_secret_bytes", config->master_secret_len, 32);
  config->master_salt_len = (uint8_t)number(r, "master_salt_bytes", config->master_salt_len, 8);
  config->max_sender_id_len = (uint8_t)number(r, "max_sender_id_bytes", config->max_sender_id_len, GC_ID_MAX_LEN);
  config->policies.key_update_check_interval_s = number(r, "key_update_check_interval_s", config->policies.key_update_check_interval_s, UINT32_MAX);
  config->policies.expiration_delta_s = number(r, "expiration_delta_s", config->policies.expiration_delta_s, UINT32_MAX);
}

static void read_group(struct reader *r, const char *key_file)
{
  static const char *const known[] = { "name", "key", "hkdf", "group_enc_alg", "aead_alg", "ecdh_alg", "roles", "lifetime_s", "renew_before_s",
                                       "backward_security", "batch_ms", "max_members", "max_stale_sets", "master_secret_bytes", "master_salt_bytes",
                                       "max_sender_id_bytes", "key_update_check_interval_s", "expiration_delta_s", "gid_prefix", "gid_epoch_bytes",
                                       "reuse_gids", NULL };
  struct group *group = &r->file->groups[r->file->count];
  struct gc_gm_config *config = &r->file->configs[r->file->count];
  *config = gc_gm_config_default();
  check_keys(r, known);
  const char *name = text(r, "name");
  if (!name || strlen(name) >= sizeof group->name)
    fault(r, "name", "a name of 1 to 64 bytes is needed", GC_E_MALFORMED);
  else
    memcpy(group->name, name, strlen(name) + 1);
  config->name = group->name;
  read_key(r, group, config, key_file);
  config->hkdf_alg = algorithm(r, "hkdf", GC_ALG_HKDF, config->hkdf_alg);
  config->group_enc_alg = algorithm(r, "group_enc_alg", GC_ALG_AEAD, config->group_enc_alg);
  config->aead_alg = algorithm(r, "aead_alg", GC_ALG_AEAD, config->aead_alg);
  config->ecdh_alg = config->aead_alg ? algorithm(r, "ecdh_alg", GC_ALG_ECDH, config->ecdh_alg) : 0;
  if (!config->group_enc_alg)
    config->sign_alg = 0;
  read_roles(r, config);
  read_gid(r, group, config);
  read_numbers(r, config);
  r->file->count++;
  const char *why = r->err ? NULL : gc_gm_config_fault(config);
  if (why)
    fault(r, "name", why, GC_E_RANGE);
}

/* --- the file --------------------------------------------------------------------------------------------------------------- */

static void read_groups(struct reader *r, const json_t *root)
{
  const json_t *groups = json_object_get(root, "groups");
  const char *key_file = text(r, "key");
  if (!json_is_array(groups) || !json_array_size(groups)) {
    fault(r, "groups", "an array of groups is expected", GC_E_MALFORMED);
    return;
  }
  if (json_array_size(groups) > GC_GM_GROUPS_MAX)
    fault(r, "groups", "at most 64 groups", GC_E_LIMIT);
  for (size_t i = 0; i < json_array_size(groups) && !r->err; i++) {
    r->at = json_array_get(groups, i);
    snprintf(r->where, sizeof r->where, "groups[%zu].", i);
    if (!json_is_object(r->at))
      fault(r, "", "an object is expected", GC_E_MALFORMED);
    else
      read_group(r, key_file);
  }
}

static void read_as(struct reader *r)
{
  const char *name = text(r, "as");
  if (!name) {
    fault(r, "as", "missing: the file that gc-as rs add wrote", GC_E_MALFORMED);
    return;
  }
  path_of(r, name, r->file->as_path, sizeof r->file->as_path);
  r->err = gc_context_file_read(&r->file->as, r->file->as_path, false, r->problem, r->ctx);
  if (r->err)
    return;
  const struct gc_context_ace *ace = &r->file->as->ace;
  if (!r->file->as->has_ace || !ace->audience || !ace->issuer)
    fault(r, "as", "the file is none for a resource server: gc-as rs add writes one", GC_E_MALFORMED);
}

static void set_uri(struct reader *r, const char *uri)
{
  struct gc_manager_file *file = r->file;
  if (!uri)
    uri = file->as->ace.introspect_uri;
  if (!uri || strlen(uri) >= sizeof file->introspect_uri) {
    fault(r, "introspection", uri ? "the URI is too long" : "a URI is needed: the file of the Authorization Server has none", GC_E_MALFORMED);
    return;
  }
  strcpy(file->introspect_uri, uri);
  file->introspection.uri = file->introspect_uri;
}

static void read_introspection(struct reader *r, const json_t *root)
{
  static const char *const known[] = { "uri", "interval_s", "keep_s", NULL };
  struct gc_manager_introspection *to = &r->file->introspection;
  const json_t *value = value_of(r, "introspection");
  *to = (struct gc_manager_introspection){ .interval_s = 60, .keep_s = 3600 };
  if (json_is_object(value)) {
    r->at = value;
    strcpy(r->where, "introspection.");
    check_keys(r, known);
    to->interval_s = (uint32_t)number(r, "interval_s", to->interval_s, 86400);
    to->keep_s = (uint32_t)number(r, "keep_s", to->keep_s, 30 * 86400);
    if (!to->interval_s || to->keep_s <= to->interval_s)
      fault(r, "keep_s", "longer than interval_s is expected, and that at least 1", GC_E_RANGE);
    const char *uri = text(r, "uri");
    r->at = root;
    r->where[0] = '\0';
    if (!r->err)
      set_uri(r, uri);
  } else if (boolean(r, "introspection", false) && !r->err) {
    set_uri(r, NULL);
  }
}

/* Without it tokens cannot be read here, so they must be asked about. */
static void check_token_key(struct reader *r)
{
  if (r->err || r->file->introspection.uri || (r->file->as->ace.token_alg != GC_ALG_UNSET && r->file->as->ace.token_key.len))
    return;
  fault(r, "as", "the file has no key of tokens (gc-as rs add writes one), and there is no introspection", GC_E_MALFORMED);
}

static void read_all(struct reader *r, const json_t *root)
{
  static const char *const known[] = { "as", "key", "introspection", "groups", NULL };
  r->at = root;
  if (!json_is_object(root)) {
    fault(r, "", "an object is expected", GC_E_MALFORMED);
    return;
  }
  check_keys(r, known);
  read_as(r);
  read_introspection(r, root);
  check_token_key(r);
  read_groups(r, root);
}

enum gc_err gc_manager_file_read(struct gc_manager_file **out, const char *path,
                                 void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem), void *ctx)
{
  json_t *root;
  struct reader reader = { .path = path, .problem = problem, .ctx = ctx };
  *out = NULL;
  enum gc_err err = gc_store_json_load(&root, path, problem, ctx);
  if (err)
    return err;
  reader.file = calloc(1, sizeof *reader.file);
  if (reader.file)
    read_all(&reader, root);
  else
    fault(&reader, "", "no memory left", GC_E_MEMORY);
  json_decref(root);
  if (reader.err)
    gc_manager_file_free(&reader.file);
  *out = reader.file;
  return reader.err;
}

void gc_manager_file_free(struct gc_manager_file **pointer)
{
  struct gc_manager_file *file = *pointer;
  if (!file)
    return;
  *pointer = NULL;
  for (size_t i = 0; i < GC_GM_GROUPS_MAX; i++)
    gc_key_file_free(&file->groups[i].key);
  if (file->as)
    gc_context_file_free(&file->as);
  free(file);
}

const struct gc_gm_config *gc_manager_file_groups(const struct gc_manager_file *file, size_t *count)
{
  *count = file->count;
  return file->configs;
}

const struct gc_context_ace *gc_manager_file_ace(const struct gc_manager_file *file)
{
  return &file->as->ace;
}

const char *gc_manager_file_as_path(const struct gc_manager_file *file)
{
  return file->as_path;
}

const struct gc_manager_introspection *gc_manager_file_introspection(const struct gc_manager_file *file)
{
  return file->introspection.uri ? &file->introspection : NULL;
}
