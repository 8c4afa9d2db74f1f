/* What goes while the server lives: resources, and Security Contexts. */
#include "group/server_internal.h"

void gc_server_remove_resource(struct gc_server *server, struct gc_resource **pointer, uint64_t now_ms)
{
  struct gc_resource *resource = *pointer, **link = &server->resources;
  if (!resource)
    return;
  *pointer = NULL;
  gc_server_end_observations(server, resource, now_ms);
  for (struct gc_transfer *transfer = server->transfers, *next; transfer; transfer = next) {
    next = transfer->next;
    if (transfer->resource == resource)
      gc_transfer_free(transfer);
  }
  while (*link != resource)
    link = &(*link)->next;
  *link = resource->next;
  if (server->resources_end == &resource->next)
    server->resources_end = link;
  gc_resource_free(resource);
}

void gc_server_forget_context(struct gc_server *server, struct gc_oscore_context *context)
{
  gc_server_forget_observers(server, context);
  for (struct gc_transfer *transfer = server->transfers, *next; transfer; transfer = next) {
    next = transfer->next;
    if (transfer->peer.context == context)
      gc_transfer_free(transfer);
  }
  if (server->challenged)
    gc_oscore_echo_drop(server->challenged, context);
}
