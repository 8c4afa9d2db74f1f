/* Which message belongs to which: responses by token and requester (RFC 7252, Section 5.3.2; groupcomm-bis, Section 3.1.4),
 * empty ACK and RST by Message ID (RFC 7252, Section 4.2), duplicates by Message ID and endpoints (Section 4.5). */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "gc-decode.h"

#define EXCHANGE_LIFETIME_US 247000000ull /* RFC 7252, Section 4.8.2: a Message ID may come back after that */
#define NON_LIFETIME_US 145000000ull

enum { WAYS = 8, SETS = DECODE_REMEMBERED / WAYS };

/* A message or request, found by a keyed 64-bit hash of what identifies it. */
struct entry {
  uint64_t hash;
  uint64_t n, wall_us;
  uint32_t check;          /* seen: what else must be equal in a duplicate */
  bool is_answered;
  bool is_group, is_alias; /* requests: to a group; found by its token from whatever address the response comes */
};

/* Tables are caches: the hash chooses the set, the entry of the set that was unused for longest makes room. One look costs the
 * same few bytes of memory whatever is sent. */
struct set {
  _Alignas(64) uint32_t tag[WAYS]; /* the upper half of the hash: all that most lookups touch */
  uint32_t used[WAYS];     /* when; 0: empty */
  struct entry entries[WAYS];
};

struct decode_match {
  uint64_t key;            /* of the hashes, so that senders cannot choose collisions */
  uint64_t asked, answered;
  uint32_t clock;
  struct set seen[SETS], requests[SETS];
};

/* What a record is looked up by. */
struct hashes {
  uint64_t to, token;
  uint64_t seen;           /* of the message itself */
  uint64_t any, exact;     /* of the request, or of the request that a response belongs to */
  bool is_group;
};

struct decode_match *decode_match_new(void)
{
  struct decode_match *match = aligned_alloc(64, sizeof *match);
  struct gc_rng rng = gc_rng_system();
  if (!match)
    return NULL;
  memset(match, 0, sizeof *match);
  rng.fill(rng.ctx, (uint8_t *)&match->key, sizeof match->key);
  return match;
}

void decode_match_free(struct decode_match **match)
{
  free(*match);
  *match = NULL;
}

uint64_t decode_match_unanswered(const struct decode_match *match)
{
  return match->asked - match->answered;
}

static uint64_t mix(uint64_t h, uint64_t part)
{
  h = (h ^ part) * 0xff51afd7ed558ccdull;
  h = (h ^ h >> 32) * 0xc4ceb9fe1a85ec53ull;
  return h ^ h >> 29;
}

static uint64_t hash_bytes(uint64_t key, struct gc_bytes bytes)
{
  uint64_t h = mix(key, bytes.len);
  while (bytes.len > 0) {
    uint64_t part = 0;
    size_t n = bytes.len < 8 ? bytes.len : 8;
    memcpy(&part, bytes.ptr, n);
    h = mix(h + key, part);
    bytes.ptr += n;
    bytes.len -= n;
  }
  return h;
}

static struct entry *find(struct decode_match *match, struct set sets[static SETS], uint64_t hash)
{
  struct set *set = &sets[hash % SETS];
  for (unsigned i = 0; i < WAYS; i++)
    if (set->tag[i] == hash >> 32 && set->used[i] && set->entries[i].hash == hash) {
      set->used[i] = match->clock;
      return &set->entries[i];
    }
  return NULL;
}

/* A place for a hash that is not there. */
static struct entry *take_place(struct decode_match *match, struct set sets[static SETS], uint64_t hash)
{
  struct set *set = &sets[hash % SETS];
  unsigned oldest = 0;
  for (unsigned i = 1; i < WAYS; i++)
    if (set->used[i] < set->used[oldest])
      oldest = i;
  set->tag[oldest] = (uint32_t)(hash >> 32);
  set->used[oldest] = match->clock;
  return &set->entries[oldest];
}

/* --- messages seen: by sender, receiver (all groups count as one), Message ID, and whose Message ID it is --------------------- */

static bool is_reply(uint8_t type)
{
  return type == GC_TYPE_ACK || type == GC_TYPE_RST; /* they carry a Message ID of the other side */
}

static uint64_t seen_hash(uint64_t from, uint64_t to, uint16_t mid, bool reply)
{
  return mix(mix(from, to), (uint64_t)mid << 1 | reply);
}

static uint64_t elapsed(const struct decode_record *record, uint64_t since_us)
{
  return record->wall_us > since_us ? record->wall_us - since_us : 0;
}

/* Returns true where the record is a message seen before; remembers it where not. */
static bool look_for_duplicate(struct decode_match *match, struct decode_record *record, const struct hashes *hashes)
{
  const struct gc_message *message = &record->message;
  uint64_t hash = hashes->seen;
  /* without addresses, two members' responses may have one Message ID: only equal bytes are the same message */
  uint64_t content = record->has_place ? hashes->token : hash_bytes(match->key, record->datagram);
  uint32_t check = (uint32_t)mix(content ^ hashes->to, (uint64_t)message->type << 8 | message->code);
  uint64_t lifetime = message->type == GC_TYPE_NON ? NON_LIFETIME_US : EXCHANGE_LIFETIME_US;
  struct entry *entry = find(match, match->seen, hash);
  if (entry && entry->check == check && elapsed(record, entry->wall_us) <= lifetime) {
    record->duplicate_of = entry->n;
    return true;
  }
  if (!entry)
    entry = take_place(match, match->seen, hash);
  *entry = (struct entry){ .hash = hash, .n = record->n, .wall_us = record->wall_us, .check = check };
  return false;
}

/* An empty ACK or RST: what it answers. */
static void match_empty(struct decode_match *match, struct decode_record *record, uint64_t from, uint64_t to)
{
  const struct entry *entry = find(match, match->seen, seen_hash(to, from, record->message.mid, false));
  if (!entry) /* it went to a group */
    entry = find(match, match->seen, seen_hash(to, 0, record->message.mid, false));
  if (!entry)
    return;
  *(record->message.type == GC_TYPE_RST ? &record->resets : &record->acknowledges) = entry->n;
  record->rtt_us = elapsed(record, entry->wall_us);
}

/* --- requests: by token, requester and server; to groups, by token and requester ------------------------------------------------ */

static void remember_request(struct decode_match *match, const struct decode_record *record, uint64_t hash, bool is_group, bool is_alias)
{
  struct entry *entry = find(match, match->requests, hash);
  if (!entry)
    entry = take_place(match, match->requests, hash);
  *entry = (struct entry){ .hash = hash, .n = record->n, .wall_us = record->wall_us, .is_group = is_group, .is_alias = is_alias };
}

static void match_request(struct decode_match *match, const struct decode_record *record, const struct hashes *hashes)
{
  match->asked++;
  if (hashes->is_group) {
    remember_request(match, record, hashes->any, true, false);
    return;
  }
  remember_request(match, record, hashes->exact, false, false);
  if (record->message.token.len == 0) /* it says nothing about a response from someone else */
    return;
  const struct entry *group = find(match, match->requests, hashes->any);
  if (!group || !group->is_group || elapsed(record, group->wall_us) > EXCHANGE_LIFETIME_US)
    remember_request(match, record, hashes->any, false, true);
}

static void match_response(struct decode_match *match, struct decode_record *record, const struct hashes *hashes)
{
  struct entry *entry = find(match, match->requests, hashes->exact);
  if (!entry)
    entry = find(match, match->requests, hashes->any);
  if (!entry)
    return;
  record->is_other_address = entry->is_alias;
  record->request = entry->n;
  record->rtt_us = elapsed(record, entry->wall_us);
  match->answered += !entry->is_answered && !entry->is_alias;
  entry->is_answered = true;
}

static void prefetch(const struct set *set)
{
  __builtin_prefetch(set);
}

void decode_match_add(struct decode_match *match, struct decode_record *record)
{
  const struct gc_message *message = &record->message;
  uint64_t from = gc_addr_hash(&record->from, match->key), to = gc_addr_hash(&record->to, match->key);
  bool is_request = GC_CODE_IS_REQUEST(message->code);
  struct hashes hashes = { .to = to, .token = hash_bytes(match->key, message->token), .is_group = gc_addr_is_multicast(&record->to) };
  hashes.seen = seen_hash(from, hashes.is_group ? 0 : to, message->mid, is_reply(message->type));
  hashes.any = mix(is_request ? from : to, hashes.token);
  hashes.exact = mix(hashes.any, is_request ? to : from);
  prefetch(&match->seen[hashes.seen % SETS]); /* memory is slow: fetch all that will be needed at once */
  prefetch(&match->requests[hashes.exact % SETS]);
  prefetch(&match->requests[hashes.any % SETS]);
  match->clock += match->clock < UINT32_MAX;
  bool is_duplicate = look_for_duplicate(match, record, &hashes);
  if (is_request) {
    if (!is_duplicate)
      match_request(match, record, &hashes);
  } else if (GC_CODE_IS_RESPONSE(message->code)) {
    match_response(match, record, &hashes);
  } else if (message->code == GC_CODE_EMPTY && is_reply(message->type)) {
    match_empty(match, record, from, to);
  }
}
