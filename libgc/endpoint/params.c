#include "endpoint/endpoint.h"

struct gc_endpoint_params gc_endpoint_params_default(void)
{
  return (struct gc_endpoint_params){
    .ack_timeout_ms = 2000,
    .ack_random_permille = 1500,
    .max_retransmit = 4,
    .nstart = 1,
    .max_latency_ms = 100000,
    .processing_delay_ms = 2000,
    .max_dedup = 65536,
    .max_queued = 65536,
    .max_queued_per_peer = 256,
    .max_kept_len = 16 << 20,
  };
}

/* RFC 7252, Section 4.8.2; MAX_RETRANSMIT beyond 16 would mean days. */
static uint64_t span(const struct gc_endpoint_params *params, unsigned more)
{
  unsigned retransmissions = params->max_retransmit < 16 ? params->max_retransmit : 16;
  return (uint64_t)params->ack_timeout_ms * ((UINT64_C(1) << (retransmissions + more)) - 1) * params->ack_random_permille / 1000;
}

uint64_t gc_max_transmit_span_ms(const struct gc_endpoint_params *params)
{
  return span(params, 0);
}

uint64_t gc_max_transmit_wait_ms(const struct gc_endpoint_params *params)
{
  return span(params, 1);
}

uint64_t gc_exchange_lifetime_ms(const struct gc_endpoint_params *params)
{
  return span(params, 0) + 2 * (uint64_t)params->max_latency_ms + params->processing_delay_ms;
}

uint64_t gc_non_lifetime_ms(const struct gc_endpoint_params *params)
{
  return span(params, 0) + params->max_latency_ms;
}
