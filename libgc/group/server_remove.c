/* What goes while the server lives: resources, and Security Contexts. */
#include "group/server_group.h"

static void cancel_group_observations(struct gc_server *server, const struct gc_resource *resource, uint64_t now_ms)
{
  for (size_t i = 0; i < server->member_count; i++)
    for (struct gc_group_source *source = server->members[i]->sources, *next; source; source = next) {
      next = source->next;
      if (source->resource == resource)
        gc_group_cancel(source, now_ms, "group observation cancelled: the resource is gone");
    }
}

static void forget_group_observations(struct gc_server *server, const struct gc_oscore_context *context)
{
  for (size_t i = 0; i < server->member_count; i++)
    for (struct gc_group_source *source = server->members[i]->sources, *next; source; source = next) {
      next = source->next;
      if (source->context == context || source->binding.context == context)
        gc_group_source_free(source);
    }
}

void gc_server_remove_resource(struct gc_server *server, struct gc_resource **pointer, uint64_t now_ms)
{
  struct gc_resource *resource = *pointer, **link = &server->resources;
  if (!resource)
    return;
  *pointer = NULL;
  cancel_group_observations(server, resource, now_ms);
  gc_server_end_observations(server, resource, now_ms);
  for (struct gc_transfer *transfer = server->transfers, *next; transfer; transfer = next) {
    next = transfer->next;
    if (transfer->resource == resource)
      gc_transfer_free(transfer);
  }
  gc_table_remove(&server->resources_by_path, &resource->by_path);
  while (*link != resource)
    link = &(*link)->next;
  *link = resource->next;
  if (server->resources_end == &resource->next)
    server->resources_end = link;
  gc_resource_free(resource);
}

void gc_server_forget_context(struct gc_server *server, struct gc_oscore_context *context)
{
  forget_group_observations(server, context);
  gc_server_forget_observers(server, context);
  for (struct gc_transfer *transfer = server->transfers, *next; transfer; transfer = next) {
    next = transfer->next;
    if (transfer->peer.context == context)
      gc_transfer_free(transfer);
  }
  if (server->challenged)
    gc_oscore_echo_drop(server->challenged, context);
}
