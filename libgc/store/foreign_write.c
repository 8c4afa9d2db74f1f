#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crypto/alg.h"
#include "crypto/secret.h"
#include "store/foreign.h"

/* A text in secret memory. */
struct text {
  char *at;
  size_t len, cap;
};

static __attribute__((format(printf, 2, 3))) void put(struct text *text, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int n = vsnprintf(text->at + text->len, text->cap - text->len, format, args);
  va_end(args);
  text->len += n > 0 && (size_t)n < text->cap - text->len ? (size_t)n : 0;
}

static void put_hex(struct text *text, const char *before, struct gc_bytes bytes, const char *after)
{
  put(text, "%s", before);
  if (2 * bytes.len + 1 < text->cap - text->len && bytes.len > 0) {
    gc_secret_hex_encode(text->at + text->len, bytes.ptr, bytes.len);
    text->len += 2 * bytes.len;
  }
  put(text, "%s", after);
}

/* RFC 8613 names an HKDF by its direct+HKDF algorithm, and so do the others. */
static int hkdf_number(int32_t hkdf)
{
  return hkdf == GC_ALG_HMAC_512 ? -11 : -10;
}

static enum gc_err write_aiocoap(const struct gc_context_file *file, struct text *text, enum gc_err (*write)(void *, const char *, struct gc_bytes), void *ctx)
{
  const struct gc_alg *alg = gc_alg_by_id(file->aead_alg);
  put_hex(text, "{\"sender-id_hex\": \"", file->sender.id, "\", ");
  put_hex(text, "\"recipient-id_hex\": \"", file->recipients[0].id, "\", ");
  if (file->has_gid)
    put_hex(text, "\"id-context_hex\": \"", file->gid, "\", ");
  put(text, "\"algorithm\": \"%s\", \"kdf-hashfun\": \"%s\", \"window\": %" PRIu32 "}\n", alg->name, file->hkdf == GC_ALG_HMAC_512 ? "sha512" : "sha256",
      file->replay_window);
  enum gc_err err = write(ctx, "settings.json", gc_bytes(text->at, text->len));
  if (err)
    return err;
  text->len = 0;
  put_hex(text, "{\"secret_hex\": \"", file->master_secret, "\"");
  put_hex(text, ", \"salt_hex\": \"", file->master_salt, "\"}\n");
  return write(ctx, "secret.json", gc_bytes(text->at, text->len));
}

static enum gc_err write_libcoap(const struct gc_context_file *file, struct text *text, enum gc_err (*write)(void *, const char *, struct gc_bytes), void *ctx)
{
  put_hex(text, "master_secret,hex,\"", file->master_secret, "\"\n");
  put_hex(text, "master_salt,hex,\"", file->master_salt, "\"\n");
  if (file->has_gid)
    put_hex(text, "id_context,hex,\"", file->gid, "\"\n");
  put_hex(text, "sender_id,hex,\"", file->sender.id, "\"\n");
  for (size_t i = 0; i < file->recipient_count; i++)
    put_hex(text, "recipient_id,hex,\"", file->recipients[i].id, "\"\n");
  put(text, "replay_window,integer,%" PRIu32 "\naead_alg,integer,%" PRId32 "\nhkdf_alg,integer,%d\n", file->replay_window, file->aead_alg,
      hkdf_number(file->hkdf));
  return write(ctx, "", gc_bytes(text->at, text->len));
}

/* A line for each recipient: "sender","recipient","secret","salt","id context","algorithm", as the packets of both appear to
 * Wireshark, which takes the client's ID as the sender's. */
static enum gc_err write_wireshark(const struct gc_context_file *file, struct text *text, enum gc_err (*write)(void *, const char *, struct gc_bytes), void *ctx)
{
  const struct gc_alg *alg = gc_alg_by_id(file->aead_alg);
  for (size_t i = 0; i < file->recipient_count; i++) {
    put_hex(text, "\"", file->sender.id, "\",");
    put_hex(text, "\"", file->recipients[i].id, "\",");
    put_hex(text, "\"", file->master_secret, "\",");
    put_hex(text, "\"", file->master_salt, "\",");
    put_hex(text, "\"", file->gid, "\",");
    put(text, "\"%s (CCM*)\"\n", alg->name);
  }
  return write(ctx, "", gc_bytes(text->at, text->len));
}

static void put_member(struct text *text, const struct gc_context_member *member, struct gc_bytes private_key, const char *after)
{
  put_hex(text, "  {\"sender_id\": \"", member->id, "\"");
  if (private_key.len)
    put_hex(text, ", \"private_key\": \"", private_key, "\"");
  put_hex(text, ", \"auth_cred\": \"", member->cred, "\"}");
  put(text, "%s\n", after);
}

static void put_alg(struct text *text, const char *key, int32_t alg)
{
  if (alg == GC_ALG_UNSET)
    put(text, " \"%s\": null,\n", key);
  else
    put(text, " \"%s\": %" PRId32 ",\n", key, alg);
}

static enum gc_err write_vectors(const struct gc_context_file *file, struct text *text, enum gc_err (*write)(void *, const char *, struct gc_bytes), void *ctx)
{
  put_hex(text, "{\"id_context\": \"", file->gid, "\",\n");
  put_hex(text, " \"master_secret\": \"", file->master_secret, "\",\n");
  put_hex(text, " \"master_salt\": \"", file->master_salt, "\",\n");
  put(text, " \"hkdf\": \"%s\",\n", file->hkdf == GC_ALG_HMAC_512 ? "sha512" : file->hkdf == GC_ALG_HMAC_384 ? "sha384" : "sha256");
  put_alg(text, "alg_aead", file->aead_alg);
  put_alg(text, "alg_group_enc", file->group_enc_alg);
  put_alg(text, "alg_signature", file->sign_alg);
  put_alg(text, "alg_pairwise_key_agreement", file->ecdh_alg);
  put_hex(text, " \"gm_cred\": \"", file->gm_cred, "\",\n \"members\": [\n");
  if (file->has_sender)
    put_member(text, &file->sender, file->private_key, file->recipient_count ? "," : "");
  for (size_t i = 0; i < file->recipient_count; i++)
    put_member(text, &file->recipients[i], gc_bytes(NULL, 0), i + 1 < file->recipient_count ? "," : "");
  put(text, " ]}\n");
  return write(ctx, "", gc_bytes(text->at, text->len));
}

enum gc_err gc_foreign_write(const struct gc_context_file *file, enum gc_foreign format,
                             enum gc_err (*write)(void *ctx, const char *file_name, struct gc_bytes text), void *ctx)
{
  /* cppcheck-suppress uninitvar -- it takes the initializer for a body */
  enum gc_err (*const writers[])(const struct gc_context_file *, struct text *, enum gc_err (*)(void *, const char *, struct gc_bytes), void *) = {
    write_aiocoap, write_libcoap, write_wireshark, write_vectors
  };
  bool is_plain = file->profile == GC_PROFILE_OSCORE;
  if (is_plain == (format == GC_FOREIGN_VECTORS) || (is_plain && file->recipient_count == 0) || file->profile == GC_PROFILE_GROUP_OSCORE_02)
    return GC_E_UNSUPPORTED;
  if (format == GC_FOREIGN_WIRESHARK && file->aead_alg != GC_ALG_CCM_16_64_128)
    return GC_E_UNSUPPORTED;
  /* every byte of the file as two digits, and words around each of the recipients */
  struct text text = { .cap = 4096 + 2 * file->region_len + 1024 * file->recipient_count };
  text.at = gc_crypto_init() ? NULL : gc_secret_new(text.cap);
  if (!text.at)
    return GC_E_MEMORY;
  enum gc_err err = writers[format](file, &text, write, ctx);
  gc_secret_free(&text.at);
  return err;
}
