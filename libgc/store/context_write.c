#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ace/scope.h"
#include "base/text.h"
#include "crypto/alg.h"
#include "crypto/secret.h"
#include "store/context_file.h"
#include "store/private_file.h"

/* The text is made in secret memory. Overflow cannot happen: text_bound() has counted. */
struct writer {
  char *text;
  size_t len, cap;
  bool is_first; /* of the object being written */
};

static void put(struct writer *w, const char *text, size_t len)
{
  if (len > w->cap - w->len)
    len = w->cap - w->len;
  memcpy(w->text + w->len, text, len);
  w->len += len;
}

static void put_str(struct writer *w, const char *text)
{
  put(w, text, strlen(text));
}

static void key(struct writer *w, const char *name)
{
  put_str(w, w->is_first ? "" : ", ");
  put_str(w, "\"");
  put_str(w, name);
  put_str(w, "\": ");
  w->is_first = false;
}

static void put_hex(struct writer *w, const char *name, struct gc_bytes bytes, bool always)
{
  if (bytes.len == 0 && !always)
    return;
  key(w, name);
  put_str(w, "\"");
  if (2 * bytes.len + 1 <= w->cap - w->len)
    gc_secret_hex_encode(w->text + w->len, bytes.ptr, bytes.len);
  w->len += 2 * bytes.len;
  put_str(w, "\"");
}

static void put_text(struct writer *w, const char *name, const char *value)
{
  char escape[8];
  if (!value)
    return;
  key(w, name);
  put_str(w, "\"");
  for (; *value; value++) {
    if (*value == '"' || *value == '\\')
      put(w, "\\", 1);
    if ((unsigned char)*value < 0x20) {
      snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*value);
      put_str(w, escape);
    } else {
      put(w, value, 1);
    }
  }
  put_str(w, "\"");
}

static void put_alg(struct writer *w, const char *name, int32_t id, bool is_in_profile)
{
  const struct gc_alg *alg = strcmp(name, "ecdh_alg") == 0 && id == GC_ALG_ES256 ? NULL : gc_alg_by_id(id); /* old P-256 groups: -7 */
  char number[16];
  if (!is_in_profile)
    return;
  key(w, name);
  if (id == GC_ALG_UNSET) {
    put_str(w, "null");
    return;
  }
  snprintf(number, sizeof number, "%" PRId32, id);
  put_str(w, alg ? "\"" : "");
  put_str(w, alg ? alg->name : number);
  put_str(w, alg ? "\"" : "");
}

static void put_number(struct writer *w, const char *name, uint64_t value, uint64_t normal)
{
  char number[24];
  if (value == normal)
    return;
  key(w, name);
  snprintf(number, sizeof number, "%" PRIu64, value);
  put_str(w, number);
}

static void new_line(struct writer *w)
{
  put_str(w, w->is_first ? "" : ",");
  put_str(w, "\n  ");
  w->is_first = true;
}

static void put_member(struct writer *w, const struct gc_context_member *member, struct gc_bytes private_key)
{
  char roles[GC_ROLES_TEXT_MAX];
  w->is_first = true;
  put_str(w, "{ ");
  put_hex(w, "id", member->id, true);
  put_text(w, "name", member->name);
  put_hex(w, "cred", member->cred, false);
  put_hex(w, "public_key", member->public_key, false);
  put_hex(w, "private_key", private_key, false);
  put_text(w, "roles", member->roles ? gc_roles_format(roles, member->roles) : NULL);
  put_str(w, " }");
  w->is_first = false;
}

static void put_ace(struct writer *w, const struct gc_context_ace *ace)
{
  new_line(w);
  key(w, "ace");
  w->is_first = true;
  put_str(w, "{ ");
  put_text(w, "as_uri", ace->as_uri);
  put_text(w, "introspect_uri", ace->introspect_uri);
  put_text(w, "issuer", ace->issuer);
  put_text(w, "audience", ace->audience);
  put_text(w, "group_uri", ace->group_uri);
  put_alg(w, "token_alg", ace->token_alg, ace->token_key.len > 0);
  put_hex(w, "token_kid", ace->token_kid, ace->token_key.len > 0);
  put_hex(w, "token_key", ace->token_key, false);
  put_str(w, " }");
  w->is_first = false;
}

static void put_all(struct writer *w, const struct gc_context_file *file)
{
  static const char *const profiles[] = { "group-oscore", "oscore", "group-oscore-02" };
  bool is_plain = file->profile == GC_PROFILE_OSCORE, is_current = file->profile == GC_PROFILE_GROUP_OSCORE;
  w->is_first = true;
  put_str(w, "{ ");
  put_text(w, "profile", profiles[file->profile]);
  new_line(w);
  put_text(w, "name", file->name);
  if (file->has_gid)
    put_hex(w, is_plain ? "id_context" : "gid", file->gid, true);
  new_line(w);
  put_hex(w, "master_secret", file->master_secret, false);
  put_hex(w, "master_salt", file->master_salt, file->master_secret.len > 0);
  put_hex(w, "signature_encryption_key", file->signature_encryption_key, false);
  new_line(w);
  put_alg(w, "hkdf", file->hkdf, true);
  put_alg(w, "aead_alg", file->aead_alg, true);
  put_alg(w, "group_enc_alg", file->group_enc_alg, is_current);
  put_alg(w, "sign_alg", file->sign_alg, !is_plain);
  put_alg(w, "ecdh_alg", file->ecdh_alg, is_current);
  put_number(w, "replay_window", file->replay_window, 32);
  put_number(w, "countersign_elements", file->countersign_elements, 5);
  put_number(w, "expires", file->expires_s, 0);
  if (file->is_inactive) {
    key(w, "active");
    put_str(w, "false");
  }
  if (!is_plain) {
    new_line(w);
    put_text(w, "cred_fmt", file->cred_fmt);
    put_hex(w, "gm_cred", file->gm_cred, false);
  }
  if (file->has_ace)
    put_ace(w, &file->ace);
  if (file->has_sender) {
    new_line(w);
    key(w, "sender");
    put_member(w, &file->sender, file->private_key);
  }
  new_line(w);
  key(w, "recipients");
  put_str(w, "[");
  for (size_t i = 0; i < file->recipient_count; i++) {
    put_str(w, i ? ",\n    " : "\n    ");
    put_member(w, &file->recipients[i], gc_bytes(NULL, 0));
  }
  put_str(w, " ] }\n");
}

static size_t member_bound(const struct gc_context_member *member)
{
  return 256 + 2 * (member->id.len + member->cred.len + member->public_key.len) + (member->name ? 6 * strlen(member->name) : 0);
}

static size_t ace_bound(const struct gc_context_ace *ace)
{
  const char *const texts[] = { ace->as_uri, ace->introspect_uri, ace->issuer, ace->audience, ace->group_uri };
  size_t bound = 512 + 2 * (ace->token_kid.len + ace->token_key.len);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    bound += texts[i] ? 6 * strlen(texts[i]) : 0;
  return bound;
}

static size_t text_bound(const struct gc_context_file *file)
{
  size_t bound = 2048 + 2 * (file->gid.len + file->master_secret.len + file->master_salt.len + file->signature_encryption_key.len +
                             file->gm_cred.len + file->private_key.len) +
                 (file->name ? 6 * strlen(file->name) : 0) + (file->cred_fmt ? 6 * strlen(file->cred_fmt) : 0) + member_bound(&file->sender) +
                 ace_bound(&file->ace);
  for (size_t i = 0; i < file->recipient_count; i++)
    bound += member_bound(&file->recipients[i]);
  return bound;
}

enum gc_err gc_context_file_write(const struct gc_context_file *file, const char *path, bool replace)
{
  struct writer w = { .cap = text_bound(file) };
  if (gc_crypto_init() || !(w.text = gc_secret_new(w.cap)))
    return GC_E_MEMORY;
  put_all(&w, file);
  enum gc_err err = gc_private_file_write(path, gc_bytes(w.text, w.len), replace);
  int kept = errno;
  gc_secret_free(&w.text);
  errno = kept;
  return err;
}
