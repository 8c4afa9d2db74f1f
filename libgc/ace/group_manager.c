#include "ace/gm_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coap/message.h"
#include "crypto/secret.h"

enum { GET = 1, POST = 2, PUT = 3, DELETE = 4, FETCH = 5 };
enum { FORMAT_CBOR = 60, FORMAT_GROUPCOMM = 261 };

/* --- who may ask what (Section 8.5 of the draft) ---------------------------------------------------------------------------- */

enum place { COLLECTION, GROUP, ACTIVE, VERIF_DATA, CREDS, KDC_CRED, STALE_SIDS, POLICIES, NUM, NODE, NODE_CRED, NOWHERE };

/** Whom a row is for; who is not gets 4.03. */
enum who { ANYONE, MEMBER, VERIFIER, MEMBER_OR_VERIFIER, OWNER };

static const struct row {
  enum place place;
  uint8_t method;
  enum who who;
  int32_t consumes; /* Content-Format of a payload; -1: any */
  enum gc_err (*handler)(struct gc_gm_call *call);
} rows[] = {
  { COLLECTION, FETCH, ANYONE, FORMAT_GROUPCOMM, gc_gm_names },
  { GROUP, GET, MEMBER, -1, gc_gm_keys },
  { GROUP, POST, ANYONE, FORMAT_GROUPCOMM, gc_gm_join },
  { ACTIVE, GET, MEMBER, -1, gc_gm_active },
  { VERIF_DATA, GET, VERIFIER, -1, gc_gm_verif_data },
  { CREDS, GET, MEMBER_OR_VERIFIER, -1, gc_gm_creds },
  { CREDS, FETCH, MEMBER_OR_VERIFIER, FORMAT_GROUPCOMM, gc_gm_creds_by_filter },
  { KDC_CRED, GET, MEMBER, -1, gc_gm_kdc_cred },
  { KDC_CRED, FETCH, VERIFIER, FORMAT_GROUPCOMM, gc_gm_kdc_cred_for_verifier },
  { STALE_SIDS, FETCH, MEMBER, FORMAT_CBOR, gc_gm_stale_sids },
  { POLICIES, GET, MEMBER, -1, gc_gm_policies },
  { NUM, GET, MEMBER, -1, gc_gm_num },
  { NODE, GET, OWNER, -1, gc_gm_own_keys },
  { NODE, POST, OWNER, -1, gc_gm_renew },
  { NODE, PUT, OWNER, -1, gc_gm_renew }, /* as RFC 9594 had it before it became POST */
  { NODE, DELETE, OWNER, -1, gc_gm_leave },
  { NODE_CRED, POST, OWNER, FORMAT_GROUPCOMM, gc_gm_new_cred },
};

static bool is(struct gc_bytes segment, const char *text)
{
  return gc_bytes_equal(segment, gc_bytes_str(text));
}

static enum place place_of(const struct gc_bytes *path, size_t count)
{
  static const struct {
    const char *name;
    enum place place;
  } below[] = { { "active", ACTIVE }, { "verif-data", VERIF_DATA }, { "creds", CREDS }, { "kdc-cred", KDC_CRED },
                { "stale-sids", STALE_SIDS }, { "policies", POLICIES }, { "num", NUM } };
  if (!count || !is(path[0], "ace-group"))
    return NOWHERE;
  if (count < 3)
    return count == 1 ? COLLECTION : GROUP;
  for (size_t i = 0; count == 3 && i < sizeof below / sizeof below[0]; i++)
    if (is(path[2], below[i].name))
      return below[i].place;
  if (count < 4 || !is(path[2], "nodes"))
    return NOWHERE;
  return count == 4 ? NODE : count == 5 && is(path[4], "cred") ? NODE_CRED : NOWHERE;
}

/* --- configured groups ----------------------------------------------------------------------------------------------------------- */

enum gc_err gc_gm_index(const struct gc_gm *gm, struct gc_bytes name, size_t *out)
{
  for (size_t i = 0; i < gm->config_count; i++)
    if (gc_bytes_equal(name, gc_bytes_str(gm->configs[i].name))) {
      *out = i;
      return GC_OK;
    }
  return GC_E_NOT_FOUND;
}

const struct gc_gm_config *gc_gm_config_of(const struct gc_gm *gm, struct gc_bytes name)
{
  size_t index;
  return gc_gm_index(gm, name, &index) ? NULL : &gm->configs[index];
}

const struct gc_gm_config *gc_gm_config_at(const struct gc_gm *gm, size_t index)
{
  return index < gm->config_count ? &gm->configs[index] : NULL;
}

/* --- one request ---------------------------------------------------------------------------------------------------------------------- */

static enum gc_err refuse(struct gc_gm_call *call, uint8_t code, const char *detail)
{
  return gc_gm_refuse(call, code, GC_GM_NO_ERROR_ID, detail);
}

/* A node that is only a signature verifier gets the errors of a stranger: it is no member. */
static enum gc_err check_who(struct gc_gm_call *call, enum who who)
{
  const bool is_verifier = !call->is_member && (call->granted & call->config->roles & GC_ROLE_VERIFIER);
  if (who == ANYONE || (call->is_member && who == MEMBER) || (who == MEMBER_OR_VERIFIER && (call->is_member || is_verifier)))
    return GC_OK;
  if (who == VERIFIER)
    return is_verifier ? GC_OK : gc_gm_refuse(call, GC_CODE(4, 3), GC_GROUPCOMM_ONLY_VERIFIERS, NULL);
  if (!call->is_member)
    return gc_gm_refuse(call, GC_CODE(4, 3), GC_GROUPCOMM_ONLY_MEMBERS, NULL);
  char node[GC_GM_NODE_MAX];
  return is(call->request->path[3], gc_gm_node_name(node, call->member.node)) ? GC_OK : refuse(call, GC_CODE(4, 3), "the resource of another node");
}

static enum gc_err find_member(struct gc_gm_call *call)
{
  const struct gc_gm_find find = { .by = GC_GM_BY_IDENTITY, .bytes = gc_gm_who(call->request->client) };
  enum gc_err err = GM_STORE(call->gm, member_get, call->config->name, &find, &call->member);
  call->is_member = err == GC_OK;
  return err == GC_E_NOT_FOUND ? GC_OK : err;
}

static enum gc_err serve(struct gc_gm_call *call, void *arg)
{
  const struct row *row = arg;
  const int32_t format = call->request->content_format;
  enum gc_err err = call->config ? find_member(call) : GC_OK;
  if (!err && call->is_member && (call->member.roles & ~call->granted))
    err = refuse(call, GC_CODE(4, 3), "the token does not grant the roles of this member");
  if (!err && !call->is_refused && call->config)
    err = check_who(call, row->who);
  if (!err && !call->is_refused && row->consumes != -1 && format != -1 && format != row->consumes)
    err = refuse(call, GC_CODE(4, 15), "another Content-Format is expected");
  return err || call->is_refused ? err : row->handler(call);
}

static const struct row *row_of(enum place place, uint8_t method)
{
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].place == place && rows[i].method == method)
      return &rows[i];
  return NULL;
}

/* The checks that need no store. *row NULL: refused */
static enum gc_err begin(struct gc_gm_call *call, const struct row **row)
{
  const struct gc_gm_request *request = call->request;
  const struct gc_gm_client *client = request->client;
  const enum place place = place_of(request->path, request->path_count);
  struct gc_scope_list scope;
  *row = NULL;
  if (!client)
    return refuse(call, GC_CODE(4, 1), "no token has been uploaded for this secure association");
  if (client->expires_s <= request->time.now_s)
    return refuse(call, GC_CODE(4, 1), "the token has expired");
  if (gc_scope_parse(&scope, gc_bytes(client->scope, client->scope_len), NULL))
    return refuse(call, GC_CODE(4, 1), "the token's scope cannot be read");
  if (place == NOWHERE)
    return refuse(call, GC_CODE(4, 4), "no such resource");
  if (place != COLLECTION) {
    call->granted = gc_scope_roles(&scope, request->path[1]);
    if (!call->granted)
      return refuse(call, GC_CODE(4, 3), "the token is not for this group");
    if (gc_gm_index(call->gm, request->path[1], &call->index))
      return refuse(call, GC_CODE(4, 4), "no such group");
    call->config = &call->gm->configs[call->index];
  }
  *row = row_of(place, request->method);
  return *row ? GC_OK : refuse(call, GC_CODE(4, 5), "the method is not one of this resource");
}

static uint8_t usual_code(uint8_t method)
{
  return method == DELETE ? GC_CODE(2, 2) : method == POST || method == PUT ? GC_CODE(2, 4) : GC_CODE(2, 5);
}

enum gc_err gc_gm_handle(struct gc_gm *gm, const struct gc_gm_request *request, struct gc_gm_response *response)
{
  struct gc_gm_call call = { .gm = gm, .request = request, .response = response, .time = request->time };
  const struct row *row;
  const struct gc_buf payload = response->payload;
  *response = (struct gc_gm_response){ .code = usual_code(request->method), .content_format = -1, .max_age_s = -1,
                                       .payload = gc_buf(payload.ptr, payload.cap) };
  enum gc_err err = begin(&call, &row);
  if (!err && row)
    err = gc_gm_transact(&call, serve, (void *)(uintptr_t)row);
  if (err) {
    gc_wipe(payload.ptr, payload.cap);
    *response = (struct gc_gm_response){ .content_format = -1, .max_age_s = -1, .payload = gc_buf(payload.ptr, payload.cap) };
    if (refuse(&call, err == GC_E_LIMIT ? GC_CODE(5, 3) : GC_CODE(5, 0), "the Group Manager cannot do this now"))
      response->payload.len = 0;
  }
  const struct gc_gm_event refused = { .kind = GC_GM_REFUSED, .group = call.config ? call.config->name : NULL, .why = call.why,
                                       .member = call.is_member ? &call.member : NULL };
  if (call.is_refused && gm->ops.event)
    gm->ops.event(gm->ops.ctx, &refused);
  gc_wipe(&call, sizeof call);
  return err;
}

/* --- the whole ---------------------------------------------------------------------------------------------------------------------------- */

static enum gc_err create_group(struct gc_gm *gm, size_t index, const struct gc_gm_time *time)
{
  struct gc_gm_call call = gc_gm_call(gm, index, time);
  enum gc_err err = gm->store.ops->begin(gm->store.ctx);
  if (err)
    return err;
  err = gc_gm_load(&call);
  if (err == GC_E_NOT_FOUND)
    err = gc_gm_make_group(&call);
  if (!err)
    err = gm->store.ops->commit(gm->store.ctx);
  if (err)
    gm->store.ops->rollback(gm->store.ctx);
  gc_wipe(&call, sizeof call);
  return err;
}

static enum gc_err check_configs(const struct gc_gm_config *configs, size_t count, const char **why)
{
  const char *fault = NULL;
  if (count > GC_GM_GROUPS_MAX)
    return GC_E_LIMIT;
  for (size_t i = 0; i < count && !fault; i++) {
    fault = gc_gm_config_fault(&configs[i]);
    for (size_t j = 0; j < i && !fault; j++)
      if (strcmp(configs[i].name, configs[j].name) == 0)
        return GC_E_EXISTS;
  }
  if (why)
    *why = fault;
  return fault ? GC_E_RANGE : GC_OK;
}

enum gc_err gc_gm_new(struct gc_gm **out, const struct gc_gm_config *configs, size_t count, const struct gc_gm_store *store,
                      const struct gc_gm_ops *ops, struct gc_rng rng, const struct gc_gm_time *time, const char **why)
{
  if (why)
    *why = NULL;
  enum gc_err err = check_configs(configs, count, why);
  if (err)
    return err;
  struct gc_gm *gm = calloc(1, sizeof *gm);
  if (!gm)
    return GC_E_MEMORY;
  gm->configs = configs;
  gm->config_count = count;
  gm->store = *store;
  if (ops)
    gm->ops = *ops;
  gm->rng = rng;
  for (size_t i = 0; i < count && !err; i++)
    err = create_group(gm, i, time);
  if (err)
    gc_gm_free(&gm);
  else
    *out = gm;
  return err;
}

void gc_gm_free(struct gc_gm **pointer)
{
  struct gc_gm *gm = *pointer;
  if (!gm)
    return;
  *pointer = NULL;
  free(gm->happened);
  gc_wipe(gm, sizeof *gm);
  free(gm);
}

const char *gc_gm_node_name(char out[static GC_GM_NODE_MAX], uint64_t node)
{
  snprintf(out, GC_GM_NODE_MAX, "n%llu", (unsigned long long)node);
  return out;
}

const char *gc_gm_event_name(enum gc_gm_event_kind kind)
{
  static const char *const names[] = { [GC_GM_JOINED] = "joined", [GC_GM_REJOINED] = "rejoined", [GC_GM_LEFT] = "left",
                                       [GC_GM_EVICTED] = "evicted", [GC_GM_RENEWED] = "renewed", [GC_GM_CRED_CHANGED] = "credential-changed",
                                       [GC_GM_REKEYED] = "rekeyed",
                                       [GC_GM_INACTIVE] = "inactive", [GC_GM_ACTIVE] = "active", [GC_GM_REFUSED] = "refused" };
  return kind < sizeof names / sizeof names[0] && names[kind] ? names[kind] : "";
}

enum gc_err gc_gm_identity_set(struct gc_gm_client *client, struct gc_bytes issuer, struct gc_bytes subject)
{
  const size_t len = issuer.len + 1 + subject.len;
  if (len == 1 || len > GC_GM_IDENTITY_MAX_LEN || (issuer.len && memchr(issuer.ptr, 0, issuer.len)))
    return GC_E_RANGE;
  struct gc_buf out = gc_buf(client->identity, sizeof client->identity);
  enum gc_err err = gc_buf_add(&out, issuer);
  if (!err)
    err = gc_buf_add_u8(&out, 0);
  if (!err)
    err = gc_buf_add(&out, subject);
  client->identity_len = out.len;
  return err;
}
