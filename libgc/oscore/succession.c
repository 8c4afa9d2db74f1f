#include "oscore/succession.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "oscore/internal.h"

static bool is_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
  return gc_bytes_equal(gc_bytes(a, a_len), gc_bytes(b, b_len));
}

static bool has_same_keys(const struct gc_oscore_context *a, const struct gc_oscore_context *b)
{
  const size_t len = a->master_secret_len + a->master_salt_len;
  if (!a->secret || !b->secret || a->is_checker != b->is_checker || a->has_id_context != b->has_id_context ||
      !is_equal(a->id_context, a->id_context_len, b->id_context, b->id_context_len))
    return false;
  if (a->is_checker)
    return gc_secret_equal(a->secret->signature_encryption_key, b->secret->signature_encryption_key, GC_KEY_MAX_LEN);
  return a->master_secret_len == b->master_secret_len && a->master_salt_len == b->master_salt_len &&
         gc_secret_equal(a->secret->master, b->secret->master, len);
}

static bool has_same_rules(const struct gc_oscore_context *a, const struct gc_oscore_context *b)
{
  return a->profile == b->profile && a->hkdf == b->hkdf && a->aead == b->aead && a->group_enc == b->group_enc && a->sign == b->sign &&
         a->ecdh == b->ecdh && (a->sign_curve == b->sign_curve || !a->sign_curve || !b->sign_curve) && a->countersign == b->countersign &&
         a->cred_fmt == b->cred_fmt && is_equal(a->name, a->name_len, b->name, b->name_len) &&
         is_equal(a->gm_cred, a->gm_cred_len, b->gm_cred, b->gm_cred_len) && is_equal(a->aad_head, a->aad_head_len, b->aad_head, b->aad_head_len);
}

enum gc_oscore_kinship gc_oscore_context_compare(const struct gc_oscore_context *a, const struct gc_oscore_context *b)
{
  if (!has_same_keys(a, b))
    return GC_OSCORE_OTHER;
  return has_same_rules(a, b) ? GC_OSCORE_SAME : GC_OSCORE_SAME_KEYS;
}

/* Sender ID, credential and private key, or none in both */
static bool is_same_sender(const struct gc_oscore_context *a, const struct gc_oscore_context *b)
{
  if (!a->has_sender || !b->has_sender)
    return a->has_sender == b->has_sender;
  return is_equal(a->sender_id, a->sender_id_len, b->sender_id, b->sender_id_len) &&
         is_equal(a->sender_cred, a->sender_cred_len, b->sender_cred, b->sender_cred_len) &&
         gc_secret_equal(a->secret->pair.private_key, b->secret->pair.private_key, sizeof a->secret->pair.private_key);
}

bool gc_oscore_context_has_same_members(const struct gc_oscore_context *a, const struct gc_oscore_context *b)
{
  bool is_same = is_same_sender(a, b) && a->recipient_count == b->recipient_count;
  for (size_t i = 0; i < a->recipient_count && is_same; i++) {
    const struct gc_oscore_recipient *own = a->recipients[i], *other = gc_oscore_context_find(b, gc_oscore_recipient_id(own));
    is_same = other && is_equal(own->cred, own->cred_len, other->cred, other->cred_len) && own->is_no_requester == other->is_no_requester &&
              own->is_no_responder == other->is_no_responder;
  }
  return is_same;
}

static void drop_sender(struct gc_oscore_context *c)
{
  c->has_sender = false;
  c->sender_generation++;
  if (c->secret) {
    gc_wipe(&c->secret->sender, sizeof c->secret->sender);
    gc_wipe(&c->secret->pair, sizeof c->secret->pair);
  }
}

static void remove_absent(struct gc_oscore_context *context, const struct gc_oscore_context *from)
{
  for (size_t i = context->recipient_count; i-- > 0;) {
    const struct gc_bytes id = gc_oscore_recipient_id(context->recipients[i]);
    if (!gc_oscore_context_find(from, id))
      (void)!gc_oscore_context_remove_recipient(context, id, true); /* it is there */
  }
}

static enum gc_err take_recipient(struct gc_oscore_context *context, const struct gc_oscore_recipient *from)
{
  struct gc_oscore_recipient *own = gc_oscore_context_find(context, gc_oscore_recipient_id(from));
  enum gc_err err = GC_OK;
  if (!own)
    err = gc_oscore_context_add_recipient(context, gc_oscore_recipient_id(from), gc_oscore_recipient_cred(from), &own, NULL);
  else if (!is_equal(own->cred, own->cred_len, from->cred, from->cred_len))
    err = gc_oscore_recipient_set_cred(own, from);
  if (!err)
    gc_oscore_recipient_set_roles(own, !from->is_no_requester, !from->is_no_responder);
  return err;
}

enum gc_err gc_oscore_context_update(struct gc_oscore_context *context, const struct gc_oscore_context *from,
                                     struct gc_oscore_numbers numbers)
{
  const bool is_new_sender = !is_same_sender(context, from);
  const bool is_same_id = gc_bytes_equal(gc_oscore_context_sender_id(context), gc_oscore_context_sender_id(from));
  const uint64_t next_number = context->next_number;
  enum gc_err err = GC_OK;
  if (is_new_sender)
    drop_sender(context);
  remove_absent(context, from);
  for (size_t i = 0; i < from->recipient_count && !err; i++)
    err = take_recipient(context, from->recipients[i]);
  if (err || !is_new_sender || !from->has_sender)
    return err;
  const struct gc_key_pair *pair = &from->secret->pair;
  err = gc_oscore_context_set_sender(context, gc_oscore_context_sender_id(from), gc_bytes(from->sender_cred, from->sender_cred_len),
                                     gc_bytes(pair->private_key, pair->private_len), numbers, NULL);
  if (is_same_id) /* the Sender Key is the same: a new credential makes no nonce free */
    context->next_number = next_number;
  else
    context->had_other_id = true;
  return err;
}

void gc_oscore_context_take_windows(struct gc_oscore_context *context, const struct gc_oscore_context *from)
{
  context->new_windows_invalid = context->new_windows_invalid || from->new_windows_invalid;
  for (size_t i = 0; i < context->recipient_count; i++) {
    struct gc_replay_window *window = &context->recipients[i]->window;
    const struct gc_oscore_recipient *before = gc_oscore_context_find(from, gc_oscore_recipient_id(context->recipients[i]));
    const uint8_t size = window->size;
    if (before)
      *window = before->window;
    else
      window->is_valid = !context->new_windows_invalid;
    window->size = size;
  }
}

void gc_oscore_context_retire(struct gc_oscore_context *context)
{
  struct gc_oscore_context *c = context;
  drop_sender(c);
  for (size_t i = 0; i < c->recipient_count; i++) {
    c->recipients[i]->keys = NULL;
    c->recipients[i]->has_pairwise = false;
  }
  for (size_t i = 0; i < c->slab_count; i++)
    gc_secret_free(&c->slabs[i]);
  c->slab_count = c->spare_count = c->keys_used = 0;
  gc_secret_free(&c->secret);
  c->resolver = (struct gc_oscore_resolver){ 0 };
  c->is_retired = true;
}
