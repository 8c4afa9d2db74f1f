/* The resources of the server: one handler for all below ace-group, those of the members as they come and go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ace/problem.h"
#include "ace/token.h"
#include "coap/message.h"
#include "crypto/secret.h"
#include "gc-manager.h"
#include "iana/names.h"
#include "iana/options.h"

enum {
  PATH_MAX_LEN = 160,
  SEGMENTS = 5,
  REQUEST_MAX_LEN = 8192,
  NEWS_MAX_LEN = 1024, /* one block: further ones would be asked for by a GET, which is answered otherwise */
};

struct entry {
  struct entry *next;
  struct gc_manager_resources *all;
  struct gc_resource *resource;
  char path[PATH_MAX_LEN];
  struct gc_bytes segments[SEGMENTS];
  size_t segment_count;
  bool is_gone;     /* its member is: 4.04 to who observes it, then it goes too */
  bool is_changed;  /* its observers are to be told */
};

struct gc_manager_resources {
  struct gc_server *server;
  struct gc_manager_db *db;
  struct gc_gm *gm;
  struct gc_manager_tokens *tokens;
  struct gc_manager_news *news;
  const struct gc_context_ace *ace;
  struct entry *first;
  bool is_dirty; /* some are gone or changed */
};

/* --- one request -------------------------------------------------------------------------------------------------------------- */

/* Who is not known learns where tokens are to be had (RFC 9200, Section 5.3). */
static enum gc_err hint(const struct gc_manager_resources *all, struct gc_server_response *response)
{
  struct gc_as_hints hints = { .present = GC_PARAM_BIT(GC_HINT_AUDIENCE), .audience = gc_bytes_str(all->ace->audience) };
  if (all->ace->as_uri) {
    hints.as_uri = gc_bytes_str(all->ace->as_uri);
    hints.present |= GC_PARAM_BIT(GC_HINT_AS);
  }
  response->code = GC_CODE(4, 1);
  response->content_format = GC_FORMAT_ACE_CBOR;
  return gc_as_hints_write(&response->body, &hints);
}

static enum gc_err tell_gone(struct gc_server_response *response)
{
  response->code = GC_CODE(4, 4);
  response->content_format = GC_FORMAT_CONCISE_PROBLEM_DETAILS;
  return gc_groupcomm_error_write(&response->body, GC_GROUPCOMM_MEMBERSHIP_TERMINATED, NULL);
}

static void add_location(struct gc_server_response *response, const struct gc_gm_response *from)
{
  gc_builder_add_str(response->options, GC_OPTION_LOCATION_PATH, "ace-group");
  gc_builder_add_str(response->options, GC_OPTION_LOCATION_PATH, from->group);
  gc_builder_add_str(response->options, GC_OPTION_LOCATION_PATH, "nodes");
  gc_builder_add_str(response->options, GC_OPTION_LOCATION_PATH, from->node);
}

/* Who observes the group is rekeyed by the notification (RFC 9594, Section 6.1): it says what Section 11.1 of draft-ietf-ace-key-
 * groupcomm-oscore wants of a rekeying message, stale Sender IDs above all, so that nobody has to ask for them. */
static void put_news(const struct entry *entry, struct gc_server_response *response)
{
  char group[GC_GROUP_NAME_MAX_LEN + 1];
  struct gc_bytes message;
  snprintf(group, sizeof group, "%.*s", (int)entry->segments[1].len, (const char *)entry->segments[1].ptr);
  if (gc_manager_news_of(entry->all->news, group, &message) || message.len > NEWS_MAX_LEN)
    return; /* the keys as they are now, then */
  gc_wipe(response->body.ptr, response->body.len);
  response->body.len = 0;
  (void)!gc_buf_add(&response->body, message);
}

static enum gc_err handle(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  const struct entry *entry = ctx;
  struct gc_manager_token *token = gc_manager_tokens_of(entry->all->tokens, request);
  uint32_t format = 0;
  struct gc_gm_response answer = { .payload = response->body };
  if (entry->is_gone)
    return tell_gone(response);
  if (!token)
    return hint(entry->all, response);
  const struct gc_gm_request asked = { .client = &token->client, .method = request->message->code, .path = entry->segments,
                                       .path_count = entry->segment_count, .payload = request->payload, .time = gc_manager_time(),
                                       .content_format = gc_option_find_uint(request->message->options, GC_OPTION_CONTENT_FORMAT, &format) ? (int32_t)format : -1 };
  const enum gc_err err = gc_gm_handle(entry->all->gm, &asked, &answer);
  if (err) /* of the store: the answer says 5.00 already */
    (void)gc_manager_explain(entry->all->db, err, "a request");
  response->code = answer.code;
  response->content_format = answer.content_format;
  response->max_age_s = answer.max_age_s;
  response->body.len = answer.payload.len;
  if (request->is_notification && entry->segment_count == 2 && answer.code == GC_CODE(2, 5))
    put_news(entry, response);
  if (answer.has_location)
    add_location(response, &answer);
  return GC_OK;
}

/* --- adding ---------------------------------------------------------------------------------------------------------------------- */

static void split(struct entry *entry)
{
  for (const char *at = entry->path; *at && entry->segment_count < SEGMENTS;) {
    const char *end = strchrnul(at, '/');
    entry->segments[entry->segment_count++] = gc_bytes(at, (size_t)(end - at));
    at = *end ? end + 1 : end;
  }
}

/* Which methods there are is the Group Manager's matter: it knows the table of Section 8.5. */
static enum gc_err add(struct gc_manager_resources *all, const char *path, bool is_observable)
{
  const uint32_t methods = 1u << GC_CODE_GET | 1u << GC_CODE_POST | 1u << GC_CODE_PUT | 1u << GC_CODE_DELETE | 1u << GC_CODE_FETCH;
  struct entry *entry = calloc(1, sizeof *entry);
  if (!entry)
    return GC_E_MEMORY;
  snprintf(entry->path, sizeof entry->path, "%s", path);
  entry->all = all;
  split(entry);
  const bool is_group = entry->segment_count == 2;
  const struct gc_resource_def def = { .path = entry->path, .methods = methods, .handler = handle, .ctx = entry, .rt = is_group ? "core.osc.gm" : NULL,
                                       .ifdesc = is_group ? "ace.group" : NULL, .content_format = is_group ? GC_FORMAT_ACE_GROUPCOMM : -1,
                                       .consumes = -1, .is_hidden = !is_group, .is_observable = is_observable, .is_oscore = true,
                                       .max_body_len = REQUEST_MAX_LEN };
  enum gc_err err = gc_server_add_resource(all->server, &entry->resource, &def);
  if (err) {
    free(entry);
    return err == GC_E_EXISTS ? GC_OK : err;
  }
  entry->next = all->first;
  all->first = entry;
  return GC_OK;
}

static enum gc_err add_member(struct gc_manager_resources *all, const char *group, uint64_t number)
{
  char node[GC_GM_NODE_MAX], path[PATH_MAX_LEN];
  snprintf(path, sizeof path, "ace-group/%s/nodes/%s", group, gc_gm_node_name(node, number));
  enum gc_err err = add(all, path, true);
  snprintf(path, sizeof path, "ace-group/%s/nodes/%s/cred", group, node);
  return err ? err : add(all, path, false);
}

struct members {
  struct gc_manager_resources *all;
  const char *group;
  enum gc_err err;
};

static bool add_each(void *ctx, const struct gc_gm_member *member, bool needs_rekeying)
{
  struct members *members = ctx;
  (void)needs_rekeying;
  members->err = add_member(members->all, members->group, member->node);
  return members->err == GC_OK;
}

static enum gc_err add_group(struct gc_manager_resources *all, const char *group)
{
  static const char *const below[] = { "", "/active", "/verif-data", "/creds", "/kdc-cred", "/stale-sids", "/policies", "/num" };
  char path[PATH_MAX_LEN];
  struct members members = { all, group, GC_OK };
  enum gc_err err = GC_OK;
  for (size_t i = 0; i < sizeof below / sizeof below[0] && !err; i++) {
    snprintf(path, sizeof path, "ace-group/%s%s", group, below[i]);
    err = add(all, path, i < 2);
  }
  if (!err)
    err = gc_gm_members(all->gm, group, add_each, &members);
  return err ? err : members.err;
}

struct gc_manager_resources *gc_manager_resources_new(struct gc_server *server, struct gc_manager_db *db, struct gc_gm *gm,
                                                      struct gc_manager_tokens *tokens, struct gc_manager_news *news, const struct gc_context_ace *ace)
{
  struct gc_manager_resources *all = calloc(1, sizeof *all);
  const struct gc_gm_config *config;
  if (!all) {
    gc_error("no memory left");
    return NULL;
  }
  *all = (struct gc_manager_resources){ .server = server, .db = db, .gm = gm, .tokens = tokens, .news = news, .ace = ace };
  enum gc_err err = add(all, "ace-group", false);
  for (size_t i = 0; !err && (config = gc_gm_config_at(gm, i)); i++)
    err = add_group(all, config->name);
  if (err) {
    gc_error("the resources of the groups cannot be made: %s", gc_err_str(err));
    gc_manager_resources_free(&all);
  }
  return all;
}

void gc_manager_resources_free(struct gc_manager_resources **pointer)
{
  struct gc_manager_resources *all = *pointer;
  if (!all)
    return;
  *pointer = NULL;
  for (struct entry *entry = all->first, *next; entry; entry = next) {
    next = entry->next;
    free(entry);
  }
  free(all);
}

/* --- what happens ---------------------------------------------------------------------------------------------------------------- */

static bool is_of(const struct entry *entry, const char *group, const char *node)
{
  return entry->segment_count >= (node ? 4u : 2u) && gc_bytes_equal(entry->segments[1], gc_bytes_str(group)) &&
         (!node || gc_bytes_equal(entry->segments[3], gc_bytes_str(node)));
}

/* active says whether the group is active, and everything else what its keys are. */
static bool concerns(const struct entry *entry, const struct gc_gm_event *event)
{
  const bool is_active = entry->segment_count == 3 && gc_bytes_equal(entry->segments[2], gc_bytes_str("active"));
  return is_active == (event->kind == GC_GM_INACTIVE || event->kind == GC_GM_ACTIVE);
}

static void mark(struct gc_manager_resources *all, const struct gc_gm_event *event)
{
  char node[GC_GM_NODE_MAX];
  const bool is_end = event->kind == GC_GM_LEFT || event->kind == GC_GM_EVICTED;
  const char *name = is_end ? gc_gm_node_name(node, event->member->node) : NULL;
  for (struct entry *entry = all->first; entry; entry = entry->next) {
    if (!is_of(entry, event->group, name) || !concerns(entry, event))
      continue;
    entry->is_gone = entry->is_gone || is_end;
    entry->is_changed = true; /* only the group, active and nodes/N can be observed */
  }
  all->is_dirty = true;
}

bool gc_manager_resources_tell_end(const struct gc_manager_resources *all, const struct gc_gm_event *event)
{
  char node[GC_GM_NODE_MAX];
  if (event->kind != GC_GM_EVICTED)
    return false;
  gc_gm_node_name(node, event->member->node);
  for (const struct entry *entry = all->first; entry; entry = entry->next)
    if (entry->segment_count == 4 && is_of(entry, event->group, node))
      return gc_server_observers(all->server, entry->resource) > 0;
  return false;
}

void gc_manager_resources_event(struct gc_manager_resources *all, const struct gc_gm_event *event)
{
  switch (event->kind) {
  case GC_GM_JOINED:
    if (add_member(all, event->group, event->member->node))
      gc_warn("no memory for the resources of a new member");
    break;
  case GC_GM_LEFT:
  case GC_GM_EVICTED:
  case GC_GM_REKEYED:
  case GC_GM_INACTIVE:
  case GC_GM_ACTIVE: mark(all, event); break;
  default: break;
  }
}

void gc_manager_resources_tick(struct gc_manager_resources *all, uint64_t now_ms)
{
  if (!all->is_dirty)
    return;
  all->is_dirty = false;
  for (struct entry **at = &all->first, *entry; (entry = *at);) {
    if (entry->is_gone) {
      *at = entry->next;
      gc_server_remove_resource(all->server, &entry->resource, now_ms);
      free(entry);
      continue;
    }
    if (entry->is_changed)
      gc_server_changed(all->server, NULL, entry->resource, now_ms);
    entry->is_changed = false;
    at = &entry->next;
  }
}
