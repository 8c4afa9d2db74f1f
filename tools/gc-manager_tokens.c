/* Tokens and the Security Contexts made of them (RFC 9200, Section 5.10.1; RFC 9203, Section 4). They are in memory only: after
 * a restart clients upload their tokens again. */
#include <stdlib.h>
#include <string.h>

#include "ace/cwt.h"
#include "ace/oscore_profile.h"
#include "coap/message.h"
#include "crypto/secret.h"
#include "gc-manager.h"
#include "iana/names.h"
#include "iana/options.h"

enum {
  INFO_MAX_LEN = 8192,
  CLIENT_SHARE = 64, UPLOADS_SHARE = 128, /* one client's part of all tokens, and of all that nobody has spoken with yet */
  CLIENT_LEAST = 4,                       /* and no fewer than these */
  GONE = 0,      /* expires_s of one that is to be dropped */
};

struct gc_manager_tokens {
  struct gc_gm *gm;
  struct gc_manager_claims_rules rules;
  struct gc_oscore_ring *ring;
  struct gc_manager_tokens_ops ops;
  struct gc_manager_token *first; /* the newest first */
  size_t count;
  uint32_t max;
  uint16_t next_id;
  struct gc_manager_index index;
  bool is_touched;                /* some are GONE */
  int64_t swept_s;
  uint8_t room[GC_CWT_MAX_LEN];   /* claims: secret */
};

/** A token that is being taken. Borrows from tokens->room. */
struct upload {
  const struct gc_server_request *request;
  struct gc_server_response *response;
  struct gc_ace_params params;
  struct gc_cwt_claims claims;
  struct gc_cnf cnf;
  struct gc_manager_said said; /* introspection */
  const char *why; /* it is refused */
};

struct gc_manager_tokens *gc_manager_tokens_new(struct gc_gm *gm, const struct gc_context_ace *ace, struct gc_oscore_ring *ring, uint32_t max_tokens,
                                                const struct gc_manager_tokens_ops *ops)
{
  struct gc_manager_tokens *tokens = calloc(1, sizeof *tokens);
  if (!tokens)
    return NULL;
  tokens->gm = gm;
  tokens->rules = (struct gc_manager_claims_rules){
    .key = { .kind = GC_COSE_ENCRYPT0, .alg = ace->token_alg, .kid = ace->token_kid, .secret = ace->token_key },
    .expected = { .issuer = gc_bytes_str(ace->issuer), .audience = gc_bytes_str(ace->audience), .has_clock = true }, .ask = ops->ask, .ctx = ops->ctx,
  };
  tokens->ring = ring;
  tokens->max = max_tokens;
  tokens->ops = *ops;
  gc_manager_index_start(&tokens->index);
  return tokens;
}

static void free_token(struct gc_manager_tokens *tokens, struct gc_manager_token *token)
{
  if (token->context)
    (void)gc_oscore_ring_remove(tokens->ring, token->context);
  gc_oscore_ring_free(&token->own_ring);
  gc_oscore_context_free(&token->context);
  gc_wipe(token, sizeof *token);
  free(token);
}

static void drop(struct gc_manager_tokens *tokens, struct gc_manager_token **at)
{
  struct gc_manager_token *token = *at;
  *at = token->next;
  tokens->count--;
  gc_manager_index_remove(&tokens->index, token);
  tokens->ops.forget(tokens->ops.ctx, token);
  free_token(tokens, token);
}

void gc_manager_tokens_free(struct gc_manager_tokens **pointer)
{
  struct gc_manager_tokens *tokens = *pointer;
  if (!tokens)
    return;
  *pointer = NULL;
  while (tokens->first)
    drop(tokens, &tokens->first);
  gc_manager_index_free(&tokens->index);
  gc_wipe(tokens, sizeof *tokens);
  free(tokens);
}

size_t gc_manager_tokens_count(const struct gc_manager_tokens *tokens)
{
  return tokens->count;
}

static struct gc_bytes who(const struct gc_manager_token *token)
{
  return gc_bytes(token->client.identity, token->client.identity_len);
}

void gc_manager_tokens_tick(struct gc_manager_tokens *tokens)
{
  const int64_t now_s = gc_manager_time().now_s;
  if (!tokens->is_touched && tokens->swept_s == now_s)
    return;
  for (struct gc_manager_token **at = &tokens->first; *at;) {
    if ((*at)->client.expires_s + GC_MANAGER_GRACE_S <= now_s) {
      drop(tokens, at);
      continue;
    }
    if (!(*at)->is_over && (*at)->client.expires_s <= now_s) {
      (*at)->is_over = true;
      (void)gc_oscore_ring_remove(tokens->ring, (*at)->context);
    }
    at = &(*at)->next;
  }
  tokens->is_touched = false;
  tokens->swept_s = now_s;
}

struct gc_manager_token *gc_manager_tokens_by_identity(struct gc_manager_tokens *tokens, struct gc_bytes identity)
{
  return gc_manager_index_by_identity(&tokens->index, identity);
}

/* --- room for all ---------------------------------------------------------------------------------------------------------- */

/* It goes with the next tick. */
static void give_up(struct gc_manager_tokens *tokens, struct gc_manager_token *token)
{
  token->client.expires_s = GONE;
  tokens->is_touched = true;
}

/* Anybody who has seen a token can repeat its upload, and a client can get as many tokens as it likes: the newest of its own stay. */
static void bound_client(struct gc_manager_tokens *tokens, struct gc_bytes identity, bool is_confirmed)
{
  const size_t part = tokens->max / (is_confirmed ? CLIENT_SHARE : UPLOADS_SHARE), max = part > CLIENT_LEAST ? part : CLIENT_LEAST;
  size_t count = is_confirmed ? 0 : 1; /* one comes */
  for (struct gc_manager_token *token = tokens->first; token; token = token->next)
    if (token->is_confirmed == is_confirmed && gc_bytes_equal(who(token), identity) && ++count > max)
      give_up(tokens, token);
}

/* Uploads that nobody has spoken with yet make room, at the next tick: they cost nothing to repeat. */
static bool has_room(struct gc_manager_tokens *tokens)
{
  struct gc_manager_token *oldest = NULL;
  size_t count = 0;
  for (struct gc_manager_token *token = tokens->first; token; token = token->next) {
    if (token->client.expires_s == GONE)
      continue;
    count++;
    if (!token->is_confirmed)
      oldest = token;
  }
  if (count >= tokens->max && oldest)
    give_up(tokens, oldest);
  return count < tokens->max || oldest;
}

struct gc_manager_token *gc_manager_tokens_of(struct gc_manager_tokens *tokens, const struct gc_server_request *request)
{
  struct gc_manager_token *token = request->context ? gc_manager_index_by_context(&tokens->index, request->context) : NULL;
  if (!token)
    return NULL;
  token->from = request->from;
  if (!token->is_confirmed && gc_manager_index_confirm(&tokens->index, token) == GC_OK) { /* anybody can upload a token that it has
                                                                                             seen: only now its owner has spoken */
    const struct gc_gm_time time = gc_manager_time();
    token->is_confirmed = true;
    if (gc_manager_index_end_older(&tokens->index, token))
      tokens->is_touched = true;
    bound_client(tokens, who(token), true);
    tokens->ops.confirmed(tokens->ops.ctx, token, &time);
  }
  return token;
}

/* --- taking one ------------------------------------------------------------------------------------------------------------ */

static enum gc_err refuse(struct gc_manager_tokens *tokens, struct upload *upload, uint8_t code, const char *why)
{
  upload->response->code = code;
  upload->response->content_format = -1;
  upload->response->body.len = 0;
  upload->why = why;
  if (why)
    tokens->ops.log(tokens->ops.ctx, "token-refused", &upload->request->from, gc_bytes(NULL, 0), why);
  return GC_OK;
}

/* In the order of RFC 9200, Section 5.10.1.1. false: refused, or not known yet */
static bool judge(struct gc_manager_tokens *tokens, struct upload *upload)
{
  struct gc_buf room = gc_buf(tokens->room, sizeof tokens->room);
  tokens->rules.expected.now_s = (double)gc_manager_time().now_s;
  gc_manager_claims_learn(&upload->claims, &upload->said, upload->params.access_token, &tokens->rules, &room);
  upload->response->max_age_s = upload->said.max_age_s;
  if (upload->said.code)
    return refuse(tokens, upload, upload->said.code, upload->said.why), false;
  if (!gc_cwt_has(&upload->claims, GC_CWT_SCOPE) || upload->claims.scope.is_text || upload->claims.scope.value.len > GC_GM_SCOPE_MAX_LEN ||
      !gc_gm_knows_scope(tokens->gm, upload->claims.scope.value))
    return refuse(tokens, upload, GC_CODE(4, 0), "the scope means nothing here"), false;
  if (!gc_cwt_has(&upload->claims, GC_CWT_CNF) || gc_cnf_parse(&upload->cnf, upload->claims.cnf, NULL))
    return refuse(tokens, upload, GC_CODE(4, 0), "the token is not bound to a key that is known"), false;
  return true;
}

static int64_t issued_s(const struct upload *upload)
{
  const double at_s = gc_cwt_has(&upload->claims, GC_CWT_IAT) ? gc_numeric_date_seconds(&upload->claims.iat) : 0;
  return at_s > 0 && at_s < 9e15 ? (int64_t)at_s : 0;
}

static void keep_asking(struct gc_manager_tokens *tokens, const struct upload *upload, struct gc_manager_token *token)
{
  token->exp_s = gc_manager_claims_end(&upload->claims);
  token->issued_s = issued_s(upload);
  if (upload->said.question)
    tokens->ops.watch(tokens->ops.ctx, upload->said.question, token);
}

/* Whom the token is about: the subject, or where it names none, whoever holds its key. */
static enum gc_err set_client(struct gc_gm_client *client, const struct upload *upload, const struct gc_manager_token *token)
{
  const struct gc_cwt_claims *claims = &upload->claims;
  const struct gc_bytes subject = gc_cwt_has(claims, GC_CWT_SUB) && claims->sub.len ? claims->sub : gc_bytes(token->material_id, token->material_id_len);
  client->scope_len = claims->scope.value.len;
  memcpy(client->scope, claims->scope.value.ptr, claims->scope.value.len);
  client->expires_s = gc_manager_claims_end(claims);
  if (upload->said.question && upload->said.until_s < client->expires_s)
    client->expires_s = upload->said.until_s;
  return gc_gm_identity_set(client, gc_cwt_has(claims, GC_CWT_ISS) ? claims->iss : gc_bytes(NULL, 0), subject);
}

/* A Recipient ID that no other association has, and that is not the client's own. */
static bool choose_id(struct gc_manager_tokens *tokens, struct gc_manager_token *out, struct gc_bytes id1)
{
  for (uint32_t tries = 0; tries < 0x10000; tries++) {
    const uint16_t id = tokens->next_id++;
    out->recipient_id_len = id < 0x100 ? 1 : 2;
    out->recipient_id[0] = (uint8_t)(id < 0x100 ? id : id >> 8);
    out->recipient_id[1] = (uint8_t)id;
    if (!gc_manager_index_has_id(&tokens->index, out) && !gc_bytes_equal(gc_bytes(out->recipient_id, out->recipient_id_len), id1))
      return true;
  }
  return false;
}

static enum gc_err derive(struct gc_manager_tokens *tokens, const struct upload *upload, struct gc_manager_token *token, struct gc_bytes nonce2)
{
  struct gc_oscore_profile_context derived;
  const struct gc_bytes none = { NULL, 0 };
  const struct gc_oscore_exchange_ids ids = { upload->params.nonce1, nonce2, upload->params.client_recipientid,
                                              gc_bytes(token->recipient_id, token->recipient_id_len) };
  enum gc_err err = gc_oscore_profile_derive(&derived, &upload->cnf.osc, &ids, false);
  if (!err) {
    derived.params.max_recipients = 1;
    err = gc_oscore_context_new(&token->context, &derived.params, NULL);
  }
  if (!err)
    err = gc_oscore_context_set_sender(token->context, derived.sender_id, none, none, (struct gc_oscore_numbers){ NULL, NULL }, NULL);
  if (!err)
    err = gc_oscore_context_add_recipient(token->context, derived.recipient_id, none, NULL, NULL);
  gc_wipe(&derived, sizeof derived);
  if (!err && !(token->own_ring = gc_oscore_ring_new()))
    err = GC_E_MEMORY;
  if (!err)
    err = gc_oscore_ring_add(token->own_ring, token->context);
  return err ? err : gc_oscore_ring_add(tokens->ring, token->context);
}

/* What was asked for with null, and a challenge where a credential will have to be proved (KDC, Section 3.3). */
static enum gc_err answer(struct gc_manager_tokens *tokens, struct upload *upload, struct gc_manager_token *token, struct gc_bytes nonce2)
{
  static uint8_t rooms[3][INFO_MAX_LEN];
  struct gc_ace_params out = { .place = GC_ACE_AT_AUTHZ_INFO, .present = GC_PARAM_BIT(GC_ACE_NONCE2) | GC_PARAM_BIT(GC_ACE_SERVER_RECIPIENTID),
                               .nonce2 = nonce2, .server_recipientid = gc_bytes(token->recipient_id, token->recipient_id_len) };
  const struct gc_bytes scope = gc_bytes(token->client.scope, token->client.scope_len);
  const struct {
    enum gc_ace_param which;
    enum gc_err (*write)(const struct gc_gm *gm, struct gc_bytes scope, struct gc_buf *out);
    struct gc_bytes *to;
  } infos[] = { { GC_ACE_SIGN_INFO, gc_gm_sign_info, &out.sign_info }, { GC_ACE_ECDH_INFO, gc_gm_ecdh_info, &out.ecdh_info },
                { GC_ACE_KDC_DH_CREDS, gc_gm_dh_creds, &out.kdc_dh_creds } };
  if (gc_gm_needs_challenge(tokens->gm, scope)) {
    gc_gm_challenge(tokens->gm, &token->client);
    out.kdcchallenge = gc_bytes(token->client.challenge, sizeof token->client.challenge);
    out.present |= GC_PARAM_BIT(GC_ACE_KDCCHALLENGE);
  }
  for (size_t i = 0; i < 3; i++) {
    struct gc_buf room = gc_buf(rooms[i], sizeof rooms[i]);
    if (!gc_ace_has(&upload->params, infos[i].which))
      continue;
    enum gc_err err = infos[i].write(tokens->gm, scope, &room);
    if (err)
      return err;
    *infos[i].to = gc_buf_bytes(&room);
    out.present |= room.len ? GC_PARAM_BIT(infos[i].which) : 0;
  }
  upload->response->code = GC_CODE(2, 1);
  upload->response->content_format = GC_FORMAT_ACE_CBOR;
  return gc_ace_params_write(&upload->response->body, &out);
}

static enum gc_err add(struct gc_manager_tokens *tokens, struct upload *upload)
{
  const struct gc_bytes id = upload->cnf.osc.id;
  uint8_t nonce2[GC_ACE_NONCE_LEN];
  struct gc_manager_token *token = calloc(1, sizeof *token);
  if (!token)
    return GC_E_MEMORY;
  token->material_id_len = id.len;
  memcpy(token->material_id, id.ptr, id.len);
  gc_random(nonce2, sizeof nonce2);
  enum gc_err err = set_client(&token->client, upload, token);
  if (!err) {
    bound_client(tokens, who(token), false);
    if (!has_room(tokens)) {
      free_token(tokens, token);
      return refuse(tokens, upload, GC_CODE(5, 3), "too many tokens");
    }
  }
  if (!err)
    err = choose_id(tokens, token, upload->params.client_recipientid) ? derive(tokens, upload, token, gc_bytes(nonce2, sizeof nonce2)) : GC_E_LIMIT;
  if (!err)
    err = answer(tokens, upload, token, gc_bytes(nonce2, sizeof nonce2));
  if (!err)
    err = gc_manager_index_add(&tokens->index, token);
  if (err) {
    free_token(tokens, token);
    return err == GC_E_MEMORY ? err : refuse(tokens, upload, GC_CODE(4, 0), "no Security Context can be made of it");
  }
  token->next = tokens->first;
  tokens->first = token;
  tokens->count++;
  keep_asking(tokens, upload, token);
  tokens->ops.log(tokens->ops.ctx, "token", &upload->request->from, who(token), NULL);
  return GC_OK;
}

static enum gc_err take_new(struct gc_manager_tokens *tokens, struct upload *upload)
{
  if (upload->cnf.method != GC_CNF_OSC || gc_oscore_profile_material_fault(&upload->cnf.osc) ||
      upload->cnf.osc.id.len > sizeof ((struct gc_manager_token *)0)->material_id)
    return refuse(tokens, upload, GC_CODE(4, 0), "the token has no OSCORE_Input_Material that can be used");
  return add(tokens, upload);
}

/* Rights anew, over the association they are for (RFC 9203, Section 4.2). The later token takes the place of the earlier one (RFC 9200,
 * Section 5.10.1): never the other way round, in whatever order they come. */
static enum gc_err take_update(struct gc_manager_tokens *tokens, struct upload *upload)
{
  struct gc_manager_token *token = gc_manager_tokens_of(tokens, upload->request);
  const struct gc_gm_time time = gc_manager_time();
  struct gc_gm_client client;
  if (!token || !gc_oscore_profile_is_update(&upload->cnf, gc_bytes(token->material_id, token->material_id_len)))
    return refuse(tokens, upload, GC_CODE(4, 1), "the token is for another association");
  client = token->client;
  if (set_client(&client, upload, token) || !gc_bytes_equal(gc_bytes(client.identity, client.identity_len), who(token)))
    return refuse(tokens, upload, GC_CODE(4, 1), "the token is about another client");
  if (issued_s(upload) && issued_s(upload) < token->issued_s)
    return refuse(tokens, upload, GC_CODE(4, 1), "the token is older than the one in use");
  token->client = client;
  keep_asking(tokens, upload, token);
  tokens->ops.confirmed(tokens->ops.ctx, token, &time);
  tokens->ops.log(tokens->ops.ctx, "token-updated", &upload->request->from, who(token), NULL);
  upload->response->code = GC_CODE(2, 1);
  return GC_OK;
}

enum gc_err gc_manager_tokens_take(struct gc_manager_tokens *tokens, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct upload upload = { .request = request, .response = response };
  uint32_t format = 0;
  const int32_t content_format = gc_option_find_uint(request->message->options, GC_OPTION_CONTENT_FORMAT, &format) ? (int32_t)format : -1;
  const bool is_update = request->context != NULL;
  enum gc_err err = gc_authz_info_parse(&upload.params, request->payload, content_format, NULL);
  response->content_format = -1;
  if (err)
    return refuse(tokens, &upload, err == GC_E_UNSUPPORTED ? GC_CODE(4, 15) : GC_CODE(4, 0), "no token could be read");
  if (judge(tokens, &upload)) {
    const char *fault = gc_oscore_profile_request_fault(&upload.params, is_update);
    err = fault ? refuse(tokens, &upload, GC_CODE(4, 0), fault) : (is_update ? take_update : take_new)(tokens, &upload);
  }
  gc_wipe(tokens->room, sizeof tokens->room);
  return err;
}
