/* Which message belongs to which: responses by token and requester (RFC 7252, Section 5.3.2; groupcomm-bis, Section 3.1.4),
 * empty ACK and RST by Message ID (RFC 7252, Section 4.2), duplicates by Message ID and endpoints (Section 4.5). */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "gc-decode.h"

#define EXCHANGE_LIFETIME_US 247000000ull /* RFC 7252, Section 4.8.2: a Message ID may come back after that */
#define NON_LIFETIME_US 145000000ull
#define NONE UINT32_MAX

enum { TOKEN_KEPT = 16, BUCKETS = 32768 };

/* One request, or one message seen. No two entries of a table have the same key: a later one takes the earlier one's place,
 * so a bucket stays short whatever is sent. */
struct entry {
  uint64_t hash;              /* of the key */
  uint64_t n, wall_us;
  uint64_t content;           /* hash: of the token (requests) or of the datagram (seen) */
  struct gc_addr from, to;
  uint32_t next;              /* in its bucket */
  uint32_t older, newer;      /* by last use */
  uint32_t token_len;
  uint16_t mid;
  uint8_t type, code;
  bool is_answered;
  bool is_any_server;         /* found by token and requester alone */
  uint8_t token[TOKEN_KEPT];  /* its beginning */
};

/* Of fixed size; the entry unused for longest makes room. */
struct table {
  struct entry *entries;
  uint32_t capacity, count;
  uint32_t oldest, newest;
  uint32_t buckets[BUCKETS];
};

struct decode_match {
  uint64_t key;               /* of the hashes, so that senders cannot choose collisions */
  uint64_t asked, answered;
  struct table requests, seen;
};

static bool table_init(struct table *table, uint32_t capacity)
{
  table->entries = malloc(capacity * sizeof *table->entries);
  table->capacity = capacity;
  table->oldest = table->newest = NONE;
  memset(table->buckets, 0xff, sizeof table->buckets);
  return table->entries != NULL;
}

struct decode_match *decode_match_new(void)
{
  struct decode_match *match = calloc(1, sizeof *match);
  if (!match)
    return NULL;
  struct gc_rng rng = gc_rng_system();
  rng.fill(rng.ctx, (uint8_t *)&match->key, sizeof match->key);
  if (!table_init(&match->requests, DECODE_REQUESTS) || !table_init(&match->seen, DECODE_SEEN))
    decode_match_free(&match);
  return match;
}

void decode_match_free(struct decode_match **match)
{
  if (!*match)
    return;
  free((*match)->requests.entries);
  free((*match)->seen.entries);
  free(*match);
  *match = NULL;
}

uint64_t decode_match_unanswered(const struct decode_match *match)
{
  return match->asked - match->answered;
}

static uint64_t hash_bytes(uint64_t key, struct gc_bytes bytes)
{
  uint64_t h = key ^ bytes.len * 0x9e3779b97f4a7c15ull;
  while (bytes.len > 0) {
    uint64_t part = 0;
    size_t n = bytes.len < 8 ? bytes.len : 8;
    memcpy(&part, bytes.ptr, n);
    h = (h ^ part) * 0xff51afd7ed558ccdull;
    h ^= h >> 32;
    bytes.ptr += n;
    bytes.len -= n;
  }
  return (h ^ h >> 29) * 0xc4ceb9fe1a85ec53ull + key;
}

/* --- the table --------------------------------------------------------------------------------------------------------- */

static void unlink_age(struct table *table, struct entry *entry)
{
  *(entry->older == NONE ? &table->oldest : &table->entries[entry->older].newer) = entry->newer;
  *(entry->newer == NONE ? &table->newest : &table->entries[entry->newer].older) = entry->older;
}

static void make_newest(struct table *table, struct entry *entry)
{
  uint32_t index = (uint32_t)(entry - table->entries);
  entry->older = table->newest;
  entry->newer = NONE;
  *(table->newest == NONE ? &table->oldest : &table->entries[table->newest].newer) = index;
  table->newest = index;
}

static void touch(struct table *table, struct entry *entry)
{
  unlink_age(table, entry);
  make_newest(table, entry);
}

static void unlink_bucket(struct table *table, const struct entry *entry)
{
  uint32_t index = (uint32_t)(entry - table->entries), *link = &table->buckets[entry->hash % BUCKETS];
  while (*link != index)
    link = &table->entries[*link].next;
  *link = entry->next;
}

static struct entry *add_entry(struct table *table, uint64_t hash)
{
  struct entry *entry;
  if (table->count < table->capacity) {
    entry = &table->entries[table->count++];
  } else {
    entry = &table->entries[table->oldest];
    unlink_age(table, entry);
    unlink_bucket(table, entry);
  }
  entry->hash = hash;
  entry->next = table->buckets[hash % BUCKETS];
  table->buckets[hash % BUCKETS] = (uint32_t)(entry - table->entries);
  make_newest(table, entry);
  return entry;
}

/* --- what was seen: by sender, receiver (a group counts as one) and Message ID ------------------------------------------- */

static bool is_reply(uint8_t type)
{
  return type == GC_TYPE_ACK || type == GC_TYPE_RST; /* they carry a Message ID of the other side */
}

static struct entry *seen_find(struct decode_match *match, const struct gc_addr *from, const struct gc_addr *to, uint16_t mid,
                               bool reply, uint64_t *hash)
{
  uint64_t h = gc_addr_hash(from, match->key ^ (uint64_t)mid << 1 ^ reply);
  if (to)
    h = gc_addr_hash(to, h);
  *hash = h;
  for (uint32_t at = match->seen.buckets[h % BUCKETS]; at != NONE; at = match->seen.entries[at].next) {
    struct entry *entry = &match->seen.entries[at];
    if (entry->hash == h && entry->mid == mid && is_reply(entry->type) == reply && gc_addr_equal(&entry->from, from) &&
        (to ? gc_addr_equal(&entry->to, to) : gc_addr_is_multicast(&entry->to)))
      return entry;
  }
  return NULL;
}

static uint64_t elapsed(const struct decode_record *record, const struct entry *entry)
{
  return record->wall_us > entry->wall_us ? record->wall_us - entry->wall_us : 0;
}

static bool is_duplicate(const struct decode_record *record, const struct entry *entry, uint64_t token, uint64_t content)
{
  const struct gc_message *message = &record->message;
  uint64_t lifetime = message->type == GC_TYPE_NON ? NON_LIFETIME_US : EXCHANGE_LIFETIME_US;
  if (entry->type != message->type || entry->code != message->code || !gc_addr_equal(&entry->to, &record->to) ||
      entry->token_len != message->token.len || elapsed(record, entry) > lifetime)
    return false;
  /* without addresses, two members' responses may have one Message ID: only equal bytes are the same message */
  return record->has_place ? memcmp(entry->token, &token, sizeof token) == 0 : entry->content == content;
}

/* Returns true where the record is a message seen before. */
static bool look_for_duplicate(struct decode_match *match, struct decode_record *record)
{
  const struct gc_message *message = &record->message;
  bool is_group = gc_addr_is_multicast(&record->to);
  uint64_t hash, token = hash_bytes(match->key, message->token);
  uint64_t content = record->has_place ? 0 : hash_bytes(match->key, record->datagram);
  struct entry *entry = seen_find(match, &record->from, is_group ? NULL : &record->to, message->mid, is_reply(message->type), &hash);
  if (entry && is_duplicate(record, entry, token, content)) {
    record->duplicate_of = entry->n;
    touch(&match->seen, entry);
    return true;
  }
  if (entry)
    touch(&match->seen, entry);
  else
    entry = add_entry(&match->seen, hash);
  entry->n = record->n;
  entry->wall_us = record->wall_us;
  entry->content = content;
  entry->from = record->from;
  entry->to = record->to;
  entry->token_len = (uint32_t)message->token.len;
  entry->mid = message->mid;
  entry->type = message->type;
  entry->code = message->code;
  memcpy(entry->token, &token, sizeof token);
  return false;
}

/* An empty ACK or RST: what it answers. */
static void match_empty(struct decode_match *match, struct decode_record *record)
{
  uint64_t hash;
  struct entry *entry = seen_find(match, &record->to, &record->from, record->message.mid, false, &hash);
  if (!entry)
    entry = seen_find(match, &record->to, NULL, record->message.mid, false, &hash);
  if (!entry)
    return;
  *(record->message.type == GC_TYPE_RST ? &record->resets : &record->acknowledges) = entry->n;
  record->rtt_us = elapsed(record, entry);
}

/* --- requests: by token, requester and server (NULL: any, for groups) --------------------------------------------------- */

static struct entry *request_find(struct decode_match *match, const struct gc_message *message, uint64_t token,
                                  const struct gc_addr *requester, const struct gc_addr *server, uint64_t *hash)
{
  uint64_t h = gc_addr_hash(requester, token);
  if (server)
    h = gc_addr_hash(server, h);
  *hash = h;
  for (uint32_t at = match->requests.buckets[h % BUCKETS]; at != NONE; at = match->requests.entries[at].next) {
    struct entry *entry = &match->requests.entries[at];
    size_t kept = message->token.len < TOKEN_KEPT ? message->token.len : TOKEN_KEPT;
    if (entry->hash == h && entry->content == token && entry->token_len == message->token.len && entry->is_any_server == !server &&
        gc_addr_equal(&entry->from, requester) && (!server || gc_addr_equal(&entry->to, server)) &&
        (kept == 0 || memcmp(entry->token, message->token.ptr, kept) == 0))
      return entry;
  }
  return NULL;
}

static void request_add(struct decode_match *match, const struct decode_record *record, uint64_t token, const struct gc_addr *server)
{
  const struct gc_message *message = &record->message;
  uint64_t hash;
  struct entry *entry = request_find(match, message, token, &record->from, server, &hash);
  if (entry)
    touch(&match->requests, entry);
  else
    entry = add_entry(&match->requests, hash);
  entry->n = record->n;
  entry->wall_us = record->wall_us;
  entry->content = token;
  entry->from = record->from;
  entry->to = record->to;
  entry->token_len = (uint32_t)message->token.len;
  entry->is_answered = false;
  entry->is_any_server = !server;
  size_t kept = message->token.len < TOKEN_KEPT ? message->token.len : TOKEN_KEPT;
  if (kept > 0)
    memcpy(entry->token, message->token.ptr, kept);
}

static void match_request(struct decode_match *match, const struct decode_record *record)
{
  uint64_t token = hash_bytes(match->key, record->message.token);
  bool is_group = gc_addr_is_multicast(&record->to);
  match->asked++;
  if (!is_group)
    request_add(match, record, token, &record->to);
  if (is_group || record->message.token.len > 0) /* a response from another address is found by its token */
    request_add(match, record, token, NULL);
}

static void match_response(struct decode_match *match, struct decode_record *record)
{
  const struct gc_message *message = &record->message;
  uint64_t hash, token = hash_bytes(match->key, message->token);
  struct entry *entry = request_find(match, message, token, &record->to, &record->from, &hash);
  if (!entry) {
    entry = request_find(match, message, token, &record->to, NULL, &hash);
    if (!entry)
      return;
    record->is_other_address = !gc_addr_is_multicast(&entry->to);
    touch(&match->requests, entry);
    if (record->is_other_address) { /* go on with the request itself */
      struct entry *exact = request_find(match, message, token, &record->to, &entry->to, &hash);
      entry = exact && exact->n == entry->n ? exact : entry;
    }
  }
  touch(&match->requests, entry);
  record->request = entry->n;
  record->rtt_us = elapsed(record, entry);
  match->answered += !entry->is_answered;
  entry->is_answered = true;
}

void decode_match_add(struct decode_match *match, struct decode_record *record)
{
  const struct gc_message *message = &record->message;
  bool is_duplicate_message = look_for_duplicate(match, record);
  if (GC_CODE_IS_REQUEST(message->code)) {
    if (!is_duplicate_message)
      match_request(match, record);
  } else if (GC_CODE_IS_RESPONSE(message->code)) {
    match_response(match, record);
  } else if (message->code == GC_CODE_EMPTY && is_reply(message->type)) {
    match_empty(match, record);
  }
}
