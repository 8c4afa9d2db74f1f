/* The operations of a member as rows of a table, and what their answers hold (RFC 9594, Section 4; draft-ietf-ace-key-groupcomm-
 * oscore, Section 9). */
#include <string.h>

#include "group/join_internal.h"
#include "iana/names.h"

/** What the payload of a success is. */
enum body { BODY_NONE, BODY_POLICIES, BODY_KEYS, BODY_RENEWAL, BODY_CREDS, BODY_JOIN, BODY_KDC_CRED, BODY_NUM, BODY_ACTIVE, BODY_STALE };

struct row {
  uint8_t code;           /* method */
  bool is_of_node;        /* path: the node's own resource, else the group's */
  const char *subpath;    /* NULL: none */
  uint8_t success[2];     /* response codes */
  enum body body;
  bool observe;
};

static const struct row rows[GC_JOIN_OPERATIONS] = {
  [GC_JOIN_JOIN] = { GC_CODE_POST, false, NULL, { GC_CODE(2, 1), GC_CODE(2, 4) }, BODY_JOIN, false },
  [GC_JOIN_KEYS] = { GC_CODE_GET, false, NULL, { GC_CODE(2, 5), 0 }, BODY_KEYS, false },
  [GC_JOIN_NODE] = { GC_CODE_GET, true, NULL, { GC_CODE(2, 5), 0 }, BODY_KEYS, false },
  [GC_JOIN_RENEW] = { GC_CODE_POST, true, NULL, { GC_CODE(2, 5), GC_CODE(2, 4) }, BODY_RENEWAL, false },
  [GC_JOIN_CREDS] = { GC_CODE_GET, false, "creds", { GC_CODE(2, 5), 0 }, BODY_CREDS, false },
  [GC_JOIN_KDC_CRED] = { GC_CODE_GET, false, "kdc-cred", { GC_CODE(2, 5), 0 }, BODY_KDC_CRED, false },
  [GC_JOIN_POLICIES] = { GC_CODE_GET, false, "policies", { GC_CODE(2, 5), 0 }, BODY_POLICIES, false },
  [GC_JOIN_NUM] = { GC_CODE_GET, false, "num", { GC_CODE(2, 5), 0 }, BODY_NUM, false },
  [GC_JOIN_ACTIVE] = { GC_CODE_GET, false, "active", { GC_CODE(2, 5), 0 }, BODY_ACTIVE, false },
  [GC_JOIN_STALE] = { GC_CODE_FETCH, false, "stale-sids", { GC_CODE(2, 5), 0 }, BODY_STALE, false },
  [GC_JOIN_CRED] = { GC_CODE_POST, true, "cred", { GC_CODE(2, 4), 0 }, BODY_NONE, false },
  [GC_JOIN_LEAVE] = { GC_CODE_DELETE, true, NULL, { GC_CODE(2, 2), 0 }, BODY_NONE, false },
  [GC_JOIN_OBSERVE] = { GC_CODE_GET, false, NULL, { GC_CODE(2, 5), 0 }, BODY_KEYS, true },
  [GC_JOIN_WATCH_NODE] = { GC_CODE_GET, true, NULL, { GC_CODE(2, 5), 0 }, BODY_KEYS, true },
  [GC_JOIN_WATCH_ACTIVE] = { GC_CODE_GET, false, "active", { GC_CODE(2, 5), 0 }, BODY_ACTIVE, true },
};

static struct gc_join_slot *slot_of(struct gc_join *join)
{
  for (size_t i = 0; i < GC_JOIN_OBSERVATIONS; i++)
    if (rows[join->operation].observe && join->observations[i].operation == join->operation)
      return &join->observations[i];
  return &join->current;
}

/* The payload of those requests that are not a Join Request's kind. */
static enum gc_err put_payload(const struct gc_join *join, struct gc_buf *payload, int32_t *content_format)
{
  struct gc_cbor_writer writer;
  switch (join->operation) {
  case GC_JOIN_STALE:
    *content_format = GC_FORMAT_APPLICATION_CBOR;
    return gc_num_write(payload, join->question.num);
  case GC_JOIN_CREDS:
    if (!join->question.filter || join->question.filter->is_all)
      return GC_OK;
    *content_format = GC_FORMAT_ACE_GROUPCOMM;
    writer = gc_cbor_writer(payload);
    gc_cbor_map(&writer, 1);
    gc_cbor_uint(&writer, 4); /* get_creds */
    enum gc_err err = gc_cbor_finish(&writer);
    return err ? err : gc_creds_filter_write(payload, join->question.filter);
  default:
    return GC_OK;
  }
}

void gc_join_send_question(struct gc_join *join, uint64_t now_ms)
{
  const struct row *row = &rows[join->operation];
  uint8_t room[8192];
  struct gc_buf payload = gc_buf(room, sizeof room);
  struct gc_join_message message = { .server = &join->params.gm, .path = row->is_of_node ? join->node : NULL, .subpath = row->subpath,
                                     .code = row->code, .content_format = -1, .context = join->context, .ring = join->ring,
                                     .observe = row->observe };
  if (join->operation == GC_JOIN_JOIN) {
    gc_join_send_join(join, now_ms);
    return;
  }
  if (join->operation == GC_JOIN_CRED) {
    gc_join_send_cred(join, now_ms);
    return;
  }
  if (put_payload(join, &payload, &message.content_format)) {
    gc_join_end(join, GC_JOIN_FAILED, "the request would be too long");
    return;
  }
  message.payload = gc_buf_bytes(&payload);
  if (join->operation == GC_JOIN_CREDS && payload.len)
    message.code = GC_CODE_FETCH;
  gc_join_send(join, slot_of(join), &message, now_ms);
}

/* --- answers ------------------------------------------------------------------------------------------------------------- */

static enum gc_join_result malformed(struct gc_join_answer *answer, const char *why)
{
  answer->detail[0] = '\0';
  gc_join_detail_add(answer->detail, gc_bytes_str(why ? why : "it cannot be read"));
  return GC_JOIN_MALFORMED;
}

/* Keying material, or, where that may come, what is left of it in a rekeying message: then without a membership of its own. */
static enum gc_join_result read_keys(const struct gc_groupcomm *message, bool may_be_rekeying, struct gc_join_answer *answer)
{
  const char *why = NULL;
  if (gc_membership_read(&answer->membership, message, &why) == GC_OK)
    answer->has_membership = true;
  else if (!may_be_rekeying || gc_rekeying_fault(message))
    return malformed(answer, why);
  return GC_JOIN_DONE;
}

static enum gc_join_result read_renewal(const struct gc_groupcomm *message, struct gc_join_answer *answer)
{
  if (gc_groupcomm_has(message, GC_GROUPCOMM_KEY)) /* the group is rekeyed instead, and this is the message about it (Section 9.2) */
    return read_keys(message, true, answer);
  if (!gc_groupcomm_has(message, GC_GROUPCOMM_GROUP_SENDER_ID))
    return malformed(answer, "neither a new Sender ID nor keying material");
  return message->group_sender_id.len > GC_ID_MAX_LEN ? malformed(answer, "a Sender ID that is too long") : GC_JOIN_DONE;
}

static enum gc_join_result read_message(struct gc_join *join, enum body body, const struct gc_groupcomm *message, struct gc_join_answer *answer)
{
  switch (body) {
  case BODY_JOIN:
    return gc_join_read_join(join, message, answer);
  case BODY_KDC_CRED:
    return gc_join_read_kdc_cred(join, message, answer);
  case BODY_KEYS:
    return read_keys(message, answer->is_notification, answer);
  case BODY_RENEWAL:
    return read_renewal(message, answer);
  case BODY_CREDS:
    return gc_peers_check(message, NULL) ? malformed(answer, "creds, peer_roles and peer_identifiers do not belong together") : GC_JOIN_DONE;
  default:
    return GC_JOIN_DONE;
  }
}

static enum gc_join_result read_body(struct gc_join *join, const struct gc_join_slot *slot, enum body body, struct gc_groupcomm *message,
                                     struct gc_join_answer *answer)
{
  const struct gc_bytes payload = gc_join_body(slot);
  struct gc_where where = { 0, NULL };
  switch (body) {
  case BODY_NONE:
    return GC_JOIN_DONE;
  case BODY_NUM:
    return gc_num_parse(&answer->num, payload, &where) ? malformed(answer, where.phrase) : GC_JOIN_DONE;
  case BODY_ACTIVE:
    return gc_active_parse(&answer->is_active, payload, &where) ? malformed(answer, where.phrase) : GC_JOIN_DONE;
  case BODY_STALE:
    answer->stale = payload;
    answer->forgets_all = payload.len == 0;
    return payload.len && gc_strings_check(payload, false, NULL, &where) ? malformed(answer, where.phrase) : GC_JOIN_DONE;
  case BODY_CREDS:
  case BODY_POLICIES:
    answer->nothing_found = gc_is_nothing_found(payload);
    if (answer->nothing_found)
      return GC_JOIN_DONE;
    break;
  default:
    break;
  }
  if (gc_groupcomm_parse(message, payload, &where))
    return malformed(answer, where.phrase);
  answer->message = message;
  return read_message(join, body, message, answer);
}

static bool is_success(const struct row *row, uint8_t code)
{
  return code == row->success[0] || (row->success[1] && code == row->success[1]);
}

void gc_join_take_question(struct gc_join *join)
{
  const struct row *row = &rows[join->operation];
  struct gc_join_slot *slot = slot_of(join);
  struct gc_join_answer answer = { .code = slot->record.code };
  struct gc_groupcomm message;
  slot->is_ended = false;
  if (!slot->record.has_answer || !slot->record.is_protected || !is_success(row, slot->record.code)) {
    gc_join_take_refusal(join, slot);
    return;
  }
  answer.is_end = row->observe; /* answered, and not as an observation */
  const enum gc_join_result result = read_body(join, slot, row->body, &message, &answer);
  if (join->operation == GC_JOIN_LEAVE && !result)
    join->node[0] = '\0';
  if (join->operation == GC_JOIN_CRED && !result) {
    join->params.pair = join->question.pair;
    join->params.cred = join->question.cred;
  }
  gc_join_end_with(join, result, &answer);
}

void gc_join_take_notification(struct gc_join *join, struct gc_join_slot *slot, bool is_end)
{
  struct gc_join_answer answer = { .operation = slot->operation, .is_notification = true, .is_end = is_end, .code = slot->record.code };
  struct gc_groupcomm message;
  enum gc_join_result result = GC_JOIN_UNANSWERED;
  if (is_end && !slot->record.has_answer)
    gc_join_detail_add(answer.detail, gc_bytes_str(slot->record.silence ? slot->record.silence : "the observation is over"));
  else if (!slot->record.is_protected)
    result = GC_JOIN_INSECURE;
  else if (is_success(&rows[slot->operation], slot->record.code))
    result = read_body(join, slot, rows[slot->operation].body, &message, &answer);
  else
    result = GC_JOIN_REFUSED;
  if (result == GC_JOIN_REFUSED)
    gc_join_read_refusal(slot, &answer);
  if (join->stage == GC_JOIN_AT_QUESTION && join->operation == slot->operation) {
    join->stage = GC_JOIN_AT_REST;
    join->is_pending = false;
  }
  answer.result = result;
  join->ops.done(join->ops.ctx, &answer);
}
