/* The OSCORE associations that begin with the transfer of a token (RFC 9203, Section 4): nonces and ids are in the capture in clear; the
 * keying material is in the token, opened with --token-key, or in the token response, where the capture has it in clear or opened. */
#include <stdlib.h>
#include <string.h>

#include "ace/cwt.h"
#include "ace/oscore_profile.h"
#include "common/show.h"
#include "crypto/secret.h"
#include "gc-decode_ace.h"
#include "gc-decode_secure.h"
#include "iana/names.h"

enum { EXCHANGES = 64, MATERIALS = 64, MATERIAL_MAX = 512, TAIL_LEN = 16 };

/* The end of a token tells it from others: it is a tag or a signature. */
struct tail {
  uint8_t bytes[TAIL_LEN];
};

struct exchange {
  uint64_t n, since; /* numbers of request and response; 0: none */
  bool has_hosts;
  struct gc_addr client, server;
  struct tail tail;
  uint8_t nonce1[GC_ACE_NONCE_MAX_LEN], nonce2[GC_ACE_NONCE_MAX_LEN], id1[GC_ID_MAX_LEN], id2[GC_ID_MAX_LEN];
  uint8_t nonce1_len, nonce2_len, id1_len, id2_len;
};

struct material {
  struct tail tail;
  uint8_t osc[MATERIAL_MAX]; /* an encoded OSCORE_Input_Material */
  size_t len;                /* 0: none */
};

/* Oldest out. Secret memory. */
struct decode_associations {
  struct exchange exchanges[EXCHANGES];
  struct material materials[MATERIALS];
  size_t next_exchange, next_material;
};

static struct tail tail_of(struct gc_bytes token)
{
  struct tail tail = { { 0 } };
  struct gc_bytes end = gc_bytes_slice(token, token.len > TAIL_LEN ? token.len - TAIL_LEN : 0, TAIL_LEN);
  if (end.len)
    memcpy(tail.bytes, end.ptr, end.len);
  return tail;
}

static bool is_same(const struct tail *a, const struct tail *b)
{
  return memcmp(a->bytes, b->bytes, TAIL_LEN) == 0;
}

static bool take(uint8_t *to, size_t cap, uint8_t *len, struct gc_bytes from)
{
  if (from.len > cap)
    return false;
  if (from.len)
    memcpy(to, from.ptr, from.len);
  *len = (uint8_t)from.len;
  return true;
}

/* --- a context out of both ----------------------------------------------------------------------------------------------- */

static enum gc_err make(struct gc_oscore_context **out, const struct exchange *exchange, struct gc_bytes osc, const char **why)
{
  const struct gc_bytes none = gc_bytes(NULL, 0);
  const struct gc_oscore_exchange_ids ids = { gc_bytes(exchange->nonce1, exchange->nonce1_len), gc_bytes(exchange->nonce2, exchange->nonce2_len),
                                              gc_bytes(exchange->id1, exchange->id1_len), gc_bytes(exchange->id2, exchange->id2_len) };
  struct gc_oscore_profile_context derived = { .sender_id = none };
  struct gc_group_material material;
  enum gc_err err = gc_material_parse(&material, osc, GC_MATERIAL_CURRENT, NULL);
  if (!err)
    err = gc_oscore_profile_derive(&derived, &material, &ids, true);
  if (!err)
    err = gc_oscore_context_new(out, &derived.params, why);
  if (!err)
    err = gc_oscore_context_set_sender(*out, derived.sender_id, none, none, (struct gc_oscore_numbers){ NULL, NULL }, why);
  if (!err)
    err = gc_oscore_context_add_recipient(*out, derived.recipient_id, none, NULL, why);
  gc_wipe(&derived, sizeof derived);
  return err;
}

static void learn(struct decode_run *run, const struct exchange *exchange, struct gc_bytes osc)
{
  const struct gc_bytes parts[] = { osc, gc_bytes(exchange->nonce1, exchange->nonce1_len), gc_bytes(exchange->nonce2, exchange->nonce2_len),
                                    gc_bytes(exchange->id1, exchange->id1_len), gc_bytes(exchange->id2, exchange->id2_len) };
  struct gc_oscore_context *context = NULL;
  const char *why = NULL;
  if (!run->secure && !decode_run_begin_security(run))
    return;
  run->secure->phantoms = run->phantoms;
  enum gc_err err = decode_secure_wants(run->secure, parts, sizeof parts / sizeof parts[0], exchange->since);
  if (!err)
    err = make(&context, exchange, osc, &why);
  if (!err)
    err = decode_secure_add(run->secure, &context, parts, sizeof parts / sizeof parts[0], exchange->since, 0);
  if (err && err != GC_E_EXISTS)
    gc_info(1, "keying material of a token not used: %s", why ? why : gc_err_str(err));
  if (!err) {
    struct decode_context *added = &run->secure->contexts[run->secure->count - 1];
    added->has_hosts = exchange->has_hosts;
    added->client = exchange->client;
    added->server = exchange->server;
  }
  gc_oscore_context_free(&context);
}

static void join(struct decode_run *run, const struct exchange *exchange)
{
  for (size_t i = 0; exchange->n && exchange->since && i < MATERIALS; i++) {
    const struct material *material = &run->associations->materials[i];
    if (material->len && is_same(&material->tail, &exchange->tail))
      learn(run, exchange, gc_bytes(material->osc, material->len));
  }
}

static void keep_material(struct decode_run *run, struct gc_bytes token, struct gc_bytes cnf_map)
{
  struct decode_associations *all = run->associations;
  struct material *material = &all->materials[all->next_material % MATERIALS];
  struct gc_cnf cnf;
  if (gc_cnf_parse(&cnf, cnf_map, NULL) || cnf.method != GC_CNF_OSC || cnf.value.len > MATERIAL_MAX)
    return;
  all->next_material++;
  material->tail = tail_of(token);
  memcpy(material->osc, cnf.value.ptr, cnf.value.len);
  material->len = cnf.value.len;
  for (size_t i = 0; i < EXCHANGES; i++)
    if (is_same(&all->exchanges[i].tail, &material->tail))
      join(run, &all->exchanges[i]);
}

/* --- the messages -------------------------------------------------------------------------------------------------------- */

static void open_token(struct decode_run *run, struct gc_bytes token)
{
  struct gc_cose_message message;
  struct gc_cwt_claims claims;
  uint8_t store[GC_CWT_MAX_LEN];
  struct gc_buf room = gc_buf(store, sizeof store);
  struct gc_bytes payload;
  if (!run->printer.ace.keys_store.count || gc_cwt_parse(&message, token, NULL))
    return;
  if (gc_token_open(&payload, &run->printer.ace.keys_store, &message, &room) == GC_CWT_VALID && !gc_cwt_claims_parse(&claims, payload, NULL) &&
      gc_cwt_has(&claims, GC_CWT_CNF))
    keep_material(run, token, claims.cnf);
  gc_wipe(store, room.len);
}

static void take_request(struct decode_run *run, const struct decode_record *record, const struct gc_ace_params *params)
{
  struct decode_associations *all = run->associations;
  struct exchange exchange = { .n = record->n, .has_hosts = record->has_place, .client = record->from, .server = record->to,
                               .tail = tail_of(params->access_token) };
  if (gc_oscore_profile_request_fault(params, false) ||
      !take(exchange.nonce1, sizeof exchange.nonce1, &exchange.nonce1_len, params->nonce1) ||
      !take(exchange.id1, sizeof exchange.id1, &exchange.id1_len, params->client_recipientid))
    return;
  all->exchanges[all->next_exchange++ % EXCHANGES] = exchange;
  open_token(run, params->access_token);
}

static void take_response(struct decode_run *run, const struct decode_record *record, const struct gc_ace_params *params)
{
  for (size_t i = 0; i < EXCHANGES; i++) {
    struct exchange *exchange = &run->associations->exchanges[i];
    if (exchange->n != record->request || exchange->since ||
        gc_oscore_profile_response_fault(params, gc_bytes(exchange->id1, exchange->id1_len)) ||
        !take(exchange->nonce2, sizeof exchange->nonce2, &exchange->nonce2_len, params->nonce2) ||
        !take(exchange->id2, sizeof exchange->id2, &exchange->id2_len, params->server_recipientid))
      continue;
    exchange->since = record->n;
    join(run, exchange);
  }
}

void decode_association_learn(struct decode_run *run, const struct decode_record *record, const struct gc_message *message)
{
  struct gc_ace_params params;
  if (record->error || record->duplicate_of || gc_show_content_format(message->options) != GC_FORMAT_ACE_CBOR ||
      gc_ace_params_parse(&params, message->payload, GC_ACE_AT_AUTHZ_INFO, NULL))
    return;
  if (!run->associations) {
    if (gc_crypto_init() || !(run->associations = gc_secret_new(sizeof *run->associations)))
      return;
  }
  if (message->code == GC_CODE_POST && gc_ace_has(&params, GC_ACE_NONCE1))
    take_request(run, record, &params);
  else if (message->code == GC_CODE_CREATED && gc_ace_has(&params, GC_ACE_NONCE2) && record->request)
    take_response(run, record, &params);
  else if (message->code == GC_CODE_CREATED && gc_ace_has(&params, GC_ACE_ACCESS_TOKEN) && gc_ace_has(&params, GC_ACE_CNF))
    keep_material(run, params.access_token, params.cnf);
}

void decode_associations_free(struct decode_run *run)
{
  gc_secret_free(&run->associations);
}
