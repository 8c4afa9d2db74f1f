/* The Sender Context and the Recipient Contexts of a Security Context. */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "oscore/internal.h"

static enum gc_err because(const char **why, const char *phrase, enum gc_err err)
{
  if (why)
    *why = phrase;
  return err;
}

/* An ID of at most 7 bytes and its length are one number. */
static uint64_t id_number(struct gc_bytes id)
{
  uint64_t number = id.len;
  for (size_t i = 0; i < id.len; i++)
    number = number << 8 | id.ptr[i];
  return number;
}

static size_t slot_of(const struct gc_oscore_context *c, struct gc_bytes id)
{
  uint64_t h = id_number(id) * 0x9e3779b97f4a7c15u;
  size_t slot = (size_t)(h >> 32) & (c->index_cap - 1);
  for (; c->index[slot]; slot = (slot + 1) & (c->index_cap - 1)) {
    const struct gc_oscore_recipient *r = c->recipients[c->index[slot] - 1];
    if (r->id_len == id.len && memcmp(r->id, id.ptr, id.len) == 0)
      break;
  }
  return slot;
}

struct gc_oscore_recipient *gc_oscore_context_find(const struct gc_oscore_context *context, struct gc_bytes id)
{
  if (!context->index_cap || id.len > GC_ID_MAX_LEN)
    return NULL;
  uint32_t found = context->index[slot_of(context, id.len ? id : gc_bytes("", 0))];
  return found ? context->recipients[found - 1] : NULL;
}

static void reindex(struct gc_oscore_context *c)
{
  memset(c->index, 0, c->index_cap * sizeof *c->index);
  for (size_t i = 0; i < c->recipient_count; i++) {
    c->recipients[i]->index = i;
    c->index[slot_of(c, gc_bytes(c->recipients[i]->id, c->recipients[i]->id_len))] = (uint32_t)i + 1;
  }
}

static bool grow(struct gc_oscore_context *c)
{
  if (c->recipient_count < c->recipient_cap)
    return true;
  size_t cap = c->recipient_cap ? 2 * c->recipient_cap : 8;
  struct gc_oscore_recipient **recipients = realloc(c->recipients, cap * sizeof(void *));
  if (!recipients)
    return false;
  c->recipients = recipients;
  uint32_t *index = calloc(2 * cap, sizeof *index);
  struct gc_oscore_keys **spare = realloc(c->spare, cap * sizeof(void *));
  if (spare)
    c->spare = spare;
  if (!index || !spare) {
    free(index);
    return false;
  }
  free(c->index);
  c->index = index;
  c->index_cap = 2 * cap;
  c->recipient_cap = cap;
  reindex(c);
  return true;
}

/* Does the key of a credential suit the algorithms of the group? (draft, Section 2.4) The first one settles the curve of EdDSA. */
static bool suits(struct gc_oscore_context *c, const struct gc_public_key *key)
{
  const struct gc_curve *curve = gc_curve_by_id(key->curve);
  if (!c->sign || !c->group_enc)
    return true; /* any curve that key agreement knows */
  if (curve->sign_alg != c->sign->id)
    return false;
  if (!c->sign_curve)
    c->sign_curve = curve->id;
  return c->sign_curve == curve->id;
}

/* Draft -02 has bare public keys: the encoded point, or x ‖ y. No credential is as short as that. */
static bool read_bare(struct gc_oscore_context *c, struct gc_bytes bytes, struct gc_credential *out)
{
  for (size_t i = 0; gc_curve_at(i); i++) {
    const struct gc_curve *curve = gc_curve_at(i);
    size_t x_len = curve->coord_len, y_len = curve->kty == GC_KTY_EC2 ? x_len : 0;
    if (!c->sign || curve->sign_alg != c->sign->id || bytes.len != x_len + y_len)
      continue;
    out->bytes = bytes;
    return !gc_public_key_set(&out->public_key, curve->id, gc_bytes(bytes.ptr, x_len), gc_bytes(bytes.ptr + x_len, y_len), false) &&
           suits(c, &out->public_key);
  }
  return false;
}

static enum gc_err read_cred(struct gc_oscore_context *c, struct gc_bytes bytes, struct gc_credential *out, const char **why)
{
  struct gc_where where = { 0, "credential unreadable" };
  if (!c->rules->is_group)
    return bytes.len ? because(why, "plain OSCORE has no credentials", GC_E_MALFORMED) : GC_OK;
  if (!bytes.len)
    return because(why, "credential missing", GC_E_MALFORMED);
  if (c->profile == GC_OSCORE_GROUP_02 && read_bare(c, bytes, out))
    return GC_OK;
  enum gc_err err = gc_credential_read(out, bytes, c->cred_fmt, &where);
  if (err)
    return because(why, where.phrase, err);
  if (!suits(c, &out->public_key))
    return because(why, "the public key's curve does not suit the signature algorithm", GC_E_MALFORMED);
  return GC_OK;
}

static enum gc_err copy_cred(uint8_t **to, size_t *to_len, struct gc_bytes from)
{
  uint8_t *copy = malloc(from.len ? from.len : 1);
  if (!copy)
    return GC_E_MEMORY;
  if (from.len)
    memcpy(copy, from.ptr, from.len);
  free(*to);
  *to = copy;
  *to_len = from.len;
  return GC_OK;
}

enum gc_err gc_oscore_context_add_recipient(struct gc_oscore_context *context, struct gc_bytes id, struct gc_bytes cred,
                                            struct gc_oscore_recipient **out, const char **why)
{
  struct gc_oscore_context *c = context;
  struct gc_credential credential = { 0 };
  if (id.len > c->max_id_len)
    return because(why, "ID longer than the nonce allows", GC_E_RANGE);
  if (gc_oscore_context_find(c, id) || (c->has_sender && gc_bytes_equal(id, gc_oscore_context_sender_id(c))))
    return because(why, "ID in use already", GC_E_EXISTS);
  if (c->recipient_count >= c->max_recipients)
    return because(why, "too many recipients", GC_E_LIMIT);
  enum gc_err err = read_cred(c, cred, &credential, why);
  if (err)
    return err;
  struct gc_oscore_recipient *r = calloc(1, sizeof *r);
  if (!r || !grow(c) || copy_cred(&r->cred, &r->cred_len, credential.bytes)) {
    free(r);
    return because(why, "no memory", GC_E_MEMORY);
  }
  if (id.len)
    memcpy(r->id, id.ptr, id.len);
  r->id_len = (uint8_t)id.len;
  r->public_key = credential.public_key;
  if (credential.subject.len) {
    r->subject_at = (size_t)(credential.subject.ptr - credential.bytes.ptr);
    r->subject_len = credential.subject.len;
  }
  gc_replay_window_init(&r->window, c->replay_window);
  r->window.is_valid = !c->new_windows_invalid;
  r->index = c->recipient_count;
  c->recipients[c->recipient_count++] = r;
  c->index[slot_of(c, gc_bytes(r->id, id.len))] = (uint32_t)c->recipient_count;
  if (out)
    *out = r;
  return GC_OK;
}

enum gc_err gc_oscore_recipient_set_cred(struct gc_oscore_recipient *recipient, const struct gc_oscore_recipient *from)
{
  enum gc_err err = copy_cred(&recipient->cred, &recipient->cred_len, gc_oscore_recipient_cred(from));
  if (err)
    return err;
  recipient->public_key = from->public_key;
  recipient->subject_at = from->subject_at;
  recipient->subject_len = from->subject_len;
  recipient->has_pairwise = recipient->is_pairwise_refused = false;
  return GC_OK;
}

static void drop_keys(struct gc_oscore_context *c, struct gc_oscore_recipient *r)
{
  if (!r->keys)
    return;
  gc_wipe(r->keys, sizeof *r->keys);
  c->spare[c->spare_count++] = r->keys; /* at most one for each recipient there ever was room for */
  r->keys = NULL;
}

enum gc_err gc_oscore_context_remove_recipient(struct gc_oscore_context *context, struct gc_bytes id, bool deliberately)
{
  struct gc_oscore_recipient *r = gc_oscore_context_find(context, id);
  if (!r)
    return GC_E_NOT_FOUND;
  drop_keys(context, r);
  context->recipients[r->index] = context->recipients[--context->recipient_count];
  reindex(context);
  free(r->cred);
  free(r);
  context->new_windows_invalid = context->new_windows_invalid || deliberately;
  return GC_OK;
}

void gc_oscore_context_lose_windows(struct gc_oscore_context *context)
{
  context->new_windows_invalid = true;
  for (size_t i = 0; i < context->recipient_count; i++)
    context->recipients[i]->window.is_valid = false;
}

static enum gc_err check_pair(struct gc_oscore_context *c, const struct gc_credential *credential, struct gc_bytes private_key,
                              struct gc_key_pair *pair, const char **why)
{
  if (!c->rules->is_group)
    return private_key.len ? because(why, "plain OSCORE has no private key", GC_E_MALFORMED) : GC_OK;
  if (gc_key_pair_set(pair, credential->public_key.curve, private_key))
    return because(why, "private key of wrong length or out of range", GC_E_RANGE);
  if (!gc_public_key_equal(&pair->public_key, &credential->public_key))
    return because(why, "private key and credential do not belong together", GC_E_MALFORMED);
  return GC_OK;
}

enum gc_err gc_oscore_context_set_sender(struct gc_oscore_context *context, struct gc_bytes id, struct gc_bytes cred,
                                         struct gc_bytes private_key, struct gc_oscore_numbers numbers, const char **why)
{
  struct gc_oscore_context *c = context;
  struct gc_credential credential = { 0 };
  if (c->is_checker)
    return because(why, "a signature checker has no Sender Context", GC_E_MALFORMED);
  if (id.len > c->max_id_len)
    return because(why, "ID longer than the nonce allows", GC_E_RANGE);
  if (gc_oscore_context_find(c, id))
    return because(why, "ID in use already", GC_E_EXISTS);
  enum gc_err err = read_cred(c, cred, &credential, why);
  if (!err)
    err = check_pair(c, &credential, private_key, &c->secret->pair, why);
  if (!err && copy_cred(&c->sender_cred, &c->sender_cred_len, credential.bytes))
    err = because(why, "no memory", GC_E_MEMORY);
  if (err)
    return err;
  if (id.len)
    memcpy(c->sender_id, id.ptr, id.len);
  c->sender_id_len = (uint8_t)id.len;
  c->has_sender = true;
  c->sender_generation++;
  c->numbers = numbers;
  c->next_number = 0;
  struct gc_oscore_keys *keys = &c->secret->sender;
  struct gc_bytes master = { c->secret->master, c->master_secret_len };
  gc_oscore_derive(c, gc_bytes(c->secret->master + c->master_secret_len, c->master_salt_len), &master, 1, id, c->key_alg->id,
                   "Key", keys->base, c->key_alg->key_len);
  for (size_t i = 0; i < c->recipient_count; i++) /* pairwise keys of an earlier Sender ID (draft, Section 2.5.1) */
    c->recipients[i]->has_pairwise = c->recipients[i]->is_pairwise_refused = false;
  return gc_aead_set_key(&keys->main, c->key_alg, gc_bytes(keys->base, c->key_alg->key_len));
}

enum gc_sec gc_oscore_next_number(struct gc_oscore_context *context, uint64_t *number)
{
  if (!context->has_sender)
    return GC_SEC_SILENT;
  enum gc_err err = GC_OK;
  if (context->numbers.next)
    err = context->numbers.next(context->numbers.ctx, number);
  else
    *number = context->next_number;
  if (err)
    return err == GC_E_LIMIT ? GC_SEC_EXHAUSTED : GC_SEC_STATE;
  if (*number > GC_PIV_MAX)
    return GC_SEC_EXHAUSTED;
  context->next_number = *number + 1;
  return GC_SEC_OK;
}

size_t gc_oscore_context_count(const struct gc_oscore_context *context)
{
  return context->recipient_count;
}

struct gc_oscore_recipient *gc_oscore_context_at(const struct gc_oscore_context *context, size_t index)
{
  return index < context->recipient_count ? context->recipients[index] : NULL;
}

bool gc_oscore_context_has_sender(const struct gc_oscore_context *context)
{
  return context->has_sender;
}

struct gc_bytes gc_oscore_context_sender_id(const struct gc_oscore_context *context)
{
  return gc_bytes(context->sender_id, context->sender_id_len);
}

struct gc_bytes gc_oscore_recipient_id(const struct gc_oscore_recipient *recipient)
{
  return gc_bytes(recipient->id, recipient->id_len);
}

struct gc_bytes gc_oscore_recipient_cred(const struct gc_oscore_recipient *recipient)
{
  return gc_bytes(recipient->cred, recipient->cred_len);
}

struct gc_bytes gc_oscore_recipient_subject(const struct gc_oscore_recipient *recipient)
{
  return gc_bytes(recipient->cred + recipient->subject_at, recipient->subject_len);
}

const struct gc_public_key *gc_oscore_recipient_key(const struct gc_oscore_recipient *recipient)
{
  return &recipient->public_key;
}

void gc_oscore_recipient_set_roles(struct gc_oscore_recipient *recipient, bool is_requester, bool is_responder)
{
  recipient->is_no_requester = !is_requester;
  recipient->is_no_responder = !is_responder;
}

struct gc_replay_window *gc_oscore_recipient_window(struct gc_oscore_recipient *recipient)
{
  return &recipient->window;
}
