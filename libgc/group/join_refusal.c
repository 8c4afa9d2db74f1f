/* What is no success: come back later, with another challenge, with another association, or not at all (RFC 9594, Sections 4.1.2
 * and 4.3.1; RFC 9200, Section 5.10; draft-ietf-ace-key-groupcomm-oscore, Section 6.2). */
#include "ace/problem.h"
#include "coap/message.h"
#include "group/join_internal.h"
#include "iana/names.h"

void gc_join_read_refusal(const struct gc_join_slot *slot, struct gc_join_answer *answer)
{
  struct gc_problem problem;
  answer->code = slot->record.code;
  if (slot->record.content_format == GC_FORMAT_CONCISE_PROBLEM_DETAILS && gc_problem_parse(&problem, gc_join_body(slot), NULL) == GC_OK) {
    answer->has_error = problem.has_error_id;
    answer->error = problem.error_id;
    if (gc_param_has(problem.present, GC_PROBLEM_DETAIL))
      gc_join_detail_add(answer->detail, problem.detail);
    else if (gc_param_has(problem.present, GC_PROBLEM_TITLE))
      gc_join_detail_add(answer->detail, problem.title);
    else if (problem.has_error_id && gc_groupcomm_error_title(problem.error_id))
      gc_join_detail_add(answer->detail, gc_bytes_str(gc_groupcomm_error_title(problem.error_id)));
  } else if (slot->record.content_format < 0 || slot->record.content_format == GC_FORMAT_TEXT_PLAIN) {
    gc_join_detail_add(answer->detail, gc_join_body(slot)); /* a diagnostic payload */
  }
}

static void refuse(struct gc_join *join, const struct gc_join_slot *slot, enum gc_join_result result)
{
  struct gc_join_answer answer = { .code = slot->record.code };
  gc_join_read_refusal(slot, &answer);
  gc_join_end_with(join, result, &answer);
}

void gc_join_wait(struct gc_join *join, const struct gc_join_slot *slot)
{
  const uint64_t delay_ms = slot->record.max_age_s * UINT64_C(1000);
  if (!slot->record.has_max_age || delay_ms == 0 || join->waited_ms + delay_ms > join->params.patience_ms) {
    refuse(join, slot, GC_JOIN_BUSY);
    return;
  }
  gc_join_step(join, "asked to come back later: waiting");
  gc_join_go_on(join, delay_ms);
}

void gc_join_take_silence(struct gc_join *join, const struct gc_join_slot *slot, const char *who)
{
  struct gc_join_answer answer = { .code = slot->record.code };
  const bool is_insecure = slot->record.has_answer || slot->record.result;
  gc_join_detail_add(answer.detail, gc_bytes_str(who));
  gc_join_detail_add(answer.detail, gc_bytes_str(": "));
  if (is_insecure)
    gc_join_detail_add(answer.detail, gc_bytes_str(gc_sec_str(slot->record.result)));
  else
    gc_join_detail_add(answer.detail, gc_bytes_str(slot->record.silence ? slot->record.silence : "nothing came back"));
  if (is_insecure && slot->record.has_answer && slot->record.body_len && slot->record.content_format < 0) {
    gc_join_detail_add(answer.detail, gc_bytes_str("; it says: "));
    gc_join_detail_add(answer.detail, gc_join_body(slot));
  }
  gc_join_end_with(join, is_insecure ? GC_JOIN_INSECURE : GC_JOIN_UNANSWERED, &answer);
}

/* 4.00 with what the group wants: another challenge, and algorithms (Section 6.2). */
static bool take_challenge(struct gc_join *join, const struct gc_join_slot *slot)
{
  const struct gc_bytes none = { NULL, 0 };
  struct gc_join_answer answer = { .code = slot->record.code };
  struct gc_groupcomm message;
  if ((join->operation != GC_JOIN_JOIN && join->operation != GC_JOIN_CRED) || slot->record.code != GC_CODE(4, 0) ||
      slot->record.content_format != GC_FORMAT_ACE_GROUPCOMM || gc_groupcomm_parse(&message, gc_join_body(slot), NULL))
    return false;
  const enum gc_join_result result = gc_join_judge_infos(join, gc_groupcomm_has(&message, GC_GROUPCOMM_SIGN_INFO) ? message.sign_info : none,
                                                         gc_groupcomm_has(&message, GC_GROUPCOMM_ECDH_INFO) ? message.ecdh_info : none,
                                                         gc_groupcomm_has(&message, GC_GROUPCOMM_KDC_DH_CREDS) ? message.kdc_dh_creds : none,
                                                         answer.detail);
  if (result) {
    gc_join_end_with(join, result, &answer);
    return true;
  }
  if (!gc_groupcomm_has(&message, GC_GROUPCOMM_KDCCHALLENGE) || ++join->challenges > GC_JOIN_CHALLENGES_MAX)
    return false;
  gc_join_nonce_set(&join->n_s, message.kdcchallenge);
  gc_join_step(join, "a new challenge came");
  gc_join_go_on(join, 0);
  return true;
}

/* 4.01: the Group Manager does not know the association any more (unprotected), or its token is not valid any more. One that was
 * started anew may have given the kid to another by now: then it cannot decrypt, 4.00 (RFC 8613, Section 8.2). */
static bool take_unauthorized(struct gc_join *join, const struct gc_join_slot *slot)
{
  const bool is_protected = slot->record.is_protected;
  if (slot->record.code != GC_CODE(4, 1) && (is_protected || slot->record.code != GC_CODE(4, 0)))
    return false;
  if (is_protected ? join->has_new_token || !join->params.as_context : join->has_new_association)
    return false;
  if (!is_protected && !join->secrets->token_len && !join->params.as_context && !join->ops.find_as)
    return false;
  if (is_protected)
    join->secrets->token_len = 0;
  join->context = NULL;
  join->ring = NULL;
  gc_join_step(join, is_protected ? "the token is not valid any more" : "the Group Manager does not know the security context any more");
  gc_join_go_on(join, 0);
  return true;
}

void gc_join_take_refusal(struct gc_join *join, struct gc_join_slot *slot)
{
  const struct gc_join_record *record = &slot->record;
  if (!record->has_answer) {
    gc_join_take_silence(join, slot, "the Group Manager");
    return;
  }
  if (take_unauthorized(join, slot))
    return;
  if (!record->is_protected) {
    gc_join_take_silence(join, slot, "the Group Manager");
    return;
  }
  if (record->code == GC_CODE(5, 3) || record->code == GC_CODE(4, 9) || record->code == GC_CODE(4, 29))
    gc_join_wait(join, slot);
  else if (!take_challenge(join, slot))
    refuse(join, slot, GC_CODE_CLASS(record->code) == 2 ? GC_JOIN_MALFORMED : GC_JOIN_REFUSED);
}
