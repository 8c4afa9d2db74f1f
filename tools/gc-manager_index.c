/* Tokens by what they are looked up by: a request has a context, a letter an identity, a new association ends those of the same
 * token before it. For each datagram one is looked up. */
#include "crypto/secret.h"
#include "gc-manager.h"

void gc_manager_index_start(struct gc_manager_index *index)
{
  *index = (struct gc_manager_index){ .last_number = 0 };
  gc_random((uint8_t *)&index->hash_key, sizeof index->hash_key);
}

void gc_manager_index_free(struct gc_manager_index *index)
{
  gc_table_free(&index->by_context);
  gc_table_free(&index->by_material);
  gc_table_free(&index->by_identity);
}

static struct gc_bytes material_of(const struct gc_manager_token *token)
{
  return gc_bytes(token->material_id, token->material_id_len);
}

static struct gc_bytes who(const struct gc_manager_token *token)
{
  return gc_bytes(token->client.identity, token->client.identity_len);
}

static uint64_t hash_of(const struct gc_manager_index *index, struct gc_bytes bytes)
{
  return gc_hash_bytes(bytes.ptr, bytes.len, index->hash_key);
}

static uint64_t hash_of_context(const struct gc_manager_index *index, const struct gc_oscore_context *context)
{
  return gc_hash_u64((uintptr_t)context, index->hash_key);
}

/* Those of two bytes begin at 256. */
static unsigned id_of(const struct gc_manager_token *token)
{
  return token->recipient_id_len == 1 ? token->recipient_id[0] : (unsigned)token->recipient_id[0] << 8 | token->recipient_id[1];
}

static uint8_t bit_of(unsigned id)
{
  return (uint8_t)(1u << id % 8);
}

bool gc_manager_index_has_id(struct gc_manager_index *index, const struct gc_manager_token *token)
{
  const unsigned id = id_of(token);
  return (index->taken_ids[id / 8] & bit_of(id)) != 0;
}

enum gc_err gc_manager_index_add(struct gc_manager_index *index, struct gc_manager_token *token)
{
  const unsigned id = id_of(token);
  if (gc_table_add(&index->by_context, &token->by_context, hash_of_context(index, token->context)))
    return GC_E_MEMORY;
  if (gc_table_add(&index->by_material, &token->by_material, hash_of(index, material_of(token)))) {
    gc_table_remove(&index->by_context, &token->by_context);
    return GC_E_MEMORY;
  }
  index->taken_ids[id / 8] |= bit_of(id);
  token->number = ++index->last_number;
  return GC_OK;
}

enum gc_err gc_manager_index_confirm(struct gc_manager_index *index, struct gc_manager_token *token)
{
  return gc_table_add(&index->by_identity, &token->by_identity, hash_of(index, who(token)));
}

void gc_manager_index_remove(struct gc_manager_index *index, struct gc_manager_token *token)
{
  const unsigned id = id_of(token);
  index->taken_ids[id / 8] &= (uint8_t)~bit_of(id);
  gc_table_remove(&index->by_context, &token->by_context);
  gc_table_remove(&index->by_material, &token->by_material);
  gc_table_remove(&index->by_identity, &token->by_identity);
}

struct gc_manager_token *gc_manager_index_by_context(const struct gc_manager_index *index, const struct gc_oscore_context *context)
{
  for (struct gc_link *link = gc_table_find(&index->by_context, hash_of_context(index, context)); link; link = gc_table_find_next(link)) {
    struct gc_manager_token *token = GC_CONTAINER(link, struct gc_manager_token, by_context);
    if (token->context == context)
      return token;
  }
  return NULL;
}

struct gc_manager_token *gc_manager_index_by_identity(const struct gc_manager_index *index, struct gc_bytes identity)
{
  struct gc_manager_token *newest = NULL;
  for (struct gc_link *link = gc_table_find(&index->by_identity, hash_of(index, identity)); link; link = gc_table_find_next(link)) {
    struct gc_manager_token *token = GC_CONTAINER(link, struct gc_manager_token, by_identity);
    if (gc_bytes_equal(who(token), identity) && (!newest || token->number > newest->number))
      newest = token;
  }
  return newest;
}

bool gc_manager_index_end_older(const struct gc_manager_index *index, const struct gc_manager_token *token)
{
  const struct gc_bytes material = material_of(token);
  bool were_any = false;
  for (struct gc_link *link = gc_table_find(&index->by_material, hash_of(index, material)); link; link = gc_table_find_next(link)) {
    struct gc_manager_token *other = GC_CONTAINER(link, struct gc_manager_token, by_material);
    if (other->number >= token->number || !gc_bytes_equal(material_of(other), material))
      continue;
    other->client.expires_s = 0;
    were_any = true;
  }
  return were_any;
}
