/* The order of notifications and the end of an observation (RFC 7641, Sections 3.4 and 3.6). */
#include "coap/observe.h"
#include "group/client_internal.h"

bool gc_responder_is_newer(const struct gc_responder *responder, uint32_t observe, uint64_t now_ms)
{
  return !responder->observing || gc_observe_is_newer(responder->observe, responder->observe_ms, observe, now_ms);
}

void gc_observe_note(struct gc_responder *responder, struct gc_leg *leg, uint32_t observe, uint64_t now_ms)
{
  responder->observing = leg;
  responder->observe = observe;
  responder->observe_ms = now_ms;
}

void gc_observe_deregister(struct gc_exchange *exchange)
{
  for (size_t i = 0; i < exchange->responders.slot_count; i++)
    for (struct gc_link *link = exchange->responders.slots[i]; link; link = link->next) {
      struct gc_responder *responder = GC_CONTAINER(link, struct gc_responder, link);
      if (responder->observing) {
        responder->observing->slot->is_quiet = true;
        gc_leg_send_deregister(responder->observing, responder);
      }
    }
}

void gc_observe_forget(struct gc_exchange *exchange, const struct gc_leg *leg)
{
  if (!exchange->request.observe)
    return;
  if (leg->responder) {
    if (leg->responder->observing == leg)
      leg->responder->observing = NULL;
    return;
  }
  for (size_t i = 0; i < exchange->responders.slot_count; i++)
    for (struct gc_link *link = exchange->responders.slots[i]; link; link = link->next) {
      struct gc_responder *responder = GC_CONTAINER(link, struct gc_responder, link);
      if (responder->observing == leg)
        responder->observing = NULL;
    }
}
