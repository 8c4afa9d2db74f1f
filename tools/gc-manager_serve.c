/* The server: datagrams, the clock, and what follows from each event. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "coap/message.h"
#include "gc-manager.h"
#include "iana/names.h"

enum {
  POLL_MS = 250,          /* for commands of other processes */
  RETRY_MS = 1000,        /* after the store could not be used */
  SOCKETS_MAX = 5,        /* two to serve, two to ask members from, one to ask the Authorization Server from */
  TOKEN_MAX_LEN = 4096,
};

struct run {
  const struct gc_manager_params *params;
  struct gc_manager_db *db;
  struct gc_manager_file *file;
  struct gc_gm *gm;
  struct gc_node *node;
  struct gc_server *server;
  struct gc_oscore_ring *ring;
  struct gc_manager_tokens *tokens;
  struct gc_manager_news *news;
  struct gc_manager_resources *resources;
  struct gc_manager_mail *mail;
  struct gc_manager_introspect *introspect; /* NULL: tokens are not asked about */
  size_t introspect_socket;                 /* SIZE_MAX: none */
  struct gc_member *members[SOCKETS_MAX]; /* NULL: a socket to ask from */
  size_t socket_count;
  struct gc_out *out;
  uint64_t poll_at_ms, gm_at_ms;
};

/* --- what happens ------------------------------------------------------------------------------------------------------------ */

static void log_line(struct run *run, const struct gc_manager_line *line)
{
  gc_manager_log(run->out, run->params->common.json, line);
}

static void on_event(void *ctx, const struct gc_gm_event *event)
{
  struct run *run = ctx;
  log_line(run, &(struct gc_manager_line){ .event = gc_gm_event_name(event->kind), .group = event->group, .member = event->member, .why = event->why,
                                           .has_num = event->kind != GC_GM_REFUSED, .num = event->num });
  if (!run->resources || !run->mail)
    return;
  gc_manager_news_event(run->news, event);
  gc_manager_resources_event(run->resources, event);
  gc_manager_mail_event(run->mail, event, gc_manager_resources_tell_end(run->resources, event));
  run->gm_at_ms = 0;
}

static void authorize(struct run *run, const struct gc_manager_token *token, const struct gc_gm_time *time)
{
  const enum gc_err err = gc_gm_authorize(run->gm, &token->client, time);
  if (err)
    (void)gc_manager_explain(run->db, err, "the rights of a newer token");
  run->gm_at_ms = 0;
}

static void on_confirmed(void *ctx, struct gc_manager_token *token, const struct gc_gm_time *time)
{
  struct run *run = ctx;
  authorize(run, token, time);
  gc_manager_mail_catch_up(run->mail, token);
}

static void on_forget(void *ctx, struct gc_manager_token *token)
{
  struct run *run = ctx;
  gc_manager_mail_forget(run->mail, token);
  if (run->introspect)
    gc_manager_introspect_forget(run->introspect, token);
  gc_server_forget_context(run->server, token->context);
}

static void on_token_log(void *ctx, const char *what, const struct gc_addr *from, struct gc_bytes identity, const char *why)
{
  log_line(ctx, &(struct gc_manager_line){ .event = what, .identity = identity, .from = from, .why = why });
}

static void on_ask(void *ctx, struct gc_bytes token, bool is_read, struct gc_manager_said *said)
{
  const struct run *run = ctx;
  gc_manager_introspect_upload(run->introspect, token, is_read, said);
}

static void on_watch(void *ctx, struct gc_manager_question *question, struct gc_manager_token *token)
{
  const struct run *run = ctx;
  gc_manager_introspect_watch(run->introspect, question, token);
}

/* A membership ends with its token, as on expiry. The newest token of a client says what it may: an older one that has ended, or that
 * nobody has used, has nothing to say any more. */
static void on_said(void *ctx, struct gc_manager_token *token, bool is_active, int64_t until_s)
{
  struct run *run = ctx;
  const struct gc_gm_time time = gc_manager_time();
  const struct gc_bytes identity = gc_bytes(token->client.identity, token->client.identity_len);
  const bool counts = gc_manager_tokens_by_identity(run->tokens, identity) == token;
  if (!is_active) {
    log_line(run, &(struct gc_manager_line){ .event = "token-inactive", .identity = identity, .why = "the Authorization Server says so" });
    until_s = counts ? time.now_s : 0;
  }
  if (is_active || token->client.expires_s > until_s)
    token->client.expires_s = until_s < token->exp_s ? until_s : token->exp_s;
  if (counts)
    authorize(run, token, &time);
}

static void on_introspect_log(void *ctx, const char *what, const struct gc_addr *server, const char *why)
{
  log_line(ctx, &(struct gc_manager_line){ .event = what, .from = server, .why = why });
}

static void on_mail_log(void *ctx, const char *what, const char *group, const struct gc_gm_member *member, const char *why)
{
  log_line(ctx, &(struct gc_manager_line){ .event = what, .group = group, .member = member, .why = why });
}

static enum gc_err on_authz_info(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct run *run = ctx;
  return gc_manager_tokens_take(run->tokens, request, response);
}

/* --- datagrams and the clock --------------------------------------------------------------------------------------------------- */

static enum gc_err on_server_send(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  const struct run *run = ctx;
  return gc_node_send(run->node, gc_member_index(member), datagram);
}

static enum gc_err on_mail_send(void *ctx, const struct gc_datagram *datagram)
{
  const struct run *run = ctx;
  for (size_t i = 0; i < run->socket_count; i++)
    if (!run->members[i] && i != run->introspect_socket && gc_node_address(run->node, i).family == datagram->remote.family)
      return gc_node_send(run->node, i, datagram);
  errno = EAFNOSUPPORT;
  return GC_E_SYSTEM;
}

static enum gc_err on_introspect_send(void *ctx, const struct gc_datagram *datagram)
{
  const struct run *run = ctx;
  return gc_node_send(run->node, run->introspect_socket, datagram);
}

/* What may not be done while a request is being answered. */
static void clean_up(struct run *run, uint64_t now_ms)
{
  gc_manager_resources_tick(run->resources, now_ms);
  gc_manager_tokens_tick(run->tokens);
}

static void on_receive(void *ctx, size_t socket, const struct gc_datagram *datagram, uint64_t now_ms)
{
  struct run *run = ctx;
  gc_manager_tokens_tick(run->tokens); /* what has expired opens nothing */
  if (run->members[socket])
    gc_server_receive(run->server, run->members[socket], datagram, now_ms);
  else if (socket == run->introspect_socket)
    gc_manager_introspect_receive(run->introspect, datagram, now_ms);
  else
    gc_manager_mail_receive(run->mail, datagram, now_ms);
  clean_up(run, now_ms);
  if (!gc_out_ok(run->out))
    gc_node_stop(run->node);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

static uint64_t on_deadline(void *ctx)
{
  const struct run *run = ctx;
  const uint64_t ask_ms = run->introspect ? gc_manager_introspect_deadline(run->introspect) : UINT64_MAX;
  return earlier(earlier(earlier(ask_ms, gc_server_deadline(run->server)), gc_manager_mail_deadline(run->mail)), earlier(run->poll_at_ms, run->gm_at_ms));
}

static void tick_gm(struct run *run, uint64_t now_ms)
{
  const struct gc_gm_time time = gc_manager_time();
  const enum gc_err err = gc_gm_tick(run->gm, &time);
  const uint64_t wait_ms = err ? RETRY_MS : gc_gm_wait_ms(run->gm, &time);
  if (err)
    (void)gc_manager_explain(run->db, err, "what is due");
  run->gm_at_ms = wait_ms > UINT32_MAX ? UINT64_MAX : now_ms + wait_ms;
}

static void on_tick(void *ctx, uint64_t now_ms)
{
  struct run *run = ctx;
  if (now_ms >= run->poll_at_ms) {
    const struct gc_gm_time time = gc_manager_time();
    gc_manager_do_commands(run->db, run->gm, &time);
    run->poll_at_ms = now_ms + POLL_MS;
  }
  if (now_ms >= run->gm_at_ms)
    tick_gm(run, now_ms);
  if (run->introspect)
    gc_manager_introspect_tick(run->introspect, now_ms);
  gc_manager_mail_tick(run->mail, now_ms);
  gc_server_tick(run->server, now_ms);
  gc_manager_news_tick(run->news);
  clean_up(run, now_ms);
  if (!gc_out_ok(run->out))
    gc_node_stop(run->node);
}

/* --- beginning and end ------------------------------------------------------------------------------------------------------------ */

static enum gc_status no_memory(void)
{
  gc_error("no memory left");
  return GC_STATUS_SYSTEM;
}

static enum gc_status bind_one(struct run *run, const struct gc_addr *bind, bool serves)
{
  const struct gc_udp_options options = { .bind = *bind, .ifindex = run->params->ifindex, .hop_limit = -1 };
  size_t socket;
  enum gc_status status = gc_node_bind(run->node, &options, &socket);
  if (status)
    return status;
  run->socket_count = socket + 1;
  const struct gc_addr address = gc_node_address(run->node, socket);
  if (serves && (gc_server_add_member(run->server, &run->members[socket], &address, NULL) ||
                 gc_member_secure(run->members[socket], run->ring, GC_ANSWER_AS_ASKED)))
    return no_memory();
  return GC_STATUS_OK;
}

/* Those that serve come first: a server's member has the index of its socket. Requests to members leave from ports of their own,
 * so that their Message IDs have nothing to do with those of the server. */
static enum gc_status bind_all(struct run *run)
{
  struct gc_addr binds[2];
  const size_t count = gc_binds_list(&run->params->binds, binds);
  enum gc_status status = GC_STATUS_OK;
  for (size_t i = 0; i < 2 * count && !status; i++) {
    struct gc_addr bind = binds[i % count];
    if (i < count && !bind.port)
      bind.port = GC_PORT_COAP;
    else if (i >= count)
      bind.port = 0;
    status = bind_one(run, &bind, i < count);
  }
  return status;
}

static enum gc_status make_introspect(struct run *run)
{
  const struct gc_manager_introspect_ops ops = { on_introspect_send, on_said, on_introspect_log, run };
  return gc_manager_file_introspection(run->file) ? gc_manager_introspect_new(&run->introspect, run->file, &run->params->common, &ops) : GC_STATUS_OK;
}

static enum gc_status bind_introspect(struct run *run)
{
  const struct gc_addr any = { .family = run->introspect ? gc_manager_introspect_server(run->introspect).family : GC_FAMILY_NONE };
  if (!run->introspect)
    return GC_STATUS_OK;
  run->introspect_socket = run->socket_count;
  return bind_one(run, &any, false);
}

static enum gc_status make_parts(struct run *run)
{
  const struct gc_context_ace *ace = gc_manager_file_ace(run->file);
  const struct gc_manager_tokens_ops token_ops = { run->introspect ? on_ask : NULL, on_watch, on_confirmed, on_forget, on_token_log, run };
  const struct gc_manager_mail_ops mail_ops = { on_mail_send, on_mail_log, run };
  const struct gc_server_ops server_ops = { .send = on_server_send, .ctx = run };
  struct gc_server_params server_params = gc_server_params_default();
  const struct gc_resource_def authz_info = { .path = "authz-info", .methods = 1u << GC_CODE_POST, .handler = on_authz_info, .ctx = run, .rt = "ace.ai",
                                              .content_format = -1, .consumes = -1, .max_body_len = TOKEN_MAX_LEN };
  struct gc_resource *resource;
  server_params.max_answer_len = GC_GM_PAYLOAD_MAX_LEN;
  server_params.con_notify_every = 1; /* who has been rekeyed is to be known */
  server_params.max_observers_per_member = server_params.max_observers; /* it is the address that all members ask at */
  run->ring = gc_oscore_ring_new();
  run->server = gc_server_new(&server_params, &server_ops, gc_rng_system());
  if (!run->ring || !run->server)
    return no_memory();
  run->tokens = gc_manager_tokens_new(run->gm, ace, run->ring, run->params->max_tokens, &token_ops);
  run->news = gc_manager_news_new(run->gm);
  run->mail = run->tokens && run->news ? gc_manager_mail_new(run->gm, run->tokens, run->news, &mail_ops) : NULL;
  if (!run->mail || gc_server_add_resource(run->server, &resource, &authz_info))
    return no_memory();
  run->resources = gc_manager_resources_new(run->server, run->db, run->gm, run->tokens, run->news, ace);
  return run->resources ? GC_STATUS_OK : GC_STATUS_SYSTEM;
}

static enum gc_status set_up(struct run *run)
{
  const struct gc_node_ops node_ops = { .receive = on_receive, .deadline = on_deadline, .tick = on_tick, .ctx = run };
  const struct gc_gm_ops gm_ops = { on_event, run };
  const enum gc_err err = gc_manager_db_serve(run->db);
  if (err == GC_E_EXISTS)
    gc_error("%s: another gc-manager serves it", run->params->db);
  if (err)
    return err == GC_E_EXISTS ? GC_STATUS_SYSTEM : gc_manager_explain(run->db, err, run->params->db);
  run->out = gc_out_new(STDOUT_FILENO, GC_COLOR_NEVER, false);
  if (!run->out)
    return no_memory();
  enum gc_status status = gc_manager_make(&run->file, &run->gm, run->db, run->params, &gm_ops);
  if (!status)
    status = make_introspect(run);
  if (!status)
    status = make_parts(run);
  if (!status)
    status = gc_node_open(&run->node, &run->params->common, &node_ops);
  if (!status)
    status = bind_all(run);
  return status ? status : bind_introspect(run);
}

enum gc_status gc_manager_serve(struct gc_manager_db *db, const struct gc_manager_params *params)
{
  struct run run = { .params = params, .db = db, .introspect_socket = SIZE_MAX };
  enum gc_status status = set_up(&run);
  if (!status) {
    fputs("ready\n", stderr);
    status = gc_node_run(run.node, NULL);
  }
  gc_manager_tokens_free(&run.tokens);
  gc_manager_introspect_free(&run.introspect);
  gc_manager_mail_free(&run.mail);
  gc_server_free(&run.server);
  gc_manager_resources_free(&run.resources);
  gc_manager_news_free(&run.news);
  gc_oscore_ring_free(&run.ring);
  gc_gm_free(&run.gm);
  gc_manager_file_free(&run.file);
  status = gc_status_max(status, gc_node_close(&run.node));
  if (!gc_out_close(&run.out)) {
    gc_error("stdout: %s", strerror(errno));
    status = GC_STATUS_SYSTEM;
  }
  return status;
}
