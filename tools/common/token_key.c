#include "common/token_key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cbor/diag.h"
#include "common/context.h"
#include "common/payload.h"
#include "crypto/secret.h"

/* A map begins with 0xa0 … 0xbf, which no text does; hexadecimal never with a brace or the beginning of a comment. */
static enum gc_err decode(struct gc_buf *out, struct gc_bytes text, struct gc_where *where)
{
  size_t at = 0;
  if (text.len && text.ptr[0] >= 0x80)
    return gc_buf_add(out, text);
  while (at < text.len && memchr(" \t\r\n", text.ptr[at], 4))
    at++;
  if (at < text.len && memchr("{/#", text.ptr[at], 3))
    return gc_cbor_from_diag(out, text, where);
  char line[2 * GC_TOKEN_KEY_FILE_MAX + 1];
  size_t len = 0;
  for (; at < text.len; at++)
    if (!memchr(" \t\r\n", text.ptr[at], 4)) {
      if (len == sizeof line - 1)
        return GC_E_SPACE;
      line[len++] = (char)text.ptr[at];
    }
  enum gc_err err = gc_secret_hex_decode(out->ptr, out->cap, &out->len, line, len);
  gc_wipe(line, len);
  return err == GC_E_MALFORMED ? gc_fail(where, 0, "neither CBOR, hexadecimal nor diagnostic notation", err) : err;
}

static enum gc_status fail(const char *path, const char *phrase)
{
  gc_error("%s: %s", path, phrase);
  return GC_STATUS_INPUT;
}

static enum gc_status check_mode(const char *path, bool strict)
{
  struct stat st;
  if (stat(path, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & 077))
    return GC_STATUS_OK;
  if (strict)
    return fail(path, "others may read this file: chmod 600");
  gc_warn("%s: others may read this file: chmod 600", path);
  return GC_STATUS_OK;
}

static bool have_room(struct gc_token_keys *keys)
{
  if (!keys->keys)
    keys->keys = gc_secret_new(GC_TOKEN_KEYS * (sizeof *keys->keys + GC_TOKEN_KEY_FILE_MAX));
  if (keys->keys)
    keys->bytes = (uint8_t *)(keys->keys + GC_TOKEN_KEYS);
  return keys->keys != NULL;
}

static enum gc_status take(struct gc_token_keys *keys, struct gc_bytes text, const char *path)
{
  struct gc_where where = { 0, NULL };
  struct gc_buf out = gc_buf(keys->bytes + keys->count * GC_TOKEN_KEY_FILE_MAX, GC_TOKEN_KEY_FILE_MAX);
  struct gc_cose_key *key = &keys->keys[keys->count];
  if (decode(&out, text, &where))
    return fail(path, where.phrase ? where.phrase : "larger than a COSE_Key can be");
  struct gc_cbor_reader reader = gc_cbor_reader(gc_buf_bytes(&out));
  if (gc_cbor_whole(&reader, gc_cose_key_parse(&reader, key), &where))
    return fail(path, where.phrase ? where.phrase : "not a COSE_Key");
  if (key->kty == GC_KTY_SYMMETRIC && !key->has_k)
    return fail(path, "COSE_Key without k");
  keys->count++;
  return GC_STATUS_OK;
}

enum gc_status gc_token_keys_add(struct gc_token_keys *keys, const char *path, bool strict)
{
  char at[4096], why[GC_PAYLOAD_WHY_LEN];
  struct gc_payload raw;
  gc_keep_secrets();
  if (keys->count == GC_TOKEN_KEYS) {
    gc_error("--token-key: at most %d files", GC_TOKEN_KEYS);
    return GC_STATUS_USAGE;
  }
  if (!have_room(keys)) {
    gc_error("out of memory");
    return GC_STATUS_SYSTEM;
  }
  if ((size_t)snprintf(at, sizeof at, "@%s%s", path[0] == '@' ? "./" : "", path) >= sizeof at)
    return fail(path, "too long a path");
  enum gc_status status = check_mode(path, strict);
  if (status)
    return status;
  errno = 0;
  if (!gc_payload_read(&raw, GC_PAYLOAD_TEXT, at, why)) {
    const bool is_input = !errno || errno == ENOENT || errno == ENOTDIR || errno == EISDIR;
    gc_error("%s", why);
    return is_input ? GC_STATUS_INPUT : GC_STATUS_SYSTEM;
  }
  status = take(keys, raw.bytes, path);
  if (raw.owned)
    gc_wipe(raw.owned, raw.bytes.len);
  gc_payload_free(&raw);
  return status;
}

void gc_token_keys_free(struct gc_token_keys *keys)
{
  gc_secret_free(&keys->keys);
  *keys = (struct gc_token_keys){ .count = 0 };
}

static bool is_for(const struct gc_cose_key *key, const struct gc_cose_message *token)
{
  if (!token->has_alg || (key->kty == GC_KTY_SYMMETRIC) != (token->kind != GC_COSE_SIGN1) || (key->alg && key->alg != token->alg))
    return false;
  return !key->has_kid || !token->has_kid || gc_bytes_equal(key->kid, token->kid);
}

static enum gc_cose_result open_with(const struct gc_cose_key *key, const struct gc_cose_message *token, struct gc_buf *room)
{
  if (token->kind == GC_COSE_ENCRYPT0)
    return gc_encrypt0_open(token, key->k, room);
  return token->kind == GC_COSE_MAC0 ? gc_mac0_verify(token, key->k) : gc_sign1_verify(token, &key->public_key);
}

enum gc_cwt_verdict gc_token_open(struct gc_bytes *payload, const struct gc_token_keys *keys, const struct gc_cose_message *token,
                                  struct gc_buf *room)
{
  enum gc_cwt_verdict verdict = GC_CWT_WRONG_KEY;
  for (size_t i = 0; i < keys->count; i++) {
    if (!is_for(&keys->keys[i], token))
      continue;
    enum gc_cose_result result = open_with(&keys->keys[i], token, room);
    if (result == GC_COSE_OPENED) {
      *payload = token->kind == GC_COSE_ENCRYPT0 ? gc_buf_bytes(room) : token->content;
      return GC_CWT_VALID;
    }
    if (result == GC_COSE_FORGED)
      verdict = GC_CWT_FORGED;
  }
  return verdict;
}
