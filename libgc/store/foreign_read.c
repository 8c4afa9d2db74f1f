/* Each reader makes a JSON object of our own form, which context_file.c then checks like any other. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "crypto/alg.h"
#include "crypto/secret.h"
#include "store/foreign.h"
#include "store/store_json.h"

struct job {
  const char *path, *member;
  void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem);
  void *ctx;
};

bool gc_foreign_by_name(enum gc_foreign *out, const char *name)
{
  static const char *const names[] = { "aiocoap", "libcoap", "wireshark", "vectors" };
  for (unsigned i = 0; i < 4; i++)
    if (strcmp(name, names[i]) == 0) {
      *out = (enum gc_foreign)i;
      return true;
    }
  return false;
}

static enum gc_err fail(const struct job *job, const char *path, int line, const char *phrase, enum gc_err err)
{
  const struct gc_context_problem problem = { path, line, line ? 1 : 0, "", phrase };
  job->problem(job->ctx, true, &problem);
  return err;
}

/* --- known-answer files --- */

static const json_t *find_member(const json_t *list, const char *wanted)
{
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *member = json_array_get(list, i);
    const char *name = json_string_value(json_object_get(member, "name")), *id = json_string_value(json_object_get(member, "sender_id"));
    if (!wanted || (name && strcmp(name, wanted) == 0) || (id && strcmp(id, wanted) == 0))
      return member;
  }
  return NULL;
}

static void copy(json_t *to, const char *to_key, const json_t *from, const char *from_key)
{
  json_t *value = json_object_get(from, from_key);
  if (value)
    json_object_set(to, to_key, value);
}

static json_t *recipients_of(const json_t *list, const json_t *self, const char *cred_key)
{
  json_t *recipients = json_array();
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *member = json_array_get(list, i);
    json_t *one = json_object();
    copy(one, "id", member, "sender_id");
    copy(one, "cred", member, cred_key);
    copy(one, "name", member, "name");
    if (member == self)
      json_decref(one);
    else
      json_array_append_new(recipients, one);
  }
  return recipients;
}

static void set_members(json_t *out, const json_t *list, const json_t *self, const char *cred_key)
{
  json_t *sender = json_object();
  copy(sender, "id", self, "sender_id");
  copy(sender, "cred", self, cred_key);
  copy(sender, "private_key", self, "private_key");
  json_object_set_new(out, "sender", sender);
  json_object_set_new(out, "recipients", recipients_of(list, self, cred_key));
}

/* "sha256" as the number of the HMAC algorithm */
static json_t *hkdf_of(const json_t *object)
{
  const char *name = json_string_value(json_object_get(object, "hkdf"));
  return json_integer(name && strcmp(name, "sha512") == 0 ? GC_ALG_HMAC_512 : name && strcmp(name, "sha384") == 0 ? GC_ALG_HMAC_384 : GC_ALG_HMAC_256);
}

static void copy_secrets(json_t *out, const json_t *from)
{
  copy(out, "master_secret", from, "master_secret");
  copy(out, "master_salt", from, "master_salt");
}

static json_t *vectors_group(const json_t *group, const char *member)
{
  const json_t *list = json_object_get(group, "members"), *self = find_member(list, member);
  if (!self)
    return NULL;
  json_t *out = json_pack("{s:s, s:o, s:s}", "profile", "group-oscore", "hkdf", hkdf_of(group), "cred_fmt", "CCS");
  copy_secrets(out, group);
  copy(out, "gid", group, "id_context");
  copy(out, "aead_alg", group, "alg_aead");
  copy(out, "group_enc_alg", group, "alg_group_enc");
  copy(out, "sign_alg", group, "alg_signature");
  copy(out, "ecdh_alg", group, "alg_pairwise_key_agreement");
  copy(out, "gm_cred", group, "gm_cred");
  set_members(out, list, self, "auth_cred");
  return out;
}

static json_t *vectors_californium(const json_t *root, const char *member)
{
  const json_t *list = json_object_get(root, "endpoints"), *self = find_member(list, member), *common = json_object_get(root, "common"),
               *algs = json_object_get(root, "algorithms");
  if (!self)
    return NULL;
  json_t *out = json_pack("{s:s, s:s}", "profile", "group-oscore", "cred_fmt", "CCS");
  copy_secrets(out, common);
  copy(out, "gid", common, "id_context");
  copy(out, "gm_cred", common, "gm_auth_cred_ccs");
  copy(out, "hkdf", json_object_get(algs, "hkdf"), "cose_hmac_alg");
  copy(out, "aead_alg", json_object_get(algs, "aead"), "cose");
  copy(out, "group_enc_alg", json_object_get(algs, "group_encryption"), "cose");
  copy(out, "sign_alg", json_object_get(algs, "signature"), "cose");
  copy(out, "ecdh_alg", json_object_get(algs, "pairwise_key_agreement"), "cose");
  set_members(out, list, self, "auth_cred_ccs");
  return out;
}

static json_t *vectors_oscore(const json_t *context, const char *member)
{
  bool is_server = member && strcmp(member, "server") == 0;
  json_t *out = json_pack("{s:s, s:o}", "profile", "oscore", "hkdf", hkdf_of(context));
  json_t *sender = json_object(), *recipient = json_object();
  copy_secrets(out, context);
  copy(out, "id_context", context, "id_context");
  copy(out, "aead_alg", context, "alg_aead");
  copy(sender, "id", context, is_server ? "server_id" : "client_id");
  copy(recipient, "id", context, is_server ? "client_id" : "server_id");
  json_object_set_new(out, "sender", sender);
  json_object_set_new(out, "recipients", json_pack("[o]", recipient));
  return out;
}

static enum gc_err read_vectors(const struct job *job, json_t **out)
{
  json_t *root;
  enum gc_err err = gc_store_json_load(&root, job->path, job->problem, job->ctx);
  if (err)
    return err;
  const json_t *group = json_object_get(root, "group"), *context = json_object_get(root, "context");
  if (json_object_get(root, "endpoints"))
    *out = vectors_californium(root, job->member);
  else if (json_is_object(context))
    *out = vectors_oscore(context, job->member);
  else if (json_object_get(group ? group : root, "members"))
    *out = vectors_group(group ? group : root, job->member);
  else
    err = fail(job, job->path, 0, "neither \"group\", \"context\", \"members\" nor \"endpoints\" in it", GC_E_MALFORMED);
  if (!err && !*out)
    err = fail(job, job->path, 0, "no member of that name or Sender ID", GC_E_NOT_FOUND);
  json_decref(root);
  return err;
}

/* --- aiocoap --- */

/* "X_hex" or "X_ascii" of either file, as hex */
static void copy_either(json_t *out, const char *key, const json_t *const files[2], const char *name)
{
  char full[48], hex[1024];
  for (int i = 0; i < 2; i++) {
    snprintf(full, sizeof full, "%s_hex", name);
    if (json_object_get(files[i], full))
      copy(out, key, files[i], full);
    snprintf(full, sizeof full, "%s_ascii", name);
    const json_t *ascii = json_object_get(files[i], full);
    if (json_is_string(ascii) && json_string_length(ascii) < sizeof hex / 2)
      json_object_set_new(out, key, json_string(gc_secret_hex_encode(hex, (const uint8_t *)json_string_value(ascii), json_string_length(ascii))));
  }
  gc_wipe(hex, sizeof hex);
}

static enum gc_err read_aiocoap(const struct job *job, json_t **out)
{
  static const char *const names[] = { "settings.json", "secret.json" };
  json_t *files[2] = { NULL, NULL };
  enum gc_err err = GC_OK;
  for (int i = 0; i < 2 && !err; i++) {
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", job->path, names[i]) >= sizeof path)
      return fail(job, job->path, 0, "path too long", GC_E_RANGE);
    if (access(path, F_OK) < 0 && errno == ENOENT && i == 1)
      continue; /* all may be in settings.json */
    err = gc_store_json_load(&files[i], path, job->problem, job->ctx);
  }
  if (!err) {
    const json_t *const both[2] = { files[0], files[1] };
    json_t *sender = json_object(), *recipient = json_object();
    const char *hash = json_string_value(json_object_get(files[0], "kdf-hashfun"));
    *out = json_pack("{s:s, s:i}", "profile", "oscore", "hkdf", hash && strcmp(hash, "sha512") == 0 ? GC_ALG_HMAC_512 : GC_ALG_HMAC_256);
    copy_either(*out, "master_secret", both, "secret");
    copy_either(*out, "master_salt", both, "salt");
    copy_either(*out, "id_context", both, "id-context");
    copy_either(sender, "id", both, "sender-id");
    copy_either(recipient, "id", both, "recipient-id");
    copy(*out, "aead_alg", files[0], "algorithm");
    copy(*out, "replay_window", files[0], "window");
    json_object_set_new(*out, "sender", sender);
    json_object_set_new(*out, "recipients", json_pack("[o]", recipient));
  }
  json_decref(files[0]);
  json_decref(files[1]);
  return err;
}

/* --- libcoap --- */

/* keyword,encoding,"value" → key, value as hex or number */
static const char *set_libcoap(json_t *out, json_t *sender, json_t *recipients, const char *keyword, const char *encoding, const char *value)
{
  static const struct {
    const char *keyword, *key;
    enum { TO_ROOT, TO_SENDER, TO_RECIPIENTS, TO_ALG, TO_NUMBER, TO_NOTHING } to;
  } map[] = { { "master_secret", "master_secret", TO_ROOT }, { "master_salt", "master_salt", TO_ROOT }, { "id_context", "id_context", TO_ROOT },
              { "sender_id", "id", TO_SENDER }, { "recipient_id", "id", TO_RECIPIENTS }, { "aead_alg", "aead_alg", TO_ALG },
              { "hkdf_alg", "hkdf", TO_ALG }, { "replay_window", "replay_window", TO_NUMBER }, { "rfc8613_b_1_2", "", TO_NOTHING },
              { "rfc8613_b_2", "", TO_NOTHING }, { "ssn_freq", "", TO_NOTHING } };
  size_t i = 0;
  char hex[1024], *end;
  while (i < sizeof map / sizeof map[0] && strcmp(map[i].keyword, keyword) != 0)
    i++;
  if (i == sizeof map / sizeof map[0])
    return "unknown keyword";
  if (map[i].to == TO_NOTHING)
    return NULL;
  if (map[i].to == TO_NUMBER || strcmp(encoding, "integer") == 0) {
    long long number = strtoll(value, &end, 10);
    if (*end || end == value)
      return "not a number";
    /* libcoap names an HKDF by its direct+HKDF algorithm */
    number = strcmp(map[i].key, "hkdf") == 0 ? number == -11 ? GC_ALG_HMAC_512 : number == -10 ? GC_ALG_HMAC_256 : number : number;
    json_object_set_new(out, map[i].key, json_integer(number));
    return NULL;
  }
  if (map[i].to == TO_ALG) {
    const char *name = strcmp(value, "direct+HKDF-SHA-256") == 0 ? "HMAC 256/256" : strcmp(value, "direct+HKDF-SHA-512") == 0 ? "HMAC 512/512" : value;
    json_object_set_new(out, map[i].key, json_string(name));
    return NULL;
  }
  if (strcmp(encoding, "hex") == 0)
    snprintf(hex, sizeof hex, "%s", value);
  else if (strcmp(encoding, "ascii") == 0 && strlen(value) < sizeof hex / 2)
    gc_secret_hex_encode(hex, (const uint8_t *)value, strlen(value));
  else
    return "unknown encoding: hex or ascii is expected";
  if (map[i].to == TO_RECIPIENTS)
    json_array_append_new(recipients, json_pack("{s:s}", "id", hex));
  else
    json_object_set_new(map[i].to == TO_SENDER ? sender : out, map[i].key, json_string(hex));
  gc_wipe(hex, sizeof hex);
  return NULL;
}

static enum gc_err read_libcoap(const struct job *job, json_t **out)
{
  char line[2048], keyword[64], encoding[32], value[1024];
  const char *wrong = NULL;
  int number = 0;
  FILE *file = fopen(job->path, "re");
  if (!file)
    return fail(job, job->path, 0, strerror(errno), GC_E_SYSTEM);
  json_t *sender = json_object(), *recipients = json_array();
  *out = json_pack("{s:s, s:o, s:o}", "profile", "oscore", "sender", sender, "recipients", recipients);
  while (!wrong && fgets(line, sizeof line, file)) {
    number++;
    char *start = line + strspn(line, " \t");
    value[0] = '\0';
    if (*start == '#' || strspn(start, "\r\n") == strlen(start))
      continue;
    if (sscanf(start, "%63[^,],%31[^,],\"%1023[^\"]\"", keyword, encoding, value) < 2)
      wrong = "keyword,encoding,\"value\" is expected";
    else if (!value[0] && !strstr(start, ",\"\"") && sscanf(start, "%*63[^,],%*31[^,],%1023[^ \t\r\n#]", value) != 1)
      wrong = "keyword,encoding,\"value\" is expected";
    else
      wrong = set_libcoap(*out, sender, recipients, keyword, encoding, value);
  }
  gc_wipe(line, sizeof line);
  gc_wipe(value, sizeof value);
  fclose(file);
  return wrong ? fail(job, job->path, number, wrong, GC_E_MALFORMED) : GC_OK;
}

/* --- together --- */

enum gc_err gc_foreign_read(struct gc_context_file **out, enum gc_foreign format, const char *path, const char *member,
                            void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem), void *ctx)
{
  static enum gc_err (*const readers[])(const struct job *, json_t **) = { read_aiocoap, read_libcoap, NULL, read_vectors };
  const struct job job = { path, member, problem, ctx };
  json_t *ours = NULL;
  *out = NULL;
  gc_store_json_init();
  if (!readers[format])
    return fail(&job, path, 0, "this format is only written", GC_E_UNSUPPORTED);
  enum gc_err err = readers[format](&job, &ours);
  char *text = err ? NULL : json_dumps(ours, JSON_COMPACT);
  if (!err && !text)
    err = GC_E_MEMORY;
  if (!err)
    err = gc_context_file_parse(out, gc_bytes_str(text), path, false, problem, ctx);
  gc_store_json_free_text(text);
  json_decref(ours);
  return err;
}
