/* POST /introspect: is a token valid, and what does it say? (RFC 9200, Section 5.9) */
#include "ace/authorization_server.h"
#include "ace/introspection.h"
#include "crypto/secret.h"
#include "iana/names.h"

static enum gc_err refuse(struct gc_as_answer *answer, const char *why)
{
  struct gc_introspection message = { .present = GC_PARAM_BIT(GC_INTRO_ERROR) | GC_PARAM_BIT(GC_INTRO_ERROR_DESCRIPTION),
                                      .error = GC_TOKEN_INVALID_REQUEST, .error_description = gc_bytes_str(why) };
  answer->code = GC_CODE_BAD_REQUEST;
  answer->error = GC_TOKEN_INVALID_REQUEST;
  answer->why = why;
  return gc_introspection_write(answer->body, &message);
}

/* Of a token that is not valid, or not for this resource server, nothing else is told. */
static enum gc_err inactive(struct gc_as_answer *answer, const char *why)
{
  const struct gc_introspection message = { .present = GC_PARAM_BIT(GC_INTRO_ACTIVE), .active = false };
  answer->code = GC_CODE_CREATED;
  answer->why = why;
  return gc_introspection_write(answer->body, &message);
}

static uint64_t number_of(struct gc_bytes cti)
{
  uint64_t number = 0;
  for (size_t i = 0; i < cti.len && cti.len <= 8; i++)
    number = number << 8 | cti.ptr[i];
  return number;
}

static enum gc_err active(struct gc_as_answer *answer, const struct gc_cwt_claims *claims)
{
  const struct gc_introspection message = gc_introspection_of_claims(claims);
  answer->code = GC_CODE_CREATED;
  answer->is_active = true;
  return gc_introspection_write(answer->body, &message);
}

static enum gc_err look_at(const struct gc_as *as, struct gc_as_answer *answer, struct gc_bytes audience, struct gc_bytes token,
                           const struct gc_as_token_key *stored, struct gc_buf *room, int64_t now_s)
{
  const struct gc_cwt_key key = { .kind = GC_COSE_ENCRYPT0, .alg = stored->alg, .kid = gc_bytes(stored->kid, stored->kid_len),
                                  .secret = gc_bytes(stored->key, stored->key_len) };
  const struct gc_cwt_expected expected = { .issuer = gc_bytes_str(as->issuer), .audience = audience, .has_clock = true, .now_s = (double)now_s };
  struct gc_cwt_claims claims;
  enum gc_cwt_verdict verdict = gc_cwt_open(&claims, token, &key, room, NULL);
  if (!verdict)
    verdict = gc_cwt_check(&claims, &expected);
  if (verdict)
    return inactive(answer, gc_cwt_verdict_str(verdict));
  answer->number = number_of(claims.cti);
  enum gc_err err = as->store.find(as->store.ctx, answer->number, audience, now_s);
  if (err == GC_E_NOT_FOUND)
    return inactive(answer, "revoked");
  return err ? err : active(answer, &claims);
}

enum gc_err gc_as_introspect(const struct gc_as *as, struct gc_as_answer *answer, struct gc_bytes audience, struct gc_bytes payload, int64_t now_s)
{
  struct room {
    struct gc_as_token_key key;
    uint8_t name[GC_AS_NAME_MAX], claims[GC_CWT_MAX_LEN];
  };
  struct gc_introspection request;
  struct gc_where where = { 0, "" };
  *answer = (struct gc_as_answer){ .body = answer->body, .audience = audience };
  if (gc_introspection_parse(&request, payload, &where))
    return refuse(answer, where.phrase);
  const char *fault = gc_introspection_request_fault(&request);
  if (fault)
    return refuse(answer, fault);
  struct room *room = gc_secret_new(sizeof *room);
  if (!room)
    return GC_E_MEMORY;
  struct gc_buf name = gc_buf(room->name, sizeof room->name), claims = gc_buf(room->claims, sizeof room->claims);
  enum gc_err err = as->store.server(as->store.ctx, audience, &room->key, &name);
  if (!err)
    err = look_at(as, answer, audience, request.token, &room->key, &claims, now_s);
  gc_secret_free(&room);
  return err;
}
