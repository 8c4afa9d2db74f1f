/* What a context holds, in the terms of the documents; with --secrets every derived value, to compare byte by byte. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ace/scope.h"
#include "crypto/secret.h"
#include "gc-keygen.h"

/* One writer for text and JSON: a field is "name: value" or "name":"value". */
struct show {
  struct gc_out *out;
  bool json, secrets;
  unsigned indent;
};

static void open_part(struct show *s, const char *key, const char *title)
{
  if (s->json) {
    gc_json_object(s->out, key);
    return;
  }
  gc_outf(s->out, "%*s%s\n", (int)s->indent, "", title);
  s->indent += 2;
}

static void close_part(struct show *s)
{
  if (s->json)
    gc_json_end(s->out);
  else
    s->indent -= 2;
}

static void begin_field(struct show *s, const char *key)
{
  char label[40];
  snprintf(label, sizeof label, "%s", key);
  for (char *p = label; *p; p++)
    if (*p == '_')
      *p = ' ';
  gc_outf(s->out, "%*s%s:", (int)s->indent, "", label);
  gc_out_pad(s->out, s->indent + 26);
}

static void field_text(struct show *s, const char *key, const char *value)
{
  if (s->json) {
    gc_json_str(s->out, key, value);
    return;
  }
  begin_field(s, key);
  gc_out_text(s->out, gc_bytes_str(value));
  gc_out_str(s->out, "\n");
}

static void field_hex(struct show *s, const char *key, struct gc_bytes value)
{
  if (s->json) {
    gc_json_hex(s->out, key, value);
    return;
  }
  begin_field(s, key);
  gc_out_hex(s->out, value);
  gc_out_str(s->out, value.len ? "\n" : "(empty)\n");
}

/* Hidden unless --secrets; in JSON hidden ones are absent. */
static void field_secret(struct show *s, const char *key, struct gc_bytes value)
{
  if (s->secrets)
    field_hex(s, key, value);
  else if (!s->json)
    field_text(s, key, "(hidden)");
}

static void field_alg(struct show *s, const char *key, int32_t id)
{
  const struct gc_alg *alg = gc_alg_by_id(id);
  char text[64];
  if (id == GC_ALG_UNSET)
    return;
  snprintf(text, sizeof text, "%s (%" PRId32 ")", alg ? alg->name : "unknown", id);
  field_text(s, key, s->json && alg ? alg->name : text);
}

static void show_cred(struct show *s, const char *key, struct gc_bytes cred)
{
  struct gc_credential parsed;
  if (cred.len == 0)
    return;
  field_hex(s, key, cred);
  if (gc_credential_read(&parsed, cred, GC_CRED_ANY, NULL))
    return;
  if (parsed.subject.len && s->json)
    gc_json_text(s->out, "subject", parsed.subject);
  if (parsed.subject.len && !s->json) {
    begin_field(s, "subject");
    gc_out_text(s->out, parsed.subject);
    gc_out_str(s->out, "\n");
  }
  field_text(s, "curve", gc_curve_by_id(parsed.public_key.curve)->name);
  field_hex(s, "public_key", gc_bytes(parsed.public_key.bytes, parsed.public_key.len));
}

/* Until when, and whether at all. */
static void show_validity(struct show *s, const struct gc_context_file *file)
{
  const time_t expires = file->expires_s < 253402300800 ? (time_t)file->expires_s : 253402300799; /* of a year with four digits */
  char text[32];
  struct tm utc;
  if (file->expires_s && s->json)
    gc_json_uint(s->out, "expires", file->expires_s);
  else if (file->expires_s && gmtime_r(&expires, &utc) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc))
    field_text(s, "expires", text);
  if (file->is_inactive && s->json)
    gc_json_bool(s->out, "active", false);
  else if (file->is_inactive)
    field_text(s, "active", "no");
}

static void show_common(struct show *s, const struct gc_context_file *file, const struct gc_oscore_secrets *secrets)
{
  static const char *const profiles[] = { "group-oscore", "oscore", "group-oscore-02" };
  field_text(s, "profile", profiles[file->profile]);
  if (file->name)
    field_text(s, "name", file->name);
  if (file->has_gid)
    field_hex(s, file->profile == GC_PROFILE_OSCORE ? "id_context" : "gid", file->gid);
  field_alg(s, "hkdf", file->hkdf);
  field_alg(s, "aead_alg", file->aead_alg);
  field_alg(s, "group_enc_alg", file->group_enc_alg);
  field_alg(s, "sign_alg", file->sign_alg);
  field_alg(s, "ecdh_alg", file->ecdh_alg);
  if (file->master_secret.len)
    field_secret(s, "master_secret", file->master_secret);
  field_secret(s, "master_salt", file->master_salt);
  if (secrets->common_iv_len)
    field_secret(s, "common_iv", gc_bytes(secrets->common_iv, secrets->common_iv_len));
  if (secrets->signature_encryption_key_len)
    field_secret(s, "signature_encryption_key", gc_bytes(secrets->signature_encryption_key, secrets->signature_encryption_key_len));
  show_validity(s, file);
  if (file->gm_cred.len) {
    open_part(s, "group_manager", "Group Manager");
    show_cred(s, "gm_cred", file->gm_cred);
    close_part(s);
  }
}

/* The next number as the state file has it; it is not created by looking. */
static void show_state(struct show *s, const struct gc_context *context)
{
  char name[4096];
  uint64_t next = 0;
  if ((size_t)snprintf(name, sizeof name, "%s.state", context->path) >= sizeof name)
    return;
  if (access(name, F_OK) == 0) {
    struct gc_context with_state;
    bool is_known = gc_context_open_state(&with_state, context->path, false, 0) == GC_STATUS_OK &&
                    gc_secure_context_peek(with_state.secure, &next) == GC_OK;
    (void)!gc_context_close(&with_state);
    if (!is_known)
      return;
  }
  if (s->json) {
    gc_json_uint(s->out, "sender_sequence_number", next);
    return;
  }
  begin_field(s, "sender_sequence_number");
  gc_outf(s->out, "%" PRIu64 "%s\n", next, next ? "" : " (not used yet)");
}

static void show_sender(struct show *s, const struct gc_context *context, const struct gc_oscore_secrets *secrets)
{
  const struct gc_context_file *file = context->file;
  if (!file->has_sender)
    return;
  open_part(s, "sender", "Sender Context");
  field_hex(s, "id", file->sender.id);
  show_cred(s, "cred", file->sender.cred);
  if (file->private_key.len)
    field_secret(s, "private_key", file->private_key);
  if (secrets->sender_key_len)
    field_secret(s, "sender_key", gc_bytes(secrets->sender_key, secrets->sender_key_len));
  show_state(s, context);
  close_part(s);
}

static void show_recipient(struct show *s, const struct gc_context *context, const struct gc_oscore_recipient *recipient)
{
  struct gc_oscore_recipient_secrets keys;
  const struct gc_bytes id = gc_oscore_recipient_id(recipient);
  char title[48] = "Recipient Context", roles[GC_ROLES_TEXT_MAX];
  open_part(s, NULL, title);
  field_hex(s, "id", id);
  for (size_t i = 0; i < context->file->recipient_count; i++)
    if (context->file->recipients[i].roles && gc_bytes_equal(context->file->recipients[i].id, id))
      field_text(s, "roles", gc_roles_format(roles, context->file->recipients[i].roles));
  show_cred(s, "cred", gc_oscore_recipient_cred(recipient));
  if (s->secrets && gc_oscore_recipient_secrets(context->oscore, recipient, &keys) == GC_OK) {
    if (keys.recipient_key_len)
      field_secret(s, "recipient_key", gc_bytes(keys.recipient_key, keys.recipient_key_len));
    if (keys.shared_secret_len)
      field_secret(s, "shared_secret", gc_bytes(keys.shared_secret, keys.shared_secret_len));
    if (keys.pairwise_key_len) {
      field_secret(s, "pairwise_sender_key", gc_bytes(keys.pairwise_sender_key, keys.pairwise_key_len));
      field_secret(s, "pairwise_recipient_key", gc_bytes(keys.pairwise_recipient_key, keys.pairwise_key_len));
    }
    gc_wipe(&keys, sizeof keys);
  }
  close_part(s);
}

enum gc_status gc_keygen_show(const struct gc_keygen_params *params)
{
  struct gc_context context;
  struct gc_oscore_secrets secrets;
  enum gc_status status = gc_context_open(&context, params->operands[0], params->common.strict);
  struct show s = { .json = params->common.json, .secrets = params->secrets };
  if (status) {
    gc_context_close(&context);
    return status;
  }
  s.out = gc_out_new(STDOUT_FILENO, (enum gc_color_when)params->common.color, false);
  gc_oscore_context_secrets(context.oscore, &secrets);
  if (s.json)
    gc_json_object(s.out, NULL);
  show_common(&s, context.file, &secrets);
  show_sender(&s, &context, &secrets);
  if (s.json)
    gc_json_array(s.out, "recipients");
  for (size_t i = 0; i < gc_oscore_context_count(context.oscore); i++)
    show_recipient(&s, &context, gc_oscore_context_at(context.oscore, i));
  if (s.json) {
    gc_json_end(s.out);
    gc_json_end(s.out);
  }
  gc_wipe(&secrets, sizeof secrets);
  gc_out_flush(s.out);
  if (!gc_out_close(&s.out)) {
    gc_error("standard output: cannot be written");
    status = GC_STATUS_SYSTEM;
  }
  return gc_status_max(status, gc_context_close(&context));
}
