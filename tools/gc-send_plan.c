#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "coap/no_response.h"
#include "gc-send_security.h"
#include "iana/options.h"

static enum gc_status fail(char why[static GC_WHY_LEN], enum gc_status status, const char *subject, const char *reason)
{
  snprintf(why, GC_WHY_LEN, "%.180s: %.130s", subject, reason);
  return status;
}

static enum gc_status check_group(const struct gc_send_plan *plan, const struct gc_send *send, char why[static GC_WHY_LEN])
{
  if (plan->to.is_group && plan->to.uri.port == GC_PORT_COAPS)
    return fail(why, GC_STATUS_USAGE, send->uri, "port 5684 is for DTLS, and a group has no DTLS");
  if (plan->to.is_group && send->type == GC_SEND_CON && !send->each)
    return fail(why, GC_STATUS_USAGE, send->uri, "--con: a group request is always Non-confirmable (RFC 7252, Section 8.1)");
  if (plan->to.is_group && send->raw)
    return fail(why, GC_STATUS_USAGE, send->uri, "--raw is for one server: --out DIR keeps the bodies of a group apart");
  if (!plan->to.is_group && (send->each || send->roster))
    return fail(why, GC_STATUS_USAGE, send->uri, send->each ? "--each needs a group" : "--roster needs a group");
  if (!plan->to.is_group && send->expect > 1)
    return fail(why, GC_STATUS_USAGE, send->uri, "one server cannot be two responders: -n needs a group");
  return GC_STATUS_OK;
}

/* URI, -O, -f and -a together: what may stand once only does. */
static enum gc_status check_options(struct gc_bytes options, char why[static GC_WHY_LEN])
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  uint16_t last = 0;
  unsigned repeats = 0;
  while (gc_option_next(&iter, &option)) {
    repeats = option.number == last ? repeats + 1 : 0;
    last = option.number;
    const struct gc_option_info *info = gc_option_info(option.number);
    const char *wrong = info ? gc_option_check(&option, repeats) : NULL;
    if (wrong)
      return fail(why, GC_STATUS_USAGE, info->name, wrong);
  }
  return GC_STATUS_OK;
}

static enum gc_status build_options(struct gc_send_plan *plan, const struct gc_send *send, char why[static GC_WHY_LEN])
{
  struct gc_builder builder = gc_builder_options(plan->options_store, sizeof plan->options_store);
  gc_uri_add_options(&builder, &plan->to.uri);
  gc_builder_add_all(&builder, gc_buf_bytes(&send->options.buf));
  if (send->format >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_CONTENT_FORMAT, (uint32_t)send->format);
  if (send->accept >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_ACCEPT, (uint32_t)send->accept);
  if (send->no_response >= 0)
    gc_builder_add_uint(&builder, GC_OPTION_NO_RESPONSE, (uint32_t)send->no_response);
  enum gc_err err = gc_builder_finish(&builder, &plan->options);
  return err ? fail(why, GC_STATUS_USAGE, "options", gc_err_str(err)) : check_options(plan->options, why);
}

static enum gc_status read_payload(struct gc_send_plan *plan, const struct gc_send *send, char why[static GC_WHY_LEN])
{
  char wrong[GC_PAYLOAD_WHY_LEN];
  if (!gc_payload_read(&plan->payload, send->payload_kind, send->payload, wrong)) {
    snprintf(why, GC_WHY_LEN, "%s", wrong);
    return GC_STATUS_INPUT;
  }
  const size_t block = send->szx < 7 ? (size_t)16 << send->szx : 1024;
  if (plan->to.is_group && !send->each && plan->payload.bytes.len > block) {
    snprintf(why, GC_WHY_LEN, "a payload of %zu bytes is too large for one group datagram (%zu bytes), and a group cannot be sent blocks: "
             "--each asks every responder by unicast", plan->payload.bytes.len, block);
    return GC_STATUS_USAGE;
  }
  return GC_STATUS_OK;
}

/* "members": those that the context knows. */
static enum gc_status read_roster(struct gc_send_plan *plan, const struct gc_send *send, char why[static GC_WHY_LEN])
{
  if (!send->roster)
    return GC_STATUS_OK;
  if (strcmp(send->roster, "members") != 0)
    return gc_roster_read(&plan->roster, send->roster, why) ? GC_STATUS_OK : GC_STATUS_INPUT;
  if (!plan->security)
    return fail(why, GC_STATUS_USAGE, "--roster members", "only a security context (-g) knows the members");
  const struct gc_oscore_context *context = plan->security->own->oscore;
  for (size_t i = 0; i < gc_oscore_context_count(context); i++) {
    const struct gc_oscore_recipient *recipient = gc_oscore_context_at(context, i);
    if (gc_roster_add_member(&plan->roster, gc_oscore_recipient_id(recipient), gc_oscore_recipient_subject(recipient)))
      return fail(why, GC_STATUS_SYSTEM, "--roster members", "too many");
  }
  return GC_STATUS_OK;
}

static uint32_t default_wait(const struct gc_send_plan *plan, const struct gc_send *send)
{
  const struct gc_endpoint_params params = gc_endpoint_params_default();
  if (send->has_wait)
    return send->wait_ms;
  if (send->observe)
    return UINT32_MAX;
  if (send->no_response == GC_NO_RESPONSE_ALL)
    return 0;
  if (plan->to.is_group)
    return GC_SEND_GROUP_WAIT_MS;
  return plan->is_con ? (uint32_t)gc_max_transmit_wait_ms(&params) : GC_SEND_NON_WAIT_MS;
}

enum gc_status gc_send_plan_make(struct gc_send_plan *plan, const struct gc_send *send, char why[static GC_WHY_LEN])
{
  const struct gc_destination_query query = { .uri = send->uri, .interface = send->common.interface, .family = send->family,
                                               .scope = send->scope };
  enum gc_status status;
  memset(plan, 0, offsetof(struct gc_send_plan, options_store));
  if ((status = gc_destination_find(&plan->to, &query, why)) != GC_STATUS_OK || (status = check_group(plan, send, why)) != GC_STATUS_OK ||
      (status = build_options(plan, send, why)) != GC_STATUS_OK || (status = read_payload(plan, send, why)) != GC_STATUS_OK)
    return status;
  if ((status = gc_send_security_open(&plan->security, plan, send, why)) != GC_STATUS_OK ||
      (status = read_roster(plan, send, why)) != GC_STATUS_OK)
    return status;
  plan->code = send->method ? send->method : send->payload_kind != GC_PAYLOAD_NONE ? GC_CODE_PUT : GC_CODE_GET;
  plan->is_con = !plan->to.is_group && send->type != GC_SEND_NON;
  plan->wait_ms = default_wait(plan, send);
  return GC_STATUS_OK;
}

enum gc_status gc_send_plan_free(struct gc_send_plan *plan)
{
  gc_payload_free(&plan->payload);
  gc_roster_free(&plan->roster);
  return gc_client_security_close(&plan->security);
}

struct gc_request gc_send_plan_request(const struct gc_send_plan *plan, const struct gc_send *send, const struct gc_addr *target,
                                       struct gc_bytes kid)
{
  const bool is_group = gc_addr_is_multicast(target);
  struct gc_request request = {
    .remote = *target,
    .ifindex = plan->to.ifindex,
    .code = plan->code,
    .options = plan->options,
    .payload = plan->payload.bytes,
    .is_con = !is_group && send->type != GC_SEND_NON,
    .observe = send->observe,
    .block_szx = send->szx,
    .early_block2 = send->szx < 7,
    .wait_ms = plan->wait_ms,
    .max_responders = send->observe ? 0 : is_group ? send->expect : 1,
    .repeats = send->repeats,
    .repeat_ms = send->repeat_ms,
    .repeat = send->same_mid ? GC_REPEAT_SAME_MID : GC_REPEAT_NEW_MID,
    .token = send->has_token ? gc_bytes(send->token, send->token_len) : gc_bytes(NULL, 0),
    .has_mid = send->has_mid,
    .mid = send->mid,
  };
  gc_client_security_apply(plan->security, &request, kid);
  return request;
}
