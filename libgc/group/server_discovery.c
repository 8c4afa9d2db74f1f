#include "group/server_internal.h"

#include <stdlib.h>
#include <string.h>

#include "coap/link.h"
#include "coap/percent.h"

#define LINK_MAX_LEN 4096

static enum gc_err put_target(struct gc_buf *out, const char *path, const char *target)
{
  if (target)
    return gc_buf_add(out, gc_bytes_str(target));
  enum gc_err err = gc_buf_add_u8(out, '/');
  return err ? err : gc_percent_encode(out, gc_bytes_str(path), GC_URI_PCHAR | GC_URI_SLASH);
}

static void put_attributes(struct gc_link_writer *writer, const struct gc_resource_def *def)
{
  const struct {
    const char *name, *value;
  } texts[] = { { "rt", def->rt }, { "if", def->ifdesc }, { "title", def->title } };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (texts[i].value)
      gc_link_add(writer, texts[i].name, gc_bytes_str(texts[i].value));
  if (def->content_format >= 0)
    gc_link_add_uint(writer, "ct", (uint64_t)def->content_format);
  if (def->size > 0)
    gc_link_add_uint(writer, "sz", def->size);
  if (def->is_observable)
    gc_link_add_flag(writer, "obs");
  if (def->is_oscore) /* RFC 8613, Section 9; draft-ietf-core-oscore-groupcomm, Section 11 */
    gc_link_add_flag(writer, "osc");
  if (def->is_oscore && def->is_group_oscore)
    gc_link_add_flag(writer, "gosc");
}

enum gc_err gc_server_link_make(struct gc_server_link *link, const struct gc_resource_def *def, const char *target)
{
  uint8_t target_store[LINK_MAX_LEN], text_store[LINK_MAX_LEN];
  struct gc_buf encoded = gc_buf(target_store, sizeof target_store), text = gc_buf(text_store, sizeof text_store);
  if (put_target(&encoded, def->path, target))
    return GC_E_RANGE;
  struct gc_link_writer writer = gc_link_writer(&text);
  gc_link_begin(&writer, gc_buf_bytes(&encoded));
  put_attributes(&writer, def);
  if (gc_link_finish(&writer))
    return GC_E_RANGE;
  link->text = malloc(text.len);
  if (!link->text)
    return GC_E_MEMORY;
  memcpy(link->text, text.ptr, text.len);
  link->len = text.len;
  return GC_OK;
}

enum gc_err gc_server_add_link(struct gc_server *server, const char *target, const char *rt, const char *ifdesc, int32_t content_format)
{
  if (server->link_count == GC_SERVER_LINKS_MAX)
    return GC_E_LIMIT;
  struct gc_server_link *links = realloc(server->links, (server->link_count + 1) * sizeof *links);
  if (!links)
    return GC_E_MEMORY;
  server->links = links;
  const struct gc_resource_def def = { .rt = rt, .ifdesc = ifdesc, .content_format = content_format };
  const enum gc_err err = gc_server_link_make(&links[server->link_count], &def, target);
  if (err == GC_OK)
    server->link_count++;
  return err;
}

/* Append the link where it is asked for; false: no room, and the list ends at a whole link. */
static bool put(struct gc_buf *out, const struct gc_server_link *link, struct gc_bytes options)
{
  if (!link->text) /* hidden */
    return true;
  const struct gc_bytes text = gc_bytes(link->text, link->len);
  struct gc_link_reader reader = gc_link_reader(text);
  struct gc_link_value value;
  if (gc_link_next(&reader, &value, NULL) || !gc_link_matches_options(&value, options))
    return true;
  if (out->cap - out->len < text.len + 1)
    return false;
  return (out->len == 0 || gc_buf_add_u8(out, ',') == GC_OK) && gc_buf_add(out, text) == GC_OK;
}

enum gc_err gc_server_discover(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  const struct gc_server *server = ctx;
  const struct gc_bytes options = request->message->options;
  bool fits = true;
  for (const struct gc_resource *resource = server->resources; resource && fits; resource = resource->next)
    if (resource->def.handler != gc_server_discover)
      fits = put(&response->body, &resource->link, options);
  for (size_t i = 0; i < server->link_count && fits; i++)
    fits = put(&response->body, &server->links[i], options);
  response->is_void = response->body.len == 0; /* RFC 7252, Section 8.2: nothing useful to say to a group */
  return GC_OK;
}
