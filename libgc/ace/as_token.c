/* POST /token: what is asked for, what policies allow, the token. */
#include <string.h>

#include "ace/authorization_server.h"
#include "ace/cnf.h"
#include "crypto/secret.h"
#include "iana/names.h"

enum { MASTER_SECRET_LEN = 16, MASTER_SALT_LEN = 8, NUMBER_LEN = 8, ROOM = 4096 };

/** One request on its way to a token. */
struct grant {
  const struct gc_as *as;
  struct gc_as_answer *answer;
  struct gc_bytes client;
  int64_t now_s;
  struct gc_ace_params request;
  struct gc_as_token_key key;
  uint8_t audience[GC_AS_NAME_MAX];
  size_t audience_len;
  struct gc_scope_list granted;
  uint8_t names[ROOM];         /* of groups, that granted borrows */
  uint8_t scope[ROOM];
  size_t scope_len;
  bool differs;                /* granted is not what was asked for */
  struct gc_bytes updated;     /* id of the material of which the rights are updated; empty: new material */
  uint64_t number;
  uint8_t number_bytes[NUMBER_LEN], ms[MASTER_SECRET_LEN], salt[MASTER_SALT_LEN];
  uint8_t cnf[256], token[GC_CWT_MAX_LEN];
  size_t cnf_len, token_len;
};

static enum gc_err refuse(struct grant *g, enum gc_token_error error, const char *why)
{
  g->answer->code = GC_CODE_BAD_REQUEST;
  g->answer->error = error;
  g->answer->why = why;
  return gc_token_error_write(g->answer->body, error, why);
}

/* --- what is asked for ---------------------------------------------------------------------------------------------------- */

static enum gc_err find_server(struct grant *g)
{
  const struct gc_bytes wanted = gc_ace_has(&g->request, GC_ACE_AUDIENCE) ? g->request.audience : gc_bytes(NULL, 0);
  struct gc_buf name = gc_buf(g->audience, sizeof g->audience);
  enum gc_err err = g->as->store.server(g->as->store.ctx, wanted, &g->key, &name);
  g->audience_len = name.len;
  g->answer->audience = wanted;
  return err;
}

static struct gc_bytes audience_of(const struct grant *g)
{
  return gc_bytes(g->audience, g->audience_len);
}

/* An update of access rights names the material by its id (RFC 9203, Section 3.1); other keys are not for this profile. */
static enum gc_err find_material(struct grant *g, bool *is_refused)
{
  struct gc_cnf cnf;
  if (!gc_ace_has(&g->request, GC_ACE_REQ_CNF))
    return GC_OK;
  *is_refused = true;
  if (gc_cnf_parse(&cnf, g->request.req_cnf, NULL) || cnf.method != GC_CNF_KID)
    return refuse(g, GC_TOKEN_UNSUPPORTED_POP_KEY, "only tokens bound to keying material of this server are given");
  enum gc_err err = g->as->store.material(g->as->store.ctx, g->client, audience_of(g), cnf.kid, g->now_s);
  if (err == GC_E_NOT_FOUND)
    return refuse(g, GC_TOKEN_UNSUPPORTED_POP_KEY, "no valid token of this client is bound to that material");
  *is_refused = false;
  g->updated = cnf.kid;
  return err;
}

/* --- what is granted ------------------------------------------------------------------------------------------------------ */

static enum gc_err grant_all(struct grant *g)
{
  struct gc_buf room = gc_buf(g->names, sizeof g->names);
  g->differs = true; /* nothing was asked for in particular: the client is told what it has got */
  return g->as->store.policies(g->as->store.ctx, g->client, audience_of(g), gc_bytes(NULL, 0), &g->granted, &room);
}

static enum gc_err grant_entry(struct grant *g, const struct gc_scope_entry *wanted, struct gc_buf *room)
{
  struct gc_scope_list allowed = { .count = 0 };
  uint64_t roles = 0;
  enum gc_err err = GC_OK;
  if (wanted->kind == GC_SCOPE_USER && wanted->name.len)
    err = g->as->store.policies(g->as->store.ctx, g->client, audience_of(g), wanted->name, &allowed, room);
  if (!err)
    roles = gc_scope_roles(&allowed, wanted->name) & wanted->permissions;
  g->differs = g->differs || wanted->kind != GC_SCOPE_USER || roles != wanted->permissions;
  if (!err && roles)
    g->granted.entries[g->granted.count++] = (struct gc_scope_entry){ GC_SCOPE_USER, wanted->name, roles };
  return err;
}

static enum gc_err grant_scope(struct grant *g, const char **why)
{
  struct gc_scope_list wanted;
  struct gc_buf room = gc_buf(g->names, sizeof g->names), scope = gc_buf(g->scope, sizeof g->scope);
  enum gc_err err = GC_OK;
  if (!gc_ace_has(&g->request, GC_ACE_SCOPE)) {
    err = grant_all(g);
  } else if (g->request.scope.is_text || gc_scope_parse(&wanted, g->request.scope.value, NULL)) {
    *why = "the scope is no list of groups and roles";
    return GC_OK;
  } else {
    for (size_t i = 0; i < wanted.count && !err; i++)
      err = grant_entry(g, &wanted.entries[i], &room);
  }
  if (!err && g->granted.count == 0)
    *why = "no policy allows this client any of that";
  if (!err)
    err = gc_scope_write(&scope, &g->granted);
  g->scope_len = scope.len;
  return err;
}

/* --- the token ------------------------------------------------------------------------------------------------------------ */

static struct gc_bytes material_id(const struct grant *g)
{
  size_t zeros = 0;
  while (zeros < NUMBER_LEN - 1 && g->number_bytes[zeros] == 0)
    zeros++;
  return g->updated.len ? g->updated : gc_bytes(g->number_bytes + zeros, NUMBER_LEN - zeros);
}

static enum gc_err make_cnf(struct grant *g)
{
  struct gc_buf cnf = gc_buf(g->cnf, sizeof g->cnf);
  enum gc_err err;
  if (g->updated.len) {
    err = gc_cnf_write_kid(&cnf, g->updated);
  } else {
    g->as->rng.fill(g->as->rng.ctx, g->ms, sizeof g->ms);
    g->as->rng.fill(g->as->rng.ctx, g->salt, sizeof g->salt);
    const struct gc_group_material material = { .format = GC_MATERIAL_CURRENT, .present = GC_GM_ID | GC_GM_MS | GC_GM_SALT, .id = material_id(g),
                                                .ms = gc_bytes(g->ms, sizeof g->ms), .salt = gc_bytes(g->salt, sizeof g->salt) };
    err = gc_cnf_write_osc(&cnf, &material);
  }
  g->cnf_len = cnf.len;
  return err;
}

/* The number of the token is in the nonce, so that no nonce comes twice; the rest of it is random. */
static enum gc_err make_token(struct grant *g)
{
  const struct gc_alg *alg = gc_alg_by_id(g->key.alg);
  uint8_t iv[GC_NONCE_MAX_LEN];
  if (!alg || alg->nonce_len < NUMBER_LEN)
    return GC_E_UNSUPPORTED;
  g->as->rng.fill(g->as->rng.ctx, iv, sizeof iv);
  memcpy(iv, g->number_bytes, NUMBER_LEN);
  const struct gc_cwt_key key = { .kind = GC_COSE_ENCRYPT0, .alg = g->key.alg, .kid = gc_bytes(g->key.kid, g->key.kid_len),
                                  .secret = gc_bytes(g->key.key, g->key.key_len) };
  struct gc_cwt_claims claims = {
    .present = GC_PARAM_BIT(GC_CWT_ISS) | GC_PARAM_BIT(GC_CWT_SUB) | GC_PARAM_BIT(GC_CWT_AUD) | GC_PARAM_BIT(GC_CWT_EXP) |
               GC_PARAM_BIT(GC_CWT_IAT) | GC_PARAM_BIT(GC_CWT_CTI) | GC_PARAM_BIT(GC_CWT_CNF) | GC_PARAM_BIT(GC_CWT_SCOPE) |
               GC_PARAM_BIT(GC_CWT_PROFILE),
    .iss = gc_bytes_str(g->as->issuer), .sub = g->client, .aud = audience_of(g),
    .exp = { .number = g->now_s + g->as->lifetime_s }, .iat = { .number = g->now_s }, .cti = gc_bytes(g->number_bytes, NUMBER_LEN),
    .cnf = gc_bytes(g->cnf, g->cnf_len), .scope = { .value = gc_bytes(g->scope, g->scope_len) }, .profile = GC_ACE_PROFILE_OSCORE,
    .cnonce = g->request.cnonce,
  };
  if (gc_ace_has(&g->request, GC_ACE_CNONCE))
    claims.present |= GC_PARAM_BIT(GC_CWT_CNONCE);
  struct gc_buf token = gc_buf(g->token, sizeof g->token);
  enum gc_err err = gc_cwt_make(&token, &claims, &key, gc_bytes(iv, alg->nonce_len));
  g->token_len = token.len;
  return err;
}

static enum gc_err respond(struct grant *g)
{
  struct gc_ace_params response = {
    .place = GC_ACE_AT_AS, .present = GC_PARAM_BIT(GC_ACE_ACCESS_TOKEN) | GC_PARAM_BIT(GC_ACE_EXPIRES_IN) | GC_PARAM_BIT(GC_ACE_CNF),
    .access_token = gc_bytes(g->token, g->token_len), .expires_in = g->as->lifetime_s, .cnf = gc_bytes(g->cnf, g->cnf_len),
    .scope = { .value = gc_bytes(g->scope, g->scope_len) }, .profile = { .number = GC_ACE_PROFILE_OSCORE },
  };
  if (g->differs)
    response.present |= GC_PARAM_BIT(GC_ACE_SCOPE);
  response.present |= GC_PARAM_BIT(GC_ACE_PROFILE); /* this server does not know what the client knows (Section 5.8.2) */
  g->answer->code = GC_CODE_CREATED;
  return gc_ace_params_write(g->answer->body, &response);
}

static enum gc_err issue(struct grant *g)
{
  enum gc_err err = g->as->store.number(g->as->store.ctx, &g->number);
  for (size_t i = 0; i < NUMBER_LEN; i++)
    g->number_bytes[i] = (uint8_t)(g->number >> 8 * (NUMBER_LEN - 1 - i));
  if (!err)
    err = make_cnf(g);
  if (!err)
    err = make_token(g);
  const struct gc_as_issued token = { g->number, g->client, audience_of(g), material_id(g), g->now_s + g->as->lifetime_s };
  if (!err)
    err = g->as->store.issue(g->as->store.ctx, &token, g->now_s);
  g->answer->number = g->number;
  g->answer->is_update = g->updated.len > 0;
  return err ? err : respond(g);
}

static enum gc_err answer(struct grant *g, struct gc_bytes payload)
{
  struct gc_where where = { 0, "" };
  const char *why = NULL;
  bool is_refused = false;
  if (gc_ace_params_parse(&g->request, payload, GC_ACE_AT_AS, &where))
    return refuse(g, GC_TOKEN_INVALID_REQUEST, where.phrase);
  enum gc_token_error error = gc_token_request_check(&g->request, &why);
  if (error)
    return refuse(g, error, why);
  if (gc_ace_has(&g->request, GC_ACE_CLIENT_ID) && !gc_bytes_equal(g->request.client_id, g->client))
    return refuse(g, GC_TOKEN_INVALID_CLIENT, "client_id is another client's");
  enum gc_err err = find_server(g);
  if (err == GC_E_NOT_FOUND)
    return refuse(g, GC_TOKEN_INVALID_REQUEST, g->answer->audience.len ? "no resource server with this audience" : "an audience is needed");
  if (!err)
    err = find_material(g, &is_refused);
  if (err || is_refused)
    return err;
  err = grant_scope(g, &why);
  if (err)
    return err;
  return why ? refuse(g, GC_TOKEN_INVALID_SCOPE, why) : issue(g);
}

enum gc_err gc_as_token(const struct gc_as *as, struct gc_as_answer *out, struct gc_bytes client, struct gc_bytes payload, int64_t now_s)
{
  struct grant *g = gc_secret_new(sizeof *g);
  if (!g)
    return GC_E_MEMORY;
  *out = (struct gc_as_answer){ .body = out->body };
  *g = (struct grant){ .as = as, .answer = out, .client = client, .now_s = now_s };
  enum gc_err err = answer(g, payload);
  gc_secret_free(&g);
  return err;
}
