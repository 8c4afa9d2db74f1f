#include "group/listener.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "iana/names.h"
#include "iana/options.h"
#include "observe/self_managed.h"
#include "oscore/exchange.h"

enum {
  MIDS_KEPT = 8,
  NON_LIFETIME_MS = 145000,
  NOTIFICATION_WINDOW = 32, /* a notification may be so many Partial IVs behind the newest before it cannot be told from a replay */
  CANCELLATION_LOOK_BACK = 4, /* -05: how far before its own Partial IV that of the phantom cancellation request is looked for */
};

struct gc_listener {
  struct gc_group_observation observation;
  enum gc_omn_format format;
  bool is_protected;
  struct gc_oscore_binding binding;     /* to the phantom request */
  struct gc_oscore_exchange *seen;      /* replay protection of what is bound to it */
  struct gc_oscore_ring *ring;          /* the client's, or `own` */
  struct gc_oscore_ring *own;           /* self-managed groups */
  struct gc_oscore_context *keys, *next_keys; /* of a self-managed group, and those that follow them */
  const struct gc_oscore_context *newest; /* that protected the newest notification */
  struct { uint64_t at_ms; uint16_t mid; bool is_set; } mids[MIDS_KEPT]; /* of what was taken */
  size_t mid_next;
  uint64_t ends_ms;
  const char *end_phrase;
  double utc_s;                         /* the time of day at utc_at_ms; negative: not known */
  uint64_t utc_at_ms;
  struct gc_bytes last;                 /* last_notif, until it is asked for */
  size_t phantom_len, ph_req_len;       /* in `bytes`: the phantom request, decrypted, as "code ‖ options ‖ [ff ‖ payload]"; at the end
                                           ph_req as it came */
  size_t ph_req_at;
  uint8_t bytes[];
};

/* 0: a copy of `from` that is the listener's own */
static int replace_last(struct gc_listener *listener, const struct gc_informative *response)
{
  const size_t len = response->present & GC_IR_LAST_NOTIF ? response->last_notif.len : 0;
  uint8_t *copy = len ? malloc(len) : NULL;
  if (len && !copy)
    return -1;
  if (len)
    memcpy(copy, response->last_notif.ptr, len);
  free((void *)(uintptr_t)listener->last.ptr);
  listener->last = gc_bytes(copy, len);
  return 0;
}

static bool refuse(struct gc_listener_refusal *refusal, enum gc_listener_fault fault, const char *phrase, enum gc_sec result)
{
  *refusal = (struct gc_listener_refusal){ fault, phrase, result };
  return false;
}

/* --- Steps 1 to 4 -------------------------------------------------------------------------------------------------- */

static bool check_parameters(const struct gc_informative *response, const struct gc_listener_params *params, struct gc_listener_refusal *refusal)
{
  const char *fault = gc_informative_fault(response);
  if (!fault)
    fault = gc_tp_info_fault(&response->tp_info);
  if (fault)
    return refuse(refusal, GC_LISTENER_FAULT_MALFORMED, fault, GC_SEC_OK);
  if (params->server.family && !gc_addr_equal(&params->server, &response->tp_info.server))
    return refuse(refusal, GC_LISTENER_FAULT_MISMATCH, "tp_info names another server than the one that answered", GC_SEC_OK);
  /* a protected phantom request is none that a client could have sent itself (Section 9.3.1) */
  if (!(response->present & GC_IR_PH_REQ) && (!params->original || params->is_protected))
    return refuse(refusal, GC_LISTENER_FAULT_MALFORMED, "ph_req is missing", GC_SEC_OK);
  if ((response->present & GC_IR_ENDING) && params->utc_s >= 0 && gc_numeric_date_seconds(&response->ending) <= params->utc_s)
    return refuse(refusal, GC_LISTENER_FAULT_EXPIRED, "the group observation has ended already", GC_SEC_OK);
  if (!(response->present & GC_IR_GP_MATERIAL))
    return true;
  if (!params->is_protected && !params->trust_plain_keys)
    return refuse(refusal, GC_LISTENER_FAULT_INSECURE, "keying material came without protection", GC_SEC_NOT_PROTECTED);
  if (gc_self_managed_expires_in(response, params->utc_s) <= 0)
    return refuse(refusal, GC_LISTENER_FAULT_EXPIRED, "the keying material has expired", GC_SEC_OK);
  return true;
}

static void set_end(struct gc_listener *listener, double left_s, uint64_t now_ms, const char *phrase)
{
  const uint64_t at_ms = left_s < 1e12 ? now_ms + (uint64_t)(left_s * 1000) : UINT64_MAX;
  if (at_ms >= listener->ends_ms)
    return;
  listener->ends_ms = at_ms;
  listener->end_phrase = phrase;
}

static void set_ends(struct gc_listener *listener, const struct gc_informative *response, double utc_s, uint64_t now_ms)
{
  listener->ends_ms = UINT64_MAX;
  listener->utc_s = utc_s;
  listener->utc_at_ms = now_ms;
  if ((response->present & GC_IR_ENDING) && utc_s >= 0)
    set_end(listener, gc_numeric_date_seconds(&response->ending) - utc_s, now_ms, "the announced end has come");
  if (response->present & GC_IR_GP_MATERIAL)
    set_end(listener, gc_self_managed_expires_in(response, utc_s), now_ms, "the keying material has expired");
}

/* Keys of a group that the server manages. false: refused */
static bool take_keys(struct gc_listener *listener, const struct gc_informative *response, struct gc_listener_refusal *refusal)
{
  const char *why = "keying material";
  enum gc_err err = gc_self_managed_open(&listener->keys, response, &why);
  if (err)
    return refuse(refusal, err == GC_E_MEMORY ? GC_LISTENER_FAULT_MEMORY : GC_LISTENER_FAULT_MALFORMED, why, GC_SEC_OK);
  listener->own = gc_oscore_ring_new();
  listener->ring = listener->own;
  if (!listener->own || gc_oscore_ring_add(listener->own, listener->keys))
    return refuse(refusal, GC_LISTENER_FAULT_MEMORY, gc_err_str(GC_E_MEMORY), GC_SEC_OK);
  return true;
}

/* Section 9.3.1: no look at the Replay Window, and nothing is delivered. */
static bool open_phantom(struct gc_listener *listener, struct gc_message *phantom, struct gc_buf storage, struct gc_listener_refusal *refusal)
{
  struct gc_oscore_opened opened = { 0 };
  if (!listener->ring)
    return refuse(refusal, GC_LISTENER_FAULT_NO_CONTEXT, "notifications are protected for a group, and there is no context", GC_SEC_NO_CONTEXT);
  const enum gc_sec result = gc_oscore_ring_open_request(listener->ring, phantom, GC_OPEN_NO_REPLAY | GC_OPEN_EXACT, storage, &opened, &listener->binding);
  if (result == GC_SEC_NO_CONTEXT)
    return refuse(refusal, GC_LISTENER_FAULT_NO_CONTEXT, "notifications are protected for a group whose context is not here", result);
  if (result)
    return refuse(refusal, GC_LISTENER_FAULT_INSECURE, gc_sec_str(result), result);
  if (opened.mode != GC_MODE_GROUP)
    return refuse(refusal, GC_LISTENER_FAULT_INSECURE, "the phantom request is not protected in group mode", GC_SEC_MODE);
  const struct gc_bytes token = phantom->token;
  *phantom = opened.inner;
  phantom->token = token;
  listener->is_protected = true;
  listener->seen = gc_oscore_exchange_new(true, 1, NOTIFICATION_WINDOW);
  return listener->seen ? true : refuse(refusal, GC_LISTENER_FAULT_MEMORY, gc_err_str(GC_E_MEMORY), GC_SEC_OK);
}

static bool rebuild_phantom(struct gc_listener *listener, const struct gc_informative *response, const struct gc_listener_params *params,
                            struct gc_message *phantom, struct gc_buf storage, struct gc_listener_refusal *refusal)
{
  struct gc_where where = { 0, "ph_req is malformed" };
  const struct gc_bytes token = response->tp_info.token;
  enum gc_err err = response->present & GC_IR_PH_REQ ? gc_phantom_read(phantom, token, response->ph_req, &where)
                                                     : gc_phantom_from_request(phantom, token, params->original, &where);
  if (err)
    return refuse(refusal, GC_LISTENER_FAULT_MALFORMED, where.phrase, GC_SEC_OK);
  const bool is_oscore = gc_option_find(phantom->options, GC_OPTION_OSCORE, NULL);
  if (is_oscore && !open_phantom(listener, phantom, storage, refusal))
    return false;
  if (!is_oscore && (params->is_protected || listener->keys)) /* what was asked for under protection is not given away (Section 9) */
    return refuse(refusal, GC_LISTENER_FAULT_INSECURE, "notifications would come without protection", GC_SEC_NOT_PROTECTED);
  if (params->original && !gc_phantom_answers(phantom, params->original))
    return refuse(refusal, GC_LISTENER_FAULT_MISMATCH, "the phantom request asks for something else than the registration", GC_SEC_OK);
  return true;
}

static struct gc_listener *allocate(const struct gc_informative *response, const struct gc_listener_params *params, size_t *phantom_cap)
{
  const size_t ph_req_len = response->present & GC_IR_PH_REQ ? response->ph_req.len : 0;
  const size_t own_len = params->original ? params->original->options.len + params->original->payload.len + 2 : 0;
  *phantom_cap = (ph_req_len > own_len ? ph_req_len : own_len) + GC_OSCORE_GROWTH_MAX;
  struct gc_listener *listener = calloc(1, sizeof *listener + *phantom_cap + ph_req_len);
  if (!listener)
    return NULL;
  listener->ph_req_at = *phantom_cap;
  listener->ph_req_len = ph_req_len;
  if (ph_req_len)
    memcpy(listener->bytes + listener->ph_req_at, response->ph_req.ptr, ph_req_len);
  if (replace_last(listener, response))
    gc_listener_free(&listener);
  return listener;
}

static bool set_up(struct gc_listener *listener, const struct gc_informative *response, const struct gc_listener_params *params,
                   size_t phantom_cap, struct gc_buf storage, struct gc_listener_refusal *refusal)
{
  struct gc_message phantom;
  struct gc_buf kept = gc_buf(listener->bytes, phantom_cap);
  listener->format = response->format;
  listener->ring = params->ring;
  if ((response->present & GC_IR_GP_MATERIAL) && !take_keys(listener, response, refusal))
    return false;
  if (!rebuild_phantom(listener, response, params, &phantom, storage, refusal))
    return false;
  if (gc_transport_independent_write(&kept, &phantom) ||
      gc_group_observation_init(&listener->observation, &response->tp_info.server, &response->tp_info.group, response->tp_info.token))
    return refuse(refusal, GC_LISTENER_FAULT_MALFORMED, "the phantom request is too long", GC_SEC_OK);
  listener->phantom_len = kept.len;
  return true;
}

enum gc_err gc_listener_new(struct gc_listener **out, const struct gc_informative *response, const struct gc_listener_params *params,
                            uint64_t now_ms, struct gc_listener_refusal *refusal)
{
  size_t phantom_cap;
  *refusal = (struct gc_listener_refusal){ 0 };
  if (!check_parameters(response, params, refusal))
    return GC_E_MALFORMED;
  struct gc_listener *listener = allocate(response, params, &phantom_cap);
  const size_t storage_len = listener ? GC_OSCORE_STORAGE_LEN(phantom_cap) : 0;
  uint8_t *storage = listener ? malloc(storage_len) : NULL;
  if (!storage) {
    gc_listener_free(&listener);
    (void)refuse(refusal, GC_LISTENER_FAULT_MEMORY, gc_err_str(GC_E_MEMORY), GC_SEC_OK);
    return GC_E_MEMORY;
  }
  set_ends(listener, response, params->utc_s, now_ms);
  if (set_up(listener, response, params, phantom_cap, gc_buf(storage, storage_len), refusal))
    *out = listener;
  else
    gc_listener_free(&listener);
  free(storage);
  return refusal->fault == GC_LISTENER_FAULT_NONE ? GC_OK : refusal->fault == GC_LISTENER_FAULT_MEMORY ? GC_E_MEMORY : GC_E_MALFORMED;
}

void gc_listener_free(struct gc_listener **pointer)
{
  struct gc_listener *listener = *pointer;
  if (!listener)
    return;
  gc_oscore_exchange_free(&listener->seen);
  gc_oscore_ring_free(&listener->own);
  gc_oscore_context_free(&listener->keys);
  gc_oscore_context_free(&listener->next_keys);
  free((void *)(uintptr_t)listener->last.ptr);
  free(listener);
  *pointer = NULL;
}

bool gc_listener_renew(struct gc_listener *listener, const struct gc_informative *response, const struct gc_listener_params *params,
                       uint64_t now_ms)
{
  const struct gc_group_observation *observation = &listener->observation;
  const struct gc_tp_info *tp_info = &response->tp_info;
  struct gc_listener_refusal refusal;
  if (response->format != listener->format || !check_parameters(response, params, &refusal) || (params->is_protected && !listener->is_protected))
    return false;
  const struct gc_bytes ph_req = response->present & GC_IR_PH_REQ ? response->ph_req : gc_bytes(NULL, 0);
  if (!gc_addr_equal(&tp_info->server, &observation->server) || !gc_addr_equal(&tp_info->group, &observation->group) ||
      !gc_bytes_equal(tp_info->token, gc_bytes(observation->token, observation->token_len)) ||
      !gc_bytes_equal(ph_req, gc_bytes(listener->bytes + listener->ph_req_at, listener->ph_req_len)) || replace_last(listener, response))
    return false;
  set_ends(listener, response, params->utc_s, now_ms);
  return true;
}

/* --- what comes to the group ----------------------------------------------------------------------------------------- */

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
  set_end(listener, left_s, now_ms, "the keying material has expired");
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
  for (size_t i = 0; i < MIDS_KEPT; i++)
    if (listener->mids[i].is_set && listener->mids[i].mid == mid && now_ms - listener->mids[i].at_ms < NON_LIFETIME_MS)
      return true;
  return false;
}

static void remember(struct gc_listener *listener, uint16_t mid, uint64_t now_ms)
{
  listener->mids[listener->mid_next].mid = mid;
  listener->mids[listener->mid_next].at_ms = now_ms;
  listener->mids[listener->mid_next].is_set = true;
  listener->mid_next = (listener->mid_next + 1) % MIDS_KEPT;
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

/* --- looking at it ----------------------------------------------------------------------------------------------------- */

const struct gc_group_observation *gc_listener_observation(const struct gc_listener *listener)
{
  return &listener->observation;
}

struct gc_message gc_listener_phantom(const struct gc_listener *listener)
{
  struct gc_message phantom = { .version = 1, .type = GC_TYPE_NON, .code = listener->bytes[0],
                                .token = gc_bytes(listener->observation.token, listener->observation.token_len) };
  /* it was written by gc_transport_independent_write */
  (void)!gc_options_split(&phantom.options, &phantom.payload, gc_bytes(listener->bytes + 1, listener->phantom_len - 1), 1, NULL);
  return phantom;
}

bool gc_listener_has_own_keys(const struct gc_listener *listener)
{
  return listener->keys != NULL;
}

uint64_t gc_listener_ends_ms(const struct gc_listener *listener, const char **why)
{
  if (why)
    *why = listener->end_phrase;
  return listener->ends_ms;
}
