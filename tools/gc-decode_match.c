/* Which message belongs to which: responses by token and requester (RFC 7252, Section 5.3.2; groupcomm-bis, Section 3.1.4),
 * empty ACK and RST by Message ID (RFC 7252, Section 4.2), duplicates by Message ID and endpoints (Section 4.5). */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "gc-decode.h"

#define EXCHANGE_LIFETIME_US 247000000ull /* RFC 7252, Section 4.8.2: a Message ID may come back after that */
#define NON_LIFETIME_US 145000000ull
#define NONE UINT32_MAX

enum { BUCKETS = 16384, SAME_TOKEN_MAX = 16 };

/* What is remembered, found by a keyed 64-bit hash and never by the bytes themselves; the entry unused for longest makes room.
 * No two have the same hash, so that buckets stay short whatever is sent. */
struct table {
  uint32_t count, oldest, newest;
  uint32_t buckets[BUCKETS];
  uint64_t hashes[DECODE_REMEMBERED];
  struct links {
    uint32_t next;         /* in the bucket */
    uint32_t older, newer; /* by last use */
  } links[DECODE_REMEMBERED];
};

/* A message; its hash: sender, receiver (all groups count as one), Message ID, and whose Message ID it is. */
struct seen {
  uint64_t receiver, content;
  uint64_t n, wall_us;
  uint8_t type, code;
};

/* A request; its hash: token, requester, server. */
struct request {
  uint64_t any_hash;      /* token, requester */
  uint64_t n, wall_us;
  uint32_t any_next, any_previous;
  bool is_answered, is_group;
};

struct decode_match {
  uint64_t key;           /* of the hashes, so that senders cannot choose collisions */
  uint64_t asked, answered;
  struct table seen_table, request_table;
  uint32_t any_buckets[BUCKETS];
  struct seen seen[DECODE_REMEMBERED];
  struct request requests[DECODE_REMEMBERED];
};

/* What a record is looked up by. */
struct hashes {
  uint64_t from, to, token;
  bool is_group;
};

struct decode_match *decode_match_new(void)
{
  struct decode_match *match = malloc(sizeof *match);
  struct gc_rng rng = gc_rng_system();
  if (!match)
    return NULL;
  rng.fill(rng.ctx, (uint8_t *)&match->key, sizeof match->key);
  match->asked = match->answered = 0;
  match->seen_table.count = match->request_table.count = 0;
  match->seen_table.oldest = match->seen_table.newest = match->request_table.oldest = match->request_table.newest = NONE;
  memset(match->seen_table.buckets, 0xff, sizeof match->seen_table.buckets);
  memset(match->request_table.buckets, 0xff, sizeof match->request_table.buckets);
  memset(match->any_buckets, 0xff, sizeof match->any_buckets);
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

/* --- the table -------------------------------------------------------------------------------------------------------------- */

static void unlink_age(struct table *table, uint32_t at)
{
  const struct links *links = &table->links[at];
  *(links->older == NONE ? &table->oldest : &table->links[links->older].newer) = links->newer;
  *(links->newer == NONE ? &table->newest : &table->links[links->newer].older) = links->older;
}

static void make_newest(struct table *table, uint32_t at)
{
  struct links *links = &table->links[at];
  links->older = table->newest;
  links->newer = NONE;
  *(links->older == NONE ? &table->oldest : &table->links[links->older].newer) = at;
  table->newest = at;
}

static void touch(struct table *table, uint32_t at)
{
  unlink_age(table, at);
  make_newest(table, at);
}

static uint32_t find(const struct table *table, uint64_t hash)
{
  uint32_t at = table->buckets[hash % BUCKETS];
  while (at != NONE && table->hashes[at] != hash)
    at = table->links[at].next;
  return at;
}

/* A place for a new entry; *was_used where the oldest one's had to be taken. */
static uint32_t take_place(struct table *table, uint64_t hash, bool *was_used)
{
  uint32_t at = table->count;
  *was_used = at == DECODE_REMEMBERED;
  if (*was_used) {
    at = table->oldest;
    unlink_age(table, at);
    uint32_t *link = &table->buckets[table->hashes[at] % BUCKETS];
    while (*link != at)
      link = &table->links[*link].next;
    *link = table->links[at].next;
  } else {
    table->count++;
  }
  table->hashes[at] = hash;
  table->links[at].next = table->buckets[hash % BUCKETS];
  table->buckets[hash % BUCKETS] = at;
  make_newest(table, at);
  return at;
}

/* --- messages seen ------------------------------------------------------------------------------------------------------------ */

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
  uint64_t hash = seen_hash(hashes->from, hashes->is_group ? 0 : hashes->to, message->mid, is_reply(message->type));
  /* without addresses, two members' responses may have one Message ID: only equal bytes are the same message */
  uint64_t content = record->has_place ? hashes->token : hash_bytes(match->key, record->datagram);
  uint64_t lifetime = message->type == GC_TYPE_NON ? NON_LIFETIME_US : EXCHANGE_LIFETIME_US;
  uint32_t at = find(&match->seen_table, hash);
  bool was_used;
  if (at == NONE) {
    at = take_place(&match->seen_table, hash, &was_used);
  } else {
    const struct seen *seen = &match->seen[at];
    touch(&match->seen_table, at);
    if (seen->type == message->type && seen->code == message->code && seen->content == content && seen->receiver == hashes->to &&
        elapsed(record, seen->wall_us) <= lifetime) {
      record->duplicate_of = seen->n;
      return true;
    }
  }
  match->seen[at] = (struct seen){ .receiver = hashes->to, .content = content, .n = record->n, .wall_us = record->wall_us,
                                   .type = message->type, .code = message->code };
  return false;
}

/* An empty ACK or RST: what it answers. */
static void match_empty(struct decode_match *match, struct decode_record *record, const struct hashes *hashes)
{
  uint32_t at = find(&match->seen_table, seen_hash(hashes->to, hashes->from, record->message.mid, false));
  if (at == NONE)
    at = find(&match->seen_table, seen_hash(hashes->to, 0, record->message.mid, false)); /* it went to a group */
  if (at == NONE)
    return;
  *(record->message.type == GC_TYPE_RST ? &record->resets : &record->acknowledges) = match->seen[at].n;
  record->rtt_us = elapsed(record, match->seen[at].wall_us);
}

/* --- requests ------------------------------------------------------------------------------------------------------------------- */

static void any_unlink(struct decode_match *match, uint32_t at)
{
  const struct request *request = &match->requests[at];
  *(request->any_previous == NONE ? &match->any_buckets[request->any_hash % BUCKETS] : &match->requests[request->any_previous].any_next) =
    request->any_next;
  if (request->any_next != NONE)
    match->requests[request->any_next].any_previous = request->any_previous;
}

static void any_link(struct decode_match *match, uint32_t at)
{
  struct request *request = &match->requests[at];
  uint32_t *bucket = &match->any_buckets[request->any_hash % BUCKETS];
  request->any_previous = NONE;
  request->any_next = *bucket;
  if (*bucket != NONE)
    match->requests[*bucket].any_previous = at;
  *bucket = at;
}

/* The latest request with the token, whomever it went to; one to a group is preferred. */
static uint32_t any_find(const struct decode_match *match, uint64_t any_hash)
{
  uint32_t latest = NONE;
  unsigned looked_at = 0;
  for (uint32_t at = match->any_buckets[any_hash % BUCKETS]; at != NONE && looked_at < SAME_TOKEN_MAX; at = match->requests[at].any_next) {
    if (match->requests[at].any_hash != any_hash)
      continue;
    if (match->requests[at].is_group)
      return at;
    if (looked_at++ == 0)
      latest = at;
  }
  return latest;
}

static void match_request(struct decode_match *match, const struct decode_record *record, const struct hashes *hashes)
{
  uint64_t any_hash = mix(hashes->from, hashes->token), hash = mix(any_hash, hashes->to);
  uint32_t at = find(&match->request_table, hash);
  bool was_used = true;
  if (at == NONE)
    at = take_place(&match->request_table, hash, &was_used);
  else
    touch(&match->request_table, at);
  if (was_used)
    any_unlink(match, at);
  match->requests[at] = (struct request){ .any_hash = any_hash, .n = record->n, .wall_us = record->wall_us, .is_group = hashes->is_group };
  any_link(match, at);
  match->asked++;
}

static void match_response(struct decode_match *match, struct decode_record *record, const struct hashes *hashes)
{
  uint64_t any_hash = mix(hashes->to, hashes->token);
  uint32_t at = find(&match->request_table, mix(any_hash, hashes->from));
  if (at == NONE) {
    at = any_find(match, any_hash);
    /* an empty token says nothing about a unicast request to someone else */
    if (at == NONE || (!match->requests[at].is_group && record->message.token.len == 0))
      return;
    record->is_other_address = !match->requests[at].is_group;
  }
  struct request *request = &match->requests[at];
  touch(&match->request_table, at);
  record->request = request->n;
  record->rtt_us = elapsed(record, request->wall_us);
  match->answered += !request->is_answered;
  request->is_answered = true;
}

void decode_match_add(struct decode_match *match, struct decode_record *record)
{
  const struct gc_message *message = &record->message;
  struct hashes hashes = {
    .from = gc_addr_hash(&record->from, match->key),
    .to = gc_addr_hash(&record->to, match->key),
    .token = hash_bytes(match->key, message->token),
    .is_group = gc_addr_is_multicast(&record->to),
  };
  bool is_duplicate = look_for_duplicate(match, record, &hashes);
  if (GC_CODE_IS_REQUEST(message->code)) {
    if (!is_duplicate)
      match_request(match, record, &hashes);
  } else if (GC_CODE_IS_RESPONSE(message->code)) {
    match_response(match, record, &hashes);
  } else if (message->code == GC_CODE_EMPTY && is_reply(message->type)) {
    match_empty(match, record, &hashes);
  }
}
