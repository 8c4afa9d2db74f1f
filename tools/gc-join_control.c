#include "gc-join_control.h"

#include <stdlib.h>
#include <string.h>

#include "group/server.h"
#include "iana/names.h"

struct gc_join_control {
  struct gc_join_session *session;
  struct gc_join_control_ops ops;
  struct gc_server *server;
  struct gc_member *member;
  size_t socket;
};

static enum gc_err on_request(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  const struct gc_join_control *control = ctx;
  struct gc_groupcomm message;
  if (request->message->code == GC_CODE_DELETE) {
    control->ops.eviction(control->ops.ctx);
    return GC_OK;
  }
  if (gc_groupcomm_parse(&message, request->payload, NULL) || gc_rekeying_fault(&message))
    response->code = GC_CODE(4, 0);
  else if (!control->ops.rekeying(control->ops.ctx, &message))
    response->code = GC_CODE(5, 0);
  return GC_OK;
}

static enum gc_err on_send(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  const struct gc_join_control *control = ctx;
  (void)member;
  return gc_node_send(control->session->node, control->socket, datagram);
}

static enum gc_status open_all(struct gc_join_control *control, const struct gc_destination *at)
{
  const struct gc_udp_options options = { .bind = at->targets[0], .ifindex = at->ifindex, .hop_limit = -1 };
  const struct gc_server_ops server_ops = { .send = on_send, .ctx = control };
  const struct gc_server_params params = gc_server_params_default();
  char path[GC_JOIN_PATH_MAX];
  struct gc_resource *resource;
  const struct gc_bytes written = at->uri.path;
  if (written.len < 2 || written.len >= sizeof path) {
    gc_error("--control-uri: a path is needed: coap://HOST:PORT/PATH");
    return GC_STATUS_USAGE;
  }
  memcpy(path, written.ptr + 1, written.len - 1);
  path[written.len - 1] = '\0';
  enum gc_status status = gc_node_bind(control->session->node, &options, &control->socket);
  if (status)
    return status;
  const struct gc_resource_def def = { .path = path, .methods = 1u << GC_CODE_POST | 1u << GC_CODE_DELETE, .handler = on_request, .ctx = control,
                                       .content_format = -1, .consumes = -1, .is_oscore = true, .needs_protection = true, .max_body_len = 65536 };
  const struct gc_addr address = gc_node_address(control->session->node, control->socket);
  control->server = gc_server_new(&params, &server_ops, gc_rng_system());
  if (control->server && gc_server_add_member(control->server, &control->member, &address, NULL) == GC_OK &&
      gc_member_secure(control->member, control->session->ring, GC_ANSWER_AS_ASKED) == GC_OK &&
      gc_server_add_resource(control->server, &resource, &def) == GC_OK)
    return GC_STATUS_OK;
  gc_error("the resource of --control-uri cannot be made");
  return GC_STATUS_SYSTEM;
}

enum gc_status gc_join_control_open(struct gc_join_control **out, struct gc_join_session *session, const struct gc_join_control_ops *ops)
{
  struct gc_join_control *control = *out = calloc(1, sizeof *control);
  const struct gc_destination_query query = { .uri = session->record->control_uri, .interface = session->options->common.interface };
  struct gc_destination at;
  char why[GC_WHY_LEN];
  if (!control) {
    gc_error("no memory left");
    return GC_STATUS_SYSTEM;
  }
  control->session = session;
  control->ops = *ops;
  enum gc_status status = gc_destination_find(&at, &query, why);
  if (status) {
    gc_error("%s", why);
    return status;
  }
  return open_all(control, &at);
}

void gc_join_control_close(struct gc_join_control **control)
{
  if (*control)
    gc_server_free(&(*control)->server);
  free(*control);
  *control = NULL;
}

void gc_join_control_receive(struct gc_join_control *control, const struct gc_datagram *datagram, uint64_t now_ms)
{
  if (control)
    gc_server_receive(control->server, control->member, datagram, now_ms);
}

void gc_join_control_tick(struct gc_join_control *control, uint64_t now_ms)
{
  if (control)
    gc_server_tick(control->server, now_ms);
}

uint64_t gc_join_control_deadline(const struct gc_join_control *control)
{
  return control ? gc_server_deadline(control->server) : UINT64_MAX;
}

void gc_join_control_forget(struct gc_join_control *control, struct gc_oscore_context *context)
{
  if (control)
    gc_server_forget_context(control->server, context);
}
