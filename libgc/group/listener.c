#include "group/listener.h"

#include <stdlib.h>
#include <string.h>

#include "group/listener_internal.h"
#include "iana/options.h"
#include "observe/self_managed.h"

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

enum { NOTIFICATION_WINDOW = 32 }; /* a notification may be so many Partial IVs behind the newest before it cannot be told from a replay */

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

void gc_listener_set_end(struct gc_listener *listener, double left_s, uint64_t now_ms, const char *phrase)
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
    gc_listener_set_end(listener, gc_numeric_date_seconds(&response->ending) - utc_s, now_ms, "the announced end has come");
  if (response->present & GC_IR_GP_MATERIAL)
    gc_listener_set_end(listener, gc_self_managed_expires_in(response, utc_s), now_ms, "the keying material has expired");
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

bool gc_listener_release(struct gc_listener *listener, const struct gc_oscore_context *context)
{
  if (listener->seen)
    gc_oscore_exchange_forget(listener->seen, context);
  return listener->binding.context != context && listener->newest != context;
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
