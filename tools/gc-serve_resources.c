#include "gc-serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/arg.h"
#include "iana/names.h"

#define METHOD(code) (1u << (code))
#define VALUE_MAX_LEN 65536

/** One of --resource: what it holds at first, and what a member was told to hold instead. */
struct value {
  struct gc_serve_resources *all;
  struct gc_resource *resource;
  char *path;
  struct gc_buf first, *now; /* now: one a member, ptr NULL: as at first */
};

struct gc_serve_resources {
  struct gc_server *server;
  uint32_t members, large_len;
  uint64_t tick_ms, next_tick_ms;
  bool is_secure, is_group_secure, also_plain;
  uint8_t *light; /* level 0 … 100, one a member */
  struct gc_resource *time_resource, *light_resource;
  struct value **values;
  size_t value_count;
};

static void protect(struct gc_resource_def *def, const struct gc_serve_resources *all)
{
  def->needs_protection = all->is_secure && !all->also_plain;
  def->is_oscore = all->is_secure;
  def->is_group_oscore = all->is_group_secure;
}

static enum gc_err put_text(struct gc_server_response *response, const char *text)
{
  return gc_buf_add(&response->body, gc_bytes_str(text));
}

/* Who is asked: a member at "any" address has only the one it was asked at, and a group request does not tell it. */
static const struct gc_addr *own_address(const struct gc_server_request *request)
{
  const struct gc_addr *own = gc_member_address(request->member);
  if (!gc_addr_is_any(own))
    return own;
  return request->is_multicast ? NULL : &request->to;
}

static enum gc_err hello(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  char text[GC_ADDR_STR_MAX];
  const struct gc_addr *own = own_address(request);
  if (!own)
    return put_text(response, "hello");
  enum gc_err err = put_text(response, "hello from ");
  return err ? err : put_text(response, gc_addr_format_host(text, own));
}

static enum gc_err tell_time(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)request;
  const struct gc_serve_resources *all = ctx;
  char text[32];
  struct tm utc;
  const time_t now = time(NULL);
  if (!gmtime_r(&now, &utc) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
    return GC_E_SYSTEM;
  response->max_age_s = (int64_t)(all->tick_ms + 999) / 1000;
  return put_text(response, text);
}

static bool read_level(uint8_t *level, struct gc_bytes text)
{
  if (gc_bytes_equal(text, gc_bytes_str("on")) || gc_bytes_equal(text, gc_bytes_str("off"))) {
    *level = text.len == 2 ? 100 : 0;
    return true;
  }
  unsigned value = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9' || value > 100)
      return false;
    value = 10 * value + (unsigned)(text.ptr[i] - '0');
  }
  *level = (uint8_t)value;
  return text.len > 0 && value <= 100;
}

static enum gc_err light(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct gc_serve_resources *all = ctx;
  uint8_t *level = &all->light[gc_member_index(request->member)];
  if (request->message->code == GC_CODE_GET) {
    char text[8];
    snprintf(text, sizeof text, "%u", *level);
    return put_text(response, *level == 0 ? "off" : *level == 100 ? "on" : text);
  }
  uint8_t wanted;
  struct gc_bytes text = request->payload;
  while (text.len > 0 && text.ptr[text.len - 1] == '\n')
    text.len--;
  if (!read_level(&wanted, text)) {
    response->code = GC_CODE_BAD_REQUEST;
    return put_text(response, "on, off or 0 ... 100");
  }
  if (wanted != *level) {
    *level = wanted;
    gc_server_changed(all->server, request->member, request->resource, request->now_ms);
  }
  return GC_OK;
}

/* Lines of 64 bytes that say where they are, so that a lost or doubled block is seen. */
static enum gc_err large(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  const struct gc_serve_resources *all = ctx;
  char own_text[GC_ADDR_STR_MAX] = "", line[128];
  const struct gc_addr *own = own_address(request);
  if (own)
    gc_addr_format_host(own_text, own);
  for (size_t at = 0; at < all->large_len; at += 64) {
    const int len = snprintf(line, sizeof line, "%05zu %s ", at, own_text);
    memset(line + len, '.', 64 - (size_t)len);
    line[63] = '\n';
    const size_t rest = all->large_len - at;
    enum gc_err err = gc_buf_add(&response->body, gc_bytes(line, rest < 64 ? rest : 64));
    if (err)
      return err;
  }
  return GC_OK;
}

static enum gc_err custom(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct value *value = ctx;
  struct gc_buf *now = &value->now[gc_member_index(request->member)];
  if (request->message->code == GC_CODE_GET)
    return gc_buf_add(&response->body, gc_buf_bytes(now->ptr ? now : &value->first));
  uint8_t *ptr = malloc(request->payload.len + 1);
  if (!ptr)
    return GC_E_MEMORY;
  if (request->payload.len > 0)
    memcpy(ptr, request->payload.ptr, request->payload.len);
  free(now->ptr);
  now->ptr = ptr;
  now->cap = now->len = request->payload.len;
  gc_server_changed(value->all->server, request->member, request->resource, request->now_ms);
  return GC_OK;
}

/* --- setting up ---------------------------------------------------------------------------------------------------- */

static const struct gc_resource_def common_def = {
  .consumes = GC_FORMAT_TEXT_PLAIN, .content_format = GC_FORMAT_TEXT_PLAIN, .is_group = true, .obey_no_response = true,
};

static enum gc_status add_built_in(struct gc_serve_resources *all, const struct gc_serve_params *params)
{
  const struct {
    const char *path, *rt;
    uint32_t methods;
    enum gc_err (*handler)(void *ctx, const struct gc_server_request *request, struct gc_server_response *response);
    uint32_t size;
    bool is_observable;
    struct gc_resource **out;
  } rows[] = {
    { "hello", NULL, METHOD(GC_CODE_GET), hello, 0, false, NULL },
    { "time", NULL, METHOD(GC_CODE_GET), tell_time, 0, true, &all->time_resource },
    { "light", "light", METHOD(GC_CODE_GET) | METHOD(GC_CODE_PUT), light, 0, true, &all->light_resource },
    { "large", NULL, METHOD(GC_CODE_GET), large, all->large_len, false, NULL },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct gc_resource_def def = common_def;
    def.path = rows[i].path;
    def.rt = rows[i].rt;
    def.methods = rows[i].methods;
    def.handler = rows[i].handler;
    def.ctx = all;
    def.size = rows[i].size;
    def.is_observable = rows[i].is_observable;
    def.suppress = params->server.suppress;
    def.max_body_len = 16;
    protect(&def, all);
    const enum gc_err err = gc_server_add_resource(all->server, rows[i].out, &def);
    if (err) {
      gc_error("/%s: %s", rows[i].path, gc_err_str(err));
      return GC_STATUS_SYSTEM;
    }
    if (def.is_observable && gc_serve_observe_enable(params, all->server, *rows[i].out))
      return GC_STATUS_SYSTEM;
  }
  return GC_STATUS_OK;
}

/* Cut ";NAME" or ";NAME=…" off the end of text; NULL: there is no such part. */
static char *cut_attribute(char *text, const char *const *names, size_t *which)
{
  char *semicolon = strrchr(text, ';');
  if (!semicolon)
    return NULL;
  for (size_t i = 0; names[i]; i++) {
    const size_t len = strlen(names[i]);
    if (strncmp(semicolon + 1, names[i], len) != 0 || (semicolon[1 + len] != '=') != (strcmp(names[i], "obs") == 0))
      continue;
    *semicolon = '\0';
    *which = i;
    return semicolon[1 + len] == '=' ? semicolon + 2 + len : semicolon + 1 + len;
  }
  return NULL;
}

static enum gc_status read_file(struct gc_buf *out, const char *name)
{
  FILE *file = fopen(name, "rb");
  if (!file) {
    gc_error("%s: %s", name, strerror(errno));
    return GC_STATUS_INPUT;
  }
  enum gc_status status = GC_STATUS_OK;
  out->ptr = malloc(VALUE_MAX_LEN + 1);
  out->cap = out->len = out->ptr ? fread(out->ptr, 1, VALUE_MAX_LEN + 1, file) : 0;
  if (!out->ptr || ferror(file)) {
    gc_error("%s: cannot be read", name);
    status = GC_STATUS_INPUT;
  } else if (out->len > VALUE_MAX_LEN) {
    gc_error("%s: longer than %d bytes", name, VALUE_MAX_LEN);
    status = GC_STATUS_INPUT;
  }
  fclose(file);
  return status;
}

static enum gc_status read_value(struct value *value, const char *text)
{
  if (text[0] == '@')
    return read_file(&value->first, text + 1);
  const size_t len = strlen(text);
  value->first = (struct gc_buf){ (uint8_t *)strdup(text), len, len };
  return value->first.ptr ? GC_STATUS_OK : GC_STATUS_SYSTEM;
}

static enum gc_status wrong_resource(const char *arg, const char *why)
{
  gc_error("--resource %s: %s", arg, why);
  return GC_STATUS_USAGE;
}

static enum gc_status add_custom(struct gc_serve_resources *all, struct value *value, const char *arg, const struct gc_serve_params *params)
{
  static const char *const names[] = { "obs", "ct", "rt", NULL };
  struct gc_resource_def def = common_def;
  value->path = strdup(arg);
  value->now = calloc(all->members, sizeof *value->now);
  if (!value->path || !value->now)
    return GC_STATUS_SYSTEM;
  size_t which;
  for (const char *attribute; (attribute = cut_attribute(value->path, names, &which));) {
    uint16_t format;
    if (which == 0)
      def.is_observable = true;
    else if (which == 2)
      def.rt = attribute;
    else if (gc_content_format_parse(&format, gc_bytes_str(attribute)))
      return wrong_resource(arg, "no such content format: a name (text, cbor, json, link-format …) or a number is accepted");
    else
      def.content_format = def.consumes = format;
  }
  char *equals = strchr(value->path, '=');
  if (!equals)
    return wrong_resource(arg, "PATH=VALUE is accepted");
  *equals = '\0';
  enum gc_status status = read_value(value, equals + 1);
  if (status)
    return status;
  def.path = value->path + (value->path[0] == '/');
  def.methods = METHOD(GC_CODE_GET) | METHOD(GC_CODE_PUT);
  def.handler = custom;
  def.ctx = value;
  def.suppress = params->server.suppress;
  def.max_body_len = VALUE_MAX_LEN;
  protect(&def, all);
  const enum gc_err err = gc_server_add_resource(all->server, &value->resource, &def);
  if (err == GC_E_EXISTS)
    return wrong_resource(arg, "there is one of that path already");
  if (err)
    return wrong_resource(arg, "its path has an empty or too long segment");
  return def.is_observable ? gc_serve_observe_enable(params, all->server, value->resource) : GC_STATUS_OK;
}

static enum gc_status add_link(struct gc_serve_resources *all, const char *arg)
{
  static const char *const names[] = { "rt", "if", NULL };
  char *text = strdup(arg);
  if (!text)
    return GC_STATUS_SYSTEM;
  const char *values[2] = { NULL, NULL };
  size_t which;
  for (const char *attribute; (attribute = cut_attribute(text, names, &which));)
    values[which] = attribute;
  enum gc_status status = GC_STATUS_OK;
  if (!strstr(text, "://") || strpbrk(text, "<>\" ")) {
    gc_error("--link %s: an absolute URI is accepted, as in coap://[ff35:30:2001:db8::1]/gp/room;rt=g.light", arg);
    status = GC_STATUS_USAGE;
  } else if (gc_server_add_link(all->server, text, values[0], values[1], -1)) {
    gc_error("--link %s: too many links", arg);
    status = GC_STATUS_USAGE;
  }
  free(text);
  return status;
}

enum gc_status gc_serve_resources_new(struct gc_serve_resources **out, struct gc_server *server, const struct gc_serve_params *params,
                                      const struct gc_serve_security *security)
{
  struct gc_serve_resources *all = calloc(1, sizeof *all);
  *out = all;
  if (!all)
    return GC_STATUS_SYSTEM;
  *all = (struct gc_serve_resources){ .server = server, .members = params->members, .large_len = params->large_len,
                                      .tick_ms = params->tick_ms, .next_tick_ms = UINT64_MAX, .is_secure = security != NULL,
                                      .is_group_secure = gc_serve_security_is_group(security), .also_plain = params->also_plain };
  all->light = calloc(params->members, sizeof *all->light);
  all->values = calloc(params->resource_count + 1, sizeof(struct value *));
  if (!all->light || !all->values) {
    gc_error("no memory left");
    return GC_STATUS_SYSTEM;
  }
  enum gc_status status = add_built_in(all, params);
  for (size_t i = 0; i < params->resource_count && !status; i++) {
    struct value *value = calloc(1, sizeof *value);
    if (!value)
      return GC_STATUS_SYSTEM;
    value->all = all;
    all->values[all->value_count++] = value;
    status = add_custom(all, value, params->resources[i], params);
  }
  for (size_t i = 0; i < params->link_count && !status; i++)
    status = add_link(all, params->links[i]);
  return status;
}

void gc_serve_resources_free(struct gc_serve_resources **resources)
{
  struct gc_serve_resources *all = *resources;
  if (!all)
    return;
  for (size_t i = 0; i < all->value_count; i++) {
    struct value *value = all->values[i];
    for (size_t m = 0; value->now && m < all->members; m++)
      free(value->now[m].ptr);
    free(value->now);
    free(value->first.ptr);
    free(value->path);
    free(value);
  }
  free(all->values);
  free(all->light);
  free(all);
  *resources = NULL;
}

/* --- the clock ----------------------------------------------------------------------------------------------------- */

uint64_t gc_serve_resources_deadline(const struct gc_serve_resources *all)
{
  if (gc_server_observers(all->server, all->time_resource) == 0)
    return UINT64_MAX;
  return all->next_tick_ms == UINT64_MAX ? 0 : all->next_tick_ms; /* the first one to watch starts the clock */
}

void gc_serve_resources_tick(struct gc_serve_resources *all, uint64_t now_ms)
{
  if (gc_server_observers(all->server, all->time_resource) == 0) {
    all->next_tick_ms = UINT64_MAX;
  } else if (all->next_tick_ms == UINT64_MAX) {
    all->next_tick_ms = now_ms + all->tick_ms;
  } else if (now_ms >= all->next_tick_ms) {
    gc_server_changed(all->server, NULL, all->time_resource, now_ms);
    all->next_tick_ms = now_ms + all->tick_ms;
  }
}
