#include <stdlib.h>
#include <string.h>

#include "group/client_internal.h"

static uint64_t hash_of(const struct gc_exchange *exchange, const struct gc_addr *addr)
{
  return gc_addr_hash(addr, exchange->client->hash_key);
}

struct gc_responder *gc_responder_find(const struct gc_exchange *exchange, const struct gc_addr *addr)
{
  struct gc_link *link = gc_table_find(&exchange->responders, hash_of(exchange, addr));
  for (; link; link = gc_table_find_next(link)) {
    struct gc_responder *responder = GC_CONTAINER(link, struct gc_responder, link);
    if (gc_addr_equal(&responder->addr, addr))
      return responder;
  }
  return NULL;
}

struct gc_responder *gc_responder_get(struct gc_exchange *exchange, const struct gc_addr *addr, const struct gc_oscore_opened *opened)
{
  struct gc_responder *responder = NULL;
  struct gc_link *link = gc_table_find(&exchange->responders, hash_of(exchange, addr));
  for (; link && !responder; link = gc_table_find_next(link)) {
    struct gc_responder *at_addr = GC_CONTAINER(link, struct gc_responder, link);
    if (gc_addr_equal(&at_addr->addr, addr) && (!opened || gc_responder_is_sender(at_addr, opened)))
      responder = at_addr;
  }
  if (responder || exchange->responders.count >= GC_RESPONDERS_MAX)
    return responder;
  responder = calloc(1, sizeof *responder);
  if (!responder)
    return NULL;
  responder->addr = *addr;
  responder->index = (uint32_t)exchange->responders.count;
  if (gc_table_add(&exchange->responders, &responder->link, hash_of(exchange, addr))) {
    free(responder);
    return NULL;
  }
  return responder;
}

bool gc_responder_has_etag(const struct gc_responder *responder, struct gc_bytes etag)
{
  for (size_t i = 0; i < responder->etag_count; i++)
    if (gc_bytes_equal(gc_bytes(responder->etags[i].bytes, responder->etags[i].len), etag))
      return true;
  return false;
}

void gc_responder_keep_etag(struct gc_responder *responder, struct gc_bytes options)
{
  struct gc_option etag;
  if (!gc_option_find(options, GC_OPTION_ETAG, &etag) || etag.value.len == 0 || etag.value.len > GC_ETAG_MAX_LEN ||
      gc_responder_has_etag(responder, etag.value))
    return;
  size_t at = responder->etag_next;
  responder->etags[at].len = (uint8_t)etag.value.len;
  memcpy(responder->etags[at].bytes, etag.value.ptr, etag.value.len);
  responder->etag_next = (uint8_t)((at + 1) % GC_ETAGS_KEPT);
  if (responder->etag_count < GC_ETAGS_KEPT)
    responder->etag_count++;
}

void gc_responder_clear(struct gc_exchange *exchange)
{
  size_t at = 0;
  for (struct gc_link *link; (link = gc_table_any(&exchange->responders, &at));) {
    gc_table_remove(&exchange->responders, link);
    free(GC_CONTAINER(link, struct gc_responder, link));
  }
  gc_table_free(&exchange->responders);
}
