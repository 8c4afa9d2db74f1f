/* What is registered, for people and programs. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gc-as.h"

struct list {
  struct gc_out *out;
  bool json;
  enum gc_as_peer_kind kind;
};

static struct list begin(const struct gc_as_params *params)
{
  return (struct list){ gc_out_new(STDOUT_FILENO, (enum gc_color_when)params->common.color, false), params->common.json, GC_AS_CLIENT };
}

static enum gc_status finish(struct list *list, enum gc_err err)
{
  enum gc_status status = gc_as_explain(err, "list");
  if (gc_out_close(&list->out))
    return status;
  gc_error("stdout: %s", strerror(errno));
  return GC_STATUS_SYSTEM;
}

static enum gc_err show_peer(void *ctx, const struct gc_as_peer *peer)
{
  const struct list *list = ctx;
  const struct gc_bytes name = gc_bytes(peer->name, peer->name_len), id = gc_bytes(peer->peer_id, peer->peer_id_len);
  if (peer->kind != list->kind)
    return GC_OK;
  if (list->json) {
    gc_json_object(list->out, NULL);
    gc_json_str(list->out, "event", peer->kind == GC_AS_CLIENT ? "client" : "resource_server");
    gc_json_text(list->out, peer->kind == GC_AS_CLIENT ? "name" : "audience", name);
    gc_json_hex(list->out, "kid", id);
    gc_json_end(list->out);
  } else {
    gc_out_text(list->out, name);
    gc_out_pad(list->out, 32);
    gc_out_str(list->out, "kid ");
    gc_out_hex(list->out, id);
    gc_out_char(list->out, '\n');
  }
  gc_out_flush(list->out);
  return GC_OK;
}

static enum gc_status list_peers(struct gc_as_db *db, const struct gc_as_params *params, enum gc_as_peer_kind kind)
{
  struct list list = begin(params);
  list.kind = kind;
  return finish(&list, list.out ? gc_as_db_each_peer(db, show_peer, &list) : GC_E_MEMORY);
}

enum gc_status gc_as_client_list(struct gc_as_db *db, const struct gc_as_params *params)
{
  return list_peers(db, params, GC_AS_CLIENT);
}

enum gc_status gc_as_rs_list(struct gc_as_db *db, const struct gc_as_params *params)
{
  return list_peers(db, params, GC_AS_SERVER);
}

static enum gc_err show_policy(void *ctx, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes group, uint64_t roles)
{
  const struct list *list = ctx;
  char text[GC_ROLES_TEXT_MAX];
  gc_roles_format(text, roles);
  if (list->json) {
    gc_json_object(list->out, NULL);
    gc_json_str(list->out, "event", "policy");
    gc_json_text(list->out, "client", client);
    gc_json_text(list->out, "group", group);
    gc_json_str(list->out, "roles", text);
    if (audience.len)
      gc_json_text(list->out, "audience", audience);
    gc_json_end(list->out);
  } else {
    gc_out_text(list->out, client);
    gc_out_pad(list->out, 24);
    gc_out_text(list->out, group);
    gc_out_pad(list->out, 48);
    gc_outf(list->out, "%s%s", text, audience.len ? "  at " : "");
    gc_out_text(list->out, audience);
    gc_out_char(list->out, '\n');
  }
  gc_out_flush(list->out);
  return GC_OK;
}

enum gc_status gc_as_policy_list(struct gc_as_db *db, const struct gc_as_params *params)
{
  struct list list = begin(params);
  return finish(&list, list.out ? gc_as_db_each_policy(db, show_policy, &list) : GC_E_MEMORY);
}

static enum gc_err show_token(void *ctx, const struct gc_as_issued *token)
{
  const struct list *list = ctx;
  if (list->json) {
    gc_json_object(list->out, NULL);
    gc_json_str(list->out, "event", "token");
    gc_json_uint(list->out, "token", token->number);
    gc_json_text(list->out, "client", token->client);
    gc_json_text(list->out, "audience", token->audience);
    gc_json_uint(list->out, "expires", (uint64_t)token->expires_s);
    gc_json_end(list->out);
  } else {
    gc_outf(list->out, "%-8llu", (unsigned long long)token->number);
    gc_out_text(list->out, token->client);
    gc_out_pad(list->out, 32);
    gc_out_text(list->out, token->audience);
    gc_outf(list->out, "  expires in %lld s\n", (long long)(token->expires_s - gc_as_now_s()));
  }
  gc_out_flush(list->out);
  return GC_OK;
}

enum gc_status gc_as_token_list(struct gc_as_db *db, const struct gc_as_params *params)
{
  struct list list = begin(params);
  return finish(&list, list.out ? gc_as_db_each_token(db, gc_as_now_s(), show_token, &list) : GC_E_MEMORY);
}
