/* The server: /token and /introspect, protected with OSCORE by whoever is registered. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "coap/uri.h"
#include "common/node.h"
#include "crypto/secret.h"
#include "gc-as.h"
#include "iana/names.h"

enum { REQUEST_MAX_LEN = 8192 };

struct run {
  const struct gc_as_params *params;
  struct gc_as as;
  struct gc_as_db *db;
  struct gc_as_peers *peers;
  struct gc_node *node;
  struct gc_server *server;
  struct gc_member *members[2];
  size_t count;
  struct gc_out *out;
  char uri[GC_AS_URI_MAX];
};

/* The answer of the rules as one of the server's; an error of the database is the server's: 5.00. */
static enum gc_err take(struct run *run, const char *event, const struct gc_as_peer *peer, const struct gc_server_request *request,
                        struct gc_server_response *response, struct gc_as_answer *answer, enum gc_err err)
{
  if (err) {
    gc_error("%s: %s", event, err == GC_E_SYSTEM ? strerror(errno) : err == GC_E_LIMIT ? "the database is locked, or too many tokens are valid, of all or of this client" : gc_err_str(err));
    answer->why = "failed here";
    gc_as_log(run->out, run->params->common.json, event, peer, &request->from, answer);
    return err;
  }
  response->code = answer->code;
  response->content_format = GC_FORMAT_ACE_CBOR;
  gc_as_log(run->out, run->params->common.json, event, peer, &request->from, answer);
  return GC_OK;
}

/* An unauthenticated client learns nothing but that (RFC 9200, Section 5.8.3). */
static enum gc_err refuse(struct run *run, const struct gc_server_request *request, struct gc_server_response *response, const char *event,
                          const struct gc_as_peer *peer, enum gc_token_error error)
{
  const struct gc_as_answer answer = { .code = GC_CODE(4, 1), .error = error, .why = peer ? "registered as something else" : "not registered" };
  gc_as_log(run->out, run->params->common.json, event, peer, &request->from, &answer);
  response->code = error == GC_TOKEN_UNAUTHORIZED_CLIENT ? GC_CODE(4, 0) : GC_CODE(4, 1);
  response->content_format = peer ? GC_FORMAT_ACE_CBOR : -1;
  return peer ? gc_token_error_write(&response->body, error, NULL) : GC_OK;
}

/* Known, but without the right to ask this: no payload (Section 5.9.3). */
static enum gc_err forbid(struct run *run, const struct gc_server_request *request, struct gc_server_response *response, const char *event,
                          const struct gc_as_peer *peer)
{
  const struct gc_as_answer answer = { .code = GC_CODE(4, 3), .error = GC_TOKEN_UNAUTHORIZED_CLIENT, .why = "registered as something else" };
  gc_as_log(run->out, run->params->common.json, event, peer, &request->from, &answer);
  response->code = answer.code;
  response->content_format = -1;
  return GC_OK;
}

static enum gc_err on_token(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct run *run = ctx;
  const struct gc_as_peer *peer = gc_as_peers_find(run->peers, request->context);
  struct gc_as_answer answer = { .body = &response->body };
  if (!peer || peer->kind != GC_AS_CLIENT)
    return refuse(run, request, response, "token", peer, peer ? GC_TOKEN_UNAUTHORIZED_CLIENT : GC_TOKEN_INVALID_CLIENT);
  enum gc_err err = gc_as_token(&run->as, &answer, gc_bytes(peer->name, peer->name_len), request->payload, gc_as_now_s());
  return take(run, answer.is_update ? "update" : "token", peer, request, response, &answer, err);
}

static enum gc_err on_introspect(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct run *run = ctx;
  const struct gc_as_peer *peer = gc_as_peers_find(run->peers, request->context);
  struct gc_as_answer answer = { .body = &response->body };
  if (!peer)
    return refuse(run, request, response, "introspect", peer, GC_TOKEN_INVALID_CLIENT);
  if (peer->kind != GC_AS_SERVER)
    return forbid(run, request, response, "introspect", peer);
  enum gc_err err = gc_as_introspect(&run->as, &answer, gc_bytes(peer->name, peer->name_len), request->payload, gc_as_now_s());
  return take(run, "introspect", peer, request, response, &answer, err);
}

static enum gc_err on_send(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  const struct run *run = ctx;
  return gc_node_send(run->node, gc_member_index(member), datagram);
}

static void on_receive(void *ctx, size_t socket, const struct gc_datagram *datagram, uint64_t now_ms)
{
  struct run *run = ctx;
  (void)gc_as_peers_refresh(run->peers, run->server); /* with what is known already the others are served */
  gc_server_receive(run->server, run->members[socket], datagram, now_ms);
  if (!gc_out_ok(run->out))
    gc_node_stop(run->node);
}

static uint64_t on_deadline(void *ctx)
{
  const struct run *run = ctx;
  return gc_server_deadline(run->server);
}

static void on_tick(void *ctx, uint64_t now_ms)
{
  struct run *run = ctx;
  gc_server_tick(run->server, now_ms);
}

static enum gc_status no_memory(void)
{
  gc_error("no memory left");
  return GC_STATUS_SYSTEM;
}

static enum gc_status add_resources(struct run *run)
{
  struct gc_resource *resource;
  struct gc_resource_def token = { .path = "token", .methods = 1u << GC_CODE_POST, .handler = on_token, .ctx = run, .content_format = -1,
                                   .consumes = GC_FORMAT_ACE_CBOR, .is_oscore = true, .needs_protection = true, .max_body_len = REQUEST_MAX_LEN };
  struct gc_resource_def introspect = token;
  introspect.path = "introspect";
  introspect.handler = on_introspect;
  return gc_server_add_resource(run->server, &resource, &token) || gc_server_add_resource(run->server, &resource, &introspect) ? no_memory()
                                                                                                                               : GC_STATUS_OK;
}

/* The port of the URI, at any address, where nothing else is said. */
static enum gc_status bind_all(struct run *run)
{
  const struct gc_as_params *params = run->params;
  struct gc_addr binds[2];
  const size_t count = gc_binds_list(&params->binds, binds);
  struct gc_uri uri;
  const bool has_uri = gc_uri_parse(&uri, gc_bytes_str(run->uri), NULL) == GC_OK;
  for (size_t i = 0; i < count; i++) {
    struct gc_udp_options options = { .bind = binds[i], .ifindex = params->ifindex, .hop_limit = -1 };
    if (!options.bind.port)
      options.bind.port = has_uri ? uri.port : GC_PORT_COAP;
    size_t socket;
    enum gc_status status = gc_node_bind(run->node, &options, &socket);
    if (status)
      return status;
    const struct gc_addr address = gc_node_address(run->node, socket);
    if (gc_server_add_member(run->server, &run->members[socket], &address, NULL) ||
        gc_member_secure(run->members[socket], gc_as_peers_ring(run->peers), GC_ANSWER_AS_ASKED))
      return no_memory();
    run->count++;
  }
  return GC_STATUS_OK;
}

static enum gc_status set_up(struct run *run)
{
  const struct gc_node_ops ops = { .receive = on_receive, .deadline = on_deadline, .tick = on_tick, .ctx = run };
  const struct gc_server_ops server_ops = { .send = on_send, .ctx = run };
  const struct gc_server_params params = gc_server_params_default();
  enum gc_err err = gc_as_db_serve(run->db);
  if (err) {
    gc_error("%s: %s", run->params->db, err == GC_E_EXISTS ? "another gc-as serves it" : err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
    return GC_STATUS_SYSTEM;
  }
  err = gc_as_db_uri(run->db, run->uri);
  if (err)
    return gc_as_explain(err, run->params->db);
  size_t len = strlen(run->uri);
  if (len && run->uri[len - 1] == '/')
    run->uri[len - 1] = '\0';
  run->as = (struct gc_as){ .issuer = run->uri, .lifetime_s = run->params->lifetime_s, .store = gc_as_db_store(run->db), .rng = gc_rng_system() };
  run->out = gc_out_new(STDOUT_FILENO, GC_COLOR_NEVER, false);
  run->peers = gc_as_peers_new(run->db);
  run->server = gc_server_new(&params, &server_ops, gc_rng_system());
  if (!run->out || !run->peers || !run->server)
    return no_memory();
  enum gc_status status = gc_as_peers_refresh(run->peers, run->server);
  if (!status)
    status = gc_node_open(&run->node, &run->params->common, &ops);
  if (!status)
    status = add_resources(run);
  return status ? status : bind_all(run);
}

enum gc_status gc_as_serve(struct gc_as_db *db, const struct gc_as_params *params)
{
  struct run run = { .params = params, .db = db };
  enum gc_status status = set_up(&run);
  if (!status) {
    fputs("ready\n", stderr);
    status = gc_node_run(run.node, NULL);
  }
  gc_server_free(&run.server);
  gc_as_peers_free(&run.peers);
  status = gc_status_max(status, gc_node_close(&run.node));
  if (!gc_out_close(&run.out)) {
    gc_error("stdout: %s", strerror(errno));
    status = GC_STATUS_SYSTEM;
  }
  return status;
}
