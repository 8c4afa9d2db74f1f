#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "common/show_address.h"
#include "gc-observe.h"

/* For a shell: in single quotes where that is needed; false: it holds something that has no place in a command. */
static bool put_word(char *out, size_t cap, const char *option, struct gc_bytes text)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/@%+=,";
  bool is_plain = text.len > 0;
  if (!gc_text_is_printable(text))
    return false;
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] == '\'' || text.ptr[i] == '\n')
      return false;
    is_plain = is_plain && strchr(plain, text.ptr[i]);
  }
  const char *quote = is_plain ? "" : "'";
  const size_t used = strlen(out);
  return snprintf(out + used, cap - used, " %s %s%.*s%s", option, quote, (int)text.len, (const char *)text.ptr, quote) < (int)(cap - used);
}

void gc_observe_join_file(char out[static GC_OBSERVE_JOIN_FILE_MAX], const struct gc_informative *response)
{
  const struct gc_bytes name = response->sec_gp;
  bool is_name = name.len > 0 && name.len < 64 && gc_text_is_printable(name) && name.ptr[0] != '-' && name.ptr[0] != '.';
  is_name = is_name && !memchr(name.ptr, '/', name.len) && !memchr(name.ptr, '\n', name.len);
  snprintf(out, GC_OBSERVE_JOIN_FILE_MAX, "%.*s.json", is_name ? (int)name.len : 5, is_name ? (const char *)name.ptr : "group");
}

bool gc_observe_join_command(char *out, size_t cap, const struct gc_informative *response)
{
  char file[GC_OBSERVE_JOIN_FILE_MAX];
  if (!gc_informative_has_join(response))
    return false;
  snprintf(out, cap, "gc-join");
  if (!put_word(out, cap, "--gm", response->join_uri))
    return false;
  if ((response->present & GC_IR_AS_URI) && !put_word(out, cap, "--as", response->as_uri))
    return false;
  gc_observe_join_file(file, response);
  /* a monitor only listens: that is all a client needs here (Section 9) */
  return put_word(out, cap, "--role", gc_bytes_str("monitor")) && put_word(out, cap, "--out", gc_bytes_str(file));
}

enum gc_status gc_observe_explain_refusal(const struct gc_observe_event *event, const char *trouble, char why[static GC_WHY_LEN])
{
  static const enum gc_status statuses[] = {
    [GC_LISTENER_FAULT_NONE] = GC_STATUS_SYSTEM,         [GC_LISTENER_FAULT_MALFORMED] = GC_STATUS_INPUT,
    [GC_LISTENER_FAULT_MISMATCH] = GC_STATUS_INPUT,      [GC_LISTENER_FAULT_EXPIRED] = GC_STATUS_INPUT,
    [GC_LISTENER_FAULT_INSECURE] = GC_STATUS_SECURITY,   [GC_LISTENER_FAULT_NO_CONTEXT] = GC_STATUS_SECURITY,
    [GC_LISTENER_FAULT_MEMORY] = GC_STATUS_SYSTEM,
  };
  char who[GC_ADDR_STR_MAX], command[320];
  const struct gc_listener_refusal *refusal = &event->refusal;
  gc_show_address(who, &event->from);
  if (event->error)
    snprintf(why, GC_WHY_LEN, "%s: informative response refused: %s", who, trouble && *trouble ? trouble : strerror(event->error));
  else if (!event->informative)
    snprintf(why, GC_WHY_LEN, "%s: informative response refused: %s at byte %zu", who, refusal->phrase ? refusal->phrase : "malformed", event->where.offset);
  else if (refusal->fault == GC_LISTENER_FAULT_NO_CONTEXT && gc_observe_join_command(command, sizeof command, event->informative))
    snprintf(why, GC_WHY_LEN, "%s: %s; join it first: %s", who, refusal->phrase, command);
  else if (refusal->fault == GC_LISTENER_FAULT_NO_CONTEXT)
    snprintf(why, GC_WHY_LEN, "%s: %s: -g FILE names one", who, refusal->phrase);
  else
    snprintf(why, GC_WHY_LEN, "%s: informative response refused: %s", who, refusal->phrase);
  return event->error ? GC_STATUS_SYSTEM : statuses[refusal->fault];
}
