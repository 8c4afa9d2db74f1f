#include "group/join_client.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/secret.h"
#include "group/join_internal.h"

struct gc_join_params gc_join_params_default(void)
{
  return (struct gc_join_params){ .wait_ms = 30000, .patience_ms = 120000, .asks_infos = true, .wants_creds = true };
}

const char *gc_join_operation_name(enum gc_join_operation operation)
{
  static const char *const names[GC_JOIN_OPERATIONS] = {
    "join", "keys", "node", "renew", "creds", "kdc-cred", "policies", "num", "active", "stale-sids", "cred", "leave", "observe", "watch-node",
    "watch-active",
  };
  return operation < GC_JOIN_OPERATIONS ? names[operation] : "?";
}

const char *gc_join_result_str(enum gc_join_result result)
{
  static const char *const phrases[GC_JOIN_RESULTS] = {
    [GC_JOIN_DONE] = "done",
    [GC_JOIN_UNANSWERED] = "no answer",
    [GC_JOIN_NOT_SENT] = "the request could not be sent",
    [GC_JOIN_INSECURE] = "the answer is not protected as it must be",
    [GC_JOIN_MALFORMED] = "the answer makes no sense",
    [GC_JOIN_NO_TOKEN] = "the Authorization Server gives no token",
    [GC_JOIN_TOKEN_REFUSED] = "the Group Manager does not take the token",
    [GC_JOIN_UNTRUSTED_AS] = "the Group Manager names an Authorization Server that is not allowed",
    [GC_JOIN_NO_AS] = "no Authorization Server is known",
    [GC_JOIN_REFUSED] = "the Group Manager refuses",
    [GC_JOIN_KEY_UNSUITABLE] = "the group needs another key",
    [GC_JOIN_BAD_PROOF] = "the Group Manager does not prove possession of its key",
    [GC_JOIN_BUSY] = "the Group Manager cannot serve this now",
    [GC_JOIN_FAILED] = "it could not be done here",
  };
  return result < GC_JOIN_RESULTS ? phrases[result] : "?";
}

struct gc_join *gc_join_new(const struct gc_join_params *params, const struct gc_join_ops *ops, struct gc_client *client, struct gc_rng rng)
{
  struct gc_join *join = calloc(1, sizeof *join);
  if (!join)
    return NULL;
  join->secrets = gc_secret_new(sizeof *join->secrets);
  if (!join->secrets) {
    free(join);
    return NULL;
  }
  join->params = *params;
  join->ops = *ops;
  join->client = client;
  join->rng = rng;
  join->audience = params->audience;
  join->current.join = join;
  for (size_t i = 0; i < GC_JOIN_OBSERVATIONS; i++) {
    join->observations[i].join = join;
    join->observations[i].operation = (enum gc_join_operation)(GC_JOIN_OBSERVE + i);
  }
  return join;
}

static void forget(struct gc_join *join, struct gc_join_slot *slot, bool deregister, uint64_t now_ms)
{
  struct gc_exchange *exchange = slot->exchange;
  slot->exchange = NULL; /* its last event finds nothing to do */
  if (exchange)
    gc_client_end(join->client, exchange, deregister, now_ms);
}

void gc_join_free(struct gc_join **pointer, uint64_t now_ms)
{
  struct gc_join *join = *pointer;
  if (!join)
    return;
  forget(join, &join->current, false, now_ms);
  for (size_t i = 0; i < GC_JOIN_OBSERVATIONS; i++) {
    forget(join, &join->observations[i], false, now_ms);
    gc_join_record_free(&join->observations[i].record);
  }
  gc_join_record_free(&join->current.record);
  gc_secret_free(&join->secrets);
  free(join);
  *pointer = NULL;
}

static enum gc_err keep(uint8_t *to, size_t *len, struct gc_bytes bytes)
{
  if (bytes.len > GC_JOIN_TOKEN_MAX_LEN)
    return GC_E_RANGE;
  if (bytes.len)
    memcpy(to, bytes.ptr, bytes.len);
  *len = bytes.len;
  return GC_OK;
}

enum gc_err gc_join_resume(struct gc_join *join, const struct gc_join_kept *kept)
{
  if (kept->n_s.len > GC_JOIN_NONCE_CAP || kept->n_c.len > GC_JOIN_NONCE_CAP || (kept->node && strlen(kept->node) >= sizeof join->node))
    return GC_E_RANGE;
  struct gc_credential cred;
  if (kept->dh_cred.len && gc_credential_read(&cred, kept->dh_cred, GC_CRED_ANY, NULL))
    return GC_E_MALFORMED;
  if (kept->dh_cred.len)
    join->dh_peer = cred.public_key;
  join->has_dh_peer = join->has_dh_peer || kept->dh_cred.len;
  enum gc_err err = keep(join->secrets->token, &join->secrets->token_len, kept->token);
  if (!err)
    err = keep(join->secrets->material, &join->secrets->material_len, kept->material);
  if (err)
    return err;
  join->is_kept_token = kept->token.len > 0;
  join->context = kept->context;
  join->ring = kept->ring;
  gc_join_nonce_set(&join->n_s, kept->n_s);
  gc_join_nonce_set(&join->n_c, kept->n_c);
  strcpy(join->node, kept->node ? kept->node : "");
  return GC_OK;
}

void gc_join_nonce_set(struct gc_join_nonce *nonce, struct gc_bytes value)
{
  nonce->len = value.len <= sizeof nonce->bytes ? value.len : 0;
  if (nonce->len)
    memcpy(nonce->bytes, value.ptr, nonce->len);
}

void gc_join_nonce_fresh(struct gc_join *join, struct gc_join_nonce *nonce, size_t len)
{
  join->rng.fill(join->rng.ctx, nonce->bytes, len);
  nonce->len = len;
}

struct gc_bytes gc_join_challenge(const struct gc_join *join)
{
  return gc_join_nonce_bytes(&join->n_s);
}

struct gc_bytes gc_join_nonce(const struct gc_join *join)
{
  return gc_join_nonce_bytes(&join->n_c);
}

void gc_join_detail_add(char detail[static GC_JOIN_DETAIL_MAX], struct gc_bytes text)
{
  struct gc_buf buf = { (uint8_t *)detail, GC_JOIN_DETAIL_MAX - 1, strlen(detail) };
  (void)gc_text_escape(&buf, text);
  detail[buf.len] = '\0';
}

void gc_join_step(const struct gc_join *join, const char *what)
{
  if (join->ops.step)
    join->ops.step(join->ops.ctx, what);
}

/* --- asking ------------------------------------------------------------------------------------------------------------ */

static bool needs_node(enum gc_join_operation operation)
{
  return operation == GC_JOIN_NODE || operation == GC_JOIN_RENEW || operation == GC_JOIN_CRED || operation == GC_JOIN_LEAVE ||
         operation == GC_JOIN_WATCH_NODE;
}

static enum gc_err check(const struct gc_join *join, enum gc_join_operation operation, const struct gc_join_question *question)
{
  const bool is_filtered = operation == GC_JOIN_CREDS && question->filter && !question->filter->is_all;
  if (join->stage != GC_JOIN_AT_REST || (needs_node(operation) && !join->node[0]))
    return GC_E_STATE;
  if (operation == GC_JOIN_JOIN &&
      (gc_roles_join_fault(join->params.roles) || (gc_roles_send(join->params.roles) && !join->params.pair)))
    return GC_E_RANGE;
  if (operation == GC_JOIN_CRED && (!question->pair || !question->cred.len))
    return GC_E_RANGE;
  if (is_filtered && gc_creds_filter_fetch_fault(question->filter))
    return GC_E_RANGE;
  for (size_t i = 0; i < GC_JOIN_OBSERVATIONS; i++)
    if (join->observations[i].operation == operation && join->observations[i].exchange)
      return GC_E_STATE;
  return GC_OK;
}

enum gc_err gc_join_ask(struct gc_join *join, enum gc_join_operation operation, const struct gc_join_question *question)
{
  const struct gc_join_question none = { .filter = NULL };
  enum gc_err err = check(join, operation, question ? question : &none);
  if (err)
    return err;
  join->operation = operation;
  join->question = question ? *question : none;
  if (join->question.filter) {
    join->filter = *join->question.filter;
    join->question.filter = &join->filter;
  }
  join->challenges = 0;
  join->waited_ms = 0;
  join->has_new_token = join->has_new_association = false;
  gc_join_go_on(join, 0);
  return GC_OK;
}

enum gc_err gc_join_renew_token(struct gc_join *join)
{
  if (join->stage != GC_JOIN_AT_REST || !join->params.as_context)
    return GC_E_STATE;
  join->updates = join->context && join->secrets->material_len;
  join->secrets->token_len = 0;
  return GC_OK;
}

bool gc_join_is_busy(const struct gc_join *join)
{
  return join->stage != GC_JOIN_AT_REST;
}

void gc_join_stop_observing(struct gc_join *join, uint64_t now_ms)
{
  for (size_t i = 0; i < GC_JOIN_OBSERVATIONS; i++)
    forget(join, &join->observations[i], true, now_ms);
}

/* --- what comes next --------------------------------------------------------------------------------------------------- */

static enum gc_join_stage next_stage(const struct gc_join *join)
{
  if (join->context && !join->updates)
    return GC_JOIN_AT_QUESTION;
  if (join->secrets->token_len)
    return GC_JOIN_AT_UPLOAD;
  return join->params.has_as ? GC_JOIN_AT_TOKEN : GC_JOIN_AT_HINTS;
}

void gc_join_go_on(struct gc_join *join, uint64_t delay_ms)
{
  join->stage = next_stage(join);
  join->is_pending = true;
  join->waited_ms += delay_ms;
  join->not_before_ms = delay_ms ? join->now_ms + delay_ms : 0;
}

void gc_join_end_with(struct gc_join *join, enum gc_join_result result, struct gc_join_answer *answer)
{
  join->stage = GC_JOIN_AT_REST;
  join->is_pending = false;
  answer->operation = join->operation;
  answer->result = result;
  join->ops.done(join->ops.ctx, answer);
}

void gc_join_end(struct gc_join *join, enum gc_join_result result, const char *detail)
{
  struct gc_join_answer answer = { .result = result };
  gc_join_detail_add(answer.detail, gc_bytes_str(detail ? detail : ""));
  gc_join_end_with(join, result, &answer);
}

static void send(struct gc_join *join, uint64_t now_ms)
{
  join->is_pending = false;
  switch (join->stage) {
  case GC_JOIN_AT_HINTS: gc_join_send_hints(join, now_ms); break;
  case GC_JOIN_AT_TOKEN: gc_join_send_token(join, now_ms); break;
  case GC_JOIN_AT_UPLOAD: gc_join_send_upload(join, now_ms); break;
  case GC_JOIN_AT_QUESTION: gc_join_send_question(join, now_ms); break;
  case GC_JOIN_AT_REST: break;
  }
}

static void judge(struct gc_join *join)
{
  join->current.is_ended = false;
  switch (join->stage) {
  case GC_JOIN_AT_HINTS: gc_join_take_hints(join); break;
  case GC_JOIN_AT_TOKEN: gc_join_take_token(join); break;
  case GC_JOIN_AT_UPLOAD: gc_join_take_upload(join); break;
  case GC_JOIN_AT_QUESTION: gc_join_take_question(join); break;
  case GC_JOIN_AT_REST: break;
  }
  if (join->current.record.body_len) /* most answers hold keys */
    gc_wipe(join->current.record.body, join->current.record.body_len);
}

/* An observation that ends before its first answer is the operation's end; later it is told as such. */
static void judge_observation(struct gc_join *join, struct gc_join_slot *slot)
{
  slot->is_ended = false;
  if (join->stage == GC_JOIN_AT_QUESTION && join->operation == slot->operation && !join->is_pending)
    gc_join_take_question(join);
  else
    gc_join_take_notification(join, slot, true);
}

bool gc_join_event(struct gc_join *join, const struct gc_client_event *event)
{
  struct gc_join_slot *slot = event->exchange && event->user == &join->current ? &join->current : NULL;
  for (size_t i = 0; event->exchange && i < GC_JOIN_OBSERVATIONS; i++)
    if (event->user == &join->observations[i])
      slot = &join->observations[i];
  if (!slot)
    return false;
  if (slot->exchange && gc_join_record_event(slot, event))
    gc_join_take_notification(join, slot, false);
  return true;
}

void gc_join_tick(struct gc_join *join, uint64_t now_ms)
{
  join->now_ms = now_ms;
  for (size_t i = 0; i < GC_JOIN_OBSERVATIONS; i++)
    if (join->observations[i].is_ended)
      judge_observation(join, &join->observations[i]);
  if (join->current.is_ended)
    judge(join);
  if (join->is_pending && now_ms >= join->not_before_ms)
    send(join, now_ms);
}

uint64_t gc_join_deadline(const struct gc_join *join)
{
  bool is_ended = join->current.is_ended;
  for (size_t i = 0; i < GC_JOIN_OBSERVATIONS; i++)
    is_ended = is_ended || join->observations[i].is_ended;
  if (is_ended)
    return 0;
  return join->is_pending ? join->not_before_ms : UINT64_MAX;
}
