#include "observe/counting.h"

#include "coap/no_response.h"
#include "coap/observe.h"
#include "iana/options.h"

#define COUNT_MAX 1e6 /* forged confirmations multiply by 2^Q: what is beyond all belief would take weeks to come down again */

struct gc_counting_params gc_counting_params_default(void)
{
  return (struct gc_counting_params){ .wanted = 8, .dampener = 4, .retry_ratio = 4, .period = 10, .cancel_below = 0.2, .wait_ms = 452000 };
}

enum gc_err gc_counting_init(struct gc_counting *counting, const struct gc_counting_params *params)
{
  if (params->wanted == 0 || params->dampener == 0 || params->retry_ratio == 0 || params->period == 0 || params->wait_ms == 0 ||
      params->lost_percent > 99 || !(params->cancel_below >= 0))
    return GC_E_RANGE;
  *counting = (struct gc_counting){ .params = *params, .to_go = params->period, .last_estimate = -1 };
  return GC_OK;
}

void gc_counting_add(struct gc_counting *counting)
{
  counting->count += 1;
}

void gc_counting_remove(struct gc_counting *counting)
{
  counting->count = counting->count > 1 ? counting->count - 1 : 0;
  counting->has_withdrawn = true;
}

void gc_counting_doubt(struct gc_counting *counting)
{
  counting->count = counting->params.cancel_below;
  counting->has_withdrawn = true;
  counting->to_go = 1;
}

/* max(ceil(log2(N / M)), 0): the least Q with M * 2^Q >= N */
static uint8_t divider_for(double n, uint32_t wanted)
{
  uint8_t q = 0;
  for (double reach = wanted; reach < n && q < 255; reach *= 2)
    q++;
  return q;
}

/* 2^q as a real number */
static double power(uint8_t q)
{
  double value = 1;
  while (q--)
    value *= 2;
  return value;
}

bool gc_counting_notify(struct gc_counting *counting, bool is_success, uint64_t now_ms, uint8_t *divider)
{
  if (!is_success || counting->is_asking)
    return false;
  if (counting->to_go > 0 && --counting->to_go > 0)
    return false;
  counting->asked = counting->count > 1 ? counting->count : 1;
  counting->divider = divider_for(counting->asked, counting->params.wanted);
  counting->confirmed = 0;
  counting->has_withdrawn = false;
  counting->is_asking = true;
  counting->until_ms = now_ms + counting->params.wait_ms;
  *divider = counting->divider;
  return true;
}

bool gc_counting_is_confirmation(struct gc_bytes options)
{
  uint32_t observe, divider;
  return gc_option_find_uint(options, GC_OPTION_OBSERVE, &observe) && observe == GC_OBSERVE_REGISTER &&
         gc_option_find_uint(options, GC_OPTION_FEEDBACK_DIVIDER, &divider) && divider == 0;
}

void gc_counting_confirm(struct gc_counting *counting, uint64_t now_ms)
{
  if (counting->is_asking && now_ms < counting->until_ms && counting->confirmed < UINT32_MAX)
    counting->confirmed++;
}

uint64_t gc_counting_deadline(const struct gc_counting *counting)
{
  return counting->is_asking ? counting->until_ms : UINT64_MAX;
}

enum gc_counting_verdict gc_counting_tick(struct gc_counting *counting, uint64_t now_ms)
{
  const struct gc_counting_params *params = &counting->params;
  if (!counting->is_asking || now_ms < counting->until_ms)
    return GC_COUNTING_NOTHING;
  double n = counting->asked, e = counting->confirmed * power(counting->divider) * 100 / (100 - params->lost_percent);
  bool is_far = counting->confirmed == 0 || e / n > params->retry_ratio || n / e > params->retry_ratio;
  counting->is_asking = false;
  counting->last_estimate = e;
  counting->to_go = is_far ? 1 : params->period;
  counting->count += (e - n) / params->dampener;
  if (counting->count > COUNT_MAX)
    counting->count = COUNT_MAX;
  if (counting->confirmed > 0 && counting->has_withdrawn && counting->count < params->cancel_below) /* somebody is there */
    counting->count = params->cancel_below;
  if (counting->count >= params->cancel_below)
    return GC_COUNTING_UPDATED;
  counting->count = 0;
  return GC_COUNTING_CANCEL;
}

/* --- the client's side ----------------------------------------------------------------------------------------- */

bool gc_feedback_draw(struct gc_rng rng, uint8_t divider)
{
  for (; divider >= 32; divider = (uint8_t)(divider - 32))
    if (gc_rng_u32(rng) != 0)
      return false;
  return divider == 0 || (gc_rng_u32(rng) & (((uint32_t)1 << divider) - 1)) == 0;
}

bool gc_feedback_wanted(const struct gc_message *notification, uint32_t leisure_ms, struct gc_rng rng, uint32_t *delay_ms)
{
  struct gc_option option;
  uint32_t divider;
  if (GC_CODE_CLASS(notification->code) != 2 || !gc_option_find(notification->options, GC_OPTION_FEEDBACK_DIVIDER, &option) ||
      option.value.len > 1 || !gc_uint_decode(option.value, &divider) || !gc_feedback_draw(rng, (uint8_t)divider))
    return false;
  *delay_ms = leisure_ms == UINT32_MAX ? gc_rng_u32(rng) : gc_rng_below(rng, leisure_ms + 1);
  return true;
}

void gc_feedback_add_options(struct gc_builder *request)
{
  gc_builder_add_uint(request, GC_OPTION_OBSERVE, GC_OBSERVE_REGISTER);
  gc_builder_add_uint(request, GC_OPTION_FEEDBACK_DIVIDER, 0);
  gc_builder_add_uint(request, GC_OPTION_NO_RESPONSE, GC_NO_RESPONSE_ALL);
}
