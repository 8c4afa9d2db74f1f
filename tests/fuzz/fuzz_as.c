/* Requests to an Authorization Server: whatever a registered client or resource server sends is answered. Input: a choice (0: token,
 * 1: introspection), then a payload. */
#include <stdlib.h>
#include <string.h>

#include "ace/authorization_server.h"
#include "crypto/secret.h"
#include "fuzz.h"

static enum gc_err server(void *ctx, struct gc_bytes audience, struct gc_as_token_key *key, struct gc_buf *name)
{
  (void)ctx;
  *key = (struct gc_as_token_key){ .alg = GC_ALG_CCM_16_64_128, .kid = "AS1", .kid_len = 3, .key_len = 16 };
  for (size_t i = 0; i < 16; i++)
    key->key[i] = (uint8_t)(0xb0 + i); /* the example's, so that its token opens */
  return audience.len > 20 ? GC_E_NOT_FOUND : gc_buf_add(name, gc_bytes_str("gm.example"));
}

static enum gc_err policies(void *ctx, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes group, struct gc_scope_list *out, struct gc_buf *room)
{
  (void)ctx;
  (void)client;
  (void)audience;
  const struct gc_bytes name = group.len ? group : gc_bytes_str("group1");
  const size_t at = room->len;
  if (gc_buf_add(room, name) || out->count == GC_SCOPE_ENTRIES_MAX)
    return GC_E_LIMIT;
  out->entries[out->count++] = (struct gc_scope_entry){ GC_SCOPE_USER, gc_bytes(room->ptr + at, name.len), GC_ROLE_REQUESTER };
  return GC_OK;
}

static enum gc_err number(void *ctx, uint64_t *out)
{
  *out = ++*(uint64_t *)ctx;
  return GC_OK;
}

static enum gc_err issue(void *ctx, const struct gc_as_issued *token, int64_t now_s)
{
  (void)ctx;
  if (token->expires_s <= now_s || !token->material_id.len)
    abort();
  return GC_OK;
}

static enum gc_err find(void *ctx, uint64_t which, struct gc_bytes audience, int64_t now_s)
{
  (void)ctx;
  (void)audience;
  (void)now_s;
  return which ? GC_OK : GC_E_NOT_FOUND;
}

static enum gc_err material(void *ctx, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes id, int64_t now_s)
{
  (void)ctx;
  (void)client;
  (void)audience;
  (void)now_s;
  return id.len && id.len < 9 ? GC_OK : GC_E_NOT_FOUND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static uint8_t room[GC_AS_RESPONSE_MAX_LEN];
  static uint64_t last, seed;
  const struct gc_as as = { .issuer = "coap://as.example", .lifetime_s = 3600, .store = { server, policies, number, issue, find, material, &last },
                            .rng = gc_rng_seeded(&seed) };
  struct gc_buf body = gc_buf(room, sizeof room);
  struct gc_as_answer answer = { .body = &body };
  struct gc_ace_params params;
  if (!size || size > 8192 || gc_crypto_init())
    return 0;
  const struct gc_bytes payload = gc_bytes(data + 1, size - 1);
  enum gc_err err = data[0] & 1 ? gc_as_introspect(&as, &answer, gc_bytes_str("gm.example"), payload, 1800000000)
                                : gc_as_token(&as, &answer, gc_bytes_str("alice"), payload, 1800000000);
  if (err)
    return 0;
  if (answer.code != 65 && answer.code != 128)
    abort();
  if (!(data[0] & 1) && gc_ace_params_parse(&params, gc_buf_bytes(&body), GC_ACE_AT_AS, NULL))
    abort(); /* what is said can be read */
  return 0;
}
