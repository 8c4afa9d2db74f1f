/* What came of it, for people and programs. */
#include <stdio.h>
#include <string.h>

#include "ace/problem.h"
#include "gc-join.h"
#include "iana/names.h"

#define TROUBLE "it has trouble of its own: its messages on stderr say which"

static bool is_of_server(const struct gc_join_answer *answer)
{
  return GC_CODE_CLASS(answer->code) == 5;
}

/* What to do about it. NULL: nothing more to say. */
static const char *advice(const struct gc_join_answer *answer)
{
  switch (answer->result) {
  case GC_JOIN_UNANSWERED:
    return "is the address right, and is it running?";
  case GC_JOIN_NO_AS:
    return answer->code == GC_CODE(4, 4) ? "has it a group of that name? If so, name the Authorization Server with --as URI" : "name it with --as URI";
  case GC_JOIN_UNTRUSTED_AS:
    return "if it is to be trusted: --allow-as URI";
  case GC_JOIN_INSECURE:
    return "are both sides' keys of this registration, and of one database?";
  case GC_JOIN_TOKEN_REFUSED:
    return is_of_server(answer) ? TROUBLE : "does the Group Manager know this Authorization Server's key (gc-as rs add), and is --audience its name there?";
  case GC_JOIN_KEY_UNSUITABLE:
    return "make one with gc-keygen key --alg";
  case GC_JOIN_BAD_PROOF:
    return "it is not the Group Manager that it claims to be, or it is broken";
  case GC_JOIN_NO_TOKEN:
    return is_of_server(answer) ? TROUBLE
           : !answer->has_error ? "is this client registered there (gc-as client add)?"
           : answer->error == GC_TOKEN_INVALID_SCOPE ? "ask for a policy (gc-as policy add CLIENT GROUP ROLES)"
           : answer->error == GC_TOKEN_INVALID_REQUEST ? "--audience names the Group Manager as it is registered there" : NULL;
  case GC_JOIN_REFUSED:
    return !answer->has_error ? NULL
           : answer->error == GC_GROUPCOMM_ONLY_MEMBERS ? "join first, or anew" : answer->error == GC_GROUPCOMM_NOT_ACTIVE ? "try again later" : NULL;
  default:
    return NULL;
  }
}

static const char *error_name(const struct gc_join_answer *answer)
{
  if (!answer->has_error)
    return NULL;
  return answer->result == GC_JOIN_NO_TOKEN ? gc_token_error_name(answer->error) : gc_groupcomm_error_title(answer->error);
}

static enum gc_status status_of(const struct gc_join_answer *answer)
{
  const bool is_denied = answer->code == GC_CODE(4, 1) || answer->code == GC_CODE(4, 3) ||
                         (answer->has_error && answer->error == GC_GROUPCOMM_INVALID_POP);
  switch (answer->result) {
  case GC_JOIN_DONE: return GC_STATUS_OK;
  case GC_JOIN_NO_TOKEN:
  case GC_JOIN_TOKEN_REFUSED: return is_of_server(answer) ? GC_STATUS_NO : GC_STATUS_SECURITY;
  case GC_JOIN_INSECURE:
  case GC_JOIN_UNTRUSTED_AS:
  case GC_JOIN_BAD_PROOF: return GC_STATUS_SECURITY;
  case GC_JOIN_REFUSED: return is_denied ? GC_STATUS_SECURITY : GC_STATUS_NO;
  case GC_JOIN_KEY_UNSUITABLE: return GC_STATUS_INPUT;
  case GC_JOIN_NOT_SENT:
  case GC_JOIN_FAILED: return GC_STATUS_SYSTEM;
  default: return GC_STATUS_NO;
  }
}

static void say_json(const struct gc_join_session *session, const struct gc_join_answer *answer)
{
  char code[5];
  gc_json_object(session->out, NULL);
  gc_json_str(session->out, "event", "failed");
  gc_json_str(session->out, "operation", gc_join_operation_name(answer->operation));
  gc_json_str(session->out, "reason", gc_join_result_str(answer->result));
  if (answer->code)
    gc_json_str(session->out, "code", gc_code_format(code, answer->code));
  if (answer->has_error)
    gc_json_int(session->out, "error_id", answer->error);
  if (error_name(answer))
    gc_json_str(session->out, "error", error_name(answer));
  if (answer->detail[0])
    gc_json_text(session->out, "detail", gc_bytes_str(answer->detail));
  gc_json_end(session->out);
  gc_out_flush(session->out);
}

enum gc_status gc_join_say(const struct gc_join_session *session, const struct gc_join_answer *answer)
{
  char code[5] = "", line[GC_WHY_LEN] = "";
  const char *error = error_name(answer), *what = advice(answer);
  const bool repeats = error && strcmp(answer->detail, error) == 0;
  size_t len = 0;
  if (!answer->result)
    return GC_STATUS_OK;
  if (answer->code)
    gc_code_format(code, answer->code);
  const struct { const char *before, *text; } parts[] = { { " with ", code }, { ", ", error ? error : "" }, { ": ", repeats ? "" : answer->detail } };
  for (size_t i = 0; i < 3; i++)
    if (parts[i].text[0])
      len += (size_t)snprintf(line + len, sizeof line - len, "%s%s", parts[i].before, parts[i].text);
  gc_error("%s: %s%s%s%s", gc_join_operation_name(answer->operation), gc_join_result_str(answer->result), line, what ? "; " : "", what ? what : "");
  if (session->options->common.json)
    say_json(session, answer);
  return status_of(answer);
}

void gc_join_event_begin(const struct gc_join_session *session, const char *event)
{
  gc_json_object(session->out, NULL);
  gc_json_str(session->out, "event", event);
  gc_json_str(session->out, "group", session->gname);
}

void gc_join_event_end(const struct gc_join_session *session)
{
  gc_json_end(session->out);
  gc_out_flush(session->out);
}

void gc_join_say_group(const struct gc_join_session *session, const char *event, const struct gc_join_group *group)
{
  const struct gc_context_file *file = &group->file;
  if (session->options->common.json) {
    gc_join_event_begin(session, event);
    gc_json_hex(session->out, "gid", file->gid);
    if (file->has_sender)
      gc_json_hex(session->out, "sender_id", file->sender.id);
    gc_json_uint(session->out, "num", session->record->num);
    gc_json_uint(session->out, "recipients", file->recipient_count);
    gc_json_str(session->out, "context", session->path);
    gc_join_event_end(session);
    return;
  }
  gc_outf(session->out, "%s %s: Gid ", event, session->gname);
  gc_out_hex(session->out, file->gid);
  if (file->has_sender) {
    GC_OUT_LITERAL(session->out, ", Sender ID ");
    gc_out_hex(session->out, file->sender.id);
  }
  gc_outf(session->out, ", key generation %llu, %zu other%s known; %s\n", (unsigned long long)session->record->num, file->recipient_count,
          file->recipient_count == 1 ? "" : "s", session->path);
  gc_out_flush(session->out);
}
