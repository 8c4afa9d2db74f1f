/* What comes to the group of a group observation (draft-ietf-core-observe-multicast-notifications, Sections 5.3, 5.4 and 9.3.2). */
#include <string.h>

#include "group/listener_internal.h"
#include "iana/names.h"
#include "iana/options.h"
#include "observe/self_managed.h"

enum {
  NON_LIFETIME_MS = 145000,
  CANCELLATION_LOOK_BACK = 4, /* -05: how far before its own Partial IV that of the phantom cancellation request is looked for */
};

/* -05: the cancellation answers a phantom request of its own, which took one of the Sender Sequence Numbers just before. */
static enum gc_sec open_cancellation_05(const struct gc_listener *listener, const struct gc_message *message, struct gc_buf storage,
                                        struct gc_oscore_opened *opened)
{
  enum gc_sec result = GC_SEC_BAD_SIGNATURE;
  const uint64_t own = opened->option.piv.len ? gc_oscore_piv_decode(opened->option.piv) : 0;
  for (uint64_t back = 1; back <= CANCELLATION_LOOK_BACK && back <= own; back++) {
    struct gc_oscore_binding binding = listener->binding;
    binding.request_piv_len = (uint8_t)gc_oscore_piv_encode(binding.request_piv, own - back);
    result = gc_oscore_ring_open_response(listener->ring, message, 0, &binding, storage, opened);
    if (result != GC_SEC_BAD_SIGNATURE && result != GC_SEC_BAD_TAG)
      break;
  }
  return result;
}

static bool is_open_failure(enum gc_sec result)
{
  return result == GC_SEC_BAD_SIGNATURE || result == GC_SEC_BAD_TAG;
}

/* Verified, from the server that sent the phantom request, and not seen before. */
static enum gc_sec open_message(struct gc_listener *listener, const struct gc_message *message, struct gc_buf storage,
                                struct gc_oscore_opened *opened, bool *is_newest)
{
  const struct gc_oscore_binding *binding = &listener->binding;
  enum gc_sec result = gc_oscore_ring_open_response(listener->ring, message, 0, binding, storage, opened);
  if (is_open_failure(result) && listener->format == GC_OMN_05 && !gc_option_find(message->options, GC_OPTION_OBSERVE, NULL))
    result = open_cancellation_05(listener, message, storage, opened);
  if (result)
    return result;
  if (opened->mode != GC_MODE_GROUP)
    return GC_SEC_MODE;
  const struct gc_bytes server = gc_bytes(binding->request_kid, binding->request_kid_len);
  if (!gc_oscore_is_same_member(binding->context, server, opened->context, opened->kid))
    return GC_SEC_WRONG_SERVER;
  if (!opened->option.piv.len) /* the phantom request's own nonce, used once more: never right (draft-ietf-core-oscore-groupcomm, Section 5) */
    return GC_SEC_UNEXPECTED;
  result = gc_oscore_exchange_accept(listener->seen, opened, is_newest);
  if (!result && opened->context != listener->newest) { /* rekeyed: Partial IVs begin anew, and the order with them */
    *is_newest = !listener->newest || gc_oscore_ring_place(listener->ring, opened->context) > gc_oscore_ring_place(listener->ring, listener->newest);
    if (*is_newest)
      listener->newest = opened->context;
  }
  return result;
}

/* How long the keys that follow last, from now on. */
static double next_keys_left_s(const struct gc_listener *listener, const struct gc_informative *next, uint64_t now_ms)
{
  const double utc_s = listener->utc_s < 0 ? -1 : listener->utc_s + (double)(now_ms - listener->utc_at_ms) / 1000;
  return gc_self_managed_expires_in(next, utc_s);
}

/* The keys that follow; the phantom request stays what it was (Section 9.2.3). */
static void take_next_keys(struct gc_listener *listener, uint64_t now_ms, struct gc_heard_message *heard)
{
  struct gc_informative next;
  struct gc_where where = { 0, "the next keying material is malformed" };
  struct gc_oscore_context *keys = NULL;
  double left_s;
  heard->what = listener->keys ? GC_HEARD_KEYS : GC_HEARD_END; /* elsewhere the payload is a diagnostic one */
  if (!listener->keys)
    return;
  if (listener->next_keys) {
    heard->phrase = "new keys for a second time";
    return;
  }
  if (gc_informative_parse(&next, heard->message.payload, listener->format, &where)) {
    heard->phrase = where.phrase;
    return;
  }
  if (gc_self_managed_open(&keys, &next, &heard->phrase))
    return;
  left_s = next_keys_left_s(listener, &next, now_ms);
  if (left_s <= 0) { /* those there are go on until they expire themselves */
    gc_oscore_context_free(&keys);
    heard->phrase = "the next keying material has expired, or does not say when it does";
    return;
  }
  if (gc_oscore_ring_add(listener->own, keys)) {
    gc_oscore_context_free(&keys);
    heard->phrase = gc_err_str(GC_E_MEMORY);
    return;
  }
  listener->next_keys = keys;
  listener->ends_ms = UINT64_MAX;
  gc_listener_set_end(listener, left_s, now_ms, "the keying material has expired");
}

static void judge(struct gc_listener *listener, bool is_newest, uint64_t now_ms, struct gc_heard_message *heard)
{
  static const uint16_t understood[] = { GC_OPTION_BLOCK2, 0 };
  struct gc_group_observation *observation = &listener->observation;
  if (gc_options_first_unusable(heard->message.options, understood)) {
    heard->what = GC_HEARD_UNUSABLE;
    heard->phrase = "a critical option that is not understood";
    return;
  }
  if (heard->security && !is_newest) {
    heard->what = GC_HEARD_OLD;
    return;
  }
  if (heard->security) /* the order is that of the Partial IVs */
    observation->has_baseline = false;
  switch (gc_group_observation_take(observation, &heard->message, now_ms)) {
  case GC_NOTIFICATION_NEW:
    heard->what = GC_CODE_CLASS(heard->message.code) == 2 ? GC_HEARD_NOTIFICATION : GC_HEARD_END;
    heard->observe = observation->observe;
    break;
  case GC_NOTIFICATION_OLD:
    heard->what = GC_HEARD_OLD;
    break;
  case GC_NOTIFICATION_ENDED:
    heard->what = GC_HEARD_END;
    break;
  case GC_NOTIFICATION_NEW_KEYS:
    take_next_keys(listener, now_ms, heard);
    break;
  case GC_NOTIFICATION_UNUSABLE:
    heard->what = GC_HEARD_UNUSABLE;
    heard->phrase = "its Observe option breaks the rules";
    break;
  }
}

static void take(struct gc_listener *listener, const struct gc_message *message, struct gc_buf storage, uint64_t now_ms,
                 struct gc_heard_message *heard)
{
  bool is_newest = false;
  heard->message = *message;
  if (listener->is_protected) {
    heard->security = &heard->opened;
    heard->result = open_message(listener, message, storage, &heard->opened, &is_newest);
    if (heard->result) {
      heard->what = GC_HEARD_INSECURE;
      return;
    }
    heard->message = heard->opened.inner;
  }
  judge(listener, is_newest, now_ms, heard);
}

void gc_listener_last(struct gc_listener *listener, struct gc_buf storage, uint64_t now_ms, struct gc_heard_message *heard)
{
  struct gc_message message;
  struct gc_where where = { 0, "last_notif is malformed" };
  const struct gc_group_observation *observation = &listener->observation;
  memset(heard, 0, offsetof(struct gc_heard_message, opened));
  if (listener->last.len == 0)
    return;
  const struct gc_bytes last = listener->last;
  listener->last.len = 0;
  if (gc_last_notif_read(&message, gc_bytes(observation->token, observation->token_len), last, &where)) {
    heard->what = GC_HEARD_UNUSABLE;
    heard->phrase = where.phrase;
    return;
  }
  take(listener, &message, storage, now_ms, heard);
}

/* RFC 7252, Section 4.5: the same message again is ignored before anybody looks into it. Only what was taken is remembered: who forges
 * a Message ID keeps nothing back. */
static bool is_duplicate(const struct gc_listener *listener, uint16_t mid, uint64_t now_ms)
{
  for (size_t i = 0; i < GC_LISTENER_MIDS_KEPT; i++)
    if (listener->mids[i].is_set && listener->mids[i].mid == mid && now_ms - listener->mids[i].at_ms < NON_LIFETIME_MS)
      return true;
  return false;
}

static void remember(struct gc_listener *listener, uint16_t mid, uint64_t now_ms)
{
  listener->mids[listener->mid_next].mid = mid;
  listener->mids[listener->mid_next].at_ms = now_ms;
  listener->mids[listener->mid_next].is_set = true;
  listener->mid_next = (listener->mid_next + 1) % GC_LISTENER_MIDS_KEPT;
}

void gc_listener_receive(struct gc_listener *listener, const struct gc_datagram *datagram, struct gc_buf storage, uint64_t now_ms,
                         struct gc_heard_message *heard)
{
  struct gc_message message;
  memset(heard, 0, offsetof(struct gc_heard_message, opened));
  heard->what = GC_HEARD_STRAY;
  if (gc_message_parse(&message, datagram->bytes, NULL))
    return;
  heard->message = message;
  if (!gc_group_observation_matches(&listener->observation, &datagram->remote, &datagram->local, &message))
    return;
  if (is_duplicate(listener, message.mid, now_ms)) {
    heard->what = GC_HEARD_OLD;
    return;
  }
  take(listener, &message, storage, now_ms, heard);
  if (heard->what == GC_HEARD_NOTIFICATION || heard->what == GC_HEARD_OLD || heard->what == GC_HEARD_KEYS)
    remember(listener, message.mid, now_ms);
}
