/* The OSCORE option without any key, and why a message was not opened, in words. */
#include <stdio.h>
#include <string.h>

#include "gc-decode.h"
#include "iana/options.h"

bool decode_security_look(struct decode_security *security, const struct decode_record *record)
{
  struct gc_bytes value;
  const struct gc_message *message = &record->message;
  if (!record->is_header_read || !message->options.len || message->options.ptr[0] >> 4 > GC_OPTION_OSCORE ||
      !gc_oscore_option_of(message, &value)) /* (most have a first option beyond it) */
    return false;
  *security = (struct decode_security){ .outcome = DECODE_UNOPENED, .reason = GC_SEC_NO_CONTEXT };
  struct gc_oscore_option *option = &security->option;
  security->is_request = GC_CODE_IS_REQUEST(message->code);
  security->is_option_read = value.ptr && !gc_oscore_option_guess(option, value, &security->is_02, NULL);
  if (security->is_option_read && option->has_kid)
    security->kid = gc_bytes(option->kid.ptr ? (const void *)option->kid.ptr : "", option->kid.len);
  if (security->is_option_read && option->has_kid_context)
    security->gid = gc_bytes(option->kid_context.ptr ? (const void *)option->kid_context.ptr : "", option->kid_context.len);
  if (security->is_option_read)
    security->piv = option->piv;
  return true;
}

static const char *const names[] = { "between_others", "needs_member", "damaged" };
static const char *const phrases[] = { "pairwise, between two other members", "pairwise mode, and only a signature checker's context",
                                       "damaged, not opened" };

const char *decode_reason_name(unsigned reason)
{
  return reason < GC_SEC_COUNT ? gc_sec_name((enum gc_sec)reason) : reason < DECODE_REASONS ? names[reason - GC_SEC_COUNT] : "unknown";
}

const char *decode_reason_str(unsigned reason)
{
  return reason < GC_SEC_COUNT ? gc_sec_str((enum gc_sec)reason) : reason < DECODE_REASONS ? phrases[reason - GC_SEC_COUNT] : "unknown";
}

/* " Gid 44616c"; an empty id is "(empty)" */
static void add_id(char text[static 200], const char *before, struct gc_bytes id)
{
  size_t at = strlen(text);
  at += (size_t)snprintf(text + at, 200 - at, "%s%s", before, id.len ? "" : "(empty)");
  for (size_t i = 0; i < id.len && at + 3 < 200; i++)
    at += (size_t)snprintf(text + at, 200 - at, "%02x", id.ptr[i]);
}

static void add_ids(char text[static 200], const struct decode_security *security, const char *kid, const char *gid)
{
  if (security->kid.ptr)
    add_id(text, kid, gc_bytes_slice(security->kid, 0, 32));
  if (security->gid.ptr)
    add_id(text, gid, gc_bytes_slice(security->gid, 0, GC_ID_CONTEXT_MAX_LEN));
}

static const char *detail(const struct decode_security *security)
{
  bool is_pairwise = security->opened.context && security->opened.mode == GC_MODE_PAIRWISE;
  switch (security->reason) {
  case GC_SEC_NO_REQUEST:
    return "response without its protected request in this capture";
  case GC_SEC_UNEXPECTED:
    return security->seen_in ? "second response without Partial IV to one request" : "Observe in the response to a request without";
  case GC_SEC_BAD_TAG:
    return is_pairwise && security->is_request && security->opened.sender ? "tag wrong, or for a member whose context was not given"
                                                                          : "tag wrong";
  case DECODE_NOT_OURS:
    return "pairwise, between two other members: only the context of one of them opens it";
  case DECODE_NEEDS_MEMBER:
    return "pairwise mode: a signature checker's context says nothing about it";
  default:
    return decode_reason_str(security->reason);
  }
}

const char *decode_security_error(char text[static 200], const struct decode_security *security)
{
  if (security->lacks_contexts) {
    snprintf(text, 200, "no context given (-g)");
    return text;
  }
  if (security->reason == GC_SEC_NO_CONTEXT && security->is_gid_known)
    snprintf(text, 200, "no context of this profile%s for", security->is_02 ? " (draft -02)" : "");
  else if (security->reason == GC_SEC_NO_CONTEXT)
    snprintf(text, 200, "no context for");
  else
    snprintf(text, 200, "%s", detail(security));
  if (security->reason == GC_SEC_NO_CONTEXT && security->gid.ptr)
    add_id(text, " Gid ", gc_bytes_slice(security->gid, 0, GC_ID_CONTEXT_MAX_LEN));
  else if (security->reason == GC_SEC_NO_CONTEXT)
    add_id(text, " kid ", gc_bytes_slice(security->kid, 0, 32));
  else if (security->reason == GC_SEC_NO_CREDENTIAL)
    add_ids(text, security, " ", ", Gid ");
  else if (security->reason != DECODE_DAMAGED && security->reason != GC_SEC_BAD_OPTION)
    add_ids(text, security, ", kid ", ", Gid ");
  if (security->seen_in) {
    size_t at = strlen(text);
    snprintf(text + at, 200 - at, ": as in #%llu", (unsigned long long)security->seen_in);
  }
  return text;
}

struct gc_bytes decode_security_subject(const struct decode_security *security)
{
  return security->opened.sender ? gc_oscore_recipient_subject(security->opened.sender) : gc_bytes(NULL, 0);
}

const char *decode_security_ids(char text[static 200], const struct decode_security *security)
{
  snprintf(text, 200, "%s", gc_oscore_mode_name(security->opened.mode));
  if (security->gid.ptr)
    add_id(text, " ", gc_bytes_slice(security->gid, 0, GC_ID_CONTEXT_MAX_LEN));
  add_id(text, " kid=", gc_bytes_slice(security->kid, 0, 16));
  add_id(text, " piv=", security->piv);
  return text;
}
