/* Phantom requests remembered: a cache as in gc-decode_match.c, so that memory does not grow with the capture. */
#include "gc-decode_phantom.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "observe/phantom.h"

enum { WAYS = 8, SETS = DECODE_PHANTOMS / WAYS };

struct slot {
  uint64_t used; /* when; 0: empty */
  struct decode_phantom phantom;
};

struct decode_phantoms {
  uint64_t key, clock;
  bool has_any[2]; /* found by place; by the Token alone */
  struct slot slots[SETS][WAYS];
};

struct decode_phantoms *decode_phantoms_new(void)
{
  struct decode_phantoms *phantoms = calloc(1, sizeof *phantoms); /* pages that are not used cost nothing */
  struct gc_rng rng = gc_rng_system();
  if (phantoms)
    rng.fill(rng.ctx, (uint8_t *)&phantoms->key, sizeof phantoms->key);
  return phantoms;
}

void decode_phantoms_free(struct decode_phantoms **phantoms)
{
  free(*phantoms);
  *phantoms = NULL;
}

/* Of a place and a Token, never 0. */
static uint64_t id_of(const struct decode_phantoms *phantoms, const struct gc_addr *server, const struct gc_addr *group, struct gc_bytes token)
{
  struct gc_addr as_address = { .port = (uint16_t)token.len };
  if (token.len)
    memcpy(as_address.ip, token.ptr, token.len);
  uint64_t id = server ? gc_addr_hash(server, phantoms->key) : phantoms->key;
  id = group ? gc_addr_hash(group, id) : id;
  return gc_addr_hash(&as_address, id) | 1;
}

static bool is_for(const struct decode_phantom *phantom, uint64_t id, const struct gc_addr *server, const struct gc_addr *group,
                   struct gc_bytes token)
{
  return phantom->id == id && phantom->has_place == (server != NULL) && gc_bytes_equal(gc_bytes(phantom->token, phantom->token_len), token) &&
         (!server || (gc_addr_equal(&phantom->server, server) && gc_addr_equal(&phantom->group, group)));
}

static struct slot *set_of(struct decode_phantoms *phantoms, uint64_t id)
{
  return phantoms->slots[id / 2 % SETS];
}

static void insert(struct decode_phantoms *phantoms, const struct decode_phantom *phantom)
{
  struct slot *set = set_of(phantoms, phantom->id), *at = set;
  const struct gc_addr *server = phantom->has_place ? &phantom->server : NULL;
  for (unsigned i = 0; i < WAYS; i++) {
    struct decode_phantom *old = &set[i].phantom;
    if (set[i].used && !old->n == !phantom->n && is_for(old, phantom->id, server, &phantom->group, gc_bytes(phantom->token, phantom->token_len)) &&
        gc_bytes_equal(gc_bytes(old->ph_req, old->ph_req_len), gc_bytes(phantom->ph_req, phantom->ph_req_len))) {
      if (phantom->n < old->n) { /* protected ones are read later than others around them */
        old->n = phantom->n;
        old->file = phantom->file;
      }
      set[i].used = ++phantoms->clock;
      return;
    }
    if (set[i].used < at->used)
      at = &set[i];
  }
  *at = (struct slot){ ++phantoms->clock, *phantom };
  phantoms->has_any[!phantom->has_place] = true;
}

/* Where ph_req is left out it is the registration that was answered (Section 4.2): what notifies is known all the same. */
static bool read_ph_req(struct decode_phantom *phantom, const struct gc_informative *response)
{
  struct gc_message message;
  struct gc_oscore_option option;
  struct gc_bytes value;
  bool is_02;
  if (!(response->present & GC_IR_PH_REQ))
    return true;
  if (response->ph_req.len > DECODE_PH_REQ_MAX || gc_phantom_read(&message, response->tp_info.token, response->ph_req, NULL))
    return false;
  phantom->ph_req_len = (uint16_t)response->ph_req.len;
  memcpy(phantom->ph_req, response->ph_req.ptr, response->ph_req.len);
  phantom->is_protected = gc_oscore_option_of(&message, &value);
  if (phantom->is_protected && !gc_oscore_option_guess(&option, value, &is_02, NULL))
    decode_request_read(&phantom->request, &option, 0, true);
  return true;
}

static bool read_phantom(struct decode_phantom *phantom, const struct gc_informative *response)
{
  const struct gc_tp_info *info = &response->tp_info;
  if (!(response->present & GC_IR_TP_INFO) || !info->has_details)
    return false;
  *phantom = (struct decode_phantom){ .server = info->server, .group = info->group, .token_len = (uint8_t)info->token.len };
  if (info->token.len)
    memcpy(phantom->token, info->token.ptr, info->token.len);
  return read_ph_req(phantom, response);
}

uint64_t decode_phantoms_add(struct decode_phantoms *phantoms, const struct gc_informative *response, uint64_t n, const char *file,
                             bool has_place)
{
  struct decode_phantom phantom;
  if (!read_phantom(&phantom, response))
    return 0;
  const struct gc_bytes token = gc_bytes(phantom.token, phantom.token_len);
  phantom.n = n;
  phantom.file = file;
  phantom.has_place = has_place;
  phantom.id = has_place ? id_of(phantoms, &phantom.server, &phantom.group, token) : id_of(phantoms, NULL, NULL, token);
  insert(phantoms, &phantom);
  return phantom.id;
}

const struct decode_phantom *decode_phantoms_find(struct decode_phantoms *phantoms, const struct decode_record *record)
{
  const struct gc_message *message = &record->message;
  const struct decode_phantom *found = NULL;
  const struct gc_addr *server = record->has_place ? &record->from : NULL, *group = record->has_place ? &record->to : NULL;
  if (!phantoms->has_any[!record->has_place] || !record->is_header_read || message->type != GC_TYPE_NON ||
      !GC_CODE_IS_RESPONSE(message->code) || message->token.len > GC_TOKEN_MAX_LEN || (group && !gc_addr_is_multicast(group)))
    return NULL;
  uint64_t id = id_of(phantoms, server, group, message->token);
  struct slot *set = set_of(phantoms, id), *used = NULL;
  for (unsigned i = 0; i < WAYS; i++) {
    const struct decode_phantom *phantom = &set[i].phantom;
    if (set[i].used && phantom->n < record->n && is_for(phantom, id, server, group, message->token) && (!found || phantom->n > found->n)) {
      found = phantom;
      used = &set[i];
    }
  }
  if (used)
    used->used = ++phantoms->clock;
  return found;
}

bool decode_phantoms_match(struct decode_phantoms *phantoms, struct decode_record *record)
{
  const struct decode_phantom *phantom = record->request ? NULL : decode_phantoms_find(phantoms, record);
  if (!phantom || (phantom->n == record->phantom && phantom->file == record->phantom_file))
    return false;
  record->phantom = phantom->n;
  record->phantom_file = phantom->file;
  return true;
}

struct decode_phantom *decode_phantoms_next(struct decode_phantoms *phantoms, size_t *at)
{
  while (*at < DECODE_PHANTOMS) {
    struct slot *slot = &phantoms->slots[*at / WAYS][*at % WAYS];
    ++*at;
    if (slot->used)
      return &slot->phantom;
  }
  return NULL;
}
