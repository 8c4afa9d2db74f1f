/* Resources of a server: by their path, and with their link. */
#include "group/server_group.h"

#include <stdlib.h>
#include <string.h>

#define LEN(array) (sizeof(array) / sizeof *(array))

void gc_resource_free(struct gc_resource *resource)
{
  free(resource->link.text);
  gc_group_policy_free(&resource->policy);
  free(resource->path);
  free(resource);
}

static enum gc_err split_path(struct gc_resource *resource, const char *path)
{
  for (const char *segment = path;;) {
    size_t len = strcspn(segment, "/");
    if (len == 0 || len > 255 || resource->segment_count == LEN(resource->segments))
      return GC_E_RANGE;
    resource->segments[resource->segment_count++] = gc_bytes(segment, len);
    if (segment[len] == '\0')
      return GC_OK;
    segment += len + 1;
  }
}

static uint64_t hash_of_resource(const struct gc_server *server, const struct gc_resource *resource)
{
  uint64_t hash = server->address_key;
  for (size_t i = 0; i < resource->segment_count; i++)
    hash = gc_server_path_hash(hash, resource->segments[i]);
  return hash;
}

static bool is_there(const struct gc_server *server, const struct gc_resource *resource)
{
  for (struct gc_link *link = gc_table_find(&server->resources_by_path, hash_of_resource(server, resource)); link; link = gc_table_find_next(link))
    if (strcmp(GC_CONTAINER(link, struct gc_resource, by_path)->path, resource->path) == 0)
      return true;
  return false;
}

static enum gc_err fill_resource(struct gc_server *server, struct gc_resource *resource, const struct gc_resource_def *def)
{
  resource->def = *def;
  resource->path = strdup(def->path);
  enum gc_err err = resource->path ? split_path(resource, resource->path) : GC_E_MEMORY;
  if (!err && is_there(server, resource))
    err = GC_E_EXISTS;
  if (!err && !def->is_hidden)
    err = gc_server_link_make(&resource->link, def, NULL);
  return err ? err : gc_table_add(&server->resources_by_path, &resource->by_path, hash_of_resource(server, resource));
}

enum gc_err gc_server_add_resource(struct gc_server *server, struct gc_resource **out, const struct gc_resource_def *def)
{
  if (def->path[0] == '/' || !def->handler)
    return GC_E_RANGE;
  struct gc_resource *resource = calloc(1, sizeof *resource);
  enum gc_err err = resource ? fill_resource(server, resource, def) : GC_E_MEMORY;
  if (err) {
    if (resource)
      gc_resource_free(resource);
    return err;
  }
  resource->def.path = resource->path;
  resource->def.rt = resource->def.ifdesc = resource->def.title = NULL;
  *server->resources_end = resource;
  server->resources_end = &resource->next;
  if (out)
    *out = resource;
  return GC_OK;
}

size_t gc_server_observers(const struct gc_server *server, const struct gc_resource *resource)
{
  (void)server;
  return resource->observers + resource->sources;
}
