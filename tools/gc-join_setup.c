/* The beginning and the end of a run: what is known from files and the command line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gc-join.h"

static enum gc_status find(struct gc_destination *to, const char *uri, const struct gc_join_options *options)
{
  const struct gc_destination_query query = { .uri = uri, .interface = options->common.interface };
  char why[GC_WHY_LEN];
  enum gc_status status = gc_destination_find(to, &query, why);
  if (!status && to->is_group) {
    snprintf(why, sizeof why, "%.180s: a group of endpoints, where one server is expected", uri);
    status = GC_STATUS_USAGE;
  }
  if (status)
    gc_error("%s", why);
  return status;
}

/* The path of a URI, and the last segment of it: the group's name. */
static enum gc_status split_path(const struct gc_uri *uri, char path[static GC_JOIN_PATH_MAX], char gname[static GC_GROUP_NAME_MAX_LEN + 1])
{
  const struct gc_bytes text = uri->path;
  size_t end = text.len, begin;
  while (end > 0 && text.ptr[end - 1] == '/')
    end--;
  for (begin = end; begin > 0 && text.ptr[begin - 1] != '/';)
    begin--;
  if (end == begin || end >= GC_JOIN_PATH_MAX || end - begin > GC_GROUP_NAME_MAX_LEN || begin < 2) {
    gc_error("--gm: the URI ends in no group's name: coap://HOST/ace-group/NAME is expected");
    return GC_STATUS_USAGE;
  }
  memcpy(path, text.ptr, end);
  path[end] = '\0';
  memcpy(gname, text.ptr + begin, end - begin);
  gname[end - begin] = '\0';
  return GC_STATUS_OK;
}

static struct gc_join_server server_of(const struct gc_destination *to, const char *path)
{
  return (struct gc_join_server){ .addr = to->targets[0], .ifindex = to->ifindex, .host = to->uri.host == GC_HOST_NAME ? to->uri.name : NULL,
                                  .path = path };
}

static enum gc_status set_paths(struct gc_join_session *session, const char *path)
{
  if (strlen(path) + 16 > GC_JOIN_PATH_LEN) {
    gc_error("%s: too long a path", path);
    return GC_STATUS_INPUT;
  }
  strcpy(session->path, path);
  snprintf(session->record_path, sizeof session->record_path, "%s.join", session->path);
  snprintf(session->gm_path, sizeof session->gm_path, "%s.gm", session->path);
  return GC_STATUS_OK;
}

static enum gc_status read_key(struct gc_join_session *session, const char *path)
{
  enum gc_err err = gc_key_file_read(&session->key, path, gc_context_tell, NULL);
  return err == GC_E_MEMORY ? GC_STATUS_SYSTEM : err ? GC_STATUS_INPUT : GC_STATUS_OK;
}

/* The path of an Authorization Server's URI is its token endpoint; one without a path means /token. */
enum gc_status gc_join_use_as(struct gc_join_session *session, struct gc_join_server *as)
{
  const struct gc_bytes path = session->as.uri.path;
  if (path.len >= sizeof session->as_uri_path) {
    gc_error("the path of the Authorization Server is too long");
    return GC_STATUS_USAGE;
  }
  if (path.len > 1)
    memcpy(session->as_uri_path, path.ptr, path.len);
  session->as_uri_path[path.len > 1 ? path.len : 0] = '\0';
  if (path.len <= 1)
    strcpy(session->as_uri_path, "/token");
  *as = server_of(&session->as, session->as_uri_path);
  return gc_join_session_socket(session, &session->as);
}

static enum gc_status start_client(struct gc_join_session *session, uint64_t roles, const struct gc_join_server *as)
{
  struct gc_join_params params = gc_join_params_default();
  const struct gc_join_file *record = session->record;
  params.gm = server_of(&session->gm, session->gm_uri_path);
  params.has_as = record->as[0] != '\0';
  params.as = *as;
  params.as_context = session->as_context.oscore;
  params.as_ring = session->as_ring;
  params.audience = gc_bytes_str(record->audience);
  params.gname = gc_bytes_str(session->gname);
  params.roles = roles;
  if (session->key) {
    params.pair = &session->key->pair;
    params.cred = gc_bytes(session->key->cred, session->key->cred_len);
    params.cred_fmt = session->key->cred_fmt;
  }
  params.control_uri = gc_bytes_str(record->control_uri);
  params.wants_creds = !session->options->no_creds;
  params.wait_ms = (uint32_t)session->options->wait_ms;
  return gc_join_session_start(session, &params);
}

static enum gc_status start(struct gc_join_session *session)
{
  struct gc_where where = { 0, "" };
  struct gc_join_server as = { .path = NULL };
  uint64_t roles;
  if (gc_roles_parse(&roles, gc_bytes_str(session->record->roles), &where)) {
    gc_error("--role %s: %s; requester, responder and monitor can join", session->record->roles, where.phrase);
    return GC_STATUS_USAGE;
  }
  const char *fault = gc_roles_join_fault(roles);
  if (fault) {
    gc_error("--role %s: %s", session->record->roles, fault);
    return GC_STATUS_USAGE;
  }
  if (gc_roles_send(roles) && !session->key) {
    gc_error("--key FILE is missing: a requester or responder needs a key (gc-keygen key)");
    return GC_STATUS_USAGE;
  }
  enum gc_status status = gc_join_session_open(session);
  if (!status)
    status = find(&session->gm, session->record->gm, session->options);
  if (!status)
    status = split_path(&session->gm.uri, session->gm_uri_path, session->gname);
  if (!status)
    status = gc_join_session_socket(session, &session->gm);
  if (!status && session->record->as[0])
    status = find(&session->as, session->record->as, session->options);
  if (!status && session->record->as[0])
    status = gc_join_use_as(session, &as);
  return status ? status : start_client(session, roles, &as);
}

static enum gc_status open_out(struct gc_join_session *session, const struct gc_join_options *options)
{
  *session = (struct gc_join_session){ .options = options, .sockets = { SIZE_MAX, SIZE_MAX } };
  session->out = gc_out_new(1, (enum gc_color_when)options->common.color, false);
  session->ring = gc_oscore_ring_new();
  session->as_ring = gc_oscore_ring_new();
  if (session->out && session->ring && session->as_ring)
    return GC_STATUS_OK;
  gc_error("no memory left");
  return GC_STATUS_SYSTEM;
}

static bool keep(char out[static GC_JOIN_FILE_TEXT_MAX], const char *text)
{
  return !text || gc_join_text_set(out, text) == GC_OK;
}

/* Files are found again from any folder. */
bool gc_join_keep_path(char out[static GC_JOIN_FILE_TEXT_MAX], const char *path)
{
  char *real = path ? realpath(path, NULL) : NULL;
  const bool is_kept = keep(out, real ? real : path);
  free(real);
  return is_kept;
}

static enum gc_status merge(struct gc_join_file *record, const struct gc_join_options *options)
{
  if (keep(record->gm, options->gm) && keep(record->as, options->as) && keep(record->audience, options->audience) &&
      keep(record->control_uri, options->control_uri) && keep(record->roles, options->roles))
    return GC_STATUS_OK;
  gc_error("an option is longer than %d characters", GC_JOIN_FILE_TEXT_MAX - 1);
  return GC_STATUS_USAGE;
}

/* KEY without its suffix, and .as.json */
static void beside_key(char out[static GC_JOIN_PATH_LEN], const char *key)
{
  const char *slash = strrchr(key, '/'), *name = slash ? slash + 1 : key, *dot = strrchr(name, '.');
  const size_t len = dot && dot > name ? (size_t)(dot - key) : strlen(key);
  snprintf(out, GC_JOIN_PATH_LEN, "%.*s.as.json", (int)(len < GC_JOIN_PATH_LEN - 16 ? len : GC_JOIN_PATH_LEN - 16), key);
}

enum gc_status gc_join_session_begin(struct gc_join_session *session, const struct gc_join_options *options)
{
  char beside[GC_JOIN_PATH_LEN] = "";
  enum gc_status status = open_out(session, options);
  if (!status)
    status = set_paths(session, options->out);
  if (!status && !(session->record = gc_join_file_new()))
    status = GC_STATUS_SYSTEM;
  if (!status)
    status = merge(session->record, options);
  if (!status && options->key)
    status = read_key(session, options->key);
  if (!status && options->key && !gc_join_keep_path(session->record->key, options->key))
    status = GC_STATUS_INPUT;
  if (!status && options->key)
    beside_key(beside, options->key);
  if (!status && !options->context && !beside[0]) {
    gc_error("--key FILE is missing: a requester or responder needs a key (gc-keygen key); a monitor may have none, and needs -g FILE, the context "
             "with the Authorization Server (gc-as client add writes it)");
    status = GC_STATUS_USAGE;
  }
  if (!status)
    status = gc_join_open_as(session, options->context ? options->context : beside, true);
  if (!status && !gc_join_keep_path(session->record->as_context, options->context ? options->context : beside))
    status = GC_STATUS_INPUT;
  return status ? status : start(session);
}

void gc_join_session_renew(struct gc_join_session *session)
{
  const uint64_t renew_s = session->record->renew_s;
  if (renew_s && gc_wall_us() / 1000000 >= renew_s && gc_join_renew_token(session->join) == GC_OK)
    gc_info(1, "another token is due");
}

static enum gc_status resume(struct gc_join_session *session)
{
  const struct gc_join_file *record = session->record;
  struct gc_context_file *group = gc_join_peek_group(session);
  const bool is_pairwise_only = group && group->sign_alg == GC_ALG_UNSET;
  const struct gc_join_kept kept = {
    .token = gc_join_bytes_get(&record->token), .material = gc_join_bytes_get(&record->material), .context = session->association.oscore,
    .ring = session->association.oscore ? session->ring : NULL, .node = record->node, .n_s = gc_join_bytes_get(&record->n_s),
    .n_c = gc_join_bytes_get(&record->n_c), .dh_cred = is_pairwise_only ? group->gm_cred : gc_bytes(NULL, 0),
  };
  const enum gc_err err = gc_join_resume(session->join, &kept);
  gc_context_file_free(&group);
  if (!err) {
    gc_join_session_renew(session);
    return GC_STATUS_OK;
  }
  gc_error("%s: a value is too long, or no credential of a Group Manager", session->record_path);
  return GC_STATUS_INPUT;
}

bool gc_join_is_joined(const char *path)
{
  char record_path[GC_JOIN_PATH_LEN + 16];
  snprintf(record_path, sizeof record_path, "%s.join", path);
  if (access(record_path, F_OK) == 0)
    return true;
  gc_error("%s: %s; name the context file that gc-join --gm … --out wrote", record_path, strerror(errno));
  return false;
}

enum gc_status gc_join_session_resume(struct gc_join_session *session, const struct gc_join_options *options, unsigned association_uses)
{
  enum gc_status status = open_out(session, options);
  session->association_uses = association_uses;
  if (!status)
    status = set_paths(session, options->operands[0]);
  if (!status && gc_join_file_read(&session->record, session->record_path, gc_context_tell, NULL))
    status = GC_STATUS_INPUT;
  if (!status)
    status = merge(session->record, options);
  if (!status && session->record->key[0])
    status = read_key(session, session->record->key);
  if (!status && (options->context || session->record->as_context[0]))
    status = gc_join_open_as(session, options->context ? options->context : session->record->as_context, options->context != NULL);
  if (!status)
    status = gc_join_open_association(session);
  if (!status)
    status = start(session);
  return status ? status : resume(session);
}

enum gc_status gc_join_session_reload(struct gc_join_session *session)
{
  struct gc_join_file *now;
  if (access(session->record_path, F_OK)) {
    gc_error("%s: %s: another command has ended this membership", session->record_path, strerror(errno));
    return GC_STATUS_SECURITY;
  }
  if (gc_join_file_read(&now, session->record_path, gc_context_tell, NULL))
    return GC_STATUS_INPUT;
  *session->record = *now;
  gc_join_file_free(&now);
  return merge(session->record, session->options);
}

enum gc_status gc_join_session_save(struct gc_join_session *session)
{
  (void)!gc_join_bytes_set(&session->record->n_s, gc_join_challenge(session->join));
  (void)!gc_join_bytes_set(&session->record->n_c, gc_join_nonce(session->join));
  enum gc_err err = gc_join_file_write(session->record, session->record_path);
  if (!err)
    return GC_STATUS_OK;
  gc_error("%s: %s", session->record_path, err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
  return GC_STATUS_SYSTEM;
}

struct gc_context_file *gc_join_session_group(struct gc_join_session *session, enum gc_status *status)
{
  return gc_context_read(session->path, session->options->common.strict, status);
}

static enum gc_status close_context(struct gc_context *context)
{
  return context->path ? gc_context_close(context) : GC_STATUS_OK;
}

enum gc_status gc_join_session_end(struct gc_join_session *session)
{
  enum gc_status status = GC_STATUS_OK;
  gc_join_free(&session->join, gc_now_ms());
  gc_client_free(&session->client);
  for (size_t i = 0; i < GC_JOIN_RETIRED_MAX; i++)
    status = gc_status_max(status, close_context(&session->retired[i]));
  status = gc_status_max(status, close_context(&session->association));
  status = gc_status_max(status, close_context(&session->as_context));
  gc_oscore_ring_free(&session->ring);
  gc_oscore_ring_free(&session->as_ring);
  gc_key_file_free(&session->key);
  gc_join_file_free(&session->record);
  status = gc_status_max(status, gc_node_close(&session->node));
  if (!gc_out_close(&session->out)) {
    gc_error("stdout: %s", strerror(errno));
    status = GC_STATUS_SYSTEM;
  }
  return status;
}
