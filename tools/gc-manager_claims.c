/* The claims of an uploaded token: what can be read here, and what the Authorization Server says (RFC 9200, Section 5.10.1.1). */
#include "gc-manager.h"
#include "iana/names.h"

/* For a reference the answer is all there is; where that does not say for whom and by whom, it is by who answers, for who asks. */
static void add_claims(struct gc_cwt_claims *claims, const struct gc_introspection *answer, const struct gc_cwt_expected *expected, bool is_read)
{
  gc_introspection_add_claims(claims, answer);
  if (!is_read && !gc_cwt_has(claims, GC_CWT_AUD)) {
    claims->aud = expected->audience;
    claims->present |= GC_PARAM_BIT(GC_CWT_AUD);
  }
  if (!is_read && !gc_cwt_has(claims, GC_CWT_ISS)) {
    claims->iss = expected->issuer;
    claims->present |= GC_PARAM_BIT(GC_CWT_ISS);
  }
}

static void judge(struct gc_manager_said *said, enum gc_cwt_verdict verdict)
{
  if (!verdict)
    return;
  said->code = gc_cwt_verdict_code(verdict);
  said->why = gc_cwt_verdict_str(verdict);
}

void gc_manager_claims_learn(struct gc_cwt_claims *claims, struct gc_manager_said *said, struct gc_bytes token, const struct gc_manager_claims_rules *rules,
                             struct gc_buf *room)
{
  enum gc_cwt_verdict verdict = rules->key.secret.len ? gc_cwt_open(claims, token, &rules->key, room, NULL) : GC_CWT_WRONG_KEY;
  const bool is_read = !verdict, is_reference = token.len && (verdict == GC_CWT_NOT_PARSED || verdict == GC_CWT_WRONG_KEY);
  *said = (struct gc_manager_said){ .max_age_s = -1 };
  if (is_read)
    verdict = gc_cwt_check(claims, &rules->expected);
  if (rules->ask && (!verdict || is_reference)) {
    rules->ask(rules->ctx, token, is_read, said);
    if (said->code)
      return;
    add_claims(claims, &said->answer, &rules->expected, is_read);
    verdict = gc_cwt_check(claims, &rules->expected);
  }
  judge(said, verdict);
  if (!said->code && !rules->ask && !gc_cwt_has(claims, GC_CWT_EXP)) {
    said->code = GC_CODE_BAD_REQUEST;
    said->why = "the token does not say when it expires";
  }
}

int64_t gc_manager_claims_end(const struct gc_cwt_claims *claims)
{
  const double expires_s = gc_numeric_date_seconds(&claims->exp);
  return gc_cwt_has(claims, GC_CWT_EXP) && expires_s < 9e15 ? (int64_t)expires_s : GC_GM_NEVER - GC_MANAGER_GRACE_S;
}
