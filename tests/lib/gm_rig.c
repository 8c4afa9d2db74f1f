#include "gm_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ace/problem.h"
#include "coap/message.h"
#include "cose/key.h"
#include "exact.h"
#include "hexval.h"

static void must(bool holds, const char *what)
{
  if (holds)
    return;
  fprintf(stderr, "gm_rig: %s\n", what);
  abort();
}

static void fill(void *ctx, uint8_t *out, size_t len)
{
  struct gm_rig *rig = ctx;
  for (; len && rig->script_at < rig->script_len; len--)
    *out++ = rig->script[rig->script_at++];
  struct gc_rng rest = gc_rng_seeded(&rig->seed);
  rest.fill(rest.ctx, out, len);
}

void gm_rig_random(struct gm_rig *rig, const char *hex)
{
  const struct gc_bytes bytes = hexval(hex);
  memcpy(rig->script, bytes.ptr, bytes.len);
  rig->script_len = bytes.len;
  rig->script_at = 0;
}

static void on_event(void *ctx, const struct gc_gm_event *event)
{
  struct gm_rig *rig = ctx;
  if (rig->hook)
    rig->hook(rig->hook_ctx, event);
  if (rig->event_count < GM_RIG_EVENTS_MAX) {
    struct gm_rig_event *kept = &rig->events[rig->event_count];
    *kept = (struct gm_rig_event){ .kind = event->kind, .num = event->num, .why = event->why };
    snprintf(kept->group, sizeof kept->group, "%s", event->group ? event->group : "");
    if (event->member) {
      gc_gm_node_name(kept->node, event->member->node);
      snprintf(kept->control_uri, sizeof kept->control_uri, "%s", event->member->control_uri);
    }
  }
  rig->event_count++;
}

size_t gm_rig_count(const struct gm_rig *rig, enum gc_gm_event_kind kind)
{
  size_t count = 0;
  for (size_t i = 0; i < rig->event_count && i < GM_RIG_EVENTS_MAX; i++)
    count += rig->events[i].kind == kind;
  return count;
}

static void key_of(struct gc_key_pair *pair, uint8_t seed)
{
  uint8_t bytes[32];
  memset(bytes, seed, sizeof bytes);
  must(gc_key_pair_set(pair, GC_CURVE_ED25519, gc_bytes(bytes, 32)) == GC_OK, "a key");
}

/* as in the worked examples: with the algorithm in the key */
static struct gc_bytes ccs_of(uint8_t *room, size_t cap, const struct gc_public_key *key, const char *name)
{
  struct gc_buf out = gc_buf(room, cap);
  struct gc_cbor_writer writer = gc_cbor_writer(&out);
  gc_cbor_map(&writer, 2);
  gc_cbor_uint(&writer, 2);
  gc_cbor_str(&writer, name);
  gc_cbor_uint(&writer, 8);
  gc_cbor_map(&writer, 1);
  gc_cbor_uint(&writer, 1);
  gc_cose_key_write(&writer, key, GC_ALG_EDDSA);
  must(gc_cbor_finish(&writer) == GC_OK, "a credential");
  return gc_buf_bytes(&out);
}

void gm_rig_start(struct gm_rig *rig, size_t groups)
{
  static const char *const names[] = { "group1", "group2", "group3", "group4" };
  char why[256];
  *rig = (struct gm_rig){ .config_count = groups, .seed = 1, .time = { 1000000, GM_RIG_NOW_S } };
  must(gc_manager_db_open(&rig->db, NULL, why) == GC_OK, why);
  rig->store = gc_manager_db_store(rig->db);
  key_of(&rig->pair, 0x22);
  const struct gc_bytes cred = ccs_of(rig->cred, sizeof rig->cred, &rig->pair.public_key, "gm");
  for (size_t i = 0; i < groups; i++) {
    rig->configs[i] = gc_gm_config_default();
    rig->configs[i].name = names[i];
    rig->configs[i].pair = &rig->pair;
    rig->configs[i].cred = cred;
  }
}

void gm_rig_run(struct gm_rig *rig)
{
  const struct gc_gm_ops ops = { on_event, rig };
  const char *why;
  const enum gc_err err = gc_gm_new(&rig->gm, rig->configs, rig->config_count, &rig->store, &ops, (struct gc_rng){ fill, rig }, &rig->time, &why);
  must(err == GC_OK, why ? why : gc_err_str(err));
}

void gm_rig_restart(struct gm_rig *rig)
{
  gc_gm_free(&rig->gm);
  gm_rig_run(rig);
}

void gm_rig_stop(struct gm_rig *rig)
{
  gc_gm_free(&rig->gm);
  gc_manager_db_close(&rig->db);
}

void gm_node_make(struct gm_node *node, const struct gm_rig *rig, uint8_t seed, const char *name, const char *scope)
{
  const struct gc_bytes bytes = edn(scope);
  node->client = (struct gc_gm_client){ .scope_len = bytes.len, .expires_s = GC_GM_NEVER };
  memcpy(node->client.scope, bytes.ptr, bytes.len);
  must(gc_gm_identity_set(&node->client, gc_bytes_str("coap://as.example"), gc_bytes_str(name)) == GC_OK, "an identity");
  key_of(&node->pair, seed);
  node->cred = ccs_of(node->cred_room, sizeof node->cred_room, &node->pair.public_key, name);
  memset(node->n_c, seed, sizeof node->n_c);
  if (rig->gm)
    gc_gm_challenge(rig->gm, &node->client);
}

int gm_rig_ask(struct gm_rig *rig, struct gm_node *node, uint8_t method, const char *path, int32_t format, struct gc_bytes payload)
{
  struct gc_bytes segments[8];
  size_t count = 0;
  for (const char *at = path; *at && count < 8; count++) {
    const char *end = strchrnul(at, '/');
    segments[count] = gc_bytes(at, (size_t)(end - at));
    at = *end ? end + 1 : end;
  }
  const struct gc_gm_request request = { .client = node ? &node->client : NULL, .method = method, .path = segments, .path_count = count,
                                         .content_format = format, .payload = payload, .time = rig->time };
  rig->event_count = 0;
  rig->response.payload = gc_buf(rig->payload, sizeof rig->payload);
  rig->result = gc_gm_handle(rig->gm, &request, &rig->response);
  return 100 * GC_CODE_CLASS(rig->response.code) + GC_CODE_DETAIL(rig->response.code);
}

struct gc_groupcomm gm_rig_join_request(struct gm_rig *rig, struct gm_node *node, const char *group, uint64_t roles)
{
  static uint8_t scope_room[128], input_room[512], proof_room[256];
  struct gc_buf scope = gc_buf(scope_room, sizeof scope_room), input = gc_buf(input_room, sizeof input_room), proof = gc_buf(proof_room, sizeof proof_room);
  const struct gc_scope_entry entry = { .kind = GC_SCOPE_USER, .name = gc_bytes_str(group), .permissions = roles };
  const struct gc_gm_config *config = gc_gm_config_of(rig->gm, gc_bytes_str(group));
  const enum gc_proof_kind kind = config && !gc_gm_signs(config) ? GC_PROOF_MAC : GC_PROOF_SIGNATURE;
  must(gc_scope_entry_write(&scope, &entry) == GC_OK, "a scope");
  must(gc_proof_client_input(&input, gc_buf_bytes(&scope), gc_bytes(node->client.challenge, 8), gc_bytes(node->n_c, 8)) == GC_OK, "an input");
  must(gc_proof_make(&proof, kind, &node->pair, &rig->pair.public_key, gc_buf_bytes(&input)) == GC_OK, "a proof");
  struct gc_groupcomm request = { .present = GC_PARAM_BIT(GC_GROUPCOMM_SCOPE) | GC_PARAM_BIT(GC_GROUPCOMM_CNONCE), .scope = gc_buf_bytes(&scope),
                                  .cnonce = gc_bytes(node->n_c, 8), .client_cred = node->cred, .client_cred_verify = gc_buf_bytes(&proof) };
  if (gc_roles_send(roles))
    request.present |= GC_PARAM_BIT(GC_GROUPCOMM_CLIENT_CRED) | GC_PARAM_BIT(GC_GROUPCOMM_CLIENT_CRED_VERIFY);
  return request;
}

struct gc_bytes gm_rig_write(const struct gc_groupcomm *message)
{
  static uint8_t room[4][4096];
  static size_t turn;
  struct gc_buf out = gc_buf(room[turn++ % 4], sizeof room[0]);
  must(gc_groupcomm_write(&out, message) == GC_OK, "a message");
  return gc_buf_bytes(&out);
}

int gm_rig_join(struct gm_rig *rig, struct gm_node *node, const char *group, uint64_t roles)
{
  char path[128];
  const struct gc_groupcomm request = gm_rig_join_request(rig, node, group, roles);
  snprintf(path, sizeof path, "ace-group/%s", group);
  return gm_rig_ask(rig, node, GM_POST, path, 261, gm_rig_write(&request));
}

const char *gm_rig_node_path(const struct gm_rig *rig)
{
  static char path[4][160];
  static size_t turn;
  char *out = path[turn++ % 4];
  must(rig->response.has_location, "no location");
  snprintf(out, sizeof path[0], "ace-group/%s/nodes/%s", rig->response.group, rig->response.node);
  return out;
}

int gm_rig_error_id(const struct gm_rig *rig)
{
  struct gc_problem problem;
  if (rig->response.content_format != 257 || gc_problem_parse(&problem, gc_buf_bytes(&rig->response.payload), NULL))
    return -2;
  return problem.has_error_id ? (int)problem.error_id : -1;
}

bool gm_rig_member(struct gm_rig *rig, const char *group, uint64_t number, struct gc_gm_member *out)
{
  const struct gc_gm_find find = { .by = GC_GM_BY_NODE, .number = number };
  return rig->store.ops->member_get(rig->store.ctx, group, &find, out) == GC_OK;
}
