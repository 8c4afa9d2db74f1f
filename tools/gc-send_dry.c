#include "common/show_address.h"
#include "gc-send_security.h"
#include "net/loop.h"

#include <stdio.h>

static enum gc_err no_send(void *ctx, const struct gc_datagram *datagram)
{
  (void)ctx;
  (void)datagram;
  return GC_OK;
}

static void no_event(void *ctx, const struct gc_client_event *event)
{
  (void)ctx;
  (void)event;
}

enum gc_status gc_send_dry(const struct gc_send *send, const struct gc_send_plan *plan, struct gc_out *out)
{
  static const struct gc_client_ops ops = { .send = no_send, .event = no_event };
  const struct gc_client_params params = gc_client_params_default();
  struct gc_client *client = gc_client_new(&params, &ops, gc_rng_system());
  enum gc_status status = GC_STATUS_OK;
  for (size_t i = 0; client && i < (plan->to.is_group ? plan->to.target_count : 1); i++) {
    uint8_t store[2048];
    char who[GC_ADDR_STR_MAX];
    struct gc_buf message = gc_buf(store, sizeof store);
    struct gc_request request = gc_send_plan_request(plan, send, &plan->to.targets[i], gc_bytes(NULL, 0));
    enum gc_err err = gc_client_compose(client, &message, &request, gc_now_ms());
    if (err) {
      char why[GC_WHY_LEN];
      const enum gc_sec result = gc_client_protect_result(client);
      snprintf(why, sizeof why, "request: %s", gc_err_str(err));
      status = gc_status_max(status, result ? gc_client_security_explain(result, why) : gc_status_of(err));
      gc_error("%s", why);
      continue;
    }
    if (send->common.json) {
      gc_json_object(out, NULL);
      gc_json_str(out, "event", "dry-run");
      gc_json_str(out, "to", gc_show_address(who, &plan->to.targets[i]));
      gc_json_hex(out, "hex", gc_buf_bytes(&message));
      gc_json_end(out);
    } else {
      gc_info(1, "to %s", gc_show_address(who, &plan->to.targets[i]));
      gc_out_hex(out, gc_buf_bytes(&message));
      gc_out_char(out, '\n');
    }
    gc_out_flush(out);
  }
  gc_client_free(&client);
  return status;
}
