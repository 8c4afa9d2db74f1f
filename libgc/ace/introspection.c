#include "ace/introspection.h"

#include <stddef.h>
#include <string.h>

#include "coap/message.h"
#include "iana/names.h"

/* --- claims and parameters that say the same ------------------------------------------------------------------------------- */

#define SAME(claim, param, member) \
  { claim, param, offsetof(struct gc_cwt_claims, member), offsetof(struct gc_introspection, member), sizeof((struct gc_cwt_claims *)0)->member }
static const struct {
  enum gc_cwt_claim claim;
  enum gc_introspection_param param;
  size_t in_claims, in_answer, size;
} same[] = {
  SAME(GC_CWT_ISS, GC_INTRO_ISS, iss),       SAME(GC_CWT_SUB, GC_INTRO_SUB, sub),
  SAME(GC_CWT_AUD, GC_INTRO_AUD, aud),       SAME(GC_CWT_EXP, GC_INTRO_EXP, exp),
  SAME(GC_CWT_NBF, GC_INTRO_NBF, nbf),       SAME(GC_CWT_IAT, GC_INTRO_IAT, iat),
  SAME(GC_CWT_CTI, GC_INTRO_CTI, cti),       SAME(GC_CWT_CNF, GC_INTRO_CNF, cnf),
  SAME(GC_CWT_SCOPE, GC_INTRO_SCOPE, scope), SAME(GC_CWT_PROFILE, GC_INTRO_PROFILE, profile),
  SAME(GC_CWT_CNONCE, GC_INTRO_CNONCE, cnonce),
};
#undef SAME

struct gc_introspection gc_introspection_of_claims(const struct gc_cwt_claims *claims)
{
  struct gc_introspection answer = { .present = GC_PARAM_BIT(GC_INTRO_ACTIVE), .active = true };
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
    if (!gc_cwt_has(claims, same[i].claim))
      continue;
    memcpy((char *)&answer + same[i].in_answer, (const char *)claims + same[i].in_claims, same[i].size);
    answer.present |= GC_PARAM_BIT(same[i].param);
  }
  return answer;
}

void gc_introspection_add_claims(struct gc_cwt_claims *claims, const struct gc_introspection *answer)
{
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
    if (gc_cwt_has(claims, same[i].claim) || !gc_param_has(answer->present, same[i].param))
      continue;
    memcpy((char *)claims + same[i].in_claims, (const char *)answer + same[i].in_answer, same[i].size);
    claims->present |= GC_PARAM_BIT(same[i].claim);
  }
}

/* --- request and response --------------------------------------------------------------------------------------------------- */

enum gc_err gc_introspection_ask(struct gc_buf *out, struct gc_bytes token)
{
  const struct gc_introspection request = { .present = GC_PARAM_BIT(GC_INTRO_TOKEN), .token = token };
  return gc_introspection_write(out, &request);
}

static enum gc_introspected verdict(enum gc_introspected value, const char *phrase, const char **why)
{
  *why = phrase;
  return value;
}

/* An error about the request is about its token; one about who asks is about this server (Section 5.9.3). */
static enum gc_introspected take_error(uint8_t code, struct gc_bytes payload, const char **why)
{
  struct gc_introspection answer = { .present = 0 };
  const bool is_read = gc_introspection_parse(&answer, payload, NULL) == GC_OK && gc_param_has(answer.present, GC_INTRO_ERROR);
  if (is_read && (answer.error == GC_TOKEN_INVALID_CLIENT || answer.error == GC_TOKEN_UNAUTHORIZED_CLIENT))
    return verdict(GC_INTROSPECTED_UNAVAILABLE, "the Authorization Server does not let this server ask", why);
  if (code == GC_CODE(4, 0) || code == GC_CODE(4, 13))
    return verdict(GC_INTROSPECTED_UNREADABLE, "the Authorization Server cannot look at the token", why);
  return verdict(GC_INTROSPECTED_UNAVAILABLE,
                 code == GC_CODE(4, 1) || code == GC_CODE(4, 3) ? "the Authorization Server does not let this server ask"
                                                                : "the Authorization Server cannot answer",
                 why);
}

enum gc_introspected gc_introspection_take(struct gc_introspection *out, uint8_t code, int32_t content_format, struct gc_bytes payload, const char **why)
{
  struct gc_introspection answer;
  *why = NULL;
  if (code != GC_CODE(2, 1))
    return take_error(code, payload, why);
  if (content_format != GC_FORMAT_ACE_CBOR)
    return verdict(GC_INTROSPECTED_UNAVAILABLE, "what answers is no introspection endpoint", why);
  if (gc_introspection_parse(&answer, payload, NULL) || !gc_param_has(answer.present, GC_INTRO_ACTIVE))
    return verdict(GC_INTROSPECTED_UNREADABLE, "the Authorization Server's answer cannot be read", why);
  if (!answer.active)
    return verdict(GC_INTROSPECTED_INACTIVE, "the token is not active", why);
  *out = answer;
  return GC_INTROSPECTED_ACTIVE;
}
